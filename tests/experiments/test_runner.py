"""The runner: order, resuming, checking again, and the command line."""

import json

import pytest
from toy import run as run_toy
from toy import toy

from cnnlab import experiments
from cnnlab.experiments import __main__ as command
from cnnlab.experiments import records, runner


def test_arms_are_interleaved_seed_by_seed():
    assert list(toy().jobs(2)) == [("with", 0), ("without", 0), ("with", 1), ("without", 1)]


def test_timed_arms_take_turns_in_going_first():
    assert list(toy(alone=True).jobs(2)) == [
        ("with", 0),
        ("without", 0),
        ("without", 1),
        ("with", 1),
    ]


def test_unknown_arms_and_no_seeds_are_refused():
    with pytest.raises(ValueError, match=r"besides; there are with, without"):
        list(toy().jobs(1, ("besides",)))
    with pytest.raises(ValueError, match="0 seeds"):
        list(toy().jobs(0))


def test_an_experiment_without_arms_is_refused():
    with pytest.raises(ValueError, match=r"0 arm\(s\)"):
        toy(arms={})


def test_a_run_whose_header_cannot_be_written_measures_nothing():
    measured = []

    def note(arm, seed, configuration):
        measured.append(arm)
        return run_toy(arm, seed, configuration)

    with pytest.raises(ModuleNotFoundError):
        runner.run(toy(run=note, packages=("no-such-package",)))
    assert measured == []


def test_a_run_in_memory_takes_the_quick_settings():
    record = runner.run(toy(), seeds=2)
    assert record.header["configuration"] == {"base": 1}
    assert record.seeds("with") == (0, 1)


def test_two_jobs_measure_the_same_as_one(tmp_path):
    one = runner.record(toy(), tmp_path / "one.jsonl", seeds=3, jobs=1, progress=False)
    two = runner.record(toy(), tmp_path / "two.jsonl", seeds=3, jobs=2, progress=False)
    for arm in ("with", "without"):
        assert one.values(arm, "score").tolist() == two.values(arm, "score").tolist()


def test_timings_never_run_side_by_side(tmp_path):
    path = tmp_path / "toy.jsonl"
    record = runner.record(toy(alone=True), path, seeds=1, jobs=4, progress=False)
    assert record.header["device"]["jobs"] == 1


def test_more_seeds_are_added_and_finished_ones_not_repeated(tmp_path):
    path = tmp_path / "toy.jsonl"
    runner.record(toy(), path, seeds=2, progress=False)
    before = path.read_text()
    record = runner.record(toy(), path, seeds=4, progress=False)
    assert path.read_text().startswith(before)
    assert record.seeds("without") == (0, 1, 2, 3)


def test_an_interruption_keeps_the_finished_rows(tmp_path):
    path = tmp_path / "toy.jsonl"

    def stops(arm, seed, configuration):
        if (arm, seed) == ("with", 1):
            raise KeyboardInterrupt
        return run_toy(arm, seed, configuration)

    with pytest.raises(KeyboardInterrupt):
        runner.record(toy(run=stops), path, seeds=3, progress=False)
    assert [row["seed"] for row in records.load(path).rows] == [0, 0]
    assert runner.record(toy(), path, seeds=3, progress=False).seeds("with") == (0, 1, 2)


def test_rows_of_other_settings_are_not_mixed_in(tmp_path):
    path = tmp_path / "toy.jsonl"
    runner.record(toy(), path, seeds=1, progress=False)
    with pytest.raises(ValueError, match=r"begun with configuration \{'base': 3\}"):
        runner.record(toy(full={"base": 4}), path, seeds=2, progress=False)


def test_rows_of_another_processor_are_not_mixed_in(tmp_path, monkeypatch):
    path = tmp_path / "toy.jsonl"
    runner.record(toy(), path, seeds=1, progress=False)
    monkeypatch.setattr(runner, "_processor", lambda: "an abacus")
    with pytest.raises(ValueError, match="another processor"):
        runner.record(toy(), path, seeds=2, progress=False)


