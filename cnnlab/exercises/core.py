"""What an exercise is: a task, a stub, three hints, a solution and a check. Used by all chapters.

The chapters' modules say what is asked and which wrong answers to expect; this one calls the
reader's code safely and words the reply. Nothing here keeps a state between two calls.
"""

import ast
import contextlib
import contextvars
import copy
import ctypes
import inspect
import io
import linecache
import re
import sys
import textwrap
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import CodeType, TracebackType
from typing import Any, Literal, TypeVar, cast

import numpy as np

from cnnlab._types import Array

__all__ = [
    "Exercise",
    "Hint",
    "NotAttempted",
    "NotYet",
    "Outcome",
    "Source",
    "WrongAnswer",
    "call",
    "check_function",
    "compare",
    "compare_tables",
    "kind",
    "lost_digits",
    "recognise",
    "report",
    "run_within",
    "show",
]

T = TypeVar("T")

WIDTH = 76  # characters of one line of a reply


class NotAttempted(Exception):
    """Raised while an answer is examined: it is still the stub."""


class NotYet(Exception):
    """Raised while an answer is examined: it is wrong, and the message says why."""


class OutOfTime(BaseException):
    """Raised inside the reader's code to stop it.

    Not an ``Exception``, so that ``except Exception`` does not catch it.
    """


@dataclass(frozen=True)
class WrongAnswer:
    """A wrong answer we expect, with the sentence meant for it.

    Parameters
    ----------
    name : str
        The mistake in a few words.
    answer : object
        What would be passed to :meth:`Exercise.check`. If it is a function, :func:`compare`
        recognises answers that behave the same; it must then always return.
    says : str
        What the reply says, word for word.
    """

    name: str
    answer: Any
    says: str


@dataclass(frozen=True, repr=False)
class Outcome:
    """The reply to an answer; printing it is all a reader has to do.

    Parameters
    ----------
    status : {"not attempted", "not yet", "correct"}
        The three possible replies.
    message : str
        What there is to say about it.

    Examples
    --------
    >>> Outcome("correct", "All 12 cases agree.")
    Correct. All 12 cases agree.
    >>> Outcome("correct", "All 12 cases agree.").passed
    True
    """

    status: Literal["not attempted", "not yet", "correct"]
    message: str

    @property
    def passed(self) -> bool:
        """Whether the answer is correct."""
        return self.status == "correct"

    def __repr__(self) -> str:
        gap = "\n" if self.message.startswith("  ") else " "
        return _wrap(f"{self.status.capitalize()}.{gap}{self.message}")


@dataclass(frozen=True, repr=False)
class Hint:
    """One hint, to be printed."""

    text: str

    def __repr__(self) -> str:
        return _wrap(self.text)


@dataclass(frozen=True, repr=False)
class Source:
    """Python code, to be printed; with colours where Markdown is understood."""

    text: str

    def __repr__(self) -> str:
        return self.text

    def _repr_markdown_(self) -> str:
        return f"```python\n{self.text}\n```"


