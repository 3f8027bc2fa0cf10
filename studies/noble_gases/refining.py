"""Refine every liquid, and keep what is small enough."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from time import perf_counter

from plan import CONFIGS, HERE, MAIN, VARIANTS, Places, name

from sopr_uq.executor import DaskCluster, Executor, Lost, Processes, cores
from sopr_uq.experiment import element
from sopr_uq.posterior.store import write
from sopr_uq.posterior.thin import thin
from sopr_uq.workflow.config import load_config
from sopr_uq.workflow.result import load_result
from sopr_uq.workflow.run import CONFIG, RESULT, resume, run

_DRAWS = {MAIN: 200}
_FEWER_DRAWS = 50


@dataclass(frozen=True)
class Job:
    """One refinement.

    Parameters
    ----------
    system, observe : str
        As :func:`sopr_uq.load_config` takes them.
    settings : tuple of str
        ``KEY=VALUE``.
    folder : Path
    workers : int
        Processes for the simulations at posterior draws.
    """

    system: str
    observe: str
    settings: tuple[str, ...]
    folder: Path
    workers: int


def refine(
    places: Places,
    variants: Iterable[str],
    *,
    engine: str,
    workers: int,
    options: Sequence[str],
    scheduler: str | None = None,
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
    scheduler : str, optional
        A Dask cluster that refines them, in folders that its workers share.
    """
    threads = max(cores() // workers, 1)
    common = (f"engine.name={json.dumps(engine)}", f"engine.threads={threads}", *options)
    jobs = [job_of(places, s, v, common, threads) for v, s in product(variants, CONFIGS)]
    executor: Executor = DaskCluster(scheduler) if scheduler else Processes(workers)
    executor.run(refined, jobs, lambda _, line: print(_text(line), flush=True))


def job_of(places: Places, symbol: str, variant: str, common: tuple[str, ...], workers: int) -> Job:
    """Return how a liquid is refined by one of the variants.

    A rule without a prior refuses the table ``[prior]`` of the study's files; the shipped systems,
    the same but for that, leave it out by themselves.
    """
    chosen = VARIANTS[variant]
    settings = (f"refine.rule={json.dumps(chosen.rule)}", *chosen.settings, *common)
    config = str(HERE / "configs" / f"{CONFIGS[symbol]}.toml")
    system = config if chosen.rule == MAIN else element(symbol).system
    return Job(system, chosen.observe, settings, places.run(symbol, variant), workers)


def refined(job: Job) -> str:
    """Refine one liquid in its folder; return a line about it."""
    name, begin = job.folder.name, perf_counter()
    if (job.folder / RESULT).is_file():
        return f"{name}: done before"
    if (job.folder / CONFIG).is_file():
        result = resume(job.folder, executor=Processes(job.workers))
    else:
        config = load_config(job.system, job.settings, observe=job.observe)
        result = run(config, job.folder, executor=Processes(job.workers))
    return f"{name}: {result.attrs['outcome']}, {perf_counter() - begin:.0f} s"


def _text(line: str | Lost) -> str:
    return line.message if isinstance(line, Lost) else line


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
