"""The figures of chapter 5 draw what they are given, and say it."""

import numpy as np
import pytest
from reading import said, texts, title

from cnnlab import plots
from cnnlab.plots.invariance import ARMS


def test_a_shifted_row_is_shown_with_its_pool():
    row = np.array([0, 9, 5, 0])
    ax = plots.shifted_rows({"at rest": row, "moved by 1": np.roll(row, 1)})
    shown = [t for t in texts(ax) if t.isdigit()]
    assert shown == list("0950") + list("95") + list("0095") + list("09")
    assert "moved by 1: 0 0 9 5 gives 0 9." in said(ax)


def test_three_words_mark_what_stayed_and_what_moved_along():
    old = np.array([[0.0, 1, 0]])
    moved = np.roll(old, 1)
    grid = plots.three_words(
        {"follows": (old, moved, moved), "neither": (old, moved, old),
         "stays": (old[:, 1:2], old[:, 1:2], old[:, 1:2])}
    )  # fmt: skip
    assert [texts(ax) for ax in grid[2]] == [[], [], ["0"]]
    assert [texts(ax) for ax in grid[3]] == [["0"], [], ["0"]]
    np.testing.assert_array_equal(grid[2][0].images[0].get_array(), np.abs(moved - old))
    assert [row[0].get_ylabel()[0] == "|" for row in grid] == [False, False, True, True]
    assert texts(grid[0][2]) == ["1.000"]
    assert "follows: mean difference 0.667 at the old place, 0.000 when moved along" in said(
        grid[0]
    )


def test_banded_draws_means_and_lowest_and_highest_runs():
    table = np.array([[90.0, 70], [94, 80]])
    axes = plots.banded(
        {"flatten": ([0, 4], {"max": table}), "average": ([0, 4], {"max_gap": table + 1})},
        across="pixels", up="accuracy (%)", multiples=4,
    )  # fmt: skip
    curve = axes[0].lines[-1]
    assert list(curve.get_ydata()) == [92, 75]
    assert curve.get_color() == ARMS["max"].color
    band = axes[0].collections[0].get_paths()[0].vertices[:, 1]
    assert (band.min(), band.max()) == (70, 94)
    assert [line.get_xdata()[0] for line in axes[0].lines[:2]] == [0, 4]
    assert axes[0].get_ylim() == axes[1].get_ylim()
    assert "flatten, at 0, 4: max pooling 92, 75. average, at 0, 4: max pooling 93, 76." in said(
        axes
    )


def test_banded_sets_off_the_arms_to_look_at():
    table = np.array([[90.0, 70], [94, 80]])
    arms = {"max": table, "avg": table + 2}
    [ax] = plots.banded({"flatten": ([0, 4], arms)}, across="pixels", up="%", bold=["max"])
    bold, thin = ax.lines
    assert len(ax.collections) == 1
    assert bold.get_linewidth() > thin.get_linewidth()


def test_banded_gives_a_panel_a_scale_of_its_own():
    table = np.array([[90.0, 95], [94, 96]])
    panels = {"flatten": ([0, 4], {"max": table}), "average": ([0, 4], {"max": table})}
    axes = plots.banded(
        panels, across="pixels", up="%", share=False,
        limits={"flatten": (0, 100), "average": (70, 100)},
    )  # fmt: skip
    assert [ax.get_ylim() for ax in axes] == [(0, 100), (70, 100)]


@pytest.mark.parametrize("arm", ["subsample", "maxblur"])
def test_an_arm_has_one_name_in_all_figures(arm):
    assert ARMS[arm].label == {"subsample": "subsampling", "maxblur": "max with blur"}[arm]


def test_overlap_counts_what_two_windows_share():
    axes = plots.overlap([2, 3])
    assert [title(ax) for ax in axes] == ["k = 2: 2 of 6", "k = 3: 6 of 12"]
    tinted = [sum(p.get_facecolor()[:3] != (1, 1, 1) and p.get_width() == 1 for p in ax.patches)
              for ax in axes]  # fmt: skip
    assert tinted == [2, 6]


def test_kept_has_law_simulation_and_a_dot_for_each_run():
    ax = plots.kept({2: 33.3, 3: 50.0}, {2: 33.0, 3: 51.0}, {"a photograph": {2: [27.0, 29.0]}})
    assert [list(line.get_ydata()) for line in ax.lines] == [[33.3, 50], [33, 51]]
    assert len(ax.collections[0].get_offsets()) == 2
    assert said(ax).endswith("law 2: 33, 3: 50; a photograph 2: 28.")


