"""The numbers behind the decisions are those of the words, and the margins where they are."""

import math
import re
from types import SimpleNamespace

import pytest

from cnnlab import claims, experiments
from cnnlab.claims import measured as m
from cnnlab.statistics import corrected_interval, runs_needed

LEDGER = claims.ledger()
PARTS = [part for claim in LEDGER for part in claim.parts]
RECORDED = [part for part in PARTS if part.rule is not None and part.finding.runs >= 2]


def part_of(claim, name):
    return next(part for part in claims.claim(claim).parts if part.name == name)


def told(number):
    """A number of an effect in words."""
    return float(number.replace("−", "-"))


@pytest.mark.parametrize("part", RECORDED, ids=lambda part: part.rule.experiment)
def test_numbers_and_words_agree(part):
    found = m.measured(part)
    numbers = [told(x) for x in re.findall(r"[+−]?\d+(?:\.\d+)?", part.finding.effect)[:1]]
    ends = [told(x) for x in part.finding.effect.split("[")[-1].rstrip("]").split(", ")]
    for wanted, got in zip([*numbers, *ends], (found.estimate, found.low, found.high), strict=True):
        assert got == pytest.approx(wanted, rel=0.06, abs=0.06 if abs(wanted) > 0.1 else 0.006)
    assert (found.wide is not None) == bool(part.finding.for_new_images)


@pytest.mark.parametrize("part", RECORDED, ids=lambda part: part.rule.experiment)
def test_the_decision_can_be_read_off_the_edges(part):
    found = m.measured(part)
    if part.finding.runs < part.rule.enough:
        return
    low, high, edges = found.low, found.high, found.edges
    if found.direction == "equal":
        holds, fails = edges[0] < low and high < edges[1], low > edges[1] or high < edges[0]
    elif found.direction == "greater":
        holds, fails = low > edges[0], high < edges[0]
    else:
        holds, fails = high < edges[0], low > edges[0]
    decision = "holds" if holds else "does not hold" if fails else "undecided"
    clipped = found.unit == "percent" and {low, high} & {0.0, 100.0}
    assert decision == part.finding.decision or clipped


def test_a_proof_has_no_numbers():
    assert m.measured(next(part for part in PARTS if part.rule is None)) is None


def test_an_effect_in_margins_is_turned_to_the_side_that_is_claimed():
    shift = m.measured(part_of("dropout-makes-robust", "shift"))
    assert shift.estimate < 0
    assert shift.in_margins[0] == pytest.approx(-shift.estimate / -shift.edges[0])
    assert shift.in_margins[1] < shift.in_margins[0] < shift.in_margins[2]
    low, high = shift.wide_in_margins
    assert low < shift.in_margins[1] < shift.in_margins[2] < high


def test_a_ratio_in_margins_is_counted_on_logarithms():
    step = m.measured(part_of("pooling-speeds-up-training", "step"))
    assert step.ratio
    expected = math.log(step.estimate) / math.log(step.edges[0])
    assert step.in_margins[0] == pytest.approx(expected)


def test_without_a_margin_nothing_can_be_counted_in_it():
    found = next(found for found in map(m.measured, RECORDED) if found.edges == (found.nothing,))
    with pytest.raises(ValueError, match="the margin is 0"):
        _ = found.in_margins


@pytest.mark.parametrize("part", PARTS[::7], ids=lambda part: part.name)
def test_the_margin_as_it_is_changes_no_decision(part):
    assert m.under_margin(part, 1.0) == part.finding.decision


def test_a_wider_margin_can_only_lead_from_holds_to_does_not_hold():
    order = ("holds", "undecided", "does not hold")
    for part in RECORDED:
        if part.rule.direction != "equal" and part.rule.margin:
            ranks = [order.index(m.under_margin(part, f)) for f in (0.5, 1, 2, 4)]
            assert ranks == sorted(ranks), part.name


def test_more_runs_are_planned_from_the_recorded_mean_and_spread():
    part = part_of("max-picks-the-important", "average")
    effects = part.rule.effects(experiments.load("pooling_rules"))
    wanted = runs_needed(effects.mean(), effects.std(ddof=1), part.rule.margin)
    assert m.more_runs(part) == max(wanted, part.rule.enough)


def test_runs_can_be_planned_for_either_end_of_the_interval():
    part = part_of("max-picks-the-important", "average")
    effects = part.rule.effects(experiments.load("pooling_rules"))
    low = effects.mean() - 2.093 * effects.std(ddof=1) / math.sqrt(20)  # t with 19 degrees
    wanted = runs_needed(low, effects.std(ddof=1), part.rule.margin)
    assert m.more_runs(part, truth="low") == max(wanted, part.rule.enough)


def test_seeds_make_the_interval_for_new_images_no_narrower_than_this():
    part = part_of("max-picks-the-important", "average")
    effects = part.rule.effects(experiments.load("pooling_rules"))
    lists = effects.tolist() * 500
    wide = corrected_interval(lists, *part.rule.splits)
    half = part.rule.scale * (wide.high - wide.low) / 2
    assert m.narrowest(part) == pytest.approx(half, rel=0.05)


def test_without_splits_there_is_no_narrowest_interval():
    assert m.narrowest(part_of("depth-builds-hierarchy", "depth-cifar")) is None


def test_images_are_split_again_or_kept_or_drawn():
    assert m.images(part_of("depth-builds-hierarchy", "depth-digits")) == "one set, split again"
    assert (
        m.images(part_of("depth-builds-hierarchy", "depth-cifar")) == "one set, no second interval"
    )
    assert m.images(part_of("depth-builds-hierarchy", "chance")) == "drawn anew"


def test_a_proof_has_no_images():
    with pytest.raises(ValueError, match="recorded runs"):
        m.images(next(part for part in PARTS if part.rule is None))


def test_photographs_are_never_drawn_anew():
    for name in m.DRAWN:
        assert "CIFAR" not in experiments.load(name).header["data"]["name"]


def test_no_part_is_planned_with_fewer_runs_than_its_rule_asks_for():
    assert m.more_runs(part_of("max-picks-the-important", "random")) == 10


def test_a_proof_needs_no_runs():
    with pytest.raises(ValueError, match="recorded runs"):
        m.more_runs(next(part for part in PARTS if part.rule is None))


def test_the_verdicts_are_counted_without_their_runs():
    counts = m.tally(LEDGER)
    assert sum(counts.values()) == len(LEDGER.claims)
    assert counts["undecided"] == sum(c.verdict.startswith("undecided") for c in LEDGER)


def test_every_claim_stands_once_among_the_forecasts():
    found = m.forecasts(LEDGER)
    assert sorted(name for names in found.values() for name in names) == sorted(LEDGER.claims)
    for (forecast, verdict), names in found.items():
        for name in names:
            claim = claims.claim(name)
            assert (claim.forecast, m.written_kind(claim)) == (forecast, verdict)


def test_what_is_open_are_parts_that_count_of_claims_that_are_undecided():
    for claim, part in m.undecided(LEDGER):
        assert claim.verdict.startswith("undecided")
        assert part in claim.counting
        assert part.finding.decision == "undecided"
    assert {c.name for c, _ in m.undecided(LEDGER)} == {
        c.name for c in LEDGER if c.verdict.startswith("undecided")
    }


def test_a_claim_without_parts_has_no_evidence():
    assert m.evidence(claims.claim("off-topic-pools")) == "none"
    assert m.evidence(SimpleNamespace(decided_by="proof")) == "proof"
