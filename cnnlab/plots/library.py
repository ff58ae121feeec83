"""Figures of chapter 10: numbers that agree, clocks, throughput, runs on larger data."""

from collections.abc import Mapping, Sequence

import numpy as np

from cnnlab._extras import needed
from cnnlab._types import Array
from cnnlab.plots.base import RULES, describe, panels
from cnnlab.statistics import Interval

with needed("plots", by="cnnlab.plots"):
    import matplotlib.pyplot as plt
    from matplotlib.axes import Axes
    from matplotlib.patches import Rectangle

INK, GREY = "#222222", "#767676"
STYLES = (
    ("#222222", "o", "-"),
    ("#0b5d8f", "s", "-"),
    ("#0b5d8f", "D", "--"),
    ("#a34700", "^", "-"),
    ("#a34700", "v", "--"),
    ("#595959", "X", ":"),
)

__all__ = [
    "agreement",
    "formats",
    "layout_gains",
    "number_bits",
    "on_other_data",
    "parting",
    "settling",
    "sum_orders",
    "throughput",
    "two_clocks",
    "whole_runs",
]


def agreement(
    layers: Sequence[str], differences: Mapping[str, Sequence[float]], *, ax: Axes | None = None
) -> Axes:
    """Show, layer by layer, how far two libraries are apart, on a logarithmic scale.

    Parameters
    ----------
    layers : sequence of str
        In the order in which an image passes through.
    differences : mapping of number format to sequence of float
        Largest difference behind each layer over the largest value; 0 is drawn at the lower edge.
    """
    ax = ax or panels(1, height=3.2)[0]
    positive = [value for values in differences.values() for value in values if value > 0]
    floor = 10 ** (np.floor(np.log10(min(positive))) - 1.5)
    facts = []
    for (name, values), (color, marker, _) in zip(differences.items(), STYLES[1::2], strict=False):
        shown = [value or floor for value in values]
        ax.plot(range(len(layers)), shown, color=color, marker=marker, label=name, linewidth=1)
        said = ", ".join(f"{value:.0e}" if value else "0" for value in values)
        facts.append(f"{name} {said}")
    ax.axhline(floor, color="#bbbbbb", linewidth=0.8, linestyle=":")
    ax.text(len(layers) - 0.6, floor, "equal", va="bottom", ha="right", fontsize=9, color=GREY)
    ax.set_xticks(range(len(layers)), layers, rotation=30, ha="right", rotation_mode="anchor")
    ax.set(yscale="log", ylabel="difference over largest value", ylim=(floor / 2, None))
    ax.grid(axis="y")
    ax.legend(fontsize=9)
    describe(
        ax,
        f"Largest difference between two libraries behind {', '.join(layers)}, in parts of the "
        f"largest value. {'; '.join(facts)}.",
    )
    return ax


def sum_orders(errors: Mapping[str, Array], *, unit: str) -> Sequence[Axes]:
    """Show how often each error comes when the same numbers are added in many orders.

    Parameters
    ----------
    errors : mapping of way to array
        Error of the sum, once for each order.
    unit : str
        Of the errors.
    """
    axes = plt.subplots(1, len(errors), figsize=(7.2, 2.5), sharex=True, sharey=True)[1]
    facts = []
    top = max(float(np.abs(values).max()) for values in errors.values())
    edges = np.linspace(-top, top, 62)
    for ax, (way, values) in zip(np.atleast_1d(axes), errors.items(), strict=True):
        ax.hist(values, bins=edges, color="#0b5d8f")
        ax.axvline(0, color=INK, linewidth=0.8)
        ax.set(title=way, xlabel=unit)
        found = len(np.unique(values))
        facts.append(f"{way}: {found} different sums, up to {np.abs(values).max():.1f}")
    np.atleast_1d(axes)[0].set_ylabel("orders")
    describe(
        np.atleast_1d(axes)[0],
        f"Histograms of the {unit}, for {len(values)} orders. {'; '.join(facts)}.",
    )
    return list(np.atleast_1d(axes))


