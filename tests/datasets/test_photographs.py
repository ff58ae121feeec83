"""Photographs: grey, square, from the middle."""

import re
import sys

import numpy as np
import pytest
from sklearn.datasets import load_sample_image

from cnnlab import datasets


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


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: datasets.photograph("cat"), "name = 'cat', needed 'china' or 'flower'"),
        (lambda: datasets.photograph(size=428), "size = 428, needed at most 427 pixels"),
        (lambda: datasets.photograph(size=0), "size = 0, needed at least 1"),
    ],
)
def test_photographs_that_are_not_there_are_refused(call, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        call()


def test_without_scikit_learn_a_photograph_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(ImportError, match=re.escape('pip install "cnnlab[data]"')):
        datasets.photograph()
