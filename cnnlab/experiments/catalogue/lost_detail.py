"""What does a pool throw away, and does it matter? Three tasks on one canvas.

On 16x16 pixels: the *shape* of a large object, which of two *stripes* run across the image, and the
column of a single *dot*. The pool stands in one of two places. Before the convolutions it works on
the pixels; after them it works on maps that have had a chance to write down in their channels what
the pool is about to forget about places.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from cnnlab import nn
from cnnlab._types import Array
from cnnlab.experiments.core import Configuration, Experiment, Quantity, Row
from cnnlab.experiments.learning import learn
from cnnlab.experiments.networks import he_start

SIDE, OBJECT = 16, 10  # pixels of the canvas and of a shape, a side
NOISE = 0.2  # the background; what is drawn is brighter by 1 - NOISE
SHAPES = ("disc", "square", "triangle", "cross")


def outline(shape: str) -> Array:
    """Draw a shape that fills a square of 10x10 pixels.

    Parameters
    ----------
    shape : {"disc", "square", "triangle", "cross"}

    Returns
    -------
    array of shape (10, 10), bool
    """
    row, column = np.indices((OBJECT, OBJECT)) - (OBJECT - 1) / 2
    inside: Array = {
        "disc": row**2 + column**2 <= (OBJECT / 2) ** 2,
        "square": np.ones((OBJECT, OBJECT), dtype=bool),
        "triangle": 2 * np.abs(column) <= row + (OBJECT + 1) / 2,
        "cross": np.minimum(np.abs(row), np.abs(column)) < OBJECT / 5,
    }[shape]
    return inside


def shape_images(count: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Draw shapes of 10x10 pixels anywhere on the canvas; the class is the shape."""
    y = rng.integers(0, len(SHAPES), count)
    masks = np.zeros((count, SIDE, SIDE), dtype=bool)
    corners = rng.integers(0, SIDE - OBJECT + 1, (count, 2))
    for mask, kind, (top, left) in zip(masks, y, corners, strict=True):
        mask[top : top + OBJECT, left : left + OBJECT] = outline(SHAPES[kind])
    return masks, y


