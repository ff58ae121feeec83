"""Grading a class: submissions that are right, wrong, endless, hungry, or no Python at all."""

import csv
import io
import json
import subprocess
import sys

import pytest

from cnnlab.exercises import ch02, grading, submission

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
    found = graded(notebook("1 / 0", "def f(:", "%%bash\nls", RIGHT), ".ipynb")
    assert found.correct == 1
    assert found.problems[0] == "cell 1: ZeroDivisionError: division by zero"
    assert found.problems[1].startswith("cell 2: SyntaxError")
    assert len(found.problems) == 2


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


def test_a_submission_cannot_change_the_exercises(graded):
    found = graded(f"from cnnlab.exercises import ch02\nch02.EXERCISES = []\n{WRONG}")
    assert found.outcomes[NAME][0] == "not yet"


def test_a_submission_writes_into_a_folder_of_its_own(graded, tmp_path):
    graded("open('mine.txt', 'w').write('x')")
    assert [path.name for path in tmp_path.iterdir()] == ["ada.py"]


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


def test_a_folder_without_submissions_is_refused(tmp_path):
    done = command("grade", tmp_path)
    assert done.returncode == 2
    assert "no notebook (.ipynb) and no script (.py)" in done.stderr


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    done = command("grade", tmp_path / "nowhere")
    assert done.returncode == 2
    assert "there is no folder" in done.stderr


def test_the_list_names_every_exercise_and_its_answer():
    done = command("list")
    assert f"{NAME}: my_receptive_field" in done.stdout.splitlines()
