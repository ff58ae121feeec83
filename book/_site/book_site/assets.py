"""Files that the pages load beside the theme's: MathJax and our widgets."""

import importlib.metadata
import re
import shutil
from pathlib import Path

import minify_html
from cnnlab.widgets import modules
from cnnlab.widgets.base import data_files
from PIL import Image
from sphinx.application import Sphinx

SITE = Path(__file__).resolve().parents[1]

# Comments that begin a line; the minifier keeps those in front of a statement.
_COMMENTS = re.compile(r"^\s*(?://.*|/\*\*[\s\S]*?\*/)\n", re.MULTILINE)

# Rules that name the letter of an icon font; icons.css draws the icons, and no font is asked for.
_LETTERS_OF_ICONS = re.compile(r'(?:\.fa-[\w-]+::?before,?)+\{content:"[^"}]*"\}')

LOGO_SIDE = 64  # pixels; the launch menu shows it at 19

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
    write_widgets(static)


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


def write_widgets(static: Path) -> None:
    """Write each module of our widgets as a script, without comments, their styles, their data."""
    target = static / "widgets"
    target.mkdir(parents=True, exist_ok=True)
    for path in widget_files():
        if path.suffix == ".js":
            text = small("script", _COMMENTS.sub("", modules.for_page(path.name)))
        else:
            text = small("style", path.read_text("utf-8"))
        (target / path.name).write_text(text, encoding="utf-8")
    (target / "data").mkdir(exist_ok=True)
    for name, path in data_files().items():
        text = modules.data_script(name, path)
        (target / "data" / f"{name}.js").write_text(text, encoding="utf-8")


def lighten(app: Sphinx, error: Exception | None) -> None:
    """Make the theme's styles and its one large picture smaller, when all files are there."""
    if error or app.builder.format != "html":
        return
    static = Path(app.outdir) / "_static"
    ours = static / "site.css"  # would lose its scroll animations
    for path in set(static.rglob("*.css")) - {ours}:
        text = small("style", path.read_text("utf-8"))
        path.write_text(_LETTERS_OF_ICONS.sub("", text), encoding="utf-8")
    logo = static / "images" / "logo_colab.png"
    with Image.open(logo) as picture:
        picture.thumbnail((LOGO_SIDE, LOGO_SIDE))
        picture.save(logo, optimize=True)


def small(kind: str, text: str) -> str:
    """Leave out of a script or a style what only its writers read.

    >>> small("style", ".a { color: red; }  /* why */")
    '.a{color:red}'
    """
    page = minify_html.minify(f"<{kind}>{text}</{kind}>", minify_js=True, minify_css=True)
    return page.removeprefix(f"<{kind}>").removesuffix(f"</{kind}>")


def widget_files() -> list[Path]:
    """List the widgets' ES modules and stylesheets, in a stable order."""
    return sorted([*modules.HERE.glob("*.js"), *modules.HERE.glob("*.css")])


def widget_sources() -> list[Path]:
    """List what the widgets' files on the pages are made of."""
    return [*widget_files(), *data_files().values(), Path(modules.__file__)]
