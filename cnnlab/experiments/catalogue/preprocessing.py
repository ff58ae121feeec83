"""What is lost where a step of preparation is left out: scaled pixels, or centred digits.

Every classifier keeps the settings that suit prepared images; nobody looks at the raw ones first.
The digits have 8x8 pixels and stand on 16x16: in the middle, or anywhere.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from cnnlab import datasets
from cnnlab._types import Array
from cnnlab.datasets import Split
from cnnlab.datasets.digits import paste
from cnnlab.experiments import classifiers
from cnnlab.experiments.core import Configuration, Experiment, Quantity, Row

CANVAS = 16
METHODS = {
    "cnn_flatten": "convolutional network, flatten",
    "cnn_gap": "convolutional network, global average",
    "svm": "support vector machine whose kernel width follows the spread of the pixels",
    "svm_fixed": "support vector machine with the kernel width of prepared images",
    "nearest": "three nearest neighbours",
}
IMAGES = {
    "prepared": "pixels from 0 to 1, digits in the middle",
    "to16": "pixels from 0 to 16",
    "to255": "pixels from 0 to 255",
    "anywhere": "digits anywhere",
}
LARGEST = {"to16": 16, "to255": 255}
PLACES = 5  # a stream of random numbers of its own


def images(kind: str, train: int, seed: int) -> Split:
    """Give the digits with all preparation, or with one step left out.

    Parameters
    ----------
    kind : str
        A key of ``IMAGES``.
    train : int
        Number of training images.
    seed : int
        Sets split and places.

    Returns
    -------
    Split
        Images of shape (1, 16, 16).
    """
    split = datasets.digits(8, train, seed)
    rng = np.random.default_rng([seed, PLACES])
    placed = []
    for x in (split.x_train, split.x_test):
        room = CANVAS - x.shape[-1]
        corners = np.full((len(x), 2), room // 2)
        if kind == "anywhere":
            corners = rng.integers(room + 1, size=(len(x), 2))
        placed.append(paste(LARGEST.get(kind, 1) * x, corners, CANVAS))
    return Split(placed[0], split.y_train, placed[1], split.y_test)


def run(arm: str, seed: int, configuration: Configuration) -> Row:
    """Train with fixed settings, test on images of the same kind."""
    method, kind = arm.rsplit("_", 1)
    split = images(kind, configuration["train"], seed)
    settings = dict(configuration["settings"][method])
    if method == "svm_fixed":  # its unit, the default width, grows with the square of the pixels
        settings["width"] /= LARGEST.get(kind, 1) ** 2
    family = method.removesuffix("_fixed")
    predictions, _ = classifiers.fit(
        family, settings, split.x_train, split.y_train, seed, configuration
    )
    return {
        "test_accuracy": float(np.mean(predictions(split.x_test) == split.y_test)),
        "train_accuracy": float(np.mean(predictions(split.x_train) == split.y_train)),
    }


def data(configuration: Configuration) -> tuple[str, Mapping[str, Array]]:
    """Prepared images of seed 0."""
    split = images("prepared", configuration["train"], 0)
    return "scikit-learn digits, 8 pixels, on 16x16 pixels", split.arrays()


FULL: dict[str, Any] = {
    "train": 1000,
    "library": "torch",
    "epochs": 25,
    "batch_size": 50,
    "settings": {
        "cnn_flatten": {"learning_rate": 0.006},
        "cnn_gap": {"learning_rate": 0.006},
        "svm": {"C": 1, "width": 1},
        "svm_fixed": {"C": 1, "width": 1},
        "nearest": {"neighbours": 3},
    },
}

EXPERIMENT = Experiment(
    name="preprocessing",
    question="How much accuracy is lost without scaled pixels, or without centred digits?",
    arms={
        f"{method}_{kind}": f"{METHODS[method]}; {IMAGES[kind]}"
        for method in METHODS
        for kind in IMAGES
    },
    held_equal=(
        "split of the images: by the seed",
        "settings of a classifier, whatever the images",
    ),
    quantities={
        "test_accuracy": Quantity("fraction", "share of the test images put right", 0.05),
        "train_accuracy": Quantity("fraction", "share of the training images put right", 0.05),
    },
    run=run,
    full=FULL,
    quick={**FULL, "train": 100, "epochs": 1},
    data=data,
    packages=("scikit-learn", "torch"),
)
