"""What a total F(Q) is of: pairs of sites, of different molecules and of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, get_args

import numpy as np

from sopr_uq.experiment.molecule import Pair
from sopr_uq.experiment.scattering import HYDROGEN, Scattering
from sopr_uq.structure.mixture import Mixture
from sopr_uq.typing import FloatArray

type Normalisation = Literal["none", "square-of-average", "average-of-squares"]

NORMALISATIONS: tuple[Normalisation, ...] = get_args(Normalisation.__value__)

AMPLITUDES = (0.05, 0.07, 0.11)
"""Root mean square amplitude of a distance with no, one and two ends on hydrogen, in Å: of heavy
atoms near room temperature, O–H and H···H of water."""

_STEP = 1e-4


@dataclass(frozen=True, eq=False)
class Total:
    """F(Q) = Σ_{a ≤ b} w_ab(Q) [S_ab(Q) − 1], with the distances inside molecules or without.

    Parameters
    ----------
    scattering : Scattering
        What weighs the pairs.
    mixture : Mixture
        Fractions, and the distances within molecules.
    pairs : tuple of Pair
        In the order of the mixture.
    spreads : array, shape (b,)
        Root mean square amplitude of each distance in Å.
    intramolecular : bool
        Whether pairs of one molecule are in it.
    normalisation : {"none", "square-of-average", "average-of-squares"}
        By what it is divided: nothing, (Σ c_a f_a)² or Σ c_a f_a².
    inelastic : float
        Standard deviation of a smooth error of the level that dies towards high Q, in
        the unit of the curve at Q = 0.
    background : float, optional
        Standard deviation of a smooth error of the whole curve, in its unit; by default a
        tenth of its root mean square.
    scale_sd : float
        Standard deviation of the factor by which its scale is wrong.
    mixing : array, shape (p,), optional
        What a composition that fluctuates as in an ideal mixture adds to S_ab at Q = 0;
        by default nothing, as of one kind of molecule or a salt.
    """

    scattering: Scattering
    mixture: Mixture
    pairs: tuple[Pair, ...]
    spreads: FloatArray
    intramolecular: bool = True
    normalisation: Normalisation = "none"
    inelastic: float = 0.0
    background: float | None = None
    scale_sd: float = 0.1
    mixing: FloatArray | None = None

    @property
    def unit(self) -> str:
        """Of its values: 1 where it is divided."""
        return self.scattering.unit if self.normalisation == "none" else "1"

    def between(self, q: FloatArray) -> FloatArray:
        """Return w_ab of molecules at wave numbers (k,), shape (k, p)."""
        return self.scattering.between(self.mixture, q) / self.norm(q)[:, None]

    def own(self, q: FloatArray) -> FloatArray:
        """Return what the distances within molecules give, shape (k,); zero where left out."""
        return self._parts(q).sum(axis=1)

    def distance_columns(self, q: FloatArray) -> FloatArray:
        """Return the derivatives of :meth:`own` by length, per Å, and by ln amplitude.

        Shape (k, 2 b): lengths first.
        """
        changed = []
        for key in ("length", "spread"):
            up, down = (self._parts(q, **{key: step}) for step in (_STEP, -_STEP))
            changed.append((up - down) / (2.0 * _STEP))
        return np.hstack(changed)

    def norm(self, q: FloatArray) -> FloatArray:
        """Return what it is divided by, shape (k,)."""
        if self.normalisation == "none":
            return np.ones_like(q)
        if self.normalisation == "average-of-squares":
            return self.scattering.squares(self.mixture, q)
        # the weights of all pairs sum to (Σ c_a f_a)²
        return np.asarray(self.scattering.between(self.mixture, q).sum(axis=1))

    def level(self, q: FloatArray, compressible: float) -> FloatArray:
        """Return what it is at low q, where molecules fluctuate by their number alone, shape (k,).

        With every atom but for itself this is −Σ c_a f_a², where the liquid is incompressible.

        Parameters
        ----------
        q : array, shape (k,)
        compressible : float
            S(0) = ρ k_B T κ_T of the molecules.
        """
        # ρ_a ρ_b ĥ_ab = −(1 − S(0)) ω_ab: there is no other molecule where one is
        each = self._of_distances(q, self.scattering.between(self.mixture, q))
        molecule = self.scattering.squares(self.mixture, q) / self.norm(q) + each.sum(axis=1)
        return self.own(q) - (1.0 - compressible) * molecule

    def mixed(self, q: FloatArray) -> FloatArray:
        """Return what an ideal mixture has more than :meth:`level` at low q, shape (k,)."""
        if self.mixing is None:
            return np.zeros_like(q)
        return self.between(q) @ self.mixing

    @cached_property
    def _share(self) -> FloatArray:
        """What a distance adds to S_ab, in sin(ql)/(ql), shape (b,)."""
        within, m = self.mixture.within, self.mixture
        assert within is not None
        size = m.density / m.scale**2 * (1.0 + m.like)
        return np.asarray(within.densities * size[within.columns])

    def _parts(self, q: FloatArray, length: float = 0.0, spread: float = 0.0) -> FloatArray:
        """Return what each distance gives, shape (k, b), longer and wider by so much."""
        weights = self.scattering.inside(self.mixture, q)
        return self._of_distances(q, self.intramolecular * weights, length, spread)

    def _of_distances(
        self, q: FloatArray, weights: FloatArray, length: float = 0.0, spread: float = 0.0
    ) -> FloatArray:
        within = self.mixture.within
        if within is None:
            return np.zeros((q.size, 0))
        waves = replace(within, lengths=within.lengths + length).waves(
            q, self.spreads * np.exp(spread)
        )
        return np.asarray(weights[:, within.columns] / self.norm(q)[:, None] * self._share * waves)


def amplitudes(mixture: Mixture, elements: Sequence[str]) -> FloatArray:
    """Return the amplitude of each distance in Å by the elements of its ends, shape (b,)."""
    if mixture.within is None:
        return np.zeros(0)
    light = np.array([element in HYDROGEN for element in elements], dtype=int)
    first, second = (ends[mixture.within.columns] for ends in mixture.pairs)
    return np.asarray(np.array(AMPLITUDES)[light[first] + light[second]])
