"""Five rules for what a window hands on: trained with, and exchanged after the training.

A network trained with a rule is tested with it, and then with each of the other four in its place:
what it loses shows how far its kernels have adapted to their own rule, not how important the
maximum is. On the way it is counted where the gradient arrives under each rule. Each rule is
trained with the learning rate that suits it best on validation images.
"""

from typing import Any

import numpy as np

from cnnlab import datasets
from cnnlab._extras import needed
from cnnlab.experiments.core import Configuration, Experiment, Quantity, Row
from cnnlab.experiments.learning import Learned, learn
from cnnlab.experiments.measuring import digits_data, quantities
from cnnlab.experiments.networks import n3

ARMS = {
    "max": "the largest of the four values of a 2x2 window",
    "avg": "their mean",
    "min": "the smallest of them",
    "random": "one of them by chance, drawn anew for every window, also in testing",
    "fixed": "always the upper left one",
}


def run(arm: str, seed: int, configuration: Configuration, device: str = "cpu") -> Row:
    """Train with a rule; test with it and with the others; count where the gradient arrives."""
    with needed("torch", by="pooling_rules"):
        import torch

    from cnnlab.compare import to_torch
    from cnnlab.experiments.pools import gradient_shares, with_rule

    split = datasets.digits(size=16, train=configuration["train"], seed=seed)

    def network(rng: np.random.Generator) -> Any:
        chain: Any = to_torch(n3("max", 16, tuple(configuration["channels"]), rng=rng))
        return with_rule(arm, chain)

    with torch.random.fork_rng():
        torch.manual_seed(seed)  # for the trials of the random rule
        learned = learn(
            network,
            split.x_train,
            split.y_train,
            seed=seed,
            configuration=configuration,
            device=device,
        )
        model = learned.model.cpu()
        on_train = learned.scores(split.x_train, split.y_train)
        swapped = {}
        for rule in ARMS:
            torch.manual_seed(seed)
            other = Learned(with_rule(rule, model), learned.learning_rate)
            swapped[rule] = other.scores(split.x_test, split.y_test)
        shares = gradient_shares(model, split.x_test, split.y_test)
    return {
        "test_accuracy": swapped[arm].accuracy,
        "test_log_loss": swapped[arm].loss,
        "train_accuracy": on_train.accuracy,
        **{f"lost_with_{rule}": swapped[arm].accuracy - swapped[rule].accuracy for rule in ARMS},
        "gradient_at_pool": shares["at_pool"][0],
        "gradient_below_relu": shares["below_relu"][0],
        "gradient_shares": shares,
        **learned.choice(),
    }


FULL: dict[str, Any] = {
    "train": 1000,
    "test": 797,
    "channels": [8, 16, 16],
    "library": "torch",
    "epochs": 20,
    "trial_epochs": 6,
    "batch_size": 50,
    "learning_rates": [0.005, 0.01, 0.02],
}

EXPERIMENT = Experiment(
    name="pooling_rules",
    question="Does it matter which number of a window a pool hands on?",
    arms=ARMS,
    held_equal=(
        "split of the images, initial weights, order of batches: by the seed",
        "the whole network but the rule of its two pools, so parameters and convolutions too",
        "epochs, batch size, optimiser, schedule",
        "three learning rates to choose from, on a fifth of the training images",
    ),
    quantities={
        **quantities("test_accuracy", "test_log_loss", "train_accuracy"),
        **{
            f"lost_with_{rule}": Quantity(
                "fraction", f"test accuracy lost when both pools take the rule {rule}", 0.3
            )
            for rule in ARMS
        },
        "gradient_at_pool": Quantity(
            "fraction", "share of the positions entering the first pool that get gradient", 0.03
        ),
        "gradient_below_relu": Quantity(
            "fraction", "the same in front of the ReLU before that pool", 0.15
        ),
    },
    run=run,
    full=FULL,
    quick={**FULL, "train": 100, "test": 1697, "epochs": 1, "learning_rates": [0.01]},
    data=digits_data,
    packages=("scikit-learn", "torch"),
)
