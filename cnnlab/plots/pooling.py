"""Figures of chapter 2: what a pool makes of a map, what it saves, what it lets a unit see."""

from collections.abc import Mapping, Sequence

import numpy as np

from cnnlab._extras import needed
from cnnlab._types import Array
from cnnlab.plots.base import (
    RULES,
    compact,
    describe,
    listing,
    matrix,
    panels,
)
from cnnlab.shapes import LayerSummary

with needed("plots", by="cnnlab.plots"):
    from matplotlib.axes import Axes
    from matplotlib.colors import to_rgba
    from matplotlib.patches import Rectangle
    from matplotlib.ticker import MaxNLocator


def pooled_by_hand(x: Array, maxima: Array, means: Array, kernel_size: int = 2) -> Sequence[Axes]:
    """Show a small map, its windows, and what max and average pooling make of them.

    Parameters
    ----------
    x : array of shape (H, W)
    maxima, means : arrays of shape (H / k, W / k)
    kernel_size : int, default 2
        Window and stride k, in pixels.
    """
    axes = panels(3, height=2.5)
    matrix(x, axes[0], title=f"{x.shape[0]}×{x.shape[1]} map", window=kernel_size)
    matrix(maxima, axes[1], title="largest of each window", window=1)
    matrix(means, axes[2], title="mean of each window", window=1)
    for ax in axes[1:]:
        ax.set(xlim=(-1.05, x.shape[1] - 0.95), ylim=(x.shape[0] - 0.95, -1.05))
    describe(
        axes[0],
        f"Three matrices. The map with rows {listing(x)}, cut into windows of {kernel_size}×"
        f"{kernel_size}. The largest values: {listing(maxima)}. The means: {listing(means)}.",
    )
    return axes


def gradient_maps(x: Array, gradients: Mapping[str, Array]) -> Sequence[Axes]:
    """Show where the gradient of a pooled map lands, one panel for each rule.

    Parameters
    ----------
    x : array of shape (H, W)
        The map that was pooled.
    gradients : mapping of rule to array of shape (H, W)
        Keys from :data:`RULES`.
    """
    axes = panels(len(gradients) + 1, height=2.5)
    matrix(x, axes[0], title="the map", window=2)
    facts = []
    for ax, (rule, gradient) in zip(axes[1:], gradients.items(), strict=True):
        matrix(gradient, ax, title=f"back through {RULES[rule].label.split()[0]}")
        top = np.abs(gradient).max() or 1
        for patch, value in zip(ax.patches, gradient.ravel(), strict=True):
            patch.set_facecolor(to_rgba(RULES[rule].color, 0.55 * abs(value) / top))
        facts.append(f"through {RULES[rule].label}: {listing(gradient)}")
    describe(axes[0], f"The map {listing(x)}, and the gradients that reach it {'; '.join(facts)}.")
    return axes


def costs(bills: Mapping[str, Sequence[LayerSummary]], rules: Sequence[str]) -> Sequence[Axes]:
    """Compare what networks cost: parameters, activations and MACs, as bars from zero.

    Parameters
    ----------
    bills : mapping of network to the result of :func:`cnnlab.shapes.trace`
    rules : sequence of str
        Keys of :data:`RULES`, one for each network: its colour.
    """
    axes = panels(3, height=2.3)
    facts = []
    for ax, quantity in zip(axes, ("parameters", "activations", "macs"), strict=True):
        title = quantity if quantity != "macs" else "MACs"
        numbers = [sum(getattr(row, quantity) for row in bill) for bill in bills.values()]
        colors = [RULES[rule].color for rule in rules]
        ax.barh(range(len(numbers)), numbers, color=colors, height=0.6)
        ax.set(xlim=(0, max(numbers) * 1.45), xticks=[], title=title)
        ax.spines["bottom"].set_visible(False)
        ax.set_yticks(range(len(bills)), list(bills) if ax is axes[0] else [""] * len(bills))
        ax.invert_yaxis()
        ax.tick_params(axis="y", length=0)
        for place, value in enumerate(numbers):
            ax.text(value + max(numbers) / 40, place, compact(value), va="center", fontsize=9)
        said = (f"{n} {compact(v)}" for n, v in zip(bills, numbers, strict=True))
        facts.append(f"{title}: {', '.join(said)}")
    describe(axes[0], f"Bars. {'; '.join(facts)}.")
    return axes


