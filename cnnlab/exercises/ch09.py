"""Exercises of chapter 9, *How do you build a whole CNN from scratch?* Most need NumPy alone.

>>> from cnnlab.exercises import ch09
>>> for exercise in ch09.EXERCISES:
...     print(exercise.name, "->", exercise.answer_name)
ch09.dense_gradients -> my_dense_gradients
ch09.patches -> my_patches
ch09.fold -> my_fold
ch09.diagnosis -> my_diagnosis
ch09.recipe -> my_recipe

The first three need nothing but NumPy. The trainings of the fourth are trained when somebody
looks at them, which takes a few seconds each; their parts can be called like layers:

>>> ch09.CASES["A"].pool(np.array([[[[4.0, 1.0], [2.0, 3.0]]]]))
array([[[[4.]]]])
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np

from cnnlab import bugs, datasets, nn, training
from cnnlab._types import Array
from cnnlab.exercises.cases import halves
from cnnlab.exercises.core import (
    Exercise,
    NotYet,
    WrongAnswer,
    call,
    check_function,
    compare,
    compare_tables,
)

__all__ = [
    "CASES",
    "EXERCISES",
    "Case",
    "Part",
    "dense_gradients",
    "diagnosis",
    "fold",
    "patches",
    "recipe",
]

# -- 1. Gradients of a dense layer ------------------------------------------------------------


def _my_dense_gradients(x: Array, grad: Array) -> Array:
    """Gradients of weights and biases: inputs x (N, n), arriving gradients grad (N, m)."""
    by_weights = grad.T @ x  # (m, n), added up over the images
    by_biases = grad.sum(axis=0)
    return np.column_stack([by_weights, by_biases])


def _dense_by_loops(x: Array, grad: Array) -> Array:
    """Add up what each image contributes to each weight."""
    table = np.zeros((grad.shape[1], x.shape[1] + 1))
    for n in range(len(x)):
        for k in range(grad.shape[1]):
            for i in range(x.shape[1]):
                table[k, i] += grad[n, k] * x[n, i]
            table[k, -1] += grad[n, k]
    return table


def _dense_cases() -> list[tuple[Array, Array]]:
    """Batches of one to five images, all numbers of inputs and outputs different."""
    rng = np.random.default_rng(9)
    sizes = [(2, 3, 2), (1, 3, 2), (3, 2, 4), (2, 1, 3), (4, 3, 1), (5, 4, 3)]
    return [(halves(rng, N, n), halves(rng, N, m)) for N, n, m in sizes]


def _dense(
    weights: Callable[[Array, Array], Array] = lambda x, g: g.T @ x,
    biases: Callable[[Array], Array] = lambda g: g.sum(axis=0),
) -> Callable[[Array, Array], Array]:
    """Do one thing differently: the material for wrong answers."""
    return lambda x, grad: np.column_stack([weights(x, grad), biases(grad)])


_DENSE_WRONG = (
    WrongAnswer(
        "mean over the images",
        _dense(lambda x, g: g.T @ x / len(x), lambda g: g.mean(axis=0)),
        "Everything is divided by the number of images. That was done once already, in the loss: "
        "the gradients that arrive have 1/N in them. Here they are added.",
    ),
    WrongAnswer(
        "biases averaged",
        _dense(biases=lambda g: g.mean(axis=0)),
        "The weights are right. The bias is averaged over the images: it was added to the output "
        "of each of them and answers for all, so its gradients are summed.",
    ),
    WrongAnswer(
        "biases without a gradient",
        _dense(biases=lambda g: np.zeros(g.shape[1])),
        "The weights are right, and the biases get nothing. A bias is a weight whose input is "
        "always 1.",
    ),
    WrongAnswer(
        "biases get ones",
        _dense(biases=lambda g: np.ones(g.shape[1])),
        "The last column holds ones. That is the derivative of an output by its bias; it still "
        "has to be multiplied by the gradient of that output, and added up over the images.",
    ),
    WrongAnswer(
        "biases in front",
        lambda x, grad: np.column_stack([grad.sum(axis=0), grad.T @ x]),
        "All numbers are right, but the biases stand in the first column. They belong in the last.",
    ),
    WrongAnswer(
        "weights only",
        lambda x, grad: grad.T @ x,
        "The weights are right, and the column of the biases is missing.",
    ),
    WrongAnswer(
        "transposed",
        lambda x, grad: _my_dense_gradients(x, grad).T,
        "Rows and columns have changed places. A gradient has the shape of what it is the gradient "
        "of: a row for each output.",
    ),
    WrongAnswer(
        "the first image alone",
        lambda x, grad: _my_dense_gradients(x[:1], grad[:1]),
        "Only the first image counts. The weights have been used by all of them, and so all of "
        "them have a say: add up over N.",
    ),
    WrongAnswer(
        "the last image alone",
        lambda x, grad: _my_dense_gradients(x[-1:], grad[-1:]),
        "Only the last image counts. In a loop over the images this is = in the place of +=.",
    ),
    WrongAnswer(
        "sign turned",
        lambda x, grad: -_my_dense_gradients(x, grad),
        "The sign is turned. The minus belongs to the step downhill, not to the gradient.",
    ),
    WrongAnswer(
        "returns two arrays",
        lambda x, grad: (grad.T @ x, grad.sum(axis=0)),
        "The function returned a tuple, needed an array.",
    ),
    WrongAnswer(
        "wants the weights",
        lambda x, grad, weight: _my_dense_gradients(x, grad),
        "needed (x, grad): 2 of them, in this order.",
    ),
)


def _examine_dense(answer: Any) -> str:
    n = compare(answer, _dense_by_loops, _dense_cases(), _DENSE_WRONG)
    return (
        f"All {n} cases agree. Look at what you did not need: the weights themselves. They are "
        "needed for the gradient of the input, and for nothing else."
    )


dense_gradients = Exercise(
    name="ch09.dense_gradients",
    task=(
        "the way back of a dense layer y = x · weight.T + bias. x has shape (N, inputs), grad, the "
        "gradients that arrive, (N, outputs). Write my_dense_gradients(x, grad): the gradients of "
        "weight and bias in one array of shape (outputs, inputs + 1), those of the biases in the "
        "last column."
    ),
    examine=_examine_dense,
    hints=(
        "Take one image, three inputs and two outputs. By how much does output 1 grow if weight "
        "(1, 2) grows a little? And by how much does the loss grow then?",
        "For one image it is a table of products, grad[k] · x[i]. Several images: the tables are "
        "added. Which matrix product adds up over the images?",
        "The axis that disappears is N. It is the second axis of grad.T and the first of x. For "
        "the biases sum grad over N, and put the result beside with np.column_stack.",
    ),
    wrong_answers=_DENSE_WRONG,
    solved_by=_my_dense_gradients,
)

# -- 2. Patches -------------------------------------------------------------------------------


def _my_patches(x: Array, k: int) -> Array:
    """All k×k windows of x (C, H, W) as columns: C·k·k rows, a column for each place."""
    C, H, W = x.shape
    rows, columns = H - k + 1, W - k + 1
    table = np.empty((C, k, k, rows, columns), dtype=x.dtype)
    for a in range(k):
        for b in range(k):  # entry (a, b) of all windows at once
            table[:, a, b] = x[:, a : a + rows, b : b + columns]
    return table.reshape(C * k * k, rows * columns)


def _patches_by_loops(x: Array, k: int) -> Array:
    """Cut out one window after the other."""
    _, H, W = x.shape
    windows = [
        x[:, i : i + k, j : j + k].ravel() for i in range(H - k + 1) for j in range(W - k + 1)
    ]
    return np.stack(windows, axis=1)


def _patch_shapes() -> list[tuple[tuple[int, int, int], int]]:
    sizes = [(1, 2, 3), (1, 3, 2), (1, 3, 4), (2, 2, 3), (2, 3, 4), (3, 4, 3), (2, 5, 4), (1, 4, 5)]
    pairs = [(shape, k) for shape in sizes for k in (2, 3, 1) if k <= min(shape[1:])]
    return sorted(pairs, key=lambda pair: (pair[1] == 1, np.prod(pair[0])))


def _patch_cases() -> list[tuple[Array, int]]:
    """Images of one to three channels, never square in all, windows of up to 3×3."""
    rng = np.random.default_rng(9)
    return [(halves(rng, *shape), k) for shape, k in _patch_shapes()]


def _rearranged(
    order: tuple[int, ...], columns_first: bool = False
) -> Callable[[Array, int], Array]:
    """Cut windows and write their three axes in another order: material for wrong answers."""

    def answer(x: Array, k: int) -> Array:
        _, H, W = x.shape
        places = [(i, j) for i in range(H - k + 1) for j in range(W - k + 1)]
        if columns_first:
            places.sort(key=lambda place: place[::-1])
        windows = [x[:, i : i + k, j : j + k].transpose(order).ravel() for i, j in places]
        return np.stack(windows, axis=1)

    return answer


def _framed(x: Array, k: int) -> Array:
    return np.pad(x, ((0, 0), (k // 2, k // 2), (k // 2, k // 2)))


_PATCHES_WRONG = (
    WrongAnswer(
        "windows as rows",
        lambda x, k: _patches_by_loops(x, k).T,
        "Every window is a row. In the matrix product kernels · patches the windows must be the "
        "columns.",
    ),
    WrongAnswer(
        "channels last",
        _rearranged((1, 2, 0)),
        "Within a column the channels alternate: (k, k, C). The kernels are stored as (C, k, k), "
        "all of one channel first, and the columns must be in the same order.",
    ),
    WrongAnswer(
        "columns of the window first",
        _rearranged((0, 2, 1)),
        "Within a column the window is read column by column. Read it row by row, as the kernels "
        "are stored.",
    ),
    WrongAnswer(
        "places column by column",
        _rearranged((0, 1, 2), columns_first=True),
        "Every column is right, but the windows go down the picture before they go to the right. "
        "Go along the rows, or the map comes out transposed.",
    ),
    WrongAnswer(
        "turned windows",
        lambda x, k: _patches_by_loops(x[:, ::-1, ::-1], k)[:, ::-1],
        "Every window is turned by 180 degrees. That belongs to a convolution as mathematicians "
        "write it; here, as in all libraries, nothing is turned.",
    ),
    WrongAnswer(
        "with a frame",
        lambda x, k: _patches_by_loops(_framed(x, k), k),
        "There is a frame of zeros around the picture. In this exercise there is none: only "
        "windows that fit entirely.",
    ),
    WrongAnswer(
        "side by side",
        lambda x, k: np.stack(
            [
                x[:, i : i + k, j : j + k].ravel()
                for i in range(0, x.shape[1] - k + 1, k)
                for j in range(0, x.shape[2] - k + 1, k)
            ],
            axis=1,
        ),
        "The windows lie side by side, as those of a pool. Those of a convolution move by one "
        "pixel at a time and overlap.",
    ),
    WrongAnswer(
        "first channel only",
        lambda x, k: _patches_by_loops(x[:1], k),
        "Only the first channel is cut. A kernel looks at all channels at once: C·k·k rows.",
    ),
    WrongAnswer(
        "last place forgotten",
        lambda x, k: _patches_by_loops(x[:, : max(k, x.shape[1] - 1), : max(k, x.shape[2] - 1)], k),
        "The last row and the last column of windows are missing. There are H − k + 1 places, "
        "not H − k.",
    ),
    WrongAnswer(
        "not flattened",
        lambda x, k: np.stack(
            [
                x[:, i : i + k, j : j + k]
                for i in range(x.shape[1] - k + 1)
                for j in range(x.shape[2] - k + 1)
            ],
            axis=-1,
        ),
        "These are the right windows, and not yet a matrix: each has to become one column of "
        "C·k·k numbers.",
    ),
    WrongAnswer(
        "a list",
        lambda x, k: _patches_by_loops(x, k).tolist(),
        "The function returned a list, needed an array.",
    ),
)


def _examine_patches(answer: Any) -> str:
    n = compare(answer, _patches_by_loops, _patch_cases(), _PATCHES_WRONG)
    return (
        f"All {n} cases agree. kernels.reshape(C_out, -1) @ my_patches(x, k) is now a convolution, "
        "for any number of channels."
    )


patches = Exercise(
    name="ch09.patches",
    task=(
        "every window a column. x has shape (C, H, W). Write my_patches(x, k): an array of shape "
        "(C·k·k, places) whose columns are the k×k windows that fit into x, along the rows of the "
        "picture; within a column all of the first channel comes first, row by row."
    ),
    examine=_examine_patches,
    hints=(
        "Take one channel, 3×3 pixels and k = 2. How many windows are there? Write the four "
        "columns down on paper.",
        "Window (i, j) is x[:, i : i + k, j : j + k], and ravel writes it in the order that is "
        "asked for. Collect the windows with two loops, and stack them.",
        "np.stack(list_of_rows, axis=1) makes each entry a column. Faster: loop over the k·k "
        "entries of a window in place of the places; entry (a, b) of all windows is one slice.",
    ),
    wrong_answers=_PATCHES_WRONG,
    solved_by=_my_patches,
)

# -- 3. And back ------------------------------------------------------------------------------


def _my_fold(columns: Array, shape: tuple[int, int, int], k: int) -> Array:
    """Way back of my_patches: give each pixel the sum of its copies; shape is (C, H, W)."""
    C, H, W = shape
    rows, width = H - k + 1, W - k + 1
    windows = columns.reshape(C, k, k, rows, width)
    x = np.zeros(shape)
    for a in range(k):
        for b in range(k):
            x[:, a : a + rows, b : b + width] += windows[:, a, b]
    return x


def _fold_by_loops(columns: Array, shape: tuple[int, int, int], k: int) -> Array:
    """Add one window after the other."""
    x, place = np.zeros(shape), 0
    for i in range(shape[1] - k + 1):
        for j in range(shape[2] - k + 1):
            x[:, i : i + k, j : j + k] += columns[:, place].reshape(shape[0], k, k)
            place += 1
    return x


def _fold_cases() -> list[tuple[Array, tuple[int, int, int], int]]:
    """Gradients for the patches of the exercise before."""
    rng = np.random.default_rng(10)
    return [
        (halves(rng, C * k * k, (H - k + 1) * (W - k + 1)), (C, H, W), k)
        for (C, H, W), k in _patch_shapes()
    ]


def _last_wins(columns: Array, shape: tuple[int, int, int], k: int) -> Array:
    x, place = np.zeros(shape), 0
    for i in range(shape[1] - k + 1):
        for j in range(shape[2] - k + 1):
            x[:, i : i + k, j : j + k] = columns[:, place].reshape(shape[0], k, k)
            place += 1
    return x


def _first_wins(columns: Array, shape: tuple[int, int, int], k: int) -> Array:
    backwards = _last_wins(columns[::-1, ::-1], shape, k)
    return backwards[::-1, ::-1, ::-1].copy()


def _fold_with(
    order: tuple[int, ...] = (0, 1, 2), columns_first: bool = False, stride: int = 1
) -> Callable[..., Array]:
    """Read the columns in another order: material for wrong answers."""

    def answer(columns: Array, shape: tuple[int, int, int], k: int) -> Array:
        C, H, W = shape
        size = tuple((C, k, k)[axis] for axis in order)
        back = tuple(int(place) for place in np.argsort(order))
        places = [(i, j) for i in range(H - k + 1) for j in range(W - k + 1)]
        if columns_first:
            places.sort(key=lambda place: place[::-1])
        x = np.zeros(shape)
        for place, (i, j) in enumerate(places):
            x[:, i : i + k, j : j + k] += columns[:, place].reshape(size).transpose(back)
        return x

    return answer


def _copies(shape: tuple[int, int, int], k: int) -> Array:
    C, H, W = shape
    return _fold_by_loops(np.ones((C * k * k, (H - k + 1) * (W - k + 1))), shape, k)


_FOLD_WRONG = (
    WrongAnswer(
        "the last copy wins",
        _last_wins,
        "Each window overwrites those before it: = in the place of +=. As long as windows do not "
        "overlap one never notices. A pixel answers for all of its copies: add.",
    ),
    WrongAnswer(
        "the first copy wins",
        _first_wins,
        "Each pixel keeps the gradient of the first window that it is in. It is in others, too, "
        "and has to answer for all of them: add.",
    ),
    WrongAnswer(
        "mean of the copies",
        lambda columns, shape, k: _fold_by_loops(columns, shape, k) / _copies(shape, k),
        "The copies are averaged. That would be the inverse of cutting. The way back is another "
        "thing: raise the pixel a little, and all of its copies rise; the loss feels the sum.",
    ),
    WrongAnswer(
        "channels last",
        _fold_with((1, 2, 0)),
        "Within a column the channels are taken to alternate. All of the first channel comes "
        "first: reshape a column to (C, k, k).",
    ),
    WrongAnswer(
        "window read by columns",
        _fold_with((0, 2, 1)),
        "The window within a column is taken to be written column by column. It was written row "
        "by row.",
    ),
    WrongAnswer(
        "places column by column",
        _fold_with(columns_first=True),
        "The windows are put down the picture first. They were cut along its rows.",
    ),
    WrongAnswer(
        "turned windows",
        lambda columns, shape, k: _fold_with()(
            columns.reshape(shape[0], k, k, -1)[:, ::-1, ::-1].reshape(columns.shape), shape, k
        ),
        "Every window is turned by 180 degrees before it is added. The turned kernel belongs to "
        "another way of writing the same thing, with a convolution of the gradients; here the "
        "columns know their places.",
    ),
    WrongAnswer(
        "largest copy",
        lambda columns, shape, k: np.where(
            _fold_by_loops(columns, shape, k) > 0, _last_wins(columns, shape, k), 0.0
        ),
        "Some gradients are thrown away because they are negative. Gradients have signs, and all "
        "of them count.",
    ),
    WrongAnswer(
        "first channel only",
        lambda columns, shape, k: np.concatenate(
            [_fold_by_loops(columns, shape, k)[:1], np.zeros((shape[0] - 1, *shape[1:]))]
        ),
        "The first channel is right, and the others get nothing.",
    ),
    WrongAnswer(
        "one map for all channels",
        lambda columns, shape, k: _fold_by_loops(columns, shape, k).sum(axis=0),
        "The channels have been added up, too. Each pixel of each channel gets its own sum: the "
        "result has the shape (C, H, W).",
    ),
    WrongAnswer(
        "without k",
        lambda columns, shape: _fold_by_loops(columns, shape, 2),
        "needed (columns, shape, k): 3 of them, in this order.",
    ),
)


def _examine_fold(answer: Any) -> str:
    n = compare(answer, _fold_by_loops, _fold_cases(), _FOLD_WRONG)
    return (
        f"All {n} cases agree. Together with the exercise before you have both ways of a "
        "convolution, and of every other layer that looks through windows."
    )


fold = Exercise(
    name="ch09.fold",
    task=(
        "the way back of my_patches. columns has the shape of what my_patches returns and holds a "
        "gradient for each of its numbers; shape is (C, H, W). Write my_fold(columns, shape, k): "
        "the gradient of each pixel, an array of that shape."
    ),
    examine=_examine_fold,
    hints=(
        "Take one channel, 2×3 pixels and k = 2. There are two windows. Which pixels are in both? "
        "What do they get if all gradients are 1?",
        "Start from zeros. Take the columns one after the other, give each the shape (C, k, k) "
        "again, and add it to the place that it was cut from.",
        "The slice that you cut in the exercise before stands on the left side now, with += "
        "behind it. Count the places along the rows.",
    ),
    wrong_answers=_FOLD_WRONG,
    solved_by=_my_fold,
)

# -- 4. Find the bug --------------------------------------------------------------------------


class Part:
    """A part of a training that may be ill: call it, and send a gradient back through it.

    It does not say which class it is.
    """

    def __init__(self, layer: Any, what: str) -> None:
        self._layer, self._what = layer, what

    def __call__(self, *arguments: Any) -> Any:
        """Compute the output."""
        return self._ask(self._layer.forward, *arguments)

    def backward(self, *arguments: Any) -> Any:
        """Compute the gradient of the input from that of the output."""
        return self._ask(self._layer.backward, *arguments)

    def _ask(self, method: Callable[..., Any], *arguments: Any) -> Any:
        """Call a method of the layer; an error of it does not name its class either."""
        try:
            return method(*arguments)
        except (RuntimeError, TypeError, ValueError) as error:
            words = str(error)
            for name in (repr(self._layer), type(self._layer).__name__):
                words = words.replace(name, self._what)
            unnamed = type(error)(words)
        raise unnamed

    def __repr__(self) -> str:
        return f"{self._what}: call it, then call .backward"


@dataclass(frozen=True, repr=False)
class Case:
    """A training with one of the six bugs, or with none.

    Parameters
    ----------
    _bug : str or None
        A key of ``bugs.BUGS``.
    lr, momentum : float
        Of its SGD.
    channels : pair of int
        Of its convolutions.
    seed : int

    Examples
    --------
    >>> CASES["C"].dropout
    the dropout, p = 0.25: call it, then call .backward
    """

    _bug: str | None
    lr: float = 0.1
    momentum: float = 0.9
    channels: tuple[int, int] = (6, 8)
    seed: int = 0

    def __repr__(self) -> str:
        return (
            f"a training with learning rate {self.lr:g}, momentum {self.momentum:g} and 50 images "
            "a step: look at .loss, .norms, .pool, .flatten, .dropout and .criterion"
        )

    @property
    def loss(self) -> list[float]:
        """Loss of each of 60 steps, in nats."""
        return list(_trace(self).loss)

    @property
    def norms(self) -> dict[str, list[float]]:
        """Size of the gradient of each layer with weights, for each of the steps."""
        return {name: list(sizes) for name, sizes in _trace(self).norms.items()}

    def _part(self, layer: nn.Module) -> nn.Module:
        return layer if self._bug is None else bugs.faulty(layer, self._bug)

    @cached_property
    def pool(self) -> Part:
        """Its 2x2 max pool, for x of shape (N, C, H, W)."""
        return Part(self._part(nn.MaxPool2d(2)), "the 2x2 max pool")

    @cached_property
    def flatten(self) -> Part:
        """Its flatten, for x of shape (N, C, H, W)."""
        return Part(self._part(nn.Flatten()), "the flatten")

    @cached_property
    def dropout(self) -> Part:
        """Its dropout in training mode, p = 0.25."""
        rng = np.random.default_rng(self.seed)
        return Part(self._part(nn.Dropout(0.25, rng=rng)), "the dropout, p = 0.25")

    @cached_property
    def criterion(self) -> Part:
        """Its cross-entropy, called with scores and labels."""
        return Part(bugs.loss(self._bug), "the cross-entropy")


@cache
def _trace(case: Case) -> bugs.Trace:
    """Train once, when somebody asks."""
    split = datasets.digits(size=8, train=500, seed=case.seed)
    model = bugs.network(np.random.default_rng(case.seed), case.channels)
    return bugs.train(
        model,
        split.x_train,
        split.y_train,
        bug=case._bug,
        steps=60,
        every=60,
        lr=case.lr,
        momentum=case.momentum,
        rng=np.random.default_rng(case.seed + 1),
    )


CASES = {
    "A": Case("no_rescale", seed=1),
    "B": Case("wrong_order", lr=0.5, momentum=0.0, channels=(8, 8), seed=2),
    "C": Case(None, lr=0.01, seed=3),
    "D": Case("zero_start", lr=0.3, momentum=0.5, seed=4),
    "E": Case("no_zero_grad", channels=(6, 12), seed=5),
    "F": Case("no_mean", lr=0.002, seed=6),
    "G": Case("lost_gradient", lr=0.3, momentum=0.5, seed=7),
}
_CHOICES = ("healthy", *bugs.BUGS)
_FOUND = {name: case._bug or "healthy" for name, case in CASES.items()}
_DIAGNOSIS_STUB = """
my_diagnosis = {
    "A": ...,  # "healthy", "lost_gradient", "zero_start", "wrong_order",
    "B": ...,  # "no_rescale", "no_mean" or "no_zero_grad"
    "C": ...,
    "D": ...,
    "E": ...,
    "F": ...,
    "G": ...,
}
"""
_DIAGNOSIS_SOLUTION = """
x = np.random.default_rng(0).standard_normal((2, 3, 4, 4))  # also negative
largest = x.reshape(2, 3, 2, 2, 2, 2).max(axis=(3, 5))


