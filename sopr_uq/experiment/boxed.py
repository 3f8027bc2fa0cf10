"""Measured curves as a simulated box can show them.

The g(r) of charged molecules ends with the box; beyond, their order cannot be continued
(:mod:`sopr_uq.structure.taper`). What is compared is therefore a measurement without that order
too: a g(r) up to where the box's is left alone, an S(Q) or F(Q) folded with the waves of the taper.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sopr_uq.errors import InputError
from sopr_uq.experiment.kinds import R
from sopr_uq.experiment.liquid import Liquid
from sopr_uq.experiment.observation import Observation
from sopr_uq.structure.taper import WIDTH, tapered_waves

_LOST = 3.0
"""How much of the end of a curve the taper's waves have no data for, in π/R."""

_FEWEST = 10


def boxed(liquid: Liquid, radius: float) -> Liquid:
    """Return a liquid, of charged molecules without the order beyond a distance in Å.

    Raises
    ------
    InputError
        If little of a curve is left.
    """
    if not liquid.substance.charged:
        return liquid
    seen = tuple(as_boxed(o, radius) for o in liquid.observations)
    return replace(liquid, observations=seen)


def as_boxed(o: Observation, radius: float) -> Observation:
    """Return a curve without the order beyond a distance; numbers as they are.

    Parameters
    ----------
    o : Observation
    radius : float
        Where the g(r) of the box ends, in Å.

    Raises
    ------
    InputError
        If little of it is left.
    """
    if not o.is_curve:
        return o
    if o.axis is R:
        end = radius - WIDTH
        return o if min(o.window[1], o.order_to, o.x[-1]) <= end else _cut(o, end)
    # what a window leaves out may be anything: waves of the taper would bring it back
    o = o.windowed()
    apart = np.pi / radius
    low, high = max(o.x[0], apart), o.x[-1] - _LOST * apart
    x = np.arange(low, high, apart)
    if x.size < _FEWEST:
        raise InputError(
            f"observation {o.name}",
            f"{_FEWEST} or more independent numbers: one in {apart:.2g} Å⁻¹ in a box whose g(r) "
            f"ends at {radius:.1f} Å",
            f"{x.size}",
            "a wider window, or more engine.particles",
        )
    rows = tapered_waves(o.x, x, radius)
    error = None if o.error is None else np.sqrt(rows**2 @ o.error**2)
    covariance = None if o.covariance is None else rows @ o.covariance @ rows.T
    remark = (
        f"compared without the order beyond {radius - WIDTH:.1f} to {radius:.1f} Å, which the "
        f"simulated box does not hold: one number in {apart:.2g} Å⁻¹"
    )
    return replace(
        o,
        x=x,
        value=o.level + rows @ (o.value - o.level),
        error=error,
        covariance=covariance,
        spacing=0.0,
        window=(0.0, np.inf),
        remarks=(*o.remarks, remark),
    )


def _cut(o: Observation, end: float) -> Observation:
    if not np.any(o.x[o.mask] <= end):
        raise InputError(
            f"observation {o.name}",
            f"distances up to {end:.1f} Å, where the g(r) of the box is left alone",
            f"a window from {o.window[0]:g} Å",
            "more engine.particles",
        )
    remark = f"used up to {end:.1f} Å, where the simulated box is left alone"
    return replace(o, window=(o.window[0], end), remarks=(*o.remarks, remark))
