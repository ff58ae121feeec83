"""Power pooling (Lp): one family, with the sum at p = 1 and the maximum in the limit. Chapter 3.

The definition is :func:`lp_pool2d_naive`. The fast version is average pooling in disguise, as in
torch: raise to the power p, average, multiply by the size of the window, take the root.
"""

from operator import attrgetter
from typing import Any

import numpy as np

from cnnlab import _checks
from cnnlab._types import Array, IntPair
from cnnlab.nn.avgpool import avg_pool2d, avg_pool2d_backward
from cnnlab.nn.maxpool import max_pool2d, max_pool2d_backward
from cnnlab.nn.pooling import Pool2d, PoolGeometry


def _norm(who: str, norm_type: Any) -> float:
    """Return the exponent as a float, or say why it cannot be one."""
    p = _checks.number(who, "norm_type", norm_type)
    if p == 0 or np.isnan(p):
        raise ValueError(f"{who}: norm_type = {norm_type}, needed a number other than 0.")
    return p


def lp_pool2d_naive(
    input: Array,
    norm_type: float,
    kernel_size: IntPair,
    stride: IntPair | None = None,
    ceil_mode: bool = False,
) -> Array:
    """Pool by the definition: one window at a time (slow, for reading).

    Arguments and result as for :func:`lp_pool2d`.

    Examples
    --------
    >>> x = np.array([[[3.0, 0.0], [0.0, 4.0]]])
    >>> [lp_pool2d_naive(x, p, 2).item() for p in (1, 2, np.inf)]
    [7.0, 5.0, 4.0]
    """
    p = _norm("lp_pool2d", norm_type)
    x = _checks.floating("lp_pool2d", "input", _checks.images("lp_pool2d", input))
    geometry = PoolGeometry("lp_pool2d", kernel_size, stride, ceil_mode=ceil_mode)
    rows, columns = geometry.slides(*x.shape[-2:])
    y = np.empty((*x.shape[:-2], rows.positions, columns.positions), dtype=x.dtype)
    for i in range(rows.positions):
        for j in range(columns.positions):
            top, left = i * rows.stride, j * columns.stride
            window = x[..., top : top + rows.kernel, left : left + columns.kernel]
            if p == np.inf:
                y[..., i, j] = np.abs(window).max(axis=(-2, -1))
            elif p == -np.inf:
                y[..., i, j] = np.abs(window).min(axis=(-2, -1))
            else:
                missing = rows.kernel * columns.kernel / (window.shape[-2] * window.shape[-1])
                with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
                    y[..., i, j] = (missing * (window**p).sum(axis=(-2, -1))) ** (1 / p)
    return y


def lp_pool2d(
    input: Array,
    norm_type: float,
    kernel_size: IntPair,
    stride: IntPair | None = None,
    ceil_mode: bool = False,
) -> Array:
    r"""Take the p-norm of each window (torch's F.lp_pool2d).

    .. math:: y = \Bigl( \sum_{x \,\in\, \text{window}} x^p \Bigr)^{1/p}

    Parameters
    ----------
    input : array of shape (N, C, H, W) or (C, H, W)
        float32 or float64; integers and booleans become float64. Meant for values that are not
        negative: as in torch, :math:`x^p` is taken, not :math:`|x|^p`.
    norm_type : float
        Exponent p, not 0: 1 gives the sum of the window, larger values come nearer to its maximum,
        ``inf`` is the largest and ``-inf`` the smallest absolute value.
    kernel_size : int or pair
        Window (kH, kW), in pixels.
    stride : int or pair, optional
        Step from window to window, in pixels; the window size when left out.
    ceil_mode : bool, default False
        Count a last, partly filled window, and scale its sum up to that of a full one.

    Returns
    -------
    array of shape (N, C, H_out, W_out) or (C, H_out, W_out)
        NaN where the root of a negative number would have to be taken.

    Raises
    ------
    ValueError
        If the window does not fit into the image or the exponent is 0.
    TypeError
        If the input is not an array of real numbers.

    Notes
    -----
    For the power *mean* divide by ``(kH * kW) ** (1 / p)``: it runs from the average at p = 1 to
    the maximum. High powers leave the range of float32 early: 0.1 to the power 50 is 0 there.

    References
    ----------
    Sermanet, Chintala and LeCun (2012), arXiv:1204.3968.

    Examples
    --------
    >>> x = np.array([[[3.0, 0.0], [0.0, 4.0]]])
    >>> [lp_pool2d(x, p, 2).item() for p in (1, 2, np.inf)]
    [7.0, 5.0, 4.0]
    """
    p = _norm("lp_pool2d", norm_type)
    x = _checks.floating("lp_pool2d", "input", _checks.images("lp_pool2d", input))
    geometry = PoolGeometry("lp_pool2d", kernel_size, stride, ceil_mode=ceil_mode)
    geometry.slides(*x.shape[-2:])  # says so where the window does not fit
    if np.isinf(p):
        sign = np.sign(p)
        options = geometry.kernel, geometry.stride, 0, 1, geometry.ceil_mode
        return _like(x, sign * max_pool2d(_like(x, sign * np.abs(x)), *options))
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        return _like(x, _sums(x, p, geometry) ** (1 / p))


