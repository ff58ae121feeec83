"""The exercises of chapter 11: cases, references and replies that are theirs alone."""

import numpy as np
import pytest

from cnnlab.exercises import ch11
from cnnlab.statistics import Interval, decide, mean_interval


def plain(text):
    return " ".join(str(text).split())


# -- 1. score


@pytest.mark.parametrize("case", ch11._score_cases())
def test_the_solution_of_score_agrees_with_counting(case):
    assert ch11._my_score(*case) == ch11._score_by_counting(*case)


def test_every_case_of_score_has_a_guess():
    assert all((guesses >= 0).any() for guesses, _ in ch11._score_cases())


def test_claims_that_were_left_out_count_nowhere():
    assert ch11._my_score(np.array([1, -1, -1]), np.array([1, 2, 2])) == (1, 1)


# -- 2. falsifiable

RULE = dict(ch11._RULE)


@pytest.mark.parametrize(
    "changed",
    [
        {"arms": ("large_tuned", "small"), "direction": "less"},
        {"arms": ["small", "large_tuned"]},
        {"margin": 0.01, "seeds": 30},
    ],
)
def test_other_rules_that_can_fail_are_correct_too(changed):
    assert ch11.falsifiable.check(RULE | changed).status == "correct"


@pytest.mark.parametrize(
    ("changed", "reply"),
    [
        ({"arms": "small"}, "as a tuple of two names"),
        ({"quantity": "beauty"}, "needed one of train_accuracy"),
        ({"direction": "worse"}, "needed 'greater', 'less' or 'equal'"),
        ({"margin": "half a point"}, "needed a number"),
        ({"margin": float("nan")}, "needed a number"),
        ({"paired": "yes"}, "needed True or False"),
        ({"seeds": 10.5}, "needed a whole number"),
        ({"seeds": True}, "needed a whole number"),
    ],
)
def test_what_is_no_entry_of_a_rule_is_named(changed, reply):
    outcome = ch11.falsifiable.check(RULE | changed)
    assert outcome.status == "not yet"
    assert reply in plain(outcome)


def test_arms_and_quantities_are_those_of_the_stub():
    assert set(ch11._RULE["arms"]) <= set(ch11.ARMS)
    assert ch11._RULE["quantity"] in ch11.QUANTITIES


# -- 3. settled


@pytest.mark.parametrize("case", ch11._settled_cases()[::5])
def test_from_there_on_every_verdict_is_the_last_one(case):
    differences, margin = case
    n = ch11._my_settled(differences, margin)
    verdicts = [
        decide(mean_interval(differences[:k]), margin) for k in range(2, len(differences) + 1)
    ]
    assert len(set(verdicts[n - 2 :])) == 1
    assert n == 2 or verdicts[n - 3] != verdicts[-1]


def test_the_cases_of_settled_know_all_three_verdicts():
    last = {decide(mean_interval(d), margin) for d, margin in ch11._settled_cases()}
    assert last == {"holds", "does not hold", "undecided"}


def test_peeking_fools_far_more_often_than_it_should():
    assert 0.1 < ch11._peeking() < 0.3


# -- 4. flips


@pytest.mark.parametrize("case", ch11._flip_cases())
def test_the_solution_of_flips_agrees_with_the_decisions_of_the_book(case):
    assert ch11._my_flips(*case) == ch11._flips_by_loops(*case)


def test_no_end_of_an_interval_lies_on_a_margin():
    for intervals, margin, other in ch11._flip_cases():
        assert not np.isin(intervals, [margin, other]).any()


def test_a_narrow_interval_between_two_margins_turns_at_once():
    assert decide(Interval(0.7, 0.6, 0.8, n=10), 0.5) == "holds"
    assert decide(Interval(0.7, 0.6, 0.8, n=10), 1.0) == "does not hold"
    assert ch11._my_flips(np.array([[0.6, 0.8]]), 0.5, 1.0) == 1
