"""ReLU: by hand, against differences, against torch, and its errors."""

import re

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from parity import assert_like_torch, torch_gradients
from strategies import dtypes, seeds, sprinkle, whole_numbers_like

from cnnlab import nn
from cnnlab.gradcheck import check_gradients
from cnnlab.nn.activation import relu

shapes = st.lists(st.integers(0, 4), max_size=4).map(tuple)


def numbers(shape, dtype, seed):
    x = np.asarray(np.random.default_rng(seed).integers(-2, 3, shape)).astype(dtype)
    return sprinkle(x, [np.nan, np.inf, -np.inf, -0.0], seed) if x.dtype.kind == "f" else x


def test_negative_numbers_become_zero():
    np.testing.assert_array_equal(relu(np.array([[-2.0, -0.5], [0.0, 3.0]])), [[0, 0], [0, 3]])


def test_the_gradient_passes_where_the_output_is_positive_and_not_at_zero():
    layer = nn.ReLU()
    layer(np.array([-1.0, 0.0, 2.0]))
    np.testing.assert_array_equal(layer.backward(np.array([5.0, 6.0, 7.0])), [0, 0, 7])


def test_gradients_are_central_differences(rng):
    x = rng.permutation(np.arange(-12.0, 12.0)).reshape(2, 3, 4) + 0.5  # no corner at 0
    assert check_gradients(nn.ReLU(), x, rng=rng)["input"] < 1e-7


@given(shapes, st.sampled_from([np.float32, np.float64, np.int8, np.int64, np.uint8]), seeds)
def test_values_and_dtype_are_torchs(shape, dtype, seed):
    x = numbers(shape, dtype, seed)
    assert_like_torch(relu(x), torch.relu(torch.tensor(x)))


@given(shapes, dtypes, seeds)
def test_gradients_are_those_of_autograd(shape, dtype, seed):
    x = numbers(shape, dtype, seed)
    layer = nn.ReLU()
    g = whole_numbers_like(layer(x), seed)
    (theirs,) = torch_gradients(torch.relu, [x], g)
    assert_like_torch(layer.backward(g), theirs)


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda: relu([1.0]), TypeError, "relu: the input is a list, needed a NumPy array"),
        (lambda: relu(np.array([True])), TypeError, "relu: the input has dtype bool"),
        (lambda: relu(np.array([1j])), TypeError, "relu: the input has dtype complex128"),
    ],
)
def test_errors_name_what_came_and_what_is_needed(call, kind, words):
    with pytest.raises(kind, match=re.escape(words)):
        call()
