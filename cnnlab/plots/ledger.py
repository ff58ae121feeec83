"""Figures of the whole ledger: verdicts, forecasts, effects and margins. Chapter 11."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np

from cnnlab._extras import needed
from cnnlab._types import Array
from cnnlab.claims.scale import MARKS
from cnnlab.plots.base import RULES, describe, panels

with needed("plots", by="cnnlab.plots"):
    from matplotlib.axes import Axes
    from matplotlib.patches import Rectangle

#: mean, lower and upper end of an interval, and what was decided
Effect: TypeAlias = tuple[float, float, float, str]

SHADES = {
    "holds": RULES["stride"].color,
    "holds with conditions": RULES["avg"].color,
    "does not hold": RULES["max"].color,
    "ill-posed": "#a85587",
    "undecided": "#6b6b6b",
    "off topic": "#8c8c8c",
}
SHAPES = {"holds": "o", "does not hold": "X", "undecided": "D"}


def _interval(ax: Axes, place: float, effect: Effect, upright: bool = False) -> None:
    """Draw one mean with its interval, in colour and sign of its decision."""
    middle, low, high, found = effect
    color = SHADES[found]
    line, point = (ax.vlines, (place, middle)) if upright else (ax.hlines, (middle, place))
    line(place, low, high, color=color, linewidth=1.1 if upright else 3)
    face = "white" if found == "undecided" else color
    size = 15 if upright else 60
    ax.scatter(*point, marker=SHAPES[found], s=size, color=face, edgecolor=color, zorder=3)


def reading_cases(cases: Mapping[str, tuple[Effect, tuple[float, float] | None]]) -> Axes:
    """Show intervals against a margin, all counted in margins.

    Parameters
    ----------
    cases : mapping of name to (effect, wide)
        Effects as multiples of the margin, turned so that above 1 is what is claimed; `wide` are
        the ends of the interval for new images, or None.

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = panels(1, height=0.55 * len(cases) + 0.9)[0]
    facts = []
    for place, (name, (effect, wide)) in enumerate(cases.items()):
        if wide is not None:
            ax.hlines(place, *wide, color=SHADES[effect[3]], linewidth=1)
        _interval(ax, place, effect)
        facts.append(f"{name}: {effect[0]:.2g} margins, {effect[1]:.2g} to {effect[2]:.2g}")
    ax.axvline(1, color="#222222", linestyle="--", linewidth=1.2)
    ax.axvline(0, color="#999999", linestyle=":", linewidth=1.2)
    ax.set_yticks(range(len(cases)), list(cases))
    ax.set_xscale("symlog", linthresh=2)
    ticks = (-20, -10, -5, -2, -1, 0, 1, 2, 5, 10, 20, 50)
    left, right = ax.get_xlim()
    ax.set_xticks([t for t in ticks if left < t < right])
    ax.set_xticklabels([f"{t}".replace("-", "−") for t in ticks if left < t < right])
    ax.set(xlabel="effect, counted in margins (to the right of the dashed line: as claimed)")
    ax.minorticks_off()
    ax.invert_yaxis()
    describe(ax, f"Effects with 95 % intervals, in margins. {'; '.join(facts)}.")
    return ax


