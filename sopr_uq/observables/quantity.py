"""What every quantity knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from sopr_uq.engine.series import Series
from sopr_uq.experiment.substance import Pair
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
        (:mod:`sopr_uq.structure.moving_bridge`) or are held.
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
        if self.moving_bridge:
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
    """A linear functional of the g(r) of all pairs at every abscissa: d(x) = 1 + A(x) h w."""

    @property
    def x(self) -> FloatArray:
        """Abscissae, shape (k,)."""
        raise NotImplementedError

    @property
    def title(self) -> str:
        """Name of its series."""
        raise NotImplementedError

    def rows(self, liquid: InfiniteLiquid, x: FloatArray) -> FloatArray:
        """Return A at some abscissae, shape (k, n)."""
        raise NotImplementedError

    of: Mapping[Pair, float]

    def weights(self, liquid: InfiniteLiquid) -> FloatArray:
        """Return the weight w of each pair of a liquid, in their order, shape (p,)."""
        found = np.zeros(liquid.g.shape[1])
        for pair, weight in self.of.items():
            found[liquid.column(pair)] = weight
        return found

    def predict(self, liquid: InfiniteLiquid) -> Series:
        """Return the curve at its abscissae."""
        rows = self.rows(liquid, self.x)
        blocks = liquid.blocks @ self.weights(liquid) @ rows.T
        return Series(self.title, self.x, self.at(liquid, self.x), blocks, "1")

    def at(self, liquid: InfiniteLiquid, x: FloatArray) -> FloatArray:
        """Return the curve at other abscissae, shape (k,)."""
        h = (liquid.g - 1.0) @ self.weights(liquid)
        return np.asarray(1.0 + self.rows(liquid, x) @ h)

    def jacobian(self, change: Change) -> FloatArray:
        """Return δd, shape (k, m)."""
        return np.asarray(self.rows(change.liquid, self.x) @ self._weighted(change))

    def slope(self, liquid: InfiniteLiquid) -> FloatArray:
        """Return ∂d/∂x, shape (k,)."""
        return np.asarray(self._steep(liquid) @ (liquid.g - 1.0) @ self.weights(liquid))

    def slope_jacobian(self, change: Change) -> FloatArray:
        """Return δ(∂d/∂x), shape (k, m)."""
        return np.asarray(self._steep(change.liquid) @ self._weighted(change))

    def bend(self, liquid: InfiniteLiquid, step: float = 0.02) -> FloatArray:
        """Return ∂²d/∂x², shape (k,)."""
        before, at, after = (self.rows(liquid, self.x + k * step) for k in (-1, 0, 1))
        h = (liquid.g - 1.0) @ self.weights(liquid)
        return np.asarray((before - 2.0 * at + after) @ h / step**2)

    def common(self, liquid: InfiniteLiquid) -> FloatArray:  # noqa: ARG002
        """Return zeros, shape (k,): what a box does to g is taken out."""
        return np.zeros(self.x.size)

    def _steep(self, liquid: InfiniteLiquid, step: float = 1e-3) -> FloatArray:
        return (self.rows(liquid, self.x + step) - self.rows(liquid, self.x)) / step

    def _weighted(self, change: Change) -> FloatArray:
        """Σ w_ab δg_ab, shape (n, m)."""
        return np.asarray(np.tensordot(change.g, self.weights(change.liquid), axes=(1, 0)))
