"""Words of chapter 10 that stand for a number: each is held against the number it stands for."""

import ast
import re

import numpy as np
import pytest
from chapter import Chapter

from cnnlab import bench, claims, experiments, shapes
from cnnlab.exercises import ch10
from cnnlab.experiments.networks import n3
from cnnlab.statistics import mean_interval
from cnnlab.widgets import RunsExplorer

CHAPTER = Chapter("10-torch-and-gpu")
PAIRS, SPEED, PHOTOS = "last_digit", "throughput", "removals_cifar"
FLOATS = ("cnnlab", "torch", "torch_channels_last")


def values(name, arm, quantity):
    return experiments.load(name).values(arm, quantity)


def speed(arm, quantity):
    return float(np.median(values(SPEED, arm, quantity)))


def ahead(arm, way, other="none"):
    ratios = values(SPEED, arm, f"{way}_64") / values(SPEED, arm, f"{other}_64")
    return float(np.median(ratios))


def gain(arm, way):
    there = values(SPEED, f"{arm}_channels_last", f"{way}_64")
    return float(np.median(there / values(SPEED, arm, f"{way}_64")))


def pool_time(arm):
    """Time of the pools for one image, in seconds."""
    return speed(arm, "share_64") / speed(arm, "max_64")


def points(name, one, other, count=None):
    differences = experiments.load(name).differences(one, other, "test_accuracy")
    return mean_interval(100 * differences[:count])


def far(arm):
    return values(PAIRS, arm, "distance") > 1e-3


def gap(arm):
    return 100 * (values(PAIRS, arm, "other_accuracy") - values(PAIRS, arm, "accuracy"))


def whole(one, other):
    return experiments.load("cifar_whole").paired().differences(one, other, "test_accuracy")


def macs(way):
    model = n3(way, 28, (16, 32, 32), rng=np.random.default_rng(0))
    return sum(layer.macs for layer in shapes.trace(model, (1, 28, 28)))


def counts():
    """How many different sums the cell has printed for each way of adding."""
    texts = [output.get("text", "") for cell in CHAPTER.cells for output in cell.get("outputs", [])]
    [printed] = [text for text in texts if text.startswith("{'one after the other'")]
    return ast.literal_eval(printed)


def read(quantity, one, other):
    """What the explorer reads from two seeds, from three, ... from ten."""
    return [RunsExplorer(PHOTOS, (one, other), quantity, seeds=n).reading() for n in range(2, 11)]


def lead():
    return 100 * experiments.load(PHOTOS).differences("max", "avg", "test_accuracy")


def found(claim, *names):
    parts = {part.name: part.found for part in claims.claim(claim).parts}
    return [parts[name] for name in names]


