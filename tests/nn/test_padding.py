"""Circular padding: by hand, naive against fast, differences, torch, shifts, and its errors."""

import re

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from parity import assert_like_torch, torch_gradients
from strategies import Case, dtypes, seeds, whole_numbers_like

from cnnlab import nn, shapes
from cnnlab.gradcheck import check_gradients
from cnnlab.nn.padding import circular_pad2d, circular_pad2d_backward, circular_pad2d_naive


@st.composite
def paddings(draw, batches=((), (0,), (1,), (3,))):
    """A frame that goes around once at most, and images for it."""
    lead = (*draw(st.sampled_from(batches)), draw(st.integers(1, 2)))
    H, W = draw(st.tuples(*[st.integers(1, 6)] * 2))
    frame = draw(st.tuples(*[st.integers(0, W)] * 2, *[st.integers(0, H)] * 2))
    return Case((*lead, H, W), (frame,), draw(seeds))


# --- by hand -------------------------------------------------------------------------------------


@pytest.mark.parametrize("pad", [circular_pad2d, circular_pad2d_naive])
class TestByHand:
    def test_a_frame_of_one_shows_the_opposite_borders_and_corners(self, pad):
        x = np.array([[[1, 2], [3, 4]]])
        expected = [[4, 3, 4, 3], [2, 1, 2, 1], [4, 3, 4, 3], [2, 1, 2, 1]]
        np.testing.assert_array_equal(pad(x, 1), [expected])

    def test_four_widths_are_left_right_top_bottom(self, pad):
        x = np.array([[[1, 2, 3], [4, 5, 6]]])
        y = pad(x, (1, 2, 1, 0))
        np.testing.assert_array_equal(
            y, [[[6, 4, 5, 6, 4, 5], [3, 1, 2, 3, 1, 2], [6, 4, 5, 6, 4, 5]]]
        )

    def test_a_frame_of_nothing_gives_a_copy(self, pad):
        x = np.array([[[1.0, 2.0]]])
        y = pad(x, 0)
        np.testing.assert_array_equal(y, x)
        assert not np.shares_memory(x, y)


def test_the_way_back_adds_the_frame_to_the_pixels_it_shows():
    grad = np.arange(1.0, 7.0).reshape(1, 1, 6)
    # the places show 3 1 2 3 1 2
    grad_input = circular_pad2d_backward(grad, np.zeros((1, 1, 3)), (1, 2, 0, 0))
    np.testing.assert_array_equal(grad_input, [[[2 + 5, 3 + 6, 1 + 4]]])


def test_a_convolution_on_a_ring_follows_every_shift(rng):
    layers = nn.CircularPad2d(1), nn.Conv2d(2, 3, 3, dtype=np.float64, rng=rng), nn.ReLU()
    model = nn.Sequential(*layers)
    x = rng.standard_normal((2, 5, 7))
    for steps in ((0, 1), (3, 0), (-2, 4)):
        shifted = model(np.roll(x, steps, axis=(-2, -1)))
        np.testing.assert_allclose(shifted, np.roll(model(x), steps, axis=(-2, -1)), atol=1e-12)


def test_the_receptive_field_grows_by_the_convolution_alone():
    ring = nn.Sequential(nn.CircularPad2d(1), nn.Conv2d(1, 2, 3), nn.MaxPool2d(2))
    bordered = nn.Sequential(nn.Conv2d(1, 2, 3, padding=1), nn.MaxPool2d(2))
    ours, theirs = (shapes.trace(model, (1, 8, 8))[-1] for model in (ring, bordered))
    assert ours == theirs


def test_the_frame_is_printed_once_where_it_is_the_same_everywhere():
    assert repr(nn.CircularPad2d(2)) == "CircularPad2d(padding=2)"
    assert repr(nn.CircularPad2d((1, 0, 2, 2))) == "CircularPad2d(padding=(1, 0, 2, 2))"


# --- twins ---------------------------------------------------------------------------------------


@given(paddings(), dtypes)
def test_fast_equals_naive_for_any_frame(case, dtype):
    x = case.integers(dtype)
    fast, naive = circular_pad2d(x, *case.options), circular_pad2d_naive(x, *case.options)
    assert fast.dtype == naive.dtype == dtype
    np.testing.assert_array_equal(fast, naive)


@given(paddings())
def test_backward_is_the_adjoint(case):
    x = case.integers()
    y = circular_pad2d(x, *case.options)
    g = whole_numbers_like(y, case.seed)
    assert np.vdot(y, g) == np.vdot(x, circular_pad2d_backward(g, x, *case.options))


# --- gradients -----------------------------------------------------------------------------------


@pytest.mark.parametrize("padding", [1, (2, 0, 1, 3), (4, 4, 5, 5)])
def test_gradients_are_central_differences(padding, rng):
    errors = check_gradients(nn.CircularPad2d(padding), rng.standard_normal((2, 2, 5, 4)), rng=rng)
    assert errors["input"] < 1e-7


# --- parity with torch ---------------------------------------------------------------------------


@given(paddings(batches=((), (1,), (3,))), dtypes)
def test_values_and_gradients_are_torchs(case, dtype):
    x = case.integers(dtype)
    theirs = torch.nn.CircularPad2d(*case.options)
    y = circular_pad2d(x, *case.options)
    assert_like_torch(y, theirs(torch.tensor(x)))
    g = whole_numbers_like(y, case.seed)
    (grad,) = torch_gradients(theirs, [x], g)
    assert_like_torch(circular_pad2d_backward(g, x, *case.options), grad)


# --- errors --------------------------------------------------------------------------------------

X = np.ones((1, 4, 5))


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda: circular_pad2d([[1]], 1), TypeError, "circular_pad2d: the input is a list"),
        (lambda: circular_pad2d(X[0], 1), ValueError, "shape (4, 5) has 2 axes, needed 4"),
        (lambda: circular_pad2d(X, -1), ValueError, "padding = -1, needed at least 0"),
        (lambda: circular_pad2d(X, 1.5), TypeError, "padding = 1.5 is a float, needed an int"),
        (lambda: circular_pad2d(X, (1, 2)), ValueError, "padding = (1, 2) has 2 entries, needed"),
        (lambda: circular_pad2d(X, 5), ValueError, "for 4x5 pixels, needed at most 5 on the left"),
        (lambda: circular_pad2d_naive(X, (6, 0, 0, 0)), ValueError, "once around"),
        (lambda: circular_pad2d_backward(X, X, 1), ValueError, "(1, 4, 5), needed (1, 6, 7)"),
        (lambda: nn.CircularPad2d("same"), TypeError, "CircularPad2d: padding = 'same' is a str"),
        (lambda: nn.CircularPad2d(5).output_shape((1, 4, 5)), ValueError, "needed at most 5"),
    ],
)
def test_errors_name_what_came_and_what_is_needed(call, kind, words):
    with pytest.raises(kind, match=re.escape(words)):
        call()
