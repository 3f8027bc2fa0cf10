"""Sixteen potentials through molecular dynamics: one after the other, processes, Dask."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from bench_base import Store, shown

from sopr_uq.engine import hoomd
from sopr_uq.engine.factory import make_engine
from sopr_uq.engine.parallel import run_task, run_tasks, single_threaded
from sopr_uq.engine.protocol import Engine, Setup, Simulation
from sopr_uq.engine.settings import EngineSettings
from sopr_uq.executor import DaskHere, Processes, cores
from sopr_uq.experiment.state import StatePoint
from sopr_uq.potentials import Mie, Tabulated
from sopr_uq.workflow.markdown import markdown_table

STATE = StatePoint(85.0, 0.02125, 39.948)
_TASKS = {"full": 16, "quick": 6, "smallest": 2}
_STEPS = {"full": 10_000, "quick": 800, "smallest": 100}
_REPEATS = {"full": 2, "quick": 1, "smallest": 1}


def tasks_of(size: str) -> tuple[Engine, list[Setup]]:
    """Return the engine, and potentials that scatter like a posterior's draws."""
    settings = EngineSettings(
        name="lammps", particles=500, cutoff=10.2, threads=1, production_steps=_STEPS[size],
        equilibration_steps=500, thermalisation_steps=200, ramp_steps=600,
        sample_every=max(_STEPS[size] // 50, 1), blocks=10,
    )  # fmt: skip
    rng = np.random.default_rng(5)
    r = np.arange(2.4, 10.2, 0.02)
    tasks = [
        Setup.of(Tabulated(r, Mie(3.40 + 0.01 * a, 0.238 + 0.005 * b).energy(r)), STATE, seed=k)
        for k, (a, b) in enumerate(rng.standard_normal((_TASKS[size], 2)), 1)
    ]
    return make_engine(settings), tasks


def serial(engine: Engine, tasks: list[Setup]) -> list[Any]:
    """One after the other, in this process."""
    return [run_task(single_threaded(engine), task) for task in tasks]


def processes(engine: Engine, tasks: list[Setup]) -> list[Any]:
    """As many processes as cores, as a round of a refinement does it."""
    return run_tasks(engine, tasks, executor=Processes(cores()))


def ways(size: str) -> dict[str, Callable[[Engine, list[Setup]], list[Any]]]:
    """Return the ways that can be had here, by name."""
    found = {"one after the other": serial, f"{cores()} processes": processes}
    if size != "smallest":
        found |= _dask()
    return found


def _dask() -> dict[str, Callable[[Engine, list[Setup]], list[Any]]]:
    """Dask's scheduler and workers, begun for the simulations and ended after them."""
    if importlib.util.find_spec("distributed") is None:
        return {}

    def dask(engine: Engine, tasks: list[Setup]) -> list[Any]:
        return run_tasks(engine, tasks, executor=DaskHere(cores()))

    return {f"Dask, {cores()} workers": dask}


def measure(store: Store) -> None:
    """Run every way in turn, several times; all must give the same g(r)."""
    engine, tasks = tasks_of(store.size)
    reference: list[Any] | None = None
    for repeat in range(_REPEATS[store.size]):
        for name, way in ways(store.size).items():
            key = f"{name}, {repeat}"
            if key in store.entries:
                continue
            started = time.perf_counter()
            found = way(engine, tasks)
            taken = time.perf_counter() - started
            reference = reference or found
            store.put(key, {"seconds": taken, "tasks": len(tasks), "same": _same(reference, found)})
    store.put("gpu", _gpu())
    store.finish()


def _same(first: list[Any], second: list[Any]) -> bool:
    return all(
        isinstance(a, Simulation) and isinstance(b, Simulation) and np.array_equal(a.g, b.g)
        for a, b in zip(first, second, strict=True)
    )


def _gpu() -> str:
    if hoomd.has_gpu():
        return "A GPU is here; this benchmark does not use it yet."
    return "No GPU was there: HOOMD-blue's rows are missing."


def table(content: dict[str, Any]) -> Iterator[str]:
    """Return a row a way."""
    entries = {k: e for k, e in content["entries"].items() if isinstance(e, dict)}
    times: dict[str, list[float]] = {}
    for key, e in entries.items():
        times.setdefault(key.rpartition(", ")[0], []).append(e["seconds"])
    base = times["one after the other"]
    rows = []
    for name, found in times.items():
        speed = [b / t for b, t in zip(base, found, strict=False)]
        same = all(e["same"] for k, e in entries.items() if k.startswith(name))
        rows.append([name, shown(found), shown(speed, ".2f"), "yes" if same else "NO"])
    number = next(iter(entries.values()))["tasks"]
    head = [f"{number} simulations", "seconds", "times quicker", "same g(r), bit for bit"]
    yield from markdown_table(head, rows)
    yield ""
    yield str(content["entries"].get("gpu", ""))
