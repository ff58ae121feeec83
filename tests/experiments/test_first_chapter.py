"""The experiments of chapter 1: that their arms are what they say, and their data, too."""

import numpy as np
import pytest

from cnnlab import nn, shapes
from cnnlab.experiments.catalogue import (
    depth,
    depth_cifar,
    first_layers,
    frozen_filters,
    parts,
    permuted_pixels,
)
from cnnlab.experiments.measuring import costs, measure, quantities, train_and_score
from cnnlab.experiments.stacks import stack
from cnnlab.laws import counting
from cnnlab.nn import functional as F


def kinds(model):
    return [type(layer).__name__ for layer in model]


# --- stacks --------------------------------------------------------------------------------------

SETTINGS = [(depth.EXPERIMENT.full, (1, 28, 28)), (depth_cifar.EXPERIMENT.full, (3, 16, 16))]


def one_and_three(configuration, image_shape):
    """Rows of both networks, layer by layer."""
    return [
        shapes.trace(
            stack(image_shape[0], configuration[arm], 10, rng=np.random.default_rng(0)), image_shape
        )
        for arm in ("one", "three")
    ]


@pytest.mark.parametrize(("configuration", "image_shape"), SETTINGS)
def test_one_layer_and_three_have_the_same_field_and_hand_on_equally_much(
    configuration, image_shape
):
    one, three = one_and_three(configuration, image_shape)
    assert one[0].receptive_field == three[4].receptive_field
    assert one[0].output_shape == three[4].output_shape


@pytest.mark.parametrize(("configuration", "image_shape"), SETTINGS)
def test_one_layer_and_three_cost_the_same_within_three_percent(configuration, image_shape):
    one, three = one_and_three(configuration, image_shape)
    for cost in ("parameters", "macs"):
        totals = [sum(getattr(row, cost) for row in rows) for rows in (one, three)]
        assert max(totals) < 1.03 * min(totals)


def test_a_linear_stack_lacks_the_inner_relus_alone():
    layers = [[4, 3, 1], [4, 3, 2], [8, 3, 4]]
    models = [
        stack(1, layers, 10, inner_relu=inner, rng=np.random.default_rng(1))
        for inner in (True, False)
    ]
    assert kinds(models[0]).count("ReLU") == 3
    without = [kind for kind in kinds(models[0])[:4] if kind != "ReLU"] + kinds(models[0])[4:]
    assert kinds(models[1]) == without
    states = [list(model.state_dict().values()) for model in models]
    for first, second in zip(*states, strict=True):
        np.testing.assert_array_equal(first, second)


def test_photographs_are_averaged_and_come_from_all_classes():
    configuration = {"train": 200, "test": 200}
    split = depth_cifar.photographs(configuration, seed=1)
    assert split.x_train.shape == (200, 3, 16, 16)
    for y in (split.y_train, split.y_test):
        assert np.bincount(y).tolist() == [20] * 10


# --- two bars ------------------------------------------------------------------------------------


def test_both_classes_have_the_same_bars_and_half_of_the_images_each(rng):
    x, y = parts.images(60, 16, 0.0, rng)
    assert np.bincount(y).tolist() == [30, 30]
    assert (x.sum(axis=(1, 2, 3)) == 6).all()
    for kernel in (parts.HORIZONTAL, parts.HORIZONTAL.T):
        assert (F.conv2d(x, kernel[None, None]).max(axis=(1, 2, 3)) == 3).all()


def test_the_class_says_which_bar_is_above(rng):
    x, y = parts.images(40, 16, 0.0, rng)
    for image, label in zip(x[:, 0], y, strict=True):
        widths = image.sum(axis=1)
        first = widths[widths > 0][0]
        assert first == (3 if label == 0 else 1)


def test_no_bar_touches_the_border_and_places_vary(rng):
    x, _ = parts.images(300, 16, 0.0, rng)
    ink = x.sum(axis=(0, 1))
    assert ink[[0, -1]].sum() == ink[:, [0, -1]].sum() == 0
    assert (ink[1:-1, 1:-1].sum(axis=1) > 0).all()


def test_training_and_test_images_of_two_bars_are_drawn_apart():
    split = parts.split(parts.EXPERIMENT.quick, seed=0)
    together = np.concatenate([split.x_train, split.x_test]).reshape(400, -1)
    assert len(np.unique(together, axis=0)) == 400


# --- frozen kernels ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arm", "frozen", "trained"), [("trained", 0, 3), ("frozen_first", 1, 2), ("frozen_all", 3, 0)]
)
def test_frozen_and_trained_layers_make_up_one_network(arm, frozen, trained):
    build, fixed = frozen_filters.parts(arm, frozen_filters.EXPERIMENT.full, seed=3)
    rest = build(np.random.default_rng([3, 1]))
    assert kinds(fixed).count("Conv2d") == frozen
    assert kinds(rest).count("Conv2d") == trained
    whole, _ = frozen_filters.parts("trained", frozen_filters.EXPERIMENT.full, seed=3)
    joined = nn.Sequential(*fixed, *rest)
    x = np.random.default_rng(0).random((2, 1, 16, 16), dtype=np.float32)
    np.testing.assert_array_equal(joined(x), whole(np.random.default_rng([3, 1]))(x))


