"""Where in the network does dropout help most? An experiment of chapter 7.

One network has all the places: N3 with two max pools, a flatten and a hidden dense layer. It learns
from 200 digits. A fair comparison needs two views, for one rate suits one place and another the
next: with the same rate everywhere, and with the rate that has the lowest log-loss on a fifth of
the training images. The rates are the same for all places, and all use one learning rate.
"""

from typing import Any

from cnnlab import datasets
from cnnlab.experiments import dropouts
from cnnlab.experiments.core import Configuration, Experiment, Quantity, Row
from cnnlab.experiments.learning import train


def run(arm: str, seed: int, configuration: Configuration, device: str = "cpu") -> Row:
    """Train with each rate, and tell what the rate chosen on validation images gives."""
    split = datasets.digits(size=16, train=configuration["train"], seed=seed)
    x, y = split.x_train, split.y_train
    part = len(x) * 4 // 5
    rates = configuration["rates"] if arm != "none" else [0.0]
    by_rate, validation = {}, {}
    for p in rates:
        network = dropouts.build(arm, p, x, configuration)
        if len(rates) > 1:
            tried = train(
                network,
                x[:part],
                y[:part],
                configuration["learning_rates"][0],
                seed=seed,
                configuration=configuration,
                device=device,
            )
            validation[p] = tried.scores(x[part:], y[part:]).loss
        _, by_rate[p] = dropouts.measure(network, split, seed, configuration, device)
    best = min(rates, key=lambda p: validation.get(p, 0.0))
    equal = by_rate[configuration["equal_rate"] if arm != "none" else 0.0]
    keys = ("test_accuracy", "test_log_loss", "train_accuracy")
    return {
        **{f"equal_{key}": equal[key] for key in keys},
        **{f"tuned_{key}": by_rate[best][key] for key in keys},
        "tuned_rate": best,
        "validation_log_loss": {f"{p:g}": loss for p, loss in validation.items()},
        **{key: {f"{p:g}": row[key] for p, row in by_rate.items()} for key in keys},
    }


FULL: dict[str, Any] = {
    "train": 200,
    "test": 1597,
    "channels": [8, 16, 16],
    "hidden": 64,
    "rates": [0.2, 0.5],
    "equal_rate": 0.5,
    "library": "torch",
    "epochs": 40,
    "batch_size": 25,
    "learning_rates": [0.003],
}
MEASURED = {
    "test_accuracy": ("fraction", "share of the test images put right", 0.03),
    "test_log_loss": ("nats", "mean log-loss on the test images", 0.15),
    "train_accuracy": ("fraction", "share of the training images put right", 0.05),
}

EXPERIMENT = Experiment(
    name="dropout_places",
    question="Where in the network does dropout help most?",
    arms=dropouts.PLACES,
    held_equal=(
        *dropouts.HELD_EQUAL,
        "the network, with all its places; epochs; learning rate",
        "the rate of dropout, or else the rates to choose from",
    ),
    quantities={
        f"{view}_{key}": Quantity(unit, f"{meaning}, {how}", tolerance)
        for view, how in (("equal", "equal rates"), ("tuned", "rate chosen for the place"))
        for key, (unit, meaning, tolerance) in MEASURED.items()
    },
    run=run,
    full=FULL,
    quick={**FULL, "train": 50, "test": 1747, "epochs": 1},
    data=dropouts.digits,
    packages=("scikit-learn", "torch"),
)
