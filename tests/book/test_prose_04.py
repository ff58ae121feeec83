"""Words of chapter 4 that stand for a number: each is held against the number it stands for."""

from pathlib import Path

import nbformat
import numpy as np
import pytest

from cnnlab import experiments
from cnnlab.claims.numbers import VGG16, count
from cnnlab.laws import heads
from cnnlab.statistics import corrected_interval, mean_interval

CHAPTER = Path(__file__).parents[2] / "book" / "04-flatten.ipynb"
RACES = ("removals_centred", "removals_scattered", "removals_cifar")


def values(name, arm, quantity="test_accuracy"):
    return experiments.load(name).values(arm, quantity)


def these(name, one="max", other="max_gap"):
    return mean_interval(100 * experiments.load(name).differences(one, other, "test_accuracy"))


def new(name, one="max", other="max_gap"):
    points = 100 * experiments.load(name).differences(one, other, "test_accuracy")
    return corrected_interval(points, 1000, 797)


def ratio(name, quantity):
    return values(name, "max_gap", quantity)[0] / values(name, "max", quantity)[0]


def by_column(arm):
    rows = [row for row in experiments.load("where").rows if row["arm"] == arm]
    table = np.array([row["accuracy_by_column"] for row in rows], dtype=float)
    return np.nanmean(table, axis=0)


def shuffled():
    return these("flatten_order", "shuffled", "channel_by_channel")


def vgg():
    return count(VGG16, 3, 224)


# words of the chapter, and whether they are true of the recorded runs
SAID = {
    "puts nearly all test digits right": lambda: (
        values("flatten_order", "channel_by_channel").mean() > 0.97
    ),
    "down to little more than guessing": lambda: (
        0.1 < values("flatten_order", "channel_by_channel", "other_order_accuracy").mean() < 0.15
    ),
    "It does not contain zero!": lambda: shuffled().low > 0,
    "the whole interval is smaller than that": lambda: (
        -0.5 < shuffled().low < shuffled().high < 0.5
    ),
    "Three quarters": lambda: 0.73 < vgg().first_dense_weights / vgg().parameters < 0.76,
    "together have 15 million": lambda: 14.5e6 < vgg().convolution_weights < 15.5e6,
    "has 103 million": lambda: 102.5e6 < vgg().first_dense_weights < 103.5e6,
    "49 times the weights": lambda: (
        heads.parameters("flatten", (2048, 7, 7), 1000) - 1000
        == 49 * (heads.parameters("gap", (2048, 7, 7), 1000) - 1000)
    ),
    "to within one percent": lambda: all(
        abs(ratio(name, "parameters") - 1) < 0.01 for name in RACES
    ),
    "The flatten is ahead.": lambda: these("removals_centred").low > 0.5,
    "The interval for new digits is wider and reaches below zero": lambda: (
        new("removals_centred").low < 0
    ),
    "by far the largest difference in this chapter, clear in both intervals": lambda: (
        these("removals_scattered").high < -5 and new("removals_scattered").high < -0.5
    ),
    "the interval reaches from below zero to well above our margin": lambda: (
        these("removals_cifar").low < 0 and these("removals_cifar").high > 1
    ),
    "about three times the arithmetic": lambda: all(
        2.7 < ratio(name, "macs") < 3.3 for name in RACES
    ),
    "they have *not* finished learning": lambda: all(
        values(name, "max_gap", "train_accuracy").mean() < 0.98 for name in RACES
    ),
    "the flatten puts every one of its training digits right": lambda: all(
        values(name, "max", "train_accuracy").min() == 1 for name in RACES[:2]
    ),
    "far more of its training images than the average has, and is hardly better": lambda: (
        values("removals_cifar", "max", "train_accuracy").mean()
        > values("removals_cifar", "max_gap", "train_accuracy").mean() + 0.2
        and these("removals_cifar").estimate < 1
    ),
    "finds the place nearly every time": lambda: values("where", "gap_zero").mean() > 0.95,
    "At the edges it rises to nearly 100 %": lambda: (
        by_column("gap_zero_none")[[1, 29, 30, 31]].min() > 0.97
    ),
    "In the middle the dashed curve is flat in each quarter": lambda: all(
        np.ptp(by_column("gap_zero_none")[part]) < 0.06 for part in (slice(8, 16), slice(16, 24))
    ),
    "is weakest just where both borders are farthest away": lambda: (
        by_column("gap_zero").argmin() in (15, 16)
    ),
    "the flatten always found the place": lambda: (
        values("where", "flatten_zero").min() > 0.999
        and values("where", "flatten_circular").min() > 0.999
    ),
    "the other 18 look all the same, which makes 15 answers at most": lambda: (
        len(heads.columns_in_sight(field=7)) == 14
    ),
}


@pytest.mark.parametrize("words", SAID)
def test_words_and_number_agree(words):
    cells = nbformat.read(CHAPTER, as_version=4).cells
    text = [cell.source for cell in cells if cell.cell_type == "markdown"]
    text += [cell.metadata.get("mystnb", {}).get("figure", {}).get("caption", "") for cell in cells]
    assert words in " ".join(" ".join(text).split()), "the chapter no longer says this"
    assert SAID[words]()
