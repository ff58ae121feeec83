"""Words of chapter 5 that stand for a number: each is held against the number it stands for."""

import numpy as np
import pytest
from chapter import Chapter

from cnnlab import datasets, experiments
from cnnlab.experiments import photo_features, weights
from cnnlab.experiments.invariance import TRAINED
from cnnlab.statistics import corrected_interval, mean_interval

CHAPTER = Chapter("05-invariance")
FLATTEN = ("max", "avg", "stride", "maxblur", "none", "late")
AVERAGE = ("max_gap", "avg_gap", "stride_gap", "maxblur_gap")
MARGIN = 0.5


def values(arm, quantity, record="shift_curve"):
    return experiments.load(record).values(arm, quantity)


def curve(arm, key="accuracy_by_shift", record="shift_curve"):
    """Mean over the runs of a list that each row holds."""
    rows = [row[key] for row in experiments.load(record).rows if row["arm"] == arm]
    return np.mean(rows, axis=0)


def points(one, other, quantity="consistency_1", record="shift_curve"):
    return 100 * experiments.load(record).differences(one, other, quantity)


def these(*arms):
    return mean_interval(points(*arms))


def new(*arms):
    return corrected_interval(points(*arms), 1000, 797)


def undecided(*arms):
    return these(*arms).low < MARGIN < these(*arms).high


def ahead_here(*arms):
    """Beyond the margin on these digits, not clear of it for new ones."""
    return these(*arms).low > MARGIN and new(*arms).low < MARGIN


def features(arm, quantity, photo="china"):
    return curve(arm, f"{quantity}_by_shift_{photo}", "shifted_features")


def noise(arm, quantity):
    return values(arm, quantity, "noisy_features").mean()


def pixels_until(arm, accuracy):
    """Shift, between whole pixels by straight lines, at which a falling curve has this height."""
    heights = curve(arm)
    return np.interp(-accuracy, -heights, np.arange(len(heights)))


def place(arm):
    return curve(arm, "accuracy_by_place")


def found(arm):
    """Digits anywhere put right, after training on scattered digits."""
    return values(arm, "anywhere", "positions")


def ink():
    split = datasets.digits(size=16, train=1000)
    return split.x_train[:, 0] > 0.2


def walk(name):
    """Answers to the first test digits, moved by 0 to 6 pixels: which are right."""
    split = datasets.placed_digits("centre", train=1000)
    network = weights.load(name)
    right = [network(np.roll(split.x_test[:3], d, axis=-1)).argmax(axis=1) for d in range(7)]
    return (np.array(right) == split.y_test[:3]).T


def last_noise(arm):
    return values(arm, "noisy").mean()


