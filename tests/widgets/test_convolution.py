"""The Python side of the convolution explorer."""

import re

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from cnnlab.widgets import ConvolutionExplorer, StateError
from cnnlab.widgets.convolution import greys

X = np.arange(25).reshape(5, 5) % 10
F = [[1, 1, 1], [1, 1, 0], [1, 0, 0]]


def test_each_output_is_the_sum_of_the_products():
    wanted = [[np.sum(X[i : i + 3, j : j + 3] * F) for j in range(3)] for i in range(3)]
    assert_array_equal(ConvolutionExplorer(X, F).output(), wanted)


def test_a_flipped_kernel_is_turned_by_180_degrees():
    turned = np.rot90(F, 2)
    assert_array_equal(
        ConvolutionExplorer(X, F, flip=True).output(), ConvolutionExplorer(X, turned).output()
    )


def test_the_divisor_makes_a_mean_of_a_sum():
    y = ConvolutionExplorer(X, np.ones((3, 3)), divisor=9).output()
    assert y[0, 0] == X[:3, :3].mean()


def test_stride_padding_and_dilation_reach_the_layer():
    y = ConvolutionExplorer(X, np.ones((2, 2)), stride=3, padding=1, dilation=2).output()
    padded = np.pad(X, 1)
    assert_array_equal(
        y, [[padded[i : i + 3 : 2, j : j + 3 : 2].sum() for j in (0, 3)] for i in (0, 3)]
    )


def test_the_output_is_that_of_the_photograph_where_it_is_on_view():
    photo = np.arange(64, dtype=np.uint8).reshape(8, 8)
    assert_array_equal(ConvolutionExplorer(kernel=[[1]], photo=photo, view="photo").output(), photo)


def test_at_first_the_output_is_filled_up_to_the_window():
    explorer = ConvolutionExplorer(X, at=(1, 1))
    assert explorer.visited == [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1]]


def test_the_window_follows_an_output_that_shrinks():
    explorer = ConvolutionExplorer(at=(5, 4))
    explorer.stride = 3
    assert explorer.at == [1, 1]


def test_filled_cells_that_no_longer_exist_are_dropped():
    explorer = ConvolutionExplorer(visited=[(0, 1), (5, 5)])
    explorer.stride = 3
    assert explorer.visited == [[0, 1]]


def test_the_front_end_may_change_settings_and_place_together():
    explorer = ConvolutionExplorer(stride=3)
    explorer.set_state({"at": [5, 5], "visited": [[5, 5]], "stride": 1})
    assert (explorer.stride, explorer.at, explorer.visited) == (1, [5, 5], [[5, 5]])


def test_a_refused_message_of_the_front_end_changes_nothing():
    explorer = ConvolutionExplorer(at=(2, 2))
    with pytest.raises(StateError, match=re.escape("there is no output cell (3, 3)")):
        explorer.set_state({"stride": 3, "at": [3, 3]})
    assert (explorer.stride, explorer.at) == (1, [2, 2])


def test_no_cell_has_to_be_filled():
    assert ConvolutionExplorer(visited=[]).visited == []


@pytest.mark.parametrize("explorer", [ConvolutionExplorer(X, F, at=(1, 2))])
def test_arrays_become_plain_values_in_the_state(explorer):
    state = explorer.state()
    assert (state["x"], state["kernel"], state["at"]) == (X.tolist(), F, [1, 2])


