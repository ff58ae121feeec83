"""Max pooling: of each window keep the largest value, and remember who it was. Chapters 2 and 3.

The definition is :func:`max_pool2d_naive`. The fast version uses that a maximum of maxima is the
maximum: first along the rows of each window, then down its columns, each step one ``np.maximum`` of
strided slices over the whole batch. No window is ever copied, and no padding is ever built.
"""

from collections.abc import Iterator
from typing import Any, ClassVar, Literal, overload

import numpy as np

from cnnlab import _checks, windows
from cnnlab._types import Array, IntPair
from cnnlab.nn.pooling import Pool2d, PoolGeometry

Index = tuple[Any, ...]


def lowest(dtype: Any) -> Any:
    """Value that never wins a maximum: -inf, or the smallest integer."""
    if dtype.kind == "f":
        return -np.inf
    return False if dtype.kind == "b" else np.iinfo(dtype).min


def max_pool2d_naive(
    input: Array,
    kernel_size: IntPair,
    stride: IntPair | None = None,
    padding: IntPair = 0,
    dilation: IntPair = 1,
    ceil_mode: bool = False,
) -> Array:
    """Max-pool by the definition: one window at a time (slow, for reading).

    Arguments and result as for :func:`max_pool2d`.

    Examples
    --------
    >>> x = np.array([[[1, 3, 2, 0], [4, 2, 1, 5], [0, 1, 9, 2], [7, 6, 3, 8]]])
    >>> max_pool2d_naive(x, 2)[0]
    array([[4, 5],
           [7, 9]])
    """
    x = _checks.images("max_pool2d", input)
    geometry = PoolGeometry("max_pool2d", kernel_size, stride, padding, dilation, ceil_mode)
    padded = windows.pad(x, geometry.pads(*x.shape[-2:]), lowest(x.dtype))
    patches = windows.windows(padded, geometry.kernel, geometry.stride, geometry.dilation)
    y = np.empty(patches.shape[:-2], dtype=x.dtype)
    for place in np.ndindex(*y.shape):
        y[place] = patches[place].max()
    return y


