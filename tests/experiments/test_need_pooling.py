"""The experiments of chapter 8: that their arms and images are what they say."""

import numpy as np
import pytest

from cnnlab import datasets, nn
from cnnlab.experiments.catalogue import (
    cifar_speed,
    lost_detail,
    probes,
    shortcut,
    strided_digits,
    zip_code,
)
from cnnlab.experiments.networks import n3

CHANNELS = (8, 16, 16)


def size(model):
    return sum(parameter.size for parameter in model.parameters())


def kinds(model):
    return [type(layer).__name__ for layer in model]


# --- strides in place of pools -------------------------------------------------------------------


def test_max_and_stride_have_equal_parameters_and_so_have_the_arms_with_an_extra_layer(rng):
    sizes = {way: size(strided_digits.build(way, 16, CHANNELS, rng)) for way in strided_digits.WAYS}
    assert sizes["max"] == sizes["stride"] == 6138
    assert sizes["convstride"] == sizes["max_conv"] == sizes["from_average"] == 7442


def test_one_arm_starts_as_average_pooling_and_its_other_kernels_are_those_of_the_pooled_network():
    models = {
        way: strided_digits.build(way, 16, CHANNELS, np.random.default_rng(3))
        for way in ("max", "from_average")
    }
    extra = strided_digits.extra_convolutions(models["from_average"])
    likeness = [strided_digits.likeness_to_average(layer.weight.data) for layer in extra]
    assert likeness == pytest.approx([1, 1], abs=1e-6)
    kernels = [
        [layer.weight.data for layer in model if isinstance(layer, nn.Conv2d)]
        for model in models.values()
    ]
    for pooled, strided in zip(kernels[0], kernels[1][::2], strict=True):
        np.testing.assert_array_equal(pooled, strided)


def test_random_kernels_do_not_resemble_average_pooling(rng):
    kernels = rng.normal(size=(16, 16, 2, 2))
    assert abs(strided_digits.likeness_to_average(kernels)) < 0.5


# --- the network of 1989 -------------------------------------------------------------------------


def test_the_rebuilt_network_and_its_twins_have_equal_weights_and_10024_parameters():
    models = [
        zip_code.zip_code(arm, np.random.default_rng(0)) for arm in ("zip_code", "max", "avg")
    ]
    for model in models:
        assert size(model) == 10024
        for one, other in zip(models[0].parameters(), model.parameters(), strict=True):
            np.testing.assert_array_equal(one.data, other.data)
    assert not any("Pool" in kind for kind in kinds(models[0]))
    assert kinds(models[1]).count("MaxPool2d") == kinds(models[2]).count("AvgPool2d") == 2


def test_the_differences_to_the_original_explain_its_9760_parameters():
    first_maps, second_maps, hidden, classes = 12 * 64, 12 * 16, 30, 10
    original = first_maps + 12 * 25  # a bias for each unit, one 5x5 kernel for each map
    original += second_maps + 12 * 8 * 25  # each map sees eight of the twelve
    original += (second_maps + 1) * hidden + (hidden + 1) * classes
    assert original == 9760


@pytest.mark.parametrize("arm", zip_code.WINDOWS)
def test_wherever_the_pools_stand_one_value_of_each_map_is_left(arm, rng):
    model = zip_code.four_convolutions(zip_code.WINDOWS[arm], (8, 16, 16, 16), rng)
    assert size(model) == 6058
    assert model[:-2].output_shape((1, 16, 16)) == (16, 1, 1)


# --- a patch in the background -------------------------------------------------------------------


def test_the_patch_lies_beside_every_digit_and_leaves_it_alone():
    split = datasets.placed_digits("centre", 1000, 0)
    edge = np.ones((28, 28), bool)
    edge[4:24] = False  # the two rows of cells above and below the digits
    assert split.x_train[:, :, edge].max() == 0
    marked = shortcut.with_patch(split.x_train, split.y_train)
    np.testing.assert_array_equal(marked[:, :, ~edge], split.x_train[:, :, ~edge])
    assert (marked[:, :, edge].sum(axis=(1, 2)) == 4).all()


def test_after_two_pools_each_class_still_has_a_pixel_of_its_own():
    marked = shortcut.with_patch(np.zeros((10, 1, 28, 28)), np.arange(10))
    pooled = nn.MaxPool2d(4)(marked)
    assert pooled.sum(axis=0).max() == 1
    assert (pooled.sum(axis=(1, 2, 3)) == 1).all()


def test_four_in_five_patches_tell_the_class_and_the_others_another_one(rng):
    y = rng.integers(0, 10, 20_000)
    told = shortcut.told_in_training(y, 0.8, rng)
    assert np.mean(told == y) == pytest.approx(0.8, abs=0.01)
    assert set(np.unique(told)) == set(range(10))


def test_a_contradicting_patch_never_tells_the_class(rng):
    y = rng.integers(0, 10, 2000)
    others = shortcut.other_classes(y, rng)
    assert (others != y).all()
    assert set(np.unique((others - y) % 10)) == set(range(1, 10))


