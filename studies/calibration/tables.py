"""Every number of the README, from what is stored: one function for each marked place."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import beliefs
import numpy as np
import xarray as xr
from plan import SYSTEMS, WORLDS
from stored import EVERY, RESULTS, Campaigns, Kept, pooled

from sopr_uq.figures.calibration import DESCRIPTORS
from sopr_uq.posterior.calibrate import NOMINAL, covered
from sopr_uq.posterior.calibration_table import (
    FALSE_ALARM,
    PUBLISHED_RULE,
    Share,
    finished,
    published_rule,
)
from sopr_uq.posterior.store import read
from sopr_uq.typing import BoolArray, FloatArray
from sopr_uq.workflow.markdown import filled, markdown_table
from sopr_uq.workflow.report import LABELS

_FAR = 3.3
"""In standard deviations; of a normal distribution a thousandth lies beyond."""

_NO_READING = 1e-4
"""Å; what is inferred where abscissae have no error is a hundredth of it."""

_NAMES = {"neon-42K": "Ne", "argon-85K": "Ar", "krypton-199K": "Kr", "xenon-274K": "Xe"}


def blocks() -> Mapping[str, Callable[[Campaigns], Iterator[str]]]:
    """Return what fills the marked places of the README, by their names."""
    return {
        "verdict": verdict,
        "worlds": worlds,
        "prior": lambda campaigns: coverage(campaigns, "prior"),
        "reading": reading,
        "far": far,
        "mixed": lambda campaigns: coverage(campaigns, "mixed"),
        "families": lambda campaigns: families(campaigns, "mixed"),
        "md-families": lambda campaigns: families(campaigns, "md", "md-other"),
        "metal": lambda campaigns: coverage(campaigns, "metal"),
        "beliefs": under_beliefs,
        "surprises": surprises,
        "md": lambda campaigns: coverage(campaigns, "md"),
        "md-pooled": md_pooled,
        "sopr": lambda campaigns: coverage(campaigns, "sopr"),
        "published": published,
        "controls": controls,
    }


def fill_front(campaigns: Campaigns, template: Path, readme: Path) -> None:
    """Write the project's README with its marked place filled in."""
    text = template.read_text(encoding="utf-8")
    text = filled(text, {"calibration": short(campaigns)})
    readme.write_text(text, encoding="utf-8")


def short(campaigns: Campaigns) -> Iterator[str]:
    """How many intervals hold, all liquids of a kind of twin together.

    At 95 % by quantity, and at 50, 80 and 95 % of the four descriptors together.
    """
    rows = []
    for world, kind in WORLDS.items():
        found = [kept for _, kept in _of(campaigns, world)]
        if not found:
            continue
        held = covered(finished(pooled(campaigns, world))).mean("simulation")
        well = [_well(kept.table)["coverage"].sel(nominal=0.95).mean() for kept in found]
        cells = [f"{100 * float(held.sel(quantity=q)):.0f}" for q in DESCRIPTORS]
        counts = [kept.scores.sizes["simulation"] for kept in found]
        cells += [f"{100 * float(np.mean(well)):.0f}"]
        cells += [_together(found, counts, nominal) for nominal in (0.5, 0.8, 0.95)]
        rows.append([kind.title, f"{sum(counts)}", *cells])
    labels = [LABELS[q] for q in DESCRIPTORS]
    four = [f"all four at {n} %" for n in (50, 80, 95)]
    yield from markdown_table(("twins", "number", *labels, "v(r) over the well", *four), rows)


def _together(found: list[Kept], counts: list[int], nominal: float) -> str:
    """Share of the intervals of one probability that hold, over descriptors and liquids."""
    held = [
        float(kept.table["coverage"].sel(quantity=list(DESCRIPTORS), nominal=nominal).mean())
        for kept in found
    ]
    return f"{100 * float(np.average(held, weights=counts)):.0f}"


def fill(campaigns: Campaigns, template: Path, readme: Path) -> None:
    """Write the README: the template's text with every marked place filled in."""
    text = template.read_text(encoding="utf-8")
    text = filled(text, {name: block(campaigns) for name, block in blocks().items()})
    readme.write_text(text, encoding="utf-8")


def _of(campaigns: Campaigns, world: str) -> Iterator[tuple[str, Kept]]:
    for system in SYSTEMS:
        if (world, system) in campaigns:
            yield _NAMES[system], campaigns[world, system]


