"""The pool in the transition of a small DenseNet, on digits. An experiment of chapter 3.

The stem has stride 2, so the dense blocks work on maps of 8x8 and, after the transition, of 4x4
pixels. Learning rates are tried for four epochs, on four fifths of the training images.
"""

from cnnlab import datasets
from cnnlab.datasets import Split
from cnnlab.experiments.core import Configuration
from cnnlab.experiments.transition import transition

FULL = {
    "train": 1000,
    "test": 797,
    "growth": 8,
    "stride": 2,
    "library": "torch",
    "epochs": 12,
    "trial_epochs": 4,
    "batch_size": 50,
    "learning_rates": [0.005, 0.015, 0.04],
}


def draw(configuration: Configuration, seed: int) -> Split:
    """Split the digits as the seed says."""
    return datasets.digits(size=16, train=configuration["train"], seed=seed)


EXPERIMENT = transition(
    draw,
    "scikit-learn digits, 1797 images, 16 pixels a side",
    name="transition_digits",
    question="Is a DenseNet better for an average in its transition, on digits?",
    full=FULL,
    quick={**FULL, "train": 100, "test": 1697, "epochs": 1, "learning_rates": [0.015]},
    packages=("scikit-learn", "torch"),
)
