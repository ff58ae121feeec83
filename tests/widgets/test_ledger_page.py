"""The explorer of the ledger in a browser: filter, search, opening, guessing, keys, paper."""

import pytest

from cnnlab import claims
from cnnlab.widgets import LedgerExplorer


@pytest.fixture
def page(show):
    return show(LedgerExplorer(anchor="ledger")).page


@pytest.fixture
def game(show):
    page = show(LedgerExplorer("guess", anchor="ledger")).page
    page.evaluate("() => localStorage.clear()")
    page.reload()
    page.wait_for_selector("[data-drawn=true]")
    return page


@pytest.fixture
def unguessed(page):
    """The explorer as it opens for somebody who has guessed nothing yet."""
    page.evaluate("() => localStorage.clear()")
    page.reload()
    page.wait_for_selector("[data-drawn=true]")
    return page


def control(page, name):
    return page.locator(f'[data-control="{name}"]')


def visible(page):
    entries = page.locator(".cnn-list .cnn-entry:visible")
    return entries.evaluate_all("nodes => nodes.map((node) => node.dataset.name)")


def says(page):
    return page.locator(".cnn-says").inner_text()


def guess(page, key):
    page.locator(".cnn-card").focus()
    page.keyboard.press(key)


def test_the_first_state_is_that_of_python(page):
    assert visible(page) == LedgerExplorer().shown()
    assert says(page) == LedgerExplorer().sentence()


def test_a_search_shows_only_what_fits(page):
    control(page, "search").fill("max slow")
    assert visible(page) == LedgerExplorer(search="max slow").shown()
    assert says(page) == LedgerExplorer(search="max slow").sentence()


def test_filters_work_together(page):
    page.locator('[data-control="view"] label').nth(1).click()
    control(page, "chapter").select_option("02-why-pool")
    control(page, "verdict").select_option("does not hold")
    wanted = LedgerExplorer("claims", chapter="02-why-pool", verdict="does not hold")
    assert visible(page) == wanted.shown()


def test_nothing_found_says_so_and_reset_brings_all_back(page):
    control(page, "search").fill("zebra")
    assert page.locator(".cnn-none").is_visible()
    page.locator('[data-action="reset"]').click()
    assert len(visible(page)) == 63


def test_the_bar_has_a_piece_for_each_verdict_that_is_shown(page):
    pieces = page.locator(".cnn-tally [data-kind]")
    kinds = pieces.evaluate_all("nodes => nodes.map((node) => node.dataset.kind)")
    assert all(f"{kind} " in says(page) for kind in kinds)
    control(page, "verdict").select_option("ill-posed")
    assert page.locator('.cnn-tally [data-kind="ill-posed"]').count() == 1


def test_a_row_opens_with_the_keyboard_and_shows_answer_and_claims(page):
    page.locator('[data-name="Q39"] > summary').focus()
    page.keyboard.press("Enter")
    body = page.locator('[data-name="Q39"] .cnn-body')
    body.locator(".cnn-claim").first.wait_for()  # the browser tells a little later what it opened
    assert claims.question("Q39").answer in body.inner_text()
    assert body.locator(".cnn-claim").count() == 1


def test_only_one_row_is_open_at_a_time(page):
    page.locator('[data-name="Q39"] > summary').click()
    page.locator('[data-name="Q34"] > summary').click()
    opened = page.locator(".cnn-entry[open]")
    assert opened.evaluate_all("nodes => nodes.map((n) => n.dataset.name)") == ["Q34"]


def test_what_was_measured_is_drawn_with_interval_and_margin(show):
    page = show(LedgerExplorer("claims", opened="strided-conv-replaces-pooling")).page
    claim = claims.claim("strided-conv-replaces-pooling")
    row = page.locator('[data-name="strided-conv-replaces-pooling"]')
    assert row.locator(".cnn-forest").count() == sum(p.rule is not None for p in claim.counting)
    first = row.locator(".cnn-forest").first
    assert first.locator(".cnn-margin").count() == 2  # of a claim of equality
    inside = first.evaluate(
        """node => {
          const box = node.getBoundingClientRect();
          return [...node.querySelectorAll("line")].every((line) => {
            const b = line.getBoundingClientRect();
            return b.left >= box.left - 1 && b.right <= box.right + 1;
          });
        }"""
    )
    assert inside


def test_a_row_leads_to_its_section_its_rows_and_its_proofs(show):
    decided = (c for c in claims.ledger() if c.decided_by == "proof and recorded runs")
    claim = next(claim for claim in decided if claim.section)
    page = show(LedgerExplorer("claims", opened=claim.name)).page
    links = page.locator(f'[data-name="{claim.name}"] .cnn-links a')
    found = links.evaluate_all("nodes => nodes.map((node) => node.getAttribute('href'))")
    rule = next(part.rule for part in claim.counting if part.rule)
    assert found[:2] == [
        f"{claim.chapter}.html#{claim.section}",
        f"proofs.html#proofs-of-{claim.name}",
    ]
    assert f"evidence.html#{rule.experiment.replace('_', '-')}" in found


