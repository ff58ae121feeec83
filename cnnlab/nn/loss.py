"""Softmax and cross-entropy: how wrong a prediction is, and which way to correct it. Chapter 9."""

import numpy as np

from cnnlab import _checks
from cnnlab._types import Array
from cnnlab.nn.module import Module


def log_softmax(input: Array, dim: int = -1) -> Array:
    """Logarithms of the class probabilities (torch's F.log_softmax), without overflow.

    Parameters
    ----------
    input : array
        Scores (logits), any real size.
    dim : int, default -1
        Axis of the classes.

    Returns
    -------
    array of the same shape; the exponentials along `dim` sum to 1.
    """
    x = _checks.floating("log_softmax", "input", input)
    axis = _checks.axis("log_softmax", "dim", dim, x)
    if not x.size:
        return x.copy()
    shifted = x - x.max(axis=axis, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True)))


def softmax(input: Array, dim: int = -1) -> Array:
    """Class probabilities from scores (torch's F.softmax).

    Examples
    --------
    >>> softmax(np.array([0.0, 0.0, 1000.0]))
    array([0., 0., 1.])
    """
    return np.asarray(np.exp(log_softmax(input, dim)))


def cross_entropy(input: Array, target: Array) -> float:
    r"""Mean of :math:`-\log p(\text{right class})` over a batch (torch's F.cross_entropy).

    Parameters
    ----------
    input : array of shape (N, classes)
        Scores (logits), *not* probabilities.
    target : integer array of shape (N,)
        Right class of each row, from 0 to classes - 1.

    Returns
    -------
    float
        In nats. A network that knows nothing about ten classes gets ln 10 = 2.303.

    Examples
    --------
    >>> round(cross_entropy(np.zeros((4, 10)), np.array([1, 2, 3, 4])), 3)
    2.303
    """
    return _mean_loss(*_check(input, target))


def _mean_loss(log_p: Array, target: Array) -> float:
    """Average over the batch what each right class was given."""
    return float(-log_p[np.arange(len(target)), target].mean())


def _check(input: Array, target: Array) -> tuple[Array, Array]:
    """Return log-probabilities and targets, or say what does not fit."""
    x = _checks.floating("cross_entropy", "input", input)
    target = _checks.array("cross_entropy", "target", target)
    if x.ndim != 2 or target.shape != x.shape[:1] or not len(x):
        raise ValueError(
            f"cross_entropy: scores of shape {x.shape} and targets of shape {target.shape}, needed "
            f"(N, classes) and (N,) with N at least 1."
        )
    if target.dtype.kind not in "iu":
        raise TypeError(
            f"cross_entropy: the target has dtype {target.dtype}, needed integers: the number of "
            f"the right class. Use y.astype(int)."
        )
    if target.min() < 0 or target.max() >= x.shape[1]:
        raise ValueError(
            f"cross_entropy: targets from {target.min()} to {target.max()} for {x.shape[1]} "
            f"classes, needed 0 to {x.shape[1] - 1}."
        )
    return log_softmax(x), target


class CrossEntropyLoss(Module):
    """Softmax and negative log-likelihood in one (torch.nn.CrossEntropyLoss).

    Examples
    --------
    The gradient is the neat ``(probabilities - one_hot) / N``:

    >>> criterion = CrossEntropyLoss()
    >>> loss = criterion(np.zeros((1, 4)), np.array([2]))
    >>> criterion.backward()
    array([[ 0.25,  0.25, -0.75,  0.25]])
    """

    def __init__(self) -> None:
        self._log_p: Array | None = None
        self._target: Array | None = None

    def __call__(self, input: Array, target: Array) -> float:  # type: ignore[override]
        """Return the mean loss of a batch, in nats."""
        return self.forward(input, target)

    def forward(self, input: Array, target: Array) -> float:  # type: ignore[override]
        """Return the mean loss of a batch, in nats."""
        self._log_p, self._target = _check(input, target)
        return _mean_loss(self._log_p, self._target)

    def backward(self, grad_output: float = 1.0) -> Array:  # type: ignore[override]
        """Return the gradient of the loss with respect to the scores."""
        log_p, target = self._saved("_log_p", "_target")
        grad: Array = np.exp(log_p)
        grad[np.arange(len(target)), target] -= 1
        grad *= grad_output / len(target)
        return grad
