"""The figures of chapter 8 draw what they are given, and say it."""

import numpy as np
from matplotlib.patches import Rectangle
from reading import said, span, texts, title

from cnnlab import plots
from cnnlab.statistics import Interval


def around(middle, half, n=10):
    return Interval(middle, middle - half, middle + half, n)


NETWORKS = {
    "max pools": ([(0, "image", 28, None), (1, "conv", 28, None), (2, "pool", 14, "max")], "few"),
    "none": ([(0, "image", 28, None), (1, "conv", 28, None)], "many\nweights"),
}


def squares(ax):
    return [patch for patch in ax.patches if isinstance(patch, Rectangle)]


def test_maps_are_squares_as_large_as_their_sides():
    ax = plots.surgeries(NETWORKS, cut=(2,))
    widths = [patch.get_width() for patch in squares(ax)]
    assert np.isclose(widths[0], 2 * widths[2])


def test_a_missing_pool_is_a_dotted_square():
    ax = plots.surgeries(NETWORKS, cut=(2,))
    assert [patch.get_linestyle() for patch in squares(ax)].count(":") == 1


def test_a_network_is_told_layer_by_layer():
    ax = plots.surgeries(NETWORKS, cut=(2,))
    assert "max pools: conv 28×28, pool 14×14; few. none: conv 28×28; many weights." in said(ax)
    assert {"28", "14", "pool", "many\nweights"} <= set(texts(ax))


def test_a_layer_that_downsamples_has_the_colour_of_its_rule():
    ax = plots.surgeries(NETWORKS)
    pool = next(text for text in ax.texts if text.get_text() == "pool")
    assert pool.get_color() == plots.RULES["max"].color


def test_a_flatten_is_a_bar_as_high_as_it_is_long():
    ax = plots.surgeries(NETWORKS, flat={"max pools": 10, "none": 160})
    bars = [patch for patch in squares(ax) if patch.get_facecolor()[:3] != (1, 1, 1)]
    assert np.isclose(bars[1].get_height(), 16 * bars[0].get_height())
    assert {"flatten\n10", "flatten\n160"} <= set(texts(ax))


def test_no_two_ways_that_share_a_figure_have_the_same_mark():
    shown = [way for name, way in plots.WAYS.items() if name != "max_conv"]
    assert len({(way.rule, way.filled, way.size) for way in shown}) == len(shown)


def forest(**other):
    groups = {
        "digits": {"(c)": {"late before": (around(2, 1), None), "late": (around(-3, 1), None)}},
        "photographs": {"(c)": {"late": (around(1, 0.5), around(1, 2))}},
    }
    margins = {"digits": 0.5, "photographs": 0.3}
    return plots.forest(groups, margins=margins, unit="points", **other)


def test_a_forest_says_every_difference_with_its_interval():
    assert (
        "digits: (c) (before) +2.0, +1.0 to +3.0; (c) −3.0, −4.0 to −2.0. "
        "photographs: (c) +1.0, +0.5 to +1.5." in said(forest())
    )


def test_every_panel_of_a_forest_has_a_band_as_wide_as_its_margin():
    bands = [ax.patches[0] for ax in forest()]
    np.testing.assert_allclose([np.diff(span(band))[0] for band in bands], [1.0, 0.6])


def test_what_was_before_is_grey_and_stands_above():
    digits = forest()[0]
    before, after = digits.lines[1:]
    assert before.get_color() == "#9a9a9a"
    assert after.get_color() == plots.WAYS["late"].rule.color
    assert before.get_ydata()[0] < after.get_ydata()[0]


def test_a_legend_names_each_way_once():
    groups = {
        "a": {"one": {"stride": (around(0, 1), None)}, "two": {"stride": (around(1, 1), None)}}
    }
    [ax] = plots.forest(groups, margins={"a": 0.5}, unit="points", legend=True)
    assert [text.get_text() for text in ax.get_legend().texts] == ["(d) strides"]
    assert "one, (d) strides +0.0" in said(ax)


def test_accuracy_stands_over_its_cost_on_a_logarithmic_axis():
    points = {"work": {"max": (400_000, around(84, 1)), "none": (2_890_000, around(61, 1))}}
    [ax] = plots.against_cost(points, unit="accuracy")
    assert ax.get_xscale() == "log"
    assert [line.get_xdata()[0] for line in ax.lines] == [400_000, 2_890_000]
    assert "Means of accuracy against work, max pools 400 k: 84.0;" in said(ax)


def test_a_line_goes_from_the_worst_condition_to_the_best():
    values = {"max": {"agrees": [99, 99], "lies": [90, 92]}, "none": {"agrees": [98], "lies": [91]}}
    ax = plots.patched(values, unit="right (%)")
    assert [mean for line in ax.lines for mean in line.get_xdata()] == [99, 91, 98, 91]
    assert "max pools: agrees 99.0, lies 91.0. (a) no pools, larger flatten: agrees" in said(ax)


def test_pools_are_shaded_and_controls_are_crosses():
    stages = ["conv1", "pool1"]
    curves = {"class": {"max": np.array([[30, 40], [40, 50]])}}
    [ax] = plots.probe_profiles(stages, curves, {"class": {1: np.array([33.0, 37.0])}})
    assert len(ax.patches) == 1
    assert ax.lines[-1].get_ydata()[0] == 35
    assert "class: max pooling 35, 45; one in four at pool1 35." in said(ax)


def test_every_run_of_a_classifier_is_a_dot_and_networks_have_the_colour():
    groups = {"digits": {"convolutional": [97, 98], "forest": [96, 97]}}
    [ax] = plots.families(groups, unit="right (%)")
    assert [len(dots.get_offsets()) for dots in ax.collections] == [2, 2]
    assert ax.lines[0].get_color() == plots.RULES["max"].color
    assert ax.lines[1].get_color() == plots.RULES["none"].color
    assert title(ax) == "digits"
    assert "digits: convolutional 97.5, forest 96.5." in said(ax)


def test_detail_is_a_line_for_each_place_of_the_pool():
    tasks = {"dot": ({"pool on the pixels": np.array([[0.0, 0.5], [0.0, 0.7]])}, "error")}
    [ax] = plots.detail_curves([1, 2], tasks, guess={"dot": 4.0})
    assert list(ax.lines[2].get_ydata()) == [0.0, 0.6]
    assert ax.lines[-1].get_ydata()[0] == 4.0
    assert [label.get_text() for label in ax.get_xticklabels()] == ["none", "2×2"]
    assert "Behind no pool, 2×2. dot, error: pool on the pixels 0, 0.6." in said(ax)
