"""Digits, photographs, enlarging and batches: complete, seeded, in range, and as documented."""

import re
import sys

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_digits, load_sample_image
from strategies import dtypes, seeds

from cnnlab import datasets


def rows(x):
    """One row for each image, sorted, so that two sets of images can be compared."""
    flat = x.reshape(len(x), -1)
    return flat[np.lexsort(flat.T)]


# --- digits --------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [8, 16])
def test_shapes_types_and_range_are_as_documented(size):
    split = datasets.digits(size, train=1000)
    assert split.x_train.shape == (1000, 1, size, size)
    assert split.x_test.shape == (797, 1, size, size)
    assert split.y_train.shape == (1000,)
    assert split.y_test.shape == (797,)
    for x in (split.x_train, split.x_test):
        assert x.dtype == np.float32
        assert (x.min(), x.max()) == (0, 1)
    for y in (split.y_train, split.y_test):
        assert y.dtype == np.int64
        assert set(y) == set(range(10))


def test_every_image_is_in_exactly_one_part_with_its_own_label():
    split = datasets.digits(8, train=1000, seed=3)
    x, y = load_digits(return_X_y=True)
    ours = np.concatenate([split.x_train, split.x_test]).reshape(-1, 64) * 16
    labels = np.concatenate([split.y_train, split.y_test])
    np.testing.assert_array_equal(rows(np.c_[ours, labels]), rows(np.c_[x, y]))


def test_no_test_image_was_in_the_training_images():
    split = datasets.digits(8, train=1000)
    known = {image.tobytes() for image in split.x_train}
    assert not any(image.tobytes() in known for image in split.x_test)


def test_the_same_seed_gives_the_same_split():
    first, second = datasets.digits(8, seed=5), datasets.digits(8, seed=5)
    np.testing.assert_array_equal(first.x_train, second.x_train)
    np.testing.assert_array_equal(first.y_test, second.y_test)


def test_another_seed_gives_another_split():
    assert np.any(datasets.digits(8, seed=0).y_train != datasets.digits(8, seed=1).y_train)


def test_fewer_training_images_are_the_first_of_more():
    few, many = datasets.digits(8, train=100), datasets.digits(8, train=1000)
    np.testing.assert_array_equal(few.x_train, many.x_train[:100])


def test_sixteen_pixels_are_eight_enlarged():
    small, large = datasets.digits(8, train=50), datasets.digits(16, train=50)
    np.testing.assert_array_equal(large.x_train, datasets.enlarge(small.x_train))
    np.testing.assert_array_equal(large.y_train, small.y_train)


def test_a_split_prints_its_shapes():
    text = repr(datasets.digits(8, train=1797 - 7))
    assert text == "Split(train (1790, 1, 8, 8), test (7, 1, 8, 8))"


# --- enlarging -----------------------------------------------------------------------------------


@given(st.lists(st.integers(1, 3), min_size=2, max_size=2),
       st.lists(st.integers(1, 6), min_size=2, max_size=2), dtypes, seeds)  # fmt: skip
def test_enlarging_is_torchs_bilinear_interpolation(lead, size, dtype, seed):
    x = np.random.default_rng(seed).standard_normal((*lead, *size)).astype(dtype)
    theirs = torch.nn.functional.interpolate(
        torch.tensor(x), scale_factor=2, mode="bilinear", align_corners=False
    ).numpy()
    ours = datasets.enlarge(x)
    assert ours.dtype == dtype
    tolerance = 1e-6 if dtype == np.float32 else 1e-12
    np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance)


def test_enlarging_leaves_its_input_alone():
    x = np.array([[0.0, 4.0], [8.0, 12.0]])
    datasets.enlarge(x)
    np.testing.assert_array_equal(x, [[0, 4], [8, 12]])


def test_whole_numbers_are_not_rounded_down():
    np.testing.assert_array_equal(datasets.enlarge(np.array([[0, 1]]))[0], [0, 0.25, 0.75, 1])


# --- photographs ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["china", "flower"])
def test_a_photograph_is_grey_square_and_uses_the_range(name):
    picture = datasets.photograph(name, size=128)
    assert picture.shape == (128, 128)
    assert picture.dtype == np.float32
    assert 0 <= picture.min() < 0.2
    assert 0.6 < picture.max() <= 1


