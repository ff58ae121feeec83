"""What a release consists of, beside the package: its text, and an archive of the pages.

    python tools/release.py notes v1.2.3      # print the changelog's section
    python tools/release.py archive v1.2.3    # put _build/html and more into dist/TITLE-1.2.3.zip

Both refuse a tag that is not the version that stands in the files.
"""

import html
import os
import re
import sys
import time
import tomllib
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]

# What no file on a stick may have in its name, so that every system can unpack it.
FORBIDDEN = re.compile(r'[<>:"|?*\\\x00-\x1f]|[. ]$')

START = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
body {{ font: 1.1rem/1.5 sans-serif; max-width: 40em; margin: 2em auto; padding: 0 1em }}
</style>
<h1>{title}</h1>
<p>Version {version}. Everything here works without a connection; nothing is installed.</p>
<ul>
<li><a href="pages/index.html">The book</a>, with explorers and quizzes that run on its pages</li>
<li><a href="pages/book/lectures.html">Lecture plans</a> and
<a href="pages/book/for-instructors.html">a guide for instructors</a></li>
<li><a href="pages/book/explorers.html">All explorers</a> on one page</li>
</ul>
<h2>To run the chapters</h2>
<p>The folder <a href="notebooks/">notebooks</a> has each chapter as a notebook. A computer that has
Jupyter, NumPy and Matplotlib installs the rest from the folder <a href="package/">package</a>,
without a connection:</p>
<pre>python -m pip install --no-index --no-deps package/{wheel}</pre>
<p><a href="pages/book/how-to-run.html">How to run it</a> says what else a chapter may ask for.</p>
<p>Text and figures are under CC BY 4.0, code is under the BSD 3-Clause licence: copy the folder,
hand it on, and name the source.</p>
</html>
"""


def main(task: str, tag: str) -> None:
    """Do one of the two tasks for a tag."""
    version = checked(tag)
    if task == "notes":
        print(notes(version))
    elif task == "archive":
        print(archive(version).relative_to(ROOT))
    else:
        raise SystemExit(f"There is no {task!r}: needed notes or archive.")


def checked(tag: str) -> str:
    """Version of a tag, if all files have it."""
    version = tag.removeprefix("v")
    others = [f"{name} has {found}" for name, found in versions().items() if found != version]
    if others or tag != f"v{version}":
        raise SystemExit(
            f"The tag {tag} needs {version} in every file and a v before it: "
            + ("; ".join(others) or "the v is missing")
        )
    return version


def versions() -> dict[str, str]:
    """Version in each file that tells it; a changelog may have it unreleased."""
    project = tomllib.loads(read("pyproject.toml"))["project"]
    newest = re.search(r"^## (.+?)(?: \(\d{4}-\d\d-\d\d\))?$", read("CHANGELOG.md"), re.MULTILINE)
    return {
        "pyproject.toml": str(project["version"]),
        "CITATION.cff": str(yaml.safe_load(read("CITATION.cff"))["version"]),
        "CHANGELOG.md": newest[1] if newest else "no version",
    }


def notes(version: str) -> str:
    """Section of the changelog about a version, without its heading."""
    section = re.search(
        rf"^## {re.escape(version)}(?![\w.])[^\n]*\n(.*?)(?=^## |\Z)",
        read("CHANGELOG.md"),
        re.MULTILINE | re.DOTALL,
    )
    if section is None or not section[1].strip():
        raise SystemExit(f"CHANGELOG.md says nothing about {version}: write what is new in it.")
    return section[1].strip()


def archive(version: str) -> Path:
    """Write the archive into dist/ and return its path."""
    title = str(yaml.safe_load(read("_config.yml"))["title"])
    name = re.sub(r"\W+", "-", title.lower()).strip("-") + f"-{version}"
    content = dict(files(version))
    refuse_names(list(content))
    start = START.format(
        title=html.escape(title), version=version, wheel=wheel(version).name
    ).encode()
    target = ROOT / "dist" / f"{name}.zip"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        add(packed, f"{name}/START-HERE.html", start)
        for inside, path in content.items():
            add(packed, f"{name}/{inside}", path.read_bytes())
    return target


def files(version: str) -> Iterator[tuple[str, Path]]:
    """Name in the archive and place here of each of its files."""
    pages = ROOT / "_build" / "html"
    if not (pages / "index.html").is_file():
        raise SystemExit("The pages are not built. Run: make book")
    for path in sorted(pages.rglob("*")):
        inside = path.relative_to(pages)
        if path.is_file() and not any(part.startswith(".") for part in inside.parts):
            yield f"pages/{inside.as_posix()}", path
    for path in sorted((ROOT / "book").glob("*.ipynb")):
        yield f"notebooks/{path.name}", path
    yield f"package/{wheel(version).name}", wheel(version)
    for name in ("LICENSE", "LICENSE-text.md"):
        yield name, ROOT / name


def wheel(version: str) -> Path:
    """Path of the package that goes with the pages."""
    path = ROOT / "dist" / f"cnnlab-{version}-py3-none-any.whl"
    if not path.is_file():
        raise SystemExit(f"There is no dist/{path.name}. Run: python -m hatchling build")
    return path


def refuse_names(names: list[str]) -> None:
    """Stop at a name that a stick, Windows or macOS cannot keep."""
    folded = Counter(name.casefold() for name in names)
    wrong = [
        name
        for name in names
        if folded[name.casefold()] > 1 or any(FORBIDDEN.search(part) for part in name.split("/"))
    ]
    if wrong:
        raise SystemExit(f"Not every system can unpack these names: {', '.join(wrong)}")


def add(packed: zipfile.ZipFile, name: str, data: bytes) -> None:
    """Add a file; with SOURCE_DATE_EPOCH as its time, the same files make the same archive."""
    moment = time.gmtime(int(os.environ.get("SOURCE_DATE_EPOCH", time.time())))
    entry = zipfile.ZipInfo(name, moment[:6])
    entry.external_attr = 0o644 << 16
    packed.writestr(entry, data, zipfile.ZIP_DEFLATED, 9)


def read(name: str) -> str:
    """Text of a file at the top of the repository."""
    return (ROOT / name).read_text("utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    main(sys.argv[1], sys.argv[2])
