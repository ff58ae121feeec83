"""The exercises of chapter 6: cases, references and replies that are theirs alone."""

import numpy as np
import pytest

from cnnlab import datasets
from cnnlab.exercises import ch06


def plain(text):
    return " ".join(str(text).split())


# -- 1. shares


@pytest.mark.parametrize("case", ch06._shares_cases())
def test_the_shares_of_the_solution_are_those_of_counting(case):
    np.testing.assert_allclose(ch06._my_shares(*case), ch06._shares_by_counting(*case))


def test_a_perfect_memory_gives_back_every_wrong_label():
    true = np.arange(40) % 10
    given = datasets.wrong_labels(true, 0.3, np.random.default_rng(0))
    assert ch06._my_shares(given, given, true) == (1, 1, 0)
    assert ch06._my_shares(true, given, true) == (1, 0, 1)


def test_every_case_has_true_and_wrong_labels():
    for _, given, true in ch06._shares_cases():
        assert 0 < np.mean(given != true) < 1


def test_shares_accepts_a_list_of_numpy_numbers():
    def my_shares(said, given, true):
        wrong = given != true
        hits = said == given
        return [hits[~wrong].mean(), hits[wrong].mean(), (said == true)[wrong].mean()]

    assert ch06.shares.check(my_shares).passed


# -- 2. leak


@pytest.mark.parametrize("case", ch06._leak_cases())
def test_the_repaired_split_has_no_digit_on_both_sides(case):
    digit, order, n = case
    test = ch06._my_test_images(*case)
    train = np.setdiff1d(np.arange(len(digit)), test)
    assert not np.isin(digit[test], digit[train]).any()
    assert set(order[:n]) <= set(test)
    np.testing.assert_array_equal(test, ch06._test_images_by_loops(*case))


def test_the_code_as_it_is_found_does_leak():
    names = {"np": np}
    exec(ch06._LEAK_FOUND, names)
    leaks = []
    for digit, order, n in ch06._leak_cases():
        test = names["my_test_images"](digit, order, n)
        train = np.setdiff1d(np.arange(len(digit)), test)
        leaks.append(np.isin(digit[test], digit[train]).any())
    assert np.mean(leaks) > 0.8


def test_no_position_is_the_number_of_a_digit_in_the_smallest_case():
    digit, order, _ = ch06._leak_cases()[0]
    assert not np.isin(order, digit).any()


# -- 3. nearest


@pytest.mark.parametrize("case", ch06._nearest_cases())
def test_the_nearest_image_is_found_without_a_tie(case):
    squares = np.sort(ch06._squares(case[0], case[2]), axis=1)
    assert (squares[:, 1] - squares[:, 0] > 1e-9).all()
    np.testing.assert_array_equal(ch06._my_nearest(*case), ch06._nearest_all_at_once(*case))


def test_a_perfect_memory_knows_its_training_images():
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((20, 5)), rng.integers(3, size=20)
    np.testing.assert_array_equal(ch06._my_nearest(x, y, x), y)


def test_nearest_accepts_an_answer_with_norms():
    def my_nearest(x_train, y_train, x):
        distances = [np.linalg.norm(x_train - image, axis=1) for image in x]
        return y_train[np.argmin(distances, axis=1)]

    assert ch06.nearest.check(my_nearest).passed


# -- 4. stop


@pytest.mark.parametrize("case", ch06._stop_cases())
def test_the_loop_stops_where_the_definition_says(case):
    assert ch06._my_stop(*case) == ch06._stop_by_definition(*case)


@pytest.mark.parametrize(
    ("losses", "patience", "epoch"),
    [([9, 7, 8, 8.5, 6], 2, 2), ([9, 7, 8, 8.5, 6], 3, 5), ([1, 1, 1], 1, 1), ([3, 2, 1], 1, 3)],
)
def test_the_epoch_that_is_kept_by_hand(losses, patience, epoch):
    assert ch06._my_stop(np.array(losses), patience) == epoch


def test_stop_accepts_an_answer_that_counts():
    def my_stop(losses, patience):
        best = waited = 0
        for epoch, loss in enumerate(losses):
            waited += 1
            if loss < losses[best] or epoch == 0:
                best, waited = epoch, 0
            if waited == patience:
                break
        return best + 1

    assert ch06.stop.check(my_stop).passed


# -- 5. selection


@pytest.mark.parametrize("case", ch06._results_cases())
def test_the_results_of_the_solution_are_those_of_the_loops(case):
    np.testing.assert_allclose(ch06._my_results(*case), ch06._results_by_loops(*case))


@pytest.mark.parametrize("case", ch06._results_cases())
def test_no_two_settings_of_a_run_are_equally_good(case):
    for table in case:
        assert all(len(set(row)) == len(row) for row in table.tolist())


def test_the_flattered_result_is_never_the_smaller_one():
    for case in ch06._results_cases():
        honest, flattered = ch06._my_results(*case)
        assert flattered >= honest


def test_the_praise_says_how_much_choosing_on_the_test_flatters():
    reply = plain(ch06.selection.check(ch06._my_results))
    assert "the honest result is 0.900 and the flattered one 0.943" in reply