@dataclass(frozen=True, repr=False)
class Exercise:
    """One exercise: its task, what to start from, and what to say about an answer.

    Parameters
    ----------
    name : str
        How a reader calls it, such as ``"ch02.max_pool2d"``.
    task : str
        The task, in a sentence or two.
    examine : callable
        Takes the answer; returns a sentence of praise, or raises :class:`NotYet` or
        :class:`NotAttempted`.
    hints : tuple of three str
        From a question to ask oneself to nearly the answer.
    wrong_answers : tuple of WrongAnswer
        The wrong answers we expect, at least five.
    solved_by : callable or str
        A solution: a function whose name, less a leading underscore, is the name of the
        answer, or lines of code that end by assigning the answer.
    starts_from : str, default ""
        The stub, without its last line. Empty for a function to be written: then it is the
        solution's head and docstring with ``return ...``. For a function to be repaired, its
        code as it is found; as long as it is unchanged, it is *not attempted*.
    time_limit : float, default 5.0
        Seconds after which a check is stopped.
    needs : str, default ""
        Extra of cnnlab that the check needs, such as ``"data"``; most need NumPy alone.
    """

    name: str
    task: str
    examine: Callable[[Any], str]
    hints: tuple[str, str, str]
    wrong_answers: tuple[WrongAnswer, ...]
    solved_by: Callable[..., Any] | str
    starts_from: str = ""
    time_limit: float = 5.0
    needs: str = ""

    def __repr__(self) -> str:
        return _wrap(f"{self.name}: {self.task}")

    @property
    def answer_name(self) -> str:
        """The name the answer has in the stub and in the solution."""
        if callable(self.solved_by):
            return self.solved_by.__name__.lstrip("_")
        last = cast(ast.Assign, ast.parse(self.solved_by).body[-1])
        return ast.unparse(last.targets[0])

    @property
    def stub(self) -> str:
        """The lines to start from, ending with the check: the cell of the notebook."""
        start = self.starts_from.strip()
        if callable(self.solved_by):
            if not start:
                doc = textwrap.indent(f'"""{inspect.getdoc(self.solved_by)}"""', "    ")
                start = f"{self._head(self.solved_by)}\n{doc}\n    return ..."
            start += "\n\n"
        return f"{start}\n{self.name}.check({self.answer_name})"

    @property
    def handout(self) -> str:
        """The stub as a file of its own, with the imports it needs: to hand out to a class."""
        module = self.name.partition(".")[0]
        return f"import numpy as np\nfrom cnnlab.exercises import {module}\n\n\n{self.stub}\n"

    def _is_untouched(self, answer: Any) -> bool:
        """Whether an answer is the function that was to be repaired, as it was found."""
        if not (self.starts_from and callable(self.solved_by) and hasattr(answer, "__code__")):
            return False
        # In a file that imports NumPy itself, Python compiles a call such as np.sort differently.
        return any(
            _same_code(self._found(before), answer.__code__)
            for before in ("", "import numpy as np\n")
        )

    def _found(self, before: str) -> CodeType:
        """Compile the function that is to be repaired, below some other lines."""
        names: dict[str, Any] = {"np": np}
        exec(f"{before}{self.starts_from}", names)
        return cast(CodeType, names[self.answer_name].__code__)

    def check(self, answer: Any = None) -> Outcome:
        """Say whether an answer is right, and if not, why.

        The answer is called with copies of the test cases, in a thread of its own, and
        stopped after ``time_limit`` seconds. Whatever it prints is kept back; a failing
        case shows the first characters of it.

        Parameters
        ----------
        answer : object
            The function itself (not its result), or the value asked for.

        Returns
        -------
        Outcome
            *Not attempted*, *not yet* or *correct*. A wrong answer never raises an error;
            Ctrl+C, or interrupting the kernel, does what it always does. Warnings are not
            shown: the reply says what came out.
        """
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                praise = run_within(self.time_limit, lambda: self._examine(answer))
        except NotAttempted:
            verb = "Repair" if self.starts_from and callable(self.solved_by) else "Write"
            start = f"{verb} {self.answer_name}, then run {self.name}.check({self.answer_name})."
            return Outcome("not attempted", f"{start} For a first hint, run {self.name}.hint().")
        except (OutOfTime, NotYet) as problem:
            return Outcome("not yet", str(problem))
        return Outcome("correct", praise)

    def _examine(self, answer: Any) -> str:
        """Examine an answer, which may be so unusual that looking at it fails.

        No Ctrl+C arrives in the thread in which this runs: a ``KeyboardInterrupt`` here comes
        from the answer.
        """
        try:
            if answer is None or answer is ... or self._is_untouched(answer):
                raise NotAttempted
            return self.examine(answer)
        except (NotAttempted, NotYet, OutOfTime):
            raise
        except BaseException as error:
            raise NotYet(f"The answer cannot be examined: {_describe(error)}.") from None

    def hint(self, step: int = 1) -> Hint:
        """Give the first, second or third hint.

        Parameters
        ----------
        step : {1, 2, 3}, default 1
            Which hint; each says more than the one before.

        Returns
        -------
        Hint
            Its text, when printed.

        Raises
        ------
        ValueError
            If there is no such hint.
        """
        if step not in (1, 2, 3):
            raise ValueError(
                f"{self.name}.hint(step={step!r}): there are three hints, needed 1, 2 or 3. "
                f"Run {self.name}.solution() to see a solution."
            )
        more = f"hint({step + 1})" if step < 3 else "solution()"
        return Hint(f"Hint {step} of 3. {self.hints[step - 1]}\nMore: {self.name}.{more}")

    def solution(self) -> Source:
        """Show one solution.

        Returns
        -------
        Source
            Its code, when printed.
        """
        if not callable(self.solved_by):
            return Source(self.solved_by.strip())
        code = textwrap.dedent(inspect.getsource(self.solved_by))
        definition = cast(ast.FunctionDef, ast.parse(code).body[0])
        body = code.splitlines()[definition.body[0].lineno - 1 :]
        return Source("\n".join([self._head(self.solved_by), *body]))

    def _head(self, function: Callable[..., Any]) -> str:
        """Return the ``def`` line of the answer, without the annotations of our own code."""
        plain = inspect.Parameter.empty
        parameters = inspect.signature(function).parameters.values()
        signature = inspect.Signature([p.replace(annotation=plain) for p in parameters])
        return f"def {self.answer_name}{signature}:"


