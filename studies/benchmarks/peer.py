"""relentless beside the newton rule: same twin, start, engine and run length."""

from __future__ import annotations

import importlib.util
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from bench_base import Store, Unit, shown, side_by_side
from bench_cases import CASES, NOISE, config_of, engine_of, measured, rule_of
from peer_relentless import KNOTS, LINE_SEARCH, WAYS, Peer, Way
from rules import LENGTHS, WITH_PRESSURE, at_floor, taken

from sopr_uq.engine.plan import Plan, make_plan
from sopr_uq.engine.protocol import Engine, Setup
from sopr_uq.potentials import Tabulated
from sopr_uq.refine.loop import InMemory, Iteration, Silent, refine
from sopr_uq.typing import FloatArray
from sopr_uq.workflow.markdown import markdown_table
from sopr_uq.workflow.twins import Twin

_SEEDS = {"full": 1, "quick": 1, "smallest": 1}
_CASES = {"full": tuple(CASES)[:2], "quick": tuple(CASES)[:1], "smallest": ("argon-dense",)}
_MOST = {"full": 6, "quick": 4, "smallest": 1}
BUDGET = {"full": 11.0, "quick": 1.5, "smallest": 1e-6}
"""Time given to the peer each way, in newton's seconds."""


class _Enough(Exception):
    """As good as wanted, or out of time."""


@dataclass
class _Watch:
    """Follows the peer: seconds, χ² of g(r), and error of v at each simulation."""

    peer: Peer
    twin: Twin
    variance: FloatArray
    target: float
    budget: float
    started: float = field(default_factory=time.perf_counter)
    seconds: list[float] = field(default_factory=list)
    errors: list[float] = field(default_factory=list)
    chi2: list[float] = field(default_factory=list)

    def before(self) -> None:
        """Judge the potential that is about to be simulated."""
        self.errors.append(shifted_error(self.twin, *self.peer.potential()))
        # one simulation is made in any case
        late = bool(self.seconds) and self.seconds[-1] > self.budget
        if late or (self.seconds and self.errors[-1] <= self.target):
            raise _Enough

    def after(self, r: FloatArray, g: FloatArray) -> None:
        """Take the time, and compare g(r)."""
        self.seconds.append(time.perf_counter() - self.started)
        o = self.twin.problem.samples[0].observations[0]
        inside = o.x <= r[-1]
        difference = np.interp(o.x[inside], r, g) - o.value[inside]
        variance = NOISE**2 + self.variance[: difference.size]
        self.chi2.append(float(np.mean(difference**2 / variance)))


@dataclass
class _UntilFloor(Silent):
    """Ends newton at the floor."""

    twin: Twin
    r: FloatArray = field(default_factory=lambda: np.empty(0))

    def begin(self, r: FloatArray) -> None:
        """Hear of the grid."""
        self.r = r

    def done(self, iteration: Iteration) -> None:
        """Look at the floor."""
        if at_floor(taken(self.twin, self.r, iteration), None):
            raise _Enough


def shifted_error(twin: Twin, r: FloatArray, v: FloatArray) -> float:
    """Return the error over the well, both potentials zero at the cut-off, in kcal/mol.

    A peer without tail corrections cannot know the value of v there.
    """
    p = twin.problem
    at = np.linspace(p.sigma, 2.0 * p.sigma, 101)
    found = np.interp(at, r, v) - np.interp(p.r_cut, r, v)
    true = np.interp(at, p.r, twin.truth) - twin.truth[-1]
    return float(np.sqrt(np.mean((found - true) ** 2)))


