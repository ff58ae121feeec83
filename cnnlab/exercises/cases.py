"""What the chapters' exercises have in common: numbers for cases, windows, linear layers."""

import math
from collections.abc import Callable, Iterator

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from cnnlab._types import Array

__all__ = ["correlate", "halves", "matrix_of", "places", "pool_geometries"]

Geometry = tuple[tuple[int, int], int, int]  # ((H, W), kernel_size, stride)


def halves(rng: np.random.Generator, *shape: int) -> Array:
    """Draw different multiples of 1/2, none of them 0, so that no result hangs on rounding.

    Parameters
    ----------
    rng : numpy.random.Generator
        Where they come from.
    *shape : int
        Shape of the array.

    Returns
    -------
    ndarray, float64
        The numbers.
    """
    size = math.prod(shape)
    numbers = np.arange(1, max(size, 8) // 2 + 2)
    return rng.permutation(np.append(numbers, -numbers))[:size].reshape(shape) / 2


def pool_geometries() -> list[Geometry]:
    """List shapes of maps with windows and strides, by size, windows of one pixel last.

    Maps of up to 6 rows and columns with every window and stride up to 3, so that windows
    overlap, touch, leave gaps and leave rows over; then a few larger ones.

    Returns
    -------
    list of ((H, W), kernel_size, stride)
        Every window fits into its map.
    """
    shapes = [(H, W) for H in range(2, 7) for W in range(2, 7)] + [(1, 1), (1, 4), (5, 1)]
    geometries = [
        (shape, k, s) for shape in shapes for k in (1, 2, 3) for s in (1, 2, 3) if k <= min(shape)
    ]
    geometries += [((9, 12), 4, 2), ((12, 9), 5, 3), ((11, 11), 3, 4), ((8, 13), 7, 1)]
    geometries.sort(key=lambda g: (g[1] == 1, math.prod(g[0]), g[1], g[2] != g[1], g[2]))
    return geometries


def places(
    shape: tuple[int, ...], kernel_size: int, stride: int
) -> Iterator[tuple[int, int, tuple[slice, slice]]]:
    """Go through the windows of a map.

    Parameters
    ----------
    shape : (H, W)
        Size of the map.
    kernel_size, stride : int
        Side of a window, and how far it moves.

    Yields
    ------
    i, j : int
        Row and column of the output.
    window : (slice, slice)
        Rows and columns of the map that belong to it.

    Examples
    --------
    >>> x = np.arange(6).reshape(2, 3)
    >>> for i, j, window in places(x.shape, kernel_size=2, stride=1):
    ...     print(i, j, x[window].tolist())
    0 0 [[0, 1], [3, 4]]
    0 1 [[1, 2], [4, 5]]
    """
    H, W = shape
    for i in range((H - kernel_size) // stride + 1):
        for j in range((W - kernel_size) // stride + 1):
            top, left = i * stride, j * stride
            yield i, j, (slice(top, top + kernel_size), slice(left, left + kernel_size))


def correlate(x: Array, weight: Array) -> Array:
    """Compute a convolution layer with stride 1, no padding and no bias.

    Parameters
    ----------
    x : ndarray, shape (C_in, H, W) or (H, W)
        Input maps, or one of them.
    weight : ndarray, shape (C_out, C_in, kH, kW) or (kH, kW)
        Kernels, or the only one.

    Returns
    -------
    ndarray, shape (C_out, H - kH + 1, W - kW + 1) or without C_out
        The responses.

    Examples
    --------
    >>> correlate(np.array([[1, 2, 4]]), np.array([[-1, 1]]))
    array([[1, 2]])
    """
    windows = sliding_window_view(x, weight.shape[-2:], axis=(-2, -1))
    if x.ndim == 2:
        return np.asarray(np.einsum("ijab,ab->ij", windows, weight))
    return np.asarray(np.einsum("cijab,ocab->oij", windows, weight))


def matrix_of(layer: Callable[[Array], Array], shape: tuple[int, ...]) -> Array:
    """Find the matrix of a linear layer by feeding it one pixel at a time.

    Parameters
    ----------
    layer : callable
        Takes an array of that shape; must be linear.
    shape : tuple of int
        Shape of its input.

    Returns
    -------
    ndarray, shape (number of outputs, number of inputs)
        Entry (r, p) says how output r depends on pixel p. Its transpose carries gradients
        back.

    Examples
    --------
    >>> matrix_of(lambda x: x[1:] - x[:-1], (3,))
    array([[-1.,  1.,  0.],
           [ 0., -1.,  1.]])
    """
    units = np.eye(math.prod(shape)).reshape(-1, *shape)
    return np.stack([np.ravel(layer(unit)) for unit in units], axis=1)
