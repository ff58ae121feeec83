"""Batch normalisation: by hand, its twin, its gradients, against torch, and its errors."""

import copy
import re

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from parity import (
    assert_like_torch,
    shape_or_refusal,
    torch_gradients,
    torch_shape_or_refusal,
)
from strategies import dtypes, seeds, whole_numbers_like

from cnnlab import nn
from cnnlab.compare import compare, from_torch, to_torch
from cnnlab.gradcheck import check_gradients
from cnnlab.nn.normalisation import batch_norm, batch_norm_backward, batch_norm_naive

TWINS = pytest.mark.parametrize("normalise", [batch_norm, batch_norm_naive])
TINY = 1e-12

# --- by hand -------------------------------------------------------------------------------------

# two images, two channels, one row of two pixels: channel 0 is 1 3 5 7, channel 1 is constant
X = np.array([[[[1.0, 3.0]], [[4.0, 4.0]]], [[[5.0, 7.0]], [[4.0, 4.0]]]])


@TWINS
def test_each_channel_gets_mean_zero_and_variance_one_over_images_and_places(normalise):
    y = normalise(X, None, None, training=True, eps=TINY)
    np.testing.assert_allclose(y[:, 0, 0], np.array([[-3, -1], [1, 3]]) / 5**0.5, rtol=1e-9)


@TWINS
def test_a_constant_channel_becomes_zero_and_not_nan(normalise):
    np.testing.assert_array_equal(
        normalise(X, None, None, training=True)[:, 1], np.zeros((2, 1, 2))
    )


@TWINS
def test_then_the_channel_gets_the_scale_and_shift_it_wants(normalise):
    weight, bias = np.array([5**0.5, 1.0]), np.array([10.0, -1.0])
    y = normalise(X, None, None, weight, bias, training=True, eps=TINY)
    np.testing.assert_allclose(y[:, 0, 0], [[7, 9], [11, 13]], rtol=1e-9)
    np.testing.assert_array_equal(y[:, 1], -np.ones((2, 1, 2)))


@TWINS
def test_the_running_values_move_a_share_of_the_way_in_place(normalise):
    mean, var = np.array([0.0, 8.0]), np.array([1.0, 8.0])
    normalise(X, mean, var, training=True, momentum=0.25)
    np.testing.assert_allclose(mean, [1, 7], rtol=1e-12)
    # unbiased: the squares 9 + 1 + 1 + 9 over 4 - 1, not over 4
    np.testing.assert_allclose(var, [0.75 + 0.25 * 20 / 3, 6], rtol=1e-12)


@TWINS
def test_in_evaluation_the_running_values_count_and_stay(normalise):
    mean, var = np.array([1.0, 2.0]), np.array([4.0, 16.0])
    y = normalise(X, mean, var, eps=TINY)
    np.testing.assert_allclose(y[:, 0, 0], [[0, 1], [2, 3]], rtol=1e-9)
    np.testing.assert_allclose(y[:, 1, 0], [[0.5, 0.5], [0.5, 0.5]], rtol=1e-9)
    np.testing.assert_array_equal([mean, var], [[1, 2], [4, 16]])


def test_the_gradient_loses_its_mean_and_what_is_proportional_to_the_output():
    layer = nn.BatchNorm2d(2, dtype=np.float64)
    y = layer(X)
    np.testing.assert_allclose(layer.backward(np.ones_like(y)), 0, atol=1e-12)
    # only eps is left of a gradient along the output itself
    np.testing.assert_allclose(layer.backward(y), 0, atol=1e-5)
    grad = layer.backward(np.where(X == 1, 1.0, 0.0))
    assert grad[:, 0].sum() == pytest.approx(0, abs=1e-12)
    assert np.sum(grad[:, 0] * y[:, 0]) == pytest.approx(0, abs=1e-5)


