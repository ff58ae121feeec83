"""The Python side of the dropout explorer."""

import re

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from cnnlab import nn
from cnnlab.widgets import DropoutExplorer, StateError
from cnnlab.widgets.dropout import HIDDEN_WEIGHT, INPUT, OUTPUT_WEIGHT, UNITS, uniforms


def network(p):
    """The drawn network, built of layers."""
    first, last = (nn.Linear(*size, bias=False, dtype=np.float64) for size in ((6, 8), (8, 1)))
    first.weight.data[...] = HIDDEN_WEIGHT
    last.weight.data[...] = OUTPUT_WEIGHT
    return nn.Sequential(first, nn.ReLU(), nn.Dropout(p, rng=np.random.default_rng(0)), last)


def test_the_network_is_one_of_layers_in_evaluation():
    y = network(0.5).eval()(INPUT[None].astype(float)).item()
    assert y == DropoutExplorer(training=False).output_moments()[0] == 8


@pytest.mark.parametrize("p", [0.2, 0.5, 0.8])
def test_the_law_of_the_output_is_that_of_many_passes_through_the_layers(p):
    y = network(p)(np.tile(INPUT.astype(float), (40_000, 1)))
    mean, variance = DropoutExplorer(p=p).output_moments()
    assert_allclose(y.mean(), mean, atol=4 * np.sqrt(variance / 40_000))
    assert_allclose(y.var(), variance, rtol=0.05)


@pytest.mark.parametrize("scale", [True, False])
def test_the_drawn_outputs_follow_the_law(scale):
    explorer = DropoutExplorer(p=0.3, scale=scale, draws=5000)
    mean, variance = explorer.output_moments()
    assert_allclose(explorer.outputs().mean(), mean, atol=4 * np.sqrt(variance / 5000))
    assert_allclose(explorer.outputs().var(), variance, rtol=0.1)


def test_without_the_factor_the_mean_is_too_small():
    assert DropoutExplorer(p=0.5, scale=False).output_moments() == (4.0, 9.0)


def test_in_evaluation_nothing_is_dropped_and_nothing_scaled():
    explorer = DropoutExplorer(p=0.9, training=False, scale=False, draws=3)
    assert explorer.masks().all()
    assert_array_equal(explorer.outputs(), [8, 8, 8])
    assert explorer.unit_moments() == (3.0, 0.0)


def test_the_same_seed_draws_the_same_masks_and_another_seed_others():
    first, again, other = (DropoutExplorer(seed=seed).masks() for seed in (1, 1, 2))
    assert_array_equal(first, again)
    assert (first != other).any()


def test_more_draws_keep_the_draws_that_were_there():
    few, many = DropoutExplorer(draws=10).masks(), DropoutExplorer(draws=110).masks()
    assert_array_equal(few, many[:10])


def test_a_unit_dropped_at_a_small_rate_is_dropped_at_every_larger_one():
    small, large = DropoutExplorer(p=0.2).masks(), DropoutExplorer(p=0.6).masks()
    assert (small | ~large).all()


def test_the_random_numbers_fill_every_tenth_alike():
    counts, _ = np.histogram(uniforms(1, 100_000), bins=10, range=(0, 1))
    assert_allclose(counts, 10_000, atol=4 * np.sqrt(100_000 * 0.1 * 0.9))


@pytest.mark.parametrize("unit", range(8))
def test_each_unit_is_dropped_as_often_as_p_says(unit):
    share = 1 - DropoutExplorer(p=0.3, draws=5000).masks()[:, unit].mean()
    assert_allclose(share, 0.3, atol=4 * np.sqrt(0.3 * 0.7 / 5000))


def test_two_units_are_dropped_independently():
    kept = DropoutExplorer(p=0.5, draws=5000).masks().astype(float)
    off = np.corrcoef(kept.T) - np.eye(8)
    assert abs(off).max() < 4 / np.sqrt(5000)


def test_dropout_before_a_max_pool_enlarges_its_mean():
    explorer = DropoutExplorer(window=[[8, 6], [4, 2]])
    assert explorer.pool_mean("max", "before") == 12.25
    assert explorer.pool_mean("max", "after") == 8


def test_dropout_before_an_average_pool_keeps_its_mean():
    explorer = DropoutExplorer(p=0.7, window=[[8, 6], [4, 2]])
    assert explorer.pool_mean("average", "before") == explorer.pool_mean("average", "after") == 5


