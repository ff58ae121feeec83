"""Pooling and its removals on centred digits, each trained for the same time. Chapter 8."""

from cnnlab.experiments.equal_time import on_digits

EXPERIMENT = on_digits(
    "centre",
    name="equal_time_centred",
    question="In the same time, does max pooling learn more of centred digits than its removals?",
)
