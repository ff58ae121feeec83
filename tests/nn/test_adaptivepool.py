"""Adaptive pooling: by hand, against its definition, against differences, torch, and its errors."""

import re

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from parity import (
    assert_like_torch,
    shape_or_refusal,
    tolerance,
    torch_gradients,
    torch_shape_or_refusal,
)
from strategies import Case, dtypes, seeds, spoilt, sprinkle, whole_numbers_like

from cnnlab import nn
from cnnlab.gradcheck import check_gradients
from cnnlab.nn import functional as F
from cnnlab.nn.adaptivepool import (
    adaptive_avg_pool2d_backward,
    adaptive_max_pool2d_backward,
    spans,
)

X = np.array([[[1, 3, 2, 0], [4, 2, 1, 5], [0, 1, 9, 2], [7, 6, 3, 8]]])
SPECIAL = [-np.inf, np.nan, np.inf]


@st.composite
def adaptive_poolings(draw):
    """Images, and a size: an int, a pair, None, 0, more than there is, or one that divides."""
    lead = (*draw(st.sampled_from([(), (0,), (1,), (3,)])), draw(st.integers(1, 2)))
    sizes = draw(st.tuples(st.integers(1, 9), st.integers(1, 9)))
    one = st.one_of(st.integers(0, 10), st.none(), st.sampled_from([1, 2, 3]))
    pair = draw(st.tuples(one, one))
    output_size = draw(st.sampled_from([pair, list(pair), pair[0] or 1]))
    return Case((*lead, *sizes), (output_size,), draw(seeds))


def by_definition(x, output_size, reduce):
    """Look at each window as a whole: its rows times its columns."""
    wanted = output_size if isinstance(output_size, tuple | list) else [output_size] * 2
    sizes = [n if size is None else size for n, size in zip(x.shape[-2:], wanted, strict=True)]
    y = np.empty((*x.shape[:-2], *sizes))
    for i, rows in enumerate(spans(x.shape[-2], sizes[0])):
        for j, columns in enumerate(spans(x.shape[-1], sizes[1])):
            y[..., i, j] = reduce(x[..., rows, columns], axis=(-2, -1))
    return y


# --- by hand -------------------------------------------------------------------------------------


def test_windows_that_do_not_divide_the_axis_overlap():
    assert spans(5, 3) == [slice(0, 2), slice(1, 4), slice(3, 5)]


def test_more_windows_than_pixels_look_at_some_pixels_twice():
    assert spans(2, 3) == [slice(0, 1), slice(0, 2), slice(1, 2)]


@pytest.mark.parametrize(("size", "positions"), [(n, o) for n in range(1, 9) for o in range(1, 9)])
def test_windows_leave_no_pixel_out_and_are_never_empty(size, positions):
    found = spans(size, positions)
    assert set().union(*(range(s.start, s.stop) for s in found)) == set(range(size))
    assert all(s.start < s.stop for s in found)


def test_size_one_is_global_pooling():
    np.testing.assert_array_equal(F.adaptive_avg_pool2d(X, 1), [[[54 / 16]]])
    np.testing.assert_array_equal(F.adaptive_max_pool2d(X, 1), [[[9]]])


def test_windows_that_overlap_by_hand():
    # rows 0-1, 1-2, 2-3 of columns 0-3
    np.testing.assert_array_equal(F.adaptive_max_pool2d(X, (3, 1)), [[[5], [9], [9]]])
    y = F.adaptive_avg_pool2d(X, (3, 1))
    np.testing.assert_array_equal(y, [[[18 / 8], [24 / 8], [36 / 8]]])


def test_none_keeps_the_size_of_the_input():
    np.testing.assert_array_equal(F.adaptive_max_pool2d(X, (None, 1)), [[[3], [5], [9], [8]]])
    np.testing.assert_array_equal(F.adaptive_avg_pool2d(X, (None, None)), X)


@pytest.mark.parametrize("output_size", [1, (3, 1)])
def test_the_largest_of_negative_numbers_is_negative(output_size):
    assert F.adaptive_max_pool2d(-X - 1, output_size).max() < 0


def test_overlapping_windows_add_their_shares():
    g = np.array([[[8.0], [16.0], [24.0]]])
    grad = adaptive_avg_pool2d_backward(g, X, (3, 1))
    np.testing.assert_array_equal(grad, np.repeat([[[1], [3], [5], [3]]], 4, axis=-1))


