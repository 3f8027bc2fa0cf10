"""Update rules on equal terms: same engine, runs, starts and data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from bench_base import Store, Unit, shown, side_by_side
from bench_cases import CASES, NOISE, Length, engine_of, measured, rule_of

from sopr_uq.engine.protocol import Engine
from sopr_uq.errors import SoprUqError
from sopr_uq.potentials import Tabulated
from sopr_uq.potentials.descriptors import descriptors
from sopr_uq.refine.compare import compare
from sopr_uq.refine.loop import InMemory, Iteration, Silent, refine
from sopr_uq.refine.presets import preset
from sopr_uq.refine.rule import Rule
from sopr_uq.typing import FloatArray
from sopr_uq.workflow.markdown import markdown_table
from sopr_uq.workflow.twins import Twin

_STEP = ("gamma", "regressed", "width", "length", "noise", "regress_from", "fit_level")
WITH_PRESSURE = "newton, g and P"
_NEVER = {"stop": "published", "tolerance": 1e-12}
VARIANTS: Mapping[str, Mapping[str, object]] = MappingProxyType(
    {
        "newton": {"rule": "newton"},
        WITH_PRESSURE: {"rule": "newton"},
        "ibi": {"rule": "ibi", "gamma": 1.0, **_NEVER},
        "sopr": {"rule": "sopr", **_NEVER},
        "sopr, published": {
            "rule": "sopr", **{k: preset("published")["refine"][k] for k in _STEP}, **_NEVER,
        },
    }
)  # fmt: skip
"""Settings by name, in the order in which they run; none but newton stops by itself."""

LENGTHS = {
    "full": Length(1_000, 3_000, 9_000),
    "quick": Length(600, 2_000, 5_000),
    "smallest": Length(300, 400, 400, 600),
}
_SEEDS = {"full": 5, "quick": 1, "smallest": 1}
_CASES = {"full": tuple(CASES), "quick": tuple(CASES)[:2], "smallest": ("argon-dense",)}
_MOST_NEWTON = {"full": 6, "quick": 4, "smallest": 1}
_TIMES = {"full": 4, "quick": 2, "smallest": 1}
"""A rival is given so many times the runs that the quicker newton needed, or this many."""
_LEAST = {"full": 8, "quick": 4, "smallest": 2}
FLOOR_FACTOR = 1.2
"""At the floor of a measured curve: within this factor of the least misfit of any rule."""


class _Enough(Exception):
    """The floor is reached and one more run is made."""


@dataclass
class Course(Silent):
    """Takes down every iteration, and ends a refinement one run after it is at the floor."""

    twin: Twin
    floor: float | None
    runs: list[dict[str, float]] = field(default_factory=list)
    r: FloatArray = field(default_factory=lambda: np.empty(0))

    def begin(self, r: FloatArray) -> None:
        """Hear of the grid, which a rule may begin further out."""
        self.r = r

    def done(self, iteration: Iteration) -> None:
        """Take down."""
        self.runs.append(taken(self.twin, self.r, iteration))
        before = self.runs[:-1]
        if any(at_floor(run, self.floor) for run in before):
            raise _Enough


def at_floor(run: Mapping[str, float], floor: float | None) -> bool:
    """Whether a run's g(r) deviates by its noise: χ² if that is known, else the least misfit."""
    if floor is None:
        return run["chi2"] < 1.0 + 3.0 * np.sqrt(2.0 / run["points"])
    return run["misfit"] <= FLOOR_FACTOR * floor


def taken(twin: Twin, r: FloatArray, iteration: Iteration) -> dict[str, float]:
    """Return the misfit of what was simulated, and the error of what is proposed after it."""
    p, simulation = twin.problem, iteration.simulations[0]
    sample = p.samples[0]
    potential = Tabulated(r, iteration.potential)
    observation = sample.observations[0]
    c = compare(simulation, potential, sample.state, observation, level_from=2.0 * p.sigma)
    now = descriptors(r, iteration.state.potential, sample.state.beta)
    return {
        "misfit": c.misfit,
        "chi2": float(np.mean(c.difference**2 / (NOISE**2 + c.variance))),
        "points": c.r.size,
        "error": well_error(twin, r, iteration.state.potential),
        "sigma": float(now.sigma),
        "epsilon": float(now.epsilon),
        "md_seconds": simulation.seconds,
        "seconds": iteration.seconds,
    }


