"""The ledger: claims, what decides them, and verdicts computed from proofs and recorded runs.

``claims.yml`` says what is claimed and what would decide it. Nothing in it is a measured number:
a *rule* names arms, quantity, direction and margin and is applied to the recorded rows, a *proof*
names a test. From the decisions on its parts a claim's verdict follows.
"""

import html
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np

from cnnlab import experiments
from cnnlab.claims.numbers import numbers
from cnnlab.experiments import Record
from cnnlab.statistics import (
    Decision,
    Direction,
    Interval,
    corrected_interval,
    decide,
    mean_interval,
    paired_differences,
)

try:
    import yaml
except ImportError as error:
    raise ImportError(
        'cnnlab.claims needs PyYAML. Install it with: pip install "cnnlab[experiments]"'
    ) from error

MARKS = {
    "holds": "✓",
    "holds with conditions": "◐",
    "does not hold": "✗",
    "ill-posed": "?",
    "undecided": "…",
    "off topic": "–",
}
CLASSES = {
    "holds": "holds",
    "holds with conditions": "conditions",
    "does not hold": "fails",
    "ill-posed": "ill-posed",
    "undecided": "undecided",
    "off topic": "off-topic",
}

Counted: TypeAlias = Literal["seeds", "repetitions"]

TIMED = "Times are those of one core of one machine."
BRACKETS = "Numbers are means over the runs, with their 95 % intervals in brackets."
NEW_IMAGES = (
    "The seeds split the same images, so their runs resemble one another; the wider interval “for "
    "new images” allows for that. What only the narrower one decides holds “on these data”."
)

