"""Argon: its structure, with a measured diffusion and a viscosity among the data.

    python studies/dynamics/argon.py            # refine (ten minutes of two cores), fill the README
    python studies/dynamics/argon.py --stored   # from the stored numbers

`argon.toml` is the configuration. Each number is predicted by all other data, and
the noble-gas study's refinement, of structure and pressure, stands beside.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import xarray as xr

from sopr_uq import load_config, run
from sopr_uq.derived.summary import concise
from sopr_uq.posterior import store
from sopr_uq.posterior.thin import single_precision
from sopr_uq.workflow.agreement_report import agreement_by_datum
from sopr_uq.workflow.markdown import filled, markdown_table
from sopr_uq.workflow.result import load_result
from sopr_uq.workflow.simulated_report import UNITS

HERE = Path(__file__).parent
RESULTS = HERE / "results" / "argon.nc"
STRUCTURE = HERE.parent / "noble_gases" / "results" / "argon-85K-newton.nc"
NUMBERS = {"sigma": "σ / Å", "epsilon": "ε / (kcal/mol)", "r_vdw": "r_vdW / Å", "d_hp": "d_hp / Å"}


def small(result: xr.DataTree) -> xr.DataTree:
    """Return what the tables need."""
    kept = {name: result[name].to_dataset() for name in ("agreement", "derived", "iterations")}
    kept["iterations"] = kept["iterations"].drop_vars("potential", errors="ignore")
    tree = single_precision(xr.DataTree.from_dict(kept))
    names = ("outcome", "message", "warning", "temperature", "seed", "rule")
    tree.attrs.update({name: result.attrs[name] for name in names if name in result.attrs})
    return tree


def table_of_numbers(tree: xr.DataTree) -> list[str]:
    """Return the lines of the table of data: measured, and expected without each."""
    rows = []
    for name, found in agreement_by_datum(tree).items():
        narrows = found["narrows"]
        one = np.isfinite(found["measured"])
        rows.append(
            (
                name if one else "all of motion",
                f"{found['measured']:.3g}" if one else "–",
                concise(found["expected"], found["expected_sd"]) if one else "–",
                UNITS.get(found["unit"], found["unit"]) if one else "–",
                f"{found['z']:+.1f}",
                ", ".join(f"{100 * narrows[k]:.0f}" for k in ("sigma", "epsilon", "d_hp")),
            )
        )  # fmt: skip
    head = ("datum", "measured", "expected without it", "unit", "z")
    return markdown_table((*head, "narrows σ, ε, d_hp by / %"), rows)


def table_of_potential(tree: xr.DataTree) -> list[str]:
    """Return the lines of the table of descriptors: with motion, without, and refined without."""
    derived, found = tree["derived"].to_dataset(), tree["agreement"].to_dataset()
    other = load_result(STRUCTURE)["derived"].to_dataset()
    motion = found.sel(datum="dynamics")
    rows = []
    for name, label in NUMBERS.items():
        mean, sd = float(derived[name].mean()), float(derived[name].std())
        of = motion.sel(descriptor=name)
        without = concise(mean - float(of["moved"]), float(of["sd_without"]))
        beside = concise(float(other[name].mean()), float(other[name].std()))
        rows.append((label, concise(mean, sd), without, beside))
    head = ("", "structure, pressure, motion", "without motion, in closed form")
    return markdown_table((*head, "structure and pressure, refined by itself"), rows)


def main() -> None:
    """Refine unless told otherwise, then fill in."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--stored", action="store_true", help="from the stored numbers")
    parser.add_argument("--folder", type=Path, default=HERE / "work", help="of the refinement")
    options = parser.parse_args()
    if not options.stored:
        done = (options.folder / "result.nc").is_file()
        found = load_result(options.folder) if done else run(
            load_config(HERE / "argon.toml"), options.folder
        )  # fmt: skip
        store.write(small(found), RESULTS)
    tree = store.read(RESULTS)
    readme = HERE / "README.md"
    tables = {"argon": table_of_numbers(tree), "argon-potential": table_of_potential(tree)}
    readme.write_text(filled(readme.read_text(encoding="utf-8"), tables), "utf-8")


if __name__ == "__main__":
    main()
