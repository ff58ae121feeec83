"""Flatten: by hand, there and back, against torch, and its errors."""

import re

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from parity import assert_like_torch, shape_or_refusal, torch_shape_or_refusal

from cnnlab import nn
from cnnlab.nn.flatten import flatten

X = np.arange(24).reshape(2, 3, 4)


def test_the_layer_keeps_the_batch_axis_and_reads_row_by_row():
    y = nn.Flatten()(np.array([[[[1, 2], [3, 4]]], [[[5, 6], [7, 8]]]]))
    np.testing.assert_array_equal(y, [[1, 2, 3, 4], [5, 6, 7, 8]])


def test_the_function_merges_all_axes_by_default():
    np.testing.assert_array_equal(flatten(X), np.arange(24))


def test_nothing_is_copied_where_numpy_can_give_a_view():
    assert np.shares_memory(flatten(X, 1), X)


def test_backward_puts_every_number_back_where_it_came_from(rng):
    layer, x = nn.Flatten(), rng.standard_normal((2, 3, 4, 5))
    np.testing.assert_array_equal(layer.backward(layer(x)), x)


def test_a_transposed_image_is_read_in_its_own_order():
    y = flatten(X.transpose(0, 2, 1), 1)
    np.testing.assert_array_equal(y[0], [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11])


shapes = st.lists(st.integers(0, 3), max_size=4).map(tuple)
axes = st.integers(-5, 5)


@given(shapes, axes, axes)
def test_shapes_and_refusals_are_torchs(shape, start_dim, end_dim):
    x = np.zeros(shape)
    theirs = torch_shape_or_refusal(lambda: torch.flatten(torch.tensor(x), start_dim, end_dim))
    assert shape_or_refusal("flatten", lambda: flatten(x, start_dim, end_dim)) == theirs


@pytest.mark.parametrize("dtype", [np.float32, np.int8, np.bool_])
@pytest.mark.parametrize("dims", [(), (0,), (1,), (1, 2), (-2, -1), (0, 1)])
def test_values_and_dtype_are_torchs(dims, dtype):
    x = X.astype(dtype)
    assert_like_torch(flatten(x, *dims), torch.flatten(torch.tensor(x), *dims))


@pytest.mark.parametrize("dims", [(), (0,), (2,), (1, 2), (-2,)])
def test_the_layer_has_torchs_defaults_and_order_of_arguments(dims):
    assert_like_torch(nn.Flatten(*dims)(X), torch.nn.Flatten(*dims)(torch.tensor(X)))


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda: flatten([1.0]), TypeError, "flatten: the input is a list, needed a NumPy array"),
        (lambda: flatten(X, 2, 1), ValueError, "start_dim = 2 comes after end_dim = 1"),
        (lambda: flatten(X, 3), ValueError, "start_dim = 3 for an input of shape (2, 3, 4)"),
        (lambda: flatten(X, 3), ValueError, "needed a number from -3 to 2"),
        (lambda: flatten(X, 0, -4), ValueError, "end_dim = -4, needed at least -3"),
        (lambda: flatten(X, 1.0), TypeError, "start_dim = 1.0 is a float, needed an int"),
        (lambda: nn.Flatten(3, 1), ValueError, "Flatten: start_dim = 3 comes after end_dim = 1"),
        (lambda: nn.Flatten(-1, -2), ValueError, "Flatten: start_dim = -1 comes after end_dim ="),
        (lambda: nn.Flatten("1"), TypeError, "Flatten: start_dim = '1' is a str, needed an int"),
        (lambda: nn.Flatten().output_shape((2, 0)), ValueError, "input_shape[1] = 0, needed at"),
    ],
)
def test_errors_name_what_came_and_what_is_needed(call, kind, words):
    with pytest.raises(kind, match=re.escape(words)):
        call()


@pytest.mark.parametrize("shape", [(2, 11), (3, 8), (24,), (2, 3, 4)])
def test_a_gradient_that_is_not_of_the_outputs_shape_is_refused(shape):
    layer = nn.Flatten()
    layer(X)
    with pytest.raises(ValueError, match=re.escape(f"shape {shape}, needed (2, 12)")):
        layer.backward(np.zeros(shape))
