"""Exercises from the command line: list them, and grade a class.

python -m cnnlab.exercises list
python -m cnnlab.exercises grade submissions/ --chapter ch02 --output grades.csv
python -m cnnlab.exercises grade submissions/ --exercise ch02.max_pool2d
"""

import argparse
import contextlib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO, TypeVar

from cnnlab import exercises
from cnnlab.exercises import grading, submission

Number = TypeVar("Number", int, float)


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line asks for; returns its exit status."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except (FileNotFoundError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m cnnlab.exercises",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True)

    listing = commands.add_parser("list", help="print all exercises and the names they look for")
    listing.set_defaults(run=_list)

    grades = commands.add_parser("grade", help="check a folder of submissions")
    grades.set_defaults(run=_grade)
    grades.add_argument("folder", type=Path, help="notebooks and scripts, also in folders below")
    grades.add_argument(
        "--chapter",
        action="append",
        choices=_chapters(),
        help="whose exercises to look for; may be repeated (default: all chapters)",
    )
    grades.add_argument(
        "--exercise",
        action="append",
        metavar="NAME",
        help="one to look for, such as ch02.max_pool2d; may be repeated, and added to a chapter",
    )
    grades.add_argument("--output", type=Path, help="CSV file for the table (default: printed)")
    grades.add_argument(
        "--messages", type=Path, help="CSV file for what the checks say (default: none)"
    )
    grades.add_argument(
        "--seconds",
        type=_seconds,
        default=120,
        help="limit of one submission (default %(default)s)",
    )
    grades.add_argument(
        "--megabytes",
        type=_count,
        default=4000,
        help="limit of its memory (default %(default)s; NumPy alone takes a few hundred)",
    )
    grades.add_argument(
        "--jobs", type=_count, default=1, help="how many run at the same time (default %(default)s)"
    )
    return parser


def _seconds(text: str) -> float:
    """Read a limit of time; unlike ``float``, refuse nan and what is not above 0."""
    return _above_zero(float, text)


def _count(text: str) -> int:
    return _above_zero(int, text)


def _above_zero(number: Callable[[str], Number], text: str) -> Number:
    with contextlib.suppress(ValueError):
        if (value := number(text)) > 0:
            return value
    whole = "whole " if number is int else ""
    raise argparse.ArgumentTypeError(f"got {text!r}, needed a {whole}number above 0")


def _chapters() -> list[str]:
    return [name for name in exercises.__all__ if name.startswith("ch")]


def _list(_options: argparse.Namespace) -> int:
    for exercise in submission.exercises_of(_chapters()):
        print(f"{exercise.name}: {exercise.answer_name}")
    return 0


def _grade(options: argparse.Namespace) -> int:
    submissions, others = grading.submissions_in(options.folder)
    wanted = [*(options.chapter or []), *(options.exercise or [])] or _chapters()
    grading.chosen_exercises(wanted)  # refuses a name that is none before anything is written
    _refuse_to_overwrite(submissions, options.output, options.messages)
    for path in others:
        print(f"not graded, neither notebook nor script: {path}", file=sys.stderr)
    if os.name != "posix" or sys.platform == "darwin":
        print("This system offers no limit of memory; the limit of time holds.", file=sys.stderr)
    grades = grading.grade_all(
        options.folder,
        wanted,
        seconds=options.seconds,
        megabytes=options.megabytes,
        jobs=options.jobs,
    )
    with contextlib.ExitStack() as files:
        if options.messages:
            stream = files.enter_context(_table(options.messages))
            grades = grading.with_messages(grades, stream)
        if options.output:
            grading.write_table(grades, files.enter_context(_table(options.output)))
        else:
            if hasattr(sys.stdout, "reconfigure"):
                sys.stdout.reconfigure(errors="backslashreplace")
            grading.write_table(grades, sys.stdout)
    return 0


def _refuse_to_overwrite(submissions: list[Path], *tables: Path | None) -> None:
    """Raise ValueError if a table would take the place of a submission or of the other table."""
    taken = {path.resolve(): "a submission" for path in submissions}
    for table in tables:
        if table is None:
            continue
        if table.resolve() in taken:
            raise ValueError(
                f"grade: the table would overwrite {str(table)!r}, {taken[table.resolve()]}. "
                "Give it a name of its own, such as grades.csv."
            )
        taken[table.resolve()] = "the other table"


def _table(path: Path) -> IO[str]:
    """Open a file for a table; what a student's text cannot be written with is escaped."""
    try:
        return path.open("w", encoding="utf-8", errors="backslashreplace", newline="")
    except OSError as error:
        raise ValueError(
            f"grade: the table {str(path)!r} cannot be written: {error.strerror}. Give the name of "
            "a file, in a folder that exists."
        ) from None


if __name__ == "__main__":
    sys.exit(main())