def test_who_wins_several_windows_gets_the_sum():
    grad = adaptive_max_pool2d_backward(np.array([[[1.0], [10.0], [100.0]]]), X, (3, 1))
    assert grad[0, 1, 3] == 1
    assert grad[0, 2, 2] == 110
    assert grad.sum() == 111


@pytest.mark.parametrize("output_size", [1, 3])
def test_whole_numbers_keep_their_type_for_max_and_become_float64_for_the_mean(output_size):
    x = np.full((1, 4, 4), 255, dtype=np.uint8)
    assert F.adaptive_max_pool2d(x, output_size).dtype == np.uint8
    y = F.adaptive_avg_pool2d(x, output_size)
    assert y.dtype == np.float64
    np.testing.assert_array_equal(y, 255)


@pytest.mark.parametrize("output_size", [1, 3])
def test_the_layer_hands_out_indices_and_sends_gradients_back_to_them(output_size):
    x = X.astype(float)
    layer = nn.AdaptiveMaxPool2d(output_size, return_indices=True)
    y, indices = layer(x)
    np.testing.assert_array_equal(y, x.reshape(1, -1)[0, indices])
    g = 1 + np.arange(y.size, dtype=float).reshape(y.shape)
    expected = np.bincount(indices.ravel(), g.ravel(), minlength=16).reshape(x.shape)
    y[...], indices[...] = -1, 0  # theirs to write into
    np.testing.assert_array_equal(layer.backward(g), expected)


# --- twins ---------------------------------------------------------------------------------------


@given(adaptive_poolings())
def test_one_axis_after_the_other_is_the_whole_window(case):
    x = case.integers()
    y = F.adaptive_avg_pool2d(x, *case.options)
    np.testing.assert_allclose(y, by_definition(x, *case.options, np.mean), rtol=1e-12, atol=1e-12)
    y = F.adaptive_max_pool2d(x, *case.options)
    np.testing.assert_array_equal(y, by_definition(x, *case.options, np.max))


@given(adaptive_poolings())
def test_backward_is_the_adjoint(case):
    x = case.integers()
    y = F.adaptive_avg_pool2d(x, *case.options)
    g = whole_numbers_like(y, case.seed)
    back = np.vdot(x, adaptive_avg_pool2d_backward(g, x, *case.options))
    np.testing.assert_allclose(np.vdot(y, g), back, rtol=1e-12, atol=1e-9)
    y = F.adaptive_max_pool2d(x, *case.options)
    back = np.vdot(x, adaptive_max_pool2d_backward(g, x, *case.options))
    np.testing.assert_allclose(np.vdot(y, g), back, rtol=1e-12, atol=1e-9)


@given(adaptive_poolings())
def test_a_given_output_does_not_change_the_gradient(case):
    x = case.integers()
    y = F.adaptive_max_pool2d(x, *case.options)
    g = whole_numbers_like(y, case.seed)
    np.testing.assert_array_equal(
        adaptive_max_pool2d_backward(g, x, *case.options, output=y),
        adaptive_max_pool2d_backward(g, x, *case.options),
    )


# --- gradients -----------------------------------------------------------------------------------


@pytest.mark.parametrize("layer", [nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d])
@pytest.mark.parametrize("output_size", [1, 2, 3, (7, None), (None, 4)])
def test_gradients_are_central_differences(layer, output_size, rng):
    x = rng.permutation(np.arange(2 * 2 * 6 * 5.0)).reshape(2, 2, 6, 5) / 50  # no ties
    assert check_gradients(layer(output_size), x, rng=rng)["input"] < 1e-7


# --- parity with torch ---------------------------------------------------------------------------


@given(adaptive_poolings(), dtypes, st.booleans())
def test_means_are_torchs_special_values_included(case, dtype, special):
    x = case.integers(dtype)
    if special:
        x = sprinkle(x, SPECIAL, case.seed)
    with np.errstate(invalid="ignore"):  # inf - inf
        ours = F.adaptive_avg_pool2d(x, *case.options)
    theirs = torch.nn.functional.adaptive_avg_pool2d(torch.tensor(x), *case.options)
    assert_like_torch(ours, theirs, **tolerance(dtype))


@given(adaptive_poolings(), dtypes)
def test_gradients_of_means_are_those_of_autograd(case, dtype):
    x = case.integers(dtype)
    g = whole_numbers_like(F.adaptive_avg_pool2d(x, *case.options), case.seed)
    assume(0 not in g.shape[-2:])  # torch has no way back from there
    pool = torch.nn.functional.adaptive_avg_pool2d
    (theirs,) = torch_gradients(lambda x: pool(x, *case.options), [x], g)
    assert_like_torch(adaptive_avg_pool2d_backward(g, x, *case.options), theirs, **tolerance(dtype))


