"""Does a curve of which nothing is told give the right answer? Curves as strangers write them.

``--refine DIR`` makes twins (hours; stop and start as you like), ``--strip DIR`` refines what ships
as a stranger's, ``--freedoms RUN`` takes the freedoms of such a curve away one by one,
``--errors N`` tries what errors alone do, ``--collect DIR`` stores what was
refined. Each fills the README in the end from what is stored.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
import time
from pathlib import Path

import xarray as xr
from errors import errors
from freedoms import taken_away
from plan import SYSTEMS, WORLDS
from stripped import compare
from tables import HERE, RESULTS, fill, keep

from sopr_uq.posterior.store import write
from sopr_uq.workflow.calibration import TWINS, make_twins


def refine(runs: Path, only: list[str], most: int | None) -> None:
    """Make the twins that are missing, a few of each liquid at a time; ``most`` calls at most."""
    campaigns = {(w, s): WORLDS[w].campaign(s) for w in only for s in SYSTEMS}
    rounds = max(-(-WORLDS[w].twins // WORLDS[w].share) for w in only)
    for number in range(1, rounds + 1):
        for (world, system), campaign in campaigns.items():
            kind, started = WORLDS[world], time.perf_counter()
            twins, folder = min(number * kind.share, kind.twins), runs / f"{world}-{system}"
            if len([*(folder / TWINS).glob("*.nc")]) < twins and most != 0:
                failed = make_twins(campaign, folder, twins=twins)
                seconds = time.perf_counter() - started
                print(f"{world} {system}: {twins} ({failed} failed), {seconds:.0f} s", flush=True)
                most = None if most is None else most - 1


def main() -> None:
    """Read the arguments."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--refine", type=Path, metavar="DIR")
    parser.add_argument("--only", nargs="+", choices=list(WORLDS), default=list(WORLDS))
    parser.add_argument("--most", type=int, metavar="N", help="refine a share of N liquids")
    parser.add_argument("--strip", type=Path, metavar="DIR")
    parser.add_argument("--freedoms", type=Path, metavar="RUN")
    parser.add_argument("--errors", type=int, metavar="N")
    parser.add_argument("--collect", type=Path, metavar="DIR")
    options = parser.parse_args()
    if options.refine:
        refine(options.refine, options.only, options.most)
    if options.strip:
        compare(options.strip)
    if options.freedoms:
        write(xr.DataTree(taken_away(options.freedoms)), RESULTS / "freedoms.nc")
    if options.errors:
        RESULTS.mkdir(exist_ok=True)
        write(xr.DataTree(errors(options.errors)), RESULTS / "errors.nc")
    if options.collect:
        keep(options.collect)
    fill(HERE / "README.md")


if __name__ == "__main__":
    main()
