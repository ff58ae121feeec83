"""Words of chapter 7 that stand for a number: each is held against the number it stands for."""

import re

import numpy as np
import pytest
from chapter import Chapter

from cnnlab import datasets, experiments
from cnnlab.experiments.catalogue import sample_order
from cnnlab.laws import dropout as law
from cnnlab.statistics import corrected_interval, mean_interval

CHAPTER = Chapter("07-dropout")
LIES, PHOTOS, FEW = "dropout_wrong_labels", "dropout_cifar", "dropout_few_images"
PLACES, DAMAGE, ORDER = "dropout_places", "dropout_damage", "sample_order"
ORDERS = (("round_first", "straight"), ("round_first_long", "straight"), ("sorted", "test"))
PLACED = ("none", "input", "first", "before_pool", "channels", "flat", "hidden")


def values(name, arm, quantity="test_accuracy"):
    return 100 * experiments.load(name).values(arm, quantity)


def these(name, one, other, quantity="test_accuracy"):
    return mean_interval(values(name, one, quantity) - values(name, other, quantity))


def new(name, one, other, split, quantity="test_accuracy"):
    difference = values(name, one, quantity) - values(name, other, quantity)
    return corrected_interval(difference, *split)


def place(arm, view="tuned"):
    return these(PLACES, arm, "after_pool", f"{view}_test_accuracy")


def costs(order, p, kind):
    good = {"round_first": "same_images", "sorted": "shuffled"}[order.removesuffix("_long")]
    good += "_long" if order.endswith("_long") else ""
    quantity = f"{kind}_accuracy"
    return values(ORDER, f"{good}_p{p}", quantity) - values(ORDER, f"{order}_p{p}", quantity)


def cost(order, p, kind):
    return mean_interval(costs(order, p, kind))


def more(order, kind):
    return mean_interval(costs(order, 5, kind) - costs(order, 0, kind))


def photographs():
    return experiments.load(PHOTOS).header["configuration"]


def steps(name):
    settings = experiments.load(name).header["configuration"]
    return settings["batch_size"], settings["epochs"], settings["train"]


def splits(name):
    settings = experiments.load(name).header["configuration"]
    return settings["train"], settings["test"]


def share_of_the_test_draw(name, one, other):
    """How much of the variance of a difference can come from the images that were tested on.

    At most as many images are judged differently as the two put wrong together; and the test
    images are drawn from a finite number, of which the training images are what is left.
    """
    train, test = splits(name)
    wrong = 2 - (values(name, one).mean() + values(name, other).mean()) / 100
    drawn = wrong / test * train / (train + test)
    return drawn / np.var((values(name, one) - values(name, other)) / 100, ddof=1)


def first_epochs():
    return experiments.load(ORDER).header["configuration"]["first_epochs"]


def round_share():
    y = datasets.digits(size=16, train=400, seed=0).y_train
    return np.isin(y, sample_order.ROUND).mean()


def losses(kind):
    return these(DAMAGE, "p50", "p0", f"{kind}_loss")