def number_bits(formats: Mapping[str, tuple[int, int]]) -> Axes:
    """Draw number formats as rows of boxes: sign, exponent, binary places behind the point.

    Parameters
    ----------
    formats : mapping of name to (bits of the exponent, binary places)
    """
    ax = panels(1, height=0.42 * len(formats) + 0.5)[0]
    facts = []
    for row, (name, (exponent, places)) in enumerate(formats.items()):
        kinds = ["#767676"] + ["#d6e9f5"] * exponent + ["#fde3d3"] * places
        for place, color in enumerate(kinds):
            ax.add_patch(
                Rectangle((place, -row - 0.36), 0.86, 0.72, facecolor=color, edgecolor=GREY)
            )
        ax.text(-0.6, -row, name, ha="right", va="center", fontsize=10)
        digits = int(np.floor((places + 1) * np.log10(2)))  # the leading 1 is not stored
        ax.text(33, -row, f"about {digits} decimal digits", va="center", fontsize=9)
        facts.append(f"{name}: 1 sign, {exponent} exponent, {places} places")
    ax.text(0.43, 0.62, "sign", ha="center", fontsize=9, color="#595959")
    ax.text(5, 0.62, "exponent", ha="center", fontsize=9, color="#0b5d8f")
    ax.text(20, 0.62, "places behind the point", ha="center", fontsize=9, color="#a34700")
    ax.set(xlim=(-6.5, 44), ylim=(-len(formats) + 0.4, 1.1))
    ax.axis("off")
    describe(ax, f"Bits of number formats. {'; '.join(facts)}.")
    return ax


def formats(errors: Mapping[str, float], changed: Mapping[str, int], tested: int) -> Axes:
    """Show how far scores are off in some number formats, and how many answers change.

    Parameters
    ----------
    errors : mapping of format to float
        Largest error of a score over the largest score.
    changed : mapping of format to int
        Images whose answer is another one.
    tested : int
        Images in all.
    """
    ax = panels(1, height=0.42 * len(errors) + 0.8)[0]
    facts = []
    for row, (name, error) in enumerate(errors.items()):
        ax.plot(error, row, color="#0b5d8f", marker="o", markersize=7)
        ax.annotate(
            f"{changed[name]} of {tested} answers change",
            (error, row),
            xytext=(10, 0),
            textcoords="offset points",
            va="center",
            fontsize=9,
        )
        facts.append(f"{name}: {error:.0e}, {changed[name]} of {tested} answers change")
    ax.set_yticks(range(len(errors)), list(errors))
    low, high = min(errors.values()), max(errors.values())
    ax.set(xscale="log", xlim=(low / 4, high * 400), ylim=(len(errors) - 0.5, -0.5))
    ax.set_xlabel("largest error of a score, in parts of the largest score")
    ax.grid(axis="x")
    describe(ax, f"Errors of scores on a logarithmic scale. {'; '.join(facts)}.")
    return ax


def two_clocks(
    steps: Sequence[tuple[float, float, float]],
    readings: Mapping[str, tuple[float, float]],
    *,
    launch: float,
) -> Axes:
    """Draw what Python and a device do over time, and from when to when two clocks count.

    Parameters
    ----------
    steps : sequence of (begun by Python, begun by the device, finished by the device)
        In milliseconds.
    readings : mapping of way to (started, read)
        When the clock is started and when it is read, in milliseconds.
    launch : float
        Time that Python needs to hand over a step, in milliseconds.
    """
    ax = panels(1, height=2.8)[0]
    for number, (handed, begun, finished) in enumerate(steps, start=1):
        ax.add_patch(Rectangle((handed, 1.1), launch, 0.6, facecolor=INK, edgecolor="white"))
        ax.add_patch(
            Rectangle((begun, 0), finished - begun, 0.6, facecolor="#d6e9f5", edgecolor=GREY)
        )
        ax.text((begun + finished) / 2, 0.3, f"step {number}", ha="center", va="center", fontsize=9)
        ax.text(handed + launch / 2, 1.4, f"{number}", ha="center", va="center", color="white")
    facts = []
    heights = (2.75, 2.1)
    for (way, (started, read)), (color, _, _), y in zip(
        readings.items(), (STYLES[3], STYLES[1]), heights, strict=False
    ):
        ax.plot([read, read], [-0.15, y], color=color, linewidth=1.6)
        ax.annotate(
            "",
            (read, y),
            (started, y),
            arrowprops={"arrowstyle": "|-|,widthA=0.3,widthB=0.3", "color": color, "linewidth": 1.6}
            | {"shrinkA": 0, "shrinkB": 0},
        )
        ax.text(started, y + 0.13, f"{way}: {read - started:g} ms", fontsize=9, color=color)
        facts.append(f"{way}: clock started at {started:g} and read at {read:g} ms")
    ax.set_yticks([0.3, 1.4], ["device", "Python"])
    ax.set(xlabel="milliseconds", ylim=(-0.15, 3.2), xlim=(-0.3, steps[-1][2] + 1))
    ax.locator_params(axis="x", integer=True)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    said = "; ".join(f"{handed:g}, {begun:g} to {done:g}" for handed, begun, done in steps)
    describe(
        ax,
        f"Steps handed over by Python and computed by the device, in ms: {said}. "
        f"{'; '.join(facts)}.",
    )
    return ax


