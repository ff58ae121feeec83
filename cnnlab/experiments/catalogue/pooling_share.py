"""Which part of a training step goes into max pooling? An experiment of chapter 2.

The whole step of N3 and its two pooling layers alone, forward and backward, on maps of the same
shapes and in the same layout, are timed in turns. The share is the quotient of the two medians.
"""

from collections.abc import Mapping

from cnnlab._types import Array
from cnnlab.experiments.core import Configuration, Experiment, Quantity, Row
from cnnlab.experiments.steps import network, noise, pools, step
from cnnlab.experiments.timing import milliseconds

ARMS = {
    "cnnlab": "cnnlab",
    "torch": "torch, default layout",
    "torch_channels_last": "torch, channels last",
}


def run(arm: str, seed: int, configuration: Configuration) -> Row:
    """Time the step and its pools; the seed only numbers the repetition."""
    N, size = configuration["batch_size"], configuration["size"]
    step_ms, pool_ms = milliseconds(
        step(arm, network("max", configuration), *noise(N, 1, size, size)),
        pools(arm, N, configuration),
        repeats=configuration["repeats"],
    )
    return {"step_ms": step_ms, "pool_ms": pool_ms, "share": pool_ms / step_ms}


def data(configuration: Configuration) -> tuple[str, Mapping[str, Array]]:
    """Noise: the time of a step does not hang on the picture."""
    size = configuration["size"]
    x, y = noise(configuration["batch_size"], 1, size, size)
    return "uniform noise, generator seed 0", {"x": x, "y": y}


EXPERIMENT = Experiment(
    name="pooling_share",
    question="Which share of a training step is spent in max pooling?",
    arms=ARMS,
    held_equal=("network, shapes, float32", "one thread", "optimiser: Adam"),
    quantities={
        "step_ms": Quantity("ms", "median processor time of one training step"),
        "pool_ms": Quantity("ms", "the same of both pools, forward and backward"),
        "share": Quantity("fraction", "pools over step"),
    },
    run=run,
    full={"batch_size": 64, "channels": [16, 32, 32], "size": 28, "repeats": 31},
    quick={"batch_size": 16, "channels": [8, 16, 16], "size": 28, "repeats": 3},
    data=data,
    packages=("torch",),
    alone=True,
)