__all__ = ["Box", "Claim", "Finding", "Ledger", "Part", "Question", "Rule", "load_ledger"]


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
    """

    decision: Decision
    effect: str = ""
    runs: int = 0
    counted: Counted = "seeds"
    for_new_images: str = ""
    on_these_data: bool = False

    @property
    def words(self) -> str:
        """The decision, restricted to these data where it has to be."""
        return self.decision + (" on these data" if self.on_these_data else "")

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
        Two arms that are compared, or one that is held against ``threshold``.
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

    def __post_init__(self) -> None:
        if len(self.arms) != (2 if self.threshold is None else 1):
            raise ValueError(
                f"Rule({self.experiment!r}, {self.quantity!r}): {len(self.arms)} arms came, needed "
                "two, or one with a threshold."
            )
        if self.ratio and self.margin <= 1:
            raise ValueError(
                f"Rule({self.experiment!r}, {self.quantity!r}): the margin of a ratio is "
                f"{self.margin}, needed a factor above 1."
            )

    def effects(self, record: Record) -> np.ndarray[Any, Any]:
        """One effect per seed: a difference, the logarithm of a ratio, or a distance."""
        numerator, _, denominator = self.quantity.partition("/")

        def values(arm: str) -> np.ndarray[Any, Any]:
            column = record.values(arm, numerator)
            return column / record.values(arm, denominator) if denominator else column

        if self.threshold is not None:
            return values(self.arms[0]) - self.threshold
        first, second = self.arms
        record.differences(first, second, numerator)  # refuses arms that are not paired
        if self.ratio:
            return paired_differences(np.log(values(first)), np.log(values(second)))
        return paired_differences(values(first), values(second))

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
        effects = self.effects(record)
        margin = math.log(self.margin) if self.ratio else self.margin
        interval = mean_interval(effects)
        decision = decide(interval, margin, self.direction)
        found = Finding(decision, self.in_words(interval), interval.n, self.counted)
        if self.splits is None:
            return found
        wide = corrected_interval(effects, *self.splits)
        return replace(
            found,
            for_new_images=self._in_numbers(wide)[1],
            on_these_data=decide(wide, margin, self.direction) != decision,
        )

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
            mean, low, high = (_digits(self.scale * (n + self.threshold)) for n in numbers)
        else:
            mean, low, high = (f"{self.scale * number:+z.2f}" for number in numbers)
        return _minus(mean), _minus(f"[{low}, {high}]")


def _digits(value: float) -> str:
    """Write a number with two digits that count, three from 100 on."""
    if abs(value) >= 10:
        return f"{value:.0f}"
    return f"{value:.1f}" if abs(value) >= 1 else f"{value:z.2f}"


def _minus(number: str) -> str:
    """Give a number the minus sign of typography."""
    return number.replace("-", "−")


@dataclass(frozen=True)
class Part:
    """One sentence of a claim that can be decided by itself.

    Parameters
    ----------
    name : str
        Unique within its claim.
    states : str
        The sentence.
    found : {"holds", "does not hold", "undecided"}
        The decision as it is written in the ledger; a test holds it against :attr:`finding`.
    rule : Rule, optional
        Decides on recorded rows.
    proof : str, optional
        Node id of the test that decides.
    aside : bool, default False
        True for a sentence that is reported and does not count for the verdict.
    """

    name: str
    states: str
    found: Decision
    rule: Rule | None = None
    proof: str | None = None
    aside: bool = False

    def __post_init__(self) -> None:
        if (self.rule is None) == (self.proof is None):
            raise ValueError(f"Part({self.name!r}): needed either a rule or a proof.")

    @cached_property
    def finding(self) -> Finding:
        """What the rule gives on the recorded rows, or what the proof shows."""
        if self.rule is None:
            return Finding(self.found)
        return self.rule.apply(_record(self.rule.experiment))

    @property
    def mark(self) -> str:
        """A sign for the decision."""
        return MARKS[self.finding.decision]

    @property
    def told(self) -> str:
        """The sentence, and what was measured."""
        if self.rule is None:
            return self.states
        return f"{self.states.rstrip('.')} ({self.finding.measured})."

    @property
    def outcome(self) -> str:
        """Decision and sentence, in one line."""
        return f"{self.mark} {self.finding.words}: {self.told}"


@cache
def _record(name: str) -> Record:
    return experiments.load(name)


@dataclass(frozen=True)
class Claim:
    """A claim in falsifiable form, with everything that decides it.

    Parameters
    ----------
    name : str
        Its identifier.
    chapter : str
        File name of the chapter that gives the verdict.
    section : str
        Id of the heading in that chapter under which the claim is settled.
    says : str
        The claim as one meets it.
    falsifiable : str
        The sentence that is judged.
    forecast : str
        The verdict we expected before the runs.
    verdict : str
        The verdict as written; a test holds it against :meth:`compute`.
    parts : tuple of Part
        Sentences that are decided one by one.
    judged : {"together", "separately"}
        *Together*: the claim is all of its parts at once, and falls with one of them.
        *Separately*: parts are cases, and a mixture holds with conditions.
    condition : str
        Clause after "holds if"; empty unless the verdict needs one.
    missing : str
        What an ill-posed claim leaves open, to stand after "missing:"; otherwise empty.
    sources : tuple of str
        Keys of the bibliography.
    """

    name: str
    chapter: str
    section: str
    says: str
    falsifiable: str
    forecast: str
    verdict: str
    parts: tuple[Part, ...]
    judged: Literal["together", "separately"] = "separately"
    condition: str = ""
    missing: str = ""
    sources: tuple[str, ...] = field(default=())

    def compute(self) -> str:
        """Work out the verdict from the parts.

        Returns
        -------
        str
            A verdict of the scale; *undecided* names the number of runs. A claim is undecided only
            where its open parts could change the verdict.
        """
        return "ill-posed" if self.missing else self.repaired

    @property
    def repaired(self) -> str:
        """The verdict once the missing term of an ill-posed claim is supplied."""
        decisions = {part.finding.decision for part in self.counting}
        if self.judged == "together" and "does not hold" in decisions:
            return "does not hold"
        if {"holds", "does not hold"} <= decisions:
            return "holds with conditions"
        if "undecided" in decisions:
            findings = [part.finding for part in self.counting]
            runs = min(found.runs for found in findings if found.decision == "undecided")
            return f"undecided with {runs} runs"
        return decisions.pop()

    @property
    def counting(self) -> tuple[Part, ...]:
        """Parts that the verdict follows from."""
        return tuple(part for part in self.parts if not part.aside)

    @property
    def asides(self) -> tuple[Part, ...]:
        """Parts that are only reported."""
        return tuple(part for part in self.parts if part.aside)

    @property
    def mark(self) -> str:
        """A sign for the verdict that does not hang on colour."""
        return MARKS[verdict_kind(self.verdict)]

    @property
    def on_these_data(self) -> bool:
        """Whether a part that counts rests on the narrow interval alone."""
        return any(part.finding.on_these_data for part in self.counting)

    @property
    def sentence(self) -> str:
        """What the verdict is about: the claim as one meets it where that cannot be judged."""
        return self.says if self.missing else self.falsifiable

    @property
    def clause(self) -> str:
        """Condition or missing term, as a sentence to stand after the verdict."""
        if self.missing:
            reading = f"Read as “{self.falsifiable.rstrip('.')}”: {self.repaired}"
            condition = f", if {self.condition}" if self.condition else ""
            return f"Missing: {self.missing}. {reading}{condition}."
        return f"Holds if {self.condition}." if self.condition else ""

    @property
    def decided_by(self) -> str:
        """What decides the parts that count: proof, recorded runs, or both."""
        kinds = {"proof" if part.rule is None else "recorded runs" for part in self.counting}
        return " and ".join(sorted(kinds))

    def __repr__(self) -> str:
        lines = [f"{self.name}: {self.mark} {_written(self)}", f"  claim      {self.sentence}"]
        if self.clause:
            lines.append(f"  condition  {self.clause}")
        lines += [f"  part       {part.outcome}" for part in self.counting]
        lines += [f"  aside      {part.outcome}" for part in self.asides]
        lines.append(f"  forecast   {self.forecast}")
        lines.append(f"  shown in   {self.chapter}#{self.section}")
        lines += [f"  note       {note}" for note in _legend((self,))]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return Box((self,), f"The claim “{self.name}”")._repr_html_()


def _written(claim: Claim) -> str:
    return claim.verdict + (" (on these data)" if claim.on_these_data else "")


def _legend(claims: tuple[Claim, ...]) -> list[str]:
    """Say once what the printed numbers mean."""
    rules = [part.rule for claim in claims for part in claim.parts if part.rule is not None]
    notes = {
        BRACKETS: bool(rules),
        NEW_IMAGES: any(rule.splits for rule in rules),
        TIMED: any(rule.counted == "repetitions" for rule in rules),
    }
    return [note for note, needed in notes.items() if needed]


def verdict_kind(text: str) -> str:
    """Drop what follows a verdict's own words: ``undecided with 10 runs`` is ``undecided``."""
    return next(kind for kind in sorted(MARKS, key=len, reverse=True) if text.startswith(kind))


