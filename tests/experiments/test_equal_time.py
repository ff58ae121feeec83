"""Networks that are trained for the same time get the epochs that the recorded steps allow."""

import numpy as np
import pytest

from cnnlab import experiments
from cnnlab.experiments import equal_time, removals

NAMES = ("equal_time_centred", "equal_time_scattered", "equal_time_cifar")


def pace(kind, arm):
    return float(np.median(experiments.load("removals_pace").values(arm, f"{kind}_over_max")))


@pytest.mark.parametrize(
    ("epochs", "kind", "of_max"),
    [
        (equal_time.EPOCHS_DIGITS, "digits", 25),
        (equal_time.TRIALS_DIGITS, "digits", 8),
        (equal_time.EPOCHS_PHOTOGRAPHS, "photographs", 16),
        (equal_time.TRIALS_PHOTOGRAPHS, "photographs", 3),
    ],
)
def test_epochs_are_those_that_fit_into_the_time_of_max(epochs, kind, of_max):
    assert epochs == {arm: max(1, round(of_max / pace(kind, arm))) for arm in equal_time.WAYS}


@pytest.mark.parametrize("name", NAMES)
def test_the_experiment_gives_max_the_epochs_that_the_comparison_at_equal_epochs_gives_it(name):
    twin = experiments.get(name.replace("equal_time", "removals"))
    mine = experiments.get(name)
    assert mine.full["epochs"]["max"] == twin.full["epochs"]
    assert mine.full["trial_epochs"]["max"] == twin.full["trial_epochs"]


@pytest.mark.parametrize("name", NAMES)
def test_arms_are_those_of_the_removals_word_for_word(name):
    arms = experiments.get(name).arms
    assert arms == {arm: removals.ARMS[arm] for arm in arms}


def test_every_arm_is_trained_for_its_own_number_of_epochs(monkeypatch):
    seen = {}
    monkeypatch.setattr(
        removals,
        "measure",
        lambda arm, split, seed, configuration, device: seen.update({arm: configuration}) or {},
    )
    for arm in ("max", "stride"):
        row = equal_time.measure(arm, None, 0, equal_time.DIGITS, "cpu")
        assert row == {"epochs": equal_time.EPOCHS_DIGITS[arm]}
        assert seen[arm]["epochs"] == equal_time.EPOCHS_DIGITS[arm]
        assert seen[arm]["trial_epochs"] == equal_time.TRIALS_DIGITS[arm]