def _same_code(one: CodeType, other: CodeType) -> bool:
    """Whether two functions do the same, step by step."""
    parts = ("co_code", "co_consts", "co_names")
    return all(getattr(one, part) == getattr(other, part) for part in parts)


# -- Calling the reader's code ----------------------------------------------------------------


def run_within(seconds: float, task: Callable[[], T]) -> T:
    """Run a task and return its result, or stop it when its time is over.

    The task runs in a daemon thread, so this works in a notebook's main thread, in any other
    thread and on Windows, where a signal could not do it. To stop it, :class:`OutOfTime` is
    raised inside that thread at the next bytecode. Two kinds of code escape, and are left
    behind, running: a single long call into compiled code, until it returns, and a loop that
    catches every exception. Python in a web page has no threads; there the task runs without
    a limit.

    Parameters
    ----------
    seconds : float
        The limit, in seconds of wall-clock time.
    task : callable
        Takes no argument.

    Returns
    -------
    object
        What the task returns.

    Raises
    ------
    OutOfTime
        If the task did not end in time.
    NotYet
        If the system starts no thread.
    BaseException
        Whatever the task raises; ``KeyboardInterrupt`` when the user interrupts the wait.
    """
    results: list[T] = []
    errors: list[BaseException] = []
    lock, state = threading.Lock(), ["waiting"]  # then "running" and "over"
    done = threading.Event()

    def run() -> None:
        with lock:
            if state[0] == "over":  # the time was over before the task could begin
                return
            state[0] = "running"
        try:
            results.append(task())
        except BaseException as error:
            errors.append(error)

    def work() -> None:
        with contextlib.suppress(BaseException):  # OutOfTime may come while an error is kept
            run()
        while state[0] != "over" or not done.is_set():
            with contextlib.suppress(BaseException):  # or a moment too late
                with lock:
                    state[0] = "over"
                done.set()

    def stop() -> None:
        with lock:
            if state[0] == "running":
                _raise_in(thread, OutOfTime)
            else:
                state[0] = "over"

    context = contextvars.copy_context()  # keeps np.errstate, and where a notebook prints
    thread = threading.Thread(target=context.run, args=(work,), daemon=True)
    stdout = sys.stdout
    try:
        thread.start()
    except RuntimeError:
        if sys.platform == "emscripten":
            return task()
        raise NotYet(
            "The answer was not examined: your system starts no further thread, and without "
            "one an endless loop could not be stopped. Restart Python, then check again."
        ) from None
    late = True
    try:
        late = not _wait(thread, done, seconds)
    finally:  # also when the user interrupts the wait
        for _ in range(4):
            if late and not _wait(thread, done, 0):
                stop()
                _wait(thread, done, 0.5)
        sys.stdout = stdout  # a thread left behind may still hold it
    stopped = f"The check was stopped after {seconds:g} seconds."
    if not _wait(thread, done, 0):
        raise OutOfTime(
            f"{stopped} Your code could not be ended and is still running: restart Python "
            "(in a notebook: Kernel > Restart) before you go on."
        )
    thread.join()
    if results:
        return results[0]
    if late and errors and isinstance(errors[0], NotYet):
        raise OutOfTime(f"{stopped}\n{errors[0]}")
    if not errors or isinstance(errors[0], OutOfTime):
        raise OutOfTime(f"{stopped} Is there a loop that never ends?")
    raise errors[0]


def _wait(thread: threading.Thread, done: threading.Event, seconds: float) -> bool:
    """Wait until a thread is done or no longer alive; say whether it is.

    In short slices, as on Windows Ctrl+C is only seen between them. (Not by ``thread.join``:
    interrupted, Python 3.11 takes the thread for ended.)
    """
    end = time.monotonic() + seconds
    while not done.wait(min(0.05, max(0.0, end - time.monotonic()))):
        if not thread.is_alive():
            return True
        if time.monotonic() >= end:
            return False
    return True


def _raise_in(thread: threading.Thread, error: type[BaseException]) -> None:
    """Raise an exception in another thread, at its next bytecode."""
    ident = ctypes.c_ulong(thread.ident or 0)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ident, ctypes.py_object(error))


