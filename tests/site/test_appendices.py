"""The appendices: reference, lecture plans and citation say what the code and the files say."""

import re
from pathlib import Path

import pytest
import yaml
from book_site import citing, lectures, reference

import cnnlab
from cnnlab.exercises import goals

ROOT = Path(__file__).resolve().parents[2]
BOOK = ROOT / "book"
CITATION = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
CONFIGURATION = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
REFERENCE = "".join(path.read_text("utf-8") for path in sorted(BOOK.glob("api-*.md")))
ENTRIES = ["cnnlab.nn.MaxPool2d", "cnnlab.nn.functional.relu", "cnnlab.plots.relu"]


# -- reference ------------------------------------------------------------------------------------


@pytest.mark.parametrize("module", [name for name in cnnlab.__all__ if name != "laws"])
def test_every_public_module_is_in_the_reference(module):
    assert f".. automodule:: cnnlab.{module}\n" in REFERENCE


def test_every_module_of_laws_is_in_the_reference():
    files = (ROOT / "cnnlab" / "laws").glob("[!_]*.py")
    assert {path.stem for path in files} == set(re.findall(r"cnnlab\.laws\.(\w+)\n", REFERENCE))


def test_the_page_of_the_reference_leads_to_all_its_parts():
    parts = {path.stem for path in BOOK.glob("api-*.md")}
    assert parts == set(re.findall(r"\]\((api-\w+)\)", (BOOK / "api.md").read_text("utf-8")))


@pytest.mark.parametrize(
    ("target", "module", "found"),
    [
        ("relu", "cnnlab.nn", "cnnlab.nn.functional.relu"),
        ("relu", "cnnlab.plots", "cnnlab.plots.relu"),
        ("cnnlab.nn.maxpool.MaxPool2d", "cnnlab.plots", "cnnlab.nn.MaxPool2d"),
        ("relu", "cnnlab.widgets", None),
        ("elu", "cnnlab.nn", None),
    ],
)
def test_a_name_leads_to_the_entry_of_its_own_part(target, module, found):
    assert reference.entry_for(target, module, ENTRIES) == found


def test_a_name_with_two_entries_leads_nowhere():
    assert reference.entry_for("relu", "cnnlab.nn", [*ENTRIES, "cnnlab.nn.other.relu"]) is None


@pytest.mark.parametrize(("what", "added"), [("property", 2), ("function", 0)])
def test_only_the_sentence_of_a_property_is_kept_from_being_split(what, added):
    lines = ["A pixel: the smallest window."]
    reference.keep_whole(None, what, "", None, None, lines)
    assert lines == [*["..", ""][:added], "A pixel: the smallest window."]


# -- lecture plans --------------------------------------------------------------------------------


@pytest.mark.parametrize("chapter", goals.GOALS)
def test_the_table_of_a_chapter_has_all_its_goals_and_exercises(chapter):
    text = lectures.goals_and_exercises(chapter)
    assert all(f"- **{letter}** {goal}" in text for letter, goal in goals.GOALS[chapter].items())
    named = re.findall(r"^\| `(ch\d\d\.\w+)` \|", text, re.MULTILINE)
    assert set(named) == {name for name in goals.PLANS if name.startswith(f"{chapter}.")}


# -- citation -------------------------------------------------------------------------------------


def test_the_citation_says_what_the_file_says():
    text = citing.citation(CITATION)
    for field in ("title", "version", "repository-code"):
        assert text.count(CITATION[field]) >= 2, field
    assert all(text.count(author["name"]) == 2 for author in CITATION["authors"])


def test_a_person_is_cited_by_both_names():
    person = {"given-names": "Ada", "family-names": "Lovelace"}
    assert "author = {{Ada Lovelace}}" in citing.citation({**CITATION, "authors": [person]})


def test_book_and_citation_have_the_same_title_and_authors():
    assert CONFIGURATION["title"] == CITATION["title"]
    (author,) = CITATION["authors"]
    assert author["name"].replace('"', "") == re.sub("[“”]", "", CONFIGURATION["author"])


def test_the_page_asks_for_citation_and_version():
    page = (BOOK / "citing.md").read_text("utf-8")
    assert citing.MARK in page
    assert citing.VERSION in page
