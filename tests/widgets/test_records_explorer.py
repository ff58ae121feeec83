"""The Python side of the explorer of recorded runs."""

import gzip
import re
from functools import cache

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from cnnlab import claims, experiments
from cnnlab.claims.rules import ENOUGH
from cnnlab.experiments import Record
from cnnlab.widgets import RunsExplorer, StateError

CIFAR = "removals_cifar"


def own_record(a, b, unit="fraction"):
    """A record of two arms, as a reader's own experiment gives it."""
    header = {
        "experiment": "own",
        "question": "Is a 2x2 pool better?",
        "arms": {"pool": "a 2x2 pool", "plain": "no pool"},
        "quantities": {"score": {"unit": unit, "meaning": "what is measured"}},
    }
    rows = [
        {"arm": arm, "seed": seed, "score": value}
        for arm, values in (("pool", a), ("plain", b))
        for seed, value in enumerate(values)
    ]
    return Record(header, tuple(rows))


def with_differences(*differences, unit="fraction"):
    return own_record([0.5 + d for d in differences], [0.5] * len(differences), unit)


@cache
def recorded():
    """Names of all experiments with two seeds or more."""
    present = (name for name in experiments.NAMES if (experiments.RUNS / f"{name}.jsonl").exists())
    return tuple(name for name in present if len(experiments.load(name).rows) > 4)


def test_the_differences_are_those_of_the_record():
    explorer = RunsExplorer(CIFAR, ("max", "stride"))
    wanted = experiments.load(CIFAR).differences("max", "stride", "test_accuracy")
    assert_array_equal(explorer.differences(), wanted)


def test_fewer_seeds_are_the_first_ones():
    explorer = RunsExplorer(CIFAR, ("max", "stride"))
    every = explorer.differences()
    explorer.seeds = 3
    assert_array_equal(explorer.differences(), every[:3])


def test_the_interval_by_hand():
    explorer = RunsExplorer(own_record([3.0, 5.0], [1.0, 1.0], unit="s"), margin=0.5)
    assert explorer.interval().estimate == 3
    assert explorer.interval().high == pytest.approx(3 + 12.706, abs=1e-3)


def test_overlapping_splits_make_a_wider_interval():
    explorer = RunsExplorer(with_differences(0.01, 0.02, 0.03), splits=(1000, 797))
    narrow, wide = explorer.interval(), explorer.interval(new_images=True)
    assert wide.low < narrow.low < narrow.high < wide.high


def test_every_rule_of_the_book_on_two_arms_decides_as_the_ledger_does():
    said = {"greater": "higher", "less": "lower", "equal": "equal"}
    checked = 0
    for claim in claims.ledger():
        for part in claim.parts:
            rule = part.rule
            if rule is None or len(rule.arms) != 2 or rule.ratio or "/" in rule.quantity:
                continue
            if rule.experiment not in recorded() or part.finding.runs < ENOUGH:
                continue
            explorer = explorer_of(rule.experiment)
            if rule.quantity not in [name for name, *_ in explorer.record["quantities"]]:
                continue
            explorer = RunsExplorer(
                rule.experiment, rule.arms, rule.quantity, rule.margin, splits=rule.splits
            )
            if part.finding.decision == "holds":
                expected = part.finding.words.replace("holds", said[rule.direction])
                assert explorer.decision() == expected, part.states
            else:
                assert not explorer.decision().startswith(said[rule.direction]), part.states
            checked += 1
    assert checked > 50


@cache
def explorer_of(name):
    return RunsExplorer(name)


@pytest.mark.parametrize(
    ("differences", "decision"),
    [
        ([0.02, 0.03] * 5, "higher"),
        ([-0.02, -0.03] * 5, "lower"),
        ([0.001, -0.001] * 5, "equal"),
        ([0.02, -0.02] * 5, "undecided"),
        ([0.02, 0.03] * 4, "undecided: 8 of 10 runs"),
    ],
)
def test_the_decision_on_made_up_differences(differences, decision):
    assert RunsExplorer(with_differences(*differences), margin=0.01).decision() == decision


