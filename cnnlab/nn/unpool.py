"""Max-unpooling: put the maxima back where they came from, and 0 elsewhere. Chapter 3."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from cnnlab import _checks
from cnnlab._types import Array, IntPair
from cnnlab.nn.pooling import PoolGeometry


def max_unpool2d(
    input: Array,
    indices: Array,
    kernel_size: IntPair,
    stride: IntPair | None = None,
    padding: IntPair = 0,
    output_size: Sequence[int] | None = None,
) -> Array:
    """Undo a max pooling as far as that goes (torch's F.max_unpool2d).

    Parameters
    ----------
    input : array of shape (N, C, H, W) or (C, H, W)
        What :func:`cnnlab.nn.functional.max_pool2d` returned, or something of its shape. Any real
        dtype, which is kept.
    indices : integer array of the same shape
        What it returned with ``return_indices=True``.
    kernel_size, stride, padding
        What it was given.
    output_size : pair of int, or the shape (N, C, H_out, W_out), optional
        Size of the map that was pooled. When left out, the smallest that it can have been: name it
        where the windows did not cover the map evenly.

    Returns
    -------
    array of shape (N, C, H_out, W_out) or (C, H_out, W_out)
        0 except at the places that `indices` name. Where two name the same place, the later one in
        reading order stays: a pixel that won two windows has the same value in both.

    Raises
    ------
    ValueError
        If an index lies outside of the map, or no map of `output_size` can have been pooled to
        this input.
    TypeError
        If the indices are not integers.

    References
    ----------
    Zeiler and Fergus (2014), arXiv:1311.2901, section 2.1.

    Examples
    --------
    >>> max_unpool2d(np.array([[[9]]]), np.array([[[3]]]), kernel_size=2)[0]
    array([[0, 0],
           [0, 9]])
    """
    who = "max_unpool2d"
    x = _checks.images(who, input)
    geometry = PoolGeometry(who, kernel_size, stride, padding)
    H, W = _unpooled_size(geometry, x.shape[-2:], output_size)
    indices = _checks.shape(who, "indices", _indices(who, indices, H, W), x.shape)
    y = np.zeros((*x.shape[:-2], H * W), dtype=x.dtype)
    flat = (*x.shape[:-2], x.shape[-2] * x.shape[-1])
    np.put_along_axis(y, indices.reshape(flat), x.reshape(flat), axis=-1)
    return y.reshape(*x.shape[:-2], H, W)


def _indices(who: str, value: Any, H: int, W: int) -> Array:
    """Return `value` if its entries are places in a flattened map of H by W pixels."""
    indices = _checks.array(who, "indices", value)
    if indices.dtype.kind not in "iu":
        raise TypeError(f"{who}: the indices have dtype {indices.dtype}, needed integers.")
    lowest, highest = indices.min(initial=0), indices.max(initial=0)
    if lowest < 0 or highest >= H * W:
        raise ValueError(
            f"{who}: the indices run from {lowest} to {highest}, needed numbers from 0 to "
            f"{H * W - 1} for a map of {H}x{W} pixels. Use kernel_size, stride and padding of the "
            f"pooling, and its input's size as output_size."
        )
    return indices.astype(np.int64, copy=False)


def _unpooled_size(
    geometry: PoolGeometry, sizes: tuple[int, ...], output_size: Any
) -> tuple[int, int]:
    """Size of the map that was pooled: the one that was given, or the smallest possible."""
    who, result = geometry.who, []
    wanted: tuple[int, ...] | None = None
    if output_size is not None:
        pair = output_size[-2:] if isinstance(output_size, tuple | list) else output_size
        wanted = _checks.sizes(who, "output_size", pair)
        if len(output_size) not in (2, 4):
            raise ValueError(
                f"{who}: output_size = {output_size!r} has {len(output_size)} entries, needed 2 = "
                f"(H_out, W_out) or 4 = (N, C, H_out, W_out)."
            )
    for axis in range(2):
        step, reach = geometry.stride[axis], geometry.kernel[axis] - 2 * geometry.padding[axis]
        smallest = (sizes[axis] - 1) * step + reach
        size = smallest if wanted is None else wanted[axis]
        if not (size > 0 and smallest - step < size < smallest + step):
            raise ValueError(
                f"{who}: an output of {size} pixels along axis {'HW'[axis]}, needed "
                f"{max(1, smallest - step + 1)} to {smallest + step - 1}: only a map of that size "
                f"is pooled to {sizes[axis]}."
            )
        result.append(size)
    return result[0], result[1]


def max_unpool2d_backward(grad_output: Array, indices: Array) -> Array:
    """Collect the gradient from the places that `indices` name.

    Parameters
    ----------
    grad_output : array of shape (N, C, H_out, W_out) or (C, H_out, W_out)
        Gradient of the loss with respect to the output of :func:`max_unpool2d`.
    indices : integer array of shape (N, C, H, W) or (C, H, W)
        What :func:`max_unpool2d` was given.

    Returns
    -------
    array of the shape of `indices`
        Two that name the same place both get its gradient, as in torch.
    """
    who = "max_unpool2d_backward"
    grad = _checks.floating(who, "grad_output", grad_output)
    if grad.ndim not in (3, 4):
        raise ValueError(
            f"{who}: the grad_output of shape {grad.shape} has {grad.ndim} axes, needed 4 = "
            f"(N, C, H, W) or 3 = (C, H, W)."
        )
    *lead, H, W = grad.shape
    indices = _indices(who, indices, H, W)
    _checks.shape(who, "indices", indices, (*lead, *indices.shape[-2:]))
    flat = (*lead, indices.shape[-2] * indices.shape[-1])
    picked = np.take_along_axis(grad.reshape(*lead, H * W), indices.reshape(flat), axis=-1)
    return picked.reshape(indices.shape)
