"""Proofs of chapter 5: shifts, global pools and turning bars, settled by construction.

Pictures and weights are small whole numbers, so that sums are exact in any order: where a test says
*equal* it means equal to the last bit. All pictures are rings: what leaves on the right comes in on
the left.
"""

import numpy as np
import pytest

from cnnlab import nn
from cnnlab.laws import rotation, shift


class Subsample(nn.Module):
    """Keeps the upper left value of every 2x2 square."""

    def forward(self, x):
        return x[..., ::2, ::2]


def whole_numbers(rng, shape):
    return rng.integers(-4, 5, size=shape).astype(np.float64)


def on_a_ring(rng, in_channels, out_channels, stride=1):
    """A 3x3 convolution with whole numbers for weights that wraps around the border."""
    convolution = nn.Conv2d(in_channels, out_channels, 3, stride=stride, rng=rng, dtype=np.float64)
    for parameter in convolution.parameters():
        parameter.data[...] = whole_numbers(rng, parameter.data.shape)
    return [nn.CircularPad2d(1), convolution, nn.ReLU()]


DOWN = {
    "max": lambda: [nn.MaxPool2d(2)],
    "average": lambda: [nn.AvgPool2d(2)],
    "subsample": lambda: [Subsample()],
    "max4": lambda: [nn.MaxPool2d(4)],
    "maxblur": lambda: [
        nn.CircularPad2d((0, 1, 0, 1)),
        nn.MaxPool2d(2, stride=1),
        nn.BlurPool2d(3, stride=2, padding_mode="circular"),
    ],
}
STRIDES = {"max4": 4}


def moved(x, dx, dy=0):
    return np.roll(x, (dy, dx), axis=(-2, -1))


# --- pooling-shift-invariance --------------------------------------------------------------------


@pytest.mark.parametrize("down", DOWN)
def test_features_move_along_exactly_with_every_multiple_of_the_stride(rng, down):
    network = nn.Sequential(*on_a_ring(rng, 1, 4), *DOWN[down]())
    stride = STRIDES.get(down, 2)
    x = whole_numbers(rng, (2, 1, 16, 16))
    for steps in range(16 // stride):
        after = network(moved(x, stride * steps, stride * 2))
        np.testing.assert_array_equal(after, moved(network(x), steps, 2))


def test_two_strides_of_two_make_a_total_stride_of_four(rng):
    network = nn.Sequential(
        *on_a_ring(rng, 1, 4), nn.MaxPool2d(2), *on_a_ring(rng, 4, 4), nn.MaxPool2d(2)
    )
    x = whole_numbers(rng, (1, 1, 16, 16))
    before = network(x)
    exact = [
        any(np.array_equal(network(moved(x, dx)), moved(before, step)) for step in range(4))
        for dx in range(9)
    ]
    assert exact == [True, False, False, False, True, False, False, False, True]


@pytest.mark.parametrize("down", DOWN)
def test_after_one_pixel_the_features_fit_at_no_place(rng, down):
    network = nn.Sequential(*on_a_ring(rng, 1, 4), *DOWN[down]())
    x = whole_numbers(rng, (1, 1, 16, 16))
    before, after = network(x), network(moved(x, 1))
    assert not any(np.array_equal(after, moved(before, step)) for step in range(before.shape[-1]))


def test_a_max_pool_unit_keeps_its_value_with_a_probability_below_one():
    assert [round(shift.unchanged(k), 3) for k in (2, 3, 4)] == [0.333, 0.5, 0.6]
    assert all(shift.unchanged(k) < 1 for k in range(1, 100))


@pytest.mark.parametrize("pool", [nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d])
def test_a_global_pool_over_convolutions_on_a_ring_is_exactly_invariant(rng, pool):
    network = nn.Sequential(*on_a_ring(rng, 1, 4), *on_a_ring(rng, 4, 4), pool(1))
    x = whole_numbers(rng, (2, 1, 16, 16))
    for dy, dx in np.ndindex(16, 16):
        np.testing.assert_array_equal(network(moved(x, dx, dy)), network(x))


@pytest.mark.parametrize("pool", [nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d])
def test_with_a_stride_below_it_a_global_pool_is_invariant_to_multiples_only(rng, pool):
    network = nn.Sequential(*on_a_ring(rng, 1, 4, stride=2), pool(1))
    x = whole_numbers(rng, (2, 1, 16, 16))
    same = [np.array_equal(network(moved(x, dx)), network(x)) for dx in range(5)]
    assert same == [True, False, True, False, True]


def test_with_a_border_of_zeros_a_global_average_tells_places_apart(rng):
    convolution = nn.Conv2d(1, 4, 3, padding=1, rng=rng, dtype=np.float64)
    network = nn.Sequential(convolution, nn.ReLU(), nn.AdaptiveAvgPool2d(1))
    x = np.zeros((1, 1, 8, 8))
    x[..., 3:5, 3:5] = 1
    np.testing.assert_allclose(network(moved(x, 1)), network(x), atol=1e-15)  # far from the border
    assert np.abs(network(moved(x, 3)) - network(x)).max() > 0.001  # it touches the border


# --- pooling-learned-invariance ------------------------------------------------------------------

ANGLES = np.arange(0, 180, 3)


def turning():
    """Answers of eight filters to a bar that turns: (angle, filter, row, column)."""
    return rotation.answers(np.stack([rotation.bar(angle) for angle in ANGLES]))


def test_the_largest_answer_over_channels_hardly_depends_on_the_angle():
    middle = turning()[:, :, 12, 12]
    assert rotation.variation(middle).min() > 0.4  # each filter by itself
    assert rotation.variation(middle.max(axis=1)) < 0.05


@pytest.mark.parametrize("k", [2, 4, 8, 25])
@pytest.mark.parametrize("pool", [nn.MaxPool2d, nn.AvgPool2d])
def test_a_pool_over_places_leaves_each_channel_as_dependent_on_the_angle(pool, k):
    maps = turning()
    middle = 12 // k if k < 25 else 0
    pooled = pool(k)(maps)[:, :, middle, middle]
    best = rotation.variation(maps[:, :, 12, 12].max(axis=1))
    assert rotation.variation(pooled).min() > 5 * best


def test_a_pool_over_places_is_for_shifts_and_a_pool_over_channels_is_not():
    shifts = range(-5, 6)
    maps = rotation.answers(np.stack([rotation.bar(0, dx=dx, dy=dx) for dx in shifts]))
    over_places, over_channels = maps[:, 0].max(axis=(1, 2)), maps[:, :, 12, 12].max(axis=1)
    assert rotation.variation(over_places) < 0.05
    assert rotation.variation(over_channels) > 0.3


def test_filters_for_other_angles_than_the_bars_make_the_channel_pool_fail():
    one_filter_eight_times = np.repeat(turning()[:, :1], 8, axis=1)
    assert rotation.variation(one_filter_eight_times[:, :, 12, 12].max(axis=1)) > 0.4
