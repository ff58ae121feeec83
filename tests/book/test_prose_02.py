"""Words of chapter 2 that stand for a number: each is held against the number it stands for."""

import numpy as np
import pytest
from chapter import Chapter

from cnnlab import experiments
from cnnlab.statistics import corrected_interval, mean_interval

CHAPTER = Chapter("02-why-pool")


def accuracy(one, other):
    """Interval of a paired difference in test accuracy, in points."""
    record = experiments.load("pool_or_not")
    return mean_interval(100 * record.differences(one, other, "test_accuracy"))


def milliseconds(arm):
    return float(np.median(experiments.load("pooling_cost").values(arm, "milliseconds")))


def step(arm, quantity):
    return float(np.median(experiments.load("training_speed").values(arm, quantity)))


def goal_step(arm):
    """Seconds per step of the race to 95 %."""
    record = experiments.load("training_speed")
    return float(np.mean(record.values(arm, "goal_seconds") / record.values(arm, "goal_steps")))


def goal_steps_ratio(one, other):
    """Steps until 95 %, seed by seed, as a geometric mean."""
    record = experiments.load("training_speed")
    steps = record.values(one, "goal_steps") / record.values(other, "goal_steps")
    return float(np.exp(np.mean(np.log(steps))))


def wide(one, other):
    """The interval for new images."""
    record = experiments.load("pool_or_not")
    return corrected_interval(100 * record.differences(one, other, "test_accuracy"), 1000, 797)


def chosen_rates():
    record = experiments.load("pool_or_not")
    return np.concatenate([record.values(arm, "learning_rate") for arm in record.arms])


# words of the chapter, and whether they are true of the recorded runs
SAID = {
    "Most pooled and strided networks took the largest of the three": lambda: (
        np.mean(chosen_rates() == chosen_rates().max()) > 0.5
    ),
    "reaches from below zero to above half a point": lambda: (
        accuracy("max", "stride").low < 0 < 0.5 < accuracy("max", "stride").high
    ),
    "the difference is probably below a point": lambda: accuracy("max", "stride").high < 1,
    "for new digits, not even that much can be said": lambda: wide("max", "stride").high > 1,
    "Undecided as well": lambda: accuracy("max", "none").low < 0 < accuracy("max", "none").high,
    "clear of zero in both intervals: about one point for the maximum": lambda: (
        accuracy("max", "avg").low > 0
        and wide("max", "avg").low > 0
        and 0.7 < accuracy("max", "avg").estimate < 1.3
    ),
    "Behind it looks better by about half a point": lambda: (
        0.35 < accuracy("avg", "avg_before_relu").estimate < 0.65
    ),
    "the lower end of the narrow interval touches zero": lambda: (
        abs(accuracy("avg", "avg_before_relu").low) < 0.1
    ),
    "a factor of about 600": lambda: 550 < milliseconds("windows") / milliseconds("slices") < 650,
    "slower than plain Python": lambda: milliseconds("windows") > milliseconds("lists"),
    "more than thirty times slower than the slices": lambda: (
        milliseconds("reshape") / milliseconds("slices") > 30
    ),
    "about twice as long as a convolution": lambda: (
        1.8 < milliseconds("torch") / milliseconds("conv_torch") < 2.3
    ),
    "it takes little more than a quarter of the convolution": lambda: (
        0.25 < milliseconds("torch_channels_last") / milliseconds("conv_torch_channels_last") < 0.32
    ),
    "makes a factor of about nine": lambda: (
        8 < milliseconds("torch") / milliseconds("torch_channels_last") < 10
    ),
    "more than seven times the arithmetic": lambda: step("none", "macs") / step("max", "macs") > 7,
    "takes more than three times as long": lambda: (
        3 < step("none", "step_ms") / step("max", "step_ms") < 4
    ),
    "it has half the arithmetic of the pooled network": lambda: (
        0.4 < step("stride", "macs") / step("max", "macs") < 0.6
    ),
    "takes about half the time of one without": lambda: (
        0.45 < goal_step("max") / goal_step("none") < 0.58
    ),
    "needs nearly twice as many steps": lambda: 1.6 < goal_steps_ratio("max", "none") < 2.1,
}


@pytest.mark.parametrize("words", SAID)
def test_words_and_number_agree(words):
    CHAPTER.must_say(words, SAID[words])
