"""Wrong labels: exactly as many as asked for, never the true class, evenly drawn."""

import numpy as np
import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from cnnlab.datasets.labels import random_labels, wrong_labels


@pytest.fixture
def y():
    return np.arange(9000) % 10


@for_all(st.integers(0, 60), st.floats(0, 1), st.integers(0, 99))
def test_exactly_the_share_of_the_labels_is_wrong(images, share, seed):
    y = np.arange(images) % 10
    labels = wrong_labels(y, share, np.random.default_rng(seed))
    assert (labels != y).sum() == round(share * images)


def test_wrong_labels_are_classes_of_the_same_kind(y):
    labels = wrong_labels(y.astype(np.int32), 0.5, np.random.default_rng(0))
    assert labels.dtype == np.int32
    assert set(labels) == set(range(10))


def test_every_other_class_is_as_likely_a_wrong_label(y):
    labels = wrong_labels(y, 1.0, np.random.default_rng(0))
    steps = np.bincount((labels - y) % 10, minlength=10)
    assert steps[0] == 0
    assert steps[1:].min() > 900
    assert steps[1:].max() < 1100


def test_true_labels_stay_as_they_were(y):
    before = y.copy()
    wrong_labels(y, 0.3, np.random.default_rng(0))
    assert (y == before).all()


def test_the_generator_alone_decides_which_labels_are_wrong(y):
    one, two, other = (wrong_labels(y, 0.3, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert (one == two).all()
    assert (one != other).any()


def test_two_classes_swap(y):
    labels = wrong_labels(y % 2, 1.0, np.random.default_rng(0), classes=2)
    assert (labels == 1 - y % 2).all()


def test_random_labels_are_right_one_time_in_ten(y):
    labels = random_labels(y, np.random.default_rng(0))
    assert labels.shape == y.shape
    assert labels.dtype == y.dtype
    assert abs((labels == y).mean() - 0.1) < 0.02


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_a_share_outside_of_0_to_1_is_refused(y, share):
    with pytest.raises(ValueError, match="needed a number from 0 to 1"):
        wrong_labels(y, share, np.random.default_rng(0))


def test_a_class_beyond_the_classes_is_refused(y):
    with pytest.raises(ValueError, match="from 0 to 9, needed classes from 0 to 4"):
        wrong_labels(y, 0.3, np.random.default_rng(0), classes=5)


@pytest.mark.parametrize(
    "draw", [lambda y, rng: wrong_labels(y, 0.3, rng), random_labels], ids=["wrong", "random"]
)
def test_a_seed_in_place_of_a_generator_is_refused(y, draw):
    with pytest.raises(TypeError, match=r"_labels: rng = 3 is a int.*default_rng\(3\)"):
        draw(y, 3)