@dataclass(frozen=True)
class Question:
    """A question as people ask it, and an honest answer in one or two sentences.

    Parameters
    ----------
    name : str
        Its number in the ledger, for instance ``Q01``.
    chapter : str
        File name of the chapter where it is answered.
    asks : str
        The question.
    claims : tuple of str
        Names of the claims it rests on.
    answer : str
        The answer; measured and counted numbers are filled in.
    """

    name: str
    chapter: str
    asks: str
    claims: tuple[str, ...]
    answer: str

    def __repr__(self) -> str:
        return f"{self.name}  {self.asks}\n     {self.answer}"


@dataclass(frozen=True)
class Box:
    """The verdicts of a chapter: text in a terminal, a card for each claim on the page.

    Parameters
    ----------
    claims : tuple of Claim
        In the order of printing.
    caption : str
        What the box shows.
    """

    claims: tuple[Claim, ...]
    caption: str

    def __repr__(self) -> str:
        lines = [self.caption]
        for claim in self.claims:
            lines += ["", f"{claim.mark} {_written(claim)}  ·  {claim.name}", f"  {claim.sentence}"]
            lines += [f"  {note}" for note in _notes(claim)]
            lines += [f"  {part.outcome}" for part in claim.counting]
            lines += [f"  by the way, {part.outcome}" for part in claim.asides]
        return "\n".join([*lines, "", *_legend(self.claims)]).rstrip()

    def _repr_html_(self) -> str:
        caption = html.escape(self.caption)
        cards = "".join(self._card(claim) for claim in self.claims)
        notes = " ".join(_legend(self.claims))
        legend = f'<p class="cnn-verdicts__note">{notes}</p>' if notes else ""
        return (
            f'<section class="cnn-verdicts" aria-label="{caption}">'
            f'<p class="cnn-verdicts__caption">{caption}</p>{cards}{legend}</section>'
        )

    @staticmethod
    def _card(claim: Claim) -> str:
        sentence = html.escape(claim.sentence)
        notes = "".join(f"<p>{html.escape(note)}</p>" for note in _notes(claim))
        asides = ""
        if claim.asides:
            summary = f"By the way ({len(claim.asides)})"
            asides = f"<details><summary>{summary}</summary>{_listed(claim.asides)}</details>"
        return (
            f'<div class="cnn-verdict cnn-verdict--{CLASSES[verdict_kind(claim.verdict)]}">'
            f'<p class="cnn-verdict__head"><span class="cnn-verdict__word">'
            f'<span aria-hidden="true">{claim.mark}</span> {html.escape(_written(claim))}</span> '
            f'<span class="cnn-verdict__claim">{sentence}</span></p>'
            f"{notes}{_listed(claim.counting)}{asides}"
            f'<p>Decided by {claim.decided_by}: <a href="#{claim.section}" '
            f'aria-label="where it is shown: {sentence}">where it is shown</a>.</p></div>'
        )


