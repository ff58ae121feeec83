"""Command line: ``python -m cnnlab.claims list | questions | explain NAME | comparisons``."""

import argparse
import contextlib
import os
import sys
from collections.abc import Sequence

from cnnlab import claims
from cnnlab.claims.scale import MARKS, verdict_kind
from cnnlab.claims.verdicts import Claim, Part


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the ledger or a part of it.

    Parameters
    ----------
    arguments : sequence of str, optional
        Words after the command; those of the process by default.

    Returns
    -------
    int
        0, or 1 where a name is unknown or a record was refused.
    """
    options = _parser().parse_args(arguments)
    try:
        if options.command == "explain":
            print(_explained(options.name))
        elif options.command == "comparisons":
            print(claims.ledger().comparisons())
        elif options.command == "questions":
            for question in claims.ledger().questions.values():
                if options.chapter in (None, question.chapter):
                    print(question)
        else:
            for claim in claims.ledger():
                if _wanted(claim, options):
                    print(f"{claim.mark} {claim.verdict:<24}{claim.name}")
    except (ValueError, FileNotFoundError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m cnnlab.claims", description="Claims about pooling, and the verdicts."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    listed = commands.add_parser("list", help="the verdict of every claim, or of some")
    listed.add_argument("--verdict", choices=MARKS, help="only claims with this verdict")
    listed.add_argument("--experiment", help="only claims that rest on this experiment")
    questions = commands.add_parser("questions", help="the answer to every question")
    for command in (listed, questions):
        command.add_argument("--chapter", help="only those of this chapter: 02-why-pool, for one")
    explain = commands.add_parser("explain", help="one claim or question, and what decides it")
    explain.add_argument("name")
    commands.add_parser("comparisons", help="measured comparisons with Holm's p-values")
    return parser


def _wanted(claim: Claim, options: argparse.Namespace) -> bool:
    return (
        options.chapter in (None, claim.chapter)
        and options.verdict in (None, verdict_kind(claim.verdict))
        and (options.experiment is None or options.experiment in claim.experiments)
    )


def _explained(name: str) -> str:
    """Everything about a claim: verdict, parts, rules, and the commands that check it."""
    if name in claims.ledger().questions:
        return str(claims.question(name))
    claim = claims.claim(name)
    lines = [str(claim)]
    for part in claim.parts:
        lines.append(f"  decides    {part.name}: {_decider(part)}")
    for experiment in claim.experiments:
        lines.append(f"  check      python -m cnnlab.experiments check {experiment}")
    for proof in claim.proofs:
        lines.append(f"  check      python -m pytest {proof}")
    return "\n".join(lines)


def _decider(part: Part) -> str:
    return f"the test {part.proof}" if part.rule is None else part.rule.in_a_sentence()


if __name__ == "__main__":
    if hasattr(sys.stdout, "reconfigure"):  # a pipe on Windows may not know every character
        sys.stdout.reconfigure(errors="backslashreplace")
    with contextlib.suppress(BrokenPipeError):  # the reader of a pipe has seen enough
        status = main()
        sys.stdout.flush()
        sys.exit(status)
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
