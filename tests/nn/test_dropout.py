"""Dropout: by hand, by its law, its gradient, against torch, and its errors."""

import re

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from parity import assert_like_torch
from strategies import dtypes, seeds, whole_numbers_like

from cnnlab import nn, optim
from cnnlab.gradcheck import numerical_gradient
from cnnlab.nn.dropout import dropout, dropout2d, dropout_mask

DROPOUTS = pytest.mark.parametrize("drop", [dropout, dropout2d])
BUILD = pytest.mark.parametrize("build", [nn.Dropout, nn.Dropout2d])
PAIRS = [(nn.Dropout, dropout), (nn.Dropout2d, dropout2d)]
LAYERS = pytest.mark.parametrize(("build", "drop"), PAIRS)


class Dice(np.random.Generator):
    """A generator whose numbers are written down beforehand."""

    def __init__(self, numbers):
        super().__init__(np.random.PCG64(0))
        self.numbers = np.array(numbers)

    def random(self, shape):
        return self.numbers.reshape(shape)


def image():
    return np.arange(1.0, 49.0).reshape(2, 4, 2, 3)


# --- by hand -------------------------------------------------------------------------------------


def test_what_survives_is_divided_by_the_probability_of_surviving():
    y = dropout(np.array([3.0, 6.0, -9.0, 12.0]), 0.25, rng=Dice([0.1, 0.25, 0.9, 0.2]))
    np.testing.assert_array_equal(y, [0, 8, -12, 0])


def test_a_map_is_kept_or_dropped_as_a_whole():
    y = dropout2d(image()[:1], 0.75, rng=Dice([0.1, 0.8, 0.5, 0.9]))
    np.testing.assert_array_equal(y[0, [0, 2]], np.zeros((2, 2, 3)))
    np.testing.assert_array_equal(y[0, [1, 3]], 4 * image()[0, [1, 3]])


def test_the_gradient_passes_where_the_value_passed_and_is_enlarged_likewise():
    layer = nn.Dropout(0.5, rng=Dice([0.1, 0.6, 0.9, 0.2]))
    np.testing.assert_array_equal(layer(np.ones(4)), [0, 2, 2, 0])
    np.testing.assert_array_equal(layer.backward(np.array([1.0, 2, 3, 4])), [0, 4, 6, 0])


@LAYERS
def test_the_layer_drops_what_the_function_drops(build, drop):
    layer, rng = build(0.3, rng=np.random.default_rng(7)), np.random.default_rng(7)
    for _ in range(3):  # each time something else
        np.testing.assert_array_equal(layer(image()), drop(image(), 0.3, rng=rng))


def test_one_image_without_batch_axis_loses_whole_maps_too():
    rng = np.random.default_rng(0)
    y = dropout2d(np.ones((200, 2, 3)), rng=rng)
    assert set(y.sum(axis=(1, 2))) == {0.0, 12.0}


def test_the_same_generator_drops_the_same_places_in_both_dtypes():
    masks = [dropout_mask((50,), 0.3, rng=np.random.default_rng(1), dtype=t) for t in ("f4", "f8")]
    np.testing.assert_array_equal(masks[0] > 0, masks[1] > 0)
    assert [mask.dtype for mask in masks] == [np.float32, np.float64]


def test_whole_numbers_become_float64():
    assert dropout(np.array([1, 2])).dtype == dropout(np.array([1, 2]), training=False).dtype
    assert dropout(np.array([1, 2])).dtype == np.float64


def test_a_single_number_stays_an_array():
    layer = nn.Dropout(0.5, rng=Dice([0.9]))
    y = layer(np.array(3.0))
    assert isinstance(y, np.ndarray)
    assert y == 6
    assert isinstance(layer.backward(y), np.ndarray)


# --- the law -------------------------------------------------------------------------------------


@pytest.mark.parametrize("p", [0.0, 0.1, 0.5, 0.9])
def test_the_mean_is_the_value_and_the_variance_follows_the_law(p):
    x, n = 3.0, 200_000
    y = dropout(np.full(n, x), p, rng=np.random.default_rng(0))
    variance = x**2 * p / (1 - p)
    assert abs(y.mean() - x) <= 4 * (variance / n) ** 0.5
    assert abs(np.mean(y == 0) - p) <= 4 * (p * (1 - p) / n) ** 0.5
    assert y.var() == pytest.approx(variance, rel=0.02)


