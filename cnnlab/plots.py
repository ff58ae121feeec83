"""Figures of the book. Each takes arrays, draws, describes itself and returns its Axes.

Nothing is computed here and nothing is shown: a notebook displays the figure by itself. The
description that each figure makes from its data becomes the alternative text on the page.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cnnlab._extras import needed
from cnnlab._types import Array
from cnnlab.shapes import LayerSummary

with needed("plots", by="cnnlab.plots"):
    import matplotlib.pyplot as plt
    from matplotlib.axes import Axes
    from matplotlib.colors import to_rgba
    from matplotlib.patches import Rectangle
    from matplotlib.ticker import MaxNLocator


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


def pooled_by_hand(x: Array, maxima: Array, means: Array, kernel_size: int = 2) -> Sequence[Axes]:
    """Show a small map, its windows, and what max and average pooling make of them.

    Parameters
    ----------
    x : array of shape (H, W)
    maxima, means : arrays of shape (H / k, W / k)
    kernel_size : int, default 2
        Window and stride k, in pixels.
    """
    axes = panels(3, height=2.5)
    matrix(x, axes[0], title=f"{x.shape[0]}×{x.shape[1]} map", window=kernel_size)
    matrix(maxima, axes[1], title="largest of each window", window=1)
    matrix(means, axes[2], title="mean of each window", window=1)
    for ax in axes[1:]:
        ax.set(xlim=(-1.05, x.shape[1] - 0.95), ylim=(x.shape[0] - 0.95, -1.05))
    describe(
        axes[0],
        f"Three matrices. The map with rows {listing(x)}, cut into windows of {kernel_size}×"
        f"{kernel_size}. The largest values: {listing(maxima)}. The means: {listing(means)}.",
    )
    return axes


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


def gradient_maps(x: Array, gradients: Mapping[str, Array]) -> Sequence[Axes]:
    """Show where the gradient of a pooled map lands, one panel for each rule.

    Parameters
    ----------
    x : array of shape (H, W)
        The map that was pooled.
    gradients : mapping of rule to array of shape (H, W)
        Keys from :data:`RULES`.
    """
    axes = panels(len(gradients) + 1, height=2.5)
    matrix(x, axes[0], title="the map", window=2)
    facts = []
    for ax, (rule, gradient) in zip(axes[1:], gradients.items(), strict=True):
        matrix(gradient, ax, title=f"back through {RULES[rule].label.split()[0]}")
        top = np.abs(gradient).max() or 1
        for patch, value in zip(ax.patches, gradient.ravel(), strict=True):
            patch.set_facecolor(to_rgba(RULES[rule].color, 0.55 * abs(value) / top))
        facts.append(f"through {RULES[rule].label}: {listing(gradient)}")
    describe(axes[0], f"The map {listing(x)}, and the gradients that reach it {'; '.join(facts)}.")
    return axes


def costs(bills: Mapping[str, Sequence[LayerSummary]], rules: Sequence[str]) -> Sequence[Axes]:
    """Compare what networks cost: parameters, activations and MACs, as bars from zero.

    Parameters
    ----------
    bills : mapping of network to the result of :func:`cnnlab.shapes.trace`
    rules : sequence of str
        Keys of :data:`RULES`, one for each network: its colour.
    """
    axes = panels(3, height=2.3)
    facts = []
    for ax, quantity in zip(axes, ("parameters", "activations", "macs"), strict=True):
        title = quantity if quantity != "macs" else "MACs"
        numbers = [sum(getattr(row, quantity) for row in bill) for bill in bills.values()]
        colors = [RULES[rule].color for rule in rules]
        ax.barh(range(len(numbers)), numbers, color=colors, height=0.6)
        ax.set(xlim=(0, max(numbers) * 1.45), xticks=[], title=title)
        ax.spines["bottom"].set_visible(False)
        ax.set_yticks(range(len(bills)), list(bills) if ax is axes[0] else [""] * len(bills))
        ax.invert_yaxis()
        ax.tick_params(axis="y", length=0)
        for place, value in enumerate(numbers):
            ax.text(value + max(numbers) / 40, place, compact(value), va="center", fontsize=9)
        said = (f"{n} {compact(v)}" for n, v in zip(bills, numbers, strict=True))
        facts.append(f"{title}: {', '.join(said)}")
    describe(axes[0], f"Bars. {'; '.join(facts)}.")
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


def receptive_fields(
    fields: Mapping[str, Sequence[int]], layers: Sequence[str], ax: Axes | None = None
) -> Axes:
    """Draw how the receptive field grows through stacks of layers, as staircases.

    Parameters
    ----------
    fields : mapping of rule to sequence of int
        Receptive field after each layer, in pixels; keys from :data:`RULES`.
    layers : sequence of str
        Their names, input first.
    """
    ax = ax or panels(1, height=3.0)[0]
    facts = []
    for rule, sizes in fields.items():
        style = RULES[rule]
        (line,) = ax.step(range(len(sizes)), sizes, where="mid", label=style.label)
        line.set(color=style.color, marker=style.marker, markersize=7)
        end = (len(sizes) - 1, sizes[-1])
        ax.annotate(f"{sizes[-1]}", end, xytext=(9, -4), textcoords="offset points")
        facts.append(f"{style.label}: {', '.join(map(str, sizes))} pixels")
    ax.set_xticks(range(len(layers)), layers)
    ax.set(ylabel="receptive field (pixels)", ylim=(0, None))
    ax.yaxis.set_major_locator(MaxNLocator(integer=True))
    ax.grid(axis="y")
    ax.legend(loc="upper left")
    describe(ax, f"Receptive field after each layer. {'; '.join(facts)}.")
    return ax


def field_on_photo(photo: Array, fields: Mapping[str, int], ax: Axes | None = None) -> Axes:
    """Draw squares of the size of receptive fields on a photograph, to scale.

    Parameters
    ----------
    photo : array of shape (H, W)
    fields : mapping of label to int
        Side of each square, in pixels.
    """
    ax = ax or panels(1, height=3.0)[0]
    ax.imshow(photo, cmap="gray", interpolation="nearest")
    H, W = photo.shape
    colors = [RULES["none"].color, RULES["max"].color, RULES["avg"].color]
    for (label, side), color in zip(fields.items(), colors, strict=False):
        corner = ((W - side) / 2, (H - side) / 2)
        for width, shade in ((4.0, "white"), (2.2, color)):
            square = Rectangle(corner, side, side, fill=False, edgecolor=shade, linewidth=width)
            ax.add_patch(square)
        square.set_label(f"{label}: {side}×{side} pixels")
    ax.set(xticks=[], yticks=[])
    ax.legend(loc="center left", bbox_to_anchor=(1.03, 0.5), labelspacing=1.2)
    sides = ", ".join(f"{label} {side} pixels" for label, side in fields.items())
    describe(ax, f"A photograph of {H} by {W} pixels with receptive fields drawn on it: {sides}.")
    return ax


def paired_dots(
    values: Mapping[str, Sequence[float]], *, unit: str, ax: Axes | None = None
) -> Axes:
    """Show one dot for each run, arms beside each other, runs with the same seed joined.

    Parameters
    ----------
    values : mapping of arm to sequence of numbers
        In the order of the seeds; an arm's colour is that of the rule of the same name.
    unit : str
        What is measured, with its unit.
    """
    ax = ax or panels(1, height=3.0)[0]
    arms = list(values)
    table = np.array([values[arm] for arm in arms], dtype=float)
    for run in table.T:
        ax.plot(range(len(arms)), run, color="#bbbbbb", linewidth=0.8, zorder=1)
    for place, (arm, runs) in enumerate(zip(arms, table, strict=True)):
        style = RULES.get(arm.split("_")[0], RULES["none"])
        dots = ax.scatter([place] * len(runs), runs, color=style.color, marker=style.marker, s=34)
        dots.set(edgecolor="white", linewidth=0.5, zorder=2)
        ax.hlines(runs.mean(), place - 0.22, place + 0.22, color="#222222", linewidth=2, zorder=3)
    ax.set_xticks(range(len(arms)), [arm.replace("_", " ") for arm in arms])
    ax.set(ylabel=unit, xlim=(-0.5, len(arms) - 0.5))
    means = ", ".join(
        f"{arm.replace('_', ' ')} {runs.mean():.3g}" for arm, runs in zip(arms, table, strict=True)
    )
    describe(ax, f"{table.shape[1]} runs for each arm, joined by seed. Means of {unit}: {means}.")
    return ax


def time_against_macs(points: Mapping[str, Sequence[float]], ax: Axes | None = None) -> Axes:
    """Scatter networks by multiply-accumulates and by milliseconds, both on log scales.

    Parameters
    ----------
    points : mapping of rule to (MACs, milliseconds)
    """
    ax = ax or panels(1, height=3.2)[0]
    facts = []
    for rule, (macs, milliseconds) in points.items():
        style = RULES[rule]
        ax.scatter(macs, milliseconds, color=style.color, marker=style.marker, s=80, zorder=3)
        at = (macs, milliseconds)
        ax.annotate(style.label, at, xytext=(9, -3), textcoords="offset points")
        facts.append(f"{style.label} {compact(macs)} MACs and {milliseconds:.3g} milliseconds")
    ax.set(xscale="log", yscale="log")
    ax.set(xlabel="multiply-accumulates for one image", ylabel="milliseconds per training step")
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    ax.set(xlim=(left / 1.3, right * 2), ylim=(bottom / 1.3, top * 1.3))
    ax.grid(which="major")
    describe(ax, f"Time against arithmetic, both logarithmic: {'; '.join(facts)}.")
    return ax


def timings(milliseconds: Mapping[str, Sequence[float]], *, unit: str = "ms") -> Axes:
    """Show repeated timings as dots on a log scale, with their medians.

    Parameters
    ----------
    milliseconds : mapping of name to sequence of numbers
        Names that begin with "max pooling" are drawn in its colour and shortened.
    unit : str
        Of the numbers.
    """
    ax = panels(1, height=0.36 * len(milliseconds) + 0.7)[0]
    facts, names = [], []
    for place, (name, values) in enumerate(milliseconds.items()):
        median = float(np.median(values))
        style = RULES["max" if name.startswith("max pooling") else "none"]
        ax.scatter(values, [place] * len(values), color=style.color, alpha=0.5, s=18, linewidth=0)
        ax.scatter(median, place, color=style.color, marker="|", s=220, linewidth=2.5)
        ax.text(max(values) * 1.25, place, f"{median:.3g}", va="center", fontsize=9)
        facts.append(f"{name} {median:.3g}")
        names.append(name.removeprefix("max pooling, "))
    ax.set_yticks(range(len(names)), names)
    ax.set(xscale="log", xlabel=unit)
    ax.set_xlim(right=ax.get_xlim()[1] * 2)
    ax.invert_yaxis()
    ax.grid(axis="x")
    describe(ax, f"Timings on a logarithmic scale, medians in {unit}: {'; '.join(facts)}.")
    return ax
