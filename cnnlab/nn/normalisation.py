"""Batch normalisation: give each channel mean 0 and variance 1, then let it choose. Chapter 7.

The definition is :func:`batch_norm_naive`, one channel at a time. In training, mean and variance
are those of the batch, so that every image depends on the others in it; in evaluation they are
those that training has seen on average.
"""

from typing import Any

import numpy as np

from cnnlab import _checks
from cnnlab._types import Array

Running = tuple[Array, Array]  # mean and variance that training has seen, updated in place


def batch_norm_naive(
    input: Array,
    running_mean: Array | None,
    running_var: Array | None,
    weight: Array | None = None,
    bias: Array | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Array:
    """Normalise by the definition: one channel at a time (slow, for reading).

    Arguments and result as for :func:`batch_norm`.

    Examples
    --------
    >>> batch_norm_naive(np.array([[1.0], [3.0]]), None, None, training=True, eps=1e-12)
    array([[-1.],
           [ 1.]])
    """
    given = input, running_mean, running_var, weight, bias
    x, running, weight, bias = _check("batch_norm", *given, training)
    momentum, eps = options("batch_norm", momentum, eps)
    y = np.empty_like(x)
    for c in range(x.shape[1] if len(x) else 0):
        values = x[:, c]  # of this channel, in all images and at all places
        if training or running is None:
            mean, var = values.mean(), values.var()
        else:
            mean, var = running[0][c], running[1][c]
        y[:, c] = weight[c] * (values - mean) / np.sqrt(var + eps) + bias[c]
        if training and running is not None:
            running[0][c] += momentum * (mean - running[0][c])
            running[1][c] += momentum * (values.var(ddof=1) - running[1][c])
    return y


def batch_norm(
    input: Array,
    running_mean: Array | None,
    running_var: Array | None,
    weight: Array | None = None,
    bias: Array | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Array:
    r"""Normalise each channel over the batch and all places (torch's F.batch_norm).

    .. math:: y = \gamma\, \hat{x} + \beta, \qquad
              \hat{x} = \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}}

    Parameters
    ----------
    input : array of shape (N, C, ...)
        float32 or float64; integers take the dtype of the other arrays.
    running_mean, running_var : arrays of shape (C,), or None
        Used in evaluation; in training they are *updated in place*, as in torch.
    weight, bias : arrays of shape (C,), optional
        :math:`\gamma` and :math:`\beta`; 1 and 0 when left out.
    training : bool, default False
        Whether to use mean and variance of this batch.
    momentum : float, default 0.1
        Share of this batch in the running values, in [0, 1].
    eps : float, default 1e-5
        Keeps a constant channel from being divided by 0; more than 0.

    Returns
    -------
    array of the shape of `input`

    Raises
    ------
    ValueError
        If there is only one value per channel to train on, or shapes do not fit.
    TypeError
        If the arrays are not all float32 or all float64.

    Notes
    -----
    The batch is divided by its biased variance (a mean of squares); the running variance
    collects the unbiased one. An empty batch leaves the running values alone.

    References
    ----------
    Ioffe and Szegedy (2015), arXiv:1502.03167, algorithms 1 and 2.

    Examples
    --------
    >>> mean, var = np.zeros(1), np.ones(1)
    >>> x = np.array([[1.0], [3.0]])
    >>> batch_norm(x, mean, var, training=True, momentum=0.5, eps=1e-12)
    array([[-1.],
           [ 1.]])
    >>> mean, var
    (array([1.]), array([1.5]))
    """
    given = input, running_mean, running_var, weight, bias
    return normalise("batch_norm", *given, training, momentum, eps)[0]


def normalise(
    who: str,
    input: Array,
    running_mean: Array | None,
    running_var: Array | None,
    weight: Array | None,
    bias: Array | None,
    training: bool,
    momentum: float,
    eps: float,
) -> tuple[Array, Array, Array]:
    """Return the output, and the mean and variance with which it was computed."""
    given = input, running_mean, running_var, weight, bias
    x, running, weight, bias = _check(who, *given, training)
    momentum, eps = options(who, momentum, eps)
    if running is not None and not training:
        mean, var = running[0].copy(), running[1].copy()
    else:
        mean, var = _statistics(x)
    y = x - _column(x, mean)
    y *= _column(x, weight / np.sqrt(var + eps))
    y += _column(x, bias)
    if training and running is not None and len(x):
        count = x.size // x.shape[1]
        running[0][...] += momentum * (mean - running[0])
        running[1][...] += momentum * (var * (count / (count - 1)) - running[1])
    return y, mean, var


def _axes(x: Array) -> tuple[int, ...]:
    """All axes but that of the channels."""
    return (0, *range(2, x.ndim))


def _column(x: Array, values: Array) -> Array:
    """One value per channel, shaped to go with x: (C,) becomes (C, 1, 1) for images."""
    return values.reshape(-1, *[1] * (x.ndim - 2))


def _statistics(x: Array) -> tuple[Array, Array]:
    """Mean and biased variance of each channel; zeros for an empty batch."""
    count = max(x.size // x.shape[1], 1)
    mean = x.sum(axis=_axes(x)) / x.dtype.type(count)
    squares = np.square(x - _column(x, mean))
    return mean, squares.sum(axis=_axes(x)) / x.dtype.type(count)


def batch_norm_backward(
    grad_output: Array,
    input: Array,
    mean: Array,
    var: Array,
    weight: Array | None = None,
    training: bool = False,
    eps: float = 1e-5,
) -> tuple[Array, Array, Array]:
    r"""Gradients of :func:`batch_norm` with respect to input, weight and bias.

    In training every value also moves mean and variance. That takes two things away from the
    gradient: its mean, and whatever of it is proportional to :math:`\hat{x}`.

    .. math:: \partial x = \frac{\gamma}{\sqrt{\sigma^2 + \epsilon}} \left(\partial y
              - \overline{\partial y} - \hat{x}\;\overline{\partial y\, \hat{x}}\right), \qquad
              \partial \gamma = \sum \partial y\, \hat{x}, \qquad
              \partial \beta = \sum \partial y

    In evaluation the two are constants, and only the factor in front is left.

    Parameters
    ----------
    grad_output, input : arrays of shape (N, C, ...)
    mean, var : arrays of shape (C,)
        With which the input was normalised.
    weight : array of shape (C,), optional
    training : bool, default False
        Whether they were those of the batch.
    eps : float, default 1e-5

    Returns
    -------
    grad_input, grad_weight, grad_bias : arrays

    References
    ----------
    Ioffe and Szegedy (2015), arXiv:1502.03167, section 3.
    """
    who = "batch_norm_backward"
    x, _, weight, _ = _check(who, input, mean, var, weight, None, training)
    grad = _checks.gradient(who, grad_output, x.shape, x.dtype)
    scale = 1 / np.sqrt(var + eps)
    x_hat = (x - _column(x, mean)) * _column(x, scale)
    grad_weight, grad_bias = (grad * x_hat).sum(axis=_axes(x)), grad.sum(axis=_axes(x))
    if training:
        count = max(x.size // x.shape[1], 1)
        grad = grad - _column(x, grad_bias / count) - x_hat * _column(x, grad_weight / count)
    return grad * _column(x, scale * weight), grad_weight, grad_bias


def _check(
    who: str,
    input: Any,
    running_mean: Any,
    running_var: Any,
    weight: Any,
    bias: Any,
    training: bool,
) -> tuple[Array, Running | None, Array, Array]:
    """Return input, running values, weight and bias, or say what does not fit."""
    x = _checks.array(who, "input", input)
    if x.dtype.kind != "f":  # integers take the dtype of the other arrays
        others = (running_mean, running_var, weight, bias)
        floats = [a.dtype for a in others if isinstance(a, np.ndarray) and a.dtype.kind == "f"]
        x = x.astype(floats[0] if floats else np.float64)
    if x.ndim < 2 or 0 in x.shape[1:]:
        raise ValueError(
            f"{who}: the input has shape {x.shape}, needed (N, C, ...) with at least 1 of each. "
            f"Only the batch may be empty."
        )
    if training and x.size == x.shape[1]:
        raise ValueError(
            f"{who}: the input of shape {x.shape} has one value per channel, needed at least two "
            f"to take a mean of. Use a larger batch, or running values and eval()."
        )
    running = None
    if running_mean is not None and running_var is not None:
        running = (
            _per_channel(who, "running_mean", running_mean, x),
            _per_channel(who, "running_var", running_var, x),
        )
    elif not training or running_mean is not running_var:
        missing = "running_var" if running_var is None else "running_mean"
        raise ValueError(
            f"{who}: {missing} is None, needed running_mean and running_var, or with training=True "
            f"none of them."
        )
    weight = np.ones(x.shape[1], dtype=x.dtype) if weight is None else weight
    bias = np.zeros(x.shape[1], dtype=x.dtype) if bias is None else bias
    return x, running, _per_channel(who, "weight", weight, x), _per_channel(who, "bias", bias, x)


def _per_channel(who: str, name: str, value: Any, x: Array) -> Array:
    """Return `value` if it has one number for each channel, in the dtype of the input."""
    array = _checks.array(who, name, value)
    if name.startswith("running") and array.dtype.kind != "f":
        raise TypeError(
            f"{who}: the {name} has dtype {array.dtype}, needed {x.dtype}: training changes it in "
            f"place. Use {name}.astype(np.{x.dtype})."
        )
    _checks.shape(who, name, array, x.shape[1:2], " One value for each channel.")
    return _checks.same_dtype(who, name, array, "input", x)


def options(who: str, momentum: Any, eps: Any) -> tuple[float, float]:
    """Return momentum and eps as floats, or say what they mean."""
    if not 0 <= _checks.number(who, "momentum", momentum) <= 1:
        raise ValueError(f"{who}: momentum = {momentum}, needed a share of the batch, 0 to 1.")
    if not _checks.number(who, "eps", eps) > 0:
        raise ValueError(f"{who}: eps = {eps}, needed more than 0.")
    return float(momentum), float(eps)
