"""The stack builder in a browser: with pointer, finger and keyboard."""

import numpy as np
import pytest

from cnnlab.widgets import StackExplorer

SHORT = [{"kind": "conv", "padding": 1}, {"kind": "pool"}, {"kind": "flatten"}, {"kind": "dense"}]


@pytest.fixture
def page(show):
    """The builder with four layers, the pool selected."""
    return show(StackExplorer(SHORT, anchor="stack")).page


def names(page):
    return page.locator("tbody th b").all_inner_texts()[1:]


def row(page, n):
    return page.locator(f"tr[data-layer='{n}']")


def cell(page, n, name):
    return row(page, n).locator(f".cnn-stack-{name}").inner_text()


def caption(page):
    return page.locator(".cnn-stack-right .cnn-caption").first.inner_text()


def square(page):
    """Left, top and side of the square, in pixels of the picture."""
    line = page.locator(".cnn-stack-line")
    return tuple(float(line.get_attribute(name)) for name in ("x", "y", "width"))


def test_at_first_the_receptive_field_of_the_last_map_is_drawn(page):
    assert caption(page) == "Sees 4×4 pixels"
    assert square(page) == (11, 11, 4)


def test_a_click_on_a_layer_shows_what_it_sees(page):
    row(page, 1).locator(".cnn-stack-pick").click()
    assert caption(page) == "Sees 3×3 pixels"
    assert row(page, 1).locator(".cnn-stack-pick").get_attribute("aria-pressed") == "true"


def test_a_flatten_keeps_what_the_map_above_it_sees(page):
    row(page, 3).locator(".cnn-stack-pick").click()
    assert (caption(page), cell(page, 3, "field"), cell(page, 4, "field")) == (
        "Sees 4×4 pixels",
        "4",
        "all",
    )


def test_what_skips_pixels_is_said_to_span_them(show):
    layers = [{"kind": "conv", "kernel_size": 1, "stride": 2}, {"kind": "global"}]
    page = show(StackExplorer(layers, selected=2)).page
    assert (caption(page), cell(page, 2, "field")) == ("Spans 27×27 pixels", "27")
    assert square(page) == (0, 0, 27)


def test_a_dense_layer_sees_all_of_the_picture(page):
    row(page, 4).locator(".cnn-stack-pick").click()
    assert square(page) == (0, 0, 28)


def test_the_square_follows_the_pointer_into_the_padding(page):
    view = page.locator(".cnn-stack-view")
    view.scroll_into_view_if_needed()
    box = view.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 1, box["y"] + 1)
    page.mouse.up()
    assert square(page) == (-1, -1, 4)
    assert "44 % of them padding" in page.locator(".cnn-says").inner_text()


def test_the_square_moves_by_one_value_for_an_arrow_key(page):
    page.locator(".cnn-stack-view").press("ArrowRight")
    assert square(page) == (13, 11, 4)


def test_the_place_in_the_picture_stays_when_another_layer_is_selected(page):
    for _ in range(6):
        page.locator(".cnn-stack-view").press("ArrowLeft")
    row(page, 1).locator(".cnn-stack-pick").click()
    left, _, side = square(page)
    assert abs(left + side / 2 - 1) <= 1


def test_a_layer_is_dragged_to_another_place(page):
    grip = row(page, 1).locator(".cnn-stack-grip").bounding_box()
    target = row(page, 3).bounding_box()
    page.mouse.move(grip["x"] + 8, grip["y"] + 8)
    page.mouse.down()
    page.mouse.move(grip["x"] + 8, target["y"] + target["height"] - 3, steps=6)
    page.mouse.up()
    assert names(page) == ["max pool", "flatten", "conv", "dense"]
    assert row(page, 3).get_attribute("class").split() == ["is-selected", "is-wrong"]


def test_a_layer_let_go_stays_where_it_is(page):
    grip = row(page, 1).locator(".cnn-stack-grip").bounding_box()
    page.mouse.move(grip["x"] + 8, grip["y"] + 8)
    page.mouse.down()
    page.mouse.up()
    page.mouse.move(grip["x"] + 8, grip["y"] + 200)
    assert names(page) == ["conv", "max pool", "flatten", "dense"]


