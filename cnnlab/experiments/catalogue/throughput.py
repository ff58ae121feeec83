"""How many images a second? One training step in two libraries, formats, layouts. Chapter 10.

The network is N3 with 16, 32 and 32 channels, for grey images of 28x28 pixels. A step is the way
forth, the loss, the way back and Adam. What is measured is the number of images that go through
steps in a second, for several batch sizes; at some of them also for other ways down than max
pooling, and which share of the step the two pools take.

`throughput_gpu` asks the same of a GPU.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from cnnlab._types import Array
from cnnlab.experiments import timing
from cnnlab.experiments.core import Configuration, Experiment, Quantity, Row
from cnnlab.experiments.steps import network, noise, pools, step

WAYS = ("max", "avg", "stride", "none")
OTHERS = {  # quantity, and which network it is about
    "avg": "average pooling in their place",
    "stride": "strided convolutions in their place",
    "none": "nothing in their place",
}


def _precision(arm: str) -> AbstractContextManager[None]:
    """Context in which a GPU may round the factors of float32 products, or may not."""
    from cnnlab.compare import tf32

    return tf32("tf32" in arm)


def _several(call: Callable[[], Any], steps: int) -> Callable[[], None]:
    """Make so many calls in a row: a GPU may begin the next before Python has seen the last."""

    def calls() -> None:
        for _ in range(steps):
            call()

    return calls


def measure(arm: str, configuration: Configuration, device: str = "cpu") -> Row:
    """Time one library, format and layout, with every batch size.

    Parameters
    ----------
    arm, device
        As for `steps.step`.
    configuration : mapping
        ``size`` and ``channels``; ``batch_sizes``, those of them at which other networks are
        ``compared`` and those at which ``shares`` are measured; ``repeats``, of which the median is
        taken (more of them for few images), and ``steps`` in each of them.

    Returns
    -------
    dict
        The ``quantities`` of the configuration.
    """
    clock = timing.clock(device)
    steps = configuration["steps"]
    row: Row = {}

    side = configuration["size"]

    def stepping(down: str, size: int) -> Callable[[], Any]:
        return step(arm, network(down, configuration), *noise(size, 1, side, side), device)

    with nullcontext() if arm == "cnnlab" else _precision(arm):
        for size in configuration["batch_sizes"]:
            compared = size in configuration["compared"]
            calls = [stepping(way, size) for way in (WAYS if compared else WAYS[:1])]
            if size in configuration["shares"]:
                calls.append(pools(arm, size, configuration, device))
            times = timing.milliseconds(
                *(_several(call, steps) for call in calls),
                repeats=min(25, max(configuration["repeats"], 512 // size)),
                warm_up=1,
                clock=clock,
            )
            for way, ms in zip(WAYS if compared else WAYS[:1], times, strict=False):
                row[f"{way}_{size}"] = 1e3 * size * steps / ms
            if size in configuration["shares"]:
                row[f"share_{size}"] = times[-1] / times[0]
    return row


def run(arm: str, seed: int, configuration: Configuration) -> Row:
    """Measure on the processor; the seed only numbers the repetition."""
    return measure(arm, configuration)


def quantities(configuration: Configuration) -> dict[str, Quantity]:
    """Name what is measured, by batch size."""
    measured = {
        f"max_{size}": Quantity("images/s", f"images in training steps, batches of {size}")
        for size in configuration["batch_sizes"]
    }
    for size in configuration["compared"]:
        for way, place in OTHERS.items():
            meaning = f"the same with {place}, batches of {size}"
            measured[f"{way}_{size}"] = Quantity("images/s", meaning)
    for size in configuration["shares"]:
        meaning = f"both pools, forth and back, over the step, batches of {size}"
        measured[f"share_{size}"] = Quantity("fraction", meaning)
    return measured


def data(configuration: Configuration) -> tuple[str, Mapping[str, Array]]:
    """Noise: the time of a step does not hang on the picture."""
    size = configuration["size"]
    x, y = noise(max(configuration["batch_sizes"]), 1, size, size)
    return "uniform noise, generator seed 0", {"x": x, "y": y}


def quick(full: Configuration) -> dict[str, Any]:
    """Give a small network and small images, which go through quickly."""
    return {**full, "channels": [2, 2, 2], "size": 8, "repeats": 1, "steps": 1}


FULL: dict[str, Any] = {
    "channels": [16, 32, 32],
    "size": 28,
    "batch_sizes": [1, 8, 64, 512],
    "compared": [64],
    "shares": [8, 64, 512],
    "repeats": 3,
    "steps": 1,
}

EXPERIMENT = Experiment(
    name="throughput",
    question="How many images a second does a training step manage, by library, format and layout?",
    arms={
        "cnnlab": "cnnlab, float32",
        "torch": "torch, float32, default layout",
        "torch_channels_last": "torch, float32, channels last",
        "torch_bf16": "torch, bfloat16, default layout",
        "torch_bf16_channels_last": "torch, bfloat16, channels last",
    },
    held_equal=("network, images", "optimiser: Adam", "one thread of the processor"),
    quantities=quantities(FULL),
    run=run,
    full=FULL,
    quick=quick(FULL),
    data=data,
    packages=("torch",),
    alone=True,
)
