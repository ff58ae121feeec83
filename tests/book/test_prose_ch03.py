"""Words of chapter 3 that stand for a number: each is held against the number it stands for."""

from pathlib import Path

import nbformat
import numpy as np
import pytest

from cnnlab import experiments
from cnnlab.statistics import corrected_interval, mean_interval

ROOT = Path(__file__).parents[2]
CHOSEN = ("avg", "fixed")  # rules that max is hardly better than


def points(name, one, other, quantity="test_accuracy"):
    """Interval of a paired difference, in points."""
    return mean_interval(100 * experiments.load(name).differences(one, other, quantity))


def wide(name):
    """Interval of max minus average for new digits."""
    record = experiments.load(name)
    sizes = (record.header["configuration"][part] for part in ("train", "test"))
    return corrected_interval(100 * record.differences("max", "avg", "test_accuracy"), *sizes)


def median(light):
    record = experiments.load("polarity")
    arms = (f"{light}_max_convolution", f"{light}_avg_convolution")
    return float(np.median(100 * record.differences(*arms, "test_accuracy")))


def runs(name, arm, quantity="test_accuracy"):
    return experiments.load(name).values(arm, quantity)


def dead_network():
    """Row of the network that learned nothing."""
    rows = [row for row in experiments.load("polarity").rows if row["test_accuracy"] < 0.2]
    (row,) = rows
    return row


def most_took(arm, rate):
    return np.mean(runs("density", arm, "learning_rate") == rate) > 0.5


def lost(trained, tested):
    return 100 * float(np.mean(runs("pooling_rules", trained, f"lost_with_{tested}")))


def thickness(pool, number):
    """What a pool changes in the thickness that can be read."""
    arms = (f"{pool}_pool{number}", f"{pool}_conv{number}")
    return points("probes", *arms, "thickness_explained")


NINE = {
    name: points(name, "max", "avg")
    for name in (
        "transition_cifar",
        "removals_cifar",
        "pool_or_not",
        "removals_centred",
        "removals_scattered",
        "pooling_rules",
        "transition_digits",
        "few_images",
        "zip_code",
    )
}


