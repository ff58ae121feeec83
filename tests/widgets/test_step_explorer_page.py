"""The training-step explorer in a browser: walked through, broken, trained and restored."""

import pytest

from cnnlab.widgets import TrainingStepExplorer
from cnnlab.widgets.step import BUGS, LAYERS


@pytest.fixture
def explorer(show):
    return show(TrainingStepExplorer(anchor="step")).page.locator(".cnn-step")


def choose(explorer, control, value):
    explorer.locator(f'[data-control="{control}"] input[value="{value}"]').check(force=True)


def slide(explorer, control, value):
    slider = explorer.locator(f'[data-control="{control}"]')
    slider.evaluate(
        "(node, v) => { node.value = v; node.dispatchEvent(new Event('input')); }", value
    )


def cell(explorer, key, i, j):
    row = explorer.locator(f".cnn-grid--{key} [role=row]").nth(i)
    return row.locator("[role=gridcell]").nth(j)


def text(explorer, name):
    return explorer.locator(f".cnn-{name}").inner_text()


def array(explorer, kind, n):
    return explorer.locator(f'.cnn-step-{kind} [data-array="{n}"]')


def ahead(explorer, kind):
    nodes = explorer.locator(f".cnn-step-{kind} .is-ahead")
    return nodes.evaluate_all("all => all.map(x => Number(x.dataset.array))")


def test_at_first_the_gradient_has_come_down_to_the_pool(explorer):
    assert text(explorer, "step-title") == "Max pool, backward"
    assert (ahead(explorer, "values"), ahead(explorer, "grads")) == ([], [0, 1])


def test_the_first_sentence_tells_of_a_winner_and_its_gradient(explorer):
    assert "was the largest of its window. It gets the window's whole gradient, −0.04" in text(
        explorer, "says"
    )


def test_next_goes_down_the_net_and_on_to_the_update_and_the_next_step(explorer):
    titles = []
    for _ in range(5):
        explorer.locator('[data-action="next"]').click()
        titles.append(text(explorer, "step-title"))
    assert titles == [
        "ReLU, backward",
        "Convolution, backward",
        "Convolution, update",
        "Dense layer, update",
        "Convolution, forward",
    ]
    assert text(explorer, "step-effect").startswith("Step 2 ")


def test_back_from_the_start_of_a_step_leads_into_the_step_before(show):
    widget = TrainingStepExplorer("forward", "conv", steps=1)
    explorer = show(widget).page.locator(".cnn-step")
    explorer.locator('[data-action="back"]').click()
    assert text(explorer, "step-title") == "Dense layer, update"
    assert text(explorer, "step-effect").startswith("Step 1 ")


def test_before_the_first_step_there_is_no_way_back(show):
    explorer = show(TrainingStepExplorer("forward", "conv")).page.locator(".cnn-step")
    assert explorer.locator('[data-action="back"]').is_disabled()


def test_the_arrow_keys_walk_along_the_layers(explorer):
    explorer.locator('[data-layer="pool"]:focus, [data-layer="pool"]').first.focus()
    explorer.page.keyboard.press("ArrowRight")
    explorer.page.keyboard.press("ArrowRight")
    assert text(explorer, "step-title") == "Dropout, backward"
    assert explorer.locator("[aria-current=step]").evaluate("x => x === document.activeElement")


def test_a_click_on_a_layer_shows_it(explorer):
    explorer.locator('button[data-layer="dense"]').click()
    assert text(explorer, "step-title") == "Dense layer, backward"
    assert explorer.locator("[aria-current=step]").count() == 1


def test_in_the_update_only_layers_with_weights_can_be_chosen(explorer):
    choose(explorer, "phase", "update")
    assert text(explorer, "step-title") == "Convolution, update"
    open_layers = explorer.locator(".cnn-step-layer:not(:disabled)")
    assert open_layers.evaluate_all("all => all.map(x => x.dataset.layer)") == ["conv", "dense"]


