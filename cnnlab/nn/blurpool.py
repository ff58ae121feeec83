"""Blur pooling: smooth a little, then keep every other value. Chapter 5.

Who keeps one value in two without a look at its neighbours lets a shift of one pixel change
everything (aliasing). Signal processing has an old cure: blur first. The definition is
:func:`blur_pool2d_naive`; the fast version blurs along the columns, then along the rows, because
the filter is a product of two one-dimensional ones.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import comb
from operator import attrgetter
from typing import Any, Literal

import numpy as np

from cnnlab import _checks, shapes, windows
from cnnlab._types import Array
from cnnlab.nn.module import Module, changed

PaddingMode = Literal["reflect", "circular", "zeros"]
IN_NUMPY: dict[str, Any] = {"reflect": "reflect", "circular": "wrap", "zeros": "constant"}


def binomial(kernel_size: int) -> Array:
    """Weights of a binomial filter, a row of Pascal's triangle; they sum to 1.

    Examples
    --------
    >>> binomial(3)
    array([0.25, 0.5 , 0.25])
    """
    row: Array = np.array([comb(kernel_size - 1, i) for i in range(kernel_size)], dtype=np.float64)
    return row / 2.0 ** (kernel_size - 1)


@dataclass(frozen=True)
class Blur:
    """Padding, filter and step along one axis, and the way back.

    Parameters
    ----------
    who : str
        Named in errors.
    kernel_size, stride : int
        In pixels.
    padding_mode : str
    """

    who: str
    kernel_size: int
    stride: int
    padding_mode: str

    def __post_init__(self) -> None:
        for name in ("kernel_size", "stride"):
            _checks.integer(self.who, name, getattr(self, name), 1)
        if self.padding_mode not in list(IN_NUMPY):
            raise ValueError(
                f"{self.who}: padding_mode = {self.padding_mode!r}, needed one of {list(IN_NUMPY)}."
            )

    def check_size(self, H: int, W: int) -> None:
        """Say so if the image is smaller than its frame."""
        needed = self.kernel_size // 2 + (self.padding_mode == "reflect")
        if self.padding_mode != "zeros" and min(H, W) < needed:
            raise ValueError(
                f"{self.who}: the input has {H}x{W} pixels, needed at least {needed} along each "
                f"axis for padding_mode={self.padding_mode!r} with a kernel of {self.kernel_size}."
            )

    def positions(self, size: int) -> int:
        """Number of values that are kept."""
        return -(-size // self.stride)

    def source(self, size: int) -> Array:
        """Pixel that each place of the padded axis shows (meaningless for zeros)."""
        return np.pad(np.arange(size), self.pads, mode=IN_NUMPY[self.padding_mode])

    @property
    def pads(self) -> tuple[int, int]:
        """Pixels added before and after."""
        return shapes.same_padding(self.kernel_size)

    def taps(self, size: int) -> Iterator[tuple[float, slice]]:
        """Each weight of the filter, and the places of the padded axis it is multiplied with."""
        for number, weight in enumerate(binomial(self.kernel_size).tolist()):
            yield weight, windows.at(number, self.positions(size), self.stride, dilation=1)

    def forward(self, x: Array) -> Array:
        """Blur and subsample along the last axis."""
        *lead, size = x.shape
        frame = [*[(0, 0)] * len(lead), self.pads]
        padded = np.pad(x, frame, mode=IN_NUMPY[self.padding_mode])
        y = np.zeros((*lead, self.positions(size)), dtype=x.dtype)
        for weight, places in self.taps(size):
            y += weight * padded[..., places]
        return y

    def backward(self, grad: Array, size: int) -> Array:
        """Transpose of :meth:`forward`, for an axis of `size` pixels."""
        before, after = self.pads
        padded = np.zeros((*grad.shape[:-1], before + size + after), dtype=grad.dtype)
        for weight, places in self.taps(size):
            padded[..., places] += weight * grad
        grad_input = padded[..., before : before + size].copy()
        if self.padding_mode != "zeros":  # what lies in the frame belongs to the pixel it shows
            source = self.source(size)
            for place in [*range(before), *range(before + size, len(source))]:
                grad_input[..., source[place]] += padded[..., place]
        return grad_input


def blur_pool2d_naive(
    input: Array,
    kernel_size: int = 3,
    stride: int = 2,
    padding_mode: PaddingMode = "reflect",
) -> Array:
    """Blur-pool by the definition: one weighted sum for each output value (slow, for reading).

    Arguments and result as for :func:`blur_pool2d`.
    """
    who = "blur_pool2d"
    x = _checks.floating(who, "input", _checks.images(who, input))
    blur = Blur(who, kernel_size, stride, padding_mode)
    *lead, H, W = x.shape
    blur.check_size(H, W)
    frame = [*[(0, 0)] * len(lead), blur.pads, blur.pads]
    padded = np.pad(x, frame, mode=IN_NUMPY[padding_mode])
    weights = np.outer(binomial(kernel_size), binomial(kernel_size))  # they sum to 1
    y = np.empty((*lead, blur.positions(H), blur.positions(W)), dtype=x.dtype)
    for i, j in np.ndindex(*y.shape[-2:]):
        top, left = i * stride, j * stride
        window = padded[..., top : top + kernel_size, left : left + kernel_size]
        y[..., i, j] = (weights * window).sum(axis=(-2, -1))
    return y


def blur_pool2d(
    input: Array,
    kernel_size: int = 3,
    stride: int = 2,
    padding_mode: PaddingMode = "reflect",
) -> Array:
    """Blur with a binomial filter, then keep every `stride`-th value (torch has no such function).

    Parameters
    ----------
    input : array of shape (N, C, H, W) or (C, H, W)
        float32 or float64; integers and booleans become float64.
    kernel_size : int, default 3
        Width of the filter in pixels: 3 has the weights 1/4, 1/2, 1/4 along each axis, 1 does not
        blur at all.
    stride : int, default 2
        Distance between the values that are kept, in pixels, along both axes.
    padding_mode : {'reflect', 'circular', 'zeros'}, default 'reflect'
        What lies beyond the border. 'circular' is for exact statements about shifts: where
        `stride` divides the size, the input shifted by `stride` pixels gives the output shifted
        by one.

    Returns
    -------
    array of shape (N, C, ceil(H / stride), ceil(W / stride)), or without N

    Raises
    ------
    ValueError
        If the image is smaller than its frame, or an option is out of range.
    TypeError
        If the input is not an array of real numbers.

    References
    ----------
    Zhang (2019), arXiv:1904.11486, section 3.2. Antialiased max pooling is a max pooling of
    stride 1, followed by this.

    Examples
    --------
    >>> x = np.array([[[0.0, 0.0, 8.0, 0.0]] * 4])
    >>> blur_pool2d(x)[0]
    array([[0., 4.],
           [0., 4.]])
    """
    who = "blur_pool2d"
    x = _checks.floating(who, "input", _checks.images(who, input))
    blur = Blur(who, kernel_size, stride, padding_mode)
    blur.check_size(*x.shape[-2:])
    rows_done = blur.forward(x.swapaxes(-1, -2)).swapaxes(-1, -2)
    return blur.forward(rows_done)


def blur_pool2d_backward(
    grad_output: Array,
    input: Array,
    kernel_size: int = 3,
    stride: int = 2,
    padding_mode: PaddingMode = "reflect",
) -> Array:
    """Hand each output's gradient to the pixels it was blurred from, with the same weights.

    Parameters
    ----------
    grad_output : array of the shape of the output
        Gradient of the loss with respect to the output of :func:`blur_pool2d`.
    input, kernel_size, stride, padding_mode
        What :func:`blur_pool2d` was given; of `input` only shape and dtype matter.

    Returns
    -------
    array of the shape of `input`
    """
    who = "blur_pool2d_backward"
    x = _checks.images(who, input)
    blur = Blur(who, kernel_size, stride, padding_mode)
    *lead, H, W = x.shape
    blur.check_size(H, W)
    output_shape = (*lead, blur.positions(H), blur.positions(W))
    grad = _checks.gradient(who, grad_output, output_shape, x.dtype)
    rows_to_do = blur.backward(grad, W)
    return blur.backward(rows_to_do.swapaxes(-1, -2), H).swapaxes(-1, -2)


class BlurPool2d(Module):
    """Blur-pooling layer (Zhang 2019): antialiased subsampling, no parameters. Not in torch.nn.

    Parameters
    ----------
    kernel_size, stride, padding_mode
        As for :func:`blur_pool2d`.

    Examples
    --------
    What becomes of ``nn.MaxPool2d(2)``:

    >>> from cnnlab import nn
    >>> nn.Sequential(nn.MaxPool2d(2, stride=1), nn.BlurPool2d())
    Sequential(
      (0): MaxPool2d(kernel_size=2, stride=1)
      (1): BlurPool2d(kernel_size=3, stride=2)
    )
    """

    kernel_size = property(attrgetter("_blur.kernel_size"), doc="Side of the filter.")
    stride = property(attrgetter("_blur.stride"), doc="Steps of the filter.")
    padding_mode = property(attrgetter("_blur.padding_mode"), doc="What lies beyond the border.")

    def __init__(
        self, kernel_size: int = 3, stride: int = 2, padding_mode: PaddingMode = "reflect"
    ) -> None:
        self._blur = Blur("BlurPool2d", kernel_size, stride, padding_mode)
        self._x: Array | None = None

    @property
    def _options(self) -> tuple[Any, ...]:
        return self.kernel_size, self.stride, self.padding_mode

    def forward(self, x: Array) -> Array:
        """Blur and subsample a batch (N, C, H, W) or one image (C, H, W)."""
        y = blur_pool2d(x, *self._options)
        self._x = x
        return y

    def backward(self, grad_output: Array) -> Array:
        """Hand the gradient to what was blurred."""
        return blur_pool2d_backward(grad_output, self._saved("_x"), *self._options)

    @property
    def window(self) -> shapes.Window:
        """Filter and stride."""
        return shapes.Window(self.kernel_size, self.stride)

    def output_shape(self, input_shape: tuple[int, ...]) -> tuple[int, ...]:
        """(C, ceil(H / stride), ceil(W / stride)) for an image (C, H, W)."""
        C, H, W = _checks.image_shape(repr(self), input_shape)
        self._blur.check_size(H, W)
        return C, self._blur.positions(H), self._blur.positions(W)

    def macs(self, input_shape: tuple[int, ...]) -> int:
        """One multiply-accumulate for each entry of the two-dimensional filter and output."""
        C, H_out, W_out = self.output_shape(input_shape)
        kernel_size: int = self.kernel_size
        return C * H_out * W_out * kernel_size**2

    def extra_repr(self) -> str:
        """Filter, stride, and the border if it is not reflected."""
        text = f"kernel_size={self.kernel_size}, stride={self.stride}"
        return text + changed(self, {"padding_mode": "reflect"})
