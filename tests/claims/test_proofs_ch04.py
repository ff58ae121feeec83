"""Proofs of chapter 4: what flatten and global average do, for any weights.

The last ones belong to chapter 6: can a network be too sure of what images are like to fit even its
training images, and who notices that pixels have changed places?
"""

import itertools

import numpy as np
import pytest

from cnnlab import nn, shapes
from cnnlab.claims.numbers import LENET5, VGG16
from cnnlab.experiments.catalogue.where import BINS, SIDE, blobs, on_a_ring
from cnnlab.experiments.networks import n3
from cnnlab.laws import heads
from cnnlab.nn import functional as F


def whole_numbers(rng, shape):
    """Numbers whose sums are exact in any order."""
    return rng.integers(-4, 5, size=shape).astype(np.float64)


# --- flatten-is-a-reshape ------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 4, 5), (16, 7, 7)])
def test_flatten_keeps_every_value_and_can_be_undone(rng, shape):
    x = rng.standard_normal((2, *shape))
    flat = nn.Flatten()
    y = flat(x)
    assert y.shape == (2, np.prod(shape))
    np.testing.assert_array_equal(y.reshape(x.shape), x)
    np.testing.assert_array_equal(flat.backward(y), x)  # the way back is the same reshape


def test_flatten_has_nothing_to_learn():
    assert list(nn.Flatten().parameters()) == []


def test_a_dense_layer_after_a_flatten_is_a_convolution_as_large_as_the_map(rng):
    shape = (4, 5, 6)
    dense = nn.Linear(4 * 5 * 6, 3, rng=rng, dtype=np.float64)
    maps = rng.standard_normal((2, *shape))
    weight = heads.kernels(dense.weight.data, shape)
    scores = F.conv2d(maps, weight, dense.bias.data)
    np.testing.assert_allclose(scores[:, :, 0, 0], dense(F.flatten(maps, 1)), atol=1e-12)
    larger = rng.standard_normal((1, 4, 7, 9))  # there it is the dense layer at every place
    slid = F.conv2d(larger, weight, dense.bias.data)
    for i, j in np.ndindex(3, 4):
        window = larger[:, :, i : i + 5, j : j + 6]
        np.testing.assert_allclose(slid[:, :, i, j], dense(F.flatten(window, 1)), atol=1e-12)


def test_a_fixed_order_of_the_features_is_an_order_of_the_weights(rng):
    dense = nn.Linear(24, 5, rng=rng, dtype=np.float64)
    features, order = whole_numbers(rng, (3, 24)), rng.permutation(24)
    dense.weight.data[...] = whole_numbers(rng, (5, 24))
    expected = dense(features)
    dense.weight.data[...] = dense.weight.data[:, order]
    np.testing.assert_array_equal(dense(features[:, order]), expected)


# --- flatten-vs-global-average -------------------------------------------------------------------


def ring_with_average(down, rng):
    """The network of the experiment, without a border, in whole numbers."""
    model = on_a_ring(n3(down, SIDE, classes=BINS, head="gap", rng=rng))
    for parameter in model.parameters():
        parameter.data = whole_numbers(rng, parameter.shape)
    return model


def test_without_border_and_stride_an_average_gives_every_place_the_same_scores(rng):
    model, x = ring_with_average("none", rng), whole_numbers(rng, (1, 1, SIDE, SIDE))
    expected = model(x)
    for dy, dx in [(0, 1), (3, 0), (-5, 16), (7, 31)]:
        np.testing.assert_array_equal(model(np.roll(x, (dy, dx), axis=(-2, -1))), expected)


def test_with_two_pools_the_place_within_four_pixels_shows_and_no_more(rng):
    model, x = ring_with_average("max", rng), whole_numbers(rng, (1, 1, SIDE, SIDE))
    scores = [model(np.roll(x, dx, axis=-1)) for dx in range(12)]
    for dx in range(8):
        np.testing.assert_array_equal(scores[dx], scores[dx + 4])
    for first, second in itertools.combinations(scores[:4], 2):
        assert (first != second).any()


def test_a_border_of_zeros_shows_the_place_to_an_average(rng):
    for down, field in (("none", 7), ("max", 18)):
        model = n3(down, SIDE, classes=BINS, head="gap", rng=rng)
        assert shapes.trace(model, (1, SIDE, SIDE))[-4].receptive_field == field
        x = np.zeros((1, 1, SIDE, SIDE), dtype=np.float32)
        x[..., 12:15, 0:3] = 1
        assert np.abs(model(np.roll(x, 8, axis=-1)) - model(x)).max() > 1e-3


