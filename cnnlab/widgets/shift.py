"""The shift explorer: drag a picture, watch five maps try to follow. Chapter 5."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from cnnlab._extras import needed
from cnnlab._types import Array
from cnnlab.nn import functional as F
from cnnlab.nn.padding import circular_pad2d
from cnnlab.widgets.base import PageWidget, StateError
from cnnlab.widgets.values import Choice, Photo, Whole, check_visible, image, number, uniforms

with needed("widgets", by="cnnlab.widgets"):
    import traitlets

#: Five ways from one map to the next: four halve it, the last leaves it as it is. All on a ring.
RULES: Mapping[str, Callable[[Array], Array]] = {
    "max": lambda maps: F.max_pool2d(maps, 2),
    "average": lambda maps: F.avg_pool2d(maps, 2),
    "stride": lambda maps: maps[..., ::2, ::2],
    "blur": lambda maps: F.blur_pool2d(maps, 3, stride=2, padding_mode="circular"),
    "none": lambda maps: maps,
}
#: Sobel's filter for brightness that grows to the right, scaled so that a full step gives 1.
EDGE = np.array([[[[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]]]]) / 4
MOST = 8  # pixels that the picture can be moved by, in each direction
PHOTO_SIDES = (16, 64)
NOTHING = 1e-9  # differences and spreads below it are rounding
IN_WORDS = {
    "seven": "handwritten seven",
    "checks": "fine checks",
    "stripes": "fine stripes",
    "rings": "rings that get finer",
    "dot": "single dot",
    "noise": "random values",
    "photo": "photograph",
}


def _seven() -> Array:
    """Draw a crossed seven of three strokes, 32x32 pixels."""
    i, j = np.mgrid[:32, :32].astype(float)
    distances = []
    for (a, b), (c, d) in (((8, 9), (8, 22)), ((8, 22), (24, 13)), ((16, 12), (16, 21))):
        along = ((i - a) * (c - a) + (j - b) * (d - b)) / ((c - a) ** 2 + (d - b) ** 2)
        along = np.clip(along, 0, 1)
        distances.append(np.hypot(i - a - along * (c - a), j - b - along * (d - b)))
    seven: Array = np.clip(1.9 - np.min(distances, axis=0), 0, 1)
    return seven


def _checks() -> Array:
    """Draw a square of 16x16 pixels, every other one bright, in a dark field of 32x32."""
    x = np.zeros((32, 32))
    x[8:24, 8:24] = 1 - np.indices((16, 16)).sum(axis=0) % 2
    return x


def _stripes() -> Array:
    """Light every third column of 48x48 pixels."""
    return np.tile([1.0, 0.0, 0.0], (48, 16))


def _rings() -> Array:
    """Draw rings around the middle of 64x64 pixels, two pixels apart where they meet the border."""
    i, j = np.indices((64, 64))
    rings: Array = 0.5 + 0.5 * np.cos(np.pi * ((i - 31.2) ** 2 + (j - 30.7) ** 2) / 64)
    return rings


def _dot() -> Array:
    """Light one pixel of 32x32."""
    x = np.zeros((32, 32))
    x[16, 16] = 1
    return x


def _noise() -> Array:
    """Draw 64x64 independent values in [0, 1)."""
    return uniforms(6, 64 * 64).reshape(64, 64)


PICTURES: Mapping[str, Callable[[], Array]] = {
    "seven": _seven,
    "checks": _checks,
    "stripes": _stripes,
    "rings": _rings,
    "dot": _dot,
    "noise": _noise,
}


def change(after: Array, before: Array) -> float:
    """Root mean square of the difference over the standard deviation of `before`.

    It is 0 for equal maps, and infinite if they differ although `before` is the same everywhere.
    """
    difference = float(np.sqrt(np.mean((after - before) ** 2)))
    if difference < NOTHING:
        return 0.0
    spread = float(before.std())
    return difference / spread if spread > NOTHING else float("inf")


def misfit(after: Array, before: Array, dy: int, dx: int, step: int) -> float:
    """Change that is left when `before` is moved by whole places, those that fit best.

    Tried are the whole numbers next to ``dy / step`` and ``dx / step``, below and above.
    """
    rows, columns = ({d // step, -(-d // step)} for d in (dy, dx))
    return min(change(after, np.roll(before, (i, j), (-2, -1))) for i in rows for j in columns)


class ShiftExplorer(PageWidget):
    """Five maps of one picture that is dragged about, and how well they follow.

    The picture lies on a ring: what leaves on one side comes in on the other. So every difference
    that is left comes from the way the map was made smaller, and none from a border.

    Parameters
    ----------
    picture : {'seven', 'checks', 'stripes', 'rings', 'dot', 'noise', 'photo'}, default 'seven'
        What is moved.
    dx, dy : int, default 1 and 0
        Shift to the right and down, in pixels, from -8 to 8.
    depth : {1, 2}, default 1
        Number of pools one after the other: one step of the map is 2 or 4 pixels.
    features : {'pixels', 'edges'}, default 'pixels'
        What is pooled: the picture, or the response to a filter for vertical edges, after a ReLU.
    measure : {'misfit', 'change'}, default 'misfit'
        With what a map is compared: with the old one moved by whole places (has it moved along?),
        or with the old one where it was (has it stayed the same?).
    photo : (H, W) array_like, optional
        A grey photograph, 16 to 64 rows and columns, multiples of 4: whole numbers from 0 to 255,
        or floats in [0, 1].
    anchor : str, optional
        Identifier of the explorer in its page; with it, the page offers a link to the present
        state.

    Raises
    ------
    StateError
        If a value cannot be drawn. It is a ``ValueError``, and also raised by an assignment such
        as ``explorer.dx = 9``, which then changes nothing.

    Notes
    -----
    Both measures are the root mean square of the difference of two maps, divided by the standard
    deviation of the old one, as in the experiment `shifted_features`: 0 where nothing differs,
    the root of 2, about 1.4, for uncorrelated maps of equal mean and spread. There is no ceiling.

    Examples
    --------
    >>> explorer = ShiftExplorer("checks")
    >>> explorer
    ShiftExplorer: fine checks, moved by (dx, dy) = (1, 0), one step is 2 pixels
    >>> {rule: round(float(e[9]), 2) for rule, e in explorer.errors().items()}  # dx = 1
    {'max': 0.41, 'average': 0.29, 'stride': 1.15, 'blur': 0.21, 'none': 0.0}
    """

    module = "shift.js"

    picture = Choice(*IN_WORDS).tag(sync=True)
    photo = Photo(PHOTO_SIDES).tag(sync=True)
    dx = Whole(1, (-MOST, MOST)).tag(sync=True)
    dy = Whole(0, (-MOST, MOST)).tag(sync=True)
    depth = Whole(1, (1, 2)).tag(sync=True)
    features = Choice("pixels", "edges").tag(sync=True)
    measure = Choice("misfit", "change").tag(sync=True)

    def __init__(
        self,
        picture: str = "seven",
        dx: int = 1,
        dy: int = 0,
        *,
        depth: int = 1,
        features: str = "pixels",
        measure: str = "misfit",
        photo: npt.ArrayLike | None = None,
        anchor: str | None = None,
    ) -> None:
        super().__init__(
            picture=picture,
            photo=photo,
            dx=dx,
            dy=dy,
            depth=depth,
            features=features,
            measure=measure,
            anchor=anchor,
        )

    def __repr__(self) -> str:
        """One line: the picture, where it stands, and the step."""
        of_edges = ", its edges" if self.features == "edges" else ""
        return (
            f"ShiftExplorer: {IN_WORDS[self.picture]}{of_edges}, moved by (dx, dy) = "
            f"({self.dx}, {self.dy}), one step is {2**self.depth} pixels"
        )

    def image(self) -> Array:
        """Give the picture before it is moved.

        Returns
        -------
        (H, W) array of float64 in [0, 1]
        """
        if self.picture == "photo":
            return np.array(self.photo) / 255
        return PICTURES[self.picture]()

    def maps(self, dx: int | None = None, dy: int | None = None) -> dict[str, Array]:
        """Feature maps of the moved picture, one for each rule.

        Parameters
        ----------
        dx, dy : int, optional
            Another shift than the present one, in pixels.

        Returns
        -------
        dict of str to array
            Side of the picture over 2 or 4; for the rule ``"none"`` the whole side.

        Examples
        --------
        >>> maps = ShiftExplorer("checks", dx=1).maps()
        >>> maps["average"].shape, maps["none"].shape
        ((16, 16), (32, 32))
        >>> float(maps["stride"].max())  # of the bright squares not one is left
        0.0
        """
        shift = (self.dy if dy is None else dy, self.dx if dx is None else dx)
        x = np.roll(self.image(), shift, axis=(0, 1))[None, None]
        if self.features == "edges":
            x = F.relu(F.conv2d(circular_pad2d(x, 1), EDGE))
        found = {}
        for rule, pool in RULES.items():
            y = x
            for _ in range(self.depth):
                y = pool(y)
            found[rule] = y[0, 0]
        return found

    def errors(self) -> dict[str, Array]:
        """Curves of the present measure: for each rule, one number per shift to the right.

        Returns
        -------
        dict of str to array of shape (17,)
            For dx = -8 ... 8 and the present `dy`.

        Examples
        --------
        Without a border, every map moves along exactly with every multiple of the step:

        >>> ShiftExplorer("seven").errors()["max"][8:13].round(2)
        array([0.  , 0.42, 0.  , 0.42, 0.  ])
        """
        before = self.maps(0, 0)
        curves: dict[str, list[float]] = {rule: [] for rule in RULES}
        for dx in range(-MOST, MOST + 1):
            for rule, after in self.maps(dx).items():
                step = 1 if rule == "none" else 2**self.depth
                curves[rule].append(
                    misfit(after, before[rule], self.dy, dx, step)
                    if self.measure == "misfit"
                    else change(after, before[rule])
                )
        return {rule: np.array(curve) for rule, curve in curves.items()}

    @traitlets.validate("photo", "picture")
    def _check_shown(self, proposal: Any) -> Any:
        new = {proposal["trait"].name: proposal["value"]}
        photo, picture = (new.get(name, getattr(self, name)) for name in ("photo", "picture"))
        if photo is not None and (len(photo) % 4 or len(photo[0]) % 4):
            raise StateError(
                f"ShiftExplorer(photo): got {len(photo)} rows and {len(photo[0])} columns, needed "
                f"multiples of 4, so that two pools close on the ring. Cut out a patch."
            )
        check_visible("ShiftExplorer", photo, "picture", picture, "another picture")
        return proposal["value"]

    def fallback(self) -> str:
        """The moved picture, its five maps, and a table of the measure at the shifts 0 to 8."""
        maps = self.maps()
        moved = np.roll(self.image(), (self.dy, self.dx), axis=(0, 1))
        largest = max(maps["none"].max(), NOTHING)
        figures = [_figure("the moved picture", moved, 1.0)]
        figures += [_figure(rule, y, largest) for rule, y in maps.items()]
        head = "".join(f'<th scope="col">{dx}</th>' for dx in range(MOST + 1))
        body = "\n".join(
            f'<tr><th scope="row">{rule}</th>'
            + "".join(f"<td>{_text(e)}</td>" for e in curve[MOST:])
            + "</tr>"
            for rule, curve in self.errors().items()
        )
        down = "" if self.dy == 0 else f", and {number(self.dy)} down"
        edges = "its edges" if self.features == "edges" else "its pixels"
        pools = "once" if self.depth == 1 else "twice"
        return "\n".join(
            [
                '<div class="cnn-still cnn-shift-still">',
                f"<p>{IN_WORDS[self.picture].capitalize()}, moved by {number(self.dx)} to the "
                f"right and {number(self.dy)} down, in pixels, and five maps of {edges}, each "
                f"rule used {pools}:</p>",
                *figures,
                f"<table>\n<caption>{self.measure.capitalize()} when the picture moves to the "
                f"right by this many pixels{down}</caption>\n"
                f'<thead><tr><th scope="col">pixels</th>{head}</tr></thead>\n'
                f"<tbody>\n{body}\n</tbody>\n</table>",
                "</div>",
            ]
        )


def _text(error: float) -> str:
    """Two digits; 0 stays 0, as in the explorer."""
    if error == 0:
        return "0"
    return "∞" if np.isinf(error) else f"{error:.2f}"


def _figure(name: str, y: Array, largest: float) -> str:
    """Picture of a map with its name below."""
    H, W = y.shape
    pixels = np.clip(np.round(255 * y / largest), 0, 255)
    return (
        f"<figure>{image(pixels, 128, f'{name}, {H}×{W} grey values')}"
        f"<figcaption>{name}, {H}×{W}</figcaption></figure>"
    )
