"""Features of photographs are what `shifted_features` and `noisy_features` say they are."""

import numpy as np
import pytest

from cnnlab import experiments
from cnnlab.experiments import photo_features
from cnnlab.experiments.catalogue.noisy_features import noisy, with_gaps
from cnnlab.experiments.catalogue.shifted_features import misfit
from cnnlab.laws import shift
from cnnlab.nn import functional as F


def test_the_filters_answer_to_no_flat_picture_and_are_equally_strong():
    weight = photo_features.random_filters(seed=3, count=16)
    assert weight.shape == (16, 1, 5, 5)
    np.testing.assert_allclose(weight.sum(axis=(1, 2, 3)), 0, atol=1e-12)
    np.testing.assert_allclose((weight**2).sum(axis=(1, 2, 3)), 1, rtol=1e-12)
    assert np.abs(photo_features.responses(np.full((1, 1, 8, 8), 0.7), weight)).max() < 1e-12


def test_every_seed_has_filters_of_its_own():
    first, second, again = (photo_features.random_filters(seed, 4) for seed in (0, 1, 0))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - second).min() > 0


def test_the_picture_is_a_ring(rng):
    picture, weight = rng.normal(size=(1, 1, 8, 8)), photo_features.random_filters(0, 3)
    moved = photo_features.responses(np.roll(picture, (3, 5), axis=(2, 3)), weight)
    expected = np.roll(photo_features.responses(picture, weight), (3, 5), axis=(2, 3))
    np.testing.assert_allclose(moved, expected, atol=1e-12)


def test_the_pools_are_what_their_names_say():
    maps = np.arange(16.0).reshape(1, 1, 4, 4)
    pooled = {name: pool(maps).ravel().tolist() for name, pool in photo_features.POOLS.items()}
    assert pooled["none"] == maps.ravel().tolist()
    assert pooled["subsample"] == [0, 2, 8, 10]
    assert pooled["max"] == [5, 7, 13, 15]
    assert pooled["avg"] == [2.5, 4.5, 10.5, 12.5]
    assert (pooled["max4"], pooled["avg4"], pooled["global"]) == ([15], [7.5], [7.5])


def test_the_blurred_maximum_is_a_dense_maximum_blurred_and_halved(rng):
    maps = rng.normal(size=(1, 1, 6, 6))
    corners = [np.roll(maps, (-i, -j), axis=(2, 3)) for i in (0, 1) for j in (0, 1)]
    dense = np.max(corners, axis=0)
    for axis in (2, 3):
        dense = (np.roll(dense, 1, axis) + 2 * dense + np.roll(dense, -1, axis)) / 4
    np.testing.assert_allclose(photo_features.POOLS["maxblur"](maps), dense[..., ::2, ::2])


@pytest.mark.parametrize("arm", photo_features.POOLS)
def test_strides_are_those_of_the_pools(arm):
    width = photo_features.POOLS[arm](np.zeros((1, 1, 16, 16))).shape[-1]
    assert width == (1 if arm == "global" else 16 // photo_features.STRIDES.get(arm, 2))


def test_change_is_measured_in_standard_deviations_and_correlation_is_blind_to_scale(rng):
    before = rng.normal(3, 2, size=(1, 4, 32, 32))
    assert photo_features.change(before, before) == 0
    assert photo_features.change(before + 2, before) == pytest.approx(2 / before.std())
    assert photo_features.correlation(5 * before + 1, before) == pytest.approx(1)
    unrelated = rng.normal(3, 2, size=before.shape)
    assert photo_features.change(unrelated, before) == pytest.approx(np.sqrt(2), abs=0.1)


def test_misfit_vanishes_where_features_have_moved_along(rng):
    before = rng.normal(size=(1, 2, 8, 8))
    for places in range(4):
        moved = np.roll(before, places, axis=-1)
        assert misfit(moved, before, 2 * places, stride=2) == 0
        if places:
            assert photo_features.change(moved, before) > 0.5


@pytest.mark.parametrize(("pool", "k"), [("max", 2), ("max4", 4)])
def test_independent_values_stay_unchanged_as_often_as_the_law_says(rng, pool, k):
    share = photo_features.unchanged_share(pool, rng.normal(size=(8, 8, 64, 64)))
    assert share == pytest.approx(shift.unchanged(k), abs=0.01)


def test_a_blank_background_does_not_count_as_unchanged(rng):
    maps = np.zeros((1, 1, 64, 64))
    maps[..., 8:24, 8:24] = rng.normal(size=(16, 16)) + 10
    assert photo_features.unchanged_share("max", maps) < 0.5
    assert np.mean(F.max_pool2d(np.roll(maps, 1, axis=-1), 2) == F.max_pool2d(maps, 2)) > 0.9


def test_noise_and_gaps_have_the_strength_they_are_asked_for(rng):
    picture = np.full((1, 1, 200, 200), 0.5)
    assert (noisy(picture, 0.1, rng) - picture).std() == pytest.approx(0.1, rel=0.03)
    gaps = with_gaps(picture, 0.1, rng)
    assert set(np.unique(gaps)) == {0, 0.5}
    assert np.mean(gaps == 0) == pytest.approx(0.1, abs=0.01)


def test_all_arms_of_a_seed_meet_the_same_noise():
    experiment = experiments.get("noisy_features")
    avg, avg4 = (experiment.run(arm, 1, experiment.quick) for arm in ("avg", "avg4"))
    assert avg["noise_bias"] == pytest.approx(avg4["noise_bias"])  # a mean of means is the mean
