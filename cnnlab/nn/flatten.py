"""Flatten: the same numbers in one row, so that a dense layer can read them. Chapter 4."""

import math

import numpy as np

from cnnlab import _checks
from cnnlab._types import Array
from cnnlab.nn.module import Module


def flatten(input: Array, start_dim: int = 0, end_dim: int = -1) -> Array:
    """Merge neighbouring axes into one (torch.flatten).

    Parameters
    ----------
    input : array
    start_dim, end_dim : int, default 0 and -1
        First and last axis to merge; negative numbers count from the end.

    Returns
    -------
    array
        The same values in the same order: a view where NumPy can make one.

    Examples
    --------
    >>> flatten(np.zeros((8, 16, 4, 4)), start_dim=1).shape
    (8, 256)
    """
    x = _checks.array("flatten", "input", input)
    if x.ndim == 0:
        x = x.reshape(1)
    first = _checks.axis("flatten", "start_dim", start_dim, x)
    last = _checks.axis("flatten", "end_dim", end_dim, x)
    if first > last:
        raise ValueError(
            f"flatten: start_dim = {start_dim} comes after end_dim = {end_dim} in an input of "
            f"shape {x.shape}, needed start_dim <= end_dim."
        )
    merged = math.prod(x.shape[first : last + 1])
    return x.reshape(*x.shape[:first], merged, *x.shape[last + 1 :])


class Flatten(Module):
    """Merge all axes but the first (torch.nn.Flatten): from maps to one vector for each image.

    Parameters
    ----------
    start_dim, end_dim : int, default 1 and -1
        First and last axis to merge.

    Examples
    --------
    >>> layer = Flatten()
    >>> layer(np.arange(8).reshape(2, 1, 2, 2))
    array([[0, 1, 2, 3],
           [4, 5, 6, 7]])
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        self.start_dim = _checks.integer("Flatten", "start_dim", start_dim)
        self.end_dim = _checks.integer("Flatten", "end_dim", end_dim)
        counted_alike = (start_dim < 0) == (end_dim < 0)
        if counted_alike and start_dim > end_dim:
            raise ValueError(
                f"Flatten: start_dim = {start_dim} comes after end_dim = {end_dim}, needed "
                f"start_dim <= end_dim."
            )
        self._x: Array | None = None
        self._output_shape: tuple[int, ...] | None = None

    def forward(self, x: Array) -> Array:
        """Reshape."""
        y = flatten(x, self.start_dim, self.end_dim)
        self._x, self._output_shape = x, y.shape
        return y

    def backward(self, grad_output: Array) -> Array:
        """Reshape back."""
        x, output_shape = self._saved("_x", "_output_shape")
        grad = _checks.gradient(repr(self), grad_output, output_shape, x.dtype)
        return grad.reshape(x.shape)

    def output_shape(self, input_shape: tuple[int, ...]) -> tuple[int, ...]:
        """Shape for one image, in a batch of one."""
        shape = _checks.sizes(repr(self), "input_shape", input_shape)
        batch = np.broadcast_to(np.float32(0), (1, *shape))
        return flatten(batch, self.start_dim, self.end_dim).shape[1:]

    def extra_repr(self) -> str:
        """Axes that differ from the default."""
        return (
            "" if (self.start_dim, self.end_dim) == (1, -1) else f"{self.start_dim}, {self.end_dim}"
        )
