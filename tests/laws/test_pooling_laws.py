"""The laws of maximum and mean against our layers, against counting, and against chance."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from cnnlab import nn
from cnnlab.laws import pooling
from cnnlab.nn import functional as F

POOLS = {"max": nn.MaxPool2d, "avg": nn.AvgPool2d}
RATES = st.floats(0.01, 0.99)


def windows(elements):
    return arrays.arrays(float, st.tuples(st.integers(1, 4), st.integers(1, 4)), elements=elements)


# --- gradient ------------------------------------------------------------------------------------


@given(windows(st.integers(0, 3)), st.sampled_from(["max", "avg"]))
def test_the_gradient_is_routed_as_in_our_layers(window, rule):
    layer = POOLS[rule](window.shape)
    layer(window[None, None])
    expected = layer.backward(np.ones((1, 1, 1, 1)))[0, 0]
    np.testing.assert_allclose(pooling.route(window, rule), expected, rtol=1e-12)


@given(windows(st.integers(0, 3)))
def test_ties_may_be_shared_and_a_mistake_counts_them_all(window):
    largest = np.count_nonzero(window == window.max())
    assert pooling.route(window, "max", "shared").sum() == pytest.approx(1)
    assert pooling.route(window, "max", "every").sum() == largest
    assert np.count_nonzero(pooling.route(window, "max", "first")) == 1


@given(st.integers(1, 5), st.integers(1, 5), st.integers(0, 9))
def test_the_largest_share_is_what_falling_values_reach(k, s, more):
    size = k + more
    falling = -np.add.outer(np.arange(size), np.arange(size)).astype(float)  # corner wins
    for rule, pool in POOLS.items():
        layer = pool(k, s)
        y = layer(falling[None, None])
        reached = np.count_nonzero(layer.backward(np.ones_like(y))) / size**2
        assert pooling.largest_share(rule, size, k, s) == pytest.approx(reached)


@given(st.integers(1, 4), st.integers(1, 4), st.integers(0, 9), st.integers(0, 2**32 - 1))
def test_no_map_is_reached_in_more_positions_than_the_largest_share(k, s, more, seed):
    x = np.random.default_rng(seed).normal(size=(1, 1, k + more, k + more))
    layer = nn.MaxPool2d(k, s)
    y = layer(x)
    reached = np.count_nonzero(layer.backward(np.ones_like(y))) / x.size
    assert reached <= pooling.largest_share("max", k + more, k, s) + 1e-12


# --- contrast ------------------------------------------------------------------------------------


@given(st.integers(1, 5).flatmap(lambda k: st.tuples(st.just(k), st.integers(0, k * k))))
def test_the_contrast_that_is_left_is_what_a_pool_leaves(case):
    k, inside = case
    detail = np.zeros(k * k)
    detail[:inside] = 1
    for polarity, ground in (("light", 0.0), ("dark", 1.0)):
        x = np.abs(ground - detail).reshape(1, 1, k, k)
        for rule, function in (("max", F.max_pool2d), ("avg", F.avg_pool2d)):
            left = abs(function(x, k).item() - ground)
            assert pooling.contrast(inside, k * k, rule, polarity) == pytest.approx(left)


@given(st.integers(0, 2**32 - 1))
def test_other_kernels_see_in_a_negative_what_the_first_see_in_the_picture(seed):
    rng = np.random.default_rng(seed)
    x, weight, bias = rng.random((2, 3, 7, 7)), rng.normal(size=(4, 3, 3, 3)), rng.normal(size=4)
    expected = F.conv2d(x, weight, bias)
    found = F.conv2d(1 - x, *pooling.other_polarity(weight, bias))
    np.testing.assert_allclose(found, expected, atol=1e-12)


# --- discriminability ----------------------------------------------------------------------------


@pytest.mark.parametrize("rule", ["max", "avg"])
@pytest.mark.parametrize("rates", [(0.2, 0.4), (0.01, 0.03)])
@pytest.mark.parametrize("values", [4, 16])
def test_the_law_of_density_is_what_drawing_gives(rule, rates, values):
    rng = np.random.default_rng(0)
    drawn = pooling.simulate_density(rule, values, rates, windows=40_000, rng=rng)
    exact = pooling.density_discriminability(rule, values, rates)
    assert drawn == pytest.approx(exact, abs=0.04)


@pytest.mark.parametrize("rule", ["max", "avg"])
@pytest.mark.parametrize("values", [1, 4, 49])
@pytest.mark.parametrize("response", [0.0, 1.0, 3.0])
def test_the_law_of_one_response_is_what_drawing_gives(rule, values, response):
    rng = np.random.default_rng(1)
    drawn = pooling.simulate_response(rule, values, response, windows=20_000, rng=rng)
    exact = pooling.response_discriminability(rule, values, response)
    assert drawn == pytest.approx(exact, abs=0.06)


def test_maxima_that_are_all_equal_tell_nothing_apart(rng):
    assert pooling.simulate_density("max", 400, (0.4, 0.6), windows=50, rng=rng) == 0
    assert pooling.density_discriminability("max", 400, (0.4, 0.6)) == pytest.approx(0, abs=1e-40)
    assert pooling.density_discriminability("max", 5000, (0.4, 0.6)) == 0  # no maximum of 0 left


def test_values_that_only_the_class_decides_are_infinitely_far_apart(rng):
    for rule in ("max", "avg"):
        drawn = pooling.simulate_density(rule, 1, (1e-12, 1 - 1e-12), windows=20, rng=rng)
        assert drawn == math.inf


def test_in_a_window_of_one_value_the_pools_are_the_same():
    for law, what in [
        (pooling.density_discriminability, (0.2, 0.4)),
        (pooling.response_discriminability, 3.0),
    ]:
        assert law("max", 1, what) == pytest.approx(law("avg", 1, what), rel=1e-4)


@given(RATES, RATES, st.integers(1, 200))
def test_density_grows_with_the_root_of_the_window_under_the_average(first, second, values):
    one = pooling.density_discriminability("avg", 1, (first, second))
    many = pooling.density_discriminability("avg", values, (first, second))
    assert many == pytest.approx(math.sqrt(values) * one)


# --- power mean ----------------------------------------------------------------------------------

POSITIVE = windows(st.floats(0.01, 100))
EXPONENTS = st.floats(-30, 30).filter(lambda p: p == 0 or abs(p) > 0.01)


@given(POSITIVE, EXPONENTS, EXPONENTS)
def test_the_power_mean_never_falls_with_its_exponent(x, first, second):
    low, high = sorted((first, second))
    assert pooling.power_mean(x, low) <= pooling.power_mean(x, high) * (1 + 1e-9)


@given(POSITIVE)
def test_the_family_holds_minimum_mean_and_maximum(x):
    assert pooling.power_mean(x, -math.inf) == x.min()
    assert pooling.power_mean(x, 1) == pytest.approx(x.mean())
    assert pooling.power_mean(x, math.inf) == x.max()


@given(POSITIVE, st.floats(1, 60))
def test_a_power_mean_is_near_the_maximum_by_a_known_factor(x, exponent):
    pooled = pooling.power_mean(x, exponent)
    assert x.max() * x.size ** (-1 / exponent) <= pooled * (1 + 1e-9)
    assert pooled <= x.max() * (1 + 1e-9)


def test_the_power_mean_is_the_lp_pool_over_the_root_of_the_window():
    x = np.random.default_rng(0).random((2, 3, 8, 8))
    tiles = x.reshape(2, 3, 4, 2, 4, 2)
    for p in (1.0, 2.0, 7.0):
        expected = F.lp_pool2d(x, p, 2) / 4 ** (1 / p)
        np.testing.assert_allclose(pooling.power_mean(tiles, p, axis=(3, 5)), expected, rtol=1e-10)


# --- errors --------------------------------------------------------------------------------------


def test_what_makes_no_sense_is_refused():
    with pytest.raises(ValueError, match=r"rule = 'median', needed one of max, avg"):
        pooling.route(np.zeros((2, 2)), "median")
    with pytest.raises(ValueError, match=r"ties = 'none', needed one of first, shared, every"):
        pooling.route(np.zeros((2, 2)), "max", "none")
    with pytest.raises(ValueError, match="a window of 5 pixels does not fit into 4"):
        pooling.largest_share("max", 4, 5)
    with pytest.raises(ValueError, match="5 values on the detail, needed at most 4"):
        pooling.contrast(5, 4, "max", "light")
    with pytest.raises(ValueError, match="a rate of 0, needed a number between 0 and 1"):
        pooling.density_discriminability("max", 4, (0, 0.5))
    with pytest.raises(ValueError, match="a response of -1, needed at least 0"):
        pooling.response_discriminability("max", 4, -1)
    with pytest.raises(ValueError, match=r"smallest value is -1.0, needed at least 0"):
        pooling.power_mean(np.array([-1.0, 1.0]), 2)
