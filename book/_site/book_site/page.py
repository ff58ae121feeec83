"""What each page gets: a description, few and deferred scripts, an accessible body."""

import html
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

from bs4 import BeautifulSoup
from cnnlab.widgets import modules
from cnnlab.widgets.base import styles as styles_of
from docutils import nodes
from sphinx.application import Sphinx

from . import body, images

DESCRIPTION_LENGTH = 160  # characters; search engines show about as many

# The first page in the navigation, where its title would repeat the book's, which stands above it.
HOME = "Start here"

# Code inside the pages uses what this script defines, so it has to run where it stands.
NOT_DEFERRED = {"_static/documentation_options.js"}


def complete(
    app: Sphinx, pagename: str, _template: str, context: dict[str, Any], doctree: Any
) -> None:
    """Complete the context from which Sphinx renders a page."""
    article = BeautifulSoup(context.get("body", ""), "html.parser")
    if "body" in context:
        path_of = _image_paths(app)
        repair(article, lambda src: (path := path_of(src)) and images.display_size(path))
        body.mark_drawings(article, lambda src: images.is_drawing(path_of(src)))
        lighten(article, path_of, Path(app.outdir))
        context["body"] = str(article)

    widgets = body.widgets(article)
    styles = [f"widgets/{style.name}" for name in widgets for style in styles_of(name)]
    shared = ["widgets/cnnlab.css", "icons.css", "site.css"]
    for priority, style in enumerate(dict.fromkeys([*shared[:1], *styles, *shared[1:]]), start=850):
        app.add_css_file(style, priority=priority)
    app.add_js_file("site.js")
    for script in modules.page_scripts(widgets):
        app.add_js_file(f"widgets/{script}")
    scripts = context["script_files"]  # the list itself: Sphinx and the lines above add to it
    if not body.has_formula(article):
        scripts[:] = [script for script in scripts if not _belongs_to_mathjax(script)]
    if not body.has_design(article):
        for files in (scripts, context["css_files"]):
            files[:] = [file for file in files if not _belongs_to_design(file)]
    if pagename != "search":  # its own code starts the search before a deferred script has run
        scripts[:] = [deferred(script) for script in scripts]

    context["root_title"] = HOME
    context["metatags"] = context.get("metatags", "") + meta_tags(
        description=(doctree is not None and description(doctree)) or context["description"],
        title=str(context.get("title") or app.config.html_title),
        book=app.config.html_title,
        base=app.config.html_baseurl,
        address=context.get("pageurl"),
    )


def repair(article: BeautifulSoup, size: Callable[[str], body.Size | None]) -> None:
    """Make the article of a page accessible and steady while it loads."""
    body.size_images(article, size)
    body.frame_what_may_scroll(article)
    body.empty_headers_are_no_headers(article)
    body.reserve_formula_height(article)
    body.name_summaries_by_their_text(article)
    body.fold_dropdowns(article)
    body.plain_details(article)
    body.drop_repeated_ids(article)
    body.repair_bibliography(article)


def lighten(article: BeautifulSoup, path_of: Callable[[str], Path | None], folder: Path) -> None:
    """Show each PNG of a notebook as WebP without loss, written beside it into the site."""
    for image in article.select("img[src$='.png']"):
        src = PurePosixPath(str(image["src"]))
        if source := path_of(str(src)):
            images.write_webp(source, folder / "_images" / f"{src.stem}.webp")
            image["src"] = str(src.with_suffix(".webp"))


def _image_paths(app: Sphinx) -> Callable[[str], Path | None]:
    """Make the function from an image's ``src`` to its file; Sphinx has not copied it yet."""
    sources = {copied: source for source, copied in app.builder.images.items()}

    def path_of(src: str) -> Path | None:
        source = sources.get(PurePosixPath(src).name)
        return Path(app.srcdir) / source if source else None

    return path_of


def _belongs_to_mathjax(script: Any) -> bool:
    return "mathjax" in str(script.filename) or "MathJax" in script.attributes.get("body", "")


def _belongs_to_design(file: Any) -> bool:
    return any(part in str(file.filename) for part in ("sphinx-design", "design-tabs"))


def deferred(script: Any) -> Any:
    """Copy a script of Sphinx so that it no longer holds up the page; others stay as they are."""
    if not script.filename or str(script.filename) in NOT_DEFERRED:
        return script
    attributes = {"defer": "defer"} | script.attributes
    attributes.pop("async", None)
    return type(script)(script.filename, priority=script.priority, **attributes)


def description(doctree: nodes.document) -> str:
    """First paragraph of the running text, cut at a word; empty where there is none."""
    for paragraph in doctree.findall(nodes.paragraph):
        if isinstance(paragraph.parent, nodes.section):
            return shortened(" ".join(paragraph.astext().split()))
    return ""


def shortened(text: str, length: int = DESCRIPTION_LENGTH) -> str:
    """Cut a text at a word so that it has at most `length` characters.

    >>> shortened("Pooling shrinks a feature map.", 20)
    'Pooling shrinks a…'
    """
    if len(text) <= length:
        return text
    return text[: length - 1].rsplit(" ", 1)[0].rstrip(" ,;:") + "…"


def meta_tags(*, description: str, title: str, book: str, base: str, address: str | None) -> str:
    """Tags from which search engines and messengers make a preview of the page."""
    tags = [
        ("name", "description", description),
        ("property", "og:title", BeautifulSoup(title, "html.parser").get_text()),
        ("property", "og:description", description),
        ("property", "og:site_name", book),
        ("property", "og:type", "article"),
        ("property", "og:image", f"{base}_static/card.png"),
        ("property", "og:image:alt", f"{book} One dahlia, pooled over ever larger windows."),
        ("name", "twitter:card", "summary_large_image"),
    ]
    if address:
        tags.append(("property", "og:url", address))
    return "".join(
        f'\n<meta {kind}="{name}" content="{html.escape(content)}" />'
        for kind, name, content in tags
    )
