"""Words of chapter 7 that stand for a number: each is held against the number it stands for."""

from pathlib import Path

import nbformat
import numpy as np
import pytest

from cnnlab import experiments
from cnnlab.laws import dropout as law
from cnnlab.statistics import corrected_interval, mean_interval

CHAPTER = Path(__file__).parents[2] / "book" / "07-dropout.ipynb"
LIES, PHOTOS, FEW = "dropout_wrong_labels", "dropout_cifar", "dropout_few_images"
PLACES, DAMAGE, ORDER = "dropout_places", "dropout_damage", "sample_order"


def values(name, arm, quantity="test_accuracy"):
    return 100 * experiments.load(name).values(arm, quantity)


def these(name, one, other, quantity="test_accuracy"):
    return mean_interval(values(name, one, quantity) - values(name, other, quantity))


def new(name, one, other, split, quantity="test_accuracy"):
    difference = values(name, one, quantity) - values(name, other, quantity)
    return corrected_interval(difference, *split)


def place(arm, view="tuned"):
    return these(PLACES, arm, "after_pool", f"{view}_test_accuracy")


def cost(order, p, kind):
    good = {"round_first": "mixed_first", "sorted": "shuffled"}[order.removesuffix("_long")]
    good += "_long" if order.endswith("_long") else ""
    return these(ORDER, f"{good}_p{p}", f"{order}_p{p}", f"{kind}_accuracy")


def losses(kind):
    return these(DAMAGE, "p50", "p0", f"{kind}_loss")


# words of the chapter, and whether they are true of the recorded runs
SAID = {
    "values in use that are a third larger than in training": lambda: 1 / (1 - 0.25) == 4 / 3,
    "it spreads a quarter as much": lambda: np.isclose(
        law.dot_product_moments(np.ones(16), np.full(16, 0.5), 0.5)[1] ** 0.5, 8 / 4
    ),
    "The more is dropped, the fewer lies are learned and the more test digits are right": lambda: (
        np.all(np.diff([values(LIES, f"max_{p}", "memorised").mean() for p in (0, 25, 50, 75)]) < 0)
        and np.all(np.diff([values(LIES, f"max_{p}").mean() for p in (0, 25, 50, 75)]) > 0)
    ),
    "*thin* and *decay* know as few of the lies by heart as $p = 0.5$, and are behind it": lambda: (
        all(
            abs(these(LIES, arm, "max_50", "memorised").estimate) < 3
            and these(LIES, arm, "max_50").high < -2
            for arm in ("thin", "weight_decay")
        )
    ),
    "With twice the epochs the network with dropout, too, knows most of the lies": lambda: (
        values(LIES, "max_50_long", "memorised").mean() > 60
    ),
    "nearly everything with dropout as well": lambda: (
        values(LIES, "none_50", "memorised").mean() > 95
    ),
    "(Its test accuracy is better all the same.": lambda: these(LIES, "none_50", "none_0").low > 2,
    "every network ends near 98 %": lambda: all(
        96.5 < values(DAMAGE, arm).mean() < 98.5 for arm in ("p0", "p50")
    ),
    "with a fifth of the epochs, dropout costs accuracy in every run": lambda: np.all(
        values(FEW, "p50_short") < values(FEW, "p0_short")
    ),
    "The gain has shrunk to about a point": lambda: 0.8 < these(FEW, "p50", "p0").estimate < 1.2,
    "ten runs cannot say whether it is the half point": lambda: (
        these(FEW, "p50", "p0").low < 0.5 < these(FEW, "p50", "p0").high
    ),
    "The rate that was best among the lies is now a bad choice": lambda: (
        these(LIES, "max_75", "max_50").low > 0 and these(FEW, "p75", "p50").high < 0
    ),
    "dropout nearly halves the gap. The test accuracy does not follow": lambda: (
        0.5
        < values(PHOTOS, "p50", "same_gap").mean() / values(PHOTOS, "p0", "same_gap").mean()
        < 0.55
        and these(PHOTOS, "p50", "p0", "same_test_accuracy").high < 0.5
    ),
    "has a much smaller gap, too, and is on average no less accurate": lambda: (
        values(PHOTOS, "p0", "gap").mean() < 0.6 * values(PHOTOS, "p0", "same_gap").mean()
        and these(PHOTOS, "p50", "p0").estimate < 0
    ),
    "most of the difference between the two gaps is gone": lambda: (
        these(PHOTOS, "p50", "p0", "gap").estimate
        > 0.25 * these(PHOTOS, "p50", "p0", "same_gap").estimate
    ),
    "dropout raises the test accuracy by half a point in none of the three": lambda: all(
        these(PHOTOS, "p50", "p0", f"{view}test_accuracy").high < 0.5
        for view in ("", "same_", "stopped_")
    ),
    "by nearly a quarter at p = 0.5 for independent normal values": lambda: (
        1.2 < law.normal_max_ratio(4, 0.5) < 1.25
    ),
    "No place is clear of the band on the right, and only whole maps are clear of it on": lambda: (
        [arm for arm in PLACED if place(arm).low > 0.5] == []
        and [arm for arm in PLACED if place(arm).high < -0.5] == ["channels"]
    ),
    "that the last pool is ahead of it by half a point can be ruled out": lambda: (
        place("flat").low > -0.5
    ),
    "the pixels come last, more than three points behind": lambda: (
        place("input", "equal").estimate < -3
        and min(PLACED, key=lambda arm: place(arm, "equal").estimate) == "input"
    ),
    "costs straight digits more than ten points after eight epochs": lambda: (
        cost("round_first", 0, "straight").estimate > 10
    ),
    "still something after thirty": lambda: cost("round_first_long", 0, "straight").low > 0,
    "going through the classes one by one costs as much": lambda: (
        cost("sorted", 0, "test").estimate > 10
    ),
    "With dropout the sorted order costs *more*, not less": lambda: (
        cost("sorted", 5, "test").low > cost("sorted", 0, "test").estimate
    ),
    "in the story itself the cost does not go away": lambda: (
        cost("round_first", 5, "straight").low > 5
    ),
    "although it pays for it on whole images": lambda: these(DAMAGE, "input20", "p0").high < 0,
    "as helpless as the one without": lambda: all(
        losses(kind).low < 0 < losses(kind).high for kind in ("pixels", "noise")
    ),
    "bears a sideways shift somewhat better": lambda: losses("shift").high < -1,
    "two of them are undecided": lambda: (
        [kind for kind in ("units", "pixels", "noise", "shift") if losses(kind).high > -1]
        == ["pixels", "noise"]
    ),
}
PLACED = ("none", "input", "first", "before_pool", "channels", "flat", "hidden")


@pytest.mark.parametrize("words", SAID)
def test_words_and_number_agree(words):
    cells = nbformat.read(CHAPTER, as_version=4).cells
    text = [cell.source for cell in cells if cell.cell_type == "markdown"]
    text += [cell.metadata.get("mystnb", {}).get("figure", {}).get("caption", "") for cell in cells]
    assert words in " ".join(" ".join(text).split()), "the chapter no longer says this"
    assert SAID[words]()
