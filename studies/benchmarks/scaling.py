"""What costs grow like: measured exponents beside expected ones, and memory."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from bench_base import Store
from threadpoolctl import threadpool_limits

from sopr_uq.engine.factory import make_engine
from sopr_uq.engine.protocol import Setup, Simulation
from sopr_uq.engine.settings import EngineSettings
from sopr_uq.experiment.liquid import Liquid
from sopr_uq.experiment.observation import Observation
from sopr_uq.experiment.state import StatePoint
from sopr_uq.potentials import Mie, Tabulated
from sopr_uq.potentials.descriptors import descriptors
from sopr_uq.refine.newton import Newton
from sopr_uq.refine.problem import Problem
from sopr_uq.refine.round import Run
from sopr_uq.refine.settings import RefineSettings
from sopr_uq.typing import FloatArray
from sopr_uq.workflow.markdown import markdown_table

CAPTION = "Costs against sizes"
STATE = StatePoint(120.0, 0.0203, 39.948)
TRUTH = Mie(3.40, 0.238, 13.0)
START = Mie(3.38, 0.25, 12.0)
_CUTOFF, _CORE = 10.2, 0.7
_TAIL = 3
"""An exponent is fitted to so many of the largest sizes, where it has settled."""


class Axis(NamedTuple):
    """Something that grows: what costs are measured, and how they should grow.

    Parameters
    ----------
    title : str
    sizes : dict
        Values by size of the benchmark.
    expected : dict
        Expected exponent by cost, with its reason.
    """

    title: str
    sizes: Mapping[str, Sequence[int]]
    expected: Mapping[str, tuple[float, str]]


AXES: Mapping[str, Axis] = MappingProxyType(
    {
        "data": Axis(
            "measured points",
            {"full": (50, 100, 200, 400, 800, 1_400, 2_000), "quick": (50, 200, 800),
             "smallest": (50, 100)},
            {"newton step": (3.0, "covariance of the points, d³")},
        ),
        "grid": Axis(
            "points of v(r)",
            {"full": (100, 200, 400, 800, 1_400), "quick": (100, 400), "smallest": (100,)},
            {"newton step": (3.0, "factor of the prior's kernel, n³")},
        ),
        "particles": Axis(
            "particles",
            {"full": (500, 1_000, 2_000, 4_000, 10_000), "quick": (500, 2_000),
             "smallest": (500, 700)},
            {"MD step": (1.0, "neighbours within the cut-off"),
             "g(r) of a snapshot": (2.0, "all pairs to half the box")},
        ),
        "draws": Axis(
            "draws",
            {"full": (100, 1_000, 10_000, 100_000), "quick": (100, 1_000, 10_000),
             "smallest": (100, 200)},
            {"posterior": (1.0, "each draw exact and by itself"),
             "descriptors": (1.0, "each draw by itself")},
        ),
    }
)  # fmt: skip
_MD_STEPS = {"full": 400, "quick": 400, "smallest": 100}


def problem_of(points: int, grid: int) -> Problem:
    """Return a liquid's g(r) at so many points, and v(r) on so many."""
    r = np.linspace(3.0, 14.0, points)
    spacing = (_CUTOFF - _CORE * 3.38) / (grid - 1)
    settings = RefineSettings(rule="newton", grid_spacing=float(np.clip(spacing, 0.005, 0.1)))
    liquid = Liquid(STATE, (Observation("g", r, np.ones(r.size)),))
    return Problem((liquid,), START, settings, cutoff=_CUTOFF)


def measured(p: Problem, simulation: Simulation) -> Problem:
    """Return the problem with the truth's g(r) and noise on it."""
    liquid = p.liquids[0]
    o = liquid.observations[0]
    g = np.interp(o.x, simulation.r, simulation.g)
    noisy = replace(o, value=g + 0.01 * np.random.default_rng(1).standard_normal(g.size))
    return replace(p, liquids=(Liquid(liquid.state, (noisy,)),))


def simulations(p: Problem) -> tuple[Simulation, Simulation]:
    """Return integral-equation results at the start and at the truth."""
    engine = make_engine(EngineSettings(name="integral_equation", cutoff=_CUTOFF, r_max=20.0))
    run = [
        engine.run(Setup.of(Tabulated(p.r, v.energy(p.r)), STATE, seed=k))
        for k, v in enumerate((START, TRUTH), 1)
    ]
    return run[0], run[1]


def seconds(function: Callable[[], Any], repeats: int) -> float:
    """Return the median time of a call, in seconds."""
    found = []
    for _ in range(repeats):
        started = time.perf_counter()
        function()
        found.append(time.perf_counter() - started)
    return float(np.median(found))


def megabytes(function: Callable[[], Any]) -> float:
    """Return the peak of memory that a call asks for beyond what was there."""
    tracemalloc.start()
    function()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6


def newton_step(points: int, grid: int, repeats: int = 3) -> dict[str, float]:
    """Return the cost of a first step, with everything that a rule computes once."""
    blank = problem_of(points, grid)
    start, truth = simulations(blank)
    p = measured(blank, truth)
    run = Run(START.energy(p.r), (start,))

    def step() -> None:
        rule = Newton(p)
        rule.step([rule.init()], [run])

    memory = megabytes(step)
    first = seconds(step, 1)
    again = seconds(step, repeats) if first < 2 and repeats else first
    return {"newton step": min(first, again), "megabytes": memory}


