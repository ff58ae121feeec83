"""Words of chapter 6 that stand for a number: each is held against the number it stands for."""

import numpy as np
import pytest
from chapter import Chapter

from cnnlab import experiments
from cnnlab.statistics import corrected_interval, mean_interval

CHAPTER = Chapter("06-overfitting")
SMALL = ("stride", "max", "avg", "late")  # networks with equally many parameters


def mean(name, arm, quantity):
    return 100 * experiments.load(name).values(arm, quantity).mean()


def change(name, one, other, quantity):
    return mean_interval(100 * experiments.load(name).differences(one, other, quantity))


def new(name, one, other, quantity, n_train):
    points = 100 * experiments.load(name).differences(one, other, quantity)
    return corrected_interval(points, n_train, 797)


def memorised(one, other, name="wrong_labels_cifar"):
    return change(name, one, other, "memorised")


def at_level(one, other):
    return change("wrong_labels_cifar", one, other, "memorised_at_level")


def features(n, quantity):
    return [mean("pooled_pixels", f"avg{k}_{n}", quantity) for k in (1, 2, 4, 8)]


def random_learned(width):
    return np.sort(
        100 * experiments.load("widths").values(f"width{width}", "random_train_accuracy")
    )


def on_new_images():
    return [
        [mean(name, arm, key) for arm in ("none", *SMALL)]
        for name in ("wrong_labels", "wrong_labels_cifar")
        for key in ("test_accuracy", "clean_test_accuracy")
    ]


