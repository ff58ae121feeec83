"""Seven classifiers on digits that all stand in the middle of the canvas."""

from cnnlab import datasets
from cnnlab.experiments import classifiers

EXPERIMENT = classifiers.experiment(
    "classifiers_centred",
    "scikit-learn digits, 16 pixels, in the middle of 28x28 pixels",
    lambda train, seed: datasets.placed_digits("centre", train, seed),
)
