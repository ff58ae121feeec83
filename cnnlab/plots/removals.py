"""Figures of chapter 8: pooling taken out in five ways, what it costs and what it changes."""

from collections.abc import Mapping, Sequence

import numpy as np

from cnnlab._extras import needed
from cnnlab._types import Array
from cnnlab.plots.base import RULES, Way, compact, describe, panels
from cnnlab.statistics import Interval

with needed("plots", by="cnnlab.plots"):
    import matplotlib.pyplot as plt
    from matplotlib.axes import Axes
    from matplotlib.patches import Rectangle
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

DARK, GREY, PALE = "#222222", "#595959", "#dddddd"

#: How each network of chapter 8 looks in its figures, by the arms of the experiments: ``max`` and
#: ``avg`` with pools, ``none``, ``none_squeezed``, ``late``, ``stride`` and ``convstride`` without,
#: and three in between, ``max_conv``, ``none_thin`` and ``max_gap``.
WAYS = {
    "max": Way("max pools", RULES["max"]),
    "avg": Way("average pools", RULES["avg"]),
    "none": Way("(a) no pools, larger flatten", RULES["none"]),
    "none_squeezed": Way("(b) no pools, squeezed", RULES["none"], filled=False),
    "late": Way("(c) pooled once, late", RULES["avg"], filled=False),
    "stride": Way("(d) strides", RULES["stride"]),
    "convstride": Way("(e) extra convolutions", RULES["stride"], filled=False),
    "max_conv": Way("max pools and extra convolutions", RULES["max"], filled=False),
    "none_thin": Way("(a) with few channels", RULES["none"], size=5.5),
    "max_gap": Way("max pools, global average", RULES["max"], filled=False),
}

Step = tuple[int, str, int, str | None]  # column, words, side of the maps, rule or None
Effect = tuple[Interval, Interval | None]

__all__ = [
    "WAYS",
    "against_cost",
    "detail_curves",
    "families",
    "forest",
    "patched",
    "probe_profiles",
    "surgeries",
]


def surgeries(
    networks: Mapping[str, tuple[Sequence[Step], str]],
    *,
    cut: Sequence[int] = (),
    flat: Mapping[str, int] | None = None,
) -> Axes:
    """Draw networks below each other: maps as squares of their size, and where a pool is missing.

    Parameters
    ----------
    networks : mapping of title to (steps, note)
        A step is (column, words, side in pixels, rule): maps of that side stand in that column,
        made by the layer that the words name. Rules are keys of :data:`RULES`: the colour; None is
        a plain layer. Title and note are written above the chain.
    cut : sequence of int, default ()
        Columns of the pools: where a network has nothing there, a dashed square shows the hole.
    flat : mapping of title to int, optional
        Lengths of the flattens: bars at the ends of the chains, the longest as high as the largest
        map.
    """
    rows, across, down = len(networks), 1.2, 1.75
    largest = max(side for steps, _ in networks.values() for _, _, side, _ in steps)
    last = max(column for steps, _ in networks.values() for column, _, _, _ in steps)
    right = (last + bool(flat)) * across
    ax = plt.subplots(figsize=(5.2, 5.2 * rows * down / (right + 1)))[1]
    facts = []
    for row, (title, (steps, note)) in enumerate(networks.items()):
        y = row * down
        columns = [column for column, _, _, _ in steps]
        end = right if flat else max(columns) * across
        ax.plot([0, end], [y, y], color=GREY, linewidth=0.8, zorder=0)
        for column, words, side, rule in steps:
            x, width = column * across, 0.76 * side / largest
            color = RULES[rule].color if rule else "#8c8c8c"
            square = Rectangle((x - width / 2, y - width / 2), width, width, facecolor="white")
            ax.add_patch(square)
            square.set(edgecolor=color, linewidth=2.4 if rule else 1.2)
            ax.text(x, y, f"{side}", ha="center", va="center", fontsize=8)
            ax.text(x, y + 0.44, words, ha="center", va="top", fontsize=7, linespacing=0.95)
            ax.texts[-1].set_color(color if rule else DARK)
        for column in set(cut) - set(columns):
            hole = Rectangle((column * across - 0.16, y - 0.16), 0.32, 0.32, facecolor="white")
            ax.add_patch(hole)
            hole.set(edgecolor=RULES["max"].color, linestyle=":", linewidth=1.3)
        chain = ", ".join(f"{words} {side}×{side}" for _, words, side, _ in steps[1:])
        if flat:
            height = 0.76 * flat[title] / max(flat.values())
            bar = Rectangle((right - 0.07, y - height / 2), 0.14, height, facecolor=DARK)
            ax.add_patch(bar)
            words = f"flatten\n{flat[title]:,}".replace(",", " ")
            ax.text(right, y + 0.44, words, ha="center", va="top", fontsize=7, linespacing=0.95)
            chain += f", flatten {flat[title]}"
        ax.text(-0.4, y - 0.66, title, va="center", fontsize=8.5, weight="bold")
        ax.text(right + 0.5, y - 0.66, note, va="center", ha="right", fontsize=7.5)
        facts.append(f"{title}: {' '.join(chain.split())}; {' '.join(note.split())}")
    ax.set(xlim=(-0.45, right + 0.55), ylim=(rows * down - 0.85, -0.9), aspect="equal")
    ax.axis("off")
    describe(
        ax,
        f"{rows} networks, layer by layer, with the size of their maps. {'. '.join(facts)}.",
    )
    return ax


