"""Six bugs to plant in a healthy network, so that one learns to tell them apart. Chapter 9.

None of them raises an error, and none makes a loss that is obviously wrong at the first step.
Four sit in a layer, one in the loss and one in the training loop:

>>> for name, bug in BUGS.items():
...     print(f"{name:14} {bug.part:13} {bug.title}")
lost_gradient  MaxPool2d     the pool hands no gradient on
zero_start     MaxPool2d     the running maximum starts at 0
wrong_order    Flatten       the way back folds in another order
no_rescale     Dropout       the survivors are not divided by 1 − p
no_mean        loss          the gradient is not divided by N
no_zero_grad   training loop  the gradients of the last step are still there

The layers behave like those of :mod:`cnnlab.nn` *as if* one line were changed: each inherits a
healthy layer and bends its result. :func:`plant` puts them into a network, and :func:`train` runs
it and keeps what one looks at when something is wrong.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cnnlab import _checks, gradcheck, nn, optim
from cnnlab._types import Array

__all__ = [
    "BUGS",
    "Bug",
    "Trace",
    "faulty",
    "gradient_errors",
    "loss",
    "network",
    "output_errors",
    "parts",
    "plant",
    "train",
]


@dataclass(frozen=True)
class Bug:
    """One planted bug: where it sits, what it is, and the line that is wrong.

    Parameters
    ----------
    part : str
        The class it changes, ``"loss"`` or ``"training loop"``.
    title : str
        What is wrong, in a few words.
    right, wrong : str
        The line as one would write it by hand, and as one writes it with this bug. (The classes
        below come to the same result in another way.)
    """

    part: str
    title: str
    right: str
    wrong: str


#: The six bugs by their names, as :func:`plant`, :func:`faulty`, :func:`loss` and :func:`train`
#: take them.
BUGS = {
    "lost_gradient": Bug(
        "MaxPool2d",
        "the pool hands no gradient on",
        "grad_input[winner] += grad_output",
        "grad_input = zeros_like(x)",
    ),
    "zero_start": Bug(
        "MaxPool2d",
        "the running maximum starts at 0",
        "best = -inf",
        "best = 0",
    ),
    "wrong_order": Bug(
        "Flatten",
        "the way back folds in another order",
        "grad.reshape(N, C, H, W)",
        "grad.reshape(N, H, W, C).transpose(0, 3, 1, 2)",
    ),
    "no_rescale": Bug(
        "Dropout",
        "the survivors are not divided by 1 − p",
        "mask = (rng.random(x.shape) >= p) / (1 - p)",
        "mask = (rng.random(x.shape) >= p)",
    ),
    "no_mean": Bug(
        "loss",
        "the gradient is not divided by N",
        "(probabilities - one_hot) / N",
        "(probabilities - one_hot)",
    ),
    "no_zero_grad": Bug(
        "training loop",
        "the gradients of the last step are still there",
        "optimizer.zero_grad()",
        "",
    ),
}


# -- Layers that behave as if one line were changed -------------------------------------------


class LostGradient(nn.MaxPool2d):
    """A max pool that takes the sentence "no backpropagation is involved" at its word."""

    def backward(self, grad_output: Array) -> Array:
        """Hand on zeros."""
        return np.zeros_like(super().backward(grad_output))


class ZeroStart(nn.MaxPool2d):
    """A max pool whose loop over a window begins with ``best = 0``.

    A window with nothing above 0 then has no winner: its output is 0, and its gradient goes
    nowhere. Forward and backward pass agree with each other, and both are wrong.
    """

    def forward(self, x: Array) -> Array:
        """Pool, and take 0 for the largest value where nothing is larger."""
        y = super().forward(x)
        self._no_winner = y <= 0
        return np.asarray(np.maximum(y, y.dtype.type(0)))

    def backward(self, grad_output: Array) -> Array:
        """Send the gradient to the winners, if there are any."""
        nobody = self._saved("_no_winner")
        return super().backward(np.where(nobody, 0, grad_output).astype(grad_output.dtype))


class WrongOrder(nn.Flatten):
    """A flatten that goes forth by (C, H, W) and comes back as if it had been (H, W, C)."""

    def forward(self, x: Array) -> Array:
        """Flatten maps; there is no wrong order for anything else."""
        if np.ndim(x) != 4:
            raise ValueError(
                f"WrongOrder: the input has shape {np.shape(x)}, needed maps (N, C, H, W), whose "
                f"order can be confused."
            )
        return super().forward(x)

    def backward(self, grad_output: Array) -> Array:
        """Give every gradient to some value, and hardly ever to its own."""
        N, C, H, W = self._saved("_x").shape
        right = super().backward(grad_output)
        return np.ascontiguousarray(right.reshape(N, H, W, C).transpose(0, 3, 1, 2))


class NoRescale(nn.Dropout):
    """A dropout that silences units and leaves the others as they are."""

    def forward(self, x: Array) -> Array:
        """Drop in training, without 1 / (1 - p)."""
        y = super().forward(x)
        return y * y.dtype.type(1 - self.p) if self.training else y

    def backward(self, grad_output: Array) -> Array:
        """Let the gradient of the survivors pass, without 1 / (1 - p)."""
        grad = super().backward(grad_output)
        return grad * grad.dtype.type(1 - self.p) if self.training else grad


class NoMean(nn.CrossEntropyLoss):
    """A cross-entropy that is a mean on the way forth and a sum on the way back."""

    def backward(self, grad_output: float | Array = 1.0) -> Array:
        """Return probabilities minus one-hot, without dividing by the number of images."""
        grad = super().backward(grad_output)
        return grad * len(grad)


_ILL = (LostGradient, ZeroStart, WrongOrder, NoRescale)


def faulty(layer: nn.Module, bug: str) -> nn.Module:
    """Give a layer's faulty twin, or the layer itself if the bug is of another kind.

    Parameters
    ----------
    layer : nn.Module
    bug : str
        A key of ``BUGS``.

    Returns
    -------
    nn.Module

    Examples
    --------
    >>> faulty(nn.MaxPool2d(2), "zero_start")
    ZeroStart(kernel_size=2, stride=2)
    >>> faulty(nn.ReLU(), "zero_start")
    ReLU()
    """
    _known("faulty", bug)
    if type(layer) is nn.MaxPool2d and bug in ("lost_gradient", "zero_start"):
        twin = LostGradient if bug == "lost_gradient" else ZeroStart
        return twin(
            layer.kernel_size, layer.stride, layer.padding, layer.dilation, False, layer.ceil_mode
        )
    if type(layer) is nn.Flatten and bug == "wrong_order":
        return WrongOrder()
    if type(layer) is nn.Dropout and bug == "no_rescale":
        return NoRescale(layer.p, rng=layer.rng)
    return layer


def plant(model: nn.Sequential, bug: str | None) -> nn.Sequential:
    """Build a network of the same layers, with the bug in every place where it can sit.

    Parameters
    ----------
    model : nn.Sequential
        Left as it is; layers without the bug are shared.
    bug : str or None
        A key of ``BUGS``. Those of the loss and of the loop leave the layers as they are.

    Returns
    -------
    nn.Sequential

    Raises
    ------
    ValueError
        If there is no such bug, or no layer where it can sit.

    Examples
    --------
    >>> plant(nn.Sequential(nn.Sequential(nn.MaxPool2d(2)), nn.Flatten()), "lost_gradient")
    Sequential(
      (0): Sequential(
        (0): LostGradient(kernel_size=2, stride=2)
      )
      (1): Flatten()
    )
    """
    if bug is None:
        return model
    _known("plant", bug)
    ill = _planted(model, bug)
    part = BUGS[bug].part
    sits = any(isinstance(layer, _ILL) for layer in ill.modules())
    if part not in ("loss", "training loop") and not sits:
        raise ValueError(f"plant: the network has no {part}, needed one for the bug {bug!r}.")
    return ill


def _planted(model: nn.Sequential, bug: str) -> nn.Sequential:
    return nn.Sequential(
        *(
            _planted(layer, bug) if isinstance(layer, nn.Sequential) else faulty(layer, bug)
            for layer in model
        )
    )


def _known(who: str, bug: Any) -> None:
    if bug not in BUGS:
        raise ValueError(f"{who}: there is no bug {bug!r}, needed one of {', '.join(BUGS)}.")


# -- A network to plant them in ---------------------------------------------------------------


def network(
    rng: np.random.Generator,
    channels: tuple[int, int] = (16, 32),
    p: float = 0.25,
    dtype: Any = np.float32,
) -> nn.Sequential:
    """Build the network of chapter 9, for images of 8x8 pixels and ten classes.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws the weights, and later what is dropped.
    channels : tuple of int, default (16, 32)
        Output channels of the two convolutions.
    p : float, default 0.25
        Probability of dropping.
    dtype : float32 or float64, default float32

    Returns
    -------
    nn.Sequential
    """
    first, second = channels
    return nn.Sequential(
        nn.Conv2d(1, first, 3, padding=1, rng=rng, dtype=dtype),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(first, second, 3, padding=1, rng=rng, dtype=dtype),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Dropout(p, rng=rng),
        nn.Linear(second * 2 * 2, 10, rng=rng, dtype=dtype),
    )


# -- Instruments ------------------------------------------------------------------------------


class Held(nn.Module):
    """A layer that draws the same random numbers in every forward pass, so that it can be checked.

    Parameters
    ----------
    layer : nn.Module
        Perhaps with an attribute ``rng``.
    """

    def __init__(self, layer: nn.Module) -> None:
        self.layer = layer

    def forward(self, x: Array) -> Array:
        """Rewind the layer's chance, and pass."""
        if hasattr(self.layer, "rng"):
            self.layer.rng = np.random.default_rng(0)
        return self.layer(x)

    def backward(self, grad_output: Array) -> Array:
        """Pass back."""
        return self.layer.backward(grad_output)


