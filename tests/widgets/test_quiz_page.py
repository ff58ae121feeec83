"""The quiz as a reader meets it: pointer, keys, a screen reader, a phone, paper, no scripts."""

import json
import re
from html import unescape

import pytest

from cnnlab.widgets import quiz, quiz_names
from cnnlab.widgets.base import inline_html
from cnnlab.widgets.modules import for_notebook
from cnnlab.widgets.quiz import load_quiz

NAME = "03-max-or-average"
QUESTIONS = load_quiz(NAME).questions


@pytest.fixture
def visit(show):
    """Open the quiz of chapter 3 on a page of its own."""
    return lambda **options: show(quiz(NAME, anchor="check"), **options)


@pytest.fixture
def page(visit):
    return visit().page


DRAW_ALL = """(states) => {
  document.querySelector("main").replaceChildren();
  for (const state of states) {
    const el = document.querySelector("main").appendChild(document.createElement("div"));
    const model = { get: (name) => state[name], on() {}, off() {} };
    cnnlabModules["quiz.js"].default.render({ model, el });
  }
}"""


@pytest.fixture
def all_quizzes(visit):
    """All quizzes of the book on one page."""

    def draw(**options):
        page = visit(**options).page
        page.evaluate(DRAW_ALL, [quiz(name).state() for name in quiz_names()])
        return page

    return draw


def question(page, number=0):
    return page.locator("fieldset.cnn-question").nth(number)


def option(page, number, of=0):
    return question(page, of).locator(".cnn-option").nth(number)


def feedback(page, of=0):
    return question(page, of).locator(".cnn-feedback").inner_text()


def focus(page):
    """Text of the label of the focused radio button."""
    return page.evaluate("document.activeElement.closest('label')?.innerText.split('\\n')[1]")


def plain(text):
    """A text as it is read: without the marks for code and emphasis."""
    return unescape(re.sub(r"<.*?>", "", inline_html(text)))


# --- pointer --------------------------------------------------------------------------------------


CLICK_ALL = """() => [...document.querySelectorAll(".cnn-question")].map((question) =>
  [...question.querySelectorAll("input")].map((input) => {
    input.click();
    return question.querySelector(".cnn-feedback").innerText;
  }))"""


def test_each_option_of_each_quiz_is_met_with_its_explanation(all_quizzes):
    expected = [
        [f"{'✓ Yes.' if o.right else '✗ Not quite.'} {plain(o.feedback)}" for o in asked.options]
        for name in quiz_names()
        for asked in load_quiz(name).questions
    ]
    assert all_quizzes().evaluate(CLICK_ALL) == expected


def test_a_click_answers(page):
    option(page, 2).click()
    assert feedback(page).endswith(plain(QUESTIONS[0].options[2].feedback))


def test_tried_options_stay_marked(page):
    for n in range(4):
        option(page, n).click()
    marks = [("is-right" if o.right else "is-wrong") for o in QUESTIONS[0].options]
    for n, mark in enumerate(marks):
        assert mark in option(page, n).get_attribute("class").split()


def test_nothing_is_said_before_the_first_answer(page):
    assert [feedback(page, n) for n in range(4)] == [""] * 4


def test_questions_are_answered_independently(page):
    option(page, 1, of=0).click()
    option(page, 2, of=1).click()
    checked = page.locator(".cnn-option:has(input:checked) .cnn-option-text").all_inner_texts()
    assert checked == [QUESTIONS[0].options[1].text, QUESTIONS[1].options[2].text]


def test_start_again_takes_all_answers_back(page):
    option(page, 0).click()
    option(page, 3, of=2).click()
    page.get_by_role("button", name="Start again").click()
    assert page.locator("input:checked, .is-wrong:not(li), fieldset .is-right").count() == 0
    assert [feedback(page, n) for n in range(4)] == [""] * 4
    assert page.evaluate("document.activeElement.className") == "cnn-title"


def test_all_explanations_are_one_click_away(page):
    key = page.locator("details.cnn-key")
    last = key.locator("li li").last
    assert not last.is_visible()
    key.get_by_text("All answers, with explanations").click()
    assert last.is_visible()
    for asked in QUESTIONS:
        for each in asked.options:
            mark = "✓ right" if each.right else "✗ not quite"
            assert f"{plain(each.text)} ({mark}): {plain(each.feedback)}" in key.inner_text()


# --- keys -----------------------------------------------------------------------------------------


def test_with_the_keyboard_arrows_move_and_enter_answers(page):
    option(page, 0).locator("input").focus()
    page.keyboard.press("ArrowDown")
    assert focus(page) == QUESTIONS[0].options[1].text
    assert feedback(page) == "Press Enter to choose this answer."
    page.keyboard.press("Enter")
    assert feedback(page).endswith(plain(QUESTIONS[0].options[1].feedback))


def test_space_answers_too(page):
    option(page, 0).locator("input").focus()
    page.keyboard.press("Space")
    assert feedback(page).endswith(plain(QUESTIONS[0].options[0].feedback))


def test_to_come_back_to_a_tried_option_shows_its_explanation(page):
    option(page, 1).click()
    page.keyboard.press("ArrowDown")
    assert feedback(page) == "Press Enter to choose this answer."
    page.keyboard.press("ArrowUp")
    assert feedback(page).endswith(plain(QUESTIONS[0].options[1].feedback))


