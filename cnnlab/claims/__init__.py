"""What the book claims, and the verdicts: ``claims.box("02-why-pool")`` ends a chapter.

Every verdict is computed from proofs and recorded runs; see :mod:`cnnlab.claims.verdicts`.
"""

from functools import cache

from cnnlab.claims.cards import Box
from cnnlab.claims.loading import load_ledger
from cnnlab.claims.verdicts import Claim, Ledger, Question

__all__ = ["Box", "Claim", "Ledger", "Question", "box", "claim", "ledger", "question"]


@cache
def ledger() -> Ledger:
    """Give the whole ledger, read once.

    Returns
    -------
    Ledger
        Claims and questions.
    """
    return load_ledger()


def claim(name: str) -> Claim:
    """Give one claim.

    Parameters
    ----------
    name : str
        Its identifier.

    Returns
    -------
    Claim
        Prints with its parts, effects and verdict.

    Raises
    ------
    ValueError
        If there is no such claim.

    Examples
    --------
    >>> claim("pooling-cuts-parameters").verdict
    'holds with conditions'
    """
    claims = ledger().claims
    if name not in claims:
        raise ValueError(f"claim({name!r}): no such claim; there are {', '.join(claims)}.")
    return claims[name]


def question(name: str) -> Question:
    """Give one question with its answer.

    Parameters
    ----------
    name : str
        Its number, for instance ``"Q34"``.

    Returns
    -------
    Question
        Prints as question and answer.

    Raises
    ------
    ValueError
        If there is no such question.
    """
    questions = ledger().questions
    if name not in questions:
        raise ValueError(f"question({name!r}): no such question; there are {', '.join(questions)}.")
    return questions[name]


def box(chapter: str) -> Box:
    """Give the verdicts of a chapter.

    Parameters
    ----------
    chapter : str
        File name of the chapter without its ending, for instance ``"02-why-pool"``.

    Returns
    -------
    Box
        Text in a terminal, a table on the page.

    Raises
    ------
    ValueError
        If no claim has its verdict there.
    """
    chosen = tuple(entry for entry in ledger() if entry.chapter == chapter)
    if not chosen:
        chapters = ", ".join(sorted({entry.chapter for entry in ledger()}))
        raise ValueError(f"box({chapter!r}): no verdicts in this chapter; there are {chapters}.")
    return Box(chosen, "Verdicts of this chapter", chapter)
