"""Do intervals hold what they promise? Twins of four liquids, in the worlds of ``plan.py``.

    python studies/calibration/run.py --refine DIR    # hours; stop and start as you like
    python studies/calibration/run.py --refine DIR --systems neon-42K   # in two terminals, say
    python studies/calibration/run.py --refine DIR --again   # the refinements that failed, too
    python studies/calibration/run.py --beliefs DIR   # Morse truths under several priors: an hour
    python studies/calibration/run.py --collect DIR   # store, draw, fill the README
    python studies/calibration/run.py                 # draw and fill from what is stored

Twins are made liquid by liquid in rounds, so that whatever is done is balanced.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import time
from pathlib import Path

import beliefs
import xarray as xr
from drawing import draw
from plan import SYSTEMS, WORLDS
from stored import FRONT, HERE, RESULTS, keep, keep_distances, load
from tables import fill, fill_front

from sopr_uq.posterior.store import read, write
from sopr_uq.workflow.calibration import TWINS, make_twins


def refine(runs: Path, only: list[str], systems: list[str], rounds: int) -> None:
    """Make the twins that are missing, a few of each liquid at a time."""
    campaigns = {(w, s): WORLDS[w].campaign(s) for w in only for s in systems}
    last = max(-(-WORLDS[w].twins // WORLDS[w].share) for w in only)
    for number in range(1, min(last, rounds) + 1):
        for (world, system), campaign in campaigns.items():
            kind, started = WORLDS[world], time.perf_counter()
            twins = min(number * kind.share, kind.twins)
            if (number - 1) * kind.share < kind.twins:
                failed = make_twins(campaign, runs / f"{world}-{system}", twins=twins)
                seconds = time.perf_counter() - started
                print(f"{world} {system}: {twins} ({failed} failed), {seconds:.0f} s", flush=True)


def forget_failures(runs: Path) -> None:
    """Remove the files of refinements that failed, so that they are made again."""
    for file in runs.glob(f"*/{TWINS}/*.nc"):
        if read(file).attrs["outcome"] == "failed":
            print(f"again: {file}")
            file.unlink()


def main() -> None:
    """Read the arguments."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--refine", type=Path, metavar="DIR")
    parser.add_argument("--again", action="store_true", help="with --refine: failed twins too")
    parser.add_argument("--beliefs", type=Path, metavar="DIR")
    parser.add_argument("--collect", type=Path, metavar="DIR")
    parser.add_argument("--only", nargs="+", choices=list(WORLDS), default=list(WORLDS))
    parser.add_argument("--systems", nargs="+", choices=SYSTEMS, default=list(SYSTEMS))
    parser.add_argument("--rounds", type=int, default=10_000)
    options = parser.parse_args()
    if options.refine and options.again:
        forget_failures(options.refine)
    if options.refine:
        refine(options.refine, options.only, options.systems, options.rounds)
        return
    if options.beliefs:
        beliefs.refine(options.beliefs)
        write(xr.DataTree(beliefs.summary(options.beliefs)), RESULTS / "beliefs.nc")
    if options.collect:
        keep(options.collect, RESULTS)
        keep_distances(RESULTS)
    campaigns = load(RESULTS)
    fill(campaigns, HERE / "README.md", HERE / "README.md")
    fill_front(campaigns, FRONT, FRONT)
    draw(campaigns, HERE / "figures")


if __name__ == "__main__":
    main()
