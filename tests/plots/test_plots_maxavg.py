"""Figures of chapter 3: what they draw is read from the Axes, what they say from the figure."""

import numpy as np
from reading import said, texts, title

from cnnlab import plots
from cnnlab.statistics import mean_interval


def test_a_gallery_shows_each_picture_over_its_pools_and_says_what_contrast_is_left():
    x = np.zeros((4, 4))
    x[0, 0] = 1
    columns = {
        "point": {"picture": x, "average": x[::2, ::2] / 4},
        "plain": {"picture": np.ones((4, 4)), "average": np.ones((2, 2))},
    }
    axes = plots.gallery(columns, text="Two pictures.")
    assert len(axes) == 4
    np.testing.assert_array_equal(axes[2].images[0].get_array(), x[::2, ::2] / 4)
    assert [ax.get_xlabel() for ax in axes] == ["100%", "0%", "25%", "0%"]
    assert [ax.get_title("center") for ax in axes[:2]] == ["point", "plain"]
    assert said(axes).startswith("Two pictures.")
    assert "point: picture 100%, average 25%" in said(axes)


def test_routes_write_every_share_and_its_sum():
    x = np.array([[1.0, 2], [2, 0]])
    twice, once = (x == 2) * 3.0, np.array([[0.0, 3], [0, 0]])
    axes = plots.routes(x, {"x == max": ("max", twice), "first": ("max", once)})
    assert texts(axes[1]) == ["0", "3", "3", "0", "sum 6"]
    assert texts(axes[2]) == ["0", "3", "0", "0", "sum 3"]
    assert "x == max: 0 3; 3 0, sum 6" in said(axes)


def test_landings_colour_the_pixels_that_get_gradient_and_count_them():
    image = np.linspace(0, 1, 16).reshape(4, 4)
    gradient = np.zeros((4, 4))
    gradient[::2, ::2] = 1
    axes = plots.landings(image, {"max": gradient, "avg": np.full((4, 4), 0.25)})
    opacity = [ax.images[1].get_array()[..., 3] for ax in axes[1:]]
    np.testing.assert_array_equal(opacity[0] > 0, gradient > 0)
    assert opacity[0].max() > opacity[1].max() > 0
    assert axes[1].get_xlabel() == "25% of the pixels"
    assert "average pooling 100% of the pixels" in said(axes)


def test_discriminability_draws_a_line_that_is_computed_and_marks_that_are_drawn():
    rules = {"max": ([4.0, 2.0], [3.9, 2.1]), "avg": ([2.0, 1.0], [2.1, 0.9])}
    axes = plots.discriminability([4, 49], {"voice": rules, "dots": rules})
    lines = axes[0].lines
    np.testing.assert_array_equal(lines[0].get_ydata(), [4, 2])
    np.testing.assert_array_equal(lines[1].get_ydata(), [3.9, 2.1])
    assert lines[1].get_marker() == plots.RULES["max"].marker
    assert [title(ax) for ax in axes] == ["voice", "dots"]
    assert "dots: max pooling 4 to 2, average pooling 2 to 1" in said(axes)


def test_the_table_of_exchanged_rules_has_what_was_trained_in_rows():
    ax = plots.exchanged(np.array([[98.0, 56], [59, 97]]), ["max", "min"])
    assert texts(ax) == ["98", "56", "59", "97"]
    assert [text.get_weight() for text in ax.texts] == ["bold", "normal", "normal", "bold"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("tested with", "trained with")
    assert "trained with max: 98, 56" in said(ax)


def test_runs_side_by_side_share_a_scale_and_each_task_is_described():
    groups = {"light": {"max": [1.0, 2.0], "avg": [2.0, 3.0]}, "dark": {"max": [9.0, 9.5]}}
    axes = plots.side_by_side(groups, unit="points")
    assert axes[0].get_ylim() == axes[1].get_ylim()
    assert [ax.get_ylabel() for ax in axes] == ["points", ""]
    assert "light: 2 runs" in said(axes)
    assert "dark: 2 runs" in said(axes)
    axes = plots.side_by_side(groups, unit="points", same_scale=False)
    assert axes[0].get_ylim() != axes[1].get_ylim()


def test_a_run_below_the_floor_is_written_at_the_edge_and_not_drawn_to_scale():
    groups = {"dark": {"max": [96.0, 8.9], "avg": [95.0, 94.0]}}
    axes = plots.side_by_side(groups, unit="%", floor=80)
    assert axes[0].get_ylim()[0] == 80
    assert [words.strip() for words in texts(axes[0])] == ["↓ 9"]
    assert "Below the axis lies a run of max at 8.9." in said(axes)


def test_a_frame_goes_around_the_pixels_and_is_described():
    (ax,) = plots.pictures({"one": np.zeros((8, 8))}, text="A picture.")
    plots.framed(ax, 2, 5, side=3)
    frame = ax.patches[-1]
    assert (*frame.get_xy(), frame.get_width(), frame.get_height()) == (4.5, 1.5, 3, 3)
    assert said(ax).startswith("A picture.")
    assert "3 by 3 pixels begins at row 2, column 5" in said(ax)


def test_effects_stand_in_a_line_of_their_own_with_both_intervals():
    narrow, wide = mean_interval([1.0, 2.0, 3.0]), mean_interval([-2.0, 2.0, 6.0])
    rows = [
        ("one", {"avg": (narrow, wide)}),
        ("two", {"avg": (narrow, None), "stride": (narrow, None)}),
    ]
    ax = plots.effects(rows, unit="points")
    marks = [line for line in ax.lines if line.get_marker() not in ("None", "", None)]
    assert [line.get_xdata()[0] for line in marks] == [2, 2, 2]
    assert len(ax.collections) == 4  # an interval each, and a wider one
    assert [label.get_text() for label in ax.get_yticklabels()] == ["one", "two"]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [
        "minus average pooling",
        "minus stride 2",
    ]
    assert "two: minus average pooling +2.0, −0.5 to +4.5; minus stride 2" in said(ax)


def test_exponents_mark_the_best_one_of_each_curve():
    ax = plots.exponents([1, 2, 4], {"1 raised": [0.5, 0.8, 1.0], "all": [1.0, 0.7, 0.4]})
    stars = [line.get_xdata()[0] for line in ax.lines if line.get_marker() == "*"]
    assert stars == [4, 1]
    assert "1 raised best at p = 4; all best at p = 1" in said(ax)
    assert {"1 raised", "all"} <= set(texts(ax))