def _spread(heights: Sequence[float], gap: float) -> list[float]:
    """Move heights apart that are closer than a gap, each as little as its neighbours allow."""
    order = np.argsort(heights, kind="stable")
    groups: list[list[float]] = []  # of neighbours that touch: their wanted middles
    for wanted in np.asarray(heights, dtype=float)[order]:
        groups.append([float(wanted)])
        while len(groups) > 1:
            below, above = groups[-2:]
            touch = (len(below) + len(above)) / 2 * gap
            if np.mean(above) - np.mean(below) >= touch:
                break
            groups[-2:] = [below + above]
    placed = np.concatenate(
        [np.mean(group) + gap * (np.arange(len(group)) - (len(group) - 1) / 2) for group in groups]
    )
    return [float(height) for height in placed[np.argsort(order)]]


def throughput(
    series: Mapping[str, tuple[Sequence[int], Sequence[float]]], *, ax: Axes | None = None
) -> Axes:
    """Show images a second against the size of a batch, both logarithmic.

    Each line has its name at its right end, where it is found without a legend.

    Parameters
    ----------
    series : mapping of label to (batch sizes, images a second)
    """
    ax = ax or panels(1, height=3.4)[0]
    facts = []
    looks = list(zip(series.items(), STYLES * 2, strict=False))
    for (label, (sizes, rates)), (color, marker, line) in looks:
        ax.plot(sizes, rates, color=color, marker=marker, linestyle=line, label=label)
        said = ", ".join(f"{size}: {rate:.2g}" for size, rate in zip(sizes, rates, strict=True))
        facts.append(f"{label} {said}")
    every = sorted({size for sizes, _ in series.values() for size in sizes})
    ax.set(xscale="log", yscale="log", xlabel="images in a batch", ylabel="images a second")
    ax.set_xticks(every, [str(size) for size in every])
    low, high = ax.get_ylim()
    marks = [m * 10**e for e in range(1, 8) for m in (1, 2, 5) if low < m * 10**e < high]
    ax.set_yticks(marks, [f"{mark:,}".replace(",", "\u202f") for mark in marks])
    ax.minorticks_off()
    ax.grid()
    ax.set_ylim(low, high)
    ends = [float(np.log(rates[-1] / low) / np.log(high / low)) for _, rates in series.values()]
    for ((label, (sizes, rates)), (color, _, _)), height in zip(
        looks, _spread(ends, 0.075), strict=True
    ):
        ax.annotate(
            label,
            (sizes[-1], rates[-1]),
            (1.03, height),
            textcoords="axes fraction",
            va="center",
            fontsize=9,
            color=color,
            arrowprops={"arrowstyle": "-", "color": color, "linewidth": 0.6, "shrinkA": 1},
        )
    describe(ax, f"Images a second by batch size, both logarithmic. {'; '.join(facts)}.")
    return ax


