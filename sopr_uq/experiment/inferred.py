"""What a curve shows of itself where nothing is told: its window, readings, band, and its end."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from sopr_uq.experiment.formats import Table
from sopr_uq.experiment.kinds import KINDS, Q, R
from sopr_uq.experiment.observation import Observation
from sopr_uq.experiment.readings import reading_error
from sopr_uq.experiment.scattered import scattered_begin
from sopr_uq.experiment.set_points import filled_end, set_points
from sopr_uq.structure.band import band_limit
from sopr_uq.structure.fourier_end import fourier_end
from sopr_uq.typing import FloatArray

_LIKELY, _UNKNOWN = 0.5, 1.0
"""How much of Lorch's window may be there, or missing: where the spectrum shows what there was,
or an end is told and no window; and where nothing shows."""

_FLANK = 0.97

_FAINT = 0.01
"""Share of the height of the first peak below which the order of a liquid is left out: it tells
little of forces. What many such points tell is how small errors are there, which would be
believed of the near ones, where errors of a transform are larger."""

_NEAR = 2.5
"""In the place of the first peak: so far a curve is always used."""


def read_off(observation: Observation) -> Observation:
    """Return the observation with a reading error, if its abscissae look like readings."""
    error = reading_error(observation.x)
    if error == 0.0 or observation.covariance is not None:
        return observation
    unit = observation.axis.text
    remark = (
        f"The steps are uneven, as of points read off a figure: a reading error of about "
        f"{error:.2g} {unit} is inferred. abscissa_error = 0 if it is a table."
    )
    return replace(observation, abscissa_error=error, remarks=(*observation.remarks, remark))


def windowed(observation: Observation, window: tuple[float, float] | None) -> Observation:
    """Return the observation with its window, which leaves out points that were set."""
    if window is not None:
        return replace(observation, window=window)
    x, value, unit = observation.x, observation.value, observation.axis.text
    found, filled = set_points(observation.kind, x, value), filled_end(value)
    first, last, remarks = 0.0, np.inf, list(observation.remarks)
    if found.number:
        first = float(x[found.number])
        remarks += [f"Below {first:g} {unit} the curve holds no data ({found.reason}): left out."]
    if observation.axis is Q:
        odd = scattered_begin(x, value, observation.error)
        if odd.number > found.number:
            first = float(x[odd.number])
            remarks.append(f"{odd.text(x)}: left out. A window says otherwise.")
    if filled:
        last = float(x[-filled - 1])
        what = f"{filled} equal values, {value[-1]:g}"
        remarks += [f"Beyond {last:g} {unit} the curve holds no data ({what}): left out."]
    return replace(observation, window=(first, last), remarks=tuple(remarks))


def shortened(observation: Observation, window: tuple[float, float] | None) -> Observation:
    """Return the observation without what is faint of a transform, unless a window is given."""
    if window is not None or not observation.transformed:
        return observation
    faint = faint_end(observation.x, observation.value)
    if faint >= observation.window[1]:
        return observation
    remark = (
        f"Beyond {faint:g} Å its order stays below {_FAINT:.0%} of the first peak: left out. "
        "A window says otherwise."
    )
    return replace(observation, order_to=faint, remarks=(*observation.remarks, remark))


def faint_end(x: FloatArray, g: FloatArray) -> float:
    """Return the last distance at which a g(r) has order to speak of; inf if that is its end.

    Parameters
    ----------
    x, g : array, shape (n,)
        Distances and values; the level is taken from the last quarter.
    """
    h = g - np.median(g[3 * g.size // 4 :])
    peak = int(np.argmax(h))
    last = max(float(x[np.flatnonzero(np.abs(h) >= _FAINT * h[peak])[-1]]), _NEAR * x[peak])
    return last if last < x[-1] else np.inf


def ended(
    observation: Observation, q_max: float | Literal["none"] | None, table: Table
) -> Observation:
    """Return the observation with the end of its Fourier integral: told, written, or found."""
    if observation.axis is not R or q_max == "none":
        return observation
    observation = replace(observation, damping=_LIKELY)
    if q_max is not None:
        return replace(observation, q_max=q_max)
    written = written_end(table)
    if written is not None:
        remark = f"The head of the file says Qmax = {written:g} Å⁻¹: taken as q_max."
        return replace(observation, q_max=written, remarks=(*observation.remarks, remark))
    found = fourier_end(observation.x, observation.value)
    if found is None and counted(observation, table):
        remark = (
            f"{table.format} has what was counted in a simulation, and the curve shows no end of "
            "a Fourier integral: no damping is allowed for, and no smoothing but that of its "
            "cells. Keys of these names say otherwise."
        )
        return replace(observation, damping=0.0, remarks=(*observation.remarks, remark))
    if found is None:
        read_off = observation.abscissa_error > 0.0
        return replace(observation, damping=_LIKELY if read_off else _UNKNOWN)
    window = ", damped by a window such as Lorch's" if found.window else ""
    remark = (
        f"The curve has nothing beyond Q = {found.q_max:.1f} ± {found.error:.1f} Å⁻¹{window}: "
        'taken as q_max. q_max = "none" if it was no Fourier transform.'
    )
    return replace(
        observation,
        q_max=round(found.q_max, 2),
        lorch=found.window,
        damping=_LIKELY + (_UNKNOWN - _LIKELY) * (1.0 - abs(2.0 * found.damped - 1.0)),
        remarks=(*observation.remarks, remark),
    )


def counted(observation: Observation, table: Table) -> bool:
    """Whether a curve is what a simulation counted.

    A program that analyses simulations wrote it, and it shows neither the end of a Fourier
    integral nor readings off a figure: measured curves are kept in such files, too.
    """
    shows = observation.transformed or observation.abscissa_error > 0.0
    return table.simulated and observation.axis is R and not shows


def own_smoothing(observation: Observation, table: Table) -> float:
    """Return how a curve of which nothing is told may have been smoothed, in Å² or Å⁻².

    A measured one as its kind may be. Nobody smooths what a simulation counted; the mean of a
    cell of width w is f + w² f″/24 at its centre, to second order.
    """
    if counted(observation, table):
        return float(np.median(np.diff(observation.x))) ** 2 / 24.0
    return KINDS[observation.kind].smoothed


def own_spacing(observation: Observation) -> float:
    """Return the distance below which the points of a curve repeat each other, Å or Å⁻¹."""
    x, h = observation.x, observation.value - observation.level
    # the flank of the first peak needs more than any window or smoothing leaves
    outside = x >= _FLANK * x[np.argmax(h)] if observation.axis is R else x > 0
    return float(np.pi / band_limit(x[outside], x[outside] * h[outside]))


def written_end(table: Table) -> float | None:
    """Return the end of the Fourier integral in Å⁻¹ that the head of a file tells, if it does."""
    try:
        value = float(table.facts.get("qmax", "").split()[0])
    except (ValueError, IndexError):
        return None
    return value if 1.0 <= value <= 1000.0 else None