# words of the chapter, and whether they are true of the recorded runs
SAID = {
    "On digits the truth comes long before the lies": lambda: (
        mean("wrong_labels", "max", "lead") > 40
    ),
    "On photographs the two come much closer together": lambda: (
        mean("wrong_labels_cifar", "max", "lead") < 25
    ),
    "It has *all* of the lies by heart": lambda: all(
        mean(name, "none", "memorised") > 99 for name in ("wrong_labels", "wrong_labels_cifar")
    ),
    "right on seven new digits in ten": lambda: (
        67 < mean("wrong_labels", "none", "test_accuracy") < 73
    ),
    "even there it is far from guessing": lambda: (
        mean("wrong_labels_cifar", "none", "test_accuracy") > 20
    ),
    "the gap is many times as wide as on digits": lambda: (
        mean("wrong_labels_cifar", "max", "clean_gap")
        > 10 * mean("wrong_labels", "max", "clean_gap")
    ),
    "for this network, which has learned some of them only": lambda: (
        mean("wrong_labels_cifar", "max", "memorised") < 60
    ),
    "ten runs show no widening of five points or more": lambda: (
        mean_interval(100 * experiments.load("wrong_labels_cifar").values("max", "extra_gap")).high
        < 5
    ),
    "without pools, where all of them are learned, it does grow, clearly": lambda: (
        mean_interval(100 * experiments.load("wrong_labels_cifar").values("none", "extra_gap")).low
        > 5
    ),
    "the smallest about a third, the largest nearly all": lambda: (
        30 < mean("widths", "width2", "random_train_accuracy") < 40
        and mean("widths", "width64", "random_train_accuracy") > 97
    ),
    "clearly better than the networks with 2, 4 and 8 channels": lambda: all(
        change("widths", "width64", f"width{width}", "true_test_accuracy").low > 1
        for width in (2, 4, 8)
    ),
    "One network with eight channels learns more of them than the worst with thirty-two": lambda: (
        random_learned(8).max() > random_learned(32).min()
    ),
    "three small ones lie far below their like": lambda: all(
        random_learned(width)[0] < 20 < 35 < random_learned(width)[1] for width in (2, 4, 8)
    ),
    "had learned the *true* labels with hardly a mistake": lambda: all(
        row["true_train_accuracy"] > 0.99
        for row in experiments.load("widths").rows
        if row["random_train_accuracy"] < 0.2
    ),
    "the widest network is no worse than the one with 16 channels": lambda: (
        change("widths", "width64", "width16", "noisy_test_accuracy").low > -1
    ),
    "One dot lies far below all others": lambda: (
        sorted(experiments.load("widths").values("width4", "noisy_test_accuracy"))[0] < 0.1
        and sorted(experiments.load("widths").values("width4", "noisy_test_accuracy"))[1] > 0.6
    ),
    "it did not learn its *training* labels either": lambda: (
        experiments.load("widths").values("width4", "noisy_train_accuracy").min() < 0.15
    ),
    "the interval does not quite exclude a loss of more than a point": lambda: (
        -2
        < change("widths", "width16", "width2", "noisy_test_accuracy").low
        < -1
        < 0
        < change("widths", "width16", "width2", "noisy_test_accuracy").estimate
    ),
    "on photographs clearly fewer lies are learned": lambda: memorised("stride", "none").high < -5,
    "the pools take away more than that again, on photographs by any rule": lambda: all(
        memorised(arm, "stride").estimate < memorised("stride", "none").estimate
        and memorised(arm, "stride").high < -5
        for arm in ("max", "avg", "late")
    ),
    "on digits clearly by the average and the late average": lambda: all(
        memorised(arm, "stride", "wrong_labels").high < -5 for arm in ("avg", "late")
    ),
    "With strides eight of the ten runs learned nearly all lies and two of them": lambda: (
        np.sum(experiments.load("wrong_labels").values("stride", "memorised") > 0.95) == 8
        and np.sum(experiments.load("wrong_labels").values("stride", "memorised") < 0.65) == 2
    ),
    "on digits only the average pools and the late average are clearly below": lambda: (
        [memorised(arm, "stride", "wrong_labels").high < 0 for arm in ("max", "avg", "late")]
        == [False, True, True]
    ),
    "For max on digits the interval contains zero": lambda: (
        memorised("max", "stride", "wrong_labels").low
        < 0
        < memorised("max", "stride", "wrong_labels").high
    ),
    "along the floor until nearly all of the truth is learned": lambda: all(
        mean("wrong_labels", arm, "memorised_at_level") < 5 for arm in ("none", *SMALL)
    ),
    "that of the large network runs a little higher": lambda: at_level("none", "max").low > 0,
    "All three intervals contain zero, and all three reach to the five points": lambda: all(
        at_level(arm, "stride").low < -4.9 < 0 < at_level(arm, "stride").high
        for arm in ("max", "avg", "late")
    ),
    "of twenty-five points and more, is gone": lambda: (
        all(memorised(arm, "stride").estimate < -25 for arm in ("max", "avg", "late"))
        and all(at_level(arm, "stride").low > -12 for arm in ("max", "avg", "late"))
    ),
    "the pooled networks learn about twice as much": lambda: all(
        1.8
        < mean("random_labels", arm, "fitted_doubled") / mean("random_labels", arm, "fitted")
        < 2.3
        for arm in ("max", "avg", "late")
    ),
    "the strides get to the end in that time, and the pools do not": lambda: (
        mean("random_labels", "stride", "fitted_doubled") > 99.5
        and mean("random_labels", "max", "fitted_doubled") < 90
    ),
    "highest mean in all four columns": lambda: all(max(row) == row[-1] for row in on_new_images()),
    "more than fourteen times the multiplications of the strides": lambda: (
        14 < mean("few_images", "late", "macs") / mean("few_images", "stride", "macs") < 15
    ),
    "Here max pooling has the lowest log-loss, clearly so on these data": lambda: all(
        change("few_images", "max", arm, "test_log_loss").high < -2
        for arm in ("none", "stride", "avg", "late")
    ),
    "With true labels all five networks lie within two points of each other": lambda: (
        np.ptp([mean("few_images", arm, "test_accuracy") for arm in ("none", *SMALL)]) < 2
    ),
    "With lies there are tens of points between them": lambda: (
        np.ptp([mean("wrong_labels", arm, "memorised") for arm in SMALL]) > 40
    ),
    "wrong on nearly every second one, new or not, and its gap is the smallest of all": lambda: (
        features(1000, "test_accuracy")[-1] < 55
        and features(1000, "train_accuracy")[-1] < 56
        and min(features(1000, "gap")) == features(1000, "gap")[-1]
    ),
    "the gap is widest at 16 numbers": lambda: max(features(100, "gap")) == features(100, "gap")[2],
    "nowhere as much as half a point": lambda: all(
        change("pooled_pixels", f"avg{k}_{n}", f"avg1_{n}", "test_accuracy").high < 0.5
        for k in (2, 4, 8)
        for n in (100, 1000)
    ),
    "On permuted pixels it comes last": lambda: all(
        change("permuted_pixels", "cnn_permuted", arm, "test_accuracy").high < 0
        for arm in ("dense_permuted", "svm_permuted")
    ),
    "with permuted pixels clearly worse": lambda: (
        change("permuted_pixels", "cnn_permuted", "dense_permuted", "test_accuracy").high < -1
        and change("permuted_pixels", "cnn", "dense", "test_accuracy").low > 1
    ),
    "a little above 25&nbsp;%, one run to a third": lambda: (
        30 < 100 * experiments.load("where").values("gap_circular", "train_accuracy").max() < 35
    ),
    "the support vectors are ahead in the mean, and ten runs do not tell": lambda: (
        change("permuted_pixels", "svm", "cnn", "test_accuracy").low
        < 0
        < change("permuted_pixels", "svm", "cnn", "test_accuracy").estimate
    ),
    "clear of zero for the moved images and, barely, for weight decay": lambda: (
        [
            new("remedies", arm, "nothing", "test_accuracy", 500).low > 0
            for arm in ("shorter", "shifts", "weight_decay", "thin")
        ]
        == [False, True, True, False]
    ),
    "the three that leave the network its size do better than the one that makes it smaller": (
        lambda: all(
            change("remedies", arm, "thin", "test_accuracy").low > 1
            for arm in ("shorter", "shifts", "weight_decay")
        )
    ),
    "for other digits that is open": lambda: all(
        new("remedies", arm, "thin", "test_accuracy", 500).low < 0
        for arm in ("shorter", "shifts", "weight_decay")
    ),
    "Without a remedy the gap is about *zero*": lambda: abs(mean("remedies", "nothing", "gap")) < 1,
    "more than half of the lies are *not* given back": lambda: (
        mean("remedies", "nothing", "memorised") < 50
    ),
    "Either way about four in five come out right": lambda: (
        abs(mean("remedies", "nothing", "test_accuracy") - 81) < 3
    ),
    "With the remedies the gap is far *below* zero": lambda: all(
        mean("remedies", arm, "gap") < -15 for arm in ("shorter", "shifts", "weight_decay", "thin")
    ),
}


