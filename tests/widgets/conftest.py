"""A page with one widget, opened from the disk as a teacher would."""

from collections.abc import Callable, Iterator
from pathlib import Path

import browser
import pytest
from playwright.sync_api import Browser, BrowserContext

from cnnlab.widgets import PageWidget


@pytest.fixture
def show(chromium: Browser, tmp_path: Path) -> Iterator[Callable[..., browser.Visit]]:
    """Save a widget as a page of its own and open it: ``show(widget, theme=..., width=...)``."""
    contexts: list[BrowserContext] = []

    def show(
        widget: PageWidget,
        *,
        theme: str = "light",
        width: int = 1024,
        javascript: bool = True,
        link: str = "",
        **options: str,
    ) -> browser.Visit:
        widget.save(tmp_path / "widget.html")
        context = chromium.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=theme,
            java_script_enabled=javascript,
            **({"reduced_motion": "reduce"} | options),
        )
        contexts.append(context)
        address = (tmp_path / "widget.html").as_uri()
        return browser.Visit(context.new_page()).open(f"{address}{link and '#' + link}")

    yield show
    for context in contexts:
        context.close()
