"""Stacks of convolutions that see how two parts are arranged, and one that does not.

A horizontal and a vertical bar, one above the other, anywhere in the image, under a little noise.
Every image has both bars; the class is which of them is above. A window of 3x3 pixels never sees
both bars, windows of 7x7 pixels do.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from cnnlab import nn
from cnnlab._types import Array
from cnnlab.datasets import Split
from cnnlab.experiments.core import Configuration, Experiment, Row
from cnnlab.experiments.measuring import QUANTITIES, measure
from cnnlab.experiments.stacks import stack

HORIZONTAL = np.array([[0, 0, 0], [1, 1, 1], [0, 0, 0]], dtype=np.float32)
GAP = np.zeros((1, 3), dtype=np.float32)
PATTERNS = (  # the class is the index: horizontal bar above, vertical bar above
    np.concatenate([HORIZONTAL, GAP, HORIZONTAL.T]),
    np.concatenate([HORIZONTAL.T, GAP, HORIZONTAL]),
)

ARMS = {
    "one3": "one 3x3 convolution: a field of 3 pixels",
    "one7": "one 7x7 convolution: a field of 7",
    "linear": "3x3, then 5x5, no ReLU between them: a field of 7",
    "relu": "3x3, ReLU, 5x5: a field of 7",
    "three3": "three 3x3 convolutions with ReLUs: a field of 7",
}


def images(number: int, size: int, noise: float, rng: np.random.Generator) -> tuple[Array, Array]:
    """Draw images of two bars: half of them with the horizontal bar above.

    Parameters
    ----------
    number, size : int
        How many images, and their side in pixels, at least 9.
    noise : float
        Each pixel gets a uniform random number between 0 and this.
    rng : numpy.random.Generator
        Draws places, noise and order.

    Returns
    -------
    x : array of shape (number, 1, size, size), float32
    y : array of shape (number,), int64
        0 where the horizontal bar is above, 1 where the vertical bar is.
    """
    x = (noise * rng.random((number, 1, size, size))).astype(np.float32)
    y = rng.permutation(number) % 2
    height, width = PATTERNS[0].shape
    for image, label in zip(x, y, strict=True):
        row = rng.integers(1, size - height)  # at least one pixel from every border
        column = rng.integers(1, size - width)
        image[0, row : row + height, column : column + width] += PATTERNS[label]
    return x, y


def split(configuration: Configuration, seed: int) -> Split:
    """Draw training and test images of a seed."""
    rng = np.random.default_rng([seed, 10])
    size, noise = configuration["size"], configuration["noise"]
    train = images(configuration["train"], size, noise, rng)
    test = images(configuration["test"], size, noise, rng)
    return Split(*train, *test)


def run(arm: str, seed: int, configuration: Configuration, device: str = "cpu") -> Row:
    """Train on images drawn for the seed, test on others."""

    def build(rng: np.random.Generator) -> nn.Sequential:
        return stack(1, configuration[arm], 2, inner_relu=arm != "linear", rng=rng)

    return measure(build, split(configuration, seed), seed, configuration, device)


def data(configuration: Configuration) -> tuple[str, Mapping[str, Array]]:
    """Images and classes of seed 0."""
    return "two bars, drawn by chance", split(configuration, seed=0).arrays()


FULL: dict[str, Any] = {
    "train": 500,
    "test": 400,
    "size": 16,
    "noise": 0.25,
    "one3": [[16, 3, 1]],
    "one7": [[16, 7, 1]],
    "linear": [[8, 3, 1], [16, 5, 1]],
    "relu": [[8, 3, 1], [16, 5, 1]],
    "three3": [[8, 3, 1], [8, 3, 1], [16, 3, 1]],
    "library": "torch",
    "epochs": 15,
    "trial_epochs": 8,
    "batch_size": 50,
    "learning_rates": [0.01, 0.03],
    "curve": True,
}

EXPERIMENT = Experiment(
    name="parts",
    question="Which stacks of convolutions see how two parts are arranged?",
    arms=ARMS,
    held_equal=(
        "images and order of batches: by the seed",
        "maps of the last convolution: sixteen numbers reach the dense layer",
        "epochs, batch size, optimiser, schedule; two learning rates to choose from",
        "not the parameters: see the column",
    ),
    quantities=QUANTITIES,
    run=run,
    full=FULL,
    quick={**FULL, "train": 200, "test": 200, "epochs": 12, "learning_rates": [0.03]},
    data=data,
    packages=("torch",),
)
