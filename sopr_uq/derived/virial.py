"""Second virial coefficient and Boyle temperature.

Tables are ``r`` of shape (n,) in Å and ``v`` of shape (..., n) in kcal/mol. The
core inside the table counts as impenetrable; beyond the table v goes on
as dispersion does (:mod:`sopr_uq.potentials.tail`).
"""

from __future__ import annotations

from math import pi

import numpy as np
from numpy.typing import NDArray
from scipy import constants
from scipy.optimize import elementwise

from sopr_uq.derived.integral import integrate
from sopr_uq.potentials.descriptors import well
from sopr_uq.potentials.tail import POWERS, tail_coefficients
from sopr_uq.typing import ArrayLike, FloatArray
from sopr_uq.units import BOLTZMANN

CM3_PER_MOL: float = constants.N_A * (constants.angstrom / constants.centi) ** 3
"""cm³/mol in one Å³ per particle."""

_TAIL_NODES = 16
_BOYLE_RANGE = (0.3, 100.0)


def per_mole(volume: ArrayLike) -> FloatArray:
    """Convert Å³ per particle to cm³/mol, same shape."""
    return np.asarray(np.asarray(volume, dtype=float) * CM3_PER_MOL)


def second_virial(r: ArrayLike, v: ArrayLike, temperature: ArrayLike) -> FloatArray:
    """Return B₂(T) = −2π ∫₀^∞ [exp(−βv) − 1] r² dr.

    Parameters
    ----------
    r : array, shape (n,)
        Distances in Å.
    v : array, shape (..., n)
        Energies in kcal/mol.
    temperature : float or array, shape (m,)
        Temperatures in K.

    Returns
    -------
    array, shape (...) or (..., m)
        B₂ in Å³ per particle; `per_mole` converts it to cm³/mol.

    References
    ----------
    J.-P. Hansen and I. R. McDonald, Theory of Simple Liquids, 4th ed. (2013), eq 3.9.
    """
    r, v = np.asarray(r, dtype=float), np.asarray(v, dtype=float)
    temperature = np.asarray(temperature, dtype=float)
    if temperature.ndim == 0:
        return _second_virial(r, v, np.asarray(1.0 / (BOLTZMANN * temperature)))
    columns = [_second_virial(r, v, np.asarray(1.0 / (BOLTZMANN * t))) for t in temperature]
    return np.stack(columns, axis=-1)


def boyle_temperature(r: ArrayLike, v: ArrayLike) -> FloatArray:
    """Return the Boyle temperature in K, shape (...), where B₂ changes sign.

    It is sought between 0.3 and 100 ε/k_B; rows without a well, or whose B₂ keeps
    its sign there, give NaN.
    """
    r, v = np.asarray(r, dtype=float), np.asarray(v, dtype=float)
    epsilon = well(r, v)[1]
    rows = v.reshape(-1, r.size)
    scale = epsilon.ravel() / BOLTZMANN
    found = np.full(scale.shape, np.nan)
    good = np.flatnonzero(np.isfinite(scale))

    def at(temperature: FloatArray, row: NDArray[np.float64]) -> FloatArray:
        beta = 1.0 / (BOLTZMANN * temperature)
        return _second_virial(r, rows[row.astype(int)], beta)

    if good.size:
        bracket = tuple(x * scale[good] for x in _BOYLE_RANGE)
        tolerances = {"xrtol": 1e-9}
        result = elementwise.find_root(at, bracket, args=(good,), tolerances=tolerances)
        found[good] = np.where(result.success, result.x, np.nan)
    return found.reshape(epsilon.shape)


def _second_virial(r: FloatArray, v: FloatArray, beta: FloatArray) -> FloatArray:
    """B₂ in Å³ at ``beta`` (shape () or (...)) in mol/kcal."""
    mayer = np.expm1(-beta[..., None] * v)
    core = -(r[0] ** 3) / 3.0
    # r = r_N/x makes of ∫ (exp(−βv) − 1) r² dr an integral of nearly a polynomial
    node, weight = np.polynomial.legendre.leggauss(_TAIL_NODES)
    x, weight = 0.5 * (node + 1.0), 0.5 * weight
    beyond = tail_coefficients(r, v) @ (x[:, None] ** POWERS).T
    tail = r[-1] ** 3 * np.expm1(-beta[..., None] * beyond) @ (weight / x**4)
    return np.asarray(-2.0 * pi * (core + integrate(r, mayer * r**2) + tail))