def stripe_images(count: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Draw stripes one pixel wide and one apart; the class is whether they stand upright."""
    y = rng.integers(0, 2, count)
    phases = rng.integers(0, 2, count)
    lines = (np.arange(SIDE) + phases[:, None]) % 2 == 0
    masks = np.where(y[:, None, None] == 1, lines[:, None, :], lines[:, :, None])
    return np.broadcast_to(masks, (count, SIDE, SIDE)), y


def dot_images(count: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Draw one bright pixel anywhere; the class is its column."""
    rows, y = rng.integers(0, SIDE, (2, count))
    masks = np.zeros((count, SIDE, SIDE), dtype=bool)
    masks[np.arange(count), rows, y] = True
    return masks, y


TASKS: dict[str, tuple[Callable[[int, np.random.Generator], tuple[Array, Array]], int, str]] = {
    "shape": (shape_images, len(SHAPES), "shape of an object of 10x10 pixels"),
    "stripes": (stripe_images, 2, "direction of stripes that repeat every two pixels"),
    "dot": (dot_images, SIDE, "column of a single bright pixel"),
}
PLACES = {
    "none": (1, "first", "no pool"),
    "first2": (2, "first", "a 2x2 max pool on the pixels"),
    "first4": (4, "first", "a 4x4 max pool on the pixels"),
    "first8": (8, "first", "an 8x8 max pool on the pixels"),
    "after2": (2, "after", "a 2x2 max pool after two convolutions"),
    "after4": (4, "after", "a 4x4 max pool after two convolutions"),
    "after8": (8, "after", "an 8x8 max pool after two convolutions"),
}


def images(task: str, count: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Draw the images of a task, bright on a noisy ground.

    Parameters
    ----------
    task : {"shape", "stripes", "dot"}
    count : int
        How many.
    rng : numpy.random.Generator

    Returns
    -------
    x : array of shape (count, 1, 16, 16), float32
        Values in [0, 1]: the ground below 0.2, what is drawn from 0.8.
    y : array of shape (count,), int64
        Classes.
    """
    masks, y = TASKS[task][0](count, rng)
    x = (1 - NOISE) * masks + rng.uniform(0, NOISE, masks.shape)
    return x[:, None].astype(np.float32), y.astype(np.int64)


def build(window: int, place: str, classes: int, width: int, rng: np.random.Generator) -> Any:
    """Build two convolutions and a dense layer, with one pool before or after them.

    Parameters
    ----------
    window : int
        Side of the pool; 1 for none.
    place : {"first", "after"}
        Where it stands.
    classes : int
        Number of outputs.
    width : int
        Channels of the convolutions.
    rng : numpy.random.Generator
        Draws the initial weights.

    Returns
    -------
    nn.Sequential
    """
    convolutions: list[nn.Module] = []
    for features in (1, width):
        convolutions.append(nn.Conv2d(features, width, 3, padding=1, rng=rng, dtype=np.float32))
        convolutions.append(nn.ReLU())
    pool = [nn.MaxPool2d(window)] if window > 1 else []
    chain = [*pool, *convolutions] if place == "first" else [*convolutions, *pool]
    head = nn.Linear(width * (SIDE // window) ** 2, classes, rng=rng, dtype=np.float32)
    return he_start(nn.Sequential(*chain, nn.Flatten(), head))


def run(arm: str, seed: int, configuration: Configuration, device: str = "cpu") -> Row:
    """Train on images of the task, test on others."""
    task, _, where = arm.partition("_")
    window, place, _ = PLACES[where]
    rng = np.random.default_rng([seed, list(TASKS).index(task)])
    x, y = images(task, configuration["train"], rng)
    x_test, y_test = images(task, configuration["test"], rng)

    def network(rng: np.random.Generator) -> nn.Sequential:
        model: nn.Sequential = build(window, place, TASKS[task][1], configuration["width"], rng)
        return model

    learned = learn(network, x, y, seed=seed, configuration=configuration, device=device)
    on_train, on_test = learned.scores(x, y), learned.scores(x_test, y_test)
    return {
        "test_accuracy": on_test.accuracy,
        "train_accuracy": on_train.accuracy,
        "error": float(np.mean(np.abs(learned.predictions(x_test) - y_test))),
        "learning_rate": learned.learning_rate,
    }


def data(configuration: Configuration) -> tuple[str, Mapping[str, Array]]:
    """Draw the test images of seed 0, task by task."""
    arrays = {}
    for position, task in enumerate(TASKS):
        rng = np.random.default_rng([0, position])
        images(task, configuration["train"], rng)
        arrays[task] = images(task, configuration["test"], rng)[0]
    return "shapes, stripes and dots on 16x16 pixels, drawn anew for each seed", arrays


FULL: dict[str, Any] = {
    "train": 1000,
    "test": 1000,
    "width": 8,
    "library": "torch",
    "epochs": 20,
    "batch_size": 50,
    "learning_rates": [0.01],
}

EXPERIMENT = Experiment(
    name="lost_detail",
    question="Which tasks need what a pool throws away, on the pixels and after convolutions?",
    arms={
        f"{task}_{where}": f"{asked}; {words}"
        for task, (_, _, asked) in TASKS.items()
        for where, (_, _, words) in PLACES.items()
    },
    held_equal=(
        "images of a task, initial kernels, order of batches: by the seed",
        "two 3x3 convolutions of eight channels; the dense layer has as many inputs as are left",
        "learning rate, epochs, batch size, optimiser, schedule",
    ),
    quantities={
        "test_accuracy": Quantity("fraction", "share of the test images put right", 0.05),
        "train_accuracy": Quantity("fraction", "share of the training images put right", 0.05),
        "error": Quantity("classes", "mean distance to the true class; for the dot pixels", 0.2),
    },
    run=run,
    full=FULL,
    quick={**FULL, "train": 100, "test": 100, "epochs": 1},
    data=data,
    packages=("torch",),
)