@given(adaptive_poolings(), dtypes, st.booleans())
def test_maxima_and_indices_are_torchs_ties_and_special_values_included(case, dtype, special):
    x = case.integers(dtype)
    if special:
        x = sprinkle(x, SPECIAL, case.seed)
    ours = F.adaptive_max_pool2d(x, *case.options, return_indices=True)
    theirs = torch.nn.functional.adaptive_max_pool2d(torch.tensor(x), *case.options, True)
    assert_like_torch(ours[0], theirs[0])
    assert_like_torch(ours[1], theirs[1])
    assert_like_torch(F.adaptive_max_pool2d(x, *case.options), theirs[0])


@given(adaptive_poolings(), dtypes, st.booleans())
def test_gradients_of_maxima_are_those_of_autograd_ties_included(case, dtype, special):
    x = case.integers(dtype)
    if special:
        x = sprinkle(x, SPECIAL, case.seed)
    g = whole_numbers_like(F.adaptive_max_pool2d(x, *case.options), case.seed)
    assume(0 not in g.shape[-2:])  # torch has no way back from there
    pool = torch.nn.functional.adaptive_max_pool2d
    (theirs,) = torch_gradients(lambda x: pool(x, *case.options), [x], g)
    assert_like_torch(adaptive_max_pool2d_backward(g, x, *case.options), theirs)


# --- errors --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["adaptive_avg_pool2d", "adaptive_max_pool2d"])
@given(case=spoilt(adaptive_poolings()))
def test_what_torch_refuses_is_refused_and_nothing_else(name, case):
    x = np.zeros(case.shape)
    theirs = torch_shape_or_refusal(
        lambda: getattr(torch.nn.functional, name)(torch.tensor(x), *case.options)
    )
    ours = shape_or_refusal(name, lambda: getattr(F, name)(x, *case.options))
    if x.ndim not in (3, 4) or 0 in x.shape[-3:]:
        assert ours == "refused"  # no images: torch takes some of them, if the size is 1
    else:
        assert ours == theirs


@pytest.mark.parametrize("name", ["adaptive_avg_pool2d", "adaptive_max_pool2d"])
@pytest.mark.parametrize("output_size", [None, -1, (2, -1), (2,), (2, 2, 2), 2.0, (2, 2.0), "2"])
def test_sizes_that_torch_refuses_are_refused(name, output_size):
    theirs = lambda: getattr(torch.nn.functional, name)(torch.ones(1, 4, 4), output_size)  # noqa: E731
    assert torch_shape_or_refusal(theirs) == "refused"
    with pytest.raises((ValueError, TypeError), match=f"^{name}: output_size"):
        getattr(F, name)(X, output_size)


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda: F.adaptive_avg_pool2d([[1]], 2), TypeError, "the input is a list"),
        (lambda: F.adaptive_max_pool2d(X + 0j, 2), TypeError, "input has dtype complex128"),
        (lambda: F.adaptive_avg_pool2d(X[0], 2), ValueError, "(4, 4) has 2 axes, needed 4"),
        (lambda: F.adaptive_avg_pool2d(X, None), TypeError, "output_size = None is a NoneType"),
        (lambda: F.adaptive_avg_pool2d(X, -1), ValueError, "output_size = -1, needed at least 0"),
        (lambda: F.adaptive_max_pool2d(X, (2, -1)), ValueError, "output_size[1] = -1, needed at"),
        (lambda: F.adaptive_max_pool2d(X, (2,)), ValueError, "(2,) has 1 entries, needed one int"),
        (lambda: adaptive_avg_pool2d_backward(X, X, 2), ValueError, "(1, 4, 4), needed (1, 2, 2)"),
        (lambda: adaptive_max_pool2d_backward(X, X, 3), ValueError, "(1, 4, 4), needed (1, 3, 3)"),
        (lambda: nn.AdaptiveAvgPool2d(-1), ValueError, "AdaptiveAvgPool2d: output_size = -1"),
        (lambda: nn.AdaptiveMaxPool2d("1"), TypeError, "AdaptiveMaxPool2d: output_size = '1' is a"),
        (lambda: nn.AdaptiveMaxPool2d(1).output_shape((4, 9)), ValueError, "has 2 entries, needed"),
    ],
)
def test_errors_name_what_came_and_what_is_needed(call, kind, words):
    with pytest.raises(kind, match=re.escape(words)):
        call()
