"""The content security policy of each page: scripts of the book run, and no others.

The policy stands in the page itself, since GitHub Pages sends none and a page opened from a disk
has no server. It names the few scripts inside of the page by their sums, so it is made last, from
the page as Sphinx has written it.
"""

import base64
import hashlib
import re
from pathlib import Path

from sphinx.application import Sphinx

OURS = 'data-content_root="'  # Sphinx writes it on each of its pages, and no other tool does
FIRST = '<meta charset="utf-8" />'  # all that may stand in front of the policy
TAG = '<meta http-equiv="Content-Security-Policy"'
PRINT = ' onclick="window.print()"'  # the theme's; site.js listens to the button instead

_FORMER = re.compile(rf'\n{TAG} content="[^"]*" />')  # of a page that this build did not write
_INSIDE = re.compile(r"<(script|style)\b([^>]*)>(.*?)</\1>", re.DOTALL)


def protect(app: Sphinx, error: Exception | None) -> None:
    """Give each page its policy, when all of them are written."""
    if error or app.builder.format != "html":
        return
    folder = Path(app.outdir)
    for path in folder.rglob("*.html"):
        html = path.read_text("utf-8")
        ours = OURS in html or path == folder / "index.html"
        if ours and (safe := protected(html)) != html:
            path.write_text(safe, encoding="utf-8")


def protected(html: str) -> str:
    """Put the policy into the head of a page, in front of all that it has to govern.

    >>> page = protected('<meta charset="utf-8" /><title>A page</title>')
    >>> page.index("charset") < page.index("Content-Security-Policy") < page.index("title")
    True
    """
    html = _FORMER.sub("", html).replace(PRINT, "")
    before, first, after = html.partition(FIRST) if FIRST in html else ("", "", html)
    return f'{before}{first}\n{TAG} content="{policy(html)}" />{after}'


def policy(html: str) -> str:
    r"""Write the policy of a page.

    >>> print(policy("<script>say(1)</script>").replace("; ", "\n"))  # doctest: +ELLIPSIS
    default-src 'self'
    script-src 'self' 'sha256-...='
    style-src 'self' 'unsafe-inline'
    style-src-elem 'self'
    ...
    """
    directives = [
        # Everything comes from where the page lies. With 'none', Firefox could not fetch the next
        # page ahead (<link rel="next">); so what no page uses is forbidden further below.
        "default-src 'self'",
        " ".join(["script-src 'self'", *sums("script", html)]),
        # Explorers and tables place their parts by style attributes. MathJax writes the rules of
        # the letters that it meets, others on each page, into a style element.
        "style-src 'self' 'unsafe-inline'",
        "" if "/mathjax/" in html else " ".join(["style-src-elem 'self'", *sums("style", html)]),
        "img-src 'self' data:",  # icons that stand in stylesheets
        *(f"{kind}-src 'none'" for kind in ("object", "frame", "media", "worker", "manifest")),
        "base-uri 'none'",
        "form-action 'self'",  # the search
    ]
    return "; ".join(filter(None, directives))


def sums(kind: str, html: str) -> list[str]:
    """Name each script or style inside of a page by its sum, none twice.

    >>> sums("style", "<script>say(1)</script>")
    []
    """
    found = _INSIDE.findall(html)
    texts = [text for tag, about, text in found if tag == kind and " src=" not in about]
    digests = [hashlib.sha256(text.encode()).digest() for text in dict.fromkeys(texts)]
    return [f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests]
