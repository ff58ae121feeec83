"""Softmax and cross-entropy: by hand, against differences, against torch, and their errors."""

import inspect
import math
import re

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from parity import assert_like_torch, shape_or_refusal, torch_shape_or_refusal
from strategies import dtypes, seeds, whole_numbers_like

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


HALVES = np.log([[1.0, 1.0], [1.0, 3.0]])  # probabilities (1/2, 1/2) and (1/4, 3/4)


def test_a_sum_and_single_losses_by_hand():
    singles = cross_entropy(HALVES, np.array([0, 0]), reduction="none")
    np.testing.assert_allclose(singles, [math.log(2), math.log(4)], rtol=1e-12)
    total = cross_entropy(HALVES, np.array([0, 0]), reduction="sum")
    assert total == pytest.approx(math.log(8))


def test_a_weighted_mean_divides_by_the_weights():
    loss = cross_entropy(HALVES, np.array([1, 0]), np.array([3.0, 1.0]))
    assert loss == pytest.approx((1 * math.log(2) + 3 * math.log(4)) / 4)


def test_what_is_ignored_does_not_count_in_the_mean_and_gets_no_gradient():
    criterion = nn.CrossEntropyLoss(ignore_index=7)
    assert criterion(HALVES, np.array([7, 0])) == pytest.approx(math.log(4))
    np.testing.assert_allclose(criterion.backward(), [[0, 0], [-3 / 4, 3 / 4]], rtol=1e-12)


def test_smoothing_asks_for_a_little_of_every_class():
    # 0.2 is spread over two classes: 0.9 of the right one, 0.1 of the other
    loss = cross_entropy(HALVES[1:], np.array([1]), label_smoothing=0.2)
    assert loss == pytest.approx(0.9 * math.log(4 / 3) + 0.1 * math.log(4))


def test_the_loss_is_least_where_the_probabilities_are_the_wanted_ones():
    wanted = np.array([[0.5, 0.5], [0.25, 0.75]])
    criterion = nn.CrossEntropyLoss()
    entropy = -(wanted * np.log(wanted)).sum(axis=1).mean()
    assert criterion(HALVES, wanted) == pytest.approx(entropy)
    np.testing.assert_allclose(criterion.backward(), 0, atol=1e-15)


def test_a_certain_prediction_of_the_wanted_distribution_costs_nothing():
    assert cross_entropy(np.array([[0.0, -np.inf]]), np.array([[1.0, 0.0]])) == 0


def test_one_prediction_needs_no_batch_axis():
    criterion = nn.CrossEntropyLoss()
    assert criterion(HALVES[1], np.array(0)) == pytest.approx(math.log(4))
    np.testing.assert_allclose(criterion.backward(), [-3 / 4, 3 / 4], rtol=1e-12)


def test_each_pixel_of_an_image_can_have_a_class_of_its_own():
    scores = np.moveaxis(HALVES, -1, 0)[None, :, :, None]  # (1, classes, 2, 1)
    losses = cross_entropy(scores, np.zeros((1, 2, 1), dtype=int), reduction="none")
    np.testing.assert_allclose(losses, [[[math.log(2)], [math.log(4)]]], rtol=1e-12)


# --- gradients -----------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(5, 4), (4,), (2, 4, 3, 2)])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("kind", ["numbers", "probabilities"])
def test_the_gradient_is_a_central_difference(shape, reduction, kind, rng):
    scores, places = rng.standard_normal(shape), shape[:1] + shape[2:] if len(shape) > 1 else ()
    target = rng.integers(-1, 4, places) if kind == "numbers" else rng.random(shape)
    if kind == "numbers":
        target = np.asarray(target) if target.size > 1 else np.array(2)
    criterion = nn.CrossEntropyLoss(
        rng.random(4), ignore_index=-1, reduction=reduction, label_smoothing=0.3
    )
    g = rng.standard_normal(places) if reduction == "none" else 0.7
    g = np.asarray(g) if reduction == "none" else g
    criterion(scores, target)
    grad = criterion.backward(g)
    numerical = numerical_gradient(lambda: float(np.sum(g * criterion(scores, target))), scores)
    np.testing.assert_allclose(grad, numerical, rtol=0, atol=1e-8)


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


