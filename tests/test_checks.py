"""The checks let through what is right and say what is wrong, with the numbers."""

import re

import numpy as np
import pytest

from cnnlab import _checks

A = np.zeros((2, 3))


@pytest.mark.parametrize("value", [3, np.int64(3), np.uint8(3)])
def test_whole_numbers_of_python_and_numpy_come_out_as_int(value):
    assert type(_checks.integer("f", "n", value, 0)) is int


@pytest.mark.parametrize(
    ("value", "pair"), [(2, (2, 2)), ((1, 2), (1, 2)), ([1, 2], (1, 2)), ((3,), (3, 3))]
)
def test_one_number_counts_for_both_axes_and_two_are_vertical_then_horizontal(value, pair):
    assert _checks.pair("f", "stride", value, 1) == pair


@pytest.mark.parametrize("value", [3, 0.5, np.float32(0.5), np.int64(3)])
def test_numbers_of_python_and_numpy_come_out_as_float(value):
    assert type(_checks.number("f", "p", value, 0)) is float


@pytest.mark.parametrize("dtype", [np.float64, float, "float64", np.dtype("d")])
def test_a_floating_type_may_be_written_in_any_way(dtype):
    assert _checks.float_type("f", dtype) == np.dtype(np.float64)


def test_a_generator_passes_as_it_is_and_a_missing_one_is_made_fresh(rng):
    assert _checks.generator("f", rng) is rng
    fresh = [_checks.generator("f", None, optional=True).random() for _ in range(2)]
    assert fresh[0] != fresh[1]


@pytest.mark.parametrize(("value", "axis"), [(0, 0), (1, 1), (-1, 1), (-2, 0)])
def test_an_axis_is_counted_from_the_front(value, axis):
    assert _checks.axis("f", "dim", value, A) == axis


def test_a_single_number_passes_for_an_array_of_one_axis():
    assert _checks.axis("f", "dim", -1, np.array(1.0)) == 0


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int8, np.uint64, bool])
def test_arrays_of_real_numbers_pass_as_they_are(dtype):
    x = A.astype(dtype)
    assert _checks.array("f", "input", x) is x


@pytest.mark.parametrize(
    ("dtype", "expected"), [(np.float32, np.float32), (np.int32, np.float64), (bool, np.float64)]
)
def test_whole_numbers_and_booleans_become_float64_where_floats_are_needed(dtype, expected):
    assert _checks.floating("f", "input", A.astype(dtype)).dtype == expected


def test_whole_numbers_take_the_dtype_of_the_other_array():
    other = A.astype(np.float32)
    assert _checks.same_dtype("f", "x", A.astype(int), "y", other).dtype == np.float32


@pytest.mark.parametrize("shape", [(1, 2, 3), (1, 1, 2, 3), (0, 1, 2, 3)])
def test_one_image_and_a_batch_pass_an_empty_one_too(shape):
    assert _checks.images("f", np.zeros(shape)).shape == shape


