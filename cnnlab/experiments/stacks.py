"""One wide window or several small ones: stacks of convolutions under a global maximum.

The head keeps the largest response of each map, wherever it is, and a dense layer decides. So what
a network can tell apart is what one unit of its last map can tell apart inside its own window.
"""

from collections.abc import Sequence

import numpy as np

from cnnlab import nn
from cnnlab.datasets import Split
from cnnlab.experiments.core import Configuration, Row
from cnnlab.experiments.measuring import measure
from cnnlab.experiments.networks import he_start

ARMS = {
    "one": "one convolution with a large kernel",
    "three": "three 3x3 convolutions with ReLUs between them, the same receptive field",
    "three_linear": "the same three without the ReLUs between them",
}
HELD_EQUAL = (
    "images, order of batches: by the seed",
    "receptive field of the last map, and its number of maps: what the global maximum hands on",
    "parameters and multiply-accumulates, within three percent",
    "a ReLU after the last convolution; epochs, batch size, optimiser, schedule",
    "learning rates to choose from, on a fifth of the training images",
)

__all__ = ["ARMS", "HELD_EQUAL", "compare", "stack"]


def stack(
    in_channels: int,
    layers: Sequence[Sequence[int]],
    classes: int,
    *,
    inner_relu: bool = True,
    rng: np.random.Generator,
) -> nn.Sequential:
    """Build convolutions on top of one another, a global maximum and a dense layer.

    Parameters
    ----------
    in_channels : int
        Channels of the images.
    layers : sequence of (channels, kernel_size, dilation)
        From the input upwards; borders of zeros keep the size of the maps.
    classes : int
        Number of outputs.
    inner_relu : bool, default True
        Whether there is a ReLU between the convolutions; there always is one after the last.
    rng : numpy.random.Generator
        Draws the initial weights.

    Returns
    -------
    nn.Sequential
        The network, float32.
    """
    chain: list[nn.Module] = []
    features = in_channels
    for place, (width, kernel_size, dilation) in enumerate(layers, start=1):
        padding = dilation * (kernel_size - 1) // 2
        chain.append(
            nn.Conv2d(features, width, kernel_size, 1, padding, dilation, rng=rng, dtype=np.float32)
        )
        if inner_relu or place == len(layers):
            chain.append(nn.ReLU())
        features = width
    head = nn.Linear(features, classes, rng=rng, dtype=np.float32)
    return nn.Sequential(*chain, nn.AdaptiveMaxPool2d(1), nn.Flatten(), head)


def compare(arm: str, split: Split, seed: int, configuration: Configuration, device: str) -> Row:
    """Train one arm of ``ARMS``, with He's initial weights.

    The default ones of the layers are smaller, so that signals shrink from ReLU to ReLU: a
    comparison could then measure how long a deep stack takes to leave its start.

    Parameters
    ----------
    arm : str
        A key of ``ARMS``.
    split : Split
        Images of ten classes.
    seed : int
        Sets weights and order.
    configuration : mapping
        As for `measuring.measure`, with the layers ``one`` and ``three``.
    device : str
        A device of torch.

    Returns
    -------
    dict
        What `measuring.measure` gives.
    """
    layers = configuration[arm.removesuffix("_linear")]
    inner_relu = not arm.endswith("_linear")

    def build(rng: np.random.Generator) -> nn.Sequential:
        channels = split.x_train.shape[1]
        return he_start(stack(channels, layers, 10, inner_relu=inner_relu, rng=rng))

    return measure(build, split, seed, configuration, device)
