"""Grading a class: every submission in a process of its own, and one table for all.

    python -m cnnlab.exercises grade submissions/ --output grades.csv

A submission is a notebook or a script, handed in with the names that the exercises ask for. Each
runs with a limit of time and of memory, in an empty folder of its own, so that a crash, an endless
loop or a full memory of one does not touch the others. This guards against mistakes, not against
malice: the code runs with your rights, so grade strangers in a container or a virtual machine.
"""

import contextlib
import csv
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO

from cnnlab.exercises import submission

SUFFIXES = (".ipynb", ".py")


@dataclass(frozen=True)
class Grade:
    """What one submission answered.

    Parameters
    ----------
    name : str
        Path of the file below the folder of submissions.
    outcomes : dict of str to (str, str)
        For each exercise its status and the message of the check.
    problems : list of str
        Steps of the submission that failed, and what ended it early.
    """

    name: str
    outcomes: dict[str, tuple[str, str]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    @property
    def correct(self) -> int:
        """Number of exercises that are right."""
        return sum(status == "correct" for status, _ in self.outcomes.values())


def submissions_in(folder: Path) -> tuple[list[Path], list[Path]]:
    """Find notebooks and scripts, also in folders below; and the files that are neither.

    Parameters
    ----------
    folder : path
        What the students handed in.

    Returns
    -------
    submissions, others : lists of path
        Both sorted. Hidden files and Jupyter's checkpoints are in neither.

    Raises
    ------
    FileNotFoundError
        If there is no such folder, or no submission in it.
    """
    if not folder.is_dir():
        raise FileNotFoundError(
            f"grade: there is no folder {str(folder)!r}. Give the folder that holds the notebooks "
            f"and scripts of your class."
        )
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    files = [
        p for p in files if not any(part.startswith(".") for part in p.relative_to(folder).parts)
    ]
    found = [path for path in files if path.suffix in SUFFIXES]
    if not found:
        raise FileNotFoundError(
            f"grade: in {str(folder)!r} there is no notebook (.ipynb) and no script (.py)."
        )
    return found, [path for path in files if path not in found]


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def grade(
    path: Path,
    chapters: Sequence[str],
    *,
    name: str | None = None,
    seconds: float = 120,
    megabytes: int = 4000,
) -> Grade:
    """Run one submission in a process of its own, and check its answers.

    Parameters
    ----------
    path : path
        Notebook or script.
    chapters : sequence of str
        Whose exercises to look for, such as ``["ch02"]``.
    name : str, optional
        What to call it in the table; the file's name if not given.
    seconds : float, default 120
        After which the process is ended. What was checked until then counts.
    megabytes : int, default 4000
        Limit of its memory (address space, of which NumPy alone takes a few hundred). On macOS and
        Windows the system offers none.

    Returns
    -------
    Grade
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        result = Path(folder) / "result.json"
        empty = Path(folder) / "here"
        empty.mkdir()
        command = [sys.executable, "-m", submission.__name__, str(path.resolve()), str(result)]
        ended = _run([*command, str(megabytes), *chapters], empty, seconds)
        found = json.loads(result.read_text("utf-8")) if result.exists() else {}
    problems = list(found.get("problems", []))
    if ended and not found.get("done"):
        problems.append(ended)
    outcomes = {key: (status, text) for key, (status, text) in found.get("outcomes", {}).items()}
    for exercise in submission.exercises_of(list(chapters)):
        outcomes.setdefault(exercise.name, ("not checked", ended))
    return Grade(name or path.name, outcomes, problems)


def _run(command: list[str], folder: Path, seconds: float) -> str:
    """Run a process to its end, or end it with all its children; say why it ended early."""
    settings = {
        "MPLBACKEND": "Agg",
        "OMP_NUM_THREADS": "1",
        "PYTHONIOENCODING": "utf-8",
    }
    with (folder.parent / "errors.txt").open("w+b") as errors:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=os.environ | settings,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            start_new_session=True,
        )
        try:
            code = process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            return f"ended after {seconds:g} seconds"
        finally:
            _end(process)
        if code == 0:
            return "ended by itself"
        return f"the process ended with {code}: {_last_line(errors)}".rstrip(": ")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and what it has started."""
    if os.name == "posix":
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()


def _last_line(errors: IO[bytes]) -> str:
    """Give the last line of what a process said on its error stream."""
    errors.seek(0)
    lines = errors.read().decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else ""


def grade_all(
    folder: Path,
    chapters: Sequence[str],
    *,
    seconds: float = 120,
    megabytes: int = 4000,
    jobs: int = 1,
) -> list[Grade]:
    """Grade every submission in a folder.

    Parameters
    ----------
    folder : path
        What the students handed in, one file each, in folders or not.
    chapters : sequence of str
        Whose exercises to look for.
    seconds, megabytes
        Limits of one submission, as in `grade`.
    jobs : int, default 1
        How many run at the same time.

    Returns
    -------
    list of Grade
        Sorted by name.
    """
    files, _ = submissions_in(folder)
    one = partial(_grade_named, folder, chapters, seconds, megabytes)
    with ThreadPoolExecutor(jobs) as pool:
        return list(pool.map(one, files))


def _grade_named(
    folder: Path, chapters: Sequence[str], seconds: float, megabytes: int, path: Path
) -> Grade:
    name = path.relative_to(folder).as_posix()
    return grade(path, chapters, name=name, seconds=seconds, megabytes=megabytes)


def write_table(grades: Iterable[Grade], stream: IO[str]) -> None:
    """Write one row for each submission: its name, each exercise, the sum, and what went wrong.

    Parameters
    ----------
    grades : iterable of Grade
        All about the same exercises.
    stream : text stream
        Gets CSV with a header.
    """
    grades = list(grades)
    exercises = list(grades[0].outcomes)
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["submission", *exercises, "correct", "of", "problems"])
    for each in grades:
        statuses = [each.outcomes[name][0] for name in exercises]
        writer.writerow(
            [each.name, *statuses, each.correct, len(exercises), "; ".join(each.problems)]
        )


def write_messages(grades: Iterable[Grade], stream: IO[str]) -> None:
    """Write one row for each submission and exercise, with what the check says to the student.

    Parameters
    ----------
    grades : iterable of Grade
    stream : text stream
        Gets CSV with a header.
    """
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["submission", "exercise", "status", "message"])
    for each in grades:
        for name, (status, message) in each.outcomes.items():
            writer.writerow([each.name, name, status, message])
