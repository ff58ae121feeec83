"""N3, the network of the experiments: three convolutions, and one place where the arms differ.

conv 3x3 - ReLU - *down* - conv 3x3 - ReLU - *down* - conv 3x3 - ReLU - flatten - linear
"""

from typing import Any

import numpy as np

from cnnlab import nn
from cnnlab._extras import needed

DOWN = {
    "max": "2x2 max pooling after the ReLU",
    "avg": "2x2 average pooling after the ReLU",
    "stride": "the convolution takes stride 2: keep one value in four",
    "none": "no downsampling, the flatten grows sixteenfold",
    "avg_before_relu": "2x2 average pooling before the ReLU",
    "max_before_relu": "2x2 max pooling before the ReLU",
}

__all__ = ["DOWN", "n3", "n3_torch"]


def _n3(
    library: Any,
    down: str,
    size: int,
    channels: tuple[int, int, int],
    classes: int,
    **options: Any,
) -> Any:
    """Build N3 from `cnnlab.nn` or from `torch.nn`: the names are the same."""
    if down not in DOWN:
        raise ValueError(f"n3(down={down!r}): no such way; there are {', '.join(DOWN)}.")
    if size % 4:
        raise ValueError(f"n3(size={size}): needed a multiple of 4, to be halved twice.")
    layers = []
    features = 1
    for position, width in enumerate(channels):
        halves = position < 2
        stride = 2 if halves and down == "stride" else 1
        layers.append(library.Conv2d(features, width, 3, stride=stride, padding=1, **options))
        pool = library.MaxPool2d(2) if down.startswith("max") else library.AvgPool2d(2)
        if halves and down in ("max", "avg"):
            layers += [library.ReLU(), pool]
        elif halves and down.endswith("before_relu"):
            layers += [pool, library.ReLU()]
        else:
            layers.append(library.ReLU())
        features = width
    side = size if down == "none" else size // 4
    head = library.Linear(features * side * side, classes, **options)
    return library.Sequential(*layers, library.Flatten(), head)


def n3(
    down: str,
    size: int,
    channels: tuple[int, int, int] = (8, 16, 16),
    classes: int = 10,
    *,
    rng: np.random.Generator,
) -> nn.Sequential:
    """Build the network with one way of making the maps smaller, or none.

    Parameters
    ----------
    down : str
        A key of ``DOWN``.
    size : int
        Side of the square grey input, in pixels; a multiple of 4.
    channels : tuple of int, default (8, 16, 16)
        Output channels of the three convolutions.
    classes : int, default 10
        Number of outputs.
    rng : numpy.random.Generator
        Draws the initial weights. The convolutions come first, so arms of equal seed start from
        equal kernels.

    Returns
    -------
    nn.Sequential
        The network, float32.

    Raises
    ------
    ValueError
        If ``down`` is unknown or ``size`` is no multiple of 4.
    """
    model: nn.Sequential = _n3(nn, down, size, channels, classes, rng=rng, dtype=np.float32)
    return model


def n3_torch(
    down: str, size: int, channels: tuple[int, int, int] = (8, 16, 16), classes: int = 10
) -> Any:
    """Build the same network from torch's layers, for timings; see :func:`n3`.

    Parameters
    ----------
    down, size, channels, classes
        As for :func:`n3`.

    Returns
    -------
    torch.nn.Sequential
        The network, float32, with torch's own initial weights.

    Raises
    ------
    ImportError
        If PyTorch is not installed.
    """
    with needed("torch", by="n3_torch"):
        from torch import nn as torch_nn

    return _n3(torch_nn, down, size, channels, classes)