# words of the chapter, and whether they are true of the recorded runs
SAID = {
    "over four hundred steps": lambda: (
        experiments.load(PAIRS).header["configuration"]["epochs"] * 1000 // 25 == 400
    ),
    "a change in the seventh digit of one weight in thousands": lambda: (
        sum(p.data.size for p in n3("max", 8, rng=np.random.default_rng(0)).parameters()) > 2000
    ),
    "twice the same, bit for bit, in every pair": lambda: bool(
        (values(PAIRS, "same_high", "distance") == 0).all()
    ),
    "it is still in the last digits after 400 steps, in nearly all pairs": lambda: all(
        far(arm).sum() <= 1 and (values(PAIRS, arm, "distance")[~far(arm)] < 1.2e-5).all()
        for arm in ("nudged_low", "torch_low")
    ),
    "and not a single answer has changed. Then, here and there, it *leaps*": lambda: all(
        (values(PAIRS, arm, "changed")[~far(arm)] == 0).all() for arm in ("nudged_low", "torch_low")
    ),
    "At the large rate every one of the pairs has leapt": lambda: bool(
        far("nudged_high").all() and far("torch_high").all()
    ),
    "dozens of test digits are answered differently": lambda: all(
        np.median(values(PAIRS, arm, "changed")) > 24 for arm in ("nudged_high", "torch_high")
    ),
    "their accuracies differ by points, now for one and now for the other": lambda: all(
        gap(arm).max() > 1 and gap(arm).min() < -0.5 and abs(gap(arm)).max() > 3
        for arm in ("nudged_high", "torch_high")
    ),
    "the lines in float32 gain nothing more, and those in bfloat16 a little": lambda: (
        all(speed(arm, "max_512") < speed(arm, "max_64") for arm in FLOATS)
        and all(
            1.1 < speed(arm, "max_512") / speed(arm, "max_64") < 1.4
            for arm in ("torch_bf16", "torch_bf16_channels_last")
        )
    ),
    "**bfloat16** is the slowest with single images": lambda: (
        max(speed(arm, "max_1") for arm in ("torch_bf16", "torch_bf16_channels_last"))
        < min(speed(arm, "max_1") for arm in FLOATS)
    ),
    "and the fastest with many": lambda: all(
        speed(f"torch_bf16{layout}", "max_512") > 1.3 * speed(f"torch{layout}", "max_512")
        for layout in ("", "_channels_last")
    ),
    "**Channels last** helps both formats": lambda: all(
        speed(f"{arm}_channels_last", f"max_{n}") > speed(arm, f"max_{n}")
        for arm in ("torch", "torch_bf16")
        for n in (1, 8, 64, 512)
    ),
    "**Ours** is behind torch by a factor of one and a half to two in float32": lambda: all(
        1.4 < speed(arm, "max_64") / speed("cnnlab", "max_64") < 2.3 for arm in FLOATS[1:]
    ),
    "A factor of one and a half to two for convolutions": lambda: all(
        1.4 < ratio < 2.5
        for direction in ("forward", "forward and backward")
        for ratio in bench.recorded().ratios(f"convolution, {direction}")
    ),
    "Below 1 stand our pools, against torch's default layout": lambda: all(
        bench.recorded().ratios(f"{kind} pooling, {direction}")[0] < 1
        for kind in ("max", "average")
        for direction in ("forward", "forward and backward")
    ),
    "take nearly half of a step (44 %) in torch's default layout": lambda: (
        round(100 * speed("torch", "share_64")) == 44
    ),
    "and about a quarter with channels last": lambda: (
        0.22 < speed("torch_channels_last", "share_64") < 0.29
    ),
    "In float32 they get faster by about a third, and the others hardly at all": lambda: (
        all(1.2 < gain("torch", way) < 1.5 for way in ("max", "avg"))
        and all(0.9 < gain("torch", way) < 1.15 for way in ("none", "stride"))
    ),
    "in bfloat16 all gain, and those with pools get nearly twice as fast": lambda: (
        all(gain("torch_bf16", way) > 1.15 for way in ("none", "stride"))
        and all(1.7 < gain("torch_bf16", way) < 2.1 for way in ("max", "avg"))
    ),
    "does about an eighth of the arithmetic of one without": lambda: (
        7 < macs("none") / macs("max") < 8.5
    ),
    "Nowhere does it run eight times as fast": lambda: all(
        ahead(arm, way) < 5 for arm in experiments.load(SPEED).arms for way in ("max", "avg")
    ),
    "about three times in float32, and in bfloat16": lambda: 2.5 < ahead("torch", "max") < 3.3,
    "less than two: *the faster the convolutions": lambda: ahead("torch_bf16", "max") < 2,
    "where a convolution costs much less and a pool as much as before": lambda: (
        0.9 < pool_time("torch_bf16") / pool_time("torch") < 1.05
        and speed("torch_bf16", "none_64") > 1.7 * speed("torch", "none_64")
    ),
    "With channels last some of the lead comes back": lambda: all(
        ahead(f"{arm}_channels_last", "max") > ahead(arm, "max") + 0.5
        for arm in ("torch", "torch_bf16")
    ),
    "are ahead of both": lambda: all(
        ahead(arm, "stride", other) > 1.3
        for arm in experiments.load(SPEED).arms
        for other in ("max", "none")
    ),
    "On centred digits the difference is half a point or so": lambda: all(
        0.3 < points("removals_centred", "max", arm).estimate < 0.9 for arm in ("stride", "none")
    ),
    "pooling is ahead by many points": lambda: all(
        points(name, "max", arm).low > 3
        for name in ("removals_scattered", PHOTOS)
        for arm in ("stride", "none")
    ),
    "where everybody is near 97 %": lambda: all(
        95.5 < 100 * values("removals_centred", arm, "test_accuracy").mean() < 98.5
        for arm in ("max", "stride", "none")
    ),
    "About one point on centred digits, about one on photographs, and undecided": lambda: (
        all(
            0.7 < points(name, "max", "avg").estimate < 1.3 for name in ("removals_centred", PHOTOS)
        )
        and points("removals_scattered", "max", "avg").low < 0
        and points("removals_scattered", "max", "avg").high > 0.5
    ),
    "by a little on digits and by three points on photographs": lambda: (
        -0.5 < points("transition_digits", "avg", "max").estimate < 0
        and -3.3 < points("transition_cifar", "avg", "max").estimate < -2.7
    ),
    "It gains a point with 200 training digits and *loses* about as much": lambda: (
        0.8 < points("dropout_few_images", "p50", "p0").estimate < 1.2
        and -1.2 < points("dropout_cifar", "p50", "p0").estimate < -0.5
    ),
    "The interval touches zero": lambda: 0 <= points("dropout_cifar", "p50", "p0").high < 0.1,
    "eighteen or so points more": lambda: all(
        16
        < 100
        * (
            experiments.load("cifar_whole").paired().values(rule, "test_accuracy").mean()
            - values(PHOTOS, rule, "test_accuracy").mean()
        )
        < 21
        for rule in ("max", "avg", "stride")
    ),
    "The stride stays behind, by several points": lambda: bool(
        (whole("max", "stride") > 0.02).all() and (whole("avg", "stride") > 0.02).all()
    ),
    "on 50 000 the average is, in both of the seeds": lambda: (
        len(whole("avg", "max")) == 2 and bool((whole("avg", "max") > 0).all())
    ),
    "2.26 for ten runs, 12.7 for two": lambda: (
        round(ch10.t(10), 2) == 2.26 and round(ch10.t(2), 1) == 12.7
    ),
    "With very many runs $t$ is 1.96": lambda: round(ch10.t(100_000), 2) == 1.96,
    "a few dozen of them on the left and a handful on the right": lambda: (
        24 < counts()["one after the other"] < 48 and 3 < counts()["np.sum"] < 9
    ),
    "0.171875, for instance, as 1.011 · 2⁻³": lambda: int("1011", 2) / 2**3 * 2**-3 == 0.171875,
    "(for dropout 4 000, instead of 200)": lambda: (
        experiments.load("dropout_cifar").header["configuration"]["images"] * 4 // 5 == 4000
        and experiments.load("dropout_few_images").header["configuration"]["train"] == 200
    ),
    "(twenty for the transition on digits)": lambda: (
        [
            points(name, one, other).n
            for name, one, other in (
                ("removals_centred", "max", "avg"),
                ("removals_scattered", "max", "avg"),
                (PHOTOS, "max", "avg"),
                ("transition_digits", "avg", "max"),
                ("transition_cifar", "avg", "max"),
                ("dropout_few_images", "p50", "p0"),
                ("dropout_cifar", "p50", "p0"),
            )
        ]
        == [10, 10, 10, 20, 10, 10, 10]
    ),
    "the margin that was written down for its pair, 0.3 points": lambda: (
        RunsExplorer(PHOTOS, ("max", "stride")).margin == 0.003
    ),
    "From which number of seeds on does the interval lie above the margin?": lambda: (
        read("test_accuracy", "max", "stride") == ["undecided"] + 8 * ["higher"]
    ),
    "Do ten seeds settle it? Which two of them push the mean up": lambda: (
        set(read("test_accuracy", "max", "avg")) == {"undecided"}
        and bool((np.sort(lead())[-2:] > np.sort(lead())[-3] + 1).all())
    ),
    "does it say the same as the accuracy, and from which number of seeds on?": lambda: (
        read("test_log_loss", "max", "stride") == 2 * ["undecided"] + 7 * ["lower"]
    ),
    "*with which clock* (a step is faster than without downsampling, and not": lambda: (
        found("pooling-speeds-up-training", "step", "step-stride") == ["holds", "does not hold"]
    ),
    "(the accuracy, on photographs and scattered digits)": lambda: (
        "photographs or scattered digits" in claims.claim("pooling-improves-accuracy").clause
    ),
    "(dropout narrows the gap, and on photographs it did not raise the accuracy by half": lambda: (
        "a smaller gap in the same training" in claims.claim("dropout-reduces-overfitting").clause
        and "photographs it did not raise the test accuracy by half a point"
        in claims.claim("dropout-reduces-overfitting").clause
    ),
    "An effect of several points is clear after three or four runs": lambda: all(
        points(PHOTOS, "max", "stride", n).low > 0.5 for n in (3, 4, 5)
    ),
    "An effect of about one point is, after ten, probably there": lambda: (
        0 < points(PHOTOS, "max", "avg").low < 0.5
    ),
    "half a point with intervals of a point to each side, ten runs are not the means": lambda: (
        points("transition_cifar", "avg", "subsample").low < 0
        and 0.4 < points("transition_cifar", "avg", "subsample").estimate < 0.8
    ),
    "Each of these verdicts already rests on digits *and* on photographs": lambda: all(
        any("cifar" in name for name in claims.claim(asked).experiments)
        and any("cifar" not in name for name in claims.claim(asked).experiments)
        for asked in (
            "pooling-speeds-up-training",
            "pooling-improves-accuracy",
            "average-in-transition-layers",
            "dropout-reduces-overfitting",
        )
    ),
}


