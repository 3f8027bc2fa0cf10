"""What an iteration costs beyond molecular dynamics, beside a plain LAMMPS script."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

from bench_base import Store, shown
from raw_lammps import Raw, run_raw
from threadpoolctl import threadpool_limits

from sopr_uq import load_config
from sopr_uq.engine.plan import make_plan
from sopr_uq.engine.protocol import Engine, Setup, Simulation
from sopr_uq.executor import cores
from sopr_uq.potentials import Tabulated
from sopr_uq.refine import sopr
from sopr_uq.refine.checkpoint import Folder
from sopr_uq.refine.loop import Iteration, refine
from sopr_uq.refine.newton import rule as newton_rule
from sopr_uq.refine.rule import Rule
from sopr_uq.workflow.build import build_engine, build_rule
from sopr_uq.workflow.config import Config
from sopr_uq.workflow.markdown import markdown_table

RULES = {"sopr": "g", "newton": "g,pressure"}
PARTS = ("md", "rdf", "pymc", "algebra", "disk")
_LENGTHS = {
    "smallest": {"engine.particles": 500, "engine.equilibration_steps": 100,
                 "engine.production_steps": 400, "engine.sample_every": 10,
                 "engine.thermalisation_steps": 200, "engine.ramp_steps": 400},
    "quick": {"engine.production_steps": 3_000, "engine.equilibration_steps": 1_000},
    "full": {},
}  # fmt: skip
_ITERATIONS = {"smallest": 2, "quick": 3, "full": 4}


@dataclass
class Clock:
    """Seconds of every call of a function."""

    seconds: list[float] = field(default_factory=list)

    def of(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function, timed."""

        def timed(*args: Any, **kwargs: Any) -> Any:
            started = time.perf_counter()
            try:
                return function(*args, **kwargs)
            finally:
                self.seconds.append(time.perf_counter() - started)

        return timed


@dataclass
class TimedFolder:
    """A refinement's journal on disk, timed, that runs the raw script after each iteration."""

    folder: Folder
    after: Callable[[Iteration], None]
    clock: Clock = field(default_factory=Clock)

    def load(self) -> Sequence[Iteration]:
        """Return nothing: the benchmark starts afresh."""
        return ()

    def append(self, iteration: Iteration) -> None:
        """Write an iteration."""
        self.clock.of(self.folder.append)(iteration)
        self.after(iteration)


@contextmanager
def inference_timed(clock: Clock) -> Iterator[None]:
    """Time the sampling of noise levels inside the context."""
    with (
        patch.object(sopr, "sample_noise", clock.of(sopr.sample_noise)),
        patch.object(newton_rule, "sample_theta", clock.of(newton_rule.sample_theta)),
    ):
        yield


def measure(store: Store) -> None:
    """Refine liquid argon by both rules, on one core and on all, each beside raw LAMMPS."""
    threads_of = {"smallest": {1}, "quick": {cores()}, "full": {1, cores()}}
    for threads in sorted(threads_of[store.size]):
        for rule in RULES if store.size != "smallest" else ("sopr",):
            store.once(f"{rule}, {threads}", lambda r=rule, t=threads: one(r, t, store.size))
    store.finish()


@dataclass
class Script:
    """Makes the run of an iteration again, without Python, after each but the first."""

    rule: Rule
    engine: Engine
    threads: int
    raw: list[Raw] = field(default_factory=list)
    before: Simulation | None = None

    def __call__(self, iteration: Iteration) -> None:
        """Go on from where the engine's run began, with the same potential."""
        start = self.before.configuration if self.before else None
        self.before = iteration.simulations[0]
        if start is None:
            return
        problem, settings = self.rule.problem, self.engine.settings  # type: ignore[attr-defined]
        potential = Tabulated(problem.r, iteration.potential)
        plan = make_plan(settings, Setup.of(potential, problem.samples[0].state, 1, start))
        with tempfile.TemporaryDirectory() as scratch:
            self.raw.append(run_raw(plan, Path(scratch), self.threads))


def config_of(rule: str, threads: int, size: str) -> Config:
    """Return the shipped configuration of argon with a rule, threads and number of iterations."""
    overrides = _LENGTHS[size] | {
        "refine.rule": rule,
        "refine.max_iterations": _ITERATIONS[size],
        "engine.threads": threads,
        "engine.name": "lammps",
    }
    if size == "smallest":
        # nothing to infer, nothing to compile
        overrides |= {"refine.width": 0.1, "refine.length": 0.7, "refine.noise": 0.01}
    return load_config("argon-85K", overrides, observe=RULES[rule])


