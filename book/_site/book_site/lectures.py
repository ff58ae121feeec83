"""The tables of exercises on the page of lecture plans, made from the exercises themselves."""

from importlib import import_module
from pathlib import Path

from cnnlab.exercises import goals
from sphinx.application import Sphinx

MARK = "<!-- here stand goals and exercises of {} -->"


def fill(app: Sphinx, _docname: str, source: list[str]) -> None:
    """Put goals and exercises where the page asks for those of a chapter."""
    for chapter in goals.GOALS:
        if (mark := MARK.format(chapter)) in source[0]:
            module = import_module(f"cnnlab.exercises.{chapter}")
            for path in (goals.__file__, module.__file__):
                app.env.note_dependency(str(Path(str(path))))
            source[0] = source[0].replace(mark, goals_and_exercises(chapter))


def goals_and_exercises(chapter: str) -> str:
    """Write the goals of a chapter and the table of its exercises, in Markdown.

    >>> print(goals_and_exercises("ch02").splitlines()[0])
    After this chapter a student can …
    """
    module = import_module(f"cnnlab.exercises.{chapter}")
    lines = ["After this chapter a student can …", ""]
    lines += [f"- **{letter}** {goal}" for letter, goal in goals.GOALS[chapter].items()]
    lines += ["", "| exercise | tests | level | minutes |", "| --- | --- | --- | --- |"]
    for exercise in module.EXERCISES:
        plan = goals.PLANS[exercise.name]
        tests = ", ".join(plan.goals)
        lines.append(f"| `{exercise.name}` | {tests} | {plan.level} | {plan.minutes} |")
    return "\n".join(lines)
