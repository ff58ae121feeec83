"""Softmax and cross-entropy: by hand, against differences, against torch, and their errors."""

import math
import re

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from parity import assert_like_torch
from strategies import dtypes, seeds

from cnnlab import nn
from cnnlab.gradcheck import numerical_gradient
from cnnlab.nn.loss import cross_entropy, log_softmax, softmax

# --- by hand -------------------------------------------------------------------------------------


def test_probabilities_by_hand():
    np.testing.assert_allclose(softmax(np.log([1.0, 2.0, 5.0])), [1 / 8, 2 / 8, 5 / 8], rtol=1e-12)


def test_the_loss_of_three_equal_scores_is_the_logarithm_of_three():
    assert cross_entropy(np.zeros((2, 3)), np.array([0, 2])) == pytest.approx(math.log(3))


def test_the_loss_is_a_mean_over_the_batch():
    scores = np.log([[1.0, 3.0], [1.0, 1.0]])
    expected = (math.log(4 / 3) + math.log(2)) / 2
    assert cross_entropy(scores, np.array([1, 0])) == pytest.approx(expected)


def test_the_gradient_is_probabilities_minus_one_hot_over_n():
    criterion = nn.CrossEntropyLoss()
    criterion(np.zeros((2, 2)), np.array([0, 1]))
    np.testing.assert_allclose(criterion.backward(), [[-0.25, 0.25], [0.25, -0.25]], rtol=1e-12)


def test_the_gradient_grows_with_that_of_the_loss():
    criterion = nn.CrossEntropyLoss()
    criterion(np.zeros((1, 2)), np.array([0]))
    np.testing.assert_allclose(criterion.backward(10.0), [[-5, 5]], rtol=1e-12)


def test_whole_number_scores_become_float64():
    assert log_softmax(np.array([1, 2])).dtype == np.float64


def test_huge_scores_do_not_overflow():
    assert cross_entropy(np.array([[1e300, -1e300]]), np.array([0])) == 0.0


# --- gradients -----------------------------------------------------------------------------------


def test_the_gradient_is_a_central_difference(rng):
    scores, target = rng.standard_normal((5, 4)), rng.integers(0, 4, 5)
    criterion = nn.CrossEntropyLoss()
    criterion(scores, target)
    numerical = numerical_gradient(lambda: cross_entropy(scores, target), scores)
    np.testing.assert_allclose(criterion.backward(), numerical, rtol=0, atol=1e-9)


# --- parity with torch ---------------------------------------------------------------------------


@st.composite
def scores_and_targets(draw):
    N, classes = draw(st.integers(1, 5)), draw(st.integers(1, 6))
    rng, dtype = np.random.default_rng(draw(seeds)), draw(dtypes)
    scale = draw(st.sampled_from([1e-3, 1.0, 30.0, 1e4]))
    scores = (scale * rng.standard_normal((N, classes))).astype(dtype)
    target = rng.integers(0, classes, N)
    if draw(st.booleans()):  # some wrong classes are impossible
        scores = np.where(rng.random(scores.shape) < 0.3, -np.inf, scores).astype(dtype)
        scores[np.arange(N), target] = 1
    return scores, target


def close(dtype):
    return {"rtol": 1e-5, "atol": 1e-6} if dtype == np.float32 else {"rtol": 1e-9, "atol": 1e-12}


@given(scores_and_targets(), st.sampled_from([-2, -1, 0, 1]))
def test_softmax_and_its_logarithm_are_torchs(problem, dim):
    scores = np.nan_to_num(problem[0], neginf=-50.0)  # a column may have no possible class
    tensor = torch.tensor(scores)
    assert_like_torch(softmax(scores, dim), torch.softmax(tensor, dim), **close(scores.dtype))
    theirs = torch.log_softmax(tensor, dim)
    assert_like_torch(log_softmax(scores, dim), theirs, **close(scores.dtype))


@given(scores_and_targets())
def test_loss_and_gradient_are_torchs(problem):
    scores, target = problem
    tensor = torch.tensor(scores, requires_grad=True)
    theirs = torch.nn.functional.cross_entropy(tensor, torch.tensor(target))
    theirs.backward()
    criterion = nn.CrossEntropyLoss()
    loss = criterion(scores, target)
    assert type(loss) is float
    assert loss == cross_entropy(scores, target)
    np.testing.assert_allclose(loss, theirs.item(), **close(scores.dtype))
    assert_like_torch(criterion.backward(), tensor.grad, **close(scores.dtype))


def test_a_not_a_number_gives_not_a_number_as_in_torch():
    assert math.isnan(cross_entropy(np.array([[np.nan, 1.0]]), np.array([1])))


def test_scores_and_targets_are_left_alone():
    scores, target = np.array([[1.0, 2.0]]), np.array([1])
    criterion = nn.CrossEntropyLoss()
    criterion(scores, target)
    criterion.backward()
    np.testing.assert_array_equal(scores, [[1, 2]])
    np.testing.assert_array_equal(target, [1])


# --- errors --------------------------------------------------------------------------------------

S, T = np.zeros((2, 3)), np.array([0, 2])


@pytest.mark.parametrize("loss", [cross_entropy, nn.CrossEntropyLoss()])
@pytest.mark.parametrize(
    ("scores", "target", "kind", "words"),
    [
        (S.tolist(), T, TypeError, "the input is a list, needed a NumPy array"),
        (S, [0, 2], TypeError, "the target is a list, needed a NumPy array"),
        (S[0], T, ValueError, "scores of shape (3,) and targets of shape (2,), needed (N, classes"),
        (S, T[:1], ValueError, "scores of shape (2, 3) and targets of shape (1,)"),
        (S[:0], T[:0], ValueError, "needed (N, classes) and (N,) with N at least 1"),
        (S, np.array([0, 3]), ValueError, "targets from 0 to 3 for 3 classes, needed 0 to 2"),
        (S, np.array([-1, 0]), ValueError, "targets from -1 to 0 for 3 classes, needed 0 to 2"),
        (S, T.astype(float), TypeError, "the target has dtype float64, needed integers"),
        (S, T.astype(bool), TypeError, "the target has dtype bool, needed integers"),
    ],
)
def test_errors_name_what_came_and_what_is_needed(loss, scores, target, kind, words):
    with pytest.raises(kind, match=re.escape(words)):
        loss(scores, target)


@pytest.mark.parametrize("function", [softmax, log_softmax])
def test_an_axis_that_is_not_there_is_refused(function):
    with pytest.raises(ValueError, match=r"dim = 2 for an input of shape \(2, 3\)"):
        function(S, 2)


@pytest.mark.parametrize("shape", [(), (0,), (2, 0), (0, 2)])
@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_no_classes_and_a_single_score_are_like_in_torch(name, shape):
    ours = {"softmax": softmax, "log_softmax": log_softmax}[name](np.zeros(shape), -1)
    assert_like_torch(ours, getattr(torch, name)(torch.zeros(shape, dtype=torch.float64), -1))


def test_forward_is_the_same_as_calling():
    criterion = nn.CrossEntropyLoss()
    assert criterion.forward(S, T) == criterion(S, T)


def test_backward_before_a_loss_says_so():
    with pytest.raises(RuntimeError, match="backward was called before forward"):
        nn.CrossEntropyLoss().backward()
