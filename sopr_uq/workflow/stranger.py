"""Twins' curves as strangers write them: two columns, and not a word of what was done to them."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter1d

from sopr_uq.engine.protocol import Simulation
from sopr_uq.errors import InputError
from sopr_uq.experiment.measurement import checked, read_observation
from sopr_uq.experiment.observation import Observation
from sopr_uq.experiment.observe_settings import ObserveSettings
from sopr_uq.experiment.state import StatePoint
from sopr_uq.observables import InfiniteLiquid
from sopr_uq.refine.newton.implied import implied
from sopr_uq.refine.problem import Problem
from sopr_uq.structure.damped_spectrum import WINDOWS, window_shape
from sopr_uq.typing import FloatArray

SPACINGS = (0.03, 0.06, 0.1)
"""Of the table, in Å."""

_ENDS = (12.0, 25.0)
_BIN = 0.05
_CORE = 0.02


@dataclass(frozen=True)
class Stranger:
    """How a g(r) comes about that nothing is told of.

    S(Q) − 1 has noise, is damped by one of
    :data:`~sopr_uq.structure.damped_spectrum.WINDOWS` and transformed up to some Q;
    the curve is smoothed, its core set to zero, its level off, and what is left printed
    with four decimals as two columns, at one of :data:`SPACINGS`, up to 12 to 25 Å.

    Parameters
    ----------
    q_low, q_high : float
        Between which the Fourier integral ends, in Å⁻¹.
    noise : float
        Standard deviation of the noise of S(Q), in bins of 0.05 Å⁻¹.
    level : float
        Standard deviation of the factor by which the whole curve is off.
    smoothing : float
        Largest standard deviation of the Gaussian that smooths it, in Å.
    """

    q_low: float = 8.0
    q_high: float = 25.0
    noise: float = 0.01
    level: float = 0.02
    smoothing: float = 0.08

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            if not (np.isfinite(value) and value >= 0):
                raise InputError(f"stranger, {each.name}", "a number from 0 on", f"{value}")
        if not 0.0 < self.q_low <= self.q_high:
            raise InputError("stranger", "0 < q_low ≤ q_high", f"{self.q_low} and {self.q_high}")

    def observed(
        self,
        problem: Problem,
        truth: FloatArray,
        simulation: Simulation,
        o: Observation,
        rng: np.random.Generator,
    ) -> tuple[Observation, dict[str, float]]:
        """Return a curve as it is read from its file, and what was done to it.

        Parameters are as of :meth:`~sopr_uq.workflow.twins.Measures.observed`.

        Raises
        ------
        InputError
            If the curve to imitate is no g(r), or what was written is refused.
        """
        if o.kind != "g":
            raise InputError("stranger", "a g(r) to imitate", f"{o.name}, of kind {o.kind}")
        liquid = implied(problem, 0, truth, simulation).at
        done = self._drawn(rng)
        r = np.arange(1.0, int(rng.uniform(*_ENDS) / done["spacing"])) * done["spacing"]
        value = self._written(liquid, r, done, rng)
        found = written_and_read(r, value, problem.liquids[0].state)
        return found, done | {"q_max_found": found.q_max, "lorch": float(found.lorch)}

    def _drawn(self, rng: np.random.Generator) -> dict[str, float]:
        return {
            "q_max": float(rng.uniform(self.q_low, self.q_high)),
            "window": float(rng.integers(len(WINDOWS))),
            "spacing": float(rng.choice(SPACINGS)),
            "smoothed": float(rng.uniform(0.0, self.smoothing)),
            "scale": float(self.level * rng.standard_normal()),
        }

    def _written(
        self,
        liquid: InfiniteLiquid,
        r: FloatArray,
        done: dict[str, float],
        rng: np.random.Generator,
    ) -> FloatArray:
        """Return what is printed at distances r, shape (k,)."""
        grid, density, g = liquid.grid, liquid.setup.state.density, liquid.g[:, 0]
        begin = grid.r[np.argmax(g > _CORE)]
        noise = self.noise * np.sqrt(_BIN / grid.q[0]) * rng.standard_normal(grid.n)
        s = density * grid.forward(g - 1.0) + noise
        cut = s * window_shape(WINDOWS[int(done["window"])], grid.q / done["q_max"])
        g = 1.0 + grid.backward(cut) / density
        if done["smoothed"] > 0.0:
            g = gaussian_filter1d(g, done["smoothed"] / grid.spacing, mode="nearest")
        g[grid.r < begin] = 0.0
        return np.asarray(np.round((1.0 + done["scale"]) * np.interp(r, grid.r, g), 4))


def written_and_read(r: FloatArray, value: FloatArray, state: StatePoint) -> Observation:
    """Write two columns, shape (k,) each, and read them as anyone's file is read.

    Raises
    ------
    InputError
        If the curve is refused.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "g.dat"
        np.savetxt(file, np.stack([r, value], axis=1), fmt="%.6g")
        settings = ObserveSettings(kind="g", file=file, origin="stranger")
        return checked(read_observation(settings, state), state)
