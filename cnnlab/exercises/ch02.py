"""Exercises of chapter 2, *Why do we pool after convolution?* NumPy is all they need.

>>> from cnnlab.exercises import ch02
>>> for exercise in ch02.EXERCISES:
...     print(exercise.name, "->", exercise.answer_name)
ch02.max_pool2d -> my_max_pool2d
ch02.parameter_table -> my_table
ch02.receptive_field -> my_receptive_field
ch02.fast_max_pool2d -> my_fast_pool
ch02.design_stack -> my_stack
"""

import contextlib
import io
import math
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from statistics import median
from typing import Any

import numpy as np

from cnnlab._types import Array
from cnnlab.exercises.cases import pool_geometries
from cnnlab.exercises.core import (
    Exercise,
    NotAttempted,
    NotYet,
    WrongAnswer,
    compare,
    compare_tables,
)

__all__ = [
    "EXERCISES",
    "design_stack",
    "fast_max_pool2d",
    "max_pool2d",
    "parameter_table",
    "receptive_field",
    "slow_pool",
    "speedup",
]

# -- 1. Max pooling, any window, any stride ---------------------------------------------------


def _my_max_pool2d(x: Array, kernel_size: int, stride: int) -> Array:
    """Largest value of every window of x, an array of shape (H, W)."""
    H, W = x.shape
    H_out = (H - kernel_size) // stride + 1
    W_out = (W - kernel_size) // stride + 1
    y = np.empty((H_out, W_out), dtype=x.dtype)
    for i in range(H_out):
        for j in range(W_out):
            top, left = i * stride, j * stride
            y[i, j] = x[top : top + kernel_size, left : left + kernel_size].max()
    return y


def _pool_cases() -> list[tuple[Array, int, int]]:
    """Maps of 1 to 6 rows and columns, every window and stride up to 3, then larger ones.

    The values are multiples of 1/2, so that no result depends on rounding; every fourth map
    has only negative values. Sorted by size, windows of one pixel last.
    """
    rng = np.random.default_rng(2)
    cases = []
    for number, (shape, kernel_size, stride) in enumerate(pool_geometries()):
        halves = rng.permutation(np.arange(-96, 97))[: math.prod(shape)].reshape(shape)
        x = -abs(halves) - 1 if number % 4 == 1 else halves
        cases.append((x / 2, kernel_size, stride))
    return cases


def _pool(
    x: Array,
    kernel_size: int,
    stride: int,
    reduce: Callable[[Array], Any] = np.max,
    size: Callable[[int, int, int], int] = lambda n, k, s: (n - k) // s + 1,
    reach: int = 0,
) -> Array:
    """Pool with one thing done differently: the material for wrong answers."""
    H_out, W_out = (size(n, kernel_size, stride) for n in x.shape)
    y = np.zeros((H_out, W_out))
    for i in range(H_out):
        for j in range(W_out):
            top, left = i * stride, j * stride
            end = kernel_size + reach
            y[i, j] = reduce(x[top : top + end, left : left + end])
    return y


def _rounded_up(n: int, k: int, s: int) -> int:
    """Output size with partly filled windows at the border, but none that starts outside."""
    size = math.ceil((n - k) / s) + 1
    return size - ((size - 1) * s >= n)


def _pool_in_place(x: Array, kernel_size: int, stride: int) -> Array:
    y = _my_max_pool2d(x, kernel_size, stride)
    x[: y.shape[0], : y.shape[1]] = y
    return x[: y.shape[0], : y.shape[1]]


def _print_pool(x: Array, kernel_size: int, stride: int) -> None:
    print(_my_max_pool2d(x, kernel_size, stride))


