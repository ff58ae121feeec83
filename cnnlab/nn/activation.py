"""ReLU: keep what is positive. Without it, stacked layers collapse into one. Chapter 1."""

import numpy as np

from cnnlab import _checks, windows
from cnnlab._types import Array
from cnnlab.nn.module import Module


def relu(input: Array) -> Array:
    """Replace negative values by 0 (torch's F.relu).

    Parameters
    ----------
    input : array of any shape and real dtype

    Returns
    -------
    array of the same shape and dtype; a new one, the input is left alone.

    Notes
    -----
    There is no `inplace`, as torch has it: no layer here writes into its input.

    Examples
    --------
    >>> relu(np.array([-2, 0, 3]))
    array([0, 0, 3])
    """
    x = _checks.array("relu", "input", input)
    if x.dtype.kind == "b":
        raise TypeError("relu: the input has dtype bool, needed numbers. Use x.astype(float).")
    return np.asarray(np.maximum(x, x.dtype.type(0)))


class ReLU(Module):
    """Rectified linear unit, element by element (torch.nn.ReLU).

    Its derivative is 1 where the output is positive and 0 elsewhere; at 0 it is 0, as in torch.

    Notes
    -----
    There is no `inplace`, as torch has it: no layer here writes into its input.

    Examples
    --------
    >>> layer = ReLU()
    >>> layer(np.array([-1.0, 0.0, 2.0]))
    array([0., 0., 2.])
    >>> layer.backward(np.array([5.0, 5.0, 5.0]))
    array([0., 0., 5.])
    """

    def __init__(self) -> None:
        self._x: Array | None = None

    def forward(self, x: Array) -> Array:
        """Rectify."""
        y = relu(x)
        self._x = x
        return y

    def backward(self, grad_output: Array) -> Array:
        """Let the gradient pass where the output is positive."""
        x = self._saved("_x")
        grad = _checks.gradient(repr(self), grad_output, x.shape, x.dtype)
        # a NaN passes its gradient on, as in torch
        return windows.keep(grad, ~(x <= 0))
