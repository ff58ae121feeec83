"""What the ledger prints reaches every pipe, also one that knows few characters."""

import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize("arguments", [["list"], ["explain", "pooling-only-downsamples"]])
def test_a_character_that_a_pipe_does_not_know_is_told_by_its_number(arguments):
    done = subprocess.run(
        [sys.executable, "-m", "cnnlab.claims", *arguments],
        env=os.environ | {"PYTHONIOENCODING": "cp1252"},
        capture_output=True,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"\\u2717" in done.stdout
