"""The Python side of the pooling explorer."""

import re
from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from cnnlab.widgets import PoolingExplorer, StateError

MAP = [[6, 3, 1, 1], [3, 1, 1, 1], [-5, -2, 0, 0], [-3, -4, 0, 0]]


def test_max_pooling_by_hand():
    assert_array_equal(PoolingExplorer(MAP).output(), [[6, 1], [-2, 0]])


def test_average_pooling_by_hand():
    assert_array_equal(PoolingExplorer(MAP, mode="average").output(), [[3.25, 1], [-3.5, 0]])


def test_the_power_mean_by_hand():
    x = [[3, 4, 1, 1], [4, 3, 1, 1], [0, 0, -5, -5], [0, 0, 5, 5]]
    assert_allclose(PoolingExplorer(x, mode="lp").output(), [[12.5**0.5, 1], [0, 5]], atol=1e-12)


def test_the_power_mean_at_one_is_the_average():
    average = PoolingExplorer(mode="average").output()
    assert_allclose(PoolingExplorer(mode="lp", p=1).output(), average, atol=1e-12)


def test_the_power_mean_grows_from_the_average_towards_the_maximum():
    powers = [PoolingExplorer(mode="lp", p=p).output() for p in (1, 2, 8, 64)]
    steps = [*powers, PoolingExplorer().output()]
    assert all((low <= high + 1e-12).all() for low, high in pairwise(steps))


def test_blur_pooling_by_hand():
    y = PoolingExplorer([[0, 0, 8, 0]] * 4, mode="blur", kernel=3).output()
    assert_array_equal(y, [[0, 4], [0, 4]])


def test_ceil_mode_keeps_what_hangs_over_the_border():
    x = np.arange(25).reshape(5, 5) % 10
    assert_array_equal(PoolingExplorer(x, ceil_mode=True).output()[:, -1], [9, 9, 4])


def test_a_padding_that_does_not_count_leaves_the_average_as_it_is():
    explorer = PoolingExplorer(np.full((4, 4), 3), mode="average", padding=1)
    assert explorer.output()[0, 0] == 0.75
    explorer.count_include_pad = False
    assert_array_equal(explorer.output(), np.full((3, 3), 3))


def test_the_output_is_that_of_the_photograph_where_it_is_on_view():
    photo = np.arange(64, dtype=np.uint8).reshape(8, 8)
    y = PoolingExplorer(photo=photo, view="photo", kernel=4, stride=4).output()
    assert_array_equal(y, [[27, 31], [59, 63]])


def test_the_padding_of_max_never_wins():
    y = PoolingExplorer(np.full((4, 4), -1), padding=1).output()
    assert_array_equal(y, np.full((3, 3), -1))


def test_an_array_becomes_plain_rows():
    assert PoolingExplorer(np.array(MAP)).x == MAP


def test_an_assigned_array_becomes_plain_rows():
    explorer = PoolingExplorer()
    explorer.x = np.array(MAP)
    assert explorer.x == MAP


def test_a_photograph_of_floats_becomes_grey_values():
    photo = np.linspace(0, 1, 64).reshape(8, 8)
    assert PoolingExplorer(photo=photo).photo == np.round(255 * photo).astype(int).tolist()


def test_a_photograph_of_bytes_keeps_its_grey_values():
    photo = np.arange(64, dtype=np.uint8).reshape(8, 8)
    assert PoolingExplorer(photo=photo).photo == photo.tolist()


