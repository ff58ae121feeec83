"""Values that a widget is given: taken, or refused in our words."""

import numpy as np
import pytest

from cnnlab.widgets import ConvolutionExplorer, DropoutExplorer, PoolingExplorer, StateError
from cnnlab.widgets.values import choice, rows


@pytest.mark.parametrize("value", ["yes", 1, None, np.array([True, False])])
def test_a_switch_takes_nothing_but_true_and_false(value):
    with pytest.raises(StateError, match=r"DropoutExplorer\(training=.*: needed True or False\."):
        DropoutExplorer(training=value)


def test_a_refused_switch_stays_as_it_was():
    explorer = ConvolutionExplorer(flip=True)
    with pytest.raises(ValueError, match="flip"):
        explorer.flip = "no"
    assert explorer.flip is True


def test_a_switch_of_numpy_becomes_a_plain_one():
    assert DropoutExplorer(scale=np.False_).scale is False


@pytest.mark.parametrize("value", [np.array(["max", "max"]), ["max"], 3, None])
def test_a_choice_that_is_no_word_is_refused(value):
    with pytest.raises(StateError, match=r"needed 'max' or 'average'"):
        choice("Explorer", "mode", value, ("max", "average"))


@pytest.mark.parametrize(
    "value",
    [[["1", "2"]], np.array([[1.0, 2.0]], dtype=object), [[1, 2], [3]], [[1, None]], [[1j, 2]]],
    ids=["strings", "objects", "ragged", "holes", "complex"],
)
def test_cells_that_are_no_plain_numbers_are_refused(value):
    with pytest.raises(StateError, match="one number per cell"):
        rows("Explorer", "x", value, (1, 9))


@pytest.mark.parametrize("kind", ["bool", "uint8", "int64", "float16", "float64"])
def test_every_kind_of_plain_number_fills_a_cell(kind):
    assert rows("Explorer", "x", np.ones((1, 2), dtype=kind), (1, 9)).tolist() == [[1.0, 1.0]]


def test_of_a_message_with_one_wrong_value_nothing_is_taken():
    explorer = PoolingExplorer()
    with pytest.raises(StateError, match=r"PoolingExplorer\(kernel=9\): needed an int from 1 to 4"):
        explorer.set_state({"mode": "average", "kernel": 9})
    assert (explorer.mode, explorer.kernel) == ("max", 2)


def test_photograph_and_view_may_come_and_go_together():
    explorer = ConvolutionExplorer()
    explorer.set_state({"view": "photo", "photo": [[0] * 8] * 8})
    assert (explorer.view, np.shape(explorer.photo)) == ("photo", (8, 8))
    explorer.set_state({"view": "numbers", "photo": None})
    assert (explorer.view, explorer.photo) == ("numbers", None)
