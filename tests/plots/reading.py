"""What a figure shows, read from its Axes: for tests of all plots."""


def said(axes):
    """The sentence that stands for a figure, of which these are the Axes or one of them."""
    ax = axes[0] if isinstance(axes, list) else axes
    return ax.figure.get_label()


def texts(ax):
    """Words and numbers written into a panel."""
    return [text.get_text() for text in ax.texts]


def title(ax):
    """What stands over a panel, wherever it begins."""
    return ax.get_title(loc="left") or ax.get_title()


def span(patch):
    """Where a band over a part of the x axis begins and ends, in the data's units."""
    box = patch.get_extents().transformed(patch.axes.transData.inverted())
    return [box.x0, box.x1]  # before Matplotlib 3.9 such a band is a polygon, and has no width
