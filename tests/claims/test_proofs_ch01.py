"""Proofs of chapter 1: sizes, connections and weights, and what a layer can and cannot represent.

Each test is named in the ledger as the proof of one sentence. Where the ledger says *does not
hold*, the test shows the counterexample.
"""

import inspect
import itertools

import numpy as np
import pytest
import torch
from scipy.signal import convolve2d, correlate2d
from sklearn.metrics.pairwise import rbf_kernel

from cnnlab import nn, optim, shapes
from cnnlab.claims.numbers import LENET5, VGG16, count
from cnnlab.experiments.catalogue import parts
from cnnlab.experiments.stacks import stack
from cnnlab.laws import counting
from cnnlab.nn import functional as F

# --- conv-size-stride-padding --------------------------------------------------------------------


def sides(size, kernel_size, stride=1, padding=0, dilation=1):
    """Side of a convolution's output: by our layer, and by torch's."""
    options = {"stride": stride, "padding": padding, "dilation": dilation}
    weight = np.zeros((1, 1, kernel_size, kernel_size))
    ours = F.conv2d(np.zeros((1, 1, size, size)), weight, **options)
    theirs = torch.nn.functional.conv2d(
        torch.zeros(1, 1, size, size), torch.from_numpy(weight).float(), **options
    )
    return ours.shape[-1], theirs.shape[-1]


def test_without_padding_a_stride_of_one_gives_n_minus_f_plus_one():
    for size in range(1, 33):
        for kernel_size in range(1, size + 1):
            assert sides(size, kernel_size) == (size - kernel_size + 1,) * 2
    assert shapes.output_size(8, 3) == 6


def test_the_general_size_rule_is_exact():
    grid = itertools.product(range(1, 33, 3), range(1, 6), range(1, 5), range(4), range(1, 4))
    for n, f, s, p, d in grid:
        if n + 2 * p > d * (f - 1):
            expected = (n + 2 * p - d * (f - 1) - 1) // s + 1
            assert sides(n, f, s, p, d) == (expected, expected)


def test_with_another_stride_padding_or_dilation_the_short_rule_fails():
    short = 28 - 3 + 1
    for options in ({"stride": 2}, {"padding": 1}, {"dilation": 2}):
        assert short not in sides(28, 3, **options)


def test_the_default_stride_is_one():
    for layer in (nn.Conv2d, torch.nn.Conv2d, torch.nn.functional.conv2d, F.conv2d):
        if layer is not torch.nn.functional.conv2d:  # written in C++: it shows no signature
            assert inspect.signature(layer).parameters["stride"].default == 1
    assert (
        torch.nn.functional.conv2d(torch.zeros(1, 1, 9, 9), torch.zeros(1, 1, 3, 3)).shape[-1] == 7
    )


def test_the_default_stride_of_a_pool_is_its_window():
    for size in (2, 3, 4):
        expected = F.max_pool2d(np.zeros((1, 1, 12, 12)), size, stride=size).shape
        assert nn.MaxPool2d(size)(np.zeros((1, 1, 12, 12))).shape == expected
        assert tuple(torch.nn.MaxPool2d(size)(torch.zeros(1, 1, 12, 12)).shape) == expected


