"""What the tests of the widgets share: Node.js, and a page opened from the disk as by a teacher."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import browser
import pytest
from javascript import Node
from playwright.sync_api import Browser, BrowserContext, Page

from cnnlab.widgets import PageWidget


@pytest.fixture(scope="session")
def javascript(
    node: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., Callable[..., list]]]:
    """Call functions of a module: ``javascript("pooling.js")(["outputSize", 8, state], ...)``."""
    running = Node(node, tmp_path_factory.mktemp("javascript"))
    yield lambda module: lambda *calls: running.call(module, list(calls))
    running.close()


@pytest.fixture(scope="session")
def context_of(chromium: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Make a browser profile for some options once, since each takes half a second."""
    contexts: dict[str, BrowserContext] = {}

    def context_of(**options: Any) -> BrowserContext:
        key = repr(sorted(options.items()))
        if key not in contexts:
            contexts[key] = chromium.new_context(**options)
        return contexts[key]

    yield context_of
    for context in contexts.values():
        context.close()


@pytest.fixture
def show(
    context_of: Callable[..., BrowserContext], tmp_path: Path
) -> Iterator[Callable[..., browser.Visit]]:
    """Save a widget as a page of its own and open it: ``show(widget, theme=..., width=...)``."""
    pages: list[Page] = []

    def show(
        widget: PageWidget,
        *,
        theme: str = "light",
        width: int = 1024,
        javascript: bool = True,
        link: str = "",
        **options: Any,
    ) -> browser.Visit:
        widget.save(tmp_path / "widget.html")
        settings = {
            "viewport": {"width": width, "height": 900},
            "color_scheme": theme,
            "java_script_enabled": javascript,
            "reduced_motion": "reduce",
        }
        pages.append(context_of(**settings | options).new_page())
        address = (tmp_path / "widget.html").as_uri()
        return browser.Visit(pages[-1]).open(f"{address}{link and '#' + link}")

    yield show
    for page in pages:
        page.close()
