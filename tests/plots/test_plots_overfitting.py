"""The figures of chapter 6 draw what they are given, and say it."""

import numpy as np
from matplotlib.collections import PathCollection
from reading import said, texts, title

from cnnlab import plots


def heights(line):
    return [float(value) for value in line.get_ydata()]


def scattered(ax):
    return [c for c in ax.collections if isinstance(c, PathCollection)]


def dots(ax):
    """Places of all dots, one array for each collection of them."""
    return [np.asarray(spots.get_offsets()) for spots in scattered(ax)]


def test_two_curves_get_a_panel_for_each_quantity_and_a_shaded_gap():
    train = {"accuracy (%)": [60, 90, 100], "loss": [2, 1, 0]}
    test = {"accuracy (%)": [50, 80, 90], "loss": [2, 1.5, 0.5]}
    axes = plots.two_curves(train, test)
    assert [title(ax) for ax in axes] == ["accuracy (%)", "loss"]
    assert [heights(line) for line in axes[0].lines] == [[60, 90, 100], [50, 80, 90]]
    assert len(axes[0].collections) == 1
    assert "After 3 epochs: accuracy (%), training 100 and new images 90; loss" in said(axes)


def test_a_wrong_label_is_framed_and_told():
    axes = plots.given_labels(np.zeros((2, 4, 4)), given=[3, 5], true=[3, 8])
    assert [ax.get_title() for ax in axes] == ["“3”", "“5”"]
    assert [ax.spines["left"].get_visible() for ax in axes] == [False, True]
    assert said(axes) == "2 handwritten digits with their labels: a 3 labelled 3, a 8 labelled 5."


def test_what_is_learned_is_a_mean_with_a_band_from_the_lowest_to_the_highest_run():
    right = np.array([[50, 100], [70, 100]])
    curves = {"a": {"right": right, "memorised": [[0, 20], [0, 40]]}, "b": {"right": right[:1]}}
    axes = plots.learned(curves, {"a": [1, 2], "b": [5, 10]})
    assert heights(axes[0].lines[0]) == [60, 100]
    assert len(axes[0].collections) == 2
    assert len(axes[1].collections) == 0  # a single run has no spread
    assert list(axes[1].lines[0].get_xdata()) == [5, 10]
    names = [text.get_text() for text in axes[0].figure.legends[0].texts]
    assert names == ["true labels learned", "wrong labels memorised"]
    assert "a: true labels learned 100 %, wrong labels memorised 30 %; b:" in said(axes)


def test_guessing_is_a_line_where_it_is_known():
    axes = plots.learned({"a": {"right": [50, 100]}}, {"a": [1, 2]}, guess=10)
    assert heights(axes[0].lines[-1]) == [10, 10]


def test_a_gap_is_a_bar_between_two_means_with_its_length():
    ax = plots.gaps({"digits": ([100, 100], [90, 94]), "photographs": ([80, 90], [40, 40])})
    assert texts(ax) == ["8 points", "45 points"]
    bars = [c.get_segments()[0] for c in ax.collections if hasattr(c, "get_segments")]
    np.testing.assert_array_equal(bars[0], [[92, 0], [100, 0]])
    assert said(ax).endswith(
        "digits: training 100 %, new images 92 %; photographs: training 85 %, new images 40 %."
    )


def test_widths_are_dots_and_a_line_of_means_on_a_logarithmic_scale():
    table = [[80, 90], [90, 94]]
    axes = plots.by_width([426, 986], {"new": {"true": table, "noisy": table}, "r": {"r": table}})
    assert [ax.get_xscale() for ax in axes] == ["log", "log"]
    assert [heights(line) for line in axes[0].lines] == [[85, 92], [85, 92]]
    assert len(dots(axes[0])) == 4
    assert said(axes).startswith("Means in percent for 426, 986 parameters: true 85, 92;")


def test_memorised_shares_are_told_for_each_network_and_a_late_average_is_hollow():
    shares = {"digits": {"max": [70, 80], "late": [40, 50]}}
    axes = plots.memorised(shares)
    assert [label.get_text() for label in axes[0].get_yticklabels()] == [
        "max pools",
        "one late average",
    ]
    faces = [spots.get_facecolor()[0][:3] for spots in scattered(axes[0])]
    assert tuple(faces[1]) == (1, 1, 1)
    assert tuple(faces[0]) != (1, 1, 1)
    assert "2 runs each, means in percent. digits: max pools 75, one late average 45." in said(axes)


def test_a_road_goes_from_truth_to_lies_and_is_read_at_the_marked_level():
    paths = {"digits": {"max": ([50, 100], [0, 40]), "stride": ([60, 100], [0, 80])}}
    axes = plots.roads(paths, level={"digits": 80})
    lines = [line for line in axes[0].lines if line.get_label() in ("max pools", "strides")]
    assert [heights(line) for line in lines] == [[0, 40], [0, 80]]
    assert "when 80 % of the true labels are learned: max pools 24, strides 40." in said(axes)


def test_features_show_two_curves_and_the_gap_over_each_point():
    scores = {"100 images": ([[100, 100], [60, 64]], [[90, 92], [50, 50]])}
    axes = plots.by_features([256, 4], scores)
    assert texts(axes[0]) == ["9", "12"]
    assert [heights(line) for line in axes[0].lines] == [[100, 62], [91, 50]]
    assert "100 images, 256: 100 and 91, 4: 62 and 50." in said(axes)


def test_underfitting_is_shown_beside_guessing():
    ax = plots.underfitting({"ring": [26, 30], "zeros": [98, 100]}, guess=25)
    assert [len(places) for places in dots(ax)] == [2, 2]
    assert "Mean training accuracy in percent: ring 28; zeros 99; guessing 25." in said(ax)


def test_permuted_runs_are_joined_by_seed():
    axes = plots.permuted({"conv": ([93, 94], [85, 86]), "dense": ([90, 90], [90, 90])})
    assert [heights(line) for line in axes[0].lines] == [[93, 85], [94, 86]]
    assert axes[0].get_ylim() == axes[1].get_ylim()
    assert said(axes).endswith("permuted: conv 93.5 and 85.5; dense 90.0 and 90.0.")


def test_remedies_are_held_against_the_mean_without_any():
    results = {"right (%)": {"nothing": [80, 84], "shifts": [90, 92]}}
    axes = plots.remedies(results)
    assert list(axes[0].lines[0].get_xdata()) == [82, 82]
    assert said(axes) == "Means of right (%): nothing 82, shifts 91."
