"""The explorer of recorded runs: two arms, seed by seed, and when a verdict settles. Chapter 2."""

import html
import math
import re
from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

import numpy as np

from cnnlab import claims, experiments
from cnnlab._extras import needed
from cnnlab._types import Array
from cnnlab.claims.rules import ENOUGH, Finding, Rule
from cnnlab.experiments import Record
from cnnlab.statistics import Direction, Interval, corrected_interval, mean_interval
from cnnlab.widgets.base import Checked, PageWidget, StateError
from cnnlab.widgets.values import Real, choice, small_int

with needed("widgets", by="cnnlab.widgets"):
    import traitlets

Reading: TypeAlias = Literal["higher", "lower", "equal", "undecided"]

WHO = "RunsExplorer"
READINGS: tuple[tuple[Reading, Direction], ...] = (
    ("higher", "greater"),
    ("lower", "less"),
    ("equal", "equal"),
)
LARGEST = 1e9  # of a margin, in any unit


class RunsExplorer(PageWidget):
    """Two arms of a recorded experiment, seed by seed, and what so many seeds decide.

    Parameters
    ----------
    experiment : str or Record
        One of ``experiments.NAMES`` that was recorded, or a record of your own.
    arms : tuple of two str, optional
        The arms that are compared, first minus second. If not given, those of the first rule of the
        book on this experiment, else the first two.
    quantity : str, optional
        What is compared, in the unit of the record. If not given, that of the same rule.
    margin : float, optional
        Smallest difference that matters, in the unit of the quantity, at least 0. If not given,
        that of the book's rule for these arms.
    seeds : int, optional
        How many seeds are counted, the first ones, at least 2. All of them if not given.
    splits : tuple of two int, optional
        Training and test images per seed, where all seeds split the same images; the explorer then
        also shows the wider interval for new images. If not given, as in the book's rules.
    quantities : sequence of str, optional
        Which quantities the reader may choose. If not given, all that differ from seed to seed.
    anchor : str, optional
        Identifier of the explorer in its page; with it, the page offers a link to the present
        state.

    Raises
    ------
    StateError
        If a value cannot be drawn. It is a ``ValueError``, and also raised by an assignment such
        as ``explorer.seeds = 1``, which then changes nothing.

    Notes
    -----
    In a running notebook `arms`, `quantity`, `margin` and `seeds` are traits: assign to them, or
    read what the reader has chosen. A new quantity may need another `margin`.

    The book decides with ten runs or more, and by a rule that was written before them. The explorer
    applies that decision to any pair, and says for which pairs there was such a rule.

    Examples
    --------
    >>> RunsExplorer("removals_cifar", ("max", "stride"))
    RunsExplorer: removals_cifar, test_accuracy of max minus stride over 10 of 10 seeds: higher
    """

    module = "records.js"

    record = Checked(None).tag(sync=True)
    arms = Checked(None).tag(sync=True)
    quantity = Checked(None).tag(sync=True)
    margin = Real(0.0, (0, LARGEST)).tag(sync=True)
    seeds = Checked(None).tag(sync=True)

    def __init__(
        self,
        experiment: str | Record,
        arms: Sequence[str] | None = None,
        quantity: str | None = None,
        margin: float | None = None,
        seeds: int | None = None,
        *,
        splits: tuple[int, int] | None = None,
        quantities: Sequence[str] | None = None,
        anchor: str | None = None,
    ) -> None:
        self._runs, rules = _loaded(experiment)
        self._rules = [rule for rule in rules if _names_a_pair(rule, self._runs)]
        named = next((rule for rule in self._rules if quantity in (None, rule.quantity)), None)
        self._shown = _content(self._runs, self._rules, splits, quantities)
        present = [name for name, *_ in self._shown["quantities"]]
        if quantity is None:
            own = named is not None and named.quantity in present
            quantity = named.quantity if named is not None and own else present[0]
        if arms is None:
            arms = named.arms if named is not None else self._runs.arms[:2]
        arms = _pair(arms, self._shown)
        if margin is None:
            quantity = choice(WHO, "quantity", quantity, present)
            rule = _rule_for(self._rules, quantity, arms)
            offered: list[float] = self._shown["margins"][present.index(quantity)]
            margin = rule.margin if rule is not None and not rule.ratio else offered[0]
        super().__init__(
            record=self._shown,
            arms=arms,
            quantity=quantity,
            margin=margin,
            seeds=len(self._shown["seeds"]) if seeds is None else seeds,
            anchor=anchor,
        )

    def __repr__(self) -> str:
        """One line: what is compared, and what it comes to."""
        first, second = self.arms
        return (
            f"RunsExplorer: {self._shown['experiment']}, {self.quantity} of {first} minus {second} "
            f"over {self.seeds} of {len(self._shown['seeds'])} seeds: {self.decision()}"
        )

    @property
    def _counted(self) -> Record:
        """The rows of the seeds that are counted."""
        chosen = set(self._shown["seeds"][: self.seeds])
        return Record(
            self._runs.header, tuple(row for row in self._runs.rows if row["seed"] in chosen)
        )

    @property
    def _splits(self) -> tuple[int, int] | None:
        found = _rule_for(self._rules, self.quantity, self.arms)
        if found is not None and not self._shown["own_splits"]:
            return found.splits
        names = [name for name, *_ in self._shown["quantities"]]
        pair = self._shown["splits"][names.index(self.quantity)]
        return None if pair is None else (pair[0], pair[1])

    def differences(self) -> Array:
        """First arm minus second, for the seeds that are counted.

        Returns
        -------
        (n,) array of float64
            In the unit of the quantity.

        Examples
        --------
        >>> RunsExplorer("removals_cifar", ("max", "stride"), seeds=3).differences().round(3)
        array([0.041, 0.035, 0.063])
        """
        first, second = self.arms
        return self._counted.differences(first, second, self.quantity)

    def interval(self, new_images: bool = False) -> Interval:
        """Mean of the differences with its 95 % interval.

        Parameters
        ----------
        new_images : bool, default False
            Give the wider interval that allows for overlapping splits, where there are any.

        Returns
        -------
        Interval
            In the unit of the quantity.
        """
        if new_images and self._splits is not None:
            return corrected_interval(self.differences(), *self._splits)
        return mean_interval(self.differences())

    def _findings(self, enough: int) -> dict[Reading, Finding]:
        """What the book's rule finds for each of the three sentences that could hold."""
        shared: dict[str, Any] = {
            "experiment": self._shown["experiment"],
            "quantity": self.quantity,
            "arms": self.arms,
            "margin": self.margin,
            "splits": self._splits,
            "enough": enough,
        }
        return {
            reading: Rule(direction=direction, **shared).apply(self._counted)
            for reading, direction in READINGS
            if self.margin or direction != "equal"  # nothing is shown to be exactly equal
        }

    def reading(self) -> Reading:
        """What the interval says, however few the seeds are.

        Returns
        -------
        {"higher", "lower", "equal", "undecided"}
            Of the first arm: by more than the margin, or equal within the margin.
        """
        found = self._findings(enough=2)
        return next((name for name in found if found[name].decision == "holds"), "undecided")

    def decision(self) -> str:
        """What the book's rule decides with these seeds.

        Returns
        -------
        str
            ``"higher"``, ``"lower"`` or ``"equal"``, with ``" on these data"`` where the interval
            for new images does not say so; ``"undecided"``; below ten seeds for instance
            ``"undecided: 4 of 10 runs"``.

        Examples
        --------
        >>> RunsExplorer("removals_cifar", ("max", "stride"), seeds=4).decision()
        'undecided: 4 of 10 runs'
        """
        if self.seeds < ENOUGH:
            return f"undecided: {self.seeds} of {ENOUGH} runs"
        found = self._findings(ENOUGH)
        for name, finding in found.items():
            if finding.decision == "holds":
                return name + (" on these data" if finding.on_these_data else "")
        return "undecided"

    @traitlets.validate("record")
    def _check_record(self, proposal: Any) -> dict[str, Any]:
        if proposal["value"] != self._shown:
            raise StateError(
                f"{WHO}(record): an explorer keeps its runs. Make another one for other runs: "
                "RunsExplorer(experiment)."
            )
        return self._shown

    @traitlets.validate("arms")
    def _check_arms(self, proposal: Any) -> tuple[str, str]:
        return _pair(proposal["value"], self._shown)

    @traitlets.validate("quantity")
    def _check_quantity(self, proposal: Any) -> str:
        known = [name for name, *_ in self._shown["quantities"]]
        return choice(WHO, "quantity", proposal["value"], known)

    @traitlets.validate("seeds")
    def _check_seeds(self, proposal: Any) -> int:
        return small_int(WHO, "seeds", proposal["value"], (2, len(self._shown["seeds"])))

    def sentence(self) -> str:
        """Say what so many seeds show, as the explorer does.

        Returns
        -------
        str
            Two or three sentences.
        """
        first, second = self.arms
        every = self._runs.differences(first, second, self.quantity)
        unit = next(unit for name, unit, _ in self._shown["quantities"] if name == self.quantity)
        scale, word = (100, " points") if unit == "fraction" else (1, _unit_word(unit))
        digits = _digits(scale * every, at_least=2 if unit == "fraction" else 0)

        def text(value: float) -> str:
            return _number(scale * value, digits)

        def united(number: str) -> str:
            return "1 point" if number == "1" and unit == "fraction" else number + word

        interval = self.interval()
        mean = text(abs(interval.estimate))
        margin = united(_number(scale * self.margin, 9))
        start = f"Over {self.seeds} seeds {_words(self.quantity)} is"
        way = "higher" if interval.estimate > 0 else "lower"
        if mean == "0":
            parts = [f"{start} the same on average with {first} and with {second};"]
        else:
            parts = [f"{start} {united(mean)} {way} with {first} than with {second};"]
        parts.append(
            f"95 % interval of the difference {text(interval.low)} to {text(interval.high)}."
        )
        reading = self.reading()
        said = {
            "higher": f"higher by more than {margin}" if self.margin else "higher",
            "lower": f"lower by more than {margin}" if self.margin else "lower",
            "equal": f"equal within {margin}",
            "undecided": "undecided",
        }[reading]
        if self.seeds < ENOUGH:
            parts.append(
                f"No verdict: {self.seeds} of {ENOUGH} runs. The interval alone would say: {said}."
            )
        elif reading == "equal":
            parts.append(f"It holds that the two differ by less than {margin}.")
        elif reading != "undecided":
            parts.append(f"It holds that it is {said}.")
        elif self.margin:
            parts.append("Undecided: the interval lies across an edge of the margin.")
            if interval.low > -self.margin or interval.high < self.margin:
                other = "lower" if interval.low > -self.margin else "higher"
                parts.append(f"That it is {other} by more than {margin} is ruled out.")
        else:
            parts.append("Undecided: the interval holds zero.")
        if self._splits is not None and self.seeds >= ENOUGH:
            wide = self.interval(new_images=True)
            parts.append(f"For new images it is {text(wide.low)} to {text(wide.high)}:")
            if self.decision().endswith("on these data"):
                parts.append("undecided, so that the verdict is one on these data.")
            else:
                parts.append("the same." if reading != "undecided" else "undecided too.")
        return " ".join(parts)

    def fallback(self) -> str:
        """A table of the differences, seed by seed, and what they come to."""
        unit = next(unit for name, unit, _ in self._shown["quantities"] if name == self.quantity)
        scale, named = (100, "%") if unit == "fraction" else (1, _unit_word(unit).strip())
        first, second = self.arms
        columns = [self._runs.values(arm, self.quantity) for arm in self.arms]
        columns.append(columns[0] - columns[1])
        digits = _digits(scale * columns[2], at_least=2 if unit == "fraction" else 0)
        rows = "".join(
            f"<tr><td>{seed}</td>"
            + "".join(f"<td>{_number(scale * float(c[row]), digits)}</td>" for c in columns)
            + "</tr>\n"
            for row, seed in enumerate(self._shown["seeds"][: self.seeds])
        )
        head = "".join(
            f'<th scope="col">{html.escape(name, quote=False)}</th>'
            for name in ("seed", first, second, "difference")
        )
        caption = _words(self.quantity) + (f" ({named})" if named else "")
        words = html.escape(f"{self._shown['question']} {self.sentence()}", quote=False)
        caption = html.escape(f"{caption.capitalize()}, seed by seed", quote=False)
        return (
            '<div class="cnn-still cnn-records-still">\n'
            f"<p>{words}</p>\n<table>\n<caption>{caption}</caption>\n"
            f"<thead>\n<tr>{head}</tr>\n</thead>\n<tbody>\n{rows}</tbody>\n</table>\n</div>"
        )


