"""Pooling where there are only 200 training images, all with their true labels. Digits.

So few images can be learned by heart, and then the gap in accuracy is one minus the test accuracy.
The log-loss on the test images is kept beside it: it also counts how sure a network was.
"""

from typing import Any

from cnnlab.experiments import memorising, removals
from cnnlab.experiments.core import Configuration, Experiment, Row


def run(arm: str, seed: int, configuration: Configuration, device: str = "cpu") -> Row:
    """Train on the seed's few digits."""
    split = memorising.digits(configuration, seed)
    return removals.measure(arm, split, seed, configuration, device)


FULL: dict[str, Any] = {
    "train": 200,
    "test": 797,
    "channels": [8, 16, 16],
    "library": "torch",
    "epochs": 40,
    "trial_epochs": 15,
    "batch_size": 25,
    "learning_rates": [0.003, 0.006, 0.012],
}

EXPERIMENT = Experiment(
    name="few_images",
    question="Does pooling help where there are only 200 training images?",
    arms=memorising.ARMS,
    held_equal=(
        *removals.HELD_EQUAL[:3],
        "width of the convolutions",
        "parameters, except in none, whose dense layer is sixteen times as large",
    ),
    quantities=removals.QUANTITIES,
    run=run,
    full=FULL,
    quick={**FULL, "epochs": 1, "trial_epochs": 1, "learning_rates": [0.006]},
    data=memorising.data,
    packages=("scikit-learn", "torch"),
)
