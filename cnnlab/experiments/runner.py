"""Run an experiment: in memory, onto the disk, or once more to see that it still says the same."""

import datetime
import importlib.metadata
import os
import platform
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cnnlab import _checks
from cnnlab._extras import needed
from cnnlab.experiments import records
from cnnlab.experiments.core import Configuration, Experiment, Row
from cnnlab.experiments.records import Record

with needed("experiments", by="cnnlab.experiments.runner"):
    from joblib import Parallel, delayed
    from threadpoolctl import threadpool_limits
    from tqdm import tqdm

__all__ = ["check", "record", "run"]


def _one(experiment: Experiment, arm: str, seed: int, configuration: Configuration) -> Row:
    """Run one arm with one seed on one thread; add how long it took and how busy the machine was.

    The load counts everything that wanted a core in the last minute, this run included.
    """
    began = time.perf_counter()
    with threadpool_limits(limits=1):
        measured = experiment.run(arm, seed, configuration)
    missing = [name for name in experiment.quantities if name not in measured]
    if missing:
        raise ValueError(f"{experiment.name}: arm {arm!r} did not measure {', '.join(missing)}.")
    seconds = time.perf_counter() - began
    row = {"arm": arm, "seed": seed, **measured, "run_seconds": seconds, "load": _load_average()}
    return {key: _tidy(value) for key, value in row.items()}


def _tidy(value: Any) -> Any:
    """Turn NumPy's numbers into Python's, and floats into six digits that count."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, dict):
        return {key: _tidy(entry) for key, entry in value.items()}
    return value


def _load_average() -> float | None:
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def _rows(
    experiment: Experiment,
    todo: Sequence[tuple[str, int]],
    configuration: Configuration,
    jobs: int,
    progress: bool,
) -> Iterator[Row]:
    """Rows as they are finished."""
    parallel = Parallel(n_jobs=jobs, return_as="generator_unordered")
    calls = (delayed(_one)(experiment, arm, seed, configuration) for arm, seed in todo)
    with tqdm(total=len(todo), desc=experiment.name, unit="run", disable=not progress) as bar:
        for row in parallel(calls):
            bar.update()
            yield row


def _processor() -> str:
    """Name of the processor, as far as the system tells."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def _header(
    experiment: Experiment, configuration: Configuration, jobs: int, command: str
) -> dict[str, Any]:
    name, arrays = experiment.data(configuration)
    packages = ("cnnlab", "numpy", *experiment.packages)
    build: Any = np.show_config(mode="dicts")
    blas = build["Build Dependencies"]["blas"]
    return {
        "experiment": experiment.name,
        "question": experiment.question,
        "arms": dict(experiment.arms),
        "held_equal": list(experiment.held_equal),
        "quantities": {
            key: {"unit": q.unit, "meaning": q.meaning} for key, q in experiment.quantities.items()
        },
        "configuration": dict(configuration),
        "data": {"name": name, "sha256": records.data_fingerprint(arrays)},
        "versions": {
            "python": platform.python_version(),
            **{package: importlib.metadata.version(package) for package in packages},
            "blas": f"{blas.get('name')} {blas.get('version')}",
        },
        "device": {
            "system": f"{platform.system()} {platform.machine()}",
            "processor": _processor(),
            "cores": os.cpu_count(),
            "jobs": jobs,
            "threads_per_job": 1,
        },
        "started": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "command": command,
    }


def run(
    experiment: Experiment,
    seeds: int = 1,
    configuration: Configuration | None = None,
    arms: tuple[str, ...] | None = None,
    jobs: int = 1,
    progress: bool = False,
) -> Record:
    """Run an experiment in memory, by default in its quick configuration.

    Parameters
    ----------
    experiment : Experiment
        What to run.
    seeds : int, default 1
        Number of seeds, from 0 upwards.
    configuration : mapping, optional
        Settings; the quick ones by default.
    arms : tuple of str, optional
        A selection of the arms.
    jobs : int, default 1
        Processes side by side. Experiments that measure seconds always run alone.
    progress : bool, default False
        Whether to draw a progress bar on standard error.

    Returns
    -------
    Record
        Header and rows, not stored.
    """
    settings = experiment.quick if configuration is None else configuration
    jobs = 1 if experiment.alone else jobs
    todo = list(experiment.jobs(seeds, arms))
    header = _header(experiment, settings, jobs, command="in memory")
    rows = list(_rows(experiment, todo, settings, jobs, progress))
    order = list(experiment.arms)
    rows.sort(key=lambda row: (order.index(row["arm"]), row["seed"]))
    return Record(header, tuple(rows))


