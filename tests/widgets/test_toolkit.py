"""What all explorers share: words and numbers under Node.js, controls in a browser."""

import pytest

from cnnlab.widgets.modules import for_page
from cnnlab.widgets.values import SEVEN, number, uniforms


@pytest.fixture
def toolkit(javascript):
    """Call functions of toolkit.js."""
    return javascript("toolkit.js")


def test_numbers_are_written_as_in_the_fallback(toolkit):
    values = [n / d for d in (1, 4, 9, 16) for n in range(-9 * d, 9 * d + 1)]
    assert toolkit(*(["number", v] for v in values)) == [number(v) for v in values]


def test_numbers_keep_their_size_in_few_characters(toolkit):
    values = [0, 80, 11418, 99999, 100000, 402976, 999499, 999500, 138357544, 105320000000]
    texts = [text.replace("\u202f", " ") for text in toolkit(*(["count", v] for v in values))]
    wanted = "0, 80, 11 418, 99 999, 100 k, 403 k, 999 k, 1 M, 138 M, 105 G"
    assert ", ".join(texts) == wanted


def test_an_exact_number_has_all_its_digits(toolkit):
    assert toolkit(["count", 138357544, True]) == ["138\u202f357\u202f544"]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (["plural", 1, "window"], "1 window"),
        (["plural", 0, "window"], "0 windows"),
        (["plural", 4950, "draw"], "4950 draws"),
        (["percent", 1 / 3], "33 %"),
        (["percent", -0.5], "−50 %"),
    ],
)
def test_counts_and_shares_are_put_into_words(toolkit, call, words):
    assert toolkit(call) == [words]


def test_a_map_is_read_row_by_row(toolkit):
    assert toolkit(["rowsOf", "1 -2/3 4/5 6"]) == [[[1, -2], [3, 4], [5, 6]]]


def test_the_seven_is_that_of_python(toolkit):
    assert toolkit(["SEVEN"]) == [[list(row) for row in SEVEN]]


def test_the_random_numbers_are_those_of_python(toolkit):
    for seed in (1, 2, 9999):
        found = toolkit(*(["uniform", seed, n] for n in range(2000)))
        assert found == uniforms(seed, 2000).tolist()


def test_options_of_a_range_are_its_whole_numbers(toolkit):
    assert toolkit(["numbered", 1, 3]) == [[["1", "1"], ["2", "2"], ["3", "3"]]]


@pytest.fixture
def page(context_of):
    """An empty page with the exports of toolkit.js in its ``kit``."""
    page = context_of().new_page()
    page.add_script_tag(content=for_page("toolkit.js") + 'var kit = cnnlabModules["toolkit.js"];')
    yield page
    page.close()


SWITCHES = """
const values = { on: false };
const model = {
  get: (name) => values[name],
  set: (name, value) => { values[name] = value; },
  save_changes() {}, on() {}, off() {},
};
const what = { kind: "k", names: ["on"], codecs: {}, draw() {} };
const ui = kit.makeExplorer({ model, el: document.body }, what);
const yesNo = [[true, "yes"], [false, "no"]];
const node = document.createElement("div");
const allowed = (value) => typeof value === "boolean";
node.append(ui.radios("on", "On", yesNo, { allowed }), ui.select("on", "On", yesNo));
ui.run(node);
globalThis.values = values;
"""


@pytest.fixture
def switches(page):
    """Radio buttons and a select of the same value, False at first."""
    page.add_script_tag(content="(() => {" + SWITCHES + "})();")
    return page


def test_radio_buttons_carry_true_and_false(switches):
    switches.locator("input[value=true]").check()
    assert switches.evaluate("values.on") is True


def test_a_select_carries_true_and_false(switches):
    switches.locator("select").select_option("true")
    switches.locator("select").select_option("false")
    assert switches.evaluate("values.on") is False


