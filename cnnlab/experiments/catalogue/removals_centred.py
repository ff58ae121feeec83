"""Pooling and its five removals on digits that all stand in the middle of the canvas."""

from cnnlab.experiments.removals import on_digits

EXPERIMENT = on_digits(
    "centre",
    name="removals_centred",
    question="What does each way of taking the pools out change, where every digit is centred?",
)
