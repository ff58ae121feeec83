"""How steady are trained networks? One measurement for many networks: shifts, new places, noise.

Each network is trained once, and then every question is put to the same one: digits moved to the
right, digits anywhere on the canvas, noisy pixels, missing pixels. `shift_curve` varies the network
and trains on centred digits; `positions` trains some of them on digits anywhere.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from cnnlab import datasets, nn
from cnnlab._types import Array
from cnnlab.datasets import Split
from cnnlab.datasets.digits import paste
from cnnlab.experiments.core import Configuration, Quantity, Row
from cnnlab.experiments.learning import Learned, Redraw, learn
from cnnlab.experiments.networks import n3
from cnnlab.experiments.photo_features import unchanged_share
from cnnlab.nn import functional as F

SIZE = 28
DISTURBANCE = 5  # stream of random numbers of a seed; learning has 1 to 4

ARCHITECTURES = {
    "max": ("max", "flatten"),
    "avg": ("avg", "flatten"),
    "stride": ("stride", "flatten"),
    "maxblur": ("maxblur", "flatten"),
    "none": ("none", "flatten"),
    "late": ("dilated", "grid"),
    "max_gap": ("max", "gap"),
    "avg_gap": ("avg", "gap"),
    "stride_gap": ("stride", "gap"),
    "maxblur_gap": ("maxblur", "gap"),
}
CONTROLS = {
    "none_gap": ("none", "gap"),
    "late_gap": ("dilated", "gap"),
    "max_wide": ("max", "flatten"),
    "stride_wide": ("stride", "flatten"),
}
IN_WORDS = {
    "max": "2x2 max pooling twice, flatten",
    "avg": "2x2 average pooling twice, flatten",
    "stride": "the first two convolutions take stride 2, flatten",
    "maxblur": "max pooling with stride 1 and blur pooling with stride 2, twice, flatten",
    "none": "no pools: the flatten grows sixteenfold, and with it the dense layer",
    "late": "no pools between the layers, dilations 1, 2 and 4 in their place, one average pooling "
    "before the flatten",
    "max_gap": "2x2 max pooling twice, global average pooling",
    "avg_gap": "2x2 average pooling twice, global average pooling",
    "stride_gap": "the first two convolutions take stride 2, global average pooling",
    "maxblur_gap": "max pooling with stride 1 and blur pooling with stride 2, twice, global "
    "average pooling",
}
CONTROLS_IN_WORDS = {
    "none_gap": "no pools and no strides, global average pooling",
    "late_gap": "no pools and no strides, dilations 1, 2 and 4 in their place, global average "
    "pooling",
    "max_wide": "2x2 max pooling twice, flatten; channels and epochs of the networks with a global "
    "average",
    "stride_wide": "the first two convolutions take stride 2, flatten; channels and epochs of the "
    "networks with a global average",
}
HELD_EQUAL = (
    "digits for training and for testing, initial kernels of equal shape, order of batches: by the "
    "seed",
    "batch size, optimiser, schedule, learning rates to choose from on a fifth of the training "
    "images",
    "about 11 000 parameters, in none 129 000: a network with a global pool has more channels in "
    "place of its dense weights",
    "epochs, among networks with the same head: a global average takes longer to train",
)
QUANTITIES = {
    "train_accuracy": Quantity("fraction", "share of the training images put right", 0.04),
    "centred": Quantity("fraction", "share of centred test digits put right", 0.04),
    "anywhere": Quantity("fraction", "share of test digits at random places put right", 0.1),
    "consistency_1": Quantity(
        "fraction", "share of test digits with the same answer one pixel to the right", 0.05
    ),
    "accuracy_1": Quantity("fraction", "share put right, moved by one pixel", 0.05),
    "accuracy_2": Quantity("fraction", "share put right, moved by two pixels", 0.1),
    "accuracy_3": Quantity("fraction", "share put right, moved by three pixels", 0.1),
    "accuracy_4": Quantity("fraction", "share put right, moved by four pixels", 0.1),
    "noisy": Quantity("fraction", "share of centred digits put right, noise of 0.2", 0.1),
    "missing": Quantity(
        "fraction", "share of centred digits put right, a fifth of the pixels black", 0.1
    ),
    "unchanged_share": Quantity(
        "fraction",
        "share of 2x2 max-pool units on the first kernels' responses that one pixel leaves alone",
        0.1,
    ),
    "parameters": Quantity("numbers", "trainable numbers", 0),
}
TRAINED: dict[str, Any] = {
    "train": 1000,
    "test": 797,
    "channels": [8, 16, 16],
    "gap_channels": [12, 24, 36],
    "library": "torch",
    "epochs": 12,
    "long_epochs": 35,
    "trial_epochs": 6,
    "batch_size": 25,
    "learning_rates": [0.003, 0.006, 0.012],
    "shifts": [0, 1, 2, 3, 4, 5, 6],
    "places": [0, 3, 6, 9, 12],
    "place_test": 200,
    "noise": [0.1, 0.2, 0.3, 0.4],
    "missing": [0.1, 0.2, 0.3, 0.4],
    "judged": 0.2,
}
QUICK: dict[str, Any] = {
    **TRAINED,
    "train": 100,
    "test": 50,
    "epochs": 1,
    "long_epochs": 1,
    "trial_epochs": 1,
    "learning_rates": [0.004],
    "shifts": [0, 1, 2, 3, 4],
    "places": [6],
    "noise": [0.2],
    "missing": [0.2],
}

__all__ = [
    "ARCHITECTURES",
    "CONTROLS",
    "CONTROLS_IN_WORDS",
    "HELD_EQUAL",
    "IN_WORDS",
    "QUANTITIES",
    "QUICK",
    "TRAINED",
    "build",
    "measure",
    "redrawing",
    "teach",
]


def build(architecture: str, configuration: Configuration, rng: np.random.Generator) -> nn.Module:
    """Build the network.

    Parameters
    ----------
    architecture : str
        A key of ``ARCHITECTURES`` or ``CONTROLS``.
    configuration : mapping
        ``channels`` and ``gap_channels``.
    rng : numpy.random.Generator
        Draws the initial weights.

    Returns
    -------
    nn.Sequential
    """
    down, head = {**ARCHITECTURES, **CONTROLS}[architecture]
    channels = configuration["gap_channels" if _is_wide(architecture) else "channels"]
    return n3(down, SIZE, tuple(channels), head=head, rng=rng)


def _is_wide(architecture: str) -> bool:
    """Whether it has the channels and the epochs of a network with a global average."""
    return architecture.endswith(("_gap", "_wide"))


def redrawing(configuration: Configuration, seed: int) -> Redraw:
    """Give a function that puts the training digits at new places each time it is called.

    Parameters
    ----------
    configuration : mapping
        ``train``: number of training images.
    seed : int
        Which training digits.

    Returns
    -------
    callable
        ``redraw(rng)`` gives images of shape (train, 1, 28, 28).
    """
    digits = datasets.digits(16, configuration["train"], seed).x_train

    def redraw(rng: np.random.Generator) -> Array:
        return paste(digits, rng.integers(0, SIZE - 16 + 1, size=(len(digits), 2)))

    return redraw


def teach(
    architecture: str,
    training: Split,
    seed: int,
    configuration: Configuration,
    device: str = "cpu",
    *,
    redraw: Redraw | None = None,
) -> Learned:
    """Train a network; for longer, if it has a global average or sees every digit at new places.

    Parameters
    ----------
    architecture : str
        A key of ``ARCHITECTURES`` or ``CONTROLS``.
    training : Split
        Whose training images it sees.
    seed : int
        Sets weights and order.
    configuration : mapping
        Like ``TRAINED``.
    device : str, default "cpu"
        A device of torch.
    redraw : callable, optional
        Gives the training images anew before every epoch.

    Returns
    -------
    Learned
    """
    takes_long = _is_wide(architecture) or redraw is not None
    return learn(
        lambda rng: build(architecture, configuration, rng),
        training.x_train,
        training.y_train,
        seed=seed,
        configuration={
            **configuration,
            "epochs": configuration["long_epochs" if takes_long else "epochs"],
        },
        device=device,
        redraw=redraw,
    )


def measure(
    architecture: str,
    training: Split,
    seed: int,
    configuration: Configuration,
    device: str = "cpu",
    *,
    redraw: Redraw | None = None,
) -> Row:
    """Train a network and put every question to it.

    Parameters
    ----------
    architecture, training, configuration, device, redraw
        As for :func:`teach`.
    seed : int
        Sets the digits, weights, order, places and noise.

    Returns
    -------
    dict
        The quantities, and the curves behind them.
    """
    learned = teach(architecture, training, seed, configuration, device, redraw=redraw)
    model = learned.in_cnnlab()
    return {
        "train_accuracy": learned.scores(training.x_train, training.y_train).accuracy,
        **_moved(learned, seed, configuration),
        **_disturbed(learned, seed, configuration),
        "unchanged_share": _unchanged(model, seed, configuration),
        "parameters": sum(parameter.size for parameter in model.parameters()),
        **learned.choice(),
    }


def _test_images(
    seed: int, configuration: Configuration, place: Any = "centre", shift: int = 0
) -> tuple[Array, Array]:
    """Test images and their classes: the same digits at other places."""
    split = datasets.placed_digits(place, configuration["train"], seed, shift=shift)
    return split.x_test[: configuration["test"]], split.y_test[: configuration["test"]]


def _moved(learned: Learned, seed: int, configuration: Configuration) -> Row:
    """Accuracy and consistency by shift, accuracy at random places and on a grid of places."""
    accuracy, consistency, shifts = [], [], list(configuration["shifts"])
    answers = None
    for shift in shifts:
        x, y = _test_images(seed, configuration, shift=shift)
        given = learned.predictions(x)
        answers = given if answers is None else answers
        accuracy.append(float(np.mean(given == y)))
        consistency.append(float(np.mean(given == answers)))
    x, y = _test_images(seed, configuration, "random")
    return {
        "centred": accuracy[0],
        **{f"accuracy_{shift}": accuracy[shifts.index(shift)] for shift in (1, 2, 3, 4)},
        "consistency_1": consistency[shifts.index(1)],
        "anywhere": float(np.mean(learned.predictions(x) == y)),
        "accuracy_by_shift": [round(value, 4) for value in accuracy],
        "consistency_by_shift": [round(value, 4) for value in consistency],
        "accuracy_by_place": _by_place(learned, seed, configuration),
    }


def _by_place(learned: Learned, seed: int, configuration: Configuration) -> list[list[float]]:
    """Accuracy with every digit at one place, for a grid of places: top rows first."""
    split = datasets.digits(16, configuration["train"], seed)
    x, y = (part[: configuration["place_test"]] for part in (split.x_test, split.y_test))
    corners = configuration["places"]

    def accuracy(top: int, left: int) -> float:
        there = paste(x, np.tile([top, left], (len(x), 1)))
        return round(float(np.mean(learned.predictions(there) == y)), 3)

    return [[accuracy(top, left) for left in corners] for top in corners]


def _disturbed(learned: Learned, seed: int, configuration: Configuration) -> Row:
    """Accuracy on centred digits with noise, and with missing pixels, by level."""
    x, y = _test_images(seed, configuration)
    rng = np.random.default_rng([seed, DISTURBANCE])
    ways: dict[str, Callable[[float], Array]] = {
        "noisy": lambda deviation: x + deviation * rng.normal(size=x.shape),
        "missing": lambda share: x * (rng.random(x.shape) >= share),
    }
    row: Row = {}
    for (name, disturb), levels in zip(ways.items(), ("noise", "missing"), strict=True):
        accuracy = [
            float(np.mean(learned.predictions(disturb(level).astype(np.float32)) == y))
            for level in configuration[levels]
        ]
        row[name] = accuracy[configuration[levels].index(configuration["judged"])]
        row[f"{name}_by_level"] = [round(value, 4) for value in accuracy]
    return row


def _unchanged(model: Any, seed: int, configuration: Configuration) -> float:
    """Share of 2x2 max-pool units on the first convolution's responses that a shift leaves alone.

    Measured with the trained kernels and stride 1, whatever the network does with them.
    """
    x, _ = _test_images(seed, configuration)
    first = model[0]
    return unchanged_share("max", F.conv2d(x[:100], first.weight.data, first.bias.data, padding=1))
