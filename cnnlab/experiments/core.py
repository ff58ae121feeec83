"""What an experiment is: a question, arms that differ in one thing, and a measurement.

An experiment of this book is one module that ends in ``EXPERIMENT = Experiment(...)``. It never
compares "with" and "without" in general: every arm says in words what it is, and what is held
equal between the arms is written down next to it.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from cnnlab._types import Array

Configuration: TypeAlias = Mapping[str, Any]
Row: TypeAlias = dict[str, Any]

__all__ = ["Configuration", "Experiment", "Quantity", "Row"]


@dataclass(frozen=True)
class Quantity:
    """A measured number.

    Parameters
    ----------
    unit : str
        Its unit, for instance ``"ms"``, ``"parameters"``, ``"fraction"``.
    meaning : str
        What is measured, in a clause.
    tolerance : float or None, default None
        How far a repetition on another computer may differ, in the unit. 0 demands equality.
        With None a repetition shows the number and judges nothing: seconds belong to a machine.
    """

    unit: str
    meaning: str
    tolerance: float | None = None


@dataclass(frozen=True)
class Experiment:
    """A question, the arms that answer it, and the function that runs one arm with one seed.

    Parameters
    ----------
    name : str
        Name of the module in ``cnnlab.experiments`` and of the recorded rows.
    question : str
        What the experiment asks, one sentence.
    arms : mapping of str to str
        Name of each arm and what it is.
    held_equal : tuple of str
        What is the same in every arm.
    quantities : mapping of str to Quantity
        The measured numbers, by their key in a row.
    run : callable
        ``run(arm, seed, configuration)`` returns a dict with at least the quantities. The seed sets
        everything that is random, so arms are paired by seed. A fourth parameter ``device``, with
        ``"cpu"`` as its default, is the device of torch to compute on.
    full, quick : mapping
        Configuration of the record, and one small enough for a chapter; JSON values only.
    data : callable
        ``data(configuration)`` returns the name of the data and the arrays, for the fingerprint.
    packages : tuple of str, default ()
        Installed packages besides NumPy whose versions belong into the record.
    alone : bool, default False
        True where seconds are measured: one job at a time, arms interleaved, their order turned by
        one from seed to seed.
    device : str, default "cpu"
        Device of torch that the question is about: the one to record on.

    Raises
    ------
    ValueError
        If there is no arm or no quantity.
    """

    name: str
    question: str
    arms: Mapping[str, str]
    held_equal: tuple[str, ...]
    quantities: Mapping[str, Quantity]
    run: Callable[..., Row]
    full: Configuration
    quick: Configuration
    data: Callable[[Configuration], tuple[str, Mapping[str, Array]]]
    packages: tuple[str, ...] = ()
    alone: bool = False
    device: str = "cpu"

    def __post_init__(self) -> None:
        if not self.arms or not self.quantities:
            raise ValueError(
                f"Experiment({self.name!r}): {len(self.arms)} arm(s) and {len(self.quantities)} "
                "quantities came, needed at least one of each."
            )

    @property
    def takes_device(self) -> bool:
        """Whether ``run`` has a parameter ``device``: whether it can compute on a GPU."""
        return "device" in inspect.signature(self.run).parameters

    def jobs(self, seeds: int, arms: tuple[str, ...] | None = None) -> Iterator[tuple[str, int]]:
        """Pairs (arm, seed) in the order of running: seed by seed, so that arms are interleaved.

        Parameters
        ----------
        seeds : int
            Seeds 0 to ``seeds - 1``.
        arms : tuple of str, optional
            A selection of the arms; all of them by default.

        Yields
        ------
        tuple of str and int
            Arm and seed.

        Raises
        ------
        ValueError
            If ``seeds`` is below 1 or an arm is unknown.
        """
        chosen = tuple(self.arms) if arms is None else arms
        unknown = [arm for arm in chosen if arm not in self.arms]
        if unknown:
            raise ValueError(
                f"{self.name}: unknown arm(s) {', '.join(unknown)}; there are "
                f"{', '.join(self.arms)}."
            )
        if seeds < 1:
            raise ValueError(f"{self.name}: {seeds} seeds asked for, needed at least 1.")
        for seed in range(seeds):
            turn = seed % len(chosen) if self.alone else 0
            for arm in chosen[turn:] + chosen[:turn]:
                yield arm, seed