# --- detail --------------------------------------------------------------------------------------


@pytest.mark.parametrize("task", lost_detail.TASKS)
def test_images_are_bright_on_a_darker_ground_and_show_every_class(task, rng):
    x, y = lost_detail.images(task, 400, rng)
    assert x.shape == (400, 1, 16, 16)
    assert not ((x > 0.2) & (x < 0.8)).any()
    assert x.min() >= 0
    assert x.max() <= 1
    assert set(y) == set(range(lost_detail.TASKS[task][1]))


def test_the_class_of_a_dot_is_its_column(rng):
    x, y = lost_detail.images("dot", 100, rng)
    np.testing.assert_array_equal(x[:, 0].max(axis=1).argmax(axis=1), y)


def test_upright_stripes_are_constant_down_each_column(rng):
    masks, y = lost_detail.stripe_images(50, rng)
    assert (np.ptp(masks[y == 1].astype(int), axis=1) == 0).all()
    assert (np.ptp(masks[y == 0].astype(int), axis=2) == 0).all()
    assert (masks.mean(axis=(1, 2)) == 0.5).all()


def test_the_four_shapes_differ_and_fill_their_square():
    drawn = [lost_detail.outline(shape) for shape in lost_detail.SHAPES]
    for shape in drawn:
        assert shape.any(axis=0).all()
        assert shape.any(axis=1).all()
    assert len({shape.tobytes() for shape in drawn}) == 4


@pytest.mark.parametrize("where", lost_detail.PLACES)
def test_the_pool_stands_where_the_arm_says(where, rng):
    window, place, _ = lost_detail.PLACES[where]
    model = lost_detail.build(window, place, 4, 8, rng)
    pools = [position for position, kind in enumerate(kinds(model)) if kind == "MaxPool2d"]
    assert pools == ([] if window == 1 else [0] if place == "first" else [4])
    assert model[:-2].output_shape((1, 16, 16)) == (8, 16 // window, 16 // window)


# --- probes --------------------------------------------------------------------------------------


def test_the_centre_of_the_ink_moves_with_the_image(rng):
    x = np.zeros((1, 1, 12, 12))
    x[0, 0, 2:5, 3:6] = rng.uniform(size=(3, 3))
    moved = np.roll(x, (4, 2), axis=(2, 3))
    np.testing.assert_allclose(probes.centre(moved) - probes.centre(x), [[4, 2]])


@pytest.mark.parametrize("width", [2, 3, 5])
def test_thickness_is_the_width_of_a_long_line_and_brightness_does_not_matter(width):
    line = np.zeros((1, 1, 60, 12))
    line[..., 3 : 3 + width] = 0.5
    assert probes.thickness(line).item() == pytest.approx(width)


def test_a_probe_reads_what_is_linear_and_not_what_is_not(rng):
    x = rng.normal(size=(400, 3, 2))
    linear, square = x[:, 0, :1] - 2 * x[:, 2, 1:], x[:, 0, :1] ** 2
    read = probes.probe(x[:300], np.hstack([linear, square])[:300], x[300:], [1e-6, 1e-3])
    np.testing.assert_allclose(read[:, :1], linear[300:], atol=0.05)
    assert np.corrcoef(read[:, 1], square[300:, 0])[0, 1] < 0.5


def test_a_probe_chooses_its_strength_from_images_it_learns_from(rng):
    x, targets = rng.normal(size=(50, 40)), rng.normal(size=(50, 1))
    read = probes.probe(x, targets, 10 * x, [1e-9, 1e9])
    np.testing.assert_allclose(read, np.full_like(targets, targets.mean()), atol=1e-6)


def test_stages_end_where_they_say(rng):
    for down in probes.POOLS:
        model = n3(down, 28, CHANNELS, rng=rng)
        last = {stage: kinds(model)[count - 1] for stage, (count, _) in probes.STAGES.items()}
        assert last["conv1"] == last["conv2"] == last["conv3"] == "ReLU"
        assert last["pool1"] == last["pool2"] == ("MaxPool2d" if down == "max" else "AvgPool2d")


# --- time to a goal ------------------------------------------------------------------------------


def test_a_goal_out_of_reach_is_admitted_with_the_steps_of_all_epochs():
    quick = {**cifar_speed.EXPERIMENT.quick, "goal": 1.01, "epochs": 1}
    row = cifar_speed.run("stride", 0, quick)
    assert (row["reached"], row["goal_steps"]) == (0, 2)
    assert len(row["accuracy_by_look"]) == 2
    assert row["goal_seconds"] > 0


def test_the_clock_of_a_goal_stops_at_the_first_look_that_reaches_it():
    row = cifar_speed.run("stride", 0, {**cifar_speed.EXPERIMENT.quick, "goal": 1e-9})
    first = next(i for i, right in enumerate(row["accuracy_by_look"], start=1) if right > 0)
    assert (row["reached"], row["goal_steps"]) == (1, first)
    assert row["best_accuracy"] == max(row["accuracy_by_look"])
