"""The way back through a convolution is a convolution, of the gradient with the flipped kernels.

The definition is :func:`conv2d_backward_naive`. The fast version uses the windows of
:mod:`cnnlab.nn.convgeometry` once more, so that every pixel gathers its gradient. Chapter 9.
"""

import numpy as np

from cnnlab import windows
from cnnlab._types import Array, IntPair
from cnnlab.nn.convgeometry import Padding, check, check_gradient, patches_of


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
    x, weight, geometry = check(input, weight, stride, padding, dilation, groups)
    grad = check_gradient("conv2d_backward", grad_output, input, weight, geometry)
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
    x, weight, geometry = check(input, weight, stride, padding, dilation, groups)
    grad = check_gradient("conv2d_backward", grad_output, input, weight, geometry)
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
    for n, patches in enumerate(patches_of(outputs_seen, frame, inside, geometry, (1, 1))):
        np.matmul(kernels, patches, out=grad_input[n].reshape(G, C_group, H * W))
        grad_kernels += patches @ x[n].reshape(G, C_group, H * W).transpose(0, 2, 1)
    unflipped = grad_kernels.reshape(G, C_out // G, kH, kW, C_group)[:, :, ::-1, ::-1]
    grad_weight = unflipped.transpose(0, 1, 4, 2, 3).reshape(weight.shape)
    return grad_input.reshape(input.shape), grad_weight, grad.sum(axis=(0, 2, 3))
