"""Run the chapters and store their outputs in a form that changes only when the content does.

    python tools/notebooks.py book/02-why-pool.ipynb ...

What a run adds without telling a reader anything is left out: the widgets' state and model
numbers, times, the exact Python version. A page shows a widget from its stored HTML instead.
"""

import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

SECONDS_PER_CELL = 600
WIDGET_MIME_TYPES = (
    "application/vnd.jupyter.widget-view+json",
    "application/vnd.jupyter.widget-state+json",
)
NOTEBOOK_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python", "pygments_lexer": "ipython3"},
}
CELL_METADATA = ("mystnb", "tags")


def main(paths: list[Path]) -> None:
    """Execute and store each notebook; a cell that fails stops with its traceback."""
    for path in paths:
        started = time.perf_counter()
        notebook = nbformat.read(path, as_version=4)
        NotebookClient(
            notebook,
            timeout=SECONDS_PER_CELL,
            kernel_name="python3",
            resources={"metadata": {"path": str(path.parent)}},
            record_timing=False,
        ).execute()
        nbformat.write(tidy(notebook), path)
        print(f"{path}: stored in {time.perf_counter() - started:.1f} s")


def tidy(notebook: NotebookNode) -> NotebookNode:
    """Keep of a notebook what a reader sees, in place; returns it."""
    notebook.metadata = NotebookNode(NOTEBOOK_METADATA)
    for cell in notebook.cells:
        cell.metadata = NotebookNode(
            {key: value for key, value in cell.metadata.items() if key in CELL_METADATA}
        )
        for output in cell.get("outputs", []):
            for mime_type in WIDGET_MIME_TYPES:
                output.get("data", {}).pop(mime_type, None)
            describe(cell, output.get("metadata", {}).get("image/png", {}).get("alt"))
    return notebook


def describe(cell: NotebookNode, alt: str | None) -> None:
    """Give a cell's picture on the page the description that the picture brought with it."""
    if alt:
        cell.metadata.setdefault("mystnb", {})["image"] = {"alt": alt}


if __name__ == "__main__":
    main([Path(argument) for argument in sys.argv[1:]])
