"""Features of photographs: random filters, ReLU and a pool, on a picture without borders.

The left border of the photograph touches the right one, the upper the lower. So a picture can be
moved without anything entering or leaving, and what is said about shifts is exact.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from cnnlab import datasets
from cnnlab._types import Array
from cnnlab.experiments.core import Configuration, Row
from cnnlab.nn import functional as F

PHOTOGRAPHS = ("china", "flower")
FILTERS, NOISE = 1, 2  # streams of random numbers of one seed

__all__ = [
    "PHOTOGRAPHS",
    "POOLS",
    "STRIDES",
    "change",
    "correlation",
    "data",
    "features",
    "means",
    "photographs",
    "random_filters",
    "responses",
    "unchanged_share",
]


def _blurred_max(maps: Array) -> Array:
    """Largest value of every 2x2 square, then blurred and halved; all on a ring."""
    ring = np.pad(maps, [(0, 0), (0, 0), (0, 1), (0, 1)], mode="wrap")
    return F.blur_pool2d(F.max_pool2d(ring, 2, stride=1), 3, stride=2, padding_mode="circular")


POOLS: Mapping[str, Callable[[Array], Array]] = {
    "none": lambda maps: maps,
    "subsample": lambda maps: maps[..., ::2, ::2],
    "max": lambda maps: F.max_pool2d(maps, 2),
    "avg": lambda maps: F.avg_pool2d(maps, 2),
    "maxblur": _blurred_max,
    "max4": lambda maps: F.max_pool2d(maps, 4),
    "avg4": lambda maps: F.avg_pool2d(maps, 4),
    "global": lambda maps: F.adaptive_avg_pool2d(maps, 1),
}
STRIDES = {"none": 1, "max4": 4, "avg4": 4}  # all others: 2; a global pool has no step


def photographs(configuration: Configuration) -> dict[str, Array]:
    """Give the photographs, each as one image.

    Parameters
    ----------
    configuration : mapping
        ``size``: their side in pixels.

    Returns
    -------
    dict of str to array of shape (1, 1, size, size), float64
    """
    size = configuration["size"]
    return {
        name: datasets.photograph(name, size)[None, None].astype(np.float64)  # type: ignore[arg-type]
        for name in PHOTOGRAPHS
    }


def data(configuration: Configuration) -> tuple[str, Mapping[str, Array]]:
    """Name the photographs."""
    return "two photographs of scikit-learn in grey, cut square", photographs(configuration)


def random_filters(seed: int, count: int, side: int = 5) -> Array:
    """Draw filters whose weights sum to 0 and whose squares sum to 1.

    Parameters
    ----------
    seed : int
        Draws the weights.
    count : int
        Number of filters.
    side : int, default 5
        Their height and width in pixels, odd.

    Returns
    -------
    array of shape (count, 1, side, side), float64
    """
    weight = np.random.default_rng([seed, FILTERS]).normal(size=(count, 1, side, side))
    weight -= weight.mean(axis=(1, 2, 3), keepdims=True)
    result: Array = weight / np.sqrt((weight**2).sum(axis=(1, 2, 3), keepdims=True))
    return result


def responses(picture: Array, weight: Array) -> Array:
    """Convolve a picture on a ring, without a nonlinearity.

    Parameters
    ----------
    picture : array of shape (1, 1, H, W)
        The photograph.
    weight : array of shape (C, 1, k, k)
        Filters, k odd.

    Returns
    -------
    array of shape (1, C, H, W)
    """
    frame = weight.shape[-1] // 2
    ring = np.pad(picture, [(0, 0), (0, 0), (frame, frame), (frame, frame)], mode="wrap")
    return F.conv2d(ring, weight)


def features(pool: str, picture: Array, weight: Array) -> Array:
    """Filter, rectify and pool.

    Parameters
    ----------
    pool : str
        A key of ``POOLS``.
    picture, weight : arrays
        As for :func:`responses`.

    Returns
    -------
    array of shape (1, C, H', W')
    """
    return POOLS[pool](F.relu(responses(picture, weight)))


def change(after: Array, before: Array) -> float:
    """How far features moved, as a fraction of how much they vary at all.

    Parameters
    ----------
    after, before : arrays of equal shape
        Features.

    Returns
    -------
    float
        Root mean square of the difference over the standard deviation of `before`. Of features
        that have nothing in common any more it is about the square root of 2.
    """
    return float(np.linalg.norm(after - before) / np.linalg.norm(before - before.mean()))


def correlation(after: Array, before: Array) -> float:
    """Correlation of features before and after: blind to their scale and their mean.

    Parameters
    ----------
    after, before : arrays of equal shape
        Features.

    Returns
    -------
    float
        From -1 to 1.
    """
    return float(np.corrcoef(after.ravel(), before.ravel())[0, 1])


def means(row: Row, quantities: Sequence[str]) -> Row:
    """Average quantities over the photographs.

    Parameters
    ----------
    row : dict
        For each photograph of ``PHOTOGRAPHS`` the quantity ``{quantity}_{photograph}``.
    quantities : sequence of str
        Their names.

    Returns
    -------
    dict
        The mean of each quantity.
    """
    return {
        quantity: float(np.mean([row[f"{quantity}_{name}"] for name in PHOTOGRAPHS]))
        for quantity in quantities
    }


def unchanged_share(pool: str, maps: Array) -> float:
    """Share of pooled values that stay the same when the maps move to the right by one pixel.

    Where both windows, the old and the new, hold one and the same value everywhere, nothing could
    change: what comes from there is left out.

    Parameters
    ----------
    pool : str
        A key of ``POOLS``.
    maps : array of shape (N, C, H, W)
        What is pooled, on a ring.

    Returns
    -------
    float
        From 0 to 1; for max pooling of independent values it is `cnnlab.laws.shift.unchanged`.
    """
    side = maps.shape[-1] if pool == "global" else STRIDES.get(pool, 2)
    moved = np.roll(maps, 1, axis=-1)
    highest = np.maximum(F.max_pool2d(maps, side), F.max_pool2d(moved, side))
    lowest = -np.maximum(F.max_pool2d(-maps, side), F.max_pool2d(-moved, side))
    alive = highest - lowest > 1e-5
    same = np.abs(POOLS[pool](moved) - POOLS[pool](maps)) < 1e-6
    return float(same[alive].mean())
