"""The content security policy: each page has one and keeps to it, and the browser enforces it."""

import base64
import hashlib
import re
from types import SimpleNamespace
from urllib.parse import urlsplit

import built
import pytest
from book_site import policy

CHAPTERS = built.chapter_names()
ADDED = ["genindex", "py-modindex", "_modules/index", "_modules/cnnlab/bench"]
KINDS = ["book/02-why-pool", "book/11-ledger", "book/explorers", "book/evidence", "book/proofs"]

# What a tag may load, and the links in a head that load something.
LOADED = {"script": "src", "img": "src", "iframe": "src", "embed": "src", "object": "data"}
LOADING_LINKS = {"stylesheet", "icon", "preload", "modulepreload", "manifest"}

# Each asks for something that no page of the book may have.
FORBIDDEN = {
    "script-src-elem": "const s = document.createElement('script'); s.textContent = '1'; add(s);",
    "script-src-attr": "document.body.setAttribute('onclick', '1'); document.body.click();",
    "script-src": "setTimeout('1');",
    "img-src": "add(new Image()).src = 'https://example.org/a.png';",
    "connect-src": "fetch('https://example.org/').catch(() => {});",
    "frame-src": "add(document.createElement('iframe')).src = 'https://example.org/';",
    "object-src": "add(document.createElement('object')).data = 'a.swf';",
    "worker-src": "try { new Worker('data:text/javascript,1'); } catch {}",
    "base-uri": "add(document.createElement('base')).href = 'https://example.org/';",
    "form-action": "const f = document.createElement('form'); f.action = 'https://example.org/';"
    " add(f).submit();",
}

# Everything in an explorer or a quiz that can be pressed or chosen, once.
PRESS_EVERYTHING = """async () => {
  const places = document.querySelectorAll(".cnnlab-widget");
  const pressed = [...places].flatMap((place) =>
    [...place.querySelectorAll("button, summary, input[type=radio], input[type=checkbox]")]);
  for (const control of pressed) control.click();
  for (const range of document.querySelectorAll(".cnnlab-widget input[type=range]")) {
    range.value = range.max;
    for (const kind of ["input", "change"]) range.dispatchEvent(new Event(kind, { bubbles: true }));
  }
  await new Promise((resolve) => setTimeout(resolve, 300));
  return pressed.length;
}"""


def directives(html):
    """Read the policy of a page: sources by directive."""
    (text,) = re.findall(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)" />', html)
    parts = [part.split() for part in text.split("; ")]
    assert len({name for name, *_ in parts}) == len(parts)
    return {name: sources for name, *sources in parts}


def sums(texts):
    return {
        f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
        for text in texts
    }


# -- what the pages say ---------------------------------------------------------------------------


def test_every_page_begins_with_its_policy(pages):
    late = []
    for name, page in pages.items():
        first = [attributes for tag, attributes in page.tags if tag not in {"html", "head"}]
        place = 1 if "charset" in first[0] else 0
        if first[place].get("http-equiv") != "Content-Security-Policy":
            late.append(name)
    assert late == []
    assert {"index.html", "search.html", "genindex.html", "_modules/index.html"} <= {*pages}


def test_only_scripts_of_the_book_run(pages):
    for name, page in pages.items():
        allowed = directives(page.html)["script-src"]
        assert allowed[0] == "'self'", name
        assert {*allowed[1:]} == sums(page.scripts), name
    assert sum(bool(page.scripts) for page in pages.values()) > len(CHAPTERS)


def test_a_page_without_formulas_has_no_styles_but_those_that_it_was_written_with(pages):
    drawn = {name for name, page in pages.items() if "/mathjax/" in page.html}
    assert drawn
    for name in pages.keys() - drawn:
        styles = directives(pages[name].html)["style-src-elem"]
        assert {*styles} == {"'self'"} | sums(pages[name].styles), name


def test_a_policy_names_no_host_and_allows_what_is_unsafe_for_styles_only(pages):
    for name, page in pages.items():
        for directive, sources in directives(page.html).items():
            known = {"'self'", "'none'"}
            known |= {"data:"} if directive == "img-src" else set()
            known |= {"'unsafe-inline'"} if directive == "style-src" else set()
            known |= sums([*page.scripts, *page.styles])
            assert {*sources} <= known, (name, directive)


@pytest.mark.parametrize(
    "directive", ["object-src", "frame-src", "media-src", "worker-src", "manifest-src", "base-uri"]
)
def test_what_no_page_uses_is_forbidden_on_every_page(pages, directive):
    assert {tuple(directives(page.html)[directive]) for page in pages.values()} == {("'none'",)}


def test_no_attribute_of_a_page_runs_a_script(pages):
    found = [
        (name, tag, attribute)
        for name, page in pages.items()
        for tag, attributes in page.tags
        for attribute, value in attributes.items()
        if attribute.startswith("on") or value.strip().lower().startswith("javascript:")
    ]
    assert found == []


def test_no_page_loads_anything_from_another_host(pages):
    loaded = []
    for name, page in pages.items():
        for tag, attributes in page.tags:
            if tag in LOADED and LOADED[tag] in attributes:
                loaded.append((name, attributes[LOADED[tag]]))
            elif tag == "link" and LOADING_LINKS & {*attributes["rel"].split()}:
                loaded.append((name, attributes["href"]))
    assert len(loaded) > 10 * len(pages)
    assert [item for item in loaded if leads_elsewhere(item[1])] == []


