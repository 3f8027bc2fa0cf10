"""What every quantity knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from sopr_uq.engine.series import Series
from sopr_uq.experiment.molecule import Pair
from sopr_uq.observables.infinite import InfiniteLiquid
from sopr_uq.structure.moving_bridge import bridge_change
from sopr_uq.typing import ArrayLike, FloatArray


@dataclass(frozen=True)
class Change:
    """Changes of the potentials, and what they do to g.

    Parameters
    ----------
    liquid : InfiniteLiquid
    energy : array, shape (n, p, m)
        δv in kcal/mol on the liquid's grid: m changes of all p potentials. Beyond the
        cut-off they change the tail corrections alone.
    power : float or array, shape (p,)
        Exponent with which δv goes on beyond the grid.
    moving_bridge : bool
        Whether bridge functions ride on the cores
        (:mod:`sopr_uq.structure.moving_bridge`) or are held; those of molecules are held.
    """

    liquid: InfiniteLiquid
    energy: FloatArray
    power: ArrayLike = 6.0
    moving_bridge: bool = False

    @cached_property
    def g(self) -> FloatArray:
        """δg, shape (n, p, m)."""
        liquid, setup = self.liquid, self.liquid.setup
        felt = self.energy * liquid.seen[:, None, None]
        if self.moving_bridge and setup.substance.atomic:
            beta = setup.state.beta
            moved = bridge_change(liquid.grid, liquid.g, liquid.energy, setup.densities, beta, felt)
            # B stands beside −βv in the closure: a change of it acts as one of v
            felt = felt - moved / beta
        return liquid.response.rdf(felt)


class Quantity(Protocol):
    """Something measured: its prediction from a simulation, and its change with the potentials.

    k numbers at abscissae x; a single number has none, and does not change with it.
    """

    def predict(self, liquid: InfiniteLiquid) -> Series:
        """Return what a simulation says it is."""
        ...

    def jacobian(self, change: Change) -> FloatArray:
        """Return its change for each change of the potentials, shape (k, m)."""
        ...

    def slope(self, liquid: InfiniteLiquid) -> FloatArray:
        """Return its derivative with respect to x, shape (k,)."""
        ...

    def slope_jacobian(self, change: Change) -> FloatArray:
        """Return how that changes with the potentials, shape (k, m)."""
        ...

    def bend(self, liquid: InfiniteLiquid) -> FloatArray:
        """Return its second derivative with respect to x, shape (k,)."""
        ...

    def common(self, liquid: InfiniteLiquid) -> FloatArray:
        """Return the standard error that all simulations of one size share, shape (k,)."""
        ...


class Curve:
    """Linear in the g(r) of all pairs at every abscissa: d(x) = own(x) + Σ w_ab(x) A(x) h_ab."""

    @property
    def x(self) -> FloatArray:
        """Abscissae, shape (k,)."""
        raise NotImplementedError

    @property
    def title(self) -> str:
        """Name of its series."""
        raise NotImplementedError

    @property
    def unit(self) -> str:
        """Unit of its series."""
        return "1"

    def rows(self, liquid: InfiniteLiquid, x: FloatArray) -> FloatArray:
        """Return A at some abscissae, shape (k, n)."""
        raise NotImplementedError

    def weights(self, liquid: InfiniteLiquid, x: FloatArray) -> FloatArray:
        """Return the weight w of each pair of a liquid, in their order, shape (k, p)."""
        raise NotImplementedError

    def own(self, x: FloatArray) -> FloatArray:
        """Return what is there without any order between molecules, shape (k,)."""
        return np.ones_like(x)

    def predict(self, liquid: InfiniteLiquid) -> Series:
        """Return the curve at its abscissae."""
        blocks = self._sum(liquid, self.x, np.moveaxis(liquid.blocks, 0, -1)).T
        return Series(self.title, self.x, self.at(liquid, self.x), blocks, self.unit)

    def at(self, liquid: InfiniteLiquid, x: FloatArray) -> FloatArray:
        """Return the curve at other abscissae, shape (k,)."""
        return self.own(x) + self._sum(liquid, x, liquid.g - 1.0)

    def jacobian(self, change: Change) -> FloatArray:
        """Return δd, shape (k, m)."""
        return self._sum(change.liquid, self.x, change.g)

    def slope(self, liquid: InfiniteLiquid, step: float = 1e-3) -> FloatArray:
        """Return ∂d/∂x, shape (k,)."""
        return (self.at(liquid, self.x + step) - self.at(liquid, self.x)) / step

    def slope_jacobian(self, change: Change, step: float = 1e-3) -> FloatArray:
        """Return δ(∂d/∂x), shape (k, m)."""
        here, there = (self._sum(change.liquid, self.x + x, change.g) for x in (0.0, step))
        return (there - here) / step

    def bend(self, liquid: InfiniteLiquid, step: float = 0.02) -> FloatArray:
        """Return ∂²d/∂x², shape (k,)."""
        before, at, after = (self.at(liquid, self.x + k * step) for k in (-1, 0, 1))
        return np.asarray((before - 2.0 * at + after) / step**2)

    def common(self, liquid: InfiniteLiquid) -> FloatArray:  # noqa: ARG002
        """Return zeros, shape (k,): what a box does to g is taken out."""
        return np.zeros(self.x.size)

    def _sum(self, liquid: InfiniteLiquid, x: FloatArray, h: FloatArray) -> FloatArray:
        """Return Σ w_ab(x) A(x) h_ab for h of shape (n, p, ...), shape (k, ...)."""
        rows, weights = self.rows(liquid, x), self.weights(liquid, x)
        found = np.zeros((x.size, *h.shape[2:]))
        for i in np.flatnonzero(weights.any(axis=0)):
            w = weights[:, i].reshape(-1, *(1,) * (h.ndim - 2))
            found += w * np.tensordot(rows, h[:, i], axes=1)
        return found


class Weighted(Curve):
    """A curve whose pairs have one weight each at all abscissae."""

    of: Mapping[Pair, float]

    def weights(self, liquid: InfiniteLiquid, x: FloatArray) -> FloatArray:
        """Return the weight w of each pair of a liquid, in their order, shape (k, p)."""
        found = np.zeros(liquid.g.shape[1])
        for pair, weight in self.of.items():
            found[liquid.column(pair)] = weight
        return np.broadcast_to(found, (x.size, found.size))
