"""How much do features change when a photograph moves by a few pixels? Chapter 5.

No network is trained: the filters are drawn by chance, so that nothing but the pool can make the
features steady. The photograph moves to the right, on a ring.

Two curves are kept. *Change* compares each feature with the one at its own place: is it the same as
before (invariant)? *Misfit* first moves the old features by a whole number of places, the one that
fits best: has it moved along (equivariant)?
"""

import numpy as np

from cnnlab._types import Array
from cnnlab.experiments import photo_features
from cnnlab.experiments.core import Configuration, Experiment, Quantity, Row

ARMS = {
    "none": "no pool",
    "subsample": "keep the upper left value of every 2x2 square",
    "max": "2x2 max pooling",
    "avg": "2x2 average pooling",
    "maxblur": "2x2 max pooling with stride 1, then 3x3 blur pooling with stride 2",
    "max4": "4x4 max pooling",
    "global": "global average pooling",
}


def misfit(after: Array, before: Array, shift: int, stride: int) -> float:
    """Change that is left when the old features are moved by the best whole number of places.

    Parameters
    ----------
    after, before : arrays of equal shape
        Features of the moved photograph and of the photograph.
    shift : int
        Pixels by which the photograph moved.
    stride : int
        Pixels from one feature to the next.

    Returns
    -------
    float
        0 where the features moved along exactly.
    """
    places = {shift // stride, -(-shift // stride)}
    return min(photo_features.change(after, np.roll(before, p, axis=-1)) for p in places)


def run(arm: str, seed: int, configuration: Configuration) -> Row:
    """Measure both photographs with the seed's filters."""
    weight = photo_features.random_filters(seed, configuration["filters"])
    stride = photo_features.STRIDES.get(arm, 2)
    row: Row = {}
    for name, picture in photo_features.photographs(configuration).items():
        before = photo_features.features(arm, picture, weight)
        curves: dict[str, list[float]] = {"change": [], "correlation": [], "misfit": []}
        for shift in configuration["shifts"]:
            after = photo_features.features(arm, np.roll(picture, shift, axis=-1), weight)
            curves["change"].append(photo_features.change(after, before))
            curves["correlation"].append(photo_features.correlation(after, before))
            curves["misfit"].append(misfit(after, before, shift, stride))
        one = list(configuration["shifts"]).index(1)
        for curve, values in curves.items():
            row[f"{curve}_{name}"] = values[one]
            row[f"{curve}_by_shift_{name}"] = [round(value, 4) for value in values]
        maps = photo_features.responses(picture, weight)
        row[f"unchanged_share_{name}"] = photo_features.unchanged_share(arm, maps)
    return {**row, **photo_features.means(row, ("change", "correlation", "unchanged_share"))}


FULL = {"size": 256, "filters": 16, "shifts": [0, 1, 2, 3, 4, 5, 6, 7, 8]}

EXPERIMENT = Experiment(
    name="shifted_features",
    question="How much do the features of a photograph change when it moves by a few pixels?",
    arms=ARMS,
    held_equal=(
        "photographs; the picture is a ring, so nothing enters or leaves",
        "random filters of 5x5 pixels with sum 0, and ReLU: by the seed",
    ),
    quantities={
        "change": Quantity(
            "fraction", "change at a shift of one pixel over spread, mean of both photographs", 1e-4
        ),
        "change_china": Quantity("fraction", "the same of one photograph", 1e-4),
        "change_flower": Quantity("fraction", "the same of the other", 1e-4),
        "correlation": Quantity(
            "1", "of the features before and after, shift of one pixel, mean of both", 1e-4
        ),
        "unchanged_share": Quantity(
            "fraction",
            "share of pooled values that stay the same, of responses before the ReLU, mean of both",
            1e-3,
        ),
    },
    run=run,
    full=FULL,
    quick={**FULL, "size": 64, "filters": 8, "shifts": [0, 1, 2]},
    data=photo_features.data,
    packages=("scikit-learn",),
)
