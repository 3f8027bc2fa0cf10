"""A tabulated potential with physical continuations on both sides."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from scipy.interpolate import CubicSpline

from sopr_uq.errors import InputError
from sopr_uq.potentials.core import POWER_RANGE
from sopr_uq.potentials.tail import POWERS, tail_coefficients
from sopr_uq.typing import ArrayLike, FloatArray


@dataclass(frozen=True)
class Tabulated:
    """Cubic spline through a table, an inverse-power core and a tail of dispersion.

    The core continues the first point with v₀ (r₀/r)ᵖ, where p takes over the
    slope of the spline and is held between 8 and 40, so that it is repulsive
    whatever the table does there. The tail has the two leading
    terms of dispersion, from the table's end (:mod:`.tail`).

    Parameters
    ----------
    r : array, shape (n,)
        Distances in Å, strictly increasing, n ≥ 4.
    v : array, shape (n,)
        Energies in kcal/mol; the first must be positive.

    Raises
    ------
    InputError
        If the table is too short, unsorted, not finite, or attractive at its
        first point.
    """

    r: FloatArray
    v: FloatArray
    _spline: CubicSpline = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        r, v = table_columns("Tabulated", self.r, self.v)
        if v[0] <= 0:
            raise InputError(
                "Tabulated.v",
                "a repulsive (positive) energy at the first point",
                f"v({r[0]:.3f} Å) = {v[0]:.4g} kcal/mol",
                "begin the table further inside the core",
            )
        for name, value in (("r", r), ("v", v)):
            object.__setattr__(self, name, value)
        object.__setattr__(self, "_spline", CubicSpline(r, v))

    @property
    def core_power(self) -> float:
        """Exponent p of the core continuation."""
        slope = -float(self._spline(self.r[0], 1)) * self.r[0] / self.v[0]
        return float(np.clip(slope, *POWER_RANGE))

    @cached_property
    def tail(self) -> FloatArray:
        """Coefficients of (r_N/r)⁶ and (r_N/r)⁸ beyond the table, in kcal/mol, shape (2,)."""
        return tail_coefficients(self.r, self.v)

    def energy(self, r: ArrayLike) -> FloatArray:
        """Return v(r) in kcal/mol."""
        return self._evaluate(r)[0]

    def force(self, r: ArrayLike) -> FloatArray:
        """Return −dv/dr in kcal/(mol Å)."""
        return self._evaluate(r)[1]

    def _evaluate(self, r: ArrayLike) -> tuple[FloatArray, FloatArray]:
        r = np.asarray(r, dtype=float)
        first, last = self.r[0], self.r[-1]
        inside = np.clip(r, first, last)
        v, f = self._spline(inside), -self._spline(inside, 1)
        power = self.core_power
        core = self.v[0] * (first / np.minimum(r, first)) ** power
        terms = self.tail * (last / np.maximum(r, last))[..., None] ** POWERS
        v = np.where(r < first, core, np.where(r > last, terms.sum(axis=-1), v))
        f = np.where(r < first, power * core / r, np.where(r > last, terms @ POWERS / r, f))
        return v, f


def table_columns(owner: str, r: ArrayLike, v: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Return the columns of a table, shape (n,) each, as arrays that nobody can change.

    Parameters
    ----------
    owner : str
        For messages.
    r : array, shape (n,)
        Distances in Å.
    v : array, shape (n,)
        Energies in kcal/mol.

    Raises
    ------
    InputError
        If it is too short, unsorted or not finite.
    """
    r, v = np.array(r, dtype=float), np.array(v, dtype=float)
    if r.ndim != 1 or r.shape != v.shape or r.size < 4:
        shapes = f"{r.shape} and {v.shape}"
        raise InputError(owner, "r and v of one shape (n,), n ≥ 4", shapes)
    if not (np.isfinite(r).all() and np.isfinite(v).all()):
        raise InputError(owner, "finite numbers", "NaN or infinity in the table")
    if r[0] <= 0 or np.any(np.diff(r) <= 0):
        expected = "positive, strictly increasing distances"
        raise InputError(f"{owner}.r", expected, "a table that is not")
    for values in (r, v):
        values.flags.writeable = False
    return r, v
