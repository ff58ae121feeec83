"""Figures of the book. Each takes arrays, draws, describes itself and returns its Axes.

Nothing is computed here and nothing is shown: a notebook displays the figure by itself. The
description that each figure makes from its data becomes the alternative text on the page.
"""

from cnnlab.plots.base import RULES, Rule, describe, listing, matrix, panels, pictures
from cnnlab.plots.pooling import (
    costs,
    field_on_photo,
    gradient_maps,
    pooled_by_hand,
    receptive_fields,
    time_against_macs,
)
from cnnlab.plots.runs import paired_dots, timings

__all__ = [
    "RULES",
    "Rule",
    "costs",
    "describe",
    "field_on_photo",
    "gradient_maps",
    "listing",
    "matrix",
    "paired_dots",
    "panels",
    "pictures",
    "pooled_by_hand",
    "receptive_fields",
    "time_against_macs",
    "timings",
]
