"""Backends: the same rows from processes, Dask and Ray, each as soon as it is finished."""

import sys
import time
import types
from functools import partial

import pytest
from dask.distributed import LocalCluster
from toy import run as run_toy
from toy import toy

from cnnlab.experiments import runner
from cnnlab.experiments.backends import workers


@pytest.fixture(scope="module")
def scheduler():
    """Address of a Dask cluster: one worker with one thread, inside this process."""
    with LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, dashboard_address=":0"
    ) as cluster:
        yield cluster.scheduler_address


def rows(record):
    """What was measured, without what belongs to the machine."""
    keys = ("arm", "seed", "score", "parameters")
    return [[row[key] for key in keys] for row in record.rows]


def test_dask_records_the_same_rows(tmp_path, scheduler):
    one = runner.record(toy(), tmp_path / "one.jsonl", seeds=3, progress=False)
    path = tmp_path / "two.jsonl"
    two = runner.record(toy(), path, seeds=3, progress=False, backend="dask", scheduler=scheduler)
    assert rows(two) == rows(one)
    assert two.header["device"]["jobs"] == 1
    assert two.header["command"].endswith("record toy --seeds 3 --jobs 1 --backend dask")


def test_dask_goes_on_where_processes_stopped(tmp_path, scheduler):
    path = tmp_path / "toy.jsonl"
    runner.record(toy(), path, seeds=1, progress=False)
    before = path.read_text()
    record = runner.record(
        toy(), path, seeds=2, progress=False, backend="dask", scheduler=scheduler
    )
    assert path.read_text().startswith(before)
    assert record.seeds("without") == (0, 1)


def waits(path, arm, seed, configuration):
    """Play with seed 1 only when both rows of seed 0 are on the disk."""
    for _ in range(600):
        if seed == 0 or len(path.read_text().splitlines()) >= 3:
            return run_toy(arm, seed, configuration)
        time.sleep(0.05)
    raise TimeoutError("The finished rows were not stored.")


@pytest.mark.parametrize("backend", ["loky", "dask"])
def test_finished_rows_are_on_the_disk_while_others_run(tmp_path, scheduler, backend):
    path = tmp_path / "toy.jsonl"
    record = runner.record(
        toy(run=partial(waits, path)),
        path,
        seeds=2,
        progress=False,
        backend=backend,
        scheduler=scheduler if backend == "dask" else None,
    )
    assert record.seeds("with") == (0, 1)


def test_an_error_on_a_worker_is_raised_here(tmp_path, scheduler):
    path = tmp_path / "toy.jsonl"
    settings = {"progress": False, "backend": "dask", "scheduler": scheduler}
    with pytest.raises(ValueError, match="did not measure score"):
        runner.record(toy(run=lambda *_: {}), path, seeds=1, **settings)
    assert runner.record(toy(), path, seeds=1, **settings).seeds("with") == (0,)


def test_a_small_dask_cluster_is_started_and_closed():
    with workers("dask", jobs=1) as team:
        assert team.jobs == 1
        results = set(team.compute(divmod, [(7, 2), (9, 4)]))
    assert results == {(3, 1), (2, 1)}


def test_workers_with_several_threads_are_refused():
    with LocalCluster(
        n_workers=1, threads_per_worker=2, processes=False, dashboard_address=":0"
    ) as cluster:
        team = workers("dask", scheduler=cluster.scheduler_address)
        with pytest.raises(ValueError, match=r"have 2 threads, needed 1 each.*--nthreads 1"), team:
            pass


def test_a_cluster_without_workers_is_refused():
    with LocalCluster(n_workers=0, processes=False, dashboard_address=":0") as cluster:
        team = workers("dask", scheduler=cluster.scheduler_address)
        with pytest.raises(ValueError, match="no worker has come to the cluster yet"), team:
            pass


def test_a_scheduler_that_does_not_answer_is_named(monkeypatch):
    def no_answer(*_, **__):
        raise OSError("Timed out")

    monkeypatch.setattr("dask.distributed.Client", no_answer)
    team = workers("dask", scheduler="tcp://127.0.0.1:9")
    with pytest.raises(ConnectionError, match=r"scheduler = 'tcp://127.0.0.1:9': no Dask"), team:
        pass


def test_an_experiment_that_measures_seconds_stays_on_this_machine(tmp_path):
    with pytest.raises(ValueError, match="toy: backend = 'dask', but this experiment measures"):
        runner.record(toy(alone=True), tmp_path / "toy.jsonl", backend="dask")


def test_processes_on_this_machine_have_no_address():
    with pytest.raises(ValueError, match="backend = 'loky' runs on this machine"):
        workers(scheduler="tcp://10.0.0.7:8786").__enter__()


def test_an_unknown_backend_is_refused():
    with pytest.raises(ValueError, match="backend = 'abacus', needed one of loky, dask, ray"):
        workers("abacus")


# --- Ray, which is asked directly ----------------------------------------------------------------


class Ray(types.SimpleNamespace):
    """As much of Ray as is used: it runs a task when its result is fetched, the last one first."""

    def __init__(self, reachable=True):
        super().__init__(reachable=reachable, calls=[])

    def init(self, **options):
        self.calls.append(options)
        if not self.reachable:
            raise ConnectionError

    def cluster_resources(self):
        return {"CPU": 3.0}

    def remote(self, function):
        return types.SimpleNamespace(remote=lambda *arguments: partial(function, *arguments))

    def wait(self, tasks):
        return tasks[-1:], tasks[:-1]

    def get(self, task):
        return task()

    def shutdown(self):
        self.calls.append("shutdown")


def test_ray_hands_over_each_result_as_it_is_finished(monkeypatch):
    ray = Ray()
    monkeypatch.setitem(sys.modules, "ray", ray)
    with workers("ray", jobs=2) as team:
        assert team.jobs == 3
        assert list(team.compute(divmod, [(7, 2), (9, 4)])) == [(2, 1), (3, 1)]
    assert ray.calls == [{"num_cpus": 2, "include_dashboard": False}, "shutdown"]


def test_a_running_ray_cluster_is_found_by_its_address(monkeypatch):
    ray = Ray()
    monkeypatch.setitem(sys.modules, "ray", ray)
    with workers("ray", scheduler="10.0.0.7:6379"):
        pass
    assert ray.calls[0] == {"address": "10.0.0.7:6379"}


def test_a_ray_cluster_that_does_not_answer_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", Ray(reachable=False))
    with pytest.raises(ConnectionError, match="no Ray cluster answers there"):
        workers("ray", scheduler="10.0.0.7:6379").__enter__()


def test_without_ray_the_error_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ImportError, match=r"backend = 'ray' needs Ray\..*pip install ray"):
        workers("ray").__enter__()
