"""The pool in the transition of a small DenseNet, on small colour photographs.

Each seed has 5 000 training images of its own, and all are tested on the same 10 000. The stem has
stride 2, so the dense blocks work on maps of 16x16 and, after the transition, of 8x8 pixels; the
training is short, eight epochs, and learning rates are tried for two, on four fifths of the images.
"""

from cnnlab import datasets
from cnnlab.datasets import Split
from cnnlab.experiments.core import Configuration
from cnnlab.experiments.transition import transition

FULL = {
    "train": 5000,
    "test": 10000,
    "growth": 8,
    "stride": 2,
    "library": "torch",
    "epochs": 8,
    "trial_epochs": 2,
    "batch_size": 50,
    "learning_rates": [0.005, 0.015],
}


def draw(configuration: Configuration, seed: int) -> Split:
    """Give the seed's own training images, and the test images that all seeds share."""
    return datasets.cifar10(configuration["train"], subset=seed, test=configuration["test"])


EXPERIMENT = transition(
    draw,
    "CIFAR-10 from JPEG files, subset 0 of 5 000",
    name="transition_cifar",
    question="Is a DenseNet better for an average in its transition, on small colour photographs?",
    full=FULL,
    quick={**FULL, "train": 300, "test": 500, "epochs": 1, "learning_rates": [0.015]},
    packages=("torch",),
)
