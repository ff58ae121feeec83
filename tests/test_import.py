"""Importing cnnlab: light for those who only want layers, and no module is broken behind that."""

import ast
import importlib
import importlib.metadata
import pkgutil
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import cnnlab
from cnnlab._extras import needed

ROOT = Path(cnnlab.__file__).parent
EXTRAS = tomllib.loads((ROOT.parent / "pyproject.toml").read_text("utf-8"))["project"][
    "optional-dependencies"
]
STANDARD = {"cnnlab", "numpy", *sys.stdlib_module_names}
HEAVY = ("torch", "matplotlib", "ipywidgets", "anywidget", "IPython", "sklearn", "scipy")
MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(cnnlab.__path__, "cnnlab.")
    if not module.name.endswith("__main__")
)


@pytest.mark.parametrize(
    "statement",
    [
        "import cnnlab",
        "from cnnlab import nn, optim, training",
        "from cnnlab import shapes, windows, gradcheck, statistics, text",
        "from cnnlab import exercises",
    ],
)
def test_a_light_import_leaves_heavy_libraries_alone(statement):
    code = f"{statement}\nimport sys\nprint(*sorted({set(HEAVY)!r} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.split() == []


@pytest.mark.parametrize("name", MODULES)
def test_every_module_can_be_imported(name):
    assert importlib.import_module(name).__doc__


@pytest.mark.parametrize("name", cnnlab.__all__)
def test_every_public_name_is_a_module(name):
    assert getattr(cnnlab, name).__name__ == f"cnnlab.{name}"


def test_dir_lists_the_public_names():
    assert set(cnnlab.__all__) <= set(dir(cnnlab))


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'pooling'"):
        _ = cnnlab.pooling


# --- packages that are not installed -------------------------------------------------------------


def promises():
    """List (module, package, extra, when the module is imported) of each import of a library."""
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT.parent).with_suffix("").parts
        name = ".".join(part for part in parts if part != "__init__")
        found = _promises(ast.parse(path.read_text("utf-8")), extra=None, at_once=True)
        yield from sorted({(name, *promise) for promise in found}, key=str)


def _promises(node, extra, at_once):
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield alias.name.partition(".")[0], extra, at_once
    elif isinstance(node, ast.ImportFrom):
        yield (node.module or "").partition(".")[0], extra, at_once
    elif isinstance(node, ast.With) and "needed(" in ast.unparse(node.items[0]):
        extra = node.items[0].context_expr.args[0].value
    elif isinstance(node, ast.Try):
        advice = re.search(r"cnnlab\[(\w+)\]", ast.unparse(node))
        raises = "raise" in ast.unparse(node)
        extra = advice[1] if advice else extra if raises else "goes without"
    inside = isinstance(node, ast.FunctionDef)
    for child in ast.iter_child_nodes(node):
        yield from _promises(child, extra, at_once and not inside)


PROMISES = [promise for promise in promises() if promise[1] not in STANDARD]
ADVISED = {promise[:2] for promise in PROMISES if promise[2]}  # once in a module is enough
NEEDED = [
    promise
    for promise in PROMISES
    if promise[2] != "goes without" and (promise[2] or promise[:2] not in ADVISED)
]


@pytest.mark.parametrize(("module", "package", "extra", "_"), NEEDED)
def test_the_extra_that_an_error_names_holds_the_package(module, package, extra, _):
    held = {canonicalize_name(Requirement(text).name) for text in EXTRAS.get(extra, [])}
    names = importlib.metadata.packages_distributions()[package]
    assert held & {canonicalize_name(name) for name in names}, f"{module}: {extra}"


@pytest.mark.parametrize(
    ("module", "package", "extra"), [promise[:3] for promise in NEEDED if promise[3]]
)
def test_a_missing_package_is_named_with_the_extra_that_brings_it(
    monkeypatch, module, package, extra
):
    for name in [package, *(name for name in sys.modules if name.startswith(f"{package}."))]:
        monkeypatch.setitem(sys.modules, name, None)
    for name in [name for name in sys.modules if f"{name}.".startswith(f"{module}.")]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(ImportError, match=rf'needs? \w+\. Install .*"cnnlab\[{extra}\]"'):
        importlib.import_module(module)


IMPORT_WITH_ONE_EXTRA = """
import importlib, sys
from importlib.abc import MetaPathFinder

class NotInstalled(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {hidden!r}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, NotInstalled())
for module in {modules!r}:
    importlib.import_module(module)
"""


def brought_by(extra):
    """Packages that come with an extra, and all that they need in turn."""
    waiting, found = [Requirement(text) for text in EXTRAS[extra]], {"numpy"}
    while waiting:
        name = canonicalize_name(waiting.pop().name)
        if name not in found:
            found.add(name)
            needs = map(Requirement, importlib.metadata.requires(name) or [])
            waiting += [one for one in needs if not one.marker or one.marker.evaluate()]
    return found


@pytest.mark.parametrize(
    ("extra", "modules"),
    {
        "plots": ["cnnlab.plots", "cnnlab.notebook"],
        "widgets": ["cnnlab.widgets", "cnnlab.claims"],
        "data": ["cnnlab.datasets"],
        "experiments": ["cnnlab.experiments", "cnnlab.claims"],
        "torch": ["cnnlab.compare", "cnnlab.bench"],
    }.items(),
)
def test_what_an_extra_is_for_needs_no_other_extra(extra, modules):
    brought = brought_by(extra)
    hidden = {
        module
        for module, distributions in importlib.metadata.packages_distributions().items()
        if module not in STANDARD
        and not {canonicalize_name(name) for name in distributions} & brought
    }
    code = IMPORT_WITH_ONE_EXTRA.replace("{hidden!r}", repr(hidden))
    code = code.replace("{modules!r}", repr(modules))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_a_library_that_is_there_and_broken_speaks_for_itself():
    message = "cannot import name 'sine' from 'math'"
    with pytest.raises(ImportError, match=message), needed("plots", by="cnnlab.plots"):
        from math import sine  # noqa: F401
