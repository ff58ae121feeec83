"""Grading a class: submissions that are right, wrong, endless, hungry, or no Python at all."""

import csv
import io
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cnnlab.exercises import ch02, grading, submission
from cnnlab.exercises.__main__ import main

RIGHT = """
def my_receptive_field(layers):
    r, jump = 1, 1
    for kernel_size, stride in layers:
        r += (kernel_size - 1) * jump
        jump *= stride
    return r
"""
WRONG = "def my_receptive_field(layers):\n    return 1\n"
NAME = "ch02.receptive_field"


def notebook(*cells):
    cells = [{"cell_type": "code", "source": source, "metadata": {}} for source in cells]
    return json.dumps({"cells": [{"cell_type": "markdown", "source": "# Me"}, *cells]})


@pytest.fixture
def graded(tmp_path):
    """Grade the text of one submission."""

    def graded(text, suffix=".py", **limits):
        path = tmp_path / f"ada{suffix}"
        path.write_text(text, encoding="utf-8")
        return grading.grade(path, ["ch02"], **limits)

    return graded


def test_a_right_answer_is_correct(graded):
    found = graded(RIGHT)
    assert found.outcomes[NAME][0] == "correct"
    assert (found.correct, found.problems) == (1, [])


def test_a_wrong_answer_gets_the_message_of_the_check(graded):
    status, message = graded(WRONG).outcomes[NAME]
    assert status == "not yet"
    assert "my_receptive_field([" in message


def test_what_is_missing_is_not_attempted(graded):
    assert graded("").outcomes["ch02.max_pool2d"][0] == "not attempted"


def test_every_exercise_of_the_chapter_stands_in_the_table(graded):
    assert list(graded("").outcomes) == [exercise.name for exercise in ch02.EXERCISES]


def test_a_notebook_is_graded_with_its_magic_lines_left_out(graded):
    found = graded(notebook("%pip install cnnlab\n!ls", RIGHT), ".ipynb")
    assert (found.correct, found.problems) == (1, [])


def test_a_cell_that_fails_does_not_spoil_the_others(graded):
    found = graded(notebook("1 / 0", "def f(:", RIGHT), ".ipynb")
    assert found.correct == 1
    assert found.problems[0] == "cell 1: ZeroDivisionError: division by zero"
    assert found.problems[1].startswith("cell 2: SyntaxError")
    assert len(found.problems) == 2


def names_in(tmp_path, *cells):
    """Run the cells of a notebook in this process."""
    path = tmp_path / "a.ipynb"
    path.write_text(notebook(*cells), encoding="utf-8")
    return submission.namespace_of(path, step_seconds=5)


@pytest.mark.parametrize("magic", ["%%time", "%%timeit -n 1", "%%capture out", "\n%%time"])
def test_below_a_magic_that_runs_python_the_cell_is_run(tmp_path, magic):
    names, problems = names_in(tmp_path, f"{magic}\nx = 2")
    assert (names["x"], problems) == (2, [])


def test_a_cell_in_another_language_is_skipped_and_reported(tmp_path):
    _, problems = names_in(tmp_path, "%%bash\nls")
    assert problems == ["cell 1: SyntaxError: skipped, as %%bash is not Python"]


@pytest.mark.parametrize("with_ipython", [True, False])
def test_a_line_that_only_looks_like_magic_is_kept(tmp_path, monkeypatch, with_ipython):
    if with_ipython:
        pytest.importorskip("IPython")
    else:
        monkeypatch.setitem(sys.modules, "IPython.core.inputtransformer2", None)
    text = '%matplotlib inline\nif True:\n    !ls\nx = """\n%kept\n"""\ny = (7\n% 4)\nprint?'
    names, problems = names_in(tmp_path, text)
    assert (names["x"], names["y"], problems) == ("\n%kept\n", 3, [])


def test_a_timed_line_is_run(tmp_path):
    pytest.importorskip("IPython")
    names, problems = names_in(tmp_path, "x = 1\n%time y = x + 1")
    assert (names["y"], problems) == (2, [])


