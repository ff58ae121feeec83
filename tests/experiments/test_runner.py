"""The runner: order, resuming, checking again, and the command line."""

import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from toy import run as run_toy
from toy import run_on_device, toy

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


KILLED = """
from functools import partial
from pathlib import Path
from toy import run_until, toy
from cnnlab.experiments import runner

folder = Path({folder!r})
runner.record(
    toy(run=partial(run_until, folder / "begun")), folder / "toy.jsonl", seeds=3, progress=False
)
"""


@pytest.fixture
def recording(tmp_path):
    """Record in another process, which takes for ever over seed 1."""
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED.format(folder=str(tmp_path))], cwd=Path(__file__).parent
    )
    for _ in range(1200):
        if (tmp_path / "begun").exists() or process.poll() is not None:
            break
        time.sleep(0.05)
    yield process
    process.kill()
    process.wait(timeout=60)


def test_a_run_that_is_killed_loses_the_row_in_progress_alone(tmp_path, recording):
    path = tmp_path / "toy.jsonl"
    recording.kill()
    assert recording.wait(timeout=60) != 0
    before = path.read_text()
    assert [(row["arm"], row["seed"]) for row in records.load(path).rows] == [
        ("with", 0),
        ("without", 0),
    ]
    assert runner.record(toy(), path, seeds=3, progress=False).seeds("without") == (0, 1, 2)
    assert path.read_text().startswith(before)


def test_the_lock_of_a_run_that_was_killed_keeps_nobody_out(tmp_path, recording):
    path = tmp_path / "toy.jsonl"
    recording.kill()
    recording.wait(timeout=60)
    lock = path.with_name("toy.jsonl.lock")
    assert lock.exists()
    runner.record(toy(), path, seeds=1, progress=False)
    assert not lock.exists()


def test_a_second_run_leaves_the_record_of_the_first_alone(tmp_path, recording):
    path = tmp_path / "toy.jsonl"
    with path.open("a") as file:
        file.write('{"arm": "with", "se')  # as if the first run were in the middle of a row
    before = path.read_bytes()
    with pytest.raises(ValueError, match=r"toy\.jsonl\): another run is writing this record"):
        runner.record(toy(), path, seeds=3, progress=False)
    assert path.read_bytes() == before


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


def test_curves_are_plain_numbers_of_six_digits_that_count():
    def draws(*run):
        curve = np.array([1, 2], dtype=np.float32) / 3
        return {**run_toy(*run), "array": curve, "list": [*curve], "by": {"shift": (1 / 3, 2)}}

    row = runner.run(toy(run=draws)).rows[0]
    assert row["array"] == row["list"] == [0.333333, 0.666667]
    assert row["by"] == {"shift": [0.333333, 2]}


def test_nan_in_a_curve_is_not_recorded(tmp_path):
    def diverges(*run):
        return {**run_toy(*run), "curve": np.array([0.5, np.nan], dtype=np.float32)}

    with pytest.raises(ValueError, match=r"arm 'with', seed 0: curve\[1\] is nan, needed finite"):
        runner.record(toy(run=diverges), tmp_path / "toy.jsonl", seeds=1, progress=False)


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


def without_rows(path, *pairs):
    """Write a record anew, as if these rows had not been finished."""
    record = records.load(path)
    path.unlink()
    records.start(path, {key: value for key, value in record.header.items() if key != "record"})
    for row in record.rows:
        if (row["arm"], row["seed"]) not in pairs:
            records.append(path, row)


@pytest.mark.parametrize("missing", [("with", "without"), ("without",)])
def test_a_record_without_a_finished_seed_cannot_be_checked(tmp_path, missing):
    path = tmp_path / "toy.jsonl"
    runner.record(toy(), path, seeds=1, progress=False)
    without_rows(path, *((arm, 0) for arm in missing))
    with pytest.raises(
        ValueError,
        match=r"check\('toy'\): no seed is finished in every arm yet\. Resume .*record toy --seeds",
    ):
        runner.check(toy(), path)