def test_in_evaluation_the_gradient_is_only_scaled():
    layer = nn.BatchNorm2d(2, eps=TINY, dtype=np.float64).eval()
    layer.running_var[...] = [4, 16]
    layer.weight.data[...] = [6, 8]
    layer(X)
    grad = layer.backward(np.ones_like(X))
    np.testing.assert_allclose(grad[:, 0], np.full((2, 1, 2), 3.0), rtol=1e-9)
    np.testing.assert_allclose(grad[:, 1], np.full((2, 1, 2), 2.0), rtol=1e-9)


def test_without_momentum_the_running_values_are_the_plain_average_of_all_batches():
    layer = nn.BatchNorm2d(1, momentum=None, dtype=np.float64)
    for shift in (0.0, 3.0, 9.0):
        layer(np.array([-1.0, 1.0]).reshape(2, 1, 1, 1) * (shift + 1) + shift)
    assert layer.running_mean == pytest.approx(4)
    assert layer.running_var == pytest.approx(2 * (1 + 16 + 100) / 3)
    assert layer.num_batches_tracked == 3


def test_an_empty_batch_leaves_the_running_values_alone():
    layer = nn.BatchNorm2d(2, dtype=np.float64)
    assert layer(X[:0]).shape == (0, 2, 1, 2)
    np.testing.assert_array_equal(layer.running_mean, [0, 0])
    np.testing.assert_array_equal(layer.running_var, [1, 1])


@TWINS
def test_whole_numbers_become_float64(normalise):
    y = normalise(X.astype(int), None, None, np.array([2, 2]), training=True)
    assert y.dtype == np.float64
    np.testing.assert_allclose(y, normalise(X, None, None, 2 * np.ones(2), training=True))


def test_in_the_layer_whole_numbers_take_the_dtype_of_the_weight():
    layer = nn.BatchNorm2d(2)
    assert layer(X.astype(int)).dtype == np.float32
    assert layer.backward(np.ones(X.shape)).dtype == np.float32


# --- twins, and parity with torch ----------------------------------------------------------------


@st.composite
def problems(draw):
    """Input, running mean and variance, weight, bias, and options that torch accepts."""
    training, dtype = draw(st.booleans()), draw(dtypes)
    N, C = draw(st.sampled_from([0, 1, 2, 3, 5])), draw(st.integers(1, 3))
    places = tuple(draw(st.lists(st.integers(1, 3), max_size=3)))
    if training and N * np.prod(places) == 1:
        N = 2
    rng = np.random.default_rng(draw(seeds))
    scale, shift = draw(st.sampled_from([0.1, 1.0, 10.0])), draw(st.sampled_from([0.0, 5.0]))
    shift *= dtype is np.float64  # in float32 a mean of 5 leaves few digits of a spread of 0.1
    x = scale * rng.standard_normal((N, C, *places)) + shift
    running = rng.standard_normal(C), rng.uniform(0.5, 2, C)
    if training and draw(st.booleans()):
        running = None, None
    weight, bias = (rng.standard_normal(C) if draw(st.booleans()) else None for _ in range(2))
    arrays = [None if a is None else a.astype(dtype) for a in (x, *running, weight, bias)]
    momentum, eps = draw(st.sampled_from([0.0, 0.1, 1.0])), draw(st.sampled_from([1e-5, 0.1]))
    return arrays, training, momentum, eps


def close(dtype):
    """Difference that rounding may make: dividing by a small spread makes it larger."""
    tolerance = 1e-9 if dtype == np.float64 else 1e-3
    return {"rtol": tolerance, "atol": tolerance}


def copies(arrays):
    return [None if a is None else a.copy() for a in arrays]


@given(problems())
def test_fast_equals_naive_and_moves_the_running_values_likewise(problem):
    arrays, *options = problem
    ours, twins = copies(arrays), copies(arrays)
    y, twin = batch_norm(*ours, *options), batch_norm_naive(*twins, *options)
    assert y.dtype == twin.dtype == arrays[0].dtype
    np.testing.assert_allclose(y, twin, **close(y.dtype))
    for a, b in zip(ours[1:3], twins[1:3], strict=True):
        if a is not None:
            np.testing.assert_allclose(a, b, **close(y.dtype))


