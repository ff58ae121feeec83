"""What explorers and quizzes share: the state, and how it is written into a page.

A widget's stored output is a ``<div class="cnnlab-widget">`` that names its JavaScript module,
carries its state as JSON, and holds plain HTML of that state: what print, GitHub and readers
without JavaScript see.
"""

import html
import json
import re
import struct
import zlib
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from cnnlab._extras import needed
from cnnlab._types import Array
from cnnlab.widgets import modules
from cnnlab.widgets.modules import HERE

with needed("widgets", by="cnnlab.widgets"):
    import anywidget
    import traitlets

if TYPE_CHECKING:
    AnyTrait = traitlets.TraitType[Any, Any]
else:  # traitlets before 5.10, which Colab has, takes no parameters here
    AnyTrait = traitlets.TraitType

#: The output that a running notebook draws; a built page has no use for it.
LIVE = "application/vnd.jupyter.widget-view+json"


def styles(module: str) -> list[Path]:
    """Stylesheets of a front end: that of all widgets, then its own where it has one.

    >>> [path.name for path in styles("pooling.js")]
    ['cnnlab.css', 'pooling.css']
    """
    own = (HERE / module).with_suffix(".css")
    return [HERE / "cnnlab.css", *([own] if own.exists() else [])]


class StateError(traitlets.TraitError, ValueError):
    """A widget was given a state that it cannot draw; the widget keeps the state it had."""


class Checked(AnyTrait):
    """A trait that leaves every check to its ``@traitlets.validate`` function, of None too."""


class Switch(Checked):
    """A trait that is on or off, and says so in our words."""

    def validate(self, obj: Any, value: Any) -> bool:
        """Take True or False, also as numpy writes them, and nothing that only looks alike."""
        if not isinstance(value, bool | np.bool_):
            raise StateError(f"{type(obj).__name__}({self.name}={value!r}): needed True or False.")
        return bool(value)


