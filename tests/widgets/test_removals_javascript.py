"""The explorer of removals computes in the reader's browser; here it is held to cnnlab's."""

import numpy as np
import pytest
from test_removals_explorer import SETTINGS, comparable, every_explorer

from cnnlab import statistics
from cnnlab.widgets import RemovalsExplorer
from cnnlab.widgets import removals as module


@pytest.fixture
def js(javascript):
    """Call functions of removals.js."""
    return javascript("removals.js")


@pytest.fixture
def record():
    return RemovalsExplorer().record


def choices(explorer):
    return {
        "images": explorer.images,
        "held": explorer.held,
        "arms": list(explorer.arms),
        "seeds": explorer.seeds,
    }


def test_the_mean_is_that_of_numpy_to_the_last_bit(js, rng):
    cases = [rng.normal(size=int(rng.integers(1, 41))).tolist() for _ in range(300)]
    assert js(*(["mean", values] for values in cases)) == [float(np.mean(v)) for v in cases]


def test_the_decision_and_the_interval_are_those_of_cnnlab_for_every_pair(js, record):
    explorers = every_explorer()
    found = js(*(["compare", record, choices(e), list(e.arms)] for e in explorers))
    for explorer, answer in zip(explorers, found, strict=True):
        assert answer["words"] == explorer.decision()
        splits = module._splits(explorer.images)
        wanted = statistics.mean_interval(explorer.differences())
        numbers = [answer["narrow"][key] for key in ("estimate", "low", "high")]
        assert numbers == pytest.approx([wanted.estimate, wanted.low, wanted.high], abs=1e-13)
        assert (answer["wide"] is None) == (splits is None)
        if splits:
            wide = statistics.corrected_interval(explorer.differences(), *splits)
            assert answer["wide"]["high"] == pytest.approx(wide.high, abs=1e-13)
    assert len(explorers) > 300


def test_the_sentences_are_those_of_python_for_every_pair(js, record):
    explorers = every_explorer()
    for name, method in (
        ("sentence", "sentence"),
        ("equalSentence", "equal"),
        ("unheldSentence", "unheld"),
    ):
        found = js(*([name, record, choices(e)] for e in explorers))
        assert found == [getattr(e, method)() for e in explorers]


def test_the_sentence_with_few_seeds_is_that_of_python(js, record, rng):
    cases = []
    for explorer in every_explorer()[::5]:
        largest = explorer.seeds
        cases.append(
            RemovalsExplorer(
                explorer.images, explorer.held, explorer.arms, int(rng.integers(2, largest + 1))
            )
        )
    found = js(*(["sentence", record, choices(e)] for e in cases))
    assert found == [e.sentence() for e in cases]


def test_the_surprises_are_those_of_python(js, record):
    [found] = js(["surprises", record])
    wanted = RemovalsExplorer().surprises()
    assert [(images, held, tuple(arms)) for images, held, arms, *_ in found] == wanted


def test_numbers_are_written_as_in_python(js, rng):
    values = [*rng.normal(scale=0.05, size=300).tolist(), 0.0, -1e-7, 0.004995]
    assert js(*(["signed", v] for v in values)) == [module._signed(v) for v in values]
    ratios = [*(10 ** rng.normal(size=300)).tolist(), 9.96, 0.996]
    assert js(*(["ratioText", v] for v in ratios)) == [module._ratio(v) for v in ratios]


def test_whatever_is_chosen_the_state_that_follows_is_one_that_python_takes(js, record, rng):
    arms = list(module.ARMS)
    cases = [
        {
            "images": str(rng.choice(list(module.IMAGES))),
            "held": str(rng.choice(list(module.HELD))),
            "arms": rng.choice(arms, size=2).tolist(),
            "seeds": int(rng.integers(2, 31)),
        }
        for _ in range(300)
    ]
    for settled in js(*(["settle", record, s, s, None] for s in cases)):
        RemovalsExplorer(**settled)


def test_a_new_kind_of_images_keeps_all_seeds_counted(js, record):
    before = {"images": "photographs", "held": "epochs", "arms": ["max", "late"], "seeds": 10}
    next_ = before | {"images": "few"}
    [settled] = js(["settle", record, {"images": "few"}, next_, before])
    assert settled["seeds"] == 30
    assert settled["arms"] == ["max", "late"]


def test_every_layer_of_every_network_has_its_place_in_the_drawing(js, record):
    for name, at in record["images"].items():
        for arm, (*_, stages) in at["networks"].items():
            [places] = js(["places", stages, at["image"]])
            assert len(places) == 8
            words = [place[0] for place in places if place]
            drawn = [stage.split(" ")[0] for stage in stages.split(",")]
            missing = set(drawn) - set(words)
            assert missing == ({"max"} if arm == "max_conv" else set()), (name, arm)


@pytest.mark.parametrize(("images", "held"), SETTINGS)
def test_the_axis_holds_all_intervals_and_the_margin(js, record, images, held):
    first = RemovalsExplorer(images, held, ("max", "avg"))
    rivals = [b for a, b in comparable(images, held) if a == "max"]
    [(low, high)] = js(["span", record, choices(first), rivals])
    assert low < -first.rule.margin
    assert high > first.rule.margin
    for arm in rivals:
        differences = RemovalsExplorer(images, held, ("max", arm)).differences()
        interval = statistics.mean_interval(differences)
        assert low < interval.low
        assert interval.high < high
