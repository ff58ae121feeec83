"""The machinery of the exercises: replies, hints, and calling code that may do anything."""

import contextlib
import linecache
import subprocess
import sys
import textwrap
import threading
import time
import warnings
from dataclasses import replace

import numpy as np
import pytest

from cnnlab.exercises import Exercise, Outcome, WrongAnswer, core
from cnnlab.exercises.core import (
    NotAttempted,
    NotYet,
    OutOfTime,
    Source,
    compare,
    compare_tables,
    recognise,
    run_within,
    show,
)


def _double(x):
    """Twice x, an array."""
    # a comment before the code
    return 2 * x


CASES = [(np.array([1.0]),), (np.array([1.0, -2.0]),), (np.arange(6.0).reshape(2, 3),)]
WRONG = (
    WrongAnswer("squares", lambda x: x * x, "This is the square."),
    WrongAnswer("identity", lambda x: x, "Nothing was doubled."),
)
DOUBLE = Exercise(
    name="test.double",
    task="write double(x): twice every value of x.",
    examine=lambda answer: f"All {compare(answer, _double, CASES, WRONG)} arrays agree.",
    hints=("What is twice 1?", "Arrays can be added.", "x + x"),
    wrong_answers=WRONG,
    solved_by=_double,
    time_limit=0.5,
)


def says(answer):
    """Return the reply to an answer as one line."""
    return " ".join(repr(DOUBLE.check(answer)).split())


# -- The three outcomes


@pytest.mark.parametrize("answer", [None, ..., lambda x: ...], ids=["None", "dots", "stub"])
def test_an_answer_left_open_is_not_attempted(answer):
    assert DOUBLE.check(answer).status == "not attempted"


def test_a_function_that_raises_not_implemented_error_is_not_attempted():
    def double(x):
        raise NotImplementedError("later")

    assert DOUBLE.check(double).status == "not attempted"


def test_check_without_an_answer_is_not_attempted():
    assert DOUBLE.check().status == "not attempted"


def test_a_right_answer_is_correct():
    assert DOUBLE.check(lambda x: x + x) == Outcome("correct", "All 3 arrays agree.")


def test_only_a_correct_outcome_has_passed():
    assert DOUBLE.check(_double).passed
    assert not DOUBLE.check(None).passed
    assert not DOUBLE.check(abs).passed


def test_a_wrong_answer_is_shown_with_its_smallest_failing_case():
    def triple(x):
        return 3 * x

    assert repr(DOUBLE.check(triple)) == (
        "Not yet.\n"
        "  went in   triple(np.array([1.]))\n"
        "  came out  np.array([3.])\n"
        "  needed    np.array([2.])\n"
        "In all cases the result is 1.5 times what is needed."
    )


def test_a_known_mistake_gets_its_sentence():
    assert says(lambda x: x**2).endswith("This is the square.")


def test_a_mistake_that_agrees_in_one_case_only_gets_no_sentence():
    assert "square" not in says(lambda x: x * abs(x))


def test_a_wrong_shape_is_told_with_both_shapes():
    assert says(lambda x: 2 * np.append(x, x)).endswith("has shape (2,), needed (1,).")


def test_the_same_answer_gets_the_same_reply_twice():
    first = repr(DOUBLE.check(np.sqrt))
    assert repr(DOUBLE.check(np.sqrt)) == first


def test_the_reply_does_not_depend_on_print_options():
    def third(x):
        return x / 3

    before = repr(DOUBLE.check(third))
    with np.printoptions(precision=1, sign="+", floatmode="fixed"):
        assert repr(DOUBLE.check(third)) == before


# -- Results of other kinds than arrays


def refusal(answer, reference, *cases):
    """Hold an answer against a reference, and return what is said about it."""
    with pytest.raises(NotYet) as caught:
        compare(answer, reference, cases, ())
    return " ".join(str(caught.value).split())


def test_a_number_is_compared_up_to_rounding():
    assert compare(lambda x: x * (1 + 1e-9), float, [(2.5,)], ()) == 1


def test_a_whole_number_is_compared_exactly():
    assert "needed 102764544" in refusal(lambda n: n + 1, lambda n: n, (102_764_544,))


def test_a_number_that_need_not_be_whole_is_asked_for_as_such():
    assert "returned a list, needed one number." in refusal(lambda x: [x], float, (2.5,))


