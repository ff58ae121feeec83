"""The comparison of classifiers: what each is given, what it chooses from, and raw images."""

import itertools

import numpy as np
import pytest

from cnnlab import datasets, experiments
from cnnlab.experiments import classifiers
from cnnlab.experiments.catalogue import preprocessing

NAMES = ("classifiers_digits", "classifiers_centred", "classifiers_scattered")
QUICK = experiments.get("classifiers_digits").quick


@pytest.mark.parametrize("name", NAMES)
def test_every_arm_has_a_grid_and_a_count_of_its_choices(name):
    grids = experiments.get(name).full["grids"]
    assert grids.keys() == classifiers.ARMS.keys() == classifiers.CHOICES.keys()


def test_both_convolutional_networks_have_about_as_many_parameters_on_the_canvas():
    counts = [
        sum(p.size for p in classifiers.network(arm, {}, 28, np.random.default_rng(0)).parameters())
        for arm in ("cnn_flatten", "cnn_gap")
    ]
    assert max(counts) < 1.01 * min(counts)


def spy(monkeypatch):
    """Note the number of images that each training gets, and the settings."""
    seen = []

    def fit(arm, settings, x, y, seed, configuration):
        seen.append((len(x), dict(settings)))
        return (lambda images: np.zeros(len(images))), (lambda images, classes: settings["loss"])

    monkeypatch.setattr(classifiers, "fit", fit)
    return seen


def test_settings_are_chosen_on_a_fifth_of_the_training_images_and_used_on_all(monkeypatch):
    seen = spy(monkeypatch)
    split = datasets.digits(8, 100, seed=0)
    grids = {"svm": {"loss": [0.3, 0.1, 0.2]}}
    row = classifiers.measure("svm", split, 0, {**QUICK, "grids": grids})
    assert [images for images, _ in seen] == [80, 80, 80, 100]
    assert row["chosen"] == seen[-1][1] == {"loss": 0.1}


def test_every_combination_of_the_grid_is_tried(monkeypatch):
    seen = spy(monkeypatch)
    split = datasets.digits(8, 100, seed=0)
    grids = {"svm": {"loss": [1, 2], "C": [3, 4, 5]}}
    classifiers.measure("svm", split, 0, {**QUICK, "grids": grids})
    tried = [(settings["loss"], settings["C"]) for _, settings in seen[:-1]]
    assert tried == list(itertools.product([1, 2], [3, 4, 5]))


def test_a_support_vector_machine_of_width_one_is_that_of_scikit_learn():
    from sklearn.svm import SVC

    split = datasets.digits(8, 200, seed=0)
    predictions, _ = classifiers.fit(
        "svm", {"C": 1, "width": 1}, split.x_train, split.y_train, 0, QUICK
    )
    reference = SVC().fit(split.x_train.reshape(200, -1), split.y_train)
    expected = reference.predict(split.x_test.reshape(len(split.x_test), -1))
    np.testing.assert_array_equal(predictions(split.x_test), expected)


def test_the_dense_network_has_one_hidden_layer_of_the_chosen_width():
    model = classifiers.network("dense", {"hidden": 7}, 8, np.random.default_rng(0))
    assert [p.shape for p in model.parameters()] == [(7, 64), (7,), (10, 7), (10,)]


# --- preparation left out ------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "largest"), [("prepared", 1), ("to16", 16), ("to255", 255)])
def test_raw_images_are_the_prepared_ones_times_a_constant(kind, largest):
    raw, prepared = preprocessing.images(kind, 50, 3), preprocessing.images("prepared", 50, 3)
    assert raw.x_train.max() == largest
    np.testing.assert_array_equal(raw.x_test, largest * prepared.x_test)
    np.testing.assert_array_equal(raw.y_test, prepared.y_test)


def test_digits_anywhere_are_the_same_digits_in_all_places():
    centred, moved = (preprocessing.images(kind, 1000, 0) for kind in ("prepared", "anywhere"))
    assert centred.x_train.shape == moved.x_train.shape == (1000, 1, 16, 16)
    np.testing.assert_allclose(
        moved.x_train.sum(axis=(1, 2, 3)), centred.x_train.sum(axis=(1, 2, 3)), rtol=1e-5
    )
    assert not centred.x_train[:, :, :4].any()
    assert moved.x_train[:, :, :4].any()
    assert moved.x_train[:, :, -1].any()


def test_the_machine_that_follows_the_spread_notices_no_scaling_and_the_fixed_one_does():
    configuration = {**experiments.get("preprocessing").quick, "train": 300}
    accuracies = {
        arm: preprocessing.run(arm, 0, configuration)["test_accuracy"]
        for arm in ("svm_prepared", "svm_to255", "svm_fixed_prepared", "svm_fixed_to255")
    }
    assert accuracies["svm_to255"] == pytest.approx(accuracies["svm_prepared"], abs=0.003)
    assert accuracies["svm_fixed_prepared"] == accuracies["svm_prepared"]
    assert accuracies["svm_fixed_to255"] < 0.3
