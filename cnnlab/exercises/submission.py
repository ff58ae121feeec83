"""One student's submission, run in a process of its own: what it answers, and how right it is.

    python -m cnnlab.exercises.submission FILE RESULT MEGABYTES CHAPTER [CHAPTER ...]

`cnnlab.exercises.grading` starts this once for each submission. The result is written anew after
each exercise, so that a process that has to be killed has not worked in vain. The submission and
the checks share this process: one may change the other, by mistake or on purpose.
"""

import __future__

import ast
import builtins
import codecs
import contextlib
import importlib
import json
import sys
from collections.abc import Callable
from functools import reduce
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from cnnlab.exercises.core import Exercise, OutOfTime, _describe, _Printed, run_within

STEP_SECONDS = 10.0  # for one cell of a notebook, or one statement of a script
FILE_MEGABYTES = 100  # of one file that a submission writes
RUN_BODY = ("%%time", "%%timeit", "%%capture", "%%prun")  # below these lines stands plain Python
CANNOT_COMPILE = (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError)
FUTURE = [getattr(__future__, name).compiler_flag for name in __future__.all_feature_names]


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
        Where a step stands, such as ``"cell 3"``, and what it does. What Python does not
        understand raises the error when it is run; so does a cell in another language.

    Raises
    ------
    SyntaxError
        If the file is a script and Python does not understand it.
    ValueError
        If the file is no notebook, or a script in UTF-16, which Python does not read.
    RecursionError, MemoryError
        If it is nested too deeply to be read.
    """
    content = path.read_bytes()  # Python and JSON know best how their text is encoded
    flags, found = 0, []
    if path.suffix.lower() == ".py":
        if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise ValueError("The script is stored as UTF-16. Save it as UTF-8.")
        for node in ast.parse(content, path.name).body:
            code = _compiled(ast.Module([node], []), path.name, flags)
            flags |= _future(code)  # holds for all that follows
            found.append((f"line {node.lineno}", code))
        return found
    try:
        cells = json.loads(content)["cells"]
        sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"The file is no notebook of format 4: {error}.") from None
    for n, source in enumerate(sources, start=1):
        code = _cell(source, f"cell {n}", flags)
        flags |= _future(code)
        found.append((f"cell {n}", code))
    return found


def _future(code: CodeType) -> int:
    """Flags of what a step has imported from ``__future__``."""
    return reduce(int.__or__, (flag & code.co_flags for flag in FUTURE), 0)


def _compiled(source: str | ast.Module, name: str, flags: int) -> CodeType:
    """Compile a step; if that fails, to code that raises the error."""
    try:
        code: CodeType = compile(source, name, "exec", flags, dont_inherit=True)
    except SyntaxError as error:
        return _raising("SyntaxError", f"{error.msg} (line {error.lineno})", name)
    except CANNOT_COMPILE as error:
        return _raising(type(error).__name__, str(error), name)
    return code


def _raising(error: str, message: str, name: str) -> CodeType:
    return compile(f"raise {error}({message!r})", name, "exec")


def _cell(source: str, name: str, flags: int = 0) -> CodeType:
    """Compile one cell, with Jupyter's own lines turned into Python or left out."""
    lines = source.splitlines()
    first = next((n for n, line in enumerate(lines) if line.strip()), 0)
    if lines and lines[first].startswith("%%"):
        magic = lines[first].split()[0]
        if magic not in RUN_BODY:
            return _raising("SyntaxError", f"skipped, as {magic} is not Python", name)
        lines[first] = ""  # the body is Python; what the magic would do with it is left out
    source = "\n".join(lines)
    try:
        code: CodeType = compile(source, name, "exec", flags, dont_inherit=True)
    except CANNOT_COMPILE:
        return _compiled(_without_magic(source), name, flags)
    return code


