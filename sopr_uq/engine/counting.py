"""Counting noise for an engine that has none of its own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sopr_uq.engine.protocol import Simulation
from sopr_uq.experiment.state import StatePoint
from sopr_uq.potentials import Potential
from sopr_uq.structure.bins import shell_quadrature, shell_volume
from sopr_uq.typing import FloatArray
from sopr_uq.units import MPA_PER_KCAL_MOL_A3


def counted(
    exact: Simulation,
    potential: Potential,
    state: StatePoint,
    error: float,
    blocks: int,
    rng: np.random.Generator,
) -> Simulation:
    """Return a simulation whose bins were counted over a finite time.

    Each bin of each block is an independent Poisson count; pressure and energy
    are those of the same counts, through the virial.

    Parameters
    ----------
    exact : Simulation
        The result without error.
    potential : Potential
    state : StatePoint
    error : float
        Standard error of the mean in a bin with g = 1.
    blocks : int
        Number of blocks b.
    rng : numpy.random.Generator
    """
    expected = 1.0 / (blocks * error**2)
    g = rng.poisson(expected * exact.g, size=(blocks, exact.r.size)) / expected
    pressure_row, energy_row = _thermodynamic_rows(exact, potential, state)
    pressure = exact.pressure + (g - exact.g) @ pressure_row
    energy = exact.energy + (g - exact.g) @ energy_row
    return replace(
        exact,
        g=g.mean(axis=0),
        g_blocks=g,
        pressure=float(pressure.mean()),
        pressure_blocks=pressure,
        energy=float(energy.mean()),
        energy_blocks=energy,
    )


def _thermodynamic_rows(
    exact: Simulation, potential: Potential, state: StatePoint
) -> tuple[FloatArray, FloatArray]:
    """Return ∂P/∂g (MPa) and ∂U/∂g (kcal/mol) for the bins, each of shape (m,).

    Inside a bin the pairs are spread as exp(−βv) r² spreads them.
    """
    nodes, weights = shell_quadrature(exact.r, exact.bin_width)
    v = potential.energy(nodes)
    spread = weights * np.exp(-state.beta * v)
    total = spread.sum(axis=1)
    volume = shell_volume(exact.r, exact.bin_width)

    def mean(f: FloatArray) -> FloatArray:
        # Where no pair ever comes, the count is zero and the row does not matter.
        out = np.zeros_like(total)
        return np.divide((spread * f).sum(axis=1), total, out=out, where=total > 0.0)

    virial = mean(nodes * potential.force(nodes))
    pressure = state.density**2 / 6.0 * volume * virial * MPA_PER_KCAL_MOL_A3
    return pressure, 0.5 * state.density * volume * mean(v)
