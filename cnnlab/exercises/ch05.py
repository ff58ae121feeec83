"""Exercises of chapter 5, *Does pooling make a network translation-invariant?* NumPy is enough.

>>> from cnnlab.exercises import ch05
>>> for exercise in ch05.EXERCISES:
...     print(exercise.name, "->", exercise.answer_name)
ch05.equivariance_error -> my_equivariance_error
ch05.vanishing_shifts -> my_vanishing_shifts
ch05.antialias -> my_antialias
ch05.pixel_weights -> my_pixel_weights
ch05.prove_or_break -> my_verdicts
ch05.consistency -> my_consistency

Borders are circular in all of them: what leaves an image on the right comes in on the left, so
that a shift loses nothing. Layers to measure are made by their kind and their stride:

>>> x = np.array([[1.0, 5.0, 2.0, 3.0]])
>>> ch05.Layer("max", 2)(x)
array([[5., 3.]])
>>> ch05.Layer("max", 2)(np.roll(x, 1, axis=1))
array([[3., 5.]])

and networks that end with a global average have a name:

>>> ch05.NETWORKS["every second pixel, gap"](x)
1.5
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from cnnlab._types import Array
from cnnlab.exercises.cases import halves
from cnnlab.exercises.core import (
    Exercise,
    NotAttempted,
    NotYet,
    WrongAnswer,
    call,
    check_function,
    compare,
    kind,
    recognise,
    report,
    show,
)

__all__ = [
    "EXERCISES",
    "NETWORKS",
    "Layer",
    "antialias",
    "consistency",
    "equivariance_error",
    "pixel_weights",
    "prove_or_break",
    "vanishing_shifts",
]

_KERNEL = np.array([[1, -2, 3], [0, 2, -1], [2, 1, -3]])
_BINOMIAL = np.outer([1, 2, 1], [1, 2, 1]) / 16


@dataclass(frozen=True, repr=False)
class Layer:
    """A layer for one grey image with circular borders.

    Parameters
    ----------
    kind : str
        ``"pick"`` keeps one pixel per step; ``"max"`` and ``"average"`` look at windows of 2x2
        pixels, or of stride x stride if that is more; ``"conv"`` is a convolution with a fixed
        kernel of 3x3 pixels, ``"padded"`` the same with zeros around the image in place of
        circular borders, and ``"blur"`` one with binomial weights.
    stride : int, default 1
        How far the window moves, in pixels.

    Raises
    ------
    ValueError
        If there is no such kind.

    Examples
    --------
    >>> Layer("average", 2)
    ch05.Layer('average', 2)
    >>> Layer("average", 2)(np.array([[1.0, 5.0, 2.0, 4.0]]))
    array([[3., 3.]])
    """

    kind: str
    stride: int = 1

    def __post_init__(self) -> None:
        if self.kind not in _READS:
            known = ", ".join(map(repr, _READS))
            raise ValueError(f"Layer(kind={self.kind!r}): there is no such kind, needed {known}.")

    def __repr__(self) -> str:
        return f"ch05.Layer({self.kind!r}, {self.stride})"

    def __call__(self, x: Array) -> Array:
        """Apply the layer to an image of shape (H, W)."""
        before, after = 1, 1  # pixels a window reaches beyond its own, to each side
        if self.kind in ("pick", "max", "average"):
            before, after = 0, max(self.stride, 2) - 1
        mode: Any = "constant" if self.kind == "padded" else "wrap"
        size = before + 1 + after
        windows = sliding_window_view(np.pad(x, (before, after), mode=mode), (size, size))
        return np.asarray(_READS[self.kind](windows[:: self.stride, :: self.stride]))


_READS: dict[str, Callable[[Array], Array]] = {
    "pick": lambda windows: windows[..., 0, 0].copy(),
    "max": lambda windows: windows.max(axis=(2, 3)),
    "average": lambda windows: windows.mean(axis=(2, 3)),
    "conv": lambda windows: (windows * _KERNEL).sum(axis=(2, 3)),
    "padded": lambda windows: (windows * _KERNEL).sum(axis=(2, 3)),
    "blur": lambda windows: (windows * _BINOMIAL).sum(axis=(2, 3)),
}

# -- 1. The equivariance error ----------------------------------------------------------------

Function = Callable[[Array], Array]


def _my_equivariance_error(f: Function, x: Array, shift: int, stride: int) -> float:
    """Mean |f(shifted x) − shifted f(x)| over mean |f(x)|, for a shift to the right."""
    y = f(x)
    seen = f(np.roll(x, shift, axis=1))  # the image moves first
    expected = np.roll(y, shift // stride, axis=1)  # the output would have to move along
    return float(np.abs(seen - expected).mean() / np.abs(y).mean())


def _error_by_loops(f: Function, x: Array, shift: int, stride: int) -> float:
    """Compare pixel by pixel, without np.roll."""
    columns = [(j - shift) % x.shape[1] for j in range(x.shape[1])]
    seen, y = f(x[:, columns]), f(x)
    difference: Any = 0.0
    total: Any = 0.0
    for i, j in np.ndindex(y.shape):
        difference += abs(seen[i, j] - y[i, (j - shift // stride) % y.shape[1]])
        total += abs(y[i, j])
    return float(difference / total)


def _error_cases() -> list[tuple[Layer, Array, int, int]]:
    """All kinds of layers, strides of 1 to 3, shifts of 0 to 7; the smallest images first."""
    rng = np.random.default_rng(5)
    cases = []
    for stride in (1, 2, 3):
        for number, name in enumerate(("pick", "max", "average", "conv", "padded")):
            for shift in range(8):
                H = stride * (1 + (number + shift) % 2)
                W = stride * (2 + shift % 3)
                f, x = Layer(name, stride), halves(rng, H, W)
                if f(x).any():  # else there is nothing to compare with
                    cases.append((f, x, shift, stride))
    cases.sort(key=lambda case: (case[2] == 0, case[2] >= case[1].shape[1], case[1].size, case[2]))
    return cases


def _moved(x: Array, shift: int, axis: int | None = 1) -> Array:
    return np.roll(x, shift, axis=axis)


def _with_zeros(x: Array, shift: int) -> Array:
    """Shift to the right, and let zeros in."""
    zeros = np.zeros((x.shape[0], min(shift, x.shape[1])))
    return np.concatenate([zeros, x], axis=1)[:, : x.shape[1]]


def _relative(seen: Array, expected: Array, y: Array) -> float:
    return float(abs(seen - expected).mean() / abs(y).mean())


def _error(
    image: Callable[[Array, int], Array] = _moved,
    output: Callable[[Array, int], Array] = _moved,
    steps: Callable[[int, int], int] = lambda d, s: d // s,
    measure: Callable[[Array, Array, Array], Any] = _relative,
) -> Callable[[Function, Array, int, int], Any]:
    """Make a measurement with one thing done differently: the material for wrong answers."""

    def answer(f: Function, x: Array, shift: int, stride: int) -> Any:
        y = f(x)
        return measure(f(image(x, shift)), output(y, steps(shift, stride)), y)

    return answer


def _printed_error(f: Function, x: Array, shift: int, stride: int) -> None:
    print(_my_equivariance_error(f, x, shift, stride))


_ERROR_WRONG = (
    WrongAnswer(
        "output moved by as much as the image",
        _error(steps=lambda d, s: d),
        "The output is moved by as many pixels as the image. Its pixels stand stride input "
        "pixels apart, so it has to move by shift // stride of its own.",
    ),
    WrongAnswer(
        "output not moved",
        _error(steps=lambda d, s: 0),
        "f(shifted x) is compared with f(x) as it stands. That is how far f is from being "
        "invariant. Equivariant means that the output moves along: shift it, too.",
    ),
    WrongAnswer(
        "shift counted in output pixels",
        _error(image=lambda x, d: x, output=lambda y, d: y, measure=lambda a, b, y: 0.0),
        "This is 0 whatever the layer does. Is the image moved at all, and by shift pixels, not "
        "by shift · stride?",
    ),
    WrongAnswer(
        "rounded up",
        _error(steps=lambda d, s: -(-d // s)),
        "The output is moved by shift / stride rounded up. Careful with a minus sign: "
        "-shift // stride rounds −0.5 down to −1. Needed is shift // stride, to the right.",
    ),
    WrongAnswer(
        "rounded to the nearest",
        _error(steps=lambda d, s: round(d / s)),
        "The output is moved by shift / stride, rounded to the nearest whole number. That is one "
        "way to do it; asked for is rounding down, shift // stride.",
    ),
    WrongAnswer(
        "both to the left",
        _error(lambda x, d: _moved(x, -d), lambda y, n: _moved(y, -n)),
        "Image and output move together, but to the left. np.roll with a positive number moves "
        "to the right.",
    ),
    WrongAnswer(
        "image to the left, output to the right",
        _error(image=lambda x, d: _moved(x, -d)),
        "The output moves to the right, and the image to the left. With x[:, shift:] in front "
        "one cuts off the left columns, and everything moves left.",
    ),
    WrongAnswer(
        "image to the right, output to the left",
        _error(output=lambda y, n: _moved(y, -n)),
        "The image moves to the right, and the output to the left. They have to move together; "
        "undoing the shift would be right on the other side, for f(shifted x).",
    ),
    WrongAnswer(
        "rows instead of columns",
        _error(lambda x, d: _moved(x, d, 0), lambda y, n: _moved(y, n, 0)),
        "Image and output are moved down. To the right means that the columns change: axis=1.",
    ),
    WrongAnswer(
        "no axis",
        _error(lambda x, d: _moved(x, d, None), lambda y, n: _moved(y, n, None)),
        "Without axis, np.roll moves through the whole array as one long row: what leaves a row "
        "on the right comes into the next one. Each row is to be rolled by itself: axis=1.",
    ),
    WrongAnswer(
        "zeros come in",
        _error(_with_zeros, _with_zeros),
        "Zeros come in on the left. Then every shift loses pixels and the error is never 0 for "
        "that reason alone. On circular borders what leaves on the right comes in on the left.",
    ),
    WrongAnswer(
        "not relative",
        _error(measure=lambda a, b, y: float(abs(a - b).mean())),
        "This is the mean absolute difference, and it is right. It only says something when "
        "compared with the size of the values: divide by the mean of |f(x)|.",
    ),
    WrongAnswer(
        "relative to the image",
        lambda f, x, d, s: _error(measure=lambda a, b, y: float(abs(a - b).mean() / abs(x).mean()))(
            f, x, d, s
        ),
        "The difference is divided by the mean of |x|. It is a difference of outputs, so it is "
        "measured by the output: the mean of |f(x)|.",
    ),
    WrongAnswer(
        "without absolute values",
        _error(measure=lambda a, b, y: float((a - b).mean() / abs(y).mean())),
        "The differences are averaged with their signs, so that too much in one place pays for "
        "too little in another. Take absolute values first, then the mean.",
    ),
    WrongAnswer(
        "absolute value of the mean difference",
        _error(measure=lambda a, b, y: float(abs((a - b).mean()) / abs(y).mean())),
        "The absolute value is taken of the mean, when the signs have already cancelled. Take "
        "it of every single difference, and average afterwards.",
    ),
    WrongAnswer(
        "divided by the mean with its sign",
        _error(measure=lambda a, b, y: float(abs(a - b).mean() / y.mean()) if y.mean() else 0.0),
        "The difference is divided by the mean of f(x), in which positive and negative values "
        "cancel. Their size is the mean of |f(x)|.",
    ),
    WrongAnswer(
        "root of the mean square",
        _error(measure=lambda a, b, y: float(np.linalg.norm(a - b) / np.linalg.norm(y))),
        "These are roots of mean squares. They measure the same thing and weigh large "
        "differences more; asked for are means of absolute values.",
    ),
    WrongAnswer(
        "largest difference",
        _error(measure=lambda a, b, y: float(abs(a - b).max() / abs(y).max())),
        "This compares the largest difference with the largest value. Asked for are the means.",
    ),
    WrongAnswer(
        "sum over mean",
        _error(measure=lambda a, b, y: float(abs(a - b).sum() / abs(y).mean())),
        "A sum is divided by a mean, so the error grows with the image. Take the mean in both.",
    ),
    WrongAnswer(
        "one number per pixel",
        _error(measure=lambda a, b, y: abs(a - b) / abs(y).mean()),
        "The function returned an array, needed one number.",
    ),
    WrongAnswer(
        "prints instead of returning",
        _printed_error,
        "print shows a value, only return hands it on.",
    ),
    WrongAnswer(
        "without the stride",
        lambda f, x, shift: _my_equivariance_error(f, x, shift, 1),
        "needed (f, x, shift, stride): 4 of them, in this order.",
    ),
)


def _examine_error(answer: Any) -> str:
    n = compare(answer, _error_by_loops, _error_cases(), _ERROR_WRONG)
    x = halves(np.random.default_rng(5), 12, 12)
    errors = ", ".join(
        f"{_my_equivariance_error(Layer('max', 2), x, shift, 2):.2f}" for shift in range(5)
    )
    return (
        f"All {n} cases agree. For a 2x2 max pool on noise, shifts of 0 to 4 pixels give "
        f"{errors}: equivariant at even shifts, and off by a third in between."
    )


equivariance_error = Exercise(
    name="ch05.equivariance_error",
    task=(
        "measure how far a layer is from moving along with its input. x is an image of shape "
        "(H, W), borders are circular, and the pixels of f(x) stand stride input pixels apart. "
        "Write my_equivariance_error(f, x, shift, stride): move x to the right by shift pixels "
        "and f(x) by shift // stride, and return the mean absolute difference of f(shifted x) "
        "and shifted f(x), divided by the mean of |f(x)|. "
        "ch05.Layer('max', 2) is a layer to try it on."
    ),
    examine=_examine_error,
    hints=(
        "There are two ways from x to an output: first move, then apply f; or first apply f, "
        "then move. Draw both for a row of four pixels and a stride of 2. How far does the output "
        "move if the image moves by two?",
        "np.roll(array, n, axis=1) moves the columns n to the right, and lets in on the left what "
        "leaves on the right. You need it twice, with different n.",
        "Compute y = f(x) once. Roll x by shift and apply f; roll y by shift // stride. Take the "
        "absolute values of the difference and of y, their means, and divide.",
    ),
    wrong_answers=_ERROR_WRONG,
    solved_by=_my_equivariance_error,
)

# -- 2. At which shifts does the error vanish? ------------------------------------------------


def _my_vanishing_shifts(strides: Sequence[int], up_to: int) -> list[int]:
    """Shifts 0 .. up_to at which a stack of layers with these strides moves along exactly."""
    apart = 1  # distance of neighbouring output pixels, in input pixels
    for stride in strides:
        apart = apart * stride
    return [shift for shift in range(up_to + 1) if shift % apart == 0]


def _measured_shifts(strides: Sequence[int], up_to: int) -> list[int]:
    """Build the stack, shift an image of noise and see where the error is 0."""
    total = math.prod(strides)
    x = halves(np.random.default_rng(5), 1, 8 * total)

    def stack(x: Array) -> Array:
        for stride in strides:
            x = Layer("average", stride)(x)
        return x

    errors = (_error_by_loops(stack, x, shift, total) for shift in range(up_to + 1))
    return [shift for shift, error in enumerate(errors) if error < 1e-9]


def _shift_cases() -> list[tuple[list[int], int]]:
    """Up to three layers with strides of 1 to 4, shifts up to 12; a few go further."""
    cases = [([2], 12), ([3], 12), ([2, 2], 12), ([2, 3], 12), ([1], 4), ([4], 12), ([3, 2], 7)]
    cases += [([2, 4], 16), ([3, 3], 9), ([2, 2, 2], 12), ([2, 1, 2], 12), ([1, 3, 1], 8)]
    cases += [([4, 2, 1], 24), ([2, 3, 2], 24), ([1, 1], 3), ([5], 4), ([2], 1), ([6, 2], 0)]
    return [*cases, ([], 3)]


def _shifts(
    keep: Callable[[int, Sequence[int]], bool],
) -> Callable[[Sequence[int], int], list[int]]:
    """Keep the shifts that have a property: the material for wrong answers."""
    return lambda strides, up_to: [d for d in range(up_to + 1) if keep(d, strides)]


_SHIFTS_WRONG = (
    WrongAnswer(
        "each stride by itself",
        _shifts(lambda d, strides: all(d % s == 0 for s in strides)),
        "A shift counts here if every stride divides it. But the second layer sees the output of "
        "the first, and that has moved by less: a shift of 2 has become a shift of 1 when it gets "
        "to the second layer. The strides multiply.",
    ),
    WrongAnswer(
        "any of the strides",
        _shifts(lambda d, strides: any(d % s == 0 for s in strides) or not strides),
        "A shift counts here if one of the strides divides it. It has to pass all layers, one "
        "after the other, and still be a whole number of output pixels.",
    ),
    WrongAnswer(
        "sum of the strides",
        _shifts(lambda d, strides: d % (sum(strides) or 1) == 0),
        "The strides are added. 2 and 2 do give 4 either way; but a pixel after the first layer "
        "is stride input pixels wide, so every further stride multiplies.",
    ),
    WrongAnswer(
        "steps between the windows added",
        _shifts(lambda d, strides: d % (1 + sum(s - 1 for s in strides)) == 0),
        "What each stride adds to 1 is summed, as if every layer counted in input pixels. A "
        "pixel after the first layer is stride input pixels wide: the strides multiply.",
    ),
    WrongAnswer(
        "largest stride",
        _shifts(lambda d, strides: d % max([1, *strides]) == 0),
        "Only the largest stride counts here. The others make the output coarser as well: "
        "how far apart, in input pixels, are two neighbours at the end?",
    ),
    WrongAnswer(
        "first stride",
        _shifts(lambda d, strides: d % [*strides, 1][0] == 0),
        "Only the first stride counts here. The output of the first layer does move by a whole "
        "number of pixels then; the next layer has a stride as well.",
    ),
    WrongAnswer(
        "last stride",
        _shifts(lambda d, strides: d % [1, *strides][-1] == 0),
        "Only the last stride counts here. Its pixels are not those of the image any more: the "
        "layers before have made them wider.",
    ),
    WrongAnswer(
        "two for every layer",
        _shifts(lambda d, strides: d % 2 ** len(strides) == 0),
        "Every layer counts as 2 here. That is the usual stride of a pool, but a layer may "
        "have another, and with stride 1 it leaves things as they are.",
    ),
    WrongAnswer(
        "powers of the product",
        _shifts(lambda d, strides: d in [0, *(math.prod(strides) ** n for n in range(1, 9))]),
        "The product of the strides is right, and then its powers are taken. At the next shift "
        "the image has moved by the product once more: its multiples.",
    ),
    WrongAnswer(
        "divisors of the product",
        _shifts(lambda d, strides: d > 0 and math.prod(strides) % d == 0),
        "These are the shifts that divide the product of the strides. It is the other way "
        "round: the product has to divide the shift.",
    ),
    WrongAnswer(
        "all shifts",
        _shifts(lambda d, strides: True),
        "All shifts are kept, as if pooling made everything follow smoothly. With stride 1 it "
        "does. But an output with pixels 2 apart cannot follow a shift of 1: it would have to "
        "move by half a pixel.",
    ),
    WrongAnswer(
        "only without a shift",
        _shifts(lambda d, strides: d == 0),
        "Only the image at rest is kept. A stride breaks most shifts, but not all: after a shift "
        "by the stride, every window sees what its neighbour saw before.",
    ),
    WrongAnswer(
        "even shifts",
        _shifts(lambda d, strides: d % 2 == 0),
        "These are the even shifts, whatever the strides. That is right for one layer with "
        "stride 2. What would a stride of 3 do with a shift of 2?",
    ),
    WrongAnswer(
        "the others",
        _shifts(lambda d, strides: d % math.prod(strides) > 0),
        "These are the shifts at which the error does not vanish. Asked for are the others.",
    ),
    WrongAnswer(
        "without 0",
        _shifts(lambda d, strides: d > 0 and d % math.prod(strides) == 0),
        "The shifts are right, but 0 is missing: if nothing moves, nothing has to move along.",
    ),
    WrongAnswer(
        "stops before the end",
        lambda strides, up_to: list(range(0, up_to, math.prod(strides))),
        "The last shift is left out. range stops before its second number; shifts up to and "
        "including up_to are asked for.",
    ),
    WrongAnswer(
        "counted in output pixels",
        lambda strides, up_to: list(range(up_to // math.prod(strides) + 1)),
        "This is how far the output moves each time, and that is right: 0, 1, 2 and so on. Asked "
        "for is how far the image moves: times the product of the strides.",
    ),
    WrongAnswer(
        "product alone",
        lambda strides, up_to: math.prod(strides),
        "The function returned an int, needed a list of shifts.",
    ),
    WrongAnswer(
        "yes or no for each shift",
        lambda strides, up_to: [d % math.prod(strides) == 0 for d in range(up_to + 1)],
        "There is True or False for every shift. Return the shifts themselves, as whole numbers.",
    ),
)


def _examine_shifts(answer: Any) -> str:
    cases = _shift_cases()
    check_function(answer, _my_vanishing_shifts)
    results = []
    for strides, up_to in cases:
        needed = _measured_shifts(strides, up_to)
        got, printed = call(answer, strides, up_to)
        if isinstance(got, np.ndarray) and (got.ndim != 1 or got.size > 1000):
            raise NotYet(
                f"{report(answer, (strides, up_to), got, needed, printed=printed)}\n"
                f"The result has shape {got.shape}, needed a list of shifts."
            )
        shifts = got.tolist() if isinstance(got, np.ndarray) else got
        shifts = list(shifts[:1000]) if isinstance(shifts, range | tuple) else shifts
        results.append(shifts)
        problem = _no_shifts(shifts, printed)
        if problem or sorted(shifts) != needed:
            problem = problem or recognise(answer, cases, _SHIFTS_WRONG, results)
            rows = report(answer, (strides, up_to), got, needed, printed=printed)
            raise NotYet(f"{rows}\n{problem}".rstrip())
    return (
        f"All {len(cases)} stacks agree with the measurement. The strides multiply: behind two "
        "pools of 2 only every fourth shift is exact, behind the five of VGG every 32nd."
    )


def _no_shifts(shifts: Any, printed: str) -> str:
    """Say what is wrong with the type of a list of shifts, or return an empty string."""
    if not isinstance(shifts, list):
        problem = kind(shifts, (), printed)  # worded for a tuple, but right about None
        if shifts is None:
            return problem
        article = "an" if type(shifts).__name__[0] in "aeiou" else "a"
        return f"The function returned {article} {type(shifts).__name__}, needed a list of shifts."
    if any(isinstance(shift, bool | np.bool_) for shift in shifts):
        return (
            "There is True or False for every shift. Return the shifts themselves, as whole "
            "numbers."
        )
    if not all(isinstance(shift, int | float | np.number) for shift in shifts):
        return "The list holds something else than numbers, needed shifts in pixels."
    return ""


vanishing_shifts = Exercise(
    name="ch05.vanishing_shifts",
    task=(
        "predict where the error of ch05.equivariance_error touches 0. A stack of pools has "
        "these strides, input first, and the image has circular borders. Write "
        "my_vanishing_shifts(strides, up_to): the list of all shifts from 0 to up_to, both "
        "included, at which the output moves along exactly, whatever the image."
    ),
    examine=_examine_shifts,
    hints=(
        "After one pool with stride 2, by how many pixels does the output move if the image moves "
        "by 2? By how many would it have to move for 1, and for 3?",
        "Follow a shift through [2, 2]: 4 pixels become 2, and then 1. A shift of 2 pixels "
        "becomes 1, and then a half. How far apart, in input pixels, do neighbours of the last "
        "output stand?",
        "Neighbours of the last output stand the product of all strides apart. A shift is kept "
        "if it is a multiple of that, and 0 always is.",
    ),
    wrong_answers=_SHIFTS_WRONG,
    solved_by=_my_vanishing_shifts,
)

# -- 3. Blur before you subsample -------------------------------------------------------------


def _my_antialias(x: Array) -> Any:
    """Binomial blur of x (H, W), circular borders, then every second row and column."""
    rows = (np.roll(x, 1, axis=0) + 2 * x + np.roll(x, -1, axis=0)) / 4
    blurred = (np.roll(rows, 1, axis=1) + 2 * rows + np.roll(rows, -1, axis=1)) / 4
    return blurred[::2, ::2]


def _antialias_by_loops(x: Array) -> Array:
    """Weigh the nine pixels around each pixel that is kept."""
    H, W = x.shape
    y = np.zeros((H // 2, W // 2))
    for i, j in np.ndindex(y.shape):
        for a, b in np.ndindex(3, 3):
            y[i, j] += _BINOMIAL[a, b] * x[(2 * i + a - 1) % H, (2 * j + b - 1) % W]
    return y


def _blur_cases() -> list[tuple[Array]]:
    """Images with even sides from 2 to 8, the smallest with sides of 4 first."""
    rng = np.random.default_rng(5)
    shapes = [(4, 4), (4, 6), (6, 4), (2, 2), (2, 4), (4, 2), (6, 6), (6, 8), (8, 6), (8, 8)]
    cases = [halves(rng, *shape) for shape in shapes for _ in range(3)]
    return [(x,) for x in [*cases, rng.integers(0, 9, (4, 6)), rng.integers(0, 9, (6, 4))]]


def _blurred(
    x: Array,
    weights: Sequence[float] = (0.25, 0.5, 0.25),
    axes: Sequence[int] = (0, 1),
    mode: Any = "wrap",
) -> Array:
    """Blur with one thing done differently; the last weight stands on the next pixel."""
    blurred = np.asarray(x, dtype=float)
    for axis in axes:
        pads = [(1, 1) if a == axis else (0, 0) for a in (0, 1)]
        windows = sliding_window_view(np.pad(blurred, pads, mode=mode), 3, axis=axis)
        blurred = (windows * np.array(weights)).sum(axis=-1)
    return blurred


def _blurred_while_reading(x: Array) -> Array:
    """Blur pixel by pixel, and overwrite what the next pixel still has to read."""
    y = np.array(x, dtype=float)
    H, W = y.shape
    for i, j in np.ndindex(H, W):
        y[i, j] = sum(
            _BINOMIAL[a, b] * y[(i + a - 1) % H, (j + b - 1) % W] for a, b in np.ndindex(3, 3)
        )
    return y[::2, ::2]


def _blurred_in_place(x: Array) -> Any:
    y = _my_antialias(x)
    x[: len(y), : y.shape[1]] = y
    return y


_BLUR_WRONG = (
    WrongAnswer(
        "blur after subsampling",
        lambda x: _blurred(x[::2, ::2]),
        "The blur comes after subsampling. It is then too late: three of four pixels have gone "
        "unseen, and what they would have said cannot be brought back. Blur first.",
    ),
    WrongAnswer(
        "no blur",
        lambda x: x[::2, ::2].copy(),
        "Every second pixel is kept as it is. Its neighbours have to be mixed in before they "
        "are thrown away.",
    ),
    WrongAnswer(
        "no subsampling",
        _blurred,
        "The blur is right. Now keep every second row and every second column, the first of "
        "each included.",
    ),
    WrongAnswer(
        "not normalised",
        lambda x: _blurred(x, (1, 2, 1))[::2, ::2],
        "The weights 1, 2, 1 are used as they are, so each blur makes the image four times as "
        "bright. They have to add up to 1: divide by 4, once for each axis.",
    ),
    WrongAnswer(
        "normalised once",
        lambda x: _blurred(x, (1, 2, 1))[::2, ::2] / 4,
        "The image has become four times as bright. There are two blurs, one along each axis, "
        "and each needs a division by 4: by 16 altogether.",
    ),
    WrongAnswer(
        "normalised by nine",
        lambda x: _blurred(x, (1, 2, 1))[::2, ::2] / 9,
        "The sum over the window is divided by 9, the number of pixels. The weights count, not "
        "the pixels: their sum is 16.",
    ),
    WrongAnswer(
        "box",
        lambda x: _blurred(x, (1 / 3, 1 / 3, 1 / 3))[::2, ::2],
        "All three weights are equal here: a box. The binomial weights are 1, 2, 1, so that a "
        "pixel counts more than its neighbours, and comes and goes gently as the image moves.",
    ),
    WrongAnswer(
        "average pooling",
        lambda x: _blurred(x, (0, 0.5, 0.5))[::2, ::2],
        "This is a 2x2 average pool. It is a blur as well, with the weights 1, 1; asked for are "
        "1, 2, 1, with the pixel that is kept in the middle.",
    ),
    WrongAnswer(
        "max pooling",
        lambda x: np.asarray(Layer("max", 2)(x), dtype=float),
        "This is a 2x2 max pool. It smooths nothing: asked for is a weighted average with "
        "weights 1, 2, 1.",
    ),
    WrongAnswer(
        "along the rows only",
        lambda x: _blurred(x, axes=(1,))[::2, ::2],
        "Left and right neighbours are mixed in, those above and below are not. Blur along the "
        "other axis, too.",
    ),
    WrongAnswer(
        "along the columns only",
        lambda x: _blurred(x, axes=(0,))[::2, ::2],
        "Neighbours above and below are mixed in, those left and right are not. Blur along the "
        "other axis, too.",
    ),
    WrongAnswer(
        "mean of the two blurs",
        lambda x: (_blurred(x, axes=(0,)) + _blurred(x, axes=(1,)))[::2, ::2] / 2,
        "Two blurs of the same image are averaged, and so the corners of the window are never "
        "seen. Do them one after the other: the second blurs the result of the first.",
    ),
    WrongAnswer(
        "blurred twice",
        lambda x: _blurred(_blurred(x))[::2, ::2],
        "The blur is done twice along each axis, which gives the weights 1, 4, 6, 4, 1. Once is "
        "what is asked for.",
    ),
    WrongAnswer(
        "zeros outside",
        lambda x: _blurred(x, mode="constant")[::2, ::2],
        "Outside the image there are zeros here, and the border gets darker. Borders are "
        "circular: the left neighbour of the first pixel is the last.",
    ),
    WrongAnswer(
        "border repeated",
        lambda x: _blurred(x, mode="edge")[::2, ::2],
        "At the border the outermost pixel is used twice. Borders are circular: the left "
        "neighbour of the first pixel is the last.",
    ),
    WrongAnswer(
        "border mirrored",
        lambda x: _blurred(x, mode="reflect")[::2, ::2],
        "At the border the image is mirrored. Borders are circular: the left neighbour of the "
        "first pixel is the last.",
    ),
    WrongAnswer(
        "starts at the second pixel",
        lambda x: _blurred(x)[1::2, 1::2],
        "The other pixels are kept: rows and columns 1, 3, 5 and so on. Start with the first, "
        "row 0 and column 0.",
    ),
    WrongAnswer(
        "subsampled along the rows only",
        lambda x: _blurred(x)[:, ::2],
        "Every second column is kept, but every row. Both sides are to be halved.",
    ),
    WrongAnswer(
        "subsampled along the columns only",
        lambda x: _blurred(x)[::2],
        "Every second row is kept, but every column. Both sides are to be halved.",
    ),
    WrongAnswer(
        "reads what it has just written",
        _blurred_while_reading,
        "The blur writes into the array it reads from, so later pixels see neighbours that are "
        "already blurred. Read from x, write into another array.",
    ),
    WrongAnswer(
        "whole-number result",
        lambda x: _my_antialias(x).astype(x.dtype),
        "An image of whole numbers loses its decimals: the result array was made like x, for "
        "whole numbers. np.zeros of the right shape makes one for all numbers.",
    ),
    WrongAnswer(
        "writes into its argument",
        _blurred_in_place,
        "Your function changed its argument.",
    ),
    WrongAnswer(
        "returns a list",
        lambda x: _my_antialias(x).tolist(),
        "The function returned a list, needed an array.",
    ),
)


def _errors_with_and_without_blur() -> tuple[float, float]:
    """Errors at a shift of one pixel of plain and of blurred subsampling, on noise."""
    x = np.random.default_rng(5).standard_normal((32, 32))
    plain = _my_equivariance_error(Layer("pick", 2), x, 1, 2)
    return plain, _my_equivariance_error(_my_antialias, x, 1, 2)


def _examine_blur(answer: Any) -> str:
    n = compare(answer, _antialias_by_loops, _blur_cases(), _BLUR_WRONG)
    plain, blurred = _errors_with_and_without_blur()
    return (
        f"All {n} images agree. On noise, the error of a shift by one pixel falls from "
        f"{plain:.2f} to {blurred:.2f}. On a fence, columns bright and dark in turn, it falls to "
        "0: plain subsampling turns all of it bright or dark, depending on where it stands, and "
        "the blur makes it grey."
    )


antialias = Exercise(
    name="ch05.antialias",
    task=(
        "write my_antialias(x) for x of shape (H, W), both even: blur with the binomial weights "
        "1, 2, 1 along rows and columns, circular borders, so that a uniform image keeps its "
        "brightness; then keep every second row and column, from the first."
    ),
    examine=_examine_blur,
    hints=(
        "What does plain subsampling, x[::2, ::2], make of columns that are bright and dark in "
        "turn? And what if the image moves by one pixel? Which pixels should have been heard?",
        "Blur along one axis first: a quarter of the pixel before, half of the pixel itself, a "
        "quarter of the pixel after. np.roll(x, 1, axis=0) is the array of all pixels before, at "
        "once. Then blur the result along the other axis.",
        "Add np.roll by 1, twice the array and np.roll by −1, and divide by 4; once with axis 0, "
        "and with the result once more with axis 1. Last of all, take every second row and "
        "column.",
    ),
    wrong_answers=_BLUR_WRONG,
    solved_by=_my_antialias,
)

# -- 4. How much does a pixel count? ----------------------------------------------------------


def _my_pixel_weights(kernel: Array, stride: int) -> Array:
    """Total weight of the pixels in columns 0 .. stride − 1 in the sum of all outputs."""
    weights = np.zeros(stride)
    for tap in range(len(kernel)):
        weights[tap % stride] += kernel[tap]  # this tap only ever meets columns of that kind
    return weights


def _weights_by_trying(kernel: Array, stride: int) -> Array:
    """Light one pixel of a ring of pixels after the other, and sum the outputs."""
    W = stride * (len(kernel) + 1)
    weights = np.zeros(stride)
    for p in range(stride):
        x = np.zeros(W)
        x[p] = 1
        for i in range(W // stride):
            weights[p] += sum(kernel[a] * x[(i * stride + a) % W] for a in range(len(kernel)))
    return weights


def _weight_cases() -> list[tuple[Array, int]]:
    """Kernels of 1 to 7 taps with strides of 1 to 4, stride 2 first."""
    rng = np.random.default_rng(5)
    cases = [(np.array([1.0, 2.0, 1.0]), 2), (np.array([1.0, 2.0, 4.0]), 2)]
    cases += [
        (halves(rng, taps), stride)
        for stride in (2, 3, 1, 4)
        for taps in (3, 4, 2, 5, 6, 7, 1)
        for _ in range(2)
    ]
    return cases


def _collect(
    kernel: Array, stride: int, place: Callable[[int], int], gain: Callable[[Any], Any] = float
) -> Array:
    """Collect the taps with one thing done differently."""
    weights = np.zeros(stride)
    for tap, value in enumerate(kernel):
        weights[place(tap) % stride] += gain(value)
    return weights


def _slices(kernel: Array, stride: int, reduce: Callable[[Array], Any]) -> Array:
    """Reduce the taps that meet the same columns to one number; 0 where there are none."""
    parts = [kernel[r::stride] for r in range(stride)]
    return np.array([reduce(part) if part.size else 0.0 for part in parts], dtype=float)


def _by_blocks(kernel: Array, stride: int) -> Array:
    return np.array([part.sum() for part in np.array_split(kernel, stride)], dtype=float)


_WEIGHTS_WRONG = (
    WrongAnswer(
        "the first taps only",
        lambda k, s: np.pad(k[:s], (0, max(s - len(k), 0))),
        "Only the first stride taps are counted. A longer kernel reaches into the next steps, "
        "and meets the same pixels again: tap a + stride, too, lands on columns of kind a.",
    ),
    WrongAnswer(
        "the last tap wins",
        lambda k, s: _slices(k, s, lambda part: part[-1]),
        "Of the taps that meet the same pixels only the last one counts. Each of them carries "
        "the pixel into another output, and all outputs are summed: += for =.",
    ),
    WrongAnswer(
        "mean of the taps",
        lambda k, s: _slices(k, s, np.mean),
        "The taps that meet the same pixels are averaged. Each of them carries the pixel into "
        "another output, and all outputs are summed, so they add up.",
    ),
    WrongAnswer(
        "largest tap",
        lambda k, s: _slices(k, s, np.max),
        "Of the taps that meet the same pixels only the largest counts. Nothing competes here: "
        "all outputs are summed, so the taps add up.",
    ),
    WrongAnswer(
        "number of taps",
        lambda k, s: _collect(k, s, lambda a: a, lambda v: 1.0),
        "This is how many outputs see each kind of pixel. They do not see it equally well: add "
        "up the taps themselves.",
    ),
    WrongAnswer(
        "absolute values",
        lambda k, s: _collect(k, s, lambda a: a, abs),
        "The taps are added without their signs. A pixel may count positively in one output and "
        "negatively in the next, and then they cancel.",
    ),
    WrongAnswer(
        "all taps, for every pixel",
        lambda k, s: np.full(s, k.sum()),
        "Every pixel gets the sum of all taps. That is right with stride 1, where every tap "
        "meets every pixel. With a stride, tap 0 only ever stands on columns 0, stride, "
        "2 · stride and so on.",
    ),
    WrongAnswer(
        "sum shared out equally",
        lambda k, s: np.full(s, k.sum() / s),
        "The sum of the taps is shared out equally. That is what one would wish for, and the sum "
        "is right; but which tap meets which pixels is decided by the stride.",
    ),
    WrongAnswer(
        "blocks of neighbouring taps",
        _by_blocks,
        "Neighbouring taps are added. Neighbouring taps stand on neighbouring pixels; the same "
        "pixels are met by taps that stand stride apart: 0, stride, 2 · stride and so on.",
    ),
    WrongAnswer(
        "flipped",
        lambda k, s: _collect(k[::-1], s, lambda a: a),
        "The kernel is flipped, as in a true convolution. The layer of that name lays it on as "
        "it is: kernel[a] meets x[i · stride + a].",
    ),
    WrongAnswer(
        "columns in reverse",
        lambda k, s: _collect(k, s, lambda a: -a),
        "The weights are right, but columns are counted backwards. Tap a of output i stands on "
        "column i · stride + a, so on a column of kind a % stride.",
    ),
    WrongAnswer(
        "centred",
        lambda k, s: _collect(k, s, lambda a: a - len(k) // 2),
        "The weights are right for a kernel that is centred on its pixel. Here output i begins "
        "at column i · stride: its tap 0 stands there.",
    ),
    WrongAnswer(
        "division for remainder",
        lambda k, s: _collect(k, s, lambda a: a // s),
        "Tap a is counted for column a // stride. That is in which step it lies; on which "
        "column of the step it stands is the remainder, a % stride.",
    ),
    WrongAnswer(
        "divided by the stride",
        lambda k, s: _my_pixel_weights(k, s) / s,
        "The weights are right, but divided by the stride. Asked for is the weight in the sum "
        "of the outputs; an average would also be divided, by the number of outputs.",
    ),
    WrongAnswer(
        "pixels that are never met left out",
        lambda k, s: _my_pixel_weights(k, s)[: len(k)],
        "A kernel shorter than the stride never meets some pixels, and these are missing here. "
        "They have a weight, too: it is 0.",
    ),
    WrongAnswer(
        "whole-number result",
        lambda k, s: _my_pixel_weights(k, s).astype(int),
        "The decimals are cut off: the result array was made for whole numbers.",
    ),
    WrongAnswer(
        "returns a list",
        lambda k, s: _my_pixel_weights(k, s).tolist(),
        "The function returned a list, needed an array.",
    ),
    WrongAnswer(
        "one number",
        lambda k, s: float(k.sum()),
        "The function returned a float, needed an array.",
    ),
)


def _examine_weights(answer: Any) -> str:
    n = compare(answer, _weights_by_trying, _weight_cases(), _WEIGHTS_WRONG)
    return (
        f"All {n} cases agree with lighting one pixel after the other. If the weights are equal, "
        "a global average behind the layer does not notice any shift: so with stride 1, with "
        "an average pool whose windows touch, and with the weights 1, 2, 1 and stride 2. In "
        "general they are not."
    )


pixel_weights = Exercise(
    name="ch05.pixel_weights",
    task=(
        "a convolution along a row with circular borders computes output i as the sum of "
        "kernel[a] · x[i · stride + a] over all a, and a global average comes next. With which "
        "total weight does a pixel enter the sum of all outputs? It depends on its column only "
        "through p % stride. Write my_pixel_weights(kernel, stride): an array with the weights "
        "of the columns p = 0 to stride − 1. The row is long, its length a multiple of stride."
    ),
    examine=_examine_weights,
    hints=(
        "Take the kernel [1, 2, 1] and stride 2. Write the outputs 0, 1, 2 below one another, "
        "each under the pixels it sees. What stands in the column of pixel 2, what in that of "
        "pixel 3?",
        "Tap a of output i stands on column i · stride + a. Which remainder does that leave when "
        "divided by stride? It is the same for all i.",
        "Start from stride zeros. Go through the taps, and add each to the entry a % stride.",
    ),
    wrong_answers=_WEIGHTS_WRONG,
    solved_by=_my_pixel_weights,
)

# -- 5. Prove or break ------------------------------------------------------------------------


def _ending_with_gap(layer: Layer, relu: bool = False) -> Callable[[Array], float]:
    """Build a network of one layer, a ReLU if wanted, and a global average."""

    def network(x: Array) -> float:
        y = layer(np.asarray(x, dtype=float))
        return float((np.maximum(y, 0) if relu else y).mean())

    return network


NETWORKS: dict[str, Callable[[Array], float]] = {
    "conv, relu, gap": _ending_with_gap(Layer("conv"), relu=True),
    "padded conv, gap": _ending_with_gap(Layer("padded")),
    "every second pixel, gap": _ending_with_gap(Layer("pick", 2)),
    "max pool, gap": _ending_with_gap(Layer("max", 2)),
    "average pool, gap": _ending_with_gap(Layer("average", 2)),
    "average pool, relu, gap": _ending_with_gap(Layer("average", 2), relu=True),
    "blur pool, gap": _ending_with_gap(Layer("blur", 2)),
}
_VERDICT_STUB = """
my_verdicts = {  # "holds", or (image, shift) that breaks it
    "conv, relu, gap": ...,  # 3x3 convolution, stride 1, circular borders
    "padded conv, gap": ...,  # the same convolution with zeros around the image, no relu
    "every second pixel, gap": ...,  # x[::2, ::2]
    "max pool, gap": ...,  # 2x2, stride 2
    "average pool, gap": ...,  # 2x2, stride 2
    "average pool, relu, gap": ...,  # 2x2, stride 2; relu makes negative averages 0
    "blur pool, gap": ...,  # weights 1, 2, 1 along rows and columns, stride 2
}
"""
_VERDICT_SOLUTION = """
spot = np.array([[1, 0, 0, 0], [0, 0, 0, 0]])  # at the border, and in an even column
pair = np.array([[1, 1, 0, 0], [0, 0, 0, 0]])  # in one window, and after a shift in two
signs = np.array([[1, -1, 0, 0], [1, -1, 0, 0]])  # cancel in one window, not in two
my_verdicts = {
    "conv, relu, gap": "holds",  # stride 1: the outputs only change places
    "padded conv, gap": (spot, 1),  # at the border fewer outputs see a pixel
    "every second pixel, gap": (spot, 1),
    "max pool, gap": (pair, 1),
    "average pool, gap": "holds",  # every pixel counts a quarter, wherever it stands
    "average pool, relu, gap": (signs, 1),
    "blur pool, gap": "holds",  # 2/4 in an even column, 1/4 + 1/4 in an odd one
}
"""
_LARGEST = 16  # pixels along a side of a counterexample
_NOT_PROVED = {
    "padded conv, gap": (
        "The convolution has stride 1, that is right, but zeros stand around the image. Fewer "
        "outputs see a pixel at the border than one in the middle: let something bright reach it."
    ),
    "every second pixel, gap": (
        "The average forgets where a pixel stands, but only of those that are left. A pixel in an "
        "odd column has been thrown away before: let something appear and disappear."
    ),
    "max pool, gap": (
        "A pool tolerates some small shifts, not all. How many windows does a bright spot light "
        "that is two pixels wide, before and after a step by one?"
    ),
    "average pool, relu, gap": (
        "Without the relu it would hold. With it, a window whose average is negative counts as "
        "0: let two pixels cancel in one window, and part them by a shift."
    ),
}
_HOLDS = {
    "conv, relu, gap": (
        "A convolution with stride 1 and circular borders looks everywhere, so the outputs only "
        "change places, and so do those of a ReLU after it. Can an average notice that?"
    ),
    "average pool, gap": (
        "It does have a stride; but its windows touch, so each pixel lies in exactly one of them "
        "and counts a quarter, wherever it stands. What does ch05.pixel_weights say?"
    ),
    "blur pool, gap": (
        "It has a stride and its windows overlap. How much does a pixel count in an even column, "
        "and how much in an odd one? Work it out with ch05.pixel_weights."
    ),
}
_SPOT = np.array([[0, 1, 0, 0], [0, 0, 0, 0]])
_FAR = np.array([[0] * 8, [0] * 8, [0, 0, 0, 1, 0, 0, 0, 0], [0] * 8])
_PAIR = np.array([[1, 1, 0, 0], [0, 0, 0, 0]])
_SIGNS = np.array([[1, -1, 0, 0], [1, -1, 0, 0]])


def _verdicts(**changed: Any) -> dict[str, Any]:
    """Give right verdicts, but for some networks, called by their first letters."""
    right: dict[str, Any] = dict.fromkeys(NETWORKS, "holds") | {
        "padded conv, gap": (_PAIR, 1),
        "every second pixel, gap": (_SPOT, 1),
        "max pool, gap": (_PAIR, 1),
        "average pool, relu, gap": (_SIGNS, 1),
    }
    names = {
        "conv": "conv, relu, gap",
        "padded": "padded conv, gap",
        "pick": "every second pixel, gap",
        "max": "max pool, gap",
        "average": "average pool, gap",
        "relu": "average pool, relu, gap",
        "blur": "blur pool, gap",
    }
    return right | {names[name]: verdict for name, verdict in changed.items()}


_VERDICTS_WRONG = (
    WrongAnswer(
        "all hold",
        dict.fromkeys(NETWORKS, "holds"),
        "You say that all hold, as each ends with a global average. The average forgets where its "
        "inputs stand; but are its inputs the same numbers as before the shift? Four of the "
        "seven can be broken.",
    ),
    WrongAnswer(
        "padding believed harmless",
        _verdicts(padded="holds"),
        _NOT_PROVED["padded conv, gap"],
    ),
    WrongAnswer(
        "subsampling believed harmless",
        _verdicts(pick="holds"),
        _NOT_PROVED["every second pixel, gap"],
    ),
    WrongAnswer(
        "max pool believed invariant",
        _verdicts(max="holds"),
        _NOT_PROVED["max pool, gap"],
    ),
    WrongAnswer(
        "relu believed harmless",
        _verdicts(relu="holds"),
        _NOT_PROVED["average pool, relu, gap"],
    ),
    WrongAnswer(
        "convolution believed broken",
        _verdicts(conv=(_SIGNS, 1)),
        _HOLDS["conv, relu, gap"],
    ),
    WrongAnswer(
        "every stride believed to break",
        _verdicts(average=(_SPOT, 1)),
        _HOLDS["average pool, gap"],
    ),
    WrongAnswer(
        "overlapping windows believed to break",
        _verdicts(blur=(_SPOT, 1)),
        _HOLDS["blur pool, gap"],
    ),
    WrongAnswer(
        "shift by the stride",
        _verdicts(max=(_PAIR, 2)),
        "The shift is even. After it every window sees what its neighbour saw before, so the "
        "outputs only change places, and the average stays.",
    ),
    WrongAnswer(
        "one bright pixel for the max pool",
        _verdicts(max=(_SPOT, 1)),
        "A single bright pixel lights exactly one window, wherever it stands. A max pool is only "
        "given away by something that fits into one window and can also lie in two.",
    ),
    WrongAnswer(
        "no negative average",
        _verdicts(relu=(_PAIR, 1)),
        "No value of the image is negative, so the relu has nothing to do, and without it the "
        "network is invariant. Use both signs.",
    ),
    WrongAnswer(
        "far from the border",
        _verdicts(padded=(_FAR, 1)),
        "Before and after, everything bright keeps away from the border, and nobody notices the "
        "zeros there. Start at the border, or end there.",
    ),
    WrongAnswer(
        "uniform image",
        _verdicts(pick=(np.ones((2, 4)), 1)),
        "The image looks the same after the shift, so no network can tell them apart.",
    ),
    WrongAnswer(
        "once around",
        _verdicts(pick=(_SPOT, 4)),
        "The shift goes all the way round, and the image is back where it was.",
    ),
    WrongAnswer(
        "side not even",
        _verdicts(pick=(np.array([[1, 0, 0]]), 1)),
        "The image has shape (1, 3), needed an even number of rows and of columns, so that the "
        "windows close the ring.",
    ),
    WrongAnswer(
        "only claimed",
        _verdicts(max="breaks"),
        "The verdict on 'max pool, gap' is 'breaks', needed 'holds', or a pair (image, shift) "
        "that breaks it: that something breaks has to be shown.",
    ),
    WrongAnswer(
        "image without a shift",
        _verdicts(max=_PAIR),
        "needed 'holds', or a pair (image, shift)",
    ),
    WrongAnswer(
        "half a pixel",
        _verdicts(max=(_PAIR, 0.5)),
        "The shift is 0.5, needed a whole number of pixels.",
    ),
    WrongAnswer(
        "one missing",
        {name: verdict for name, verdict in _verdicts().items() if name != "blur pool, gap"},
        "Still to judge: 'blur pool, gap'.",
    ),
    WrongAnswer(
        "a list",
        list(_verdicts().values()),
        "the answer has type list.",
    ),
)


def _examine_verdicts(answer: Any) -> str:
    if not isinstance(answer, dict):
        raise NotYet(
            "The check needs a dict with the names of the networks as keys, as in the stub; the "
            f"answer has type {type(answer).__name__}."
        )
    if all(verdict is ... or verdict is None for verdict in answer.values()):
        raise NotAttempted
    unknown = [name for name in answer if name not in NETWORKS]
    if unknown:
        keys = ", ".join(map(repr, NETWORKS))
        raise NotYet(f"There is no network {unknown[0]!r}; there are {keys}.")
    missing = [name for name in NETWORKS if answer.get(name) is None or answer[name] is ...]
    if missing:
        raise NotYet(f"Still to judge: {', '.join(map(repr, missing))}.")
    if all(isinstance(verdict, str) and verdict == "holds" for verdict in answer.values()):
        raise NotYet(_VERDICTS_WRONG[0].says)
    for name in NETWORKS:
        problem = _judge(name, answer[name])
        if problem:
            raise NotYet(problem)
    return (
        "All seven: four broken, three that hold. Where one holds, there is a reason and not an "
        "image. With stride 1 the outputs only change places; in the average and the blur pool "
        "every pixel counts the same wherever it stands, as long as no relu comes between. A "
        "head alone makes nothing invariant."
    )


def _judge(name: str, verdict: Any) -> str:
    """Say what is wrong with the verdict on one network, or return an empty string."""
    if isinstance(verdict, str) and verdict == "holds":
        return f"{name}: it does not hold. {_NOT_PROVED[name]}" if name in _NOT_PROVED else ""
    if not isinstance(verdict, tuple | list) or len(verdict) != 2:
        return (
            f"The verdict on {name!r} is {_short(verdict)}, needed 'holds', or a pair (image, "
            "shift) that breaks it: that something breaks has to be shown."
        )
    x, shift = _image(verdict[0]), verdict[1]
    if isinstance(x, str):
        return f"{name}: {x}"
    if not isinstance(shift, int | np.integer) or isinstance(shift, bool):
        return f"{name}: The shift is {_short(shift)}, needed a whole number of pixels."
    moved = np.roll(x, shift, axis=1)
    before, after = NETWORKS[name](x), NETWORKS[name](moved)
    if abs(before - after) > 1e-6 * abs(x).max():
        return ""
    rows = f"  {name}\n  before    {before + 0.0:.6g}\n  after     {after + 0.0:.6g}"
    return f"{rows}\nThe average is the same. {_no_counterexample(name, x, int(shift), moved)}"


def _short(value: Any) -> str:
    """Write a value in one line."""
    return f"an array of shape {value.shape}" if isinstance(value, np.ndarray) else show(value)


def _image(value: Any) -> Array | str:
    """Return the image of a counterexample, or say what is wrong with it."""
    if isinstance(value, np.ndarray) and value.ndim == 2 and max(value.shape) > _LARGEST:
        return f"The image has shape {value.shape}, needed at most {_LARGEST} pixels along a side."
    if isinstance(value, np.ndarray) and value.ndim != 2:
        return f"The image has shape {value.shape}, needed (H, W)."
    try:
        x = np.array(value, dtype=float)
    except (TypeError, ValueError):
        return f"The image is {_short(value)}, needed an array of shape (H, W)."
    if x.ndim != 2 or x.size == 0:
        return f"The image has shape {x.shape}, needed (H, W)."
    if any(side % 2 for side in x.shape):
        return (
            f"The image has shape {x.shape}, needed an even number of rows and of columns, so "
            "that the windows close the ring."
        )
    if max(x.shape) > _LARGEST:
        return f"The image has shape {x.shape}, needed at most {_LARGEST} pixels along a side."
    if not (np.isfinite(x).all() and abs(x).max() <= 1e6):
        return "The image has values that are infinite, NaN or above a million."
    return x


def _no_counterexample(name: str, x: Array, shift: int, moved: Array) -> str:
    """Say why an image and a shift do not break a network."""
    if name in _HOLDS:
        return _HOLDS[name]
    if shift % x.shape[1] == 0:
        return "The shift goes all the way round, and the image is back where it was."
    if np.array_equal(moved, x):
        return "The image looks the same after the shift, so no network can tell them apart."
    if name == "padded conv, gap":
        frame = np.ones(x.shape, dtype=bool)
        frame[1:-1, 1:-1] = False
        if not (x[frame].any() or moved[frame].any()):
            return (
                "Before and after, everything bright keeps away from the border, and nobody "
                "notices the zeros there. Start at the border, or end there."
            )
        return (
            "At the border something is lost, but as much before as after. What slides along the "
            "upper border stays at it; let it come to the left or the right one."
        )
    if shift % 2 == 0:
        return (
            "The shift is even. After it every window sees what its neighbour saw before, so the "
            "outputs only change places, and the average stays."
        )
    if name == "max pool, gap" and np.count_nonzero(x) == 1 and x.max() > 0:
        return (
            "A single bright pixel lights exactly one window, wherever it stands. A max pool is "
            "only given away by something that fits into one window and can also lie in two."
        )
    if name == "average pool, relu, gap" and x.min() >= 0:
        return (
            "No value of the image is negative, so the relu has nothing to do, and without it "
            "the network is invariant. Use both signs."
        )
    return "It is not always the same: try a simpler image, with one or two pixels that are not 0."


prove_or_break = Exercise(
    name="ch05.prove_or_break",
    task=(
        "'It ends with a global average, so it gives exactly the same for a shifted image.' Seven "
        "networks, circular borders but for the padded one: for which does this hold, whatever "
        "the image and the shift? Fill in my_verdicts with 'holds', or with a pair (image, shift) "
        "that breaks it: an array of shape (H, W), both even and at most 16, and how many pixels "
        "it moves to the right. ch05.NETWORKS['max pool, gap'](image) runs one of them."
    ),
    examine=_examine_verdicts,
    hints=(
        "An average forgets order. So ask what the layers before it do: do they give the same "
        "numbers in another order, or other numbers?",
        "Try the simplest images, with one or two pixels that are not 0, and a shift of 1. Follow "
        "a pixel from an even to an odd column: in which windows does it lie, and with which "
        "weight, before and after?",
        "One bright pixel is enough where pixels get lost. A max pool needs two that share a "
        "window before the shift and not after it; the relu needs two that cancel in a window. "
        "For the others work out with ch05.pixel_weights how much a pixel counts.",
    ),
    wrong_answers=_VERDICTS_WRONG,
    solved_by=_VERDICT_SOLUTION,
    starts_from=_VERDICT_STUB,
)

# -- 6. Does the answer stay the same? --------------------------------------------------------


def _my_consistency(scores: Array) -> Any:
    """Share of images that keep their class, for each shift 1 .. D; scores is (D + 1, N, K)."""
    classes = scores.argmax(axis=2)  # (D + 1, N)
    same = classes[1:] == classes[0]  # every shift against the image at rest
    return same.mean(axis=1)


def _consistency_by_counting(scores: Array) -> Array:
    """Go through shifts and images, and count."""
    shifts, images = len(scores) - 1, scores.shape[1]
    count = np.zeros(shifts)
    for d in range(1, shifts + 1):
        for n in range(images):
            at_rest, moved = list(scores[0, n]), list(scores[d, n])
            count[d - 1] += at_rest.index(max(at_rest)) == moved.index(max(moved))
    share: Array = count / images
    return share


def _consistency_cases() -> list[tuple[Array]]:
    """Scores that drift away from those at rest, so that many images keep their class."""
    rng = np.random.default_rng(5)
    cases = []
    for D, N, K in [(1, 2, 2), (2, 2, 2), (2, 3, 2), (3, 2, 3), (2, 4, 3), (4, 3, 5), (6, 8, 4)]:
        for _ in range(4):
            drift = halves(rng, D + 1, N, K)
            drift[0] = 2 * drift[0] + np.arange(K) / 8  # eighths, so that no two classes tie
            cases.append((drift.cumsum(axis=0),))
    return cases


def _classes(scores: Array) -> Array:
    classes: Array = scores.argmax(axis=2)
    return classes


def _most_frequent(classes: Array) -> Array:
    """Most frequent class of every image over all shifts."""
    return np.array([np.bincount(column).argmax() for column in classes.T])


_CONSISTENCY_WRONG = (
    WrongAnswer(
        "against the shift before",
        lambda z: (_classes(z)[1:] == _classes(z)[:-1]).mean(axis=1),
        "Each shift is compared with the one before. Then a network may walk through all classes "
        "in small steps and still look steady. Compare with the image at rest, scores[0].",
    ),
    WrongAnswer(
        "the same all the way",
        lambda z: np.cumprod(_classes(z)[1:] == _classes(z)[0], axis=0).mean(axis=1),
        "An image counts only if its class has stayed the same at all smaller shifts, too. Asked "
        "for is each shift by itself: a class may leave and come back, as it does at multiples "
        "of the stride.",
    ),
    WrongAnswer(
        "share that changed",
        lambda z: (_classes(z)[1:] != _classes(z)[0]).mean(axis=1),
        "This is the share of images whose class changes. Asked for are those that keep it.",
    ),
    WrongAnswer(
        "share of shifts for each image",
        lambda z: (_classes(z)[1:] == _classes(z)[0]).mean(axis=0),
        "There is one number for each image, averaged over the shifts. Asked for is one for each "
        "shift, averaged over the images: the other axis.",
    ),
    WrongAnswer(
        "one number for all",
        lambda z: float((_classes(z)[1:] == _classes(z)[0]).mean()),
        "The function returned a float, needed an array.",
    ),
    WrongAnswer(
        "shift 0 included",
        lambda z: (_classes(z) == _classes(z)[0]).mean(axis=1),
        "The image at rest is compared with itself, which gives a 1 in front. Begin with a shift "
        "of 1: scores[1:].",
    ),
    WrongAnswer(
        "not divided",
        lambda z: (_classes(z)[1:] == _classes(z)[0]).sum(axis=1),
        "This is the number of images that keep their class. Asked for is their share: divide "
        "by the number of images.",
    ),
    WrongAnswer(
        "divided by the number of classes",
        lambda z: (_classes(z)[1:] == _classes(z)[0]).sum(axis=1) / z.shape[2],
        "The count is right, but divided by the number of classes. It counts images, and there "
        "are scores.shape[1] of them.",
    ),
    WrongAnswer(
        "argmax over the images",
        lambda z: (z.argmax(axis=1)[1:] == z.argmax(axis=1)[0]).mean(axis=1),
        "For each class this looks for the image with the highest score. Asked for is the other "
        "thing: for each image the class, along the last axis.",
    ),
    WrongAnswer(
        "argmin",
        lambda z: (z.argmin(axis=2)[1:] == z.argmin(axis=2)[0]).mean(axis=1),
        "The class with the lowest score is compared. The prediction is the class with the "
        "highest.",
    ),
    WrongAnswer(
        "scores compared",
        lambda z: (z[1:] == z[0]).all(axis=2).mean(axis=1),
        "Scores are compared, and they change at the slightest touch. Asked for is whether the "
        "class with the highest score stays the same.",
    ),
    WrongAnswer(
        "highest score compared",
        lambda z: (z[1:].max(axis=2) == z[0].max(axis=1)).mean(axis=1),
        "The highest scores are compared: max gives the score, argmax the class that has it.",
    ),
    WrongAnswer(
        "whole order compared",
        lambda z: (z[1:].argsort(axis=2) == z[0].argsort(axis=1)).all(axis=2).mean(axis=1),
        "The order of all classes is compared. A network answers with the first of them; the "
        "others may change places.",
    ),
    WrongAnswer(
        "against the most frequent class",
        lambda z: (_classes(z)[1:] == _most_frequent(_classes(z))).mean(axis=1),
        "Each shift is compared with the most frequent class of the image. Asked for is the class "
        "of the image at rest, scores[0].",
    ),
    WrongAnswer(
        "frequencies of the classes compared",
        lambda z: np.array(
            [
                np.minimum(
                    *(np.bincount(c, minlength=z.shape[2]) for c in (row, _classes(z)[0]))
                ).sum()
                / z.shape[1]
                for row in _classes(z)[1:]
            ]
        ),
        "This compares how often each class occurs. Two images that exchange their classes would "
        "go unnoticed: compare image by image.",
    ),
    WrongAnswer(
        "true or false",
        lambda z: (_classes(z)[1:] == _classes(z)[0]).all(axis=1),
        "The array holds values of type bool, needed numbers as in the input.",
    ),
    WrongAnswer(
        "returns a list",
        lambda z: _my_consistency(z).tolist(),
        "The function returned a list, needed an array.",
    ),
    WrongAnswer(
        "wants labels",
        lambda scores, labels: (_classes(scores)[1:] == labels).mean(axis=1),
        "needed (scores): 1 of them, in this order.",
    ),
)


def _examine_consistency(answer: Any) -> str:
    n = compare(answer, _consistency_by_counting, _consistency_cases(), _CONSISTENCY_WRONG)
    return (
        f"All {n} cases agree. No label was needed, so consistency says nothing about being right: "
        "a network that always says 'seven' has a consistency of 1. Report it next to accuracy, "
        "never in its place."
    )


consistency = Exercise(
    name="ch05.consistency",
    task=(
        "does the answer stay the same when the image moves? scores has shape (D + 1, N, K): "
        "scores[d, n] are the scores of K classes for image n, moved by d pixels. Write "
        "my_consistency(scores): for each shift d = 1 to D the share of images whose predicted "
        "class is that of the same image at rest, an array of shape (D,)."
    ),
    examine=_examine_consistency,
    hints=(
        "What does a network answer, given K scores? Write the answers down as a table, a row for "
        "each shift and a column for each image. Which row is compared with which?",
        "argmax along the last axis gives the table of classes, of shape (D + 1, N). Row 0 is the "
        "image at rest; NumPy compares it with all other rows at once.",
        "Compare classes[1:] with classes[0], and take the mean of True and False along the "
        "images.",
    ),
    wrong_answers=_CONSISTENCY_WRONG,
    solved_by=_my_consistency,
)

EXERCISES = (
    equivariance_error,
    vanishing_shifts,
    antialias,
    pixel_weights,
    prove_or_break,
    consistency,
)
