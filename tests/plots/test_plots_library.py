"""Figures of chapter 10, read back from their Axes."""

import numpy as np
import pytest
from matplotlib.patches import Rectangle
from matplotlib.text import Annotation
from reading import said, texts, title

from cnnlab import plots
from cnnlab.plots import library
from cnnlab.statistics import Interval


def interval(estimate, half=1.0, n=10):
    return Interval(estimate, estimate - half, estimate + half, n)


def test_differences_stand_behind_their_layers_and_equality_at_the_edge():
    ax = plots.agreement(["Conv2d", "ReLU"], {"float32": [0.0, 1e-7], "float64": [1e-16, 2e-16]})
    single, double = ax.lines[:2]
    assert single.get_ydata()[0] < 1e-16
    assert single.get_ydata()[1] == 1e-7
    assert list(double.get_ydata()) == [1e-16, 2e-16]
    assert texts(ax) == ["equal"]
    assert "float32 0, 1e-07; float64 1e-16, 2e-16" in said(ax)


def test_sums_are_counted_by_their_error():
    errors = {"one": np.array([-2.0, 0.0, 0.0, 2.0]), "other": np.zeros(4)}
    axes = plots.sum_orders(errors, unit="error")
    assert [title(ax) for ax in axes] == ["one", "other"]
    assert [sum(bar.get_height() for bar in ax.patches) for ax in axes] == [4, 4]
    assert max(bar.get_height() for bar in axes[1].patches) == 4
    assert "one: 3 different sums, up to 2.0; other: 1 different sums" in said(axes)


def test_a_format_has_a_box_for_each_bit():
    ax = plots.number_bits({"float32": (8, 23), "bfloat16": (8, 7)})
    assert len(ax.patches) == 32 + 16
    assert "about 7 decimal digits" in texts(ax)
    assert texts(ax)[-3:] == ["sign", "exponent", "places behind the point"]
    assert "bfloat16: 1 sign, 8 exponent, 7 places" in said(ax)


def test_errors_of_formats_say_how_many_answers_change():
    ax = plots.formats({"float32": 1e-7, "TF32": 1e-3}, {"float32": 0, "TF32": 2}, tested=50)
    assert [line.get_xdata()[0] for line in ax.lines] == [1e-7, 1e-3]
    assert texts(ax) == ["0 of 50 answers change", "2 of 50 answers change"]


def test_the_steps_of_a_device_and_the_readings_stand_where_they_were():
    readings = {"too early": (0, 2), "waits": (0, 13)}
    ax = plots.two_clocks([(0, 1, 7), (1, 7, 13)], readings, launch=1)
    device = [bar for bar in ax.patches if bar.get_y() == 0]
    assert [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in device] == [(1, 7), (7, 13)]
    assert [line.get_xdata()[0] for line in ax.lines] == [2, 13]
    assert "too early: clock started at 0 and read at 2 ms; waits: clock started at 0" in said(ax)


def test_python_is_busy_as_long_as_it_hands_over():
    ax = plots.two_clocks([(0, 0.5, 7), (0.5, 7, 13)], {"waits": (0, 13)}, launch=0.5)
    python = [bar for bar in ax.patches if isinstance(bar, Rectangle) and bar.get_y() > 1]
    assert [(bar.get_x(), bar.get_width()) for bar in python] == [(0, 0.5), (0.5, 0.5)]


def test_a_clock_counts_from_its_start_to_its_reading():
    ax = plots.two_clocks([(2, 3, 9)], {"too early": (2, 3), "waits": (2, 9)}, launch=1)
    spans = [text for text in ax.texts if isinstance(text, Annotation)]
    assert [(span.xyann[0], span.xy[0]) for span in spans] == [(2, 3), (2, 9)]
    assert {"too early: 1 ms", "waits: 7 ms"} <= set(texts(ax))


def test_each_line_of_throughput_has_its_own_sizes():
    ax = plots.throughput({"a": ([1, 8], [100.0, 400.0]), "b": ([8, 64], [50.0, 90.0])})
    assert [list(line.get_xdata()) for line in ax.lines] == [[1, 8], [8, 64]]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["1", "8", "64"]
    assert "a 1: 1e+02, 8: 4e+02" in said(ax)


