"""Words of chapter 8 that stand for a number: each is held against the number it stands for."""

import re

import numpy as np
import pytest
from chapter import Chapter

from cnnlab import experiments
from cnnlab.claims import claim, ledger
from cnnlab.claims.scale import verdict_kind
from cnnlab.statistics import corrected_interval, mean_interval

CHAPTER = Chapter("08-do-we-need-pooling")
WAYS = ("none", "none_squeezed", "late", "stride", "convstride")
KINDS = {"centred": 0.5, "scattered": 0.5, "cifar": 0.3}


def values(name, arm, quantity="test_accuracy"):
    return 100 * experiments.load(name).values(arm, quantity)


def mean(name, arm, quantity="test_accuracy"):
    return values(name, arm, quantity).mean()


def these(name, one, other, quantity="test_accuracy"):
    return mean_interval(values(name, one, quantity) - values(name, other, quantity))


def new(name, one, other, quantity="test_accuracy", split=(1000, 797)):
    return corrected_interval(values(name, one, quantity) - values(name, other, quantity), *split)


def ahead(kind, way, held="removals", pool="max"):
    """Points by which a pooled network is ahead of a way without."""
    return these(f"{held}_{kind}", pool, way).estimate


def decided(kind, way, held="removals", pool="max"):
    """1 if the pooled network is better by the margin, -1 if worse by it, 0 if undecided."""
    found, margin = these(f"{held}_{kind}", pool, way), KINDS[kind]
    return int(found.low > margin) - int(found.high < -margin)


def single(name, arm, quantity):
    [value] = set(experiments.load(name).values(arm, quantity))
    return value


def work(kind, way):
    name = f"removals_{kind}"
    return single(name, way, "macs") / single(name, "max", "macs")


def epochs(kind):
    return experiments.load(f"equal_time_{kind}").header["configuration"]["epochs"]


def bold(arm):
    """Which runs took the rate that was offered in addition."""
    return experiments.load("equal_time_scattered").values(arm, "learning_rate") == 0.016


def boldness(arm):
    """Points that the bold rate gained on the same seeds with the rate of the race before."""
    return (timed(arm) - values("removals_scattered", arm))[bold(arm)]


def tried(arm):
    """Median validation log-losses of the trials of an arm, rate by rate."""
    rows = [row for row in experiments.load("equal_time_scattered").rows if row["arm"] == arm]
    losses = [row["validation_log_loss"] for row in rows]
    return [np.median([loss[rate] for loss in losses]) for rate in losses[0]]


def live_losses():
    """What the last column of the table of other settings says."""
    rows = CHAPTER.printed("Live, mean of three seeds").splitlines()[2:]
    return [int(row.split()[-1]) for row in rows]


def timed(arm):
    return values("equal_time_scattered", arm)


def lost(method, kind):
    return these("preprocessing", f"{method}_prepared", f"{method}_{kind}").estimate


def found(name):
    return {part.name: part.finding.decision for part in claim(name).parts}


def raised(one, other, quantity="class_accuracy"):
    return these("probes", one, other, quantity)


def ratio(name, one, other, quantity):
    """Geometric mean of the quotients, as the ledger takes it."""
    return np.exp(np.mean(np.log(values(name, one, quantity) / values(name, other, quantity))))


def settings(name):
    return experiments.load(name).header["configuration"]


