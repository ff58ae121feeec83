"""The figures of chapter 11 draw what they are given, and say it."""

import numpy as np
from reading import said, texts

from cnnlab import plots


def labels(axis):
    return [label.get_text() for label in axis.get_ticklabels()]


def test_intervals_are_drawn_with_their_margin_and_told():
    cases = {
        "yes": ((2.0, 1.5, 2.5, "holds"), (0.5, 3.5)),
        "open": ((0.5, -1.0, 2.0, "undecided"), None),
    }
    ax = plots.reading_cases(cases)
    assert labels(ax.yaxis) == ["yes", "open"]
    ends = [
        c.get_segments()[0][:, 0].tolist() for c in ax.collections if hasattr(c, "get_segments")
    ]
    assert [0.5, 3.5] in ends
    assert [-1.0, 2.0] in ends
    assert "yes: 2 margins, 1.5 to 2.5; open: 0.5 margins, -1 to 2" in said(ax)


def test_the_mosaic_has_a_tile_with_a_sign_for_each_claim_in_the_order_of_the_scale():
    ax = plots.verdict_mosaic({"1": ["undecided", "holds"], "2": ["ill-posed"]})
    assert texts(ax) == ["✓", "…", "?"]
    assert len(ax.patches) == 3
    assert said(ax) == "Verdicts by chapter. 1: 1 holds, 1 undecided; 2: 1 ill-posed."


def test_the_matrix_has_a_number_where_there_are_claims():
    ax = plots.forecast_matrix(np.array([[3, 0], [1, 2]]), ["holds", "undecided"])
    assert texts(ax) == ["3", "1", "2"]
    assert "forecast undecided, verdict holds: 1" in said(ax)
    weights = [text.get_fontweight() for text in ax.texts]
    assert weights == ["normal", "bold", "normal"]  # what was wrong stands out


def test_effects_are_sorted_and_get_a_panel_for_each_unit():
    points = [((2.0, 1.0, 3.0, "holds"), [0.5]), ((-1.0, -2.0, 0.0, "does not hold"), [-0.5, 0.5])]
    times = [((0.5, 0.4, 0.6, "holds"), [0.9])]
    axes = plots.all_effects({"points": points, "times": times})
    assert [ax.get_ylabel() for ax in axes] == ["points", "times"]
    assert [ax.get_yscale() for ax in axes] == ["symlog", "log"]
    spots = [c.get_offsets() for c in axes[0].collections if len(c.get_offsets()) == 1]
    assert [float(spot[0][1]) for spot in spots if spot[0][1] != 0][:2] == [-1.0, 2.0]
    assert "points: 2 effects from -1 to 2, 1 holds, 1 does not hold" in said(axes)


def test_one_unit_gets_one_panel():
    axes = plots.all_effects({"points": [((2.0, 1.0, 3.0, "holds"), [0.5])]})
    assert len(axes) == 1


def test_a_line_for_each_decision_over_the_factors():
    ax = plots.margin_sweep([0.5, 1, 2], {"holds": [5, 4, 3], "undecided": [1, 2, 3]})
    curves = [line.get_ydata() for line in ax.lines if len(line.get_xdata()) == 3]
    assert [list(curve) for curve in curves] == [[5, 4, 3], [1, 2, 3]]
    assert said(ax).endswith("holds 5, 4, 3; undecided 1, 2, 3.")


def test_bars_of_shares_add_up_to_a_hundred_percent():
    groups = {"a": {"firm": 3, "loose": 1, "open": 0}, "b": {"firm": 1, "loose": 1, "open": 2}}
    ax = plots.firm_and_loose(groups)
    widths = [patch.get_width() for patch in ax.patches]
    assert sum(widths[:3]) == sum(widths[3:]) == 100
    assert said(ax).endswith("a: 3 firm, 1 loose; b: 1 firm, 1 loose, 2 open.")


def test_chances_are_drawn_in_percent_with_the_runs_there_are():
    ax = plots.chances([10, 100], {"none": [0.2, 0.9], "margin": [0.05, 0.05]}, now=20)
    curves = [list(line.get_ydata()) for line in ax.lines if len(line.get_xdata()) == 2]
    assert curves[0] == [20, 90]
    assert "20 runs so far" in texts(ax)
    assert "none: 20 % with 10 runs, 90 % with 100" in said(ax)


def test_a_group_may_have_a_fourth_word():
    groups = {"a": {"firm": 1, "loose": 1, "not checked": 1, "open": 1}}
    ax = plots.firm_and_loose(groups)
    assert [patch.get_width() for patch in ax.patches] == [25] * 4
    legend = [text.get_text() for text in ax.get_legend().get_texts()]
    assert legend == list(groups["a"])
    assert [patch.get_hatch() or "" for patch in ax.patches] == ["", "//", "..", ""]


def test_the_largest_rates_are_sorted_by_how_often_they_were_taken():
    ax = plots.top_rates({"few": {"max": 0.1}, "all": {"max": 1.0}})
    assert labels(ax.yaxis) == ["all", "few"]
    assert said(ax).endswith("all 100 to 100 % (mean 100 %); few 10 to 10 % (mean 10 %).")


def test_the_largest_rates_have_a_dot_for_each_arm():
    ax = plots.top_rates({"uneven": {"max": 0.2, "avg": 0.8}})
    spots = [c.get_offsets() for c in ax.collections if len(c.get_offsets()) == 2]
    assert [list(spot[:, 0]) for spot in spots] == [[20, 80]]
    assert said(ax).endswith("by arm: uneven 20 to 80 % (mean 50 %).")
