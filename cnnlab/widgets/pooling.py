"""The pooling explorer: change the numbers, watch what a pool keeps. Chapter 2."""

from typing import Any

import numpy as np
import numpy.typing as npt

from cnnlab._extras import needed
from cnnlab._types import Array
from cnnlab.nn import functional as F
from cnnlab.widgets.base import StateError, Switch
from cnnlab.widgets.photos import MapOrPhoto
from cnnlab.widgets.values import (
    SEVEN,
    Choice,
    Real,
    Whole,
    WholeRows,
    image,
    number,
    table,
)

with needed("widgets", by="cnnlab.widgets"):
    import traitlets

POWERS = (1.0, 64.0)  # exponents p of the power mean
SIDES = (4, 10)  # rows and columns of x: every window fits, and every cell can be hit by a finger
WHO = "PoolingExplorer"


class PoolingExplorer(MapOrPhoto):
    """Pooling of a small map or a photograph, cell by cell, with the way the gradient goes back.

    Parameters
    ----------
    x : (H, W) array_like of int, optional
        The map, whole numbers from -9 to 9, 4 to 10 rows and columns. A handwritten seven if not
        given.
    photo : (H, W) array_like, optional
        A grey photograph, 8 to 96 rows and columns: whole numbers from 0 to 255, or floats in
        [0, 1]. With it, the explorer can switch between the numbers and the photograph.
    mode : {'max', 'average', 'lp', 'blur'}, default 'max'
        What is kept of a window: its largest value, its mean, its power mean (``LPPool2d``, see
        Notes), or a mean in which the middle counts most (``BlurPool2d``).
    kernel, stride : int, default 2
        Side of the window and step to the next one, in pixels, 1 to 4.
    padding : int, default 0
        Pixels added on each side, at most half of `kernel`: minus infinity for max, 0 for average.
        It has to be 0 for the other two: ``LPPool2d`` has no padding, and ``BlurPool2d`` mirrors
        the map at its border.
    p : float, default 2
        Exponent of the power mean, 1 to 64; the other rules do not use it.
    ceil_mode : bool, default False
        Count a last window that hangs over the border. Not for blur, which always keeps
        ``ceil(size / stride)`` values along a side.
    count_include_pad : bool, default True
        Whether the zeros of the padding count in an average; the other rules do not use it.
    view : {'numbers', 'photo'}, default 'numbers'
        What is pooled.
    gradient : bool, default False
        Also show the gradient of the input, for an output gradient of 1.
    anchor : str, optional
        Identifier of the explorer in its page; with it, the page offers a link to the present
        state.

    Raises
    ------
    StateError
        If a value cannot be drawn. It is a ``ValueError``, and also raised by an assignment such
        as ``explorer.padding = 2``, which then changes nothing.

    Notes
    -----
    In a running notebook all arguments but `anchor` are traits: assign to them, or read what the
    reader has typed. Assign a new `x`; a change inside the old one goes unnoticed.

    The power mean of the n values of a window is ``(mean of |x|**p) ** (1 / p)``. For values that
    are not negative, it is the average at p = 1, grows with p, and approaches the maximum.
    ``LPPool2d`` leaves out the division by n, as torch does, so that its outputs are
    ``n ** (1 / p)`` times as large. It also leaves out the absolute value: for negative values this
    holds at an even p only; an odd p keeps their signs, and another p gives NaN.

    Examples
    --------
    >>> PoolingExplorer(mode="average", kernel=3, stride=2)
    PoolingExplorer: average over 3×3 windows, stride 2, padding 0: 8×8 → 3×3
    >>> PoolingExplorer(mode="lp", p=4)
    PoolingExplorer: lp with p = 4 over 2×2 windows, stride 2: 8×8 → 4×4
    """

    module = "pooling.js"

    x = WholeRows(SEVEN, SIDES, (-9, 9)).tag(sync=True)
    mode = Choice("max", "average", "lp", "blur").tag(sync=True)
    kernel = Whole(2, (1, 4)).tag(sync=True)
    stride = Whole(2, (1, 4)).tag(sync=True)
    padding = Whole(0, (0, 2)).tag(sync=True)
    p = Real(2.0, POWERS).tag(sync=True)
    ceil_mode = Switch(False).tag(sync=True)
    count_include_pad = Switch(True).tag(sync=True)
    gradient = Switch(False).tag(sync=True)

    def __init__(
        self,
        x: npt.ArrayLike | None = None,
        photo: npt.ArrayLike | None = None,
        mode: str = "max",
        kernel: int = 2,
        stride: int = 2,
        padding: int = 0,
        *,
        p: float = 2.0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        view: str = "numbers",
        gradient: bool = False,
        anchor: str | None = None,
    ) -> None:
        super().__init__(
            x=SEVEN if x is None else x,
            photo=photo,
            mode=mode,
            kernel=kernel,
            stride=stride,
            padding=padding,
            p=p,
            ceil_mode=ceil_mode,
            count_include_pad=count_include_pad,
            view=view,
            gradient=gradient,
            anchor=anchor,
        )

    def __repr__(self) -> str:
        """One line: the rule and the sizes."""
        H, W = np.shape(self.x)
        H_out, W_out = self._pool(self.x).shape
        return f"{WHO}: {self._rule()}: {H}×{W} → {H_out}×{W_out}"

    def _rule(self, name: str | None = None) -> str:
        """Rule and window in words."""
        text = self.mode if name is None else name
        if self.mode == "lp":
            text += f" with p = {number(self.p)}"
        text += f" over {self.kernel}×{self.kernel} windows, stride {self.stride}"
        if self.mode in ("max", "average"):
            text += f", padding {self.padding}"
        if self.mode == "average" and self.padding and not self.count_include_pad:
            text += " that does not count"
        return text + (", ceil mode" if self.ceil_mode else "")

    def _pool(self, values: Any) -> Array:
        """Pool rows of numbers by the present rule."""
        x = np.array(values)[None]
        k, s = self.kernel, self.stride
        y: Array
        if self.mode == "max":
            y = F.max_pool2d(x, k, s, self.padding, ceil_mode=self.ceil_mode)
        elif self.mode == "average":
            y = F.avg_pool2d(x, k, s, self.padding, self.ceil_mode, self.count_include_pad)
        elif self.mode == "lp":
            y = F.lp_pool2d(np.abs(x), self.p, k, s, self.ceil_mode) / (k * k) ** (1 / self.p)
        else:
            y = F.blur_pool2d(x, k, s)
        image: Array = y[0]
        return image

    def output(self) -> Array:
        """Pooled map of the present state, or the pooled photograph where that is on view.

        Returns
        -------
        (H_out, W_out) array
            Whole numbers for max, float64 for the other rules.

        Examples
        --------
        >>> PoolingExplorer().output()
        array([[3, 9, 9, 2],
               [2, 4, 9, 3],
               [0, 6, 9, 5],
               [0, 9, 6, 0]])
        """
        return self._pool(self._map())

    @traitlets.validate("mode", "kernel", "padding", "ceil_mode")
    def _check_together(self, proposal: Any) -> Any:
        names = ("mode", "kernel", "padding", "ceil_mode")
        new = {proposal["trait"].name: proposal["value"]}
        mode, kernel, padding, ceil_mode = (new.get(name, getattr(self, name)) for name in names)
        if padding > kernel // 2:
            raise StateError(
                f"{WHO}(kernel={kernel}, padding={padding}): needed a padding of at most "
                f"half the window, here {kernel // 2}. A window must not lie in the padding alone."
            )
        self._check_border(mode, padding, ceil_mode)
        return proposal["value"]

    def _check_border(self, mode: str, padding: int, ceil_mode: bool) -> None:
        if mode == "lp" and padding:
            raise StateError(
                f"{WHO}(mode='lp', padding={padding}): needed padding=0. LPPool2d takes no "
                "padding, as in torch."
            )
        if mode == "blur" and padding:
            raise StateError(
                f"{WHO}(mode='blur', padding={padding}): needed padding=0. BlurPool2d mirrors the "
                "map at its border instead."
            )
        if mode == "blur" and ceil_mode:
            raise StateError(
                f"{WHO}(mode='blur', ceil_mode=True): needed ceil_mode=False. BlurPool2d has no "
                "such choice: it keeps ceil(size / stride) values along a side."
            )

    def fallback(self) -> str:
        """Input and output as tables, and the photograph; or, if on view, it and its pool."""
        name = {"lp": "power-mean (Lp)"}.get(self.mode, str(self.mode))
        title = self._rule(f"{name[0].upper()}{name[1:]} pooling")
        parts = ['<div class="cnn-still">', f"<p>{title}:</p>"]
        if self.view == "numbers":
            parts += [table("Input", np.array(self.x)), table("Output", self.output())]
        if self.photo is not None:
            h, w = np.shape(self.photo)
            aim = ", that the explorer can pool instead of the numbers"
            aim = aim if self.view == "numbers" else " before pooling"
            words = f"The photograph, {h}×{w} grey pixels{aim}."
            parts.append(image(np.array(self.photo), 4 * w, words))
        if self.view == "photo":
            pooled = self.output()
            h, w = pooled.shape
            words = f"The photograph after pooling, {h}×{w} pixels, enlarged {self.stride} times."
            parts.append(image(np.round(pooled), 4 * self.stride * w, words))
        return "\n".join([*parts, "</div>"])