def verdict(campaigns: Campaigns) -> Iterator[str]:
    """Say which descriptors are rejected, of all liquids together.

    Nothing is said of one whose negative controls the same tests do not reject.
    """
    for world, kind in WORLDS.items():
        if (world, EVERY) not in campaigns:
            continue
        every, known = campaigns[world, EVERY].table, []
        for quantity in DESCRIPTORS:
            row = every.sel(quantity=quantity)
            if not any(_passes(row, f"{control}_", control) for control in ("shrunk", "shifted")):
                known.append((LABELS[quantity], row))
        bad = [
            f"{label} ({100 * float(row['coverage'].sel(nominal=0.95)):.0f} %)"
            for label, row in known
            if not _passes(row, "", "coverage")
        ]
        yield (
            f"- **{kind.title}**, {int(every['twins'].max())} twins: of {len(DESCRIPTORS)} "
            f"descriptors {len(known)} can be judged, and {len(known) - len(bad)} pass both tests"
            + (f"; rejected: {', '.join(bad)}." if bad else ".")
        )


def _passes(row: xr.Dataset, ranks: str, held: str) -> bool:
    """Whether neither the test of the 95 % coverage nor that of the ranks rejects."""
    passes = row[f"{held}_passes"].sel(nominal=0.95)
    return bool(passes) and bool(row[f"{ranks}rank_passes"])


def worlds(campaigns: Campaigns) -> Iterator[str]:
    """Say what was made."""
    rows = []
    for world, kind in WORLDS.items():
        for name, kept in _of(campaigns, world):
            ds = kept.scores
            outcome = ds["outcome"].values
            done = finished(ds)
            rows.append(
                [
                    kind.title, name, f"{outcome.size}", f"{(outcome == 'failed').sum()}",
                    f"{np.isin(outcome, ['max_iterations', 'simulation_failed']).sum()}",
                    f"{float(done['iterations'].median()):.0f}",
                    f"{float(done['seconds'].median()):.1f}",
                ]
            )  # fmt: skip
    head = ("twins", "liquid", "number", "failed", "stopped early", "iterations", "s in the loop")
    yield from markdown_table(head, rows)


def coverage(campaigns: Campaigns, world: str) -> Iterator[str]:
    """Coverage, bias, spread and the rank test of the descriptors, and of v(r) over the well."""
    rows = []
    for name, kept in _of(campaigns, world):
        t = kept.table
        for quantity in DESCRIPTORS:
            row = t.sel(quantity=quantity)
            rows.append([name, LABELS[quantity], *_held(row), *_shape(row)])
        well = _well(t)
        rows.append([name, "v(r), mean", *_mean_held(well), "", "", ""])
        worst = well["coverage"].sel(nominal=0.95)
        place = int(np.abs(worst.values - 0.95).argmax())
        row = well.isel(quantity=place)
        rows.append([name, f"{_at(row)}, worst", *_held(row), *_shape(row)])
        rows.append([name, "together", "", "", "", "", "", _p(t["joint_p"], t["joint_passes"])])
    head = ("", "", *(f"{100 * p:.0f} %" for p in NOMINAL), "z mean", "z s.d.", "rank p")
    if not rows:
        yield "Not run yet."
        return
    yield from markdown_table(head, rows)


def reading(campaigns: Campaigns) -> Iterator[str]:
    """Mean z of the twins of the prior in thirds of the reading error that was inferred.

    Only given what was measured must z be centred, not given what was true.
    """
    rows = []
    for name, kept in _of(campaigns, "prior"):
        ds = finished(kept.scores)
        if "reading_inferred" not in ds:
            continue
        error = ds["reading_inferred"].values
        if not np.any(error > _NO_READING):
            continue
        third = np.digitize(error, np.quantile(error, [1 / 3, 2 / 3]))
        for k, text in enumerate(("smallest", "middle", "largest")):
            mine = ds.isel(simulation=np.flatnonzero(third == k))
            z = [mine["z"].sel(quantity=q).values for q in DESCRIPTORS]
            size = float(np.median(error[third == k]))
            rows.append([name, text, f"{size:.3f}", *(_mean_with_error(x) for x in z)])
    head = ("", "third", "median / Å", *(f"z of {LABELS[q]}" for q in DESCRIPTORS))
    yield from markdown_table(head, rows) if rows else ["Not run yet."]


def _mean_with_error(z: FloatArray) -> str:
    known = z[np.isfinite(z)]
    if known.size < 2:
        return "–"
    return f"{known.mean():+.2f} ± {known.std(ddof=1) / np.sqrt(known.size):.2f}"


