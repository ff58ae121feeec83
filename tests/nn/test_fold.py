"""Unfold and fold: by hand, naive against fast, adjoint, against torch, and their errors."""

import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from parity import assert_like_torch, shape_or_refusal, torch_gradients, torch_shape_or_refusal
from strategies import convolutions, dtypes, spoilt, whole_numbers_like

from cnnlab.nn import functional as F
from cnnlab.nn.fold import fold, fold_naive, unfold, unfold_naive

X = np.array([[[1, 2, 3], [4, 5, 6]], [[10, 20, 30], [40, 50, 60]]])


@st.composite
def unfoldings(draw):
    """Windows that torch can unfold: kernel_size, dilation, padding, stride, as for fold."""
    case = draw(convolutions().filter(lambda case: case.options[1] != "same"))
    stride, padding, dilation, _ = case.options
    padding = 0 if padding == "valid" else padding
    kernel = draw(st.sampled_from([case.weight_shape[2:], list(case.weight_shape[2:])]))
    return replace(case, options=(kernel, dilation, padding, stride), weight_shape=())


@st.composite
def foldings(draw):
    """The same the other way round: columns of the right shape, output_size comes first."""
    case = draw(unfoldings())
    columns = unfold(np.zeros(case.shape), *case.options)
    return replace(case, shape=columns.shape, options=(case.shape[-2:], *case.options))


# --- by hand -------------------------------------------------------------------------------------


@pytest.mark.parametrize("function", [unfold, unfold_naive])
class TestUnfoldByHand:
    def test_each_column_is_a_window_channel_after_channel(self, function):
        columns = function(X, (2, 2))
        np.testing.assert_array_equal(columns[:, 0], [1, 2, 4, 5, 10, 20, 40, 50])
        np.testing.assert_array_equal(columns[:, 1], [2, 3, 5, 6, 20, 30, 50, 60])

    def test_windows_follow_in_reading_order(self, function):
        np.testing.assert_array_equal(function(X[:1], 1), [[1, 2, 3, 4, 5, 6]])

    def test_the_frame_is_zero(self, function):
        np.testing.assert_array_equal(function(X[:1], 2, 1, 1, 3)[:, 0], [0, 0, 0, 1])

    def test_dilation_comes_before_padding_and_stride_last(self, function):
        np.testing.assert_array_equal(function(X[:1], (1, 2), 2, 0, 1), [[1, 4], [3, 6]])
        np.testing.assert_array_equal(function(X[:1], (1, 2), 1, 0, (2, 1)), [[1, 2], [2, 3]])

    @pytest.mark.parametrize("dtype", [np.bool_, np.uint8, np.float32])
    def test_the_dtype_is_kept(self, function, dtype):
        assert function(X.astype(dtype), 2, 1, 1).dtype == dtype


@pytest.mark.parametrize("function", [fold, fold_naive])
class TestFoldByHand:
    def test_a_pixel_of_two_windows_gets_both(self, function):
        columns = np.array([[1, 10], [2, 20], [3, 30], [4, 40]])
        np.testing.assert_array_equal(function(columns, (2, 3), 2), [[[1, 12, 20], [3, 34, 40]]])

    def test_a_pixel_of_no_window_gets_zero(self, function):
        np.testing.assert_array_equal(
            function(np.array([[1, 2]]), (1, 3), 1, 1, 0, 2), [[[1, 0, 2]]]
        )

    def test_what_lies_in_the_frame_is_dropped(self, function):
        np.testing.assert_array_equal(function(np.ones((4, 1)), 1, 2, 1, 1, 2), [[[1]]])

    def test_sums_of_bytes_do_not_wrap_around(self, function):
        y = function(np.full((2, 2), 200, dtype=np.uint8), (1, 3), (1, 2))
        assert y.dtype == np.float64
        np.testing.assert_array_equal(y, [[[200, 400, 200]]])


def test_a_convolution_is_one_matrix_product(rng):
    x, weight = rng.standard_normal((2, 3, 6, 5)), rng.standard_normal((4, 3, 3, 2))
    product = weight.reshape(4, -1) @ unfold(x, (3, 2), (1, 2), 1, (2, 1))
    y = F.conv2d(x, weight, None, (2, 1), 1, (1, 2))
    np.testing.assert_allclose(product.reshape(y.shape), y, rtol=1e-12, atol=1e-12)


def test_folding_unfolded_windows_counts_how_often_a_pixel_was_seen():
    counts = fold(unfold(np.ones((1, 3, 3)), 2), 3, 2)
    np.testing.assert_array_equal(counts, [[[1, 2, 1], [2, 4, 2], [1, 2, 1]]])


