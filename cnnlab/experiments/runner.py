"""Run an experiment: in memory, onto the disk, or once more to see that it still says the same."""

import contextlib
import datetime
import importlib.metadata
import os
import platform
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cnnlab import _checks
from cnnlab._extras import needed
from cnnlab.experiments import records
from cnnlab.experiments.backends import Workers, workers
from cnnlab.experiments.core import Configuration, Experiment, Row
from cnnlab.experiments.records import Record

with needed("experiments", by="cnnlab.experiments.runner"):
    from threadpoolctl import threadpool_limits
    from tqdm import tqdm

__all__ = ["check", "record", "run"]


def _one(
    experiment: Experiment,
    arm: str,
    seed: int,
    configuration: Configuration,
    device: str,
    machine: Mapping[str, Any],
) -> Row:
    """Run one arm with one seed on one thread; add how long it took and how busy the machine was.

    The load counts everything that wanted a core in the last minute, this run included.
    """
    here = _machine(experiment, device)
    if here != machine:
        raise ValueError(
            f"{experiment.name}: the machines differ. One is {machine}, another {here}; needed the "
            "same processor, device and versions for all rows of a record."
        )
    began = time.perf_counter()
    with threadpool_limits(limits=1):
        if experiment.takes_device:
            measured = experiment.run(arm, seed, configuration, device=device)
        else:
            measured = experiment.run(arm, seed, configuration)
    missing = [name for name in experiment.quantities if name not in measured]
    if missing:
        raise ValueError(f"{experiment.name}: arm {arm!r} did not measure {', '.join(missing)}.")
    seconds = time.perf_counter() - began
    row = {"arm": arm, "seed": seed, **measured, "run_seconds": seconds, "load": _load_average()}
    return {key: _tidy(value) for key, value in row.items()}