@pytest.mark.parametrize("words", SAID)
def test_words_and_number_agree(words):
    CHAPTER.must_say(words, SAID[words])


def test_nobody_claims_to_have_seen_a_gpu():
    recorded = experiments.RUNS / "throughput_gpu.jsonl"
    assert not recorded.exists(), "the columns of the GPU are there: say so in the chapter"
    assert "when this page was made, there was no graphics card" in CHAPTER.prose
    assert "python -m cnnlab.experiments record throughput_gpu --device cuda" in CHAPTER.everything


def test_the_alternative_text_of_the_parting_counts_the_pairs():
    text = CHAPTER.alternative_texts["fig-parting"]
    for title, arm in [
        ("cnnlab twice, rate 0.03", "same_high"),
        ("one digit, rate 0.003", "nudged_low"),
        ("one digit, rate 0.03", "nudged_high"),
        ("cnnlab, torch, rate 0.03", "torch_high"),
    ]:
        assert f"{title}: {far(arm).sum()} of {far(arm).size} pairs" in text


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("In how many decimal digits will the scores agree", "it is the format's answer"),
        ("How many different sums?", "Not two thousand different sums"),
        ("Does the learning rate matter?", "every one of the pairs has leapt"),
        ("Draw the curve: images a second", "Read it from the left"),
        ("Which part of a training step do they take", "take nearly half of a step"),
        ("By how much does a training step get faster", "they get faster by about a third"),
    ],
)
def test_a_prediction_is_asked_before_it_is_answered(question, answer):
    CHAPTER.must_ask_before(question, answer)


