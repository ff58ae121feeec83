"""The pooling explorer on a page of its own, used as a reader does."""

from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_allclose

from cnnlab.widgets import PoolingExplorer

PHOTO = np.add.outer(np.arange(48), np.arange(48)) % 16 / 15
PHONE = {"width": 375}


def root(visit):
    return visit.page.locator(".cnn-pooling")


def choose(visit, control, value):
    key = f'[data-control="{control}"] input[value="{value}"]'
    root(visit).locator(key).check(force=True)


def cells(visit, kind):
    return root(visit).locator(f".cnn-grid--{kind} [role=gridcell]")


def values(visit, kind):
    rows = root(visit).locator(f".cnn-grid--{kind} [role=row]").all()
    texts = [row.locator("[role=gridcell] .cnn-value").all_inner_texts() for row in rows]
    return np.array([[float(text.replace("−", "-")) for text in row] for row in texts])


def says(visit):
    return root(visit).locator(".cnn-says").inner_text()


def slide(visit, place):
    root(visit).locator('[data-control="p"]').fill(str(place))


@pytest.mark.parametrize(
    "arguments",
    [
        {"mode": "max", "kernel": 3, "stride": 2, "padding": 1, "ceil_mode": True},
        {"mode": "average", "kernel": 4, "stride": 1, "padding": 2, "count_include_pad": False},
        {"mode": "lp", "kernel": 3, "stride": 1, "p": 3.5},
        {"mode": "blur", "kernel": 4, "stride": 2},
    ],
)
def test_the_page_shows_the_output_of_python(show, arguments):
    explorer = PoolingExplorer(**arguments)
    assert_allclose(values(show(explorer), "output"), explorer.output(), rtol=0, atol=0.006)


def test_at_first_a_window_and_what_becomes_of_it_are_shown(show):
    visit = show(PoolingExplorer())
    assert says(visit) == "max of 0, 0, 7, 9 = 9"
    assert root(visit).locator(".is-winner").count() == 1
    assert root(visit).locator(".cnn-frame:not([hidden])").count() == 2


def test_the_slider_of_p_leads_from_the_average_towards_the_maximum(show):
    visit = show(PoolingExplorer(mode="lp"))
    seen = []
    for place in (0, 1, 3, 6):
        slide(visit, place)
        seen.append(values(visit, "output"))
    assert_allclose(seen[0], PoolingExplorer(mode="average").output(), atol=0.006)
    assert all((low <= high).all() for low, high in pairwise(seen))
    assert np.abs(seen[-1] - PoolingExplorer().output()).max() < 0.2


def test_the_slider_of_p_moves_with_the_arrow_keys(show):
    visit = show(PoolingExplorer(mode="lp", p=1))
    slider = root(visit).locator('[data-control="p"]')
    words = [slider.get_attribute("aria-valuetext")]
    for _ in range(3):
        slider.press("ArrowRight")
        words.append(slider.get_attribute("aria-valuetext"))
    assert words == ["p = 1", "p = 1.07", "p = 1.15", "p = 1.23"]


def test_the_curve_has_its_point_above_the_thumb_of_the_slider(show):
    visit = show(PoolingExplorer(mode="lp"))
    box = root(visit).locator('[data-control="p"]').bounding_box()
    for place in (0, 3, 6):
        slide(visit, place)
        point = root(visit).locator(".cnn-curve .is-here").bounding_box()
        thumb = box["x"] + 8 + place / 6 * (box["width"] - 16)
        assert point["x"] + point["width"] / 2 == pytest.approx(thumb, abs=2)


def test_the_sentence_follows_the_slider_for_the_window_pointed_at_last(show):
    visit = show(PoolingExplorer(mode="lp"))
    cells(visit, "output").nth(5).hover()
    visit.page.mouse.move(1, 1)
    slide(visit, 0)
    assert says(visit).startswith("power mean of 4, 4, 0, 1 with p = 1: 2.25,")


