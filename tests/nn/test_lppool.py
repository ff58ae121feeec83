"""Power pooling: by hand, naive against fast, against differences, torch, and its errors."""

import re
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import assume, given
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
from cnnlab.nn.avgpool import avg_pool2d
from cnnlab.nn.lppool import lp_pool2d, lp_pool2d_backward, lp_pool2d_naive
from cnnlab.nn.maxpool import max_pool2d

X = np.array([[[1, 3, 2, 0], [4, 2, 1, 5], [0, 1, 9, 2], [7, 6, 3, 8]]])
NORMS = (1, 2, 3, 5.0, 0.5, 1.7, -1, -2.0, np.inf, -np.inf)


@st.composite
def lp_poolings(draw, norms=NORMS):
    """A power pooling that torch can do: norm_type, kernel_size, stride, ceil_mode."""
    case = draw(avg_poolings())
    kernel, stride, padding, ceil_mode, *_ = case.options
    pH, pW = padding if isinstance(padding, tuple) else (padding, padding)
    *lead, H, W = case.shape  # pixels instead of the padding, which this pooling does not have
    norm = draw(st.sampled_from(norms))
    shape = (*lead, H + 2 * pH, W + 2 * pW)
    return replace(case, shape=shape, options=(norm, kernel, stride, ceil_mode))


def positive(case, dtype):
    """Numbers well away from the kink at 0, so that no rounding is blown up by a power."""
    return (np.abs(case.integers()) + 0.5).astype(dtype)


def close(dtype):
    """Powers up to the fifth and their roots cost a few digits of float32."""
    return {"rtol": 1e-4, "atol": 1e-4} if dtype == np.float32 else tolerance(dtype)


# --- by hand -------------------------------------------------------------------------------------


@pytest.mark.parametrize("pool", [lp_pool2d, lp_pool2d_naive])
class TestByHand:
    def test_power_one_is_the_sum(self, pool):
        np.testing.assert_array_equal(pool(X, 1, 2), [[[10, 8], [14, 22]]])

    def test_power_two_is_the_length(self, pool):
        x = np.array([[[3.0, 0.0], [0.0, 4.0]]])
        np.testing.assert_array_equal(pool(x, 2, 2), [[[5]]])

    def test_power_minus_one_is_resistors_in_parallel(self, pool):
        x = np.array([[[4.0, 4.0], [4.0, 4.0]]])
        np.testing.assert_array_equal(pool(x, -1, 2), [[[1]]])

    def test_infinite_powers_are_the_largest_and_the_smallest_size(self, pool):
        x = np.array([[[-5.0, 3.0], [1.0, -2.0]]])
        np.testing.assert_array_equal(pool(x, np.inf, 2), [[[5]]])
        np.testing.assert_array_equal(pool(x, -np.inf, 2), [[[1]]])

    def test_negative_numbers_keep_their_sign_under_an_odd_power(self, pool):
        # 3^3 + (-2)^3 + 2^3 = 27
        x = np.array([[[3.0, -2.0, 2.0]]])
        np.testing.assert_allclose(pool(x, 3, (1, 3)), [[[3]]], rtol=1e-12)

    def test_the_root_of_a_negative_sum_is_nan(self, pool):
        assert np.isnan(pool(np.array([[[-1.0, -1.0]]]), 3, (1, 2))).all()

    def test_a_window_of_zeros_gives_zero(self, pool):
        np.testing.assert_array_equal(pool(np.zeros((1, 2, 2)), 2, 2), [[[0]]])

    def test_a_partly_filled_window_is_scaled_up_to_a_full_one(self, pool):
        x = np.array([[[1.0, 2.0, 5.0]]])
        np.testing.assert_array_equal(pool(x, 1, (1, 2), ceil_mode=True), [[[3, 10]]])

    def test_whole_numbers_become_float64_before_the_power(self, pool):
        y = pool(np.full((1, 2, 2), 200, dtype=np.uint8), 2, 2)
        assert y.dtype == np.float64
        np.testing.assert_allclose(y, 400, rtol=1e-12)


