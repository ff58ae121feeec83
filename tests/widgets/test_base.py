"""What a widget writes into a page, and what all front ends keep to."""

import base64
import html.parser
import io
import json
import re
import subprocess
import sys
import types

import ipywidgets
import numpy as np
import pytest
from IPython.core.formatters import DisplayFormatter
from PIL import Image

from cnnlab import widgets
from cnnlab.widgets.base import LIVE, inline_html, png
from cnnlab.widgets.modules import HERE

MAKERS = {
    "explorer": lambda: widgets.PoolingExplorer(photo=np.eye(8), mode="average", anchor="pool"),
    "quiz": lambda: widgets.quiz("02-why-pool", anchor="check"),
}
CSS = (HERE / "cnnlab.css").read_text(encoding="utf-8")


@pytest.fixture(params=MAKERS.values(), ids=MAKERS)
def make(request):
    return request.param


class Host(html.parser.HTMLParser):
    """Attributes of the first element, and the tags that stay open."""

    def __init__(self, page):
        super().__init__()
        self.attributes, self.open = None, []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.attributes = self.attributes or dict(attributes)
        if tag not in ("img", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_two_equal_widgets_write_the_same_page(make):
    first, second = (make()._repr_mimebundle_()[0] for _ in range(2))
    assert first["text/html"] == second["text/html"]
    assert first["text/plain"] == second["text/plain"]


def test_nothing_stored_names_an_address(make):
    bundle, _ = make()._repr_mimebundle_()
    assert "0x" not in bundle["text/plain"] + re.sub('base64,[^"]*', "", bundle["text/html"])


def test_a_running_notebook_gets_the_live_view(make):
    widget = make()
    bundle, _ = widget._repr_mimebundle_()
    assert bundle[LIVE]["model_id"] == widget.model_id


@pytest.fixture
def colab(monkeypatch):
    """What a widget finds of Colab in a notebook that runs there."""
    found = types.ModuleType("google.colab.output")
    found._widgets = types.SimpleNamespace(_installed_url="https://example.org/manager.js")
    found.enable_custom_widget_manager = lambda: None
    monkeypatch.setitem(sys.modules, "google.colab.output", found)


@pytest.mark.usefixtures("colab")
def test_colab_is_told_what_draws_the_live_view(make):
    _, about = make()._repr_mimebundle_()
    assert about[LIVE]["colab"]["custom_widget_manager"]["url"] == "https://example.org/manager.js"


def test_a_notebook_asks_for_all_forms_of_a_widget_also_with_ipywidgets_7(make, monkeypatch):
    monkeypatch.setattr(ipywidgets.Widget, "_ipython_display_", lambda widget: None, False)
    shown, _ = DisplayFormatter().format(make())
    assert "text/html" in shown


def test_the_page_carries_module_name_and_state(make):
    widget = make()
    host = Host(widget.to_html()).attributes
    assert host["class"] == "cnnlab-widget"
    assert host["id"] == widget.anchor
    assert (HERE / host["data-esm"]).is_file()
    assert json.loads(host["data-state"]) == widget.state()


def test_the_state_is_public_and_sorted(make):
    state = make().state()
    assert list(state) == sorted(state)
    assert not {"layout", "tooltip", "tabbable"} & set(state)
    assert not any(name.startswith("_") for name in state)


def test_the_elements_of_the_page_are_closed(make):
    assert Host(make().to_html()).open == []


def test_text_of_the_page_is_escaped():
    assert inline_html("a < b & `c > d`") == "a &lt; b &amp; <code>c &gt; d</code>"


def test_emphasis_of_the_page_is_set_and_escaped():
    assert inline_html("each *side < 2* of *it*") == "each <em>side &lt; 2</em> of <em>it</em>"


def test_the_picture_holds_the_pixels(rng):
    pixels = rng.integers(0, 256, size=(48, 31), dtype=np.uint8)
    picture = base64.b64decode(png(pixels).removeprefix("data:image/png;base64,"))
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(picture))), pixels)


def test_without_anywidget_the_import_says_what_to_install():
    code = "import sys; sys.modules['anywidget'] = None; import cnnlab.widgets"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert 'cnnlab.widgets needs anywidget. Install it with: pip install "cnnlab[widgets]"' in (
        done.stderr
    )


def test_styles_touch_nothing_outside_the_widgets():
    rules = re.sub(r"/\*.*?\*/", "", CSS, flags=re.S)
    selectors = re.findall(r"([^{};]+)\{", rules)
    for selector in selectors:
        if not selector.strip().startswith(("@", ":root")):
            assert ".cnnlab-widget" in selector, selector


def colour(name, side):
    """One of the two colours of a property: `side` 0 is light, 1 is dark."""
    (pair,) = re.findall(rf"^ *--cnn-{name}: light-dark\((#\w+), (#\w+)\);", CSS, re.M)
    return pair[side]


def contrast(a, b):
    """Contrast ratio of WCAG 2.2."""

    def luminance(c):
        rgb = np.array([int(c[i : i + 2], 16) for i in (1, 3, 5)]) / 255
        linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
        return linear @ [0.2126, 0.7152, 0.0722]

    high, low = sorted([luminance(a), luminance(b)], reverse=True)
    return (high + 0.05) / (low + 0.05)


RULES = {
    "max": "#d55e00",
    "avg": "#0072b2",
    "stride": "#009e73",
    "blur": "#cc79a7",
    "none": "#595959",
}


@pytest.mark.parametrize("rule", RULES)
def test_each_pooling_rule_has_the_colour_of_the_book(rule):
    assert colour(rule, 0) == RULES[rule]


@pytest.mark.parametrize("side", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("rule", RULES)
def test_words_in_the_colour_of_a_rule_can_be_read(rule, side):
    assert contrast(colour(f"{rule}-text", side), colour("paper", side)) >= 4.5
    assert contrast(colour(f"{rule}-text", side), colour("soft", side)) >= 4.5


@pytest.mark.parametrize("side", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("rule", RULES)
def test_marks_in_the_colour_of_a_rule_can_be_seen(rule, side):
    assert contrast(colour(rule, side), colour("paper", side)) >= 3


@pytest.mark.parametrize("side", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("name", ["ink", "quiet", "good"])
def test_words_of_a_widget_can_be_read(name, side):
    for ground in ("paper", "soft"):
        assert contrast(colour(name, side), colour(ground, side)) >= 4.5
