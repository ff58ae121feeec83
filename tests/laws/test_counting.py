"""The closed formulas of counting against real layers, against brute force, against shapes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlab import nn, shapes
from cnnlab.laws import counting
from cnnlab.nn import functional as F


@st.composite
def windows(draw):
    """Size, kernel, stride and padding of a window that fits."""
    kernel_size, stride = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    padding = draw(st.integers(0, 2))
    size = draw(st.integers(max(1, kernel_size - 2 * padding), 8))
    return size, kernel_size, stride, padding


@st.composite
def stacks(draw):
    """Channels, and kernel size, stride and dilation of each layer."""
    depth = draw(st.integers(1, 4))
    some = st.lists(st.integers(1, 3), min_size=depth, max_size=depth)
    channels = draw(st.lists(st.integers(1, 4), min_size=depth + 1, max_size=depth + 1))
    return channels, draw(some), draw(some), draw(some)


def network(channels, kernel_sizes, strides, dilations):
    layers = zip(channels[:-1], channels[1:], kernel_sizes, strides, dilations, strict=True)
    return nn.Sequential(
        *(nn.Conv2d(c, o, k, stride=s, padding=3, dilation=d) for c, o, k, s, d in layers)
    )


@given(stacks())
def test_the_formulas_of_a_stack_count_what_its_layers_have(case):
    channels, kernel_sizes, strides, dilations = case
    rows = shapes.trace(network(*case), (channels[0], 20, 20))
    sizes = [row.output_shape[1] for row in rows]
    parameters = sum(row.parameters for row in rows)
    assert counting.stack_parameters(channels, kernel_sizes) == parameters
    macs = sum(row.macs for row in rows)
    assert counting.stack_macs(channels, kernel_sizes, sizes) == macs
    assert counting.stack_field(kernel_sizes, strides, dilations) == rows[-1].receptive_field
    assert counting.stack_jump(strides) == rows[-1].jump


@given(stacks())
def test_the_closed_sum_is_what_the_recurrence_ends_with(case):
    _, kernel_sizes, strides, dilations = case
    layers = [
        shapes.Window(*window) for window in zip(kernel_sizes, strides, dilations, strict=True)
    ]
    field = counting.stack_field(kernel_sizes, strides, dilations)
    assert (field, counting.stack_jump(strides)) == shapes.receptive_field(layers)


@given(windows())
def test_windows_of_a_pixel_are_the_gradient_of_a_sum(case):
    size, kernel_size, stride, padding = case
    layer = nn.Conv2d(1, 1, kernel_size, stride, padding, dtype=np.float64)
    layer.weight.data[...] = 1
    y = layer(np.zeros((1, 1, size, size)))
    counted = layer.backward(np.ones_like(y))[0, 0]
    one_axis = counting.participation(size, kernel_size, stride, padding)
    np.testing.assert_array_equal(counted, np.outer(one_axis, one_axis))


@given(windows(), st.integers(1, 3), st.integers(1, 3), st.integers(0, 2**32))
def test_the_matrix_does_what_the_convolution_does(case, in_channels, out_channels, seed):
    size, kernel_size, stride, padding = case
    rng = np.random.default_rng(seed)
    weight = rng.integers(-4, 5, (out_channels, in_channels, kernel_size, kernel_size)) * 1.0
    x = rng.integers(-4, 5, (in_channels, size, size)) * 1.0
    M = counting.convolution_matrix(weight, size, padding, stride)
    y = F.conv2d(x, weight, stride=stride, padding=padding)
    np.testing.assert_array_equal(M @ x.ravel(), y.ravel())


@given(windows(), st.integers(1, 3), st.integers(1, 3))
def test_costs_are_those_of_the_matrix(case, in_channels, out_channels):
    size, kernel_size, stride, padding = case
    number = out_channels * in_channels * kernel_size**2
    weight = np.arange(1, number + 1).reshape(out_channels, in_channels, kernel_size, kernel_size)
    M = counting.convolution_matrix(weight, size, padding, stride)
    costs = counting.costs(in_channels, out_channels, size, kernel_size, stride, padding)
    assert costs["dense"].weights == M.size
    assert costs["conv"].connections == np.count_nonzero(M) == costs["local"].connections
    assert counting.share_of_zeros(M) == np.count_nonzero(M == 0) / M.size
    assert costs["conv"].weights >= counting.distinct_values(M)


def test_costs_are_those_of_real_layers():
    costs = counting.costs(3, 4, 9, kernel_size=3, stride=2, padding=1)
    places = 25
    layers = {
        "dense": nn.Linear(3 * 81, 4 * places),
        "local": nn.Conv2d(27 * places, 4 * places, 1, groups=places),
        "conv": nn.Conv2d(3, 4, 3, stride=2, padding=1),
    }
    for name, layer in layers.items():
        parameters = sum(parameter.size for parameter in layer.parameters())
        assert costs[name].parameters == parameters, name


def test_a_kernel_of_one_or_three_axes_is_refused():
    with pytest.raises(ValueError, match=r"shape \(3,\), needed \(kH, kW\)"):
        counting.convolution_matrix(np.ones(3), size=4)
