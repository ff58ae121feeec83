"""The explorer of recorded runs in a browser: pointer, keyboard, phone, and no scripts at all."""

import pytest

from cnnlab.widgets import RunsExplorer


def cifar(**arguments):
    return RunsExplorer("removals_cifar", ("max", "stride"), **arguments)


@pytest.fixture
def page(show):
    return show(cifar(anchor="runs")).page


def control(page, name):
    return page.locator(f'[data-control="{name}"]')


def count(page, n):
    control(page, "seeds").fill(str(n))


def test_the_first_state_says_what_python_says(page):
    assert page.locator(".cnn-says").inner_text() == cifar().sentence()


def test_every_seed_has_its_line_and_its_difference(page):
    assert page.locator(".cnn-slope [data-seed]").count() == 10
    assert page.locator(".cnn-differences [data-seed]").count() == 10


def test_fewer_seeds_leave_no_verdict(page):
    count(page, 4)
    assert "no verdict" in page.locator(".cnn-verdict").inner_text()
    assert "No verdict: 4 of 10 runs." in page.locator(".cnn-says").inner_text()


def test_seeds_that_are_not_counted_are_faint(page):
    count(page, 4)
    assert page.locator(".cnn-differences .is-later").count() == 6


def test_more_seeds_make_the_interval_shorter(page):
    def height(n):
        count(page, n)
        return page.locator(".cnn-interval").bounding_box()["height"]

    assert height(4) > height(7) > height(10)


def test_the_slider_moves_with_the_arrow_keys(page):
    control(page, "seeds").press("ArrowLeft")
    assert page.locator(".cnn-slider-value").inner_text() == "9 of 10"
    assert page.locator(".cnn-strip .is-now").get_attribute("data-n") == "9"


def test_the_strip_has_a_reading_for_each_number_of_seeds(page):
    strip = page.locator(".cnn-strip [data-n]")
    numbers = strip.evaluate_all("nodes => nodes.map((node) => Number(node.dataset.n))")
    readings = strip.evaluate_all("nodes => nodes.map((node) => node.dataset.reading)")
    assert numbers == list(range(2, 11))
    assert readings == [cifar(seeds=n).reading() for n in numbers]


def test_a_click_on_the_strip_counts_so_many_seeds(page):
    strip = page.locator(".cnn-strip")
    width = strip.bounding_box()["width"]
    strip.click(position={"x": 4.5 / 10 * width, "y": 30})
    assert page.locator(".cnn-slider-value").inner_text() == "5 of 10"


def test_the_thumb_of_the_slider_stands_below_its_column(page):
    for n in (2, 6, 10):
        count(page, n)
        column = page.locator(".cnn-column").bounding_box()
        box = control(page, "seeds").bounding_box()
        thumb = box["x"] + 8 + (n - 2) / 8 * (box["width"] - 16)
        assert thumb == pytest.approx(column["x"] + column["width"] / 2, abs=3)


def test_the_same_arm_on_both_sides_changes_places(page):
    control(page, "first").select_option("stride")
    assert control(page, "second").input_value() == "max"
    assert "lower with stride than with max" in page.locator(".cnn-says").inner_text()


def test_a_new_quantity_brings_its_own_margin(page):
    control(page, "quantity").select_option("test_log_loss")
    assert control(page, "margin").locator("option:checked").inner_text().endswith("nats")


def test_a_wider_margin_can_undo_a_verdict(page):
    control(page, "margin").select_option("0.05")
    assert "Undecided" in page.locator(".cnn-says").inner_text()
    assert "a look, not a verdict" in page.locator(".cnn-verdict").inner_text()


def test_the_margin_of_python_is_offered_too(show):
    page = show(cifar(margin=0.0125)).page
    assert control(page, "margin").locator("option:checked").inner_text() == "1.25 points"


def test_pointing_at_a_seed_tells_its_numbers_and_marks_its_line(page):
    differences = page.locator(".cnn-differences")
    width = differences.bounding_box()["width"]
    differences.hover(position={"x": 2.5 / 10 * width, "y": 40})
    assert page.locator(".cnn-which").inner_text().startswith("Seed 2: max ")
    assert page.locator(".cnn-slope .is-pointed").get_attribute("data-seed") == "2"


def test_the_numbers_stand_in_a_table_for_those_who_do_not_point(page):
    page.locator(".cnn-numbers summary").press("Enter")
    rows = page.locator(".cnn-numbers tbody tr")
    assert rows.count() == 10
    assert rows.nth(0).locator("th").inner_text() == "0"


