"""Adaptive pooling: name the size of the output, and the windows follow. Chapter 4.

With output size 1 this is *global* pooling: one number for each map, however large it is. In
general output number i of o looks at the pixels from floor(i n / o) up to ceil((i + 1) n / o), see
:func:`spans`. Where o divides n, this is ordinary pooling with windows of n / o, and is left to it.
Where it does not, windows differ in size and overlap.

A window is some rows times some columns, so both poolings go along one axis and then along the
other: a mean of means of equally many pixels is the mean, a maximum of maxima is the maximum.
"""

import math
from operator import attrgetter
from typing import Any, Literal, overload

import numpy as np

from cnnlab import _checks
from cnnlab._types import Array
from cnnlab.nn.avgpool import avg_pool2d, avg_pool2d_backward
from cnnlab.nn.maxpool import max_pool2d, max_pool2d_backward
from cnnlab.nn.module import Module, changed, short

Size = int | tuple[int | None, int | None]


def spans(size: int, positions: int) -> list[slice]:
    """Pixels of each window along one axis.

    Examples
    --------
    >>> spans(6, 3)
    [slice(0, 2, None), slice(2, 4, None), slice(4, 6, None)]
    >>> spans(7, 3)
    [slice(0, 3, None), slice(2, 5, None), slice(4, 7, None)]
    """
    return [slice(i * size // positions, -(-(i + 1) * size // positions)) for i in range(positions)]


def _wanted(who: str, output_size: Any) -> tuple[int | None, int | None]:
    """Return the size of the output as a pair, in which None stands for the input's own."""
    if not isinstance(output_size, tuple | list):
        size = _checks.integer(who, "output_size", output_size, 0)
        return size, size
    if len(output_size) != 2:
        raise ValueError(
            f"{who}: output_size = {output_size!r} has {len(output_size)} entries, needed one int "
            f"or a pair (vertical, horizontal)."
        )
    rows, columns = (
        entry if entry is None else _checks.integer(who, f"output_size[{axis}]", entry, 0)
        for axis, entry in enumerate(output_size)
    )
    return rows, columns


def _sizes(who: str, output_size: Any, H: int, W: int) -> tuple[int, int]:
    """Size of the output for an input of H by W pixels."""
    rows, columns = _wanted(who, output_size)
    return H if rows is None else rows, W if columns is None else columns


def _ordinary(H: int, W: int, H_out: int, W_out: int) -> tuple[int, int] | None:
    """Window of the ordinary pooling that does the same, if there is one."""
    if H_out and W_out and H % H_out == W % W_out == 0:
        return H // H_out, W // W_out
    return None


def adaptive_avg_pool2d(input: Array, output_size: Size) -> Array:
    """Average-pool to a given size (torch's F.adaptive_avg_pool2d).

    Parameters
    ----------
    input : array of shape (N, C, H, W) or (C, H, W)
        float32 or float64; integers and booleans become float64.
    output_size : int or pair of (int or None)
        (H_out, W_out) in pixels, also 0 or more than the input has; None keeps the input's size
        along that axis.

    Returns
    -------
    array of shape (N, C, H_out, W_out) or (C, H_out, W_out)

    Raises
    ------
    ValueError, TypeError
        If `output_size` is no such size, or the input no array of images.

    Examples
    --------
    >>> x = np.arange(16).reshape(1, 4, 4)
    >>> adaptive_avg_pool2d(x, 1)
    array([[[7.5]]])
    >>> adaptive_avg_pool2d(x, (2, 1))[0]
    array([[ 3.5],
           [11.5]])
    """
    who = "adaptive_avg_pool2d"
    x = _checks.floating(who, "input", _checks.images(who, input))
    *lead, H, W = x.shape
    H_out, W_out = _sizes(who, output_size, H, W)
    if window := _ordinary(H, W, H_out, W_out):
        return avg_pool2d(x, window)
    within_rows = np.empty((*lead, H, W_out), dtype=x.dtype)
    for j, columns in enumerate(spans(W, W_out)):
        within_rows[..., j] = x[..., columns].mean(axis=-1)
    y = np.empty((*lead, H_out, W_out), dtype=x.dtype)
    for i, rows in enumerate(spans(H, H_out)):
        y[..., i, :] = within_rows[..., rows, :].mean(axis=-2)
    return y


def adaptive_avg_pool2d_backward(grad_output: Array, input: Array, output_size: Size) -> Array:
    """Share each output's gradient equally among the pixels of its window.

    Parameters
    ----------
    grad_output : array of shape (N, C, H_out, W_out) or (C, H_out, W_out)
        Gradient of the loss with respect to the output of :func:`adaptive_avg_pool2d`.
    input, output_size
        What :func:`adaptive_avg_pool2d` was given; of `input` only shape and dtype matter.

    Returns
    -------
    array of the shape of `input`
    """
    who = "adaptive_avg_pool2d_backward"
    x = _checks.images(who, input)
    *lead, H, W = x.shape
    H_out, W_out = _sizes(who, output_size, H, W)
    grad = _checks.gradient(who, grad_output, (*lead, H_out, W_out), x.dtype)
    if window := _ordinary(H, W, H_out, W_out):
        return avg_pool2d_backward(grad, x, window)
    within_rows = np.zeros((*lead, H, W_out), dtype=grad.dtype)
    for i, rows in enumerate(spans(H, H_out)):
        within_rows[..., rows, :] += grad[..., i, None, :] / (rows.stop - rows.start)
    grad_input = np.zeros(x.shape, dtype=grad.dtype)
    for j, columns in enumerate(spans(W, W_out)):
        grad_input[..., columns] += within_rows[..., j, None] / (columns.stop - columns.start)
    return grad_input


@overload
def adaptive_max_pool2d(
    input: Array, output_size: Size, return_indices: Literal[False] = ...
) -> Array: ...
@overload
def adaptive_max_pool2d(
    input: Array, output_size: Size, return_indices: Literal[True]
) -> tuple[Array, Array]: ...
def adaptive_max_pool2d(
    input: Array, output_size: Size, return_indices: bool = False
) -> Array | tuple[Array, Array]:
    """Max-pool to a given size (torch's F.adaptive_max_pool2d).

    Parameters
    ----------
    input : array of shape (N, C, H, W) or (C, H, W)
        Any real dtype, which is kept.
    output_size : int or pair of (int or None)
        As for :func:`adaptive_avg_pool2d`.
    return_indices : bool, default False
        Also return where each maximum came from.

    Returns
    -------
    y : array of shape (N, C, H_out, W_out) or (C, H_out, W_out)
        NaN where a window contains one.
    indices : int64 array of the same shape, only with ``return_indices=True``
        Position of each winner in its flattened map, ``row * W + column``. Among equals the first
        in reading order wins (among several NaN the last, as in torch).

    Raises
    ------
    ValueError, TypeError
        If `output_size` is no such size, or the input no array of images.

    Examples
    --------
    >>> x = np.array([[[1, 3, 2], [4, 2, 9]]])
    >>> adaptive_max_pool2d(x, 1, return_indices=True)
    (array([[[9]]]), array([[[5]]]))
    """
    x = _checks.images("adaptive_max_pool2d", input)
    H, W = x.shape[-2:]
    H_out, W_out = _sizes("adaptive_max_pool2d", output_size, H, W)
    if window := _ordinary(H, W, H_out, W_out):
        return (
            max_pool2d(x, window, return_indices=True) if return_indices else max_pool2d(x, window)
        )
    y, indices = _max_and_indices(x, H_out, W_out)
    return (y, indices) if return_indices else y


def _max_and_indices(x: Array, H_out: int, W_out: int) -> tuple[Array, Array]:
    """Maximum of each window, and its position in the flattened map."""
    columns = _winners(x, W_out, axis=-1)  # (..., H, W_out)
    within_rows = np.take_along_axis(x, columns, axis=-1)
    rows = _winners(within_rows, H_out, axis=-2)  # (..., H_out, W_out)
    y = np.take_along_axis(within_rows, rows, axis=-2)
    return y, rows * x.shape[-1] + np.take_along_axis(columns, rows, axis=-2)


def _winners(x: Array, positions: int, axis: int) -> Array:
    """Where along one axis each window has its maximum."""
    winners = np.empty((*x.shape[:axis], positions, *x.shape[axis:][1:]), dtype=np.int64)
    by_position, pixels = np.moveaxis(winners, axis, 0), np.moveaxis(x, axis, -1)
    for i, span in enumerate(spans(x.shape[axis], positions)):
        window = pixels[..., span]
        first = window.argmax(axis=-1)
        nan = window != window  # a NaN equals nothing, not even itself
        if nan.any():
            last = window.shape[-1] - 1 - nan[..., ::-1].argmax(axis=-1)
            first = np.where(nan.any(axis=-1), last, first)
        by_position[i] = span.start + first
    return winners


def adaptive_max_pool2d_backward(
    grad_output: Array, input: Array, output_size: Size, *, output: Array | None = None
) -> Array:
    """Send each output's gradient to the pixel that won its window.

    Parameters
    ----------
    grad_output : array of shape (N, C, H_out, W_out) or (C, H_out, W_out)
        Gradient of the loss with respect to the output of :func:`adaptive_max_pool2d`.
    input, output_size
        What :func:`adaptive_max_pool2d` was given.
    output : array, optional
        What it returned. Saves a computation where `output_size` divides the size of the input.

    Returns
    -------
    array of the shape of `input`
        A pixel that won several windows gets the sum.
    """
    who = "adaptive_max_pool2d_backward"
    x = _checks.images(who, input)
    *lead, H, W = x.shape
    H_out, W_out = _sizes(who, output_size, H, W)
    grad = _checks.gradient(who, grad_output, (*lead, H_out, W_out), x.dtype)
    if window := _ordinary(H, W, H_out, W_out):
        return max_pool2d_backward(grad, x, window, output=output)
    indices = _max_and_indices(x, H_out, W_out)[1]
    maps = math.prod(lead)
    firsts = (np.arange(maps) * (H * W)).reshape(*lead, 1, 1)  # where each map starts
    grad_input = np.zeros(maps * H * W, dtype=grad.dtype)
    np.add.at(grad_input, (firsts + indices).ravel(), grad.ravel())
    return grad_input.reshape(x.shape)


class _AdaptivePool2d(Module):
    """Base of the adaptive layers: no parameters, a size, and what ``repr`` shows."""

    output_size = property(
        attrgetter("_output_size"), doc="Rows and columns of the result; None where they stay."
    )

    def __init__(self, output_size: Size) -> None:
        self._output_size = _wanted(type(self).__name__, output_size)
        self._x: Array | None = None

    def output_shape(self, input_shape: tuple[int, ...]) -> tuple[int, ...]:
        """(C, H_out, W_out) for an image (C, H, W)."""
        C, H, W = _checks.image_shape(repr(self), input_shape)
        return (C, *_sizes(repr(self), self.output_size, H, W))

    def extra_repr(self) -> str:
        """Size of the output."""
        size = self.output_size
        return f"output_size={size if size == (None, None) else short(size)}"


class AdaptiveAvgPool2d(_AdaptivePool2d):
    """Adaptive average pooling (torch.nn.AdaptiveAvgPool2d); size 1 is global average pooling.

    Parameters
    ----------
    output_size : int or pair of (int or None)
        As for :func:`adaptive_avg_pool2d`.

    References
    ----------
    Lin, Chen and Yan (2014), arXiv:1312.4400, section 3.2, for global average pooling.

    Examples
    --------
    >>> AdaptiveAvgPool2d(1)(np.ones((2, 16, 7, 7))).shape
    (2, 16, 1, 1)
    """

    def forward(self, x: Array) -> Array:
        """Pool a batch (N, C, H, W) or one image (C, H, W)."""
        y = adaptive_avg_pool2d(x, self.output_size)
        self._x = x
        return y

    def backward(self, grad_output: Array) -> Array:
        """Share the gradient among the windows."""
        return adaptive_avg_pool2d_backward(grad_output, self._saved("_x"), self.output_size)


class AdaptiveMaxPool2d(_AdaptivePool2d):
    """Adaptive max pooling (torch.nn.AdaptiveMaxPool2d); size 1 is global max pooling.

    Parameters
    ----------
    output_size : int or pair of (int or None)
        As for :func:`adaptive_max_pool2d`.
    return_indices : bool, default False
        Return ``(y, indices)`` instead of ``y``.

    Examples
    --------
    >>> layer = AdaptiveMaxPool2d(1)
    >>> layer(np.array([[[1.0, 3.0], [4.0, 2.0]]]))
    array([[[4.]]])
    >>> layer.backward(np.array([[[10.0]]]))
    array([[[ 0.,  0.],
            [10.,  0.]]])
    """

    def __init__(self, output_size: Size, return_indices: bool = False) -> None:
        super().__init__(output_size)
        self.return_indices = return_indices
        self._y: Array | None = None

    def forward(self, x: Array) -> Array:
        """Pool a batch (N, C, H, W) or one image (C, H, W)."""
        if self.return_indices:
            y, indices = adaptive_max_pool2d(x, self.output_size, return_indices=True)
        else:
            y, indices = adaptive_max_pool2d(x, self.output_size), None
        self._x, self._y = x, y.copy()  # whoever gets y may write into it
        return y if indices is None else (y, indices)  # type: ignore[return-value]

    def backward(self, grad_output: Array) -> Array:
        """Send the gradient to the winners."""
        x, y = self._saved("_x", "_y")
        return adaptive_max_pool2d_backward(grad_output, x, self.output_size, output=y)

    def extra_repr(self) -> str:
        """Size of the output, and whether there are indices."""
        return super().extra_repr() + changed(self, {"return_indices": False})
