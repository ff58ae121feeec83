"""Exercises of chapter 4, *Why flatten – and must we?* NumPy is all they need.

>>> from cnnlab.exercises import ch04
>>> for exercise in ch04.EXERCISES:
...     print(exercise.name, "->", exercise.answer_name)
ch04.place -> my_place
ch04.reorder -> my_reorder
ch04.sliding_head -> my_sliding_head
ch04.class_maps -> my_class_maps
ch04.gap_backward -> my_gap_backward
ch04.head_table -> my_heads
ch04.where -> my_channels

The last one has a head that must not be touched. It averages each channel, and says where:

>>> channels = np.array([[[0.0, 3.0]], [[-1.0, 0.0]]])
>>> ch04.where_head(channels)
('lower', 'left')
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from cnnlab._types import Array
from cnnlab.exercises.cases import correlate, halves, matrix_of
from cnnlab.exercises.core import (
    Exercise,
    NotYet,
    WrongAnswer,
    call,
    check_function,
    compare,
    compare_tables,
    kind,
    lost_digits,
    recognise,
    report,
)

__all__ = [
    "EXERCISES",
    "class_maps",
    "gap_backward",
    "head_table",
    "place",
    "reorder",
    "sliding_head",
    "where",
    "where_head",
]

# -- 1. Where does a number come from? --------------------------------------------------------


def _my_place(n: int, C: int, H: int, W: int) -> tuple[int, int, int]:
    """Channel, row and column of entry n of a flattened array of shape (C, H, W)."""
    channel, n = divmod(n, H * W)  # a channel is H · W entries long
    row, column = divmod(n, W)  # and a row of it W
    return channel, row, column


def _place_by_search(n: int, C: int, H: int, W: int) -> tuple[int, ...]:
    """Number the pixels, and look where n is."""
    numbers = np.arange(C * H * W).reshape(C, H, W)
    return tuple(np.argwhere(numbers == n)[0].tolist())


def _place_cases() -> list[tuple[int, int, int, int]]:
    """Every entry of some small blocks, one channel first, then a few of large ones."""
    shapes = [(1, 2, 3), (2, 1, 2), (2, 2, 2), (2, 3, 4), (3, 4, 2), (4, 3, 3)]
    cases = [(n, *shape) for shape in shapes for n in range(math.prod(shape))]
    return [*cases, (25_087, 512, 7, 7), (3_000, 64, 7, 7), (1_234, 8, 20, 12)]


def _last(n: int, C: int, H: int, W: int) -> tuple[int, int, int]:
    """Channel, row and column if the channels were written last."""
    pixel, channel = divmod(n, C)
    return (channel, *divmod(pixel, W))


_PLACE_WRONG = (
    WrongAnswer(
        "channels last",
        _last,
        "This is the order of TensorFlow, where all channels of a pixel stand side by side. The "
        "block here has the shape (C, H, W), so a whole channel comes before the next.",
    ),
    WrongAnswer(
        "rows as long as columns",
        lambda n, C, H, W: (n // (H * W), *divmod(n % (H * W), H)),
        "The channel is right, but rows are counted as if they had H pixels. H is how many rows "
        "there are; each has W pixels.",
    ),
    WrongAnswer(
        "column by column",
        lambda n, C, H, W: (n // (H * W), *divmod(n % (H * W), H)[::-1]),
        "The channel is right, but inside it pixels are counted column by column. flatten reads "
        "row by row: the column changes fastest.",
    ),
    WrongAnswer(
        "back to front",
        lambda n, C, H, W: _place_by_search(n, C, H, W)[::-1],
        "The three numbers are right, in the order column, row, channel. The order of the axes "
        "is channel, row, column.",
    ),
    WrongAnswer(
        "channel at the end",
        lambda n, C, H, W: (*_my_place(n, C, H, W)[1:], n // (H * W)),
        "The three numbers are right, in the order row, column, channel. The order of the axes "
        "is channel, row, column.",
    ),
    WrongAnswer(
        "rows counted through all channels",
        lambda n, C, H, W: (n // (H * W), n // W, n % W),
        "Channel and column are right, but the rows are counted through from the first channel. "
        "Take the channel's entries off first: n % (H · W).",
    ),
    WrongAnswer(
        "the rest not broken down",
        lambda n, C, H, W: (n // (H * W), n % (H * W) // W, n % (H * W)),
        "Channel and row are right. The column is what remains after whole rows: % W.",
    ),
    WrongAnswer(
        "counted from 1",
        lambda n, C, H, W: tuple(i + 1 for i in _my_place(n, C, H, W)),
        "The place is right, counted from 1. Python counts rows, columns and channels from 0.",
    ),
    WrongAnswer(
        "first axis changes fastest",
        lambda n, C, H, W: (n % C, n // C % H, n // (C * H)),
        "The first index changes fastest, as in Fortran or MATLAB. In NumPy and PyTorch it is "
        "the last: neighbours in the vector are neighbours in a row.",
    ),
    WrongAnswer(
        "divided by the number of channels",
        lambda n, C, H, W: (n // C, *divmod(n % C, W)),
        "The channel is found by dividing by C. Dividing is right, but by the length of one "
        "channel, H · W, not by how many there are.",
    ),
    WrongAnswer(
        "true division",
        lambda n, C, H, W: (n / (H * W), n % (H * W) / W, n % W),
        "The idea is right, but / gives fractions. // counts how many whole channels and rows "
        "lie before.",
    ),
    WrongAnswer(
        "only row and column",
        lambda n, C, H, W: _my_place(n, C, H, W)[1:],
        "The function returned 2 values, needed 3.",
    ),
    WrongAnswer(
        "a single number",
        lambda n, C, H, W: n // (H * W),
        "The function returned an int, needed a tuple of 3.",
    ),
)


def _examine_place(answer: Any) -> str:
    count = compare(answer, _place_by_search, _place_cases(), _PLACE_WRONG)
    return (
        f"All {count} entries are found again. Nothing is lost by flattening: place and number "
        "are two names of the same thing. np.unravel_index(n, (C, H, W)) does what you wrote."
    )


place = Exercise(
    name="ch04.place",
    task=(
        "a block of shape (C, H, W) has been flattened, x.ravel(). Write my_place(n, C, H, W): "
        "from which channel, row and column does entry n come? Return the three as a tuple, "
        "without making any array."
    ),
    examine=_examine_place,
    hints=(
        "Write down the block of shape (2, 2, 3) with its entries numbered 0 to 11. Where does "
        "the second channel begin, where the second row?",
        "A channel is H · W entries long. How many whole channels lie before entry n, and how "
        "many entries are left over? Go on with those.",
        "divmod(a, b) gives both, how often b fits and what is left. Use it with H · W for the "
        "channel, then on the rest with W for row and column.",
    ),
    wrong_answers=_PLACE_WRONG,
    solved_by=_my_place,
)

# -- 2. Two orders ----------------------------------------------------------------------------


def _my_reorder(weight: Array, C: int, H: int, W: int) -> Array:
    """Columns of weight (K, H · W · C), channels last, in the order channels first."""
    K = len(weight)
    blocks = weight.reshape(K, H, W, C)  # the flatten undone, as it was done
    return blocks.transpose(0, 3, 1, 2).reshape(K, C * H * W)


def _reorder_by_number(weight: Array, C: int, H: int, W: int) -> Array:
    """Move the columns one by one."""
    reordered = np.empty_like(weight)
    for c, i, j in np.ndindex(C, H, W):
        reordered[:, (c * H + i) * W + j] = weight[:, (i * W + j) * C + c]
    return reordered


def _reorder_cases() -> list[tuple[Array, int, int, int]]:
    """Weights for blocks of different shapes, the smallest first, those without effect last."""
    rng = np.random.default_rng(4)
    shapes = [(K, C, H, W) for K in (1, 2, 3) for C in (2, 3) for H in (1, 2, 3) for W in (1, 2, 4)]
    shapes += [(2, 1, 3, 2), (3, 4, 2, 2)]
    shapes.sort(key=lambda n: (n[1] == 1 or n[2] * n[3] == 1, n[2] == 1, math.prod(n)))
    return [(halves(rng, K, C * H * W), C, H, W) for K, C, H, W in shapes]


def _moved(weight: Array, shape: Sequence[int], axes: Sequence[int]) -> Array:
    """Take the columns for a block of one shape, and exchange its axes."""
    K = len(weight)
    blocks = weight.reshape(K, *shape).transpose(0, *(axis + 1 for axis in axes))
    return blocks.reshape(K, -1)


_REORDER_WRONG = (
    WrongAnswer(
        "reshaped only",
        lambda w, C, H, W: w.copy(),
        "The columns stand where they stood. reshape to (K, C, H, W) and back moves nothing; it "
        "only calls the numbers by other names. Give the block the shape it had when it was "
        "flattened, then exchange the axes.",
    ),
    WrongAnswer(
        "the other direction",
        lambda w, C, H, W: _moved(w, (C, H, W), (1, 2, 0)),
        "This is the way from channels first to channels last. The idea is right; begin with the "
        "order the columns have now: (K, H, W, C).",
    ),
    WrongAnswer(
        "rows and columns of the image exchanged",
        lambda w, C, H, W: _moved(w, (H, W, C), (2, 1, 0)),
        "The channels come first, that is right, but each is turned over: rows have become "
        "columns. transpose(0, 3, 1, 2) keeps H before W; to turn all axes round, or to write with "
        "order='F', is too much.",
    ),
    WrongAnswer(
        "W, H, C read and turned round",
        lambda w, C, H, W: _moved(w, (W, H, C), (2, 1, 0)),
        "The block is read as (W, H, C), and then H and W are exchanged. The two do not cancel, as "
        "reading moves nothing: it is (H, W, C) before and (C, H, W) afterwards.",
    ),
    WrongAnswer(
        "axes exchanged, not moved",
        lambda w, C, H, W: _moved(w, (H, W, C), (1, 0, 2)),
        "Only two axes are exchanged, as by swapaxes(1, 2): the columns of the image take the "
        "place of its rows. What has to move is the channel axis, from the end to the front.",
    ),
    WrongAnswer(
        "back to front",
        lambda w, C, H, W: w[:, ::-1].copy(),
        "The columns are in reverse order. The channels do come first now, but from the last "
        "pixel of the last one: only the axes change places, no axis is reversed.",
    ),
    WrongAnswer(
        "not flattened again",
        lambda w, C, H, W: w.reshape(len(w), H, W, C).transpose(0, 3, 1, 2),
        "All numbers are in the right order, as blocks (K, C, H, W). A dense layer needs its "
        "rows flat again: reshape to (K, C · H · W).",
    ),
    WrongAnswer(
        "weights transposed",
        lambda w, C, H, W: _my_reorder(w, C, H, W).T.copy(),
        "The columns are right, but rows and columns of the matrix have changed places. It keeps "
        "its shape: one row for each class.",
    ),
    WrongAnswer(
        "returns a list",
        lambda w, C, H, W: _my_reorder(w, C, H, W).tolist(),
        "The function returned a list, needed an array.",
    ),
)


def _examine_reorder(answer: Any) -> str:
    n = compare(answer, _reorder_by_number, _reorder_cases(), _REORDER_WRONG)
    return (
        f"All {n} layers give the scores they gave before. It is the step one forgets when a "
        "network moves from TensorFlow to PyTorch: the shapes fit either way, and only the "
        "scores are wrong."
    )


reorder = Exercise(
    name="ch04.reorder",
    task=(
        "a dense layer was trained on blocks of shape (H, W, C), channels last, flattened: its "
        "weight has shape (K, H · W · C), a row for each class. Write "
        "my_reorder(weight, C, H, W): the weight that gives the same scores for the same blocks "
        "in shape (C, H, W), flattened."
    ),
    examine=_examine_reorder,
    hints=(
        "A column of the weight belongs to one number of the block. At which place of the vector "
        "is that number before, and at which afterwards? Try 2 channels of 1x2 pixels.",
        "A row of the weight is itself a flattened block. Undo the flatten, put the axes in the "
        "other order, flatten again.",
        "reshape the weight to (K, H, W, C), the shape it had. transpose moves axes: the new "
        "order is class, channel, row, column. Then reshape to two axes.",
    ),
    wrong_answers=_REORDER_WRONG,
    solved_by=_my_reorder,
)

# -- 3. A dense layer that slides -------------------------------------------------------------


def _my_sliding_head(weight: Array, bias: Array, x: Array, H: int, W: int) -> Array:
    """Scores (K, rows, columns) of a dense layer for all windows H x W of x (C, ..., ...)."""
    K, C = len(weight), len(x)
    kernels = weight.reshape(K, C, H, W)  # the flatten undone: a dense layer is a convolution
    rows, columns = x.shape[1] - H + 1, x.shape[2] - W + 1
    scores = np.empty((K, rows, columns))
    for i in range(rows):
        for j in range(columns):
            window = x[:, i : i + H, j : j + W]
            scores[:, i, j] = (kernels * window).sum(axis=(1, 2, 3)) + bias
    return scores


def _slide_by_flattening(weight: Array, bias: Array, x: Array, H: int, W: int) -> Array:
    """Cut out every window, flatten it and ask the dense layer."""
    rows, columns = x.shape[1] - H + 1, x.shape[2] - W + 1
    scores = np.empty((len(weight), rows, columns))
    for i, j in np.ndindex(rows, columns):
        scores[:, i, j] = weight @ x[:, i : i + H, j : j + W].ravel() + bias
    return scores


def _slide_cases() -> list[tuple[Array, Array, Array, int, int]]:
    """Heads for blocks of up to 2x3 pixels, on larger and larger images."""
    rng = np.random.default_rng(4)
    shapes = [
        (K, C, H, W, H + down, W + right)
        for K in (1, 2, 3)
        for C in (1, 2)
        for H, W in ((1, 2), (2, 2), (2, 3))
        for down, right in ((0, 0), (0, 1), (1, 1), (2, 1))
    ]
    shapes.sort(key=lambda n: (n[4] * n[5] > n[2] * n[3], math.prod(n)))
    return [
        (halves(rng, K, C * H * W), halves(rng, K), halves(rng, C, tall, wide), H, W)
        for K, C, H, W, tall, wide in shapes
    ]


def _slid(kernels: Array, bias: Array, x: Array) -> Array:
    """Convolve and add a bias: the material for wrong answers."""
    return correlate(x, kernels) + bias[:, np.newaxis, np.newaxis]


def _kernels(weight: Array, x: Array, H: int, W: int) -> Array:
    return weight.reshape(len(weight), len(x), H, W)


def _slid_same(w: Array, b: Array, x: Array, H: int, W: int) -> Array:
    spare = [((n - 1) // 2, n // 2) for n in (H, W)]
    return _slid(_kernels(w, x, H, W), b, np.pad(x, ((0, 0), *spare)))


_SLIDE_WRONG = (
    WrongAnswer(
        "bias forgotten",
        lambda w, b, x, H, W: correlate(x, _kernels(w, x, H, W)),
        "The weighted sums are right, but the bias is missing. A dense layer adds one to each "
        "class's score, and so does the convolution, at every position.",
    ),
    WrongAnswer(
        "bias for every weight",
        lambda w, b, x, H, W: _slid(_kernels(w, x, H, W), b * w.shape[1], x),
        "The bias is added inside the sum, once for every weight. It belongs to the score: once "
        "per class and position, after the sum.",
    ),
    WrongAnswer(
        "bias for every channel",
        lambda w, b, x, H, W: _slid(_kernels(w, x, H, W), b * len(x), x),
        "The bias is added once for every channel. It belongs to the score: once per class and "
        "position, after the channels are summed.",
    ),
    WrongAnswer(
        "channels last",
        lambda w, b, x, H, W: _slid(w.reshape(len(w), H, W, len(x)).transpose(0, 3, 1, 2), b, x),
        "The weight is read as (K, H, W, C). That would be right for a block that was flattened "
        "with its channels last; here it is (C, H, W).",
    ),
    WrongAnswer(
        "rows and columns of the kernel exchanged",
        lambda w, b, x, H, W: _slid(w.reshape(len(w), len(x), W, H).transpose(0, 1, 3, 2), b, x),
        "The kernels are read column by column. The flatten wrote row by row, H rows of W "
        "pixels: reshape to (K, C, H, W).",
    ),
    WrongAnswer(
        "kernel flipped",
        lambda w, b, x, H, W: _slid(_kernels(w, x, H, W)[:, :, ::-1, ::-1], b, x),
        "The kernels are flipped. In a true convolution they would be; the layer of that name "
        "lays them on as they are, and so must a dense layer's weights.",
    ),
    WrongAnswer(
        "first window only",
        lambda w, b, x, H, W: _slid(_kernels(w, x, H, W), b, x[:, :H, :W]),
        "The score of the window in the top left corner is right. Now let the window slide: "
        "rows − H + 1 positions down, columns − W + 1 to the right.",
    ),
    WrongAnswer(
        "windows side by side",
        lambda w, b, x, H, W: _slid(_kernels(w, x, H, W), b, x)[:, ::H, ::W],
        "The windows are laid side by side. Sliding means by one pixel at a time, so that the "
        "object may stand anywhere.",
    ),
    WrongAnswer(
        "windows side by side, without bias",
        lambda w, b, x, H, W: correlate(x, _kernels(w, x, H, W))[:, ::H, ::W],
        "Two things: the bias is missing, one for each class at every position; and the windows "
        "are laid side by side, by steps of H and W, where they should slide pixel by pixel.",
    ),
    WrongAnswer(
        "averaged over the positions",
        lambda w, b, x, H, W: _slid(_kernels(w, x, H, W), b, x).mean(axis=(1, 2)),
        "The scores are averaged over all positions. They are right before that; asked for is "
        "the map of them, which still says where.",
    ),
    WrongAnswer(
        "best position only",
        lambda w, b, x, H, W: _slid(_kernels(w, x, H, W), b, x).max(axis=(1, 2)),
        "Only the best position of each class is left. That is a useful last step; asked for is "
        "the map before it.",
    ),
    WrongAnswer(
        "classes last",
        lambda w, b, x, H, W: _slid(_kernels(w, x, H, W), b, x).transpose(1, 2, 0),
        "All scores are right, with the classes on the last axis. As in any feature map they "
        "come first: (K, rows, columns).",
    ),
    WrongAnswer(
        "same padding",
        _slid_same,
        "There is a score for every pixel, as with 'same' padding. Windows must lie inside: "
        "rows − H + 1 positions down, columns − W + 1 to the right.",
    ),
    WrongAnswer(
        "last position missed",
        lambda w, b, x, H, W: _slid(_kernels(w, x, H, W), b, x)[:, :-1, :-1],
        "The last row and column of positions are missing. rows − H is how often the window can "
        "step; there is one position more than steps.",
    ),
    WrongAnswer(
        "returns a list",
        lambda w, b, x, H, W: _slid(_kernels(w, x, H, W), b, x).tolist(),
        "The function returned a list, needed an array.",
    ),
)


def _examine_slide(answer: Any) -> str:
    n = compare(answer, _slide_by_flattening, _slide_cases(), _SLIDE_WRONG)
    return (
        f"All {n} cases agree with cutting out every window, flattening it and asking the dense "
        "layer. So a dense layer on a map is a convolution that happens to have one position; "
        "on a larger image it has more, and says where."
    )


sliding_head = Exercise(
    name="ch04.sliding_head",
    task=(
        "a dense layer, weight (K, C · H · W) and bias (K,), was trained on flattened blocks of "
        "shape (C, H, W). Write my_sliding_head(weight, bias, x, H, W) for larger x, of shape "
        "(C, rows, columns): the scores of all its windows of HxW pixels, an array of shape "
        "(K, rows − H + 1, columns − W + 1). Turn the weight into kernels; don't flatten x."
    ),
    examine=_examine_slide,
    hints=(
        "What does a dense layer compute for one class? A weight for every pixel of every "
        "channel, products, a sum. Which other layer does just that with a window?",
        "A row of the weight is a flattened kernel. Undo the flatten in the order it was done: "
        "channels, rows, columns.",
        "weight.reshape(K, C, H, W) are the kernels. Slide them over x with stride 1 and no "
        "padding, as in chapter 1, and add each class's bias once to each of its scores.",
    ),
    wrong_answers=_SLIDE_WRONG,
    solved_by=_my_sliding_head,
)

# -- 4. Average first, or weigh first? --------------------------------------------------------


def _my_class_maps(weight: Array, bias: Array, x: Array) -> Array:
    """Maps (K, H, W) whose averages are the scores of the head for x, of shape (C, H, W)."""
    maps = np.zeros((len(weight), *x.shape[1:]))
    for k in range(len(weight)):
        for c in range(len(x)):
            maps[k] += weight[k, c] * x[c]  # the linear layer, at every pixel: a 1x1 convolution
        maps[k] += bias[k]
    return maps


def _maps_by_convolution(weight: Array, bias: Array, x: Array) -> Array:
    """Convolve with kernels of 1x1 pixels."""
    return _slid(weight[:, :, np.newaxis, np.newaxis], bias, x)


def _maps_cases() -> list[tuple[Array, Array, Array]]:
    """Up to three classes, three channels and 3x2 pixels, the smallest first."""
    rng = np.random.default_rng(4)
    shapes = [
        (K, C, H, W) for K in (1, 2, 3) for C in (1, 2, 3) for H, W in ((1, 2), (2, 2), (3, 2))
    ]
    shapes.sort(key=lambda n: (math.prod(n), n))
    return [(halves(rng, K, C), halves(rng, K), halves(rng, C, H, W)) for K, C, H, W in shapes]


_MAPS_WRONG = (
    WrongAnswer(
        "the scores",
        lambda w, b, x: w @ x.mean(axis=(1, 2)) + b,
        "These are the scores of the head, and they are right. Asked for are the maps of which "
        "they are the averages: leave out the averaging.",
    ),
    WrongAnswer(
        "the scores at every pixel",
        lambda w, b, x: np.broadcast_to(
            (w @ x.mean(axis=(1, 2)) + b)[:, None, None], (len(w), *x.shape[1:])
        ).copy(),
        "Each map is filled with its score. Its average is right, but it no longer says where: "
        "weigh the pixels themselves, not their average.",
    ),
    WrongAnswer(
        "bias forgotten",
        lambda w, b, x: _maps_by_convolution(w, 0 * b, x),
        "The weighted maps are right, but the bias is missing, and so their averages are not the "
        "scores.",
    ),
    WrongAnswer(
        "bias shared out over the pixels",
        lambda w, b, x: _maps_by_convolution(w, b / x[0].size, x),
        "The bias is divided by the number of pixels. That would be right for maps whose sum is "
        "the score; the average of a constant is the constant, so each pixel gets all of it.",
    ),
    WrongAnswer(
        "weights shared out over the pixels",
        lambda w, b, x: _maps_by_convolution(w / x[0].size, b, x),
        "The weights are divided by the number of pixels. The average does that already.",
    ),
    WrongAnswer(
        "everything divided by the pixels",
        lambda w, b, x: _maps_by_convolution(w, b, x) / x[0].size,
        "The sum of each map is its score here. Asked for are maps whose average is: leave the "
        "division to that.",
    ),
    WrongAnswer(
        "bias for every channel",
        lambda w, b, x: _maps_by_convolution(w, b * len(x), x),
        "The bias is added once for every channel. It belongs to the class: once, after the "
        "channels are summed.",
    ),
    WrongAnswer(
        "negative evidence cut off",
        lambda w, b, x: np.maximum(_maps_by_convolution(w, b, x), 0),
        "Negative values are replaced by 0. In pictures of such maps that is often done; but "
        "pixels that speak against a class count in its score as well.",
    ),
    WrongAnswer(
        "channels averaged",
        lambda w, b, x: _maps_by_convolution(w, b * len(x), x) / len(x),
        "The weighted channels are averaged. The linear layer sums them; the average of the head "
        "runs over pixels, not over channels.",
    ),
    WrongAnswer(
        "channels kept apart",
        lambda w, b, x: w[:, :, None, None] * x + b[:, None, None, None],
        "There is a map for every pair of class and channel, rightly weighted. Sum over the "
        "channels, and add the bias once.",
    ),
    WrongAnswer(
        "classes last",
        lambda w, b, x: _maps_by_convolution(w, b, x).transpose(1, 2, 0),
        "All values are right, with the classes on the last axis. As in any feature map they "
        "come first: (K, H, W).",
    ),
    WrongAnswer(
        "returns a list",
        lambda w, b, x: _maps_by_convolution(w, b, x).tolist(),
        "The function returned a list, needed an array.",
    ),
)


def _examine_maps(answer: Any) -> str:
    n = compare(answer, _maps_by_convolution, _maps_cases(), _MAPS_WRONG)
    return (
        f"All {n} cases agree with a 1x1 convolution, and the averages of the maps are the "
        "scores: averaging and weighing may change places, as both are linear. Such maps show "
        "where in the image a class has its evidence."
    )


class_maps = Exercise(
    name="ch04.class_maps",
    task=(
        "a head averages each of C channels over the image, and a linear layer, weight (K, C) "
        "and bias (K,), makes scores of the averages. Write my_class_maps(weight, bias, x) for x "
        "of shape (C, H, W): do it the other way round, apply the linear layer at every pixel. "
        "The averages of the K maps are then the scores."
    ),
    examine=_examine_maps,
    hints=(
        "Take one class, one channel, two pixels. Does it matter whether you average first and "
        "multiply then, or the other way round? And a constant that is added?",
        "At each pixel stand C numbers, one from each channel. The linear layer makes K numbers "
        "of them: it is the same layer, only used H · W times.",
        "Map k is the sum over the channels of weight[k, c] · x[c], plus bias[k] at every pixel. "
        "That is a convolution with kernels of 1x1 pixels.",
    ),
    wrong_answers=_MAPS_WRONG,
    solved_by=_my_class_maps,
)

# -- 5. Backward through global averaging -----------------------------------------------------


def _my_gap_backward(grad: Array, weight: Array, H: int, W: int) -> Array:
    """Gradient of the maps (C, H, W) from that of the scores (K,) of a GAP head."""
    grad_averages = weight.T @ grad  # (C,): every class has a say in every channel
    grad_x = np.empty((len(grad_averages), H, W))
    for c, g in enumerate(grad_averages):
        grad_x[c] = g / (H * W)  # each pixel has weight 1/(H·W) in its channel's average
    return grad_x


def _gap_by_units(grad: Array, weight: Array, H: int, W: int) -> Array:
    """Try out what every single pixel does to the scores, and weigh that with the gradient."""
    shape = (weight.shape[1], H, W)
    return (grad @ matrix_of(lambda x: weight @ x.mean(axis=(1, 2)), shape)).reshape(shape)


def _gap_cases() -> list[tuple[Array, Array, int, int]]:
    """Up to three classes, three channels and 3x4 pixels, the smallest first."""
    rng = np.random.default_rng(4)
    shapes = [
        (K, C, H, W)
        for K in (1, 2, 3)
        for C in (1, 2, 3)
        for H, W in ((1, 2), (2, 2), (3, 2), (3, 4))
    ]
    shapes += [(2, 3, 1, 1)]
    shapes.sort(key=lambda n: (n[2] * n[3] == 1, math.prod(n), n))
    return [(halves(rng, K), halves(rng, K, C), H, W) for K, C, H, W in shapes]


def _evenly(grad_averages: Array, H: int, W: int, divisor: float) -> Array:
    """Give every pixel of a channel the same."""
    return np.broadcast_to(
        grad_averages[:, None, None] / divisor, (len(grad_averages), H, W)
    ).copy()


def _one_pixel(grad: Array, weight: Array, H: int, W: int, i: int, j: int) -> Array:
    grad_x = np.zeros((weight.shape[1], H, W))
    grad_x[:, i, j] = weight.T @ grad
    return grad_x


_GAP_WRONG = (
    WrongAnswer(
        "not divided",
        lambda g, w, H, W: _evenly(w.T @ g, H, W, 1),
        "Every pixel gets the whole gradient of its channel. They all get the same, that is "
        "right; but each has weight 1/(H · W) in the average.",
    ),
    WrongAnswer(
        "divided by one side",
        lambda g, w, H, W: _evenly(w.T @ g, H, W, H),
        "The gradient is divided by H. An average over the image runs over H · W pixels.",
    ),
    WrongAnswer(
        "divided by the channels too",
        lambda g, w, H, W: _evenly(w.T @ g, H, W, H * W * w.shape[1]),
        "The gradient is divided by C · H · W. Each channel is averaged on its own, over H · W "
        "pixels.",
    ),
    WrongAnswer(
        "divided by the classes too",
        lambda g, w, H, W: _evenly(w.T @ g, H, W, H * W * len(w)),
        "The gradients that come from the classes are averaged. Influences add up: the division "
        "is by H · W alone.",
    ),
    WrongAnswer(
        "one pixel gets everything",
        lambda g, w, H, W: _one_pixel(g, w, H, W, 0, 0),
        "One pixel of each channel gets everything. Of a global maximum that would be right, "
        "for its winner; an average has used all pixels alike.",
    ),
    WrongAnswer(
        "middle pixel gets everything",
        lambda g, w, H, W: _one_pixel(g, w, H, W, H // 2, W // 2),
        "The pixel in the middle of each channel gets everything. The average has no favourite: "
        "border and middle count alike.",
    ),
    WrongAnswer(
        "weights without the gradient",
        lambda g, w, H, W: _evenly(w.sum(axis=0), H, W, H * W),
        "The weights of the classes are summed without the gradients of their scores. Each class "
        "speaks with its own: weight.T @ grad.",
    ),
    WrongAnswer(
        "gradient without the weights",
        lambda g, w, H, W: _evenly(np.full(w.shape[1], g.sum()), H, W, H * W),
        "The gradients of the scores pass to all channels alike. How much of them a channel "
        "gets is what its weights say: weight.T @ grad.",
    ),
    WrongAnswer(
        "absolute weights",
        lambda g, w, H, W: _evenly(abs(w).T @ g, H, W, H * W),
        "The weights have lost their signs. A channel that speaks against a class gets the "
        "gradient with the opposite sign.",
    ),
    WrongAnswer(
        "ReLU's rule",
        lambda g, w, H, W: _evenly(np.maximum(w.T @ g, 0), H, W, H * W),
        "Negative gradients are cut off. There is no ReLU in this head, and if there were, it "
        "would look at its input, not at the gradient.",
    ),
    WrongAnswer(
        "strongest class only",
        lambda g, w, H, W: _evenly(w[g.argmax()] * g.max(), H, W, H * W),
        "Only the class with the largest gradient counts. Every score depends on every channel; "
        "sum over all classes.",
    ),
    WrongAnswer(
        "one number per channel",
        lambda g, w, H, W: w.T @ g / (H * W),
        "The numbers are right, one per channel. The gradient has the shape of what it is the "
        "gradient of: every pixel of a channel gets this number.",
    ),
    WrongAnswer(
        "returns a list",
        lambda g, w, H, W: _evenly(w.T @ g, H, W, H * W).tolist(),
        "The function returned a list, needed an array.",
    ),
)


def _examine_gap(answer: Any) -> str:
    n = compare(answer, _gap_by_units, _gap_cases(), _GAP_WRONG)
    return (
        f"All {n} cases agree with what a small change of each pixel does to the scores. Every "
        "pixel of a channel gets the same gradient: the head cannot ask for anything at a "
        "particular place."
    )


gap_backward = Exercise(
    name="ch04.gap_backward",
    task=(
        "a head averages each of C maps, of shape (H, W), and a linear layer, weight (K, C), "
        "makes scores of the averages. Write my_gap_backward(grad, weight, H, W): grad, of shape "
        "(K,), is the gradient of the loss by the scores; return the gradient by the maps, of "
        "shape (C, H, W)."
    ),
    examine=_examine_gap,
    hints=(
        "Raise one pixel of one channel by 1. By how much does the average of the channel rise, "
        "and by how much, then, each of the K scores?",
        "Go back in two steps. Through the linear layer: what is the gradient by the C averages? "
        "Through the averaging: what does each pixel get of it?",
        "weight.T @ grad is the gradient by the averages, one number per channel. Every pixel of "
        "the channel gets that number divided by H · W.",
    ),
    wrong_answers=_GAP_WRONG,
    solved_by=_my_gap_backward,
)

# -- 6. The price of a head -------------------------------------------------------------------

_CHANNELS, _CLASSES, _HIDDEN = 512, 1000, 4096
_TABLE_STUB = """
my_heads = {
    "flatten + linear": ...,
    "flatten + 4096 + linear": ...,  # a hidden dense layer of 4096 units between them
    "7x7 conv to 4096": ...,  # this convolution alone
    "gap + linear": ...,
    "1x1 conv + gap": ...,  # the convolution makes a map for each class, gap averages them
    "flatten + linear, 14x14": ...,  # the same heads on blocks of 512x14x14
    "gap + linear, 14x14": ...,
}
"""
_TABLE_SOLUTION = """
my_heads = {
    "flatten + linear": 7 * 7 * 512 * 1000 + 1000,
    "flatten + 4096 + linear": (7 * 7 * 512 * 4096 + 4096) + (4096 * 1000 + 1000),
    "7x7 conv to 4096": 7 * 7 * 512 * 4096 + 4096,  # as many as the dense layer it replaces
    "gap + linear": 512 * 1000 + 1000,  # one number per channel is left
    "1x1 conv + gap": 1 * 1 * 512 * 1000 + 1000,  # the same linear layer, used at every pixel
    "flatten + linear, 14x14": 14 * 14 * 512 * 1000 + 1000,
    "gap + linear, 14x14": 512 * 1000 + 1000,
}
"""


def _heads(
    flat: Callable[[int], int] = lambda side: _CHANNELS * side**2,
    averaged: Callable[[int], int] = lambda side: _CHANNELS,
    bias: int = 1,
    gap: Callable[[int], int] = lambda side: 0,
    conv7: int = 49 * _CHANNELS,
    conv1: int = _CHANNELS,
    large: int = 14,
) -> dict[str, int]:
    """Count the parameters of the heads, possibly with one thing done differently."""

    def dense(inputs: int, outputs: int = _CLASSES) -> int:
        return inputs * outputs + bias * outputs

    return {
        "flatten + linear": dense(flat(7)),
        "flatten + 4096 + linear": dense(flat(7), _HIDDEN) + dense(_HIDDEN),
        "7x7 conv to 4096": dense(conv7, _HIDDEN),
        "gap + linear": gap(7) + dense(averaged(7)),
        "1x1 conv + gap": gap(7) + dense(conv1),
        "flatten + linear, 14x14": dense(flat(large)),
        "gap + linear, 14x14": gap(large) + dense(averaged(large)),
    }


_TABLE_WRONG = (
    WrongAnswer(
        "no biases",
        _heads(bias=0),
        "That is the count of the weights, and they are right. Each linear layer and each "
        "convolution has biases as well, one per output.",
    ),
    WrongAnswer(
        "flatten without the channels",
        _heads(flat=lambda side: side**2),
        "That is the count if one channel were flattened. All 512 are put in a row: 512 · side · "
        "side inputs.",
    ),
    WrongAnswer(
        "side instead of area",
        _heads(flat=lambda side: _CHANNELS * side),
        "That is the count for 512 · side inputs. A map has side · side pixels, and flatten keeps "
        "them all.",
    ),
    WrongAnswer(
        "GAP averages over the channels",
        _heads(averaged=lambda side: side**2),
        "That is the count if GAP averaged over the channels and left a map. It averages over the "
        "pixels: one number for each of the 512 channels is left.",
    ),
    WrongAnswer(
        "GAP leaves one number",
        _heads(averaged=lambda side: 1),
        "That is the count if GAP left a single number. Each channel is averaged on its own, so "
        "512 are left.",
    ),
    WrongAnswer(
        "GAP head like flatten",
        _heads(averaged=lambda side: _CHANNELS * side**2),
        "That is what a flatten head has. GAP averages each channel to one number first, so the "
        "linear layer has 512 inputs, whatever the size of the map.",
    ),
    WrongAnswer(
        "GAP has weights",
        _heads(gap=lambda side: _CHANNELS * side**2),
        "That is the count if GAP learnt a weight for every pixel. All its weights are 1/(H · W), "
        "fixed: there is nothing to learn.",
    ),
    WrongAnswer(
        "1x1 convolution at every position",
        _heads(conv1=49 * _CHANNELS),
        "That is the count if the 1x1 convolution had its own weights at every pixel. It is "
        "used 49 times, but it is always the same one.",
    ),
    WrongAnswer(
        "1x1 convolution without input channels",
        _heads(conv1=1),
        "That is the count for one weight per output of the 1x1 convolution. A kernel reaches "
        "through all input channels, even if it is only one pixel wide: 512 weights.",
    ),
    WrongAnswer(
        "7x7 convolution without input channels",
        _heads(conv7=49),
        "That is the count for 7 · 7 weights per output. A kernel reaches through all input "
        "channels: 7 · 7 · 512 weights for each.",
    ),
    WrongAnswer(
        "7x7 convolution believed cheap",
        _heads(conv7=_CHANNELS),
        "That is the count of a 1x1 convolution. Sharing saves weights only where a kernel has "
        "several positions; on a map of 7x7 a kernel of 7x7 has one, and costs what a dense "
        "layer costs.",
    ),
    WrongAnswer(
        "twice the side, twice the weights",
        _heads(flat=lambda side: _CHANNELS * 49 * side // 7),
        "That is the count if twice the side gave twice the inputs. It gives four times as many "
        "pixels.",
    ),
    WrongAnswer(
        "size of the image forgotten",
        _heads(large=7),
        "That is what the head has on blocks of 7x7. A flatten hands on every pixel, so its "
        "linear layer grows with the map; only GAP doesn't.",
    ),
    WrongAnswer(
        "hidden layer only",
        _heads() | {"flatten + 4096 + linear": _heads()["7x7 conv to 4096"]},
        "That is the hidden layer alone, rightly counted. Another linear layer makes 1000 "
        "classes out of its 4096 units.",
    ),
    WrongAnswer(
        "a list",
        list(_heads().values()),
        "the answer has type list.",
    ),
    WrongAnswer(
        "in words",
        _heads() | {"gap + linear": "half a million"},
        "The entry 'gap + linear' has type str, needed one whole number.",
    ),
    WrongAnswer(
        "one missing",
        {name: n for name, n in _heads().items() if name != "1x1 conv + gap"},
        "Still to predict: '1x1 conv + gap'.",
    ),
)


def _examine_table(answer: Any) -> str:
    otherwise = (
        "Write down for each layer how many numbers go in and how many come out: inputs times "
        "outputs weights, and as many biases as outputs."
    )
    table = _heads()
    compare_tables(answer, table, _TABLE_WRONG, otherwise)
    ratio = table["flatten + linear"] / table["gap + linear"]
    return (
        f"All seven. Averaging makes the head {ratio:.0f} times smaller, and its size no longer "
        "depends on that of the image. The convolution of 7x7 pixels costs what the dense layer "
        "costs, as it is the same thing."
    )


head_table = Exercise(
    name="ch04.head_table",
    task=(
        "predict the number of parameters of seven heads, biases included. The first five stand "
        "on a block of 512 channels of 7x7 pixels, as at the end of VGG, the last two on one of "
        "14x14, from an image with twice the side. All but the third end with 1000 classes."
    ),
    examine=_examine_table,
    hints=(
        "How many numbers reach the linear layer after a flatten, and how many after global "
        "average pooling? Which of the two depends on the size of the map?",
        "A linear layer has inputs · outputs weights, and a bias per output. A convolution has "
        "k · k · C_in · C_out weights and C_out biases, at however many positions it is used.",
        "After a flatten there are 7 · 7 · 512 inputs (or 14 · 14 · 512), after gap 512. The 7x7 "
        "convolution has 7 · 7 · 512 weights for each of 4096 outputs; gap itself has none.",
    ),
    wrong_answers=_TABLE_WRONG,
    solved_by=_TABLE_SOLUTION,
    starts_from=_TABLE_STUB,
)

# -- 7. Where is it? --------------------------------------------------------------------------


def where_head(channels: Array) -> tuple[str, str]:
    """Say in which quarter of the image something is, from global averages alone.

    A head in the manner of GAP: channel 0 decides between upper and lower half, channel 1
    between left and right, each by the sign of its average.

    Parameters
    ----------
    channels : ndarray, shape (2, H, W)
        What the network before it computed.

    Returns
    -------
    tuple of str
        ``"lower"`` if the average of channel 0 is greater than 0, else ``"upper"``; and
        ``"right"`` if that of channel 1 is, else ``"left"``.

    Examples
    --------
    >>> where_head(np.array([[[-1, 0]], [[0, 2]]]))
    ('upper', 'right')
    """
    down, right = channels.mean(axis=(1, 2))
    return "lower" if down > 0 else "upper", "right" if right > 0 else "left"


def _my_channels(x: Array) -> Array:
    """Two channels, shape (2, H, W), whose averages tell where the spot of x (H, W) is."""
    H, W = x.shape
    rows = np.arange(H) - (H - 1) / 2  # 0 in the middle, negative above
    columns = np.arange(W) - (W - 1) / 2
    return np.stack([x * rows[:, np.newaxis], x * columns])


def _where_cases() -> list[tuple[Array]]:
    """A spot at every place of small images, in turn weak and strong, on black."""
    cases = []
    for H, W in ((2, 2), (2, 4), (4, 2), (4, 4), (6, 4), (6, 8)):
        for number, place_ in enumerate(np.ndindex(H, W)):
            x = np.zeros((H, W))
            x[place_] = (1.0, 3.0, 0.5)[number % 3]
            cases.append((x,))
    return cases


def _truth(x: Array) -> tuple[str, str]:
    """Where the spot is."""
    i, j = np.argwhere(x)[0]
    return (
        "lower" if i >= x.shape[0] / 2 else "upper",
        "right" if j >= x.shape[1] / 2 else "left",
    )


def _grid(x: Array, centred: bool = True) -> Array:
    """Rows and columns of every pixel, shape (2, H, W)."""
    grid: Array = np.array(np.indices(x.shape), dtype=float)
    middle: Array = (np.array(x.shape).reshape(2, 1, 1) - 1) / 2
    return grid - middle if centred else grid


def _searched(x: Array) -> Array:
    """Look for the spot, and write the answer everywhere."""
    i, j = divmod(int(x.argmax()), x.shape[1])
    return np.broadcast_to(_grid(x)[:, i, j].reshape(2, 1, 1), (2, *x.shape)).copy()


_WHERE_WRONG = (
    WrongAnswer(
        "the image twice",
        lambda x: np.stack([x, x]),
        "The averages of the image say how bright the spot is, not where: wherever it stands, "
        "they are the same. Each pixel must first learn where it is.",
    ),
    WrongAnswer(
        "coordinates without the image",
        _grid,
        "The channels are the coordinates, nicely centred, but nothing of the image is in them: "
        "their averages are always 0. Let the spot choose among them: multiply.",
    ),
    WrongAnswer(
        "coordinates added",
        lambda x: x + _grid(x),
        "Adding the coordinates keeps both, but the average of a sum is the sum of averages: the "
        "brightness of the spot plus 0. Multiplied, the spot keeps the coordinate of its own "
        "place, and that only.",
    ),
    WrongAnswer(
        "coordinates not centred",
        lambda x: x * _grid(x, centred=False),
        "The spot is multiplied by its row and its column, which is the idea. But they are "
        "counted from 0, so that nothing is ever negative and the head says lower, right. Let 0 "
        "be in the middle.",
    ),
    WrongAnswer(
        "centred at half the side",
        lambda x: x * (_grid(x, centred=False) - np.array(x.shape).reshape(2, 1, 1) / 2),
        "Almost: the coordinates are 0 at row H/2. Rows run from 0 to H − 1, so their middle is "
        "(H − 1)/2, and the first row of the lower half must be above 0.",
    ),
    WrongAnswer(
        "rows and columns exchanged",
        lambda x: x * _grid(x)[::-1],
        "The idea is right, but the channels have changed places: channel 0 decides between "
        "upper and lower, so it needs the rows.",
    ),
    WrongAnswer(
        "up and left are positive",
        lambda x: x * -_grid(x),
        "The idea is right, but for the signs: the head says lower and right for averages above "
        "0. Rows are counted from above.",
    ),
    WrongAnswer(
        "up is positive",
        lambda x: x * _grid(x) * np.array([-1, 1]).reshape(2, 1, 1),
        "Left and right are right. Upper and lower are exchanged: as in any array, rows are "
        "counted from above, and the head says lower for an average above 0.",
    ),
    WrongAnswer(
        "searched, and written everywhere",
        _searched,
        "A channel changes at one pixel because the image changed at another. Searching for the "
        "spot is not what a convolution can do: a pixel of a channel may depend on the same "
        "pixel of x and on its place, on nothing else.",
    ),
    WrongAnswer(
        "coordinates as further channels",
        lambda x: np.concatenate([x[np.newaxis], _grid(x)]),
        "The head needs two channels, and got 3. Coordinates as channels of their own are a good "
        "input for a network; behind them it still has to bring image and place together.",
    ),
    WrongAnswer(
        "channels last",
        lambda x: np.stack([*(x * _grid(x))], axis=-1),
        "The two channels stand on the last axis; needed (2, H, W), channels first.",
    ),
    WrongAnswer(
        "returns a list",
        lambda x: [*(x * _grid(x))],
        "The function returned a list, needed an array.",
    ),
)


def _examine_where(answer: Any) -> str:
    cases = _where_cases()
    check_function(answer, _my_channels)
    results = []
    for (x,) in cases:
        got, printed = call(answer, x)
        results.append(got)
        problem = kind(got, x, printed)
        if not problem and got.shape != (2, *x.shape):
            problem = _wrong_channels(got, x)
        if not problem and not np.isfinite(got).all():
            problem = recognise(answer, cases, _WHERE_WRONG, results) or lost_digits(got, x)
        if not problem:
            said, truth = where_head(got), _truth(x)
            if said != truth:
                averages = " and ".join(f"{mean + 0.0:.3g}" for mean in got.mean(axis=(1, 2)))
                why = recognise(answer, cases, _WHERE_WRONG, results)
                problem = (
                    f"The averages are {averages}: the head says {' '.join(said)}, needed "
                    f"{' '.join(truth)}. (Above 0 means lower for the first and right for the "
                    f"second; 0 or less means upper, and left.)\n{why}"
                ).strip()
        if problem:
            raise NotYet(f"{report(answer, (x,), got, printed=printed)}\n{problem}")
    for (x,) in cases[:: len(cases) // 8]:
        _refuse_far_sight(answer, x)
    return (
        f"The untouched head finds all {len(cases)} spots. So a network with global average "
        "pooling can know where something is, if the channels before it do; and they get it from "
        "coordinates, or from the zeros around the image."
    )


def _wrong_channels(got: Array, x: Array) -> str:
    """Say what is wrong with the shape of the channels."""
    if got.shape == (*x.shape, 2):
        return "The two channels stand on the last axis; needed (2, H, W), channels first."
    if got.ndim == 3 and got.shape[1:] == x.shape:
        return (
            f"The head needs two channels, and got {len(got)}. Coordinates as channels of their "
            "own are a good input for a network; behind them it still has to bring image and "
            "place together."
        )
    return f"The result has shape {got.shape}, needed {(2, *x.shape)}."


def _refuse_far_sight(answer: Callable[[Array], Array], x: Array) -> None:
    """Raise NotYet if a channel changes elsewhere than where the image was changed."""
    other = x.copy()
    i, j = x.shape[0] - 1, 0
    other[i, j] += 5
    before, after = call(answer, x)[0], call(answer, other)[0]
    changed = ~np.isclose(before, after).all(axis=0)
    changed[i, j] = False
    if changed.any():
        a, b = map(int, np.argwhere(changed)[0])
        raise NotYet(
            f"{report(answer, (other,), after)}\n"
            f"All spots are found, but pixel ({i}, {j}) of x was raised, and the channels changed "
            f"at ({a}, {b}). A channel changes at one pixel because the image changed at "
            "another. Searching for the spot is not what a convolution can do: a pixel of a "
            "channel may depend on the same pixel of x and on its place, on nothing else."
        )


where = Exercise(
    name="ch04.where",
    task=(
        "make a global average say where. An image x, of shape (H, W), both even, is black but "
        "for one bright spot. The head ch04.where_head averages two channels and says lower if "
        "the first average is above 0, right if the second is; it stays as it is. Write "
        "my_channels(x), which makes the channels, shape (2, H, W), so that it is always right. "
        "A pixel of a channel may depend on the same pixel of x and on its place, on nothing "
        "else."
    ),
    examine=_examine_where,
    hints=(
        "Average the image itself: what does the number tell you about the spot, and what not? "
        "What would each pixel have to know for the average to tell more?",
        "Its own place. Make an array that holds the row of every pixel, as coordinates on a "
        "map. How can the spot pick out the one coordinate at its place, so that the average of "
        "everything depends on it?",
        "Multiply the image by the coordinates: outside the spot the product is 0. And the "
        "coordinates must be below 0 in the upper (left) half and above 0 in the other: count "
        "from the middle, (H − 1)/2.",
    ),
    wrong_answers=_WHERE_WRONG,
    solved_by=_my_channels,
)

EXERCISES = (place, reorder, sliding_head, class_maps, gap_backward, head_table, where)
