"""The shift explorer computes in the browser; here its numbers are held against cnnlab's."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from cnnlab.experiments import photo_features
from cnnlab.laws import shift as laws
from cnnlab.widgets import ShiftExplorer
from cnnlab.widgets.shift import MOST, PICTURES, RULES, change, misfit


@pytest.fixture
def shift(javascript):
    """Call functions of shift.js."""
    return javascript("shift.js")


def random_explorers(rng, count):
    """Explorers of random photographs, a third of them black and white, so that ties are common."""
    for _ in range(count):
        sides = 4 * rng.integers(4, 7, size=2)
        levels = int(rng.choice([2, 8, 256]))
        photo = rng.integers(0, levels, size=sides) * (255 // (levels - 1))
        dx, dy = (int(d) for d in rng.integers(-MOST, MOST + 1, size=2))
        yield ShiftExplorer(
            "photo",
            dx,
            dy,
            depth=int(rng.integers(1, 3)),
            features=str(rng.choice(["pixels", "edges"])),
            measure=str(rng.choice(["misfit", "change"])),
            photo=photo,
        )


def numbers(values):
    """JSON has no infinity; JavaScript writes null for it."""
    return [np.inf if value is None else value for value in values]


def images(explorers):
    return [explorer.image().tolist() for explorer in explorers]


def test_maps_global_pools_and_measure_are_those_of_cnnlab_on_random_cases(shift, rng):
    explorers = list(random_explorers(rng, 200))
    found = shift(
        *(["compare", x, e.state()] for x, e in zip(images(explorers), explorers, strict=True))
    )
    for explorer, ways in zip(explorers, found, strict=True):
        after, before = explorer.maps(), explorer.maps(0, 0)
        for which, maps in (("after", after), ("before", before)):
            pooled = "now" if which == "after" else "then"
            for rule, y in maps.items():
                assert_allclose(ways[rule][which], y, rtol=0, atol=1e-12, err_msg=repr(explorer))
                assert_allclose(ways[rule][pooled]["average"], y.mean(), rtol=0, atol=1e-12)
                assert_allclose(ways[rule][pooled]["max"], y.max(), rtol=0, atol=1e-12)
        for rule in RULES:
            wanted = change(after[rule], before[rule])
            if explorer.measure == "misfit":
                step = 1 if rule == "none" else 2**explorer.depth
                wanted = misfit(after[rule], before[rule], explorer.dy, explorer.dx, step)
            assert_allclose(numbers([ways[rule]["fit"]["error"]]), wanted, rtol=0, atol=1e-9)


def test_the_curves_are_those_of_cnnlab_on_random_cases(shift, rng):
    explorers = list(random_explorers(rng, 50))
    found = shift(
        *(["errors", x, e.state()] for x, e in zip(images(explorers), explorers, strict=True))
    )
    for explorer, curves in zip(explorers, found, strict=True):
        wanted = explorer.errors()
        assert list(curves) == list(wanted)
        for rule, curve in wanted.items():
            assert_allclose(numbers(curves[rule]), curve, rtol=0, atol=1e-9, err_msg=repr(explorer))


def test_the_old_map_moved_as_said_leaves_the_misfit_as_said(shift, rng):
    explorers = [e for e in random_explorers(rng, 60) if e.measure == "misfit"]
    found = shift(
        *(["compare", x, e.state()] for x, e in zip(images(explorers), explorers, strict=True))
    )
    for ways in found:
        for way in ways.values():
            fit, before = way["fit"], np.array(way["before"])
            if fit["error"] is None:  # infinite: no contrast to compare with
                assert before.std() < 1e-12
                continue
            old = np.roll(before, (fit["dy"], fit["dx"]), axis=(0, 1))
            left = np.linalg.norm(np.array(way["after"]) - old)
            wanted = fit["error"] * np.linalg.norm(before - before.mean())
            assert_allclose(left, wanted, rtol=0, atol=1e-9)


def test_the_pictures_are_those_of_python(shift):
    drawn = shift(*(["imageOf", {"picture": name}] for name in PICTURES))
    for name, x in zip(PICTURES, drawn, strict=True):
        assert_allclose(x, PICTURES[name](), rtol=0, atol=1e-12, err_msg=name)


def test_the_pictures_stand_in_the_order_of_python(shift):
    (pictures,) = shift(["PICTURES"])
    assert list(pictures) == list(PICTURES)


@pytest.mark.parametrize(("depth", "pool"), [(1, "max"), (2, "max4")])
def test_the_unchanged_share_is_that_of_the_experiment(shift, rng, depth, pool):
    maps = rng.integers(-2, 3, size=(20, 16, 16)) / 4
    calls = [["unchangedShare", np.roll(x, 1, 1).tolist(), x.tolist(), depth] for x in maps]
    wanted = [photo_features.unchanged_share(pool, x[None, None]) for x in maps]
    assert_allclose(shift(*calls), wanted, rtol=0, atol=1e-12)


def test_the_laws_are_those_of_cnnlab(shift):
    cases = [(k, dx, dy) for k in (2, 4) for dx in range(-8, 9) for dy in range(-8, 9)]
    found = shift(*(["unchangedLaw", *case] for case in cases))
    assert_allclose(found, [laws.unchanged(*case) for case in cases], rtol=0, atol=1e-12)
    found = shift(*(["averageLaw", *case] for case in cases))
    wanted = [k * np.sqrt(laws.average_change(k, dx, dy)) for k, dx, dy in cases]
    assert_allclose(found, wanted, rtol=0, atol=1e-12)


def state(picture="seven", dx=1, dy=0, depth=1, features="pixels", measure="misfit"):
    return ShiftExplorer(picture, dx, dy, depth=depth, features=features, measure=measure).state()


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (
            state(dx=0),
            "Nothing has moved yet: drag the picture, or go to it and use the arrow keys.",
        ),
        (
            state("checks"),
            "Moved 1 pixel right: no whole steps of 2. The old maps, moved by whole places, no "
            "longer fit: of the four that make the map smaller, stride (1.15) is furthest off, "
            "blur (0.21) least. Without a pool the map has moved along exactly.",
        ),
        (
            state(dx=-4, dy=2),
            "Moved 4 pixels left, 2 down: whole steps of 2. Every map has moved along exactly, the "
            "smaller ones by 2 places left, 1 down. No misfit.",
        ),
        (
            state("dot"),
            "Moved 1 pixel right: no whole steps of 2. Still, max and average fit exactly; "
            "furthest off is stride (1.00). Without a pool the map has moved along exactly.",
        ),
        (
            state("dot", features="edges"),
            "Moved 1 pixel right: no whole steps of 2. Still, max and average fit exactly; "
            "furthest off is stride (∞: its old map was the same everywhere). Without a pool the "
            "map has moved along exactly.",
        ),
        (
            state("checks", measure="change"),
            "Moved 1 pixel right, and compared place by place: of the four that make the map "
            "smaller, stride (1.15) has changed most, average (0.29) least. Without a pool it is "
            "1.51: a map that moves along does not stay the same.",
        ),
        (
            state("dot", measure="change"),
            "Moved 1 pixel right, and compared place by place: of the four that make the map "
            "smaller, stride (1.00) has changed most, max and average (0) least. Without a pool it "
            "is 1.41: a map that moves along does not stay the same.",
        ),
        (
            state("dot", dx=2, measure="change"),
            "Moved 2 pixels right, and compared place by place: all four that make the map smaller "
            "have changed alike (1.42). Without a pool it is 1.41: a map that moves along does not "
            "stay the same.",
        ),
    ],
)
def test_the_explorer_says_what_one_sees(shift, now, words):
    (x,) = shift(["imageOf", now])
    assert shift(["seen", x, now]) == [words]


def test_the_laws_are_told_where_values_are_independent(shift):
    now = state("noise", measure="change")
    (x,) = shift(["imageOf", now])
    (found,) = shift(["compare", x, now])
    words = (
        "The laws of independent values: a max stays exactly what it was with probability "
        "(2 − 1)/(2 + 1) = 33 %, here 33 % do; an average changes by 1.00 of its spread, here by "
        "0.99."
    )
    others = [now | {"features": "edges"}, now | {"measure": "misfit"}, now | {"dx": 0}]
    calls = [["lawSentence", x, s, found] for s in (now, *others)]
    assert shift(*calls) == [words, "", "", ""]


def test_the_explorer_says_what_a_global_pool_makes_of_it(shift):
    now = state("noise")
    (x,) = shift(["imageOf", now])
    (found,) = shift(["compare", x, now])
    assert shift(["globalSentence", found]) == [
        "Global average unchanged after: average, blur and none. Global max unchanged after: max "
        "and none."
    ]


@pytest.mark.parametrize(
    ("now", "then", "words"),
    [
        (0.25, 0.25, "0.25 = 0.25"),
        (0.1, 0.1 + 1e-16, "0.1 = 0.1"),
        (0.25, 0.2811, "0.25 ≠ 0.281"),
        (0.49921, 0.4993, "0.4992 ≠ 0.4993"),
    ],
)
def test_two_numbers_that_differ_are_written_so_that_one_sees_it(shift, now, then, words):
    assert shift(["pairText", now, then]) == [words]


def test_the_state_comes_back_from_its_link(shift, rng):
    states = [
        {key: value for key, value in e.state().items() if key != "photo"}
        for e in random_explorers(rng, 50)
    ]
    links = shift(*(["encodeState", s] for s in states))
    assert shift(*(["decodeState", link] for link in links)) == states


GOOD = "picture=dot&dx=-3&dy=8&depth=2&features=edges&measure=change"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("picture=dot", "picture=cat"),
        ("dx=-3", "dx=-9"),
        ("dx=-3", "dx=0.5"),
        ("&dy=8", ""),
        ("depth=2", "depth=3"),
        ("features=edges", "features="),
        ("measure=change", "measure=error"),
    ],
)
def test_a_broken_link_restores_nothing(shift, old, new):
    good, broken = shift(["decodeState", GOOD], ["decodeState", GOOD.replace(old, new)])
    assert good is not None
    assert broken is None
