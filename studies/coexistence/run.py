"""Liquid beside its vapour: the Lennard-Jones fluid as simulated, and as published.

    python studies/coexistence/run.py            # simulate what is missing, fill the README
    python studies/coexistence/run.py --stored   # from the stored numbers

Slabs as `sopr-uq simulate --properties coexistence` makes them, at several temperatures and seeds,
beside Kolafa and Nezbeda's equation of state and Lotfi's vapour pressure.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import xarray as xr
from lennard_jones import coexistence, vapour_pressure
from scipy import constants

from sopr_uq.derived.summary import concise
from sopr_uq.engine.lammps import LammpsEngine
from sopr_uq.engine.protocol import Setup
from sopr_uq.engine.settings import EngineSettings
from sopr_uq.engine.traits import COEXISTENCE
from sopr_uq.experiment.state import StatePoint
from sopr_uq.observables.coexistence import (
    liquid_density,
    normal_pressure,
    surface_tension,
    vapour_density,
    virial_pressure,
)
from sopr_uq.posterior import store
from sopr_uq.potentials import lennard_jones
from sopr_uq.units import BOLTZMANN, MPA_PER_KCAL_MOL_A3
from sopr_uq.workflow.markdown import filled, markdown_table

HERE = Path(__file__).parent
RESULTS = HERE / "results"
SIGMA, EPSILON, MASS = 3.405, 0.238, 39.948
TEMPERATURES = (0.8, 0.9, 1.0, 1.1)
SEEDS = (1, 2)
SETTINGS = EngineSettings(name="lammps", cutoff=3.0 * SIGMA, threads=1)
_G_CM3 = constants.atomic_mass * 1e3 / (constants.angstrom / constants.centi) ** 3
PRESSURE = EPSILON / SIGMA**3 * MPA_PER_KCAL_MOL_A3
UNITS = {
    "liquid": MASS * _G_CM3 / SIGMA**3, "vapour": MASS * _G_CM3 / SIGMA**3,
    "normal": PRESSURE, "virial": PRESSURE, "tension": PRESSURE * SIGMA * 0.1,
}  # fmt: skip
READ = {
    "liquid": liquid_density, "vapour": vapour_density, "normal": normal_pressure,
    "virial": virial_pressure, "tension": surface_tension,
}  # fmt: skip


def slab(temperature: float, seed: int) -> xr.Dataset:
    """Return what one slab tells in units of σ and ε, each a mean and a standard error."""
    density = coexistence(temperature)[0] / SIGMA**3
    state = StatePoint(temperature * EPSILON / BOLTZMANN, density, MASS)
    setup = replace(Setup.of(lennard_jones(SIGMA, EPSILON), state, seed), record=(COEXISTENCE,))
    simulation = LammpsEngine(SETTINGS).run(setup)
    told = {name: read(setup, simulation) for name, read in READ.items()}
    found = {
        name: ("statistic", np.array([each.mean[0], each.error[0]]) / UNITS[name])
        for name, each in told.items()
    }
    return xr.Dataset(found, {"statistic": ["mean", "error"]}, {"seconds": simulation.seconds})


def file_of(temperature: float, seed: int) -> Path:
    """Return where a slab is stored."""
    return RESULTS / f"{temperature:g}-{seed}.nc"


def table() -> list[str]:
    """Return the lines of the table: the mean over seeds, beside what is published."""
    rows = []
    for t in TEMPERATURES:
        files = [file_of(t, seed) for seed in SEEDS if file_of(t, seed).is_file()]
        if not files:
            continue
        each = xr.concat([store.read(f).to_dataset() for f in files], "seed")
        mean = each.sel(statistic="mean").mean("seed")
        error = np.sqrt((each.sel(statistic="error") ** 2).sum("seed")) / len(files)
        liquid, vapour, _ = coexistence(t)
        cells = {n: concise(float(mean[n]), float(error[n])) for n in READ}
        rows.append(
            (
                f"{t:g}", cells["liquid"], f"{liquid:.4f}",
                f"{100 * (float(mean['liquid']) / liquid - 1):+.1f}", cells["vapour"],
                f"{vapour:.4f}", cells["normal"], cells["virial"], f"{vapour_pressure(t):.4f}",
                cells["tension"],
            )
        )  # fmt: skip
    head = ("T*", "ρ* liquid", "published", "off by / %", "ρ* vapour", "published")
    return markdown_table((*head, "P* normal", "P* by ρ", "published", "γ*"), rows)


def said() -> list[str]:
    """Return what the stored slabs say, one by one, in sentences."""
    off, pulls = [], []
    for t, seed in ((t, seed) for t in TEMPERATURES for seed in SEEDS):
        if file_of(t, seed).is_file():
            found = store.read(file_of(t, seed)).to_dataset()
            known = dict(zip(("liquid", "vapour"), coexistence(t), strict=False))
            known["virial"] = vapour_pressure(t)
            mean, error = (found.sel(statistic=s) for s in ("mean", "error"))
            off.append([float(mean[n]) / x - 1.0 for n, x in known.items()])
            pulls.append([(float(mean[n]) - x) / float(error[n]) for n, x in known.items()])
    share = 100.0 * np.abs(off)
    rms, pull = (np.sqrt(np.mean(np.square(x), axis=0)) for x in (share, pulls))
    first = (
        f"- Of {len(share)} slabs the liquid is off by {share[:, 0].max():.1f} % at most, "
        f"{pull[0]:.1f} of its standard errors (root mean square)."
    )
    second = (
        f"- The vapour's density is off by {rms[1]:.0f} %, {pull[1]:.1f} standard errors, and its "
        f"pressure by {rms[2]:.0f} %, {pull[2]:.1f}: its 20 to 200 particles are exchanged with "
        "the liquid in some 40 σ(m/ε)^(1/2), a third of the run, so blocks are not independent "
        "and what they say is too small. Over the draws of a posterior the regression infers "
        "its noise itself; of a single slab double it, or more."
    )
    return [first, second]


def main() -> None:
    """Simulate what is missing unless told otherwise, then fill in."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--stored", action="store_true", help="from the stored numbers")
    parser.add_argument("--at", type=float, nargs="*", default=TEMPERATURES, help="T* to simulate")
    options = parser.parse_args()
    if not options.stored:
        RESULTS.mkdir(exist_ok=True)
        for seed in SEEDS:
            for t in options.at:
                if not file_of(t, seed).is_file():
                    store.write(xr.DataTree(slab(t, seed)), file_of(t, seed))
    readme = HERE / "README.md"
    text = readme.read_text(encoding="utf-8")
    readme.write_text(filled(text, {"table": table(), "said": said()}), "utf-8")


if __name__ == "__main__":
    main()