def one(rule_name: str, threads: int, size: str) -> dict[str, Any]:
    """Return the seconds of every iteration, by part, and of the script beside it."""
    config = config_of(rule_name, threads, size)
    rule = build_rule(config)
    engine = build_engine(config, rule)
    script, inference = Script(rule, engine, threads), Clock()
    with tempfile.TemporaryDirectory() as folder, inference_timed(inference):
        journal = TimedFolder(Folder(Path(folder, "iterations")), script)
        done = refine(rule, engine, journal).iterations
        pymc, disk = list(inference.seconds), journal.clock.seconds
    measured = ["posterior", "posterior_again"] if size != "smallest" else []
    return {
        "rule": rule_name,
        "threads": threads,
        "particles": done[-1].simulations[0].particles,
        "steps": done[-1].simulations[0].steps,
        "iterations": [_split(i, pymc[k] if pymc else 0.0, disk[k]) for k, i in enumerate(done)],
        "raw_loop": [r.loop for r in script.raw],
        "raw_wall": [r.wall for r in script.raw],
        **{name: _timed_posterior(rule, done[-1]) for name in measured},
    }


def _timed_posterior(rule: Rule, last: Iteration) -> float:
    started = time.perf_counter()
    # as a finished refinement does it
    with threadpool_limits(1):
        rule.posterior(last.state)
    return time.perf_counter() - started


def _split(i: Iteration, pymc: float, disk: float) -> dict[str, float]:
    simulation = i.simulations[0]
    step = i.seconds - simulation.seconds
    return {
        "md": simulation.seconds - simulation.rdf_seconds,
        "rdf": simulation.rdf_seconds,
        "pymc": pymc,
        "algebra": step - pymc,
        "disk": disk,
    }


def ratios(entry: dict[str, Any]) -> dict[str, list[float]]:
    """Return, for every iteration after the first, its ratio to the script, and shares.

    The first starts from a lattice and compiles; it has no script beside it.
    """
    later = entry["iterations"][1:]
    total = [sum(i[p] for p in PARTS) for i in later]
    return {
        "iteration / raw loop": [t / r for t, r in zip(total, entry["raw_loop"], strict=True)],
        "md / raw loop": [i["md"] / r for i, r in zip(later, entry["raw_loop"], strict=True)],
        "not md": [1.0 - i["md"] / t for i, t in zip(later, total, strict=True)],
    }


def table(content: dict[str, Any]) -> Iterator[str]:
    """Return one row a rule and number of threads."""
    head = ["rule", "threads", *(f"{p} / s" for p in PARTS), "raw LAMMPS / s",
            "iteration / raw", "MD / raw", "not MD"]  # fmt: skip
    rows = []
    for e in content["entries"].values():
        r, later = ratios(e), e["iterations"][1:]
        parts = [shown([i[p] for i in later], ".2g") for p in PARTS]
        shares = shown([100 * x for x in r["not md"]], ".0f")
        rows.append(
            [e["rule"], str(e["threads"]), *parts, shown(e["raw_loop"]),
             shown(r["iteration / raw loop"], ".2f"), shown(r["md / raw loop"], ".2f"),
             f"{shares} %"]
        )  # fmt: skip
    yield from markdown_table(head, rows)
    yield ""
    for e in content["entries"].values():
        if "posterior" in e:
            yield _ends(e)


def _ends(e: dict[str, Any]) -> str:
    """Say what compiling and the posterior at the end took."""
    who = f"- {e['rule']}, {e['threads']} thread{'s' if e['threads'] > 1 else ''}:"
    end, again = e["posterior"], e["posterior_again"]
    if e["rule"] == "newton":
        return (
            f"{who} no PyMC within the iterations; the posterior at the end took {end:.1f} s, and "
            f"{again:.1f} s when made once more."
        )
    first, later = e["iterations"][0], e["iterations"][1:]
    more = first["pymc"] - sorted(i["pymc"] for i in later)[len(later) // 2]
    compiles = f"took {more:.0f} s more, to compile" if more > 1 else "found it compiled"
    return f"{who} the first inference {compiles}; the posterior at the end took {end:.1f} s."
