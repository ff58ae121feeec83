"""Max-unpooling: by hand, there and back, against differences, against torch, and its errors."""

import re

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from parity import assert_like_torch, tolerance, torch_gradients
from strategies import avg_poolings, dtypes, whole_numbers_like

from cnnlab.gradcheck import numerical_gradient
from cnnlab.nn import functional as F
from cnnlab.nn.unpool import max_unpool2d, max_unpool2d_backward

X = np.array([[[1, 3, 2, 0], [4, 2, 1, 5], [0, 1, 9, 2], [7, 6, 3, 8]]])


@st.composite
def unpoolings(draw):
    """A max pooling that can be undone: what went in, what came out, and its options."""
    case = draw(avg_poolings())
    *options, ceil_mode, _, _ = case.options
    *lead, H, W = case.shape
    more = 3 * ceil_mode  # rounding down, the window has to fit
    shape = (*lead, H + more, W + more)
    x = case.rng.permutation(np.arange(float(np.prod(shape)))).reshape(shape) - 5
    return x, options, case.seed


# --- by hand -------------------------------------------------------------------------------------


def test_the_maxima_come_back_to_their_places_and_the_rest_is_zero():
    y, indices = F.max_pool2d(X, 2, return_indices=True)
    expected = [[[0, 0, 0, 0], [4, 0, 0, 5], [0, 0, 9, 0], [7, 0, 0, 0]]]
    np.testing.assert_array_equal(max_unpool2d(y, indices, 2), expected)


def test_a_map_that_was_not_covered_evenly_needs_its_size():
    x = X[:, :, :3]
    y, indices = F.max_pool2d(x, (2, 2), return_indices=True)
    assert max_unpool2d(y, indices, 2, output_size=x.shape[-2:]).shape == (1, 4, 3)
    assert max_unpool2d(y[None], indices[None], 2, output_size=(1, 1, 4, 3)).shape == (1, 1, 4, 3)


def test_of_two_values_for_one_place_the_later_stays():
    y = max_unpool2d(np.array([[[5.0, 6.0]]]), np.array([[[1, 1]]]), (1, 2))
    np.testing.assert_array_equal(y, [[[0, 6, 0, 0]]])


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint8, np.bool_])
def test_the_dtype_is_kept(dtype):
    y, indices = F.max_pool2d(X.astype(dtype), 2, return_indices=True)
    assert max_unpool2d(y, indices.astype(np.uint8), 2).dtype == dtype


def test_the_gradient_is_collected_where_the_values_went():
    _, indices = F.max_pool2d(X, 2, return_indices=True)
    grad = max_unpool2d_backward(10.0 * X, indices)
    np.testing.assert_array_equal(grad, [[[40, 50], [70, 90]]])


# --- there and back ------------------------------------------------------------------------------


@given(unpoolings())
def test_pooling_what_was_unpooled_gives_the_same_maxima(drawn):
    x, options, _ = drawn
    x = x - x.min(initial=0) + 1  # positive: the zeros in between never win
    y, indices = F.max_pool2d(x, *options, return_indices=True)
    before = y.copy(), indices.copy()
    back = max_unpool2d(y, indices, *options, output_size=x.shape[-2:])
    np.testing.assert_array_equal(F.max_pool2d(back, *options), y)
    assert np.all((back == 0) | (back == x))
    np.testing.assert_array_equal(y, before[0])
    np.testing.assert_array_equal(indices, before[1])


@given(unpoolings())
def test_backward_is_the_adjoint_where_no_place_is_named_twice(drawn):
    x, (kernel, _, padding), seed = drawn
    y, indices = F.max_pool2d(x, kernel, None, padding, return_indices=True)
    back = max_unpool2d(y, indices, kernel, None, padding, x.shape[-2:])
    g = whole_numbers_like(back, seed)
    assert np.vdot(back, g) == np.vdot(y, max_unpool2d_backward(g, indices))


# --- gradients -----------------------------------------------------------------------------------


def test_gradients_are_central_differences(rng):
    x = rng.standard_normal((2, 2, 6, 4))
    y, indices = F.max_pool2d(x, (3, 2), return_indices=True)
    g = rng.standard_normal(x.shape)
    expected = numerical_gradient(lambda: float(np.sum(g * max_unpool2d(y, indices, (3, 2)))), y)
    np.testing.assert_allclose(max_unpool2d_backward(g, indices), expected, rtol=0, atol=1e-8)


# --- parity with torch ---------------------------------------------------------------------------


