"""Intervals and decisions: from paired runs to *holds*, *does not hold* or *undecided*.

Two arms of an experiment are run with the same seeds; what is judged is the difference within each
seed, its mean and the interval around it, against a margin that was chosen before the run. Only the
t distribution is needed, and for whole degrees of freedom it has an elementary formula, so the
whole module can be read in one sitting. Used by every verdict of the book (chapters 2 to 11).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from cnnlab import _checks

Values: TypeAlias = Sequence[float] | npt.NDArray[np.floating]
Direction: TypeAlias = Literal["greater", "less", "equal"]
Decision: TypeAlias = Literal["holds", "does not hold", "undecided"]

__all__ = [
    "Interval",
    "chance_to_decide",
    "corrected_interval",
    "decide",
    "holm",
    "mean_interval",
    "p_value",
    "paired_differences",
    "runs_needed",
    "t_cdf",
    "t_quantile",
]


@dataclass(frozen=True)
class Interval:
    """A mean with its confidence interval.

    Parameters
    ----------
    estimate : float
        Mean of the values, in their unit.
    low, high : float
        Ends of the interval, in the same unit, ``low <= estimate <= high``.
    n : int
        Number of values (seeds), at least 1.
    confidence : float, default 0.95
        Probability with which an interval made this way covers the true mean, in (0, 1).

    Raises
    ------
    ValueError
        If a number is not finite, or not in its place.

    Examples
    --------
    >>> print(mean_interval([1.0, 2.0, 3.0, 4.0, 5.0]))
    +3.00 [+1.04, +4.96], n = 5
    """

    estimate: float
    low: float
    high: float
    n: int
    confidence: float = 0.95

    def __post_init__(self) -> None:
        if not -math.inf < self.low <= self.estimate <= self.high < math.inf:
            raise ValueError(
                f"Interval(estimate={self.estimate}, low={self.low}, high={self.high}): needed "
                "finite numbers, low <= estimate <= high."
            )
        _checks.integer("Interval", "n", self.n, at_least=1)
        _check_confidence("Interval", self.confidence)

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high

    def __str__(self) -> str:
        return f"{self.estimate:+z.2f} [{self.low:+z.2f}, {self.high:+z.2f}], n = {self.n}"


def _finite(who: str, values: Values, at_least: int) -> npt.NDArray[np.float64]:
    """Return ``values`` as a vector of float64, or say what is wrong with them."""
    array = np.asarray(values)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{who}: the values are {array.dtype}, needed real numbers.")
    array = array.astype(np.float64)
    if array.ndim != 1:
        raise ValueError(f"{who}: the values have shape {array.shape}, needed (n,).")
    if len(array) < at_least:
        raise ValueError(
            f"{who}: {len(array)} value(s) came, needed at least {at_least}. Run more seeds."
        )
    if not np.isfinite(array).all():
        bad = int(np.flatnonzero(~np.isfinite(array))[0])
        raise ValueError(f"{who}: value {bad} is {array[bad]}, needed finite numbers.")
    return array


def paired_differences(a: Values, b: Values) -> npt.NDArray[np.float64]:
    """Differences ``a - b`` of two arms, seed by seed.

    Parameters
    ----------
    a, b : sequence of float, shape (n,)
        One value per seed, in the same order of seeds.

    Returns
    -------
    numpy.ndarray, shape (n,), float64
        The differences, in the unit of the values.

    Raises
    ------
    ValueError
        If the lengths differ, nothing came, or a value is not finite.

    Examples
    --------
    >>> paired_differences([3.0, 5.0], [1.0, 6.0]).tolist()
    [2.0, -1.0]
    """
    first = _finite("paired_differences(a, b)", a, at_least=1)
    second = _finite("paired_differences(a, b)", b, at_least=1)
    if len(first) != len(second):
        raise ValueError(
            f"paired_differences(a, b): {len(first)} and {len(second)} values came, needed equally "
            "many: one of each arm per seed."
        )
    return first - second


def _check_confidence(who: str, confidence: float) -> None:
    if not 0 < confidence < 1:
        raise ValueError(f"{who}: confidence is {confidence}, needed 0 < confidence < 1.")


def all_equal(values: npt.NDArray[np.float64]) -> bool:
    """Whether values differ by no more than the rounding of a subtraction."""
    return bool(np.ptp(values) <= 1e-12 * np.abs(values).max())


def t_cdf(t: float, df: int) -> float:
    r"""Probability that Student's t with ``df`` degrees of freedom is at most ``t``.

    With :math:`\theta = \arctan(t / \sqrt{\nu})` the probability of :math:`|T| \le t` is a finite
    sum: for odd :math:`\nu`

    .. math:: \frac{2}{\pi}\left(\theta + \sin\theta \left[\cos\theta + \tfrac{2}{3}\cos^3\theta
        + \dots\right]\right)

    and for even :math:`\nu` it is :math:`\sin\theta\,[1 + \tfrac12\cos^2\theta + \tfrac{1\cdot
    3}{2\cdot 4}\cos^4\theta + \dots]`, up to the power :math:`\nu - 2`.

    Parameters
    ----------
    t : float
        Value of the statistic; infinities are allowed.
    df : int
        Degrees of freedom, at least 1.

    Returns
    -------
    float
        Probability in [0, 1], to about 14 decimals.

    Raises
    ------
    ValueError
        If ``t`` is NaN or ``df`` is below 1.
    TypeError
        If ``df`` is not a whole number.

    Examples
    --------
    >>> round(t_cdf(1.0, df=1), 6)
    0.75
    """
    _checks.integer("t_cdf(t, df)", "df", df, at_least=1)
    if math.isnan(t):
        raise ValueError("t_cdf(t, df): t is nan, needed a number.")
    theta = math.atan(t / math.sqrt(df))
    cosine = math.cos(theta)
    odd = df % 2
    term = cosine if odd else 1.0
    total = 0.0
    for power in range(odd, df - 1, 2):  # the power of the cosine in this term
        total += term
        term *= cosine * cosine * (power + 1) / (power + 2)
    central = math.sin(theta) * total
    if odd:
        central = 2 / math.pi * (theta + central)
    return min(1.0, max(0.0, 0.5 + central / 2))


def t_quantile(probability: float, df: int) -> float:
    """Return the value that Student's t stays below with the given probability.

    Parameters
    ----------
    probability : float
        In (0, 1), for instance 0.975 for a two-sided 95 % interval.
    df : int
        Degrees of freedom, at least 1.

    Returns
    -------
    float
        The quantile, found by halving an interval around it.

    Raises
    ------
    ValueError
        If ``probability`` is not inside (0, 1), with 1e-12 to spare, or ``df`` is below 1.

    Examples
    --------
    >>> round(t_quantile(0.975, df=9), 4)
    2.2622
    """
    _checks.integer("t_quantile(probability, df)", "df", df, at_least=1)
    if not 1e-12 <= probability <= 1 - 1e-12:
        raise ValueError(
            f"t_quantile(probability={probability}, df={df}): needed 0 < probability < 1, and no "
            "nearer to the ends than 1e-12."
        )
    if probability < 0.5:
        return -t_quantile(1 - probability, df)
    low, high = 0.0, 1.0
    while t_cdf(high, df) < probability:
        low, high = high, 2 * high
    while True:
        middle = (low + high) / 2
        if not low < middle < high:  # neighbouring floats: nothing left to halve
            return middle
        if t_cdf(middle, df) < probability:
            low = middle
        else:
            high = middle


def _interval(
    who: str, values: Values, confidence: float, variance_factor: float | None
) -> Interval:
    differences = _finite(who, values, at_least=2)
    _check_confidence(who, confidence)
    n = len(differences)
    if all_equal(differences):
        middle = float(np.median(differences))
        return Interval(middle, middle, middle, n, confidence)
    factor = 1 / n if variance_factor is None else variance_factor
    mean = float(differences.mean())
    half = t_quantile(0.5 + confidence / 2, n - 1) * math.sqrt(factor * differences.var(ddof=1))
    return Interval(mean, mean - half, mean + half, n, confidence)


def mean_interval(differences: Values, confidence: float = 0.95) -> Interval:
    r"""Mean of the differences with its t-interval, :math:`\bar d \pm t_{n-1}\, s / \sqrt{n}`.

    Parameters
    ----------
    differences : sequence of float, shape (n,)
        One difference per seed, at least two.
    confidence : float, default 0.95
        In (0, 1).

    Returns
    -------
    Interval
        In the unit of the differences. Equal differences give an interval of width 0.

    Raises
    ------
    ValueError
        With fewer than two differences, a NaN, or a confidence outside (0, 1).

    Notes
    -----
    Where all seeds split the *same* images, this interval speaks about splitting and training
    again on these images. For new images see :func:`corrected_interval`.

    Examples
    --------
    >>> mean_interval([1.0, 3.0]).estimate
    2.0
    """
    return _interval("mean_interval(differences)", differences, confidence, None)


def corrected_interval(
    differences: Values, n_train: int, n_test: int, confidence: float = 0.95
) -> Interval:
    r"""Mean of the differences with the interval for overlapping random splits.

    Random splits of one data set share images, so their differences are not independent. The
    correction replaces the variance factor :math:`1/n` by :math:`1/n + n_{test}/n_{train}`.

    Parameters
    ----------
    differences : sequence of float, shape (n,)
        One difference per seed, at least two.
    n_train, n_test : int
        Number of training and test images in each split, at least 1.
    confidence : float, default 0.95
        In (0, 1).

    Returns
    -------
    Interval
        Same mean as :func:`mean_interval`, wider.

    Raises
    ------
    ValueError
        As :func:`mean_interval`, and if a number of images is below 1.
    TypeError
        If a number of images is not a whole number.

    Notes
    -----
    The correction takes any two splits to be correlated by n_test / (n_train + n_test), the share
    of the images that is tested on. That is cautious as soon as the runs scatter because of what
    they were trained on. Where there are several times as many test as training images nearly all
    scatter comes from there, two training sets have few images in common, and the interval is
    several times as wide as it need be. It would shrink if test images were thrown away. What it
    leaves open is then *not shown by this method*.

    References
    ----------
    Nadeau and Bengio (2003), Machine Learning 52, doi:10.1023/A:1024068626366.

    Examples
    --------
    >>> narrow = mean_interval([1.0, 2.0, 3.0])
    >>> wide = corrected_interval([1.0, 2.0, 3.0], n_train=1000, n_test=797)
    >>> round((wide.high - wide.low) / (narrow.high - narrow.low), 2)
    1.84
    """
    who = f"corrected_interval(n_train={n_train}, n_test={n_test})"
    _checks.integer(who, "n_train", n_train, at_least=1)
    _checks.integer(who, "n_test", n_test, at_least=1)
    n = max(1, np.size(differences))
    return _interval(who, differences, confidence, 1 / n + n_test / n_train)


def decide(interval: Interval, margin: float, direction: Direction = "greater") -> Decision:
    """Judge a claim by its interval and its margin.

    Parameters
    ----------
    interval : Interval
        Interval of the difference.
    margin : float
        Smallest difference that matters, at least 0, in the unit of the interval.
    direction : {"greater", "less", "equal"}
        What is claimed: a difference above ``margin``, below ``-margin``, or inside both.

    Returns
    -------
    {"holds", "does not hold", "undecided"}
        *holds* if the whole interval lies where the claim says, *does not hold* if no part of it
        does, *undecided* if it lies across the border.

    Raises
    ------
    ValueError
        If ``margin`` is negative or not finite, or 0 for ``"equal"``, or the direction is unknown.

    Examples
    --------
    >>> decide(Interval(0.2, -0.6, 1.0, n=10), margin=0.5)
    'undecided'
    >>> decide(Interval(0.2, 0.1, 0.3, n=10), margin=0.5)
    'does not hold'
    >>> decide(Interval(0.2, 0.1, 0.3, n=10), margin=0.5, direction="equal")
    'holds'
    """
    who = f"decide(margin={margin}, direction={direction!r})"
    if direction not in get_args(Direction):
        raise ValueError(f"{who}: needed a direction of 'greater', 'less', 'equal'.")
    if not (margin >= 0 and math.isfinite(margin)):
        raise ValueError(f"{who}: needed a finite margin of at least 0.")
    low, high = interval.low, interval.high
    if direction == "equal":
        if margin == 0:
            raise ValueError(
                f"{who}: no interval fits into a margin of 0. Exact equality is shown by a proof."
            )
        if -margin < low and high < margin:
            return "holds"
        return "does not hold" if low > margin or high < -margin else "undecided"
    if direction == "less":
        low, high = -high, -low
    if low > margin:
        return "holds"
    return "does not hold" if high < margin else "undecided"


def p_value(differences: Values, null: float = 0.0, splits: tuple[int, int] | None = None) -> float:
    """Two-sided p-value of the t-test that the mean difference is a given number.

    Parameters
    ----------
    differences : sequence of float, shape (n,)
        One difference per seed, at least two, not all equal.
    null : float, default 0
        The mean that is tested, in the unit of the differences.
    splits : tuple of int, optional
        Training and test images per seed, where the seeds split the same images; the error is then
        the wider one of :func:`corrected_interval`.

    Returns
    -------
    float
        Probability in [0, 1].

    Raises
    ------
    ValueError
        With fewer than two differences, a NaN, or differences without any spread.

    Examples
    --------
    >>> round(p_value([1.0, 2.0, 3.0]), 4)
    0.0742
    """
    values = _finite("p_value(differences)", differences, at_least=2)
    if all_equal(values):
        raise ValueError(
            f"p_value(differences): all {len(values)} differences are {values[0]}, needed some "
            "spread. A difference without any chance in it needs no test."
        )
    variance = 1 / len(values)
    if splits is not None:
        n_train, n_test = splits
        variance += n_test / n_train
    error = float(values.std(ddof=1)) * math.sqrt(variance)
    t = abs(float(values.mean()) - null) / error
    return 2 * t_cdf(-t, len(values) - 1)


def holm(p_values: Values) -> npt.NDArray[np.float64]:
    """P-values adjusted for judging many claims at once, by Holm's step-down rule.

    The smallest of m p-values is multiplied by m, the next by m - 1 and so on; none may end up
    below a smaller one, nor above 1.

    Parameters
    ----------
    p_values : sequence of float, shape (m,)
        Probabilities in [0, 1], at least one.

    Returns
    -------
    numpy.ndarray, shape (m,), float64
        Adjusted p-values in the order in which they came.

    Raises
    ------
    ValueError
        If nothing came or a value lies outside [0, 1].

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03]).round(2).tolist()
    [0.03, 0.06, 0.06]
    """
    values = _finite("holm(p_values)", p_values, at_least=1)
    if ((values < 0) | (values > 1)).any():
        raise ValueError(f"holm(p_values): {values.tolist()} came, needed values in [0, 1].")
    order = np.argsort(values)
    factors = len(values) - np.arange(len(values))
    stepped = np.maximum.accumulate(values[order] * factors)
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


def chance_to_decide(
    effect: float,
    spread: float,
    n: int,
    margin: float,
    direction: Direction = "greater",
    splits: tuple[int, int] | None = None,
) -> float:
    r"""Probability that n runs decide a claim, if effect and spread are what they are taken to be.

    The interval of n runs lies around a mean that is normal around the effect, and its half-width
    hangs on the spread that happens to come out, whose square is a :math:`\chi^2` with
    :math:`n - 1` degrees of freedom. For a given spread the rest is the normal distribution; over
    the spreads it is averaged on a fine grid.

    Parameters
    ----------
    effect : float
        True mean difference, in the unit of the differences.
    spread : float
        Standard deviation of the differences between runs, in the same unit, above 0.
    n : int
        Number of runs, at least 2.
    margin : float
        As for :func:`decide`.
    direction : {"greater", "less", "equal"}
        As for :func:`decide`.
    splits : tuple of int, optional
        Training and test images per run, where the runs split the same images and the decision is
        to be one for new images: the interval is then that of :func:`corrected_interval`.

    Returns
    -------
    float
        Probability in [0, 1] of *holds* or *does not hold*.

    Raises
    ------
    ValueError
        If the spread is not above 0, the effect is not finite, n is below 2, or margin and
        direction are none for :func:`decide`.

    Examples
    --------
    >>> round(chance_to_decide(effect=1.0, spread=1.0, n=10, margin=0.0), 2)
    0.8
    """
    who = f"chance_to_decide(effect={effect}, spread={spread}, n={n})"
    _checks.integer(who, "n", n, at_least=2)
    if not (math.isfinite(effect) and 0 < spread < math.inf):
        raise ValueError(f"{who}: needed a finite effect and a finite spread above 0.")
    decide(Interval(effect, effect, effect, n), margin, direction)  # which checks both
    if direction == "less":
        effect = -effect
    df = n - 1
    low, high = max(0.0, 1 - 8 / math.sqrt(2 * df)), 1 + 8 / math.sqrt(2 * df)
    found = low + (high - low) * (np.arange(1000) + 0.5) / 1000  # spreads, as parts of the true
    weights = np.exp(df * (np.log(found) - (found**2 - 1) / 2)) / found
    error = spread * math.sqrt(1 / n + (splits[1] / splits[0] if splits else 0.0))
    half = t_quantile(0.975, df) * error * found

    def above(edge: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Probability that the mean comes out above an edge."""
        return np.array([math.erfc((e - effect) / error / math.sqrt(2)) / 2 for e in edge])

    if direction == "equal":
        inside = above(half - margin) - above(margin - half)
        chances = above(margin + half) + 1 - above(-margin - half) + np.maximum(inside, 0)
    else:
        chances = above(margin + half) + 1 - above(margin - half)
    return min(1.0, float(np.average(chances, weights=weights)))


