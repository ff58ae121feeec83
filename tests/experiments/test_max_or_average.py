"""The experiments of chapter 3: arms are what they say, pictures are drawn as described."""

import numpy as np
import pytest
import torch

from cnnlab import experiments
from cnnlab.experiments import densenet, pools
from cnnlab.experiments.catalogue import density, polarity, pooling_rules
from cnnlab.experiments.networks import n3

DRAWN = experiments.get("density").full


def dense_net(pool, seed=0, **settings):
    rng = np.random.default_rng(seed)
    return densenet.DenseNet(pool, 3, settings.get("growth", 8), 2, rng=rng)


# --- the transition of a DenseNet ----------------------------------------------------------------


@pytest.mark.parametrize("pool", ["max", "subsample"])
def test_dense_nets_of_a_seed_differ_in_the_pool_alone(pool):
    first, other = dense_net("avg"), dense_net(pool)
    names = [
        [type(layer).__name__ for layer in model if layer is not model[5]]
        for model in (first, other)
    ]
    assert names[0] == names[1]
    for one, two in zip(first.parameters(), other.parameters(), strict=True):
        assert torch.equal(one, two)


def test_a_dense_net_leaves_the_random_numbers_of_torch_as_they_were():
    before = torch.random.get_rng_state()
    dense_net("avg")
    assert torch.equal(before, torch.random.get_rng_state())


def test_another_seed_gives_another_dense_net():
    assert not torch.equal(dense_net("avg", 0)[0].weight, dense_net("avg", 1)[0].weight)


def test_a_dense_block_hands_on_what_came_in_and_what_every_layer_added():
    block = densenet.DenseBlock(5, growth=4).eval()
    x = torch.rand(2, 5, 6, 6)
    y = block(x)
    assert y.shape == (2, 5 + densenet.LAYERS * 4, 6, 6)
    assert torch.equal(y[:, :5], x)
    assert torch.equal(y[:, 5:9], block.layers[0](x))
    assert torch.equal(y[:, 9:13], block.layers[1](y[:, :9]))


def test_the_transition_halves_channels_and_sides():
    x = torch.rand(2, 3, 32, 32)
    sizes = []
    model = dense_net("max").eval()
    for layer in model:
        x = layer(x)
        sizes.append(tuple(x.shape[1:]))
    assert sizes[:7] == [
        (16, 16, 16),
        (40, 16, 16),
        (40, 16, 16),
        (40, 16, 16),
        (20, 16, 16),
        (20, 8, 8),
        (44, 8, 8),
    ]


def test_an_unknown_pool_of_the_transition_is_refused():
    with pytest.raises(ValueError, match=r"pool='median'\): no such pool; there are avg, max, sub"):
        dense_net("median")


# --- five rules ----------------------------------------------------------------------------------


def test_each_rule_hands_on_its_own_number():
    x = torch.tensor([[[[4.0, 1.0], [2.0, 9.0]]]])
    found = {rule: pools.Pool(rule)(x).item() for rule in ("max", "avg", "min", "fixed")}
    assert found == {"max": 9.0, "avg": 4.0, "min": 1.0, "fixed": 4.0}


def test_the_random_rule_takes_every_position_of_its_own_window_equally_often():
    x = torch.arange(16.0).reshape(1, 1, 4, 4).expand(4000, 1, 4, 4)
    torch.manual_seed(0)
    y = pools.Pool("random")(x)
    for row in range(2):
        for column in range(2):
            window = x[0, 0, 2 * row : 2 * row + 2, 2 * column : 2 * column + 2].flatten()
            taken = (y[:, 0, row, column, None] == window).float()
            assert (taken.sum(dim=1) == 1).all()
            np.testing.assert_allclose(taken.mean(dim=0), 0.25, atol=0.04)


def test_other_rules_take_the_places_of_the_pools_and_leave_the_weights():
    from cnnlab.compare import to_torch

    chain = to_torch(n3("max", 16, rng=np.random.default_rng(0)))
    other = pools.with_rule("min", chain)
    again = pools.with_rule("avg", other)
    kinds = [type(layer).__name__ for layer in again]
    expected = [type(layer).__name__.replace("MaxPool2d", "Pool") for layer in chain]
    assert kinds == expected
    assert [layer.rule for layer in again if isinstance(layer, pools.Pool)] == ["avg", "avg"]
    for one, two in zip(chain.parameters(), again.parameters(), strict=True):
        assert one is two


