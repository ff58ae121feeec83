"""The batch normalisation layer: it learns scale and shift, and remembers what it has seen.

What it computes is :func:`cnnlab.nn.functional.batch_norm`. Chapter 7.
"""

from typing import Any

import numpy as np

from cnnlab import _checks
from cnnlab._types import Array
from cnnlab.nn.module import Module, Parameter, changed
from cnnlab.nn.normalisation import batch_norm_backward, normalise, options


class BatchNorm2d(Module):
    """Batch normalisation of images (torch.nn.BatchNorm2d).

    Parameters
    ----------
    num_features : int
        Number of channels C.
    eps : float, default 1e-5
        Added to the variance; more than 0.
    momentum : float or None, default 0.1
        Share of each batch in the running values, in [0, 1]; None for the plain average of all
        batches so far.
    affine : bool, default True
        Whether each channel gets a trainable scale and shift.
    track_running_stats : bool, default True
        Whether running values are kept; without them evaluation uses its batch, too.
    bias : bool, default True
        With False there is a scale, but no shift.
    dtype : float32 or float64, default float32

    Attributes
    ----------
    weight, bias : Parameter of shape (C,), or None
    running_mean, running_var : arrays of shape (C,), or None
    num_batches_tracked : int64 array of shape (), or None

    Notes
    -----
    `dtype` is given by name. There is no `device` as in torch.

    Examples
    --------
    >>> layer = BatchNorm2d(1, eps=1e-12, dtype=np.float64)
    >>> layer(np.array([[[[1.0]]], [[[3.0]]]]))[:, 0, 0]
    array([[-1.],
           [ 1.]])
    >>> layer.running_mean, layer.running_var  # a tenth of the way to 2 and 2
    (array([0.2]), array([1.1]))
    """

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        *,
        bias: bool = True,
        dtype: Any = np.float32,
    ) -> None:
        C = self.num_features = _checks.integer("BatchNorm2d", "num_features", num_features, 1)
        dtype = _checks.float_type("BatchNorm2d", dtype)
        options("BatchNorm2d", 0 if momentum is None else momentum, eps)
        self.eps, self.momentum = eps, momentum
        self.affine, self.track_running_stats = affine, track_running_stats
        self.weight = Parameter(np.ones(C, dtype=dtype)) if affine else None
        self.bias = Parameter(np.zeros(C, dtype=dtype)) if affine and bias else None
        self.running_mean: Array | None = None
        self.running_var: Array | None = None
        self.num_batches_tracked: Array | None = None
        if track_running_stats:
            self.buffer_names = ("running_mean", "running_var", "num_batches_tracked")
            self.running_mean = np.zeros(C, dtype=dtype)
            self.running_var = np.ones(C, dtype=dtype)
            self.num_batches_tracked = np.array(0)
        self._x: Array | None = None
        self._statistics: tuple[Array, Array, bool] | None = None

    def forward(self, x: Array) -> Array:
        """Normalise a batch (N, C, H, W)."""
        x = _checks.array(repr(self), "input", x)
        if x.ndim != 4 or x.shape[1] != self.num_features:
            raise ValueError(
                f"{self!r}: the input has shape {x.shape}, needed (N, {self.num_features}, H, W). "
                f"A single image x becomes a batch as x[None]."
            )
        if self.weight is not None:
            x = _checks.same_dtype(repr(self), "input", x, "weight", self.weight.data)
        elif self.running_mean is not None:
            x = _checks.same_dtype(repr(self), "input", x, "running mean", self.running_mean)
        from_batch = self.training or self.running_mean is None
        batches = self.num_batches_tracked if self.training else None
        momentum = self.momentum
        if momentum is None:  # the average of n batches gives the n-th the share 1 / n
            momentum = 0.0 if batches is None else 1 / (int(batches) + 1)
        weight, bias = (p if p is None else p.data for p in (self.weight, self.bias))
        running_mean, running_var = self.running_mean, self.running_var
        y, mean, var = normalise(
            repr(self), x, running_mean, running_var, weight, bias, from_batch, momentum, self.eps
        )
        if batches is not None:
            batches += 1
        self._x, self._statistics = x, (mean, var, from_batch)
        return y

    def backward(self, grad_output: Array) -> Array:
        """Return the input's gradient; add to ``weight.grad`` and ``bias.grad``."""
        x, (mean, var, from_batch) = self._saved("_x", "_statistics")
        grad = _checks.gradient(repr(self), grad_output, x.shape, x.dtype)
        weight = None if self.weight is None else self.weight.data
        grads = batch_norm_backward(grad, x, mean, var, weight, from_batch, self.eps)
        if self.weight is not None:
            self.weight.grad += grads[1]
        if self.bias is not None:
            self.bias.grad += grads[2]
        return grads[0]

    def output_shape(self, input_shape: tuple[int, ...]) -> tuple[int, ...]:
        """(C, H, W), as it comes."""
        C, H, W = _checks.image_shape(repr(self), input_shape)
        if self.num_features != C:
            raise ValueError(f"{self!r}: the image has {C} channels, needed {self.num_features}.")
        return C, H, W

    def extra_repr(self) -> str:
        """Number of channels, and what differs from the defaults."""
        defaults = {"eps": 1e-5, "momentum": 0.1, "affine": True, "track_running_stats": True}
        shiftless = self.affine and self.bias is None
        return f"{self.num_features}{changed(self, defaults)}" + ", bias=False" * shiftless
