"""Words of chapter 4 that stand for a number: each is held against the number it stands for."""

import numpy as np
import pytest
from chapter import Chapter

from cnnlab import experiments
from cnnlab.claims.numbers import VGG16, count
from cnnlab.experiments.networks import n3
from cnnlab.laws import heads
from cnnlab.statistics import corrected_interval, mean_interval

CHAPTER = Chapter("04-flatten")
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


def by_quarter(arm):
    rows = [row for row in experiments.load("where").rows if row["arm"] == arm]
    table = np.array([row["accuracy_by_column"] for row in rows], dtype=float)
    return table.reshape(-1, 4, 8).mean(axis=2)


def configuration(name):
    return experiments.load(name).header["configuration"]


def at_the_fastest_rate(name, arm):
    return int(
        (values(name, arm, "learning_rate") == max(configuration(name)["learning_rates"])).sum()
    )


def answers_without_pools(background):
    """Count the answers to a blob in 32 columns, on a network with a border of zeros."""
    rng = np.random.default_rng(0)
    model = n3("none", 32, classes=4, head="gap", rng=rng)
    for parameter in model.parameters():
        parameter.data = rng.integers(-4, 5, parameter.shape).astype(float)
    image = np.full((1, 1, 32, 32), float(background))
    image[..., 12:15, :3] += 2
    images = np.concatenate([np.roll(image, n, axis=-1) for n in range(32)])
    return len(np.unique(model(images), axis=0))


def parameters(head):
    model = n3("max", size=16, head=head, rng=np.random.default_rng(0))
    return sum(parameter.data.size for parameter in model.parameters())


def shares_right(head):
    """Test accuracies in percent after few and many epochs, from the chapter's stored table."""
    table = CHAPTER.printed("Digits put right: one run each")
    lines = [line.split() for line in table.splitlines() if line.startswith(head)]
    return [int(line[-1].rstrip("%")) for line in lines]


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
    "with this training, the flatten was ahead": lambda: these("removals_centred").low > 0.5,
    "in nearly all runs, with either head, the fastest rate on offer was the best": lambda: (
        sum(at_the_fastest_rate(name, arm) for name in RACES for arm in ("max", "max_gap")) >= 57
    ),
    "25 epochs on the digits, 16 on the photographs": lambda: (
        [configuration(name)["epochs"] for name in RACES] == [25, 25, 16]
    ),
    "ends at about 54 % of its own training images": lambda: (
        round(100 * values("removals_cifar", "max_gap", "train_accuracy").mean()) == 54
    ),
    "the second interval is wider than the margin": lambda: (
        new("flatten_order", "shuffled", "channel_by_channel").high > 0.5
    ),
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
    "In the middle the *dashed* curve is flat in each quarter": lambda: all(
        np.ptp(by_column("gap_zero_none")[part]) < 0.06 for part in (slice(8, 16), slice(16, 24))
    ),
    "is weakest near the middle, just where both borders are farthest away": lambda: (
        by_column("gap_zero").argmin() in (15, 16)
    ),
    "the flatten always found the place": lambda: (
        values("where", "flatten_zero").min() > 0.999
        and values("where", "flatten_circular").min() > 0.999
    ),
    "14 columns can be told apart, seven on each side, and the other 18": lambda: (
        len(heads.columns_in_sight(field=7)) == 14
    ),
    "would have told 12 columns apart instead of 14": lambda: (
        answers_without_pools(0) == 12 + 1 and answers_without_pools(1) == 14 + 1
    ),
    "all of the 14 columns in sight right, and of the others the 8": lambda: (
        heads.best_where_accuracy(field=7) == (14 + 8) / 32
    ),
    "one learning rate, 0.01, and 18 epochs": lambda: (
        configuration("where")["learning_rates"] == [0.01]
        and configuration("where")["epochs"] == 18
    ),
    "it has not learned its training images either": lambda: (
        values("where", "gap_zero_none", "train_accuracy").mean() < 0.6
    ),
    "Each run gives the same answer to all images": lambda: all(
        sorted(quarters) == [0, 0, 0, 1] for quarters in by_quarter("gap_circular_none")
    ),
    "in nearly every run one of the two inner quarters is the lucky one": lambda: (
        (by_quarter("gap_zero_none")[:, 1:3].max(axis=1) > 0.8).sum() == 9
    ),
    "from 98 to 99 %": lambda: shares_right("flatten") == [98, 99],
    "it puts 97 % of the test digits right where the flatten puts 99 %": lambda: (
        (shares_right("average")[1], shares_right("flatten")[1]) == (97, 99)
    ),
    "with three fifths of the parameters": lambda: (
        0.59 < parameters("gap") / parameters("flatten") < 0.62
    ),
}


@pytest.mark.parametrize("words", SAID)
def test_words_and_number_agree(words):
    CHAPTER.must_say(words, SAID[words])


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Which convolution computes the same ten numbers", "is a kernel!"),
        ("Four networks: flatten or average", "the average *without a border*"),
    ],
)
def test_prediction_is_asked_before_its_answer(question, answer):
    CHAPTER.must_ask_before(question, answer)


def test_the_network_without_pools_is_not_named_after_its_stride():
    assert not [cell.source for cell in CHAPTER.cells if "stride 1" in cell.source]


def test_the_four_alone_has_more_for_it_than_against_it():
    means = next(
        text
        for text in CHAPTER.alternative_texts.values()
        if "a map of 4×4 places for each of 10 classes" in text
    )
    scores = dict(part.split() for part in means.rstrip(".").split("maps: ")[1].split(", "))
    assert [name for name, score in scores.items() if float(score) > 0] == ["4"]
