"""Does dropout undo a bad order of the training images? An experiment of chapter 7.

The story goes: a network that sees circles first will never learn straight lines, and dropout
prevents that. *round_first*: five epochs on the round digits 0, 6, 8 and 9, then epochs on all
digits. It has two controls. *same_images* sees every image exactly as often, in steps of the same
sizes, but shuffled from beginning to end: these two differ in the order alone. *mixed_first* takes
as many steps on as many images of every kind, then the same epochs on all, and so has seen more
straight digits in the end. *sorted*: every epoch goes through the classes one after the other.
*shuffled*: as many steps, in a new order every epoch. The whole training is one list of batches,
with one optimiser and one schedule.
"""

from typing import Any

import numpy as np

from cnnlab import datasets, nn, optim
from cnnlab._types import Array
from cnnlab.experiments import dropouts
from cnnlab.experiments.core import Configuration, Experiment, Quantity, Row
from cnnlab.training import evaluate

WEIGHTS, ORDER = 1, 2  # streams of random numbers
ROUND, STRAIGHT = (0, 6, 8, 9), (1, 4, 7)
ORDERS = {
    "round_first": "round digits alone for five epochs, then eight epochs on all",
    "mixed_first": "as many images of every kind for five epochs, then eight epochs on all",
    "round_first_long": "round digits alone for five epochs, then thirty epochs on all",
    "mixed_first_long": "as many images of every kind for five epochs, then thirty epochs on all",
    "same_images": "every image as often as in round_first, shuffled from beginning to end",
    "same_images_long": "every image as often as in round_first_long, shuffled throughout",
    "sorted": "twelve epochs, class after class",
    "shuffled": "twelve epochs, shuffled anew before each",
}
ARMS = {
    f"{order}_p{p}": f"{text}; {f'dropout with p = 0.{p}' if p else 'no dropout'}"
    for order, text in ORDERS.items()
    for p in (0, 5)
}


def batches_of(order: str, y: Array, rng: np.random.Generator, configuration: Configuration) -> Any:
    """Write down the batches of a whole training, in their order.

    Parameters
    ----------
    order : str
        A key of ``ORDERS``.
    y : array of shape (N,)
        Classes.
    rng : numpy.random.Generator
        Shuffles.
    configuration : mapping
        ``first_epochs``, ``epochs``, ``long_epochs``, ``order_epochs`` and ``batch_size``.

    Returns
    -------
    list of integer arrays
        Positions of the images of each batch.
    """
    if order.startswith("same_images"):
        model = order.replace("same_images", "round_first")
        batches = batches_of(model, y, rng, configuration)
        ends = np.cumsum([len(batch) for batch in batches])[:-1]
        return np.split(rng.permutation(np.concatenate(batches)), ends)
    everything = np.arange(len(y))
    chosen = np.flatnonzero(np.isin(y, ROUND))
    if order.startswith("mixed_first"):
        chosen = rng.permutation(everything)[: len(chosen)]
    if "first" in order:
        later = configuration["long_epochs" if order.endswith("long") else "epochs"]
        epochs = [rng.permutation(chosen) for _ in range(configuration["first_epochs"])]
        epochs += [rng.permutation(everything) for _ in range(later)]
    else:
        epochs = [rng.permutation(everything) for _ in range(configuration["order_epochs"])]
        if order == "sorted":
            epochs = [epoch[np.argsort(y[epoch], kind="stable")] for epoch in epochs]
    size = configuration["batch_size"]
    return [epoch[start : start + size] for epoch in epochs for start in range(0, len(epoch), size)]


def train(
    model: nn.Sequential, x: Array, y: Array, batches: list[Array], rate: float
) -> nn.Sequential:
    """Train with Adam and a cosine schedule, batch after batch in the order that is given."""
    optimizer = optim.Adam(model.parameters(), lr=rate)
    schedule = optim.CosineSchedule(optimizer, steps=len(batches))
    criterion = nn.CrossEntropyLoss()
    model.train()
    for chosen in batches:
        criterion(model(x[chosen]), y[chosen])
        optimizer.zero_grad()
        model.backward(criterion.backward())
        optimizer.step()
        schedule.step()
    return model


def run(arm: str, seed: int, configuration: Configuration) -> Row:
    """Train in the order of the arm; test on all digits, on the round ones, the straight ones."""
    split = datasets.digits(size=16, train=configuration["train"], seed=seed)
    order, _, rate = arm.rpartition("_p")
    p = int(rate) / 10
    weights = np.random.default_rng([seed, WEIGHTS])
    model = dropouts.network("flat" if p else "none", p, 16, configuration, rng=weights)
    batches = batches_of(order, split.y_train, np.random.default_rng([seed, ORDER]), configuration)
    model = train(model, split.x_train, split.y_train, batches, configuration["learning_rate"])
    x, y = split.x_test, split.y_test
    kinds = {"round": np.isin(y, ROUND), "straight": np.isin(y, STRAIGHT)}
    on_test = evaluate(model, x, y)
    return {
        "test_accuracy": on_test.accuracy,
        "test_log_loss": on_test.loss,
        "train_accuracy": evaluate(model, split.x_train, split.y_train).accuracy,
        **{
            f"{kind}_accuracy": evaluate(model, x[of], y[of]).accuracy for kind, of in kinds.items()
        },
        "steps": len(batches),
        "class_accuracies": [evaluate(model, x[y == c], y[y == c]).accuracy for c in range(10)],
    }


FULL: dict[str, Any] = {
    "train": 400,
    "test": 1397,
    "channels": [8, 16, 16],
    "first_epochs": 5,
    "epochs": 8,
    "long_epochs": 30,
    "order_epochs": 12,
    "batch_size": 25,
    "learning_rate": 0.003,
}

EXPERIMENT = Experiment(
    name="sample_order",
    question="Does dropout undo what a bad order of the training images does?",
    arms=ARMS,
    held_equal=(
        "training images, initial weights: by the seed",
        "steps of the two orders that are compared, batch size, optimiser, schedule, learning rate",
        "how often each image comes: in round_first and same_images, in sorted and shuffled",
        "evaluation mode, in which nothing is dropped",
    ),
    quantities={
        "test_accuracy": Quantity("fraction", "share of the test images put right", 0.1),
        "test_log_loss": Quantity("nats", "mean log-loss on the test images", 1.0),
        "train_accuracy": Quantity("fraction", "share of the training images put right", 0.1),
        "round_accuracy": Quantity("fraction", "share of the test images of 0, 6, 8, 9 right", 0.1),
        "straight_accuracy": Quantity("fraction", "share of the test images of 1, 4, 7 right", 0.1),
        "steps": Quantity("steps", "batches in the whole training", 0),
    },
    run=run,
    full=FULL,
    quick={
        **FULL,
        "train": 100,
        "test": 1697,
        "channels": [4, 4, 4],
        "first_epochs": 1,
        "epochs": 1,
        "order_epochs": 2,
        "long_epochs": 2,
    },
    data=dropouts.digits,
    packages=("scikit-learn",),
)
