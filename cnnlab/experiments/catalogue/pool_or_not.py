"""Does it matter for accuracy *how* the maps are made smaller? An experiment of chapter 2.

The same small network on 16x16 digits, five ways of downsampling. Each run first tries three
learning rates on a fifth of its own training images, and then trains anew on all of them with the
one of lowest validation log-loss: no arm is judged at a learning rate that suits another one, and
no test image picks anything. Twenty epochs, because in a trial average pooling needed more than
twelve to fit 98 % of its training images: a comparison would have measured patience. A fourth
rate, 0.024, was recorded once and left out: with it one of fifty networks (an average-pooling one)
died in training and stayed at chance.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from cnnlab import datasets, nn, optim, shapes
from cnnlab._types import Array
from cnnlab.experiments.core import Configuration, Experiment, Quantity, Row
from cnnlab.experiments.networks import DOWN, n3
from cnnlab.training import evaluate, fit

ARMS = ("max", "stride", "avg", "none", "avg_before_relu")


def train(
    arm: str, x: Array, y: Array, learning_rate: float, seed: int, configuration: Configuration
) -> nn.Sequential:
    """Train one network with Adam and a cosine schedule.

    Parameters
    ----------
    arm : str
        Way of downsampling.
    x : numpy.ndarray, shape (N, 1, H, W)
        Images.
    y : numpy.ndarray, shape (N,)
        Classes.
    learning_rate : float
        At the start; the schedule lowers it to 0.
    seed : int
        Sets initial weights and order of batches.
    configuration : mapping
        ``channels``, ``epochs``, ``batch_size``.

    Returns
    -------
    nn.Sequential
        The trained network.
    """
    channels = tuple(configuration["channels"])
    model = n3(arm, x.shape[-1], channels, he=False, rng=np.random.default_rng([seed, 1]))
    optimizer = optim.Adam(model.parameters(), lr=learning_rate)
    batch_size, epochs = configuration["batch_size"], configuration["epochs"]
    schedule = optim.CosineSchedule(optimizer, steps=epochs * -(-len(x) // batch_size))
    fit(
        model,
        x,
        y,
        optimizer=optimizer,
        epochs=epochs,
        batch_size=batch_size,
        rng=np.random.default_rng([seed, 2]),
        schedule=schedule,
        progress=False,
    )
    return model


def run(arm: str, seed: int, configuration: Configuration) -> Row:
    """Choose a learning rate without the test images, train, measure."""
    size, n_train = configuration["size"], configuration["train"]
    split = datasets.digits(size=size, train=n_train, seed=seed)
    x, y = split.x_train, split.y_train
    part = n_train * 4 // 5
    losses = {}
    for rate in configuration["learning_rates"]:
        tried = train(arm, x[:part], y[:part], rate, seed, configuration)
        losses[f"{rate:g}"] = evaluate(tried, x[part:], y[part:]).loss
    best = float(min(losses, key=lambda rate: losses[rate]))
    model = train(arm, x, y, best, seed, configuration)
    on_train, on_test = evaluate(model, x, y), evaluate(model, split.x_test, split.y_test)
    layers = shapes.trace(model, (1, size, size))
    return {
        "test_accuracy": on_test.accuracy,
        "test_log_loss": on_test.loss,
        "train_accuracy": on_train.accuracy,
        "parameters": sum(layer.parameters for layer in layers),
        "macs": sum(layer.macs for layer in layers),
        "learning_rate": best,
        "validation_log_loss": losses,
    }


def data(configuration: Configuration) -> tuple[str, Mapping[str, Array]]:
    """All digits, as seed 0 splits them."""
    split = datasets.digits(size=configuration["size"], train=configuration["train"], seed=0)
    name = f"scikit-learn digits, 1797 images, {configuration['size']} pixels a side"
    return name, split.arrays()


FULL: dict[str, Any] = {
    "size": 16,
    "train": 1000,
    "test": 797,
    "channels": [8, 16, 16],
    "epochs": 20,
    "batch_size": 50,
    "learning_rates": [0.003, 0.006, 0.012],
}

EXPERIMENT = Experiment(
    name="pool_or_not",
    question="Does the way of downsampling change what a small network gets right?",
    arms={arm: DOWN[arm] for arm in ARMS},
    held_equal=(
        "split of the images, initial kernels, order of batches: by the seed",
        "epochs, batch size, optimiser, schedule",
        "three learning rates to choose from, on a fifth of the training images",
        "width of the convolutions; not the parameters of the dense layer where nothing shrinks",
    ),
    quantities={
        "test_accuracy": Quantity("fraction", "share of the test images put right", 0.015),
        "test_log_loss": Quantity("nats", "mean log-loss on the test images", 0.1),
        "train_accuracy": Quantity("fraction", "share of the training images put right", 0.015),
        "parameters": Quantity("numbers", "trainable numbers", 0),
        "macs": Quantity("MACs", "multiply-accumulates for one image", 0),
    },
    run=run,
    full=FULL,
    quick={**FULL, "train": 300, "test": 1497, "epochs": 6, "learning_rates": [0.003]},
    data=data,
    packages=("scikit-learn",),
)
