"""Circular padding: an image on a ring, where the right border touches the left. Chapters 4 and 5.

A frame of zeros tells a convolution where the image ends, and so where it is. On a ring there is no
end: what leaves on one side comes in on the other, and no pixel is nearer to a border than another.
"""

from operator import attrgetter
from typing import Any

import numpy as np

from cnnlab import _checks
from cnnlab._types import Array
from cnnlab.nn.module import Module
from cnnlab.shapes import Window

Frame = tuple[int, int, int, int]  # (left, right, top, bottom) in pixels, in torch's order


def _frame(who: str, padding: Any) -> Frame:
    """Return the four widths of the frame from one int or from four."""
    if not isinstance(padding, tuple | list):
        padding = (padding,) * 4
    if len(padding) != 4:
        raise ValueError(
            f"{who}: padding = {padding!r} has {len(padding)} entries, needed one int or 4 = "
            f"(left, right, top, bottom)."
        )
    left, right, top, bottom = (_checks.integer(who, "padding", width, 0) for width in padding)
    return left, right, top, bottom


def _check_size(who: str, frame: Frame, H: int, W: int) -> None:
    """Say so if the frame goes around more than once."""
    left, right, top, bottom = frame
    if max(left, right) > W or max(top, bottom) > H:
        raise ValueError(
            f"{who}: padding = {frame} for {H}x{W} pixels, needed at most {W} on the left and "
            f"right and {H} at the top and bottom: once around."
        )


def circular_pad2d_naive(input: Array, padding: int | Frame) -> Array:
    """Pad by the definition: one pixel after another (slow, for reading).

    Arguments and result as for :func:`circular_pad2d`.
    """
    who = "circular_pad2d"
    left, right, top, bottom = frame = _frame(who, padding)
    x = _checks.images(who, input)
    *lead, H, W = x.shape
    _check_size(who, frame, H, W)
    y = np.empty((*lead, top + H + bottom, left + W + right), dtype=x.dtype)
    for i, j in np.ndindex(*y.shape[-2:]):
        y[..., i, j] = x[..., (i - top) % H, (j - left) % W]
    return y


def circular_pad2d(input: Array, padding: int | Frame) -> Array:
    """Surround the images by their own opposite borders.

    Parameters
    ----------
    input : array of shape (N, C, H, W) or (C, H, W)
    padding : int or tuple of int
        Width of the frame in pixels, the same everywhere or (left, right, top, bottom); at most
        the size of the image.

    Returns
    -------
    array of shape (N, C, top + H + bottom, left + W + right), or without N; dtype of the input

    Raises
    ------
    ValueError
        If the frame is wider than the image, or negative.
    TypeError
        If the input is not an array of real numbers.

    Examples
    --------
    >>> circular_pad2d(np.array([[[1, 2, 3]]]), (1, 2, 0, 0))
    array([[[3, 1, 2, 3, 1, 2]]])
    """
    who = "circular_pad2d"
    left, right, top, bottom = frame = _frame(who, padding)
    x = _checks.images(who, input)
    *lead, H, W = x.shape
    _check_size(who, frame, H, W)
    y: Array = np.pad(x, [*[(0, 0)] * len(lead), (top, bottom), (left, right)], mode="wrap")
    return y


def circular_pad2d_backward(grad_output: Array, input: Array, padding: int | Frame) -> Array:
    """Fold the frame back: a pixel receives the gradients of all places that show it.

    Parameters
    ----------
    grad_output : array of the shape of the output
        Gradient of the loss with respect to the output of :func:`circular_pad2d`.
    input, padding
        What :func:`circular_pad2d` was given; of `input` only shape and dtype matter.

    Returns
    -------
    array of the shape of `input`

    Examples
    --------
    >>> x = np.array([[[1.0, 2.0, 3.0]]])
    >>> circular_pad2d_backward(np.ones((1, 1, 6)), x, (1, 2, 0, 0))
    array([[[2., 2., 2.]]])
    """
    who = "circular_pad2d_backward"
    left, right, top, bottom = frame = _frame(who, padding)
    x = _checks.images(who, input)
    *lead, H, W = x.shape
    _check_size(who, frame, H, W)
    shape = (*lead, top + H + bottom, left + W + right)
    grad = _checks.gradient(who, grad_output, shape, x.dtype)
    columns_folded = _folded(grad, left, W)
    return _folded(columns_folded.swapaxes(-1, -2), top, H).swapaxes(-1, -2)


def _folded(grad: Array, before: int, size: int) -> Array:
    """Add both ends of the last axis to the pixels that they show."""
    first, own, last = np.split(grad, [before, before + size], axis=-1)
    folded = own.copy()
    folded[..., size - before :] += first
    folded[..., : last.shape[-1]] += last
    return folded


class CircularPad2d(Module):
    """Layer that closes images to a ring (torch.nn.CircularPad2d): no parameters.

    Parameters
    ----------
    padding : int or tuple of int
        As for :func:`circular_pad2d`.

    Examples
    --------
    A convolution without a border:

    >>> from cnnlab import nn
    >>> model = nn.Sequential(nn.CircularPad2d(1), nn.Conv2d(1, 4, kernel_size=3))
    >>> model.output_shape((1, 8, 8))
    (4, 8, 8)
    """

    padding = property(attrgetter("_padding"), doc="Width of the frame.")

    def __init__(self, padding: int | Frame) -> None:
        self._padding = _frame("CircularPad2d", padding)
        self._x: Array | None = None

    def forward(self, x: Array) -> Array:
        """Pad a batch (N, C, H, W) or one image (C, H, W)."""
        y = circular_pad2d(x, self._padding)
        self._x = x
        return y

    def backward(self, grad_output: Array) -> Array:
        """Fold the frame back."""
        return circular_pad2d_backward(grad_output, self._saved("_x"), self._padding)

    @property
    def window(self) -> Window:
        """A single pixel: padding looks at no neighbours."""
        return Window((1, 1))

    def output_shape(self, input_shape: tuple[int, ...]) -> tuple[int, ...]:
        """(C, top + H + bottom, left + W + right) for an image (C, H, W)."""
        C, H, W = _checks.image_shape("CircularPad2d", input_shape)
        _check_size("CircularPad2d", self._padding, H, W)
        left, right, top, bottom = self._padding
        return C, top + H + bottom, left + W + right

    def extra_repr(self) -> str:
        """Width of the frame, once if it is the same everywhere."""
        widths = set(self._padding)
        return f"padding={widths.pop() if len(widths) == 1 else self._padding}"
