"""Unfold and fold: all windows of an image as the columns of a matrix, and back. Chapter 1.

With its windows as columns, a convolution is one matrix product (im2col). Fold is the adjoint, not
the inverse: a pixel of several windows gets the sum of all its copies.
"""

from typing import Any

import numpy as np

from cnnlab import _checks, shapes, windows
from cnnlab._types import Array, IntPair


class _Blocks:
    """Where the windows lie: what unfold and fold have in common."""

    def __init__(
        self, who: str, kernel_size: Any, dilation: Any, padding: Any, stride: Any
    ) -> None:
        self.who = who
        self.kernel = _checks.pair(who, "kernel_size", kernel_size, 1)
        self.dilation = _checks.pair(who, "dilation", dilation, 1)
        self.padding = pH, pW = _checks.pair(who, "padding", padding, 0)
        self.stride = _checks.pair(who, "stride", stride, 1)
        self.pads = ((pH, pH), (pW, pW))

    def positions(self, sizes: tuple[int, ...]) -> tuple[int, int]:
        """Number of windows along both axes of an image (H, W)."""
        result = []
        for axis, size in enumerate(sizes):
            k, s, p, d = (
                pair[axis] for pair in (self.kernel, self.stride, self.padding, self.dilation)
            )
            if size + 2 * p < d * (k - 1) + 1:
                raise ValueError(
                    f"{self.who}: the image of {sizes[0]}x{sizes[1]} pixels is {size + 2 * p} "
                    f"along axis {'HW'[axis]} with its padding, needed at least {d * (k - 1) + 1} "
                    f"for the window. Use a smaller kernel, less dilation or more padding."
                )
            result.append(shapes.window_positions(size, k, s, p, d, ceil_mode=False))
        return result[0], result[1]

    def window(self, i: int, j: int) -> tuple[Any, ...]:
        """Pixels of the padded image that window (i, j) shows."""
        spans = []
        for axis, position in enumerate((i, j)):
            start, d = position * self.stride[axis], self.dilation[axis]
            spans.append(slice(start, start + d * (self.kernel[axis] - 1) + 1, d))
        return (..., *spans)


def unfold_naive(
    input: Array,
    kernel_size: IntPair,
    dilation: IntPair = 1,
    padding: IntPair = 0,
    stride: IntPair = 1,
) -> Array:
    """Unfold by the definition: one column after the other (slow, for reading).

    Arguments and result as for :func:`unfold`.
    """
    x = _checks.images("unfold", input)
    blocks = _Blocks("unfold", kernel_size, dilation, padding, stride)
    H_out, W_out = blocks.positions(x.shape[-2:])
    padded = windows.pad(x, blocks.pads)
    *lead, C = x.shape[:-2]
    rows = C * blocks.kernel[0] * blocks.kernel[1]
    y = np.empty((*lead, rows, H_out * W_out), dtype=x.dtype)
    for column, (i, j) in enumerate(np.ndindex(H_out, W_out)):
        y[..., column] = padded[blocks.window(i, j)].reshape(*lead, rows)
    return y


def unfold(
    input: Array,
    kernel_size: IntPair,
    dilation: IntPair = 1,
    padding: IntPair = 0,
    stride: IntPair = 1,
) -> Array:
    """Write all windows side by side as columns (torch's F.unfold, known as im2col).

    Parameters
    ----------
    input : array of shape (N, C, H, W) or (C, H, W)
        Any real dtype, which is kept.
    kernel_size : int or pair
        Window (kH, kW), in pixels.
    dilation : int or pair, default 1
        Distance between neighbouring window entries, in pixels.
    padding : int or pair, default 0
        Pixels of 0 on each side.
    stride : int or pair, default 1
        Step from window to window, in pixels. Mind that it comes last, as in torch.

    Returns
    -------
    array of shape (N, C * kH * kW, L) or (C * kH * kW, L)
        Column l is window number l in reading order; its entries are sorted by channel, then row,
        then column. A copy: an image of 3x3 windows takes nine times its memory.

    Raises
    ------
    ValueError
        If the window does not fit into the padded image.
    TypeError
        If the input is not an array of real numbers.

    Examples
    --------
    >>> x = np.array([[[1, 2, 3], [4, 5, 6]]])
    >>> unfold(x, 2)
    array([[1, 2],
           [2, 3],
           [4, 5],
           [5, 6]])

    A convolution with one filter of four weights:

    >>> np.array([[1, 0, 0, 1]]) @ unfold(x, 2)
    array([[6, 8]])
    """
    x = _checks.images("unfold", input)
    blocks = _Blocks("unfold", kernel_size, dilation, padding, stride)
    blocks.positions(x.shape[-2:])  # says so where the window does not fit
    padded = windows.pad(x, blocks.pads)
    seen = windows.windows(padded, blocks.kernel, blocks.stride, blocks.dilation)
    *lead, C, H_out, W_out, kH, kW = seen.shape
    columns = np.moveaxis(seen, (-2, -1), (-4, -3))  # (..., C, kH, kW, H_out, W_out)
    return columns.copy().reshape(*lead, C * kH * kW, H_out * W_out)


