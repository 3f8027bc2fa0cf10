"""Array types shared by the whole package."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

type FloatArray = NDArray[np.float64]
type BoolArray = NDArray[np.bool_]
type IntArray = NDArray[np.intp]

__all__ = ["ArrayLike", "BoolArray", "FloatArray", "IntArray"]
