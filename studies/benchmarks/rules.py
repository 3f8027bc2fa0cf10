"""Update rules on equal terms: same data, start, engine and length of a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from bench_base import Store, Unit, milli, shown, side_by_side
from bench_cases import CASES, NOISE, Length, engine_of, measured, rule_of
from course import ENDED, Counting, Course, at_noise, refined, well_error

from sopr_uq.refine.presets import preset
from sopr_uq.workflow.markdown import markdown_table
from sopr_uq.workflow.twins import Twin

CAPTION = "χ² of g(r) and error of v(r) against the steps that were simulated"
WITH_PRESSURE = "newton, g and P"
_STEP = ("gamma", "regressed", "width", "length", "noise", "regress_from", "fit_level")
_NEVER = {"stop": "published", "tolerance": 1e-12}


@dataclass(frozen=True)
class Variant:
    """A rule with settings.

    Parameters
    ----------
    settings : mapping
        Of ``[refine]``.
    pressure : bool
        Whether it is told the pressure.
    ends : bool
        Whether it ends by itself; another is ended one round after the noise.
    """

    settings: Mapping[str, object]
    pressure: bool = False
    ends: bool = False


_PUBLISHED = {k: preset("published")["refine"][k] for k in _STEP}
VARIANTS: Mapping[str, Variant] = MappingProxyType(
    {
        "newton, g": Variant({"rule": "newton"}, ends=True),
        WITH_PRESSURE: Variant({"rule": "newton"}, pressure=True, ends=True),
        "ibi": Variant({"rule": "ibi", "gamma": 1.0, **_NEVER}),
        "ibi, one run a round": Variant({"rule": "ibi", "gamma": 1.0, "round_size": 1, **_NEVER}),
        "sopr": Variant({"rule": "sopr", **_NEVER}),
        "sopr, one run a round": Variant({"rule": "sopr", "round_size": 1, **_NEVER}),
        "sopr, published": Variant({"rule": "sopr", "round_size": 1, **_PUBLISHED, **_NEVER}),
    }
)
"""By name, in the order in which they run."""

FRONT = ("newton, g", WITH_PRESSURE, "ibi, one run a round", "sopr, one run a round")
"""The best way of each rule."""

LENGTHS = {
    "full": Length(400, 1_600, 8_000, 1_500, 256, 500),
    "quick": Length(300, 1_000, 4_000, 1_500, 256, 256),
    "smallest": Length(200, 400, 400, 600, 256, 256),
}
_SEEDS = {"full": 5, "quick": 1, "smallest": 1}
_CASES = {"full": tuple(CASES), "quick": tuple(CASES)[::2], "smallest": ("dense argon, Mie",)}
BUDGET = {"full": 16, "quick": 8, "smallest": 1}
"""Steps of a refinement, in runs that go on from another; no round begins beyond."""

_ENDS = {ENDED: "ended by the budget", "max_iterations": "ended by the budget"}
_FEW_DRAWS = {"tune": 100, "draws": 50}


def unit(item: Unit) -> dict[str, Any]:
    """Refine one twin by all rules, one after the other."""
    name, seed, size = item
    length = LENGTHS[size]
    twin = measured(CASES[name], length, seed)
    p = twin.problem
    found: dict[str, Any] = {"start": well_error(twin, p.r, p.reference.energy(p.r)), "rules": {}}
    for title, variant in VARIANTS.items():
        if size == "smallest" and title in ("sopr", "sopr, one run a round"):
            # to compile its inference takes longer than all the others together
            continue
        found["rules"][title] = by(variant, name, twin, size)
    return found


def by(variant: Variant, case: str, twin: Twin, size: str) -> dict[str, Any]:
    """Refine a twin by one rule."""
    length, budget = LENGTHS[size], BUDGET[size]
    engine = Counting(engine_of(CASES[case], length, twin.problem))
    settings = variant.settings if size != "smallest" else {**variant.settings, **_FEW_DRAWS}
    rule = rule_of(twin.problem, settings, budget, pressure=variant.pressure)
    course = Course(twin, engine, budget * length.steps, past_noise=variant.ends)
    return refined(rule, course)


def measure(store: Store) -> None:
    """Refine every twin that is missing, one a core."""
    side_by_side(store, unit, _CASES[store.size], _SEEDS[store.size])
    store.finish()


@dataclass(frozen=True)
class Summary:
    """One rule on the twins of one case, a value a seed.

    Parameters
    ----------
    to_noise : list of dict or None
        The first round at the noise, with what was paid until its end; None if there was none.
    simulations, seconds : list of float
        Of everything.
    error, sigma, epsilon : list of float
        Of the answer: kcal/mol, Å, per cent.
    """

    to_noise: list[dict[str, float] | None] = field(default_factory=list)
    simulations: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    error: list[float] = field(default_factory=list)
    sigma: list[float] = field(default_factory=list)
    epsilon: list[float] = field(default_factory=list)

    def until(self, what: str, form: str = ".0f") -> str:
        """Say how much of something was paid until the noise; nothing if it was never reached."""
        reached = [x[what] for x in self.to_noise if x is not None]
        missed = len(self.to_noise) - len(reached)
        if not self.to_noise:
            return "–"
        if not reached:
            return "never" if missed == 1 else f"never in {missed}"
        return shown(reached, form) + (
            f"; {missed} of {len(self.to_noise)} never" if missed else ""
        )


def summary(content: dict[str, Any], case: str, variant: str) -> Summary:
    """Gather a rule's results on a case."""
    out = Summary()
    for key, e in content["entries"].items():
        found = e["rules"].get(variant)
        if key.rpartition(", ")[0] != case or found is None:
            continue
        out.simulations.append(found["simulations"])
        out.seconds.append(found["seconds"])
        out.to_noise.append(next((x for x in found["rounds"] if at_noise(x)), None))
        out.error.append(found.get("error", np.nan))
        out.sigma.append(found.get("sigma_error", np.nan))
        out.epsilon.append(100.0 * found.get("epsilon_error", np.nan))
    return out