# words of the chapter, and whether they are true of the recorded runs
SAID = {
    "the change is nearly as large as the spread of the features, or larger": lambda: (
        min(
            features(arm, "change")[5:].min()
            for arm in ("subsample", "none", "avg", "max", "maxblur")
        )
        > 0.8
    ),
    "*less change after one pixel* than the features without a pool": lambda: all(
        features(arm, "change", photo)[1] < features("none", "change", photo)[1]
        for arm in ("max", "avg", "maxblur")
        for photo in photo_features.PHOTOGRAPHS
    ),
    "It hits zero at all multiples of two, whatever the rule": lambda: all(
        np.array_equal(features(arm, "misfit") == 0, [True, False] * 4 + [True])
        for arm in ("subsample", "avg", "max", "maxblur")
    ),
    "Its zigzag is as high as the change of the unpooled features after one pixel": lambda: (
        abs(features("subsample", "misfit")[1] / features("none", "change")[1] - 1) < 0.02
    ),
    "makes it lowest": lambda: (
        features("maxblur", "misfit")[1]
        < min(features(arm, "misfit")[1] for arm in ("subsample", "avg", "max"))
    ),
    "So the features do change less behind a pool, max or average": lambda: all(
        (
            values(arm, "change", "shifted_features") < values("none", "change", "shifted_features")
        ).all()
        for arm in ("max", "avg")
    ),
    "responses to photographs, and those of trained first layers to digits, keep fewer": lambda: (
        values("max", "unchanged_share").max() < 1 / 3
        and max(
            values("max", f"unchanged_share_{photo}", "shifted_features").max()
            for photo in photo_features.PHOTOGRAPHS
        )
        < 1 / 3
        and max(
            values("max4", f"unchanged_share_{photo}", "shifted_features").max()
            for photo in photo_features.PHOTOGRAPHS
        )
        < 3 / 5
    ),
    "changed clearly less than with the plain max pool": lambda: (
        (
            values("maxblur", "change", "shifted_features")
            / values("max", "change", "shifted_features")
        ).max()
        < 0.75
    ),
    "All have about 11 000 parameters": lambda: all(
        10_900 <= values(arm, "parameters")[0] < 11_500
        for arm in (*FLATTEN, *AVERAGE)
        if arm != "none"
    ),
    "train for about three times as many epochs": lambda: (
        2.8 < TRAINED["long_epochs"] / TRAINED["epochs"] < 3.2
    ),
    "Centred, they all put about 97 % right": lambda: all(
        0.96 < values(arm, "centred").mean() < 0.985 for arm in (*FLATTEN, *AVERAGE)
    ),
    "after six pixels all but the blurred one are near guessing": lambda: (
        max(curve(arm)[6] for arm in FLATTEN if arm != "maxblur") < 0.14
        and curve("maxblur")[6] > 0.2
    ),
    "With a global average they stay up, and the strided network dips": lambda: (
        min(curve(arm).min() for arm in AVERAGE if arm != "stride_gap") > 0.93
        and curve("stride_gap")[[2, 6]].max() < 0.87
    ),
    "After three pixels the network with max pools has lost more than half of its accuracy": (
        lambda: curve("max")[3] < curve("max")[0] / 2
    ),
    "after six it is near guessing": lambda: curve("max")[6] < 0.12,
    "the one with max pools is about half a pixel later, and the one with the blur about one": (
        lambda: (
            0.35 < pixels_until("max", curve("none")[2]) - 2 < 0.65
            and 0.8 < pixels_until("maxblur", curve("none")[2]) - 2 < 1.2
        )
    ),
    "errs at two and at three pixels, and is right again at four": lambda: (
        walk("max_gap")[0].tolist() == [True, True, False, False, True, True, False]
    ),
    "each of the three is lost on the way, and not found again": lambda: all(
        row[0] and not row[-1] and not np.any(np.diff(row.astype(int)) > 0) for row in walk("max")
    ),
    "With a flatten, max pooling keeps more answers than *no pooling*, on these digits": lambda: (
        ahead_here("max", "none")
    ),
    "Against a *stride* ten runs cannot say": lambda: undecided("max", "stride"),
    "it keeps *fewer* than the network that pools only once, at the end, on these digits": lambda: (
        these("max", "late").high < -MARGIN and new("max", "late").high > 0
    ),
    "With a global average it is ahead of the stride, and the blur is ahead of the plain maximum, "
    "both on these digits": lambda: (
        ahead_here("max_gap", "stride_gap") and ahead_here("maxblur_gap", "max_gap")
    ),
    "With a flatten we cannot tell whether the blur helps": lambda: undecided("maxblur", "max"),
    "is a matter of a point or two": lambda: all(
        1 < abs(these(*pair).estimate) < 2.5
        for pair in (
            ("max", "stride"),
            ("max", "none"),
            ("max", "late"),
            ("max_gap", "stride_gap"),
        )
    ),
    "falls until two pixels, rises, and at four it is back where it started": lambda: (
        curve("stride_gap")[2] == curve("stride_gap")[:5].min()
        and abs(curve("stride_gap")[4] - curve("stride_gap")[0]) < 0.005
        and curve("stride_gap")[6] < 0.85
    ),
    "the strided one has lost most of its accuracy, the others some": (
        lambda: (
            place("stride_gap")[[1, 3], 2].max() < 0.5 * place("stride_gap")[2, 2]
            and all(
                place(arm)[[1, 3], 2].min() > 0.7 and place(arm)[[1, 3], 2].max() < 0.92
                for arm in ("max_gap", "avg_gap", "maxblur_gap")
            )
        )
    ),
    "Sideways these networks are about as steady as in the curves": lambda: all(
        place(arm)[2].min() > 0.8 for arm in AVERAGE
    ),
    "Every top and every foot is in the same row, in all thousand images": lambda: (
        ink()[:, 0].any(axis=1).all() and ink()[:, -1].any(axis=1).all()
    ),
    "which sideways it rarely does": lambda: ink()[:, :, [0, -1]].any(axis=(1, 2)).mean() < 0.1,
    "With a flatten it does not, by a wide margin": lambda: (
        (values("max", "anywhere") / values("max", "centred")).max() < 0.25
    ),
    "the network without pools has nearly as much": lambda: (
        0 < points("max", "none", "anywhere").mean() < 3
    ),
    "With a global average it keeps a great deal and still not nine tenths": lambda: (
        0.75
        < mean_interval(values("max_gap", "anywhere") / values("max_gap", "centred")).high
        < 0.9
    ),
    "you gain many times what you gain by exchanging nothing for pools": lambda: (
        points("max_gap", "max", "anywhere").mean() > 20 * points("max", "none", "anywhere").mean()
    ),
    "from little more than guessing to about four digits in five": lambda: (
        values("max", "anywhere").mean() < 0.2
        and 0.77 < values("max_gap", "anywhere").mean() < 0.83
    ),
    "with a global average *and* scattered digits no run is below nine in ten": lambda: (
        min(
            found(f"{arm}_{way}").min()
            for arm in ("max_gap", "stride_gap")
            for way in ("fixed", "redrawn")
        )
        > 0.9
    ),
    "max pools better still, by more than twenty points over no pools": lambda: (
        found("none_fixed").mean() < found("stride_fixed").mean() < found("max_fixed").mean()
        and found("max_fixed").mean() - found("none_fixed").mean() > 0.2
    ),
    "pooling once, at the end, was ahead of it": lambda: (
        mean_interval(points("late_fixed", "max_fixed", "anywhere", "positions")).low > MARGIN
    ),
    "the strided network with a flatten comes within two points of the networks with an average": (
        lambda: (
            max(found("max_gap_redrawn").mean(), found("stride_gap_redrawn").mean())
            - found("stride_redrawn").mean()
            < 0.02
        )
    ),
    "One run of ten did not learn at all": lambda: (
        (values("max_redrawn", "train_accuracy", "positions") < 0.15).sum() == 1
        and np.sort(values("max_redrawn", "train_accuracy", "positions"))[1] > 0.9
    ),
    "The average does what averages do. The maximum makes it *worse* than no pool": lambda: (
        noise("avg", "noise_error") < noise("none", "noise_error") < noise("max", "noise_error")
    ),
    "there the max pool keeps the pattern better than no pool": lambda: (
        noise("max", "noise_correlation") > noise("none", "noise_correlation")
    ),
    "the picture is the same, as distance": lambda: (
        noise("avg", "missing_error")
        < noise("none", "missing_error")
        < noise("max", "missing_error")
    ),
    "average pooling ahead of strides, and max pooling *behind* strides": lambda: (
        mean_interval(points("avg", "stride", "noisy")).low > MARGIN
        and mean_interval(points("max", "stride", "noisy")).high < -MARGIN
    ),
    "mind noise most, and the one with the blur, steadiest of all against a pixel, most of all": (
        lambda: (
            max(map(last_noise, AVERAGE)) < min(map(last_noise, FLATTEN[:4]))
            and min(AVERAGE, key=last_noise) == "maxblur_gap"
            and max(AVERAGE, key=lambda arm: values(arm, "consistency_1").mean()) == "maxblur_gap"
        )
    ),
    "lost most of their accuracy within four pixels": lambda: all(
        curve(arm)[4] < curve(arm)[0] / 2 for arm in FLATTEN
    ),
    "learned nearly all of its thousand training digits": lambda: all(
        values(f"{arm}_fixed", "train_accuracy", "positions").mean() > 0.99
        for arm in ("max", "stride", "none", "late")
    ),
    "one of them put little more than half of the new ones right": lambda: (
        0.5 < found("none_fixed").mean() < 0.6
    ),
}


