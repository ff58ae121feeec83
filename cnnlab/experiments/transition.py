"""Average, maximum or one value in four in a DenseNet's transition: what two experiments share.

Between its dense blocks a DenseNet downsamples with an average, and a reason is often given: its
gradient reaches every position. Whether the networks are better for it is another question.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from cnnlab._types import Array
from cnnlab.datasets import Split
from cnnlab.experiments.core import Configuration, Experiment, Quantity, Row
from cnnlab.experiments.learning import learn

ARMS = {
    "avg": "2x2 average pooling in the transition",
    "max": "2x2 max pooling in the transition",
    "subsample": "every second row and column in the transition: one value in four",
}
HELD_EQUAL = (
    "training images, initial weights, order of batches: by the seed",
    "everything of the network but the pool of the transition, so parameters and convolutions too",
    "epochs, batch size, optimiser, schedule",
    "learning rates to choose from, on a fifth of the training images",
)
QUANTITIES = {
    "test_accuracy": Quantity("fraction", "share of the test images put right", 0.03),
    "test_log_loss": Quantity("nats", "mean log-loss on the test images", 0.15),
    "train_accuracy": Quantity("fraction", "share of the training images put right", 0.03),
    "train_log_loss": Quantity("nats", "mean log-loss on the training images", 0.15),
    "parameters": Quantity("numbers", "trainable numbers", 0),
}

__all__ = ["ARMS", "measure", "transition"]


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
        As for `learning.learn`; ``growth`` and ``stride`` of the network.
    device : str
        A device of torch.

    Returns
    -------
    dict
        The quantities, and how the rate was chosen.
    """

    def network(rng: np.random.Generator) -> Any:
        from cnnlab.experiments.densenet import DenseNet

        channels = split.x_train.shape[1]
        return DenseNet(arm, channels, configuration["growth"], configuration["stride"], rng=rng)

    learned = learn(
        network,
        split.x_train,
        split.y_train,
        seed=seed,
        configuration=configuration,
        device=device,
    )
    on_train = learned.scores(split.x_train, split.y_train)
    on_test = learned.scores(split.x_test, split.y_test)
    return {
        "test_accuracy": on_test.accuracy,
        "test_log_loss": on_test.loss,
        "train_accuracy": on_train.accuracy,
        "train_log_loss": on_train.loss,
        "parameters": sum(parameter.numel() for parameter in learned.model.parameters()),
        "learning_rate": learned.learning_rate,
        "validation_log_loss": learned.validation_log_loss,
    }


def transition(
    draw: Callable[[Configuration, int], Split], images: str, **settings: Any
) -> Experiment:
    """Set up the experiment on one kind of images.

    Parameters
    ----------
    draw : callable
        ``draw(configuration, seed)`` gives the images of a seed.
    images : str
        Their name.
    **settings
        ``name``, ``question``, ``full``, ``quick`` and ``packages`` of the experiment.

    Returns
    -------
    Experiment
    """

    def run(arm: str, seed: int, configuration: Configuration, device: str = "cpu") -> Row:
        return measure(arm, draw(configuration, seed), seed, configuration, device)

    def data(configuration: Configuration) -> tuple[str, Mapping[str, Array]]:
        split = draw(configuration, 0)
        return images, split.arrays()

    return Experiment(
        arms=ARMS, held_equal=HELD_EQUAL, quantities=QUANTITIES, run=run, data=data, **settings
    )
