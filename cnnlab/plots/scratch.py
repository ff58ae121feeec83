"""Figures of chapter 9: a network with its shapes, its gradients checked, trained, and broken."""

from collections.abc import Mapping, Sequence

import numpy as np

from cnnlab._extras import needed
from cnnlab._types import Array
from cnnlab.plots.base import describe, panels

with needed("plots", by="cnnlab.plots"):
    import matplotlib.pyplot as plt
    from matplotlib.axes import Axes
    from matplotlib.patches import FancyBboxPatch

INK, EDGE, PALE = "#222222", "#767676", "#ececec"
FORTH, BACK = "#0b5d8f", "#a34700"  # the way forth and the way back
LINES = (("#222222", "-", "o"), ("#0072B2", "--", "s"), ("#a34700", ":", "^"))

__all__ = [
    "checks",
    "epochs",
    "first_kernels",
    "mistakes",
    "neat_gradient",
    "network_graph",
    "nudge_widths",
    "patch_product",
    "symptoms",
]


def network_graph(
    layers: Sequence[tuple[str, tuple[int, ...], int]], start: tuple[int, ...]
) -> Axes:
    """Draw a chain of layers with the shapes that pass between them, forth and back.

    Parameters
    ----------
    layers : sequence of (name, shape behind it, parameters)
        In the order in which an image passes through.
    start : tuple of int
        Shape of one image.
    """
    _, ax = plt.subplots(figsize=(7.2, 0.42 * len(layers) + 0.9))
    facts = []
    for row, (name, shape, parameters) in enumerate([("image", start, 0), *layers]):
        y = -row
        box = FancyBboxPatch(
            (0, y - 0.31), 3.4, 0.62, boxstyle="round,pad=0,rounding_size=0.12", linewidth=1
        )
        box.set(facecolor="#dcecf7" if parameters else PALE, edgecolor=EDGE)
        ax.add_patch(box)
        ax.text(1.7, y, name, ha="center", va="center", fontsize=9.5, color=INK)
        written = "×".join(map(str, shape)) if shape else "one number"
        ax.text(3.75, y, written, va="center", fontsize=9.5, color=INK)
        if parameters:
            count = f"{parameters:,} weights".replace(",", "\u202f")
            ax.text(6.0, y, count, va="center", fontsize=9)
        if row:
            for x, color, begin in ((1.3, FORTH, y + 0.7), (2.1, BACK, y + 0.3)):
                arrow = {"arrowstyle": "-|>", "color": color, "linewidth": 1.4}
                ax.annotate("", (x, 2 * y + 1 - begin), (x, begin), arrowprops=arrow)
        facts.append(f"{name} {written}" + (f" ({parameters} weights)" if parameters else ""))
    ax.text(1.3, 0.45, "forth", color=FORTH, ha="center", va="bottom", fontsize=9)
    ax.text(2.1, 0.45, "back", color=BACK, ha="center", va="bottom", fontsize=9)
    ax.text(3.75, 0.45, "shape, both ways", va="bottom", fontsize=9, color=INK)
    ax.set(xlim=(-0.1, 8), ylim=(-len(layers) - 0.5, 1))
    ax.axis("off")
    describe(ax, f"A chain of layers and the shapes behind them: {', '.join(facts)}.")
    return ax


def patch_product(kernels: Array, columns: Array, product: Array) -> Sequence[Axes]:
    """Show a convolution as a matrix product: kernels as rows, windows as columns.

    Parameters
    ----------
    kernels : array of shape (out_channels, k)
    columns : array of shape (k, positions)
    product : array of shape (out_channels, positions)
    """
    widths = [kernels.shape[1], columns.shape[1], product.shape[1]]
    _, axes = plt.subplots(1, 3, figsize=(7.2, 1.25), width_ratios=widths)
    parts = {"kernels": kernels, "windows": columns, "maps": product}
    facts = []
    for ax, (title, matrix) in zip(axes, parts.items(), strict=True):
        top = np.abs(matrix).max()
        ax.imshow(matrix, cmap="gray", vmin=-top, vmax=top, interpolation="nearest")
        rows, cols = matrix.shape
        ax.set(xticks=[], yticks=[])
        ax.set_title(title, fontsize=10)
        ax.set_xlabel(f"{rows}×{cols}", fontsize=9)
        facts.append(f"{title} {rows} by {cols}")
    for ax, sign in ((axes[1], "·"), (axes[2], "=")):
        ax.text(-0.04, 0.5, sign, transform=ax.transAxes, ha="right", va="center", fontsize=16)
    describe(axes[0], f"A matrix product. {', '.join(facts)}.")
    return list(axes)