def test_the_square_is_cut_from_the_middle_and_weighs_the_colours():
    picture = datasets.photograph("china", size=101)
    colours = load_sample_image("china.jpg")
    row, column = (427 - 101) // 2, (640 - 101) // 2
    red, green, blue = colours[row, column].astype(float)
    grey = (0.299 * red + 0.587 * green + 0.114 * blue) / 255
    assert picture[0, 0] == pytest.approx(grey, abs=1e-6)


def test_the_largest_square_is_the_whole_height():
    assert datasets.photograph("flower", size=427).shape == (427, 427)


# --- batches -------------------------------------------------------------------------------------


def test_without_a_generator_the_order_is_kept_and_the_last_batch_is_smaller():
    x, y = np.arange(7), 10 * np.arange(7)
    parts = [(a.tolist(), b.tolist()) for a, b in datasets.batches(x, y, 3)]
    assert parts == [([0, 1, 2], [0, 10, 20]), ([3, 4, 5], [30, 40, 50]), ([6], [60])]


def test_shuffled_batches_hand_out_everything_once_with_its_own_label(rng):
    x = np.arange(50)
    parts = list(datasets.batches(x, 10 * x, 8, rng=rng))
    order = np.concatenate([a for a, _ in parts])
    np.testing.assert_array_equal(np.concatenate([b for _, b in parts]), 10 * order)
    np.testing.assert_array_equal(np.sort(order), x)
    assert np.any(order != x)


def test_two_rounds_with_one_generator_differ(rng):
    x = np.arange(50)
    first, second = (next(datasets.batches(x, x, 50, rng=rng))[0] for _ in range(2))
    assert np.any(first != second)


def test_nothing_gives_no_batches():
    assert list(datasets.batches(np.zeros((0, 1)), np.zeros(0), 3)) == []


# --- errors --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda: datasets.digits(28), ValueError, "digits: size = 28, needed 8 or 16 pixels"),
        (lambda: datasets.digits(8, train=1797), ValueError, "train = 1797 of 1797 images, needed"),
        (lambda: datasets.digits(8, train=0), ValueError, "train = 0, needed at least 1"),
        (lambda: datasets.digits(8, train=0.5), TypeError, "train = 0.5 is a float, needed an int"),
        (
            lambda: datasets.photograph("cat"),
            ValueError,
            "name = 'cat', needed 'china' or 'flower'",
        ),
        (
            lambda: datasets.photograph(size=428),
            ValueError,
            "size = 428, needed at most 427 pixels",
        ),
        (lambda: datasets.photograph(size=0), ValueError, "size = 0, needed at least 1"),
        (
            lambda: datasets.batches(np.zeros(3), np.zeros(2), 2),
            ValueError,
            "batches: 3 images and 2 labels, needed as many of both",
        ),
        (
            lambda: datasets.batches(np.zeros(3), np.zeros(3), 0),
            ValueError,
            "batch_size = 0, needed at least 1",
        ),
        (lambda: datasets.batches([1], np.zeros(1), 1), TypeError, "batches: the x is a list"),
        (lambda: datasets.batches(np.zeros(1), [1], 1), TypeError, "batches: the y is a list"),
        (
            lambda: datasets.batches(np.zeros(1), np.zeros(1), 1, rng=0),
            TypeError,
            "batches: rng = 0 is a int, needed a numpy.random.Generator",
        ),
        (lambda: datasets.digits(8, seed=None), TypeError, "digits: seed = None is a NoneType"),
        (lambda: datasets.digits(8, seed=-1), ValueError, "digits: seed = -1, needed at least 0"),
        (lambda: datasets.enlarge(np.zeros(3)), ValueError, "enlarge: the x of shape (3,) has"),
    ],
)
def test_errors_name_what_came_and_what_is_needed(call, kind, words):
    with pytest.raises(kind, match=re.escape(words)):
        call()


@pytest.mark.parametrize("load", [datasets.digits, datasets.photograph])
def test_without_scikit_learn_the_error_says_how_to_install_it(load, monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(ImportError, match=re.escape('pip install "cnnlab[data]"')):
        load()
