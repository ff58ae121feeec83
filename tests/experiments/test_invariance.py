"""The networks of `shift_curve` and `positions`, and the pictures that are shown to them."""

import numpy as np
import pytest

from cnnlab import datasets, shapes
from cnnlab.experiments import invariance
from cnnlab.experiments.catalogue import positions, shift_curve
from cnnlab.experiments.learning import Learned

ARCHITECTURES = list(invariance.ARCHITECTURES)


def network(architecture, seed=0):
    return invariance.build(architecture, invariance.TRAINED, np.random.default_rng(seed))


def parameters(architecture):
    return sum(row.parameters for row in shapes.trace(network(architecture), (1, 28, 28)))


def test_networks_with_one_head_have_one_number_of_parameters_but_for_the_large_flatten():
    flat = {parameters(name) for name in ("max", "avg", "stride", "maxblur", "late")}
    pooled = {parameters(name) for name in ARCHITECTURES if name.endswith("_gap")}
    assert (flat, pooled) == ({11_418}, {10_918})
    assert parameters("none") == 129_018


@pytest.mark.parametrize("head", ["", "_gap"])
def test_networks_with_one_head_start_from_the_same_kernels(head):
    names = [name for name in ARCHITECTURES if name.endswith("_gap") == bool(head)]
    kernels = [[p.data for p in network(name).parameters() if p.data.ndim == 4] for name in names]
    for others in kernels[1:]:
        for first, other in zip(kernels[0], others, strict=True):
            np.testing.assert_array_equal(first, other)


def test_every_network_of_the_table_is_an_arm_and_is_described():
    assert set(invariance.ARCHITECTURES) == set(invariance.IN_WORDS)
    assert set(shift_curve.EXPERIMENT.arms) == set(invariance.ARCHITECTURES)
    architectures = {arm.rpartition("_")[0] for arm in positions.EXPERIMENT.arms}
    assert architectures == {"max", "stride", "max_gap", "stride_gap", "none", "late"}


def places(images):
    """Row and column of the first lit pixel of each image's bounding box."""
    lit = images[:, 0] > 0
    return np.stack([lit.any(axis=2).argmax(axis=1), lit.any(axis=1).argmax(axis=1)], axis=1)


def test_redrawing_moves_the_training_digits_and_nothing_else():
    redraw = invariance.redrawing(invariance.TRAINED, seed=4)
    digits = datasets.digits(16, 1000, 4).x_train
    first, second = redraw(np.random.default_rng(0)), redraw(np.random.default_rng(1))
    for images in (first, second):
        assert images.shape == (1000, 1, 28, 28)
        np.testing.assert_allclose(
            images.sum(axis=(1, 2, 3)), digits.sum(axis=(1, 2, 3)), rtol=1e-5
        )
    assert np.mean((places(first) == places(second)).all(axis=1)) < 0.05
    moved = places(first) - places(digits)
    assert (moved.min(), moved.max()) == (0, 12)


def test_no_training_digit_is_tested_wherever_it_is_put():
    configuration = invariance.TRAINED
    trained = datasets.digits(16, configuration["train"], 2).x_train.reshape(1000, -1)
    for place, shift in (("centre", 0), ("centre", 3), ("random", 0)):
        x, _ = invariance._test_images(2, configuration, place, shift)
        tops = places(x)
        tested = datasets.digits(16, configuration["train"], 2).x_test
        np.testing.assert_allclose(x.sum(axis=(1, 2, 3)), tested.sum(axis=(1, 2, 3)), rtol=1e-5)
        assert (tops >= 0).all()
    distances = np.abs(tested.reshape(797, 1, -1)[:100] - trained[None]).max(axis=-1)
    assert distances.min() > 0


def test_shifted_test_digits_are_the_same_digits_further_right():
    x, y = invariance._test_images(0, invariance.TRAINED)
    moved, classes = invariance._test_images(0, invariance.TRAINED, shift=6)
    np.testing.assert_array_equal(np.roll(x, 6, axis=-1), moved)
    np.testing.assert_array_equal(y, classes)


@pytest.fixture
def trainings(monkeypatch):
    """What is asked of `learn`, with an untrained network in answer."""
    asked = []

    def learn(build, x, y, *, seed, configuration, device, redraw):
        asked.append((configuration["epochs"], x, redraw))
        return Learned(build(np.random.default_rng(seed)), 0.0)

    monkeypatch.setattr(invariance, "learn", learn)
    return asked


def test_a_global_average_and_redrawn_places_are_given_more_epochs(trainings):
    configuration = {**invariance.QUICK, "epochs": 3, "long_epochs": 9}
    for arm in ("max_fixed", "max_gap_fixed", "max_redrawn", "stride_gap_redrawn"):
        positions.run(arm, 0, configuration)
    assert [epochs for epochs, *_ in trainings] == [3, 9, 9, 9]


def test_each_experiment_trains_on_the_digits_it_says(trainings):
    shift_curve.run("max", 0, invariance.QUICK)
    positions.run("max_fixed", 0, invariance.QUICK)
    positions.run("max_redrawn", 0, invariance.QUICK)
    (_, centred, never), (_, fixed, nor_here), (*_, here) = trainings
    digits = datasets.digits(16, invariance.QUICK["train"], 0).x_train
    assert set(map(tuple, places(centred) - places(digits))) == {(6, 6)}
    assert len(set(map(tuple, places(fixed) - places(digits)))) > 50
    assert never is None
    assert nor_here is None
    assert here(np.random.default_rng(0)).shape == fixed.shape


def test_a_row_holds_its_curves_and_stays_small(trainings):
    row = shift_curve.run("max_gap", 0, {**invariance.TRAINED, "test": 20, "place_test": 10})
    assert len(row["accuracy_by_shift"]) == len(row["consistency_by_shift"]) == 7
    assert row["consistency_by_shift"][0] == 1
    assert np.shape(row["accuracy_by_place"]) == (5, 5)
    assert row["noisy"] == pytest.approx(row["noisy_by_level"][1], abs=1e-4)
    assert row["accuracy_3"] == pytest.approx(row["accuracy_by_shift"][3], abs=1e-4)
    assert len(str(row)) < 3000
