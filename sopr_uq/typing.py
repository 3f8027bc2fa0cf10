"""Array types shared by the whole package."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

type FloatArray = NDArray[np.float64]

__all__ = ["ArrayLike", "FloatArray"]
