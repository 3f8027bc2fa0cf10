"""Molten aluminium on embedded-atom potentials: what is refined, and from what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import tomli_w

from sopr_uq.experiment.state import StatePoint
from sopr_uq.workflow.config import Config, load_config

MASS = 26.98
STATES: Mapping[int, StatePoint] = MappingProxyType(
    {1023: StatePoint(1023.0, 0.05244, MASS), 1323: StatePoint(1323.0, 0.05035, MASS)}
)
"""By the temperature in K; densities are those of the liquid at its vapour pressure."""

GOOD = ("eam/fs", "Al_mm.eam.fs")
POOR = ("eam/alloy", "NiAlH_jea.eam.alloy")
"""Of aluminium in nickel with hydrogen: not made for the melt of aluminium alone."""

_AS_PRINTED = {
    "smoothing": 0.0, "damping": 0.0, "drift": 0.0, "q_max": "none", "spacing": 0.0,
    "abscissa_error": 0.005,
}  # fmt: skip
_PRESSURE = {"kind": "pressure", "value": 0.1, "error": 50.0}
_IBI = {"rule": "ibi", "gamma": 1.0, "round_size": 1, "max_iterations": 8}
_STEPS = {"production_steps": 6000, "sample_every": 20, "threads": 1}

PROPERTIES = ("g", "pressure", "energy", "diffusion", "heat-capacity")
DRAWS = 8
CARRIED = {
    "particles": 256, "thermalisation_steps": 500, "ramp_steps": 1000,
    "equilibration_steps": 1500, "production_steps": 4000, "sample_every": 20,
}  # fmt: skip
"""Engine of what is carried to a state."""

REPLICAS = 2
"""Simulations of a mean correction where only the mean is carried."""


@dataclass(frozen=True)
class Case:
    """A refinement.

    Parameters
    ----------
    title : str
        As the tables call it.
    base : tuple of str
        Style and file that ship with LAMMPS.
    measured : tuple of int
        Temperatures in K of the states that are learnt from.
    particles : int
    broadening : float
        Standard deviation in Å² of how much of its second derivative a table has in it.
    begins : str
        The case whose rounds this one learns from first; nothing: none.
    rounds : int
        Rounds at most.
    size : int
        Simulations of a round at each state.
    rule : {"newton", "ibi"}
    """

    title: str
    base: tuple[str, str] = GOOD
    measured: tuple[int, ...] = (1023, 1323)
    particles: int = 864
    broadening: float = 0.0
    begins: str = ""
    rounds: int = 20
    size: int = 4
    rule: Literal["newton", "ibi"] = "newton"

    def config(self, data: Path, work: Path) -> Config:
        """Return the configuration.

        Parameters
        ----------
        data : Path
            The folder of the two measured g(r).
        work : Path
            Where its TOML may be written.
        """
        style, file = self.base
        first, *others = self.measured
        tables: dict[str, Any] = {
            "seed": 1,
            "system": {"name": "aluminium", "mass": MASS, **_state(first)},
            "base": {"style": style, "files": [file], "elements": {"Al": "Al"}},
            "observe": self._observed(first, data),
            "engine": {"particles": self.particles, **_STEPS},
            "refine": {"max_iterations": self.rounds, "round_size": self.size},
        }
        if others:
            tables["state"] = [
                {"name": f"{t} K", **_state(t), "observe": self._observed(t, data)} for t in others
            ]
        if self.rule == "ibi":
            tables["refine"] = dict(_IBI)
        work.mkdir(parents=True, exist_ok=True)
        told = work / "aluminium.toml"
        told.write_text(tomli_w.dumps(tables), encoding="utf-8")
        return load_config(told)

    def _observed(self, kelvin: int, data: Path) -> list[dict[str, Any]]:
        table = _AS_PRINTED | {
            "kind": "g", "file": str(curve_file(data, kelvin).absolute()),
            "smoothing": self.broadening,
        }  # fmt: skip
        return [table] if self.rule == "ibi" else [table, dict(_PRESSURE)]


def curve_file(data: Path, kelvin: int) -> Path:
    """Return the file of the measured g(r) at a temperature in K."""
    return data / f"aluminium_{kelvin}K_gr.csv"


def _state(kelvin: int) -> dict[str, float]:
    at = STATES[kelvin]
    return {"temperature": at.temperature, "density": at.density}


CASES: Mapping[str, Case] = MappingProxyType(
    {
        "both": Case("both, as printed"),
        "broad": Case("both, tables may be broadened", broadening=0.006, begins="both"),
        "alone1023": Case("1023 K alone", measured=(1023,), particles=500),
        "alone1323": Case("1323 K alone", measured=(1323,), particles=500),
        "poor": Case("both, the poor base", base=POOR, particles=500, rounds=12),
        "ibi1023": Case("ibi, 1023 K, no pressure", measured=(1023,), particles=500, rule="ibi"),
        "ibi1323": Case("ibi, 1323 K, no pressure", measured=(1323,), particles=500, rule="ibi"),
    }
)
