"""Who may import whom inside cnnlab, and who may use a library that is not installed by default.

The imports are read from the source, wherever they stand in it. A module may use the modules in
its row and whatever those may use; packages may also use their own parts.
"""

import ast
import sys
from functools import cache
from pathlib import Path

import pytest

import cnnlab

ROOT = Path(cnnlab.__file__).parent
# From the bottom up: a row names nothing that stands below it.
POOLS = ["nn.maxpool", "nn.avgpool", "nn.unpool"]
BUILT_ON_POOLS = ["nn.lppool", "nn.adaptivepool"]
LAYERS = [
    "nn.conv",
    "nn.fold",
    "nn.blurpool",
    "nn.padding",
    "nn.flatten",
    "nn.linear",
    "nn.activation",
    "nn.loss",
    "nn.dropout",
    "nn.batchnorm",
    *POOLS,
]
MAY_USE = {
    "_types": [],
    "_extras": [],
    "_checks": ["_types"],
    "text": ["_types"],
    "statistics": ["_checks"],
    "gradcheck": ["_types"],
    "shapes": ["_checks"],
    "windows": ["_checks", "shapes"],
    "nn.module": ["shapes", "text"],
    "nn.init": ["_types"],
    "nn.sequential": ["nn.module"],
    "nn.normalisation": ["_checks"],
    "nn.convgeometry": ["windows"],
    "nn.convolution": ["nn.convgeometry"],
    "nn.convolution_back": ["nn.convgeometry"],
    "nn.pooling": ["nn.module", "windows"],
    **{layer: ["nn.module", "nn.init", "windows"] for layer in LAYERS},
    **{pool: ["nn.pooling"] for pool in POOLS},
    "nn.batchnorm": ["nn.normalisation", "nn.module"],
    "nn.conv": ["nn.convolution", "nn.convolution_back", "nn.module", "nn.init"],
    **dict.fromkeys(BUILT_ON_POOLS, POOLS),
    "nn.functional": ["nn.sequential", *LAYERS, *BUILT_ON_POOLS],
    "nn": ["nn.functional"],
    "optim": ["nn.module"],
    "datasets": ["windows", "_extras"],
    "training": ["nn", "optim", "datasets", "text"],
    "laws": ["nn", "statistics"],
    "bugs": ["nn", "optim", "gradcheck"],
    "exercises": ["training", "statistics", "bugs"],
    # what is loaded only when asked for
    "compare": ["nn", "_extras"],
    "experiments": ["training", "statistics", "gradcheck", "laws", "compare"],
    "claims": ["experiments"],
    "plots": ["claims"],
    "bench": ["compare", "optim", "datasets"],
    "widgets": ["nn", "claims", "bugs", "_extras"],
    "notebook": ["text", "_extras"],
}
LIBRARIES = {
    "claims": {"yaml"},
    "datasets": {"PIL", "pooch", "sklearn"},
    "training": {"tqdm"},
    "experiments": {"dask", "joblib", "sklearn", "threadpoolctl", "torch", "tqdm"},
    "plots": {"matplotlib"},
    "compare": {"torch"},
    "bench": {"torch"},
    "exercises": {"IPython"},
    "widgets": {"anywidget", "traitlets", "yaml"},
    "notebook": {"matplotlib", "PIL", "IPython"},
}
STANDARD = {"numpy", *sys.stdlib_module_names}

FILES = sorted(ROOT.rglob("*.py"))


def module_name(path):
    """Name of a file inside cnnlab, such as ``nn.conv`` or, for a package, ``nn``."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def row(name):
    """Row of the table that speaks for a module: its own, or that of the package it is part of."""
    return name if name in MAY_USE else name.partition(".")[0]


def exists(name):
    path = ROOT.joinpath(*name.split("."))
    return path.with_suffix(".py").exists() or (path / "__init__.py").exists()


def imports(path):
    """Full names that a file imports, relative imports resolved."""
    package = ["cnnlab", *path.relative_to(ROOT).parts[:-1]]
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            source = ".".join([*above, *([node.module] if node.module else [])])
            yield from (f"{source}.{alias.name}" for alias in node.names)


@cache
def allowed(name):
    """Modules that a row may use: those it names, and what they may use."""
    direct = set(MAY_USE[name])
    return direct.union(*map(allowed, direct))


def used_modules(path):
    """Modules of cnnlab that a file imports, or imports something from."""
    for name in imports(path):
        if name.startswith("cnnlab."):
            name = name.removeprefix("cnnlab.")
            while name and not exists(name):
                name = name.rpartition(".")[0]
            if name:
                yield name


@pytest.fixture(params=FILES, ids=lambda path: module_name(path) or "cnnlab")
def path(request):
    return request.param


def test_the_table_is_in_order():
    seen = set()
    for name, below in MAY_USE.items():
        assert set(below) <= seen, name
        seen.add(name)


def test_a_module_uses_only_what_stands_above_it(path):
    name = row(module_name(path))
    if not name:
        assert set(used_modules(path)) == set(), "cnnlab/__init__.py imports lazily"
        return
    assert name in MAY_USE, f"give {name} a row in the table above"
    inside = {module for module in used_modules(path) if module.split(".")[0] == name}
    used = {row(module) for module in set(used_modules(path)) - inside}
    assert used - {name} <= allowed(name)


def libraries(path):
    """Packages that a file imports and that do not come with Python or NumPy."""
    return {name.split(".")[0] for name in imports(path)} - {"cnnlab"} - STANDARD


def test_a_module_uses_only_its_own_libraries(path):
    assert libraries(path) <= LIBRARIES.get(module_name(path).split(".")[0], set())


@pytest.mark.parametrize("name", LIBRARIES)
def test_a_library_in_the_table_is_used(name):
    files = [path for path in FILES if module_name(path).split(".")[0] == name]
    assert set().union(*map(libraries, files)) == LIBRARIES[name]


def test_each_file_of_the_network_layers_has_a_row():
    files = {f"nn.{path.stem}" for path in (ROOT / "nn").glob("*.py")} - {"nn.__init__"}
    assert files == {name for name in MAY_USE if name.startswith("nn.")}


def test_layers_do_not_use_one_another():
    for layer in LAYERS:
        assert not set(LAYERS) & allowed(layer)
