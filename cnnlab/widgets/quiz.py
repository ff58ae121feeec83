"""Quizzes: questions whose wrong answers are worth reading about. Every chapter ends with one.

The questions live in ``quizzes/*.yml``: one file per quiz, read and checked by `load_quiz`.
"""

import random
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from cnnlab._extras import needed
from cnnlab.widgets.base import PageWidget, inline_html
from cnnlab.widgets.modules import HERE

with needed("widgets", by="cnnlab.widgets"):
    import traitlets
    import yaml

QUIZZES = HERE / "quizzes"

#: What a question may need of a part of a claim; "opposite holds" is for a measured comparison that
#: comes out clearly the other way round.
DECISIONS = ("holds", "does not hold", "opposite holds")


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
    """One question with two to six options, exactly one of them right.

    Parameters
    ----------
    id : str
        Small letters, digits and hyphens; unique in its quiz.
    ask : str
        The question.
    options : tuple of Option
        In the order shown.
    claims : tuple of str
        Claims of the ledger that the question is about.
    needs : mapping of str to str
        What the right answer and the explanations take for granted: ``claim/part`` and one of
        `DECISIONS`. A test holds it against the ledger, so that a quiz cannot contradict a record.
    """

    id: str
    ask: str
    options: tuple[Option, ...]
    claims: tuple[str, ...] = ()
    needs: Mapping[str, str] = field(default_factory=dict)


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
        The options of each question are shuffled, always in the same way and so that the right
        one has no favourite place; authors may write it where they like. Options that are numbers
        stand in ascending order.

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
        _question(f"{where}, question {number}", raw_question)
        for number, raw_question in enumerate(parts["questions"], start=1)
    )
    if not questions:
        raise QuizError(f"{where}: there are 0 questions, needed at least 1.")
    _distinct(where, "id", [question.id for question in questions])
    return QuizText(parts["title"], _in_order(questions, name))


def _question(where: str, raw: Any) -> Question:
    optional = {"claims": list, "needs": dict}
    parts = _fields(where, raw, {"id": str, "ask": str, "options": list}, optional)
    name = parts["id"]
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name):
        raise QuizError(f"{where}: the id is {name!r}, needed small letters, digits and hyphens.")
    where = f"{where} ({name})"
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
    claims, needs = parts.get("claims", []), parts.get("needs", {})
    for claim in claims:
        if not isinstance(claim, str):
            raise QuizError(f"{where}: {claim!r} is no name of a claim, needed a text.")
    for part, decision in needs.items():
        if not re.fullmatch(r"[\w-]+/[\w-]+", str(part)) or decision not in DECISIONS:
            raise QuizError(
                f"{where}: the need {part!r}: {decision!r} came, needed claim/part and one of: "
                f"{', '.join(DECISIONS)}."
            )
    return Question(name, parts["ask"], tuple(options), tuple(claims), needs)


def _in_order(questions: tuple[Question, ...], name: str) -> tuple[Question, ...]:
    """Put options in the order shown: numbers sorted, others shuffled, right ones at all places."""
    rng = random.Random(f"quiz {name}")  # a text as seed: the same everywhere
    used: Counter[int] = Counter()  # how often the right option had each place
    ordered = []
    for question in questions:
        if all(_digits(option).isdecimal() for option in question.options):
            options = sorted(question.options, key=lambda option: int(_digits(option)))
        else:
            options = [option for option in question.options if not option.right]
            rng.shuffle(options)
            places = range(len(question.options))
            rarest = min(used[place] for place in places)
            place = rng.choice([place for place in places if used[place] == rarest])
            options.insert(place, next(option for option in question.options if option.right))
        used[[option.right for option in options].index(True)] += 1
        ordered.append(replace(question, options=tuple(options)))
    return tuple(ordered)


def _digits(option: Option) -> str:
    """Text of an option without spaces: digits only, if it is a number such as 169 344."""
    return option.text.replace(" ", "")


def _option(where: str, raw: Any) -> Option:
    if isinstance(raw, dict):
        raw = {"right": False} | raw
    parts = _fields(where, raw, {"text": str, "right": bool, "feedback": str})
    return Option(**parts)


def _fields(
    where: str, raw: Any, kinds: dict[str, type], optional: Mapping[str, type] | None = None
) -> dict[str, Any]:
    """Return the fields of a mapping if they are those named, of their kinds, and not empty."""
    known = kinds | dict(optional or {})
    if not isinstance(raw, dict):
        raise QuizError(f"{where}: got {type(raw).__name__}, needed the fields {', '.join(kinds)}.")
    for name in raw:
        if name not in known:
            raise QuizError(
                f"{where}: the field {name!r} is unknown, needed only {', '.join(known)}."
            )
    for name in kinds:
        if name not in raw:
            raise QuizError(f"{where}: the field {name!r} is missing.")
    for name, kind in known.items():
        if name not in raw:
            continue
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
        Identifier of the quiz in its page. A link to ``#anchor-id`` then leads to the question of
        that id.

    Examples
    --------
    >>> Quiz(load_quiz("02-why-pool"))
    Quiz: Check yourself: why do we pool? (6 questions)
    """

    module = "quiz.js"

    title = traitlets.Unicode().tag(sync=True)
    questions: "traitlets.List[Any]" = traitlets.List().tag(sync=True)

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
        items = "\n".join(_still_question(question, self.anchor) for question in self.questions)
        return (
            f'<div class="cnn-still-quiz">\n<p class="cnn-title">{inline_html(self.title)}</p>\n'
            f"<ol>\n{items}\n</ol>\n</div>"
        )


def _still_question(question: dict[str, Any], anchor: str | None) -> str:
    options, answers = [], []
    for option in question["options"]:
        text = inline_html(option["text"])
        mark = "✓ right" if option["right"] else "✗ not quite"
        options.append(f"<li>{text}</li>")
        answers.append(
            f"<li><strong>{text}</strong> ({mark}): {inline_html(option['feedback'])}</li>"
        )
    target = "" if anchor is None else f' id="{anchor}-{question["id"]}"'
    return (
        f'<li{target}><p>{inline_html(question["ask"])}</p>\n<ol type="A">\n'
        f"{chr(10).join(options)}\n</ol>\n<details><summary>What each answer says</summary>\n"
        f'<ol type="A">\n{chr(10).join(answers)}\n</ol>\n</details></li>'
    )


def quiz(name: str, *, anchor: str | None = None) -> Quiz:
    """Quiz of that name, ready to be shown as the last expression of a cell.

    Parameters
    ----------
    name : str
        For example ``'02-why-pool'``; `quiz_names` lists them all.
    anchor : str, optional
        Identifier of the quiz in its page. A link to ``#anchor-id`` then leads to the question of
        that id.

    Returns
    -------
    Quiz

    Raises
    ------
    QuizError
        If there is no such quiz, or its file breaks a rule.
    """
    return Quiz(load_quiz(name), anchor=anchor)
