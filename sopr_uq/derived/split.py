"""The Weeks–Chandler–Andersen split and what the hard-particle diameter is made of.

Tables are ``r`` of shape (n,) in Å and ``v`` of shape (..., n) in kcal/mol;
``beta`` in mol/kcal broadcasts over the leading axes. Rows without a well give
NaN.
"""

from __future__ import annotations

import numpy as np

from sopr_uq.potentials.descriptors import descriptors, well
from sopr_uq.typing import ArrayLike, FloatArray


def wca_split(r: ArrayLike, v: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Split v into a repulsive reference and a perturbation, v = u₀ + w.

    Parameters
    ----------
    r : array, shape (n,)
        Distances in Å.
    v : array, shape (..., n)
        Energies in kcal/mol.

    Returns
    -------
    reference : array, shape (..., n)
        u₀ = v + ε for r < r_vdW, else 0, in kcal/mol.
    perturbation : array, shape (..., n)
        w = −ε for r < r_vdW, else v, in kcal/mol.

    References
    ----------
    J. D. Weeks, D. Chandler and H. C. Andersen, J. Chem. Phys. 54, 5237 (1971), eqs 4–5.
    """
    r, v = np.asarray(r, dtype=float), np.asarray(v, dtype=float)
    r_vdw, epsilon = well(r, v)
    inside, depth = r < r_vdw[..., None], epsilon[..., None]
    missing = np.isnan(depth)
    reference = np.where(inside, v + depth, 0.0)
    perturbation = np.where(inside, -depth, v)
    return np.where(missing, np.nan, reference), np.where(missing, np.nan, perturbation)


def hard_particle_integrand(r: ArrayLike, v: ArrayLike, beta: ArrayLike) -> FloatArray:
    """Return 1 − exp(−β u₀(r)), shape (..., n); its integral from 0 is d_hp.

    References
    ----------
    J. A. Barker and D. Henderson, J. Chem. Phys. 47, 4714 (1967).
    """
    reference, _ = wca_split(r, v)
    return np.asarray(-np.expm1(-np.asarray(beta, dtype=float)[..., None] * reference))


def blip(r: ArrayLike, v: ArrayLike, beta: ArrayLike) -> FloatArray:
    """Return the blip function Δe(r) = exp(−β u₀(r)) − θ(r − d_hp), shape (..., n).

    It is the difference between the Boltzmann factor of the reference and that
    of hard particles of diameter d_hp; its integral over r vanishes because
    d_hp is the Barker–Henderson diameter.

    References
    ----------
    J.-P. Hansen and I. R. McDonald, Theory of Simple Liquids, 4th ed. (2013), section 5.3.
    """
    r = np.asarray(r, dtype=float)
    diameter = descriptors(r, v, beta).d_hp[..., None]
    hard = np.where(np.isnan(diameter), np.nan, (r >= diameter).astype(float))
    return np.asarray(1.0 - hard_particle_integrand(r, v, beta) - hard)
