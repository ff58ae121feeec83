"""Starting values of weights, drawn from an explicit random generator (torch.nn.init)."""

import math
from typing import Any

import numpy as np

from cnnlab._types import Array


def uniform(shape: tuple[int, ...], bound: float, *, rng: np.random.Generator, dtype: Any) -> Array:
    """Numbers between -bound and +bound, all equally likely."""
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

    References
    ----------
    He, Zhang, Ren and Sun (2015), arXiv:1502.01852, equation 10 (there for the normal law).
    """
    bound = math.sqrt(6 / ((1 + a * a) * fan_in)) if fan_in else 0.0
    return uniform(shape, bound, rng=rng, dtype=dtype)