def test_what_only_jupyter_knows_does_nothing(tmp_path):
    text = "display(3, 4)\nget_ipython().run_line_magic('matplotlib', 'inline')\nx = 1"
    names, problems = names_in(tmp_path, text)
    assert (names["x"], problems) == (1, [])


@pytest.mark.parametrize("suffix", [".py", ".ipynb"])
def test_an_import_from_the_future_holds_for_all_that_follows(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    parts = ("from __future__ import annotations", "def f(x: Nowhere):\n    return x")
    path.write_text(notebook(*parts) if suffix == ".ipynb" else "\n".join(parts))
    names, problems = submission.namespace_of(path)
    assert (names["f"](2), problems) == (2, [])


def test_an_error_that_is_no_exception_and_has_no_text_is_reported(tmp_path):
    text = "class Mute(BaseException):\n    def __str__(self): raise KeyboardInterrupt\nraise Mute"
    _, problems = names_in(tmp_path, text, "1 / 0")
    assert problems == ["cell 1: Mute", "cell 2: ZeroDivisionError: division by zero"]


@pytest.mark.parametrize("text", ["-" * 100_000 + "1", "(" * 5000, "x = '\0'"])
@pytest.mark.parametrize("suffix", [".py", ".ipynb"])
def test_a_submission_that_python_cannot_read_is_named(graded, text, suffix):
    found = graded(notebook(text) if suffix == ".ipynb" else text, suffix)
    (problem,) = found.problems
    assert any(name in problem for name in ("SyntaxError", "Recursion", "Memory", "ValueError"))


def test_a_notebook_nested_too_deeply_is_named(graded):
    (problem,) = graded("[" * 200_000, ".ipynb").problems
    assert problem.startswith("RecursionError")


def test_a_statement_that_fails_does_not_spoil_the_others(graded):
    found = graded(f"import nowhere_to_be_found\n{RIGHT}")
    assert found.correct == 1
    assert found.problems == ["line 1: ModuleNotFoundError: No module named 'nowhere_to_be_found'"]


def test_a_script_that_wants_to_leave_is_graded(graded):
    found = graded(f"{RIGHT}\nimport sys\nsys.exit(3)")
    assert found.correct == 1
    assert found.problems == ["line 10: SystemExit: 3"]


def test_an_endless_loop_in_a_cell_ends_after_the_time_for_a_step(tmp_path):
    path = tmp_path / "a.py"
    path.write_text(f"while True:\n    pass\n{RIGHT}")
    names, problems = submission.namespace_of(path, step_seconds=0.3)
    assert problems == ["line 1: stopped after 0.3 seconds"]
    assert names["my_receptive_field"]([(2, 2), (3, 1)]) == 6


def test_a_submission_that_cannot_be_stopped_from_inside_is_ended(graded):
    stubborn = "while True:\n    try:\n        while True: pass\n    except BaseException: pass\n"
    found = graded(stubborn, seconds=4)
    assert found.problems == ["ended after 4 seconds"]
    assert found.outcomes[NAME] == ("not checked", "ended after 4 seconds")


def test_what_was_checked_before_the_end_counts(graded):
    late = "import os\n_, os_exit = 0, os._exit\ndef my_stack(*a):\n    os_exit(7)\n" + RIGHT
    late += "my_table = my_stack\n" + "def my_fast_pool(*a):\n    os_exit(7)\n"
    found = graded(late)
    assert found.outcomes[NAME][0] == "correct"
    assert found.outcomes["ch02.fast_max_pool2d"] == ("not checked", "the process ended with 7")


if sys.platform == "linux":  # other systems do not limit the memory of a process

    def test_a_hungry_submission_fails_alone(graded):
        found = graded(f"x = bytearray(3 << 30)\n{RIGHT}", megabytes=2000)
        assert found.problems == ["line 1: MemoryError"]
        assert found.correct == 1


def test_a_file_that_is_no_python_is_named(graded):
    (problem,) = graded("def f(:").problems
    assert problem.startswith("SyntaxError")


@pytest.mark.parametrize("text", ["", "[]", "{}"])
def test_a_file_that_is_no_notebook_is_named(graded, text):
    (problem,) = graded(text, ".ipynb").problems
    assert "no notebook" in problem


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_notebook_is_read_in_every_encoding_that_json_has(tmp_path, encoding):
    path = tmp_path / "a.ipynb"
    path.write_text(notebook("x = '→'"), encoding=encoding)
    names, problems = submission.namespace_of(path)
    assert (names["x"], problems) == ("→", [])


def test_a_script_may_name_its_encoding_as_python_lets_it(tmp_path):
    path = tmp_path / "a.py"
    path.write_bytes(b"# -*- coding: latin-1 -*-\nx = '\xe9'")
    assert submission.namespace_of(path)[0]["x"] == "é"


@pytest.mark.parametrize(
    ("encoding", "told"), [("utf-16", "Save it as UTF-8."), ("latin-1", "can't decode byte 0xe9")]
)
def test_a_script_that_python_cannot_decode_is_told_so(tmp_path, encoding, told):
    (tmp_path / "a.py").write_text("x = 'é'", encoding=encoding)
    (problem,) = grading.grade(tmp_path / "a.py", ["ch02"]).problems
    assert told in problem


def test_a_submission_that_overwrites_the_list_of_exercises_is_checked(graded):
    found = graded(f"from cnnlab.exercises import ch02\nch02.EXERCISES = []\n{WRONG}")
    assert found.outcomes[NAME][0] == "not yet"


def test_a_submission_writes_into_a_folder_of_its_own(graded, tmp_path):
    graded("open('mine.txt', 'w').write('x')")
    assert [path.name for path in tmp_path.iterdir()] == ["ada.py"]


def test_a_submission_that_writes_over_its_own_file_changes_a_copy(graded, tmp_path):
    text = "import sys\nopen(sys.argv[1], 'w').write('x')"
    assert graded(text).problems == []
    assert (tmp_path / "ada.py").read_text() == text


@pytest.mark.parametrize(
    "rubbish", ["{", "[]", '{"problems": 3}', '{"outcomes": {"a": 1}}', "\xff"]
)
def test_a_result_that_cannot_be_read_is_told(graded, rubbish):
    late = f"import os, sys\nopen(sys.argv[2], 'w').write({rubbish!r})\nos._exit(0)"
    found = graded(late)
    assert found.problems == ["no readable result", "ended by itself"]
    assert found.outcomes[NAME] == ("not checked", "ended by itself")


def test_a_result_is_never_half_written(tmp_path, monkeypatch):
    result = tmp_path / "result.json"
    submission._replace(result, {"problems": []})
    with pytest.raises(TypeError):
        submission._replace(result, {"problems": object()})
    assert json.loads(result.read_text()) == {"problems": []}


def test_of_a_long_complaint_the_last_line_is_kept_shortened(graded):
    late = "import os, sys\nos.write(2, b'x' * 10**6 + b'\\n' + b'word ' * 500)\nos._exit(7)"
    (problem,) = graded(late).problems
    assert problem.startswith("the process ended with 7: word")
    assert len(problem) < 350


def test_a_flood_of_prints_is_forgotten(graded):
    found = graded(f"for _ in range(200): print('x' * 10**7)\n{RIGHT}", megabytes=1500)
    assert (found.correct, found.problems) == (1, [])


if sys.platform == "linux":

    def test_a_file_that_grows_too_long_is_refused(graded):
        text = f"f = open('big', 'wb')\nf.truncate(10**9)\n{RIGHT}"
        found = graded(text)
        assert found.correct == 1
        assert found.problems == ["line 2: OSError: [Errno 27] File too large"]

    def test_what_a_submission_has_started_is_ended_with_it(graded, tmp_path):
        started = tmp_path / "pid"
        graded(
            "import subprocess, pathlib\np = subprocess.Popen(['sleep', '60'])\n"
            f"pathlib.Path({str(started)!r}).write_text(str(p.pid))"
        )
        status = Path(f"/proc/{started.read_text()}/status")
        until = time.monotonic() + 20  # a busy machine takes a while to end it
        while (alive := _is_running(status)) and time.monotonic() < until:
            time.sleep(0.05)
        assert not alive


def _is_running(status):
    """Whether a process is there and is more than a record of its end."""
    try:
        return "State:\tZ" not in status.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.fixture
def classroom(tmp_path):
    """Three students, one with a folder, and a file that is no submission."""
    (tmp_path / "ada.py").write_text(RIGHT)
    (tmp_path / "bob").mkdir()
    (tmp_path / "bob" / "work.ipynb").write_text(notebook(WRONG))
    (tmp_path / "carl.py").write_text("def f(:")
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / ".hidden.py").write_text("")
    return tmp_path


