"""The exercises of chapter 9: cases, references and replies that are theirs alone."""

import numpy as np
import pytest

from cnnlab import bugs, nn
from cnnlab.exercises import ch09
from cnnlab.nn import functional as F


def plain(text):
    return " ".join(str(text).split())


# -- 1. dense_gradients


@pytest.mark.parametrize("case", ch09._dense_cases())
def test_the_dense_gradients_are_those_of_the_library(case):
    x, grad = case
    layer = nn.Linear(x.shape[1], grad.shape[1], dtype=np.float64)
    layer(x)
    layer.backward(grad)
    expected = np.column_stack([layer.weight.grad, layer.bias.grad])
    np.testing.assert_allclose(ch09._my_dense_gradients(x, grad), expected, atol=1e-12)


# -- 2. patches and 3. fold


@pytest.mark.parametrize("case", ch09._patch_cases()[::3])
def test_the_patches_are_those_of_the_library(case):
    x, k = case
    np.testing.assert_array_equal(ch09._my_patches(x, k), F.unfold(x, k))


@pytest.mark.parametrize("case", ch09._fold_cases()[::3])
def test_the_fold_is_that_of_the_library(case):
    columns, shape, k = case
    np.testing.assert_allclose(ch09._my_fold(*case), F.fold(columns, shape[1:], k), atol=1e-12)


def test_fold_is_the_way_back_of_patches():
    for (x, k), (columns, shape, _) in zip(ch09._patch_cases(), ch09._fold_cases(), strict=True):
        there = np.sum(ch09._my_patches(x, k) * columns)
        np.testing.assert_allclose(there, np.sum(x * ch09._my_fold(columns, shape, k)))


def test_patches_accept_an_answer_with_sliding_windows():
    def my_patches(x, k):
        windows = np.lib.stride_tricks.sliding_window_view(x, (k, k), axis=(1, 2))
        return windows.transpose(0, 3, 4, 1, 2).reshape(len(x) * k * k, -1)

    assert ch09.patches.check(my_patches).passed


# -- 4. diagnosis


def test_each_bug_has_its_case_and_one_is_healthy():
    assert sorted(ch09._FOUND.values()) == sorted(["healthy", *bugs.BUGS])


def test_a_case_does_not_say_its_bug():
    for case in ch09.CASES.values():
        for part in (case, case.pool, case.flatten, case.dropout, case.criterion):
            said = repr(part).lower()
            assert not any(bug in said or bug.replace("_", "") in said for bug in bugs.BUGS)


def test_the_parts_of_a_case_remember_what_they_were_given():
    for case in ch09.CASES.values():
        case.pool(np.ones((1, 1, 2, 2)))
        assert case.pool.backward(np.ones((1, 1, 1, 1))).shape == (1, 1, 2, 2)


@pytest.mark.parametrize("part", ["pool", "flatten", "dropout", "criterion"])
@pytest.mark.parametrize("name", ch09.CASES)
def test_a_part_does_not_name_its_class_when_it_fails(name, part):
    case = ch09.Case(ch09.CASES[name]._bug)  # a fresh one: nobody has called its parts
    fresh = getattr(case, part)
    with pytest.raises(RuntimeError, match=r"^the .*: backward was called before") as caught:
        fresh.backward(np.ones((1, 1, 1, 1)))
    assert caught.value.__context__ is None
    said = str(caught.value).lower()
    assert not any(bug.replace("_", "") in said or "_no_winner" in said for bug in bugs.BUGS)


def test_the_missing_mean_shows_in_the_sizes_of_the_first_gradients():
    first = {
        name: max(sizes[0] for sizes in case.norms.values()) for name, case in ch09.CASES.items()
    }
    assert first["F"] > 20 * max(size for name, size in first.items() if name != "F")


def test_three_of_the_ill_cases_learn_as_if_nothing_were_the_matter():
    learned = [
        name
        for name, case in ch09.CASES.items()
        if case._bug and np.mean(case.loss[-5:]) < 0.6 * case.loss[0]
    ]
    assert [ch09.CASES[name]._bug for name in learned] == ["no_rescale", "zero_start", "no_mean"]


def test_the_loop_without_a_reset_climbs_by_far():
    loss = ch09.CASES["E"].loss
    assert loss[-1] > loss[0] + 1


def test_the_healthy_case_is_slow_and_learns():
    loss = ch09.CASES["C"].loss
    assert np.mean(loss[-10:]) < np.mean(loss[:10])


# -- 5. recipe


def test_the_recipe_of_the_solution_keeps_its_limits():
    outcome = ch09.recipe.check(ch09._my_recipe)
    assert outcome.passed
    assert "9,930 weights" in plain(outcome)


def test_a_network_that_fails_on_the_images_is_told_so():
    reply = plain(ch09.recipe.check(lambda x, y, seed: nn.Sequential(nn.Linear(3, 10))))
    assert reply.startswith("Not yet.")
    assert "features" in reply
