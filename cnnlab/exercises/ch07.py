"""Exercises of chapter 7, *What does dropout do, and where does it go?* NumPy is enough.

>>> from cnnlab.exercises import ch07
>>> for exercise in ch07.EXERCISES:
...     print(exercise.name, "->", exercise.answer_name)
ch07.dropout -> my_dropout
ch07.channel_dropout -> my_dropout2d
ch07.patients -> my_diagnoses
ch07.expected_max -> my_expected_max
ch07.ensemble -> my_ensemble
ch07.honest_accuracy -> my_honest_accuracy

Chance is an argument in them: ``u`` holds random numbers from 0 to 1, and whoever compares them
with p decides what is dropped. The patients of one exercise are dropout layers to be examined:

>>> ch07.PATIENTS["C"](np.ones((2, 4)), training=True, rng=np.random.default_rng(0))
array([[1.33333333, 1.33333333, 0.        , 0.        ],
       [1.33333333, 1.33333333, 1.33333333, 1.33333333]])
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from cnnlab._types import Array
from cnnlab.exercises.cases import halves
from cnnlab.exercises.core import Exercise, WrongAnswer, compare, compare_tables

__all__ = [
    "EXERCISES",
    "PATIENTS",
    "Patient",
    "channel_dropout",
    "dropout",
    "ensemble",
    "expected_max",
    "honest_accuracy",
    "patients",
]


def _uniform(rng: np.random.Generator, *shape: int) -> Array:
    """Draw numbers between 0 and 1, odd sixteenths, so that none equals a rate."""
    return (2 * rng.integers(0, 8, size=shape) + 1) / 16


# -- 1. Dropout -------------------------------------------------------------------------------


def _my_dropout(x: Array, p: float, u: Array, training: bool) -> Array:
    """Inverted dropout of x: in training a value is dropped where u < p, u as large as x."""
    if not training:
        return x  # all units are there, and none is scaled
    kept = u >= p
    return x * kept / (1 - p)


def _dropout_by_loops(x: Array, p: float, u: Array, training: bool) -> Array:
    """Decide on one value after the other."""
    y = np.array(x, dtype=float)
    if training:
        for place in np.ndindex(x.shape):
            y[place] = 0.0 if u[place] < p else x[place] / (1 - p)
    return y


def _dropout_cases() -> list[tuple[Array, float, Array, bool]]:
    """Rows and images, four rates, both modes; training first."""
    rng = np.random.default_rng(7)
    cases = []
    for training in (True, False):
        for shape in ((4,), (2, 3), (2, 5), (3, 4), (2, 2, 3)):
            for p in (0.25, 0.5, 0.75, 0.0):
                cases.append((halves(rng, *shape), p, _uniform(rng, *shape), training))
    return cases


def _only_in_training(
    train: Callable[[Array, float, Array], Any],
    use: Callable[[Array, float], Any] = lambda x, p: x.copy(),
) -> Callable[[Array, float, Array, bool], Any]:
    """Make a layer of what it does in training and in evaluation: material for wrong answers."""
    return lambda x, p, u, training: train(x, p, u) if training else use(x, p)


def _scaled(x: Array, p: float, u: Array) -> Array:
    return _my_dropout(x, p, u, True)


def _dropped_in_place(x: Array, p: float, u: Array, training: bool) -> Array:
    if training:
        x[u < p] = 0
        x /= 1 - p
    return x


_DROPOUT_WRONG = (
    WrongAnswer(
        "not scaled",
        _only_in_training(lambda x, p, u: x * (u >= p)),
        "What is dropped is right, but the rest stays as it was. Then only 1 − p of a value "
        "arrives on average. Divide what is kept by 1 − p.",
    ),
    WrongAnswer(
        "first form",
        _only_in_training(lambda x, p, u: x * (u >= p), lambda x, p: x * (1 - p)),
        "This is dropout as it was first proposed: nothing is scaled in training, and evaluation "
        "multiplies by 1 − p. The mean comes out right. Asked for is the inverted form, which "
        "divides in training and leaves evaluation alone.",
    ),
    WrongAnswer(
        "p means keep",
        _only_in_training(lambda x, p, u: x * (u < p) / (p or 1)),
        "p is taken for the probability of keeping, as in the paper of 2014. In torch, in Keras "
        "and here it is the probability of dropping.",
    ),
    WrongAnswer(
        "mask the wrong way round",
        _only_in_training(lambda x, p, u: x * (u < p) / (1 - p)),
        "The scale is right, but what should go stays and the other way round: a value is dropped "
        "where u < p.",
    ),
    WrongAnswer(
        "divided by p",
        _only_in_training(lambda x, p, u: x * (u >= p) / (p or 1)),
        "What is kept is divided by p. It is kept with probability 1 − p, and that is what has to "
        "be made up for.",
    ),
    WrongAnswer(
        "multiplied by 1 - p",
        _only_in_training(lambda x, p, u: x * (u >= p) * (1 - p)),
        "What is kept is made smaller, by the factor 1 − p. It has to speak for those that are "
        "gone, so it must become larger: divide.",
    ),
    WrongAnswer(
        "divided by the share that was kept",
        _only_in_training(lambda x, p, u: x * (u >= p) / max(np.mean(u >= p), 1e-9)),
        "The factor comes from the share that happened to survive in this draw. Then units are no "
        "longer independent: whether one is enlarged hangs on the fate of the others. The factor "
        "is fixed, 1 / (1 − p).",
    ),
    WrongAnswer(
        "no evaluation mode",
        lambda x, p, u, training: _scaled(x, p, u),
        "Units are dropped in evaluation, too, and so the same image gets another answer each "
        "time. Look at training: if it is False, nothing is dropped.",
    ),
    WrongAnswer(
        "modes exchanged",
        lambda x, p, u, training: x.copy() if training else _scaled(x, p, u),
        "In training nothing happens, and in evaluation units are dropped. It is the other way "
        "round.",
    ),
    WrongAnswer(
        "scaled in both modes",
        _only_in_training(_scaled, lambda x, p: x / (1 - p)),
        "Evaluation divides by 1 − p as well. All units are there, so nothing is missing, and the "
        "next layer gets too much.",
    ),
    WrongAnswer(
        "scaled back in evaluation",
        _only_in_training(_scaled, lambda x, p: x * (1 - p)),
        "Training divides by 1 − p and evaluation multiplies by it: the correction is made twice. "
        "One of the two is enough, and here it is training's.",
    ),
    WrongAnswer(
        "zeros in evaluation",
        _only_in_training(_scaled, lambda x, p: np.zeros_like(x)),
        "In evaluation nothing arrives at all. Nothing is to be dropped there: hand on x.",
    ),
    WrongAnswer(
        "returns the mask",
        _only_in_training(lambda x, p, u: (u >= p) / (1 - p)),
        "These are the factors, and they are right. The layer hands on x times the factors.",
    ),
    WrongAnswer(
        "dropped values replaced by the mean",
        _only_in_training(lambda x, p, u: np.where(u < p, x.mean(), x)),
        "Dropped values become the mean of the others. Dropped means 0: what is missing is made "
        "up for by enlarging those that stay.",
    ),
    WrongAnswer(
        "writes into its argument",
        _dropped_in_place,
        "Your function changed its argument.",
    ),
    WrongAnswer(
        "returns a list",
        lambda x, p, u, training: _my_dropout(x, p, u, training).tolist(),
        "The function returned a list, needed an array.",
    ),
    WrongAnswer(
        "forgets the mode",
        lambda x, p, u: _scaled(x, p, u),
        "needed (x, p, u, training): 4 of them, in this order.",
    ),
)


def _examine_dropout(answer: Any) -> str:
    n = compare(answer, _dropout_by_loops, _dropout_cases(), _DROPOUT_WRONG)
    x = np.array([4.0, 1.0, -2.0])
    u = np.random.default_rng(7).random((20_000, 3))
    mean = _my_dropout(np.tile(x, (20_000, 1)), 0.5, u, True).mean(axis=0)
    means = ", ".join(f"{value:.1f}" for value in mean).replace("-", "−")
    return (
        f"All {n} cases agree. Over 20 000 masks the values 4, 1 and −2 become {means} on average: "
        "the mean is kept. No single mask keeps it."
    )


dropout = Exercise(
    name="ch07.dropout",
    task=(
        "write my_dropout(x, p, u, training), inverted dropout. u has the shape of x and holds "
        "random numbers from 0 to 1: in training a value is dropped where u < p, and what is left "
        "is scaled so that the mean over all masks is x. In evaluation nothing happens. p is the "
        "probability of dropping."
    ),
    examine=_examine_dropout,
    hints=(
        "With which probability does a value survive? If it survives rarely, how much must it "
        "then bring along so that on average nothing is missing?",
        "E = (1 − p) · (x · factor). For which factor is this x? And what is the right factor "
        "when nothing is dropped at all?",
        "Comparing u with p gives an array of True and False, which multiplies like 1 and 0. "
        "Divide by the probability of survival, and do nothing of the kind unless training.",
    ),
    wrong_answers=_DROPOUT_WRONG,
    solved_by=_my_dropout,
)

# -- 2. Whole channels ------------------------------------------------------------------------


def _my_dropout2d(x: Array, grad: Array, p: float, u: Array) -> Array:
    """Drop channels of x (N, C, H, W) where u (N, C) < p: output and gradient of x, stacked."""
    factor = (u >= p) / (1 - p)
    factor = factor[:, :, np.newaxis, np.newaxis]  # (N, C, 1, 1): the same for a whole map
    return np.stack([x * factor, grad * factor])


def _channels_by_loops(x: Array, grad: Array, p: float, u: Array) -> Array:
    """Decide on one channel of one image after the other."""
    both = np.zeros((2, *x.shape))
    for n, c in np.ndindex(u.shape):
        if u[n, c] >= p:
            both[0, n, c], both[1, n, c] = x[n, c] / (1 - p), grad[n, c] / (1 - p)
    return both


def _channel_cases() -> list[tuple[Array, Array, float, Array]]:
    """Maps behind a ReLU, so that there are zeros that were not dropped."""
    rng = np.random.default_rng(7)
    cases = []
    for N, C, H, W in [(1, 2, 1, 2), (2, 2, 1, 2), (2, 3, 2, 2), (3, 2, 2, 3), (2, 4, 3, 1)]:
        for p in (0.5, 0.25, 0.75):
            x, grad = ((2 * halves(rng, N, C, H, W)).astype(int) for _ in range(2))
            u = _uniform(rng, N, C)
            u[0, 0], u[-1, -1] = 1 / 16, 15 / 16  # at least one goes and one stays
            cases.append((np.maximum(x, 0), grad, p, u))
    return cases


def _channels(
    forward: Callable[[Array, Array, float], Array] = lambda x, kept, p: x * kept / (1 - p),
    backward: Callable[[Array, Array, float, Array], Array] = lambda g, kept, p, x: (
        g * kept / (1 - p)
    ),
    keep: Callable[[Array, float], Array] = lambda u, p: u >= p,
) -> Callable[[Array, Array, float, Array], Array]:
    """Do one thing differently: the material for wrong answers."""

    def answer(x: Array, grad: Array, p: float, u: Array) -> Array:
        kept = keep(u, p)[:, :, np.newaxis, np.newaxis]
        return np.stack([forward(x, kept, p), backward(grad, kept, p, x)])

    return answer


_CHANNELS_WRONG = (
    WrongAnswer(
        "gradient handed on as it came",
        _channels(backward=lambda g, kept, p, x: g.copy()),
        "The output is right. The gradient is handed on as it came, also to channels that had no "
        "part in the output. What was multiplied by a factor on the way forward is multiplied by "
        "the same factor on the way back.",
    ),
    WrongAnswer(
        "gradient not scaled",
        _channels(backward=lambda g, kept, p, x: g * kept),
        "The output is right, and the gradient is 0 where a channel was dropped. But a channel "
        "that was kept counts 1 / (1 − p) times, and so does its gradient.",
    ),
    WrongAnswer(
        "neither scaled",
        _channels(lambda x, kept, p: x * kept, lambda g, kept, p, x: g * kept),
        "The right channels are dropped, but the others are not enlarged. Divide by 1 − p, on "
        "the way forward and on the way back.",
    ),
    WrongAnswer(
        "output not scaled",
        _channels(lambda x, kept, p: x * kept),
        "The gradient is right. The output is dropped and not enlarged: divide it by 1 − p, too.",
    ),
    WrongAnswer(
        "gradient where the output is not zero",
        _channels(backward=lambda g, kept, p, x: g * (x * kept != 0) / (1 - p)),
        "The mask is read off the output: gradient where it is not 0. But a value may be 0 because "
        "it came in as 0, behind a ReLU for instance. Its channel was kept, and it gets its "
        "gradient.",
    ),
    WrongAnswer(
        "gradient times the values",
        _channels(backward=lambda g, kept, p, x: g * x * kept / (1 - p)),
        "The gradient is multiplied by the values. The derivative of factor · x by x is the "
        "factor, not the product.",
    ),
    WrongAnswer(
        "gradient scaled down",
        _channels(backward=lambda g, kept, p, x: g * kept * (1 - p)),
        "The gradient is multiplied by 1 − p, as if to undo what was done on the way forward. "
        "Nothing is to be undone: it is the same factor, 1 / (1 − p).",
    ),
    WrongAnswer(
        "one mask for all images",
        _channels(keep=lambda u, p: np.broadcast_to(u[:1] >= p, u.shape)),
        "All images lose the channels that the first image loses. Each draws for itself: u has a "
        "row for each of them.",
    ),
    WrongAnswer(
        "whole images dropped",
        _channels(keep=lambda u, p: np.broadcast_to(u[:, :1] >= p, u.shape)),
        "An image is dropped with all its channels. u has a number for each channel of each "
        "image: all its columns are needed.",
    ),
    WrongAnswer(
        "mask the wrong way round",
        _channels(keep=lambda u, p: u < p),
        "What should go stays, and the other way round: a channel is dropped where u < p.",
    ),
    WrongAnswer(
        "results exchanged",
        lambda x, grad, p, u: _my_dropout2d(x, grad, p, u)[::-1],
        "Both arrays are right and have changed places: the output first, then the gradient.",
    ),
    WrongAnswer(
        "output only",
        lambda x, grad, p, u: _my_dropout2d(x, grad, p, u)[0],
        "This is the output, and it is right. The way back is missing: stack the gradient on it.",
    ),
    WrongAnswer(
        "not stacked",
        lambda x, grad, p, u: tuple(_my_dropout2d(x, grad, p, u)),
        "The function returned a tuple, needed an array.",
    ),
    WrongAnswer(
        "another mask on the way back",
        lambda x, grad, p, u: np.stack(
            [
                _my_dropout2d(x, grad, p, u)[0],
                _my_dropout2d(x, grad, p, u[::-1, ::-1])[1],
            ]
        ),
        "The gradient is dropped by another mask than the values were. There is one draw for a "
        "step, and the way back has to remember it.",
    ),
)


def _examine_channels(answer: Any) -> str:
    n = compare(answer, _channels_by_loops, _channel_cases(), _CHANNELS_WRONG)
    return (
        f"All {n} cases agree, on the way forward and on the way back. A dropped channel is gone "
        "with all its pixels, so no neighbour can stand in for it, and its kernel learns nothing "
        "from this image."
    )


channel_dropout = Exercise(
    name="ch07.channel_dropout",
    task=(
        "dropout of whole maps, with its way back. x and grad have shape (N, C, H, W), u has "
        "shape (N, C): channel c of image n is dropped where u[n, c] < p. Write "
        "my_dropout2d(x, grad, p, u) in training mode: the output, and the gradient by x "
        "when grad is the gradient by the output, stacked: np.stack([output, gradient])."
    ),
    examine=_examine_channels,
    hints=(
        "How many decisions are made for a batch of N images with C channels? How does one "
        "decision reach all the pixels of a map?",
        "Make a factor for each channel: 0, or 1 / (1 − p). It has two axes, x has four; give it "
        "two more of length 1, and NumPy repeats it over the pixels.",
        "The output is factor · x, so a small change of x changes the output factor times as "
        "much. Multiply grad by the very same factors.",
    ),
    wrong_answers=_CHANNELS_WRONG,
    solved_by=_my_dropout2d,
)

# -- 3. Patients ------------------------------------------------------------------------------

_ILLS = (
    "healthy",
    "drops in evaluation",
    "scale missing",
    "scaled twice",
    "p means keep",
    "one mask for all",
)


@dataclass(frozen=True, repr=False)
class Patient:
    """A dropout layer that may be ill; it was asked for p = 0.25, the probability of dropping.

    Parameters
    ----------
    drop : float, default 0.25
        Share that it drops in training.
    factors : (float, float)
        What it multiplies by in training, where it keeps a value, and in evaluation.
    everywhere : bool, default False
        Whether it drops in evaluation, too.
    shared : bool, default False
        Whether all rows of a batch lose the same units.

    Examples
    --------
    >>> PATIENTS["C"](np.ones((2, 3)), training=False)
    array([[1., 1., 1.],
           [1., 1., 1.]])
    """

    drop: float = 0.25
    factors: tuple[float, float] = (4 / 3, 1.0)
    everywhere: bool = False
    shared: bool = False

    def __repr__(self) -> str:
        return "a dropout layer, p = 0.25: call it with x of shape (N, units), training=True or not"

    def __call__(
        self, x: Array, training: bool = True, rng: np.random.Generator | None = None
    ) -> Array:
        """Apply the layer to a batch of shape (N, units)."""
        if not (training or self.everywhere):
            return np.asarray(x * self.factors[1])
        rng = rng or np.random.default_rng()
        rows = 1 if self.shared else len(x)
        kept = rng.random((rows, x.shape[1])) >= self.drop
        return np.asarray(x * kept * self.factors[0])


PATIENTS = {
    "A": Patient(drop=0.75, factors=(4.0, 1.0)),
    "B": Patient(shared=True),
    "C": Patient(),
    "D": Patient(factors=(4 / 3, 0.75)),
    "E": Patient(everywhere=True),
    "F": Patient(factors=(1.0, 0.75)),
    "G": Patient(factors=(1.0, 1.0)),
}
_DIAGNOSES = {
    "A": "p means keep",
    "B": "one mask for all",
    "C": "healthy",
    "D": "scaled twice",
    "E": "drops in evaluation",
    "F": "healthy",
    "G": "scale missing",
}
_PATIENTS_STUB = """
my_diagnoses = {
    "A": ...,  # "healthy", "drops in evaluation", "scale missing",
    "B": ...,  # "scaled twice", "p means keep" or "one mask for all"
    "C": ...,
    "D": ...,
    "E": ...,
    "F": ...,
    "G": ...,
}
"""
_PATIENTS_SOLUTION = """
ones = np.ones((2000, 8))
for name, layer in ch07.PATIENTS.items():
    y, used = layer(ones, training=True), layer(ones, training=False)
    share = np.mean(y == 0)  # 0.25 is right
    rows_differ = np.any(y != y[0])
    means = y.mean(), used.mean()  # these two should agree
    repeats = np.array_equal(used, layer(ones, training=False))
