"""The laws of dropout against every mask there is, and against chance."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnlab import nn
from cnnlab.laws import dropout

RATES = st.floats(0, 0.95)
VALUES = st.lists(st.floats(-10, 10), min_size=1, max_size=6).map(np.array)


def over_every_mask(statistic, n, p):
    """Mean of a statistic of the factors, over all 2**n masks with their probabilities."""
    total = 0.0
    for kept in itertools.product([0, 1], repeat=n):
        probability = (1 - p) ** sum(kept) * p ** (n - sum(kept))
        total += probability * statistic(np.array(kept) / (1 - p))
    return total


@settings(derandomize=True, max_examples=50, deadline=None)
@given(VALUES, RATES)
def test_the_moments_of_a_value_are_those_over_every_mask(x, p):
    mean, variance = dropout.moments(x, p)
    np.testing.assert_allclose(over_every_mask(lambda m: m * x, len(x), p), mean, atol=1e-9)
    second = over_every_mask(lambda m: (m * x - x) ** 2, len(x), p)
    np.testing.assert_allclose(second, variance, rtol=1e-9, atol=1e-9)


@settings(derandomize=True, max_examples=50, deadline=None)
@given(VALUES, RATES)
def test_the_moments_of_a_weighted_sum_are_those_over_every_mask(x, p):
    weight = np.linspace(-2, 3, len(x))
    mean, variance = dropout.dot_product_moments(weight, x, p)
    assert over_every_mask(lambda m: weight @ (m * x), len(x), p) == pytest.approx(mean, abs=1e-9)
    second = over_every_mask(lambda m: (weight @ (m * x) - mean) ** 2, len(x), p)
    assert second == pytest.approx(variance, rel=1e-9, abs=1e-9)


@settings(derandomize=True, max_examples=100, deadline=None)
@given(VALUES, RATES)
def test_the_mean_of_a_maximum_is_that_over_every_mask(x, p):
    exact = over_every_mask(lambda m: np.max(m * x), len(x), p)
    assert dropout.expected_max(x, p) == pytest.approx(exact, rel=1e-9, abs=1e-9)


def test_the_laws_hold_for_the_layer_within_four_standard_errors(rng):
    x = np.array([[4.0, 3.0, 1.0, 0.0]])
    weight = np.array([1.0, -2.0, 0.5, 1.0])
    layer = nn.Dropout(0.3, rng=rng)
    dropped = layer(np.repeat(x, 40_000, axis=0))
    mean, variance = dropout.dot_product_moments(weight, x[0], 0.3)
    for samples, expected in [
        (dropped @ weight, mean),
        ((dropped @ weight - mean) ** 2, variance),
        (dropped.max(axis=1), dropout.expected_max(x[0], 0.3)),
    ]:
        error = samples.std() / np.sqrt(len(samples))
        assert abs(samples.mean() - expected) < 4 * error


def test_the_spread_of_a_unit_over_images_and_masks_is_exact():
    values, p = np.array([0.0, 1.0, 5.0, 2.0]), 0.4
    means = over_every_mask(lambda m: m[0] * values, 1, p)
    squares = over_every_mask(lambda m: (m[0] * values) ** 2, 1, p)
    exact = squares.mean() - means.mean() ** 2
    assert dropout.spread(values.mean(), values.var(), p) == pytest.approx(exact)


def test_the_ratio_lies_between_one_value_alone_and_all_equal():
    p, n = 0.5, 4
    windows = np.array([[1.0, 0, 0, 0], [4, 3, 2, 1], [1, 1, 1, 1]])
    ratios = dropout.max_ratio(windows, p)
    assert ratios[0] == 1
    assert ratios[0] < ratios[1] < ratios[2]
    assert ratios[2] == pytest.approx((1 - p**n) / (1 - p))


@pytest.mark.parametrize(("n", "p"), [(4, 0.25), (4, 0.5), (9, 0.5)])
def test_the_ratio_for_normal_values_agrees_with_chance(n, p):
    x = np.maximum(np.random.default_rng(n).standard_normal((200_000, n)), 0)
    with_dropout, without = dropout.expected_max(x, p), x.max(axis=1)
    ratio = dropout.normal_max_ratio(n, p)
    error = (with_dropout - ratio * without).std() / np.sqrt(len(x)) / without.mean()
    assert abs(with_dropout.mean() / without.mean() - ratio) < 4 * error


def test_a_value_alone_or_no_dropout_leaves_the_maximum_as_it_is():
    assert dropout.normal_max_ratio(1, 0.5) == pytest.approx(1)
    assert dropout.normal_max_ratio(4, 0.0) == pytest.approx(1)


@pytest.mark.parametrize("p", [-0.1, 1.0, 1.5])
def test_rates_that_leave_nothing_are_refused(p):
    with pytest.raises(ValueError, match=r"needed a probability of dropping in \[0, 1\)"):
        dropout.expected_max(np.ones(4), p)


def test_a_ratio_to_nothing_is_refused():
    with pytest.raises(ValueError, match=r"largest value of a window is 0, needed above 0"):
        dropout.max_ratio(np.zeros((2, 4)), 0.5)
