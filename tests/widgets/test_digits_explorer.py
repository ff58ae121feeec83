"""The Python side of the digit explorer."""

import json
import re
from base64 import b64decode

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from cnnlab import datasets, experiments
from cnnlab.experiments import weights
from cnnlab.widgets import DigitsExplorer, StateError
from cnnlab.widgets.digits import (
    BY_PLACE,
    MEAN_OF,
    MOST,
    NETWORKS,
    PAPER,
    SAMPLES,
    bitmap,
    counted,
    right_at,
    sample,
)

SEVEN = [[[16, 10], [46, 10], [28, 56]], [[22, 32], [42, 32]]]
FIVE = [[[46, 8], [22, 8], [20, 28], [34, 28], [45, 36], [44, 50], [32, 56], [20, 52]]]
THREE = [[[18, 10], [32, 8], [42, 18], [30, 30], [44, 40], [42, 52], [28, 57], [16, 52]]]


def test_the_digits_to_choose_from_are_the_first_three_test_digits_of_each_class():
    split = datasets.digits(8, 1000, weights.SEED)
    first = [n for c in range(10) for n in np.flatnonzero(split.y_test == c)[:3]]
    assert len(SAMPLES) == len(first) == 30
    for n, place in enumerate(first):
        values, klass = sample(n)
        assert klass == split.y_test[place]
        assert_array_equal(values, 16 * split.x_test[place, 0])


def test_a_test_digit_in_the_middle_is_the_image_of_the_data_set():
    split = datasets.placed_digits("centre", 1000, weights.SEED)
    place = np.flatnonzero(split.y_test == 7)[0]
    assert_allclose(DigitsExplorer(21, 0, 0).image(), split.x_test[place, 0], rtol=0, atol=1e-7)


@pytest.mark.parametrize(("dx", "dy"), [(6, -6), (-6, 6), (1, 0)])
def test_the_digit_lies_where_it_was_moved_to(dx, dy):
    middle, moved = DigitsExplorer(3, 0, 0).image(), DigitsExplorer(3, dx, dy).image()
    assert_array_equal(moved, np.roll(middle, (dy, dx), axis=(0, 1)))


@pytest.mark.parametrize("strokes", [SEVEN, FIVE, THREE])
@pytest.mark.parametrize("size", [0.3, 1])
def test_a_drawing_fills_the_box_of_the_data_sets_digits_whatever_its_size(strokes, size):
    small = [[[int(size * v) for v in point] for point in stroke] for stroke in strokes]
    rows, columns = (np.flatnonzero(bitmap(small).any(axis=axis)) for axis in (1, 0))
    assert (rows[0], rows[-1]) == (0, 31)
    assert columns[0] + columns[-1] == 31
    assert 18 <= columns[-1] - columns[0] + 1 <= 20


def test_drawings_hold_as_much_ink_as_the_digits_of_the_data_set():
    ink = 16 * datasets.digits(8, 1000, weights.SEED).x_train.sum(axis=(1, 2, 3))
    drawn = [bitmap(strokes).sum() for strokes in (SEVEN, FIVE, THREE)]
    assert abs(np.mean(drawn) - ink.mean()) < ink.std()


def test_an_upright_line_stays_narrow():
    columns = np.flatnonzero(bitmap([[[30, 5], [30, 60]]]).any(axis=0))
    assert len(columns) <= 6


def test_a_dot_is_a_dot():
    assert bitmap([[[3, 60]]]).sum() == 16  # pixels within 2.5 of a corner


def test_an_empty_paper_gives_an_empty_canvas():
    explorer = DigitsExplorer(source="drawing")
    assert explorer.image().max() == 0
    assert counted(bitmap([])).sum() == 0


@pytest.mark.parametrize(("strokes", "digit"), [(SEVEN, 7), (FIVE, 5), (THREE, 3)])
def test_most_networks_read_a_plain_drawing_in_the_middle(strokes, digit):
    answers = DigitsExplorer(dx=0, source="drawing", strokes=strokes).answers()
    assert sum(answer == digit for answer in answers.values()) >= 6


def test_at_first_the_networks_with_a_flatten_are_wrong_and_the_others_right():
    explorer = DigitsExplorer()
    _, truth = sample(explorer.digit)
    answers = explorer.answers()
    right = {name for name, answer in answers.items() if answer == truth}
    assert right == {name for name in NETWORKS if name.endswith("_gap")}
    explorer.dx = 0
    assert set(explorer.answers().values()) == {truth}


def test_the_answers_are_those_of_the_stored_networks():
    explorer = DigitsExplorer(4, -2, 3, trained="anywhere")
    x = explorer.image()[None, None]
    wanted = {
        name.removesuffix("_redrawn"): int(weights.load(name)(x).argmax())
        for name in weights.ARMS["positions"]
    }
    assert explorer.answers() == wanted
    shares = explorer.probabilities()
    assert {name: int(p.argmax()) for name, p in shares.items()} == wanted
    assert_allclose([p.sum() for p in shares.values()], 1, rtol=1e-12)


