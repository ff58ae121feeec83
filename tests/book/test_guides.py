"""The guides among the appendices: their code runs, and the files they name are there."""

import re
import textwrap

import pytest
import yaml
from chapter import BOOK

from cnnlab import experiments
from cnnlab.claims.rules import Rule

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
