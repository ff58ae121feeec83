"""Words of chapter 11 that stand for a number: each is held against the ledger it speaks of."""

import re

import numpy as np
import pytest
from chapter import Chapter
from sklearn.datasets import load_digits

from cnnlab import claims, experiments
from cnnlab.claims import measured as m
from cnnlab.statistics import chance_to_decide

CHAPTER = Chapter("11-ledger")
LEDGER = claims.ledger()
PARTS = [part for claim in LEDGER for part in claim.counting if part.rule]
COUNTS = m.tally(LEDGER)


def part(claim, name):
    return next(p for p in claims.claim(claim).parts if p.name == name)


def found(claim, name):
    return m.measured(part(claim, name))


def decision(claim, name):
    return part(claim, name).finding.words


def misses():
    return {k: v for k, v in m.forecasts(LEDGER).items() if k[0] != k[1]}


def average():
    """Max minus mean, in points."""
    rule = part("max-picks-the-important", "average").rule
    return 100 * rule.effects(experiments.load(rule.experiment))


def chance(effect):
    effects = average()
    return chance_to_decide(effect, effects.std(ddof=1), len(effects), 0.5)


def by_chapter():
    kinds = {}
    for claim in LEDGER:
        kinds.setdefault(claim.chapter, []).append(m.written_kind(claim))
    return kinds


def leading(kinds):
    return all(kinds.count("holds with conditions") >= kinds.count(kind) for kind in set(kinds))


def decided(factor):
    return [m.under_margin(p, factor) for p in PARTS]


def rows():
    every = (experiments.RUNS / f"{name}.jsonl" for name in experiments.NAMES)
    return sum(len(experiments.load(p.stem).rows) for p in every if p.exists())


def top_share(name):
    record = experiments.load(name)
    offered = record.header["configuration"].get("learning_rates", [])
    took = [row.get("learning_rate") for row in record.rows]
    return None if len(offered) < 2 or None in took else np.mean(np.array(took) == max(offered))


def top_shares():
    shares = [top_share(name) for name in {p.rule.experiment for p in PARTS}]
    return [share for share in shares if share is not None]


def offered():
    names = {p.rule.experiment for p in PARTS}
    lengths = [
        len(experiments.load(n).header["configuration"].get("learning_rates", [])) for n in names
    ]
    return {length for length in lengths if length > 1}


def by_arm(name):
    """Share of the trainings at the largest rate, for each arm."""
    record = experiments.load(name)
    most = max(record.header["configuration"]["learning_rates"])
    arms = {}
    for row in record.rows:
        arms.setdefault(row["arm"], []).append(row["learning_rate"] == most)
    return [float(np.mean(hits)) for hits in arms.values()]


def unequal():
    """Experiments whose arms took the largest rate in shares that are far from each other."""
    names = {p.rule.experiment for p in PARTS}
    arms = [by_arm(name) for name in names if top_share(name) is not None]
    return [shares for shares in arms if max(shares) - min(shares) > 0.5]


def whole(arm):
    """What an arm is ahead of the maximum with all of CIFAR-10, in points, run by run."""
    record = experiments.load("cifar_whole").paired()
    return 100 * record.differences(arm, "max", "test_accuracy")


def runs_alone():
    return [m.written_kind(c) for c in LEDGER if m.evidence(c) == "recorded runs"]


def all_runs():
    return [m.written_kind(c) for c in LEDGER if "runs" in m.evidence(c)]


def wrong_without_runs():
    return [
        c.name for c in LEDGER if "runs" not in m.evidence(c) and c.forecast != m.written_kind(c)
    ]


def found_by_runs(claim):
    return [p.finding.words for p in claims.claim(claim).counting if p.rule]


def digits_only():
    return [p for p in PARTS if p.rule.splits and p.rule.counted == "seeds"]


def own_images():
    return [p for p in PARTS if not p.rule.splits and p.rule.counted == "seeds"]


