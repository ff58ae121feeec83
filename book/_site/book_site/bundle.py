"""Our widgets' ES modules as one classic script.

A browser refuses ``<script type="module">`` on a page opened from a disk (``file://``). The
widgets are written so that no bundler is needed: each is one module without imports whose default
export is the widget. Each becomes a function that returns this export.
"""

import json
import re

_IMPORT = re.compile(r"^\s*import\b(?!\.meta)|\bimport\s*\(|\bimport\.meta\b", re.MULTILINE)
_DEFAULT = re.compile(r"^export\s+default\s+", re.MULTILINE)
_NAMED = re.compile(r"^export\s+(?=(?:async\s+)?function\b|const\b|let\b|class\b)", re.MULTILINE)
_OTHER_EXPORT = re.compile(r"^\s*export\b.*", re.MULTILINE)


def bundle(modules: dict[str, str], host: str) -> str:
    """Join the modules and the host that draws them.

    Parameters
    ----------
    modules : dict of str to str
        Source of each ES module by its file name, the name in a widget's ``data-esm``.
    host : str
        Source that may use ``MODULES``, an object from file name to default export.

    Returns
    -------
    str
        A classic script that defines no global name.

    Raises
    ------
    ValueError
        If a module imports something, has no default export, or exports in another form than
        ``export default ...``, ``export function``, ``export const``, ``export let`` or
        ``export class``.
    """
    entries = ",\n".join(f"{json.dumps(name)}: {_wrap(name, modules[name])}" for name in modules)
    return f'(() => {{\n"use strict";\nconst MODULES = {{\n{entries}\n}};\n\n{host}}})();\n'


def _wrap(name: str, source: str) -> str:
    """Turn one module into an expression whose value is its default export."""
    code = _without_comments(source)
    if found := _IMPORT.search(code):
        raise ValueError(
            f"{name}: found {found[0].strip()!r}, needed a module without imports. "
            "Move what it needs into the module."
        )
    if len(_DEFAULT.findall(code)) != 1:
        raise ValueError(f"{name}: needed exactly one 'export default', with the widget.")
    body = _NAMED.sub("", _DEFAULT.sub("exports.default = ", source))
    if other := _OTHER_EXPORT.search(_without_comments(body)):
        raise ValueError(
            f"{name}: found {other[0].strip()!r}. Export with 'export default', "
            "'export function', 'export const', 'export let' or 'export class'."
        )
    return f"((exports) => {{\n{body.rstrip()}\nreturn exports.default;\n}})({{}})"


def _without_comments(source: str) -> str:
    """Blank out block comments and comment lines, where words such as 'import' are harmless."""
    return re.sub(r"/\*[\s\S]*?\*/|^\s*//.*$", "", source, flags=re.MULTILINE)
