"""Proofs of chapter 3: what maximum and mean do to gradients, details and counts.

Each test is named in ``cnnlab/claims/ledger/03-max-or-average.yml`` as the proof of one sentence.
Where the ledger says *does not hold*, the test shows the counterexample.
"""

import numpy as np
import pytest
import torch

from cnnlab import nn
from cnnlab.laws import pooling
from cnnlab.nn import functional as F

WINDOWS = (4, 9, 16, 49, 100, 196)  # values, from 2x2 to 14x14


def gradient(layer, x):
    """Gradient at the values that were pooled, if 1 comes back to every output."""
    y = layer(x)
    return layer.backward(np.ones_like(y))


def torch_gradient(layer, x):
    tensor = torch.tensor(x, requires_grad=True)
    layer(tensor).sum().backward()
    return tensor.grad.numpy()


def without_ties(size, seed=0):
    values = np.random.default_rng(seed).permutation(size * size)
    return values.reshape(1, 1, size, size).astype(float)


# --- average-spreads-gradient --------------------------------------------------------------------


@pytest.mark.parametrize("k", [2, 3, 4])
def test_the_average_hands_gradient_to_every_position(k):
    x = without_ties(12)
    for found in (
        gradient(nn.AvgPool2d(k), x),
        torch_gradient(torch.nn.AvgPool2d(k), x),
    ):
        np.testing.assert_allclose(found, np.full(x.shape, 1 / k**2), rtol=1e-12)


