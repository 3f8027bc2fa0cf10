"""Partial and total structure factors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from sopr_uq.experiment.molecule import Pair
from sopr_uq.experiment.neutrons import neutron_weights
from sopr_uq.experiment.state import StatePoint
from sopr_uq.experiment.substance import Substance
from sopr_uq.observables.infinite import InfiniteLiquid
from sopr_uq.observables.quantity import Weighted
from sopr_uq.structure.transforms import structure_rows
from sopr_uq.typing import FloatArray


@dataclass(frozen=True)
class StructureFactor(Weighted):
    """S(Q) = 1 + Σ w_ab [S_ab(Q) − 1] over pairs, partials in the sense of Faber and Ziman.

    Parameters
    ----------
    of : mapping of Pair to float
        Weights w_ab; a single 1 for a partial.
    q : array, shape (k,)
        In Å⁻¹.
    """

    of: Mapping[Pair, float]
    q: FloatArray
    name: str = field(default="s")

    @classmethod
    def partial(cls, pair: Pair, q: FloatArray) -> Self:
        """Return S_ab(Q)."""
        return cls({pair: 1.0}, q, f"s {pair.label}")

    @classmethod
    def total(
        cls, substance: Substance, state: StatePoint, lengths: Mapping[str, float], q: FloatArray
    ) -> Self:
        """Return the total S(Q) that neutrons see.

        w_ab = (2 − δ_ab) c_a c_b b_a b_b / (Σ c_a b_a)².

        Parameters
        ----------
        substance : Substance
        state : StatePoint
        lengths : mapping of str to float
            Coherent scattering length b of each type of site, in one unit.
        q : array, shape (k,)
            In Å⁻¹.

        Raises
        ------
        InputError
            If a type has no scattering length, or their mean is zero.
        """
        return cls(neutron_weights(substance, state, lengths), q, "s")

    @property
    def x(self) -> FloatArray:
        """Wave numbers in Å⁻¹, shape (k,)."""
        return self.q

    @property
    def title(self) -> str:
        """Name of its series."""
        return self.name

    def rows(self, liquid: InfiniteLiquid, x: FloatArray) -> FloatArray:
        """Return A with S(x) = 1 + A Σ w h, shape (k, n)."""
        return structure_rows(liquid.grid, x, float(liquid.setup.densities.sum()))
