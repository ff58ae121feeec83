"""Wrong labels, made on purpose: they are what makes memorising visible. Chapters 6 and 7.

Whoever gives an image its wrong label has memorised it: nothing in the image leads there.
"""

import numpy as np

from cnnlab import _checks
from cnnlab._types import Array

__all__ = ["random_labels", "wrong_labels"]


def wrong_labels(y: Array, share: float, rng: np.random.Generator, *, classes: int = 10) -> Array:
    """Give some images a wrong label: each of them one of the other classes, drawn evenly.

    Parameters
    ----------
    y : integer array of shape (N,)
        True classes, from 0.
    share : float
        Share of the labels to be made wrong, in [0, 1]; exactly ``round(share * N)`` are.
    rng : numpy.random.Generator
        Draws which labels, and what they become.
    classes : int, default 10
        Number of classes, at least 2.

    Returns
    -------
    array of shape (N,), dtype of y
        Labels to train on. They are wrong exactly where they differ from ``y``.

    Raises
    ------
    TypeError
        If ``rng`` is no generator.
    ValueError
        If ``share`` is no share, or a class is not among the ``classes``.

    Examples
    --------
    >>> y = np.array([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    >>> given = wrong_labels(y, 0.3, np.random.default_rng(0))
    >>> int((given != y).sum())
    3
    """
    rng = _checks.generator("wrong_labels", rng)
    classes = _checks.integer("wrong_labels", "classes", classes, 2)
    if not 0 <= share <= 1:
        raise ValueError(f"wrong_labels: share = {share!r}, needed a number from 0 to 1.")
    if len(y) and not 0 <= y.min() <= y.max() < classes:
        raise ValueError(
            f"wrong_labels: the y goes from {y.min()} to {y.max()}, needed classes from 0 to "
            f"{classes - 1}."
        )
    chosen = rng.permutation(len(y))[: round(share * len(y))]
    given = y.copy()
    # one to classes - 1 steps on, round the circle of classes: never back to the true one
    given[chosen] = (y[chosen] + rng.integers(1, classes, size=len(chosen))) % classes
    return given


def random_labels(y: Array, rng: np.random.Generator, *, classes: int = 10) -> Array:
    """Draw every label anew, evenly from all classes: one in ten stays right by chance.

    Parameters
    ----------
    y : integer array of shape (N,)
        True classes; only their number and type count.
    rng : numpy.random.Generator
        Draws the labels.
    classes : int, default 10
        Number of classes, at least 1.

    Returns
    -------
    array of shape (N,), dtype of y
        Labels that have nothing to do with the images.

    Raises
    ------
    TypeError
        If ``rng`` is no generator.

    Examples
    --------
    >>> random_labels(np.zeros(4, dtype=np.int64), np.random.default_rng(0))
    array([8, 6, 5, 2])
    """
    rng = _checks.generator("random_labels", rng)
    classes = _checks.integer("random_labels", "classes", classes, 1)
    return rng.integers(classes, size=len(y)).astype(y.dtype)
