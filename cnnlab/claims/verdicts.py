"""Claims, what decides them, and the verdicts that follow.

The files in ``ledger/``, one per chapter, say what is claimed and what would decide it. Nothing in
them is a measured number: a *rule* names arms, quantity, direction and margin and is applied to the
recorded rows, a *proof* names a test. From the decisions on its parts a claim's verdict follows.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Literal

from cnnlab import experiments
from cnnlab.claims import cards
from cnnlab.claims.rules import Finding, Rule
from cnnlab.claims.scale import MARKS, verdict_kind
from cnnlab.experiments import Record
from cnnlab.statistics import Decision, holm
from cnnlab.text import Cell, Table

__all__ = ["Claim", "Ledger", "Part", "Question"]


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
        return self.rule.apply(recorded(self.rule.experiment))

    @property
    def mark(self) -> str:
        """A sign for the decision."""
        return MARKS[self.finding.decision]

    @property
    def told(self) -> str:
        """The sentence, and what was measured."""
        if self.rule is None:
            return self.states
        limit = f"; {self.rule.limit}" if self.rule.limit else ""
        return f"{self.states.rstrip('.')} ({self.finding.measured}{limit})."

    @property
    def outcome(self) -> str:
        """Decision and sentence, in one line."""
        return f"{self.mark} {self.finding.words}: {self.told}"


@cache
def recorded(name: str) -> Record:
    """Give the recorded rows of an experiment, none where nothing was recorded yet.

    Parameters
    ----------
    name : str
        Of the experiment.

    Returns
    -------
    Record
    """
    try:
        return experiments.load(name)
    except FileNotFoundError:
        return Record({"experiment": name, "arms": {}, "quantities": {}}, ())


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
        Id of the heading in that chapter under which the claim is settled; empty while the chapter
        is not written.
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
    elsewhere : str
        For a claim that is off topic: what the word means there, a sentence; otherwise empty.
    sources : tuple of str
        Keys of the bibliography.
    """

    name: str
    chapter: str
    says: str
    falsifiable: str
    forecast: str
    verdict: str
    parts: tuple[Part, ...]
    section: str = ""
    judged: Literal["together", "separately"] = "separately"
    condition: str = ""
    missing: str = ""
    elsewhere: str = ""
    sources: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        if self.judged not in ("together", "separately"):
            raise ValueError(
                f"Claim({self.name!r}): judged = {self.judged!r}, needed 'together' or "
                "'separately'."
            )

    def compute(self) -> str:
        """Work out the verdict from the parts.

        Returns
        -------
        str
            A verdict of the scale; *undecided* names the number of runs. A claim is undecided only
            where its open parts could change the verdict.
        """
        if self.elsewhere:
            return "off topic"
        return "ill-posed" if self.missing else self.repaired

    @property
    def repaired(self) -> str:
        """The verdict once the missing term is supplied; empty where nothing can repair a claim."""
        if not self.counting:
            return ""
        return self._verdict([part.finding.decision for part in self.counting])

    def _verdict(self, decisions: Sequence[Decision]) -> str:
        """Combine the decisions on the parts that count."""
        if self.judged == "together" and "does not hold" in decisions:
            return "does not hold"
        if {"holds", "does not hold"} <= set(decisions):
            return "holds with conditions"
        if "undecided" in decisions:
            findings = zip(self.counting, decisions, strict=True)
            runs = min(part.finding.runs for part, found in findings if found == "undecided")
            return f"undecided with {runs} runs"
        return decisions[0]

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
        """Whether the verdict would be another without what the narrow interval alone decides."""
        open_or_repaired = "undecided", "ill-posed", "off topic"
        if verdict_kind(self.compute()) in open_or_repaired or not self.counting:
            return False
        findings = [part.finding for part in self.counting]
        firm: list[Decision] = ["undecided" if f.on_these_data else f.decision for f in findings]
        return self._verdict(firm) != self.repaired

    @property
    def sentence(self) -> str:
        """What the verdict is about: the claim as one meets it where that cannot be judged."""
        return self.says if self.missing or self.elsewhere else self.falsifiable

    @property
    def clause(self) -> str:
        """Condition, missing term or other meaning, as a sentence to stand after the verdict."""
        if self.elsewhere:
            return self.elsewhere
        if self.missing and not self.repaired:
            return f"Missing: {self.missing}."
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

    @property
    def experiments(self) -> tuple[str, ...]:
        """Names of the experiments whose rows decide or inform it, in the order of the parts."""
        names = (part.rule.experiment for part in self.parts if part.rule is not None)
        return tuple(dict.fromkeys(names))

    @property
    def proofs(self) -> tuple[str, ...]:
        """Node ids of the tests that prove parts of it."""
        return tuple(part.proof for part in self.parts if part.proof is not None)

    def __repr__(self) -> str:
        lines = [f"{self.name}: {self.mark} {cards.written(self)}", f"  claim      {self.sentence}"]
        if self.clause:
            lines.append(f"  condition  {self.clause}")
        lines += [f"  part       {part.outcome}" for part in self.counting]
        lines += [f"  aside      {part.outcome}" for part in self.asides]
        lines.append(f"  forecast   {self.forecast}")
        if self.section:
            lines.append(f"  shown in   {self.chapter}#{self.section}")
        lines += [f"  note       {note}" for note in cards.legend((self,))]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return cards.Box((self,), f"The claim “{self.name}”")._repr_html_()


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

    def comparisons(self) -> Table:
        """All measured comparisons that count for a verdict, adjusted for their number.

        The p-value of a comparison is two-sided and held against the effect at which its decision
        would change, not against zero: below 0.05 the 95 % interval decides, whichever way. Among
        many comparisons some are decided by chance; Holm's adjustment allows for that. Where seeds
        split the same images, p is the one for new images.

        Returns
        -------
        Table
            One line per comparison: claim, part, decision, effect, runs, p and adjusted p.
        """
        measured = [
            (claim.name, part, part.finding.p)
            for claim in self
            for part in claim.counting
            if part.finding.p is not None
        ]
        adjusted = holm([p for *_, p in measured]).tolist() if measured else []
        rows: list[list[Cell]] = []
        for (name, part, p), value in zip(measured, adjusted, strict=True):
            found = part.finding
            chances = [probability(p), probability(value)]
            rows.append([name, part.name, found.words, found.effect, found.runs, *chances])
        columns = ["claim", "part", "decision", "effect", "runs", "p", "p (Holm)"]
        return Table(columns, rows, "Comparisons that count for a verdict, and their p-values")


def probability(value: float) -> str:
    """Print a p-value with two digits that count, and very small ones as a bound.

    Parameters
    ----------
    value : float
        In [0, 1].

    Returns
    -------
    str
    """
    if value < 1e-4:
        return "< 0.0001"
    return f"{value:.2g}"