def examined(case):
    pool, flatten, criterion = case.pool, case.flatten, case.criterion
    y, row = pool(x), flatten(x)
    criterion(np.zeros((2, 2)), np.array([0, 1]))
    if not np.allclose(y, largest):
        return "zero_start"
    if not pool.backward(np.ones_like(y)).any():
        return "lost_gradient"
    if not np.allclose(flatten.backward(row), x):  # there and back again
        return "wrong_order"
    if abs(case.dropout(np.ones((2000, 8))).mean() - 1) > 0.1:
        return "no_rescale"
    if np.abs(criterion.backward()).max() > 0.3:  # 0.5 / 2 is right
        return "no_mean"
    # no part is ill: does it learn?
    start, end = np.mean(case.loss[:10]), np.mean(case.loss[-10:])
    return "no_zero_grad" if end > start else "healthy"


my_diagnosis = {name: examined(case) for name, case in ch09.CASES.items()}
"""


def _diagnosed(**changed: str) -> dict[str, str]:
    """Give the right diagnoses, some of them changed: the material for wrong answers."""
    return _FOUND | changed


_DIAGNOSIS_WRONG = (
    WrongAnswer(
        "all healthy",
        dict.fromkeys(_FOUND, "healthy"),
        "Look at more than one number. How large is the gradient of each layer, at the first step "
        "and later? And try the parts on inputs of your own.",
    ),
    WrongAnswer(
        "curves only",
        _diagnosed(A="healthy", D="healthy", F="healthy"),
        "Those that cannot be missed in a curve of the loss are found. One more shows in the size "
        "of its gradients at the first step; the others are found in their parts: feed them noise, "
        "ones, scores you know the answer for.",
    ),
    WrongAnswer(
        "the sleeper overlooked",
        _diagnosed(D="healthy"),
        "Its training is as good as any, because behind a ReLU nothing is negative. Give its pool "
        "a window of negative numbers.",
    ),
    WrongAnswer(
        "the scale overlooked",
        _diagnosed(A="healthy"),
        "It learns, and forth and back fit together. Send ones through its dropout: what is their "
        "mean afterwards, and what should it be?",
    ),
    WrongAnswer(
        "the sum hidden by a small rate",
        _diagnosed(F="healthy"),
        "Its learning rate is fifty times smaller than usual, and fifty images are in a step. Two "
        "faults that cancel look like health. Compute one gradient of the loss by hand.",
    ),
    WrongAnswer(
        "slow taken for ill",
        _diagnosed(C="lost_gradient"),
        "It learns slowly, and so it should, with that learning rate. Is any gradient 0?",
    ),
    WrongAnswer(
        "slow taken for a wrong order",
        _diagnosed(C="wrong_order"),
        "It has hardly begun to learn. Is that a bug, or a learning rate? Send something through "
        "its flatten and straight back.",
    ),
    WrongAnswer(
        "wrong order taken for a lost gradient",
        _diagnosed(B="lost_gradient"),
        "The convolutions do not learn what they should. But they get gradients, and not small "
        "ones: none is lost. Are they the right ones?",
    ),
    WrongAnswer(
        "wrong order overlooked",
        _diagnosed(B="healthy"),
        "Every gradient has a healthy size, that is true. Is each in its place? Send an array "
        "through the flatten and straight back again: it should come home as it left.",
    ),
    WrongAnswer(
        "piling up taken for a missing mean",
        _diagnosed(E="no_mean"),
        "Its gradients get too large, that is true, but are they so from the first step on? Look "
        "at how they grow.",
    ),
    WrongAnswer(
        "a lost gradient taken for a wrong order",
        _diagnosed(G="wrong_order"),
        "The convolutions learn nothing, and the dense layer does. How large is what arrives at "
        "the convolutions: the wrong numbers, or none?",
    ),
    WrongAnswer(
        "a lost gradient taken for dead units",
        _diagnosed(G="no_mean"),
        "A missing 1/N can kill the convolutions, too. But before they die they have a gradient. "
        "Look at the very first step.",
    ),
    WrongAnswer(
        "one missing",
        {name: bug for name, bug in _FOUND.items() if name != "F"},
        "Still to predict: 'F'.",
    ),
    WrongAnswer(
        "in other words",
        _diagnosed(C="fine"),
        "The entry 'C' is 'fine', needed 'healthy' or",
    ),
    WrongAnswer(
        "a list",
        list(_FOUND.values()),
        "the answer has type list.",
    ),
)


def _examine_diagnosis(answer: Any) -> str:
    otherwise = (
        "Go through the instruments one by one: the sizes of the gradients at the first step and "
        "later; the pool on negative numbers, forth and back; the flatten there and back; the mean "
        "of ones behind the dropout; one gradient of the loss."
    )
    compare_tables(answer, _FOUND, _DIAGNOSIS_WRONG, otherwise, _CHOICES)
    return (
        "All seven. None raised an error, and three of the ill ones learn as if nothing were the "
        "matter: two of them no curve shows; the third has gradients fifty times too large from "
        "step 1 on."
    )


diagnosis = Exercise(
    name="ch09.diagnosis",
    task=(
        "seven trainings, ch09.CASES['A'] to ch09.CASES['G']; each has one of the six bugs of "
        "the chapter or none. Look at what was measured (case.loss, case.norms), try its parts "
        "(case.pool, case.flatten, case.dropout, case.criterion: call them, then call .backward), "
        "and fill in my_diagnosis with the names of bugs.BUGS."
    ),
    examine=_examine_diagnosis,
    hints=(
        "Sort them first by their curves and gradients: which layers get nothing, from when on; "
        "whose gradients are far larger than the others', and from the first step or only later? "
        "Then think of a test for each bug that no curve shows.",
        "Tests of parts: noise with negative numbers through the pool; any array through the "
        "flatten and straight back; thousands of ones through the dropout; equal scores into the "
        "criterion, whose gradient you can compute by hand.",
        "For two classes, two images and equal scores every gradient of the loss is ±0.25. If all "
        "parts are right and the loss climbs all the same, the fault is in the loop.",
    ),
    wrong_answers=_DIAGNOSIS_WRONG,
    solved_by=_DIAGNOSIS_SOLUTION,
    starts_from=_DIAGNOSIS_STUB,
    time_limit=30.0,
)

# -- 5. A recipe ------------------------------------------------------------------------------

MOST_WEIGHTS, LEAST_RIGHT, MOST_SECONDS = 10_000, 0.97, 60


def _my_recipe(x: Array, y: Array, seed: int) -> nn.Module:
    """Build a network for digits x (N, 1, 8, 8) with classes y, train it, and return it."""
    from cnnlab import nn, optim, training

    rng = np.random.default_rng(seed)
    model = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1, rng=rng),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1, rng=rng),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(32 * 4 * 4, 10, rng=rng),
    )
    optimizer = optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    schedule = optim.CosineSchedule(optimizer, steps=15 * len(x) // 20)  # ends with small steps
    training.fit(
        model, x, y, optimizer=optimizer, schedule=schedule, epochs=15, batch_size=20, rng=rng
    )
    return model


def _dense_only(x: Array, y: Array, seed: int) -> nn.Module:
    """Build what does not fit: one hidden layer of 200 units."""
    rng = np.random.default_rng(seed)
    return nn.Sequential(
        nn.Flatten(), nn.Linear(64, 200, rng=rng), nn.ReLU(), nn.Linear(200, 10, rng=rng)
    )


def _small(seed: int, outputs: int = 10) -> nn.Sequential:
    rng = np.random.default_rng(seed)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, rng=rng), nn.ReLU(), nn.Flatten(), nn.Linear(144, outputs, rng=rng)
    )


def _fitted(model: nn.Module, x: Array, y: Array, epochs: int, lr: float = 0.1) -> Any:
    from cnnlab import optim

    optimizer = optim.SGD(model.parameters(), lr=lr)
    rng = np.random.default_rng(0)
    return training.fit(model, x, y, optimizer=optimizer, epochs=epochs, rng=rng)


def _trained_once(x: Array, y: Array, seed: int) -> nn.Module:
    model = _small(seed)
    _fitted(model, x, y, epochs=1)
    return model


def _history(x: Array, y: Array, seed: int) -> Any:
    return _fitted(_small(seed), x, y, epochs=1)


def _scores(x: Array, y: Array, seed: int) -> Any:
    return _small(seed)(x)


def _no_flatten(x: Array, y: Array, seed: int) -> nn.Module:
    rng = np.random.default_rng(seed)
    return nn.Sequential(nn.Conv2d(1, 10, 3, rng=rng), nn.ReLU(), nn.MaxPool2d(2))


_RECIPE_WRONG = (
    WrongAnswer(
        "never trained",
        lambda x, y, seed: _small(seed),
        "That is what guessing gives: about one in ten. Has the network been trained, and with an "
        "optimizer that holds its parameters?",
    ),
    WrongAnswer(
        "too many weights",
        _dense_only,
        "Which layer has most of them? A convolution shares its weights, and a pool before the "
        "flatten leaves the dense layer fewer places to look at.",
    ),
    WrongAnswer(
        "one epoch",
        _trained_once,
        "It has learned something, and not enough. More epochs? Momentum? More maps, or a second "
        "convolution? Change one thing at a time.",
    ),
    WrongAnswer(
        "the history",
        _history,
        "The function returned a History, needed the trained network. fit tells how the training "
        "went; the network itself is what you passed to it.",
    ),
    WrongAnswer(
        "scores",
        _scores,
        "The function returned scores for the training images, needed the network that makes them.",
    ),
    WrongAnswer(
        "nothing",
        lambda x, y, seed: None,
        "The function returned None. Is the return missing?",
    ),
    WrongAnswer(
        "nine classes",
        lambda x, y, seed: _small(seed, outputs=9),
        "Needed are 10 scores for each image, one for each digit from 0 to 9.",
    ),
    WrongAnswer(
        "maps in the place of scores",
        _no_flatten,
        "These are maps, not scores: behind them a flatten and a dense layer are still missing.",
    ),
    WrongAnswer(
        "without the seed",
        lambda x, y: _small(0),
        "needed (x, y, seed): 3 of them, in this order.",
    ),
)


def _examine_recipe(answer: Any) -> str:
    check_function(answer, _my_recipe)
    split = datasets.digits(size=8, train=1000, seed=9)
    began = time.monotonic()
    model, _ = call(answer, split.x_train, split.y_train, 0)
    seconds = time.monotonic() - began
    if not isinstance(model, nn.Module):
        raise NotYet(_no_network(model))
    weights = sum(parameter.size for parameter in model.parameters())
    if weights > MOST_WEIGHTS:
        raise NotYet(f"The network has {weights:,} weights, at most 10,000. {_says(1)}")
    scores = call(model.eval().forward, split.x_test)[0]
    shape = (len(split.x_test), 10)
    if not isinstance(scores, np.ndarray) or scores.shape != shape:
        got = getattr(scores, "shape", type(scores).__name__)
        why = _says(7) if len(np.shape(scores)) > 2 else _says(6)
        raise NotYet(f"For {shape[0]} images the network gives {got}. {why}")
    right = float(np.mean(scores.argmax(axis=1) == split.y_test))
    if right < LEAST_RIGHT:
        raise NotYet(
            f"{weights:,} weights, {seconds:.0f} s; {right:.1%} of the test digits are right, "
            f"needed 97 %. {_says(0) if right < 0.25 else _says(2)}"
        )
    return (
        f"{weights:,} weights, and {right:.1%} of 797 digits that it has never seen. (The checker "
        "has its own split, so a network that knew your test digits would gain nothing here.)"
    )


def _says(number: int) -> str:
    return _RECIPE_WRONG[number].says


def _no_network(result: Any) -> str:
    """Say what came in the place of a network."""
    if result is None:
        return _says(5)
    if isinstance(result, training.History):
        return _says(3)
    if isinstance(result, np.ndarray) and result.ndim == 2:
        return _says(4)
    return f"The function returned a {type(result).__name__}, needed a network: an nn.Module."


recipe = Exercise(
    name="ch09.recipe",
    task=(
        "build and train a network of your own. x holds 1000 digits of shape (1, 8, 8), y their "
        "classes. Write my_recipe(x, y, seed): it returns the trained network, a module of "
        "cnnlab.nn with at most 10 000 weights, within 60 seconds, that puts at least 97 % of "
        "797 other digits right."
    ),
    examine=_examine_recipe,
    hints=(
        "Start from the network of the chapter. How many weights does each of its layers have, "
        "and how often does it see each image?",
        "nn.Sequential of two convolutions with ReLUs and a pool, a flatten and a linear layer; "
        "optim.SGD with momentum; training.fit does the loop. Print what evaluation says, on "
        "digits of your own split.",
        "16 and 32 maps, a learning rate of 0.05 with a momentum of 0.9, small batches and fifteen "
        "epochs are enough, and an optim.CosineSchedule makes the last steps small ones.",
    ),
    wrong_answers=_RECIPE_WRONG,
    solved_by=_my_recipe,
    time_limit=float(MOST_SECONDS),
    needs="data",
)

EXERCISES = (dense_gradients, patches, fold, diagnosis, recipe)
