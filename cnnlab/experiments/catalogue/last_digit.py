"""What becomes of a difference in the last digit? Two trainings that begin alike. Chapter 10.

Each run trains N3 twice, from the same kernels, on the same digits in the same order. The second
training is begun again in the same way, or with one weight moved to the next float32, or it is made
by torch, whose sums have another order. How far apart are the weights then, from step to step?
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from cnnlab import datasets, nn, optim
from cnnlab._extras import needed
from cnnlab._types import Array
from cnnlab.experiments.core import Configuration, Experiment, Quantity, Row
from cnnlab.experiments.learning import BATCHES, INITIAL_WEIGHTS
from cnnlab.experiments.networks import n3
from cnnlab.experiments.timing import one_torch_thread

RATES = {"low": 0.003, "middle": 0.01, "high": 0.03}
SECOND = {
    "same": "cnnlab once more",
    "nudged": "one weight moved to the next float32",
    "torch": "torch",
}
ARMS = {
    f"{second}_{rate}": f"the second training: {what}; learning rate {RATES[rate]:g}"
    for rate in RATES
    for second, what in SECOND.items()
    if (second, rate) in {("same", "high")} or second != "same"
}
Batches = Callable[[], Iterator[tuple[Array, Array]]]


def begin(seed: int, configuration: Configuration) -> nn.Sequential:
    """Give the seed's network, untrained."""
    rng = np.random.default_rng([seed, INITIAL_WEIGHTS])
    return n3("max", 8, tuple(configuration["channels"]), rng=rng)


def nudge(model: nn.Sequential) -> None:
    """Move the first weight of the first kernel to the next larger float32."""
    weight = next(model.parameters()).data
    weight.flat[0] = np.nextafter(weight.flat[0], np.float32(np.inf))


def trained(model: nn.Sequential, batches: Batches, rate: float) -> Iterator[Array]:
    """Train in cnnlab; after every step give all weights in one row."""
    criterion, optimizer = nn.CrossEntropyLoss(), optim.Adam(model.parameters(), lr=rate)
    for x, y in batches():
        criterion(model(x), y)
        optimizer.zero_grad()
        model.backward(criterion.backward())
        optimizer.step()
        yield np.concatenate([parameter.data.ravel() for parameter in model.parameters()])


def trained_in_torch(module: Any, batches: Batches, rate: float) -> Iterator[Array]:
    """Train in torch; after every step give all weights in one row."""
    torch = one_torch_thread()
    criterion = torch.nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(module.parameters(), lr=rate)
    for x, y in batches():
        optimizer.zero_grad()
        criterion(module(torch.from_numpy(x)), torch.from_numpy(y)).backward()
        optimizer.step()
        yield np.concatenate([p.detach().numpy().ravel().copy() for p in module.parameters()])


def run(arm: str, seed: int, configuration: Configuration) -> Row:
    """Train twice, and hold the two together."""
    second, _, name = arm.partition("_")
    rate = RATES[name]
    split = datasets.digits(size=8, train=configuration["train"], seed=seed)

    def batches() -> Iterator[tuple[Array, Array]]:
        rng = np.random.default_rng([seed, BATCHES])
        for _ in range(configuration["epochs"]):
            yield from datasets.batches(
                split.x_train, split.y_train, configuration["batch_size"], rng=rng
            )

    one, other = begin(seed, configuration), begin(seed, configuration)
    if second == "nudged":
        nudge(other)
    if second == "torch":
        with needed("torch", by="last_digit"):
            from cnnlab.compare import from_torch, to_torch
        module = to_torch(other)
        steps = trained_in_torch(module, batches, rate)
    else:
        steps = trained(other, batches, rate)
    distances = [
        float(np.linalg.norm(a - b) / np.linalg.norm(a))
        for a, b in zip(trained(one, batches, rate), steps, strict=True)
    ]
    if second == "torch":
        other = from_torch(module)  # type: ignore[assignment]  # it is a Sequential again
    answers = [model(split.x_test).argmax(axis=1) for model in (one, other)]
    accuracies = [float(np.mean(answer == split.y_test)) for answer in answers]
    return {
        "distance": distances[-1],
        "changed": int(np.sum(answers[0] != answers[1])),
        "accuracy": accuracies[0],
        "other_accuracy": accuracies[1],
        "distances": distances[:: configuration["every"]],
    }


def data(configuration: Configuration) -> tuple[str, Mapping[str, Array]]:
    """Give the digits of seed 0."""
    split = datasets.digits(size=8, train=configuration["train"], seed=0)
    return "digits 8x8, split of seed 0", split.arrays()


EXPERIMENT = Experiment(
    name="last_digit",
    question="What becomes of a difference in the last digit when two networks are trained alike?",
    arms=ARMS,
    held_equal=(
        "initial kernels (but for the last digit of one weight), images, order of batches",
        "network, optimiser: Adam, constant rate, float32",
    ),
    quantities={
        "distance": Quantity("fraction", "distance of the weights at the end over their size"),
        "changed": Quantity("digits", "test digits that the two answer differently"),
        "accuracy": Quantity("fraction", "share of test digits that the first puts right", 0.05),
        "other_accuracy": Quantity("fraction", "the same of the second", 0.05),
    },
    run=run,
    full={"train": 1000, "channels": [8, 16, 16], "epochs": 10, "batch_size": 25, "every": 5},
    quick={"train": 100, "channels": [2, 2, 2], "epochs": 1, "batch_size": 25, "every": 1},
    data=data,
    packages=("torch", "scikit-learn"),
)
