"""All exercises: every solution passes, every expected mistake gets its sentence and no other."""

import builtins
import dis
import re
from functools import cache

import numpy as np
import pytest

from cnnlab import exercises

CHAPTERS = {name: getattr(exercises, name) for name in exercises.__all__ if name[:2] == "ch"}
EXERCISES = [exercise for chapter in CHAPTERS.values() for exercise in chapter.EXERCISES]
MISTAKES = [
    pytest.param(exercise, wrong, id=f"{exercise.name}-{wrong.name}")
    for exercise in EXERCISES
    for wrong in exercise.wrong_answers
]
every_exercise = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.name)


def run(exercise, code):
    """Run a stub or a solution as a notebook cell would, and return the reader's answer."""
    names = {"np": np, **CHAPTERS}
    exec(code, names)
    return names[exercise.answer_name]


@cache
def reply_to(exercise_name, wrong_name):
    """Check an expected wrong answer, once for all tests that look at the reply."""
    exercise = next(e for e in EXERCISES if e.name == exercise_name)
    wrong = next(w for w in exercise.wrong_answers if w.name == wrong_name)
    return exercise.check(wrong.answer)


def plain(text):
    return " ".join(str(text).split())


def test_the_names_of_exercises_and_answers_are_taken_once():
    assert len({exercise.name for exercise in EXERCISES}) == len(EXERCISES)
    assert len({exercise.answer_name for exercise in EXERCISES}) == len(EXERCISES)


@pytest.mark.parametrize("chapter", CHAPTERS.values(), ids=CHAPTERS)
def test_an_exercise_is_found_under_its_name(chapter):
    for exercise in chapter.EXERCISES:
        module, name = exercise.name.split(".")
        assert getattr(CHAPTERS[module], name) is exercise
        assert name in chapter.__all__


def test_a_chapter_that_is_not_there_is_told():
    with pytest.raises(AttributeError, match="no attribute 'ch99'"):
        exercises.ch99  # noqa: B018


def test_the_chapters_are_listed_before_they_are_imported():
    assert set(CHAPTERS) <= set(dir(exercises))


@every_exercise
def test_the_stub_is_not_attempted(exercise):
    assert exercise.check(run(exercise, exercise.stub)).status == "not attempted"


@every_exercise
def test_the_solution_is_correct(exercise):
    outcome = exercise.check(run(exercise, exercise.solution().text))
    assert outcome.status == "correct", outcome


@every_exercise
def test_the_stub_ends_with_the_check(exercise):
    assert exercise.stub.splitlines()[-1] == f"{exercise.name}.check({exercise.answer_name})"


@every_exercise
def test_a_handout_runs_as_a_file_of_its_own(exercise):
    names = {}
    exec(exercise.handout, names)
    assert exercise.check(names[exercise.answer_name]).status == "not attempted"


@every_exercise
def test_a_handout_has_every_name_that_its_stub_uses(exercise):
    code, names = compile(exercise.handout, "handout.py", "exec"), {}
    exec(code, names)
    functions = [each for each in code.co_consts if hasattr(each, "co_code")]
    used = [step for each in functions for step in dis.get_instructions(each)]
    asked = {step.argval for step in used if step.opname == "LOAD_GLOBAL"}
    assert asked <= {*names, *dir(builtins)}


@every_exercise
def test_at_least_five_wrong_answers_are_expected(exercise):
    names = [wrong.name for wrong in exercise.wrong_answers]
    assert len(set(names)) == len(names) >= 5


@pytest.mark.parametrize(("exercise", "wrong"), MISTAKES)
def test_a_wrong_answer_is_refused_with_the_sentence_meant_for_it(exercise, wrong):
    outcome = reply_to(exercise.name, wrong.name)
    assert outcome.status == "not yet"
    assert plain(wrong.says) in plain(outcome)


@pytest.mark.parametrize(("exercise", "wrong"), MISTAKES)
def test_a_wrong_answer_gets_no_sentence_meant_for_another(exercise, wrong):
    reply = plain(reply_to(exercise.name, wrong.name))
    others = [o for o in exercise.wrong_answers if o is not wrong and len(o.says) > 60]
    assert [other.name for other in others if plain(other.says) in reply] == []


@every_exercise
def test_no_sentence_is_meant_for_two_different_mistakes(exercise):
    sentences = [wrong.says for wrong in exercise.wrong_answers if len(wrong.says) > 60]
    assert len(set(sentences)) == len(sentences)


@every_exercise
def test_hints_and_task_do_not_contain_the_solution(exercise):
    told = plain((*exercise.hints, exercise.task))
    common = re.compile(r'^("""|def |my_\w+ = {|[CHKW_, ]+ = \w+\.shape|return \w+$)')
    for line in exercise.solution().text.splitlines():
        code = plain(line.partition("#")[0])
        if len(code) > 14 and not common.match(code):
            assert code not in told


@every_exercise
def test_every_hint_says_something_else(exercise):
    assert len({repr(exercise.hint(step)) for step in (1, 2, 3)}) == 3


@every_exercise
def test_no_line_of_a_reply_is_too_long_for_a_page(exercise):
    texts = [exercise, *map(exercise.hint, (1, 2, 3)), exercise.check(exercise.answer_name)]
    texts += [reply_to(exercise.name, wrong.name) for wrong in exercise.wrong_answers]
    assert max(len(line) for text in texts for line in repr(text).splitlines()) <= 100


def _interrupt(*_):
    raise KeyboardInterrupt


class Evil:
    """Raises what is no Exception, whatever is done with it."""

    __repr__ = __array__ = __eq__ = __len__ = __iter__ = __float__ = __hash__ = _interrupt


@every_exercise
@pytest.mark.parametrize(
    "answer",
    [Evil(), [Evil()], (Evil(), 1), _interrupt, lambda *_: Evil(), lambda *_: [Evil()]],
    ids=["object", "list", "tuple", "function", "result", "results"],
)
def test_no_answer_interrupts(exercise, answer):
    assert exercise.check(answer).status == "not yet"


@every_exercise
@pytest.mark.parametrize("answer", [0, "x", [], {}, (1, 2), np.zeros((2, 2)), object(), max, print])
def test_no_answer_raises(exercise, answer):
    assert exercise.check(answer).status in ("not yet", "not attempted")


functions = pytest.mark.parametrize(
    "exercise", [e for e in EXERCISES if callable(e.solved_by)], ids=lambda e: e.name
)


def spoiled(value):
    """The same shapes and types with nan for every number."""
    if isinstance(value, list | tuple):
        return type(value)(map(spoiled, value))
    return np.full(value.shape, np.nan) if isinstance(value, np.ndarray) else float("nan")


@functions
def test_nan_is_never_right(exercise):
    assert exercise.check(lambda *a: spoiled(exercise.solved_by(*a))).status == "not yet"


@functions
def test_no_reply_holds_an_address_which_would_be_another_one_in_every_run(exercise):
    assert " at 0x" not in repr(exercise.check(lambda *a: (value for value in a)))
