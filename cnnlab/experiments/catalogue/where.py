"""Where is the blob? A task that needs the place and nothing else. Chapters 4 and 6.

A bright blob of 3x3 pixels lies anywhere on 32x32 pixels of dim noise; what sticks out on one side
comes in on the other. The class is the quarter of the width in which its middle lies. Bins of eight
columns hold every remainder of a division by 2 or 4 equally often, so the grid of the pools
cannot give the class away; only a border can.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from cnnlab import nn
from cnnlab._types import Array
from cnnlab.experiments.core import Configuration, Experiment, Quantity, Row
from cnnlab.experiments.learning import learn
from cnnlab.experiments.measuring import costs
from cnnlab.experiments.networks import n3

SIDE, BLOB, BINS = 32, 3, 4
HEADS = {"flatten": "flatten", "gap": "global average pooling"}
BORDERS = {"zero": "a border of zeros", "circular": "circular padding, so no border"}
# "none" has no pool in front of its head; the convolutions have stride 1 with either
DOWN = {"max": "2x2 max pooling twice", "none": "stride 1 throughout"}
ARMS = {
    f"{head}_{border}" + ("" if down == "max" else f"_{down}"): (head, border, down)
    for head, down in (("flatten", "max"), ("gap", "max"), ("gap", "none"))
    for border in BORDERS
}


def blobs(count: int, noise: float, rng: np.random.Generator) -> tuple[Array, Array, Array]:
    """Draw images and their classes.

    Parameters
    ----------
    count : int
        Number of images.
    noise : float
        Largest value of the noise; the blob has the value 1.
    rng : numpy.random.Generator
        Draws noise and places.

    Returns
    -------
    x : float32 array of shape (count, 1, 32, 32)
    y : int64 array of shape (count,)
        Quarter of the width, 0 to 3.
    column : int64 array of shape (count,)
        Of the middle of the blob.
    """
    x = noise * rng.random((count, 1, SIDE, SIDE), dtype=np.float32)
    row, column = rng.integers(SIDE, size=(2, count))
    reach = np.arange(BLOB) - BLOB // 2
    rows, columns = (row[:, None] + reach) % SIDE, (column[:, None] + reach) % SIDE
    x[np.arange(count)[:, None, None], 0, rows[:, :, None], columns[:, None, :]] = 1
    return x, column * BINS // SIDE, column


def on_a_ring(model: nn.Sequential) -> nn.Sequential:
    """Give the same network without a border: circular padding in front of each convolution.

    Parameters
    ----------
    model : nn.Sequential
        With square convolutions that pad with zeros, equally on all sides.

    Returns
    -------
    nn.Sequential
        With the same weights, shared.
    """
    layers: list[nn.Module] = []
    for layer in model:
        if isinstance(layer, nn.Conv2d) and layer.padding != (0, 0):
            bare = nn.Conv2d(
                layer.in_channels,
                layer.out_channels,
                layer.kernel_size,
                layer.stride,
                dilation=layer.dilation,
                dtype=np.float32,
            )
            bare.weight, bare.bias = layer.weight, layer.bias
            layers += [nn.CircularPad2d(layer.padding[0]), bare]
        else:
            layers.append(layer)
    return nn.Sequential(*layers)


def build(arm: str, configuration: Configuration, rng: np.random.Generator) -> nn.Sequential:
    """Build the network of an arm.

    Parameters
    ----------
    arm : str
        A key of ``ARMS``.
    configuration : mapping
        ``channels``.
    rng : numpy.random.Generator
        Draws the initial weights.

    Returns
    -------
    nn.Sequential
    """
    head, border, down = ARMS[arm]
    model = n3(down, SIDE, tuple(configuration["channels"]), BINS, head=head, rng=rng)
    return model if border == "zero" else on_a_ring(model)


def run(arm: str, seed: int, configuration: Configuration, device: str = "cpu") -> Row:
    """Train on images drawn by the seed, test on others; look at each column by itself."""
    rng = np.random.default_rng(seed)
    x, y, _ = blobs(configuration["train"], configuration["noise"], rng)
    x_test, y_test, column = blobs(configuration["test"], configuration["noise"], rng)

    def network(rng: np.random.Generator) -> nn.Sequential:
        return build(arm, configuration, rng)

    learned = learn(network, x, y, seed=seed, configuration=configuration, device=device)
    right = learned.predictions(x_test) == y_test
    return {
        "test_accuracy": float(np.mean(right)),
        "train_accuracy": learned.scores(x, y).accuracy,
        "parameters": costs(network, x)["parameters"],
        "accuracy_by_column": [
            round(float(right[column == here].mean()), 3) if (column == here).any() else None
            for here in range(SIDE)
        ],
    }


def data(configuration: Configuration) -> tuple[str, Mapping[str, Array]]:
    """Training images of seed 0."""
    rng = np.random.default_rng(0)
    x, y, _ = blobs(configuration["train"], configuration["noise"], rng)
    return "3x3 blobs in uniform noise, 32x32 pixels", {"x": x, "y": y}


FULL: dict[str, Any] = {
    "train": 1000,
    "test": 1600,
    "noise": 0.2,
    "channels": [8, 16, 16],
    "library": "torch",
    "epochs": 18,
    "batch_size": 50,
    "learning_rates": [0.01],
}

EXPERIMENT = Experiment(
    name="where",
    question="Which heads and borders let a network say where something is?",
    arms={
        arm: f"{HEADS[head]}, {BORDERS[border]}, {DOWN[down]}"
        for arm, (head, border, down) in ARMS.items()
    },
    held_equal=(
        "images, initial kernels of equal shape, order of batches: by the seed",
        "width of the convolutions, epochs, batch size, optimiser, learning rate, schedule",
        "parameters with each border; after a global average also with and without pools",
    ),
    quantities={
        "test_accuracy": Quantity("fraction", "share of new images put right", 0.05),
        "train_accuracy": Quantity("fraction", "share of the training images put right", 0.05),
        "parameters": Quantity("numbers", "trainable numbers", 0),
    },
    run=run,
    full=FULL,
    quick={**FULL, "train": 200, "test": 200, "epochs": 1},
    data=data,
    packages=("torch",),
)
