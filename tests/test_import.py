"""Importing cnnlab: light for those who only want layers, and no module is broken behind that."""

import importlib
import pkgutil
import subprocess
import sys

import pytest

import cnnlab

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