my_diagnoses = {
    "A": "p means keep",  # three quarters are 0
    "B": "one mask for all",  # every row loses the same units
    "C": "healthy",
    "D": "scaled twice",  # the means are 1 in training and 0.75 in evaluation
    "E": "drops in evaluation",  # another answer each time
    "F": "healthy",  # 0.75 in both modes: the first form of dropout
    "G": "scale missing",  # 0.75 in training, 1 in evaluation
}
"""


def _diagnosed(**changed: str) -> dict[str, str]:
    """Give the right diagnoses, some of them changed: the material for wrong answers."""
    return _DIAGNOSES | changed


_PATIENTS_WRONG = (
    WrongAnswer(
        "all healthy",
        dict.fromkeys(_DIAGNOSES, "healthy"),
        "Looking at a few outputs is not enough, as nothing of this raises an error. Feed every "
        "patient ones, many rows of them, in both modes, and compute: share of zeros, mean, the "
        "same answer twice?",
    ),
    WrongAnswer(
        "first form taken for ill",
        _diagnosed(F="scale missing"),
        "It is true that nothing is enlarged in training. Now take the means in both modes: they "
        "agree, because evaluation multiplies by 1 − p. That is how dropout was first described.",
    ),
    WrongAnswer(
        "first form taken for a double correction",
        _diagnosed(F="scaled twice"),
        "It is true that evaluation multiplies by 1 − p. But does training divide? A correction in "
        "one of the two modes is what is needed; look at both before you judge.",
    ),
    WrongAnswer(
        "double correction taken for the first form",
        _diagnosed(D="healthy"),
        "Training is as it should be. But in evaluation all units are there, and this layer makes "
        "them smaller all the same: the next layer gets less than it was trained with.",
    ),
    WrongAnswer(
        "missing scale overlooked",
        _diagnosed(G="healthy"),
        "The right share is dropped, and evaluation changes nothing. Compare the means in the two "
        "modes: what does the next layer get in use that it never got in training?",
    ),
    WrongAnswer(
        "missing scale taken for a double one",
        _diagnosed(G="scaled twice"),
        "The two modes do have different means. But which values are there in training? If what is "
        "kept is still 1, nothing was scaled, not even once.",
    ),
    WrongAnswer(
        "missing evaluation mode overlooked",
        _diagnosed(E="healthy"),
        "Call it twice with training=False and compare. A network in use must not roll dice.",
    ),
    WrongAnswer(
        "missing evaluation mode taken for twice scaled",
        _diagnosed(E="scaled twice"),
        "In evaluation there are values above 1, that is true, but also zeros: it goes on dropping "
        "there.",
    ),
    WrongAnswer(
        "keeping taken for dropping",
        _diagnosed(A="healthy"),
        "Its mean is 1 in both modes, so scale and modes are in order. Count the zeros: is it a "
        "quarter of them?",
    ),
    WrongAnswer(
        "keeping taken for a double scale",
        _diagnosed(A="scaled twice"),
        "What is kept becomes 4, which looks too large. With which probability is it kept? If one "
        "in four is, then 4 is just right, and the error is in the share.",
    ),
    WrongAnswer(
        "common mask overlooked",
        _diagnosed(B="healthy"),
        "Share and scale are right, over many calls. Now compare two rows of a single call: two "
        "images that have nothing to do with each other lose the same units.",
    ),
    WrongAnswer(
        "healthy one suspected",
        _diagnosed(C="scaled twice"),
        "What is kept becomes 4/3, and that is right: 1 / (1 − 0.25). In evaluation nothing is "
        "scaled.",
    ),
    WrongAnswer(
        "one missing",
        {name: ill for name, ill in _DIAGNOSES.items() if name != "F"},
        "Still to predict: 'F'.",
    ),
    WrongAnswer(
        "in other words",
        _diagnosed(C="fine"),
        "The entry 'C' is 'fine', needed 'healthy' or",
    ),
    WrongAnswer(
        "a list",
        list(_DIAGNOSES.values()),
        "the answer has type list.",
    ),
)


def _examine_patients(answer: Any) -> str:
    otherwise = (
        "Feed ones to the patients in question, a few thousand rows. Which share is 0? What is "
        "the mean in each mode? Are the rows alike? Does evaluation repeat itself?"
    )
    compare_tables(answer, _DIAGNOSES, _PATIENTS_WRONG, otherwise, _ILLS)
    return (
        "All seven. None of them raises an error, and a network with any of them learns something. "
        "That is why one measures a layer before trusting it: share, mean, both modes, twice."
    )


patients = Exercise(
    name="ch07.patients",
    task=(
        "seven dropout layers, all asked for p = 0.25, and not all of them well. Examine "
        "ch07.PATIENTS['A'] to ch07.PATIENTS['G'], functions of (x, training), and fill in "
        "my_diagnoses. Whoever keeps the mean of training in evaluation, in whatever way, is "
        "healthy."
    ),
    examine=_examine_patients,
    hints=(
        "What must a healthy dropout layer do in training, and what in evaluation? Write down "
        "three numbers that you could measure.",
        "Feed it np.ones((2000, 8)): then zeros are what was dropped, and everything else is the "
        "factor. Compare the mean in training with that in evaluation.",
        "Share of zeros: p. Means of both modes: equal. Rows: different. Twice in evaluation: the "
        "same. Whoever fails the first two tests at once gets no second diagnosis: each is ill in "
        "one way at most.",
    ),
    wrong_answers=_PATIENTS_WRONG,
    solved_by=_PATIENTS_SOLUTION,
    starts_from=_PATIENTS_STUB,
)

# -- 4. What is left of a maximum -------------------------------------------------------------


def _my_expected_max(window: Array, p: float) -> float:
    """Mean of the maximum of a window, none of its values below 0, behind inverted dropout."""
    mean = 0.0
    all_above_gone = 1.0  # probability that every larger value was dropped
    for value in np.sort(window)[::-1]:
        mean += all_above_gone * (1 - p) * value / (1 - p)  # it survives, and is enlarged
        all_above_gone *= p
    return float(mean)


def _masks(n: int, p: float) -> list[tuple[Array, float]]:
    """All ways to keep some of n values, and how probable they are."""
    ways = [np.array(kept) for kept in np.ndindex(*(2,) * n)]
    return [(kept, (1 - p) ** kept.sum() * p ** (n - kept.sum())) for kept in ways]


def _expected_max_by_masks(window: Array, p: float) -> float:
    """Go through all masks."""
    return float(
        sum(chance * (kept * window).max() / (1 - p) for kept, chance in _masks(len(window), p))
    )


def _max_cases() -> list[tuple[Array, float]]:
    """Windows of one to six values in mixed order, some with equal values and with zeros."""
    rng = np.random.default_rng(7)
    windows = [[1, 2], [4, 2], [3, 3], [1, 4, 2], [8, 6, 4, 2], [0, 2, 0, 3], [1, 1, 1, 1], [5]]
    cases = [(np.array(window, dtype=float), 0.5) for window in windows]
    for n in (2, 3, 4, 5, 6):
        for p in (0.25, 0.75, 0.5, 0.0):
            cases.append((rng.permutation(9)[:n] / 2, p))
    return cases


def _falling(window: Array) -> Array:
    falling: Array = np.sort(window)[::-1]
    return falling


def _weighted(window: Array, ratio: float) -> float:
    return float((window * ratio ** np.arange(len(window))).sum())


_MAX_WRONG = (
    WrongAnswer(
        "the maximum itself",
        lambda x, p: float(x.max()),
        "This is the maximum without dropout. The mean is kept for each value, but not for the "
        "largest of several: where the winner is dropped, the next one steps in, and it has been "
        "enlarged.",
    ),
    WrongAnswer(
        "maximum enlarged",
        lambda x, p: float(x.max() / (1 - p)),
        "This is what comes out while the winner survives. It does so with probability 1 − p "
        "only; multiply by that, and see what happens in the other cases.",
    ),
    WrongAnswer(
        "not enlarged",
        lambda x, p: (1 - p) * _weighted(_falling(x), p),
        "Who wins how often is right, but the winners are not enlarged: behind inverted dropout a "
        "value that survives is divided by 1 − p.",
    ),
    WrongAnswer(
        "as they stand",
        lambda x, p: _weighted(x, p),
        "The weights 1, p, p² are right, but they go to the values in the order in which they "
        "stand in the window. The largest comes first, wherever it stands: sort.",
    ),
    WrongAnswer(
        "from the smallest",
        lambda x, p: _weighted(np.sort(x), p),
        "The values are sorted from small to large, so that the smallest gets the weight 1. The "
        "largest wins wherever it survives: begin with it.",
    ),
    WrongAnswer(
        "only the two largest",
        lambda x, p: _weighted(_falling(x)[:2], p),
        "Only the two largest values are considered. If both are dropped, the third one wins, and "
        "so on.",
    ),
    WrongAnswer(
        "keep for drop",
        lambda x, p: _weighted(_falling(x), 1 - p),
        "The weights are powers of 1 − p. For the second value to win, the first has to be "
        "*dropped*, which has probability p.",
    ),
    WrongAnswer(
        "enlarged twice",
        lambda x, p: _weighted(_falling(x), p) / (1 - p),
        "Too large by the factor 1 / (1 − p). The k-th value wins where it survives (1 − p) and "
        "all larger ones are gone; the division by 1 − p cancels just once.",
    ),
    WrongAnswer(
        "all masks alike",
        lambda x, p: float(
            np.mean([(kept * x).max() / (1 - p) for kept, _ in _masks(len(x), 0.5)])
        ),
        "All masks are given the same weight. That is right at p = 0.5; in general a mask that "
        "keeps k of n values has probability (1 − p)ᵏ pⁿ⁻ᵏ.",
    ),
    WrongAnswer(
        "without the empty mask",
        lambda x, p: _weighted(_falling(x), p) / (1 - p ** len(x)),
        "The case in which all values are dropped is left out. It occurs, and then the maximum is "
        "0; the other cases don't become more probable for that.",
    ),
    WrongAnswer(
        "sum",
        lambda x, p: float(x.sum()),
        "All values are added up in full, as if each won always. The second largest counts only "
        "where the largest is dropped.",
    ),
    WrongAnswer(
        "mean",
        lambda x, p: float(x.mean()),
        "This is the mean of the window: what an *average* pool hands on, with dropout or "
        "without. Asked for is the largest of the values that are left.",
    ),
    WrongAnswer(
        "weights divided by the place",
        lambda x, p: float((_falling(x) / np.arange(1, len(x) + 1)).sum()),
        "The k-th value is divided by k, whatever the rate. It has to be more probable that the "
        "second one wins if more is dropped.",
    ),
    WrongAnswer(
        "one number for each value",
        lambda x, p: _falling(x) * p ** np.arange(len(x)),
        "The function returned an array, needed one number.",
    ),
)


def _examine_max(answer: Any) -> str:
    n = compare(answer, _expected_max_by_masks, _max_cases(), _MAX_WRONG)
    same = _expected_max_by_masks(np.ones(4), 0.5)
    alone = _expected_max_by_masks(np.array([1.0, 0, 0, 0]), 0.5)
    return (
        f"All {n} windows agree with going through every mask. At p = 0.5 four equal values give "
        f"{same:g} times their maximum, one value alone gives {alone:g} times: the bias is larger "
        "the more alike the neighbours are."
    )


expected_max = Exercise(
    name="ch07.expected_max",
    task=(
        "dropout, then a max pool. Write my_expected_max(window, p): the mean, over all masks, of "
        "the largest value of a window behind inverted dropout. window is a row of numbers, none "
        "below 0, in any order; p is the probability of dropping. Return one number."
    ),
    examine=_examine_max,
    hints=(
        "Take two values, 4 and 2, and p = 0.5. There are four masks. What is the maximum for "
        "each of them, and what is their mean? (It is 5, not 4.)",
        "When does the largest value win? When the second largest? Give the probability that the "
        "k-th largest wins, from p alone.",
        "The k-th largest wins if it survives and the k − 1 above it do not: (1 − p) times p to "
        "the power of k − 1. Then it has been divided by 1 − p. Sum over all values, largest "
        "first.",
    ),
    wrong_answers=_MAX_WRONG,
    solved_by=_my_expected_max,
)

# -- 5. All thinned networks ------------------------------------------------------------------


def _my_ensemble(weight: Array, x: Array, p: float) -> float:
    """Mean over all masks of relu(weight · masked x), x under inverted dropout."""
    n, mean = len(x), 0.0
    for kept in np.ndindex(*(2,) * n):  # (0, 0, ..., 0) to (1, 1, ..., 1)
        probability = (1 - p) ** sum(kept) * p ** (n - sum(kept))
        z = weight @ (np.array(kept) * x / (1 - p))
        mean += probability * max(0.0, float(z))
    return mean


def _ensemble_by_halves(weight: Array, x: Array, p: float) -> float:
    """Decide on the first unit, then on the rest."""

    def mean(products: Array, so_far: float) -> float:
        if not len(products):
            return max(0.0, so_far)
        kept = mean(products[1:], so_far + products[0] / (1 - p))
        return (1 - p) * kept + p * mean(products[1:], so_far)

    return float(mean(weight * x, 0.0))


def _ensemble_cases() -> list[tuple[Array, Array, float]]:
    """One to five inputs, weights of both signs; some with a sum of 0."""
    rng = np.random.default_rng(7)
    cases = [
        (np.array([2.0, -1.0]), np.array([1.0, 1.0]), 0.5),
        (np.array([1.0, -1.0]), np.array([3.0, 3.0]), 0.5),
        (np.array([1.0, -2.0, 1.0]), np.array([2.0, 1.0, 1.0]), 0.25),
    ]
    for n in (2, 3, 4, 5):
        for p in (0.25, 0.75, 0.5):
            cases.append((halves(rng, n), np.abs(halves(rng, n)), p))
    return cases


def _over_masks(
    weight: Array,
    x: Array,
    p: float,
    chances: Callable[[Array, float], float] = lambda kept, p: (
        (1 - p) ** kept.sum() * p ** (len(kept) - kept.sum())
    ),
    output: Callable[[float, float], float] = lambda z, p: max(0.0, z / (1 - p)),
) -> float:
    """Sum over all masks with one thing done differently: the material for wrong answers."""
    return float(sum(chances(k, p) * output(weight @ (k * x), p) for k, _ in _masks(len(x), p)))


_ENSEMBLE_WRONG = (
    WrongAnswer(
        "evaluation mode",
        lambda w, x, p: float(max(0.0, w @ x)),
        "This is one pass in evaluation mode: relu(weight · x). It is what one does in practice. "
        "The mean of the thinned networks is something else, because relu of a mean is not the "
        "mean of relus.",
    ),
    WrongAnswer(
        "without the relu",
        lambda w, x, p: float(w @ x),
        "This is the mean of the weighted sums, and it is exactly weight · x. Each thinned "
        "network cuts off what is below 0 *before* the mean is taken.",
    ),
    WrongAnswer(
        "all masks alike",
        lambda w, x, p: _over_masks(w, x, p, lambda k, p: 0.5 ** len(k)),
        "Every mask gets the same weight. That is right at p = 0.5; in general a mask that keeps k "
        "of n inputs has the probability (1 − p)ᵏ pⁿ⁻ᵏ.",
    ),
    WrongAnswer(
        "not scaled",
        lambda w, x, p: _over_masks(w, x, p, output=lambda z, p: max(0.0, z)),
        "The masks and their probabilities are right, but what is kept is not enlarged. Inverted "
        "dropout divides it by 1 − p.",
    ),
    WrongAnswer(
        "keep for drop",
        lambda w, x, p: _over_masks(w, x, 1 - p, output=lambda z, q: max(0.0, z / q)),
        "The probabilities are exchanged: p is that of dropping an input, 1 − p that of keeping "
        "it.",
    ),
    WrongAnswer(
        "keep for drop, scale and all",
        lambda w, x, p: _over_masks(w, x, 1 - p),
        "p is taken for the probability of keeping, in the masks and in the factor. It is the "
        "probability of dropping.",
    ),
    WrongAnswer(
        "without the empty mask",
        lambda w, x, p: _ensemble_by_halves(w, x, p) / (1 - p ** len(x)),
        "The mask that drops everything is left out, or its probability is shared among the "
        "others. It occurs, and then the output is 0.",
    ),
    WrongAnswer(
        "sum over the masks",
        lambda w, x, p: _over_masks(w, x, p, lambda k, p: 1.0),
        "The outputs of all masks are added up. A mean weighs each by its probability.",
    ),
    WrongAnswer(
        "absolute value",
        lambda w, x, p: _over_masks(w, x, p, output=lambda z, p: abs(z) / (1 - p)),
        "Negative sums are turned into positive ones. relu turns them into 0.",
    ),
    WrongAnswer(
        "relu of each product",
        lambda w, x, p: float(np.maximum(w * x, 0).sum()),
        "relu is applied to each product before they are added. The unit adds first and cuts off "
        "afterwards.",
    ),
    WrongAnswer(
        "one input dropped at a time",
        lambda w, x, p: float(
            np.mean([max(0.0, (w @ x - w[i] * x[i]) / (1 - p)) for i in range(len(x))])
        ),
        "Only masks that drop exactly one input are considered. There are 2ⁿ of them: none, one, "
        "several, all.",
    ),
    WrongAnswer(
        "one number for each mask",
        lambda w, x, p: np.array([max(0.0, w @ (k * x) / (1 - p)) for k, _ in _masks(len(x), p)]),
        "The function returned an array, needed one number.",
    ),
)


def _examine_ensemble(answer: Any) -> str:
    n = compare(answer, _ensemble_by_halves, _ensemble_cases(), _ENSEMBLE_WRONG)
    w, x = np.array([1.0, -1.0]), np.array([3.0, 3.0])
    return (
        f"All {n} units agree. For weights 1 and −1 and inputs 3 and 3 the thinned networks say "
        f"{_ensemble_by_halves(w, x, 0.5):g} on average, and the whole network in evaluation mode "
        f"says {max(0.0, w @ x):g}. It is never the other way round: a relu never lifts the mean "
        "above the mean of its outputs. Evaluation mode is a good and cheap approximation, and "
        "without a relu it is exact."
    )


ensemble = Exercise(
    name="ch07.ensemble",
    task=(
        "n inputs under dropout make 2ⁿ thinned networks. Write my_ensemble(weight, x, p): the "
        "mean of their outputs, each weighted by its probability, for one unit with a relu: "
        "relu(weight · masked x), where what is kept of x is divided by 1 − p. Return one number."
    ),
    examine=_examine_ensemble,
    hints=(
        "Write down all masks for two inputs. How probable is each, at p = 0.25? What does the "
        "unit answer to each?",
        "Go through the masks with np.ndindex(2, 2, 2), once 2 for each input: it yields all "
        "tuples of zeros and ones. How many ones a mask has decides how probable it is.",
        "For every mask: probability times max(0, weight @ (mask · x / (1 − p))), and sum. The "
        "relu belongs inside the sum.",
    ),
    wrong_answers=_ENSEMBLE_WRONG,
    solved_by=_my_ensemble,
)

# -- 6. An honest number ----------------------------------------------------------------------


def _my_honest_accuracy(validation_loss: Array, test_accuracy: Array) -> float:
    """Mean test accuracy at the rate each seed would choose; both arrays (seeds, rates)."""
    chosen = validation_loss.argmin(axis=1)  # the test images have no say in it
    seeds = np.arange(len(chosen))
    return float(test_accuracy[seeds, chosen].mean())


def _honest_by_loops(validation_loss: Array, test_accuracy: Array) -> float:
    """Let one seed after the other choose."""
    total = 0.0
    for losses, accuracies in zip(validation_loss.tolist(), test_accuracy.tolist(), strict=True):
        total += accuracies[losses.index(min(losses))]
    return total / len(validation_loss)


def _honest_cases() -> list[tuple[Array, Array]]:
    """Two to six seeds, two to four rates."""
    rng = np.random.default_rng(7)
    cases = []
    for seeds, rates in [(2, 2), (2, 3), (3, 2), (3, 3), (4, 3), (5, 4), (6, 3)]:
        for _ in range(3):
            loss = rng.permutation(np.arange(1, seeds * rates + 1)).reshape(seeds, rates) / 20
            accuracy = 1 - rng.permutation(np.arange(seeds * rates)).reshape(seeds, rates) / 50
            cases.append((loss, accuracy))
    return cases


def _of(table: Array, columns: Array) -> float:
    return float(table[np.arange(len(table)), columns].mean())


_HONEST_WRONG = (
    WrongAnswer(
        "best test accuracy of each seed",
        lambda v, t: _of(t, t.argmax(axis=1)),
        "Each seed takes the rate that did best on the *test* images. The luck of those images is "
        "then part of the result, and it will not be there for new ones. Let the validation loss "
        "choose.",
    ),
    WrongAnswer(
        "best rate by the test",
        lambda v, t: float(t.mean(axis=0).max()),
        "One rate is chosen for all seeds, by its mean on the test images. That is gentler than "
        "choosing for each seed, and still the test images choose. Let the validation loss do it.",
    ),
    WrongAnswer(
        "one rate for all",
        lambda v, t: float(t[:, v.mean(axis=0).argmin()].mean()),
        "One rate is chosen for all seeds, by the mean validation loss: honest, but not what is "
        "asked. A seed stands for somebody with one training; that person has only the losses of "
        "their own row.",
    ),
    WrongAnswer(
        "highest loss",
        lambda v, t: _of(t, v.argmax(axis=1)),
        "The rate with the *highest* validation loss is taken. A loss is good when it is low: "
        "argmin.",
    ),
    WrongAnswer(
        "mean over all rates",
        lambda v, t: float(t.mean()),
        "This is the mean over all rates. Nobody uses all of them: each seed chooses one.",
    ),
    WrongAnswer(
        "chosen by test and validation",
        lambda v, t: _of(t, (t - v).argmax(axis=1)),
        "The test accuracy has a say in the choice, together with the validation loss. It must "
        "have none at all.",
    ),
    WrongAnswer(
        "argmin along the seeds",
        lambda v, t: float(t[v.argmin(axis=0), np.arange(v.shape[1])].mean()),
        "For each rate the best seed is chosen. It is the other way round: for each seed, a row, "
        "the best rate, a column: axis=1.",
    ),
    WrongAnswer(
        "lowest loss of all",
        lambda v, t: float(t.ravel()[v.argmin()]),
        "Only the one training with the lowest validation loss of all counts. Each seed has its "
        "own choice; take the mean over the seeds.",
    ),
    WrongAnswer(
        "rate of the first seed",
        lambda v, t: float(t[:, v[0].argmin()].mean()),
        "All seeds use the rate that the first one chose. Each has its own row of validation "
        "losses.",
    ),
    WrongAnswer(
        "mean validation loss",
        lambda v, t: float(v.min(axis=1).mean()),
        "This is the validation loss at the chosen rates, and it flatters: it was the lowest of "
        "several. Look up the test accuracy at the same rates.",
    ),
    WrongAnswer(
        "all columns for all rows",
        lambda v, t: float(t[:, v.argmin(axis=1)].mean()),
        "t[:, chosen] takes every chosen column for *every* seed. To pair each seed with its own "
        "choice give both indices: t[np.arange(seeds), chosen].",
    ),
    WrongAnswer(
        "the chosen rates",
        lambda v, t: v.argmin(axis=1),
        "The function returned an array, needed one number.",
    ),
)


def _luck() -> tuple[float, float]:
    """Points gained where all rates are equally good: chosen by validation, chosen by the test."""
    rng = np.random.default_rng(7)
    loss, accuracy = rng.normal(size=(2, 2000, 5))
    honest = _of(accuracy, loss.argmin(axis=1))
    return honest, _of(accuracy, accuracy.argmax(axis=1))


def _examine_honest(answer: Any) -> str:
    n = compare(answer, _honest_by_loops, _honest_cases(), _HONEST_WRONG)
    honest, lucky = _luck()
    return (
        f"All {n} tables agree. How much does it matter? Let five rates be equally good and the "
        "test vary by one point from run to run: choosing by validation gains "
        f"{honest + 0.0:.1f} points, as it should; choosing by the test gains {lucky:.1f}, out of "
        "nothing."
    )


honest_accuracy = Exercise(
    name="ch07.honest_accuracy",
    task=(
        "a network was trained with several rates of dropout and several seeds. validation_loss "
        "and test_accuracy have shape (seeds, rates). Write my_honest_accuracy(validation_loss, "
        "test_accuracy): each seed chooses its rate without looking at test images; return the "
        "mean test accuracy of what they chose."
    ),
    examine=_examine_honest,
    hints=(
        "Imagine you are one of the seeds. You have trained with every rate, and the test images "
        "are still in their envelope. Which numbers of the two tables do you know?",
        "For each row, find the column with the lowest loss. Then look up the accuracy in the "
        "same row and the same column.",
        "argmin with axis=1 gives one column for each row. Indexing with a pair of arrays, row "
        "numbers and column numbers, picks one entry of each row.",
    ),
    wrong_answers=_HONEST_WRONG,
    solved_by=_my_honest_accuracy,
)

EXERCISES = (
    dropout,
    channel_dropout,
    patients,
    expected_max,
    ensemble,
    honest_accuracy,
)
