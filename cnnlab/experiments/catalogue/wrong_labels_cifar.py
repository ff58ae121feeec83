"""Which labels does a network learn when three in ten are wrong? Small colour photographs.

Each seed has 1 250 training images of its own, so ten seeds are ten independent samples; exactly
375 of them get one of the nine wrong classes. The test images are always the same 10 000. Few
images and few epochs keep the runs affordable. Nothing makes sure that every network learns all its
labels in that time, so memorising is compared after equal epochs, and also where the networks have
learned equally much of what is true.
"""

from collections.abc import Mapping
from typing import Any

from cnnlab import datasets
from cnnlab._types import Array
from cnnlab.experiments import memorising
from cnnlab.experiments.core import Configuration, Experiment, Row


def images(configuration: Configuration, seed: int) -> datasets.Split:
    """Give the seed's own training images, and the test images.

    Parameters
    ----------
    configuration : mapping
        ``train`` and ``test``, numbers of images.
    seed : int
        From 0; no two seeds share a training image.

    Returns
    -------
    Split
    """
    return datasets.cifar10(configuration["train"], subset=seed, test=configuration["test"])


def run(arm: str, seed: int, configuration: Configuration, device: str = "cpu") -> Row:
    """Poison the labels of the seed's own images, train, see what was learned."""
    split = images(configuration, seed)
    build = memorising.network(arm, split, configuration)
    return memorising.measure(build, split, seed, configuration, device)


def data(configuration: Configuration) -> tuple[str, Mapping[str, Array]]:
    """Training images and true classes of seed 0, and the test images."""
    return "CIFAR-10, subset 0", images(configuration, seed=0).arrays()


FULL: dict[str, Any] = {
    "train": 1250,
    "test": 10000,
    "wrong": 0.3,
    "channels": [8, 16, 16],
    "library": "torch",
    "epochs": 20,
    "trial_epochs": 3,
    "batch_size": 40,
    "learning_rates": [0.002, 0.004, 0.008],
    "level": 0.6,
    "look_every": 2,
    "look_at": 1000,
}

EXPERIMENT = Experiment(
    name="wrong_labels_cifar",
    question="Does pooling keep a network from memorising wrong labels, on colour photographs?",
    arms=memorising.ARMS,
    held_equal=memorising.HELD_EQUAL,
    quantities=memorising.QUANTITIES,
    run=run,
    full=FULL,
    quick={
        **FULL,
        "train": 40,
        "test": 100,
        "epochs": 1,
        "trial_epochs": 1,
        "learning_rates": [0.003],
        "look_at": 40,
    },
    data=data,
    packages=("torch",),
)