def receptive_fields(
    fields: Mapping[str, Sequence[int]], layers: Sequence[str], ax: Axes | None = None
) -> Axes:
    """Draw how the receptive field grows through stacks of layers, as staircases.

    Parameters
    ----------
    fields : mapping of rule to sequence of int
        Receptive field after each layer, in pixels; keys from :data:`RULES`.
    layers : sequence of str
        Their names, input first.
    """
    ax = ax or panels(1, height=3.0)[0]
    facts = []
    for rule, sizes in fields.items():
        style = RULES[rule]
        (line,) = ax.step(range(len(sizes)), sizes, where="mid", label=style.label)
        line.set(color=style.color, marker=style.marker, markersize=7)
        end = (len(sizes) - 1, sizes[-1])
        ax.annotate(f"{sizes[-1]}", end, xytext=(9, -4), textcoords="offset points")
        facts.append(f"{style.label}: {', '.join(map(str, sizes))} pixels")
    ax.set_xticks(range(len(layers)), layers)
    ax.set(ylabel="receptive field (pixels)", ylim=(0, None))
    ax.yaxis.set_major_locator(MaxNLocator(integer=True))
    ax.grid(axis="y")
    ax.legend(loc="upper left")
    describe(ax, f"Receptive field after each layer. {'; '.join(facts)}.")
    return ax


def field_on_photo(photo: Array, fields: Mapping[str, int], ax: Axes | None = None) -> Axes:
    """Draw squares of the size of receptive fields on a photograph, to scale.

    Parameters
    ----------
    photo : array of shape (H, W)
    fields : mapping of label to int
        Side of each square, in pixels.
    """
    ax = ax or panels(1, height=3.0)[0]
    ax.imshow(photo, cmap="gray", interpolation="nearest")
    H, W = photo.shape
    colors = [RULES["none"].color, RULES["max"].color, RULES["avg"].color]
    for (label, side), color in zip(fields.items(), colors, strict=False):
        corner = ((W - side) / 2, (H - side) / 2)
        for width, shade in ((4.0, "white"), (2.2, color)):
            square = Rectangle(corner, side, side, fill=False, edgecolor=shade, linewidth=width)
            ax.add_patch(square)
        square.set_label(f"{label}: {side}×{side} pixels")
    ax.set(xticks=[], yticks=[])
    ax.legend(loc="center left", bbox_to_anchor=(1.03, 0.5), labelspacing=1.2)
    sides = ", ".join(f"{label} {side} pixels" for label, side in fields.items())
    describe(ax, f"A photograph of {H} by {W} pixels with receptive fields drawn on it: {sides}.")
    return ax


def time_against_macs(points: Mapping[str, Sequence[float]], ax: Axes | None = None) -> Axes:
    """Scatter networks by multiply-accumulates and by milliseconds, both on log scales.

    Parameters
    ----------
    points : mapping of rule to (MACs, milliseconds)
    """
    ax = ax or panels(1, height=3.2)[0]
    facts = []
    for rule, (macs, milliseconds) in points.items():
        style = RULES[rule]
        ax.scatter(macs, milliseconds, color=style.color, marker=style.marker, s=80, zorder=3)
        at = (macs, milliseconds)
        ax.annotate(style.label, at, xytext=(9, -3), textcoords="offset points")
        facts.append(f"{style.label} {compact(macs)} MACs and {milliseconds:.3g} milliseconds")
    ax.set(xscale="log", yscale="log")
    ax.set(xlabel="multiply-accumulates for one image", ylabel="milliseconds per training step")
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    ax.set(xlim=(left / 1.3, right * 2), ylim=(bottom / 1.3, top * 1.3))
    ax.grid(which="major")
    describe(ax, f"Time against arithmetic, both logarithmic: {'; '.join(facts)}.")
    return ax
