"""Get a Chromium for the tests of the built pages, where none is here yet.

    python tools/chromium.py

Debian's package as root, otherwise Playwright's own download. It never fails: without a browser
`make test` runs everything else and says in one sentence what was not run.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

COMMANDS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def main() -> None:
    """Try one way after the other until a Chromium starts."""
    if has_chromium():
        return
    if shutil.which("apt-get") and os.geteuid() == 0:
        print("Installing Debian's Chromium, to test the pages in a browser.", flush=True)
        attempt("apt-get", "update", "-qq")
        attempt("apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium")
        if has_chromium():
            return
    print("Downloading Playwright's Chromium, to test the pages in a browser.", flush=True)
    attempt(sys.executable, "-m", "playwright", "install", "chromium")


def has_chromium() -> bool:
    """Whether one of the places where the tests look has a Chromium that starts."""
    return any(path and starts(path) for path in candidates())


def candidates() -> Iterator[str | None]:
    """Where the tests look: $CNNLAB_CHROMIUM, the usual commands, Playwright's own."""
    yield os.environ.get("CNNLAB_CHROMIUM")
    yield from map(shutil.which, COMMANDS)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        yield playwright.chromium.executable_path


def starts(path: str) -> bool:
    """Whether the program is there with the libraries it needs."""
    return Path(path).is_file() and attempt(path, "--version")


def attempt(*command: str) -> bool:
    """Run a command quietly, at most 15 minutes; whether it succeeded."""
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(command, env=environment, capture_output=True, timeout=900)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


if __name__ == "__main__":
    main()
