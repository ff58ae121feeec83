"""Where dropout stands in a network, and how such a network is measured: shared by chapter 7.

All networks are N3 with two max pools, or with none, and a flatten. Where the configuration names
``hidden`` units, a hidden dense layer with a ReLU stands between the flatten and the last layer.
Dropout draws its noise after all weights are drawn, so arms of one seed start from equal weights.
"""

from typing import Any

import numpy as np

from cnnlab import nn
from cnnlab._types import Array
from cnnlab.datasets import Split
from cnnlab.experiments.core import Configuration, Quantity, Row
from cnnlab.experiments.learning import Build, Learned, Watch
from cnnlab.experiments.measuring import digits_data as digits
from cnnlab.experiments.measuring import quantities, train_and_score
from cnnlab.experiments.networks import n3

PLACES = {
    "none": "no dropout anywhere",
    "input": "on the pixels",
    "first": "after the first convolution and its ReLU",
    "before_pool": "before the last max pool",
    "channels": "before the last max pool, whole channels at once",
    "after_pool": "right after the last max pool",
    "flat": "after the flatten",
    "hidden": "after the hidden dense layer and its ReLU",
}
QUANTITIES = {
    **quantities("test_accuracy", "test_log_loss", "train_accuracy", "train_log_loss"),
    "gap": Quantity(
        "fraction", "training accuracy minus test accuracy, both in evaluation mode", 0.04
    ),
}
HELD_EQUAL = (
    "training images, initial weights, order of batches: by the seed",
    "batch size, optimiser, schedule",
    "evaluation mode, in which nothing is dropped, for training and test images",
)

__all__ = ["HELD_EQUAL", "PLACES", "QUANTITIES", "build", "digits", "measure", "network"]


def network(
    place: str,
    p: float,
    size: int,
    configuration: Configuration,
    *,
    down: str = "max",
    in_channels: int = 1,
    rng: np.random.Generator,
) -> nn.Sequential:
    """Build N3 with a flatten, and put one dropout layer into it.

    Parameters
    ----------
    place : str
        A key of ``PLACES``.
    p : float
        Probability of dropping.
    size : int
        Side of the images in pixels.
    configuration : mapping
        ``channels`` and, optionally, ``hidden``: units of a hidden dense layer.
    down : str, default "max"
        Way of downsampling, as for `networks.n3`.
    in_channels : int, default 1
        Channels of the images.
    rng : numpy.random.Generator
        Draws the initial weights, and then the units that are dropped.

    Returns
    -------
    nn.Sequential

    Raises
    ------
    ValueError
        If this network has no such place.
    """
    layers = list(n3(down, size, configuration["channels"], in_channels=in_channels, rng=rng))
    hidden = configuration.get("hidden", 0)
    if hidden:
        dense: Any = layers.pop()
        layers += [
            nn.Linear(dense.in_features, hidden, rng=rng, dtype=np.float32),
            nn.ReLU(),
            nn.Linear(hidden, 10, rng=rng, dtype=np.float32),
        ]
    if place == "none":
        return nn.Sequential(*layers)
    pools = [i for i, layer in enumerate(layers) if isinstance(layer, nn.MaxPool2d)]
    before = {"input": 0, "first": 2, "flat": len(layers) - (3 if hidden else 1)}
    if pools:
        before |= {"before_pool": pools[-1], "channels": pools[-1], "after_pool": pools[-1] + 1}
    if hidden:
        before["hidden"] = len(layers) - 1
    if place not in before:
        raise ValueError(f"network(place={place!r}): no such place; there are {', '.join(before)}.")
    dropout = (nn.Dropout2d if place == "channels" else nn.Dropout)(p, rng=rng)
    layers.insert(before[place], dropout)
    return nn.Sequential(*layers)


def build(
    place: str, p: float, x: Array, configuration: Configuration, *, down: str = "max"
) -> Build:
    """Give the function that builds the network for such images.

    Parameters
    ----------
    place, p, configuration, down
        As for :func:`network`.
    x : array of shape (N, C, H, W)
        Images.

    Returns
    -------
    callable
        ``build(rng)``, as `learning.learn` needs it.
    """
    _, channels, size, _ = x.shape
    return lambda rng: network(
        place, p, size, configuration, down=down, in_channels=channels, rng=rng
    )


def measure(
    build: Build,
    split: Split,
    seed: int,
    configuration: Configuration,
    device: str = "cpu",
    watch: Watch | None = None,
) -> tuple[Learned, Row]:
    """Choose a learning rate where there are several, train, and measure in evaluation mode.

    Parameters
    ----------
    build, split, seed, configuration, device, watch
        As for `measuring.train_and_score`.

    Returns
    -------
    learned : Learned
        The trained network.
    row : dict
        The quantities, the learning rate, and how it was chosen.
    """
    learned, row = train_and_score(
        build, split, seed, configuration, device, watch, train_log_loss=True
    )
    gap = row["train_accuracy"] - row["test_accuracy"]
    return learned, {**row, "gap": gap, **learned.choice()}
