"""The figures of chapter 4 draw what they are given, and say it."""

import numpy as np
import pytest
from reading import said, span, texts, title

from cnnlab import plots
from cnnlab.plots.flatten import evidence


def heights(ax):
    return [patch.get_height() for patch in ax.patches]


def test_a_flattened_block_keeps_its_numbers_and_its_colours():
    axes = plots.flattened(np.arange(24).reshape(2, 3, 4), around=(1, 1, 1))
    assert [len(ax.texts) for ax in axes] == [12, 12, 24]
    assert texts(axes[2]) == [str(n) for n in range(24)]
    tints = [patch.get_facecolor() for patch in axes[2].patches[:24]]
    assert len(set(tints[:12])) == len(set(tints[12:])) == 1
    assert tints[0] != tints[12]
    assert "in the row the neighbours are 4 away, 1 away, 1 away, 4 away" in said(axes)


def test_a_value_in_a_corner_has_two_neighbours():
    axes = plots.flattened(np.arange(6).reshape(1, 2, 3), around=(0, 0, 0))
    assert "its 2 neighbours are marked; in the row the neighbours are 1 away, 3 away" in said(axes)


def test_orders_are_shown_from_zero_and_the_first_ones_enlarged():
    accuracy = {"usual": [97, 98], "hat": [96, 98], "usual, used otherwise": [14, 10]}
    axes = plots.orders(accuracy, guess=10, within=2)
    assert axes[0].get_ylim()[0] == 0
    assert [len(ax.collections) for ax in axes] == [6, 4]
    assert said(axes).endswith(
        "means: usual 98 %; hat 97 %; usual, used otherwise 12 %; guessing 10 %."
    )


def test_a_moved_blob_has_other_bars_and_the_same_line():
    blob = np.zeros((4, 4))
    blob[:2, :2] = 1
    axes = plots.moved([blob, np.roll(blob, (2, 2), axis=(0, 1))])
    below = axes[2:]
    np.testing.assert_array_equal(heights(below[0]), blob.ravel())
    assert heights(below[0]) != heights(below[1])
    lines = [ax.lines[0].get_ydata()[0] for ax in below]
    assert lines == [0.25, 0.25]
    assert "more than one of them is not zero: 0. Averages: 0.25, 0.25." in said(axes)


def test_templates_are_drawn_on_a_scale_around_zero():
    kernels = np.zeros((4, 6, 6))
    kernels[0], kernels[3] = -2, 1
    axes = plots.templates(kernels, list("abcd"))
    assert [title(ax) for ax in axes] == list("abcd")
    assert {ax.images[0].get_clim() for ax in axes} == {(-2, 2)}
    assert said(axes).endswith("in the middle: a -2.0, b +0.0, c +0.0, d +1.0.")


def test_a_slid_head_stands_below_the_windows_it_was_asked_about():
    probabilities = np.full((3, 5), 0.1)
    probabilities[2, 0] = probabilities[1, 4] = 0.8
    axes = plots.slid(np.zeros((4, 12)), probabilities, {0: "2", 4: "1"})
    assert [patch.get_x() for patch in axes[0].patches] == [-0.5, 7.5]
    np.testing.assert_array_equal(axes[1].images[0].get_array(), probabilities)
    assert [patch.get_y() for patch in axes[1].patches] == [1.5, 0.5]
    assert "the head says: 2 on the 2, 1 on the 1." in said(axes)


def test_the_marked_layer_has_a_colour_and_a_share():
    ax = plots.parameters_by_layer({"conv": 1000, "dense": 3000}, marked="dense")
    assert heights(ax) == [1000, 3000]
    assert texts(ax) == ["1 k", "3 k"]
    assert ax.patches[1].get_facecolor() != ax.patches[0].get_facecolor()
    assert said(ax).endswith("dense has 75% of 4 k.")


def test_head_sizes_are_lines_on_log_scales():
    ax = plots.head_sizes([28, 56], {"flatten": [1000, 4000], "average": [17, 17]})
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    np.testing.assert_array_equal([line.get_ydata() for line in ax.lines], [[1000, 4000], [17, 17]])
    assert said(ax).endswith("28, 56 pixels: flatten 1 k, 4 k; average 17, 17.")


def test_the_panels_of_a_race_span_as_many_points_and_end_at_a_hundred():
    axes = plots.head_race({"easy": ([99, 98], [97, 96]), "hard": ([50, 51], [52, 49])})
    spans = [np.diff(ax.get_ylim())[0] for ax in axes]
    assert spans == pytest.approx([17, 17])
    assert axes[0].get_ylim()[1] == 100.5
    assert [t.get_text() for t in axes[1].get_xticklabels()] == ["flatten", "average"]
    assert said(axes).endswith(
        "easy: flatten 98.5, average 96.5; hard: flatten 50.5, average 50.5."
    )


def test_quarters_say_where_the_blob_is():
    axes = plots.quarters(np.zeros((2, 8, 8)), [1, 6])
    assert [title(ax) for ax in axes] == ["class 0", "class 3"]
    assert [line.get_xdata()[0] for line in axes[0].lines] == [1.5, 3.5, 5.5]
    assert said(axes).endswith("The blobs: column 1, class 0, column 6, class 3.")


def test_accuracies_stand_in_rows_with_the_guess():
    ax = plots.where_accuracies({"a": [100, 98], "b": [25, 27]}, ["flatten", "average"], guess=25)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "b"]
    assert ax.lines[0].get_xdata()[0] == 25
    assert said(ax) == "2 runs each. Mean test accuracy in percent: a 99; b 26; guessing 25."


def test_curves_by_column_have_the_columns_in_sight_shaded():
    ax = plots.by_column({"a": [100, 50, 50, 100]}, [{"color": "#0072B2"}], sight=[0, 3])
    np.testing.assert_allclose([span(patch)[0] for patch in ax.patches], [-0.5, 2.5])
    heights = ax.lines[0].get_ydata()
    np.testing.assert_array_equal(heights[np.isfinite(heights)], [100, 50, 50, 100])
    assert "a 100 in the shaded columns and 50 in the others." in said(ax)


def test_curves_by_column_stop_at_the_lines_between_the_quarters():
    ax = plots.by_column({"a": [1, 1, 2, 2, 3, 3, 4, 4]}, [{"color": "#0072B2"}], sight=[0])
    nan = np.nan
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), [1, 1, nan, 2, 2, nan, 3, 3, nan, 4, 4])


def test_maps_of_evidence_carry_their_means_as_scores():
    maps = np.array([[[2.0, 4.0]], [[-3.0, 0.0]]])
    axes = evidence(np.zeros((4, 8)), maps, ["0", "1"])
    assert [title(ax) for ax in axes] == ["the image", "0: +3.0", "1: −1.5"]
    assert {ax.images[0].get_clim() for ax in axes[1:]} == {(-4, 4)}
    assert said(axes).endswith("Means of the maps: 0 +3.0, 1 -1.5.")