@pytest.mark.parametrize("words", SAID)
def test_words_and_number_agree(words):
    CHAPTER.must_say(words, SAID[words])


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Five roads.", "has learned less of everything when the bell rings"),
        ("Three networks: average on a ring;", "does not even fit its training images"),
        ("Three networks: average on a ring;", "Here the place means everything"),
        ("whoever may choose it after looking", "There are four classic remedies"),
        ("Which of the four helps most on new digits?", "All four help, by several points"),
    ],
)
def test_prediction_is_asked_before_its_answer(question, answer):
    CHAPTER.must_ask_before(question, answer)


def test_both_gaps_of_the_two_classifiers_are_about_two_points():
    table = CHAPTER.printed("classifier ")
    gaps = [float(line.split()[-2]) for line in table.splitlines()[1:]]
    assert "Both gaps are about two points" in CHAPTER.prose
    assert all(abs(gap - 2) < 0.5 for gap in gaps)


def test_best_epoch_is_not_said_to_be_the_fifth():
    assert "This is its best moment" not in CHAPTER.prose
    assert "Its best moment comes a few epochs later" in CHAPTER.prose


def test_nothing_stands_between_the_question_of_the_remedies_and_their_figure():
    between = CHAPTER.everything.split("Which of the four helps most on new digits?")[1]
    assert len(between.split('experiments.load("remedies")')[0]) < 150


def test_the_table_of_widened_gaps_speaks_of_both_networks():
    table = CHAPTER.printed("What lies add to the gap")
    for name, arm in {"max pools": "max", "no pools": "none"}.items():
        [line] = [line for line in table.splitlines() if line.startswith(name)]
        for record in ("wrong_labels", "wrong_labels_cifar"):
            added = f"{mean(record, arm, 'extra_gap'):+.1f}".replace("-", "−")
            assert f" {added}, from " in line
