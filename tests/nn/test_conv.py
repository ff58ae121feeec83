"""Convolution: by hand, naive against fast, against differences, against torch, and its errors."""

import re
import tracemalloc

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from parity import (
    assert_like_torch,
    shape_or_refusal,
    tolerance,
    torch_gradients,
    torch_shape_or_refusal,
)
from strategies import Case, convolutions, dtypes, spoilt, whole_numbers_like

from cnnlab import nn
from cnnlab.gradcheck import check_gradients
from cnnlab.nn.convolution import conv2d, conv2d_naive
from cnnlab.nn.convolution_back import conv2d_backward, conv2d_backward_naive

COUNT = np.arange(1.0, 10.0).reshape(1, 3, 3)  # 1 2 3 / 4 5 6 / 7 8 9
KERNEL = np.array([[[[1.0, 2.0], [3.0, 4.0]]]])

# torch warns that an uneven frame costs it a copy
uneven_same = pytest.mark.filterwarnings("ignore:Using padding='same'")

# --- by hand -------------------------------------------------------------------------------------


@pytest.mark.parametrize("convolve", [conv2d, conv2d_naive])
class TestByHand:
    def test_the_kernel_is_not_flipped(self, convolve):
        # 1 + 2*2 + 3*4 + 4*5 = 37
        np.testing.assert_array_equal(convolve(COUNT, KERNEL), [[[37, 47], [67, 77]]])

    def test_padding_is_zero_also_around_negative_numbers(self, convolve):
        x = np.array([[[-1.0, -2.0], [-3.0, -4.0]]])
        expected = [[[-10, -10], [-10, -10]]]
        np.testing.assert_array_equal(convolve(x, np.ones((1, 1, 3, 3)), padding=1), expected)

    def test_padding_is_vertical_then_horizontal(self, convolve):
        y = convolve(np.array([[[5.0]]]), np.ones((1, 1, 1, 1)), padding=(0, 1))
        np.testing.assert_array_equal(y, [[[0, 5, 0]]])

    def test_stride_is_vertical_then_horizontal(self, convolve):
        y = convolve(COUNT, np.ones((1, 1, 1, 2)), stride=(2, 1))
        np.testing.assert_array_equal(y, [[[3, 5], [15, 17]]])

    def test_dilation_spreads_the_kernel(self, convolve):
        # the corners: 1 + 2*3 + 3*7 + 4*9
        np.testing.assert_array_equal(convolve(COUNT, KERNEL, dilation=2), [[[64]]])

    def test_input_channels_are_added_up_and_bias_is_added_once(self, convolve):
        x = np.array([[[1.0]], [[10.0]]])
        weight = np.array([[[[2.0]], [[3.0]]]])
        np.testing.assert_array_equal(convolve(x, weight, np.array([0.5])), [[[32.5]]])

    def test_groups_do_not_see_one_another(self, convolve):
        x = np.array([[[1.0]], [[10.0]]])
        weight = np.array([[[[2.0]]], [[[3.0]]]])
        np.testing.assert_array_equal(convolve(x, weight, groups=2), [[[2]], [[30]]])

    def test_same_padding_of_an_even_kernel_puts_the_larger_half_after(self, convolve):
        y = convolve(np.array([[[1.0, 2.0, 3.0]]]), np.ones((1, 1, 1, 2)), padding="same")
        np.testing.assert_array_equal(y, [[[3, 5, 3]]])

    def test_whole_numbers_take_the_dtype_of_the_weight(self, convolve):
        y = convolve(np.array([[[1, 2], [3, 4]]]), KERNEL.astype(np.float32))
        assert y.dtype == np.float32
        np.testing.assert_array_equal(y, [[[30]]])


