"""Does pooling make training faster? Arithmetic, seconds per step, seconds to a goal. Chapter 2.

Three questions that are often taken for one: fewer multiply-accumulates, less time for a training
step, less time until the network is good. The first two are asked of N3 on 28x28 pixels, with 16,
32 and 32 channels; the third of a smaller N3 on 16x16 digits, with 8, 16 and 16 channels. The goal
is 95 % of the validation images, a fifth of the training images; the clock stops while they are
looked at. Each network is trained with four learning rates, each kept constant, and for every arm
and seed the fastest of the four counts: a best case, which nobody knows beforehand.
"""

import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from cnnlab import datasets, nn, optim, shapes
from cnnlab._types import Array
from cnnlab.experiments.catalogue import pool_or_not
from cnnlab.experiments.core import Configuration, Experiment, Quantity, Row
from cnnlab.experiments.networks import DOWN, n3
from cnnlab.experiments.steps import network, noise, step
from cnnlab.experiments.timing import milliseconds
from cnnlab.training import evaluate

ARMS = ("max", "none", "stride", "avg")


def time_to_goal(
    arm: str, seed: int, learning_rate: float, configuration: Configuration
) -> tuple[float, int, bool]:
    """Train until the goal is reached, at most for the given number of epochs.

    Parameters
    ----------
    arm : str
        Way of downsampling.
    seed : int
        Sets split, initial weights and order of batches.
    learning_rate : float
        Of Adam, constant.
    configuration : mapping
        Settings of the experiment.

    Returns
    -------
    seconds : float
        Processor time spent in training steps.
    steps : int
        Their number.
    reached : bool
        False if the epochs ran out first; seconds and steps are then those of all epochs.
    """
    goal = configuration["goal"]
    size, n_train = goal["size"], goal["train"]
    split = datasets.digits(size=size, train=n_train, seed=seed)
    part = n_train * 4 // 5
    x, y = split.x_train[:part], split.y_train[:part]
    x_val, y_val = split.x_train[part:], split.y_train[part:]
    model = n3(arm, size, tuple(goal["channels"]), he=False, rng=np.random.default_rng([seed, 1]))
    optimizer = optim.Adam(model.parameters(), lr=learning_rate)
    criterion = nn.CrossEntropyLoss()
    rng = np.random.default_rng([seed, 2])
    seconds, steps = 0.0, 0
    for _ in range(goal["epochs"]):
        for images, classes in datasets.batches(x, y, goal["batch_size"], rng=rng):
            began = time.process_time()
            criterion(model(images), classes)
            optimizer.zero_grad()
            model.backward(criterion.backward())
            optimizer.step()
            seconds += time.process_time() - began
            steps += 1
            looks = steps % goal["look_every"] == 0
            if looks and evaluate(model, x_val, y_val).accuracy >= goal["accuracy"]:
                return seconds, steps, True
    return seconds, steps, False


def run(arm: str, seed: int, configuration: Configuration) -> Row:
    """Count, time one step in both libraries, and train to the goal."""
    size = configuration["size"]
    layers = shapes.trace(network(arm, configuration), (1, size, size))
    x, y = noise(configuration["batch_size"], 1, size, size)
    step_ms, torch_step_ms = milliseconds(
        *(step(library, network(arm, configuration), x, y) for library in ("cnnlab", "torch")),
        repeats=configuration["repeats"],
    )
    trials = {
        f"{rate:g}": time_to_goal(arm, seed, rate, configuration)
        for rate in configuration["goal"]["learning_rates"]
    }
    best = min(trials, key=lambda rate: (not trials[rate][2], trials[rate][0]))
    seconds, steps, reached = trials[best]
    return {
        "macs": sum(layer.macs for layer in layers),
        "parameters": sum(layer.parameters for layer in layers),
        "step_ms": step_ms,
        "torch_step_ms": torch_step_ms,
        "goal_seconds": seconds,
        "goal_steps": steps,
        "reached": int(reached),
        "learning_rate": float(best),
    }


def data(configuration: Configuration) -> tuple[str, Mapping[str, Array]]:
    """Give the digits of the goal; the steps are timed on noise of the given size."""
    return pool_or_not.data(configuration["goal"])


FULL: dict[str, Any] = {
    "batch_size": 64,
    "size": 28,
    "channels": [16, 32, 32],
    "repeats": 15,
    "goal": {
        "accuracy": 0.95,
        "size": 16,
        "train": 1000,
        "channels": [8, 16, 16],
        "epochs": 25,
        "batch_size": 50,
        "look_every": 4,
        "learning_rates": [0.003, 0.006, 0.012, 0.024],
    },
}

EXPERIMENT = Experiment(
    name="training_speed",
    question="Does pooling make training faster: in MACs, per step, and up to a goal?",
    arms={arm: DOWN[arm] for arm in ARMS},
    held_equal=(
        "width of the convolutions, batch size, optimiser",
        "split, initial kernels, order of batches: by the seed",
        "four learning rates to choose from; for each arm and seed the fastest counts: a best case",
        "one thread, arms interleaved; every row says how busy the machine was",
    ),
    quantities={
        "macs": Quantity("MACs", "multiply-accumulates for one image of the timed step", 0),
        "parameters": Quantity("numbers", "trainable numbers of the timed network", 0),
        "step_ms": Quantity("ms", "median processor time of a training step in cnnlab"),
        "torch_step_ms": Quantity("ms", "the same in torch, default layout"),
        "goal_seconds": Quantity("s", "processor time of training until the goal, in cnnlab"),
        "goal_steps": Quantity("steps", "training steps until the goal"),
        "reached": Quantity("0 or 1", "whether the goal was reached"),
    },
    run=run,
    full=FULL,
    quick={
        **FULL,
        "repeats": 3,
        "batch_size": 16,
        "goal": {**FULL["goal"], "accuracy": 0.8, "learning_rates": [0.003]},
    },
    data=data,
    packages=("torch", "scikit-learn"),
    alone=True,
)
