"""Grading a class: every submission in a process of its own, and one table for all.

    python -m cnnlab.exercises grade submissions/ --output grades.csv

A submission is a notebook or a script, handed in with the names that the exercises ask for. A copy
of it runs with a limit of time, of memory and of the length of files, in an empty folder of its
own, so that a crash, an endless loop or a full memory of one does not touch the others.

This guards against mistakes, not against malice. The code runs with your rights: it can read,
change and delete whatever you can, the other submissions among it, and use the network. It runs in
the process that checks it, so it can change the checks and its own result. Processes it has
started are ended with it, but for those that have opened a session of their own (``setsid``; on
Windows all of them stay). Grade strangers in a container or a virtual machine, without a network.
"""

import contextlib
import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO, Any

from cnnlab import exercises
from cnnlab.exercises import submission
from cnnlab.exercises.core import Exercise, _describe

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
        file = " (it is a file)" if folder.exists() else ""
        raise FileNotFoundError(
            f"grade: there is no folder {str(folder)!r}{file}. Give the folder that holds the "
            "notebooks and scripts of your class."
        )
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    files = [path for path in files if not _is_hidden(path.relative_to(folder))]
    found = [path for path in files if path.suffix.lower() in SUFFIXES]
    if not found:
        raise FileNotFoundError(
            f"grade: in {str(folder)!r} there is no notebook (.ipynb) and no script (.py)."
        )
    return found, [path for path in files if path not in found]


def _is_hidden(path: Path) -> bool:
    """Whether a file, or a folder it lies in, has a name that begins with a dot."""
    return any(part.startswith(".") for part in path.parts)


def chosen_exercises(wanted: Sequence[str]) -> list[Exercise]:
    """List the exercises that are asked for by chapter or by name, each once.

    Parameters
    ----------
    wanted : sequence of str
        Chapters and exercises.

    Returns
    -------
    list of Exercise
        In the order of their chapters.

    Raises
    ------
    ValueError
        If there is no such chapter or exercise.

    Examples
    --------
    >>> [exercise.name for exercise in chosen_exercises(["ch02.max_pool2d", "ch02.design_stack"])]
    ['ch02.max_pool2d', 'ch02.design_stack']
    """
    there = sorted(name for name in exercises.__all__ if name.startswith("ch"))
    asked = [chapter for chapter in there if chapter in {w.partition(".")[0] for w in wanted}]
    found = submission.exercises_of(asked)
    unknown = set(wanted).difference(there, (exercise.name for exercise in found))
    if unknown:
        raise ValueError(
            f"grade: there is no exercise {min(unknown)!r}. Run python -m cnnlab.exercises list "
            "to see all of them."
        )
    return [each for each in found if {each.name, each.name.partition(".")[0]} & set(wanted)]


