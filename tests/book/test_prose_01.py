"""Words of chapter 1 that stand for a number: each is held against the number it stands for."""

from pathlib import Path

import nbformat
import numpy as np
import pytest

from cnnlab import experiments
from cnnlab.statistics import corrected_interval, mean_interval

CHAPTER = Path(__file__).parents[2] / "book" / "01-convolution.ipynb"


def points(name, one, other, quantity="test_accuracy"):
    return 100 * experiments.load(name).differences(one, other, quantity)


def these(name, one, other, quantity="test_accuracy"):
    return mean_interval(points(name, one, other, quantity))


def new(name, one, other):
    return corrected_interval(points(name, one, other), 1000, 797)


def mean(name, arm, quantity="test_accuracy"):
    return 100 * experiments.load(name).values(arm, quantity).mean()


def undecided(interval, margin=0.5):
    return interval.low < margin < interval.high


# words of the chapter, and whether they are true of the recorded runs
SAID = {
    "gains nothing worth talking about": lambda: (
        these("frozen_filters", "trained", "frozen_first").high < 0.5
    ),
    "does gain, more than a point": lambda: (
        these("frozen_filters", "trained", "frozen_all").low > 1
    ),
    "by so little that ten runs can't tell it from nothing": lambda: (
        these("frozen_filters", "frozen_all", "pixels").low < 0
        and undecided(these("frozen_filters", "frozen_all", "pixels"))
    ),
    "a dense layer on their pixels is nearly as good": lambda: (
        mean("frozen_filters", "pixels") > 95
    ),
    "differs by a point or so": lambda: (
        0.3 < experiments.load("frozen_filters").values("trained", "test_accuracy").std() * 100 < 1
    ),
    "The convolution is far *behind* the dense layer": lambda: (
        these("first_layers", "conv_random", "dense_random", "train_accuracy").high < -10
    ),
    "The dense first layer learns nearly all of them": lambda: (
        mean("first_layers", "dense_random", "train_accuracy") > 95
    ),
    "ten runs don't tell; they scatter widely": lambda: undecided(
        these("first_layers", "local_random", "conv_random", "train_accuracy")
    ),
    "That the convolution is *better* by half a point these runs rule out, for these digits": (
        lambda: (
            these("first_layers", "conv", "dense").high
            < 0.5
            < new("first_layers", "conv", "dense").high
        )
    ),
    "The support vector machine does not notice at all": lambda: (
        not np.any(points("permuted_pixels", "svm", "svm_permuted"))
    ),
    "With fresh random weights the mean difference is zero": lambda: (
        abs(these("permuted_pixels", "dense", "dense_permuted").estimate) < 0.05
    ),
    'just too wide to call that "equal"': lambda: (
        0.5 < these("permuted_pixels", "dense", "dense_permuted").high < 0.7
    ),
    "The CNN, however, loses a lot": lambda: new("permuted_pixels", "cnn", "cnn_permuted").low > 3,
    "On mixed pixels the dense network is *ahead* of it": lambda: (
        new("permuted_pixels", "dense_permuted", "cnn_permuted").low > 0.5
    ),
    "rule out that the CNN is ahead of the support vector machine by half a point": lambda: (
        these("permuted_pixels", "cnn", "svm").high < 0.5
    ),
    "A few points above guessing it is, all the same": lambda: 50 < mean("parts", "one3") < 57,
    "The stack of three is perfect, and so is one large kernel": lambda: (
        mean("parts", "three3") == mean("parts", "one7") == 100
    ),
    "Three are better than one: this is what everyone says, and here it holds, clearly": lambda: (
        these("depth_cifar", "three", "one").low > 1
    ),
    "the best of the three is the one *without* ReLUs": lambda: (
        these("depth_cifar", "three_linear", "three").low > 0.5
    ),
    "it is several points ahead of that large kernel": lambda: (
        these("depth_cifar", "three_linear", "one").low > 3
    ),
    "is worst on its *own training images*": lambda: (
        these("depth_cifar", "three", "one", "train_accuracy").low > 0
        and these("depth_cifar", "three_linear", "one", "train_accuracy").low > 0
    ),
    "within its 18 epochs": lambda: (
        experiments.load("depth_cifar").header["configuration"]["epochs"] == 18
    ),
    "cannot tell any of the three from another by half a point": lambda: all(
        undecided(these("depth", *pair)) and these("depth", *pair).low < 0
        for pair in [("three", "one"), ("three", "three_linear"), ("three_linear", "one")]
    ),
    "Now the interval for these digits is clear of zero": lambda: (
        mean_interval(experiments.load("depth").differences("three", "one", "test_log_loss")).high
        < 0
    ),
    "every one of these runs chose the larger of the two learning rates": lambda: all(
        np.all(experiments.load("depth_cifar").values(arm, "learning_rate") == 0.008)
        for arm in ("one", "three", "three_linear")
    ),
    "The two ReLUs *in between* did not pay here": lambda: (
        these("depth_cifar", "three", "three_linear").high < 0
    ),
}


@pytest.mark.parametrize("words", SAID)
def test_words_and_number_agree(words):
    cells = nbformat.read(CHAPTER, as_version=4).cells
    shown = [cell.source for cell in cells if cell.cell_type == "markdown"]
    shown += [
        cell.metadata["mystnb"]["figure"]["caption"]
        for cell in cells
        if "figure" in cell.metadata.get("mystnb", {})
    ]
    prose = " ".join(" ".join(source.split()) for source in shown)
    assert words in prose, "the chapter no longer says this: change the words here as well"
    assert SAID[words]()
