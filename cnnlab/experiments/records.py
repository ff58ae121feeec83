"""Recorded runs: JSON Lines with a header, appended row by row and never edited.

The first line says what was run, on which data, with which versions, when and by which command.
Every later line is one (arm, seed). Each line ends in a fingerprint of itself *and of the line
before*, a chain: change, remove or exchange a line and the chain breaks there. The chain guards
against slips of the hand, not against malice: whoever wants to can compute it anew.
"""

import contextlib
import hashlib
import json
import math
import os
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from cnnlab._types import Array
from cnnlab.experiments.core import Experiment, Row
from cnnlab.statistics import paired_differences
from cnnlab.text import Cell, Table

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

FORMAT = 1
FINGERPRINT = "sha256"

__all__ = [
    "Record",
    "append",
    "data_fingerprint",
    "drop_torn_line",
    "load",
    "start",
    "verify",
    "writing",
]


def data_fingerprint(arrays: Mapping[str, Array]) -> str:
    """SHA-256 over names, types, shapes and values of some arrays, in hexadecimal.

    Parameters
    ----------
    arrays : mapping of str to numpy.ndarray
        Arrays of any shape; the order of the names does not matter.

    Returns
    -------
    str
        64 hexadecimal digits.

    Examples
    --------
    >>> data_fingerprint({"x": np.arange(3)})[:8] == data_fingerprint({"x": np.arange(4)})[:8]
    False
    """
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        little = array.astype(array.dtype.newbyteorder("<"), copy=False)
        digest.update(f"{name} {little.dtype.str} {little.shape} ".encode())
        digest.update(little.tobytes())
    return digest.hexdigest()


def _signed(content: Mapping[str, Any], previous: str) -> str:
    """One line of a record: the content and its link of the chain."""
    plain = json.dumps(content, ensure_ascii=False, allow_nan=False)
    link = hashlib.sha256((previous + plain).encode()).hexdigest()[:16]
    return json.dumps({**content, FINGERPRINT: link}, ensure_ascii=False, allow_nan=False) + "\n"


def _write(path: Path, mode: str, line: str) -> None:
    """Write one line in a single call, and wait until it is on the disk."""
    with path.open(mode, encoding="utf-8", newline="\n") as file:
        file.write(line)
        file.flush()
        os.fsync(file.fileno())


def _not_finite(value: Any, name: str = "") -> Iterator[str]:
    """Name every NaN and infinity in a row, also in the mappings and curves inside it."""
    if isinstance(value, Mapping):
        for key, entry in value.items():
            yield from _not_finite(entry, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list | tuple):
        for index, entry in enumerate(value):
            yield from _not_finite(entry, f"{name}[{index}]")
    elif isinstance(value, float) and not math.isfinite(value):
        yield f"{name} is {value}"


def _lines(path: Path) -> list[str]:
    """Lines of a record; only a line feed ends one, and what is behind the last one is torn."""
    return path.read_text(encoding="utf-8").split("\n")


def _take(file: TextIO) -> None:
    """Take the lock on an open file, or raise an error where another run has it."""
    if sys.platform == "win32":
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Be the only run that writes a record, in a ``with`` block.

    A file beside the record is locked meanwhile. The system lets the lock go when its process ends,
    in whatever way: a file that was left by a killed run keeps nobody out.

    Parameters
    ----------
    path : pathlib.Path
        A record; it need not be there yet.

    Raises
    ------
    ValueError
        If another run is writing it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = path.with_name(f"{path.name}.lock")
    with lock.open("a", encoding="utf-8") as file:
        try:
            _take(file)
            # The run before may have removed the file since it was opened here.
            ours = os.path.samestat(os.fstat(file.fileno()), lock.stat())
        except (BlockingIOError, PermissionError, FileNotFoundError):
            ours = False
        if not ours:
            raise ValueError(
                f"writing({path.name}): another run is writing this record. Let one run record at "
                "a time."
            )
        try:
            yield
        finally:
            with contextlib.suppress(PermissionError):  # Windows keeps a file that is open
                lock.unlink(missing_ok=True)


