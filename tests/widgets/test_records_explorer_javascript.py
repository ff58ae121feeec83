"""The explorer of recorded runs computes in the reader's browser; here it is held to cnnlab's."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from test_records_explorer import own_record, recorded, with_differences

from cnnlab import claims, statistics
from cnnlab.claims.rules import ENOUGH
from cnnlab.widgets import RunsExplorer


@pytest.fixture
def records(javascript):
    """Call functions of records.js."""
    return javascript("records.js")


def choices(explorer):
    """The state of an explorer without its runs, as JavaScript has it."""
    return {
        "arms": list(explorer.arms),
        "quantity": explorer.quantity,
        "margin": explorer.margin,
        "seeds": explorer.seeds,
    }


def random_differences(rng, count=400):
    """Differences of 2 to 40 seeds, some from few values so that they are equal or tied."""
    for _ in range(count):
        n = int(rng.integers(2, 41))
        coarse = bool(rng.integers(2))
        values = rng.integers(-1, 2, size=n) / 8 if coarse else rng.normal(rng.normal(), size=n)
        yield values.tolist(), None if rng.integers(2) else [1000, int(rng.integers(1, 2000))]


def wanted_interval(differences, splits):
    if splits is None:
        return statistics.mean_interval(differences)
    return statistics.corrected_interval(differences, *splits)


def test_the_quantile_of_t_is_that_of_cnnlab(records):
    degrees = range(1, 61)
    found = records(*(["tQuantile", df] for df in degrees))
    assert_allclose(found, [statistics.t_quantile(0.975, df) for df in degrees], rtol=1e-13)


def test_the_probability_of_t_is_that_of_cnnlab_on_random_cases(records, rng):
    cases = [(float(5 * rng.normal()), int(rng.integers(1, 61))) for _ in range(300)]
    found = records(*(["tCdf", t, df] for t, df in cases))
    assert_allclose(found, [statistics.t_cdf(t, df) for t, df in cases], rtol=0, atol=1e-13)


def test_the_interval_is_that_of_cnnlab_on_random_cases(records, rng):
    cases = list(random_differences(rng))
    found = records(*(["interval", d, splits] for d, splits in cases))
    for (d, splits), js in zip(cases, found, strict=True):
        wanted = wanted_interval(d, splits)
        numbers = [js["estimate"], js["low"], js["high"]]
        assert_allclose(numbers, [wanted.estimate, wanted.low, wanted.high], atol=1e-12)


def test_the_decision_of_a_rule_is_that_of_cnnlab_on_random_cases(records, rng):
    cases = []
    for d, splits in random_differences(rng, count=300):
        interval = wanted_interval(d, splits)
        margin = float(rng.choice([0.05, 0.5, abs(interval.estimate) + 0.01, interval.high**2]))
        cases.append((interval, margin))
    directions = ("greater", "less", "equal")
    calls = [["decide", {"low": i.low, "high": i.high}, m, d] for i, m in cases for d in directions]
    wanted = [statistics.decide(i, m, d) for i, m in cases for d in directions]
    assert records(*calls) == wanted
    assert {*wanted} == {"holds", "does not hold", "undecided"}


def test_decision_and_sentence_are_those_of_python_on_random_runs(records, rng):
    explorers = []
    for _ in range(200):
        n = int(rng.integers(2, 25))
        level = rng.choice([0.0, 0.005, 0.02, -0.02])
        a = np.round(0.5 + level + 0.01 * rng.normal(size=n), 4).tolist()
        b = np.round(0.5 + 0.01 * rng.normal(size=n), 4).tolist()
        unit = str(rng.choice(["fraction", "nats", "1"]))
        explorers.append(
            RunsExplorer(
                own_record(a, b, unit),
                margin=float(rng.choice([0, 0.003, 0.01, 0.02])),
                seeds=int(rng.integers(2, n + 1)),
                splits=None if rng.integers(2) else (1000, 797),
            )
        )
    compare(records, [(e.record, choices(e), e.decision(), e.sentence()) for e in explorers])


def test_decision_and_sentence_are_those_of_python_on_the_recorded_runs(records, rng):
    cases = []
    for name in recorded():
        explorer = RunsExplorer(name)
        arms = [arm for arm, _ in explorer.record["arms"]]
        for _ in range(8):
            index = int(rng.integers(len(explorer.record["quantities"])))
            explorer.arms = rng.choice(arms, size=2, replace=False).tolist()
            explorer.quantity = explorer.record["quantities"][index][0]
            explorer.margin = rng.choice(explorer.record["margins"][index])
            explorer.seeds = int(rng.integers(2, len(explorer.record["seeds"]) + 1))
            cases.append(
                (explorer.record, choices(explorer), explorer.decision(), explorer.sentence())
            )
    compare(records, cases)


def compare(records, cases):
    found = records(*([f, record, s] for record, s, *_ in cases for f in ("decision", "sentence")))
    wanted = [text for *_, decision, sentence in cases for text in (decision, sentence)]
    assert found == wanted


def test_the_outcome_of_a_rule_is_that_of_the_ledger(records):
    parts = [
        part
        for claim in claims.ledger()
        for part in claim.parts
        if part.rule is not None and part.rule.experiment in recorded()
    ]
    calls, wanted = [], []
    for name in recorded():
        explorer = RunsExplorer(name)
        quantities = [quantity for quantity, *_ in explorer.record["quantities"]]
        arms = [arm for arm, _ in explorer.record["arms"]]
        for q, a, b, direction, margin, _, ratio in explorer.record["rules"]:
            if ratio or len(explorer.record["seeds"]) < ENOUGH:
                continue
            s = choices(explorer) | {
                "arms": [arms[a], arms[b]],
                "quantity": quantities[q],
                "margin": margin,
            }
            part = next(
                p
                for p in parts
                if (p.rule.experiment, p.rule.arms, p.rule.quantity, p.rule.direction)
                == (name, (arms[a], arms[b]), quantities[q], direction)
                and p.rule.margin == margin
            )
            calls.append(["ruleSentence", explorer.record, s])
            wanted.append(f"With {part.finding.runs} runs: {part.finding.words}.")
    found = records(*calls)
    assert len(found) > 40
    assert [text[-len(end) :] for text, end in zip(found, wanted, strict=True)] == wanted


@pytest.fixture
def cifar():
    return RunsExplorer("removals_cifar", ("max", "stride"))


def test_the_rule_of_a_pair_is_found_in_whichever_order_the_arms_stand(records, cifar):
    s = choices(cifar)
    one, other = records(
        ["ruleOf", cifar.record, s],
        ["ruleOf", cifar.record, s | {"arms": ["stride", "max"]}],
    )
    assert (one["direction"], other["direction"]) == ("greater", "less")
    assert one["margin"] == other["margin"] == cifar.margin


def test_a_pair_that_no_rule_names_is_a_question_and_no_verdict(records, cifar):
    s = choices(cifar) | {"arms": ["late", "max_gap"], "quantity": "test_log_loss"}
    (text,) = records(["ruleSentence", cifar.record, s])
    assert text.startswith("No rule of the book names this comparison")
    assert "180 comparisons" in text


def test_a_margin_chosen_after_a_look_decides_nothing(records, cifar):
    (text,) = records(["ruleSentence", cifar.record, choices(cifar) | {"margin": 0.02}])
    assert text.endswith("a margin that is chosen after a look decides nothing.")


def test_the_steps_tell_since_when_the_interval_has_said_so(records):
    explorer = RunsExplorer(with_differences(0.02, -0.02, 0.02, *[0.02] * 20), margin=0.01)
    (view,) = records(["view", explorer.record, choices(explorer)])
    said = [step["said"] for step in view["steps"]]
    assert view["since"] == 2 + said.index("higher")
    assert set(said[said.index("higher") :]) == {"higher"}


def test_ticks_are_few_round_numbers_inside_the_range(records, rng):
    ranges = [
        sorted(map(float, rng.normal(size=2) * 10.0 ** int(rng.integers(-4, 5))))
        for _ in range(200)
    ]
    for (low, high), ticks in zip(ranges, records(*(["ticks", *r] for r in ranges)), strict=True):
        assert 2 <= len(ticks) <= 6
        step = ticks[1] - ticks[0]
        assert all(low - 1e-9 * step <= t <= high + 1e-9 * step for t in ticks)
        assert_allclose(np.array(ticks) / step, np.round(np.array(ticks) / step), atol=1e-6)


@pytest.mark.parametrize(
    ("arms", "marks"),
    [
        (["max", "stride"], ["max", "stride"]),
        (["avg", "none_squeezed"], ["average", "none"]),
        (["max", "max_gap"], ["disc", "ring"]),
        (["late", "max"], ["disc", "max"]),
        (["maximum", "cnn"], ["disc", "ring"]),
    ],
)
def test_arms_get_the_mark_of_their_rule_where_it_tells_them_apart(records, arms, marks):
    assert records(["marksOf", arms]) == [marks]


def test_the_state_comes_back_from_its_link(records, cifar):
    s = choices(cifar) | {"seeds": 7, "margin": 0.0125}
    (link,) = records(["encodeState", cifar.record, s])
    assert records(["decodeState", cifar.record, link]) == [s]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("max~stride", "max~max"),
        ("max~stride", "max"),
        ("max~stride", "max~elsewhere"),
        ("test_accuracy", "accuracy"),
        ("margin=0.003", "margin=-1"),
        ("margin=0.003", "margin="),
        ("seeds=10", "seeds=11"),
        ("seeds=10", "seeds=1"),
    ],
)
def test_a_broken_link_restores_nothing(records, cifar, old, new):
    good = "arms=max~stride&quantity=test_accuracy&margin=0.003&seeds=10"
    restored = records(
        ["decodeState", cifar.record, good],
        ["decodeState", cifar.record, good.replace(old, new, 1)],
    )
    assert restored[0] is not None
    assert restored[1] is None
