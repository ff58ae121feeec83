"""The appendices: reference, lecture plans and citation say what the code and the files say."""

import inspect
import re
from importlib import import_module
from pathlib import Path

import pytest
import yaml
from book_site import citing, lectures, reference

import cnnlab
from cnnlab import plots
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


@pytest.mark.parametrize(
    ("name", "page", "found"),
    [
        ("cnnlab.nn.functional.Pool.forward", "api-nn", "cnnlab.nn.Pool.forward"),
        ("cnnlab.nn.maxpool.Pool.forward", "api-nn", "cnnlab.nn.Pool.forward"),
        ("cnnlab.nn.functional.pool", "api-functional", "cnnlab.nn.functional.pool"),
        ("cnnlab.nn.functional.Pool.forward", "api-functional", None),
        ("cnnlab.nn.functional.forward", "api-nn", None),
    ],
)
def test_source_leads_back_to_its_entry_in_whichever_module_it_is(name, page, found):
    pages = {"cnnlab.nn.Pool.forward": "api-nn", "cnnlab.nn.functional.pool": "api-functional"}
    modules = ["cnnlab.nn", "cnnlab.nn.functional"]
    assert reference.entry_of_source(name, page, pages, modules) == found


@pytest.mark.parametrize(("what", "added"), [("property", 2), ("function", 0)])
def test_only_the_sentence_of_a_property_is_kept_from_being_split(what, added):
    lines = ["A pixel: the smallest window."]
    reference.keep_whole(None, what, "", None, None, lines)
    assert lines == [*["..", ""][:added], "A pixel: the smallest window."]


def entries():
    """Functions and classes in the reference, but for figures."""
    for name in re.findall(r"automodule:: (cnnlab\.\S+)", REFERENCE):
        module = import_module(name)
        if name != "cnnlab.plots":
            found = (getattr(module, each) for each in getattr(module, "__all__", []))
            yield from (e for e in found if inspect.isfunction(e) or inspect.isclass(e))


def test_most_entries_that_are_no_figures_have_an_example():
    assert "Most\nentries on what is computed have an example" in (BOOK / "api.md").read_text(
        "utf-8"
    )
    have = [">>>" in (inspect.getdoc(entry) or "") for entry in set(entries())]
    assert sum(have) > len(have) / 2


def test_some_figures_are_drawn_into_axes_of_the_reader_and_the_page_says_how():
    drawn = [getattr(plots, name) for name in plots.__all__]
    drawn = [each for each in drawn if inspect.isfunction(each)]
    with_ax = [each for each in drawn if "ax" in inspect.signature(each).parameters]
    assert 0 < len(with_ax) < len(drawn)
    assert "with the argument `ax` draws into axes of yours" in REFERENCE


@pytest.mark.parametrize(
    "module", ["cnnlab.exercises", "cnnlab.experiments", "cnnlab.claims", "cnnlab.bench"]
)
def test_the_table_of_commands_has_those_that_the_help_shows(module, capsys):
    main = import_module(module if module == "cnnlab.bench" else f"{module}.__main__").main
    with pytest.raises(SystemExit):
        main(["--help"])
    shown = re.search(r"^  \{([\w,]+)\}$", capsys.readouterr().out, re.MULTILINE)
    (row,) = re.findall(
        rf"^\| `python -m {module}\b([^|]*)\|", (BOOK / "api.md").read_text("utf-8"), re.MULTILINE
    )
    assert re.findall(r"\w+", row) == (shown[1].split(",") if shown else [])


# -- lecture plans --------------------------------------------------------------------------------


@pytest.mark.parametrize("chapter", goals.GOALS)
def test_the_table_of_a_chapter_has_all_its_goals_and_exercises(chapter):
    text = lectures.goals_and_exercises(chapter)
    assert all(f"- **{letter}** {goal}" in text for letter, goal in goals.GOALS[chapter].items())
    named = re.findall(r"^\| \{ref\}`ex-[^`]+`: [^|]+ \(`(ch\d\d\.\w+)`\) \|", text, re.MULTILINE)
    assert set(named) == {name for name in goals.PLANS if name.startswith(f"{chapter}.")}


def test_every_exercise_has_its_place_in_a_chapter():
    assert set(lectures.places()) == set(goals.PLANS)


def test_the_plans_name_no_exercise_by_its_number():
    plans = lectures.with_titles((BOOK / "lectures.md").read_text("utf-8"))
    assert "“{ref}`Twice too much <ex-repair-ties>`”" in plans
    assert "{ref}`ex-" not in plans


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
