"""What does a pool do to what can be read from the maps? Linear probes before and after each layer.

A network learns to read digits that stand anywhere on a canvas. Then its weights are kept, and at
every stage, from the pixels to the last maps, ridge regressions try to read three things: the
class, the place, and the thickness of the stroke, which the class does not hang on. A probe can
find more after a layer than before it, though no layer adds information: it reads what is within
the reach of a linear rule. And it may find more because there are fewer values to weigh, so there
is a control beside each max pool: one value in four of the same maps, kept by its place.
"""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np

from cnnlab import datasets, nn
from cnnlab._types import Array
from cnnlab.datasets import Split
from cnnlab.experiments.core import Configuration, Experiment, Quantity, Row
from cnnlab.experiments.learning import learn
from cnnlab.experiments.networks import n3

POOLS = ("max", "avg")
STAGES = {  # layers of the network that come before the probe
    "conv1": (2, "after the first convolution and its ReLU"),
    "pool1": (3, "after the first pool"),
    "conv2": (5, "after the second convolution and its ReLU"),
    "pool2": (6, "after the second pool"),
    "conv3": (8, "after the third convolution and its ReLU"),
}
KEPT = {  # controls: as many values as after the pool, but not pooled
    "kept1": (2, "one value in four after the first convolution, kept by its place"),
    "kept2": (5, "one value in four after the second convolution, kept by its place"),
}


def centre(x: Array) -> Array:
    """Row and column of the centre of gravity of the ink.

    Parameters
    ----------
    x : array of shape (N, 1, H, W)
        Images, bright on black.

    Returns
    -------
    array of shape (N, 2)
        In pixels.
    """
    ink = x[:, 0].astype(np.float64)
    rows, columns = np.indices(ink.shape[1:])
    sums = [np.sum(ink * index, axis=(1, 2)) for index in (rows, columns)]
    places: Array = np.stack(sums, axis=1) / np.sum(ink, axis=(1, 2))[:, None]
    return places


def thickness(x: Array) -> Array:
    """Mean thickness of the strokes: twice their ink over the length of their edges.

    Parameters
    ----------
    x : array of shape (N, 1, H, W)
        Images, bright on black.

    Returns
    -------
    array of shape (N, 1)
        In pixels.

    Examples
    --------
    >>> line = np.zeros((1, 1, 40, 9))
    >>> line[..., 3:6] = 1
    >>> thickness(line).item()
    3.0
    """
    ink = x[:, 0].astype(np.float64)
    down, right = np.diff(ink, axis=1)[:, :, :-1], np.diff(ink, axis=2)[:, :-1]
    edges = np.sum(np.hypot(down, right), axis=(1, 2))
    widths: Array = 2 * np.sum(ink[:, :-1, :-1], axis=(1, 2)) / edges
    return widths[:, None]


def probe(x: Array, targets: Array, x_new: Array, strengths: list[float]) -> Array:
    """Ridge regression whose strength is chosen on the last fifth of what it learns from.

    Parameters
    ----------
    x : array of shape (N, ...)
        Features to learn from.
    targets : array of shape (N, T)
        What to read from them.
    x_new : array of shape (M, ...)
        Features to read it from.
    strengths : list of float
        Penalties to choose from, in units of the mean squared length of the features.

    Returns
    -------
    array of shape (M, T)
    """
    N = len(x)
    middle = x.reshape(N, -1).mean(axis=0)
    here, there = x.reshape(N, -1) - middle, x_new.reshape(len(x_new), -1) - middle
    gram, cross = (here @ here.T).astype(np.float64), (there @ here.T).astype(np.float64)
    unit = np.trace(gram) / N

    def read(known: int, rows: Array, strength: float) -> Array:
        mean = targets[:known].mean(axis=0)
        penalty = strength * unit * np.eye(known)
        weights = np.linalg.solve(gram[:known, :known] + penalty, targets[:known] - mean)
        result: Array = rows[:, :known] @ weights + mean
        return result

    part = N * 4 // 5
    errors = [np.sum((read(part, gram[part:], s) - targets[part:]) ** 2) for s in strengths]
    return read(N, cross, strengths[int(np.argmin(errors))])


