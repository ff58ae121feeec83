"""The figures of chapter 9 draw what they are given, and say it."""

import numpy as np
from reading import said, texts, title

from cnnlab import plots


def test_the_graph_has_a_box_for_each_layer_and_an_arrow_for_each_way():
    layers = [("Conv2d", (4, 8, 8), 40), ("ReLU", (4, 8, 8), 0), ("loss", (), 0)]
    ax = plots.network_graph(layers, start=(1, 8, 8))
    assert len(ax.patches) == 4
    assert [words for words in texts(ax) if words in ("image", "Conv2d", "ReLU", "loss")] == [
        "image",
        "Conv2d",
        "ReLU",
        "loss",
    ]
    assert len([words for words in ax.texts if words.get_text() == ""]) == 2 * 3
    assert "image 1×8×8, Conv2d 4×8×8 (40 weights), ReLU 4×8×8, loss one number." in said(ax)


def test_the_graph_writes_large_numbers_of_weights_in_groups():
    ax = plots.network_graph([("Linear", (10,), 12345)], start=(4,))
    assert "12\u202f345 weights" in texts(ax)


def test_a_product_shows_its_three_matrices():
    kernels, columns = np.ones((2, 9)), np.eye(9)[:, :5]
    axes = plots.patch_product(kernels, columns, kernels @ columns)
    assert [ax.images[0].get_array().shape for ax in axes] == [(2, 9), (9, 5), (2, 5)]
    assert [title(ax) for ax in axes] == ["kernels", "windows", "maps"]
    assert said(axes) == "A matrix product. kernels 2 by 9, windows 9 by 5, maps 2 by 5."


def test_widths_of_a_nudge_are_drawn_on_two_logarithmic_axes():
    widths = np.array([1e-6, 1e-3, 1.0])
    ax = plots.nudge_widths(widths, {"float64": np.array([1e-8, 1e-6, 0.5])})
    assert ax.get_xscale() == ax.get_yscale() == "log"
    assert list(ax.lines[0].get_ydata()) == [1e-8, 1e-6, 0.5]
    assert "float64: least near a width of 1e-06." in said(ax)


def test_checks_say_who_fails():
    errors = {"noise": {"conv": 1e-9, "pool": 0.0}, "a digit": {"conv": 1e-9, "pool": 0.5}}
    ax = plots.checks(errors)
    assert list(ax.lines[1].get_xdata()) == [1e-9, 0.5]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["conv", "pool"]
    assert "noise: all agree; a digit: pool fails." in said(ax)


def test_the_neat_gradient_stands_beside_its_probabilities():
    p = np.array([0.2, 0.5, 0.3])
    axes = plots.neat_gradient(p, 1, p - np.array([0, 1, 0]))
    heights = [[bar.get_height() for bar in ax.patches] for ax in axes]
    assert heights == [[0.2, 0.5, 0.3], [0.2, -0.5, 0.3]]
    assert "Class 1 is right. Probabilities 0.20 0.50 0.30; gradients +0.20 −0.50 +0.30." in said(
        axes
    )


def test_epochs_draw_loss_and_accuracies():
    axes = plots.epochs([2.0, 0.5, 0.1], {"training": [0.3, 0.9, 1.0], "test": [0.3, 0.8, 0.97]})
    assert list(axes[0].lines[0].get_ydata()) == [2.0, 0.5, 0.1]
    assert list(axes[1].lines[1].get_ydata()) == [30, 80, 97]
    assert "3 epochs of training. Loss from 2.0 to 0.1 nats" in said(axes)
    assert "training 100 %, test 97 %." in said(axes)


def test_kernels_before_and_after_share_one_scale():
    before, after = np.full((3, 2, 2), 0.1), np.full((3, 2, 2), -0.4)
    axes = plots.first_kernels(before, after)
    assert axes.shape == (2, 3)
    assert {ax.images[0].get_clim() for ax in axes.flat} == {(-0.4, 0.4)}
    assert "goes from 0.10 to 0.40." in said(axes[0, 0])


def test_mistakes_say_what_was_meant_and_what_was_said():
    axes = plots.mistakes(np.zeros((2, 8, 8)), np.array([3, 9]), np.array([8, 4]))
    assert [title(ax) for ax in axes] == ["3, not 8", "9, not 4"]
    assert said(axes) == "2 digits that were put wrong: 3 taken for 8, 9 taken for 4."


def symptoms():
    healthy = [2.3, 1.0, 0.5], {"conv": [1.0, 1.0, 1.0], "dense": [1.0, 1.0, 1.0]}
    return plots.symptoms(
        healthy,
        {
            "A": ([2.3, 2.2, 2.1], {"conv": [0.0, 0.0, 0.0], "dense": [1.0, 1.0, 1.0]}),
            "B": ([2.3, 9.0, 99.0], {"conv": [1.0, 10.0, 90.0], "dense": [1.0, 9.0, 80.0]}),
            "C": healthy,
        },
    )


def test_symptoms_draw_the_ill_over_the_healthy():
    axes = symptoms()
    assert axes.shape == (2, 3)
    assert list(axes[0, 0].lines[0].get_ydata()) == [2.3, 1.0, 0.5]
    assert list(axes[0, 0].lines[1].get_ydata()) == [2.3, 2.2, 2.1]


def test_symptoms_keep_what_is_too_large_or_zero_at_the_edge():
    axes = symptoms()
    assert list(axes[0, 1].lines[1].get_ydata()) == [2.3, 5.0, 5.0]
    assert list(axes[1, 0].lines[0].get_ydata()) == [1e-3, 1e-3, 1e-3]


def test_symptoms_are_said_in_words():
    words = said(symptoms()[0, 0])
    assert "A: loss at the end about 2, no gradient in conv;" in words
    assert "B: loss at the end about 37;" in words


def test_a_loss_above_the_axis_says_how_far_it_goes():
    axes = symptoms()
    assert texts(axes[0, 1]) == ["↑ up to 99"]
    assert texts(axes[0, 0]) == []


def test_gradients_of_any_size_stay_inside_their_axis():
    healthy = [1.0, 1.0], {"conv": [1.0, 1.0]}
    axes = plots.symptoms(healthy, {"A": ([1.0, 1.0], {"conv": [1.0, 400.0]}), "B": healthy})
    assert axes[1, 0].get_ylim()[1] > 400


def test_both_legends_stand_in_the_first_panel():
    axes = symptoms()
    assert all(ax.get_legend() for ax in axes[:, 0])
    assert not any(ax.get_legend() for ax in axes[:, 1:].flat)
