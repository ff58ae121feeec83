"""Words of chapter 9 that stand for a number or a run: each is held against it."""

import ast
from functools import cache

import numpy as np
import pytest
from chapter import Chapter

from cnnlab import bugs, datasets, experiments, nn, optim
from cnnlab.nn import functional as F
from cnnlab.widgets import step

CHAPTER = Chapter("09-cnn-from-scratch")
PIECES = [
    "patches",
    "add_back",
    "Conv",
    "ReLU",
    "Flatten",
    "MaxPool",
    "Dropout",
    "Dense",
    "softmax",
    "cross_entropy",
    "Descent",
    "Network",
]


def median(arm, way):
    return np.median(experiments.load("convolution_cost").values(arm, f"{way}_ms"))


@cache
def trained(bug, seed=0, lr=0.1):
    """The trainings of the gallery; with other seeds, others like them."""
    digits = datasets.digits(size=8)
    model = bugs.network(np.random.default_rng(seed), (8, 16))
    return bugs.train(
        model,
        digits.x_train,
        digits.y_train,
        bug=bug,
        steps=80,
        every=80,
        lr=lr,
        rng=np.random.default_rng(seed + 1),
    )


def twice(bug):
    """Sizes of two gradients of one batch, without dropout, hardly a step apart: (2, layers)."""
    digits = datasets.digits(size=8)
    model = bugs.network(np.random.default_rng(0), (8, 16), p=0)
    trace = bugs.train(
        model,
        digits.x_train[:50],
        digits.y_train[:50],
        bug=bug,
        steps=2,
        lr=1e-12,
        momentum=0,
        rng=np.random.default_rng(1),
    )
    return np.array(list(trace.norms.values())).T


def float32_errors(bug):
    """The gradient check of chapter 9 in float32, with a nudge of 0.01: part and largest error."""
    errors = {}
    for name, (layer, x) in bugs.parts(bug).items():
        if name in ("Conv2d", "Linear"):  # their weights are float64
            continue
        held, x = bugs.Held(layer), x.astype(np.float32)
        grad = np.random.default_rng(3).standard_normal(held(x).shape).astype(np.float32)
        back, slopes = held.backward(grad), np.empty_like(x)
        for place in np.ndindex(*x.shape):
            value, h = x[place], np.float32(0.01)
            x[place] = value + h
            above = np.sum(held(x) * grad)
            x[place] = value - h
            slopes[place] = (above - np.sum(held(x) * grad)) / (2 * h)
            x[place] = value
        errors[name] = float(np.abs(slopes - back).max())
    return errors


def ties():
    """How often each tie of the digit's first pool has its value, and how many pixels differ."""
    digits = datasets.digits(size=8)
    x = digits.x_train[digits.y_train == 7][:1].astype(float)
    small = bugs.network(np.random.default_rng(0), (3, 4), dtype=np.float64)
    maps = small[1](small[0](x))[0]
    seen = F.unfold(x, 3, padding=1)[0].reshape(9, 8, 8)
    zeros, equal, pixels = 0, [], []
    for c, i, j in np.ndindex(3, 4, 4):
        place = slice(2 * i, 2 * i + 2), slice(2 * j, 2 * j + 2)
        four, patches = maps[c][place].ravel(), seen[:, *place].reshape(9, 4)
        winners = four == four.max()
        if four.max() == 0:
            zeros += 1
        elif winners.sum() > 1:
            equal.append(int(winners.sum()))
            pixels.append(np.ptp(patches[:, winners], axis=1).max())
    return zeros, sorted(equal), max(pixels)


def evaluated(bug):
    """Losses in evaluation after eight trainings."""
    return np.array([trained(bug, seed).checked[80] for seed in range(8)])


def loss(bug, start, end):
    return np.mean(trained(bug).loss[start:end])


def convolutions(bug):
    """Sizes of the gradients of both convolutions: (2, steps)."""
    return np.array(list(trained(bug).norms.values())[:2])


def lines():
    """How many lines of code the pieces of the chapter have, blank ones not counted."""
    found = {}
    for cell in CHAPTER.cells:
        if cell.cell_type != "code" or cell.source.startswith(("try:", "%")):
            continue
        for node in ast.parse(cell.source).body:
            if getattr(node, "name", None) in PIECES:
                rows = cell.source.splitlines()[node.lineno - 1 : node.end_lineno]
                found[node.name] = sum(1 for row in rows if row.strip())
    assert sorted(found) == sorted(PIECES)
    return sum(found.values())


def loop():
    """Lines of the loop that trains."""
    [cell] = [c for c in CHAPTER.cells if c.source.startswith("losses, on_train")]
    rows = cell.source.splitlines()
    first = next(number for number, row in enumerate(rows) if row.startswith("for _ in"))
    return len([row for row in rows[first:] if row.startswith((" ", "for"))])


