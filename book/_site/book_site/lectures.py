"""The tables of exercises on the page of lecture plans, made from the exercises themselves.

The plans name an exercise by its label in the chapter, ``ex-timing``; the package calls it
``ch10.timing``, and a reader knows it by its title. The notebooks have all three together.
"""

import json
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

from cnnlab.exercises import goals
from sphinx.application import Sphinx

BOOK = Path(__file__).parents[2]
MARK = "<!-- here stand goals and exercises of {} -->"
START = re.compile(
    r"^`{3,}\{exercise-start\} (?P<title>[^\n]+)\n:label: (?P<label>\S+)", re.MULTILINE
)
CHECK = re.compile(r"\b(ch\d\d\.\w+)\.check\(")
PLAIN = re.compile(r"\{ref\}`(?P<label>ex-[\w-]+)`")


class Place(NamedTuple):
    """Where an exercise stands in the book: its title, and the label that leads to it."""

    title: str
    label: str


def fill(app: Sphinx, _docname: str, source: list[str]) -> None:
    """Put goals and exercises where the page asks for those of a chapter, and titles for labels."""
    asked = [chapter for chapter in goals.GOALS if MARK.format(chapter) in source[0]]
    if not asked:
        return
    source[0] = with_titles(source[0])  # first: the tables have numbers and titles
    for path in (Path(goals.__file__), *notebooks()):
        app.env.note_dependency(str(path))
    for chapter in asked:
        source[0] = source[0].replace(MARK.format(chapter), goals_and_exercises(chapter))


def notebooks() -> list[Path]:
    """Give the chapters in order."""
    return sorted(BOOK.glob("[0-9][0-9]-*.ipynb"))


@cache
def places() -> dict[str, Place]:
    """Find the exercises in the chapters, by the names that the package has for them.

    >>> places()["ch10.timing"]
    Place(title='Repair a wrong timing', label='ex-timing')
    """
    found: dict[str, Place] = {}
    for path in notebooks():
        place = None
        for cell in json.loads(path.read_text("utf-8"))["cells"]:
            text = "".join(cell["source"])
            if cell["cell_type"] == "markdown":
                if start := START.search(text):
                    place = Place(start["title"].strip(), start["label"])
            elif place and (check := CHECK.search(text)):
                found[check[1]], place = place, None
    return found


def with_titles(text: str) -> str:
    """Name exercises by their titles, where a text has their labels alone.

    >>> with_titles("homework {ref}`ex-timing`")
    'homework “{ref}`Repair a wrong timing <ex-timing>`”'
    """
    titles = {label: title for title, label in places().values()}
    return PLAIN.sub(lambda ref: f"“{{ref}}`{titles[ref['label']]} <{ref['label']}>`”", text)


def goals_and_exercises(chapter: str) -> str:
    """Write the goals of a chapter and the table of its exercises, in Markdown.

    >>> print(goals_and_exercises("ch02").splitlines()[0])
    After this chapter a student can …
    """
    lines = ["After this chapter a student can …", ""]
    lines += [f"- **{letter}** {goal}" for letter, goal in goals.GOALS[chapter].items()]
    lines += ["", "| exercise | tests | level | minutes |", "| --- | --- | --- | --- |"]
    for name, place in places().items():  # in the order of the book
        if not name.startswith(f"{chapter}."):
            continue
        plan = goals.PLANS[name]
        called = f"{{ref}}`{place.label}`: {place.title} (`{name}`)"
        lines.append(f"| {called} | {', '.join(plan.goals)} | {plan.level} | {plan.minutes} |")
    return "\n".join(lines)
