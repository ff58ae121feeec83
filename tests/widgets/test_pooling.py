"""The Python side of the pooling explorer."""

import re

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from cnnlab.widgets import PoolingExplorer, StateError

MAP = [[6, 3, 1, 1], [3, 1, 1, 1], [-5, -2, 0, 0], [-3, -4, 0, 0]]


def test_max_pooling_by_hand():
    assert_array_equal(PoolingExplorer(MAP).output(), [[6, 1], [-2, 0]])


def test_average_pooling_by_hand():
    assert_array_equal(PoolingExplorer(MAP, mode="average").output(), [[3.25, 1], [-3.5, 0]])


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
    ("arguments", "message"),
    [
        ({"mode": "median"}, "(mode='median'): needed 'max' or 'average'."),
        ({"kernel": 5}, "(kernel=5): needed an int from 1 to 4."),
        ({"kernel": 2.0}, "(kernel=2.0): got a float, needed an int from 1 to 4."),
        ({"stride": 0}, "(stride=0): needed an int from 1 to 4."),
        ({"kernel": 3, "padding": 2}, "(kernel=3, padding=2): needed a padding of at most half"),
        ({"mode": None}, "(mode=None): needed 'max' or 'average'."),
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
