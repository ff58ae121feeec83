"""How long does a training step take with pools, and without them in five ways? Chapter 8.

The step of each way and that of max pooling are timed in turns, in torch as `removals_centred` and
its siblings train them: batches of 50, one thread. The quotient of the two medians says how many
epochs fit into the same time.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from cnnlab._types import Array
from cnnlab.experiments import removals
from cnnlab.experiments.core import Configuration, Experiment, Quantity, Row
from cnnlab.experiments.equal_time import ARMS
from cnnlab.experiments.steps import noise, step
from cnnlab.experiments.timing import milliseconds

SHAPES = {"digits": (1, 28, 28), "photographs": (3, 32, 32)}


def _step(arm: str, kind: str, configuration: Configuration) -> Callable[[], Any]:
    """One training step in torch, on noise of the shape of one kind of images."""
    x, y = noise(configuration["batch_size"], *SHAPES[kind])
    _, in_channels, size, _ = x.shape
    model = removals.build(arm, size, in_channels, configuration, np.random.default_rng(1))
    return step("torch", model, x, y)


def run(arm: str, seed: int, configuration: Configuration) -> Row:
    """Time the step of an arm and that of max in turns; the seed only numbers the repetition."""
    row: Row = {}
    for kind in SHAPES:
        steps = _step(arm, kind, configuration), _step("max", kind, configuration)
        own, of_max = milliseconds(*steps, repeats=configuration["repeats"])
        row |= {f"{kind}_step_ms": own, f"{kind}_over_max": own / of_max}
    return row


def data(configuration: Configuration) -> tuple[str, Mapping[str, Array]]:
    """Noise: the time of a step does not hang on the picture."""
    arrays = {kind: noise(configuration["batch_size"], *shape) for kind, shape in SHAPES.items()}
    return "uniform noise, generator seed 0", {
        f"{name}_{kind}": array
        for kind, pair in arrays.items()
        for name, array in zip("xy", pair, strict=True)
    }


FULL: dict[str, Any] = {"batch_size": 50, "channels": [8, 16, 16], "repeats": 31}

EXPERIMENT = Experiment(
    name="removals_pace",
    question="How long does a training step take with max pools, and with each way to remove them?",
    arms=ARMS,
    held_equal=("batch size, float32, one thread", "optimiser: Adam", "width of the convolutions"),
    quantities={
        f"{kind}_{key}": Quantity(unit, f"{meaning}, {shape[0]}x{shape[1]}x{shape[2]} pixels")
        for kind, shape in SHAPES.items()
        for key, unit, meaning in (
            ("step_ms", "ms", "median processor time of one training step"),
            ("over_max", "ratio", "the same over that of max pooling, timed in turns"),
        )
    },
    run=run,
    full=FULL,
    quick={**FULL, "batch_size": 8, "repeats": 3},
    data=data,
    packages=("torch",),
    alone=True,
)
