"""Command line: ``python -m cnnlab.claims [list | show NAME]``."""

import argparse
import sys
from collections.abc import Sequence

from cnnlab import claims


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the ledger, or one claim or question.

    Parameters
    ----------
    arguments : sequence of str, optional
        Words after the command; those of the process by default.

    Returns
    -------
    int
        0, or 1 where a name is unknown or a record was refused.
    """
    parser = argparse.ArgumentParser(
        prog="python -m cnnlab.claims", description="Claims about pooling, and the verdicts."
    )
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("list", help="verdict of every claim, answer to every question")
    show = commands.add_parser("show", help="one claim or question in full")
    show.add_argument("name")
    options = parser.parse_args(arguments)
    try:
        if options.command == "show":
            known = claims.ledger().questions
            found = claims.question if options.name in known else claims.claim
            print(found(options.name))
            return 0
        for entry in claims.ledger():
            print(f"{entry.mark} {entry.verdict:<24}{entry.name}")
        print()
        for asked in claims.ledger().questions.values():
            print(asked)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