def test_a_window_of_three_and_four_shares_in_the_same_proportion():
    x = np.array([[[3.0, 4.0]]])
    grad = lp_pool2d_backward(np.array([[[10.0]]]), x, 2, (1, 2))
    np.testing.assert_allclose(grad, [[[6, 8]]], rtol=1e-12)


@pytest.mark.parametrize("p", [0.5, 1, 2, 3, np.inf])
def test_nothing_comes_back_from_a_window_of_zeros(p):
    grad = lp_pool2d_backward(np.array([[[10.0]]]), np.zeros((1, 2, 2)), p, 2)
    np.testing.assert_array_equal(grad, np.zeros((1, 2, 2)))


def test_the_power_mean_climbs_from_the_average_to_the_maximum():
    x = X + 1.0
    means = [lp_pool2d(x, p, 2) / 4 ** (1 / p) for p in (1, 2, 4, 8, 64)]
    np.testing.assert_allclose(means[0], avg_pool2d(x, 2), rtol=1e-12)
    assert all(np.all(low < high) for low, high in pairwise(means))
    assert np.all(means[-1] < max_pool2d(x, 2))
    np.testing.assert_allclose(means[-1], max_pool2d(x, 2), rtol=0.03)


# --- twins ---------------------------------------------------------------------------------------


@given(lp_poolings(), dtypes)
def test_fast_equals_naive_for_any_geometry(case, dtype):
    x = case.integers(dtype)
    if case.options[0] not in (1, 2, np.inf, -np.inf):  # sums that are 0 but for rounding
        x = np.abs(x)
    fast, naive = lp_pool2d(x, *case.options), lp_pool2d_naive(x, *case.options)
    assert fast.dtype == naive.dtype == dtype
    np.testing.assert_allclose(fast, naive, **close(dtype))


@given(lp_poolings(norms=(1, 2, 3)))
def test_the_value_is_its_gradient_times_the_input(case):
    """Scale the input and the norm scales with it: Euler's theorem, whatever the window."""
    x = positive(case, np.float64)
    y = lp_pool2d(x, *case.options)
    g = whole_numbers_like(y, case.seed)
    there, back = np.vdot(y, g), np.vdot(x, lp_pool2d_backward(g, x, *case.options))
    np.testing.assert_allclose(there, back, rtol=1e-9, atol=1e-9)


# --- gradients -----------------------------------------------------------------------------------


@pytest.mark.parametrize("p", NORMS)
@pytest.mark.parametrize(
    ("options", "shape"),
    [
        ({"kernel_size": 2}, (2, 2, 4, 5)),
        ({"kernel_size": (3, 2), "stride": (1, 2)}, (2, 5, 4)),
        ({"kernel_size": 3, "stride": 2, "ceil_mode": True}, (1, 2, 6, 4)),
    ],
)
def test_gradients_are_central_differences(p, options, shape, rng):
    x = 0.5 + rng.permutation(np.arange(float(np.prod(shape)))).reshape(shape) / 20  # no ties
    assert check_gradients(nn.LPPool2d(p, **options), x, rng=rng)["input"] < 1e-6


def test_gradients_of_negative_numbers_are_central_differences(rng):
    x = rng.standard_normal((2, 4, 4))
    assert check_gradients(nn.LPPool2d(2, 2), x, rng=rng)["input"] < 1e-7
    assert check_gradients(nn.LPPool2d(np.inf, 2), x, rng=rng)["input"] < 1e-7


# --- parity with torch ---------------------------------------------------------------------------


@given(lp_poolings(), dtypes)
def test_values_are_torchs(case, dtype):
    x = positive(case, dtype)
    theirs = torch.nn.functional.lp_pool2d(torch.tensor(x), *case.options)
    assert_like_torch(lp_pool2d(x, *case.options), theirs, **close(dtype))