def test_the_result_is_a_copy():
    x = np.ones((1, 2, 2))
    for kernel_size in (1, 2):  # neither needs a copy to bring the numbers in order
        unfold(x, kernel_size)[...] = 7
    np.testing.assert_array_equal(x, 1)
    columns = np.ones((1, 4))
    fold(columns, 2, 1)[...] = 7
    np.testing.assert_array_equal(columns, 1)


# --- twins ---------------------------------------------------------------------------------------


@given(unfoldings(), st.sampled_from([np.float32, np.float64, np.int16, np.bool_]))
def test_unfold_equals_its_loops(case, dtype):
    x = case.integers().astype(dtype)
    fast, naive = unfold(x, *case.options), unfold_naive(x, *case.options)
    assert fast.dtype == naive.dtype == dtype
    np.testing.assert_array_equal(fast, naive)


@given(foldings(), dtypes)
def test_fold_equals_its_loops(case, dtype):
    columns = case.integers(dtype)
    fast, naive = fold(columns, *case.options), fold_naive(columns, *case.options)
    assert fast.dtype == naive.dtype == dtype
    np.testing.assert_array_equal(fast, naive)


@given(unfoldings())
def test_fold_is_the_adjoint_of_unfold(case):
    x = case.integers()
    columns = unfold(x, *case.options)
    g = whole_numbers_like(columns, case.seed)
    assert np.vdot(columns, g) == np.vdot(x, fold(g, x.shape[-2:], *case.options))


# --- parity with torch: each is the other's gradient ---------------------------------------------


@given(unfoldings(), dtypes)
def test_unfold_is_torchs_and_fold_its_gradient(case, dtype):
    x = case.integers(dtype)
    ours = unfold(x, *case.options)
    assert_like_torch(ours, torch.nn.functional.unfold(torch.tensor(x), *case.options))
    g = whole_numbers_like(ours, case.seed)
    (theirs,) = torch_gradients(lambda x: torch.nn.functional.unfold(x, *case.options), [x], g)
    assert_like_torch(fold(g, x.shape[-2:], *case.options), theirs)


@given(foldings(), dtypes)
def test_fold_is_torchs_and_unfold_its_gradient(case, dtype):
    columns = case.integers(dtype)
    ours = fold(columns, *case.options)
    assert_like_torch(ours, torch.nn.functional.fold(torch.tensor(columns), *case.options))
    g = whole_numbers_like(ours, case.seed)
    (theirs,) = torch_gradients(lambda c: torch.nn.functional.fold(c, *case.options), [columns], g)
    assert_like_torch(unfold(g, *case.options[1:]), theirs)


# --- errors --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["unfold", "fold"])
@given(data=st.data())
def test_what_torch_refuses_is_refused_and_nothing_else(name, data):
    case = data.draw(spoilt({"unfold": unfoldings, "fold": foldings}[name]()))
    x = np.zeros(case.shape)
    theirs = torch_shape_or_refusal(
        lambda: getattr(torch.nn.functional, name)(torch.tensor(x), *case.options)
    )
    assert shape_or_refusal(name, lambda: getattr(F, name)(x, *case.options)) == theirs


C = np.ones((8, 2))


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda: unfold([[1]], 2), TypeError, "unfold: the input is a list"),
        (lambda: unfold(X + 0j, 2), TypeError, "input has dtype complex128"),
        (lambda: unfold(X[0], 2), ValueError, "shape (2, 3) has 2 axes, needed 4"),
        (lambda: unfold(X, 3), ValueError, "2x3 pixels is 2 along axis H with its padding, needed"),
        (
            lambda: unfold_naive(X, 2, 3),
            ValueError,
            "needed at least 4 for the window. Use a small",
        ),
        (lambda: unfold(X, 2, 1, -1), ValueError, "padding = -1, needed at least 0"),
        (lambda: unfold(X, 2, stride=0), ValueError, "stride = 0, needed at least 1"),
        (lambda: fold([[1]], 2, 1), TypeError, "fold: the input is a list"),
        (lambda: fold(X[None], 2, 1), ValueError, "(1, 2, 2, 3) has 4 axes, needed 3 = (N, C * kH"),
        (lambda: fold(C, (2, 3), (1, 3)), ValueError, "has 8 rows, needed a multiple of 3 for"),
        (lambda: fold(C, (2, 4), 2), ValueError, "has 2 columns, needed 3: an image of 2x4 pixels"),
        (lambda: fold_naive(C, (2, 4), 2), ValueError, "has 1 times 3 such windows"),
        (lambda: fold(C, 0, 2), ValueError, "output_size = 0, needed at least 1"),
        (lambda: fold(C, 2, 3), ValueError, "fold: the image of 2x2 pixels is 2 along axis H"),
    ],
)
def test_errors_name_what_came_and_what_is_needed(call, kind, words):
    with pytest.raises(kind, match=re.escape(words)):
        call()
