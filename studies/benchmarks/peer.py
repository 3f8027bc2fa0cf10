"""relentless beside the newton rule: same twin, start, engine and length of a run."""

from __future__ import annotations

import importlib
import importlib.util
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from bench_base import Store, Unit, milli, shown, side_by_side
from bench_cases import CASES, NOISE, Length, config_of, engine_of, measured
from course import Enough, at_noise, well_error
from peer_relentless import KNOTS, LINE_SEARCH, WAYS, Peer, Way
from rules import BUDGET, LENGTHS, VARIANTS, WITH_PRESSURE, by

from sopr_uq.engine.plan import make_plan
from sopr_uq.engine.protocol import Setup
from sopr_uq.potentials import Tabulated
from sopr_uq.typing import FloatArray
from sopr_uq.workflow.markdown import markdown_table
from sopr_uq.workflow.twins import Twin

CAPTION = "Error of v(r) against time"
OURS = ("newton, g", WITH_PRESSURE)
_TWINS = ("dense argon, Mie", "near-critical xenon, exp-6")
_SEEDS = {"full": 5, "quick": 1, "smallest": 1}
_CASES = {"full": _TWINS, "quick": _TWINS[:1], "smallest": _TWINS[:1]}
TIMES = {"full": 1.0, "quick": 0.5, "smallest": 1e-6}
"""Time given to the peer each way, in the seconds of the slower newton, everything included."""


@dataclass
class _Watch:
    """Follows the peer: seconds, χ² of g(r), and error of v at each simulation."""

    peer: Peer
    twin: Twin
    variance: FloatArray
    budget: float
    started: float
    seconds: list[float] = field(default_factory=list)
    errors: list[float] = field(default_factory=list)
    chi2: list[float] = field(default_factory=list)
    points: int = 1

    def before(self) -> None:
        """Judge the potential that is about to be simulated; the first is the start."""
        self.errors.append(well_error(self.twin, *self.peer.potential()))
        # one simulation is made in any case
        if self.seconds and self.seconds[-1] > self.budget:
            raise Enough

    def after(self, r: FloatArray, g: FloatArray) -> None:
        """Take the time, and compare g(r)."""
        self.seconds.append(time.perf_counter() - self.started)
        o = self.twin.problem.liquids[0].observations[0]
        inside = o.x <= r[-1]
        difference = np.interp(o.x[inside], r, g) - o.value[inside]
        variance = NOISE**2 + self.variance[: difference.size]
        self.chi2.append(float(np.mean(difference**2 / variance)))
        self.points = difference.size


def unit(item: Unit) -> dict[str, Any]:
    """Refine a twin by newton, then give relentless so many times its seconds."""
    name, seed, size = item
    # another seed than in the comparison of rules: another truth
    twin = measured(CASES[name], LENGTHS[size], 100 + seed)
    p = twin.problem
    found: dict[str, Any] = {
        "start": {"error": well_error(twin, p.r, p.reference.energy(p.r))},
        "ours": {title: by(VARIANTS[title], name, twin, size) for title in OURS},
        "theirs": {},
    }
    budget = TIMES[size] * max(one["seconds"] for one in found["ours"].values())
    for title, way in WAYS.items():
        found["theirs"][f"relentless, {title}"] = _relentless(name, twin, size, way, budget)
        if size == "smallest":
            break
    return found


def _relentless(name: str, twin: Twin, size: str, way: Way, budget: float) -> dict[str, Any]:
    """Give the peer its time, which begins before the liquid that its runs go on from."""
    words = "its own stopping criterion"
    # neither program's imports count here
    importlib.import_module("relentless")
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        # one of its own: an output of NumPy's divide that it leaves unset where it is not used
        warnings.filterwarnings("ignore", message="'where' used without 'out'")
        watch = _watched(name, twin, LENGTHS[size].times(way.longer), way, Path(folder))
        watch.budget, watch.started = budget, started
        try:
            watch.peer.optimise(watch.before, watch.after)
        except Enough:
            words = "out of time"
        except (RuntimeError, ValueError) as failure:
            words = f"failed: {failure}"
    return {
        "outcome": words,
        "seconds": watch.seconds,
        "errors": watch.errors,
        "chi2": watch.chi2,
        "points": watch.points,
    }