class _Printed(io.StringIO):
    """Keeps the beginning of what is printed, and forgets a flood."""

    def write(self, text: str) -> int:
        if self.tell() < 1000:
            super().write(text[:1000])
        return len(text)


def call(function: Callable[..., Any], *arguments: Any) -> tuple[Any, str]:
    """Call the reader's function on copies of the arguments.

    Parameters
    ----------
    function : callable
        The reader's function.
    *arguments : object
        What to pass; they stay as they are.

    Returns
    -------
    result : object
        What the function returned.
    printed : str
        The beginning of what it printed.

    Raises
    ------
    NotYet
        If it raised an exception, did not return in time, or changed an argument.
    NotAttempted
        If it is the stub: it returned ``...`` or raised ``NotImplementedError``.
    """
    given = copy.deepcopy(arguments)
    printed = _Printed()
    try:
        with contextlib.redirect_stdout(printed):
            result = function(*given)
    except NotImplementedError:
        raise NotAttempted from None
    except OutOfTime as error:
        rows = report(
            function, arguments, where=_place(error.__traceback__), printed=printed.getvalue()
        )
        raise NotYet(f"{rows}\nIs there a loop that never ends?") from None
    except BaseException as error:
        rows = report(
            function,
            arguments,
            raised=_describe(error),
            where=_place(error.__traceback__),
            printed=printed.getvalue(),
        )
        raise NotYet(rows) from None
    if result is ...:
        raise NotAttempted
    for before, after in zip(arguments, given, strict=True):
        if not _same(before, after):
            rows = report(function, arguments, became=show(after))
            raise NotYet(
                f"{rows}\nYour function changed its argument. The caller still needs it: "
                "work on a copy, or write into a new array or list."
            )
    return result, printed.getvalue()


def _describe(error: BaseException) -> str:
    """Type and message of an exception, in one line."""
    try:
        text = " ".join(str(error).split())
    except OutOfTime:
        raise
    except BaseException:  # an error of the reader's own, whose text fails
        text = ""
    name = type(error).__name__
    return f"{name}: {textwrap.shorten(text, 300)}" if text else name


def _place(traceback: TracebackType | None) -> str:
    """Where in the reader's code an exception arose: function, line, and its text if known."""
    inner = traceback.tb_next if traceback else None
    if inner is None:
        return "the call itself"
    own_file = inner.tb_frame.f_code.co_filename
    where = inner
    while inner is not None:
        if inner.tb_frame.f_code.co_filename == own_file:
            where = inner
        inner = inner.tb_next
    source = linecache.getline(own_file, where.tb_lineno).strip()
    place = f"{where.tb_frame.f_code.co_name}, line {where.tb_lineno}"
    return f"{place}: {source}" if source else place


# -- Comparing a function with the reference --------------------------------------------------


def compare(
    answer: Any,
    reference: Callable[..., Any],
    cases: Iterable[Sequence[Any]],
    wrong_answers: Sequence[WrongAnswer],
) -> int:
    """Hold the reader's function against the reference, the smallest case first.

    If it fails, and one of the expected wrong answers gives the same results in *all* cases,
    its sentence is added.

    Parameters
    ----------
    answer : object
        The reader's function, or what was passed in its place.
    reference : callable
        Returns what is needed: an array, a number or a tuple of numbers. A whole number is
        compared exactly, everything else up to rounding.
    cases : iterable of sequences
        Arguments to call it with, by increasing size.
    wrong_answers : sequence of WrongAnswer
        The wrong answers we expect.

    Returns
    -------
    int
        The number of cases, all of them right.

    Raises
    ------
    NotYet
        With the smallest case that fails.
    NotAttempted
        If the function is the stub.
    """
    cases = list(cases)
    check_function(answer, reference)
    results: list[Any] = []
    for arguments in cases:
        needed = reference(*arguments)
        got, printed = call(answer, *arguments)
        results.append(got)
        problem = kind(got, needed, printed)
        if not problem and _same(needed, got):
            continue
        rows = report(answer, arguments, got, needed, printed=printed)
        if not problem:
            results += _results(answer, cases[len(results) :])
            problem = recognise(answer, cases[: len(results)], wrong_answers, results)
            problem = problem or _difference(got, needed, reference, cases, results)
        raise NotYet("\n".join(part for part in (rows, problem) if part))
    return len(cases)


