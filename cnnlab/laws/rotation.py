"""A bar that turns, and eight filters that wait for it: what channel pooling does. Chapter 5.

Every filter is the bar itself at one angle, less its mean. One filter answers to its own angle and
falls silent as the bar turns away, wherever the bar stands: a pool over places does not help. The
largest answer of all filters hardly depends on the angle.
"""

import numpy as np

from cnnlab import _checks
from cnnlab._types import Array
from cnnlab.nn import functional as F

LENGTH, WIDTH = 5.0, 1.2  # standard deviations along and across the bar, in pixels

__all__ = ["answers", "bar", "bar_filters", "variation"]


def bar(angle: float, size: int = 25, dx: float = 0.0, dy: float = 0.0) -> Array:
    """Draw a soft bar: a Gaussian, long in one direction and narrow in the other.

    Parameters
    ----------
    angle : float
        In degrees; a bar looks the same after half a turn.
    size : int, default 25
        Height and width of the picture, in pixels.
    dx, dy : float, default 0
        Place of its middle, in pixels to the right and down from the middle of the picture.

    Returns
    -------
    float64 array of shape (size, size)
        1 in the middle of the bar, and nearly 0 far from it.

    Examples
    --------
    >>> bar(0)[12, 12].item(), np.allclose(bar(0).T, bar(90))
    (1.0, True)
    """
    size = _checks.integer("bar", "size", size, 1)
    y, x = np.mgrid[:size, :size] - (size - 1) / 2
    x, y = x - dx, y - dy
    turned = np.deg2rad(angle)
    along, across = x * np.cos(turned) + y * np.sin(turned), y * np.cos(turned) - x * np.sin(turned)
    drawn: Array = np.exp(-((along / LENGTH) ** 2 + (across / WIDTH) ** 2) / 2)
    return drawn


def bar_filters(count: int = 8, size: int = 15) -> Array:
    """Make filters for bars at equal steps of the angle, from 0 to just below 180 degrees.

    Parameters
    ----------
    count : int, default 8
        Number of filters.
    size : int, default 15
        Height and width, in pixels, odd.

    Returns
    -------
    float64 array of shape (count, 1, size, size)
        The weights of each filter sum to 0, their squares to 1.
    """
    angles = np.arange(_checks.integer("bar_filters", "count", count, 1)) * 180 / count
    weight = np.stack([bar(angle, size)[None] for angle in angles])
    weight -= weight.mean(axis=(2, 3), keepdims=True)
    unit: Array = weight / np.sqrt((weight**2).sum(axis=(2, 3), keepdims=True))
    return unit


def answers(pictures: Array, count: int = 8) -> Array:
    """Give the rectified responses of the filters.

    Parameters
    ----------
    pictures : array of shape (N, H, W)
        For instance bars at several angles.
    count : int, default 8
        Number of filters.

    Returns
    -------
    array of shape (N, count, H, W)
        One map for each filter.
    """
    return F.relu(F.conv2d(pictures[:, None], bar_filters(count), padding="same"))


def variation(values: Array) -> Array:
    """Coefficient of variation along the first axis: standard deviation over mean.

    Parameters
    ----------
    values : array of shape (N, ...)
        For instance one response for each angle.

    Returns
    -------
    array of shape (...)
        0 where the values are all the same.

    Examples
    --------
    >>> variation(np.array([[1.0, 5.0], [3.0, 5.0]]))
    array([0.5, 0. ])
    """
    result: Array = np.std(values, axis=0) / np.mean(values, axis=0)
    return result
