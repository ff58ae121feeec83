"""How much do features change when pixels are noisy or missing? Chapter 5.

The same untrained features as in `shifted_features`. Noise is added to the photograph before it is
filtered; a missing pixel is black. *Error* is the change of the features over their spread, *bias*
the change of their mean over their mean.
"""

import numpy as np

from cnnlab._types import Array
from cnnlab.experiments import photo_features
from cnnlab.experiments.core import Configuration, Experiment, Quantity, Row

ARMS = {
    "none": "no pool",
    "max": "2x2 max pooling",
    "avg": "2x2 average pooling",
    "maxblur": "2x2 max pooling with stride 1, then 3x3 blur pooling with stride 2",
    "max4": "4x4 max pooling",
    "avg4": "4x4 average pooling",
}


def noisy(picture: Array, deviation: float, rng: np.random.Generator) -> Array:
    """Add independent Gaussian noise of a given standard deviation to every pixel."""
    return picture + deviation * rng.normal(size=picture.shape)


def with_gaps(picture: Array, share: float, rng: np.random.Generator) -> Array:
    """Turn each pixel black with a given probability."""
    return picture * (rng.random(picture.shape) >= share)


def run(arm: str, seed: int, configuration: Configuration) -> Row:
    """Disturb both photographs, with the seed's filters and the seed's noise."""
    weight = photo_features.random_filters(seed, configuration["filters"])
    row: Row = {}
    for name, picture in photo_features.photographs(configuration).items():
        before = photo_features.features(arm, picture, weight)
        for kind, disturb in (("noise", noisy), ("missing", with_gaps)):
            levels = configuration[kind]
            rng = np.random.default_rng([seed, photo_features.NOISE])
            after = [
                photo_features.features(arm, disturb(picture, level, rng), weight)
                for level in levels
            ]
            curves = {
                "error": [photo_features.change(a, before) for a in after],
                "bias": [float(a.mean() / before.mean()) - 1 for a in after],
                "correlation": [photo_features.correlation(a, before) for a in after],
            }
            judged = levels.index(configuration["judged"])
            for curve, values in curves.items():
                row[f"{kind}_{curve}_{name}"] = values[judged]
                row[f"{kind}_{curve}_by_level_{name}"] = [round(value, 4) for value in values]
    averaged = ("noise_error", "noise_bias", "noise_correlation", "missing_error")
    return {**row, **photo_features.means(row, averaged)}


FULL = {
    "size": 256,
    "filters": 16,
    "noise": [0.05, 0.1, 0.2],
    "missing": [0.05, 0.1, 0.2],
    "judged": 0.1,
}

EXPERIMENT = Experiment(
    name="noisy_features",
    question="How much do the features of a photograph change when pixels are noisy or missing?",
    arms=ARMS,
    held_equal=(
        "photographs; the picture is a ring",
        "random filters of 5x5 pixels with sum 0, ReLU, and the noise: by the seed",
    ),
    quantities={
        "noise_error": Quantity(
            "fraction", "change over spread, noise of 0.1, mean of both photographs", 1e-4
        ),
        "noise_error_china": Quantity("fraction", "the same of one photograph", 1e-4),
        "noise_error_flower": Quantity("fraction", "the same of the other", 1e-4),
        "noise_correlation": Quantity("1", "of the features before and after, mean of both", 1e-4),
        "noise_bias": Quantity("fraction", "change of the mean over the mean, mean of both", 1e-3),
        "missing_error": Quantity(
            "fraction", "change over spread, a tenth of the pixels black, mean of both", 1e-4
        ),
        "missing_error_china": Quantity("fraction", "the same of one photograph", 1e-4),
        "missing_error_flower": Quantity("fraction", "the same of the other", 1e-4),
    },
    run=run,
    full=FULL,
    quick={**FULL, "size": 64, "filters": 8},
    data=photo_features.data,
    packages=("scikit-learn",),
)
