"""The part of the structure that is inside the molecules.

Two atoms of one rigid molecule that are a distance l apart are seen by a wave as
sin(ql)/(ql), whatever the directions of the molecules. With ω_ab the sum over all such
pairs, per volume, site–site correlations are χ_ab = ω_ab + ρ_a ρ_b ĥ_ab; normalised as
Ashcroft and Langreth's structure factors they are S = Ω + √(ρ_a ρ_b) ĥ_ab. Of atoms Ω is
the unit matrix. At q → 0 Ω has as many eigenvalues that are not zero as there are kinds of
molecules: their atoms fluctuate together.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from sopr_uq.typing import ArrayLike, FloatArray, IntArray


@dataclass(frozen=True)
class Intramolecular:
    """Distances within the molecules of a liquid.

    Parameters
    ----------
    columns : array of int, shape (b,)
        Which pair of types a distance is of, in the order of
        :mod:`sopr_uq.structure.mixture`.
    lengths : array, shape (b,)
        In Å.
    densities : array, shape (b,)
        How many pairs of atoms have it, each pair once, in Å⁻³.
    molecules : float
        Number density of the molecules in Å⁻³.
    """

    columns: IntArray
    lengths: FloatArray
    densities: FloatArray
    molecules: float

    def waves(self, q: ArrayLike, spread: FloatArray | float = 0.0) -> FloatArray:
        """Return sin(ql)/(ql) exp(−q² u²/2) of each distance, shape (k, b).

        Parameters
        ----------
        q : array, shape (k,)
            In Å⁻¹.
        spread : float or array of shape (b,)
            Root mean square amplitude u of the distance, in Å.

        References
        ----------
        P. Debye, J. Chem. Phys. 9, 55 (1941).
        """
        q = np.asarray(q, dtype=float)
        phase = np.multiply.outer(q, self.lengths)
        damped = np.multiply.outer(q, spread + 0.0 * self.lengths)
        return np.asarray(np.sinc(phase / np.pi) * np.exp(-0.5 * damped**2))

    def diluted(self, dilution: float) -> Self:
        """Return the same molecules at another density."""
        return replace(
            self, densities=dilution * self.densities, molecules=dilution * self.molecules
        )

    def summed(self, values: FloatArray, pairs: int) -> FloatArray:
        """Return the sums over the distances of each pair of types, (k, b) → (k, pairs)."""
        found = np.zeros((len(values), pairs))
        np.add.at(found.T, self.columns, values.T)
        return found
