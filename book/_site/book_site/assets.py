"""Files that the pages load beside the theme's: MathJax and our widgets."""

import importlib.metadata
import shutil
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

from .bundle import bundle

SITE = Path(__file__).resolve().parents[1]

MATHJAX_PACKAGE = "sphinx-mathjax-offline"
MATHJAX_PARTS = (
    "startup.js",
    "core.js",
    "input/tex.js",
    "input/tex/extensions",  # loaded one by one when a formula needs them
    "output/chtml.js",
    "output/chtml/fonts",
    "a11y/assistive-mml.js",
)


def write(app: Sphinx) -> None:
    """Write the files into ``_static``, before Sphinx computes their checksums."""
    if app.builder.format != "html":
        return
    static = Path(app.outdir) / "_static"
    copy_mathjax(static / "mathjax")
    write_widgets(Path(app.srcdir), static)


def copy_mathjax(target: Path) -> None:
    """Copy the parts of MathJax 3 that typeset TeX, for eyes and for screen readers."""
    distribution = importlib.metadata.distribution(MATHJAX_PACKAGE)
    source = Path(str(distribution.locate_file(f"{MATHJAX_PACKAGE}/static/mathjax")))
    for part in MATHJAX_PARTS:
        if (source / part).is_dir():
            shutil.copytree(source / part, target / part, dirs_exist_ok=True)
        else:
            (target / part).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source / part, target / part)


def write_widgets(root: Path, static: Path) -> None:
    """Write ``cnnlab.css`` and, from all widgets and their host, ``widgets.js``."""
    *modules, style = widget_files(root)
    static.mkdir(parents=True, exist_ok=True)
    shutil.copy2(style, static / style.name)
    sources = {path.name: path.read_text("utf-8") for path in modules}
    host = (SITE / "host.js").read_text("utf-8")
    (static / "widgets.js").write_text(bundle(sources, host), encoding="utf-8")


def widget_files(root: Path) -> list[Path]:
    """List the widgets' ES modules, sorted by name, and last their stylesheet."""
    folder = root / "cnnlab" / "widgets"
    style = folder / "cnnlab.css"
    if not style.exists():
        raise ExtensionError(f"book_site: {style} is missing; the pages need its colours.")
    return [*sorted(folder.glob("*.js")), style]
