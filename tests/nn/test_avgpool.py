"""Average pooling: by hand, naive against fast, differences, torch, and its errors."""

import re

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from parity import (
    assert_like_torch,
    shape_or_refusal,
    tolerance,
    torch_gradients,
    torch_shape_or_refusal,
)
from strategies import avg_poolings, dtypes, spoilt, sprinkle, whole_numbers_like

from cnnlab import nn
from cnnlab.gradcheck import check_gradients
from cnnlab.nn.avgpool import (
    avg_pool2d,
    avg_pool2d_backward,
    avg_pool2d_backward_naive,
    avg_pool2d_naive,
)

X = np.array([[[1, 3, 2, 0], [4, 2, 1, 5], [0, 1, 9, 2], [7, 6, 3, 8]]])

# --- by hand -------------------------------------------------------------------------------------


@pytest.mark.parametrize("pool", [avg_pool2d, avg_pool2d_naive])
class TestByHand:
    def test_each_window_becomes_its_mean(self, pool):
        np.testing.assert_array_equal(pool(X, 2), [[[2.5, 2], [3.5, 5.5]]])

    @pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.bool_])
    def test_whole_numbers_and_booleans_become_float64(self, pool, dtype):
        y = pool(np.array([[[0, 1]]], dtype=dtype), (1, 2))
        assert y.dtype == np.float64
        np.testing.assert_array_equal(y, [[[0.5]]])

    def test_sums_of_bytes_do_not_wrap_around(self, pool):
        y = pool(np.full((1, 2, 2), 255, dtype=np.uint8), 2)
        np.testing.assert_array_equal(y, [[[255]]])

    def test_the_frame_counts_as_zeros_by_default(self, pool):
        x = np.array([[[-4.0, -8.0], [-12.0, -16.0]]])
        np.testing.assert_array_equal(pool(x, 2, padding=1), x / 4)

    def test_without_the_frame_the_mean_is_over_real_pixels(self, pool):
        x = np.array([[[-4.0, -8.0], [-12.0, -16.0]]])
        np.testing.assert_array_equal(pool(x, 2, padding=1, count_include_pad=False), x)

    def test_a_divisor_can_be_given(self, pool):
        np.testing.assert_array_equal(pool(X, 4, divisor_override=2), [[[27]]])

    def test_a_ceil_mode_window_divides_by_the_pixels_it_reaches(self, pool):
        x = np.array([[[1.0, 3.0, 8.0]]])
        np.testing.assert_array_equal(pool(x, (1, 2), ceil_mode=True), [[[2, 8]]])

    def test_ceil_mode_counts_a_first_window_that_is_larger_than_the_image(self, pool):
        np.testing.assert_array_equal(pool(X[:, :2, :2], 3, ceil_mode=True), [[[2.5]]])


@pytest.mark.parametrize("backward", [avg_pool2d_backward, avg_pool2d_backward_naive])
class TestBackwardByHand:
    def test_every_pixel_gets_the_same_share(self, backward):
        grad = backward(np.array([[[8.0]]]), np.zeros((1, 2, 2)), 2)
        np.testing.assert_array_equal(grad, [[[2, 2], [2, 2]]])

    def test_a_pixel_in_two_windows_gets_the_sum(self, backward):
        grad = backward(np.array([[[2.0, 20.0]]]), np.zeros((1, 1, 3)), (1, 2), 1)
        np.testing.assert_array_equal(grad, [[[1, 11, 10]]])

    def test_the_frame_keeps_its_share(self, backward):
        g = np.array([[[4.0, 8.0], [12.0, 16.0]]])
        np.testing.assert_array_equal(backward(g, np.zeros((1, 2, 2)), 2, padding=1), g / 4)

    def test_a_pixel_between_the_windows_gets_nothing(self, backward):
        grad = backward(np.array([[[4.0, 8.0]]]), np.zeros((1, 1, 3)), 1, 2)
        np.testing.assert_array_equal(grad, [[[4, 0, 8]]])


# --- twins ---------------------------------------------------------------------------------------


@given(avg_poolings(), st.sampled_from([np.float32, np.float64, np.int8, np.bool_]))
def test_fast_equals_naive_for_any_geometry_and_dtype(case, dtype):
    x = case.integers().astype(dtype)
    fast, naive = avg_pool2d(x, *case.options), avg_pool2d_naive(x, *case.options)
    assert fast.dtype == naive.dtype == (dtype if x.dtype.kind == "f" else np.float64)
    np.testing.assert_array_equal(fast, naive)  # sums of small whole numbers are exact


