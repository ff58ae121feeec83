"""The convolution explorer in a browser: dragged, typed into, played and restored."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from cnnlab.widgets import ConvolutionExplorer

PHOTO = np.add.outer(np.arange(24), 2 * np.arange(24)) % 50 * 5


@pytest.fixture
def explorer(show):
    return show(ConvolutionExplorer(anchor="slide")).page.locator(".cnn-convolution")


@pytest.fixture
def with_photo(show):
    widget = ConvolutionExplorer(photo=PHOTO, view="photo", at=(0, 0))
    return show(widget).page.locator(".cnn-convolution")


def choose(explorer, control, value):
    explorer.locator(f'[data-control="{control}"] input[value="{value}"]').check(force=True)


def cell(explorer, kind, i, j):
    row = explorer.locator(f".cnn-grid--{kind} [role=row]").nth(i)
    return row.locator("[role=gridcell]").nth(j)


def numbers(explorer, selector):
    texts = explorer.locator(selector).all_inner_texts()
    return [float(text.replace("−", "-")) if text else None for text in texts]


def output(explorer):
    """Cells of the output in reading order, None where nothing is filled in."""
    return numbers(explorer, ".cnn-grid--output .cnn-value")


def says(explorer):
    return explorer.locator(".cnn-says").inner_text()


def caption(explorer):
    return explorer.locator(".cnn-side--output .cnn-caption").inner_text()


def middle(locator):
    box = locator.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag(explorer, start, end):
    mouse = explorer.page.mouse
    mouse.move(*middle(start))
    mouse.down()
    mouse.move(*middle(end), steps=6)
    mouse.up()


def test_at_first_the_output_is_filled_up_to_the_window(explorer):
    wanted = ConvolutionExplorer().output().ravel().tolist()
    assert output(explorer) == wanted[:16] + [None] * 20


def test_a_drag_of_the_window_fills_the_cells_on_its_way(explorer):
    drag(explorer, cell(explorer, "input", 6, 1), cell(explorer, "input", 6, 5))
    wanted = ConvolutionExplorer().output()
    assert output(explorer)[30:] == [*wanted[5, :5], None]


def test_a_drag_over_the_output_moves_the_window_too(explorer):
    drag(explorer, cell(explorer, "output", 4, 0), cell(explorer, "output", 4, 2))
    assert says(explorer).startswith("Output, row 5, column 3:")


def test_a_finger_drags_the_window(show):
    widget = ConvolutionExplorer(visited=[])
    explorer = show(widget, width=375, has_touch=True).page.locator(".cnn-convolution")
    explorer.locator(".cnn-grid--input").scroll_into_view_if_needed()
    touch = explorer.page.context.new_cdp_session(explorer.page)
    places = [middle(cell(explorer, "input", 1, j)) for j in (1, 2, 3)]
    for kind, place in zip(["touchStart", "touchMove", "touchMove"], places, strict=True):
        points = [{"x": place[0], "y": place[1]}]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert [v is not None for v in output(explorer)[:6]] == [True, True, True, False, False, False]


def test_a_click_far_away_fills_only_the_cell_of_that_place(explorer):
    cell(explorer, "input", 7, 7).click()
    filled = [v is not None for v in output(explorer)]
    assert filled == [True] * 16 + [False] * 19 + [True]


def test_the_arrow_keys_of_the_input_take_the_window_along(explorer):
    cell(explorer, "input", 1, 1).click()
    explorer.page.keyboard.press("ArrowDown")
    explorer.page.keyboard.press("ArrowRight")
    assert says(explorer).startswith("Output, row 2, column 2:")


def test_the_arrow_keys_of_the_output_reach_every_place(explorer):
    choose(explorer, "padding", 2)
    cell(explorer, "output", 1, 0).focus()
    explorer.page.keyboard.press("ArrowUp")
    assert says(explorer).startswith("Output, row 1, column 1: 0·(−1)")


def test_coming_to_a_map_by_tab_leaves_the_window_where_it_is(explorer):
    choose(explorer, "padding", 2)
    cell(explorer, "output", 0, 0).click()
    before = says(explorer)
    explorer.locator('.cnn-grid--input [tabindex="0"]').focus()
    explorer.locator('.cnn-grid--output [tabindex="0"]').focus()
    assert says(explorer) == before


def test_a_typed_digit_changes_the_pixel_and_the_sum(explorer):
    cell(explorer, "input", 1, 1).click()
    explorer.page.keyboard.type("5-")
    assert cell(explorer, "input", 1, 1).inner_text() == "−5"
    assert "(−5)·0" in says(explorer)


def test_a_map_of_another_size_under_the_cursor_takes_its_place_without_errors(show):
    visit = show(ConvolutionExplorer())
    explorer = visit.page.locator(".cnn-convolution")
    cell(explorer, "input", 7, 7).focus()
    explorer.locator('[data-control="pattern"]').select_option("odd")
    assert visit.errors == []
    assert explorer.locator(".cnn-grid--input .cnn-cell").count() == 49


def test_the_buttons_change_the_pixel_that_was_clicked(explorer):
    cell(explorer, "input", 0, 0).click()
    explorer.locator('[data-action="raise"]').click()
    assert cell(explorer, "input", 0, 0).inner_text() == "1"


def test_a_click_raises_a_weight_and_the_buttons_go_on_with_it(explorer):
    cell(explorer, "kernel", 1, 1).click()
    explorer.locator('[data-action="raise"]').click()
    assert numbers(explorer, ".cnn-grid--kernel .cnn-value") == [-1, 0, 1, -1, 2, 1, -1, 0, 1]


def test_a_typed_weight_under_a_flipped_kernel_lands_where_it_is_seen(explorer):
    explorer.locator('[data-control="flip"]').check()
    cell(explorer, "kernel", 0, 0).focus()
    explorer.page.keyboard.press("7")
    assert cell(explorer, "kernel", 0, 0).inner_text() == "7"


def test_the_products_are_pixel_times_weight(explorer):
    pixels = numbers(explorer, ".cnn-mini--pixels .cnn-cell")
    weights = numbers(explorer, ".cnn-grid--kernel .cnn-value")
    products = numbers(explorer, ".cnn-mini--products .cnn-cell")
    assert products == (np.array(pixels) * weights).tolist()
    assert numbers(explorer, ".cnn-sum") == [sum(products)]


def test_flipping_turns_the_kernel_and_changes_the_output(explorer):
    explorer.locator('[data-control="preset"]').select_option("letter")
    explorer.locator('[data-control="filled"]').check()
    explorer.locator('[data-control="flip"]').check()
    wanted = ConvolutionExplorer(kernel=[[1, 1, 1], [1, 1, 0], [1, 0, 0]], flip=True)
    assert numbers(explorer, ".cnn-grid--kernel .cnn-value") == [0, 0, 1, 0, 1, 1, 1, 1, 1]
    assert output(explorer) == wanted.output().ravel().tolist()


@pytest.mark.parametrize(
    ("stride", "padding", "dilation"), [(1, 0, 1), (2, 1, 1), (3, 2, 2), (1, 2, 2)]
)
def test_the_whole_output_is_that_of_python(explorer, stride, padding, dilation):
    settings = {"stride": stride, "padding": padding, "dilation": dilation}
    for name, value in settings.items():
        choose(explorer, name, value)
    explorer.locator('[data-control="filled"]').check()
    assert output(explorer) == ConvolutionExplorer(**settings).output().ravel().tolist()


def test_a_blur_is_divided_and_says_so(explorer):
    explorer.locator('[data-control="preset"]').select_option("blur")
    assert explorer.locator('[data-control="divisor"]').input_value() == "9"
    assert says(explorer).endswith("= 55, divided by 9: 6.11.")
    assert explorer.locator(".cnn-result").inner_text() == "= 6.11"


def test_the_padding_is_seen_as_zeros(explorer):
    choose(explorer, "padding", 1)
    shown = explorer.locator(".cnn-pad-cell").evaluate_all("all => all.map(x => x.dataset.value)")
    assert shown == ["0"] * 36


def test_the_pixels_under_a_dilated_kernel_are_marked(explorer):
    choose(explorer, "dilation", 2)
    assert explorer.locator(".cnn-grid--input .is-in").count() == 9
    shadow = explorer.locator(".cnn-grid--input .is-in").first.evaluate(
        "node => getComputedStyle(node).boxShadow"
    )
    assert "inset" in shadow


def test_the_overlay_counts_the_windows_of_each_pixel(explorer):
    explorer.locator('[data-control="reads"]').check()
    once = [1, 2, 3, 3, 3, 3, 2, 1]
    assert numbers(explorer, ".cnn-grid--input .cnn-value") == np.outer(once, once).ravel().tolist()


def test_a_typed_digit_leaves_the_overlay_on_and_is_named_beside_it(explorer):
    reads = explorer.locator('[data-control="reads"]')
    reads.check()
    cell(explorer, "input", 1, 1).click()
    explorer.page.keyboard.type("7")
    assert reads.is_checked()
    assert explorer.locator(".cnn-which").inner_text() == "Pixel in row 2, column 2, now 7:"


@pytest.mark.parametrize("width", [1024, 375])
def test_the_switch_of_the_overlay_stands_next_to_the_map_that_it_changes(show, width):
    page = show(ConvolutionExplorer(), width=width).page
    switch = page.locator('[data-control="reads"]').bounding_box()
    plate = page.locator(".cnn-plate--input").bounding_box()
    assert switch["y"] - plate["y"] - plate["height"] < 100


def test_on_a_phone_each_menu_has_a_row_of_its_own(show):
    page = show(ConvolutionExplorer(), width=375).page
    menus = [page.locator(f'[data-control="{name}"]') for name in ("pattern", "preset")]
    boxes = [menu.bounding_box() for menu in menus]
    assert boxes[1]["y"] >= boxes[0]["y"] + boxes[0]["height"]
    assert min(box["width"] for box in boxes) > 280


def test_play_fills_the_output_and_stops_at_the_end(show):
    widget = ConvolutionExplorer(stride=3, at=(0, 0))
    page = show(widget, reduced_motion="no-preference").page
    play = page.locator('[data-action="play"]')
    play.click()
    assert "Pause" in play.inner_text()
    page.wait_for_function("() => document.querySelector('[data-control=filled]').checked")
    assert output(page.locator(".cnn-convolution")) == widget.output().ravel().tolist()
    assert "Play" in play.inner_text()


def test_play_waits_when_asked_to_and_when_the_reader_does_something_else(show):
    page = show(ConvolutionExplorer(at=(0, 0)), reduced_motion="no-preference").page
    play = page.locator('[data-action="play"]')
    for act in (play.click, page.locator(".cnn-size").click):
        play.click()
        act()
        assert "Play" in play.inner_text()


def test_with_reduced_motion_each_press_is_one_place(explorer):
    play = explorer.locator('[data-action="play"]')
    assert play.inner_text() == "Next place"
    play.click()
    assert caption(explorer) == "Output, 6×6: 17 of 36 filled"


def test_played_from_the_whole_output_it_begins_anew(explorer):
    explorer.locator('[data-control="filled"]').check()
    explorer.locator('[data-action="play"]').click()
    assert caption(explorer) == "Output, 6×6: 1 of 36 filled"


def test_the_output_of_a_photograph_is_a_picture_of_the_places_visited(with_photo):
    drag_from = with_photo.locator(".cnn-picture--input").bounding_box()
    mouse, side = with_photo.page.mouse, drag_from["width"] / 24
    mouse.move(drag_from["x"] + 5.5 * side, drag_from["y"] + 3.5 * side)
    mouse.down()
    mouse.move(drag_from["x"] + 9.5 * side, drag_from["y"] + 3.5 * side)
    mouse.up()
    opaque = with_photo.locator(".cnn-picture--output").evaluate(
        """node => [...node.getContext("2d").getImageData(0, 0, node.width, node.height).data]
          .filter((v, n) => n % 4 === 3).map((v, n) => v && n).filter((n) => n)"""
    )
    assert opaque == [2 * 22 + j for j in range(4, 9)]


def test_the_photograph_convolved_is_that_of_python(with_photo):
    with_photo.locator('[data-control="filled"]').check()
    data = with_photo.locator(".cnn-picture--output").evaluate(
        "node => [...node.getContext('2d').getImageData(0, 0, node.width, node.height).data]"
    )
    y = ConvolutionExplorer(photo=PHOTO, view="photo").output()
    wanted = np.floor(128 + 127 * y / np.abs(y).max() + 0.5)
    assert_array_equal(np.array(data).reshape(22, 22, 4)[..., 0], wanted)


def test_the_link_leads_back_to_the_same_state(explorer, show):
    choose(explorer, "stride", 2)
    cell(explorer, "kernel", 0, 0).click()
    cell(explorer, "output", 2, 2).click()
    explorer.locator('[data-action="link"]').click()
    link = explorer.page.url.split("#")[1]
    again = show(ConvolutionExplorer(anchor="slide"), link=link).page.locator(".cnn-convolution")
    assert (says(again), output(again)) == (says(explorer), output(explorer))


def test_reset_puts_everything_back(explorer):
    before = explorer.inner_text()
    choose(explorer, "padding", 2)
    explorer.locator('[data-control="preset"]').select_option("mean")
    cell(explorer, "input", 3, 3).click()
    explorer.page.keyboard.type("4")
    explorer.locator('[data-action="reset"]').click()
    assert explorer.inner_text() == before


def test_large_numbers_stay_inside_of_their_cells(show):
    widget = ConvolutionExplorer(
        np.full((9, 9), -9), np.full((3, 3), 9), padding=2, filled=True, at=(5, 5)
    )
    page = show(widget, width=375).page
    assert page.locator(".cnn-grid--output .cnn-value", has_text="−729").count() == 49
    wide = page.locator(".cnn-grid--output .cnn-cell").evaluate_all(
        "all => all.filter(x => x.firstChild.getBoundingClientRect().width > x.clientWidth).length"
    )
    assert wide == 0


@pytest.mark.parametrize("width", [375, 412])
def test_on_a_phone_input_window_and_output_stand_on_one_screen(show, width):
    stage = show(ConvolutionExplorer(), width=width).page.locator(".cnn-stage")
    top = stage.bounding_box()["y"]
    box = stage.locator(".cnn-grid--output").bounding_box()
    assert box["y"] + box["height"] - top <= 610


@pytest.mark.parametrize("padding", [0, 2])
def test_on_a_phone_every_cell_can_be_hit(show, padding):
    page = show(ConvolutionExplorer(padding=padding), width=375).page
    for kind in ("input", "kernel", "output"):
        box = cell(page.locator(".cnn-convolution"), kind, 0, 0).bounding_box()
        assert min(box["width"], box["height"]) >= 24


@pytest.mark.parametrize("width", [1024, 375])
def test_the_room_held_free_is_what_the_script_needs(show, width):
    page = show(ConvolutionExplorer(), width=width).page
    held = float(
        page.evaluate(
            "() => parseFloat(getComputedStyle(document.querySelector('.cnnlab-widget')).minHeight)"
        )
    )
    assert page.locator(".cnn-convolution").bounding_box()["height"] <= held + 1
