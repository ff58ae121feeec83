"""The two photographs that come with scikit-learn."""

from typing import Literal

import numpy as np

from cnnlab import _checks
from cnnlab._types import Array
from cnnlab.datasets.core import sklearn_datasets

__all__ = ["photograph"]


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
    picture = sklearn_datasets().load_sample_image(f"{name}.jpg")
    H, W = picture.shape[:2]
    if size > min(H, W):
        raise ValueError(f"photograph: size = {size}, needed at most {min(H, W)} pixels.")
    top, left = (H - size) // 2, (W - size) // 2
    square = picture[top : top + size, left : left + size]
    grey: Array = (square @ np.array([0.299, 0.587, 0.114]) / 255).astype(np.float32)
    return grey
