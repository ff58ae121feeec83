"""How many runs decide: the chance of a decision against simulated experiments."""

import numpy as np
import pytest

from cnnlab.statistics import (
    chance_to_decide,
    corrected_interval,
    decide,
    mean_interval,
    runs_needed,
)


def simulated(effect, spread, n, margin, direction, splits=None, trials=1500):
    """Share of experiments, drawn by chance, that decide."""
    rng = np.random.default_rng(3)
    decided = 0
    for _ in range(trials):
        runs = effect + spread * rng.standard_normal(n)
        if splits is None:
            interval = mean_interval(runs)
        else:  # what all runs have in common, as the corrected interval takes it
            runs += spread * np.sqrt(splits[1] / splits[0]) * rng.standard_normal()
            interval = corrected_interval(runs, *splits)
        decided += decide(interval, margin, direction) != "undecided"
    return decided / trials


@pytest.mark.parametrize(
    "case",
    [
        (0.3, 0.5, 10, 0.5, "greater"),
        (1.0, 1.0, 2, 0.5, "greater"),
        (0.8, 1.0, 5, 0.5, "less"),
        (0.1, 0.5, 20, 0.5, "equal"),
        (0.9, 0.5, 12, 0.5, "equal"),
        (0.0, 0.2, 10, 0.5, "equal", (1000, 797)),
        (1.0, 0.3, 10, 0.5, "greater", (200, 400)),
    ],
)
def test_the_chance_is_the_share_of_simulated_experiments(case):
    assert chance_to_decide(*case) == pytest.approx(simulated(*case), abs=0.05)


def test_on_the_margin_one_in_twenty_decides_whatever_their_number():
    for n in (2, 10, 500):
        assert chance_to_decide(0.5, 1.0, n, margin=0.5) == pytest.approx(0.05, abs=1e-3)


def test_both_sides_of_the_margin_are_alike():
    for n in (3, 30):
        above = chance_to_decide(0.8, 1.0, n, margin=0.5)
        assert above == pytest.approx(chance_to_decide(0.2, 1.0, n, margin=0.5), rel=1e-9)


def test_less_is_greater_with_another_sign():
    assert chance_to_decide(-0.8, 1.0, 9, 0.5, "less") == chance_to_decide(0.8, 1.0, 9, 0.5)


@pytest.mark.parametrize("direction", ["greater", "less", "equal"])
def test_the_number_needed_is_the_smallest_that_is_enough(direction):
    n = runs_needed(0.1, 0.6, 0.5, direction)
    assert chance_to_decide(0.1, 0.6, n, 0.5, direction) >= 0.8
    assert chance_to_decide(0.1, 0.6, n - 1, 0.5, direction) < 0.8


def test_twice_the_spread_wants_four_times_the_runs():
    few, many = runs_needed(0.0, 1.0, 0.5), runs_needed(0.0, 2.0, 0.5)
    assert many == pytest.approx(4 * few, rel=0.07)  # not quite: t is wider for few


def test_more_runs_on_the_same_images_may_never_be_enough_for_new_ones():
    assert runs_needed(0.3, 0.5, 0.5) < 100
    assert runs_needed(0.3, 0.5, 0.5, splits=(1000, 797)) is None
    assert runs_needed(5.0, 0.5, 0.5, splits=(1000, 797)) < 20


def test_an_effect_on_the_margin_is_never_decided():
    assert runs_needed(0.5, 0.5, 0.5) is None


def test_what_cannot_be_planned_is_refused():
    with pytest.raises(ValueError, match="finite spread above 0"):
        chance_to_decide(0.1, 0.0, 10, 0.5)
    with pytest.raises(ValueError, match="finite effect"):
        chance_to_decide(float("nan"), 1.0, 10, 0.5)
    with pytest.raises(ValueError, match="n = 1, needed at least 2"):
        chance_to_decide(0.1, 1.0, 1, 0.5)
    with pytest.raises(ValueError, match="margin of 0"):
        chance_to_decide(0.1, 1.0, 10, 0.0, "equal")
    with pytest.raises(ValueError, match="0 < chance < 1"):
        runs_needed(0.1, 1.0, 0.5, chance=80)
