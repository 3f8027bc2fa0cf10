"""Counting noise for an engine that has none of its own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sopr_uq.engine.protocol import Setup, Simulation, named
from sopr_uq.engine.series import Series
from sopr_uq.potentials import Potential
from sopr_uq.structure.bins import shell_quadrature, shell_volume
from sopr_uq.structure.mixture import Mixture
from sopr_uq.typing import FloatArray
from sopr_uq.units import MPA_PER_KCAL_MOL_A3


def counted(
    exact: Simulation, setup: Setup, error: float, blocks: int, rng: np.random.Generator
) -> Simulation:
    """Return a simulation whose bins were counted over a finite time.

    Each bin of each block is an independent Poisson count; pressure and energy
    are those of the same counts, through the virial.

    Parameters
    ----------
    exact : Simulation
        The result without error.
    setup : Setup
        What it is the result of.
    error : float
        Standard error of the mean in a bin with g = 1, all pairs taken
        together.
    blocks : int
        Number of blocks b.
    rng : numpy.random.Generator
    """
    shares = Mixture.of(setup.densities).weights
    series: list[Series] = []
    changes = np.zeros((2, blocks))
    for share, (pair, g) in zip(shares, exact.rdfs.items(), strict=True):
        expected = share / (blocks * error**2)
        found = rng.poisson(expected * g.mean, size=(blocks, g.x.size)) / expected
        series.append(Series.of_blocks(g.name, g.x, found, g.unit))
        rows = share * _thermodynamic_rows(exact, setup.potentials[pair], setup)
        changes += rows @ (found - g.mean).T
    for name, change in zip(("pressure", "energy"), changes, strict=True):
        old = exact[name]
        series.append(Series.of_blocks(name, old.x, old.mean + change[:, None], old.unit))
    return replace(exact, series=named(series))


def _thermodynamic_rows(exact: Simulation, potential: Potential, setup: Setup) -> FloatArray:
    """Return ∂P/∂g (MPa) and ∂U/∂g (kcal/mol) for the bins of a pair, shape (2, m).

    As if all pairs were of this kind. Inside a bin the pairs are spread as
    exp(−βv) r² spreads them.
    """
    state = setup.state
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
    return np.stack([pressure, 0.5 * state.density * volume * mean(v)])
