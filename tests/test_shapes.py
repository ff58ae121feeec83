"""Arithmetic of layers: by hand, against torch, and against what the layers really do."""

import re

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from cnnlab import nn, shapes

# --- output size ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "size"),
    [
        ((28, 5), 24),
        ((28, 3, 1, 1), 28),
        ((28, 2, 2), 14),
        ((7, 2, 2), 3),
        ((7, 2, 2, 0, 1, True), 4),
        ((224, 7, 2, 3), 112),
        ((7, 3, 1, 0, 3), 1),
        ((5, 5), 1),
        # two pixels wait for a window of three: rounding up, it counts
        ((2, 3, 3, 0, 1, True), 1),
        # a window that would start in the padding on the right does not count
        ((4, 2, 2, 1, 1, True), 3),
    ],
)
def test_sizes_by_hand(arguments, size):
    assert shapes.output_size(*arguments) == size


@given(
    st.integers(1, 40),
    st.integers(1, 7),
    st.integers(1, 5),
    st.integers(0, 3),
    st.integers(1, 3),
    st.booleans(),
)
def test_sizes_and_refusals_are_torchs(size, kernel, stride, padding, dilation, ceil_mode):
    assume(2 * padding <= kernel)
    try:
        theirs = torch.nn.functional.max_pool1d(
            torch.zeros(1, 1, size), kernel, stride, padding, dilation, ceil_mode
        ).shape[-1]
    except RuntimeError:
        theirs = "refused"
    try:
        ours = shapes.output_size(size, kernel, stride, padding, dilation, ceil_mode)
    except ValueError:
        ours = "refused"
    assert ours == theirs


@pytest.mark.parametrize(
    ("arguments", "kind", "words"),
    [
        ((3, 5), ValueError, "a window of 5 pixels does not fit into 3 pixels with padding 0"),
        ((3, 3, 1, 1, 3), ValueError, "a window of 7 pixels does not fit into 3 pixels with padd"),
        ((0, 1), ValueError, "size = 0, needed at least 1"),
        ((5, 0), ValueError, "kernel_size = 0, needed at least 1"),
        ((5, 2, 0), ValueError, "stride = 0, needed at least 1"),
        ((5, 2, 1, -1), ValueError, "padding = -1, needed at least 0"),
        ((5, 2, 1, 0, 0), ValueError, "dilation = 0, needed at least 1"),
        ((5, 2.5), TypeError, "kernel_size = 2.5 is a float, needed an int"),
    ],
)
def test_errors_name_what_came_and_what_is_needed(arguments, kind, words):
    with pytest.raises(kind, match=re.escape(f"output_size: {words}")):
        shapes.output_size(*arguments)


@given(st.integers(1, 9), st.integers(1, 4), st.integers(1, 30))
def test_same_padding_keeps_the_size_with_the_larger_half_after(kernel, dilation, size):
    before, after = shapes.same_padding(kernel, dilation)
    assert 0 <= after - before <= 1
    assert size + before + after - dilation * (kernel - 1) == size


# --- receptive field -----------------------------------------------------------------------------


def test_receptive_fields_by_hand():
    assert shapes.receptive_field([]) == (1, 1)
    assert shapes.receptive_field([(5, 1)]) == (5, 1)
    assert shapes.receptive_field([(3, 1), (3, 1)]) == (5, 1)
    assert shapes.receptive_field([(3, 1), (2, 2), (3, 1), (2, 2)]) == (10, 4)
    assert shapes.receptive_field([shapes.Window((3, 3), dilation=(2, 2))]) == (5, 1)


def test_each_axis_has_its_own_receptive_field_and_jump():
    assert shapes.receptive_field([((3, 9), (2, 5))]) == ((3, 9), (2, 5))
    assert shapes.receptive_field([((3, 1), 1), ((1, 3), 1)]) == (3, 1)
    tall = shapes.Window((3, 1), (2, 1), (4, 1))
    assert shapes.receptive_field([tall, (2, 1)]) == ((11, 2), (2, 1))


@given(
    st.lists(
        st.tuples(st.integers(1, 3), st.integers(1, 2), st.integers(1, 2)), min_size=1, max_size=4
    )
)
def test_the_receptive_field_is_what_a_gradient_reaches(stack):
    """Send a gradient back from two neighbouring units: how far it reaches, and how far apart."""
    layers = [nn.Conv2d(1, 1, (k, 1), (s, 1), 0, (d, 1), dtype=np.float64) for k, s, d in stack]
    for layer in layers:
        layer.weight.data[...] = 1
    model = nn.Sequential(*layers)
    y = model(np.zeros((1, 100, 1)))
    reached = []
    for unit in (0, 1):
        g = np.zeros_like(y)
        g[0, unit] = 1
        rows = np.nonzero(model.backward(g)[0, :, 0])[0]
        reached.append((rows[0], rows[-1]))
    (first, last), (next_first, _) = reached
    field, jump = shapes.receptive_field(shapes.Window(*window) for window in stack)
    assert (last - first + 1, next_first - first) == (field, jump)


