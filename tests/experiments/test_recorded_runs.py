"""The experiments of chapter 2: that their arms are what they say, and that they run."""

from itertools import accumulate

import numpy as np
import pytest
import torch

from cnnlab import experiments
from cnnlab.compare import to_torch
from cnnlab.experiments import runner
from cnnlab.experiments.catalogue import pooling_cost, pooling_share, training_speed
from cnnlab.experiments.networks import DOWN, n3
from cnnlab.experiments.timing import milliseconds


def kinds(model):
    return [type(layer).__name__ for layer in model]


def test_arms_differ_in_the_downsampling_alone():
    rng = np.random.default_rng(0)
    assert kinds(n3("max", 16, rng=rng))[:4] == ["Conv2d", "ReLU", "MaxPool2d", "Conv2d"]
    assert kinds(n3("avg_before_relu", 16, rng=rng))[:3] == ["Conv2d", "AvgPool2d", "ReLU"]
    assert kinds(n3("stride", 16, rng=rng)) == kinds(n3("none", 16, rng=rng))


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
@pytest.mark.parametrize("down", DOWN)
def test_both_libraries_compute_the_same_network(down):
    ours = n3(down, 16, rng=np.random.default_rng(0))
    x = np.random.default_rng(1).random((3, 1, 16, 16), dtype=np.float32)
    theirs = to_torch(ours)(torch.from_numpy(x)).detach().numpy()
    np.testing.assert_allclose(ours(x), theirs, atol=1e-5)


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


def cheap_repetitions(each=2.0, together=6.0):
    """Cheapest arm of every record that is soon repeated, as (experiment, arm).

    It takes at most so many recorded seconds each and together, the cheapest first. What measures
    seconds is left out, and what needs CIFAR-10.
    """
    cheapest = []
    for name in experiments.NAMES:
        if experiments.get(name).alone or not (experiments.RUNS / f"{name}.jsonl").exists():
            continue
        record = experiments.load(name)
        rows = [(row["run_seconds"], row["arm"]) for row in record.rows if row["seed"] == 0]
        if rows and "cifar" not in f"{name} {record.header['data']['name']}".lower():
            seconds, arm = min(rows)
            cheapest.append((seconds, name, arm))
    cheapest.sort()
    totals = accumulate(seconds for seconds, *_ in cheapest)
    return [
        (name, arm)
        for (seconds, name, arm), total in zip(cheapest, totals, strict=True)
        if seconds <= each and total <= together
    ]


CHEAP = cheap_repetitions()


def test_some_records_are_cheap_to_repeat():
    assert CHEAP


@pytest.mark.parametrize(("name", "arm"), CHEAP)
def test_a_sample_of_every_cheap_record_comes_out_again(name, arm):
    path = experiments.RUNS / f"{name}.jsonl"
    lines = []
    assert runner.check(experiments.get(name), path, (arm,), seeds=1, say=lines.append), lines
