"""The digit explorer in a browser: dragged, drawn with pointer and keys, swept and restored."""

import json
import math
from base64 import b64decode

import numpy as np
import pytest

from cnnlab.widgets import DigitsExplorer
from cnnlab.widgets.digits import BY_PLACE, MOST, NETWORKS, sample

READY = ".cnn-digits[data-ready=true]"
SEVEN = [[[16, 10], [46, 10], [28, 56]], [[22, 32], [42, 32]]]  # with a bar, as in the data


@pytest.fixture
def start(show):
    """Show an explorer and wait until its networks have read."""

    def start(explorer, **options):
        page = show(explorer, **options).page
        page.wait_for_selector(READY)
        return page.locator(".cnn-digits")

    return start


@pytest.fixture
def explorer(start):
    return start(DigitsExplorer(anchor="digits"))


def settled(explorer):
    """Wait for the next picture of the page, with which the networks follow."""
    explorer.page.evaluate(
        "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
    )
    explorer.page.wait_for_selector(READY)


def answers(explorer):
    settled(explorer)
    nets = explorer.locator(".cnn-net:not(.is-absent)")
    pairs = nets.evaluate_all(
        """nets => nets.map((net) =>
          [net.dataset.network, Number(net.querySelector(".cnn-net-answer").textContent)])"""
    )
    return dict(pairs)


def drag(explorer, right, down):
    """Drag the digit by this many pixels of the canvas."""
    box, mouse = explorer.locator(".cnn-picture--canvas").bounding_box(), explorer.page.mouse
    x, y, side = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, box["width"] / 28
    mouse.move(x, y)
    mouse.down()
    mouse.move(x + right * side, y + down * side, steps=4)
    mouse.up()


def choose(explorer, control, value):
    explorer.locator(f'[data-control="{control}"] input[value="{value}"]').check(force=True)


def draw(explorer, *strokes):
    box, mouse = explorer.locator(".cnn-paper").bounding_box(), explorer.page.mouse
    for stroke in strokes:
        points = [
            [box["x"] + box["width"] * (x + 0.5) / 64, box["y"] + box["height"] * (y + 0.5) / 64]
            for x, y in stroke
        ]
        mouse.move(*points[0])
        mouse.down()
        for point in points[1:]:
            mouse.move(*point, steps=5)
        mouse.up()


def says(explorer):
    settled(explorer)
    return explorer.get_by_role("status").inner_text()


def test_at_first_one_sees_networks_disagree(explorer):
    assert answers(explorer) == DigitsExplorer().answers()
    signs = explorer.locator(".cnn-net-sign").all_inner_texts()
    assert [sign == "✓" for sign in signs] == [name.endswith("_gap") for name in NETWORKS]
    assert says(explorer).startswith("An 8, moved 4 pixels right. With a flatten, none of 4")


@pytest.mark.parametrize(("right", "down"), [(-4, 0), (2, -5), (-9, 1)])
def test_a_dragged_digit_is_read_as_in_python(explorer, right, down):
    drag(explorer, right, down)
    dx = max(-6, 4 + right)
    assert answers(explorer) == DigitsExplorer(dx=dx, dy=down).answers()
    canvas = explorer.locator(".cnn-picture--canvas").evaluate(
        "node => [...node.getContext('2d').getImageData(0, 0, 28, 28).data]"
    )
    grey = np.reshape(canvas, (28, 28, 4))[..., 0]
    assert np.abs(grey - 255 * DigitsExplorer(dx=dx, dy=down).image()).max() <= 1


def test_the_arrow_keys_move_the_digit_and_home_puts_it_in_the_middle(explorer):
    canvas = explorer.get_by_role("application")
    for key in ("ArrowLeft", "ArrowDown"):
        canvas.press(key)
    assert says(explorer).startswith("An 8, moved 3 pixels right, 1 down")
    canvas.press("Home")
    assert says(explorer) == "An 8, in the middle: all 8 networks read an 8."
    assert canvas.get_attribute("aria-label") == "Digit, in the middle"


def test_buttons_move_the_digit_to_the_middle_and_from_corner_to_corner(explorer):
    explorer.get_by_role("button", name="one pixel up").click()
    assert "moved 4 pixels right, 1 up" in says(explorer)
    explorer.get_by_role("button", name="middle").click()
    assert "in the middle" in says(explorer)
    corners = []
    for _ in range(4):
        explorer.get_by_role("button", name="next corner").click()
        corners.append(says(explorer).partition(".")[0].partition("moved ")[2])
    assert corners == [
        "6 pixels left, 6 up",
        "6 pixels right, 6 up",
        "6 pixels right, 6 down",
        "6 pixels left, 6 down",
    ]


