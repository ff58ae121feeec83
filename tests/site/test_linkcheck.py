"""`make linkcheck` asks every address, tells which are dead, and leaves out what it has to."""

import json
import re
import subprocess

import browser
import built
import pytest
import yaml
from sphinx.application import Sphinx

CONFIG = yaml.safe_load((built.ROOT / "_config.yml").read_text("utf-8"))["sphinx"]["config"]
SETTINGS = {name: value for name, value in CONFIG.items() if name.startswith("linkcheck_")}


@pytest.fixture
def asked(tmp_path):
    """Check two addresses of a server of our own with the book's settings, or with others."""
    for name in ("source", "served"):
        (tmp_path / name).mkdir()
    (tmp_path / "served" / "there.html").write_text("<p id='place'>Here</p>", encoding="utf-8")

    def check(**changes):
        with browser.served(tmp_path / "served") as address:
            text = "\n".join(f"* {address}/{name}" for name in ("there.html", "gone.html"))
            (tmp_path / "source" / "index.rst").write_text(f"Page\n====\n{text}\n")
            app = Sphinx(
                str(tmp_path / "source"),
                None,
                str(tmp_path / "out"),
                str(tmp_path / "trees"),
                "linkcheck",
                confoverrides={**SETTINGS, **changes},
                status=None,
                warning=None,
                freshenv=True,
            )
            app.build()
        lines = (tmp_path / "out" / "output.json").read_text("utf-8").splitlines()
        told = {one["uri"].rpartition("/")[2]: one["status"] for one in map(json.loads, lines)}
        return app.statuscode, told

    return check


def test_a_dead_link_is_told_and_makes_the_command_fail(asked):
    status, told = asked(linkcheck_ignore=[])
    assert told == {"there.html": "working", "gone.html": "broken"}
    assert status != 0


def test_the_reader_s_own_machine_is_not_asked(asked):
    status, told = asked()
    assert set(told.values()) == {"ignored"}
    assert status == 0


def test_a_silent_server_is_given_up_and_asked_again():
    assert 0 < SETTINGS["linkcheck_timeout"] <= 30
    assert SETTINGS["linkcheck_retries"] > 1
    assert SETTINGS["linkcheck_report_timeouts_as_broken"] is False


def test_few_links_of_the_book_are_left_out_and_no_pattern_is_idle(pages):
    links = {
        attributes["href"]
        for page in pages.values()
        for attributes in page.all("a")
        if attributes.get("href", "").startswith("https:")
    }
    _, *patterns = SETTINGS["linkcheck_ignore"]  # the first is this machine
    left_out = [{link for link in links if re.match(pattern, link)} for pattern in patterns]
    assert all(left_out)
    assert len(set().union(*left_out)) < len(links) / 10


def test_the_command_runs_sphinx_on_the_whole_book():
    command = ["make", "--dry-run", "linkcheck"]
    done = subprocess.run(command, cwd=built.ROOT, capture_output=True, text=True, check=True)
    assert "jupyter-book build . --builder custom --custom-builder linkcheck" in done.stdout
