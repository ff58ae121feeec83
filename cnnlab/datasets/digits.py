"""The 1797 handwritten digits that come with scikit-learn, in every form the book uses."""

from typing import Literal

import numpy as np

from cnnlab import _checks
from cnnlab._types import Array
from cnnlab.datasets.core import Split, enlarge, sklearn_datasets

__all__ = ["digits", "placed_digits"]

CANVAS = 28
ROOM = CANVAS - 16  # pixels by which a digit can move


def digits(size: Literal[8, 16] = 16, train: int = 1000, seed: int = 0) -> Split:
    """Load the 1797 handwritten digits that come with scikit-learn, split by chance.

    Parameters
    ----------
    size : {8, 16}, default 16
        Height and width in pixels; 16 is the original 8 enlarged with bilinear interpolation.
    train : int, default 1000
        Number of training images; the others are for testing.
    seed : int, default 0
        Which of the random splits.

    Returns
    -------
    Split
        One channel, values in [0, 1].

    References
    ----------
    Alpaydin and Kaynak (1998), doi:10.24432/C50P49.

    Examples
    --------
    >>> digits(size=16, train=1000)
    Split(train (1000, 1, 16, 16), test (797, 1, 16, 16))
    """
    if size not in (8, 16):
        raise ValueError(f"digits: size = {size!r}, needed 8 or 16 pixels.")
    x, y = sklearn_datasets().load_digits(return_X_y=True)
    train = _checks.integer("digits", "train", train, 1)
    seed = _checks.integer("digits", "seed", seed, 0)
    if train >= len(x):
        raise ValueError(
            f"digits: train = {train} of {len(x)} images, needed at most {len(x) - 1}, so that "
            f"some are left for testing."
        )
    images = (x.reshape(-1, 1, 8, 8) / 16).astype(np.float32)
    if size == 16:
        images = enlarge(images)
    order = np.random.default_rng(seed).permutation(len(images))
    chosen, left = order[:train], order[train:]
    y = y.astype(np.int64)
    return Split(images[chosen], y[chosen], images[left], y[left])


def placed_digits(
    place: Literal["centre", "random"] = "centre",
    train: int = 1000,
    seed: int = 0,
    *,
    offsets: tuple[int, int] = (0, 12),
    shift: int = 0,
) -> Split:
    """Put the digits of 16 pixels onto a black canvas of 28: all in the middle, or anywhere.

    The digits are split first and placed afterwards, so no digit comes both in training and test.

    Parameters
    ----------
    place : {"centre", "random"}
        The middle (6 pixels from each border), or a place drawn for each image and kept.
    train : int, default 1000
        Number of training images.
    seed : int, default 0
        Sets the split and the places.
    offsets : tuple of int, default (0, 12)
        First and last row and column of a random place.
    shift : int, default 0
        Pixels by which the test images are moved to the right.

    Returns
    -------
    Split
        Images of shape (1, 28, 28), values in [0, 1].

    Raises
    ------
    ValueError
        If the place is unknown, or a digit would leave the canvas.

    Examples
    --------
    >>> placed_digits("random")
    Split(train (1000, 1, 28, 28), test (797, 1, 28, 28))
    """
    if place not in ("centre", "random"):
        raise ValueError(f"placed_digits: place = {place!r}, needed 'centre' or 'random'.")
    low, high = offsets
    if not 0 <= low <= high <= ROOM:
        raise ValueError(
            f"placed_digits: offsets = {offsets}, needed two numbers from 0 to {ROOM}, the smaller "
            "one first."
        )
    last = high if place == "random" else ROOM // 2
    if not 0 <= shift <= ROOM - last:
        raise ValueError(
            f"placed_digits: shift = {shift} moves digits off the canvas, needed 0 to "
            f"{ROOM - last}."
        )
    split = digits(size=16, train=train, seed=seed)
    rng = np.random.default_rng([seed, 1])
    images = []
    for x, moved in ((split.x_train, 0), (split.x_test, shift)):
        if place == "random":
            corners = rng.integers(low, high + 1, size=(len(x), 2))
        else:
            corners = np.full((len(x), 2), ROOM // 2)
        images.append(paste(x, corners + np.array([0, moved])))
    return Split(images[0], split.y_train, images[1], split.y_test)


def paste(x: Array, corners: Array, canvas: int = CANVAS) -> Array:
    """Put each image onto a black canvas.

    Parameters
    ----------
    x : array of shape (N, 1, H, W)
        Images.
    corners : integer array of shape (N, 2)
        Row and column of the upper left pixel of each.
    canvas : int, default 28
        Side of the canvas, in pixels.

    Returns
    -------
    array of shape (N, 1, canvas, canvas), dtype of x
    """
    N, C, H, W = x.shape
    placed = np.zeros((N, C, canvas, canvas), dtype=x.dtype)
    for image, target, (top, left) in zip(x, placed, corners, strict=True):
        target[:, top : top + H, left : left + W] = image
    return placed