@given(lp_poolings(norms=(1, 2, 3, np.inf, -np.inf)), st.booleans())
def test_values_of_negative_numbers_zeros_and_special_values_are_torchs(case, special):
    x = case.integers()  # sums of their powers are exact
    if special:
        x = sprinkle(x, [-np.inf, np.nan, np.inf], case.seed)
    theirs = torch.nn.functional.lp_pool2d(torch.tensor(x), *case.options)
    with np.errstate(invalid="ignore"):
        ours = lp_pool2d(x, *case.options)
    assert_like_torch(ours, theirs, **tolerance(np.float64))


@given(lp_poolings(), dtypes)
def test_gradients_are_those_of_autograd(case, dtype):
    x = positive(case, dtype)
    g = whole_numbers_like(lp_pool2d(x, *case.options), case.seed)
    (theirs,) = torch_gradients(lambda x: torch.nn.functional.lp_pool2d(x, *case.options), [x], g)
    assert_like_torch(lp_pool2d_backward(g, x, *case.options), theirs, **close(dtype))


@given(lp_poolings(norms=(1, 2, 3)))
def test_gradients_of_negative_numbers_and_zeros_are_those_of_autograd(case):
    x = case.integers()
    g = whole_numbers_like(lp_pool2d(x, *case.options), case.seed)
    (theirs,) = torch_gradients(lambda x: torch.nn.functional.lp_pool2d(x, *case.options), [x], g)
    assert_like_torch(lp_pool2d_backward(g, x, *case.options), theirs, **tolerance(np.float64))


# --- errors --------------------------------------------------------------------------------------


@given(spoilt(lp_poolings(norms=(1, 2, 0.5, np.inf))))
def test_what_torch_refuses_is_refused_and_nothing_else(case):
    assume(case.options[0] != 0)  # torch divides by zero, see below for ours
    x = np.ones(case.shape)
    theirs = torch_shape_or_refusal(
        lambda: torch.nn.functional.lp_pool2d(torch.tensor(x), *case.options)
    )
    ours = shape_or_refusal("lp_pool2d", lambda: lp_pool2d(x, *case.options))
    assert ours == theirs


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda: lp_pool2d([[1]], 2, 2), TypeError, "lp_pool2d: the input is a list"),
        (lambda: lp_pool2d(X + 0j, 2, 2), TypeError, "input has dtype complex128"),
        (lambda: lp_pool2d(X[0], 2, 2), ValueError, "shape (4, 4) has 2 axes, needed 4"),
        (lambda: lp_pool2d(X, 2, 5), ValueError, "lp_pool2d: the input of 4x4 pixels is 4 along"),
        (lambda: lp_pool2d_naive(X, 2, 5), ValueError, "lp_pool2d: the input of 4x4 pixels is 4"),
        (lambda: lp_pool2d(X, 0, 2), ValueError, "norm_type = 0, needed a number other than 0"),
        (lambda: lp_pool2d(X, np.nan, 2), ValueError, "norm_type = nan, needed a number other"),
        (lambda: lp_pool2d(X, "2", 2), TypeError, "norm_type = '2' is a str, needed a number"),
        (lambda: lp_pool2d_backward(X, X, 2, 2), ValueError, "(1, 4, 4), needed (1, 2, 2)"),
        (lambda: nn.LPPool2d(0, 2), ValueError, "LPPool2d: norm_type = 0, needed a number"),
        (lambda: nn.LPPool2d(2, 0), ValueError, "LPPool2d: kernel_size = 0, needed at least 1"),
        (lambda: nn.LPPool2d(2, 5).output_shape((1, 4, 9)), ValueError, "input of 4x9 pixels is 4"),
    ],
)
def test_errors_name_what_came_and_what_is_needed(call, kind, words):
    with pytest.raises(kind, match=re.escape(words)):
        call()