def start(path: Path, header: Mapping[str, Any]) -> None:
    """Begin a record with its header.

    Parameters
    ----------
    path : pathlib.Path
        File to make; it must not exist.
    header : mapping
        What was run, and how; JSON values only.

    Raises
    ------
    FileExistsError
        If there is a record already.
    """
    _write(path, "x", _signed({"record": FORMAT, **header}, previous=""))


def append(path: Path, row: Row) -> None:
    """Add one row, in a single write, and force it to the disk.

    Parameters
    ----------
    path : pathlib.Path
        A record that was begun with :func:`start`.
    row : dict
        Arm, seed and quantities; JSON values only, no NaN.

    Raises
    ------
    ValueError
        If a value is not finite.
    """
    if wrong := list(_not_finite(row)):
        raise ValueError(
            f"append({path.name}): arm {row['arm']!r}, seed {row['seed']}: {', '.join(wrong)}, "
            "needed finite numbers. The run has measured nothing that could be recorded."
        )
    *_, last, _ = _lines(path)
    _write(path, "a", _signed(row, previous=json.loads(last)[FINGERPRINT]))


def drop_torn_line(path: Path) -> bool:
    """Remove a last line that was being written when the run was killed.

    Where it was the first line, the header, nothing is left: the file is removed.

    Parameters
    ----------
    path : pathlib.Path
        A record.

    Returns
    -------
    bool
        True if there was such a line.
    """
    content = path.read_bytes()
    whole = content.rfind(b"\n") + 1
    if not whole:
        path.unlink()
        return True
    if whole == len(content):
        return False
    path.write_bytes(content[:whole])
    return True


@dataclass(frozen=True)
class Record:
    """The rows of one experiment and how they were made.

    Parameters
    ----------
    header : mapping
        Experiment, configuration, data, versions, device, date, command.
    rows : tuple of dict
        One row per (arm, seed), sorted by arm and seed.
    """

    header: Mapping[str, Any]
    rows: tuple[Row, ...]

    @property
    def arms(self) -> tuple[str, ...]:
        """Arms that have rows, in the order of the experiment."""
        present = {row["arm"] for row in self.rows}
        return tuple(arm for arm in self.header["arms"] if arm in present)

    def seeds(self, arm: str) -> tuple[int, ...]:
        """Seeds of an arm, ascending."""
        return tuple(sorted(row["seed"] for row in self.rows if row["arm"] == arm))

    def values(self, arm: str, quantity: str) -> Array:
        """One quantity of one arm, by ascending seed.

        Parameters
        ----------
        arm, quantity : str
            Names as in the experiment.

        Returns
        -------
        numpy.ndarray, shape (n,), float64
            Values in the unit of the quantity.

        Raises
        ------
        ValueError
            If there is no such arm or quantity in the rows.
        """
        who = f"Record({self.header['experiment']!r}).values({arm!r}, {quantity!r})"
        rows = sorted((row for row in self.rows if row["arm"] == arm), key=lambda row: row["seed"])
        if not rows:
            raise ValueError(f"{who}: no rows of this arm; there are {', '.join(self.arms)}.")
        if any(quantity not in row for row in rows):
            known = ", ".join(self.header["quantities"])
            raise ValueError(f"{who}: no such quantity in every row; there are {known}.")
        return np.array([row[quantity] for row in rows], dtype=np.float64)

    def differences(self, arm: str, other: str, quantity: str) -> Array:
        """Differences ``arm - other`` of a quantity, seed by seed.

        Parameters
        ----------
        arm, other, quantity : str
            Names as in the experiment.

        Returns
        -------
        numpy.ndarray, shape (n,), float64
            Differences in the unit of the quantity.

        Raises
        ------
        ValueError
            If the two arms were not run with the same seeds.
        """
        if self.seeds(arm) != self.seeds(other):
            raise ValueError(
                f"Record({self.header['experiment']!r}).differences({arm!r}, {other!r}): the arms "
                f"have {len(self.seeds(arm))} and {len(self.seeds(other))} seeds, needed the same "
                "ones. Resume the record."
            )
        return paired_differences(self.values(arm, quantity), self.values(other, quantity))

    def paired(self) -> "Record":
        """Leave out the seeds that are not finished in every arm yet.

        Returns
        -------
        Record
            With as many rows for each arm.
        """
        finished = [set(self.seeds(arm)) for arm in self.header["arms"]]
        common = set.intersection(*finished)
        return Record(self.header, tuple(row for row in self.rows if row["seed"] in common))

    def table(self) -> Table:
        """Medians over the runs: one line per arm, one column per quantity.

        Returns
        -------
        Table
            Prints as text, and as HTML in a notebook.
        """
        quantities = self.header["quantities"]
        columns = ["arm", "runs", *(f"{name} ({q['unit']})" for name, q in quantities.items())]
        rows: list[list[Cell]] = [
            [
                arm,
                len(self.seeds(arm)),
                *(_short(float(np.median(self.values(arm, name)))) for name in quantities),
            ]
            for arm in self.arms
        ]
        return Table(columns, rows, f"{self.header['question']} Medians over the runs.")

    def __repr__(self) -> str:
        return repr(self.table())

    def _repr_html_(self) -> str:
        return self.table()._repr_html_()


