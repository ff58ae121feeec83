"""Numbers that stand in the answers beside the measured effects: counted here, typed nowhere.

VGG-16 and LeNet-5 are counted from lists of their layers, without making a single weight (the
weights of VGG-16 without pools would not fit into any ordinary machine; that is the point).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal, TypeAlias

from cnnlab import experiments
from cnnlab.shapes import output_size

Layer: TypeAlias = (
    tuple[Literal["conv", "pool", "global"], int, int, int, int] | tuple[Literal["dense"], int]
)

__all__ = ["LENET5", "VGG16", "Count", "count", "n3_layers", "numbers", "without_pools"]


@dataclass(frozen=True)
class Count:
    """What a network costs for one image.

    Parameters
    ----------
    convolution_weights, dense_weights : int
        Trainable numbers, biases included.
    convolution_macs, dense_macs : int
        Multiply-accumulates.
    first_dense_weights : int
        Weights of the first dense layer, without its biases.
    activations : int
        Values that the layers hand on.
    """

    convolution_weights: int
    dense_weights: int
    convolution_macs: int
    dense_macs: int
    first_dense_weights: int
    activations: int

    @property
    def parameters(self) -> int:
        """All trainable numbers."""
        return self.convolution_weights + self.dense_weights

    @property
    def macs(self) -> int:
        """All multiply-accumulates."""
        return self.convolution_macs + self.dense_macs

    @property
    def convolution_share(self) -> float:
        """Share of the multiply-accumulates that lies in convolutions."""
        return self.convolution_macs / self.macs


def count(layers: Iterable[Layer], channels: int, size: int) -> Count:
    """Count a network of convolutions, pools and dense layers.

    Parameters
    ----------
    layers : iterable of tuple
        ``("conv", out_channels, kernel_size, stride, padding)``, the same with ``"pool"`` (whose
        channels are ignored), ``("global", 0, 0, 0, 0)`` for global pooling, ``("dense", out)``.
    channels, size : int
        Channels and side of the square input, in pixels.

    Returns
    -------
    Count
        For one image.

    Examples
    --------
    >>> count([("conv", 8, 3, 1, 1), ("pool", 0, 2, 2, 0), ("dense", 10)], 1, 28).parameters
    15770
    """
    weights, macs = {"conv": 0, "dense": 0}, {"conv": 0, "dense": 0}
    features, first, activations = channels * size * size, 0, 0
    for layer in layers:
        if layer[0] == "dense":
            out = layer[1]
            first = first or features * out
            weights["dense"] += (features + 1) * out
            macs["dense"] += features * out
            features = out
        else:
            kind, out, kernel_size, stride, padding = layer
            size = 1 if kind == "global" else output_size(size, kernel_size, stride, padding)
            if kind == "conv":
                per_output = channels * kernel_size**2
                weights["conv"] += (per_output + 1) * out
                macs["conv"] += per_output * out * size**2
                channels = out
            features = channels * size * size
        activations += features
    return Count(weights["conv"], weights["dense"], macs["conv"], macs["dense"], first, activations)


def _vgg16() -> list[Layer]:
    layers: list[Layer] = []
    for width, repeats in [(64, 2), (128, 2), (256, 3), (512, 3), (512, 3)]:
        layers += [("conv", width, 3, 1, 1)] * repeats
        layers.append(("pool", 0, 2, 2, 0))
    return [*layers, ("dense", 4096), ("dense", 4096), ("dense", 1000)]


VGG16: list[Layer] = _vgg16()
LENET5: list[Layer] = [
    ("conv", 6, 5, 1, 0),
    ("pool", 0, 2, 2, 0),
    ("conv", 16, 5, 1, 0),
    ("pool", 0, 2, 2, 0),
    ("dense", 120),
    ("dense", 84),
    ("dense", 10),
]


def without_pools(layers: Sequence[Layer], stride: bool = False) -> list[Layer]:
    """Take the pools out, and let the convolution before each do the step if asked for.

    Parameters
    ----------
    layers : sequence of tuple
        As for :func:`count`.
    stride : bool, default False
        Give the stride of each pool to the convolution before it.

    Returns
    -------
    list of tuple
        The layers without pools.

    Examples
    --------
    >>> without_pools([("conv", 8, 3, 1, 1), ("pool", 0, 2, 2, 0)], stride=True)
    [('conv', 8, 3, 2, 1)]
    """
    kept: list[Layer] = []
    for layer in layers:
        if layer[0] != "pool":
            kept.append(layer)
        elif stride and kept[-1][0] == "conv":
            kind, out, kernel_size, step, padding = kept.pop()  # type: ignore[misc]  # a conv
            kept.append((kind, out, kernel_size, step * layer[3], padding))
    return kept


def n3_layers(pool: bool, head: Literal["flatten", "gap"] = "flatten") -> list[Layer]:
    """List the layers of N3, the network of the experiments, with channels 8, 16, 16.

    Parameters
    ----------
    pool : bool
        With or without its two pools.
    head : {"flatten", "gap"}
        Dense layer after a flatten or after global average pooling.

    Returns
    -------
    list of tuple
        As for :func:`count`.
    """
    layers: list[Layer] = []
    for width in (8, 16):
        layers.append(("conv", width, 3, 1, 1))
        if pool:
            layers.append(("pool", 0, 2, 2, 0))
    layers.append(("conv", 16, 3, 1, 1))
    if head == "gap":
        layers.append(("global", 0, 0, 0, 0))
    return [*layers, ("dense", 10)]


def _large(value: float) -> str:
    """Write a large number in words: 138.4 million, 105.2 billion."""
    for size, word in [(1e12, "trillion"), (1e9, "billion"), (1e6, "million")]:
        if value >= size:
            return f"{value / size:.3g} {word}"
    return f"{value:,.0f}".replace(",", " ")


@cache
def numbers() -> dict[str, str]:
    """Give every number of the answers, as it is to be read.

    Returns
    -------
    dict of str to str
        Text by name.

    Examples
    --------
    >>> numbers()["vgg-parameters"]
    '138 million'
    """
    vgg, bare = count(VGG16, 3, 224), count(without_pools(VGG16), 3, 224)
    strided = count(without_pools(VGG16, stride=True), 3, 224)
    lenet = count(LENET5, 1, 32)
    pooled, flat = count(n3_layers(pool=True), 1, 28), count(n3_layers(pool=False), 1, 28)
    pooled_gap = count(n3_layers(pool=True, head="gap"), 1, 28)
    flat_gap = count(n3_layers(pool=False, head="gap"), 1, 28)
    return {
        "vgg-parameters": _large(vgg.parameters),
        "vgg-first-dense": _large(vgg.first_dense_weights),
        "vgg-bare-first-dense": _large(bare.first_dense_weights),
        "vgg-bare-first-dense-gb": f"{4 * bare.first_dense_weights / 1e9:.0f} GB",
        "vgg-bare-macs-factor": f"{bare.convolution_macs / vgg.convolution_macs:.0f}",
        "vgg-strided-macs-share": f"{100 * strided.convolution_macs / vgg.convolution_macs:.0f} %",
        "vgg-convolution-macs-share": f"{100 * vgg.convolution_share:.0f} %",
        "vgg-dense-weights-share": f"{100 * vgg.dense_weights / vgg.parameters:.0f} %",
        "lenet-convolution-macs-share": f"{100 * lenet.convolution_share:.0f} %",
        "lenet-convolution-weights-share": (
            f"{100 * lenet.convolution_weights / lenet.parameters:.0f} %"
        ),
        "n3-pooled-parameters": _large(pooled.parameters),
        "n3-flat-parameters": _large(flat.parameters),
        "n3-gap-parameters": _large(pooled_gap.parameters),
        "n3-gap-flat-parameters": _large(flat_gap.parameters),
        "n3-parameters-factor": f"{flat.parameters / pooled.parameters:.1f}",
        "n3-macs-factor": f"{flat.macs / pooled.macs:.1f}",
        "redrawn-learned": _learned("positions", "max_redrawn", "anywhere"),
    }


def _learned(name: str, arm: str, quantity: str, chance: float = 0.15) -> str:
    """Say how many trainings of an arm learned anything, how well, and how many did not.

    A training that stays at chance is rare and tells little about the others; a mean over all of
    them hides both.
    """
    values = experiments.load(name).values(arm, quantity)
    learned = values[values > chance]
    return (
        f"{len(learned)} learned and put {100 * learned.mean():.0f} percent right, "
        f"{len(values) - len(learned)} stayed at chance"
    )