def test_an_option_reached_with_the_arrows_can_be_clicked(page):
    option(page, 0).locator("input").focus()
    page.keyboard.press("ArrowDown")
    option(page, 1).click()
    assert feedback(page).endswith(plain(QUESTIONS[0].options[1].feedback))


def test_a_key_that_was_never_released_does_not_swallow_a_click(page):
    option(page, 0).locator("input").focus()
    page.keyboard.down("ArrowDown")
    option(page, 2).click()
    assert feedback(page).endswith(plain(QUESTIONS[0].options[2].feedback))


def test_the_whole_quiz_is_done_without_a_pointer(page):
    found = []
    for asked in QUESTIONS:
        page.keyboard.press("Tab")  # the number, a link
        page.keyboard.press("Tab")  # the options, one stop
        place = [o.right for o in asked.options].index(True)
        for _ in range(place):
            page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        found.append(page.evaluate("document.activeElement.closest('label').className"))
    assert found == ["cnn-option is-right"] * len(QUESTIONS)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Start again"


def test_enter_sends_nothing_and_leaves_the_page_where_it_is(page):
    address = page.url
    option(page, 0).locator("input").focus()
    page.keyboard.press("Enter")
    assert page.url == address


# --- what a screen reader is given ----------------------------------------------------------------


def test_quiz_questions_and_options_have_names(page):
    root = page.get_by_role("group", name="Check yourself: max or average?")
    group = root.get_by_role("group", name=f"1. {QUESTIONS[0].ask}")
    for each in QUESTIONS[0].options:
        assert group.get_by_role("radio", name=each.text, exact=True).count() == 1


def test_an_explanation_is_announced(page):
    option(page, 1).click()
    status = question(page).get_by_role("status")
    assert status.inner_text().endswith(plain(QUESTIONS[0].options[1].feedback))


def test_the_marks_are_spoken(page):
    for n in range(4):
        option(page, n).click()
    names = [f"{o.text} , {'right' if o.right else 'not quite'}" for o in QUESTIONS[0].options]
    snapshot = question(page).aria_snapshot()
    for name in names:
        assert json.dumps(name, ensure_ascii=False) in snapshot


# --- screens, paper, no scripts -------------------------------------------------------------------


def test_on_a_small_phone_every_quiz_fits(all_quizzes):
    page = all_quizzes(width=320)
    for key in page.locator(".cnn-key summary").all():
        key.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_there_is_room_for_a_finger(visit):
    page = visit(width=375).page
    for target in page.locator(".cnn-option, .cnn-button, summary").all():
        assert target.bounding_box()["height"] >= 32
    for number in page.locator("a.cnn-number").all():
        assert number.bounding_box()["width"] >= 24


def test_questions_do_not_move_when_one_of_them_is_answered(page):
    before = question(page).locator("label").last.bounding_box()
    option(page, 0).click()
    assert question(page).locator("label").last.bounding_box() == before


def shown(node):
    return node.evaluate("node => node.checkVisibility()")


def test_a_printer_unfolds_the_answers_at_the_end(page):
    explanation = page.locator(".cnn-key li li").last
    assert not shown(explanation)
    page.emulate_media(media="print")
    assert shown(explanation)
    assert not page.get_by_role("button", name="Start again").is_visible()


def test_without_scripts_each_question_unfolds_its_answers(visit):
    page = visit(javascript=False).page
    folded = page.locator("details").first
    assert not folded.locator("li").first.is_visible()
    folded.locator("summary").click()
    for each in QUESTIONS[0].options:
        assert folded.get_by_text(plain(each.feedback)).is_visible()
    assert not page.locator("details").nth(1).locator("li").first.is_visible()


# --- links ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("javascript", [True, False])
def test_a_link_leads_to_a_question(visit, javascript):
    page = visit(link="check-tie", javascript=javascript).page
    top = page.locator("#check-tie").bounding_box()["y"]
    assert 0 <= top < 900


def test_the_number_of_a_question_is_its_link(page):
    question(page, 2).locator("a.cnn-number").click()
    assert page.url.endswith("#check-two-densities")
    assert question(page, 2).get_attribute("id") == "check-two-densities"


def test_without_an_anchor_there_are_no_links(show):
    page = show(quiz(NAME)).page
    assert page.locator("a").count() == 0
    assert question(page).locator(".cnn-number").inner_text() == "1."


# --- in a notebook --------------------------------------------------------------------------------

NOTEBOOK = """async ([source, states]) => {
  document.body.replaceChildren();
  for (const state of states) { // each widget of a notebook brings a module of its own
    const file = new Blob([source], { type: "text/javascript" });
    const module = await import(URL.createObjectURL(file));
    const el = document.body.appendChild(document.createElement("div"));
    module.default.render({ model: { get: (name) => state[name], on() {}, off() {} }, el });
  }
}"""


def test_two_quizzes_of_a_notebook_do_not_take_each_others_answers(page):
    states = [quiz(name).state() for name in (NAME, "04-flatten")]
    page.evaluate(NOTEBOOK, [for_notebook("quiz.js"), states])
    quizzes = page.locator(".cnn-quiz")
    for n in range(2):
        quizzes.nth(n).locator(".cnn-option").first.click()
    assert [quizzes.nth(n).locator("input:checked").count() for n in range(2)] == [1, 1]