def particles(n: int, steps: int) -> dict[str, float]:
    """Return the seconds of an MD step and of a snapshot's g(r), on one thread."""
    settings = EngineSettings(
        name="lammps", particles=n, cutoff=_CUTOFF, threads=1, thermalisation_steps=200,
        ramp_steps=600, equilibration_steps=400, production_steps=steps, sample_every=steps // 8,
        blocks=4,
    )  # fmt: skip
    setup = Setup.of(Tabulated(_grid(), TRUTH.energy(_grid())), STATE, seed=1)
    run = make_engine(settings).run(setup)
    return {
        "MD step": (run.seconds - run.rdf_seconds) / run.steps,
        "g(r) of a snapshot": run.rdf_seconds / 8,
    }


def _grid() -> FloatArray:
    return np.arange(_CORE * 3.4, _CUTOFF, 0.02)


def draws(n: int, most: int = 10_000) -> dict[str, float]:
    """Return the seconds of a posterior of so many draws, up to ``most``, and of descriptors."""
    found = {"posterior": _posterior(n)} if n <= most else {}
    r = _grid()
    v = np.tile(START.energy(r), (n, 1))
    return found | {"descriptors": seconds(lambda: descriptors(r, v, STATE.beta), 3)}


def _posterior(n: int) -> float:
    blank = problem_of(100, 300)
    start, truth = simulations(blank)
    p = measured(blank, truth)
    chains = 2
    settings = p.settings.model_copy(update={"draws": max(n // chains, 50), "tune": 200})
    rule = Newton(replace(p, settings=settings))
    past = [rule.init()]
    past.append(rule.step(past, [Run(START.energy(p.r), (start,))])[0])
    rule.posterior(past)
    return seconds(lambda: rule.posterior(past), 1)


def measure(store: Store) -> None:
    """Measure every axis at every size that is missing."""
    size = store.size
    repeats = 3 if size != "smallest" else 0
    how: dict[str, Callable[[int], dict[str, float]]] = {
        "data": lambda n: newton_step(n, 300, repeats),
        "grid": lambda n: newton_step(200, n, repeats),
        "particles": lambda n: particles(n, _MD_STEPS[size]),
        "draws": draws,
    }
    # one thread, so that what is measured is the work
    with threadpool_limits(1):
        for axis, measured_at in how.items():
            for n in AXES[axis].sizes[size]:
                store.once(f"{axis}, {n}", lambda f=measured_at, n=n: f(n))
    store.finish()


def series(content: dict[str, Any], axis: str, cost: str) -> tuple[FloatArray, FloatArray]:
    """Return sizes and costs along an axis, those that were measured."""
    found = {
        int(key.partition(", ")[2]): entry[cost]
        for key, entry in content["entries"].items()
        if key.startswith(f"{axis}, ") and cost in entry
    }
    return np.array(list(found)), np.array(list(found.values()))


def exponent(n: FloatArray, cost: FloatArray) -> float:
    """Return the slope of log cost against log n at the largest sizes."""
    tail = slice(-_TAIL, None)
    return float(np.polyfit(np.log(n[tail]), np.log(cost[tail]), 1)[0])


def table(content: dict[str, Any]) -> Iterator[str]:
    """Return a row an axis and cost."""
    head = ["what grows", "cost", "smallest", "largest", "exponent", "expected at large sizes",
            "largest memory"]  # fmt: skip
    rows = []
    for axis, a in AXES.items():
        for cost, (expected, reason) in a.expected.items():
            n, t = series(content, axis, cost)
            if n.size < 2:
                continue
            _, memory = series(content, axis, "megabytes")
            rows.append(
                [a.title, cost, f"{n[0]}: {_time(t[0])}", f"{n[-1]}: {_time(t[-1])}",
                 f"{exponent(n, t):.2f}", f"{expected:g} ({reason})",
                 f"{memory[-1]:.0f} MB" if memory.size else ""]
            )  # fmt: skip
    yield from markdown_table(head, rows)


def _time(s: float) -> str:
    return f"{s:.2g} s" if s >= 1 else f"{1000 * s:.2g} ms"


def draw(content: dict[str, Any], folder: Path) -> list[Path]:
    """Draw every cost against what grows."""
    import matplotlib.pyplot as plt

    from sopr_uq.figures.sheet import save
    from sopr_uq.figures.style import member_style, style

    with style():
        figure, axes = plt.subplots(1, len(AXES), figsize=(3.1 * len(AXES), 3.2))
        for ax, (axis, a) in zip(axes, AXES.items(), strict=True):
            for place, cost in enumerate(a.expected):
                n, t = series(content, axis, cost)
                kind = member_style(place)
                ax.loglog(n, t, kind.marker, ls=kind.line, color=kind.color, ms=4, label=cost)
            ax.set(xlabel=a.title)
            ax.legend()
        axes[0].set_ylabel("seconds")
    return save(figure, folder, "scaling")
