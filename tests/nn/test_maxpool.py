"""Max pooling: by hand, naive against fast, against differences, against torch, and its errors."""

import re

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from parity import assert_like_torch, shape_or_refusal, torch_gradients, torch_shape_or_refusal
from strategies import dtypes, max_poolings, spoilt, sprinkle, whole_numbers_like

from cnnlab import nn
from cnnlab.gradcheck import check_gradients
from cnnlab.nn.maxpool import (
    max_pool2d,
    max_pool2d_backward,
    max_pool2d_backward_naive,
    max_pool2d_naive,
)

X = np.array([[[1, 3, 2, 0], [4, 2, 1, 5], [0, 1, 9, 2], [7, 6, 3, 8]]])
INTEGERS = (np.uint8, np.int8, np.int16, np.int32, np.int64)

# --- by hand -------------------------------------------------------------------------------------


@pytest.mark.parametrize("pool", [max_pool2d, max_pool2d_naive])
class TestByHand:
    def test_each_window_keeps_its_largest_number(self, pool):
        np.testing.assert_array_equal(pool(X, 2), [[[4, 5], [7, 9]]])

    def test_overlapping_windows_of_three(self, pool):
        np.testing.assert_array_equal(pool(X, 3, 1), [[[9, 9], [9, 9]]])

    def test_the_frame_never_wins_against_negative_numbers(self, pool):
        x = np.array([[[-5.0, -6.0], [-7.0, -8.0]]])
        y = pool(x, 2, padding=1)
        np.testing.assert_array_equal(y, [[[-5, -6], [-7, -8]]])

    @pytest.mark.parametrize("dtype", INTEGERS)
    def test_the_frame_never_wins_against_the_smallest_whole_number(self, pool, dtype):
        x = np.full((1, 2, 2), np.iinfo(dtype).min, dtype=dtype)
        y = pool(x, 2, padding=1)
        assert y.dtype == dtype
        np.testing.assert_array_equal(y, x)

    def test_booleans_stay_booleans(self, pool):
        y = pool(np.array([[[False, True, False, False]]]), (1, 2))
        assert y.dtype == bool
        np.testing.assert_array_equal(y, [[[True, False]]])

    def test_kernel_and_stride_are_vertical_then_horizontal(self, pool):
        np.testing.assert_array_equal(pool(X, (1, 2), (3, 2)), [[[3, 2], [7, 8]]])

    def test_dilation_skips_pixels(self, pool):
        # the window at the top left sees the corners 1 2 / 0 9
        np.testing.assert_array_equal(pool(X, 2, 1, dilation=2), [[[9, 3], [7, 8]]])

    def test_ceil_mode_counts_a_last_window_that_sticks_out(self, pool):
        x = np.array([[[1, 2, 3]]])
        np.testing.assert_array_equal(pool(x, (1, 2)), [[[2]]])
        np.testing.assert_array_equal(pool(x, (1, 2), ceil_mode=True), [[[2, 3]]])

    def test_ceil_mode_counts_a_first_window_that_is_larger_than_the_image(self, pool):
        np.testing.assert_array_equal(pool(X[:, :2, :2], 3, ceil_mode=True), [[[4]]])


@pytest.mark.parametrize("backward", [max_pool2d_backward, max_pool2d_backward_naive])
class TestBackwardByHand:
    def test_the_winner_takes_everything(self, backward):
        x = np.array([[[1.0, 3.0], [4.0, 2.0]]])
        np.testing.assert_array_equal(backward(np.array([[[10.0]]]), x, 2), [[[0, 0], [10, 0]]])

    def test_who_wins_several_windows_gets_the_sum(self, backward):
        x = np.array([[[1.0, 5.0, 2.0]]])
        g = np.array([[[10.0, 1.0]]])
        np.testing.assert_array_equal(backward(g, x, (1, 2), 1), [[[0, 11, 0]]])

    def test_among_equals_the_first_in_reading_order_wins(self, backward):
        np.testing.assert_array_equal(
            backward(np.array([[[10.0]]]), np.ones((1, 2, 2)), 2), [[[10, 0], [0, 0]]]
        )

    def test_the_frame_gets_nothing(self, backward):
        x, g = np.array([[[-5.0, -6.0], [-7.0, -8.0]]]), np.array([[[1.0, 2.0], [3.0, 4.0]]])
        np.testing.assert_array_equal(backward(g, x, 2, padding=1), g)