def test_a_link_leads_back_to_what_was_shown(show):
    state = "view=claims&chapter=all&verdict=undecided&evidence=all&search=&opened="
    page = show(LedgerExplorer(anchor="ledger"), link=f"ledger&{state}").page
    assert visible(page) == LedgerExplorer("claims", verdict="undecided").shown()


def test_a_guess_with_a_key_shows_the_verdict_and_is_counted(game):
    name = game.locator(".cnn-card").get_attribute("data-name")
    guess(game, "3")
    verdict = claims.claim(name).verdict
    assert verdict in game.locator(".cnn-told").inner_text()
    assert "Guessed 1, right " in says(game)


def test_the_keys_work_right_after_choosing_guess(unguessed):
    unguessed.locator('[data-control="view"] label').nth(2).click()
    unguessed.keyboard.press("3")
    assert unguessed.locator(".cnn-told").count() == 1
    assert "Guessed 1, right " in says(unguessed)


def test_digits_on_the_radio_guess_nothing_in_another_view(unguessed):
    unguessed.locator('[data-control="view"] label').nth(1).click()
    unguessed.keyboard.press("3")
    unguessed.locator('[data-control="view"] label').nth(2).click()
    assert "Guessed" not in says(unguessed)


def test_the_verdict_is_hidden_before_the_guess(game):
    assert game.locator(".cnn-told").count() == 0
    assert not game.locator(".cnn-tally").is_visible()
    assert not control(game, "verdict").is_visible()
    text = game.locator(".cnn-card").inner_text()
    name = game.locator(".cnn-card").get_attribute("data-name")
    assert claims.claim(name).says in text
    assert "Forecast" not in text


def test_enter_goes_on_to_another_claim(game):
    first = game.locator(".cnn-card").get_attribute("data-name")
    guess(game, "1")
    game.keyboard.press("Enter")
    assert game.locator(".cnn-card").get_attribute("data-name") != first
    assert game.locator(".cnn-told").count() == 0


def test_guesses_are_there_when_the_reader_comes_back(game):
    guess(game, "1")
    game.keyboard.press("Enter")
    guess(game, "2")
    game.reload()
    game.wait_for_selector("[data-drawn=true]")
    assert "Guessed 2, right " in says(game)


def test_guesses_that_cannot_be_read_are_left_alone(game):
    game.evaluate("() => localStorage.setItem('cnnlab-ledger-guesses', '{\"x\": 1, \"y')")
    game.reload()
    game.wait_for_selector("[data-drawn=true]")
    assert "Guessed" not in says(game)


def test_guesses_are_forgotten_only_when_asked_twice(game):
    guess(game, "1")
    game.locator('[data-action="forget"]').click()
    assert "Guessed 1" in says(game)
    game.locator('[data-action="forget"]').click()
    assert "Guessed" not in says(game)


def test_reset_leaves_the_guesses(game):
    guess(game, "1")
    game.locator('[data-action="reset"]').click()
    assert "Guessed 1" in says(game)


def test_the_claims_of_one_chapter_can_be_guessed_alone(game):
    control(game, "chapter").select_option("04-flatten")
    name = game.locator(".cnn-card").get_attribute("data-name")
    assert claims.claim(name).chapter == "04-flatten"


def test_when_all_is_guessed_the_card_says_so(show):
    names = LedgerExplorer("guess").shown()
    page = show(LedgerExplorer("guess", guesses=dict.fromkeys(names, "holds"))).page
    assert "You have guessed all" in page.locator(".cnn-card").inner_text()
    assert "fooled you most" in page.locator(".cnn-score").inner_text()


def test_controls_and_answers_are_large_enough_for_a_finger(show):
    page = show(LedgerExplorer("guess"), width=375).page
    boxes = page.locator(".cnn-ledger :is(button, select, input[type=search]):visible").all()
    assert min(box.bounding_box()["height"] for box in boxes) >= 24


def test_on_paper_all_rows_are_unfolded(page):
    page.evaluate("() => window.dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    text = page.locator(".cnn-list").inner_text()
    assert claims.question("Q39").answer in text
    assert claims.question("B6").answer in text


def test_after_a_print_all_is_folded_as_before(page):
    page.locator('[data-name="Q39"] > summary').click()
    page.evaluate("() => window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator(".cnn-entry[open]").count() == 63
    page.evaluate("() => window.dispatchEvent(new Event('afterprint'))")
    opened = page.locator(".cnn-entry[open]")
    assert opened.evaluate_all("nodes => nodes.map((n) => n.dataset.name)") == ["Q39"]


def test_a_row_that_is_closed_leaves_nothing_to_tab_through(page):
    summary = page.locator('[data-name="Q39"] > summary')
    summary.click()
    summary.click()
    page.wait_for_function("() => !document.querySelector('[data-name=Q39] .cnn-body *')")
