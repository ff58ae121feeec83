"""Exercises of chapter 3, *Max or average?* NumPy is all they need.

>>> from cnnlab.exercises import ch03
>>> for exercise in ch03.EXERCISES:
...     print(exercise.name, "->", exercise.answer_name)
ch03.avg_backward -> my_avg_backward
ch03.max_backward -> my_max_backward
ch03.repair_ties -> my_repaired_backward
ch03.winners -> my_winners
ch03.tipping_point -> my_m
ch03.power_mean -> my_power_mean
ch03.exponent_gradient -> my_exponent_gradient
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from cnnlab._types import Array
from cnnlab.exercises.cases import halves, matrix_of, places, pool_geometries
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
    "avg_backward",
    "duel",
    "exponent_gradient",
    "max_backward",
    "power_mean",
    "repair_ties",
    "tipping_point",
    "winners",
]

# -- 1. Backward through an average -----------------------------------------------------------


def _my_avg_backward(grad: Array, H: int, W: int, kernel_size: int, stride: int) -> Array:
    """Gradient of the input (H, W) from the gradient of the output of an average pool."""
    grad_x = np.zeros((H, W))
    H_out, W_out = grad.shape
    for i in range(H_out):
        for j in range(W_out):
            top, left = i * stride, j * stride
            share = grad[i, j] / kernel_size**2  # each pixel has weight 1/k² in the average
            grad_x[top : top + kernel_size, left : left + kernel_size] += share
    return grad_x


def _avg_by_units(grad: Array, H: int, W: int, kernel_size: int, stride: int) -> Array:
    """Try out what every single pixel does to the output, and weigh that with the gradient."""

    def pool(x: Array) -> Array:
        windows = places(x.shape, kernel_size, stride)
        return np.array([x[window].mean() for _, _, window in windows])

    return (grad.ravel() @ matrix_of(pool, (H, W))).reshape(H, W)


def _avg_cases() -> list[tuple[Array, int, int, int, int]]:
    """Gradients for all geometries of a pool, the smallest first."""
    rng = np.random.default_rng(3)
    return [
        (halves(rng, (H - k) // s + 1, (W - k) // s + 1), H, W, k, s)
        for (H, W), k, s in pool_geometries()
    ]


def _spread(
    grad: Array,
    H: int,
    W: int,
    k: int,
    s: int,
    divisor: float,
    step: int | None = None,
    add: bool = True,
) -> Array:
    """Spread gradients over windows with one thing done differently."""
    grad_x = np.zeros((H, W))
    step = s if step is None else step
    for (i, j), g in np.ndenumerate(grad):
        window = (slice(i * step, i * step + k), slice(j * step, j * step + k))
        grad_x[window] *= add
        grad_x[window] += g / divisor
    return grad_x


def _first_pixel(grad: Array, H: int, W: int, k: int, s: int) -> Array:
    grad_x = np.zeros((H, W))
    for i, j, window in places((H, W), k, s):
        grad_x[window][0, 0] += grad[i, j]
    return grad_x


def _average_over_visits(grad: Array, H: int, W: int, k: int, s: int) -> Array:
    visits = _spread(np.ones_like(grad), H, W, k, s, 1)
    return _spread(grad, H, W, k, s, k**2) / np.maximum(visits, 1)


def _avg_in_place(grad: Array, H: int, W: int, k: int, s: int) -> Array:
    grad /= k**2
    return _spread(grad, H, W, k, s, 1)


_AVG_WRONG = (
    WrongAnswer(
        "not divided",
        lambda g, H, W, k, s: _spread(g, H, W, k, s, 1),
        "Every pixel of a window gets the whole gradient. They all get the same, that is right; "
        "but each has weight 1/k² in the average, and so it gets 1/k² of the gradient.",
    ),
    WrongAnswer(
        "divided by the side",
        lambda g, H, W, k, s: _spread(g, H, W, k, s, k),
        "The gradient is divided by kernel_size. Dividing is right, but a window has "
        "kernel_size² pixels.",
    ),
    WrongAnswer(
        "divided by the square of the stride",
        lambda g, H, W, k, s: _spread(g, H, W, k, s, s**2),
        "The gradient is divided by stride². That is right as long as the stride is the kernel "
        "size. The stride says where windows lie; how many pixels share is kernel_size².",
    ),
    WrongAnswer(
        "divided by the number of outputs",
        lambda g, H, W, k, s: _spread(g, H, W, k, s, g.size),
        "The gradient is divided by the number of outputs. What counts is over how many pixels "
        "each of them was averaged.",
    ),
    WrongAnswer(
        "assigned instead of added",
        lambda g, H, W, k, s: _spread(g, H, W, k, s, k**2, add=False),
        "Where windows overlap, the last one wins. The shares are right, but a pixel that was "
        "read by several windows gets a share from each: += for =.",
    ),
    WrongAnswer(
        "mean over the windows of a pixel",
        _average_over_visits,
        "Where windows overlap, a pixel gets the mean of its shares. It influences all these "
        "outputs, and influences add up: the sum.",
    ),
    WrongAnswer(
        "first pixel only",
        _first_pixel,
        "The first pixel of each window gets everything. That is how subsampling passes "
        "gradients back; an average has used every pixel alike.",
    ),
    WrongAnswer(
        "windows side by side",
        lambda g, H, W, k, s: _spread(g, H, W, k, s, k**2, step=k),
        "The windows are laid side by side, a kernel_size apart. That is only the default; "
        "window (i, j) starts at row i · stride, column j · stride.",
    ),
    WrongAnswer(
        "stride ignored",
        lambda g, H, W, k, s: _spread(g, H, W, k, s, k**2, step=1),
        "The windows move by one pixel here, whatever the stride. Window (i, j) starts at row "
        "i · stride, column j · stride.",
    ),
    WrongAnswer(
        "as large as the windows need",
        lambda g, H, W, k, s: np.kron(g, np.ones((k, k))) / k**2,
        "Each gradient is blown up to a block of its own. Where blocks touch and fill the map "
        "that is right; they may also overlap or leave pixels out, and the result must have the "
        "shape (H, W) of the input.",
    ),
    WrongAnswer(
        "spread over the whole map",
        lambda g, H, W, k, s: np.full((H, W), g.sum() / (H * W)),
        "The gradients are spread over the whole map. Their sum is kept, that is right, but each "
        "output only looked at its own window.",
    ),
    WrongAnswer(
        "rows and columns exchanged",
        lambda g, H, W, k, s: _spread(g.T, H, W, k, s, k**2),
        "Rows and columns are exchanged: grad[i, j] belongs to the window that starts at row "
        "i · stride, column j · stride.",
    ),
    WrongAnswer(
        "changes the gradient it was given",
        _avg_in_place,
        "Your function changed its argument.",
    ),
    WrongAnswer(
        "returns a list",
        lambda g, H, W, k, s: _spread(g, H, W, k, s, k**2).tolist(),
        "The function returned a list, needed an array.",
    ),
)


def _examine_avg(answer: Any) -> str:
    n = compare(answer, _avg_by_units, _avg_cases(), _AVG_WRONG)
    return (
        f"All {n} cases agree with what a small change of each pixel does. A window passes back "
        "exactly as much as it received, in equal shares."
    )


avg_backward = Exercise(
    name="ch03.avg_backward",
    task=(
        "write my_avg_backward(grad, H, W, kernel_size, stride): grad is the gradient of the loss "
        "by the outputs of an average pool, one number for each window. Return the gradient by "
        "its input, of shape (H, W). Windows may overlap."
    ),
    examine=_examine_avg,
    hints=(
        "Raise one pixel by 1. By how much does the average of its window rise? And what if two "
        "windows contain the pixel?",
        "A pixel has weight 1/k² in each window that contains it, and no weight in the others. "
        "Its gradient is the sum of these weights times the windows' gradients.",
        "Start from zeros of shape (H, W). For each window add grad[i, j] / kernel_size² to all "
        "its pixels; the windows are those of the forward pass.",
    ),
    wrong_answers=_AVG_WRONG,
    solved_by=_my_avg_backward,
)

# -- 2. Backward through a maximum ------------------------------------------------------------


def _my_max_backward(grad: Array, x: Array, kernel_size: int, stride: int) -> Array:
    """Gradient of x, of shape (H, W), from the gradient of the output of its max pool."""
    grad_x = np.zeros(x.shape)
    H_out, W_out = grad.shape
    for i in range(H_out):
        for j in range(W_out):
            top, left = i * stride, j * stride
            window = x[top : top + kernel_size, left : left + kernel_size]
            a, b = divmod(int(window.argmax()), kernel_size)  # argmax takes the first of equals
            grad_x[top + a, left + b] += grad[i, j]
    return grad_x


def _max_by_search(grad: Array, x: Array, kernel_size: int, stride: int) -> Array:
    """Go through every window pixel by pixel, and remember the first of the largest."""
    grad_x = np.zeros(x.shape)
    for i, j, (rows, columns) in places(x.shape, kernel_size, stride):
        best, place = -np.inf, (0, 0)
        for row in range(rows.start, rows.stop):
            for column in range(columns.start, columns.stop):
                if x[row, column] > best:
                    best, place = x[row, column], (row, column)
        grad_x[place] += grad[i, j]
    return grad_x


def _max_cases() -> list[tuple[Array, Array, int, int]]:
    """Maps for all geometries: different values, then negative ones, then with many ties."""
    rng = np.random.default_rng(3)
    cases = []
    for sort in range(3):
        for (H, W), k, s in pool_geometries()[:: (1, 3, 2)[sort]]:
            x = halves(rng, H, W)
            x = (x, -abs(x) - x.max(), rng.integers(0, 3, (H, W)) / 2)[sort]
            cases.append((halves(rng, (H - k) // s + 1, (W - k) // s + 1), x, k, s))
    return sorted(cases, key=lambda case: (case[2] == 1, case[1].size, case[2]))


def _route(
    grad: Array,
    x: Array,
    k: int,
    s: int,
    shares: Callable[[Array], Array],
    add: bool = True,
    step: int | None = None,
) -> Array:
    """Pass gradients back with the shares that a function gives to the pixels of a window."""
    grad_x = np.zeros(x.shape)
    step = s if step is None else step
    for (i, j), g in np.ndenumerate(grad):
        window = (slice(i * step, i * step + k), slice(j * step, j * step + k))
        if x[window].size:
            share = shares(x[window])
            grad_x[window] *= add | (share == 0)
            grad_x[window] += g * share
    return grad_x


def _one_hot(window: Array, place: Any) -> Array:
    """Give everything to one place, counted row by row."""
    shares = np.zeros(window.size)
    shares[place] = 1
    return shares.reshape(window.shape)


def _winner(window: Array) -> Array:
    return _one_hot(window, window.argmax())


def _in_the_corner(grad: Array, x: Array, k: int, s: int) -> Array:
    grad_x = np.zeros(x.shape)
    for i, j, window in places(x.shape, k, s):
        grad_x[divmod(int(x[window].argmax()), k)] += grad[i, j]
    return grad_x


def _unravelled_by_width(grad: Array, x: Array, k: int, s: int) -> Array:
    grad_x = np.zeros(x.shape)
    for i, j, window in places(x.shape, k, s):
        a, b = divmod(int(x[window].argmax()), x.shape[1])
        grad_x[i * s + a, min(j * s + b, x.shape[1] - 1)] += grad[i, j]
    return grad_x


def _max_in_place(grad: Array, x: Array, k: int, s: int) -> Array:
    grad_x = _route(grad, x, k, s, _winner)
    x[:] = grad_x
    return grad_x


_MAX_WRONG = (
    WrongAnswer(
        "ties all get it",
        lambda g, x, k, s: _route(g, x, k, s, lambda w: (w == w.max()) * 1.0),
        "Without ties this is right. But where several pixels are equally large, each gets the "
        "whole gradient, and a window passes back more than it received. Give it to the first "
        "of them, row by row.",
    ),
    WrongAnswer(
        "ties share",
        lambda g, x, k, s: _route(g, x, k, s, lambda w: (w == w.max()) / (w == w.max()).sum()),
        "Pixels that are equally large share the gradient. That is fair and a correct "
        "derivative too; asked for is the convention of PyTorch on the CPU, by which the first, "
        "row by row, gets all of it.",
    ),
    WrongAnswer(
        "last of the ties",
        lambda g, x, k, s: _route(
            g, x, k, s, lambda w: _one_hot(w, -1 - np.argmax(w.ravel()[::-1]))
        ),
        "Of several pixels that are equally large the last one gets the gradient. One of them is "
        "right; by the convention asked for it is the first, as with > instead of >=.",
    ),
    WrongAnswer(
        "first column by column",
        lambda g, x, k, s: _route(g, x, k, s, lambda w: _one_hot(w.T, w.T.argmax()).T),
        "Of several pixels that are equally large the first, column by column, gets the "
        "gradient. The order asked for is row by row, as in reading.",
    ),
    WrongAnswer(
        "nothing on ties",
        lambda g, x, k, s: _route(g, x, k, s, lambda w: _winner(w) * ((w == w.max()).sum() == 1)),
        "Where several pixels are equally large, no gradient passes. It is right that the "
        "maximum has no derivative there; a network needs one all the same, and takes that of "
        "the first.",
    ),
    WrongAnswer(
        "assigned instead of added",
        lambda g, x, k, s: _route(g, x, k, s, _winner, add=False),
        "A pixel that wins in several windows keeps the gradient of the last. It gets one from "
        "each window it wins: += for =.",
    ),
    WrongAnswer(
        "as for the average",
        lambda g, x, k, s: _route(g, x, k, s, lambda w: np.full(w.shape, 1 / w.size)),
        "This is right for an average pool: every pixel gets a share. Of a maximum only the "
        "winner has any influence, and it gets everything.",
    ),
    WrongAnswer(
        "everyone gets all of it",
        lambda g, x, k, s: _route(g, x, k, s, np.ones_like),
        "Every pixel of a window gets the whole gradient. Change a pixel that is not the "
        "largest a little: the maximum doesn't notice, so its gradient is 0.",
    ),
    WrongAnswer(
        "times the value",
        lambda g, x, k, s: _route(g, x, k, s, lambda w: _winner(w) * w.max()),
        "The right pixel gets the gradient, but multiplied by its own value. If the winner rises "
        "by 1, the maximum rises by 1: the factor is 1, whatever its value.",
    ),
    WrongAnswer(
        "divided by the window",
        lambda g, x, k, s: _route(g, x, k, s, lambda w: _winner(w) / w.size),
        "The right pixel gets the gradient, but divided by the size of the window. That belongs "
        "to the average; the winner of a maximum gets all of it.",
    ),
    WrongAnswer(
        "first pixel of the window",
        lambda g, x, k, s: _route(g, x, k, s, lambda w: _one_hot(w, 0)),
        "The first pixel of each window gets the gradient, wherever the largest stands. For "
        "that you need x: which pixel won?",
    ),
    WrongAnswer(
        "largest absolute value",
        lambda g, x, k, s: _route(g, x, k, s, lambda w: _one_hot(w, abs(w).argmax())),
        "The pixel with the largest absolute value gets the gradient. The maximum knows the "
        "sign: of −5 and −1 the winner is −1.",
    ),
    WrongAnswer(
        "only positive winners",
        lambda g, x, k, s: _route(g, x, k, s, lambda w: _winner(w) * (w.max() > 0)),
        "Windows without a positive value pass nothing back. That is the ReLU's rule, or a "
        "running maximum that starts at 0; a max pool lets the gradient pass to the largest "
        "value of any sign.",
    ),
    WrongAnswer(
        "smallest value",
        lambda g, x, k, s: _route(g, x, k, s, lambda w: _one_hot(w, w.argmin())),
        "The smallest pixel of each window gets the gradient. Is a comparison the wrong way round?",
    ),
    WrongAnswer(
        "position inside the window taken for that in the map",
        _in_the_corner,
        "All gradients land in the top left corner. argmax counts inside the window, and "
        "correctly; add the place where the window starts, i · stride and j · stride.",
    ),
    WrongAnswer(
        "argmax divided by the width of the map",
        _unravelled_by_width,
        "The number that argmax returns is divided by the width of the map. A row of the window "
        "has kernel_size pixels: divide by that to get row and column in the window.",
    ),
    WrongAnswer(
        "windows side by side",
        lambda g, x, k, s: _route(g, x, k, s, _winner, step=k),
        "The windows are laid side by side, a kernel_size apart. That is only the default; "
        "window (i, j) starts at row i · stride, column j · stride.",
    ),
    WrongAnswer(
        "changes the map",
        _max_in_place,
        "Your function changed its argument.",
    ),
    WrongAnswer(
        "returns a list",
        lambda g, x, k, s: _route(g, x, k, s, _winner).tolist(),
        "The function returned a list, needed an array.",
    ),
)


def _examine_max(answer: Any) -> str:
    n = compare(answer, _max_by_search, _max_cases(), _MAX_WRONG)
    return (
        f"All {n} cases agree: overlapping windows, negative maps, and ties. Nothing is learnt in "
        "this layer, and yet it decides who learns below it: the winners."
    )


max_backward = Exercise(
    name="ch03.max_backward",
    task=(
        "write my_max_backward(grad, x, kernel_size, stride): grad is the gradient of the loss by "
        "the outputs of the max pool of x, one number for each window. Return the gradient by x. "
        "Windows may overlap; of equally large pixels in a window the first, row by row, gets "
        "the gradient, as in PyTorch on the CPU."
    ),
    examine=_examine_max,
    hints=(
        "Raise one pixel a little, but not so far that it overtakes another. For which pixels "
        "does the maximum of the window notice?",
        "Only for the winner, and it passes the change on one to one. So for every window find "
        "out where its winner stands in x; the winner gets the window's gradient.",
        "window.argmax() is the number of the first winner, counted row by row inside the "
        "window. divmod by kernel_size makes it row and column; add where the window starts, "
        "and add the gradient there with +=.",
    ),
    wrong_answers=_MAX_WRONG,
    solved_by=_my_max_backward,
)

# -- 3. Repair: ties that multiply the gradient -----------------------------------------------

_TIES_FOUND = '''
def my_repaired_backward(grad, x):
    """Gradient of x (C, H, W), even sides, from that of its 2x2 max pool."""
    C, H, W = x.shape
    blocks = x.reshape(C, H // 2, 2, W // 2, 2)  # the values of a window on axes 2 and 4
    largest = blocks.max(axis=(2, 4), keepdims=True)
    winners = blocks == largest
    shares = winners * grad[:, :, np.newaxis, :, np.newaxis]
    return shares.reshape(C, H, W)
'''


def _my_repaired_backward(grad: Array, x: Array) -> Any:
    """Gradient of x (C, H, W), even sides, from that of its 2x2 max pool."""
    C, H, W = x.shape
    blocks = x.reshape(C, H // 2, 2, W // 2, 2)  # the values of a window on axes 2 and 4
    largest = blocks.max(axis=(2, 4), keepdims=True)
    winners = blocks == largest
    winners = winners / winners.sum(axis=(2, 4), keepdims=True)  # equal winners share
    shares = winners * grad[:, :, np.newaxis, :, np.newaxis]
    return shares.reshape(C, H, W)


def _ties_cases() -> list[tuple[Array, Array]]:
    """Constant maps, maps with many ties and maps with none, the smallest first."""
    rng = np.random.default_rng(3)
    cases = []
    for C, H, W in ((1, 2, 2), (1, 2, 4), (1, 4, 2), (1, 4, 4), (2, 4, 4), (3, 4, 6)):
        for x in (
            halves(rng, C, H, W),
            np.zeros((C, H, W)),
            rng.integers(0, 2, (C, H, W)) / 2,
            -rng.integers(1, 3, (C, H, W)) / 2,
        ):
            cases.append((halves(rng, C, H // 2, W // 2), x))
    return cases


def _as_blocks(x: Array) -> Array:
    """Windows of 2x2 as rows of four, shape (C, H//2, W//2, 4)."""
    C, H, W = x.shape
    blocks = x.reshape(C, H // 2, 2, W // 2, 2).transpose(0, 1, 3, 2, 4)
    return blocks.reshape(C, H // 2, W // 2, 4)


def _as_map(blocks: Array) -> Array:
    """Put rows of four back into windows of 2x2."""
    C, H, W, _ = blocks.shape
    return blocks.reshape(C, H, W, 2, 2).transpose(0, 1, 3, 2, 4).reshape(C, 2 * H, 2 * W)


def _shared(grad: Array, x: Array, shares: Callable[[Array], Array]) -> Array:
    """Pass gradients back with shares computed from the winners, shape (C, H//2, W//2, 4)."""
    blocks = _as_blocks(x)
    winners = blocks == blocks.max(axis=-1, keepdims=True)
    return _as_map(shares(winners) * grad[..., np.newaxis])


def _first_winner(winners: Array) -> Array:
    return np.asarray(winners & (winners.cumsum(axis=-1) == 1), dtype=float)


def _row_by_row(winners: Array) -> Array:
    """Let winners share only with those in the same row of the window."""
    pairs = winners.reshape(*winners.shape[:3], 2, 2)
    return np.asarray(pairs / np.maximum(pairs.sum(axis=-1, keepdims=True), 1)).reshape(
        winners.shape
    )


def _runs_of_four(grad: Array, x: Array) -> Array:
    """Take four values in a row of memory for a window."""
    blocks = x.reshape(*grad.shape, 4)
    return (_first_winner(blocks == blocks.max(axis=-1, keepdims=True)) * grad[..., None]).reshape(
        x.shape
    )


_TIES_WRONG = (
    WrongAnswer(
        "every winner gets all of it",
        lambda g, x: _shared(g, x, lambda w: w * 1.0),
        "This is as the function was found: each of several equal winners gets the whole "
        "gradient. That all of them may get some is right; together they must get it once.",
    ),
    WrongAnswer(
        "always a quarter",
        lambda g, x: _shared(g, x, lambda w: w / 4),
        "Winners get a quarter of the gradient, always. On a constant map that is right. Divide "
        "by the number of winners in the window, which is mostly 1.",
    ),
    WrongAnswer(
        "all four share",
        lambda g, x: _shared(g, x, lambda w: np.full(w.shape, 0.25)),
        "All four pixels share the gradient. On a constant map that is right, and for an average "
        "pool; elsewhere only the winners may get any.",
    ),
    WrongAnswer(
        "nothing on ties",
        lambda g, x: _shared(g, x, lambda w: w * (w.sum(axis=-1, keepdims=True) == 1)),
        "Windows with several winners pass nothing back. Now nobody gets too much, that is "
        "right; but on a constant map the layers below would learn nothing at all.",
    ),
    WrongAnswer(
        "divided by all winners of the map",
        lambda g, x: _shared(g, x, lambda w: w / w.sum()),
        "The gradient is divided by the number of winners in the whole array. Dividing by the "
        "winners is right, but window by window: sum over axes 2 and 4, with keepdims=True.",
    ),
    WrongAnswer(
        "divided by the winners of the channel",
        lambda g, x: _shared(g, x, lambda w: w / w.sum(axis=(1, 2, 3), keepdims=True)),
        "The gradient is divided by the number of winners in the channel. Each window has its "
        "own winners: sum over axes 2 and 4, with keepdims=True.",
    ),
    WrongAnswer(
        "shared within a row only",
        lambda g, x: _shared(g, x, _row_by_row),
        "Winners share within their row of the window, but not with the row below. The values "
        "of a window lie on two axes, 2 and 4: sum over both.",
    ),
    WrongAnswer(
        "divided twice",
        lambda g, x: _shared(g, x, lambda w: w / w.sum(axis=-1, keepdims=True) ** 2),
        "The gradient is divided by the number of winners twice over. Once is enough: n winners "
        "with a share of 1/n each.",
    ),
    WrongAnswer(
        "first pixel on ties",
        lambda g, x: _shared(
            g,
            x,
            lambda w: np.where(
                w.sum(axis=-1, keepdims=True) == 1, w * 1.0, np.array([1.0, 0.0, 0.0, 0.0])
            ),
        ),
        "With several winners the first pixel of the window gets the gradient, winner or not. "
        "To choose one is right; choose one of the winners.",
    ),
    WrongAnswer(
        "runs of four values",
        _runs_of_four,
        "Four values in a row are taken for a window. reshape reads line by line, and the two "
        "rows of a window are not neighbours in memory; the function as it was found gave each "
        "of them an axis.",
    ),
    WrongAnswer(
        "the wrong shape",
        lambda g, x: _as_blocks(_shared(g, x, _first_winner)),
        "needed that of x.",
    ),
    WrongAnswer(
        "gradients of a window added up over the channels",
        lambda g, x: _shared(np.broadcast_to(g.sum(axis=0), g.shape), x, _first_winner),
        "Every channel gets the sum of the gradients of all channels. Pooling treats each "
        "channel on its own, backward too.",
    ),
)


def _examine_ties(answer: Any) -> str:
    cases = _ties_cases()
    check_function(answer, _my_repaired_backward)
    results = []
    for grad, x in cases:
        got, printed = call(answer, grad, x)
        results.append(got)
        problem = kind(got, x, printed)
        if not problem:
            why = _unfair(got, grad, x)
            problem = why and (recognise(answer, cases, _TIES_WRONG, results) or why)
        if problem:
            raise NotYet(f"{report(answer, (grad, x), got, printed=printed)}\n{problem}")
    first = [_shared(grad, x, _first_winner) for grad, x in cases]
    even = [_my_repaired_backward(grad, x) for grad, x in cases]
    if all(map(np.allclose, results, first)):
        rule = "With you the first of equal winners takes it all, as in PyTorch on the CPU."
    elif all(map(np.allclose, results, even)):
        rule = (
            "With you equal winners share; in PyTorch on the CPU the first takes it all. Both are "
            "right."
        )
    else:
        rule = "How equal winners share is up to you; in PyTorch on the CPU the first takes it all."
    return f"In all {len(cases)} cases each window passes back what it received. {rule}"


def _unfair(got: Array, grad: Array, x: Array) -> str:
    """Say what is wrong with the shares of the winners, or return an empty string."""
    if got.shape != x.shape:
        return f"The result has shape {got.shape}, needed that of x."
    if not np.isfinite(got).all():
        return lost_digits(got, x)
    blocks, shares = _as_blocks(x), _as_blocks(got) / grad[..., np.newaxis]
    if (abs(shares[blocks < blocks.max(axis=-1, keepdims=True)]) > 1e-9).any():
        return "A pixel that is not the largest of its window gets a gradient; needed 0."
    total = shares.sum(axis=-1)
    if (abs(total - 1) > 1e-6).any():
        place = tuple(np.argwhere(abs(total - 1) > 1e-6)[0])
        sent, arrived = float(grad[place]), float(total[place] * grad[place])
        c, i, j = map(int, place)
        return (
            f"Window ({i}, {j}) of channel {c} received the gradient {sent:g}, and passes back "
            f"{arrived + 0.0:g} altogether."
        )
    if (shares < -1e-9).any():
        return "A winner gets a share below 0. Shares lie between 0 and 1."
    return ""


repair_ties = Exercise(
    name="ch03.repair_ties",
    task=(
        "repair my_repaired_backward(grad, x), which passes gradients back through a 2x2 max "
        "pool. It is right until several pixels of a window are equally large, as in a dark "
        "background: then the window passes back up to four times the gradient it received. It "
        "must pass back just that, to winners only; how they share is up to you."
    ),
    examine=_examine_ties,
    hints=(
        "Take x = np.zeros((1, 2, 2)) and grad = np.ones((1, 1, 1)). What are the winners, what "
        "comes out, and what should it sum to?",
        "Several winners may get something, as long as it is the gradient once, all together. "
        "How many winners has each window?",
        "Divide the array of winners by its sum over the window, that is over axes 2 and 4, "
        "before it is multiplied by the gradient; keepdims=True keeps the shapes alike.",
    ),
    wrong_answers=_TIES_WRONG,
    solved_by=_my_repaired_backward,
    starts_from=_TIES_FOUND,
)

# -- 4. Predict the winner --------------------------------------------------------------------

_N, _DRAWS = 49, 4000  # values in a window; windows of each kind in a duel
Draw = Callable[[np.random.Generator, tuple[int, int]], tuple[Array, Array]]


def _spark(rng: np.random.Generator, size: tuple[int, int]) -> tuple[Array, Array]:
    without, with_spark = rng.standard_normal((2, *size))
    with_spark[:, 0] += 4
    return without, with_spark


def _dots(rng: np.random.Generator, size: tuple[int, int]) -> tuple[Array, Array]:
    return (rng.random(size) < 0.2) * 1.0, (rng.random(size) < 0.4) * 1.0


def _haze(rng: np.random.Generator, size: tuple[int, int]) -> tuple[Array, Array]:
    return rng.standard_normal(size), rng.standard_normal(size) + 0.5


def _contrast(rng: np.random.Generator, size: tuple[int, int]) -> tuple[Array, Array]:
    return rng.standard_normal(size), rng.standard_normal(size) * 2


def _dark_line(rng: np.random.Generator, size: tuple[int, int]) -> tuple[Array, Array]:
    paper, with_line = 1 + 0.05 * rng.standard_normal((2, *size))
    with_line[:, :7] -= 1
    return paper, with_line


def _height(rng: np.random.Generator, size: tuple[int, int]) -> tuple[Array, Array]:
    rates = rng.uniform(0.1, 0.5, (2, size[0], 1))
    low, high = (rng.random((2, *size)) < rates) * np.array([1.0, 1.5]).reshape(2, 1, 1)
    return low, high


_DUELS: dict[str, Draw] = {
    "spark": _spark,
    "dots": _dots,
    "haze": _haze,
    "contrast": _contrast,
    "dark line": _dark_line,
    "height": _height,
}


def duel(task: str) -> dict[str, float]:
    """Let max and average decide between the two kinds of windows of a task.

    Of 4,000 windows of each kind, 49 values in each, only the largest value or the mean is
    known. The best threshold on it decides.

    Parameters
    ----------
    task : {"spark", "dots", "haze", "contrast", "dark line", "height"}
        Which two kinds; see ``winners.stub``.

    Returns
    -------
    dict of str to float
        Share of windows told right by max and by average, from 0.5 (guessing) to 1.

    Raises
    ------
    ValueError
        If there is no such task.

    Examples
    --------
    >>> duel("spark")["max"] > 0.85
    True
    """
    if task not in _DUELS:
        raise ValueError(f"duel({task!r}): there is no such task; needed one of {[*_DUELS]}.")
    rng = np.random.default_rng(3)
    first, second = _DUELS[task](rng, (_DRAWS, _N))
    return {
        rule: round(_told_apart(reduce(first, axis=1), reduce(second, axis=1)), 2)
        for rule, reduce in (("max", np.max), ("average", np.mean))
    }


def _told_apart(first: Array, second: Array) -> float:
    """Share of values told right by the best threshold, as many of each kind."""
    thresholds = np.unique(np.concatenate([first, second]))
    below = [
        np.searchsorted(np.sort(v), thresholds, side="right") / v.size for v in (first, second)
    ]
    return float(0.5 + abs(below[0] - below[1]).max() / 2)


_WINNERS = {
    "spark": "max",
    "dots": "average",
    "haze": "average",
    "contrast": "max",
    "dark line": "average",
    "height": "max",
}
_WINNERS_STUB = """
my_winners = {  # "max" or "average"; noise is normal, with standard deviation 1
    "spark": ...,  # noise, or noise in which one value of the 49 is raised by 4
    "dots": ...,  # each value is 1 with probability 0.2, or with 0.4, and otherwise 0
    "haze": ...,  # noise around 0, or noise around 0.5
    "contrast": ...,  # noise around 0, or the same noise times 2
    "dark line": ...,  # white paper, all values close to 1, or 7 of them are ink, close to 0
    "height": ...,  # 10 to 50 % of the values are dots, of height 1, or of height 1.5
}
"""
_WINNERS_SOLUTION = """
my_winners = {
    "spark": "max",  # one value in 49 moves the mean by little, the maximum by much
    "dots": "average",  # the largest is 1 either way; the mean is the count
    "haze": "average",  # what all values share survives the averaging, the noise does not
    "contrast": "max",  # the mean stays 0; the extremes double
    "dark line": "average",  # the largest is paper, with a line or without
    "height": "max",  # the mean confuses few tall dots with many low ones
}
"""


def _with(**changes: str) -> dict[str, str]:
    """Return the right table with some entries changed; _ stands for a space."""
    return _WINNERS | {name.replace("_", " "): rule for name, rule in changes.items()}


_WINNERS_WRONG = (
    WrongAnswer(
        "max for sparse dots",
        _with(dots="max"),
        "It is right that max likes sparse signals. But the question is how many dots there "
        "are, and the largest value is 1 as soon as there is one; the mean is the count.",
    ),
    WrongAnswer(
        "max keeps lines",
        _with(dark_line="max"),
        "It is right that max keeps thin lines, if they are bright. Here the ink is dark, and the "
        "largest value of a window is paper as long as there is any.",
    ),
    WrongAnswer(
        "averaging out the noise around a spark",
        _with(spark="average"),
        "It is right that averaging removes noise. It removes the spark even more: a 4 in one "
        "place of 49 lifts the mean by 0.08, while the noise of the mean is 0.14.",
    ),
    WrongAnswer(
        "a summary of all values for the contrast",
        _with(contrast="average"),
        "It is right that contrast concerns all values. But they go up and down alike, and the "
        "mean of both is 0; what grows with the contrast is the largest.",
    ),
    WrongAnswer(
        "total ink for the height",
        _with(height="average"),
        "It is right that taller dots raise the mean. So do more dots, and their number varies: "
        "the mean cannot tell the two apart. The largest value does not depend on the number.",
    ),
    WrongAnswer(
        "haze raises the maximum as well",
        _with(haze="max"),
        "It is right that the maximum rises by 0.5 as well. But it is noisier than the mean of "
        "49 values: the standard deviation of that is a seventh of one value's.",
    ),
    WrongAnswer(
        "always max",
        dict.fromkeys(_WINNERS, "max"),
        "It is right that the strongest response often says most. It says nothing about how "
        "many there are, about what is dark, or about what all values share.",
    ),
    WrongAnswer(
        "always average",
        dict.fromkeys(_WINNERS, "average"),
        "It is right that the average uses all values. That is a drawback where one value in 49 "
        "carries the signal, where the signs cancel, or where the number of responses varies.",
    ),
    WrongAnswer(
        "the wrong way round",
        {n: "max" if rule == "average" else "average" for n, rule in _WINNERS.items()},
        "All six are the wrong way round: you see exactly what matters in each, and gave it to "
        "the other rule. Compute both numbers for one window of each kind.",
    ),
    WrongAnswer(
        "strong is max, weak is average",
        _with(dots="max", dark_line="max", contrast="average"),
        "It is right that max goes with single strong responses and the average with what is "
        "weak and everywhere. Ask further: is it bright or dark, how many, and do signs cancel?",
    ),
    WrongAnswer(
        "another word",
        _with(haze="mean"),
        "The entry 'haze' is 'mean', needed 'max' or 'average'.",
    ),
    WrongAnswer(
        "a list",
        list(_WINNERS.values()),
        "the answer has type list.",
    ),
    WrongAnswer(
        "one missing",
        {name: rule for name, rule in _WINNERS.items() if name != "height"},
        "Still to predict: 'height'.",
    ),
)


def _examine_winners(answer: Any) -> str:
    otherwise = "For each task compute both numbers for one window of each kind, on paper."
    if isinstance(answer, dict):
        answer = {
            task: "average" if isinstance(rule, str) and rule == "avg" else rule
            for task, rule in answer.items()
        }
    compare_tables(answer, _WINNERS, _WINNERS_WRONG, otherwise, choices=("max", "average"))
    rows = [f"  {'told right by':16}{'max':>8}{'average':>10}"]
    for task in _DUELS:
        shares = duel(task)
        rows.append(f"  {task:16}{shares['max']:>8.0%}{shares['average']:>10.0%}")
    table = "\n".join(rows)
    return (
        f"Six of six. In {2 * _DRAWS:,} windows of each task:\n{table}\n"
        "No rule is the better one. It depends on what distinguishes the windows."
    )


winners = Exercise(
    name="ch03.winners",
    task=(
        "predict six winners. Windows of 49 values come in two kinds, equally often. All you keep "
        "of a window is one number, its largest value or its mean, and the best threshold on it "
        "decides which kind it was. Which of the two is right more often? Afterwards "
        "ch03.duel('spark') plays it out."
    ),
    examine=_examine_winners,
    hints=(
        "What differs between the two kinds: one value, all values, or how many? Which of the "
        "two numbers notices that at all?",
        "Imagine one window of each kind and compute both numbers. Then ask how much they "
        "fluctuate: the mean of 49 values has a seventh of the noise of one, and the largest of "
        "49 is around 2.2 even in pure noise.",
        "Three go to max and three to the average. The largest value is blind to how many there "
        "are and to everything dark; the mean is blind to what cancels, and hard of hearing for "
        "a single voice.",
    ),
    wrong_answers=_WINNERS_WRONG,
    solved_by=_WINNERS_SOLUTION,
    starts_from=_WINNERS_STUB,
)

# -- 5. The tipping point ---------------------------------------------------------------------

_SIDE, _RAISED_BY, _TIPPING = 4, 2, 5  # a test computes it without drawing windows
_TIPPING_STUB = """
my_m = ...
"""
_TIPPING_SOLUTION = """
def right(noise, signal):
    thresholds = np.linspace(-1, 5, 1000)
    below = [np.searchsorted(np.sort(v), thresholds) / v.size for v in (noise, signal)]
    return 0.5 + (below[0] - below[1]).max() / 2  # with the best threshold


rng = np.random.default_rng(0)
for m in range(1, 17):
    noise, signal = rng.standard_normal((2, 100_000, 16))
    signal[:, :m] += 2
    by_max = right(noise.max(axis=1), signal.max(axis=1))
    by_mean = right(noise.mean(axis=1), signal.mean(axis=1))
    if by_mean > by_max:
        break
my_m = m
"""
_TIPPING_WRONG = (
    WrongAnswer(
        "one is enough",
        1,
        "With a single raised value the mean rises by 2/16, while its noise is 1/4. The average "
        "does use all values, but 15 of the 16 have nothing to say: max wins.",
    ),
    WrongAnswer(
        "more than one",
        2,
        "It is right that max is made for the single response. But it doesn't lose by a second "
        "one: with more candidates the largest becomes larger still, and max is ahead here too.",
    ),
    WrongAnswer(
        "the last that max wins",
        4,
        "You are close: with 4 it is still max, by a little. Either you stopped one too early, or "
        "you drew so few windows that chance decided; take 100,000.",
    ),
    WrongAnswer(
        "a little late",
        6,
        "With 6 the average wins, that is right, but not for the first time: try fewer. Where the "
        "two are close, chance decides between small samples; draw 100,000 windows of each kind.",
    ),
    WrongAnswer(
        "late",
        7,
        "With 7 the average is clearly ahead, so it must have overtaken max before: go down from "
        "here, until the two have changed places.",
    ),
    WrongAnswer(
        "half of them",
        8,
        "Half of the values is more than it takes. It is right that the average needs many; but "
        "averaging also divides the noise by 4, and that tips the scales before.",
    ),
    WrongAnswer(
        "a majority",
        9,
        "It takes no majority. The average does not vote, it adds up: every raised value lifts "
        "the mean by 1/8, and the noise of the mean is only 1/4.",
    ),
    WrongAnswer(
        "all of them",
        16,
        "With all 16 raised the average wins, that is right, but not for the first time. Max "
        "gains less and less from each further value; the mean gains equally from each.",
    ),
    WrongAnswer(
        "max always wins",
        0,
        "The answer is 0, needed a whole number from 1 to 16. There is one: let more and more "
        "values rise.",
    ),
    WrongAnswer(
        "not a whole number",
        4.5,
        "The answer is 4.5, needed a whole number from 1 to 16.",
    ),
    WrongAnswer(
        "a string",
        "five",
        "The answer is 'five', needed a whole number from 1 to 16.",
    ),
    WrongAnswer(
        "counted as a share",
        5 / 16,
        "The answer is 0.3125, needed a whole number from 1 to 16.",
    ),
)


def _examine_tipping(answer: Any) -> str:
    whole = isinstance(answer, int | float | np.integer | np.floating) and answer in range(1, 17)
    if isinstance(answer, bool) or not whole:
        for wrong in _TIPPING_WRONG:
            if type(wrong.answer) is type(answer) and wrong.answer == answer:
                raise NotYet(wrong.says)
        shown = repr(answer) if isinstance(answer, int | float | str) else type(answer).__name__
        raise NotYet(f"The answer is {shown[:40]}, needed a whole number from 1 to 16.")
    for wrong in _TIPPING_WRONG:
        if not isinstance(wrong.answer, str) and wrong.answer == answer:
            raise NotYet(wrong.says)
    if answer != _TIPPING:
        raise NotYet(
            f"It is not {int(answer)}. Draw 100,000 windows of each kind, take the largest values "
            "and the means, and find for each the threshold that is right most often."
        )
    return (
        "With 4 raised values max tells 85.7 % of the windows right and the average 84.1 %, with "
        "5 it is 88.3 % and 89.4 %. Between a spark and a haze there is a point where the better "
        "rule changes."
    )


tipping_point = Exercise(
    name="ch03.tipping_point",
    task=(
        "find my_m. A window of 4x4 values is pure noise (normal, standard deviation 1), or noise "
        "in which m of the 16 values are raised by 2, equally often. You keep its largest value "
        "or its mean, and decide by the best threshold on it. For m = 1 max is right more often, "
        "for m = 16 the average. What is the smallest m for which it is the average?"
    ),
    examine=_examine_tipping,
    hints=(
        "What happens to the mean when one more value rises, and what happens to the largest? "
        "And how much do the two fluctuate from window to window?",
        "Play it out: draw many windows of both kinds, say np.random.default_rng(0)"
        ".standard_normal((100_000, 16)), and raise the first m columns of one lot by 2. Then "
        "try thresholds on the largest values, and on the means.",
        "A threshold t is right in (share of pure noise below t + share of the others above t) / "
        "2 of the windows. Take the best t for each rule, for m = 1, 2, 3 and so on, until the "
        "average is ahead. It is before half of the values are raised.",
    ),
    wrong_answers=_TIPPING_WRONG,
    solved_by=_TIPPING_SOLUTION,
    starts_from=_TIPPING_STUB,
)

# -- 6. The family from average to max --------------------------------------------------------


def _my_power_mean(values: Array, p: float) -> float:
    """Mean of the p-th powers of values (0 or more), and of that the p-th root."""
    largest = float(values.max())
    if largest == 0:
        return 0.0
    shares = values / largest  # 1 at most, so that no power of them is too large to be stored
    return largest * float(np.mean(shares**p) ** (1 / p))


def _power_mean_by_logs(values: Array, p: float) -> float:
    """Compute the same with logarithms, value by value."""
    logs = [p * math.log(v) for v in values.tolist() if v > 0]
    if not logs:
        return 0.0
    top = max(logs)
    total = top + math.log(sum(math.exp(log - top) for log in logs) / len(values))
    return math.exp(total / p)


def _power_cases() -> list[tuple[Array, float]]:
    """Short lists first, among them zeros; then large values and large exponents."""
    lists = [[4.0], [1, 3], [3, 1], [0, 2], [2, 2], [1, 2, 3, 4], [0, 0, 0, 5], [0.5, 0.25, 2, 8]]
    cases = [(np.array(v, dtype=float), p) for p in (1.0, 2.0, 3.0, 1.5) for v in lists]
    cases = sorted(cases, key=lambda case: case[0].size == 1)
    cases += [(np.array([0.0, 0.0]), 2.0), (np.zeros(4), 1.0)]
    rng = np.random.default_rng(3)
    cases += [(rng.integers(0, 256, 9) / 2, p) for p in (1.0, 2.5, 8.0, 40.0)]
    cases += [(np.array([3.0, 5.0]), 1000.0), (np.array([0.125, 0.25, 0.0]), 800.0)]
    return [*cases, (np.array([255.0, 254.0, 17.0, 0.0]), 500.0)]


def _quiet(function: Callable[[Array, float], Any]) -> Callable[[Array, float], float]:
    """Let a wrong answer overflow or divide by zero without a warning."""

    def answer(values: Array, p: float) -> float:
        with np.errstate(all="ignore"):
            return float(function(values, p))

    return answer


_POWER_WRONG = (
    WrongAnswer(
        "sum instead of mean",
        _quiet(lambda v, p: v.size ** (1 / p) * _my_power_mean(v, p)),
        "This is the root of the sum of the powers: the p-norm, and what LPPool2d computes in "
        "PyTorch. It grows with the size of the window; a power mean divides by the number of "
        "values first, so that p = 1 is the average.",
    ),
    WrongAnswer(
        "sum of powers too large to be stored",
        _quiet(lambda v, p: np.sum(v**p) ** (1 / p)),
        "The powers are added up here, as in PyTorch's LPPool2d, which therefore grows with the "
        "window. For a mean the sum is divided by the number of values, before the root is taken.",
    ),
    WrongAnswer(
        "a root without parentheses",
        _quiet(lambda v, p: np.mean(v**p) ** 1 / p),
        "** comes before /, so ** 1 / p takes the first power and then divides by p. The mean of "
        "the powers is right; write its root as ** (1 / p).",
    ),
    WrongAnswer(
        "a root without parentheses, of small powers",
        _quiet(lambda v, p: (v.max() and v.max() * np.mean((v / (v.max() or 1)) ** p)) ** 1 / p),
        "To divide by the largest value first is a good idea. But ** 1 / p is no root: ** comes "
        "before /, so this takes the first power and divides by p. It takes parentheses.",
    ),
    WrongAnswer(
        "divided after the root",
        _quiet(lambda v, p: v.size ** (1 / p - 1) * _my_power_mean(v, p)),
        "The number of values is divided out after the root. All steps are there, but their "
        "order counts: powers, their mean, and of that the root.",
    ),
    WrongAnswer(
        "no root",
        _quiet(lambda v, p: np.mean(v**p)),
        "This is the mean of the powers, and right so far. The p-th root is missing, which "
        "brings it back to the scale of the values: twice the values, twice the mean.",
    ),
    WrongAnswer(
        "square root whatever p",
        _quiet(lambda v, p: np.sqrt(np.mean(v**p))),
        "The root is always the square root. That is right for p = 2; for p-th powers it takes "
        "the p-th root, a power of 1/p.",
    ),
    WrongAnswer(
        "mean before the power",
        _quiet(lambda v, p: np.mean(v)),
        "This is the average, whatever p. If the mean is taken before the power, the root undoes "
        "the power again: first the powers, then the mean.",
    ),
    WrongAnswer(
        "powers and roots exchanged",
        _quiet(lambda v, p: np.mean(v ** (1 / p)) ** p),
        "Powers and roots have changed places: this is the power mean with the exponent 1/p, and "
        "it goes away from the maximum as p grows.",
    ),
    WrongAnswer(
        "maximum",
        _quiet(lambda v, p: v.max()),
        "This is the maximum. That is what the power mean comes close to as p grows; for p = 1 "
        "it is the average.",
    ),
    WrongAnswer(
        "zeros left out",
        _quiet(lambda v, p: _my_power_mean(v[v > 0], p) if (v > 0).any() else 0.0),
        "The zeros of a window are left out. Their powers are 0 and add nothing, that is right; "
        "but they count when the sum is divided.",
    ),
    WrongAnswer(
        "powers too large to be stored",
        _quiet(lambda v, p: np.mean(v**p) ** (1 / p)),
        "The formula is right, and fails for large p: a number like 5 to the 1000 is too large "
        "to be stored, and one like 0.25 to the 800 too small. Divide all values by the largest "
        "first, and multiply the result by it.",
    ),
    WrongAnswer(
        "zero divided by zero",
        _quiet(lambda v, p: v.max() * np.mean((v / v.max()) ** p) ** (1 / p)),
        "Dividing by the largest value is a good idea, until it is 0: a window of zeros gives "
        "0/0. Its power mean is 0.",
    ),
    WrongAnswer(
        "smooth maximum by exponentials",
        _quiet(lambda v, p: v.max() + np.log(np.mean(np.exp(p * (v - v.max())))) / p),
        "This is the logarithm of the mean of exponentials, a smooth maximum too. It goes from "
        "the average at p = 0 to the maximum; the power mean uses powers instead, and twice the "
        "values give twice the result.",
    ),
    WrongAnswer(
        "one value per entry",
        lambda v, p: v / (v.max() or 1),
        "The function returned an array, needed one number.",
    ),
    WrongAnswer(
        "prints instead of returning",
        lambda v, p: print(_my_power_mean(v, p)),
        "print shows a value, only return hands it on.",
    ),
)


def _examine_power(answer: Any) -> str:
    n = compare(answer, _power_mean_by_logs, _power_cases(), _POWER_WRONG)
    return (
        f"All {n} cases agree, a window of zeros and exponents up to 1000 among them. p = 1 is "
        "the average, large p nearly the maximum; between them there is a rule for every taste."
    )


power_mean = Exercise(
    name="ch03.power_mean",
    task=(
        "write my_power_mean(values, p): the mean of the p-th powers of the values, and of that "
        "the p-th root. values is an array of numbers 0 or greater, one window; p is 1 or "
        "greater. For p = 1 it is the average, for large p nearly the maximum, up to p = 1000."
    ),
    examine=_examine_power,
    hints=(
        "Compute it on paper for the values 1 and 3 with p = 1 and p = 2. Does twice the values "
        "give twice the result? It should.",
        "The formula is one line. Then try p = 1000 with the values 3 and 5: what is 5 to the "
        "1000 in a computer? The result is nearly 5; how could all powers stay small?",
        "Divide all values by the largest, so that they are at most 1, take mean and root of "
        "their powers, and multiply by the largest. Only if the largest is 0 you must not.",
    ),
    wrong_answers=_POWER_WRONG,
    solved_by=_my_power_mean,
)

# -- 7. An exponent that learns ---------------------------------------------------------------


def _my_exponent_gradient(values: Array, p: float) -> float:
    """Derivative, by p, of the power mean of values, all greater than 0."""
    powers = values**p
    mean = float(np.mean(powers) ** (1 / p))
    weights = powers / powers.sum()  # how much each value has to say; they sum to 1
    return mean / p * float((weights * np.log(values)).sum() - np.log(mean))


def _exponent_by_steps(values: Array, p: float) -> float:
    """Take two power means with exponents close to p, one on either side.

    In whole steps and half ones, so that the error of the first order drops out.
    """

    def slope(h: float) -> float:
        ahead, behind = (_power_mean_by_logs(values, p + step) for step in (h, -h))
        return (ahead - behind) / (2 * h)

    h = 0.002 * p
    return (4 * slope(h / 2) - slope(h)) / 3 + 0.0


def _exponent_cases() -> list[tuple[Array, float]]:
    """Short lists with small exponents first; none of them all alike."""
    lists = [[1, 3], [3, 1], [2, 4], [1, 2, 3, 4], [0.5, 0.25, 2, 8], [0.125, 0.5]]
    cases = [(np.array(v, dtype=float), p) for v in lists for p in (1.0, 2.0, 3.0, 1.5)]
    rng = np.random.default_rng(3)
    return [*cases, *((rng.integers(1, 40, 9) / 4, p) for p in (1.0, 2.5, 6.0))]


def _exponent(values: Array, p: float) -> tuple[float, Array, float]:
    """Power mean, weights and weighted logarithm: the parts of the derivative."""
    weights = values**p / (values**p).sum()
    return _my_power_mean(values, p), weights, float((weights * np.log(values)).sum())


def _wrong_exponent(formula: Callable[..., float]) -> Callable[[Array, float], float]:
    """Build a wrong answer from (values, p, mean, weights, weighted logarithm)."""
    return lambda values, p: float(formula(values, p, *_exponent(values, p)))


_EXPONENT_WRONG = (
    WrongAnswer(
        "the root taken for a constant",
        _wrong_exponent(lambda v, p, mean, w, log: mean / p * log),
        "This is the part that comes from the powers, and it is right. The exponent stands in "
        "the root as well, 1/p, and that gives the second part: minus the logarithm of the mean.",
    ),
    WrongAnswer(
        "the powers taken for constants",
        _wrong_exponent(lambda v, p, mean, w, log: -mean / p * np.log(mean)),
        "This is the part that comes from the root, and it is right. The exponent stands in the "
        "powers as well, and each of them grows with its logarithm.",
    ),
    WrongAnswer(
        "sign of the second part",
        _wrong_exponent(lambda v, p, mean, w, log: mean / p * (log + np.log(mean))),
        "Both parts are there, but the second has the wrong sign: 1/p falls when p grows.",
    ),
    WrongAnswer(
        "the wrong way round",
        _wrong_exponent(lambda v, p, mean, w, log: -mean / p * (log - np.log(mean))),
        "This is right but for the sign. Think of it: towards the maximum a power mean grows, so "
        "its derivative by p is never negative.",
    ),
    WrongAnswer(
        "not divided by p",
        _wrong_exponent(lambda v, p, mean, w, log: mean * (log - np.log(mean))),
        "This is p times too much. For p = 1 that cannot be seen; the root brings a factor of 1/p.",
    ),
    WrongAnswer(
        "derivative of the logarithm",
        _wrong_exponent(lambda v, p, mean, w, log: (log - np.log(mean)) / p),
        "This is the derivative of the logarithm of the power mean: a good way to begin. The "
        "chain rule brings one factor more, the power mean itself.",
    ),
    WrongAnswer(
        "mean of the powers without the root",
        _wrong_exponent(lambda v, p, mean, w, log: np.mean(v**p * np.log(v))),
        "This is the derivative of the mean of the powers. It is right for that; the p-th root "
        "around it is still missing.",
    ),
    WrongAnswer(
        "chain rule for the outer root only half",
        _wrong_exponent(
            lambda v, p, mean, w, log: np.mean(v**p) ** (1 / p - 1) * np.mean(v**p * np.log(v))
        ),
        "The powers are differentiated, and the root too, but without its factor 1/p; and that "
        "the exponent stands in the root as well is forgotten.",
    ),
    WrongAnswer(
        "power rule",
        _wrong_exponent(lambda v, p, mean, w, log: np.mean(p * v ** (p - 1)) ** (1 / p)),
        "p · v^(p−1) is the derivative by the value v. Asked for is the derivative by the "
        "exponent, and that of v^p is v^p · log(v).",
    ),
    WrongAnswer(
        "equal weights",
        _wrong_exponent(lambda v, p, mean, w, log: mean / p * (np.log(v).mean() - np.log(mean))),
        "The logarithms are averaged with equal weights. It is right that their weights sum to "
        "1, but large values weigh more: v^p divided by the sum of all powers.",
    ),
    WrongAnswer(
        "logarithm to base ten",
        _wrong_exponent(lambda v, p, mean, w, log: mean / p * (log - np.log(mean)) / np.log(10)),
        "The formula is right, but this is the logarithm to base ten. The derivative of v^p is "
        "v^p times the natural logarithm, np.log.",
    ),
    WrongAnswer(
        "gradient by the values",
        lambda v, p: _exponent(v, p)[0] * _exponent(v, p)[1] / v,
        "The function returned an array, needed one number.",
    ),
)


def _examine_exponent(answer: Any) -> str:
    n = compare(answer, _exponent_by_steps, _exponent_cases(), _EXPONENT_WRONG)
    return (
        f"All {n} cases agree with two power means computed close by. With this number a pool can "
        "learn its own exponent, and settle between average and max where the data want it."
    )


exponent_gradient = Exercise(
    name="ch03.exponent_gradient",
    task=(
        "let the exponent learn: write my_exponent_gradient(values, p), the derivative by p of "
        "the power mean of the values, all greater than 0. Large numbers need no care here."
    ),
    examine=_examine_exponent,
    hints=(
        "Where in the formula does p stand? It is more than one place. What is the derivative of "
        "v^p by p? (By p, not by v.)",
        "Begin with the logarithm of the power mean: it is log(mean of v^p) divided by p, a "
        "quotient. Differentiate that, then multiply by the power mean itself.",
        "With weights w = v^p / sum of all v^p, the derivative of log(mean of v^p) is the sum of "
        "w · log(v). So the quotient gives (sum of w · log(v) − log of the power mean) / p.",
    ),
    wrong_answers=_EXPONENT_WRONG,
    solved_by=_my_exponent_gradient,
)

EXERCISES = (
    avg_backward,
    max_backward,
    repair_ties,
    winners,
    tipping_point,
    power_mean,
    exponent_gradient,
)