@pytest.mark.parametrize("words", SAID)
def test_words_and_number_agree(words):
    CHAPTER.must_say(words, SAID[words])


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What will the pool be when the row has moved", "Moved by two, the row meets the windows"),
        ("Where does each touch zero?", "Right: every map moves along exactly"),
        ("Which share of the pooled values stays exactly the same", "**one in three**"),
        ("or less often?", "Fewer! In photographs"),
        ("Seven networks that all end with a global average", "*Two max pools:* multiples of four"),
        ("What is left after *three pixels* to the right", "Here is the shock"),
        ("Which cell will be the best?", "Read it along the first row"),
        ("an answer that hardly depends on the angle?", "The pool over channels always finds"),
        ("is it steadier than one value", "The maximum makes it *worse*"),
    ],
)
def test_prediction_is_asked_before_its_answer(question, answer):
    CHAPTER.must_ask_before(question, answer)


def test_what_is_exact_is_printed_as_exact():
    table = CHAPTER.printed("Exactly the same averages?")
    marks = {}
    for line in table.splitlines()[2:]:
        *name, a, b, c, d = line.split()
        marks[" ".join(name)] = a + " " + b + " " + c + " " + d
    always, even, fourth = "same same same same", "– same – same", "– – – same"
    assert marks == {
        "no pool": always,
        "stride 2": even,
        "max pool": even,
        "average pool": always,
        "blur pool": always,
        "average pool before the ReLU": even,
        "two max pools": fourth,
    }
