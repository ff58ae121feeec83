"""A small DenseNet in torch, with one transition layer that downsamples in one of three ways.

A layer of a dense block reads everything that the block has made so far, so a block is no chain of
layers and is written down here once, in torch alone. Stem, two blocks of three layers, and between
them the transition: batch norm, ReLU, a 1x1 convolution that halves the channels, and the pool.
"""

from collections.abc import Callable

import numpy as np

from cnnlab._extras import needed

with needed("torch", by="A DenseNet"):
    import torch

from torch import nn

LAYERS = 3  # in each of the two blocks

__all__ = ["LAYERS", "DenseBlock", "DenseNet", "Subsample"]


class Subsample(nn.Module):
    """Keep the upper left value of each 2x2 window."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Take every second row and column of a batch (N, C, H, W)."""
        return x[:, :, ::2, ::2]


POOLS: dict[str, Callable[[], nn.Module]] = {
    "avg": lambda: nn.AvgPool2d(2),
    "max": lambda: nn.MaxPool2d(2),
    "subsample": Subsample,
}


class DenseBlock(nn.Module):
    """Layers of batch norm, ReLU and a 3x3 convolution; each reads all maps made before it.

    Parameters
    ----------
    channels : int
        Maps that come in.
    growth : int
        Maps that each layer adds.
    """

    def __init__(self, channels: int, growth: int):
        super().__init__()
        self.layers = nn.ModuleList(
            nn.Sequential(
                nn.BatchNorm2d(width),
                nn.ReLU(),
                nn.Conv2d(width, growth, 3, padding=1, bias=False),
            )
            for width in range(channels, channels + LAYERS * growth, growth)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Hand on what came in and what each layer added."""
        for layer in self.layers:
            x = torch.cat([x, layer(x)], dim=1)
        return x


class DenseNet(nn.Sequential):
    """Stem, dense block, transition, dense block, global average, linear.

    Parameters
    ----------
    pool : {"avg", "max", "subsample"}
        What the transition downsamples with.
    in_channels : int
        Channels of the images.
    growth : int
        Maps that each layer of a block adds; the stem makes twice as many.
    stride : int
        Stride of the stem.
    rng : numpy.random.Generator
        Draws the initial weights: the same for every pool, and torch's own random numbers stay as
        they were.

    References
    ----------
    Huang, Liu, van der Maaten and Weinberger (2017), arXiv:1608.06993, figure 2 and section 3.
    """

    def __init__(
        self, pool: str, in_channels: int, growth: int, stride: int, *, rng: np.random.Generator
    ):
        if pool not in POOLS:
            raise ValueError(
                f"DenseNet(pool={pool!r}): no such pool; there are {', '.join(POOLS)}."
            )
        first = 2 * growth
        full = first + LAYERS * growth
        last = full // 2 + LAYERS * growth
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(int(rng.integers(2**31)))
            super().__init__(
                nn.Conv2d(in_channels, first, 3, stride=stride, padding=1, bias=False),
                DenseBlock(first, growth),
                nn.BatchNorm2d(full),
                nn.ReLU(),
                nn.Conv2d(full, full // 2, 1, bias=False),
                POOLS[pool](),
                DenseBlock(full // 2, growth),
                nn.BatchNorm2d(last),
                nn.ReLU(),
                nn.AdaptiveAvgPool2d(1),
                nn.Flatten(),
                nn.Linear(last, 10),
            )
