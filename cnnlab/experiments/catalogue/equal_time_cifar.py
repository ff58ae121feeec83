"""Pooling and its removals on small colour photographs, each trained for the same time. Chapter 8.

The images are those of `removals_cifar`: 5 000 of its own for each seed, and the same 10 000 to
test on.
"""

from typing import Any

from cnnlab import datasets
from cnnlab.experiments import equal_time
from cnnlab.experiments.catalogue import removals_cifar
from cnnlab.experiments.core import Configuration, Experiment, Row


def run(arm: str, seed: int, configuration: Configuration, device: str = "cpu") -> Row:
    """Train on the seed's own images, test on all test images."""
    split = datasets.cifar10(train=configuration["train"], subset=seed)
    return equal_time.measure(arm, split, seed, configuration, device)


FULL: dict[str, Any] = {
    **removals_cifar.FULL,
    "learning_rates": [0.001, 0.002, 0.004, 0.008],
    "epochs": equal_time.EPOCHS_PHOTOGRAPHS,
    "trial_epochs": equal_time.TRIALS_PHOTOGRAPHS,
}

EXPERIMENT = Experiment(
    name="equal_time_cifar",
    question="In the same time, does max pooling learn more of photographs than its removals?",
    arms=equal_time.ARMS,
    held_equal=equal_time.HELD_EQUAL,
    quantities=equal_time.QUANTITIES,
    run=run,
    full=FULL,
    quick={**FULL, **equal_time.ONE_EPOCH, "train": 100, "learning_rates": [0.002]},
    data=removals_cifar.data,
    packages=("torch",),
)