def test_pointing_at_an_output_outlines_what_it_is_made_of(explorer):
    choose(explorer, "phase", "forward")
    explorer.locator('button[data-layer="conv"]').click()
    cell(explorer, "y", 1, 1).hover()
    outlined = [explorer.locator(f".cnn-grid--{key} .is-in").count() for key in "xwb"]
    assert outlined == [9, 9, 1]
    assert text(explorer, "says").startswith("Convolved map 1, row 2, column 2:")


def test_pointing_at_an_input_outlines_what_is_made_of_it(explorer):
    choose(explorer, "phase", "forward")
    explorer.locator('button[data-layer="conv"]').click()
    cell(explorer, "x", 3, 3).hover()
    assert explorer.locator(".cnn-grid--y .is-in").count() == 9
    assert "It goes into 9 numbers" in text(explorer, "says")


def test_a_chosen_cell_stays_when_the_pointer_leaves(explorer):
    cell(explorer, "gx", 0, 2).click()
    explorer.page.mouse.move(2, 2)
    explorer.locator('[data-action="reset"]').focus()
    assert text(explorer, "says").startswith("Map 1, row 1, column 3:")


def test_the_keyboard_reaches_each_cell(explorer):
    cell(explorer, "gx", 5, 2).focus()
    explorer.page.keyboard.press("ArrowUp")
    assert text(explorer, "says").startswith("Map 1, row 5, column 3:")


def test_the_gradient_of_weights_or_of_the_input_is_shown(explorer):
    explorer.locator('button[data-layer="conv"]').click()
    assert explorer.locator(".cnn-grid--gw [role=gridcell]").count() == 9
    choose(explorer, "part", "input")
    assert explorer.locator(".cnn-grid--gx [role=gridcell]").count() == 64


@pytest.mark.parametrize("bug", BUGS)
def test_each_bug_shows_the_marks_that_give_it_away(explorer, bug):
    explorer.locator('[data-control="bug"]').select_option(bug)
    rows = explorer.locator(".cnn-step-checks tbody tr")
    failed = [
        (number, name)
        for number in range(2)
        for name, mark in zip(LAYERS, rows.nth(number).locator("td").all_inner_texts(), strict=True)
        if mark != "✓"
    ]
    assert failed == {
        "lost_gradient": [(0, "pool")],
        "zero_start": [(1, "pool")],
        "wrong_order": [(0, "flatten")],
        "no_rescale": [(1, "dropout")],
        "no_mean": [(0, "loss")],
    }.get(bug, [])


def test_a_bug_marks_its_layer_and_the_numbers_that_are_wrong(explorer):
    explorer.locator('[data-control="bug"]').select_option("lost_gradient")
    assert explorer.locator(".is-buggy").get_attribute("aria-label").endswith(", with the bug")
    assert explorer.locator(".cnn-grid--gx .is-wrong").count() > 0
    assert text(explorer, "says").endswith("and is 0.")


def test_without_a_gradient_the_size_of_that_of_the_kernels_is_0(explorer):
    explorer.locator('[data-control="bug"]').select_option("lost_gradient")
    assert explorer.locator(".cnn-step-now").nth(1).inner_text().endswith(": 0")


def test_the_slider_of_the_steps_trains(explorer):
    slide(explorer, "steps", 40)
    wanted = TrainingStepExplorer(steps=40).losses()[-1]
    shown = explorer.locator(".cnn-step-now").first.inner_text()
    assert float(shown.removeprefix("Loss: ")) == pytest.approx(wanted, abs=6e-4)


def test_the_slider_of_the_rate_changes_what_the_step_does(explorer):
    slide(explorer, "rate", 4)
    before, after = TrainingStepExplorer(rate=0.5).step()
    words = text(explorer, "step-effect")
    assert words.startswith("Step 1 takes the loss of this batch")
    numbers = [float(word) for word in words.removesuffix(".").split() if word[:2] in ("0.", "1.")]
    assert numbers[-2:] == pytest.approx([before, after], abs=6e-4)