@pytest.mark.parametrize(
    ("dtype", "expected"), [(np.float32, np.float32), (np.int8, np.float64), (bool, np.float64)]
)
def test_a_gradient_takes_the_dtype_of_the_input_if_that_is_a_float(dtype, expected):
    assert _checks.gradient("f", A.astype(int), (2, 3), np.dtype(dtype)).dtype == expected


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (
            lambda: _checks.integer("f", "stride", 0, 1),
            ValueError,
            "f: stride = 0, needed at least 1.",
        ),
        (
            lambda: _checks.integer("f", "stride", 2.0, 1),
            TypeError,
            "f: stride = 2.0 is a float, needed an int.",
        ),
        (
            lambda: _checks.integer("f", "stride", True, 1),
            TypeError,
            "f: stride = True is a bool, needed an int.",
        ),
        (
            lambda: _checks.integer("f", "stride", "2", 1),
            TypeError,
            "f: stride = '2' is a str, needed an int.",
        ),
        (
            lambda: _checks.pair("f", "padding", (0, -1), 0),
            ValueError,
            "f: padding[1] = -1, needed at least 0.",
        ),
        (
            lambda: _checks.pair("f", "padding", (1, 2, 3), 0),
            ValueError,
            "f: padding = (1, 2, 3) has 3 entries, needed one int or a pair (vertical, "
            "horizontal).",
        ),
        (
            lambda: _checks.pair("f", "padding", (), 0),
            ValueError,
            "f: padding = () has 0 entries, needed one int or a pair (vertical, horizontal).",
        ),
        (
            lambda: _checks.array("f", "input", [1]),
            TypeError,
            "f: the input is a list, needed a NumPy array. Convert it with np.asarray(...).",
        ),
        (
            lambda: _checks.array("f", "input", np.array(["a"])),
            TypeError,
            "f: the input has dtype <U1, needed real numbers (float32, float64, an integer type "
            "or bool).",
        ),
        (
            lambda: _checks.same_dtype("f", "input", A, "weight", A.astype(np.float32)),
            TypeError,
            "f: the input is float64 and the weight float32, needed the same. Convert one of "
            "them, for example with x.astype(np.float32).",
        ),
        (
            lambda: _checks.images("f", A),
            ValueError,
            "f: the input of shape (2, 3) has 2 axes, needed 4 = (N, C, H, W) or 3 = (C, H, W). A "
            "single grey image x of shape (H, W) becomes x[None, None].",
        ),
        (
            lambda: _checks.shape("f", "bias", A, [3], " Why?"),
            ValueError,
            "f: the bias has shape (2, 3), needed (3,). Why?",
        ),
        (
            lambda: _checks.gradient("f", A, (3, 2), float),
            ValueError,
            "f: the grad_output has shape (2, 3), needed (3, 2). It is the gradient of the output.",
        ),
        (
            lambda: _checks.array("f", "input", A.astype(np.float16)),
            TypeError,
            "f: the input has dtype float16, needed real numbers (float32, float64, an integer "
            "type or bool).",
        ),
        (
            lambda: _checks.number("f", "p", "0.5"),
            TypeError,
            "f: p = '0.5' is a str, needed a number.",
        ),
        (
            lambda: _checks.number("f", "p", float("nan"), 0),
            ValueError,
            "f: p = nan, needed at least 0.",
        ),
        (
            lambda: _checks.generator("f", 7, optional=True),
            TypeError,
            "f: rng = 7 is a int, needed a numpy.random.Generator. Pass np.random.default_rng(7).",
        ),
        (
            lambda: _checks.generator("f", None),
            TypeError,
            "f: rng = None is a NoneType, needed a numpy.random.Generator. Pass "
            "np.random.default_rng(0).",
        ),
        (
            lambda: _checks.float_type("f", None),
            TypeError,
            "f: dtype = None, needed np.float32 or np.float64.",
        ),
        (
            lambda: _checks.axis("f", "dim", 2, A),
            ValueError,
            "f: dim = 2 for an input of shape (2, 3), needed a number from -2 to 1.",
        ),
        (
            lambda: _checks.sizes("f", "input_shape", "88"),
            TypeError,
            "f: input_shape = '88' is a str, needed a tuple such as (C, H, W).",
        ),
        (
            lambda: _checks.image_shape("f", (1, 0, 8)),
            ValueError,
            "f: input_shape[1] = 0, needed at least 1.",
        ),
        (
            lambda: _checks.image_shape("f", (8, 8)),
            ValueError,
            "f: the shape (8, 8) of one input has 2 entries, needed 3 = (C, H, W), without the "
            "batch axis.",
        ),
    ],
)
def test_messages_say_who_what_came_and_what_is_needed(call, kind, message):
    with pytest.raises(kind, match="^" + re.escape(message) + "$"):
        call()


def test_an_image_without_pixels_is_refused_with_its_shape():
    with pytest.raises(ValueError, match=re.escape("(1, 3, 0, 5)")):
        _checks.images("f", np.zeros((1, 3, 0, 5)))
