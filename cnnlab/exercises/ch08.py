"""Exercises of chapter 8, *Do we need pooling at all?* NumPy is enough.

>>> from cnnlab.exercises import ch08
>>> for exercise in ch08.EXERCISES:
...     print(exercise.name, "->", exercise.answer_name)
ch08.spread_kernel -> my_spread_kernel
ch08.count_removals -> my_counts
ch08.average_kernels -> my_average_kernels
ch08.decision -> my_decision
ch08.same_budget -> my_network

The last one is a list of convolutions, of which a network can be built:

>>> model = ch08.built([(4, 3, 2, 1), (8, 3, 2, 2)], np.random.default_rng(0))
>>> model(np.zeros((5, 1, 28, 28), dtype=np.float32)).shape
(5, 10)
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from cnnlab import nn, shapes
from cnnlab._types import Array
from cnnlab.exercises.cases import correlate, halves
from cnnlab.exercises.core import (
    Exercise,
    NotAttempted,
    NotYet,
    WrongAnswer,
    compare,
    compare_tables,
)
from cnnlab.statistics import t_quantile

__all__ = [
    "EXERCISES",
    "average_kernels",
    "built",
    "count_removals",
    "decision",
    "same_budget",
    "spread_kernel",
]

# -- 1. Spread a kernel -----------------------------------------------------------------------


def _my_spread_kernel(kernel: Array, rate: int) -> Array:
    """Kernel (h, w) with rate - 1 zeros between neighbouring weights."""
    h, w = kernel.shape
    spread = np.zeros(((h - 1) * rate + 1, (w - 1) * rate + 1), dtype=kernel.dtype)
    spread[::rate, ::rate] = kernel
    return spread


def _spread_by_loops(kernel: Array, rate: int) -> Array:
    """Put one weight after the other in its place."""
    h, w = kernel.shape
    spread = np.zeros(((h - 1) * rate + 1, (w - 1) * rate + 1), dtype=kernel.dtype)
    for i, j in np.ndindex(h, w):
        spread[i * rate, j * rate] = kernel[i, j]
    return spread


def _spread_cases() -> list[tuple[Array, int]]:
    """Kernels of up to 5x5, spread by 2, 3, 4, and not at all."""
    rng = np.random.default_rng(8)
    sizes = [(2, 2), (1, 3), (3, 1), (2, 3), (3, 3), (3, 2), (5, 5), (1, 1)]
    return [(halves(rng, *size), rate) for rate in (2, 3, 4, 1) for size in sizes]


def _repeated(kernel: Array, rate: int) -> Array:
    return np.kron(kernel, np.ones((rate, rate)))


def _with_gap(kernel: Array, gap: int) -> Array:
    return _my_spread_kernel(kernel, gap + 1)


def _framed(kernel: Array, rate: int) -> Array:
    return np.pad(kernel, rate - 1)


def _enlarged(kernel: Array, rate: int) -> Array:
    size = _my_spread_kernel(kernel, rate).shape
    rows, columns = (np.arange(n) // rate for n in size)
    larger: Array = kernel[np.ix_(rows, columns)]
    return larger


def _trailing(kernel: Array, rate: int) -> Array:
    h, w = kernel.shape
    spread = np.zeros((h * rate, w * rate))
    spread[::rate, ::rate] = kernel
    return spread


def _along(kernel: Array, rows: int, columns: int) -> Array:
    h, w = kernel.shape
    spread = np.zeros(((h - 1) * rows + 1, (w - 1) * columns + 1))
    spread[::rows, ::columns] = kernel
    return spread


_SPREAD_WRONG = (
    WrongAnswer(
        "zeros behind the last weight",
        _trailing,
        "There are zeros behind the last row and the last column as well. They stand *between* "
        "weights: three weights have two gaps. A kernel that ends in zeros is not in the middle "
        "of what it sees.",
    ),
    WrongAnswer(
        "as many zeros as the rate",
        _with_gap,
        "There are `rate` zeros between two weights, so that they stand rate + 1 pixels apart. "
        "Neighbours stand `rate` pixels apart, with rate − 1 zeros between them.",
    ),
    WrongAnswer(
        "weights repeated",
        _repeated,
        "Each weight has become a block of equal weights. That is a larger kernel which blurs; "
        "a spread one looks at as many pixels as before, only further apart.",
    ),
    WrongAnswer(
        "gaps filled with copies",
        _enlarged,
        "The size is right, but the gaps hold copies of the weights. They hold zeros: what lies "
        "between is not looked at.",
    ),
    WrongAnswer(
        "framed by zeros",
        _framed,
        "The zeros stand around the kernel. There they change nothing but the size; they belong "
        "between the weights.",
    ),
    WrongAnswer(
        "rows only",
        lambda kernel, rate: _along(kernel, rate, 1),
        "The rows are spread and the columns are not. Do the same in both directions.",
    ),
    WrongAnswer(
        "columns only",
        lambda kernel, rate: _along(kernel, 1, rate),
        "The columns are spread and the rows are not. Do the same in both directions.",
    ),
    WrongAnswer(
        "thinned out instead",
        lambda kernel, rate: kernel[::rate, ::rate].copy(),
        "This keeps one weight in `rate` and drops the others. No weight is lost when a kernel "
        "is spread.",
    ),
    WrongAnswer(
        "scaled up",
        lambda kernel, rate: rate**2 * _my_spread_kernel(kernel, rate),
        "The weights are in their places, and have been multiplied by rate². As many pixels are "
        "looked at as before, so nothing has to be made up for.",
    ),
    WrongAnswer(
        "turned",
        lambda kernel, rate: _my_spread_kernel(kernel[::-1, ::-1], rate),
        "The weights stand the right distance apart, and in reverse order. The kernel is spread, "
        "not turned.",
    ),
    WrongAnswer(
        "list",
        lambda kernel, rate: _my_spread_kernel(kernel, rate).tolist(),
        "The function returned a list, needed an array.",
    ),
)


def _both_ways(x: Array, kernel: Array, rate: int) -> tuple[Array, Array]:
    """Convolve with the spread kernel, then keep one in `rate`; and the other way round."""
    late = correlate(x, _my_spread_kernel(kernel, rate))[::rate, ::rate]
    return late, correlate(x[::rate, ::rate], kernel)


def _examine_spread(answer: Any) -> str:
    n = compare(answer, _spread_by_loops, _spread_cases(), _SPREAD_WRONG)
    rng = np.random.default_rng(8)
    pairs = [_both_ways(halves(rng, 17, 17), halves(rng, 3, 3), rate) for rate in (2, 4)]
    same = all(np.array_equal(late, early) for late, early in pairs)
    return (
        f"All {n} kernels agree. And on two maps of 17×17, spreading first and keeping one in "
        "`rate` afterwards gives the same as keeping one in `rate` first: "
        f"{same}. So a network may downsample as late as it likes and still compute the same, and "
        "more besides."
    )


spread_kernel = Exercise(
    name="ch08.spread_kernel",
    task=(
        "write my_spread_kernel(kernel, rate): the kernel with zeros between its weights, so that "
        "neighbours stand rate pixels apart, in both directions. With rate = 1 nothing changes."
    ),
    examine=_examine_spread,
    hints=(
        "Take a kernel of three weights and the rate 2. How many gaps are there, and how wide is "
        "the result?",
        "Begin with an array of zeros of the final size: there are h − 1 gaps in a column of h "
        "weights, and each step is rate pixels long.",
        "Assign to a slice with a step: every rate-th row and column of the zeros takes the "
        "weights of the kernel.",
    ),
    wrong_answers=_SPREAD_WRONG,
    solved_by=_my_spread_kernel,
)

# -- 2. Five removals -------------------------------------------------------------------------

_COUNT_STUB = """
my_counts = {
    "a": ...,  # no pools, the flatten grows
    "b": ...,  # no pools, a 1x1 convolution to one map before the flatten
    "c": ...,  # no pools between, spread kernels, averaged to 7x7 at the end
    "d": ...,  # the convolutions take stride 2
    "e": ...,  # a 2x2 convolution with stride 2 in each pool's place
}
"""
_COUNT_SOLUTION = """
convolutions = (3 * 3 * 1 * 4 + 4) + (3 * 3 * 4 * 8 + 8)
dense = 8 * 7 * 7 * 10 + 10  # behind two pools the maps have 7x7 places
my_counts = {
    "a": convolutions + 8 * 28 * 28 * 10 + 10,
    "b": convolutions + (8 + 1) + 28 * 28 * 10 + 10,
    "c": convolutions + dense,  # a spread kernel has as many weights
    "d": convolutions + dense,  # a stride is not a weight
    "e": convolutions + (2 * 2 * 4 * 4 + 4) + (2 * 2 * 8 * 8 + 8) + dense,
}
"""
_COUNTS = {"a": 63_066, "b": 8_195, "c": 4_266, "d": 4_266, "e": 4_598}

_COUNT_WRONG = (
    WrongAnswer(
        "four times the flatten",
        _COUNTS | {"a": 336 + 8 * 14 * 14 * 10 + 10},
        "One pool is still counted. Without both, the maps keep all of their 28×28 places.",
    ),
    WrongAnswer(
        "the flatten stays",
        _COUNTS | {"a": 4_266},
        "A pool has no parameters, but the dense layer behind it has a weight for every place "
        "that it is handed. How many places are there without the pools?",
    ),
    WrongAnswer(
        "the squeeze is free",
        _COUNTS | {"b": 336 + 28 * 28 * 10 + 10},
        "The 1×1 convolution is missing: it has a weight for each of the 8 maps that it squeezes, "
        "and a bias.",
    ),
    WrongAnswer(
        "the squeeze without bias",
        _COUNTS | {"b": 8_194},
        "Close: one bias is missing, that of the squeezing convolution.",
    ),
    WrongAnswer(
        "spread kernels counted whole",
        _COUNTS | {"c": 40 + (5 * 5 * 4 * 8 + 8) + 3_930},
        "A spread 3×3 kernel covers 5×5 pixels, but the zeros between its weights are not "
        "learned. It has nine weights for each pair of maps, as before.",
    ),
    WrongAnswer(
        "no average at the end",
        _COUNTS | {"c": 63_066},
        "The one late pool is missing: it averages the maps to 7×7 places before the flatten.",
    ),
    WrongAnswer(
        "a stride saves weights",
        _COUNTS | {"d": 336 // 4 + 3_930},
        "A stride says how far the kernel moves. It visits a quarter of the places, with the same "
        "weights.",
    ),
    WrongAnswer(
        "one channel at a time",
        _COUNTS | {"e": 4_266 + (2 * 2 * 4 + 4) + (2 * 2 * 8 + 8)},
        "A pool treats each map by itself; a convolution does not. Each of its outputs sees *all* "
        "maps: C times C kernels of 2×2.",
    ),
    WrongAnswer(
        "a pool's place costs nothing",
        _COUNTS | {"e": 4_266},
        "The new convolutions have weights of their own, 2×2 for each pair of maps, and biases.",
    ),
    WrongAnswer(
        "without the new biases",
        _COUNTS | {"e": 4_266 + 64 + 256},
        "Only the biases of the two new convolutions are missing.",
    ),
    WrongAnswer(
        "no biases anywhere",
        {"a": 63_044, "b": 8_172, "c": 4_244, "d": 4_244, "e": 4_564},
        "All biases are missing. Every convolution has one for each of its maps, the dense layer "
        "one for each class.",
    ),
    WrongAnswer(
        "a string",
        "4266",
        "The check needs a dict with the keys",
    ),
)


def _examine_counts(answer: Any) -> str:
    otherwise = (
        "Count convolution by convolution: kernel height · width · maps in · maps out, and a bias "
        "for each map out; then the dense layer."
    )
    compare_tables(answer, _COUNTS, _COUNT_WRONG, otherwise)
    return (
        "All five are right. Only (c) and (d) have the parameters of the pooled network, 4 266; "
        "(a) has fifteen times as many. An “experiment without pooling” may be any of them."
    )


count_removals = Exercise(
    name="ch08.count_removals",
    task=(
        "images of 1x28x28; a 3x3 convolution to 4 channels, a 2x2 pool, a 3x3 convolution to 8 "
        "channels, a 2x2 pool, flatten, a dense layer to 10 classes; padding keeps the size. With "
        "its pools it has 4 266 parameters. How many has it with each of the five removals? "
        "Biases count."
    ),
    examine=_examine_counts,
    hints=(
        "Which of the five change the number of values that reach the dense layer? Which bring "
        "new weights, and which neither?",
        "The two convolutions have 40 and 296 parameters and keep them in all five. The dense "
        "layer has ten weights for each value of the flatten, and ten biases.",
        "(a) flattens 8 maps of 28×28, (b) one map of 28×28 behind a convolution with 9 "
        "parameters. (e) adds two convolutions of 2×2, from 4 maps to 4 and from 8 to 8.",
    ),
    wrong_answers=_COUNT_WRONG,
    solved_by=_COUNT_SOLUTION,
    starts_from=_COUNT_STUB,
)

# -- 3. Average kernels -----------------------------------------------------------------------


def _my_average_kernels(channels: int, k: int) -> Array:
    """Kernels (out, in, k, k) with which stride k is average pooling by k."""
    kernels = np.zeros((channels, channels, k, k))
    for c in range(channels):
        kernels[c, c] = 1 / k**2  # map c averages map c, and nothing of the others
    return kernels


def _average_by_outer(channels: int, k: int) -> Array:
    """Take the unit matrix times a window of equal weights."""
    kernels: Array = np.eye(channels)[:, :, None, None] * np.full((k, k), 1 / k**2)
    return kernels


def _average_cases() -> list[tuple[int, int]]:
    """One to six channels, windows of 1 to 4."""
    return [(C, k) for k in (2, 3, 4, 1) for C in (1, 2, 3, 6)]


def _eye(channels: int, window: Array) -> Array:
    kernels: Array = np.eye(channels)[:, :, None, None] * window
    return kernels


def _corner(k: int) -> Array:
    window = np.zeros((k, k))
    window[0, 0] = 1
    return window


_AVERAGE_WRONG = (
    WrongAnswer(
        "averages over the channels, too",
        lambda C, k: np.full((C, C, k, k), 1 / (C * k**2)),
        "Every map gets the mean of *all* maps. A pool treats each map by itself: map c looks at "
        "map c, and its weights for the others are 0.",
    ),
    WrongAnswer(
        "adds all channels up",
        lambda C, k: np.full((C, C, k, k), 1 / k**2),
        "Each output adds up the averages of all maps. The weights between different maps have to "
        "be 0.",
    ),
    WrongAnswer(
        "sum instead of mean",
        lambda C, k: _eye(C, np.ones((k, k))),
        "This adds up the window. For the mean each of its k · k weights is 1 / k².",
    ),
    WrongAnswer(
        "divided by k",
        lambda C, k: _eye(C, np.full((k, k), 1 / k)),
        "Divided by k. A window of k×k has k² values.",
    ),
    WrongAnswer(
        "keeps one value",
        lambda C, k: _eye(C, _corner(k)),
        "This keeps the upper left value of each window and ignores the others: subsampling, "
        "not averaging.",
    ),
    WrongAnswer(
        "one input channel",
        lambda C, k: np.full((C, 1, k, k), 1 / k**2),
        "The shape is that of a convolution which treats each channel by itself, (C, 1, k, k). "
        "An ordinary one has a kernel for each pair: (C, C, k, k), most of them zero here.",
    ),
    WrongAnswer(
        "axes exchanged",
        lambda C, k: _average_by_outer(C, k).transpose(2, 3, 0, 1),
        "The weights are right, in the order (k, k, in, out), as TensorFlow has them. Here it is "
        "(out, in, k, k).",
    ),
    WrongAnswer(
        "a single kernel",
        lambda C, k: np.full((k, k), 1 / k**2),
        "This is the window of one pair of maps. The convolution needs one for each pair: an "
        "array of shape (C, C, k, k).",
    ),
    WrongAnswer(
        "channels in reverse",
        lambda C, k: _average_by_outer(C, k)[::-1].copy(),
        "The maps come out averaged, and in reverse order: output c looks at input C − 1 − c.",
    ),
    WrongAnswer(
        "list",
        lambda C, k: _average_by_outer(C, k).tolist(),
        "The function returned a list, needed an array.",
    ),
)


def _agrees_with_pool() -> bool:
    """Whether the solution's convolution is the library's average pool."""
    x = np.abs(halves(np.random.default_rng(8), 1, 3, 6, 6))
    rng = np.random.default_rng(0)
    layer = nn.Conv2d(3, 3, 2, stride=2, bias=False, rng=rng, dtype=np.float64)
    layer.weight.data[...] = _my_average_kernels(3, 2)
    return bool(np.allclose(layer(x), nn.AvgPool2d(2)(x)))


def _examine_average(answer: Any) -> str:
    n = compare(answer, _average_by_outer, _average_cases(), _AVERAGE_WRONG)
    return (
        f"All {n} arrays agree. As a layer with stride 2 they give what the library's average pool "
        f"gives: {_agrees_with_pool()}. For a maximum there are no such weights, since a maximum "
        "is not linear."
    )


average_kernels = Exercise(
    name="ch08.average_kernels",
    task=(
        "write my_average_kernels(channels, k): the weights, of shape (channels, channels, k, k), "
        "with which a convolution of stride k and without biases is average pooling in windows of "
        "k x k."
    ),
    examine=_examine_average,
    hints=(
        "Average pooling of map 3 looks at how many of the other maps? What does that say about "
        "most of the kernels?",
        "kernels[o, i] is the window with which output map o looks at input map i. It is zero "
        "unless the two are the same map.",
        "Start from zeros; on the diagonal, where both channels are equal, all k · k weights are "
        "equal and add up to 1.",
    ),
    wrong_answers=_AVERAGE_WRONG,
    solved_by=_my_average_kernels,
)

# -- 4. A decision ----------------------------------------------------------------------------


def _my_decision(one: Array, other: Array, margin: float, t: float) -> tuple[float, float, int]:
    """Ends of the interval, and 1 (holds), -1 (does not) or 0 (undecided)."""
    d = one - other  # run by run: what both share cancels
    half = t * d.std(ddof=1) / np.sqrt(len(d))
    low, high = float(d.mean() - half), float(d.mean() + half)
    return low, high, int(low > margin) - int(high < margin)


def _decision_by_loops(
    one: Array, other: Array, margin: float, t: float
) -> tuple[float, float, int]:
    """Add up the differences by hand."""
    d = [a - b for a, b in zip(one.tolist(), other.tolist(), strict=True)]
    n = len(d)
    mean = sum(d) / n
    half = t * (sum((value - mean) ** 2 for value in d) / (n - 1) / n) ** 0.5
    low, high = mean - half, mean + half
    return low, high, 1 if low > margin else -1 if high < margin else 0


def _decision_cases() -> list[tuple[Array, Array, float, float]]:
    """Three to ten runs; differences that hold, that do not, and that say nothing."""
    cases = [
        (np.array([97.0, 95.5, 96.0]), np.array([95.0, 93.0, 94.5]), 0.5, 4.303),
        (np.array([97.0, 95.5, 96.0]), np.array([96.0, 95.5, 94.0]), 0.5, 4.303),
        (np.array([96.5, 94.0, 95.5]), np.array([96.25, 93.8, 95.2]), 0.5, 4.303),
        (np.array([90.0, 88.0, 94.0]), np.array([91.0, 89.5, 95.5]), 0.5, 4.303),
    ]
    rng = np.random.default_rng(8)
    for n in (4, 5, 8, 10):
        for effect in (3.0, 0.6, 0.0, -2.0):
            for margin in (0.5, 0.0):
                shared = 95 + rng.normal(0, 2, n)  # a hard split is hard for both
                one = np.round(shared + effect + rng.normal(0, 0.4, n), 1)
                other = np.round(shared + rng.normal(0, 0.4, n), 1)
                cases.append((one, other, margin, round(t_quantile(0.975, n - 1), 3)))
    return cases


def _spread_of(d: Array) -> float:
    return float(d.std(ddof=1) / np.sqrt(len(d)))


def _decided(
    mean: Callable[[Array], float] = lambda d: float(d.mean()),
    half: Callable[[Array, Array, float], float] = lambda one, other, t: (
        t * _spread_of(one - other)
    ),
    verdict: Callable[[float, float, float], int] = lambda low, high, m: (
        int(low > m) - int(high < m)
    ),
) -> Callable[[Array, Array, float, float], tuple[float, float, int]]:
    """Do one thing differently: the material for wrong answers."""

    def answer(one: Array, other: Array, margin: float, t: float) -> tuple[float, float, int]:
        middle, h = mean(one - other), half(one, other, t)
        return middle - h, middle + h, verdict(middle - h, middle + h, margin)

    return answer


_DECISION_WRONG = (
    WrongAnswer(
        "not paired",
        _decided(half=lambda a, b, t: t * float(np.hypot(_spread_of(a), _spread_of(b)))),
        "The two lists are treated as if they had nothing to do with each other. Run 3 of the one "
        "and run 3 of the other share their images: take the differences first, and their spread.",
    ),
    WrongAnswer(
        "standard deviation in place of the error of the mean",
        _decided(half=lambda a, b, t: t * float((a - b).std(ddof=1))),
        "The interval says how much single runs differ. The *mean* of n runs varies less, by the "
        "factor 1 / √n.",
    ),
    WrongAnswer(
        "divided by n",
        _decided(half=lambda a, b, t: t * float((a - b).std() / np.sqrt(len(a)))),
        "The variance is divided by n. The mean was estimated from the same runs, so it is n − 1: "
        "ddof=1.",
    ),
    WrongAnswer(
        "1.96 for all",
        _decided(half=lambda a, b, t: 1.96 * _spread_of(a - b)),
        "The factor is 1.96, as for very many runs. For a few runs the interval has to be wider: "
        "that is what t is for.",
    ),
    WrongAnswer(
        "without t",
        _decided(half=lambda a, b, t: _spread_of(a - b)),
        "One standard error to each side. That covers about two thirds of the cases; multiply by "
        "t.",
    ),
    WrongAnswer(
        "the mean decides",
        _decided(verdict=lambda low, high, m: 1 if (low + high) / 2 > m else -1 if high < m else 0),
        "The interval is right, but the mean decides what holds. The claim holds only if the "
        "*whole* interval lies above the margin.",
    ),
    WrongAnswer(
        "zero decides",
        _decided(verdict=lambda low, high, m: int(low > 0) - int(high < 0)),
        "The interval is right; the verdict compares it with 0. The claim is “by more than the "
        "margin”, so it is the margin that must lie outside.",
    ),
    WrongAnswer(
        "does not hold only if it is worse",
        _decided(verdict=lambda low, high, m: int(low > m) - int(high < -m)),
        "The interval is right, and so is what holds. But “does not hold” means *not better by "
        "more than the margin*: it is enough that the whole interval lies below the margin. It "
        "need not lie below −margin.",
    ),
    WrongAnswer(
        "undecided counts as does not hold",
        _decided(verdict=lambda low, high, m: 1 if low > m else -1),
        "The interval is right. But if the margin lies inside it, the runs do not say which side "
        "is true: that is 0, undecided, and not −1.",
    ),
    WrongAnswer(
        "differences the wrong way round",
        lambda one, other, margin, t: _decision_by_loops(other, one, margin, t),
        "The signs are reversed: the claim is about `one` minus `other`.",
    ),
    WrongAnswer(
        "sign of the verdict",
        _decided(verdict=lambda low, high, m: int(high < m) - int(low > m)),
        "The interval is right. The verdict has the wrong sign: 1 holds, −1 does not hold.",
    ),
    WrongAnswer(
        "only the interval",
        lambda one, other, margin, t: _decision_by_loops(one, other, margin, t)[:2],
        "The function returned 2 values, needed 3.",
    ),
)


def _examine_decision(answer: Any) -> str:
    cases = _decision_cases()
    n = compare(answer, _decision_by_loops, cases, _DECISION_WRONG)
    verdicts = [_decision_by_loops(*case)[2] for case in cases]
    counts = ", ".join(
        f"{verdicts.count(code)} {words}"
        for code, words in ((1, "hold"), (-1, "do not hold"), (0, "are undecided"))
    )
    return (
        f"All {n} tables agree: {counts}. This is the rule by which every verdict in this book is "
        "made, with the margin named beforehand."
    )


decision = Exercise(
    name="ch08.decision",
    task=(
        "one and other hold the accuracies of two networks, run by run. Write my_decision(one, "
        "other, margin, t): low and high end of the interval mean ± t · standard error of the "
        "paired differences one − other, and the verdict on “one is better by more than margin”: "
        "1 holds, -1 does not hold, 0 undecided."
    ),
    examine=_examine_decision,
    hints=(
        "Which number of the one list belongs to which of the other? How far do the *differences* "
        "spread, compared with the accuracies?",
        "The standard error of a mean of n numbers is their standard deviation, with n − 1, "
        "divided by √n. The interval reaches t of them to each side.",
        "If even the low end lies above the margin, it holds. If even the high end lies below "
        "the margin, it does not. In all other cases the runs do not say.",
    ),
    wrong_answers=_DECISION_WRONG,
    solved_by=_my_decision,
)

# -- 5. The same budget -----------------------------------------------------------------------

_SIDE, _CLASSES, _PARAMETERS, _MACS, _FIELD = 28, 10, 11_418, 402_976, 20
Layers = list[tuple[int, int, int, int]]
_BUDGET_STUB = """
my_network = [
    ...,  # (channels, kernel_size, stride, dilation), input first
]
"""
_BUDGET_SOLUTION = """
my_network = [
    (8, 3, 2, 1),  # 14x14 from here on: a quarter of the work for all that follows
    (16, 3, 2, 1),  # 7x7
    (22, 3, 1, 1),
    (18, 3, 1, 2),  # spread: sees further for the same price
]
"""


def built(layers: Sequence[tuple[int, int, int, int]], rng: np.random.Generator) -> nn.Sequential:
    """Build the network that a list of convolutions describes, for images of 1x28x28.

    Behind each convolution stands a ReLU, behind the last a global average and a dense layer to ten
    classes. Padding is dilation times half the kernel.

    Parameters
    ----------
    layers : sequence of (channels, kernel_size, stride, dilation)
        Input first.
    rng : numpy.random.Generator
        Draws the initial weights.

    Returns
    -------
    nn.Sequential
        float32.
    """
    modules: list[nn.Module] = []
    width = 1
    for channels, kernel_size, stride, dilation in layers:
        padding = dilation * (kernel_size // 2)
        modules.append(
            nn.Conv2d(
                width, channels, kernel_size, stride, padding, dilation, rng=rng, dtype=np.float32
            )
        )
        modules.append(nn.ReLU())
        width = channels
    head = nn.Linear(width, _CLASSES, rng=rng, dtype=np.float32)
    return nn.Sequential(*modules, nn.AdaptiveAvgPool2d(1), nn.Flatten(), head)


_BUDGET_WRONG = (
    WrongAnswer(
        "way (a): no stride, no dilation",
        [(8, 3, 1, 1), (16, 3, 1, 1), (16, 3, 1, 1)],
        "Those are too many multiplications. Nothing becomes smaller here: every layer visits all "
        "28×28 places.",
    ),
    WrongAnswer(
        "way (c): spread kernels only",
        [(8, 3, 1, 1), (16, 3, 1, 2), (16, 3, 1, 4)],
        "Those are too many multiplications. It looks at every place, with kernels that are "
        "spread; this is what it costs.",
    ),
    WrongAnswer(
        "way (d): sees too little",
        [(8, 3, 2, 1), (16, 3, 2, 1), (16, 3, 1, 1)],
        "It sees 15 pixels a side, needed at least 20.",
    ),
    WrongAnswer(
        "too many parameters",
        [(8, 3, 2, 1), (16, 3, 2, 1), (32, 3, 2, 1), (40, 3, 1, 1)],
        "too many parameters. Each pair of channels has a kernel of its own, so twice the "
        "channels in and out is four times the parameters.",
    ),
    WrongAnswer(
        "one giant kernel",
        [(4, 21, 2, 1)],
        "Layer 1 is (4, 21, 2, 1): kernel_size is 1, 3 or 5.",
    ),
    WrongAnswer(
        "giant stride",
        [(8, 3, 4, 1), (16, 3, 2, 1)],
        "Layer 1 is (8, 3, 4, 1): stride is 1 or 2.",
    ),
    WrongAnswer(
        "giant dilation",
        [(8, 3, 2, 1), (16, 3, 2, 8)],
        "Layer 2 is (16, 3, 2, 8): dilation is 1, 2, 3 or 4.",
    ),
    WrongAnswer(
        "a pool between",
        [(8, 3, 1, 1), ("pool", 2), (16, 3, 1, 1)],
        "Layer 2 is ('pool', 2): no pools between the layers, that is the point. Each layer is "
        "(channels, kernel_size, stride, dilation).",
    ),
    WrongAnswer(
        "shrinks to nothing",
        [(8, 3, 2, 1), (8, 3, 2, 1), (8, 3, 2, 1), (8, 3, 2, 1)],
        "The last maps have 2×2 places, needed at least 4×4: with fewer there is hardly anything "
        "left to take the mean of.",
    ),
    WrongAnswer(
        "spread to save a stride",
        [(4, 3, 1, 4), (8, 3, 1, 4), (10, 3, 1, 4)],
        "Those are too many multiplications. Spread kernels alone see further at no price, but "
        "they do not make the maps smaller; a stride does.",
    ),
    WrongAnswer(
        "a string",
        "conv conv conv",
        "The check needs a list of layers; the answer has type str.",
    ),
)


def _layers(answer: Any) -> Layers:
    """Return the list of convolutions, or say which rule it breaks first."""
    if not isinstance(answer, list | tuple):
        raise NotYet(
            f"The check needs a list of layers; the answer has type {type(answer).__name__}."
        )
    if not answer or any(layer is ... for layer in answer):
        raise NotAttempted
    if len(answer) > 12:
        raise NotYet(f"The list has {len(answer)} layers, needed at most 12.")
    allowed = {"kernel_size": (1, 3, 5), "stride": (1, 2), "dilation": (1, 2, 3, 4)}
    layers: Layers = []
    for number, layer in enumerate(answer, start=1):
        if isinstance(layer, list | tuple) and layer and isinstance(layer[0], str):
            raise NotYet(
                f"Layer {number} is {layer!r}: no pools between the layers, that is the point. "
                "Each layer is (channels, kernel_size, stride, dilation)."
            )
        if (
            not isinstance(layer, list | tuple)
            or len(layer) != 4
            or not all(isinstance(n, int | np.integer) and not isinstance(n, bool) for n in layer)
        ):
            raise NotYet(
                f"Layer {number} is not of the form (channels, kernel_size, stride, dilation), "
                "four whole numbers."
            )
        channels, *rest = (int(n) for n in layer)
        for (name, choices), value in zip(allowed.items(), rest, strict=True):
            if value not in choices:
                listed = ", ".join(map(str, choices[:-1])) + f" or {choices[-1]}"
                raise NotYet(f"Layer {number} is {(channels, *rest)}: {name} is {listed}.")
        if not 1 <= channels <= 256:
            raise NotYet(f"Layer {number} has {channels} channels, needed 1 to 256.")
        layers.append((channels, rest[0], rest[1], rest[2]))
    return layers


def _sums(layers: Layers) -> tuple[int, int, int, int]:
    """Parameters, multiplications, field of a unit and side of the last maps."""
    rows = shapes.trace(built(layers, np.random.default_rng(0)), (1, _SIDE, _SIDE))
    last = rows[2 * len(layers) - 1]
    field = last.receptive_field
    seen = field if isinstance(field, int) else min(field or (0,))
    parameters, macs = (sum(getattr(row, key) for row in rows) for key in ("parameters", "macs"))
    return parameters, macs, seen, last.output_shape[-1]


def _examine_budget(answer: Any) -> str:
    layers = _layers(answer)
    parameters, macs, field, side = _sums(layers)
    facts = (
        f"It has {parameters} parameters, makes {macs} multiplications and sees {field} pixels a "
        f"side; its last maps have {side}×{side} places."
    )
    if side < 4:
        raise NotYet(
            f"{facts} The last maps have {side}×{side} places, needed at least 4×4: with fewer "
            "there is hardly anything left to take the mean of."
        )
    if macs > _MACS:
        why = (
            "Spread kernels alone see further at no price, but they do not make the maps smaller; "
            "a stride does."
            if side == _SIDE and all(layer[3] > 1 for layer in layers)
            else "It looks at every place, with kernels that are spread; this is what it costs."
            if side == _SIDE and any(layer[3] > 1 for layer in layers)
            else "Nothing becomes smaller here: every layer visits all 28×28 places."
            if side == _SIDE
            else "A stride early makes every later layer cheaper; or take fewer channels."
        )
        raise NotYet(f"{facts} Those are too many multiplications. {why}")
    if parameters > _PARAMETERS:
        raise NotYet(
            f"{facts} Those are too many parameters. Each pair of channels has a kernel of its "
            "own, so twice the channels in and out is four times the parameters."
        )
    if field < _FIELD:
        raise NotYet(
            f"{facts} It sees {field} pixels a side, needed at least {_FIELD}. One more layer "
            "behind the strides, or a spread kernel there, reaches far for little."
        )
    return (
        f"It keeps the budget. {facts} No pool stands between its layers, and the global average "
        "at the end is one: a network that answers whether a thing is there has to pool "
        "somewhere. Now train it, and see."
    )


same_budget = Exercise(
    name="ch08.same_budget",
    task=(
        "design my_network, convolutions without any pool between them, for images of 1x28x28: a "
        "list of (channels, kernel_size, stride, dilation) with kernel_size 1, 3 or 5, stride 1 "
        "or 2 and dilation 1 to 4. A global average and a dense layer to 10 classes follow. At "
        f"most {_PARAMETERS} parameters and {_MACS} multiplications, those of the network with "
        f"max pools; a unit of the last maps sees at least {_FIELD} pixels; the last maps have at "
        "least 4x4 places."
    ),
    examine=_examine_budget,
    hints=(
        "Which of the three prices does a stride lower, and which does a dilation raise?",
        "A stride of 2 in the first layer makes every later layer four times cheaper, and every "
        "later kernel reach twice as far. Where would you place the second stride?",
        "Two strides of 2 first, then one or two layers on maps of 7×7, the last one spread. The "
        "global average leaves so small a dense layer that there are parameters to spare for "
        "channels.",
    ),
    wrong_answers=_BUDGET_WRONG,
    solved_by=_BUDGET_SOLUTION,
    starts_from=_BUDGET_STUB,
)

EXERCISES = (spread_kernel, count_removals, average_kernels, decision, same_budget)