def _columns(input: Array, blocks: _Blocks, sizes: tuple[int, int]) -> Array:
    """Return the columns as (..., C, kH, kW, H_out, W_out), or say what does not fit."""
    who = blocks.who
    columns = _checks.floating(who, "input", input)
    if columns.ndim not in (2, 3):
        raise ValueError(
            f"{who}: the input of shape {columns.shape} has {columns.ndim} axes, needed 3 = "
            f"(N, C * kH * kW, L) or 2 = (C * kH * kW, L)."
        )
    H_out, W_out = blocks.positions(sizes)
    kH, kW = blocks.kernel
    *lead, rows, L = columns.shape
    if rows == 0 or rows % (kH * kW):
        raise ValueError(
            f"{who}: the input of shape {columns.shape} has {rows} rows, needed a multiple of "
            f"{kH * kW} for windows of {kH}x{kW}."
        )
    if H_out * W_out != L:
        raise ValueError(
            f"{who}: the input of shape {columns.shape} has {L} columns, needed {H_out * W_out}: "
            f"an image of {sizes[0]}x{sizes[1]} pixels has {H_out} times {W_out} such windows."
        )
    return columns.reshape(*lead, rows // (kH * kW), kH, kW, H_out, W_out)


def fold_naive(
    input: Array,
    output_size: IntPair,
    kernel_size: IntPair,
    dilation: IntPair = 1,
    padding: IntPair = 0,
    stride: IntPair = 1,
) -> Array:
    """Fold by the definition: add one window after the other (slow, for reading).

    Arguments and result as for :func:`fold`.
    """
    sizes = H, W = _checks.pair("fold", "output_size", output_size, 1)
    blocks = _Blocks("fold", kernel_size, dilation, padding, stride)
    columns = _columns(input, blocks, sizes)
    pH, pW = blocks.padding
    *lead, H_out, W_out = columns.shape
    padded = np.zeros((*lead[:-2], H + 2 * pH, W + 2 * pW), dtype=columns.dtype)
    for i, j in np.ndindex(H_out, W_out):
        padded[blocks.window(i, j)] += columns[..., i, j]
    return windows.crop(padded, blocks.pads).copy()


def fold(
    input: Array,
    output_size: IntPair,
    kernel_size: IntPair,
    dilation: IntPair = 1,
    padding: IntPair = 0,
    stride: IntPair = 1,
) -> Array:
    """Add columns back into an image (torch's F.fold, known as col2im): the adjoint of unfold.

    Parameters
    ----------
    input : array of shape (N, C * kH * kW, L) or (C * kH * kW, L)
        float32 or float64; integers and booleans become float64.
    output_size : int or pair
        Size (H, W) of the image, in pixels.
    kernel_size, dilation, padding, stride
        As for :func:`unfold`.

    Returns
    -------
    array of shape (N, C, H, W) or (C, H, W)
        Each pixel is the sum over all windows it takes part in, 0 if there is none.

    Raises
    ------
    ValueError
        If an image of that size does not have L such windows.
    TypeError
        If the input is not an array of real numbers.

    Examples
    --------
    >>> x = np.array([[[1, 2, 3], [4, 5, 6]]])
    >>> fold(unfold(x, 2), (2, 3), 2)[0]  # the middle pixels lie in both windows
    array([[ 1.,  4.,  3.],
           [ 4., 10.,  6.]])
    """
    sizes = H, W = _checks.pair("fold", "output_size", output_size, 1)
    blocks = _Blocks("fold", kernel_size, dilation, padding, stride)
    columns = _columns(input, blocks, sizes)
    pH, pW = blocks.padding
    entries = np.moveaxis(columns, (-4, -3), (-2, -1))  # (..., C, H_out, W_out, kH, kW)
    padded = windows.scatter(entries, (H + 2 * pH, W + 2 * pW), blocks.stride, blocks.dilation)
    return windows.crop(padded, blocks.pads).copy()
