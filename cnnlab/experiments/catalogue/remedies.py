"""What helps against wrong labels? Four remedies, each at the strength that validation chooses.

A network with max pooling learns 500 digits, of which exactly 150 carry a wrong label. A remedy
has a strength: for how many epochs to train, how far to move the images, how much weight decay, how
few channels. It is chosen by the log-loss on a fifth of the training images, and their labels are
as wrong as the others: nobody knows better. Then the network is trained anew on all images. The
learning rate is the same everywhere, because a choice of rates would be a remedy, too.
"""

from typing import Any

import numpy as np

from cnnlab import nn
from cnnlab._types import Array
from cnnlab.datasets import Split
from cnnlab.experiments import memorising
from cnnlab.experiments.core import Configuration, Experiment, Row
from cnnlab.experiments.learning import Learned, train
from cnnlab.experiments.networks import n3

ARMS = {
    "nothing": "no remedy",
    "shorter": "training for fewer epochs",
    "shifts": "images moved by some pixels, anew before every epoch",
    "weight_decay": "weight decay, added to the gradient",
    "thin": "fewer channels",
}


def moved(x: Array, most: int, rng: np.random.Generator) -> Array:
    """Move each image by chance, with black coming in from the border.

    Parameters
    ----------
    x : array of shape (N, C, H, W)
        Images.
    most : int
        Pixels by which rows and columns move at most, in both directions.
    rng : numpy.random.Generator
        Draws the moves.

    Returns
    -------
    array of shape (N, C, H, W), dtype of x
    """
    padded = np.pad(x, ((0, 0), (0, 0), (most, most), (most, most)))
    places = np.lib.stride_tricks.sliding_window_view(padded, x.shape[2:], axis=(2, 3))
    rows, columns = rng.integers(0, 2 * most + 1, size=(2, len(x)))
    return np.ascontiguousarray(places[np.arange(len(x)), :, rows, columns])


def treated(
    arm: str,
    strength: Any,
    x: Array,
    y: Array,
    seed: int,
    configuration: Configuration,
    device: str,
) -> Learned:
    """Train with one remedy at one strength.

    Parameters
    ----------
    arm : str
        A key of ``ARMS``.
    strength : int, float or list of int
        Epochs, pixels, weight decay or channels.
    x, y : arrays of shape (N, C, H, W) and (N,)
        Images and the labels that are given.
    seed : int
        Sets weights and order.
    configuration : mapping
        As for `learning.train`; ``channels`` and ``learning_rate``.
    device : str
        A device of torch.

    Returns
    -------
    Learned
    """
    changed = {"shorter": "epochs", "weight_decay": "weight_decay", "thin": "channels"}
    settings = dict(configuration)
    if arm in changed:
        settings[changed[arm]] = strength

    def build(rng: np.random.Generator) -> nn.Sequential:
        return n3("max", x.shape[-1], tuple(settings["channels"]), rng=rng)

    def move(rng: np.random.Generator) -> Array:
        return moved(x, strength, rng)

    return train(
        build,
        x,
        y,
        configuration["learning_rate"],
        seed=seed,
        configuration=settings,
        device=device,
        redraw=move if arm == "shifts" else None,
    )


def run(arm: str, seed: int, configuration: Configuration, device: str = "cpu") -> Row:
    """Choose the strength on validation images, train on all, see what was memorised."""
    split = memorising.digits(configuration, seed)
    x, y = split.x_train, split.y_train
    given = memorising.poison(y, seed, configuration["wrong"])
    part = len(x) * 4 // 5
    strengths = configuration["strengths"].get(arm, [0])
    tried = [
        treated(arm, strength, x[:part], given[:part], seed, configuration, device)
        .scores(x[part:], given[part:])
        .loss
        for strength in (strengths if len(strengths) > 1 else [])
    ]
    best = strengths[int(np.argmin(tried))] if tried else strengths[0]
    learned = treated(arm, best, x, given, seed, configuration, device)
    return {**outcome(learned, split, given), "strength": best, "validation_log_loss": tried}


def outcome(learned: Learned, split: Split, given: Array) -> Row:
    """Measure what was memorised, and what it is worth on new images.

    Parameters
    ----------
    learned : Learned
        The trained network.
    split : Split
        Images with true labels.
    given : integer array of shape (N,)
        Labels that were trained on.

    Returns
    -------
    dict
    """
    wrong = given != split.y_train
    agrees = learned.predictions(split.x_train) == given
    on_test = learned.scores(split.x_test, split.y_test)
    return {
        "memorised": float(agrees[wrong].mean()),
        "right": float(agrees[~wrong].mean()),
        "gap": float(agrees.mean()) - on_test.accuracy,
        "test_accuracy": on_test.accuracy,
        "test_log_loss": on_test.loss,
    }


FULL: dict[str, Any] = {
    "train": 500,
    "test": 797,
    "wrong": 0.3,
    "channels": [8, 16, 16],
    "library": "torch",
    "epochs": 40,
    "batch_size": 50,
    "learning_rate": 0.006,
    "strengths": {
        "shorter": [5, 10, 20, 40],
        "shifts": [1, 2, 3],
        "weight_decay": [0.001, 0.003, 0.01],
        "thin": [[2, 4, 4], [3, 6, 6], [5, 10, 10]],
    },
}

EXPERIMENT = Experiment(
    name="remedies",
    question="What helps a network that learns from wrong labels?",
    arms=ARMS,
    held_equal=(
        memorising.HELD_EQUAL[0],
        "learning rate, optimiser, schedule",
        "three or four strengths to choose from, on a fifth of the training images",
        "epochs, except in shorter; channels, except in thin",
    ),
    quantities={
        name: memorising.QUANTITIES[name]
        for name in ("memorised", "right", "gap", "test_accuracy", "test_log_loss")
    },
    run=run,
    full=FULL,
    quick={
        **FULL,
        "train": 100,
        "epochs": 2,
        "strengths": {
            "shorter": [1],
            "shifts": [1, 2],
            "weight_decay": [0.001],
            "thin": [[2, 4, 4]],
        },
    },
    data=memorising.data,
    packages=("scikit-learn", "torch"),
)
