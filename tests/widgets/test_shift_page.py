"""The shift explorer in a browser: dragged, stepped, clicked and restored."""

import numpy as np
import pytest

from cnnlab.widgets import ShiftExplorer
from cnnlab.widgets.shift import RULES


@pytest.fixture
def explorer(show):
    return show(ShiftExplorer("checks", dx=0, anchor="shift")).page.locator(".cnn-shift")


def choose(explorer, control, value):
    explorer.locator(f'[data-control="{control}"] input[value="{value}"]').check(force=True)


def caption(explorer):
    return explorer.locator(".cnn-side .cnn-caption").inner_text().replace("\u00a0", " ")


def error(explorer, rule):
    return explorer.locator(f'[data-rule="{rule}"] .cnn-way-error').inner_text()


def drag(explorer, right, down):
    """Drag the picture by this many of its pixels."""
    picture = explorer.locator(".cnn-picture--moved")
    box, mouse = picture.bounding_box(), explorer.page.mouse
    side = box["width"] / picture.evaluate("node => node.width")
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    mouse.move(x, y)
    mouse.down()
    mouse.move(x + right * side, y + down * side, steps=4)
    mouse.up()


def greys(explorer, rule, kind):
    """Grey values of a canvas of one rule."""
    canvas = explorer.locator(f'[data-rule="{rule}"] .cnn-picture--{kind}')
    height, width, data = canvas.evaluate(
        """node => [node.height, node.width,
          [...node.getContext("2d").getImageData(0, 0, node.width, node.height).data]]"""
    )
    return np.array(data).reshape(height, width, 4)[..., 0]


def test_a_drag_moves_the_picture_by_whole_pixels(explorer):
    drag(explorer, 3, -2)
    assert caption(explorer) == "Moved 3→ 2↑"


def test_a_drag_ends_at_eight_pixels(explorer):
    drag(explorer, -14, 0)
    assert caption(explorer) == "Moved 8←"


def test_the_maps_are_those_of_python(explorer):
    drag(explorer, 1, 0)
    wanted = ShiftExplorer("checks", dx=1).maps()
    for rule, y in wanted.items():
        assert np.abs(greys(explorer, rule, "map") - 255 * y).max() <= 1


def test_where_the_misfit_is_zero_the_difference_is_black(explorer):
    drag(explorer, 3, 0)
    assert (error(explorer, "none"), greys(explorer, "none", "difference").max()) == ("0", 0)
    assert error(explorer, "stride") == "1.15"
    assert greys(explorer, "stride", "difference").max() == 255


def test_the_arrow_keys_move_the_picture_and_home_brings_it_back(explorer):
    picture = explorer.locator(".cnn-picture--moved")
    for key in ("ArrowRight", "ArrowRight", "ArrowDown"):
        picture.press(key)
    assert caption(explorer) == "Moved 2→ 1↓"
    picture.press("Home")
    assert caption(explorer) == "Drag the picture"


def test_the_keyboard_focus_is_seen_on_the_picture(explorer):
    picture = explorer.locator(".cnn-picture--moved")
    picture.press("ArrowRight")
    assert picture.evaluate("node => getComputedStyle(node).outlineWidth") == "3px"


def test_the_buttons_move_the_picture_by_one_pixel(explorer):
    for name in ("left", "up", "up"):
        explorer.get_by_role("button", name=f"one pixel {name}").click()
    assert caption(explorer) == "Moved 1← 2↑"
    explorer.get_by_role("button", name="back to where it was").click()
    assert caption(explorer) == "Drag the picture"


def test_a_click_into_the_curves_chooses_the_shift(explorer):
    plot = explorer.locator(".cnn-plot")
    box = plot.bounding_box()
    inner = box["width"] - 42
    plot.click(position={"x": 30 + inner * (5 + 8) / 16, "y": 60})
    assert caption(explorer) == "Moved 5→"


def test_a_screen_reader_hears_where_the_picture_is(explorer):
    drag(explorer, 3, -1)
    picture = explorer.get_by_role("application", name="Picture, moved 3 pixels right, 1 up")
    assert picture.count() == 1


def test_each_curve_has_a_point_for_each_shift(explorer):
    points = explorer.locator(".cnn-curve polyline").evaluate_all(
        "lines => lines.map((line) => line.getAttribute('points').split(' ').length)"
    )
    assert points == [17] * 5


def test_with_two_pools_a_shift_by_two_no_longer_fits(explorer):
    drag(explorer, 2, 0)
    assert error(explorer, "average") == "0"
    choose(explorer, "depth", 2)
    assert error(explorer, "average") == "0.41"


def test_in_place_of_fitting_one_can_ask_for_staying(explorer):
    drag(explorer, 2, 0)
    assert error(explorer, "none") == "0"
    choose(explorer, "measure", "change")
    assert error(explorer, "none") == "0.53"
    assert "Change against shift" in explorer.locator(".cnn-curves").inner_text()