def _loaded(experiment: str | Record) -> tuple[Record, list[Rule]]:
    """Give the rows, and the rules of the book on them, those first that count for a verdict."""
    if isinstance(experiment, Record):
        return experiment.paired(), []
    if experiment not in experiments.NAMES:
        raise StateError(
            f"{WHO}({experiment!r}): no such experiment; there are {', '.join(experiments.NAMES)}."
        )
    try:
        runs = experiments.load(experiment)
    except FileNotFoundError as missing:
        raise StateError(f"{WHO}({experiment!r}): {missing}") from None
    parts = [part for claim in claims.ledger() for part in claim.parts]
    parts.sort(key=lambda part: part.aside)
    return runs, [p.rule for p in parts if p.rule is not None and p.rule.experiment == experiment]


def _pair(value: Any, shown: dict[str, Any]) -> tuple[str, str]:
    """Check the names of two arms."""
    if isinstance(value, str) or not isinstance(value, Sequence) or len(value) != 2:
        raise StateError(f"{WHO}(arms={value!r}): needed the names of two arms.")
    known = [name for name, _ in shown["arms"]]
    first, second = (choice(WHO, "arms", name, known) for name in value)
    if first == second:
        raise StateError(
            f"{WHO}(arms={(first, second)!r}): needed two different arms. An arm does not differ "
            "from itself."
        )
    return first, second