def well_error(twin: Twin, r: FloatArray, v: FloatArray) -> float:
    """Return the root mean square of v − truth from σ to 2σ of the start, in kcal/mol."""
    sigma = twin.problem.sigma
    at = np.linspace(sigma, 2.0 * sigma, 101)
    return float(np.sqrt(np.mean((np.interp(at, r, v) - _truth(twin, at)) ** 2)))


def _truth(twin: Twin, at: FloatArray) -> FloatArray:
    return np.interp(at, twin.problem.r, twin.truth)


def unit(item: Unit) -> dict[str, Any]:
    """Refine one case by all rules, one after the other."""
    name, seed, size = item
    case, length = CASES[name], LENGTHS[size]
    twin = measured(case, length, seed)
    engine = engine_of(case, length, twin.problem)
    found: dict[str, Any] = {"truth": _descriptors_of_truth(twin), "rules": {}}
    floor = None
    cap = _MOST_NEWTON[size]
    for variant, overrides in VARIANTS.items():
        if size == "smallest" and variant == "sopr":
            # to compile its inference takes longer than all the others together
            continue
        rule = rule_of(twin.problem, overrides, cap, pressure=variant == WITH_PRESSURE)
        # what the first rule reaches on a measured curve is the first guess of its floor
        found["rules"][variant] = _refined(rule, engine, Course(twin, floor), cap)
        if variant == "newton":
            runs = found["rules"][variant]["runs"]
            if np.isnan(twin.truth).any():
                floor = min(run["misfit"] for run in runs)
        if variant == WITH_PRESSURE:
            ours = [found["rules"][name]["runs"] for name in ("newton", WITH_PRESSURE)]
            needed = min(reached(runs, floor) or len(runs) for runs in ours)
            cap = max(_TIMES[size] * needed, _LEAST[size])
    return found


def reached(runs: Sequence[Mapping[str, float]], floor: float | None) -> int | None:
    """Return the number of the first run at the floor, counted from one."""
    return next((n for n, run in enumerate(runs, 1) if at_floor(run, floor)), None)


def _descriptors_of_truth(twin: Twin) -> dict[str, float]:
    if np.isnan(twin.truth).any():
        return {}
    p = twin.problem
    d = descriptors(p.r, twin.truth, p.samples[0].state.beta)
    return {"sigma": float(d.sigma), "epsilon": float(d.epsilon)}


def _refined(rule: Rule, engine: Engine, course: Course, cap: int) -> dict[str, Any]:
    words = ""
    try:
        words = refine(rule, engine, InMemory([]), course).outcome
    except _Enough:
        words = "at the floor"
    except SoprUqError as error:
        words = f"failed: {error}"
    return {"runs": course.runs, "cap": cap, "outcome": words}


def measure(store: Store) -> None:
    """Run every case and seed that is missing, one a core."""
    size = store.size
    side_by_side(store, unit, _CASES[size], _SEEDS[size])
    store.finish()


def floors(content: dict[str, Any]) -> dict[str, float | None]:
    """Return by entry what its misfit is compared with: None where the noise is known."""
    found: dict[str, float | None] = {}
    for key, e in content["entries"].items():
        least = min(run["misfit"] for r in e["rules"].values() for run in r["runs"])
        found[key] = None if e["truth"] else least
    return found


@dataclass(frozen=True)
class Summary:
    """One rule on one case, over the seeds.

    Parameters
    ----------
    to_floor : list of int or None
        Runs until the floor; None where it was not reached within ``cap``.
    cap : list of int
    seconds, error, sigma, epsilon : list of float
        Wall time until the floor or the end; errors of the last potential in
        kcal/mol, Å and per cent; NaN without a known truth.
    """

    to_floor: list[int | None]
    cap: list[int]
    seconds: list[float]
    error: list[float]
    sigma: list[float]
    epsilon: list[float]


