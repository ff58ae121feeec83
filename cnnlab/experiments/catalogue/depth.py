"""Is it the depth or the window? One large kernel against three small ones, on scattered digits.

Three 3x3 convolutions with dilations 1, 2 and 4 see 15 pixels, as one 15x15 kernel does, and the
numbers of maps are chosen so that both have the same parameters and hand on equally many numbers.
"""

from collections.abc import Mapping
from typing import Any

from cnnlab import datasets
from cnnlab._types import Array
from cnnlab.experiments import stacks
from cnnlab.experiments.core import Configuration, Experiment, Row
from cnnlab.experiments.measuring import QUANTITIES


def run(arm: str, seed: int, configuration: Configuration, device: str = "cpu") -> Row:
    """Train on the seed's split of the digits, test on the rest."""
    split = datasets.placed_digits("random", configuration["train"], seed)
    return stacks.compare(arm, split, seed, configuration, device)


def data(configuration: Configuration) -> tuple[str, Mapping[str, Array]]:
    """Images and classes of seed 0."""
    split = datasets.placed_digits("random", configuration["train"], seed=0)
    return "scikit-learn digits, 16 pixels, on 28x28 pixels: random", split.arrays()


FULL: dict[str, Any] = {
    "train": 1000,
    "test": 797,
    "one": [[16, 15, 1]],
    "three": [[13, 3, 1], [13, 3, 2], [16, 3, 4]],
    "library": "torch",
    "epochs": 20,
    "trial_epochs": 6,
    "batch_size": 50,
    "learning_rates": [0.005, 0.01],
}

EXPERIMENT = Experiment(
    name="depth",
    question="Do three small convolutions see more in a digit than one large one?",
    arms=stacks.ARMS,
    held_equal=stacks.HELD_EQUAL,
    quantities=QUANTITIES,
    run=run,
    full=FULL,
    quick={**FULL, "train": 100, "epochs": 1, "learning_rates": [0.01]},
    data=data,
    packages=("scikit-learn", "torch"),
)
