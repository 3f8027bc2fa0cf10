"""What every quantity knows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np

from sopr_uq.engine.series import Series
from sopr_uq.experiment.molecule import Pair
from sopr_uq.observables.infinite import InfiniteLiquid
from sopr_uq.observables.response import Response
from sopr_uq.typing import FloatArray


class Quantity(Protocol):
    """Something measured: its prediction from a simulation, and its change with the potentials.

    k numbers at abscissae x; a single number has none, and does not change with it.
    """

    def predict(self, liquid: InfiniteLiquid) -> Series:
        """Return what a simulation says it is."""
        ...

    def jacobian(self, change: Response) -> FloatArray:
        """Return its change for each change of the potentials, shape (k, m)."""
        ...

    def slope(self, liquid: InfiniteLiquid) -> FloatArray:
        """Return its derivative with respect to x, shape (k,)."""
        ...

    def slope_jacobian(self, change: Response) -> FloatArray:
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

    def jacobian(self, change: Response) -> FloatArray:
        """Return δd, shape (k, m)."""
        return self._sum(change.liquid, self.x, change.g)

    def slope(self, liquid: InfiniteLiquid, step: float = 1e-3) -> FloatArray:
        """Return ∂d/∂x, shape (k,)."""
        return (self.at(liquid, self.x + step) - self.at(liquid, self.x)) / step

    def slope_jacobian(self, change: Response, step: float = 1e-3) -> FloatArray:
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