def test_a_layer_moves_with_the_arrow_keys_and_keeps_the_focus(page):
    row(page, 1).locator(".cnn-stack-grip").press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert names(page) == ["max pool", "flatten", "conv", "dense"]


@pytest.mark.parametrize(
    ("action", "order"),
    [
        ("up", ["max pool", "conv", "flatten", "dense"]),
        ("down", ["conv", "flatten", "max pool", "dense"]),
        ("remove", ["conv", "flatten", "dense"]),
        ("add-dropout", ["conv", "max pool", "dropout", "flatten", "dense"]),
        ("add-global", ["conv", "max pool", "global average", "flatten", "dense"]),
    ],
)
def test_buttons_change_the_stack_at_the_selected_layer(page, action, order):
    page.click(f"[data-action={action}]")
    assert names(page) == order


def test_the_last_layer_that_is_taken_out_hands_the_focus_to_the_input(show):
    page = show(StackExplorer([{"kind": "flatten"}], selected=1)).page
    page.locator("[data-action=remove]").press("Enter")
    assert names(page) == []
    assert page.evaluate("document.activeElement.className") == "cnn-stack-pick"


def test_a_typed_number_changes_the_layer_at_once(page):
    page.fill("[data-field=kernel_size]", "4")
    assert (cell(page, 2, "shape"), cell(page, 2, "field")) == ("13×13×8", "6")


def test_a_number_out_of_range_becomes_the_nearest_that_is_allowed(page):
    page.fill("[data-field=stride]", "99")
    page.locator("[data-field=stride]").blur()
    assert page.input_value("[data-field=stride]") == "8"


def test_the_padding_of_a_pool_stays_within_half_its_window(page):
    page.fill("[data-field=kernel_size]", "4")
    page.fill("[data-field=padding]", "2")
    page.fill("[data-field=kernel_size]", "2")
    assert page.input_value("[data-field=padding]") == "1"


def test_the_size_of_the_picture_is_set_at_the_input(page):
    row(page, 0).locator(".cnn-stack-pick").click()
    page.fill("[data-field=size]", "40")
    assert cell(page, 3, "shape") == "3\u202f200"
    assert page.input_value("[data-control=input]") == "own"


def test_without_its_pool_the_network_shows_where_it_was(page):
    page.locator("[data-control=pools] input[value=none]").check()
    assert row(page, 2).inner_text().split("\n")[-1].endswith("left out")
    assert cell(page, 3, "shape") == "6\u202f272"


def test_a_stride_in_place_of_the_pool_stands_in_the_convolution(page):
    page.locator("[data-control=pools] input[value=stride]").check()
    assert "moved into the convolution above" in row(page, 2).inner_text()
    assert (cell(page, 1, "shape"), cell(page, 1, "jump")) == ("14×14×8", "2")


def test_each_rule_shows_its_cost_before_it_is_chosen(page):
    costs = page.locator(".cnn-stack-cost").all_inner_texts()
    assert [text.split("\n")[0] for text in costs] == [
        *3 * ["15\u202f770 parameters"],
        "62\u202f810 parameters",
    ]


def test_a_layer_that_does_not_fit_says_so_in_its_row(page):
    page.fill("[data-field=kernel_size]", "11")
    row(page, 0).locator(".cnn-stack-pick").click()
    page.fill("[data-field=size]", "8")
    assert "Does not fit. Its window covers 11×11 pixels" in row(page, 2).inner_text()


def test_a_network_made_for_a_picture_brings_its_picture(page):
    page.select_option("[data-control=network]", "lenet")
    assert cell(page, 0, "shape") == "28×28×1"
    assert page.locator("tfoot .cnn-stack-parameters").inner_text() == "61\u202f706"


def test_a_small_network_after_a_large_one_brings_its_own_picture(page):
    page.select_option("[data-control=network]", "vgg")
    page.select_option("[data-control=network]", "book")
    assert cell(page, 0, "shape") == "28×28×1"


@pytest.mark.parametrize(("selected", "action", "at"), [(2, "up", 1), (3, "down", 4)])
def test_a_layer_that_cannot_go_on_hands_the_focus_to_its_grip(show, selected, action, at):
    page = show(StackExplorer(SHORT, selected=selected)).page
    page.locator(f"[data-action={action}]").press("Enter")
    place = "document.activeElement.closest('tr')?.dataset.layer"
    assert page.evaluate(place) == str(at)
    assert page.evaluate("document.activeElement.className") == "cnn-stack-grip"