def test_the_layer_hands_out_the_same_indices_and_sends_gradients_back_to_them():
    layer, plain = nn.MaxPool2d(2, return_indices=True), nn.MaxPool2d(2)
    for ours, theirs in zip(layer(X), max_pool2d(X, 2, return_indices=True), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    g = np.arange(4.0).reshape(plain(X).shape)
    np.testing.assert_array_equal(layer.backward(g), plain.backward(g))


def test_indices_count_along_the_rows_of_each_map():
    _, indices = max_pool2d(X, 2, return_indices=True)
    np.testing.assert_array_equal(indices, [[[4, 7], [12, 10]]])


# --- twins ---------------------------------------------------------------------------------------


@given(max_poolings(), st.sampled_from([np.float32, np.float64, *INTEGERS, np.bool_]))
def test_fast_equals_naive_for_any_geometry_and_dtype(case, dtype):
    x = case.integers().astype(np.int8).astype(dtype)
    fast, naive = max_pool2d(x, *case.options), max_pool2d_naive(x, *case.options)
    assert fast.dtype == naive.dtype == dtype
    np.testing.assert_array_equal(fast, naive)


@given(max_poolings(), dtypes)
def test_fast_gradients_equal_naive_ones_for_any_geometry(case, dtype):
    x = sprinkle(case.integers(dtype), [-np.inf, np.nan, np.inf], case.seed)
    g = whole_numbers_like(max_pool2d(x, *case.options), case.seed)
    fast = max_pool2d_backward(g, x, *case.options)
    naive = max_pool2d_backward_naive(g, x, *case.options)
    assert fast.dtype == naive.dtype == dtype
    np.testing.assert_array_equal(fast, naive)


@given(max_poolings())
def test_a_given_output_does_not_change_the_gradient(case):
    x = case.integers()
    y = max_pool2d(x, *case.options)
    g = whole_numbers_like(y, case.seed)
    np.testing.assert_array_equal(
        max_pool2d_backward(g, x, *case.options, output=y), max_pool2d_backward(g, x, *case.options)
    )


@given(max_poolings())
def test_the_gradient_is_the_adjoint_of_picking_the_winners(case):
    x = case.integers()
    y = max_pool2d(x, *case.options)
    assume(np.isfinite(y).all())  # a window that lies between the pixels has no winner
    g = whole_numbers_like(y, case.seed)
    assert np.vdot(y, g) == np.vdot(x, max_pool2d_backward(g, x, *case.options))


# --- gradients -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "shape"),
    [
        ({"kernel_size": 2}, (2, 2, 4, 5)),
        ({"kernel_size": (3, 2), "stride": (1, 2), "padding": 1}, (2, 2, 5, 4)),
        ({"kernel_size": 2, "dilation": (2, 1), "stride": 1}, (1, 2, 5, 4)),
        ({"kernel_size": 3, "stride": 2, "ceil_mode": True}, (2, 6, 4)),
    ],
)
def test_gradients_are_central_differences(options, shape, rng):
    x = rng.permutation(np.arange(float(np.prod(shape)))).reshape(shape)  # no ties
    assert check_gradients(nn.MaxPool2d(**options), x, rng=rng)["input"] < 1e-7


# --- parity with torch ---------------------------------------------------------------------------


@given(max_poolings(), st.sampled_from([np.float32, np.float64, *INTEGERS]))
def test_values_and_dtype_are_torchs(case, dtype):
    x = case.integers().astype(np.int8).astype(dtype)
    theirs = torch.nn.functional.max_pool2d(torch.tensor(x), *case.options)
    assert_like_torch(max_pool2d(x, *case.options), theirs)


@given(max_poolings(), st.sampled_from([np.float32, np.float64, *INTEGERS]), st.booleans())
def test_indices_are_torchs_ties_and_special_values_included(case, dtype, special):
    x = case.integers().astype(np.int8).astype(dtype)
    assume((max_pool2d(x, *case.options) != nn.maxpool.lowest(x.dtype)).all())
    if special and x.dtype.kind == "f":
        x = sprinkle(x, [-np.inf, np.nan, np.inf], case.seed)
    theirs = torch.nn.functional.max_pool2d(torch.tensor(x), *case.options, return_indices=True)
    ours = max_pool2d(x, *case.options, return_indices=True)
    assert_like_torch(ours[0], theirs[0])
    assert_like_torch(ours[1], theirs[1])