def far(campaigns: Campaigns) -> Iterator[str]:
    """Twins of the prior that lie further out than any should."""
    rows = []
    for name, kept in _of(campaigns, "prior"):
        ds = finished(kept.scores)
        mine = ds.sel(quantity=list(DESCRIPTORS))
        # not by z, which posteriors of a handful of draws are not given
        off = np.abs(mine["truth"] - mine["mean"]) > _FAR * mine["sd"]
        out = off.any("quantity").values
        depth = ds["truth"].sel(quantity="epsilon").values / kept.scores.attrs["epsilon_reference"]
        rows.append(
            [
                name, f"{out.sum()} of {out.size}",
                ", ".join(f"{x:.2f}" for x in sorted(depth[out])),
                ", ".join(f"{x:.1g}" for x in sorted(ds["noise"].values[out])),
            ]
        )  # fmt: skip
    head = ("", f"a descriptor beyond {_FAR} s.d.", "their ε / start's", "their noise")
    yield from markdown_table(head, rows) if rows else ["Not run yet."]


def _at(row: xr.Dataset) -> str:
    return str(row["quantity"].item()).replace(" sigma", " σ")


def _held(row: xr.Dataset) -> list[str]:
    marks = ["" if p else "*" for p in row["coverage_passes"].values.astype(bool)]
    return [f"{100 * c:.1f}{m}" for c, m in zip(row["coverage"].values, marks, strict=True)]


def _well(t: xr.Dataset) -> xr.Dataset:
    """Return the rows of v(r) over the well."""
    return t.sel(quantity=[q for q in t["quantity"].values if str(q).startswith("v(")])


def _mean_held(well: xr.Dataset) -> list[str]:
    return [f"{100 * float(c):.1f}" for c in well["coverage"].mean("quantity")]


def _shape(row: xr.Dataset) -> list[str]:
    spread = f"{float(row['z_sd']):.2f}" if int(row["twins"]) > 1 else ""
    return [f"{float(row['z_mean']):+.2f}", spread, _p(row["rank_p"], row["rank_passes"])]


def _p(value: xr.DataArray, passes: xr.DataArray) -> str:
    p = float(value)
    return f"{f'{p:.3f}' if p >= 0.001 else '< 0.001'}{'' if bool(passes) else '*'}"


def families(campaigns: Campaigns, *worlds: str) -> Iterator[str]:
    """Coverage of the four descriptors by family of the truths, and at 95 % by liquid too."""
    here = [world for world in worlds if (world, EVERY) in campaigns]
    if not here:
        yield "Not run yet."
        return
    found = [finished(pooled(campaigns, world)) for world in here]
    ds = xr.concat(found, "simulation", data_vars="all", combine_attrs="drop")
    rows = []
    for family in dict.fromkeys(ds["family"].values.tolist()):
        mine = ds.isel(simulation=np.flatnonzero(ds["family"] == family))
        off, z = _off(mine), mine["z"].sel(quantity=list(DESCRIPTORS)).mean("simulation")
        shares = [_clustered(off < 0.5 * nominal) for nominal in NOMINAL]
        liquids = [off[(mine["system"] == s).values] < 0.5 * NOMINAL[-1] for s in SYSTEMS]
        each = [f"{100 * held.mean():.0f}" if held.size else "–" for held in liquids]
        rows.append([family, f"{len(off)}", *shares, *each, *(f"{x:+.2f}" for x in z.values)])
    head = ("truths", "twins", *(f"{100 * p:.0f} % hold" for p in NOMINAL))
    head += tuple(f"95 %, {_NAMES[s]}" for s in SYSTEMS)
    yield from markdown_table((*head, *(f"z of {LABELS[q]}" for q in DESCRIPTORS)), rows)


def _off(ds: xr.Dataset) -> FloatArray:
    """Return how far the ranks of the descriptors are from the middle, shape (twins, 4)."""
    return np.asarray(np.abs(ds["rank"].sel(quantity=list(DESCRIPTORS)).values - 0.5))


def surprises(campaigns: Campaigns) -> Iterator[str]:  # noqa: ARG001
    """How far the families lie from the prior."""
    ds = read(RESULTS / "distances.nc").to_dataset()
    rows = []
    for family in ds["family"].values:
        one = ds.sel(family=family)
        low, high = np.quantile(one["surprise"], [0.1, 0.9])
        middle, place = float(one["surprise"].median()), float(one["place"].median())
        rows.append([str(family), f"{middle:.1f}", f"{low:.1f} to {high:.1f}", f"{place:.2f} σ"])
    head = ("truths", "largest δ in prior s.d., median", "middle 80 %", "at")
    yield from markdown_table(head, rows)