# words of the chapter, and whether they are true of the ledger
SAID = {
    "some thousands of small networks": lambda: 2000 < rows() < 9000,
    "there are 54 claims, nearly all of them in daily use": lambda: len(LEDGER.claims) == 54,
    "But think about the other sixty-one": lambda: len(LEDGER.questions) - 2 == 61,
    "All sixty-three answers": lambda: len(LEDGER.questions) == 63,
    "the maximum is ahead of the mean by something between nearly nothing and half": lambda: (
        0 < found("max-picks-the-important", "average").low < 0.1
        and 0.45 < found("max-picks-the-important", "average").high < 0.6
    ),
    "Perhaps it does harm, and perhaps by more than half a point; perhaps it does a": lambda: (
        found("dropout-reduces-overfitting", "cifar-accuracy").low < -0.5
        and 0 < found("dropout-reduces-overfitting", "cifar-accuracy").high < 0.5
    ),
    "Of *undecided, far* we know next to nothing": lambda: (
        found("dropout-makes-robust", "noise").low < -3
        and found("dropout-makes-robust", "noise").high > 2
    ),
    "are the largest group in nearly every chapter": lambda: (
        sum(not leading(kinds) for name, kinds in by_chapter().items() if len(kinds) > 1) <= 1
    ),
    "Few of the claims hold as they stand, and those that do are mostly arithmetic": lambda: (
        COUNTS["holds"] < 8
        and np.mean([m.evidence(c) == "proof" for c in LEDGER if c.verdict == "holds"]) > 0.5
    ),
    "Of the claims that need runs the largest group came out with a condition": lambda: (
        max(COUNTS, key=all_runs().count) == "holds with conditions"
    ),
    "none that rests on runs alone holds as it stands": lambda: "holds" not in runs_alone(),
    "52 of the 54 claims answer a question of the list": lambda: (
        len({name for q in LEDGER.questions.values() for name in q.claims}) == 52
    ),
    "leaves out the one that is off topic": lambda: COUNTS["off topic"] == 1,
    "That our runs would not tell we forecast once, and were wrong": lambda: (
        [m.written_kind(c) != "undecided" for c in LEDGER if c.forecast == "undecided"] == [True]
    ),
    "all our misses are among the claims for which runs had to be made": lambda: (
        not wrong_without_runs()
    ),
    "but ten or twenty runs on small images did not show it": lambda: (
        {
            p.finding.runs
            for (_, verdict), names in misses().items()
            if verdict == "undecided"
            for name in names
            for p in claims.claim(name).counting
            if p.finding.decision == "undecided"
        }
        <= {10, 20}
    ),
    "More than half of our misses ended undecided": lambda: (
        sum(len(names) for (_, verdict), names in misses().items() if verdict == "undecided")
        > sum(len(names) for names in misses().values()) / 2
    ),
    "robust it is, against silent units and shifts; against noise and missing pixels": lambda: (
        [decision("dropout-makes-robust", name) for name in ("units", "shift", "noise", "pixels")]
        == ["holds", "holds", "undecided", "undecided"]
    ),
    "our own runs show harm nowhere, and leave one of four cases open": lambda: (
        sorted(p.finding.decision for p in claims.claim("parameters-cause-overfitting").counting)
        == ["does not hold"] * 3 + ["undecided"]
    ),
    "better there than behind the flatten, by half a point, could be ruled out on these": lambda: (
        decision("dropout-after-last-pool", "flat") == "does not hold on these data"
    ),
    "against the other places, the one in front of the pool among them, the runs cannot": lambda: (
        sorted(found_by_runs("dropout-after-last-pool"))
        == ["does not hold on these data", *["undecided"] * 5]
        and decision("dropout-after-last-pool", "before-pool") == "undecided"
    ),
    "The gap may shrink; the test score falls with it": lambda: (
        found("fewer-features-less-overfitting", "gap-4-1000").high < 0
        and decision("fewer-features-less-overfitting", "test-4-1000") == "does not hold"
        and found("fewer-features-less-overfitting", "test-4-1000").high < 0
    ),
    "With narrower ones some more hold; little else changes": lambda: (
        decided(0.25).count("holds") > decided(1).count("holds")
        and np.mean([a != b for a, b in zip(decided(0.25), decided(1), strict=True)]) < 0.2
    ),
    "Over the whole range a good part of the decisions changes": lambda: (
        np.mean([len({m.under_margin(p, f) for f in (0.25, 0.5, 1, 2, 4)}) > 1 for p in PARTS])
        > 0.25
    ),
    "With wider margins less is left undecided, fewer sentences hold, and many more are": lambda: (
        decided(4).count("undecided")
        < decided(2).count("undecided")
        < decided(1).count("undecided")
        and decided(4).count("holds") < decided(2).count("holds") < decided(1).count("holds")
        and decided(4).count("does not hold") > 1.4 * decided(1).count("does not hold")
    ),
    "In our runs both lost several points": lambda: (
        found("strided-conv-replaces-pooling", "photographs-stride").high < -3
        and found("strided-conv-replaces-pooling", "photographs-convstride").high < -3
    ),
    "the strides still lost several points": lambda: bool((whole("stride") < -2).all()),
    "in the few runs on all of CIFAR-10 the average was ahead": lambda: (
        bool((whole("avg") > 0).all()) and len(whole("avg")) < 5
    ),
    "after 8 epochs on photographs that were all tested on one set": lambda: (
        experiments.load("transition_cifar").header["configuration"]["epochs"] == 8
    ),
    "In our small copy the maximum was better": lambda: (
        found("average-in-transition-layers", "cifar").high < 0
        and found("average-in-transition-layers", "digits").high < 0
    ),
    "half a point of gain could be ruled out. It is again a statement": lambda: (
        decision("dropout-reduces-overfitting", "cifar-tuned") == "does not hold"
    ),
    "many hold on these data only, and more are undecided": lambda: (
        sum(p.finding.on_these_data for p in digits_only())
        < sum(p.finding.decision == "undecided" for p in digits_only())
        and sum(p.finding.on_these_data for p in digits_only()) > 10
    ),
    "In the dotted part we have no second interval": lambda: all(
        not p.finding.on_these_data and m.measured(p).wide is None for p in own_images()
    ),
    "there the arms were not held back equally": lambda: len(unequal()) > 0,
    "from two to six that we offered": lambda: (min(offered()), max(offered())) == (2, 6),
    "In many experiments most of the trainings chose the largest": lambda: (
        sum(share > 0.5 for share in top_shares()) > len(top_shares()) / 2
    ),
    "the runs that we have would nearly always have told": lambda: (
        chance(0.0) > 0.95 and chance(1.0) > 0.95
    ),
    "about a difference such as the one that we saw only with luck": lambda: (
        chance(average().mean()) < 0.5
    ),
    "one time in twenty the runs will decide": lambda: 0.04 < chance(0.5) < 0.06,
    "Where a few dozen runs will do": lambda: any(
        10 < (m.more_runs(p) or 10**6) < 70 for _, p in m.undecided(LEDGER)
    ),
    "Where the three are far apart, and mostly they are": lambda: (
        np.mean(
            [
                len({m.more_runs(p, truth=end) for end in ("low", "estimate", "high")}) > 1
                for _, p in m.undecided(LEDGER)
            ]
        )
        > 0.5
    ),
    "half a point, which is what most of these margins are": lambda: (
        np.mean([p.rule.scale * p.rule.margin == 0.5 for _, p in m.undecided(LEDGER)]) > 0.5
    ),
    "The record of max against mean ends with seed 19": lambda: len(average()) == 20,
    "few hold as they stand, about twice as many do not, and the largest group holds": lambda: (
        1.5 * COUNTS["holds"] <= COUNTS["does not hold"] <= 2.5 * COUNTS["holds"]
        and max(COUNTS, key=COUNTS.get) == "holds with conditions"
    ),
    "We saw no harm from more of them, and one of four cases is open": lambda: (
        sorted(p.finding.decision for p in claims.claim("parameters-cause-overfitting").counting)
        == ["does not hold"] * 3 + ["undecided"]
    ),
    "that behind the pool is better than in front of it we could not show": lambda: (
        decision("dropout-after-last-pool", "before-pool") == "undecided"
    ),
    "The digits come from 13 people": lambda: (
        "different 13" in " ".join(load_digits().DESCR.split())
    ),
}


