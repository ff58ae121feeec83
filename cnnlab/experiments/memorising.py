"""Poison some labels and see which ones a network learns: the arms and the measurement. Chapter 6.

A label that was made wrong can only be learned by heart, so the share of wrong labels that a
network gives back measures memorising, which no gap between training and test does. Every network
gets its learning rate with the true labels, and is trained with it twice: on the true labels, and
on the poisoned ones. No arm can thus look tame because poison chose it a small rate.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np

from cnnlab import datasets, nn
from cnnlab._types import Array
from cnnlab.datasets import Split
from cnnlab.datasets.labels import wrong_labels
from cnnlab.experiments import removals
from cnnlab.experiments.core import Configuration, Quantity, Row
from cnnlab.experiments.learning import Learned, learn, train

LABELS = 6  # stream of random numbers for labels

Builder: TypeAlias = Callable[[np.random.Generator], nn.Sequential]

ARMS = {arm: removals.ARMS[arm] for arm in ("max", "avg", "stride", "late", "none")}
HELD_EQUAL = (
    "training images, which labels are wrong and what they become, order of batches: by the seed",
    "width of the convolutions and their initial kernels",
    "parameters, except in none, whose dense layer is sixteen times as large",
    "epochs, batch size, optimiser, schedule",
    "learning rates to choose from, with true labels, on a fifth of the training images",
)
QUANTITIES = {
    "memorised": Quantity("fraction", "share of the wrong labels that the network gives back", 0.1),
    "memorised_halfway": Quantity("fraction", "memorised after half of the epochs", 0.1),
    "seen_through": Quantity(
        "fraction", "share of the images with a wrong label that get their true class", 0.1
    ),
    "right": Quantity("fraction", "accuracy on the training images with a true label", 0.05),
    "fitted": Quantity("fraction", "accuracy on all training images and the labels given", 0.05),
    "memorised_at_level": Quantity(
        "fraction", "memorised when right first reached the level of the settings", 0.1
    ),
    "lead": Quantity("fraction", "right minus memorised, mean over the training", 0.05),
    "test_accuracy": Quantity("fraction", "share of the test images put right", 0.05),
    "test_log_loss": Quantity("nats", "mean log-loss on the test images", 0.6),
    "test_accuracy_halfway": Quantity(
        "fraction", "accuracy, after half of the epochs, on the test images of the curves", 0.05
    ),
    "gap": Quantity("fraction", "fitted minus test_accuracy", 0.05),
    "clean_train_accuracy": Quantity("fraction", "training accuracy with true labels only", 0.03),
    "clean_test_accuracy": Quantity("fraction", "test accuracy after true labels only", 0.05),
    "clean_test_log_loss": Quantity("nats", "test log-loss after true labels only", 0.3),
    "clean_gap": Quantity("fraction", "clean_train_accuracy minus clean_test_accuracy", 0.05),
    "extra_gap": Quantity("fraction", "gap minus clean_gap", 0.08),
    "parameters": Quantity("numbers", "trainable numbers", 0),
}

__all__ = [
    "ARMS",
    "HELD_EQUAL",
    "LABELS",
    "QUANTITIES",
    "Builder",
    "Watch",
    "data",
    "digits",
    "measure",
    "network",
    "parameters_of",
    "poison",
]


def network(arm: str, split: Split, configuration: Configuration) -> Builder:
    """Fit the network of an arm to the images.

    Parameters
    ----------
    arm : str
        A key of ``ARMS``.
    split : Split
        Images.
    configuration : mapping
        ``channels``.

    Returns
    -------
    callable
        ``build(rng)`` gives a network with fresh weights.
    """
    _, channels, size, _ = split.x_train.shape
    return lambda rng: removals.build(arm, size, channels, configuration, rng)


def poison(y: Array, seed: int, share: float) -> Array:
    """Make a share of the labels wrong, the same ones for all arms of a seed.

    Parameters
    ----------
    y : integer array of shape (N,)
        True classes.
    seed : int
        Of the run.
    share : float
        Of the labels, in [0, 1].

    Returns
    -------
    array of shape (N,)
        Labels to train on.
    """
    return wrong_labels(y, share, np.random.default_rng([seed, LABELS]))


def digits(configuration: Configuration, seed: int) -> Split:
    """Draw small training sets of digits, and 797 test images whatever their size.

    Parameters
    ----------
    configuration : mapping
        ``train`` and ``test``, numbers of images.
    seed : int
        Sets the split.

    Returns
    -------
    Split
        Images of 16x16 pixels.
    """
    split = datasets.digits(size=16, train=configuration["train"], seed=seed)
    kept = slice(configuration["test"])
    return replace(split, x_test=split.x_test[kept], y_test=split.y_test[kept])


def data(configuration: Configuration) -> tuple[str, Mapping[str, Array]]:
    """Images and true classes of seed 0: the data of an experiment on small sets of digits.

    Parameters
    ----------
    configuration : mapping
        As for :func:`digits`.

    Returns
    -------
    name : str
        What it is.
    arrays : dict
        The arrays.
    """
    return "scikit-learn digits, 16 pixels a side", digits(configuration, seed=0).arrays()


def parameters_of(build: Builder) -> int:
    """Count the trainable numbers of a network.

    Parameters
    ----------
    build : callable
        Gives the network.

    Returns
    -------
    int
    """
    return sum(parameter.data.size for parameter in build(np.random.default_rng(0)).parameters())


class Watch:
    """Curves of a training on poisoned labels: what has been learned after each epoch.

    Parameters
    ----------
    split : Split
        Images with true labels.
    given : integer array of shape (N,)
        Labels that are trained on.
    configuration : mapping
        ``epochs``; ``look_every``, epochs from one look to the next; ``look_at``, how many of the
        test images are looked at, or a few more.
    """

    def __init__(self, split: Split, given: Array, configuration: Configuration) -> None:
        self.split, self.given, self.configuration = split, given, configuration
        self.epochs: list[int] = []
        self.right: list[float] = []
        self.memorised: list[float] = []
        self.test: list[float] = []

    def __call__(self, epoch: int, learned: Learned) -> None:
        """Look at the network, if it is time to."""
        if epoch % self.configuration["look_every"] and epoch != self.configuration["epochs"]:
            return
        split = self.split
        every = max(1, len(split.x_test) // self.configuration["look_at"])
        some = slice(None, None, every)  # evenly: where images are stored by class, from each class
        wrong = self.given != split.y_train
        agrees = learned.predictions(split.x_train) == self.given
        on_test = learned.predictions(split.x_test[some]) == split.y_test[some]
        self.epochs.append(epoch)
        for curve, hits in (
            (self.right, agrees[~wrong]),
            (self.memorised, agrees[wrong]),
            (self.test, on_test),
        ):
            curve.append(round(float(hits.mean()), 4))

    def halfway(self, curve: list[float]) -> float:
        """Give the value of a curve after half of the epochs, if need be between two looks.

        Parameters
        ----------
        curve : list of float
            One of the curves.

        Returns
        -------
        float
        """
        return float(np.interp(self.configuration["epochs"] / 2, self.epochs, curve))

    def memorised_at(self, level: float) -> float:
        """Give the memorised share where ``right`` first reached a level, between two looks.

        Parameters
        ----------
        level : float
            Accuracy on the true labels.

        Returns
        -------
        float
            The memorised share then; at the end, where the level is never reached.
        """
        reached = np.flatnonzero(np.asarray(self.right) >= level)
        last = int(reached[0]) if len(reached) else len(self.right) - 1
        around = slice(max(last - 1, 0), last + 1)
        return float(np.interp(level, self.right[around], self.memorised[around]))


def measure(
    build: Builder, split: Split, seed: int, configuration: Configuration, device: str = "cpu"
) -> Row:
    """Train on true and on poisoned labels, and see what was learned.

    Parameters
    ----------
    build : callable
        Gives the network.
    split : Split
        Images with true labels.
    seed : int
        Sets the poison, weights and order.
    configuration : mapping
        As for `learning.learn` and :class:`Watch`; ``wrong``, the share of wrong labels; ``level``
        for ``memorised_at_level``.
    device : str, default "cpu"
        A device of torch.

    Returns
    -------
    dict
        The quantities, and curves of what is learned when.
    """
    x, y = split.x_train, split.y_train
    given = poison(y, seed, configuration["wrong"])
    wrong = given != y
    settings: dict[str, Any] = {"seed": seed, "configuration": configuration, "device": device}
    clean = learn(build, x, y, **settings)
    watch = Watch(split, given, configuration)
    learned = train(build, x, given, clean.learning_rate, **settings, watch=watch)
    said = learned.predictions(x)
    fitted = float(np.mean(said == given))
    on_test = learned.scores(split.x_test, split.y_test)
    clean_train, clean_test = clean.scores(x, y), clean.scores(split.x_test, split.y_test)
    gap, clean_gap = fitted - on_test.accuracy, clean_train.accuracy - clean_test.accuracy
    return {
        "memorised": float(np.mean((said == given)[wrong])),
        "memorised_halfway": watch.halfway(watch.memorised),
        "seen_through": float(np.mean((said == y)[wrong])),
        "right": float(np.mean((said == given)[~wrong])),
        "fitted": fitted,
        "memorised_at_level": watch.memorised_at(configuration["level"]),
        "lead": float(np.mean(np.subtract(watch.right, watch.memorised))),
        "test_accuracy": on_test.accuracy,
        "test_log_loss": on_test.loss,
        "test_accuracy_halfway": watch.halfway(watch.test),
        "gap": gap,
        "clean_train_accuracy": clean_train.accuracy,
        "clean_test_accuracy": clean_test.accuracy,
        "clean_test_log_loss": clean_test.loss,
        "clean_gap": clean_gap,
        "extra_gap": gap - clean_gap,
        "parameters": parameters_of(build),
        **clean.choice(),
        "curves": {
            "epoch": watch.epochs,
            "right": watch.right,
            "memorised": watch.memorised,
            "test": watch.test,
        },
    }
