"""Does the order matter in which maps are made into one vector? Chapter 4.

In training any fixed order will do, even a random one. In use it has to be the order of the
training: the same weights are tried once more on maps that are flattened position by position,
where the training went channel by channel, as happens when weights change the library.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from cnnlab import datasets, nn
from cnnlab._types import Array
from cnnlab.experiments.core import Configuration, Experiment, Quantity, Row
from cnnlab.experiments.learning import Learned
from cnnlab.experiments.measuring import quantities, train_and_score
from cnnlab.experiments.networks import n3

ARMS = {
    "channel_by_channel": "channels first: all of the first map, then all of the second",
    "shuffled": "a random order, drawn once and kept in training and use",
}
SHUFFLE = 5  # a stream of random numbers of its own


def reorder(model: nn.Module, order: Array) -> None:
    """Read the features of the last layer in another order, with the weights where they are.

    A layer that gets its features in another order computes what it would with the columns of
    its weight matrix put into the opposite order, so that is what is done.

    Parameters
    ----------
    model : nn.Module
        Its last layer is linear; changed in place.
    order : integer array
        Feature ``order[i]`` comes in place i.
    """
    linear: Any = list(model.modules())[-1]
    linear.weight.data[...] = linear.weight.data[:, np.argsort(order)]


def position_by_position(shape: tuple[int, int, int]) -> Array:
    """Give the order in which channels come last.

    Parameters
    ----------
    shape : (C, H, W)
        Of the maps.

    Returns
    -------
    integer array of shape (C * H * W,)
        Places in the channel-by-channel vector.

    Examples
    --------
    >>> position_by_position((2, 1, 3))
    array([0, 3, 1, 4, 2, 5])
    """
    places: Array = np.arange(np.prod(shape)).reshape(shape).transpose(1, 2, 0).ravel()
    return places


def run(arm: str, seed: int, configuration: Configuration, device: str = "cpu") -> Row:
    """Train with one order, test with it, and test with channels last."""
    size, channels = configuration["size"], tuple(configuration["channels"])
    split = datasets.digits(size=size, train=configuration["train"], seed=seed)
    shape = (channels[-1], size // 4, size // 4)
    order = np.arange(np.prod(shape))
    if arm == "shuffled":
        order = np.random.default_rng([seed, SHUFFLE]).permutation(order)

    def network(rng: np.random.Generator) -> nn.Sequential:
        model = n3("max", size, channels, rng=rng)
        reorder(model, order)
        return model

    learned, row = train_and_score(network, split, seed, configuration, device)
    other = learned.in_cnnlab()
    reorder(other, position_by_position(shape)[np.argsort(order)])
    swapped = Learned(other, learned.learning_rate).scores(split.x_test, split.y_test)
    return {
        "test_accuracy": row["test_accuracy"],
        "train_accuracy": row["train_accuracy"],
        "other_order_accuracy": swapped.accuracy,
    }


def data(configuration: Configuration) -> tuple[str, Mapping[str, Array]]:
    """Images and classes of seed 0."""
    split = datasets.digits(size=configuration["size"], train=configuration["train"], seed=0)
    return f"scikit-learn digits, {configuration['size']} pixels", split.arrays()


FULL: dict[str, Any] = {
    "size": 16,
    "train": 1000,
    "channels": [8, 16, 16],
    "library": "torch",
    "epochs": 15,
    "batch_size": 50,
    "learning_rates": [0.006],
}

EXPERIMENT = Experiment(
    name="flatten_order",
    question="Does it matter in which order the maps are made into one vector?",
    arms=ARMS,
    held_equal=(
        "split of the images, initial weights but for their order, order of batches: by the seed",
        "network, epochs, batch size, optimiser, learning rate, schedule",
    ),
    quantities={
        **quantities("test_accuracy", "train_accuracy"),
        "other_order_accuracy": Quantity(
            "fraction", "share of the test images put right with channels last", 0.15
        ),
    },
    run=run,
    full=FULL,
    quick={**FULL, "train": 300, "epochs": 3},
    data=data,
    packages=("scikit-learn", "torch"),
)
