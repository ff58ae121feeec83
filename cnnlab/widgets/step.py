"""The training-step explorer: one step of a small network, layer by layer and back. Chapter 9."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from cnnlab import bugs, nn
from cnnlab._extras import needed
from cnnlab._types import Array
from cnnlab.widgets.base import Checked, PageWidget, StateError, png
from cnnlab.widgets.values import choice, number, small_int, uniforms

with needed("widgets", by="cnnlab.widgets"):
    import traitlets

DIGITS = (0, 4, 7)
PHASES = ("forward", "backward", "update")
#: Names of the layers, and what they hand on.
LAYERS = {
    "conv": "convolution",
    "relu": "ReLU",
    "pool": "max pool",
    "flatten": "flatten",
    "dropout": "dropout",
    "dense": "dense layer",
    "loss": "softmax and loss",
}
SHAPES = ("2×6×6", "2×6×6", "2×3×3", "18", "18", "3", "1")
BUGS = ("none", *bugs.BUGS)
RATES = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
MOST_STEPS = 40
LIMITS = {"steps": (0, MOST_STEPS), "channel": (1, 2)}
P = 0.25  # of dropping
START, MASKS = 17, 7000  # seeds
LETTERS = "0123456789abcdefg"  # values of a pixel, 0 to 16
#: Which of the first three test digits of its class is in the batch.
CHOSEN = {0: 0, 4: 0, 7: 2}
WHO = "TrainingStepExplorer"


class TrainingStepExplorer(PageWidget):
    """One training step of a small network, layer by layer: forward, back, and the update.

    The network reads three handwritten digits of 8x8 pixels, a 0, a 4 and a 7: a convolution with
    two kernels of 3x3, ReLU, max pool, flatten, dropout with p = 0.25, a dense layer with three
    scores, softmax and cross-entropy. It is trained with plain gradient descent on these three.

    Parameters
    ----------
    phase : {'forward', 'backward', 'update'}, default 'backward'
        Which part of the step is in view.
    layer : {'conv', 'relu', 'pool', 'flatten', 'dropout', 'dense', 'loss'}, default 'pool'
        Which layer is in view; in the update, ``'conv'`` or ``'dense'``.
    bug : str, optional
        A key of :data:`cnnlab.bugs.BUGS`, or ``'none'``: what is wrong in the network.
    rate : {0.02, 0.05, 0.1, 0.2, 0.5, 1}, default 0.2
        Learning rate.
    steps : int, default 0
        Steps taken before this one, 0 to 40.
    digit : {0, 4, 7}, default 4
        The image in view.
    channel : {1, 2}, default 1
        The map in view.
    part : {'weights', 'input'}, default 'weights'
        Which gradient a layer with weights shows on the way back.
    at : (row, column), default (5, 2)
        The cell whose arithmetic is told, from (0, 0) to (8, 8); a smaller grid takes its last.
    anchor : str, optional
        Identifier of the explorer in its page; with it, the page offers a link to the present
        state.

    Raises
    ------
    StateError
        If a value cannot be drawn. It is a ``ValueError``, and also raised by an assignment such
        as ``explorer.steps = 100``, which then changes nothing.

    Examples
    --------
    >>> TrainingStepExplorer()
    TrainingStepExplorer: step 1, backward, max pool: loss 1.11 → 1.07 at learning rate 0.2
    >>> TrainingStepExplorer("forward", "conv", bug="no_mean", steps=5)
    TrainingStepExplorer: step 6, forward, convolution: loss 1.02 → 0.79 at learning rate 0.2, \