@st.composite
def everything_at_once(draw):
    """Scores, target and options of a loss that torch accepts, all of them together."""
    classes, dtype = draw(st.integers(1, 5)), draw(dtypes)
    lead, trail = draw(
        st.sampled_from(
            [((), ()), ((0,), ()), ((1,), ()), ((4,), ()), ((2,), (3,)), ((2,), (3, 2))]
        )
    )
    rng = np.random.default_rng(draw(seeds))
    scores = (draw(st.sampled_from([1e-3, 1.0, 30.0])) * rng.standard_normal(
        (*lead, classes, *trail))).astype(dtype)  # fmt: skip
    options = {
        "weight": rng.random(classes).astype(dtype) + dtype(0.1) if draw(st.booleans()) else None,
        "ignore_index": draw(st.sampled_from([-100, -1])),
        "reduction": draw(st.sampled_from(["mean", "sum", "none"])),
        "label_smoothing": draw(st.sampled_from([0.0, 0.0, 0.1, 1.0])),
    }
    if draw(st.booleans()):
        target = rng.random(scores.shape).astype(dtype)
    else:
        options["ignore_index"] = draw(st.sampled_from([-100, -1, 0, classes - 1]))
        target = np.asarray(rng.integers(0, classes, (*lead, *trail)))
        ignored = rng.random(target.shape) < draw(st.sampled_from([0.0, 0.4, 1.0]))
        target = np.where(ignored, options["ignore_index"], target)
    return scores, target, options


@given(everything_at_once(), seeds)
def test_losses_and_gradients_are_torchs_with_all_options_at_once(problem, seed):
    scores, target, options = problem
    tensor = torch.tensor(scores, requires_grad=True)
    weight = None if options["weight"] is None else torch.tensor(options["weight"])
    theirs = torch.nn.functional.cross_entropy(
        tensor, torch.tensor(target), **{**options, "weight": weight}
    )
    criterion = nn.CrossEntropyLoss(**options)
    ours = criterion(scores, target)
    if options["reduction"] == "none":
        assert_like_torch(ours, theirs, **close(scores.dtype))
        np.testing.assert_array_equal(cross_entropy(scores, target, **options), ours)
        g = whole_numbers_like(ours, seed)
        theirs.backward(torch.tensor(g))
    else:
        assert type(ours) is float
        np.testing.assert_allclose(ours, theirs.item(), **close(scores.dtype))
        np.testing.assert_array_equal(cross_entropy(scores, target, **options), ours)
        g = 2.5
        theirs.backward(torch.tensor(g, dtype=tensor.dtype))
    assert_like_torch(criterion.backward(g), tensor.grad, **close(scores.dtype))


def test_the_options_have_torchs_names_and_defaults():
    for ours, theirs in [
        (cross_entropy, torch.nn.functional.cross_entropy),
        (nn.CrossEntropyLoss, torch.nn.CrossEntropyLoss),
    ]:
        named = {p.name: p.default for p in inspect.signature(theirs).parameters.values()}
        del named["size_average"], named["reduce"]  # no longer used
        assert {p.name: p.default for p in inspect.signature(ours).parameters.values()} == named


def test_the_weight_is_in_the_state_as_in_torch():
    weight = np.array([1.0, 2.0])
    criterion = nn.CrossEntropyLoss(weight)
    theirs = torch.nn.CrossEntropyLoss(torch.ones(2)).state_dict()
    assert criterion.state_dict().keys() == theirs.keys()
    criterion.load_state_dict(theirs)
    np.testing.assert_array_equal(criterion.weight, [1, 1])
    np.testing.assert_array_equal(weight, [1, 2])  # the reader's own is left alone
    assert list(criterion.parameters()) == []


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int32, np.uint64])
def test_every_type_of_whole_number_can_name_a_class(dtype):
    assert cross_entropy(HALVES, np.array([1, 0], dtype=dtype)) == pytest.approx(math.log(8) / 2)


