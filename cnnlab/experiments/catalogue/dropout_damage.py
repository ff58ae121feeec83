"""Is a network that was trained with dropout robust, and against what? An experiment of chapter 7.

Five kinds of damage, at test time only. *units*: flattened features answer 0 for every image, as
broken units would. *kernels*: whole maps of the second convolution answer 0, where no arm was
trained with dropout. *pixels*: each pixel turns black by chance. *noise*: normal noise on every
pixel. *shift*: the digits move sideways, left and right in turn.

What a network loses is its accuracy on whole images minus its mean accuracy over the levels of
damage. Which units break is drawn by the seed, several times, and the same for every arm.
"""

from typing import Any

import numpy as np

from cnnlab import datasets, nn
from cnnlab._types import Array
from cnnlab.experiments import dropouts
from cnnlab.experiments.core import Configuration, Experiment, Quantity, Row

DAMAGE = 7  # stream of random numbers
WAYS = {"p0": ("none", 0.0), "p50": ("flat", 0.5), "input20": ("input", 0.2)}
KINDS = {
    "units": "flattened features silenced",
    "kernels": "maps of the second convolution silenced",
    "pixels": "pixels turned black",
    "noise": "normal noise on the pixels",
    "shift": "digits moved sideways",
}


def run(arm: str, seed: int, configuration: Configuration, device: str = "cpu") -> Row:
    """Train undamaged, test with each damage at each level."""
    split = datasets.digits(size=16, train=configuration["train"], seed=seed)
    place, p = WAYS[arm]
    network = dropouts.build(place, p, split.x_train, configuration)
    learned, row = dropouts.measure(network, split, seed, configuration, device)
    model: Any = learned.in_cnnlab()
    layers = [layer for layer in model if not isinstance(layer, nn.Dropout)]
    for kind in KINDS:
        curve = []
        for level in configuration[kind]:
            rng = np.random.default_rng([seed, DAMAGE])
            repeats = [
                right(damaged(layers, kind, level, split.x_test, rng, repeat), split.y_test)
                for repeat in range(configuration["repeats"])
            ]
            curve.append(float(np.mean(repeats)))
        row[f"{kind}_accuracies"] = curve
        row[f"{kind}_loss"] = row["test_accuracy"] - float(np.mean(curve))
    return row


def damaged(
    layers: list[nn.Module],
    kind: str,
    level: float,
    x: Array,
    rng: np.random.Generator,
    repeat: int = 0,
) -> Array:
    """Give the scores of the classes with one kind of damage.

    Parameters
    ----------
    layers : list of nn.Module
        The trained network without its dropout layer.
    kind : str
        A key of ``KINDS``.
    level : float
        Share of the units, maps or pixels; standard deviation of the noise; pixels of the shift.
    x : array of shape (N, 1, H, W)
        Images.
    rng : numpy.random.Generator
        Draws what breaks.
    repeat : int, default 0
        Every other time a shift goes to the left.

    Returns
    -------
    array of shape (N, classes)
    """
    if kind == "pixels":
        x = x * (rng.random(x.shape) >= level).astype(x.dtype)
    elif kind == "noise":
        x = x + level * rng.standard_normal(x.shape).astype(x.dtype)
    elif kind == "shift":
        x = moved(x, int(level) * (-1) ** repeat)
    broken = {"units": len(layers) - 1, "kernels": 5}.get(kind)  # before these layers
    for position, layer in enumerate(layers):
        if position == broken:
            units = x.shape[1]
            silent = rng.permutation(units)[: round(level * units)]
            x = x.copy()
            x[:, silent] = 0
        x = layer(x)
    return x


def moved(x: Array, pixels: int) -> Array:
    """Move images to the right, or to the left if negative; black comes in from outside."""
    y = np.zeros_like(x)
    width = x.shape[-1]
    right_of, left_of = max(pixels, 0), max(-pixels, 0)
    y[..., right_of : width - left_of] = x[..., left_of : width - right_of]
    return y


def right(scores: Array, y: Array) -> float:
    """Share of the images put right."""
    return float(np.mean(scores.argmax(axis=1) == y))


FULL: dict[str, Any] = {
    "train": 1000,
    "test": 797,
    "channels": [8, 16, 16],
    "library": "torch",
    "epochs": 20,
    "batch_size": 50,
    "learning_rates": [0.006],
    "units": [0.1, 0.3, 0.5, 0.7, 0.9],
    "kernels": [0.125, 0.25, 0.375, 0.5],
    "pixels": [0.1, 0.2, 0.3, 0.4, 0.5],
    "noise": [0.1, 0.2, 0.3, 0.4, 0.5],
    "shift": [1, 2, 3],
    "repeats": 4,
}

EXPERIMENT = Experiment(
    name="dropout_damage",
    question="What damage does a network survive better when it was trained with dropout?",
    arms={
        "p0": "trained without dropout",
        "p50": "trained with dropout, p = 0.5, after the flatten",
        "input20": "trained with dropout, p = 0.2, on the pixels",
    },
    held_equal=(
        *dropouts.HELD_EQUAL,
        "epochs; learning rate, on which it depends how large the weights grow",
        "which units, maps and pixels break, and the noise",
    ),
    quantities={
        **dropouts.QUANTITIES,
        **{
            f"{kind}_loss": Quantity("fraction", f"accuracy lost: {what}, mean over levels", 0.05)
            for kind, what in KINDS.items()
        },
    },
    run=run,
    full=FULL,
    quick={
        **FULL,
        "train": 200,
        "test": 1597,
        "epochs": 3,
        "repeats": 1,
        "units": [0.5],
        "kernels": [0.25],
        "pixels": [0.3],
        "noise": [0.3],
        "shift": [2],
    },
    data=dropouts.digits,
    packages=("scikit-learn", "torch"),
)
