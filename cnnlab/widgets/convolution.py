"""The convolution explorer: drag a window over an image, watch the output grow. Chapter 1."""

from typing import Any

import numpy as np
import numpy.typing as npt

from cnnlab import shapes
from cnnlab._extras import needed
from cnnlab._types import Array
from cnnlab.nn import functional as F
from cnnlab.widgets.base import Checked, StateError, Switch
from cnnlab.widgets.photos import MapOrPhoto
from cnnlab.widgets.values import (
    SEVEN,
    Whole,
    WholeRows,
    image,
    number,
    table,
)

with needed("widgets", by="cnnlab.widgets"):
    import traitlets

#: Right minus left: positive where the image gets brighter to the right.
VERTICAL_EDGE = ((-1, 0, 1), (-1, 0, 1), (-1, 0, 1))
SIDES = (5, 9)  # rows and columns of x: every window fits, and every cell can be hit by a finger
WHO = "ConvolutionExplorer"


class ConvolutionExplorer(MapOrPhoto):
    """One kernel over one small map, place by place: nine products, their sum, one output cell.

    Parameters
    ----------
    x : (H, W) array_like of int, optional
        The map, whole numbers from -9 to 9, 5 to 9 rows and columns. A handwritten seven if not
        given.
    kernel : (k, k) array_like of int, optional
        The weights, whole numbers from -9 to 9, k = 1, 2 or 3. A vertical edge if not given.
    photo : (H, W) array_like, optional
        A grey photograph, 8 to 96 rows and columns: whole numbers from 0 to 255, or floats in
        [0, 1]. With it, the explorer can switch between the numbers and the photograph.
    divisor : int, default 1
        Number that each sum is divided by, 1 to 16, such as 9 for the mean of nine pixels.
    stride : int, default 1
        Step from one window to the next, in pixels, 1 to 3.
    padding : int, default 0
        Rows and columns of zeros added on each side, 0 to 2.
    dilation : int, default 1
        Distance between the pixels that neighbouring weights meet, 1 or 2.
    flip : bool, default False
        Flip the kernel first, which turns it by 180 degrees: the convolution of mathematics.
        Without it, the explorer computes what :func:`cnnlab.nn.functional.conv2d` does.
    view : {'numbers', 'photo'}, default 'numbers'
        What is convolved.
    at : pair of int, optional
        Where the window lies: row and column of the output cell that it fills, from 0.
    visited : sequence of pairs, optional
        Output cells that are filled. If not given, all up to `at`, row by row.
    filled : bool, default False
        Show the whole output, not only the cells of `visited`.
    reads : bool, default False
        Show how many windows read each pixel.
    anchor : str, optional
        Identifier of the explorer in its page; with it, the page offers a link to the present
        state.

    Raises
    ------
    StateError
        If a value cannot be drawn. It is a ``ValueError``, and also raised by an assignment such
        as ``explorer.stride = 4``, which then changes nothing.

    Notes
    -----
    In a running notebook all arguments but `anchor` are traits: assign to them, or read what the
    reader has typed. Assign a new `x`; a change inside the old one goes unnoticed. Where the
    output shrinks, `at` and `visited` follow.

    Examples
    --------
    >>> ConvolutionExplorer(stride=2, padding=1)
    ConvolutionExplorer: 3×3 kernel, stride 2, padding 1, dilation 1: 8×8 → 4×4
    """

    module = "convolution.js"

    x = WholeRows(SEVEN, SIDES, (-9, 9)).tag(sync=True)
    kernel = WholeRows(VERTICAL_EDGE, (1, 3), (-9, 9)).tag(sync=True)
    divisor = Whole(1, (1, 16)).tag(sync=True)
    stride = Whole(1, (1, 3)).tag(sync=True)
    padding = Whole(0, (0, 2)).tag(sync=True)
    dilation = Whole(1, (1, 2)).tag(sync=True)
    flip = Switch(False).tag(sync=True)
    at = Checked((0, 0)).tag(sync=True)
    visited = Checked(()).tag(sync=True)
    filled = Switch(False).tag(sync=True)
    reads = Switch(False).tag(sync=True)

    def __init__(
        self,
        x: npt.ArrayLike | None = None,
        kernel: npt.ArrayLike | None = None,
        photo: npt.ArrayLike | None = None,
        *,
        divisor: int = 1,
        stride: int = 1,
        padding: int = 0,
        dilation: int = 1,
        flip: bool = False,
        view: str = "numbers",
        at: npt.ArrayLike | None = None,
        visited: npt.ArrayLike | None = None,
        filled: bool = False,
        reads: bool = False,
        anchor: str | None = None,
    ) -> None:
        super().__init__(
            x=SEVEN if x is None else x,
            photo=photo,
            kernel=VERTICAL_EDGE if kernel is None else kernel,
            divisor=divisor,
            stride=stride,
            padding=padding,
            dilation=dilation,
            flip=flip,
            view=view,
            filled=filled,
            reads=reads,
            anchor=anchor,
        )
        H, W = self._output_shape()
        self.at = (H // 3, W // 2) if at is None else at
        i, j = self.at
        self.visited = _reading_order(i * W + j + 1, W) if visited is None else visited

    def __repr__(self) -> str:
        """One line: the settings and the sizes."""
        (H, W), (H_out, W_out) = np.shape(self._map()), self._output_shape()
        k = len(self.kernel)
        return (
            f"{WHO}: {k}×{k} kernel{', flipped' * self.flip}, stride {self.stride}, "
            f"padding {self.padding}, dilation {self.dilation}: {H}×{W} → {H_out}×{W_out}"
        )

    def _output_shape(self) -> tuple[int, int]:
        """Rows and columns of the output."""
        window = len(self.kernel), self.stride, self.padding, self.dilation
        H, W = (shapes.output_size(side, *window) for side in np.shape(self._map()))
        return H, W

    def output(self) -> Array:
        """Output map of the present state, whole, by :func:`cnnlab.nn.functional.conv2d`.

        Returns
        -------
        (H_out, W_out) array of float64

        Examples
        --------
        >>> ConvolutionExplorer(stride=3).output()
        array([[11.,  4.],
               [ 3.,  6.]])
        """
        weight = np.array(self.kernel, dtype=float)
        weight = weight[::-1, ::-1] if self.flip else weight
        x = np.array(self._map(), dtype=float)
        y = F.conv2d(
            x[None, None],
            np.ascontiguousarray(weight)[None, None],
            None,
            self.stride,
            self.padding,
            self.dilation,
        )[0, 0]
        divided: Array = y / self.divisor
        return divided

    @traitlets.validate("kernel")
    def _check_kernel(self, proposal: Any) -> list[list[int]]:
        kernel: list[list[int]] = proposal["value"]
        H, W = np.shape(kernel)
        if H != W:
            raise StateError(
                f"{WHO}(kernel): got {H} rows and {W} columns, needed as many of both. Fill up "
                f"with zeros."
            )
        return kernel

    @traitlets.validate("at")
    def _check_at(self, proposal: Any) -> list[int]:
        return _places("at", [proposal["value"]], self._output_shape())[0]

    @traitlets.validate("visited")
    def _check_visited(self, proposal: Any) -> list[list[int]]:
        return _places("visited", proposal["value"], self._output_shape())

    @traitlets.observe("x", "photo", "kernel", "stride", "padding", "dilation", "view")
    def _follow(self, _: Any) -> None:
        """Keep the window and the filled cells inside an output that has shrunk."""
        H, W = self._output_shape()
        i, j = self.at
        self.visited = [[a, b] for a, b in self.visited if a < H and b < W]
        self.at = [min(i, H - 1), min(j, W - 1)]

    def fallback(self) -> str:
        """Input, kernel and output as tables, the place of the window in words, the photograph."""
        k, y = len(self.kernel), self.output()
        i, j = self.at
        divided = "" if self.divisor == 1 else f", divided by {self.divisor}"
        flipped = ", flipped" if self.flip else ""
        parts = [
            '<div class="cnn-still">',
            f"<p>Convolution with a {k}×{k} kernel{flipped}, stride {self.stride}, "
            f"padding {self.padding}, dilation {self.dilation}. Row {i + 1}, column {j + 1} of the "
            f"output is the sum of the products of the kernel with the pixels under it"
            f"{divided}: {number(y[i, j])}.</p>",
        ]
        if self.view == "numbers":
            parts.append(table("Input", np.array(self.x)))
        weight = np.array(self.kernel)
        weight = weight[::-1, ::-1] if self.flip else weight
        parts.append(table(f"Kernel{flipped}", weight))
        if self.view == "numbers":
            parts.append(table("Output", y))
        if self.photo is not None:
            parts.append(
                _picture(np.array(self.photo), "The photograph that the kernel can slide over")
            )
        if self.view == "photo":
            parts.append(_picture(greys(y), "The output of the photograph"))
        return "\n".join([*parts, "</div>"])


def greys(y: Array) -> Array:
    """Grey values of an output: 0 is mid grey where there are negative values, else black.

    Parameters
    ----------
    y : (H, W) array

    Returns
    -------
    (H, W) array of uint8

    Examples
    --------
    >>> greys(np.array([[-1.0, 0.0, 2.0]]))
    array([[ 65, 128, 255]], dtype=uint8)
    """
    low, high = (0.0, max(255.0, y.max())) if y.min() >= 0 else (128.0, np.abs(y).max())
    rounded: Array = np.floor(low + (255 - low) * y / high + 0.5)  # halves go up, as in JavaScript
    return rounded.astype(np.uint8)


def _picture(pixels: Array, what: str) -> str:
    H, W = pixels.shape
    return image(pixels, 4 * W, f"{what}, {H}×{W} grey pixels.")


def _places(name: str, value: Any, shape: tuple[int, int]) -> list[list[int]]:
    """Check cells of the output, or say which there are."""
    H, W = shape
    try:
        found = np.array(value)
    except ValueError:  # rows of unequal length
        found = np.array(None)
    if name == "visited" and found.size == 0:
        return []
    if found.ndim != 2 or found.shape[1] != 2 or found.dtype.kind not in "iu":
        raise StateError(
            f"{WHO}({name}): needed {'two' if name == 'at' else 'pairs of'} whole numbers: row "
            f"and column of an output cell, from 0."
        )
    wrong = found[(found < 0).any(axis=1) | (found >= (H, W)).any(axis=1)]
    if len(wrong):
        i, j = wrong[0]
        raise StateError(
            f"{WHO}({name}): there is no output cell ({i}, {j}), needed rows 0 to {H - 1} and "
            f"columns 0 to {W - 1}. The output is {H}×{W}."
        )
    cells: list[list[int]] = found.tolist()
    return cells


def _reading_order(count: int, width: int) -> list[list[int]]:
    return [[n // width, n % width] for n in range(count)]
