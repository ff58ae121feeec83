"""The pooling explorer: change the numbers, watch what a pool keeps. Chapter 2."""

from typing import Any

import numpy as np
import numpy.typing as npt

from cnnlab import shapes
from cnnlab._extras import needed
from cnnlab._types import Array
from cnnlab.nn import functional as F
from cnnlab.widgets.base import Checked, PageWidget, StateError, png
from cnnlab.widgets.values import choice, grey, small_int, table, whole_rows

with needed("widgets", by="cnnlab.widgets"):
    import traitlets

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
LIMITS = {"kernel": (1, 4), "stride": (1, 4), "padding": (0, 2)}
SIDES = (4, 10)  # rows and columns of x: every window fits, and every cell can be hit by a finger
PHOTO_SIDES = (8, 96)


class PoolingExplorer(PageWidget):
    """Max and average pooling of a small map, cell by cell, with the way the gradient goes back.

    Parameters
    ----------
    x : (H, W) array_like of int, optional
        The map, whole numbers from -9 to 9, 4 to 10 rows and columns. A handwritten seven if not
        given.
    photo : (H, W) array_like, optional
        A grey photograph, 8 to 96 rows and columns: whole numbers from 0 to 255, or floats in
        [0, 1]. With it, the explorer can switch between the numbers and the photograph.
    mode : {'max', 'average'}, default 'max'
        Which value of a window is kept.
    kernel, stride : int, default 2
        Side of the window and step to the next one, in pixels, 1 to 4.
    padding : int, default 0
        Pixels added on each side, at most half of `kernel`: minus infinity for max, 0 for average,
        where the zeros count (torch's ``count_include_pad=True``).
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

    Examples
    --------
    >>> PoolingExplorer(mode="average", kernel=3, stride=2)
    PoolingExplorer: average over 3×3 windows, stride 2, padding 0: 8×8 → 3×3
    """

    module = "pooling.js"

    x = Checked(SEVEN).tag(sync=True)
    photo = Checked(None).tag(sync=True)
    mode = Checked("max").tag(sync=True)
    kernel = Checked(2).tag(sync=True)
    stride = Checked(2).tag(sync=True)
    padding = Checked(0).tag(sync=True)
    view = Checked("numbers").tag(sync=True)
    gradient = traitlets.Bool(False).tag(sync=True)

    def __init__(
        self,
        x: npt.ArrayLike | None = None,
        photo: npt.ArrayLike | None = None,
        mode: str = "max",
        kernel: int = 2,
        stride: int = 2,
        padding: int = 0,
        *,
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
            view=view,
            gradient=gradient,
            anchor=anchor,
        )

    def __repr__(self) -> str:
        """One line: the rule and the sizes."""
        H, W = np.shape(self.x)
        return (
            f"PoolingExplorer: {self.mode} over {self.kernel}×{self.kernel} windows, "
            f"stride {self.stride}, padding {self.padding}: "
            f"{H}×{W} → {self._output_size(H)}×{self._output_size(W)}"
        )

    def _output_size(self, size: int) -> int:
        return shapes.output_size(size, self.kernel, self.stride, self.padding)

    def output(self) -> Array:
        """Pooled map of the present state.

        Returns
        -------
        (H_out, W_out) array
            Whole numbers for max, float64 for average.

        Examples
        --------
        >>> PoolingExplorer().output()
        array([[3, 9, 9, 2],
               [2, 4, 9, 3],
               [0, 6, 9, 5],
               [0, 9, 6, 0]])
        """
        pool = F.max_pool2d if self.mode == "max" else F.avg_pool2d
        y: Array = pool(np.array(self.x)[None, None], self.kernel, self.stride, self.padding)[0, 0]
        return y

    @traitlets.validate("x")
    def _check_x(self, proposal: Any) -> list[list[int]]:
        return whole_rows("PoolingExplorer", "x", proposal["value"], SIDES, (-9, 9))

    @traitlets.validate("photo")
    def _check_photo(self, proposal: Any) -> list[list[int]] | None:
        if proposal["value"] is None:
            self._check_visible(None, self.view)
            return None
        return grey("PoolingExplorer", "photo", proposal["value"], PHOTO_SIDES)

    @traitlets.validate("mode")
    def _check_mode(self, proposal: Any) -> str:
        return choice("PoolingExplorer", "mode", proposal["value"], ("max", "average"))

    @traitlets.validate("view")
    def _check_view(self, proposal: Any) -> str:
        view = choice("PoolingExplorer", "view", proposal["value"], ("numbers", "photo"))
        self._check_visible(self.photo, view)
        return view

    def _check_visible(self, photo: Any, view: str) -> None:
        if photo is None and view == "photo":
            raise StateError(
                "PoolingExplorer(photo=None, view='photo'): there is no photograph to show. "
                "Pass one as photo=array, or choose view='numbers'."
            )

    @traitlets.validate("kernel", "stride", "padding")
    def _check_window(self, proposal: Any) -> int:
        name = proposal["trait"].name
        value, kernel, padding = (
            small_int(
                "PoolingExplorer", key, proposal["value"] if key == name else now, LIMITS[key]
            )
            for key, now in ((name, None), ("kernel", self.kernel), ("padding", self.padding))
        )
        if name != "stride" and padding > kernel // 2:
            raise StateError(
                f"PoolingExplorer(kernel={kernel}, padding={padding}): needed a padding of at most "
                f"half the window, here {kernel // 2}. A window must not lie in the padding alone."
            )
        return value

    def fallback(self) -> str:
        """Input and output as tables, and the photograph, if any, with its pooled picture."""
        y = self.output()
        parts = [
            '<div class="cnn-still">',
            f"<p>{self.mode.capitalize()} pooling over {self.kernel}×{self.kernel} windows, "
            f"stride {self.stride}, padding {self.padding}:</p>",
            table("Input", np.array(self.x)),
            table("Output", y),
        ]
        if self.photo is not None:
            photo = np.array(self.photo, dtype=np.uint8)
            h, w = photo.shape
            parts.append(
                f'<img src="{png(photo)}" width="{4 * w}" height="{4 * h}" '
                f'alt="The photograph, {h}×{w} grey pixels, that the explorer can pool instead of '
                f'the numbers.">'
            )
        return "\n".join([*parts, "</div>"])
