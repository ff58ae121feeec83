"""Do more parameters mean more overfitting? One network in six widths, 200 digits.

Each width is trained three times with the rate that suits it: on true labels, on labels of which
one in five is wrong, and on labels drawn by chance, which show what it is able to memorise.
"""

from typing import Any

import numpy as np

from cnnlab import nn
from cnnlab.datasets.labels import random_labels
from cnnlab.experiments import memorising
from cnnlab.experiments.core import Configuration, Experiment, Quantity, Row
from cnnlab.experiments.learning import learn, train
from cnnlab.experiments.networks import n3

WIDTHS = (2, 4, 8, 16, 32, 64)


def run(arm: str, seed: int, configuration: Configuration, device: str = "cpu") -> Row:
    """Train one width on true, partly wrong and random labels."""
    split = memorising.digits(configuration, seed)
    x, y = split.x_train, split.y_train
    width = int(arm.removeprefix("width"))

    def build(rng: np.random.Generator) -> nn.Sequential:
        return n3("max", 16, (width, width, width), rng=rng)

    settings: dict[str, Any] = {"seed": seed, "configuration": configuration, "device": device}
    true = learn(build, x, y, **settings)
    noisy = memorising.poison(y, seed, configuration["wrong"])
    random = random_labels(y, np.random.default_rng([seed, memorising.LABELS]))
    row: Row = {}
    for name, labels in (("true", y), ("noisy", noisy), ("random", random)):
        learned = true if labels is y else train(build, x, labels, true.learning_rate, **settings)
        on_train, on_test = learned.scores(x, labels), learned.scores(split.x_test, split.y_test)
        row |= {
            f"{name}_train_accuracy": on_train.accuracy,
            f"{name}_test_accuracy": on_test.accuracy,
            f"{name}_test_log_loss": on_test.loss,
        }
    return {
        **row,
        "parameters": memorising.parameters_of(build),
        **true.choice(),
    }


LABELLED = {
    "true": "true labels",
    "noisy": "one label in five wrong",
    "random": "labels drawn by chance",
}
FULL: dict[str, Any] = {
    "train": 200,
    "test": 797,
    "wrong": 0.2,
    "library": "torch",
    "epochs": 40,
    "trial_epochs": 10,
    "batch_size": 25,
    "learning_rates": [0.002, 0.006, 0.018],
}

EXPERIMENT = Experiment(
    name="widths",
    question="Do more parameters mean worse results on new images?",
    arms={f"width{width}": f"{width} channels in each convolution" for width in WIDTHS},
    held_equal=(
        "training images, wrong and random labels, order of batches: by the seed",
        "N3 with 2x2 max pooling and flatten",
        "epochs, batch size, optimiser, schedule",
        "learning rates to choose from, with true labels, on a fifth of the training images",
    ),
    quantities={
        **{
            f"{name}_train_accuracy": Quantity("fraction", f"on the labels given: {words}", 0.08)
            for name, words in LABELLED.items()
        },
        **{
            f"{name}_test_accuracy": Quantity("fraction", f"after training on {words}", 0.08)
            for name, words in LABELLED.items()
        },
        **{
            f"{name}_test_log_loss": Quantity("nats", f"after training on {words}", 1.0)
            for name, words in LABELLED.items()
        },
        "parameters": Quantity("numbers", "trainable numbers", 0),
    },
    run=run,
    full=FULL,
    quick={**FULL, "train": 50, "epochs": 1, "trial_epochs": 1, "learning_rates": [0.006]},
    data=memorising.data,
    packages=("scikit-learn", "torch"),
)
