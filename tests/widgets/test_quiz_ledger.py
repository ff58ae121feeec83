"""What the quizzes take for granted, held against the ledger."""

from dataclasses import replace

import pytest

from cnnlab import claims
from cnnlab.claims.rules import Finding, Rule
from cnnlab.claims.verdicts import Part, recorded
from cnnlab.statistics import Interval, decide
from cnnlab.widgets.quiz import DECISIONS, load_quiz, quiz_names

QUESTIONS = {f"{name}/{q.id}": q for name in quiz_names() for q in load_quiz(name).questions}
NEEDS = sorted({need for q in QUESTIONS.values() for need in q.needs.items()})
OPPOSITE = {"greater": "less", "less": "greater"}


def agrees(part: Part, needed: str) -> bool:
    """Whether the ledger says of a part what a question needs."""
    if needed != "opposite holds":
        return part.finding.decision == needed
    if part.rule is None or part.rule.direction not in OPPOSITE:
        return False
    rule = replace(part.rule, direction=OPPOSITE[part.rule.direction])
    return rule.apply(recorded(rule.experiment)).decision == "holds"


@pytest.mark.parametrize(("name", "needed"), NEEDS)
def test_what_a_question_needs_is_what_the_ledger_says(name, needed):
    claim, _, part = name.partition("/")
    parts = {part.name: part for part in claims.claim(claim).parts}
    assert agrees(parts[part], needed), f"{name}: {parts[part].outcome}"


def test_every_claim_that_a_question_names_is_in_the_ledger():
    named = {claim for question in QUESTIONS.values() for claim in question.claims}
    assert named
    assert named <= set(claims.ledger().claims)


def part_with(difference, direction="greater"):
    """A part whose rule, with a margin of half a point, finds this difference."""

    class Found(Rule):
        def apply(self, record):
            interval = Interval(difference, difference - 0.1, difference + 0.1, n=10)
            return Finding(decide(interval, self.margin, self.direction))

    rule = Found("pool_or_not", "test_accuracy", ("max", "avg"), direction, 0.5)
    return Part("part", "A sentence.", "undecided", rule=rule)


@pytest.mark.parametrize(
    ("difference", "agreeing"),
    [
        (1, {"holds"}),
        (0.5, set()),
        (0, {"does not hold"}),
        (-1, {"does not hold", "opposite holds"}),
    ],
)
def test_a_need_follows_the_record(difference, agreeing):
    part = part_with(difference)
    assert {needed for needed in DECISIONS if agrees(part, needed)} == agreeing


def test_a_proof_and_an_equality_have_no_opposite():
    proof = Part("part", "A sentence.", "does not hold", proof="tests/test_x.py::test_y")
    assert not agrees(proof, "opposite holds")
    assert not agrees(part_with(-1, direction="equal"), "opposite holds")