def _names_a_pair(rule: Rule, runs: Record) -> bool:
    return len(rule.arms) == 2 and set(rule.arms) <= set(runs.arms)


def _rule_for(rules: Sequence[Rule], quantity: str, arms: Sequence[str]) -> Rule | None:
    """Find the book's rule for a pair of arms, in whichever order they are named."""
    fitting = (r for r in rules if r.quantity == quantity and set(r.arms) == set(arms))
    return next(fitting, None)


def _content(
    runs: Record,
    rules: Sequence[Rule],
    splits: tuple[int, int] | None,
    quantities: Sequence[str] | None,
) -> dict[str, Any]:
    """What the page has to know of the runs: plain values, as recorded."""
    header = runs.header
    name = header["experiment"]
    seeds = runs.seeds(runs.arms[0]) if runs.arms else ()
    if len(runs.arms) < 2 or len(seeds) < 2:
        raise StateError(
            f"{WHO}({name!r}): {len(runs.arms)} arms with {len(seeds)} seeds, needed two of each. "
            "Run more seeds."
        )
    if splits is not None:
        splits = _checked_splits(splits)
    varying = [quantity for quantity in header["quantities"] if _varies(runs, quantity)]
    chosen = varying if quantities is None else list(quantities)
    if not chosen:
        raise StateError(f"{WHO}({name!r}): no quantity that differs from seed to seed.")
    for quantity in chosen:
        choice(WHO, "quantities", quantity, varying)
    arms = list(runs.arms)
    units = {quantity: header["quantities"][quantity]["unit"] for quantity in chosen}
    return {
        "experiment": name,
        "question": _times(header["question"]),
        "arms": [[arm, _times(header["arms"][arm])] for arm in arms],
        "quantities": [
            [quantity, units[quantity], _times(header["quantities"][quantity]["meaning"])]
            for quantity in chosen
        ],
        "seeds": list(seeds),
        "values": [[_column(runs, arm, quantity) for arm in arms] for quantity in chosen],
        "margins": [_margins(runs, rules, quantity, units[quantity]) for quantity in chosen],
        "splits": [
            list(pair) if (pair := splits or _common_splits(rules, quantity)) else None
            for quantity in chosen
        ],
        "own_splits": splits is not None,
        "rules": [
            [
                chosen.index(rule.quantity),
                arms.index(rule.arms[0]),
                arms.index(rule.arms[1]),
                rule.direction,
                rule.margin,
                list(rule.splits) if rule.splits else None,
                rule.ratio,
            ]
            for index, rule in enumerate(rules)
            if rule.quantity in chosen
            and _rule_for(rules[:index], rule.quantity, rule.arms) is None
        ],
        "enough": ENOUGH,
    }