def verdict_mosaic(chapters: Mapping[str, Sequence[str]]) -> Axes:
    """Show a tile for each claim, a row for each chapter, in the order of the scale.

    Parameters
    ----------
    chapters : mapping of name to sequence of str
        Verdicts of the claims.

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = panels(1, height=0.34 * len(chapters) + 0.75)[0]
    longest = max(map(len, chapters.values()))
    facts = []
    for place, (name, verdicts) in enumerate(chapters.items()):
        ordered = sorted(verdicts, key=list(MARKS).index)
        for column, kind in enumerate(ordered):
            tile = Rectangle((column, place), 0.92, 0.86, facecolor=SHADES[kind])
            ax.add_patch(tile)
            middle = (column + 0.46, place + 0.43)
            ax.text(*middle, MARKS[kind], color="white", ha="center", va="center", fontsize=10)
        counts = [f"{ordered.count(kind)} {kind}" for kind in MARKS if kind in ordered]
        facts.append(f"{name}: {', '.join(counts)}")
    ax.set_yticks(np.arange(len(chapters)) + 0.43, list(chapters))
    ax.set(xlim=(0, longest), ylim=(len(chapters), -0.1), xticks=[])
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
    ax.grid(False)
    here = [kind for kind in MARKS if any(kind in v for v in chapters.values())]
    handles = [Rectangle((0, 0), 1, 1, facecolor=SHADES[kind]) for kind in here]
    names = [f"{MARKS[kind]} {kind}" for kind in here]
    ax.legend(
        handles, names, ncols=3, fontsize=8, frameon=False, loc="upper left",
        bbox_to_anchor=(-0.02, 0.0), handlelength=1.0,
    )  # fmt: skip
    describe(ax, f"Verdicts by chapter. {'; '.join(facts)}.")
    return ax


def forecast_matrix(table: Array, kinds: Sequence[str]) -> Axes:
    """Show how often each forecast met each verdict; what was right lies on the diagonal.

    Parameters
    ----------
    table : array of int, shape (K, K)
        Number of claims by forecast (rows) and verdict (columns).
    kinds : sequence of str
        The verdicts, in the order of the table.

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = panels(1, height=0.52 * len(kinds) + 1.1, width=6.4)[0]
    facts = []
    for i, j in np.ndindex(table.shape):
        n = int(table[i, j])
        face = "#ffffff" if not n else ("#d3efe6" if i == j else "#fde3d3")
        ax.add_patch(Rectangle((j, i), 1, 1, facecolor=face, edgecolor="#999999", linewidth=0.8))
        if n:
            weight = "normal" if i == j else "bold"
            ax.text(j + 0.5, i + 0.5, str(n), ha="center", va="center", weight=weight)
            facts.append(f"forecast {kinds[i]}, verdict {kinds[j]}: {n}")
    broken = (kind.replace("with c", "with\nc").replace("not h", "not\nh") for kind in kinds)
    labels = [f"{MARKS[kind]} {name}" for kind, name in zip(kinds, broken, strict=True)]
    ax.set_xticks(np.arange(len(kinds)) + 0.5, labels, fontsize=8.5)
    ax.set_yticks(np.arange(len(kinds)) + 0.5, labels, fontsize=8.5)
    ax.set(xlim=(0, len(kinds)), ylim=(len(kinds), 0), xlabel="verdict", ylabel="forecast")
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
    ax.grid(False)
    describe(ax, f"Claims by forecast and verdict. {'; '.join(facts)}.")
    return ax


def all_effects(units: Mapping[str, Sequence[tuple[Effect, Sequence[float]]]]) -> Sequence[Axes]:
    """Show every effect with its interval and its margins, sorted, a panel for each unit.

    Parameters
    ----------
    units : mapping of unit to sequence of (effect, edges)
        `edges` are the effects at which the decision changes. A unit "times" is drawn on a
        logarithmic scale, any other linearly between -1 and 1 and logarithmically beyond.

    Returns
    -------
    sequence of matplotlib.axes.Axes
    """
    axes = panels(1, height=3.6)
    if len(units) > 1:
        import matplotlib.pyplot as plt

        plt.close(axes[0].figure)  # type: ignore[arg-type]  # a whole figure, no part of one
        widths = [max(len(effects), 25) for effects in units.values()]
        _, grid = plt.subplots(1, len(units), figsize=(7.2, 3.6), width_ratios=widths)
        axes = list(grid)
    facts = []
    for ax, (unit, effects) in zip(axes, units.items(), strict=True):
        ordered = sorted(effects, key=lambda pair: pair[0][0])
        for place, (effect, edges) in enumerate(ordered):
            _interval(ax, place, effect, upright=True)
            for edge in edges:
                ax.hlines(edge, place - 0.45, place + 0.45, color="#222222", linewidth=1)
        if unit == "times":
            ax.set_yscale("log")
            low, high = ax.get_ylim()
            factors = [f for f in (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100) if low < f < high]
            ax.set_yticks(factors, [f"{factor:g}" for factor in factors])
            ax.axhline(1, color="#999999", linestyle=":", linewidth=1.2)
        else:
            ax.set_yscale("symlog", linthresh=1)
            ax.axhline(0, color="#999999", linestyle=":", linewidth=1.2)
            ticks = [-50, -20, -10, -5, -2, -1, 0, 1, 2, 5, 10, 20, 50]
            low, high = ax.get_ylim()
            shown = [tick for tick in ticks if low < tick < high]
            ax.set_yticks(shown, [f"{tick}".replace("-", "−") for tick in shown])
        ax.minorticks_off()
        ax.set(xticks=[], ylabel=unit, xlabel=f"{len(ordered)} comparisons")
        found = [effect[3] for effect, _ in ordered]
        counts = ", ".join(f"{found.count(kind)} {kind}" for kind in SHAPES if kind in found)
        low_end, high_end = ordered[0][0][0], ordered[-1][0][0]
        facts.append(
            f"{unit}: {len(ordered)} effects from {low_end:.3g} to {high_end:.3g}, {counts}"
        )
    handles = [
        axes[0].scatter(
            [], [], marker=SHAPES[kind], edgecolor=SHADES[kind],
            color="white" if kind == "undecided" else SHADES[kind],
        )
        for kind in SHAPES
    ]  # fmt: skip
    axes[0].legend(handles, list(SHAPES), fontsize=8.5, loc="upper left")
    describe(axes[0], f"All effects with 95 % intervals and margins. {'; '.join(facts)}.")
    return axes


