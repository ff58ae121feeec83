"""A toy experiment: two arms, numbers that depend on the seed alone, nothing to train."""

import time

import numpy as np

from cnnlab.experiments.core import Experiment, Quantity


def run(arm, seed, configuration):
    noise = np.random.default_rng(seed).normal()
    return {
        "score": np.float32(configuration["base"] + noise + (arm == "with")),
        "parameters": np.int64(7 if arm == "with" else 5),
        "milliseconds": 1.5,
    }


def data(configuration):
    return "toy data", {"x": np.arange(configuration["base"])}


def toy(**changes):
    settings = {
        "name": "toy",
        "question": "Does the toy play?",
        "arms": {"with": "with the toy", "without": "without the toy"},
        "held_equal": ("everything else",),
        "quantities": {
            "score": Quantity("points", "score of the toy", 0.1),
            "parameters": Quantity("numbers", "trainable numbers", 0),
            "milliseconds": Quantity("ms", "time of one play"),
        },
        "run": run,
        "full": {"base": 3},
        "quick": {"base": 1},
        "data": data,
    }
    return Experiment(**(settings | changes))


def run_on_device(arm, seed, configuration, device="cpu"):
    return {**run(arm, seed, configuration), "device": device}


def run_until(marker, arm, seed, configuration):
    """Play, but say in a file when the second seed begins, and then take for ever."""
    if seed == 1:
        marker.touch()
        time.sleep(600)
    return run(arm, seed, configuration)
