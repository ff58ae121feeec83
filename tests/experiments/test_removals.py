"""The five ways to take pooling out are what their names say."""

import numpy as np
import pytest

from cnnlab import experiments, nn, shapes
from cnnlab.experiments import removals
from cnnlab.experiments.networks import he_start, n3

CIFAR = experiments.get("removals_cifar").full
CASES = [("removals_cifar", 32, 3), ("removals_centred", 28, 1), ("removals_scattered", 28, 1)]
EACH = pytest.mark.parametrize(("name", "size", "channels"), CASES)


def counted(arm, name, size, channels):
    settings = experiments.get(name).full
    model = removals.build(arm, size, channels, settings, np.random.default_rng(0))
    layers = shapes.trace(model, (channels, size, size))
    return sum(layer.parameters for layer in layers), sum(layer.macs for layer in layers)


@EACH
@pytest.mark.parametrize("arm", ["avg", "stride", "late"])
def test_these_arms_have_the_parameters_of_max(arm, name, size, channels):
    assert counted(arm, name, size, channels)[0] == counted("max", name, size, channels)[0]


@EACH
@pytest.mark.parametrize("arm", ["none_squeezed", "max_gap"])
def test_these_arms_have_nearly_the_parameters_of_max(arm, name, size, channels):
    ratio = counted(arm, name, size, channels)[0] / counted("max", name, size, channels)[0]
    assert abs(ratio - 1) < 0.01


@EACH
def test_the_learned_convolution_and_its_control_cost_the_same(name, size, channels):
    assert counted("convstride", name, size, channels) == counted("max_conv", name, size, channels)


@EACH
def test_the_thin_network_costs_the_multiplications_of_max(name, size, channels):
    ratio = counted("none_thin", name, size, channels)[1] / counted("max", name, size, channels)[1]
    assert 0.85 < ratio < 1.15


@EACH
def test_without_pools_the_dense_layer_grows_sixteenfold(name, size, channels):
    settings = experiments.get(name).full
    heads = [
        list(removals.build(arm, size, channels, settings, np.random.default_rng(0)))[-1]
        for arm in ("none", "max")
    ]
    assert heads[0].weight.shape[1] == 16 * heads[1].weight.shape[1]


@pytest.mark.parametrize("arm", ["avg", "stride", "none", "none_squeezed", "late", "convstride"])
def test_arms_of_a_seed_start_from_the_kernels_of_max(arm):
    first, other = (
        removals.build(name, 32, 3, CIFAR, np.random.default_rng(7)) for name in ("max", arm)
    )
    shape = 3, 3
    kernels = [
        [m.weight.data for m in net if isinstance(m, nn.Conv2d) and m.weight.shape[2:] == shape]
        for net in (first, other)
    ]
    assert len(kernels[0]) == 3
    for one, two in zip(*kernels, strict=True):
        np.testing.assert_array_equal(one, two)


def test_the_start_of_he_has_the_spread_that_keeps_activations_alike():
    model = n3("max", 28, (64, 64, 64), rng=np.random.default_rng(0))
    for layer in list(model):
        if isinstance(layer, nn.Conv2d | nn.Linear):
            fan_in = layer.weight.data[0].size
            assert layer.weight.data.std() == pytest.approx(np.sqrt(2 / fan_in), rel=0.1)
            assert not layer.bias.data.any()


def test_the_start_of_he_can_be_left_out_and_leaves_layers_without_bias_alone():
    plain, he = (n3("max", 28, he=he, rng=np.random.default_rng(0)) for he in (False, True))
    np.testing.assert_allclose(
        next(iter(he)).weight.data, np.sqrt(6) * next(iter(plain)).weight.data, rtol=1e-6
    )
    layer = nn.Linear(3, 2, bias=False, rng=np.random.default_rng(0))
    before = layer.weight.data.copy()
    he_start(nn.Sequential(layer))
    np.testing.assert_allclose(layer.weight.data, np.sqrt(6) * before)


def test_unknown_heads_are_refused():
    with pytest.raises(ValueError, match=r"n3\(head='attention'\).*flatten"):
        n3("max", 28, head="attention", rng=np.random.default_rng(0))