def test_smoothed_has_a_panel_for_each_quantity():
    axes = plots.smoothed([0, 0.8], {"unchanged (%)": [33, 17], "change": [1.06, 0.5]})
    assert [list(ax.lines[0].get_ydata()) for ax in axes] == [[33, 17], [1.06, 0.5]]
    assert "0.00, 0.80: unchanged (%) 33, 17; change 1.1, 0.5." in said(axes)


def test_before_and_after_stand_above_each_other():
    before, after = np.zeros((2, 2)), np.ones((2, 2))
    grid = plots.before_and_after({"max": (before, after)})
    np.testing.assert_array_equal(grid[1][0].images[0].get_array(), after)
    assert said(grid[0]).endswith("max 1.00.")


def test_passed_draws_laws_as_lines_and_measurements_as_marks():
    ax = plots.passed([0, 0.5], {"avg": [1, 0]}, [0.25], {"avg": [0.7]})
    law, marks = ax.lines
    assert list(law.get_ydata()) == [1, 0]
    assert list(marks.get_ydata()) == [0.7]
    assert said(ax) == "Share of stripes let through, at 0.25 stripes per pixel: " + (
        "average pooling 0.70."
    )


def test_answers_along_a_walk_are_right_or_wrong():
    images = np.zeros((1, 2, 4, 4))
    axes = plots.answers_along(
        images, {"flatten": np.array([[7, 3]]), "average": np.array([[7, 7]])}, [7]
    )
    assert texts(axes[0]) == ["7 ✓", "flatten", "7 ✓", "average"]
    assert texts(axes[1]) == ["3 ✗", "7 ✓"]
    assert axes[1].texts[0].get_color() != axes[1].texts[1].get_color()
    assert "a 7: flatten says 7, 3, average says 7, 7." in said(axes)


def test_two_directions_share_their_shifts():
    ax = plots.two_directions([-4, 0, 2], {"right": [97, 98, 86], "down": [69, 98, 44]})
    curves = [line for line in ax.lines if len(line.get_xdata()) == 3]
    assert [list(line.get_ydata()) for line in curves] == [[97, 98, 86], [69, 98, 44]]
    assert "right 97, 98, 86; down 69, 98, 44." in said(ax)
    assert "below 0: to the left, or up" in ax.get_xlabel()


def test_place_maps_write_each_accuracy_into_its_cell():
    axes = plots.place_maps({"max": np.array([[10.0, 20], [97, 40]])}, [0, 3], columns=2)
    assert len(axes) == 1
    assert texts(axes[0]) == ["10", "20", "97", "40"]
    assert [t.get_text() for t in axes[0].get_xticklabels()] == ["0", "+3"]
    assert said(axes) == "Accuracy in percent with the digit at 4 places. max: 10 20; 97 40."


@pytest.mark.parametrize("runs", [[8.0, 98.0], None])
def test_two_roads_show_mean_and_range_or_that_nothing_was_run(runs):
    ax = plots.two_roads({"max, flatten": {"centred": [18.0, 20.0], "new places": runs}})
    assert texts(ax)[:2] == ["19", "18 to 20"]
    assert texts(ax)[2:] == (["53", "8 to 98"] if runs else ["not run"])
    assert ("new places 53 (8 to 98)" in said(ax)) == bool(runs)


def test_two_roads_have_a_line_between_the_heads():
    table = {"max, flatten": {"centred": [18.0]}, "max, average": {"centred": [80.0]}}
    ax = plots.two_roads(table, line_below=1)
    assert list(ax.lines[-1].get_ydata()) == [1, 1]


def test_turning_draws_every_filter_and_both_pools():
    answers = {
        "filters": np.array([[1.0, 2], [2, 1]]),
        "places": np.array([1.0, 2]),
        "channels": np.array([2.0, 2]),
    }
    *pictures, below = plots.turning({0: np.zeros((3, 3)), 90: np.ones((3, 3))}, [0, 90], answers)
    assert [title(ax) for ax in pictures] == ["0°", "90°"]
    assert len(below.lines) == 4
    assert "places: 1.00 to 2.00; channels: 2.00 to 2.00." in said(below)