def test_the_curves_are_described(explorer):
    names = explorer.locator(".cnn-step-curve").evaluate_all(
        "all => all.map(x => x.getAttribute('aria-label'))"
    )
    assert names[0].startswith("Loss over 40 steps: 1.11 at first")
    assert names[1].startswith("Size of the kernels’ gradient over 40 steps: ")


def test_the_link_leads_back_to_the_same_state(explorer, show):
    choose(explorer, "digit", 7)
    slide(explorer, "steps", 9)
    explorer.locator('button[data-layer="dense"]').click()
    explorer.locator('[data-control="bug"]').select_option("no_mean")
    explorer.locator('[data-action="link"]').click()
    link = explorer.page.url.split("#")[1]
    again = show(TrainingStepExplorer(anchor="step"), link=link).page.locator(".cnn-step")
    parts = ("says", "step-title", "step-effect", "step-moral")
    assert [text(again, part) for part in parts] == [text(explorer, part) for part in parts]


def test_reset_puts_everything_back(explorer):
    before = explorer.inner_text()
    choose(explorer, "phase", "update")
    slide(explorer, "steps", 12)
    explorer.locator('[data-control="bug"]').select_option("wrong_order")
    explorer.locator('[data-action="reset"]').click()
    explorer.page.mouse.move(2, 2)
    assert explorer.inner_text() == before


MOMENTS = [
    *(("forward", layer, "weights") for layer in LAYERS),
    *(("backward", layer, "weights") for layer in LAYERS),
    ("backward", "conv", "input"),
    ("backward", "dense", "input"),
    ("update", "conv", "weights"),
    ("update", "dense", "weights"),
]


@pytest.mark.parametrize("width", [1024, 760, 375])
def test_every_moment_fits_with_numbers_inside_of_their_cells(show, width):
    page = show(TrainingStepExplorer(anchor="step"), width=width).page
    for phase, layer, part in MOMENTS:
        page.evaluate(
            "hash => { location.hash = hash; }",
            f"step&phase={phase}&layer={layer}&bug=none&rate=0.2&steps=30&digit=4&channel=2"
            f"&part={part}&at=1.1",
        )
        page.wait_for_function(
            "([p, l, q]) => { const d = document.querySelector('.cnn-step').dataset;"
            " return d.phase === p && d.layer === l && (!d.part || d.part === q); }",
            arg=[phase, layer, part],
        )
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width
        wide = page.locator(".cnn-step .cnn-cell").evaluate_all(
            "all => all.filter(x => x.firstChild.getBoundingClientRect().width > x.clientWidth + 1)"
            ".map(x => x.innerText)"
        )
        assert wide == [], (phase, layer, part)


def test_on_a_phone_every_cell_and_layer_can_be_hit(show):
    explorer = show(TrainingStepExplorer("backward", "dense"), width=375).page.locator(".cnn-step")
    for node in (cell(explorer, "gw", 0, 0), explorer.locator('button[data-layer="relu"]')):
        box = node.bounding_box()
        assert min(box["width"], box["height"]) >= 24


def test_on_a_phone_net_and_numbers_of_the_first_moment_stand_on_one_screen(show):
    explorer = show(TrainingStepExplorer(), width=375).page.locator(".cnn-step")
    top = explorer.locator(".cnn-step-net").bounding_box()["y"]
    box = explorer.locator(".cnn-grid--gx").bounding_box()
    assert box["y"] + box["height"] - top <= 760


@pytest.mark.parametrize("width", [1024, 760, 375])
def test_the_room_held_free_is_what_the_script_needs(show, width):
    page = show(TrainingStepExplorer(anchor="step"), width=width).page
    held = float(
        page.evaluate(
            "() => parseFloat(getComputedStyle(document.querySelector('.cnnlab-widget')).minHeight)"
        )
    )
    assert page.locator(".cnn-step").bounding_box()["height"] <= held + 1
