"""How fast does a small network learn to tell photographs apart? Steps and seconds to a goal.

Each arm first tries three learning rates for two epochs; the one of lowest log-loss on held-out
images is kept constant while a fresh network learns for six epochs. The goal is a share of those
images put right, which every arm can reach; the whole curve is kept, too. Time is the processor's,
in training steps alone: the clock stands while held-out images are looked at. Where a goal was not
reached, steps and seconds are those of all epochs, and ``reached`` says so: the true ones are
longer.
"""

import time
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from cnnlab import datasets
from cnnlab._extras import needed
from cnnlab._types import Array
from cnnlab.experiments.core import Configuration, Experiment, Quantity, Row
from cnnlab.experiments.learning import BATCHES, INITIAL_WEIGHTS, Learned
from cnnlab.experiments.networks import DOWN, n3
from cnnlab.experiments.timing import one_torch_thread

ARMS = ("max", "avg", "stride", "none")


def fresh(arm: str, seed: int, configuration: Configuration) -> Any:
    """Translate the seed's network to torch, channels last in memory."""
    with needed("torch", by="cifar_speed"):
        from cnnlab.compare import to_torch

    rng = np.random.default_rng([seed, INITIAL_WEIGHTS])
    network = n3(arm, 32, tuple(configuration["channels"]), in_channels=3, rng=rng)
    module: Any = to_torch(network)
    return module.to(memory_format=one_torch_thread().channels_last)


def training(
    module: Any, x: Array, y: Array, rate: float, batch_size: int, rng: np.random.Generator
) -> Iterator[float]:
    """Train step by step, epoch after epoch, without an end.

    Parameters
    ----------
    module : torch.nn.Module
        What is trained.
    x, y : arrays of shape (N, C, H, W) and (N,)
        Training images and their classes.
    rate : float
        Learning rate of Adam, constant.
    batch_size : int
        Images in a step.
    rng : numpy.random.Generator
        Shuffles them.

    Yields
    ------
    float
        Seconds of processor time of the step.
    """
    torch = one_torch_thread()
    images = torch.from_numpy(x).contiguous(memory_format=torch.channels_last)
    classes = torch.from_numpy(y)
    optimizer = torch.optim.Adam(module.parameters(), lr=rate)
    criterion = torch.nn.CrossEntropyLoss()
    while True:
        for some, _ in datasets.batches(np.arange(len(x)), y, batch_size, rng=rng):
            module.train()
            began = time.process_time()
            chosen = torch.from_numpy(some)
            optimizer.zero_grad()
            criterion(module(images[chosen]), classes[chosen]).backward()
            optimizer.step()
            yield time.process_time() - began


def run(arm: str, seed: int, configuration: Configuration) -> Row:
    """Try learning rates, then train to the goal."""
    split = datasets.cifar10(train=configuration["train"], subset=seed)
    part = len(split.x_train) - configuration["held_out"]
    x, y = split.x_train[:part], split.y_train[:part]
    held_out = split.x_train[part:], split.y_train[part:]
    batch_size = configuration["batch_size"]
    epoch = -(-part // batch_size)

    def begin(rate: float) -> tuple[Learned, Iterator[float]]:
        module = fresh(arm, seed, configuration)
        rng = np.random.default_rng([seed, BATCHES])
        return Learned(module, rate), training(module, x, y, rate, batch_size, rng)

    trials = {}
    for rate in configuration["learning_rates"]:
        tried, steps = begin(rate)
        for _ in range(configuration["trial_epochs"] * epoch):
            next(steps)
        trials[f"{rate:g}"] = tried.scores(*held_out).loss
    best = float(min(trials, key=lambda rate: trials[rate]))

    learned, steps = begin(best)
    seconds, curve = [], []
    for _ in range(configuration["epochs"] * epoch // configuration["look_every"]):
        seconds.append(sum(next(steps) for _ in range(configuration["look_every"])))
        curve.append(learned.scores(*held_out).accuracy)
    reached = max(curve) >= configuration["goal"]
    looks = 1 + int(np.argmax(np.array(curve) >= configuration["goal"])) if reached else len(curve)
    return {
        "goal_seconds": sum(seconds[:looks]),
        "goal_steps": looks * configuration["look_every"],
        "step_ms": 1e3 * sum(seconds) / (len(seconds) * configuration["look_every"]),
        "reached": int(reached),
        "best_accuracy": max(curve),
        "learning_rate": best,
        "validation_log_loss": trials,
        "accuracy_by_look": [round(accuracy, 3) for accuracy in curve],
    }


def data(configuration: Configuration) -> tuple[str, Mapping[str, Array]]:
    """Training images of seed 0; test images are not looked at."""
    split = datasets.cifar10(train=configuration["train"], subset=0)
    return "CIFAR-10 from JPEG files, subset 0", split.arrays()


FULL: dict[str, Any] = {
    "train": 5000,
    "held_out": 1000,
    "channels": [8, 16, 16],
    "batch_size": 50,
    "learning_rates": [0.001, 0.002, 0.004],
    "trial_epochs": 2,
    "epochs": 6,
    "goal": 0.42,
    "look_every": 8,
}

EXPERIMENT = Experiment(
    name="cifar_speed",
    question="Does pooling make a network reach a goal sooner, on small colour photographs?",
    arms={arm: DOWN[arm] for arm in ARMS},
    held_equal=(
        "images, initial kernels, order of batches: by the seed",
        "width of the convolutions, batch size, optimiser, three learning rates to choose from",
        "one thread, arms interleaved; every row says how busy the machine was",
    ),
    quantities={
        "goal_seconds": Quantity("s", "processor time of training until the goal, in torch"),
        "goal_steps": Quantity("steps", "training steps until the goal"),
        "step_ms": Quantity("ms", "processor time of a training step, mean of all"),
        "reached": Quantity("0 or 1", "whether the goal was reached"),
        "best_accuracy": Quantity("fraction", "best share of held-out images put right", 0.05),
    },
    run=run,
    full=FULL,
    quick={
        **FULL,
        "train": 100,
        "held_out": 20,
        "goal": 0.15,
        "learning_rates": [0.002],
        "trial_epochs": 1,
        "epochs": 2,
        "look_every": 1,
    },
    data=data,
    packages=("torch",),
    alone=True,
)
