"""The convolution layer. What it computes is in :mod:`cnnlab.nn.convolution`. Chapters 1 and 9."""

from operator import attrgetter
from typing import Any

import numpy as np

from cnnlab import _checks
from cnnlab._types import Array, IntPair
from cnnlab.nn import init
from cnnlab.nn.convgeometry import ConvGeometry, Padding
from cnnlab.nn.convolution import conv2d
from cnnlab.nn.convolution_back import conv2d_backward
from cnnlab.nn.module import Parameter, Windowed, changed, short


class Conv2d(Windowed):
    """Convolution layer with trainable kernels (torch.nn.Conv2d).

    Parameters
    ----------
    in_channels, out_channels : int
        Number of input maps and of kernels.
    kernel_size : int or pair
        (kH, kW), in pixels.
    stride, padding, dilation, groups
        As for :func:`conv2d`.
    bias : bool, default True
        Whether each output map gets a trainable constant.
    rng : numpy.random.Generator, optional
        Source of the starting weights; fresh and unpredictable when left out.
    dtype : float32 or float64, default float32

    Attributes
    ----------
    weight : Parameter of shape (out_channels, in_channels / groups, kH, kW)
    bias : Parameter of shape (out_channels,), or None

    Notes
    -----
    `dtype` is given by name, and `rng` is not in torch. There is no `padding_mode` and no `device`:
    outside of the image lie zeros; for a ring put a :class:`CircularPad2d` in front.

    Examples
    --------
    >>> layer = Conv2d(1, 8, kernel_size=3, padding=1)
    >>> layer(np.zeros((2, 1, 28, 28), dtype=np.float32)).shape
    (2, 8, 28, 28)
    """

    groups = property(
        attrgetter("_geometry.groups"), doc="Groups of channels that do not see each other."
    )

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: IntPair,
        stride: IntPair = 1,
        padding: Padding = 0,
        dilation: IntPair = 1,
        groups: int = 1,
        bias: bool = True,
        *,
        rng: np.random.Generator | None = None,
        dtype: Any = np.float32,
    ) -> None:
        who = "Conv2d"
        rng = _checks.generator(who, rng, optional=True)
        dtype = _checks.float_type(who, dtype)
        self.in_channels = _checks.integer(who, "in_channels", in_channels, 1)
        self.out_channels = _checks.integer(who, "out_channels", out_channels, 1)
        self._geometry = ConvGeometry(who, kernel_size, stride, padding, dilation, groups)
        if in_channels % groups or out_channels % groups:
            raise ValueError(
                f"Conv2d: in_channels = {in_channels} and out_channels = {out_channels} do not "
                f"both divide into groups = {groups}."
            )
        shape = (out_channels, in_channels // groups, *self.kernel_size)
        fan_in = shape[1] * shape[2] * shape[3]
        self.weight = Parameter(init.kaiming_uniform(shape, fan_in, rng=rng, dtype=dtype))
        self.bias: Parameter | None = None
        if bias:
            bound = fan_in**-0.5
            self.bias = Parameter(init.uniform((out_channels,), bound, rng=rng, dtype=dtype))
        self._x: Array | None = None

    @property
    def _options(self) -> tuple[Any, ...]:
        return self.stride, self.padding, self.dilation, self.groups

    def forward(self, x: Array) -> Array:
        """Convolve a batch (N, C, H, W) or one image (C, H, W)."""
        _checks.images(repr(self), x)
        if x.shape[-3] != self.in_channels:
            raise ValueError(
                f"{self!r}: the input of shape {x.shape} has C = {x.shape[-3]}, needed "
                f"{self.in_channels}. Build the layer with in_channels={x.shape[-3]} or pass "
                f"images of {self.in_channels} channel{'s' * (self.in_channels > 1)}."
            )
        bias = None if self.bias is None else self.bias.data
        y = conv2d(x, self.weight.data, bias, *self._options)
        self._x = x
        return y

    def backward(self, grad_output: Array) -> Array:
        """Return the input's gradient; add to ``weight.grad`` and ``bias.grad``."""
        x = self._saved("_x")
        grads = conv2d_backward(grad_output, x, self.weight.data, *self._options)
        self.weight.grad += grads[1]
        if self.bias is not None:
            self.bias.grad += grads[2]
        return grads[0]

    def output_shape(self, input_shape: tuple[int, ...]) -> tuple[int, ...]:
        """(out_channels, H_out, W_out) for an image (C, H, W)."""
        C, H, W = _checks.image_shape(repr(self), input_shape)
        if self.in_channels != C:
            raise ValueError(f"{self!r}: the image has {C} channels, needed {self.in_channels}.")
        return (self.out_channels, *self._geometry.output(H, W))

    def macs(self, input_shape: tuple[int, ...]) -> int:
        """One multiply-accumulate for each kernel entry and output position."""
        _, H_out, W_out = self.output_shape(input_shape)
        return self.weight.size * H_out * W_out

    def extra_repr(self) -> str:
        """Arguments that differ from their defaults."""
        text = f"{self.in_channels}, {self.out_channels}, kernel_size={short(self.kernel_size)}"
        text += changed(self, {"stride": 1, "padding": 0, "dilation": 1, "groups": 1})
        return text + (", bias=False" if self.bias is None else "")