def margin_sweep(factors: Sequence[float], shares: Mapping[str, Sequence[int]]) -> Axes:
    """Show how many parts get which decision when all margins are multiplied.

    Parameters
    ----------
    factors : sequence of float
        By what the margins are multiplied.
    shares : mapping of decision to sequence of int
        Number of parts for each factor.

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = panels(1, height=3.1)[0]
    facts = []
    for kind, counts in shares.items():
        face = "white" if kind == "undecided" else SHADES[kind]
        [line] = ax.plot(factors, counts, color=SHADES[kind], linewidth=2, label=kind)
        line.set(marker=SHAPES[kind], markersize=6, markerfacecolor=face)
        ax.annotate(
            f" {kind}", (factors[-1], counts[-1]), va="center", color=SHADES[kind], fontsize=9
        )
        facts.append(f"{kind} {', '.join(map(str, counts))}")
    ax.axvline(1, color="#222222", linestyle="--", linewidth=1.2)
    ax.set_xscale("log", base=2)
    ax.set_xticks(factors, [f"{factor:g}×" for factor in factors])
    ax.set(xlabel="all margins multiplied by", ylabel="parts of claims")
    ax.set_xlim(right=factors[-1] * 1.9)
    ax.set_ylim(bottom=0)
    told = ", ".join(f"{factor:g}" for factor in factors)
    describe(ax, f"Decisions on the parts with margins multiplied by {told}. {'; '.join(facts)}.")
    return ax


def firm_and_loose(groups: Mapping[str, Mapping[str, int]]) -> Axes:
    """Show for each kind of images how firmly its comparisons are decided, as bars of shares.

    The words are four at most, from the firmest to the most open.

    Parameters
    ----------
    groups : mapping of name to mapping of word to int
        Numbers of comparisons; the words are the same and in the same order in each group.

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = panels(1, height=0.6 * len(groups) + 1.1)[0]
    words = list(next(iter(groups.values())))
    shades = ("#0072B2", "#8fc1de", "#e8d9a8", "#e3e3e3")
    hatches = ("", "//", "..", "")
    facts = []
    for place, (name, counts) in enumerate(groups.items()):
        total, left = sum(counts.values()), 0.0
        for shade, hatch, n in zip(shades, hatches, counts.values(), strict=False):
            share = 100 * n / total
            ax.barh(
                place, share, left=left, height=0.62, color=shade, hatch=hatch, edgecolor="white"
            )
            if share > 6:
                ink = "white" if shade == shades[0] else "#222222"
                box = {"facecolor": shade, "edgecolor": "none", "pad": 1.5}
                ax.text(
                    left + share / 2, place, str(n), color=ink, ha="center", va="center", bbox=box
                )
            left += share
        facts.append(f"{name}: " + ", ".join(f"{n} {word}" for word, n in counts.items() if n))
    handles = [
        Rectangle((0, 0), 1, 1, facecolor=shade, hatch=hatch, edgecolor="white")
        for shade, hatch, _ in zip(shades, hatches, words, strict=False)
    ]
    ax.legend(
        handles, words, ncols=2, fontsize=9, frameon=False, loc="lower left",
        bbox_to_anchor=(-0.02, 1.0),
    )  # fmt: skip
    ax.set_yticks(range(len(groups)), list(groups))
    ax.set(xlabel="percent of the comparisons", xlim=(0, 100))
    ax.invert_yaxis()
    ax.grid(False)
    describe(ax, f"Comparisons by how firmly they are decided. {'; '.join(facts)}.")
    return ax


