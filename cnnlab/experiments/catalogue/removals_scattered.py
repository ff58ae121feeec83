"""Pooling and its five removals on digits that may stand anywhere on the canvas."""

from cnnlab.experiments.removals import on_digits

EXPERIMENT = on_digits(
    "random",
    name="removals_scattered",
    question="What does each way of taking the pools out change, where a digit may stand anywhere?",
)
