"""Diffusion and viscosity of the Lennard-Jones liquid at its triple point, and as published.

    python studies/dynamics/triple_point.py            # simulate, and fill the README
    python studies/dynamics/triple_point.py --stored   # from the stored numbers

By what `sopr-uq simulate --properties diffusion,viscosity` reads, in boxes of two sizes.

References
----------
M. Ferrario, G. Ciccotti, B. L. Holian, J. P. Ryckaert, Phys. Rev. A 44, 6936 (1991): the viscosity.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import xarray as xr

from sopr_uq.derived.summary import concise
from sopr_uq.engine.lammps import LammpsEngine
from sopr_uq.engine.protocol import Setup
from sopr_uq.engine.settings import EngineSettings
from sopr_uq.experiment.state import StatePoint
from sopr_uq.observables.property import PROPERTIES
from sopr_uq.observables.simulated_liquid import SimulatedLiquid
from sopr_uq.posterior import store
from sopr_uq.potentials import lennard_jones
from sopr_uq.units import BOLTZMANN, FS_PER_PS, FS_PER_TIME, MPA_PER_KCAL_MOL_A3
from sopr_uq.workflow.markdown import filled, markdown_table

HERE = Path(__file__).parent
RESULTS = HERE / "results" / "triple_point.nc"
SIGMA, EPSILON, MASS = 3.405, 0.238, 39.948
STATE = StatePoint(0.722 * EPSILON / BOLTZMANN, 0.8442 / SIGMA**3, MASS)
SETTINGS = EngineSettings(name="lammps", cutoff=3.0 * SIGMA, production_steps=16000, threads=1)
SIZES = {500: 24, 1372: 8}
"""How many runs, by the number of particles."""

PUBLISHED = 3.24, 0.04
"""η σ²/(m ε)^(1/2) of 2048 particles by Green and Kubo's formula, and its standard error."""

_PS = SIGMA * np.sqrt(MASS / EPSILON) * FS_PER_TIME / FS_PER_PS
UNITS = {
    "diffusion": 10.0 * SIGMA**2 / _PS,
    "viscosity": 1e-3 * EPSILON / SIGMA**3 * MPA_PER_KCAL_MOL_A3 * _PS,
}
"""What is 1 in units of σ, ε and m, in 10⁻⁹ m²/s and mPa s."""


def told(particles: int) -> xr.Dataset:
    """Return what runs of a size tell in units of σ, ε and m, each a mean and a standard error."""
    engine = LammpsEngine(SETTINGS.model_copy(update={"particles": particles}))
    runs = []
    for seed in range(1, SIZES[particles] + 1):
        plain = Setup.of(lennard_jones(SIGMA, EPSILON), STATE, seed)
        setup = replace(plain, record=tuple(UNITS))
        runs.append(SimulatedLiquid(setup, engine.run(setup)))
    found = {}
    for name, unit in UNITS.items():
        reading = PROPERTIES[name].tell(runs)
        scatter = float(reading.values.std(ddof=1)) / np.sqrt(len(runs))
        both = float(reading.values.mean()), float(np.hypot(scatter, reading.common))
        found[name] = ("statistic", np.array(both) / unit)
    return xr.Dataset(found, {"statistic": ["mean", "error"]})


def measured() -> xr.Dataset:
    """Return what both sizes tell: ``diffusion`` and ``viscosity`` (particles, statistic)."""
    return xr.concat([told(n) for n in SIZES], xr.Variable("particles", list(SIZES)))


def table(found: xr.Dataset) -> list[str]:
    """Return the lines of the table."""

    def cell(of: xr.Dataset, name: str) -> str:
        return concise(*(float(of[name].sel(statistic=s)) for s in ("mean", "error")))

    rows = [
        (f"{n}", f"{SIZES[n]}", *(cell(found.sel(particles=n), name) for name in UNITS))
        for n in SIZES
    ]
    rows.append(("published, 2048", "", "", concise(*PUBLISHED)))
    head = ("particles", "runs", "D (m/ε)^(1/2)/σ, of an infinite box", "η σ²/(m ε)^(1/2)")
    return markdown_table(head, rows)


def main() -> None:
    """Simulate unless told otherwise, then fill in."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--stored", action="store_true", help="from the stored numbers")
    if not parser.parse_args().stored:
        store.write(xr.DataTree(measured()), RESULTS)
    readme, found = HERE / "README.md", store.read(RESULTS).to_dataset()
    text = filled(readme.read_text(encoding="utf-8"), {"triple-point": table(found)})
    readme.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
