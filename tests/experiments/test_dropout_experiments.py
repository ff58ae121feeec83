"""The experiments of chapter 7: that their arms are what they say."""

from itertools import pairwise

import numpy as np
import pytest

from cnnlab import experiments, nn
from cnnlab.experiments import dropouts
from cnnlab.experiments.catalogue import (
    dropout_cifar,
    dropout_damage,
    dropout_few_images,
    dropout_places,
    dropout_wrong_labels,
    sample_order,
)

SETTINGS = {"channels": [4, 4, 4], "hidden": 8}


def network(place, p=0.5, **options):
    rng = np.random.default_rng(3)
    return dropouts.network(place, p, 16, options.pop("settings", SETTINGS), rng=rng, **options)


def kinds(model):
    return [type(layer).__name__ for layer in model]


def neighbours(model):
    """Layers before and after the dropout layer."""
    names = ["input", *kinds(model)]
    at = next(i for i, name in enumerate(names) if name.startswith("Dropout"))
    return names[at - 1], names[at], names[at + 1]


# --- places --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("input", ("input", "Dropout", "Conv2d")),
        ("first", ("ReLU", "Dropout", "MaxPool2d")),
        ("before_pool", ("ReLU", "Dropout", "MaxPool2d")),
        ("channels", ("ReLU", "Dropout2d", "MaxPool2d")),
        ("after_pool", ("MaxPool2d", "Dropout", "Conv2d")),
        ("flat", ("Flatten", "Dropout", "Linear")),
        ("hidden", ("ReLU", "Dropout", "Linear")),
    ],
)
def test_dropout_stands_where_the_arm_says(place, expected):
    assert neighbours(network(place)) == expected


def test_before_the_last_pool_is_not_after_the_first_convolution():
    first, last = (kinds(network(place)).index("Dropout") for place in ("first", "before_pool"))
    assert kinds(network("first"))[:first].count("Conv2d") == 1
    assert kinds(network("before_pool"))[:last].count("Conv2d") == 2


def test_without_a_hidden_layer_the_flatten_stands_before_the_last_one():
    model = network("flat", settings={"channels": [4, 4, 4]})
    assert kinds(model)[-3:] == ["Flatten", "Dropout", "Linear"]


@pytest.mark.parametrize("place", [place for place in dropouts.PLACES if place != "none"])
def test_arms_of_one_seed_start_from_the_same_weights(place):
    bare, dropped = network("none"), network(place)
    for one, two in zip(bare.parameters(), dropped.parameters(), strict=True):
        np.testing.assert_array_equal(one.data, two.data)


def test_a_place_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match=r"place='hidden'.*input, first, flat"):
        network("hidden", settings={"channels": [4, 4, 4]})
    with pytest.raises(ValueError, match=r"place='after_pool'"):
        network("after_pool", down="none")


def test_every_place_is_an_arm():
    assert tuple(dropout_places.EXPERIMENT.arms) == tuple(dropouts.PLACES)


def test_the_equal_rate_is_one_of_the_rates():
    full = dropout_places.EXPERIMENT.full
    assert full["equal_rate"] in full["rates"]


# --- rates and controls --------------------------------------------------------------------------


def test_every_arm_has_its_way():
    assert set(dropout_wrong_labels.WAYS) == set(dropout_wrong_labels.EXPERIMENT.arms)
    assert set(dropout_few_images.RATES) == set(dropout_few_images.EXPERIMENT.arms)
    assert set(dropout_cifar.WAYS) == set(dropout_cifar.EXPERIMENT.arms)
    assert set(dropout_damage.WAYS) == set(dropout_damage.EXPERIMENT.arms)


@pytest.mark.parametrize("module", [dropout_wrong_labels, dropout_few_images])
def test_the_rate_is_in_the_name_of_the_arm(module):
    for arm in module.EXPERIMENT.arms:
        digits = "".join(c for c in arm if c.isdigit()) or "0"
        rate = module.RATES[arm] if module is dropout_few_images else module.WAYS[arm][1]
        assert rate == int(digits) / 100


def test_memorised_and_seen_through_exclude_one_another():
    row = dropout_wrong_labels.run("max_0", 0, dropout_wrong_labels.EXPERIMENT.quick)
    assert row["memorised"] + row["seen_through"] <= 1
    wrong = dropout_wrong_labels.EXPERIMENT.quick["wrong"]
    told = wrong * row["memorised"] + (1 - wrong) * row["right_learned"]
    assert told == pytest.approx(row["train_accuracy"])