# words of the chapter, and whether they are true of the recorded runs
SAID = {
    "of dark digits, max pooling loses about twenty points": lambda: (
        -22 < points("polarity", "dark_max_pixels", "dark_avg_pixels").estimate < -18
    ),
    "it is behind by more than a point": lambda: (
        points("polarity", "light_max_pixels", "light_avg_pixels").high < -1
    ),
    "one network of the sixteen for dark digits and max pooling never learned anything": lambda: (
        dead_network()["arm"] == "dark_max_convolution" and dead_network()["train_accuracy"] < 0.2
    ),
    "trained with the largest of the three learning rates": lambda: (
        dead_network()["learning_rate"] == max(map(float, dead_network()["validation_log_loss"]))
    ),
    "the maximum is about a point ahead, for light digits and for dark ones": lambda: (
        0.7 < median("light") < 1.3 and 0.7 < median("dark") < 1.3
    ),
    "For *how many* the average is about eleven points ahead": lambda: (
        10.3 < points("density", "density_avg", "density_max").estimate < 11.7
    ),
    "the maximum by more than twenty": lambda: (
        points("density", "single_max", "single_avg").low > 20
    ),
    "most networks with the average took a smaller one": lambda: (
        most_took("single_avg", 0.01) and most_took("single_max", 0.03)
    ),
    "Each max pool makes the thickness harder to read": lambda: all(
        thickness("max", number).high < 0 for number in (1, 2)
    ),
    "each average pool makes it easier": lambda: all(
        thickness("avg", number).low > 0 for number in (1, 2)
    ),
    "neither kind is much better at it": lambda: abs(NINE["removals_scattered"].estimate) < 0.5,
    "An average reaches every position, a maximum a quarter": lambda: (
        runs("pooling_rules", "avg", "gradient_at_pool").min() > 0.999
        and np.ptp([0.25, *runs("pooling_rules", "max", "gradient_at_pool")]) < 0.001
    ),
    "below the ReLU the ratio is nearly four to one": lambda: (
        3.6
        < runs("pooling_rules", "avg", "gradient_below_relu").mean()
        / runs("pooling_rules", "max", "gradient_below_relu").mean()
        < 4
    ),
    "about 98 % of the test digits": lambda: 0.975 < runs("pooling_rules", "max").mean() < 0.985,
    "put nearly 97 of 100 digits right": lambda: 0.965 < runs("pooling_rules", "min").mean() < 0.97,
    "The maximum is the best of the five on these digits": lambda: all(
        points("pooling_rules", "max", rule).low > 0 for rule in (*CHOSEN, "min", "random")
    ),
    "twenty runs cannot tell whether it is worth the half point": lambda: all(
        points("pooling_rules", "max", rule).low < 0.5 < points("pooling_rules", "max", rule).high
        for rule in CHOSEN
    ),
    "Even the *smallest* value costs only about one point": lambda: (
        0.8 < points("pooling_rules", "max", "min").estimate < 1.2
    ),
    "is handed the smallest values loses about forty points": lambda: 38 < lost("max", "min") < 44,
    "is handed the largest ones, loses nearly as much": lambda: 35 < lost("min", "max") < 42,
    "cannot use anything else, not even the mean": lambda: lost("fixed", "avg") > 50,
    "*gains* about three points when it is tested with the mean": lambda: (
        -3.5 < lost("random", "avg") < -2.7
    ),
    "no advantage that anyone would care about; it is a little behind": lambda: (
        points("transition_digits", "avg", "max").high < 0
        and abs(points("transition_digits", "avg", "max").low) <= 0.5
    ),
    "On photographs the **maximum** is ahead, by about three points": lambda: (
        2.7 < NINE["transition_cifar"].estimate < 3.3
    ),
    "put those right less often, too, by nearly six points": lambda: (
        -6 < points("transition_cifar", "avg", "max", "train_accuracy").estimate < -5.5
    ),
    "In all nine that were trained with right labels, the blue dot lies on the side": lambda: all(
        interval.estimate > 0 for interval in NINE.values()
    ),
    "from a few tenths of a point to three": lambda: (
        0.2 < min(i.estimate for i in NINE.values()) < 0.4
        and 2.7 < max(i.estimate for i in NINE.values()) < 3.3
    ),
    "for digits that stand anywhere, the interval includes zero": lambda: (
        NINE["removals_scattered"].low < 0 and sum(i.low < 0 for i in NINE.values()) == 1
    ),
    "several points on photographs, and more where digits may stand anywhere": lambda: (
        3
        < points("removals_cifar", "max", "stride").estimate
        < points("removals_scattered", "max", "stride").estimate
    ),
    "mostly worth about a point or less against the average, and never behind": lambda: (
        sum(i.estimate <= 1.2 for i in NINE.values()) >= 8
    ),
    "In the two where 30 % of the training labels were wrong, the runs cannot tell": lambda: all(
        points(name, "max", "avg").low < 0 < points(name, "max", "avg").high
        and experiments.load(name).header["configuration"]["wrong"] == 0.3
        for name in ("wrong_labels", "wrong_labels_cifar")
    ),
    "for *new* digits all but one of the thin blue lines reach across zero": lambda: (
        sum(wide(name).low > 0 for name in NINE if "cifar" not in name) == 1
    ),
    "on photographs the dot lies on the side of the average": lambda: (
        points("wrong_labels_cifar", "max", "avg").estimate < 0
    ),
    "It is worth ten points where that is the whole question": lambda: (
        points("density", "density_avg", "density_max").low > 10
    ),
}


def prose():
    notebook = nbformat.read(ROOT / "book" / "03-max-or-average.ipynb", as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            yield " ".join(cell.source.split())
        yield cell.metadata.get("mystnb", {}).get("figure", {}).get("caption", "")


@pytest.mark.parametrize("words", SAID)
def test_words_and_number_agree(words):
    assert words in " ".join(prose()), "the chapter no longer says this: change the words here too"
    assert SAID[words]()