def _results(answer: Callable[..., Any], cases: Iterable[Sequence[Any]]) -> list[Any]:
    """What a function returns in these cases, up to the first in which it fails."""
    results = []
    for arguments in cases:
        try:
            results.append(call(answer, *arguments)[0])
        except (NotYet, NotAttempted):
            break
    return results


def _difference(
    got: Any,
    needed: Any,
    reference: Callable[..., Any],
    cases: Sequence[Sequence[Any]],
    results: Sequence[Any],
) -> str:
    """Say how a result differs from what is needed, if that can be told in a sentence or two."""
    shapes = ""
    if isinstance(needed, np.ndarray) and got.shape != needed.shape:
        shapes = f"The result has shape {got.shape}, needed {needed.shape}."
    elif _numbers(needed) is not None and (strange := _no_numbers(got)):
        return f"Among the values returned is {_article(strange[0])}, needed numbers only."
    else:
        digits = lost_digits(got, needed)
        if digits:
            return digits
    if len(results) < len(cases):
        return shapes
    pairs = [
        (_numbers(result), _numbers(reference(*arguments)))
        for arguments, result in zip(cases, results, strict=True)
    ]
    return f"{shapes} {_pattern(pairs)}".strip()


def lost_digits(got: Any, needed: Any) -> str:
    """Say that a result lost digits or is no number, or return an empty string.

    Parameters
    ----------
    got : object
        What the reader's function returned; of the right type and shape.
    needed : ndarray, number or tuple of numbers
        What is needed, or any finite numbers if that is not known.

    Returns
    -------
    str
        A sentence, or an empty string if there is nothing of that kind to say.

    Examples
    --------
    >>> lost_digits(float("nan"), 2.5)
    'The result holds nan or inf. Is something divided by 0?'
    """
    ours, theirs = _numbers(needed), _numbers(got)
    if ours is None or theirs is None or not np.isfinite(ours).all():
        return ""
    if not np.isfinite(theirs).all():
        return "The result holds nan or inf. Is something divided by 0?"
    if ours.shape != theirs.shape:
        return ""
    error = abs(ours - theirs)
    dtype = got.dtype if isinstance(got, np.ndarray | np.generic) else np.asarray(got).dtype
    if dtype == np.float16 and np.allclose(ours, theirs, rtol=0.01, atol=1e-3):
        return "The result has type float16, which keeps only three digits: compute in float64."
    if dtype.kind in "iu" and (error < 1).all() and (ours % 1 != 0).any():
        if isinstance(got, np.ndarray):
            return f"The array has type {dtype}, so fractions are lost: make it with dtype=float."
        return "The fraction is lost. Is something rounded, or divided with // instead of /?"
    if ours.size <= 100 and show(got) == show(needed):
        return f"The numbers differ by up to {error.max():.1g}, in digits that are not shown."
    return ""


def _numbers(value: Any) -> Array | None:
    """Turn a result into an array of floats, or into None if it holds anything else."""
    value = _plain(value)
    if isinstance(value, tuple | list):
        value = [_plain(entry) for entry in value]
        if not all(map(_is_number, value)):
            return None
    elif not _is_number(value) and not (
        isinstance(value, np.ndarray) and value.dtype.kind in "iuf"
    ):
        return None
    try:
        return np.asarray(value, dtype=float)
    except OverflowError:  # a whole number that is too large for a float
        return None


def _no_numbers(value: Any) -> list[Any]:
    """List the entries of a tuple or list that are no single numbers."""
    entries = value if isinstance(value, tuple | list) else ()
    return [entry for entry in entries if not _is_number(_item(entry))]


def _item(value: Any) -> Any:
    """Take the number out of an array without axes; leave everything else as it is."""
    value = _plain(value)
    if isinstance(value, np.ndarray) and value.shape == () and value.dtype.kind in "iuf":
        return value.item()
    return value


def _pattern(pairs: Sequence[tuple[Array | None, Array | None]]) -> str:
    """Say what all results have in common: exchanged axes, a wrong sign, a constant factor."""
    found = [(got, needed) for got, needed in pairs if got is not None and needed is not None]
    if len(found) < max(2, len(pairs)):  # a single case may be so by chance
        return ""
    if all(_same(got, needed.T) for got, needed in found):
        if all(got.ndim == 2 for got, _ in found):
            return "In all cases rows and columns of the result have changed places."
        return "In all cases the axes of the result stand in reverse order."
    if not all(got.shape == needed.shape for got, needed in found):
        return ""
    ours = np.concatenate([needed.ravel() for _, needed in found])
    theirs = np.concatenate([got.ravel() for got, _ in found])
    if not np.isfinite([ours, theirs]).all() or np.count_nonzero(ours) < 3:
        return ""
    factor = float(ours @ theirs / (ours @ ours))
    if not factor or not np.allclose(theirs, factor * ours, rtol=1e-6, atol=1e-12):
        return ""
    if _same(factor, -1.0):
        return "In all cases this is right but for the sign."
    return f"In all cases the result is {factor:.4g} times what is needed."


