"""What the hidden first cell of every chapter calls, so that outputs look alike everywhere."""

from io import BytesIO
from typing import Any

import numpy as np

from cnnlab._extras import needed

with needed("plots", by="cnnlab.notebook"):
    import matplotlib as mpl
    import matplotlib.pyplot as plt
    from matplotlib.figure import Figure
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo


def setup() -> None:
    """Prepare a notebook: how arrays print, how figures look, and what they say to a screen reader.

    Every figure of :mod:`cnnlab.plots` carries a description made from the data it shows. In a
    notebook it travels with the picture: in the PNG itself and in the output's metadata, from which
    the book takes its alternative texts.
    """
    np.set_printoptions(precision=3, suppress=True, linewidth=88)
    mpl.rcParams.update(
        {
            "figure.dpi": 120,
            "figure.figsize": (7.2, 3.2),
            "figure.constrained_layout.use": True,
            "figure.facecolor": "white",
            "savefig.facecolor": "white",
            "font.size": 10,
            "axes.titlesize": 10,
            "axes.titleweight": "bold",
            "axes.titlelocation": "left",
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.edgecolor": "#767676",
            "axes.grid": False,
            "grid.color": "#dddddd",
            "xtick.color": "#404040",
            "ytick.color": "#404040",
            "legend.frameon": False,
            "image.cmap": "gray",
            "lines.linewidth": 1.8,
        }
    )
    plt.switch_backend(plt.get_backend())  # starts the inline backend now, not at the first figure
    try:
        from IPython.core.getipython import get_ipython
    except ImportError:
        return
    shell: Any = get_ipython()
    if shell is None:
        return

    def print_described(*_: object) -> None:
        shell.display_formatter.formatters["image/png"].for_type(Figure, _described_png)

    # The inline backend registers its own printer at the end of the cell that starts it, this one;
    # ours comes right after that.
    shell.events.register("post_run_cell", print_described)


def _described_png(figure: Figure) -> tuple[bytes, dict[str, str]]:
    """Draw a figure as a small PNG, with its description in the file and in the metadata.

    A palette of 256 colours is enough for these figures and makes them much lighter. The file also
    says whether it is a drawing: a dark page may turn white paper and dark lines into their
    opposite, but not a photograph.
    """
    alt = str(figure.get_label())
    drawn, stored = BytesIO(), BytesIO()
    figure.savefig(drawn, format="png", bbox_inches="tight")
    picture = Image.open(drawn).convert("RGB").quantize(256, Image.Quantize.FASTOCTREE)
    description = PngInfo()
    description.add_text("Description", alt)
    drawing = not any(ax.images for ax in figure.axes)
    description.add_text("Kind", "drawing" if drawing else "picture")
    dpi = (figure.dpi, figure.dpi)
    picture.save(stored, format="png", optimize=True, dpi=dpi, pnginfo=description)
    return stored.getvalue(), {"alt": alt} if alt else {}
