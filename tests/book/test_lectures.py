"""The lecture plans: every chapter, every goal, every exercise, and minutes that add up."""

import re
from pathlib import Path

import pytest
from book_site import lectures
from chapter import Chapter

from cnnlab import exercises
from cnnlab.exercises import goals

BOOK = Path(__file__).parents[2] / "book"
PAGE = (BOOK / "lectures.md").read_text("utf-8")
CHAPTERS = sorted(name for name in exercises.__all__ if name.startswith("ch"))
EXERCISES = [e for name in CHAPTERS for e in getattr(exercises, name).EXERCISES]
LENGTHS = (10, 45, 90)
IN_PART = re.compile(r"[Bb]eg[iu]n|Start|by vote|in groups|on the projector|as above|as homework")
LECTURE = re.compile(
    r"^\*\*(?P<minutes>\d+) minutes: [^\n]+\*\*\n\n\| minutes \| what \|\n\| --- \| --- \|\n"
    r"(?P<rows>(?:\|[^\n]+\|\n?)+)",
    re.MULTILINE,
)


def section(chapter):
    """What the page says of a chapter."""
    _, _, rest = PAGE.partition(f"(plan-{chapter})=\n")
    return rest.partition("\n(plan-")[0]


def test_every_exercise_has_a_level_and_minutes_and_no_other_name_has():
    assert {exercise.name for exercise in EXERCISES} == set(goals.PLANS)


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_goal_is_tested_by_an_exercise_and_every_exercise_tests_a_goal(chapter):
    plans = [plan for name, plan in goals.PLANS.items() if name.startswith(f"{chapter}.")]
    assert {letter for plan in plans for letter in plan.goals} == set(goals.GOALS[chapter])


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_letters_of_the_goals_are_in_order(chapter):
    letters = "".join(goals.GOALS[chapter])
    assert "abcdefgh".startswith(letters)


@pytest.mark.parametrize("name", goals.PLANS)
def test_a_level_and_its_minutes_are_among_those_explained(name):
    plan = goals.PLANS[name]
    assert plan.level in ("warm-up", "standard", "challenge")
    assert 5 <= plan.minutes <= 45


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_chapter_has_its_goals_exercises_and_three_lectures(chapter):
    assert section(chapter).count(f"<!-- here stand goals and exercises of {chapter} -->") == 1
    lengths = [int(lecture["minutes"]) for lecture in LECTURE.finditer(section(chapter))]
    assert lengths == list(LENGTHS)


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_minutes_of_a_lecture_add_up(chapter):
    for lecture in LECTURE.finditer(section(chapter)):
        rows = lecture["rows"].splitlines()
        minutes = [int(row.split("|")[1]) for row in rows]
        assert sum(minutes) == int(lecture["minutes"]), lecture[0].splitlines()[0]


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_lecture_asks_shows_and_lets_students_work(chapter):
    short, _, long = [lecture["rows"] for lecture in LECTURE.finditer(section(chapter))]
    assert "redict" in short
    assert "{ref}`ex-" in long


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_long_lectures_start_with_as_many_minutes_as_they_take_over(chapter):
    _, middle, long = [lecture["rows"] for lecture in LECTURE.finditer(section(chapter))]
    first = long.splitlines()[0]
    left_out = re.search(r"without its last (two|three|five)", first)
    if left_out:
        count = {"two": 2, "three": 3, "five": 5}[left_out[1]]
        kept = sum(int(row.split("|")[1]) for row in middle.splitlines())
        assert int(first.split("|")[1]) == kept - count


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_an_exercise_gets_the_minutes_of_its_table_or_is_only_done_in_part(chapter):
    places = lectures.places().items()
    minutes = {place.label: goals.PLANS[name].minutes for name, place in places}
    for lecture in LECTURE.finditer(section(chapter)):
        for row in lecture["rows"].splitlines():
            _, given, what, _ = row.split("|")
            what = re.split(r"(?:^ |; )[Hh]omework", what)[0]
            for label in re.findall(r"\{ref\}`(ex-[\w-]+)`", what):
                assert int(given) >= minutes[label] or IN_PART.search(what), row


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_plan_has_the_title_of_its_chapter(chapter):
    (file,) = BOOK.glob(f"{chapter[2:]}-*.ipynb")
    text = "\n".join(cell.source for cell in Chapter(file.stem).cells)
    title = re.search(r"^# (.+)$", text, re.MULTILINE)[1]
    start = f"## {int(chapter[2:])} · {title}\n\n[To the chapter]({file.stem})\n"
    assert section(chapter).startswith(start)


def test_the_page_says_which_lectures_of_45_minutes_need_a_running_notebook():
    needing = []
    for chapter in CHAPTERS:
        _, middle, _ = [lecture["rows"] for lecture in LECTURE.finditer(section(chapter))]
        if re.search(r"by vote|training live", middle):
            needing.append(str(int(chapter[2:])))
    listed = f"{', '.join(needing[:-1])} and {needing[-1]}"
    assert f"The 45 minutes of chapters {listed} need one running notebook" in PAGE
