"""A liquid that was simulated, and what several such runs tell of a number or curve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from sopr_uq.engine.protocol import Setup, Simulation
from sopr_uq.engine.series import Series
from sopr_uq.observables.infinite import InfiniteLiquid, as_it_is, continued
from sopr_uq.structure.transforms import RadialGrid
from sopr_uq.typing import FloatArray

_GRID = RadialGrid.covering(50.0, 0.02)


@dataclass(frozen=True)
class SimulatedLiquid:
    """A liquid at its state point, and the simulation that was made of it."""

    setup: Setup
    simulation: Simulation

    @cached_property
    def infinite(self) -> InfiniteLiquid:
        """The infinite liquid that it implies, without what changes of it take: that is large.

        Raises
        ------
        RuleFailed
            If no homogeneous liquid has this g(r).
        """
        whole = continued(self.setup, self.simulation, _GRID)
        return replace(whole, smooth=(), follow=as_it_is)


class Reading(NamedTuple):
    """A property as several runs of like liquids tell it."""

    x: FloatArray
    """Abscissa, shape (k,); of a number [0]."""
    values: FloatArray
    """Of each run, shape (n, k)."""
    noise: FloatArray
    """Variance that sampling gives to one run, shape (k,)."""
    common: float = 0.0
    """Standard error that all runs share, in the unit of the values."""
    window: tuple[float, float] | None = None
    """From when to when a time correlation was summed, in ps."""


def reading_of(series: Sequence[Series]) -> Reading:
    """Return what series of like liquids tell, one of each, as far as all of them go."""
    size = min(each.x.size for each in series)
    noise = np.mean([each.error[:size] ** 2 for each in series], axis=0)
    values = np.stack([each.mean[:size] for each in series])
    return Reading(series[0].x[:size], values, np.asarray(noise))
