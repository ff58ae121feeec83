"""The scale of verdicts, with a sign for each that does not hang on colour."""

MARKS = {
    "holds": "✓",
    "holds with conditions": "◐",
    "does not hold": "✗",
    "ill-posed": "?",
    "undecided": "…",
    "off topic": "–",
}
CLASSES = {
    "holds": "holds",
    "holds with conditions": "conditions",
    "does not hold": "fails",
    "ill-posed": "ill-posed",
    "undecided": "undecided",
    "off topic": "off-topic",
}

__all__ = ["CLASSES", "MARKS", "verdict_kind"]


def verdict_kind(text: str) -> str:
    """Drop what follows a verdict's own words.

    Parameters
    ----------
    text : str
        A verdict, as written.

    Returns
    -------
    str
        A verdict of the scale.

    Raises
    ------
    ValueError
        If the text begins with none of them.

    Examples
    --------
    >>> verdict_kind("undecided with 10 runs")
    'undecided'
    """
    for kind in sorted(MARKS, key=len, reverse=True):
        if text.startswith(kind):
            return kind
    raise ValueError(f"verdict_kind({text!r}): needed one of {', '.join(MARKS)}.")
