"""Numbers that describe a potential: σ, ε, r_vdW and the hard-particle diameter.

All functions take a table ``r`` of shape (n,) and potentials ``v`` of shape
(..., n), one row per draw, and return arrays of shape (...). They interpolate
locally, so a grid of 0.02 Å gives distances to better than 1e-4 Å, and they
never raise for a draw that lacks a feature: a row without a repulsive core, a
zero or a well (or with a NaN anywhere) yields NaN.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sopr_uq.errors import InputError
from sopr_uq.typing import ArrayLike, FloatArray

_NEWTON_STEPS = 8

_SHALLOWEST = 1e-3
"""In kcal/mol, k_B T at half a kelvin: what a repulsive table comes to at its end, where it is
rounded and continued, is no well. Helium's is 0.02 deep."""


class Descriptors(NamedTuple):
    """Descriptors of potentials, each of shape (...); NaN where undefined.

    Attributes
    ----------
    sigma : array
        First zero of v, in Å.
    epsilon : array
        Depth of the well, −v(r_vdW), in kcal/mol.
    r_vdw : array
        Position of the minimum, in Å.
    d_hp : array
        Hard-particle (Barker–Henderson) diameter, in Å.
    """

    sigma: FloatArray
    epsilon: FloatArray
    r_vdw: FloatArray
    d_hp: FloatArray


def descriptors(r: ArrayLike, v: ArrayLike, beta: ArrayLike) -> Descriptors:
    """Return σ, ε, r_vdW and d_hp of every potential.

    Parameters
    ----------
    r : array, shape (n,)
        Distances in Å, strictly increasing, beginning inside the core.
    v : array, shape (..., n)
        Energies in kcal/mol.
    beta : float or array, shape broadcastable to (...)
        1/(k_B T) in mol/kcal.

    Returns
    -------
    Descriptors
        Arrays of shape (...); NaN where a draw has no zero or no well.

    Raises
    ------
    InputError
        If ``r`` is unsorted or shorter than 5, or the shapes do not match.
    """
    r, v = _checked(r, v)
    with np.errstate(all="ignore"):
        left, crosses = _crossing(v)
        sigma = _zero_at(r, v, left, crosses)
        r_vdw, epsilon = _well_beyond(r, v, left, crosses)
        d_hp = _diameter(r, v, r_vdw, epsilon, np.asarray(beta, dtype=float))
    return Descriptors(sigma, epsilon, r_vdw, d_hp)


def first_zero(r: ArrayLike, v: ArrayLike) -> FloatArray:
    """Return σ in Å, the first zero of v coming from the core; arguments as `descriptors`."""
    r, v = _checked(r, v)
    with np.errstate(all="ignore"):
        return _zero_at(r, v, *_crossing(v))