def test_a_key_takes_a_test_digit_and_pressed_again_the_next_of_its_class(explorer):
    seen = []
    for _ in range(4):
        explorer.locator("[data-key='2']").click()
        seen.append(answers(explorer))
    wanted = [DigitsExplorer(digit).answers() for digit in (6, 7, 8)]
    assert seen == [*wanted, wanted[0]]
    assert explorer.locator("[data-key='2']").get_attribute("aria-pressed") == "true"


def test_the_other_networks_are_those_trained_at_random_places(explorer):
    choose(explorer, "trained", "anywhere")
    assert answers(explorer) == DigitsExplorer(trained="anywhere").answers()
    assert explorer.locator(".cnn-net.is-absent").count() == 4
    assert says(explorer) == "An 8, moved 4 pixels right: all 4 networks read an 8."


def test_a_drawing_is_read_as_in_python_while_it_is_drawn_and_when_it_is_moved(explorer):
    choose(explorer, "source", "drawing")
    assert says(explorer).startswith("Draw a digit")
    draw(explorer, *SEVEN)
    assert says(explorer).startswith("Your drawing, in the middle")
    choose(explorer, "mode", "move")
    drag(explorer, 5, 2)
    canvas = explorer.locator(".cnn-picture--canvas").evaluate(
        "node => [...node.getContext('2d').getImageData(0, 0, 28, 28).data]"
    )
    grey = np.reshape(canvas, (28, 28, 4))[..., 0]
    plain = DigitsExplorer(dx=5, dy=2, source="drawing", strokes=SEVEN)
    assert np.abs(grey / 255 - plain.image()).mean() < 0.02  # the pointer stops at whole points
    assert "moved 5 pixels right, 2 down" in says(explorer)


BARLESS = [[14, 10], [48, 10], [28, 56]]  # which one of the four networks reads as a 3


@pytest.fixture
def barless(start):
    return start(DigitsExplorer(0, 0, trained="anywhere", source="drawing", strokes=[BARLESS]))


def signs(explorer):
    settled(explorer)
    return set(explorer.locator(".cnn-net:not(.is-absent) .cnn-net-sign").all_inner_texts())


def test_a_drawing_in_the_middle_is_compared_with_nothing(barless):
    assert set(answers(barless).values()) == {7, 3}
    assert signs(barless) == {""}
    assert says(barless) == (
        "Your drawing, in the middle. With a flatten, both read a 7. With a global average, max "
        "reads a 7; stride reads a 3."
    )


def test_a_drawing_that_was_moved_is_compared_with_each_networks_answer_in_the_middle(barless):
    middle = DigitsExplorer(0, 0, 0, trained="anywhere", source="drawing", strokes=[BARLESS])
    moved = DigitsExplorer(0, 6, -6, trained="anywhere", source="drawing", strokes=[BARLESS])
    choose(barless, "mode", "move")
    barless.locator("[data-action=corner]").click()
    barless.locator("[data-action=corner]").click()
    found = answers(barless)
    assert found == moved.answers()
    for name, answer in found.items():
        same = answer == middle.answers()[name]
        card = barless.locator(f"[data-network={name}]")
        assert card.locator(".cnn-net-sign").inner_text() == ("=" if same else "≠")
        heard = ", as in the middle," if same else ", not as in the middle,"
        assert heard in card.get_attribute("aria-label")
    assert barless.locator(".is-right").count() == 0


def test_what_was_meant_makes_answers_right_or_wrong_and_says_so(barless):
    note = barless.locator(".cnn-note")
    assert "= the network’s own answer in the middle" in note.inner_text()
    barless.locator("[data-key='7']").click()
    assert says(barless).startswith("Your 7, in the middle")
    assert signs(barless) == {"✓", "✗"}
    assert "✓ the 7 that you meant, ✗ another digit" in note.inner_text()
    barless.locator("[data-key='7']").click()
    assert says(barless).startswith("Your drawing")


def test_beside_a_drawing_it_is_said_that_it_may_look_unlike_the_data(explorer):
    note = explorer.locator(".cnn-note")
    assert note.is_hidden()
    choose(explorer, "source", "drawing")
    assert "a 7 without a bar" in note.inner_text()
    gap = (
        note.bounding_box()["y"]
        - explorer.locator(".cnn-nets").bounding_box()["y"]
        - explorer.locator(".cnn-nets").bounding_box()["height"]
    )
    assert 0 <= gap <= 120  # the sentence lies between


