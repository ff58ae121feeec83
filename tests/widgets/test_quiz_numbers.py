"""Every number in the quizzes, computed."""

import math

import numpy as np
import pytest

from cnnlab import nn, shapes, statistics
from cnnlab.claims.numbers import VGG16, count
from cnnlab.gradcheck import numerical_gradient
from cnnlab.laws import counting, dropout, pooling
from cnnlab.nn import functional as F
from cnnlab.widgets.quiz import load_quiz


def options(name):
    """Options of the question ``quiz/id`` by their text, and the text of the right one."""
    quiz, _, question_id = name.partition("/")
    (question,) = (q for q in load_quiz(quiz).questions if q.id == question_id)
    (right,) = (option.text for option in question.options if option.right)
    return {option.text: option.feedback for option in question.options}, right


def weights(kernel_size, shape):
    """Number of weights of a convolution from 3 maps to 8 without bias, and its output shape."""
    layer = nn.Conv2d(3, 8, kernel_size, padding=kernel_size // 2, bias=False)
    return layer.weight.data.size, layer(np.zeros((1, 3, *shape), np.float32)).shape


def test_the_output_side_and_what_leads_to_the_other_answers():
    found = {
        "12": shapes.output_size(28, 5, stride=2),
        "14": shapes.output_size(28, 5, stride=2, padding=2),
        "24": shapes.output_size(28, 5, stride=1),
        "11": (28 - 5) // 2,
    }
    answers, right = options("01-convolution/output-side")
    assert {text: str(number) for text, number in found.items()} == {text: text for text in answers}
    assert right == "12"
    starts = list(range(1, 28 - 5 + 2, 2))
    assert (starts[-1], len(starts), starts[-1] + 4) == (23, 12, 27)


def test_the_weights_of_a_convolution_and_what_leads_to_the_other_answers():
    answers, right = options("01-convolution/weights")
    number, shape = weights(3, (28, 28))
    assert (str(number), shape) == (right, (1, 8, 28, 28))
    assert list(answers) == [str(weights(1, (28, 28))[0]), str(8 * 9), right, "169 344"]
    assert number * 28 * 28 == 169344


def test_a_dense_layer_between_two_maps_has_the_weights_told():
    answers, _ = options("01-convolution/which-represents-more")
    assert (28 * 28) ** 2 == 614656
    assert "614 656" in answers["Both the same, since the shapes are equal"]


def test_the_share_that_a_pool_removes():
    assert F.max_pool2d(np.zeros((1, 1, 8, 8)), 2).size / 64 == 1 - 3 / 4
    assert options("02-why-pool/share-removed")[1] == "Three quarters of them"


def test_the_receptive_field_behind_a_pool():
    assert options("02-why-pool/receptive-field")[1] == str(counting.stack_field([3, 2], [1, 2]))


def test_the_pool_of_a_map_of_odd_size():
    assert F.max_pool2d(np.zeros((1, 1, 7, 7)), 2).shape == (1, 1, 3, 3)
    assert F.max_pool2d(np.zeros((1, 1, 7, 7)), 2, ceil_mode=True).shape == (1, 1, 4, 4)


def test_the_example_for_the_order_of_relu_and_average():
    x = np.array([[[[-4.0, 0.0], [0.0, 4.0]]]])
    relu = nn.ReLU()
    assert (F.avg_pool2d(relu(x), 2).item(), relu(F.avg_pool2d(x, 2)).item()) == (1, 0)


def test_the_contrast_of_a_pixel_and_of_a_line_after_an_average():
    assert pooling.contrast(1, 4, "avg", "light") == 1 / 4
    assert pooling.contrast(2, 4, "avg", "light") == 1 / 2


def test_the_spread_of_the_two_densities_and_the_chance_of_no_dot():
    answers, right = options("03-max-or-average/two-densities")
    spreads = [math.sqrt(rate * (1 - rate) / 49) for rate in (0.2, 0.4)]
    assert "of {:.2f} and {:.2f}".format(*spreads) in answers[right]
    assert 0.8**49 < 0.0001
    rules = {
        rule: pooling.density_discriminability(rule, 49, (0.2, 0.4)) for rule in ("max", "avg")
    }
    assert rules["avg"] > 3
    assert rules["max"] < 0.01


def test_the_well_known_bug_hands_on_twice_as_much():
    x = np.array([3.0, 3.0, 1.0, 0.0])
    assert (1.0 * (x == x.max())).sum() == 2


def test_the_numbers_of_a_global_average_and_of_other_readings_of_it():
    block = np.ones((1, 64, 7, 7))
    answers, right = options("04-flatten/numbers-of-a-global-average")
    assert right == str(nn.AdaptiveAvgPool2d(1)(block).size)
    assert list(answers) == [
        "1",
        str(block.mean(axis=1).size),
        right,
        str(nn.Flatten()(block).size),
    ]


def test_a_shift_by_eight_is_a_shift_by_two_behind_two_pools(rng):
    network = nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(4, 4, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
    )
    x = np.zeros((1, 1, 64, 64), np.float32)
    x[..., 24:32, 20:28] = rng.random((8, 8))
    before, after = network(x), network(np.roll(x, 8, axis=-1))
    np.testing.assert_allclose(after[..., 2:14, 4:14], before[..., 2:14, 2:12], atol=1e-6)
    assert abs(after - before).max() > 0.01


def test_the_mean_of_four_errors_has_half_the_spread(rng):
    assert rng.normal(size=(100_000, 4)).mean(axis=1).std() == pytest.approx(1 / 2, rel=0.01)


def test_averages_of_8x8_pixels_leave_four_numbers():
    assert F.avg_pool2d(np.zeros((1, 1, 16, 16)), 8).size == 4


def test_what_dropout_makes_of_a_two(rng):
    layer = nn.Dropout(0.5, rng=rng)
    assert set(np.unique(layer(np.full(1000, 2.0)))) == {0.0, 4.0}
    layer.eval()
    assert set(layer(np.full(1000, 2.0))) == {2.0}
    assert options("07-dropout/training-mode")[1] == "0 or 4"


def test_the_mean_maximum_of_two_twos_under_dropout():
    answers, right = options("07-dropout/behind-the-pool")
    assert f"is {dropout.expected_max(np.array([2.0, 2.0]), 0.5).item():.0f}." in answers[right]
    assert 1 - 0.5**2 == 3 / 4


def test_two_pools_more_or_less_are_sixteen_times_the_weights_and_five_or_eight_pixels():
    bare = [("conv", 8, 3, 1, 1), ("conv", 8, 3, 1, 1), ("dense", 10)]
    pooled = [bare[0], ("pool", 0, 2, 2, 0), bare[1], ("pool", 0, 2, 2, 0), bare[2]]
    heads = [count(layers, 1, 28).first_dense_weights for layers in (bare, pooled)]
    assert heads[0] == 16 * heads[1]
    fields = counting.stack_field([3, 3]), counting.stack_field([3, 2, 3], [1, 2, 1])
    assert fields == (5, 8)
    answers, _ = options("08-do-we-need-pooling/what-else-changed")
    assert "5 pixels a side, where it was 8" in answers["The kernels are larger now"]


@pytest.mark.parametrize("direction", ["greater", "less", "equal"])
def test_the_interval_decides_nothing(direction):
    found = statistics.Interval(0.2, -0.6, 1.0, n=10)
    assert statistics.decide(found, 0.5, direction) == "undecided"
    assert options("08-do-we-need-pooling/what-the-interval-says")[1] == "Undecided"


def test_a_strided_convolution_visits_a_quarter_of_the_places():
    assert shapes.output_size(28, 3, 2, 1) ** 2 * 4 == shapes.output_size(28, 3, 1, 1) ** 2


@pytest.mark.parametrize("pool", [nn.MaxPool2d(2), nn.AvgPool2d(2)])
def test_a_patch_in_the_corner_comes_through_both_pools(pool):
    x = np.zeros((1, 1, 16, 16))
    x[..., :4, :4] = 1
    expected = np.zeros((8, 8))
    expected[:2, :2] = 1
    np.testing.assert_array_equal(pool(x)[0, 0], expected)


def test_at_a_tie_the_difference_is_a_half_and_the_backward_pass_gives_one_or_zero():
    x, pool = np.full((1, 1, 2, 2), 3.0), nn.MaxPool2d(2)
    x[..., 1, :] = 0.0
    slopes = numerical_gradient(lambda: float(pool(x).sum()), x)
    np.testing.assert_allclose(slopes[0, 0], [[0.5, 0.5], [0, 0]], atol=1e-6)
    pool(x)
    np.testing.assert_array_equal(pool.backward(np.ones((1, 1, 1, 1)))[0, 0], [[1, 0], [0, 0]])


def test_the_loss_of_guessing_among_ten():
    loss = nn.CrossEntropyLoss()
    assert round(float(loss(np.zeros((4, 10)), np.arange(4))), 3) == round(math.log(10), 3) == 2.303


def test_one_millisecond_would_be_more_than_ten_to_the_sixteen_a_second():
    vgg = count(VGG16, 3, 224)
    answers, _ = options("10-torch-and-gpu/one-millisecond")
    assert f"{vgg.macs / 1e9:.1f} billion" in answers["GPUs are that fast"]
    assert f"{vgg.parameters / 1e6:.0f} million" in answers["The network is small"]
    assert 256 * 3 * vgg.macs / 1e-3 > 1e16


def test_the_two_scores_are_different_numbers_in_float32_and_agree_in_six_digits():
    cpu, gpu = np.float32(3.141593), np.float32(3.141591)
    assert cpu != gpu
    assert f"{cpu:.5f}" == f"{gpu:.5f}"