@pytest.mark.parametrize("backward", [conv2d_backward, conv2d_backward_naive])
class TestBackwardByHand:
    def test_one_window_sends_its_gradient_times_the_other_factor(self, backward):
        x = np.array([[[5.0, 6.0], [7.0, 8.0]]])
        grads = backward(np.array([[[10.0]]]), x, KERNEL)
        np.testing.assert_array_equal(grads[0], 10 * KERNEL[0])
        np.testing.assert_array_equal(grads[1], 10 * x[None])
        np.testing.assert_array_equal(grads[2], [10])

    def test_a_pixel_in_two_windows_gets_the_sum(self, backward):
        x, weight = np.array([[[3.0, 4.0, 5.0]]]), np.array([[[[1.0, 2.0]]]])
        grad_input, grad_weight, grad_bias = backward(np.array([[[1.0, 10.0]]]), x, weight)
        np.testing.assert_array_equal(grad_input, [[[1, 2 + 10, 20]]])
        np.testing.assert_array_equal(grad_weight, [[[[3 + 40, 4 + 50]]]])
        np.testing.assert_array_equal(grad_bias, [11])


# --- twins ---------------------------------------------------------------------------------------


@given(convolutions(), dtypes)
def test_fast_equals_naive_for_any_geometry(case, dtype):
    weight, bias = case.weight_and_bias(dtype)
    fast = conv2d(case.integers(dtype), weight, bias, *case.options)
    naive = conv2d_naive(case.integers(dtype), weight, bias, *case.options)
    assert fast.dtype == naive.dtype == dtype
    np.testing.assert_array_equal(fast, naive)


@given(convolutions(), dtypes)
def test_fast_gradients_equal_naive_ones_for_any_geometry(case, dtype):
    x, (weight, _) = case.integers(dtype), case.weight_and_bias(dtype)
    grad_output = whole_numbers_like(conv2d(x, weight, None, *case.options), case.seed)
    fast = conv2d_backward(grad_output, x, weight, *case.options)
    naive = conv2d_backward_naive(grad_output, x, weight, *case.options)
    for ours, twin in zip(fast, naive, strict=True):
        assert ours.dtype == twin.dtype == dtype
        np.testing.assert_array_equal(ours, twin)


@given(convolutions())
def test_backward_is_the_adjoint_in_the_input_and_in_the_weight(case):
    x, (weight, _) = case.integers(), case.weight_and_bias()
    y = conv2d(x, weight, None, *case.options)
    g = whole_numbers_like(y, case.seed)
    grad_input, grad_weight, _ = conv2d_backward(g, x, weight, *case.options)
    assert np.vdot(y, g) == np.vdot(x, grad_input) == np.vdot(weight, grad_weight)


# --- gradients -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "options", "shape"),
    [
        ((2, 3, 3), {}, (2, 2, 5, 4)),
        ((2, 3, (2, 3)), {"stride": (2, 1), "padding": (1, 2)}, (2, 2, 5, 4)),
        ((2, 4, 2), {"dilation": (2, 3), "padding": 1, "groups": 2}, (1, 2, 5, 6)),
        ((1, 2, (2, 3)), {"padding": "same", "bias": False}, (2, 1, 4, 4)),
        ((1, 2, 3), {"stride": 3, "padding": 3}, (1, 4, 4)),
    ],
)
def test_gradients_are_central_differences(arguments, options, shape, rng):
    layer = nn.Conv2d(*arguments, **options, rng=rng, dtype=np.float64)
    errors = check_gradients(layer, rng.standard_normal(shape), rng=rng)
    assert errors.keys() == {"input", *dict(layer.named_parameters())}
    assert max(errors.values()) < 1e-7


# --- parity with torch ---------------------------------------------------------------------------


@uneven_same
@given(convolutions(), dtypes)
def test_values_are_torchs(case, dtype):
    x, (weight, bias) = case.integers(dtype), case.weight_and_bias(dtype)
    theirs = torch.nn.functional.conv2d(
        torch.tensor(x),
        torch.tensor(weight),
        None if bias is None else torch.tensor(bias),
        *case.options,
    )
    assert_like_torch(conv2d(x, weight, bias, *case.options), theirs, **tolerance(dtype))


@uneven_same
@given(convolutions(), dtypes)
def test_gradients_are_those_of_autograd(case, dtype):
    x, (weight, bias) = case.integers(dtype), case.weight_and_bias(dtype)
    y = conv2d(x, weight, bias, *case.options)
    g = whole_numbers_like(y, case.seed)
    ours = conv2d_backward(g, x, weight, *case.options)
    theirs = torch_gradients(
        lambda x, weight, bias: torch.nn.functional.conv2d(x, weight, bias, *case.options),
        [x, weight, bias],
        g,
    )
    for mine, his in zip(ours, theirs, strict=True):
        if his is not None:
            assert_like_torch(mine, his, **tolerance(dtype))


