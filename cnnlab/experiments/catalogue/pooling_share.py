"""Which part of a training step goes into max pooling? An experiment of chapter 2.

The whole step of N3 and its two pooling layers alone, forward and backward, on maps of the same
shapes and in the same layout, are timed in turns. The share is the quotient of the two medians.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from cnnlab import nn, optim
from cnnlab._types import Array
from cnnlab.experiments.core import Configuration, Experiment, Quantity, Row
from cnnlab.experiments.networks import n3
from cnnlab.experiments.timing import milliseconds, one_torch_thread

ARMS = {
    "cnnlab": "cnnlab",
    "torch": "torch, default layout",
    "torch_channels_last": "torch, channels last",
}


def images(configuration: Configuration) -> tuple[Array, Array]:
    """Noise images (N, 1, H, W), float32, and classes (N,)."""
    rng = np.random.default_rng(0)
    N, size = configuration["batch_size"], configuration["size"]
    x: Array = rng.random((N, 1, size, size), dtype=np.float32)
    y: Array = rng.integers(0, 10, size=(N,))
    return x, y


def step(down: str, configuration: Configuration) -> Callable[[], Any]:
    """One training step of N3 in cnnlab, ready to be timed.

    Parameters
    ----------
    down : str
        Way of downsampling.
    configuration : mapping
        ``channels``, ``size``, ``batch_size``.

    Returns
    -------
    callable
        Without arguments: forward, loss, backward, Adam.
    """
    x, y = images(configuration)
    channels = tuple(configuration["channels"])
    model = n3(down, x.shape[-1], channels, he=False, rng=np.random.default_rng(1))
    criterion = nn.CrossEntropyLoss()
    optimizer = optim.Adam(model.parameters(), lr=1e-3)

    def one_step() -> None:
        criterion(model(x), y)
        optimizer.zero_grad()
        model.backward(criterion.backward())
        optimizer.step()

    return one_step


def step_torch(
    down: str, configuration: Configuration, channels_last: bool = False
) -> Callable[[], Any]:
    """One training step of the same network in torch.

    Parameters
    ----------
    down : str
        Way of downsampling.
    configuration : mapping
        ``channels``, ``size``, ``batch_size``.
    channels_last : bool, default False
        Memory layout of maps and kernels.

    Returns
    -------
    callable
        Without arguments: forward, loss, backward, Adam.
    """
    torch = one_torch_thread()
    layout = torch.channels_last if channels_last else torch.contiguous_format
    x, y = (torch.from_numpy(array) for array in images(configuration))
    x = x.contiguous(memory_format=layout)
    torch.manual_seed(0)
    from cnnlab.compare import to_torch

    model: Any = to_torch(
        n3(
            down,
            x.shape[-1],
            tuple(configuration["channels"]),
            he=False,
            rng=np.random.default_rng(1),
        )
    )
    model = model.to(memory_format=layout)
    criterion = torch.nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

    def one_step() -> None:
        loss = criterion(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return one_step


def pools(arm: str, configuration: Configuration) -> Callable[[], Any]:
    """Forward and backward of the two pooling layers alone, on rectified noise.

    Parameters
    ----------
    arm : str
        A key of ``ARMS``.
    configuration : mapping
        ``channels``, ``size``, ``batch_size``.

    Returns
    -------
    callable
        Without arguments.
    """
    rng = np.random.default_rng(2)
    N, size = configuration["batch_size"], configuration["size"]
    inputs, grads = [], []
    for width, side in zip(configuration["channels"], (size, size // 2), strict=False):
        x = rng.normal(size=(N, width, side, side)).astype(np.float32)
        inputs.append(np.maximum(x, 0))
        grads.append(rng.normal(size=(N, width, side // 2, side // 2)).astype(np.float32))
    if arm == "cnnlab":
        layers = [nn.MaxPool2d(2) for _ in inputs]

        def both() -> None:
            for layer, x, grad in zip(layers, inputs, grads, strict=True):
                layer(x)
                layer.backward(grad)

        return both
    torch = one_torch_thread()
    last = arm.endswith("channels_last")
    layout = torch.channels_last if last else torch.contiguous_format
    xs = [torch.from_numpy(x).contiguous(memory_format=layout).requires_grad_() for x in inputs]
    gs = [torch.from_numpy(grad).contiguous(memory_format=layout) for grad in grads]

    def both_torch() -> None:
        for x, grad in zip(xs, gs, strict=True):
            y = torch.nn.functional.max_pool2d(x, 2)
            torch.autograd.grad(y, x, grad)

    return both_torch


def run(arm: str, seed: int, configuration: Configuration) -> Row:
    """Time the step and its pools; the seed only numbers the repetition."""
    if arm == "cnnlab":
        whole = step("max", configuration)
    else:
        whole = step_torch("max", configuration, channels_last=arm.endswith("channels_last"))
    step_ms, pool_ms = milliseconds(
        whole, pools(arm, configuration), repeats=configuration["repeats"]
    )
    return {"step_ms": step_ms, "pool_ms": pool_ms, "share": pool_ms / step_ms}


def data(configuration: Configuration) -> tuple[str, Mapping[str, Array]]:
    """Noise: the time of a step does not hang on the picture."""
    x, y = images(configuration)
    return "uniform noise, generator seed 0", {"x": x, "y": y}


EXPERIMENT = Experiment(
    name="pooling_share",
    question="Which share of a training step is spent in max pooling?",
    arms=ARMS,
    held_equal=("network, shapes, float32", "one thread", "optimiser: Adam"),
    quantities={
        "step_ms": Quantity("ms", "median processor time of one training step"),
        "pool_ms": Quantity("ms", "the same of both pools, forward and backward"),
        "share": Quantity("fraction", "pools over step"),
    },
    run=run,
    full={"batch_size": 64, "channels": [16, 32, 32], "size": 28, "repeats": 31},
    quick={"batch_size": 16, "channels": [8, 16, 16], "size": 28, "repeats": 3},
    data=data,
    packages=("torch",),
    alone=True,
)