def nudge_widths(widths: Array, errors: Mapping[str, Array]) -> Axes:
    """Draw the error of a central difference against the width of the nudge.

    Parameters
    ----------
    widths : array of shape (n,)
    errors : mapping of label to array of shape (n,)
    """
    [ax] = panels(1, height=2.9)
    facts = []
    for (label, values), (color, style, marker) in zip(errors.items(), LINES, strict=False):
        ax.loglog(widths, values, style, color=color, marker=marker, markersize=4, label=label)
        best = int(np.argmin(values))
        facts.append(f"{label}: least near a width of {10.0 ** round(np.log10(widths[best])):.0e}")
    ax.set(xlabel="width of the nudge", ylabel="error of the slope")
    ax.legend(fontsize=9)
    describe(ax, f"Error of a slope found by nudging. {'; '.join(facts)}.")
    return ax


def checks(errors: Mapping[str, Mapping[str, float]], limit: float = 1e-6) -> Axes:
    """Draw the largest error of each part's gradients, on a logarithmic scale.

    Parameters
    ----------
    errors : mapping of label to mapping of part to error
        The same parts for each label.
    limit : float, default 1e-6
        What counts as agreement.
    """
    names = list(next(iter(errors.values())))
    _, ax = plt.subplots(figsize=(7.2, 0.36 * len(names) + 1.1))
    facts = []
    for (label, found), (color, _, marker) in zip(errors.items(), LINES, strict=False):
        values = [max(found[name], 1e-13) for name in names]
        ax.plot(values, range(len(names)), marker, color=color, markersize=7, label=label)
        bad = [name for name in names if found[name] > limit]
        facts.append(f"{label}: {'all agree' if not bad else ', '.join(bad) + ' fails'}")
    ax.axvline(limit, color=EDGE, linestyle="--", linewidth=1)
    ax.set_yticks(range(len(names)), names)
    ax.set(xscale="log", xlabel="largest difference from nudging", ylim=(len(names) - 0.5, -0.5))
    ax.set_xlim(left=3e-14)
    ax.legend(fontsize=9, loc="lower right")
    describe(ax, f"Gradient checks of {', '.join(names)}. {'; '.join(facts)}.")
    return ax


def neat_gradient(probabilities: Array, right: int, gradient: Array) -> Sequence[Axes]:
    """Show the probabilities of ten classes, and the gradient of the loss by their scores.

    Parameters
    ----------
    probabilities, gradient : arrays of shape (classes,)
    right : int
        The right class.
    """
    axes = panels(2, height=2.5)
    classes = np.arange(len(probabilities))
    colors = [FORTH if c == right else "#9db8c9" for c in classes]
    axes[0].bar(classes, probabilities, color=colors)
    axes[1].bar(classes, gradient, color=[BACK if g < 0 else "#d9b08f" for g in gradient])
    axes[1].axhline(0, color=INK, linewidth=0.8)
    axes[0].set(title="probability", xlabel=f"class (right: {right})", ylim=(0, 1))
    axes[1].set(title="gradient of its score", xlabel=f"class (right: {right})", ylim=(-1, 1))
    for ax in axes:
        ax.set_xticks(classes)
    said = " ".join(f"{p:.2f}" for p in probabilities)
    slopes = " ".join(f"{g:+.2f}" for g in gradient).replace("-", "−")
    describe(axes[0], f"Class {right} is right. Probabilities {said}; gradients {slopes}.")
    return axes


def epochs(loss: Sequence[float], accuracy: Mapping[str, Sequence[float]]) -> Sequence[Axes]:
    """Draw loss and accuracy after each epoch.

    Parameters
    ----------
    loss : sequence of float
        Mean loss of each epoch, in nats.
    accuracy : mapping of label to sequence of float
        In [0, 1].
    """
    axes = panels(2, height=2.7)
    steps = np.arange(1, len(loss) + 1)
    axes[0].plot(steps, loss, "o-", color=INK, markersize=4)
    axes[0].axhline(np.log(10), color=EDGE, linestyle="--", linewidth=1)
    axes[0].text(steps[-1], np.log(10), "guessing, ln 10", ha="right", va="bottom", fontsize=9)
    axes[0].set(title="loss", xlabel="epoch", ylabel="nats", ylim=(0, 2.6))
    facts = []
    for (label, values), (color, style, marker) in zip(accuracy.items(), LINES, strict=False):
        percent = 100 * np.asarray(values)
        axes[1].plot(steps, percent, style, color=color, marker=marker, markersize=4, label=label)
        facts.append(f"{label} {percent[-1]:.0f} %")
    axes[1].set(title="digits put right", xlabel="epoch", ylabel="%")
    for ax in axes:
        ax.set_xticks(steps[1::2])
    axes[1].legend(fontsize=9, loc="lower right")
    describe(
        axes[0],
        f"{len(loss)} epochs of training. Loss from {loss[0]:.1f} to {loss[-1]:.1f} nats; right at "
        f"the end: {', '.join(facts)}.",
    )
    return axes


