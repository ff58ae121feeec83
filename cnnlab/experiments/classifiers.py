"""Seven classifiers on the same images, each with settings chosen on validation images.

Four know nothing of images: for them a pixel is one number among others, and all would do the same
if the pixels of all images changed places in the same way; and so is it for the dense network. The
two convolutional networks differ in the head, and in the channels: about as many parameters each.
"""

import itertools
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np

from cnnlab import nn
from cnnlab._extras import needed
from cnnlab._types import Array
from cnnlab.datasets import Split
from cnnlab.experiments.core import Configuration, Experiment, Quantity, Row
from cnnlab.experiments.learning import train
from cnnlab.experiments.measuring import quantities
from cnnlab.experiments.networks import n3

Settings: TypeAlias = Mapping[str, Any]

ARMS = {
    "svm": "support vector machine with radial kernel",
    "nearest": "nearest neighbours",
    "forest": "random forest",
    "logistic": "logistic regression",
    "dense": "dense network with one hidden layer",
    "cnn_flatten": "convolutional network with max pooling, flatten",
    "cnn_gap": "convolutional network with max pooling, global average, more channels",
}
GRIDS: dict[str, dict[str, list[Any]]] = {
    "svm": {"C": [1, 10], "width": [0.25, 0.5, 1, 2]},  # in units of the default kernel width
    "nearest": {"neighbours": [1, 3, 5, 9]},
    "forest": {"features": ["sqrt", 0.1]},
    "logistic": {"C": [0.01, 0.1, 1, 10]},
    "dense": {"hidden": [128, 512], "learning_rate": [0.002, 0.004, 0.008]},
    "cnn_flatten": {"learning_rate": [0.003, 0.006, 0.012]},
    "cnn_gap": {"learning_rate": [0.003, 0.006, 0.012]},
}
CHOICES = {
    "svm": ("kernel", "C", "width of the kernel"),
    "nearest": ("number of neighbours", "distance"),
    "forest": ("number of trees", "features at a split"),
    "logistic": ("C",),
    "dense": ("hidden units", "optimiser", "learning rate", "epochs", "batch size"),
    **dict.fromkeys(
        ("cnn_flatten", "cnn_gap"),
        (
            "number of convolutions",
            "channels",
            "kernel size",
            "pools",
            "head",
            "optimiser",
            "learning rate",
            "epochs",
            "batch size",
        ),
    ),
}
QUANTITIES = {
    **quantities("test_accuracy", "train_accuracy"),
    "fit_seconds": Quantity("s", "processor time of training with the chosen settings"),
    "search_seconds": Quantity("s", "processor time of choosing them"),
    "choices": Quantity(
        "choices", "kinds of settings that somebody has to choose, by our count", 0
    ),
}

__all__ = ["ARMS", "CHOICES", "GRIDS", "QUANTITIES", "experiment", "fit", "measure", "network"]


def network(arm: str, settings: Settings, size: int, rng: np.random.Generator) -> nn.Sequential:
    """Build a dense or convolutional network.

    Parameters
    ----------
    arm : str
        ``dense``, ``cnn_flatten`` or ``cnn_gap``.
    settings : mapping
        ``hidden`` for the dense network.
    size : int
        Side of the images in pixels.
    rng : numpy.random.Generator
        Draws the initial weights.

    Returns
    -------
    nn.Sequential
    """
    if arm == "dense":
        hidden = settings["hidden"]
        return nn.Sequential(
            nn.Flatten(),
            nn.Linear(size * size, hidden, rng=rng, dtype=np.float32),
            nn.ReLU(),
            nn.Linear(hidden, 10, rng=rng, dtype=np.float32),
        )
    channels = (14, 28, 29) if arm == "cnn_gap" else (8, 16, 16)
    return n3("max", size, channels, head=arm.removeprefix("cnn_"), rng=rng)


def _estimator(arm: str, settings: Settings, x: Array, seed: int) -> Any:
    """Give a classifier of scikit-learn that is not trained yet."""
    with needed("data", by="cnnlab.experiments.classifiers"):
        from sklearn.ensemble import RandomForestClassifier
        from sklearn.linear_model import LogisticRegression
        from sklearn.neighbors import KNeighborsClassifier
        from sklearn.svm import SVC

    if arm == "svm":
        by_default = 1 / (x[0].size * x.var())
        return SVC(C=settings["C"], gamma=by_default / settings["width"])
    if arm == "nearest":
        return KNeighborsClassifier(settings["neighbours"])
    if arm == "forest":
        return RandomForestClassifier(200, max_features=settings["features"], random_state=seed)
    return LogisticRegression(C=settings["C"], max_iter=5000)