def test_the_keyboard_draws_point_by_point(explorer):
    choose(explorer, "source", "drawing")
    paper = explorer.get_by_role("application")
    paper.focus()
    for key, times in [("ArrowUp", 6), ("ArrowLeft", 4), (" ", 1), ("ArrowRight", 8), (" ", 1)]:
        for _ in range(times):
            paper.press(key)
    for key in (*["ArrowLeft"] * 4, *["ArrowDown"] * 12, " ", "Enter"):
        paper.press(key)
    for key in (*["ArrowUp"] * 6, *["ArrowLeft"] * 2, " ", *["ArrowRight"] * 5, " ", "Enter"):
        paper.press(key)
    drawn = list(answers(explorer).values())
    assert max(set(drawn), key=drawn.count) == 7
    assert paper.get_attribute("aria-label").startswith("Paper with 2 strokes, pen up at 69 %")
    paper.press("Backspace")
    paper.press("Backspace")
    assert says(explorer).startswith("Draw a digit")


def test_strokes_are_taken_back_one_by_one_or_all(explorer):
    choose(explorer, "source", "drawing")
    draw(explorer, *SEVEN, [[5, 5], [9, 9]])
    label = explorer.get_by_role("application")
    assert label.get_attribute("aria-label").startswith("Paper with 3 strokes")
    explorer.locator("[data-action=undo]").click()
    assert label.get_attribute("aria-label").startswith("Paper with 2 strokes")
    explorer.locator("[data-action=clear]").click()
    assert label.get_attribute("aria-label").startswith("Paper with 0 strokes")


def swept(explorer):
    """Wait until all places are tried."""
    done = explorer.locator(".cnn-sweep .cnn-count").filter(has_text="Of 169 places")
    done.wait_for(timeout=60_000)


def test_a_sweep_paints_for_each_network_the_places_where_it_is_right(start):
    explorer = start(DigitsExplorer(trained="anywhere", sweep=True))
    swept(explorer)
    _, truth = sample(DigitsExplorer().digit)
    for name, places in DigitsExplorer(trained="anywhere").places().items():
        card = explorer.locator(f"[data-network={name}]")
        path = card.locator(".cnn-map-right").get_attribute("d")
        painted = {
            tuple(map(int, part[1:].split("h")[0].split())) for part in path.split("Z") if part
        }
        wanted = {(int(j), int(i)) for i, j in np.argwhere(places == truth)}
        assert painted == wanted, name
        assert card.locator(".cnn-net-count").inner_text() == f"{len(wanted)} of 169"
    text = explorer.locator(".cnn-sweep .cnn-count").inner_text()
    assert text.startswith("Of 169 places, the networks are right at ")


def test_a_sweep_begins_anew_with_another_digit_and_ends_with_its_button(start):
    explorer = start(DigitsExplorer(trained="anywhere"))
    button = explorer.get_by_role("button", name="Try all 169 places")
    button.click()
    assert button.get_attribute("aria-pressed") == "true"
    swept(explorer)
    button.click()
    explorer.locator("[data-key='4']").click()
    settled(explorer)
    text = explorer.locator(".cnn-sweep .cnn-count").inner_text()
    assert text == "1 of 169 places tried; coloured where the answer is right."
    assert set(explorer.locator(".cnn-net-count").all_inner_texts()) == {""}


def test_at_any_moment_of_a_sweep_all_networks_have_tried_the_same_places(start):
    explorer = start(DigitsExplorer(trained="anywhere"))
    moments = explorer.evaluate(
        """node => new Promise((done) => {
          const seen = [];
          const text = (query) => [...node.querySelectorAll(query)].map((n) => n.textContent);
          const look = () => {
            seen.push([text(".cnn-sweep .cnn-count")[0], text(".cnn-net-count").filter(Boolean)]);
            if (seen.at(-1)[0].startsWith("Of 169")) done(seen);
            else requestAnimationFrame(look);
          };
          node.querySelector("[data-action=sweep]").click();
          look();
        })"""
    )
    assert len(moments) > 3
    for text, counts in moments[1:]:
        tried = text.split(" of ")[0] if "tried" in text else "169"
        assert [count.split(" of ")[1] for count in counts] in ([tried] * 4, [])


def test_the_small_maps_also_show_200_test_digits_at_each_place(start):
    explorer = start(DigitsExplorer(trained="anywhere", sweep=True))
    choose(explorer, "maps", "mean")
    counts = explorer.locator(".cnn-net:not(.is-absent) .cnn-net-count")
    counts.filter(has_text="here").nth(3).wait_for()
    stored = json.loads(BY_PLACE.read_text("utf-8"))["right"]
    place = 13 * MOST + MOST + 4
    wanted = [
        f"{math.floor(b64decode(stored[f'{name}_redrawn'])[place] / 2 + 0.5)} % here"
        for name in answers(explorer)
    ]
    assert counts.all_inner_texts() == wanted
    assert "how many of 200 test digits" in explorer.locator(".cnn-sweep").inner_text()
    painted = explorer.locator("[data-network=max] .cnn-map path").evaluate_all(
        "paths => paths.map((path) => path.getAttribute('d').split('Z').length - 1)"
    )
    assert painted[0] == sum(painted[1:]) == 169
    explorer.locator("[data-action=sweep]").click()
    assert explorer.locator("[data-control=maps] input[value=digit]").is_checked()