_POOL_WRONG = (
    WrongAnswer(
        "average instead of max",
        lambda x, k, s: _pool(x, k, s, np.mean),
        "This is the average of each window. Max pooling keeps the largest value and lets the "
        "others go.",
    ),
    WrongAnswer(
        "running maximum starts at 0",
        lambda x, k, s: _pool(x, k, s, lambda w: w.max(initial=0)),
        "This is what comes out when the running maximum starts at 0: where all values of a "
        "window are negative, 0 wins without being in it. Start from −∞, or from the window's "
        "first value.",
    ),
    WrongAnswer(
        "minimum instead of max",
        lambda x, k, s: _pool(x, k, s, np.min),
        "This is the smallest value of each window. Is a comparison the wrong way round?",
    ),
    WrongAnswer(
        "largest absolute value",
        lambda x, k, s: _pool(x, k, s, lambda w: abs(w).max()),
        "This is the largest absolute value of each window. The maximum knows the sign: of −5 "
        "and −1 it is −1.",
    ),
    WrongAnswer(
        "sum of the window",
        lambda x, k, s: _pool(x, k, s, np.sum),
        "This is the sum of each window. Max pooling adds nothing up, it picks one value.",
    ),
    WrongAnswer(
        "first value of the window",
        lambda x, k, s: _pool(x, k, s, lambda w: w[0, 0]),
        "This is the first value of each window. That is downsampling without pooling: the "
        "other values were never looked at.",
    ),
    WrongAnswer(
        "ceil for floor",
        lambda x, k, s: _pool(x, k, s, size=_rounded_up),
        "There is a window that hangs over the border. By the floor rule only windows that fit "
        "completely count: along each side (size − kernel_size) // stride + 1 of them.",
    ),
    WrongAnswer(
        "one window for every stride begun",
        lambda x, k, s: _pool(x, k, s, size=lambda n, k, s: math.ceil(n / s)),
        "There is a window at every multiple of the stride, also where it no longer fits. Only "
        "windows that fit completely count: (size − kernel_size) // stride + 1 along each side.",
    ),
    WrongAnswer(
        "size divided by the stride",
        lambda x, k, s: _pool(x, k, s, size=lambda n, k, s: n // s),
        "The number of windows is size // stride here. That is only right if windows neither "
        "overlap nor leave gaps; in general it is (size − kernel_size) // stride + 1.",
    ),
    WrongAnswer(
        "the + 1 forgotten",
        lambda x, k, s: _pool(x, k, s, size=lambda n, k, s: (n - k) // s),
        "The last row and the last column of windows are lost. (size − kernel_size) // stride "
        "counts the steps; there is one window more than steps.",
    ),
    WrongAnswer(
        "kernel and stride swapped",
        lambda x, k, s: _pool(x, s, k),
        "This is what comes out when kernel_size and stride are swapped: kernel_size is how far "
        "a window reaches, stride is how far it moves.",
    ),
    WrongAnswer(
        "stride ignored",
        lambda x, k, s: _pool(x, k, 1),
        "The window moves by one pixel, whatever the stride. Window (i, j) starts at row "
        "i · stride, column j · stride.",
    ),
    WrongAnswer(
        "stride taken for the kernel size",
        lambda x, k, s: _pool(x, k, k),
        "The window always moves by its own size. That is only the default; here the stride may "
        "be smaller (windows overlap) or larger (pixels between them are skipped).",
    ),
    WrongAnswer(
        "window one pixel short",
        lambda x, k, s: _pool(x, k, s, lambda w: w.max(initial=-np.inf), reach=-1),
        "Each window is one row and one column too small. A slice ends before its second "
        "number: x[a:a+kernel_size] has kernel_size rows.",
    ),
    WrongAnswer(
        "window one pixel long",
        lambda x, k, s: _pool(x, k, s, reach=1),
        "Each window is one row and one column too large. A slice ends before its second "
        "number: x[a:a+kernel_size] has kernel_size rows.",
    ),
    WrongAnswer(
        "rows and columns exchanged",
        lambda x, k, s: _pool(x.T, k, s),
        "Rows and columns are exchanged: row i of the result belongs to the rows of x from "
        "i · stride.",
    ),
    WrongAnswer(
        "whole-number result",
        lambda x, k, s: _pool(x, k, s).astype(int),
        "The decimals are cut off: the result array was made for whole numbers. Make it with "
        "dtype=x.dtype.",
    ),
    WrongAnswer(
        "maximum of the whole map",
        lambda x, k, s: np.full_like(_pool(x, k, s), x.max()),
        "Every entry is the maximum of the whole map. Take the maximum of one window at a time.",
    ),
    WrongAnswer(
        "writes into its argument",
        _pool_in_place,
        "Your function changed its argument.",
    ),
    WrongAnswer(
        "returns a list",
        lambda x, k, s: _my_max_pool2d(x, k, s).tolist(),
        "The function returned a list, needed an array.",
    ),
    WrongAnswer(
        "prints instead of returning",
        _print_pool,
        "print shows a value, only return hands it on.",
    ),
    WrongAnswer(
        "fixed window",
        lambda x: _pool(x, 2, 2),
        "needed (x, kernel_size, stride): 3 of them, in this order.",
    ),
)


def _examine_pool(answer: Any) -> str:
    n = compare(answer, _my_max_pool2d, _pool_cases(), _POOL_WRONG)
    return (
        f"All {n} maps agree: any window, any stride, negative values, and the rows and columns "
        "that the floor rule leaves out."
    )


max_pool2d = Exercise(
    name="ch02.max_pool2d",
    task=(
        "write my_max_pool2d(x, kernel_size, stride): the largest value of every square window "
        "of x, an array of shape (H, W). No padding, and only windows that fit completely."
    ),
    examine=_examine_pool,
    hints=(
        "How many windows fit side by side into W columns? Count them on paper for W = 7, a "
        "window of 3 and a stride of 2, then for W = 8.",
        "Along a side of n pixels there are (n − kernel_size) // stride + 1 windows. Make an "
        "empty result of that shape and fill it with two loops.",
        "Window (i, j) starts at row i · stride and column j · stride, and is kernel_size "
        "pixels high and wide. Cut it out as a slice, and ask the slice for its max().",
    ),
    wrong_answers=_POOL_WRONG,
    solved_by=_my_max_pool2d,
)

# -- 2. Predict the parameters of four networks -----------------------------------------------

_SIDE, _CHANNELS, _CLASSES = 16, (1, 8, 16, 16), 10
_TABLE_STUB = """
my_table = {
    "max + flatten": ...,
    "max + gap": ...,
    "none + flatten": ...,
    "none + gap": ...,
}
"""
_TABLE_SOLUTION = """
convolutions = (3 * 3 * 1 * 8 + 8) + (3 * 3 * 8 * 16 + 16) + (3 * 3 * 16 * 16 + 16)
my_table = {
    "max + flatten": convolutions + (4 * 4 * 16) * 10 + 10,  # 16 -> 8 -> 4 pixels a side
    "max + gap": convolutions + 16 * 10 + 10,  # one number per channel is left
    "none + flatten": convolutions + (16 * 16 * 16) * 10 + 10,
    "none + gap": convolutions + 16 * 10 + 10,
}
"""


def _side(down: str, pools: int = 2) -> int:
    """Side of the map before the head, in pixels."""
    return _SIDE // 2**pools if down == "max" else _SIDE


def _convolutions(down: str, bias: int = 1, all_inputs: bool = True) -> int:
    """Parameters of the three 3x3 convolutions; they do not depend on the pool."""
    return sum(
        3 * 3 * (C_in if all_inputs else 1) * C_out + bias * C_out
        for C_in, C_out in pairwise(_CHANNELS)
    )


def _features(down: str, head: str) -> int:
    """How many numbers the head hands to the linear layer."""
    return _CHANNELS[-1] * (_side(down) ** 2 if head == "flatten" else 1)


def _table(
    convolutions: Callable[[str], int] = _convolutions,
    features: Callable[[str, str], int] = _features,
    pool: int = 0,
    bias: int = 1,
) -> dict[str, int]:
    """Count the parameters of the four networks, possibly with one thing done differently."""
    return {
        f"{down} + {head}": convolutions(down)
        + (2 * pool if down == "max" else 0)
        + features(down, head) * _CLASSES
        + bias * _CLASSES
        for down in ("max", "none")
        for head in ("flatten", "gap")
    }


def _locally_connected(down: str) -> int:
    """Parameters if every position had a kernel of its own."""
    sides = (_SIDE, _side(down, 1), _side(down, 2))
    pairs = zip(_CHANNELS, _CHANNELS[1:], sides, strict=False)
    return sum((9 * C_in * C_out + C_out) * side**2 for C_in, C_out, side in pairs)


def _shrunk(down: str) -> int:
    """Parameters if a pool divided those of every later convolution by four."""
    sides = (_SIDE, _side(down, 1), _side(down, 2))
    pairs = zip(_CHANNELS, _CHANNELS[1:], sides, strict=False)
    return sum((9 * C_in * C_out + C_out) * side**2 // _SIDE**2 for C_in, C_out, side in pairs)


def _activations(down: str, head: str) -> int:
    sides = (_SIDE, _side(down, 1), _side(down, 2))
    return sum(C * side**2 for C, side in zip(_CHANNELS[1:], sides, strict=True))


_TABLE_WRONG = (
    WrongAnswer(
        "no biases at all",
        _table(lambda d: _convolutions(d, bias=0), bias=0),
        "That is the count without biases: each convolution has one per output channel, the "
        "linear layer one per class.",
    ),
    WrongAnswer(
        "no biases in the convolutions",
        _table(lambda d: _convolutions(d, bias=0)),
        "That is the count without the convolutions' biases, one per output channel.",
    ),
    WrongAnswer(
        "no bias in the linear layer",
        _table(bias=0),
        "That is the count without the linear layer's biases, one per class.",
    ),
    WrongAnswer(
        "input channels forgotten",
        _table(lambda d: _convolutions(d, all_inputs=False)),
        "That is the count with 3 · 3 weights per output channel. A kernel reaches through all "
        "input channels: 3 · 3 · C_in weights for each.",
    ),
    WrongAnswer(
        "weights for the pool",
        _table(pool=4),
        "That is the count with 2 · 2 weights for each pool. A max pool has nothing to learn: "
        "it compares.",
    ),
    WrongAnswer(
        "a kernel at every position",
        _table(_locally_connected),
        "That is the count if every position had a kernel of its own. A convolution uses the "
        "same kernel everywhere, so its weights do not depend on the size of the map.",
    ),
    WrongAnswer(
        "the pool shrinks later kernels",
        _table(_shrunk),
        "That is the count if a pool divided the weights of later convolutions by four. It "
        "divides their positions; their kernels stay 3 · 3 · C_in · C_out.",
    ),
    WrongAnswer(
        "half the values instead of half the side",
        _table(features=lambda d, h: 16 * (_side(d, 1) ** 2 if h == "flatten" else 1)),
        "That is the count for 8 · 8 · 16 inputs of the linear layer: for one pool instead of "
        "two, or for pools that halve the number of values. Each of the two halves the side, so "
        "it leaves a quarter of the values.",
    ),
    WrongAnswer(
        "three pools counted",
        _table(features=lambda d, h: 16 * (_side(d, 3) ** 2 if h == "flatten" else 1)),
        "That is the count with three pools. There are two, one after the first and one after "
        "the second convolution; the third hands its map straight to the head.",
    ),
    WrongAnswer(
        "flatten without the channels",
        _table(features=lambda d, h: _side(d) ** 2 if h == "flatten" else 16),
        "That is the count if one channel were flattened. All 16 channels are put in a row.",
    ),
    WrongAnswer(
        "GAP averages the channels too",
        _table(features=lambda d, h: _features(d, h) if h == "flatten" else 1),
        "That is the count if GAP left a single number. It averages over positions only: one "
        "number for each of the 16 channels is left.",
    ),
    WrongAnswer(
        "GAP head like flatten",
        _table(features=lambda d, h: _features(d, "flatten")),
        "That is what a flatten head would have. GAP first averages every channel to one number.",
    ),
    WrongAnswer(
        "no linear layer after GAP",
        {name: n if "flatten" in name else _convolutions("none") for name, n in _table().items()},
        "That is the convolutions alone. After the averaging, a linear layer makes 10 classes "
        "out of 16 channels, biases included.",
    ),
    WrongAnswer(
        "padding forgotten",
        _table(
            features=lambda d, h: 16 * (10 * 10 if d == "none" else 4 * 4) if h[0] == "f" else 16
        ),
        "That is the count if every convolution cut off a border of one pixel. With 'same' "
        "padding the map keeps its size.",
    ),
    WrongAnswer(
        "activations instead of parameters",
        _table(lambda d: 0, lambda d, h: 0, bias=0)
        | {f"{d} + {h}": _activations(d, h) for d in ("max", "none") for h in ("flatten", "gap")},
        "That is the number of values the convolutions compute, the activations. Parameters are "
        "the weights and biases that are learnt.",
    ),
    WrongAnswer(
        "a list",
        list(_table().values()),
        "as in the stub; the answer has type list.",
    ),
    WrongAnswer(
        "a string",
        _table() | {"max + gap": "3738"},
        "The entry 'max + gap' has type str, needed one whole number.",
    ),
    WrongAnswer(
        "one entry missing",
        {name: n for name, n in _table().items() if name != "none + gap"},
        "Still to predict: 'none + gap'.",
    ),
)


def _examine_table(answer: Any) -> str:
    table = _table()
    otherwise = (
        "Go through the network layer by layer and write down each layer's weights and biases; "
        "only then add them up."
    )
    compare_tables(answer, table, _TABLE_WRONG, otherwise)
    flatten = table["none + flatten"] - table["max + flatten"]
    return (
        f"Under a flatten the two pools save {flatten:,} parameters, all of them in the linear "
        "layer. Under global average pooling they save none."
    )


parameter_table = Exercise(
    name="ch02.parameter_table",
    task=(
        "predict the number of parameters of four networks before you run them. All are conv, "
        "ReLU, down, conv, ReLU, down, conv, ReLU, head, linear to 10 classes, for grey images "
        "of 16x16 pixels; the convolutions are 3x3 with 'same' padding and a bias, with 8, 16 "
        "and 16 output channels. down is a 2x2 max pool with stride 2 or nothing at all, head "
        "is a flatten or global average pooling (gap)."
    ),
    examine=_examine_table,
    hints=(
        "Which of the layers have parameters at all? And which of those can notice that a pool "
        "made the map smaller?",
        "A convolution has 3 · 3 · C_in · C_out weights and C_out biases, wherever it stands. "
        "So the four networks differ in one layer only.",
        "The linear layer has (number of inputs) · 10 weights and 10 biases. Its inputs are "
        "side · side · 16 after a flatten and 16 after gap; what is the side with two pools?",
    ),
    wrong_answers=_TABLE_WRONG,
    solved_by=_TABLE_SOLUTION,
    starts_from=_TABLE_STUB,
)

# -- 3. The receptive field -------------------------------------------------------------------

Layers = Sequence[tuple[int, int]]


def _my_receptive_field(layers: Layers) -> int:
    """Receptive field of (kernel_size, stride) layers, in pixels."""
    r = 1  # one pixel sees itself
    jump = 1  # distance, in input pixels, of neighbouring values
    for kernel_size, stride in layers:
        r = r + (kernel_size - 1) * jump
        jump = jump * stride
    return r


def _measured_field(layers: Layers) -> int:
    """Follow one output value back to the input: the first and the last pixel it sees.

    Another way than the formula, so that the two confirm one another.
    """
    first = last = 0
    for kernel_size, stride in reversed(layers):
        first, last = first * stride, last * stride + kernel_size - 1
    return last - first + 1


def _field_cases() -> list[tuple[list[tuple[int, int]]]]:
    """Every stack of one or two layers from a few kinds, then random ones and the empty one."""
    kinds = [(3, 1), (2, 2), (5, 1)]
    cases = [[a] for a in kinds] + [[a, b] for a in kinds for b in kinds]
    cases += [[(3, 2)], *([a, (3, 2)] for a in kinds), *([(3, 2), a] for a in kinds)]
    cases += [[(3, 1), (2, 2), (3, 1)], [(3, 1), (2, 2), (3, 1), (2, 2), (3, 1)]]
    rng = np.random.default_rng(2)
    for n in range(3, 10):
        for _ in range(10):
            kernels, strides = rng.integers(1, 8, n).tolist(), rng.integers(1, 4, n).tolist()
            cases.append(list(zip(kernels, strides, strict=True)))
    return [(case,) for case in [*cases, []]]


def _field(
    layers: Layers,
    grow: Callable[[int, int, int, int], int],
    step: Callable[[int, int], int] = lambda jump, s: jump * s,
    start: int = 1,
) -> int:
    """Compute the field with one thing done differently: the material for wrong answers."""
    r, jump = start, 1
    for k, s in layers:
        r, jump = grow(r, jump, k, s), step(jump, s)
    return r


def _field_by_emptying(layers: list[tuple[int, int]]) -> int:
    r = 1
    while layers:
        k, s = layers.pop()
        r = (r - 1) * s + k
    return r


_FIELD_WRONG = (
    WrongAnswer(
        "k instead of k − 1",
        lambda layers: _field(layers, lambda r, jump, k, s: r + k * jump),
        "Each layer adds kernel_size jumps here. A window of k values spans k − 1 steps, so the "
        "field grows by (k − 1) jumps: a 3x3 layer on pixels sees 3 of them, not 4.",
    ),
    WrongAnswer(
        "jump updated before use",
        lambda layers: _field(layers, lambda r, jump, k, s: r + (k - 1) * jump * s),
        "A layer's own stride is already in its own growth here. Its window looks at the values "
        "before the stride: let the field grow first, then multiply the jump.",
    ),
    WrongAnswer(
        "stride ignored",
        lambda layers: _field(layers, lambda r, jump, k, s: r + k - 1),
        "This is what comes out when the strides are ignored. Behind a stride of 2, "
        "neighbouring values stand two pixels apart, so everything that follows reaches twice "
        "as far.",
    ),
    WrongAnswer(
        "own stride instead of the jump",
        lambda layers: _field(layers, lambda r, jump, k, s: r + (k - 1) * s),
        "Each layer's growth is multiplied by its own stride here. What counts is the product "
        "of the strides of all layers before it.",
    ),
    WrongAnswer(
        "jump is the last stride only",
        lambda layers: _field(layers, lambda r, j, k, s: r + (k - 1) * j, lambda j, s: s),
        "The jump is the stride of the layer before here. Strides multiply: behind two strides "
        "of 2, neighbours stand 4 pixels apart.",
    ),
    WrongAnswer(
        "jump adds the strides",
        lambda layers: _field(layers, lambda r, j, k, s: r + (k - 1) * j, lambda j, s: j + s - 1),
        "The strides are added up here. They multiply: behind two strides of 3, neighbours "
        "stand 9 pixels apart.",
    ),
    WrongAnswer(
        "a stride doubles the field",
        lambda layers: _field(layers, lambda r, jump, k, s: r * s if s > 1 else r + (k - 1) * jump),
        "A layer with a stride multiplies the field here. The stride multiplies the jump, the "
        "distance of neighbours; the field grows by (k − 1) jumps only. 3x3 and then a 2x2 "
        "pool see 4 pixels, not 6.",
    ),
    WrongAnswer(
        "a stride doubles the field, later layers add k − 1",
        lambda layers: _field(layers, lambda r, jump, k, s: r * s if s > 1 else r + k - 1),
        "A layer with a stride multiplies the field here, and the later ones forget it. It is "
        "the other way round: the field grows by (k − 1) jumps, and the stride multiplies the "
        "jump of all later layers.",
    ),
    WrongAnswer(
        "pooling leaves the field alone",
        lambda layers: _field(layers, lambda r, jump, k, s: r + (k - 1) * jump if s == 1 else r),
        "Layers with a stride do not add to the field here. Their windows span (k − 1) jumps "
        "like any other.",
    ),
    WrongAnswer(
        "starts at 0",
        lambda layers: _field(layers, lambda r, jump, k, s: r + (k - 1) * jump, start=0),
        "This is one too small everywhere. Before the first layer a pixel sees itself: start "
        "from 1.",
    ),
    WrongAnswer(
        "last layer first",
        lambda layers: _my_receptive_field(list(reversed(layers))),
        "The layers are read from output to input here, with a rule that goes from input to "
        "output.",
    ),
    WrongAnswer(
        "kernel sizes multiplied",
        lambda layers: math.prod(k for k, s in layers),
        "The kernel sizes are multiplied here. Two 3x3 layers see 5 pixels, not 9, because "
        "their windows overlap.",
    ),
    WrongAnswer(
        "an area",
        lambda layers: _my_receptive_field(layers) ** 2,
        "This is the number of pixels in the square. Asked for is its side, along one axis.",
    ),
    WrongAnswer(
        "the jump instead of the field",
        lambda layers: math.prod(s for k, s in layers),
        "This is the jump, the distance of two neighbouring outputs. The field is how many "
        "pixels one of them sees.",
    ),
    WrongAnswer(
        "one field per layer",
        lambda layers: [_my_receptive_field(layers[: n + 1]) for n in range(len(layers))],
        "The function returned a list, needed one whole number.",
    ),
    WrongAnswer(
        "field and jump",
        lambda layers: (_my_receptive_field(layers), math.prod(s for k, s in layers)),
        "The function returned a tuple, needed one whole number.",
    ),
    WrongAnswer(
        "empties the list",
        _field_by_emptying,
        "Your function changed its argument.",
    ),
)


def _examine_field(answer: Any) -> str:
    n = compare(answer, _measured_field, _field_cases(), _FIELD_WRONG)
    return (
        f"All {n} stacks agree with the field measured by following one output back to the input."
    )


receptive_field = Exercise(
    name="ch02.receptive_field",
    task=(
        "write my_receptive_field(layers): how many input pixels, along one axis, does one output "
        "value depend on? layers is a list of (kernel_size, stride) pairs from input to output."
    ),
    examine=_examine_field,
    hints=(
        "Draw a row of pixels. Which does one value see after a 3x3 convolution? And after a "
        "2x2 pool with stride 2 behind it? How far apart are two neighbours then?",
        "Keep two numbers: the field r, and the jump, which is how many input pixels lie between "
        "two neighbouring values. Both are 1 before the first layer.",
        "A window of k values spans k − 1 jumps, and that is what the field gains. Only "
        "afterwards does the stride multiply the jump.",
    ),
    wrong_answers=_FIELD_WRONG,
    solved_by=_my_receptive_field,
)

# -- 4. Twenty times faster than the loop -----------------------------------------------------

_FASTER = 20


def slow_pool(x: Array) -> Array:
    """Max pooling with a 2x2 window and stride 2 in three plain loops: what to beat.

    Parameters
    ----------
    x : ndarray, shape (C, H, W)
        Feature maps.

    Returns
    -------
    ndarray, shape (C, H // 2, W // 2)
        The largest value of every window that fits completely.

    Examples
    --------
    >>> slow_pool(np.array([[[1, 2, 0], [3, 4, 0]]]))
    array([[[4]]])
    """
    C, H, W = x.shape
    y = np.empty((C, H // 2, W // 2), dtype=x.dtype)
    for c in range(C):
        for i in range(H // 2):
            for j in range(W // 2):
                y[c, i, j] = x[c, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2].max()
    return y


def speedup(function: Callable[[Array], Array], rounds: int = 7) -> float:
    """Measure how many calls of a function fit into the time of one call of :func:`slow_pool`.

    The two take turns on the same maps of shape (16, 28, 28), float32, so that whatever else
    the machine is doing slows both down; the median of the rounds counts.

    Parameters
    ----------
    function : callable
        Takes an array of shape (C, H, W).
    rounds : int, default 7
        How often the two take turns.

    Returns
    -------
    float
        The ratio; above 1 if the function is faster.
    """
    rng = np.random.default_rng(0)
    ratios = []
    for _ in range(rounds):
        x = rng.standard_normal((16, 28, 28), dtype=np.float32)
        start = time.perf_counter()
        slow_pool(x)
        loop = time.perf_counter() - start
        calls, start = 0, time.perf_counter()
        while (elapsed := time.perf_counter() - start) < loop or calls == 0:
            function(x)
            calls += 1
        ratios.append(loop * calls / elapsed)
    return median(ratios)


def _my_fast_pool(x: Array) -> Array:
    """2x2 max pool with stride 2 of x, of shape (C, H, W), without loops."""
    _, H, W = x.shape
    x = x[:, : H // 2 * 2, : W // 2 * 2]  # an odd last row or column fits into no window
    rows = np.maximum(x[:, 0::2, :], x[:, 1::2, :])
    return np.maximum(rows[:, :, 0::2], rows[:, :, 1::2])


def _fast_cases() -> list[tuple[Array]]:
    """Small maps with even and odd sides, one to three channels, a third all negative."""
    rng = np.random.default_rng(2)
    shapes = [(C, H, W) for H in range(2, 6) for W in range(2, 6) for C in (1, 2, 3)]
    shapes.sort(key=lambda shape: (shape[1] % 2 + shape[2] % 2, math.prod(shape)))
    cases = []
    for number, shape in enumerate([*shapes, (16, 28, 28), (5, 9, 14)]):
        x = rng.permutation(math.prod(shape)).reshape(shape) / 2
        cases.append((x - x.max() - 0.5 if number % 3 == 1 else x,))
    return cases


def _blocks(x: Array) -> Array:
    """All complete windows of x, shape (C, H//2, 2, W//2, 2)."""
    C, H, W = x.shape
    return x[:, : H // 2 * 2, : W // 2 * 2].reshape(C, H // 2, 2, W // 2, 2)


def _crashes_on_odd(x: Array) -> Array:
    C, H, W = x.shape
    y: Array = x.reshape(C, H // 2, 2, W // 2, 2).max(axis=(2, 4))
    return y


def _fast_but_in_place(x: Array) -> Array:
    _, H, W = x.shape
    x = x[:, : H // 2 * 2, : W // 2 * 2]
    np.maximum(x[:, 0::2], x[:, 1::2], out=x[:, 0::2])
    return np.maximum(x[:, 0::2, 0::2], x[:, 0::2, 1::2])


def _padded_at_the_end(x: Array) -> Array:
    _, H, W = x.shape
    x = np.pad(x, ((0, 0), (0, H % 2), (0, W % 2)), constant_values=-np.inf)
    return _crashes_on_odd(x)


def _one_value_at_a_time(x: Array) -> Array:
    C, H, W = x.shape
    places = [(c, i, j) for c in range(C) for i in range(H // 2) for j in range(W // 2)]
    values = [max(x[c, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2].ravel()) for c, i, j in places]
    return np.array(values).reshape(C, H // 2, W // 2)


_FAST_WRONG = (
    WrongAnswer(
        "correct, and as slow",
        _one_value_at_a_time,
        f"needed: {_FASTER} times. The time goes into many small steps: Python's, one per window "
        "or per row, or those of max along an axis of two values. Let np.maximum compare arrays "
        "as large as half the map.",
    ),
    WrongAnswer(
        "average instead of max",
        lambda x: _blocks(x).mean(axis=(2, 4)),
        "This is the average of each window. Max pooling keeps the largest value.",
    ),
    WrongAnswer(
        "keeps one value in four",
        lambda x: x[:, : x.shape[1] // 2 * 2 : 2, : x.shape[2] // 2 * 2 : 2].copy(),
        "This is the first value of each window: fast, but the other three were never looked at.",
    ),
    WrongAnswer(
        "only the diagonal",
        lambda x: np.maximum(_blocks(x)[:, :, 0, :, 0], _blocks(x)[:, :, 1, :, 1]),
        "Only two values of each window are compared, those on its diagonal. There are four.",
    ),
    WrongAnswer(
        "rows only",
        lambda x: np.maximum(x[:, 0 : x.shape[1] // 2 * 2 : 2], x[:, 1::2]),
        "Only the rows are pooled. Do the same with the columns of the result.",
    ),
    WrongAnswer(
        "columns only",
        lambda x: np.maximum(x[:, :, 0 : x.shape[2] // 2 * 2 : 2], x[:, :, 1::2]),
        "Only the columns are pooled. Do the same with the rows of the result.",
    ),
    WrongAnswer(
        "reshape into runs of four",
        lambda x: _blocks(x).reshape(len(x), x.shape[1] // 2, x.shape[2] // 2, 4).max(axis=-1),
        "Each result is the maximum of four values in a row. reshape reads line by line; the "
        "two rows of a window are not neighbours in memory. Give each of them an axis: "
        "(C, H//2, 2, W//2, 2).",
    ),
    WrongAnswer(
        "maximum over the wrong axes",
        lambda x: _blocks(x).max(axis=(1, 3)),
        "The maximum runs over the windows instead of inside them. After reshape to "
        "(C, H//2, 2, W//2, 2) the values of one window lie along axes 2 and 4.",
    ),
    WrongAnswer(
        "pools over the channels too",
        lambda x: np.broadcast_to(_blocks(x).max(axis=(0, 2, 4)), _my_fast_pool(x).shape).copy(),
        "Every channel has the maximum of all channels. Pooling treats each channel on its own.",
    ),
    WrongAnswer(
        "partial windows kept",
        _padded_at_the_end,
        "With an odd side there is a window too many. By the floor rule the last row or column "
        "is left out: there are H // 2 windows.",
    ),
    WrongAnswer(
        "cannot do odd sizes",
        _crashes_on_odd,
        "An odd side? Its last row or column fits into no window: cut it off first.",
    ),
    WrongAnswer(
        "writes into its argument",
        _fast_but_in_place,
        "Your function changed its argument.",
    ),
)


def _examine_fast(answer: Any) -> str:
    cases = _fast_cases()
    try:
        n = compare(answer, _my_fast_pool, cases, _FAST_WRONG)
    except NotYet as problem:
        if "\n  raised " in str(problem) and _works_on_even(answer, cases):
            odd = _named("cannot do odd sizes").says
            raise NotYet(f"{problem}\n{odd}") from None
        raise
    with contextlib.redirect_stdout(io.StringIO()):
        ratio = speedup(answer, rounds=1)
        for _ in range(3):  # more than one try, should the machine be busy just now
            if _FASTER / 4 < ratio < _FASTER:
                ratio = speedup(answer)
    if ratio >= _FASTER:
        return f"All {n} maps agree, and it is more than {_FASTER} times as fast as the loop."
    slow = _named("correct, and as slow").says
    raise NotYet(f"All {n} maps agree, at {ratio:.1f} times the speed of the loop; {slow}")


def _works_on_even(answer: Callable[..., Any], cases: list[tuple[Array]]) -> bool:
    """Whether the function is right wherever both sides are even."""
    even = [case for case in cases if case[0].shape[1] % 2 == case[0].shape[2] % 2 == 0]
    try:
        return compare(answer, _my_fast_pool, even, ()) > 0
    except (NotYet, NotAttempted):
        return False


def _named(name: str) -> WrongAnswer:
    return next(wrong for wrong in _FAST_WRONG if wrong.name == name)


fast_max_pool2d = Exercise(
    name="ch02.fast_max_pool2d",
    task=(
        f"make a 2x2 max pool with stride 2 at least {_FASTER} times as fast as the loop "
        "ch02.slow_pool: write my_fast_pool(x) for x of shape (C, H, W), also with odd H and W. "
        "ch02.speedup(my_fast_pool) measures how far you are."
    ),
    examine=_examine_fast,
    hints=(
        "The loop spends its time on Python's own work, thousands of times a few lines. How many "
        "values could one call of a NumPy function handle instead?",
        "The largest of four is the larger of two, twice. x[:, 0::2] are all upper rows of the "
        "windows at once, x[:, 1::2] all lower rows; np.maximum compares arrays value by value.",
        "Cut x to even sides first. Compare upper with lower rows, then do the same with left "
        "and right columns of the result.",
    ),
    wrong_answers=_FAST_WRONG,
    solved_by=_my_fast_pool,
    time_limit=10.0,
)

# -- 5. Design a stack ------------------------------------------------------------------------

_IMAGE, _WIDTH, _FIELD, _LEAST_MAP, _LEAST_CONVS = 64, 8, 40, 8, 4
_FEWEST_MACS = 184_320  # the tests search all stacks and find none cheaper
Stack = list[tuple[str, int, int]]
_STACK_STUB = """
my_stack = [
    ...,  # ("conv", kernel_size, stride) or ("pool", 2, 2), input first
]
"""
_STACK_SOLUTION = """
my_stack = [
    ("conv", 3, 2),  # small maps early: every later layer is cheaper
    ("pool", 2, 2),
    ("conv", 3, 2),  # 8x8 from here on, neighbours 8 pixels apart
    ("conv", 3, 1),  # adds 16 pixels to the field
    ("conv", 3, 1),
]
"""
_REFERENCES: dict[str, Stack] = {
    "a pool after every conv": [("conv", 3, 1), ("pool", 2, 2)] * 3 + [("conv", 3, 1)] * 2,
    "pairs of convs, as VGG": ([("conv", 3, 1)] * 2 + [("pool", 2, 2)]) * 3 + [("conv", 3, 1)],
    "no pool, no stride": [("conv", 3, 1)] * 20,
}


def _trace(stack: Stack) -> list[tuple[str, int, int, int, int]]:
    """Rows (layer, side, MACs, jump, field) of a stack with 'same' padding."""
    rows = []
    side, channels, jump, field = _IMAGE, 1, 1, 1
    for kind, k, s in stack:
        side = -(-side // s)
        macs = side**2 * k**2 * channels * _WIDTH if kind == "conv" else 0
        channels = _WIDTH if kind == "conv" else channels
        field, jump = field + (k - 1) * jump, jump * s
        rows.append((f"{kind} {k}x{k} / {s}", side, macs, jump, field))
    return rows


def _macs(stack: Stack) -> int:
    """Multiply-accumulate operations of a stack per image; a pool has none."""
    return sum(row[2] for row in _trace(stack))


_STACK_WRONG = (
    WrongAnswer(
        "one giant window",
        [("conv", 41, 8)],
        "Layer 1 is ('conv', 41, 8): a convolution has kernel_size 3, 5 or 7 and stride 1 or 2. "
        "One giant window would be a single linear look at the image.",
    ),
    WrongAnswer(
        "giant stride",
        [("conv", 3, 8), ("conv", 3, 1), ("conv", 3, 1), ("conv", 3, 1)],
        "a convolution has kernel_size 3, 5 or 7 and stride 1 or 2.",
    ),
    WrongAnswer(
        "giant pool",
        [("conv", 3, 1), ("pool", 8, 8), ("conv", 3, 1), ("conv", 3, 1), ("conv", 3, 1)],
        "Layer 2 is ('pool', 8, 8): the only pool allowed is ('pool', 2, 2).",
    ),
    WrongAnswer(
        "pools the raw image",
        [("pool", 2, 2), ("conv", 3, 2), ("pool", 2, 2), *[("conv", 3, 1)] * 3],
        "The first layer must be a convolution: a pool there would throw pixels away before "
        "anything has looked at them.",
    ),
    WrongAnswer(
        "two pools in a row",
        [("conv", 3, 1), ("pool", 2, 2), ("pool", 2, 2), *[("conv", 3, 1)] * 3],
        "Layers 2 and 3 are both pools. Two in a row are one 4x4 pool; put a convolution between.",
    ),
    WrongAnswer(
        "too few convolutions",
        [("conv", 7, 2), ("pool", 2, 2), ("conv", 7, 2), ("conv", 3, 1)],
        "The stack has 3 convolutions, needed at least 4.",
    ),
    WrongAnswer(
        "map too small",
        [("conv", 3, 2)] * 4,
        "The last map is 4x4, needed at least 8x8: at most three strides of 2, pools included.",
    ),
    WrongAnswer(
        "believes that a pool doubles the field",
        [*[("conv", 3, 1), ("pool", 2, 2)] * 3, ("conv", 3, 1)],
        "The field is 38 pixels, needed at least 40.",
    ),
    WrongAnswer(
        "field far too small",
        [("conv", 3, 1)] * 4,
        "The field is 9 pixels, needed at least 40. Nothing moves by more than one pixel yet: "
        "behind a stride of 2, each window reaches twice as far.",
    ),
    WrongAnswer(
        "depth only",
        [("conv", 7, 1)] * 7,
        "is no cheaper than 3 of the 3 reference designs.",
    ),
    WrongAnswer(
        "downsamples late",
        [("conv", 3, 1)] * 3 + [("pool", 2, 2), ("conv", 3, 1)] * 3 + [("conv", 3, 1)],
        "is no cheaper than 2 of the 3 reference designs.",
    ),
    WrongAnswer(
        "a layer without its kind",
        [(3, 1), (2, 2)],
        "Layer 1 is (3, 1), needed ('conv', kernel_size, stride) or ('pool', 2, 2).",
    ),
    WrongAnswer(
        "a string",
        "conv conv pool",
        "The check needs a list of layers; the answer has type str.",
    ),
)


def _examine_stack(answer: Any) -> str:
    stack = _allowed(answer)
    rows = _trace(stack)
    macs, field = _macs(stack), rows[-1][-1]
    table = _stack_table(rows)
    if rows[-1][1] < _LEAST_MAP:
        side = rows[-1][1]
        raise NotYet(
            f"{table}\nThe last map is {side}x{side}, needed at least {_LEAST_MAP}x{_LEAST_MAP}: "
            "at most three strides of 2, pools included."
        )
    if field < _FIELD:
        raise NotYet(
            f"{table}\nThe field is {field} pixels, needed at least {_FIELD}. {_advice(rows)}"
        )
    board = _leaderboard(macs, field)
    cheaper = sum(_macs(reference) <= macs for reference in _REFERENCES.values())
    if cheaper:
        dearest = max(rows, key=lambda row: row[2])
        raise NotYet(
            f"{table}\n{board}\nThe stack keeps all rules, but is no cheaper than {cheaper} of the "
            f"{len(_REFERENCES)} reference designs. What costs most is {dearest[0]} with "
            f"{dearest[2]:,} MACs; with half the side of the map it would be a quarter."
        )
    much = (
        "No stack costs less under these rules"
        if macs == _FEWEST_MACS
        else f"The cheapest stack under these rules needs {_FEWEST_MACS:,} MACs"
    )
    return (
        f"It beats all three reference designs.\n{board}\n{much}. Fewest MACs is not highest "
        "accuracy: whether an early stride loses too much is a question for an experiment."
    )


def _allowed(answer: Any) -> Stack:
    """Return the stack, or say which rule it breaks first."""
    if not isinstance(answer, list | tuple):
        raise NotYet(
            f"The check needs a list of layers; the answer has type {type(answer).__name__}."
        )
    if not answer or any(layer is ... for layer in answer):
        raise NotAttempted
    stack: Stack = []
    for number, layer in enumerate(answer, start=1):
        if (
            not isinstance(layer, list | tuple)
            or len(layer) != 3
            or layer[0] not in ("conv", "pool")
            or not all(isinstance(n, int | np.integer) for n in layer[1:])
        ):
            raise NotYet(
                f"Layer {number} is {layer!r}, needed ('conv', kernel_size, stride) or "
                "('pool', 2, 2)."
            )
        kind, k, s = str(layer[0]), int(layer[1]), int(layer[2])
        if kind == "pool" and (k, s) != (2, 2):
            raise NotYet(
                f"Layer {number} is {(kind, k, s)}: the only pool allowed is ('pool', 2, 2)."
            )
        if kind == "conv" and (k not in (3, 5, 7) or s not in (1, 2)):
            raise NotYet(
                f"Layer {number} is {(kind, k, s)}: a convolution has kernel_size 3, 5 or 7 and "
                "stride 1 or 2. One giant window would be a single linear look at the image."
            )
        stack.append((kind, k, s))
    if stack[0][0] == "pool":
        raise NotYet(
            "The first layer must be a convolution: a pool there would throw pixels away before "
            "anything has looked at them."
        )
    for number in range(1, len(stack)):
        if stack[number - 1][0] == stack[number][0] == "pool":
            raise NotYet(
                f"Layers {number} and {number + 1} are both pools. Two in a row are one 4x4 "
                "pool; put a convolution between."
            )
    convolutions = sum(kind == "conv" for kind, k, s in stack)
    if convolutions < _LEAST_CONVS:
        raise NotYet(
            f"The stack has {convolutions} convolution{'s' * (convolutions != 1)}, needed at "
            f"least {_LEAST_CONVS}."
        )
    return stack


def _advice(rows: list[tuple[str, int, int, int, int]]) -> str:
    """Say what would make the field of a stack larger."""
    jump = rows[-1][3]
    if jump == 1:
        return (
            "Nothing moves by more than one pixel yet: behind a stride of 2, each window "
            "reaches twice as far."
        )
    return (
        f"A pool does not double the field, it doubles the jump: at the end of your stack "
        f"neighbours stand {jump} pixels apart, so one more 3x3 convolution would add {2 * jump}."
    )


def _stack_table(rows: list[tuple[str, int, int, int, int]]) -> str:
    """Show the layers of a stack, of a very deep one the first and the last."""
    lines = [f"  {name:12}{f'{n}x{n}':>7}{m:>12,}{j:>6}{r:>7}" for name, n, m, j, r in rows]
    if len(lines) > 24:
        lines[20:-1] = [f"  ... {len(lines) - 21} more"]
    return "\n".join([f"  {'layer':12}{'map':>7}{'MACs':>12}{'jump':>6}{'field':>7}", *lines])


def _leaderboard(macs: int, field: int) -> str:
    """Rank the answer among the reference designs; on a tie it stands behind."""
    entries = [(_macs(s), _trace(s)[-1][-1], name) for name, s in _REFERENCES.items()]
    entries = sorted([*entries, (macs, field, "your stack")], key=lambda entry: entry[0])
    return "\n".join(
        f"  {place}. {name:24}{m:>12,} MACs, field {r:>3}"
        for place, (m, r, name) in enumerate(entries, start=1)
    )


design_stack = Exercise(
    name="ch02.design_stack",
    task=(
        f"design my_stack with a receptive field of at least {_FIELD} pixels and as few "
        f"multiplications (MACs) as you can, for a grey image of {_IMAGE}x{_IMAGE} pixels. It is "
        "a list of ('conv', kernel_size, stride), with kernel_size 3, 5 or 7 and stride 1 or 2, "
        f"and ('pool', 2, 2). All convolutions have {_WIDTH} output channels and 'same' padding. "
        f"Rules: at least {_LEAST_CONVS} convolutions; the first layer is one; no two pools in a "
        f"row; the last map is at least {_LEAST_MAP}x{_LEAST_MAP}. It must beat three reference "
        "designs."
    ),
    examine=_examine_stack,
    hints=(
        "A convolution costs side · side · k · k · C_in · C_out. Which of these numbers does a "
        "stride change, and for which layers?",
        "Each layer adds (k − 1) jumps to the field. So a convolution behind three strides of 2 "
        "adds 16 pixels at a sixty-fourth of the price it would have on the full image.",
        "Make the map small as early as the rules allow: a convolution may have stride 2 itself, "
        "from the very first layer, and a pool costs no multiplication. Then collect the field "
        "where the map is 8x8.",
    ),
    wrong_answers=_STACK_WRONG,
    solved_by=_STACK_SOLUTION,
    starts_from=_STACK_STUB,
)

EXERCISES = (max_pool2d, parameter_table, receptive_field, fast_max_pool2d, design_stack)