def forest(
    groups: Mapping[str, Mapping[str, Mapping[str, Effect]]],
    *,
    margins: Mapping[str, float],
    unit: str,
    legend: bool = False,
    height: float = 0.34,
) -> Sequence[Axes]:
    """Show differences with their intervals: a panel for each kind of images, a line for each row.

    Parameters
    ----------
    groups : mapping of title to mapping of row to mapping of way to (interval, wider one or None)
        All panels have the same rows. Ways are keys of :data:`WAYS`; a way whose name ends in
        ``" before"`` is drawn in grey, above the other one, for comparison.
    margins : mapping of title to float
        Smallest difference that counts, drawn as a band around 0.
    unit : str
        What the differences are.
    legend : bool, default False
        Whether the ways are named in a legend; not needed where they are the rows.
    height : float, default 0.34
        Of a row, in inches.
    """
    labels = list(next(iter(groups.values())))
    axes = list(
        np.atleast_1d(
            plt.subplots(1, len(groups), figsize=(7.2, height * len(labels) + 1.0), sharey=True)[1]
        )
    )
    facts, known = [], set()
    for ax, (title, rows) in zip(axes, groups.items(), strict=True):
        ax.axvspan(-margins[title], margins[title], color=PALE, linewidth=0)
        ax.axvline(0, color=DARK, linewidth=1)
        said = []
        for place, (label, compared) in enumerate(rows.items()):
            for number, (name, (these, new)) in enumerate(compared.items()):
                y = place + 0.34 * (number - (len(compared) - 1) / 2)
                before = name.endswith(" before")
                way = WAYS[name.removesuffix(" before")]
                color = "#9a9a9a" if before else way.rule.color
                if new is not None:
                    ax.hlines(y, new.low, new.high, color=color, linewidth=1)
                ax.hlines(y, these.low, these.high, color=color, linewidth=2 if before else 3.5)
                ax.plot(these.estimate, y, way.rule.marker, color=color)
                ax.lines[-1].set(markersize=5 if before else 8, zorder=3, markeredgewidth=1.4)
                ax.lines[-1].set_markerfacecolor(color if way.filled else "white")
                ax.lines[-1].set_markeredgecolor("white" if way.filled else color)
                if legend and name not in known:
                    known.add(name)
                    ax.lines[-1].set_label(way.label)
                condition = f"{label}, {way.label}" if legend else label
                said.append(f"{condition}{' (before)' if before else ''} {_told(these)}")
        ax.set_title(title, fontsize=10)
        ax.tick_params(axis="y", length=0)
        facts.append(f"{title}: {'; '.join(said)}")
    axes[0].set_yticks(range(len(labels)), labels)
    axes[0].set_ylim(len(labels) - 0.5, -0.5)
    axes[len(axes) // 2].set_xlabel(unit)
    if legend:
        axes[0].legend(loc="best", fontsize=8.5)
    describe(axes[0], f"Differences with 95 % intervals, {unit}. {'. '.join(facts)}.")
    return axes


def _told(interval: Interval) -> str:
    """Say an interval in words, with a sign."""
    numbers = (interval.estimate, interval.low, interval.high)
    middle, low, high = (f"{value:+.1f}".replace("-", "−") for value in numbers)
    return f"{middle}, {low} to {high}"


def against_cost(
    points: Mapping[str, Mapping[str, tuple[float, Interval]]], *, unit: str
) -> Sequence[Axes]:
    """Show accuracy against two or more costs, one panel for each, on logarithmic axes.

    Parameters
    ----------
    points : mapping of cost to mapping of way to (cost, interval of the mean)
        Ways are keys of :data:`WAYS`; the cost's name is the label of the axis.
    unit : str
        What the intervals are of.
    """
    axes = panels(len(points), height=3.5)
    facts = []
    for ax, (cost, ways) in zip(axes, points.items(), strict=True):
        said = []
        for name, (spent, mean) in ways.items():
            way = WAYS[name]
            ax.vlines(spent, mean.low, mean.high, color=way.rule.color, linewidth=1.2)
            ax.plot(spent, mean.estimate, way.rule.marker, color=way.rule.color)
            ax.lines[-1].set(markerfacecolor=way.face, markeredgewidth=1.6, zorder=3)
            ax.lines[-1].set(markersize=way.size, label=way.label)
            said.append(f"{way.label} {compact(spent)}: {mean.estimate:.1f}")
        spends = [spent for spent, _ in ways.values()]
        ax.set(xscale="log", xlabel=cost, xlim=(min(spends) / 1.6, max(spends) * 1.6))
        ticks = [value for e in range(0, 9) for value in (10**e, 2 * 10**e, 5 * 10**e)]
        ax.xaxis.set_major_locator(FixedLocator(ticks))
        ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: compact(value)))
        ax.xaxis.set_minor_locator(NullLocator())
        ax.grid(axis="y")
        facts.append(f"against {cost}, {'; '.join(said)}")
    axes[0].set_ylabel(unit)
    figure = axes[0].figure
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    describe(axes[0], f"Means of {unit} {'. '.join(facts)}.".replace(". against", ". Against"))
    return axes