def test_in_evaluation_the_place_of_dropout_does_not_matter():
    explorer = DropoutExplorer(training=False, scale=False)
    assert explorer.pool_mean("max", "before") == explorer.pool_mean("max", "after") == 8


def test_without_the_factor_every_mean_of_a_pool_shrinks_alike():
    explorer = DropoutExplorer(p=0.5, scale=False)
    assert explorer.pool_mean("max", "before") == 6.125
    assert explorer.pool_mean("average", "before") == 2.5


def test_the_line_of_text_names_rate_mode_and_law():
    assert repr(DropoutExplorer(p=0.5, scale=False)) == (
        "DropoutExplorer: p = 0.5, training, kept units × 1: the output has mean 4, variance 9"
    )
    assert repr(DropoutExplorer(training=False)) == (
        "DropoutExplorer: p = 0.5, evaluation: the output has mean 8, variance 0"
    )


def test_the_line_of_text_of_the_second_scene_names_the_means_of_the_pool():
    assert repr(DropoutExplorer(scene="pool", window=[[8, 6], [4, 2]])) == (
        "DropoutExplorer: p = 0.5, training, kept units × 2: the max pool has mean 12.25 with "
        "dropout before it, 8 with dropout after it"
    )


def test_an_array_becomes_plain_rows():
    assert DropoutExplorer(window=np.eye(2)).window == [[1, 0], [0, 1]]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"p": 1}, "(p=1): needed a number from 0 to 0.9."),
        ({"p": -0.1}, "(p=-0.1): needed a number from 0 to 0.9."),
        ({"p": float("nan")}, "(p=nan): needed a number from 0 to 0.9."),
        ({"p": "0.5"}, "(p='0.5'): got a str, needed a number from 0 to 0.9."),
        ({"scene": "units"}, "(scene='units'): needed 'unit' or 'pool'."),
        ({"pool": "blur"}, "(pool='blur'): needed 'max' or 'average'."),
        ({"unit": 0}, "(unit=0): needed an int from 1 to 8."),
        ({"seed": 0}, "(seed=0): needed an int from 1 to 9999."),
        ({"draws": 5001}, "(draws=5001): needed an int from 1 to 5000."),
        ({"draws": 1.5}, "(draws=1.5): got a float, needed an int from 1 to 5000."),
        ({"window": [[1, 2, 3]] * 3}, "(window): got 3 rows and 3 columns, needed 2 to 2 of each."),
        ({"window": [[1, 2], [3, -1]]}, "(window): the value -1 does not fit into a cell"),
        ({"window": None, "anchor": "a b"}, "(anchor='a b'): needed letters, digits and hyphens"),
    ],
)
def test_a_state_that_cannot_be_drawn_is_refused_in_our_words(arguments, message):
    with pytest.raises(ValueError, match=re.escape(f"DropoutExplorer{message}")):
        DropoutExplorer(**arguments)


def test_a_refused_assignment_changes_nothing():
    explorer = DropoutExplorer()
    with pytest.raises(StateError, match=r"needed a number from 0 to 0\.9"):
        explorer.p = 1.0
    assert explorer.p == 0.5


def test_an_unknown_pool_is_refused():
    with pytest.raises(ValueError, match="pool='blur'"):
        DropoutExplorer().pool_mean("blur")


def test_the_fallback_shows_each_unit_and_what_became_of_it():
    page = DropoutExplorer(draws=7, p=0.5).fallback()
    kept = DropoutExplorer(draws=7, p=0.5).masks()[-1]
    rows = re.findall(r"<tr><td>(\d)</td><td>(\d)</td><td>(.*?)</td><td>(.*?)</td></tr>", page)
    assert [(int(v), fate, float(y)) for _, v, fate, y in rows[:8]] == [
        (int(v), "kept, × 2" if k else "dropped", 2 * v if k else 0)
        for v, k in zip(UNITS, kept, strict=True)
    ]


def test_the_fallback_shows_both_laws_and_the_bias():
    page = DropoutExplorer().fallback()
    assert "<td>Hidden unit 1</td><td>3</td><td>3</td><td>9</td>" in page
    assert "<td>Output</td><td>8</td><td>8</td><td>36</td>" in page
    assert "<td>max pool</td><td>12.25</td><td>8</td>" in page
    assert "<td>average pool</td><td>5</td><td>5</td>" in page
