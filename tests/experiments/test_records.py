"""Records: appended row by row, resumed after a kill, refused after an edit."""

import json
from pathlib import Path

import numpy as np
import pytest
from toy import toy

from cnnlab.experiments import records, runner


@pytest.fixture
def recorded(tmp_path):
    path = tmp_path / "toy.jsonl"
    runner.record(toy(), path, seeds=3, progress=False)
    return path


def change_line(path, number, old, new):
    lines = path.read_text().splitlines(keepends=True)
    assert old in lines[number], "the test must change something"
    lines[number] = lines[number].replace(old, new)
    path.write_text("".join(lines))


def test_a_record_is_a_header_and_one_line_per_run(recorded):
    header, *rows = [json.loads(line) for line in recorded.read_text().splitlines()]
    assert header["experiment"] == "toy"
    assert header["configuration"] == {"base": 3}
    assert header["command"] == "python -m cnnlab.experiments record toy --seeds 3 --jobs 1"
    assert header["data"]["name"] == "toy data"
    assert {"python", "numpy", "cnnlab"} <= set(header["versions"])
    assert header["device"]["threads_per_job"] == 1
    assert [(row["arm"], row["seed"]) for row in rows] == [
        (arm, seed) for seed in range(3) for arm in ("with", "without")
    ]


def test_what_was_stored_is_what_is_loaded(recorded):
    record = records.load(recorded)
    assert record.seeds("with") == (0, 1, 2)
    expected = [3 + np.random.default_rng(seed).normal() for seed in range(3)]
    np.testing.assert_allclose(record.values("without", "score"), expected, rtol=1e-5)
    np.testing.assert_allclose(record.differences("with", "without", "score"), 1.0, atol=1e-4)


def test_the_order_in_which_rows_were_finished_does_not_matter(tmp_path):
    path = tmp_path / "toy.jsonl"
    records.start(path, {"experiment": "toy", "arms": {"a": "", "b": ""}, "quantities": {}})
    for arm, seed in [("b", 1), ("a", 1), ("b", 0), ("a", 0)]:
        records.append(path, {"arm": arm, "seed": seed, "score": 10 * seed + (arm == "b")})
    record = records.load(path)
    np.testing.assert_array_equal(record.values("b", "score"), [1, 11])
    np.testing.assert_array_equal(record.differences("b", "a", "score"), [1, 1])


def test_a_changed_row_is_refused(recorded):
    change_line(recorded, 4, '"score": ', '"score": 1')
    with pytest.raises(ValueError, match=r"line 5 .* edited"):
        records.load(recorded)


def test_a_changed_header_is_refused(recorded):
    change_line(recorded, 0, '"base": 3', '"base": 4')
    with pytest.raises(ValueError, match=r"line 1 .* edited"):
        records.load(recorded)


def test_a_removed_row_is_refused(recorded):
    lines = recorded.read_text().splitlines(keepends=True)
    recorded.write_text("".join(lines[:3] + lines[4:]))
    with pytest.raises(ValueError, match="line 4 or the one before it"):
        records.load(recorded)


def test_exchanged_rows_are_refused(recorded):
    lines = recorded.read_text().splitlines(keepends=True)
    lines[2], lines[3] = lines[3], lines[2]
    recorded.write_text("".join(lines))
    with pytest.raises(ValueError, match="line 3"):
        records.load(recorded)


def test_a_line_that_is_no_row_is_refused(recorded):
    with recorded.open("a") as file:
        file.write("checked by hand\n")
    with pytest.raises(ValueError, match="line 8 is not a line of a record"):
        records.load(recorded)


@pytest.mark.parametrize("line", ["[1]", "1", '"one"', "{}"])
def test_a_line_that_is_json_but_no_row_is_refused(recorded, line):
    with recorded.open("a") as file:
        file.write(f"{line}\n")
    with pytest.raises(ValueError, match="line 8 is not a line of a record"):
        records.load(recorded)


def test_a_line_ends_at_a_line_feed_and_nowhere_else(recorded):
    row = {"arm": "with", "seed": 9, "score": 1.0, "note": "one\u2028two\u0085three"}
    records.append(recorded, row)
    records.append(recorded, {"arm": "without", "seed": 9, "score": 0.0})
    assert row in records.load(recorded).rows


def test_a_run_recorded_twice_is_refused(recorded):
    records.append(recorded, {"arm": "with", "seed": 0, "score": 1.0})
    with pytest.raises(ValueError, match=r"\('with', 0\) was recorded twice"):
        records.load(recorded)


def test_a_killed_run_loses_at_most_the_row_in_progress(recorded):
    whole = recorded.read_bytes()
    recorded.write_bytes(whole[:-20])
    with pytest.raises(ValueError, match="torn"):
        records.load(recorded)
    assert records.drop_torn_line(recorded)
    assert len(records.load(recorded).rows) == 5
    assert not records.drop_torn_line(recorded)


def test_a_resumed_record_is_the_same_as_one_without_interruption(recorded):
    rows = records.load(recorded).rows
    recorded.write_bytes(recorded.read_bytes()[:-20])
    resumed = runner.record(toy(), recorded, seeds=3, progress=False)
    measured = ("arm", "seed", "score", "parameters")
    assert [[row[key] for key in measured] for row in resumed.rows] == [
        [row[key] for key in measured] for row in rows
    ]


@pytest.mark.parametrize("written", [0, 10])
def test_a_run_that_was_killed_in_its_header_starts_again(tmp_path, written):
    path = tmp_path / "toy.jsonl"
    path.write_text('{"record": 1, "experiment"'[:written])
    record = runner.record(toy(), path, seeds=2, progress=False)
    assert record.seeds("with") == (0, 1)


