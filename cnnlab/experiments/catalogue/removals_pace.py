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
from cnnlab.experiments.timing import milliseconds, one_torch_thread

SHAPES = {"digits": (1, 28, 28), "photographs": (3, 32, 32)}


def images(kind: str, configuration: Configuration) -> tuple[Array, Array]:
    """Noise images (N, C, H, W), float32, and classes (N,)."""
    rng = np.random.default_rng(0)
    N = configuration["batch_size"]
    x: Array = rng.random((N, *SHAPES[kind]), dtype=np.float32)
    y: Array = rng.integers(0, 10, size=(N,))
    return x, y


def step(arm: str, kind: str, configuration: Configuration) -> Callable[[], Any]:
    """One training step in torch, ready to be timed.

    Parameters
    ----------
    arm : str
        A key of ``ARMS``.
    kind : {"digits", "photographs"}
        Which shape the images have.
    configuration : mapping
        ``channels``, ``batch_size``.

    Returns
    -------
    callable
        Without arguments: forward, loss, backward, Adam.
    """
    torch = one_torch_thread()
    from cnnlab.compare import to_torch

    x, y = (torch.from_numpy(array) for array in images(kind, configuration))
    _, in_channels, size, _ = x.shape
    model: Any = to_torch(
        removals.build(arm, size, in_channels, configuration, np.random.default_rng(1))
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

    def one_step() -> None:
        loss = torch.nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return one_step


def run(arm: str, seed: int, configuration: Configuration) -> Row:
    """Time the step of an arm and that of max in turns; the seed only numbers the repetition."""
    row: Row = {}
    for kind in SHAPES:
        steps = step(arm, kind, configuration), step("max", kind, configuration)
        own, of_max = milliseconds(*steps, repeats=configuration["repeats"])
        row |= {f"{kind}_step_ms": own, f"{kind}_over_max": own / of_max}
    return row


def data(configuration: Configuration) -> tuple[str, Mapping[str, Array]]:
    """Noise: the time of a step does not hang on the picture."""
    arrays = {kind: images(kind, configuration) for kind in SHAPES}
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