def test_a_network_is_stopped_at_the_length_of_the_lowest_validation_log_loss():
    quick = {**dropout_wrong_labels.EXPERIMENT.quick, "lengths": [1, 12]}
    row = dropout_wrong_labels.run("max_0_stopped", 0, quick)
    assert len(row["length_losses"]) == 2
    assert row["epochs"] == quick["lengths"][int(np.argmin(row["length_losses"]))]


def test_only_the_arms_that_are_called_long_or_stopped_have_a_length_of_their_own():
    quick = dropout_wrong_labels.EXPERIMENT.quick
    for arm, key in {"max_50": "epochs", "max_0_long": "long_epochs"}.items():
        row = dropout_wrong_labels.run(arm, 0, quick)
        assert (row["epochs"], row["length_losses"]) == (quick[key], [])


def test_the_length_is_chosen_without_a_look_at_the_last_fifth_in_training(monkeypatch):
    seen = []

    def train(build, x, y, rate, **settings):
        seen.append((x, settings["configuration"]["epochs"]))
        raise ZeroDivisionError

    monkeypatch.setattr(dropout_wrong_labels, "train", train)
    x = np.arange(10)
    with pytest.raises(ZeroDivisionError):
        dropout_wrong_labels.length_losses(
            None, x, x, 0, {"learning_rates": [1], "lengths": [7]}, "cpu"
        )
    [(images, epochs)] = seen
    assert (images.tolist(), epochs) == (list(range(8)), 7)


def test_the_gap_is_training_minus_test():
    row = dropout_few_images.run("p50", 0, dropout_few_images.EXPERIMENT.quick)
    assert row["gap"] == row["train_accuracy"] - row["test_accuracy"]


# --- photographs ---------------------------------------------------------------------------------


SOME = {"images": 200, "validation": 50, "test": 10_000}


def test_all_test_photographs_come_and_in_no_order_of_classes():
    split, _, _ = dropout_cifar.images(0, SOME)
    assert len(set(np.bincount(split.y_test))) == 1
    assert len(set(split.y_test[:50])) > 5


def test_no_photograph_comes_twice_in_training_and_validation_or_in_two_seeds():
    seen = []
    for seed in (0, 1):
        split, x, _ = dropout_cifar.images(seed, SOME)
        seen += [image.tobytes() for part in (split.x_train, x) for image in part]
    assert len(seen) == 2 * SOME["images"]
    assert len(set(seen)) == len(seen)


def test_stopping_keeps_the_network_of_the_lowest_validation_log_loss():
    quick = {**dropout_cifar.EXPERIMENT.quick, "epochs": 4}
    row = dropout_cifar.run("p0", 0, quick)
    assert row["stopped_epoch"] == 1 + np.argmin(row["curves"]["log_loss"])


def test_the_rate_with_the_lowest_validation_log_loss_is_the_one_that_is_reported():
    row = dropout_cifar.run("p0", 0, {**dropout_cifar.EXPERIMENT.quick, "rates": [1e-6, 0.002]})
    losses = {rate: tried["validation_log_loss"] for rate, tried in row["by_rate"].items()}
    assert f"{row['learning_rate']:g}" == min(losses, key=losses.get)
    assert row["test_accuracy"] == row["by_rate"][f"{row['learning_rate']:g}"]["test_accuracy"]
    assert row["same_test_accuracy"] == row["by_rate"]["0.002"]["test_accuracy"]


# --- the order of samples ------------------------------------------------------------------------


@pytest.fixture
def classes():
    return np.random.default_rng(0).integers(10, size=200)


def batches(order, y):
    settings = sample_order.EXPERIMENT.full
    return sample_order.batches_of(order, y, np.random.default_rng(0), settings)


def test_round_digits_come_alone_first_and_then_everything_comes(classes):
    first = int(np.ceil(np.isin(classes, sample_order.ROUND).sum() / 25)) * 5
    made = batches("round_first", classes)
    assert all(np.isin(classes[batch], sample_order.ROUND).all() for batch in made[:first])
    assert sorted(np.concatenate(made[first : first + 8])) == list(range(200))


