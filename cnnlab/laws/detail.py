"""What a pool on the pixels cannot hand on: where in its window something was."""

import numpy as np

__all__ = ["column_error"]


def column_error(side: int) -> float:
    r"""Smallest mean error with which the column of a dot can be told behind a pool, in pixels.

    A dot is equally likely in each column, and all that a pool of ``side`` columns hands on is its
    window. The best answer is then the middle column of the window; from it the columns of the
    window are on average

    .. math:: \frac{1}{k} \left\lfloor \frac{k^2}{4} \right\rfloor

    away, which is k/4 for an even k.

    Parameters
    ----------
    side : int
        Columns k of the window, at least 1.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If ``side`` is below 1.

    Examples
    --------
    >>> [column_error(side) for side in (1, 2, 4, 8)]
    [0.0, 0.5, 1.0, 2.0]
    """
    if side < 1:
        raise ValueError(f"column_error(side={side}): needed at least 1.")
    columns = np.arange(side)
    return float(np.mean(np.abs(columns - side // 2)))
