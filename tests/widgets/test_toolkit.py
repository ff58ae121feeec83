"""What all explorers share in JavaScript: words and links; run under Node.js."""

import pytest
from javascript import call

from cnnlab.widgets.values import number


@pytest.fixture
def toolkit(node, tmp_path):
    """Call functions of toolkit.js."""
    return lambda *calls: call(node, tmp_path, "toolkit.js", list(calls))


def test_numbers_are_written_as_in_the_fallback(toolkit):
    values = [n / d for d in (1, 4, 9, 16) for n in range(-9 * d, 9 * d + 1)]
    assert toolkit(*(["number", v] for v in values)) == [number(v) for v in values]