@pytest.mark.parametrize(
    ("rule", "slider", "padding", "more"),
    [
        ("max", False, True, True),
        ("average", False, True, True),
        ("lp", True, False, True),
        ("blur", False, False, False),
    ],
)
def test_only_what_belongs_to_a_rule_is_in_view(show, rule, slider, padding, more):
    visit = show(PoolingExplorer())
    choose(visit, "mode", rule)
    parts = (".cnn-power", '[data-control="padding"]', '[data-action="more"]')
    assert [root(visit).locator(part).is_visible() for part in parts] == [slider, padding, more]


def test_ceil_mode_waits_behind_more_and_then_shows_a_window_that_hangs_over(show):
    visit = show(PoolingExplorer(kernel=3))
    ceil = root(visit).locator('[data-control="ceil_mode"]')
    assert not ceil.is_visible()
    root(visit).locator('[data-action="more"]').click()
    ceil.check()
    assert values(visit, "output").shape == (4, 4)
    assert root(visit).locator(".cnn-pad-cell.is-beyond").count() == 8 + 9
    frame = root(visit).locator(".cnn-plate").first.locator(".cnn-frame")
    reach = frame.evaluate(
        """(node) => node.getBoundingClientRect().top
            + parseFloat(getComputedStyle(node, "::before").height)"""
    )
    below = root(visit).locator(".cnn-grid--input").bounding_box()
    assert reach > below["y"] + below["height"] + 10
    assert "hang over the border" in says(visit)


def test_a_ceil_mode_that_is_on_is_in_view(show):
    visit = show(PoolingExplorer(ceil_mode=True))
    assert root(visit).locator('[data-control="ceil_mode"]').is_visible()


def test_a_rule_without_padding_takes_the_padding_away(show):
    visit = show(PoolingExplorer(padding=1))
    choose(visit, "mode", "blur")
    choose(visit, "mode", "max")
    assert values(visit, "output").shape == (4, 4)
    assert (visit.errors, visit.missing) == ([], [])


def test_among_equals_the_first_wins_and_the_others_are_marked(show):
    visit = show(PoolingExplorer([[5] * 4] * 4, gradient=True))
    cells(visit, "output").first.hover()
    assert cells(visit, "input").nth(0).get_attribute("class").split().count("is-winner") == 1
    tied = root(visit).locator(".cnn-cell.is-tied")
    assert tied.locator(".cnn-share").all_inner_texts() == ["0"] * 3
    assert "It stands there 4 times; the first in reading order wins" in says(visit)


@pytest.mark.parametrize(
    ("rule", "kernel", "shares"),
    [
        ("average", 2, ["1/4"] * 4),
        ("lp", 2, ["0.4", "0.3"]),
        ("blur", 3, ["4/16", "4/16", "4/16", "4/16"]),
    ],
)
def test_every_rule_shows_its_way_back(show, rule, kernel, shares):
    x = np.zeros((4, 4), dtype=int)
    x[0, :2] = 4, 3
    visit = show(PoolingExplorer(x, mode=rule, kernel=kernel, gradient=True))
    cells(visit, "output").first.hover()
    badges = root(visit).locator(".cnn-cell.has-share .cnn-share").all_inner_texts()
    assert badges == shares


def test_a_typed_digit_changes_the_power_mean(show):
    visit = show(PoolingExplorer([[0] * 4] * 4, mode="lp", p=2))
    cells(visit, "input").first.focus()
    visit.page.keyboard.press("8")
    assert values(visit, "output")[0, 0] == 4


def test_the_photograph_stands_before_and_after_at_one_size(show):
    visit = show(PoolingExplorer(photo=PHOTO, view="photo", kernel=4, stride=4))
    before, after = (
        root(visit).locator(f".cnn-picture--{kind}").bounding_box() for kind in ("input", "output")
    )
    assert (before["width"], before["y"]) == pytest.approx((after["width"], after["y"]), abs=1)
    assert before["x"] + before["width"] < after["x"]


def test_on_a_phone_the_photographs_stand_side_by_side(show):
    visit = show(PoolingExplorer(photo=PHOTO, view="photo", kernel=4, stride=4), **PHONE)
    before, after = (
        root(visit).locator(f".cnn-picture--{kind}").bounding_box() for kind in ("input", "output")
    )
    assert before["x"] + before["width"] < after["x"]
    assert after["x"] + after["width"] <= 375 - 16


