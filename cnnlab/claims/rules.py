"""Rules: how recorded rows decide a sentence, chosen before the run.

A rule names the arms, the quantity, the direction that is claimed and the smallest effect that
matters. What it finds on the rows is a decision, the effect with its 95 % interval, and a p-value.
"""

import math
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

import numpy as np

from cnnlab.experiments import Record
from cnnlab.statistics import (
    Decision,
    Direction,
    Interval,
    all_equal,
    corrected_interval,
    decide,
    mean_interval,
    p_value,
    paired_differences,
)

Counted: TypeAlias = Literal["seeds", "repetitions"]

ENOUGH = 10

__all__ = ["ENOUGH", "Counted", "Finding", "Rule"]


@dataclass(frozen=True)
class Finding:
    """What a part of a claim comes to.

    Parameters
    ----------
    decision : {"holds", "does not hold", "undecided"}
        By the rule, or by the proof.
    effect : str
        Mean and 95 % interval in words; empty for a proof.
    runs : int
        Number of seeds or repetitions; 0 for a proof.
    counted : {"seeds", "repetitions"}
        What the number of runs counts.
    for_new_images : str
        The wider interval for overlapping splits; empty where nothing is split.
    on_these_data : bool
        True if the decision does not survive that wider interval.
    sign_on_these_data : bool
        True if the interval is on one side of zero and the wider one is not.
    p : float, optional
        Two-sided p-value against the nearest effect at which the decision would change: the margin
        on the claimed side, or for a claim of equality the nearer one of both. Where splits overlap
        it is the one for new images.
    """

    decision: Decision
    effect: str = ""
    runs: int = 0
    counted: Counted = "seeds"
    for_new_images: str = ""
    on_these_data: bool = False
    sign_on_these_data: bool = False
    p: float | None = None

    @property
    def words(self) -> str:
        """The decision, restricted to these data where it has to be."""
        return self.decision + (" on these data" if self.on_these_data else "")

    @property
    def quoted(self) -> str:
        """The effect as an answer quotes it: restricted where decision or sign have to be."""
        restricted = self.on_these_data or self.sign_on_these_data
        return self.effect + (" (on these data)" if restricted else "")

    @property
    def measured(self) -> str:
        """Effect, intervals and number of runs."""
        wide = f"; for new images {self.for_new_images}" if self.for_new_images else ""
        return f"{self.effect}{wide}, n = {self.runs} {self.counted}"