# words of the chapter, and whether they are true of the recorded runs
SAID = {
    "her network is eleven times as large": lambda: (
        11
        < single("removals_centred", "none", "parameters")
        / single("removals_centred", "max", "parameters")
        < 11.5
    ),
    "Only (c) and (d) have exactly the parameters of the pooled network": lambda: (
        [
            way
            for way in WAYS
            if single("removals_centred", way, "parameters")
            == single("removals_centred", "max", "parameters")
        ]
        == ["late", "stride"]
    ),
    "And none of the five does the same work": lambda: all(
        abs(work(kind, way) - 1) > 0.1 for kind in KINDS for way in WAYS
    ),
    "(c) makes more than fourteen times those of (d)": lambda: (
        14 < work("centred", "late") / work("centred", "stride") < 15
    ),
    "The pooled one is ahead by less than a point on average": lambda: (
        0 < these("zip_code", "max", "zip_code").estimate < 1
    ),
    "The pooled twin is ahead, in these runs, and whether by a point they cannot tell": lambda: (
        these("zip_code", "max", "zip_code").low > 0
        and new("zip_code", "max", "zip_code").high > 1
        and found("pooling-is-necessary")["behind"] == "undecided"
    ),
    "a pool after *every* convolution is not better by a point": lambda: (
        found("pooling-is-necessary")["every-second"] == "does not hold"
    ),
    "looks worse, but its runs differ so much that it is undecided": lambda: (
        found("pooling-is-necessary")["every-last"] == "undecided"
        and these("zip_code", "after_every", "after_last").low > 0
    ),
    "a learning rate chosen for each from three": lambda: all(
        len(settings(f"removals_{kind}")["learning_rates"]) == 3 for kind in KINDS
    ),
    "the means lie within two points of one another": lambda: (
        np.ptp([mean("removals_centred", way) for way in ("max", *WAYS)]) < 2
    ),
    "of the five duels only (b) is decided, for max pooling": lambda: (
        [decided("centred", way) for way in WAYS] == [0, 1, 0, 0, 0]
    ),
    "the same deletion costs more than twenty points": lambda: ahead("scattered", "none") > 20,
    "Strides lose by less, but on these images clearly": lambda: all(
        2 < ahead("scattered", way) < 10 and decided("scattered", way) == 1
        for way in ("stride", "convstride")
    ),
    "for new digits (e) is open": lambda: (
        new("removals_scattered", "max", "convstride").low
        < 0.5
        < new("removals_scattered", "max", "stride").low
    ),
    "max pooling is ahead of all five on these images": lambda: all(
        these("removals_centred", "max", way).low > 0 for way in WAYS
    ),
    "what is open, but for (b), is whether by half a point": lambda: (
        [these("removals_centred", "max", way).low > 0.5 for way in WAYS]
        == [False, True, False, False, False]
    ),
    "no network without any pool ever beat max pooling by an amount that matters": lambda: (
        [
            way
            for kind in KINDS
            for held in ("removals", "equal_time")
            for way in WAYS
            if way != "late" and decided(kind, way, held) == -1
        ]
        == []
        and new("zip_code", "max", "zip_code").low > -1
    ),
    "it puts more than nine of ten new ones right": lambda: (
        found("pooling-is-necessary")["works"] == "does not hold"
        and mean("zip_code", "zip_code") > 90
    ),
    "(c) *beats* the pooled network, by about five points, with the same parameters": lambda: (
        -5.5 < ahead("scattered", "late") < -4.5 and decided("scattered", "late") == -1
    ),
    "all rivals behind max pooling but (c), which is ahead by about two points": lambda: (
        [decided("cifar", way) for way in WAYS] == [1, 1, -1, 1, 1]
        and -2.3 < ahead("cifar", "late") < -1.7
    ),
    "in two of the fifteen duels it is worse, and in four they cannot say": lambda: (
        sorted(decided(kind, way) for kind in KINDS for way in WAYS) == [-1] * 2 + [0] * 4 + [1] * 9
    ),
    "all ten duels on scattered digits and on photographs are decided in the same way": lambda: all(
        decided(kind, way) == decided(kind, way, pool="avg") != 0
        for kind in ("scattered", "cifar")
        for way in WAYS
    ),
    "average pools are not better by half a point than four of the five": lambda: (
        sum(these("removals_centred", "avg", way).high < 0.5 for way in WAYS) == 4
    ),
    "nearly every network has learned its training images by heart": lambda: (
        sorted(
            mean(f"removals_{kind}", way, "train_accuracy")
            for kind in ("centred", "scattered")
            for way in ("max", *WAYS)
        )[1]
        > 99.5
    ),
    "(a) knows its 5&nbsp;000 photographs almost all": lambda: (
        mean("removals_cifar", "none", "train_accuracy") > 99
        and settings("removals_cifar")["train"] == 5000
    ),
    "the pooled network is right on not much more than three quarters of its own": lambda: (
        75 < mean("removals_cifar", "max", "train_accuracy") < 80
    ),
    "And most of the networks took the largest learning rate on offer": lambda: (
        np.mean(
            [
                np.mean(values(f"removals_{kind}", way, "learning_rate"))
                > 90 * max(settings(f"removals_{kind}")["learning_rates"])
                for kind in KINDS
                for way in ("max", *WAYS)
            ]
        )
        > 0.6
    ),
    "offered one twice as large, and on photographs max pooling never took it": lambda: (
        max(settings("equal_time_cifar")["learning_rates"])
        == 2 * max(settings("removals_cifar")["learning_rates"])
        and set(experiments.load("equal_time_cifar").values("max", "learning_rate")) == {0.004}
    ),
    "a race over sixteen epochs": lambda: settings("removals_cifar")["epochs"] == 16,
    "An epoch of (c) takes between five and a half and seven times": lambda: all(
        5.5 < work(kind, "late") < 7 for kind in KINDS
    ),
    "an epoch of (d) not half of them": lambda: all(work(kind, "stride") < 0.5 for kind in KINDS),
    "about three times the work": lambda: all(2.7 < work(kind, "max_gap") < 3.3 for kind in KINDS),
    "(a) and (b) do between five and a half and a bit over seven times": lambda: all(
        5.5 < work(kind, way) < 7.3 and decided(kind, way) == 1
        for kind in ("scattered", "cifar")
        for way in ("none", "none_squeezed")
    ),
    "(a) is worse still: at *equal work* deleting the pools loses by about ten points": lambda: (
        9.5 < ahead("cifar", "none_thin") < 11
        and ahead("cifar", "none_thin") > ahead("cifar", "none")
    ),
    "on photographs, and by more than thirty on scattered digits": lambda: (
        30 < ahead("scattered", "none_thin") < 36
    ),
    "does even better, with less than half of the work of (c)": lambda: (
        these("removals_scattered", "max_gap", "late").low > 0.5
        and work("scattered", "max_gap") < work("scattered", "late") / 2
    ),
    "on photographs (c) is ahead of it": lambda: (
        these("removals_cifar", "max_gap", "late").high < -0.3
    ),
    "right on little more than half of its own training images, (c) on nearly three": lambda: (
        50 < mean("removals_cifar", "max_gap", "train_accuracy") < 56
        and 73 < mean("removals_cifar", "late", "train_accuracy") < 75
    ),
    "on one thread of one processor": lambda: (
        "batch size, float32, one thread" in experiments.load("removals_pace").header["held_equal"]
        and settings("removals_pace")["batch_size"] == 50
    ),
    "(c) does more than five times the multiplications of max pooling and takes about": lambda: (
        work("cifar", "late") > 5
        and 2.8
        < np.median(experiments.load("removals_pace").values("late", "photographs_over_max"))
        < 3.2
    ),
    "(d) runs through its images more than twice as often": lambda: all(
        epochs(kind)["stride"] > 2 * epochs(kind)["max"] for kind in KINDS
    ),
    "(c) less than half as often on digits and a third as often on photographs": lambda: (
        epochs("scattered")["late"] < epochs("scattered")["max"] / 2
        and round(epochs("cifar")["max"] / epochs("cifar")["late"]) == 3
    ),
    "Now it gets five, and max pooling sixteen, which take the same time": lambda: (
        [epochs("cifar")[way] for way in ("late", "max", "stride")] == [5, 16, 41]
    ),
    "in the time that it needs on one processor thread, max pooling is better than every": lambda: (
        all(decided("cifar", way, "equal_time") == 1 for way in WAYS)
    ),
    "at equal time it is nearly four behind": lambda: (
        3.5 < ahead("cifar", "late", "equal_time") < 4
    ),
    "it is right on little more than half of its own training images": lambda: (
        50 < mean("equal_time_cifar", "late", "train_accuracy") < 56
    ),
    "tried for a single epoch, too, a third of what max pooling had": lambda: (
        [settings("equal_time_cifar")["trial_epochs"][way] for way in ("late", "max")] == [1, 3]
    ),
    "In five of the ten our own forecast, made before the runs, was another one": lambda: (
        [len(chapter), sum(c.forecast != verdict_kind(c.verdict) for c in chapter)] == [10, 5]
        if (chapter := [c for c in ledger().claims.values() if c.chapter == CHAPTER.name])
        else False
    ),
    "with forty-one epochs it is worse than it was with sixteen": lambda: (
        mean_interval(
            values("equal_time_cifar", "stride") - values("removals_cifar", "stride")
        ).high
        < -0.3
    ),
    "it has had time to learn its 5&nbsp;000 photographs by heart": lambda: (
        mean("equal_time_cifar", "stride", "train_accuracy") > 95
    ),
    "In the middle nothing new is decided": lambda: (
        [decided("centred", way, "equal_time") for way in WAYS]
        == [decided("centred", way) for way in WAYS]
    ),
    "On digits anywhere (a) and (b) are as far behind as before": lambda: all(
        abs(ahead("scattered", way, "equal_time") - ahead("scattered", way)) < 2
        for way in ("none", "none_squeezed")
    ),
    "The duels with the other three have become *undecided*": lambda: (
        [decided("scattered", way, "equal_time") for way in WAYS] == [1, 1, 0, 0, 0]
    ),
    "the trials lasted eight epochs and the training twenty-five": lambda: (
        settings("equal_time_scattered")["trial_epochs"]["max"] == 8
        and epochs("scattered")["max"] == 25
    ),
    "With max pools the bold rate was worse on all four seeds, once by more than twenty": lambda: (
        (gaps := boldness("max")).size == 4 and gaps.max() < -2 and np.sum(gaps < -20) == 1
    ),
    "with average pools on two of five, by a point or two": lambda: (
        (gaps := boldness("avg")).size == 5
        and np.sum(gaps < 0) == 2
        and all(-2 < gap < -1 for gap in gaps[gaps < 0])
    ),
    "(e) took it twice, and was worse twice": lambda: (
        (gaps := boldness("convstride")).size == 2 and gaps.max() < 0
    ),
    "one of the two runs was *dead*": lambda: (
        timed("convstride")[bold("convstride")].min() < 12
        and values("equal_time_scattered", "convstride", "train_accuracy").min() < 12
    ),
    "a smaller rate": lambda: all(
        set(experiments.load("removals_scattered").values(arm, "learning_rate")[bold(arm)])
        == {0.008}
        for arm in ("max", "avg", "convstride")
    ),
    "(c) had three epochs to try its rates, and (b) four": lambda: (
        [settings("equal_time_scattered")["trial_epochs"][way] for way in ("late", "none_squeezed")]
        == [3, 4]
    ),
    "(c) had hardly got beyond guessing, and (b) even less": lambda: (
        2 < min(tried("late")) < min(tried("none_squeezed"))
        and min(tried("none_squeezed")) > 2.2
        and min(tried("max")) < 1.1
    ),
    "it has gone elsewhere when the training ends": lambda: (
        experiments.load("strided_digits").values("from_average_1000", "likeness").max() < 0.9
    ),
    "On scattered digits and photographs both kinds of strides fall behind by points": lambda: all(
        ahead(kind, way) > 4 for kind in ("scattered", "cifar") for way in ("stride", "convstride")
    ),
    "on photographs they cost something, here, even with pools": lambda: (
        decided("cifar", "max_conv") == 1 and decided("scattered", "max_conv") == 0
    ),
    "the network is ahead of (e) on both, by several points": lambda: all(
        these(f"removals_{kind}", "max_conv", "convstride").low > 2
        for kind in ("scattered", "cifar")
    ),
    "On the three sets of small or centred digits nothing is decided at half a point": lambda: (
        [
            name
            for name, decision in found("strided-conv-replaces-pooling").items()
            if name.split("-")[0] in ("centred", "digits")
            and name.endswith(("-stride", "-convstride"))
            and decision != "undecided"
        ]
        == []
    ),
    "there the stride *is* worse by half a point on its images": lambda: (
        these("few_images", "max", "stride").low > 0.495
        and len(experiments.load("few_images").seeds("max")) == 30
    ),
    "a longer record of the same two networks, with thirty seeds": lambda: (
        single("few_images", "stride", "parameters")
        == single("strided_digits", "stride_200", "parameters")
    ),
    "a step of (d) takes little more than half of the time": lambda: (
        0.5
        < np.median(experiments.load("training_speed").values("stride", "step_ms"))
        / np.median(experiments.load("training_speed").values("max", "step_ms"))
        < 0.6
    ),
    "a step of (e), for all its multiplications, takes no longer than one with max pools": lambda: (
        found("strided-conv-costs-more")["added-pace"] == "does not hold"
        and work("centred", "convstride") > 1.1
    ),
    "with a patch that agrees it is nearly perfect": lambda: all(
        mean("shortcut", arm, "accuracy_agreeing") > 99 for arm in experiments.load("shortcut").arms
    ),
    "with one that contradicts it loses about five points": lambda: all(
        4
        < mean("shortcut", arm, "accuracy_absent") - mean("shortcut", arm, "accuracy_contradicted")
        < 6.1
        for arm in experiments.load("shortcut").arms
    ),
    "For (a), (c) and (d) it can be ruled out, on these images": lambda: (
        [way for way in WAYS if these("shortcut", way, "max", "drop").high < 1]
        == ["none", "late", "stride"]
    ),
    "For (b) and (e) ten runs cannot tell": lambda: all(
        these("shortcut", way, "max", "drop").low < 1 < these("shortcut", way, "max", "drop").high
        for way in ("none_squeezed", "convstride")
    ),
    "About one answer in twenty, with pools and without": lambda: all(
        4 < mean("shortcut", arm, "followed") < 6.5 for arm in experiments.load("shortcut").arms
    ),
    "(b) does follow the patch more than max pooling does, on these images": lambda: (
        [
            way
            for way in experiments.load("shortcut").arms
            if these("shortcut", way, "max", "followed").low > 0
        ]
        == ["none_squeezed"]
    ),
    "it is the weaker network": lambda: all(
        ahead(kind, "none_squeezed") == max(ahead(kind, way) for way in WAYS) for kind in KINDS
    ),
    "*At* a pool, the class does become easier to read, by several points": lambda: all(
        raised(f"max_pool{n}", f"max_conv{n}").estimate > 4
        and raised(f"max_pool{n}", f"max_conv{n}").low > 0.5
        for n in (1, 2)
    ),
    "from as many values of the same maps, kept by their place, much less is read": lambda: all(
        raised(f"max_pool{n}", f"max_kept{n}").low > 5 for n in (1, 2)
    ),
    "twenty-four points at the second, twelve at the third": lambda: (
        round(raised("max_conv2", "max_pool1").estimate) == 24
        and round(raised("max_conv3", "max_pool2").estimate) == 12
    ),
    "The place can be read behind the pools as well as before": lambda: all(
        found("pooling-keeps-high-level")[part] == "does not hold"
        for part in ("first-place", "second-place")
    ),
    "can still be read at the end, for the most part": lambda: (
        mean("probes", "max_conv3", "thickness_explained") > 60
    ),
    "the two pools together give twenty-two points, the two convolutions twenty-seven": lambda: (
        round(sum(raised(f"avg_pool{n}", f"avg_conv{n}").estimate for n in (1, 2))) == 22
        and round(sum(raised(f"avg_conv{n + 1}", f"avg_pool{n}").estimate for n in (1, 2))) == 27
    ),
    "the second pool does twice what the convolution behind it does": lambda: (
        raised("avg_pool2", "avg_conv2").estimate > 2 * raised("avg_conv3", "avg_pool2").estimate
    ),
    "Each max pool takes a little of it, three percent and five": lambda: (
        [
            round(-raised(f"max_pool{n}", f"max_conv{n}", "thickness_explained").estimate)
            for n in (1, 2)
        ]
        == [3, 5]
    ),
    "eight percent of the thickness, in both networks, and a bit of the place as well": lambda: all(
        round(-raised(f"{rule}_conv3", f"{rule}_pool2", "thickness_explained").estimate) == 8
        and raised(f"{rule}_conv3", f"{rule}_pool2", "thickness_explained").high < 0
        and raised(f"{rule}_conv3", f"{rule}_pool2", "place_error").low > 0
        for rule in ("max", "avg")
    ),
    "whether by more than the two percent that we had asked for, ten runs cannot tell": lambda: all(
        found("pooling-keeps-high-level")[part] == "undecided"
        and raised(f"max_pool{n}", f"max_conv{n}", "thickness_explained").high < 0
        for n, part in ((1, "first-thickness"), (2, "second-thickness"))
    ),
    "Behind average pools it is even a little *easier* to read": lambda: all(
        raised(f"avg_pool{n}", f"avg_conv{n}", "thickness_explained").low > 0 for n in (1, 2)
    ),
    "it costs nothing, and gives nothing that matters": lambda: all(
        -0.5 < bound < 0.5
        for rule in ("max", "avg")
        for found in [these("pooled_pixels", f"{rule}2_1000", "avg1_1000")]
        for bound in (found.low, found.high)
    ),
    "Behind two convolutions (solid) the same pool loses next to nothing": lambda: all(
        mean("lost_detail", f"{task}_after{k}") > 99.8
        for task in ("shape", "stripes", "dot")
        for k in (2, 4)
    ),
    "On the pixels, even the shape of a large object suffers": lambda: (
        these("lost_detail", "shape_first2", "shape_none").high < -1
    ),
    "a support vector machine is ahead of both convolutional networks": lambda: all(
        these(f"classifiers_{kind}", "svm", arm).low > 0
        for kind in ("digits", "centred")
        for arm in ("cnn_gap", "cnn_flatten")
    ),
    "are no worse than the networks": lambda: all(
        mean(f"classifiers_{kind}", "nearest") >= mean(f"classifiers_{kind}", arm)
        for kind in ("digits", "centred")
        for arm in ("cnn_gap", "cnn_flatten", "dense")
    ),
    "with the global average comes *last* on the centred digits": lambda: (
        min(
            experiments.load("classifiers_centred").arms,
            key=lambda arm: mean("classifiers_centred", arm),
        )
        == "cnn_gap"
    ),
    "by about eight and sixteen points": lambda: (
        7.5 < these("classifiers_scattered", "cnn_flatten", "svm").estimate < 8.5
        and 15.5 < these("classifiers_scattered", "cnn_gap", "svm").estimate < 17
    ),
    "have fallen by more than twenty points": lambda: all(
        mean("classifiers_centred", arm) - mean("classifiers_scattered", arm) > 20
        for arm in ("svm", "nearest", "forest", "logistic", "dense")
    ),
    "The convolutional networks bear it best if the digits are not *centred*": lambda: (
        lost("cnn_gap", "anywhere") < lost("cnn_flatten", "anywhere")
        and lost("cnn_flatten", "anywhere")
        < min(lost("svm", "anywhere"), lost("nearest", "anywhere"))
    ),
    "they lose about eleven points (flatten) and about seven (global average)": lambda: (
        round(lost("cnn_flatten", "to255")) == 11 and round(lost("cnn_gap", "to255")) == 7
    ),
    "loses thirty-seven points in place of sixty-one": lambda: (
        live_losses() == [61, 37, 47, 36] and round(lost("svm", "anywhere")) == 61
    ),
    "the convolutional networks still lose least": lambda: (
        lost("cnn_gap", "anywhere") < lost("cnn_flatten", "anywhere") < min(live_losses())
    ),
    "with a flatten, no more than about a point over a dense network here": lambda: (
        0.5 < these("classifiers_centred", "cnn_flatten", "dense").estimate < 1.2
        and -0.5 < these("classifiers_digits", "cnn_flatten", "dense").estimate < 0.5
    ),
    "from three, where the support vector machine had eight settings to try": lambda: all(
        len(grids["cnn_flatten"]["learning_rate"]) == len(grids["cnn_gap"]["learning_rate"]) == 3
        and len(grids["svm"]["C"]) * len(grids["svm"]["width"]) == 8
        for kind in ("digits", "centred", "scattered")
        for grids in [settings(f"classifiers_{kind}")["grids"]]
    ),
    "which is 0.5, 1.25 and 2.6 pixels for windows of 2, 4 and 8": lambda: (
        [round((k**2 - 1) / (3 * k), 2) for k in (2, 4, 8)] == [0.5, 1.25, 2.62]
    ),
    "the dot is missed by about as much as by guessing within the window": lambda: all(
        abs(
            experiments.load("lost_detail").values(f"dot_first{k}", "error").mean()
            - (k**2 - 1) / (3 * k)
        )
        < 0.06
        for k in (2, 4, 8)
    ),
    "Nearest neighbours do not notice. Nor does the support vector machine": lambda: (
        lost("nearest", "to255") == lost("svm", "to255") == 0
    ),
    "it fails completely": lambda: mean("preprocessing", "svm_fixed_to255") < 12,
    "about fifty times as long to train": lambda: (
        round(ratio("classifiers_digits", "cnn_flatten", "svm", "fit_seconds"), -1) == 50
    ),
    "six more kinds of settings have to be chosen": lambda: (
        single("classifiers_digits", "cnn_flatten", "choices")
        - single("classifiers_digits", "svm", "choices")
        == 6
    ),
}


