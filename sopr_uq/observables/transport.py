"""Diffusion and viscosity: integrals of time correlations, to where those have died."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import pi
from typing import NamedTuple

import numpy as np
from scipy import constants
from scipy.integrate import cumulative_trapezoid

from sopr_uq.engine.blocks import standard_error
from sopr_uq.engine.series import Series
from sopr_uq.errors import SimulationFailed
from sopr_uq.experiment.substance import Substance
from sopr_uq.typing import FloatArray

GAMMA = (1.0, 0.1)
"""γ of D_N = D_∞ (1 − γ N^(−1/3)) of atoms, and its standard error."""

GAMMA_OF_OTHERS = (1.0, 0.2)
"""The same of mixtures, molecules and ions, N molecules: believed, not simulated. By Yeh and Hummer
γ is about ξk_BT ρ^(1/3)/(6πηD), 0.97 of water at 298 K by its 0.890 mPa s and 2.30·10⁻⁹ m²/s."""


MADELUNG = 2.837297
"""ξ of a cubic box (Yeh & Hummer, J. Phys. Chem. B 108, 15873 (2004), eq 12)."""

_SMALL = 0.01
"""Change of an integral, relative, that is rest whatever its error."""

_LITTLE = 0.05
"""Change of an integral, relative, that may be left in doubt where nothing is seen after it."""

_SURE, _NEVER = 2.0, 3.0
"""Standard errors by which an integral changes that has not come to rest: on average, at most."""

_PER_A2_PS = 10.0
_MPA_S_PER_MPA_PS = 1e-3


def gamma_of(substance: Substance) -> tuple[float, float]:
    """Return γ of the diffusion of a substance, and its standard error."""
    simple = substance.simple and len(substance.molecules) == 1
    return GAMMA if simple else GAMMA_OF_OTHERS


class Window(NamedTuple):
    """From when to when, in ps, a running integral is averaged, and what it may still change."""

    begin: float
    end: float
    doubt: float
    """What may come after it: half of the change over it, with its error."""


def running_diffusion(vacf: Series) -> Series:
    """Return D(t) = (1/3) ∫₀ᵗ ⟨v(0)·v(s)⟩ ds in 10⁻⁹ m²/s, t in ps.

    Parameters
    ----------
    vacf : Series
        In Å²/ps².

    References
    ----------
    Hansen and McDonald, Theory of Simple Liquids, 4th ed., eq 7.2.7.
    """
    name = vacf.name.replace("vacf", "diffusion")
    return _integrated(vacf, _PER_A2_PS / 3.0, name, "1e-9 m^2/s")


def running_viscosity(modulus: Series) -> Series:
    """Return η(t) = ∫₀ᵗ G(s) ds in mPa s, t in ps, from G in MPa.

    References
    ----------
    Hansen and McDonald, Theory of Simple Liquids, 4th ed., eq 8.4.10.
    """
    return _integrated(modulus, _MPA_S_PER_MPA_PS, "viscosity", "mPa s")


def slope_of(msd: Series, window: Window) -> float:
    """Return D in 10⁻⁹ m²/s from the growth of ⟨Δr²⟩ in Å² over a window: Einstein's way."""
    inside = (msd.x >= window.begin) & (msd.x <= window.end)
    return float(np.polyfit(msd.x[inside], msd.mean[inside], 1)[0]) / 6.0 * _PER_A2_PS


