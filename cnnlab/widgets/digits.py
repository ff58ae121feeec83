"""The digit explorer: draw a digit, drag it about, and watch eight networks read it. Chapter 5."""

import json
import math
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from cnnlab import datasets, nn
from cnnlab._extras import needed
from cnnlab._types import Array
from cnnlab.datasets.digits import paste
from cnnlab.experiments import weights
from cnnlab.widgets.base import Checked, PageWidget, StateError, Switch, png
from cnnlab.widgets.values import choice, number, small_int

with needed("widgets", by="cnnlab.widgets"):
    import traitlets

#: The networks, by the way they make their maps smaller and their head.
NETWORKS: Mapping[str, tuple[str, str]] = {
    "max": ("max", "flatten"),
    "max_gap": ("max", "global average"),
    "avg": ("average", "flatten"),
    "avg_gap": ("average", "global average"),
    "stride": ("stride", "flatten"),
    "stride_gap": ("stride", "global average"),
    "maxblur": ("blur", "flatten"),
    "maxblur_gap": ("blur", "global average"),
}
#: Experiment, and ending of its arms, by the places of the digits that the networks were taught.
TRAINED = {"centred": ("shift_curve", ""), "anywhere": ("positions", weights.REDRAWN)}
SAMPLES: tuple[str, ...] = tuple(
    json.loads(Path(__file__).with_name("digits.json").read_text("utf-8"))["digits"]
)
SOURCES = ("test", "drawing")
MODES = ("move", "draw")
MAPS = ("digit", "mean")
#: Of the first 200 test digits, those that each network puts right at each place: see `right_at`.
BY_PLACE = Path(__file__).with_name("digits_by_place.json")
MEAN_OF = 200

MOST = 6  # pixels that a digit can be moved by from the middle, in each direction
PAPER = 64  # steps of the paper that one draws on
POINTS = 800
SIDE, HIGH, WIDE, PEN = 32, 32, 20, 2.5  # of the bitmap: its side, the box, half a pen; in pixels
DISTORTION = 2  # one direction is stretched by at most this much more than the other
LETTERS = "0123456789abcdefg"  # values of a pixel of 8x8, 0 to 16


def sample(number: int) -> tuple[Array, int]:
    """Give one of the test digits to choose from: 8x8 whole numbers from 0 to 16, and its class."""
    text = SAMPLES[number]
    return np.array([LETTERS.index(v) for v in text[1:]]).reshape(8, 8), int(text[0])


def bitmap(strokes: Sequence[Sequence[Sequence[int]]]) -> Array:
    """Redraw strokes as the data set's digits were: 32x32 pixels, filled from top to bottom.

    The strokes are brought to a box 20 pixels wide and 32 high, both directions by themselves (but
    none more than twice as much as the other), and drawn with a pen 5 pixels wide: so they hold as
    much ink as the digits of the data set, and stand where those stand.

    Parameters
    ----------
    strokes : sequence of sequences of pairs
        Points (x, y) that are joined by straight lines.

    Returns
    -------
    (32, 32) array of bool
    """
    lit = np.zeros((SIDE, SIDE), dtype=bool)
    if not strokes:
        return lit
    points = np.array([point for stroke in strokes for point in stroke], dtype=float)
    low, high = points.min(axis=0), points.max(axis=0)
    middle = (low + high) / 2
    fits = [
        (room - 2 * PEN) / size if size > 0 else math.inf
        for room, size in zip((WIDE, HIGH), (high - low).tolist(), strict=True)
    ]
    scale = [min(a, DISTORTION * b) for a, b in (fits, fits[::-1])]
    if math.inf in scale:  # a single dot
        scale = [1.0, 1.0]
    y, x = np.indices(lit.shape) + 0.5
    for stroke in strokes:
        placed = [
            [SIDE / 2 + (p - m) * s for p, m, s in zip(point, middle.tolist(), scale, strict=True)]
            for point in stroke
        ]
        for (ax, ay), (bx, by) in pairwise([placed[0], *placed]):
            across, down = bx - ax, by - ay
            length = across * across + down * down
            t = np.zeros(lit.shape)
            if length > 0:
                t = np.clip(((x - ax) * across + (y - ay) * down) / length, 0, 1)
            right, below = x - ax - t * across, y - ay - t * down
            lit |= right * right + below * below <= PEN * PEN
    return lit