def layout_gains(
    shares: Mapping[str, Sequence[float]], gains: Mapping[str, Mapping[str, Sequence[float]]]
) -> Sequence[Axes]:
    """Show which share of a step the pools take, and what another layout brings.

    Parameters
    ----------
    shares : mapping of label to sequence of float
        Share of a step, once for each repetition.
    gains : mapping of number format to mapping of way down to sequence of float
        Speed with channels last over speed without, once for each repetition.
    """
    axes = plt.subplots(1, 2, figsize=(7.2, 0.4 * len(shares) + 1.1))[1]
    left, right = axes
    facts = []
    for row, (label, values) in enumerate(shares.items()):
        left.scatter(values, [row] * len(values), color=RULES["max"].color, alpha=0.5, s=18)
        middle = float(np.median(values))
        left.scatter(middle, row, color=RULES["max"].color, marker="|", s=220, linewidth=2.5)
        facts.append(f"{label} {middle:.2f}")
    left.set_yticks(range(len(shares)), list(shares))
    left.set(xlim=(0, 0.6), ylim=(len(shares) - 0.5, -0.5), title="share of the max pools")
    left.set_xlabel("part of a training step")
    left.grid(axis="x")
    found = []
    ways = list(next(iter(gains.values())))
    for number, (name, by_way) in enumerate(gains.items()):
        for row, way in enumerate(ways):
            y = row + 0.22 * (2 * number - 1)
            style, values = RULES[way], by_way[way]
            face = style.color if number == 0 else "white"
            middle = float(np.median(values))
            right.hlines(y, min(values), max(values), color=style.color, linewidth=1.2)
            right.plot(middle, y, marker=style.marker, color=style.color, markerfacecolor=face)
            found.append(f"{way} {name} {middle:.2f}")
    right.axvline(1, color=INK, linewidth=1)
    right.set_yticks(range(len(ways)), [RULES[way].label for way in ways])
    right.set(ylim=(len(ways) - 0.5, -0.5), title="gain from channels last")
    for number, name in enumerate(gains):
        face = INK if number == 0 else "white"
        right.plot([], [], "o", color=INK, markerfacecolor=face, label=name)
    right.set_xlabel("times as fast")
    right.grid(axis="x")
    right.legend(fontsize=9, loc="upper right")
    describe(
        left,
        f"Median share of the max pools in a step: {', '.join(facts)}. Median speed with channels "
        f"last over speed without: {', '.join(found)}.",
    )
    return [left, right]


def on_other_data(
    rows: Sequence[tuple[str, Mapping[str, Interval]]], *, unit: str, ax: Axes | None = None
) -> Axes:
    """Show the same comparisons on several data sets, one line for each comparison.

    Parameters
    ----------
    rows : sequence of (label, mapping of data set to Interval)
        The data sets in the same order everywhere.
    unit : str
        Of the intervals.
    """
    ax = ax or panels(1, height=0.62 * len(rows) + 0.9)[0]
    facts = []
    names = list(dict.fromkeys(name for _, found in rows for name in found))
    for place, (label, found) in enumerate(rows):
        said = []
        for name, interval in found.items():
            number = names.index(name)
            color, marker, _ = (STYLES[0], STYLES[1], STYLES[3])[number]
            y = place + 0.24 * (number - (len(names) - 1) / 2)
            ax.hlines(y, interval.low, interval.high, color=color, linewidth=2.6)
            shown = ax.plot(interval.estimate, y, color=color, marker=marker, linestyle="")
            shown[0].set(markeredgecolor="white", markersize=7)
            said.append(
                f"{name} {interval.estimate:+.1f}, {interval.low:+.1f} to {interval.high:+.1f}"
            )
        facts.append(f"{label}: {'; '.join(said)}".replace("-", "−"))
    for name, (color, marker, _) in zip(names, (STYLES[0], STYLES[1], STYLES[3]), strict=False):
        ax.plot([], [], color=color, marker=marker, label=name)
    ax.axvline(0, color=INK, linewidth=1, zorder=0)
    ax.set_yticks(range(len(rows)), [label for label, _ in rows])
    ax.set(xlabel=unit, ylim=(len(rows) - 0.5, -0.5))
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="x")
    ax.legend(fontsize=9)
    describe(ax, f"Differences with 95 % intervals, {unit}. {'. '.join(facts)}.")
    return ax


def parting(
    distances: Mapping[str, Sequence[Sequence[float]]], *, every: int, height: float = 2.7
) -> Sequence[Axes]:
    """Show how far two trainings that began alike are apart, step by step, one panel each.

    Parameters
    ----------
    distances : mapping of title to sequence of curves
        Distance of the weights over their size; one curve for each seed.
    every : int
        Steps between two points of a curve.
    height : float, default 2.7
    """
    axes = plt.subplots(1, len(distances), figsize=(7.2, height), sharex=True, sharey=True)[1]
    facts = []
    for ax, (title, curves) in zip(np.atleast_1d(axes), distances.items(), strict=True):
        for curve in curves:
            shown = np.maximum(curve, 1e-10)
            ax.plot(every * np.arange(len(shown)), shown, color="#a34700", linewidth=0.9)
        ax.axhspan(1e-9, 1e-5, color="#d6e9f5", zorder=0, linewidth=0)
        if not np.any(curves):
            ax.text(0.5, 0.3, "exactly equal", ha="center", fontsize=9, transform=ax.transAxes)
        ax.set(yscale="log", title=title, xlabel="step", ylim=(1e-9, 3))
        apart = sum(curve[-1] > 1e-3 for curve in curves)
        name = " ".join(title.split())
        facts.append(f"{name}: {apart} of {len(curves)} pairs end further apart than 0.001")
    first = np.atleast_1d(axes)[0]
    first.set_ylabel("distance over size")
    describe(
        first,
        f"Distance of the weights of two trainings, on a logarithmic scale. {'; '.join(facts)}.",
    )
    return list(np.atleast_1d(axes))


