"""The figures of chapter 1 draw what they are given, and say it."""

import numpy as np
from reading import said, texts, title

from cnnlab import plots
from cnnlab.statistics import mean_interval


def test_matrices_show_their_numbers_with_a_frame_around_the_marked_cells():
    named = {"picture": np.arange(12).reshape(3, 4), "kernel": np.array([[-1, 1]])}
    axes = plots.matrices(named, text="A step.", marked={"picture": (1, 2, 2, 1)})
    assert [title(ax) for ax in axes] == ["picture", "kernel"]
    assert texts(axes[0]) == [str(n) for n in range(12)]
    assert texts(axes[1]) == ["−1", "1"]
    frame = axes[0].patches[-1]
    assert (frame.get_xy(), frame.get_width(), frame.get_height()) == ((2, 1), 1, 2)
    assert len(axes[1].patches) == 2  # cells, and no frame
    assert said(axes) == "A step. picture: 0 1 2 3; 4 5 6 7; 8 9 10 11; kernel: -1 1."


def test_kernels_stand_above_the_maps_they_make():
    kernels = {"edge": np.array([[-1, 1]]), "sum": np.array([[1, 1]])}
    maps = {"edge": np.array([[-2.0, 1.0]]), "sum": np.array([[0.5, 2.0]])}
    axes = plots.kernels_and_maps(np.eye(4), kernels, maps)
    photo, edge, total = [ax.images[0] for ax in axes if ax.images]
    np.testing.assert_array_equal(photo.get_array(), np.eye(4))
    np.testing.assert_array_equal(edge.get_array(), maps["edge"])
    assert edge.norm.vmin == -edge.norm.vmax  # negative values: 0 is mid-grey
    assert total.norm.vmin == 0
    assert "edge, kernel -1 1: from -2.00 to 1.00" in said(axes)


def test_window_counts_are_written_into_their_pixels():
    counts = np.array([[1, 2, 1], [2, 4, 2], [1, 2, 1]])
    axes = plots.window_counts({"no padding": counts})
    assert texts(axes[0]) == [str(n) for n in counts.ravel()]
    np.testing.assert_array_equal(axes[0].images[0].get_array(), counts)
    assert "no padding: corner 1, middle 4, least 1" in said(axes)


def test_weight_matrices_count_zeros_and_different_numbers():
    M = np.array([[2.0, -3.0, 0.0, 0.0], [0.0, 2.0, -3.0, 0.0]])
    axes = plots.weight_matrices({"convolution": M, "dense": M + 9})
    image = axes[0].images[0]
    np.testing.assert_array_equal(image.get_array(), M)
    assert (image.norm.vmin, image.norm.vmax) == (-3, 3)  # 0 is white
    assert axes[0].get_xlabel() == "8 entries, 50% zero,\n2 different numbers"
    assert "dense: 2 rows and 4 columns, 0% zero" in said(axes)


def test_a_descent_shows_the_error_and_kernels_on_one_scale():
    kernels = {0: np.array([[0.5, -0.25]]), 2: np.array([[1.0, -2.0]])}
    axes = plots.descent(kernels, [4.0, 2.0, 1.0])
    np.testing.assert_array_equal(axes[0].lines[0].get_ydata(), [4, 2, 1])
    np.testing.assert_array_equal(axes[0].lines[1].get_xdata(), [0, 2])
    assert {ax.images[0].norm.vmax for ax in axes[1:]} == {2}
    assert texts(axes[2]) == ["1.0", "−2.0"]
    assert said(axes).startswith("The error falls from 4 to 1 in 2 steps. The kernel at step 0:")


def test_kernels_before_and_after_training_share_one_scale():
    before = np.arange(8.0).reshape(2, 2, 2)
    axes = plots.kernel_pairs(before, 2 * before + 1)
    assert len(axes) == 4
    np.testing.assert_array_equal(axes[1].images[0].get_array(), before[1])
    np.testing.assert_array_equal(axes[2].images[0].get_array(), 2 * before[0] + 1)
    assert {ax.images[0].norm.vmax for ax in axes} == {15}
    assert "correlation of a kernel with itself before training is 1.00 or more" in said(axes)


def test_runs_and_differences_show_each_seed_and_both_intervals():
    values = {"one": [97.0, 96.0, 95.0], "two": [96.0, 96.0, 94.5]}
    points = np.subtract(values["one"], values["two"])
    these, new = mean_interval(points), mean_interval(3 * points)
    axes = plots.runs_and_differences(
        values,
        {"one − two": (points, these, new), "again": (points, these, None)},
        unit="test accuracy (%)",
        margin=0.5,
    )
    assert axes[0].get_ylabel() == "test accuracy (%)"
    np.testing.assert_array_equal(axes[1].collections[0].get_offsets()[:, 0], points)
    bars = [
        line.get_segments()[0][:, 0]
        for line in axes[1].collections
        if hasattr(line, "get_segments")
    ]
    assert len(bars) == 3  # thin and thick, and thick alone
    np.testing.assert_allclose(bars[0], [new.low, new.high])
    np.testing.assert_allclose(bars[1], [these.low, these.high])
    assert texts(axes[1])[0] == "one − two: +0.5"
    text = said(axes)
    assert "Means of test accuracy (%): one 96, two 95.5" in text
    assert text.count("for new images") == 1
