"""Quizzes: the files of the book, the rules for such files, and the page."""

import re

import pytest

from cnnlab import widgets
from cnnlab.widgets import QuizError
from cnnlab.widgets.base import inline_html
from cnnlab.widgets.quiz import load_quiz

NAMES = widgets.quiz_names()
ALL = [question for name in NAMES for question in load_quiz(name).questions]
GOOD = """
title: A title
questions:
  - id: first
    ask: What is `k`?
    options:
      - {text: The window, right: true, feedback: Its side.}
      - {text: The stride, feedback: That is s.}
      - {text: The padding, feedback: That is p.}
"""


@pytest.fixture
def load(tmp_path):
    def load_text(text):
        (tmp_path / "trial.yml").write_text(text, encoding="utf-8")
        return load_quiz("trial", tmp_path)

    return load_text


@pytest.mark.parametrize("name", NAMES)
def test_every_quiz_of_the_book_can_be_shown(name):
    assert repr(widgets.quiz(name)).startswith("Quiz: ")


def test_every_chapter_has_a_quiz():
    assert [name[:3] for name in NAMES] == [f"{chapter:02}-" for chapter in range(1, 12)]


def test_there_are_more_than_forty_questions_each_with_four_options():
    assert len(ALL) >= 43
    assert {len(question.options) for question in ALL} == {4}


def test_no_question_is_asked_twice():
    assert len({question.ask for question in ALL}) == len(ALL)


def test_explanations_are_long_enough_to_explain_and_short_enough_to_read():
    lengths = [len(option.feedback) for question in ALL for option in question.options]
    assert min(lengths) >= 50
    assert max(lengths) <= 280


def test_over_all_quizzes_each_place_holds_about_a_quarter_of_the_right_answers():
    places = [[option.right for option in question.options].index(True) for question in ALL]
    counts = [places.count(place) for place in range(4)]
    assert max(counts) - min(counts) <= len(ALL) / 10


def test_over_all_quizzes_the_longest_answer_is_right_about_as_often_as_by_chance():
    right = 0.0
    for question in ALL:
        longest = max(len(option.text) for option in question.options)
        candidates = [option for option in question.options if len(option.text) == longest]
        right += sum(option.right for option in candidates) / len(candidates)
    assert 0.1 <= right / len(ALL) <= 0.4


def test_over_all_quizzes_the_longest_explanation_is_seldom_that_of_the_right_answer():
    longest = [max(question.options, key=lambda option: len(option.feedback)) for question in ALL]
    assert sum(option.right for option in longest) / len(ALL) <= 0.4


@pytest.mark.parametrize("name", NAMES)
def test_the_right_answer_has_no_favourite_place(name):
    questions = load_quiz(name).questions
    places = [[o.right for o in question.options].index(True) for question in questions]
    assert max(places.count(place) for place in places) <= len(questions) / 2


@pytest.mark.parametrize("name", NAMES)
def test_the_longest_answer_is_not_always_the_right_one(name):
    questions = load_quiz(name).questions
    longest = [max(question.options, key=lambda option: len(option.text)) for question in questions]
    assert sum(option.right for option in longest) <= len(questions) / 2


@pytest.mark.parametrize("name", NAMES)
def test_no_backtick_and_no_asterisk_is_left_for_the_reader(name):
    page = widgets.quiz(name).fallback()
    assert not re.search(r"[`*]", re.sub(r"<code>.*?</code>", "", page))


def test_options_are_shuffled_in_the_same_way_each_time(load):
    assert load(GOOD) == load(GOOD)


def test_options_that_are_numbers_stand_in_ascending_order(load):
    numbers = GOOD.replace("The window", "'1 000'").replace("The stride", "'9'")
    numbers = numbers.replace("The padding", "'20'")
    assert [option.text for option in load(numbers).questions[0].options] == ["9", "20", "1 000"]


def test_right_answers_take_all_places_in_turn(load):
    first = GOOD[GOOD.index("  - id") :]
    text = GOOD + "".join(first.replace("first", f"number-{n}") for n in range(5))
    places = [[o.right for o in q.options].index(True) for q in load(text).questions]
    assert sorted(places[:3]) == sorted(places[3:]) == [0, 1, 2]


def test_a_question_may_name_claims_and_what_it_needs_of_them(load):
    more = "    claims: [a-claim]\n    needs: {other/part: does not hold, third/one: holds}\n"
    (question,) = load(GOOD + more).questions
    assert question.claims == ("a-claim",)
    assert question.needs == {"other/part": "does not hold", "third/one": "holds"}


def test_claims_and_needs_are_no_part_of_the_page(load):
    plain = widgets.Quiz(load(GOOD)).to_html()
    assert widgets.Quiz(load(f"{GOOD}    claims: [a-claim]\n")).to_html() == plain


