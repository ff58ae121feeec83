"""Figures of chapter 3: what a maximum and a mean keep, where gradient lands, who wins when."""

from collections.abc import Mapping, Sequence

import numpy as np

from cnnlab._extras import needed
from cnnlab._types import Array
from cnnlab.plots.base import RULES, describe, listing, matrix, panels
from cnnlab.plots.runs import paired_dots
from cnnlab.statistics import Interval

with needed("plots", by="cnnlab.plots"):
    import matplotlib.pyplot as plt
    from matplotlib.axes import Axes
    from matplotlib.colors import LinearSegmentedColormap, to_rgba
    from matplotlib.patches import Rectangle
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

GRID = "#767676"


def gallery(columns: Mapping[str, Mapping[str, Array]], *, text: str = "") -> Sequence[Axes]:
    """Show small pictures, each above what the pools leave of it, with the contrast that is left.

    Parameters
    ----------
    columns : mapping of picture to mapping of row to array of shape (H, W)
        All with the same rows; values from 0, black, to 1, white. The contrast is the largest
        value minus the smallest.
    text : str
        What the pictures are, for the description.
    """
    rows = list(next(iter(columns.values())))
    size = (7.2, (6.8 / len(columns) + 0.28) * len(rows) + 0.2)
    grid = plt.subplots(len(rows), len(columns), figsize=size, squeeze=False)[1]
    facts = []
    for across, (title, images) in enumerate(columns.items()):
        left = []
        for down, (row, image) in enumerate(images.items()):
            ax = grid[down, across]
            ax.imshow(image, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
            ax.set(xticks=[], yticks=[])
            ax.spines[:].set(visible=True, color=GRID, linewidth=0.6)
            contrast = float(image.max() - image.min())
            ax.set_xlabel(f"{contrast:.0%}", fontsize=9, labelpad=2)
            if down == 0:
                ax.set_title(title, fontsize=9, loc="center")
            if across == 0:
                ax.set_ylabel(row)
            left.append(f"{row} {contrast:.0%}")
        facts.append(f"{title}: {', '.join(left)}")
    describe(grid[0, 0], f"{text} Contrast that is left. {'; '.join(facts)}.")
    return list(grid.ravel())


def routes(x: Array, gradients: Mapping[str, tuple[str, Array]]) -> Sequence[Axes]:
    """Show a map and several ways in which its pool's gradient may come back.

    Parameters
    ----------
    x : array of shape (H, W)
        The map that was pooled in windows of 2x2.
    gradients : mapping of title to (rule, array of shape (H, W))
        Rules are keys of :data:`RULES`: the colour.
    """
    axes = panels(len(gradients) + 1, height=2.2)
    matrix(x, axes[0], title="the map", window=2)
    facts = []
    top = max(float(np.abs(g).max()) for _, g in gradients.values()) or 1.0
    for ax, (title, (rule, gradient)) in zip(axes[1:], gradients.items(), strict=True):
        matrix(gradient, ax, title=title)
        longest = max(len(words.get_text()) for words in ax.texts)
        for words in ax.texts:
            words.set_fontsize(8 if longest > 3 else 12)
        for patch, value in zip(ax.patches, gradient.ravel(), strict=True):
            patch.set_facecolor(to_rgba(RULES[rule].color, 0.55 * abs(value) / top))
        H, W = gradient.shape
        ax.text(W / 2, H + 0.65, f"sum {gradient.sum():g}", ha="center", fontsize=10)
        ax.set_ylim(H + 1.0, -0.05)
        facts.append(f"{title}: {listing(gradient)}, sum {gradient.sum():g}")
    H, W = x.shape
    axes[0].set_ylim(H + 1.0, -0.05)
    describe(axes[0], f"The map {listing(x)}, and its gradient. {'. '.join(facts)}.")
    return axes


def landings(image: Array, gradients: Mapping[str, Array]) -> Sequence[Axes]:
    """Show a picture, and on it, in the colour of each rule, the pixels that get gradient.

    Parameters
    ----------
    image : array of shape (H, W), values in [0, 1]
    gradients : mapping of rule to array of shape (H, W)
        Keys from :data:`RULES`; a gradient of 1 is drawn in full colour.
    """
    axes = panels(len(gradients) + 1, height=2.5)
    axes[0].imshow(image, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    axes[0].set_title("the picture")
    facts = []
    for ax, (rule, gradient) in zip(axes[1:], gradients.items(), strict=True):
        style = RULES[rule]
        share = float(np.mean(gradient != 0))
        pale = 0.5 + 0.5 * image
        ax.imshow(pale, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
        overlay = np.empty((*image.shape, 4))
        overlay[:] = to_rgba(style.color)
        overlay[..., 3] = np.clip(0.9 * np.abs(gradient), 0, 0.9)
        ax.imshow(overlay, interpolation="nearest")
        ax.set_title(f"back through {style.label.split()[0]}")
        ax.set_xlabel(f"{share:.0%} of the pixels", fontsize=9)
        facts.append(f"through {style.label} {share:.0%} of the pixels")
    for ax in axes:
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
    describe(axes[0], f"A picture, and the pixels that get gradient: {', '.join(facts)}.")
    return axes


def framed(ax: Axes, row: int, column: int, side: int) -> Axes:
    """Frame a square in a picture that has been drawn.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where the picture is.
    row, column : int
        Of the upper left pixel in the frame.
    side : int
        Pixels inside, from edge to edge.
    """
    corner = (column - 0.5, row - 0.5)
    ax.add_patch(Rectangle(corner, side, side, fill=False, clip_on=False))
    ax.patches[-1].set(edgecolor=RULES["max"].color, linewidth=2)
    place = f"A frame of {side} by {side} pixels begins at row {row}, column {column}."
    describe(ax, f"{ax.figure.get_label()} {place}")
    return ax


def discriminability(
    sizes: Sequence[int], tasks: Mapping[str, Mapping[str, tuple[Sequence[float], Sequence[float]]]]
) -> Sequence[Axes]:
    """Draw how well a pooled number tells two kinds of windows apart, against the window's size.

    Parameters
    ----------
    sizes : sequence of int
        Values in a window.
    tasks : mapping of task to mapping of rule to (computed, drawn)
        For each size the d' that follows from the formula, a line, and that of random windows, a
        mark; rules are keys of :data:`RULES`.
    """
    axes = panels(len(tasks), height=2.7)
    facts = []
    for ax, (task, rules) in zip(axes, tasks.items(), strict=True):
        said = []
        for rule, (computed, drawn) in rules.items():
            style = RULES[rule]
            ax.plot(sizes, computed, color=style.color, zorder=2)
            ax.plot(sizes, drawn, linestyle="", marker=style.marker, color=style.color)
            ax.lines[-1].set(label=style.label, markersize=6, markeredgecolor="white", zorder=3)
            said.append(f"{style.label} {computed[0]:.2g} to {computed[-1]:.2g}")
        ax.set(xscale="log", title=task, ylim=(0, ax.get_ylim()[1] * 1.05))
        ax.xaxis.set_major_locator(FixedLocator([4, 16, 49, 196]))
        ax.xaxis.set_major_formatter(FuncFormatter(lambda n, _: f"{n:g}"))
        ax.xaxis.set_minor_locator(NullLocator())
        ax.grid(axis="y")
        facts.append(f"{task}: {', '.join(said)}")
    axes[0].set_ylabel("d′: how far apart")
    axes[len(axes) // 2].set_xlabel("values in the window")
    axes[-1].legend(loc="upper left", fontsize=9)
    describe(
        axes[0],
        f"How far apart two kinds of windows are after pooling, from {sizes[0]} to {sizes[-1]} "
        f"values. {'; '.join(facts)}.",
    )
    return axes


def exchanged(percent: Array, names: Sequence[str], ax: Axes | None = None) -> Axes:
    """Show the accuracy of networks trained with one rule and tested with another as a table.

    Parameters
    ----------
    percent : array of shape (n, n)
        A row for each rule in training, a column for each rule in testing.
    names : sequence of str
        The n rules.
    """
    ax = ax or panels(1, height=3.2)[0]
    shades = LinearSegmentedColormap.from_list("accuracy", ["#ffffff", RULES["stride"].color])
    ax.imshow(percent, cmap=shades, vmin=20, vmax=115, aspect="auto")
    for i, j in np.ndindex(*percent.shape):
        weight = "bold" if i == j else "normal"
        ax.text(j, i, f"{percent[i, j]:.0f}", ha="center", va="center", weight=weight)
    ax.set_xticks(range(len(names)), names)
    ax.set_yticks(range(len(names)), names)
    ax.xaxis.tick_top()
    ax.xaxis.set_label_position("top")
    ax.set(xlabel="tested with", ylabel="trained with")
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    rows = [
        f"trained with {name}: {', '.join(f'{v:.0f}' for v in row)}"
        for name, row in zip(names, percent, strict=True)
    ]
    describe(
        ax, f"Test accuracy in percent, tested with {', '.join(names)} in turn. {'; '.join(rows)}."
    )
    return ax


def side_by_side(
    groups: Mapping[str, Mapping[str, Sequence[float]]],
    *,
    unit: str,
    same_scale: bool = True,
    floor: float | None = None,
) -> Sequence[Axes]:
    """Show recorded runs of several tasks, one panel each, runs with the same seed joined.

    Parameters
    ----------
    groups : mapping of task to mapping of arm to sequence of numbers
        As for :func:`cnnlab.plots.paired_dots`.
    unit : str
        What is measured, with its unit.
    same_scale : bool, default True
        Whether all panels have the same axis.
    floor : float, optional
        Where the axes begin. A run below it is written at the lower edge, with an arrow.
    """
    axes = panels(len(groups), height=2.9)
    facts = []
    for ax, (title, values) in zip(axes, groups.items(), strict=True):
        paired_dots(values, unit=unit, ax=ax)
        ax.set(title=title, ylabel=unit if ax is axes[0] else "")
        facts.append(f"{title}: {ax.figure.get_label()}")
        if floor is not None:
            facts += _below(ax, values, floor)
    if same_scale:
        limits = [ax.get_ylim() for ax in axes]
        for ax in axes:
            ax.set_ylim(min(low for low, _ in limits), max(high for _, high in limits))
    describe(axes[0], " ".join(facts))
    return axes


def _below(ax: Axes, values: Mapping[str, Sequence[float]], floor: float) -> list[str]:
    """Begin the axis at the floor, write the runs below it at its edge, and say which they are."""
    top = max(max(runs) for runs in values.values())
    ax.set_ylim(floor, top + 0.05 * (top - floor))
    facts = []
    for place, (arm, runs) in enumerate(values.items()):
        for run in (run for run in runs if run < floor):
            ax.annotate(f" ↓ {run:.0f}", (place, floor), xytext=(4, 3), textcoords="offset points")
            facts.append(f"Below the axis lies a run of {arm.replace('_', ' ')} at {run:.3g}.")
    return facts


def effects(
    rows: Sequence[tuple[str, Mapping[str, tuple[Interval, Interval | None]]]],
    *,
    unit: str,
    ax: Axes | None = None,
) -> Axes:
    """Show differences with their intervals, one line for each experiment.

    Parameters
    ----------
    rows : sequence of (label, mapping of rule to (interval, wider interval or None))
        Rules are keys of :data:`RULES`: colour and mark of what was compared with.
    unit : str
        What the differences are.
    """
    ax = ax or panels(1, height=0.42 * len(rows) + 0.9)[0]
    facts, known = [], set()
    for place, (label, compared) in enumerate(rows):
        said = []
        for number, (rule, (interval, wide)) in enumerate(compared.items()):
            style = RULES[rule]
            y = place + 0.26 * (number - (len(compared) - 1) / 2)
            if wide is not None:
                ax.hlines(y, wide.low, wide.high, color=style.color, linewidth=1, alpha=0.6)
            ax.hlines(y, interval.low, interval.high, color=style.color, linewidth=3.2)
            ax.plot(interval.estimate, y, color=style.color, marker=style.marker, markersize=6)
            ax.lines[-1].set(markeredgecolor="white", linestyle="", zorder=3)
            if rule not in known:
                ax.lines[-1].set_label(f"minus {style.label}")
                known.add(rule)
            said.append(
                f"minus {style.label} {interval.estimate:+.1f}, {interval.low:+.1f} to "
                f"{interval.high:+.1f}"
            )
        facts.append(f"{label}: {'; '.join(said)}".replace("-", "−"))
    ax.axvline(0, color="#222222", linewidth=1, zorder=0)
    ax.set_yticks(range(len(rows)), [label for label, _ in rows])
    ax.set(xlabel=unit, ylim=(len(rows) - 0.5, -0.5))
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="x")
    ax.legend(loc="best", fontsize=9)
    describe(ax, f"Differences with 95 % intervals, {unit}. {'. '.join(facts)}.")
    return ax


def exponents(
    powers: Sequence[float], curves: Mapping[str, Sequence[float]], ax: Axes | None = None
) -> Axes:
    """Draw how well power means tell two kinds of windows apart, against the exponent.

    Parameters
    ----------
    powers : sequence of float
        Exponents p, rising from 1.
    curves : mapping of label to sequence of float
        For each task the d' of each exponent, in units of the best one.
    """
    ax = ax or panels(1, height=3.0)[0]
    ends = [np.array(to_rgba(RULES[rule].color)) for rule in ("max", "avg")]
    facts = []
    for number, (label, values) in enumerate(curves.items()):
        part = number / max(len(curves) - 1, 1)
        color = tuple((1 - part) * ends[0] + part * ends[1])
        best = int(np.argmax(values))
        ax.plot(powers, values, color=color)
        ax.plot(powers[best], values[best], color=color, marker="*", markersize=13)
        ax.lines[-1].set(markeredgecolor="white", zorder=3)
        end = (powers[-1], values[-1])
        ax.annotate(label, end, xytext=(6, -3), textcoords="offset points", color=color)
        facts.append(f"{label} best at p = {powers[best]:g}")
    ax.set(xscale="log", ylim=(0, 1.08), xlabel="exponent p", ylabel="d′, best = 1")
    ax.xaxis.set_major_locator(FixedLocator([1, 2, 4, 8, 16, 32, 64]))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda p, _: f"{p:g}"))
    ax.xaxis.set_minor_locator(NullLocator())
    for p, words, side in ((powers[0], "average", "left"), (powers[-1], "nearly max", "right")):
        ax.text(p, 0.03, words, ha=side, fontsize=9, color="#404040")
    ax.grid(axis="y")
    describe(ax, f"How well power means tell windows apart, by exponent: {'; '.join(facts)}.")
    return ax