def patched(values: Mapping[str, Mapping[str, Sequence[float]]], *, unit: str) -> Axes:
    """Show for each way how accurate it is with honest, random and lying patches.

    Parameters
    ----------
    values : mapping of way to mapping of condition to sequence of numbers
        Ways are keys of :data:`WAYS`; conditions in the same order for all of them.
    unit : str
        What is measured, with its unit.
    """
    ax = panels(1, height=0.38 * len(values) + 1.0)[0]
    conditions = list(next(iter(values.values())))
    marks = ("o", "D", "v", "X")
    tints = ("#222222", "#8A6D00", "#AA3377", "#595959")
    facts = []
    for place, (name, table) in enumerate(values.items()):
        means = [float(np.mean(table[condition])) for condition in conditions]
        ax.hlines(place, min(means), max(means), color=PALE, linewidth=5, zorder=1)
        for mark, tint, condition, mean in zip(marks, tints, conditions, means, strict=False):
            ax.scatter(table[condition], [place] * len(table[condition]), color=tint, s=7)
            ax.collections[-1].set(alpha=0.35, linewidth=0)
            ax.plot(mean, place, mark, color=tint, markersize=8, zorder=3)
            ax.lines[-1].set(markeredgecolor="white", label=condition if place == 0 else None)
        said = ", ".join(f"{c} {m:.1f}" for c, m in zip(conditions, means, strict=True))
        facts.append(f"{WAYS[name].label}: {said}")
    ax.set_yticks(range(len(values)), [WAYS[name].label for name in values])
    ax.set(xlabel=unit, ylim=(len(values) - 0.5, -0.5))
    ax.tick_params(axis="y", length=0)
    figure = ax.figure
    figure.legend(*ax.get_legend_handles_labels(), loc="outside upper center", ncols=2)
    describe(ax, f"Means of {unit}. {'. '.join(facts)}.")
    return ax


def probe_profiles(
    stages: Sequence[str],
    curves: Mapping[str, Mapping[str, Array]],
    kept: Mapping[str, Mapping[int, Array]],
) -> Sequence[Axes]:
    """Show what probes read at each stage of a network, a panel for each thing that is read.

    Parameters
    ----------
    stages : sequence of str
        From the first maps to the last.
    curves : mapping of title to mapping of rule to array of shape (runs, stages)
        Rules are keys of :data:`RULES`; the mean is a line.
    kept : mapping of title to mapping of stage number to array of shape (runs,)
        The control: values kept by their place, not pooled; drawn as crosses.
    """
    axes = panels(len(curves), height=3.0)
    facts = []
    for ax, (title, rules) in zip(axes, curves.items(), strict=True):
        for stage, name in enumerate(stages):
            if name.startswith("pool"):
                ax.axvspan(stage - 0.42, stage + 0.42, color="#eeeeee", linewidth=0, zorder=0)
        said = []
        for rule, table in rules.items():
            style = RULES[rule]
            for run in table:
                ax.plot(range(len(stages)), run, color=style.color, linewidth=0.5, alpha=0.3)
            ax.plot(range(len(stages)), np.mean(table, axis=0), color=style.color, linewidth=2)
            ax.lines[-1].set(marker=style.marker, markersize=7, markeredgecolor="white")
            ax.lines[-1].set_label(style.label)
            numbers = ", ".join(f"{value:.3g}" for value in np.mean(table, axis=0))
            said.append(f"{style.label} {numbers}")
        for stage, runs in kept[title].items():
            ax.plot(stage, np.mean(runs), RULES["none"].marker, color=RULES["none"].color)
            ax.lines[-1].set(markersize=9, markeredgecolor="white", zorder=3)
            ax.lines[-1].set_label("one in four, by its place" if stage == min(kept[title]) else "")
            said.append(f"one in four at {stages[stage]} {np.mean(runs):.3g}")
        ax.set_title(title, fontsize=10)
        ax.set_xticks(range(len(stages)), stages, rotation=45, ha="right")
        ax.margins(y=0.1)
        facts.append(f"{title}: {'; '.join(said)}")
    figure = axes[0].figure
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    describe(axes[0], f"What a probe reads at {', '.join(stages)}. {'. '.join(facts)}.")
    return axes