def under_beliefs(campaigns: Campaigns) -> Iterator[str]:  # noqa: ARG001
    """How often intervals of Morse truths hold under several priors."""
    yield from beliefs.table(read(RESULTS / "beliefs.nc").to_dataset())


def md_pooled(campaigns: Campaigns) -> Iterator[str]:
    """Coverage of the four descriptors of MD twins together, twins being what is independent."""
    found = [(name, finished(kept.scores)) for name, kept in _of(campaigns, "md")]
    if not found:
        yield "Not run yet."
        return
    whole = [("all", finished(pooled(campaigns, "md")))] if len(found) > 1 else []
    rows = []
    for name, ds in [*found, *whole]:
        off = _off(ds)
        z = ds["z"].sel(quantity=list(DESCRIPTORS)).values
        shares = [_clustered(off < 0.5 * nominal) for nominal in NOMINAL]
        # of a posterior whose weights have no mean there is none, though its intervals count
        z = z[np.isfinite(z).all(axis=1)]
        sd = z.std(0, ddof=1) if len(z) > 1 else np.full(len(DESCRIPTORS), np.nan)
        spread = [f"{m:+.1f}, {s:.1f}" for m, s in zip(z.mean(0), sd, strict=True)]
        rows.append([name, f"{len(off)}", *shares, *spread])
    head = ("", "twins", *(f"{100 * p:.0f} % hold" for p in NOMINAL))
    yield from markdown_table((*head, *(f"z of {LABELS[q]}" for q in DESCRIPTORS)), rows)
    yield ""
    yield "In per cent, with the standard error of a mean over twins; z: mean, standard deviation."


def _clustered(held: BoolArray) -> str:
    """Share that holds, shape (twins, k), with its error: the k of a twin go together."""
    each = held.mean(axis=1)
    if each.size < 2:
        return f"{100 * each.mean():.0f}"
    return f"{100 * each.mean():.0f}({100 * each.std(ddof=1) / np.sqrt(each.size):.0f})"


def published(campaigns: Campaigns) -> Iterator[str]:
    """How often the posterior mean ± 0.02 σ and ± 0.1 ε holds the truth."""
    rows = []
    for world, kind in WORLDS.items():
        for name, kept in _of(campaigns, world):
            ds = kept.scores
            cells = []
            for quantity in PUBLISHED_RULE:
                share: Share = published_rule(ds, quantity)
                one = finished(ds).sel(quantity=quantity)
                ours = float((0.5 * (one["upper"] - one["lower"]) / one["mean"]).median())
                cells += [f"{100 * share.value:.1f}", f"{ours:.3f}"]
            rows.append([kind.title, name, *cells])
    head = (
        "twins",
        "liquid",
        "±0.02 σ holds / %",
        "our 95 % of σ, ±",
        "±0.1 ε holds / %",
        "our 95 % of ε, ±",
    )
    yield from markdown_table(head, rows)


def controls(campaigns: Campaigns) -> Iterator[str]:
    """Say whether the tests reject what they must."""
    rows = []
    for world, kind in WORLDS.items():
        every = [("all", campaigns[world, EVERY])] if (world, EVERY) in campaigns else []
        for name, kept in [*_of(campaigns, world), *every]:
            t = kept.table.sel(quantity=list(DESCRIPTORS), nominal=0.95)
            cells = [_range(t["coverage"]), _rejects(t, "coverage_passes", "rank_passes")]
            for control in ("shrunk", "shifted"):
                cells += [_range(t[f"{control}_coverage"])]
                cells += [_rejects(t, f"{control}_passes", f"{control}_rank_passes")]
            rows.append([kind.title, name, *cells])
    head = ("twins", "liquid", "95 % intervals hold / %", "rejected")
    head += ("shrunk by 30 %", "rejected", "shifted by s.d./2", "rejected")
    yield from markdown_table(head, rows)
    yield ""
    yield (
        f"*Rejected*: by the test of the coverage or by that of the ranks, of four descriptors; "
        f"each of the two rejects a calibrated one with probability {FALSE_ALARM:g} at most."
    )


def _rejects(t: xr.Dataset, *tests: str) -> str:
    failed = np.any([t[name].values == 0 for name in tests], axis=0)
    return f"{int(failed.sum())} of {failed.size}"


def _range(values: xr.DataArray) -> str:
    return f"{100 * float(values.min()):.0f} to {100 * float(values.max()):.0f}"