@overload
def max_pool2d(
    input: Array,
    kernel_size: IntPair,
    stride: IntPair | None = ...,
    padding: IntPair = ...,
    dilation: IntPair = ...,
    ceil_mode: bool = ...,
    return_indices: Literal[False] = ...,
) -> Array: ...
@overload
def max_pool2d(
    input: Array,
    kernel_size: IntPair,
    stride: IntPair | None = ...,
    padding: IntPair = ...,
    dilation: IntPair = ...,
    ceil_mode: bool = ...,
    *,
    return_indices: Literal[True],
) -> tuple[Array, Array]: ...
def max_pool2d(
    input: Array,
    kernel_size: IntPair,
    stride: IntPair | None = None,
    padding: IntPair = 0,
    dilation: IntPair = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Array | tuple[Array, Array]:
    r"""Keep the largest value of each window (torch's F.max_pool2d).

    .. math:: y_{n,c,i,j} = \max_{a,b}\; x_{n,c,\,s i + d a - p,\,s j + d b - p}

    Parameters
    ----------
    input : array of shape (N, C, H, W) or (C, H, W)
        Any real dtype, which is kept.
    kernel_size : int or pair
        Window (kH, kW), in pixels.
    stride : int or pair, optional
        Step from window to window, in pixels; the window size when left out.
    padding : int or pair, default 0
        Pixels of -inf on each side, at most half of the window: the frame never wins.
    dilation : int or pair, default 1
        Distance between neighbouring window entries, in pixels.
    ceil_mode : bool, default False
        Count a last, partly filled window.
    return_indices : bool, default False
        Also return where each maximum came from.

    Returns
    -------
    y : array of shape (N, C, H_out, W_out) or (C, H_out, W_out)
    indices : int64 array of the same shape, only with ``return_indices=True``
        Position of each winner in its flattened map, ``row * W + column``. Among equals the first
        in reading order wins.

    Raises
    ------
    ValueError
        If the window does not fit into the image or the padding is over half the window.
    TypeError
        If the input is not an array of real numbers.

    Notes
    -----
    A NaN in a window makes the output NaN, as in torch.

    Examples
    --------
    >>> x = np.array([[[1, 3, 2, 0], [4, 2, 1, 5], [0, 1, 9, 2], [7, 6, 3, 8]]])
    >>> max_pool2d(x, 2)[0]
    array([[4, 5],
           [7, 9]])
    >>> max_pool2d(x, 2, return_indices=True)[1][0]
    array([[ 4,  7],
           [12, 10]])
    """
    x = _checks.images("max_pool2d", input)
    geometry = PoolGeometry("max_pool2d", kernel_size, stride, padding, dilation, ceil_mode)
    rows, columns = geometry.slides(*x.shape[-2:])
    start = lowest(x.dtype)
    in_rows = windows.reduce(x, columns, -1, np.maximum, start)  # (..., H, W_out)
    y = windows.reduce(in_rows, rows, -2, np.maximum, start)
    return (y, _indices(x, y, geometry)) if return_indices else y


def _indices(x: Array, y: Array, geometry: PoolGeometry) -> Array:
    """Position of each window's winner in its flattened map."""
    rows, columns = geometry.slides(*x.shape[-2:])
    in_rows = windows.reduce(x, columns, -1, np.maximum, lowest(x.dtype))
    place = np.arange(x.shape[-2] * x.shape[-1]).reshape(x.shape[-2:])
    best, indices = np.zeros(in_rows.shape, np.int64), np.zeros(y.shape, np.int64)
    for reached, pixels, wins in _winners(x, in_rows, columns, -1):
        best[reached] += wins * place[pixels]
    for reached, pixels, wins in _winners(in_rows, y, rows, -2):
        indices[reached] += wins * best[pixels]
    return indices


def _winners(
    x: Array, y: Array, slide: windows.Slide, axis: int
) -> Iterator[tuple[Index, Index, Array]]:
    """For each window entry along one axis: its windows, its pixels, and where it is the maximum.

    Every window is won exactly once: among equal values by the first, among several NaN by the
    last. First along the rows and then along the columns this makes the first, or last, in reading
    order, as in torch on a CPU.
    """
    entries = [
        tuple(windows.along(axis, part) for part in slide.entry(number))
        for number in range(slide.kernel)
    ]
    nan = np.isnan(y)
    undecided = ~nan
    for reached, pixels in entries[:-1]:
        wins = (x[pixels] == y[reached]) & undecided[reached]
        undecided[reached] ^= wins
        yield reached, pixels, wins
    reached, pixels = entries[-1]
    yield reached, pixels, undecided[reached]  # who else?
    if nan.any():  # a NaN equals nothing, not even itself
        for reached, pixels in reversed(entries):
            wins = np.isnan(x[pixels]) & nan[reached]
            nan[reached] ^= wins
            yield reached, pixels, wins


def _send_back(grad: Array, x: Array, y: Array, slide: windows.Slide, axis: int) -> Array:
    """Give the gradient of each maximum along one axis to the entry that won."""
    grad_input = np.zeros(x.shape, dtype=grad.dtype)
    each_pixel_once = slide.disjoint and not np.isnan(y).any()
    for reached, pixels, wins in _winners(x, y, slide, axis):
        if each_pixel_once:  # nothing is there yet
            grad_input[pixels] = windows.keep(grad[reached], wins)
        else:
            grad_input[pixels] += windows.keep(grad[reached], wins)
    return grad_input


def max_pool2d_backward_naive(
    grad_output: Array,
    input: Array,
    kernel_size: IntPair,
    stride: IntPair | None = None,
    padding: IntPair = 0,
    dilation: IntPair = 1,
    ceil_mode: bool = False,
) -> Array:
    """Gradient by the definition: look for the winner in each window and give it everything.

    Arguments and result as for :func:`max_pool2d_backward`.
    """
    who = "max_pool2d_backward"
    x = _checks.images(who, input)
    geometry = PoolGeometry(who, kernel_size, stride, padding, dilation, ceil_mode)
    rows, columns = geometry.slides(*x.shape[-2:])
    output_shape = (*x.shape[:-2], rows.positions, columns.positions)
    grad = _checks.gradient(who, grad_output, output_shape, x.dtype)
    grad_input = np.zeros(x.shape, dtype=grad.dtype)
    for place in np.ndindex(*grad.shape):
        *lead, i, j = place
        best, winner = -np.inf, None
        for a, b in np.ndindex(*geometry.kernel):
            r = i * rows.stride + a * rows.dilation - rows.padding
            c = j * columns.stride + b * columns.dilation - columns.padding
            if 0 <= r < rows.size and 0 <= c < columns.size:
                value = x[(*lead, r, c)]
                if winner is None or value > best or np.isnan(value):
                    best, winner = value, (*lead, r, c)
        if winner is not None:
            grad_input[winner] += grad[place]
    return grad_input


def max_pool2d_backward(
    grad_output: Array,
    input: Array,
    kernel_size: IntPair,
    stride: IntPair | None = None,
    padding: IntPair = 0,
    dilation: IntPair = 1,
    ceil_mode: bool = False,
    *,
    output: Array | None = None,
) -> Array:
    """Send each output's gradient to the pixel that won its window.

    Parameters
    ----------
    grad_output : array of shape (N, C, H_out, W_out) or (C, H_out, W_out)
        Gradient of the loss with respect to the output of :func:`max_pool2d`.
    input, kernel_size, stride, padding, dilation, ceil_mode
        What :func:`max_pool2d` was given.
    output : array, optional
        What it returned; computed again when left out.

    Returns
    -------
    array of the shape of `input`
        Where windows overlap, a pixel that won several of them gets the sum.
    """
    x = _checks.images("max_pool2d_backward", input)
    geometry = PoolGeometry(
        "max_pool2d_backward", kernel_size, stride, padding, dilation, ceil_mode
    )
    if output is None:
        output = max_pool2d(x, kernel_size, stride, padding, dilation, ceil_mode)
    grad = _checks.gradient("max_pool2d_backward", grad_output, output.shape, x.dtype)
    rows, columns = geometry.slides(*x.shape[-2:])
    in_rows = windows.reduce(x, columns, -1, np.maximum, lowest(x.dtype))
    grad_rows = _send_back(grad, in_rows, output, rows, -2)
    return _send_back(grad_rows, x, in_rows, columns, -1)


class MaxPool2d(Pool2d):
    """Max-pooling layer (torch.nn.MaxPool2d): no parameters, but a backward pass.

    Parameters
    ----------
    kernel_size, stride, padding, dilation
        As for :func:`max_pool2d`.
    return_indices : bool, default False
        Return ``(y, indices)`` instead of ``y``.
    ceil_mode : bool, default False

    Examples
    --------
    >>> layer = MaxPool2d(2)
    >>> x = np.array([[[1.0, 3.0], [4.0, 2.0]]])
    >>> layer(x)
    array([[[4.]]])
    >>> layer.backward(np.array([[[10.0]]]))
    array([[[ 0.,  0.],
            [10.,  0.]]])
    """

    _defaults: ClassVar[dict[str, Any]] = {**Pool2d._defaults, "return_indices": False}

    def __init__(
        self,
        kernel_size: IntPair,
        stride: IntPair | None = None,
        padding: IntPair = 0,
        dilation: IntPair = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__(
            PoolGeometry("MaxPool2d", kernel_size, stride, padding, dilation, ceil_mode)
        )
        self.return_indices = return_indices
        self._x: Array | None = None
        self._y: Array | None = None

    @property
    def _options(self) -> tuple[Any, ...]:
        return self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode

    def forward(self, x: Array) -> Array:
        """Pool a batch (N, C, H, W) or one image (C, H, W)."""
        y = max_pool2d(x, *self._options)
        self._x, self._y = x, y.copy()  # whoever gets y may write into it
        if self.return_indices:
            return y, _indices(x, y, self._geometry)  # type: ignore[return-value]
        return y

    def backward(self, grad_output: Array) -> Array:
        """Send the gradient to the winners."""
        x, y = self._saved("_x", "_y")
        return max_pool2d_backward(grad_output, x, *self._options, output=y)