def _sums(x: Array, p: float, geometry: PoolGeometry) -> Array:
    """Sum of the p-th powers in each window."""
    kH, kW = geometry.kernel
    return avg_pool2d(x**p, geometry.kernel, geometry.stride, 0, geometry.ceil_mode) * (kH * kW)


def lp_pool2d_backward(
    grad_output: Array,
    input: Array,
    norm_type: float,
    kernel_size: IntPair,
    stride: IntPair | None = None,
    ceil_mode: bool = False,
) -> Array:
    r"""Share each output's gradient among its window: for p > 1, the larger a value, the more.

    .. math:: \frac{\partial y}{\partial x} = \Bigl(\frac{x}{y}\Bigr)^{p - 1}

    At p = 1 every value gets all of it; as p grows, only the largest still does.

    Parameters
    ----------
    grad_output : array of shape (N, C, H_out, W_out) or (C, H_out, W_out)
        Gradient of the loss with respect to the output of :func:`lp_pool2d`.
    input, norm_type, kernel_size, stride, ceil_mode
        What :func:`lp_pool2d` was given.

    Returns
    -------
    array of the shape of `input`
        From a window whose powers sum to 0 nothing comes back: the norm has a kink there. (So it
        is in torch too, but for p < 1, where torch gives NaN.)
    """
    who = "lp_pool2d_backward"
    p = _norm(who, norm_type)
    x = _checks.floating(who, "input", _checks.images(who, input))
    geometry = PoolGeometry(who, kernel_size, stride, ceil_mode=ceil_mode)
    rows, columns = geometry.slides(*x.shape[-2:])
    grad = _checks.gradient(
        who, grad_output, (*x.shape[:-2], rows.positions, columns.positions), x.dtype
    )
    options = geometry.kernel, geometry.stride, 0
    if np.isinf(p):
        sized = _like(x, np.sign(p) * np.abs(x))
        return max_pool2d_backward(grad, sized, *options, 1, geometry.ceil_mode) * np.sign(x)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        sums = _sums(x, p, geometry)
        # dy/dsum = sum^(1/p - 1) / p, dsum/dx = p x^(p - 1): both p cancel
        to_sums = _like(x, np.where(sums == 0, 0, grad * sums ** (1 / p - 1)))
        kH, kW = geometry.kernel
        spread = avg_pool2d_backward(to_sums * (kH * kW), x, *options, geometry.ceil_mode)
        in_zeros = (spread == 0) & (x == 0) & (p > 0)  # 0 * inf where p < 1
        return _like(x, np.where(in_zeros, 0, spread * x ** (p - 1)))


def _like(x: Array, y: Array) -> Array:
    """Return y in the dtype of x."""
    return y.astype(x.dtype, copy=False)


class LPPool2d(Pool2d):
    """Power-pooling layer (torch.nn.LPPool2d): no parameters, but a backward pass.

    Parameters
    ----------
    norm_type, kernel_size, stride, ceil_mode
        As for :func:`lp_pool2d`.

    Examples
    --------
    >>> layer = LPPool2d(2, kernel_size=2)
    >>> layer(np.array([[[3.0, 0.0], [0.0, 4.0]]]))
    array([[[5.]]])
    >>> layer.backward(np.array([[[10.0]]]))
    array([[[6., 0.],
            [0., 8.]]])
    """

    norm_type = property(attrgetter("_norm_type"), doc="The exponent p.")

    def __init__(
        self,
        norm_type: float,
        kernel_size: IntPair,
        stride: IntPair | None = None,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__(PoolGeometry("LPPool2d", kernel_size, stride, ceil_mode=ceil_mode))
        self._norm_type = _norm("LPPool2d", norm_type)
        self._x: Array | None = None

    @property
    def _options(self) -> tuple[Any, ...]:
        return self.norm_type, self.kernel_size, self.stride, self.ceil_mode

    def forward(self, x: Array) -> Array:
        """Pool a batch (N, C, H, W) or one image (C, H, W)."""
        y = lp_pool2d(x, *self._options)
        self._x = x
        return y

    def backward(self, grad_output: Array) -> Array:
        """Share the gradient among the windows."""
        return lp_pool2d_backward(grad_output, self._saved("_x"), *self._options)

    def extra_repr(self) -> str:
        """Exponent, window and stride."""
        return f"norm_type={self.norm_type:g}, " + super().extra_repr()
