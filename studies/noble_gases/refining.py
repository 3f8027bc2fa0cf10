"""Refine every liquid, and keep what is small enough."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from time import perf_counter

from plan import CONFIGS, HERE, MAIN, VARIANTS, Places, name

from sopr_uq.posterior.store import write
from sopr_uq.posterior.thin import thin
from sopr_uq.workflow.result import load_result
from sopr_uq.workflow.run import CONFIG, RESULT

_GOOD = (0, 3)
_DRAWS = {MAIN: 200}
_FEWER_DRAWS = 50


def refine(
    places: Places, variants: Iterable[str], *, engine: str, workers: int, options: Sequence[str]
) -> None:
    """Refine what has not been refined; go on with what was interrupted.

    Parameters
    ----------
    places : Places
    variants : iterable of str
    engine : str
    workers : int
        Refinements at a time.
    options : sequence of str
        ``KEY=VALUE`` for every refinement.
    """
    threads = max((os.cpu_count() or 1) // workers, 1)
    settings = [f"engine.threads={threads}", *options]
    jobs = [(s, v) for v, s in product(variants, CONFIGS)]
    with ThreadPoolExecutor(workers) as pool:
        for line in pool.map(lambda job: _refine_one(places, *job, engine, settings), jobs):
            print(line, flush=True)


def _refine_one(
    places: Places, symbol: str, variant: str, engine: str, settings: Sequence[str]
) -> str:
    folder, chosen = places.run(symbol, variant), VARIANTS[variant]
    if (folder / RESULT).is_file():
        return f"{folder.name}: done before"
    command = [sys.executable, "-m", "sopr_uq"]
    if (folder / CONFIG).is_file():
        command += ["resume", str(folder)]
    else:
        config = HERE / "configs" / f"{CONFIGS[symbol]}.toml"
        command += ["refine", str(config), "--rule", chosen.rule, "--observe", chosen.observe]
        command += ["--engine", engine, "--out", str(folder)]
        for setting in (*chosen.settings, *settings):
            command += ["--set", setting]
    begin = perf_counter()
    # workers fill the cores; the mathematics of each must not want them all
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(
        [*command, "--quiet"], capture_output=True, text=True, check=False, env=environment
    )
    if done.returncode not in _GOOD:
        raise SystemExit(f"{folder.name} failed:\n{done.stderr}")
    outcome = load_result(folder).attrs["outcome"]
    return f"{folder.name}: {outcome}, {perf_counter() - begin:.0f} s"


def store(places: Places, variants: Iterable[str]) -> None:
    """Keep a thinned result of every refinement."""
    places.results.mkdir(parents=True, exist_ok=True)
    for variant, symbol in product(variants, CONFIGS):
        folder = places.run(symbol, variant)
        if not (folder / RESULT).is_file():
            print(f"{name(symbol, variant)}: not refined, not stored")
            continue
        small = thin(load_result(folder), _DRAWS.get(variant, _FEWER_DRAWS))
        write(small, places.result(symbol, variant))
        size = places.result(symbol, variant).stat().st_size
        print(f"{name(symbol, variant)}: {size / 1e6:.2f} MB")
