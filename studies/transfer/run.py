"""Potentials of four gases, each learnt at one state, along their boiling lines.

    python studies/transfer/run.py --work DIR     # simulate (two hours of a core), fill the README
    python studies/transfer/run.py                # from the stored numbers

Draws of the posteriors of the noble-gas study are simulated as boiling liquids, and as slabs beside
their vapour; so is the force field of the table of elements. All is set beside what CoolProp says.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import json
from pathlib import Path

import xarray as xr
from drawing import draw
from forces import force_field
from plan import GASES, README, RESULTS, Gas, simulated
from tables import fill

from sopr_uq.disk import write_atomic
from sopr_uq.posterior import store
from sopr_uq.posterior.thin import single_precision

_WITHOUT_DRAWS = ("summary", "runs")


def small(tree: xr.DataTree) -> xr.DataTree:
    """Return what tables and figures need, in single precision."""
    kept = xr.DataTree.from_dict({name: tree[name].to_dataset() for name in _WITHOUT_DRAWS})
    kept = single_precision(kept)
    kept.attrs.update(tree.attrs)
    return kept


def make(gas: Gas, work: Path) -> None:
    """Simulate a gas, and store what it says."""
    RESULTS.mkdir(exist_ok=True)
    store.write(small(simulated(gas, work, slabs=False)), gas.liquid)
    if gas.slab_shares:
        store.write(small(simulated(gas, work, slabs=True)), gas.slabs)
    if not gas.forces.is_file():
        rows = json.dumps(force_field(gas), indent=1) + "\n"
        write_atomic(gas.forces, rows.encode())


def main() -> None:
    """Read the arguments."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, metavar="DIR", help="of the simulations")
    names = [gas.name for gas in GASES]
    parser.add_argument("--only", nargs="*", choices=names, default=names)
    options = parser.parse_args()
    for gas in GASES:
        if options.work and gas.name in options.only:
            make(gas, options.work)
            print(f"{gas.name}: simulated", flush=True)
    fill(README)
    draw(README.parent / "figures")


if __name__ == "__main__":
    main()
