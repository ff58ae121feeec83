"""What does a max pooling cost, written in seven ways? An experiment of chapter 2.

The same 2x2 max pooling of the same maps, from plain Python loops to compiled kernels, beside the
forward pass of a 3x3 convolution on the same maps. Only the implementation changes.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from cnnlab._types import Array
from cnnlab.experiments.core import Configuration, Experiment, Quantity, Row
from cnnlab.experiments.timing import milliseconds, one_torch_thread
from cnnlab.nn import functional as F


def maps(configuration: Configuration) -> Array:
    """Feature maps to pool: normal noise, (N, C, H, W), float32."""
    shape = [configuration[key] for key in ("batch_size", "channels", "size", "size")]
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def with_lists(images: list[list[list[list[float]]]]) -> list[list[list[list[float]]]]:
    """Pool nested lists, one comparison after the other."""
    return [
        [
            [
                [
                    max(top[j], top[j + 1], bottom[j], bottom[j + 1])
                    for j in range(0, len(top) - 1, 2)
                ]
                for top, bottom in zip(channel[0::2], channel[1::2], strict=False)
            ]
            for channel in image
        ]
        for image in images
    ]


def with_windows(x: Array) -> Array:
    """Pool with one call of NumPy for each window."""
    N, C, H, W = x.shape
    y = np.empty((N, C, H // 2, W // 2), x.dtype)
    for n in range(N):
        for c in range(C):
            for i in range(H // 2):
                for j in range(W // 2):
                    y[n, c, i, j] = x[n, c, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2].max()
    return y


def with_reshape(x: Array) -> Array:
    """Pool by giving each window two axes of its own."""
    N, C, H, W = x.shape
    y: Array = x.reshape(N, C, H // 2, 2, W // 2, 2).max(axis=(3, 5))
    return y


def with_slices(x: Array) -> Array:
    """Pool by comparing the four corners of all windows at once."""
    rows = np.maximum(x[:, :, 0::2], x[:, :, 1::2])
    y: Array = np.maximum(rows[..., 0::2], rows[..., 1::2])
    return y


POOLS: dict[str, str] = {
    "lists": "max pooling, plain Python lists",
    "windows": "max pooling, a NumPy call for each window",
    "reshape": "max pooling, NumPy reshape and max",
    "slices": "max pooling, NumPy maximum of strided slices",
    "cnnlab": "max pooling, cnnlab",
    "torch": "max pooling, torch, default layout",
    "torch_channels_last": "max pooling, torch, channels last",
}
CONVOLUTIONS = {
    "conv_cnnlab": "3x3 convolution forward, cnnlab",
    "conv_torch": "3x3 convolution forward, torch, default layout",
    "conv_torch_channels_last": "3x3 convolution forward, torch, channels last",
}


def implementation(arm: str, x: Array) -> Callable[[], Any]:
    """Give the call that is timed; its input is prepared beforehand.

    Parameters
    ----------
    arm : str
        A key of ``POOLS`` or ``CONVOLUTIONS``.
    x : numpy.ndarray, shape (N, C, H, W)
        Feature maps.

    Returns
    -------
    callable
        Without arguments; returns the result as list, array or tensor.
    """
    if arm == "lists":
        nested = x.tolist()
        return lambda: with_lists(nested)
    C = x.shape[1]
    weight = np.random.default_rng(1).normal(size=(C, C, 3, 3)).astype(x.dtype)
    in_numpy: dict[str, Callable[[], Any]] = {
        "windows": lambda: with_windows(x),
        "reshape": lambda: with_reshape(x),
        "slices": lambda: with_slices(x),
        "cnnlab": lambda: F.max_pool2d(x, 2),
        "conv_cnnlab": lambda: F.conv2d(x, weight, padding=1),
    }
    if arm in in_numpy:
        return in_numpy[arm]
    torch = one_torch_thread()
    last = arm.endswith("channels_last")
    layout = torch.channels_last if last else torch.contiguous_format
    image = torch.from_numpy(x).contiguous(memory_format=layout)
    kernel = torch.from_numpy(weight).contiguous(memory_format=layout)
    if arm.startswith("conv"):
        return lambda: torch.nn.functional.conv2d(image, kernel, padding=1)
    return lambda: torch.nn.functional.max_pool2d(image, 2)


def run(arm: str, seed: int, configuration: Configuration) -> Row:
    """Time one implementation; the seed only numbers the repetition."""
    call = implementation(arm, maps(configuration))
    [median] = milliseconds(call, repeats=configuration["repeats"])
    return {"milliseconds": median}


def data(configuration: Configuration) -> tuple[str, Mapping[str, Array]]:
    """Give noise: the time of these operations does not hang on the picture."""
    return "normal noise, generator seed 0", {"x": maps(configuration)}


EXPERIMENT = Experiment(
    name="pooling_cost",
    question="What does a 2x2 max pooling cost, and what does the way of writing it cost?",
    arms=POOLS | CONVOLUTIONS,
    held_equal=("the feature maps, float32", "one thread", "the result: all pools agree exactly"),
    quantities={"milliseconds": Quantity("ms", "median processor time for the whole batch")},
    run=run,
    full={"batch_size": 64, "channels": 16, "size": 28, "repeats": 7},
    quick={"batch_size": 4, "channels": 16, "size": 28, "repeats": 3},
    data=data,
    packages=("torch",),
    alone=True,
)