def test_pixels_and_random_features_reach_the_same_dense_layer():
    for arm in ("frozen_all", "pixels"):
        build, _ = frozen_filters.parts(arm, frozen_filters.EXPERIMENT.full, seed=0)
        dense = build(np.random.default_rng(0))[-1]
        assert (dense.in_features, dense.out_features) == (256, 10)


# --- first layers --------------------------------------------------------------------------------


def test_first_layers_hand_on_equally_many_numbers_and_have_the_counted_parameters():
    x = np.zeros((2, 1, 16, 16), dtype=np.float32)
    costs = counting.costs(1, 8, 16, kernel_size=5, stride=4, padding=2)
    for kind in first_layers.LAYERS:
        model = nn.Sequential(*first_layers.first_layer(kind, np.random.default_rng(0)))
        assert model(first_layers.seen(kind, x)).shape == (2, 128)
        assert sum(p.size for p in model.parameters()) == costs[kind].parameters


def test_a_locally_connected_layer_with_equal_weights_everywhere_is_the_convolution(rng):
    x = rng.random((3, 1, 16, 16), dtype=np.float32)
    convolution = first_layers.first_layer("conv", rng)[0]
    local = first_layers.first_layer("local", rng)[0]
    local.weight.data[...] = np.tile(convolution.weight.data.reshape(8, 25, 1, 1), (16, 1, 1, 1))
    local.bias.data[...] = np.tile(convolution.bias.data, 16)
    y = local(first_layers.seen("local", x)).reshape(3, 16, 8).transpose(0, 2, 1)
    np.testing.assert_allclose(y.reshape(3, 8, 4, 4), convolution(x), atol=1e-5)


# --- permuted pixels -----------------------------------------------------------------------------


def test_all_images_of_a_seed_are_permuted_in_the_same_way():
    split = permuted_pixels.load(permuted_pixels.EXPERIMENT.quick, seed=0)
    order = np.arange(784, dtype=np.float32).reshape(1, 1, 28, 28)
    marked = permuted_pixels.permuted(split.__class__(order, split.y_train, order, split.y_test), 0)
    order = marked.x_train.ravel().astype(int)
    np.testing.assert_array_equal(np.sort(order), np.arange(784))
    moved = permuted_pixels.permuted(split, seed=0)
    for before, after in [(split.x_train, moved.x_train), (split.x_test, moved.x_test)]:
        np.testing.assert_array_equal(
            before.reshape(len(before), -1)[:, order], after.reshape(len(after), -1)
        )


def test_each_seed_draws_a_permutation_of_its_own():
    split = permuted_pixels.load(permuted_pixels.EXPERIMENT.quick, seed=0)
    first, second = (permuted_pixels.permuted(split, seed).x_test for seed in (0, 1))
    assert (first != second).any()


# --- measuring -----------------------------------------------------------------------------------


def test_curves_have_a_point_for_every_epoch_and_end_with_the_result():
    configuration = {**parts.EXPERIMENT.quick, "epochs": 3, "library": "cnnlab"}
    split = parts.split(configuration, seed=0)

    def build(rng):
        return stack(1, [[4, 3, 1]], 2, rng=rng)

    row = measure(build, split, 0, configuration)
    assert len(row["train_curve"]) == len(row["test_curve"]) == 3
    assert row["test_curve"][-1] == round(row["test_accuracy"], 4)
    assert "test_curve" not in measure(build, split, 0, {**configuration, "curve": False})


def test_a_row_holds_scores_of_training_and_test_images_in_evaluation_mode():
    configuration = {**parts.EXPERIMENT.quick, "epochs": 1, "library": "cnnlab"}
    split = parts.split(configuration, seed=0)

    def build(rng):
        return stack(1, [[4, 3, 1]], 2, rng=rng)

    learned, row = train_and_score(build, split, 0, configuration, train_log_loss=True)
    on_train = learned.scores(split.x_train, split.y_train)
    on_test = learned.scores(split.x_test, split.y_test)
    assert row == {
        "test_accuracy": on_test.accuracy,
        "test_log_loss": on_test.loss,
        "train_accuracy": on_train.accuracy,
        "train_log_loss": on_train.loss,
    }
    _, shorter = train_and_score(build, split, 0, configuration)
    assert shorter == {
        key: row[key] for key in ("test_accuracy", "test_log_loss", "train_accuracy")
    }
    assert learned.choice() == {"learning_rate": 0.03, "validation_log_loss": {}}


def test_costs_are_those_of_one_image():
    def build(rng):
        return stack(1, [[4, 3, 1]], 2, rng=rng)

    x = np.zeros((5, 1, 16, 16), dtype=np.float32)
    assert costs(build, x) == {"parameters": 4 * 9 + 4 + 4 * 2 + 2, "macs": 4 * 9 * 16 * 16 + 4 * 2}


def test_quantities_come_in_the_order_that_is_asked_for():
    assert list(quantities("macs", "test_accuracy")) == ["macs", "test_accuracy"]
