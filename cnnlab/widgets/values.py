"""Values that a widget is given, checked, and numbers as a page shows them. For all explorers.

The checks are functions, and traits that make them when they are assigned to: a number within a
span, one of a few words, a map, a photograph.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from cnnlab._types import Array
from cnnlab.widgets.base import Checked, StateError, png

#: A handwritten, crossed seven.
SEVEN = (
    (0, 0, 0, 0, 0, 0, 0, 0),
    (0, 3, 7, 9, 9, 8, 2, 0),
    (0, 2, 4, 4, 5, 9, 3, 0),
    (0, 0, 0, 1, 6, 8, 1, 0),
    (0, 0, 2, 6, 9, 7, 5, 0),
    (0, 0, 1, 5, 9, 3, 1, 0),
    (0, 0, 0, 7, 6, 0, 0, 0),
    (0, 0, 1, 9, 3, 0, 0, 0),
)


def rows(who: str, name: str, value: Any, sides: tuple[int, int]) -> Array:
    """Make an array of rows and columns of finite numbers, or say why there is none.

    Parameters
    ----------
    who, name : str
        The widget's class and the argument, for messages.
    value : array_like
        What was given.
    sides : tuple of two int
        Smallest and largest number of rows and of columns.

    Returns
    -------
    (H, W) array of float64

    Raises
    ------
    StateError
        If it is no such array.
    """
    try:
        array = np.asarray(value)
    except (TypeError, ValueError):  # rows of different length
        array = np.empty(0, dtype=object)
    if array.dtype.kind not in "biuf":
        raise StateError(f"{who}({name}): needed rows of equal length with one number per cell.")
    array = array.astype(float)
    if array.ndim != 2:
        raise StateError(
            f"{who}({name}): got an array of shape {array.shape}, needed two dimensions "
            f"(rows, columns). Choose one image and one channel first."
        )
    low, high = sides
    if not all(low <= side <= high for side in array.shape):
        raise StateError(
            f"{who}({name}): got {array.shape[0]} rows and {array.shape[1]} columns, "
            f"needed {low} to {high} of each. Cut out a patch."
        )
    if not np.isfinite(array).all():
        raise StateError(f"{who}({name}): needed finite numbers in every cell.")
    return array


def whole_rows(
    who: str, name: str, value: Any, sides: tuple[int, int], span: tuple[int, int]
) -> list[list[int]]:
    """Make rows of whole numbers within a span, such as -9 to 9, or say why there are none.

    Parameters and errors are those of `rows`; `span` holds the smallest and the largest number.

    Examples
    --------
    >>> whole_rows("Explorer", "x", [[1.0, 2.0]], (1, 2), (-9, 9))
    [[1, 2]]
    """
    array = rows(who, name, value, sides)
    low, high = span
    wrong = array[(array != np.round(array)) | (array < low) | (array > high)]
    if wrong.size:
        raise StateError(
            f"{who}({name}): the value {wrong[0]:g} does not fit into a cell, needed whole "
            f"numbers from {low} to {high}. Round or scale the map first."
        )
    whole: list[list[int]] = array.astype(int).tolist()
    return whole


def grey(who: str, name: str, value: Any, sides: tuple[int, int]) -> list[list[int]]:
    """Make rows of grey values from 0 to 255 out of a photograph, or say why there are none.

    Parameters and errors are those of `rows`; the photograph holds floats in [0, 1], or whole
    numbers from 0 to 255.
    """
    array = rows(who, name, value, sides)
    found = f"from {array.min():g} to {array.max():g}"
    if np.asarray(value).dtype.kind == "f":
        if array.min() < 0 or array.max() > 1:
            raise StateError(
                f"{who}({name}): floats {found}, needed floats in [0, 1], or whole numbers from 0 "
                f"to 255."
            )
        array = np.round(255 * array)
    elif array.min() < 0 or array.max() > 255:
        raise StateError(
            f"{who}({name}): whole numbers {found}, needed 0 to 255, or floats in [0, 1]."
        )
    whole: list[list[int]] = array.astype(int).tolist()
    return whole


def small_int(who: str, name: str, value: Any, span: tuple[int, int]) -> int:
    """Check a whole number within a span, or say what is needed."""
    low, high = span
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise StateError(
            f"{who}({name}={value!r}): got a {type(value).__name__}, needed an int "
            f"from {low} to {high}."
        )
    if not low <= value <= high:
        raise StateError(f"{who}({name}={value}): needed an int from {low} to {high}.")
    return int(value)


def real(who: str, name: str, value: Any, span: tuple[float, float]) -> float:
    """Check a number within a span, or say what is needed."""
    low, high = span
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        raise StateError(
            f"{who}({name}={value!r}): got a {type(value).__name__}, needed a number "
            f"from {low:g} to {high:g}."
        )
    if not low <= value <= high:
        raise StateError(f"{who}({name}={value:g}): needed a number from {low:g} to {high:g}.")
    return float(value)


def choice(who: str, name: str, value: Any, allowed: Sequence[str]) -> str:
    """Check one of a few words, or say which there are.

    >>> choice("Explorer", "mode", "max", ("max", "average"))
    'max'
    """
    if not isinstance(value, str) or value not in allowed:
        words = ", ".join(map(repr, allowed[:-1])) + f" or {allowed[-1]!r}"
        raise StateError(f"{who}({name}={value!r}): needed {words}.")
    return str(value)


class Whole(Checked):
    """A trait that holds a whole number within a span."""

    def __init__(self, default: int, span: tuple[int, int]) -> None:
        super().__init__(default)
        self.span = span

    def validate(self, obj: Any, value: Any) -> int:
        """Take what `small_int` takes."""
        return small_int(type(obj).__name__, str(self.name), value, self.span)


class Real(Checked):
    """A trait that holds a number within a span."""

    def __init__(self, default: float, span: tuple[float, float]) -> None:
        super().__init__(default)
        self.span = span

    def validate(self, obj: Any, value: Any) -> float:
        """Take what `real` takes."""
        return real(type(obj).__name__, str(self.name), value, self.span)


class Choice(Checked):
    """A trait that holds one of a few words, the first one at first."""

    def __init__(self, *allowed: str) -> None:
        super().__init__(allowed[0])
        self.allowed = allowed

    def validate(self, obj: Any, value: Any) -> str:
        """Take what `choice` takes."""
        return choice(type(obj).__name__, str(self.name), value, self.allowed)


class WholeRows(Checked):
    """A trait that holds a map of whole numbers within a span."""

    def __init__(self, default: Any, sides: tuple[int, int], span: tuple[int, int]) -> None:
        super().__init__(default)
        self.sides, self.span = sides, span

    def validate(self, obj: Any, value: Any) -> list[list[int]]:
        """Take what `whole_rows` takes."""
        return whole_rows(type(obj).__name__, str(self.name), value, self.sides, self.span)


class Photo(Checked):
    """A trait that holds a grey photograph, or None for none."""

    def __init__(self, sides: tuple[int, int]) -> None:
        super().__init__(None)
        self.sides = sides

    def validate(self, obj: Any, value: Any) -> list[list[int]] | None:
        """Take what `grey` takes."""
        if value is None:
            return None
        return grey(type(obj).__name__, str(self.name), value, self.sides)


def check_visible(who: str, photo: Any, field: str, shown: str, otherwise: str) -> None:
    """Refuse to show a photograph where there is none; `otherwise` says what to choose instead.

    >>> check_visible("Explorer", None, "view", "numbers", "view='numbers'")
    """
    if photo is None and shown == "photo":
        raise StateError(
            f"{who}(photo=None, {field}='photo'): there is no photograph to show. "
            f"Pass one as photo=array, or choose {otherwise}."
        )


def uniforms(seed: int, count: int) -> Array:
    """Random numbers in [0, 1), the same ones here and in a page: mulberry32.

    Parameters
    ----------
    seed : int
        Start of the stream.
    count : int
        How many numbers.

    Returns
    -------
    array of shape (count,)

    Examples
    --------
    >>> uniforms(1, 3).round(3)
    array([0.627, 0.003, 0.527])
    """
    wrap = np.uint64(2**32 - 1)

    def times(a: Array, b: Array) -> Array:
        return (a * b) & wrap

    a = (np.uint64(seed) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x6D2B79F5)) & wrap
    t = times(a ^ (a >> np.uint64(15)), a | np.uint64(1))
    t = ((t + times(t ^ (t >> np.uint64(7)), t | np.uint64(61))) & wrap) ^ t
    return np.asarray((t ^ (t >> np.uint64(14))) / 2**32)


def number(value: float) -> str:
    """Text of a cell: at most two digits after the point, a real minus sign, never minus zero.

    Examples
    --------
    >>> number(4.0), number(-2.25), number(-0.001), number(2 / 3)
    ('4', '−2.25', '0', '0.67')
    """
    rounded = math.floor(100 * value + 0.5) / 100  # halves go up, as in the explorer's JavaScript
    return f"{rounded:z.2f}".rstrip("0").rstrip(".").replace("-", "−")


def table(name: str, values: Array) -> str:
    """HTML table of a map with its size, for readers without scripts."""
    H, W = values.shape
    body = "".join(
        "<tr>" + "".join(f"<td>{number(v)}</td>" for v in row) + "</tr>\n" for row in values
    )
    return f"<table>\n<caption>{name}, {H}×{W}</caption>\n<tbody>\n{body}</tbody>\n</table>"


def image(pixels: Array, width: int, alt: str) -> str:
    """HTML of a grey picture of values from 0 to 255, drawn `width` pixels wide, with its text."""
    H, W = pixels.shape
    source = png(pixels.astype(np.uint8))
    return f'<img src="{source}" width="{width}" height="{width * H // W}" alt="{alt}">'
