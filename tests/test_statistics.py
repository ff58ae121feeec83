"""Intervals and decisions, held against SciPy, against simulation and against cases by hand."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from cnnlab.statistics import (
    Interval,
    corrected_interval,
    decide,
    holm,
    mean_interval,
    p_value,
    paired_differences,
    t_cdf,
    t_quantile,
)

# --- the t distribution --------------------------------------------------------------------------


@pytest.mark.parametrize("df", [1, 2, 3, 4, 9, 10, 19, 99, 1000, 4321])
def test_the_t_distribution_is_scipys(df):
    t = np.concatenate([-np.logspace(-6, 3, 40), [0.0], np.logspace(-6, 3, 40)])
    ours = [t_cdf(float(value), df) for value in t]
    np.testing.assert_allclose(ours, stats.t.cdf(t, df), rtol=0, atol=5e-11)


@pytest.mark.parametrize("t", [-30.0, -1e-6, 0.0, 0.4, 1e3])
def test_one_and_two_degrees_of_freedom_are_exact(t):
    assert t_cdf(t, 1) == pytest.approx(0.5 + math.atan(t) / math.pi, abs=1e-15)
    assert t_cdf(t, 2) == pytest.approx(0.5 + t / (2 * math.sqrt(2 + t * t)), abs=1e-15)


def test_infinite_t_has_probability_zero_or_one():
    assert (t_cdf(-math.inf, 9), t_cdf(math.inf, 9)) == (0.0, 1.0)


@pytest.mark.parametrize("df", [1, 2, 4, 9, 19, 200])
@pytest.mark.parametrize("probability", [0.001, 0.025, 0.3, 0.5, 0.8, 0.975, 0.995, 0.9999])
def test_the_quantile_is_scipys(df, probability):
    expected = stats.t.ppf(probability, df)
    assert t_quantile(probability, df) == pytest.approx(expected, rel=1e-9, abs=1e-12)


# --- intervals -----------------------------------------------------------------------------------


def test_differences_are_taken_seed_by_seed():
    np.testing.assert_array_equal(paired_differences([3, 1], [1, 4]), [2.0, -3.0])


def test_an_interval_by_hand():
    # mean 2, standard deviation 2, n = 4: half width 3.182446 * 2 / 2
    interval = mean_interval([0.0, 4.0, 1.0, 3.0])
    assert interval.estimate == 2.0
    assert interval.high - 2.0 == pytest.approx(3.182446 * math.sqrt(10 / 3) / 2, rel=1e-6)


@settings(derandomize=True, max_examples=50, deadline=None)
@given(
    st.lists(st.floats(-100, 100), min_size=2, max_size=30), st.sampled_from([0.5, 0.9, 0.95, 0.99])
)
def test_the_plain_interval_is_scipys(values, confidence):
    interval = mean_interval(values, confidence)
    mean, error = np.mean(values), stats.sem(values)
    half = stats.t.ppf(0.5 + confidence / 2, len(values) - 1) * error
    np.testing.assert_allclose(
        [interval.low, interval.high], [mean - half, mean + half], rtol=1e-8, atol=1e-9
    )


def test_ten_seeds_of_digits_widen_about_threefold_when_splits_overlap():
    values = np.random.default_rng(0).normal(size=10)
    plain = mean_interval(values)
    wide = corrected_interval(values, n_train=1000, n_test=797)
    assert wide.estimate == plain.estimate
    ratio = (wide.high - wide.low) / (plain.high - plain.low)
    assert ratio == pytest.approx(math.sqrt(1 + 10 * 0.797), rel=1e-12)


def test_the_interval_covers_the_true_mean_in_95_of_100_trials():
    rng = np.random.default_rng(1)
    covered = [0.3 in mean_interval(rng.normal(0.3, 2.0, size=10)) for _ in range(2000)]
    assert np.mean(covered) == pytest.approx(0.95, abs=3 * math.sqrt(0.95 * 0.05 / 2000))


def test_correlated_splits_break_the_plain_interval_and_not_the_corrected_one():
    # Differences that share a part, with the correlation n_test / (n_test + n_train) that
    # Nadeau and Bengio assume: variance of the mean (1/n + n_test/n_train) s^2.
    rng = np.random.default_rng(2)
    correlation = 797 / 1797
    plain, corrected = [], []
    for _ in range(2000):
        shared, own = rng.normal(), rng.normal(size=10)
        values = math.sqrt(correlation) * shared + math.sqrt(1 - correlation) * own
        plain.append(0.0 in mean_interval(values))
        corrected.append(0.0 in corrected_interval(values, n_train=1000, n_test=797))
    assert np.mean(plain) < 0.65
    assert np.mean(corrected) == pytest.approx(0.95, abs=0.015)


def test_equal_differences_give_an_interval_of_width_zero():
    interval = mean_interval([7.0, 7.0, 7.0])
    assert (interval.low, interval.high) == (7.0, 7.0)


def test_equal_differences_are_judged_by_themselves_and_not_by_their_rounding():
    interval = mean_interval([0.1, 0.1, 0.1])  # whose mean is 0.10000000000000002 in floats
    assert (interval.estimate, interval.low, interval.high) == (0.1, 0.1, 0.1)
    assert decide(interval, 0.1) == "undecided"


@pytest.mark.parametrize(
    ("estimate", "low", "high"),
    [(math.nan, 0, 1), (0, math.nan, 1), (0, -1, math.inf), (2, 0, 1), (-1, 0, 1), (0, 1, -1)],
)
def test_an_interval_that_is_none_is_refused(estimate, low, high):
    with pytest.raises(ValueError, match=r"needed finite numbers, low <= estimate <= high"):
        Interval(estimate, low, high, n=10)


def test_an_interval_of_no_runs_or_of_more_than_certainty_is_refused():
    with pytest.raises(ValueError, match="n = 0, needed at least 1"):
        Interval(0.0, -1.0, 1.0, n=0)
    with pytest.raises(ValueError, match="confidence is 95"):
        Interval(0.0, -1.0, 1.0, n=10, confidence=95)


def test_an_interval_prints_with_signs_and_number_of_runs():
    assert str(Interval(-0.001, -1.0, 1.0, n=3)) == "+0.00 [-1.00, +1.00], n = 3"


# --- decisions -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("low", "high", "direction", "decision"),
    [
        (0.6, 1.0, "greater", "holds"),
        (0.4, 1.0, "greater", "undecided"),
        (0.5, 1.0, "greater", "undecided"),
        (0.1, 0.4, "greater", "does not hold"),
        (-2.0, -1.0, "greater", "does not hold"),
        (-1.0, 0.6, "greater", "undecided"),
        (-1.0, -0.6, "less", "holds"),
        (-1.0, -0.4, "less", "undecided"),
        (-0.4, -0.1, "less", "does not hold"),
        (1.0, 2.0, "less", "does not hold"),
        (-0.4, 0.4, "equal", "holds"),
        (-0.6, 0.4, "equal", "undecided"),
        (-0.6, 0.6, "equal", "undecided"),
        (0.6, 0.8, "equal", "does not hold"),
        (-0.8, -0.6, "equal", "does not hold"),
    ],
)
def test_the_whole_interval_decides(low, high, direction, decision):
    interval = Interval((low + high) / 2, low, high, n=10)
    assert decide(interval, 0.5, direction) == decision


def test_the_rule_is_wrong_in_at_most_a_fortieth_of_borderline_cases():
    # The true effect *is* the margin: 'holds' may then come by chance, once in 40 runs.
    rng = np.random.default_rng(3)
    decisions = [decide(mean_interval(rng.normal(0.5, 1.0, size=10)), 0.5) for _ in range(2000)]
    assert decisions.count("holds") / 2000 == pytest.approx(0.025, abs=0.0105)


def test_margins_that_make_no_sense_are_refused():
    interval = Interval(0.0, -1.0, 1.0, n=5)
    with pytest.raises(ValueError, match=r"margin=-0.5.*at least 0"):
        decide(interval, -0.5)
    with pytest.raises(ValueError, match=r"margin=nan"):
        decide(interval, math.nan)
    with pytest.raises(ValueError, match=r"margin of 0.*proof"):
        decide(interval, 0, "equal")
    with pytest.raises(ValueError, match=r"direction='more'"):
        decide(interval, 0.5, "more")


# --- p-values ------------------------------------------------------------------------------------


def test_the_p_value_is_scipys_paired_t_test():
    rng = np.random.default_rng(4)
    a, b = rng.normal(0.4, 1.0, size=12), rng.normal(size=12)
    expected = stats.ttest_rel(a, b).pvalue
    assert p_value(paired_differences(a, b)) == pytest.approx(expected, rel=1e-9)


def test_holms_rule_by_hand():
    # sorted 0.01, 0.02, 0.03, 0.9 times 4, 3, 2, 1 = 0.04, 0.06, 0.06, 0.9
    np.testing.assert_allclose(holm([0.9, 0.02, 0.01, 0.03]), [0.9, 0.06, 0.04, 0.06], rtol=1e-12)


def test_holm_never_exceeds_one_and_keeps_the_order():
    adjusted = holm([0.6, 0.5, 0.7])
    np.testing.assert_array_equal(adjusted, [1.0, 1.0, 1.0])


# --- input that cannot be judged -----------------------------------------------------------------


@pytest.mark.parametrize("judge", [mean_interval, p_value])
def test_one_run_is_an_anecdote(judge):
    with pytest.raises(ValueError, match=r"1 value\(s\) came, needed at least 2"):
        judge([0.3])


@pytest.mark.parametrize(
    "judge", [mean_interval, p_value, lambda d: corrected_interval(d, n_train=10, n_test=5)]
)
def test_a_missing_value_is_named(judge):
    with pytest.raises(ValueError, match="value 1 is nan"):
        judge([0.3, math.nan, 0.1])


def test_no_values_at_all_are_refused():
    with pytest.raises(ValueError, match="0 value"):
        corrected_interval([], n_train=10, n_test=5)
    with pytest.raises(ValueError, match="0 value"):
        holm([])


def test_a_table_is_not_a_list_of_differences():
    with pytest.raises(ValueError, match=r"shape \(2, 2\), needed \(n,\)"):
        mean_interval(np.zeros((2, 2)))


def test_arms_of_different_length_are_not_paired():
    with pytest.raises(ValueError, match="3 and 2 values"):
        paired_differences([1, 2, 3], [1, 2])


@pytest.mark.parametrize("values", [[2, 2, 2], [0.1, 0.1, 0.1], [0.1 + 0.2, 0.3, 0.3], [0, 0, 0]])
def test_differences_without_spread_have_no_p_value(values):
    with pytest.raises(ValueError, match="all 3 differences are"):
        p_value(values)


def test_tiny_differences_have_a_p_value_like_any_other():
    assert p_value([1e-15, 2e-15, 3e-15]) == pytest.approx(p_value([1, 2, 3]), rel=1e-9)


@pytest.mark.parametrize("values", [["1", "2"], [1 + 2j, 3], [None, 1.0]])
def test_what_is_no_number_is_not_turned_into_one(values):
    with pytest.raises(
        TypeError, match=r"mean_interval\(differences\): the values are .*needed real"
    ):
        mean_interval(values)


def test_settings_outside_their_range_are_refused():
    with pytest.raises(ValueError, match=r"probability=1\.0"):
        t_quantile(1.0, 3)
    with pytest.raises(ValueError, match="df = 0, needed at least 1"):
        t_cdf(1.0, 0)
    with pytest.raises(TypeError, match=r"df = 2\.5 is a float, needed an int"):
        t_cdf(1.0, 2.5)
    with pytest.raises(ValueError, match="t is nan"):
        t_cdf(math.nan, 3)
    with pytest.raises(ValueError, match="confidence is 95"):
        mean_interval([1, 2], confidence=95)
    with pytest.raises(ValueError, match=r"n_train = 0, needed at least 1"):
        corrected_interval([1, 2], n_train=0, n_test=5)
    with pytest.raises(TypeError, match=r"n_train = nan is a float, needed an int"):
        corrected_interval([1, 2], n_train=math.nan, n_test=5)
    with pytest.raises(ValueError, match=r"in \[0, 1\]"):
        holm([0.5, 1.5])


def test_the_p_value_may_be_held_against_another_mean():
    values = np.random.default_rng(5).normal(1.0, 0.5, 12)
    expected = stats.ttest_1samp(values, 0.8).pvalue
    assert p_value(values, null=0.8) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("splits", [None, (1000, 797)])
def test_the_p_value_is_five_percent_at_the_end_of_the_interval(splits):
    values = np.random.default_rng(6).normal(1.0, 0.5, 10)
    interval = mean_interval(values) if splits is None else corrected_interval(values, *splits)
    assert p_value(values, null=interval.low, splits=splits) == pytest.approx(0.05, rel=1e-6)


# --- coverage: what "95 %" promises ---------------------------------------------------------------


def covered(intervals, truth):
    """Share of intervals that hold the truth."""
    return np.mean([interval.low <= truth <= interval.high for interval in intervals])


@pytest.mark.parametrize("n", [2, 5, 10])
def test_the_interval_covers_the_truth_in_95_of_100_experiments(n):
    draws = np.random.default_rng(n).normal(0.3, 2.0, size=(4000, n))
    share = covered([mean_interval(draw) for draw in draws], 0.3)
    assert abs(share - 0.95) < 4 * np.sqrt(0.95 * 0.05 / 4000)


def differences_of_ten_splits(n_images, n_train, rng):
    """What each image shows of two arms when tested, and what it teaches them, over ten splits."""
    images = rng.normal(size=(2, n_images))
    splits = [np.split(rng.permutation(n_images), [n_train]) for _ in range(10)]
    return [images[0, test].mean() + images[1, train].mean() for train, test in splits]


def test_the_plain_interval_is_too_narrow_for_new_images_and_the_corrected_one_is_not():
    rng = np.random.default_rng(0)
    runs = [differences_of_ten_splits(300, 170, rng) for _ in range(400)]
    assert covered([mean_interval(run) for run in runs], 0.0) < 0.8
    assert covered([corrected_interval(run, 170, 130) for run in runs], 0.0) > 0.9


@pytest.mark.parametrize(("n_train", "times"), [(200, (0.9, 1.2)), (33, (4, 7))])
def test_the_corrected_interval_fits_many_training_images_and_is_too_wide_for_few(n_train, times):
    rng = np.random.default_rng(0)
    runs = [differences_of_ten_splits(300, n_train, rng) for _ in range(400)]
    needed = 2 * 1.96 * np.std([np.mean(run) for run in runs])
    intervals = [corrected_interval(run, n_train, 300 - n_train) for run in runs]
    wide = np.mean([interval.high - interval.low for interval in intervals])
    assert times[0] < wide / needed < times[1]