MENU = """
const model = { get: () => 0, set() {}, save_changes() {}, on() {}, off() {} };
const what = { kind: "k", names: ["n"], codecs: {}, draw() {} };
const ui = kit.makeExplorer({ model, el: document.body }, what);
var picked = [];
var menu = ui.menu("pattern", "Pattern", [["a", "A"], ["Group", [["b", "B"]]]],
  (value) => picked.push(value), "Your own");
ui.run(menu.field);
"""


@pytest.fixture
def menu(page):
    """A select of two patterns, one of them in a group, and of the reader's own."""
    page.add_script_tag(content=MENU)
    return page


def test_a_menu_tells_what_was_chosen_and_nothing_of_the_own(menu):
    menu.evaluate("menu.show()")
    for value in ("b", "own", "a"):
        menu.locator("select").select_option(value)
    assert menu.evaluate("picked") == ["b", "a"]


@pytest.mark.parametrize(("shown", "chosen"), [("'b'", "b"), ("", "own")])
def test_a_menu_offers_the_own_only_where_it_is_shown(menu, shown, chosen):
    menu.evaluate(f"menu.show({shown})")
    assert menu.locator("select").input_value() == chosen
    assert menu.evaluate("document.querySelector('[value=own]').hidden") is (chosen != "own")


def test_a_menu_takes_other_options_and_keeps_its_name(menu):
    menu.evaluate("menu.fill([['c', 'C']])")
    assert menu.get_by_label("Pattern").locator("option").all_inner_texts() == ["C", "Your own"]


DRAGGED = """
document.body.innerHTML = "<div style='width: 200px; height: 100px'></div>";
var [node, log] = [document.querySelector("div"), []];
kit.onDrag(node, (event, grip) => log.push([grip, ...kit.spot(event, node)]), {
  begin: (event) => (kit.spot(event, node)[0] < 0.5 ? "upper" : null), end: () => log.push("end"),
});
"""


@pytest.fixture
def dragged(page):
    """A plate that can be taken hold of in its upper half."""
    page.add_script_tag(content=DRAGGED)
    return page


def at(page, down, across):
    box = page.locator("div").bounding_box()
    return box["x"] + across * box["width"], box["y"] + down * box["height"]


def test_a_drag_goes_on_outside_of_the_node_and_ends_once(dragged):
    dragged.mouse.move(*at(dragged, 0.25, 0.5))
    dragged.mouse.down()
    dragged.mouse.move(*at(dragged, 2, -0.01))
    dragged.mouse.up()
    dragged.mouse.move(*at(dragged, 0.25, 0.5))
    first, last, end = dragged.evaluate("log")
    assert first == ["upper", pytest.approx(0.25), pytest.approx(0.5)]
    assert last == ["upper", pytest.approx(2), pytest.approx(-0.01)]
    assert end == "end"


@pytest.mark.parametrize(("down", "button"), [(0.75, "left"), (0.25, "right")])
def test_nothing_is_dragged_where_nothing_was_taken_hold_of(dragged, down, button):
    dragged.mouse.move(*at(dragged, down, 0.5))
    dragged.mouse.down(button=button)
    dragged.mouse.move(*at(dragged, 0.1, 0.1))
    dragged.mouse.up(button=button)
    assert dragged.evaluate("log") == []


MOVABLE = """
const values = { dx: 0, dy: 0 };
const model = {
  get: (name) => values[name],
  set: (name, value) => { values[name] = value; },
  save_changes() {}, on() {}, off() {},
};
const what = { kind: "k", names: ["dx", "dy"], codecs: {}, draw() {} };
const ui = kit.makeExplorer({ model, el: document.body }, what);
const picture = kit.makeMovable("thing", "thing", ui, 3);
picture.fill(kit.tabulate(10, 10, () => 0));
picture.node.style = "width: 200px; height: 200px";
const node = document.createElement("div");
node.append(picture.node, ...picture.buttons);
ui.run(node);
const where = () => [values.dy, values.dx];
Object.assign(globalThis, { where, move: picture.move });
"""


