"""Who teaches a network that a digit may stand anywhere: its architecture or its images? Chapter 5.

Two ways down times two heads times two kinds of training, and two networks without pools between
the layers for comparison. *Redrawn* places are augmentation: the same digits, at new places in
every epoch. All are tested on digits at random places. The third kind of training, on centred
digits, is in `shift_curve`: the same networks, the same seeds and the same digits.
"""

from collections.abc import Mapping

from cnnlab import datasets
from cnnlab._types import Array
from cnnlab.experiments import invariance
from cnnlab.experiments.core import Configuration, Experiment, Row

TRAINING = {
    "fixed": "each digit at one random place",
    "redrawn": "each digit at a new random place in every epoch",
}
BOTH_WAYS = [(a, t) for a in ("max", "stride", "max_gap", "stride_gap") for t in TRAINING]
WITHOUT_POOLS = [("none", "fixed"), ("late", "fixed")]
ARMS = {
    f"{architecture}_{training}": f"{invariance.IN_WORDS[architecture]}; {TRAINING[training]}"
    for architecture, training in [*BOTH_WAYS, *WITHOUT_POOLS]
}


def run(arm: str, seed: int, configuration: Configuration, device: str = "cpu") -> Row:
    """Train on digits at random places, fixed or redrawn; test there and on centred digits."""
    architecture, _, training = arm.rpartition("_")
    images = datasets.placed_digits("random", configuration["train"], seed)
    redraw = invariance.redrawing(configuration, seed) if training == "redrawn" else None
    return invariance.measure(architecture, images, seed, configuration, device, redraw=redraw)


def data(configuration: Configuration) -> tuple[str, Mapping[str, Array]]:
    """Images and classes of seed 0, at random places."""
    split = datasets.placed_digits("random", configuration["train"], seed=0)
    return "scikit-learn digits, 16 pixels, at random places of 28x28 pixels", split.arrays()


EXPERIMENT = Experiment(
    name="positions",
    question="What makes a network find a digit anywhere: its pools, its head, or its images?",
    arms=ARMS,
    held_equal=(
        *invariance.HELD_EQUAL[:3],
        "epochs, among networks with the same head and kind of training",
    ),
    quantities=invariance.QUANTITIES,
    run=run,
    full=invariance.TRAINED,
    quick=invariance.QUICK,
    data=data,
    packages=("scikit-learn", "torch"),
)
