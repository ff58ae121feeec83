"""The glossary explains words that the chapters use, and sends a reader to the right ones."""

import re

import numpy as np
import pytest
from chapter import BOOK, Chapter

from cnnlab import claims
from cnnlab.nn import functional as F

ENTRY = re.compile(r"^(?P<term>[^\s`#][^\n]*)\n  (?P<text>[^\n]+)$", re.MULTILINE)
ENTRIES = {
    match["term"]: match["text"]
    for match in ENTRY.finditer((BOOK / "glossary.md").read_text("utf-8"))
}


def chapters(text):
    """Chapters that an entry sends its reader to."""
    return re.findall(r"\[(?:chapter \d+|the first page)\]\(([\w-]+)\)", text)


def prose(name):
    """What a chapter, or the first page, says in words."""
    return (BOOK / "intro.md").read_text("utf-8") if name == "intro" else Chapter(name).prose


@pytest.mark.parametrize("term", ENTRIES)
def test_a_term_is_used_in_every_chapter_that_its_entry_names(term):
    assert chapters(ENTRIES[term])
    for name in chapters(ENTRIES[term]):
        assert term.lower() in prose(name).lower(), name


@pytest.mark.parametrize("term", ENTRIES)
def test_an_entry_has_one_or_two_sentences(term):
    explained, _, _ = ENTRIES[term].rpartition(" See ")
    assert 1 <= len(re.findall(r"[.!?]\)?(?: |$)", explained)) <= 2, explained


def test_terms_are_in_alphabetical_order():
    assert list(ENTRIES) == sorted(ENTRIES, key=str.lower)


def test_every_chapter_number_is_that_of_its_file():
    for text in ENTRIES.values():
        for number, name in re.findall(r"\[chapter (\d+)\]\(([\w-]+)\)", text):
            assert int(name[:2]) == int(number)


def test_every_verdict_that_a_claim_has_is_explained_on_the_first_page_and_named_in_the_glossary():
    for verdict in {claim.verdict.split(" with ")[0] for claim in claims.ledger()} - {"holds"}:
        assert f"**{verdict}" in prose("intro")
        assert f"*{verdict}" in ENTRIES["verdict"].lower()


def test_lp_pooling_is_told_from_the_power_mean_as_the_code_has_it():
    assert "there p = 1 is the sum" in ENTRIES["power mean"]
    assert F.lp_pool2d(np.ones((1, 1, 2, 2)), 1, 2) == 4


def test_the_links_of_the_glossary_lead_to_terms_it_has():
    known = {term.lower() for term in ENTRIES}
    for text in ENTRIES.values():
        linked = re.findall(r"\{term\}`(?:[^`<]*<)?([^`<>]+)>?`", text)
        assert {term.lower() for term in linked} <= known
