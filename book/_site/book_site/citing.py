"""The citation on the page *How to cite*, made from CITATION.cff."""

from pathlib import Path

import yaml
from sphinx.application import Sphinx

FILE = Path(__file__).parents[3] / "CITATION.cff"
MARK = "<!-- here stands the citation -->"
VERSION = "<!-- version -->"


def fill(app: Sphinx, _docname: str, source: list[str]) -> None:
    """Put the citation where a page asks for it."""
    if MARK in source[0]:
        app.env.note_dependency(str(FILE))
        fields = yaml.safe_load(FILE.read_text("utf-8"))
        source[0] = source[0].replace(MARK, citation(fields))
        source[0] = source[0].replace(VERSION, fields["version"])


def citation(fields: dict) -> str:
    """Write a citation in words and for BibTeX, in Markdown.

    >>> book = {"title": "A book", "version": "1.0", "repository-code": "https://example.org",
    ...         "authors": [{"given-names": "Ada", "family-names": "Lovelace"}, {"name": "Others"}]}
    >>> print(citation(book).splitlines()[0])
    > Ada Lovelace and Others, *A book*, version 1.0, https://example.org
    """
    names = [_name(author) for author in fields["authors"]]
    people, title, version = " and ".join(names), fields["title"], fields["version"]
    address = fields["repository-code"]
    return f"""> {people}, *{title}*, version {version}, {address}

```bibtex
@misc{{whydowepool,
  author = {{{" and ".join(f"{{{name}}}" for name in names)}}},
  title  = {{{title}}},
  note   = {{Version {version}}},
  url    = {{{address}}},
}}
```"""


def _name(author: dict) -> str:
    """Write the name of a person or of a group."""
    if "name" in author:
        return str(author["name"])
    return f"{author['given-names']} {author['family-names']}"
