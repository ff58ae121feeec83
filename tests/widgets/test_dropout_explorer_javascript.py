"""The dropout explorer computes in the reader's browser; here its numbers are held to cnnlab's."""

from itertools import product

import numpy as np
import pytest
from numpy.testing import assert_allclose

from cnnlab import nn
from cnnlab.laws import dropout as laws
from cnnlab.nn.dropout import dropout_mask
from cnnlab.widgets import DropoutExplorer
from cnnlab.widgets.dropout import HIDDEN_WEIGHT, INPUT, OUTPUT_WEIGHT, UNITS


@pytest.fixture
def dropout(javascript):
    """Call functions of dropout.js."""
    return javascript("dropout.js")


def random_rules(rng, count=300):
    """Rate, mode and factor as the explorer holds them."""
    for _ in range(count):
        yield {
            "p": float(rng.choice([0, 0.05, 0.3, 0.5, 0.9, rng.uniform(0, 0.9)])),
            "training": bool(rng.random() < 0.8),
            "scale": bool(rng.random() < 0.7),
        }


def rate_and_share(s):
    """Chance to be dropped, and the mean as a share of the mean under inverted dropout."""
    rate = s["p"] if s["training"] else 0.0
    return rate, 1 if s["scale"] else 1 - rate


def windows(rng, low):
    return rng.integers(low, 10, size=4).tolist()


def all_masked(values, s):
    """Every mask of four values: its probability, and the window behind dropout."""
    rate, share = rate_and_share(s)
    factor = share / (1 - rate)
    for kept in product([0, 1], repeat=4):
        left = sum(kept)
        yield rate ** (4 - left) * (1 - rate) ** left, np.multiply(kept, values) * factor


def test_the_network_of_the_page_is_that_of_python(dropout):
    (net,) = dropout(["NET"])
    assert net["x"] == INPUT.tolist()
    assert net["W"] == HIDDEN_WEIGHT.tolist()
    assert net["v"] == OUTPUT_WEIGHT.tolist()


def test_a_pass_through_a_random_network_is_that_of_its_layers(dropout, rng):
    calls, wanted = [], []
    for case, s in enumerate(random_rules(rng)):
        n, m = (int(v) for v in rng.integers(1, 9, size=2))
        first, last = (nn.Linear(*size, bias=False, dtype=np.float64) for size in ((n, m), (m, 1)))
        layer = nn.Dropout(s["p"], rng=np.random.default_rng(case))
        x = rng.normal(size=(1, n))
        wanted.append(nn.Sequential(first, nn.ReLU(), layer, last)(x).item())
        mask = dropout_mask((1, m), s["p"], rng=np.random.default_rng(case))[0]
        weight = {"W": first.weight.data.tolist(), "v": last.weight.data[0].tolist()}
        calls.append(["forward", {"x": x[0].tolist(), **weight}, mask.tolist()])
    assert_allclose(dropout(*calls), wanted, rtol=0, atol=1e-12)


def test_the_share_of_dropped_units_is_the_rate(dropout):
    s = {"p": 0.3, "training": True, "scale": True, "seed": 1}
    draws = np.array(dropout(*(["factors", s, draw] for draw in range(1, 2001))))
    assert_allclose((draws == 0).mean(axis=0), 0.3, atol=4 * np.sqrt(0.3 * 0.7 / 2000))
    assert set(draws.round(12).ravel()) == {0, round(1 / 0.7, 12)}


def test_the_masks_drawn_are_those_of_python(dropout, rng):
    for s in random_rules(rng, count=8):
        explorer = DropoutExplorer(**s, seed=int(rng.integers(1, 10_000)), draws=200)
        found = np.array(
            dropout(*(["factors", explorer.state(), draw] for draw in range(1, 201))), dtype=bool
        )
        np.testing.assert_array_equal(found, explorer.masks())


def test_mean_and_variance_of_the_draws_are_those_of_python(dropout, rng):
    for s in random_rules(rng, count=20):
        draws = int(rng.integers(1, 400))
        explorer = DropoutExplorer(**s, seed=7, draws=draws, unit=int(rng.integers(1, 9)))
        (found,) = dropout(["drawn", explorer.state(), draws])
        y = explorer.outputs()
        wanted = [y.mean(), y.var()]
        assert_allclose([found["output"][k] for k in ("mean", "variance")], wanted, atol=1e-9)
        u = explorer.masks()[:, explorer.unit - 1] * UNITS[explorer.unit - 1]
        rate, share = rate_and_share(s)
        u = u * share / (1 - rate)
        wanted = [u.mean(), u.var()]
        assert_allclose([found["unit"][k] for k in ("mean", "variance")], wanted, atol=1e-9)


