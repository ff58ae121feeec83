"""Train one network and say how well it does: what several experiments of chapter 1 share."""

import numpy as np

from cnnlab import shapes
from cnnlab._types import Array
from cnnlab.datasets import Split
from cnnlab.experiments.core import Configuration, Quantity, Row
from cnnlab.experiments.learning import Build, Learned, learn

QUANTITIES = {
    "test_accuracy": Quantity("fraction", "share of the test images put right", 0.03),
    "test_log_loss": Quantity("nats", "mean log-loss on the test images", 0.15),
    "train_accuracy": Quantity("fraction", "share of the training images put right", 0.03),
    "parameters": Quantity("numbers", "trainable numbers", 0),
    "macs": Quantity("MACs", "multiply-accumulates for one image", 0),
}

__all__ = ["QUANTITIES", "measure"]


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
        The quantities, how the rate was chosen, and the curve if it is asked for.
    """
    curve: dict[str, list[float]] = {"train_curve": [], "test_curve": []}

    def watch(epoch: int, learned: Learned) -> None:
        curve["train_curve"].append(_right(learned, split.x_train, split.y_train))
        curve["test_curve"].append(_right(learned, split.x_test, split.y_test))

    learned = learn(
        build,
        split.x_train,
        split.y_train,
        seed=seed,
        configuration=configuration,
        device=device,
        watch=watch if configuration.get("curve") else None,
    )
    on_train = learned.scores(split.x_train, split.y_train)
    on_test = learned.scores(split.x_test, split.y_test)
    layers = shapes.trace(build(np.random.default_rng(0)), split.x_train.shape[1:])
    row: Row = {
        "test_accuracy": on_test.accuracy,
        "test_log_loss": on_test.loss,
        "train_accuracy": on_train.accuracy,
        "parameters": sum(layer.parameters for layer in layers),
        "macs": sum(layer.macs for layer in layers),
        "learning_rate": learned.learning_rate,
        "validation_log_loss": learned.validation_log_loss,
    }
    return {**row, **curve} if configuration.get("curve") else row


def _right(learned: Learned, x: Array, y: Array) -> float:
    return round(learned.scores(x, y).accuracy, 4)