def test_a_verdict_that_the_wider_interval_does_not_carry_is_one_on_these_data():
    explorer = RunsExplorer(with_differences(*[0.015, 0.035] * 5), margin=0.01, splits=(1000, 797))
    assert explorer.decision() == "higher on these data"
    assert "the verdict is one on these data" in explorer.sentence()


def test_with_few_seeds_the_interval_is_read_and_nothing_is_decided():
    explorer = RunsExplorer(with_differences(0.02, 0.021, 0.022), margin=0.01)
    assert (explorer.reading(), explorer.decision()) == ("higher", "undecided: 3 of 10 runs")


def test_without_a_margin_nothing_is_equal():
    explorer = RunsExplorer(with_differences(*[0.0] * 10, 0.0001), margin=0)
    assert explorer.decision() == "undecided"


def test_the_sentence_names_effect_interval_and_verdict():
    explorer = RunsExplorer(with_differences(*[0.02, 0.03] * 5), margin=0.01)
    assert explorer.sentence() == (
        "Over 10 seeds score is 2.5 points higher with pool than with plain; 95 % interval of the "
        "difference 2.12 to 2.88. It holds that it is higher by more than 1 point."
    )


def test_the_sentence_says_what_an_open_comparison_rules_out():
    explorer = RunsExplorer(with_differences(*[0.004, 0.009] * 5), margin=0.005)
    assert explorer.sentence().endswith(
        "Undecided: the interval lies across an edge of the margin. That it is lower by more than "
        "0.5 points is ruled out."
    )


def test_the_margin_is_that_of_the_books_rule():
    rule = next(
        part.rule
        for claim in claims.ledger()
        for part in claim.parts
        if part.rule is not None
        and part.rule.experiment == CIFAR
        and part.rule.arms == ("max", "stride")
    )
    assert RunsExplorer(CIFAR, ("max", "stride")).margin == rule.margin


def test_the_splits_are_those_of_the_books_rules():
    explorer = RunsExplorer("removals_centred", ("max", "none"))
    assert explorer.interval(new_images=True).high > explorer.interval().high


def test_a_quantity_without_chance_is_not_offered():
    names = [name for name, *_ in RunsExplorer(CIFAR).record["quantities"]]
    assert "test_accuracy" in names
    assert "parameters" not in names


def test_the_quantities_can_be_fewer():
    explorer = RunsExplorer(CIFAR, quantities=("test_accuracy",))
    assert [name for name, *_ in explorer.record["quantities"]] == ["test_accuracy"]


def test_every_recorded_experiment_has_an_explorer_that_fits_into_a_page():
    pages = {name: gzip.compress(explorer_of(name).to_html().encode()) for name in recorded()}
    sizes = {name: len(page) for name, page in pages.items()}
    assert len(sizes) > 20
    assert {name: size for name, size in sizes.items() if size > 6_500} == {}


def test_the_page_holds_the_numbers_as_they_were_recorded():
    explorer = RunsExplorer(CIFAR)
    names = [arm for arm, _ in explorer.record["arms"]]
    for q, (quantity, *_) in enumerate(explorer.record["quantities"]):
        for arm, column in zip(names, explorer.record["values"][q], strict=True):
            assert column == experiments.load(CIFAR).values(arm, quantity).tolist()


def test_the_line_of_text_names_what_is_compared_and_what_it_comes_to():
    assert repr(RunsExplorer(with_differences(*[0.02, 0.03] * 5))) == (
        "RunsExplorer: own, score of pool minus plain over 10 of 10 seeds: higher"
    )


def test_the_fallback_is_a_table_of_the_counted_seeds_and_the_sentence():
    explorer = RunsExplorer(with_differences(0.02, 0.03, 0.04), seeds=2)
    html = explorer.fallback()
    assert explorer.sentence() in html
    assert html.count("<tr>") == 3
    assert "<td>1</td><td>53</td><td>50</td><td>3</td>" in html


