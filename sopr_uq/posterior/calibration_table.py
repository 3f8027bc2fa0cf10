"""The verdict on a calibration: coverage, tests and negative controls of every quantity."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from sopr_uq.posterior.calibrate import NOMINAL, coverage_test, of_scores, rank_test

FALSE_ALARM = 0.01
SHRINK = 0.7
SHIFT = 0.5
PUBLISHED_RULE = {"sigma": 0.02, "epsilon": 0.10}
"""Relative half-widths of the intervals of arXiv 2501.06501: ±0.02 σ, ±0.1 ε."""


def finished(calibration: xr.Dataset) -> xr.Dataset:
    """Return the simulations whose refinement gave a posterior."""
    return calibration.isel(simulation=np.flatnonzero(calibration["outcome"] != "failed"))


def narrowed(scores: xr.Dataset, factor: float = SHRINK) -> xr.Dataset:
    """Pull interval ends towards their means: a negative control that must fail."""
    pulled = {
        end: scores["mean"] + factor * (scores[end] - scores["mean"]) for end in ("lower", "upper")
    }
    return scores.assign(pulled)


def displaced(scores: xr.Dataset, sds: float = SHIFT) -> xr.Dataset:
    """Shift intervals by a share of their deviation: a negative control that must fail."""
    shift = sds * scores["sd"]
    return scores.assign({n: scores[n] + shift for n in ("mean", "lower", "upper")})


def table(calibration: xr.Dataset, false_alarm: float = FALSE_ALARM) -> xr.Dataset:
    """Return coverage, sharpness, tests and negative controls of every quantity.

    Parameters
    ----------
    calibration : Dataset
        Of :func:`sopr_uq.workflow.calibration.collect`.
    false_alarm : float
        Probability with which a calibrated posterior fails one test.

    Returns
    -------
    Dataset
        Over ``quantity``: ``twins``, ``z_mean``, ``z_sd``, ``rms_error``,
        ``rank_p``, ``rank_passes``; over (quantity, nominal): ``coverage``,
        ``coverage_error``, ``width``, ``coverage_p``, ``coverage_passes``, and
        of the negative controls ``shrunk_coverage``, ``shrunk_passes``,
        ``shifted_coverage``, ``shifted_passes``; their rank tests are
        ``shrunk_rank_passes`` and ``shifted_rank_passes`` (quantity); and of
        the joint ranks ``joint_p`` and ``joint_passes``.
    """
    rows = [
        _row(calibration.sel(quantity=name), false_alarm) for name in calibration["quantity"].values
    ]
    joint = rank_test(finished(calibration)["joint_rank"].dropna("simulation").values, false_alarm)
    found = xr.concat(rows, calibration["quantity"].variable, coords="minimal")
    return found.assign(joint_p=joint.p_value, joint_passes=joint.passes).assign_attrs(
        false_alarm=false_alarm,
        failed=int((calibration["outcome"] == "failed").sum()),
        simulations=calibration.sizes["simulation"],
    )


def _row(one: xr.Dataset, false_alarm: float) -> xr.Dataset:
    scores = one.isel(simulation=np.flatnonzero(np.isfinite(one["rank"])))
    found = of_scores(scores)
    ranks = rank_test(scores["rank"].values, false_alarm)
    ds = found[["coverage", "coverage_error", "width", "rms_error"]].assign(
        twins=scores.sizes["simulation"],
        z_mean=found["z"].mean(),
        z_sd=found["z"].std(ddof=1),
        rank_p=ranks.p_value,
        rank_passes=ranks.passes,
    )
    ds = ds.assign(_tested(found, "coverage", false_alarm))
    for name, control in (("shrunk", narrowed(scores)), ("shifted", displaced(scores))):
        held = of_scores(control)
        ds[f"{name}_coverage"] = held["coverage"]
        ranks = rank_test(scores[f"rank_{name}"].values, false_alarm)
        ds[f"{name}_rank_passes"] = ranks.passes
        ds[f"{name}_passes"] = _tested(held, name, false_alarm)[f"{name}_passes"]
    return ds.drop_vars("quantity", errors="ignore")


def _tested(found: xr.Dataset, name: str, false_alarm: float) -> dict[str, tuple[str, list[float]]]:
    tests = [coverage_test(found["covered"].sel(nominal=p).values, p, false_alarm) for p in NOMINAL]
    return {
        f"{name}_p": ("nominal", [t.p_value for t in tests]),
        f"{name}_passes": ("nominal", [t.passes for t in tests]),
    }


class Share(NamedTuple):
    """How many intervals of how many held their truth."""

    held: int
    of: int

    @property
    def value(self) -> float:
        """The share."""
        return self.held / self.of if self.of else float("nan")


def published_rule(calibration: xr.Dataset, quantity: str) -> Share:
    """Return how often the posterior mean ± 0.02 σ, or ± 0.1 ε, holds the truth."""
    one = finished(calibration).sel(quantity=quantity)
    held = np.abs(one["truth"] / one["mean"] - 1.0) <= PUBLISHED_RULE[quantity]
    known = np.isfinite(one["mean"])
    return Share(int((held & known).sum()), int(known.sum()))


def as_dict(calibration: xr.Dataset) -> dict[str, Any]:
    """Return the table for programs.

    Parameters
    ----------
    calibration : Dataset
        As in :func:`table`, whose names these are.

    Returns
    -------
    dict
        ``system``, ``rule``, ``engine`` and ``seed``; ``simulations``, ``failed``,
        ``false_alarm``, ``joint_p``, ``joint_passes``; and by quantity, in
        ``quantities``, each number, or each by its nominal probability as text.
    """
    t = table(calibration)
    joint = {name: t[name].item() for name in ("joint_p", "joint_passes")}
    return {
        **{key: calibration.attrs[key] for key in ("system", "rule", "engine", "seed")},
        **{key: t.attrs[key] for key in ("simulations", "failed", "false_alarm")},
        **joint,
        "quantities": {
            str(name): _by_nominal(t.drop_vars(list(joint)).sel(quantity=name))
            for name in t["quantity"].values
        },
    }


def _by_nominal(row: xr.Dataset) -> dict[str, Any]:
    labels = [f"{p:g}" for p in row["nominal"].values]
    return {
        str(name): dict(zip(labels, values.values.tolist(), strict=True))
        if "nominal" in values.dims
        else values.item()
        for name, values in row.data_vars.items()
    }


def text(calibration: xr.Dataset) -> str:
    """Return the table as lines for a terminal."""
    t = table(calibration)
    nominal = " ".join(f"{100 * p:>5.0f} %" for p in NOMINAL)
    lines = [
        f"{t.attrs['simulations']} twins, of whose refinements {t.attrs['failed']} failed",
        f"a calibrated quantity fails a test with probability {t.attrs['false_alarm']:g}",
        f"{'quantity':<14} {'coverage of':>11} {nominal}    z mean   z sd  rank p",
    ]
    for name in t["quantity"].values:
        row = t.sel(quantity=name)
        held = " ".join(_share(row, i) for i in range(len(NOMINAL)))
        lines.append(
            f"{name!s:<14} {int(row['twins']):>5} twins {held}   "
            f"{float(row['z_mean']):>6.2f} {float(row['z_sd']):>6.2f}  {float(row['rank_p']):.3f}"
        )
    lines.append("* fails the binomial test of its coverage")
    lines.append(f"joint ranks: p {float(t['joint_p']):.3f}")
    return "\n".join(lines)


def _share(row: xr.Dataset, place: int) -> str:
    mark = "  " if bool(row["coverage_passes"][place]) else "* "
    return f"{100 * float(row['coverage'][place]):>5.1f}{mark}"