def test_two_runs_do_not_write_into_one_record(tmp_path):
    path = tmp_path / "toy.jsonl"

    def meddles(arm, seed, configuration):
        if (arm, seed) == ("without", 0):
            records.append(path, {"arm": "without", "seed": 1, "score": 0.0})
        return run_toy(arm, seed, configuration)

    with pytest.raises(ValueError, match="one run record at a time"):
        runner.record(toy(run=meddles), path, seeds=2, progress=False)
    assert len(records.load(path).rows) == 2


def test_a_forgotten_measurement_is_refused():
    with pytest.raises(ValueError, match="did not measure parameters, milliseconds"):
        runner.run(toy(run=lambda *_: {"score": 1.0}))


def test_a_repetition_that_agrees_says_so(tmp_path):
    path = tmp_path / "toy.jsonl"
    runner.record(toy(), path, seeds=2, progress=False)
    lines = []
    assert runner.check(toy(), path, say=lines.append)
    assert len(lines) == 6
    assert lines[0].endswith("points: agrees (tolerance 0.1)")
    assert lines[2].endswith("(shown, not judged)")


def test_a_repetition_that_differs_names_the_command(tmp_path):
    path = tmp_path / "toy.jsonl"
    runner.record(toy(), path, seeds=2, progress=False)

    def heavier(arm, seed, configuration):
        return {**run_toy(arm, seed, configuration), "parameters": 8}

    lines = []
    assert not runner.check(toy(run=heavier), path, say=lines.append)
    assert "recorded 7, now 8 numbers: DIFFERS" in lines[1]
    assert lines[-1].endswith("python -m cnnlab.experiments record toy --seeds 2 --jobs 1")


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"arms": 0}, r"check\('toy'\): arms = 0, needed at least 1"),
        ({"arms": 3}, r"check\('toy'\): arms = 3, but only 2 were recorded"),
        ({"seeds": 0}, r"check\('toy'\): seeds = 0, needed at least 1"),
        ({"seeds": 5}, r"check\('toy'\): seeds = 5, but only 2 were recorded"),
    ],
)
def test_a_check_repeats_some_of_what_was_recorded_and_nothing_else(tmp_path, asked, message):
    path = tmp_path / "toy.jsonl"
    runner.record(toy(), path, seeds=2, progress=False)
    repeated = []
    with pytest.raises(ValueError, match=message):
        runner.check(toy(run=lambda *pair: repeated.append(pair)), path, **asked)
    assert repeated == []


# --- command line --------------------------------------------------------------------------------


@pytest.fixture
def only_toys(tmp_path, monkeypatch):
    monkeypatch.setattr(experiments, "NAMES", ("toy",))
    monkeypatch.setattr(experiments, "RUNS", tmp_path)
    monkeypatch.setattr(experiments, "get", lambda name: toy())
    return tmp_path / "toy.jsonl"


def test_the_list_names_every_experiment_with_its_question(only_toys, capsys):
    assert command.main(["list"]) == 0
    assert capsys.readouterr().out == f"{'toy':<16}Does the toy play?\n"


def test_a_quick_run_prints_medians_and_stores_nothing(only_toys, capsys):
    assert command.main(["run", "toy", "--quick", "--seeds", "2"]) == 0
    assert capsys.readouterr().out.startswith("Does the toy play?")
    assert not only_toys.exists()


def test_recording_and_checking_from_the_command_line(only_toys, capsys):
    assert command.main(["record", "toy", "--seeds", "2"]) == 0
    assert json.loads(only_toys.read_text().splitlines()[0])["experiment"] == "toy"
    assert command.main(["check", "toy"]) == 0
    assert capsys.readouterr().out.count("agrees") == 4


def test_an_edited_record_fails_the_check_with_one_sentence(only_toys, capsys):
    command.main(["record", "toy", "--seeds", "2"])
    only_toys.write_text(only_toys.read_text().replace('"seed": 1', '"seed": 5'))
    assert command.main(["check", "toy"]) == 1
    assert "was edited" in capsys.readouterr().err.replace("or the one before it ", "")


def test_a_check_before_the_first_record_says_what_to_do(only_toys, capsys):
    assert command.main(["check", "toy"]) == 1
    assert "experiments record toy" in capsys.readouterr().err


def test_an_unknown_experiment_is_refused_by_name():
    with pytest.raises(ValueError, match=r"get\('poool'\): no such experiment; there are pool_or"):
        experiments.get("poool")
