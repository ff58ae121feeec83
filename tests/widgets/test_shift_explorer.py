"""The Python side of the shift explorer."""

import re

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from cnnlab import nn
from cnnlab.experiments import photo_features
from cnnlab.experiments.catalogue import shifted_features
from cnnlab.widgets import ShiftExplorer, StateError
from cnnlab.widgets.shift import IN_WORDS, MOST, PICTURES, RULES, change, misfit


@pytest.mark.parametrize("picture", PICTURES)
def test_a_picture_holds_values_from_0_to_1_and_two_pools_close_on_its_ring(picture):
    x = ShiftExplorer(picture).image()
    assert x.min() >= 0
    assert x.max() <= 1
    assert x.shape[0] % 4 == x.shape[1] % 4 == 0


@pytest.mark.parametrize("features", ["pixels", "edges"])
@pytest.mark.parametrize("depth", [1, 2])
def test_the_maps_are_those_of_the_layers(features, depth):
    explorer = ShiftExplorer("rings", 3, -2, features=features, depth=depth)
    x = np.roll(explorer.image(), (-2, 3), axis=(0, 1))[None, None]
    if features == "edges":
        conv = nn.Conv2d(1, 1, 3, bias=False, rng=np.random.default_rng(0))
        conv.weight.data = np.array([[[[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]]]) / 4
        x = nn.Sequential(nn.CircularPad2d(1), conv, nn.ReLU())(x)
    layers = {
        "max": lambda: nn.MaxPool2d(2),
        "average": lambda: nn.AvgPool2d(2),
        "stride": lambda: nn.MaxPool2d(1, stride=2),
        "blur": lambda: nn.BlurPool2d(3, stride=2, padding_mode="circular"),
    }
    maps = explorer.maps()
    assert_allclose(maps["none"], x[0, 0], rtol=0, atol=1e-12)
    for rule, layer in layers.items():
        wanted = nn.Sequential(*(layer() for _ in range(depth)))(x)[0, 0]
        assert_allclose(maps[rule], wanted, rtol=0, atol=1e-12, err_msg=rule)


def test_change_is_that_of_the_experiment(rng):
    after, before = rng.random((2, 8, 8))
    assert_allclose(change(after, before), photo_features.change(after, before), rtol=1e-12)


@pytest.mark.parametrize("shift", range(-5, 6))
@pytest.mark.parametrize("step", [1, 2, 4])
def test_misfit_along_a_row_is_that_of_the_experiment(shift, step, rng):
    after, before = rng.random((2, 8, 8))
    wanted = shifted_features.misfit(after, before, shift, step)
    assert_allclose(misfit(after, before, 0, shift, step), wanted, rtol=1e-12)


def test_a_map_without_contrast_is_infinitely_far_from_another_and_not_from_itself():
    same = np.ones((4, 4))
    assert (change(same, same), change(0 * same, same)) == (0, np.inf)


@pytest.mark.parametrize("picture", PICTURES)
@pytest.mark.parametrize("depth", [1, 2])
def test_the_misfit_is_zero_at_every_multiple_of_the_step(picture, depth):
    explorer = ShiftExplorer(picture, dy=-4, depth=depth, features="edges")
    for curve in explorer.errors().values():
        assert_array_equal(curve[:: 2**depth], 0)


@pytest.mark.parametrize("picture", PICTURES)
def test_without_a_pool_the_misfit_is_zero_at_every_shift(picture):
    assert_array_equal(ShiftExplorer(picture, dy=3).errors()["none"], 0)


def test_of_fine_checks_taking_every_second_value_leaves_all_or_nothing():
    explorer = ShiftExplorer("checks")
    assert explorer.maps(0)["stride"][4:12, 4:12].min() == 1
    assert explorer.maps(1)["stride"].max() == 0


def test_on_checks_and_rings_stride_is_furthest_off_and_blur_least():
    for picture in ("seven", "checks", "rings", "noise"):
        at_one = {rule: e[MOST + 1] for rule, e in ShiftExplorer(picture).errors().items()}
        assert max(at_one, key=at_one.get) == "stride"
        assert min(("max", "average", "stride", "blur"), key=at_one.get) == "blur"


def test_a_map_that_moves_along_does_not_stay_the_same():
    assert ShiftExplorer("seven", measure="change").errors()["none"][MOST + 1] > 0.4


@pytest.mark.parametrize(
    ("name", "keepers"), [("mean", {"average", "blur", "none"}), ("max", {"max", "none"})]
)
def test_a_global_pool_makes_exactly_these_invariant(name, keepers):
    explorer = ShiftExplorer("noise", features="edges")
    whole = [{rule: getattr(y, name)() for rule, y in explorer.maps(dx).items()} for dx in (0, 1)]
    kept = {rule for rule in RULES if abs(whole[0][rule] - whole[1][rule]) < 1e-12}
    assert kept == keepers


def test_the_maps_of_another_shift_leave_the_state_alone():
    explorer = ShiftExplorer("dot", dx=3)
    assert explorer.maps(0, 0)["none"].argmax() == 16 * 32 + 16
    assert explorer.dx == 3


def test_a_photograph_of_floats_is_shown():
    photo = np.linspace(0, 1, 16 * 20).reshape(16, 20)
    explorer = ShiftExplorer("photo", photo=photo)
    assert_allclose(explorer.image(), photo, atol=0.5 / 255)
    assert explorer.maps()["max"].shape == (8, 10)


def test_the_line_of_text_says_picture_shift_and_step():
    wanted = (
        "ShiftExplorer: single dot, its edges, moved by (dx, dy) = (2, -3), one step is 4 pixels"
    )
    assert repr(ShiftExplorer("dot", 2, -3, depth=2, features="edges")) == wanted


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"picture": "cat"},
            "(picture='cat'): needed 'seven', 'checks', 'stripes', 'rings', 'dot', 'noise'",
        ),
        ({"picture": None}, "(picture=None): needed 'seven', 'checks'"),
        ({"picture": "photo"}, "(photo=None, picture='photo'): there is no photograph to show."),
        ({"dx": 9}, "(dx=9): needed an int from -8 to 8."),
        ({"dx": 0.5}, "(dx=0.5): got a float, needed an int from -8 to 8."),
        ({"dy": -9}, "(dy=-9): needed an int from -8 to 8."),
        ({"depth": 3}, "(depth=3): needed an int from 1 to 2."),
        ({"features": "corners"}, "(features='corners'): needed 'pixels' or 'edges'."),
        ({"measure": "error"}, "(measure='error'): needed 'misfit' or 'change'."),
        ({"photo": np.zeros((18, 16))}, "(photo): got 18 rows and 16 columns, needed multiples"),
        ({"photo": np.zeros((12, 16))}, "(photo): got 12 rows and 16 columns, needed 16 to 64"),
        ({"photo": np.full((16, 16), 300)}, "(photo): whole numbers from 300 to 300, needed 0"),
    ],
)
def test_a_state_that_cannot_be_drawn_is_refused_in_our_words(arguments, message):
    with pytest.raises(ValueError, match=re.escape(f"ShiftExplorer{message}")):
        ShiftExplorer(**arguments)


