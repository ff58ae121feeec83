"""What all data sets share: enlarging, choosing, permuting pixels, batches."""

import re

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from strategies import dtypes, seeds

from cnnlab import datasets
from cnnlab.datasets.core import balanced, from_bytes

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


# --- permuted pixels -----------------------------------------------------------------------------


@pytest.fixture
def split(rng):
    x = rng.integers(0, 256, (9, 3, 4, 6), dtype=np.uint8)
    return datasets.Split(from_bytes(x[:6]), np.arange(6), from_bytes(x[6:]), np.arange(3))


def test_pixels_of_training_and_test_are_permuted_in_the_same_way(split):
    both = np.concatenate([split.x_train, split.x_test])
    permuted = datasets.permute_pixels(split, np.random.default_rng(1))
    order = np.random.default_rng(1).permutation(24)
    expected = both.reshape(9, 3, 24)[:, :, order].reshape(both.shape)
    np.testing.assert_array_equal(np.concatenate([permuted.x_train, permuted.x_test]), expected)
    assert np.any(expected != both)


def test_permuting_keeps_every_value_and_label(split):
    permuted = datasets.permute_pixels(split, np.random.default_rng(0))
    np.testing.assert_array_equal(
        np.sort(permuted.x_train, axis=None), np.sort(split.x_train, axis=None)
    )
    assert permuted.y_train is split.y_train
    assert permuted.x_train.dtype == np.float32


def test_permuted_pixels_lie_side_by_side_in_memory(split):
    permuted = datasets.permute_pixels(split, np.random.default_rng(0))
    assert permuted.x_train.flags.c_contiguous


# --- subsets and pixels --------------------------------------------------------------------------


@given(st.integers(1, 4), st.integers(1, 6), st.integers(2, 5), seeds)
def test_subsets_are_disjoint_and_have_as_many_of_each_class(subsets, each, classes, seed):
    labels = np.random.default_rng(seed).permutation(np.arange(subsets * each * classes) % classes)
    chosen = [balanced("f", "train", labels, each * classes, n) for n in range(subsets)]
    np.testing.assert_array_equal(np.sort(np.concatenate(chosen)), np.arange(len(labels)))
    for places in chosen:
        assert np.bincount(labels[places]).tolist() == [each] * classes


def test_bytes_become_fractions_in_single_precision():
    x = from_bytes(np.array([0, 51, 255], dtype=np.uint8))
    assert x.dtype == np.float32
    np.testing.assert_array_equal(x, np.array([0, 0.2, 1], dtype=np.float32))


# --- errors --------------------------------------------------------------------------------------

LABELS = np.arange(30) % 10


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
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
        (lambda: datasets.enlarge(np.zeros(3)), ValueError, "enlarge: the x of shape (3,) has"),
        (
            lambda: datasets.permute_pixels(datasets.digits(8), 0),
            TypeError,
            "permute_pixels: rng = 0 is a int, needed a numpy.random.Generator",
        ),
        (
            lambda: balanced("f", "train", LABELS, 15),
            ValueError,
            "f: train = 15, needed a multiple of 10: as many images of each class",
        ),
        (
            lambda: balanced("f", "train", LABELS, 10, subset=3),
            ValueError,
            "f: subset = 3 of train = 10 images, but there are only enough for 3 disjoint",
        ),
        (lambda: balanced("f", "train", LABELS, 0), ValueError, "train = 0, needed at least 1"),
        (lambda: balanced("f", "train", LABELS, 10, -1), ValueError, "subset = -1, needed at"),
    ],
)
def test_errors_name_what_came_and_what_is_needed(call, kind, words):
    with pytest.raises(kind, match=re.escape(words)):
        call()
