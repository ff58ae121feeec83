"""Does a classifier do better on fewer features? Logistic regression on pooled pixels.

Nothing is learned before the pool: digits of 16 pixels are pooled by 1, 2, 4 or 8, with the
average or the maximum, and a logistic regression with a light penalty reads what is left: 256, 64,
16 or 4 values. The digits were enlarged from 8 to 16 pixels, so a pool of 2 takes back no more than
was added.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from cnnlab import datasets
from cnnlab._extras import needed
from cnnlab._types import Array
from cnnlab.experiments import memorising
from cnnlab.experiments.core import Configuration, Experiment, Quantity, Row
from cnnlab.nn import functional as F

POOLS = ("avg1", "avg2", "avg4", "avg8", "max2", "max4", "max8")
RULES = {"avg": "average", "max": "maximum"}


def parts(arm: str) -> tuple[str, int, int]:
    """Take the name of an arm apart.

    Parameters
    ----------
    arm : str
        For instance ``"max4_1000"``.

    Returns
    -------
    tuple of str, int and int
        Rule, side of the window in pixels, number of training images.
    """
    pool, train = arm.split("_")
    return pool[:3], int(pool[3:]), int(train)


def features(x: Array, rule: str, side: int) -> Array:
    """Pool images and make rows of them.

    Parameters
    ----------
    x : array of shape (N, 1, H, W)
        Images.
    rule : {"avg", "max"}
        How a window is summarised.
    side : int
        Of the window, in pixels.

    Returns
    -------
    array of shape (N, features), float64
    """
    pool = F.avg_pool2d if rule == "avg" else F.max_pool2d
    pooled: Array = pool(x.astype(np.float64), side)
    return pooled.reshape(len(x), -1)


def run(arm: str, seed: int, configuration: Configuration) -> Row:
    """Fit a logistic regression to the pooled pixels."""
    with needed("data", by="pooled_pixels"):
        from sklearn.linear_model import LogisticRegression
    rule, side, train = parts(arm)
    split = memorising.digits({**configuration, "train": train}, seed)
    x_train, x_test = features(split.x_train, rule, side), features(split.x_test, rule, side)
    model = LogisticRegression(C=configuration["C"], max_iter=configuration["max_iter"])
    model.fit(x_train, split.y_train)
    on_train = float(model.score(x_train, split.y_train))
    on_test = float(model.score(x_test, split.y_test))
    return {
        "test_accuracy": on_test,
        "train_accuracy": on_train,
        "gap": on_train - on_test,
        "features": x_train.shape[1],
    }


def data(configuration: Configuration) -> tuple[str, Mapping[str, Array]]:
    """All digits, as seed 0 splits them."""
    split = datasets.digits(size=16, train=1000, seed=0)
    return "scikit-learn digits, 16 pixels a side", split.arrays()


def described(pool: str, train: int) -> str:
    """Say what an arm is.

    Parameters
    ----------
    pool : str
        One of ``POOLS``.
    train : int
        Training images.

    Returns
    -------
    str
    """
    rule, side, _ = parts(f"{pool}_{train}")
    if side == 1:
        return f"all 256 pixels, {train} training images"
    left = (16 // side) ** 2
    return f"{RULES[rule]} of {side}x{side} pixels, {left} values, {train} training images"


FULL: dict[str, Any] = {"test": 797, "C": 100.0, "max_iter": 20000}

EXPERIMENT = Experiment(
    name="pooled_pixels",
    question="Does pooling the pixels close the gap, and does it help on new images?",
    arms={f"{pool}_{n}": described(pool, n) for n in (100, 1000) for pool in POOLS},
    held_equal=(
        "training and test images: by the seed, for each number of training images",
        "logistic regression with an L2 penalty of 1/200 times the squared weights",
    ),
    quantities={
        "test_accuracy": Quantity("fraction", "share of the test images put right", 0.01),
        "train_accuracy": Quantity("fraction", "share of the training images put right", 0.01),
        "gap": Quantity("fraction", "train_accuracy minus test_accuracy", 0.01),
        "features": Quantity("values", "that the regression reads of each image", 0),
    },
    run=run,
    full=FULL,
    quick={**FULL, "C": 0.1},
    data=data,
    packages=("scikit-learn",),
)
