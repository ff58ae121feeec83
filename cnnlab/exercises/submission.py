"""One student's submission, run in a process of its own: what it answers, and how right it is.

    python -m cnnlab.exercises.submission FILE RESULT MEGABYTES CHAPTER [CHAPTER ...]

`cnnlab.exercises.grading` starts this once for each submission. The result is written anew after
each exercise, so that a process that has to be killed has not worked in vain.
"""

import ast
import builtins
import contextlib
import importlib
import io
import json
import sys
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from cnnlab.exercises.core import Exercise, OutOfTime, run_within

STEP_SECONDS = 10.0  # for one cell of a notebook, or one statement of a script


def steps(path: Path) -> list[tuple[str, CodeType]]:
    """Read a submission as steps that are run one after the other, even if one fails.

    Parameters
    ----------
    path : path
        A notebook (``.ipynb``), whose steps are its code cells, or a script (``.py``), whose steps
        are its statements.

    Returns
    -------
    list of (str, code)
        Where a step stands, such as ``"cell 3"``, and what it does. Lines for Jupyter alone, such
        as ``%pip install``, are left out.

    Raises
    ------
    SyntaxError
        If Python does not understand it. Of a notebook, cells that it understands are kept, and
        each other one raises the error when it is run.
    ValueError
        If the file is no notebook.
    """
    text = path.read_text(encoding="utf-8-sig")
    if path.suffix == ".py":
        tree = ast.parse(text, path.name)
        return [
            (f"line {node.lineno}", compile(ast.Module([node], []), path.name, "exec"))
            for node in tree.body
        ]
    try:
        cells = json.loads(text)["cells"]
        sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise ValueError(f"The file is no notebook of format 4: {error}.") from None
    return [(f"cell {n}", _cell(source, f"cell {n}")) for n, source in enumerate(sources, start=1)]


def _cell(source: str, name: str) -> CodeType:
    """Compile one cell; if that fails, to code that raises the error."""
    lines = source.splitlines()
    if lines and lines[0].startswith("%%"):
        lines = []  # another language, or a cell that only Jupyter can run
    plain = [("" if line.lstrip().startswith(("%", "!", "?")) else line) for line in lines]
    try:
        return compile("\n".join(plain), name, "exec")
    except SyntaxError as error:
        message = f"{error.msg} (line {error.lineno})"
        return compile(f"raise SyntaxError({message!r})", name, "exec")


def namespace_of(
    path: Path, step_seconds: float = STEP_SECONDS
) -> tuple[dict[str, Any], list[str]]:
    """Run a submission and keep the names it defines.

    Parameters
    ----------
    path : path
        Notebook or script.
    step_seconds : float
        Limit for each step, in seconds.

    Returns
    -------
    names : dict
        What the submission defined.
    problems : list of str
        Which steps failed, and why.
    """
    module = ModuleType("submission")
    names = vars(module)
    names["__builtins__"] = builtins
    sys.modules["submission"] = module  # for what looks up the module of a function
    problems = []
    for where, code in steps(path):
        try:
            run_within(step_seconds, lambda code=code: exec(code, names))  # type: ignore[misc]
        except OutOfTime:
            problems.append(f"{where}: stopped after {step_seconds:g} seconds")
        except (Exception, SystemExit, KeyboardInterrupt) as error:
            problems.append(f"{where}: {type(error).__name__}: {error}".rstrip(": "))
    return names, problems


def exercises_of(chapters: list[str]) -> list[Exercise]:
    """List the exercises of some chapters, such as ``["ch02"]``."""
    modules = [importlib.import_module(f"cnnlab.exercises.{chapter}") for chapter in chapters]
    return [exercise for module in modules for exercise in module.EXERCISES]


def examine(path: Path, chapters: list[str], result: Path) -> None:
    """Run a submission, check its answers, and write what came out.

    Parameters
    ----------
    path : path
        Notebook or script.
    chapters : list of str
        Whose exercises to look for.
    result : path
        JSON file to write: ``problems``, and for each exercise ``[status, message]``.
    """
    exercises = exercises_of(chapters)  # before the submission can change anything
    found: dict[str, Any] = {"problems": [], "outcomes": {}}
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        try:
            names, found["problems"] = namespace_of(path)
        except (SyntaxError, ValueError, UnicodeDecodeError) as error:
            names, found["problems"] = {}, [f"{type(error).__name__}: {error}"]
        for exercise in exercises:
            result.write_text(json.dumps(found), encoding="utf-8")
            outcome = exercise.check(names.get(exercise.answer_name))
            found["outcomes"][exercise.name] = [outcome.status, outcome.message]
    found["done"] = True
    result.write_text(json.dumps(found), encoding="utf-8")


def limit_memory(megabytes: int) -> bool:
    """Refuse this process more memory than that; where the system cannot, return False."""
    try:
        import resource
    except ImportError:  # Windows
        return False
    try:
        resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))
    except (ValueError, OSError):  # macOS
        return False
    return True


if __name__ == "__main__":
    file, result, megabytes, *chapters = sys.argv[1:]
    limit_memory(int(megabytes))
    examine(Path(file), chapters, Path(result))
