"""Data that a widget loads when it needs them: from its page, from Python, from a script beside."""

import json
import re
import subprocess

import pytest
from book_site import assets

from cnnlab.widgets import DigitsExplorer, ShiftExplorer
from cnnlab.widgets.base import data_files
from cnnlab.widgets.modules import HERE, data_script, for_page, page_scripts


@pytest.fixture
def run(node, tmp_path):
    """Run a script after data.js has been loaded as a page loads it."""

    def run(script):
        path = tmp_path / "run.js"
        path.write_text(
            f"{for_page('data.js')}\nconst {{ load }} = cnnlabModules['data.js'];\n{script}"
        )
        done = subprocess.run([node, path], capture_output=True, encoding="utf-8", timeout=60)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


def test_the_script_of_a_file_holds_what_the_file_holds(run, tmp_path):
    content = {"text": '</script><!-- \u2028 "quoted"', "numbers": [1, 2.5]}
    (tmp_path / "odd.json").write_text(json.dumps(content))
    script = data_script("odd name", tmp_path / "odd.json")
    assert "<" not in script
    assert run(f"{script} console.log(JSON.stringify(cnnlabData['odd name']))") == content


def test_what_lies_in_the_page_is_found_there(run):
    script = "globalThis.cnnlabData = { a: [7] }; load('a').then((a) => console.log(a[0]))"
    assert run(script) == 7


MODEL = """
const listeners = new Set();
let asked = 0;
const model = {
  on: (event, listener) => listeners.add(listener),
  off: (event, listener) => listeners.delete(listener),
  send(message) {
    asked += 1;
    for (const name of ["other", message.data]) {
      for (const listener of [...listeners]) listener({ data: name, content: `of ${name}` });
    }
  },
};
"""


def test_in_a_notebook_python_is_asked_once_and_its_answer_is_waited_for(run):
    script = f"""{MODEL}
    Promise.all([load("a", model), load("a", model)]).then((found) =>
      console.log(JSON.stringify([...found, asked, listeners.size])))"""
    assert run(script) == ["of a", "of a", 1, 0]


def test_python_answers_with_the_file_and_keeps_silent_about_others(monkeypatch):
    explorer, sent = DigitsExplorer(), []
    monkeypatch.setattr(explorer, "send", sent.append)
    for message in ({"data": "positions"}, {"data": "passwd"}, {"data": ["x"]}, {}, "positions"):
        explorer._handle_custom_msg(message, [])
    (answer,) = sent
    assert answer["data"] == "positions"
    assert answer["content"]["experiment"] == "positions"


def test_a_widget_without_data_hears_no_messages():
    assert ShiftExplorer()._msg_callbacks.callbacks == []


def test_a_saved_page_holds_its_data_before_its_scripts():
    page = DigitsExplorer().to_page()
    first = page.index("cnnlabModules")
    for name in DigitsExplorer.data:
        assert 0 < page.index(f'(globalThis.cnnlabData ??= {{}})["{name}"] = ') < first
    assert "cnnlabData ??=" not in ShiftExplorer().to_page()


def test_the_stored_output_holds_none_of_the_data():
    assert len(DigitsExplorer().to_html()) < 20_000


def test_every_file_that_a_widget_names_is_there():
    files = data_files()
    assert set(DigitsExplorer.data) <= set(files)
    for path in files.values():
        json.loads(path.read_text("utf-8"))


# The site: scripts beside one another, as the book's pages load them.


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A page with the explorer far below, and all that the site writes for widgets."""
    folder = tmp_path_factory.mktemp("site")
    assets.write_widgets(folder)
    scripts = "".join(
        f'<script defer src="widgets/{name}?v=1"></script>' for name in page_scripts(["digits.js"])
    )
    (folder / "page.html").write_text(
        '<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>Page</title>'
        f'{scripts}<p style="height: 4000px">Far above</p>{DigitsExplorer(dx=0).to_html()}</html>',
        encoding="utf-8",
    )
    return folder


@pytest.fixture
def opened(folder, context_of):
    page = context_of(viewport={"width": 900, "height": 800}).new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((folder / "page.html").as_uri())
    page.wait_for_selector(".cnnlab-widget[data-drawn=true]")
    yield page, lambda: [match[1] for url in asked if (match := re.search(r"data/(\w+)\.js", url))]
    page.close()


def test_on_a_page_from_the_disk_data_wait_until_the_reader_is_near(opened):
    page, asked = opened
    page.evaluate("() => new Promise((done) => setTimeout(done, 200))")
    assert asked() == []
    page.locator(".cnn-digits").scroll_into_view_if_needed()
    page.wait_for_selector(".cnn-digits[data-ready=true]")
    assert asked() == ["shift_curve"]
    assert page.locator("[data-network=max] .cnn-net-answer").inner_text() == "8"


def test_the_second_file_is_loaded_when_it_is_asked_for(opened):
    page, asked = opened
    page.locator(".cnn-digits").scroll_into_view_if_needed()
    page.wait_for_selector(".cnn-digits[data-ready=true]")
    page.locator("[data-control=trained] input[value=anywhere]").check(force=True)
    page.wait_for_selector("[data-network=avg].is-absent")
    page.wait_for_function(
        "document.querySelector('[data-network=stride] .cnn-net-answer').textContent === '8'"
    )
    assert asked() == ["shift_curve", "positions"]


def test_where_data_cannot_be_loaded_the_reader_is_told_and_can_try_again(folder, opened):
    page, _ = opened
    data, aside = folder / "widgets/data", folder / "widgets/aside"
    data.rename(aside)
    try:
        page.locator(".cnn-digits").scroll_into_view_if_needed()
        page.locator(".cnn-says", has_text="could not be loaded").wait_for()
    finally:
        aside.rename(data)
    page.locator("[data-action=left]").click()
    page.wait_for_selector(".cnn-digits[data-ready=true]")


def test_all_that_is_loaded_on_demand_weighs_less_than_150_kilobytes(folder):
    import gzip

    sizes = [
        len(gzip.compress(path.read_bytes(), 9)) for path in (folder / "widgets/data").glob("*")
    ]
    assert len(sizes) == len(data_files())
    assert sum(sizes) <= 150_000


def test_the_explorer_itself_is_light():
    import gzip

    sources = [for_page(name) for name in ("digits.js", "networks.js", "data.js")]
    assert len(gzip.compress(assets.small("script", "".join(sources)).encode(), 9)) <= 12_000
    assert (HERE / "digits.css").stat().st_size < 12_000