@given(problems())
def test_values_and_running_values_are_torchs(problem):
    arrays, *options = problem
    ours, theirs = copies(arrays), [None if a is None else torch.tensor(a) for a in arrays]
    y = batch_norm(*ours, *options)
    assert_like_torch(y, torch.nn.functional.batch_norm(*theirs, *options), **close(y.dtype))
    for a, b in zip(ours[1:3], theirs[1:3], strict=True):
        if a is not None:
            assert_like_torch(a, b, **close(y.dtype))
    for i in (0, 3, 4):  # nothing else is written to
        if arrays[i] is not None:
            np.testing.assert_array_equal(ours[i], arrays[i])


@given(problems(), seeds)
def test_gradients_are_those_of_autograd(problem, seed):
    (x, mean, var, weight, bias), training, momentum, eps = problem
    g = whole_numbers_like(x, seed)
    theirs = torch_gradients(
        lambda x, weight, bias: torch.nn.functional.batch_norm(
            x,
            None if mean is None else torch.tensor(mean),
            None if var is None else torch.tensor(var),
            weight,
            bias,
            training,
            momentum,
            eps,
        ),
        [x, weight, bias],
        g,
    )
    axes = (0, *range(2, x.ndim))
    if training:
        some = x if len(x) else np.zeros_like(x, shape=(1, *x.shape[1:]))
        mean, var = some.mean(axis=axes), some.var(axis=axes)
    ours = batch_norm_backward(g, x, mean, var, weight, training, eps)
    for mine, his in zip(ours, theirs, strict=True):
        if his is not None:
            scale = np.abs(his.numpy()).max(initial=1)  # what cancels has the size of the largest
            assert_like_torch(mine, his, rtol=0, atol=scale * close(x.dtype)["atol"])


OPTIONS = st.fixed_dictionaries(
    {
        "eps": st.sampled_from([1e-5, 0.1]),
        "momentum": st.sampled_from([None, 0.0, 0.1, 1.0]),
        "affine": st.booleans(),
        "track_running_stats": st.booleans(),
        "bias": st.booleans(),
    }
)


@given(OPTIONS, dtypes, st.lists(st.sampled_from(["train", "eval"]), min_size=1, max_size=4), seeds)
def test_a_layer_lives_through_training_and_evaluation_as_torchs_does(options, dtype, life, seed):
    rng = np.random.default_rng(seed)
    ours = nn.BatchNorm2d(3, **options, dtype=dtype)
    theirs = torch.nn.BatchNorm2d(3, **options, dtype=getattr(torch, np.dtype(dtype).name))
    assert ours.state_dict().keys() == theirs.state_dict().keys()
    for mode in life:
        x = (2 * rng.standard_normal((4, 3, 2, 3)) + 1).astype(dtype)
        g = whole_numbers_like(x, seed)
        tensor = torch.tensor(x, requires_grad=True)
        y = getattr(theirs, mode)()(tensor)
        y.backward(torch.tensor(g))
        assert_like_torch(getattr(ours, mode)()(x), y, **close(dtype))
        assert_like_torch(ours.backward(g), tensor.grad, **close(dtype))
    for key, array in ours.state_dict().items():
        assert_like_torch(array, theirs.state_dict()[key], **close(dtype))
    for mine, his in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert_like_torch(mine.grad, his.grad, **close(dtype))


def trained(layer, seed=0):
    rng = np.random.default_rng(seed)
    for parameter in layer.parameters():
        parameter.data += rng.random(parameter.shape)
    layer(rng.random((4, 3, 2, 2)))
    return layer


def test_the_state_travels_to_torch_and_back():
    ours, theirs = trained(nn.BatchNorm2d(3, dtype=np.float64)), torch.nn.BatchNorm2d(3).double()
    theirs.load_state_dict({key: torch.tensor(a) for key, a in ours.state_dict().items()})
    assert theirs.num_batches_tracked == 1
    again = nn.BatchNorm2d(3, dtype=np.float64)
    again.load_state_dict(theirs.state_dict())
    assert list(again.state_dict()) == list(theirs.state_dict())
    for key, a in ours.state_dict().items():
        assert_like_torch(again.state_dict()[key], theirs.state_dict()[key])
        np.testing.assert_array_equal(again.state_dict()[key], a)
    assert again.num_batches_tracked.dtype == np.int64
    assert again.num_batches_tracked.shape == ()


