"""Trained networks of the book, kept with their weights: to try out, to take apart. Chapter 5.

Most runs of the book leave a row of numbers behind, and their networks are gone. Of `shift_curve`
and `positions` some were trained once more, each with the seed and the learning rate of its row,
and kept, after they had put exactly as many digits right as the row says. The networks of seed 0
were taken, whatever they were like.

A file holds JSON, no code. Kernels and dense weights are whole numbers from -127 to 127, with one
scale for each output (each channel, each class); biases are kept as they are.
``python -m cnnlab.experiments weights`` makes the files anew.
"""

import importlib.metadata
import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from cnnlab import datasets, experiments, nn
from cnnlab._types import Array
from cnnlab.experiments import invariance
from cnnlab.experiments.core import Configuration, Row
from cnnlab.experiments.learning import Learned

FORMAT = 1
SEED = 0
HIGHEST = 127
REDRAWN = "_redrawn"
FILES = Path(__file__).with_name("trained")

#: Networks of each file, by their arm in the experiment of that name.
ARMS: Mapping[str, tuple[str, ...]] = {
    "shift_curve": (
        "max",
        "avg",
        "stride",
        "maxblur",
        "max_gap",
        "avg_gap",
        "stride_gap",
        "maxblur_gap",
    ),
    "positions": ("max_redrawn", "stride_redrawn", "max_gap_redrawn", "stride_gap_redrawn"),
}
NAMES = tuple(arm for arms in ARMS.values() for arm in arms)

__all__ = ["ARMS", "FILES", "NAMES", "SEED", "about", "load", "scores", "store"]


def load(name: str) -> nn.Sequential:
    """Give a trained network.

    Parameters
    ----------
    name : str
        One of ``weights.NAMES``: an arm of `shift_curve` (trained on centred digits alone), or an
        arm of `positions` that ends in ``_redrawn`` (each digit at a new place in every epoch).

    Returns
    -------
    nn.Sequential
        For images of shape (N, 1, 28, 28), float32, in evaluation mode. It is a new one each time:
        change it as you like.

    Raises
    ------
    ValueError
        If there is no network of that name.

    Examples
    --------
    >>> network = load("max_gap")
    >>> [type(layer).__name__ for layer in network][-3:]
    ['AdaptiveAvgPool2d', 'Flatten', 'Linear']
    >>> network(np.zeros((2, 1, 28, 28), dtype=np.float32)).shape
    (2, 10)
    """
    experiment = _experiment("load", name)
    stored = _read(experiment)["networks"][name]
    configuration = experiments.get(experiment).full
    architecture = name.removesuffix(REDRAWN)
    model = invariance.build(architecture, configuration, np.random.default_rng(SEED))
    for layer, packed in zip(_with_weights(model), stored["layers"], strict=True):
        layer.weight.data[...] = _unpacked(packed)
        layer.bias.data[...] = packed["bias"]
    return model.eval()  # type: ignore[return-value]


def about(name: str) -> Row:
    """Say where a network comes from and how well it does.

    Parameters
    ----------
    name : str
        One of ``weights.NAMES``.

    Returns
    -------
    dict
        ``experiment``, ``arm``, ``seed``, ``learning_rate`` and ``versions``, how many of
        ``tested`` digits the row counts as put right (``recorded``) and how many the stored network
        puts right (``stored``), and how many answers the rounding has changed (``changed``): of
        digits in the middle (``centred``), moved to the right by 0, 1, ... pixels (``by_shift``),
        and at random places (``anywhere``).

    Raises
    ------
    ValueError
        If there is no network of that name.

    Examples
    --------
    >>> stored = about("max_gap")["stored"]
    >>> round(stored["centred"] / about("max_gap")["tested"], 2)
    0.96
    """
    experiment = _experiment("about", name)
    file = _read(experiment)
    stored = {key: value for key, value in file["networks"][name].items() if key != "layers"}
    shared = {key: file[key] for key in ("experiment", "seed", "versions", "tested")}
    return {"arm": name, **shared, **stored}


def scores(predictions: Callable[[Array], Array], configuration: Configuration) -> dict[str, Any]:
    """Count the test digits that are put right: in the middle, moved, and at random places.

    Parameters
    ----------
    predictions : callable
        Gives the classes of images of shape (N, 1, 28, 28).
    configuration : mapping
        ``train`` and ``shifts``, as in `cnnlab.experiments.invariance`.

    Returns
    -------
    dict
        ``centred``, ``by_shift`` and ``anywhere``, whole numbers.
    """
    by_shift = [
        _right(predictions, datasets.placed_digits("centre", configuration["train"], SEED, shift=s))
        for s in configuration["shifts"]
    ]
    anywhere = datasets.placed_digits("random", configuration["train"], SEED)
    return {
        "centred": by_shift[0],
        "by_shift": by_shift,
        "anywhere": _right(predictions, anywhere),
    }


