"""Seven classifiers on small digits as they come: 8x8 pixels, centred, all of one size."""

from cnnlab import datasets
from cnnlab.experiments import classifiers

EXPERIMENT = classifiers.experiment(
    "classifiers_digits",
    "scikit-learn digits, 8x8 pixels",
    lambda train, seed: datasets.digits(8, train, seed),
    epochs=40,
    trial_epochs=15,
    grids={
        **classifiers.GRIDS,
        "cnn_flatten": {"learning_rate": [0.006, 0.012, 0.024]},
        "cnn_gap": {"learning_rate": [0.006, 0.012, 0.024]},
    },
)
