"""What forward and backward pass of a convolution share: its geometry, its checks, its patches.

The convolution itself is in :mod:`cnnlab.nn.convolution`. Chapters 1 and 9.
"""

from collections.abc import Iterator
from typing import Any, Literal

import numpy as np

from cnnlab import _checks, shapes, windows
from cnnlab._types import Array, IntPair

Padding = IntPair | Literal["same", "valid"]


class ConvGeometry:
    """Everything about a convolution that does not depend on the numbers in it."""

    def __init__(
        self, who: str, kernel_size: Any, stride: Any, padding: Any, dilation: Any, groups: Any
    ) -> None:
        self.who = who
        self.kernel = _checks.pair(who, "kernel_size", kernel_size, 1)
        self.stride = _checks.pair(who, "stride", stride, 1)
        self.dilation = _checks.pair(who, "dilation", dilation, 1)
        self.groups = _checks.integer(who, "groups", groups, 1)
        self.padding = padding
        self.pads: windows.Pads
        if not isinstance(padding, str):
            self.padding = pH, pW = _checks.pair(who, "padding", padding, 0)
            self.pads = ((pH, pH), (pW, pW))
        elif padding == "valid":
            self.pads = ((0, 0), (0, 0))
        elif padding == "same":
            if self.stride != (1, 1):
                raise ValueError(
                    f"{who}: padding='same' with stride {self.stride}, needed stride 1. Give the "
                    f"padding as a number."
                )
            vertical, horizontal = map(shapes.same_padding, self.kernel, self.dilation)
            self.pads = (vertical, horizontal)
        else:
            raise ValueError(f"{who}: padding = {padding!r}, needed 'same', 'valid' or a number.")

    def output(self, H: int, W: int) -> tuple[int, int]:
        """Size of the output map for an input of H by W pixels."""
        sizes = []
        for axis, size in enumerate((H, W)):
            padded = size + sum(self.pads[axis])
            reach = self.dilation[axis] * (self.kernel[axis] - 1) + 1
            if reach > padded:
                raise ValueError(
                    f"{self.who}: the input of {H}x{W} pixels is {padded} along axis "
                    f"{'HW'[axis]} with its padding, needed at least {reach} for the window. Use "
                    f"a smaller kernel, less dilation or more padding."
                )
            sizes.append((padded - reach) // self.stride[axis] + 1)
        return sizes[0], sizes[1]

    def windows(self, x: Array) -> Array:
        """All windows of the padded `x` (..., H_out, W_out, kH, kW)."""
        return windows.windows(x, self.kernel, self.stride, self.dilation)


def check(
    input: Array, weight: Array, stride: Any, padding: Any, dilation: Any, groups: Any
) -> tuple[Array, Array, ConvGeometry]:
    """Return the input as (N, C, H, W), the weight, and the geometry, or say what does not fit."""
    x = _checks.images("conv2d", input)
    weight = _checks.floating("conv2d", "weight", weight)
    x = _checks.same_dtype("conv2d", "input", x, "weight", weight)
    if weight.ndim != 4:
        raise ValueError(
            f"conv2d: the weight of shape {weight.shape} has {weight.ndim} axes, needed 4 = "
            f"(out_channels, in_channels / groups, kH, kW)."
        )
    if not weight.size:
        raise ValueError(f"conv2d: the weight of shape {weight.shape} is empty, needed no size 0.")
    geometry = ConvGeometry("conv2d", weight.shape[2:], stride, padding, dilation, groups)
    C_out, C_group = weight.shape[:2]
    if C_out % geometry.groups:
        raise ValueError(
            f"conv2d: {C_out} output channels do not divide into groups = {geometry.groups}."
        )
    if x.shape[-3] != C_group * geometry.groups:
        raise ValueError(
            f"conv2d: the input of shape {x.shape} has {x.shape[-3]} channels, needed "
            f"{C_group * geometry.groups} for a weight of shape {weight.shape} with groups = "
            f"{geometry.groups}."
        )
    return x.reshape(-1, *x.shape[-3:]), weight, geometry


def check_bias(bias: Array | None, weight: Array) -> Array | None:
    """Return the bias in the dtype of the weight, if there is one."""
    if bias is None:
        return None
    bias = _checks.array("conv2d", "bias", bias)
    bias = _checks.same_dtype("conv2d", "bias", bias, "weight", weight)
    return _checks.shape("conv2d", "bias", bias, weight.shape[:1])


def check_gradient(
    who: str, grad_output: Array, input: Array, weight: Array, geometry: ConvGeometry
) -> Array:
    """Return the gradient of the output as (N, out_channels, H_out, W_out)."""
    output_shape = (len(weight), *geometry.output(*input.shape[-2:]))
    expected = (*input.shape[:-3], *output_shape)
    grad = _checks.gradient(who, grad_output, expected, weight.dtype)
    return grad.reshape(-1, *output_shape)


def patches_of(
    images: Array, frame: Array, inside: Array, geometry: ConvGeometry, stride: tuple[int, int]
) -> Iterator[Array]:
    """Put one image after the other into a frame, and yield the frame's windows as columns.

    Yields (groups, C / groups * kH * kW, positions): the same buffer each time, filled anew.
    """
    seen = windows.windows(frame, geometry.kernel, stride, geometry.dilation)
    seen = seen.transpose(0, 3, 4, 1, 2)  # (C, kH, kW, H_out, W_out)
    buffer = np.empty(seen.shape, dtype=frame.dtype)
    columns = buffer.reshape(geometry.groups, -1, seen.shape[-2] * seen.shape[-1])
    for image in images:
        inside[...] = image
        np.copyto(buffer, seen)
        yield columns
