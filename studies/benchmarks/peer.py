"""relentless beside the newton rule: same twin, start, engine and run length."""

from __future__ import annotations

import importlib.util
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from bench_base import Store, cores, shown
from bench_cases import CASES, config_of, engine_of, measured, rule_of
from peer_relentless import KNOTS, LINE_SEARCH, STEP, Peer
from rules import LENGTHS, at_floor, taken

from sopr_uq.engine.plan import make_plan
from sopr_uq.engine.protocol import Engine
from sopr_uq.potentials import Tabulated
from sopr_uq.refine.loop import InMemory, Iteration, Silent, refine
from sopr_uq.typing import FloatArray
from sopr_uq.workflow.markdown import markdown_table
from sopr_uq.workflow.twins import Twin

_SEEDS = {"full": 3, "quick": 1, "smallest": 1}
_CASES = {"full": tuple(CASES)[:2], "quick": tuple(CASES)[:1], "smallest": ("argon-dense",)}
_MOST = {"full": 6, "quick": 4, "smallest": 2}
BUDGET = {"full": 12.0, "quick": 4.0, "smallest": 1e-6}
"""Time given to the peer, in newton's seconds."""


class _Enough(Exception):
    """As good as wanted, or out of time."""


@dataclass
class _Watch:
    """Follows the peer: seconds until, and error of v before, each simulation."""

    peer: Peer
    twin: Twin
    target: float
    budget: float
    started: float = field(default_factory=time.perf_counter)
    seconds: list[float] = field(default_factory=list)
    errors: list[float] = field(default_factory=list)

    def before(self) -> None:
        """Judge the potential that is about to be simulated."""
        self.errors.append(shifted_error(self.twin, *self.peer.potential()))
        if self.errors[-1] <= self.target or sum(self.seconds[-1:]) > self.budget:
            raise _Enough

    def after(self) -> None:
        """Take the time."""
        self.seconds.append(time.perf_counter() - self.started)


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


def unit(name: str, seed: int, size: str) -> dict[str, Any]:
    """Refine a twin by newton, then give relentless so many times its seconds."""
    case, length = CASES[name], LENGTHS[size]
    twin = measured(case, length, 100 + seed)
    p = twin.problem
    engine = engine_of(case, length, p)
    ours = _newton(twin, engine, _MOST[size])
    settings = config_of(case, length).engine.model_copy(update={"cutoff": p.r_cut})
    state = p.samples[0].state
    liquid = engine.run(Tabulated(p.r, p.reference.energy(p.r)), state, seed=seed)
    plan = make_plan(settings, p.reference, state, seed, liquid.configuration)
    theirs = _relentless(twin, plan, ours["error"], BUDGET[size] * ours["seconds"])
    return {"newton": ours, "relentless": theirs}


def _newton(twin: Twin, engine: Engine, most: int) -> dict[str, Any]:
    rule, journal = rule_of(twin.problem, {"rule": "newton"}, most), InMemory([])
    started = time.perf_counter()
    # the loop appends before it tells, so that the last iteration is in the journal
    with suppress(_Enough):
        refine(rule, engine, journal, _UntilFloor(twin))
    seconds = time.perf_counter() - started
    r, last = twin.problem.r, journal.iterations[-1]
    return {
        "simulations": len(journal.iterations),
        "seconds": seconds,
        "error": shifted_error(twin, r, last.state.potential),
        "start": shifted_error(twin, r, journal.iterations[0].potential),
    }


def _relentless(twin: Twin, plan: Any, target: float, budget: float) -> dict[str, Any]:
    words = "its own stopping criterion"
    with tempfile.TemporaryDirectory() as folder:
        peer = Peer(twin.problem, plan, Path(folder))
        watch = _Watch(peer, twin, target, budget)
        try:
            peer.optimise(watch.before, watch.after)
        except _Enough:
            words = "as good" if watch.errors[-1] <= target else "out of time"
        except (RuntimeError, ValueError) as failure:
            words = f"failed: {failure}"
    return {"outcome": words, "seconds": watch.seconds, "errors": watch.errors}


