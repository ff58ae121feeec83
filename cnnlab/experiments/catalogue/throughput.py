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

import numpy as np

from cnnlab import nn, optim
from cnnlab._types import Array
from cnnlab.experiments import timing
from cnnlab.experiments.core import Configuration, Experiment, Quantity, Row
from cnnlab.experiments.networks import n3

WAYS = ("max", "avg", "stride", "none")
OTHERS = {  # quantity, and which network it is about
    "avg": "average pooling in their place",
    "stride": "strided convolutions in their place",
    "none": "nothing in their place",
}


def images(batch_size: int, size: int) -> tuple[Array, Array]:
    """Noise images (N, 1, H, W), float32, and classes (N,)."""
    rng = np.random.default_rng(0)
    x: Array = rng.random((batch_size, 1, size, size), dtype=np.float32)
    y: Array = rng.integers(0, 10, size=(batch_size,))
    return x, y


def network(down: str, configuration: Configuration) -> nn.Sequential:
    """Build the network with one way of making the maps smaller."""
    channels = tuple(configuration["channels"])
    return n3(down, configuration["size"], channels, he=False, rng=np.random.default_rng(1))


def step(down: str, batch_size: int, configuration: Configuration) -> Callable[[], Any]:
    """One training step in cnnlab, ready to be timed."""
    x, y = images(batch_size, configuration["size"])
    model = network(down, configuration)
    criterion = nn.CrossEntropyLoss()
    optimizer = optim.Adam(model.parameters(), lr=1e-3)

    def one_step() -> None:
        criterion(model(x), y)
        optimizer.zero_grad()
        model.backward(criterion.backward())
        optimizer.step()

    return one_step


def _torch(arm: str) -> tuple[Any, Any]:
    """Give torch with one thread, and the layout in memory that the arm asks for."""
    torch = timing.one_torch_thread()
    last = arm.endswith("channels_last")
    return torch, torch.channels_last if last else torch.contiguous_format


def _rounding(torch: Any, arm: str, place: Any) -> Any:
    """Context in which convolutions and dense layers compute in the arm's number format."""
    if "bf16" in arm:
        return torch.autocast(place.type, dtype=torch.bfloat16)
    return nullcontext()


def _precision(arm: str) -> AbstractContextManager[None]:
    """Context in which a GPU may round the factors of float32 products, or may not."""
    from cnnlab.compare import tf32

    return tf32("tf32" in arm)


def step_torch(
    arm: str, down: str, batch_size: int, configuration: Configuration, device: str = "cpu"
) -> Callable[[], Any]:
    """One training step of the same network in torch.

    Parameters
    ----------
    arm : str
        Names number format and layout.
    down : str
        Way of making the maps smaller.
    batch_size : int
    configuration : mapping
        ``channels`` and ``size``.
    device : str, default "cpu"
        Images and weights lie there before the clock starts.

    Returns
    -------
    callable
        Without arguments: forward, loss, backward, Adam. With bf16 the way forth is under
        autocast, as is usual: the weights stay float32, and so does what Adam does.
    """
    torch, layout = _torch(arm)
    from cnnlab.compare import to_torch

    place = torch.device(device)
    arrays = images(batch_size, configuration["size"])
    x, y = (torch.from_numpy(array).to(place) for array in arrays)
    x = x.contiguous(memory_format=layout)
    model: Any = to_torch(network(down, configuration)).to(place)
    model.to(memory_format=layout)  # a module changes itself
    criterion = torch.nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

    def one_step() -> None:
        with _rounding(torch, arm, place):
            loss = criterion(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return one_step


def pools(
    arm: str, batch_size: int, configuration: Configuration, device: str = "cpu"
) -> Callable[[], Any]:
    """Forward and backward of the two max pools alone, on rectified noise.

    Parameters
    ----------
    arm, batch_size, configuration, device
        As for :func:`step_torch`.

    Returns
    -------
    callable
        Without arguments.
    """
    rng = np.random.default_rng(2)
    inputs, grads = [], []
    for width, halvings in zip(configuration["channels"], (0, 1), strict=False):
        side = configuration["size"] >> halvings
        x = rng.normal(size=(batch_size, width, side, side)).astype(np.float32)
        inputs.append(np.maximum(x, 0))
        grads.append(rng.normal(size=(batch_size, width, side // 2, side // 2)).astype(np.float32))
    if arm == "cnnlab":
        layers = [nn.MaxPool2d(2) for _ in inputs]

        def both() -> None:
            for layer, x, grad in zip(layers, inputs, grads, strict=True):
                layer(x)
                layer.backward(grad)

        return both
    torch, layout = _torch(arm)
    options: dict[str, Any] = {
        "device": torch.device(device),
        "dtype": torch.bfloat16 if "bf16" in arm else torch.float32,
        "memory_format": layout,
    }
    xs = [torch.from_numpy(x).to(**options).requires_grad_() for x in inputs]
    gs = [torch.from_numpy(grad).to(**options) for grad in grads]

    def both_torch() -> None:
        for x, grad in zip(xs, gs, strict=True):
            torch.autograd.grad(torch.nn.functional.max_pool2d(x, 2), x, grad)

    return both_torch


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
    arm, configuration, device
        As for :func:`step_torch`; the configuration also has ``batch_sizes``, those of them at
        which other networks are ``compared`` and those at which ``shares`` are measured,
        ``repeats``, of which the median is taken (more of them for few images), and ``steps`` in
        each of them.

    Returns
    -------
    dict
        The ``quantities`` of the configuration.
    """
    clock = timing.clock(device)
    steps = configuration["steps"]
    row: Row = {}

    def stepping(down: str, size: int) -> Callable[[], Any]:
        if arm == "cnnlab":
            return step(down, size, configuration)
        return step_torch(arm, down, size, configuration, device)

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
    x, y = images(max(configuration["batch_sizes"]), configuration["size"])
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