def parts(bug: str | None = None) -> dict[str, tuple[nn.Module, Array]]:
    """Build each part of the network, with the bug if it sits there, and an input to try it on.

    The inputs are normal noise: positive and negative, and no two alike.

    Parameters
    ----------
    bug : str or None
        A key of ``BUGS``.

    Returns
    -------
    dict of name to (layer, input), in the order of the network
    """
    rng = np.random.default_rng(0)
    wide: dict[str, Any] = {"rng": rng, "dtype": np.float64}
    maps, row = rng.standard_normal((2, 3, 4, 4)), rng.standard_normal((2, 12))
    pairs: dict[str, tuple[nn.Module, Array]] = {
        "Conv2d": (nn.Conv2d(3, 2, 3, padding=1, **wide), maps),
        "ReLU": (nn.ReLU(), maps),
        "MaxPool2d": (nn.MaxPool2d(2), maps),
        "Flatten": (nn.Flatten(), maps),
        "Dropout": (nn.Dropout(0.25, rng=rng), row),
        "Linear": (nn.Linear(12, 10, **wide), row),
    }
    if bug is None:
        return pairs
    return {name: (faulty(layer, bug), x) for name, (layer, x) in pairs.items()}


def loss(bug: str | None = None) -> nn.CrossEntropyLoss:
    """Build the loss, with the bug if it sits there."""
    if bug is not None:
        _known("loss", bug)
    return NoMean() if bug == "no_mean" else nn.CrossEntropyLoss()


