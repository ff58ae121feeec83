"""Figures of chapter 1: a kernel at work, a layer as a matrix, kernels as they learn, two arms."""

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
    from matplotlib.patches import Rectangle

SIGNED = "PuOr_r"  # purple is negative, white is 0, orange is positive
MARK = "#D55E00"

__all__ = [
    "descent",
    "kernel_pairs",
    "kernels_and_maps",
    "matrices",
    "runs_and_differences",
    "weight_matrices",
    "window_counts",
]


def _signed(ax: Axes, x: Array, limit: float, title: str = "") -> None:
    """Show numbers of either sign as colours, the same distance from white for ±limit."""
    ax.imshow(x, cmap=SIGNED, vmin=-limit, vmax=limit, interpolation="nearest")
    ax.set(xticks=[], yticks=[], title=title)
    ax.spines[:].set(visible=True, color="#767676")


def matrices(
    named: Mapping[str, Array],
    *,
    text: str,
    marked: Mapping[str, tuple[int, int, int, int]] | None = None,
    height: float = 2.0,
) -> Sequence[Axes]:
    """Show small matrices with their numbers side by side, all cells of the same size.

    Parameters
    ----------
    named : mapping of title to array of shape (H, W)
    text : str
        What they have to do with each other; the numbers are added from the data.
    marked : mapping of title to (row, column, height, width), optional
        Cells to draw a frame around.
    height : float, default 2
        Of the figure, in inches.
    """
    tallest = max(x.shape[0] for x in named.values())
    widths = [max(x.shape[1], 2.5) for x in named.values()]
    made = plt.subplots(1, len(named), figsize=(7.2, height), width_ratios=widths)[1]
    axes = list(np.atleast_1d(made))
    for ax, (title, x) in zip(axes, named.items(), strict=True):
        matrix(x, ax, title=title)
        for label in ax.texts:
            label.set(fontsize=9, text=label.get_text().replace("-", "−"))
        if title in (marked or {}):
            row, column, rows, columns = (marked or {})[title]
            frame = Rectangle((column, row), columns, rows, fill=False, edgecolor=MARK, linewidth=3)
            ax.add_patch(frame)
            for i, j in np.ndindex(rows, columns):
                ax.patches[(row + i) * x.shape[1] + column + j].set_facecolor("#fde3d3")
        spare = (tallest - x.shape[0]) / 2  # so that a smaller matrix stands in the middle
        ax.set_ylim(x.shape[0] + spare + 0.05, -spare - 0.05)
    facts = "; ".join(f"{title}: {listing(x)}" for title, x in named.items())
    describe(axes[0], f"{text} {facts}.")
    return axes


def kernels_and_maps(
    image: Array, kernels: Mapping[str, Array], maps: Mapping[str, Array]
) -> Sequence[Axes]:
    """Show an image, and below each kernel the map that it makes of the image.

    Parameters
    ----------
    image : array of shape (H, W), values in [0, 1]
    kernels : mapping of title to array of shape (k, k)
    maps : mapping of title to array
        With the same keys. A map with negative values is drawn with 0 as mid-grey.
    """
    figure, grid = plt.subplots(
        2, len(kernels) + 1, figsize=(7.2, 2.9), height_ratios=[1, 1.7], layout="constrained"
    )
    grid[0, 0].axis("off")
    grid[1, 0].imshow(image, cmap="gray", vmin=0, vmax=1)
    grid[1, 0].set(xticks=[], yticks=[], title="photograph")
    facts = []
    for (above, below), (title, kernel) in zip(grid.T[1:], kernels.items(), strict=True):
        matrix(kernel, above, title=title)
        for label in above.texts:
            label.set(fontsize=9, text=label.get_text().replace("-", "−"))
        y = maps[title]
        top = float(np.quantile(np.abs(y), 0.995))
        below.imshow(y, cmap="gray", vmin=-top if y.min() < 0 else 0, vmax=top)
        below.set(xticks=[], yticks=[])
        facts.append(f"{title}, kernel {listing(kernel)}: from {y.min():.2f} to {y.max():.2f}")
    for ax in grid[1]:
        ax.spines[:].set_visible(False)
    describe(
        grid[1, 0], f"A photograph and its maps under {len(kernels)} kernels. {'; '.join(facts)}."
    )
    return list(figure.axes)