class PageWidget(anywidget.AnyWidget):
    """A widget that a page without a kernel can still show, and bring to life.

    A subclass names its JavaScript `module`, whose stylesheet, if any, has the same name; it tags
    its public traits with ``sync=True``, and writes `fallback` and `__repr__`. It may name `data`,
    JSON files by the name under which data.js loads them, once they are needed.

    Parameters
    ----------
    anchor : str, optional
        Identifier of the widget in its page: letters, digits and hyphens, starting with a letter.
        With it, a widget may offer a link that leads back to the state it is in.
    **state
        First values of the public traits.

    Raises
    ------
    StateError
        If the anchor is not an identifier, or the subclass refuses the state.
    """

    module: ClassVar[str]
    data: ClassVar[Mapping[str, Path]] = {}

    # ipywidgets 7, which Colab has, would show itself with this method, and never ask for the HTML.
    _ipython_display_ = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "module" in vars(cls):
            cls._esm = modules.for_notebook(cls.module)
            cls._css = "\n".join(path.read_text("utf-8") for path in styles(cls.module))

    def __init__(self, *, anchor: str | None = None, **state: Any) -> None:
        if anchor is not None and not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]*", anchor):
            raise StateError(
                f"{type(self).__name__}(anchor={anchor!r}): needed letters, digits and hyphens, "
                f"starting with a letter."
            )
        self.anchor = anchor
        super().__init__(**state)
        if self.data:
            self.on_msg(self._send_data)

    def _send_data(self, _: Any, message: Any, __: Any) -> None:
        """Answer a front end in a notebook that asks for one of the files."""
        name = message.get("data") if isinstance(message, dict) else None
        if isinstance(name, str) and name in self.data:
            content = json.loads(self.data[name].read_text("utf-8"))
            self.send({"data": name, "content": content})

    def state(self) -> dict[str, Any]:
        """Public state of the widget: plain Python values, ready for JSON, sorted by name."""
        public = set(self.trait_names(sync=True)) - set(anywidget.AnyWidget.class_trait_names())
        return {name: getattr(self, name) for name in sorted(public) if not name.startswith("_")}

    def fallback(self) -> str:
        """HTML of the present state without scripts."""
        raise NotImplementedError

    def to_html(self) -> str:
        """HTML that a page stores: the state for the script, and inside it the fallback.

        Returns
        -------
        str
            The same text for the same state, on every machine.
        """
        name = "" if self.anchor is None else f' id="{self.anchor}"'
        state = json.dumps(self.state(), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        state = html.escape(state, quote=False).replace("'", "&#x27;")
        return (
            f'<div class="cnnlab-widget"{name} data-esm="{self.module}" data-state=\'{state}\'>\n'
            f"{self.fallback()}\n</div>"
        )

    def to_page(self) -> str:
        """HTML of a page with this widget alone, with all that it needs.

        Returns
        -------
        str
            A whole document. It asks nothing of a server, a kernel or the network.
        """
        scripts = "".join(
            f"<script>\n{script}</script>\n"
            for script in [
                *(modules.data_script(name, path) for name, path in self.data.items()),
                *map(modules.for_page, modules.page_scripts([self.module])),
            ]
        )
        return (
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<title>{html.escape(repr(self))}</title>\n<style>\n{self._css}\n"
            ":root { color-scheme: light dark; font-family: system-ui, sans-serif; }\n"
            "body { max-width: 56rem; margin: 0 auto; padding: 1rem; }\n"
            "h1 { position: absolute; width: 1px; height: 1px; margin: 0; overflow: hidden; "
            "clip-path: inset(50%); }\n</style>\n</head>\n<body>\n<main>\n"
            f"<h1>{html.escape(repr(self))}</h1>\n{self.to_html()}\n</main>\n{scripts}"
            "</body>\n</html>\n"
        )

    def save(self, path: str | Path) -> None:
        """Write the widget as a page of its own: to open in a lecture, or to hand to a class.

        Parameters
        ----------
        path : path
            A file to write, such as ``"pooling.html"``; one that exists is replaced.
        """
        Path(path).write_text(self.to_page(), encoding="utf-8")

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """Everything a notebook may show: live view, stored HTML, one line of text.

        What comes beside the live view, such as Colab's address of the code that draws it, stays.
        """
        bundle: dict[str, Any] = {"text/plain": repr(self), "text/html": self.to_html()}
        live, about = super()._repr_mimebundle_(**kwargs) or ({}, {})
        if LIVE in live:
            bundle[LIVE] = live[LIVE]
        return bundle, about


def data_files() -> dict[str, Path]:
    """List the files that widgets load when they need them, by name: of all classes there are."""
    classes: list[type[PageWidget]] = [PageWidget]
    files: dict[str, Path] = {}
    for kind in classes:  # it grows meanwhile
        classes += kind.__subclasses__()
        files |= kind.data
    return dict(sorted(files.items()))


def inline_html(text: str) -> str:
    """Escape a text for HTML, and set ```code``` and ``*emphasis*`` as such.

    Examples
    --------
    >>> inline_html("*Not* `k` < 3")
    '<em>Not</em> <code>k</code> &lt; 3'
    """
    marked = r"`([^`]+)`|\*([^\s*`](?:[^*`]*[^\s*`])?)\*"

    def element(match: re.Match[str]) -> str:
        code, emphasis = match.groups()
        return f"<em>{emphasis}</em>" if code is None else f"<code>{code}</code>"

    return re.sub(marked, element, html.escape(text, quote=False))


def png(pixels: Array) -> str:
    """Grey picture as a ``data:`` address, written without compression: same bytes everywhere.

    Parameters
    ----------
    pixels : (H, W) array of uint8
        Grey values, 0 black, 255 white; at most 65535 bytes together with one byte per row.

    Returns
    -------
    str
        For the ``src`` of an ``<img>``.

    Examples
    --------
    >>> import numpy as np
    >>> png(np.zeros((1, 1), dtype=np.uint8))[:32]
    'data:image/png;base64,iVBORw0KGg'
    """

    def chunk(kind: bytes, body: bytes) -> bytes:
        check = zlib.crc32(kind + body)
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", check)

    H, W = pixels.shape
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)  # one filter byte per row: none
    size = len(rows)
    stored = b"\x78\x01\x01" + struct.pack("<HH", size, size ^ 0xFFFF) + rows
    data = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", W, H, 8, 0, 0, 0, 0))
        + chunk(b"IDAT", stored + struct.pack(">I", zlib.adler32(rows)))
        + chunk(b"IEND", b"")
    )
    return "data:image/png;base64," + b64encode(data).decode("ascii")
