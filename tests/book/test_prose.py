"""Words of a chapter that stand for a number: each is held against the number it stands for."""

from pathlib import Path

import nbformat
import numpy as np
import pytest

from cnnlab import experiments
from cnnlab.statistics import mean_interval

ROOT = Path(__file__).parents[2]


def accuracy(one, other):
    """Interval of a paired difference in test accuracy, in points."""
    record = experiments.load("pool_or_not")
    return mean_interval(100 * record.differences(one, other, "test_accuracy"))


def milliseconds(arm):
    return float(np.median(experiments.load("pooling_cost").values(arm, "milliseconds")))


def step(arm, quantity):
    return float(np.median(experiments.load("training_speed").values(arm, quantity)))


# chapter, words in it, and whether they are true of the recorded runs
SAID = {
    "from below zero to above half a point": lambda: (
        accuracy("max", "stride").low < 0 < 0.5 < accuracy("max", "stride").high
    ),
    "it is less than a point": lambda: accuracy("max", "stride").high < 1,
    "Undecided as well": lambda: accuracy("max", "none").low < 0 < accuracy("max", "none").high,
    "about one point for the maximum": lambda: (
        accuracy("max", "avg").low > 0.5 and 0.7 < accuracy("max", "avg").estimate < 1.3
    ),
    "After it looks better by about half a point": lambda: (
        0.35 < accuracy("avg", "avg_before_relu").estimate < 0.65
    ),
    "the lower end of the interval touches zero": lambda: (
        abs(accuracy("avg", "avg_before_relu").low) < 0.1
    ),
    "a factor of more than 600": lambda: milliseconds("windows") / milliseconds("slices") > 600,
    "slower than plain Python": lambda: milliseconds("windows") > milliseconds("lists"),
    "more than thirty times slower than four slices": lambda: (
        milliseconds("reshape") / milliseconds("slices") > 30
    ),
    "about twice as long as its own convolution": lambda: (
        1.8 < milliseconds("torch") / milliseconds("conv_torch") < 2.3
    ),
    "it takes a third of the convolution": lambda: (
        0.25
        < milliseconds("torch_channels_last") / milliseconds("conv_torch_channels_last")
        < 0.4
    ),
    "more than seven times the arithmetic": lambda: step("none", "macs") / step("max", "macs") > 7,
    "takes about three times as long": lambda: (
        2.7 < step("none", "step_ms") / step("max", "step_ms") < 3.3
    ),
    "The stride is the fastest": lambda: (
        step("stride", "step_ms") < min(step(arm, "step_ms") for arm in ("max", "avg", "none"))
    ),
    "takes a third of the time": lambda: (
        0.28 < step("max", "step_ms") / step("none", "step_ms") < 0.38
    ),
}


@pytest.mark.parametrize("words", SAID)
def test_words_and_number_agree(words):
    notebook = nbformat.read(ROOT / "book" / "02-why-pool.ipynb", as_version=4)
    prose = " ".join(
        " ".join(cell.source.split()) for cell in notebook.cells if cell.cell_type == "markdown"
    )
    assert words in prose, "the chapter no longer says this: change the words here as well"
    assert SAID[words]()
