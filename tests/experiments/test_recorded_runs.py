"""The experiments of chapter 2: that their arms are what they say, and that they run."""

import numpy as np
import pytest

from cnnlab import experiments
from cnnlab.experiments import pooling_cost, pooling_share, runner, training_speed
from cnnlab.experiments.networks import DOWN, n3, n3_torch
from cnnlab.experiments.timing import milliseconds


def kinds(model):
    return [type(layer).__name__ for layer in model]


def test_arms_differ_in_the_downsampling_alone():
    rng = np.random.default_rng(0)
    assert kinds(n3("max", 16, rng=rng))[:4] == ["Conv2d", "ReLU", "MaxPool2d", "Conv2d"]
    assert kinds(n3("avg_before_relu", 16, rng=rng))[:3] == ["Conv2d", "AvgPool2d", "ReLU"]
    assert kinds(n3("stride", 16, rng=rng)) == kinds(n3("none", 16, rng=rng))


@pytest.mark.parametrize("down", DOWN)
def test_both_libraries_build_the_same_network(down):
    ours, theirs = n3(down, 16, rng=np.random.default_rng(0)), n3_torch(down, 16)
    assert kinds(ours) == kinds(theirs)
    shapes = [tuple(parameter.shape) for parameter in ours.parameters()]
    assert shapes == [tuple(parameter.shape) for parameter in theirs.parameters()]


@pytest.mark.parametrize("down", ["avg", "stride", "none"])
def test_arms_of_one_seed_start_from_the_same_kernels(down):
    first, other = (n3(name, 16, rng=np.random.default_rng(5)) for name in ("max", down))
    kernels = [
        [layer.weight.data for layer in model if type(layer).__name__ == "Conv2d"]
        for model in (first, other)
    ]
    for one, two in zip(*kernels, strict=True):
        np.testing.assert_array_equal(one, two)


def test_unknown_ways_and_odd_sizes_are_refused():
    with pytest.raises(ValueError, match=r"n3\(down='median'\).*max, avg"):
        n3("median", 16, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match=r"size=30.*multiple of 4"):
        n3("max", 30, rng=np.random.default_rng(0))


def test_all_ways_of_writing_a_pool_give_the_same_maps():
    x = pooling_cost.maps(pooling_cost.EXPERIMENT.quick)
    expected = pooling_cost.with_reshape(x)
    for arm in pooling_cost.POOLS:
        result = np.asarray(pooling_cost.implementation(arm, x)(), dtype=np.float32)
        np.testing.assert_array_equal(result, expected, err_msg=arm)


def test_all_convolutions_give_the_same_maps():
    x = pooling_cost.maps(pooling_cost.EXPERIMENT.quick)
    results = [
        np.asarray(pooling_cost.implementation(arm, x)()) for arm in pooling_cost.CONVOLUTIONS
    ]
    for result in results[1:]:
        np.testing.assert_allclose(result, results[0], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", experiments.NAMES)
def test_every_experiment_runs_in_its_quick_settings(name):
    experiment = experiments.get(name)
    record = runner.run(experiment)
    assert record.arms == tuple(experiment.arms)
    for quantity in experiment.quantities:
        for arm in record.arms:
            assert np.isfinite(record.values(arm, quantity)).all()


def test_a_goal_that_is_not_reached_is_admitted():
    quick = training_speed.EXPERIMENT.quick
    goal = {**quick["goal"], "accuracy": 1.01, "epochs": 1}
    seconds, steps, reached = training_speed.time_to_goal("stride", 0, 0.003, {"goal": goal})
    assert (steps, reached) == (16, False)
    assert seconds > 0


def test_the_share_is_pools_over_step():
    row = pooling_share.run("cnnlab", 0, pooling_share.EXPERIMENT.quick)
    assert row["share"] == row["pool_ms"] / row["step_ms"]


def test_the_median_is_taken_of_the_timed_rounds_alone():
    calls = []
    assert len(milliseconds(lambda: calls.append("a"), lambda: calls.append("b"), repeats=3)) == 2
    assert calls == ["a", "b"] * 5
    with pytest.raises(ValueError, match="repeats=0"):
        milliseconds(repeats=0)
