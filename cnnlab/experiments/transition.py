"""Average, maximum or one value in four in a DenseNet's transition: what two experiments share.

Between its dense blocks a DenseNet downsamples with an average, and a reason is often given: its
gradient reaches every position. Whether the networks are better for it is another question.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from cnnlab._types import Array
from cnnlab.datasets import Split
from cnnlab.experiments.core import Configuration, Experiment, Row
from cnnlab.experiments.measuring import quantities, train_and_score

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
QUANTITIES = quantities(
    "test_accuracy", "test_log_loss", "train_accuracy", "train_log_loss", "parameters"
)

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

    learned, row = train_and_score(network, split, seed, configuration, device, train_log_loss=True)
    parameters = sum(parameter.numel() for parameter in learned.model.parameters())
    return {**row, "parameters": parameters, **learned.choice()}


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
