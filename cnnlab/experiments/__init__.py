"""Experiments of the book: code that can be run again, and the rows that were recorded.

``experiments.load("pool_or_not")`` gives the recorded rows, after checking that nobody edited them
and that they were made with the settings in the code; ``experiments.get("pool_or_not")`` gives the
experiment itself. ``python -m cnnlab.experiments list`` shows what there is.
"""

import importlib
import pkgutil
from pathlib import Path

from cnnlab.experiments import catalogue, records
from cnnlab.experiments.core import Experiment, Quantity
from cnnlab.experiments.records import Record

#: Names of all experiments, in the order of the alphabet.
NAMES = tuple(module.name for module in pkgutil.iter_modules(catalogue.__path__))
#: Folder of the recorded rows, one file for each experiment.
RUNS = Path(__file__).with_name("runs")

__all__ = ["NAMES", "RUNS", "Experiment", "Quantity", "Record", "get", "load"]


def get(name: str) -> Experiment:
    """Give the experiment of that name.

    Parameters
    ----------
    name : str
        One of ``experiments.NAMES``.

    Returns
    -------
    Experiment
        Question, arms, measurement.

    Raises
    ------
    ValueError
        If there is no such experiment.

    Examples
    --------
    >>> get("pool_or_not").arms["stride"]
    'the convolution takes stride 2: keep one value in four'
    """
    if name not in NAMES:
        raise ValueError(f"get({name!r}): no such experiment; there are {', '.join(NAMES)}.")
    experiment: Experiment = importlib.import_module(f"{catalogue.__name__}.{name}").EXPERIMENT
    return experiment


def load(name: str) -> Record:
    """Give the recorded rows of an experiment.

    Parameters
    ----------
    name : str
        One of ``experiments.NAMES``.

    Returns
    -------
    Record
        Header and rows. A seed that is not finished in every arm yet is left out, so that arms stay
        paired.

    Raises
    ------
    FileNotFoundError
        If nothing was recorded yet.
    ValueError
        If there is no such experiment, or its record was edited or made with other settings.
    """
    experiment = get(name)
    record = records.load(RUNS / f"{name}.jsonl")
    records.verify(record, experiment)
    return record.paired()