@pytest.mark.parametrize("words", SAID)
def test_words_and_number_agree(words):
    CHAPTER.must_say(words, SAID[words])


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What *else* has she changed?", "her network is eleven times as large"),
        ("Is there any relation between the two?", "*is* the map of (d)"),
        ("How many does the pooled network win?", "of the five duels only (b) is decided"),
        ("Who is ahead? And (d), which now gets forty-one?", "the verdict on (c) *turns round*"),
        ("Which one follows a lying patch most often", "Every network has learned the shortcut"),
        ("which of the three becomes easier to read", "The class becomes easier to read"),
        ("Which of the three questions can still be answered?", "the same image, bright all over"),
        ("Who wins on digits of 8×8 pixels", "a support vector machine is ahead of both"),
    ],
)
def test_a_question_is_asked_before_it_is_answered(question, answer):
    CHAPTER.must_ask_before(question, answer)


def test_the_maps_of_the_strides_lie_among_those_of_the_late_pool():
    printed = [
        output["text"]
        for cell in CHAPTER.cells
        for output in cell.get("outputs", [])
        if output.output_type == "stream"
    ]
    assert any("every fourth value of (c) is (d): True" in text for text in printed)


def test_the_live_race_shows_what_the_text_says_of_it():
    said = CHAPTER.alternative_texts["fig-live-removals"]
    found = re.findall(r"(max pools|\([a-e]\))[^,.]*(?:, [a-z ]+?)? (\d+\.\d)", said)
    live = {name: float(value) for name, value in found}
    best = sorted(live, key=live.get, reverse=True)
    assert best[:2] == ["(c)", "max pools"]
    assert live["(d)"] < live["(a)"]
    recorded = {way: mean("removals_scattered", way) for way in ("max", *WAYS)}
    assert sorted(recorded, key=recorded.get)[-2:] == ["max", "late"]
    assert recorded["stride"] > recorded["none"]


def test_a_lying_patch_is_answered_with_numbers_for_every_network():
    table = CHAPTER.printed("Means of ten runs")
    assert table.count("%") == len(experiments.load("shortcut").arms)
