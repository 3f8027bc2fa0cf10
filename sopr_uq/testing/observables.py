"""What every observable must do."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from sopr_uq.engine.integral_equation import IntegralEquationEngine
from sopr_uq.engine.protocol import Setup, Simulation
from sopr_uq.engine.series import Series
from sopr_uq.engine.settings import EngineSettings
from sopr_uq.experiment.state import StatePoint
from sopr_uq.observables import InfiniteLiquid, OrnsteinZernike, Response, continued
from sopr_uq.observables.property import Property
from sopr_uq.observables.simulated_liquid import SimulatedLiquid
from sopr_uq.potentials import Potential, lennard_jones
from sopr_uq.structure.transforms import RadialGrid
from sopr_uq.testing.require import require, require_close, require_shape
from sopr_uq.typing import ArrayLike, FloatArray

_GRID = RadialGrid.covering(40.0, 0.04)
_SHARE = 2e-3
"""Of the potentials, by which they are changed."""

_MIDDLE = 4.0
"""In Å; beyond, changes of the far part act."""


class DifferentiableQuantity(Protocol):
    """What a quantity must have at least."""

    def predict(self, liquid: InfiniteLiquid) -> Series:
        """Return what a simulation says it is."""
        ...

    def jacobian(self, change: Response) -> FloatArray:
        """Return its change for each change of the potentials, shape (k, m)."""
        ...


def simple_liquid() -> Setup:
    """Return an argon-like liquid, which the exact engine solves at once."""
    return Setup.of(lennard_jones(3.4, 0.238), StatePoint(150.0, 0.0185, 39.948), seed=1)


def check_quantity(
    quantity: DifferentiableQuantity, setup: Setup | None = None, *, tolerance: float = 0.02
) -> Series:
    """Check an observable against the exact engine, whose potentials are changed.

    Each potential, and its far part alone, is made stronger by a small share; the change of the
    prediction must be what ``jacobian`` says, which must be linear. Where a quantity has
    ``slope``, ``slope_jacobian``, ``bend`` and ``common``, as rules ask, their shapes are checked.

    Parameters
    ----------
    quantity : object
        With ``predict`` and ``jacobian``; see :class:`~sopr_uq.observables.Quantity`.
    setup : Setup, optional
        A liquid of atoms; an argon-like one by default.
    tolerance : float
        How far the Jacobian may be from differences, relative to the largest; bins of 0.02 Å
        leave 0.01. A rule of thumb is farther off.

    Returns
    -------
    Series
        What is predicted, for further checks.

    Raises
    ------
    AssertionError
        With what is not as it must be.
    """
    setup = simple_liquid() if setup is None else setup
    liquid = _liquid(setup, 0.02)
    found = quantity.predict(liquid)
    k = found.x.size
    require(found.name, "a name of the series")
    require_shape(found.mean, (k,), "the mean")
    require_shape(found.blocks, (len(liquid.blocks), k), "the blocks, one for each of the run")
    require(np.any(found.error > 0.0), "an error where the simulation has one")
    exact = _liquid(setup, 0.0)
    changes = _changes(setup)
    change = OrnsteinZernike(exact, changes)
    jacobian = quantity.jacobian(change)
    require_shape(jacobian, (k, changes.shape[-1]), "the Jacobian")
    twice = quantity.jacobian(OrnsteinZernike(exact, 2.0 * changes))
    require_close(twice, 2.0 * jacobian, 1e-9, "a Jacobian that is linear: twice the change")
    both = quantity.jacobian(OrnsteinZernike(exact, changes.sum(axis=-1, keepdims=True)))
    together = jacobian.sum(axis=1, keepdims=True)
    require_close(both, together, 1e-6, "a Jacobian that is linear: the sum of changes")
    for j in range(changes.shape[-1]):
        exact_change = _difference(quantity, setup, j)
        require_close(jacobian[:, j], exact_change, tolerance, f"the derivative to change {j}")
    _check_rest(quantity, change, k)
    return found


def _check_rest(quantity: DifferentiableQuantity, change: Response, k: int) -> None:
    liquid, m = change.liquid, change.energy.shape[-1]
    shapes = {"slope": (k,), "bend": (k,), "common": (k,), "slope_jacobian": (k, m)}
    for name, shape in shapes.items():
        method = getattr(quantity, name, None)
        if method is not None:
            require_shape(method(change if name == "slope_jacobian" else liquid), shape, name)


@dataclass(frozen=True)
class _Changed:
    """A potential that is stronger by a share, everywhere or beyond some 4 Å."""

    potential: Potential
    share: float
    beyond: float

    def energy(self, r: ArrayLike) -> FloatArray:
        """Return v in kcal/mol."""
        return np.asarray((1.0 + self.share + self.beyond * _far(r)) * self.potential.energy(r))

    def force(self, r: ArrayLike) -> FloatArray:
        """Return −v′ in kcal/(mol Å)."""
        far, v = _far(r), self.potential
        steep = 12.0 * far * (1.0 - far) / np.asarray(r)
        return np.asarray(
            (1.0 + self.share + self.beyond * far) * v.force(r) - self.beyond * steep * v.energy(r)
        )


def _far(r: ArrayLike) -> FloatArray:
    return np.asarray(1.0 / (1.0 + (_MIDDLE / np.asarray(r)) ** 12))


def _liquid(setup: Setup, error: float) -> InfiniteLiquid:
    """Return the liquid of the exact engine."""
    settings = EngineSettings(particles=1000, blocks=10)
    engine = IntegralEquationEngine(settings, sampling_error=error)
    return continued(setup, engine.run(setup), _GRID)


def _changed(setup: Setup, number: int, size: float) -> Setup:
    """Return the setup with change ``number``: of each pair the whole potential, then its far."""
    pair = setup.substance.pairs[number // 2]
    parts = (size, 0.0) if number % 2 == 0 else (0.0, size)
    moved = _Changed(setup.potentials[pair], *parts)
    return replace(setup, potentials={**setup.potentials, pair: moved})


def _changes(setup: Setup) -> FloatArray:
    """Return δv of every change in kcal/mol, shape (n, p, 2 p)."""
    count = 2 * len(setup.substance.pairs)
    ends = [
        np.stack([v.energy(_GRID.r) for v in _changed(setup, j, _SHARE).in_order], axis=1)
        for j in range(count)
    ]
    here = np.stack([v.energy(_GRID.r) for v in setup.in_order], axis=1)
    return np.stack(ends, axis=-1) - here[..., None]


def _difference(quantity: DifferentiableQuantity, setup: Setup, number: int) -> FloatArray:
    sides = (0.5 * _SHARE, -0.5 * _SHARE)
    up, down = (quantity.predict(_liquid(_changed(setup, number, s), 0.0)).mean for s in sides)
    return np.asarray(up - down)


def check_property(wanted: Property, runs: list[tuple[Setup, Simulation]]) -> None:
    """Check how a property reads runs.

    Parameters
    ----------
    wanted : Property
    runs : list of tuple of Setup and Simulation
        At least two of one liquid, which recorded what the property asks for.

    Raises
    ------
    AssertionError
        With what is not as it must be.
    """
    require(wanted.name and wanted.unit, "a name and a unit")
    made = [SimulatedLiquid(setup, simulation) for setup, simulation in runs]
    found = wanted.tell(made)
    n, k = len(made), found.x.size
    require_shape(found.values, (n, k), "one row of values for each run")
    require_shape(found.noise, (k,), "the variance that sampling gives one run")
    require(np.all(found.noise >= 0.0) and found.common >= 0.0, "variances that are not negative")
    if wanted.logarithmic:
        require(np.all(found.values > 0.0), "positive values of what has a logarithm")
    back = wanted.tell(made[::-1])
    require_close(back.values[::-1], found.values, 1e-9, "the same values in another order")
