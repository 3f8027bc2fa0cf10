"""Find the potentials between sites of molecules, and see whether the intervals hold.

``--refine DIR`` makes twins (hours; stop and start as you like), ``--collect DIR`` stores what was
refined; either fills the README in the end from what is stored.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
import time
from dataclasses import replace
from pathlib import Path

from plan import WORLDS, engine_of, twin
from tables import HERE, fill, keep

from sopr_uq.disk import whole
from sopr_uq.refine.newton import Newton
from sopr_uq.workflow.twins import refine_twin, truth_of


def refine(runs: Path, only: list[str], most: int | None) -> None:
    """Make the twins that are missing, one of each world at a time."""
    runs.mkdir(parents=True, exist_ok=True)
    for number in range(max(WORLDS[name].twins for name in only)):
        for name in only:
            file = runs / f"{name}-{number:03d}.nc"
            limit = WORLDS[name].twins if most is None else min(most, WORLDS[name].twins)
            if number < limit and not file.exists():
                _one(name, number, file)


def _one(name: str, number: int, file: Path) -> None:
    started, made = time.perf_counter(), twin(name, number)
    try:
        found = refine_twin(made, Newton, engine_of())
    except Exception as error:
        text = f"{type(error).__name__}: {error}"
        found = truth_of(made).assign_attrs(outcome="failed", error=text)
    begin = truth_of(replace(made, truth=made.problem.field.start))["truth"]
    found = found.assign(start=begin)
    with whole(file) as temporary:
        found.to_netcdf(temporary)
    seconds = time.perf_counter() - started
    print(f"{name} {number}: {found.attrs['outcome']}, {seconds:.0f} s", flush=True)


def main() -> None:
    """Read the arguments."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--refine", type=Path, metavar="DIR")
    parser.add_argument("--only", nargs="+", choices=list(WORLDS), default=list(WORLDS))
    parser.add_argument("--most", type=int, metavar="N", help="twins of each world at most")
    parser.add_argument("--collect", type=Path, metavar="DIR")
    options = parser.parse_args()
    if options.refine:
        refine(options.refine, options.only, options.most)
    if options.collect:
        keep(options.collect)
    fill(HERE / "README.md")


if __name__ == "__main__":
    main()