def summary(content: dict[str, Any], case: str, variant: str) -> Summary:
    """Gather a rule's results on a case."""
    compared = floors(content)
    keys = [k for k in content["entries"] if k.rpartition(", ")[0] == case]
    out = Summary([], [], [], [], [], [])
    for key in keys:
        e = content["entries"][key]
        runs, truth = e["rules"].get(variant, {"runs": []})["runs"], e["truth"]
        if not runs:
            continue
        n = reached(runs, compared[key])
        out.to_floor.append(n)
        out.cap.append(len(runs))
        out.seconds.append(sum(run["seconds"] for run in runs[:n]))
        out.error.append(runs[-1]["error"])
        out.sigma.append(runs[-1]["sigma"] - truth.get("sigma", np.nan))
        out.epsilon.append(100 * (runs[-1]["epsilon"] / truth.get("epsilon", np.nan) - 1))
    return out


def runs_text(s: Summary) -> str:
    """Say after how many runs the floor was reached, over the seeds."""
    if not s.cap:
        return "–"
    reached_by = [n for n in s.to_floor if n is not None]
    if not reached_by:
        return f"not in {shown(s.cap, '.0f')}"
    missed = len(s.cap) - len(reached_by)
    text = shown(reached_by, ".0f")
    return f"{text}; {missed} of {len(s.cap)} not in {max(s.cap)}" if missed else text


def table(content: dict[str, Any]) -> Iterator[str]:
    """Return a row a case and rule: median and range over the seeds."""
    head = ["liquid", "rule", "MD runs to the floor", "seconds to it", "error of v over the well",
            "error of σ", "error of ε"]  # fmt: skip
    rows = []
    cases = [c for c in CASES if any(k.startswith(f"{c}, ") for k in content["entries"])]
    for case in cases:
        for variant in VARIANTS:
            s = summary(content, case, variant)
            row = [case, variant, runs_text(s), shown(s.seconds, ".0f")]
            if np.isfinite(s.error).all() and s.error:
                row += [
                    f"{shown([1000 * x for x in s.error], '.1f')}·10⁻³",
                    f"{shown(s.sigma, '+.3f')} Å",
                    f"{shown(s.epsilon, '+.1f')} %",
                ]
            else:
                row += ["–", "–", "–"]
            rows.append(row)
    yield from markdown_table(head, rows)


def draw(content: dict[str, Any], folder: Path) -> list[Path]:
    """Draw the error of v(r) and χ² of g(r) against the number of runs."""
    import matplotlib.pyplot as plt

    from sopr_uq.figures.sheet import save
    from sopr_uq.figures.style import look, style

    twins = {k: e for k, e in content["entries"].items() if e["truth"]}
    cases = [c for c in CASES if any(k.startswith(f"{c}, ") for k in twins)]
    with style():
        figure, axes = plt.subplots(2, len(cases), figsize=(4.6 * len(cases), 6), squeeze=False)
        for column, case in zip(axes.T, cases, strict=True):
            for place, variant in enumerate(VARIANTS):
                for number, (key, e) in enumerate(twins.items()):
                    if key.rpartition(", ")[0] != case:
                        continue
                    runs = e["rules"].get(variant, {"runs": []})["runs"]
                    n = np.arange(1, len(runs) + 1)
                    how = {"color": look(place).color, "marker": look(place).marker, "ms": 3,
                           "lw": 0.8, "ls": look(place).line,
                           "label": variant if number < len(cases) else None}  # fmt: skip
                    column[0].plot(n, [run["chi2"] for run in runs], **how)
                    column[1].plot(n, [1000 * run["error"] for run in runs], **how)
            column[0].set(title=case, yscale="log", ylabel="χ² of g(r) per point")
            column[1].set(yscale="log", xlabel="MD runs", ylabel="error of v / 10⁻³ kcal/mol")
        axes[0, 0].legend()
    return save(figure, folder, "rules")
