"""Where runs are computed: in processes on this machine, on a Dask cluster, or on a Ray cluster.

Whatever computes, each result is handed over as soon as it is finished, so that its row is on the
disk while the others still run. For the processes and for Dask that is joblib's work; Ray is asked
directly, because through joblib it gives its results only when all of them are there.
"""

import importlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

from cnnlab._extras import needed

with needed("experiments", by="cnnlab.experiments.runner"):
    from joblib import Parallel, delayed, parallel_config

Arguments: TypeAlias = Iterable[tuple[Any, ...]]

__all__ = ["BACKENDS", "Workers", "workers"]


@dataclass(frozen=True)
class Workers:
    """Something that computes.

    Parameters
    ----------
    jobs : int
        Calls that run side by side.
    compute : callable
        ``compute(function, arguments)`` gives the results in the order in which they are finished.
    """

    jobs: int
    compute: Callable[[Callable[..., Any], Arguments], Iterator[Any]]


def workers(
    backend: str = "loky", jobs: int = 1, scheduler: str | None = None
) -> AbstractContextManager[Workers]:
    """Open what computes, and close it at the end of a ``with`` block.

    Parameters
    ----------
    backend : {"loky", "dask", "ray"}
        Processes on this machine, a Dask cluster or a Ray cluster.
    jobs : int, default 1
        Processes on this machine; a cluster with an address has as many as it has.
    scheduler : str, optional
        Address of a running cluster; without it a small one is started on this machine.

    Returns
    -------
    context manager over Workers

    Raises
    ------
    ValueError
        If there is no such backend, or the processes of this machine are given an address.
    ConnectionError
        If no cluster answers at the address.
    ModuleNotFoundError
        If Dask or Ray is not installed.
    """
    if backend not in BACKENDS:
        raise ValueError(f"backend = {backend!r}, needed one of {', '.join(BACKENDS)}.")
    return BACKENDS[backend](jobs, scheduler)


@contextmanager
def _processes(jobs: int, scheduler: str | None) -> Iterator[Workers]:
    if scheduler is not None:
        raise ValueError(
            f"scheduler = {scheduler!r}, but backend = 'loky' runs on this machine alone. "
            "Take backend 'dask' or 'ray'."
        )
    yield Workers(jobs, lambda function, arguments: _in_joblib("loky", jobs, function, arguments))


@contextmanager
def _dask(jobs: int, scheduler: str | None) -> Iterator[Workers]:
    with needed("cluster", by="backend = 'dask'"):
        from dask.distributed import Client
    try:
        if scheduler is None:
            client = Client(
                n_workers=jobs, threads_per_worker=1, processes=jobs > 1, dashboard_address=":0"
            )
        else:
            client = Client(scheduler, timeout="10s")
    except OSError:
        raise ConnectionError(
            f"scheduler = {scheduler!r}: no Dask scheduler answers there. Start one with: dask "
            "scheduler"
        ) from None
    with client:
        threads = client.nthreads()
        if not threads:
            raise ValueError(
                f"scheduler = {scheduler!r}: no worker has come to the cluster yet. Start some "
                f"with: dask worker {scheduler} --nthreads 1 --nworkers N"
            )
        if any(count != 1 for count in threads.values()):
            raise ValueError(
                f"The workers of the cluster have {', '.join(map(str, threads.values()))} threads, "
                "needed 1 each: a run draws its random numbers in a process of its own. Start them "
                "with: dask worker ADDRESS --nthreads 1 --nworkers N"
            )
        yield Workers(
            len(threads), lambda function, arguments: _in_joblib("dask", -1, function, arguments)
        )


@contextmanager
def _ray(jobs: int, scheduler: str | None) -> Iterator[Workers]:
    try:
        ray = importlib.import_module("ray")
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            "backend = 'ray' needs Ray. Install it with: pip install ray", name="ray"
        ) from None
    try:
        if scheduler is None:
            ray.init(num_cpus=jobs, include_dashboard=False)
        else:
            ray.init(address=scheduler)
    except ConnectionError:
        raise ConnectionError(
            f"scheduler = {scheduler!r}: no Ray cluster answers there. Start one with: ray start "
            "--head"
        ) from None

    def compute(function: Callable[..., Any], arguments: Arguments) -> Iterator[Any]:
        task = ray.remote(function)
        waiting = [task.remote(*some) for some in arguments]
        while waiting:
            [finished], waiting = ray.wait(waiting)
            yield ray.get(finished)

    try:
        yield Workers(int(ray.cluster_resources()["CPU"]), compute)
    finally:
        ray.shutdown()


def _in_joblib(
    backend: str, jobs: int, function: Callable[..., Any], arguments: Arguments
) -> Iterator[Any]:
    """Results of joblib as they come; a batch of one, so that none waits for another."""
    with parallel_config(backend=backend, n_jobs=jobs):
        parallel = Parallel(return_as="generator_unordered", batch_size=1)
    results: Iterator[Any] = parallel(delayed(function)(*some) for some in arguments)
    return results


BACKENDS = {"loky": _processes, "dask": _dask, "ray": _ray}
