"""Figures of chapter 4: what a flatten does to places, what heads cost, and who can say where."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from cnnlab._extras import needed
from cnnlab._types import Array
from cnnlab.plots.base import RULES, TINTS, compact, describe, panels
from cnnlab.plots.runs import paired_dots

with needed("plots", by="cnnlab.plots"):
    import matplotlib.pyplot as plt
    from matplotlib.axes import Axes
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LinearSegmentedColormap, Normalize
    from matplotlib.patches import Rectangle

HEADS = {"flatten": RULES["none"], "average": RULES["avg"]}  # the look of the two heads
FOR_OR_AGAINST = LinearSegmentedColormap.from_list(
    "against and for", [RULES["avg"].color, "#f7f7f7", RULES["max"].color]
)
SPAN = 17  # points on each scale of a race, so that its panels can be compared


def flattened(x: Array, around: tuple[int, int, int]) -> Sequence[Axes]:
    """Show a block of maps and, below, the vector that a flatten makes of it.

    Parameters
    ----------
    x : array of shape (C, H, W)
        Whole numbers. Each map has a colour, which its numbers keep in the vector.
    around : (channel, row, column)
        A value to be marked in both, with its neighbours above, below, left and right.
    """
    C, H, W = x.shape
    figure = plt.figure(figsize=(7.2, 2.9))
    grid = figure.add_gridspec(2, C, height_ratios=(H, 2))
    channel, row, column = around
    near = [(row - 1, column), (row, column - 1), (row, column + 1), (row + 1, column)]
    near = [(i, j) for i, j in near if 0 <= i < H and 0 <= j < W]
    places = {int(np.ravel_multi_index((channel, i, j), x.shape)) for i, j in near}
    middle = int(np.ravel_multi_index(around, x.shape))
    axes = [figure.add_subplot(grid[0, c]) for c in range(C)]
    for c, ax in enumerate(axes):
        corners = [(c * H * W + i * W + j, j, i) for i, j in np.ndindex(H, W)]
        _cells(ax, corners, x.ravel(), [c] * H * W, places, middle)
        ax.set(xlim=(-0.1, W + 0.1), ylim=(H + 0.1, -0.1), aspect="equal", title=f"map {c}")
    below = figure.add_subplot(grid[1, :])
    strip = [(n, n, 0) for n in range(x.size)]
    _cells(below, strip, x.ravel(), [n // (H * W) for n in range(x.size)], places, middle)
    below.set(xlim=(-0.1, x.size + 0.1), ylim=(1.1, -0.1), title="flattened", aspect="equal")
    at = ", ".join(f"{abs(n - middle)} away" for n in sorted(places))
    describe(
        below,
        f"{C} maps of {H}×{W} numbers, and below them the same {x.size} numbers in one row, map "
        f"after map and row after row. A number and its {len(places)} neighbours are marked; in "
        f"the row the neighbours are {at}.",
    )
    return [*axes, below]


def _cells(
    ax: Axes,
    corners: Sequence[tuple[int, float, float]],
    values: Array,
    channels: Sequence[int],
    near: set[int],
    middle: int,
) -> None:
    """Draw numbered cells; `corners` holds (place in the vector, x, y)."""
    ax.axis("off")
    for (n, left, top), channel in zip(corners, channels, strict=True):
        tint = TINTS[channel % len(TINTS)]
        box = Rectangle((left, top), 1, 1, facecolor=tint, edgecolor="#767676", linewidth=0.8)
        ax.add_patch(box)
        marked = n == middle or n in near
        weight = "bold" if marked else "normal"
        ax.text(left + 0.5, top + 0.5, f"{values[n]:g}", ha="center", va="center", weight=weight)
    for n, left, top in corners:
        if n == middle or n in near:
            width, color = (2.6, "#222222") if n == middle else (1.8, RULES["max"].color)
            frame = Rectangle((left, top), 1, 1, fill=False, edgecolor=color, linewidth=width)
            ax.add_patch(frame)


def orders(accuracy: Mapping[str, Sequence[float]], *, guess: float, within: int) -> Sequence[Axes]:
    """Compare orders of flattening: all of them from zero, and the first few enlarged.

    Parameters
    ----------
    accuracy : mapping of name to sequence of numbers
        Test accuracy in percent, one for each run.
    guess : float
        What guessing would give.
    within : int
        How many of them to show once more, from close by.
    """
    axes = panels(2, height=2.7)
    facts = []
    for place, (name, values) in enumerate(accuracy.items()):
        for ax in axes[: 2 if place < within else 1]:
            spread = np.linspace(-0.24, 0.24, len(values))
            color = RULES["avg"].color if place < within else RULES["max"].color
            ax.scatter(place + spread, values, s=14, color=color, alpha=0.7, linewidth=0)
            ax.hlines(np.mean(values), place - 0.34, place + 0.34, color="#222222", linewidth=2)
        facts.append(f"{name} {np.mean(values):.0f} %")
    names = [name.replace(", ", ",\n") for name in accuracy]
    axes[0].axhline(guess, color="#595959", linestyle=":")
    axes[0].text(-0.45, guess + 2, "guessing", fontsize=9, color="#595959")
    axes[0].set(ylim=(0, 104), ylabel="test accuracy (%)", title="all three")
    axes[0].set_xticks(range(len(names)), names, fontsize=9)
    axes[1].set(xlim=(-0.6, within - 0.4), title="the first two, enlarged")
    axes[1].set_xticks(range(within), names[:within], fontsize=9)
    runs = len(next(iter(accuracy.values())))
    describe(
        axes[0],
        f"Test accuracy of {runs} runs each, means: {'; '.join(facts)}; guessing {guess:g} %.",
    )
    return axes


def moved(images: Sequence[Array]) -> Sequence[Axes]:
    """Show the same thing at several places: the map, its flattened vector and its average.

    Parameters
    ----------
    images : sequence of arrays of shape (H, W)
        Not negative.
    """
    figure, grid = plt.subplots(
        2, len(images), figsize=(7.2, 3.2), height_ratios=(3, 2), sharey="row", squeeze=False
    )
    top = max(float(image.max()) for image in images)
    for (above, below), image in zip(grid.T, images, strict=True):
        above.imshow(image, cmap="gray", vmin=0, vmax=top, interpolation="nearest")
        above.set(xticks=[], yticks=[])
        above.spines[:].set(visible=True, color="#767676")
        below.bar(range(image.size), image.ravel(), width=1.0, color=HEADS["flatten"].color)
        mean = float(image.mean())
        line = below.axhline(mean, color=HEADS["average"].color, linewidth=2.2)
        line.set_label("the average of the map")
        below.set(xticks=[0, image.size - 1], ylim=(0, top * 1.1), yticks=[0, top])
    grid[1, 0].set_ylabel("value")
    grid[1, 1].set_xlabel("place in the flattened vector")
    grid[0, 0].set_title("one map, three times")
    handle = grid[1, 0].get_legend_handles_labels()
    figure.legend(*handle, loc="outside lower right", fontsize=9)
    vectors = np.array([image.ravel() for image in images])
    shared = int(((vectors > 0).sum(axis=0) > 1).sum())
    means = ", ".join(f"{image.mean():.3g}" for image in images)
    describe(
        grid[0, 0],
        f"A blob at {len(images)} places of a map, the flattened maps as bars, and their averages. "
        f"Places of the vector where more than one of them is not zero: {shared}. Averages: "
        f"{means}.",
    )
    return list(grid.ravel())


def templates(kernels: Array, names: Sequence[str]) -> Sequence[Axes]:
    """Show kernels as pictures: orange where a weight speaks for a class, blue where against it.

    Parameters
    ----------
    kernels : array of shape (K, H, W)
    names : sequence of str
        Of the classes.
    """
    columns = (len(kernels) + 1) // 2
    figure, grid = plt.subplots(2, columns, figsize=(7.2, 3.1))
    most = float(np.abs(kernels).max())
    for ax, kernel, name in zip(grid.ravel(), kernels, names, strict=False):
        ax.imshow(kernel, cmap=FOR_OR_AGAINST, vmin=-most, vmax=most, interpolation="nearest")
        ax.set(xticks=[], yticks=[], title=name)
    key = ScalarMappable(Normalize(-most, most), FOR_OR_AGAINST)
    bar = figure.colorbar(key, ax=grid, shrink=0.85, ticks=[-0.8 * most, 0, 0.8 * most])
    bar.ax.set_yticklabels(["against", "0", "for"])
    K, H, W = kernels.shape
    inner = kernels[:, H // 2 - 2 : H // 2 + 2, W // 2 - 2 : W // 2 + 2].mean(axis=(1, 2))
    facts = ", ".join(f"{n} {value:+z.1f}" for n, value in zip(names, inner, strict=True))
    describe(
        grid[0, 0],
        f"The weights of a dense layer as {K} kernels of {H}×{W}, {names[0]} to {names[-1]}, "
        f"positive ones orange, negative ones blue. Mean weight of the 16 pixels in the middle: "
        f"{facts}.",
    )
    return list(grid.ravel())


def evidence(image: Array, maps: Array, names: Sequence[str]) -> Sequence[Axes]:
    """Show an image and, for each class, the map of what speaks for it; its mean is the score.

    Parameters
    ----------
    image : array of shape (H, W)
    maps : array of shape (K, h, w)
        Orange where a place speaks for a class, blue where against it.
    names : sequence of str
        Of the classes.
    """
    columns = (len(maps) + 1) // 2
    figure = plt.figure(figsize=(7.2, 2.8))
    grid = figure.add_gridspec(2, columns + 2)
    first = figure.add_subplot(grid[:, :2])
    first.imshow(image, cmap="gray", interpolation="nearest")
    first.set(xticks=[], yticks=[], title="the image")
    most = float(np.abs(maps).max())
    scores = maps.mean(axis=(1, 2))
    axes = [first]
    for n, (values, name, score) in enumerate(zip(maps, names, scores, strict=True)):
        ax = figure.add_subplot(grid[n // columns, 2 + n % columns])
        ax.imshow(values, cmap=FOR_OR_AGAINST, vmin=-most, vmax=most, interpolation="nearest")
        ax.set(xticks=[], yticks=[], title=f"{name}: {score:+z.1f}".replace("-", "−"))
        axes.append(ax)
    facts = ", ".join(f"{n} {score:+z.1f}" for n, score in zip(names, scores, strict=True))
    h, w = maps.shape[1:]
    describe(
        first,
        f"An image of {image.shape[0]} by {image.shape[1]} pixels, and a map of {h}×{w} places for "
        f"each of {len(maps)} classes, orange where it speaks for the class, blue where against "
        f"it. Means of the maps: {facts}.",
    )
    return axes


def slid(canvas: Array, probabilities: Array, marks: Mapping[int, str]) -> Sequence[Axes]:
    """Show a wide image and, below, what a sliding head says at each position of its window.

    Parameters
    ----------
    canvas : array of shape (H, W)
    probabilities : array of shape (classes, positions)
        For windows whose left sides stand at equal distances from the left of the image to the
        last place where a window fits.
    marks : mapping of position to class
        Windows that hold just one thing, and what it is.
    """
    H, W = canvas.shape
    figure, axes = plt.subplots(2, 1, figsize=(7.2, 4.4), height_ratios=(3, 4), sharex=True)
    axes[0].imshow(canvas, cmap="gray", interpolation="nearest", aspect="auto")
    axes[0].set(yticks=[], title=f"the image, with {len(marks)} of the windows")
    axes[0].tick_params(bottom=False)
    classes, positions = probabilities.shape
    step = (W - H) / (positions - 1)
    middles = (H - 1) / 2 + step * np.arange(positions)
    edges = (middles[0] - step / 2, middles[-1] + step / 2)
    picture = axes[1].imshow(
        probabilities,
        cmap="Blues",
        vmin=0,
        vmax=1,
        aspect="auto",
        extent=(edges[0], edges[1], classes - 0.5, -0.5),
    )
    axes[1].set(yticks=range(classes), ylabel="class", xticks=middles, xlim=(-0.5, W - 0.5))
    axes[1].set_xticklabels([f"{n}" for n in range(positions)])
    axes[1].set(xlabel="position of the window", title="what the head says there")
    for position, name in marks.items():
        window = (step * position - 0.5, -0.5)
        frame = Rectangle(window, H, H, fill=False, edgecolor=RULES["max"].color, linewidth=2)
        axes[0].add_patch(frame).set_clip_on(False)
        cell = (middles[position] - step / 2, int(name) - 0.5)
        box = Rectangle(cell, step, 1, fill=False, edgecolor=RULES["max"].color, linewidth=2)
        axes[1].add_patch(box)
    figure.colorbar(picture, ax=axes, shrink=0.6, label="probability", ticks=[0, 0.5, 1])
    said = probabilities.argmax(axis=0)
    facts = ", ".join(f"{said[position]} on the {name}" for position, name in marks.items())
    describe(
        axes[0],
        f"An image of {H} by {W} pixels with the digits {', '.join(marks.values())}, and the "
        f"probabilities of {classes} classes at {positions} positions of a window of {H} pixels. "
        f"On the windows that hold one digit the head says: {facts}.",
    )
    return list(axes)


def parameters_by_layer(layers: Mapping[str, int], marked: str) -> Axes:
    """Show how many parameters each layer of a network has, as bars from zero.

    Parameters
    ----------
    layers : mapping of name to number of parameters
    marked : str
        The layer to be pointed out.
    """
    ax = panels(1, height=2.9)[0]
    colors = [RULES["max"].color if name == marked else "#a0a0a0" for name in layers]
    ax.bar(range(len(layers)), list(layers.values()), color=colors, width=0.75)
    ax.set_xticks(range(len(layers)), list(layers), rotation=60, ha="right", fontsize=9)
    for tick in ax.get_xticklabels():
        tick.set_rotation_mode("anchor")
    top = max(layers.values())
    ax.set(yticks=[], ylim=(0, top * 1.15), title="parameters")
    ax.spines["left"].set_visible(False)
    for place, value in enumerate(layers.values()):
        ax.text(place, value + top / 50, compact(value), ha="center", fontsize=8)
    total = sum(layers.values())
    facts = ", ".join(f"{name} {compact(value)}" for name, value in layers.items())
    share = layers[marked] / total
    describe(ax, f"Bars of parameters: {facts}. {marked} has {share:.0%} of {compact(total)}.")
    return ax


def head_sizes(sides: Sequence[int], sizes: Mapping[str, Sequence[int]]) -> Axes:
    """Draw how many parameters a head has, by the side of the image, on log scales.

    Parameters
    ----------
    sides : sequence of int
        Of the images, in pixels.
    sizes : mapping of head ("flatten", "average") to sequence of int
    """
    ax = panels(1, height=2.7)[0]
    facts = []
    for name, numbers in sizes.items():
        style = HEADS[name]
        (line,) = ax.plot(sides, numbers, color=style.color, marker=style.marker, markersize=7)
        line.set_label(name)
        end = (sides[-1], numbers[-1])
        said = f"{name}: {compact(numbers[-1])}"
        ax.annotate(said, end, xytext=(8, -3), textcoords="offset points", color=style.color)
        facts.append(f"{name} {', '.join(compact(n) for n in numbers)}")
    ax.set(xscale="log", yscale="log", xlabel="side of the image (pixels)")
    ax.set(ylabel="parameters of the head", ylim=(min(map(min, sizes.values())) / 2, None))
    ax.set_xticks(sides, [str(side) for side in sides])
    ax.set_xticks([], minor=True)
    ax.set_xlim(sides[0] * 0.85, sides[-1] * 2.0)
    ax.grid(axis="y")
    where = ", ".join(map(str, sides))
    describe(ax, f"Parameters of two heads for images of {where} pixels: {'; '.join(facts)}.")
    return ax


def head_race(runs: Mapping[str, tuple[Sequence[float], Sequence[float]]]) -> Sequence[Axes]:
    """Compare flatten and global average on several kinds of images, runs joined by seed.

    Parameters
    ----------
    runs : mapping of images to (accuracies with a flatten, accuracies with an average)
        Test accuracies in percent, in the order of the seeds.
    """
    axes = panels(len(runs), height=3.0)
    facts = []
    for ax, (title, (flat, average)) in zip(axes, runs.items(), strict=True):
        paired_dots({"none": flat, "avg": average}, unit="test accuracy (%)", ax=ax)
        ax.set_xticks([0, 1], ["flatten", "average"])
        ax.set(title=title, ylabel="test accuracy (%)" if ax is axes[0] else "")
        low, high = ax.get_ylim()
        top = min((low + high) / 2 + SPAN / 2, 100.5)  # nothing lies above 100 %
        ax.set_ylim(top - SPAN, top)
        ax.grid(axis="y")
        facts.append(f"{title}: flatten {np.mean(flat):.1f}, average {np.mean(average):.1f}")
    count = len(next(iter(runs.values()))[0])
    describe(
        axes[0], f"{count} runs each, joined by seed. Mean test accuracy (%), {'; '.join(facts)}."
    )
    return axes


def quarters(images: Array, columns: Sequence[int], bins: int = 4) -> Sequence[Axes]:
    """Show images with their width cut into parts, and in which part the blob lies.

    Parameters
    ----------
    images : array of shape (N, H, W)
    columns : sequence of int
        Of the middle of each blob.
    bins : int, default 4
        Parts of equal width.
    """
    axes = panels(len(images), height=2.1)
    W = images.shape[-1]
    parts = [int(column) * bins // W for column in columns]
    for ax, image, part in zip(axes, images, parts, strict=True):
        ax.imshow(image, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
        for edge in range(1, bins):
            ax.axvline(edge * W / bins - 0.5, color=RULES["max"].color, linewidth=1)
        ax.set(xticks=[], yticks=[], title=f"class {part}")
    said = ", ".join(f"column {c}, class {part}" for c, part in zip(columns, parts, strict=True))
    describe(
        axes[0],
        f"Images of {W} by {W} pixels of dim noise with a bright blob; lines cut the width into "
        f"{bins} parts. The blobs: {said}.",
    )
    return axes


def where_accuracies(
    accuracy: Mapping[str, Sequence[float]], heads: Sequence[str], *, guess: float
) -> Axes:
    """Show how well networks say where something is, one row of dots for each.

    Parameters
    ----------
    accuracy : mapping of name to sequence of numbers
        Test accuracy in percent.
    heads : sequence of "flatten" or "average"
        One for each network: its colour and mark.
    guess : float
        What guessing would give.
    """
    ax = panels(1, height=2.9)[0]
    facts = []
    for place, ((name, values), head) in enumerate(zip(accuracy.items(), heads, strict=True)):
        style = HEADS[head]
        ax.scatter(values, [place] * len(values), color=style.color, marker=style.marker, s=34)
        ax.vlines(np.mean(values), place - 0.3, place + 0.3, color="#222222", linewidth=2)
        facts.append(f"{name} {np.mean(values):.0f}")
    ax.axvline(guess, color="#595959", linestyle=":")
    ax.annotate("guessing", (guess, -0.45), xytext=(4, 0), textcoords="offset points", fontsize=9)
    ax.set_yticks(range(len(accuracy)), list(accuracy))
    ax.set(xlim=(0, 103), ylim=(len(accuracy) - 0.5, -0.7), xlabel="test accuracy (%)")
    ax.grid(axis="x")
    count = len(next(iter(accuracy.values())))
    describe(
        ax,
        f"{count} runs each. Mean test accuracy in percent: {'; '.join(facts)}; guessing "
        f"{guess:g}.",
    )
    return ax


def by_column(
    curves: Mapping[str, Sequence[float]], styles: Sequence[dict[str, Any]], *, sight: Sequence[int]
) -> Axes:
    """Draw how often networks are right, by the column in which the blob lies.

    The right answer changes from quarter to quarter, so that the lines stop at each.

    Parameters
    ----------
    curves : mapping of name to sequence of numbers
        Accuracy in percent for each column.
    styles : sequence of dict
        Keywords of ``Axes.plot``, one for each curve.
    sight : sequence of int
        Columns to shade.
    """
    ax = panels(1, height=3.1)[0]
    for column in sight:
        ax.axvspan(column - 0.5, column + 0.5, color=TINTS[2], linewidth=0)
    facts, bins = [], 4
    for (name, values), style in zip(curves.items(), styles, strict=True):
        columns = range(len(values))
        ends = [edge * len(values) // bins for edge in range(1, bins)]
        places = np.insert(np.arange(len(values), dtype=float), ends, np.nan)
        gapped = np.insert(np.asarray(values, dtype=float), ends, np.nan)
        ax.plot(places, gapped, label=name, markersize=4.5, **style)
        inside = np.mean([values[c] for c in columns if c in sight])
        outside = np.mean([values[c] for c in columns if c not in sight])
        facts.append(f"{name} {inside:.0f} in the shaded columns and {outside:.0f} in the others")
    count = len(next(iter(curves.values())))
    for edge in range(1, bins):
        ax.axvline(edge * count / bins - 0.5, color="#999999", linewidth=0.8)
    ax.set(xlabel="column of the blob", ylabel="put right (%)", ylim=(-3, 103))
    ax.set(xlim=(-0.5, count - 0.5))
    ax.figure.legend(loc="outside lower center", ncols=len(curves), fontsize=9)
    describe(ax, f"Share put right by column, means over the runs, in percent. {'; '.join(facts)}.")
    return ax
