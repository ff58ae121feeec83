"""The where-task and the order of a flatten: images, arms and what is equal between them."""

import numpy as np
import pytest

from cnnlab import experiments, nn
from cnnlab.experiments.catalogue import flatten_order, where
from cnnlab.experiments.catalogue.where import BINS, SIDE, blobs, build, on_a_ring
from cnnlab.experiments.networks import n3
from cnnlab.nn import functional as F

FULL = experiments.get("where").full


def network(arm):
    return build(arm, FULL, np.random.default_rng(0))


def parameters(model):
    return [parameter.data for parameter in model.parameters()]


# --- the images ----------------------------------------------------------------------------------


def test_each_image_shows_one_blob_around_its_column(rng):
    x, _, column = blobs(200, FULL["noise"], rng)
    assert x.shape == (200, 1, SIDE, SIDE)
    assert x.dtype == np.float32
    bright = x == 1
    assert (bright.sum(axis=(1, 2, 3)) == 9).all()
    assert x[~bright].max() < FULL["noise"]
    for image, middle in zip(bright, column, strict=True):
        lit = set(np.flatnonzero(image.any(axis=(0, 1))))
        assert lit == {(middle - 1) % SIDE, middle, (middle + 1) % SIDE}


def test_the_class_is_the_quarter_of_the_width(rng):
    _, y, column = blobs(500, 0.2, rng)
    np.testing.assert_array_equal(y, column // 8)
    assert set(y) == set(range(BINS))


def test_every_remainder_of_a_division_by_four_comes_equally_often_in_every_class():
    columns = np.arange(SIDE)
    counts = np.zeros((BINS, 4))
    np.add.at(counts, (columns * BINS // SIDE, columns % 4), 1)
    assert (counts == counts[0, 0]).all()


def test_blobs_lie_in_every_row_and_column_and_wrap_around(rng):
    x, *_ = blobs(2000, 0.0, rng)
    assert (x.sum(axis=0) > 0).all()
    assert ((x[:, 0, :, 0] == 1) & (x[:, 0, :, -1] == 1)).any()


# --- the arms ------------------------------------------------------------------------------------


@pytest.mark.parametrize("arm", where.ARMS)
def test_an_arm_has_the_border_it_says(arm):
    layers = [type(layer).__name__ for layer in network(arm)]
    convolutions = [layer for layer in network(arm) if isinstance(layer, nn.Conv2d)]
    circular = where.ARMS[arm][1] == "circular"
    assert layers.count("CircularPad2d") == (3 if circular else 0)
    assert {layer.padding for layer in convolutions} == {(0, 0) if circular else (1, 1)}


@pytest.mark.parametrize("arm", where.ARMS)
def test_only_the_pools_have_a_stride(arm):
    layers = list(network(arm))
    pools = [layer.stride for layer in layers if isinstance(layer, nn.MaxPool2d)]
    assert pools == ([] if where.ARMS[arm][2] == "none" else [(2, 2), (2, 2)])
    assert {layer.stride for layer in layers if isinstance(layer, nn.Conv2d)} == {(1, 1)}


@pytest.mark.parametrize("head", ["flatten", "gap"])
def test_both_borders_start_from_the_same_weights(head):
    for zero, circular in zip(
        parameters(network(f"{head}_zero")), parameters(network(f"{head}_circular")), strict=True
    ):
        np.testing.assert_array_equal(zero, circular)


def test_on_a_ring_only_the_border_changes_what_comes_out(rng):
    model = n3("none", SIDE, rng=rng)[0]
    x = rng.random((1, 1, SIDE, SIDE), dtype=np.float32)
    zero, circular = model(x), on_a_ring(nn.Sequential(model))(x)
    inside = np.s_[..., 1:-1, 1:-1]
    np.testing.assert_allclose(circular[inside], zero[inside], rtol=1e-5, atol=1e-6)
    assert np.abs(circular[..., 0] - zero[..., 0]).max() > 1e-3


def test_accuracy_by_column_averages_to_the_accuracy():
    row = where.run("flatten_zero", 0, {**experiments.get("where").quick, "test": 2000})
    assert len(row["accuracy_by_column"]) == SIDE
    assert np.mean(row["accuracy_by_column"]) == pytest.approx(row["test_accuracy"], abs=0.02)


# --- the order of a flatten ----------------------------------------------------------------------


def test_reordered_weights_read_reordered_features(rng):
    features, order = rng.standard_normal((3, 24)), rng.permutation(24)
    model = nn.Sequential(nn.Flatten(), nn.Linear(24, 5, rng=rng, dtype=np.float64))
    expected = model(features[:, order])
    flatten_order.reorder(model, order)
    np.testing.assert_allclose(model(features), expected, atol=1e-12)


def test_position_by_position_is_the_flatten_of_channels_last(rng):
    maps = rng.standard_normal((2, 3, 4, 5))
    order = flatten_order.position_by_position((3, 4, 5))
    channels_last = F.flatten(np.moveaxis(maps, 1, -1), 1)
    np.testing.assert_array_equal(F.flatten(maps, 1)[:, order], channels_last)


def test_an_order_is_undone_before_another_one_is_tried(rng):
    trained, other = rng.permutation(24), flatten_order.position_by_position((2, 3, 4))
    features = rng.standard_normal((3, 24))
    model = nn.Sequential(nn.Flatten(), nn.Linear(24, 5, rng=rng, dtype=np.float64))
    expected = model(features[:, other])
    flatten_order.reorder(model, trained)
    flatten_order.reorder(model, other[np.argsort(trained)])
    np.testing.assert_allclose(model(features), expected, atol=1e-12)
