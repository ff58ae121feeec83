"""How much do learned kernels add to random ones? Freeze kernels as they were drawn, and compare.

A frozen layer is a fixed function of the image. So its outputs are computed once, and the rest of
the network learns from them; they are divided by their largest value, as the pixels were.

An earlier recording tried rates up to 0.1 only and trained for 25 epochs. With all kernels frozen
every run took that largest rate, and most had not learned all training images when they stopped:
unfinished training looked like a weakness of random kernels. So the rates now go up to 1, and all
arms train for 100 epochs, which is enough to put every training image right.
"""

from typing import Any

import numpy as np

from cnnlab import datasets, nn
from cnnlab.datasets import Split
from cnnlab.experiments.core import Configuration, Experiment, Row
from cnnlab.experiments.learning import INITIAL_WEIGHTS
from cnnlab.experiments.measuring import QUANTITIES, digits_data, measure
from cnnlab.experiments.networks import n3

ARMS = {
    "trained": "all layers are trained",
    "frozen_first": "the first of the three convolutions keeps its random kernels",
    "frozen_all": "all three keep them: only the dense layer is trained",
    "pixels": "no convolution: the same dense layer on the 256 pixels",
}
FROZEN = {"trained": 0, "frozen_first": 3, "frozen_all": 8, "pixels": 8}  # layers that stay


def run(arm: str, seed: int, configuration: Configuration, device: str = "cpu") -> Row:
    """Compute what the frozen layers hand on, and train the others on it."""
    split = datasets.digits(size=16, train=configuration["train"], seed=seed)
    build, fixed = parts(arm, configuration, seed)
    row = measure(build, features(fixed, split), seed, configuration, device)
    if arm == "frozen_all":
        row["first_kernels"] = np.round(fixed.state_dict()["0.weight"][:, 0], 3).tolist()
    return row


def parts(arm: str, configuration: Configuration, seed: int) -> tuple[Any, nn.Sequential]:
    """Cut the network of a seed in two: how to build what is trained, and what is frozen."""
    frozen = FROZEN[arm]

    def whole(rng: np.random.Generator) -> nn.Sequential:
        return n3("max", 16, tuple(configuration["channels"]), rng=rng)

    def trained(rng: np.random.Generator) -> nn.Sequential:
        return nn.Sequential(*list(whole(rng))[frozen:])

    kept = [] if arm == "pixels" else list(whole(np.random.default_rng([seed, INITIAL_WEIGHTS])))
    return trained, nn.Sequential(*kept[:frozen])


def features(fixed: nn.Sequential, split: Split) -> Split:
    """Send all images through frozen layers; the largest training value becomes 1."""
    train, test = fixed(split.x_train), fixed(split.x_test)
    scale = train.max()
    return Split(train / scale, split.y_train, test / scale, split.y_test)


FULL: dict[str, Any] = {
    "train": 1000,
    "test": 797,
    "channels": [8, 16, 16],
    "library": "torch",
    "epochs": 100,
    "trial_epochs": 12,
    "batch_size": 50,
    "learning_rates": [0.003, 0.01, 0.03, 0.1, 0.3, 1.0],
    "curve": True,
}

EXPERIMENT = Experiment(
    name="frozen_filters",
    question="How much better are learned kernels than random ones?",
    arms=ARMS,
    held_equal=(
        "split of the images, initial kernels, order of batches: by the seed",
        "the dense layer: 256 numbers in, ten out",
        "epochs, batch size, optimiser, schedule",
        "six learning rates to choose from, on a fifth of the training images",
    ),
    quantities=QUANTITIES,
    run=run,
    full=FULL,
    quick={**FULL, "train": 200, "epochs": 4, "learning_rates": [0.01]},
    data=digits_data,
    packages=("scikit-learn", "torch"),
)