def counted(pixels: Array) -> Array:
    """Count the lit pixels of each block of 4x4: from 32x32 to 8x8 whole numbers from 0 to 16."""
    counts: Array = pixels.reshape(8, 4, 8, 4).sum(axis=(1, 3))
    return counts


@cache
def _network(name: str) -> nn.Sequential:
    """Trained network, read once."""
    return weights.load(name)


def right_at(name: str, top: int, left: int) -> int:
    """Count the digits that a network puts right at a place, of the first 200 test digits.

    The file digits_by_place.json holds these numbers for all places, row by row, as bytes.

    Parameters
    ----------
    name : str
        One of ``weights.NAMES``.
    top, left : int
        Pixels above and to the left of the digit, from 0 to 12.

    Returns
    -------
    int
    """
    split = datasets.digits(16, 1000, weights.SEED)
    images = paste(split.x_test[:MEAN_OF], np.tile([[top, left]], (MEAN_OF, 1)))
    return int((_network(name)(images).argmax(axis=1) == split.y_test[:MEAN_OF]).sum())


class DigitsExplorer(PageWidget):
    """A digit to draw and to drag, and what eight trained networks read in it.

    Four networks end in a flatten, four in a global average; in each group one pools by maximum,
    one by average, one takes steps in its convolutions, one blurs. They are the networks of the
    experiment `shift_curve`, trained on centred digits alone, or those of `positions`, trained on
    digits at random places; see `cnnlab.experiments.weights`.

    Parameters
    ----------
    digit : int, default 24
        Which of the 30 test digits to choose from: three of each class, zeros first.
    dx, dy : int, default 4 and 0
        Where it lies: pixels to the right of and below the middle of the canvas, from -6 to 6.
    trained : {'centred', 'anywhere'}, default 'centred'
        The digits that the networks were taught: in the middle, or at random places. Of the second
        kind there are four networks, with maximum and with stride.
    network : str, default 'max'
        Whose feature maps are shown, a key of ``DigitsExplorer.answers()`` with either training.
    sweep : bool, default False
        Whether all 169 places are tried.
    source : {'test', 'drawing'}, default 'test'
        What lies on the canvas: the test digit, or the drawing.
    strokes : list of lists of pairs, default []
        The drawing: points (x, y) from 0 to 63 on its paper, joined by lines.
    meant : int or None, default None
        The digit that was meant by the drawing, if one has said it.
    mode : {'move', 'draw'}, default 'move'
        What the pointer does.
    maps : {'digit', 'mean'}, default 'digit'
        What the small maps show: at which of the places tried a network reads this digit right, or
        how many of 200 test digits it reads right at each place.
    anchor : str, optional
        Identifier of the explorer in its page; with it, the page offers a link to the present
        state.

    Raises
    ------
    StateError
        If a value cannot be drawn. It is a ``ValueError``, and also raised by an assignment such
        as ``explorer.dx = 9``, which then changes nothing.

    Examples
    --------
    >>> explorer = DigitsExplorer()
    >>> explorer
    DigitsExplorer: an 8 of the test set at (dx, dy) = (4, 0), networks trained on centred digits
    >>> explorer.answers()["max_gap"], explorer.answers()["max"]
    (8, 1)
    """

    module = "digits.js"
    data: ClassVar[Mapping[str, Path]] = {
        name: weights.FILES / f"{name}.json" for name in weights.ARMS
    } | {"digits_by_place": BY_PLACE}

    digit = Checked(24).tag(sync=True)
    samples = Checked(SAMPLES).tag(sync=True)
    dx = Checked(4).tag(sync=True)
    dy = Checked(0).tag(sync=True)
    trained = Checked("centred").tag(sync=True)
    network = Checked("max").tag(sync=True)
    sweep = Switch(False).tag(sync=True)
    source = Checked("test").tag(sync=True)
    strokes = Checked([]).tag(sync=True)
    meant = Checked(None).tag(sync=True)
    mode = Checked("move").tag(sync=True)
    maps = Checked("digit").tag(sync=True)

    def __init__(
        self,
        digit: int = 24,
        dx: int = 4,
        dy: int = 0,
        *,
        trained: str = "centred",
        network: str = "max",
        sweep: bool = False,
        source: str = "test",
        strokes: Sequence[Sequence[Sequence[int]]] = (),
        meant: int | None = None,
        mode: str = "move",
        maps: str = "digit",
        anchor: str | None = None,
    ) -> None:
        super().__init__(
            digit=digit,
            samples=list(SAMPLES),
            dx=dx,
            dy=dy,
            trained=trained,
            network=network,
            sweep=sweep,
            source=source,
            strokes=strokes,
            meant=meant,
            mode=mode,
            maps=maps,
            anchor=anchor,
        )

    def __repr__(self) -> str:
        """One line: what lies where, and who reads it."""
        taught = "centred digits" if self.trained == "centred" else "digits at random places"
        return (
            f"DigitsExplorer: {self._subject()} at (dx, dy) = ({self.dx}, {self.dy}), "
            f"networks trained on {taught}"
        )

    def _subject(self) -> str:
        if self.source == "test":
            return f"{_a(sample(self.digit)[1])} of the test set"
        return "a drawing" if self.meant is None else f"a drawing of {_a(self.meant)}"

    def image(self) -> Array:
        """Give the canvas, as the networks see it.

        Returns
        -------
        (28, 28) array of float32 in [0, 1]
        """
        return self._at(MOST + self.dy, MOST + self.dx)

    def values(self) -> Array:
        """Give the digit before it is enlarged and put onto the canvas.

        Returns
        -------
        (8, 8) array of int, from 0 to 16
        """
        if self.source == "test":
            return sample(self.digit)[0]
        return counted(bitmap(self.strokes))

    def _at(self, top: int, left: int) -> Array:
        fine = datasets.enlarge((self.values() / 16).astype(np.float32))
        image: Array = paste(fine[None, None], np.array([[top, left]]))[0, 0]
        return image

    def probabilities(self) -> dict[str, Array]:
        """Probabilities that each network gives to the digits 0 to 9.

        Returns
        -------
        dict of str to array of shape (10,)
            By network; with ``trained="anywhere"`` there are four.
        """
        return {
            name: nn.functional.softmax(scores.astype(np.float64))[0]
            for name, scores in self._scores(self.image()[None, None]).items()
        }

    def answers(self) -> dict[str, int]:
        """Digit that each network reads.

        Returns
        -------
        dict of str to int
        """
        scores = self._scores(self.image()[None, None])
        return {name: int(found[0].argmax()) for name, found in scores.items()}

    def places(self) -> dict[str, Array]:
        """Digit that each network reads at all places.

        Returns
        -------
        dict of str to array of shape (13, 13)
            Row ``6 + dy``, column ``6 + dx``.
        """
        sides = range(2 * MOST + 1)
        images = np.stack([self._at(top, left)[None] for top in sides for left in sides])
        return {
            name: scores.argmax(axis=1).reshape(len(sides), len(sides))
            for name, scores in self._scores(images).items()
        }

    def _scores(self, images: Array) -> dict[str, Array]:
        _, ending = TRAINED[self.trained]
        known = [name for name in NETWORKS if name + ending in weights.NAMES]
        return {name: _network(name + ending)(images) for name in known}

    @traitlets.validate("digit")
    def _check_digit(self, proposal: Any) -> int:
        return small_int("DigitsExplorer", "digit", proposal["value"], (0, len(SAMPLES) - 1))

    @traitlets.validate("samples")
    def _check_samples(self, proposal: Any) -> list[str]:
        if list(proposal["value"]) != list(SAMPLES):
            raise StateError(
                "DigitsExplorer(samples): the test digits to choose from are given. Draw another "
                "digit with strokes=..., source='drawing'."
            )
        return list(SAMPLES)

    @traitlets.validate("dx", "dy")
    def _check_shift(self, proposal: Any) -> int:
        name = proposal["trait"].name
        return small_int("DigitsExplorer", name, proposal["value"], (-MOST, MOST))

    @traitlets.validate("trained")
    def _check_trained(self, proposal: Any) -> str:
        return choice("DigitsExplorer", "trained", proposal["value"], tuple(TRAINED))

    @traitlets.validate("network")
    def _check_network(self, proposal: Any) -> str:
        return choice("DigitsExplorer", "network", proposal["value"], tuple(NETWORKS))

    @traitlets.validate("source")
    def _check_source(self, proposal: Any) -> str:
        return choice("DigitsExplorer", "source", proposal["value"], SOURCES)

    @traitlets.validate("mode")
    def _check_mode(self, proposal: Any) -> str:
        return choice("DigitsExplorer", "mode", proposal["value"], MODES)

    @traitlets.validate("maps")
    def _check_maps(self, proposal: Any) -> str:
        return choice("DigitsExplorer", "maps", proposal["value"], MAPS)

    @traitlets.validate("meant")
    def _check_meant(self, proposal: Any) -> int | None:
        if proposal["value"] is None:
            return None
        return small_int("DigitsExplorer", "meant", proposal["value"], (0, 9))

    @traitlets.validate("strokes")
    def _check_strokes(self, proposal: Any) -> list[list[list[int]]]:
        strokes = _strokes(proposal["value"])
        count = sum(map(len, strokes))
        if count > POINTS:
            raise StateError(
                f"DigitsExplorer(strokes): got {count} points, needed at most {POINTS}. Leave out "
                "some of those that lie close together."
            )
        return strokes

    def fallback(self) -> str:
        """The canvas, and a table of what the networks read."""
        grey = np.round(255 * self.image()).astype(np.uint8)
        where = f"{number(self.dx)} to the right of and {number(self.dy)} below the middle"
        truth = sample(self.digit)[1] if self.source == "test" else self.meant
        rows = []
        for name, shares in self.probabilities().items():
            pool, head = NETWORKS[name]
            answer = int(shares.argmax())
            verdict = "" if truth is None else ", right" if answer == truth else ", wrong"
            rows.append(
                f'<tr><th scope="row">{pool}, {head}</th><td>{answer}{verdict}</td>'
                f"<td>{shares.max():.0%}</td></tr>"
            )
        taught = "in the middle" if self.trained == "centred" else "at random places"
        return "\n".join(
            [
                '<div class="cnn-still cnn-digits-still">',
                f"<p>{self._subject().capitalize()}, {where}, in pixels, and what networks read "
                f"that were trained on digits {taught}:</p>",
                f'<figure><img src="{png(grey)}" width="168" height="168" '
                f'alt="canvas of 28×28 pixels with {self._subject()}"></figure>',
                '<table>\n<thead><tr><th scope="col">network</th><th scope="col">reads</th>'
                '<th scope="col">probability</th></tr></thead>',
                "<tbody>",
                *rows,
                "</tbody>\n</table>",
                "</div>",
            ]
        )


def _a(digit: int) -> str:
    return f"an {digit}" if digit == 8 else f"a {digit}"


def _strokes(value: Any) -> list[list[list[int]]]:
    """Check points on the paper, or say what is needed."""
    try:
        strokes = [[[*point] for point in stroke] for stroke in value]
    except TypeError:
        strokes = [[]]
    points = [point for stroke in strokes for point in stroke]
    whole = all(
        isinstance(v, int | np.integer) and not isinstance(v, bool) and 0 <= v < PAPER
        for point in points
        for v in point
    )
    if not (all(strokes) and all(len(point) == 2 for point in points) and whole):
        raise StateError(
            f"DigitsExplorer(strokes): needed a list of strokes, each a list of at least one point "
            f"[x, y], of whole numbers from 0 to {PAPER - 1}: [[[16, 10], [46, 10], [28, 56]]]."
        )
    return [[[int(x), int(y)] for x, y in stroke] for stroke in strokes]
