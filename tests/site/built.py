"""The built site: where it lies, which pages it has, whether it is up to date."""

import os
import subprocess
import sys
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
