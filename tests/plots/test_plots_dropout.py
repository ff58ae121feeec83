"""The figures of chapter 7 draw what they are given, and say it."""

import numpy as np
from reading import said, title

from cnnlab import plots
from cnnlab.plots.dropout import RATES
from cnnlab.statistics import Interval


def interval(estimate, half):
    return Interval(estimate, estimate - half, estimate + half, 10, 0.95)


def test_mean_and_spread_draws_the_law_and_every_draw():
    laws = {"alone": ([8, 8], [0, 8]), "shared": ([8, 8], [0, 2])}
    drawn = {name: [np.array([8.0]), np.array([0.0, 16.0])] for name in laws}
    axes = plots.mean_and_spread([0, 0.5], laws, drawn)
    assert list(axes[0].lines[0].get_ydata()) == [8, 8]
    dots = [len(part.get_offsets()) for part in axes[1].collections[1:]]
    assert dots == [1, 2]
    assert axes[0].get_ylim() == axes[1].get_ylim()
    assert "shared: mean 8 at p = 0 and 8 at 0.5, standard deviation 0 and 2." in said(axes)


def test_answers_of_a_network_in_training_mode_are_counted():
    axes = plots.no_two_answers(np.array([9, 9, 3]), [0.8, 0.9], 0.95, truth=9)
    assert [bar.get_height() for bar in axes[0].patches] == [0, 0, 0, 1, 0, 0, 0, 0, 0, 2]
    dark = axes[0].patches[9].get_facecolor()
    assert dark != axes[0].patches[3].get_facecolor()
    assert list(axes[1].lines[0].get_ydata()) == [80, 90]
    assert axes[1].get_ylim()[1] > 95
    assert "image of a 9: 3 1 times, 9 2 times." in said(axes)
    assert "80.0 to 90.0 %; in evaluation mode 95.0 %" in said(axes)


def test_a_sweep_joins_rates_and_leaves_controls_alone():
    runs = {
        "0": np.array([70.0, 72.0]),
        "0.5": np.array([90.0, 92.0]),
        "thin": np.array([80, 82.0]),
    }
    axes = plots.rate_sweep({"wrong": plots.Swept(runs, [0.0, 0.5, 0.0], "%")})
    assert [list(line.get_xdata()) for line in axes[0].lines] == [[0, 1], [0, 1]]
    assert [label.get_text() for label in axes[0].get_xticklabels()] == ["0", "0.5", "thin"]
    assert said(axes) == "2 runs each. Means by rate. wrong, %: 0 71.0, 0.5 91.0, thin 81.0."


def test_gap_and_accuracy_stand_side_by_side():
    arms = {0.0: (np.array([30.0, 40]), np.array([50.0, 52])), 0.5: (np.array([20.0, 10]),) * 2}
    axes = plots.gap_and_accuracy({"same\ntraining": arms, "own": arms})
    assert [title(ax) for ax in axes] == ["gap", "test accuracy"]
    assert axes[0].get_ylim()[0] == 0
    assert [text.get_text() for text in axes[0].get_legend().get_texts()] == [
        "no dropout",
        "p = 0.5",
    ]
    assert "Means of the gap. same training: no dropout 35.0, p = 0.5 15.0; own:" in said(axes)


def test_the_bias_is_drawn_in_the_colours_of_the_pools():
    curves = {"four": [1, 1.9], "alone": [1, 1], "average": [1, 1]}
    ax = plots.bias_before_a_pool([0, 0.5], curves)
    colors = [line.get_color() for line in ax.lines[:3]]
    assert colors == [plots.RULES[rule].color for rule in ("max", "max", "avg")]
    assert "At p = 0.5: four 1.90, alone 1.00, average 1.00." in said(ax)


def test_dropped_maps_count_those_that_are_empty():
    maps = np.ones((2, 3, 3))
    half = maps.copy()
    half[0] = 0
    axes = plots.dropped_maps({"maps": maps, "whole": half})
    assert len(axes) == 4
    np.testing.assert_array_equal(axes[2].images[0].get_array(), half[0])
    assert said(axes).endswith("maps: 0 of 2 maps are empty; whole: 1 of 2 maps are empty.")


def test_places_have_a_thick_and_a_thin_interval():
    rows = {"no dropout": (interval(-1, 0.5), interval(-1, 4)), "flat": (interval(0.4, 1),) * 2}
    ax = plots.place_effects(rows, margin=0.5, unit="points")
    widths = [part.get_linewidth()[0] for part in ax.collections]
    assert widths == [1, 4, 1, 4]
    assert ax.lines[1].get_color() == RATES[0.0].color
    assert ax.lines[2].get_color() == RATES[0.5].color
    assert "no dropout −1.0, −1.5 to −0.5; flat +0.4, −0.6 to +1.4." in said(ax)


def test_means_of_many_networks_are_drawn_with_their_repeats():
    tables = {"geometric": np.array([[80.0, 90], [84, 92]]), "arithmetic": np.full((2, 2), 70.0)}
    axes = plots.many_networks([1, 10], {"accuracy": (tables, 95.0)})
    assert len(axes[0].lines) == 2 * 3 + 1
    assert list(axes[0].lines[2].get_ydata()) == [82, 91]
    assert "geometric 82 with 1, 91 with 10 masks, arithmetic 70 with 1" in said(axes)
    assert "the whole network 95." in said(axes)


def test_the_spread_behind_a_norm_is_held_against_the_law():
    ax = plots.spread_behind_norm([0, 0.5], [1, 0.6], {"before": [1, 0.6], "behind": [1, 1]})
    assert [list(line.get_ydata()) for line in ax.lines[1:]] == [[1, 0.6], [1, 0.6], [1, 1]]
    assert "at p = 0.5: the law 0.60, before 0.60, behind 1.00." in said(ax)


def test_order_curves_shade_the_first_epochs():
    curves = {"round first": (0.0, [0, 0.5]), "mixed first": (0.5, [0.5, 0.9])}
    ax = plots.order_curves(curves, until=1, unit="right (%)")
    assert [line.get_linestyle() for line in ax.lines] == ["-", "--"]
    assert said(ax) == (
        "right (%) after the 1 shaded epochs, and after 2 epochs: round first 0 and 50; "
        "mixed first 50 and 90."
    )


def test_costs_of_several_orders_are_joined_by_seed_above_a_line_at_zero():
    groups = {"round\nfirst": {0.0: np.array([10.0, 12]), 0.5: np.array([14.0, 16])}}
    ax = plots.order_runs(groups, unit="cost (points)")
    assert list(ax.lines[0].get_ydata()) == [0, 0]
    assert [list(line.get_ydata()) for line in ax.lines[1:]] == [[10, 14], [12, 16]]
    assert said(ax).endswith("Means of cost (points). round first: no dropout 11.0, p = 0.5 15.0.")


def test_damage_has_a_panel_for_each_kind_and_one_for_the_legend():
    arms = {name: np.array([[98.0, i], [98.0, i]]) for i, name in enumerate("abc", start=1)}
    kinds = {f"kind {n}": ("share", [0, 0.5], arms) for n in range(5)}
    axes = plots.damage_curves(kinds)
    assert [len(ax.lines) for ax in axes] == [3, 3, 3, 3, 3, 0]
    assert [text.get_text() for text in axes[5].get_legend().get_texts()] == ["a", "b", "c"]
    assert axes[0].get_xlabel() == "share"
    assert "kind 4, at 0.5 (share): a 1, b 2, c 3." in said(axes)