@given(max_poolings(), dtypes, st.booleans())
def test_gradients_are_those_of_autograd_ties_and_special_values_included(case, dtype, special):
    x = case.integers(dtype)
    # where a window lies between the pixels, torch would write outside of its array
    assume(np.isfinite(max_pool2d(x, *case.options)).all())
    if special:
        x = sprinkle(x, [-np.inf, np.nan, np.inf], case.seed)
    g = whole_numbers_like(max_pool2d(x, *case.options), case.seed)
    (theirs,) = torch_gradients(lambda x: torch.nn.functional.max_pool2d(x, *case.options), [x], g)
    assert_like_torch(max_pool2d_backward(g, x, *case.options), theirs)


def test_the_layer_returns_indices_as_torchs_does():
    x = X[None].astype(np.float64)
    layer = nn.MaxPool2d(3, 2, 1, 1, True, True)
    ours = layer(x)
    theirs = torch.nn.MaxPool2d(3, 2, 1, 1, True, True)(torch.tensor(x))
    assert_like_torch(ours[0], theirs[0])
    assert_like_torch(ours[1], theirs[1])
    assert layer.backward(np.ones_like(ours[0])).sum() == ours[0].size


# --- errors --------------------------------------------------------------------------------------


@given(spoilt(max_poolings()))
def test_what_torch_refuses_is_refused_and_nothing_else(case):
    x = np.zeros(case.shape)
    theirs = torch_shape_or_refusal(
        lambda: torch.nn.functional.max_pool2d(torch.tensor(x), *case.options)
    )
    ours = shape_or_refusal("max_pool2d", lambda: max_pool2d(x, *case.options))
    assert ours == theirs


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda: max_pool2d([[1]], 2), TypeError, "max_pool2d: the input is a list"),
        (lambda: max_pool2d(X.astype(object), 2), TypeError, "input has dtype object"),
        (lambda: max_pool2d(X[0], 2), ValueError, "shape (4, 4) has 2 axes, needed 4"),
        (lambda: max_pool2d(X, 5), ValueError, "4x4 pixels is 4 along axis H with its padding, ne"),
        (lambda: max_pool2d(X, (2, 7), padding=(0, 1)), ValueError, "is 6 along axis W with its"),
        (lambda: max_pool2d(X, 2, dilation=4), ValueError, "needed at least 5 for the window"),
        (lambda: max_pool2d(X, 3, padding=2), ValueError, "padding = 2 for a window of 3 pixels"),
        (lambda: max_pool2d(X, 3, padding=2), ValueError, "needed at most half of it = 1"),
        (lambda: max_pool2d(X, 0), ValueError, "kernel_size = 0, needed at least 1"),
        (lambda: max_pool2d(X, 2, 0), ValueError, "stride = 0, needed at least 1"),
        (lambda: max_pool2d(X, 2.0), TypeError, "kernel_size = 2.0 is a float, needed an int"),
        (lambda: max_pool2d(X, (2, 2, 2)), ValueError, "(2, 2, 2) has 3 entries, needed one int"),
        (lambda: max_pool2d_backward(X, X, 2), ValueError, "shape (1, 4, 4), needed (1, 2, 2)"),
        (lambda: max_pool2d_backward_naive(X, X, 2), ValueError, "(1, 4, 4), needed (1, 2, 2)"),
        (lambda: nn.MaxPool2d(3, padding=2), ValueError, "MaxPool2d: padding = 2 for a window of"),
        (lambda: nn.MaxPool2d(5).output_shape((1, 4, 9)), ValueError, "input of 4x9 pixels is 4"),
        (lambda: nn.MaxPool2d(2).output_shape((4, 9)), ValueError, "has 2 entries, needed 3 ="),
    ],
)
def test_errors_name_what_came_and_what_is_needed(call, kind, words):
    with pytest.raises(kind, match=re.escape(words)):
        call()
