"""A browser for the tests of the built pages, and what a page did while it loaded."""

import contextlib
import gzip
import http.server
import os
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import (
    Error,
    Page,
    Playwright,
    Request,
    Response,
    Route,
)

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

HOW_TO_GET_ONE = (
    "No browser for the tests of the built pages. Get one with: python -m playwright install "
    "chromium (or put its path into CNNLAB_CHROMIUM)."
)

TEXT_TYPES = {".html", ".css", ".js", ".svg", ".json", ".ipynb", ".md"}


def executable() -> str | None:
    """Chromium of this machine: the one CNNLAB_CHROMIUM names, or the first on the PATH."""
    if chosen := os.environ.get("CNNLAB_CHROMIUM"):
        return chosen
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def launch(playwright: Playwright) -> Any:
    """Start the machine's Chromium, else Playwright's own; None where there is neither."""
    path = executable()
    options: dict[str, Any] = {"executable_path": path} if path else {}
    if getattr(os, "geteuid", lambda: 1)() == 0:  # Chromium's sandbox refuses to run as root
        options["args"] = ["--no-sandbox"]
    try:
        return playwright.chromium.launch(**options)
    except Error as error:
        if path is None and "Executable doesn't exist" in str(error):
            return None
        raise


# The theme of the book, or a widget on a page of its own, has left its mark.
_RUNS_SCRIPTS = """() => Boolean(
  document.documentElement.dataset.mode || document.querySelector(".cnnlab-widget[data-drawn]"))"""

_UNTIL_COMPLETE = """async () => {
  await window.MathJax?.startup?.promise;
  const places = [...document.querySelectorAll(".cnnlab-widget[data-esm]")];
  while (!places.every((place) => place.dataset.drawn)) await new Promise(requestAnimationFrame);
  await Promise.all([...document.images].filter((image) => image.checkVisibility()).map((image) => {
    image.loading = "eager";
    return image.decode();
  }));
}"""


_TELL_VIOLATIONS = """addEventListener("securitypolicyviolation", (event) =>
  tellViolation(`${event.effectiveDirective} of ${event.blockedURI} (${event.sourceFile})`))"""


class _Quiet(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Say nothing: what matters is asserted."""


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on this machine; yields its address without a slash at the end."""
    handler = partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@dataclass
class Visit:
    """A page and everything that happened while it loaded."""

    page: Page
    foreign: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)  # of the page's content security policy
    files: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Listen to the page and stop each request to another host."""
        self.page.expose_function("tellViolation", lambda text: self.violations.append(text))
        self.page.add_init_script(_TELL_VIOLATIONS)
        self.page.route("**/*", self._pass_or_stop)
        self.page.on("response", self._note_response)
        self.page.on("requestfailed", self._note_failure)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on(
            "console",
            lambda message: self.errors.append(message.text) if message.type == "error" else None,
        )

    def open(self, url: str) -> "Visit":
        """Load a page with all its pictures, until its formulas and widgets are drawn."""
        self.page.goto(url, wait_until="load")
        if self.page.evaluate(_RUNS_SCRIPTS):
            self.page.evaluate(_UNTIL_COMPLETE)
        return self

    def _pass_or_stop(self, route: Route) -> None:
        parts = urlsplit(route.request.url)
        if parts.scheme in {"file", "data", "blob"} or parts.hostname == "127.0.0.1":
            route.continue_()
        else:
            self.foreign.append(route.request.url)
            route.abort()

    def _note_response(self, response: Response) -> None:
        if response.status >= 400:
            self.missing.append(response.url)
        elif not response.url.startswith("data:"):
            self.files.add(urlsplit(response.url).path)

    def _note_failure(self, request: Request) -> None:
        if request.url.startswith("file:"):
            self.missing.append(request.url)


def transferred_bytes(folder: Path, files: set[str]) -> int:
    """Bytes that a server with gzip sends for these files; fonts and pictures go as they are."""
    total = 0
    for name in files:
        path = folder / name.lstrip("/")
        data = path.read_bytes()
        total += len(gzip.compress(data, 6)) if path.suffix in TEXT_TYPES else len(data)
    return total