def record(
    experiment: Experiment, path: Path, seeds: int = 10, jobs: int = 1, progress: bool = True
) -> Record:
    """Run the full configuration and store every row as soon as it is finished.

    Started again after an interruption, or with more seeds, it goes on where it stopped.

    Parameters
    ----------
    experiment : Experiment
        What to run.
    path : pathlib.Path
        File of the record; made when it is not there.
    seeds : int, default 10
        Number of seeds, from 0 upwards.
    jobs : int, default 1
        Processes side by side. Experiments that measure seconds always run alone.
    progress : bool, default True
        Whether to draw a progress bar on standard error.

    Returns
    -------
    Record
        The whole record, rows of earlier calls included.

    Raises
    ------
    ValueError
        If the record on disk was edited, or made with other settings, data, versions or processor:
        rows of two kinds must not be mixed. Also if another run writes into it at the same time.
    """
    jobs = 1 if experiment.alone else jobs
    command = f"python -m cnnlab.experiments record {experiment.name} --seeds {seeds} --jobs {jobs}"
    header = _header(experiment, experiment.full, jobs, command)
    if path.exists():
        records.drop_torn_line(path)  # and with it the file, if not even the header was finished
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        records.start(path, header)
    stored = records.load(path)
    for key in ("experiment", "arms", "quantities", "configuration", "data", "versions"):
        if stored.header[key] != header[key]:
            raise ValueError(
                f"record({experiment.name!r}): {path.name} was begun with {key} "
                f"{stored.header[key]!r}, now it would be {header[key]!r}. Finish it with the old "
                "settings, or delete the file and record it anew."
            )
    if stored.header["device"]["processor"] != header["device"]["processor"]:
        raise ValueError(
            f"record({experiment.name!r}): {path.name} was begun on another processor, "
            f"{stored.header['device']['processor']!r}. Finish it there, or delete the file."
        )
    done = {(row["arm"], row["seed"]) for row in stored.rows}
    todo = [pair for pair in experiment.jobs(seeds) if pair not in done]
    size = path.stat().st_size
    for row in _rows(experiment, todo, experiment.full, jobs, progress):
        if path.stat().st_size != size:
            raise ValueError(
                f"record({experiment.name!r}): {path.name} was changed while this run was writing "
                "it. Let one run record at a time; the rows up to there are kept."
            )
        records.append(path, row)
        size = path.stat().st_size
    return records.load(path)


def check(
    experiment: Experiment,
    path: Path,
    arms: int = 2,
    seeds: int = 1,
    say: Callable[[str], None] = print,
) -> bool:
    """Run the first arms with the first seeds again and compare them with the recorded rows.

    Parameters
    ----------
    experiment : Experiment
        What was recorded.
    path : pathlib.Path
        File of the record.
    arms, seeds : int, default 2 and 1
        How many arms and seeds to repeat, at most as many as were recorded.
    say : callable, default print
        Receives one line per number.

    Returns
    -------
    bool
        True if every number that is judged agrees within its tolerance.

    Raises
    ------
    FileNotFoundError
        If nothing was recorded yet.
    ValueError
        If the record was edited or made with other settings, or if it has fewer arms or seeds, or
        none are to be repeated.
    """
    who = f"check({experiment.name!r})"
    stored = records.load(path)
    records.verify(stored, experiment)
    seeds_there = stored.seeds(stored.arms[0])
    for name, count, there in (("arms", arms, stored.arms), ("seeds", seeds, seeds_there)):
        if _checks.integer(who, name, count, at_least=1) > len(there):
            raise ValueError(f"{who}: {name} = {count}, but only {len(there)} were recorded.")
    chosen = tuple(experiment.arms)[:arms]
    again = run(experiment, seeds, experiment.full, chosen)
    recorded = {(row["arm"], row["seed"]): row for row in stored.rows}
    agrees = True
    for row in again.rows:
        before = recorded[row["arm"], row["seed"]]
        for name, quantity in experiment.quantities.items():
            line = (
                f"{row['arm']}, seed {row['seed']}, {name}: recorded {before[name]:g}, "
                f"now {row[name]:g} {quantity.unit}"
            )
            if quantity.tolerance is None:
                say(f"{line} (shown, not judged)")
                continue
            near = abs(row[name] - before[name]) <= quantity.tolerance
            agrees &= near
            say(f"{line}: {'agrees' if near else 'DIFFERS'} (tolerance {quantity.tolerance:g})")
    if not agrees:
        say(f"Record anew, if the change is meant: {stored.header['command']}")
    return agrees