def test_the_edges_are_pooled_when_chosen(explorer):
    choose(explorer, "features", "edges")
    y = ShiftExplorer("checks", dx=0, features="edges").maps()
    wanted = 255 * y["max"] / y["none"].max()
    assert np.abs(greys(explorer, "max", "map") - wanted).max() <= 1


def test_a_global_pool_is_marked_where_it_has_stayed(explorer):
    explorer.locator("select").select_option("noise")
    drag(explorer, 1, 0)
    marks = explorer.locator(".cnn-global").evaluate_all("all => all.map((p) => p.dataset.same)")
    same = {rule: tuple(marks[2 * n : 2 * n + 2]) for n, rule in enumerate(RULES)}
    assert same == {  # average, max
        "max": ("false", "true"),
        "average": ("true", "false"),
        "stride": ("false", "false"),
        "blur": ("true", "false"),
        "none": ("true", "true"),
    }


def test_the_sentence_speaks_of_the_present_shift(explorer):
    assert explorer.locator(".cnn-says").inner_text().startswith("Nothing has moved yet")
    drag(explorer, 4, 0)
    assert (
        "whole steps of 2. Every map has moved along" in explorer.locator(".cnn-says").inner_text()
    )


def test_a_photograph_can_be_chosen_where_there_is_one(explorer, show):
    assert explorer.locator("option[value=photo]").count() == 0
    photo = np.tile([[0, 255], [255, 0]], (10, 8))
    page = show(ShiftExplorer(photo=photo)).page
    page.locator("select").select_option("photo")
    assert greys(page.locator(".cnn-shift"), "stride", "map").shape == (10, 8)
    assert error(page.locator(".cnn-shift"), "stride") == "∞"


def test_reset_brings_the_first_state_back(explorer):
    drag(explorer, 3, 1)
    explorer.locator("select").select_option("dot")
    choose(explorer, "depth", 2)
    explorer.locator("[data-action=reset]").click()
    assert caption(explorer) == "Drag the picture"
    assert explorer.locator("select").input_value() == "checks"
    assert explorer.locator("[data-control=depth] input[value='1']").is_checked()


def test_a_link_leads_back_to_the_state(explorer, show):
    drag(explorer, -3, 2)
    choose(explorer, "measure", "change")
    explorer.locator("[data-action=link]").click()
    link = explorer.page.evaluate("() => location.hash.slice(1)")
    again = show(ShiftExplorer(anchor="shift"), link=link).page.locator(".cnn-shift")
    assert caption(again) == "Moved 3← 2↓"
    assert again.locator("[data-control=measure] input[value=change]").is_checked()


def test_on_a_phone_picture_curves_and_all_maps_stand_on_one_screen(show):
    root = show(ShiftExplorer(), width=375).page.locator(".cnn-shift")
    top = root.locator(".cnn-stage").bounding_box()
    last = root.locator(".cnn-ways").bounding_box()
    assert last["y"] + last["height"] - top["y"] <= 610  # of 667, less the bar of a site
    maps = [canvas.bounding_box() for canvas in root.locator(".cnn-way canvas").all()]
    assert min(box["width"] for box in maps) >= 75


@pytest.mark.parametrize("measure", ["misfit", "change"])
def test_the_help_gives_the_measure_a_reading_and_no_ceiling(show, measure):
    words = show(ShiftExplorer(measure=measure)).page.locator(".cnn-definition").inner_text()
    assert "(0: nothing)" in words
    assert "Uncorrelated maps of equal mean and spread give 1.4" in words
    assert "there is no ceiling" in words


def test_on_a_phone_a_key_brings_the_picture_back(show):
    page = show(ShiftExplorer(), width=375).page
    page.get_by_role("button", name="back to where it was").click()
    assert caption(page.locator(".cnn-shift")) == "Drag the picture"


def test_a_finger_drags_the_picture_and_not_the_page(show):
    page = show(ShiftExplorer(dx=0), width=375).page
    style = page.locator(".cnn-picture--moved").evaluate(
        "node => getComputedStyle(node).touchAction"
    )
    assert style == "none"


@pytest.mark.parametrize("width", [375, 1024])
def test_everything_to_press_is_large_enough_for_a_finger(show, width):
    root = show(ShiftExplorer(anchor="s"), width=width).page.locator(".cnn-shift")
    for button in root.locator("button:visible").all():
        box = button.bounding_box()
        assert min(box["width"], box["height"]) >= 24


@pytest.mark.parametrize("width", [375, 700, 1024])
def test_the_room_kept_for_the_explorer_is_not_more_than_it_takes(show, width):
    page = show(ShiftExplorer(anchor="s"), width=width).page
    kept = page.locator(".cnnlab-widget").evaluate(
        "node => parseFloat(getComputedStyle(node).minHeight)"
    )
    taken = page.locator(".cnn-shift").bounding_box()["height"]
    assert 0.85 * taken <= kept <= taken
