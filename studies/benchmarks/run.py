"""Run the benchmarks, then fill the tables and draw the figures.

    python studies/benchmarks/run.py                    # all of them
    python studies/benchmarks/run.py --quick --out DIR  # a few minutes; tables in DIR
    python studies/benchmarks/run.py --only overhead    # one of them
    python studies/benchmarks/run.py --stored           # tables and figures from stored results

A benchmark goes on where it was stopped; `--fresh` forgets what it has. Set
OMP_NUM_THREADS=1, as `make bench` does: LAMMPS is told its threads, and linear
algebra on small matrices wants one.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import bench_tables
from bench_base import FRONT, HERE, KEPT, Places, Store

from sopr_uq.workflow.markdown import filled


def measure(names: list[str], places: Places, size: str, fresh: bool) -> None:
    """Run benchmarks that are not complete."""
    for name in names:
        file = places.results / f"{name}.json"
        if fresh:
            file.unlink(missing_ok=True)
        store = Store(file, size)
        if store.content["complete"]:
            print(f"{name}: done before", flush=True)
            continue
        started = time.perf_counter()
        bench_tables.BENCHMARKS[name].measure(store)
        print(f"{name}: {time.perf_counter() - started:.0f} s", flush=True)


def main() -> None:
    """Read the arguments."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="short runs and few seeds")
    parser.add_argument("--only", action="append", choices=list(bench_tables.BENCHMARKS))
    parser.add_argument("--fresh", action="store_true", help="forget earlier measurements")
    parser.add_argument("--stored", action="store_true", help="measure nothing")
    parser.add_argument("--out", type=Path, help="folder instead of the study's own")
    options = parser.parse_args()
    out: Path | None = options.out
    if options.quick and out is None:
        parser.error("--quick needs --out: short runs do not belong beside the stored results")
    places = KEPT if out is None else Places(out / "results", out / "figures", out / "README.md")
    names = options.only or list(bench_tables.BENCHMARKS)
    if not options.stored:
        measure(names, places, "quick" if options.quick else "full", options.fresh)
    for line in bench_tables.fill(places, HERE / "README.md"):
        print(line)
    bench_tables.draw(places)
    if places is KEPT:
        text = FRONT.read_text(encoding="utf-8")
        lines = bench_tables.short(bench_tables.load(places))
        FRONT.write_text(filled(text, {"benchmarks": lines}), encoding="utf-8")


if __name__ == "__main__":
    main()