def families(
    groups: Mapping[str, Mapping[str, Sequence[float]]], *, unit: str, own: str = "convolutional"
) -> Sequence[Axes]:
    """Show one dot for each run of several kinds of classifiers, a panel for each kind of images.

    Parameters
    ----------
    groups : mapping of title to mapping of name to sequence of numbers
        The same names in all panels.
    unit : str
        What is measured, with its unit.
    own : str, default "convolutional"
        Names that begin with this word are drawn in colour.
    """
    names = list(next(iter(groups.values())))
    size = (7.2, 0.3 * len(names) + 1.0)
    axes = list(np.atleast_1d(plt.subplots(1, len(groups), figsize=size, sharey=True)[1]))
    facts = []
    for ax, (title, table) in zip(axes, groups.items(), strict=True):
        said = []
        for place, (name, runs) in enumerate(table.items()):
            style = RULES["max" if name.startswith(own) else "none"]
            ax.scatter(runs, [place] * len(runs), color=style.color, s=12, alpha=0.35, linewidth=0)
            ax.plot(np.mean(runs), place, style.marker, color=style.color, markersize=7)
            ax.lines[-1].set(markeredgecolor="white", zorder=3)
            said.append(f"{name} {np.mean(runs):.1f}".replace("-", "−"))
        ax.set_title(title, fontsize=10)
        ax.tick_params(axis="y", length=0)
        ax.grid(axis="x")
        facts.append(f"{title}: {', '.join(said)}")
    axes[0].set_yticks(range(len(names)), names)
    axes[0].set_ylim(len(names) - 0.5, -0.5)
    axes[len(axes) // 2].set_xlabel(unit)
    describe(axes[0], f"Means of {unit}. {'. '.join(facts)}.")
    return axes


def detail_curves(
    windows: Sequence[int],
    tasks: Mapping[str, tuple[Mapping[str, Array], str]],
    guess: Mapping[str, float],
) -> Sequence[Axes]:
    """Show what is left of a task behind pools of growing windows, in two places of the network.

    Parameters
    ----------
    windows : sequence of int
        Sides of the pools; 1 is no pool.
    tasks : mapping of title to (mapping of place to array of shape (runs, windows), unit)
        Places are ``"pool on the pixels"`` and ``"pool behind two convolutions"``.
    guess : mapping of title to float
        A line at what would be had without looking, or at what no rule can beat.
    """
    axes = panels(len(tasks), height=3.0)
    looks = {"pool on the pixels": ("#AA3377", "--", "v"),
             "pool behind two convolutions": (RULES["max"].color, "-", "^")}  # fmt: skip
    facts = []
    for ax, (title, (places, unit)) in zip(axes, tasks.items(), strict=True):
        said = []
        for place, table in places.items():
            color, line, mark = looks[place]
            mean = np.mean(table, axis=0)
            for run in table:
                ax.plot(range(len(windows)), run, line, color=color, linewidth=0.5, alpha=0.3)
            ax.plot(range(len(windows)), mean, line, color=color, marker=mark, label=place)
            ax.lines[-1].set(linewidth=2, markersize=8, markeredgecolor="white", zorder=3)
            said.append(f"{place} {', '.join(f'{value:.3g}' for value in mean)}")
        if title in guess:
            ax.axhline(guess[title], color=DARK, linewidth=1, linestyle=":")
        ax.set_title(f"{title}\n{unit}", fontsize=10)
        ax.set_xticks(range(len(windows)), ["none", *(f"{k}×{k}" for k in windows[1:])])
        facts.append(f"{title}, {unit}: {'; '.join(said)}")
    figure = axes[0].figure
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    sizes = ", ".join(["no pool", *(f"{k}×{k}" for k in windows[1:])])
    describe(axes[0], f"Behind {sizes}. {'. '.join(facts)}.")
    return axes
