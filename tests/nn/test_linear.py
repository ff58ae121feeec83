"""Dense layer: by hand, against differences, against torch, and its errors."""

import re

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from parity import assert_like_torch, tolerance, torch_gradients
from strategies import dtypes, seeds, whole_numbers_like

from cnnlab import nn
from cnnlab.gradcheck import check_gradients
from cnnlab.nn.linear import linear

# --- by hand -------------------------------------------------------------------------------------


def test_each_output_is_a_row_of_the_weight_times_the_input_plus_its_bias():
    weight, bias = np.array([[1.0, 2.0], [3.0, 4.0], [0.0, -1.0]]), np.array([0.0, 10.0, 100.0])
    np.testing.assert_array_equal(linear(np.array([[5.0, 6.0]]), weight, bias), [[17, 49, 94]])


def test_gradients_by_hand():
    layer = nn.Linear(2, 1, dtype=np.float64)
    layer.weight.data[...] = [[3.0, -4.0]]
    layer(np.array([[1.0, 2.0], [10.0, 20.0]]))
    grad_input = layer.backward(np.array([[1.0], [0.5]]))
    np.testing.assert_array_equal(grad_input, [[3, -4], [1.5, -2]])
    np.testing.assert_array_equal(layer.weight.grad, [[1 + 5, 2 + 10]])
    np.testing.assert_array_equal(layer.bias.grad, [1.5])


def test_whole_numbers_take_the_dtype_of_the_weight():
    y = linear(np.array([[1, 2]]), np.ones((3, 2), dtype=np.float32))
    assert y.dtype == np.float32
    np.testing.assert_array_equal(y, [[3, 3, 3]])


def test_one_row_of_weights_gives_an_array_without_axes():
    y = linear(np.array([1.0, 2.0]), np.array([3.0, 4.0]), np.array(0.5))
    assert isinstance(y, np.ndarray)
    assert y == 11.5


def test_one_vector_needs_no_batch_axis(rng):
    layer, x = nn.Linear(4, 3, rng=rng, dtype=np.float64), rng.standard_normal(4)
    np.testing.assert_allclose(layer(x), layer(x[None])[0], rtol=1e-12)


# --- gradients -----------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(3, 4), (4,), (2, 3, 4)])
@pytest.mark.parametrize("bias", [True, False])
def test_gradients_are_central_differences(shape, bias, rng):
    layer = nn.Linear(4, 3, bias, rng=rng, dtype=np.float64)
    errors = check_gradients(layer, rng.standard_normal(shape), rng=rng)
    assert errors.keys() == {"input", *dict(layer.named_parameters())}
    assert max(errors.values()) < 1e-7


# --- parity with torch ---------------------------------------------------------------------------


@st.composite
def problems(draw):
    """Arrays x, weight, and bias or None of a dense layer, small whole numbers."""
    lead = draw(st.lists(st.integers(0, 3), max_size=3))
    inputs, outputs = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    rng, dtype = np.random.default_rng(draw(seeds)), draw(dtypes)
    x, weight, bias = (
        rng.integers(-4, 5, shape).astype(dtype)
        for shape in ((*lead, inputs), (outputs, inputs), (outputs,))
    )
    return x, weight, bias if draw(st.booleans()) else None


@given(problems())
def test_values_are_torchs(problem):
    theirs = torch.nn.functional.linear(*(None if a is None else torch.tensor(a) for a in problem))
    assert_like_torch(linear(*problem), theirs)


@given(problems(), seeds)
def test_gradients_are_those_of_autograd(problem, seed):
    x, weight, bias = problem
    layer = nn.Linear(*weight.shape[::-1], bias is not None, dtype=x.dtype)
    layer.weight.data[...] = weight
    g = whole_numbers_like(layer(x), seed)
    ours = [layer.backward(g), layer.weight.grad, layer.bias.grad if layer.bias else None]
    theirs = torch_gradients(torch.nn.functional.linear, [x, weight, bias], g)
    for mine, his in zip(ours, theirs, strict=True):
        if his is not None:
            assert_like_torch(mine, his, **tolerance(x.dtype))


def test_a_weight_of_one_axis_gives_one_number_for_each_row_as_in_torch():
    x, weight = np.arange(6.0).reshape(2, 3), np.array([1.0, 10.0, 100.0])
    theirs = torch.nn.functional.linear(torch.tensor(x), torch.tensor(weight))
    assert_like_torch(linear(x, weight), theirs)


def test_starting_weights_fill_the_same_interval_as_torchs(rng):
    ours, theirs = nn.Linear(100, 300, rng=rng), torch.nn.Linear(100, 300)
    for w in (ours.weight.data, ours.bias.data, theirs.weight.detach().numpy()):
        assert 0.09 < np.abs(w).max() <= 0.1 * (1 + 1e-6)


# --- errors --------------------------------------------------------------------------------------

X, W = np.zeros((2, 3)), np.zeros((4, 3))


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda: linear(X.tolist(), W), TypeError, "linear: the input is a list"),
        (lambda: linear(X.astype("f"), W), TypeError, "input is float32 and the weight float64"),
        (lambda: linear(X.astype("f"), W.astype("f"), np.zeros(4)), TypeError, "bias is float64"),
        (lambda: linear(X, W[:, :2]), ValueError, "shape (2, 3) does not end in 2 features"),
        (lambda: linear(X[0, 0:0], W), ValueError, "shape (0,) does not end in 3 features"),
        (lambda: linear(np.array(1.0), W), ValueError, "shape () does not end in 3 features"),
        (lambda: linear(X, W[None]), ValueError, "weight of shape (1, 4, 3) has 3 axes, needed 2"),
        (lambda: linear(X, W, np.zeros(3)), ValueError, "bias has shape (3,), needed (4,)"),
        (lambda: nn.Linear(0, 4), ValueError, "Linear: in_features = 0, needed at least 1"),
        (lambda: nn.Linear(3, 4.0), TypeError, "Linear: out_features = 4.0 is a float"),
        (lambda: nn.Linear(5, 4)(X), ValueError, "shape (2, 3) does not end in 5 features"),
        (lambda: nn.Linear(5, 4).output_shape((3,)), ValueError, "shape (3,) for one image"),
        (lambda: nn.Linear(5, 4).output_shape(()), ValueError, "shape () for one image"),
        (lambda: nn.Linear(5, 4).macs((3,)), ValueError, "shape (3,) for one image"),
    ],
)
def test_errors_name_what_came_and_what_is_needed(call, kind, words):
    with pytest.raises(kind, match=re.escape(words)):
        call()
