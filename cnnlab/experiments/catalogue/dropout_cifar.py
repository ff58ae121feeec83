"""How much of the overfitting does dropout take away, on small colour photographs? Chapter 7.

The network has room enough to overfit: two max pools, a flatten and a hidden dense layer, in which
most of its weights stand. Dropout stands behind that layer. Each seed has 5 000 training images of
its own, so the runs are independent samples of training images; all labels are true.

The learning rate decides how much a network overfits, and short trials would choose one that is too
high for long training without dropout. So every arm trains to the end with every rate, on four
fifths of its images, and the validation log-loss of that very training chooses; in a trial half the
lower rate and twice the higher one were worse for either arm. The same validation images also say
where the training should have been stopped: that is what dropout has to beat. The quantities called
*same* compare at the higher rate in both arms, where the network without dropout goes far towards
fitting its training images.

Two earlier records were left out. In one, trials of two epochs had chosen the rates, too high ones
without dropout, and dropout seemed to gain almost two points. In the other, batches of 50 gave the
network with dropout too few steps: its best rate was the highest one, and it was still learning.
"""

import copy
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from cnnlab import datasets
from cnnlab._types import Array
from cnnlab.datasets import Split
from cnnlab.experiments import dropouts
from cnnlab.experiments.core import Configuration, Experiment, Quantity, Row
from cnnlab.experiments.learning import Learned

WAYS = {"p0": ("none", 0.0), "p50": ("hidden", 0.5)}


def images(seed: int, configuration: Configuration) -> tuple[Split, Array, Array]:
    """Give the images of a seed.

    Parameters
    ----------
    seed : int
        Which subset.
    configuration : mapping
        ``images``, ``validation`` and ``test``: how many.

    Returns
    -------
    split : Split
        Training images, and test images in an order that has nothing to do with their classes.
    x, y : arrays of shape (N, 3, 32, 32) and (N,)
        Validation images: the last of the seed's own, and not among the training images.
    """
    split = datasets.cifar10(train=configuration["images"], subset=seed)
    train = configuration["images"] - configuration["validation"]
    order = np.random.default_rng(0).permutation(len(split.x_test))[: configuration["test"]]
    x, y = split.x_train, split.y_train
    return (
        Split(x[:train], y[:train], split.x_test[order], split.y_test[order]),
        x[train:],
        y[train:],
    )


def run(arm: str, seed: int, configuration: Configuration, device: str = "cpu") -> Row:
    """Train with each rate; measure the one that does best on validation images."""
    split, x, y = images(seed, configuration)
    place, p = WAYS[arm]
    network = dropouts.build(place, p, split.x_train, configuration)
    rows: list[Row] = []
    for rate in configuration["rates"]:
        settings = {**configuration, "learning_rates": [rate]}
        seen = Seen(split, x, y)
        learned, row = dropouts.measure(network, split, seed, settings, device, seen)
        chosen_by = learned.scores(x, y)
        rows.append({**row, "loss": chosen_by.loss, "accuracy": chosen_by.accuracy, "seen": seen})
    best = min(rows, key=lambda row: row["loss"])
    same, seen = rows[-1], best["seen"]
    stopped = {
        "stopped_test_accuracy": seen.best.scores(split.x_test, split.y_test).accuracy,
        "stopped_train_accuracy": seen.best.scores(split.x_train, split.y_train).accuracy,
        "stopped_epoch": seen.epoch,
    }
    return {
        **{key: best[key] for key in (*dropouts.QUANTITIES, "learning_rate")},
        **{f"same_{key}": same[key] for key in ("test_accuracy", "test_log_loss", "gap")},
        **stopped,
        "stopped_gap": stopped["stopped_train_accuracy"] - stopped["stopped_test_accuracy"],
        "curves": seen.curves,
        "by_rate": {
            f"{row['learning_rate']:g}": {
                "validation_log_loss": row["loss"],
                "validation_accuracy": row["accuracy"],
                **{key: row[key] for key in ("train_accuracy", "test_accuracy", "test_log_loss")},
            }
            for row in rows
        },
    }


class Seen:
    """Watches a training: keeps curves, and the network of the lowest validation log-loss.

    Parameters
    ----------
    split : Split
        Training images; the first of them are watched, as many as there are for validation.
    x, y : arrays of shape (N, 3, 32, 32) and (N,)
        Validation images.
    """

    def __init__(self, split: Split, x: Array, y: Array) -> None:
        self.train = split.x_train[: len(x)], split.y_train[: len(x)]
        self.validation = x, y
        self.curves: dict[str, list[float]] = {"train": [], "validation": [], "log_loss": []}
        self.best: Any = None
        self.epoch = 0

    def __call__(self, epoch: int, learned: Learned) -> None:
        """Look at the network after an epoch."""
        validation = learned.scores(*self.validation)
        if validation.loss < min(self.curves["log_loss"], default=np.inf):
            self.best, self.epoch = replace(learned, model=copy.deepcopy(learned.model)), epoch
        self.curves["train"].append(round(learned.scores(*self.train).accuracy, 4))
        self.curves["validation"].append(round(validation.accuracy, 4))
        self.curves["log_loss"].append(round(validation.loss, 4))


def data(configuration: Configuration) -> tuple[str, Mapping[str, Array]]:
    """Images of seed 0."""
    split, x, y = images(0, configuration)
    name = f"CIFAR-10 from JPEG files, subset 0 of {configuration['images']} images"
    return name, {**split.arrays(), "x_validation": x, "y_validation": y}


FULL: dict[str, Any] = {
    "images": 5000,
    "validation": 1000,
    "test": 10000,
    "channels": [8, 16, 16],
    "hidden": 128,
    "library": "torch",
    "epochs": 14,
    "batch_size": 25,
    "rates": [0.001, 0.002],
}

EXPERIMENT = Experiment(
    name="dropout_cifar",
    question="How much overfitting does dropout take away, on small colour photographs?",
    arms={
        "p0": "no dropout",
        "p50": "dropout with p = 0.5 after the hidden dense layer",
    },
    held_equal=(
        *dropouts.HELD_EQUAL,
        "epochs; learning rates to choose from, by the log-loss on a fifth of the seed's images",
    ),
    quantities={
        **dropouts.QUANTITIES,
        "same_test_accuracy": Quantity("fraction", "test accuracy at the higher rate", 0.03),
        "same_test_log_loss": Quantity("nats", "test log-loss at the higher rate", 0.4),
        "same_gap": Quantity("fraction", "gap at the higher rate", 0.06),
        "stopped_test_accuracy": Quantity(
            "fraction", "test accuracy after the epoch of lowest validation log-loss", 0.03
        ),
        "stopped_gap": Quantity(
            "fraction", "gap after the epoch of lowest validation log-loss", 0.1
        ),
    },
    run=run,
    full=FULL,
    quick={**FULL, "images": 300, "validation": 60, "test": 500, "epochs": 2, "rates": [0.002]},
    data=data,
    packages=("torch",),
)
