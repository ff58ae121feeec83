"""How steady are networks that were trained on centred digits alone? Chapter 5.

Ten networks: five ways of making the maps smaller, or none, with a flatten or a global average.
"""

from collections.abc import Mapping

from cnnlab import datasets
from cnnlab._types import Array
from cnnlab.experiments import invariance
from cnnlab.experiments.core import Configuration, Experiment, Row


def run(arm: str, seed: int, configuration: Configuration, device: str = "cpu") -> Row:
    """Train on centred digits, then move and disturb the test digits."""
    training = datasets.placed_digits("centre", configuration["train"], seed)
    return invariance.measure(arm, training, seed, configuration, device)


def data(configuration: Configuration) -> tuple[str, Mapping[str, Array]]:
    """Images and classes of seed 0."""
    split = datasets.placed_digits("centre", configuration["train"], seed=0)
    return "scikit-learn digits, 16 pixels, in the middle of 28x28 pixels", split.arrays()


EXPERIMENT = Experiment(
    name="shift_curve",
    question="How do networks trained on centred digits bear shifts, noise and missing pixels?",
    arms=invariance.IN_WORDS,
    held_equal=invariance.HELD_EQUAL,
    quantities=invariance.QUANTITIES,
    run=run,
    full=invariance.TRAINED,
    quick=invariance.QUICK,
    data=data,
    packages=("scikit-learn", "torch"),
)