def _checked_splits(splits: Any) -> tuple[int, int]:
    if not isinstance(splits, Sequence) or len(splits) != 2:
        raise StateError(
            f"{WHO}(splits={splits!r}): needed two numbers, of training and of test images."
        )
    train, test = (small_int(WHO, "splits", number, (1, 10**9)) for number in splits)
    return train, test


def _varies(runs: Record, quantity: str) -> bool:
    """Whether a quantity is one number in each row, and has any chance in it."""
    values = [[row.get(quantity) for row in runs.rows if row["arm"] == arm] for arm in runs.arms]
    plain = all(isinstance(v, int | float) for column in values for v in column)
    return plain and any(len(set(column)) > 1 for column in values)


def _column(runs: Record, arm: str, quantity: str) -> list[float]:
    """Values by ascending seed, whole numbers without a point."""
    return [int(v) if v == int(v) else float(v) for v in runs.values(arm, quantity)]


def _common_splits(rules: Sequence[Rule], quantity: str) -> tuple[int, int] | None:
    """Splits on which all rules of a quantity agree."""
    found = {rule.splits for rule in rules if rule.quantity == quantity}
    return found.pop() if len(found) == 1 else None


def _margins(runs: Record, rules: Sequence[Rule], quantity: str, unit: str) -> list[float]:
    """The margin to begin with, then all that are offered, ascending."""
    own = [rule.margin for rule in rules if rule.quantity == quantity and not rule.ratio]
    if unit == "fraction":
        offered = [0, 0.003, 0.005, 0.01, 0.02, 0.05]
    else:
        spread = float(np.std([runs.values(arm, quantity) for arm in runs.arms]))
        step = 10.0 ** math.floor(math.log10(spread))
        offered = [0, *(float(f"{factor * step:.0e}") for factor in (0.1, 0.2, 0.5, 1))]
    first = own[0] if own else offered[2]
    return [first, *sorted({*offered, *own})]


def _times(text: str) -> str:
    """Write a size with a real times sign.

    >>> _times("2x2 max pooling")
    '2×2 max pooling'
    """
    return re.sub(r"(?<=\d)x(?=\d)", "×", text)


def _words(name: str) -> str:
    return name.replace("_", " ")


def _unit_word(unit: str) -> str:
    """The unit as it stands after a number; nothing for pure numbers."""
    return "" if unit in ("1", "cosine", "0 or 1") else f" {unit}"


def _digits(differences: Array, at_least: int) -> int:
    """Digits after the point that are worth showing: two that count of the spread."""
    spread = float(np.std(differences, ddof=1))
    if spread == 0:
        return 2
    return max(at_least, min(6, 1 - math.floor(math.log10(spread))))


def _number(value: float, digits: int) -> str:
    """Text of a number as `records.js` writes it.

    >>> _number(4.505, 1), _number(-0.3, 2), _number(-0.001, 2)
    ('4.5', '−0.3', '0')
    """
    power = 10**digits
    value = float(f"{value:.12g}")  # a half stays a half, however the sum before it was rounded
    text = f"{math.floor(value * power + 0.5) / power:z.{digits}f}"
    return (text.rstrip("0").rstrip(".") if digits else text).replace("-", "−")
