"""What every data set gives: images and labels to train on, and others to test on."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cnnlab import _checks, windows
from cnnlab._extras import needed
from cnnlab._types import Array

__all__ = ["Split", "balanced", "batches", "enlarge", "from_bytes", "permute_pixels"]


@dataclass(frozen=True)
class Split:
    """Images and labels to train on, and others to test on.

    Parameters
    ----------
    x_train, x_test : float32 arrays of shape (N, C, H, W), values in [0, 1]
    y_train, y_test : int64 arrays of shape (N,)
    classes : tuple of str, default ()
        Names of the classes, where they have any.
    """

    x_train: Array
    y_train: Array
    x_test: Array
    y_test: Array
    classes: tuple[str, ...] = ()

    def arrays(self) -> dict[str, Array]:
        """Give the four arrays by name, as for the fingerprint of a record.

        Returns
        -------
        dict of str to array
            ``x_train``, ``y_train``, ``x_test``, ``y_test``.

        Examples
        --------
        >>> x, y = np.zeros((2, 1, 4, 4)), np.array([0, 1])
        >>> list(Split(x, y, x, y).arrays())
        ['x_train', 'y_train', 'x_test', 'y_test']
        """
        names = ("x_train", "y_train", "x_test", "y_test")
        return {name: getattr(self, name) for name in names}

    def __repr__(self) -> str:
        return f"Split(train {self.x_train.shape}, test {self.x_test.shape})"


def sklearn_datasets() -> Any:
    """Give scikit-learn's data sets, or say how to get them."""
    with needed("data", by="cnnlab.datasets"):
        import sklearn.datasets
    return sklearn.datasets


def from_bytes(x: Array) -> Array:
    """Scale pixels from 0..255 to [0, 1], in float32.

    Parameters
    ----------
    x : uint8 array
        Pixels.

    Returns
    -------
    float32 array of the same shape
    """
    return np.asarray(x / np.float32(255), dtype=np.float32)


def balanced(who: str, name: str, labels: Array, count: int, subset: int = 0) -> Array:
    """Choose images, as many of each class, so that different subsets have none in common.

    Parameters
    ----------
    who, name : str
        Loader, and its argument ``count``, for the error.
    labels : integer array of shape (N,)
        Classes of all images.
    count : int
        Number of images to choose.
    subset : int, default 0
        Which of the disjoint subsets.

    Returns
    -------
    integer array of shape (count,)
        Places of the chosen images, in an order that the subset sets.

    Raises
    ------
    ValueError
        If the classes cannot have as many each, or there are too few images.
    """
    count = _checks.integer(who, name, count, at_least=1)
    subset = _checks.integer(who, "subset", subset, at_least=0)
    places = [np.flatnonzero(labels == c) for c in np.unique(labels)]
    each = count // len(places)
    if each * len(places) != count:
        raise ValueError(
            f"{who}: {name} = {count}, needed a multiple of {len(places)}: as many images of each "
            "class."
        )
    subsets = min(map(len, places)) // each
    if subset >= subsets:
        raise ValueError(
            f"{who}: subset = {subset} of {name} = {count} images, but there are only enough for "
            f"{subsets} disjoint subset(s), counted from 0."
        )
    chosen = np.concatenate([place[subset * each : (subset + 1) * each] for place in places])
    return np.random.default_rng([subset, 10]).permutation(chosen)


def permute_pixels(split: Split, rng: np.random.Generator) -> Split:
    """Exchange the pixels of every image in the same way, for training and test.

    Nothing is lost and nothing is added, but neighbours are neighbours no more.

    Parameters
    ----------
    split : Split
        Images and labels.
    rng : numpy.random.Generator
        Draws the one permutation; channels stay together.

    Returns
    -------
    Split
        The same labels, the other images.

    Examples
    --------
    >>> x, y = np.arange(8).reshape(2, 1, 2, 2), np.arange(2)
    >>> permute_pixels(Split(x, y, x, y), np.random.default_rng(0)).x_train[:, 0].tolist()
    [[[2, 0], [1, 3]], [[6, 4], [5, 7]]]
    """
    H, W = split.x_train.shape[-2:]
    order = _checks.generator("permute_pixels", rng).permutation(H * W)

    def permuted(x: Array) -> Array:
        return np.take(x.reshape(*x.shape[:-2], H * W), order, axis=-1).reshape(x.shape)

    return replace(split, x_train=permuted(split.x_train), x_test=permuted(split.x_test))


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