def test_a_state_is_a_copy_also_of_the_number_of_batches():
    layer = trained(nn.BatchNorm2d(3, dtype=np.float64))
    state = copy.deepcopy(layer.state_dict())
    seen = layer.state_dict()
    trained(layer)
    for key, a in state.items():
        np.testing.assert_array_equal(seen[key], a)
    assert layer.num_batches_tracked == 2


@pytest.mark.parametrize("mode", ["train", "eval"])
@pytest.mark.parametrize("options", [{}, {"momentum": None, "eps": 0.1}, {"affine": False},
                                     {"track_running_stats": False}, {"bias": False}])  # fmt: skip
def test_translated_layers_compute_the_same_in_torch(options, mode):
    layer = getattr(trained(nn.BatchNorm2d(3, **options, dtype=np.float64)), mode)()
    x = np.random.default_rng(1).random((4, 3, 2, 5))
    assert compare(layer, x).agree
    back = from_torch(to_torch(layer))
    assert repr(back) == repr(layer)
    np.testing.assert_array_equal(back(x), layer(x))


# --- gradients -----------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["train", "eval"])
@pytest.mark.parametrize("options", [{}, {"eps": 0.5}, {"affine": False}, {"bias": False},
                                     {"track_running_stats": False}])  # fmt: skip
def test_gradients_are_central_differences(options, mode, rng):
    layer = trained(nn.BatchNorm2d(3, **options, momentum=0.0, dtype=np.float64))
    getattr(layer, mode)()
    errors = check_gradients(layer, rng.standard_normal((3, 3, 2, 2)), rng=rng)
    assert errors.keys() == {"input", *dict(layer.named_parameters())}
    assert max(errors.values()) < 1e-7


# --- errors --------------------------------------------------------------------------------------


def layer_of(*arguments, **options):
    return nn.BatchNorm2d(*arguments, **options, dtype=np.float64)


@given(
    st.lists(st.integers(0, 3), max_size=4),
    st.tuples(*[st.one_of(st.none(), st.integers(0, 3))] * 4),
    st.booleans(),
)
def test_what_torch_refuses_is_refused_and_nothing_else(shape, sizes, training):
    assume(0 not in shape)  # torch lets nearly anything pass where there is nothing
    x, arrays = np.ones(shape), [None if size is None else np.ones(size) for size in sizes]
    theirs = torch_shape_or_refusal(
        lambda: torch.nn.functional.batch_norm(
            torch.tensor(x), *(None if a is None else torch.tensor(a) for a in arrays), training
        )
    )
    ours = shape_or_refusal("batch_norm", lambda: batch_norm(x, *arrays, training))
    assert ours == theirs


M, V = np.zeros(2), np.ones(2)