@given(avg_poolings(), dtypes)
def test_fast_gradients_equal_naive_ones_for_any_geometry(case, dtype):
    x = case.integers(dtype)
    g = whole_numbers_like(avg_pool2d(x, *case.options), case.seed)
    fast = avg_pool2d_backward(g, x, *case.options)
    naive = avg_pool2d_backward_naive(g, x, *case.options)
    assert fast.dtype == naive.dtype == dtype
    np.testing.assert_allclose(fast, naive, **tolerance(dtype))


@given(avg_poolings())
def test_backward_is_the_adjoint(case):
    x = case.integers()
    y = avg_pool2d(x, *case.options)
    g = whole_numbers_like(y, case.seed)
    there, back = np.vdot(y, g), np.vdot(x, avg_pool2d_backward(g, x, *case.options))
    np.testing.assert_allclose(there, back, rtol=1e-12, atol=1e-9)


# --- gradients -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "shape"),
    [
        ({"kernel_size": 2}, (2, 2, 4, 5)),
        ({"kernel_size": (3, 2), "stride": (1, 2), "padding": 1}, (2, 2, 5, 4)),
        ({"kernel_size": 3, "stride": 2, "padding": 1, "count_include_pad": False}, (2, 6, 4)),
        ({"kernel_size": 3, "stride": 2, "ceil_mode": True}, (1, 2, 6, 4)),
        ({"kernel_size": 2, "divisor_override": 3}, (1, 1, 4, 4)),
    ],
)
def test_gradients_are_central_differences(options, shape, rng):
    errors = check_gradients(nn.AvgPool2d(**options), rng.standard_normal(shape), rng=rng)
    assert errors["input"] < 1e-7


# --- parity with torch ---------------------------------------------------------------------------


@given(avg_poolings(), dtypes, st.booleans())
def test_values_are_torchs_special_values_included(case, dtype, special):
    x = case.integers(dtype)
    if special:
        x = sprinkle(x, [-np.inf, np.nan], case.seed)
    theirs = torch.nn.functional.avg_pool2d(torch.tensor(x), *case.options)
    assert_like_torch(avg_pool2d(x, *case.options), theirs, **tolerance(dtype))


@given(avg_poolings(), dtypes)
def test_gradients_are_those_of_autograd(case, dtype):
    x = case.integers(dtype)
    g = whole_numbers_like(avg_pool2d(x, *case.options), case.seed)
    (theirs,) = torch_gradients(lambda x: torch.nn.functional.avg_pool2d(x, *case.options), [x], g)
    assert_like_torch(avg_pool2d_backward(g, x, *case.options), theirs, **tolerance(dtype))


# --- errors --------------------------------------------------------------------------------------


@given(spoilt(avg_poolings()))
def test_what_torch_refuses_is_refused_and_nothing_else(case):
    x = np.zeros(case.shape)
    theirs = torch_shape_or_refusal(
        lambda: torch.nn.functional.avg_pool2d(torch.tensor(x), *case.options)
    )
    ours = shape_or_refusal("avg_pool2d", lambda: avg_pool2d(x, *case.options))
    assert ours == theirs


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda: avg_pool2d([[1]], 2), TypeError, "avg_pool2d: the input is a list"),
        (lambda: avg_pool2d(X + 0j, 2), TypeError, "input has dtype complex128"),
        (lambda: avg_pool2d(X[0], 2), ValueError, "shape (4, 4) has 2 axes, needed 4"),
        (lambda: avg_pool2d(X, 5), ValueError, "4x4 pixels is 4 along axis H with its padding"),
        (lambda: avg_pool2d(X, 3, padding=2), ValueError, "padding = 2 for a window of 3 pixels"),
        (lambda: avg_pool2d(X, 2, divisor_override=0), ValueError, "divisor_override = 0, needed"),
        (lambda: avg_pool2d_backward(X, X, 2), ValueError, "shape (1, 4, 4), needed (1, 2, 2)"),
        (lambda: avg_pool2d_backward_naive(X, X, 2), ValueError, "(1, 4, 4), needed (1, 2, 2)"),
        (lambda: avg_pool2d_naive(X, 2, divisor_override=0), ValueError, "divisor_override = 0,"),
        (
            lambda: nn.AvgPool2d(2, divisor_override=0),
            ValueError,
            "AvgPool2d: divisor_override = 0",
        ),
        (
            lambda: nn.AvgPool2d(2, divisor_override=1.5),
            TypeError,
            "AvgPool2d: divisor_override = 1",
        ),
        (lambda: nn.AvgPool2d((2, -1)), ValueError, "AvgPool2d: kernel_size[1] = -1, needed at"),
        (lambda: nn.AvgPool2d(5)(X * 1.0), ValueError, "needed at least 5 for the window"),
    ],
)
def test_errors_name_what_came_and_what_is_needed(call, kind, words):
    with pytest.raises(kind, match=re.escape(words)):
        call()