with a bug: the gradient is not divided by N
    """

    module = "step.js"

    phase = Checked("backward").tag(sync=True)
    layer = Checked("pool").tag(sync=True)
    bug = Checked("none").tag(sync=True)
    rate = Checked(0.2).tag(sync=True)
    steps = Checked(0).tag(sync=True)
    digit = Checked(4).tag(sync=True)
    channel = Checked(1).tag(sync=True)
    part = Checked("weights").tag(sync=True)
    at = Checked((5, 2)).tag(sync=True)

    def __init__(
        self,
        phase: str = "backward",
        layer: str = "pool",
        *,
        bug: str | None = None,
        rate: float = 0.2,
        steps: int = 0,
        digit: int = 4,
        channel: int = 1,
        part: str = "weights",
        at: tuple[int, int] = (5, 2),
        anchor: str | None = None,
    ) -> None:
        super().__init__(
            phase=phase,
            layer=layer,
            bug="none" if bug is None else bug,
            rate=rate,
            steps=steps,
            digit=digit,
            channel=channel,
            part=part,
            at=at,
            anchor=anchor,
        )

    def __repr__(self) -> str:
        """One line: the moment, and what the step does to the loss."""
        before, after = self.step()
        return (
            f"{WHO}: step {self.steps + 1}, {self.phase}, {LAYERS[self.layer]}: loss "
            f"{number(before)} → {number(after)} at learning rate {self.rate:g}" + self._wrong()
        )

    def _wrong(self) -> str:
        return "" if self.bug == "none" else f", with a bug: {bugs.BUGS[self.bug].title}"

    def losses(self) -> list[float]:
        """Loss of the batch before each step so far, and before this one.

        Returns
        -------
        list of float
            ``steps + 1`` numbers, in nats, with the dropout of their step.

        Examples
        --------
        >>> [round(loss, 3) for loss in TrainingStepExplorer(steps=2).losses()]
        [1.11, 1.077, 1.043]
        """
        return [training.loss for training in self._train()]

    def step(self) -> tuple[float, float]:
        """Loss of the batch before and after this step, both with the same dropout.

        Returns
        -------
        before, after : float
            In nats.
        """
        now = self._train()[-1]
        now.descend(self.rate)
        after = _Batch(now.weights, self.steps, self.bug)
        return now.loss, after.loss

    def _train(self) -> list["_Batch"]:
        """Take the steps before this one; the last batch has not moved the weights yet."""
        batches = [_Batch(start_weights(), 0, self.bug)]
        for step in range(1, self.steps + 1):
            batches[-1].descend(self.rate)
            kept = batches[-1].gradient if self.bug == "no_zero_grad" else None
            batches.append(_Batch(batches[-1].weights, step, self.bug, kept))
        return batches

    @traitlets.validate("phase")
    def _check_phase(self, proposal: Any) -> str:
        phase = choice(WHO, "phase", proposal["value"], PHASES)
        self._check_moment(phase, self.layer)
        return phase

    @traitlets.validate("layer")
    def _check_layer(self, proposal: Any) -> str:
        layer = choice(WHO, "layer", proposal["value"], tuple(LAYERS))
        self._check_moment(self.phase, layer)
        return layer

    def _check_moment(self, phase: str, layer: str) -> None:
        if phase == "update" and layer not in ("conv", "dense"):
            raise StateError(
                f"{WHO}(phase='update', layer={layer!r}): needed the layer 'conv' or 'dense'. "
                f"The others have no weights to change."
            )

    @traitlets.validate("bug")
    def _check_bug(self, proposal: Any) -> str:
        return choice(WHO, "bug", proposal["value"], BUGS)

    @traitlets.validate("part")
    def _check_part(self, proposal: Any) -> str:
        return choice(WHO, "part", proposal["value"], ("weights", "input"))

    @traitlets.validate("rate")
    def _check_rate(self, proposal: Any) -> float:
        return float(_one_of("rate", proposal["value"], RATES))

    @traitlets.validate("digit")
    def _check_digit(self, proposal: Any) -> int:
        return int(_one_of("digit", proposal["value"], DIGITS))

    @traitlets.validate("steps", "channel")
    def _check_int(self, proposal: Any) -> int:
        name = proposal["trait"].name
        return small_int(WHO, name, proposal["value"], LIMITS[name])

    @traitlets.validate("at")
    def _check_at(self, proposal: Any) -> list[int]:
        value = proposal["value"]
        if not isinstance(value, list | tuple) or len(value) != 2:
            raise StateError(
                f"{WHO}(at={value!r}): needed (row, column) of a cell, such as (0, 0)."
            )
        names = ("at, row", "at, column")
        return [small_int(WHO, name, v, (0, 8)) for name, v in zip(names, value, strict=True)]

    def fallback(self) -> str:
        """Render the image, and for each layer what it hands on and what comes back."""
        now = self._train()[-1]
        before, after = self.step()
        n = DIGITS.index(self.digit)
        values, grads = now.run(n)
        rows = []
        for layer, shape, y, g in zip(LAYERS.values(), SHAPES, values, grads, strict=True):
            spans = "".join(f"<td>{_span(array)}</td>" for array in (y, g))
            rows.append(f'<tr><th scope="row">{layer}</th><td>{shape}</td>{spans}</tr>')
        grey = np.round(255 * images()[n, 0]).astype(np.uint8)
        return "\n".join(
            [
                '<div class="cnn-still cnn-step-still">',
                f"<p>Step {self.steps + 1} of a small network{self._wrong()}. The loss of three "
                f"digits is {number(before)} before the step and {number(after)} after it, at "
                f"learning rate {self.rate:g}.</p>",
                f'<figure><img src="{png(grey)}" width="128" height="128" '
                f'alt="image of 8×8 pixels, a handwritten {self.digit}"></figure>',
                f"<table>\n<caption>The {self.digit}, forward and back</caption>\n"
                '<thead><tr><th scope="col">layer</th><th scope="col">output</th>'
                '<th scope="col">its values</th><th scope="col">their gradients</th></tr></thead>',
                "<tbody>",
                *rows,
                "</tbody>\n</table>",
                "</div>",
            ]
        )


def images() -> Array:
    """Batch of the three digits, (3, 1, 8, 8) float64 in [0, 1]."""
    stored = json.loads(Path(__file__).with_name("digits.json").read_text("utf-8"))["digits"]
    found = []
    for digit in DIGITS:
        pixels = [text[1:] for text in stored if text[0] == str(digit)][CHOSEN[digit]]
        found.append([LETTERS.index(c) / 16 for c in pixels])
    return np.array(found).reshape(-1, 1, 8, 8)


def start_weights() -> dict[str, Array]:
    """Weights before the first step, uniform between ±1/√inputs; by torch's keys."""
    u = 2 * uniforms(START, 77) - 1
    conv, dense = u[:20] / 3, u[20:] / 18**0.5
    return {
        "0.weight": conv[:18].reshape(2, 1, 3, 3),
        "0.bias": conv[18:],
        "5.weight": dense[:54].reshape(3, 18),
        "5.bias": dense[54:],
    }