@dataclass(frozen=True)
class Rule:
    """How recorded rows decide, chosen before the run.

    Parameters
    ----------
    experiment : str
        Whose record.
    quantity : str
        A column of the record, or the quotient of two: ``"goal_seconds/goal_steps"``.
    arms : tuple of str
        Two arms that are compared; or one that is held against ``threshold``; or four, for an
        interaction: what the first has over the second, minus what the third has over the fourth.
    direction : {"greater", "less", "equal"}
        What is claimed of the first arm.
    margin : float
        Smallest effect that matters, in the unit of the quantity; for a ratio a factor above 1.
    ratio : bool, default False
        Compare by division instead of subtraction; intervals are then taken on logarithms.
    threshold : float, optional
        For a single arm: the value it is held against.
    scale : float, default 1
        Factor for printing, for instance 100 for percentage points.
    unit : str
        Printed after the number.
    splits : tuple of int, optional
        Training and test images per seed, where the seeds split the same images.
    counted : {"seeds", "repetitions"}
        Whether another seed makes another run, or only measures the same one again.
    enough : int, default 10
        Runs below which nothing is decided, however clear they look.
    """

    experiment: str
    quantity: str
    arms: tuple[str, ...]
    direction: Direction
    margin: float
    ratio: bool = False
    threshold: float | None = None
    scale: float = 1.0
    unit: str = ""
    splits: tuple[int, int] | None = None
    counted: Counted = "seeds"
    enough: int = ENOUGH

    def __post_init__(self) -> None:
        if len(self.arms) not in ((2, 4) if self.threshold is None else (1,)):
            raise ValueError(
                f"Rule({self.experiment!r}, {self.quantity!r}): {len(self.arms)} arms came, needed "
                "two, or four for an interaction, or one with a threshold."
            )
        who = f"Rule({self.experiment!r}, {self.quantity!r})"
        if self.direction not in ("greater", "less", "equal"):
            raise ValueError(
                f"{who}: direction = {self.direction!r}, needed 'greater', 'less' or 'equal'."
            )
        if self.ratio and (self.margin <= 1 or self.threshold is not None):
            raise ValueError(
                f"{who}: a ratio needs a margin that is a factor above 1, and no threshold; the "
                f"margin is {self.margin}, the threshold {self.threshold}."
            )
        if self.margin < 0 or (self.direction == "equal" and not self.margin):
            raise ValueError(
                f"{who}: margin = {self.margin}, needed at least 0, and above 0 for 'equal'."
            )

    def effects(self, record: Record) -> np.ndarray[Any, Any]:
        """One effect per seed: a difference, the logarithm of a ratio, or a distance."""
        numerator, _, denominator = self.quantity.partition("/")

        def values(arm: str) -> np.ndarray[Any, Any]:
            column = record.values(arm, numerator)
            return column / record.values(arm, denominator) if denominator else column

        if self.threshold is not None:
            return values(self.arms[0]) - self.threshold
        effect = np.zeros(())
        for first, second, sign in zip(self.arms[::2], self.arms[1::2], (1, -1), strict=False):
            record.differences(first, second, numerator)  # refuses arms that are not paired
            scale = np.log if self.ratio else np.asarray
            pair = paired_differences(scale(values(first)), scale(values(second)))
            effect = effect + sign * pair
        return effect

    def apply(self, record: Record) -> Finding:
        """Judge a record.

        Parameters
        ----------
        record : Record
            Rows of the experiment.

        Returns
        -------
        Finding
            Decision, effect with interval, number of runs.
        """
        runs = min(len(record.seeds(arm)) if arm in record.arms else 0 for arm in self.arms)
        if runs < 2:
            return Finding("undecided", "not yet recorded", runs, self.counted)
        effects = self.effects(record)
        margin = math.log(self.margin) if self.ratio else self.margin
        interval = mean_interval(effects)
        enough = interval.n >= self.enough
        decision = decide(interval, margin, self.direction) if enough else "undecided"
        found = Finding(
            decision,
            self.in_words(interval),
            interval.n,
            self.counted,
            p=self._p_value(effects, interval.estimate, margin),
        )
        if self.splits is None:
            return found
        wide = corrected_interval(effects, *self.splits)
        return replace(
            found,
            for_new_images=self._in_numbers(wide)[1],
            on_these_data=enough and decide(wide, margin, self.direction) != decision,
            sign_on_these_data=_one_sided(interval) and not _one_sided(wide),
        )

    def _p_value(
        self, effects: np.ndarray[Any, Any], estimate: float, margin: float
    ) -> float | None:
        """Give the p-value against the nearest edge; none where the effects have no spread."""
        if all_equal(effects):
            return None
        edge = math.copysign(margin, estimate if self.direction == "equal" else 1)
        edge = -edge if self.direction == "less" else edge
        return p_value(effects, null=edge, splits=self.splits)

    @property
    def limit(self) -> str:
        """What the interval is held against, in the unit of the reader; empty for zero."""
        margin = f"margin {self.scale * self.margin:g}" if self.margin else ""
        if self.ratio:
            return f"margin a factor of {self.margin:g}"
        if self.threshold is None:
            return margin
        against = f"held against {self.scale * self.threshold:g}"
        return f"{against}, {margin}" if margin else against

    def in_a_sentence(self) -> str:
        """Say what is compared and what counts.

        Returns
        -------
        str
            For instance ``in pool_or_not, test_accuracy of max minus avg is greater than 0.005``.
        """
        joint = " over " if self.ratio else " minus "
        sides = [joint.join(self.arms[side : side + 2]) for side in range(0, len(self.arms), 2)]
        compared = sides[0] if len(sides) == 1 else f"({sides[0]}){joint}({sides[1]})"
        if self.threshold is not None:
            compared = f"{self.arms[0]} minus {self.threshold:g}"
        if self.direction == "equal":
            low = 1 / self.margin if self.ratio else -self.margin
            limits = f"between {low:.3g} and {self.margin:g}"
        else:
            sign = "" if self.direction == "greater" or self.ratio or not self.margin else "-"
            below = self.ratio and self.direction == "less"
            limits = f"{self.direction} than {sign}{1 / self.margin if below else self.margin:.3g}"
        return f"in {self.experiment}, {self.quantity} of {compared} is {limits}"

    def in_words(self, interval: Interval) -> str:
        """Print an interval of effects in the unit of the reader.

        Parameters
        ----------
        interval : Interval
            As the rule computes it.

        Returns
        -------
        str
            For instance ``+1.12 points [+0.60, +1.64]`` or ``0.31 times [0.29, 0.33]``.
        """
        mean, ends = self._in_numbers(interval)
        return f"{mean} {'times' if self.ratio else self.unit} {ends}"

    def _in_numbers(self, interval: Interval) -> tuple[str, str]:
        """Print the mean, and the ends in brackets."""
        numbers = (interval.estimate, interval.low, interval.high)
        if self.ratio:
            mean, low, high = (_digits(math.exp(number)) for number in numbers)
        elif self.threshold is not None:
            values = [self.scale * (n + self.threshold) for n in numbers]
            if self.unit == "percent":  # of a whole: an interval cannot reach beyond it
                values = [min(max(value, 0.0), 100.0) for value in values]
            mean, low, high = map(_digits, values)
        else:
            mean, low, high = (f"{self.scale * number:+z.2f}" for number in numbers)
        return _minus(mean), _minus(f"[{low}, {high}]")


def _one_sided(interval: Interval) -> bool:
    """Whether zero lies outside an interval."""
    return interval.low > 0 or interval.high < 0


def _digits(value: float) -> str:
    """Write a number with two digits that count, three from 100 on."""
    if abs(value) >= 10:
        return f"{value:.0f}"
    return f"{value:.1f}" if abs(value) >= 1 else f"{value:z.2f}"


def _minus(number: str) -> str:
    """Give a number the minus sign of typography."""
    return number.replace("-", "−")