def unit(item: Unit) -> dict[str, Any]:
    """Refine a twin by newton, then give relentless so many times its seconds."""
    name, seed, size = item
    case, length = CASES[name], LENGTHS[size]
    twin = measured(case, length, 100 + seed)
    p = twin.problem
    engine = engine_of(case, length, p)
    found: dict[str, Any] = {
        variant: _newton(twin, engine, _MOST[size], variant)
        for variant in ("newton", WITH_PRESSURE)
    }
    best = found[WITH_PRESSURE]
    state = p.samples[0].state
    liquid = engine.run(Setup.of(Tabulated(p.r, p.reference.energy(p.r)), state, seed=seed))
    settings = config_of(case, length).engine.model_copy(update={"cutoff": p.r_cut})
    plan = make_plan(settings, Setup.of(p.reference, state, seed, liquid.configuration))
    variance = np.interp(p.samples[0].observations[0].x, liquid.r, liquid.g_error**2)
    for title, way in WAYS.items():
        found[f"relentless, {title}"] = _relentless(
            twin, plan, way, variance, best["error"], BUDGET[size] * best["seconds"]
        )
        if size == "smallest":
            break
    return found


def _newton(twin: Twin, engine: Engine, most: int, variant: str) -> dict[str, Any]:
    rule = rule_of(twin.problem, {"rule": "newton"}, most, pressure=variant == WITH_PRESSURE)
    journal = InMemory([])
    started = time.perf_counter()
    # the loop appends before it tells, so that the last iteration is in the journal
    with suppress(_Enough):
        refine(rule, engine, journal, _UntilFloor(twin))
    taken_seconds = time.perf_counter() - started
    r, last = twin.problem.r, journal.iterations[-1]
    run = taken(twin, r, last)
    return {
        "simulations": len(journal.iterations),
        "seconds": taken_seconds,
        "error": shifted_error(twin, r, last.state.potential),
        "chi2": run["chi2"],
        "floor": at_floor(run, None),
        "start": shifted_error(twin, r, journal.iterations[0].potential),
    }


def _relentless(
    twin: Twin, plan: Plan, way: Way, variance: FloatArray, target: float, budget: float
) -> dict[str, Any]:
    words = "its own stopping criterion"
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        # one of its own: an output of NumPy's divide that it leaves unset where it is not used
        warnings.filterwarnings("ignore", message="'where' used without 'out'")
        peer = Peer(twin.problem, plan, Path(folder), way)
        watch = _Watch(peer, twin, variance, target, budget)
        try:
            peer.optimise(watch.before, watch.after)
        except _Enough:
            words = "as good" if watch.errors[-1] <= target else "out of time"
        except (RuntimeError, ValueError) as failure:
            words = f"failed: {failure}"
    return {
        "outcome": words,
        "seconds": watch.seconds,
        "errors": watch.errors,
        "chi2": watch.chi2,
    }


def measure(store: Store) -> None:
    """Compare on every twin and seed that is missing, one a core."""
    size = store.size
    if importlib.util.find_spec("relentless") is None:
        store.put("missing", "relentless is not installed: pip install 'sopr-uq[bench]'")
        return
    store.entries.pop("missing", None)
    side_by_side(store, unit, _CASES[size], _SEEDS[size])
    store.put("msibi", _msibi())
    store.finish()


def _msibi() -> str:
    if importlib.util.find_spec("hoomd") is None or importlib.util.find_spec("msibi") is None:
        return "msibi runs on HOOMD-blue alone; where this was measured there was none."
    return "msibi is installed here, but this benchmark does not know yet how to run it."


def table(content: dict[str, Any]) -> Iterator[str]:
    """Return a row a twin and program."""
    if "missing" in content["entries"]:
        yield content["entries"]["missing"]
        return
    head = ["twin", "program", "simulations", "seconds", "error of v over the well",
            "χ² of g(r)", "time to that error, in newton's"]  # fmt: skip
    rows = []
    for case in CASES:
        found = [e for k, e in content["entries"].items() if k.startswith(f"{case}, ")]
        if not found:
            continue
        ours = [e[WITH_PRESSURE] for e in found]
        rows.append([case, "the start", "", "", _milli([e["start"] for e in ours]), "", ""])
        for name in found[0]:
            mine = [e[name] for e in found]
            row = _peer_row if "outcome" in mine[0] else _newton_row
            rows.append([case, name, *row(mine, ours)])
    yield from markdown_table(head, rows)
    yield ""
    yield (
        f"relentless with {KNOTS} knots, whose differences or values are varied, in fixed steps of "
        f"{WAYS['values'].step:g} ε with its line search (tolerance {LINE_SEARCH['tolerance']:g}, "
        f"at most {LINE_SEARCH['max_iter']} simulations). Of it, the best error and χ² of all its "
        f"simulations. {content['entries'].get('msibi', '')}"
    )


