"""The dropout explorer in a browser: as a reader uses it, with mouse, keyboard and finger."""

import pytest

from cnnlab.widgets import DropoutExplorer

UNIT = "[data-control=unit] input"


@pytest.fixture
def page(show):
    return show(DropoutExplorer(anchor="explorer")).page


def control(page, name, value):
    return page.locator(f'[data-control={name}] input[value="{value}"]')


def says(page):
    return page.locator(".cnn-says:visible").inner_text()


def numbers(page):
    """Rows of the table: law, draws, no dropout; mean and variance of the unit and the output."""
    rows = page.locator(".cnn-numbers tbody tr").all()
    return [row.locator("td").all_inner_texts() for row in rows]


def dropped(page):
    kinds = page.locator(".cnn-unit").evaluate_all("units => units.map(u => u.className.baseVal)")
    return ["is-dropped" in kind for kind in kinds]


def test_the_first_state_shows_a_mask_a_law_and_a_hundred_draws(page):
    explorer = DropoutExplorer()
    assert dropped(page) == (~explorer.masks()[-1]).tolist()
    law, draws, none = numbers(page)
    assert law == ["3", "9", "8", "36"]
    assert float(draws[2]) == pytest.approx(explorer.outputs().mean(), abs=0.005)
    assert none == ["3", "0", "8", "0"]


def test_a_dropped_unit_is_crossed_out_and_its_connections_are_gone(page):
    crosses = page.locator(".cnn-cross").all()
    ways = page.locator(".cnn-ways").all()
    for lost, cross, way in zip(dropped(page), crosses, ways, strict=True):
        assert cross.is_visible() == lost
        assert (way.evaluate("g => getComputedStyle(g).opacity") == "0") == lost


def test_draw_again_shows_the_next_mask(page):
    page.locator("[data-action=draw]").click()
    assert dropped(page) == (~DropoutExplorer(draws=101).masks()[-1]).tolist()
    assert says(page).startswith("Draw 101:")


def test_a_hundred_draws_are_added_to_the_histogram(page):
    page.locator("[data-action=draw-100]").click()
    assert says(page).startswith("Draw 200:")
    mean = float(numbers(page)[1][2])
    assert mean == pytest.approx(DropoutExplorer(draws=200).outputs().mean(), abs=0.005)


def test_where_motion_is_welcome_the_draws_arrive_one_after_the_other(show):
    page = show(DropoutExplorer(), reduced_motion="no-preference").page
    page.locator("[data-action=draw-100]").click()
    assert says(page).startswith("Draw 100:")
    page.locator(".cnn-says:visible", has_text="Draw 200:").wait_for()


def test_clear_begins_with_one_mask_of_another_seed(page):
    page.locator("[data-action=clear]").click()
    assert dropped(page) == (~DropoutExplorer(seed=2, draws=1).masks()[-1]).tolist()


def test_cleared_and_drawn_a_hundred_times_it_holds_a_hundred_draws(page):
    page.locator("[data-action=clear]").click()
    page.locator("[data-action=draw-100]").click()
    assert says(page).startswith("Draw 100:")


def test_the_help_says_what_the_law_is(page):
    help = page.locator(".cnn-help:visible").inner_text()
    assert "Law: the exact distribution, over all 256 masks" in help


def test_evaluation_drops_nothing_and_hands_on_the_values_as_they_are(page):
    control(page, "training", "false").check(force=True)
    assert dropped(page) == [False] * 8
    assert set(page.locator(".cnn-factor").all_text_contents()) == {""}
    assert numbers(page)[0] == ["3", "0", "8", "0"]
    assert "every pass gives the same output, 8" in says(page)


def test_without_the_factor_the_mean_of_training_is_too_small(page):
    page.locator("[data-control=scale]").uncheck()
    assert numbers(page)[0] == ["1.5", "2.25", "4", "9"]
    assert "Without the factor the mean is too small: 4 by the law" in says(page)


def test_a_kept_unit_is_shown_with_its_factor(page):
    kept = [not lost for lost in dropped(page)]
    values = (3, 2, 1, 3, 2, 4, 1, 1)
    wanted = [f"× 2 = {2 * v}" if k else "× 0 = 0" for v, k in zip(values, kept, strict=True)]
    assert page.locator(".cnn-factor").all_text_contents() == wanted


def test_the_arrow_keys_choose_another_unit(page):
    page.locator(UNIT).first.focus()
    page.keyboard.press("ArrowDown")
    assert page.locator(f"{UNIT}:checked").get_attribute("value") == "2"
    assert page.locator(".cnn-laws .cnn-caption").first.inner_text() == "Hidden unit 2, 100 draws"


def test_each_unit_says_what_became_of_it(page):
    names = page.locator(UNIT).evaluate_all("units => units.map(u => u.ariaLabel)")
    assert names[0] == "Hidden unit 1: value 3, kept, times 2"
    assert names[1] == "Hidden unit 2: value 2, dropped"


