"""Find three potentials of a binary liquid at once, and see whether the intervals hold.

``--refine DIR`` makes twins (hours; stop and start as you like), ``--collect DIR`` stores what was
refined, ``--scatter`` simulates two truths again and again (minutes); all fill the README in the
end from what is stored.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
import time
from pathlib import Path

from plan import WORLDS, engine_of, twin
from scatter import measure
from tables import HERE, fill, keep, keep_scatter

from sopr_uq.workflow.twin_files import refine_to_file


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
    started = time.perf_counter()
    outcome = refine_to_file(twin(name, number), engine_of(WORLDS[name]), file)
    print(f"{name} {number}: {outcome}, {time.perf_counter() - started:.0f} s", flush=True)


def main() -> None:
    """Read the arguments."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--refine", type=Path, metavar="DIR")
    parser.add_argument("--only", nargs="+", choices=list(WORLDS), default=list(WORLDS))
    parser.add_argument("--most", type=int, metavar="N", help="twins of each world at most")
    parser.add_argument("--collect", type=Path, metavar="DIR")
    parser.add_argument("--scatter", action="store_true", help="of runs that differ by their seed")
    options = parser.parse_args()
    if options.refine:
        refine(options.refine, options.only, options.most)
    if options.collect:
        keep(options.collect)
    if options.scatter:
        keep_scatter(measure())
    fill(HERE / "README.md")


if __name__ == "__main__":
    main()
