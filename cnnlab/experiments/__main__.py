"""Command line: ``python -m cnnlab.experiments list | run | record | check``."""

import argparse
import sys
from collections.abc import Sequence

from cnnlab import experiments
from cnnlab.experiments import runner


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
    commands.add_parser("list", help="name and question of every experiment")
    run = commands.add_parser("run", help="run in memory and print the medians")
    run.add_argument("--quick", action="store_true", help="the small settings of the chapters")
    record = commands.add_parser("record", help="run the full settings and store every row")
    check = commands.add_parser("check", help="repeat some rows and compare with the record")
    for command in (run, record, check):
        command.add_argument("name", choices=experiments.NAMES)
    run.add_argument("--seeds", type=int, default=1)
    record.add_argument("--seeds", type=int, default=10)
    check.add_argument("--seeds", type=int, default=1, help="how many seeds to repeat")
    check.add_argument("--arms", type=int, default=2, help="how many arms to repeat")
    for command in (run, record):
        command.add_argument("--jobs", type=int, default=1, help="processes side by side")
    options = parser.parse_args(arguments)

    if options.command == "list":
        for name in experiments.NAMES:
            print(f"{name:<16}{experiments.get(name).question}")
        return 0
    experiment = experiments.get(options.name)
    path = experiments.RUNS / f"{options.name}.jsonl"
    try:
        if options.command == "run":
            settings = experiment.quick if options.quick else experiment.full
            print(runner.run(experiment, options.seeds, settings, jobs=options.jobs, progress=True))
        elif options.command == "record":
            print(runner.record(experiment, path, options.seeds, options.jobs))
        elif not runner.check(experiment, path, options.arms, options.seeds):
            return 1
    except (ValueError, FileNotFoundError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(
            "\nStopped. Finished rows are kept; the same command goes on from there.",
            file=sys.stderr,
        )
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
