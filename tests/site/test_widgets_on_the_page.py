"""The explorers and the quiz on the built page, where no kernel answers for them."""

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
    return {"max": np.max, "average": np.mean}[rule](windows, axis=(2, 3))


@pytest.mark.parametrize("rule", ["max", "average"])
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


def test_the_quiz_is_answered_with_the_keyboard(visit):
    question = visit(CHAPTER).page.locator("fieldset.cnn-question").first
    assert question.locator(".cnn-feedback").inner_text() == ""
    question.locator(".cnn-option input").first.press("Enter")
    assert len(question.locator(".cnn-feedback").inner_text()) > 20
