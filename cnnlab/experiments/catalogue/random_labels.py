"""How much of labels that mean nothing does a network learn? Digits.

All 500 labels are drawn by chance, so whatever is learned is learned by heart. A network that
optimises slowly memorises less in a given time without being any the less able to. Against that
stand two controls: each arm counts with the best of three learning rates, best at memorising; and
with this rate it is trained anew for twice as many epochs. Every schedule ends at 0.
"""

from typing import Any

import numpy as np

from cnnlab.datasets.labels import random_labels
from cnnlab.experiments import memorising
from cnnlab.experiments.core import Configuration, Experiment, Quantity, Row
from cnnlab.experiments.learning import Learned, train


def run(arm: str, seed: int, configuration: Configuration, device: str = "cpu") -> Row:
    """Learn random labels at each rate, and with the best one for twice as long."""
    split = memorising.digits(configuration, seed)
    x = split.x_train
    given = random_labels(split.y_train, np.random.default_rng([seed, memorising.LABELS]))
    build = memorising.network(arm, split, configuration)

    def fit(rate: float, factor: int) -> Learned:
        longer = {**configuration, "epochs": factor * configuration["epochs"]}
        return train(build, x, given, rate, seed=seed, configuration=longer, device=device)

    tried = {rate: fit(rate, 1).scores(x, given) for rate in configuration["learning_rates"]}
    best = min(tried, key=lambda rate: tried[rate].loss)
    learned = fit(best, 2)
    doubled = learned.scores(x, given)
    return {
        "fitted": tried[best].accuracy,
        "log_loss": tried[best].loss,
        "fitted_doubled": doubled.accuracy,
        "log_loss_doubled": doubled.loss,
        "test_accuracy": learned.scores(split.x_test, split.y_test).accuracy,
        "parameters": memorising.parameters_of(build),
        "learning_rate": best,
        "fitted_by_rate": {f"{rate:g}": scores.accuracy for rate, scores in tried.items()},
    }


FULL: dict[str, Any] = {
    "train": 500,
    "test": 797,
    "channels": [8, 16, 16],
    "library": "torch",
    "epochs": 30,
    "batch_size": 50,
    "learning_rates": [0.006, 0.012, 0.024],
}

EXPERIMENT = Experiment(
    name="random_labels",
    question="How much of random labels does a network learn, and how much in twice the time?",
    arms=memorising.ARMS,
    held_equal=(
        "training images, their random labels, order of batches: by the seed",
        *memorising.HELD_EQUAL[1:4],
        "learning rates to choose from, by the log-loss on the random labels",
    ),
    quantities={
        "fitted": Quantity("fraction", "accuracy on the random labels, at the best rate", 0.1),
        "fitted_doubled": Quantity("fraction", "the same after twice the epochs", 0.1),
        "log_loss": Quantity("nats", "mean log-loss on the random labels", 0.4),
        "log_loss_doubled": Quantity("nats", "the same after twice the epochs", 0.4),
        "test_accuracy": Quantity("fraction", "on true labels, after twice the epochs", 0.08),
        "parameters": Quantity("numbers", "trainable numbers", 0),
    },
    run=run,
    full=FULL,
    quick={**FULL, "train": 100, "epochs": 1, "learning_rates": [0.006]},
    data=memorising.data,
    packages=("scikit-learn", "torch"),
)