def _scores_and_labels() -> tuple[Array, Array]:
    """Draw an input to try the loss on: scores (4, 10) and labels (4,)."""
    return np.random.default_rng(2).standard_normal((4, 10)), np.array([3, 1, 4, 1])


def gradient_errors(bug: str | None = None) -> dict[str, float]:
    """Check the gradients of each part of the network, and of the loss, against nudging.

    Parameters
    ----------
    bug : str or None
        A key of ``BUGS``.

    Returns
    -------
    dict of str to float
        Largest absolute difference for each part.

    Examples
    --------
    >>> {part: error for part, error in gradient_errors("no_mean").items() if error > 1e-6}.keys()
    dict_keys(['loss'])
    """
    errors = {}
    for name, (layer, x) in parts(bug).items():
        rng = np.random.default_rng(1)
        errors[name] = max(gradcheck.check_gradients(Held(layer), x.copy(), rng=rng).values())
    criterion = loss(bug)
    scores, labels = _scores_and_labels()
    criterion(scores, labels)
    nudged = gradcheck.numerical_gradient(lambda: float(criterion(scores, labels)), scores)
    criterion(scores, labels)
    return errors | {"loss": float(np.max(np.abs(criterion.backward() - nudged)))}


def output_errors(bug: str | None = None) -> dict[str, float]:
    """Compare the output of each part, and the loss, with that of the healthy part.

    Parameters
    ----------
    bug : str or None
        A key of ``BUGS``.

    Returns
    -------
    dict of str to float
        Largest absolute difference for each part.

    Examples
    --------
    >>> {part: error for part, error in output_errors("zero_start").items() if error > 0}.keys()
    dict_keys(['MaxPool2d'])
    """
    healthy = parts()
    errors = {
        name: float(np.max(np.abs(Held(layer)(x) - Held(healthy[name][0])(x))))
        for name, (layer, x) in parts(bug).items()
    }
    scores, labels = _scores_and_labels()
    return errors | {"loss": abs(loss(bug)(scores, labels) - loss()(scores, labels))}