def fit(
    arm: str, settings: Settings, x: Array, y: Array, seed: int, configuration: Configuration
) -> tuple[Callable[[Array], Array], Callable[[Array, Array], float]]:
    """Train one classifier with given settings.

    Parameters
    ----------
    arm : str
        A key of ``ARMS``.
    settings : mapping
        A value for each key of the arm's grid.
    x, y : arrays of shape (N, 1, H, W) and (N,)
        Training images and their classes.
    seed : int
        Sets whatever is random.
    configuration : mapping
        As for `learning.train`.

    Returns
    -------
    predictions : callable
        From images to classes.
    loss : callable
        From images and classes to what is to be small on validation images: the log-loss of a
        network, the share of errors of the others.
    """
    if arm in ("svm", "nearest", "forest", "logistic"):
        estimator = _estimator(arm, settings, x, seed).fit(x.reshape(len(x), -1), y)

        def predictions(images: Array) -> Array:
            classes: Array = estimator.predict(images.reshape(len(images), -1))
            return classes

        return predictions, lambda images, classes: float(np.mean(predictions(images) != classes))

    def build(rng: np.random.Generator) -> nn.Sequential:
        return network(arm, settings, x.shape[-1], rng)

    rate = settings["learning_rate"]
    learned = train(build, x, y, rate, seed=seed, configuration=configuration)
    return learned.predictions, lambda images, classes: learned.scores(images, classes).loss


def measure(arm: str, split: Split, seed: int, configuration: Configuration) -> Row:
    """Choose the settings on a fifth of the training images, train on all, measure.

    Parameters
    ----------
    arm : str
        A key of ``ARMS``.
    split : Split
        Images and classes.
    seed : int
        Sets whatever is random.
    configuration : mapping
        As for `learning.train`, with ``trial_epochs`` and ``grids``.

    Returns
    -------
    dict
        The quantities, and what was chosen.
    """
    x, y = split.x_train, split.y_train
    part = len(x) * 4 // 5
    trial = {**configuration, "epochs": configuration["trial_epochs"]}
    choices = configuration["grids"][arm]
    grid = [
        dict(zip(choices, chosen, strict=True)) for chosen in itertools.product(*choices.values())
    ]
    began = time.process_time()
    losses = [
        fit(arm, settings, x[:part], y[:part], seed, trial)[1](x[part:], y[part:])
        for settings in grid
    ]
    best = grid[int(np.argmin(losses))]
    searched = time.process_time()
    predictions, _ = fit(arm, best, x, y, seed, configuration)
    fitted = time.process_time()
    return {
        "test_accuracy": float(np.mean(predictions(split.x_test) == split.y_test)),
        "train_accuracy": float(np.mean(predictions(x) == y)),
        "fit_seconds": fitted - searched,
        "search_seconds": searched - began,
        "choices": len(CHOICES[arm]),
        "chosen": best,
        "validation_losses": [round(loss, 4) for loss in losses],
    }


FULL: dict[str, Any] = {
    "train": 1000,
    "library": "torch",
    "epochs": 25,
    "trial_epochs": 8,
    "batch_size": 50,
    "grids": GRIDS,
}


def experiment(
    name: str, images: str, load: Callable[[int, int], Split], **settings: Any
) -> Experiment:
    """Set up the comparison on one kind of images.

    Parameters
    ----------
    name : str
        Of the experiment.
    images : str
        What the images are.
    load : callable
        ``load(train, seed)`` gives the split.
    **settings
        Of the full configuration, where they differ from the usual ones.

    Returns
    -------
    Experiment
    """

    def run(arm: str, seed: int, configuration: Configuration) -> Row:
        return measure(arm, load(configuration["train"], seed), seed, configuration)

    def data(configuration: Configuration) -> tuple[str, Mapping[str, Array]]:
        split = load(configuration["train"], 0)
        return images, split.arrays()

    full = {**FULL, **settings}
    first = {
        arm: {name: values[:1] for name, values in grid.items()} for arm, grid in GRIDS.items()
    }
    return Experiment(
        name=name,
        question=f"Which classifier is best on {images}?",
        arms=ARMS,
        held_equal=(
            "training, validation and test images: by the seed",
            "pixels between 0 and 1, no other preparation",
            "settings chosen on a fifth of the training images, then training on all of them",
        ),
        quantities=QUANTITIES,
        run=run,
        full=full,
        quick={**full, "train": 100, "epochs": 2, "trial_epochs": 1, "grids": first},
        data=data,
        packages=("scikit-learn", "torch"),
    )