def _without_magic(source: str) -> str:
    """Translate lines such as ``%pip install`` and ``!ls``: by IPython, or else to nothing."""
    try:
        from IPython.core.inputtransformer2 import TransformerManager
    except ImportError:
        pass
    else:
        try:
            manager: Any = TransformerManager
            return str(manager().transform_cell(source))
        except CANNOT_COMPILE:
            return source
    lines = source.splitlines()
    for _ in lines:
        try:
            compile("\n".join(lines), "cell", "exec")
        except SyntaxError as error:
            n = (error.lineno or 0) - 1
            line = lines[n].strip() if 0 <= n < len(lines) else ""
            if not (line.startswith(("%", "!", "?")) or line.endswith("?")):
                break
            lines[n] = lines[n].partition(line)[0] + "pass"
        except CANNOT_COMPILE:
            break
        else:
            break
    return "\n".join(lines)


class _Shell:
    """Stands for Jupyter: knows how to time a line, and does nothing for all other requests."""

    def __init__(self, names: dict[str, Any]) -> None:
        self._names = names

    def run_line_magic(self, magic: str, line: str, *_: Any, **__: Any) -> Any:
        """Run what stands behind ``%time``; leave every other line out."""
        if magic != "time":
            return None
        try:
            code = compile(line.strip(), "%time", "eval")
        except SyntaxError:
            exec(line.strip(), self._names)
            return None
        return eval(code, self._names)

    def __getattr__(self, _: str) -> Callable[..., None]:
        return _nothing


def _nothing(*_: Any, **__: Any) -> None:
    """Take anything, and do nothing."""


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
        Which steps failed, and why; cells in another language among them.
    """
    module = ModuleType("submission")
    names = vars(module)
    shell = _Shell(names)
    names |= {"__builtins__": builtins, "display": _nothing, "get_ipython": lambda: shell}
    sys.modules["submission"] = module  # for what looks up the module of a function
    problems = []
    for where, code in steps(path):
        try:
            run_within(step_seconds, lambda code=code: exec(code, names))  # type: ignore[misc]
        except OutOfTime:
            problems.append(f"{where}: stopped after {step_seconds:g} seconds")
        except BaseException as error:  # a submission may raise anything
            problems.append(f"{where}: {_describe(error)}")
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
        JSON file to write: ``problems``, and for each exercise ``[status, message]``. It is
        replaced as a whole, so that it can be read at any time.
    """
    exercises = exercises_of(chapters)  # before the submission can change anything
    found: dict[str, Any] = {"problems": [], "outcomes": {}}
    with contextlib.redirect_stdout(_Printed()), contextlib.redirect_stderr(_Printed()):
        try:
            names, found["problems"] = namespace_of(path)
        except CANNOT_COMPILE as error:
            names, found["problems"] = {}, [_describe(error)]
        for exercise in exercises:
            _replace(result, found)
            try:
                outcome = exercise.check(names.get(exercise.answer_name))
                found["outcomes"][exercise.name] = [outcome.status, outcome.message]
            except BaseException as error:
                found["outcomes"][exercise.name] = ["not checked", _describe(error)]
    found["done"] = True
    _replace(result, found)


def _replace(result: Path, found: dict[str, Any]) -> None:
    """Write a file that is either the old one or the new one, never half of it."""
    new = result.with_suffix(".new")
    new.write_text(json.dumps(found), encoding="utf-8")
    new.replace(result)


def limit_memory(megabytes: int) -> bool:
    """Refuse this process more memory than that; where the system cannot, return False."""
    if sys.platform == "win32":
        return False
    import resource

    try:
        resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))
    except (ValueError, OSError):  # macOS
        return False
    return True


def limit_files(megabytes: int) -> bool:
    """Refuse this process longer files than that; where the system cannot, return False."""
    if sys.platform == "win32":
        return False
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (megabytes << 20, megabytes << 20))
    return True


if __name__ == "__main__":
    file, result, megabytes, *chapters = sys.argv[1:]
    limit_memory(int(megabytes))
    limit_files(FILE_MEGABYTES)
    examine(Path(file), chapters, Path(result))