# words of the chapter, and whether they are true of the recorded runs
SAID = {
    "values in use that are a third larger than in training": lambda: 1 / (1 - 0.25) == 4 / 3,
    "it spreads a quarter as much": lambda: np.isclose(
        law.dot_product_moments(np.ones(16), np.full(16, 0.5), 0.5)[1] ** 0.5, 8 / 4
    ),
    "more is dropped, the fewer lies are memorised and the more test digits are right": lambda: (
        np.all(np.diff([values(LIES, f"max_{p}", "memorised").mean() for p in (0, 25, 50, 75)]) < 0)
        and np.all(np.diff([values(LIES, f"max_{p}").mean() for p in (0, 25, 50, 75)]) > 0)
    ),
    "about as few of them as $p = 0.5$, and on these digits they are behind it": lambda: all(
        abs(these(LIES, arm, "max_50", "memorised").estimate) < 3
        and these(LIES, arm, "max_50").high < -2
        and new(LIES, arm, "max_50", (500, 1297)).high > 0
        for arm in ("thin", "weight_decay")
    ),
    "the network that is stopped in time memorises next to none and comes close": lambda: (
        values(LIES, "max_0_stopped", "memorised").mean() < 4
        and these(LIES, "max_50", "max_0_stopped").estimate < 2
    ),
    "It trains for five or ten epochs": lambda: (
        set(experiments.load(LIES).values("max_0_stopped", "epochs")) == {5, 10}
    ),
    "of the fifteen points by which $p = 0.5$ was ahead hardly two are left": lambda: (
        14.5 < these(LIES, "max_50", "max_0").estimate < 15.5
        and 1.3 < these(LIES, "max_50", "max_0_stopped").estimate < 2
    ),
    "ten runs do not tell whether any": lambda: these(LIES, "max_50", "max_0_stopped").low < 0,
    "dropout is still ahead by a point or two on these digits": lambda: (
        these(LIES, "max_50_stopped", "max_0_stopped").low > 0.5
        and 1 < these(LIES, "max_50_stopped", "max_0_stopped").estimate < 2
        and new(LIES, "max_50_stopped", "max_0_stopped", (500, 1297)).low < 0
    ),
    "(So is $p = 0.75$ after forty epochs.": lambda: these(LIES, "max_75", "max_0_stopped").low > 1,
    "Without dropout more lies are memorised here than in": lambda: (
        values(LIES, "max_0", "memorised").mean()
        > values("wrong_labels", "max", "memorised").mean() + 5
    ),
    "batches of 25 here and of 50 there, so twice as many steps": lambda: (
        [steps(name) for name in (LIES, "wrong_labels")] == [(25, 40, 500), (50, 40, 500)]
    ),
    "with 1&nbsp;297 for the test and 500 to learn from that is 72&nbsp;%": lambda: (
        splits(LIES) == (500, 1297) and round(100 * 1297 / 1797) == 72
    ),
    "our runs differ mostly by what they have *learned* from": lambda: all(
        share_of_the_test_draw(LIES, *pair) < 0.5
        for pair in (
            ("max_50", "max_0"),
            ("max_75", "max_50"),
            ("max_50", "thin"),
            ("max_50", "weight_decay"),
            ("max_50", "max_0_stopped"),
            ("max_50_stopped", "max_0_stopped"),
            ("none_50", "none_0"),
        )
    ),
    "two sets of 500 have little more than a quarter of their images in common": lambda: (
        0.25 < 500 / 1797 < 0.3
    ),
    "With twice the epochs the network with dropout, too, knows most of the lies": lambda: (
        values(LIES, "max_50_long", "memorised").mean() > 60
    ),
    "nearly everything with dropout as well": lambda: (
        values(LIES, "none_50", "memorised").mean() > 95
    ),
    "(Its test accuracy is better on these digits all the same.": lambda: (
        these(LIES, "none_50", "none_0").low > 2
        and new(LIES, "none_50", "none_0", (500, 1297)).low < 0
    ),
    "dropout is behind in every run on these digits": lambda: (
        np.all(values(FEW, "p50_short") < values(FEW, "p0_short"))
        and new(FEW, "p50_short", "p0_short", (200, 1597)).high > 0
    ),
    "On these digits it is better with dropout where the accuracy hardly moves": lambda: (
        these(FEW, "p50", "p0", "test_log_loss").high < 0
        and new(FEW, "p50", "p0", (200, 1597), "test_log_loss").high > 0
    ),
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
    "On these digits the rate that was best among the lies is now a bad choice": lambda: (
        these(LIES, "max_75", "max_50").low > 0
        and these(FEW, "p75", "p50").high < 0
        and new(FEW, "p75", "p50", (200, 1597)).high > 0
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
    "costs straight digits about eleven points after eight epochs": lambda: (
        10 < cost("round_first", 0, "straight").estimate < 11.5
    ),
    "Against the first control it would have looked like some two points more": lambda: (
        1.5 < these(ORDER, "mixed_first_p0", "same_images_p0", "straight_accuracy").estimate < 2.5
        and these(ORDER, "mixed_first_p0", "same_images_p0", "straight_accuracy").low > 1
    ),
    "has seen more straight digits in the end, two epochs' worth": lambda: (
        first_epochs() * round_share() == pytest.approx(2, abs=0.2)
    ),
    "and nearly two after thirty": lambda: (
        1.6 < cost("round_first_long", 0, "straight").estimate < 2
    ),
    "going through the classes one by one costs about thirteen.": lambda: (
        12.5 < cost("sorted", 0, "test").estimate < 13.5
    ),
    "zero lies in every one of its intervals": lambda: all(
        interval.low < 0 < interval.high
        for interval in (
            corrected_interval(points, 400, 1397)
            for order, kind in ORDERS
            for without, behind in [(costs(order, 0, kind), costs(order, 5, kind))]
            for points in (without, behind, behind - without)
        )
    ),
    "Dropout (purple) makes none of the three clearly smaller": lambda: all(
        more(order, kind).high > 0 for order, kind in ORDERS
    ),
    "With dropout the sorted order costs *more*, not less": lambda: more("sorted", "test").low > 0,
    "with 4 000 training images in each run": lambda: (
        photographs()["images"] - photographs()["validation"] == 4000
    ),
    "1 000 more in each run that are neither trained nor tested on": lambda: (
        photographs()["validation"] == 1000
    ),
    "cannot tell whether dropout makes the cost larger or smaller": lambda: (
        more("round_first", "straight").low < 0 < more("round_first", "straight").high
    ),
    "with dropout it is still there": lambda: cost("round_first", 5, "straight").low > 5,
    "pays for it with about a point on whole images": lambda: (
        these(DAMAGE, "input20", "p0").high < 0
        and -1.2 < these(DAMAGE, "input20", "p0").estimate < -0.8
    ),
    "we saw no help against black pixels or noise. Both are undecided": lambda: all(
        losses(kind).low < -1 < losses(kind).high for kind in ("pixels", "noise")
    ),
    "against black pixels its mean is even the worse one": lambda: losses("pixels").estimate > 0,
    "bears a sideways shift somewhat better": lambda: losses("shift").high < -1,
    "Two of the four are undecided": lambda: (
        [kind for kind in ("units", "pixels", "noise", "shift") if losses(kind).high > -1]
        == ["pixels", "noise"]
    ),
}


@pytest.mark.parametrize("words", SAID)
def test_words_and_number_agree(words):
    CHAPTER.must_say(words, SAID[words])


def test_the_two_means_part_in_log_loss_and_not_in_accuracy():
    accuracy, loss = CHAPTER.alternative_texts["fig-ensemble"].split("log-loss (nats): ")
    geometric, arithmetic = (float(x) for x in re.findall(r"([\d.]+) with 100 masks", accuracy))
    assert abs(geometric - arithmetic) < 0.5
    geometric, arithmetic = (float(x) for x in re.findall(r"([\d.]+) with 100 masks", loss))
    whole = float(re.search(r"whole network ([\d.]+)\.$", loss)[1])
    assert abs(geometric - whole) < 0.01
    assert arithmetic > whole + 0.03


def test_the_table_of_damage_marks_what_is_undecided():
    table = CHAPTER.printed("Accuracy lost")
    marked = {line[:16].strip() for line in table.splitlines() if line.endswith("undecided")}
    assert marked == {"maps silent", "pixels black", "noise on pixels"}


def test_the_costs_are_named_with_their_epochs():
    trained = experiments.load(ORDER).header["configuration"]
    for order, epochs in [
        ("round first", "epochs"),
        ("round first", "long_epochs"),
        ("sorted", "order_epochs"),
    ]:
        named = f"{order} {trained[epochs]} epochs: no dropout"
        assert named in CHAPTER.alternative_texts["fig-image-order"]
