"""The built site and a browser, once for all tests of the pages."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import browser
import built
import pytest
from playwright.sync_api import Browser


@pytest.fixture(scope="session")
def site() -> Path:
    """Folder of the built site, newer than everything it is made from."""
    if not built.is_fresh():
        built.build()
    return built.HTML


@pytest.fixture(scope="session")
def address(site: Path) -> Iterator[str]:
    """Address under which the built site is served while the tests run."""
    with browser.served(site) as url:
        yield url


@pytest.fixture(scope="session")
def pages(site: Path) -> dict[str, built.Page]:
    """Every page of the book, read, by its path."""
    texts = {path.as_posix(): (site / path).read_text("utf-8") for path in built.pages()}
    return {name: built.Page(text) for name, text in texts.items()}


Visitor = Callable[..., browser.Visit]
KEPT_OPEN = 12  # pages; each takes some 50 MB


def _visitor(chromium: Browser, address: str) -> Visitor:
    def visit(
        name: str,
        *,
        theme: str = "light",
        width: int = 1280,
        base: str = address,
        javascript: bool = True,
    ) -> browser.Visit:
        context = chromium.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=theme,
            java_script_enabled=javascript,
            reduced_motion="reduce",
        )
        return browser.Visit(context.new_page()).open(f"{base}/{name}.html")

    return visit


def _close(visits: Iterable[browser.Visit]) -> None:
    for visit in visits:
        visit.page.context.close()


@pytest.fixture
def visit(chromium: Browser, address: str) -> Iterator[Visitor]:
    """Open a page in a browser profile of its own: ``visit(name, theme=..., width=...)``."""
    opened: list[browser.Visit] = []
    open_page = _visitor(chromium, address)

    def visit(name: str, **options: Any) -> browser.Visit:
        opened.append(open_page(name, **options))
        return opened[-1]

    yield visit
    violations = [violation for visit in opened for violation in visit.violations]
    _close(opened)
    assert violations == [], "A page did what its content security policy forbids."


@pytest.fixture(scope="session")
def look(chromium: Browser, address: str) -> Iterator[Visitor]:
    """Open a page as `visit` does, once for the tests in a row that only look at it.

    What the page's policy forbids is counted, and not asserted: axe, too, writes styles into it.
    """
    opened: dict[Any, browser.Visit] = {}
    open_page = _visitor(chromium, address)

    def look(name: str, **options: Any) -> browser.Visit:
        asked = (name, *sorted(options.items()))
        if asked not in opened:
            if len(opened) == KEPT_OPEN:
                _close([opened.pop(next(iter(opened)))])  # the one that was opened first
            opened[asked] = open_page(name, **options)
        return opened[asked]

    yield look
    _close(opened.values())
