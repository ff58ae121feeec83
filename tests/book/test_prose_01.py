"""Words of chapter 1 that stand for a number: each is held against the number it stands for."""

import itertools

import numpy as np
import pytest
from chapter import Chapter

from cnnlab import experiments, shapes
from cnnlab.laws import counting
from cnnlab.statistics import corrected_interval, mean_interval

CHAPTER = Chapter("01-convolution")


def points(name, one, other, quantity="test_accuracy"):
    return 100 * experiments.load(name).differences(one, other, quantity)


def these(name, one, other, quantity="test_accuracy"):
    return mean_interval(points(name, one, other, quantity))


def new(name, one, other):
    return corrected_interval(points(name, one, other), 1000, 797)


def mean(name, arm, quantity="test_accuracy"):
    return 100 * experiments.load(name).values(arm, quantity).mean()


def settings_of_svm_and_cnn():
    chosen = experiments.load("permuted_pixels").header["configuration"]
    return len(chosen["svm_c"]) * len(chosen["svm_gamma"]), len(chosen["learning_rates"])


def undecided(interval, margin=0.5):
    return interval.low < margin < interval.high


# words of the chapter, and whether they are true of the recorded runs
SAID = {
    "*Training the first convolution* shifts the mean by next to nothing": lambda: (
        undecided(these("frozen_filters", "trained", "frozen_first"))
        and abs(these("frozen_filters", "trained", "frozen_first").estimate) < 0.1
    ),
    "*Training all three* gains about half a point, just as much as the margin": lambda: (
        undecided(these("frozen_filters", "trained", "frozen_all"))
        and 0.4 < these("frozen_filters", "trained", "frozen_all").estimate < 0.6
    ),
    "Three *random* convolutions are ahead of *no* convolution, by more than a point": lambda: (
        these("frozen_filters", "frozen_all", "pixels").low > 0.5
        and these("frozen_filters", "frozen_all", "pixels").estimate > 1
    ),
    "for new ones that is open, since the thin bar reaches over zero": lambda: (
        new("frozen_filters", "frozen_all", "pixels").low < 0
    ),
    "a dense layer on their pixels puts more than 95 % of them right": lambda: (
        mean("frozen_filters", "pixels") > 95
    ),
    "every network put all its training images right": lambda: all(
        np.all(experiments.load("frozen_filters").values(arm, "train_accuracy") == 1)
        for arm in experiments.load("frozen_filters").arms
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
    "the support vector machine chose among nine settings, the CNN among three learning rates": (
        lambda: settings_of_svm_and_cnn() == (9, 3)
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
    "And there, too, every run took the larger of its two learning rates": lambda: all(
        np.all(experiments.load("depth").values(arm, "learning_rate") == 0.01)
        and experiments.load("depth").header["configuration"]["learning_rates"] == [0.005, 0.01]
        for arm in ("one", "three", "three_linear")
    ),
    "CIFAR-10, averaged from 32×32 to 16×16 pixels": lambda: (
        experiments.load("depth_cifar")
        .header["data"]["name"]
        .startswith("CIFAR-10 averaged to 16x16 pixels")
    ),
    "the dilation d makes it d(f − 1)/2": lambda: all(
        shapes.output_size(28, f, padding=d * (f - 1) // 2, dilation=d) == 28
        for f, d in itertools.product((1, 3, 5), (1, 2, 3))
    ),
    "in the last line a padding of 3 keeps the 28": lambda: (
        shapes.output_size(28, 4, padding=3, dilation=2) == 28
    ),
    "no padding smaller than the kernel keeps a size above the kernel's": lambda: (
        shapes.output_size(2, 3, stride=2, padding=2) == 2  # why it says "above the kernel's"
        and all(
            shapes.output_size(n, f, stride=2, padding=p) < n
            for f in range(1, 8)
            for n in range(f + 1, 30)
            for p in range(f)
        )
    ),
    "the local layer has more weights than connections": lambda: (
        counting.costs(1, 8, size=28, kernel_size=3, padding=1)["local"].weights
        > counting.costs(1, 8, size=28, kernel_size=3, padding=1)["local"].connections
    ),
    "The two ReLUs *in between* did not pay here": lambda: (
        these("depth_cifar", "three", "three_linear").high < 0
    ),
}


@pytest.mark.parametrize("words", SAID)
def test_words_and_number_agree(words):
    CHAPTER.must_say(words, SAID[words])


@pytest.mark.parametrize("name", CHAPTER.alternative_texts)
def test_figures_say_the_words_of_the_text_and_not_those_of_the_code(name):
    for word in ("one3", "one7", "three3", "random ", "relu", "linear 1", "frozen all", "svm"):
        assert word not in CHAPTER.alternative_texts[name]


def test_what_is_said_of_the_cnn_and_the_support_vector_machine_is_in_the_figure():
    assert "CNN − SVM" in CHAPTER.alternative_texts["fig-permuted"]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Move the digit five pixels", "the map shifts"),
        ("Which of the five can solve this", "all four networks that see 7×7 pixels solve it"),
        ("Which of the five can solve this", "contain *the same 3×3 windows*"),
        ("Which of them loses accuracy", "which pixels are *neighbours*"),
    ],
)
def test_prediction_is_asked_before_its_answer(question, answer):
    CHAPTER.must_ask_before(question, answer)
