"""The training loop, and how well a network does. Chapter 9."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cnnlab import _checks, datasets
from cnnlab._types import Array
from cnnlab.nn.loss import CrossEntropyLoss, cross_entropy
from cnnlab.nn.module import Module
from cnnlab.optim import CosineSchedule, Optimizer


@dataclass(frozen=True)
class Scores:
    """How well a network does on a set of images.

    Parameters
    ----------
    accuracy : float
        Share of right answers, in [0, 1].
    loss : float
        Mean cross-entropy (log-loss), in nats.
    """

    accuracy: float
    loss: float


@dataclass
class History:
    """What happened in each epoch of a training run.

    Parameters
    ----------
    loss : list of float
        Mean training loss over the epoch's batches, in nats, while the weights were moving.
    validation : list of Scores
        After each epoch, if validation images were given.
    """

    loss: list[float] = field(default_factory=list)
    validation: list[Scores] = field(default_factory=list)

    def __repr__(self) -> str:
        if not self.loss:
            return "History(0 epochs)"
        return f"History({len(self.loss)} epochs, loss {self.loss[0]:.2f} → {self.loss[-1]:.2f})"


def evaluate(model: Module, x: Array, y: Array, batch_size: int = 256) -> Scores:
    """Measure accuracy and log-loss in evaluation mode; every layer's mode is restored.

    Parameters
    ----------
    model : nn.Module
        Gives scores (N, classes) for images (N, C, H, W).
    x, y : arrays of shape (N, C, H, W) and (N,)
        Images and class numbers, at least one of each.
    batch_size : int, default 256

    Returns
    -------
    Scores

    Raises
    ------
    ValueError
        If there are no images, not as many labels as images, or the batch size is not positive.
    TypeError
        If images or labels are no arrays, or the batch size is not a whole number.

    Examples
    --------
    A network that gives all ten classes the same score is right once in ten, and its loss is ln 10:

    >>> from cnnlab import nn
    >>> model = nn.Sequential(nn.Flatten(), nn.Linear(4, 10, dtype=np.float64))
    >>> for parameter in model.parameters():
    ...     parameter.data[...] = 0
    >>> scores = evaluate(model, np.ones((10, 1, 2, 2)), np.arange(10))
    >>> scores.accuracy, round(scores.loss, 3)
    (0.1, 2.303)
    """
    _images_and_labels("evaluate", x, y)
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    right, loss = 0, 0.0
    try:
        for images, labels in datasets.batches(x, y, batch_size):
            logits = model(images)
            loss += cross_entropy(logits, labels) * len(labels)
            right += int(np.sum(logits.argmax(axis=1) == labels))
    finally:
        for module, mode in modes:
            module.training = mode
    return Scores(right / len(x), loss / len(x))


def _images_and_labels(who: str, x: Any, y: Any) -> None:
    """Refuse what is not a pair of arrays with at least one image."""
    _checks.array(who, "x", x)
    _checks.array(who, "y", y)
    if not len(x):
        raise ValueError(f"{who}: 0 images came, needed at least 1.")


def fit(
    model: Module,
    x: Array,
    y: Array,
    *,
    optimizer: Optimizer,
    epochs: int,
    rng: np.random.Generator,
    batch_size: int = 50,
    schedule: CosineSchedule | None = None,
    validation: tuple[Array, Array] | None = None,
    progress: bool | None = None,
) -> History:
    """Train a classifier with cross-entropy.

    Parameters
    ----------
    model : nn.Module
    x, y : arrays of shape (N, C, H, W) and (N,)
        Images and class numbers.
    optimizer : Optimizer
        Over ``model.parameters()``.
    epochs : int
        How many times every image is seen.
    rng : numpy.random.Generator
        Shuffles the images before each epoch.
    batch_size : int, default 50
    schedule : CosineSchedule, optional
        Stepped after every batch.
    validation : pair of arrays, optional
        Images and labels to score after each epoch.
    progress : bool, optional
        Show a progress bar (needs tqdm); by default only in a terminal.

    Returns
    -------
    History

    Raises
    ------
    ValueError
        If the loss is no longer a number: training has diverged. Also if an image holds a number
        that is not finite, or the optimizer trains another model.
    TypeError
        If an argument is of another kind than listed here.
    """
    _check_fit(model, x, y, optimizer, schedule, validation)
    epochs, rng = _checks.integer("fit", "epochs", epochs, 0), _checks.generator("fit", rng)
    criterion, history = CrossEntropyLoss(), History()
    model.train()
    for epoch in _progress(epochs, progress):
        losses = []
        for images, labels in datasets.batches(x, y, batch_size, rng=rng):
            with np.errstate(over="ignore", invalid="ignore"):  # the check below says it better
                loss = criterion(model(images), labels)
            if not np.isfinite(loss):
                raise ValueError(
                    f"fit: the loss became {loss} in epoch {epoch + 1}: training has diverged. Try "
                    f"a smaller learning rate than {optimizer.lr:g}, or inputs between 0 and 1."
                )
            optimizer.zero_grad()
            model.backward(criterion.backward())
            optimizer.step()
            if schedule is not None:
                schedule.step()
            losses.append(loss)
        history.loss.append(float(np.mean(losses)))
        if validation is not None:
            history.validation.append(evaluate(model, *validation))
    return history


def _check_fit(
    model: Module, x: Any, y: Any, optimizer: Any, schedule: Any, validation: Any
) -> None:
    """Say what is wrong before the first epoch, not in the middle of it."""
    _images_and_labels("fit", x, y)
    bad = x.size - np.count_nonzero(np.isfinite(x))
    if bad:
        raise ValueError(f"fit: {bad} of {x.size} numbers in x are not finite, needed 0.")
    if not isinstance(optimizer, Optimizer):
        raise TypeError(
            f"fit: the optimizer is a {type(optimizer).__name__}, needed one such as "
            f"optim.SGD(model.parameters())."
        )
    if set(optimizer.parameters).isdisjoint(model.parameters()):
        raise ValueError(
            "fit: none of the optimizer's parameters is one of the model's, so nothing would be "
            "trained. Build the optimizer with model.parameters()."
        )
    if schedule is not None and not isinstance(schedule, CosineSchedule):
        raise TypeError(
            f"fit: the schedule is a {type(schedule).__name__}, needed one such as "
            f"optim.CosineSchedule(optimizer, steps)."
        )
    if validation is not None:
        if not isinstance(validation, tuple | list) or len(validation) != 2:
            raise TypeError(
                f"fit: validation is a {type(validation).__name__}, needed a pair (images, labels)."
            )
        _images_and_labels("fit: validation", *validation)


def _progress(epochs: int, progress: bool | None) -> Iterable[int]:
    """Count the epochs, with a bar where one is wanted and tqdm is there."""
    try:
        from tqdm import tqdm
    except ImportError:
        if progress:
            raise ImportError(
                'fit: progress=True needs tqdm. Install it with: pip install "cnnlab[data]"'
            ) from None
        return range(epochs)
    disable = None if progress is None else not progress
    bar: Iterable[int] = tqdm(range(epochs), desc="training", unit="epoch", disable=disable)
    return bar
