"""The exercises of chapter 4: cases, references and replies that are theirs alone."""

import numpy as np
import pytest

from cnnlab import nn
from cnnlab.exercises import ch04
from cnnlab.nn import functional as F


def plain(text):
    return " ".join(str(text).split())


# -- 1. place


def test_the_place_is_that_of_the_librarys_flatten():
    x = np.random.default_rng(0).permutation(24).reshape(1, 2, 3, 4)
    flat = nn.Flatten().forward(x)[0]
    for n in range(24):
        assert x[(0, *ch04._my_place(n, 2, 3, 4))] == flat[n]


def test_place_accepts_what_numpy_returns():
    def my_place(n, C, H, W):
        return np.unravel_index(n, (C, H, W))

    assert ch04.place.check(my_place).passed


# -- 2. reorder


@pytest.mark.parametrize("case", ch04._reorder_cases()[::7])
def test_a_reordered_layer_gives_the_same_scores(case):
    weight, C, H, W = case
    x = np.random.default_rng(0).standard_normal((C, H, W))
    before = weight @ x.transpose(1, 2, 0).ravel()
    np.testing.assert_allclose(ch04._my_reorder(*case) @ x.ravel(), before, atol=1e-12)


def test_reorder_accepts_an_answer_that_takes_all_pixels_as_one_axis():
    def my_reorder(weight, C, H, W):
        return weight.reshape(len(weight), H * W, C).transpose(0, 2, 1).reshape(len(weight), -1)

    assert ch04.reorder.check(my_reorder).passed


# -- 3. sliding_head


@pytest.mark.parametrize("case", ch04._slide_cases()[::9])
def test_a_sliding_head_is_the_librarys_convolution(case):
    weight, bias, x, H, W = case
    kernels = weight.reshape(len(weight), len(x), H, W)
    expected = F.conv2d(x[np.newaxis], kernels, bias)[0]
    np.testing.assert_allclose(ch04._my_sliding_head(*case), expected, atol=1e-12)


def test_the_first_cases_of_sliding_head_have_a_single_window():
    _, _, x, H, W = ch04._slide_cases()[0]
    assert x.shape[1:] == (H, W)


# -- 4. class_maps


@pytest.mark.parametrize("case", ch04._maps_cases()[::5])
def test_the_averages_of_the_class_maps_are_the_scores(case):
    weight, bias, x = case
    scores = weight @ x.mean(axis=(1, 2)) + bias
    np.testing.assert_allclose(ch04._my_class_maps(*case).mean(axis=(1, 2)), scores, atol=1e-12)


# -- 5. gap_backward


@pytest.mark.parametrize("case", ch04._gap_cases()[::7])
def test_gap_backward_needs_what_the_library_returns(case):
    grad, weight, H, W = case
    K, C = weight.shape
    rng = np.random.default_rng(0)
    head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(C, K, rng=rng))
    head[2].weight.data[...] = weight
    head.forward(rng.standard_normal((1, C, H, W)).astype(np.float32))
    expected = head.backward(grad[np.newaxis].astype(np.float32))[0]
    np.testing.assert_allclose(ch04._my_gap_backward(*case), expected, rtol=1e-5, atol=1e-6)


# -- 6. head_table


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("flatten + linear", lambda rng: nn.Linear(512 * 7 * 7, 1000, rng=rng)),
        ("gap + linear", lambda rng: nn.Linear(512, 1000, rng=rng)),
        ("1x1 conv + gap", lambda rng: nn.Conv2d(512, 1000, 1, rng=rng)),
        ("gap + linear, 14x14", lambda rng: nn.Linear(512, 1000, rng=rng)),
    ],
)
def test_the_table_counts_the_parameters_of_the_librarys_layers(name, layer):
    parameters = layer(np.random.default_rng(0)).parameters()
    assert ch04._heads()[name] == sum(p.data.size for p in parameters)


def test_a_dense_layer_has_as_many_weights_as_the_convolution_it_becomes():
    heads = ch04._heads()
    assert heads["flatten + 4096 + linear"] - heads["7x7 conv to 4096"] == 4096 * 1000 + 1000
    assert heads["7x7 conv to 4096"] == 102_764_544  # VGG-16's first dense layer


def test_two_different_mistakes_in_the_table_are_told_one_at_a_time():
    answer = ch04._heads() | {"gap + linear": 1000 * 49 + 1000, "1x1 conv + gap": 2000}
    reply = plain(ch04.head_table.check(answer))
    assert "gap + linear: That is the count if GAP averaged over the channels" in reply
    assert reply.count("right") == 5


# -- 7. where


def test_the_head_averages_and_compares_with_zero():
    channels = np.zeros((2, 2, 2))
    assert ch04.where_head(channels) == ("upper", "left")
    channels[0, 0, 0] = 1e-9
    assert ch04.where_head(channels) == ("lower", "left")


def test_the_global_averages_of_the_library_lead_to_the_same_verdict():
    for (x,) in ch04._where_cases()[::5]:
        down, right = F.adaptive_avg_pool2d(ch04._my_channels(x)[np.newaxis], 1)[0, :, 0, 0]
        truth = ("lower" if down > 0 else "upper", "right" if right > 0 else "left")
        assert truth == ch04._truth(x)


@pytest.mark.parametrize(
    "my_channels",
    [
        lambda x: 3 * ch04._my_channels(x),
        lambda x: np.sign(x) * ch04._grid(x) ** 3,
        lambda x: x * np.sign(ch04._grid(x)),
        lambda x: x * (ch04._grid(x) > 0),
    ],
    ids=["scaled", "cubed", "signs", "halves"],
)
def test_every_kind_of_channels_that_tells_where_is_accepted(my_channels):
    assert ch04.where.check(my_channels).passed


def test_channels_that_depend_on_the_brightest_pixel_of_the_image_are_refused():
    reply = plain(ch04.where.check(lambda x: ch04._my_channels(x) / x.max()))
    assert "All spots are found, but pixel" in reply


def test_a_head_that_is_misled_is_shown_with_its_averages():
    reply = plain(ch04.where.check(lambda x: np.stack([x, -x])))
    assert "The averages are 0.25 and -0.25: the head says lower left, needed upper left." in reply
    assert "0 or less means upper, and left" in reply


def test_nan_which_the_head_takes_for_upper_and_left_is_refused():
    def my_channels(x):
        channels = ch04._my_channels(x)
        return channels / (channels.mean(axis=(1, 2), keepdims=True) > 0)

    for (x,) in ch04._where_cases():
        with np.errstate(invalid="ignore", divide="ignore"):
            assert ch04.where_head(my_channels(x)) == ch04._truth(x)
    reply = plain(ch04.where.check(my_channels))
    assert "The result holds nan or inf. Is something divided by 0?" in reply


def test_a_third_channel_and_a_wrong_size_are_told():
    assert "needs two channels, and got 1." in plain(ch04.where.check(lambda x: x[np.newaxis]))
    assert "has shape (2, 1, 1), needed" in plain(ch04.where.check(lambda x: np.ones((2, 1, 1))))
