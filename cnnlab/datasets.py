"""Images to learn from: handwritten digits, photographs, and how they are split and batched.

Images are arrays (N, C, H, W) of float32 between 0 and 1, with 0 for black. They are scaled by a
constant and never centred: with a shifted mean the background would not be 0, and the zero padding
of a convolution would become a visible frame.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from cnnlab import _checks, windows
from cnnlab._extras import needed
from cnnlab._types import Array


@dataclass(frozen=True)
class Split:
    """Images and labels to train on, and others to test on.

    Parameters
    ----------
    x_train, x_test : float32 arrays of shape (N, C, H, W), values in [0, 1]
    y_train, y_test : int64 arrays of shape (N,)
    """

    x_train: Array
    y_train: Array
    x_test: Array
    y_test: Array

    def __repr__(self) -> str:
        return f"Split(train {self.x_train.shape}, test {self.x_test.shape})"


def _sklearn_datasets() -> Any:
    with needed("data", by="cnnlab.datasets"):
        import sklearn.datasets
    return sklearn.datasets


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
    x, y = _sklearn_datasets().load_digits(return_X_y=True)
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


def enlarge(x: Array) -> Array:
    """Double height and width by bilinear interpolation (pixel centres aligned, edges repeated).

    Parameters
    ----------
    x : array of shape (..., H, W)

    Returns
    -------
    array of shape (..., 2H, 2W), dtype of x (float64 for integers)

    Examples
    --------
    >>> enlarge(np.array([[0.0, 4.0]]))
    array([[0., 1., 3., 4.],
           [0., 1., 3., 4.]])
    """
    x = _checks.floating("enlarge", "x", x)
    if x.ndim < 2:
        raise ValueError(
            f"enlarge: the x of shape {x.shape} has too few axes: {x.ndim}, needed (..., H, W)."
        )
    for axis in (-2, -1):
        here = np.arange(x.shape[axis])
        before = np.take(x, np.maximum(here - 1, 0), axis)
        after = np.take(x, np.minimum(here + 1, len(here) - 1), axis)
        size = list(x.shape)
        size[axis] *= 2
        finer = np.empty(size, dtype=x.dtype)
        finer[windows.along(axis, slice(0, None, 2))] = 0.75 * x + 0.25 * before
        finer[windows.along(axis, slice(1, None, 2))] = 0.75 * x + 0.25 * after
        x = finer
    return x


def photograph(name: Literal["china", "flower"] = "china", size: int = 256) -> Array:
    """Load one of scikit-learn's two photographs in grey.

    Parameters
    ----------
    name : {'china', 'flower'}
        A temple; a dahlia.
    size : int, default 256
        Side of the square cut from the middle, in pixels, at most 427.

    Returns
    -------
    float32 array of shape (size, size), values in [0, 1]
        Luminance 0.299 R + 0.587 G + 0.114 B.

    Examples
    --------
    >>> photograph("china", size=64).shape
    (64, 64)
    """
    if name not in ("china", "flower"):
        raise ValueError(f"photograph: name = {name!r}, needed 'china' or 'flower'.")
    size = _checks.integer("photograph", "size", size, 1)
    picture = _sklearn_datasets().load_sample_image(f"{name}.jpg")
    H, W = picture.shape[:2]
    if size > min(H, W):
        raise ValueError(f"photograph: size = {size}, needed at most {min(H, W)} pixels.")
    top, left = (H - size) // 2, (W - size) // 2
    square = picture[top : top + size, left : left + size]
    grey: Array = (square @ np.array([0.299, 0.587, 0.114]) / 255).astype(np.float32)
    return grey


def batches(
    x: Array, y: Array, batch_size: int, *, rng: np.random.Generator | None = None
) -> Iterator[tuple[Array, Array]]:
    """Hand out images and labels in batches; the last one may be smaller.

    Parameters
    ----------
    x : array of shape (N, ...)
    y : array of shape (N, ...)
    batch_size : int
    rng : numpy.random.Generator, optional
        Shuffles the order; without it the order is kept.

    Returns
    -------
    iterator over pairs (images, labels)

    Examples
    --------
    >>> [batch.tolist() for batch, _ in batches(np.arange(5), np.arange(5), 2)]
    [[0, 1], [2, 3], [4]]
    """
    batch_size = _checks.integer("batches", "batch_size", batch_size, 1)
    x, y = _checks.array("batches", "x", x), _checks.array("batches", "y", y)
    if len(x) != len(y):
        raise ValueError(f"batches: {len(x)} images and {len(y)} labels, needed as many of both.")
    order = np.arange(len(x))
    if rng is not None:
        order = _checks.generator("batches", rng).permutation(len(x))
    chosen = (order[start : start + batch_size] for start in range(0, len(x), batch_size))
    return ((x[some], y[some]) for some in chosen)
