"""The exercises of chapter 3: cases, references and replies that are theirs alone."""

import math

import numpy as np
import pytest

from cnnlab import nn
from cnnlab.exercises import ch03


def plain(text):
    return " ".join(str(text).split())


def backward(layer, x, grad):
    """Pass a gradient back through one of the library's layers."""
    layer.forward(x[np.newaxis, np.newaxis].astype(float))
    return layer.backward(grad[np.newaxis, np.newaxis])[0, 0]


# -- 1. avg_backward


@pytest.mark.parametrize("case", ch03._avg_cases()[::11])
def test_avg_backward_needs_what_the_library_returns(case):
    grad, H, W, kernel_size, stride = case
    expected = backward(nn.AvgPool2d(kernel_size, stride), np.zeros((H, W)), grad)
    np.testing.assert_allclose(ch03._my_avg_backward(*case), expected, atol=1e-12)
    np.testing.assert_allclose(ch03._avg_by_units(*case), expected, atol=1e-12)


def test_avg_backward_is_tried_on_overlapping_windows_and_left_over_rows():
    cases = ch03._avg_cases()
    assert any(stride < k for _, _, _, k, stride in cases)
    assert any((H - k) % stride for _, H, _, k, stride in cases)


# -- 2. max_backward


@pytest.mark.parametrize("case", ch03._max_cases()[::13])
def test_max_backward_needs_what_the_library_returns(case):
    grad, x, kernel_size, stride = case
    expected = backward(nn.MaxPool2d(kernel_size, stride), x, grad)
    np.testing.assert_allclose(ch03._my_max_backward(*case), expected, atol=1e-12)
    np.testing.assert_allclose(ch03._max_by_search(*case), expected, atol=1e-12)


def test_max_backward_is_tried_on_negative_maps_and_ties_but_not_at_first():
    maps = [x for _, x, _, _ in ch03._max_cases()]
    assert np.unique(maps[0]).size == maps[0].size
    assert any((x < 0).all() for x in maps)
    assert any(np.unique(x).size < x.size / 2 for x in maps)


# -- 3. repair_ties


def found():
    """Return the function that is to be repaired."""
    names = {"np": np}
    exec(ch03._TIES_FOUND, names)
    return names["my_repaired_backward"]


def test_the_function_to_be_repaired_is_right_without_ties():
    grad, x = ch03._ties_cases()[0]
    np.testing.assert_array_equal(found()(grad, x), ch03._my_repaired_backward(grad, x))


def test_the_function_to_be_repaired_passes_back_four_times_too_much_on_a_constant_map():
    assert found()(np.ones((1, 1, 1)), np.zeros((1, 2, 2))).sum() == 4


def test_the_function_as_found_is_not_attempted_and_written_anew_it_is_wrong():
    def my_repaired_backward(grad, x):
        return found()(grad, x)

    assert ch03.repair_ties.check(found()).status == "not attempted"
    assert "as the function was found" in plain(ch03.repair_ties.check(my_repaired_backward))


@pytest.mark.parametrize(
    ("shares", "praise"),
    [
        (ch03._first_winner, "the first of equal winners takes it all, as in PyTorch"),
        (lambda w: w / w.sum(axis=-1, keepdims=True), "With you equal winners share"),
        (lambda w: ch03._first_winner(w[..., ::-1])[..., ::-1], "How equal winners share is up"),
    ],
    ids=["first", "even", "last"],
)
def test_every_fair_way_to_share_is_accepted(shares, praise):
    reply = ch03.repair_ties.check(lambda grad, x: ch03._shared(grad, x, shares))
    assert reply.passed
    assert praise in plain(reply)


def test_an_unfair_share_below_zero_is_refused():
    def shares(winners):
        first = ch03._first_winner(winners)
        last = ch03._first_winner(winners[..., ::-1])[..., ::-1]
        return 2 * first - last

    reply = plain(ch03.repair_ties.check(lambda grad, x: ch03._shared(grad, x, shares)))
    assert "A winner gets a share below 0." in reply


def test_shares_of_a_window_without_a_winner_are_nan_and_refused():
    def shares(winners):
        return np.where(winners.sum(axis=-1, keepdims=True) == 4, np.nan, winners)

    reply = plain(ch03.repair_ties.check(lambda grad, x: ch03._shared(grad, x, shares)))
    assert "The result holds nan or inf. Is something divided by 0?" in reply


def test_an_unknown_way_to_share_too_little_is_told_with_both_sums():
    reply = plain(ch03.repair_ties.check(lambda grad, x: ch03._shared(grad, x, lambda w: w / 2)))
    assert "Window (0, 0) of channel 0 received the gradient" in reply


# -- 4. winners


def normal(t):
    return 0.5 * (1 + math.erf(t / math.sqrt(2)))


@pytest.mark.parametrize("task", ch03._WINNERS)
def test_the_winner_of_a_task_is_ahead_by_ten_percent_of_the_windows(task):
    shares = ch03.duel(task)
    other = "max" if ch03._WINNERS[task] == "average" else "average"
    assert shares[ch03._WINNERS[task]] > shares[other] + 0.1