def _notes(claim: Claim) -> list[str]:
    """Condition or missing term, and a forecast that went wrong."""
    wrong = verdict_kind(claim.forecast) != verdict_kind(claim.verdict)
    forecast = f"Forecast before the runs: {claim.forecast}." if wrong else ""
    return [note for note in (claim.clause, forecast) if note]


def _listed(parts: tuple[Part, ...]) -> str:
    """Write outcomes as a list, decisions in bold."""
    items = "".join(
        f'<li><span aria-hidden="true">{part.mark}</span> '
        f"<strong>{part.finding.words}:</strong> {html.escape(part.told)}</li>"
        for part in parts
    )
    return f"<ul>{items}</ul>"


@dataclass(frozen=True)
class Ledger:
    """All claims and all questions.

    Parameters
    ----------
    claims : mapping of str to Claim
        By name.
    questions : mapping of str to Question
        By number.
    """

    claims: Mapping[str, Claim]
    questions: Mapping[str, Question]

    def __iter__(self) -> Iterator[Claim]:
        return iter(self.claims.values())


def _part(name: str, entry: Mapping[str, Any]) -> Part:
    settings = dict(entry)
    rule = settings.pop("rule", None)
    if rule is not None:
        rule = dict(rule)
        rule["arms"] = tuple(rule["arms"])
        if "splits" in rule:
            rule["splits"] = tuple(rule["splits"])
        rule = Rule(**rule)
    return Part(name=name, rule=rule, **settings)


_SLOT = re.compile(r"\{(?:number:(?P<number>[\w-]+)|(?P<claim>[\w-]+)/(?P<part>[\w-]+))\}")


def _filled(text: str, claims: Mapping[str, Claim]) -> str:
    """Put counted and measured numbers into an answer."""

    def value(slot: re.Match[str]) -> str:
        if slot["number"]:
            return numbers()[slot["number"]]
        part = next(part for part in claims[slot["claim"]].parts if part.name == slot["part"])
        return part.finding.effect

    return _SLOT.sub(value, text)


def load_ledger(path: Path | None = None) -> Ledger:
    """Read the ledger.

    Parameters
    ----------
    path : pathlib.Path, optional
        A YAML file; the book's own by default.

    Returns
    -------
    Ledger
        Claims and questions, answers filled in.

    Raises
    ------
    ValueError
        If a recorded run that decides a claim was edited or made with other settings.
    """
    source = Path(__file__).with_name("claims.yml") if path is None else path
    entries = yaml.safe_load(source.read_text(encoding="utf-8"))
    claims = {}
    for name, entry in entries["claims"].items():
        settings = dict(entry)
        parts = tuple(_part(key, part) for key, part in settings.pop("parts").items())
        sources = tuple(settings.pop("sources", ()))
        claims[name] = Claim(name=name, parts=parts, sources=sources, **settings)
    questions = {
        name: Question(
            name,
            entry["chapter"],
            entry["asks"],
            tuple(entry["claims"]),
            _filled(entry["answer"], claims),
        )
        for name, entry in entries["questions"].items()
    }
    return Ledger(claims, questions)