def adam_steps():
    """One step of Adam with a gradient, and with fifty times the same."""
    ends = []
    for factor in (1.0, 50.0):
        weight = nn.module.Parameter(np.array([1.0, -2.0, 3.0]))
        optimizer = optim.Adam([weight], lr=0.1)
        for grad in ([0.1, 0.2, -0.3], [0.2, -0.1, -0.1]):
            weight.grad[...] = factor * np.array(grad)
            optimizer.step()
        ends.append(weight.data)
    return ends


def nudged(kind, width):
    w = kind(1)
    h = kind(width)
    slope = np.exp(np.sin(1)) * np.cos(1)
    values = [float(np.exp(np.sin(w + sign * h))) for sign in (1, -1)]
    return abs((values[0] - values[1]) / (2 * width) - slope)


# words of the chapter, and whether they are true of the runs
SAID = {
    "it is 115 lines of NumPy": lambda: lines() == 115,
    "and a dozen more to train it": lambda: 10 < loop() <= 12,
    "At the end a dozen lines will train what we have made": lambda: 10 < loop() <= 12,
    "The second convolution has most of them, $32 \\cdot 16 \\cdot 9$ weights and 32 biases": (
        lambda: (
            [
                sum(p.size for p in layer.parameters())
                for layer in bugs.network(np.random.default_rng(0))
                if list(layer.parameters())
            ]
            == [160, 32 * 16 * 9 + 32, 1290]
        )
    ),
    "ten times narrower, a hundred times better": lambda: (
        80 < nudged(np.float64, 1e-2) / nudged(np.float64, 1e-3) < 120
    ),
    "a nudge of 0.00001 finds some ten digits of the slope": lambda: (
        nudged(np.float64, 1e-5) < 1e-9
    ),
    "in float32 three or four digits are the best one can have": lambda: (
        1e-5 < min(nudged(np.float32, 10.0**-k) for k in range(1, 9)) < 1e-3
    ),
    "Ten equal scores cost $\\ln 10 = 2.303$": lambda: np.isclose(
        F.cross_entropy(np.zeros((1, 10)), np.array([3])), 2.303, atol=5e-4
    ),
    "are exactly 0 from the *first step on*: only the dense layer learns": lambda: (
        convolutions("lost_gradient").max() == 0
        and loss("lost_gradient", -10, None) < loss("lost_gradient", 0, 10) - 0.1
    ),
    "in a few other windows two or three places share the largest value, because": lambda: (
        ties() == (2, [2, 2, 3], 0)
    ),
    "The loss needs one thing more: the logarithm *before* the division": lambda: np.isclose(
        F.cross_entropy(np.array([[1000.0, 0.0]]), np.array([1])), 1000
    ),
    "in float32 $1 + h$ *is* 1 there": lambda: np.float32(1) + np.float32(1e-8) == 1,
    "Large mistakes are still found; small ones pass, and right layers fail": lambda: (
        float32_errors(None)["ReLU"] > 0.1
        and float32_errors("lost_gradient")["MaxPool2d"] > 1
        and float32_errors("wrong_order")["Flatten"] > 1
    ),
    "it *is* that training": lambda: np.allclose(
        trained("no_mean").loss, trained(None, lr=5.0).loss, atol=1e-4
    ),
    "too large a rate kills healthy networks too": lambda: (
        max(sizes[-1] for sizes in list(trained(None, lr=1.0).norms.values())[:2]) == 0
    ),
    "That it grows while the loss falls is normal: look at panel C again": lambda: all(
        sizes[-1] > 2 * sizes[0] for sizes in trained(None).norms.values()
    ),
    "no difference to be seen on the whole": lambda: (
        abs(np.mean(evaluated("no_rescale") - evaluated(None))) < 0.03
        and 2 <= np.sum(evaluated("no_rescale") < evaluated(None)) <= 6
    ),
    "the same batch twice, and the second gradient is twice the first": lambda: (
        np.allclose(twice("no_zero_grad")[1], 2 * twice("no_zero_grad")[0], rtol=0.01)
        and np.allclose(*twice(None), rtol=0.01)
    ),
    "meets numbers a third larger than it was trained on": lambda: np.isclose(
        1 / (1 - 0.25), 4 / 3
    ),
    "All gradients are fifty times too large": lambda: np.allclose(
        [sizes[0] for sizes in trained("no_mean").norms.values()],
        [50 * sizes[0] for sizes in trained(None).norms.values()],
        rtol=1e-3,
    ),
    "they did not stand still, they died": lambda: (
        convolutions("no_mean")[:, 0].min() > 0 and convolutions("no_mean")[:, 10:].max() == 0
    ),
    "cannot do better than guessing and does it restlessly": lambda: (
        loss("no_mean", 10, None) > np.log(10)
    ),
    "it divides every gradient by its own size": lambda: np.allclose(*adam_steps(), atol=1e-6),
    "Not similar: *equal*, in every digit": lambda: trained("zero_start") == trained(None),
    "The loss climbs above that of guessing and goes on climbing": lambda: (
        np.log(10) < loss("no_zero_grad", 20, 40) < loss("no_zero_grad", -20, None)
    ),
    "get no new gradient at all, and yet they are pushed on": lambda: (
        np.ptp(convolutions("no_zero_grad")[:, -20:], axis=1).max() == 0
        and convolutions("no_zero_grad")[:, -1].min() > 0
    ),
    "at first the loss even falls": lambda: loss("wrong_order", 40, 50) < np.log(10) - 0.5,
    "It falls behind the healthy network and then it breaks out": lambda: (
        loss("wrong_order", 40, 50) > loss(None, 40, 50) + 0.3
        and loss("wrong_order", -10, None) > np.log(10)
    ),
    "So four of six show in the curves, and the curves of two tell you nothing": lambda: (
        {bug for bug in bugs.BUGS if loss(bug, -10, None) < 2 * loss(None, -10, None)}
        == {"zero_start", "no_rescale"}
    ),
    "No instrument finds all six, and each of the six is found by one that": lambda: (
        {bug for bug in bugs.BUGS if max(bugs.gradient_errors(bug).values()) > 1e-6}
        == {"lost_gradient", "no_mean", "wrong_order"}
        and {bug for bug in bugs.BUGS if max(bugs.output_errors(bug).values()) > 1e-6}
        == {"zero_start", "no_rescale"}
        and {bug for bug in bugs.BUGS if not np.allclose(*twice(bug), rtol=0.01)}
        == {"no_zero_grad"}
    ),
    "a factor of about five thousand": lambda: (
        4500 < median("naive", "backward") / median("torch", "backward") < 5500
        and median("naive", "backward")
        == max(median(arm, "backward") for arm in experiments.load("convolution_cost").arms)
    ),
    "is four times faster than lists": lambda: (
        3.5 < median("lists", "forward") / median("naive", "forward") < 4.5
    ),
    "is almost six times *slower* than lists": lambda: (
        5.5 < median("naive", "backward") / median("lists", "backward") < 6
    ),
    "a few lines with patches are within a factor of two of torch's compiled kernel": lambda: all(
        median("patches", way) < 2 * median("torch", way) for way in ("forward", "backward")
    ),
    "about as fast as the library, which works image by image": lambda: all(
        0.65 < median("patches", way) / median("cnnlab", way) < 1.5
        for way in ("forward", "backward")
    ),
    "number by number in NumPy the way back takes most of a second": lambda: (
        500 < median("naive", "backward") < 1000
    ),
    "The same way back of the same convolution took from 0.14 milliseconds to 0.7 seconds": (
        lambda: (
            round(median("torch", "backward"), 2) == 0.14
            and round(median("naive", "backward") / 1000, 1) == 0.7
        )
    ),
    "many times slower to train, and with more settings to choose": lambda: (
        np.median(experiments.load("classifiers_digits").values("cnn_flatten", "fit_seconds"))
        > 10 * np.median(experiments.load("classifiers_digits").values("svm", "fit_seconds"))
        and np.median(experiments.load("classifiers_digits").values("cnn_flatten", "choices"))
        > np.median(experiments.load("classifiers_digits").values("svm", "choices"))
    ),
    "Nine in the middle, six at an edge, four in a corner": lambda: (
        F.fold(np.ones((9, 16)), (4, 4), 3, padding=1)[0, :2, :2].tolist() == [[4, 6], [6, 9]]
    ),
}