@given(unpoolings(), dtypes)
def test_values_and_gradients_are_torchs(drawn, dtype):
    x, options, seed = drawn
    x = x.astype(dtype)
    y, indices = F.max_pool2d(x, *options, return_indices=True)
    ours = max_unpool2d(y, indices, *options, output_size=x.shape[-2:])

    def theirs(y):
        unpool = torch.nn.functional.max_unpool2d
        return unpool(y, torch.tensor(indices), *options, output_size=x.shape[-2:])

    assert_like_torch(ours, theirs(torch.tensor(y)))
    g = whole_numbers_like(ours, seed)
    (grad,) = torch_gradients(theirs, [y], g)
    assert_like_torch(max_unpool2d_backward(g, indices), grad, **tolerance(dtype))


@pytest.mark.parametrize("size", [None, (7, 5), (6, 3), (5, 4), [6, 5], (2, 3, 6, 5), (9, 9, 6, 5)])
def test_an_output_of_another_size_is_torchs(size):
    y = np.ones((2, 3, 3, 2))
    indices = np.arange(6).reshape(3, 2) + np.zeros((2, 3, 1, 1), dtype=np.int64)
    theirs = torch.nn.functional.max_unpool2d(
        torch.tensor(y), torch.tensor(indices), 2, output_size=size
    )
    assert_like_torch(max_unpool2d(y, indices, 2, output_size=size), theirs)


# --- errors --------------------------------------------------------------------------------------

Y, AT = F.max_pool2d(X, 2, return_indices=True)


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda: max_unpool2d([[1]], AT, 2), TypeError, "max_unpool2d: the input is a list"),
        (lambda: max_unpool2d(Y, [[1]], 2), TypeError, "max_unpool2d: the indices is a list"),
        (lambda: max_unpool2d(Y, AT * 1.0, 2), TypeError, "indices have dtype float64, needed int"),
        (lambda: max_unpool2d(Y, AT[:, :1], 2), ValueError, "shape (1, 1, 2), needed (1, 2, 2)"),
        (lambda: max_unpool2d(Y, AT + 4, 2), ValueError, "from 0 to 16, needed numbers from 0 to"),
        (lambda: max_unpool2d(Y, AT - 9, 2), ValueError, "from -5 to 3, needed numbers from 0 to"),
        (lambda: max_unpool2d(Y, AT, 2, 1), ValueError, "0 to 8 for a map of 3x3 pixels. Use"),
        (lambda: max_unpool2d(Y[0], AT[0], 2), ValueError, "(2, 2) has 2 axes, needed 4"),
        (lambda: max_unpool2d(Y, AT, 2, 0), ValueError, "stride = 0, needed at least 1"),
        (lambda: max_unpool2d(Y, AT, 2, padding=2), ValueError, "padding = 2 for a window of 2"),
        (
            lambda: max_unpool2d(Y, AT, 2, output_size=(4, 6)),
            ValueError,
            "an output of 6 pixels along axis W, needed 3 to 5: only a map of that size is",
        ),
        (lambda: max_unpool2d(Y, AT, 2, output_size=4), TypeError, "output_size = 4 is a int"),
        (
            lambda: max_unpool2d(Y, AT, 2, output_size=(1, 4, 4)),
            ValueError,
            "(1, 4, 4) has 3 entries, needed 2 = (H_out, W_out) or 4",
        ),
        (lambda: max_unpool2d_backward(X * 1.0, AT + 9), ValueError, "needed numbers from 0 to 15"),
        (
            lambda: max_unpool2d_backward(X * np.ones((2, 1, 1, 1)), AT[None]),
            ValueError,
            "indices has shape (1, 1, 2, 2), needed (2, 1, 2, 2)",
        ),
        (lambda: max_unpool2d_backward(X[0] * 1.0, AT), ValueError, "(4, 4) has 2 axes, needed 4"),
    ],
)
def test_errors_name_what_came_and_what_is_needed(call, kind, words):
    with pytest.raises(kind, match=re.escape(words)):
        call()


@pytest.mark.parametrize("size", [(8, 5), (5, 8), (4, 4), (3, 6, 5), (6,), (6.0, 5), 6, (0, 5)])
def test_sizes_that_torch_refuses_are_refused(size):
    y, indices = np.ones((2, 3, 3, 2)), np.zeros((2, 3, 3, 2), dtype=np.int64)
    with pytest.raises((RuntimeError, ValueError, TypeError)):
        torch.nn.functional.max_unpool2d(
            torch.tensor(y), torch.tensor(indices), 2, output_size=size
        )
    with pytest.raises((ValueError, TypeError), match=r"^max_unpool2d: "):
        max_unpool2d(y, indices, 2, output_size=size)
