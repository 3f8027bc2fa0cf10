"""What every quantity knows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from sopr_uq.engine.series import Series
from sopr_uq.observables.infinite import InfiniteLiquid
from sopr_uq.typing import FloatArray


@dataclass(frozen=True)
class Change:
    """Changes of the potentials, and what they do to g.

    Parameters
    ----------
    liquid : InfiniteLiquid
    energy : array, shape (n, p, m)
        δv in kcal/mol on the liquid's grid: m changes of all p potentials.
    """

    liquid: InfiniteLiquid
    energy: FloatArray

    @cached_property
    def g(self) -> FloatArray:
        """δg, shape (n, p, m)."""
        return self.liquid.response.rdf(self.energy)


class Quantity(Protocol):
    """Something measured: its prediction from a simulation, and its change with the potentials."""

    def predict(self, liquid: InfiniteLiquid) -> Series:
        """Return what a simulation says it is."""
        ...

    def jacobian(self, change: Change) -> FloatArray:
        """Return its change for each change of the potentials, shape (k, m)."""
        ...
