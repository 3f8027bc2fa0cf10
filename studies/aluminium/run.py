"""Correct the potentials of molten aluminium, carry the corrections, and fill the README.

``--work DIR --data DIR`` refines and simulates what is missing (hours on one core; stop and start
as you like) and stores what the tables need; the README is filled in the end from what is stored.
``DATA`` has the two curves ``aluminium_1023K_gr.csv`` and ``aluminium_1323K_gr.csv``.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
import json
from pathlib import Path

import xarray as xr
from carry import carried
from plan import CARRIED, CASES, DRAWS, PROPERTIES, STATES
from relearn import begin
from tables import RESULTS, case_facts, corrections, fill, simulated_facts

from sopr_uq.disk import write_atomic
from sopr_uq.workflow.result import load_result
from sopr_uq.workflow.run import resume, run
from sopr_uq.workflow.simulate import simulate

_CARRIED = "both"
"""The case whose posterior is carried to both states, draw by draw."""

_MEANS = (("alone1323", 1023), ("alone1023", 1323), ("ibi1023", 1023))
"""Cases whose mean is carried to a state."""


def refine(name: str, data: Path, work: Path) -> None:
    """Refine a case, or go on with it."""
    case, out = CASES[name], work / name
    if (out / "result.nc").is_file():
        return
    if not out.exists() and not case.begins:
        run(case.config(data, work), out)
        return
    if not out.exists():
        other = CASES[case.begins]
        with xr.open_dataset(work / case.begins / "result.nc", group="posterior") as found:
            r = found["r"].values
        states = [other.measured.index(kelvin) for kelvin in case.measured]
        begin(out, case.config(data, work), work / case.begins, r, states)
    resume(out)


def store(name: str, content: object) -> None:
    """Write a small result."""
    RESULTS.mkdir(exist_ok=True)
    write_atomic(
        RESULTS / name, (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()
    )


def collect(data: Path, work: Path) -> None:
    """Store what the tables need of everything that is there."""
    there = [name for name in CASES if (work / name / "result.nc").is_file()]
    results = {name: load_result(work / name) for name in there}
    store("cases.json", {name: case_facts(results[name], name, data) for name in there})
    write_atomic(RESULTS / "corrections.csv", corrections(results).encode())
    folder = work / f"{_CARRIED}-simulated"
    if (folder / "simulated.nc").is_file():
        store("simulated.json", simulated_facts(folder, data))
    told = RESULTS / "carried.json"
    means = json.loads(told.read_text(encoding="utf-8")) if told.is_file() else {}
    for name, kelvin in _MEANS:
        if name in there and name not in means:
            means[name] = {"kelvin": kelvin, **carried(work / name, data, kelvin)}
            store("carried.json", means)


def main() -> None:
    """Read the arguments."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, metavar="DIR")
    parser.add_argument("--data", type=Path, metavar="DIR")
    parser.add_argument("--only", nargs="*", choices=list(CASES), default=list(CASES))
    options = parser.parse_args()
    if options.work and options.data:
        for name in options.only:
            refine(name, options.data, options.work)
        if _CARRIED in options.only:
            simulate(
                options.work / _CARRIED, tuple(STATES.values()), PROPERTIES,
                draws=DRAWS, out=options.work / f"{_CARRIED}-simulated", engine=CARRIED,
            )  # fmt: skip
        collect(options.data, options.work)
    fill()


if __name__ == "__main__":
    main()
