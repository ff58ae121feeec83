"""What the tests and the examples in docstrings share: figures are drawn, and no window opens."""

import matplotlib

matplotlib.use("agg")
