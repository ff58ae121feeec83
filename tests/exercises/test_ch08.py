"""The exercises of chapter 8: cases, references and replies that are theirs alone."""

import numpy as np
import pytest

from cnnlab import experiments, nn, shapes
from cnnlab.exercises import ch08
from cnnlab.experiments import removals
from cnnlab.experiments.catalogue import strided_digits
from cnnlab.experiments.networks import n3
from cnnlab.statistics import decide, mean_interval


def plain(text):
    return " ".join(str(text).split())


# -- 1. spread_kernel


@pytest.mark.parametrize("case", ch08._spread_cases())
def test_a_spread_kernel_convolves_as_the_dilated_one_of_the_library(case, rng):
    kernel, rate = case
    x = rng.normal(size=(1, 20, 20))
    dilated = nn.functional.conv2d(x, kernel[None, None], dilation=rate)
    spread = nn.functional.conv2d(x, ch08._my_spread_kernel(kernel, rate)[None, None])
    np.testing.assert_allclose(spread, dilated, atol=1e-12)


@pytest.mark.parametrize("rate", [2, 3, 4])
def test_to_spread_and_thin_out_late_is_to_thin_out_early(rate, rng):
    late, early = ch08._both_ways(rng.normal(size=(17, 23)), rng.normal(size=(3, 3)), rate)
    np.testing.assert_allclose(late, early[: late.shape[0], : late.shape[1]], atol=1e-12)
    assert late.shape == early.shape


def test_the_praise_of_the_spread_kernel_says_that_both_ways_agree():
    reply = plain(ch08.spread_kernel.check(ch08._my_spread_kernel))
    assert "keeping one in `rate` first: True" in reply


def test_a_spread_kernel_may_be_made_by_kron():
    def my_spread_kernel(kernel, rate):
        corner = np.zeros((rate, rate))
        corner[0, 0] = 1
        h, w = kernel.shape
        return np.kron(kernel, corner)[: (h - 1) * rate + 1, : (w - 1) * rate + 1]

    assert ch08.spread_kernel.check(my_spread_kernel).passed


# -- 2. count_removals


@pytest.mark.parametrize(
    ("letter", "down", "head"),
    [
        ("a", "none", "flatten"),
        ("b", "none", "squeezed"),
        ("c", "dilated", "grid"),
        ("d", "stride", "flatten"),
        ("e", "convstride", "flatten"),
    ],
)
def test_the_counts_are_those_of_networks(letter, down, head, rng):
    *layers, _, _ = n3(down, 28, (4, 8, 8), head="flatten", rng=rng)
    body = [layer for layer in layers if not isinstance(layer, nn.Flatten)]
    last = max(i for i, layer in enumerate(body) if isinstance(layer, nn.Conv2d))
    convolutions = [layer for layer in body[:last] if isinstance(layer, nn.Conv2d)]
    counted = sum(p.size for layer in convolutions for p in layer.parameters())
    values = {"flatten": 8 * (28 if letter == "a" else 7) ** 2, "squeezed": 28**2, "grid": 8 * 7**2}
    counted += 9 * (head == "squeezed") + 10 * values[head] + 10
    assert counted == ch08._COUNTS[letter]


def test_a_half_filled_table_is_told_what_is_missing():
    answer = dict.fromkeys("abcde", ...) | {"c": 4266}
    assert "Still to predict: 'a', 'b', 'd', 'e'." in plain(ch08.count_removals.check(answer))


def test_one_wrong_count_gets_the_sentence_for_it():
    answer = ch08._COUNTS | {"d": 84 + 3930}
    reply = plain(ch08.count_removals.check(answer))
    assert "visits a quarter of the places, with the same weights" in reply


# -- 3. average_kernels


@pytest.mark.parametrize("k", [1, 2, 3])
def test_the_kernels_are_average_pooling(k, rng):
    x = rng.normal(size=(2, 4, 6, 6))
    y = nn.functional.conv2d(x, ch08._my_average_kernels(4, k), stride=k)
    np.testing.assert_allclose(y, nn.functional.avg_pool2d(x, k), atol=1e-12)


def test_the_kernels_are_those_of_the_experiment():
    ours, theirs = ch08._my_average_kernels(5, 2), strided_digits.average_kernels(5)
    np.testing.assert_array_equal(ours, theirs)


def test_the_praise_of_the_average_kernels_has_asked_the_library():
    reply = plain(ch08.average_kernels.check(ch08._my_average_kernels))
    assert "what the library's average pool gives: True" in reply


# -- 4. decision


@pytest.mark.parametrize("case", ch08._decision_cases())
def test_the_decision_is_that_of_the_library(case):
    one, other, margin, _ = case
    interval = mean_interval(one - other)
    low, high, verdict = ch08._my_decision(*case)
    assert (low, high) == pytest.approx((interval.low, interval.high), abs=2e-3)
    words = {1: "holds", -1: "does not hold", 0: "undecided"}
    assert words[verdict] == decide(interval, margin)


def test_every_verdict_occurs():
    assert {ch08._my_decision(*case)[2] for case in ch08._decision_cases()} == {-1, 0, 1}


def test_no_end_of_an_interval_lies_on_a_margin():
    for case in ch08._decision_cases():
        low, high, _ = ch08._my_decision(*case)
        assert min(abs(low - case[2]), abs(high - case[2])) > 1e-6


# -- 5. same_budget


def solution():
    names = {}
    exec(ch08._BUDGET_SOLUTION, names)
    return names["my_network"]


def test_the_budget_is_that_of_the_network_with_max_pools(rng):
    settings = experiments.get("removals_scattered").full
    rows = shapes.trace(removals.build("max", 28, 1, settings, rng), (1, 28, 28))
    assert sum(row.parameters for row in rows) == ch08._PARAMETERS
    assert sum(row.macs for row in rows) == ch08._MACS


def test_the_built_network_has_no_pool_but_the_last(rng):
    model = ch08.built(solution(), rng)
    pools = [layer for layer in model.modules() if "Pool" in type(layer).__name__]
    assert len(pools) == 1
    assert model(np.zeros((2, 1, 28, 28), dtype=np.float32)).shape == (2, 10)


def test_a_design_close_to_way_d_passes_with_one_layer_more():
    assert ch08.same_budget.check([(8, 3, 2, 1), (16, 3, 2, 1), *[(15, 3, 1, 1)] * 3]).passed


@pytest.mark.parametrize(
    ("layers", "words"),
    [
        ([(8, 3, 2)], "Layer 1 is not of the form"),
        ([(8, 3, 2, 1), (8.0, 3, 1, 1)], "Layer 2 is not of the form"),
        ([(True, 3, 2, 1)], "Layer 1 is not of the form"),
        ([(300, 3, 2, 1)], "Layer 1 has 300 channels, needed 1 to 256."),
        ([(1, 1, 1, 1)] * 40, "The list has 40 layers, needed at most 12."),
        ([(0, 3, 2, 1)], "Layer 1 has 0 channels"),
    ],
)
def test_a_design_that_is_none_is_told_why(layers, words):
    assert words in plain(ch08.same_budget.check(layers))


def test_an_even_cheaper_network_is_welcome():
    assert ch08.same_budget.check([(2, 3, 2, 1), (2, 3, 2, 2), (2, 3, 1, 2)]).passed
