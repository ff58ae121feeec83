"""The bar that turns and its filters."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlab.laws import rotation

ANGLES = st.floats(-360, 360)


@given(ANGLES)
def test_half_a_turn_gives_the_same_bar(angle):
    np.testing.assert_allclose(rotation.bar(angle), rotation.bar(angle + 180), atol=1e-10)


@given(ANGLES)
def test_a_quarter_turn_is_that_of_the_picture(angle):
    np.testing.assert_allclose(
        rotation.bar(angle + 90), np.rot90(rotation.bar(angle), -1), atol=1e-10
    )


@given(ANGLES)
def test_turning_changes_neither_peak_nor_size(angle):
    drawn = rotation.bar(angle)
    assert drawn.max() == drawn[12, 12] == 1
    area = 2 * np.pi * rotation.LENGTH * rotation.WIDTH
    assert drawn.sum() == pytest.approx(area, rel=0.03)


def test_a_bar_moves_to_the_place_that_is_asked_for():
    moved = rotation.bar(30, dx=3, dy=-2)
    assert np.unravel_index(moved.argmax(), moved.shape) == (10, 15)


def test_filters_answer_to_no_flat_picture_and_are_equally_strong():
    weight = rotation.bar_filters(8)
    assert weight.shape == (8, 1, 15, 15)
    np.testing.assert_allclose(weight.sum(axis=(1, 2, 3)), 0, atol=1e-12)
    np.testing.assert_allclose((weight**2).sum(axis=(1, 2, 3)), 1, rtol=1e-12)


def test_each_filter_answers_best_to_its_own_angle():
    bars = np.stack([rotation.bar(22.5 * i) for i in range(8)])
    middle = rotation.answers(bars)[:, :, 12, 12]
    assert middle.argmax(axis=0).tolist() == middle.argmax(axis=1).tolist() == list(range(8))


def test_a_picture_has_one_map_for_each_filter():
    assert rotation.answers(np.zeros((3, 25, 25)), count=4).shape == (3, 4, 25, 25)


def test_filters_and_pictures_that_make_no_sense_are_refused():
    with pytest.raises(ValueError, match="count = 0, needed at least 1"):
        rotation.bar_filters(0)
    with pytest.raises(ValueError, match="size = 0, needed at least 1"):
        rotation.bar(0, size=0)