def test_half_the_kernel_less_one_keeps_the_size_of_odd_kernels():
    for size, kernel_size in itertools.product(range(1, 33), (1, 3, 5, 7, 9)):
        assert sides(size, kernel_size, padding=(kernel_size - 1) // 2) == (size, size)


def test_no_equal_padding_on_both_sides_keeps_the_size_of_an_even_kernel():
    for size, kernel_size, padding in itertools.product(range(1, 33), (2, 4, 6, 8), range(33)):
        if size + 2 * padding >= kernel_size:  # 2p - k + 1 is odd, so it is never 0
            assert shapes.output_size(size, kernel_size, padding=padding) != size


def test_with_a_stride_of_two_no_padding_below_the_kernel_keeps_the_size():
    for size, stride, kernel_size in itertools.product(range(2, 65), (2, 3, 4), range(1, 9)):
        if size > kernel_size:
            for padding in range(kernel_size):
                assert shapes.output_size(size, kernel_size, stride, padding) < size


def test_a_corner_pixel_takes_part_in_one_window_and_padding_gives_it_more():
    middle = 14
    for padding, at_the_corner in [(0, 1), (1, 4)]:
        counted = counting.participation(28, 3, padding=padding)
        assert (counted[0] ** 2, counted[middle] ** 2) == (at_the_corner, 9)


# --- convolution-extracts-features ---------------------------------------------------------------


def test_every_output_is_the_dot_product_of_a_patch_and_the_kernel(rng):
    x, kernel = rng.normal(size=(9, 9)), rng.normal(size=(3, 3))
    y = F.conv2d(x[None, None], kernel[None, None])[0, 0]
    for row, column in itertools.product(range(7), range(7)):
        patch = x[row : row + 3, column : column + 3]
        lengths = np.linalg.norm(patch) * np.linalg.norm(kernel)
        cosine = np.sum(patch * kernel) / lengths
        assert y[row, column] == pytest.approx(cosine * lengths, abs=1e-12)
    patches = rng.normal(size=(500, 9))  # of equal length: the kernel itself answers most
    patches *= np.linalg.norm(kernel) / np.linalg.norm(patches, axis=1, keepdims=True)
    assert (patches @ kernel.ravel()).max() < kernel.ravel() @ kernel.ravel()


def test_a_bright_patch_can_answer_more_than_the_pattern_itself():
    kernel = np.eye(3)
    pattern, bright = kernel, np.full((3, 3), 2.0)
    answers = [F.conv2d(p[None, None], kernel[None, None]).item() for p in (pattern, bright)]
    assert answers == [3.0, 6.0]


def test_a_convolution_layer_does_not_flip_its_kernel(rng):
    x, kernel = rng.normal(size=(9, 9)), rng.normal(size=(3, 3))
    y = F.conv2d(x[None, None], kernel[None, None])[0, 0]
    np.testing.assert_allclose(y, correlate2d(x, kernel, mode="valid"), atol=1e-12)
    assert not np.allclose(y, convolve2d(x, kernel, mode="valid"))


def test_an_output_channel_adds_up_all_input_channels(rng):
    x, weight = rng.normal(size=(1, 3, 8, 8)), rng.normal(size=(4, 3, 3, 3))
    each = [F.conv2d(x[:, c : c + 1], weight[:, c : c + 1]) for c in range(3)]
    np.testing.assert_allclose(F.conv2d(x, weight), sum(each), atol=1e-12)
    for channel in range(3):
        changed = x.copy()
        changed[:, channel] += 1
        moved = F.conv2d(changed, weight) != F.conv2d(x, weight)
        assert moved.any(axis=(0, 2, 3)).all()  # a change in any input channel reaches all four


# --- convolution-is-sparse-and-shared ------------------------------------------------------------


def test_most_pairs_of_a_3x3_convolution_are_not_connected():
    kernel = np.arange(1, 10).reshape(3, 3)
    for size, padding in itertools.product(range(5, 29), (0, 1)):
        assert counting.share_of_zeros(counting.convolution_matrix(kernel, size, padding)) > 0.5
    assert counting.share_of_zeros(counting.convolution_matrix(kernel, 6)) == 0.75


def test_a_convolution_has_fewer_weights_than_a_dense_layer_of_the_same_shapes():
    grid = itertools.product((1, 3), (1, 8), range(4, 33, 4), (1, 3), (1, 2), (0, 1))
    for case in grid:
        costs = counting.costs(*case)
        assert costs["conv"].parameters < costs["dense"].parameters
    costs = counting.costs(1, 8, 28, 3, padding=1)
    counted = [costs[name].parameters for name in ("dense", "local", "conv")]
    assert counted == [4_923_520, 62_720, 80]


def test_sharing_divides_the_weights_by_the_number_of_places():
    costs = counting.costs(1, 8, 28, 3, padding=1)
    assert costs["local"].connections == costs["conv"].connections
    assert costs["local"].weights == 28**2 * costs["conv"].weights
    assert (
        counting.distinct_values(
            counting.convolution_matrix(np.arange(1, 10).reshape(3, 3), 28, padding=1)
        )
        == 9
    )
    with_windows = costs["dense"].weights / costs["local"].weights  # what looking at windows saves
    assert with_windows < costs["local"].weights / costs["conv"].weights


def test_a_kernel_as_large_as_the_map_leaves_no_pair_unconnected():
    assert counting.share_of_zeros(counting.convolution_matrix(np.ones((6, 6)), 6)) == 0


def test_between_channels_everything_is_connected(rng):
    M = counting.convolution_matrix(rng.normal(size=(4, 3, 1, 1)), 5)
    between = M.reshape(4, 25, 3, 25)[:, 12, :, 12]  # all channels, at one place
    assert np.count_nonzero(between) == 12


def test_in_a_deep_stack_an_output_can_see_every_input():
    layers = [(4, 3, 1)] * 4
    model = stack(1, layers, 2, rng=np.random.default_rng(0))
    convolutions = nn.Sequential(*[layer for layer in model if type(layer) is nn.Conv2d])
    y = convolutions(np.zeros((1, 1, 9, 9), dtype=np.float32))
    grad = np.zeros_like(y)
    grad[..., 4, 4] = 1
    assert np.count_nonzero(convolutions.backward(grad)) == 81


# --- convolution-more-flexible -------------------------------------------------------------------


def test_a_dense_layer_with_the_right_weights_is_the_convolution(rng):
    layer = nn.Conv2d(2, 3, 3, stride=2, padding=1, rng=rng, dtype=np.float64)
    x = rng.normal(size=(5, 2, 8, 8))
    y = layer(x)
    dense = nn.Linear(2 * 64, 3 * 16, rng=rng, dtype=np.float64)
    dense.weight.data[...] = counting.convolution_matrix(layer.weight.data, 8, padding=1, stride=2)
    dense.bias.data[...] = np.repeat(layer.bias.data, 16)
    np.testing.assert_allclose(dense(x.reshape(5, -1)), y.reshape(5, -1), atol=1e-12)


def test_no_convolution_comes_near_a_random_dense_layer(rng):
    basis = [
        counting.convolution_matrix(unit.reshape(3, 3), 6, padding=1).ravel() for unit in np.eye(9)
    ]
    dense = rng.normal(size=(36, 36)).ravel()
    _, residual, rank, _ = np.linalg.lstsq(np.stack(basis, axis=1), dense, rcond=None)
    assert (rank, dense.size) == (9, 1296)  # nine directions of 1296
    assert residual.item() > 0.95 * np.sum(dense**2)


# --- depth-builds-hierarchy ----------------------------------------------------------------------


def arrangements(size=16):
    """Two images without noise that differ in which bar is above, at the same place."""
    x = np.zeros((2, 1, size, size))
    for image, pattern in zip(x, parts.PATTERNS, strict=True):
        image[0, 4:11, 5:8] = pattern
    return x


def test_3x3_windows_of_both_arrangements_are_the_same_windows():
    seen = [
        sorted(map(tuple, F.unfold(image[None], 3, padding=1)[0].T)) for image in arrangements()
    ]
    assert seen[0] == seen[1]
    for seed in range(20):  # so no 3x3 layer under a global maximum tells them apart
        model = stack(1, [(16, 3, 1)], 2, rng=np.random.default_rng(seed))
        first, second = model(arrangements().astype(np.float32))
        np.testing.assert_allclose(first, second, rtol=1e-6)


@pytest.mark.parametrize("arm", ["one7", "linear", "relu", "three3"])
def test_7x7_windows_of_the_arrangements_differ(arm):
    layers = parts.EXPERIMENT.full[arm]
    model = stack(1, layers, 2, inner_relu=arm != "linear", rng=np.random.default_rng(0))
    first, second = model(arrangements().astype(np.float32))
    assert np.abs(first - second).max() > 1e-4


def test_two_convolutions_without_a_nonlinearity_are_one_larger_convolution(rng):
    x = rng.normal(size=(2, 3, 12, 12))
    first, second = rng.normal(size=(4, 3, 3, 3)), rng.normal(size=(5, 4, 5, 5))
    one = np.zeros((5, 3, 7, 7))
    for out, inside, channel in itertools.product(range(5), range(4), range(3)):
        one[out, channel] += convolve2d(second[out, inside], first[inside, channel])
    stacked = F.conv2d(F.conv2d(x, first), second)
    np.testing.assert_allclose(F.conv2d(x, one), stacked, atol=1e-10)


def test_with_a_relu_between_them_no_convolution_does_the_same(rng):
    weight = np.ones((1, 1, 1, 1))
    a, b = np.array([[[[1.0]]]]), np.array([[[[-1.0]]]])

    def stacked(x):
        return F.conv2d(F.relu(F.conv2d(x, weight)), weight)

    assert stacked(a) + stacked(b) == 1  # a convolution would answer as to the sum, which is 0
    assert stacked(a + b) == 0


# --- cnn-learns-from-data ------------------------------------------------------------------------


def trained(x, y, order):
    """Train a dense network, the columns of its first layer in the same order as the pixels."""
    rng = np.random.default_rng(0)
    first = nn.Linear(x.shape[1], 12, rng=rng, dtype=np.float64)
    first.weight.data[...] = first.weight.data[:, order]
    model = nn.Sequential(first, nn.ReLU(), nn.Linear(12, 3, rng=rng, dtype=np.float64))
    optimizer, criterion = optim.Adam(model.parameters(), lr=0.01), nn.CrossEntropyLoss()
    for _ in range(30):
        criterion(model(x[:, order]), y)
        optimizer.zero_grad()
        model.backward(criterion.backward())
        optimizer.step()
    return model(x[:, order])


def test_a_dense_network_trains_alike_on_permuted_pixels_with_permuted_initial_weights(rng):
    x, y = rng.random((40, 20)), rng.integers(0, 3, 40)
    order = rng.permutation(20)
    np.testing.assert_allclose(trained(x, y, order), trained(x, y, np.arange(20)), atol=1e-9)


def test_a_gaussian_kernel_is_the_same_for_permuted_pixels(rng):
    x = rng.random((30, 49))
    order = rng.permutation(49)
    np.testing.assert_allclose(rbf_kernel(x[:, order]), rbf_kernel(x), rtol=1e-12)


def test_the_windows_of_a_convolution_are_other_windows_in_permuted_images(rng):
    x = np.zeros((1, 1, 7, 7))
    x[0, 0, 3, 2:5] = 1  # a bar
    permuted = x.reshape(1, 1, -1)[..., rng.permutation(49)].reshape(x.shape)
    bar = np.array([[[[0.0] * 3, [1.0] * 3, [0.0] * 3]]])
    assert F.conv2d(x, bar).max() == 3
    assert F.conv2d(permuted, bar).max() < 3


# --- cnn-has-three-layers ------------------------------------------------------------------------


def test_lenet_and_vgg_consist_of_convolutions_pools_and_dense_layers():
    for layers in (LENET5, VGG16):
        assert {layer[0] for layer in layers} == {"conv", "pool", "dense"}


def zip_code_network():
    """Build the network of 1989 in torch, with all connections between its maps."""
    return torch.nn.Sequential(
        torch.nn.Conv2d(1, 12, 5, stride=2, padding=2),
        torch.nn.Tanh(),
        torch.nn.Conv2d(12, 12, 5, stride=2, padding=2),
        torch.nn.Tanh(),
        torch.nn.Flatten(),
        torch.nn.Linear(192, 30),
        torch.nn.Tanh(),
        torch.nn.Linear(30, 10),
    )


def all_convolutional_network():
    """Build All-CNN-C in torch."""
    layers, channels = [], 3
    for width, kernel_size, stride in [
        (96, 3, 1), (96, 3, 1), (96, 3, 2), (192, 3, 1), (192, 3, 1), (192, 3, 2),
        (192, 3, 1), (192, 1, 1), (10, 1, 1),
    ]:  # fmt: skip
        convolution = torch.nn.Conv2d(channels, width, kernel_size, stride, kernel_size // 2)
        layers += [convolution, torch.nn.ReLU()]
        channels = width
    return torch.nn.Sequential(*layers, torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten())


def kinds(model):
    return [type(layer).__name__ for layer in model]


def test_there_are_networks_without_a_pool_and_networks_without_a_dense_layer():
    first, second = zip_code_network(), all_convolutional_network()
    assert first(torch.zeros(1, 1, 16, 16)).shape == (1, 10)
    assert second(torch.zeros(1, 3, 32, 32)).shape == (1, 10)
    assert not any("Pool" in kind for kind in kinds(first))
    assert "Linear" not in kinds(second)
    for model, name in [(first, "zip codes, 1989"), (second, "All-CNN-C, 2015")]:
        counted = counting.ANATOMY[name]
        assert kinds(model).count("Conv2d") == counted.convolutions
        assert kinds(model).count("Linear") == counted.dense
        assert kinds(model).count("AdaptiveAvgPool2d") == counted.global_pools


def test_the_published_number_of_parameters_of_the_1989_network_comes_out():
    first = 12 * 25 + 12 * 64  # shared weights, and a bias for every unit
    second = 12 * 8 * 25 + 12 * 16  # each map looks at eight of the twelve
    assert first + second + 30 * 193 + 10 * 31 == 9760


def test_without_its_nonlinearities_a_network_of_convolutions_is_linear(rng):
    model = nn.Sequential(
        nn.Conv2d(1, 4, 3, bias=False, rng=rng, dtype=np.float64),
        nn.AvgPool2d(2),
        nn.Conv2d(4, 4, 3, bias=False, rng=rng, dtype=np.float64),
        nn.Flatten(),
        nn.Linear(4 * 16, 3, bias=False, rng=rng, dtype=np.float64),
    )
    a, b = rng.normal(size=(2, 1, 1, 14, 14))
    np.testing.assert_allclose(model(a + b), model(a) + model(b), atol=1e-12)


def test_lenet_and_vgg_in_the_table_are_those_that_are_counted_elsewhere():
    for layers, name in [(LENET5, "LeNet-5, 1998"), (VGG16, "VGG-16, 2015")]:
        row = counting.ANATOMY[name]
        listed = [layer[0] for layer in layers]
        weighted = row.convolutions + row.dense  # the last convolution of LeNet-5 sees a whole map
        assert (listed.count("conv") + listed.count("dense"), listed.count("pool")) == (
            weighted,
            row.pools,
        )
    assert count(LENET5, 1, 32).parameters == 61_706
