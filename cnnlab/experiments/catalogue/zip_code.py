"""A network without pools, from 1989, against the same network with pools; and how many pools.

The network that read zip codes in 1989 had two convolutions with 5x5 kernels and stride 2, and no
pool. Moving the two strides into pools changes no weight. What is not as it was: each map has one
bias instead of one for each of its units, the second convolution sees all twelve maps instead of
eight, ReLU stands in for tanh, Adam for Newton's method, and the border is filled with 0: 10 024
parameters, where the original had 9 760.

The other three arms are one network of four convolutions whose maps shrink sixteenfold a side: by
a pool of 2x2 after each, by a pool of 4x4 after every second, or by one of 16x16 after the last.

References
----------
LeCun et al. (1989), doi:10.1162/neco.1989.1.4.541.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from cnnlab import datasets, nn
from cnnlab._types import Array
from cnnlab.experiments.core import Configuration, Experiment, Row
from cnnlab.experiments.measuring import QUANTITIES, measure
from cnnlab.experiments.networks import he_start

ARMS = {
    "zip_code": "the network of 1989: two 5x5 convolutions with stride 2, no pool",
    "max": "the same convolutions with stride 1, a 2x2 max pool after each",
    "avg": "the same convolutions with stride 1, a 2x2 average pool after each",
    "after_every": "four 3x3 convolutions, a 2x2 max pool after each",
    "after_second": "four 3x3 convolutions, a 4x4 max pool after the second and the fourth",
    "after_last": "four 3x3 convolutions, a 16x16 max pool after the fourth",
}
WINDOWS = {
    "after_every": (2, 2, 2, 2),
    "after_second": (1, 4, 1, 4),
    "after_last": (1, 1, 1, 16),
}


def zip_code(arm: str, rng: np.random.Generator) -> nn.Sequential:
    """Build the network of 1989, or its twin with pools.

    Parameters
    ----------
    arm : {"zip_code", "max", "avg"}
        Stride, max pooling or average pooling.
    rng : numpy.random.Generator
        Draws the initial weights, the same for every arm.

    Returns
    -------
    nn.Sequential
        For 16x16 pixels and ten classes.
    """
    stride = 2 if arm == "zip_code" else 1
    layers: list[nn.Module] = []
    for features in (1, 12):
        layers.append(nn.Conv2d(features, 12, 5, stride, 2, rng=rng, dtype=np.float32))
        layers.append(nn.ReLU())
        if arm != "zip_code":
            layers.append(nn.MaxPool2d(2) if arm == "max" else nn.AvgPool2d(2))
    hidden = nn.Linear(12 * 4 * 4, 30, rng=rng, dtype=np.float32)
    output = nn.Linear(30, 10, rng=rng, dtype=np.float32)
    return nn.Sequential(*layers, nn.Flatten(), hidden, nn.ReLU(), output)


def four_convolutions(
    windows: tuple[int, ...], channels: tuple[int, ...], rng: np.random.Generator
) -> nn.Sequential:
    """Build four convolutions, a max pool after each that has a window, and a dense layer.

    Parameters
    ----------
    windows : tuple of int
        Side of the pool after each convolution, 1 for none; their product is 16.
    channels : tuple of int
        Output channels.
    rng : numpy.random.Generator
        Draws the initial weights.

    Returns
    -------
    nn.Sequential
        For 16x16 pixels and ten classes.
    """
    layers: list[nn.Module] = []
    for features, width, window in zip((1, *channels), channels, windows, strict=False):
        layers.append(nn.Conv2d(features, width, 3, padding=1, rng=rng, dtype=np.float32))
        layers.append(nn.ReLU())
        if window > 1:
            layers.append(nn.MaxPool2d(window))
    head = nn.Linear(channels[-1], 10, rng=rng, dtype=np.float32)
    return nn.Sequential(*layers, nn.Flatten(), head)


def run(arm: str, seed: int, configuration: Configuration, device: str = "cpu") -> Row:
    """Train on the seed's split of the digits, test on the rest."""

    def network(rng: np.random.Generator) -> nn.Sequential:
        if arm in WINDOWS:
            channels = tuple(configuration["channels"])
            return he_start(four_convolutions(WINDOWS[arm], channels, rng))
        return he_start(zip_code(arm, rng))

    split = datasets.digits(size=16, train=configuration["train"], seed=seed)
    return measure(network, split, seed, configuration, device)


def data(configuration: Configuration) -> tuple[str, Mapping[str, Array]]:
    """All digits, as seed 0 splits them."""
    split = datasets.digits(size=16, train=configuration["train"], seed=0)
    return "scikit-learn digits, 16 pixels a side", split.arrays()


FULL: dict[str, Any] = {
    "train": 1000,
    "test": 797,
    "channels": [8, 16, 16, 16],
    "library": "torch",
    "epochs": 20,
    "trial_epochs": 6,
    "batch_size": 50,
    "learning_rates": [0.0025, 0.005, 0.01],
}

EXPERIMENT = Experiment(
    name="zip_code",
    question="Does a network without pools fall behind its twin with pools?",
    arms=ARMS,
    held_equal=(
        "split of the images, initial weights, order of batches: by the seed",
        "parameters: 10 024 in the first three arms, 6 058 in the last three",
        "epochs, batch size, optimiser, schedule",
        "three learning rates to choose from, on a fifth of the training images",
    ),
    quantities=QUANTITIES,
    run=run,
    full=FULL,
    quick={**FULL, "train": 100, "test": 1697, "epochs": 1, "learning_rates": [0.005]},
    data=data,
    packages=("scikit-learn", "torch"),
)
