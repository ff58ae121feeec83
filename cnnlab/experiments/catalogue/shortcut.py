"""Does a network without pools rely more on the background? A patch that gives the class away.

Every digit stands in the middle of the canvas. Above it (classes 0 to 4) or below it (5 to 9) lies
a bright patch of 2x2 pixels, for 80 % of the training images at the place that belongs to their
class, for the others at the place of another class. What a network makes of the patch shows in
tests where the patch stands at any class's place, is absent, or tells a wrong class.

The places lie on a grid of 4x4 pixels, one cell for each class: after two pools of 2x2 they are
still ten different pixels of the map, so that no network is kept from seeing the patch because its
pools are too coarse for it.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from cnnlab import datasets, nn
from cnnlab._types import Array
from cnnlab.experiments import removals
from cnnlab.experiments.core import Configuration, Experiment, Quantity, Row
from cnnlab.experiments.learning import learn
from cnnlab.experiments.measuring import costs

ARMS = ("max", "avg", "none", "none_squeezed", "late", "stride", "convstride")
CLASSES = 10
CELL = 4  # pixels of the canvas that two pools of 2x2 turn into one
ROWS = (0, 24)  # the cells of classes 0 to 4 lie above the digit, those of 5 to 9 below it
PATCHES = 5  # a stream of random numbers of the seed


def with_patch(x: Array, classes: Array) -> Array:
    """Light up the upper left 2x2 pixels of the 4x4 cell that belongs to a class.

    Parameters
    ----------
    x : array of shape (N, 1, 28, 28)
        Images; they stay as they are.
    classes : integer array of shape (N,)
        Class that the patch of each image tells.

    Returns
    -------
    array of shape (N, 1, 28, 28)
    """
    marked = x.copy()
    for image, of_class in zip(marked, classes, strict=True):
        half, place = divmod(int(of_class), CLASSES // 2)
        top, left = ROWS[half], CELL * (place + 1)
        image[0, top : top + 2, left : left + 2] = 1
    return marked


def other_classes(y: Array, rng: np.random.Generator) -> Array:
    """Draw for each image one of the nine classes that it does not belong to.

    Parameters
    ----------
    y : integer array of shape (N,)
        True classes.
    rng : numpy.random.Generator

    Returns
    -------
    integer array of shape (N,)
    """
    drawn: Array = (y + rng.integers(1, CLASSES, len(y))) % CLASSES
    return drawn


def told_in_training(y: Array, share: float, rng: np.random.Generator) -> Array:
    """Draw which class the patch of each training image tells.

    Parameters
    ----------
    y : integer array of shape (N,)
        True classes.
    share : float
        Probability that the patch tells the truth.
    rng : numpy.random.Generator

    Returns
    -------
    integer array of shape (N,)
    """
    return np.where(rng.random(len(y)) < share, y, other_classes(y, rng))


def run(arm: str, seed: int, configuration: Configuration, device: str = "cpu") -> Row:
    """Train with patches that mostly tell the class, test with three kinds of patches."""
    split = datasets.placed_digits("centre", configuration["train"], seed)
    x_test, y = split.x_test[: configuration["test"]], split.y_test[: configuration["test"]]
    rng = np.random.default_rng([seed, PATCHES])
    x_train = with_patch(
        split.x_train, told_in_training(split.y_train, configuration["share"], rng)
    )
    wrong = other_classes(y, rng)
    x_random = with_patch(x_test, rng.integers(0, CLASSES, len(y)))

    def network(rng: np.random.Generator) -> nn.Sequential:
        return removals.build(arm, 28, 1, configuration, rng)

    learned = learn(
        network, x_train, split.y_train, seed=seed, configuration=configuration, device=device
    )
    absent = learned.scores(x_test, y).accuracy
    random = learned.scores(x_random, y).accuracy
    misled = learned.predictions(with_patch(x_test, wrong))
    return {
        "accuracy_absent": absent,
        "accuracy_random": random,
        "accuracy_contradicted": float(np.mean(misled == y)),
        "accuracy_agreeing": learned.scores(with_patch(x_test, y), y).accuracy,
        "drop": absent - random,
        "followed": float(np.mean(misled == wrong)),
        "train_accuracy": learned.scores(x_train, split.y_train).accuracy,
        "parameters": costs(network, x_train)["parameters"],
        **learned.choice(),
    }


def data(configuration: Configuration) -> tuple[str, Mapping[str, Array]]:
    """Digits of seed 0; the patches are drawn by the seed."""
    split = datasets.placed_digits("centre", configuration["train"], seed=0)
    return "scikit-learn digits, 16 pixels, in the middle of 28x28 pixels", split.arrays()


FULL: dict[str, Any] = {
    "train": 1000,
    "test": 797,
    "share": 0.8,
    "channels": [8, 16, 16],
    "thin_channels": [3, 6, 6],
    "gap_channels": [14, 28, 29],
    "library": "torch",
    "epochs": 15,
    "trial_epochs": 5,
    "batch_size": 50,
    "learning_rates": [0.003, 0.008],
}

EXPERIMENT = Experiment(
    name="shortcut",
    question="Does a network without pools rely more on a patch of the background that tells the "
    "class?",
    arms={arm: removals.ARMS[arm] for arm in ARMS},
    held_equal=(
        "digits, patches, initial kernels of equal shape, order of batches: by the seed",
        "share of the training images whose patch tells the class",
        "epochs, batch size, optimiser, schedule",
        "learning rates to choose from, on a fifth of the training images",
        "parameters of max, avg, late and stride, about those of none_squeezed",
    ),
    quantities={
        "accuracy_absent": Quantity("fraction", "test images put right, no patch", 0.04),
        "accuracy_random": Quantity(
            "fraction", "the same, the patch at any of the ten places", 0.04
        ),
        "accuracy_contradicted": Quantity("fraction", "the same, it tells a wrong class", 0.06),
        "accuracy_agreeing": Quantity("fraction", "the same, it tells the class", 0.04),
        "drop": Quantity("fraction", "accuracy without a patch minus that with any", 0.05),
        "followed": Quantity("fraction", "answers that the contradicting patch gave", 0.06),
        "train_accuracy": Quantity("fraction", "training images put right, with patches", 0.04),
        "parameters": Quantity("numbers", "trainable numbers", 0),
    },
    run=run,
    full=FULL,
    quick={
        **FULL,
        "train": 100,
        "test": 100,
        "epochs": 1,
        "trial_epochs": 1,
        "learning_rates": [0.003],
    },
    data=data,
    packages=("scikit-learn", "torch"),
)