def test_names_of_ones_own_are_escaped_in_the_fallback():
    runs = with_differences(0.02, 0.03)
    arms = {"a<b": "a pool", "c&d": "no pool"}
    new = dict(zip(("pool", "plain"), arms, strict=True))
    header = runs.header | {
        "arms": arms,
        "question": "Is p < 1?",
        "quantities": {"x<y": {"unit": "<u>", "meaning": "what is measured"}},
    }
    rows = tuple({"arm": new[r["arm"]], "seed": r["seed"], "x<y": r["score"]} for r in runs.rows)
    page = RunsExplorer(Record(header, rows)).fallback()
    text = re.sub(r"</?(div|p|table|caption|t[a-z]+)\b[^<>]*>", "", page)
    assert "<" not in text
    assert not re.search("&(?!amp;|lt;|gt;)", text)
    for name in ("a&lt;b", "c&amp;d", "x&lt;y", "&lt;u&gt;"):
        assert name in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"experiment": "removals"}, "('removals'): no such experiment; there are cifar_speed"),
        ({"arms": ("max", "maximum")}, "(arms='maximum'): needed 'max', 'avg'"),
        ({"arms": ("max", "max")}, "(arms=('max', 'max')): needed two different arms."),
        ({"arms": "max"}, "(arms='max'): needed the names of two arms."),
        ({"arms": 2}, "(arms=2): needed the names of two arms."),
        ({"arms": ("max",)}, "(arms=('max',)): needed the names of two arms."),
        ({"quantity": "accuracy"}, "(quantity='accuracy'): needed 'test_accuracy'"),
        ({"quantities": ("parameters",)}, "(quantities='parameters'): needed 'test_accuracy'"),
        ({"margin": -0.1}, "(margin=-0.1): needed a number from 0 to"),
        ({"margin": "0.1"}, "(margin='0.1'): got a str, needed a number"),
        ({"seeds": 1}, "(seeds=1): needed an int from 2 to 10."),
        ({"seeds": 11}, "(seeds=11): needed an int from 2 to 10."),
        ({"splits": (1000,)}, "(splits=(1000,)): needed two numbers, of training and of test"),
        ({"anchor": "my runs"}, "(anchor='my runs'): needed letters, digits and hyphens"),
    ],
)
def test_a_state_that_cannot_be_drawn_is_refused_in_our_words(arguments, message):
    with pytest.raises(ValueError, match=re.escape(f"RunsExplorer{message}")):
        RunsExplorer(**({"experiment": CIFAR} | arguments))


def test_a_refused_assignment_changes_nothing():
    explorer = RunsExplorer(CIFAR, ("max", "stride"))
    with pytest.raises(StateError):
        explorer.arms = ("max", "max")
    assert explorer.arms == ("max", "stride")


def test_the_runs_of_an_explorer_stay_what_they_are():
    explorer = RunsExplorer(CIFAR)
    with pytest.raises(StateError, match="an explorer keeps its runs"):
        explorer.record = {"experiment": "other"}


def test_one_arm_alone_cannot_be_compared():
    record = own_record([0.5, 0.6], [0.5, 0.5])
    alone = Record(
        record.header | {"arms": {"pool": "a pool"}},
        tuple(row for row in record.rows if row["arm"] == "pool"),
    )
    with pytest.raises(StateError, match="1 arms with 2 seeds, needed two of each"):
        RunsExplorer(alone)


def test_what_the_page_sends_becomes_the_state():
    explorer = RunsExplorer(CIFAR)
    explorer.set_state({"arms": ["stride", "late"], "quantity": "test_log_loss", "margin": 0.02})
    wanted = experiments.load(CIFAR).differences("stride", "late", "test_log_loss")
    assert_array_equal(explorer.differences(), wanted)


def test_a_record_of_ones_own_brings_no_rule_of_the_book():
    assert RunsExplorer(with_differences(*np.linspace(0.01, 0.02, 10))).record["rules"] == []