def test_a_window_can_be_given_by_one_number():
    assert shapes.Window(3, 2) == shapes.Window((3, 3), (2, 2), (1, 1))


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (
            lambda: shapes.receptive_field([(0, 1)]),
            ValueError,
            "receptive_field: kernel_size = 0, ",
        ),
        (lambda: shapes.receptive_field([3]), TypeError, "receptive_field: a layer is 3, needed ("),
        (lambda: shapes.receptive_field([(3, 1, 1)]), TypeError, "a layer is (3, 1, 1), needed ("),
        (lambda: shapes.receptive_field([nn.ReLU().window]), TypeError, "Leave out layers without"),
        (lambda: shapes.Window((0, 0)), ValueError, "Window: kernel_size[0] = 0, needed at least"),
        (lambda: shapes.Window(2, (1, -1)), ValueError, "Window: stride[1] = -1, needed at least"),
        (lambda: shapes.same_padding(0), ValueError, "same_padding: kernel_size = 0, needed at le"),
        (lambda: shapes.same_padding(2.5), TypeError, "kernel_size = 2.5 is a float, needed an in"),
        (lambda: shapes.same_padding(3, 0), ValueError, "same_padding: dilation = 0, needed at le"),
    ],
)
def test_windows_of_nothing_and_other_nonsense_are_refused(call, kind, words):
    with pytest.raises(kind, match=re.escape(words)):
        call()


# --- trace ---------------------------------------------------------------------------------------


def network():
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(8, 16, 3, padding=1),
        nn.AvgPool2d(2),
        nn.Flatten(),
        nn.Linear(784, 10),
    )


def test_a_trace_by_hand():
    rows = shapes.trace(network(), (1, 28, 28))
    assert [
        (r.name, r.output_shape, r.parameters, r.macs, r.activations, r.receptive_field, r.jump)
        for r in rows
    ] == [
        ("Conv2d", (8, 28, 28), 80, 72 * 784, 6272, 3, 1),
        ("ReLU", (8, 28, 28), 0, 0, 6272, 3, 1),
        ("MaxPool2d", (8, 14, 14), 0, 0, 1568, 4, 2),
        ("Conv2d", (16, 14, 14), 1168, 1152 * 196, 3136, 8, 2),
        ("AvgPool2d", (16, 7, 7), 0, 0, 784, 10, 4),
        ("Flatten", (784,), 0, 0, 784, None, None),
        ("Linear", (10,), 7850, 7840, 10, None, None),
    ]


def test_traced_shapes_are_those_that_come_out():
    model, x = network(), np.zeros((2, 1, 28, 28), dtype=np.float32)
    for layer, row in zip(model, shapes.trace(model, (1, 28, 28)), strict=True):
        x = layer(x)
        assert x.shape == (2, *row.output_shape)


def test_the_traced_parameters_and_macs_are_those_of_the_whole():
    model = network()
    rows = shapes.trace(model, (1, 28, 28))
    assert sum(row.parameters for row in rows) == sum(p.size for p in model.parameters())
    assert sum(row.macs for row in rows) == model.macs((1, 28, 28))
    assert rows[-1].output_shape == model.output_shape((1, 28, 28))


def test_a_single_layer_is_a_network_of_one():
    (row,) = shapes.trace(nn.MaxPool2d(2), (3, 8, 8))
    assert (row.name, row.output_shape, row.receptive_field) == ("MaxPool2d", (3, 4, 4), 2)


def test_a_trace_knows_both_axes_of_a_window_that_is_not_square():
    model = nn.Sequential(nn.Conv2d(1, 2, (1, 5)), nn.MaxPool2d((3, 1)))
    first, second = shapes.trace(model, (1, 9, 9))
    assert (first.receptive_field, first.jump) == ((1, 5), 1)
    assert (second.receptive_field, second.jump) == ((3, 5), (3, 1))


@pytest.mark.parametrize(
    ("shape", "kind", "words"),
    [
        ((1, 8.0, 8), TypeError, "trace: input_shape[1] = 8.0 is a float, needed an int"),
        (("1", 8, 8), TypeError, "trace: input_shape[0] = '1' is a str, needed an int"),
        ((1, -8, 8), ValueError, "trace: input_shape[1] = -8, needed at least 1"),
        (8, TypeError, "trace: input_shape = 8 is a int, needed a tuple such as (C, H, W)"),
    ],
)
def test_a_shape_that_no_image_can_have_is_refused(shape, kind, words):
    with pytest.raises(kind, match=re.escape(words)):
        shapes.trace(nn.ReLU(), shape)


def test_the_receptive_field_is_not_lost_inside_a_nested_chain():
    block = nn.Sequential(nn.Conv2d(1, 2, 3), nn.MaxPool2d(2))
    nested = shapes.trace(nn.Sequential(block, nn.Conv2d(2, 2, 3)), (1, 12, 12))[-1]
    flat = shapes.trace(nn.Sequential(*block, nn.Conv2d(2, 2, 3)), (1, 12, 12))[-1]
    assert (nested.receptive_field, nested.jump) == (flat.receptive_field, flat.jump) == (8, 2)


def test_a_layer_that_does_not_fit_is_named():
    model = nn.Sequential(nn.MaxPool2d(2), nn.Flatten(), nn.Linear(100, 10))
    with pytest.raises(ValueError, match=r"Linear\(in_features=100.*\(16,\).*100 features"):
        shapes.trace(model, (1, 8, 8))


def test_after_adaptive_pooling_no_receptive_field_is_given():
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    seen = [row.receptive_field for row in shapes.trace(model, (1, 8, 8))]
    assert seen == [3, None, None]
