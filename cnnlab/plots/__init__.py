"""Figures of the book. Each takes arrays, draws, describes itself and returns its Axes.

Nothing is computed here and nothing is shown: a notebook displays the figure by itself. The
description that each figure makes from its data becomes the alternative text on the page.
"""

from cnnlab.plots.base import RULES, Rule, describe, listing, matrix, panels, pictures
from cnnlab.plots.convolution import (
    descent,
    kernel_pairs,
    kernels_and_maps,
    matrices,
    runs_and_differences,
    weight_matrices,
    window_counts,
)
from cnnlab.plots.flatten import (
    by_column,
    flattened,
    head_race,
    head_sizes,
    moved,
    orders,
    parameters_by_layer,
    quarters,
    slid,
    templates,
    where_accuracies,
)
from cnnlab.plots.maxavg import (
    discriminability,
    effects,
    exchanged,
    exponents,
    gallery,
    landings,
    routes,
    side_by_side,
)
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
    "by_column",
    "costs",
    "descent",
    "describe",
    "discriminability",
    "effects",
    "exchanged",
    "exponents",
    "field_on_photo",
    "flattened",
    "gallery",
    "gradient_maps",
    "head_race",
    "head_sizes",
    "kernel_pairs",
    "kernels_and_maps",
    "landings",
    "listing",
    "matrices",
    "matrix",
    "moved",
    "orders",
    "paired_dots",
    "panels",
    "parameters_by_layer",
    "pictures",
    "pooled_by_hand",
    "quarters",
    "receptive_fields",
    "routes",
    "runs_and_differences",
    "side_by_side",
    "slid",
    "templates",
    "time_against_macs",
    "timings",
    "weight_matrices",
    "where_accuracies",
    "window_counts",
]
