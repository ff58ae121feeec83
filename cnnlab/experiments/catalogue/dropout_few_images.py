"""Does dropout help where training images are few and their labels true? Chapter 7.

Two hundred digits can be learned by heart, and then the gap is what is missing to a perfect test.
The log-loss is kept beside it: it also counts how sure a network was. The *short* arms get a fifth
of the epochs: noise may slow training down, and whoever stops too soon would measure that.
"""

from typing import Any

from cnnlab import datasets
from cnnlab.experiments import dropouts
from cnnlab.experiments.core import Configuration, Experiment, Row

RATES = {"p0": 0.0, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p0_short": 0.0, "p50_short": 0.5}


def run(arm: str, seed: int, configuration: Configuration, device: str = "cpu") -> Row:
    """Train on the seed's split of the digits, test on the rest."""
    split = datasets.digits(size=16, train=configuration["train"], seed=seed)
    short = {"epochs": configuration["short_epochs"]} if arm.endswith("short") else {}
    settings, p = {**configuration, **short}, RATES[arm]
    network = dropouts.build("flat" if p else "none", p, split.x_train, settings)
    _, row = dropouts.measure(network, split, seed, settings, device)
    return row


FULL: dict[str, Any] = {
    "train": 200,
    "test": 1597,
    "channels": [8, 16, 16],
    "library": "torch",
    "epochs": 40,
    "short_epochs": 8,
    "batch_size": 25,
    "learning_rates": [0.003, 0.006, 0.012],
}

EXPERIMENT = Experiment(
    name="dropout_few_images",
    question="Does dropout help a network with few training images, all rightly labelled?",
    arms={
        "p0": "no dropout",
        "p25": "dropout with p = 0.25 before the last layer",
        "p50": "dropout with p = 0.5 before the last layer",
        "p75": "dropout with p = 0.75 before the last layer",
        "p0_short": "no dropout, a fifth of the epochs",
        "p50_short": "dropout with p = 0.5 before the last layer, a fifth of the epochs",
    },
    held_equal=(
        *dropouts.HELD_EQUAL,
        "learning rates to choose from, on a fifth of the training images",
        "epochs, but in the arms that are called short",
    ),
    quantities=dropouts.QUANTITIES,
    run=run,
    full=FULL,
    quick={
        **FULL,
        "train": 100,
        "test": 1697,
        "epochs": 4,
        "short_epochs": 1,
        "learning_rates": [0.006],
    },
    data=dropouts.digits,
    packages=("scikit-learn", "torch"),
)