def test_the_map_of_places_holds_the_answers_at_these_places():
    explorer = DigitsExplorer(9, trained="anywhere")
    places = explorer.places()
    for dx, dy in ((0, 0), (-6, 6), (4, -1)):
        explorer.dx, explorer.dy = dx, dy
        found = {name: int(answers[MOST + dy, MOST + dx]) for name, answers in places.items()}
        assert found == explorer.answers()


def test_the_stored_counts_by_place_are_those_of_the_networks(rng):
    stored = json.loads(BY_PLACE.read_text("utf-8"))
    assert stored["digits"] == MEAN_OF
    assert set(stored["right"]) == set(weights.NAMES)
    for name, text in stored["right"].items():
        counts = np.frombuffer(b64decode(text), dtype=np.uint8).reshape(13, 13)
        top, left = rng.integers(0, 13, size=2).tolist()
        assert abs(right_at(name, top, left) - int(counts[top, left])) <= 1, name  # rounding


@pytest.mark.parametrize("experiment", weights.ARMS)
def test_the_stored_counts_by_place_are_those_of_the_records(experiment):
    rows = {row["arm"]: row for row in experiments.load(experiment).rows if row["seed"] == 0}
    stored = json.loads(BY_PLACE.read_text("utf-8"))["right"]
    for name in weights.ARMS[experiment]:
        counts = np.frombuffer(b64decode(stored[name]), dtype=np.uint8).reshape(13, 13)
        wanted = rows[name]["accuracy_by_place"]  # every third place
        off = np.abs(counts[::3, ::3] / MEAN_OF - wanted)  # the stored weights are rounded
        assert off.max() < 0.026, name


def test_the_fallback_shows_canvas_and_answers():
    text = DigitsExplorer().to_html()
    assert "An 8 of the test set, 4 to the right of and 0 below the middle" in text
    assert 'alt="canvas of 28×28 pixels with an 8 of the test set"' in text
    assert text.count(", right</td>") == text.count(", wrong</td>") == 4


def test_the_fallback_of_a_drawing_judges_only_what_was_meant():
    drawing = {"source": "drawing", "strokes": SEVEN, "dx": 0}
    assert "right" not in DigitsExplorer(**drawing).fallback().split("<table>")[1]
    meant = DigitsExplorer(**drawing, meant=7)
    assert ", right</td>" in meant.fallback()
    assert "A drawing of a 7" in meant.fallback()


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({"digit": 30}, "DigitsExplorer(digit=30): needed an int from 0 to 29"),
        ({"dx": 7}, "DigitsExplorer(dx=7): needed an int from -6 to 6"),
        ({"dy": 0.5}, "DigitsExplorer(dy=0.5): got a float, needed an int from -6 to 6"),
        ({"trained": "all"}, "(trained='all'): needed 'centred' or 'anywhere'"),
        ({"network": "none"}, "DigitsExplorer(network='none'): needed 'max', 'max_gap', "),
        ({"sweep": 1}, "DigitsExplorer(sweep=1): needed True or False"),
        ({"source": "mine"}, "DigitsExplorer(source='mine'): needed 'test' or 'drawing'"),
        ({"maps": "all"}, "DigitsExplorer(maps='all'): needed 'digit' or 'mean'"),
        ({"mode": "push"}, "DigitsExplorer(mode='push'): needed 'move' or 'draw'"),
        ({"meant": 10}, "DigitsExplorer(meant=10): needed an int from 0 to 9"),
        ({"strokes": 3}, "DigitsExplorer(strokes): needed a list of strokes"),
        ({"strokes": [[]]}, "each a list of at least one point [x, y]"),
        ({"strokes": [[[1, 2, 3]]]}, "each a list of at least one point [x, y]"),
        ({"strokes": [[[1, PAPER]]]}, "of whole numbers from 0 to 63"),
        ({"strokes": [[[1, 0.5]]]}, "of whole numbers from 0 to 63"),
        ({"strokes": [[[1, True]]]}, "of whole numbers from 0 to 63"),
        ({"strokes": [[[1, 2]] * 801]}, "got 801 points, needed at most 800"),
    ],
)
def test_what_cannot_be_shown_is_refused_with_what_is_needed(state, words):
    with pytest.raises(StateError, match=re.escape(words)):
        DigitsExplorer(**state)


def test_the_digits_to_choose_from_cannot_be_exchanged():
    explorer = DigitsExplorer()
    with pytest.raises(StateError, match="the test digits to choose from are given"):
        explorer.samples = []
    assert explorer.samples == list(SAMPLES)


def test_an_array_of_points_is_taken_as_plain_numbers():
    explorer = DigitsExplorer(source="drawing", strokes=[np.array([[1, 2], [3, 4]])])
    assert explorer.strokes == [[[1, 2], [3, 4]]]
    assert all(type(v) is int for v in explorer.strokes[0][0])


def test_the_line_of_text_says_what_lies_where():
    explorer = DigitsExplorer(0, -1, 2, trained="anywhere")
    assert repr(explorer) == (
        "DigitsExplorer: a 0 of the test set at (dx, dy) = (-1, 2), networks trained on digits at "
        "random places"
    )