@pytest.mark.parametrize("k", [2, 3, 4])
def test_the_maximum_hands_gradient_to_one_position_of_each_window(k):
    x = without_ties(12)
    for found in (
        gradient(nn.MaxPool2d(k), x),
        torch_gradient(torch.nn.MaxPool2d(k), x),
    ):
        windows = found.reshape(12 // k, k, 12 // k, k).transpose(0, 2, 1, 3).reshape(-1, k * k)
        np.testing.assert_array_equal(np.sort(windows)[:, -1], 1)
        assert np.count_nonzero(windows) == len(windows)


def test_both_pools_hand_on_the_same_amount_of_gradient():
    x = without_ties(12)
    assert gradient(nn.MaxPool2d(2), x).sum() == pytest.approx(36)
    assert gradient(nn.AvgPool2d(2), x).sum() == pytest.approx(36)


def test_of_equal_values_the_first_gets_the_gradient():
    x = np.full((1, 1, 2, 2), 3.0)
    for found in (gradient(nn.MaxPool2d(2), x), torch_gradient(torch.nn.MaxPool2d(2), x)):
        np.testing.assert_array_equal(found[0, 0], [[1, 0], [0, 0]])


def test_a_window_of_zeros_after_a_relu_sends_nothing_below_it():
    x = np.array([[[[-1.0, -2.0], [-3.0, -4.0]]]])
    for pool in (nn.MaxPool2d(2), nn.AvgPool2d(2)):
        assert not gradient(nn.Sequential(nn.ReLU(), pool), x).any()


def test_windows_that_overlap_may_choose_one_position_and_their_gradients_add_up():
    x = np.zeros((1, 1, 3, 3))
    x[0, 0, 1, 1] = 1.0
    expected = np.zeros((3, 3))
    expected[1, 1] = 4
    np.testing.assert_array_equal(gradient(nn.MaxPool2d(2, stride=1), x)[0, 0], expected)


# --- average-in-transition-layers ----------------------------------------------------------------


def test_in_a_transition_the_average_may_stand_before_the_convolution_and_the_maximum_may_not():
    rng = np.random.default_rng(0)
    x, weight = rng.normal(size=(2, 6, 8, 8)), rng.normal(size=(3, 6, 1, 1))
    after, before = F.avg_pool2d(F.conv2d(x, weight), 2), F.conv2d(F.avg_pool2d(x, 2), weight)
    np.testing.assert_allclose(after, before, atol=1e-12)
    after, before = F.max_pool2d(F.conv2d(x, weight), 2), F.conv2d(F.max_pool2d(x, 2), weight)
    assert abs(after - before).max() > 1


# --- max-edges-average-smooth --------------------------------------------------------------------


def test_max_pooling_answers_to_a_plain_area_and_loses_a_thin_dark_line():
    plain = np.ones((1, 1, 8, 8))
    line = plain.copy()
    line[..., 3] = 0.0  # an edge on either side of it
    np.testing.assert_array_equal(F.max_pool2d(plain, 2), np.ones((1, 1, 4, 4)))
    np.testing.assert_array_equal(F.max_pool2d(line, 2), F.max_pool2d(plain, 2))
    edges = F.conv2d(line, np.array([[[[-1.0, 1.0]]]]))  # what does extract edges: a convolution
    assert sorted(np.unique(edges)) == [-1, 0, 1]


@pytest.mark.parametrize("k", [2, 3, 5])
def test_max_pooling_with_stride_one_thickens_a_light_line(k):
    line = np.zeros((1, 1, 16, 16))
    line[..., 8] = 1.0
    row = F.max_pool2d(line, k, stride=1)[0, 0, 0]
    assert row.sum() == k


@pytest.mark.parametrize("k", [2, 3, 4, 8])
def test_the_average_leaves_a_pixel_one_part_in_k_squared_of_its_contrast(k):
    for ground, detail in ((0.0, 1.0), (1.0, 0.0)):
        x = np.full((1, 1, k, k), ground)
        x[0, 0, k // 2, k // 2] = detail
        left = abs(F.avg_pool2d(x, k).item() - ground)
        assert left == pytest.approx(1 / k**2)
        x[0, 0, k // 2] = detail  # a line keeps one part in k
        assert abs(F.avg_pool2d(x, k).item() - ground) == pytest.approx(1 / k)


@pytest.mark.parametrize("values", WINDOWS)
def test_the_maximum_tells_one_strong_response_from_clutter_better(values):
    found, mean = (pooling.response_discriminability(r, values, 3.0) for r in ("max", "avg"))
    assert found > mean + 0.5


@pytest.mark.parametrize("values", WINDOWS)
def test_the_average_tells_two_densities_apart_better(values):
    found, mean = (pooling.density_discriminability(r, values, (0.2, 0.4)) for r in ("max", "avg"))
    assert mean > found + 0.1


@pytest.mark.parametrize("values", WINDOWS)
def test_of_rare_dots_without_clutter_the_maximum_knows_no_more_than_the_average(values):
    found, mean = (
        pooling.density_discriminability(r, values, (0.01, 0.03)) for r in ("max", "avg")
    )
    assert found < mean


def test_for_rare_dots_the_maximum_is_best_in_windows_of_middle_size():
    found = [pooling.density_discriminability("max", n, (0.01, 0.03)) for n in range(1, 400)]
    best = 1 + int(np.argmax(found))
    assert 36 <= best <= 81


def test_a_weak_response_in_a_small_window_is_for_the_average():
    found, mean = (pooling.response_discriminability(r, 4, 0.5) for r in ("max", "avg"))
    assert mean > found


# --- max-for-dark-background ---------------------------------------------------------------------


def test_max_pooling_of_pixels_keeps_a_light_dot_and_erases_a_dark_one():
    light = np.zeros((1, 1, 4, 4))
    light[0, 0, 1, 2] = 1.0
    assert F.max_pool2d(light, 4) == 1
    assert F.max_pool2d(1 - light, 4) == F.max_pool2d(np.ones_like(light), 4)


@pytest.mark.parametrize("pool", [nn.MaxPool2d, nn.AvgPool2d])
def test_every_network_has_a_twin_that_sees_in_the_negative_what_it_sees(pool):
    rng = np.random.default_rng(0)
    x = rng.random((5, 1, 10, 10))
    first, twin = (nn.Conv2d(1, 4, 3, rng=rng, dtype=np.float64) for _ in range(2))
    after = [nn.ReLU(), pool(4), nn.Flatten(), nn.Linear(16, 10, rng=rng, dtype=np.float64)]
    twin.weight.data, twin.bias.data = pooling.other_polarity(first.weight.data, first.bias.data)
    seen = nn.Sequential(first, *after)(x)
    np.testing.assert_allclose(nn.Sequential(twin, *after)(1 - x), seen, atol=1e-12)


# --- max-loses-background ------------------------------------------------------------------------


def test_maps_of_different_density_can_have_the_same_maxima_and_not_the_same_means():
    sparse, dense = np.zeros((1, 1, 8, 8)), np.zeros((1, 1, 8, 8))
    sparse[..., ::4, ::4] = 1
    dense[..., ::2, :] = 1
    np.testing.assert_array_equal(F.max_pool2d(sparse, 4), F.max_pool2d(dense, 4))
    assert (F.avg_pool2d(dense, 4) == 8 * F.avg_pool2d(sparse, 4)).all()


def test_maps_of_the_same_mean_can_have_different_maxima():
    even, one = np.full((1, 1, 4, 4), 1 / 16), np.zeros((1, 1, 4, 4))
    one[0, 0, 2, 1] = 1
    assert F.avg_pool2d(even, 4) == F.avg_pool2d(one, 4)
    assert F.max_pool2d(even, 4) < F.max_pool2d(one, 4)


def test_stripes_of_two_pixels_vanish_under_either_pool_but_not_after_a_convolution():
    upright = np.tile([0.0, 1.0], (8, 4))[None, None]
    lying = upright.swapaxes(2, 3)
    kernel = np.array([[[[-1.0, 1.0]]]])
    for pool in (F.max_pool2d, F.avg_pool2d):
        np.testing.assert_array_equal(pool(upright, 2), pool(lying, 2))
        assert np.unique(pool(upright, 2)).size == 1
        seen = [pool(F.relu(F.conv2d(x, kernel)), 2).max() for x in (upright, lying)]
        assert seen[0] > 0 == seen[1]


# --- max-picks-the-important ---------------------------------------------------------------------


def test_the_minimum_after_a_convolution_is_the_maximum_after_the_opposite_kernel():
    rng = np.random.default_rng(0)
    x, weight = rng.normal(size=(2, 3, 9, 9)), rng.normal(size=(4, 3, 2, 2))
    y = F.conv2d(x, weight)
    smallest = y.reshape(2, 4, 4, 2, 4, 2).min(axis=(3, 5))
    np.testing.assert_allclose(smallest, -F.max_pool2d(F.conv2d(x, -weight), 2), atol=1e-12)
