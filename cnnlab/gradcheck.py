"""Is a hand-written gradient right? Compare it with central differences. Chapter 9."""

from collections.abc import Callable
from typing import Any

import numpy as np

from cnnlab._types import Array


def numerical_gradient(f: Callable[[], float], x: Array, step: float = 1e-6) -> Array:
    r"""Differentiate by wiggling one number at a time.

    .. math:: \frac{\partial f}{\partial x_i} \approx \frac{f(x + h e_i) - f(x - h e_i)}{2h}

    Parameters
    ----------
    f : callable without arguments
        Computes a number from the *current* contents of `x`.
    x : float64 array
        Changed in place during the call and restored afterwards.
    step : float, default 1e-6
        Half the width h of the difference.

    Returns
    -------
    float64 array of the shape of `x`

    Raises
    ------
    TypeError
        If `x` is not float64: in float32 the difference drowns in rounding.

    Examples
    --------
    >>> x = np.array([3.0, -1.0])
    >>> numerical_gradient(lambda: float(x[0] ** 2 + x[1]), x).round(6)
    array([6., 1.])
    """
    if x.dtype != np.float64:
        raise TypeError(
            f"numerical_gradient: x is {x.dtype}, needed float64, because a difference of "
            f"{step} drowns in the rounding of smaller types. Use x.astype(np.float64)."
        )
    grad = np.empty_like(x)
    for place in np.ndindex(*x.shape):
        value = x[place]
        try:
            x[place] = value + step
            above = f()
            x[place] = value - step
            below = f()
        finally:
            x[place] = value
        grad[place] = (above - below) / (2 * step)
    return grad


def check_gradients(
    layer: Any, x: Array, *, rng: np.random.Generator, step: float = 1e-6
) -> dict[str, float]:
    """Compare a layer's backward pass with central differences, entry by entry.

    The loss is the output times a fixed random array, so that no two outputs count alike.

    Parameters
    ----------
    layer : nn.Module
        Built with ``dtype=np.float64``.
    x : float64 array
        Input; for max pooling without ties.
    rng : numpy.random.Generator
    step : float, default 1e-6

    Returns
    -------
    dict of str to float
        Largest absolute difference for ``input`` and for each parameter.

    Examples
    --------
    >>> from cnnlab import nn
    >>> rng = np.random.default_rng(0)
    >>> layer = nn.Conv2d(2, 3, 3, rng=rng, dtype=np.float64)
    >>> errors = check_gradients(layer, rng.standard_normal((1, 2, 5, 5)), rng=rng)
    >>> {name: error < 1e-6 for name, error in errors.items()}
    {'input': True, 'weight': True, 'bias': True}
    """
    weights = rng.standard_normal(layer(x).shape)

    def loss() -> float:
        return float(np.sum(layer(x) * weights))

    layer(x)
    for parameter in layer.parameters():
        parameter.grad[...] = 0
    analytic = {"input": layer.backward(weights)}
    arrays = {"input": x}
    for name, parameter in layer.named_parameters():
        analytic[name], arrays[name] = parameter.grad.copy(), parameter.data
    return {
        name: float(
            np.max(np.abs(analytic[name] - numerical_gradient(loss, array, step)), initial=0)
        )
        for name, array in arrays.items()
    }
