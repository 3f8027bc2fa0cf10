"""Liquid beside its vapour: the Lennard-Jones fluid as simulated, and as published.

    python studies/coexistence/run.py            # simulate what is missing, fill the README
    python studies/coexistence/run.py --stored   # from the stored numbers

Slabs as `sopr-uq simulate --properties coexistence` makes them, at several temperatures and seeds,
beside Kolafa and Nezbeda's equation of state and Lotfi's vapour pressure.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import xarray as xr
from lennard_jones import coexistence, vapour_pressure
from scipy import constants

from sopr_uq.derived.summary import concise
from sopr_uq.engine.lammps import LammpsEngine
from sopr_uq.engine.protocol import Setup, Simulation
from sopr_uq.engine.series import Series
from sopr_uq.engine.settings import EngineSettings
from sopr_uq.engine.slab import Surface
from sopr_uq.engine.traits import COEXISTENCE
from sopr_uq.experiment.state import StatePoint
from sopr_uq.observables.coexistence import (
    liquid_density,
    normal_pressure,
    surface_tension,
    told_vapour,
    vapour_density,
    virial_vapour_pressure,
)
from sopr_uq.posterior import store
from sopr_uq.potentials import lennard_jones
from sopr_uq.units import BOLTZMANN, MPA_PER_KCAL_MOL_A3
from sopr_uq.workflow.markdown import filled, markdown_table

HERE = Path(__file__).parent
RESULTS = HERE / "results"
SIGMA, EPSILON, MASS = 3.405, 0.238, 39.948
TEMPERATURES = (0.8, 0.9, 1.0, 1.1)
SEEDS = (1, 2, 3, 4)
SETTINGS = EngineSettings(name="lammps", cutoff=3.0 * SIGMA, threads=1)
_G_CM3 = constants.atomic_mass * 1e3 / (constants.angstrom / constants.centi) ** 3
PRESSURE = EPSILON / SIGMA**3 * MPA_PER_KCAL_MOL_A3
UNITS = {
    "liquid": MASS * _G_CM3 / SIGMA**3, "vapour": MASS * _G_CM3 / SIGMA**3,
    "counted": SIGMA**-3, "normal": PRESSURE, "virial": PRESSURE, "tension": PRESSURE * SIGMA * 0.1,
}  # fmt: skip


def counted(setup: Setup, simulation: Simulation) -> Series:  # noqa: ARG001
    """Return the density of the particles that are in the vapour, in Å⁻³."""
    profile = simulation["profile"]
    outside = Surface.of(profile.x, profile.mean).outside(profile.x)
    blocks = profile.blocks[:, outside].mean(axis=1, keepdims=True)
    return Series.of_blocks("counted", np.zeros(1), blocks, "angstrom^-3")


DOUBTED = ("vapour", "virial")
"""What rests on the virial series of the vapour."""

READ = {
    "liquid": liquid_density, "vapour": vapour_density, "counted": counted,
    "normal": normal_pressure, "virial": virial_vapour_pressure, "tension": surface_tension,
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
    # of the virial series, the same for all
    found["doubt"] = ((), told_vapour(setup, simulation).doubt)
    return xr.Dataset(found, {"statistic": ["mean", "error"]}, {"seconds": simulation.seconds})


def file_of(temperature: float, seed: int) -> Path:
    """Return where a slab is stored."""
    return RESULTS / f"{temperature:g}-{seed}.nc"


def stored() -> Iterator[tuple[float, xr.Dataset]]:
    """Yield the temperature of every stored slab, and what it tells."""
    for t in TEMPERATURES:
        for seed in SEEDS:
            if file_of(t, seed).is_file():
                yield t, store.read(file_of(t, seed)).to_dataset()


def published(temperature: float) -> dict[str, float]:
    """Return what is published of what a slab tells."""
    liquid, vapour, _ = coexistence(temperature)
    pressure = vapour_pressure(temperature)
    return {
        "liquid": liquid, "vapour": vapour, "counted": vapour,
        "virial": pressure, "normal": pressure,
    }  # fmt: skip


def table() -> list[str]:
    """Return the lines of the table: the mean over seeds, beside what is published."""
    rows = []
    for t in TEMPERATURES:
        files = [found for at, found in stored() if at == t]
        if not files:
            continue
        each = xr.concat(files, "seed")
        mean = each.sel(statistic="mean").mean("seed")
        error = np.sqrt((each.sel(statistic="error") ** 2).sum("seed")) / len(files)
        doubt = float(each["doubt"].mean())
        for name in ("vapour", "virial"):
            error[name] = np.hypot(error[name], doubt * mean[name])
        cells = {n: concise(float(mean[n]), float(error[n])) for n in READ}
        known = published(t)
        off = {n: f"{100 * (float(mean[n]) / known[n] - 1):+.1f}" for n in known}
        rows.append(
            (
                f"{t:g}", f"{len(files)}", cells["liquid"], f"{known['liquid']:.4f}",
                off["liquid"], cells["vapour"], f"{known['vapour']:.5f}", off["vapour"],
                off["counted"], cells["normal"], cells["virial"], f"{known['virial']:.4f}",
                cells["tension"],
            )
        )  # fmt: skip
    head = ("T*", "slabs", "ρ* liquid", "published", "off by / %", "ρ* vapour", "published")
    head = (*head, "off by / %", "by counting / %", "P* normal", "P* by ρ", "published", "γ*")
    return markdown_table(head, rows)


def misses() -> xr.Dataset:
    """Return by how much every stored slab is off: ``off`` (slab, what), ``pull`` in its errors."""
    off, pull = [], []
    for t, found in stored():
        known = published(t)
        mean, error = (found.sel(statistic=s) for s in ("mean", "error"))
        doubt = {n: float(found["doubt"]) * x for n, x in known.items() if n in DOUBTED}
        sd = {n: float(np.hypot(error[n], doubt.get(n, 0.0))) for n in known}
        off.append([float(mean[n]) / x - 1.0 for n, x in known.items()])
        pull.append([(float(mean[n]) - x) / sd[n] for n, x in known.items()])
    coords = {"what": list(published(1.0))}
    return xr.Dataset({"off": (("slab", "what"), off), "pull": (("slab", "what"), pull)}, coords)


def said() -> list[str]:
    """Return what the stored slabs say, one by one, in sentences."""
    found = misses()
    rms = {str(w): np.sqrt(np.mean(found.sel(what=w) ** 2)) for w in found["what"].values}

    def of(what: str) -> str:
        share, pull = (float(rms[what][k]) for k in ("off", "pull"))
        return f"{100 * share:.1f} %, {pull:.1f} of its standard errors"

    first = (
        f"- Single slabs, {found.sizes['slab']} of them, root mean squares: the liquid is off by "
        f"{of('liquid')}; the vapour by {of('vapour')}; its pressure by its density by "
        f"{of('virial')}, by the normal component {of('normal')}."
    )
    second = f"- The vapour by counting its own particles, in the same slabs: {of('counted')}."
    off, pull = (found[k].sel(what="vapour").values for k in ("off", "pull"))
    weight = (pull / off) ** 2
    mean, error = 100.0 * np.sum(weight * off) / np.sum(weight), 100.0 / np.sqrt(np.sum(weight))
    third = f"- All slabs together, the vapour is off by {concise(float(mean), float(error))} %"
    unclear = ": what is left is no noise, and its cause was not found."
    third += unclear if abs(mean) > 3.0 * error else "."
    return [first, second, third]


def main() -> None:
    """Simulate what is missing unless told otherwise, then fill in."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--stored", action="store_true", help="from the stored numbers")
    parser.add_argument("--at", type=float, nargs="*", default=TEMPERATURES, help="T* to simulate")
    parser.add_argument("--seeds", type=int, nargs="*", default=SEEDS, help="which")
    options = parser.parse_args()
    if not options.stored:
        RESULTS.mkdir(exist_ok=True)
        for seed in options.seeds:
            for t in options.at:
                if not file_of(t, seed).is_file():
                    store.write(xr.DataTree(slab(t, seed)), file_of(t, seed))
    readme = HERE / "README.md"
    text = readme.read_text(encoding="utf-8")
    readme.write_text(filled(text, {"table": table(), "said": said()}), "utf-8")


if __name__ == "__main__":
    main()