def well(r: ArrayLike, v: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Return r_vdW in Å and ε in kcal/mol; arguments as `descriptors`.

    The well is the global minimum of v beyond σ, so that small wiggles of the
    tail do not matter.
    """
    r, v = _checked(r, v)
    with np.errstate(all="ignore"):
        return _well_beyond(r, v, *_crossing(v))


def hard_particle_diameter(r: ArrayLike, v: ArrayLike, beta: ArrayLike) -> FloatArray:
    """Return d_hp = ∫₀^∞ [1 − exp(−β u₀)] dr in Å; arguments as `descriptors`.

    u₀ = v + ε for r < r_vdW and 0 beyond (the Weeks–Chandler–Andersen split);
    the core inside the table counts as 1.

    References
    ----------
    J. A. Barker and D. Henderson, J. Chem. Phys. 47, 4714 (1967).
    J. D. Weeks, D. Chandler and H. C. Andersen, J. Chem. Phys. 54, 5237 (1971).
    """
    return descriptors(r, v, beta).d_hp


def _checked(r: ArrayLike, v: ArrayLike) -> tuple[FloatArray, FloatArray]:
    r, v = np.asarray(r, dtype=float), np.asarray(v, dtype=float)
    if r.ndim != 1 or r.size < 5 or v.ndim < 1 or v.shape[-1] != r.size:
        found = f"{r.shape} and {v.shape}"
        raise InputError("descriptors", "r of shape (n,), n ≥ 5, and v of shape (..., n)", found)
    if not np.all(np.diff(r) > 0):
        raise InputError("descriptors: r", "strictly increasing distances", "a table that is not")
    return r, v


def _crossing(v: FloatArray) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Index of the last point before the first zero, and whether there is one."""
    right = np.argmax(v <= 0, axis=-1)
    exists = (right > 0) & (v.min(axis=-1) < -_SHALLOWEST)  # of a NaN neither
    return np.asarray(np.where(exists, right - 1, 0)), np.asarray(exists)


def _zero_at(
    r: FloatArray, v: FloatArray, left: NDArray[np.intp], exists: NDArray[np.bool_]
) -> FloatArray:
    x, y = _stencil(r, v, left - 1, 4)
    low, high = r[left], r[left + 1]
    coefficients = _divided_differences(x, y)
    v_low = np.take_along_axis(v, left[..., None], -1)[..., 0]
    v_high = np.take_along_axis(v, left[..., None] + 1, -1)[..., 0]
    t = low + (high - low) * v_low / (v_low - v_high)
    for _ in range(_NEWTON_STEPS):
        p, slope, _ = _evaluate(x, coefficients, t)
        t = np.clip(t - p / slope, low, high)
    return np.asarray(np.where(exists, t, np.nan))


def _well_beyond(
    r: FloatArray, v: FloatArray, left: NDArray[np.intp], exists: NDArray[np.bool_]
) -> tuple[FloatArray, FloatArray]:
    outside = np.arange(r.size) > left[..., None]
    lowest = np.argmin(np.where(outside, v, np.inf), axis=-1)
    exists = exists & (lowest < r.size - 1)
    # A row without a well still needs legal neighbours; its result is masked.
    lowest = np.clip(lowest, 1, r.size - 2)
    x, y = _stencil(r, v, lowest - 2, 5)
    coefficients = _divided_differences(x, y)
    t = r[lowest]
    for _ in range(_NEWTON_STEPS):
        _, slope, curvature = _evaluate(x, coefficients, t)
        t = np.clip(t - slope / curvature, r[lowest - 1], r[lowest + 1])
    depth = -_evaluate(x, coefficients, t)[0]
    return np.asarray(np.where(exists, t, np.nan)), np.asarray(np.where(exists, depth, np.nan))


def _diameter(
    r: FloatArray, v: FloatArray, r_vdw: FloatArray, epsilon: FloatArray, beta: FloatArray
) -> FloatArray:
    """Trapezoid to the last point before r_vdW, then the parabola that ends there.

    The integrand is flat at both ends, so the trapezoid is accurate to high
    order once its end slope is subtracted (Euler–Maclaurin).
    """
    inside = r < r_vdw[..., None]
    u0 = np.where(inside, np.maximum(v + epsilon[..., None], 0.0), 0.0)
    f = -np.expm1(-beta[..., None] * u0)
    last = np.clip(inside.sum(axis=-1) - 1, 1, None)
    f_last = np.take_along_axis(f, last[..., None], -1)[..., 0]
    full = np.sum(0.5 * (f[..., 1:] + f[..., :-1]) * np.diff(r), axis=-1)
    # The interval that holds r_vdW was counted as a triangle ending one point further.
    step = np.take(np.diff(r), np.clip(last, None, r.size - 2))
    gap = r_vdw - r[last]
    end = f_last * (gap / 3.0 - step / 2.0)
    slope = np.where(gap > 0, -2.0 * f_last / gap, 0.0)
    width = r[last] - r[last - 1]
    return np.asarray(r[0] + full + end - width**2 / 12.0 * slope)


def _stencil(
    r: FloatArray, v: FloatArray, start: NDArray[np.intp], size: int
) -> tuple[FloatArray, FloatArray]:
    """Table points ``start … start + size − 1`` of every row, moved inside the table."""
    first = np.clip(start, 0, r.size - size)
    index = first[..., None] + np.arange(size)
    return r[index], np.take_along_axis(v, index, axis=-1)


def _divided_differences(x: FloatArray, y: FloatArray) -> FloatArray:
    """Newton coefficients of the polynomial through (x, y), along the last axis."""
    c = y.copy()
    for k in range(1, x.shape[-1]):
        c[..., k:] = (c[..., k:] - c[..., k - 1 : -1]) / (x[..., k:] - x[..., :-k])
    return c


def _evaluate(
    x: FloatArray, c: FloatArray, t: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Value, slope and curvature at ``t`` of the Newton polynomial (Horner's scheme)."""
    p, slope, half_curvature = c[..., -1], np.zeros_like(t), np.zeros_like(t)
    for k in range(x.shape[-1] - 2, -1, -1):
        d = t - x[..., k]
        half_curvature = half_curvature * d + slope
        slope = slope * d + p
        p = p * d + c[..., k]
    return p, slope, 2.0 * half_curvature
