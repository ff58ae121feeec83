"""The experiments of chapter 10: what is timed, on which device, and two trainings side by side."""

import time

import numpy as np
import pytest
import torch

from cnnlab import experiments
from cnnlab.experiments import runner, steps, timing
from cnnlab.experiments.catalogue import last_digit, throughput, throughput_gpu

SMALL = {**throughput.EXPERIMENT.quick, "batch_sizes": [1, 2], "compared": [2], "shares": [2]}


# -- clocks


def test_the_clock_of_a_device_waits_for_it(monkeypatch):
    waited = []

    class Module:
        @staticmethod
        def synchronize(place):
            waited.append(str(place))

    monkeypatch.setattr(torch, "get_device_module", lambda place: Module)
    read = timing.clock("cuda")
    read()
    assert waited == ["cuda"]


def test_the_clock_of_the_processor_does_not_count_sleep():
    read = timing.clock()
    began = read()
    time.sleep(0.05)
    assert read() - began < 0.04


def test_the_clock_that_is_given_is_read():
    ticks = iter(range(100))
    found = timing.milliseconds(lambda: None, repeats=2, warm_up=1, clock=lambda: next(ticks))
    assert found == [1000.0]
    assert next(ticks) == 6


# -- throughput


def test_images_a_second_are_images_over_time(monkeypatch):
    monkeypatch.setattr(
        timing, "milliseconds", lambda *calls, **options: [10.0 + k for k, _ in enumerate(calls)]
    )
    row = throughput.measure("cnnlab", {**SMALL, "steps": 3})
    assert row["max_1"] == pytest.approx(1 * 3 / 0.010)
    assert row["none_2"] == pytest.approx(2 * 3 / 0.013)
    assert row["share_2"] == pytest.approx(14 / 10)


@pytest.mark.parametrize("arm", throughput_gpu.EXPERIMENT.arms)
def test_a_step_in_torch_trains_in_the_layout_and_format_of_its_arm(arm):
    network = steps.network("max", SMALL)
    step = steps.step(arm, network, *steps.noise(2, 1, 8, 8), "cpu:0")
    cells = {cell: inside.cell_contents for cell, inside in closure(step)}
    before = [parameter.clone() for parameter in cells["model"].parameters()]
    step()
    after = list(cells["model"].parameters())
    assert all(not torch.equal(a, b) for a, b in zip(before, after, strict=True))
    assert all(parameter.dtype == torch.float32 for parameter in after)
    layout = torch.channels_last if arm.endswith("channels_last") else torch.contiguous_format
    kernel = after[2]  # of the second convolution: with one channel both layouts are the same
    assert kernel.is_contiguous(memory_format=layout)


def closure(function):
    return zip(function.__code__.co_freevars, function.__closure__, strict=True)


@pytest.mark.parametrize("arm", ["torch", "torch_tf32", "torch_bf16"])
def test_rounding_is_allowed_in_one_arm_and_autocast_in_another(arm, monkeypatch):
    seen = []

    def step(arm, model, x, y, device):
        with steps._rounding(torch, arm, torch.device("cpu")):
            seen.append((precise(), torch.is_autocast_enabled("cpu")))
        return lambda: None

    monkeypatch.setattr(throughput, "step", step)
    throughput.measure(arm, {**SMALL, "shares": []}, "cpu:0")
    assert set(seen) == {(arm != "torch_tf32", arm == "torch_bf16")}


def precise():
    products = torch.backends.cuda.matmul
    if hasattr(products, "fp32_precision"):
        return products.fp32_precision == "ieee"
    return not products.allow_tf32


def test_the_gpu_s_experiment_runs_on_a_device_that_is_named():
    record = runner.run(throughput_gpu.EXPERIMENT, device="cpu:0")
    assert set(record.arms) == set(throughput_gpu.EXPERIMENT.arms)
    for name in throughput_gpu.EXPERIMENT.quantities:
        assert (record.values("torch", name) > 0).all()


def test_pools_are_timed_forth_and_back(monkeypatch):
    asked = []
    grad = torch.autograd.grad
    monkeypatch.setattr(
        torch.autograd, "grad", lambda y, x, g: asked.append(tuple(y.shape)) or grad(y, x, g)
    )
    steps.pools("torch_bf16", 2, SMALL, "cpu:0")()
    assert asked == [(2, 2, 4, 4), (2, 2, 2, 2)]


def test_the_record_has_what_the_exercise_on_layouts_says():
    from cnnlab.exercises import ch10

    record = experiments.load("throughput")
    ranges = {
        "hardly anything": (0.85, 1.15),
        "about a third": (1.2, 1.5),
        "nearly twice": (1.7, 2.1),
    }
    for name, words in ch10._GAINS.items():
        way, _, bf16 = name.partition("_")
        arm = "torch_bf16" if bf16 else "torch"
        ratio = record.values(f"{arm}_channels_last", f"{way}_64") / record.values(arm, f"{way}_64")
        low, high = ranges[words]
        assert low < np.median(ratio) < high, name


# -- the last digit


def test_the_same_training_twice_is_the_same():
    row = last_digit.run("same_high", 0, last_digit.EXPERIMENT.quick)
    assert row["distance"] == row["changed"] == 0
    assert row["accuracy"] == row["other_accuracy"]


def test_a_nudge_is_one_weight_by_one_last_digit():
    one, other = (last_digit.begin(0, last_digit.EXPERIMENT.quick) for _ in range(2))
    last_digit.nudge(other)
    pairs = zip(one.parameters(), other.parameters(), strict=True)
    moved = [(a.data - b.data)[a.data != b.data] for a, b in pairs]
    (difference,) = np.concatenate(moved)
    weight = next(one.parameters()).data.flat[0]
    assert abs(difference) == np.spacing(abs(weight))


def test_a_nudged_training_starts_within_rounding():
    row = last_digit.run("nudged_low", 0, last_digit.EXPERIMENT.quick)
    assert 0 < row["distances"][0] < 1e-5


def test_both_libraries_start_alike():
    row = last_digit.run("torch_low", 0, last_digit.EXPERIMENT.quick)
    assert 0 < row["distances"][0] < 1e-5