def test_line_breaks_of_the_file_do_not_matter(load):
    assert load(GOOD.replace("ask: What is", "ask: >\n      What\n      is")) == load(GOOD)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (", right: true", "", "question 1 (first): 0 options are marked right, needed exactly 1"),
        (
            "stride, feed",
            "stride, right: true, feed",
            "question 1 (first): 2 options are marked right, needed exactly 1",
        ),
        (
            ", feedback: That is s.",
            "",
            "question 1 (first), option 2: the field 'feedback' is missing",
        ),
        ("That is s.", "''", "option 2: the field 'feedback' is empty"),
        ("text: The stride", "text: 4", "option 2: the field 'text' is 4, needed a str"),
        ("right: true", "right: yes please", "the field 'right' is 'yes please', needed a bool"),
        ("feedback: That", "hint: That", "the field 'hint' is unknown, needed only text, right"),
        ("The stride", "The window", "the text 'The window' stands there twice"),
        ("id: first", "id: First one", "question 1: the id is 'First one', needed small letters"),
        ("    ask", "    claims: x\n    ask", "the field 'claims' is 'x', needed a list"),
        ("    ask", "    claims: [4]\n    ask", "4 is no name of a claim, needed a text"),
        (
            "    ask",
            "    needs: {a: holds}\n    ask",
            "the need 'a': 'holds' came, needed claim/part",
        ),
        (
            "    ask",
            "    needs: {a/b: yes}\n    ask",
            "the need 'a/b': True came, needed claim/part",
        ),
        ("title: A title", "", "the field 'title' is missing"),
        ("title: A title", "title: [", "the file is not valid YAML"),
        ("ask: What is `k`?", "ask:", "question 1: the field 'ask' is None, needed a str"),
    ],
)
def test_a_broken_quiz_is_refused_with_the_place(load, old, new, message):
    assert old in GOOD
    with pytest.raises(QuizError, match=re.escape(message)):
        load(GOOD.replace(old, new, 1))


def test_a_question_needs_something_to_choose_from(load):
    with pytest.raises(QuizError, match="there are 1 options, needed 2 to 6"):
        load(GOOD[: GOOD.index("      - {text: The stride")])


def test_two_questions_need_two_names(load):
    with pytest.raises(QuizError, match="the id 'first' stands there twice"):
        load(GOOD + GOOD[GOOD.index("  - id") :])


def test_a_quiz_needs_questions(load):
    with pytest.raises(QuizError, match="there are 0 questions"):
        load("title: A title\nquestions: []\n")


def test_a_list_is_no_quiz(load):
    with pytest.raises(QuizError, match="got list, needed the fields title, questions"):
        load("- one\n")


def test_an_unknown_quiz_names_the_known_ones():
    with pytest.raises(QuizError, match=r"quiz\('02'\): there is no quiz of that name.*why-pool"):
        widgets.quiz("02")


def test_the_fallback_folds_the_answers_away():
    page = widgets.quiz("02-why-pool").fallback()
    before_folding = re.sub(r"<details>.*?</details>", "", page, flags=re.S)
    for question in load_quiz("02-why-pool").questions:
        for option in question.options:
            assert inline_html(option.feedback) in page
            assert inline_html(option.feedback) not in before_folding
    assert "✓" not in before_folding


def test_the_fallback_marks_one_answer_of_each_question_as_right():
    page = widgets.quiz("02-why-pool").fallback()
    assert page.count("(✓ right)") == page.count("<details>") == 6


def test_with_an_anchor_each_question_of_the_fallback_can_be_linked_to():
    page = widgets.quiz("02-why-pool", anchor="check").fallback()
    ids = [f"check-{question.id}" for question in load_quiz("02-why-pool").questions]
    assert re.findall(r'<li id="(.*?)">', page) == ids


def test_without_an_anchor_the_fallback_names_nothing():
    assert "id=" not in widgets.quiz("02-why-pool").fallback()


def test_options_have_the_same_letters_everywhere(javascript):
    assert javascript("quiz.js")(*(["letter", n] for n in range(6))) == [*"ABCDEF"]
    assert widgets.quiz("02-why-pool").fallback().count('<ol type="A">') == 2 * 6


def test_code_and_emphasis_are_found(javascript):
    found = javascript("quiz.js")(["pieces", "a `b` *c d*"], ["pieces", "`b`"])
    pieces = [["plain", "a "], ["code", "b"], ["plain", " "], ["em", "c d"]]
    assert found == [pieces, [["code", "b"]]]


@pytest.mark.parametrize(
    "text",
    ["*a* b*c*", "2 * 3 * 4", "`k*k*k`", "*a `b` c*", "a * b*", "*a*`b`", "one ` or *", "**a**"],
)
def test_front_end_and_fallback_set_the_same_words(javascript, text):
    (pieces,) = javascript("quiz.js")(["pieces", text])
    tags = "".join(p if kind == "plain" else f"<{kind}>{p}</{kind}>" for kind, p in pieces)
    assert tags == inline_html(text)
