"""Does dropout keep a network from memorising wrong labels? An experiment of chapter 7.

Of 500 training digits, 30 % carry a wrong label. Who answers with the wrong label that it was told
has memorised that image: nothing in it leads there. Every arm uses the same learning rate, because
a rate chosen on validation images would itself stop the memorising that is to be measured. The
controls *thin* and *weight_decay* hold a network back without dropout: with them one can ask
whether dropout does more than take away room to memorise.

The arms called *stopped* train for as many epochs as validation chooses: the lengths are tried on
four fifths of the training images and compared by the log-loss on the last fifth, whose labels are
as wrong as the others. Then the network is trained anew on all of them for the chosen length. This
is the baseline that dropout has to beat: lies come last, and whoever stops in time learns few.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from cnnlab import datasets
from cnnlab._types import Array
from cnnlab.datasets.labels import wrong_labels
from cnnlab.experiments import dropouts
from cnnlab.experiments.core import Configuration, Experiment, Quantity, Row
from cnnlab.experiments.learning import Build, train

LABELS = 6  # stream of random numbers


LONG = {"epochs": "long_epochs"}
WAYS: dict[str, tuple[str, float, dict[str, str]]] = {
    # downsampling, rate, settings of its own: which one, and the key that holds it for this arm
    "max_0": ("max", 0.0, {}),
    "max_25": ("max", 0.25, {}),
    "max_50": ("max", 0.5, {}),
    "max_75": ("max", 0.75, {}),
    "max_0_long": ("max", 0.0, LONG),
    "max_50_long": ("max", 0.5, LONG),
    "max_0_stopped": ("max", 0.0, {}),
    "max_50_stopped": ("max", 0.5, {}),
    "none_0": ("none", 0.0, {}),
    "none_50": ("none", 0.5, {}),
    "thin": ("max", 0.0, {"channels": "thin_channels"}),
    "weight_decay": ("max", 0.0, {"weight_decay": "decay"}),
}


def length_losses(
    build: Build,
    x: Array,
    given: Array,
    seed: int,
    configuration: Configuration,
    device: str,
) -> list[float]:
    """Try each number of epochs on four fifths of the training images.

    Parameters
    ----------
    build : callable
        As `learning.train` needs it.
    x, given : arrays of shape (N, C, H, W) and (N,)
        Training images and the labels that are given. No test image comes here.
    seed : int
        Sets weights, order, dropped units.
    configuration : mapping
        As for `learning.train`; ``lengths``, the numbers of epochs to try.
    device : str
        A device of torch.

    Returns
    -------
    list of float
        Log-loss of each length on the last fifth, in nats, against the labels given.
    """
    part = len(x) * 4 // 5
    [rate] = configuration["learning_rates"]
    losses = []
    for epochs in configuration["lengths"]:
        settings = {**configuration, "epochs": epochs}
        tried = train(
            build, x[:part], given[:part], rate, seed=seed, configuration=settings, device=device
        )
        losses.append(tried.scores(x[part:], given[part:]).loss)
    return losses


def run(arm: str, seed: int, configuration: Configuration, device: str = "cpu") -> Row:
    """Train on digits with some wrong labels, test on true ones."""
    clean = datasets.digits(size=16, train=configuration["train"], seed=seed)
    rng = np.random.default_rng([seed, LABELS])
    given = wrong_labels(clean.y_train, configuration["wrong"], rng)
    down, p, own = WAYS[arm]
    settings = {**configuration, **{key: configuration[held] for key, held in own.items()}}
    network = dropouts.build("flat" if p else "none", p, clean.x_train, settings, down=down)
    losses: list[float] = []
    if arm.endswith("stopped"):
        losses = length_losses(network, clean.x_train, given, seed, settings, device)
        settings["epochs"] = configuration["lengths"][int(np.argmin(losses))]
    learned, row = dropouts.measure(network, replace(clean, y_train=given), seed, settings, device)
    answers, wrong = learned.predictions(clean.x_train), given != clean.y_train
    told, true = answers == given, answers == clean.y_train
    return {
        **row,
        "memorised": float(np.mean(told[wrong])),
        "seen_through": float(np.mean(true[wrong])),
        "right_learned": float(np.mean(true[~wrong])),
        "epochs": settings["epochs"],
        "length_losses": losses,
    }


FULL: dict[str, Any] = {
    "train": 500,
    "test": 1297,
    "wrong": 0.3,
    "channels": [8, 16, 16],
    "thin_channels": [4, 6, 6],
    "decay": 0.01,
    "library": "torch",
    "epochs": 40,
    "long_epochs": 80,
    "lengths": [5, 10, 20, 40, 80],
    "batch_size": 25,
    "learning_rates": [0.006],
}

EXPERIMENT = Experiment(
    name="dropout_wrong_labels",
    question="Does dropout keep a network from memorising labels that are wrong?",
    arms={
        "max_0": "two max pools, flatten, no dropout",
        "max_25": "dropout with p = 0.25 before the last layer",
        "max_50": "dropout with p = 0.5 before the last layer",
        "max_75": "dropout with p = 0.75 before the last layer",
        "max_0_long": "as max_0, twice the epochs",
        "max_50_long": "as max_50, twice the epochs",
        "max_0_stopped": "as max_0, for as many epochs as validation chooses",
        "max_50_stopped": "as max_50, for as many epochs as validation chooses",
        "none_0": "no pools: the flatten grows sixteenfold; no dropout",
        "none_50": "no pools, dropout with p = 0.5 before the last layer",
        "thin": "control: as max_0 with fewer channels",
        "weight_decay": "control: as max_0 with a pull of all weights towards 0",
    },
    held_equal=(
        *dropouts.HELD_EQUAL,
        "which labels are wrong, and what they say",
        "learning rate; epochs, but in the arms that are called long or stopped",
    ),
    quantities={
        **dropouts.QUANTITIES,
        "memorised": Quantity(
            "fraction", "share of the wrongly labelled images answered as they were labelled", 0.15
        ),
        "seen_through": Quantity(
            "fraction", "share of the wrongly labelled images answered with the truth", 0.15
        ),
        "right_learned": Quantity(
            "fraction", "share of the rightly labelled training images put right", 0.03
        ),
        "epochs": Quantity("epochs", "length of the training", 0),
    },
    run=run,
    full=FULL,
    quick={**FULL, "train": 100, "test": 1697, "epochs": 2, "long_epochs": 4, "lengths": [1, 2]},
    data=dropouts.digits,
    packages=("scikit-learn", "torch"),
)