@cache
def trained(down: str, seed: int, settings: str, device: str) -> tuple[Any, float]:
    """Train the network of a pool once for all of its stages; give its training accuracy too."""
    configuration = json.loads(settings)
    split = scattered(seed, configuration)

    def network(rng: np.random.Generator) -> nn.Sequential:
        return n3(down, 28, tuple(configuration["channels"]), rng=rng)

    x, y = split.x_train, split.y_train
    learned = learn(network, x, y, seed=seed, configuration=configuration, device=device)
    return learned.in_cnnlab(), learned.scores(x, y).accuracy


def scattered(seed: int, configuration: Configuration) -> Split:
    """Give the seed's digits, at random places, with as many test images as are asked for."""
    split = datasets.placed_digits("random", configuration["train"], seed)
    few = slice(configuration["test"])
    return Split(split.x_train, split.y_train, split.x_test[few], split.y_test[few])


def run(arm: str, seed: int, configuration: Configuration, device: str = "cpu") -> Row:
    """Read three things at one stage."""
    split = scattered(seed, configuration)
    before, after, fitted = split.x_train, split.x_test, 1.0
    if arm != "pixels":
        down, _, stage = arm.partition("_")
        settings = json.dumps(dict(configuration), sort_keys=True)
        model, fitted = trained(down, seed, settings, device)
        layers = model[: {**STAGES, **KEPT}[stage][0]]
        before, after = (
            np.concatenate([layers(x[i : i + 200]) for i in range(0, len(x), 200)])
            for x in (before, after)
        )
        if stage in KEPT:
            before, after = before[..., ::2, ::2], after[..., ::2, ::2]

    def read(targets: Array) -> Array:
        return probe(before, targets, after, configuration["strengths"])

    classes = read(np.eye(10)[split.y_train]).argmax(axis=1)
    places, truly = read(centre(split.x_train)), centre(split.x_test)
    thick, known = read(thickness(split.x_train)), thickness(split.x_test)
    return {
        "class_accuracy": float(np.mean(classes == split.y_test)),
        "place_error": float(np.mean(np.abs(places - truly))),
        "thickness_explained": float(1 - np.mean((thick - known) ** 2) / np.var(known)),
        "features": int(np.prod(before.shape[1:])),
        "train_accuracy": fitted,
    }


def data(configuration: Configuration) -> tuple[str, Mapping[str, Array]]:
    """Images and classes of seed 0."""
    split = scattered(0, configuration)
    return "scikit-learn digits, 16 pixels, anywhere on 28x28 pixels", split.arrays()


FULL: dict[str, Any] = {
    "train": 1000,
    "test": 797,
    "channels": [8, 16, 16],
    "library": "torch",
    "epochs": 20,
    "batch_size": 50,
    "learning_rates": [0.006],
    "strengths": [0.0001, 0.001, 0.01, 0.1, 1.0],
}

EXPERIMENT = Experiment(
    name="probes",
    question="What does a pool change in what can be read from the maps by a linear rule?",
    arms={
        "pixels": "the image itself",
        **{
            f"{down}_{stage}": f"{words}; pools: {down}"
            for down in POOLS
            for stage, (_, words) in STAGES.items()
        },
        **{f"max_{stage}": f"{words}; pools: max" for stage, (_, words) in KEPT.items()},
    },
    held_equal=(
        "digits, places, initial kernels, order of batches: by the seed",
        "the network: all stages of one pool and seed are stages of one trained network",
        "images that the probes learn from, strengths of their penalties",
    ),
    quantities={
        "class_accuracy": Quantity("fraction", "test images whose class the probe reads", 0.05),
        "place_error": Quantity("pixels", "mean error of the row and column of the ink", 0.3),
        "thickness_explained": Quantity("fraction", "variance of the thickness explained", 0.1),
        "features": Quantity("numbers", "values that the probe sees", 0),
        "train_accuracy": Quantity("fraction", "of the network; 1 for the pixels", 0.05),
    },
    run=run,
    full=FULL,
    quick={**FULL, "train": 100, "test": 200, "epochs": 1, "strengths": [0.01]},
    data=data,
    packages=("scikit-learn", "torch"),
)
