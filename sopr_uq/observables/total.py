"""Total F(Q) of neutrons and x-rays."""

from __future__ import annotations

from dataclasses import dataclass

from sopr_uq.experiment.totals import Total
from sopr_uq.observables.infinite import InfiniteLiquid
from sopr_uq.observables.quantity import Curve
from sopr_uq.structure.transforms import structure_rows
from sopr_uq.typing import FloatArray


@dataclass(frozen=True)
class TotalScattering(Curve):
    """F(Q) = Σ w_ab(Q) [S_ab(Q) − 1], the distances within molecules included.

    Parameters
    ----------
    of : Total
        What it weighs.
    q : array, shape (k,)
        In Å⁻¹.
    """

    of: Total
    q: FloatArray

    @property
    def x(self) -> FloatArray:
        """Wave numbers in Å⁻¹, shape (k,)."""
        return self.q

    @property
    def title(self) -> str:
        """Name of its series."""
        return "f"

    @property
    def unit(self) -> str:
        """Of its values: that of what weighs it, or 1 where it is divided."""
        return self.of.unit

    def rows(self, liquid: InfiniteLiquid, x: FloatArray) -> FloatArray:
        """Return A with S_ab(x) = 1 + A h_ab, shape (k, n)."""
        return structure_rows(liquid.grid, x, float(liquid.setup.densities.sum()))

    def weights(self, liquid: InfiniteLiquid, x: FloatArray) -> FloatArray:  # noqa: ARG002
        """Return w_ab, shape (k, p)."""
        return self.of.between(x)

    def own(self, x: FloatArray) -> FloatArray:
        """Return what the distances within molecules give, shape (k,)."""
        return self.of.own(x)
