"""The trained networks that were kept: they are those of the record; loading them runs no code."""

import ast
import json
from pathlib import Path

import numpy as np
import pytest

from cnnlab import datasets, experiments, nn
from cnnlab.experiments import __main__ as command
from cnnlab.experiments import invariance, weights
from cnnlab.experiments.learning import Learned

CONFIGURATION = invariance.TRAINED


def row(name):
    about = weights.about(name)
    (found,) = [
        row
        for row in experiments.load(about["experiment"]).rows
        if (row["arm"], row["seed"]) == (name, about["seed"])
    ]
    return found


def scores(name):
    return weights.scores(lambda x: weights.load(name)(x).argmax(axis=1), CONFIGURATION)


@pytest.mark.parametrize("name", weights.NAMES)
def test_a_stored_network_puts_right_what_its_file_says(name):
    assert scores(name) == weights.about(name)["stored"]


@pytest.mark.parametrize("name", weights.NAMES)
def test_the_file_says_of_a_network_what_its_row_says(name):
    about, recorded = weights.about(name), row(name)
    tested = about["tested"]
    assert about["learning_rate"] == recorded["learning_rate"]
    assert round(about["recorded"]["centred"] / tested, 6) == recorded["centred"]
    assert round(about["recorded"]["anywhere"] / tested, 6) == recorded["anywhere"]
    by_shift = [round(right / tested, 4) for right in about["recorded"]["by_shift"]]
    assert by_shift == recorded["accuracy_by_shift"]


@pytest.mark.parametrize("name", weights.NAMES)
def test_rounding_has_changed_hardly_an_answer(name):
    about = weights.about(name)
    assert about["changed"]["centred"] <= 0.006 * about["tested"]
    for key in ("centred", "anywhere"):
        assert abs(about["stored"][key] - about["recorded"][key]) <= 0.005 * about["tested"]
    shifts = zip(about["stored"]["by_shift"], about["recorded"]["by_shift"], strict=True)
    assert max(abs(stored - recorded) for stored, recorded in shifts) <= 0.006 * about["tested"]


def test_every_network_is_of_the_same_seed():
    assert {weights.about(name)["seed"] for name in weights.NAMES} == {weights.SEED} == {0}


def test_a_network_that_is_changed_leaves_the_next_one_alone():
    first = weights.load("max")
    first[0].weight.data[...] = 0
    assert np.abs(weights.load("max")[0].weight.data).max() > 0


def test_a_loaded_network_is_in_evaluation_mode_and_of_float32():
    network = weights.load("stride_gap_redrawn")
    assert isinstance(network, nn.Sequential)
    assert not network.training
    assert {parameter.data.dtype for parameter in network.parameters()} == {np.dtype("float32")}


def test_an_unknown_name_is_answered_with_those_there_are():
    with pytest.raises(ValueError, match=r"'none'\): no such network was kept; there are max, avg"):
        weights.load("none")


def test_the_files_hold_plain_values_and_nothing_that_runs():
    for experiment in weights.ARMS:
        content = json.loads((weights.FILES / f"{experiment}.json").read_text("utf-8"))
        assert (content["format"], content["experiment"]) == (weights.FORMAT, experiment)
    tree = ast.parse(Path(weights.__file__).read_text("utf-8"))
    imported = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert not imported & {"pickle", "marshal", "shelve", "torch", "joblib"}
    called = {
        node.func.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert not called & {"eval", "exec", "compile", "__import__"}


def test_every_file_is_that_of_an_experiment():
    stored = {path.stem for path in weights.FILES.glob("*")}
    assert stored == set(weights.ARMS)


def test_packing_keeps_each_weight_to_half_a_step(rng):
    layer = nn.Conv2d(3, 5, 3, rng=rng, dtype=np.float32)
    packed = weights._packed(layer)
    error = np.abs(weights._unpacked(packed) - layer.weight.data).reshape(5, -1).max(axis=1)
    assert (error <= 0.501 * np.array(packed["scale"])).all()
    assert weights._unpacked(packed).dtype == np.float32


def untrained(seed):
    model = invariance.build("max", CONFIGURATION, np.random.default_rng(seed))
    return Learned(model.eval(), 0.012)


def test_a_network_that_is_not_as_recorded_is_not_written(monkeypatch, tmp_path):
    monkeypatch.setattr(weights, "_teach", lambda *_: untrained(0))
    with pytest.raises(ValueError, match=r"max with seed 0 puts .* of 797 digits right, its row"):
        weights.store("shift_curve", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_network_that_is_as_recorded_is_written_with_the_effect_of_rounding(
    monkeypatch, tmp_path
):
    learned = {name: Learned(weights.load(name), 0.5) for name in weights.ARMS["positions"]}
    monkeypatch.setattr(weights, "_teach", lambda arm, *_: learned[arm])
    monkeypatch.setattr(weights, "_counts", lambda row, _: weights.about(row["arm"])["stored"])
    path = weights.store("positions", tmp_path)
    stored = json.loads(path.read_text("utf-8"))["networks"]["max_redrawn"]
    assert stored["changed"] == {"centred": 0, "anywhere": 0}  # it was rounded before
    assert stored["learning_rate"] == 0.5
    assert (stored["down"], stored["head"]) == ("max", "flatten")


def test_training_goes_as_it_did_for_the_record(monkeypatch):
    """In its own short settings: the same network as `invariance.measure` trains."""
    seen = []
    monkeypatch.setattr(invariance, "_moved", lambda learned, *_: seen.append(learned) or {})
    configuration = {**invariance.QUICK, "learning_rates": [0.004]}
    for arm, redrawn in (("stride", False), ("stride_gap_redrawn", True)):
        images = datasets.placed_digits("random" if redrawn else "centre", 100, weights.SEED)
        redraw = invariance.redrawing(configuration, weights.SEED) if redrawn else None
        architecture = arm.removesuffix(weights.REDRAWN)
        invariance.measure(architecture, images, weights.SEED, configuration, redraw=redraw)
        again = weights._teach(arm, 0.004, configuration)
        x = datasets.placed_digits("centre", 100, weights.SEED).x_test[:20]
        np.testing.assert_array_equal(again.logits(x), seen[-1].logits(x))


def test_the_command_stores_every_file(monkeypatch, capsys):
    monkeypatch.setattr(weights, "store", lambda name: f"trained/{name}.json")
    assert command.main(["weights"]) == 0
    assert capsys.readouterr().out.split() == [f"trained/{name}.json" for name in weights.ARMS]


def test_the_command_says_when_a_network_is_not_as_recorded(monkeypatch, capsys):
    def refuse(name):
        raise ValueError(f"{name} is not as recorded")

    monkeypatch.setattr(weights, "store", refuse)
    assert command.main(["weights"]) == 1
    assert "shift_curve is not as recorded" in capsys.readouterr().err
