"""Where a refinement spends its time: `make profile`, or with arguments of `sopr-uq refine`.

    .venv/bin/python tools/profile_refinement.py argon-85K --engine integral_equation

Prints the functions of the package by the time in them and below; the whole is in
runs/refinement.prof, for snakeviz or pstats. Simulations run in processes of their own, where the
profiler does not see: waiting for them is the time in the executor.
"""

from __future__ import annotations

import cProfile
import pstats
import sys
import tempfile
from pathlib import Path

from sopr_uq.cli.main import main

USUAL = ("krypton-199K", "--engine", "integral_equation")
KEPT = Path("runs", "refinement.prof")


def profiled(arguments: list[str]) -> cProfile.Profile:
    """Refine into a folder that is thrown away, and return what was measured."""
    profile = cProfile.Profile()
    with tempfile.TemporaryDirectory() as folder:
        sys.argv = ["sopr-uq", "refine", *arguments, "--out", str(Path(folder, "run")), "--quiet"]
        try:
            profile.runcall(main)
        except SystemExit as ended:
            if ended.code not in (0, 3):
                raise
    return profile


def report(profile: cProfile.Profile, lines: int) -> None:
    """Keep the profile, and print the functions of the package in which most time passes."""
    KEPT.parent.mkdir(exist_ok=True)
    profile.dump_stats(KEPT)
    pstats.Stats(profile).sort_stats("cumulative").print_stats("sopr_uq", lines)


if __name__ == "__main__":
    report(profiled(sys.argv[1:] or list(USUAL)), lines=40)
