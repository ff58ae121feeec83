"""Exercises that check themselves: in the book, on Colab, at a bare Python prompt.

Every chapter with exercises has a module here, and every exercise in it is an object that
prints its task, checks an answer, gives three hints and shows a solution:

>>> from cnnlab.exercises import ch02
>>> ch02.receptive_field
ch02.receptive_field: write my_receptive_field(layers): how many input pixels, along one axis,
does one output value depend on? layers is a list of (kernel_size, stride) pairs from input to
output.

An answer is passed in openly, and the reply is one of three: *not attempted*, *not yet* with
the smallest case that fails, or *correct*.

>>> def my_receptive_field(layers):
...     r = 1
...     for kernel_size, stride in layers:
...         r = r + (kernel_size - 1)
...     return r
>>> ch02.receptive_field.check(my_receptive_field)
Not yet.
  went in   my_receptive_field([(2, 2), (3, 1)])
  came out  4
  needed    6
This is what comes out when the strides are ignored. Behind a stride of 2, neighbouring values
stand two pixels apart, so everything that follows reaches twice as far.

``ch02.receptive_field.hint()``, ``.hint(2)`` and ``.hint(3)`` say more each time,
``ch02.receptive_field.solution()`` shows one way to do it, and ``print(ch02.receptive_field.stub)``
prints the lines to start from. A check never changes your arrays, never fails with an error
of its own, and stops an endless loop after a few seconds. NumPy is all it needs.
"""

import importlib
from typing import Any

from cnnlab.exercises.core import Exercise, Outcome, WrongAnswer

__all__ = [
    "Exercise",
    "Outcome",
    "WrongAnswer",
    "ch01",
    "ch02",
    "ch03",
    "ch04",
    "ch05",
    "ch06",
    "ch07",
    "ch08",
    "ch09",
    "ch10",
    "ch11",
]


def __getattr__(name: str) -> Any:
    """Import a chapter the first time it is asked for."""
    if name in __all__:
        return importlib.import_module(f"cnnlab.exercises.{name}")
    raise AttributeError(f"module 'cnnlab.exercises' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