def test_with_stride_one_the_border_is_seen_from_no_further_than_the_receptive_field(rng):
    model = n3("none", SIDE, classes=BINS, head="gap", rng=rng)
    for parameter in model.parameters():
        parameter.data = whole_numbers(rng, parameter.shape)
    field = shapes.receptive_field([(3, 1)] * 3)[0]
    in_sight = heads.columns_in_sight(field)
    assert in_sight == [*range(7), *range(25, 32)]
    x = np.zeros((1, 1, SIDE, SIDE))
    x[..., 12:15, :3] = 1  # its middle in column 1
    scores = [model(np.roll(x, column - 1, axis=-1)) for column in range(SIDE)]
    for column in set(range(SIDE)) - set(in_sight):
        np.testing.assert_array_equal(scores[column], scores[SIDE // 2])
    assert heads.best_where_accuracy(field) == 22 / 32


# --- dense-layer-before-output -------------------------------------------------------------------


@pytest.mark.parametrize("network", [LENET5, VGG16])
def test_before_the_output_of_lenet_and_vgg_stands_a_dense_layer(network):
    assert [layer[0] for layer in network[-2:]] == ["dense", "dense"]


def test_a_network_may_go_from_the_average_straight_to_the_output(rng):
    rows = shapes.trace(n3("max", 28, head="gap", rng=rng), (1, 28, 28))
    assert [row.name for row in rows[-3:]] == ["AdaptiveAvgPool2d", "Flatten", "Linear"]
    assert [row.name for row in rows].count("Linear") == 1  # the output layer itself


def test_a_classifier_needs_no_dense_layer_at_all(rng):
    maps = nn.Sequential(nn.Conv2d(1, 8, 3, rng=rng), nn.ReLU(), nn.Conv2d(8, 10, 1, rng=rng))
    model = nn.Sequential(maps, nn.AdaptiveAvgPool2d(1), nn.Flatten())
    assert model.output_shape((1, 28, 28)) == (10,)
    assert not any(isinstance(layer, nn.Linear) for layer in model.modules())


def test_a_pointwise_convolution_and_the_global_average_may_be_exchanged(rng):
    pointwise = nn.Conv2d(6, 10, 1, rng=rng, dtype=np.float64)
    dense = nn.Linear(6, 10, rng=rng, dtype=np.float64)
    dense.weight.data[...] = pointwise.weight.data[:, :, 0, 0]
    dense.bias.data[...] = pointwise.bias.data
    average = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
    x = rng.standard_normal((3, 6, 5, 7))
    np.testing.assert_allclose(average(pointwise(x)), dense(average(x)), atol=1e-12)


# --- prior-causes-underfitting -------------------------------------------------------------------


def test_on_a_ring_an_average_puts_at_most_a_quarter_of_the_places_right(rng):
    x = np.zeros((1, 1, SIDE, SIDE))
    x[..., 12:15, :3] = 1
    everywhere = np.concatenate([np.roll(x, column - 1, axis=-1) for column in range(SIDE)])
    classes = np.arange(SIDE) * BINS // SIDE
    for down in ("max", "none"):
        answers = ring_with_average(down, rng)(everywhere).argmax(axis=1)
        assert np.mean(answers == classes) == 1 / BINS


def test_one_dense_layer_puts_every_place_right(rng):
    x, y, _ = blobs(500, noise=0, rng=rng)
    weight = np.zeros((BINS, 1, SIDE, SIDE))
    for part, columns in enumerate(np.split(np.arange(SIDE), BINS)):
        weight[part, ..., columns] = 1  # count what is bright in this part of the width
    scores = F.linear(F.flatten(x, 1), F.flatten(weight, 1).astype(np.float32))
    np.testing.assert_array_equal(scores.argmax(axis=1), y)


def test_a_pool_that_comes_first_makes_both_phases_of_fine_stripes_one_image():
    stripes = np.zeros((2, 1, 16, 16))
    stripes[0, ..., 0::2] = stripes[1, ..., 1::2] = 1
    for pool in (nn.MaxPool2d(2), nn.AvgPool2d(2)):
        first, second = pool(stripes)
        np.testing.assert_array_equal(first, second)  # whatever comes after: one image, two classes
    scores = F.linear(F.flatten(stripes, 1), F.flatten(stripes, 1))
    np.testing.assert_array_equal(scores.argmax(axis=1), [0, 1])  # two templates tell them apart


# --- compare-only-with-conv ----------------------------------------------------------------------


def test_distances_and_dense_layers_do_not_notice_the_order_of_the_pixels(rng):
    images, order = whole_numbers(rng, (6, 64)), rng.permutation(64)
    shuffled = images[:, order]

    def distances(x):
        return ((x[:, None] - x[None]) ** 2).sum(axis=-1)

    np.testing.assert_array_equal(distances(shuffled), distances(images))
    weight = whole_numbers(rng, (5, 64))
    scores = F.linear(images, weight)
    np.testing.assert_array_equal(F.linear(shuffled, weight[:, order]), scores)
