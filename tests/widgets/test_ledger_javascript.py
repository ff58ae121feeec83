"""The explorer of the ledger filters and scores in the reader's browser as cnnlab does."""

import numpy as np
import pytest

from cnnlab.widgets import LedgerExplorer
from cnnlab.widgets.ledger import EVIDENCES, GUESSES, VIEWS

WORDS = ["", "max", "pool", "Pooling gap", "is", "½", "DROPOUT", "parameters q", "  dense  layer "]


@pytest.fixture
def script(javascript):
    """Call functions of ledger.js."""
    return javascript("ledger.js")


def state(explorer):
    return {name: value for name, value in explorer.state().items() if name != "ledger"}


@pytest.fixture(scope="module")
def explorers():
    """Explorers in random states."""
    rng = np.random.default_rng(0)
    content = LedgerExplorer().ledger
    names = LedgerExplorer("guess").shown()
    chapters = ["all", *content["chapters"]]
    verdicts = ["all", *content["marks"]]

    def pick(choices):
        return choices[int(rng.integers(len(choices)))]

    return [
        LedgerExplorer(
            pick(VIEWS),
            chapter=pick(chapters) if rng.integers(2) else "all",
            verdict=pick(verdicts) if rng.integers(2) else "all",
            evidence=pick(("all", *EVIDENCES)) if rng.integers(2) else "all",
            search=pick(WORDS),
            guesses={name: pick(GUESSES) for name in names if rng.random() < rng.random()},
        )
        for _ in range(150)
    ]


def test_the_same_rows_pass_the_filter(script, explorers):
    found = script(*(["shown", e.ledger, state(e)] for e in explorers))
    assert found == [e.shown() for e in explorers]
    assert 20 < sum(map(bool, found)) < 150


def test_the_sentence_is_the_same(script, explorers):
    found = script(*(["sentence", e.ledger, state(e)] for e in explorers))
    assert found == [e.sentence() for e in explorers]


def test_the_score_is_the_same(script, explorers):
    found = script(*(["score", e.ledger, e.guesses] for e in explorers))
    assert found == [e.score() for e in explorers]


def test_the_order_of_guessing_is_a_shuffle_that_stays(script, explorers):
    names = explorers[0].shown() and LedgerExplorer("guess").shown()
    first, second = script(["guessing", names], ["guessing", names[::-1]])
    assert sorted(first) == sorted(names)
    assert first == second != names


def test_the_verdict_that_fooled_most_is_told_with_what_was_said(script):
    table = {kind: dict.fromkeys(GUESSES, 0) for kind in GUESSES}
    assert script(["fooled", {"table": table}]) == [None]
    table["does not hold"] |= {"holds": 3, "undecided": 1, "does not hold": 2}
    table["holds"] |= {"ill-posed": 2, "holds": 9}
    [told] = script(["fooled", {"table": table}])
    assert told == {"kind": "does not hold", "missed": 4, "of": 6, "said": "holds", "times": 3}


def numbers_of(explorer):
    parts = [part["numbers"] for claim in explorer.ledger["claims"] for part in claim["parts"]]
    return [[n] for n in parts if n]


def test_every_number_of_a_part_lies_on_its_axis(script):
    groups = numbers_of(LedgerExplorer())
    for group, ticks in zip(groups, ticks_of(script, groups), strict=True):
        ends = group[0]["at"] + (group[0]["wide"] or [])
        ends += [group[0]["nothing"], *group[0]["edges"]]
        assert all(min(ends) <= tick <= max(ends) for tick in ticks)
        assert len(ticks) <= 8


def ticks_of(script, groups):
    return [found["ticks"] for found in script(*(["axis", group] for group in groups))]


def test_most_axes_have_two_ticks_at_least(script):
    groups = numbers_of(LedgerExplorer())
    few = [group for group, t in zip(groups, ticks_of(script, groups), strict=True) if len(t) < 2]
    assert len(few) < len(groups) / 8


def test_a_chapter_has_the_same_name_here_and_there(script):
    from cnnlab.widgets.ledger import _chapter_words

    names = LedgerExplorer().ledger["chapters"]
    assert script(*(["chapterWords", n] for n in names)) == [_chapter_words(n) for n in names]
