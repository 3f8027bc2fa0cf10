"""What the two instant engines share: the bins of g(r) and the making of a result."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from sopr_uq import __version__
from sopr_uq.engine.protocol import Setup, Simulation, named, rdf_name
from sopr_uq.engine.series import Series
from sopr_uq.engine.settings import EngineSettings
from sopr_uq.potentials.tail import tail_power
from sopr_uq.structure.bins import shell_quadrature
from sopr_uq.structure.transforms import RadialGrid
from sopr_uq.structure.virial import internal_energy, virial_pressure
from sopr_uq.typing import FloatArray

SPACING = 0.02
"""Spacing of the radial grid in Å: potentials and g(r) are smooth on this scale."""


def bin_centres(settings: EngineSettings, density: float) -> FloatArray:
    """Return the bin centres of g(r) in Å, shape (m,).

    They reach ``settings.r_max``, or half the edge of the cubic box that holds
    ``settings.particles`` at this density (Å⁻³), as in molecular dynamics.
    """
    r_max = settings.r_max or 0.5 * (settings.particles / density) ** (1.0 / 3.0)
    # A bin edge that misses r_max by rounding alone is still inside.
    count = int(r_max / settings.bin_width + 1e-9)
    return np.asarray(settings.bin_width * (np.arange(count) + 0.5))


def energies(setup: Setup, x: FloatArray) -> FloatArray:
    """Return the potentials in kcal/mol at distances in Å, shape (...) → (..., p)."""
    return np.stack([v.energy(x) for v in setup.in_order], axis=-1)


def shell_average(f: Callable[[FloatArray], FloatArray], r: FloatArray, width: float) -> FloatArray:
    """Return averages over bins with centres r (Å) of f, (m, k) → (m, k, p); shape (m, p)."""
    nodes, weights = shell_quadrature(r, width)
    return np.asarray((f(nodes) * weights[..., None]).sum(axis=1))


def exact_simulation(
    engine: str,
    setup: Setup,
    grid: RadialGrid,
    g: FloatArray,
    bins: tuple[FloatArray, FloatArray],
    started: float,
) -> Simulation:
    """Return the result of an engine without sampling error.

    Parameters
    ----------
    engine : str
        The engine's name.
    setup : Setup
    grid : RadialGrid
    g : array, shape (n, p)
        g on ``grid.r``, from which pressure and energy follow.
    bins : tuple of array, of shape (m,) and (m, p)
        Bin centres in Å and bin averages of g.
    started : float
        ``time.perf_counter()`` at the beginning of the run.
    """
    v, f = energies(setup, grid.r), np.stack([u.force(grid.r) for u in setup.in_order], axis=-1)
    power = tail_power(grid.r, v.T)
    pressure = virial_pressure(grid, g, v, f, setup.densities, setup.state.beta, power)
    energy = internal_energy(grid, g, v, setup.densities, power)
    rdfs = [
        Series.exact(rdf_name(pair), bins[0], average, "1")
        for pair, average in zip(setup.substance.pairs, bins[1].T, strict=True)
    ]
    numbers = [
        Series.number("energy", energy, "kcal/mol"),
        Series.number("pressure", pressure, "MPa"),
    ]
    return Simulation(
        series=named(rdfs + numbers),
        configuration=None,
        counts=(),
        steps=0,
        seconds=time.perf_counter() - started,
        rdf_seconds=0.0,
        engine=f"{engine} {__version__}",
    )
