"""Starting values of weights, drawn from an explicit random generator (torch.nn.init)."""

import math
from typing import Any

import numpy as np

from cnnlab._types import Array


def uniform(shape: tuple[int, ...], bound: float, *, rng: np.random.Generator, dtype: Any) -> Array:
    """Numbers between -bound and +bound, all equally likely.

    Notes
    -----
    torch's ``uniform_`` fills a `tensor` with numbers from `a` to `b`, drawn by its `generator`.
    Here a new array of a given `shape` and `dtype` comes back, `bound` is both ends, and `rng`
    draws.
    """
    return rng.uniform(-bound, bound, shape).astype(dtype)


def kaiming_uniform(
    shape: tuple[int, ...],
    fan_in: int,
    *,
    rng: np.random.Generator,
    dtype: Any,
    a: float = math.sqrt(5),
) -> Array:
    r"""Uniform numbers whose spread keeps the size of activations from layer to layer.

    .. math:: |w| \le \sqrt{\frac{6}{(1 + a^2)\,\text{fan\_in}}}

    Parameters
    ----------
    shape : tuple of int
    fan_in : int
        Number of inputs that one output sums over.
    rng : numpy.random.Generator
    dtype : float32 or float64
    a : float, default sqrt(5)
        Slope of the leaky ReLU the layer is meant for; sqrt(5) is what torch's layers use, which
        gives ``1 / sqrt(fan_in)``. Use 0 for a plain ReLU.

    Returns
    -------
    array of `shape` and `dtype`

    Notes
    -----
    Only the rule is that of torch's ``kaiming_uniform_``, which fills a `tensor` it is given and
    counts its inputs by `mode` and `nonlinearity`. Here a new array of a given `shape`, `fan_in`
    and `dtype` comes back; `a` is by default what torch's layers use (there 0), and `rng` takes
    the place of `generator`.

    Examples
    --------
    >>> w = kaiming_uniform((8, 100), 100, rng=np.random.default_rng(0), dtype=np.float64)
    >>> w.shape, bool(abs(w).max() <= 0.1)
    ((8, 100), True)

    References
    ----------
    He, Zhang, Ren and Sun (2015), arXiv:1502.01852, equation 10 (there for the normal law).
    """
    bound = math.sqrt(6 / ((1 + a * a) * fan_in)) if fan_in else 0.0
    return uniform(shape, bound, rng=rng, dtype=dtype)
