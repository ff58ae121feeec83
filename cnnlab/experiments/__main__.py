"""Command line: ``python -m cnnlab.experiments list | run | record | check | weights``."""

import argparse
import re
import sys
from collections.abc import Sequence

from cnnlab import experiments
from cnnlab.experiments import records, runner, weights
from cnnlab.experiments.backends import BACKENDS


def _state(name: str) -> str:
    """How far an experiment is recorded: finished seeds, and those that were asked for."""
    try:
        record = records.load(experiments.RUNS / f"{name}.jsonl")
        records.verify(record, experiments.get(name))
    except FileNotFoundError:
        return "not recorded"
    except ValueError:
        return f"refused: see check {name}"
    arms = record.header["arms"]
    asked = re.search(r"--seeds (\d+)", record.header["command"])
    begun = {row["seed"] for row in record.rows}
    wanted = max(int(asked[1]) if asked else 0, len(begun))
    finished = len(record.paired().rows) // len(arms)
    return f"{finished} of {wanted} seeds in {len(arms)} arms"


def _list() -> None:
    """Print name, state and question of every experiment, in columns."""
    lines = [(name, _state(name), experiments.get(name).question) for name in experiments.NAMES]
    name_width, state_width = (max(len(line[column]) for line in lines) for column in (0, 1))
    for name, state, question in lines:
        print(f"{name:<{name_width}}  {state:<{state_width}}  {question}")


def _weights() -> int:
    """Write the files of trained networks; 1 where one is not as recorded."""
    try:
        for name in weights.ARMS:
            print(weights.store(name))
    except (ValueError, ImportError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says and return the exit status.

    Parameters
    ----------
    arguments : sequence of str, optional
        Words after the command; those of the process by default.

    Returns
    -------
    int
        0, or 1 where ``check`` found a difference or a record was refused or is not there, or 130
        after Ctrl-C.
    """
    parser = argparse.ArgumentParser(
        prog="python -m cnnlab.experiments", description="Run and record the book's experiments."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="name, state and question of every experiment")
    run = commands.add_parser("run", help="run in memory and print the medians")
    run.add_argument("--quick", action="store_true", help="the small settings of the chapters")
    record = commands.add_parser("record", help="run the full settings and store every row")
    check = commands.add_parser("check", help="repeat some rows and compare with the record")
    commands.add_parser("weights", help="train the networks that are kept once more, and keep them")
    for command in (run, record, check):
        command.add_argument("name", choices=experiments.NAMES)
    run.add_argument("--seeds", type=int, default=1)
    record.add_argument("--seeds", type=int, default=10)
    check.add_argument("--seeds", type=int, default=1, help="how many seeds to repeat")
    check.add_argument("--arms", type=int, default=2, help="how many arms to repeat")
    for command in (run, record):
        command.add_argument("--jobs", type=int, default=1, help="processes side by side")
    for command in (run, record, check):
        command.add_argument("--device", default="cpu", help="device of torch, such as cuda")
    record.add_argument(
        "--backend",
        choices=tuple(BACKENDS),
        default="loky",
        help="processes on this machine, a Dask cluster or a Ray cluster",
    )
    record.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="running cluster, such as tcp://10.0.0.7:8786; without it a small one is started here",
    )
    options = parser.parse_args(arguments)

    if options.command == "list":
        _list()
        return 0
    if options.command == "weights":
        return _weights()
    experiment = experiments.get(options.name)
    path = experiments.RUNS / f"{options.name}.jsonl"
    try:
        if options.command == "run":
            settings = experiment.quick if options.quick else experiment.full
            print(
                runner.run(
                    experiment,
                    options.seeds,
                    settings,
                    jobs=options.jobs,
                    progress=True,
                    device=options.device,
                )
            )
        elif options.command == "record":
            print(
                runner.record(
                    experiment,
                    path,
                    options.seeds,
                    options.jobs,
                    device=options.device,
                    backend=options.backend,
                    scheduler=options.scheduler,
                )
            )
        elif not runner.check(experiment, path, options.arms, options.seeds, device=options.device):
            return 1
    except (ValueError, OSError, ImportError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        kept = " Finished rows are kept; the same command goes on from there."
        print(f"\nStopped.{kept if options.command == 'record' else ''}", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