def _watched(name: str, twin: Twin, length: Length, way: Way, folder: Path) -> _Watch:
    case, p = CASES[name], twin.problem
    state = p.liquids[0].state
    start = Tabulated(p.r, p.reference.energy(p.r))
    liquid = engine_of(case, length, p).run(Setup.of(start, state, seed=p.seed))
    settings = config_of(case, length).engine.model_copy(update={"cutoff": p.r_cut})
    plan = make_plan(settings, Setup.of(p.reference, state, p.seed, liquid.configuration))
    variance = np.interp(p.liquids[0].observations[0].x, liquid.r, liquid.g_error**2)
    return _Watch(Peer(p, plan, folder, way), twin, variance, 0.0, 0.0)


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


@dataclass(frozen=True)
class Row:
    """A program on one twin of one seed.

    Parameters
    ----------
    simulations, seconds : float
        Of everything.
    error : float
        Of its answer, in kcal/mol; of the peer the least of all it went through.
    to_noise : float
        Simulations until g(r) was at the noise; NaN if it never was.
    reached : dict
        By rule of ours, the seconds until its error was no larger; NaN if never.
    """

    simulations: float
    seconds: float
    error: float
    to_noise: float
    reached: dict[str, float]


def of_ours(e: dict[str, Any], title: str) -> Row:
    """Return the row of a rule of ours."""
    mine = e["ours"][title]
    to_noise = (x["simulations"] for x in mine["rounds"] if at_noise(x))
    reached = {t: e["ours"][t]["seconds"] if t == title else float("nan") for t in OURS}
    error = mine.get("error", float("nan"))
    return Row(mine["simulations"], mine["seconds"], error, next(to_noise, float("nan")), reached)


def of_theirs(e: dict[str, Any], title: str) -> Row:
    """Return the row of the peer, whose first potential is the start."""
    one = e["theirs"][title]
    chi2 = [{"chi2": x, "points": one["points"]} for x in one["chi2"]]
    to_noise = next((n for n, x in enumerate(chi2, 1) if at_noise(x)), float("nan"))
    # the potential before the first simulation is the start; the n-th simulation makes the next
    made = list(zip(one["errors"][1:], one["seconds"], strict=False))
    reached = {
        t: next((s for error, s in made if error <= e["ours"][t].get("error", 0.0)), float("nan"))
        for t in OURS
    }
    return Row(len(one["seconds"]), one["seconds"][-1], min(one["errors"]), to_noise, reached)


def table(content: dict[str, Any]) -> Iterator[str]:
    """Return a row a twin and program."""
    if "missing" in content["entries"]:
        yield content["entries"]["missing"]
        return
    head = ["twins", "program", "simulations", "seconds", "simulations to the noise",
            "error of v over the well"]  # fmt: skip
    head += [f"as near as {title}: seconds" for title in OURS]
    rows = []
    for case in CASES:
        found = entries(content, case)
        if not found:
            continue
        start = milli([e["start"]["error"] for e in found])
        rows.append([case, "the start", "", "", "", start, "", ""])
        for kind, of in (("ours", of_ours), ("theirs", of_theirs)):
            rows += [[case, t, *_cells([of(e, t) for e in found])] for t in found[0][kind]]
    yield from markdown_table(head, rows)
    yield ""
    yield from _terms(content)
    yield ""
    yield from short(content)


def entries(content: dict[str, Any], case: str = "") -> list[dict[str, Any]]:
    """Return the twins that were measured, of one case or of all."""
    return [e for k, e in content["entries"].items() if isinstance(e, dict) and k.startswith(case)]


def _cells(rows: list[Row]) -> list[str]:
    return [
        shown([x.simulations for x in rows], ".0f"),
        shown([x.seconds for x in rows], ".0f"),
        _where([x.to_noise for x in rows]),
        milli([x.error for x in rows]),
        *(_where([x.reached[title] for x in rows]) for title in OURS),
    ]


