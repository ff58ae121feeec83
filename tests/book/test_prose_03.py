"""Words of chapter 3 that stand for a number: each is held against the number it stands for."""

import numpy as np
import pytest
from chapter import Chapter

from cnnlab import experiments
from cnnlab.statistics import corrected_interval, mean_interval

CHAPTER = Chapter("03-max-or-average")
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


def convolved(light):
    arms = (f"{light}_max_convolution", f"{light}_avg_convolution")
    return 100 * experiments.load("polarity").differences(*arms, "test_accuracy")


def poor_pair():
    """Points by which the worst network with a maximum on light digits is behind its partner."""
    return convolved("light").min()


def poor_network():
    """Row of that network."""
    rows = [row for row in experiments.load("polarity").rows if "light_max_conv" in row["arm"]]
    return min(rows, key=lambda row: row["test_accuracy"])


TRANSITION = experiments.load("transition_cifar")


def same_rate():
    """For each pair of the DenseNet on photographs, whether max and average took the same rate."""
    rates = [TRANSITION.values(arm, "learning_rate") for arm in ("max", "avg")]
    return rates[0] == rates[1]


def took_largest(name, arm):
    """Share of the networks that took the largest rate on offer."""
    largest = max(experiments.load(name).header["configuration"]["learning_rates"])
    return np.mean(runs(name, arm, "learning_rate") == largest)


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
    "the maximum is about a point ahead, for light digits and for dark ones": lambda: (
        0.7 < median("light") < 1.3 and 0.7 < median("dark") < 1.3
    ),
    "For *how many* the average is about eleven points ahead": lambda: (
        10.3 < points("density", "density_avg", "density_max").estimate < 11.7
    ),
    "the maximum by more than twenty": lambda: (
        points("density", "single_max", "single_avg").low > 20
    ),
    "Among trained pools behind a convolution, these are the largest effects": lambda: all(
        abs(interval.estimate) < 10
        for interval in (
            *NINE.values(),
            points("polarity", "light_max_convolution", "light_avg_convolution"),
            points("polarity", "dark_max_convolution", "dark_avg_convolution"),
        )
    ),
    "All of these layers took the larger of their two learning rates": lambda: all(
        np.all(runs("polarity", f"{light}_{pool}_pixels", "learning_rate") == 1)
        for light in ("light", "dark")
        for pool in ("max", "avg")
    ),
    "but stopped almost nine points behind its partner": lambda: -9 < poor_pair() < -8.5,
    "Both were trained with the largest of the three learning rates": lambda: (
        {row["learning_rate"] for row in (dead_network(), poor_network())} == {0.06}
    ),
    "in either row because of one network": lambda: all(
        mean_interval(np.sort(convolved(light))[1:]).low > 0 > mean_interval(convolved(light)).low
        for light in ("light", "dark")
    ),
    "In the last chapter it was ahead of the mean by about a point": lambda: (
        0.8 < NINE["pool_or_not"].estimate < 1.2
    ),
    "a whole point and a few tenths": lambda: 0.2 < NINE["pooling_rules"].estimate < 0.4,
    "There were ten runs and not twenty": lambda: (
        (len(runs("pool_or_not", "max")), len(runs("pooling_rules", "max"))) == (10, 20)
    ),
    "On digits nearly all took the same rate": lambda: all(
        took_largest("transition_digits", arm) > 0.9 for arm in ("max", "avg", "subsample")
    ),
    "there were two on offer, tried for two epochs each": lambda: (
        len(TRANSITION.header["configuration"]["learning_rates"]) == 2
        and TRANSITION.header["configuration"]["trial_epochs"] == 2
    ),
    "mostly took the larger one, those with the average mostly the smaller": lambda: (
        took_largest("transition_cifar", "max") > 0.6
        and took_largest("transition_cifar", "avg") < 0.4
    ),
    "in five of the ten pairs the pool *and* the size of the steps differ": lambda: (
        np.sum(same_rate()) == 5 and len(same_rate()) == 10
    ),
    "In the five pairs with equal rates the maximum is ahead as well": lambda: (
        mean_interval(TRANSITION.differences("max", "avg", "test_accuracy")[same_rate()]).low > 0
    ),
    "All ten runs were tested on the same 10 000 photographs": lambda: (
        TRANSITION.header["configuration"]["test"] == 10_000
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
    "never behind the average in the mean, and mostly ahead by about a point or less": lambda: (
        min(i.estimate for i in NINE.values()) > 0
        and sum(i.estimate <= 1.2 for i in NINE.values()) >= 8
    ),
    "For new digits, one interval of seven is clear of zero": lambda: (
        [wide(name).low > 0 for name in NINE if "cifar" not in name].count(True) == 1
        and len([name for name in NINE if "cifar" not in name]) == 7
    ),
    "one dead network puts the mean of the maximum behind": lambda: (
        points("polarity", "dark_max_convolution", "dark_avg_convolution").estimate < 0
        and median("dark") > 0
    ),
    "networks of 6 000 to 14 000 parameters": lambda: all(
        5_500 < row["parameters"] < 14_500
        for name in NINE
        for row in experiments.load(name).rows
        if row["arm"] in ("max", "avg") and "parameters" in row
    ),
    "trained on 200 to 5 000 images for 8 to 40 epochs": lambda: (
        {200, 5000, 8, 40}
        == {
            end([experiments.load(name).header["configuration"][key] for name in NINE])
            for key in ("train", "epochs")
            for end in (min, max)
        }
    ),
    "at least half of the networks with a maximum took the largest learning rate": lambda: all(
        took_largest(name, "max") >= 0.5 for name in NINE
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


FALSE = (
    "The only difference is the pool in that transition",  # half of the pairs differ in the rate
    "At $d' = 0$ you can only guess",  # the scatter may differ
    "These are the largest effects in this chapter",  # dark pixels and exchanged rules are larger
    "and never behind",  # the exceptions are named
    "clearly ahead of averaging",  # the rival was a trainable subsampling
)


@pytest.mark.parametrize("words", FALSE)
def test_what_is_not_so_is_not_said(words):
    assert words not in CHAPTER.prose


@pytest.mark.parametrize("words", SAID)
def test_words_and_number_agree(words):
    CHAPTER.must_say(words, SAID[words])