def test_a_refused_assignment_changes_nothing():
    explorer = ShiftExplorer()
    with pytest.raises(StateError, match="from -8 to 8"):
        explorer.dx = 9
    assert explorer.dx == 1


def test_a_photograph_on_view_cannot_be_taken_away():
    explorer = ShiftExplorer("photo", photo=np.zeros((16, 16)))
    with pytest.raises(StateError, match="no photograph to show"):
        explorer.photo = None


def test_the_fallback_shows_the_picture_and_a_map_for_each_rule():
    page = ShiftExplorer("checks").fallback()
    captions = re.findall("<figcaption>(.*?)</figcaption>", page)
    assert captions == ["the moved picture, 32×32"] + [
        f"{rule}, {32 if rule == 'none' else 16}×{32 if rule == 'none' else 16}" for rule in RULES
    ]
    assert page.count("<img") == page.count("alt=") == 6


def test_the_fallback_holds_the_misfits_as_a_table():
    page = ShiftExplorer("checks").fallback()
    row = re.search('<th scope="row">stride</th>(.*?)</tr>', page)[1]
    assert re.findall("<td>(.*?)</td>", row) == ["0", "1.15"] * 4 + ["0"]


def test_the_fallback_writes_an_infinite_change_as_such():
    page = ShiftExplorer("dot", features="edges").fallback()
    assert "<td>∞</td>" in page


def test_every_picture_has_a_name_in_words():
    assert set(IN_WORDS) == {*PICTURES, "photo"}


def test_uncorrelated_maps_differ_by_the_root_of_two_and_opposite_ones_by_two(rng):
    before = rng.normal(size=(200, 200))
    assert change(rng.normal(size=(200, 200)), before) == pytest.approx(np.sqrt(2), abs=0.03)
    assert change(2 * before.mean() - before, before) == pytest.approx(2)
