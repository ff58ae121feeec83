"""The experiments on overfitting: their labels, their arms, and what is counted as memorised."""

import numpy as np
import pytest

from cnnlab import nn
from cnnlab.datasets import Split
from cnnlab.experiments import memorising
from cnnlab.experiments.catalogue import (
    pooled_pixels,
    random_labels,
    remedies,
    widths,
    wrong_labels,
)
from cnnlab.experiments.learning import Learned

SETTINGS = {"train": 500, "test": 797, "channels": [8, 16, 16]}
EQUAL = [arm for arm in memorising.ARMS if arm != "none"]


@pytest.fixture(scope="module")
def split():
    return memorising.digits(SETTINGS, seed=0)


def network(arm, split):
    return memorising.network(arm, split, SETTINGS)(np.random.default_rng(0))


class Echo(nn.Module):
    """Answers with the class that stands in the first pixel of the image."""

    def forward(self, x):
        """Give ten scores for each image."""
        return np.eye(10, dtype=np.float32)[x[:, 0, 0, 0].astype(int)]


def pictures(classes):
    """Make images whose first pixel holds the number that `Echo` answers with."""
    return np.asarray(classes, dtype=np.float32).reshape(-1, 1, 1, 1)


# --- data ----------------------------------------------------------------------------------------


def test_there_are_as_many_test_images_for_every_number_of_training_images():
    for train in (100, 1000):
        split = memorising.digits({"train": train, "test": 797}, seed=1)
        assert (len(split.x_train), len(split.x_test)) == (train, 797)


def test_no_test_image_is_trained_on(split):
    pixels = {image.tobytes() for image in split.x_train}
    assert not any(image.tobytes() in pixels for image in split.x_test)


def test_three_labels_in_ten_are_poisoned(split):
    given = memorising.poison(split.y_train, 0, wrong_labels.FULL["wrong"])
    assert (given != split.y_train).sum() == 150


def test_the_poison_hangs_on_the_seed_alone(split):
    once, again, other = (memorising.poison(split.y_train, seed, 0.3) for seed in (3, 3, 4))
    np.testing.assert_array_equal(once, again)
    assert (once != other).any()


# --- arms ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("arm", EQUAL)
def test_pooled_and_strided_networks_have_equal_parameters(arm, split):
    assert memorising.parameters_of(lambda rng: network(arm, split)) == 6138


def test_without_downsampling_the_dense_layer_has_sixteen_times_the_weights(split):
    pooled, bare = (network(arm, split)[-1] for arm in ("max", "none"))
    assert bare.weight.data.size == 16 * pooled.weight.data.size