def runs_needed(
    effect: float,
    spread: float,
    margin: float,
    direction: Direction = "greater",
    *,
    splits: tuple[int, int] | None = None,
    chance: float = 0.8,
    at_most: int = 1000,
) -> int | None:
    """How many runs decide a claim with a given chance; None where `at_most` runs would not.

    Parameters
    ----------
    effect, spread, margin, direction, splits
        As for :func:`chance_to_decide`.
    chance : float, default 0.8
        Probability of a decision that is wanted, in (0, 1).
    at_most : int, default 1000
        Largest number of runs that anybody would make.

    Returns
    -------
    int or None
        The smallest number of runs. None also where no number is enough: for an effect that lies on
        the margin, and often for new images, since more runs on the same images bring no new ones.

    Raises
    ------
    ValueError
        As :func:`chance_to_decide`, and for a chance outside (0, 1).

    Examples
    --------
    >>> runs_needed(effect=0.3, spread=0.5, margin=0.5)
    52
    >>> runs_needed(effect=0.5, spread=0.5, margin=0.5) is None
    True
    """
    _checks.integer("runs_needed(at_most)", "at_most", at_most, at_least=2)
    if not 0 < chance < 1:
        raise ValueError(f"runs_needed(chance={chance}): needed 0 < chance < 1.")

    def enough(n: int) -> bool:
        return chance_to_decide(effect, spread, n, margin, direction, splits) >= chance

    if not enough(at_most):
        return None
    low, high = 1, at_most
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high