def measure(store: Store) -> None:
    """Compare on every twin and seed that is missing, one a core."""
    size = store.size
    if importlib.util.find_spec("relentless") is None:
        store.put("missing", "relentless is not installed: pip install 'sopr-uq[bench]'")
        return
    store.entries.pop("missing", None)
    wanted = [(c, s) for s in range(1, _SEEDS[size] + 1) for c in _CASES[size]]
    missing = [(c, s) for c, s in wanted if f"{c}, {s}" not in store.entries]
    if size == "smallest":
        for case, seed in missing:
            store.put(f"{case}, {seed}", unit(case, seed, size))
    else:
        with ProcessPoolExecutor(cores(), mp_context=get_context("spawn")) as pool:
            futures = {pool.submit(unit, c, s, size): f"{c}, {s}" for c, s in missing}
            for future in as_completed(futures):
                store.put(futures[future], future.result())
                print(futures[future], flush=True)
    store.put("msibi", _msibi())
    store.finish()


def _msibi() -> str:
    if importlib.util.find_spec("hoomd") is None or importlib.util.find_spec("msibi") is None:
        return "msibi runs on HOOMD-blue alone; where this was measured there was none."
    return "msibi is installed here but this benchmark does not know how to run its version."


def table(content: dict[str, Any]) -> Iterator[str]:
    """Return a row a twin and program."""
    if "missing" in content["entries"]:
        yield content["entries"]["missing"]
        return
    head = ["twin", "program", "simulations", "seconds", "error of v over the well", "time ratio"]
    rows = []
    for case in CASES:
        found = [e for k, e in content["entries"].items() if k.startswith(f"{case}, ")]
        if not found:
            continue
        ours, theirs = [e["newton"] for e in found], [e["relentless"] for e in found]
        rows.append([case, "newton, to the floor", shown([e["simulations"] for e in ours], ".0f"),
                     shown([e["seconds"] for e in ours], ".0f"), _errors(ours), "1"])  # fmt: skip
        rows.append(
            [case, "relentless", shown([len(e["seconds"]) for e in theirs], ".0f"),
             shown([_taken(e) for e in theirs], ".0f"),
             _milli([min(e["errors"]) for e in theirs]), _ratio(ours, theirs)]
        )  # fmt: skip
        rows.append([case, "the start", "0", "", _milli([e["start"] for e in ours]), ""])
    yield from markdown_table(head, rows)
    yield ""
    yield (
        f"relentless: {KNOTS} knots, fixed-step descent with steps of {STEP:g} ε and its line "
        f"search (tolerance {LINE_SEARCH['tolerance']:g}, at most {LINE_SEARCH['max_iter']} "
        f"simulations); its best error of all simulations. {content['entries'].get('msibi', '')}"
    )


def _milli(values: list[float]) -> str:
    return f"{shown([1000 * x for x in values], '.1f')}·10⁻³"


def _errors(ours: list[dict[str, Any]]) -> str:
    return _milli([e["error"] for e in ours])


def _taken(theirs: dict[str, Any]) -> float:
    return float(sum(theirs["seconds"][-1:]))


def _ratio(ours: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> str:
    ratios = [_taken(t) / o["seconds"] for o, t in zip(ours, theirs, strict=True)]
    reached = sum(t["outcome"] == "as good" for t in theirs)
    if reached == len(theirs):
        return shown(ratios, ".1f")
    return f"> {shown(ratios, '.1f')}: as good in {reached} of {len(theirs)}"


def draw(content: dict[str, Any], folder: Path) -> list[Path]:
    """Draw the error of v(r) against time."""
    import matplotlib.pyplot as plt

    from sopr_uq.figures.sheet import save
    from sopr_uq.figures.style import look, style

    found = {k: e for k, e in content["entries"].items() if isinstance(e, dict)}
    if not found:
        return []
    with style():
        figure, ax = plt.subplots(figsize=(5.2, 3.6))
        for place, case in enumerate(_CASES["full"]):
            mine = [e for k, e in found.items() if k.startswith(f"{case}, ")]
            for number, e in enumerate(mine):
                t = e["relentless"]
                how = {"color": look(place).color, "lw": 0.9}
                label = f"{case}: relentless" if number == 0 else None
                ax.plot([0.0, *t["seconds"]][: len(t["errors"])],
                        [1000 * x for x in t["errors"]], label=label, **how)  # fmt: skip
                label = f"{case}: newton" if number == 0 else None
                ax.plot(e["newton"]["seconds"], 1000 * e["newton"]["error"], look(place).marker,
                        color=look(place).color, label=label)  # fmt: skip
        ax.set(xlabel="seconds", ylabel="error of v / 10⁻³ kcal/mol", yscale="log")
        ax.legend()
    return save(figure, folder, "peer")
