r"""Maximum against mean, exactly: gradient, contrast, discriminability, and all that lies between.

*Gradient.* A mean hands every value of its window an equal share, a maximum hands everything to one
value. *Contrast.* Where m of the n values of a window are bright and the others dark, a mean keeps
m/n of the contrast; a maximum keeps all of it or, where the few are the dark ones, nothing.
*Discriminability.* How far apart two classes lie after pooling, in units of their scatter:

.. math:: d' = \frac{|\mu_1 - \mu_0|}{\sqrt{(\sigma_0^2 + \sigma_1^2) / 2}}

*Power mean.* One exponent leads from the minimum through the mean to the maximum. Chapter 3.
"""

import math
from collections.abc import Sequence
from typing import Literal, TypeAlias

import numpy as np

from cnnlab import _checks
from cnnlab._types import Array

Rule: TypeAlias = Literal["max", "avg"]
Ties: TypeAlias = Literal["first", "shared", "every"]

STEP = 2e-3  # of the integrals, in units of the clutter

__all__ = [
    "contrast",
    "density_discriminability",
    "largest_share",
    "other_polarity",
    "power_mean",
    "response_discriminability",
    "route",
    "simulate_density",
    "simulate_response",
]


def _known(who: str, name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise ValueError(f"{who}: {name} = {value!r}, needed one of {', '.join(known)}.")


# --- where the gradient goes ---------------------------------------------------------------------


def route(window: Array, rule: Rule, ties: Ties = "first") -> Array:
    """Share out a gradient of 1 that comes back to a pooled value among the values of its window.

    Parameters
    ----------
    window : array of any shape
        The values that were pooled.
    rule : {"max", "avg"}
        The pool.
    ties : {"first", "shared", "every"}, default "first"
        Who gets it if several values are the largest: the first of them, as in torch and here; all
        of them in equal shares; or all of them in full, which is a mistake and counts it several
        times.

    Returns
    -------
    float64 array of the shape of the window

    Raises
    ------
    ValueError
        If ``rule`` or ``ties`` is unknown.

    Examples
    --------
    >>> route(np.array([[1, 7], [7, 2]]), "max")
    array([[0., 1.],
           [0., 0.]])
    >>> route(np.array([[1, 7], [7, 2]]), "avg")
    array([[0.25, 0.25],
           [0.25, 0.25]])
    """
    _known("route", "rule", rule, ("max", "avg"))
    _known("route", "ties", ties, ("first", "shared", "every"))
    window = _checks.array("route", "window", window)
    if rule == "avg":
        return np.full(window.shape, 1 / window.size)
    largest: Array = (window == window.max()).astype(float)
    if ties == "every":
        return largest
    if ties == "shared":
        return np.asarray(largest / largest.sum())
    first = np.zeros(window.size)
    first[window.argmax()] = 1
    return first.reshape(window.shape)


def largest_share(rule: Rule, size: int, kernel_size: int, stride: int | None = None) -> float:
    """Largest share of the positions of a map that a gradient can reach through a pool.

    Max pooling reaches one position for each window, and windows that overlap may choose the same
    one; average pooling reaches every position that lies in a window.

    Parameters
    ----------
    rule : {"max", "avg"}
        The pool.
    size : int
        Side of the map in pixels.
    kernel_size, stride : int
        Of the windows; the stride is the kernel size by default. There is no padding.

    Returns
    -------
    float
        In [0, 1]. For the average it is always reached, for the maximum at most.

    Raises
    ------
    ValueError
        If ``rule`` is unknown, or a size is below 1, or the window does not fit.

    Examples
    --------
    >>> largest_share("max", 16, 2), largest_share("avg", 16, 2)
    (0.25, 1.0)
    """
    _known("largest_share", "rule", rule, ("max", "avg"))
    n = _checks.integer("largest_share", "size", size, 1)
    k = _checks.integer("largest_share", "kernel_size", kernel_size, 1)
    s = _checks.integer("largest_share", "stride", k if stride is None else stride, 1)
    if k > n:
        raise ValueError(f"largest_share: a window of {k} pixels does not fit into {n}.")
    windows = (n - k) // s + 1
    covered = (windows - 1) * min(s, k) + k
    return ((windows if rule == "max" else covered) / n) ** 2


# --- what becomes of a bright or a dark detail ---------------------------------------------------


def contrast(values: int, of: int, rule: Rule, polarity: Literal["light", "dark"]) -> float:
    """Contrast that is left of a detail after pooling, if it was 1.

    Parameters
    ----------
    values, of : int
        Number of values of the window that lie on the detail, and number of all its values: 1 of
        k² for an isolated pixel, k of k² for a line that is one pixel wide.
    rule : {"max", "avg"}
        The pool.
    polarity : {"light", "dark"}
        Whether the detail is light on dark ground, or the other way round.

    Returns
    -------
    float
        In [0, 1].

    Raises
    ------
    ValueError
        If there are more values on the detail than in the window, or a word is unknown.

    Examples
    --------
    >>> [contrast(1, 4, rule, "light") for rule in ("max", "avg")]
    [1.0, 0.25]
    >>> [contrast(1, 4, rule, "dark") for rule in ("max", "avg")]
    [0.0, 0.25]
    """
    _known("contrast", "rule", rule, ("max", "avg"))
    _known("contrast", "polarity", polarity, ("light", "dark"))
    n = _checks.integer("contrast", "of", of, 1)
    m = _checks.integer("contrast", "values", values, 0)
    if m > n:
        raise ValueError(f"contrast: {m} values on the detail, needed at most {n}, the window.")
    if rule == "avg":
        return m / n
    return float(m > 0) if polarity == "light" else float(m == n)


def other_polarity(weight: Array, bias: Array) -> tuple[Array, Array]:
    r"""Kernels that make of 1 minus a picture what the given ones make of the picture.

    .. math:: b + \sum w x = b' + \sum w' (1 - x), \quad w' = -w, \; b' = b + \sum w

    Exact wherever the kernel lies within the picture, so in front of any pool.

    Parameters
    ----------
    weight : array of shape (out_channels, in_channels, kH, kW)
        Kernels.
    bias : array of shape (out_channels,)
        Their biases.

    Returns
    -------
    weight, bias : arrays of the same shapes

    Examples
    --------
    >>> weight, bias = other_polarity(np.array([[[[2.0, -1.0]]]]), np.array([0.5]))
    >>> weight.tolist(), bias.tolist()
    ([[[[-2.0, 1.0]]]], [1.5])
    """
    return -weight, bias + weight.sum(axis=(1, 2, 3))


# --- which pool tells two classes apart ----------------------------------------------------------


def density_discriminability(rule: Rule, values: int, rates: tuple[float, float]) -> float:
    r"""Tell d' for dots at one of two rates, each value of the window a dot or none by itself.

    The mean has :math:`\mu = p` and :math:`\sigma^2 = p(1-p)/n`; the maximum is a dot with
    probability :math:`P = 1 - (1-p)^n`, so :math:`\mu = P` and :math:`\sigma^2 = P(1-P)`.

    Parameters
    ----------
    rule : {"max", "avg"}
        The pool.
    values : int
        Values n in the window.
    rates : tuple of float
        Probability of a dot in either class, between 0 and 1.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If ``rule`` is unknown, ``values`` below 1 or a rate not between 0 and 1.

    Examples
    --------
    >>> [round(density_discriminability(rule, 49, (0.2, 0.4)), 2) for rule in ("avg", "max")]
    [3.13, 0.01]
    """
    _known("density_discriminability", "rule", rule, ("max", "avg"))
    n = _checks.integer("density_discriminability", "values", values, 1)
    for rate in rates:
        if not 0 < rate < 1:
            raise ValueError(
                f"density_discriminability: a rate of {rate}, needed a number between 0 and 1."
            )
    if rule == "avg":
        means, variances = rates, [p * (1 - p) / n for p in rates]
    else:
        means = 1 - (1 - rates[0]) ** n, 1 - (1 - rates[1]) ** n
        variances = [(1 - p) ** n * (1 - (1 - p) ** n) for p in rates]
    return _apart(means, variances)


def response_discriminability(rule: Rule, values: int, response: float) -> float:
    r"""Tell d' for one strong response in clutter, or clutter alone.

    Clutter: absolute values of independent standard normal numbers, as after a filter that answers
    to everything a little. In one class the response is added to one of them. The mean shifts by
    A/n and keeps its variance; the maximum has the distribution :math:`G(m)^n` without the response
    and :math:`G(m)^{n-1} G(m - A)` with it, where :math:`G(m) = 2\Phi(m) - 1`; its moments are
    integrals of these over m, computed on a fine grid.

    Parameters
    ----------
    rule : {"max", "avg"}
        The pool.
    values : int
        Values n in the window.
    response : float
        What is added, A, at least 0, in standard deviations of the normal numbers.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If ``rule`` is unknown, ``values`` below 1 or the response negative.

    Examples
    --------
    >>> [round(response_discriminability(rule, 49, 3), 2) for rule in ("avg", "max")]
    [0.71, 2.5]
    """
    _known("response_discriminability", "rule", rule, ("max", "avg"))
    n = _checks.integer("response_discriminability", "values", values, 1)
    if not response >= 0:
        raise ValueError(f"response_discriminability: a response of {response}, needed at least 0.")
    if rule == "avg":
        return response / n / math.sqrt((1 - 2 / math.pi) / n)
    m = np.arange(0, response + 8, STEP)  # clutter of more than 8 does not happen
    without = _half_normal(m) ** n
    moved = _half_normal(np.maximum(m - response, 0))
    present = _half_normal(m) ** (n - 1) * moved
    means, variances = [], []
    for distribution in (without, present):
        mean = _integral(1 - distribution)
        square = _integral(2 * m * (1 - distribution))
        means.append(mean)
        variances.append(square - mean**2)
    return _apart(means, variances)


def _apart(means: Sequence[float], variances: Sequence[float]) -> float:
    """Tell d' of two classes; without any scatter it is 0 if the means are equal, else infinite."""
    difference, scatter = abs(means[1] - means[0]), math.sqrt(sum(variances) / 2)
    if scatter == 0:
        return math.inf if difference > 0 else 0.0
    return difference / scatter


def _integral(heights: Array) -> float:
    """Area under a curve whose heights stand ``STEP`` apart, by the trapezoidal rule."""
    return STEP * float(heights.sum() - (heights[0] + heights[-1]) / 2)


def _half_normal(m: Array) -> Array:
    """Probability that the absolute value of a standard normal number is at most m."""
    return np.array([math.erf(value / math.sqrt(2)) for value in m])


def _simulated(rule: Rule, first: Array, second: Array) -> float:
    """Measure d' between two samples of windows, one window per row."""
    pooled = [x.max(axis=1) if rule == "max" else x.mean(axis=1) for x in (first, second)]
    return _apart([float(x.mean()) for x in pooled], [float(x.var()) for x in pooled])


def simulate_density(
    rule: Rule,
    values: int,
    rates: tuple[float, float],
    *,
    windows: int = 20_000,
    rng: np.random.Generator,
) -> float:
    """Draw windows and measure what :func:`density_discriminability` computes.

    Parameters
    ----------
    rule, values, rates
        As there.
    windows : int, default 20000
        Windows of each class.
    rng : numpy.random.Generator
        Draws the dots.

    Returns
    -------
    float
        0 where all pooled values of both classes are equal, as happens to maxima of large windows;
        infinite where they are equal within either class only.

    Examples
    --------
    Every one of these maxima is a dot, so they say nothing about the rate:

    >>> simulate_density("max", 400, (0.2, 0.4), windows=100, rng=np.random.default_rng(0))
    0.0
    """
    first, second = (rng.random((windows, values)) < rate for rate in rates)
    return _simulated(rule, first.astype(float), second.astype(float))


def simulate_response(
    rule: Rule,
    values: int,
    response: float,
    *,
    windows: int = 20_000,
    rng: np.random.Generator,
) -> float:
    """Draw windows and measure what :func:`response_discriminability` computes.

    Parameters
    ----------
    rule, values, response
        As there.
    windows, rng
        As for :func:`simulate_density`; what is drawn is the clutter.

    Returns
    -------
    float
    """
    first, second = np.abs(rng.normal(size=(2, windows, values)))
    second[:, 0] += response
    return _simulated(rule, first, second)


# --- from the mean to the maximum ----------------------------------------------------------------


def power_mean(x: Array, exponent: float, axis: int | tuple[int, ...] | None = None) -> Array:
    r"""Pool with one of a family: minimum, mean, maximum and everything between.

    .. math:: M_p = \Bigl( \frac{1}{n} \sum_i x_i^p \Bigr)^{1/p}

    The exponent 1 gives the mean, infinity the maximum, minus infinity the minimum, 0 the geometric
    mean. It never falls when p grows, and for p of at least 1 it lies above
    :math:`n^{-1/p} \max_i x_i`.

    Parameters
    ----------
    x : array
        Values of at least 0, as after a ReLU; above 0 where the exponent is not positive.
    exponent : float
        The p; may be infinite.
    axis : int or tuple of int, optional
        Axes of the window; all of them by default.

    Returns
    -------
    array
        Without those axes.

    Raises
    ------
    ValueError
        If a value is too small for the exponent.

    Examples
    --------
    >>> [float(power_mean(np.array([1.0, 7.0]), p)) for p in (-math.inf, 1, 2, math.inf)]
    [1.0, 4.0, 5.0, 7.0]
    """
    x = _checks.floating("power_mean", "x", x)
    smallest = x.min()
    if smallest < 0 or (smallest == 0 and exponent <= 0):
        raise ValueError(
            f"power_mean(exponent={exponent}): the smallest value is {smallest}, needed "
            f"{'at least' if exponent > 0 else 'more than'} 0."
        )
    if math.isinf(exponent):
        pooled: Array = x.max(axis=axis) if exponent > 0 else x.min(axis=axis)
        return pooled
    unit = (x.max if exponent > 0 else x.min)(axis=axis, keepdims=True)  # no power overflows
    unit = np.where(unit > 0, unit, 1)
    if exponent == 0:
        mean = np.exp(np.log(x / unit).mean(axis=axis, keepdims=True))
    else:
        mean = ((x / unit) ** exponent).mean(axis=axis, keepdims=True) ** (1 / exponent)
    return np.asarray((unit * mean).squeeze(axis))