def grade(
    path: Path,
    wanted: Sequence[str],
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
    wanted : sequence of str
        Which exercises to look for: chapters, such as ``"ch02"``, and single exercises, such as
        ``"ch02.max_pool2d"``.
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
    chosen = chosen_exercises(wanted)
    chapters = list(dict.fromkeys(exercise.name.partition(".")[0] for exercise in chosen))
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        result = Path(folder) / "result.json"
        empty, copies = Path(folder) / "here", Path(folder) / "submission"
        empty.mkdir()
        copies.mkdir()
        copy = shutil.copyfile(path, copies / path.name)
        command = [sys.executable, "-m", submission.__name__, str(copy), str(result)]
        ended = _run([*command, str(megabytes), *chapters], empty, seconds)
        found = _read(result)
    problems = found["problems"]
    if ended and not found["done"]:
        problems.append(ended)
    outcomes = {
        exercise.name: found["outcomes"].get(exercise.name, ("not checked", ended))
        for exercise in chosen
    }
    return Grade(name or path.name, outcomes, problems)


def _read(result: Path) -> dict[str, Any]:
    """Read what `submission` has written, and trust nothing of it."""
    nothing: dict[str, Any] = {"problems": [], "outcomes": {}, "done": False}
    if not result.exists():
        return nothing
    try:
        found = json.loads(result.read_bytes())
        outcomes = {
            name: (str(status), str(text)) for name, (status, text) in found["outcomes"].items()
        }
        return {
            "problems": [str(problem) for problem in found["problems"]],
            "outcomes": outcomes,
            "done": bool(found.get("done")),
        }
    except Exception:
        return nothing | {"problems": ["no readable result"]}


def _run(command: list[str], folder: Path, seconds: float) -> str:
    """Run a process to its end, or end it with all its group; say why it ended early."""
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
    """End a process and what it has started, less what has left its group."""
    if sys.platform != "win32":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()


def _last_line(errors: IO[bytes]) -> str:
    """Give the last line of what a process said on its error stream, 300 characters at most."""
    errors.seek(max(0, errors.seek(0, os.SEEK_END) - 4096))
    lines = errors.read().decode("utf-8", "replace").strip().splitlines()
    return textwrap.shorten(lines[-1], 300, placeholder=" ...") if lines else ""


def grade_all(
    folder: Path,
    wanted: Sequence[str],
    *,
    seconds: float = 120,
    megabytes: int = 4000,
    jobs: int = 1,
) -> Iterator[Grade]:
    """Grade every submission in a folder, and hand on each grade as soon as it is known.

    Parameters
    ----------
    folder : path
        What the students handed in, one file each, in folders or not.
    wanted : sequence of str
        Which exercises to look for, as in `grade`.
    seconds, megabytes
        Limits of one submission, as in `grade`.
    jobs : int, default 1
        How many run at the same time.

    Yields
    ------
    Grade
        Sorted by name. A submission that cannot be graded has the reason among its problems.
    """
    files, _ = submissions_in(folder)
    one = partial(_grade_named, folder, wanted, seconds, megabytes)
    with ThreadPoolExecutor(jobs) as pool:
        try:
            yield from pool.map(one, files)
        finally:  # also when the table cannot be written
            pool.shutdown(cancel_futures=True)


def _grade_named(
    folder: Path, wanted: Sequence[str], seconds: float, megabytes: int, path: Path
) -> Grade:
    """Grade one submission; whatever goes wrong with it stands in its row of the table."""
    name = path.relative_to(folder).as_posix()
    try:
        return grade(path, wanted, name=name, seconds=seconds, megabytes=megabytes)
    except Exception as error:
        problem = _describe(error)
        outcomes = {each.name: ("not checked", problem) for each in chosen_exercises(wanted)}
        return Grade(name, outcomes, [problem])


def write_table(grades: Iterable[Grade], stream: IO[str]) -> None:
    """Write one row for each submission: its name, each exercise, the sum, and what went wrong.

    Parameters
    ----------
    grades : iterable of Grade
        All about the same exercises. Each is written as soon as it comes.
    stream : text stream
        Gets CSV with a header.
    """
    writer = csv.writer(stream, lineterminator="\n")
    exercises: list[str] = []
    for number, each in enumerate(grades):
        if number == 0:
            exercises = list(each.outcomes)
            writer.writerow(["submission", *exercises, "correct", "of", "problems"])
        statuses = [each.outcomes[name][0] for name in exercises]
        writer.writerow(
            [each.name, *statuses, each.correct, len(exercises), "; ".join(each.problems)]
        )
        stream.flush()


def with_messages(grades: Iterable[Grade], stream: IO[str]) -> Iterator[Grade]:
    """Write one row for each submission and exercise, with what the check says to the student.

    Parameters
    ----------
    grades : iterable of Grade
    stream : text stream
        Gets CSV with a header.

    Yields
    ------
    Grade
        The same, each after its rows are written.
    """
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["submission", "exercise", "status", "message"])
    for each in grades:
        for name, (status, message) in each.outcomes.items():
            writer.writerow([each.name, name, status, message])
        stream.flush()
        yield each