def test_no_style_loads_anything_from_another_host(site):
    loaded = []
    for path in (site / "_static").rglob("*.css"):
        text = path.read_text("utf-8")
        loaded += re.findall(r"url\(\s*[\"']?([^\"')]+)", text)
        loaded += re.findall(r"@import\s+[\"']([^\"']+)", text)
    assert loaded
    assert [source for source in loaded if leads_elsewhere(source)] == []


def leads_elsewhere(address):
    parts = urlsplit(address)
    return bool(parts.netloc) or parts.scheme not in {"", "data"}


# -- what the pages do ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*CHAPTERS, *ADDED])
def test_a_page_keeps_to_its_policy_and_to_its_host(look, name):
    visit = look(name)
    if visit.page.locator(".cnnlab-widget[data-drawn]").count():
        assert visit.page.evaluate(PRESS_EVERYTHING) > 0
    assert (visit.violations, visit.errors, visit.missing, visit.foreign) == ([], [], [], [])


def test_a_search_keeps_to_its_policy_and_to_its_host(visit):
    visited = visit("search")
    search(visited.page)
    visited.page.locator("#search-results p.context").first.wait_for()  # read from the pages found
    assert (visited.violations, visited.errors, visited.foreign) == ([], [], [])


def search(page):
    """Search as a reader does, by typing and pressing Enter."""
    field = page.locator("form.bd-search input[type=search]:visible").first
    field.fill("pooling")
    field.press("Enter")
    page.locator("#search-results li a[href*='book/intro.html']").first.wait_for()


@pytest.mark.parametrize("name", [*KINDS, *ADDED])
def test_a_page_from_a_disk_keeps_to_its_policy(visit, site, name):
    visited = visit(name, base=site.as_uri())
    assert (visited.violations, visited.errors, visited.missing) == ([], [], [])


def test_a_search_from_a_disk_keeps_to_its_policy(visit, site):
    visited = visit("search", base=site.as_uri())
    search(visited.page)
    # No browser reads the pages found, for a line of their text: a file may not read another.
    assert [error for error in visited.errors if "Content Security Policy" in error] == []
    assert visited.violations == []


@pytest.mark.parametrize("name", [*CHAPTERS, *ADDED, "search"])
def test_no_page_sets_a_cookie(look, name):
    page = look(name).page
    assert page.context.cookies() == []
    assert page.evaluate("() => document.cookie") == ""


@pytest.mark.parametrize("directive", FORBIDDEN)
@pytest.mark.parametrize("scheme", ["http", "file"])
def test_the_browser_enforces_the_policy(visit, address, site, directive, scheme):
    visited = visit("book/evidence", base=address if scheme == "http" else site.as_uri())
    before = visited.page.url
    visited.page.evaluate(attempt(FORBIDDEN[directive]))
    visited.page.wait_for_function("() => window.told")
    assert [told.split(" of ")[0] for told in visited.violations] == [directive]
    assert visited.page.url == before
    visited.violations.clear()


def attempt(code):
    """Wrap code in a timer: what a test evaluates at once is exempt from the policy."""
    return f"""() => {{
      addEventListener("securitypolicyviolation", () => {{ window.told = true; }});
      setTimeout(() => {{ const add = (node) => document.body.appendChild(node); {code} }});
    }}"""


@pytest.mark.parametrize("name", ["book/02-why-pool", "book/evidence"])
def test_the_button_prints(look, name):
    page = look(name).page
    page.evaluate("() => { window.print = () => { window.printed = true; }; }")
    page.locator(".btn-download-pdf-button").evaluate("button => button.click()")
    assert page.evaluate("() => window.printed")


# -- how a policy is made -------------------------------------------------------------------------


def test_a_script_inside_of_a_page_is_named_and_one_beside_it_is_not():
    html = '<meta charset="utf-8" /><script src="a.js"></script><script defer>\nsay(1)\n</script>'
    assert directives(policy.protected(html))["script-src"] == ["'self'", *sums(["\nsay(1)\n"])]


def test_code_that_a_page_shows_is_no_script():
    html = "<pre>&lt;script&gt;say(1)&lt;/script&gt;</pre>"
    assert directives(policy.protected(html))["script-src"] == ["'self'"]


def test_the_attribute_of_the_theme_that_prints_is_removed():
    assert "onclick" not in policy.protected('<button onclick="window.print()" class="btn">')


@pytest.mark.parametrize(
    ("name", "html", "has_one"),
    [
        ("book/a.html", '<html data-content_root="../"><meta charset="utf-8" />', True),
        ("index.html", '<meta http-equiv="Refresh" content="0; url=book/a.html" />', True),
        ("lite/index.html", '<html><meta charset="utf-8" />', False),
    ],
)
def test_only_pages_of_the_book_get_a_policy_and_only_one(tmp_path, name, html, has_one):
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(html, encoding="utf-8")
    app = SimpleNamespace(outdir=tmp_path, builder=SimpleNamespace(format="html"))
    for _ in range(2):
        policy.protect(app, None)
    assert path.read_text("utf-8").count("Content-Security-Policy") == has_one


def test_a_build_that_failed_changes_no_page(tmp_path):
    path = tmp_path / "index.html"
    path.write_text("a", encoding="utf-8")
    app = SimpleNamespace(outdir=tmp_path, builder=SimpleNamespace(format="html"))
    policy.protect(app, RuntimeError("no"))
    assert path.read_text("utf-8") == "a"
