"""The velocity autocorrelation of a liquid, and its spectrum: how its particles rattle and go."""

from __future__ import annotations

import numpy as np
from scipy.integrate import trapezoid

from sopr_uq.engine.protocol import Setup, Simulation
from sopr_uq.engine.series import Series
from sopr_uq.experiment.molecule import Molecule
from sopr_uq.typing import FloatArray
from sopr_uq.units import FS_PER_PS, FS_PER_TIME, thermal_energy

T = np.arange(0.0, 20.0, 0.02)
"""Where Z(t) is told, in ps, as far as it was recorded."""

F = np.arange(0.0, 6.02, 0.05)
"""Where its spectrum is told, in THz."""


def velocity_correlation(setup: Setup, simulation: Simulation, molecule: Molecule) -> Series:
    """Return Z(t) = ⟨v(0)·v(t)⟩/⟨v²⟩, t in ps, of the centres of molecules; ⟨v²⟩ = 3k_BT/m."""
    vacf = simulation[f"vacf {molecule.name}"]
    square = 3.0 * thermal_energy(setup.state.temperature) / molecule.mass
    thermal = square * (FS_PER_PS / FS_PER_TIME) ** 2
    t = T[: int(np.searchsorted(T, vacf.x[-1], side="right"))]
    mean, blocks = (_on(t, vacf.x, y) / thermal for y in (vacf.mean[None], vacf.blocks))
    return Series("vacf", t, mean[0], blocks, "1")


def spectrum(setup: Setup, simulation: Simulation, molecule: Molecule) -> Series:
    """Return 4∫Z(t) cos(2πft) dt in ps over f in THz: its integral over f is 1.

    Its value at f = 0 is 4D m/(k_BT). Z is led to zero over what was recorded by half a cosine
    (Allen & Tildesley, Computer Simulation of Liquids, 2nd ed., section 8.2): narrower than one
    over that time nothing is resolved.
    """
    z = velocity_correlation(setup, simulation, molecule)
    window = 0.5 * (1.0 + np.cos(np.pi * z.x / z.x[-1]))
    waves = 4.0 * np.cos(2.0 * np.pi * F[:, None] * z.x)

    def of(y: FloatArray) -> FloatArray:
        return np.asarray(trapezoid(waves * (y * window)[:, None, :], z.x, axis=-1))

    return Series("spectrum", F, of(z.mean[None])[0], of(z.blocks), "ps")


def _on(t: FloatArray, x: FloatArray, rows: FloatArray) -> FloatArray:
    """Return curves over x, shape (b, m), at other times, shape (b, k)."""
    return np.array([np.interp(t, x, row) for row in rows])