@uneven_same
@given(convolutions())
def test_a_not_a_number_spreads_to_the_same_outputs_as_in_torch(case):
    x, (weight, bias) = case.integers(), case.weight_and_bias()
    if x.size:
        x.flat[case.rng.integers(x.size)] = np.nan
    theirs = torch.nn.functional.conv2d(
        torch.tensor(x),
        torch.tensor(weight),
        None if bias is None else torch.tensor(bias),
        *case.options,
    )
    np.testing.assert_array_equal(np.isnan(conv2d(x, weight, bias, *case.options)), theirs.isnan())


def test_the_layer_has_torchs_keys_and_shapes():
    ours = nn.Conv2d(4, 6, (3, 2), groups=2).state_dict()
    theirs = torch.nn.Conv2d(4, 6, (3, 2), groups=2).state_dict()
    assert {key: a.shape for key, a in ours.items()} == {
        key: tuple(t.shape) for key, t in theirs.items()
    }


def test_starting_weights_fill_the_same_interval_as_torchs(rng):
    weight = nn.Conv2d(3, 200, 5, rng=rng).weight.data
    theirs = torch.nn.Conv2d(3, 200, 5).weight.detach().numpy()
    bound = (3 * 5 * 5) ** -0.5
    for w in (weight, theirs):
        assert 0.99 * bound < np.abs(w).max() <= bound * (1 + 1e-6)
        assert np.std(w) == pytest.approx(bound / 3**0.5, rel=0.03)


# --- memory --------------------------------------------------------------------------------------


def peak_bytes(call):
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("part", ["forward", "backward"])
def test_working_memory_does_not_grow_with_the_batch(part, rng):
    """More images cost the room of their results, not that of their patches (9 times theirs)."""
    weight = rng.standard_normal((4, 4, 3, 3))
    peaks = {}
    for N in (2, 12):
        x = rng.standard_normal((N, 4, 32, 32))
        y = conv2d(x, weight, padding=1)
        if part == "forward":
            peaks[N] = peak_bytes(lambda x=x: conv2d(x, weight, padding=1))
        else:
            peaks[N] = peak_bytes(lambda x=x, y=y: conv2d_backward(y, x, weight, padding=1))
    results_of_ten_images = 10 * 4 * 32 * 32 * 8  # output or grad_input, in bytes
    assert peaks[12] - peaks[2] < 1.2 * results_of_ten_images


# --- errors --------------------------------------------------------------------------------------


@uneven_same
@given(spoilt(convolutions()))
def test_what_torch_refuses_is_refused_and_nothing_else(case):
    # torch lets anything pass with an empty batch, and answers images without channels likewise
    assume(len(case.shape) < 3 or 0 not in case.shape[:-2])
    x, weight = np.zeros(case.shape), np.zeros(case.weight_shape)
    bias = np.zeros(case.weight_shape[:1]) if case.with_bias else None
    theirs = torch_shape_or_refusal(
        lambda: torch.nn.functional.conv2d(
            torch.tensor(x),
            torch.tensor(weight),
            None if bias is None else torch.tensor(bias),
            *case.options,
        )
    )
    assert shape_or_refusal("conv2d", lambda: conv2d(x, weight, bias, *case.options)) == theirs


@given(convolutions())
def test_naive_gives_the_shape_of_torch_for_an_empty_batch(case):
    case = Case((0, *case.shape[-3:]), case.options, case.seed, case.weight_shape)
    x, (weight, _) = case.integers(), case.weight_and_bias()
    y = conv2d_naive(x, weight, None, *case.options)
    assert y.shape == (
        0,
        *conv2d(np.zeros((1, *x.shape[1:])), weight, None, *case.options).shape[1:],
    )


X, W = np.zeros((2, 3, 5, 6)), np.zeros((4, 3, 2, 2))


