"""Can a convolution with stride 2 take the place of a max pool? With 200 and with 1000 digits.

The extra convolution brings weights and one more ReLU with it, so there is a control that gets the
same layer and keeps its pools. And there is an arm whose extra convolutions *are* average pools
when training starts, which shows where training takes them.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from cnnlab import datasets, nn
from cnnlab._types import Array
from cnnlab.experiments.core import Configuration, Experiment, Quantity, Row
from cnnlab.experiments.measuring import QUANTITIES, costs, train_and_score
from cnnlab.experiments.networks import DOWN, n3

WAYS = {
    **{down: DOWN[down] for down in ("max", "stride", "convstride", "max_conv")},
    "from_average": f"{DOWN['convstride']}, which starts as average pooling",
}
SIZES = {"200": "200 training images", "1000": "1000 training images"}


def build(way: str, size: int, channels: tuple[int, int, int], rng: np.random.Generator) -> Any:
    """Build the network of a way of downsampling.

    Parameters
    ----------
    way : str
        A key of ``WAYS``.
    size : int
        Side of the images, in pixels.
    channels : tuple of int
        Output channels of the three convolutions.
    rng : numpy.random.Generator
        Draws the initial weights.

    Returns
    -------
    nn.Sequential
    """
    down = "convstride" if way == "from_average" else way
    model = n3(down, size, channels, rng=rng)
    if way == "from_average":
        for layer in extra_convolutions(model):
            layer.weight.data[...] = average_kernels(layer.out_channels)
    return model


def extra_convolutions(model: nn.Module) -> list[Any]:
    """List the 2x2 convolutions of a network: those that stand in for pools, or beside them."""
    return [
        layer
        for layer in model.modules()
        if isinstance(layer, nn.Conv2d) and layer.weight.shape[-1] == 2
    ]


def average_kernels(channels: int) -> Array:
    """Kernels with which a 2x2 convolution of stride 2 is 2x2 average pooling.

    Parameters
    ----------
    channels : int
        Channels that come in and go out.

    Returns
    -------
    array of shape (channels, channels, 2, 2), float32

    Examples
    --------
    >>> average_kernels(1)[0, 0].tolist()
    [[0.25, 0.25], [0.25, 0.25]]
    """
    kernels = np.zeros((channels, channels, 2, 2), dtype=np.float32)
    kernels[np.arange(channels), np.arange(channels)] = 0.25
    return kernels


def likeness_to_average(kernels: Array) -> float:
    """Cosine between some kernels and those of average pooling: 1 if they point the same way.

    Parameters
    ----------
    kernels : array of shape (channels, channels, 2, 2)

    Returns
    -------
    float
        Between -1 and 1.

    Examples
    --------
    >>> round(likeness_to_average(2 * average_kernels(3)), 6)
    1.0
    """
    pool = average_kernels(len(kernels))
    return float(np.sum(kernels * pool) / (np.linalg.norm(kernels) * np.linalg.norm(pool)))


def run(arm: str, seed: int, configuration: Configuration, device: str = "cpu") -> Row:
    """Train on as many of the seed's digits as the arm says, test on the others."""
    way, _, count = arm.rpartition("_")
    settings = {**configuration, **configuration["by_size"][count]}
    split = datasets.digits(size=16, train=settings["train"], seed=seed)

    def network(rng: np.random.Generator) -> nn.Sequential:
        model: nn.Sequential = build(way, 16, tuple(configuration["channels"]), rng)
        return model

    learned, row = train_and_score(network, split, seed, settings, device)
    likeness = [
        likeness_to_average(layer.weight.data) for layer in extra_convolutions(learned.in_cnnlab())
    ]
    return {
        **row,
        **costs(network, split.x_train),
        "likeness": float(np.mean(likeness)) if likeness else 0.0,
        **learned.choice(),
    }


def data(configuration: Configuration) -> tuple[str, Mapping[str, Array]]:
    """All digits, as seed 0 splits them for the larger size."""
    train = configuration["by_size"]["1000"]["train"]
    return "scikit-learn digits, 16 pixels a side", datasets.digits(16, train, seed=0).arrays()


FULL: dict[str, Any] = {
    "channels": [8, 16, 16],
    "library": "torch",
    "learning_rates": [0.0025, 0.005, 0.01],
    "by_size": {
        "200": {"train": 200, "test": 1597, "batch_size": 25, "epochs": 30, "trial_epochs": 15},
        "1000": {"train": 1000, "test": 797, "batch_size": 50, "epochs": 20, "trial_epochs": 6},
    },
}
SHORT = {"train": 100, "test": 1697, "batch_size": 25, "epochs": 1, "trial_epochs": 1}

EXPERIMENT = Experiment(
    name="strided_digits",
    question="Does a convolution with stride 2 reach the accuracy of max pooling on small digits?",
    arms={
        f"{way}_{size}": f"{text}; {images}"
        for size, images in SIZES.items()
        for way, text in WAYS.items()
    },
    held_equal=(
        "split of the images, order of batches: by the seed; the three 3x3 kernels at the start",
        "epochs, batch size, optimiser, schedule, for each number of training images",
        "three learning rates to choose from, on a fifth of the training images",
        "width of the convolutions; parameters only between max and stride, and among the others",
    ),
    quantities={
        **QUANTITIES,
        "likeness": Quantity(
            "cosine", "of the extra kernels with average pooling; 0 where there are none", 0.2
        ),
    },
    run=run,
    full=FULL,
    quick={**FULL, "learning_rates": [0.005], "by_size": {"200": SHORT, "1000": SHORT}},
    data=data,
    packages=("scikit-learn", "torch"),
)
