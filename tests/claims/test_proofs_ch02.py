"""Proofs of chapter 2: what arithmetic or a counterexample can settle, settled for every case.

Each test is named in ``cnnlab/claims/ledger/02-why-pool.yml`` as the proof of one
sentence. Where the ledger says *does not hold*, the test shows the counterexample.
"""

import itertools

import numpy as np
import pytest
import torch

from cnnlab import datasets, nn, optim, shapes
from cnnlab.claims.numbers import LENET5, VGG16, count, n3_layers, without_pools
from cnnlab.experiments.networks import n3
from cnnlab.gradcheck import check_gradients
from cnnlab.nn import functional as F


def every_pool():
    """Every size to 64 with the windows, steps and paddings that books use."""
    for size, k, s in itertools.product(range(1, 65), range(1, 6), range(1, 6)):
        for p in range(k // 2 + 1):
            if size + 2 * p >= k:
                yield size, k, s, p


# --- pooling-shrinks-maps ------------------------------------------------------------------------


def test_the_size_rule_is_exact_and_the_channels_stay():
    for size, k, s, p in every_pool():
        expected = (size + 2 * p - k) // s + 1
        assert shapes.output_size(size, k, s, p) == expected
        ours = nn.MaxPool2d(k, s, p)(np.zeros((1, 3, size, size)))
        assert ours.shape == (1, 3, expected, expected)
        theirs = torch.nn.functional.max_pool2d(torch.zeros(1, 3, size, size), k, s, p)
        assert tuple(theirs.shape) == ours.shape


def test_a_stride_of_two_or_more_shrinks_every_map_of_three_pixels():
    cases = [case for case in every_pool() if case[0] >= 3 and case[2] >= 2]
    assert all(shapes.output_size(*case) < case[0] for case in cases)


def test_a_stride_of_one_can_keep_or_even_enlarge_a_map():
    assert shapes.output_size(28, 3, stride=1, padding=1) == 28
    assert shapes.output_size(28, 2, stride=1, padding=1) == 29
    assert torch.nn.MaxPool2d(2, 1, 1)(torch.zeros(1, 1, 28, 28)).shape[-1] == 29


def test_a_two_by_two_pool_keeps_a_quarter_of_the_values():
    x = np.zeros((1, 5, 28, 28))
    assert 4 * nn.MaxPool2d(2)(x).size == x.size


# --- pooling-has-no-parameters, pooling-needs-no-backprop ----------------------------------------


def test_max_average_and_global_pools_have_nothing_to_learn():
    ours = [nn.MaxPool2d(2), nn.AvgPool2d(2), nn.MaxPool2d(28), nn.AvgPool2d(28)]
    theirs = [
        torch.nn.MaxPool2d(2),
        torch.nn.AvgPool2d(2),
        torch.nn.AdaptiveMaxPool2d(1),
        torch.nn.AdaptiveAvgPool2d(1),
    ]
    assert [list(layer.parameters()) for layer in [*ours, *theirs]] == [[]] * 8


def test_the_gradient_goes_to_the_winner_or_in_equal_shares():
    x = np.array([[[[1.0, 7.0], [3.0, 2.0]]]])
    grad = np.array([[[[8.0]]]])
    for layer, expected in [
        (nn.MaxPool2d(2), [[0.0, 8.0], [0.0, 0.0]]),
        (nn.AvgPool2d(2), [[2.0, 2.0], [2.0, 2.0]]),
    ]:
        layer(x)
        np.testing.assert_array_equal(layer.backward(grad), [[expected]])
    rng = np.random.default_rng(0)
    for layer in (nn.MaxPool2d(3, 2), nn.AvgPool2d(3, 2)):
        errors = check_gradients(layer, rng.normal(size=(2, 2, 7, 7)), rng=rng)
        assert max(errors.values()) < 1e-6


class MaxPoolWithoutBackward(nn.MaxPool2d):
    """Max pooling as it would be if no gradient had to be computed in it."""

    def backward(self, grad_output):
        return np.zeros_like(super().backward(grad_output))


def test_without_the_pools_backward_pass_the_kernels_below_never_move():
    split = datasets.digits(size=8, train=100, seed=0)
    moved = {}
    for pool in (nn.MaxPool2d, MaxPoolWithoutBackward):
        rng = np.random.default_rng(0)
        conv = nn.Conv2d(1, 4, 3, padding=1, rng=rng)
        head = nn.Linear(4 * 16, 10, rng=rng)
        model = nn.Sequential(conv, nn.ReLU(), pool(2), nn.Flatten(), head)
        before = conv.weight.data.copy(), head.weight.data.copy()
        criterion = nn.CrossEntropyLoss()
        optimizer = optim.Adam(model.parameters(), lr=0.01)
        for _ in range(20):
            criterion(model(split.x_train), split.y_train)
            optimizer.zero_grad()
            model.backward(criterion.backward())
            optimizer.step()
        moved[pool] = [
            not np.array_equal(old, layer.weight.data)
            for old, layer in zip(before, (conv, head), strict=True)
        ]
    assert moved == {nn.MaxPool2d: [True, True], MaxPoolWithoutBackward: [False, True]}


# --- pooling-is-a-convolution --------------------------------------------------------------------


@pytest.mark.parametrize("k", [1, 2, 3, 4])
def test_average_pooling_is_a_convolution_with_equal_weights(k):
    x = np.random.default_rng(k).normal(size=(2, 3, 12, 12))
    weight = np.full((1, 1, k, k), 1 / k**2)
    by_channel = [F.conv2d(x[:, c : c + 1], weight, stride=k) for c in range(3)]
    np.testing.assert_allclose(F.avg_pool2d(x, k), np.concatenate(by_channel, axis=1), atol=1e-12)


def test_max_pooling_is_no_convolution_because_it_is_not_additive():
    a = np.array([[[[1.0, 0.0], [0.0, 0.0]]]])
    b = np.array([[[[0.0, 1.0], [0.0, 0.0]]]])
    assert F.max_pool2d(a, 2) + F.max_pool2d(b, 2) == 2
    assert F.max_pool2d(a + b, 2) == 1
    weight = np.random.default_rng(0).normal(size=(1, 1, 2, 2))  # a convolution is additive
    parts = F.conv2d(a, weight) + F.conv2d(b, weight)
    np.testing.assert_allclose(F.conv2d(a + b, weight), parts, atol=1e-15)


# --- pooling-only-downsamples --------------------------------------------------------------------


def test_a_pool_with_stride_one_changes_the_map():
    x = np.arange(16.0).reshape(1, 1, 4, 4)
    y = F.max_pool2d(x, 3, stride=1, padding=1)
    assert y.shape == x.shape
    assert (y != x).any()


def test_a_convolution_with_stride_two_keeps_one_value_in_four():
    rng = np.random.default_rng(0)
    x, weight = rng.normal(size=(2, 3, 10, 10)), rng.normal(size=(4, 3, 3, 3))
    dense = F.conv2d(x, weight, padding=1)
    strided = F.conv2d(x, weight, stride=2, padding=1)
    assert 4 * strided.size == dense.size
    np.testing.assert_allclose(strided, dense[:, :, ::2, ::2], atol=1e-12)


# --- pool-after-nonlinearity ---------------------------------------------------------------------


def test_max_pooling_and_relu_may_be_exchanged():
    x = np.random.default_rng(0).normal(size=(4, 3, 12, 12))
    for k, s, p in [(2, 2, 0), (3, 2, 1), (3, 1, 1)]:
        after, before = F.max_pool2d(F.relu(x), k, s, p), F.relu(F.max_pool2d(x, k, s, p))
        np.testing.assert_array_equal(after, before)
    images = np.random.default_rng(1).random((8, 1, 16, 16), dtype=np.float32)
    outputs, gradients = [], []
    for down in ("max", "max_before_relu"):  # a whole network, forward and backward
        model = n3(down, 16, rng=np.random.default_rng(2))
        criterion = nn.CrossEntropyLoss()
        criterion(model(images), np.arange(8))
        model.backward(criterion.backward())
        outputs.append(model(images))
        gradients.append([parameter.grad for parameter in model.parameters()])
    np.testing.assert_array_equal(*outputs)
    for first, second in zip(*gradients, strict=True):
        np.testing.assert_allclose(first, second, rtol=1e-5, atol=1e-7)


def test_average_pooling_and_relu_may_not_be_exchanged():
    x = np.array([[[[3.0, -3.0], [1.0, -1.0]]]])
    assert F.avg_pool2d(F.relu(x), 2) == 1
    assert F.relu(F.avg_pool2d(x, 2)) == 0


@pytest.mark.parametrize("never_falls", [torch.relu, torch.sigmoid, torch.tanh])
def test_max_pooling_may_be_exchanged_with_what_never_falls(never_falls):
    x = torch.from_numpy(np.random.default_rng(0).normal(size=(4, 3, 12, 12)))
    pool = torch.nn.MaxPool2d(2)
    assert torch.equal(pool(never_falls(x)), never_falls(pool(x)))


@pytest.mark.parametrize("falls_and_rises", [torch.nn.GELU(), torch.nn.SiLU()])
def test_max_pooling_may_not_be_exchanged_with_what_falls_and_rises(falls_and_rises):
    x = torch.tensor([[[[-5.0, -4.0], [-3.0, -1.0]]]])  # the largest, -1, has the lowest image
    pool = torch.nn.MaxPool2d(2)
    assert pool(falls_and_rises(x)) > falls_and_rises(pool(x)) + 0.1


# --- pooling-cuts-parameters ---------------------------------------------------------------------


def parameters(model):
    return sum(parameter.size for parameter in model.parameters())


def test_pools_shrink_the_dense_layer_after_a_flatten():
    rng = np.random.default_rng(0)
    pooled, flat = n3("max", 28, rng=rng), n3("none", 28, rng=rng)
    assert parameters(pooled) == count(n3_layers(pool=True), 1, 28).parameters == 11_418
    assert parameters(flat) == count(n3_layers(pool=False), 1, 28).parameters == 129_018
    dense = [model[len(model) - 1].weight.size for model in (pooled, flat)]
    assert dense[1] == 16 * dense[0]
    assert parameters(flat) - parameters(pooled) == dense[1] - dense[0]  # nothing else changed


def test_pools_save_no_parameter_before_a_global_average():
    counts = [count(n3_layers(pool, head="gap"), 1, 28) for pool in (True, False)]
    assert counts[0].parameters == counts[1].parameters
    assert counts[0].activations < counts[1].activations


# --- pooling-grows-receptive-field ---------------------------------------------------------------


def test_a_pool_adds_one_jump_to_the_receptive_field():
    assert shapes.receptive_field([(3, 1)]) == (3, 1)
    assert shapes.receptive_field([(3, 1), (2, 2)]) == (4, 2)  # not 6; the jump is what doubles
    assert shapes.receptive_field([(2, 2)]) == (2, 2)  # on bare pixels alone the slogan is right


def test_after_a_pool_every_later_layer_adds_twice_as_much():
    for stack in ([(3, 1)], [(5, 1), (3, 1)], [(3, 1), (2, 2), (3, 1)]):
        field, _ = shapes.receptive_field(stack)
        more, _ = shapes.receptive_field([*stack, (3, 1)])
        pooled, _ = shapes.receptive_field([*stack, (2, 2)])
        more_pooled, _ = shapes.receptive_field([*stack, (2, 2), (3, 1)])
        assert more_pooled - pooled == 2 * (more - field)


@pytest.mark.parametrize("pool", [nn.MaxPool2d, nn.AvgPool2d])
@pytest.mark.parametrize("seed", range(6))
def test_the_recurrence_gives_the_measured_receptive_field(seed, pool):
    rng = np.random.default_rng(seed)
    layers, windows = [], []
    for _ in range(3):
        k, s = int(rng.choice([2, 3])), int(rng.choice([1, 2]))
        layers += [nn.Conv2d(1, 1, 3, rng=rng, dtype=np.float64), pool(k, s)]
        windows += [(3, 1), (k, s)]
    model = nn.Sequential(*layers)
    for parameter in model.parameters():
        parameter.data[...] = np.abs(parameter.data) + 0.1  # no gradient cancels
    field, _ = shapes.receptive_field(windows)
    seen = np.zeros((64, 64), dtype=bool)
    for _ in range(1 if pool is nn.AvgPool2d else 150):  # one input shows only the winners of max
        y = model(rng.exponential(size=(1, 1, 64, 64)))
        grad = np.zeros_like(y)
        grad[0, 0, 0, 0] = 1.0
        seen |= model.backward(grad)[0, 0] != 0
    rows = np.flatnonzero(seen.any(axis=1))
    assert (rows[0], rows[-1]) == (0, field - 1)


# --- convolution-dominates-compute ---------------------------------------------------------------


def test_convolutions_dominate_the_macs_of_lenet_and_vgg():
    lenet, vgg = count(LENET5, 1, 32), count(VGG16, 3, 224)
    assert lenet.parameters == 61_706  # with the full third layer of today's versions
    assert vgg.parameters == 138_357_544
    assert lenet.convolution_share > 0.5
    assert vgg.convolution_share > 0.5
    assert vgg.dense_weights > 0.5 * vgg.parameters  # while the weights live elsewhere


def test_a_wide_dense_layer_outweighs_a_small_convolution():
    network = count([("conv", 8, 3, 1, 1), ("pool", 0, 2, 2, 0), ("dense", 512)], 1, 28)
    assert network.convolution_share < 0.5


def test_counting_without_weights_agrees_with_counting_layers():
    for pool, down in ((True, "max"), (False, "none")):
        rows = shapes.trace(n3(down, 28, rng=np.random.default_rng(0)), (1, 28, 28))
        counted = count(n3_layers(pool), 1, 28)
        assert counted.macs == sum(row.macs for row in rows)
        assert counted.parameters == sum(row.parameters for row in rows)


# --- pooling-speeds-up-training, no-pooling-is-infeasible ----------------------------------------


def test_pools_save_macs_and_strides_save_more():
    rng = np.random.default_rng(0)
    macs = {
        down: sum(row.macs for row in shapes.trace(n3(down, 28, rng=rng), (1, 28, 28)))
        for down in ("stride", "max", "none")
    }
    assert macs["stride"] < macs["max"] < macs["none"]


def test_vgg_without_downsampling_does_not_fit_into_memory():
    bare = count(without_pools(VGG16), 3, 224)
    assert bare.first_dense_weights == 512 * 224**2 * 4096
    assert 4 * bare.first_dense_weights > 256e9  # float32; 256 GB is far from ordinary


def test_vgg_with_a_global_average_has_no_more_weights_without_pools():
    flatten = VGG16.index(("dense", 4096))
    averaged = [*VGG16[:flatten], ("global", 0, 0, 0, 0), *VGG16[flatten:]]
    pooled, bare = count(averaged, 3, 224), count(without_pools(averaged), 3, 224)
    assert bare.parameters == pooled.parameters
    assert 4 * bare.parameters < 1e9  # float32; a gigabyte is ordinary
    assert bare.convolution_macs == count(without_pools(VGG16), 3, 224).convolution_macs


def test_vgg_with_strides_is_cheaper_than_with_pools():
    pooled, strided = count(VGG16, 3, 224), count(without_pools(VGG16, stride=True), 3, 224)
    assert strided.macs < pooled.macs
    assert strided.parameters == pooled.parameters