@pytest.fixture
def movable(page):
    """A picture of 10 × 10 pixels, 20 px each, that may be moved by three."""
    page.add_script_tag(content="(() => {" + MOVABLE + "})();")
    return page


def test_a_picture_is_moved_with_keys_that_the_page_does_not_get(movable):
    movable.evaluate("() => { document.onkeydown = () => { globalThis.passed = true; }; }")
    movable.locator("canvas").focus()
    for key, wanted in [
        ("ArrowRight", [0, 1]),
        ("ArrowDown", [1, 1]),
        ("ArrowDown", [2, 1]),
        ("ArrowUp", [1, 1]),
        ("ArrowLeft", [1, 0]),
        ("Home", [0, 0]),
    ]:
        movable.keyboard.press(key)
        assert movable.evaluate("where()") == wanted
    assert movable.evaluate("globalThis.passed") is None
    movable.keyboard.press("End")
    movable.keyboard.press("Control+ArrowLeft")
    assert movable.evaluate("where()") == [0, 0]
    assert movable.evaluate("globalThis.passed") is True


def test_a_picture_is_dragged_from_where_it_is_and_stays_in_its_bounds(movable):
    movable.evaluate("move(1, 1)")
    box = movable.locator("canvas").bounding_box()
    movable.mouse.move(box["x"] + 100, box["y"] + 100)
    movable.mouse.down()
    movable.mouse.move(box["x"] + 100 - 45, box["y"] + 100 + 25)
    assert movable.evaluate("where()") == [2, -1]
    movable.mouse.move(box["x"] + 100, box["y"] + 900)
    assert movable.evaluate("where()") == [3, 1]
    movable.mouse.up()
    assert movable.evaluate("document.activeElement.tagName") == "CANVAS"


def test_the_buttons_of_a_picture_move_it_by_one_pixel(movable):
    for name, wanted in [
        ("one pixel left", [0, -1]),
        ("one pixel up", [-1, -1]),
        ("one pixel down", [0, -1]),
        ("one pixel right", [0, 0]),
    ]:
        movable.get_by_role("button", name=name).click()
        assert movable.evaluate("where()") == wanted


def test_a_stepper_steps_down_and_up_and_is_named_by_what_it_changes(page):
    page.evaluate(
        """() => { globalThis.steps = [];
        document.body.append(kit.makeStepper("which", (by) => steps.push(by), "Cell 1").node); }"""
    )
    group = page.get_by_role("group", name="Cell 1")
    for name in ("−1", "+1"):
        group.get_by_role("button", name=name).click()
    assert page.evaluate("steps") == [-1, 1]


def test_the_cells_around_a_map_leave_out_the_map(page):
    texts = page.evaluate(
        """() => kit.ringCells([1, 2], [1, 0], [0, 1], (i, j) => [`${i} ${j}`, j > 1 && "is-far"])
        .map((cell) => [cell.dataset.value, cell.style.gridArea, cell.className])"""
    )
    near, far = "cnn-pad-cell", "cnn-pad-cell is-far"
    assert texts == [
        ["-1 0", "1 / 1", near],
        ["-1 1", "1 / 2", near],
        ["-1 2", "1 / 3", far],
        ["0 2", "2 / 3", far],
    ]


@pytest.mark.parametrize("rule", ["max", "average", "stride", "blur", "none"])
def test_the_mark_of_a_rule_as_a_path_stays_within_its_radius(page, rule):
    box = page.evaluate(
        """(rule) => { const path = kit.svg("path", { d: kit.markPath(rule, 5) });
        document.body.append(kit.svg("svg", {}, path)); const box = path.getBBox();
        return [box.x, box.y, box.x + box.width, box.y + box.height]; }""",
        rule,
    )
    assert min(box[:2]) >= -5
    assert max(box[2:]) <= 5
    assert min(box[2] - box[0], box[3] - box[1]) >= 7
