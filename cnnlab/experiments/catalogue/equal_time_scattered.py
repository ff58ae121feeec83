"""Pooling and its removals on scattered digits, each trained for the same time. Chapter 8."""

from cnnlab.experiments.equal_time import on_digits

EXPERIMENT = on_digits(
    "random",
    name="equal_time_scattered",
    question="In the same time, does max pooling learn more of scattered digits than its removals?",
)
