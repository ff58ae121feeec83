"""Run notebooks as Colab does: each from a folder that holds nothing else, without cnnlab at first.

    python tools/alone.py --python PYTHON book/02-why-pool.ipynb ...

PYTHON is the interpreter of an environment with ipykernel, NumPy, Matplotlib and what else such a
service brings. The notebook's own first cell installs cnnlab there, from the newest commit of this
repository instead of its address. It is an error if a cell fails or shows another kind of output
than the stored one, or if a package that was there before has another version afterwards.
"""

import argparse
import itertools
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpec
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parents[1]
SECONDS_PER_CELL = 600
ADDRESS = re.compile(r"git\+https://[^\"'\s]+")
LIVE = "application/vnd.jupyter.widget-view+json"


def main() -> int:
    """Run each notebook, print a line about it, and return how many went wrong."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--python", required=True, help="interpreter that runs the cells")
    parser.add_argument("notebooks", nargs="+", type=Path)
    arguments = parser.parse_args()
    found = [problems(arguments.python, path) for path in arguments.notebooks]
    return sum(bool(one) for one in found)


def problems(python: str, path: Path) -> list[str]:
    """Run one notebook alone; print and return what went wrong."""
    subprocess.run([python, "-m", "pip", "uninstall", "-qy", "cnnlab"], check=True)
    before = versions(python)
    started = time.perf_counter()
    stored = nbformat.read(path, as_version=4)
    notebook = from_here(nbformat.read(path, as_version=4))
    with tempfile.TemporaryDirectory() as folder:
        wrong = run(notebook, python, Path(folder))
    wrong = wrong or other_outputs(stored, notebook)
    wrong += changed(before, versions(python))
    print(f"{path.name}: {time.perf_counter() - started:.0f} s, {'; '.join(wrong) or 'all right'}")
    return wrong


def from_here(notebook: NotebookNode) -> NotebookNode:
    """Let the first cell install from this repository's newest commit; returns the notebook."""
    first = next(cell for cell in notebook.cells if cell.cell_type == "code")
    here = ROOT.as_uri().replace("file:///", "file://localhost/")  # older pip asks for a host
    first.source, count = ADDRESS.subn(f"git+{here}", first.source)
    if count != 1:
        raise SystemExit(f"The first cell names {count} addresses to install from, not one.")
    return notebook


def run(notebook: NotebookNode, python: str, folder: Path) -> list[str]:
    """Execute the cells with an interpreter in a folder; what stopped them, if anything did."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("PYTHONPATH", "VIRTUAL_ENV", "CNNLAB_DATA", "MPLBACKEND")
    }
    manager = AsyncKernelManager()
    manager._kernel_spec = KernelSpec(
        argv=[python, "-m", "ipykernel_launcher", "-f", "{connection_file}"], language="python"
    )
    resources = {"metadata": {"path": str(folder)}}
    client = NotebookClient(notebook, km=manager, timeout=SECONDS_PER_CELL, resources=resources)
    try:
        client.execute(env=environment)
    except CellExecutionError as error:
        return [f"{error.ename}: {error.evalue}"]
    return []


def other_outputs(stored: NotebookNode, run: NotebookNode) -> list[str]:
    """Cells that show other kinds of output than the stored ones, and those that warn."""
    wrong = []
    for number, (one, other) in enumerate(zip(stored.cells, run.cells, strict=True)):
        wanted, got = kinds(one), kinds(other)
        if wanted != got and "remove-cell" not in one.metadata.get("tags", []):
            wrong.append(f"cell {number} shows {got}, stored are {wanted}")
    return wrong


def kinds(cell: NotebookNode) -> list[str]:
    """Form of each output of a cell, such as the types of a picture; a stream may come in parts."""
    forms = [
        output.get("name") or "+".join(sorted({*output.get("data", {})} - {LIVE}))
        for output in cell.get("outputs", [])
    ]
    return [form for form, _ in itertools.groupby(forms)]


def versions(python: str) -> dict[str, str]:
    """Version of each package in the interpreter's environment."""
    command = [python, "-m", "pip", "list", "--format=json"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return {package["name"]: package["version"] for package in json.loads(listed)}


def changed(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """Packages that were there before, and have another version now or are gone."""
    return [
        f"{name} was {version}, is {after.get(name, 'gone')}"
        for name, version in before.items()
        if after.get(name) != version
    ]


if __name__ == "__main__":
    sys.exit(main())
