"""The exercises of chapter 7: cases, references and replies that are theirs alone."""

import numpy as np
import pytest

from cnnlab import nn
from cnnlab.exercises import ch07
from cnnlab.laws import dropout as law


def plain(text):
    return " ".join(str(text).split())


class Given:
    """A source of chance that hands out given numbers, for the layers of the library."""

    def __init__(self, u):
        self.u = u

    def random(self, shape):
        return self.u.reshape(shape)


@pytest.fixture
def given(monkeypatch):
    """Let the library's dropout draw given numbers."""
    monkeypatch.setattr("cnnlab._checks.generator", lambda who, rng, optional=False: rng)
    return Given


# -- 1. dropout


@pytest.mark.parametrize("case", ch07._dropout_cases()[::3])
def test_the_solution_does_what_the_library_does(case, given):
    x, p, u, training = case
    expected = nn.Dropout(p, rng=given(u)).train(training)(x)
    np.testing.assert_allclose(ch07._my_dropout(*case), expected, atol=1e-12)


def test_no_random_number_of_a_case_equals_its_rate():
    assert all((u != p).all() for _, p, u, _ in ch07._dropout_cases())


def test_dropout_accepts_an_answer_with_where():
    def my_dropout(x, p, u, training):
        return np.where(u < p, 0, x / (1 - p)) if training else np.copy(x)

    assert ch07.dropout.check(my_dropout).passed


def test_the_case_of_a_wrong_dropout_can_be_pasted():
    def my_dropout(x, p, u, training):
        return x * 0.0 + 17

    reply = plain(ch07.dropout.check(my_dropout))
    pasted = reply.partition("went in my_dropout")[2].partition(" came out")[0]
    x, p, u, training = eval(pasted, {"np": np})
    assert x.shape == u.shape == (4,)
    assert (p, training) == (0.25, True)


def test_the_praise_of_dropout_gives_means_close_to_the_values():
    assert "become 4.0, 1.0, −2.0 on average" in plain(ch07.dropout.check(ch07._my_dropout))


# -- 2. channel_dropout


@pytest.mark.parametrize("case", ch07._channel_cases()[::2])
def test_the_channels_and_their_gradient_are_those_of_the_library(case, given):
    x, grad, p, u = case
    layer = nn.Dropout2d(p, rng=given(u))
    y = layer(x)
    for ours, theirs in zip(ch07._my_dropout2d(*case), (y, layer.backward(grad)), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-12)


def test_some_values_are_zero_in_channels_that_are_kept():
    assert any(
        ((x == 0) & (u >= p)[:, :, None, None]).any() for x, _, p, u in ch07._channel_cases()
    )


def test_channel_dropout_accepts_an_answer_with_einsum():
    def my_dropout2d(x, grad, p, u):
        return np.einsum("bnc...,nc->bnc...", np.array([x, grad]), (u >= p) / (1 - p))

    assert ch07.channel_dropout.check(my_dropout2d).passed


# -- 3. patients


def measured(name):
    """Share of zeros and mean in training, mean in evaluation, and what repeats itself."""
    layer, x, rng = ch07.PATIENTS[name], np.ones((4000, 8)), np.random.default_rng(0)
    y, used = layer(x, rng=rng), layer(x, training=False, rng=rng)
    again = layer(x, training=False, rng=rng)
    return {
        "share": np.mean(y == 0),
        "means": (y.mean(), used.mean()),
        "rows alike": np.array_equal(y, np.tile(y[:1], (len(y), 1))),
        "repeats": np.array_equal(used, again),
    }


@pytest.mark.parametrize("name", ch07.PATIENTS)
def test_a_patient_has_what_its_diagnosis_says_and_nothing_else(name):
    ill, found = ch07._DIAGNOSES[name], measured(name)
    few = ill == "one mask for all"  # eight units are too few for a share
    assert few or found["share"] == pytest.approx(0.75 if ill == "p means keep" else 0.25, abs=0.02)
    train, used = found["means"]
    assert few or (train == pytest.approx(used, abs=0.03)) == (
        ill not in ("scale missing", "scaled twice")
    )
    assert found["rows alike"] == few
    assert found["repeats"] == (ill != "drops in evaluation")


def test_the_two_corrections_go_in_opposite_directions():
    (twice, used_twice), (missing, used) = measured("D")["means"], measured("G")["means"]
    assert twice == pytest.approx(1, abs=0.02)
    assert used_twice == 0.75
    assert missing == pytest.approx(0.75, abs=0.02)
    assert used == 1


def test_every_illness_occurs():
    assert set(ch07._DIAGNOSES.values()) == set(ch07._ILLS)


def test_a_patient_says_how_to_call_it():
    assert repr(ch07.PATIENTS["A"]).startswith("a dropout layer, p = 0.25: call it")


def test_diagnoses_by_chance_get_the_number_of_right_ones():
    answer = ch07._DIAGNOSES | {"C": "one mask for all"}
    assert "6 of 7 are right. Feed ones" in plain(ch07.patients.check(answer))


# -- 4. expected_max


@pytest.mark.parametrize("case", ch07._max_cases())
def test_the_mean_maximum_is_that_of_the_law(case):
    assert ch07._my_expected_max(*case) == pytest.approx(float(law.expected_max(*case)))


def test_the_praise_of_the_maximum_is_right():
    reply = plain(ch07.expected_max.check(ch07._my_expected_max))
    assert (
        "four equal values give 1.875 times their maximum, one value alone gives 1 times" in reply
    )


def test_the_example_of_the_hint_is_right():
    assert ch07._my_expected_max(np.array([4.0, 2.0]), 0.5) == 5


# -- 5. ensemble


@pytest.mark.parametrize("case", ch07._ensemble_cases())
def test_the_ensemble_is_never_below_the_whole_network(case):
    weight, x, _ = case
    assert ch07._my_ensemble(*case) >= max(0.0, weight @ x) - 1e-12


@pytest.mark.parametrize("case", ch07._ensemble_cases()[::2])
def test_the_ensemble_is_the_mean_of_many_masks(case):
    weight, x, p = case
    masked = nn.Dropout(p, rng=np.random.default_rng(0))(np.tile(x, (100_000, 1)))
    outputs = np.maximum(masked @ weight, 0)
    error = outputs.std() / np.sqrt(len(outputs))
    assert abs(outputs.mean() - ch07._my_ensemble(*case)) < 4 * error + 1e-9


def test_the_praise_of_the_ensemble_gives_both_numbers():
    reply = plain(ch07.ensemble.check(ch07._my_ensemble))
    assert "say 1.5 on average, and the whole network in evaluation mode says 0." in reply


# -- 6. honest_accuracy


@pytest.mark.parametrize("case", ch07._honest_cases())
def test_the_honest_number_of_the_solution_is_that_of_the_loops(case):
    assert ch07._my_honest_accuracy(*case) == pytest.approx(ch07._honest_by_loops(*case))


def test_choosing_by_the_test_gains_a_point_out_of_nothing():
    honest, lucky = ch07._luck()
    assert abs(honest) < 0.06
    assert 1.0 < lucky < 1.3
    assert "gains 0.0 points, as it should; choosing by the test gains 1.2" in plain(
        ch07.honest_accuracy.check(ch07._my_honest_accuracy)
    )
