r"""What inverted dropout does on average, exactly: to a value, a sum, a maximum. Chapter 7.

Each value x is dropped with probability p and otherwise divided by 1 - p. The mean stays what it
was, for a value, for a sum and for an average. For the largest of several values it does not:
where the winner is dropped, the next one takes its place, enlarged.
"""

import math

import numpy as np

from cnnlab import _checks
from cnnlab._types import Array

__all__ = [
    "dot_product_moments",
    "expected_max",
    "max_ratio",
    "moments",
    "normal_max_ratio",
    "spread",
]


def _rate(who: str, p: float) -> float:
    """Return a probability of dropping that leaves something, or say what is needed."""
    p = _checks.number(who, "p", p)
    if not 0 <= p < 1:
        raise ValueError(f"{who}: p = {p:g}, needed a probability of dropping in [0, 1).")
    return p


def moments(x: Array, p: float) -> tuple[Array, Array]:
    r"""Mean and variance of each value under inverted dropout.

    .. math:: \mathrm{E}[mx] = x, \qquad \mathrm{Var}[mx] = \frac{p}{1 - p}\, x^2

    Parameters
    ----------
    x : array of any shape
        Values before dropout.
    p : float
        Probability of dropping, in [0, 1).

    Returns
    -------
    mean, variance : arrays of the shape of x

    Examples
    --------
    >>> moments(np.array([1.0, 2.0]), p=0.5)
    (array([1., 2.]), array([1., 4.]))
    """
    p = _rate("moments", p)
    x = _checks.floating("moments", "x", x)
    return x, p / (1 - p) * x**2


def dot_product_moments(weight: Array, x: Array, p: float) -> tuple[float, float]:
    r"""Mean and variance of a unit's weighted sum when its inputs pass through dropout.

    .. math:: \mathrm{E} = \sum_i w_i x_i, \qquad \mathrm{Var} = \frac{p}{1 - p} \sum_i w_i^2 x_i^2

    Parameters
    ----------
    weight, x : arrays of shape (n,)
        Weights, and inputs before dropout.
    p : float
        Probability of dropping, in [0, 1).

    Returns
    -------
    mean, variance : float

    Examples
    --------
    >>> dot_product_moments(np.array([1.0, -1.0]), np.array([3.0, 1.0]), p=0.5)
    (2.0, 10.0)
    """
    mean, variance = moments(np.multiply(weight, x), _rate("dot_product_moments", p))
    return float(mean.sum()), float(variance.sum())


def spread(mean: float, variance: float, p: float) -> float:
    r"""Variance, over images and masks, of a unit behind dropout: what batch norm sees in training.

    .. math:: \mathrm{Var}[mx] = \frac{\sigma^2 + p \mu^2}{1 - p}

    Parameters
    ----------
    mean, variance : float
        Of the unit over images, without dropout: what batch norm meets in evaluation.
    p : float
        Probability of dropping, in [0, 1).

    Returns
    -------
    float

    References
    ----------
    Li et al. (2019), arXiv:1801.05134.

    Examples
    --------
    >>> spread(mean=1.0, variance=1.0, p=0.5)
    3.0
    """
    p = _rate("spread", p)
    return (variance + p * mean**2) / (1 - p)


def expected_max(x: Array, p: float) -> Array:
    r"""Mean of the maximum of a window whose values passed through inverted dropout.

    With the values in falling order and none below 0, as behind a ReLU,

    .. math:: \mathrm{E}\bigl[\max_i m_i x_i\bigr] = x_{(1)} + p\,x_{(2)} + p^2\,x_{(3)} + \dots

    for the k-th largest wins where it survives and the k - 1 above it do not, with probability
    :math:`p^{k-1}(1 - p)`, and is then divided by 1 - p. A negative value can win only where
    nothing is dropped, because a dropped value is 0.

    Parameters
    ----------
    x : array of shape (..., n)
        Windows of n values.
    p : float
        Probability of dropping, in [0, 1).

    Returns
    -------
    array of shape (...)

    References
    ----------
    Wu and Gu (2015), arXiv:1512.00242: which value wins.

    Examples
    --------
    >>> expected_max(np.array([4.0, 2.0, 0.0, 0.0]), p=0.5).item()
    5.0
    """
    p = _rate("expected_max", p)
    falling = -np.sort(-_checks.floating("expected_max", "x", x), axis=-1)
    n = falling.shape[-1]
    positive = (np.maximum(falling, 0) * p ** np.arange(n)).sum(axis=-1)
    negative = np.minimum(falling[..., 0], 0) * (1 - p) ** (n - 1)
    return np.asarray(positive + negative)


def max_ratio(x: Array, p: float) -> Array:
    """Mean maximum of a window under dropout, as a multiple of its maximum without.

    Parameters
    ----------
    x : array of shape (..., n)
        Windows of n values, the largest of each above 0.
    p : float
        Probability of dropping, in [0, 1).

    Returns
    -------
    array of shape (...)
        1 where one value stands alone, and up to ``(1 - p**n) / (1 - p)``, where all are equal.

    Raises
    ------
    ValueError
        If a window has no value above 0.

    Examples
    --------
    >>> max_ratio(np.array([[4.0, 0.0], [4.0, 4.0]]), p=0.5)
    array([1. , 1.5])
    """
    largest = np.max(x, axis=-1)
    if np.any(largest <= 0):
        raise ValueError(
            f"max_ratio: the largest value of a window is {np.min(largest):g}, needed above 0."
        )
    return np.asarray(expected_max(x, p) / largest)


def normal_max_ratio(n: int, p: float) -> float:
    r"""Mean maximum with dropout over that without, for n normal values behind a ReLU.

    With :math:`Q(t)` the probability that a standard normal value lies above t,

    .. math:: \frac{\frac{1}{1 - p} \int_0^\infty 1 - \bigl(1 - (1 - p)\,Q(t)\bigr)^n\, dt}
              {\int_0^\infty 1 - \bigl(1 - Q(t)\bigr)^n\, dt}

    by the trapezoid rule. The spread of the values does not matter.

    Parameters
    ----------
    n : int
        Values in the window, at least 1; they are independent.
    p : float
        Probability of dropping, in [0, 1).

    Returns
    -------
    float

    Examples
    --------
    >>> round(normal_max_ratio(4, p=0.5), 2)
    1.23
    """
    n = _checks.integer("normal_max_ratio", "n", n, 1)
    p = _rate("normal_max_ratio", p)
    above = np.array([math.erfc(t / math.sqrt(2)) / 2 for t in np.linspace(0.0, 10.0, 4001)])

    def mean_max(kept: float) -> float:  # in steps of t; the first and the last one count half
        reached = 1 - (1 - kept * above) ** n
        return float(reached.sum() - (reached[0] + reached[-1]) / 2) / kept

    return mean_max(1 - p) / mean_max(1.0)