def test_each_map_of_each_image_has_its_own_chance():
    n, p = 20_000, 0.3
    kept = dropout2d(np.ones((n, 2, 2, 1)), p, rng=np.random.default_rng(0))[:, :, 0, 0] > 0
    error = 4 * (p * (1 - p) / n) ** 0.5
    assert np.all(np.abs(kept.mean(axis=0) - (1 - p)) <= error)
    assert abs(np.corrcoef(kept[:, 0], kept[:, 1])[0, 1]) <= 4 / n**0.5


@LAYERS
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_probability_of_nothing_and_of_everything_are_exact_as_in_torch(build, drop, dtype):
    x = image().astype(dtype)
    for p in (0, 1):
        layer, theirs = build(p), getattr(torch.nn, build.__name__)(p)
        tensor = torch.tensor(x, requires_grad=True)
        y = theirs(tensor)
        y.backward(torch.tensor(x))
        assert_like_torch(drop(x, p), y)
        assert_like_torch(layer(x), y)
        assert_like_torch(layer.backward(x), tensor.grad)


# --- gradients -----------------------------------------------------------------------------------


@BUILD
@pytest.mark.parametrize("p", [0.0, 0.4, 1.0])
def test_the_gradient_is_a_central_difference_of_the_same_mask(build, p, rng):
    x, g = image(), rng.standard_normal(image().shape)
    layer = build(p, rng=np.random.default_rng(3))
    layer(x)

    def loss():
        return float(np.sum(g * build(p, rng=np.random.default_rng(3))(x)))

    numerical = numerical_gradient(loss, x)
    np.testing.assert_allclose(layer.backward(g), numerical, rtol=0, atol=1e-6)


# --- parity with torch ---------------------------------------------------------------------------


@st.composite
def problems(draw, axes):
    """An image or batch without zeros, a gradient for it, and p."""
    shape = tuple(draw(st.lists(st.integers(1, 3), min_size=axes, max_size=axes)))
    dtype = draw(dtypes)
    x = np.random.default_rng(draw(seeds)).uniform(1, 2, shape).astype(dtype)
    return x, draw(st.floats(0, 0.99)), draw(seeds)


def masked_by_torch(build, x, p, seed):
    """Let torch drop, and return its output, its mask, and its gradient for g."""
    torch.manual_seed(seed)
    tensor = torch.tensor(x, requires_grad=True)
    y = getattr(torch.nn, build.__name__)(p)(tensor)
    g = whole_numbers_like(x, seed)
    y.backward(torch.tensor(g))
    return y, (y.detach().numpy() != 0), g, tensor.grad


@BUILD
@given(problems(4))
def test_with_torchs_mask_output_and_gradient_are_torchs(build, problem):
    x, p, seed = problem
    y, kept, g, grad = masked_by_torch(build, x, p, seed)
    if build is nn.Dropout2d:
        kept = kept[:, :, 0, 0]  # the mask of torch, too, is one for each map
    layer = build(p, rng=Dice(np.where(kept, 1.0, -1.0)))
    close = {"rtol": 1e-6 if x.dtype == np.float32 else 1e-12}
    assert_like_torch(layer(x), y, **close)
    assert_like_torch(layer.backward(g), grad, **close)


@LAYERS
@pytest.mark.parametrize("shape", [(3, 2, 4, 2), (2, 4, 2), (0, 2, 4, 2)])
def test_in_evaluation_nothing_happens(build, drop, shape):
    x, rng = np.ones(shape), np.random.default_rng(0)
    layer = build(rng=rng).eval()
    before = rng.bit_generator.state
    assert layer(x) is x
    assert drop(x, training=False, rng=rng) is x
    np.testing.assert_array_equal(layer.backward(3 * x), 3 * x)
    assert rng.bit_generator.state == before  # nor is chance used up


# --- chance --------------------------------------------------------------------------------------


@BUILD
def test_every_pass_draws_its_own_mask_and_the_way_back_keeps_it(build):
    layer, x = build(rng=np.random.default_rng(0)), np.ones((2, 40, 1, 1))
    first, second = layer(x), layer(x)
    assert np.any(first != second)
    np.testing.assert_array_equal(layer.backward(x), second)
    np.testing.assert_array_equal(layer.backward(x), second)


