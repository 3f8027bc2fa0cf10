"""Partial and total structure factors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

import numpy as np

from sopr_uq.engine.series import Series
from sopr_uq.errors import InputError
from sopr_uq.experiment.state import StatePoint
from sopr_uq.experiment.substance import Pair, Substance
from sopr_uq.observables.infinite import InfiniteLiquid
from sopr_uq.observables.quantity import Change
from sopr_uq.structure.mixture import Mixture
from sopr_uq.structure.transforms import structure_rows
from sopr_uq.typing import FloatArray


@dataclass(frozen=True)
class StructureFactor:
    """S(Q) = 1 + Σ w_ab [S_ab(Q) − 1] over pairs, partials in the sense of Faber and Ziman.

    Parameters
    ----------
    weights : mapping of Pair to float
        w_ab; a single 1 for a partial.
    q : array, shape (k,)
        In Å⁻¹.
    """

    weights: Mapping[Pair, float]
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
        missing = {site.name for site in substance.sites} - set(lengths)
        if missing:
            raise InputError("scattering lengths", "one for each site", f"none for {missing}")
        b = np.array([lengths[site.name] for site in substance.sites])
        mixture = Mixture.of(substance.densities(state))
        mean = float(mixture.fractions @ b)
        if abs(mean) < 1e-9 * np.abs(b).max():
            raise InputError(
                "scattering lengths",
                "a mean that is not zero",
                "a null mixture, whose S(Q) has no norm",
                "partial structure factors, or F(Q) itself",
            )
        first, second = mixture.pairs
        weights = mixture.weights * b[first] * b[second] / mean**2
        return cls(dict(zip(substance.pairs, weights.tolist(), strict=True)), q, "s")

    def predict(self, liquid: InfiniteLiquid) -> Series:
        """Return S(Q)."""
        rows, weights = self._rows(liquid), self._in_order(liquid)
        mean = 1.0 + rows @ (liquid.g - 1.0) @ weights
        return Series(self.name, self.q, mean, liquid.blocks @ weights @ rows.T, "1")

    def jacobian(self, change: Change) -> FloatArray:
        """Return δS(Q), shape (k, m)."""
        weighted = np.tensordot(change.g, self._in_order(change.liquid), axes=(1, 0))
        return np.asarray(self._rows(change.liquid) @ weighted)

    def _rows(self, liquid: InfiniteLiquid) -> FloatArray:
        return structure_rows(liquid.grid, self.q, float(liquid.setup.densities.sum()))

    def _in_order(self, liquid: InfiniteLiquid) -> FloatArray:
        weights = np.zeros(len(liquid.setup.substance.pairs))
        for pair, weight in self.weights.items():
            weights[liquid.column(pair)] = weight
        return weights
