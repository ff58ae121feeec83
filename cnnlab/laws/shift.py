r"""What a shift does to a pooled value, exactly, where the values below are independent. Chapter 5.

A k x k window with stride k looks at k x k values. Move the picture by (dy, dx) pixels, less than k
along each axis, and the unit looks at another k x k window. The two share
``(k - |dy|) (k - |dx|)`` values, and everything below follows from this number:

.. math:: \text{shared} = (k - |d_y|)(k - |d_x|), \qquad \text{seen} = 2 k^2 - \text{shared}

Photographs and the maps of a network are not independent from pixel to pixel; how far they are from
these laws is measured in the experiments `shifted_features` and `shift_curve`.
"""

import numpy as np

from cnnlab import _checks
from cnnlab._types import Array

__all__ = ["average_change", "shared", "simulate_average_change", "simulate_unchanged", "unchanged"]


def _sizes(who: str, kernel_size: int, dy: int, dx: int) -> tuple[int, int, int]:
    """Check the window and the shift, and drop the signs of the shift."""
    k = _checks.integer(who, "kernel_size", kernel_size, 1)
    return k, abs(_checks.integer(who, "dy", dy)), abs(_checks.integer(who, "dx", dx))


def shared(kernel_size: int, dx: int = 1, dy: int = 0) -> int:
    """Number of values that a window and the window after a shift have in common.

    Parameters
    ----------
    kernel_size : int
        Side k of the window, in pixels.
    dx, dy : int, default 1 and 0
        Shift along the rows and along the columns, in pixels, in either direction.

    Returns
    -------
    int
        0 where the shift is k pixels or more along an axis.

    Raises
    ------
    ValueError
        If ``kernel_size`` is below 1.

    Examples
    --------
    >>> shared(2), shared(2, dx=1, dy=1), shared(3), shared(3, dx=-3)
    (2, 1, 6, 0)
    """
    k, dy, dx = _sizes("shared", kernel_size, dy, dx)
    return max(k - dx, 0) * max(k - dy, 0)


def unchanged(kernel_size: int, dx: int = 1, dy: int = 0) -> float:
    r"""Probability that a max-pool unit keeps its value when the picture moves.

    For independent values of one continuous distribution. The largest of all values that either
    window sees is equally likely to be any of them. The unit keeps its value if that one lies in
    both windows; if it lies in one only, the other window has a smaller maximum. So

    .. math:: P = \frac{(k - |d_y|)(k - |d_x|)}{2 k^2 - (k - |d_y|)(k - |d_x|)},
        \qquad P = \frac{k - 1}{k + 1} \text{ for one pixel.}

    Parameters
    ----------
    kernel_size : int
        Side k of the window and stride of the pool, in pixels.
    dx, dy : int, default 1 and 0
        Shift in pixels, in either direction.

    Returns
    -------
    float
        Probability in [0, 1].

    Raises
    ------
    ValueError
        If ``kernel_size`` is below 1.

    Examples
    --------
    A third for a 2x2 pool, a half for 3x3; a seventh if the picture moves diagonally:

    >>> [round(unchanged(k), 4) for k in (1, 2, 3, 4)]
    [0.0, 0.3333, 0.5, 0.6]
    >>> round(unchanged(2, dx=1, dy=1), 4)
    0.1429
    """
    both = shared(kernel_size, dx, dy)
    return both / (2 * kernel_size**2 - both)


def average_change(kernel_size: int, dx: int = 1, dy: int = 0) -> float:
    r"""Variance of the change of an average-pool unit when the picture moves.

    For independent values of variance 1. What leaves the window and what enters it are
    :math:`k^2 - \text{shared}` values each, all with weight :math:`1 / k^2`, so

    .. math:: \operatorname{Var} = \frac{2 (k^2 - \text{shared})}{k^4}
        = \frac{2}{k^3} \text{ for one pixel.}

    Against the variance :math:`1 / k^2` of the unit itself that is :math:`2 / k`: the change is as
    large as the unit's own spread for k = 2, and its square root :math:`\sqrt{2 / k}` is what the
    experiments call change over spread.

    Parameters
    ----------
    kernel_size : int
        Side k of the window and stride of the pool, in pixels.
    dx, dy : int, default 1 and 0
        Shift in pixels, in either direction.

    Returns
    -------
    float
        In units of the variance of one value.

    Raises
    ------
    ValueError
        If ``kernel_size`` is below 1.

    Examples
    --------
    >>> average_change(1), average_change(2), average_change(4)
    (2.0, 0.25, 0.03125)
    """
    both = shared(kernel_size, dx, dy)
    return 2 * (kernel_size**2 - both) / kernel_size**4


def simulate_unchanged(
    kernel_size: int, dx: int = 1, dy: int = 0, *, units: int = 10_000, rng: np.random.Generator
) -> float:
    """Share of max-pool units that keep their value, in a simulation.

    Parameters
    ----------
    kernel_size, dx, dy : int
        As for :func:`unchanged`.
    units : int, default 10000
        Number of independent units.
    rng : numpy.random.Generator
        Draws the values, from a normal distribution.

    Returns
    -------
    float
        Share in [0, 1].
    """
    before, after = _windows("simulate_unchanged", kernel_size, dx, dy, units, rng)
    return float(np.mean(before.max(axis=(1, 2)) == after.max(axis=(1, 2))))


def simulate_average_change(
    kernel_size: int, dx: int = 1, dy: int = 0, *, units: int = 10_000, rng: np.random.Generator
) -> float:
    """Variance of the change of an average-pool unit, in a simulation.

    Parameters
    ----------
    kernel_size, dx, dy, units, rng
        As for :func:`simulate_unchanged`; the values have variance 1.

    Returns
    -------
    float
        In units of the variance of one value.
    """
    before, after = _windows("simulate_average_change", kernel_size, dx, dy, units, rng)
    return float(np.var(after.mean(axis=(1, 2)) - before.mean(axis=(1, 2))))


def _windows(
    who: str, kernel_size: int, dx: int, dy: int, units: int, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Give the window before and the window after the shift, each (units, k, k)."""
    k, dy, dx = _sizes(who, kernel_size, dy, dx)
    units = _checks.integer(who, "units", units, 1)
    values = rng.normal(size=(units, k + dy, k + dx))
    return values[:, dy:, dx:], values[:, :k, :k]  # moved right and down, it sees what was before
