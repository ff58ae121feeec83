"""MNIST and Fashion-MNIST: split as documented, and every damaged file is named."""

import re

import numpy as np
import pytest

from cnnlab import datasets
from cnnlab.datasets.mnist import CHECKSUMS, CLOTHES


@pytest.fixture
def folder(own, write_idx, request):
    """Files with 40 training and 20 test images, each with one bright pixel that tells it apart."""
    name = getattr(request, "param", "mnist")
    for part, begin, count in (("train", 0, 40), ("t10k", 40, 20)):
        images = np.zeros((count, 28, 28))
        images[:, 1, 2] = 255
        images[:, 0, 0] = np.arange(begin, begin + count)
        write_idx(own / name / f"{part}-images-idx3-ubyte.gz", images)
        write_idx(own / name / f"{part}-labels-idx1-ubyte.gz", np.arange(count) % 10)
    return own / name


def numbers(x):
    """Number of each image: the value of its first pixel."""
    return np.rint(x[:, 0, 0, 0] * 255).astype(int)


def test_the_test_images_are_split_by_the_seed_and_none_is_lost(folder):
    split = datasets.mnist(train=15, seed=3)
    assert split.x_train.shape == (15, 1, 28, 28)
    seen = np.concatenate([numbers(split.x_train), numbers(split.x_test)])
    np.testing.assert_array_equal(np.sort(seen), np.arange(40, 60))
    other = datasets.mnist(train=15, seed=4)
    assert np.any(numbers(other.x_train) != numbers(split.x_train))


def test_pixels_are_fractions_and_labels_whole_numbers(folder):
    split = datasets.mnist(train=15)
    assert split.x_train.dtype == np.float32
    assert split.y_train.dtype == np.int64
    assert split.x_train[:, 0, 1, 2].tolist() == [1] * 15
    np.testing.assert_array_equal(split.y_train, numbers(split.x_train) % 10)
    np.testing.assert_array_equal(split.y_test, numbers(split.x_test) % 10)
    assert split.classes == tuple("0123456789")


def test_all_of_mnist_trains_on_the_training_images_and_tests_on_the_test_images(folder):
    split = datasets.mnist("full")
    np.testing.assert_array_equal(np.sort(numbers(split.x_train)), np.arange(40))
    np.testing.assert_array_equal(numbers(split.x_test), np.arange(40, 60))


def test_fewer_training_images_of_all_are_the_first_of_more(folder):
    few, many = (datasets.mnist("full", train=count, seed=2) for count in (7, 30))
    np.testing.assert_array_equal(few.x_train, many.x_train[:7])
    assert len(few.x_test) == 20


@pytest.mark.parametrize("folder", ["fashion-mnist"], indirect=True)
def test_subsets_of_fashion_mnist_share_no_image(folder):
    splits = [datasets.fashion_mnist(train=20, subset=number) for number in (0, 1)]
    seen = np.concatenate([numbers(split.x_train) for split in splits])
    np.testing.assert_array_equal(np.sort(seen), np.arange(40))
    for split in splits:
        assert np.bincount(split.y_train).tolist() == [2] * 10
        assert len(split.x_test) == 20
    assert [splits[0].classes[number] for number in (0, 9)] == [CLOTHES[0], CLOTHES[-1]]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: datasets.mnist("small"), "mnist: which = 'small', needed '10k' or 'full'"),
        (lambda: datasets.mnist(train=20), "mnist: train = 20 of 20 images, needed 1 to 19"),
        (lambda: datasets.mnist(), "mnist: train = 8000 of 20 images, needed 1 to 19"),
        (lambda: datasets.mnist("full", train=41), "train = 41 of 40 images, needed 1 to 40"),
        (lambda: datasets.mnist(seed=-1), "mnist: seed = -1, needed at least 0"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(folder, call, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        call()


IMAGES, LABELS = "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"
X, Y = np.zeros((20, 28, 28)), np.zeros(20)


@pytest.mark.parametrize(
    ("name", "array", "change", "words"),
    [
        (IMAGES, X, lambda content: content[:-1], "holds 15679 values, needed 15680"),
        (IMAGES, X, lambda content: content + b"0", "holds 15681 values, needed 15680"),
        (IMAGES, X, lambda content: b"", "begins with nothing, needed 00000803"),
        (IMAGES, Y, bytes, "begins with 00000801, needed 00000803: bytes along 3 axes"),
        (IMAGES, X, lambda content: content[:10], "says"),
        (IMAGES, X[:, :27], bytes, "has pictures of 27x28, needed 28x28"),
        (LABELS, X, bytes, "begins with 00000803, needed 00000801: bytes along 1 axes"),
        (LABELS, Y[:19], bytes, "has 19 labels for 20 images"),
        (LABELS, Y + 10, bytes, "has the label 10, needed 0 to 9"),
    ],
)
def test_a_wrong_file_is_named_with_its_place(folder, write_idx, name, array, change, words):
    write_idx(folder / name, array, change)
    with pytest.raises(ValueError, match=re.escape(words)) as raised:
        datasets.mnist(train=15)
    assert str(raised.value).startswith(f"mnist: {name} ")
    assert f"Put a whole one into {folder}" in str(raised.value)


@pytest.mark.parametrize("damage", [lambda content: content[:-9], lambda content: b"no gzip"])
def test_a_damaged_file_is_named(folder, damage):
    path = folder / IMAGES
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match=r"t10k-images-idx3-ubyte\.gz is damaged or no gzip file"):
        datasets.mnist(train=15)


def test_every_checksum_is_a_sha256():
    assert len(set(CHECKSUMS.values())) == 8
    assert all(re.fullmatch("[0-9a-f]{64}", checksum) for checksum in CHECKSUMS.values())
