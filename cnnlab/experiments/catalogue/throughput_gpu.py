"""How many images a second on a GPU? The question of `throughput`, asked of another device.

Record it on a computer with one: ``python -m cnnlab.experiments record throughput_gpu --device
cuda``. Images and weights lie on the device before the clock starts; the clock is read when the
device has finished; several steps are made in a row, as in training. The arms are others than on
the processor: cnnlab knows no GPU, and a GPU can round the factors of float32 products to TF32.
"""

from typing import Any

from cnnlab.experiments.catalogue.throughput import FULL as ON_THE_PROCESSOR
from cnnlab.experiments.catalogue.throughput import data, measure, quantities, quick
from cnnlab.experiments.core import Configuration, Experiment, Row


def run(arm: str, seed: int, configuration: Configuration, device: str = "cpu") -> Row:
    """Measure on a device; the seed only numbers the repetition."""
    return measure(arm, configuration, device)


FULL: dict[str, Any] = {
    **ON_THE_PROCESSOR,
    "batch_sizes": [1, 8, 64, 512, 4096],
    "compared": [64, 4096],
    "shares": [8, 64, 512, 4096],
    "repeats": 9,
    "steps": 10,
}

EXPERIMENT = Experiment(
    name="throughput_gpu",
    question="How many images a second does a training step manage on a GPU, by format and layout?",
    arms={
        "torch": "torch, float32, default layout",
        "torch_channels_last": "torch, float32, channels last",
        "torch_tf32": "torch, TF32, default layout",
        "torch_tf32_channels_last": "torch, TF32, channels last",
        "torch_bf16": "torch, bfloat16, default layout",
        "torch_bf16_channels_last": "torch, bfloat16, channels last",
    },
    held_equal=("network, images", "optimiser: Adam", "everything lies on the device beforehand"),
    quantities=quantities(FULL),
    run=run,
    full=FULL,
    quick=quick(FULL),
    data=data,
    packages=("torch",),
    alone=True,
    device="cuda",
)
