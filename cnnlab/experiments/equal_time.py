"""Pooling and the ways to take it out, each trained for as long as max pooling takes.

The experiments called ``removals_...`` give every network the same number of epochs. Here a network
whose step is twice as long gets half of the epochs, in the trials of the learning rates as well as
in the training that counts. How long a step takes was measured first, in `removals_pace`; from its
medians the epochs were fixed as whole numbers, so that a run does not hang on the clock of the
machine that repeats it; a test holds them to the medians.
"""

from typing import Any, Literal

from cnnlab.datasets import Split
from cnnlab.experiments import removals
from cnnlab.experiments.core import Configuration, Experiment, Quantity, Row

WAYS = ("max", "avg", "none", "none_squeezed", "late", "stride", "convstride")
ARMS = {arm: removals.ARMS[arm] for arm in WAYS}
HELD_EQUAL = (
    "training images, initial kernels of equal shape, order of batches: by the seed",
    "processor time of a training: epochs times the recorded median time of a step",
    "batch size, optimiser, schedule",
    "learning rates to choose from, on a fifth of the training images",
    "width of the convolutions",
)
ONE_EPOCH = {key: dict.fromkeys(WAYS, 1) for key in ("epochs", "trial_epochs")}
QUANTITIES = {**removals.QUANTITIES, "epochs": Quantity("epochs", "passes over the images", 0)}

EPOCHS_DIGITS = dict(zip(WAYS, (25, 28, 12, 11, 10, 59, 25), strict=True))
TRIALS_DIGITS = dict(zip(WAYS, (8, 9, 4, 4, 3, 19, 8), strict=True))
EPOCHS_PHOTOGRAPHS = dict(zip(WAYS, (16, 18, 6, 6, 5, 41, 16), strict=True))
TRIALS_PHOTOGRAPHS = dict(zip(WAYS, (3, 3, 1, 1, 1, 8, 3), strict=True))

__all__ = ["ARMS", "HELD_EQUAL", "QUANTITIES", "WAYS", "measure", "on_digits"]


def measure(arm: str, split: Split, seed: int, configuration: Configuration, device: str) -> Row:
    """Choose a learning rate and train, with the epochs of this arm; measure.

    Parameters
    ----------
    arm : str
        A key of ``ARMS``.
    split : Split
        Images and classes.
    seed : int
        Sets weights and order.
    configuration : mapping
        As for `removals.measure`; ``epochs`` and ``trial_epochs`` give a number for each arm.
    device : str
        A device of torch.

    Returns
    -------
    dict
        The quantities, and how the rate was chosen.
    """
    own: dict[str, Any] = {key: configuration[key][arm] for key in ("epochs", "trial_epochs")}
    row = removals.measure(arm, split, seed, {**configuration, **own}, device)
    return {**row, "epochs": own["epochs"]}


DIGITS: dict[str, Any] = {
    **removals.ON_DIGITS,
    "learning_rates": [0.002, 0.004, 0.008, 0.016],
    "epochs": EPOCHS_DIGITS,
    "trial_epochs": TRIALS_DIGITS,
}


def on_digits(place: Literal["centre", "random"], name: str, question: str) -> Experiment:
    """Set up the experiment on digits of 16 pixels; see `removals.on_digits`."""
    return removals.on_digits(
        place,
        name,
        question,
        arms=ARMS,
        held_equal=HELD_EQUAL,
        quantities=QUANTITIES,
        measure=measure,
        full=DIGITS,
        quick={**DIGITS, **removals.QUICK, **ONE_EPOCH},
    )