def test_the_four_rules_stand_side_by_side_and_can_be_chosen_there(show):
    visit = show(PoolingExplorer(photo=PHOTO, view="photo", kernel=4, stride=4))
    keys = root(visit).locator(".cnn-thumb")
    assert keys.all_inner_texts() == [" max", " average", " Lp", " blur"]
    keys.nth(3).click()
    assert root(visit).get_attribute("data-mode") == "blur"
    assert [key.get_attribute("aria-pressed") for key in keys.all()] == ["false"] * 3 + ["true"]


def test_the_small_pictures_are_those_of_their_rules(show):
    explorer = PoolingExplorer(photo=PHOTO, view="photo", kernel=3, stride=3)
    visit = show(explorer)
    for rule in ("max", "average", "lp", "blur"):
        explorer.mode = rule
        pixels = (
            root(visit)
            .locator(f".cnn-thumb .cnn-picture--{rule}")
            .evaluate(
                """(node) => [...node.getContext("2d")
                    .getImageData(0, 0, node.width, node.height).data]"""
            )
        )
        red = np.reshape(pixels, (16, 16, 4))[:, :, 0]
        assert_allclose(red, explorer.output(), rtol=0, atol=0.51)


@pytest.mark.parametrize(
    "arguments",
    [
        {"stride": 1},
        {"stride": 1, "mode": "average"},
        {"stride": 1, "kernel": 3, "padding": 1},
        {"stride": 1, "mode": "lp"},
        {"kernel": 3, "mode": "blur"},
        {"kernel": 3, "ceil_mode": True},
    ],
)
def test_on_a_phone_input_sentence_and_output_fit_on_one_screen(show, arguments):
    visit = show(PoolingExplorer(**arguments), **PHONE)
    stage = root(visit).locator(".cnn-stage")
    assert stage.bounding_box()["height"] <= 610  # of 667, less the bar of a site
    side = cells(visit, "input").first.bounding_box()["width"]
    assert side >= 24


def test_on_a_phone_slider_curve_and_output_fit_on_one_screen(show):
    visit = show(PoolingExplorer(mode="lp"), **PHONE)
    top = root(visit).locator(".cnn-curve").bounding_box()["y"]
    output = root(visit).locator(".cnn-grid--output").bounding_box()
    assert output["y"] + output["height"] - top <= 667


def test_a_link_brings_every_setting_back(show):
    explorer = PoolingExplorer(mode="lp", p=5.25, kernel=3, stride=1, ceil_mode=True, anchor="pool")
    visit = show(explorer)
    root(visit).locator('[data-action="link"]').click()
    link = visit.page.evaluate("() => location.hash.slice(1)")
    there = show(PoolingExplorer(anchor="pool"), link=link)
    assert_allclose(values(there, "output"), explorer.output(), rtol=0, atol=0.006)
    assert root(there).locator(".cnn-slider-value").inner_text() == "p = 5.25"


def test_reset_brings_the_first_state_back(show):
    visit = show(PoolingExplorer(mode="lp", p=4))
    slide(visit, 6)
    choose(visit, "mode", "blur")
    root(visit).locator('[data-action="reset"]').click()
    assert root(visit).locator(".cnn-slider-value").inner_text() == "p = 4"


def test_the_rules_say_what_lp_stands_for(show):
    legend = root(show(PoolingExplorer())).locator('[data-control="mode"] legend')
    assert legend.inner_text() == "Rule (Lp: power mean)"


def test_on_a_phone_the_exponent_stays_in_its_panel(show):
    visit = show(PoolingExplorer(mode="lp", p=11.3), **PHONE)
    panel, value = (
        root(visit).locator(name).bounding_box() for name in (".cnn-power", ".cnn-slider-value")
    )
    assert value["x"] + value["width"] <= panel["x"] + panel["width"]


@pytest.mark.parametrize("mode", ["lp", "blur"])
@pytest.mark.parametrize("view", ["numbers", "photo"])
def test_on_a_phone_no_rule_has_to_be_moved_sideways(show, mode, view):
    visit = show(PoolingExplorer(photo=PHOTO, mode=mode, view=view, gradient=True), **PHONE)
    assert visit.page.evaluate("() => document.documentElement.scrollWidth") <= 375
    assert visit.errors == []
