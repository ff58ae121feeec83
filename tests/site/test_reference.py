"""The reference has an entry for every public name, and is easy to find one's way in."""

import importlib
import inspect
import re
from pathlib import Path

import built
import pytest

from cnnlab import nn

BOOK = Path(__file__).resolve().parents[2] / "book"
REFERENCE = "".join(path.read_text("utf-8") for path in sorted(BOOK.glob("api-*.md")))
MODULES = re.findall(r"automodule:: (\S+)", REFERENCE)
APPENDICES = [name for name in built.chapter_names() if name.startswith("book/api")]

# The colour of the paper under a link, and that of the link, both as numbers from 0 to 255.
LINKS = """() => {
  const paper = getComputedStyle(document.body).backgroundColor;
  const links = [...document.querySelectorAll(".bd-article a.reference.internal")];
  const colour = (link) => getComputedStyle(link.querySelector("code, .pre") ?? link).color;
  const kinds = { table: [], text: [] };
  for (const link of links) {
    if (link.closest("nav, .toctree-wrapper, dt")) continue;
    kinds[link.closest("table") ? "table" : "text"].push(colour(link));
  }
  return { paper, table: [...new Set(kinds.table)], text: [...new Set(kinds.text)] };
}"""


def constants(module):
    """Public names of a module that are neither functions nor classes nor modules."""
    for name in getattr(importlib.import_module(module), "__all__", []):
        value = getattr(importlib.import_module(module), name)
        if not (inspect.isroutine(value) or inspect.isclass(value) or inspect.ismodule(value)):
            yield name


def entries(site):
    """Identifiers of all entries of the reference."""
    pages = (site / f"{name}.html" for name in APPENDICES)
    return set(re.findall(r'<dt[^>]* id="([^"]+)"', "".join(p.read_text("utf-8") for p in pages)))


def luminance(colour):
    """Relative luminance of ``rgb(r, g, b)``, as WCAG defines it."""
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    r, g, b = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


@pytest.mark.parametrize("module", MODULES)
def test_every_public_constant_has_an_entry(site, module):
    found = entries(site)
    part = ".".join(module.split(".")[:2])
    for name in constants(module):
        assert any(each.startswith(f"{part}.") and each.endswith(f".{name}") for each in found), (
            name
        )


@pytest.mark.parametrize("name", ["TARGETS", "RECORDS"])
def test_the_constants_that_the_entries_of_the_timings_speak_of_have_an_entry(site, name):
    assert f"cnnlab.bench.{name}" in entries(site)


def test_a_constant_is_told_in_words_and_not_printed_in_full(site):
    page = (site / "book" / "api-teaching.html").read_text("utf-8")
    for name in ("GOALS", "PLANS"):
        signature = re.search(rf'<dt[^>]* id="[^"]*\.{name}">(.*?)</dt>', page, re.DOTALL).group(1)
        assert len(re.sub(r"<[^>]+>", "", signature)) < 60, name


@pytest.mark.parametrize(
    ("entry", "names"),
    [(nn.Parameter, ("data", "grad")), (nn.Module, ("training", "buffer_names"))],
)
def test_what_a_reader_uses_of_a_parameter_and_a_module_is_listed(entry, names):
    attributes = inspect.getdoc(entry).split("Attributes\n----------\n")[1].split("\n\n")[0]
    assert set(re.findall(r"^(\w+) : ", attributes, re.MULTILINE)) == set(names)


@pytest.mark.parametrize("name", ["book/glossary", "book/api-nn", "book/for-instructors"])
def test_the_search_is_in_sight_when_an_appendix_is_opened(look, name):
    page = look(name).page
    field = page.locator(".bd-sidebar-primary .search-button-field").bounding_box()
    assert 0 <= field["y"] < 900 - field["height"]
    above = "(y) => document.elementFromPoint(60, y).closest('.bd-links a') === null"
    assert all(page.evaluate(above, y) for y in range(0, int(field["y"]), 2))


@pytest.mark.parametrize("name", ["book/api-nn", "book/api-training"])
def test_names_on_the_right_stay_in_the_window(look, name):
    boxes = look(f"{name}").page.evaluate(
        """() => [...document.querySelectorAll(".bd-sidebar-secondary a :is(code, .pre)")]
          .map((each) => each.getBoundingClientRect().right)"""
    )
    assert boxes
    assert max(boxes) <= 1280


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_links_have_one_colour_in_text_and_tables_and_can_be_read(look, theme):
    found = look("book/for-instructors", theme=theme).page.evaluate(LINKS)
    assert len(found["text"]) == 1
    table = look("book/api", theme=theme).page.evaluate(LINKS)["table"]
    assert table == found["text"]
    dark, light = sorted(luminance(each) for each in (*table, found["paper"]))
    assert (light + 0.05) / (dark + 0.05) >= 4.5
