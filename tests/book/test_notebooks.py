"""The chapters as files: stored executed, stable on every machine, complete for every reader."""

import re
from pathlib import Path

import nbformat
import pytest
from rules import problems

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "book").glob("*.ipynb"))
FENCED = re.compile(r"^(`{3,}|:{3,}).*?^\1", re.MULTILINE | re.DOTALL)


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def path(request):
    return request.param


def test_a_chapter_keeps_to_the_rules(path):
    assert problems(nbformat.read(path, as_version=4)) == []


def test_a_chapter_is_a_valid_notebook_with_an_id_for_each_cell(path):
    nbformat.validate(nbformat.reads(path.read_text("utf-8"), nbformat.NO_CONVERT))


def test_a_chapter_has_one_title_and_it_comes_first(path):
    cells = nbformat.read(path, as_version=4).cells
    text = [FENCED.sub("", cell.source) for cell in cells if cell.cell_type == "markdown"]
    titles = [line for source in text for line in source.splitlines() if line.startswith("# ")]
    assert [text[0].splitlines()[0]] == titles


def test_a_chapter_is_in_the_table_of_contents(path):
    listed = re.findall(r"^\s*- file: (\S+)$", (ROOT / "_toc.yml").read_text("utf-8"), re.MULTILINE)
    assert path.relative_to(ROOT).with_suffix("").as_posix() in listed
