r"""What a layer and a stack of layers count, in closed form; a convolution as a matrix. Chapter 1.

Three layers with equal input and output: *dense*, every output looks at every input; *locally
connected*, every output looks at its own window; *convolution*, all outputs of a map look at their
windows with the same weights. Locality removes connections, sharing removes weights.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from cnnlab import _checks
from cnnlab._types import Array
from cnnlab.shapes import output_size

__all__ = [
    "ANATOMY",
    "Anatomy",
    "Cost",
    "convolution_matrix",
    "costs",
    "distinct_values",
    "participation",
    "share_of_zeros",
    "stack_field",
    "stack_jump",
    "stack_macs",
    "stack_parameters",
]


@dataclass(frozen=True)
class Cost:
    """What one layer has.

    Parameters
    ----------
    weights, biases : int
        Trainable numbers.
    connections : int
        Pairs of an input value and an output value that it goes into; zeros of the border do not
        count.
    """

    weights: int
    biases: int
    connections: int

    @property
    def parameters(self) -> int:
        """Weights and biases."""
        return self.weights + self.biases


def costs(
    in_channels: int,
    out_channels: int,
    size: int,
    kernel_size: int,
    stride: int = 1,
    padding: int = 0,
) -> dict[str, Cost]:
    r"""Count a dense, a locally connected and a convolution layer of equal input and output.

    With :math:`n^2` input and :math:`o^2` output positions, the weights are
    :math:`n^2 C_{in}\, o^2 C_{out}`, then :math:`k^2 C_{in}\, o^2 C_{out}`, then
    :math:`k^2 C_{in} C_{out}`.

    Parameters
    ----------
    in_channels, out_channels : int
        Maps before and after.
    size, kernel_size, stride, padding : int
        Of a square image and window, in pixels.

    Returns
    -------
    dict of str to Cost
        By ``dense``, ``local`` and ``conv``. A locally connected layer has a bias for every output,
        as the dense layer has; a convolution has one for every map.

    Examples
    --------
    >>> {name: cost.parameters for name, cost in costs(1, 8, 28, 3, padding=1).items()}
    {'dense': 4923520, 'local': 62720, 'conv': 80}
    """
    side = output_size(size, kernel_size, stride, padding)
    pairs = in_channels * out_channels
    outputs = out_channels * side**2
    seen = pairs * sum(participation(size, kernel_size, stride, padding)) ** 2
    everything = pairs * size**2 * side**2
    return {
        "dense": Cost(everything, outputs, everything),
        "local": Cost(pairs * kernel_size**2 * side**2, outputs, seen),
        "conv": Cost(pairs * kernel_size**2, out_channels, seen),
    }


def participation(size: int, kernel_size: int, stride: int = 1, padding: int = 0) -> list[int]:
    r"""Count the windows that each pixel of one axis takes part in.

    Pixel x lies in window number j if :math:`js - p \le x < js - p + k`, which leaves

    .. math::

       \min\!\left(\left\lfloor \frac{x + p}{s} \right\rfloor, o - 1\right)
       - \max\!\left(\left\lceil \frac{x + p - k + 1}{s} \right\rceil, 0\right) + 1

    Parameters
    ----------
    size, kernel_size, stride, padding : int
        In pixels.

    Returns
    -------
    list of int
        One number for each pixel. In an image the windows of a pixel are the product of the numbers
        of its row and its column.

    Examples
    --------
    >>> participation(6, kernel_size=3), participation(6, kernel_size=3, padding=1)
    ([1, 2, 3, 3, 2, 1], [2, 3, 3, 3, 3, 2])
    """
    last = output_size(size, kernel_size, stride, padding) - 1
    counts = []
    for x in range(padding, size + padding):
        first = max(-((kernel_size - 1 - x) // stride), 0)
        counts.append(max(min(x // stride, last) - first + 1, 0))
    return counts


def stack_parameters(channels: Sequence[int], kernel_sizes: Sequence[int]) -> int:
    r"""Count the parameters of a stack of convolutions, :math:`\sum_l (k_l^2 c_{l-1} + 1)\, c_l`.

    Parameters
    ----------
    channels : sequence of int
        Of the image, and after each layer: one more than there are layers.
    kernel_sizes : sequence of int
        Of each layer, in pixels.

    Returns
    -------
    int
        Weights and biases.

    Examples
    --------
    >>> stack_parameters([1, 8, 16, 16], [3, 3, 3])
    3568
    """
    steps = zip(channels[:-1], channels[1:], kernel_sizes, strict=True)
    return sum((k * k * before + 1) * after for before, after, k in steps)


def stack_macs(channels: Sequence[int], kernel_sizes: Sequence[int], sizes: Sequence[int]) -> int:
    r"""Count multiply-accumulates for one image, :math:`\sum_l k_l^2 c_{l-1} c_l\, o_l^2`.

    Parameters
    ----------
    channels, kernel_sizes : sequence of int
        As for :func:`stack_parameters`.
    sizes : sequence of int
        Side of the output of each layer, in pixels.

    Returns
    -------
    int

    Examples
    --------
    >>> stack_macs([1, 8, 16, 16], [3, 3, 3], [28, 14, 7])
    395136
    """
    steps = zip(channels[:-1], channels[1:], kernel_sizes, sizes, strict=True)
    return sum(k * k * before * after * side**2 for before, after, k, side in steps)


def stack_field(
    kernel_sizes: Sequence[int],
    strides: Sequence[int] | None = None,
    dilations: Sequence[int] | None = None,
) -> int:
    r"""Give the receptive field after a stack of layers, :math:`1 + \sum_l d_l (k_l - 1) j_{l-1}`.

    The jump :math:`j_{l-1}` is the product of all strides before layer l.

    Parameters
    ----------
    kernel_sizes : sequence of int
        From the input upwards, pools included, in pixels.
    strides, dilations : sequence of int, optional
        Of each layer; 1 by default.

    Returns
    -------
    int
        In input pixels.

    Examples
    --------
    >>> stack_field([3, 3, 3]), stack_field([3, 3, 3], dilations=[1, 2, 4]), stack_field([7])
    (7, 15, 7)
    """
    ones = [1] * len(kernel_sizes)
    jumps = [prod((strides or ones)[:place]) for place in range(len(kernel_sizes))]
    steps = zip(kernel_sizes, dilations or ones, jumps, strict=True)
    return 1 + sum(d * (k - 1) * jump for k, d, jump in steps)


def stack_jump(strides: Sequence[int]) -> int:
    r"""Give the distance between neighbouring units after a stack, :math:`\prod_l s_l`.

    Parameters
    ----------
    strides : sequence of int
        Of each layer.

    Returns
    -------
    int
        In input pixels.

    Examples
    --------
    >>> stack_jump([1, 2, 1, 2])
    4
    """
    return prod(strides)


def convolution_matrix(kernel: Array, size: int, padding: int = 0, stride: int = 1) -> Array:
    r"""Write a convolution as the matrix M of a dense layer: M · vec(x) = vec(conv(x)).

    Parameters
    ----------
    kernel : array of shape (kH, kW) or (C_out, C_in, kH, kW)
        Weights; without the channels there is one map before and after.
    size : int
        Side of the square image, in pixels.
    padding, stride : int
        In pixels.

    Returns
    -------
    array of shape (C_out * H_out * W_out, C_in * size * size), dtype of the kernel
        A row for each output. Entries outside the window of a row are 0.

    Raises
    ------
    ValueError
        If the kernel has neither two nor four axes.

    Examples
    --------
    >>> convolution_matrix(np.array([[1, 2], [3, 4]]), size=3)
    array([[1, 2, 0, 3, 4, 0, 0, 0, 0],
           [0, 1, 2, 0, 3, 4, 0, 0, 0],
           [0, 0, 0, 1, 2, 0, 3, 4, 0],
           [0, 0, 0, 0, 1, 2, 0, 3, 4]])
    """
    weight = _checks.array("convolution_matrix", "kernel", kernel)
    if weight.ndim == 2:
        weight = weight[None, None]
    if weight.ndim != 4:
        raise ValueError(
            f"convolution_matrix: the kernel has shape {weight.shape}, needed (kH, kW) or "
            f"(C_out, C_in, kH, kW)."
        )
    C_out, C_in, kH, kW = weight.shape
    rows, columns = (output_size(size, k, stride, padding) for k in (kH, kW))
    padded = size + 2 * padding
    M = np.zeros((C_out, rows, columns, C_in, padded, padded), dtype=weight.dtype)
    for row in range(rows):
        for column in range(columns):
            top, left = row * stride, column * stride
            M[:, row, column, :, top : top + kH, left : left + kW] = weight
    inside = slice(padding, padding + size)  # weights that meet the border of zeros drop out
    return M[..., inside, inside].reshape(C_out * rows * columns, C_in * size**2)


def share_of_zeros(matrix: Array) -> float:
    """Give the share of the entries that are 0: pairs that are not connected.

    Parameters
    ----------
    matrix : array
        Weights.

    Returns
    -------
    float
        In [0, 1].

    Examples
    --------
    >>> share_of_zeros(convolution_matrix(np.ones((3, 3)), size=6))
    0.75
    """
    return float(np.mean(matrix == 0))


def distinct_values(matrix: Array) -> int:
    """Count the different numbers of a matrix besides 0.

    Parameters
    ----------
    matrix : array
        Weights.

    Returns
    -------
    int

    Examples
    --------
    >>> distinct_values(convolution_matrix(np.arange(1, 10).reshape(3, 3), size=6))
    9
    """
    return len(np.setdiff1d(matrix, [0]))


@dataclass(frozen=True)
class Anatomy:
    """Which kinds of layers a network of the literature has.

    Parameters
    ----------
    convolutions, pools, global_pools, dense : int
        Number of layers with weights or windows; a pool over the whole map counts as global.
    source : str
        Key of the bibliography.
    """

    convolutions: int
    pools: int
    global_pools: int
    dense: int
    source: str


ANATOMY = {
    "zip codes, 1989": Anatomy(2, 0, 0, 2, "lecun1989backpropagation"),
    "LeNet-5, 1998": Anatomy(3, 2, 0, 2, "lecun1998gradient"),
    "VGG-16, 2015": Anatomy(13, 5, 0, 3, "simonyan2015very"),
    "All-CNN-C, 2015": Anatomy(9, 0, 1, 0, "springenberg2015striving"),
    "ResNet-18, 2016": Anatomy(20, 1, 1, 1, "he2016deep"),
}