def test_the_law_of_a_unit_is_that_of_cnnlab_on_random_cases(dropout, rng):
    cases = [(float(rng.normal(scale=5)), s) for s in random_rules(rng)]
    found = dropout(*(["moments", [x], s] for x, s in cases))
    for (x, s), law in zip(cases, found, strict=True):
        rate, share = rate_and_share(s)
        mean, variance = laws.moments(np.array([x]), rate)
        assert_allclose(law["mean"], share * mean[0], rtol=1e-12)
        assert_allclose(law["variance"], share**2 * variance[0], rtol=1e-12, atol=1e-15)


def test_the_law_of_a_sum_is_that_of_cnnlab_on_random_cases(dropout, rng):
    cases = [(rng.normal(size=8), rng.normal(size=8), s) for s in random_rules(rng)]
    found = dropout(*(["moments", (w * x).tolist(), s] for w, x, s in cases))
    for (w, x, s), law in zip(cases, found, strict=True):
        rate, share = rate_and_share(s)
        mean, variance = laws.dot_product_moments(w, x, rate)
        assert_allclose(law["mean"], share * mean, rtol=1e-9, atol=1e-12)
        assert_allclose(law["variance"], share**2 * variance, rtol=1e-9, atol=1e-12)


def test_the_outlined_bars_have_the_mean_and_the_variance_of_the_law(dropout, rng):
    cases = [(rng.integers(-4, 5, size=8).tolist(), s) for s in random_rules(rng, count=100)]
    found = dropout(*(["distribution", values, s] for values, s in cases))
    for (values, s), atoms in zip(cases, found, strict=True):
        rate, share = rate_and_share(s)
        at, probability = np.array(atoms).T
        mean, variance = laws.dot_product_moments(np.ones(8), np.array(values, float), rate)
        assert_allclose(probability.sum(), 1)
        assert_allclose(at @ probability, share * mean, atol=1e-9)
        centred = (at - share * mean) ** 2
        assert_allclose(centred @ probability, share**2 * variance, rtol=1e-9, atol=1e-9)


def test_the_mean_of_a_max_behind_dropout_is_that_of_cnnlab_on_random_cases(dropout, rng):
    cases = [(windows(rng, low=-9), s) for s in random_rules(rng, count=400)]
    found = dropout(*(["poolMoments", x, s, "max", "before"] for x, s in cases))
    for (x, s), law in zip(cases, found, strict=True):
        rate, share = rate_and_share(s)
        assert_allclose(law["mean"], share * laws.expected_max(np.array(x), rate), atol=1e-9)


@pytest.mark.parametrize(("pool", "kind"), [("max", nn.MaxPool2d), ("average", nn.AvgPool2d)])
def test_mean_and_variance_behind_dropout_are_those_of_all_masks_through_a_layer(
    dropout, rng, pool, kind
):
    cases = [(windows(rng, low=-9), s) for s in random_rules(rng, count=200)]
    found = dropout(*(["poolMoments", x, s, pool, "before"] for x, s in cases))
    for (x, s), law in zip(cases, found, strict=True):
        probability, masked = zip(*all_masked(x, s), strict=True)
        y = kind(2)(np.array(masked).reshape(16, 1, 2, 2)).ravel()
        mean = y @ np.array(probability)
        assert_allclose(law["mean"], mean, atol=1e-9)
        assert_allclose(law["variance"], (y - mean) ** 2 @ np.array(probability), atol=1e-9)


@pytest.mark.parametrize("order", ["before", "after"])
def test_an_average_pool_keeps_its_mean_on_either_side_of_dropout(dropout, rng, order):
    cases = [(windows(rng, low=0), s) for s in random_rules(rng)]
    found = dropout(*(["poolMoments", x, s, "average", order] for x, s in cases))
    wanted = [rate_and_share(s)[1] * np.mean(x) for x, s in cases]
    assert_allclose([law["mean"] for law in found], wanted, atol=1e-9)