def command(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "cnnlab.exercises", *map(str, arguments)],
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )


def test_the_command_writes_one_row_for_each_student(classroom, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tables")
    table, messages = folder / "grades.csv", folder / "messages.csv"
    done = command(
        "grade", classroom, "--chapter", "ch02", "--output", table, "--messages", messages
    )
    assert (done.returncode, done.stdout) == (0, "")
    assert "notes.txt" in done.stderr
    rows = list(csv.DictReader(table.read_text("utf-8").splitlines()))
    assert [row["submission"] for row in rows] == ["ada.py", "bob/work.ipynb", "carl.py"]
    assert [row[NAME] for row in rows] == ["correct", "not yet", "not attempted"]
    assert [row["correct"] for row in rows] == ["1", "0", "0"]
    assert "SyntaxError" in rows[2]["problems"]
    said = list(csv.DictReader(io.StringIO(messages.read_text("utf-8"))))
    assert len(said) == 3 * len(ch02.EXERCISES)


def test_one_submission_that_cannot_be_graded_does_not_spoil_the_table(classroom, monkeypatch):
    grade = grading.grade

    def fail(path, *arguments, **more):
        if path.name == "ada.py":
            raise OSError("the disk is full")
        return grade(path, *arguments, **more)

    monkeypatch.setattr(grading, "grade", fail)
    stream = io.StringIO()
    grading.write_table(grading.grade_all(classroom, ["ch02"]), stream)
    rows = list(csv.DictReader(stream.getvalue().splitlines()))
    assert [row[NAME] for row in rows] == ["not checked", "not yet", "not attempted"]
    assert rows[0]["problems"] == "OSError: the disk is full"


def test_several_submissions_at_a_time_stand_in_the_same_order(classroom):
    grades = list(grading.grade_all(classroom, ["ch02"], jobs=3))
    assert grades == list(grading.grade_all(classroom, ["ch02"]))
    assert [grade.name for grade in grades] == ["ada.py", "bob/work.ipynb", "carl.py"]


def test_a_row_is_written_before_the_next_submission_is_graded():
    stream, messages = io.StringIO(), io.StringIO()

    def grades():
        yield grading.Grade("ada", {"a": ("correct", "Well done.")})
        assert stream.getvalue().splitlines()[1:] == ["ada,correct,1,1,"]
        assert messages.getvalue().splitlines()[1:] == ["ada,a,correct,Well done."]
        yield grading.Grade("bob", {"a": ("not yet", "No.")})

    grading.write_table(grading.with_messages(grades(), messages), stream)
    assert len(stream.getvalue().splitlines()) == 3


def test_text_that_no_file_can_hold_is_escaped(tmp_path):
    (tmp_path / "ada.py").write_text("raise ValueError(chr(0xD800))")
    table = tmp_path / "grades.csv"
    assert command("grade", tmp_path, "--chapter", "ch02", "--output", table).returncode == 0
    assert "\\ud800" in table.read_text("utf-8")
    assert "\\ud800" in command("grade", tmp_path, "--chapter", "ch02").stdout


def test_a_folder_without_submissions_is_refused(tmp_path):
    done = command("grade", tmp_path)
    assert done.returncode == 2
    assert "no notebook (.ipynb) and no script (.py)" in done.stderr


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    done = command("grade", tmp_path / "nowhere")
    assert done.returncode == 2
    assert "there is no folder" in done.stderr
    assert "(it is a file)" not in done.stderr


def test_a_file_in_place_of_a_folder_is_refused(classroom):
    done = command("grade", classroom / "ada.py")
    assert done.returncode == 2
    assert "ada.py' (it is a file). Give the folder that holds the notebooks" in done.stderr


def test_a_suffix_in_capitals_is_one(tmp_path):
    (tmp_path / "ADA.PY").write_text(RIGHT)
    (tmp_path / "BOB.IPYNB").write_text(notebook(RIGHT))
    grades = list(grading.grade_all(tmp_path, ["ch02"]))
    assert [(grade.name, grade.correct) for grade in grades] == [("ADA.PY", 1), ("BOB.IPYNB", 1)]


@pytest.mark.parametrize(
    ("option", "value", "needed"),
    [
        ("--seconds", "nan", "a number above 0"),
        ("--seconds", "-3", "a number above 0"),
        ("--seconds", "2m", "a number above 0"),
        ("--megabytes", "-1", "a whole number above 0"),
        ("--jobs", "0", "a whole number above 0"),
        ("--jobs", "1.5", "a whole number above 0"),
    ],
)
def test_a_limit_that_is_none_is_refused(capsys, option, value, needed):
    with pytest.raises(SystemExit) as ended:
        main(["grade", "somewhere", f"{option}={value}"])
    assert ended.value.code == 2
    assert f"argument {option}: got '{value}', needed {needed}" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--output", "--messages"])
def test_a_table_never_overwrites_a_submission(classroom, capsys, option):
    assert main(["grade", str(classroom), option, str(classroom / "bob/../ada.py")]) == 2
    assert "ada.py', a submission. Give it a name of its own" in capsys.readouterr().err
    assert (classroom / "ada.py").read_text() == RIGHT


def test_two_tables_are_not_written_into_one_file(classroom, tmp_path, capsys):
    table = str(tmp_path / "grades.csv")
    assert main(["grade", str(classroom), "--output", table, "--messages", table]) == 2
    assert "grades.csv', the other table" in capsys.readouterr().err


@pytest.mark.parametrize("name", [".", "nowhere/grades.csv"])
def test_a_table_that_cannot_be_written_is_told_before_anything_is_graded(classroom, capsys, name):
    assert main(["grade", str(classroom), "--output", str(classroom / name)]) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_the_list_names_every_exercise_and_its_answer():
    done = command("list")
    assert f"{NAME}: my_receptive_field" in done.stdout.splitlines()


# -- Single exercises ---------------------------------------------------------------------------


def test_only_the_exercises_that_were_set_are_counted(classroom, capsys):
    assert main(["grade", str(classroom), "--exercise", NAME]) == 0
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    assert list(rows[0]) == ["submission", NAME, "correct", "of", "problems"]
    assert [(row["correct"], row["of"]) for row in rows] == [("1", "1"), ("0", "1"), ("0", "1")]


def test_nobody_is_told_to_write_what_was_not_set(classroom, tmp_path_factory):
    messages = tmp_path_factory.mktemp("tables") / "messages.csv"
    assert main(["grade", str(classroom), "--exercise", NAME, "--messages", str(messages)]) == 0
    told = csv.DictReader(messages.read_text("utf-8").splitlines())
    assert {row["exercise"] for row in told} == {NAME}


def test_an_exercise_may_be_added_to_a_chapter_and_stands_in_the_order_of_the_book():
    chosen = grading.chosen_exercises(["ch02", "ch01.conv2d", NAME])
    assert [exercise.name for exercise in chosen] == [
        "ch01.conv2d",
        *(exercise.name for exercise in ch02.EXERCISES),
    ]


@pytest.mark.parametrize("name", ["ch02.max_pool", "ch2", "max_pool2d", ""])
def test_an_exercise_that_is_none_is_refused_before_anything_is_graded(classroom, capsys, name):
    assert main(["grade", str(classroom), "--exercise", name]) == 2
    assert f"there is no exercise {name!r}. Run python -m cnnlab" in capsys.readouterr().err


def test_the_help_shows_the_commands_one_a_line(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "\npython -m cnnlab.exercises list\n" in capsys.readouterr().out.replace("    ", "")


def test_the_help_shows_what_holds_without_an_option(capsys):
    with pytest.raises(SystemExit):
        main(["grade", "--help"])
    told = " ".join(capsys.readouterr().out.split())
    for default in ("all chapters", "120", "4000", "1", "printed", "none"):
        assert f"(default: {default})" in told or f"(default {default}" in told