def test_without_a_photograph_one_channel_shows_a_digit(show):
    read = "(canvas) => [...canvas.getContext('2d').getImageData(0, 0, 1, 28).data]"
    edge = [
        set(show(StackExplorer(SHORT, channels=n)).page.eval_on_selector("canvas", read))
        for n in (1, 3)
    ]
    assert edge[0] == {50, 255}  # an even ground; 255 is the opacity
    assert len(edge[1]) > 2  # sky and hills


@pytest.mark.parametrize("width", [375, 768, 1280])
def test_a_stride_stands_in_the_row_at_every_width(show, width):
    layers = [{"kind": "conv", "stride": 2, "padding": 1}]
    page = show(StackExplorer(layers), width=width).page
    assert "stride\u00a02" in row(page, 1).locator("th").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_on_a_phone_the_names_of_networks_are_not_cut(show):
    page = show(StackExplorer(), width=375).page
    widths = [page.locator(f"[data-control={name}]") for name in ("network", "input")]
    assert all(node.bounding_box()["width"] > 240 for node in widths)
    assert not page.locator(".cnn-help .cnn-stack-jump").is_visible()


def test_a_part_of_a_bar_selects_its_layer(page):
    page.click(".cnn-stack-bar--parameters .cnn-stack-part[data-layer='4']")
    assert "is-selected" in row(page, 4).get_attribute("class")


def test_bars_are_told_in_words(page):
    label = page.locator(".cnn-stack-bar--parameters").get_attribute("aria-label")
    assert label == "layer 1, conv, below 1 %; layer 4, dense, 99 %."


def test_reset_brings_back_the_first_stack(page):
    page.click("[data-action=remove]")
    page.click("[data-action=reset]")
    assert names(page) == ["conv", "max pool", "flatten", "dense"]


def test_a_link_leads_back_to_the_stack(show):
    link = "stack&size=16&channels=3&selected=1&unit=0_2&layers=c4_5_1_2_1_1.g"
    page = show(StackExplorer(anchor="stack"), link=link).page
    assert names(page) == ["conv", "global average"]
    assert square(page) == (0, -2, 5)


def test_the_photograph_is_drawn_as_the_network_gets_it(show):
    photo = np.repeat(np.repeat([[10, 60], [110, 160]], 8, axis=0), 8, axis=1)
    page = show(StackExplorer(photo=photo, size=4)).page
    read = """(canvas) => [canvas.width, ...[...canvas.getContext("2d").getImageData(
        0, 0, 4, 4).data].filter((_, n) => n % 4 === 0)]"""
    upper, lower = [10, 10, 60, 60], [110, 110, 160, 160]
    assert page.eval_on_selector("canvas", read) == [4, *upper, *upper, *lower, *lower]


@pytest.mark.parametrize("network", ["book", "book-none", "lenet", "all-conv", "vgg"])
@pytest.mark.parametrize("width", [375, 768])
def test_no_network_has_to_be_moved_sideways(show, network, width):
    page = show(StackExplorer(), width=width).page
    page.select_option("[data-control=network]", network)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_every_target_is_large_enough_for_a_finger(show):
    page = show(StackExplorer(anchor="stack"), width=375).page
    sizes = page.eval_on_selector_all(
        ".cnn-stack :is(button, select, input)",
        "(nodes) => nodes.map((n) => n.getBoundingClientRect()).filter((b) => b.width)"
        ".map((b) => Math.min(b.width, b.height))",
    )
    assert min(sizes) >= 24


@pytest.mark.parametrize("width", [375, 768, 1024])
def test_the_room_kept_for_the_builder_is_what_it_needs(show, width):
    page = show(StackExplorer(anchor="stack"), width=width).page
    kept, drawn = page.eval_on_selector(
        ".cnnlab-widget",
        "(node) => [parseFloat(getComputedStyle(node).minHeight),"
        " node.firstElementChild.getBoundingClientRect().height]",
    )
    assert -80 < drawn - kept < 40
