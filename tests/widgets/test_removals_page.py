"""The explorer of removals in a browser: pointer, keyboard, phone, and no scripts at all."""

import pytest

from cnnlab.widgets import RemovalsExplorer


@pytest.fixture
def page(show):
    return show(RemovalsExplorer(anchor="removals")).page


def control(page, name):
    return page.locator(f'[data-control="{name}"]')


def choose(page, name, value):
    control(page, name).locator(f'input[value="{value}"]').check()


def says(page):
    return page.locator(".cnn-says").inner_text()


def test_the_first_state_says_what_python_says(page):
    explorer = RemovalsExplorer()
    assert says(page) == explorer.sentence()
    assert page.locator(".cnn-equal").inner_text() == explorer.equal()


def test_every_other_network_has_its_row_with_its_verdict(page):
    rows = page.locator(".cnn-rival")
    names = rows.evaluate_all("nodes => nodes.map((node) => node.dataset.arm)")
    assert names[:6] == ["avg", "none", "none_squeezed", "late", "stride", "convstride"]
    for name in names:
        text = page.locator(f'[data-arm="{name}"] .cnn-found').inner_text()
        decision = RemovalsExplorer(arms=("max", name)).decision()
        assert text[0] == {"holds": "✓", "does not hold": "✗", "undecided": "…"}[decision]


def test_a_click_on_a_row_makes_it_the_rival(page):
    page.locator('.cnn-rival[data-arm="late"]').click()
    assert says(page) == RemovalsExplorer(arms=("max", "late")).sentence()
    assert page.locator(".cnn-net").nth(1).get_attribute("data-arm") == "late"


def test_the_rows_are_walked_with_the_arrow_keys(page):
    control(page, "second").locator('input[value="none"]').focus()
    page.keyboard.press("ArrowDown")
    assert says(page) == RemovalsExplorer(arms=("max", "none_squeezed")).sentence()
    assert page.evaluate("() => document.activeElement.value") == "none_squeezed"


def test_rows_without_equality_are_barred_and_say_why(page):
    choose(page, "held", "parameters")
    row = page.locator('.cnn-rival[data-arm="none"]')
    assert row.locator("input").is_disabled()
    assert row.inner_text().split("\n")[-1].endswith("12 times the parameters")
    assert "12 times the parameters" in row.locator("input").get_attribute("aria-label")


def test_the_rival_that_is_barred_gives_way_to_one_that_is_not(page):
    choose(page, "held", "parameters")
    assert "squeezed" in says(page)
    assert "at equal parameters" in says(page)


def test_another_first_network_is_compared_with_all_others(page):
    control(page, "first").select_option("late")
    assert page.locator('.cnn-rival[data-arm="max"]').count() == 1
    assert page.locator('.cnn-rival[data-arm="late"]').count() == 0
    assert says(page).startswith("Pooling once, at the end (c) is better than")


def test_equal_time_names_the_epochs(page):
    choose(page, "held", "time")
    assert "time of training" in page.locator(".cnn-equal").inner_text()
    assert "epochs against 16" in page.locator(".cnn-equal").inner_text()


def test_networks_that_were_not_run_at_equal_time_say_so(page):
    choose(page, "held", "time")
    row = page.locator('.cnn-rival[data-arm="max_gap"]')
    assert row.locator("input").is_disabled()
    assert "not run at equal time" in row.locator("input").get_attribute("aria-label")


def test_where_nothing_was_run_at_equal_time_it_cannot_be_chosen(page):
    control(page, "images").select_option("few")
    assert control(page, "held").locator('input[value="time"]').is_disabled()
    assert "30 of 30" in page.locator(".cnn-slider-value").inner_text()


def test_images_without_runs_at_equal_time_say_why_epochs_are_held_equal_instead(page):
    choose(page, "held", "time")
    told = page.locator(".cnn-unheld")
    assert told.inner_text() == ""
    control(page, "images").select_option("few")
    assert control(page, "held").locator("input:checked").input_value() == "epochs"
    assert told.is_visible()
    assert told.inner_text() == RemovalsExplorer("few").unheld()


def test_the_reason_is_announced_and_belongs_to_the_options(page):
    told = page.locator(".cnn-unheld")
    assert told.get_attribute("role") == "status"
    assert control(page, "held").get_attribute("aria-describedby") == told.get_attribute("id")


