"""The guides among the appendices: their code runs, and the files they name are there."""

import inspect
import re
import textwrap

import pytest
import yaml
from chapter import BOOK

from cnnlab import experiments
from cnnlab.claims.rules import Rule
from cnnlab.exercises import core, grading, submission

ROOT = BOOK.parent
GUIDES = ["how-to-run", "for-instructors"]
BLOCK = re.compile(r"^( *)```(\w+)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)


def text_of(guide):
    return (BOOK / f"{guide}.md").read_text("utf-8")


def blocks(guide, language):
    """Code of a guide in one language."""
    found = BLOCK.findall(text_of(guide))
    return [textwrap.dedent(code) for _, written_in, code in found if written_in == language]


@pytest.mark.parametrize("guide", GUIDES)
def test_the_python_of_a_guide_runs(guide, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert blocks(guide, "python")
    for code in blocks(guide, "python"):
        exec(code, {})


@pytest.mark.parametrize("guide", GUIDES)
def test_a_file_that_a_guide_names_is_there(guide):
    named = re.findall(r"`((?:cnnlab|book|tests|tools)/[\w./-]+)`", text_of(guide))
    named = [name for name in named if not re.search(r"NN|12-|\.html$", name)]
    missing = [name for name in named if not (ROOT / name).exists()]
    assert missing == []


@pytest.mark.parametrize("guide", GUIDES)
def test_a_make_target_that_a_guide_names_exists(guide):
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    code = "\n".join(re.findall(r"`([^`\n]+)`", text_of(guide)) + blocks(guide, "bash"))
    named = set(re.findall(r"^make ([a-z-]+)", code, re.MULTILINE))
    assert named
    assert named <= targets


def test_the_claim_of_the_guide_has_a_rule_that_is_one():
    (claim,) = yaml.safe_load(blocks("for-instructors", "yaml")[0]).values()
    (part,) = claim["parts"].values()
    rule = Rule(**{**part["rule"], "experiment": "pool_or_not", "arms": ("max", "stride")})
    assert rule.margin == 0.005
    assert part["rule"]["experiment"] not in experiments.NAMES


def test_the_stub_that_the_guide_prints_runs_as_a_file_of_its_own(capsys):
    (code,) = [code for code in blocks("for-instructors", "python") if "handout" in code]
    exec(code, {})
    exec(capsys.readouterr().out, {})


def test_the_limits_that_the_guide_names_are_those_of_the_command():
    limits = inspect.signature(grading.grade).parameters
    told = " ".join(text_of("for-instructors").split())
    assert f"statement of a script, may take {submission.STEP_SECONDS:g} seconds" in told
    assert f"an answer {core.Exercise.time_limit:g} (some have more)" in told
    assert f"a submission {limits['seconds'].default} (`--seconds`)" in told
    assert f"{limits['megabytes'].default} MB (`--megabytes`)" in told


def test_bibtex_titles_keep_the_capitals_inside_words_and_after_a_question():
    text = (BOOK / "references.bib").read_text("utf-8")
    for title in re.findall(r"^  title\s*=\s*\{(.*)\},?$", text, re.MULTILINE):
        bare = re.sub(r"\{[^}]*\}", "", title)
        assert re.findall(r"\w*[A-Z]\w*[A-Z]\w*|\? [A-Z]\w*", bare) == [], title
