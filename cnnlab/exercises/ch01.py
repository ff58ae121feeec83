"""Exercises of chapter 1, *What does a convolution layer hand on?* NumPy is all they need.

>>> from cnnlab.exercises import ch01
>>> for exercise in ch01.EXERCISES:
...     print(exercise.name, "->", exercise.answer_name)
ch01.output_size -> my_output_size
ch01.conv2d -> my_conv2d
ch01.black_images -> my_prediction
ch01.as_matrix -> my_matrix
ch01.one_layer -> my_kernel

Two of them are about a kernel and six small images, which can be looked at (after predicting):

>>> ch01.KERNEL
array([[-1,  0,  1],
       [-1,  0,  1],
       [-1,  0,  1]])
>>> ch01.IMAGES["step up"][0]
array([0., 0., 0., 0., 1., 1., 1., 1.])
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from cnnlab._types import Array
from cnnlab.exercises.cases import correlate, halves, matrix_of
from cnnlab.exercises.core import Exercise, WrongAnswer, compare, compare_tables

__all__ = [
    "EXERCISES",
    "IMAGES",
    "KERNEL",
    "as_matrix",
    "black_images",
    "conv2d",
    "one_layer",
    "output_size",
]

# -- 1. The size of the map -------------------------------------------------------------------


def _my_output_size(size: int, kernel_size: int, stride: int, padding: int, dilation: int) -> int:
    """Number of positions of a window along one axis."""
    reach = dilation * (kernel_size - 1) + 1  # pixels from the first tap to the last
    return (size + 2 * padding - reach) // stride + 1


def _counted_positions(
    size: int, kernel_size: int, stride: int, padding: int, dilation: int
) -> int:
    """Let the window walk, and count where it stands.

    Another way than the formula, so that the two confirm one another.
    """
    count, last_tap = 0, dilation * (kernel_size - 1)
    while last_tap < size + 2 * padding:
        count, last_tap = count + 1, last_tap + stride
    return count


def _size_cases() -> list[tuple[int, int, int, int, int]]:
    """All small cases and random larger ones, 2,000 together, the simplest first."""
    cases = {
        (n, k, s, p, d)
        for n in range(1, 8)
        for k in (1, 2, 3)
        for s in (1, 2)
        for p in (0, 1)
        for d in (1, 2)
    } | {(28, 5, 1, 0, 1), (28, 5, 2, 0, 1), (224, 7, 2, 3, 1)}
    cases = {case for case in cases if _counted_positions(*case) > 0}
    rng = np.random.default_rng(1)
    while len(cases) < 2000:
        n, k, s, p, d = (int(rng.integers(1, high)) for high in (80, 10, 6, 6, 4))
        if _counted_positions(n, k, s, p - 1, d) > 0:
            cases.add((n, k, s, p - 1, d))

    def key(case: tuple[int, int, int, int, int]) -> tuple[int, ...]:
        n, k, s, p, d = case
        return ((s > 1) + (p > 0) + (d > 1) + (k == 1), n, *case)

    return sorted(cases, key=key)


def _size(n: int, k: int, s: int, p: int, d: int, reach: int | None = None, pads: int = 2) -> int:
    """Compute the size with another reach or another number of borders."""
    reach = d * (k - 1) + 1 if reach is None else reach
    return (n + pads * p - reach) // s + 1


_SIZE_WRONG = (
    WrongAnswer(
        "the + 1 forgotten",
        lambda n, k, s, p, d: _size(n, k, s, p, d) - 1,
        "This counts the steps, and the steps are right. But the window stands somewhere before "
        "its first step: there is one position more than steps.",
    ),
    WrongAnswer(
        "padding on one side",
        lambda n, k, s, p, d: _size(n, k, s, p, d, pads=1),
        "The padding is counted once here. A border of p pixels stands on both sides, left and "
        "right, so the axis grows by 2 · padding.",
    ),
    WrongAnswer(
        "padding ignored",
        lambda n, k, s, p, d: _size(n, k, s, p, d, pads=0),
        "This is right without padding. With it the window walks over a longer axis: "
        "size + 2 · padding pixels.",
    ),
    WrongAnswer(
        "padding and dilation ignored",
        lambda n, k, s, p, d: (n - k) // s + 1,
        "This is right without padding and for a dilation of 1: the task hands over two more "
        "arguments. Padding makes the axis longer, on both sides, and dilation the kernel.",
    ),
    WrongAnswer(
        "stride ignored",
        lambda n, k, s, p, d: _size(n, k, 1, p, d),
        "This is right for a stride of 1. A window that moves by more leaves positions out; how "
        "often does a step of that length fit?",
    ),
    WrongAnswer(
        "dilation ignored",
        lambda n, k, s, p, d: _size(n, k, s, p, d, reach=k),
        "This is right for a dilation of 1. With more, the taps of the kernel stand apart, and a "
        "kernel of 3 taps reaches over 5 pixels for a dilation of 2.",
    ),
    WrongAnswer(
        "reach of dilation times kernel size",
        lambda n, k, s, p, d: _size(n, k, s, p, d, reach=d * k),
        "The kernel reaches over dilation · kernel_size pixels here. It is right that the "
        "dilation stretches it, but it stretches the gaps, and k taps have k − 1 gaps.",
    ),
    WrongAnswer(
        "dilation counted once",
        lambda n, k, s, p, d: _size(n, k, s, p, d, reach=k + d - 1),
        "The dilation widens the kernel once here. It is right that it puts dilation − 1 pixels "
        "into a gap; but it does so in every one of the k − 1 gaps.",
    ),
    WrongAnswer(
        "dilation counts the pixels left out",
        lambda n, k, s, p, d: _size(n, k, s, p, d, reach=(d + 1) * (k - 1) + 1),
        "A dilation of d leaves out d pixels between two taps here. The gaps are the right place "
        "to count, but dilation is the distance of the taps: 1 means neighbours.",
    ),
    WrongAnswer(
        "ceil for floor",
        lambda n, k, s, p, d: -(-(n + 2 * p - d * (k - 1) - 1) // s) + 1,
        "A step that is only begun is counted here. The last window must fit completely, so the "
        "division is rounded down: //.",
    ),
    WrongAnswer(
        "not rounded",
        lambda n, k, s, p, d: (n + 2 * p - d * (k - 1) - 1) / s + 1,
        "The formula is right but for the division: half a step is none. Use //, which rounds "
        "down.",
    ),
    WrongAnswer(
        "the + 1 inside the division",
        lambda n, k, s, p, d: (n + 2 * p - d * (k - 1)) // s,
        "This is right for a stride of 1. The first position costs no step, so its + 1 comes "
        "after the division.",
    ),
    WrongAnswer(
        "same padding taken for granted",
        lambda n, k, s, p, d: -(-n // s),
        "This is the size with 'same' padding, whatever the padding. A layer pads only as much "
        "as it is told, and without padding the kernel eats the border.",
    ),
    WrongAnswer(
        "kernel and stride swapped",
        lambda n, k, s, p, d: (n + 2 * p - d * (s - 1) - 1) // k + 1,
        "This is what comes out when kernel_size and stride are swapped: kernel_size is how far "
        "a window reaches, stride is how far it moves.",
    ),
    WrongAnswer(
        "an area",
        lambda n, k, s, p, d: _size(n, k, s, p, d) ** 2,
        "This is the number of positions on a square map, correctly counted. Asked for is one "
        "axis of it.",
    ),
    WrongAnswer(
        "both sides",
        lambda n, k, s, p, d: (_size(n, k, s, p, d),) * 2,
        "The function returned a tuple, needed one whole number.",
    ),
    WrongAnswer(
        "prints instead of returning",
        lambda n, k, s, p, d: print(_size(n, k, s, p, d)),
        "print shows a value, only return hands it on.",
    ),
)


def _examine_size(answer: Any) -> str:
    n = compare(answer, _counted_positions, _size_cases(), _SIZE_WRONG)
    return f"All {n:,} cases agree with a window that walks and is counted at every stop."


output_size = Exercise(
    name="ch01.output_size",
    task=(
        "write my_output_size(size, kernel_size, stride, padding, dilation): at how many "
        "positions does a window fit along one axis of size pixels? padding is added on both "
        "sides. The taps of a kernel are its places, one for each weight; dilation is the "
        "distance between neighbouring taps."
    ),
    examine=_examine_size,
    hints=(
        "Leave padding, stride and dilation alone at first: how often does a window of 3 fit "
        "into 7 pixels? Draw it, and count the positions, not the steps.",
        "Then one at a time. Padding makes the axis longer, by how much? Dilation makes the "
        "kernel longer: draw 3 taps at a distance of 2. The stride makes the steps longer.",
        "The kernel reaches over dilation · (kernel_size − 1) + 1 pixels. What remains of the "
        "padded axis behind the first window is room for steps of length stride; an incomplete "
        "one doesn't count.",
    ),
    wrong_answers=_SIZE_WRONG,
    solved_by=_my_output_size,
)

# -- 2. A convolution layer -------------------------------------------------------------------


def _my_conv2d(x: Array, weight: Array) -> Array:
    """Slide kernels (C_out, C_in, kH, kW) over x, of shape (C_in, H, W)."""
    C_out, _, kH, kW = weight.shape
    _, H, W = x.shape
    y = np.zeros((C_out, H - kH + 1, W - kW + 1))
    for o in range(C_out):
        for i in range(H - kH + 1):
            for j in range(W - kW + 1):
                window = x[:, i : i + kH, j : j + kW]  # all input channels at once
                y[o, i, j] = (window * weight[o]).sum()
    return y


def _conv_cases() -> list[tuple[Array, Array]]:
    """Inputs of up to 3 channels, kernels of all shapes up to 3x3, the smallest first."""
    rng = np.random.default_rng(1)
    shapes = [
        (C_in, C_out, H, W, kH, kW)
        for C_in in (1, 2, 3)
        for C_out in (1, 2, 3)
        for H, W in ((1, 2), (2, 2), (2, 3), (3, 3), (3, 4), (5, 4))
        for kH, kW in ((1, 1), (1, 2), (2, 2), (3, 2), (3, 3))
        if kH <= H and kW <= W
    ]
    shapes.sort(key=lambda n: (n[4] * n[5] == 1, n[0] + n[1], n[2] * n[3], n[4] * n[5]))
    return [
        (halves(rng, C_in, H, W), halves(rng, C_out, C_in, kH, kW))
        for C_in, C_out, H, W, kH, kW in shapes
    ]


def _padded(x: Array, weight: Array) -> Array:
    """Convolve with 'same' padding."""
    spare = [(k // 2, (k - 1) // 2) for k in weight.shape[-2:]]
    return correlate(np.pad(x, ((0, 0), *spare)), weight)


def _conv_by_rows(x: Array, weight: Array, spare: int) -> Array:
    """Count the columns of the result by the height of the input."""
    C_out, _, kH, kW = weight.shape
    H = x.shape[1]
    y = np.zeros((C_out, H - kH + 1, H - spare + 1))
    for o, i, j in np.ndindex(y.shape):
        y[o, i, j] = (x[:, i : i + kH, j : j + kW] * weight[o]).sum()
    return y


def _conv_in_place(x: Array, weight: Array) -> Array:
    y = correlate(x, weight)
    weight *= 0
    return y


def _conv_printed(x: Array, weight: Array) -> None:
    print(correlate(x, weight))


_CONV_WRONG = (
    WrongAnswer(
        "kernel flipped",
        lambda x, w: correlate(x, w[:, :, ::-1, ::-1]),
        "This is the convolution of the mathematicians: the kernel is turned upside down and "
        "left to right. The layer called convolution leaves it as it is. A learned kernel would "
        "just come out turned; here the kernel is given, so it matters.",
    ),
    WrongAnswer(
        "first input channel only",
        lambda x, w: correlate(x[:1], w[:, :1]),
        "This is right for the first input channel, and the others are never read. A kernel "
        "reaches through all of them, with weights of its own for each.",
    ),
    WrongAnswer(
        "assigned instead of added",
        lambda x, w: correlate(x[-1:], w[:, -1:]),
        "Only the last input channel is left: each channel's share is right, but it replaces "
        "the one before. Add them up, with += for =.",
    ),
    WrongAnswer(
        "one input channel for each kernel",
        lambda x, w: np.stack([correlate(x[o % len(x)], w[o, o % len(x)]) for o in range(len(w))]),
        "Each output channel looks at one input channel here. Such a layer exists, it is called "
        "depthwise. In the ordinary one every output channel sums over all input channels.",
    ),
    WrongAnswer(
        "input channels kept apart",
        lambda x, w: np.stack([[correlate(x[c], v[c]) for c in range(len(x))] for v in w]),
        "There is a map for every pair of output and input channel, each of them right. One "
        "step is missing: the layer adds them up over the input channels.",
    ),
    WrongAnswer(
        "output channels added up",
        lambda x, w: correlate(x, w.sum(axis=0, keepdims=True))[0],
        "The maps of all kernels are added up to one. Input channels are summed, that is right; "
        "but each kernel keeps a map of its own.",
    ),
    WrongAnswer(
        "one map of sums in every output channel",
        lambda x, w: np.repeat(correlate(x, w.sum(axis=0, keepdims=True)), len(w), axis=0),
        "Every output channel holds the sum of all kernels' maps. Use weight[o] alone for "
        "output channel o.",
    ),
    WrongAnswer(
        "mean of the products",
        lambda x, w: correlate(x, w) / w[0].size,
        "This is the mean of the products. The products are the right ones, but a convolution "
        "adds them up; an average is what comes out when every weight is 1/n.",
    ),
    WrongAnswer(
        "mean over the input channels",
        lambda x, w: correlate(x, w) / w.shape[1],
        "The input channels are averaged here. They are added up: a layer with more channels "
        "hands on larger numbers, which is why its first weights are drawn smaller.",
    ),
    WrongAnswer(
        "largest product",
        lambda x, w: np.stack(
            [
                [
                    [
                        (x[:, i : i + w.shape[2], j : j + w.shape[3]] * kernel).max()
                        for j in range(x.shape[2] - w.shape[3] + 1)
                    ]
                    for i in range(x.shape[1] - w.shape[2] + 1)
                ]
                for kernel in w
            ]
        ),
        "This is the largest of the products. Taking a maximum is what a max pool does; a "
        "convolution adds all products up.",
    ),
    WrongAnswer(
        "last product only",
        lambda x, w: correlate(x[-1:, w.shape[2] - 1 :, w.shape[3] - 1 :], w[:, -1:, -1:, -1:]),
        "Only the last product of each window is left: every one replaces the one before. Add "
        "them up, with += for =.",
    ),
    WrongAnswer(
        "same padding",
        _padded,
        "The map keeps the size of the input, as with 'same' padding. Here nothing is padded: "
        "the kernel stays inside, and H − kH + 1 rows are left.",
    ),
    WrongAnswer(
        "last position missed",
        lambda x, w: correlate(x, w)[:, :-1, :-1],
        "The last row and the last column of positions are missing. H − kH steps are right; but "
        "there is one position more than steps.",
    ),
    WrongAnswer(
        "the height taken for the width",
        lambda x, w: _conv_by_rows(x, w, w.shape[3]),
        "The columns are counted by H − kW + 1: that is right for a square input. A row has W "
        "pixels, so a kernel of kW columns fits into it W − kW + 1 times.",
    ),
    WrongAnswer(
        "as many columns as rows",
        lambda x, w: _conv_by_rows(x, w, w.shape[2]),
        "The result has as many columns as rows, H − kH + 1 of each. For a square input and a "
        "square kernel that is right; here W and kW may differ from H and kH.",
    ),
    WrongAnswer(
        "output channels last",
        lambda x, w: correlate(x, w).transpose(1, 2, 0),
        "All numbers are right, with the output channels on the last axis. Here they come "
        "first: the shape is (C_out, rows, columns).",
    ),
    WrongAnswer(
        "windows side by side",
        lambda x, w: correlate(x, w)[:, :: w.shape[2], :: w.shape[3]],
        "The window moves by its own size, as in pooling. The default of a convolution is a "
        "stride of 1: windows overlap.",
    ),
    WrongAnswer(
        "negative responses cut off",
        lambda x, w: np.maximum(correlate(x, w), 0),
        "The responses are right, but the negative ones are replaced by 0. That is the ReLU, "
        "the layer after this one.",
    ),
    WrongAnswer(
        "whole-number result",
        lambda x, w: np.trunc(correlate(x, w)).astype(int),
        "The decimals are cut off: the result array was made for whole numbers. np.zeros(shape) "
        "makes one for decimals.",
    ),
    WrongAnswer(
        "changes the kernel",
        _conv_in_place,
        "Your function changed its argument.",
    ),
    WrongAnswer(
        "returns a list",
        lambda x, w: correlate(x, w).tolist(),
        "The function returned a list, needed an array.",
    ),
    WrongAnswer(
        "prints instead of returning",
        _conv_printed,
        "print shows a value, only return hands it on.",
    ),
)


def _examine_conv(answer: Any) -> str:
    n = compare(answer, correlate, _conv_cases(), _CONV_WRONG)
    return (
        f"All {n} cases agree: one channel and several, kernels of every shape. If you used "
        "loops, try it without: np.lib.stride_tricks.sliding_window_view shows all windows at "
        "once, and np.einsum multiplies and sums."
    )


conv2d = Exercise(
    name="ch01.conv2d",
    task=(
        "write my_conv2d(x, weight), a convolution layer with stride 1, no padding and no bias. "
        "x has shape (C_in, H, W), weight (C_out, C_in, kH, kW), the result "
        "(C_out, H − kH + 1, W − kW + 1). Loops are fine."
    ),
    examine=_examine_conv,
    hints=(
        "What does one number of the result depend on? Take a single kernel and a single input "
        "channel, and compute the number in the top left corner on paper.",
        "One number is one dot product: cut a window out of x, multiply it by the kernel value "
        "by value, add up. With several input channels the window has them all.",
        "Three loops: over kernels o, rows i and columns j. The window is x from row i to i + kH "
        "and column j to j + kW in all channels; it has the shape of weight[o].",
    ),
    wrong_answers=_CONV_WRONG,
    solved_by=_my_conv2d,
)

# -- 3. Which images turn black? --------------------------------------------------------------

KERNEL: Array = np.array([[-1, 0, 1]] * 3)
_ROWS = {
    "wall": np.full(8, 0.5),
    "fence": np.array([1.0, 0.0] * 4),
    "step up": np.repeat([0.0, 1.0], 4),
    "step down": np.repeat([1.0, 0.0], 4),
    "ramp": np.arange(8) / 8,
}
IMAGES: dict[str, Array] = {name: np.tile(row, (8, 1)) for name, row in _ROWS.items()}
IMAGES["bars"] = np.tile(np.repeat([1.0, 0.0, 1.0, 0.0], 2)[:, np.newaxis], 8)

_BLACK_STUB = """
my_prediction = {  # True if the image turns black, False if not
    "wall": ...,  # the same grey everywhere
    "bars": ...,  # bright and dark bars across, each two pixels high
    "fence": ...,  # bright and dark columns in turn, each one pixel wide
    "step up": ...,  # dark on the left, bright on the right
    "step down": ...,  # bright on the left, dark on the right
    "ramp": ...,  # slowly brighter from left to right
}
"""
_BLACK_SOLUTION = """
my_prediction = {
    "wall": True,  # right minus left: nothing, however bright the wall
    "bars": True,  # along a row nothing changes
    "fence": True,  # two pixels further on the fence looks the same
    "step up": False,
    "step down": True,  # the response is negative, and the ReLU makes it 0
    "ramp": False,  # a small response, but everywhere
}
"""


def _black(kernel: Array = KERNEL, rectify: bool = True) -> dict[str, bool]:
    """Which images turn black under a kernel, with or without the ReLU."""
    maps = {name: correlate(image, kernel) for name, image in IMAGES.items()}
    order = ("wall", "bars", "fence", "step up", "step down", "ramp")
    return {
        name: not (np.maximum(maps[name], 0) if rectify else maps[name]).any() for name in order
    }


_BLACK_WRONG = (
    WrongAnswer(
        "ReLU forgotten",
        _black(rectify=False),
        "It is right that the kernel answers a step down. But it answers with a negative "
        "number, and the ReLU behind it makes that 0.",
    ),
    WrongAnswer(
        "fence has edges",
        _black() | {"fence": False},
        "It is right that a fence is full of vertical edges. But this kernel compares pixels "
        "that stand two apart, and two pixels further on this fence looks the same.",
    ),
    WrongAnswer(
        "edges of any direction",
        _black() | {"bars": False},
        "It is right that bars have edges. They run from left to right, though, and this kernel "
        "compares left with right: along a bar nothing changes.",
    ),
    WrongAnswer(
        "a ramp has no edge",
        _black() | {"ramp": True},
        "It is right that a ramp has no edge. But the kernel doesn't look for edges, it takes "
        "right minus left; on a ramp that is small, and never 0.",
    ),
    WrongAnswer(
        "a bright image stays bright",
        _black() | {"wall": False},
        "It is right that the wall is not black before. But the weights of the kernel sum to 0: "
        "what is the same everywhere cancels, however bright it is.",
    ),
    WrongAnswer(
        "a step up is black",
        _black() | {"step up": True},
        "A step up is what this kernel was made for: bright pixels meet the weights 1, dark ones "
        "the weights −1, and the sum is positive.",
    ),
    WrongAnswer(
        "kernel flipped",
        _black(KERNEL[:, ::-1]),
        "This is right for the kernel turned from left to right, a convolution as mathematicians "
        "define it. The layer does not turn it: the weights 1 stand on the right, and so a step "
        "up gives a positive response.",
    ),
    WrongAnswer(
        "rows for columns",
        _black(KERNEL.T),
        "This is right for the kernel turned by 90 degrees, below minus above. Here the −1 stand "
        "in the left column: it is right minus left.",
    ),
    WrongAnswer(
        "weights that sum to zero give zero",
        dict.fromkeys(_black(), True),
        "It is right that weights that sum to 0 turn a plain area black. Where the image "
        "changes, the weights meet different pixels, and the products no longer cancel.",
    ),
    WrongAnswer(
        "brightness stays",
        dict.fromkeys(_black(), False),
        "It is right that no image is black before. But the map shows differences, no "
        "brightness: where right minus left is 0, or negative before the ReLU, it is black.",
    ),
    WrongAnswer(
        "every edge leaves a trace",
        dict.fromkeys(_black(), False) | {"wall": True},
        "It is right that the wall turns black and all others have something to see. But the "
        "kernel takes right minus left over a distance of two pixels, and the ReLU lets only "
        "positive differences pass. Go through the images with that.",
    ),
    WrongAnswer(
        "words instead of True and False",
        _black() | {"wall": "black"},
        "The entry 'wall' is 'black', needed True or False.",
    ),
    WrongAnswer(
        "names only",
        ["wall", "bars", "fence", "step down"],
        "the answer has type list.",
    ),
    WrongAnswer(
        "one missing",
        {name: black for name, black in _black().items() if name != "ramp"},
        "Still to predict: 'ramp'.",
    ),
)


def _examine_black(answer: Any) -> str:
    otherwise = (
        "Take one row of an image, and compute right minus left at a few places. The ReLU then "
        "makes negative numbers 0."
    )
    compare_tables(answer, _black(), _BLACK_WRONG, otherwise, choices=(True, False))
    return (
        "Four images of six leave no trace in this map, and only one of them is plain: a kernel "
        "sees what it compares, and nothing else. So a layer has many of them."
    )


black_images = Exercise(
    name="ch01.black_images",
    task=(
        "six images of 8x8 pixels go through one convolution with the kernel ch01.KERNEL, its "
        "rows all [-1, 0, 1], no padding, no bias, and then a ReLU. Which maps are black, that "
        "is 0 everywhere? Predict before you look at ch01.IMAGES."
    ),
    examine=_examine_black,
    hints=(
        "What does this kernel compute, in words? All its rows are the same: one row of the "
        "image is enough to find out.",
        "It takes the pixels on the right minus those on the left, two columns apart, and adds "
        "up three rows. Where is that difference 0? And where is it negative?",
        "Go through a row: does anything change from left to right (wall, bars)? Over a distance "
        "of two pixels (fence)? To brighter or to darker (steps)? A little, everywhere (ramp)?",
    ),
    wrong_answers=_BLACK_WRONG,
    solved_by=_BLACK_SOLUTION,
    starts_from=_BLACK_STUB,
)

# -- 4. A layer is a matrix -------------------------------------------------------------------


def _my_matrix(kernel: Array, H: int, W: int) -> Array:
    """Matrix M with M @ x.ravel() equal to the map of x, of shape (H, W), as one long row."""
    kH, kW = kernel.shape
    rows = []
    for i in range(H - kH + 1):
        for j in range(W - kW + 1):
            image = np.zeros((H, W))  # the weights that this output gives to the pixels
            image[i : i + kH, j : j + kW] = kernel
            rows.append(image.ravel())
    return np.array(rows)


def _matrix_by_units(kernel: Array, H: int, W: int) -> Array:
    """Find the matrix by sending through one pixel at a time."""
    return matrix_of(lambda x: correlate(x, kernel), (H, W))


def _matrix_cases() -> list[tuple[Array, int, int]]:
    """Kernels of up to 3x3 on images of up to 5x5 pixels, the smallest matrices first."""
    rng = np.random.default_rng(1)
    shapes = [
        (kH, kW, H, W)
        for H in range(1, 6)
        for W in range(1, 6)
        for kH in (1, 2, 3)
        for kW in (1, 2, 3)
        if kH <= H and kW <= W
    ]
    shapes.sort(key=lambda n: (n[0] * n[1] == 1, n[2] * n[3], n[0] * n[1], n[0]))
    return [(halves(rng, kH, kW), H, W) for kH, kW, H, W in shapes]


def _fill(
    kernel: Array,
    H: int,
    W: int,
    column: Callable[[int, int, int, int, int, int], int],
    row: Callable[[int, int, int, int], int] = lambda i, j, H_out, W_out: i * W_out + j,
) -> Array:
    """Fill the matrix with rows or columns numbered in another way."""
    kH, kW = kernel.shape
    H_out, W_out = H - kH + 1, W - kW + 1
    M = np.zeros((H_out * W_out, H * W))
    for i, j, a, b in np.ndindex(H_out, W_out, kH, kW):
        r = row(i, j, H_out, W_out)
        M[r, column(r, i, j, a, b, W_out)] = kernel[a, b]
    return M


def _circular(kernel: Array, H: int, W: int) -> Array:
    """Give every pixel a row, with the image continued around its border."""
    kH, kW = kernel.shape
    M = np.zeros((H * W, H * W))
    for i, j, a, b in np.ndindex(H, W, kH, kW):
        M[i * W + j, (i + a) % H * W + (j + b) % W] += kernel[a, b]
    return M


_MATRIX_WRONG = (
    WrongAnswer(
        "transposed",
        lambda k, H, W: _matrix_by_units(k, H, W).T,
        "Rows and columns of the matrix are exchanged: it has a row for every pixel. That "
        "matrix carries gradients back. Forward there is a row for every output and a column "
        "for every pixel.",
    ),
    WrongAnswer(
        "kernel flipped",
        lambda k, H, W: _matrix_by_units(k[::-1, ::-1], H, W),
        "The kernel stands in each row back to front. The right places are filled; but a "
        "convolution layer does not flip its kernel.",
    ),
    WrongAnswer(
        "kernel without gaps",
        lambda k, H, W: _fill(k, H, W, lambda r, i, j, a, b, W_out: i * W + j + a * k.shape[1] + b),
        "The weights stand side by side in each row, from the right place on. But the second row "
        "of the kernel lies under the first, and in the long vector that is W entries further "
        "on.",
    ),
    WrongAnswer(
        "rows as long as those of the output",
        lambda k, H, W: _fill(k, H, W, lambda r, i, j, a, b, W_out: (i + a) * W_out + j + b),
        "The columns are counted as if a row of the image had W_out pixels. It is right that a "
        "new row begins with a jump; but the vector holds the input, whose rows have W pixels.",
    ),
    WrongAnswer(
        "one step right per row",
        lambda k, H, W: _fill(k, H, W, lambda r, i, j, a, b, W_out: r + a * W + b),
        "From each row of the matrix to the next the weights move on by one. That is right "
        "within a row of the map. At its end the window goes back to the left, and the next "
        "output starts at pixel i · W + j.",
    ),
    WrongAnswer(
        "around the border",
        _circular,
        "There is a row for every pixel, and windows continue on the opposite side. That is a "
        "convolution with circular borders; here windows stay inside, and there are "
        "(H − kH + 1) · (W − kW + 1) rows.",
    ),
    WrongAnswer(
        "same padding",
        lambda k, H, W: matrix_of(
            lambda x: _padded(x[np.newaxis], k[np.newaxis, np.newaxis]), (H, W)
        ),
        "There is a row for every pixel, as with 'same' padding. Without padding windows stay "
        "inside, and there are (H − kH + 1) · (W − kW + 1) rows.",
    ),
    WrongAnswer(
        "columns before rows",
        lambda k, H, W: _fill(
            k,
            H,
            W,
            lambda r, i, j, a, b, W_out: (j + b) * H + i + a,
            lambda i, j, H_out, W_out: j * H_out + i,
        ),
        "The pixels are numbered column by column. That is possible, as long as everyone does "
        "it; but x.ravel() goes row by row, and pixel (i, j) is number i · W + j.",
    ),
    WrongAnswer(
        "which pixels, without weights",
        lambda k, H, W: (_matrix_by_units(k, H, W) != 0).astype(float),
        "The pattern is right: a 1 wherever an output reads a pixel. What belongs there is the "
        "kernel's weight for that pixel.",
    ),
    WrongAnswer(
        "one kernel spread over all positions",
        lambda k, H, W: _matrix_by_units(k, H, W) / ((H - k.shape[0] + 1) * (W - k.shape[1] + 1)),
        "The weights stand at the right places, but divided by the number of positions. Sharing "
        "a kernel means that each position uses it whole.",
    ),
    WrongAnswer(
        "four axes",
        lambda k, H, W: _matrix_by_units(k, H, W).reshape(
            H - k.shape[0] + 1, W - k.shape[1] + 1, H, W
        ),
        "All weights are there, in an array with four axes. Write the two axes of the map as "
        "one, and those of the image too: that makes it a matrix.",
    ),
    WrongAnswer(
        "returns a list",
        lambda k, H, W: _matrix_by_units(k, H, W).tolist(),
        "The function returned a list, needed an array.",
    ),
)


def _examine_matrix(answer: Any) -> str:
    n = compare(answer, _matrix_by_units, _matrix_cases(), _MATRIX_WRONG)
    return (
        f"All {n} matrices agree. So a convolution is a linear layer in which most weights are 0 "
        "(local) and the others repeat from row to row (shared)."
    )


as_matrix = Exercise(
    name="ch01.as_matrix",
    task=(
        "write my_matrix(kernel, H, W): the matrix M for which M @ x.ravel() is the convolution "
        "of x, of shape (H, W), with the kernel, written as one long row too. Stride 1, no "
        "padding."
    ),
    examine=_examine_matrix,
    hints=(
        "What is one row of the matrix? It says how one output depends on every pixel. How many "
        "pixels does it not depend on at all?",
        "Draw the image with the kernel laid on it at position (0, 0), and 0 everywhere else. "
        "Read it row by row: that is the first row of the matrix.",
        "For each position make np.zeros((H, W)), write the kernel into the window that begins "
        "at (i, j), and ravel() it. Collect these rows, position by position.",
    ),
    wrong_answers=_MATRIX_WRONG,
    solved_by=_my_matrix,
)

# -- 5. Two layers that are one ---------------------------------------------------------------


def _my_kernel(first: Array, second: Array) -> Array:
    """Kernel of the one layer that does the same as the first and then the second."""
    H, W = first.shape
    kH, kW = second.shape
    kernel = np.zeros((H + kH - 1, W + kW - 1))
    for i in range(kH):
        for j in range(kW):
            kernel[i : i + H, j : j + W] += second[i, j] * first
    return kernel


def _measured_kernel(first: Array, second: Array) -> Array:
    """Send a single bright pixel through both layers; the response is the kernel, flipped."""
    reach = [a + b - 1 for a, b in zip(first.shape, second.shape, strict=True)]
    image = np.zeros([2 * n - 1 for n in reach])
    image[reach[0] - 1, reach[1] - 1] = 1
    return correlate(correlate(image, first), second)[::-1, ::-1]


def _kernel_cases() -> list[tuple[Array, Array]]:
    """Pairs of kernels, the simplest first: equal shapes, then square ones."""
    rng = np.random.default_rng(1)
    shapes = [(1, 2), (2, 1), (2, 2), (1, 3), (2, 3), (3, 2), (3, 3)]
    pairs = [(a, b) for a in shapes for b in shapes] + [((1, 1), (2, 3)), ((3, 2), (1, 1))]
    pairs.sort(key=lambda p: (p[0] != p[1], p[0][0] != p[0][1], math.prod((*p[0], *p[1]))))
    return [(halves(rng, *a), halves(rng, *b)) for a, b in pairs]


def _combine(first: Array, second: Array, add: bool = True) -> Array:
    """Combine two kernels, either adding where they overlap or overwriting."""
    H, W = first.shape
    kernel = np.zeros([a + b - 1 for a, b in zip(first.shape, second.shape, strict=True)])
    for i, j in np.ndindex(*second.shape):
        kernel[i : i + H, j : j + W] *= add
        kernel[i : i + H, j : j + W] += second[i, j] * first
    return kernel


def _middle(first: Array, second: Array) -> Array:
    """Cut the combined kernel to the size of the first."""
    top, left = ((n - 1) // 2 for n in second.shape)
    return _combine(first, second)[top : top + first.shape[0], left : left + first.shape[1]]


def _framed_sum(first: Array, second: Array) -> Array:
    kernel = np.zeros([a + b - 1 for a, b in zip(first.shape, second.shape, strict=True)])
    kernel[: first.shape[0], : first.shape[1]] += first
    kernel[: second.shape[0], : second.shape[1]] += second
    return kernel


_KERNEL_WRONG = (
    WrongAnswer(
        "kernels added",
        lambda a, b: a + b,
        "The kernels are added. That is right for two layers side by side whose maps are added; "
        "here the second reads what the first wrote, and reaches further than either alone.",
    ),
    WrongAnswer(
        "kernels added, in a larger frame",
        _framed_sum,
        "The size is right, but the kernels are added. The second layer multiplies what the "
        "first has written: products of weights, not sums.",
    ),
    WrongAnswer(
        "multiplied value by value",
        lambda a, b: a * b,
        "Each weight is multiplied by the one at the same place. Products are right; but every "
        "weight of the second layer meets every weight of the first, and the field grows.",
    ),
    WrongAnswer(
        "matrix product",
        lambda a, b: a @ b,
        "This is the matrix product of the kernels. Two linear layers do multiply as matrices, "
        "but as those of the whole layers, M2 @ M1; a kernel is only the stencil their rows are "
        "made from.",
    ),
    WrongAnswer(
        "one kernel flipped",
        lambda a, b: _combine(a, b[::-1, ::-1]),
        "The products and the size are right, but one kernel is turned upside down and left to "
        "right. Offsets add up: weight (i, j) of the second meets pixel (a, b) of the first at "
        "(i + a, j + b).",
    ),
    WrongAnswer(
        "both kernels flipped",
        lambda a, b: _combine(a, b)[::-1, ::-1],
        "This is the kernel back to front. As a response to a single bright pixel it is right; "
        "a layer that doesn't flip its kernel needs it turned round.",
    ),
    WrongAnswer(
        "assigned instead of added",
        lambda a, b: _combine(a, b, add=False),
        "Where the shifted copies of the first kernel overlap, the last one wins. The copies are "
        "right; a pixel that is reached along several ways counts for all of them: += for =.",
    ),
    WrongAnswer(
        "every product at a place of its own",
        np.kron,
        "All products are there, side by side. But different pairs of weights reach the same "
        "pixel, and their products add up: two 3x3 kernels make 5x5, not 9x9.",
    ),
    WrongAnswer(
        "cut to the size of the first",
        _middle,
        "This is the middle of the right kernel. Two layers see further than one: of two 3x3 "
        "kernels the result is 5x5, border included.",
    ),
    WrongAnswer(
        "averaged",
        lambda a, b: _combine(a, b) / b.size,
        "The kernel is right but for a factor: it was divided by the number of weights. A "
        "convolution adds its products up, it takes no mean.",
    ),
    WrongAnswer(
        "the second layer only",
        lambda a, b: b.copy(),
        "This is the second kernel alone. It reads the map of the first, not the image.",
    ),
    WrongAnswer(
        "returns a list",
        lambda a, b: _combine(a, b).tolist(),
        "The function returned a list, needed an array.",
    ),
)


def _examine_kernel(answer: Any) -> str:
    n = compare(answer, _measured_kernel, _kernel_cases(), _KERNEL_WRONG)
    return (
        f"All {n} pairs agree with what a single bright pixel leaves behind both layers. Without "
        "anything between them two layers are one, with a larger kernel. A ReLU between them "
        "prevents it: that is what makes depth worth its price."
    )


one_layer = Exercise(
    name="ch01.one_layer",
    task=(
        "write my_kernel(first, second): two convolutions follow one another, without padding, "
        "bias or nonlinearity, with kernels of shape (kH, kW) each. Find the kernel with which "
        "one convolution does the same."
    ),
    examine=_examine_kernel,
    hints=(
        "How many pixels does one output of the second layer depend on, if both kernels are "
        "3x3? So how large must the kernel be?",
        "One output is a sum over the second kernel: its weight (i, j) times the first map, i "
        "rows further down and j columns further right. Each of those numbers is in turn the "
        "whole first kernel, laid at that place.",
        "Start from zeros. For every weight (i, j) of the second kernel add that weight times "
        "the first kernel, shifted by i rows and j columns.",
    ),
    wrong_answers=_KERNEL_WRONG,
    solved_by=_my_kernel,
)

EXERCISES = (output_size, conv2d, black_images, as_matrix, one_layer)