def _tidy(value: Any) -> Any:
    """Turn NumPy's numbers and arrays into Python's, and floats into six digits that count."""
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, dict):
        return {key: _tidy(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_tidy(entry) for entry in value]
    return value


def _load_average() -> float | None:
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def _rows(
    experiment: Experiment,
    todo: Sequence[tuple[str, int]],
    configuration: Configuration,
    device: str,
    machine: Mapping[str, Any],
    team: Workers,
    progress: bool,
) -> Generator[Row, None, None]:
    """Rows as they are finished."""
    arguments = ((experiment, arm, seed, configuration, device, machine) for arm, seed in todo)
    with tqdm(total=len(todo), desc=experiment.name, unit="run", disable=not progress) as bar:
        for row in team.compute(_one, arguments):
            bar.update()
            yield row


def _processor() -> str:
    """Name of the processor, as far as the system tells."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def _device_name(device: str) -> str:
    """Name of a device of torch, such as ``cuda (NVIDIA H200)``; torch is not asked for the CPU."""
    if device == "cpu":
        return device
    with needed("torch", by=f"device = {device!r}"):
        import torch
    try:
        place = torch.empty(0, device=device).device
    except (AssertionError, RuntimeError) as error:
        raise ValueError(
            f"device = {device!r}: torch finds none here ({str(error).splitlines()[0]}). Leave it "
            "out to compute on the CPU."
        ) from None
    if place.type == "cuda":
        return f"cuda ({torch.cuda.get_device_name(place)})"
    return str(place.type)


def _machine(experiment: Experiment, device: str) -> dict[str, Any]:
    """What a machine is that computes rows, as far as the rows may hang on it."""
    build: Any = np.show_config(mode="dicts")
    blas = build["Build Dependencies"]["blas"]
    packages = ("cnnlab", "numpy", *experiment.packages)
    return {
        "versions": {
            "python": platform.python_version(),
            **{package: importlib.metadata.version(package) for package in packages},
            "blas": f"{blas.get('name')} {blas.get('version')}",
        },
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": os.cpu_count(),
        "computed_on": _device_name(device),
    }


def _only_where_it_can(experiment: Experiment, device: str, backend: str) -> None:
    """Refuse a device or a cluster that an experiment cannot use."""
    if device != "cpu" and not experiment.takes_device:
        raise ValueError(
            f"{experiment.name}: device = {device!r}, but this experiment computes on the CPU "
            "alone. Leave the device out."
        )
    if backend != "loky" and experiment.alone:
        raise ValueError(
            f"{experiment.name}: backend = {backend!r}, but this experiment measures seconds, and "
            "its runs take turns on one machine. Leave the backend out."
        )


def _data(experiment: Experiment, configuration: Configuration) -> dict[str, str]:
    """Name and fingerprint of the data as they are today."""
    name, arrays = experiment.data(configuration)
    return {"name": name, "sha256": records.data_fingerprint(arrays)}


def _header(
    experiment: Experiment,
    configuration: Configuration,
    machine: Mapping[str, Any],
    team: Workers,
    command: str,
) -> dict[str, Any]:
    device = {key: value for key, value in machine.items() if key != "versions"}
    return {
        "experiment": experiment.name,
        "question": experiment.question,
        "arms": dict(experiment.arms),
        "held_equal": list(experiment.held_equal),
        "quantities": {
            key: {"unit": q.unit, "meaning": q.meaning} for key, q in experiment.quantities.items()
        },
        "configuration": dict(configuration),
        "data": _data(experiment, configuration),
        "versions": machine["versions"],
        "device": {**device, "jobs": team.jobs, "threads_per_job": 1},
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
    device: str = "cpu",
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
    device : str, default "cpu"
        A device of torch, such as ``"cuda"``.

    Returns
    -------
    Record
        Header and rows, not stored.

    Raises
    ------
    ValueError
        If the experiment cannot compute on the device.
    """
    settings = experiment.quick if configuration is None else configuration
    _only_where_it_can(experiment, device, "loky")
    todo = list(experiment.jobs(seeds, arms))
    with workers(jobs=1 if experiment.alone else jobs) as team:
        machine = _machine(experiment, device)
        header = _header(experiment, settings, machine, team, command="in memory")
        rows = list(_rows(experiment, todo, settings, device, machine, team, progress))
    order = list(experiment.arms)
    rows.sort(key=lambda row: (order.index(row["arm"]), row["seed"]))
    return Record(header, tuple(rows))


def record(
    experiment: Experiment,
    path: Path,
    seeds: int = 10,
    jobs: int = 1,
    progress: bool = True,
    device: str = "cpu",
    backend: str = "loky",
    scheduler: str | None = None,
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
    device : str, default "cpu"
        A device of torch, such as ``"cuda"``.
    backend : {"loky", "dask", "ray"}
        Processes on this machine, a Dask cluster or a Ray cluster.
    scheduler : str, optional
        Address of a running cluster; without it a small one is started on this machine.

    Returns
    -------
    Record
        The whole record, rows of earlier calls included.

    Raises
    ------
    ValueError
        If the record on disk was edited, or made with other settings, data, versions, processor or
        device: rows of two kinds must not be mixed. Also if another run writes into it at the same
        time, or if the experiment cannot compute there.
    """
    _only_where_it_can(experiment, device, backend)
    jobs = 1 if experiment.alone else jobs
    command = f"python -m cnnlab.experiments record {experiment.name} --seeds {seeds} --jobs {jobs}"
    command += f" --device {device}" if device != "cpu" else ""
    command += f" --backend {backend}" if backend != "loky" else ""
    with records.writing(path), workers(backend, jobs, scheduler) as team:
        [machine] = team.compute(_machine, [(experiment, device)])
        header = _header(experiment, experiment.full, machine, team, command)
        stored = _begin(path, header)
        done = {(row["arm"], row["seed"]) for row in stored.rows}
        todo = [pair for pair in experiment.jobs(seeds) if pair not in done]
        rows = _rows(experiment, todo, experiment.full, device, machine, team, progress)
        size = path.stat().st_size
        with contextlib.closing(rows):
            for row in rows:
                if path.stat().st_size != size:
                    raise ValueError(
                        f"record({experiment.name!r}): {path.name} was changed while this run was "
                        "writing it. Let one run record at a time; the rows up to there are kept."
                    )
                records.append(path, row)
                size = path.stat().st_size
    return records.load(path)


def _begin(path: Path, header: Mapping[str, Any]) -> Record:
    """Begin a record, or give the one that is there if it can be gone on with."""
    if path.exists():
        records.drop_torn_line(path)  # and with it the file, if not even the header was finished
    if not path.exists():
        records.start(path, header)
    stored = records.load(path)
    who = f"record({header['experiment']!r})"
    for key in ("experiment", "arms", "quantities", "configuration", "data", "versions"):
        if stored.header[key] != header[key]:
            raise ValueError(
                f"{who}: {path.name} was begun with {key} {stored.header[key]!r}, now it would be "
                f"{header[key]!r}. Finish it with the old settings, or delete the file and record "
                "it anew."
            )
    for key, name in (("processor", "processor"), ("computed_on", "device")):
        before = stored.header["device"].get(key, "cpu")  # the first records name no device
        if before != header["device"][key]:
            raise ValueError(
                f"{who}: {path.name} was begun on another {name}, {before!r}, and this is "
                f"{header['device'][key]!r}. Finish it there, or delete the file."
            )
    return stored


def check(
    experiment: Experiment,
    path: Path,
    arms: int | tuple[str, ...] = 2,
    seeds: int = 1,
    say: Callable[[str], None] = print,
    device: str = "cpu",
) -> bool:
    """Run some arms with the first seeds again and compare them with the recorded rows.

    Only seeds that are finished in every arm count as recorded.

    Parameters
    ----------
    experiment : Experiment
        What was recorded.
    path : pathlib.Path
        File of the record.
    arms : int or tuple of str, default 2
        How many arms to repeat, the first ones, or their names.
    seeds : int, default 1
        How many seeds to repeat, at most as many as were recorded.
    say : callable, default print
        Receives one line per number, and first of all a line where the data are others.
    device : str, default "cpu"
        A device of torch, such as ``"cuda"``; it need not be that of the record.

    Returns
    -------
    bool
        True if the data are the recorded ones and every number that is judged agrees within its
        tolerance.

    Raises
    ------
    FileNotFoundError
        If nothing was recorded yet.
    ValueError
        If the record was edited or made with other settings, if no seed is finished in every arm,
        or if the record has fewer arms or seeds, or none of these arms, or none are to be repeated.
    """
    who = f"check({experiment.name!r})"
    stored = records.load(path).paired()
    records.verify(stored, experiment)
    _only_where_it_can(experiment, device, "loky")
    if not stored.rows:
        raise ValueError(
            f"{who}: no seed is finished in every arm yet. Resume the record: "
            f"{stored.header['command']}"
        )
    finished = stored.seeds(stored.arms[0])
    counts = (
        ("arms", len(arms) if isinstance(arms, tuple) else arms, stored.arms),
        ("seeds", seeds, finished),
    )
    for name, count, there in counts:
        if _checks.integer(who, name, count, at_least=1) > len(there):
            raise ValueError(f"{who}: {name} = {count}, but only {len(there)} were recorded.")
    chosen = arms if isinstance(arms, tuple) else stored.arms[:arms]
    repeated = finished[:seeds]
    todo = [pair for pair in experiment.jobs(repeated[-1] + 1, chosen) if pair[1] in repeated]

    data = stored.header["data"]
    agrees: bool = _data(experiment, experiment.full)["sha256"] == data["sha256"]
    if not agrees:
        say(
            f"{experiment.name}: the data are not the recorded ones ({data['name']}): they come "
            "from another source, or are prepared in another way."
        )
    recorded = {(row["arm"], row["seed"]): row for row in stored.rows}
    with workers() as team:
        machine = _machine(experiment, device)
        rows = _rows(experiment, todo, experiment.full, device, machine, team, progress=False)
        again = {(row["arm"], row["seed"]): row for row in rows}
    for arm, seed in sorted(todo, key=lambda pair: (chosen.index(pair[0]), pair[1])):
        before, now = recorded[arm, seed], again[arm, seed]
        for name, quantity in experiment.quantities.items():
            line = (
                f"{arm}, seed {seed}, {name}: recorded {before[name]:g}, now {now[name]:g} "
                f"{quantity.unit}"
            )
            if quantity.tolerance is None:
                say(f"{line} (shown, not judged)")
                continue
            near = abs(now[name] - before[name]) <= quantity.tolerance
            agrees &= near
            say(f"{line}: {'agrees' if near else 'DIFFERS'} (tolerance {quantity.tolerance:g})")
    if not agrees:
        say(f"Record anew, if the change is meant: {stored.header['command']}")
    return agrees