def test_the_slider_moves_with_the_keyboard_and_says_the_rate(page):
    slider = page.locator("[data-control=p]")
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert slider.get_attribute("aria-valuetext") == "0.55"
    assert numbers(page)[0][3] == "44"


def test_the_histograms_say_what_they_show(page):
    names = page.locator(".cnn-histogram").evaluate_all("all => all.map(n => n.ariaLabel)")
    assert names[1].startswith("Histogram. Output: mean 7.78 over 100 draws, 8 by the law;")


def test_at_the_largest_number_of_draws_the_buttons_rest(show):
    page = show(DropoutExplorer(draws=4950)).page
    page.locator("[data-action=draw-100]").click()
    assert says(page).startswith("Draw 5000:")
    assert page.locator("[data-action=draw]").is_disabled()


@pytest.fixture
def window(page):
    """The second scene."""
    control(page, "scene", "pool").check(force=True)
    return page


def means(page):
    """Mean and bias: before and after the max pool, before and after the average pool."""
    rows = page.locator(".cnn-means tbody tr:has(.cnn-track)").all()
    return [tuple(row.locator("td").all_inner_texts()[1:3]) for row in rows]


def test_only_dropout_before_the_max_pool_is_biased(window):
    assert means(window) == [("12.25", "+4.25"), ("8", "0"), ("5", "0"), ("5", "0")]


def test_the_masks_are_counted_for_each_value(window):
    counts = window.locator(".cnn-masks > span").all_inner_texts()
    assert counts == ["8 masks", "4 masks", "2 masks", "1 mask", "1 mask"]
    control(window, "pool", "average").check(force=True)
    assert window.locator(".cnn-masks > span").all_inner_texts() == ["8 masks"] * 4


def test_a_typed_digit_changes_the_window(window):
    window.locator(".cnn-grid--window [role=gridcell]").first.focus()
    window.keyboard.press("0")
    explorer = DropoutExplorer(window=[[0, 6], [4, 2]])
    assert float(means(window)[0][0]) == pytest.approx(explorer.pool_mean(), abs=0.005)


def test_a_minus_does_not_make_a_value_negative(window):
    window.locator(".cnn-grid--window [role=gridcell]").first.focus()
    window.keyboard.press("-")
    assert window.locator(".cnn-grid--window .cnn-value").all_inner_texts() == ["8", "6", "4", "2"]


def test_the_buttons_change_the_value_that_they_name(window):
    window.locator(".cnn-grid--window [role=gridcell]").first.focus()
    window.keyboard.press("ArrowDown")
    window.locator("[data-action=raise]").click()
    assert window.locator(".cnn-grid--window .cnn-value").all_inner_texts() == ["8", "6", "5", "2"]


def test_reset_brings_back_the_first_state(page):
    page.locator("[data-control=scale]").uncheck()
    control(page, "training", "false").check(force=True)
    page.locator("[data-action=draw-100]").click()
    page.locator("[data-action=reset]").click()
    assert numbers(page)[0] == ["3", "9", "8", "36"]
    assert says(page).startswith("Draw 100:")


def test_a_link_leads_back_to_scene_rate_and_window(show):
    link = (
        "explorer&scene=pool&p=0.25&training=true&scale=true&unit=3&pool=average&seed=5&draws=7"
        "&window=rr.jj"
    )
    page = show(DropoutExplorer(anchor="explorer"), link=link).page
    assert control(page, "scene", "pool").is_checked()
    assert control(page, "pool", "average").is_checked()
    assert means(page)[0] == ("10", "+2")


@pytest.mark.parametrize("scene", ["unit", "pool"])
@pytest.mark.parametrize("p", [0.5, 0.85])
def test_on_a_phone_both_scenes_fit_at_every_rate(show, scene, p):
    page = show(DropoutExplorer(p, scene=scene), width=375).page
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 375
    box = page.locator(".cnn-dropout").bounding_box()
    for part in page.locator(".cnn-scene:visible > *").all():
        inner = part.bounding_box()
        assert inner["x"] + inner["width"] <= box["x"] + box["width"]


@pytest.mark.parametrize("scene", ["unit", "pool"])
def test_everything_that_can_be_touched_is_large_enough_for_a_finger(show, scene):
    page = show(DropoutExplorer(scene=scene), width=375).page
    touched = page.locator(":is(button, input, [role=gridcell]):visible").all()
    assert len(touched) > 8
    for thing in touched:
        box = thing.bounding_box()
        assert min(box["width"], box["height"]) >= 24


def test_the_room_is_kept_from_the_first_moment(show):
    for width in (1024, 375):
        page = show(DropoutExplorer(), width=width).page
        heights = page.evaluate(
            """() => {
              const place = document.querySelector(".cnnlab-widget");
              const drawn = place.firstElementChild.getBoundingClientRect().height;
              return [drawn, parseFloat(getComputedStyle(place).minHeight)];
            }"""
        )
        assert heights[0] <= heights[1]
