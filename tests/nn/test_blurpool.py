"""Blur pooling: by hand, naive against fast, shifts, against differences, torch, and its errors."""

import re

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from parity import assert_like_torch, tolerance, torch_gradients
from strategies import Case, dtypes, seeds, sprinkle, whole_numbers_like

from cnnlab import compare, nn
from cnnlab.gradcheck import check_gradients
from cnnlab.nn.blurpool import binomial, blur_pool2d, blur_pool2d_backward, blur_pool2d_naive

MODES = ("reflect", "circular", "zeros")


@st.composite
def blur_poolings(draw):
    """A blur pooling whose frame is no larger than the image allows."""
    lead = (*draw(st.sampled_from([(), (0,), (1,), (3,)])), draw(st.integers(1, 2)))
    kernel, mode = draw(st.integers(1, 6)), draw(st.sampled_from(MODES))
    fewest = {"reflect": kernel // 2 + 1, "circular": max(1, kernel // 2), "zeros": 1}[mode]
    sizes = draw(st.tuples(*[st.integers(fewest, fewest + 6)] * 2))
    return Case((*lead, *sizes), (kernel, draw(st.integers(1, 4)), mode), draw(seeds))


# --- by hand -------------------------------------------------------------------------------------


def test_the_filter_is_a_row_of_pascals_triangle():
    np.testing.assert_array_equal(binomial(1), [1])
    np.testing.assert_array_equal(16 * binomial(5), [1, 4, 6, 4, 1])


@pytest.mark.parametrize("pool", [blur_pool2d, blur_pool2d_naive])
class TestByHand:
    def test_a_point_becomes_the_filter(self, pool):
        x = np.zeros((1, 5, 5))
        x[0, 2, 2] = 16
        np.testing.assert_array_equal(pool(x, 3, 1)[0, 1:4, 1:4], [[1, 2, 1], [2, 4, 2], [1, 2, 1]])

    def test_the_border_is_mirrored_without_repeating_it(self, pool):
        # left of 0 stands 4, the pixel right of it
        np.testing.assert_array_equal(pool(np.array([[[0.0, 4.0]] * 2]), 3, 1), [[[2, 2]] * 2])

    def test_a_circle_has_no_border(self, pool):
        x = np.array([[[4.0, 0.0, 0.0, 0.0]] * 4])
        np.testing.assert_array_equal(pool(x, 3, 1, "circular"), [[[2, 1, 0, 1]] * 4])

    def test_zeros_darken_the_border(self, pool):
        y = pool(np.full((1, 3, 3), 16.0), 3, 2, "zeros")
        np.testing.assert_array_equal(y, [[[9, 9], [9, 9]]])

    def test_a_kernel_of_one_only_keeps_every_other_value(self, pool, rng):
        x = rng.standard_normal((2, 5, 4))
        np.testing.assert_array_equal(pool(x, 1, 2), x[:, ::2, ::2])

    def test_the_average_of_each_two_by_two_window_is_a_blur_of_two(self, pool):
        x = np.arange(16.0).reshape(1, 4, 4)
        np.testing.assert_array_equal(pool(x, 2, 2, "zeros"), nn.functional.avg_pool2d(x, 2))

    def test_whole_numbers_become_float64(self, pool):
        y = pool(np.array([[[0, 1], [0, 1]]], dtype=np.uint8))
        assert y.dtype == np.float64
        np.testing.assert_array_equal(y, [[[0.5]]])


@pytest.mark.parametrize("mode", ["reflect", "circular"])
@pytest.mark.parametrize("kernel_size", [1, 2, 3, 4, 5, 7])
def test_a_constant_image_stays_as_it_is(kernel_size, mode):
    y = blur_pool2d(np.full((2, 3, 9, 8), 7.0), kernel_size, 2, mode)
    np.testing.assert_array_equal(y, np.full((2, 3, 5, 4), 7.0))


@pytest.mark.parametrize(("stride", "kernel_size"), [(1, 3), (2, 3), (2, 4), (3, 5), (4, 7)])
@pytest.mark.parametrize("steps", [(1, 0), (0, 1), (2, -1)])
def test_a_shift_by_the_stride_is_a_shift_of_the_output_by_one(stride, kernel_size, steps, rng):
    x = rng.standard_normal((2, 12, 24))
    shifted = np.roll(x, (stride * steps[0], stride * steps[1]), axis=(-2, -1))
    options = kernel_size, stride, "circular"
    expected = np.roll(blur_pool2d(x, *options), steps, axis=(-2, -1))
    np.testing.assert_array_equal(blur_pool2d(shifted, *options), expected)


def test_a_shift_by_one_pixel_changes_a_blurred_edge_less_than_a_picked_one():
    edges = [np.broadcast_to(np.arange(12.0) < column, (1, 12, 12)) for column in (5, 6, 7)]
    changes = {}
    for kernel_size in (1, 3, 5):
        first, second, third = (blur_pool2d(edge, kernel_size) for edge in edges)
        changes[kernel_size] = [np.abs(second - first).max(), np.abs(third - second).max()]
    assert changes[1] == [0, 1]  # one shift is not seen at all, the next one all at once
    assert changes[3] == [0.25, 0.5]
    assert changes[5] == [0.25, 0.375]


@pytest.mark.parametrize("kernel_size", [2, 3])
def test_macs_are_the_multiplications_with_the_two_dimensional_filter(kernel_size):
    layer = nn.BlurPool2d(kernel_size, 2)
    assert layer.macs((3, 5, 8)) == 3 * (3 * 4) * kernel_size**2


def test_its_window_is_the_filter_and_the_stride():
    window = nn.BlurPool2d(5, 2).window
    assert (window.kernel_size, window.stride) == ((5, 5), (2, 2))


# --- twins ---------------------------------------------------------------------------------------


@given(blur_poolings(), dtypes)
def test_fast_equals_naive_for_any_geometry(case, dtype):
    x = case.integers(dtype)
    fast, naive = blur_pool2d(x, *case.options), blur_pool2d_naive(x, *case.options)
    assert fast.dtype == naive.dtype == dtype
    np.testing.assert_array_equal(fast, naive)  # the weights are powers of two: all is exact


@given(blur_poolings())
def test_backward_is_the_adjoint(case):
    x = case.integers()
    y = blur_pool2d(x, *case.options)
    g = whole_numbers_like(y, case.seed)
    assert np.vdot(y, g) == np.vdot(x, blur_pool2d_backward(g, x, *case.options))


# --- gradients -----------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("kernel_size", "stride"), [(3, 2), (4, 1), (2, 3), (5, 2)])
def test_gradients_are_central_differences(kernel_size, stride, mode, rng):
    layer = nn.BlurPool2d(kernel_size, stride, mode)
    errors = check_gradients(layer, rng.standard_normal((2, 2, 5, 4)), rng=rng)
    assert errors["input"] < 1e-7


# --- parity with torch: pad, then a convolution with one filter per map --------------------------


@given(blur_poolings(), dtypes, st.booleans())
def test_values_are_torchs_special_values_included(case, dtype, special):
    x = case.integers(dtype)
    if special:
        x = sprinkle(x, [-np.inf, np.nan], case.seed)
    theirs = compare.BlurPool2d(*case.options)(torch.tensor(x))
    assert_like_torch(blur_pool2d(x, *case.options), theirs, **tolerance(dtype))


@given(blur_poolings(), dtypes)
def test_gradients_are_those_of_autograd(case, dtype):
    x = case.integers(dtype)
    g = whole_numbers_like(blur_pool2d(x, *case.options), case.seed)
    (theirs,) = torch_gradients(compare.BlurPool2d(*case.options), [x], g)
    assert_like_torch(blur_pool2d_backward(g, x, *case.options), theirs, **tolerance(dtype))


# --- errors --------------------------------------------------------------------------------------

X = np.ones((1, 4, 4))


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda: blur_pool2d([[1]]), TypeError, "blur_pool2d: the input is a list"),
        (lambda: blur_pool2d(X + 0j), TypeError, "input has dtype complex128"),
        (lambda: blur_pool2d(X[0]), ValueError, "shape (4, 4) has 2 axes, needed 4"),
        (lambda: blur_pool2d(X, 0), ValueError, "kernel_size = 0, needed at least 1"),
        (lambda: blur_pool2d(X, (3, 3)), TypeError, "kernel_size = (3, 3) is a tuple, needed an"),
        (lambda: blur_pool2d(X, 3, 0), ValueError, "stride = 0, needed at least 1"),
        (lambda: blur_pool2d(X, 3, 2, "same"), ValueError, "padding_mode = 'same', needed one of"),
        (lambda: blur_pool2d(X, 3, 2, ["zeros"]), ValueError, "padding_mode = ['zeros'], needed"),
        (lambda: blur_pool2d(X, 8), ValueError, "4x4 pixels, needed at least 5 along each axis"),
        (lambda: blur_pool2d_naive(X, 8), ValueError, "for padding_mode='reflect' with a kernel"),
        (lambda: blur_pool2d(X, 10, 2, "circular"), ValueError, "needed at least 5 along each"),
        (lambda: blur_pool2d_backward(X, X), ValueError, "shape (1, 4, 4), needed (1, 2, 2)"),
        (lambda: nn.BlurPool2d(3, -1), ValueError, "BlurPool2d: stride = -1, needed at least 1"),
        (lambda: nn.BlurPool2d(8).output_shape((1, 4, 9)), ValueError, "4x9 pixels, needed at lea"),
    ],
)
def test_errors_name_what_came_and_what_is_needed(call, kind, words):
    with pytest.raises(kind, match=re.escape(words)):
        call()
