"""The exercises of chapter 2: cases, references and replies that are theirs alone."""

import itertools
import re

import numpy as np
import pytest

from cnnlab import nn, shapes
from cnnlab.exercises import ch02
from cnnlab.nn import functional as F


def plain(text):
    return " ".join(str(text).split())


# -- 1. max_pool2d


@pytest.mark.parametrize("case", ch02._pool_cases()[::10])
def test_max_pool2d_needs_what_the_library_returns(case):
    x, kernel_size, stride = case
    expected = F.max_pool2d(x[np.newaxis], kernel_size, stride)[0]
    np.testing.assert_array_equal(ch02._my_max_pool2d(x, kernel_size, stride), expected)


def test_max_pool2d_is_tried_on_negative_maps_oblong_maps_and_left_over_rows():
    cases = ch02._pool_cases()
    assert any((x < 0).all() for x, k, s in cases)
    assert any(x.shape[0] != x.shape[1] for x, k, s in cases)
    assert any((x.shape[0] - k) % s for x, k, s in cases)
    assert any(s > k for x, k, s in cases)
    assert any(1 < s < k for x, k, s in cases)


def test_max_pool2d_accepts_a_vectorised_answer():
    def my_max_pool2d(x, kernel_size, stride):
        windows = np.lib.stride_tricks.sliding_window_view(x, (kernel_size, kernel_size))
        return windows[::stride, ::stride].max(axis=(2, 3))

    assert ch02.max_pool2d.check(my_max_pool2d).passed


# -- 2. parameter_table


def network(down, head):
    def pool():
        return [nn.MaxPool2d(2)] if down == "max" else []

    rng = np.random.default_rng(0)
    side = 4 if down == "max" else 16
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1, rng=rng),
        nn.ReLU(),
        *pool(),
        nn.Conv2d(8, 16, 3, padding=1, rng=rng),
        nn.ReLU(),
        *pool(),
        nn.Conv2d(16, 16, 3, padding=1, rng=rng),
        nn.ReLU(),
        *([nn.AvgPool2d(side)] if head == "gap" else []),
        nn.Flatten(),
        nn.Linear(16 * (side**2 if head == "flatten" else 1), 10, rng=rng),
    )


@pytest.mark.parametrize("head", ["flatten", "gap"])
@pytest.mark.parametrize("down", ["max", "none"])
def test_the_parameter_table_is_that_of_real_networks(down, head):
    parameters = sum(p.data.size for p in network(down, head).parameters())
    assert ch02._table()[f"{down} + {head}"] == parameters


def test_one_wrong_entry_is_named_and_the_others_are_right():
    answer = ch02._table() | {"max + gap": 3746}
    reply = plain(ch02.parameter_table.check(answer))
    assert reply.count("right") == 3
    assert "max + gap 3,746 too many" in reply
    assert "weights for each pool" in reply


def test_two_different_mistakes_are_explained_one_after_the_other():
    answer = ch02._table() | {"max + flatten": 13_818, "none + gap": 3_588}
    reply = plain(ch02.parameter_table.check(answer))
    assert "max + flatten: That is the count for 8 · 8 · 16 inputs" in reply


def test_an_unexplained_entry_is_not_guessed_at():
    answer = ch02._table() | {"max + gap": 1}
    assert "layer by layer" in plain(ch02.parameter_table.check(answer))


def test_the_right_number_is_never_shown_in_a_refusal():
    answer = dict.fromkeys(ch02._table(), 1)
    assert not re.search("6,?138|3,?738|44,?538", repr(ch02.parameter_table.check(answer)))


def test_an_unknown_network_is_named():
    answer = ch02._table() | {"avg + gap": 1}
    assert "There is no entry 'avg + gap'" in plain(ch02.parameter_table.check(answer))


def test_whole_numbers_of_any_type_are_accepted():
    answer = {name: np.int64(n) for name, n in ch02._table().items()}
    assert ch02.parameter_table.check(answer).passed


# -- 3. receptive_field


@pytest.mark.parametrize("case", ch02._field_cases())
def test_the_measured_field_is_that_of_the_formula(case):
    assert ch02._measured_field(*case) == ch02._my_receptive_field(*case)


@pytest.mark.parametrize("case", ch02._field_cases()[:-1:7])
def test_the_measured_field_is_that_of_the_library(case):
    assert ch02._measured_field(*case) == shapes.receptive_field(*case)[0]


def test_receptive_field_accepts_an_answer_from_output_to_input():
    def my_receptive_field(layers):
        r = 1
        for kernel_size, stride in reversed(layers):
            r = (r - 1) * stride + kernel_size
        return r

    assert ch02.receptive_field.check(my_receptive_field).passed