def settling(
    steps: Mapping[str, Sequence[Interval]], *, unit: str, margin: float = 0.0
) -> Sequence[Axes]:
    """Show an interval as runs are added, from two runs on, one panel for each comparison.

    Parameters
    ----------
    steps : mapping of title to sequence of Interval
    unit : str
    margin : float, default 0
        Differences up to here do not matter; the band is tinted.
    """
    axes = panels(len(steps), height=2.8)
    facts = []
    for ax, (title, intervals) in zip(axes, steps.items(), strict=True):
        runs = [interval.n for interval in intervals]
        low, high = [i.low for i in intervals], [i.high for i in intervals]
        ax.axhspan(-margin, margin, color="#ececec", zorder=0, linewidth=0)
        ax.vlines(runs, low, high, color="#0b5d8f", linewidth=2.4)
        ax.plot(runs, [i.estimate for i in intervals], "o", color="#0b5d8f", markersize=5)
        ax.axhline(0, color=INK, linewidth=1)
        last = intervals[-1]
        shown = [*low[1:], *high[1:], margin, -margin]  # two runs reach too far
        ax.set(xlabel="runs", title=title, xlim=(1.3, runs[-1] + 0.7), xticks=runs[::2])
        ax.set_ylim(1.25 * min(shown), 1.25 * max(shown))
        outside = [i.n for i in intervals if i.low > margin or i.high < -margin]
        beyond = f"first beyond the margin after {outside[0]} runs" if outside else "never beyond"
        facts.append(
            f"{title}: after {last.n} runs {last.estimate:+.1f}, {last.low:+.1f} to "
            f"{last.high:+.1f}, {beyond}".replace("-", "−")
        )
    axes[0].set_ylabel(unit)
    describe(axes[0], f"Intervals of {unit} as runs are added. {'; '.join(facts)}.")
    return axes


def whole_runs(
    curves: Mapping[str, Sequence[Sequence[float]]],
    small: Mapping[str, Sequence[float]],
) -> Sequence[Axes]:
    """Show accuracies after each epoch on all images, beside the ends of runs on a tenth of them.

    Parameters
    ----------
    curves : mapping of rule to sequence of curves
        Test accuracy in percent after each epoch, one curve for each seed; may be empty.
    small : mapping of rule to sequence of float
        Test accuracy in percent at the end, once for each seed.
    """
    axes = plt.subplots(1, 2, figsize=(7.2, 3.0), width_ratios=(2, 3), sharey=True)[1]
    left, right = axes
    facts, found = [], []
    for place, (rule, values) in enumerate(small.items()):
        style = RULES[rule]
        left.scatter([place] * len(values), values, color=style.color, marker=style.marker, s=26)
        left.hlines(np.mean(values), place - 0.25, place + 0.25, color=INK, linewidth=2)
        facts.append(f"{style.label} {np.mean(values):.1f}")
    left.set_xticks(range(len(small)), [RULES[rule].label.split()[0] for rule in small])
    left.set(title="5 000 images", ylabel="test accuracy, %", xlim=(-0.6, len(small) - 0.4))
    left.grid(axis="y")
    for rule, runs in curves.items():
        style = RULES[rule]
        for curve in runs:
            epochs = range(1, len(curve) + 1)
            right.plot(epochs, curve, color=style.color, marker=style.marker, markersize=4)
            right.lines[-1].set_linewidth(1)
        right.lines[-1].set_label(style.label)
        found.append(f"{style.label} {np.mean([curve[-1] for curve in runs]):.1f}")
    right.set(title="50 000 images", xlabel="epoch")
    right.grid(axis="y")
    if curves:
        right.legend(fontsize=9)
    said = ", ".join(found) if found else "still to be recorded"
    describe(
        left,
        f"Test accuracy in percent. Trained on 5 000 images: {', '.join(facts)}. On 50 000, after "
        f"the last epoch: {said}.",
    )
    return [left, right]
