"""The built site and a browser, once for all tests of the pages."""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

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


def _visitor(chromium: Browser, address: str, visits: list[browser.Visit]) -> Visitor:
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
        visits.append(browser.Visit(context.new_page()))
        return visits[-1].open(f"{base}/{name}.html")

    return visit


def _end(visits: list[browser.Visit]) -> None:
    """Close the pages; whatever was done there, none may have asked for what its policy forbids."""
    violations = [violation for visit in visits for violation in visit.violations]
    for visit in visits:
        visit.page.context.close()
    assert violations == [], "A page did what its content security policy forbids."


@pytest.fixture
def visit(chromium: Browser, address: str) -> Iterator[Visitor]:
    """Open a page in a browser profile of its own: ``visit(name, theme=..., width=...)``."""
    visits: list[browser.Visit] = []
    yield _visitor(chromium, address, visits)
    _end(visits)


@pytest.fixture(scope="session")
def look(chromium: Browser, address: str) -> Iterator[Visitor]:
    """Open a page as `visit` does, once for all tests that only look at it."""
    visits: list[browser.Visit] = []
    yield cache(_visitor(chromium, address, visits))
    _end(visits)