def at_rest(curves: Sequence[Series], least: float) -> Window:
    """Choose the window in which running integrals stand still, by the data.

    It is the first [t, 2t] from ``least`` on over which the mean of all of them stays
    where it was at t: on average within two standard errors of the difference, and
    everywhere within three, or within one per cent. What little data cannot tell from
    rest must not end a sum: that is what ``least`` is for. The last window that there is
    is taken if it moves by less than a twentieth, or three standard errors, on average; the
    doubt is then as large.

    Parameters
    ----------
    curves : sequence of Series
        Of independent runs of like liquids, such as draws of a posterior: what all know
        together. Blocks say how much a difference means.
    least : float
        In ps, half the reach of the curves at most.

    Raises
    ------
    SimulationFailed
        If there is none.
    """
    pooled = Series.pooled([_on(curves[0].x, each) for each in curves])
    last = (pooled.x.size - 1) // 2
    first = int(np.searchsorted(pooled.x, min(least, pooled.x[last])))
    for i in range(max(first, 1), last + 1):
        change = pooled.blocks[:, i + 1 : 2 * i + 1] - pooled.blocks[:, i : i + 1]
        change = np.concatenate([change, change.mean(axis=1, keepdims=True)], axis=1)
        moved, error = np.abs(change.mean(axis=0)), standard_error(change)
        sure = np.where(np.arange(moved.size) < moved.size - 1, _NEVER, _SURE)
        size = abs(pooled.mean[i])
        late = max(_NEVER * error[-1], _LITTLE * size) if i == last else 0.0
        if np.all(moved <= np.maximum(sure * error, _SMALL * size)) or moved[-1] <= late:
            doubt = 0.5 * float(np.hypot(moved[-2], error[-2]))
            return Window(float(pooled.x[i]), float(pooled.x[2 * i]), doubt)
    raise SimulationFailed(
        f"the {pooled.name} is not told: its time correlation still matters after "
        f"{pooled.x[last]:.1f} ps. Try: a denser state; of a gas it takes another method."
    )


def value_in(curve: Series, window: Window) -> Series:
    """Return the mean of a running integral over a window, with its blocks."""
    inside = (curve.x >= window.begin * (1 - 1e-9)) & (curve.x <= window.end * (1 + 1e-9))
    return Series(
        curve.name, np.zeros(1), curve.mean[inside].mean(keepdims=True),
        curve.blocks[:, inside].mean(axis=1, keepdims=True), curve.unit,
    )  # fmt: skip


@dataclass(frozen=True)
class FiniteBox:
    """What a periodic box does to diffusion.

    Parameters
    ----------
    particles : int
        N, of molecules.
    box_length : float
        In Å.
    temperature : float
        In K.
    """

    particles: int
    box_length: float
    temperature: float

    def by_number(self, gamma: FloatArray) -> FloatArray:
        """Return D_∞/D_N = 1/(1 − γ N^(−1/3)), in the shape of γ."""
        return np.asarray(1.0 / (1.0 - gamma * self.particles ** (-1.0 / 3.0)))

    def by_viscosity(self, viscosity: FloatArray) -> FloatArray:
        """Return D_∞ − D_N = ξ k_B T/(6π η L) in 10⁻⁹ m²/s, in the shape of η in mPa s.

        References
        ----------
        I.-C. Yeh and G. Hummer, J. Phys. Chem. B 108, 15873 (2004), eq 12.
        """
        heat = constants.k * self.temperature
        edge = self.box_length * constants.angstrom
        drag = 6.0 * pi * viscosity * constants.milli * edge
        return np.asarray(MADELUNG * heat / drag / constants.nano)


def _integrated(correlation: Series, factor: float, name: str, unit: str) -> Series:
    def of(y: FloatArray) -> FloatArray:
        found = cumulative_trapezoid(y, correlation.x, axis=-1, initial=0.0)
        return np.asarray(factor * found)

    return Series(name, correlation.x, of(correlation.mean), of(correlation.blocks), unit)


def _on(x: FloatArray, curve: Series) -> Series:
    """Return a curve at other times; those of runs with another time step differ by rounding."""
    if curve.x.shape == x.shape and np.allclose(curve.x, x, rtol=1e-9):
        return curve
    blocks = np.array([np.interp(x, curve.x, row) for row in curve.blocks])
    return Series(curve.name, x, np.interp(x, curve.x, curve.mean), blocks, curve.unit)