@DROPOUTS
def test_without_a_generator_two_calls_differ(drop):
    x = np.ones((1, 200, 1, 1))
    assert np.any(drop(x) != drop(x))


@BUILD
def test_changing_the_probability_later_counts_and_is_checked(build):
    layer = build(0.5)
    layer.p = 1
    assert not np.any(layer(image()))
    layer.p = 2
    with pytest.raises(ValueError, match=r"p = 2, needed a probability of dropping"):
        layer(image())


@DROPOUTS
def test_input_is_left_alone(drop):
    x = image()
    drop(x, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(x, image())


# --- in a network --------------------------------------------------------------------------------


def test_a_network_trains_with_it_and_is_certain_in_evaluation():
    rng = np.random.default_rng(0)
    labels = np.arange(40) % 2
    x = rng.standard_normal((40, 1, 6, 6)) + 0.8 * labels[:, None, None, None]
    model = nn.Sequential(
        nn.Conv2d(1, 4, 3, rng=rng, dtype=np.float64),
        nn.BatchNorm2d(4, dtype=np.float64),
        nn.ReLU(),
        nn.Dropout2d(0.2, rng=rng),
        nn.Flatten(),
        nn.Dropout(0.5, rng=rng),
        nn.Linear(64, 2, rng=rng, dtype=np.float64),
    )
    criterion, optimizer = nn.CrossEntropyLoss(), optim.Adam(model.parameters(), lr=0.01)
    before = criterion(model.eval()(x), labels)
    model.train()
    for _ in range(40):
        criterion(model(x), labels)
        optimizer.zero_grad()
        model.backward(criterion.backward())
        optimizer.step()
    assert np.any(model(x) != model(x))
    model.eval()
    np.testing.assert_array_equal(model(x), model(x))
    np.testing.assert_allclose(model(x)[:1], model(x[:1]), rtol=1e-9)  # alone as in company
    assert criterion(model(x), labels) < before / 3


# --- errors --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "kind", "words"),
    [
        ({"p": 1.01}, ValueError, "p = 1.01, needed a probability of dropping, from 0 to 1"),
        ({"p": -0.5}, ValueError, "p = -0.5, needed a probability of dropping, from 0 to 1"),
        ({"p": np.nan}, ValueError, "p = nan, needed a probability"),
        ({"p": "half"}, TypeError, "p = 'half' is a str, needed a number"),
        ({"p": True}, TypeError, "p = True is a bool, needed a number"),
        ({"inplace": True}, ValueError, "inplace = True, needed False, because no layer here"),
        ({"rng": 3}, TypeError, "Pass np.random.default_rng(3)"),
    ],
)
def test_options_are_checked_in_all_four(options, kind, words):
    for build in (nn.Dropout, nn.Dropout2d):
        with pytest.raises(kind, match=f"^{build.__name__}: .*" + re.escape(words)):
            build(**options)
    for drop in (dropout, dropout2d):
        for training in (True, False):
            with pytest.raises(kind, match=f"^{drop.__name__}: .*" + re.escape(words)):
                drop(image(), training=training, **options)


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda: dropout([1.0]), TypeError, "dropout: the input is a list, needed a NumPy array"),
        (lambda: dropout(image() + 1j), TypeError, "dropout: the input has dtype complex128"),
        (
            lambda: dropout2d(image()[0, 0]),
            ValueError,
            "dropout2d: the input of shape (2, 3) has 2",
        ),
        (lambda: nn.Dropout2d()(image()[0, 0]), ValueError, "Dropout2d(p=0.5): the input of shape"),
        (lambda: nn.Dropout2d().output_shape((4,)), ValueError, "needed 3 = (C, H, W)"),
        (lambda: dropout_mask((2,), 2), ValueError, "dropout_mask: p = 2, needed a probability"),
        (lambda: dropout_mask((2,), dtype=int), TypeError, "dropout_mask: dtype = <class 'int'>"),
    ],
)
def test_errors_name_what_came_and_what_is_needed(call, kind, words):
    with pytest.raises(kind, match=re.escape(words)):
        call()


@BUILD
def test_a_gradient_of_the_shape_of_the_mask_but_not_of_the_output_is_refused(build):
    layer = build()
    layer(image())
    with pytest.raises(ValueError, match=re.escape("(2, 4, 1, 1), needed (2, 4, 2, 3)")):
        layer.backward(np.ones((2, 4, 1, 1)))
