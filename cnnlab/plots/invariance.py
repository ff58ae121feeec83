"""Figures of chapter 5: what moves along, what stays, and what trained networks make of it."""

from collections.abc import Mapping, Sequence

import numpy as np

from cnnlab._extras import needed
from cnnlab._types import Array
from cnnlab.plots.base import RULES, TINTS, Rule, describe, listing, panels

with needed("plots", by="cnnlab.plots"):
    import matplotlib.pyplot as plt
    from matplotlib.axes import Axes
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.lines import Line2D
    from matplotlib.patches import Rectangle

#: The look of each arm of the records: by the rule between the layers.
ARMS = {
    "max": RULES["max"],
    "avg": RULES["avg"],
    "stride": RULES["stride"],
    "subsample": Rule("subsampling", RULES["stride"].color, "s"),
    "maxblur": Rule("max with blur", RULES["blur"].color, "D"),
    "none": RULES["none"],
    "late": Rule("pooling once, at the end", "#8a6d00", "P"),
    "max4": Rule("4×4 max pooling", "#7f3700", "v"),
}
SHARES = LinearSegmentedColormap.from_list("shares", ["#f7f4ec", "#8ec3bd", "#0b4f5c"])
EDGE = "#222222"


def shifted_rows(rows: Mapping[str, Array], k: int = 2) -> Axes:
    """Show a row of numbers at several places, cut into windows, and what a max pool makes of it.

    Parameters
    ----------
    rows : mapping of name to array of shape (W,)
        W a multiple of k.
    k : int, default 2
        Width of a window and step of the pool.
    """
    ax = panels(1, height=0.5 + 0.62 * len(rows))[0]
    facts, gap = [], 2.0
    for line, (name, row) in enumerate(rows.items()):
        row = np.asarray(row)
        pooled = row.reshape(-1, k).max(axis=1)
        top = 1.5 * line
        for j, value in enumerate(row):
            tint = TINTS[j // k % len(TINTS)] if value else "white"
            ax.add_patch(Rectangle((j, top), 1, 1, facecolor=tint, edgecolor="#999999"))
            ax.text(j + 0.5, top + 0.5, f"{value:g}", ha="center", va="center")
        for j, value in enumerate(pooled):
            ax.add_patch(Rectangle((j * k, top), k, 1, fill=False, edgecolor=EDGE, linewidth=1.8))
            place = len(row) + gap + j
            tint = TINTS[j % len(TINTS)] if value else "white"
            ax.add_patch(Rectangle((place, top), 1, 1, facecolor=tint, edgecolor=EDGE))
            ax.text(place + 0.5, top + 0.5, f"{value:g}", ha="center", va="center")
        ax.text(-0.3, top + 0.5, name, ha="right", va="center")
        ax.text(len(row) + gap / 2, top + 0.5, "→", ha="center", va="center")
        facts.append(f"{name}: {listing(row[None])} gives {listing(pooled[None])}")
    ax.set(xlim=(-3.4, len(row) + gap + len(pooled) + 0.1), ylim=(1.5 * len(rows) - 0.4, -0.1))
    ax.set_aspect("equal")
    ax.axis("off")
    describe(ax, f"Rows of numbers and the largest of every {k}. {'; '.join(facts)}.")
    return ax


def three_words(columns: Mapping[str, tuple[Array, Array, Array]]) -> Sequence[Sequence[Axes]]:
    """Show whether maps stayed where they were when the picture moved, or moved along.

    Parameters
    ----------
    columns : mapping of title to (before, after, moved along)
        Three arrays of shape (H, W): the map, the map of the moved picture, and the old map moved
        by as many places.
    """
    grid = plt.subplots(4, len(columns), figsize=(7.2, 5.4), squeeze=False)[1]
    names = ["before", "after", "|after − before|", "|after − before,\nmoved along|"]
    facts = []
    for column, (title, (before, after, along)) in zip(grid.T, columns.items(), strict=True):
        most = float(np.abs(before).max()) * (1 if before.size > 1 else 3)
        stayed, followed = np.abs(after - before), np.abs(after - along)
        for ax, image in zip(column, (before, after, stayed, followed), strict=True):
            ax.imshow(image, cmap="gray_r", vmin=0, vmax=most, interpolation="nearest")
            ax.set(xticks=[], yticks=[])
            ax.spines[:].set_visible(True)
            if image.size == 1 and image.max() > 0:
                ax.text(0, 0, f"{image.item():.3f}", ha="center", va="center")
        for ax, left in ((column[2], stayed), (column[3], followed)):
            if left.max() < 1e-6:
                size = left.shape[0]
                ax.text((size - 1) / 2, (size - 1) / 2, "0", fontsize=22, ha="center", va="center")
        column[0].set_title(title, fontsize=9)
        facts.append(
            f"{title}: mean difference {stayed.mean():.3f} at the old place, "
            f"{followed.mean():.3f} when moved along"
        )
    for ax, name in zip(grid[:, 0], names, strict=True):
        ax.set_ylabel(name)
    describe(grid[0, 0], f"Maps before and after a shift, and differences. {'; '.join(facts)}.")
    return [list(row) for row in grid]


def banded(
    panels_: Mapping[str, tuple[Sequence[float], Mapping[str, Array]]],
    *,
    across: str,
    up: str,
    height: float = 3.1,
    share: bool = True,
    multiples: int = 0,
    bold: Sequence[str] = (),
    limits: Mapping[str, tuple[float, float]] | None = None,
) -> Sequence[Axes]:
    """Draw curves of recorded runs: the mean of the seeds, and a band from lowest to highest.

    Parameters
    ----------
    panels_ : mapping of title to (positions, mapping of arm to array of shape (seeds, positions))
        Keys of :data:`ARMS`, with or without an ending such as ``_gap``.
    across, up : str
        Names of the axes, with their units.
    height : float, default 3.1
        Of the figure, in inches.
    share : bool, default True
        Whether the panels have one scale.
    multiples : int, optional
        Thin lines at the multiples of this position.
    bold : sequence of str, optional
        Arms to look at: the others are drawn thin, and without a band. Without it, all are.
    limits : mapping of title to (lowest, highest), optional
        Scales of panels that are to have one of their own.
    """
    figure, found = plt.subplots(1, len(panels_), figsize=(7.2, height), sharey=share)
    axes = list(np.atleast_1d(found))
    facts: list[str] = []
    handles: dict[str, Line2D] = {}
    for ax, (title, (positions, arms)) in zip(axes, panels_.items(), strict=True):
        if multiples:
            for place in np.arange(0, max(positions) + 1, multiples):
                ax.axvline(place, color="#cccccc", linewidth=0.9, zorder=0)
        for size, (arm, table) in zip(np.linspace(8.5, 5.5, len(arms)), arms.items(), strict=True):
            style = ARMS[arm.split("_")[0]]
            mean = np.mean(table, axis=0)
            low, high = np.min(table, axis=0), np.max(table, axis=0)
            (line,) = ax.plot(positions, mean, color=style.color, marker=style.marker)
            line.set(markersize=size, markeredgecolor="white", markeredgewidth=0.6, linewidth=1.5)
            if not bold or arm in bold:
                ax.fill_between(positions, low, high, color=style.color, alpha=0.13, linewidth=0)
                line.set_linewidth(2 if bold else 1.5)
            else:
                line.set(markersize=5, linewidth=0.8, zorder=3)
            handles.setdefault(style.label, line)
        said = "; ".join(
            f"{ARMS[arm.split('_')[0]].label} "
            + ", ".join(f"{value:.3g}" for value in np.mean(table, axis=0))
            for arm, table in arms.items()
        )
        facts.append(f"{title}, at {', '.join(f'{p:g}' for p in positions)}: {said}")
        ax.set(title=title, xlabel=across)
        ax.set_xticks(positions)
        ax.grid(axis="y")
        if limits and title in limits:
            ax.set_ylim(limits[title])
    axes[0].set_ylabel(up)
    entries = list(handles.values()), list(handles)
    figure.legend(*entries, loc="outside lower center", ncols=4, fontsize=9)
    describe(axes[0], f"{up}, means over the runs, by {across}. {'. '.join(facts)}.")
    return axes


def overlap(sizes: Sequence[int]) -> Sequence[Axes]:
    """Draw the window before and the window after a shift of one pixel, and what they share.

    Parameters
    ----------
    sizes : sequence of int
        Sides k of the windows.
    """
    axes = panels(len(sizes), height=2.2)
    facts = []
    for ax, k in zip(axes, sizes, strict=True):
        for i, j in np.ndindex(k, k + 1):
            tint = TINTS[0] if 0 < j < k else "white"
            ax.add_patch(Rectangle((j, i), 1, 1, facecolor=tint, edgecolor="#aaaaaa"))
        for left, color, inset in ((0, RULES["avg"].color, 0.07), (1, RULES["max"].color, 0.0)):
            style = "--" if left == 0 else "-"
            box = Rectangle((left + inset, inset), k - 2 * inset, k - 2 * inset, fill=False)
            box.set(edgecolor=color, linewidth=2.4, linestyle=style)
            ax.add_patch(box)
        both, seen = k * (k - 1), k * (k + 1)
        most = max(sizes)
        ax.set(xlim=(-0.15, most + 1.15), ylim=(k + 0.15, k - most - 0.15), aspect="equal")
        ax.set_title(f"k = {k}: {both} of {seen}")
        ax.axis("off")
        facts.append(f"windows of {k}×{k} see {seen} values, and share {both}")
    describe(axes[0], f"Two windows, one column apart: {'; '.join(facts)}.")
    return axes


def kept(
    law: Mapping[int, float],
    simulated: Mapping[int, float],
    measured: Mapping[str, Mapping[int, Sequence[float]]],
) -> Axes:
    """Compare shares of pooled values that a pixel leaves alone: law, simulation, measurement.

    Parameters
    ----------
    law, simulated : mapping of window side k to share in percent
    measured : mapping of what was pooled to (mapping of k to shares in percent, one for each run)
    """
    ax = panels(1, height=3.0)[0]
    ax.plot(list(law), list(law.values()), color=EDGE, linewidth=1.2, label="law, (k − 1)/(k + 1)")
    ax.plot(list(simulated), list(simulated.values()), "x", color=EDGE, markersize=8)
    ax.lines[-1].set(label="independent values, simulated", markeredgewidth=1.6)
    looks = [("#0072B2", "o"), ("#CC79A7", "D"), ("#D55E00", "^")]
    facts = [f"law {', '.join(f'{k}: {v:.0f}' for k, v in law.items())}"]
    for offset, ((name, runs), (color, mark)) in enumerate(
        zip(measured.items(), looks, strict=False)
    ):
        for k, values in runs.items():
            place = np.full(len(values), k - 0.12 + 0.12 * offset)
            label = name if k == min(runs) else None
            dots = ax.scatter(place, values, color=color, marker=mark, s=30, label=label, zorder=3)
            dots.set(edgecolor="white", linewidth=0.5)
        said = ", ".join(f"{k}: {np.mean(values):.0f}" for k, values in runs.items())
        facts.append(f"{name} {said}")
    ax.set(xlabel="side k of the window and stride (pixels)", ylabel="unchanged (%)", ylim=(0, 85))
    ax.set_xticks(list(law))
    ax.grid(axis="y")
    ax.legend(loc="lower right", fontsize=9)
    describe(
        ax, f"Values that stay the same in percent, by side of the window. {'; '.join(facts)}."
    )
    return ax


def smoothed(alike: Sequence[float], quantities: Mapping[str, Sequence[float]]) -> Sequence[Axes]:
    """Draw what a max pool makes of a shift, against how alike neighbouring values are.

    Parameters
    ----------
    alike : sequence of float
        Correlation of neighbouring values.
    quantities : mapping of axis label to sequence of float
    """
    axes = panels(len(quantities), height=2.5)
    style, facts = RULES["max"], []
    for ax, (name, values) in zip(axes, quantities.items(), strict=True):
        ax.plot(alike, values, color=style.color, marker=style.marker, markersize=8)
        ax.lines[-1].set(markeredgecolor="white", markeredgewidth=0.6)
        ax.set(xlabel="correlation of neighbours", ylabel=name, ylim=(0, None))
        ax.grid(axis="y")
        facts.append(f"{name} {', '.join(f'{value:.2g}' for value in values)}")
    where = ", ".join(f"{value:z.2f}" for value in alike)
    describe(axes[0], f"By correlation of neighbouring values, {where}: {'; '.join(facts)}.")
    return axes


def before_and_after(columns: Mapping[str, tuple[Array, Array]]) -> Sequence[Sequence[Axes]]:
    """Show pictures above what became of them when the image moved, each drawn equally large.

    Parameters
    ----------
    columns : mapping of title to (before, after)
        Arrays of values in [0, 1].
    """
    grid = plt.subplots(2, len(columns), figsize=(7.2, 3.3), squeeze=False)[1]
    facts = []
    for column, (title, both) in zip(grid.T, columns.items(), strict=True):
        for ax, image in zip(column, both, strict=True):
            ax.imshow(image, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
            ax.set(xticks=[], yticks=[])
        column[0].set_title(title)
        facts.append(f"{title} {np.abs(both[1] - both[0]).mean():.2f}")
    for ax, name in zip(grid[:, 0], ("before", "one pixel later"), strict=True):
        ax.set_ylabel(name)
    describe(
        grid[0, 0],
        "Pictures before (above) and after (below) a shift by one pixel. Mean difference of the "
        f"two: {', '.join(facts)}.",
    )
    return [list(row) for row in grid]


def passed(
    frequencies: Sequence[float],
    laws: Mapping[str, Sequence[float]],
    at: Sequence[float],
    measured: Mapping[str, Sequence[float]],
) -> Axes:
    """Draw how much of stripes of each fineness a layer lets through.

    Parameters
    ----------
    frequencies : sequence of float
        Stripes per pixel, from 0 to 1/2, for the laws.
    laws : mapping of rule to factors, one for each frequency
        Keys of :data:`RULES`.
    at, measured : frequencies, and mapping of rule to factors that were measured there
    """
    ax = panels(1, height=2.9)[0]
    ax.axvspan(0.25, 0.5, color="#eeeeee", linewidth=0)
    ax.text(0.375, 1.04, "too fine for half as many pixels", ha="center", va="bottom", fontsize=9)
    facts = []
    names = {"none": "subsampling", "avg": "average pooling", "blur": "blur pooling"}
    for rule, values in laws.items():
        style = RULES["stride" if rule == "none" else rule]
        ax.plot(frequencies, values, color=style.color, linewidth=1.4)
        ax.plot(at, measured[rule], style.marker, color=style.color, label=names[rule])
        ax.lines[-1].set(markersize=7, markeredgecolor="white", markeredgewidth=0.6)
        said = ", ".join(f"{value:z.2f}" for value in measured[rule])
        facts.append(f"{names[rule]} {said}")
    ax.set(xlabel="stripes per pixel", ylabel="share let through", xlim=(0, 0.505))
    ax.set(ylim=(-0.03, 1.15), yticks=[0, 0.5, 1])
    ax.legend(loc="lower left", fontsize=9)
    where = ", ".join(f"{value:.3g}" for value in at)
    describe(ax, f"Share of stripes let through, at {where} stripes per pixel: {'; '.join(facts)}.")
    return ax


def answers_along(
    images: Array, answers: Mapping[str, Array], truths: Sequence[int]
) -> Sequence[Axes]:
    """Show digits at several places with the answers of networks to each.

    Parameters
    ----------
    images : array of shape (digits, shifts, H, W)
        The same digits, moved by 0, 1, 2 ... pixels.
    answers : mapping of network to integer array of shape (digits, shifts)
        Classes.
    truths : sequence of int
        The right classes.
    """
    lines, count = images.shape[:2]
    height = (1.0 + 0.2 * len(answers)) * lines
    grid = plt.subplots(lines, count, figsize=(7.2, height), squeeze=False)[1]
    facts = []
    for n, (row, truth) in enumerate(zip(grid, truths, strict=True)):
        for d, ax in enumerate(row):
            ax.imshow(images[n, d], cmap="gray", interpolation="nearest")
            ax.set(xticks=[], yticks=[])
            for line, (name, given) in enumerate(answers.items()):
                right = given[n, d] == truth
                color = "#00694d" if right else "#a84600"
                words, at = f"{given[n, d]} {'✓' if right else '✗'}", -0.06 - 0.22 * line
                look = {"transform": ax.transAxes, "va": "top", "fontsize": 9}
                ax.text(0.5, at, words, ha="center", color=color, weight="bold", **look)
                if d == 0:
                    ax.text(-0.12, at, name, ha="right", **look)
        said = (f"{name} says {', '.join(map(str, given[n]))}" for name, given in answers.items())
        facts.append(f"a {truth}: {', '.join(said)}")
    for pixels, ax in enumerate(grid[0]):
        ax.set_title(f"+{pixels}" if pixels else "centre", loc="center")
    describe(grid[0, 0], f"Digits moved by 0 to {count - 1} pixels. {'; '.join(facts)}.")
    return list(grid.ravel())


def two_directions(shifts: Sequence[int], accuracy: Mapping[str, Sequence[float]]) -> Axes:
    """Draw one network's accuracy against shifts in two directions.

    Parameters
    ----------
    shifts : sequence of int
        In pixels, both signs.
    accuracy : mapping of direction to percent
    """
    ax = panels(1, height=2.4)[0]
    for place in shifts:
        if place % 4 == 0:
            ax.axvline(place, color="#cccccc", linewidth=0.9, zorder=0)
    looks = [("-", RULES["stride"]), ("--", Rule("", "#7f3700", "v"))]
    facts = []
    for (line, style), (name, values) in zip(looks, accuracy.items(), strict=True):
        ax.plot(shifts, values, line, color=style.color, marker=style.marker, label=name)
        ax.lines[-1].set(markersize=7, markeredgecolor="white", markeredgewidth=0.6)
        facts.append(f"{name} {', '.join(f'{value:.0f}' for value in values)}")
    ax.set(xlabel="shift (pixels; below 0: to the left, or up)", ylabel="accuracy (%)")
    ax.set_ylim(0, 103)
    ax.grid(axis="y")
    ax.legend(loc="lower right", fontsize=9)
    describe(ax, f"Accuracy in percent, moved by {min(shifts)} to {max(shifts)} pixels: "
             f"{'; '.join(facts)}.")  # fmt: skip
    return ax


def place_maps(
    maps: Mapping[str, Array], places: Sequence[int], columns: int = 4
) -> Sequence[Axes]:
    """Draw accuracy by place of the digit, as one small heat map for each network.

    Parameters
    ----------
    maps : mapping of name to array of shape (rows, columns)
        Accuracies in percent.
    places : sequence of int
        Shifts that the rows and columns stand for, in pixels.
    columns : int, default 4
        Maps in a row.
    """
    lines = -(-len(maps) // columns)
    grid = plt.subplots(lines, columns, figsize=(7.2, 2.15 * lines), squeeze=False)[1].ravel()
    facts = []
    for ax, (name, values) in zip(grid, maps.items(), strict=False):
        ax.imshow(values, cmap=SHARES, vmin=0, vmax=100, interpolation="nearest")
        for i, j in np.ndindex(*values.shape):
            color = "white" if values[i, j] > 60 else EDGE
            ax.text(j, i, f"{values[i, j]:.0f}", ha="center", va="center", fontsize=8, color=color)
        steps = [f"{place:+d}".replace("-", "−") if place else "0" for place in places]
        ax.set_xticks(range(len(places)), steps, fontsize=8)
        ax.set_yticks(range(len(places)), steps, fontsize=8)
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
        ax.set_title(name, fontsize=9)
        facts.append(f"{name}: {listing(np.round(values))}")
    for ax in grid[len(maps) :]:
        ax.axis("off")
    describe(
        grid[0], f"Accuracy in percent with the digit at {values.size} places. {'. '.join(facts)}."
    )
    return list(grid[: len(maps)])


def two_roads(
    table: Mapping[str, Mapping[str, Sequence[float] | None]], line_below: int = 0
) -> Axes:
    """Draw a table of recorded accuracies as colours: networks down, trainings across.

    Parameters
    ----------
    table : mapping of network to (mapping of training to accuracies in percent, or None)
        One accuracy for each run; shown are the mean, and the lowest and the highest.
    line_below : int, optional
        Draw a line below so many rows.
    """
    trainings = list(next(iter(table.values())))
    ax = panels(1, height=0.55 * len(table) + 0.6)[0]
    facts = []
    for i, (network, cells) in enumerate(table.items()):
        said = []
        for j, training in enumerate(trainings):
            runs = cells[training]
            if runs is None:
                ax.text(j + 0.5, i + 0.5, "not run", ha="center", va="center", fontsize=8)
                continue
            mean = float(np.mean(runs))
            ax.add_patch(Rectangle((j, i), 1, 1, facecolor=SHARES(mean / 100), edgecolor="white"))
            color = "white" if mean > 60 else EDGE
            ax.text(j + 0.32, i + 0.5, f"{mean:.0f}", ha="center", va="center", fontsize=13)
            ax.texts[-1].set(color=color, weight="bold")
            ax.text(j + 0.68, i + 0.5, f"{min(runs):.0f} to {max(runs):.0f}", fontsize=8)
            ax.texts[-1].set(color=color, ha="center", va="center")
            said.append(f"{training} {mean:.0f} ({min(runs):.0f} to {max(runs):.0f})")
        facts.append(f"{network}: {', '.join(said)}")
    if line_below:
        ax.axhline(line_below, color=EDGE, linewidth=2)
    ax.set(xlim=(0, len(trainings)), ylim=(len(table), 0))
    ax.set_xticks(np.arange(len(trainings)) + 0.5, trainings)
    ax.set_yticks(np.arange(len(table)) + 0.5, list(table))
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    describe(ax, f"Percent right anywhere, mean (lowest to highest run). {'. '.join(facts)}.")
    return ax


def turning(
    bars: Mapping[int, Array], angles: Sequence[float], answers: Mapping[str, Array]
) -> Sequence[Axes]:
    """Show a bar that turns, and answers to it by angle.

    Parameters
    ----------
    bars : mapping of angle in degrees to picture
    angles : sequence of float
        In degrees.
    answers : mapping of name to array of shape (angles,) or (angles, filters)
        Several filters are drawn thin.
    """
    figure = plt.figure(figsize=(7.2, 3.4))
    grid = figure.add_gridspec(2, len(bars), height_ratios=(1, 2.2))
    axes = []
    for place, (angle, picture) in enumerate(bars.items()):
        ax = figure.add_subplot(grid[0, place])
        ax.imshow(picture, cmap="gray", interpolation="nearest")
        ax.set(xticks=[], yticks=[])
        ax.set_title(f"{angle}°", fontsize=9, loc="center")
        axes.append(ax)
    below = figure.add_subplot(grid[1, :])
    styles = [("#aaaaaa", "-", 1.0), ("#0072B2", "--", 2.0), ("#D55E00", "-", 2.6)]
    facts = []
    for (name, values), (color, line, width) in zip(answers.items(), styles, strict=True):
        drawn = below.plot(angles, values, color=color, linestyle=line, linewidth=width)
        drawn[0].set_label(name)
        lowest, highest = np.min(values), np.max(values)
        facts.append(f"{name}: {lowest:.2f} to {highest:.2f}")
    below.set(xlabel="angle of the bar (degrees)", ylabel="answer", xlim=(0, max(angles)))
    below.set_ylim(0, float(max(np.max(v) for v in answers.values())) * 1.38)
    below.legend(loc="upper center", ncols=3, fontsize=9)
    describe(below, f"Answers to a bar that turns, lowest to highest. {'; '.join(facts)}.")
    return [*axes, below]
