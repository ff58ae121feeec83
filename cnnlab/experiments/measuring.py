"""Train one network and say how well it does: what experiments of several chapters share."""

from collections.abc import Mapping

import numpy as np

from cnnlab import datasets, shapes
from cnnlab._types import Array
from cnnlab.datasets import Split
from cnnlab.experiments.core import Configuration, Quantity, Row
from cnnlab.experiments.learning import Build, Learned, Watch, learn

MEASURED = {
    "test_accuracy": Quantity("fraction", "share of the test images put right", 0.03),
    "test_log_loss": Quantity("nats", "mean log-loss on the test images", 0.15),
    "train_accuracy": Quantity("fraction", "share of the training images put right", 0.03),
    "train_log_loss": Quantity("nats", "mean log-loss on the training images", 0.15),
    "parameters": Quantity("numbers", "trainable numbers", 0),
    "macs": Quantity("MACs", "multiply-accumulates for one image", 0),
}

__all__ = [
    "MEASURED",
    "QUANTITIES",
    "costs",
    "digits_data",
    "measure",
    "quantities",
    "train_and_score",
]


def quantities(*names: str) -> dict[str, Quantity]:
    """Pick some of the quantities that many experiments measure.

    Parameters
    ----------
    *names : str
        Keys of ``MEASURED``.

    Returns
    -------
    dict of str to Quantity
        In the order of the names.
    """
    return {name: MEASURED[name] for name in names}


QUANTITIES = quantities("test_accuracy", "test_log_loss", "train_accuracy", "parameters", "macs")


def train_and_score(
    build: Build,
    split: Split,
    seed: int,
    configuration: Configuration,
    device: str = "cpu",
    watch: Watch | None = None,
    *,
    train_log_loss: bool = False,
) -> tuple[Learned, Row]:
    """Choose a learning rate where there are several, train, score training and test images.

    Parameters
    ----------
    build : callable
        ``build(rng)`` gives the network with fresh weights; see `learning.learn`.
    split : Split
        Images and classes; ``y_train`` is what the network is told.
    seed : int
        Sets weights, order, dropped units.
    configuration : mapping
        As for `learning.learn`.
    device : str, default "cpu"
        A device of torch.
    watch : callable, optional
        As for `learning.learn`.
    train_log_loss : bool, default False
        Whether the log-loss on the training images belongs into the row.

    Returns
    -------
    learned : Learned
        The trained network.
    row : dict
        ``test_accuracy``, ``test_log_loss``, ``train_accuracy`` and, if wanted,
        ``train_log_loss``, all in evaluation mode.
    """
    learned = learn(
        build,
        split.x_train,
        split.y_train,
        seed=seed,
        configuration=configuration,
        device=device,
        watch=watch,
    )
    on_train = learned.scores(split.x_train, split.y_train)
    on_test = learned.scores(split.x_test, split.y_test)
    row: Row = {
        "test_accuracy": on_test.accuracy,
        "test_log_loss": on_test.loss,
        "train_accuracy": on_train.accuracy,
    }
    return learned, {**row, "train_log_loss": on_train.loss} if train_log_loss else row


def costs(build: Build, x: Array) -> Row:
    """Count the parameters of a network of `cnnlab.nn`, and its MACs for one image.

    Parameters
    ----------
    build : callable
        ``build(rng)`` gives the network.
    x : array of shape (N, C, H, W)
        Images, of which only the size matters.

    Returns
    -------
    dict
        ``parameters`` and ``macs``.
    """
    layers = shapes.trace(build(np.random.default_rng(0)), x.shape[1:])
    return {
        "parameters": sum(layer.parameters for layer in layers),
        "macs": sum(layer.macs for layer in layers),
    }


def measure(
    build: Build, split: Split, seed: int, configuration: Configuration, device: str = "cpu"
) -> Row:
    """Choose a learning rate, train, and measure on training and test images.

    Parameters
    ----------
    build : callable
        ``build(rng)`` gives the network, of `cnnlab.nn`, with fresh weights.
    split : Split
        Images and classes.
    seed : int
        Sets weights and order.
    configuration : mapping
        As for `learning.learn`; with ``"curve": True`` the accuracies after every epoch are kept,
        which choose nothing.
    device : str, default "cpu"
        A device of torch.

    Returns
    -------
    dict
        ``QUANTITIES``, how the rate was chosen, and the curve if it is asked for.
    """
    curve: dict[str, list[float]] = {"train_curve": [], "test_curve": []}

    def watch(epoch: int, learned: Learned) -> None:
        curve["train_curve"].append(_right(learned, split.x_train, split.y_train))
        curve["test_curve"].append(_right(learned, split.x_test, split.y_test))

    wanted = bool(configuration.get("curve"))
    learned, row = train_and_score(
        build, split, seed, configuration, device, watch if wanted else None
    )
    row = {**row, **costs(build, split.x_train), **learned.choice()}
    return {**row, **curve} if wanted else row


def _right(learned: Learned, x: Array, y: Array) -> float:
    return round(learned.scores(x, y).accuracy, 4)


def digits_data(configuration: Configuration) -> tuple[str, Mapping[str, Array]]:
    """Digits of 16 pixels, as seed 0 splits them: the data of an experiment on such digits.

    Parameters
    ----------
    configuration : mapping
        ``train``, the number of training images.

    Returns
    -------
    name : str
        What it is.
    arrays : dict
        The arrays.
    """
    split = datasets.digits(size=16, train=configuration["train"], seed=0)
    return "scikit-learn digits, 1797 images, 16 pixels a side", split.arrays()