def test_zero_up_to_rounding_is_zero():
    assert compare(lambda x: x + 1e-17, lambda x: x, [(np.zeros(2),)], ()) == 1


def test_a_tuple_is_compared_number_by_number():
    assert compare(lambda n: [np.int64(n // 7), n % 7], lambda n: divmod(n, 7), [(9,)], ()) == 1
    assert "came out (2, 1) needed (1, 2)" in refusal(
        lambda n: (n % 7, n // 7), lambda n: divmod(n, 7), (9,)
    )


def test_a_tuple_of_another_length_is_told_so():
    reply = refusal(lambda n: (n,), lambda n: divmod(n, 7), (9,))
    assert "returned 1 values, needed 2." in reply


def test_what_is_no_tuple_is_told_so():
    reply = refusal(lambda n: n, lambda n: divmod(n, 7), (9,))
    assert "returned an int, needed a tuple of 2." in reply


def third(x):
    """A third of x, an array."""
    return x / 3


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (lambda x: x * np.nan, "The result holds nan or inf. Is something divided by 0?"),
        (lambda x: x.astype(int) // 3, "so fractions are lost: make it with dtype=float."),
        (lambda x: (x / 3).astype(np.float16), "keeps only three digits: compute in float64."),
        (
            lambda x: x / 3 + 1e-5,
            "The numbers differ by up to 1e-05, in digits that are not shown.",
        ),
        (lambda x: 5 * x, "In all cases the result is 15 times what is needed."),
        (lambda x: -x / 3, "In all cases this is right but for the sign."),
        (lambda x: x.T / 3, "rows and columns of the result have changed places."),
    ],
    ids=["nan", "integers", "float16", "digits", "factor", "sign", "transposed"],
)
def test_what_a_wrong_result_suffers_from_is_told(answer, sentence):
    cases = [(x,) for x in (np.array([[1.0, -2.0]]), np.arange(6.0).reshape(2, 3))]
    with pytest.raises(NotYet) as refused:
        compare(answer, third, cases, ())
    assert str(refused.value).splitlines()[-1].endswith(sentence)


def test_a_shape_that_is_transposed_is_told_as_both():
    cases = [(np.ones((2, 1)),), (np.ones((3, 2)),)]
    with pytest.raises(NotYet) as refused:
        compare(lambda x: x.T / 3, third, cases, ())
    assert str(refused.value).splitlines()[-1] == (
        "The result has shape (1, 2), needed (2, 1). "
        "In all cases rows and columns of the result have changed places."
    )


def test_three_axes_in_reverse_order_are_told_as_such():
    cases = [(np.ones((1, 2, 3)),), (np.ones((2, 2, 1)),)]
    with pytest.raises(NotYet, match="the axes of the result stand in reverse order"):
        compare(lambda x: x.T / 3, third, cases, ())


@pytest.mark.parametrize(
    "answer",
    [lambda x: x if x.size == 3 else x / 3, lambda x: x.T / 3 if x.size == 4 else x],
    ids=["factor", "transposed"],
)
def test_what_holds_in_one_case_only_is_not_said_of_all(answer):
    cases = [(np.array([1.0, 2.0, 4.0]),), (np.array([[1.0, 2.0], [4.0, 8.0]]),)]
    with pytest.raises(NotYet) as refused:
        compare(answer, third, cases, ())
    assert "all cases" not in str(refused.value)


def test_a_fraction_that_was_cut_off_a_number_is_told():
    with pytest.raises(NotYet, match=r"The fraction is lost\. Is something rounded, or divided"):
        compare(lambda a, b: a // b, lambda a, b: a / b, [(4, 2), (7, 2)], ())


@pytest.mark.parametrize("result", [np.array([3.5]), np.array(3.5)], ids=["one axis", "no axis"])
def test_an_array_of_one_number_is_told_how_to_become_a_number(result):
    with pytest.raises(NotYet, match=r"needed one number\. It holds just one: take it out with"):
        compare(lambda x: result, float, [(3.5,)], ())


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        (np.array([2]), "an array"),
        (np.array(2, dtype=object), "an array"),
        (True, "a bool"),
        (2j, "a complex"),
        ("2", "a str"),
        (None, "a NoneType"),
    ],
)
def test_what_is_no_number_in_a_tuple_is_told(entry, told):
    with pytest.raises(NotYet, match=f"Among the values returned is {told}, needed numbers only"):
        compare(lambda x: (1, entry), lambda x: (1, 2), [(0,)], ())


@pytest.mark.parametrize("result", [10**400, (1, 10**400)], ids=["number", "tuple"])
def test_a_whole_number_too_large_for_a_float_is_a_wrong_answer_like_any_other(result):
    needed = (1, 2) if isinstance(result, tuple) else 2
    with pytest.raises(NotYet, match="went in") as refused:
        compare(lambda x: result, lambda x: needed, [(0,), (1,)], ())
    assert "Error" not in str(refused.value)
    assert "Among" not in str(refused.value)


def test_a_pattern_is_not_claimed_of_a_case_that_fails():
    def five_thirds(x):
        return 5 * x / 3 if x.size == 3 else x[9]

    with pytest.raises(NotYet) as refused:
        compare(five_thirds, third, [(np.ones(3),), (2 * np.ones(3),), (np.ones(2),)], ())
    assert "all cases" not in str(refused.value)


def test_an_array_without_axes_is_a_number_in_a_tuple():
    assert compare(lambda x: (1, np.array(2)), lambda x: (1, 2), [(0,)], ()) == 1


def test_a_wrong_answer_that_gives_nan_is_recognised():
    wrong = WrongAnswer("nan", lambda x: x * np.nan, "Something was divided by zero.")
    assert recognise(lambda x: x - x * np.nan, CASES, [wrong]) == wrong.says


def test_a_wrong_answer_that_fails_later_is_recognised_by_the_cases_before():
    def squares_of_vectors(x):
        return x * x if x.ndim == 1 else x[7]

    assert recognise(squares_of_vectors, CASES, WRONG) == "This is the square."


# -- Predictions

NEEDED = {"a": 10, "b": 20, "c": 2_000}
TABLES = (
    WrongAnswer("halves", {"a": 5, "b": 10, "c": 1_000}, "These are the halves."),
    WrongAnswer("zero for b", {"a": 10, "b": 0, "c": 2_000}, "Now b is not zero."),
    WrongAnswer("a list", [10, 20], "the answer has type list."),
)
CHOICES = {"a": "max", "b": "average", "c": "max"}
RULES = (
    WrongAnswer("always max", dict.fromkeys(CHOICES, "max"), "It is not always max."),
    WrongAnswer("never max", dict.fromkeys(CHOICES, "average"), "Max it is, now and then."),
)


def judged(answer, needed=NEEDED, wrong_answers=TABLES, choices=()):
    """Return what is said about a table of predictions."""
    with pytest.raises(NotYet) as caught:
        compare_tables(answer, needed, wrong_answers, "Think again.", choices)
    return " ".join(str(caught.value).split())


def test_a_right_table_is_let_pass():
    compare_tables(NEEDED | {"a": 10.0}, NEEDED, TABLES, "Think again.")
    compare_tables(CHOICES, CHOICES, RULES, "Think again.", choices=("max", "average"))


@pytest.mark.parametrize("value", [..., None])
def test_a_table_left_open_is_not_attempted(value):
    with pytest.raises(NotAttempted):
        compare_tables(dict.fromkeys(NEEDED, value), NEEDED, TABLES, "Think again.")


@pytest.mark.parametrize(
    ("answer", "reply"),
    [
        ([10, 20, 2_000], "a dict with the keys 'a', 'b', 'c', as in the stub; the answer has"),
        (NEEDED | {"d": 1}, "There is no entry 'd'; the keys are 'a', 'b', 'c'."),
        (NEEDED | {"b": ...}, "Still to predict: 'b'."),
        ({"a": 10}, "Still to predict: 'b', 'c'."),
        (NEEDED | {"b": "20"}, "The entry 'b' has type str, needed one whole number."),
        (NEEDED | {"b": True}, "The entry 'b' has type bool, needed one whole number."),
        (NEEDED | {"b": float("nan")}, "The entry 'b' is nan, needed one whole number."),
    ],
)
def test_a_table_that_is_not_complete_is_told_what_is_needed(answer, reply):
    assert reply in judged(answer)


def test_of_numbers_the_reply_says_which_are_right():
    reply = judged({"a": 10, "b": 19, "c": 2_001})
    assert reply == "a 10 right b 19 too few c 2,001 too many Think again."


def test_a_table_of_numbers_is_explained_by_the_mistake_behind_all_wrong_entries():
    assert judged({"a": 5, "b": 10, "c": 2_000}).endswith("These are the halves.")


def test_two_mistakes_in_a_table_are_explained_one_at_a_time():
    assert judged({"a": 5, "b": 0, "c": 2_000}).endswith("a: These are the halves.")


def test_of_choices_the_reply_only_says_how_many_are_right():
    reply = judged(CHOICES | {"c": "average"}, CHOICES, (), ("max", "average"))
    assert reply == "2 of 3 are right. Think again."


def test_a_table_of_choices_is_explained_by_the_mistake_that_gives_all_of_it():
    always = judged(dict.fromkeys(CHOICES, "max"), CHOICES, RULES, ("max", "average"))
    assert always == "2 of 3 are right. It is not always max."


def test_a_choice_is_explained_by_the_mistake_with_the_fewest_others():
    answer = {"a": "average", "b": "max", "c": "average"}
    reply = judged(answer, CHOICES, RULES, ("max", "average"))
    assert reply == "0 of 3 are right. a: Max it is, now and then."


@pytest.mark.parametrize("value", ["mean", 1, np.zeros(2), ["max"]])
def test_a_choice_that_is_none_is_told_so(value):
    reply = judged(CHOICES | {"b": value}, CHOICES, RULES, ("max", "average"))
    assert reply.endswith(", needed 'max' or 'average'.")


# -- Strange answers


@pytest.mark.parametrize(
    ("answer", "reply"),
    [
        (3, "needs the function itself, and was given an int"),
        (np.zeros(2), "needs the function itself, and was given an array"),
        ("double", "needs the function itself, and was given a str"),
        (lambda: 1, "takes the arguments (), needed (x): 1 of them"),
        (lambda x, y: x, "takes the arguments (x, y), needed (x)"),
        (lambda x: None, "returned None. Is the return missing?"),
        (lambda x: [2.0], "returned a list, needed an array"),
        (lambda x: np.array(["2"]), "values of type <U1, needed numbers"),
        (lambda x: x > 0, "values of type bool, needed numbers"),
        (lambda x: 2j * x, "values of type complex128, needed numbers"),
        (lambda x: x * np.nan, "came out np.array([nan])"),
        (lambda x: 1 / 0, "raised ZeroDivisionError: division by zero"),
        (lambda x: sys.exit(2), "raised SystemExit: 2"),
        (lambda x: (yield x), "returned a generator, needed an array"),
        (print, "print shows a value, only return hands it on"),
        (max, "returned a float64, needed an array"),
    ],
)
def test_a_strange_answer_is_told_what_is_needed(answer, reply):
    assert DOUBLE.check(answer).status == "not yet"
    assert reply in says(answer)


def test_an_endless_recursion_is_reported():
    def double(x):
        return double(x)

    assert "raised RecursionError" in says(double)


def test_an_error_is_shown_with_the_line_of_the_readers_code():
    def double(x):
        y = 2 * x
        return y[7]

    line = double.__code__.co_firstlineno + 2
    assert f"where double, line {line}: return y[7]" in says(double)


def test_an_error_inside_numpy_is_shown_where_the_reader_called_it():
    def double(x):
        return np.pad(x, -1)

    assert "line" in says(double)
    assert ": return np.pad(x, -1)" in says(double)


def test_an_error_whose_message_fails_is_reported_by_its_name():
    class MuteError(Exception):
        def __str__(self):
            raise ValueError("no words")

    def double(x):
        raise MuteError

    assert "raised MuteError where" in says(double)


def test_a_result_whose_repr_fails_is_reported_by_its_type():
    class Mute:
        def __repr__(self):
            raise ValueError("no words")

    assert "came out a Mute" in says(lambda x: Mute())


def test_an_answer_that_cannot_be_looked_at_is_not_yet():
    class Hostile:
        def __getattribute__(self, name):
            raise ValueError("no entry")

        def __call__(self, x):
            return x

    assert DOUBLE.check(Hostile()).status == "not yet"


def _raising(error):
    def method(*_):
        raise error

    return method


@pytest.mark.parametrize("error", [KeyboardInterrupt, GeneratorExit, SystemExit, MemoryError])
@pytest.mark.parametrize(
    "method", ["__repr__", "__array__", "__eq__", "__class__", "__len__", "__float__"]
)
def test_a_result_that_raises_whatever_is_done_with_it_is_not_yet(error, method):
    evil = property(_raising(error)) if method == "__class__" else _raising(error)
    Evil = type("Evil", (), {method: evil})
    assert DOUBLE.check(lambda x: Evil()).status == "not yet"
    assert DOUBLE.check(Evil()).status == "not yet"


@pytest.mark.parametrize("error", [KeyboardInterrupt, GeneratorExit])
def test_a_function_that_raises_what_is_no_exception_is_shown_its_case(error):
    assert f"raised {error.__name__} where" in says(_raising(error))


def test_a_function_whose_name_is_a_number_is_called_f():
    Numbered = type("Numbered", (), {"__call__": lambda self, x: 3 * x})
    answer = Numbered()
    answer.__name__ = 5
    assert "went in f(np.array([1.]))" in says(answer)


@pytest.mark.parametrize("ragged", [[[1.0], [1.0, 2.0]], [[], 2.0]])
def test_a_list_with_rows_of_different_lengths_is_called_a_list(ragged):
    assert "The function returned a list, needed an array." in says(lambda x: ragged)


@pytest.mark.parametrize("base", [int, float, np.float64])
def test_a_number_that_says_it_equals_everything_is_not_right(base):
    Sly = type("Sly", (base,), {"__eq__": lambda *_: True, "__ne__": lambda *_: False})
    needed = base(2)
    assert "needed 2" in refusal(lambda n: Sly(7), lambda n: needed, (1,))
    assert "came out" in refusal(lambda n: (Sly(7),), lambda n: (needed,), (1,))
    table = NEEDED | {"b": Sly(7)}
    assert "too few" in judged(table)


def test_an_object_that_says_it_equals_everything_is_no_number():
    Sly = type("Sly", (), {"__eq__": lambda *_: True})
    assert refusal(lambda n: (Sly(),), lambda n: (2,), (1,))


def test_a_changed_argument_is_reported():
    def double(x):
        x *= 2
        return x

    assert "became np.array([2.]) Your function changed its argument." in says(double)


def test_the_cases_are_never_changed():
    before = [case[0].copy() for case in CASES]
    DOUBLE.check(lambda x: x.fill(7))
    for case, kept in zip(CASES, before, strict=True):
        np.testing.assert_array_equal(case[0], kept)


def test_what_the_answer_prints_is_kept_back(capsys):
    def double(x):
        print("looking at", x)
        return 2 * x

    assert DOUBLE.check(double).passed
    assert capsys.readouterr().out == ""


def test_a_failing_case_shows_what_was_printed():
    def double(x):
        print("looking at", x)
        return x - 1

    assert "printed looking at [1.]" in says(double)


def test_a_flood_of_prints_is_cut():
    def double(x):
        print("flood " * 10_000)
        return x - 1

    assert len(says(double)) < 500


# -- Time


def _endless(x):
    while True:
        x = x + 0


def _endless_with_except(x):
    while True:
        with contextlib.suppress(Exception):
            x = x + 0


@pytest.mark.parametrize("answer", [_endless, _endless_with_except])
def test_an_endless_loop_is_stopped_within_the_limit(answer):
    start = time.perf_counter()
    reply = says(answer)
    assert time.perf_counter() - start < 3
    assert "stopped after 0.5 seconds. went in " + answer.__name__ in reply
    assert f"where {answer.__name__}, line" in reply
    assert reply.endswith("Is there a loop that never ends?")


def test_no_thread_is_left_after_an_endless_loop():
    before = threading.active_count()
    DOUBLE.check(_endless)
    assert threading.active_count() == before


def test_an_endless_loop_after_a_wrong_result_does_not_hide_that_result():
    def double(x):
        return 3 * x if x.size == 1 else _endless(x)

    assert "came out np.array([3.]) needed np.array([2.])" in says(double)


def test_code_that_cannot_be_stopped_is_left_behind_and_told_so():
    release = threading.Event()

    def double(x):
        while not release.is_set():
            try:
                time.sleep(0.01)
            except BaseException:
                continue
        return 2 * x

    stdout = sys.stdout
    try:
        assert "could not be ended and is still running" in says(double)
        assert sys.stdout is stdout
    finally:
        release.set()


def test_a_check_works_in_a_thread_other_than_the_main_one():
    replies = []
    thread = threading.Thread(target=lambda: replies.append(says(_endless)))
    thread.start()
    thread.join(10)
    assert "stopped after 0.5 seconds" in replies[0]


def test_a_task_that_hangs_outside_the_readers_function_is_stopped():
    with pytest.raises(OutOfTime, match=r"stopped after 0\.3 seconds"):
        run_within(0.3, lambda: _endless(0))


@pytest.fixture
def no_threads(monkeypatch):
    def refuse(self):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)


def test_in_a_web_page_without_threads_the_check_runs_without_a_limit(no_threads, monkeypatch):
    monkeypatch.setattr(sys, "platform", "emscripten")
    assert DOUBLE.check(_double).passed


def test_where_no_further_thread_can_be_started_nothing_is_run(no_threads):
    assert "your system starts no further thread" in says(lambda x: pytest.fail("was run"))


@pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_task_that_ends_when_its_time_does_gives_its_result_or_is_stopped():
    def task():
        end = time.perf_counter() + 0.002
        while time.perf_counter() < end:
            pass
        return 7

    def attempt():
        try:
            return run_within(0.002, task)
        except OutOfTime:
            return None

    assert {attempt() for _ in range(300)} <= {7, None}


def test_a_task_that_is_stopped_while_its_error_is_kept_is_out_of_time():
    def trace(frame, event, _):
        if frame.f_globals["__name__"] != core.__name__:
            return None
        line = linecache.getline(frame.f_code.co_filename, frame.f_lineno)
        if event == "line" and "errors.append" in line:
            raise OutOfTime
        return trace

    threading.settrace(trace)
    try:
        with pytest.raises(OutOfTime, match="loop that never ends"):
            run_within(5, lambda: 1 / 0)
    finally:
        threading.settrace(None)


def test_a_warning_is_not_shown_with_the_reply():
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        DOUBLE.check(lambda x: np.log(x * 0) + np.mean([]))
    assert seen == []


def test_a_check_keeps_the_callers_error_state():
    with np.errstate(divide="raise"):
        assert "raised FloatingPointError" in says(lambda x: x / np.zeros_like(x))


def _run(script, *options):
    return subprocess.run(
        [sys.executable, *options],
        input=textwrap.dedent(script),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_interrupting_a_check_stops_it_and_reaches_the_reader():
    done = _run(
        """
        import _thread, signal, threading, time
        from dataclasses import replace
        from cnnlab.exercises import ch02

        # a shell that runs this in the background has its programs ignore interrupts
        signal.signal(signal.SIGINT, signal.default_int_handler)
        started = threading.Event()

        def endless(x, kernel_size, stride):
            started.set()
            while True:
                pass

        def interrupt():
            started.wait()
            time.sleep(0.3)
            _thread.interrupt_main()

        exercise = replace(ch02.max_pool2d, time_limit=30.0)
        threading.Thread(target=interrupt).start()
        try:
            exercise.check(endless)
        except KeyboardInterrupt:
            print("interrupted")
        end = time.monotonic() + 5
        while threading.active_count() > 1 and time.monotonic() < end:
            time.sleep(0.01)
        print(threading.active_count(), "thread")
        """,
        "-",
    )
    assert (done.stdout, done.stderr) == ("interrupted\n1 thread\n", "")


def test_everything_works_at_a_bare_python_prompt():
    done = _run(
        """\
        from cnnlab.exercises import ch02
        from dataclasses import replace
        ch02.max_pool2d.check(...)
        def my_max_pool2d(x, kernel_size, stride):
            while True:
                pass

        replace(ch02.max_pool2d, time_limit=0.5).check(my_max_pool2d)
        def my_max_pool2d(x, kernel_size, stride):
            return x[9, 9]

        ch02.max_pool2d.check(my_max_pool2d)
        """,
        "-i",
        "-q",
    )
    assert done.stdout.count("Not attempted.") == 1
    assert "stopped after 0.5 seconds" in done.stdout
    assert "raised    IndexError: index 9 is out of bounds" in done.stdout
    assert "where     my_max_pool2d, line 2" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_the_exercises_need_numpy_only_but_for_those_that_say_what_else():
    done = _run(
        """
        import sys
        from cnnlab import exercises
        chapters = [name for name in exercises.__all__ if name.startswith("ch")]
        for name in chapters:
            for exercise in getattr(exercises, name).EXERCISES:
                if not exercise.needs:
                    exercise.check(exercise.wrong_answers[0].answer)
        heavy = {"torch", "matplotlib", "IPython", "ipywidgets", "scipy", "pandas", "yaml"}
        print(sorted(heavy & set(sys.modules)))
        """,
        "-",
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")


# -- Task, stub, hints, solution


def test_an_exercise_prints_its_task():
    assert repr(DOUBLE) == "test.double: write double(x): twice every value of x."


def test_the_stub_is_the_solutions_head_and_ends_with_the_check():
    assert DOUBLE.stub == (
        'def double(x):\n    """Twice x, an array."""\n    return ...\n\n\n'
        "test.double.check(double)"
    )


def test_the_solution_is_the_functions_source_under_the_answers_name():
    assert repr(DOUBLE.solution()) == (
        'def double(x):\n    """Twice x, an array."""\n'
        "    # a comment before the code\n    return 2 * x"
    )


def test_the_solution_has_no_annotations_of_our_own():
    def _add(a: int, b: int = 1) -> int:
        return a + b

    code = replace(DOUBLE, solved_by=_add).solution().text
    assert code == "def add(a, b=1):\n    return a + b"


def test_a_solution_in_lines_of_code_names_the_answer_by_its_last_assignment():
    value = replace(DOUBLE, solved_by="\na = 2\nmy_value = a\n", starts_from="my_value = ...\n")
    assert value.answer_name == "my_value"
    assert value.solution().text == "a = 2\nmy_value = a"
    assert value.stub == "my_value = ...\ntest.double.check(my_value)"


FOUND = "def double(x):\n    # adds one too much\n    return x + x + 1"
REPAIR = replace(DOUBLE, starts_from=FOUND)


def function(code):
    """Run the code of a function, and return it."""
    names = {"np": np}
    exec(code, names)
    return names["double"]


def test_a_function_to_be_repaired_is_the_stub():
    assert REPAIR.stub == f"{FOUND}\n\n\ntest.double.check(double)"


@pytest.mark.parametrize("code", [FOUND, FOUND.replace("adds", "is it this line that adds")])
def test_a_function_to_be_repaired_is_not_attempted_as_long_as_it_is_unchanged(code):
    assert repr(REPAIR.check(function(code))).startswith("Not attempted. Repair double, then run")


def test_a_function_that_was_changed_is_checked():
    assert REPAIR.check(function(FOUND.replace("+ 1", "+ 2"))).status == "not yet"
    assert REPAIR.check(function(FOUND.replace("x + x + 1", "x + x"))).passed


def test_a_function_to_be_repaired_may_be_answered_without_python_code():
    assert REPAIR.check(np.sqrt).status == "not yet"
    assert REPAIR.check("double").status == "not yet"


def test_source_is_shown_in_colours_where_markdown_is_understood():
    assert Source("x = 1")._repr_markdown_() == "```python\nx = 1\n```"


def test_hints_come_one_by_one_and_name_the_next_step():
    assert repr(DOUBLE.hint()) == "Hint 1 of 3. What is twice 1?\nMore: test.double.hint(2)"
    assert repr(DOUBLE.hint(3)) == "Hint 3 of 3. x + x\nMore: test.double.solution()"


def test_hint_without_a_number_is_always_the_first():
    assert repr(DOUBLE.hint()) == repr(DOUBLE.hint()) == repr(DOUBLE.hint(1))


@pytest.mark.parametrize("step", [0, 4, "1"])
def test_a_fourth_hint_is_refused(step):
    with pytest.raises(ValueError, match=rf"hint\(step={step!r}\): there are three hints"):
        DOUBLE.hint(step)


# -- Wording


def test_a_large_array_is_described_by_its_shape():
    assert show(np.zeros((16, 28, 28))) == "an array of shape (16, 28, 28)"


def test_an_empty_array_is_described_by_its_shape():
    assert show(np.zeros((0, 3))) == "an array of shape (0, 3)"


def test_a_shown_array_can_be_pasted_back():
    x = np.array([[[1.0, -2.5], [3.0, 4.0]], [[0.25, 1.0], [1.0, 1.0]]])
    np.testing.assert_array_equal(eval(show(x)), x)


def test_minus_zero_is_shown_as_zero():
    assert show(np.array([-0.0, 1.5])) == "np.array([0. , 1.5])"


def test_a_numpy_number_is_shown_as_a_number():
    assert show(np.float64(2.5)) == "2.5"


def test_an_object_is_shown_without_its_address():
    assert show(object()) == "<object object>"
    assert show("<object object at 0x7f>") == "'<object object at 0x7f>'"


def test_compare_raises_not_yet_for_whoever_uses_it_directly():
    with pytest.raises(NotYet, match="This is the square"):
        compare(lambda x: x * x, _double, CASES, WRONG)
