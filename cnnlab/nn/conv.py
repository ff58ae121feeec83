"""Convolution: one small set of weights, applied at every place of an image. Chapters 1 and 9.

The definition is :func:`conv2d_naive`. The fast version lays the windows of *one* image side by
side as the columns of a matrix and multiplies once; its buffer is reused from image to image, so
the memory it needs does not grow with the batch.
"""

from collections.abc import Iterator
from operator import attrgetter
from typing import Any, Literal

import numpy as np

from cnnlab import _checks, shapes, windows
from cnnlab._types import Array, IntPair
from cnnlab.nn import init
from cnnlab.nn.module import Parameter, Windowed, changed, short

Padding = IntPair | Literal["same", "valid"]


class _Geometry:
    """Everything about a convolution that does not depend on the numbers in it."""

    def __init__(
        self, who: str, kernel_size: Any, stride: Any, padding: Any, dilation: Any, groups: Any
    ) -> None:
        self.who = who
        self.kernel = _checks.pair(who, "kernel_size", kernel_size, 1)
        self.stride = _checks.pair(who, "stride", stride, 1)
        self.dilation = _checks.pair(who, "dilation", dilation, 1)
        self.groups = _checks.integer(who, "groups", groups, 1)
        self.padding = padding
        self.pads: windows.Pads
        if not isinstance(padding, str):
            self.padding = pH, pW = _checks.pair(who, "padding", padding, 0)
            self.pads = ((pH, pH), (pW, pW))
        elif padding == "valid":
            self.pads = ((0, 0), (0, 0))
        elif padding == "same":
            if self.stride != (1, 1):
                raise ValueError(
                    f"{who}: padding='same' with stride {self.stride}, needed stride 1. Give the "
                    f"padding as a number."
                )
            vertical, horizontal = map(shapes.same_padding, self.kernel, self.dilation)
            self.pads = (vertical, horizontal)
        else:
            raise ValueError(f"{who}: padding = {padding!r}, needed 'same', 'valid' or a number.")

    def output(self, H: int, W: int) -> tuple[int, int]:
        """Size of the output map for an input of H by W pixels."""
        sizes = []
        for axis, size in enumerate((H, W)):
            padded = size + sum(self.pads[axis])
            reach = self.dilation[axis] * (self.kernel[axis] - 1) + 1
            if reach > padded:
                raise ValueError(
                    f"{self.who}: the input of {H}x{W} pixels is {padded} along axis "
                    f"{'HW'[axis]} with its padding, needed at least {reach} for the window. Use "
                    f"a smaller kernel, less dilation or more padding."
                )
            sizes.append((padded - reach) // self.stride[axis] + 1)
        return sizes[0], sizes[1]

    def windows(self, x: Array) -> Array:
        """All windows of the padded `x` (..., H_out, W_out, kH, kW)."""
        return windows.windows(x, self.kernel, self.stride, self.dilation)


def _check(
    input: Array, weight: Array, stride: Any, padding: Any, dilation: Any, groups: Any
) -> tuple[Array, Array, _Geometry]:
    """Return the input as (N, C, H, W), the weight, and the geometry, or say what does not fit."""
    x = _checks.images("conv2d", input)
    weight = _checks.floating("conv2d", "weight", weight)
    x = _checks.same_dtype("conv2d", "input", x, "weight", weight)
    if weight.ndim != 4:
        raise ValueError(
            f"conv2d: the weight of shape {weight.shape} has {weight.ndim} axes, needed 4 = "
            f"(out_channels, in_channels / groups, kH, kW)."
        )
    if not weight.size:
        raise ValueError(f"conv2d: the weight of shape {weight.shape} is empty, needed no size 0.")
    geometry = _Geometry("conv2d", weight.shape[2:], stride, padding, dilation, groups)
    C_out, C_group = weight.shape[:2]
    if C_out % geometry.groups:
        raise ValueError(
            f"conv2d: {C_out} output channels do not divide into groups = {geometry.groups}."
        )
    if x.shape[-3] != C_group * geometry.groups:
        raise ValueError(
            f"conv2d: the input of shape {x.shape} has {x.shape[-3]} channels, needed "
            f"{C_group * geometry.groups} for a weight of shape {weight.shape} with groups = "
            f"{geometry.groups}."
        )
    return x.reshape(-1, *x.shape[-3:]), weight, geometry


def _check_bias(bias: Array | None, weight: Array) -> Array | None:
    """Return the bias in the dtype of the weight, if there is one."""
    if bias is None:
        return None
    bias = _checks.array("conv2d", "bias", bias)
    bias = _checks.same_dtype("conv2d", "bias", bias, "weight", weight)
    return _checks.shape("conv2d", "bias", bias, weight.shape[:1])


def _check_gradient(
    who: str, grad_output: Array, input: Array, weight: Array, geometry: _Geometry
) -> Array:
    """Return the gradient of the output as (N, out_channels, H_out, W_out)."""
    output_shape = (len(weight), *geometry.output(*input.shape[-2:]))
    expected = (*input.shape[:-3], *output_shape)
    grad = _checks.gradient(who, grad_output, expected, weight.dtype)
    return grad.reshape(-1, *output_shape)


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
    x, weight, geometry = _check(input, weight, stride, padding, dilation, groups)
    bias = _check_bias(bias, weight)
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

    .. math:: y_{n,o,i,j} = b_o + \sum_{c,a,b} w_{o,c,a,b}\; x_{n,c,\,s i + d a,\,s j + d b}

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
    x, weight, geometry = _check(input, weight, stride, padding, dilation, groups)
    N, C, H, W = x.shape
    C_out, G = len(weight), geometry.groups
    H_out, W_out = geometry.output(H, W)
    bias = _check_bias(bias, weight)
    y = np.empty((N, C_out, H_out, W_out), dtype=x.dtype)
    kernels = weight.reshape(G, C_out // G, -1)
    (top, bottom), (left, right) = geometry.pads
    frame = np.zeros((C, top + H + bottom, left + W + right), dtype=x.dtype)
    inside = frame[:, top : top + H, left : left + W]
    for n, patches in enumerate(_patches(x, frame, inside, geometry, geometry.stride)):
        np.matmul(kernels, patches, out=y[n].reshape(G, C_out // G, -1))
    if bias is not None:
        y += bias[:, None, None]
    return y.reshape(*input.shape[:-3], C_out, H_out, W_out)


def _patches(
    images: Array, frame: Array, inside: Array, geometry: _Geometry, stride: tuple[int, int]
) -> Iterator[Array]:
    """Put one image after the other into a frame, and yield the frame's windows as columns.

    Yields (groups, C / groups * kH * kW, positions): the same buffer each time, filled anew.
    """
    seen = windows.windows(frame, geometry.kernel, stride, geometry.dilation)
    seen = seen.transpose(0, 3, 4, 1, 2)  # (C, kH, kW, H_out, W_out)
    buffer = np.empty(seen.shape, dtype=frame.dtype)
    columns = buffer.reshape(geometry.groups, -1, seen.shape[-2] * seen.shape[-1])
    for image in images:
        inside[...] = image
        np.copyto(buffer, seen)
        yield columns


def conv2d_backward_naive(
    grad_output: Array,
    input: Array,
    weight: Array,
    stride: IntPair = 1,
    padding: Padding = 0,
    dilation: IntPair = 1,
    groups: int = 1,
) -> tuple[Array, Array, Array]:
    """Gradients by the definition: each product in the sum sends its share to both factors.

    Arguments and results as for :func:`conv2d_backward`.
    """
    x, weight, geometry = _check(input, weight, stride, padding, dilation, groups)
    grad = _check_gradient("conv2d_backward", grad_output, input, weight, geometry)
    padded = windows.pad(x, geometry.pads)
    C_out, C_group, kH, kW = weight.shape
    (sH, sW), (dH, dW) = geometry.stride, geometry.dilation
    grad_padded, grad_weight = np.zeros_like(padded), np.zeros_like(weight)
    for n, o, i, j in np.ndindex(*grad.shape):
        first = o // (C_out // groups) * C_group
        for c, a, b in np.ndindex(C_group, kH, kW):
            pixel = n, first + c, i * sH + a * dH, j * sW + b * dW
            grad_padded[pixel] += grad[n, o, i, j] * weight[o, c, a, b]
            grad_weight[o, c, a, b] += grad[n, o, i, j] * padded[pixel]
    grad_input = windows.crop(grad_padded, geometry.pads).reshape(input.shape)
    return grad_input, grad_weight, grad.sum(axis=(0, 2, 3))


def conv2d_backward(
    grad_output: Array,
    input: Array,
    weight: Array,
    stride: IntPair = 1,
    padding: Padding = 0,
    dilation: IntPair = 1,
    groups: int = 1,
) -> tuple[Array, Array, Array]:
    r"""Gradients of :func:`conv2d` with respect to input, weight and bias.

    A pixel reaches an output through the kernel entry that lies between them. Seen from the pixel,
    the outputs it reaches form a window too: the way back is again a convolution, of the gradient
    (with the stride's gaps left between its values, and zeros around it) with the kernels flipped:

    .. math:: \partial x_{c,h,w} = \sum_{o,a,b} w_{o,c,k-1-a,k-1-b}\;
              \partial y_{o,\,h + d a - q,\,w + d b - q}, \qquad q = d (k - 1) - p

    With these windows of the gradient as columns of :math:`P` and one image as a matrix
    :math:`X`, both gradients are matrix products: :math:`\partial X = W' P` and
    :math:`\partial W' = X P^\top`. Every pixel gathers its sum; nothing has to be scattered.

    Parameters
    ----------
    grad_output : array of shape (N, out_channels, H_out, W_out)
        Gradient of the loss with respect to the output of :func:`conv2d`.
    input, weight, stride, padding, dilation, groups
        What :func:`conv2d` was given.

    Returns
    -------
    grad_input, grad_weight, grad_bias : arrays
        Shapes of input, weight and bias.
    """
    x, weight, geometry = _check(input, weight, stride, padding, dilation, groups)
    grad = _check_gradient("conv2d_backward", grad_output, input, weight, geometry)
    H, W = x.shape[-2:]
    C_out, C_group, kH, kW = weight.shape
    G, positions = geometry.groups, grad.shape[-2:]

    frame_size, reached, pixels = [], [], []
    for axis, size in enumerate((H, W)):
        span = geometry.dilation[axis] * (geometry.kernel[axis] - 1)
        shift = geometry.pads[axis][0] - span
        frame_size.append(size + span)
        slide = windows.Slide(size + span, 1, geometry.stride[axis], shift, 1, positions[axis])
        outputs, places = slide.entry(0)
        reached.append(outputs)
        pixels.append(places)
    frame = np.zeros((C_out, *frame_size), dtype=x.dtype)
    inside = frame[:, pixels[0], pixels[1]]

    # W' of each group: (C / G, C_out / G * kH * kW), kernels flipped
    flipped = weight.reshape(G, C_out // G, C_group, kH, kW)[..., ::-1, ::-1]
    kernels = flipped.transpose(0, 2, 1, 3, 4).reshape(G, C_group, -1)
    grad_kernels = np.zeros((G, kernels.shape[2], C_group), dtype=x.dtype)
    grad_input = np.empty(x.shape, dtype=x.dtype)  # in this memory order, whatever that of x
    outputs_seen = grad[:, :, reached[0], reached[1]]
    for n, patches in enumerate(_patches(outputs_seen, frame, inside, geometry, (1, 1))):
        np.matmul(kernels, patches, out=grad_input[n].reshape(G, C_group, H * W))
        grad_kernels += patches @ x[n].reshape(G, C_group, H * W).transpose(0, 2, 1)
    unflipped = grad_kernels.reshape(G, C_out // G, kH, kW, C_group)[:, :, ::-1, ::-1]
    grad_weight = unflipped.transpose(0, 1, 4, 2, 3).reshape(weight.shape)
    return grad_input.reshape(input.shape), grad_weight, grad.sum(axis=(0, 2, 3))


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

    Examples
    --------
    >>> layer = Conv2d(1, 8, kernel_size=3, padding=1)
    >>> layer(np.zeros((2, 1, 28, 28), dtype=np.float32)).shape
    (2, 8, 28, 28)
    """

    groups = property(attrgetter("_geometry.groups"))

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
        self._geometry = _Geometry(who, kernel_size, stride, padding, dilation, groups)
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