@pytest.mark.parametrize("end", ["", "_long"])
def test_the_orders_that_are_compared_take_as_many_steps(classes, end):
    assert len(batches("round_first" + end, classes)) == len(batches("mixed_first" + end, classes))
    assert len(batches("sorted", classes)) == len(batches("shuffled", classes))


@pytest.mark.parametrize("end", ["", "_long"])
def test_the_strict_control_gets_the_very_same_images_in_steps_of_the_same_sizes(classes, end):
    model, control = (batches(order + end, classes) for order in ("round_first", "same_images"))
    assert [len(batch) for batch in model] == [len(batch) for batch in control]
    counts = [np.bincount(np.concatenate(made)).tolist() for made in (model, control)]
    assert counts[0] == counts[1]


def test_the_strict_control_sees_straight_digits_from_the_beginning(classes):
    first = np.concatenate(batches("same_images", classes)[:20])
    assert 0.1 < np.isin(classes[first], sample_order.STRAIGHT).mean() < 0.4


def test_sorted_epochs_go_through_the_classes_and_shuffled_ones_do_not(classes):
    rising = {
        order: [
            all(a <= b for a, b in pairwise(classes[np.concatenate(made[start : start + 8])]))
            for start in range(0, len(made), 8)
        ]
        for order in ("sorted", "shuffled")
        for made in [batches(order, classes)]
    }
    assert rising == {"sorted": [True] * 12, "shuffled": [False] * 12}


def test_every_epoch_shows_every_image_once(classes):
    for order in ("sorted", "shuffled"):
        made = batches(order, classes)
        assert np.bincount(np.concatenate(made)).tolist() == [12] * 200


def test_training_in_an_order_learns():
    row = sample_order.run("shuffled_p0", 0, {**sample_order.EXPERIMENT.quick, "order_epochs": 12})
    assert row["train_accuracy"] > 0.3


# --- damage --------------------------------------------------------------------------------------


@pytest.fixture
def layers():
    return list(network("none", settings={"channels": [4, 4, 4]}))


def scores(layers, kind, level, x, repeat=0):
    return dropout_damage.damaged(layers, kind, level, x, np.random.default_rng(0), repeat)


def test_no_damage_changes_nothing(layers, rng):
    x = rng.random((5, 1, 16, 16), dtype=np.float32)
    whole = nn.Sequential(*layers)(x)
    for kind in dropout_damage.KINDS:
        np.testing.assert_allclose(scores(layers, kind, 0, x), whole, rtol=1e-5, atol=1e-6)


def test_broken_units_are_the_same_for_every_image(layers, rng):
    x = rng.random((5, 1, 16, 16), dtype=np.float32)
    together = scores(layers, "units", 0.5, x)
    one_by_one = [scores(layers, "units", 0.5, image[None])[0] for image in x]
    np.testing.assert_allclose(together, one_by_one, rtol=1e-4, atol=1e-5)


def test_without_units_or_kernels_every_image_gets_the_same_answer(layers, rng):
    x = rng.random((5, 1, 16, 16), dtype=np.float32)
    for kind in ("units", "kernels"):
        answers = scores(layers, kind, 1.0, x)
        np.testing.assert_array_equal(answers, np.repeat(answers[:1], 5, axis=0))


def test_images_move_to_both_sides_and_black_comes_in():
    x = np.arange(1.0, 5.0).reshape(1, 1, 1, 4)
    assert dropout_damage.moved(x, 1).tolist() == [[[[0, 1, 2, 3]]]]
    assert dropout_damage.moved(x, -1).tolist() == [[[[2, 3, 4, 0]]]]
    assert dropout_damage.moved(x, 0).tolist() == x.tolist()


def test_what_is_lost_is_accuracy_minus_the_mean_of_the_curve():
    row = dropout_damage.run("p50", 0, dropout_damage.EXPERIMENT.quick)
    for kind in dropout_damage.KINDS:
        lost = row["test_accuracy"] - np.mean(row[f"{kind}_accuracies"])
        assert row[f"{kind}_loss"] == pytest.approx(lost)


def test_the_experiments_are_found_by_name():
    for module in (dropout_wrong_labels, dropout_few_images, dropout_cifar, dropout_places):
        assert experiments.get(module.EXPERIMENT.name) is module.EXPERIMENT