def test_with_the_keyboard_the_options_that_are_barred_are_passed_over(page):
    control(page, "images").select_option("few")
    control(page, "held").locator('input[value="macs"]').focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("() => document.activeElement.value") == "epochs"


def test_a_first_network_without_equals_bars_what_cannot_be_held_equal(page):
    choose(page, "held", "macs")
    control(page, "first").select_option("stride")
    options = control(page, "held").locator("input")
    barred = options.evaluate_all(
        "all => all.filter((one) => one.disabled).map((one) => one.value)"
    )
    assert barred == ["macs"]
    explorer = RemovalsExplorer(arms=("stride", "max"))
    assert page.locator(".cnn-unheld").inner_text() == explorer.unheld()
    control(page, "first").select_option("max")
    assert page.locator(".cnn-unheld").inner_text() == ""


def test_few_seeds_leave_no_verdict(page):
    control(page, "seeds").fill("4")
    assert "no verdict with 4 of 10 runs" in page.locator(".cnn-verdict").inner_text()


def test_surprise_me_goes_through_the_most_contrary_comparisons(page):
    surprises = RemovalsExplorer().surprises()
    for images, held, arms in [*surprises, surprises[0]]:
        page.locator('[data-action="surprise"]').click()
        assert says(page) == RemovalsExplorer(images, held, arms).sentence()
    assert f"Surprise 1 of {len(surprises)}" in page.locator(".cnn-surprise").inner_text()


def test_the_drawing_shows_what_is_cut_out(page):
    nets = page.locator(".cnn-net")
    assert nets.nth(0).locator(".cnn-hole").count() == 0
    assert nets.nth(1).locator(".cnn-hole").count() == 2
    heights = [nets.nth(k).locator(".cnn-flat").bounding_box()["height"] for k in (0, 1)]
    assert heights[1] > 10 * heights[0]
    assert "flatten to 16384 features" in nets.nth(1).get_attribute("aria-label")


def test_the_book_says_for_which_pairs_it_asked(page):
    assert "asked this very question" in page.locator(".cnn-book").inner_text()
    page.locator('.cnn-rival[data-arm="max_conv"]').click()
    assert "No question of the ledger" in page.locator(".cnn-book").inner_text()


def test_reset_brings_the_first_state_back(page):
    before = says(page)
    page.locator('[data-action="surprise"]').click()
    page.locator('[data-action="reset"]').click()
    assert says(page) == before


def test_a_link_leads_back_to_the_state(show):
    link = "removals&images=few&held=parameters&arms=avg~late&seeds=20"
    page = show(RemovalsExplorer(anchor="removals"), link=link).page
    assert says(page) == RemovalsExplorer("few", "parameters", ("avg", "late"), 20).sentence()


def test_the_link_button_writes_the_state_into_the_address(page):
    page.locator('.cnn-rival[data-arm="late"]').click()
    page.locator('[data-action="link"]').click()
    assert page.url.endswith("#removals&images=photographs&held=epochs&arms=max~late&seeds=10")


def test_a_link_to_networks_that_do_not_fit_leads_to_some_that_do(show):
    link = "removals&images=few&held=time&arms=max_gap~max_gap&seeds=30"
    page = show(RemovalsExplorer(anchor="removals"), link=link).page
    assert says(page).startswith("Max pooling is better than")


def test_on_a_phone_every_surprise_fits(show):
    page = show(RemovalsExplorer(), width=375).page
    for _ in range(6):
        page.locator('[data-action="surprise"]').click()
        assert page.evaluate("() => document.documentElement.scrollWidth") <= 375


def test_targets_are_large_enough_for_a_finger(show):
    page = show(RemovalsExplorer(), width=375).page
    for box in page.locator(".cnn-rival, .cnn-radio, select, .cnn-button").all():
        if box.is_visible():
            assert box.bounding_box()["height"] >= 24


def test_without_scripts_the_table_is_there(show):
    page = show(RemovalsExplorer(), javascript=False).page
    assert page.locator("table tbody tr").count() == 9
    assert RemovalsExplorer().sentence() in page.locator("main").inner_text()


def test_without_scripts_it_is_said_what_cannot_be_held_equal(show):
    explorer = RemovalsExplorer("few")
    page = show(explorer, javascript=False).page
    assert explorer.unheld() in page.locator("main").inner_text()