def test_a_check_repeats_the_seeds_that_are_finished_in_every_arm(tmp_path):
    path = tmp_path / "toy.jsonl"
    runner.record(toy(), path, seeds=3, progress=False)
    without_rows(path, ("without", 0))
    lines = []
    assert runner.check(toy(), path, seeds=2, say=lines.append)
    assert [line[: line.index(", score")] for line in lines if "score" in line] == [
        "with, seed 1",
        "with, seed 2",
        "without, seed 1",
        "without, seed 2",
    ]


def test_arms_to_be_checked_can_be_named(tmp_path):
    path = tmp_path / "toy.jsonl"
    runner.record(toy(), path, seeds=1, progress=False)
    lines = []
    assert runner.check(toy(), path, arms=("without",), say=lines.append)
    assert {line.split(",")[0] for line in lines} == {"without"}


@pytest.mark.parametrize(
    ("arms", "message"),
    [(("besides",), "besides; there are with, without"), ((), "arms = 0, needed at least 1")],
)
def test_arms_that_are_not_there_cannot_be_checked(tmp_path, arms, message):
    path = tmp_path / "toy.jsonl"
    runner.record(toy(), path, seeds=1, progress=False)
    with pytest.raises(ValueError, match=message):
        runner.check(toy(), path, arms=arms)


def test_a_check_with_other_data_says_so_first_and_fails(tmp_path):
    path = tmp_path / "toy.jsonl"
    runner.record(toy(), path, seeds=1, progress=False)
    other = toy(data=lambda configuration: ("toy data", {"x": np.zeros(configuration["base"])}))
    lines = []
    assert not runner.check(other, path, say=lines.append)
    assert lines[0].startswith("toy: the data are not the recorded ones (toy data)")
    assert lines[1].endswith("agrees (tolerance 0.1)")


# --- devices -------------------------------------------------------------------------------------


def test_a_run_that_takes_a_device_is_given_it_and_the_record_names_it():
    record = runner.run(toy(run=run_on_device), device="meta")
    assert {row["device"] for row in record.rows} == {"meta"}
    assert record.header["device"]["computed_on"] == "meta"


def test_a_run_on_the_cpu_says_so(tmp_path):
    record = runner.record(toy(), tmp_path / "toy.jsonl", seeds=1, progress=False)
    assert record.header["device"]["computed_on"] == "cpu"


def test_a_run_that_takes_no_device_refuses_another_than_the_cpu(tmp_path):
    path = tmp_path / "toy.jsonl"
    with pytest.raises(ValueError, match=r"toy: device = 'meta', but this experiment computes on"):
        runner.record(toy(), path, device="meta", progress=False)
    assert not path.exists()


@pytest.mark.parametrize("device", ["cuda:99", "abacus"])
def test_a_device_that_is_not_there_is_refused(device):
    with pytest.raises(ValueError, match=f"device = '{device}': torch finds none here .*the CPU"):
        runner.run(toy(run=run_on_device), device=device)


def test_a_record_begun_on_one_device_is_not_continued_on_another(tmp_path):
    path = tmp_path / "toy.jsonl"
    runner.record(toy(run=run_on_device), path, seeds=1, progress=False)
    with pytest.raises(ValueError, match="begun on another device, 'cpu', and this is 'meta'"):
        runner.record(toy(run=run_on_device), path, seeds=2, device="meta", progress=False)


def test_a_record_from_before_devices_were_named_was_made_on_the_cpu(tmp_path):
    path = tmp_path / "toy.jsonl"
    header = dict(runner.record(toy(), path, seeds=1, progress=False).header)
    header["device"] = {
        key: value for key, value in header["device"].items() if key != "computed_on"
    }
    del header["record"]
    path.unlink()
    records.start(path, header)
    assert runner.record(toy(), path, seeds=1, progress=False).seeds("with") == (0,)


