"""Quizzes: questions whose wrong answers are worth reading about. Every chapter ends with one.

The questions live in ``quizzes/*.yml``: one file per quiz, read and checked by `load_quiz`.
"""

import random
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cnnlab._extras import needed
from cnnlab.widgets.base import PageWidget, inline_html
from cnnlab.widgets.modules import HERE

with needed("widgets", by="cnnlab.widgets"):
    import traitlets
    import yaml

QUIZZES = HERE / "quizzes"


class QuizError(ValueError):
    """A quiz is not there, or its file breaks the rules of a quiz."""


@dataclass(frozen=True)
class Option:
    """One answer to choose, and what the reader is told after choosing it."""

    text: str
    right: bool
    feedback: str


@dataclass(frozen=True)
class Question:
    """One question with two to six options, exactly one of them right."""

    id: str
    ask: str
    options: tuple[Option, ...]


@dataclass(frozen=True)
class QuizText:
    """A quiz as text: title and questions, each with its options in the order shown."""

    title: str
    questions: tuple[Question, ...]


def quiz_names(folder: Path = QUIZZES) -> list[str]:
    """Names of the quizzes of this book, sorted.

    Examples
    --------
    >>> "02-why-pool" in quiz_names()
    True
    """
    return sorted(path.stem for path in folder.glob("*.yml"))


def load_quiz(name: str, folder: Path = QUIZZES) -> QuizText:
    """Read a quiz and check it.

    Parameters
    ----------
    name : str
        File name without its ending, for example ``'02-why-pool'``.
    folder : Path, optional
        Where the files are; the quizzes of this book if not given.

    Returns
    -------
    QuizText
        The options of each question are shuffled, always in the same way, so that authors may
        write the right one where they like.

    Raises
    ------
    QuizError
        If there is no such quiz, or its file has missing, unknown or contradictory parts.

    Examples
    --------
    >>> load_quiz("02-why-pool").title
    'Check yourself: why do we pool?'
    """
    known = quiz_names(folder)
    if name not in known:
        raise QuizError(
            f"quiz({name!r}): there is no quiz of that name, needed one of: {', '.join(known)}."
        )
    text = (folder / f"{name}.yml").read_text(encoding="utf-8")
    try:
        raw = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise QuizError(f"quiz({name!r}): the file is not valid YAML. {error}") from None
    where = f"quiz({name!r})"
    parts = _fields(where, raw, {"title": str, "questions": list})
    questions = tuple(
        _question(f"{where}, question {number}", raw_question, name)
        for number, raw_question in enumerate(parts["questions"], start=1)
    )
    if not questions:
        raise QuizError(f"{where}: there are 0 questions, needed at least 1.")
    _distinct(where, "id", [question.id for question in questions])
    return QuizText(parts["title"], questions)


def _question(where: str, raw: Any, quiz_name: str) -> Question:
    parts = _fields(where, raw, {"id": str, "ask": str, "options": list})
    where = f"{where} ({parts['id']})"
    options = [
        _option(f"{where}, option {number}", raw_option)
        for number, raw_option in enumerate(parts["options"], start=1)
    ]
    if not 2 <= len(options) <= 6:
        raise QuizError(f"{where}: there are {len(options)} options, needed 2 to 6.")
    right = sum(option.right for option in options)
    if right != 1:
        raise QuizError(
            f"{where}: {right} options are marked right, needed exactly 1. "
            f"Write `right: true` at that one and nowhere else."
        )
    _distinct(where, "text", [option.text for option in options])
    random.Random(f"{quiz_name}/{parts['id']}").shuffle(options)  # a text as seed: same everywhere
    return Question(parts["id"], parts["ask"], tuple(options))


def _option(where: str, raw: Any) -> Option:
    if isinstance(raw, dict):
        raw = {"right": False} | raw
    parts = _fields(where, raw, {"text": str, "right": bool, "feedback": str})
    return Option(**parts)


def _fields(where: str, raw: Any, kinds: dict[str, type]) -> dict[str, Any]:
    """Return the fields of a mapping if they are exactly those named, of their kinds, not empty."""
    if not isinstance(raw, dict):
        raise QuizError(f"{where}: got {type(raw).__name__}, needed the fields {', '.join(kinds)}.")
    for name in raw:
        if name not in kinds:
            raise QuizError(
                f"{where}: the field {name!r} is unknown, needed only {', '.join(kinds)}."
            )
    for name, kind in kinds.items():
        if name not in raw:
            raise QuizError(f"{where}: the field {name!r} is missing.")
        if not isinstance(raw[name], kind):
            raise QuizError(
                f"{where}: the field {name!r} is {raw[name]!r}, needed a {kind.__name__}. "
                f"Put quotes around a text that looks like something else."
            )
        if kind is str and not raw[name].strip():
            raise QuizError(f"{where}: the field {name!r} is empty.")
    return {n: " ".join(v.split()) if isinstance(v, str) else v for n, v in raw.items()}


def _distinct(where: str, what: str, values: list[str]) -> None:
    for value in values:
        if values.count(value) > 1:
            raise QuizError(f"{where}: the {what} {value!r} stands there twice.")


class Quiz(PageWidget):
    """Questions one below the other; each answer is met with an explanation, and none is counted.

    Parameters
    ----------
    text : QuizText
        From `load_quiz`.
    anchor : str, optional
        Identifier of the quiz in its page.

    Examples
    --------
    >>> Quiz(load_quiz("02-why-pool"))
    Quiz: Check yourself: why do we pool? (6 questions)
    """

    module = "quiz.js"

    title = traitlets.Unicode().tag(sync=True)
    questions: traitlets.List[Any] = traitlets.List().tag(sync=True)

    def __init__(self, text: QuizText, *, anchor: str | None = None) -> None:
        questions = [
            {"id": q.id, "ask": q.ask, "options": [asdict(option) for option in q.options]}
            for q in text.questions
        ]
        super().__init__(title=text.title, questions=questions, anchor=anchor)

    def __repr__(self) -> str:
        """One line: the title and the number of questions."""
        return f"Quiz: {self.title} ({len(self.questions)} questions)"

    def fallback(self) -> str:
        """Questions and options as lists, the answers folded away."""
        items = "\n".join(_still_question(question) for question in self.questions)
        return (
            f'<div class="cnn-still-quiz">\n<p class="cnn-title">{inline_html(self.title)}</p>\n'
            f"<ol>\n{items}\n</ol>\n</div>"
        )


def _still_question(question: dict[str, Any]) -> str:
    options, answers = [], []
    for option in question["options"]:
        text = inline_html(option["text"])
        mark = "✓ right" if option["right"] else "✗ not quite"
        options.append(f"<li>{text}</li>")
        answers.append(
            f"<li><strong>{text}</strong> ({mark}): {inline_html(option['feedback'])}</li>"
        )
    return (
        f"<li><p>{inline_html(question['ask'])}</p>\n<ul>\n{chr(10).join(options)}\n</ul>\n"
        f"<details><summary>What each answer says</summary>\n<ul>\n{chr(10).join(answers)}\n</ul>\n"
        f"</details></li>"
    )


def quiz(name: str, *, anchor: str | None = None) -> Quiz:
    """Quiz of that name, ready to be shown as the last expression of a cell.

    Parameters
    ----------
    name : str
        For example ``'02-why-pool'``; `quiz_names` lists them all.
    anchor : str, optional
        Identifier of the quiz in its page.

    Returns
    -------
    Quiz

    Raises
    ------
    QuizError
        If there is no such quiz, or its file breaks a rule.
    """
    return Quiz(load_quiz(name), anchor=anchor)
