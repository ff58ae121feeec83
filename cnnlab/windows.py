"""Windows: the one idea behind convolution, max pooling and average pooling.

All three look at the same sliding windows of a padded image and differ only in what they do with
the numbers inside. :func:`windows` shows the windows; :func:`scatter`, its adjoint, carries
gradients back: every pixel receives the sum over all windows it took part in. Chapters 1 to 3.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from cnnlab._types import Array

Pads = tuple[tuple[int, int], tuple[int, int]]  # ((top, bottom), (left, right)), in pixels


def pad(x: Array, pads: Pads, value: float = 0.0) -> Array:
    """Surround the images by a constant frame.

    Parameters
    ----------
    x : array of shape (..., H, W)
    pads : ((top, bottom), (left, right))
        Widths of the frame, in pixels.
    value : float, default 0
        What the frame is filled with: 0 for sums, -inf for maxima.

    Returns
    -------
    array of shape (..., top + H + bottom, left + W + right), dtype of x
        `x` itself, not a copy, when there is nothing to add.

    Examples
    --------
    >>> pad(np.array([[1, 2]]), ((0, 0), (1, 2)))
    array([[0, 1, 2, 0, 0]])
    """
    (top, bottom), (left, right) = pads
    if not (top or bottom or left or right):
        return x
    *lead, H, W = x.shape
    y = np.full((*lead, top + H + bottom, left + W + right), value, dtype=x.dtype)
    y[..., top : top + H, left : left + W] = x
    return y


def crop(x: Array, pads: Pads) -> Array:
    """Take the frame of :func:`pad` off again (a view)."""
    (top, bottom), (left, right) = pads
    return x[..., top : x.shape[-2] - bottom, left : x.shape[-1] - right]


def windows(
    x: Array,
    kernel_size: tuple[int, int],
    stride: tuple[int, int] = (1, 1),
    dilation: tuple[int, int] = (1, 1),
) -> Array:
    """Look at an image through a sliding window; nothing is copied.

    Parameters
    ----------
    x : array of shape (..., H, W)
        Already padded.
    kernel_size, stride, dilation : tuple of int
        (vertical, horizontal), in pixels.

    Returns
    -------
    read-only view of shape (..., H_out, W_out, kH, kW)

    Raises
    ------
    ValueError
        If the window does not fit into the image.

    Examples
    --------
    >>> x = np.arange(9).reshape(3, 3)
    >>> windows(x, (2, 2))[0, 1]
    array([[1, 2],
           [4, 5]])
    """
    (kH, kW), (sH, sW), (dH, dW) = kernel_size, stride, dilation
    reach = (dH * (kH - 1) + 1, dW * (kW - 1) + 1)
    if x.ndim < 2 or x.shape[-2] < reach[0] or x.shape[-1] < reach[1]:
        raise ValueError(
            f"windows: the image of shape {x.shape} came, needed (..., H, W) with H at least "
            f"{reach[0]} and W at least {reach[1]} for a window of {kH}x{kW} with dilation "
            f"({dH}, {dW}). Use a smaller window, less dilation or more padding."
        )
    view = sliding_window_view(x, reach, axis=(-2, -1))
    seen: Array = view[..., ::sH, ::sW, ::dH, ::dW]
    return seen


def scatter(
    g: Array,
    size: tuple[int, int],
    stride: tuple[int, int] = (1, 1),
    dilation: tuple[int, int] = (1, 1),
) -> Array:
    """Adjoint of :func:`windows`: add each window's entries back to where they came from.

    One strided addition per window entry, so overlapping windows add up and none is overwritten.

    Parameters
    ----------
    g : array of shape (..., H_out, W_out, kH, kW)
        One value for each entry of each window.
    size : (H, W)
        Size of the padded image, in pixels.
    stride, dilation : tuple of int
        As for :func:`windows`.

    Returns
    -------
    array of shape (..., H, W), dtype of g

    Examples
    --------
    Counts of how many 2x2 windows each pixel of a 3x3 image takes part in:

    >>> scatter(np.ones((2, 2, 2, 2), dtype=int), (3, 3))
    array([[1, 2, 1],
           [2, 4, 2],
           [1, 2, 1]])
    """
    *lead, H_out, W_out, kH, kW = g.shape
    x = np.zeros((*lead, *size), dtype=g.dtype)
    for i in range(kH):
        for j in range(kW):
            x[..., at(i, H_out, stride[0], dilation[0]), at(j, W_out, stride[1], dilation[1])] += g[
                ..., i, j
            ]
    return x


def at(entry: int, positions: int, stride: int, dilation: int) -> slice:
    """Pixels that the window entry number `entry` touches as the window slides along one axis.

    Examples
    --------
    >>> at(1, positions=3, stride=2, dilation=1)  # pixels 1, 3, 5
    slice(1, 6, 2)
    """
    start = entry * dilation
    return slice(start, start + (positions - 1) * stride + 1, stride)


@dataclass(frozen=True)
class Slide:
    """A window sliding along *one* axis, described from the point of view of its entries.

    Pooling needs no padded copy and no array of windows: entry number e of all windows is one
    strided slice of the axis, and the frame is simply never read. This class knows the slices.

    Parameters
    ----------
    size, kernel, stride, padding, dilation : int
        Along the axis, in pixels; `padding` is what is added in front.
    positions : int
        Number of windows.
    """

    size: int
    kernel: int
    stride: int
    padding: int
    dilation: int
    positions: int

    @property
    def disjoint(self) -> bool:
        """Whether each pixel belongs to one window at most, as with ``stride = kernel``."""
        return self.stride > self.dilation * (self.kernel - 1)

    def entry(self, number: int) -> tuple[slice, slice]:
        """Windows whose entry `number` lies inside the image, and the pixels it reads there.

        Examples
        --------
        Three windows of 3 pixels, step 2, on 5 pixels with one pixel of padding. The first entry
        of window 0 lies in the padding; windows 1 and 2 read pixels 1 and 3.

        >>> Slide(5, kernel=3, stride=2, padding=1, dilation=1, positions=3).entry(0)
        (slice(1, 3, None), slice(1, 4, 2))
        """
        offset = number * self.dilation - self.padding  # pixel that window 0 reads
        first = max(0, -(offset // self.stride))
        last = min(self.positions - 1, (self.size - 1 - offset) // self.stride)
        if last < first:
            return slice(0, 0), slice(0, 0)
        start, stop = first * self.stride + offset, last * self.stride + offset + 1
        return slice(first, last + 1), slice(start, stop, self.stride)

    def inside(self) -> Array:
        """Count, for each window, its entries that lie inside the image (not in the padding)."""
        counts = np.zeros(self.positions, dtype=np.intp)
        for number in range(self.kernel):
            counts[self.entry(number)[0]] += 1
        return counts


def reduce(x: Array, slide: Slide, axis: int, ufunc: np.ufunc, start: Any) -> Array:
    """Combine the entries of each window along one axis, for example with ``np.maximum``.

    Parameters
    ----------
    x : array
    slide : Slide
        The window along `axis`.
    axis : {-2, -1}
    ufunc : numpy.ufunc
        Of two arguments: ``np.maximum`` or ``np.add``.
    start : number
        What a window with nothing in it would give: -inf for a maximum, 0 for a sum.

    Returns
    -------
    array with ``slide.positions`` along `axis`, dtype of x

    Examples
    --------
    >>> x = np.array([[3, 1, 4, 1, 5]])
    >>> reduce(x, Slide(5, 2, 2, 0, 1, positions=2), -1, np.maximum, 0)
    array([[3, 4]])
    """
    entries = [slide.entry(number) for number in range(slide.kernel)]
    everywhere = slice(0, slide.positions)
    entries.sort(key=lambda entry: entry[0] != everywhere)  # first those that meet no padding
    if len(entries) > 1 and entries[1][0] == everywhere:  # two of them make a start
        first, second = (x[along(axis, pixels)] for _, pixels in entries[:2])
        y: Array = ufunc(first, second, order="C")
        del entries[:2]
    else:
        shape = list(x.shape)
        shape[axis] = slide.positions
        y = np.full(shape, start, dtype=x.dtype)
    for reached, pixels in entries:
        combined = y[along(axis, reached)]
        ufunc(combined, x[along(axis, pixels)], out=combined)
    return y


def spread(g: Array, slide: Slide, axis: int) -> Array:
    """Adjoint of :func:`reduce` with ``np.add``: hand each window's value to all its pixels.

    Examples
    --------
    >>> spread(np.array([[1.0, 10.0]]), Slide(3, 2, 1, 0, 1, positions=2), -1)
    array([[ 1., 11., 10.]])
    """
    shape = list(g.shape)
    shape[axis] = slide.size
    x = np.zeros(shape, dtype=g.dtype)
    for number in range(slide.kernel):
        reached, pixels = (along(axis, part) for part in slide.entry(number))
        if slide.disjoint:  # nothing is there yet
            x[pixels] = g[reached]
        else:
            x[pixels] += g[reached]
    return x


def along(axis: int, part: slice) -> tuple[Any, ...]:
    """Index that applies `part` to the last axis (-1) or the one before it (-2)."""
    return (..., part, slice(None)) if axis == -2 else (..., part)


def keep(values: Array, mask: Array) -> Array:
    """Keep `values` where `mask` is true, and put 0 elsewhere.

    The same as ``np.where(mask, values, 0)`` and several times faster, because no processor can
    foresee a branch that depends on data. Here none is taken: a number is masked bit by bit, by all
    ones or by all zeros. A product with the mask would do as well, but for infinity times 0.

    Parameters
    ----------
    values : float32 or float64 array
    mask : bool array of the same shape

    Returns
    -------
    array of the same shape and dtype

    Examples
    --------
    >>> keep(np.array([1.5, np.inf, -2.0]), np.array([True, False, True]))
    array([ 1.5,  0. , -2. ])
    """
    bits = np.dtype(f"i{values.itemsize}")
    ones_or_zeros = np.array(mask, dtype=bits)
    np.negative(ones_or_zeros, out=ones_or_zeros)
    ones_or_zeros &= values.view(bits)
    kept: Array = ones_or_zeros.view(values.dtype)
    return kept
