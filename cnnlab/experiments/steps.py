"""One training step, and its pools alone, ready to be timed: on noise, in cnnlab or in torch.

An arm names library, number format and layout in memory: ``"cnnlab"``, ``"torch"``,
``"torch_channels_last"``, ``"torch_bf16_channels_last"``. What is returned is called without
arguments, as `timing.milliseconds` does; everything is built, and lies where it is needed, before.
"""

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import numpy as np

from cnnlab import nn, optim
from cnnlab._types import Array
from cnnlab.experiments.core import Configuration
from cnnlab.experiments.networks import n3
from cnnlab.experiments.timing import one_torch_thread

RATE = 1e-3  # of Adam

__all__ = ["network", "noise", "pools", "step"]


def noise(*shape: int) -> tuple[Array, Array]:
    """Draw noise images (N, C, H, W), float32, and classes (N,); always the same ones."""
    rng = np.random.default_rng(0)
    x: Array = rng.random(shape, dtype=np.float32)
    y: Array = rng.integers(0, 10, size=shape[:1])
    return x, y


def network(down: str, configuration: Configuration) -> nn.Sequential:
    """Build N3 with one way of making the maps smaller; ``size`` and ``channels`` are settings."""
    channels = tuple(configuration["channels"])
    return n3(down, configuration["size"], channels, he=False, rng=np.random.default_rng(1))


def step(
    arm: str, model: nn.Sequential, x: Array, y: Array, device: str = "cpu"
) -> Callable[[], Any]:
    """One training step: forward, loss, backward, Adam.

    Parameters
    ----------
    arm : str
        Names library, number format and layout.
    model : nn.Sequential
        Is trained; or, by torch, a network of the same weights.
    x, y : arrays of shape (N, C, H, W) and (N,)
        Images and classes.
    device : str, default "cpu"
        Of torch. Images and weights lie there before the clock starts.

    Returns
    -------
    callable
        Without arguments. With bf16 the way forth is under autocast, as is usual: the weights stay
        float32, and so does what Adam does.
    """
    return _in_cnnlab(model, x, y) if arm == "cnnlab" else _in_torch(arm, model, x, y, device)


def _in_cnnlab(model: nn.Sequential, x: Array, y: Array) -> Callable[[], Any]:
    criterion = nn.CrossEntropyLoss()
    optimizer = optim.Adam(model.parameters(), lr=RATE)

    def one_step() -> None:
        criterion(model(x), y)
        optimizer.zero_grad()
        model.backward(criterion.backward())
        optimizer.step()

    return one_step


def _in_torch(
    arm: str, ours: nn.Sequential, images: Array, classes: Array, device: str
) -> Callable[[], Any]:
    torch, layout = _torch(arm)
    from cnnlab.compare import to_torch

    place = torch.device(device)
    x, y = (torch.from_numpy(array).to(place) for array in (images, classes))
    x = x.contiguous(memory_format=layout)
    model: Any = to_torch(ours).to(place)
    model.to(memory_format=layout)  # a module changes itself
    criterion = torch.nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=RATE)

    def one_step() -> None:
        with _rounding(torch, arm, place):
            loss = criterion(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return one_step


def _torch(arm: str) -> tuple[Any, Any]:
    """Give torch with one thread, and the layout in memory that the arm asks for."""
    torch = one_torch_thread()
    last = arm.endswith("channels_last")
    return torch, torch.channels_last if last else torch.contiguous_format


def _rounding(torch: Any, arm: str, place: Any) -> Any:
    """Context in which convolutions and dense layers compute in the arm's number format."""
    if "bf16" in arm:
        return torch.autocast(place.type, dtype=torch.bfloat16)
    return nullcontext()


def pools(
    arm: str, batch_size: int, configuration: Configuration, device: str = "cpu"
) -> Callable[[], Any]:
    """Forward and backward of the two max pools of N3 alone, on rectified noise.

    Parameters
    ----------
    arm, device
        As for :func:`step`.
    batch_size : int
    configuration : mapping
        ``size`` and ``channels``.

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