def test_a_record_that_is_not_there_says_how_to_make_it(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"load\(toy.jsonl\).*experiments record toy"):
        records.load(tmp_path / "toy.jsonl")


def test_a_record_is_not_overwritten(recorded):
    with pytest.raises(FileExistsError):
        records.start(recorded, {})


def test_nan_is_not_recorded_and_its_run_is_named(recorded):
    before = recorded.read_bytes()
    row = {"arm": "with", "seed": 9, "score": float("nan"), "at": {"layer 1": float("inf")}}
    with pytest.raises(
        ValueError, match=r"'with', seed 9: score is nan, at.layer 1 is inf, needed"
    ):
        records.append(recorded, row)
    assert recorded.read_bytes() == before


def test_nan_in_a_curve_is_not_recorded_and_its_run_is_named(recorded):
    row = {"arm": "with", "seed": 9, "curve": [0.5, float("nan")], "by": {"shift": ([1, np.inf],)}}
    with pytest.raises(
        ValueError,
        match=r"'with', seed 9: curve\[1\] is nan, by\.shift\[0\]\[1\] is inf, needed",
    ):
        records.append(recorded, row)


def test_a_record_is_written_by_one_run_at_a_time(tmp_path):
    path = tmp_path / "runs" / "toy.jsonl"
    with (
        records.writing(path),
        pytest.raises(ValueError, match=r"writing\(toy.jsonl\): another run is writing"),
        records.writing(path),
    ):
        pass


def test_two_records_are_written_side_by_side(tmp_path):
    with records.writing(tmp_path / "one.jsonl"), records.writing(tmp_path / "two.jsonl"):
        assert len(list(tmp_path.glob("*.lock"))) == 2


def test_a_lock_that_was_removed_while_it_was_taken_is_no_lock(tmp_path, monkeypatch):
    path = tmp_path / "toy.jsonl"
    monkeypatch.setattr(records, "_take", lambda file: (tmp_path / "toy.jsonl.lock").unlink())
    with pytest.raises(ValueError, match="another run is writing"), records.writing(path):
        pass


def test_a_lock_goes_with_its_run_and_is_kept_out_of_the_repository(tmp_path):
    with records.writing(tmp_path / "toy.jsonl"):
        [lock] = tmp_path.iterdir()
    assert lock.suffix == ".lock"
    assert not lock.exists()
    root = Path(records.__file__).parents[2]
    assert "*.lock" in (root / ".gitignore").read_text().split()


def test_a_row_is_on_the_disk_before_the_next_run_begins(recorded, monkeypatch):
    sizes = []
    monkeypatch.setattr(records.os, "fsync", lambda _: sizes.append(recorded.stat().st_size))
    records.append(recorded, {"arm": "with", "seed": 9, "score": 1.0})
    assert sizes == [recorded.stat().st_size]


def test_other_settings_are_refused(recorded):
    with pytest.raises(ValueError, match=r"made with configuration \{'base': 3\}.*'base': 4"):
        records.verify(records.load(recorded), toy(full={"base": 4}))


def test_other_arms_are_refused(recorded):
    with pytest.raises(ValueError, match="made with arms"):
        records.verify(records.load(recorded), toy(arms={"with": "another toy"}))


def test_seeds_that_are_not_finished_in_every_arm_are_left_out(recorded):
    lines = recorded.read_text().splitlines(keepends=True)
    recorded.write_text("".join(lines[:-1]))
    paired = records.load(recorded).paired()
    assert paired.seeds("with") == paired.seeds("without") == (0, 1)


def test_a_record_without_any_finished_seed_has_no_rows(recorded):
    lines = recorded.read_text().splitlines(keepends=True)
    recorded.write_text("".join(lines[:2]))
    assert records.load(recorded).paired().rows == ()


def test_arms_with_other_seeds_are_not_paired(recorded):
    lines = recorded.read_text().splitlines(keepends=True)
    recorded.write_text("".join(lines[:-1]))
    with pytest.raises(ValueError, match="3 and 2 seeds"):
        records.load(recorded).differences("with", "without", "score")


def test_an_unknown_arm_or_quantity_is_named(recorded):
    record = records.load(recorded)
    with pytest.raises(ValueError, match=r"'besides'.*there are with, without"):
        record.values("besides", "score")
    with pytest.raises(ValueError, match=r"'beauty'.*there are score"):
        record.values("with", "beauty")


def test_the_data_fingerprint_sees_values_shapes_types_and_names():
    x = np.arange(6, dtype=np.float32)
    variants = [
        {"x": x},
        {"y": x},
        {"x": x.reshape(2, 3)},
        {"x": x.astype(np.float64)},
        {"x": np.where(x == 3, np.float32(3.0001), x)},
    ]
    assert len({records.data_fingerprint(variant) for variant in variants}) == len(variants)
    assert records.data_fingerprint({"x": x}) == records.data_fingerprint({"x": x.astype(">f4")})


def test_a_record_prints_the_medians(recorded):
    lines = str(records.load(recorded)).splitlines()
    assert lines[0] == "Does the toy play? Medians over the runs."
    assert lines[1].split()[:2] == ["arm", "runs"]
    assert lines[2].split()[:2] == ["with", "3"]
    assert lines[3].split()[-2:] == ["5", "1.500"]


def test_a_record_is_an_accessible_table(recorded):
    page = records.load(recorded)._repr_html_()
    assert page.count('<th scope="row"') == 2
    assert page.count('<th scope="col"') == 5
    assert "<caption>Does the toy play?" in page