def chances(runs: Sequence[int], curves: Mapping[str, Sequence[float]], *, now: int) -> Axes:
    """Show the chance of a decision against the number of runs, a curve for each true effect.

    Parameters
    ----------
    runs : sequence of int
        Numbers of runs.
    curves : mapping of name to sequence of float
        Probabilities in [0, 1], one for each number of runs.
    now : int
        How many runs there are.

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = panels(1, height=3.3)[0]
    facts = []
    styles = ("-", "--", ":", "-.", (0, (5, 1, 1, 1, 1, 1)))
    for style, (name, curve) in zip(styles, curves.items(), strict=False):
        ax.plot(runs, 100 * np.asarray(curve), linestyle=style, linewidth=2, label=name)
        ends = (
            f"{100 * curve[0]:.0f} % with {runs[0]} runs, {100 * curve[-1]:.0f} % with {runs[-1]}"
        )
        facts.append(f"{name}: {ends}")
    ax.axvline(now, color="#767676", linewidth=1)
    ax.text(now * 1.04, 12, f"{now} runs so far", fontsize=9, color="#444444")
    ax.axhline(80, color="#999999", linestyle=":", linewidth=1.2)
    ax.set_xscale("log")
    ticks = [n for n in (10, 20, 50, 100, 200, 500, 1000) if runs[0] <= n <= runs[-1]]
    ax.set_xticks(ticks, [str(n) for n in ticks])
    ax.minorticks_off()
    ax.set(xlabel="runs of each arm", ylabel="chance of a decision (%)", ylim=(0, 101))
    ax.legend(fontsize=9, title="if the true effect is", title_fontsize=9)
    describe(ax, f"Chance that the runs decide. {'; '.join(facts)}.")
    return ax


def top_rates(shares: Mapping[str, Mapping[str, float]]) -> Axes:
    """Show how often the trainings of each arm took the largest learning rate that was offered.

    Parameters
    ----------
    shares : mapping of experiment to mapping of arm to float
        Share of the arm's trainings, in [0, 1].

    Returns
    -------
    matplotlib.axes.Axes
    """
    found = ((name, [100 * share for share in arms.values()]) for name, arms in shares.items())
    ordered = sorted(found, key=lambda pair: -float(np.mean(pair[1])))
    ax = panels(1, height=0.2 * len(ordered) + 0.8)[0]
    for place, (_, arms) in enumerate(ordered):
        ax.hlines(place, min(arms), max(arms), color="#9fb8c8", linewidth=2)
        ax.scatter(arms, [place] * len(arms), color="#0072B2", s=22, alpha=0.6, zorder=3)
    ax.axvline(50, color="#999999", linestyle=":", linewidth=1.2)
    ax.set_yticks(range(len(ordered)), [name for name, _ in ordered], fontsize=8)
    ax.set(xlabel="trainings that chose the largest rate offered (%)", xlim=(-1, 102))
    ax.invert_yaxis()
    told = "; ".join(
        f"{name} {min(arms):.0f} to {max(arms):.0f} % (mean {np.mean(arms):.0f} %)"
        for name, arms in ordered
    )
    says = "Share of trainings at the largest of the rates they could choose from, by arm"
    describe(ax, f"{says}: {told}.")
    return ax
