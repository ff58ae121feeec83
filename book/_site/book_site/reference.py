"""The pages of the reference: docstrings as they are read in the source, and their links."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.nodes import make_refnode

# What Sphinx puts beside a piece of source: the way back to its entry.
_BACK = re.compile(r'(<a class="viewcode-back" href="[^"#]*?([\w-]+)\.html#)([^"]+)(">.*?</a>)')


def keep_whole(
    _app: Sphinx, what: str, _name: str, _object: Any, _options: Any, lines: list[str]
) -> None:
    """Keep the first sentence of a property or a constant in one piece.

    Napoleon would take what stands before a colon for a type. In front of it goes an empty comment,
    which has no colon and leaves no trace on the page.
    """
    if what in ("property", "data"):
        lines[:0] = ["..", ""]


def link(
    app: Sphinx, env: BuildEnvironment, node: nodes.Element, text: nodes.Element
) -> nodes.Node | None:
    """Lead a name to its entry where the docstring and the page call its module differently.

    A docstring speaks of its neighbours by their bare names, and of modules by where they lie; the
    reference lists everything where a reader imports it from. Constants without an entry stay code.
    """
    if node.get("refdomain") != "py":
        return None
    entries = env.domains["py"].objects
    found = entry_for(node["reftarget"], node.get("py:module") or "", entries)
    if found is None:
        return text if node.get("reftype") == "data" else None
    where = entries[found]
    return make_refnode(app.builder, node["refdoc"], where.docname, where.node_id, text, found)


def entry_for(target: str, module: str, entries: Iterable[str]) -> str | None:
    """Find the one entry of the same part of cnnlab that ends in the name.

    >>> entries = ["cnnlab.nn.MaxPool2d", "cnnlab.nn.functional.max_pool2d", "cnnlab.plots.costs"]
    >>> entry_for("max_pool2d", "cnnlab.nn", entries)
    'cnnlab.nn.functional.max_pool2d'
    >>> entry_for("cnnlab.nn.maxpool.MaxPool2d", "cnnlab.plots", entries)
    'cnnlab.nn.MaxPool2d'
    >>> entry_for("costs", "cnnlab.nn", entries)
    """
    home = target if target.startswith("cnnlab.") else module
    part = ".".join(home.split(".")[:2]) + "."
    name = "." + target.rpartition(".")[2]
    found = [entry for entry in entries if entry.startswith(part) and entry.endswith(name)]
    return found[0] if len(found) == 1 else None


def lead_back(app: Sphinx, pagename: str, _template: str, context: dict[str, Any], _: Any) -> None:
    """Lead from source back to its entry, or nowhere where there is none.

    Sphinx takes one module for all that a file holds, but functions and classes of one file may
    have their entries in two.
    """
    if not pagename.startswith("_modules/"):
        return
    python = app.env.domains["py"]
    entries = {name: entry for name, entry in python.objects.items() if not entry.aliased}
    pages = {name: entry.docname.rpartition("/")[2] for name, entry in entries.items()}

    def corrected(link: re.Match[str]) -> str:
        entry = entry_of_source(link[3], link[2], pages, python.modules)
        return f"{link[1]}{entry}{link[4]}" if entry else ""

    context["body"] = _BACK.sub(corrected, context["body"])


def entry_of_source(
    name: str, page: str, pages: Mapping[str, str], modules: Iterable[str]
) -> str | None:
    """Find the one entry on a page of what has this name in one of the modules.

    >>> pages = {"a.Pool.forward": "one", "a.b.pool": "two"}
    >>> entry_of_source("a.b.Pool.forward", "one", pages, ["a", "a.b"])
    'a.Pool.forward'
    >>> entry_of_source("a.b.Pool.forward", "two", pages, ["a", "a.b"])
    """
    parts = name.split(".")
    for start in range(1, len(parts)):  # how many of them name a module is not known
        entries = {".".join([module, *parts[start:]]) for module in modules}
        found = [entry for entry in entries if pages.get(entry) == page]
        if len(found) == 1:
            return found[0]
    return None
