"""Light on dark or dark on light, largest value or mean, on the pixels or after a convolution.

Dark digits on a light ground are 1 minus the light ones. The convolution pads nothing itself: each
image brings a frame of its own background, because a frame of zeros around a light ground would be
something to see. The pool has windows of 4x4 pixels; a linear layer reads what it hands on.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from cnnlab import datasets, nn
from cnnlab._types import Array
from cnnlab.experiments.core import Configuration, Experiment, Row
from cnnlab.experiments.measuring import digits_data, quantities, train_and_score

POLARITIES = {"light": "light on dark", "dark": "dark on light"}
POOLS = {"max": "4x4 max pooling", "avg": "4x4 average pooling"}
PLACES = {"pixels": "on the pixels", "convolution": "after a 3x3 convolution and a ReLU"}
ARMS = {
    f"{polarity}_{pool}_{place}": f"{POLARITIES[polarity]}, {POOLS[pool]} {PLACES[place]}"
    for place in PLACES
    for polarity in POLARITIES
    for pool in POOLS
}


def seen(x: Array, polarity: str, frame: int) -> Array:
    """Show digits in a polarity, in a frame of their background.

    Parameters
    ----------
    x : array of shape (N, 1, H, W), values in [0, 1]
        Light digits on a dark ground.
    polarity : {"light", "dark"}
        Colour of the digits.
    frame : int
        Width of the frame in pixels.

    Returns
    -------
    array of shape (N, 1, H + 2 frame, W + 2 frame), dtype of x
    """
    framed: Array = np.pad(x, [(0, 0), (0, 0), (frame, frame), (frame, frame)])
    return framed if polarity == "light" else 1 - framed


def network(pool: str, place: str, channels: int, rng: np.random.Generator) -> nn.Sequential:
    """Build the network for 16x16 pixels, or 18x18 where a convolution takes the frame away.

    Parameters
    ----------
    pool, place : str
        Keys of ``POOLS`` and ``PLACES``.
    channels : int
        Output channels of the convolution.
    rng : numpy.random.Generator
        Draws the initial weights.

    Returns
    -------
    nn.Sequential
    """
    layers: list[nn.Module] = []
    if place == "convolution":
        layers = [nn.Conv2d(1, channels, 3, rng=rng, dtype=np.float32), nn.ReLU()]
    layers.append(nn.MaxPool2d(4) if pool == "max" else nn.AvgPool2d(4))
    features = 16 * (channels if place == "convolution" else 1)
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(features, 10, rng=rng, dtype=np.float32))


def run(arm: str, seed: int, configuration: Configuration, device: str = "cpu") -> Row:
    """Train on the seed's split of the digits, in the arm's polarity, and test on the rest."""
    polarity, pool, place = arm.split("_")
    split = datasets.digits(size=16, train=configuration["train"], seed=seed)
    frame = 1 if place == "convolution" else 0
    x_train, x_test = (seen(x, polarity, frame) for x in (split.x_train, split.x_test))
    learned, row = train_and_score(
        lambda rng: network(pool, place, configuration["channels"], rng),
        replace(split, x_train=x_train, x_test=x_test),
        seed,
        {**configuration, **configuration[place]},
        device,
    )
    return {**row, **learned.choice()}


FULL: dict[str, Any] = {
    "train": 1000,
    "test": 797,
    "channels": 16,
    "library": "torch",
    "batch_size": 50,
    "pixels": {"epochs": 80, "trial_epochs": 20, "learning_rates": [0.3, 1.0]},
    "convolution": {"epochs": 30, "trial_epochs": 5, "learning_rates": [0.015, 0.03, 0.06]},
}
QUICK: dict[str, Any] = {
    **FULL,
    "train": 300,
    "test": 1497,
    "pixels": {"epochs": 20, "learning_rates": [1.0]},
    "convolution": {"epochs": 3, "learning_rates": [0.03]},
}

EXPERIMENT = Experiment(
    name="polarity",
    question="Is max pooling good for light objects on a dark ground, and bad for the inverse?",
    arms=ARMS,
    held_equal=(
        "split of the images, initial weights of layers of equal shape, order of batches: by the "
        "seed",
        "windows of 4x4, so 16 numbers of each map reach the linear layer",
        "for each place of the pool: epochs, batch size, optimiser, schedule, and the learning "
        "rates to choose from, on a fifth of the training images",
    ),
    quantities=quantities("test_accuracy", "test_log_loss", "train_accuracy"),
    run=run,
    full=FULL,
    quick=QUICK,
    data=digits_data,
    packages=("scikit-learn", "torch"),
)
