"""A quantity that is a single number: it has no abscissa to change with."""

from __future__ import annotations

import numpy as np

from sopr_uq.observables.infinite import InfiniteLiquid
from sopr_uq.observables.response import Response
from sopr_uq.typing import FloatArray


class Number:
    """What all of them share."""

    def slope(self, liquid: InfiniteLiquid) -> FloatArray:  # noqa: ARG002
        """Return 0, shape (1,)."""
        return np.zeros(1)

    def slope_jacobian(self, change: Response) -> FloatArray:
        """Return zeros, shape (1, m)."""
        return np.zeros((1, change.energy.shape[-1]))

    def bend(self, liquid: InfiniteLiquid) -> FloatArray:  # noqa: ARG002
        """Return 0, shape (1,)."""
        return np.zeros(1)

    def common(self, liquid: InfiniteLiquid) -> FloatArray:  # noqa: ARG002
        """Return 0, shape (1,): simulations have no error in common."""
        return np.zeros(1)
