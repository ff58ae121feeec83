"""Seven classifiers on digits that stand anywhere on the canvas."""

from cnnlab import datasets
from cnnlab.experiments import classifiers

EXPERIMENT = classifiers.experiment(
    "classifiers_scattered",
    "scikit-learn digits, 16 pixels, at random places of 28x28 pixels",
    lambda train, seed: datasets.placed_digits("random", train, seed),
)
