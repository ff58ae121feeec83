"""Which labels does a network learn when three in ten are wrong? Digits.

500 digits; exactly 150 of them get one of the nine wrong classes. The rate is chosen with the true
labels, in trials of eight epochs.
"""

from typing import Any

from cnnlab.experiments import memorising
from cnnlab.experiments.core import Configuration, Experiment, Row


def run(arm: str, seed: int, configuration: Configuration, device: str = "cpu") -> Row:
    """Poison the labels of the seed's training images, train, see what was learned."""
    split = memorising.digits(configuration, seed)
    build = memorising.network(arm, split, configuration)
    return memorising.measure(build, split, seed, configuration, device)


FULL: dict[str, Any] = {
    "train": 500,
    "test": 797,
    "wrong": 0.3,
    "channels": [8, 16, 16],
    "library": "torch",
    "epochs": 40,
    "trial_epochs": 8,
    "batch_size": 50,
    "learning_rates": [0.003, 0.006, 0.012],
    "level": 0.9,
    "look_every": 1,
    "look_at": 797,
}

EXPERIMENT = Experiment(
    name="wrong_labels",
    question="Does pooling keep a network from memorising wrong labels, on digits?",
    arms=memorising.ARMS,
    held_equal=memorising.HELD_EQUAL,
    quantities=memorising.QUANTITIES,
    run=run,
    full=FULL,
    quick={
        **FULL,
        "train": 100,
        "look_at": 200,
        "epochs": 2,
        "trial_epochs": 1,
        "learning_rates": [0.006],
    },
    data=memorising.data,
    packages=("scikit-learn", "torch"),
)
