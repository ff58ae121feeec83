"""Devices: an experiment that takes one computes on it, so one that is not there stops it."""

import pytest

from cnnlab import experiments


def refuses(experiment, arm):
    """Whether an arm stops at a device that no computer has."""
    try:
        experiment.run(arm, 0, experiment.quick, device="nonsense")
    except RuntimeError as error:
        return "nonsense" in str(error)
    return False


@pytest.mark.parametrize(
    "name", [name for name in experiments.NAMES if experiments.get(name).takes_device]
)
def test_an_experiment_that_takes_a_device_uses_it(name):
    experiment = experiments.get(name)
    assert any(refuses(experiment, arm) for arm in experiment.arms)  # some arms train nothing


@pytest.mark.parametrize("name", ["shifted_features", "preprocessing", "cifar_speed"])
def test_what_computes_on_the_processor_alone_takes_no_device(name):
    assert not experiments.get(name).takes_device