def first_kernels(before: Array, after: Array) -> Array:
    """Show the kernels of a first layer before and after training, each pair one below the other.

    Parameters
    ----------
    before, after : arrays of shape (kernels, H, W)
        Mid-grey is 0.
    """
    _, axes = plt.subplots(2, len(before), figsize=(7.2, 1.15))
    top = np.abs(after).max()
    for row, kernels in zip(axes, (before, after), strict=True):
        for ax, kernel in zip(row, kernels, strict=True):
            ax.imshow(kernel, cmap="gray", vmin=-top, vmax=top, interpolation="nearest")
            ax.set(xticks=[], yticks=[])
    axes[0, 0].set_ylabel("start", fontsize=9)
    axes[1, 0].set_ylabel("end", fontsize=9)
    sizes = [np.abs(kernels).mean() for kernels in (before, after)]
    describe(
        axes[0, 0],
        f"{len(before)} kernels of 3 by 3 before and after training; the mean size of a weight "
        f"goes from {sizes[0]:.2f} to {sizes[1]:.2f}.",
    )
    return np.asarray(axes)


def mistakes(images: Array, right: Array, said: Array) -> Sequence[Axes]:
    """Show digits, with what they are and what was said of them.

    Parameters
    ----------
    images : array of shape (n, H, W)
    right, said : integer arrays of shape (n,)
    """
    axes = panels(len(images), height=1.35)
    for ax, image, truth, answer in zip(axes, images, right, said, strict=True):
        ax.imshow(image, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
        ax.set(xticks=[], yticks=[])
        ax.set_title(f"{truth}, not {answer}", fontsize=9)
    pairs = ", ".join(f"{t} taken for {a}" for t, a in zip(right, said, strict=True))
    describe(axes[0], f"{len(images)} digits that were put wrong: {pairs}.")
    return axes


def symptoms(
    healthy: tuple[Sequence[float], Mapping[str, Sequence[float]]],
    ill: Mapping[str, tuple[Sequence[float], Mapping[str, Sequence[float]]]],
    *,
    ceiling: float = 5.0,
    floor: float = 1e-3,
) -> Array:
    """Draw the loss curve of each ill network beside the healthy one, and its gradients below.

    Parameters
    ----------
    healthy : (loss, norms)
        Loss of each step, and for each layer the sizes of its gradients, step by step.
    ill : mapping of title to (loss, norms)
    ceiling : float, default 5
        Upper end of the axis of the losses, in nats; higher ones are drawn at it, and how far they
        go is written above.
    floor : float, default 1e-3
        Lower end of the axis of the gradients; zeros are drawn at it.
    """
    rows = -(-len(ill) // 3)
    _, axes = plt.subplots(2 * rows, 3, figsize=(7.2, 3.3 * rows), sharex=True)
    reference, _ = healthy
    highest = max(max(sizes) for _, norms in ill.values() for sizes in norms.values())
    facts = []
    for number, (name, (loss, norms)) in enumerate(ill.items()):
        row, column = divmod(number, 3)
        upper, lower = axes[2 * row, column], axes[2 * row + 1, column]
        upper.plot(np.minimum(reference, ceiling), color="#a8a8a8", linewidth=3, label="healthy")
        upper.plot(np.minimum(loss, ceiling), color=INK, linewidth=1.1, label="ill")
        upper.axhline(np.log(10), color=EDGE, linestyle="--", linewidth=0.8)
        upper.set(ylim=(0, ceiling * 1.03))
        if max(loss) > ceiling:
            far = f"↑ up to {max(loss):.0f}"
            upper.text(1, 1.02, far, transform=upper.transAxes, ha="right", fontsize=8)
        upper.set_title(name, fontsize=9)
        for (label, sizes), (color, style, _) in zip(norms.items(), LINES, strict=False):
            drawn = np.clip(sizes, floor, None)
            lower.semilogy(drawn, style, color=color, linewidth=1.3, label=label)
        lower.set(ylim=(floor * 0.8, max(100, 1.5 * highest)))
        if column == 0:
            upper.set_ylabel("loss (nats)", fontsize=9)
            lower.set_ylabel("gradient", fontsize=9)
        dead = [label for label, sizes in norms.items() if max(sizes[len(sizes) // 2 :]) == 0]
        end = np.mean(loss[-10:])
        facts.append(
            f"{name}: loss at the end about {end:.0f}"
            + (f", no gradient in {' and '.join(dead)}" if dead else "")
        )
    axes[0, 0].legend(fontsize=7.5, loc="upper right")  # in the first panel: a small screen has it
    axes[1, 0].legend(fontsize=7.5, loc="upper right", borderpad=0)
    for ax in axes[-1]:
        ax.set_xlabel("step", fontsize=9)
    describe(
        axes[0, 0],
        f"Loss and gradients of {len(ill)} networks with a planted bug, beside a healthy one, "
        f"whose loss ends at about {np.mean(reference[-10:]):.0f}. {'; '.join(facts)}.",
    )
    return np.asarray(axes)
