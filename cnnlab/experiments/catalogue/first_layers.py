"""Dense, locally connected or convolutional: what a first layer loses and gains by sharing weights.

The first layer hands on 128 numbers, as eight maps of 4x4. Dense: each looks at every pixel.
Locally connected: each looks at its own 5x5 window, with weights of its own. Convolution: all of a
map use the same 25 weights. A dense layer decides. Once with the true labels, and once with labels
drawn by chance for a few images, which can only be learned by heart. Validation images say nothing
there; so every learning rate is tried to the end, and the one that fits most training images
counts, which is the best case of each.
"""

from typing import Any

import numpy as np

from cnnlab import datasets, nn
from cnnlab._types import Array
from cnnlab.datasets import Split
from cnnlab.experiments.core import Configuration, Experiment, Row
from cnnlab.experiments.measuring import QUANTITIES, digits_data, measure
from cnnlab.nn import functional as F

MAPS, SIDE = 8, 4  # what each first layer hands on: eight maps of 4x4
KERNEL_SIZE, STRIDE, PADDING = 5, 4, 2
FEATURES = MAPS * SIDE**2
LAYERS = {
    "dense": "every output looks at all 256 pixels",
    "local": "every output looks at a 5x5 window, with weights of its own",
    "conv": "every output looks at a 5x5 window, all of a map with the same weights",
}
ARMS = {
    **{name: f"{text}; true labels" for name, text in LAYERS.items()},
    **{f"{name}_random": f"{text}; labels drawn by chance" for name, text in LAYERS.items()},
}


def first_layer(kind: str, rng: np.random.Generator) -> list[nn.Module]:
    """Build a first layer: from the images, or from their windows where it is locally connected.

    Parameters
    ----------
    kind : str
        A key of ``LAYERS``.
    rng : numpy.random.Generator
        Draws the initial weights.

    Returns
    -------
    list of nn.Module
    """
    if kind == "dense":
        return [nn.Flatten(), nn.Linear(256, FEATURES, rng=rng, dtype=np.float32)]
    if kind == "local":  # a group of its own for every place: no weight is shared
        places = SIDE**2
        layer = nn.Conv2d(
            KERNEL_SIZE**2 * places, FEATURES, 1, groups=places, rng=rng, dtype=np.float32
        )
        return [layer, nn.Flatten()]
    return [
        nn.Conv2d(1, MAPS, KERNEL_SIZE, STRIDE, PADDING, rng=rng, dtype=np.float32),
        nn.Flatten(),
    ]


def seen(kind: str, x: Array) -> Array:
    """Give images as a first layer needs them: the pixels of each window one after another."""
    if kind != "local":
        return x
    windows = F.unfold(x, KERNEL_SIZE, padding=PADDING, stride=STRIDE)  # (N, 25, places)
    return np.ascontiguousarray(windows.transpose(0, 2, 1)).reshape(len(x), -1, 1, 1)


def run(arm: str, seed: int, configuration: Configuration, device: str = "cpu") -> Row:
    """Train one first layer with a dense layer on top."""
    kind, _, labels = arm.partition("_")
    settings = {**configuration, **(configuration["random"] if labels else {})}
    split = datasets.digits(size=16, train=settings["train"], seed=seed)
    y = split.y_train
    if labels:
        y = np.random.default_rng([seed, 11]).integers(0, 10, len(y))

    def build(rng: np.random.Generator) -> nn.Sequential:
        last = nn.Linear(FEATURES, 10, rng=rng, dtype=np.float32)
        return nn.Sequential(*first_layer(kind, rng), nn.ReLU(), last)

    given = Split(seen(kind, split.x_train), y, seen(kind, split.x_test), split.y_test)
    if not labels:
        return measure(build, given, seed, settings, device)
    rows = [
        measure(build, given, seed, {**settings, "learning_rates": [rate]}, device)
        for rate in settings["learning_rates"]
    ]
    return max(rows, key=lambda row: row["train_accuracy"])


FULL: dict[str, Any] = {
    "train": 1000,
    "test": 797,
    "library": "torch",
    "epochs": 40,
    "trial_epochs": 20,
    "batch_size": 50,
    "learning_rates": [0.003, 0.01, 0.03],
    "random": {"train": 200, "epochs": 200},
}

EXPERIMENT = Experiment(
    name="first_layers",
    question="What does a first layer lose and gain by looking at windows, with shared weights?",
    arms=ARMS,
    held_equal=(
        "split of the images, labels drawn by chance, order of batches: by the seed",
        "numbers that the first layer hands on (128), the ReLU and the dense layer after it",
        "epochs, batch size, optimiser, schedule",
        "three learning rates to choose from; on validation images where the labels are true",
        "not the parameters of the first layer: they are the question",
    ),
    quantities=QUANTITIES,
    run=run,
    full=FULL,
    quick={
        **FULL,
        "train": 200,
        "epochs": 8,
        "learning_rates": [0.01],
        "random": {"train": 100, "epochs": 30},
    },
    data=digits_data,
    packages=("scikit-learn", "torch"),
)
