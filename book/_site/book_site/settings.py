"""Settings that `_config.yml` cannot state because they are computed."""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from sphinx.application import Sphinx
from sphinx.config import Config

from .assets import SITE, widget_sources


def configure(app: Sphinx, config: Config) -> None:
    """Complete the configuration as soon as Sphinx has read it."""
    config.html_baseurl = pages_address(config.html_theme_options["repository_url"])
    if browser_notebooks_wanted(os.environ):
        # Every notebook is a page of book/, so the way from its page is always the same.
        config.html_theme_options["launch_buttons"] |= {"jupyterlite_url": "../lite/lab/index.html"}
    config.book_site_digest = digest([*site_files(), *widget_sources()])
    if execution_wanted(os.environ):
        config.nb_execution_mode = "force"
        config.nb_execution_raise_on_error = True


def pages_address(repository: str) -> str:
    """Address under which GitHub publishes the pages of a repository.

    >>> pages_address("https://github.com/Reader/book")
    'https://reader.github.io/book/'
    >>> pages_address("https://github.com/reader/reader.github.io")
    'https://reader.github.io/'
    """
    owner, name = urlsplit(repository).path.strip("/").removesuffix(".git").split("/")
    host = f"{owner.lower()}.github.io"
    return f"https://{host}/" if name.lower() == host else f"https://{host}/{name}/"


def execution_wanted(environment: Mapping[str, str]) -> bool:
    """Whether EXECUTE asks to run the notebooks instead of showing their stored outputs.

    >>> execution_wanted({"EXECUTE": "1"}), execution_wanted({"EXECUTE": "0"}), execution_wanted({})
    (True, False, False)
    """
    return _switch("EXECUTE", environment)


def browser_notebooks_wanted(environment: Mapping[str, str]) -> bool:
    """Whether LITE says that notebooks for the browser will lie beside the pages (tools/lite.py).

    >>> browser_notebooks_wanted({"LITE": "1"}), browser_notebooks_wanted({})
    (True, False)
    """
    return _switch("LITE", environment)


def _switch(name: str, environment: Mapping[str, str]) -> bool:
    value = environment.get(name, "").lower()
    if value not in {"", "0", "1", "false", "true"}:
        raise ValueError(f"{name}={value!r}: needed 0 or 1. Run: make book {name}=1")
    return value in {"1", "true"}


def site_files() -> list[Path]:
    """List the site's own source files, in a stable order."""
    return sorted(path for path in SITE.rglob("*") if path.is_file() and not _is_cache(path))


def _is_cache(path: Path) -> bool:
    """Whether a file was left behind by a tool, such as Ruff, Python or an editor."""
    parts = path.relative_to(SITE).parts
    return any(part.startswith(".") or part == "__pycache__" for part in parts)


def digest(files: list[Path]) -> str:
    """Fingerprint of files; Sphinx writes all pages anew when it changes."""
    state = hashlib.sha256()
    for path in files:
        state.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return state.hexdigest()
