"""The numbers behind a decision, ready to be drawn: effect, intervals, margin. Chapter 11.

A :class:`Finding <cnnlab.claims.rules.Finding>` says an effect in words; a figure needs it as
numbers, in the unit in which the words give it. And where a part is undecided, one would like to
know how many more runs it would take.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from statistics import NormalDist
from typing import Literal

from cnnlab._types import Array
from cnnlab.claims.rules import Rule
from cnnlab.claims.scale import MARKS, verdict_kind
from cnnlab.claims.verdicts import Claim, Ledger, Part, recorded
from cnnlab.statistics import (
    Decision,
    Direction,
    corrected_interval,
    decide,
    mean_interval,
    runs_needed,
)

__all__ = [
    "Measured",
    "evidence",
    "forecasts",
    "images",
    "measured",
    "more_runs",
    "narrowest",
    "tally",
    "undecided",
    "under_margin",
    "written_kind",
]

KINDS = tuple(MARKS)

#: Records whose images a program draws anew for each seed, for training and for testing.
DRAWN = frozenset({"parts", "density", "where", "lost_detail"})


@dataclass(frozen=True)
class Measured:
    """What a part's runs came to, in the unit of the reader.

    Parameters
    ----------
    estimate, low, high : float
        Mean and 95 % interval: a difference, a factor, or a value that is held against another.
    n : int
        Number of runs.
    wide : tuple of float, optional
        Ends of the interval for new images, where the runs split the same ones.
    nothing : float
        Where no effect would lie: 0, for a factor 1, for a value what it is held against.
    edges : tuple of float
        Where the decision changes: beyond `nothing` by the margin, on both sides for "equal".
    direction : {"greater", "less", "equal"}
        What is claimed.
    unit : str
        Of the numbers: "points", "times", ...
    ratio : bool
        Whether they are factors, to be drawn on a logarithmic scale.
    """

    estimate: float
    low: float
    high: float
    n: int
    wide: tuple[float, float] | None
    nothing: float
    edges: tuple[float, ...]
    direction: Direction
    unit: str
    ratio: bool

    @property
    def in_margins(self) -> tuple[float, float, float]:
        """Mean and ends as multiples of the margin, turned so that above 1 is what is claimed.

        For a claim of equality they are not turned, and the claim lies between -1 and 1.

        Raises
        ------
        ValueError
            If there is no margin.
        """
        middle, *ends = map(self._turned, (self.estimate, self.low, self.high))
        return middle, min(ends), max(ends)

    @property
    def wide_in_margins(self) -> tuple[float, float] | None:
        """The ends of the interval for new images in the same way; None where there is none."""
        if self.wide is None:
            return None
        ends = [self._turned(end) for end in self.wide]
        return min(ends), max(ends)

    def _turned(self, value: float) -> float:
        margin = abs(self._over(self.edges[-1]))
        if not margin:
            raise ValueError("Measured.in_margins: the margin is 0, and counts nothing.")
        return (-1 if self.direction == "less" else 1) * self._over(value) / margin

    def _over(self, value: float) -> float:
        return math.log(value / self.nothing) if self.ratio else value - self.nothing


@cache
def _effects(rule: Rule) -> Array:
    """One effect for each run, worked out once for all that ask."""
    return rule.effects(recorded(rule.experiment))


def _numbers(rule: Rule, value: float) -> float:
    """Give an effect in the unit of the reader."""
    if rule.ratio:
        return math.exp(value)
    value = rule.scale * (value + (rule.threshold or 0.0))
    if rule.threshold is not None and rule.unit == "percent":
        return min(max(value, 0.0), 100.0)
    return value


def _margin(rule: Rule) -> float:
    return math.log(rule.margin) if rule.ratio else rule.margin


def measured(part: Part) -> Measured | None:
    """Give the numbers of a part that recorded runs decide.

    Parameters
    ----------
    part : Part
        Of a claim.

    Returns
    -------
    Measured or None
        None for a proof, and for what was not recorded.

    Examples
    --------
    >>> from cnnlab import claims
    >>> step = next(p for p in claims.claim("pooling-speeds-up-training").parts if p.name == "step")
    >>> found = measured(step)
    >>> found.unit, found.nothing, found.low < found.estimate < found.high < found.edges[0]
    ('times', 1.0, True)
    """
    rule = part.rule
    if rule is None or part.finding.runs < 2:
        return None
    effects = _effects(rule)
    interval, margin = mean_interval(effects), _margin(rule)
    wide = None
    if rule.splits is not None:
        wider = corrected_interval(effects, *rule.splits)
        wide = _numbers(rule, wider.low), _numbers(rule, wider.high)
    edges = {"greater": (margin,), "less": (-margin,), "equal": (-margin, margin)}[rule.direction]
    return Measured(
        estimate=_numbers(rule, interval.estimate),
        low=_numbers(rule, interval.low),
        high=_numbers(rule, interval.high),
        n=interval.n,
        wide=wide,
        nothing=_numbers(rule, 0.0),
        edges=tuple(_numbers(rule, edge) for edge in edges),
        direction=rule.direction,
        unit="times" if rule.ratio else rule.unit,
        ratio=rule.ratio,
    )


def under_margin(part: Part, factor: float) -> Decision:
    """Decide a part as if its margin had been another one.

    Parameters
    ----------
    part : Part
        Of a claim.
    factor : float
        By what the margin is multiplied (of a ratio, its logarithm), above 0.

    Returns
    -------
    {"holds", "does not hold", "undecided"}
        By the runs, or the decision as it is where a proof gave it.

    Examples
    --------
    >>> from cnnlab import claims
    >>> part = claims.claim("strided-conv-replaces-pooling").parts[0]
    >>> under_margin(part, 1.0), under_margin(part, 100.0)
    ('does not hold', 'holds')
    """
    rule = part.rule
    if rule is None or part.finding.runs < rule.enough:
        return part.finding.decision
    effects = _effects(rule)
    return decide(mean_interval(effects), factor * _margin(rule), rule.direction)


def more_runs(
    part: Part,
    *,
    truth: Literal["estimate", "low", "high"] = "estimate",
    new_images: bool = False,
    chance: float = 0.8,
    at_most: int = 1000,
) -> int | None:
    """Estimate how many runs would decide a part, if the spread is that of the record.

    Parameters
    ----------
    part : Part
        Of a claim, with a rule and recorded runs.
    truth : {"estimate", "low", "high"}, default "estimate"
        What the true mean is taken to be: the one that was seen, or an end of its 95 % interval.
    new_images : bool, default False
        Ask for a decision by the wider interval, where the runs split the same images.
    chance : float, default 0.8
        Probability of a decision that is wanted.
    at_most : int, default 1000
        Largest number of runs to think of.

    Returns
    -------
    int or None
        Runs in all, those of the record included, and never fewer than a rule asks for; None where
        `at_most` would not do.

    Raises
    ------
    ValueError
        If there are no runs to estimate from.

    Examples
    --------
    >>> from cnnlab import claims
    >>> claim = claims.claim("max-picks-the-important")
    >>> more_runs(next(part for part in claim.parts if part.name == "random"))
    10
    """
    rule = part.rule
    if rule is None or part.finding.runs < 2:
        raise ValueError(f"more_runs({part.name!r}): needed a part with recorded runs.")
    effects = _effects(rule)
    interval = mean_interval(effects)
    needed = runs_needed(
        {"estimate": interval.estimate, "low": interval.low, "high": interval.high}[truth],
        float(effects.std(ddof=1)),
        _margin(rule),
        rule.direction,
        splits=rule.splits if new_images else None,
        chance=chance,
        at_most=at_most,
    )
    return None if needed is None else max(needed, rule.enough)


def narrowest(part: Part) -> float | None:
    """Give the half-width that the interval for new images keeps with endlessly many seeds.

    Seeds average away the luck of splitting and training. The luck of having these images stays: in
    the corrected interval it is a variance of n_test / n_train times that of the runs.

    Parameters
    ----------
    part : Part
        Of a claim, with a rule and recorded runs.

    Returns
    -------
    float or None
        In the unit of the rule (of a ratio, its logarithm); None where no images are split again.

    Examples
    --------
    >>> from cnnlab import claims
    >>> claim = claims.claim("max-picks-the-important")
    >>> round(narrowest(next(part for part in claim.parts if part.name == "random")), 1)
    1.8
    """
    rule = part.rule
    if rule is None or rule.splits is None or part.finding.runs < 2:
        return None
    n_train, n_test = rule.splits
    spread = float(_effects(rule).std(ddof=1)) * (1.0 if rule.ratio else rule.scale)
    return NormalDist().inv_cdf(0.975) * spread * math.sqrt(n_test / n_train)


def images(part: Part) -> str:
    """Say what the images of a part's runs have in common.

    Parameters
    ----------
    part : Part
        Of a claim, with a rule.

    Returns
    -------
    {"one set, split again", "one set, no second interval", "drawn anew"}
        The first has an interval for new images; the second has none, and might need one.

    Raises
    ------
    ValueError
        If there is no rule.

    Examples
    --------
    >>> from cnnlab import claims
    >>> images(claims.claim("max-picks-the-important").counting[0])
    'one set, split again'
    """
    if part.rule is None:
        raise ValueError(f"images({part.name!r}): needed a part with recorded runs.")
    if part.rule.splits is not None:
        return "one set, split again"
    return "drawn anew" if part.rule.experiment in DRAWN else "one set, no second interval"


def evidence(claim: Claim) -> str:
    """Say what kind of evidence decides a claim.

    Parameters
    ----------
    claim : Claim
        Of the ledger.

    Returns
    -------
    {"proof", "recorded runs", "proof and recorded runs", "none"}

    Examples
    --------
    >>> from cnnlab import claims
    >>> evidence(claims.claim("pooling-has-no-parameters"))
    'proof'
    """
    return claim.decided_by or "none"


def written_kind(claim: Claim) -> str:
    """Give the verdict of a claim without the number of runs."""
    return verdict_kind(claim.verdict)


def tally(ledger: Ledger) -> dict[str, int]:
    """Count the verdicts.

    Parameters
    ----------
    ledger : Ledger
        All claims.

    Returns
    -------
    dict of str to int
        Number of claims by verdict, in the order of the scale.
    """
    kinds = [written_kind(claim) for claim in ledger]
    return {kind: kinds.count(kind) for kind in KINDS}


def forecasts(ledger: Ledger) -> dict[tuple[str, str], list[str]]:
    """Set forecasts against outcomes.

    Parameters
    ----------
    ledger : Ledger
        All claims.

    Returns
    -------
    dict of (forecast, verdict) to list of str
        Names of the claims; pairs that do not occur are left out.
    """
    found: dict[tuple[str, str], list[str]] = {}
    for claim in ledger:
        found.setdefault((claim.forecast, written_kind(claim)), []).append(claim.name)
    return found


def undecided(ledger: Ledger) -> Iterator[tuple[Claim, Part]]:
    """Go through the open parts of the claims that are undecided."""
    for claim in ledger:
        if written_kind(claim) == "undecided":
            for part in claim.counting:
                if part.finding.decision == "undecided":
                    yield claim, part