@pytest.mark.parametrize("words", SAID)
def test_words_and_number_agree(words):
    CHAPTER.must_say(words, SAID[words])


def test_the_six_cases_are_what_they_are_called():
    table = CHAPTER.printed("case ")
    lines = {line[:21].strip(): line[21:42].strip() for line in table.splitlines()[1:]}
    assert lines == {
        "holds": "holds",
        "holds on these data": "holds on these data",
        "undecided, near": "undecided",
        "undecided, far": "undecided",
        "not by half a point": "does not hold",
        "the other side": "does not hold",
    }
    effects = CHAPTER.alternative_texts["fig-reading"]
    [side] = re.findall(r"the other side: (\S+) margins", effects)
    assert float(side) < -1


def test_one_more_seed_changes_nothing():
    outputs = [o.get("text", "") for c in CHAPTER.cells for o in c.get("outputs", [])]
    [last] = [text for text in outputs if text.startswith("the last difference: ")]
    assert re.search(r"\n21 runs: [+-]\d\.\d\d \[.*\], undecided\n$", last)


def test_a_look_after_every_run_deceives_several_times_as_often():
    outputs = [o.get("text", "") for c in CHAPTER.cells for o in c.get("outputs", [])]
    [looks] = [text for text in outputs if text.startswith("zero outside the interval")]
    once, always = map(int, re.findall(r": (\d+)", looks))
    assert 30 <= once <= 70
    assert always > 3 * once


def test_the_game_opens_before_anything_is_told():
    [cell] = [c for c in CHAPTER.cells if "LedgerExplorer(" in c.source and c.cell_type == "code"]
    told = cell.outputs[0]["data"]["text/plain"]
    assert "still to be guessed" in told
    assert "ill-posed" not in told


def test_the_forecast_is_asked_for_before_it_is_shown():
    CHAPTER.must_ask_before(
        "In which share of the claims was our forecast the verdict", "right: {r"
    )


def test_no_number_of_verdicts_is_typed():
    written = re.sub(r"(Q\d+|\{cite:p\}`[^`]*`)", "", CHAPTER.prose)
    for kind, n in COUNTS.items():
        assert f"{n} {kind}" not in written
        assert f"{n} claims" not in written or n == 54