@TWINS
@pytest.mark.parametrize(
    ("arguments", "options", "kind", "words"),
    [
        ((X.tolist(), M, V), {}, TypeError, "the input is a list, needed a NumPy array"),
        ((X[0, 0, 0], M, V), {}, ValueError, "the input has shape (2,), needed (N, C, ...)"),
        ((X[:, :, :0], M, V), {}, ValueError, "shape (2, 2, 0, 2), needed (N, C, ...) with"),
        ((X, M, None), {}, ValueError, "running_var is None, needed running_mean and running_var"),
        ((X, None, V), {"training": True}, ValueError, "running_mean is None, needed"),
        ((X, None, None), {}, ValueError, "running_var is None, needed"),
        ((X, M[:1], V), {}, ValueError, "running_mean has shape (1,), needed (2,). One value for"),
        (
            (X, M, V.astype(int)),
            {},
            TypeError,
            "running_var has dtype int64, needed float64: train",
        ),
        ((X, M.astype("f"), V), {}, TypeError, "running_mean is float32 and the input float64"),
        ((X, M, V, V.astype("f")), {}, TypeError, "the weight is float32 and the input float64"),
        ((X, M, V, V, M[None]), {}, ValueError, "the bias has shape (1, 2), needed (2,)"),
        ((X[:1, :, :, 0], M, V), {"training": True}, ValueError, "(1, 2, 1) has one value per"),
        ((X, M, V), {"momentum": 1.5}, ValueError, "momentum = 1.5, needed a share of the batch"),
        ((X, M, V), {"momentum": None}, TypeError, "momentum = None is a NoneType"),
        ((X, M, V), {"eps": 0}, ValueError, "eps = 0, needed more than 0"),
    ],
)
def test_both_twins_refuse_the_same(normalise, arguments, options, kind, words):
    with pytest.raises(kind, match="^batch_norm: .*" + re.escape(words)):
        normalise(*arguments, **options)


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda: layer_of(0), ValueError, "BatchNorm2d: num_features = 0, needed at least 1"),
        (lambda: layer_of(2, eps=-1), ValueError, "BatchNorm2d: eps = -1, needed more than 0"),
        (lambda: layer_of(2, momentum=2), ValueError, "BatchNorm2d: momentum = 2, needed a share"),
        (lambda: nn.BatchNorm2d(2, dtype=int), TypeError, "BatchNorm2d: dtype = <class 'int'>"),
        (
            lambda: layer_of(3)(X),
            ValueError,
            "BatchNorm2d(3): the input has shape (2, 2, 1, 2), nee",
        ),
        (lambda: layer_of(2)(X[0]), ValueError, "A single image x becomes a batch as x[None]"),
        (lambda: layer_of(2)(X[:1, :, :, :1]), ValueError, "BatchNorm2d(2): the input of shape (1"),
        (lambda: layer_of(2)(X.astype("f")), TypeError, "input is float32 and the weight float64"),
        (
            lambda: layer_of(2, affine=False)(X.astype("f")),
            TypeError,
            "input is float32 and the running mean float64",
        ),
        (lambda: layer_of(2).output_shape((3, 4, 4)), ValueError, "3 channels, needed 2"),
        (lambda: batch_norm_backward(X[0], X, M, V), ValueError, "(2, 1, 2), needed (2, 2, 1, 2)"),
        (lambda: batch_norm_backward(X, X, M, V[:1]), ValueError, "shape (1,), needed (2,)"),
    ],
)
def test_errors_name_what_came_and_what_is_needed(call, kind, words):
    with pytest.raises(kind, match=re.escape(words)):
        call()


def test_one_value_per_channel_can_be_evaluated_but_not_trained_on():
    one, layer = X[:1, :, :, :1], layer_of(2)
    with pytest.raises(ValueError, match=r"one value per channel.* and eval\(\)"):
        layer(one)
    assert layer.eval()(one).shape == (1, 2, 1, 1)


def test_a_batch_that_is_refused_leaves_everything_as_it_was():
    layer = layer_of(2)
    g = np.arange(8.0).reshape(layer(X).shape)
    grad, before = layer.backward(g), layer.state_dict()
    with pytest.raises(ValueError, match="one value per channel"):
        layer(X[:1, :, :, :1])
    np.testing.assert_array_equal(layer.backward(g), grad)
    for key, a in layer.state_dict().items():
        np.testing.assert_array_equal(a, before[key])


def test_running_values_that_change_later_do_not_change_the_way_back():
    layer = layer_of(2).eval()
    layer(X)
    grad = layer.backward(X)
    layer.running_var[...] = 100
    np.testing.assert_array_equal(layer.backward(X), grad)


def test_integers_take_the_dtype_of_the_running_values():
    mean, var = np.zeros(2, np.float32), np.ones(2, np.float32)
    assert batch_norm(np.arange(4).reshape(2, 2), mean, var).dtype == np.float32