def test_the_mean_of_nothing_is_not_a_number_and_teaches_nothing():
    criterion = nn.CrossEntropyLoss()
    assert math.isnan(criterion(HALVES, np.array([-100, -100])))
    np.testing.assert_array_equal(criterion.backward(), np.zeros((2, 2)))
    assert math.isnan(criterion(HALVES[:0], np.array([], dtype=int)))
    assert criterion.backward().shape == (0, 2)


def test_a_score_that_is_not_a_number_is_noticed_unless_it_is_ignored():
    scores = np.array([[np.nan, 1.0], [1.0, 1.0]])
    losses = cross_entropy(scores, np.array([1, 0]), reduction="none")
    np.testing.assert_array_equal(np.isnan(losses), [True, False])
    assert cross_entropy(scores, np.array([-100, 0])) == pytest.approx(math.log(2))


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


@st.composite
def scores_and_anything(draw):
    """Scores, and a target that often, but not always, makes sense for them."""
    shape = tuple(draw(st.lists(st.integers(0, 3), max_size=4)))
    numbers = shape[:1] + shape[2:] if len(shape) > 1 else ()
    other = tuple(draw(st.lists(st.integers(0, 3), max_size=3)))
    rng, kind = np.random.default_rng(draw(seeds)), draw(st.sampled_from([int, float, bool]))
    target = 3 * rng.random(draw(st.sampled_from([shape, numbers, numbers, other])))
    weight = draw(st.sampled_from([None, None, shape[1:2], (3,), (1, 2)]))
    options = {
        "weight": None if weight is None else np.ones(weight),
        "ignore_index": draw(st.sampled_from([-100, -100, 0, 2])),
        "label_smoothing": draw(st.sampled_from([0.0, 0.5, 1.5])),
    }
    return np.zeros(shape), np.asarray(target).astype(kind), options


@given(scores_and_anything())
def test_what_torch_refuses_is_refused_and_nothing_else(problem):
    scores, target, options = problem
    # torch lets nearly anything pass where there is nothing, and a target of shape (1,) for scores
    # without a batch axis
    assume(scores.size)
    assume(scores.ndim != 1 or target.shape != (1,) or target.dtype.kind == "f")
    weight = options["weight"]
    theirs = torch_shape_or_refusal(
        lambda: torch.nn.functional.cross_entropy(
            torch.tensor(scores),
            torch.tensor(target),
            **{**options, "weight": None if weight is None else torch.tensor(weight)},
            reduction="none",
        )
    )
    ours = shape_or_refusal(
        "cross_entropy", lambda: cross_entropy(scores, target, **options, reduction="none")
    )
    assert ours == theirs


S, T = np.zeros((2, 3)), np.array([0, 2])


