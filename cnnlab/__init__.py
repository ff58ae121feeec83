"""cnnlab: convolutional networks from scratch in NumPy, small enough to read.

The package behind the book *Why do we pool?*. ``from cnnlab import nn`` answers to the same
code as ``from torch import nn``, with NumPy arrays and a ``backward`` one can read.
"""

import importlib
from typing import Any

__version__ = "1.0.0"
__all__ = [
    "bench",
    "bugs",
    "claims",
    "compare",
    "datasets",
    "exercises",
    "experiments",
    "gradcheck",
    "nn",
    "notebook",
    "optim",
    "plots",
    "shapes",
    "statistics",
    "text",
    "training",
    "widgets",
    "windows",
]


def __getattr__(name: str) -> Any:
    """Import a submodule the first time it is asked for, so that ``import cnnlab`` stays light."""
    if name in __all__:
        return importlib.import_module(f"cnnlab.{name}")
    raise AttributeError(f"module 'cnnlab' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
