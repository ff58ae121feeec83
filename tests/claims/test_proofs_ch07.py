"""Proofs of chapter 7: what dropout does to a value, a pool, a parameter count and a batch norm."""

import itertools

import numpy as np
import pytest
import torch

from cnnlab import nn
from cnnlab.experiments import dropouts
from cnnlab.laws import dropout as law
from cnnlab.nn import functional as F

SETTINGS = {"channels": [8, 16, 16], "hidden": 64}
SIZE = 16


def layer_of(library, kind, p):
    """Give a dropout layer as a function of arrays, in training or evaluation mode."""
    layer = getattr(library.nn if library is torch else nn, kind)(p)

    def call(x, training=True):
        layer.train(training)
        return layer(torch.from_numpy(x)).numpy() if library is torch else layer(x)

    return call


# --- dropout-zeroes-units ------------------------------------------------------------------------


@pytest.mark.parametrize("p", [0.25, 0.5, 0.75])
def test_each_unit_is_dropped_with_probability_p_and_independently(p, rng):
    n = 40_000
    dropped = nn.Dropout(p, rng=rng)(np.ones((n, 4))) == 0
    error = np.sqrt(p * (1 - p) / n)
    assert (np.abs(dropped.mean(axis=0) - p) < 4 * error).all()
    for i, j in itertools.combinations(range(4), 2):
        both = (dropped[:, i] & dropped[:, j]).mean()
        assert abs(both - p**2) < 4 * np.sqrt(p**2 * (1 - p**2) / n)


@pytest.mark.parametrize("p", [0.25, 0.5, 0.75])
def test_the_mean_over_all_masks_is_the_input(p):
    x = np.array([3.0, -1.0, 0.5, 2.0])
    mean = np.zeros(4)
    for kept in itertools.product([0, 1], repeat=4):
        probability = (1 - p) ** sum(kept) * p ** (4 - sum(kept))
        mean += probability * np.array(kept) * x / (1 - p)
    np.testing.assert_allclose(mean, x, atol=1e-12)
    drawn = nn.Dropout(p, rng=np.random.default_rng(0))(np.tile(x, (40_000, 1)))
    factors = np.round(drawn / x * (1 - p), 12)
    assert set(np.unique(factors)) == {0.0, 1.0}  # the layer draws just these masks
    error = np.abs(x) * np.sqrt(p / (1 - p) / 40_000)
    assert (np.abs(drawn.mean(axis=0) - x) < 4 * error).all()


@pytest.mark.parametrize("library", [nn, torch])
@pytest.mark.parametrize("kind", ["Dropout", "Dropout2d"])
def test_in_evaluation_mode_nothing_changes(library, kind, rng):
    x = rng.normal(size=(4, 3, 5, 5))
    np.testing.assert_array_equal(layer_of(library, kind, 0.5)(x, training=False), x)


def test_dropout_adds_variance():
    x = np.array([3.0, -1.0])
    _, variance = law.moments(x, 0.5)
    np.testing.assert_array_equal(variance, x**2)
    assert (variance > 0).all()


@pytest.mark.parametrize("library", [nn, torch])
def test_a_network_left_in_training_mode_answers_differently_each_time(library):
    call = layer_of(library, "Dropout", 0.5)
    x = np.ones((8, 64))
    assert (call(x) != call(x)).any()


def test_without_the_division_the_mean_shrinks():
    x, p = np.array([3.0, 1.0]), 0.25
    mean = sum(
        (1 - p) ** sum(kept) * p ** (2 - sum(kept)) * np.array(kept) * x
        for kept in itertools.product([0, 1], repeat=2)
    )
    np.testing.assert_allclose(mean, (1 - p) * x)  # so the first paper's form scales at test time


@pytest.mark.parametrize("library", [nn, torch])
def test_channel_dropout_keeps_or_drops_whole_maps(library):
    y = layer_of(library, "Dropout2d", 0.5)(np.ones((50, 8, 4, 4)))
    whole = y.reshape(50, 8, 16)
    assert (whole == whole[:, :, :1]).all()
    assert set(np.unique(y)) == {0.0, 2.0}


@pytest.mark.parametrize("library", [nn, torch])
def test_single_dropout_leaves_neighbours_that_tell_of_a_dropped_value(library):
    y = layer_of(library, "Dropout", 0.5)(np.ones((50, 8, 4, 4)))
    some_left = (y.reshape(50, 8, 16) > 0).any(axis=2)
    assert some_left.mean() > 0.99  # a map is gone with probability 2**-16


def test_batch_norm_behind_dropout_has_learned_another_variance(rng):
    x = np.maximum(rng.normal(size=(500, 1, 8, 8)), 0).astype(np.float32)
    norm, p = nn.BatchNorm2d(1), 0.5
    layers = nn.Sequential(nn.Dropout(p, rng=rng), norm)
    for _ in range(100):
        layers(x)
    learned, met = norm.running_var[0], x.var()
    assert learned == pytest.approx(law.spread(x.mean(), met, p), rel=0.02)
    assert learned > 1.9 * met
    assert layers.eval()(x).var() < 0.55  # where batch norm promises 1


# --- dropout-after-last-pool ---------------------------------------------------------------------


def test_before_a_max_pool_the_mean_is_not_kept(rng):
    window = np.array([4.0, 3.0, 2.0, 1.0])
    assert law.max_ratio(window, 0.5) == pytest.approx((4 + 1.5 + 0.5 + 0.125) / 4)
    x = np.tile(window.reshape(1, 1, 2, 2), (20_000, 1, 1, 1))
    pooled = F.max_pool2d(nn.Dropout(0.5, rng=rng)(x), 2).ravel()
    error = pooled.std() / np.sqrt(len(pooled))
    assert abs(pooled.mean() - law.expected_max(window, 0.5)) < 4 * error
    assert pooled.mean() > 4 + 10 * error


def test_behind_the_max_pool_or_around_an_average_the_mean_is_kept():
    window, p = np.array([4.0, 3.0, 2.0, 1.0]), 0.5
    average, behind = 0.0, 0.0
    for kept in itertools.product([0, 1], repeat=4):
        factors = np.array(kept) / (1 - p)
        average += (factors * window).mean() / 16
        behind += factors[0] * window.max() / 16  # one factor for the one value that is left
    assert average == pytest.approx(window.mean())
    assert behind == pytest.approx(window.max())


def test_for_normal_values_the_bias_before_a_max_pool_is_ten_percent_and_more():
    assert law.normal_max_ratio(4, 0.25) == pytest.approx(1.11, abs=0.005)
    assert law.normal_max_ratio(4, 0.5) == pytest.approx(1.23, abs=0.005)


def test_where_dropout_stands_changes_no_parameter():
    counts = set()
    for place in dropouts.PLACES:
        model = dropouts.network(place, 0.5, SIZE, SETTINGS, rng=np.random.default_rng(0))
        counts.add(sum(parameter.size for parameter in model.parameters()))
    assert len(counts) == 1


# --- dropout-makes-robust: pooling or dropout? ---------------------------------------------------


def test_dropout_does_nothing_at_test_time_where_a_pool_does_what_it_always_does(rng):
    x = rng.normal(size=(2, 3, 8, 8))
    silent, pool = nn.Dropout(0.5).eval(), nn.MaxPool2d(2)
    assert silent(x) is x
    assert pool.train()(x).shape == pool.eval()(x).shape == (2, 3, 4, 4)
    np.testing.assert_array_equal(pool.train()(x), pool.eval()(x))
