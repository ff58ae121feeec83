"""The explorers and the quiz on the built page, where no kernel answers for them."""

from itertools import pairwise

import numpy as np
import pytest

CHAPTER = "book/02-why-pool"


@pytest.fixture
def explorer(look):
    page = look(CHAPTER, width=1024).page  # of its own, because these tests change it
    root = page.locator(".cnn-pooling").first
    choose(root, "view", "numbers")
    choose(root, "padding", "0")
    return root


@pytest.fixture
def quiz(look):
    return look(CHAPTER, width=1024).page.locator(".cnn-quiz").first


def choose(explorer, control, value):
    explorer.locator(f'[data-control="{control}"] input[value="{value}"]').check(force=True)


def values(explorer, kind):
    rows = explorer.locator(f".cnn-grid--{kind} [role=row]").all()
    texts = [row.locator("[role=gridcell] .cnn-value").all_inner_texts() for row in rows]
    return np.array([[float(text.replace("−", "-")) for text in row] for row in texts])


def pooled(x, rule, kernel, stride):
    windows = np.lib.stride_tricks.sliding_window_view(x, (kernel, kernel))[::stride, ::stride]
    if rule == "lp":  # the power mean with p = 2, as at first
        return np.sqrt(np.mean(windows**2, axis=(2, 3)))
    return {"max": np.max, "average": np.mean}[rule](windows, axis=(2, 3))


@pytest.mark.parametrize("rule", ["max", "average", "lp"])
@pytest.mark.parametrize(("kernel", "stride"), [(2, 2), (3, 1), (3, 2)])
def test_the_explorer_pools_as_numpy_does(explorer, rule, kernel, stride):
    choose(explorer, "mode", rule)
    choose(explorer, "kernel", kernel)
    choose(explorer, "stride", stride)
    wanted = pooled(values(explorer, "input"), rule, kernel, stride)
    np.testing.assert_allclose(values(explorer, "output"), wanted, rtol=0, atol=0.006)  # two digits


def test_a_typed_digit_changes_the_input_and_what_is_kept_of_it(explorer):
    choose(explorer, "mode", "max")
    choose(explorer, "kernel", 2)
    choose(explorer, "stride", 2)
    cell = explorer.locator(".cnn-grid--input [role=gridcell]").first
    cell.focus()
    cell.press("9")
    assert values(explorer, "input")[0, 0] == 9
    assert values(explorer, "output")[0, 0] == 9


def test_the_arrow_keys_move_from_cell_to_cell(explorer):
    explorer.locator(".cnn-grid--input [role=gridcell]").first.press("ArrowRight")
    moved = explorer.page.evaluate(
        "() => [...document.activeElement.parentNode.children].indexOf(document.activeElement)"
    )
    assert moved == 1


def test_pointing_at_an_output_cell_says_what_it_is_made_of(explorer):
    choose(explorer, "mode", "max")
    explorer.locator(".cnn-grid--output [role=gridcell]").first.hover()
    assert explorer.locator(".cnn-says").inner_text().startswith("max of ")


def test_on_a_phone_input_sentence_and_output_stand_on_one_screen(look):
    stage = look(CHAPTER, width=375).page.locator(".cnn-pooling .cnn-stage")
    height = stage.bounding_box()["height"]
    boxes = [stage.locator(part).bounding_box() for part in (".cnn-grid--input", ".cnn-says")]
    boxes.append(stage.locator(".cnn-grid--output").bounding_box())
    assert height <= 610  # of 667, less the bar of the site
    assert all(a["y"] + a["height"] <= b["y"] for a, b in pairwise(boxes))


def test_the_help_speaks_of_what_is_on_view(explorer):
    assert "type a digit" in explorer.locator(".cnn-help").inner_text()
    choose(explorer, "view", "photo")
    assert "type a digit" not in explorer.locator(".cnn-help").inner_text()
    assert "pixel of the pooled photograph" in explorer.locator(".cnn-says").inner_text()


def test_a_padding_that_cannot_be_chosen_has_its_reason_beside_it(explorer):
    choose(explorer, "kernel", "2")
    padding = explorer.locator('[data-control="padding"]')
    assert padding.locator('input[value="2"]').is_disabled()
    assert "at most half the window" in padding.inner_text()


def test_the_padding_says_why_it_is_not_zero(explorer):
    choose(explorer, "mode", "max")
    assert explorer.locator(".cnn-ring").inner_text() == ""
    choose(explorer, "padding", "1")
    assert "a 0 would win" in explorer.locator(".cnn-ring").inner_text()


def test_the_buttons_of_a_cell_say_which_cell_they_change(explorer):
    explorer.locator(".cnn-grid--input [role=row]").nth(1).locator("[role=gridcell]").nth(2).click()
    before = values(explorer, "input")[1, 2]
    group = explorer.get_by_role("group", name="Change row 2, column 3:")
    group.get_by_role("button", name="−1").click()
    assert values(explorer, "input")[1, 2] == before - 1


def test_each_answer_of_the_quiz_is_met_with_an_explanation(quiz):
    for question in quiz.locator("fieldset.cnn-question").all():
        for option in question.locator(".cnn-option").all():
            option.click()
            assert len(question.locator(".cnn-feedback").inner_text()) > 20


def test_each_question_of_the_quiz_has_one_right_answer(quiz):
    for question in quiz.locator("fieldset.cnn-question").all():
        for option in question.locator(".cnn-option").all():
            option.click()
        assert question.locator(".cnn-option.is-right").count() == 1


def test_emphasis_in_an_answer_of_the_quiz_is_set(quiz):
    question = quiz.locator("fieldset.cnn-question").first
    question.get_by_text("Half of them").click()
    feedback = question.locator(".cnn-feedback")
    assert feedback.locator("em").inner_text() == "side"
    assert "*" not in feedback.inner_text()


def test_the_quiz_is_answered_with_the_keyboard(visit):
    question = visit(CHAPTER).page.locator("fieldset.cnn-question").first
    assert question.locator(".cnn-feedback").inner_text() == ""
    question.locator(".cnn-option input").first.press("Enter")
    assert len(question.locator(".cnn-feedback").inner_text()) > 20
