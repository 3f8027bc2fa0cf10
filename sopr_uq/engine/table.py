"""The table that an engine gets from a potential."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from sopr_uq.errors import InputError
from sopr_uq.potentials import Potential
from sopr_uq.typing import ArrayLike, FloatArray

CORE_ENERGY = 200.0
"""Energy in k_B T above which the core is continued with a constant force."""

_INNERMOST, _SCAN_STEP = 0.2, 0.005


@dataclass(frozen=True)
class Capped:
    """A potential whose core rises with a constant force inside ``inner``.

    No pair of a simulation gets there, except for overlaps of a start, which
    the finite force parts instead of throwing particles out of the box.

    Parameters
    ----------
    potential : Potential
    inner : float
        In Å; 0 leaves the potential as it is.
    """

    potential: Potential
    inner: float

    def energy(self, r: ArrayLike) -> FloatArray:
        """Return v(r) in kcal/mol."""
        r = np.asarray(r, dtype=float)
        outside = np.maximum(r, self.inner)
        rise = self.potential.force(outside) * (outside - r)
        return np.asarray(self.potential.energy(outside) + rise)

    def force(self, r: ArrayLike) -> FloatArray:
        """Return −dv/dr in kcal/(mol Å)."""
        return self.potential.force(np.maximum(np.asarray(r, dtype=float), self.inner))


def cap(potential: Potential, thermal_energy: float, cutoff: float, alone: bool = True) -> Capped:
    """Cap a potential where it reaches :data:`CORE_ENERGY` k_B T.

    Parameters
    ----------
    potential : Potential
    thermal_energy : float
        k_B T in kcal/mol.
    cutoff : float
        In Å.
    alone : bool
        Whether nothing else keeps the particles apart, so that its core must repel.

    Returns
    -------
    Capped
        With the cap at 0.2 Å if the potential stays below that energy.

    Raises
    ------
    InputError
        If the core attracts, or the potential is not finite outside the cap.
    """
    r = np.arange(_INNERMOST, cutoff, _SCAN_STEP)
    v = potential.energy(r)
    ceiling = CORE_ENERGY * thermal_energy
    # NaN compares false, and an overflow in the core is no fault.
    high = np.flatnonzero(v >= ceiling)
    if high.size == 0:
        inner = _INNERMOST
    else:
        i = int(high[-1])
        inner = float(r[i]) if i + 1 == r.size else _crossing(potential, ceiling, r[i], r[i + 1])
    capped = Capped(potential, inner)
    _check(capped, thermal_energy, cutoff, alone)
    return capped


def _crossing(potential: Potential, level: float, low: float, high: float) -> float:
    return float(brentq(lambda r: float(potential.energy(np.array([r]))[0]) - level, low, high))


def _check(capped: Capped, thermal_energy: float, cutoff: float, alone: bool) -> None:
    r = np.linspace(capped.inner, cutoff, 512)
    v, f = capped.energy(r), capped.force(r)
    if not (np.isfinite(v).all() and np.isfinite(f).all()):
        bad = float(r[np.argmin(np.isfinite(v) & np.isfinite(f))])
        raise InputError("potential", "finite energies and forces", f"neither at {bad:.3f} Å")
    attracts = v[0] < -thermal_energy or capped.force(capped.inner) < -thermal_energy / cutoff
    if alone and attracts:
        raise InputError(
            "potential",
            "a core that repels",
            f"v({capped.inner:.3f} Å) = {v[0]:.4g} kcal/mol with slope {-f[0]:.3g}",
            "check the continuation of the table towards r = 0",
        )