def cases(content: dict[str, Any]) -> list[str]:
    """Return the cases that were measured, in their order."""
    return [c for c in CASES if any(k.startswith(f"{c}, ") for k in content["entries"])]


def table(content: dict[str, Any]) -> Iterator[str]:
    """Return a row a case and rule: median and range over the seeds."""
    head = ["twins", "rule", "simulations to the noise", "seconds to it", "simulations in all",
            "seconds in all", "error of v over the well", "error of σ", "error of ε"]  # fmt: skip
    rows = []
    for case in cases(content):
        start = [e["start"] for k, e in content["entries"].items() if k.startswith(f"{case}, ")]
        rows.append([case, "the start", "", "", "", "", milli(start), "", ""])
        for variant in VARIANTS:
            s = summary(content, case, variant)
            if not s.error:
                continue
            rows.append(
                [case, variant, s.until("simulations"), s.until("seconds"),
                 shown(s.simulations, ".0f"), shown(s.seconds, ".0f"), milli(s.error),
                 f"{shown(s.sigma, '+.3f')} Å", f"{shown(s.epsilon, '+.1f')} %"]
            )  # fmt: skip
    yield from markdown_table(head, rows)
    yield ""
    yield from terms(content["size"])
    yield ""
    yield from verdicts(content)


def terms(size: str) -> Iterator[str]:
    """Say how long the runs are."""
    n = LENGTHS[size]
    yield (
        f"Runs of {n.equilibration} + {n.production} steps of {n.particles} particles; truths of "
        f"{n.truth_particles} particles and {n.truth} steps of sampling, with noise of {NOISE:g} "
        f"on g(r). At most the steps of {BUDGET[size]} such runs a refinement, one after the other "
        "on one core."
    )


def verdicts(content: dict[str, Any]) -> Iterator[str]:
    """Say for every case which rules come nearest to the truth, and which is first at the noise."""
    for case in cases(content):
        found = {v: summary(content, case, v) for v in VARIANTS}
        medians = {v: float(np.median(s.error)) for v, s in found.items() if s.error}
        best, *rest = sorted(medians, key=lambda v: medians[v])
        yield (
            f"- {case}: nearest to the truth is {best} ({1000 * medians[best]:.1f}·10⁻³), then "
            + ", ".join(f"{v} ({medians[v] / medians[best]:.1f} times its error)" for v in rest)
            + "."
        )
    for title, variant in VARIANTS.items():
        if variant.ends:
            outcomes = (e["rules"][title]["outcome"] for e in content["entries"].values())
            ends = Counter(_ENDS.get(how, how) for how in outcomes)
            counted = ", ".join(f"{how} in {n}" for how, n in ends.most_common())
            yield f"- {title}, over all twins: {counted}."


def short(content: dict[str, Any]) -> Iterator[str]:
    """Return the rows of the front page: a column for the best way of each rule."""
    rows = []
    for case in cases(content):
        found = [summary(content, case, variant) for variant in FRONT]
        cells = [f"{_thousandths(s.error)}; {shown(s.seconds, '.0f')} s" for s in found if s.error]
        rows.append([case, *cells, *["–"] * (len(FRONT) - len(cells))])
    yield from markdown_table(("twins", *FRONT), rows)


def _thousandths(values: Sequence[float]) -> str:
    return shown([1000 * x for x in values], ".1f")


def draw(content: dict[str, Any], folder: Path) -> list[Path]:
    """Draw the error of v(r) and χ² of g(r) against the number of steps."""
    import matplotlib.pyplot as plt

    from sopr_uq.figures.sheet import save
    from sopr_uq.figures.style import member_style, style

    names = cases(content)
    with style():
        figure, axes = plt.subplots(2, len(names), figsize=(3.6 * len(names), 6), squeeze=False)
        for column, case in zip(axes.T, names, strict=True):
            for place, variant in enumerate(VARIANTS):
                kind = member_style(place)
                how = {"color": kind.color, "marker": kind.marker, "ms": 3, "lw": 0.8,
                       "ls": kind.line}  # fmt: skip
                for number, rounds in enumerate(_courses(content, case, variant)):
                    steps = [x["steps"] / 1000 for x in rounds]
                    label = None if number else variant
                    column[0].plot(steps, [x["chi2"] for x in rounds], label=label, **how)
                    column[1].plot(steps, [1000 * x["error"] for x in rounds], **how)
            column[0].set(title=case, yscale="log", ylabel="χ² of g(r) per point")
            column[1].set(yscale="log", xlabel="10³ steps", ylabel="error of v / 10⁻³ kcal/mol")
        axes[0, 0].legend()
    return save(figure, folder, "rules")


def _courses(content: dict[str, Any], case: str, variant: str) -> Iterator[list[dict[str, float]]]:
    for key, e in content["entries"].items():
        if key.rpartition(", ")[0] == case and variant in e["rules"]:
            yield e["rules"][variant]["rounds"]
