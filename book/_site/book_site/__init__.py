"""Sphinx extension of the book: pages that are complete in themselves.

Everything a page loads lies beside it, so the site makes no request to another host and works
from a USB stick. The extension reads in the order in which Sphinx calls it:

1. `settings`: what can only be known while building (run the notebooks? which address?);
2. `assets`: the files of MathJax and of our widgets, written into ``_static``;
3. `evidence`, `lectures` and `citing`: text made from experiments, proofs, exercises, CITATION.cff;
4. `reference`: the docstrings that the reference is made of, and where their names lead;
5. `page`: the head, the scripts and the body of each page (`body` and `images` do the work on the
   HTML, without knowing Sphinx);
6. `policy`: what a page may load and run, made from the page as it is written.
"""

from typing import Any

from sphinx.application import Sphinx

from . import assets, citing, evidence, lectures, page, policy, reference, settings

EARLY = 100  # priority of what has to come before them
LATE = 900  # priority of what has to come after the theme and the other extensions


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect the extension to Sphinx."""
    app.add_config_value("book_site_digest", "", "html", str)
    app.connect("config-inited", settings.configure, priority=LATE)
    app.connect("builder-inited", assets.write, priority=LATE)
    app.connect("source-read", evidence.fill)
    app.connect("source-read", lectures.fill)
    app.connect("source-read", citing.fill)
    app.connect("autodoc-process-docstring", reference.keep_whole, priority=EARLY)
    app.connect("missing-reference", reference.link)
    app.connect("html-page-context", reference.lead_back)
    app.connect("html-page-context", page.complete, priority=LATE)
    app.connect("build-finished", assets.lighten)
    app.connect("build-finished", policy.protect, priority=LATE)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