def window_counts(counts: Mapping[str, Array]) -> Sequence[Axes]:
    """Show in how many windows each pixel of an image takes part, as shaded numbers.

    Parameters
    ----------
    counts : mapping of title to array of int, shape (H, W)
    """
    axes = panels(len(counts), height=2.5)
    top = max(x.max() for x in counts.values())
    facts = []
    for ax, (title, x) in zip(axes, counts.items(), strict=True):
        ax.imshow(x, cmap="Blues", vmin=0, vmax=top * 1.3, interpolation="nearest")
        for i, j in np.ndindex(*x.shape):
            color = "white" if x[i, j] > 0.75 * top else "#222222"
            ax.text(j, i, f"{x[i, j]}", ha="center", va="center", fontsize=8, color=color)
        ax.set(xticks=[], yticks=[], title=title)
        H, W = x.shape
        corner, middle = x[0, 0], x[H // 2, W // 2]
        facts.append(f"{title}: corner {corner}, middle {middle}, least {x.min()}")
    describe(
        axes[0], f"In how many windows each of {H} by {W} pixels takes part. {'; '.join(facts)}."
    )
    return axes


def weight_matrices(named: Mapping[str, Array]) -> Sequence[Axes]:
    """Show layers as matrices, a row for each output and a column for each input, by colour.

    Parameters
    ----------
    named : mapping of title to array of shape (outputs, inputs)
        Purple is negative, white is 0, orange is positive.
    """
    axes = panels(len(named), height=2.1)
    facts = []
    for ax, (title, M) in zip(axes, named.items(), strict=True):
        _signed(ax, M, float(np.abs(M).max()), title)
        values = M[M != 0]
        different = len(np.unique(values))
        zeros = 1 - values.size / M.size
        ax.set_xlabel(
            f"{M.size} entries, {zeros:.0%} zero,\n{different} different numbers", fontsize=9
        )
        facts.append(
            f"{title}: {M.shape[0]} rows and {M.shape[1]} columns, {zeros:.0%} zero, "
            f"{different} different numbers"
        )
    axes[0].set_ylabel("output")
    describe(axes[0], f"Weight matrices. {'; '.join(facts)}.")
    return axes


def descent(kernels: Mapping[int, Array], losses: Sequence[float]) -> Sequence[Axes]:
    """Show how an error falls from step to step, and the kernel at some of the steps.

    Parameters
    ----------
    kernels : mapping of step to array of shape (k, k)
    losses : sequence of float
        Error at step 0, 1, 2, ...
    """
    widths = [2.2] + [1] * len(kernels)
    axes = list(plt.subplots(1, len(widths), figsize=(7.2, 2.1), width_ratios=widths)[1])
    axes[0].plot(losses, color="#222222")
    axes[0].set(yscale="log", xlabel="step", title="mean squared error")
    axes[0].plot(list(kernels), [losses[step] for step in kernels], "o", color=MARK, clip_on=False)
    limit = max(float(np.abs(kernel).max()) for kernel in kernels.values())
    facts = []
    for ax, (step, kernel) in zip(axes[1:], kernels.items(), strict=True):
        _signed(ax, kernel, limit, f"step {step}")
        for i, j in np.ndindex(*kernel.shape):
            number = f"{kernel[i, j]:z.1f}".replace("-", "−")
            color = "white" if abs(kernel[i, j]) > 0.7 * limit else "#222222"
            ax.text(j, i, number, ha="center", va="center", fontsize=8, color=color)
        facts.append(f"step {step}: {listing(kernel.round(1) + 0.0)}")
    start, end = losses[0], losses[-1]
    describe(
        axes[0],
        f"The error falls from {start:.2g} to {end:.2g} in {len(losses) - 1} steps. "
        f"The kernel at {'; at '.join(facts)}.",
    )
    return axes


def kernel_pairs(before: Array, after: Array) -> Sequence[Axes]:
    """Show kernels before training, and below each the same kernel after it.

    Parameters
    ----------
    before, after : arrays of shape (n, k, k)
    """
    n = len(before)
    grid = plt.subplots(2, n, figsize=(7.2, 2.2))[1]
    limit = float(np.abs([before, after]).max())
    for place in range(n):
        _signed(grid[0, place], before[place], limit)
        _signed(grid[1, place], after[place], limit)
    grid[0, 0].set_ylabel("as drawn")
    grid[1, 0].set_ylabel("trained")
    pairs = zip(before.reshape(n, -1), after.reshape(n, -1), strict=True)
    alike = [np.corrcoef(one, other)[0, 1] for one, other in pairs]
    describe(
        grid[0, 0],
        f"{n} kernels as they were drawn and after training. The correlation of a kernel with "
        f"itself before training is {min(alike):.2f} or more.",
    )
    return list(grid.ravel())


def runs_and_differences(
    values: Mapping[str, Sequence[float]],
    differences: Mapping[str, tuple[Array, Interval, Interval | None]],
    *,
    unit: str,
    margin: float,
) -> Sequence[Axes]:
    """Show every recorded run, and beside them paired differences with their intervals.

    Parameters
    ----------
    values : mapping of arm to sequence of numbers
        In the order of the seeds.
    differences : mapping of label to (differences, interval, wider interval or None)
        Of pairs of arms; a thick bar for these images, a thin one for new images.
    unit : str
        What is measured, with its unit; differences are in points.
    margin : float
        Smallest difference that counts, drawn as a band around 0.
    """
    axes = panels(2, height=0.45 * len(differences) + 1.8)
    paired_dots(values, unit=unit, ax=axes[0])
    axes[0].tick_params(axis="x", labelsize=9)
    ax, facts = axes[1], []
    ax.axvspan(-margin, margin, color="#dddddd", linewidth=0)
    ax.axvline(0, color="#767676", linewidth=1)
    for place, (label, (points, these, new)) in enumerate(differences.items()):
        ax.scatter(points, np.full(len(points), place + 0.25), s=14, color=RULES["none"].color)
        if new is not None:
            ax.hlines(place, new.low, new.high, color="#222222", linewidth=1)
        ax.hlines(place, these.low, these.high, color="#222222", linewidth=4)
        ax.plot(these.estimate, place, "o", color="white", markeredgecolor="#222222")
        name = f"{label}: {_points(these.estimate)}"
        across = ax.get_yaxis_transform()
        ax.text(0, place - 0.15, name, transform=across, fontsize=9, va="bottom")
        facts.append(f"{name}, {_ends(these)}" + (f", for new images {_ends(new)}" if new else ""))
    ax.set(yticks=[], ylim=(len(differences) - 0.5, -0.7), xlabel="difference (points)")
    ax.spines["left"].set_visible(False)
    runs = str(axes[0].figure.get_label())
    describe(axes[0], f"{runs} Differences in points with 95 % intervals: {'; '.join(facts)}.")
    return axes


def _points(value: float) -> str:
    """Write a difference with its sign."""
    return f"{value:+z.1f}".replace("-", "−")


def _ends(interval: Interval) -> str:
    """Write an interval as its two ends."""
    return f"[{_points(interval.low)}, {_points(interval.high)}]"
