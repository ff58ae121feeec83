"""One real run: all 50 000 training images of CIFAR-10, three ways down. Chapter 10.

Twice the channels of `removals_cifar` and ten times its images. Few seeds, so it settles nothing by
itself: it shows what a run at full size looks like, epoch by epoch, and on a GPU it is the one
to repeat. The accuracies after every epoch are for the eye alone; nothing is chosen by them.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from cnnlab import datasets, nn
from cnnlab._types import Array
from cnnlab.experiments import measuring
from cnnlab.experiments.core import Configuration, Experiment, Row
from cnnlab.experiments.learning import Learned
from cnnlab.experiments.networks import DOWN, n3

ARMS = ("max", "avg", "stride")


def run(arm: str, seed: int, configuration: Configuration, device: str = "cpu") -> Row:
    """Choose a learning rate, train on all images, test after every epoch."""
    split = datasets.cifar10(train=configuration["train"])
    curve: list[float] = []

    def build(rng: np.random.Generator) -> nn.Sequential:
        return n3(arm, 32, tuple(configuration["channels"]), in_channels=3, rng=rng)

    def watch(epoch: int, learned: Learned) -> None:
        curve.append(round(learned.scores(split.x_test, split.y_test).accuracy, 4))

    learned, row = measuring.train_and_score(
        build, split, seed, configuration, device, watch, train_log_loss=True
    )
    costs = measuring.costs(build, split.x_train)
    return {**row, **costs, "test_curve": curve, **learned.choice()}


def data(configuration: Configuration) -> tuple[str, Mapping[str, Array]]:
    """All training images, and the test images."""
    split = datasets.cifar10(train=configuration["train"])
    return "CIFAR-10 from JPEG files, all training images", split.arrays()


FULL: dict[str, Any] = {
    "train": 50000,
    "channels": [16, 32, 32],
    "library": "torch",
    "epochs": 8,
    "trial_epochs": 1,
    "batch_size": 50,
    "learning_rates": [0.001, 0.002, 0.004],
}

EXPERIMENT = Experiment(
    name="cifar_whole",
    question="What does a run on all training images of CIFAR-10 look like, with each way down?",
    arms={arm: DOWN[arm] for arm in ARMS},
    held_equal=(
        "training images, all of them; order of batches and initial kernels: by the seed",
        "epochs, batch size, optimiser, schedule",
        "learning rates to choose from, on a fifth of the training images",
        "channels and parameters",
    ),
    quantities=measuring.MEASURED,
    run=run,
    full=FULL,
    quick={**FULL, "train": 100, "epochs": 1, "learning_rates": [0.002]},
    data=data,
    packages=("torch",),
)
