"""The five ways of writing a convolution give the same numbers, and were recorded so."""

import numpy as np
import pytest

from cnnlab import experiments
from cnnlab.experiments.catalogue import convolution_cost

QUICK = convolution_cost.EXPERIMENT.quick


def results(arm):
    forward, backward = convolution_cost.passes(arm, QUICK)
    y, (grad_x, grad_weight) = forward(), backward()
    arrays = [np.asarray(part, dtype=np.float64) for part in (y, grad_x, grad_weight)]
    if arm == "lists":  # its images keep their frame
        arrays[1] = arrays[1][:, :, 1:-1, 1:-1]
    return arrays


@pytest.mark.parametrize("arm", list(convolution_cost.ARMS)[1:])
def test_all_ways_give_the_same_numbers_forth_and_back(arm):
    for ours, lists in zip(results(arm), results("lists"), strict=True):
        np.testing.assert_allclose(ours, lists, rtol=1e-4, atol=1e-4)


def test_a_short_run_measures_both_ways():
    row = convolution_cost.run("cnnlab", 0, QUICK)
    assert set(row) == set(convolution_cost.EXPERIMENT.quantities)
    assert min(row.values()) > 0


def test_the_record_has_all_ways_ten_times():
    record = experiments.load("convolution_cost")
    assert list(record.arms) == list(convolution_cost.ARMS)
    assert all(len(record.values(arm, "forward_ms")) == 10 for arm in record.arms)