def short(content: dict[str, Any]) -> Iterator[str]:
    """Say in a sentence how the peer did."""
    found = [e for e in content["entries"].values() if isinstance(e, dict)]
    if not found:
        return
    theirs = [t for e in found for t in e.values() if "outcome" in t]
    ours = [e[WITH_PRESSURE] for e in found for t in e.values() if "outcome" in t]
    ratios = [t["seconds"][-1] / o["seconds"] for o, t in zip(ours, theirs, strict=True)]
    reached = sum(t["outcome"] == "as good" for t in theirs)
    yield (
        f"relentless, which minimises the relative entropy, was as near the truth as `newton` with "
        f"g and P in {reached} of {len(theirs)} trials, each of up to {shown(ratios, '.0f')} times "
        "newton's seconds."
    )


def _newton_row(mine: list[dict[str, Any]], ours: list[dict[str, Any]]) -> list[str]:
    ratios = [m["seconds"] / o["seconds"] for m, o in zip(mine, ours, strict=True)]
    return [
        shown([m["simulations"] for m in mine], ".0f"),
        shown([m["seconds"] for m in mine], ".0f"),
        _milli([m["error"] for m in mine]),
        shown([m["chi2"] for m in mine], ".2f"),
        "1" if mine is ours or ratios == [1.0] * len(ratios) else f"({shown(ratios, '.1f')})",
    ]


def _peer_row(theirs: list[dict[str, Any]], ours: list[dict[str, Any]]) -> list[str]:
    ratios = [t["seconds"][-1] / o["seconds"] for o, t in zip(ours, theirs, strict=True)]
    reached = sum(t["outcome"] == "as good" for t in theirs)
    how = "" if reached == len(theirs) else f" without it in {len(theirs) - reached}"
    return [
        shown([len(t["seconds"]) for t in theirs], ".0f"),
        shown([t["seconds"][-1] for t in theirs], ".0f"),
        _milli([min(t["errors"]) for t in theirs]),
        shown([min(t["chi2"]) for t in theirs], ".2f"),
        f"{'> ' if how else ''}{shown(ratios, '.1f')}{how}",
    ]


def _milli(values: list[float]) -> str:
    return f"{shown([1000 * x for x in values], '.1f')}·10⁻³"


def draw(content: dict[str, Any], folder: Path) -> list[Path]:
    """Draw the error of v(r) against time."""
    import matplotlib.pyplot as plt

    from sopr_uq.figures.sheet import save
    from sopr_uq.figures.style import look, style

    found = {k: e for k, e in content["entries"].items() if isinstance(e, dict)}
    if not found:
        return []
    with style():
        figure, axes = plt.subplots(1, len(found), figsize=(4.6 * len(found), 3.6), squeeze=False)
        for ax, (key, e) in zip(axes[0], found.items(), strict=True):
            for place, (name, one) in enumerate(e.items()):
                kind = look(place)
                if "outcome" not in one:
                    ax.plot(one["seconds"], 1000 * one["error"], kind.marker, color=kind.color,
                            label=name)  # fmt: skip
                    continue
                times = [0.0, *one["seconds"]][: len(one["errors"])]
                ax.plot(times, [1000 * x for x in one["errors"]], color=kind.color, lw=0.9,
                        label=name)  # fmt: skip
            ax.set(title=key.rpartition(", ")[0], xlabel="seconds", yscale="log")
        axes[0, 0].set_ylabel("error of v / 10⁻³ kcal/mol")
        axes[0, -1].legend(loc="lower right")
    return save(figure, folder, "peer")
