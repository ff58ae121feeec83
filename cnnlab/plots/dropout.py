"""Figures of chapter 7: what dropout does to values, training, pools, and where it helps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cnnlab._extras import needed
from cnnlab._types import Array
from cnnlab.plots.base import RULES, Rule, describe, panels
from cnnlab.statistics import Interval

with needed("plots", by="cnnlab.plots"):
    import matplotlib.pyplot as plt
    from matplotlib.axes import Axes

#: How networks with more or less dropout look in every figure of the chapter.
RATES = {
    0.0: Rule("no dropout", "#595959", "X"),
    0.25: Rule("p = 0.25", "#8f86dc", "v"),
    0.5: Rule("p = 0.5", "#5a4fb0", "P"),
    0.75: Rule("p = 0.75", "#2b2266", "*"),
}
INK, EDGE = "#222222", "#767676"

__all__ = [
    "RATES",
    "Swept",
    "bias_before_a_pool",
    "damage_curves",
    "dropped_maps",
    "gap_and_accuracy",
    "many_networks",
    "mean_and_spread",
    "no_two_answers",
    "order_curves",
    "order_runs",
    "place_effects",
    "rate_sweep",
    "spread_behind_norm",
]


def _points(value: float, digits: int = 1) -> str:
    """Write a difference with its sign."""
    return f"{value:+z.{digits}f}".replace("-", "−")


def _dots(ax: Axes, place: float, runs: Array, style: Rule) -> None:
    """Draw the runs of one arm, and their mean as a bar."""
    size = 70 if style.marker == "*" else 42
    dots = ax.scatter(np.full(len(runs), place), runs, s=size, marker=style.marker)
    dots.set(facecolor=style.color, edgecolor="white", linewidth=0.4, zorder=2)
    ax.hlines(runs.mean(), place - 0.3, place + 0.3, color=INK, linewidth=2, zorder=3)


def mean_and_spread(
    rates: Sequence[float],
    laws: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    drawn: Mapping[str, Sequence[Array]],
) -> Sequence[Axes]:
    """Show mean and standard deviation of an output against the rate: the law, and draws.

    Parameters
    ----------
    rates : sequence of float
        Probabilities of dropping.
    laws : mapping of title to (means, standard deviations)
        One for each rate; the band is one standard deviation to each side.
    drawn : mapping of title to sequence of arrays
        Outputs for some masks, an array for each rate.
    """
    axes = panels(len(laws), height=2.9)
    facts = []
    for ax, (title, law) in zip(axes, laws.items(), strict=True):
        mean, deviation = np.array(law, dtype=float)
        ax.fill_between(rates, mean - deviation, mean + deviation, color="#e4e1f7", linewidth=0)
        ax.plot(rates, mean, color=RATES[0.5].color)
        for rate, outputs in zip(rates, drawn[title], strict=True):
            ax.scatter(
                np.full(len(outputs), rate), outputs, s=5, color=INK, alpha=0.25, linewidth=0
            )
        ax.set(title=title, xlabel="p, the share that is dropped", ylabel="output")
        ax.sharey(axes[0])
        facts.append(
            f"{title}: mean {mean[0]:.3g} at p = {rates[0]:g} and {mean[-1]:.3g} at {rates[-1]:g}, "
            f"standard deviation {deviation[0]:.3g} and {deviation[-1]:.3g}"
        )
    describe(axes[0], f"Mean of an output, a band of one deviation, and draws. {'; '.join(facts)}.")
    return axes


def no_two_answers(
    answers: Array, accuracies: Sequence[float], evaluated: float, *, truth: int
) -> Sequence[Axes]:
    """Show what a network says that was left in training mode.

    Parameters
    ----------
    answers : integer array of shape (calls,)
        Classes it gave to one and the same image.
    accuracies : sequence of float
        Of one and the same test set, call after call, as fractions.
    evaluated : float
        Accuracy in evaluation mode, as a fraction.
    truth : int
        Class of the image.
    """
    axes = panels(2, height=2.8)
    counts = np.bincount(answers, minlength=10)
    colors = [RATES[0.5].color if c == truth else "#bdb8e6" for c in range(10)]
    axes[0].bar(range(10), counts, color=colors)
    axes[0].set(title=f"one image of a {truth}", xlabel="answer", ylabel="calls")
    axes[0].set_xticks(range(10))
    percent = 100 * np.asarray(accuracies)
    axes[1].plot(range(1, len(percent) + 1), percent, "P", color=RATES[0.5].color, markersize=5)
    axes[1].axhline(100 * evaluated, color=INK, linestyle="--", linewidth=1.2)
    axes[1].text(1, 100 * evaluated, "evaluation mode", fontsize=9, va="bottom")
    axes[1].set(title="all test images", xlabel="call", ylabel="accuracy (%)")
    axes[1].set_ylim(top=100 * evaluated + 0.25 * (100 * evaluated - percent.min()))
    said = ", ".join(f"{c} {n} times" for c, n in enumerate(counts) if n)
    describe(
        axes[0],
        f"A network left in training mode. Answers to one image of a {truth}: {said}. Accuracy on "
        f"the test images in {len(percent)} calls: {percent.min():.1f} to {percent.max():.1f} %; "
        f"in evaluation mode {100 * evaluated:.1f} %.",
    )
    return axes


@dataclass(frozen=True)
class Swept:
    """One panel of a sweep.

    Parameters
    ----------
    runs : mapping of label to array of shape (seeds,)
        In percent.
    rates : sequence of float
        For each label the rate whose look it has, a key of :data:`RATES`.
    unit : str
        What is measured.
    """

    runs: Mapping[str, Array]
    rates: Sequence[float]
    unit: str


def rate_sweep(sweeps: Mapping[str, Swept]) -> Sequence[Axes]:
    """Show all runs against the rate of dropout, a panel for each task, runs of a seed joined.

    Parameters
    ----------
    sweeps : mapping of title to Swept
        Labels that are no numbers are controls: they are not joined to the others.
    """
    widths = [len(sweep.runs) + 1 for sweep in sweeps.values()]
    size = (7.2, 3.0)
    axes = plt.subplots(1, len(sweeps), figsize=size, gridspec_kw={"width_ratios": widths})[1]
    axes = list(np.atleast_1d(axes))
    facts = []
    for ax, (title, sweep) in zip(axes, sweeps.items(), strict=True):
        labels = list(sweep.runs)
        table = np.array([sweep.runs[label] for label in labels])
        joined = [i for i, label in enumerate(labels) if label[0].isdigit()]
        for run in table[joined].T:
            ax.plot(joined, run, color="#cccccc", linewidth=0.7, zorder=1)
        for place, (runs, rate) in enumerate(zip(table, sweep.rates, strict=True)):
            _dots(ax, place, runs, RATES[rate])
        ax.set_xticks(range(len(labels)), labels, fontsize=9)
        ax.set(title=title, ylabel=sweep.unit, xlim=(-0.6, len(labels) - 0.4))
        ax.set_xlabel("p")
        means = ", ".join(f"{a} {r.mean():.1f}" for a, r in zip(labels, table, strict=True))
        facts.append(f"{title}, {sweep.unit}: {means}".replace("\n", " "))
    describe(axes[0], f"{len(table.T)} runs each. Means by rate. {'. '.join(facts)}.")
    return axes


def gap_and_accuracy(
    groups: Mapping[str, Mapping[float, tuple[Array, Array]]],
) -> Sequence[Axes]:
    """Show the gap and the test accuracy, with and without dropout, in several ways of training.

    Parameters
    ----------
    groups : mapping of way to mapping of rate to (gaps, test accuracies)
        In points and in percent, one for each seed.
    """
    axes = panels(2, height=3.1)
    facts = []
    for which, (ax, what) in enumerate(zip(axes, ("gap", "test accuracy"), strict=True)):
        said = []
        for number, (way, arms) in enumerate(groups.items()):
            places = [3 * number + i for i in range(len(arms))]
            table = np.array([pair[which] for pair in arms.values()])
            for run in table.T:
                ax.plot(places, run, color="#cccccc", linewidth=0.7, zorder=1)
            for place, rate, runs in zip(places, arms, table, strict=True):
                _dots(ax, place, runs, RATES[rate])
                if number == 0:
                    ax.collections[-2].set_label(RATES[rate].label)
            means = ", ".join(
                f"{RATES[rate].label} {runs.mean():.1f}"
                for rate, runs in zip(arms, table, strict=True)
            )
            said.append(f"{way}: {means}".replace("\n", " "))
        ax.set_xticks([3 * i + 0.5 for i in range(len(groups))], list(groups), fontsize=9)
        ax.set(title=what, ylabel="points" if which == 0 else "%")
        facts.append(f"{what}. {'; '.join(said)}")
    axes[0].legend(loc="upper right", fontsize=9)
    axes[0].set_ylim(bottom=0)
    describe(axes[0], f"Runs joined by seed. Means of the {'. Means of the '.join(facts)}.")
    return axes


def bias_before_a_pool(
    rates: Sequence[float], curves: Mapping[str, Sequence[float]], ax: Axes | None = None
) -> Axes:
    """Draw the mean of a pool's output under dropout, relative to the one without.

    Parameters
    ----------
    rates : sequence of float
        Probabilities of dropping.
    curves : mapping of label to sequence of float
        Labels that begin with "average" are drawn as average pooling, others as max pooling.
    """
    ax = ax or panels(1, height=3.2)[0]
    max_lines = [label for label in curves if not label.startswith("average")]
    facts = []
    for label, ratio in curves.items():
        average = label not in max_lines
        style = RULES["avg" if average else "max"]
        dash = "--" if average else ("-", (0, (6, 1.5)), (0, (3, 1.5)), ":")[max_lines.index(label)]
        first = 2 if average else 0  # so that marks of equal curves do not hide one another
        ax.plot(rates, ratio, color=style.color, linestyle=dash, marker=style.marker, markersize=6)
        ax.lines[-1].set(label=label, markevery=(first, 4))
        facts.append(f"{label} {ratio[-1]:.2f}")
    ax.axhline(1, color=EDGE, linewidth=0.8, zorder=0)
    ax.set(xlabel="p, the share that is dropped", ylabel="mean, as a multiple")
    ax.legend(loc="upper left", fontsize=9)
    ax.grid(axis="y")
    describe(
        ax,
        f"Mean output of a pool with dropout before it, as a multiple of that without, rising from "
        f"1 at p = {rates[0]:g}. At p = {rates[-1]:g}: {', '.join(facts)}.",
    )
    return ax


def dropped_maps(rows: Mapping[str, Array]) -> Sequence[Axes]:
    """Show the same maps under several kinds of dropout, one kind in each row.

    Parameters
    ----------
    rows : mapping of name to array of shape (C, H, W)
        All of the same shape; each row is drawn from black, 0, to its largest value.
    """
    C = len(next(iter(rows.values())))
    grid = plt.subplots(len(rows), C, figsize=(7.2, 1.25 * len(rows) + 0.2), squeeze=False)[1]
    facts = []
    for axes, (name, maps) in zip(grid, rows.items(), strict=True):
        for ax, values in zip(axes, maps, strict=True):
            ax.imshow(values, cmap="gray", vmin=0, vmax=maps.max(), interpolation="nearest")
            ax.set(xticks=[], yticks=[])
            ax.spines[:].set(visible=True, color=EDGE, linewidth=0.6)
        axes[0].set_ylabel(name, fontsize=9)
        empty = int(np.sum(~maps.any(axis=(1, 2))))
        facts.append(f"{name}: {empty} of {C} maps are empty")
    describe(grid[0, 0], f"The same {C} maps, treated differently. {'; '.join(facts)}.")
    return list(grid.ravel())


def place_effects(
    rows: Mapping[str, tuple[Interval, Interval]], *, margin: float, unit: str
) -> Axes:
    """Show differences with their intervals, one line for each place.

    Parameters
    ----------
    rows : mapping of place to (interval, wider interval)
        Thick for these images, thin for new ones.
    margin : float
        Smallest difference that counts, drawn as a band around 0.
    unit : str
        What the differences are.
    """
    ax = panels(1, height=0.36 * len(rows) + 0.9)[0]
    ax.axvspan(-margin, margin, color="#dddddd", linewidth=0)
    ax.axvline(0, color=EDGE, linewidth=1)
    facts = []
    for place, (name, (these, new)) in enumerate(rows.items()):
        style = RATES[0.0 if name.startswith("no ") else 0.5]
        ax.hlines(place, new.low, new.high, color=style.color, linewidth=1)
        ax.hlines(place, these.low, these.high, color=style.color, linewidth=4)
        ax.plot(these.estimate, place, style.marker, color=style.color, markersize=10)
        ax.lines[-1].set(markeredgecolor="white", markeredgewidth=0.8, zorder=3)
        facts.append(f"{name} {_points(these.estimate)}, {_points(these.low)} to "
                     f"{_points(these.high)}")  # fmt: skip
    ax.set_yticks(range(len(rows)), list(rows))
    ax.set(xlabel=unit, ylim=(len(rows) - 0.5, -0.5))
    ax.tick_params(axis="y", length=0)
    describe(ax, f"Differences with 95 % intervals, {unit}: {'; '.join(facts)}.")
    return ax


def many_networks(
    counts: Sequence[int], curves: Mapping[str, tuple[Mapping[str, Array], float]]
) -> Sequence[Axes]:
    """Show how means of several thinned networks compare with the one whole network.

    Parameters
    ----------
    counts : sequence of int
        How many masks are averaged.
    curves : mapping of title to (mapping of mean to array (repeats, counts), whole network)
        Several repeats with other masks, for one or two kinds of mean.
    """
    axes = panels(len(curves), height=2.9)
    facts = []
    for ax, (title, (means, whole)) in zip(axes, curves.items(), strict=True):
        said = []
        for (kind, table), rate in zip(means.items(), (0.5, 0.25), strict=False):
            style = RATES[rate]
            for repeat in table:
                ax.plot(counts, repeat, color=style.color, linewidth=0.6, alpha=0.5)
            ax.plot(counts, table.mean(axis=0), color=style.color, marker=style.marker, label=kind)
            ax.lines[-1].set(markersize=8, markeredgecolor="white", markeredgewidth=0.6)
            first, last = table.mean(axis=0)[[0, -1]]
            said.append(f"{kind} {first:.3g} with {counts[0]}, {last:.3g} with {counts[-1]} masks")
        ax.axhline(whole, color=INK, linestyle="--", linewidth=1.2, label="the whole network")
        ax.set(xscale="log", title=title, xlabel="masks averaged")
        ax.set_xticks(counts, [str(n) for n in counts])
        ax.minorticks_off()
        facts.append(f"{title}: {', '.join(said)}; the whole network {whole:.3g}")
    axes[-1].legend(loc="upper right", fontsize=9)
    describe(axes[0], f"Means of thinned networks, and the whole one. {'. '.join(facts)}.")
    return axes


def spread_behind_norm(
    rates: Sequence[float], law: Sequence[float], measured: Mapping[str, Sequence[float]]
) -> Axes:
    """Draw the standard deviation behind a batch norm in evaluation mode, against the rate.

    Parameters
    ----------
    rates : sequence of float
        Probabilities of dropping.
    law : sequence of float
        What the law says, with dropout before the batch norm.
    measured : mapping of order to sequence of float
        What came out of layers; the first is the order of the law.
    """
    ax = panels(1, height=2.9)[0]
    ax.axhline(1, color=EDGE, linewidth=0.8, zorder=0)
    ax.plot(rates, law, color=RATES[0.5].color, label="the law")
    facts = [f"the law {law[-1]:.2f}"]
    for (order, values), (marker, face) in zip(
        measured.items(), (("P", RATES[0.5].color), ("o", "white")), strict=False
    ):
        ax.plot(rates, values, marker, color=RATES[0.5].color, label=order, markersize=7)
        ax.lines[-1].set_markerfacecolor(face)
        facts.append(f"{order} {values[-1]:.2f}")
    ax.set(xlabel="p, the share that is dropped", ylabel="standard deviation", ylim=(0, 1.2))
    ax.legend(loc="lower left", fontsize=9)
    describe(
        ax,
        f"Standard deviation of what a batch norm hands on in evaluation mode. At p = "
        f"{rates[0]:g} it is 1; at p = {rates[-1]:g}: {', '.join(facts)}.",
    )
    return ax


def order_curves(
    curves: Mapping[str, tuple[float, Sequence[float]]], *, until: int, unit: str
) -> Axes:
    """Draw accuracies epoch by epoch, with the first epochs shaded.

    Parameters
    ----------
    curves : mapping of label to (rate, sequence of float)
        Rates are keys of :data:`RATES`; fractions. A label with "mixed" gets a dashed line.
    until : int
        Number of epochs of the first phase.
    unit : str
        What is measured.
    """
    ax = panels(1, height=3.0)[0]
    ax.axvspan(0, until, color="#eeeeee", linewidth=0)
    facts = []
    for label, (rate, accuracy) in curves.items():
        style, percent = RATES[rate], 100 * np.asarray(accuracy)
        dash = "--" if "mixed" in label else "-"
        epochs = np.arange(1, len(percent) + 1)
        ax.plot(epochs, percent, color=style.color, linestyle=dash, marker=style.marker)
        ax.lines[-1].set(label=label, markeredgecolor="white", markersize=8)
        ax.lines[-1].set_markeredgewidth(0.6)
        facts.append(f"{label} {percent[until - 1]:.0f} and {percent[-1]:.0f}")
    ax.set(xlabel="epoch", ylabel=unit, xlim=(0, len(percent) + 0.5), ylim=(-4, 104))
    ax.legend(loc="lower right", fontsize=9)
    ax.grid(axis="y")
    describe(
        ax,
        f"{unit} after the {until} shaded epochs, and after {len(percent)} epochs: "
        f"{'; '.join(facts)}.",
    )
    return ax


def order_runs(groups: Mapping[str, Mapping[float, Array]], *, unit: str) -> Axes:
    """Show what several bad orders of the images cost, seed by seed, with and without dropout.

    Parameters
    ----------
    groups : mapping of order to mapping of rate to array of shape (seeds,)
        Accuracy in a good order minus accuracy in the bad one, in points.
    unit : str
        What is measured.
    """
    ax = panels(1, height=3.2)[0]
    ax.axhline(0, color=EDGE, linewidth=1, zorder=0)
    facts = []
    for number, (order, arms) in enumerate(groups.items()):
        places = [3 * number + i for i in range(len(arms))]
        for run in np.array(list(arms.values())).T:
            ax.plot(places, run, color="#cccccc", linewidth=0.7, zorder=1)
        for place, (rate, runs) in zip(places, arms.items(), strict=True):
            _dots(ax, place, runs, RATES[rate])
            if number == 0:
                ax.collections[-2].set_label(RATES[rate].label)
        means = ", ".join(f"{RATES[rate].label} {runs.mean():.1f}" for rate, runs in arms.items())
        facts.append(f"{order}: {means}".replace("\n", " "))
    ax.set_xticks([3 * i + 0.5 for i in range(len(groups))], list(groups), fontsize=9)
    ax.set_ylabel(unit)
    ax.legend(loc="upper center", fontsize=9)
    describe(ax, f"Runs joined by seed. Means of {unit}. {'; '.join(facts)}.")
    return ax


def damage_curves(
    panels_: Mapping[str, tuple[str, Sequence[float], Mapping[str, Array]]],
) -> Sequence[Axes]:
    """Draw the accuracy of damaged networks or images against the amount of damage.

    Parameters
    ----------
    panels_ : mapping of title to (unit, levels, mapping of arm to array of shape (seeds, levels))
        Accuracies in percent; level 0 included.
    """
    styles = [RATES[0.0], RATES[0.5], Rule("", "#a84600", "s")]
    grid = plt.subplots(2, 3, figsize=(7.2, 4.9), sharey=True)[1].ravel()
    facts = []
    for ax, (title, (unit, levels, arms)) in zip(grid, panels_.items(), strict=False):
        for style, (arm, table) in zip(styles, arms.items(), strict=True):
            mean = table.mean(axis=0)
            ax.plot(levels, mean, color=style.color, marker=style.marker, label=arm)
            ax.lines[-1].set(markeredgecolor="white", markeredgewidth=0.6, markersize=8)
        last = ", ".join(f"{arm} {table[:, -1].mean():.0f}" for arm, table in arms.items())
        facts.append(f"{title}, at {levels[-1]:g} ({unit}): {last}")
        ax.set(title=title, xlabel=unit)
        ax.grid(axis="y")
    for ax in grid[len(panels_) :]:
        ax.axis("off")
    grid[len(panels_)].legend(*grid[0].get_legend_handles_labels(), loc="center", fontsize=9)
    grid[0].set_ylabel("accuracy (%)")
    grid[3].set_ylabel("accuracy (%)")
    describe(grid[0], f"Accuracy in percent by amount of damage, means. {'. '.join(facts)}.")
    return list(grid)
