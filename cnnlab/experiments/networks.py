"""N3, the network of the experiments: three convolutions, two places to downsample, and a head.

conv 3x3 - ReLU - *down* - conv 3x3 - ReLU - *down* - conv 3x3 - ReLU - *head* - linear

The convolutions keep the size of their maps with a border of zeros. Arms that differ in *down* or
*head* alone start from the same kernels wherever they have the same kernels.
"""

import numpy as np

from cnnlab import nn

DOWN = {
    "max": "2x2 max pooling after the ReLU",
    "avg": "2x2 average pooling after the ReLU",
    "stride": "the convolution takes stride 2: keep one value in four",
    "none": "no downsampling, the flatten grows sixteenfold",
    "avg_before_relu": "2x2 average pooling before the ReLU",
    "max_before_relu": "2x2 max pooling before the ReLU",
    "convstride": "a learned 2x2 convolution with stride 2 and a ReLU in the pool's place",
    "max_conv": "2x2 max pooling, and after it a learned 2x2 convolution with stride 1 and a ReLU",
    "maxblur": "2x2 max pooling with stride 1, then 3x3 blur pooling with stride 2",
    "dilated": "no downsampling, the convolutions take dilations 1, 2 and 4",
}
HEAD = {
    "flatten": "all positions of all channels",
    "squeezed": "a 1x1 convolution to one channel, then all its positions",
    "grid": "average pooling to a quarter of the input's side, then all positions",
    "gap": "global average pooling",
    "gmp": "global max pooling",
}

__all__ = ["DOWN", "HEAD", "he_start", "n3"]


def n3(
    down: str,
    size: int,
    channels: tuple[int, int, int] = (8, 16, 16),
    classes: int = 10,
    *,
    head: str = "flatten",
    in_channels: int = 1,
    he: bool = True,
    rng: np.random.Generator,
) -> nn.Sequential:
    """Build the network with one way of making the maps smaller, or none, and one head.

    Parameters
    ----------
    down : str
        A key of ``DOWN``.
    size : int
        Side of the square input, in pixels; a multiple of 4.
    channels : tuple of int, default (8, 16, 16)
        Output channels of the three convolutions.
    classes : int, default 10
        Number of outputs.
    head : str, default "flatten"
        A key of ``HEAD``.
    in_channels : int, default 1
        Channels of the input.
    he : bool, default True
        Start as :func:`he_start` says; otherwise as torch's layers start by themselves.
    rng : numpy.random.Generator
        Draws the initial weights. The three convolutions come first, so arms of equal seed and
        equal channels start from equal kernels.

    Returns
    -------
    nn.Sequential
        The network, float32.

    Raises
    ------
    ValueError
        If ``down`` or ``head`` is unknown or ``size`` is no multiple of 4.
    """
    if down not in DOWN:
        raise ValueError(f"n3(down={down!r}): no such way; there are {', '.join(DOWN)}.")
    if head not in HEAD:
        raise ValueError(f"n3(head={head!r}): no such head; there are {', '.join(HEAD)}.")
    if size % 4:
        raise ValueError(f"n3(size={size}): needed a multiple of 4, to be halved twice.")
    convolutions = []
    for position, (features, width) in enumerate(
        zip((in_channels, *channels), channels, strict=False)
    ):
        stride = 2 if down == "stride" and position < 2 else 1
        dilation = 2**position if down == "dilated" else 1
        convolutions.append(
            nn.Conv2d(
                features,
                width,
                3,
                stride=stride,
                padding=dilation,
                dilation=dilation,
                rng=rng,
                dtype=np.float32,
            )
        )
    layers: list[nn.Module] = []
    for convolution in convolutions[:2]:
        layers += [convolution, *_after_convolution(down, convolution.out_channels, rng)]
    layers += [convolutions[2], nn.ReLU()]
    side = size if down in ("none", "dilated") else size // 4
    layers += _head(head, channels[2], side, size // 4, classes, rng)
    model = nn.Sequential(*layers)
    return he_start(model) if he else model


def he_start(model: nn.Sequential) -> nn.Sequential:
    """Widen the initial weights to He's law, which keeps the size of activations under ReLUs.

    torch draws the weights of a layer with n inputs between -1/√n and 1/√n; with these, networks of
    three or more such layers often stayed where they started. He's law has √6 times that width, and
    biases of 0.

    Parameters
    ----------
    model : nn.Sequential
        A network with fresh weights; it is changed.

    Returns
    -------
    nn.Sequential
        The same network.

    References
    ----------
    He, Zhang, Ren and Sun (2015), doi:10.1109/ICCV.2015.123.
    """
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            layer.weight.data *= layer.weight.data.dtype.type(np.sqrt(6))
            if layer.bias is not None:
                layer.bias.data[...] = 0
    return model


def _after_convolution(down: str, width: int, rng: np.random.Generator) -> list[nn.Module]:
    """Nonlinearity and pool, in the order that the arm asks for."""
    if down in ("max", "avg", "max_before_relu", "avg_before_relu"):
        pool = nn.MaxPool2d(2) if down.startswith("max") else nn.AvgPool2d(2)
        return [pool, nn.ReLU()] if down.endswith("before_relu") else [nn.ReLU(), pool]
    if down == "convstride":
        learned = nn.Conv2d(width, width, 2, stride=2, rng=rng, dtype=np.float32)
        return [nn.ReLU(), learned, nn.ReLU()]
    if down == "max_conv":
        learned = nn.Conv2d(width, width, 2, padding="same", rng=rng, dtype=np.float32)
        return [nn.ReLU(), nn.MaxPool2d(2), learned, nn.ReLU()]
    if down == "maxblur":
        # the pool with stride 1 loses one row and column; padding would add one too many
        return [nn.ReLU(), nn.MaxPool2d(2, stride=1), nn.BlurPool2d(3, stride=2)]
    return [nn.ReLU()]


def _head(
    head: str, width: int, side: int, grid: int, classes: int, rng: np.random.Generator
) -> list[nn.Module]:
    """Layers from the last maps to the scores of the classes."""
    layers: list[nn.Module] = []
    features = width * side * side
    if head == "squeezed":
        layers = [nn.Conv2d(width, 1, 1, rng=rng, dtype=np.float32)]
        features = side * side
    elif head == "grid":
        layers = [nn.AdaptiveAvgPool2d(grid)]
        features = width * grid * grid
    elif head == "gap":
        layers, features = [nn.AdaptiveAvgPool2d(1)], width
    elif head == "gmp":
        layers, features = [nn.AdaptiveMaxPool2d(1)], width
    return [*layers, nn.Flatten(), nn.Linear(features, classes, rng=rng, dtype=np.float32)]
