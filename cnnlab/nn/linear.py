"""Dense layer: every output looks at every input, each with its own weight. Chapters 1 and 4."""

import math
from typing import Any

import numpy as np

from cnnlab import _checks
from cnnlab._types import Array
from cnnlab.nn import init
from cnnlab.nn.module import Module, Parameter


def linear(input: Array, weight: Array, bias: Array | None = None) -> Array:
    r"""Multiply by a matrix and add a constant: :math:`y = x W^\top + b` (torch's F.linear).

    Parameters
    ----------
    input : array of shape (..., in_features)
        float32 or float64; integers take the dtype of `weight`.
    weight : array of shape (out_features, in_features) or (in_features,)
    bias : array of shape (out_features,), optional

    Returns
    -------
    array of shape (..., out_features), or (...) for a weight of one axis

    Examples
    --------
    >>> linear(np.array([[1.0, 2.0]]), np.array([[3.0, 4.0], [5.0, 6.0]]), np.array([0.5, 0.0]))
    array([[11.5, 17. ]])
    """
    weight = _checks.floating("linear", "weight", weight)
    x = _checks.same_dtype(
        "linear", "input", _checks.array("linear", "input", input), "weight", weight
    )
    if weight.ndim not in (1, 2):
        raise ValueError(
            f"linear: the weight of shape {weight.shape} has {weight.ndim} axes, needed 2 = "
            f"(out_features, in_features) or 1 = (in_features,)."
        )
    if x.ndim == 0 or x.shape[-1] != weight.shape[-1]:
        raise ValueError(
            f"linear: the input of shape {x.shape} does not end in {weight.shape[-1]} features, "
            f"needed for a weight of shape {weight.shape}. Is a flatten missing before it?"
        )
    y = np.asarray(x @ weight.T)
    if bias is not None:
        bias = _checks.array("linear", "bias", bias)
        bias = _checks.same_dtype("linear", "bias", bias, "weight", weight)
        y += _checks.shape("linear", "bias", bias, weight.shape[:-1])
    return y


class Linear(Module):
    """Dense (fully connected) layer (torch.nn.Linear).

    Parameters
    ----------
    in_features, out_features : int
    bias : bool, default True
    rng : numpy.random.Generator, optional
        Source of the starting weights; fresh and unpredictable when left out.
    dtype : float32 or float64, default float32

    Attributes
    ----------
    weight : Parameter of shape (out_features, in_features)
    bias : Parameter of shape (out_features,), or None

    Notes
    -----
    `dtype` is given by name, and `rng` is not in torch. There is no `device`.

    Examples
    --------
    >>> Linear(256, 10)(np.zeros((8, 256), dtype=np.float32)).shape
    (8, 10)
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        *,
        rng: np.random.Generator | None = None,
        dtype: Any = np.float32,
    ) -> None:
        self.in_features = _checks.integer("Linear", "in_features", in_features, 1)
        self.out_features = _checks.integer("Linear", "out_features", out_features, 1)
        rng = _checks.generator("Linear", rng, optional=True)
        dtype = _checks.float_type("Linear", dtype)
        shape = (out_features, in_features)
        self.weight = Parameter(init.kaiming_uniform(shape, in_features, rng=rng, dtype=dtype))
        self.bias: Parameter | None = None
        if bias:
            bound = in_features**-0.5
            self.bias = Parameter(init.uniform((out_features,), bound, rng=rng, dtype=dtype))
        self._x: Array | None = None

    def forward(self, x: Array) -> Array:
        """Multiply and add."""
        x = _checks.array(repr(self), "input", x)
        if x.ndim == 0 or x.shape[-1] != self.in_features:
            raise ValueError(
                f"{self!r}: the input of shape {x.shape} does not end in {self.in_features} "
                f"features. Is a Flatten missing before it, or in_features wrong?"
            )
        y = linear(x, self.weight.data, None if self.bias is None else self.bias.data)
        self._x = x
        return y

    def backward(self, grad_output: Array) -> Array:
        r"""Return :math:`\partial Y\,W`; add :math:`\partial Y^\top X` to ``weight.grad``."""
        x, weight = self._saved("_x"), self.weight.data
        x = x.astype(weight.dtype, copy=False)
        expected = (*x.shape[:-1], self.out_features)
        grad = _checks.gradient(repr(self), grad_output, expected, x.dtype)
        rows = grad.reshape(-1, self.out_features)
        self.weight.grad += rows.T @ x.reshape(-1, self.in_features)
        if self.bias is not None:
            self.bias.grad += rows.sum(axis=0)
        grad_input: Array = grad @ weight
        return grad_input

    def output_shape(self, input_shape: tuple[int, ...]) -> tuple[int, ...]:
        """(out_features,) for a vector (in_features,)."""
        shape = _checks.sizes(repr(self), "input_shape", input_shape)
        if not shape or shape[-1] != self.in_features:
            raise ValueError(
                f"{self!r}: the input of shape {shape} for one image does not end in "
                f"{self.in_features} features. Is a Flatten missing before it?"
            )
        return (*shape[:-1], self.out_features)

    def macs(self, input_shape: tuple[int, ...]) -> int:
        """One multiply-accumulate for each weight and input row."""
        return math.prod(self.output_shape(input_shape)) * self.in_features

    def extra_repr(self) -> str:
        """Sizes."""
        text = f"in_features={self.in_features}, out_features={self.out_features}"
        return text + (", bias=False" if self.bias is None else "")
