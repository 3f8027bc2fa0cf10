"""Slopes of ln D and ln η: by the scaling with the pair entropy, and by finite differences.

    python studies/dynamics/slopes.py            # simulate, and fill the README
    python studies/dynamics/slopes.py --stored   # from the stored numbers

A Lennard-Jones liquid is simulated with σ, ε, the exponent, and v at one place of the well
changed up and down, each time with the same seeds.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import xarray as xr

from sopr_uq.derived.summary import concise
from sopr_uq.engine.lammps import LammpsEngine
from sopr_uq.engine.protocol import Setup, Simulation
from sopr_uq.engine.settings import EngineSettings
from sopr_uq.experiment.state import StatePoint
from sopr_uq.observables import OrnsteinZernike, continued
from sopr_uq.observables.motion import MOTION
from sopr_uq.posterior import store
from sopr_uq.potentials import Mie, Potential, Tabulated
from sopr_uq.structure.transforms import RadialGrid
from sopr_uq.typing import FloatArray
from sopr_uq.workflow.markdown import filled, markdown_table

HERE = Path(__file__).parent
RESULTS = HERE / "results" / "slopes.nc"
STATE = StatePoint(94.4, 0.02071, 39.948)
SIGMA, EPSILON = 3.405, 0.238
R = np.linspace(0.7 * SIGMA, 3.0 * SIGMA, 320)
GRID = RadialGrid.covering(50.0, 0.025)
SEEDS = 4
SETTINGS = EngineSettings(
    name="lammps", particles=500, cutoff=2.9 * SIGMA, production_steps=16000, threads=1
)
STEPS = {"ln σ": 0.02, "ln ε": 0.1, "n": 1.5, "v at 1.3 σ": 0.15}
"""How far each is moved up and down; the last in ε, over a width of 0.12 σ."""


def potential(name: str = "", step: float = 0.0) -> Potential:
    """Return the potential with one thing moved."""
    sigma = SIGMA * np.exp(step if name == "ln σ" else 0.0)
    epsilon = EPSILON * np.exp(step if name == "ln ε" else 0.0)
    v = Mie(sigma, epsilon, 12.0 + (step if name == "n" else 0.0)).energy(R)
    if name == "v at 1.3 σ":
        v = v + step * EPSILON * np.exp(-0.5 * ((R / SIGMA - 1.3) / 0.12) ** 2)
    return Tabulated(R, v)


def setup_of(moved: Potential, seed: int) -> Setup:
    """Return a simulation that records motion."""
    plain = Setup.of(moved, STATE, seed)
    return Setup(plain.substance, STATE, plain.potentials, seed, record=tuple(MOTION))


def logarithms(moved: Potential) -> FloatArray:
    """Return ln D and ln η of every seed, shape (seeds, 2)."""
    engine, found = LammpsEngine(SETTINGS), []
    for seed in range(1, SEEDS + 1):
        setup = setup_of(moved, seed)
        simulation: Simulation = engine.run(setup)
        liquid = continued(setup, simulation, GRID)
        found.append([each.predict(liquid).mean[0] for each in MOTION.values()])
    return np.array(found)


def by_scaling() -> FloatArray:
    """Return the slopes by the scaling with the pair entropy, shape (4, 2)."""
    setup = setup_of(potential(), 1)
    liquid = continued(setup, LammpsEngine(SETTINGS).run(setup), GRID)
    rows = [
        (potential(n, 0.01).energy(GRID.r) - potential(n, -0.01).energy(GRID.r)) / 0.02
        for n in STEPS
    ]
    inside = (GRID.r >= R[0])[:, None, None]
    change = OrnsteinZernike(
        liquid, np.where(inside, np.array(rows).T[:, None], 0.0), moving_bridge=True
    )
    return np.concatenate([each.jacobian(change) for each in MOTION.values()]).T


def measured() -> xr.Dataset:
    """Return ``found`` (moved, sign, seed, number) and ``scaling`` (moved, number)."""
    found = [[logarithms(potential(n, s * step)) for s in (1, -1)] for n, step in STEPS.items()]
    return xr.Dataset(
        {
            "found": (("moved", "sign", "seed", "number"), np.array(found)),
            "scaling": (("moved", "number"), by_scaling()),
        },
        coords={"moved": list(STEPS), "number": list(MOTION)},
    )


def slopes(found: xr.Dataset) -> tuple[FloatArray, FloatArray]:
    """Return the slopes by finite differences and their standard errors, shape (4, 2) each."""
    ends = found["found"].values
    each = (ends[:, 0] - ends[:, 1]) / (2.0 * np.array(list(STEPS.values()))[:, None, None])
    return each.mean(axis=1), each.std(axis=1, ddof=1) / np.sqrt(each.shape[1])


def table(found: xr.Dataset) -> list[str]:
    """Return the lines of the table."""
    mean, error = slopes(found)
    rows = [
        (
            str(name),
            *(
                cell
                for k in range(len(MOTION))
                for cell in (
                    concise(float(mean[i, k]), float(error[i, k])),
                    f"{float(found['scaling'][i, k]):.2f}",
                )
            ),
        )
        for i, name in enumerate(found["moved"].values)
    ]
    head = (
        "∂ by",
        "ln D, simulated",
        "by the pair entropy",
        "ln η, simulated",
        "by the pair entropy",
    )
    return markdown_table(head, rows)


def main() -> None:
    """Simulate unless told otherwise, then fill in."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--stored", action="store_true", help="from the stored numbers")
    if not parser.parse_args().stored:
        store.write(xr.DataTree(measured()), RESULTS)
    found = store.read(RESULTS).to_dataset()
    readme = HERE / "README.md"
    readme.write_text(filled(readme.read_text(encoding="utf-8"), {"slopes": table(found)}), "utf-8")


if __name__ == "__main__":
    main()