def _where(values: list[float]) -> str:
    """Say what those are that are known, and how many are not."""
    known = [x for x in values if np.isfinite(x)]
    if not known:
        return "never"
    missed = len(values) - len(known)
    return shown(known, ".0f") + (f"; {missed} of {len(values)} never" if missed else "")


def _terms(content: dict[str, Any]) -> Iterator[str]:
    size = content["size"]
    n = LENGTHS[size]
    longer = max(way.longer for way in WAYS.values())
    yield (
        f"Runs of {n.equilibration} + {n.production} steps of {n.particles} particles, in one way "
        f"with {longer} times the sampling. newton: at most the steps of {BUDGET[size]} runs; its "
        "seconds include posterior and check. relentless: "
        f"{TIMES[size]:g} times the seconds of the slower newton; {KNOTS} knots, whose differences "
        "or values are varied, in fixed steps of "
        f"{WAYS['values'].step:g} ε with its line search (tolerance {LINE_SEARCH['tolerance']:g}, "
        f"at most {LINE_SEARCH['max_iter']} simulations). Its error is the least of all the "
        "potentials that it went through, which nobody could pick without the truth. "
        f"{content['entries'].get('msibi', '')}"
    )


def short(content: dict[str, Any]) -> Iterator[str]:
    """Say in a sentence how the peer did."""
    found = entries(content)
    if not found:
        return
    trials = [of_theirs(e, t) for e in found for t in e["theirs"]]
    counts = [sum(bool(np.isfinite(x.reached[title])) for x in trials) for title in OURS]
    yield (
        "relentless, which minimises the relative entropy, came as near the truth as "
        + " and as ".join(
            f"`{title}` in {n} of {len(trials)} trials"
            for title, n in zip(OURS, counts, strict=True)
        )
        + f", each given {_share(content['size'])} seconds; "
        + _against(found)
        + "."
    )


def _share(size: str) -> str:
    times = TIMES[size]
    return "newton's own" if times == 1.0 else f"{times:g} times newton's"


def _against(found: list[dict[str, Any]]) -> str:
    """Compare the median errors of our rules and of the peer's best way."""
    ways: dict[str, float] = {
        t: float(np.median([of_theirs(e, t).error for e in found])) for t in found[0]["theirs"]
    }
    best = min(ways, key=lambda t: ways[t])
    ours = [float(np.median([of_ours(e, title).error for e in found])) for title in OURS]
    ratios = " and ".join(
        f"{ways[best] / error:.1f} times that of `{title}`"
        for title, error in zip(OURS, ours, strict=True)
    )
    return f"the median error of its best way ({best}) is {ratios}"


def draw(content: dict[str, Any], folder: Path) -> list[Path]:
    """Draw the error of v(r) against time, a panel a case."""
    import matplotlib.pyplot as plt

    from sopr_uq.figures.sheet import save
    from sopr_uq.figures.style import style

    names = [case for case in CASES if entries(content, case)]
    if not names:
        return []
    with style():
        figure, axes = plt.subplots(1, len(names), figsize=(4.6 * len(names), 3.6), squeeze=False)
        for ax, case in zip(axes[0], names, strict=True):
            for number, e in enumerate(entries(content, case)):
                _draw_one(ax.plot, e, labelled=number == 0)
            ax.set(title=case, xlabel="seconds", yscale="log")
        axes[0, 0].set_ylabel("error of v / 10⁻³ kcal/mol")
        axes[0, -1].legend(loc="lower right")
    return save(figure, folder, "peer")


def _draw_one(plot: Callable[..., Any], e: dict[str, Any], *, labelled: bool) -> None:
    from sopr_uq.figures.style import member_style

    for place, (title, one) in enumerate((e["ours"] | e["theirs"]).items()):
        kind = member_style(place)
        how = {"color": kind.color, "lw": 0.9, "label": title if labelled else None}
        if "rounds" in one:
            times = [*(x["seconds"] for x in one["rounds"]), one["seconds"]]
            errors = [*(x["error"] for x in one["rounds"]), one.get("error", np.nan)]
            plot(times, [1000 * x for x in errors], kind.marker + "-", ms=3, **how)
        else:
            times = [0.0, *one["seconds"]][: len(one["errors"])]
            plot(times, [1000 * x for x in one["errors"]], **how)