@pytest.mark.parametrize("arm", [arm for arm in memorising.ARMS if arm != "max"])
def test_all_arms_start_from_the_same_kernels(arm, split):
    kernels = [
        [layer.weight.data for layer in network(name, split) if isinstance(layer, nn.Conv2d)]
        for name in ("max", arm)
    ]
    for one, other in zip(*kernels, strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_widths_have_the_parameters_that_are_recorded():
    settings = {**widths.EXPERIMENT.quick, "library": "cnnlab"}
    counted = [widths.run(f"width{width}", 0, settings)["parameters"] for width in (2, 16)]
    assert counted == [426, 7370]


# --- what is measured ----------------------------------------------------------------------------


def test_memorised_is_the_share_of_wrong_labels_given_back():
    y = np.zeros(10, dtype=np.int64)
    given = np.array([1, 2, 3, 4, 0, 0, 0, 0, 0, 0])
    answers = [1, 2, 3, 0, 0, 0, 0, 5, 5, 5]
    split = Split(pictures(answers), y, pictures([0, 0, 7, 7]), np.zeros(4, dtype=np.int64))
    watch = memorising.Watch(split, given, {"epochs": 1, "look_every": 1, "look_at": 4})
    watch(1, Learned(Echo(), 0.0))
    assert (watch.epochs, watch.memorised, watch.right, watch.test) == ([1], [0.75], [0.5], [0.5])


def test_the_network_is_looked_at_every_few_epochs_and_at_the_end(split):
    few = Split(pictures([0, 0]), np.array([0, 0]), pictures([0]), np.array([0]))
    watch = memorising.Watch(few, np.array([0, 1]), {"epochs": 7, "look_every": 3, "look_at": 1})
    for epoch in range(1, 8):
        watch(epoch, Learned(Echo(), 0.0))
    assert watch.epochs == [3, 6, 7]


@pytest.fixture
def watched(split):
    """Curves of a training that was looked at four times."""
    watch = memorising.Watch(split, split.y_train, {"epochs": 8})
    watch.epochs = [2, 3, 5, 8]
    watch.right, watch.memorised = [0.2, 0.5, 0.9, 0.94], [0.0, 0.1, 0.3, 0.4]
    return watch


@pytest.mark.parametrize(
    ("level", "expected"),
    [(0.1, 0.0), (0.5, 0.1), (0.7, 0.2), (0.95, 0.4)],
    ids=["before the first look", "at a look", "between two looks", "never"],
)
def test_memorising_is_compared_where_equally_much_is_right(watched, level, expected):
    assert watched.memorised_at(level) == pytest.approx(expected)


def test_halfway_is_after_half_of_the_epochs_whenever_one_looked(watched):
    assert watched.halfway(watched.memorised) == pytest.approx(0.2)


@pytest.fixture(scope="module")
def row():
    settings = {**wrong_labels.EXPERIMENT.quick, "library": "cnnlab"}
    return wrong_labels.run("max", 0, settings)


def test_a_wrong_label_is_memorised_or_seen_through_or_neither(row):
    assert 0 <= row["memorised"] + row["seen_through"] <= 1


def test_the_fit_is_the_mixture_of_true_and_wrong_labels(row):
    assert row["fitted"] == pytest.approx(0.7 * row["right"] + 0.3 * row["memorised"])


def test_the_extra_gap_is_what_the_poison_adds(row):
    true = row["clean_train_accuracy"] - row["clean_test_accuracy"]
    assert row["gap"] == row["fitted"] - row["test_accuracy"]
    assert row["extra_gap"] == pytest.approx(row["gap"] - true)


def test_the_curves_end_where_the_quantities_are_measured(row):
    assert row["curves"]["epoch"][-1] == wrong_labels.EXPERIMENT.quick["epochs"]
    assert row["curves"]["memorised"][-1] == pytest.approx(row["memorised"], abs=1e-4)
    assert row["curves"]["right"][-1] == pytest.approx(row["right"], abs=1e-4)


def test_random_labels_count_at_the_rate_that_memorises_best():
    settings = {**random_labels.EXPERIMENT.quick, "library": "cnnlab"}
    row = random_labels.run("stride", 0, {**settings, "learning_rates": [1e-9, 0.006]})
    assert row["learning_rate"] == 0.006
    assert row["fitted"] == row["fitted_by_rate"]["0.006"]


def test_pooled_pixels_are_the_pools_of_the_image():
    x = np.arange(16.0).reshape(1, 1, 4, 4)
    np.testing.assert_array_equal(pooled_pixels.features(x, "avg", 2), [[2.5, 4.5, 10.5, 12.5]])
    np.testing.assert_array_equal(pooled_pixels.features(x, "max", 2), [[5, 7, 13, 15]])
    np.testing.assert_array_equal(pooled_pixels.features(x, "avg", 1), [np.arange(16)])


@pytest.mark.parametrize(("arm", "left"), [("avg1_100", 256), ("max4_100", 16), ("avg8_100", 4)])
def test_the_regression_reads_as_many_values_as_its_arm_says(arm, left):
    assert pooled_pixels.run(arm, 0, pooled_pixels.EXPERIMENT.quick)["features"] == left
    assert f"{left} " in pooled_pixels.EXPERIMENT.arms[arm]


# --- remedies ------------------------------------------------------------------------------------


@pytest.mark.parametrize("most", [0, 2])
def test_images_move_by_whole_pixels_and_black_comes_in(most):
    x = np.zeros((200, 1, 5, 5), dtype=np.float32)
    x[:, 0, 2, 2] = 1
    moved = remedies.moved(x, most, np.random.default_rng(0))
    assert moved.dtype == np.float32
    assert set(np.unique(moved)) == {0, 1}
    _, _, rows, columns = np.nonzero(moved)
    assert len(rows) == 200
    assert set(rows) == set(columns) == set(range(2 - most, 3 + most))


def test_what_leaves_the_image_does_not_come_back():
    x = np.ones((50, 1, 4, 4), dtype=np.float32)
    moved = remedies.moved(x, 1, np.random.default_rng(0))
    assert sorted(set(moved.sum(axis=(1, 2, 3)))) == [9, 12, 16]


def test_the_strength_with_the_lowest_validation_loss_is_taken():
    settings = {**remedies.EXPERIMENT.quick, "library": "cnnlab"}
    strengths = {"weight_decay": [0.001, 1000.0]}
    row = remedies.run("weight_decay", 0, {**settings, "strengths": strengths})
    assert row["strength"] == strengths["weight_decay"][int(np.argmin(row["validation_log_loss"]))]


@pytest.mark.parametrize("arm", ["shorter", "shifts", "weight_decay", "thin"])
def test_every_remedy_changes_the_training(arm):
    settings = {**remedies.EXPERIMENT.quick, "library": "cnnlab"}
    strengths = {"shorter": [1], "shifts": [2], "weight_decay": [0.1], "thin": [[2, 4, 4]]}
    rows = [
        remedies.run(name, 0, {**settings, "strengths": strengths}) for name in ("nothing", arm)
    ]
    assert rows[0]["test_log_loss"] != rows[1]["test_log_loss"]