def check_function(answer: Any, reference: Callable[..., Any]) -> None:
    """Refuse what is no function, or takes other arguments than the reference.

    Parameters
    ----------
    answer : object
        What the reader passed.
    reference : callable
        Has the arguments that are needed.

    Raises
    ------
    NotYet
        If it is no function, or one with other arguments.
    """
    names = list(inspect.signature(reference).parameters)
    if not callable(answer):
        raise NotYet(
            f"The check needs the function itself, and was given {_article(answer)}. "
            "Pass its name, without parentheses behind it."
        )
    try:
        signature = inspect.signature(answer)
    except (TypeError, ValueError):  # some functions written in C do not tell
        return
    try:
        signature.bind(*names)
    except TypeError:
        raise NotYet(
            f"The function takes the arguments {signature}, needed ({', '.join(names)}): "
            f"{len(names)} of them, in this order."
        ) from None


def kind(got: Any, needed: Any, printed: str = "") -> str:
    """Say what is wrong with the type of a result, or return an empty string.

    Parameters
    ----------
    got : object
        What the reader's function returned.
    needed : ndarray, int, float or tuple
        An example of the type that is needed.
    printed : str, default ""
        What the function printed.

    Returns
    -------
    str
        A sentence, or an empty string if the type is right.

    Examples
    --------
    >>> kind([1, 2], 3)
    'The function returned a list, needed one whole number.'
    """
    if got is None:
        why = "It printed something instead: print shows a value, only return hands it on."
        return f"The function returned None. {why if printed else 'Is the return missing?'}"
    if isinstance(needed, np.ndarray):
        if not isinstance(got, np.ndarray):
            return (
                f"The function returned {_article(got)}, needed an array. "
                "Make one of the right shape first and fill it."
            )
        if got.dtype.kind not in "iuf":
            return f"The array holds values of type {got.dtype}, needed numbers as in the input."
    elif isinstance(needed, tuple):
        if not isinstance(got, tuple | list):
            return f"The function returned {_article(got)}, needed a tuple of {len(needed)}."
        if len(got) != len(needed):
            return f"The function returned {len(got)} values, needed {len(needed)}."
    elif not _is_number(got):
        whole = "" if isinstance(needed, float) else "whole "
        take = ""
        if isinstance(got, np.ndarray) and got.size == 1:
            take = " It holds just one: take it out with .item()."
        return f"The function returned {_article(got)}, needed one {whole}number.{take}"
    return ""


def _is_number(value: Any) -> bool:
    """Whether a value is a single number; True and False are none."""
    return isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)


def recognise(
    answer: Callable[..., Any],
    cases: Sequence[Sequence[Any]],
    wrong_answers: Sequence[WrongAnswer],
    results: Sequence[Any] = (),
) -> str:
    """Find the expected wrong answer that gives the same results in all cases.

    Parameters
    ----------
    answer : callable
        The reader's function. Cases in which it fails are left out, with all that follow.
    cases : sequence of sequences
        Arguments to call it with.
    wrong_answers : sequence of WrongAnswer
        The wrong answers we expect; the first that fits is taken.
    results : sequence, default ()
        What it returned in the first cases, as far as known.

    Returns
    -------
    str
        The sentence meant for that wrong answer, or an empty string if none fits.
    """
    results = [*results, *_results(answer, cases[len(results) :])]
    for wrong in wrong_answers:
        if callable(wrong.answer) and all(
            _gives(wrong.answer, arguments, result)
            for arguments, result in zip(cases, results, strict=False)
        ):
            return wrong.says
    return ""


def _gives(function: Callable[..., Any], arguments: Sequence[Any], result: Any) -> bool:
    """Whether a function returns this result for these arguments."""
    try:
        with contextlib.redirect_stdout(_Printed()):
            return _same(function(*copy.deepcopy(arguments)), result)
    except Exception:
        return False


