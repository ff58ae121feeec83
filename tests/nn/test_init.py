"""Starting values: their interval, their spread, and where the chance comes from."""

import numpy as np
import pytest
import torch

from cnnlab.nn.init import kaiming_uniform, uniform


def test_uniform_fills_the_interval(rng):
    w = uniform((10_000,), 0.5, rng=rng, dtype=np.float64)
    assert -0.5 <= w.min() < -0.499
    assert 0.499 < w.max() <= 0.5


@pytest.mark.parametrize("a", [0.0, 0.1, 5**0.5])
def test_the_spread_is_torchs_for_any_slope(a, rng):
    ours = kaiming_uniform((400, 50), 50, rng=rng, dtype=np.float64, a=a)
    theirs = torch.nn.init.kaiming_uniform_(torch.empty(400, 50), a=a).numpy()
    bound = (6 / ((1 + a * a) * 50)) ** 0.5
    for w in (ours, theirs):
        assert 0.999 * bound < np.abs(w).max() <= bound * (1 + 1e-6)
        assert np.std(w) == pytest.approx(bound / 3**0.5, rel=0.02)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_same_generator_gives_the_same_weights_in_the_dtype_asked_for(dtype):
    first, second = (
        kaiming_uniform((3, 4), 4, rng=np.random.default_rng(7), dtype=dtype) for _ in range(2)
    )
    assert first.dtype == dtype
    np.testing.assert_array_equal(first, second)


def test_another_seed_gives_other_weights():
    first, second = (
        uniform((3,), 1.0, rng=np.random.default_rng(seed), dtype=np.float64) for seed in (0, 1)
    )
    assert (first != second).all()


def test_nothing_to_sum_over_gives_no_division_by_zero(rng):
    assert kaiming_uniform((3, 0), 0, rng=rng, dtype=np.float64).shape == (3, 0)