@pytest.mark.parametrize("words", SAID)
def test_what_the_chapter_says_is_so(words):
    CHAPTER.must_say(words, SAID[words])


def test_the_riddle_is_not_solved_before_it_is_asked():
    CHAPTER.must_ask_before("which panel is which bug?", "**A: the pool hands no gradient on.**")


def test_the_network_gets_97_percent_of_its_test_digits():
    printed = [
        output.get("text", "")
        for cell in CHAPTER.cells
        for output in cell.get("outputs", [])
        if "97 % of the test digits right" in output.get("text", "")
    ]
    assert [each.splitlines()[-1] for each in printed] == [
        "at least 97 % of the test digits right: True"
    ]


@pytest.mark.parametrize("bug", bugs.BUGS)
def test_the_answers_show_the_line_that_is_wrong(bug):
    line = bugs.BUGS[bug].wrong or bugs.BUGS[bug].right
    assert f"`{line}`" in CHAPTER.prose


def test_in_the_explorer_two_bugs_leave_the_first_gradients_of_the_weights_as_they_are():
    first = {bug: step._Batch(step.start_weights(), 0, bug).gradient for bug in step.BUGS}
    same = {
        bug
        for bug in bugs.BUGS
        if all(np.allclose(first[bug][name], first["none"][name]) for name in first["none"])
    }
    CHAPTER.must_say(
        "In the first step of two of the six no gradient of a weight is wrong",
        lambda: same == {"zero_start", "no_zero_grad"},
    )


def test_names_of_the_convolution_that_is_nudged_are_not_used_again():
    bound = [
        node.id
        for cell in CHAPTER.cells
        if cell.cell_type == "code" and not cell.source.startswith(("try:", "%"))
        for node in ast.walk(ast.parse(cell.source))
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    ]
    assert {bound.count(name) for name in ("conv", "x_conv", "grad_conv")} == {1}