def test_the_duels_agree_with_what_can_be_computed():
    t = np.linspace(-1, 8, 2001)
    below = np.array([normal(v) for v in t])
    spark = below**48 * np.array([normal(v - 4) for v in t])
    assert ch03.duel("spark")["max"] == pytest.approx(0.5 + (below**49 - spark).max() / 2, abs=0.02)
    assert ch03.duel("spark")["average"] == pytest.approx(normal(4 / 7 / 2), abs=0.02)
    assert ch03.duel("haze")["average"] == pytest.approx(normal(3.5 / 2), abs=0.02)
    assert ch03.duel("dots")["max"] == pytest.approx(0.5, abs=0.02)


def test_an_unknown_task_is_refused():
    with pytest.raises(ValueError, match=r"duel\('sparks'\): there is no such task"):
        ch03.duel("sparks")


def test_the_prediction_is_scored_and_one_mistake_is_explained():
    answer = ch03._with(dots="max", height="average", spark="average")
    reply = plain(ch03.winners.check(answer))
    assert "Not yet. 3 of 6 are right. spark: It is right that averaging removes noise." in reply


def test_the_average_may_be_called_avg():
    answer = {task: "avg" if rule == "average" else rule for task, rule in ch03._WINNERS.items()}
    assert ch03.winners.check(answer).passed


# -- 5. tipping_point


def told_right(m):
    """Shares of windows told right with m of 16 values raised by 2, for max and average."""
    t = np.linspace(-2, 8, 5001)
    below = np.array([normal(v) for v in t])
    raised = np.array([normal(v - 2) for v in t])
    by_max = 0.5 + (below**16 - raised**m * below ** (16 - m)).max() / 2
    return by_max, normal(2 * m / 16 / 0.25 / 2)


def test_the_tipping_point_is_where_the_average_first_wins():
    ahead = [average > by_max for by_max, average in map(told_right, range(1, 17))]
    assert ahead.index(True) + 1 == ch03._TIPPING
    assert all(ahead[ch03._TIPPING - 1 :])


def test_the_shares_in_the_praise_are_right():
    praise = plain(ch03.tipping_point.check(5))
    for m in (4, 5):
        for share in told_right(m):
            assert f"{100 * share:.1f} %" in praise


@pytest.mark.parametrize("m", [np.int64(5), 5.0])
def test_whole_numbers_of_any_type_are_accepted(m):
    assert ch03.tipping_point.check(m).passed


@pytest.mark.parametrize(("m", "told"), [(6, "try fewer"), (7, "go down from here")])
def test_close_above_the_tipping_point_the_reply_says_where_to_look(m, told):
    assert told in plain(ch03.tipping_point.check(m))


@pytest.mark.parametrize("m", [3, 10, 15])
def test_other_numbers_are_refused_without_a_direction(m):
    reply = plain(ch03.tipping_point.check(m))
    assert f"It is not {m}." in reply
    assert not {"more", "less", "fewer", "larger", "smaller"} & set(reply.split())


@pytest.mark.parametrize("m", [True, -3, 17, 4.25, "five or so", [5], float("nan")])
def test_what_is_no_number_from_1_to_16_is_told_so(m):
    assert "needed a whole number from 1 to 16" in plain(ch03.tipping_point.check(m))


# -- 6. power_mean


@pytest.mark.parametrize("case", ch03._power_cases())
def test_the_power_mean_by_logarithms_confirms_the_solution(case):
    assert ch03._my_power_mean(*case) == pytest.approx(ch03._power_mean_by_logs(*case), rel=1e-9)


def test_the_power_mean_is_the_average_for_1_and_nearly_the_maximum_for_1000():
    values = np.array([1.0, 2.0, 6.0])
    assert ch03._my_power_mean(values, 1) == pytest.approx(3)
    assert ch03._my_power_mean(values, 1000) == pytest.approx(6, rel=0.002)


def test_the_power_mean_is_the_librarys_lp_pool_divided_by_the_number_of_values():
    x = np.arange(1.0, 5).reshape(1, 1, 2, 2)
    summed = float(nn.LPPool2d(3, 2).forward(x)[0, 0, 0, 0])
    assert ch03._my_power_mean(x.ravel(), 3) == pytest.approx(summed / 4 ** (1 / 3))


@pytest.mark.parametrize(
    ("my_power_mean", "told"),
    [
        (lambda values, p: (values**p).sum() ** (1 / p), "as in PyTorch's LPPool2d"),
        (lambda values, p: np.mean(values**p) ** 1 / p, "write its root as ** (1 / p)"),
    ],
)
def test_a_plain_formula_with_a_mistake_gets_its_sentence_although_it_overflows(
    my_power_mean, told
):
    assert told in plain(ch03.power_mean.check(my_power_mean))


# -- 7. exponent_gradient


@pytest.mark.parametrize("case", ch03._exponent_cases())
def test_the_derivative_by_the_exponent_is_that_of_small_steps(case):
    expected = ch03._exponent_by_steps(*case)
    assert ch03._my_exponent_gradient(*case) == pytest.approx(expected, rel=1e-7)


def test_the_power_mean_never_falls_with_its_exponent():
    assert all(ch03._my_exponent_gradient(*case) > 0 for case in ch03._exponent_cases())