def test_the_line_of_text_names_settings_and_sizes():
    explorer = ConvolutionExplorer(X, np.ones((2, 2)), flip=True, padding=1)
    wanted = "ConvolutionExplorer: 2×2 kernel, flipped, stride 1, padding 1, dilation 1: 5×5 → 6×6"
    assert repr(explorer) == wanted


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"x": np.zeros((4, 5))}, "(x): got 4 rows and 5 columns, needed 5 to 9 of each."),
        ({"x": np.full((5, 5), 10)}, "(x): the value 10 does not fit into a cell"),
        ({"x": "map"}, "(x): needed rows of equal length with one number per cell."),
        ({"kernel": [[1, 2]]}, "(kernel): got 1 rows and 2 columns, needed as many of both."),
        ({"kernel": np.ones((4, 4))}, "(kernel): got 4 rows and 4 columns, needed 1 to 3 of each"),
        ({"kernel": [[0.5]]}, "(kernel): the value 0.5 does not fit into a cell"),
        ({"divisor": 0}, "(divisor=0): needed an int from 1 to 16."),
        ({"stride": 4}, "(stride=4): needed an int from 1 to 3."),
        ({"padding": 3}, "(padding=3): needed an int from 0 to 2."),
        ({"dilation": 1.0}, "(dilation=1.0): got a float, needed an int from 1 to 2."),
        ({"view": "film"}, "(view='film'): needed 'numbers' or 'photo'."),
        ({"view": "photo"}, "(photo=None, view='photo'): there is no photograph to show."),
        ({"photo": np.full((8, 8), 1.5)}, "(photo): floats from 1.5 to 1.5, needed floats in"),
        ({"at": (6, 0)}, "(at): there is no output cell (6, 0), needed rows 0 to 5 and columns"),
        ({"at": (0, -1)}, "(at): there is no output cell (0, -1), needed rows 0 to 5"),
        ({"at": (0.5, 0)}, "(at): needed two whole numbers: row and column of an output cell"),
        ({"at": ()}, "(at): needed two whole numbers: row and column of an output cell"),
        ({"visited": [(0, 0), (1,)]}, "(visited): needed pairs of whole numbers: row and column"),
        ({"visited": [(0, 9)]}, "(visited): there is no output cell (0, 9), needed rows 0 to 5"),
        ({"anchor": "1"}, "(anchor='1'): needed letters, digits and hyphens"),
    ],
)
def test_a_state_that_cannot_be_drawn_is_refused_in_our_words(arguments, message):
    with pytest.raises(ValueError, match=re.escape(f"ConvolutionExplorer{message}")):
        ConvolutionExplorer(**arguments)


@pytest.mark.parametrize(
    ("name", "value"), [("x", None), ("kernel", None), ("stride", 0), ("at", None), ("photo", 3)]
)
def test_a_refused_assignment_changes_nothing(name, value):
    explorer = ConvolutionExplorer()
    before = explorer.state()
    with pytest.raises(StateError):
        setattr(explorer, name, value)
    assert explorer.state() == before


def test_a_photograph_on_view_cannot_be_taken_away():
    explorer = ConvolutionExplorer(photo=np.zeros((8, 8)), view="photo")
    with pytest.raises(StateError, match="no photograph to show"):
        explorer.photo = None


def test_without_negative_outputs_black_is_zero():
    assert_array_equal(greys(np.array([[0.0, 255.0]])), [[0, 255]])


def test_with_negative_outputs_zero_is_mid_grey():
    assert_array_equal(greys(np.array([[-8.0, 0.0, 8.0]])), [[1, 128, 255]])


def test_the_fallback_shows_input_kernel_and_output_as_tables():
    page = ConvolutionExplorer(X, F, flip=True, divisor=2).fallback()
    assert re.findall(r"<caption>(.*?)</caption>", page) == [
        "Input, 5×5",
        "Kernel, flipped, 3×3",
        "Output, 3×3",
    ]
    cells = re.findall(r"<td>(.*?)</td>", page)
    assert cells[25:34] == ["0", "0", "1", "0", "1", "1", "1", "1", "1"]


def test_the_fallback_says_which_cell_the_window_fills():
    page = ConvolutionExplorer(X, np.ones((2, 2)), divisor=4, at=(1, 0)).fallback()
    wanted = X[1:3, 0:2].mean()
    assert "Row 2, column 1 of the output is the sum" in page
    assert f"pixels under it, divided by 4: {wanted:g}.</p>" in page


def test_the_fallback_shows_the_photograph_and_its_output_with_texts():
    photo = np.zeros((8, 9))
    page = ConvolutionExplorer(photo=photo, view="photo").fallback()
    assert re.findall(r'alt="(.*?)"', page) == [
        "The photograph that the kernel can slide over, 8×9 grey pixels.",
        "The output of the photograph, 6×7 grey pixels.",
    ]