@pytest.mark.parametrize("convolve", [conv2d, conv2d_naive])
@pytest.mark.parametrize(
    ("arguments", "kind", "words"),
    [
        ((X, W, np.zeros(3)), ValueError, "conv2d: the bias has shape (3,), needed (4,)"),
        ((X, W, [0.0] * 4), TypeError, "conv2d: the bias is a list, needed a NumPy array"),
        ((X, W, None, 1, 0, 6), ValueError, "conv2d: the input of 5x6 pixels is 5 along axis H"),
    ],
)
def test_both_twins_refuse_the_same(convolve, arguments, kind, words):
    with pytest.raises(kind, match=re.escape(words)):
        convolve(*arguments)


@pytest.mark.parametrize("backward", [conv2d_backward, conv2d_backward_naive])
def test_both_twins_refuse_a_gradient_of_another_shape(backward):
    with pytest.raises(ValueError, match=re.escape("(2, 4, 5, 5), needed (2, 4, 4, 5)")):
        backward(np.zeros((2, 4, 5, 5)), X, W)


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda: conv2d(X.tolist(), W), TypeError, "input is a list, needed a NumPy array"),
        (lambda: conv2d(X + 0j, W), TypeError, "input has dtype complex128"),
        (lambda: conv2d(X.astype("f"), W), TypeError, "input is float32 and the weight float64"),
        (lambda: conv2d(X, W, np.zeros(4, "f")), TypeError, "bias is float32 and the weight"),
        (lambda: conv2d(X[0, 0], W), ValueError, "(5, 6) has 2 axes, needed 4 = (N, C, H, W)"),
        (lambda: conv2d(X, W[0]), ValueError, "weight of shape (3, 2, 2) has 3 axes, needed 4"),
        (lambda: conv2d(X, W, padding=np.array([1, 1])), TypeError, "padding = array([1, 1]) is a"),
        (lambda: conv2d(X, W[:, :2]), ValueError, "has 3 channels, needed 2"),
        (lambda: conv2d(X, W[:, :1], groups=3), ValueError, "4 output channels do not divide"),
        (lambda: conv2d(X, W, np.zeros(3)), ValueError, "bias has shape (3,), needed (4,)"),
        (lambda: conv2d(X, W, stride=0), ValueError, "stride = 0, needed at least 1"),
        (lambda: conv2d(X, W, stride=(1, 2, 3)), ValueError, "(1, 2, 3) has 3 entries"),
        (lambda: conv2d(X, W, stride=1.5), TypeError, "stride = 1.5 is a float, needed an int"),
        (lambda: conv2d(X, W, padding=(0, -1)), ValueError, "padding[1] = -1, needed at least 0"),
        (lambda: conv2d(X, W, padding="full"), ValueError, "'full', needed 'same', 'valid' or"),
        (lambda: conv2d(X, W, 2 * W[:, 0, 0, 0], 2, "same"), ValueError, "with stride (2, 2)"),
        (lambda: conv2d(X, W, dilation=6), ValueError, "5x6 pixels is 5 along axis H with its"),
        (lambda: conv2d(X, W, dilation=(1, 6)), ValueError, "along axis W with its padding, need"),
        (lambda: conv2d_backward(X, X, W), ValueError, "needed (2, 4, 4, 5)"),
        (lambda: nn.Conv2d(0, 4, 2), ValueError, "Conv2d: in_channels = 0, needed at least 1"),
        (lambda: nn.Conv2d(3, 4, 2, groups=3), ValueError, "out_channels = 4 do not both divide"),
        (lambda: nn.Conv2d(3, 4, (2, 0)), ValueError, "kernel_size[1] = 0, needed at least 1"),
        (lambda: nn.Conv2d(3, 4, 2)(X[:, :1]), ValueError, "(2, 1, 5, 6) has C = 1, needed 3"),
        (lambda: nn.Conv2d(3, 4, 2)(X), TypeError, "input is float64 and the weight float32"),
        (lambda: nn.Conv2d(3, 4, 2).output_shape((1, 5, 6)), ValueError, "1 channels, needed 3"),
        (lambda: nn.Conv2d(3, 4, 2).output_shape((2, 3, 5, 6)), ValueError, "needed 3 = (C, H, W)"),
    ],
)
def test_errors_name_what_came_and_what_is_needed(call, kind, words):
    with pytest.raises(kind, match=re.escape(words)):
        call()
