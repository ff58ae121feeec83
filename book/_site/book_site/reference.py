"""The pages of the reference: docstrings as they are read in the source, and their links."""

from collections.abc import Iterable
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.nodes import make_refnode


def keep_whole(
    _app: Sphinx, what: str, _name: str, _object: Any, _options: Any, lines: list[str]
) -> None:
    """Keep the first sentence of a property in one piece.

    Napoleon would take what stands before a colon for a type. In front of it goes an empty comment,
    which has no colon and leaves no trace on the page.
    """
    if what == "property":
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
