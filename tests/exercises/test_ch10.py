"""The exercises of chapter 10: cases, references and replies that are theirs alone."""

import numpy as np
import pytest
import torch

from cnnlab.exercises import ch10
from cnnlab.statistics import mean_interval


def plain(text):
    return " ".join(str(text).split())


# -- 1. weights


@pytest.mark.parametrize("case", ch10._weight_cases()[::4])
def test_torch_gives_the_scores_of_the_other_library(case):
    weight, (H, W, C) = case
    maps = np.random.default_rng(0).normal(size=(5, H, W, C))
    expected = maps.reshape(5, -1) @ weight
    layer = torch.nn.Linear(H * W * C, weight.shape[1], bias=False, dtype=torch.float64)
    layer.weight.data = torch.from_numpy(ch10._my_linear_weight(weight, (H, W, C)).copy())
    flat = torch.nn.Flatten()(torch.from_numpy(maps.transpose(0, 3, 1, 2).copy()))
    np.testing.assert_allclose(layer(flat).detach().numpy(), expected, atol=1e-12)


def test_weights_accept_an_answer_with_an_index():
    def my_linear_weight(weight, shape):
        order = np.arange(len(weight)).reshape(shape).transpose(2, 0, 1).ravel()
        return weight[order].T

    assert ch10.weights.check(my_linear_weight).passed


# -- 2. timing


def test_a_device_computes_while_python_goes_on():
    device = ch10.Device(launch=1, compute=6)
    for _ in range(3):
        device.step()
    assert device.clock() == 3
    device.synchronize()
    assert device.clock() == 19
    device.synchronize()
    assert device.clock() == 19


def test_the_first_step_and_every_eleventh_take_longer():
    device, times = ch10.Device(launch=1, compute=2, first=50), []
    for _ in range(12):
        began = device.clock()
        device.step()
        device.synchronize()
        times.append(device.clock() - began)
    assert times[:2] == [53, 3]
    assert times[9:] == [3, 21, 3]


def test_a_device_of_a_case_can_be_pasted():
    device, _ = ch10._timing_cases()[0]
    assert eval(repr(device), {"ch10": ch10}) == device


def test_the_function_as_found_is_not_attempted_and_wrong_once_touched():
    names = {"np": np}
    exec(ch10._TIMING_STUB, names)
    found = names["my_milliseconds"]
    assert ch10.timing.check(found).status == "not attempted"
    reply = plain(ch10.timing.check(lambda device, repeats: found(device, repeats)))
    assert "the time that Python takes to hand a step over" in reply


def test_the_minimum_of_several_is_accepted_with_a_word_on_the_median():
    def my_milliseconds(device, repeats):
        for _ in range(2):
            device.step()
            device.synchronize()
        times = []
        for _ in range(repeats):
            began = device.clock()
            device.step()
            device.synchronize()
            times.append(device.clock() - began)
        return min(times)

    reply = ch10.timing.check(my_milliseconds)
    assert reply.passed
    assert "You take the minimum" in plain(reply)


def test_the_median_is_not_taken_for_the_minimum():
    reply = ch10.timing.check(ch10._my_milliseconds)
    assert reply.passed
    assert "minimum" not in plain(reply)


def test_of_an_uneven_device_the_minimum_is_not_the_median():
    device = ch10._Uneven(0.25, 6.0)
    assert np.median(ch10._timed(device, 6)) == 7.25
    assert min(ch10._timed(ch10._Uneven(0.25, 6.0), 6)) == 6.25


# -- 3. paired


@pytest.mark.parametrize("case", ch10._interval_cases()[::3])
def test_the_interval_is_that_of_the_book(case):
    first, second, t = case
    expected = mean_interval(first - second)
    # the quantile is handed over with three digits
    np.testing.assert_allclose(
        ch10._my_interval(first, second, t), (expected.low, expected.high), rtol=1e-2, atol=1e-3
    )


def test_no_case_has_differences_without_spread():
    assert all(np.ptp(first - second) > 0 for first, second, _ in ch10._interval_cases())


@pytest.mark.parametrize("case", ch10._interval_cases())
def test_no_end_that_is_needed_has_more_digits_than_one_can_read(case):
    assert all(len(repr(end)) <= 13 for end in ch10._interval_by_loops(*case))


# -- 4. layouts


def test_the_stub_says_in_which_format_the_networks_compute():
    assert "float32" in ch10.layouts.stub


# -- 5. runs


def test_one_run_has_no_quantile_and_is_told_so():
    with pytest.raises(ValueError, match=r"n = 1, needed at least 2\. One run has no spread"):
        ch10.t(1)


def test_a_loop_that_begins_with_one_run_is_told_where_to_begin():
    def my_runs(spread, half_width):
        n = 1
        while ch10.t(n) * spread / n**0.5 > half_width:
            n += 1
        return n

    assert "n = 1, needed at least 2" in plain(ch10.runs.check(my_runs))


def test_the_quantile_is_for_so_many_runs():
    assert ch10.t(2) == pytest.approx(12.706, abs=1e-3)
    assert ch10.t(10) == pytest.approx(2.262, abs=1e-3)


@pytest.mark.parametrize(("spread", "half_width"), ch10._runs_cases()[::3])
def test_one_run_fewer_is_not_enough(spread, half_width):
    n = ch10._my_runs(spread, half_width)
    assert ch10.t(n) * spread / n**0.5 <= half_width
    assert n == 2 or ch10.t(n - 1) * spread / (n - 1) ** 0.5 > half_width
