"""Digits: complete, seeded, in range, and the same for ever in every form."""

import hashlib
import re
import sys

import numpy as np
import pytest
from sklearn.datasets import load_digits

from cnnlab import datasets


def rows(x):
    """One row for each image, sorted, so that two sets of images can be compared."""
    flat = x.reshape(len(x), -1)
    return flat[np.lexsort(flat.T)]


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


def fingerprint(split):
    """SHA-256 of all values of a split, with their types and shapes."""
    digest = hashlib.sha256()
    for array in (split.x_train, split.y_train, split.x_test, split.y_test):
        digest.update(f"{array.dtype.str} {array.shape} ".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


@pytest.mark.parametrize(
    ("load", "sha256"),
    [
        (
            lambda: datasets.digits(8),
            "5bd6993fcf3073e72dd9add46e0c32c7fff9acd1ffab0811e08f4492fef0d0c3",
        ),
        (
            lambda: datasets.digits(16, train=200, seed=3),
            "55162991749ca629f806cf3793d8e204f50e1710ba7c29e9fc4efb94740046b4",
        ),
        (
            lambda: datasets.placed_digits("centre", seed=1),
            "be21445eb7ccff55aab7c3f16d90ef9d38319e644a2744ca4214cbd828ce66fe",
        ),
        (
            lambda: datasets.placed_digits("random", seed=2),
            "2fc1b6309dbc4de8d1c4da11e9abbbf99bf02e7e08a3f73a3c9b4c7828557479",
        ),
        (
            lambda: datasets.placed_digits("random", train=500, seed=4, offsets=(4, 8)),
            "e0854bdd23053f41d28731b639cd68bd9fb729c64fb3ac08acea2765cbe11740",
        ),
        (
            lambda: datasets.placed_digits("centre", seed=0, shift=4),
            "3a56f1fe2e92d968da7c599e0bf5c7f9b6b72b97da6b135afb4fcc56eca68029",
        ),
    ],
)
def test_recorded_runs_saw_exactly_these_images(load, sha256):
    assert fingerprint(load()) == sha256


# --- placed on a canvas --------------------------------------------------------------------------


def corners(x):
    """First row and column of each image that is not black."""
    rows, columns = (x.max(axis=axis)[:, 0] > 0 for axis in (3, 2))
    return np.stack([rows.argmax(axis=1), columns.argmax(axis=1)], axis=1)


def test_centred_digits_stand_six_pixels_from_the_border():
    placed, plain = datasets.placed_digits("centre", seed=1), datasets.digits(16, seed=1)
    np.testing.assert_array_equal(placed.x_test[:, :, 6:22, 6:22], plain.x_test)
    assert placed.x_test.sum(dtype=np.float64) == plain.x_test.sum(dtype=np.float64)


@pytest.mark.parametrize("shift", range(7))
def test_a_shift_moves_the_test_images_alone_to_the_right(shift):
    moved, still = (datasets.placed_digits("centre", shift=by) for by in (shift, 0))
    np.testing.assert_array_equal(moved.x_train, still.x_train)
    np.testing.assert_array_equal(moved.x_test, np.roll(still.x_test, shift, axis=3))


def test_random_places_reach_every_offset_and_lose_no_pixel():
    placed, plain = datasets.placed_digits("random", seed=0), datasets.digits(16, seed=0)
    moved = corners(placed.x_train) - corners(plain.x_train)
    assert {tuple(place) for place in moved} > {(0, 0), (12, 12), (0, 12), (12, 0)}
    assert moved.min() == 0
    assert moved.max() == 12
    np.testing.assert_array_equal(
        placed.x_train.sum(axis=(1, 2, 3), dtype=np.float64),
        plain.x_train.sum(axis=(1, 2, 3), dtype=np.float64),
    )


def test_narrower_offsets_are_kept():
    placed = datasets.placed_digits("random", offsets=(4, 8))
    moved = corners(placed.x_test) - corners(datasets.digits(16).x_test)
    assert (moved.min(), moved.max()) == (4, 8)


def test_placed_digits_keep_their_labels():
    placed, plain = datasets.placed_digits("random", seed=7), datasets.digits(16, seed=7)
    np.testing.assert_array_equal(placed.y_train, plain.y_train)
    np.testing.assert_array_equal(placed.y_test, plain.y_test)


# --- errors --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda: datasets.digits(28), ValueError, "digits: size = 28, needed 8 or 16 pixels"),
        (lambda: datasets.digits(8, train=1797), ValueError, "train = 1797 of 1797 images, needed"),
        (lambda: datasets.digits(8, train=0), ValueError, "train = 0, needed at least 1"),
        (lambda: datasets.digits(8, train=0.5), TypeError, "train = 0.5 is a float, needed an int"),
        (lambda: datasets.digits(8, seed=None), TypeError, "digits: seed = None is a NoneType"),
        (lambda: datasets.digits(8, seed=-1), ValueError, "digits: seed = -1, needed at least 0"),
        (
            lambda: datasets.placed_digits("left"),
            ValueError,
            "placed_digits: place = 'left', needed 'centre' or 'random'",
        ),
        (
            lambda: datasets.placed_digits("random", offsets=(0, 13)),
            ValueError,
            "placed_digits: offsets = (0, 13), needed two numbers from 0 to 12",
        ),
        (
            lambda: datasets.placed_digits("random", offsets=(8, 4)),
            ValueError,
            "placed_digits: offsets = (8, 4), needed two numbers from 0 to 12",
        ),
        (
            lambda: datasets.placed_digits("centre", shift=7),
            ValueError,
            "placed_digits: shift = 7 moves digits off the canvas, needed 0 to 6",
        ),
        (
            lambda: datasets.placed_digits("random", shift=1),
            ValueError,
            "placed_digits: shift = 1 moves digits off the canvas, needed 0 to 0",
        ),
    ],
)
def test_errors_name_what_came_and_what_is_needed(call, kind, words):
    with pytest.raises(kind, match=re.escape(words)):
        call()


def test_without_scikit_learn_the_error_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(ImportError, match=re.escape('pip install "cnnlab[data]"')):
        datasets.digits()
