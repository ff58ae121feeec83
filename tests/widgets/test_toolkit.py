"""What all explorers share in JavaScript: words and links; run under Node.js."""

import pytest
from javascript import call

from cnnlab.widgets.modules import for_page
from cnnlab.widgets.values import number


@pytest.fixture
def toolkit(node, tmp_path):
    """Call functions of toolkit.js."""
    return lambda *calls: call(node, tmp_path, "toolkit.js", list(calls))


def test_numbers_are_written_as_in_the_fallback(toolkit):
    values = [n / d for d in (1, 4, 9, 16) for n in range(-9 * d, 9 * d + 1)]
    assert toolkit(*(["number", v] for v in values)) == [number(v) for v in values]


SWITCHES = """
const values = { on: false };
const model = {
  get: (name) => values[name],
  set: (name, value) => { values[name] = value; },
  save_changes() {}, on() {}, off() {},
};
const { makeExplorer } = cnnlabModules["toolkit.js"];
const what = { kind: "k", names: ["on"], codecs: {}, draw() {} };
const ui = makeExplorer({ model, el: document.body }, what);
const yesNo = [[true, "yes"], [false, "no"]];
const node = document.createElement("div");
const allowed = (value) => typeof value === "boolean";
node.append(ui.radios("on", "On", yesNo, { allowed }), ui.select("on", "On", yesNo));
ui.run(node);
globalThis.values = values;
"""


@pytest.fixture
def switches(chromium):
    """A page with radio buttons and a select of the same value, False at first."""
    page = chromium.new_page()
    page.add_script_tag(content=for_page("toolkit.js") + "(() => {" + SWITCHES + "})();")
    yield page
    page.close()


def test_radio_buttons_carry_true_and_false(switches):
    switches.locator("input[value=true]").check()
    assert switches.evaluate("values.on") is True


def test_a_select_carries_true_and_false(switches):
    switches.locator("select").select_option("true")
    switches.locator("select").select_option("false")
    assert switches.evaluate("values.on") is False
