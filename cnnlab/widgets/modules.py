"""Our ES modules as scripts: what a notebook loads, and what a page opened from a disk can load.

A front end is one ES module that may import from others of this folder, such as ``toolkit.js``, and
from nowhere else. Each module becomes an expression whose value are its exports, so that modules do
not see each other's names, no bundler is needed, and no browser has to load a module by itself (it
refuses to on ``file://``).
"""

import json
import re
from collections.abc import Iterable
from pathlib import Path

HERE = Path(__file__).parent

_IMPORT = re.compile(
    r'^import \{(\s*[\w$]+(?:\s*,\s*[\w$]+)*\s*,?\s*)\} from "\./([\w-]+\.js)";\n', re.MULTILINE
)
_ANY_IMPORT = re.compile(r"^\s*import\b(?!\.meta).*|\bimport\s*\(|\bimport\.meta\b", re.MULTILINE)
_DEFAULT = re.compile(r"^export default ", re.MULTILINE)
_NAMED = re.compile(r"^export (?=(?:(?:async )?function|const|let|class) ([\w$]+))", re.MULTILINE)
_VARIABLES = re.compile(r"^export (?:const|let) .*(?:\n[ \t})\]].*)*", re.MULTILINE)
_STRING = re.compile(
    r"""//.*|/\*[\s\S]*?\*/|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`(?:\\.|[^`\\])*`"""
)
_BRACKETS = re.compile(r"\([^()\[\]{}]*\)|\[[^()\[\]{}]*\]|\{[^()\[\]{}]*\}")
_ANY_EXPORT = re.compile(r"^\s*export\b.*", re.MULTILINE)


def order(names: Iterable[str], folder: Path = HERE) -> list[str]:
    """List modules and all that they import, each after those that it imports.

    Parameters
    ----------
    names : iterable of str
        File names, such as ``"pooling.js"``.
    folder : path
        Where the modules lie.

    Returns
    -------
    list of str
        File names, none twice.

    Raises
    ------
    ValueError
        If modules import each other in a circle.
    """
    return _ordered(names, folder, ())


def _ordered(names: Iterable[str], folder: Path, above: tuple[str, ...]) -> list[str]:
    """Order modules that are imported by those `above`, each by the one before it."""
    ordered: list[str] = []
    for name in names:
        if name in above:
            circle = " imports ".join((*above[above.index(name) :], name))
            raise ValueError(f"{circle}: a circle. Move what both need into a module of its own.")
        imported = [found for _, found in _IMPORT.findall((folder / name).read_text("utf-8"))]
        below = _ordered(imported, folder, (*above, name))
        ordered += [n for n in [*below, name] if n not in ordered]
    return ordered


def expression(name: str, source: str) -> str:
    r"""Turn one module into an expression, which reads what it imports from ``MODULES``.

    Parameters
    ----------
    name : str
        File name of the module, for messages.
    source : str
        The module.

    Returns
    -------
    str
        JavaScript whose value is an object of the module's exports.

    Raises
    ------
    ValueError
        If the module imports or exports in a form that this function does not know.

    Examples
    --------
    >>> print(expression("a.js", "export const one = 1;\n"))
    ((exports) => {
    const one = 1;
    exports.one = one;
    return exports;
    })({})
    """
    body = _IMPORT.sub(lambda m: f"const {{{m[1]}}} = MODULES[{json.dumps(m[2])}];\n", source)
    if found := _ANY_IMPORT.search(_without_comments(body)):
        raise ValueError(
            f"{name}: found {found[0].strip()!r}, needed: import {{ a, b }} from "
            f'"./module.js"; with a module of the same folder.'
        )
    for statement in _VARIABLES.findall(_without_comments(body)):
        if _declares_several(statement):
            raise ValueError(
                f"{name}: found {statement.splitlines()[0]!r}, which declares several names. "
                "Export each in a statement of its own."
            )
    named = _NAMED.findall(body)
    body = _NAMED.sub("", _DEFAULT.sub("exports.default = ", body))
    if found := _ANY_EXPORT.search(_without_comments(body)):
        raise ValueError(
            f"{name}: found {found[0].strip()!r}. Export with 'export default', "
            "'export function', 'export const', 'export let' or 'export class'."
        )
    exports = "".join(f"exports.{n} = {n};\n" for n in named)
    return f"((exports) => {{\n{body.rstrip()}\n{exports}return exports;\n}})({{}})"


def for_notebook(name: str) -> str:
    """Join a module and what it imports into one ES module, for anywidget.

    Parameters
    ----------
    name : str
        File name of a module with a default export.

    Returns
    -------
    str
        An ES module without imports, with that default export.
    """
    return f"const MODULES = {{}};\n{_assignments(name)}export default MODULES[{name!r}].default;\n"


def for_page(name: str, folder: Path = HERE) -> str:
    """Write one module as a classic script, to be loaded after those that it imports.

    Parameters
    ----------
    name : str
        File name of a module.
    folder : path
        Where the modules lie.

    Returns
    -------
    str
        A script that defines nothing but an entry of ``globalThis.cnnlabModules``.
    """
    source = expression(name, (folder / name).read_text("utf-8"))
    return (
        '(() => {\n"use strict";\nconst MODULES = (globalThis.cnnlabModules ??= {});\n'
        f"MODULES[{json.dumps(name)}] = {source};\n}})();\n"
    )


def data_script(name: str, path: Path) -> str:
    """Write a JSON file as a classic script, which data.js loads or finds in its page.

    Parameters
    ----------
    name : str
        Under which it is loaded.
    path : path
        The file.

    Returns
    -------
    str
        A script that defines nothing but an entry of ``globalThis.cnnlabData``; it may stand inside
        of a page.
    """
    content = path.read_text("utf-8").strip().replace("<", "\\u003c")
    return f"(globalThis.cnnlabData ??= {{}})[{json.dumps(name)}] = {content};\n"


def page_scripts(names: Iterable[str]) -> list[str]:
    """List what a page loads to bring some front ends to life, in this order.

    >>> page_scripts(["quiz.js"])
    ['toolkit.js', 'quiz.js', 'host.js']
    """
    scripts = order(names)
    return [*scripts, "host.js"] if scripts else []


def _assignments(name: str) -> str:
    return "".join(
        f"MODULES[{json.dumps(n)}] = {expression(n, (HERE / n).read_text('utf-8'))};\n"
        for n in order([name])
    )


def _declares_several(statement: str) -> bool:
    """Whether a comma stands outside of all strings and brackets."""
    rest = _STRING.sub("", statement)
    while rest != (rest := _BRACKETS.sub("", rest)):
        pass
    return "," in rest.partition(";")[0]


def _without_comments(source: str) -> str:
    """Blank out block comments and comment lines, where words such as 'import' are harmless."""
    return re.sub(r"/\*[\s\S]*?\*/|^\s*//.*$", "", source, flags=re.MULTILINE)
