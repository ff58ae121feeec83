"""A release: its tag is the version of every file, and its archive opens on any computer."""

import re
import shutil
import zipfile
from html.parser import HTMLParser
from pathlib import Path

import pytest
import release as tool

ROOT = Path(__file__).parents[1]
CHANGELOG = "# Changelog\n\n## 2.1.0 (2027-01-31)\n\n- New.\n\n## 2.0.0 (2026-12-01)\n\n- Old.\n"


@pytest.fixture
def release(tmp_path, monkeypatch):
    """Module tools/release.py in a repository of version 2.1.0 with two pages and a wheel."""
    monkeypatch.setattr(tool, "ROOT", tmp_path)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1800000000")
    for name, content in {
        "pyproject.toml": '[project]\nversion = "2.1.0"\n',
        "CITATION.cff": "version: 2.1.0\n",
        "CHANGELOG.md": CHANGELOG,
        "_config.yml": "title: Why & how?\n",
        "LICENSE": "BSD",
        "LICENSE-text.md": "CC",
        "_build/html/index.html": "first",
        "_build/html/.buildinfo": "of no use",
        "_build/html/book/lectures.html": "plans",
        "book/01-one.ipynb": "{}",
        "dist/cnnlab-2.1.0-py3-none-any.whl": "wheel",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8")
    return tool


def test_a_tag_that_every_file_agrees_with_is_a_version(release):
    assert release.checked("v2.1.0") == "2.1.0"


@pytest.mark.parametrize(
    ("name", "old", "new", "told"),
    [
        ("pyproject.toml", "2.1.0", "2.0.0", "pyproject.toml has 2.0.0"),
        ("CITATION.cff", "2.1.0", "2.1.1", "CITATION.cff has 2.1.1"),
        ("CHANGELOG.md", "2.1.0", "2.2.0", "CHANGELOG.md has 2.2.0"),
        ("CHANGELOG.md", "2027-01-31", "unreleased", "CHANGELOG.md has 2.1.0 (unreleased)"),
    ],
)
def test_a_file_with_another_version_is_named(release, name, old, new, told):
    path = release.ROOT / name
    path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")
    with pytest.raises(SystemExit, match=re.escape(told)):
        release.checked("v2.1.0")


def test_a_tag_without_its_v_is_refused(release):
    with pytest.raises(SystemExit, match="the v is missing"):
        release.checked("2.1.0")


@pytest.mark.parametrize(("version", "section"), [("2.1.0", "- New."), ("2.0.0", "- Old.")])
def test_the_notes_are_the_section_of_the_changelog(release, version, section):
    assert release.notes(version) == section


def test_a_version_without_notes_is_refused(release):
    with pytest.raises(SystemExit, match=r"CHANGELOG.md says nothing about 2\.1"):
        release.notes("2.1")


def test_the_archive_is_one_folder_that_says_where_to_start(release):
    target = release.archive("2.1.0")
    assert target.name == "why-how-2.1.0.zip"
    with zipfile.ZipFile(target) as packed:
        names = {name.removeprefix("why-how-2.1.0/") for name in packed.namelist()}
    assert names == {
        "START-HERE.html",
        "pages/index.html",
        "pages/book/lectures.html",
        "notebooks/01-one.ipynb",
        "package/cnnlab-2.1.0-py3-none-any.whl",
        "LICENSE",
        "LICENSE-text.md",
    }


def test_the_same_files_make_the_same_archive(release):
    once = release.archive("2.1.0").read_bytes()
    assert release.archive("2.1.0").read_bytes() == once


@pytest.mark.parametrize("name", ["a:b.html", "what?.html", "dot./a.html", "INDEX.html"])
def test_a_name_that_not_every_system_keeps_is_refused(release, name):
    with pytest.raises(SystemExit, match=re.escape(name)):
        release.refuse_names(["index.html", name])


@pytest.mark.parametrize("name", ["_build", "dist"])
def test_what_has_to_be_built_before_is_told(release, name):
    shutil.rmtree(release.ROOT / name)
    with pytest.raises(SystemExit, match=r"Run: (make book|python -m hatchling build)"):
        release.archive("2.1.0")


class Links(HTMLParser):
    def __init__(self):
        super().__init__()
        self.targets = []

    def handle_starttag(self, tag, attributes):
        self.targets += [value for name, value in attributes if name == "href"]


def test_the_start_leads_to_pages_that_the_book_has(release):
    links = Links()
    links.feed(release.START)
    sources = {*(ROOT / "book").glob("*.ipynb"), *(ROOT / "book").glob("*.md")}
    pages = {"pages/index.html", *(f"pages/book/{path.stem}.html" for path in sources)}
    assert set(links.targets) <= pages | {"notebooks/", "package/"}
    assert len(links.targets) >= 6
