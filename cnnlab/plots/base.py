"""What all figures share: the look of a rule, a description, panels, matrices and pictures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cnnlab._extras import needed
from cnnlab._types import Array

with needed("plots", by="cnnlab.plots"):
    import matplotlib.pyplot as plt
    from matplotlib.axes import Axes
    from matplotlib.patches import Rectangle


@dataclass(frozen=True)
class Rule:
    """How one way of pooling looks in every figure: a colour, and a mark for those who need one.

    Parameters
    ----------
    label : str
    color : str
        Okabe and Ito's palette, told apart by colour-blind readers too.
    marker : str
        Matplotlib marker.
    """

    label: str
    color: str
    marker: str


@dataclass(frozen=True)
class Way:
    """How a network that makes its maps smaller in one way, or not at all, looks in the figures.

    Parameters
    ----------
    label : str
    rule : Rule
        Whose colour and mark it has.
    filled : bool, default True
        Whether the mark is filled.
    size : float, default 9
        Of the mark, in points, where it stands among others.
    """

    label: str
    rule: Rule
    filled: bool = True
    size: float = 9

    @property
    def face(self) -> str:
        """Colour inside the mark."""
        return self.rule.color if self.filled else "white"


#: How each rule of pooling looks in all figures: its name, its colour and its mark. The keys are
#: ``max``, ``avg``, ``stride``, ``blur`` and ``none``.
RULES = {
    "max": Rule("max pooling", "#D55E00", "^"),
    "avg": Rule("average pooling", "#0072B2", "o"),
    "stride": Rule("stride 2", "#009E73", "s"),
    "blur": Rule("blur pooling", "#CC79A7", "D"),
    "none": Rule("no pooling", "#595959", "X"),
}
TINTS = ("#fde3d3", "#d6e9f5", "#d3efe6", "#f5e3ee")  # backgrounds that dark digits can stand on


def describe(ax: Axes, text: str) -> None:
    """Give the figure of `ax` its alternative text."""
    ax.figure.set_label(" ".join(text.split()))


def panels(count: int, height: float = 2.6, width: float = 7.2) -> Sequence[Axes]:
    """Make a row of empty Axes."""
    return list(np.atleast_1d(plt.subplots(1, count, figsize=(width, height))[1]))


def listing(numbers: Array) -> str:
    """Say the rows of a small matrix: ``1 3 2; 4 2 1``."""
    return "; ".join(" ".join(f"{value:g}" for value in row) for row in np.asarray(numbers))


def matrix(x: Array, ax: Axes | None = None, *, title: str = "", window: int | None = None) -> Axes:
    """Draw a small matrix with its numbers; windows of `window` pixels get a tint each.

    Parameters
    ----------
    x : array of shape (H, W)
    title : str
    window : int, optional
        Side of the pooling windows to tint, in pixels.

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = ax or plt.gca()
    x = np.asarray(x)
    H, W = x.shape
    for i, j in np.ndindex(H, W):
        tint = "white"
        if window:
            tint = TINTS[(i // window * 2 + j // window) % len(TINTS)]
        ax.add_patch(Rectangle((j, i), 1, 1, facecolor=tint, edgecolor="#767676", linewidth=0.8))
        ax.text(j + 0.5, i + 0.5, f"{x[i, j]:g}", ha="center", va="center", fontsize=12)
    if window:
        for i, j in np.ndindex(H // window, W // window):
            corner = (j * window, i * window)
            box = Rectangle(corner, window, window, fill=False, edgecolor="#222222", linewidth=1.8)
            ax.add_patch(box)
    ax.set(xlim=(-0.05, W + 0.05), ylim=(H + 0.05, -0.05), aspect="equal", title=title)
    ax.axis("off")
    return ax


def pictures(
    images: Mapping[str, Array], *, text: str, height: float = 2.6, white: float = 1.0
) -> Sequence[Axes]:
    """Show grey images side by side, each drawn to the same height, with its size below.

    Parameters
    ----------
    images : mapping of title to array of shape (H, W)
    text : str
        What is seen; the sizes and mean brightnesses are added from the data.
    height : float, default 2.6
        Of the figure, in inches.
    white : float, default 1
        Value drawn as white; larger ones are drawn white too, and 0 is black.
    """
    axes = panels(len(images), height=height)
    facts = []
    for ax, (title, image) in zip(axes, images.items(), strict=True):
        ax.imshow(image, cmap="gray", vmin=0, vmax=white, interpolation="nearest")
        H, W = image.shape
        ax.set(xticks=[], yticks=[], title=title)
        ax.set_xlabel(f"{H}×{W}", fontsize=9)
        ax.spines[:].set_visible(False)
        facts.append(f"{title}: {H} by {W} pixels, mean {image.mean():.2f}")
    describe(axes[0], f"{text} {'; '.join(facts)}.")
    return axes


def compact(value: float) -> str:
    """Write a number with its size as a letter: 11 418 as 11.4 k.

    Examples
    --------
    >>> compact(395136), compact(80), compact(1234567), compact(0.5)
    ('395 k', '80', '1.23 M', '0.5')
    """
    for factor, letter in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if abs(value) >= factor:
            return f"{value / factor:.3g}{letter}"
    return f"{value:.3g}"