def test_the_line_of_text_names_rule_and_sizes():
    explorer = PoolingExplorer(np.zeros((7, 8), dtype=int), mode="average", kernel=3)
    wanted = "PoolingExplorer: average over 3×3 windows, stride 2, padding 0: 7×8 → 3×3"
    assert repr(explorer) == wanted


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ({"mode": "lp", "p": 2.5}, "lp with p = 2.5 over 2×2 windows, stride 2: 8×8 → 4×4"),
        ({"mode": "blur", "kernel": 3}, "blur over 3×3 windows, stride 2: 8×8 → 4×4"),
        (
            {"kernel": 3, "ceil_mode": True},
            "max over 3×3 windows, stride 2, padding 0, ceil mode: 8×8 → 4×4",
        ),
        (
            {"mode": "average", "padding": 1, "count_include_pad": False},
            "average over 2×2 windows, stride 2, padding 1 that does not count: 8×8 → 5×5",
        ),
    ],
)
def test_the_line_of_text_names_what_belongs_to_the_rule(arguments, line):
    assert repr(PoolingExplorer(**arguments)) == f"PoolingExplorer: {line}"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"mode": "median"}, "(mode='median'): needed 'max', 'average', 'lp' or 'blur'."),
        ({"kernel": 5}, "(kernel=5): needed an int from 1 to 4."),
        ({"kernel": 2.0}, "(kernel=2.0): got a float, needed an int from 1 to 4."),
        ({"stride": 0}, "(stride=0): needed an int from 1 to 4."),
        ({"kernel": 3, "padding": 2}, "(kernel=3, padding=2): needed a padding of at most half"),
        ({"mode": None}, "(mode=None): needed 'max', 'average', 'lp' or 'blur'."),
        ({"kernel": None}, "(kernel=None): got a NoneType, needed an int from 1 to 4."),
        ({"x": [[1, 2], [3]]}, "(x): needed rows of equal length with one number per cell."),
        ({"x": np.zeros((1, 4, 4))}, "(x): got an array of shape (1, 4, 4), needed two dimensions"),
        ({"x": np.zeros((3, 8))}, "(x): got 3 rows and 8 columns, needed 4 to 10 of each."),
        ({"x": np.full((4, 4), 10)}, "(x): the value 10 does not fit into a cell"),
        ({"x": np.full((4, 4), 0.5)}, "(x): the value 0.5 does not fit into a cell"),
        ({"x": np.full((4, 4), np.nan)}, "(x): needed finite numbers in every cell."),
        ({"photo": np.full((8, 8), 1.5)}, "(photo): floats from 1.5 to 1.5, needed floats in"),
        ({"photo": np.full((8, 8), 256)}, "(photo): whole numbers from 256 to 256, needed 0 to"),
        ({"view": "photo"}, "(photo=None, view='photo'): there is no photograph to"),
        ({"p": 0.5}, "(p=0.5): needed a number from 1 to 64."),
        ({"p": np.inf}, "(p=inf): needed a number from 1 to 64."),
        ({"p": np.nan}, "(p=nan): needed a number from 1 to 64."),
        ({"p": "2"}, "(p='2'): got a str, needed a number from 1 to 64."),
        ({"ceil_mode": 1}, "(ceil_mode=1): needed True or False."),
        ({"count_include_pad": None}, "(count_include_pad=None): needed True or False."),
        ({"gradient": "yes"}, "(gradient='yes'): needed True or False."),
        ({"mode": "lp", "padding": 1}, "(mode='lp', padding=1): needed padding=0. LPPool2d"),
        ({"mode": "blur", "padding": 1}, "(mode='blur', padding=1): needed padding=0. BlurPool2d"),
        ({"mode": "blur", "ceil_mode": True}, "(mode='blur', ceil_mode=True): needed ceil_mode="),
        ({"anchor": "my explorer"}, "(anchor='my explorer'): needed letters, digits and hyphens"),
    ],
)
def test_a_state_that_cannot_be_drawn_is_refused_in_our_words(arguments, message):
    with pytest.raises(ValueError, match=re.escape(f"PoolingExplorer{message}")):
        PoolingExplorer(**arguments)


def test_a_refused_assignment_changes_nothing():
    explorer = PoolingExplorer()
    with pytest.raises(StateError, match="at most half the window, here 1"):
        explorer.padding = 2
    assert explorer.padding == 0


def test_a_photograph_on_view_cannot_be_taken_away():
    explorer = PoolingExplorer(photo=np.zeros((8, 8)), view="photo")
    with pytest.raises(StateError, match="no photograph to show"):
        explorer.photo = None


def test_the_front_end_may_change_window_and_padding_together():
    explorer = PoolingExplorer(kernel=4, padding=2)
    explorer.set_state({"kernel": 1, "padding": 0})
    assert (explorer.kernel, explorer.padding) == (1, 0)


def test_the_front_end_may_change_rule_and_padding_together():
    explorer = PoolingExplorer(padding=1, ceil_mode=True)
    explorer.set_state({"mode": "blur", "padding": 0, "ceil_mode": False})
    assert (explorer.mode, explorer.padding, explorer.ceil_mode) == ("blur", 0, False)


def test_a_rule_without_padding_refuses_the_present_one():
    explorer = PoolingExplorer(padding=1)
    with pytest.raises(StateError, match="needed padding=0"):
        explorer.mode = "lp"
    assert explorer.mode == "max"


def test_a_refused_message_of_the_front_end_changes_nothing():
    explorer = PoolingExplorer(kernel=4, padding=2)
    with pytest.raises(StateError, match="padding=2"):
        explorer.set_state({"kernel": 1})
    assert (explorer.kernel, explorer.padding) == (4, 2)


def test_the_fallback_shows_input_and_output_as_tables():
    cells = re.findall(r"<td>(.*?)</td>", PoolingExplorer(MAP, mode="average").fallback())
    flat = [str(v).replace("-", "−") for row in MAP for v in row]
    assert cells == [*flat, "3.25", "1", "−3.5", "0"]


def test_the_fallback_names_rule_and_sizes():
    page = PoolingExplorer(MAP).fallback()
    assert "Max pooling over 2×2 windows, stride 2, padding 0:" in page
    assert re.findall(r"<caption>(.*?)</caption>", page) == ["Input, 4×4", "Output, 2×2"]


def test_the_fallback_shows_the_photograph_with_a_text_for_it():
    page = PoolingExplorer(photo=np.zeros((8, 9))).fallback()
    assert page.count("<img") == 1
    assert 'alt="The photograph, 8×9 grey pixels' in page


def test_the_fallback_of_a_photograph_on_view_shows_it_before_and_after():
    page = PoolingExplorer(photo=np.zeros((8, 12)), view="photo", kernel=4, stride=4).fallback()
    assert "<table" not in page
    assert re.findall(r'width="(\d+)" height="(\d+)"', page) == [("48", "32")] * 2
    assert 'alt="The photograph after pooling, 2×3 pixels, enlarged 4 times."' in page


def test_the_fallback_names_the_power_mean():
    page = PoolingExplorer(mode="lp", p=3).fallback()
    assert "Power-mean (Lp) pooling with p = 3 over 2×2 windows, stride 2:" in page
