"""Argon's potentials, learnt at 85 K, along the whole boiling line.

    python studies/transfer/run.py            # simulate, draw, fill the README
    python studies/transfer/run.py --stored   # from the stored numbers

Draws of the posterior of the noble-gas study are simulated at densities of the boiling liquid
between 85 and 130 K; their pressure, energy, viscosity and diffusion are set beside what
CoolProp says of the fluid.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import xarray as xr

from sopr_uq.derived.summary import concise
from sopr_uq.figures.sheet import save
from sopr_uq.figures.simulated import simulated_sheet
from sopr_uq.posterior import store
from sopr_uq.posterior.thin import single_precision
from sopr_uq.workflow.markdown import filled, markdown_table
from sopr_uq.workflow.order import fluid_of, measured_state
from sopr_uq.workflow.result import load_result
from sopr_uq.workflow.simulate import simulate
from sopr_uq.workflow.simulated import load_simulated
from sopr_uq.workflow.simulated_report import UNITS
from sopr_uq.workflow.states import along_saturation

HERE = Path(__file__).parent
SOURCE = HERE.parent / "noble_gases" / "results" / "argon-85K-newton.nc"
RESULTS = HERE / "argon.nc"
PROPERTIES = ("pressure", "energy", "diffusion", "viscosity")
FIRST, LAST, POINTS = 85.0, 130.0, 3
DRAWS = 12
ENGINE = {"particles": 864, "production_steps": 8000}
_WITHOUT_DRAWS = ("summary", "runs")


def simulated(folder: Path) -> xr.DataTree:
    """Simulate the draws at every state; what the folder holds is not made again."""
    result = load_result(SOURCE)
    measured = measured_state(result)
    states = along_saturation(fluid_of(result), measured, FIRST, LAST, POINTS)
    return simulate(result, states, PROPERTIES, draws=DRAWS, out=folder, engine=ENGINE)


def small(tree: xr.DataTree) -> xr.DataTree:
    """Return what the table and the figure need, in single precision."""
    kept = xr.DataTree.from_dict({name: tree[name].to_dataset() for name in _WITHOUT_DRAWS})
    kept = single_precision(kept)
    kept.attrs.update(tree.attrs)
    return kept


def table(tree: xr.DataTree) -> list[str]:
    """Return the lines of the table: each property beside CoolProp's."""
    found, rows = tree["summary"].to_dataset(), []
    for p in found["property"].values:
        for s in range(found.sizes["state"]):
            row = found.isel(state=s).sel(property=p)
            unit = str(row["unit"].item())
            rows.append(
                (
                    f"{float(row['temperature']):g}", str(p),
                    concise(float(row["mean"]), float(row["sd"])),
                    ", ".join(
                        f"{float(row[f'{k}_sd']):.2g}" for k in ("posterior", "sampling", "common")
                    ),
                    *_beside(row), UNITS.get(unit, unit),
                )
            )  # fmt: skip
    head = ("T / K", "property", "value (sd)", "posterior, sampling, common", "CoolProp")
    return markdown_table((*head, "off by", "in sd", "unit"), rows)


def _beside(row: xr.Dataset) -> tuple[str, str, str]:
    mean, sd, known = (float(row[k]) for k in ("mean", "sd", "reference"))
    if known != known:
        return "–", "–", "–"
    share = f"{100 * (mean / known - 1):+.1f} %" if row["property"] != "pressure" else "–"
    return f"{known:.4g}", share, f"{(mean - known) / sd:+.1f}"


def main() -> None:
    """Simulate unless told otherwise, then draw and fill in."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--stored", action="store_true", help="from the stored numbers")
    parser.add_argument("--folder", type=Path, default=HERE / "work", help="of the simulations")
    options = parser.parse_args()
    if not options.stored:
        store.write(small(simulated(options.folder)), RESULTS)
    tree = load_simulated(RESULTS)
    save(simulated_sheet(tree), HERE / "figures", "argon")
    readme = HERE / "README.md"
    readme.write_text(filled(readme.read_text(encoding="utf-8"), {"table": table(tree)}), "utf-8")


if __name__ == "__main__":
    main()