class _Masked(nn.Module):
    """Dropout with a mask that is given: the same one in a page and here."""

    def __init__(self, factors: Array) -> None:
        self.factors = factors

    def forward(self, x: Array) -> Array:
        return x * self.factors

    def backward(self, grad_output: Array) -> Array:
        return grad_output * self.factors


class _Batch:
    """The network at one step: forward and back, with a bug and with gradients that were kept."""

    def __init__(
        self, weights: dict[str, Array], step: int, bug: str, kept: dict[str, Array] | None = None
    ) -> None:
        factors = (uniforms(MASKS + step, 54).reshape(3, 18) >= P).astype(float)
        if bug != "no_rescale":
            factors /= 1 - P
        rng = np.random.default_rng(0)  # for weights that are replaced at once
        healthy = nn.Sequential(
            nn.Conv2d(1, 2, 3, rng=rng, dtype=np.float64),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            _Masked(factors),
            nn.Linear(18, 3, rng=rng, dtype=np.float64),
        )
        healthy.load_state_dict(weights)
        in_layers = bug not in ("none", "no_rescale")  # the latter is in the factors already
        self.model = bugs.plant(healthy, bug if in_layers else None)
        self.criterion = bugs.NoMean() if bug == "no_mean" else nn.CrossEntropyLoss()
        for name, parameter in self.model.named_parameters():
            parameter.grad[...] = 0 if kept is None else kept[name]
        self.values = [images()]
        for layer in self.model:
            self.values.append(layer(self.values[-1]))
        self.loss = float(self.criterion(self.values[-1], np.arange(3)))
        self.grads = [self.criterion.backward()]
        for layer in reversed(list(self.model)):
            self.grads.insert(0, layer.backward(self.grads[0]))

    @property
    def weights(self) -> dict[str, Array]:
        return self.model.state_dict()

    @property
    def gradient(self) -> dict[str, Array]:
        return {name: each.grad.copy() for name, each in self.model.named_parameters()}

    def run(self, n: int) -> tuple[list[Array], list[Array]]:
        """Give outputs of all layers for one image, and the gradients of these outputs."""
        loss = nn.CrossEntropyLoss()(self.values[-1][[n]], np.array([n])) / 3
        values, grads = ([each[n] for each in arrays[1:]] for arrays in (self.values, self.grads))
        return [*values, np.array([loss])], [*grads, np.ones(1)]

    def descend(self, rate: float) -> None:
        """Take the step."""
        for parameter in self.model.parameters():
            parameter.data -= rate * parameter.grad


def _one_of(name: str, value: Any, allowed: tuple[float, ...]) -> Any:
    """Check one of a few numbers, or say which there are."""
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float | np.number)
        or (value not in allowed)
    ):
        words = ", ".join(f"{v:g}" for v in allowed[:-1]) + f" or {allowed[-1]:g}"
        raise StateError(f"{WHO}({name}={value!r}): needed {words}.")
    return value


def _span(values: Array) -> str:
    low, high = number(values.min()), number(values.max())
    return low if low == high else f"{low} to {high}"
