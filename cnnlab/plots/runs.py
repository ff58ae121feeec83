"""Figures of recorded runs: paired seeds and timings. For all chapters."""

from collections.abc import Mapping, Sequence

import numpy as np

from cnnlab._extras import needed
from cnnlab.plots.base import (
    RULES,
    describe,
    panels,
)

with needed("plots", by="cnnlab.plots"):
    from matplotlib.axes import Axes


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
