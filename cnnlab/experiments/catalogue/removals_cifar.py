"""Pooling and its five removals on small colour photographs: the headline comparison.

Each seed has 5 000 training images of its own: ten seeds share out the 50 000 training images of
CIFAR-10 among them, so the ten runs are ten independent samples of training images, which random
splits of a small data set are not. The test images are always the same 10 000. Learning rates are
tried for three epochs, on four fifths of the training images.

It is a comparison at equal epochs, and not at convergence: when the schedule ends, networks with a
large dense layer have fitted their training images and those with pools have not, and most arms
would rather have had a larger rate than the three that they could choose from.
"""

from collections.abc import Mapping
from typing import Any

from cnnlab import datasets
from cnnlab._types import Array
from cnnlab.experiments import removals
from cnnlab.experiments.core import Configuration, Experiment, Row


def run(arm: str, seed: int, configuration: Configuration, device: str = "cpu") -> Row:
    """Train on the seed's own images, test on all test images."""
    split = datasets.cifar10(train=configuration["train"], subset=seed)
    return removals.measure(arm, split, seed, configuration, device)


def data(configuration: Configuration) -> tuple[str, Mapping[str, Array]]:
    """Training images of seed 0, and the test images."""
    split = datasets.cifar10(train=configuration["train"], subset=0)
    return "CIFAR-10 from JPEG files, subset 0 of 5 000", split.arrays()


FULL: dict[str, Any] = {
    "train": 5000,
    "channels": [8, 16, 16],
    "thin_channels": [3, 6, 6],
    "gap_channels": [16, 31, 31],
    "library": "torch",
    "epochs": 16,
    "trial_epochs": 3,
    "batch_size": 50,
    "learning_rates": [0.001, 0.002, 0.004],
}

EXPERIMENT = Experiment(
    name="removals_cifar",
    question="What does each way of taking the pools out change, on small colour photographs?",
    arms=removals.ARMS,
    held_equal=removals.HELD_EQUAL,
    quantities=removals.QUANTITIES,
    run=run,
    full=FULL,
    quick={**FULL, "train": 100, "epochs": 1, "learning_rates": [0.002]},
    data=data,
    packages=("torch",),
)
