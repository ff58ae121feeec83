"""How many dots, or is there one shape: two questions, put to a global maximum and a global mean.

Every picture has half-normal clutter: absolute values of normal noise. *Density*: each pixel has a
dot with probability 0.2 or 0.4. *Single*: half of the pictures have one plus sign of five pixels
somewhere. One convolution, ReLU, one number for each of its maps, a linear layer. Every seed draws
new pictures.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from cnnlab import nn
from cnnlab._types import Array
from cnnlab.datasets import Split
from cnnlab.experiments.core import Configuration, Experiment, Quantity, Row
from cnnlab.experiments.measuring import train_and_score

TASKS = {"density": "dots at a rate of 0.2 or 0.4", "single": "one plus sign, or none"}
POOLS = {"avg": "global average pooling", "max": "global max pooling"}
ARMS = {f"{task}_{pool}": f"{TASKS[task]}; {POOLS[pool]}" for task in TASKS for pool in POOLS}
PLUS = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]])

__all__ = ["draw", "pictures"]


def pictures(
    task: str, count: int, configuration: Configuration, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Draw pictures of a task, as many of each class.

    Parameters
    ----------
    task : {"density", "single"}
        Key of ``TASKS``.
    count : int
        Number of pictures, even.
    configuration : mapping
        ``side`` in pixels, ``clutter`` (standard deviation before the absolute value), ``rates`` of
        the dots, height of a ``dot`` and of a pixel of the ``plus``.
    rng : numpy.random.Generator
        Draws everything.

    Returns
    -------
    float32 array of shape (count, 1, side, side) and int64 array of shape (count,)
        Class 1 has the higher rate, or the plus sign.
    """
    side = configuration["side"]
    y = rng.permutation(np.arange(count) % 2)
    x = np.abs(rng.normal(0, configuration["clutter"], size=(count, side, side)))
    if task == "density":
        rate = np.asarray(configuration["rates"])[y]
        x += configuration["dot"] * (rng.random(x.shape) < rate[:, None, None])
    else:
        for index in np.flatnonzero(y):
            top, left = rng.integers(side - 2, size=2)
            x[index, top : top + 3, left : left + 3] += configuration["plus"] * PLUS
    return x[:, None].astype(np.float32), y


def draw(task: str, seed: int, configuration: Configuration) -> Split:
    """Draw the pictures of a seed: the same for both pools.

    Parameters
    ----------
    task : {"density", "single"}
        Key of ``TASKS``.
    seed : int
        Another seed draws other pictures.
    configuration : mapping
        As for :func:`pictures`; numbers of pictures ``train`` and ``test``.

    Returns
    -------
    Split
    """
    rng = np.random.default_rng([seed, list(TASKS).index(task)])
    x_train, y_train = pictures(task, configuration["train"], configuration, rng)
    x_test, y_test = pictures(task, configuration["test"], configuration, rng)
    return Split(x_train, y_train, x_test, y_test)


def run(arm: str, seed: int, configuration: Configuration, device: str = "cpu") -> Row:
    """Draw pictures to train on and others to test on; train, measure."""
    task, pool = arm.split("_")
    split = draw(task, seed, configuration)
    channels = configuration["channels"]

    def network(rng: np.random.Generator) -> nn.Sequential:
        return nn.Sequential(
            nn.Conv2d(1, channels, 3, rng=rng, dtype=np.float32),
            nn.ReLU(),
            nn.AdaptiveMaxPool2d(1) if pool == "max" else nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(channels, 2, rng=rng, dtype=np.float32),
        )

    learned, row = train_and_score(network, split, seed, configuration, device)
    return {**row, **learned.choice()}


def data(configuration: Configuration) -> tuple[str, Mapping[str, Array]]:
    """Pictures of seed 0."""
    arrays: dict[str, Array] = {}
    for task in TASKS:
        split = draw(task, 0, configuration)
        arrays |= {f"{task}_x_train": split.x_train, f"{task}_y_train": split.y_train}
        arrays |= {f"{task}_x_test": split.x_test, f"{task}_y_test": split.y_test}
    return "drawn: dots or plus signs among half-normal clutter", arrays


FULL: dict[str, Any] = {
    "train": 1000,
    "test": 2000,
    "side": 16,
    "clutter": 1.0,
    "rates": [0.2, 0.4],
    "dot": 1.0,
    "plus": 1.5,
    "channels": 16,
    "library": "torch",
    "epochs": 30,
    "trial_epochs": 10,
    "batch_size": 50,
    "learning_rates": [0.003, 0.01, 0.03],
}

EXPERIMENT = Experiment(
    name="density",
    question="Which pool suits a question of density, and which one of presence?",
    arms=ARMS,
    held_equal=(
        "pictures of a task, initial weights, order of batches: by the seed",
        "the whole network but its global pool, so parameters and convolutions too",
        "epochs, batch size, optimiser, schedule",
        "three learning rates to choose from, on a fifth of the training pictures",
    ),
    quantities={
        "test_accuracy": Quantity("fraction", "share of the test pictures put right", 0.05),
        "test_log_loss": Quantity("nats", "mean log-loss on the test pictures", 0.15),
        "train_accuracy": Quantity("fraction", "share of the training pictures put right", 0.05),
    },
    run=run,
    full=FULL,
    quick={**FULL, "train": 300, "test": 500, "epochs": 5, "learning_rates": [0.03]},
    data=data,
    packages=("torch",),
)
