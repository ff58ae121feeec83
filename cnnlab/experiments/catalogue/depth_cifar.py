"""Is it the depth or the window? The question of `depth`, on small colour photographs.

To save computing time the photographs are averaged from 32x32 to 16x16 pixels. Three 3x3
convolutions see 7 pixels of them, as one 7x7 kernel does. Each seed has 5 000 training images of
its own: the ten runs are ten independent samples of training images.
"""

from collections.abc import Mapping
from typing import Any

from cnnlab import datasets
from cnnlab._types import Array
from cnnlab.datasets import Split
from cnnlab.experiments import stacks
from cnnlab.experiments.core import Configuration, Experiment, Row
from cnnlab.experiments.measuring import QUANTITIES
from cnnlab.nn import functional as F


def photographs(configuration: Configuration, seed: int) -> Split:
    """Load the seed's training images, and test images of all classes, at half the size."""
    train, test = configuration["train"], configuration["test"]
    split = datasets.cifar10(train=train, subset=seed, test=test)
    x_train, x_test = (F.avg_pool2d(x, 2) for x in (split.x_train, split.x_test))
    return Split(x_train, split.y_train, x_test, split.y_test)


def run(arm: str, seed: int, configuration: Configuration, device: str = "cpu") -> Row:
    """Train on the seed's own images, test on all test images."""
    return stacks.compare(arm, photographs(configuration, seed), seed, configuration, device)


def data(configuration: Configuration) -> tuple[str, Mapping[str, Array]]:
    """Training images of seed 0, and the test images."""
    name = f"CIFAR-10 averaged to 16x16 pixels, subset 0 of {configuration['train']} images"
    return name, photographs(configuration, seed=0).arrays()


FULL: dict[str, Any] = {
    "train": 5000,
    "test": 10000,
    "one": [[32, 7, 1]],
    "three": [[10, 3, 1], [12, 3, 1], [32, 3, 1]],
    "library": "torch",
    "epochs": 18,
    "trial_epochs": 5,
    "batch_size": 50,
    "learning_rates": [0.003, 0.008],
}

EXPERIMENT = Experiment(
    name="depth_cifar",
    question="Do three small convolutions see more in a photograph than one large one?",
    arms=stacks.ARMS,
    held_equal=stacks.HELD_EQUAL,
    quantities=QUANTITIES,
    run=run,
    full=FULL,
    quick={**FULL, "train": 200, "test": 200, "epochs": 1, "learning_rates": [0.008]},
    data=data,
    packages=("torch",),
)