# -- What one looks at ------------------------------------------------------------------------


@dataclass
class Trace:
    """What a training run leaves behind for whoever looks for a bug.

    Parameters
    ----------
    loss : list of float
        Loss of each step's images, in nats, before the step.
    norms : dict of str to list of float
        For each layer with weights, the size (root of the sum of squares) of the gradient that
        the optimiser was given, step by step.
    checked : dict of int to float
        After some of the steps, the loss of the same images in evaluation mode.
    """

    loss: list[float] = field(default_factory=list)
    norms: dict[str, list[float]] = field(default_factory=dict)
    checked: dict[int, float] = field(default_factory=dict)


def train(
    model: nn.Sequential,
    x: Array,
    y: Array,
    *,
    bug: str | None = None,
    steps: int = 100,
    batch_size: int = 50,
    lr: float = 0.1,
    momentum: float = 0.9,
    every: int = 10,
    rng: np.random.Generator,
) -> Trace:
    """Train a network, with or without a bug, and write down what happens.

    Parameters
    ----------
    model : nn.Sequential
        Without the bug; its weights are changed.
    x, y : arrays of shape (N, C, H, W) and (N,)
    bug : str or None
        A key of ``BUGS``.
    steps : int, default 100
        At most; it ends early when the loss is no longer a number.
    batch_size : int, default 50
    lr, momentum : float, default 0.1 and 0.9
        Of the SGD.
    every : int, default 10
        After how many steps the loss of all images is measured in evaluation mode.
    rng : numpy.random.Generator
        Draws the images of each step.

    Returns
    -------
    Trace

    Raises
    ------
    ValueError
        If there is no such bug or no place for it, or if a number is too small, or a batch too
        large for the images.
    """
    if bug is not None:
        _known("train", bug)
    for name, value in (("steps", steps), ("batch_size", batch_size), ("every", every)):
        _checks.integer("train", name, value, at_least=1)
    if batch_size > len(x):
        raise ValueError(
            f"train: batch_size = {batch_size}, but there are {len(x)} images, needed at most as "
            f"many as there are."
        )
    model = plant(model, bug)
    criterion = loss(bug)
    optimizer = optim.SGD(model.parameters(), lr, momentum=momentum)
    layers = {
        f"{name} {type(layer).__name__}": layer
        for name, layer in model.children()
        if any(True for _ in layer.parameters())
    }
    trace = Trace(norms={name: [] for name in layers})
    model.train()
    for step in range(steps):
        chosen = rng.choice(len(x), size=batch_size, replace=False)
        with np.errstate(over="ignore", invalid="ignore"):
            now = criterion(model(x[chosen]), y[chosen])
            if not np.isfinite(now):
                break
            if bug != "no_zero_grad":
                optimizer.zero_grad()
            model.backward(criterion.backward())
            for name, layer in layers.items():
                squares = [np.sum(each.grad.astype(float) ** 2) for each in layer.parameters()]
                trace.norms[name].append(float(np.sqrt(np.sum(squares))))
            optimizer.step()
        trace.loss.append(float(now))
        if (step + 1) % every == 0:
            with np.errstate(over="ignore", invalid="ignore"):
                trace.checked[step + 1] = float(nn.functional.cross_entropy(model.eval()(x), y))
            model.train()
    return trace