def test_the_inside_of_the_chosen_network_moves_with_the_digit(explorer):
    stages = explorer.locator(".cnn-picture--stage")
    pixels = "nodes => nodes.map((node) => node.toDataURL())"
    before = stages.evaluate_all(pixels)
    explorer.locator("[data-action=left]").click()
    settled(explorer)
    after = stages.evaluate_all(pixels)
    assert len(before) == 4
    assert all(a != b for a, b in zip(after, before, strict=True))


def test_choosing_a_network_shows_its_maps_and_its_ten_probabilities(explorer):
    explorer.locator("[data-network=stride_gap]").click()
    settled(explorer)
    inside = explorer.locator(".cnn-inside")
    assert "stride, global average" in inside.inner_text()
    assert inside.locator("figcaption").all_inner_texts() == [
        "28×28",
        "12 maps, 14×14",
        "24 maps, 7×7",
        "36 maps, 7×7",
    ]
    shares = DigitsExplorer().probabilities()["stride_gap"]
    wanted = [f"{round(100 * share)} %" for share in shares]
    assert inside.locator(".cnn-odds-share").all_inner_texts() == wanted


def test_a_screen_reader_hears_what_each_network_reads(explorer):
    card = explorer.get_by_role("button", name="stride, flatten: reads 7, wrong, probability")
    assert card.count() == 1


def test_reset_brings_back_the_first_state(explorer):
    choose(explorer, "source", "drawing")
    draw(explorer, *SEVEN)
    explorer.locator("[data-action=reset]").click()
    assert answers(explorer) == DigitsExplorer().answers()
    assert explorer.locator(".cnn-picture--canvas").is_visible()


def test_a_link_restores_a_drawing_where_it_was(start):
    explorer = start(DigitsExplorer(anchor="digits"))
    choose(explorer, "source", "drawing")
    draw(explorer, *SEVEN)
    choose(explorer, "mode", "move")
    drag(explorer, 3, 0)
    before = says(explorer)
    explorer.locator("[data-action=link]").click()
    link = explorer.page.evaluate("() => location.hash.slice(1)")
    again = start(DigitsExplorer(anchor="digits"), link=link)
    assert says(again) == before


@pytest.mark.parametrize("source", ["test", "drawing"])
def test_on_a_phone_canvas_sentence_and_answers_stand_on_one_screen(start, source):
    strokes = SEVEN if source == "drawing" else []
    mode = "draw" if strokes else "move"
    explorer = start(DigitsExplorer(source=source, strokes=strokes, mode=mode), width=375)
    side, sentence, nets = (
        explorer.locator(part).bounding_box() for part in (".cnn-side", ".cnn-says", ".cnn-nets")
    )
    assert side["y"] + side["height"] <= sentence["y"]
    assert sentence["y"] + sentence["height"] <= nets["y"]
    assert nets["y"] + nets["height"] - side["y"] <= 640  # of 667


def test_a_finger_drags_and_draws_and_does_not_move_the_page(explorer):
    for kind in (".cnn-picture--canvas", ".cnn-paper"):
        style = explorer.locator(kind).evaluate("node => getComputedStyle(node).touchAction")
        assert style == "none"


@pytest.mark.parametrize("width", [375, 1024])
@pytest.mark.parametrize("source", ["test", "drawing"])
def test_everything_to_press_is_large_enough_for_a_finger(start, width, source):
    explorer = start(DigitsExplorer(anchor="d", source=source), width=width)
    for button in explorer.locator("button:visible").all():
        box = button.bounding_box()
        assert min(box["width"], box["height"]) >= 24


@pytest.mark.parametrize("width", [375, 760, 1024])
def test_the_room_kept_for_the_explorer_is_not_more_than_it_takes(start, width):
    explorer = start(DigitsExplorer(anchor="d"), width=width)
    kept = explorer.page.locator(".cnnlab-widget").evaluate(
        "node => parseFloat(getComputedStyle(node).minHeight)"
    )
    taken = explorer.bounding_box()["height"]
    assert 0.85 * taken <= kept <= taken


@pytest.mark.parametrize("width", [375, 760, 1024])
def test_what_lies_below_stays_in_place_while_digits_and_networks_are_chosen(start, width):
    explorer = start(DigitsExplorer(anchor="d"), width=width)
    heights = set()
    for name in NETWORKS:
        explorer.locator(f"[data-network={name}]").click()
        explorer.get_by_role("button", name="next corner").click()
        settled(explorer)
        heights.add(explorer.bounding_box()["height"])
    assert len(heights) == 1
