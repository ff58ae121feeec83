"""Convolution: one small set of weights, applied at every place of an image. Chapters 1 and 9.

The definition is :func:`conv2d_naive`. The fast version lays the windows of *one* image side by
side as the columns of a matrix and multiplies once; its buffer is reused from image to image, so
the memory it needs does not grow with the batch. The way back is in
:mod:`cnnlab.nn.convolution_back`.
"""

import numpy as np

from cnnlab import windows
from cnnlab._types import Array, IntPair
from cnnlab.nn.convgeometry import Padding, check, check_bias, patches_of


def conv2d_naive(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: IntPair = 1,
    padding: Padding = 0,
    dilation: IntPair = 1,
    groups: int = 1,
) -> Array:
    """Convolve by the definition: one sum of products for each output value (slow, for reading).

    Arguments and result as for :func:`conv2d`.

    Examples
    --------
    >>> x = np.arange(9.0).reshape(1, 1, 3, 3)
    >>> conv2d_naive(x, np.ones((1, 1, 2, 2)))[0, 0]
    array([[ 8., 12.],
           [20., 24.]])
    """
    x, weight, geometry = check(input, weight, stride, padding, dilation, groups)
    bias = check_bias(bias, weight)
    H_out, W_out = geometry.output(*x.shape[-2:])
    patches = geometry.windows(windows.pad(x, geometry.pads))  # (N, C, H_out, W_out, kH, kW)
    N, (C_out, C_group) = len(x), weight.shape[:2]
    y = np.zeros((N, C_out, H_out, W_out), dtype=x.dtype)
    for n in range(N):
        for o in range(C_out):
            first = o // (C_out // groups) * C_group  # first input channel of this output's group
            for i in range(H_out):
                for j in range(W_out):
                    patch = patches[n, first : first + C_group, i, j]
                    y[n, o, i, j] = np.sum(patch * weight[o])
            if bias is not None:
                y[n, o] += bias[o]
    return y.reshape(*input.shape[:-3], C_out, H_out, W_out)


def conv2d(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: IntPair = 1,
    padding: Padding = 0,
    dilation: IntPair = 1,
    groups: int = 1,
) -> Array:
    r"""Slide each kernel over the images and take the sum of products (torch's F.conv2d).

    .. math:: y_{n,o,i,j} = b_o + \sum_{c,a,b} w_{o,c,a,b}\; x_{n,c,\,s i + d a - p,\,s j + d b - p}

    where x is 0 outside of the image and c runs over the channels of o's group.

    Parameters
    ----------
    input : array of shape (N, C, H, W) or (C, H, W)
        float32 or float64; integers take the dtype of `weight`.
    weight : array of shape (out_channels, C / groups, kH, kW)
        Same dtype as `input`.
    bias : array of shape (out_channels,), optional
    stride : int or pair, default 1
        Step from window to window, in pixels.
    padding : int, pair, 'same' or 'valid', default 0
        Zeros added on each side, in pixels. 'same' keeps the size and needs stride 1.
    dilation : int or pair, default 1
        Distance between neighbouring kernel entries, in pixels.
    groups : int, default 1
        Channels are split into this many groups that do not see one another.

    Returns
    -------
    array of shape (N, out_channels, H_out, W_out) or (out_channels, H_out, W_out)

    Raises
    ------
    ValueError
        If shapes do not fit one another or the window does not fit into the image.
    TypeError
        If an argument is not an array of real numbers, or dtypes differ.

    Notes
    -----
    As in all deep-learning libraries this is a cross-correlation: the kernel is not flipped.
    Working memory is one padded image and its patches, whatever the batch size.

    References
    ----------
    Dumoulin and Visin (2016), arXiv:1603.07285.

    Examples
    --------
    >>> x = np.arange(9.0).reshape(1, 1, 3, 3)
    >>> conv2d(x, np.ones((1, 1, 2, 2)))[0, 0]
    array([[ 8., 12.],
           [20., 24.]])
    """
    x, weight, geometry = check(input, weight, stride, padding, dilation, groups)
    N, C, H, W = x.shape
    C_out, G = len(weight), geometry.groups
    H_out, W_out = geometry.output(H, W)
    bias = check_bias(bias, weight)
    y = np.empty((N, C_out, H_out, W_out), dtype=x.dtype)
    kernels = weight.reshape(G, C_out // G, -1)
    (top, bottom), (left, right) = geometry.pads
    frame = np.zeros((C, top + H + bottom, left + W + right), dtype=x.dtype)
    inside = frame[:, top : top + H, left : left + W]
    for n, patches in enumerate(patches_of(x, frame, inside, geometry, geometry.stride)):
        np.matmul(kernels, patches, out=y[n].reshape(G, C_out // G, -1))
    if bias is not None:
        y += bias[:, None, None]
    return y.reshape(*input.shape[:-3], C_out, H_out, W_out)
