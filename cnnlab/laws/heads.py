"""What stands between the last maps and the scores: counted, and how far it can see. Chapter 4."""

import math
from typing import Literal

from cnnlab import _checks
from cnnlab._types import Array

__all__ = ["best_where_accuracy", "columns_in_sight", "kernels", "parameters"]


def parameters(head: Literal["flatten", "gap"], shape: tuple[int, int, int], classes: int) -> int:
    """Count the trainable numbers from the last maps to the scores.

    Parameters
    ----------
    head : {"flatten", "gap"}
        A linear layer on all values of the maps, or on one average for each map.
    shape : (C, H, W)
        Of the last maps.
    classes : int
        Number of scores.

    Returns
    -------
    int
        Weights and biases.

    Examples
    --------
    >>> parameters("flatten", (512, 7, 7), 1000), parameters("gap", (512, 7, 7), 1000)
    (25089000, 513000)
    """
    features = math.prod(shape) if head == "flatten" else shape[0]
    return (features + 1) * classes


def kernels(weight: Array, shape: tuple[int, int, int]) -> Array:
    """Read the weights of a dense layer after a flatten as kernels that cover the whole map.

    Parameters
    ----------
    weight : array of shape (out_features, C * H * W)
        Of the linear layer.
    shape : (C, H, W)
        Of the maps before the flatten.

    Returns
    -------
    array of shape (out_features, C, H, W)
        A view. A convolution with these kernels and without padding gives a 1x1 map of the same
        scores; on a larger map it gives the scores of the dense layer at every place.

    Raises
    ------
    ValueError
        If a row does not have C * H * W entries.
    """
    C, H, W = shape
    _checks.shape("kernels", "weight", weight, (len(weight), C * H * W))
    return weight.reshape(-1, C, H, W)


def columns_in_sight(field: int, side: int = 32, blob: int = 3) -> list[int]:
    """Columns from which a network without strides can tell that there is a border of zeros.

    A unit can tell how far a blob is from the border only if it sees both. One that reaches to the
    first column of the border sees field - 1 columns of the image; some part of the blob has to
    lie in them.

    Parameters
    ----------
    field : int
        Receptive field of the units before a global average, in pixels.
    side : int, default 32
        Columns of the image.
    blob : int, default 3
        Width of the blob, odd.

    Returns
    -------
    list of int
        Columns of the middle of the blob.

    Examples
    --------
    >>> columns_in_sight(field=3, side=12)
    [0, 1, 2, 9, 10, 11]
    """
    reach = field - 1 + blob // 2 if field > 1 else 0
    return [column for column in range(side) if min(column, side - 1 - column) < reach]


def best_where_accuracy(field: int, side: int = 32, blob: int = 3, bins: int = 4) -> float:
    """Limit the accuracy of telling in which part of the width a blob lies, by averaging alone.

    Parameters
    ----------
    field, side, blob
        As for :func:`columns_in_sight`.
    bins : int, default 4
        Parts of equal width.

    Returns
    -------
    float
        Share of blobs put right if every column in sight is, and the others get the one answer
        that fits most of them.

    Examples
    --------
    >>> best_where_accuracy(field=7), best_where_accuracy(field=1)
    (0.6875, 0.25)
    """
    seen = set(columns_in_sight(field, side, blob))
    guesses = [column * bins // side for column in range(side) if column not in seen]
    fitting = max((guesses.count(part) for part in range(bins)), default=0)
    return (len(seen) + fitting) / side