def store(experiment: str, folder: Path = FILES) -> Path:
    """Train the networks of one file as their rows were, and write them.

    Parameters
    ----------
    experiment : str
        A key of ``weights.ARMS``.
    folder : pathlib.Path
        Where to write.

    Returns
    -------
    pathlib.Path
        The file, ``<experiment>.json``.

    Raises
    ------
    ValueError
        If a network does not put exactly as many digits right as its row says. Nothing is written
        then.
    """
    configuration = experiments.get(experiment).full
    rows = {row["arm"]: row for row in experiments.load(experiment).rows if row["seed"] == SEED}
    tested = configuration["test"]
    networks = {}
    for arm in ARMS[experiment]:
        learned = _teach(arm, rows[arm]["learning_rate"], configuration)
        recorded = _counts(rows[arm], tested)
        found = scores(learned.predictions, configuration)
        if found != recorded:
            raise ValueError(
                f"store({experiment!r}): {arm} with seed {SEED} puts {found} of {tested} digits "
                f"right, its row says {recorded}. Train with the versions and on the kind of "
                "processor that the record names, or record the experiment anew."
            )
        networks[arm] = _described(arm, learned, recorded, configuration)
    packages = ("numpy", "scikit-learn", "torch")
    content = {
        "format": FORMAT,
        "experiment": experiment,
        "seed": SEED,
        "tested": tested,
        "versions": {package: importlib.metadata.version(package) for package in packages},
        "networks": networks,
    }
    folder.mkdir(exist_ok=True)
    path = folder / f"{experiment}.json"
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    path.write_text(text + "\n", encoding="utf-8")
    return path


def _experiment(who: str, name: str) -> str:
    """Name of the experiment, and file, that a network belongs to."""
    for experiment, arms in ARMS.items():
        if name in arms:
            return experiment
    raise ValueError(
        f"weights.{who}({name!r}): no such network was kept; there are {', '.join(NAMES)}."
    )


def _read(experiment: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((FILES / f"{experiment}.json").read_text("utf-8"))
    if content["format"] != FORMAT:
        raise ValueError(
            f"weights: {experiment}.json has format {content['format']}, needed {FORMAT}. Make it "
            "anew: python -m cnnlab.experiments weights"
        )
    return content


def _teach(arm: str, rate: float, configuration: Configuration) -> Learned:
    """Train as `invariance.measure` does, with the rate that was chosen then."""
    redrawn = arm.endswith(REDRAWN)
    architecture = arm.removesuffix(REDRAWN)
    split = datasets.placed_digits("random" if redrawn else "centre", configuration["train"], SEED)
    return invariance.teach(
        architecture,
        split,
        SEED,
        {**configuration, "learning_rates": [rate]},
        redraw=invariance.redrawing(configuration, SEED) if redrawn else None,
    )


def _counts(row: Row, tested: int) -> dict[str, Any]:
    """Shares of a row as numbers of digits."""
    return {
        "centred": round(row["centred"] * tested),
        "by_shift": [round(share * tested) for share in row["accuracy_by_shift"]],
        "anywhere": round(row["anywhere"] * tested),
    }


def _described(
    arm: str, learned: Learned, recorded: dict[str, Any], configuration: Configuration
) -> Row:
    """One network of a file: its weights, rounded, and what the rounding did."""
    exact = learned.in_cnnlab()
    layers = [_packed(layer) for layer in _with_weights(exact)]
    down, head = invariance.ARCHITECTURES[arm.removesuffix(REDRAWN)]
    before = learned.predictions
    for layer, packed in zip(_with_weights(exact), layers, strict=True):
        layer.weight.data[...] = _unpacked(packed)
        layer.bias.data[...] = packed["bias"]

    def after(x: Array) -> Array:
        classes: Array = exact(x).argmax(axis=1)
        return classes

    centred = datasets.placed_digits("centre", configuration["train"], SEED).x_test
    anywhere = datasets.placed_digits("random", configuration["train"], SEED).x_test
    return {
        "learning_rate": learned.learning_rate,
        "down": down,
        "head": head,
        "recorded": recorded,
        "stored": scores(after, configuration),
        "changed": {
            "centred": int(np.sum(before(centred) != after(centred))),
            "anywhere": int(np.sum(before(anywhere) != after(anywhere))),
        },
        "layers": layers,
    }


def _right(predictions: Callable[[Array], Array], split: datasets.Split) -> int:
    return int(np.sum(predictions(split.x_test) == split.y_test))


def _with_weights(model: nn.Module) -> list[Any]:
    """Layers that have weights, from the input on."""
    return [layer for layer in model.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]


def _packed(layer: Any) -> dict[str, Any]:
    """Weights as whole numbers and one scale for each output, ready for JSON."""
    weight = layer.weight.data
    flat = weight.reshape(len(weight), -1)
    scale = _short(np.abs(flat).max(axis=1) / HIGHEST)
    whole = np.round(flat / np.array(scale)[:, None]).astype(np.int8)
    return {
        "shape": list(weight.shape),
        "weight": b64encode(whole.tobytes()).decode("ascii"),
        "scale": scale,
        "bias": _short(layer.bias.data),
    }


def _short(values: Array) -> list[float]:
    """Numbers with the six digits that will be written."""
    return [float(f"{value:.6g}") for value in values]


def _unpacked(packed: Mapping[str, Any]) -> Array:
    """Weights of a layer, float32."""
    whole = np.frombuffer(b64decode(packed["weight"]), dtype=np.int8)
    scale = np.array(packed["scale"], dtype=np.float32)
    weight: Array = whole.reshape(len(scale), -1) * scale[:, None]
    return weight.reshape(packed["shape"])
