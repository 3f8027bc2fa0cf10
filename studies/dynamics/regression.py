"""Slopes of ln D by regression over runs at random potentials, beside finite differences.

    python studies/dynamics/regression.py            # simulate, and fill the README
    python studies/dynamics/regression.py --stored   # from the stored numbers

The liquid of `slopes.py`, all four numbers of its potential moved at once and at random, every run
with a seed of its own: what the rounds of a refinement do. `slopes.py` moves one after the other up
and down, with common seeds.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import xarray as xr
from slopes import EPSILON, GRID, SETTINGS, SIGMA, STEPS, R, setup_of, slopes
from slopes import RESULTS as DIFFERENCES

from sopr_uq.derived.summary import concise
from sopr_uq.engine.lammps import LammpsEngine
from sopr_uq.observables import continued
from sopr_uq.observables.motion import MOTION
from sopr_uq.posterior import store
from sopr_uq.potentials import Mie, Potential, Tabulated
from sopr_uq.rng import stream
from sopr_uq.typing import FloatArray
from sopr_uq.workflow.markdown import filled, markdown_table

HERE = Path(__file__).parent
RESULTS = HERE / "results" / "regression.nc"
RUNS = 16
_ROUNDS = 30
SHORTER = SETTINGS.model_copy(update={"production_steps": 8000})


def moves() -> FloatArray:
    """Return how far each run has its four numbers moved, shape (runs, 4)."""
    sizes = np.array(list(STEPS.values()))
    return np.asarray(sizes * stream(1, "moves").standard_normal((RUNS, sizes.size)))


def potential(move: FloatArray) -> Potential:
    """Return the potential with all numbers moved, shape (4,)."""
    sigma, epsilon, n, v = move
    bump = v * EPSILON * np.exp(-0.5 * ((R / SIGMA - 1.3) / 0.12) ** 2)
    whole = Mie(SIGMA * np.exp(sigma), EPSILON * np.exp(epsilon), 12.0 + n).energy(R)
    return Tabulated(R, whole + bump)


def measured() -> xr.Dataset:
    """Return ``found`` (run, number), logarithms, and ``moves`` (run, moved)."""
    engine, found = LammpsEngine(SHORTER), []
    for number, move in enumerate(moves()):
        setup = setup_of(potential(move), 1000 + number)
        liquid = continued(setup, engine.run(setup), GRID)
        found.append([each.predict(liquid).mean[0] for each in MOTION.values()])
    return xr.Dataset(
        {"found": (("run", "number"), np.array(found)), "moves": (("run", "moved"), moves())},
        coords={"moved": list(STEPS), "number": list(MOTION)},
    )


def regressed(found: xr.Dataset) -> tuple[FloatArray, FloatArray]:
    """Return the slopes of ln D by least squares and their standard errors, shape (4,) each.

    With a curvature along the slope itself: over these moves ln D changes by one, and no straight
    line goes that far.
    """
    y, moved = found["found"].sel(number="diffusion").values, found["moves"].values
    bend = np.empty((y.size, 0))
    for _ in range(_ROUNDS):
        x = np.column_stack([np.ones(y.size), moved, bend])
        inverse = np.linalg.inv(x.T @ x)
        fit = inverse @ x.T @ y
        bend = (moved @ fit[1:5])[:, None] ** 2
    variance = np.sum((y - x @ fit) ** 2) / (y.size - x.shape[1])
    return fit[1:5], np.sqrt(variance * np.diagonal(inverse))[1:5]


def both() -> xr.Dataset:
    """Return ``difference`` and ``regression`` (moved, statistic) of ln D, and their ``z``."""
    by_difference = (each[:, 0] for each in slopes(store.read(DIFFERENCES).to_dataset()))
    by_regression = regressed(store.read(RESULTS).to_dataset())
    ways = {"difference": tuple(by_difference), "regression": by_regression}
    made = {n: (("moved", "statistic"), np.stack(each, axis=1)) for n, each in ways.items()}
    found = xr.Dataset(made, {"moved": list(STEPS), "statistic": ["mean", "error"]})
    mean, error = (found["regression"] - found["difference"]), np.hypot(*found.values())
    return found.assign(z=mean.sel(statistic="mean") / error.sel(statistic="error"))


def table() -> list[str]:
    """Return the lines of the table."""
    found = both()
    rows = [
        (
            str(name),
            *(concise(*found[way].sel(moved=name).values) for way in ("difference", "regression")),
            f"{float(found['z'].sel(moved=name)):+.1f}",
        )
        for name in found["moved"].values
    ]
    return markdown_table(("∂ ln D by", "finite differences", "regression", "apart by / sd"), rows)


def said() -> list[str]:
    """Return what both say together, and what they cost."""
    z, ends = both()["z"].values, store.read(DIFFERENCES).to_dataset()["found"]
    runs = ends.sizes["moved"] * ends.sizes["sign"] * ends.sizes["seed"]
    sentence = (
        f"- χ² of the differences of both is {np.sum(z**2):.1f} for {z.size} slopes. The finite "
        f"differences took {runs} runs of 16 000 steps made for that alone; the regression {RUNS} "
        "of 8 000, such as a refinement makes anyway."
    )
    return [sentence]


def main() -> None:
    """Simulate unless told otherwise, then fill in."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--stored", action="store_true", help="from the stored numbers")
    if not parser.parse_args().stored:
        store.write(xr.DataTree(measured()), RESULTS)
    readme = HERE / "README.md"
    tables = {"regression": table(), "regression-said": said()}
    readme.write_text(filled(readme.read_text(encoding="utf-8"), tables), "utf-8")


if __name__ == "__main__":
    main()