# -- 4. fast_max_pool2d


def test_slow_pool_is_the_librarys_pool():
    x = np.random.default_rng(0).standard_normal((3, 7, 8))
    np.testing.assert_array_equal(ch02.slow_pool(x), F.max_pool2d(x, 2))


def test_a_function_that_loops_over_rows_is_told_how_fast_it_is():
    def my_fast_pool(x):
        C, H, W = x.shape
        y = np.empty((C, H // 2, W // 2))
        for c, i in itertools.product(range(C), range(H // 2)):
            row = np.concatenate([x[c, 2 * i], x[c, 2 * i + 1]]).reshape(2, W).max(axis=0)
            y[c, i] = [max(row[2 * j], row[2 * j + 1]) for j in range(W // 2)]
        return y

    reply = plain(ch02.fast_max_pool2d.check(my_fast_pool))
    assert re.search(r"All 50 maps agree, at \d+\.\d times the speed of the loop", reply)


def test_a_fast_answer_that_prints_is_not_heard(capsys):
    def my_fast_pool(x):
        print(x.shape)
        return ch02._my_fast_pool(x)

    ch02.fast_max_pool2d.check(my_fast_pool)
    assert capsys.readouterr().out == ""


# -- 5. design_stack


def test_the_table_of_a_stack_is_that_of_the_library():
    stack = [("conv", 5, 1), ("pool", 2, 2), ("conv", 3, 2), ("conv", 7, 1)]
    rng = np.random.default_rng(0)
    channels = itertools.chain([1], itertools.repeat(8))
    model = nn.Sequential(
        *(
            nn.Conv2d(next(channels), 8, k, stride=s, padding=k // 2, rng=rng)
            if kind == "conv"
            else nn.MaxPool2d(k, s)
            for kind, k, s in stack
        )
    )
    rows = [row for row in shapes.trace(model, (1, 64, 64)) if row.name]
    expected = [(row.output_shape[-1], row.macs, row.jump, row.receptive_field) for row in rows]
    assert [row[1:] for row in ch02._trace(stack)] == expected[-len(stack) :]


def test_no_stack_is_cheaper_than_the_one_called_cheapest():
    layers = [("conv", k, s) for k in (3, 5, 7) for s in (1, 2)] + [("pool", 2, 2)]
    best = np.inf
    # a state: side, channels, jump, field, convolutions (4 = enough), last was a pool -> MACs
    states = {(64, 1, 1, 1, 0, True): 0}
    while states:
        following = {}
        for (side, channels, jump, field, convs, pooled), macs in states.items():
            if side >= 8 and field >= 40 and convs == 4:
                best = min(best, macs)
                continue
            for kind, k, s in layers:
                if kind == "pool" and pooled:
                    continue
                n = side // s
                cost = macs + (n * n * k * k * channels * 8 if kind == "conv" else 0)
                if n < 8 or cost > min(best, 1_000_000):
                    continue
                state = (
                    n,
                    8,
                    jump * s,
                    min(field + (k - 1) * jump, 40),
                    min(convs + (kind == "conv"), 4),
                    kind == "pool",
                )
                following[state] = min(cost, following.get(state, cost))
        states = following
    assert best == ch02._FEWEST_MACS


def test_the_reference_designs_keep_the_rules():
    for stack in ch02._REFERENCES.values():
        assert ch02._allowed(stack) == stack
        assert ch02._trace(stack)[-1][-1] >= 40
        assert ch02._trace(stack)[-1][1] >= 8


def test_a_reference_design_does_not_beat_itself():
    for stack in ch02._REFERENCES.values():
        assert ch02.design_stack.check(stack).status == "not yet"


def test_a_stack_that_beats_the_references_is_told_how_much_is_left():
    stack = [("conv", 3, 2), ("pool", 2, 2), ("conv", 3, 1), ("pool", 2, 2), *[("conv", 3, 1)] * 2]
    reply = plain(ch02.design_stack.check(stack))
    assert "Correct. It beats all three reference designs. 1. your stack 294,912 MACs" in reply
    assert "needs 184,320 MACs" in reply


def test_a_very_deep_stack_is_shown_in_part():
    reply = repr(ch02.design_stack.check([("conv", 3, 1)] * 5000))
    assert "... 4979 more" in reply
    assert len(reply.splitlines()) < 40


def test_lists_and_numpy_integers_are_accepted_as_layers():
    stack = [["conv", np.int64(3), 2], ["pool", 2, 2], ["conv", 3, 2], *[["conv", 3, 1]] * 2]
    assert ch02.design_stack.check(stack).passed
