"""Pooling, and the five ways to take it out: the arms of the experiments on three kinds of images.

There is no "without pooling" in general. (a) *none*: delete the pools and let the flatten grow.
(b) *none_squeezed*: delete them and squeeze the maps to one channel before the flatten. (c) *late*:
delete them, spread the kernels instead, and pool once at the end. (d) *stride*: let the convolution
keep one value in four. (e) *convstride*: put a learned convolution with stride 2 in their place.
"""

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from cnnlab import datasets, nn
from cnnlab._types import Array
from cnnlab.datasets import Split
from cnnlab.experiments.core import Configuration, Experiment, Row
from cnnlab.experiments.measuring import MEASURED, costs, train_and_score
from cnnlab.experiments.networks import n3

ARMS = {
    "max": "2x2 max pooling twice, flatten",
    "avg": "2x2 average pooling twice, flatten",
    "none": "(a) no pools: the flatten grows sixteenfold, and with it the dense layer",
    "none_squeezed": "(b) no pools, a 1x1 convolution to one channel before the flatten: as many "
    "features as with pools",
    "late": "(c) no pools between the layers, dilations 1, 2 and 4 in their place, and one average "
    "pooling before the flatten: the parameters of the pooled network",
    "stride": "(d) the first two convolutions take stride 2: the parameters of the pooled network",
    "convstride": "(e) a learned 2x2 convolution with stride 2 and a ReLU in each pool's place",
    "max_conv": "control for (e): max pooling, and the same extra convolution with stride 1 and a "
    "ReLU after it",
    "none_thin": "(a) again, with so few channels that it costs the multiply-accumulates of max",
    "max_gap": "2x2 max pooling twice, global average pooling in place of the flatten, with more "
    "channels: about the parameters of the pooled network",
}
WAYS = {
    "max": ("max", "flatten"),
    "avg": ("avg", "flatten"),
    "none": ("none", "flatten"),
    "none_squeezed": ("none", "squeezed"),
    "late": ("dilated", "grid"),
    "stride": ("stride", "flatten"),
    "convstride": ("convstride", "flatten"),
    "max_conv": ("max_conv", "flatten"),
    "none_thin": ("none", "flatten"),
    "max_gap": ("max", "gap"),
}
HELD_EQUAL = (
    "training images, initial kernels of equal shape, order of batches: by the seed",
    "epochs, batch size, optimiser, schedule",
    "learning rates to choose from, on a fifth of the training images",
    "width of the convolutions, but in none_thin and max_gap; what else is equal the arms say",
)
QUANTITIES = MEASURED

ON_DIGITS: dict[str, Any] = {
    "train": 1000,
    "test": 797,
    "channels": [8, 16, 16],
    "thin_channels": [3, 6, 6],
    "gap_channels": [14, 28, 29],
    "library": "torch",
    "epochs": 25,
    "trial_epochs": 8,
    "batch_size": 50,
    "learning_rates": [0.002, 0.004, 0.008],
}
QUICK = {"train": 100, "epochs": 1, "trial_epochs": 1, "learning_rates": [0.003]}

__all__ = ["ARMS", "HELD_EQUAL", "ON_DIGITS", "QUANTITIES", "build", "measure", "on_digits"]


def build(
    arm: str, size: int, in_channels: int, configuration: Configuration, rng: np.random.Generator
) -> nn.Sequential:
    """Build the network of an arm.

    Parameters
    ----------
    arm : str
        A key of ``ARMS``.
    size : int
        Side of the images in pixels.
    in_channels : int
        Channels of the images.
    configuration : mapping
        ``channels``, ``thin_channels`` and ``gap_channels``.
    rng : numpy.random.Generator
        Draws the initial weights.

    Returns
    -------
    nn.Sequential
    """
    widths = {"none_thin": "thin_channels", "max_gap": "gap_channels"}
    channels = tuple(configuration[widths.get(arm, "channels")])
    down, head = WAYS[arm]
    return n3(down, size, channels, head=head, in_channels=in_channels, rng=rng)


def measure(arm: str, split: Split, seed: int, configuration: Configuration, device: str) -> Row:
    """Choose a learning rate, train, and measure on training and test images.

    Parameters
    ----------
    arm : str
        A key of ``ARMS``.
    split : Split
        Images and classes.
    seed : int
        Sets weights and order.
    configuration : mapping
        As for `learning.learn`, and the widths.
    device : str
        A device of torch.

    Returns
    -------
    dict
        The quantities, and how the rate was chosen.
    """
    _, channels, size, _ = split.x_train.shape

    def network(rng: np.random.Generator) -> nn.Sequential:
        return build(arm, size, channels, configuration, rng)

    learned, row = train_and_score(network, split, seed, configuration, device, train_log_loss=True)
    return {**row, **costs(network, split.x_train), **learned.choice()}


def on_digits(
    place: Literal["centre", "random"], name: str, question: str, **other: Any
) -> Experiment:
    """Set up the experiment on digits of 16 pixels, placed on a canvas of 28.

    Parameters
    ----------
    place : {"centre", "random"}
        Where the digits stand; see `datasets.placed_digits`.
    name, question : str
        Of the experiment.
    **other
        What else is not as it is here: ``arms``, ``held_equal``, ``quantities``, ``full``,
        ``quick``, or ``measure`` in place of :func:`measure`.

    Returns
    -------
    Experiment
        Its quick configuration trains for one epoch, with one learning rate, on 100 images.
    """
    measured = other.pop("measure", measure)

    def run(arm: str, seed: int, configuration: Configuration, device: str = "cpu") -> Row:
        split = datasets.placed_digits(place, configuration["train"], seed)
        row: Row = measured(arm, split, seed, configuration, device)
        return row

    def data(configuration: Configuration) -> tuple[str, Mapping[str, Array]]:
        split = datasets.placed_digits(place, configuration["train"], seed=0)
        return f"scikit-learn digits, 16 pixels, on 28x28 pixels: {place}", split.arrays()

    settings: dict[str, Any] = {
        "arms": ARMS,
        "held_equal": HELD_EQUAL,
        "quantities": QUANTITIES,
        "full": ON_DIGITS,
        "quick": {**ON_DIGITS, **QUICK},
        **other,
    }
    return Experiment(
        name=name,
        question=question,
        run=run,
        data=data,
        packages=("scikit-learn", "torch"),
        **settings,
    )