def test_unknown_rules_are_refused():
    with pytest.raises(ValueError, match=r"Pool\('median'\).*max, avg, min, random, fixed"):
        pools.Pool("median")


def test_gradient_is_counted_in_front_of_the_pool_and_below_the_relu():
    layers = [torch.nn.ReLU(), pools.Pool("avg"), torch.nn.Flatten(), torch.nn.Linear(4, 2)]
    x = np.ones((1, 1, 4, 4), dtype=np.float32)
    x[0, 0, :2] = -1  # half of the values do not pass the ReLU
    y = np.array([1])
    model = torch.nn.Sequential(*layers)
    assert pools.gradient_shares(model, x, y) == {"at_pool": [1.0], "below_relu": [0.5]}
    shares = pools.gradient_shares(pools.with_rule("max", model), x, y)
    assert shares == {"at_pool": [0.25], "below_relu": [0.125]}


def test_a_network_loses_nothing_with_its_own_rule():
    settings = pooling_rules.EXPERIMENT.quick
    for arm in ("max", "random"):
        assert pooling_rules.run(arm, 0, settings)[f"lost_with_{arm}"] == 0


# --- light and dark ------------------------------------------------------------------------------


def test_dark_digits_are_the_negative_of_light_ones_frame_included():
    x = np.random.default_rng(0).random((3, 1, 4, 4))
    light, dark = (polarity.seen(x, name, frame=1) for name in ("light", "dark"))
    assert light.shape == (3, 1, 6, 6)
    np.testing.assert_array_equal(light[:, :, 1:-1, 1:-1], x)
    np.testing.assert_array_equal(light + dark, 1)
    assert not light[:, :, 0].any()  # the frame is background


@pytest.mark.parametrize("place", polarity.PLACES)
def test_networks_for_either_pool_start_from_the_same_weights(place):
    first, other = (
        polarity.network(pool, place, 4, np.random.default_rng(3)) for pool in polarity.POOLS
    )
    for one, two in zip(first.parameters(), other.parameters(), strict=True):
        np.testing.assert_array_equal(one.data, two.data)


def test_sixteen_numbers_of_each_map_reach_the_linear_layer():
    rng = np.random.default_rng(0)
    on_pixels = polarity.network("max", "pixels", 4, rng)
    behind = polarity.network("max", "convolution", 4, rng)
    assert on_pixels(np.zeros((2, 1, 16, 16), dtype=np.float32)).shape == (2, 10)
    assert behind(np.zeros((2, 1, 18, 18), dtype=np.float32)).shape == (2, 10)
    assert [model[len(model) - 1].weight.shape[1] for model in (on_pixels, behind)] == [16, 64]


# --- dots and plus signs -------------------------------------------------------------------------


def test_half_of_the_pictures_belong_to_each_class():
    for task in density.TASKS:
        _, y = density.pictures(task, 100, DRAWN, np.random.default_rng(0))
        assert y.sum() == 50


def test_dots_come_at_the_rate_of_the_class():
    settings = {**DRAWN, "clutter": 0.0}
    x, y = density.pictures("density", 400, settings, np.random.default_rng(0))
    assert set(np.unique(x)) == {0.0, DRAWN["dot"]}
    found = [(x[y == c] > 0).mean() for c in (0, 1)]
    np.testing.assert_allclose(found, DRAWN["rates"], atol=0.01)


def test_one_plus_sign_lies_wholly_in_each_picture_of_class_one():
    settings = {**DRAWN, "clutter": 0.0}
    x, y = density.pictures("single", 200, settings, np.random.default_rng(0))
    np.testing.assert_array_equal((x > 0).sum(axis=(1, 2, 3)), 5 * y)
    places = {tuple(np.argwhere(picture[0] > 0)[0]) for picture in x[y == 1]}
    assert len(places) > 50


def test_the_clutter_is_half_normal():
    x, y = density.pictures("single", 200, DRAWN, np.random.default_rng(0))
    clutter = x[y == 0]
    assert clutter.min() >= 0
    assert clutter.mean() == pytest.approx(np.sqrt(2 / np.pi), abs=0.02)


def test_seeds_draw_other_pictures_and_no_test_picture_is_trained_on():
    settings = density.EXPERIMENT.quick
    first, other = (density.draw("single", seed, settings) for seed in (0, 1))
    drawn = {x.tobytes() for split in (first, other) for x in (*split.x_train, *split.x_test)}
    assert len(drawn) == 2 * (settings["train"] + settings["test"])
