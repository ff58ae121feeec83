"""The laws of shifted pools against counting, against our layers, and against chance."""

import itertools
from fractions import Fraction
from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlab.laws import shift
from cnnlab.nn import functional as F


@st.composite
def shifted_windows(draw):
    """Side of a window and a shift, up to one that leaves nothing in common."""
    k = draw(st.integers(1, 6))
    return k, draw(st.integers(-k, k)), draw(st.integers(-k, k))


def cells(k, dx=0, dy=0):
    """Pixels that a window sees."""
    return {(row - dy, column - dx) for row in range(k) for column in range(k)}


@given(shifted_windows())
def test_what_windows_share_is_counted_pixel_by_pixel(case):
    k, dx, dy = case
    assert shift.shared(k, dx, dy) == len(cells(k) & cells(k, dx, dy))


@given(shifted_windows())
def test_the_largest_value_seen_lies_in_both_windows_as_often_as_the_law_says(case):
    k, dx, dy = case
    before, after = cells(k), cells(k, dx, dy)
    favourable = Fraction(len(before & after), len(before | after))
    assert shift.unchanged(k, dx, dy) == float(favourable)


@pytest.mark.parametrize(
    ("k", "dx", "dy", "expected"),
    [(1, 1, 0, Fraction(0)), (2, 1, 0, Fraction(1, 3)), (2, 1, 1, Fraction(1, 7))],
)
def test_every_order_of_the_values_counted_gives_the_law(k, dx, dy, expected):
    before, after = cells(k), cells(k, dx, dy)
    seen = sorted(before | after)
    same = total = 0
    for ranks in itertools.permutations(range(len(seen))):
        value = dict(zip(seen, ranks, strict=True))
        same += max(value[c] for c in before) == max(value[c] for c in after)
        total += 1
    assert Fraction(same, total) == expected
    assert shift.unchanged(k, dx, dy) == float(expected)


@given(st.integers(1, 30))
def test_for_one_pixel_the_laws_take_their_short_forms(k):
    assert shift.unchanged(k) == pytest.approx((k - 1) / (k + 1), abs=1e-15)
    assert shift.average_change(k) == pytest.approx(2 / k**3, rel=1e-12)


@given(shifted_windows())
def test_directions_and_axes_do_not_matter(case):
    k, dx, dy = case
    for law in (shift.unchanged, shift.average_change):
        assert law(k, dx, dy) == law(k, -dx, dy) == law(k, dy, dx)


@given(st.integers(1, 8))
def test_no_shift_changes_nothing_and_a_whole_window_changes_everything(k):
    assert (shift.unchanged(k, 0), shift.unchanged(k, k)) == (1, 0)
    assert shift.average_change(k, 0) == 0
    assert shift.average_change(k, k) == pytest.approx(2 / k**2, rel=1e-12)  # two separate windows


@given(shifted_windows())
def test_the_variance_of_an_average_is_the_sum_of_its_squared_weights(case):
    k, dx, dy = case
    before, after = cells(k), cells(k, dx, dy)
    weights = [((c in after) - (c in before)) / k**2 for c in before | after]
    assert shift.average_change(k, dx, dy) == pytest.approx(sum(w**2 for w in weights), abs=1e-15)


@pytest.mark.parametrize(
    ("k", "dx", "dy"), [(2, 1, 0), (2, 1, 1), (3, 1, 0), (3, -2, 1), (4, 3, 0)]
)
def test_simulated_max_units_agree_within_their_binomial_error(rng, k, dx, dy):
    law, units = shift.unchanged(k, dx, dy), 20_000
    found = shift.simulate_unchanged(k, dx, dy, units=units, rng=rng)
    assert abs(found - law) < 4 * sqrt(law * (1 - law) / units)


@pytest.mark.parametrize(("k", "dx", "dy"), [(1, 1, 0), (2, 1, 0), (3, 2, 1), (4, 1, -1)])
def test_simulated_average_units_agree_within_their_error(rng, k, dx, dy):
    law, units = shift.average_change(k, dx, dy), 20_000
    found = shift.simulate_average_change(k, dx, dy, units=units, rng=rng)
    assert abs(found / law - 1) < 4 * sqrt(2 / units)


@pytest.mark.parametrize("k", [2, 4])
def test_our_layers_obey_the_laws_on_independent_values(rng, k):
    x = rng.normal(size=(4, 4, 64, 64))
    moved = np.roll(x, 1, axis=-1)
    units = 16 * (64 // k) ** 2
    same = np.mean(F.max_pool2d(x, k) == F.max_pool2d(moved, k))
    law = shift.unchanged(k)
    # neighbouring units see some of the same values: a wider band than for independent ones
    assert abs(same - law) < 6 * sqrt(law * (1 - law) / units)
    variance = np.var(F.avg_pool2d(moved, k) - F.avg_pool2d(x, k))
    assert abs(variance / shift.average_change(k) - 1) < 6 * sqrt(2 / units)


def test_windows_and_shifts_that_make_no_sense_are_refused(rng):
    with pytest.raises(ValueError, match="kernel_size = 0, needed at least 1"):
        shift.unchanged(0)
    with pytest.raises(TypeError, match=r"dx = 0\.5 is a float"):
        shift.shared(2, dx=0.5)
    with pytest.raises(ValueError, match="units = 0, needed at least 1"):
        shift.simulate_unchanged(2, units=0, rng=rng)
