"""The glossary explains words that the chapters use, and sends a reader to the right ones."""

import re

import pytest
from chapter import BOOK, Chapter

ENTRY = re.compile(r"^(?P<term>[^\s`#][^\n]*)\n  (?P<text>[^\n]+)$", re.MULTILINE)
ENTRIES = {
    match["term"]: match["text"]
    for match in ENTRY.finditer((BOOK / "glossary.md").read_text("utf-8"))
}


def chapters(text):
    """Chapters that an entry sends its reader to."""
    return re.findall(r"\[chapter \d+\]\(([\w-]+)\)", text)


@pytest.mark.parametrize("term", ENTRIES)
def test_a_term_is_used_in_every_chapter_that_its_entry_names(term):
    assert chapters(ENTRIES[term])
    for name in chapters(ENTRIES[term]):
        assert term.lower() in Chapter(name).prose.lower(), name


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