def _short(value: float) -> int | float:
    """Keep whole numbers whole, and three digits that count of the others."""
    return int(value) if value == int(value) else float(f"{value:.3g}")


def load(path: Path) -> Record:
    """Read a record and check that nobody has edited it.

    Parameters
    ----------
    path : pathlib.Path
        A ``.jsonl`` file.

    Returns
    -------
    Record
        Header and rows.

    Raises
    ------
    FileNotFoundError
        If nothing was recorded yet.
    ValueError
        If a line is torn, was edited, moved or removed, or an (arm, seed) comes twice.
    """
    who = f"load({path.name})"
    if not path.exists():
        raise FileNotFoundError(
            f"{who}: nothing was recorded yet. "
            f"Record it with: python -m cnnlab.experiments record {path.stem}"
        )
    *lines, torn = _lines(path)
    if torn or not lines:
        raise ValueError(f"{who}: the last line is torn. Resume the record to finish it.")
    contents = []
    previous = ""
    for number, line in enumerate(lines, start=1):
        try:
            content = json.loads(line)
            link = content.pop(FINGERPRINT)
        except (json.JSONDecodeError, AttributeError, KeyError, TypeError):
            raise ValueError(f"{who}: line {number} is not a line of a record.") from None
        if _signed(content, previous) != line + "\n":
            raise ValueError(
                f"{who}: line {number} or the one before it was edited, moved or removed: the "
                "fingerprint does not fit. Recorded rows are never edited; record them anew."
            )
        previous = link
        contents.append(content)
    header, *rows = contents
    if header.get("record") != FORMAT:
        raise ValueError(f"{who}: the first line is not a header of format {FORMAT}.")
    counts = Counter((row["arm"], row["seed"]) for row in rows)
    twice = sorted(key for key, count in counts.items() if count > 1)
    if twice:
        raise ValueError(f"{who}: {twice[0]} was recorded twice.")
    order = list(header["arms"])
    rows.sort(key=lambda row: (order.index(row["arm"]), row["seed"]))
    return Record(header, tuple(rows))


def verify(record: Record, experiment: Experiment) -> None:
    """Refuse a record that was made by another experiment or with other settings.

    Parameters
    ----------
    record : Record
        What was recorded.
    experiment : Experiment
        What the code says today.

    Raises
    ------
    ValueError
        If name, configuration, arms or quantities differ.
    """
    who = f"verify({experiment.name!r})"
    expected = {
        "experiment": experiment.name,
        "configuration": json.loads(json.dumps(dict(experiment.full))),
        "arms": dict(experiment.arms),
        "quantities": {
            name: {"unit": q.unit, "meaning": q.meaning}
            for name, q in experiment.quantities.items()
        },
    }
    for key, value in expected.items():
        if record.header[key] != value:
            raise ValueError(
                f"{who}: the record was made with {key} {record.header[key]!r}, the code says "
                f"{value!r}. Record it anew: {record.header['command']}"
            )
