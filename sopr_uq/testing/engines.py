"""What every engine must do."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
from scipy.integrate import quad

from sopr_uq.engine.protocol import Engine, Setup, Simulation
from sopr_uq.engine.series import Series
from sopr_uq.engine.traits import COEXISTENCE, RECORDS, Traits
from sopr_uq.errors import InputError
from sopr_uq.experiment.state import StatePoint
from sopr_uq.potentials import Potential, lennard_jones
from sopr_uq.testing.require import require, require_close, require_same, require_shape
from sopr_uq.typing import FloatArray
from sopr_uq.units import MPA_PER_KCAL_MOL_A3

_EXACT = 0.02
"""Relative error of g and of the excess pressure that bins and grids may leave."""

_SURE = 5.0
"""Standard errors; at some twenty independent numbers one of 50 000 engines fails by chance."""

_UNITS = {"pressure": "MPa", "energy": "kcal/mol"}
_INTERVALS = ((0.3, 3.0), (3.0, 4.0), (4.0, 8.0), (8.0, 200.0))


def thin_gas(seed: int = 1) -> Setup:
    """Return argon so thin that pairs meet alone: g = exp(−βv)."""
    return Setup.of(lennard_jones(3.4, 0.238), StatePoint(300.0, 1e-4, 39.948), seed)


def check_engine(
    engine: Engine, setup: Setup | None = None, *, gas: Setup | None = None
) -> Simulation:
    """Check an engine: names, shapes, seeds, errors, and what a thin gas must be.

    Parameters
    ----------
    engine : Engine
    setup : Setup, optional
        What it is to simulate; a thin gas by default.
    gas : Setup, optional
        An element so thin that g = exp(−βv) and P = ρ k_B T (1 + B₂ρ). By default ``setup``
        if that is one, or where the engine is instant; None of both leaves the law out, whose
        noise takes molecular dynamics minutes.

    Returns
    -------
    Simulation
        Of the setup, for further checks.

    Raises
    ------
    AssertionError
        With what is not as it must be.
    """
    require(engine.name, "a name")
    require(isinstance(engine.traits, Traits), "traits", type(engine.traits).__name__)
    known = RECORDS | {COEXISTENCE}
    require(engine.traits.records <= known, f"records among {', '.join(sorted(known))}")
    given = thin_gas() if setup is None else setup
    fractions: list[float] = []
    found = engine.run(given, progress=fractions.append)
    _check_simulation(engine, given, found)
    require(not fractions or fractions[-1] == 1.0, "progress that ends at 1", fractions[-1:])
    require(np.all(np.diff(fractions) >= 0), "progress that never falls")
    _check_seeds(engine, given, found)
    _check_records(engine, given)
    law = gas or (thin_gas() if setup is None or engine.traits.instant else None)
    if law is not None:
        _check_thin_gas(engine, law)
    return found


def _check_simulation(engine: Engine, setup: Setup, found: Simulation) -> None:
    pairs = setup.substance.pairs
    require(found.engine.startswith(engine.name), f"an origin that begins with {engine.name}")
    require(tuple(found.rdfs) == pairs, "g of each pair in their order", list(found.rdfs))
    steps = np.diff(found.r)
    require(found.r[0] > 0 and np.ptp(steps) < 1e-6 * steps[0], "equally spaced centres of bins")
    for pair, series in found.rdfs.items():
        require_shape(series.x, found.r.shape, f"r of {pair}")
        _check_series(engine, series, "1")
        require(np.all(series.mean >= 0.0), f"g of {pair} that is not negative")
    for name, unit in _UNITS.items():
        _check_series(engine, found[name], unit)
        require_shape(found[name].mean, (1,), name)
    require(found.steps >= 0 and found.seconds >= found.rdf_seconds >= 0.0, "times and steps")
    if not engine.traits.boxed:
        return
    require(found.particles > 0, "particles in its box, by the composition")
    require(found.counts == setup.counts(found.particles), "counts by the composition")
    if found.configuration is not None:
        places = found.configuration.positions
        require_shape(places, (found.particles, 3), "positions")
        inside = (places >= 0.0) & (places < found.configuration.box_length)
        require(inside.all(), "positions inside the box")


def _check_series(engine: Engine, series: Series, unit: str) -> None:
    require(series.unit == unit, f"{series.name} in {unit}", series.unit)
    require_shape(series.mean, series.x.shape, f"the mean of {series.name}")
    blocks = len(series.blocks)
    require_shape(series.blocks, (blocks, series.x.size), f"the blocks of {series.name}")
    require(engine.traits.exact == (blocks == 0), "blocks where, and only where, it has noise")
    require(blocks != 1, "several blocks")
    if blocks:
        mean = series.blocks.mean(axis=0)
        require_close(mean, series.mean, 1e-9, f"the mean of the blocks of {series.name}")


def _check_seeds(engine: Engine, setup: Setup, found: Simulation) -> None:
    """One seed, one result, if need be within its errors; another seed, another one."""
    again = engine.run(setup)
    other = engine.run(
        Setup(setup.substance, setup.state, setup.potentials, setup.seed + 1, setup.start)
    )
    for name, series in found.series.items():
        if engine.traits.repeats:
            require_same(again[name].mean, series.mean, f"the same {name} of the same seed")
        else:
            _check_agree(again[name], series)
    same = all(np.array_equal(s.mean, other[n].mean) for n, s in found.series.items())
    require(same == engine.traits.exact, "other numbers of another seed if, and only if, noisy")


def _check_agree(again: Series, series: Series) -> None:
    """Averages over all abscissae of two runs differ by no more than their errors."""
    mine, theirs = (_error_of_mean(s, slice(None), np.ones(s.x.size)) for s in (again, series))
    error = float(np.hypot(mine, theirs))
    off = abs(float(again.mean.mean() - series.mean.mean()))
    require(off <= _SURE * error, f"{series.name} of the same seed within errors", f"{off:.2g} off")


def _check_records(engine: Engine, setup: Setup) -> None:
    """What it does not record, it refuses to be asked for."""
    missing = sorted(RECORDS - engine.traits.records)
    if not missing:
        return
    asked = Setup(
        setup.substance, setup.state, setup.potentials, setup.seed, setup.start, (missing[0],)
    )
    with suppress(InputError):
        engine.run(asked)
        require(False, f"an InputError for the record {missing[0]}", "a simulation")


def _check_thin_gas(engine: Engine, gas: Setup) -> None:
    found = engine.run(gas)
    (pair,) = gas.substance.pairs
    v, state = gas.potentials[pair], gas.state
    for low, high in ((3.2, 3.6), (3.6, 4.2), (4.2, 5.0)):
        inside = (found.r > low) & (found.r < high)
        if not inside.any():
            continue
        weight = found.r[inside] ** 2
        expected = _average(found.r[inside], found.bin_width, v, state.beta)
        error = _error_of_mean(found.only, inside, weight)
        mean = float(weight @ found.g[inside] / weight.sum())
        off = abs(mean - float(weight @ expected / weight.sum()))
        limit = _SURE * error + _EXACT * mean
        require(
            off <= limit, f"g = exp(−βv) from {low} to {high} Å", f"{mean:.4g}, off by {off:.2g}"
        )
    ideal = state.density / state.beta * MPA_PER_KCAL_MOL_A3
    excess = _second_virial(v, state.beta) * state.density
    limit = _SURE * found.pressure_error / ideal + _EXACT * abs(excess)
    off = abs(found.pressure / ideal - 1.0 - excess)
    require(off <= limit, "P = ρkT(1 + B₂ρ)", f"{found.pressure:.4g} MPa, off by {off * ideal:.2g}")


def _average(r: FloatArray, width: float, v: Potential, beta: float) -> FloatArray:
    """Return exp(−βv) over bins, weighted by r², shape (m,)."""
    nodes = r[:, None] + width * (np.arange(9) - 4.0) / 9.0
    weights = nodes**2
    return np.asarray((weights * np.exp(-beta * v.energy(nodes))).sum(1) / weights.sum(1))


def _error_of_mean(series: Series, inside: np.ndarray | slice, weight: FloatArray) -> float:
    if not len(series.blocks):
        return 0.0
    means = series.blocks[:, inside] @ weight / weight.sum()
    return float(means.std(ddof=1) / np.sqrt(means.size))


def _second_virial(v: Potential, beta: float) -> float:
    """Return B₂ in Å³."""

    def mayer(r: float) -> float:
        return float(np.expm1(-beta * v.energy(np.array(r))) * r**2)

    parts = [quad(mayer, *ends)[0] for ends in _INTERVALS]
    return float(-2.0 * np.pi * (sum(parts) - _INTERVALS[0][0] ** 3 / 3.0))
