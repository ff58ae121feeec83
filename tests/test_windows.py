"""Windows and their way back: by hand, and as adjoints of one another for any geometry."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import max_poolings, seeds

from cnnlab import windows
from cnnlab.nn.pooling import PoolGeometry
from cnnlab.windows import Slide

X = np.arange(1, 10).reshape(3, 3)

# --- by hand -------------------------------------------------------------------------------------


def test_a_frame_is_top_bottom_left_right():
    y = windows.pad(np.array([[7]]), ((1, 0), (0, 2)), value=-1)
    np.testing.assert_array_equal(y, [[-1, -1, -1], [7, -1, -1]])


def test_a_frame_of_nothing_is_the_image_itself():
    assert windows.pad(X, ((0, 0), (0, 0))) is X


def test_a_frame_keeps_the_dtype():
    assert windows.pad(X.astype(np.float32), ((1, 1), (1, 1)), -np.inf).dtype == np.float32


def test_cropping_takes_the_frame_off_again():
    pads = ((1, 2), (3, 0))
    np.testing.assert_array_equal(windows.crop(windows.pad(X, pads), pads), X)


def test_a_window_of_two_by_two_takes_four_places_on_three_by_three():
    seen = windows.windows(X, (2, 2))
    np.testing.assert_array_equal(
        seen.reshape(4, 4), [[1, 2, 4, 5], [2, 3, 5, 6], [4, 5, 7, 8], [5, 6, 8, 9]]
    )


def test_stride_and_dilation_are_vertical_then_horizontal():
    seen = windows.windows(X, (2, 2), stride=(1, 2), dilation=(2, 1))
    np.testing.assert_array_equal(seen.reshape(-1, 4), [[1, 2, 7, 8]])


def test_windows_are_a_view_that_cannot_be_written_to():
    seen = windows.windows(X, (2, 2))
    assert np.shares_memory(seen, X)
    with pytest.raises(ValueError, match="read-only"):
        seen[0, 0, 0, 0] = 1


def test_scattering_adds_where_windows_overlap():
    g = np.array([[[[1, 2]], [[10, 20]]]])  # two windows of two pixels, in one row
    np.testing.assert_array_equal(windows.scatter(g, (1, 3)), [[1, 12, 20]])


def test_a_pixel_no_window_reaches_gets_nothing_back():
    g = np.ones((1, 1, 2, 2))
    np.testing.assert_array_equal(
        windows.scatter(g, (3, 4), dilation=(2, 2)), [[1, 0, 1, 0], [0, 0, 0, 0], [1, 0, 1, 0]]
    )


def test_reducing_by_hand():
    x = np.array([[3, 1, 4, 1, 5]])
    slide = Slide(5, kernel=3, stride=2, padding=1, dilation=1, positions=3)
    np.testing.assert_array_equal(windows.reduce(x, slide, -1, np.maximum, 0), [[3, 4, 5]])
    np.testing.assert_array_equal(windows.reduce(x, slide, -1, np.add, 0), [[4, 6, 6]])


def test_spreading_by_hand():
    slide = Slide(5, kernel=3, stride=2, padding=1, dilation=1, positions=3)
    g = np.array([[1.0, 10.0, 100.0]])
    np.testing.assert_array_equal(windows.spread(g, slide, -1), [[1, 11, 10, 110, 100]])


# --- for any geometry ----------------------------------------------------------------------------


@st.composite
def framed_images(draw):
    """Sizes for windows() and scatter(): (H, W), kernel, stride, dilation, each a pair."""
    axes = []
    for _ in range(2):
        kernel, stride, dilation = (draw(st.integers(1, most)) for most in (4, 4, 3))
        size = dilation * (kernel - 1) + 1 + draw(st.integers(0, 6))
        axes.append((size, kernel, stride, dilation))
    return tuple(zip(*axes, strict=True))


@given(framed_images(), seeds)
def test_scatter_is_the_adjoint_of_windows(geometry, seed):
    size, *rest = geometry
    rng = np.random.default_rng(seed)
    x = rng.integers(-9, 10, (2, *size)).astype(float)
    seen = windows.windows(x, *rest)
    g = rng.integers(-9, 10, seen.shape).astype(float)
    assert np.vdot(seen, g) == np.vdot(x, windows.scatter(g, size, *rest[1:]))


@given(framed_images(), seeds)
def test_every_window_holds_the_pixels_of_the_formula(geometry, seed):
    size, kernel, stride, dilation = geometry
    x = np.random.default_rng(seed).random(size)
    seen = windows.windows(x, kernel, stride, dilation)
    for i, j, a, b in np.ndindex(*seen.shape):
        pixel = x[i * stride[0] + a * dilation[0], j * stride[1] + b * dilation[1]]
        assert seen[i, j, a, b] == pixel


@given(max_poolings())
def test_every_entry_of_a_slide_reads_the_pixels_of_the_formula(case):
    *geometry, ceil_mode = case.options
    pooling = PoolGeometry("test", *geometry, ceil_mode)
    for slide in pooling.slides(*case.shape[-2:]):
        for number in range(slide.kernel):
            reached, pixels = slide.entry(number)
            found = list(
                zip(
                    np.arange(slide.positions)[reached],
                    np.arange(slide.size)[pixels],
                    strict=True,
                )
            )
            expected = [
                (position, pixel)
                for position in range(slide.positions)
                if (pixel := position * slide.stride + number * slide.dilation - slide.padding) >= 0
                and pixel < slide.size
            ]
            assert found == expected


@given(max_poolings())
def test_a_slide_counts_the_entries_inside_the_image(case):
    *geometry, ceil_mode = case.options
    for slide in PoolGeometry("test", *geometry, ceil_mode).slides(*case.shape[-2:]):
        ones = np.ones((1, slide.size))
        np.testing.assert_array_equal(slide.inside(), windows.reduce(ones, slide, -1, np.add, 0)[0])


@given(max_poolings(), st.sampled_from([-2, -1]))
def test_spread_is_the_adjoint_of_adding_up(case, axis):
    *geometry, ceil_mode = case.options
    x = case.integers()
    slide = PoolGeometry("test", *geometry, ceil_mode).slides(*x.shape[-2:])[axis]
    y = windows.reduce(x, slide, axis, np.add, 0)
    g = case.rng.integers(-9, 10, y.shape).astype(float)
    assert np.vdot(y, g) == np.vdot(x, windows.spread(g, slide, axis))


@given(max_poolings(), st.sampled_from([np.maximum, np.minimum, np.add]))
def test_reducing_rows_then_columns_is_reducing_the_framed_windows(case, ufunc):
    *geometry, ceil_mode = case.options
    x, start = case.integers(), {np.maximum: -99.0, np.minimum: 99.0, np.add: 0.0}[ufunc]
    pooling = PoolGeometry("test", *geometry, ceil_mode)
    rows, columns = pooling.slides(*x.shape[-2:])
    y = windows.reduce(x, rows, -2, ufunc, start)
    y = windows.reduce(y, columns, -1, ufunc, start)
    framed = windows.pad(x, pooling.pads(*x.shape[-2:]), start)
    seen = windows.windows(framed, pooling.kernel, pooling.stride, pooling.dilation)
    seen = seen[..., : rows.positions, : columns.positions, :, :]
    np.testing.assert_array_equal(y, ufunc.reduce(seen, axis=(-2, -1)))


@given(max_poolings())
def test_neither_images_nor_gradients_are_changed(case):
    *geometry, ceil_mode = case.options
    x = case.integers()
    slide = PoolGeometry("test", *geometry, ceil_mode).slides(*x.shape[-2:])[1]
    x.flags.writeable = False
    y = windows.reduce(x, slide, -1, np.maximum, -99)
    y.flags.writeable = False
    windows.spread(y, slide, -1)


@pytest.mark.parametrize(
    ("shape", "dilation", "words"),
    [
        (
            (1, 4, 4),
            (1, 1),
            "the image of shape (1, 4, 4) came, needed (..., H, W) with H at least 5",
        ),
        ((5, 8), (1, 2), "with H at least 5 and W at least 9 for a window of 5x5 with dilation"),
        ((9,), (1, 1), "the image of shape (9,) came, needed (..., H, W)"),
    ],
)
def test_a_window_that_does_not_fit_is_refused_with_the_size_that_is_needed(shape, dilation, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        windows.windows(np.zeros(shape), (5, 5), dilation=dilation)
