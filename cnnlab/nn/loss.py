"""Softmax and cross-entropy: how wrong a prediction is, and which way to correct it. Chapter 9."""

from dataclasses import dataclass
from typing import Any, Literal, overload

import numpy as np

from cnnlab import _checks
from cnnlab._types import Array
from cnnlab.nn.module import Module, changed

Reduction = Literal["mean", "sum", "none"]


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

    Notes
    -----
    Without `dim` it is the last axis; torch guesses an axis and warns. There is no `dtype`.

    Examples
    --------
    >>> log_softmax(np.array([0.0, 1000.0]))
    array([-1000.,     0.])
    """
    x = _checks.floating("log_softmax", "input", input)
    axis = _checks.axis("log_softmax", "dim", dim, x)
    if not x.size:
        return x.copy()
    shifted = x - x.max(axis=axis, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True)))


def softmax(input: Array, dim: int = -1) -> Array:
    """Class probabilities from scores (torch's F.softmax).

    Parameters
    ----------
    input : array
        Scores (logits), any real size.
    dim : int, default -1
        Axis of the classes.

    Returns
    -------
    array of the same shape, values in [0, 1]

    Notes
    -----
    Without `dim` it is the last axis; torch guesses an axis and warns. There is no `dtype`.

    Examples
    --------
    >>> softmax(np.array([0.0, 0.0, 1000.0]))
    array([0., 0., 1.])
    """
    return np.asarray(np.exp(log_softmax(input, dim)))


@overload
def cross_entropy(
    input: Array,
    target: Array,
    weight: Array | None = ...,
    *,
    ignore_index: int = ...,
    reduction: Literal["mean", "sum"] = ...,
    label_smoothing: float = ...,
) -> float: ...
@overload
def cross_entropy(
    input: Array,
    target: Array,
    weight: Array | None = ...,
    *,
    ignore_index: int = ...,
    reduction: Literal["none"],
    label_smoothing: float = ...,
) -> Array: ...
def cross_entropy(
    input: Array,
    target: Array,
    weight: Array | None = None,
    *,
    ignore_index: int = -100,
    reduction: Reduction = "mean",
    label_smoothing: float = 0.0,
) -> float | Array:
    r"""Mean of :math:`-\log p(\text{right class})` over a batch (torch's F.cross_entropy).

    In full, with the wanted distribution t over the classes and their weights w, the loss of one
    prediction p is

    .. math:: \ell = -\sum_k w_k\, t_k \log p_k

    where t is 1 for the right class and 0 elsewhere, or given, and perhaps smoothed.

    Parameters
    ----------
    input : array of shape (N, classes), (N, classes, ...) or (classes,)
        Scores (logits), *not* probabilities.
    target : integer array of shape (N,), (N, ...) or (), or float array of the shape of `input`
        Right class of each prediction, from 0 to classes - 1; or the wanted probability of every
        class.
    weight : array of shape (classes,), optional
        How much each class counts; 1 when left out.
    ignore_index : int, default -100
        Predictions with this number as their right class do not count.
    reduction : {'mean', 'sum', 'none'}, default 'mean'
        A mean divides by the weights of the right classes that count, or, where probabilities are
        wanted, by the number of predictions.
    label_smoothing : float, default 0
        Share of the wanted probability that is spread evenly over all classes, in [0, 1].

    Returns
    -------
    float, or array of shape (N,), (N, ...) or () with ``reduction='none'``
        In nats. A network that knows nothing about ten classes gets ln 10 = 2.303. The mean of
        nothing is NaN: an empty batch, or one in which nothing counts.

    Raises
    ------
    ValueError
        If shapes do not fit, a target names no class, or an option makes no sense.
    TypeError
        If the input or the target is of the wrong kind.

    Notes
    -----
    `ignore_index`, `reduction` and `label_smoothing` are given by name: torch has two disused
    options in between, `size_average` and `reduce`, which are not here.
    A class that is not wanted adds 0, even if its probability is 0 (in torch sometimes NaN).

    References
    ----------
    Szegedy et al. (2016), arXiv:1512.00567, section 7, for label smoothing.

    Examples
    --------
    >>> round(cross_entropy(np.zeros((4, 10)), np.array([1, 2, 3, 4])), 3)
    2.303
    """
    options = weight, ignore_index, reduction, label_smoothing
    return _problem(input, target, *options).reduced(reduction)


@dataclass(frozen=True)
class _Problem:
    """A batch in one form, however it was asked for: one row for each prediction."""

    log_p: Array  # (rows, classes)
    wanted: Array  # (rows, classes), the factors w t in front of the log-probabilities
    total: float  # what a mean divides by
    shape: tuple[int, ...]  # of the losses: that of the scores without the axis of the classes

    def reduced(self, reduction: Reduction) -> float | Array:
        """Return minus the sum of wanted times log_p: for each row, or for all."""
        impossible = np.isneginf(self.log_p) & (self.wanted == 0)
        losses = -(self.wanted * np.where(impossible, 0, self.log_p)).sum(axis=1)
        if reduction == "none":
            return np.asarray(losses.reshape(self.shape))
        if reduction == "sum":
            return float(losses.sum())
        return float(losses.sum()) / self.total if self.total else float("nan")

    def gradient(self, factor: Array) -> Array:
        """Differentiate by the scores; `factor` is the gradient of each loss (rows, 1)."""
        p = np.exp(self.log_p)
        grad = (p * self.wanted.sum(axis=1, keepdims=True) - self.wanted) * factor
        grad = grad.reshape(*self.shape, grad.shape[1])
        return np.moveaxis(grad, -1, min(1, grad.ndim - 1))


def _problem(
    input: Any, target: Any, weight: Any, ignore_index: Any, reduction: Any, label_smoothing: Any
) -> _Problem:
    """Bring a batch into one form, or say what does not fit."""
    _options("cross_entropy", ignore_index, reduction, label_smoothing)
    x, target = _scores_and_targets(input, target)
    axis = min(1, x.ndim - 1)
    classes, shape = x.shape[axis], (*x.shape[:axis], *x.shape[axis + 1 :])
    w = np.ones(classes, dtype=x.dtype)
    if weight is not None:
        w = _weights("cross_entropy", weight)
        w = _checks.same_dtype("cross_entropy", "weight", w, "input", x)
        _checks.shape("cross_entropy", "weight", w, (classes,), " One value for each class.")
    log_p = np.moveaxis(log_softmax(x, axis), axis, -1).reshape(-1, classes)
    if target.dtype.kind == "f":
        if ignore_index >= 0:
            raise ValueError(
                f"cross_entropy: ignore_index = {ignore_index} with class probabilities as the "
                f"target, needed class numbers. Give what shall not count probabilities of 0."
            )
        t = np.moveaxis(target.astype(x.dtype), axis, -1).reshape(-1, classes)
        total = float(len(t))
    else:
        labels = target.reshape(-1, 1)
        counted = labels != ignore_index  # (rows, 1)
        if np.any(counted & ((labels < 0) | (labels >= classes))):
            raise ValueError(
                f"cross_entropy: targets from {labels[counted].min()} to {labels[counted].max()} "
                f"for {classes} classes, needed 0 to {classes - 1}, or ignore_index = "
                f"{ignore_index} for what shall not count."
            )
        t = (labels == np.arange(classes)) & counted  # one-hot
        total = float((t @ w).sum())
        log_p, w = np.where(counted, log_p, 0), w * counted
    t = (1 - label_smoothing) * t + label_smoothing / classes
    return _Problem(log_p, (w * t).astype(x.dtype), total, shape)


def _scores_and_targets(input: Any, target: Any) -> tuple[Array, Array]:
    """Return scores, and either the number of each right class or all wanted probabilities."""
    who = "cross_entropy"
    x = _checks.floating(who, "input", input)
    target = _checks.array(who, "target", target)
    if not x.ndim or not x.shape[min(1, x.ndim - 1)]:
        raise ValueError(
            f"{who}: the input has shape {x.shape}, needed scores (N, classes) with at least one "
            f"class."
        )
    numbers = x.shape[:1] + x.shape[2:] if x.ndim > 1 else ()
    if target.dtype.kind == "b" or (target.dtype.kind == "f" and target.shape != x.shape):
        raise TypeError(
            f"{who}: the target has dtype {target.dtype} and shape {target.shape}, needed integers "
            f"of shape {numbers}, the numbers of the right classes, or floats of shape {x.shape}, "
            f"the probabilities of all classes. For numbers use y.astype(int)."
        )
    if target.dtype.kind != "f" and target.shape != numbers:
        raise ValueError(
            f"{who}: scores of shape {x.shape} and targets of shape {target.shape}, needed "
            f"(N, classes) and (N,), or with these scores targets of shape {numbers}."
        )
    if target.dtype.kind == "f":
        _checks.same_dtype(who, "target", target, "input", x)
    return x, target


def _options(who: str, ignore_index: Any, reduction: Any, label_smoothing: Any) -> None:
    """Say what does not make sense, whatever the batch."""
    _checks.integer(who, "ignore_index", ignore_index)
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"{who}: reduction = {reduction!r}, needed 'mean', 'sum' or 'none'.")
    if not 0 <= _checks.number(who, "label_smoothing", label_smoothing) <= 1:
        raise ValueError(f"{who}: label_smoothing = {label_smoothing}, needed a share, 0 to 1.")


def _weights(who: str, weight: Any) -> Array:
    """Return the weights of the classes."""
    w = _checks.floating(who, "weight", weight)
    if w.ndim != 1:
        raise ValueError(f"{who}: the weight has shape {w.shape}, needed (classes,).")
    return w


class CrossEntropyLoss(Module):
    r"""Softmax and negative log-likelihood in one (torch.nn.CrossEntropyLoss).

    Parameters
    ----------
    weight, ignore_index, reduction, label_smoothing
        As for :func:`cross_entropy`. The weight is a buffer: it is in the state, not trained.

    Notes
    -----
    `ignore_index`, `reduction` and `label_smoothing` are given by name, and torch's disused
    `size_average` and `reduce` are not here, as for :func:`cross_entropy`.

    Examples
    --------
    The gradient is the neat ``(probabilities - one_hot) / N``:

    >>> criterion = CrossEntropyLoss()
    >>> loss = criterion(np.zeros((1, 4)), np.array([2]))
    >>> criterion.backward()
    array([[ 0.25,  0.25, -0.75,  0.25]])
    """

    def __init__(
        self,
        weight: Array | None = None,
        *,
        ignore_index: int = -100,
        reduction: Reduction = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        _options("CrossEntropyLoss", ignore_index, reduction, label_smoothing)
        self.weight = None if weight is None else _weights("CrossEntropyLoss", weight).copy()
        if weight is not None:
            self.buffer_names = ("weight",)
        self.ignore_index, self.reduction = ignore_index, reduction
        self.label_smoothing = label_smoothing
        self._problem: _Problem | None = None

    def __call__(self, input: Array, target: Array) -> Any:  # type: ignore[override]
        """Return the loss of a batch in nats: a float, an array with ``reduction='none'``."""
        return self.forward(input, target)

    def forward(self, input: Array, target: Array) -> Any:  # type: ignore[override]
        """Return the loss of a batch in nats: a float, an array with ``reduction='none'``."""
        options = self.weight, self.ignore_index, self.reduction, self.label_smoothing
        problem = _problem(input, target, *options)
        loss = problem.reduced(self.reduction)
        self._problem = problem
        return loss

    def backward(self, grad_output: float | Array = 1.0) -> Array:
        r"""Return the gradient of the loss with respect to the scores z.

        .. math:: \frac{\partial \ell}{\partial z_k} = p_k \sum_j w_j t_j - w_k t_k

        for one prediction; with ``reduction='mean'`` divided by what the mean divides by.

        Parameters
        ----------
        grad_output : float, default 1, or array of the shape of the losses
            An array with ``reduction='none'``, where there is no single loss to start from.
        """
        problem: _Problem = self._saved("_problem")
        if self.reduction == "none":
            grad = _checks.gradient(repr(self), grad_output, problem.shape, problem.log_p.dtype)
            return problem.gradient(grad.reshape(-1, 1))
        factor = _checks.number(repr(self), "grad_output", grad_output)
        if self.reduction == "mean":  # where nothing counts, nothing is to be corrected
            factor = factor / problem.total if problem.total else 0.0
        return problem.gradient(np.full((1, 1), factor, dtype=problem.log_p.dtype))

    def extra_repr(self) -> str:
        """What differs from the defaults."""
        weight = "" if self.weight is None else f", weight={self.weight.tolist()}"
        defaults = {"ignore_index": -100, "reduction": "mean", "label_smoothing": 0.0}
        return (weight + changed(self, defaults)).removeprefix(", ")
