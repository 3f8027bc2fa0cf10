"""What a mean correction, or none, says of a state: a few simulations, and the measured g(r)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from plan import CARRIED, REPLICAS, STATES, curve_file

from sopr_uq.engine.factory import make_engine
from sopr_uq.engine.parallel import single_threaded
from sopr_uq.engine.protocol import Setup
from sopr_uq.engine.settings import EngineSettings
from sopr_uq.observables.property import PROPERTIES
from sopr_uq.observables.simulated_liquid import SimulatedLiquid
from sopr_uq.potentials import Corrected
from sopr_uq.typing import FloatArray
from sopr_uq.workflow.result import load_result
from sopr_uq.workflow.stored_liquid import makeup_of

_FIRST_PEAK = 3.1
"""In Å."""

_EDGE = 0.5
_WIDTHS = np.arange(0.0, 0.205, 0.01)
_SHARPEST = 0.025
"""In Å: below this a Gaussian is narrower than what a simulation resolves."""


def measured(data: Path, kelvin: int) -> tuple[FloatArray, FloatArray]:
    """Return r in Å and the measured g(r)."""
    r, g = np.loadtxt(curve_file(data, kelvin), delimiter=",", skiprows=5).T
    return r, g


def misfits(r: FloatArray, g: FloatArray, data: Path, kelvin: int) -> dict[str, float]:
    """Return rms Δg of a simulated g(r): all, over the first peak, beyond it, and broadened.

    As far as it was simulated, less what a Gaussian would want of it beyond.
    ``width`` is the standard deviation in Å of the Gaussian that, folded with r (g − 1), brings
    the simulated g(r) closest to the measured one, and ``broadened`` what is left then.
    """
    x, there = measured(data, kelvin)
    seen = x < r[-1] - _EDGE
    x, there = x[seen], there[seen]
    difference = np.interp(x, r, g) - there
    peak = x < _FIRST_PEAK
    left = [_rms(_broadened(r, g, x, w) - there) for w in _WIDTHS]
    best = int(np.argmin(left))
    return {
        "rms": _rms(difference),
        "first_peak": _rms(difference[peak]),
        "beyond": _rms(difference[~peak]),
        "broadened": left[best],
        "width": round(float(_WIDTHS[best]), 3),
    }


def _broadened(r: FloatArray, g: FloatArray, x: FloatArray, width: float) -> FloatArray:
    if width < _SHARPEST:
        return np.asarray(np.interp(x, r, g))
    odd = r * (g - 1.0)
    both, values = np.concatenate([-r[::-1], r]), np.concatenate([-odd[::-1], odd])
    weight = np.exp(-0.5 * ((x[:, None] - both) / width) ** 2)
    return np.asarray(1.0 + (weight @ values) / weight.sum(axis=1) / x)


def _rms(values: FloatArray) -> float:
    return round(float(np.sqrt(np.mean(values**2))), 5)


def carried(folder: Path, data: Path, kelvin: int) -> dict[str, float]:
    """Return what the mean correction of a refinement says of a state.

    Parameters
    ----------
    folder : Path
        Of the refinement.
    data : Path
    kelvin : int
    """
    result = load_result(folder)
    potential = result["posterior"].to_dataset()["potential"].mean(("chain", "draw"))
    makeup, r = makeup_of(result), potential["r"].values
    ((pair, reference),) = makeup.references.items()
    table = Corrected(reference, r, potential.values - reference.energy(r))
    settings = EngineSettings.model_validate({"name": "lammps", "threads": 1, **CARRIED})
    engine = single_threaded(make_engine(settings.model_copy(update={"cutoff": float(r[-1])})))
    runs = []
    for seed in range(1, REPLICAS + 1):
        setup = Setup(makeup.substance, STATES[kelvin], {pair: table}, seed, record=("diffusion",))
        runs.append(SimulatedLiquid(setup, engine.run(setup)))
    g = np.mean([run.simulation.g for run in runs], axis=0)
    found: dict[str, float] = misfits(runs[0].simulation.r, g, data, kelvin)
    for name in ("pressure", "diffusion"):
        reading = PROPERTIES[name].tell(runs)
        found[name] = round(float(reading.values.mean()), 4)
        error = np.hypot(np.sqrt(reading.noise[0] / len(runs)), reading.common)
        found[f"{name}_error"] = round(float(error), 4)
    return found
