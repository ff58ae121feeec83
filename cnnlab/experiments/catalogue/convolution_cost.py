"""What does a convolution cost, forth and back, written in five ways? An experiment of chapter 9.

It is the second convolution of that chapter's network, 16 maps of 4x4 pixels to 32, on a few
images. The formula, the weights and the results are the same; only the way of writing differs.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from cnnlab._types import Array
from cnnlab.experiments.core import Configuration, Experiment, Quantity, Row
from cnnlab.experiments.timing import milliseconds, one_torch_thread
from cnnlab.nn import functional as F
from cnnlab.nn.convolution import conv2d_naive
from cnnlab.nn.convolution_back import conv2d_backward, conv2d_backward_naive

Nested = list[Any]  # nested lists of numbers

ARMS = {
    "lists": "plain Python lists",
    "naive": "the definition: NumPy, place by place",
    "patches": "unfold, one matrix product, fold",
    "cnnlab": "cnnlab",
    "torch": "torch",
}


def tensors(configuration: Configuration) -> tuple[Array, Array, Array]:
    """Input, kernels and arriving gradient: normal noise, float32."""
    N, C, C_out, size = (
        configuration[key] for key in ("batch_size", "channels", "out_channels", "size")
    )
    rng = np.random.default_rng(0)
    shapes = (N, C, size, size), (C_out, C, 3, 3), (N, C_out, size, size)
    x, weight, grad = (rng.normal(size=shape).astype(np.float32) for shape in shapes)
    return x, weight, grad


def forward_with_lists(x: Nested, weight: Nested) -> Nested:
    """Convolve nested lists, one product after the other; `x` already has its frame of zeros."""
    H, W = len(x[0][0]) - 2, len(x[0][0][0]) - 2
    return [
        [
            [
                [
                    sum(
                        w * channel[i + a][j + b]
                        for channel, rows in zip(image, kernel, strict=True)
                        for a, row in enumerate(rows)
                        for b, w in enumerate(row)
                    )
                    for j in range(W)
                ]
                for i in range(H)
            ]
            for kernel in weight
        ]
        for image in x
    ]


def backward_with_lists(x: Nested, weight: Nested, grad: Nested) -> tuple[Nested, Nested]:
    """Send each product's gradient to its two factors; both results are nested lists."""
    H, W, C = len(grad[0][0]), len(grad[0][0][0]), len(weight[0])
    grad_x = [[[[0.0] * (W + 2) for _ in range(H + 2)] for _ in range(C)] for _ in x]
    grad_weight = [[[[0.0] * 3 for _ in range(3)] for _ in range(C)] for _ in weight]
    for image, grads, grad_image in zip(x, grad, grad_x, strict=True):
        for kernel, maps, grad_kernel in zip(weight, grads, grad_weight, strict=True):
            for i in range(H):
                for j in range(W):
                    g = maps[i][j]
                    for c in range(C):
                        for a in range(3):
                            for b in range(3):
                                grad_image[c][i + a][j + b] += g * kernel[c][a][b]
                                grad_kernel[c][a][b] += g * image[c][i + a][j + b]
    return grad_x, grad_weight


def forward_with_patches(x: Array, weight: Array) -> Array:
    """Convolve by one matrix product for the windows of all images."""
    N, _, H, W = x.shape
    y: Array = weight.reshape(len(weight), -1) @ F.unfold(x, 3, padding=1)
    return y.reshape(N, -1, H, W)


def backward_with_patches(x: Array, weight: Array, grad: Array) -> tuple[Array, Array]:
    """Turn the matrix product round, and fold the windows back."""
    N, _, H, W = x.shape
    kernels, rows = weight.reshape(len(weight), -1), grad.reshape(N, len(weight), -1)
    grad_kernels = np.tensordot(rows, F.unfold(x, 3, padding=1), axes=((0, 2), (0, 2)))
    grad_x = F.fold(kernels.T @ rows, (H, W), 3, padding=1)
    return grad_x, grad_kernels.reshape(weight.shape)


def passes(arm: str, configuration: Configuration) -> tuple[Callable[[], Any], Callable[[], Any]]:
    """Give the two calls that are timed; their inputs are prepared beforehand.

    Parameters
    ----------
    arm : str
        A key of ``ARMS``.
    configuration : mapping

    Returns
    -------
    forward, backward : callable
        Without arguments. The second returns the gradients of input and kernels; for lists the
        former still has the frame.
    """
    x, weight, grad = tensors(configuration)
    if arm == "lists":
        framed = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
        nested = framed.tolist(), weight.tolist()
        arriving = grad.tolist()
        return lambda: forward_with_lists(*nested), lambda: backward_with_lists(*nested, arriving)
    if arm == "torch":
        return _torch_passes(x, weight, grad)
    if arm == "patches":
        return (
            lambda: forward_with_patches(x, weight),
            lambda: backward_with_patches(x, weight, grad),
        )
    forward = conv2d_naive if arm == "naive" else F.conv2d
    backward = conv2d_backward_naive if arm == "naive" else conv2d_backward
    return (
        lambda: forward(x, weight, padding=1),
        lambda: backward(grad, x, weight, padding=1)[:2],
    )


def _torch_passes(
    x: Array, weight: Array, grad: Array
) -> tuple[Callable[[], Any], Callable[[], Any]]:
    torch = one_torch_thread()
    image, kernel, arriving = (torch.from_numpy(array) for array in (x, weight, grad))

    def forward() -> Any:
        with torch.no_grad():
            return torch.nn.functional.conv2d(image, kernel, padding=1)

    def backward() -> Any:
        both = [True, True, False]
        return torch.ops.aten.convolution_backward(
            arriving, image, kernel, None, [1, 1], [1, 1], [1, 1], False, [0, 0], 1, both
        )[:2]

    return forward, backward


def run(arm: str, seed: int, configuration: Configuration) -> Row:
    """Time one way of writing it; the seed only numbers the repetition."""
    calls = passes(arm, configuration)
    medians = milliseconds(*calls, repeats=configuration["repeats"], warm_up=1)
    return dict(zip(("forward_ms", "backward_ms"), medians, strict=True))


def data(configuration: Configuration) -> tuple[str, Mapping[str, Array]]:
    """Give noise: the time of a convolution does not hang on the picture."""
    x, weight, grad = tensors(configuration)
    return "normal noise, generator seed 0", {"x": x, "weight": weight, "grad": grad}


EXPERIMENT = Experiment(
    name="convolution_cost",
    question="What does a convolution cost, forth and back, and what does the way of writing it?",
    arms=ARMS,
    held_equal=("input, kernels and gradient, float32", "one thread", "the results, but rounding"),
    quantities={
        "forward_ms": Quantity("ms", "median processor time of the forward pass, all images"),
        "backward_ms": Quantity("ms", "the same for the gradients of input and kernels"),
    },
    run=run,
    full={"batch_size": 10, "channels": 16, "out_channels": 32, "size": 4, "repeats": 3},
    quick={"batch_size": 2, "channels": 4, "out_channels": 4, "size": 4, "repeats": 2},
    data=data,
    packages=("torch",),
    alone=True,
)