def test_a_line_of_throughput_has_its_name_at_its_end():
    ax = plots.throughput({"a": ([1, 8], [100.0, 400.0]), "b": ([1, 8], [50.0, 390.0])})
    assert ax.get_legend() is None
    assert [(name.get_text(), name.xy) for name in ax.texts] == [("a", (8, 400)), ("b", (8, 390))]
    assert [name.get_color() for name in ax.texts] == [line.get_color() for line in ax.lines]
    upper, lower = (name.xyann[1] for name in ax.texts)
    assert upper - lower == pytest.approx(0.075)


@pytest.mark.parametrize(
    ("heights", "placed"),
    [
        ([0.9, 0.1, 0.5], [0.9, 0.1, 0.5]),
        ([0.5, 0.5], [0.45, 0.55]),
        ([0.6, 0.5, 0.45], [0.616667, 0.516667, 0.416667]),
        ([0.5, 0.5, 0.58], [0.426667, 0.526667, 0.626667]),
    ],
)
def test_names_that_would_touch_are_moved_apart(heights, placed):
    assert library._spread(heights, 0.1) == pytest.approx(placed, abs=1e-5)
    ordered = np.diff(np.sort(library._spread(heights, 0.1)))
    assert (ordered > 0.1 - 1e-9).all()


def test_shares_and_gains_have_their_medians():
    shares = {"cnnlab": [0.1, 0.3, 0.2], "torch": [0.5, 0.4, 0.6]}
    gains = {"float32": {"none": [0.9, 1.1, 1.0], "max": [1.2, 1.3, 1.4]}}
    left, right = plots.layout_gains(shares, gains)
    bars = [c for c in left.collections if len(c.get_offsets()) == 1]
    assert [float(bar.get_offsets()[0][0]) for bar in bars] == [0.2, 0.5]
    marks = [line.get_xdata()[0] for line in right.lines[:2]]
    assert marks == pytest.approx([1.0, 1.3])
    assert "cnnlab 0.20, torch 0.50" in said(left)
    assert "none float32 1.00, max float32 1.30" in said(left)


def test_a_comparison_has_a_mark_for_each_data_set():
    rows = [
        ("max minus stride", {"digits": interval(1), "photographs": interval(4)}),
        ("dropout", {"photographs": interval(-2)}),
    ]
    ax = plots.on_other_data(rows, unit="points")
    marks = [line for line in ax.lines if len(line.get_xdata()) == 1]
    assert [line.get_xdata()[0] for line in marks] == [1, 4, -2]
    assert marks[1].get_color() == marks[2].get_color() != marks[0].get_color()
    assert "dropout: photographs −2.0, −3.0 to −1.0" in said(ax)


def test_equal_trainings_are_told_and_pairs_that_part_are_counted():
    curves = {"control": [[0.0, 0.0]] * 2, "nudged,\nhigh": [[1e-8, 1e-7], [1e-8, 0.5]]}
    axes = plots.parting(curves, every=5)
    assert [texts(ax) for ax in axes] == [["exactly equal"], []]
    assert list(axes[1].lines[1].get_ydata()) == [1e-8, 0.5]
    assert list(axes[1].lines[1].get_xdata()) == [0, 5]
    assert "nudged, high: 1 of 2 pairs end further apart than 0.001" in said(axes)


def test_a_verdict_settles_where_the_interval_leaves_the_margin():
    steps = [interval(2, 9, 2), interval(2, 1.6, 3), interval(2, 1, 4)]
    axes = plots.settling({"clear": steps, "not": [interval(0, 5, 2), interval(0, 1, 3)]}, unit="x")
    assert list(axes[0].lines[0].get_xdata()) == [2, 3, 4]
    words = said(axes)
    assert "clear: after 4 runs +2.0, +1.0 to +3.0, first beyond the margin after 3 runs" in words
    assert "not: after 3 runs +0.0, −1.0 to +1.0, never beyond" in words


@pytest.mark.parametrize("curves", [{}, {"max": [[50.0, 60.0], [52.0, 64.0]]}])
def test_runs_on_all_images_stand_beside_those_on_a_tenth(curves):
    left, right = plots.whole_runs(curves, {"max": [40.0, 42.0], "avg": [39.0, 41.0]})
    assert [list(c.get_offsets()[:, 1]) for c in left.collections[::2]] == [[40, 42], [39, 41]]
    assert len(right.lines) == (2 if curves else 0)
    last = "max pooling 62.0" if curves else "still to be recorded"
    assert f"On 50 000, after the last epoch: {last}" in said(left)