def test_dropout_after_a_pool_follows_the_law_of_one_value(dropout, rng):
    cases = [(windows(rng, low=0), s) for s in random_rules(rng)]
    found = dropout(*(["poolMoments", x, s, "max", "after"] for x, s in cases))
    for (x, s), law in zip(cases, found, strict=True):
        rate, share = rate_and_share(s)
        mean, variance = laws.moments(np.array([float(max(x))]), rate)
        assert_allclose(law["mean"], share * mean[0], atol=1e-12)
        assert_allclose(law["variance"], share**2 * variance[0], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("pool", ["max", "average"])
def test_the_parts_of_a_mean_add_up_to_it(dropout, rng, pool):
    cases = [(windows(rng, low=0), s) for s in random_rules(rng)]
    found = dropout(*(["poolParts", x, s, pool] for x, s in cases))
    for (x, s), parts in zip(cases, found, strict=True):
        rate, share = rate_and_share(s)
        mean = laws.expected_max(np.array(x), rate) if pool == "max" else np.mean(x)
        assert_allclose(sum(part["adds"] for part in parts), share * mean, atol=1e-9)


def test_exactly_one_value_or_none_wins_in_each_mask(dropout, rng):
    cases = [(windows(rng, low=0), s) for s in random_rules(rng)]
    found = dropout(*(["poolParts", x, s, "max"] for x, s in cases))
    for (_, s), parts in zip(cases, found, strict=True):
        seen = [tuple(mask) for part in parts for mask in part["masks"]]
        assert len(seen) == len(set(seen)) == (16 if rate_and_share(s)[0] else 1)
        assert_allclose(sum(part["probability"] for part in parts), 1)


HALF = {"p": 0.5, "training": True, "scale": True, "unit": 1, "seed": 1, "draws": 1, "pool": "max"}
HALF["window"] = [[8, 6], [4, 2]]


def test_the_parts_of_a_max_by_hand(dropout):
    (parts,) = dropout(["poolParts", [8, 6, 4, 2], HALF, "max"])
    keys = ("at", "probability", "gives", "adds")
    assert [tuple(part[key] for key in keys) for part in parts] == [
        (0, 0.5, 16, 8),
        (1, 0.25, 12, 3),
        (2, 0.125, 8, 1),
        (3, 0.0625, 4, 0.25),
        (-1, 0.0625, 0, 0),
    ]
    assert [len(part["masks"]) for part in parts] == [8, 4, 2, 1, 1]


def test_every_value_of_an_average_counts_in_half_of_the_masks(dropout):
    (parts,) = dropout(["poolParts", [8, 6, 4, 2], HALF, "average"])
    assert [len(part["masks"]) for part in parts] == [8, 8, 8, 8]
    assert [part["adds"] for part in parts] == [2, 1.5, 1, 0.5]


def test_of_equal_values_the_first_wins_as_in_a_pool(dropout):
    (parts,) = dropout(["poolParts", [4, 4, 0, 0], HALF, "max"])
    assert [(part["at"], part["adds"]) for part in parts] == [(0, 4), (1, 2), (-1, 0)]


def test_equal_values_win_where_all_before_them_are_dropped(dropout):
    values = [5, 5, 5, 0]
    (parts,) = dropout(["poolParts", values, HALF, "max"])
    for part in parts[:-1]:
        assert all(mask[part["at"]] and not any(mask[: part["at"]]) for mask in part["masks"])
        assert len(part["masks"]) == 2 ** (3 - part["at"])


@pytest.mark.parametrize(
    ("draws", "wanted"), [(1, 100), (100, 200), (101, 200), (4950, 5000), (5000, 5000)]
)
def test_a_hundred_draws_lead_to_the_next_full_hundred(dropout, draws, wanted):
    assert dropout(["nextHundred", draws]) == [wanted]


@pytest.mark.parametrize(("p", "wanted"), [(0, 2), (0.5, 2), (0.55, 4), (0.75, 4), (0.9, 10)])
def test_the_axis_holds_the_largest_value_a_unit_can_take(dropout, p, wanted):
    assert dropout(["reach", p]) == [wanted]


@pytest.mark.parametrize(
    ("function", "changes", "sentence"),
    [
        (
            "unitSentence",
            {},
            "Draw 1: 2 of 8 units are dropped. Unit 1 is kept: 3 × 2 = 6. The output is 8; "
            "without dropout it is 8. Over 1 draw its mean is 12; by the law it is 8.",
        ),
        (
            "unitSentence",
            {"draws": 2, "scale": False},
            "Draw 2: 7 of 8 units are dropped. Unit 1 is dropped: 3 becomes 0. The output is 2; "
            "without dropout it is 8. Without the factor the mean is too small: 4 by the law, "
            "12 over 2 draws. In evaluation the next layer meets values 2 times as large.",
        ),
        (
            "unitSentence",
            {"training": False},
            "Evaluation: no unit is dropped, none is scaled, and every pass gives the same "
            "output, 8. That is the mean of training too: nothing has to be corrected.",
        ),
        (
            "unitSentence",
            {"training": False, "scale": False},
            "Evaluation: no unit is dropped, none is scaled, and every pass gives the same "
            "output, 8. In training it was 4 on average: without the factor, evaluation meets "
            "values 2 times as large.",
        ),
        (
            "unitSentence",
            {"p": 0},
            "With p = 0 nothing is dropped, and the output is 8, as in evaluation.",
        ),
        (
            "lawSentence",
            {},
            "The law, for unit 1 with x = 3: mean x = 3, variance p/(1 − p) · x² = 1 · 9 = 9. For "
            "the output: mean 8, as without dropout; variance p/(1 − p) · Σ(w·x)² = 1 · 36 = 36.",
        ),
        (
            "lawSentence",
            {"scale": False},
            "The law without the factor, for unit 1 with x = 3: mean (1 − p) · x = 1.5, variance "
            "p(1 − p) · x² = 2.25. For the output: mean (1 − p) · 8 = 4, variance "
            "p(1 − p) · 36 = 9.",
        ),
        (
            "lawSentence",
            {"training": False},
            "The law in evaluation: unit 1 is always x = 3, the output always 8. Both variances "
            "are 0.",
        ),
        (
            "poolSentence",
            {},
            "Dropout before the max pool gives 12.25 on average, 53 % more than the 8 without "
            "dropout: where the largest is dropped, the next one takes its place, enlarged. After "
            "the pool it gives 8. For the mean of an average pool the order does not matter: 5 "
            "either way.",
        ),
        (
            "poolSentence",
            {"scale": False},
            "Dropout before the max pool gives 6.13 on average, 53 % more than the 4 of dropout "
            "after it: where the largest is dropped, the next one takes its place. Without the "
            "factor both miss the 8 of evaluation. For the mean of an average pool the order does "
            "not matter: 2.5 either way.",
        ),
        (
            "poolSentence",
            {"window": [[0, 7], [0, 0]]},
            "Dropout before the max pool gives 7 on average, no more than after it: one value "
            "stands alone, and no other can take its place. After the pool it gives 7. For the "
            "mean of an average pool the order does not matter: 1.75 either way.",
        ),
        (
            "poolSentence",
            {"window": [[0, 0], [0, 0]]},
            "All four values are 0: dropout and pool have nothing to change.",
        ),
        (
            "poolSentence",
            {"p": 0},
            "With p = 0 nothing is dropped: the max pool gives 8 wherever dropout stands.",
        ),
        (
            "poolSentence",
            {"training": False},
            "Evaluation: nothing is dropped, so the order does not matter. The max pool gives 8.",
        ),
        (
            "partsSentence",
            {},
            "The mean of the max, from the largest x₁ to the smallest x₄, is x₁ + p·x₂ + p²·x₃ + "
            "p³·x₄ = 8 + 3 + 1 + 0.25 = 12.25. Each value wins where it is kept and all before "
            "it in this order are dropped.",
        ),
        (
            "partsSentence",
            {"scale": False},
            "The mean of the max, from the largest x₁ to the smallest x₄, is (1 − p) times "
            "(x₁ + p·x₂ + p²·x₃ + p³·x₄) = 4 + 1.5 + 0.5 + 0.13 = 6.13. Each value wins where it "
            "is kept and all before it in this order are dropped.",
        ),
        (
            "partsSentence",
            {"pool": "average"},
            "The mean of the average is x₁/4 + x₂/4 + x₃/4 + x₄/4 = 2 + 1.5 + 1 + 0.5 = 5. Each "
            "value counts wherever it is kept, whatever happens to the others.",
        ),
        (
            "partsSentence",
            {"training": False},
            "Nothing is dropped: one mask is left, and the max is 8.",
        ),
    ],
)
def test_the_explorer_says_what_it_shows(dropout, function, changes, sentence):
    arguments = [HALF | changes]
    if function == "unitSentence":
        arguments.append({"output": {"mean": 12}})
    (said,) = dropout([function, *arguments])
    assert said.replace("\N{NO-BREAK SPACE}", " ") == sentence


def test_the_state_comes_back_from_its_link(dropout, rng):
    states = [
        {
            "scene": str(rng.choice(["unit", "pool"])),
            **s,
            "unit": int(rng.integers(1, 9)),
            "pool": str(rng.choice(["max", "average"])),
            "seed": int(rng.integers(1, 10_000)),
            "draws": int(rng.integers(1, 5001)),
            "window": rng.integers(0, 10, size=(2, 2)).tolist(),
        }
        for s in random_rules(rng, count=50)
    ]
    links = dropout(*(["encodeState", state] for state in states))
    assert dropout(*(["decodeState", link] for link in links)) == states


GOOD = "scene=pool&p=0.5&training=true&scale=false&unit=3&pool=max&seed=1&draws=100&window=rp.nl"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("scene=pool", "scene=both"),
        ("p=0.5", "p=0.95"),
        ("p=0.5", "p="),
        ("p=0.5", "p=half"),
        ("training=true", "training=1"),
        ("unit=3", "unit=9"),
        ("seed=1", "seed=0"),
        ("draws=100", "draws=5001"),
        ("window=rp.nl", "window=rp.na"),
        ("window=rp.nl", "window=rpj.nlj"),
    ],
)
def test_a_broken_link_restores_nothing(dropout, old, new):
    assert old in GOOD
    good, broken = dropout(["decodeState", GOOD], ["decodeState", GOOD.replace(old, new, 1)])
    assert good is not None
    assert broken is None
