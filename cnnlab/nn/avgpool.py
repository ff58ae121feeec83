"""Average pooling: of each window keep the mean; everybody gets an equal share back. Chapters 2, 3.

The definition is :func:`avg_pool2d_naive`. The fast version sums down the columns of each
window and then along its rows, by adding strided slices over the whole batch, and divides once.
"""

from typing import Any, ClassVar

import numpy as np

from cnnlab import _checks, windows
from cnnlab._types import Array, IntPair
from cnnlab.nn.pooling import Pool2d, PoolGeometry


def _geometry(
    who: str,
    kernel_size: IntPair,
    stride: IntPair | None,
    padding: IntPair,
    ceil_mode: bool,
    divisor_override: int | None,
) -> PoolGeometry:
    """Check all options, and return what they say about the window."""
    given = divisor_override is not None
    if given and _checks.integer(who, "divisor_override", divisor_override) == 0:
        raise ValueError(f"{who}: divisor_override = 0, needed a number other than 0.")
    return PoolGeometry(who, kernel_size, stride, padding, 1, ceil_mode)


def avg_pool2d_naive(
    input: Array,
    kernel_size: IntPair,
    stride: IntPair | None = None,
    padding: IntPair = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Array:
    """Average-pool by the definition: one window at a time (slow, for reading).

    Arguments and result as for :func:`avg_pool2d`.

    Examples
    --------
    >>> x = np.array([[[1, 3, 2, 0], [4, 2, 1, 5], [0, 1, 9, 2], [7, 6, 3, 8]]])
    >>> avg_pool2d_naive(x, 2)[0]
    array([[2.5, 2. ],
           [3.5, 5.5]])
    """
    x = _checks.floating("avg_pool2d", "input", _checks.images("avg_pool2d", input))
    geometry = _geometry("avg_pool2d", kernel_size, stride, padding, ceil_mode, divisor_override)
    rows, columns = geometry.slides(*x.shape[-2:])
    y = np.empty((*x.shape[:-2], rows.positions, columns.positions), dtype=x.dtype)
    for i in range(rows.positions):
        for j in range(columns.positions):
            spans = []
            for slide, position in ((rows, i), (columns, j)):
                first = position * slide.stride - slide.padding
                last = min(first + slide.kernel, slide.size + slide.padding)
                spans.append((first, last, max(first, 0), min(last, slide.size)))
            (top, bottom, first_row, last_row), (left, right, first_column, last_column) = spans
            pixels = x[..., first_row:last_row, first_column:last_column]
            framed = (bottom - top) * (right - left)
            count = framed if count_include_pad else pixels.shape[-2] * pixels.shape[-1]
            y[..., i, j] = pixels.sum(axis=(-2, -1)) / (divisor_override or count)
    return y


def avg_pool2d(
    input: Array,
    kernel_size: IntPair,
    stride: IntPair | None = None,
    padding: IntPair = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Array:
    r"""Replace each window by its mean (torch's F.avg_pool2d).

    .. math:: y_{n,c,i,j} = \frac{1}{k_H k_W} \sum_{a,b} x_{n,c,\,s i + a - p,\,s j + b - p}

    Parameters
    ----------
    input : array of shape (N, C, H, W) or (C, H, W)
        float32 or float64; integers and booleans become float64.
    kernel_size : int or pair
        Window (kH, kW), in pixels.
    stride : int or pair, optional
        Step from window to window, in pixels; the window size when left out.
    padding : int or pair, default 0
        Pixels of 0 on each side, at most half of the window.
    ceil_mode : bool, default False
        Count a last, partly filled window.
    count_include_pad : bool, default True
        Whether the zeros of the padding count in the divisor. With the default the border of the
        output is darker than its inside; with False the mean is over real pixels only.
    divisor_override : int, optional
        Divide by this number instead.

    Returns
    -------
    array of shape (N, C, H_out, W_out) or (C, H_out, W_out)

    Raises
    ------
    ValueError
        If the window does not fit into the image, the padding is over half the window, or
        `divisor_override` is 0.
    TypeError
        If the input is not an array of real numbers.

    Examples
    --------
    >>> x = np.array([[[1, 3, 2, 0], [4, 2, 1, 5], [0, 1, 9, 2], [7, 6, 3, 8]]])
    >>> avg_pool2d(x, 2)[0]
    array([[2.5, 2. ],
           [3.5, 5.5]])
    """
    x = _checks.floating("avg_pool2d", "input", _checks.images("avg_pool2d", input))
    geometry = _geometry("avg_pool2d", kernel_size, stride, padding, ceil_mode, divisor_override)
    rows, columns = geometry.slides(*x.shape[-2:])
    y = windows.reduce(x, rows, -2, np.add, 0)
    y = windows.reduce(y, columns, -1, np.add, 0)
    y /= _divisors(rows, columns, count_include_pad, divisor_override, x.dtype)
    return y


def _divisors(
    rows: windows.Slide,
    columns: windows.Slide,
    count_include_pad: bool,
    divisor_override: int | None,
    dtype: Any,
) -> Array:
    """What each window's sum is divided by, broadcastable to (H_out, W_out)."""
    if divisor_override is not None:
        return np.array(divisor_override, dtype=dtype)
    counts = []
    for slide in (rows, columns):
        if count_include_pad:  # a ceil-mode window that sticks out of the padding counts less
            first = np.arange(slide.positions) * slide.stride - slide.padding
            counts.append(np.minimum(first + slide.kernel, slide.size + slide.padding) - first)
        else:
            counts.append(slide.inside())
    return np.outer(*counts).astype(dtype)


def avg_pool2d_backward_naive(
    grad_output: Array,
    input: Array,
    kernel_size: IntPair,
    stride: IntPair | None = None,
    padding: IntPair = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Array:
    """Gradient by the definition: what a pixel alone would give to each window, it gets back.

    An image that is 1 at one pixel only is pooled: what comes out is that pixel's share in each
    window.

    Arguments and result as for :func:`avg_pool2d_backward`.
    """
    who = "avg_pool2d_backward"
    x = _checks.floating(who, "input", _checks.images(who, input))
    options = kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    output_shape = avg_pool2d_naive(x, *options).shape
    grad = _checks.gradient(who, grad_output, output_shape, x.dtype)
    grad_input = np.zeros_like(x)
    for pixel in np.ndindex(*x.shape[-2:]):
        alone = np.zeros((1, *x.shape[-2:]), dtype=x.dtype)
        alone[0, *pixel] = 1
        share = avg_pool2d_naive(alone, *options)[0]  # of this pixel in every window
        grad_input[..., *pixel] = (grad * share).sum(axis=(-2, -1))
    return grad_input


def avg_pool2d_backward(
    grad_output: Array,
    input: Array,
    kernel_size: IntPair,
    stride: IntPair | None = None,
    padding: IntPair = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Array:
    """Share each output's gradient equally among the pixels of its window.

    Parameters
    ----------
    grad_output : array of shape (N, C, H_out, W_out) or (C, H_out, W_out)
        Gradient of the loss with respect to the output of :func:`avg_pool2d`.
    input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
        What :func:`avg_pool2d` was given; of `input` only shape and dtype matter.

    Returns
    -------
    array of the shape of `input`
    """
    who = "avg_pool2d_backward"
    x = _checks.images(who, input)
    geometry = _geometry(who, kernel_size, stride, padding, ceil_mode, divisor_override)
    rows, columns = geometry.slides(*x.shape[-2:])
    output_shape = (*x.shape[:-2], rows.positions, columns.positions)
    grad = _checks.gradient(who, grad_output, output_shape, x.dtype)
    grad = grad / _divisors(rows, columns, count_include_pad, divisor_override, grad.dtype)
    return windows.spread(windows.spread(grad, columns, -1), rows, -2)


class AvgPool2d(Pool2d):
    """Average-pooling layer (torch.nn.AvgPool2d): no parameters, but a backward pass.

    Parameters
    ----------
    kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
        As for :func:`avg_pool2d`.

    Examples
    --------
    >>> layer = AvgPool2d(2)
    >>> layer(np.array([[[1.0, 3.0], [4.0, 2.0]]]))
    array([[[2.5]]])
    >>> layer.backward(np.array([[[10.0]]]))
    array([[[2.5, 2.5],
            [2.5, 2.5]]])
    """

    _defaults: ClassVar[dict[str, Any]] = {
        **Pool2d._defaults,
        "count_include_pad": True,
        "divisor_override": None,
    }

    def __init__(
        self,
        kernel_size: IntPair,
        stride: IntPair | None = None,
        padding: IntPair = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        options = kernel_size, stride, padding, ceil_mode, divisor_override
        super().__init__(_geometry("AvgPool2d", *options))
        self.count_include_pad, self.divisor_override = count_include_pad, divisor_override
        self._x: Array | None = None

    @property
    def _options(self) -> tuple[Any, ...]:
        padding, ceil_mode = self.padding, self.ceil_mode
        include, override = self.count_include_pad, self.divisor_override
        return self.kernel_size, self.stride, padding, ceil_mode, include, override

    def forward(self, x: Array) -> Array:
        """Pool a batch (N, C, H, W) or one image (C, H, W)."""
        y = avg_pool2d(x, *self._options)
        self._x = x
        return y

    def backward(self, grad_output: Array) -> Array:
        """Share the gradient among the window."""
        return avg_pool2d_backward(grad_output, self._saved("_x"), *self._options)
