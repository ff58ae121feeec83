"""The built site and a browser, once for all tests of the pages."""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import browser
import built
import pytest
from playwright.sync_api import Browser, BrowserContext


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


Visitor = Callable[..., browser.Visit]


def _visitor(chromium: Browser, address: str, contexts: list[BrowserContext]) -> Visitor:
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
        contexts.append(context)
        return browser.Visit(context.new_page()).open(f"{base}/{name}.html")

    return visit


@pytest.fixture
def visit(chromium: Browser, address: str) -> Iterator[Visitor]:
    """Open a page in a browser profile of its own: ``visit(name, theme=..., width=...)``."""
    contexts: list[BrowserContext] = []
    yield _visitor(chromium, address, contexts)
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def look(chromium: Browser, address: str) -> Iterator[Visitor]:
    """Open a page as `visit` does, once for all tests that only look at it."""
    contexts: list[BrowserContext] = []
    yield cache(_visitor(chromium, address, contexts))
    for context in contexts:
        context.close()