def test_a_record_of_another_device_can_be_checked(tmp_path):
    path = tmp_path / "toy.jsonl"
    runner.record(toy(run=run_on_device), path, seeds=1, progress=False)
    assert runner.check(toy(run=run_on_device), path, say=lambda _: None, device="meta")


def test_a_machine_that_differs_from_the_first_one_computes_no_row(monkeypatch):
    processors = iter(["a processor", "a processor", "an abacus"])
    monkeypatch.setattr(runner, "_processor", lambda: next(processors))
    with pytest.raises(ValueError, match=r"toy: the machines differ.*'an abacus'"):
        runner.run(toy())


# --- command line --------------------------------------------------------------------------------


@pytest.fixture
def only_toys(tmp_path, monkeypatch):
    monkeypatch.setattr(experiments, "NAMES", ("toy",))
    monkeypatch.setattr(experiments, "RUNS", tmp_path)
    monkeypatch.setattr(experiments, "get", lambda name: toy())
    return tmp_path / "toy.jsonl"


def test_the_list_names_every_experiment_with_its_question(only_toys, capsys):
    assert command.main(["list"]) == 0
    assert capsys.readouterr().out == "toy  not recorded  Does the toy play?\n"


def test_the_list_says_how_far_an_experiment_is_recorded(only_toys, capsys):
    runner.record(toy(), only_toys, seeds=3, progress=False)
    lines = only_toys.read_text().splitlines(keepends=True)
    only_toys.write_text("".join(lines[:-2]))
    command.main(["list"])
    assert capsys.readouterr().out == "toy  2 of 3 seeds in 2 arms  Does the toy play?\n"


def test_the_list_counts_seeds_that_were_added_later(only_toys, capsys):
    for seeds in (1, 2):
        runner.record(toy(), only_toys, seeds=seeds, progress=False)
    command.main(["list"])
    assert "  2 of 2 seeds in 2 arms  " in capsys.readouterr().out


def test_the_list_shows_a_record_that_no_longer_fits(only_toys, capsys, monkeypatch):
    runner.record(toy(), only_toys, seeds=1, progress=False)
    monkeypatch.setattr(experiments, "get", lambda name: toy(full={"base": 9}))
    assert command.main(["list"]) == 0
    assert "toy  refused: see check toy  " in capsys.readouterr().out


def test_the_columns_of_the_list_are_as_wide_as_their_longest_entry(only_toys, capsys, monkeypatch):
    monkeypatch.setattr(experiments, "NAMES", ("toy", "a_much_longer_name_for_a_toy"))
    command.main(["list"])
    first, second = capsys.readouterr().out.splitlines()
    assert first.index("Does") == second.index("Does")
    assert first.index("not recorded") == second.index("not recorded")


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


def test_a_device_that_an_experiment_cannot_use_is_one_sentence(only_toys, capsys):
    assert command.main(["record", "toy", "--device", "cuda"]) == 1
    assert capsys.readouterr().err.startswith("toy: device = 'cuda', but this experiment computes")


@pytest.mark.parametrize("name", ["run", "check", "record"])
def test_after_ctrl_c_only_a_recording_has_kept_rows(only_toys, capsys, monkeypatch, name):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(runner, name, interrupted)
    assert command.main([name, "toy"]) == 130
    said = capsys.readouterr().err
    assert said.startswith("\nStopped.")
    assert ("rows are kept" in said) == (name == "record")


def test_a_package_that_is_missing_is_one_sentence(only_toys, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "dask.distributed", None)
    assert command.main(["record", "toy", "--backend", "dask"]) == 1
    assert capsys.readouterr().err == (
        "backend = 'dask' needs dask. Install it with: pip install \"cnnlab[cluster]\"\n"
    )


def test_an_unknown_experiment_is_refused_by_name():
    with pytest.raises(
        ValueError, match=r"get\('poool'\): no such experiment; there are .*pool_or"
    ):
        experiments.get("poool")