def test_no_caption_answers_what_the_exercise_on_layouts_asks():
    caption = next(
        cell.metadata["mystnb"]["figure"]["caption"]
        for cell in CHAPTER.cells
        if cell.metadata.get("mystnb", {}).get("figure", {}).get("name") == "fig-layout-gains"
    )
    assert not [words for words in ch10._CHOICES if words in caption]


def test_the_verdicts_are_told_as_sentences_and_not_by_their_names():
    table = CHAPTER.printed("what is asked")
    assert "Dropout prevents overfitting." in table
    assert "pooling-speeds-up-training" not in table


@pytest.mark.parametrize(
    "words", ["`ch10.t(n)` is", "`print(ch10.weights)`", "Return the ends (low, high)"]
)
def test_an_exercise_tells_on_the_page_what_its_answer_needs(words):
    assert words in CHAPTER.prose


def test_no_number_breaks_at_its_thousands():
    texts = [cell.source for cell in CHAPTER.cells if cell.cell_type == "markdown"]
    texts += [
        cell.metadata["mystnb"]["figure"]["caption"]
        for cell in CHAPTER.cells
        if cell.metadata.get("mystnb", {}).get("figure")
    ]
    assert [text for text in texts if re.search(r"\d 000\b", text)] == []


def test_printed_lines_fit_beside_the_margin_and_say_where_they_were_cut():
    printed = [
        output.get("text", "")
        for cell in CHAPTER.cells
        for output in cell.get("outputs", [])
        if output.output_type == "stream"
    ]
    [header] = [text for text in printed if text.startswith("question:")]
    lines = header.splitlines()
    assert max(map(len, lines)) <= 76
    assert sum(line.endswith(" …") for line in lines) >= 3
    [message] = [text for text in printed if text.startswith("load(last_digit.jsonl)")]
    assert max(map(len, message.splitlines())) <= 72