def test_the_wider_interval_is_drawn_where_seeds_split_the_same_images(show):
    page = show(RunsExplorer("removals_centred", ("max", "none"))).page
    wide = page.locator(".cnn-wide").bounding_box()["height"]
    assert wide > page.locator(".cnn-interval").bounding_box()["height"]
    assert "dashed: new images" in page.locator(".cnn-panel--differences").inner_text()


def test_reset_brings_the_first_state_back(page):
    before = page.locator(".cnn-says").inner_text()
    control(page, "first").select_option("late")
    count(page, 3)
    page.locator('[data-action="reset"]').click()
    assert page.locator(".cnn-says").inner_text() == before


def test_a_link_leads_back_to_the_state(show):
    link = "runs&arms=late~max&quantity=test_log_loss&margin=0.02&seeds=6"
    page = show(cifar(anchor="runs"), link=link).page
    assert control(page, "first").input_value() == "late"
    assert page.locator(".cnn-slider-value").inner_text() == "6 of 10"


def test_the_link_button_writes_the_state_into_the_address(page):
    count(page, 6)
    page.locator('[data-action="link"]').click()
    assert page.url.endswith("#runs&arms=max~stride&quantity=test_accuracy&margin=0.003&seeds=6")


@pytest.mark.parametrize("name", ["flatten_order", "strided_digits", "pooled_pixels"])
def test_long_names_and_many_seeds_fit_on_a_phone(show, name):
    page = show(RunsExplorer(name), width=375).page
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 375
    edge = page.locator(".cnn-records").bounding_box()
    for letters in page.locator(".cnn-records svg text").all():
        box = letters.bounding_box()
        assert box["x"] >= edge["x"]
        assert box["x"] + box["width"] <= edge["x"] + edge["width"]


def test_on_a_phone_the_drawings_and_the_slider_stand_on_one_screen(show):
    stage = show(cifar(), width=375).page.locator(".cnn-stage")
    assert stage.bounding_box()["height"] <= 667


@pytest.mark.parametrize("width", [1024, 375])
def test_the_room_that_is_kept_is_the_room_that_is_needed(show, width):
    widget = show(cifar(anchor="runs"), width=width).page.locator(".cnnlab-widget")
    kept = widget.evaluate("node => parseFloat(getComputedStyle(node).minHeight)")
    needed = widget.locator(".cnn-records").bounding_box()["height"]
    assert -20 <= kept - needed <= 120


def test_controls_are_large_enough_for_fingers(show):
    page = show(cifar(anchor="runs"), width=375).page
    for node in page.locator("select, button, input, summary").all():
        assert node.bounding_box()["height"] >= 24


def test_without_scripts_the_differences_stand_in_a_table(show):
    page = show(cifar(), javascript=False).page
    assert page.locator("tbody tr").count() == 10
    assert cifar().sentence() in page.locator("main").inner_text()


def test_in_forced_colours_the_state_is_still_marked(show):
    page = show(cifar(), forced_colors="active").page
    column = page.locator(".cnn-column")
    assert column.evaluate("node => getComputedStyle(node).strokeWidth") == "3px"


def test_the_arrow_keys_choose_a_seed_and_tell_its_numbers(page):
    drawing = page.locator(".cnn-differences")
    for key, seed in (("ArrowRight", 0), ("ArrowRight", 1), ("End", 9), ("ArrowLeft", 8)):
        drawing.press(key)
        assert page.locator(".cnn-which").inner_text().startswith(f"Seed {seed}: max ")
        assert drawing.get_attribute("aria-valuetext").startswith(f"Seed {seed}: max ")


@pytest.mark.parametrize("width", [1280, 768, 375])
def test_names_and_verdict_have_room_where_an_arm_has_a_long_name(show, width):
    page = show(RunsExplorer("removals_cifar", ("none_squeezed", "max_conv")), width=width).page
    one, other = (name.bounding_box() for name in page.locator(".cnn-name").all())
    beside = one["x"] + one["width"] <= other["x"]
    assert beside or one["y"] + one["height"] <= other["y"] + 2
    box = page.locator(".cnn-verdict").evaluate("node => [node.scrollWidth, node.clientWidth]")
    assert box[0] <= box[1]


def test_arm_and_seed_are_explained(page):
    words = page.locator(".cnn-help").first.inner_text()
    assert "An arm is one variant" in words
    assert "runs with the same seed are pairs" in words
