"""The smallest error behind a pool, against every rule there is."""

import itertools

import numpy as np
import pytest

from cnnlab.laws import detail


@pytest.mark.parametrize("side", range(1, 9))
def test_no_answer_for_a_window_is_better_than_the_law(side):
    columns = np.arange(side)
    errors = [np.mean(np.abs(columns - answer)) for answer in np.arange(-1, side + 1, 0.25)]
    assert min(errors) == pytest.approx(detail.column_error(side))


@pytest.mark.parametrize("side", range(1, 20))
def test_the_law_is_the_formula_in_its_docstring(side):
    assert detail.column_error(side) == pytest.approx((side**2 // 4) / side)


def test_guessing_by_chance_inside_the_window_is_worse():
    pairs = itertools.product(range(4), repeat=2)
    assert np.mean([abs(true - guess) for true, guess in pairs]) > detail.column_error(4)


def test_a_window_without_columns_is_refused():
    with pytest.raises(ValueError, match=r"column_error\(side=0\): needed at least 1"):
        detail.column_error(0)