@pytest.mark.parametrize("loss", [cross_entropy, nn.CrossEntropyLoss()])
@pytest.mark.parametrize(
    ("scores", "target", "kind", "words"),
    [
        (S.tolist(), T, TypeError, "the input is a list, needed a NumPy array"),
        (S, [0, 2], TypeError, "the target is a list, needed a NumPy array"),
        (
            S[0],
            T,
            ValueError,
            "scores of shape (3,) and targets of shape (2,), needed (N",
        ),
        (S, T[:1], ValueError, "scores of shape (2, 3) and targets of shape (1,)"),
        (S, S.astype(int), ValueError, "and (N,), or with these scores targets of shape (2,)"),
        (S[:, :0], T, ValueError, "the input has shape (2, 0), needed scores (N, classes) with"),
        (np.array(1.0), T, ValueError, "the input has shape (), needed scores (N, classes) with"),
        (S, np.array([0, 3]), ValueError, "targets from 0 to 3 for 3 classes, needed 0 to 2"),
        (S, np.array([-1, 0]), ValueError, "targets from -1 to 0 for 3 classes, needed 0 to 2"),
        (S, T.astype(float), TypeError, "dtype float64 and shape (2,), needed integers of shape"),
        (S, T.astype(bool), TypeError, "the target has dtype bool and shape (2,), needed integers"),
        (S, S[:, :2], TypeError, "or floats of shape (2, 3), the probabilities of all classes"),
        (S, S.astype("f"), TypeError, "the target is float32 and the input float64"),
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


@pytest.mark.parametrize(
    ("options", "kind", "words"),
    [
        ({"reduction": "average"}, ValueError, "reduction = 'average', needed 'mean', 'sum' or"),
        ({"label_smoothing": 1.5}, ValueError, "label_smoothing = 1.5, needed a share, 0 to 1"),
        ({"label_smoothing": np.nan}, ValueError, "label_smoothing = nan, needed a share, 0 to 1"),
        ({"label_smoothing": "much"}, TypeError, "label_smoothing = 'much' is a str"),
        ({"ignore_index": None}, TypeError, "ignore_index = None is a NoneType, needed an int"),
        ({"weight": [1.0, 2.0, 3.0]}, TypeError, "the weight is a list, needed a NumPy array"),
        ({"weight": np.ones((1, 3))}, ValueError, "weight has shape (1, 3), needed (classes,)"),
    ],
)
def test_options_are_checked_when_the_layer_is_built_and_in_the_function(options, kind, words):
    with pytest.raises(kind, match="^CrossEntropyLoss: .*" + re.escape(words)):
        nn.CrossEntropyLoss(**options)
    with pytest.raises(kind, match="^cross_entropy: .*" + re.escape(words)):
        cross_entropy(S, T, **options)


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda: cross_entropy(S, T, np.ones(2)), ValueError, "weight has shape (2,), needed (3,)"),
        (
            lambda: cross_entropy(S, T, np.ones(3, "f")),
            TypeError,
            "weight is float32 and the input",
        ),
        (lambda: cross_entropy(S, S, ignore_index=0), ValueError, "with class probabilities as"),
    ],
)
def test_what_does_not_fit_the_scores_is_refused(call, kind, words):
    with pytest.raises(kind, match=re.escape(words)):
        call()


def test_a_loss_that_fails_leaves_the_last_one_in_place():
    criterion = nn.CrossEntropyLoss()
    criterion(S, T)
    expected = criterion.backward()
    with pytest.raises(ValueError, match="targets from 0 to 3"):
        criterion(S, np.array([0, 3]))
    np.testing.assert_array_equal(criterion.backward(), expected)


@pytest.mark.parametrize(
    ("reduction", "g", "kind", "words"),
    [
        (
            "mean",
            np.ones(2),
            TypeError,
            "grad_output = array([1., 1.]) is a ndarray, needed a numb",
        ),
        ("none", 1.0, TypeError, "the grad_output is a float, needed a NumPy array"),
        ("none", np.ones(3), ValueError, "the grad_output has shape (3,), needed (2,)"),
    ],
)
def test_the_gradient_of_a_loss_has_its_shape(reduction, g, kind, words):
    criterion = nn.CrossEntropyLoss(reduction=reduction)
    criterion(S, T)
    with pytest.raises(kind, match=re.escape(words)):
        criterion.backward(g)


def test_the_layer_shows_what_is_not_the_default():
    assert repr(nn.CrossEntropyLoss()) == "CrossEntropyLoss()"
    layer = nn.CrossEntropyLoss(np.array([1.0, 2.0]), ignore_index=3, label_smoothing=0.1)
    words = "CrossEntropyLoss(weight=[1.0, 2.0], ignore_index=3, label_smoothing=0.1)"
    assert repr(layer) == words
