"""The built site: where it lies, which pages it has, whether it is up to date."""

import os
import subprocess
import sys
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
HTML = ROOT / "_build" / "html"


def chapter_names() -> list[str]:
    """Pages of the table of contents, by their path without a suffix."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    return [toc["root"], *files_below(toc)]


def files_below(entry: dict) -> list[str]:
    """Pages of an entry's parts, chapters and sections, in reading order."""
    found = []
    for inner in [part for key in ("parts", "chapters", "sections") for part in entry.get(key, [])]:
        found += [inner["file"]] if "file" in inner else []
        found += files_below(inner)
    return found


# Folders of the site without pages of the book: templates of the theme, and notebooks that run in
# the browser, which are another program's pages.
NO_PAGES = {"_static", "lite"}


def pages() -> list[Path]:
    """Every page of the book, as paths below the site's folder."""
    found = sorted(path.relative_to(HTML) for path in HTML.rglob("*.html"))
    return [path for path in found if path.parts[0] not in NO_PAGES]


@dataclass
class Page(HTMLParser):
    """The tags of a page with their attributes, and the text of its scripts and styles."""

    html: str
    tags: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)
    styles: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Read the page."""
        super().__init__()
        self.feed(self.html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag, and whether text follows that is code."""
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag in {"script", "style"} and "src" not in dict(attrs):
            self._code(tag).append("")

    def handle_data(self, data: str) -> None:
        """Note the text of a script or a style."""
        tag, attributes = self.tags[-1] if self.tags else ("", {})
        if self.cdata_elem == tag and "src" not in attributes:
            self._code(tag)[-1] += data

    def _code(self, tag: str) -> list[str]:
        return self.scripts if tag == "script" else self.styles

    def all(self, *tags: str) -> list[dict[str, str]]:
        """List the attributes of each of these tags."""
        return [attributes for tag, attributes in self.tags if tag in tags]

    @property
    def identifiers(self) -> set[str]:
        """Where a link may lead to inside of the page."""
        return {attributes["id"] for _, attributes in self.tags if "id" in attributes}


def sources() -> list[Path]:
    """Files from which the site is made."""
    folders = ("book", "cnnlab", "tests/claims")  # pages show code, verdicts and proofs
    nested = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file()]
    ours = [path for path in nested if not is_cache(path.relative_to(ROOT))]
    return [ROOT / "_config.yml", ROOT / "_toc.yml", *ours]


def is_cache(path: Path) -> bool:
    """Whether a file was left behind by a tool, such as Ruff, Python or an editor."""
    return any(part.startswith(".") or part == "__pycache__" for part in path.parts)


def is_fresh() -> bool:
    """Whether the site was built after the last change of its sources."""
    stamp = HTML / "_static" / "pygments.css"  # the theme writes it at the end of every build
    return stamp.exists() and stamp.stat().st_mtime >= max(s.stat().st_mtime for s in sources())


def build() -> None:
    """Build the site as `make book` does, with each warning an error."""
    start = "from jupyter_book.cli.main import main; main()"
    command = [sys.executable, "-c", start, "build", str(ROOT), "-W", "--keep-going", "-n"]
    environment = {k: v for k, v in os.environ.items() if k != "EXECUTE"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        raise RuntimeError(f"jupyter-book build:\n{done.stdout[-3000:]}{done.stderr[-5000:]}")
