"""Worlds of twins of melts: a base that ships with LAMMPS, and the corrections that are hidden."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
from plan import GOOD, STATES

from sopr_uq.engine.settings import EngineSettings
from sopr_uq.experiment.state import StatePoint
from sopr_uq.rng import stream
from sopr_uq.typing import FloatArray

HERE = Path(__file__).parent / "results"


@dataclass(frozen=True)
class World:
    """A kind of twin.

    Parameters
    ----------
    name : str
        Of its random numbers.
    element : str
    state : StatePoint
    base : tuple of str
        Style and files.
    short, long : EngineSettings
        Of the refinement, and of what is measured; the cut-off is that of the correction.
    twins : int
    exact : tuple of int
        Numbers of the twins whose base is exact.
    places, widths : tuple of float
        Between which the bumps lie, and how wide they are, in Å.
    measured, judged : array
        Distances in Å at which g(r) is measured, and a band is judged.
    file : Path
        Where what became of the twins is stored.
    """

    name: str
    element: str
    state: StatePoint
    base: tuple[str, tuple[str, ...]]
    short: EngineSettings
    long: EngineSettings
    twins: int
    exact: tuple[int, ...]
    places: tuple[float, float]
    widths: tuple[float, float]
    measured: FloatArray
    judged: FloatArray
    file: Path

    def correction(self, number: int, r: FloatArray) -> FloatArray:
        """Return the correction of a twin in kcal/mol at r in Å: two bumps, or none."""
        if number in self.exact:
            return np.zeros_like(r)
        rng = stream(1, self.name, number)
        height, place = 0.3 * rng.standard_normal(2), rng.uniform(*self.places, 2)
        width = rng.uniform(*self.widths, 2)
        bumps = height[:, None] * np.exp(-(((r - place[:, None]) / width[:, None]) ** 2))
        return np.asarray(bumps.sum(axis=0))


_AL = EngineSettings(
    name="lammps", particles=256, cutoff=7.4, thermalisation_steps=200, ramp_steps=500,
    equilibration_steps=800, production_steps=3000, sample_every=20, blocks=10, threads=1,
)  # fmt: skip
_CU = EngineSettings(
    name="lammps", particles=108, cutoff=5.5, thermalisation_steps=150, ramp_steps=300,
    equilibration_steps=300, production_steps=1200, sample_every=10, blocks=10, threads=1,
)  # fmt: skip
_SNAP = ("Cu_Zuo_JPCA2020.snapcoeff", "Cu_Zuo_JPCA2020.snapparam")

WORLDS: Mapping[str, World] = MappingProxyType(
    {
        "aluminium": World(
            "aluminium", "Al", STATES[1023], (GOOD[0], (GOOD[1],)), _AL,
            _AL.model_copy(update={"particles": 500, "production_steps": 8000, "blocks": 20}),
            10, (0, 5), (2.6, 5.0), (0.3, 0.7),
            np.arange(2.2, 8.4, 0.1), np.arange(2.5, 6.6, 0.4), HERE / "twins.csv",
        ),
        "copper": World(
            "copper", "Cu", StatePoint(1500.0, 0.0747, 63.546), ("snap", _SNAP), _CU,
            _CU.model_copy(update={"production_steps": 4000, "blocks": 20}),
            6, (), (2.4, 4.2), (0.3, 0.6),
            np.arange(2.0, 5.5, 0.1), np.arange(2.3, 5.0, 0.3), HERE / "copper.csv",
        ),
    }
)  # fmt: skip
