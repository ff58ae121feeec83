"""Permute the pixels of all images in the same way, and see which models notice.

Digits stand within four pixels of the middle. One permutation of the 784 pixels is drawn for each
seed and used for training and test images alike: every image holds the same numbers as before, but
neighbours are neighbours no longer. Each kind of model chooses its settings anew on the last fifth
of the training images.
"""

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np

from cnnlab import datasets, nn
from cnnlab._extras import needed
from cnnlab._types import Array
from cnnlab.datasets import Split
from cnnlab.experiments.core import Configuration, Experiment, Row
from cnnlab.experiments.learning import learn, train
from cnnlab.experiments.measuring import quantities
from cnnlab.experiments.networks import n3

ARMS = {
    "cnn": "N3 with 2x2 max pooling and flatten",
    "cnn_permuted": "the same, all pixels in another order",
    "dense": "one hidden dense layer; width, weight decay and learning rate are chosen",
    "dense_permuted": "the same, all pixels in another order",
    "svm": "support vector machine with a Gaussian kernel; C and the kernel's width are chosen",
    "svm_permuted": "the same, all pixels in another order",
}
PERMUTATION = 12  # stream of random numbers


def permuted(split: Split, seed: int) -> Split:
    """Put the pixels of all images into one other order."""
    return datasets.permute_pixels(split, np.random.default_rng([seed, PERMUTATION]))


def load(configuration: Configuration, seed: int) -> Split:
    """Digits of a seed's split, each within four pixels of the middle of the canvas."""
    low, high = configuration["offsets"]
    return datasets.placed_digits("random", configuration["train"], seed, offsets=(low, high))


def run(arm: str, seed: int, configuration: Configuration, device: str = "cpu") -> Row:
    """Train the model of an arm, on images as they are or permuted."""
    model, _, order = arm.partition("_")
    split = load(configuration, seed)
    if order:
        split = permuted(split, seed)
    return MODELS[model](split, seed, configuration, device)


def cnn(split: Split, seed: int, configuration: Configuration, device: str) -> Row:
    """N3, its learning rate chosen."""
    learned = learn(
        lambda rng: n3("max", 28, tuple(configuration["channels"]), rng=rng),
        split.x_train,
        split.y_train,
        seed=seed,
        configuration=configuration,
        device=device,
    )
    return _row(learned.predictions, split, {"learning_rate": learned.learning_rate})


def dense(split: Split, seed: int, configuration: Configuration, device: str) -> Row:
    """One hidden layer, its width, weight decay and learning rate chosen."""
    x, y = split.x_train, split.y_train
    part = len(x) * 4 // 5
    trial = {**configuration, "epochs": configuration["trial_epochs"]}

    def network(width: int) -> Any:
        def build(rng: np.random.Generator) -> nn.Sequential:
            hidden = nn.Linear(784, width, rng=rng, dtype=np.float32)
            last = nn.Linear(width, 10, rng=rng, dtype=np.float32)
            return nn.Sequential(nn.Flatten(), hidden, nn.ReLU(), last)

        return build

    def loss(width: int, decay: float, rate: float) -> float:
        settings = {**trial, "weight_decay": decay}
        tried = train(
            network(width),
            x[:part],
            y[:part],
            rate,
            seed=seed,
            configuration=settings,
            device=device,
        )
        return tried.scores(x[part:], y[part:]).loss

    choices = itertools.product(
        configuration["widths"], configuration["weight_decays"], configuration["dense_rates"]
    )
    width, decay, rate = min(choices, key=lambda chosen: loss(*chosen))
    settings = {**configuration, "weight_decay": decay}
    learned = train(network(width), x, y, rate, seed=seed, configuration=settings, device=device)
    chosen = {"learning_rate": rate, "width": width, "weight_decay": decay}
    return _row(learned.predictions, split, chosen)


def svm(split: Split, seed: int, configuration: Configuration, device: str) -> Row:
    """Support vector machine, its C and the width of its kernel chosen."""
    with needed("data", by="permuted_pixels"):
        from sklearn.svm import SVC

    def flat(images: Array) -> Array:
        return images.reshape(len(images), -1)

    x, y = flat(split.x_train), split.y_train
    part = len(x) * 4 // 5
    # scikit-learn's proposal; rounded, so that the order of adding up the pixels leaves no trace
    gamma = round(1 / (x.shape[1] * float(x.var(dtype=np.float64))), 6)

    def machine(c: float, factor: float) -> Any:
        return SVC(C=c, gamma=factor * gamma)

    def right(c: float, factor: float) -> float:
        return float(machine(c, factor).fit(x[:part], y[:part]).score(x[part:], y[part:]))

    choices = itertools.product(configuration["svm_c"], configuration["svm_gamma"])
    c, factor = max(choices, key=lambda chosen: right(*chosen))
    fitted = machine(c, factor).fit(x, y)
    chosen = {"c": c, "gamma_factor": factor}
    return _row(lambda images: fitted.predict(flat(images)), split, chosen)


MODELS = {"cnn": cnn, "dense": dense, "svm": svm}


def _row(predict: Any, split: Split, chosen: Row) -> Row:
    """Accuracies, and what was chosen."""
    return {
        "test_accuracy": float(np.mean(predict(split.x_test) == split.y_test)),
        "train_accuracy": float(np.mean(predict(split.x_train) == split.y_train)),
        **chosen,
    }


def data(configuration: Configuration) -> tuple[str, Mapping[str, Array]]:
    """Images and classes of seed 0, pixels in their places."""
    low, high = configuration["offsets"]
    name = f"scikit-learn digits, 16 pixels, on 28x28 pixels: offsets {low} to {high}"
    return name, load(configuration, seed=0).arrays()


FULL: dict[str, Any] = {
    "train": 1000,
    "test": 797,
    "offsets": [4, 8],
    "channels": [8, 16, 16],
    "widths": [128, 512],
    "weight_decays": [0.0, 0.0003],
    "dense_rates": [0.001, 0.003, 0.01],
    "svm_c": [1.0, 10.0, 100.0],
    "svm_gamma": [1.0, 3.0, 10.0],
    "library": "torch",
    "epochs": 25,
    "trial_epochs": 8,
    "batch_size": 50,
    "learning_rates": [0.005, 0.01, 0.02],
}

EXPERIMENT = Experiment(
    name="permuted_pixels",
    question="Which models notice when the pixels of all images change places in the same way?",
    arms=ARMS,
    held_equal=(
        "split and places of the digits, the permutation, order of batches: by the seed",
        "settings to choose from, with and without the permutation, on the same validation images",
        "not the settings of one kind of model and another: each has its own",
    ),
    quantities=quantities("test_accuracy", "train_accuracy"),
    run=run,
    full=FULL,
    quick={
        **FULL,
        "train": 200,
        "widths": [128],
        "dense_rates": [0.003],
        "weight_decays": [0.0],
        "epochs": 4,
        "trial_epochs": 1,
        "learning_rates": [0.01],
    },
    data=data,
    packages=("scikit-learn", "torch"),
)
