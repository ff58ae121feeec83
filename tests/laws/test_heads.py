"""Heads: counts against layers, kernels against the dense layer, sight against the windows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import seeds

from cnnlab import nn
from cnnlab.laws import heads
from cnnlab.nn import functional as F

shapes = st.tuples(st.integers(1, 5), st.integers(1, 4), st.integers(1, 4))


@given(shapes, st.integers(1, 6))
def test_the_count_is_that_of_the_layers(shape, classes):
    for head, features in (("flatten", int(np.prod(shape))), ("gap", shape[0])):
        layer = nn.Linear(features, classes)
        counted = sum(parameter.size for parameter in layer.parameters())
        assert heads.parameters(head, shape, classes) == counted


@given(shapes, st.integers(1, 3), seeds)
def test_a_convolution_with_the_kernels_is_the_dense_layer(shape, out, seed):
    rng = np.random.default_rng(seed)
    weight, maps = rng.normal(size=(out, np.prod(shape))), rng.normal(size=(2, *shape))
    scores = F.conv2d(maps, heads.kernels(weight, shape))
    assert scores.shape == (2, out, 1, 1)
    np.testing.assert_allclose(scores[:, :, 0, 0], F.flatten(maps, 1) @ weight.T, atol=1e-12)


def test_weights_for_maps_of_another_size_are_refused():
    with pytest.raises(ValueError, match=r"weight has shape \(2, 12\), needed \(2, 18\)"):
        heads.kernels(np.zeros((2, 12)), (2, 3, 3))


@given(st.integers(0, 6), st.integers(5, 40), st.sampled_from([1, 3, 5]))
def test_a_column_is_in_sight_if_one_window_shows_border_and_blob(half, side, blob):
    in_sight = set()
    for middle in range(side):  # of the window of a unit
        window = set(range(middle - half, middle + half + 1))
        if not window <= set(range(side)):
            for column in range(side):
                parts = {(column + offset) % side for offset in range(-(blob // 2), blob // 2 + 1)}
                in_sight |= {column} if parts & window else set()
    field = 2 * half + 1
    assert heads.columns_in_sight(field, side, blob) == sorted(in_sight)


def test_whoever_sees_everything_may_put_everything_right():
    assert heads.best_where_accuracy(field=33) == 1
