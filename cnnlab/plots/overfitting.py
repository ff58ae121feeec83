"""Figures of chapter 6: what is learned when, what widens a gap, and what helps against it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cnnlab._extras import needed
from cnnlab._types import Array
from cnnlab.plots.base import RULES, Way, compact, describe, panels

with needed("plots", by="cnnlab.plots"):
    from matplotlib.axes import Axes
    from matplotlib.ticker import NullFormatter

DARK, GREY = "#222222", "#595959"
OCHRE, WINE, SAND = "#8A6D00", "#AA3377", "#F0E6C4"  # none of them stands for a rule of pooling


@dataclass(frozen=True)
class _Curve:
    """How one kind of images looks in all figures of the chapter."""

    label: str
    color: str
    style: str


CURVES = {
    "right": _Curve("true labels learned", OCHRE, "-"),
    "memorised": _Curve("wrong labels memorised", WINE, "--"),
    "test": _Curve("new images put right", DARK, ":"),
    "train": _Curve("training images", OCHRE, "-"),
}
#: How each network of chapter 6 looks in its figures, by the arms of the experiments: ``max``,
#: ``avg``, ``stride``, ``late`` and ``none``.
ROUTES = {
    "max": Way("max pools", RULES["max"]),
    "avg": Way("average pools", RULES["avg"]),
    "stride": Way("strides", RULES["stride"]),
    "late": Way("one late average", RULES["avg"], filled=False),
    "none": Way("no pools", RULES["none"]),
}


def two_curves(train: Mapping[str, Array], test: Mapping[str, Array]) -> Sequence[Axes]:
    """Show training against test, epoch by epoch, in one panel for each quantity.

    Parameters
    ----------
    train, test : mapping of name to array of shape (epochs,)
        The same names in both, for instance ``"accuracy (%)"``.
    """
    axes = panels(len(train), height=2.8)
    facts = []
    for ax, (name, on_train) in zip(axes, train.items(), strict=True):
        epochs = np.arange(1, len(on_train) + 1)
        on_test = np.asarray(test[name])
        ax.fill_between(epochs, on_train, on_test, color=SAND, linewidth=0)
        for kind, values in (("train", on_train), ("test", on_test)):
            look = CURVES[kind]
            label = look.label if kind == "train" else "new images"
            ax.plot(epochs, values, look.style, color=look.color, linewidth=2, label=label)
        ax.set(xlabel="epoch", title=name)
        facts.append(f"{name}, training {on_train[-1]:.3g} and new images {on_test[-1]:.3g}")
    axes[0].legend(loc="lower right", fontsize=9)
    describe(
        axes[0],
        "Two curves for each quantity, one on training images and one on new ones; between them "
        f"lies the gap. After {len(epochs)} epochs: {'; '.join(facts)}.",
    )
    return axes


def given_labels(images: Array, given: Sequence[int], true: Sequence[int]) -> Sequence[Axes]:
    """Show images with the labels they were given; a wrong one is crossed by its own colour.

    Parameters
    ----------
    images : array of shape (N, H, W)
    given, true : sequence of N whole numbers
    """
    axes = panels(len(images), height=1.5)
    for ax, image, label, truth in zip(axes, images, given, true, strict=True):
        ax.imshow(image, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
        wrong = label != truth
        color, weight = (CURVES["memorised"].color, "bold") if wrong else (DARK, "normal")
        ax.set_title(f"“{label}”", color=color, fontweight=weight, loc="center")
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set(visible=wrong, edgecolor=color, linewidth=3)
    told = ", ".join(
        f"a {truth} labelled {label}" for label, truth in zip(given, true, strict=True)
    )
    describe(axes[0], f"{len(images)} handwritten digits with their labels: {told}.")
    return axes


def learned(
    curves: Mapping[str, Mapping[str, Array]],
    epochs: Mapping[str, Sequence[int]],
    guess: float | None = None,
) -> Sequence[Axes]:
    """Show what is learned when: a panel for each network, a curve for each kind of labels.

    Parameters
    ----------
    curves : mapping of title to mapping of kind to array of shape (runs, epochs)
        Kinds are ``"right"``, ``"memorised"`` and ``"test"``, in percent. The mean is a line, the
        spread of the runs a band.
    epochs : mapping of title to sequence of int
        After which epochs the network was looked at.
    guess : float, optional
        What guessing would give, drawn as a line.
    """
    axes = panels(len(curves), height=2.9)
    facts = []
    for ax, (title, kinds) in zip(axes, curves.items(), strict=True):
        ends = []
        for kind, runs in kinds.items():
            table, look = np.atleast_2d(runs), CURVES[kind]
            mean = table.mean(axis=0)
            if len(table) > 1:
                band = (table.min(axis=0), table.max(axis=0))
                ax.fill_between(epochs[title], *band, color=look.color, alpha=0.15, linewidth=0)
            ax.plot(
                epochs[title], mean, look.style, color=look.color, linewidth=2.2, label=look.label
            )
            ends.append(f"{look.label} {mean[-1]:.0f} %")
        if guess is not None:
            ax.axhline(guess, color=GREY, linewidth=0.8)
        ax.set(ylim=(0, 103), xlabel="epoch", title=title)
        facts.append(f"{title}: {', '.join(ends)}")
    for ax in axes[1:]:
        ax.set_yticklabels([])
    axes[0].set_ylabel("%")
    fullest = axes[int(np.argmax([len(kinds) for kinds in curves.values()]))]
    handles = fullest.get_legend_handles_labels()
    figure = axes[0].get_figure()
    if figure is not None:
        figure.legend(*handles, loc="outside upper center", ncols=3, fontsize=9, frameon=False)
    describe(axes[0], f"What is learned over the epochs. At the end: {'; '.join(facts)}.")
    return axes


def gaps(rows: Mapping[str, tuple[Sequence[float], Sequence[float]]]) -> Axes:
    """Show training and test accuracy as the two ends of a bar; the bar is the gap.

    Parameters
    ----------
    rows : mapping of name to pair of sequences
        Accuracy of each run on its training images and on new ones, in percent.
    """
    ax = panels(1, height=0.42 * len(rows) + 0.9)[0]
    facts = []
    for place, (name, (train, test)) in enumerate(rows.items()):
        on_train, on_test = float(np.mean(train)), float(np.mean(test))
        ax.hlines(place, on_test, on_train, color=SAND, linewidth=11, zorder=1)
        ax.scatter(train, [place] * len(train), s=12, color=CURVES["train"].color, alpha=0.4)
        ax.scatter(test, [place] * len(test), s=12, color=DARK, alpha=0.4)
        marks = [
            ax.scatter(on_test, place, s=60, color=DARK, zorder=3),
            ax.scatter(on_train, place, s=70, color=CURVES["train"].color, marker="D", zorder=3),
        ]
        left = min(*test, *train) - 2
        ax.text(left, place, f"{on_train - on_test:.0f} points", ha="right", va="center")
        facts.append(f"{name}: training {on_train:.0f} %, new images {on_test:.0f} %")
    ax.set_yticks(range(len(rows)), list(rows))
    ax.set(xlim=(0, 104), ylim=(len(rows) - 0.5, -0.6), xlabel="accuracy (%)")
    ax.legend(marks, ["new images", "training images"], loc="upper left", fontsize=9)
    ax.grid(axis="x")
    describe(
        ax, f"Training and test accuracy; the bar between them is the gap. {'; '.join(facts)}."
    )
    return ax


def by_width(
    parameters: Sequence[int], panels_of: Mapping[str, Mapping[str, Array]]
) -> Sequence[Axes]:
    """Show accuracy against the number of parameters, a dot for each run and a line of means.

    Parameters
    ----------
    parameters : sequence of int
        Of each network, rising.
    panels_of : mapping of title to mapping of name to array of shape (networks, runs)
        Accuracy in percent.
    """
    axes = panels(len(panels_of), height=2.9)
    looks = [CURVES["right"], CURVES["memorised"]]
    facts = []
    for ax, (title, series) in zip(axes, panels_of.items(), strict=True):
        alone = len(series) == 1
        for look, (name, table) in zip(looks[1:] if alone else looks, series.items(), strict=False):
            for size, runs in zip(parameters, table, strict=True):
                ax.scatter(
                    [size] * len(runs), runs, s=12, color=look.color, alpha=0.35, linewidth=0
                )
            means = np.mean(table, axis=1)
            ax.plot(parameters, means, look.style, color=look.color, linewidth=2.2, label=name)
            facts.append(f"{name} {', '.join(f'{mean:.0f}' for mean in means)}")
        ax.set(xscale="log", ylim=(0, 103), title=title, xlabel="parameters")
        ax.set_xticks(parameters, [compact(size) for size in parameters], fontsize=9)
        ax.xaxis.set_minor_formatter(NullFormatter())
        ax.legend(loc="lower right", fontsize=9)
    axes[0].set_ylabel("%")
    sizes = ", ".join(f"{size}" for size in parameters)
    describe(axes[0], f"Means in percent for {sizes} parameters: {'; '.join(facts)}.")
    return axes


def memorised(shares: Mapping[str, Mapping[str, Sequence[float]]]) -> Sequence[Axes]:
    """Show how much of the wrong labels each network gives back, a row of dots for each.

    Parameters
    ----------
    shares : mapping of title to mapping of arm to sequence of numbers
        In percent; arms are keys of ``ROUTES``.
    """
    axes = panels(len(shares), height=2.7)
    facts = []
    for ax, (title, arms) in zip(axes, shares.items(), strict=True):
        told = []
        for place, (arm, values) in enumerate(arms.items()):
            route = ROUTES[arm]
            spots = ax.scatter(values, [place] * len(values), marker=route.rule.marker, s=34)
            spots.set(facecolor=route.face, edgecolor=route.rule.color, linewidth=1, alpha=0.8)
            ax.vlines(np.mean(values), place - 0.34, place + 0.34, color=DARK, linewidth=2)
            told.append(f"{route.label} {np.mean(values):.0f}")
        ax.set_yticks(range(len(arms)), [ROUTES[arm].label for arm in arms])
        ax.set(xlim=(-3, 104), ylim=(len(arms) - 0.5, -0.5), title=title)
        ax.set_xlabel("wrong labels memorised (%)")
        ax.grid(axis="x")
        facts.append(f"{title}: {', '.join(told)}")
    for ax in axes[1:]:
        ax.set_yticklabels([])
    count = len(next(iter(next(iter(shares.values())).values())))
    describe(
        axes[0],
        f"Share of the wrong labels given back, {count} runs each, means in percent. "
        f"{'; '.join(facts)}.",
    )
    return axes


def roads(
    paths: Mapping[str, Mapping[str, tuple[Array, Array]]], level: Mapping[str, float]
) -> Sequence[Axes]:
    """Show the roads of networks: how much is memorised when so much of the truth is learned.

    Parameters
    ----------
    paths : mapping of title to mapping of arm to pair of arrays of shape (epochs,)
        Mean share of true labels learned and of wrong labels memorised, in percent.
    level : mapping of title to float
        A share of true labels to be marked.
    """
    axes = panels(len(paths), height=3.3)
    facts = []
    for ax, (title, arms) in zip(axes, paths.items(), strict=True):
        ax.plot([0, 100], [0, 100], color="#bbbbbb", linewidth=0.8)
        ax.axvline(level[title], color=GREY, linestyle=":", linewidth=1)
        told = []
        for arm, (right, by_heart) in arms.items():
            route = ROUTES[arm]
            line = ax.plot(right, by_heart, color=route.rule.color, linewidth=1.2)[0]
            line.set(marker=route.rule.marker, markersize=5, markerfacecolor=route.face)
            line.set_label(route.label)
            at = float(np.interp(level[title], right, by_heart))
            told.append(f"{route.label} {at:.0f}")
        ax.set(xlim=(0, 103), ylim=(0, 103), aspect="equal", title=title)
        ax.set_xlabel("true labels learned (%)")
        facts.append(
            f"{title}, when {level[title]:.0f} % of the true labels are learned: {', '.join(told)}"
        )
    axes[0].set_ylabel("wrong labels memorised (%)")
    axes[0].legend(loc="upper left", fontsize=9)
    describe(
        axes[0],
        "Wrong labels memorised against true labels learned, a point for each look at the network. "
        f"Memorised in percent, {'; '.join(facts)}.",
    )
    return axes


def by_features(
    features: Sequence[int], scores: Mapping[str, tuple[Array, Array]]
) -> Sequence[Axes]:
    """Show training and test accuracy against the number of features; between them is the gap.

    Parameters
    ----------
    features : sequence of int
        Numbers that the classifier reads, in the order they are drawn.
    scores : mapping of title to pair of arrays of shape (len(features), runs)
        Accuracy on training images and on new ones, in percent.
    """
    axes = panels(len(scores), height=2.8)
    places = np.arange(len(features))
    facts = []
    for ax, (title, (train, test)) in zip(axes, scores.items(), strict=True):
        means = np.mean(train, axis=1), np.mean(test, axis=1)
        ax.fill_between(places, *means, color=SAND, linewidth=0)
        for kind, mean in zip(("train", "test"), means, strict=True):
            look = CURVES[kind]
            label = look.label if kind == "train" else "new images"
            ax.plot(places, mean, look.style, color=look.color, marker="o", label=label)
        for place, (high, low) in enumerate(zip(*means, strict=True)):
            ax.text(place, high + 4, f"{high - low:.0f}", ha="center", fontsize=9)
        ax.set_xticks(places, [str(n) for n in features])
        ax.set(ylim=(0, 112), xlabel="numbers that are read", title=title)
        ax.set_xlim(-0.25, len(features) - 0.75)
        pairs = ", ".join(
            f"{n}: {high:.0f} and {low:.0f}" for n, high, low in zip(features, *means, strict=True)
        )
        facts.append(f"{title}, {pairs}")
    axes[0].set_ylabel("accuracy (%)")
    axes[0].legend(loc="lower left", fontsize=9)
    describe(
        axes[0],
        f"Training and test accuracy in percent by the number of features. {'; '.join(facts)}. "
        "The numbers over the points are the gaps.",
    )
    return axes


def underfitting(train: Mapping[str, Sequence[float]], *, guess: float) -> Axes:
    """Show how well networks fit their own training images, a row of dots for each.

    Parameters
    ----------
    train : mapping of name to sequence of numbers
        Training accuracy in percent.
    guess : float
        What guessing would give.
    """
    ax = panels(1, height=0.42 * len(train) + 1.0)[0]
    facts = []
    for place, (name, values) in enumerate(train.items()):
        ax.scatter(values, [place] * len(values), s=34, color=CURVES["train"].color, alpha=0.7)
        ax.vlines(np.mean(values), place - 0.3, place + 0.3, color=DARK, linewidth=2)
        facts.append(f"{name} {np.mean(values):.0f}")
    ax.axvline(guess, color=GREY, linestyle=":")
    ax.annotate("guessing", (guess, -0.55), xytext=(4, 0), textcoords="offset points", fontsize=9)
    ax.set_yticks(range(len(train)), list(train))
    ax.set(xlim=(0, 103), ylim=(len(train) - 0.5, -0.8), xlabel="accuracy on training images (%)")
    ax.grid(axis="x")
    runs = len(next(iter(train.values())))
    told = "; ".join(facts)
    describe(
        ax, f"{runs} runs each. Mean training accuracy in percent: {told}; guessing {guess:g}."
    )
    return ax


def permuted(accuracy: Mapping[str, tuple[Sequence[float], Sequence[float]]]) -> Sequence[Axes]:
    """Show each model before and after the pixels change places, runs joined by seed.

    Parameters
    ----------
    accuracy : mapping of model to pair of sequences
        Test accuracy in percent, with pixels in place and permuted.
    """
    axes = panels(len(accuracy), height=2.6)
    low = min(min(map(min, pair)) for pair in accuracy.values())
    facts = []
    for ax, (model, (before, after)) in zip(axes, accuracy.items(), strict=True):
        for pair in zip(before, after, strict=True):
            ax.plot((0, 1), pair, color="#bbbbbb", linewidth=0.9, zorder=1)
        for place, values in enumerate((before, after)):
            ax.scatter([place] * len(values), values, s=30, color=OCHRE, zorder=2)
            ax.hlines(np.mean(values), place - 0.25, place + 0.25, color=DARK, linewidth=2)
        ax.set_xticks((0, 1), ["in place", "permuted"])
        ax.set(xlim=(-0.5, 1.5), ylim=(low - 1, 100), title=model)
        facts.append(f"{model} {np.mean(before):.1f} and {np.mean(after):.1f}")
    for ax in axes[1:]:
        ax.set_yticklabels([])
    axes[0].set_ylabel("test accuracy (%)")
    describe(
        axes[0],
        f"Test accuracy in percent, {len(before)} runs joined by seed, mean with pixels in place "
        f"and permuted: {'; '.join(facts)}.",
    )
    return axes


def remedies(results: Mapping[str, Mapping[str, Sequence[float]]]) -> Sequence[Axes]:
    """Show what remedies do, one panel for each quantity, a row of dots for each remedy.

    Parameters
    ----------
    results : mapping of quantity to mapping of remedy to sequence of numbers
        The same remedies in each panel, the first of them none at all: its mean is a line.
    """
    axes = panels(len(results), height=2.7)
    facts = []
    for ax, (quantity, arms) in zip(axes, results.items(), strict=True):
        untreated = float(np.mean(next(iter(arms.values()))))
        ax.axvline(untreated, color=GREY, linestyle=":", linewidth=1)
        told = []
        for place, (arm, values) in enumerate(arms.items()):
            color = GREY if place == 0 else OCHRE
            ax.scatter(values, [place] * len(values), s=26, color=color, alpha=0.6, linewidth=0)
            ax.vlines(np.mean(values), place - 0.32, place + 0.32, color=DARK, linewidth=2)
            told.append(f"{arm} {np.mean(values):.0f}")
        ax.set_yticks(range(len(arms)), list(arms))
        ax.set(ylim=(len(arms) - 0.5, -0.5), xlabel=quantity)
        ax.grid(axis="x")
        facts.append(f"{quantity}: {', '.join(told)}")
    for ax in axes[1:]:
        ax.set_yticklabels([])
    describe(axes[0], f"Means of {'; '.join(facts)}.")
    return axes
