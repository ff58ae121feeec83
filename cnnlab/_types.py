"""Names for the kinds of argument that come up everywhere."""

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[Any]
FloatArray: TypeAlias = npt.NDArray[np.floating[Any]]
IntPair: TypeAlias = int | tuple[int, int]