def _same(a: Any, b: Any) -> bool:
    """Whether two values are equal, arrays in shape and, up to rounding, in every entry."""
    a, b = _plain(a), _plain(b)
    close: dict[str, Any] = {"rtol": 1e-6, "atol": 1e-12, "equal_nan": True}
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        try:
            return np.shape(a) == np.shape(b) and bool(np.allclose(a, b, **close))
        except (ValueError, TypeError):  # rows of different lengths, or entries of any kind
            return False
    if isinstance(a, tuple | list) and isinstance(b, tuple | list):
        return len(a) == len(b) and all(map(_same, a, b))
    if _is_number(a) and _is_number(b):
        if isinstance(a, float) and isinstance(b, float):
            return bool(np.isclose(a, b, **close))
        return bool(a == b)
    return _is_number(a) == _is_number(b) and bool(a == b)


def _plain(value: Any) -> Any:
    """Turn what inherits from a number, a string or an array into just that.

    A class of the reader's own may say of itself that it equals everything.
    """
    if isinstance(value, np.generic):
        return np.generic.item(value)
    if isinstance(value, np.ndarray):
        return np.asarray(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return int.__add__(value, 0)
    if isinstance(value, float):
        return float.__add__(value, 0.0)
    return str.__str__(value) if isinstance(value, str) else value


# -- Comparing predictions --------------------------------------------------------------------


def compare_tables(
    answer: Any,
    needed: Mapping[str, Any],
    wrong_answers: Sequence[WrongAnswer],
    otherwise: str,
    choices: Sequence[Any] = (),
) -> None:
    """Hold the reader's predictions, a dict, against what is right.

    Of whole numbers the reply says which are right, too few or too many. Of choices it only
    says how many are right: more would give them away. Then follows the sentence of the
    expected wrong answer that explains them all, or one of them.

    Parameters
    ----------
    answer : object
        What the reader passed.
    needed : mapping
        The right entries: whole numbers, or some of `choices`.
    wrong_answers : sequence of WrongAnswer
        The wrong answers we expect; those that are dicts with the same keys are looked for.
    otherwise : str
        What to say when none of them explains anything.
    choices : sequence of str or bool, default ()
        What an entry may be, if it is not a number.

    Raises
    ------
    NotYet
        If anything is missing or wrong.
    NotAttempted
        If every entry is still open.
    """
    keys = ", ".join(map(repr, needed))
    if not isinstance(answer, dict):
        raise NotYet(
            f"The check needs a dict with the keys {keys}, as in the stub; the answer has type "
            f"{type(answer).__name__}."
        )
    if all(value is ... or value is None for value in answer.values()):
        raise NotAttempted
    unknown = [name for name in answer if name not in needed]
    if unknown:
        raise NotYet(f"There is no entry {unknown[0]!r}; the keys are {keys}.")
    answer = {name: _plain(value) for name, value in answer.items()}
    what = " or ".join(map(repr, choices)) or "one whole number"
    for name, value in answer.items():
        if value is ...:
            continue
        if choices and not (isinstance(value, str | bool | np.bool_) and value in choices):
            raise NotYet(f"The entry {name!r} is {show(value)}, needed {what}.")
        if not choices and not _is_number(value):
            raise NotYet(f"The entry {name!r} has type {type(value).__name__}, needed {what}.")
        if not choices and value != value:
            raise NotYet(f"The entry {name!r} is nan, needed {what}.")
    missing = [name for name in needed if answer.get(name, ...) is ...]
    if missing:
        raise NotYet(f"Still to predict: {', '.join(map(repr, missing))}.")
    wrong = [name for name in needed if answer[name] != needed[name]]
    if wrong:
        why = _explain_table(answer, needed, wrong, wrong_answers, not choices) or otherwise
        if choices:
            right = len(needed) - len(wrong)
            raise NotYet(f"{right} of {len(needed)} {'is' if right == 1 else 'are'} right. {why}")
        raise NotYet(f"{_judge_table(answer, needed)}\n{why}")


def _judge_table(answer: Mapping[str, Any], needed: Mapping[str, Any]) -> str:
    """Rows that say of every entry whether it is right, too few or too many."""
    width = max(map(len, needed)) + 2
    rows = []
    for name, n in needed.items():
        verdict = "right" if answer[name] == n else "too few" if answer[name] < n else "too many"
        rows.append(f"  {name:{width}}{answer[name]:>11,}  {verdict}")
    return "\n".join(rows)


def _explain_table(
    answer: Mapping[str, Any],
    needed: Mapping[str, Any],
    wrong: Sequence[str],
    wrong_answers: Sequence[WrongAnswer],
    numbers: bool,
) -> str:
    """Say which expected mistake gives the wrong entries, or else the first that one does.

    A choice is easily hit by chance, so there a mistake counts only if it gives the whole
    table, or stands for one entry.
    """
    tables = [w for w in wrong_answers if isinstance(w.answer, dict)]
    tables = [w for w in tables if w.answer.keys() == needed.keys()]
    tables.sort(key=lambda w: sum(w.answer[name] != needed[name] for name in needed))
    for names in (list(needed), list(wrong)) if numbers else (list(needed),):
        for mistake in tables:
            if all(mistake.answer[name] == answer[name] for name in names):
                return mistake.says
    for name in wrong:
        for mistake in tables:
            if mistake.answer[name] == answer[name]:
                return f"{name}: {mistake.says}"
    return ""


# -- Wording ----------------------------------------------------------------------------------


def report(
    function: Callable[..., Any], arguments: Sequence[Any], *results: Any, **more: str
) -> str:
    """Rows that show one case: what went in, what came out, what is needed.

    Parameters
    ----------
    function : callable
        The reader's function; its name is shown.
    arguments : sequence
        What it was called with. The row can be pasted and run.
    *results : object
        What came out and what is needed, if both are known.
    **more : str
        Further rows, the keyword first; empty ones are left out.

    Returns
    -------
    str
        The rows, each indented by two spaces.

    Examples
    --------
    >>> print(report(abs, [-2], -2, 2, printed="hello"))
      went in   abs(-2)
      came out  -2
      needed    2
      printed   hello
    """
    name = getattr(function, "__name__", "f")
    name = name.replace("<lambda>", "f") if isinstance(name, str) else "f"
    went_in = f"{name}("
    for number, argument in enumerate(arguments):
        went_in += ", " if number else ""
        went_in += show(argument, len(went_in.rpartition("\n")[2]))
    rows = {"went in": f"{went_in})"}
    rows |= {key: show(value) for key, value in zip(("came out", "needed"), results, strict=False)}
    rows |= {key: _lines(text) if key != "became" else text for key, text in more.items()}
    return "\n".join(
        f"  {key:10}{text}".replace("\n", "\n" + 12 * " ") for key, text in rows.items() if text
    )


def _lines(text: str) -> str:
    """Break a text into at most three lines that fit behind the name of a row."""
    lines = textwrap.wrap(text, WIDTH - 12, max_lines=3, placeholder=" ...")
    return "\n".join(lines)


def show(value: Any, indent: int = 0) -> str:
    """Write a value as Python code, the same under all print options.

    Parameters
    ----------
    value : object
        An array, a number, anything.
    indent : int, default 0
        Spaces before the second and later lines of an array.

    Returns
    -------
    str
        Code for small arrays and other short values, a description for large arrays.

    Examples
    --------
    >>> print(show(np.array([[1.0, -2.5], [3.0, 4.0]])))
    np.array([[ 1. , -2.5],
              [ 3. ,  4. ]])
    >>> show(np.zeros((16, 28, 28)))
    'an array of shape (16, 28, 28)'
    """
    if isinstance(value, np.ndarray):
        if not 0 < value.size <= 100 or value.dtype.kind not in "biuf":
            return f"an array of shape {value.shape}"
        numbers = np.array2string(
            value + 0.0 if value.dtype.kind == "f" else value,  # -0.0 is shown as 0
            precision=4,
            suppress_small=True,
            separator=", ",
            floatmode="maxprec",
            sign="-",
            max_line_width=WIDTH,
            threshold=1000,
            prefix=" " * (indent + len("np.array(")),
        )
        return f"np.array({numbers})".replace("\n\n", "\n")
    if isinstance(value, np.generic):
        value = value.item()
    try:
        code = repr(value)
        if not isinstance(value, str):
            code = re.sub(" at 0x[0-9a-fA-F]+", "", code)  # it is another one in every run
        return textwrap.shorten(code, 300, placeholder=" ...")
    except OutOfTime:
        raise
    except BaseException:  # an object of the reader's own, which may raise anything
        return _article(value)


def _article(value: Any) -> str:
    """Name a value by its type: ``a list``, ``an array``."""
    kind = "array" if isinstance(value, np.ndarray) else type(value).__name__
    return f"an {kind}" if kind[0] in "aeiouAEIOU" else f"a {kind}"


def _wrap(text: str) -> str:
    """Break long lines between words; rows, which are indented, stay as they are."""
    lines = (
        [line]
        if line.startswith("  ")
        else textwrap.wrap(line, WIDTH, break_long_words=False, break_on_hyphens=False)
        for line in text.splitlines()
    )
    return "\n".join(part for group in lines for part in group)
