"""Proofs of chapter 8: what a strided convolution can be, and what a pool cannot hand on."""

import numpy as np
import pytest

from cnnlab import experiments, nn, shapes
from cnnlab.experiments import removals
from cnnlab.experiments.catalogue.lost_detail import SIDE
from cnnlab.experiments.catalogue.strided_digits import average_kernels
from cnnlab.laws import detail

POOLS = pytest.mark.parametrize("pool", [nn.MaxPool2d(2), nn.AvgPool2d(2)], ids=["max", "avg"])


def dots():
    """Give one image for each place of a single bright pixel, and the columns."""
    images = np.eye(SIDE * SIDE, dtype=np.float32).reshape(-1, 1, SIDE, SIDE)
    return images, np.arange(SIDE * SIDE) % SIDE


def test_a_strided_convolution_can_be_average_pooling(rng):
    maps = nn.ReLU()(rng.normal(size=(4, 6, 10, 10)).astype(np.float32))
    convolution = nn.Conv2d(6, 6, 2, stride=2, rng=rng, dtype=np.float32)
    convolution.weight.data[...] = average_kernels(6)
    convolution.bias.data[...] = 0
    result = nn.ReLU()(convolution(maps))
    np.testing.assert_allclose(result, nn.AvgPool2d(2)(maps), rtol=1e-6, atol=1e-6)


@POOLS
def test_behind_a_pool_both_directions_of_stripes_are_one_image(pool):
    upright = np.tile([1.0, 0.0], (1, 1, SIDE, SIDE // 2))
    level = upright.transpose(0, 1, 3, 2)
    assert not np.array_equal(upright, level)
    for one in (upright, 1 - upright):
        for other in (level, 1 - level):
            np.testing.assert_array_equal(pool(one), pool(other))


@pytest.mark.parametrize("side", [2, 4, 8])
def test_behind_a_pool_the_column_is_known_to_a_quarter_window(side):
    images, columns = dots()
    pooled = nn.MaxPool2d(side)(images).reshape(len(images), -1)
    _, seen = np.unique(pooled, axis=0, return_inverse=True)
    errors = np.empty(len(columns))
    for kind in np.unique(seen):  # the median is the best answer to images that look alike
        alike = columns[seen.ravel() == kind]
        errors[seen.ravel() == kind] = np.abs(alike - np.median(alike))
    assert np.mean(errors) == detail.column_error(side) == side / 4


def test_a_convolution_before_the_pool_keeps_the_exact_column(rng):
    images, columns = dots()
    convolution = nn.Conv2d(1, 2, 3, padding=1, bias=False, rng=rng, dtype=np.float32)
    convolution.weight.data[...] = 0
    convolution.weight.data[0, 0, 1, 1] = 1  # the image as it is
    convolution.weight.data[1, 0, 1, 0] = 1  # the image moved one pixel to the right
    pooled = nn.MaxPool2d(2)(convolution(images)).max(axis=2)  # (N, 2, SIDE // 2): columns alone
    here = pooled[:, 0].argmax(axis=1)
    moved = np.where(pooled[:, 1].any(axis=1), pooled[:, 1].argmax(axis=1), SIDE // 2)
    np.testing.assert_array_equal(here + moved, columns)


def counted(arm):
    settings = experiments.get("removals_centred").full
    model = removals.build(arm, 28, 1, settings, np.random.default_rng(0))
    layers = shapes.trace(model, (1, 28, 28))
    return sum(layer.macs for layer in layers), sum(layer.parameters for layer in layers)


def test_a_stride_moved_into_the_convolution_takes_fewer_multiplications():
    macs, parameters = counted("stride")
    assert macs < counted("max")[0]
    assert parameters == counted("max")[1]


def test_a_new_convolution_in_the_pools_place_takes_more_multiplications_and_parameters():
    macs, parameters = counted("convstride")
    assert macs > counted("max")[0]
    assert parameters > counted("max")[1]
