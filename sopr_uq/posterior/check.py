"""The end check: whether the posterior, made by linear response, is true to simulations.

The engine is run at draws of the posterior. What it shows there beyond the
linear prediction is learnt (:mod:`.linearisation`), and every draw gets the
importance weight of the truth over the linear model, Pareto-smoothed (A.
Vehtari, D. Simpson, A. Gelman, Y. Yao, J. Gabry, J. Mach. Learn. Res. 25, 72
(2024)).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from sopr_uq.engine.protocol import Engine
from sopr_uq.errors import InputError, RuleFailed
from sopr_uq.executor import Executor
from sopr_uq.posterior.check_runs import CheckFolder, CheckRun, Told, check_runs
from sopr_uq.posterior.directions import Directions
from sopr_uq.posterior.linearisation import Estimate, Surrogate, log_ratio
from sopr_uq.posterior.weighted import LARGEST_K
from sopr_uq.potentials.descriptors import Descriptors, descriptors
from sopr_uq.refine.loop import Refinement
from sopr_uq.refine.newton import Newton
from sopr_uq.refine.newton.budget import Whitened, descriptor_gradient
from sopr_uq.refine.newton.linear import Fluid, fluid_of, simulated
from sopr_uq.typing import FloatArray

SMALLEST_SHARE = 0.1
"""Of the draws that must be effective."""

WORST_LEFT_OUT = 2.0
"""Of χ² per number when each check run is predicted from the others."""

LARGEST_FAILURE = 0.25
"""Of the check runs that may fail."""

_UNITS = {
    "potential": "kcal/mol",
    "pressure": "MPa",
    "pressure_error": "MPa",
    "r": "angstrom",
    "r_g": "angstrom",
    "q": "1/angstrom",
    "g": "1",
    "s": "1",
    "shift": "1",
}
_Q = np.arange(0.05, 12.0, 0.05)


class _Shown(NamedTuple):
    """A check run that gave a fluid."""

    run: CheckRun
    fluids: list[Fluid]
    prediction: FloatArray
    covariance: FloatArray


def end_check(
    rule: Newton,
    engine: Engine,
    refinement: Refinement,
    posterior: xr.Dataset,
    folder: Path | None = None,
    told: Told = lambda _: None,
    executor: Executor | None = None,
) -> xr.Dataset:
    """Run the engine at posterior draws and weigh the linear posterior against it.

    Parameters
    ----------
    rule : Newton
    engine : Engine
    refinement : Refinement
        Its last state is the one that ``posterior`` was sampled from.
    posterior : Dataset
        Of :meth:`Newton.posterior`.
    folder : Path, optional
        Where the runs are kept.
    told : callable, optional
        Called with the fraction of the runs that is done.
    executor : Executor, optional
        What makes the runs; by default processes on this machine.

    Returns
    -------
    Dataset
        What the runs gave: ``potential``, ``g``, ``s``, ``pressure`` and the
        stacked data ``simulated`` (check, ...), NaN where one failed. What
        they say of the posterior: ``log_weight`` (chain, draw), ``k_hat``,
        ``effective_draws``, ``mean``, ``sd``, ``weighted_mean``,
        ``weighted_sd``, ``shift`` (in standard deviations) and
        ``linearisation_variance`` (descriptor). The attribute ``warning`` says
        what is wrong; bad weights are no exception.
    """
    draws, kept = posterior["potential"], CheckFolder(folder)
    runs = check_runs(rule.problem, engine, refinement, draws, kept, told, executor)
    found = [_shown(rule, run) for run in runs]
    ds = _runs_dataset(rule, found)
    good = [each for each in found if isinstance(each, _Shown)]
    if len(good) >= 2:
        ds = ds.merge(_weigh(rule, refinement, posterior, good))
    for name, unit in _UNITS.items():
        if name in ds.variables:
            ds[name].attrs["units"] = unit
    return ds.assign_attrs(warning=warning_of(ds))


def warning_of(check: xr.Dataset) -> str:
    """Say in one sentence what an end check found wrong; empty if nothing."""
    faults = []
    failed = int(check["failed"].sum())
    if failed:
        faults.append(f"{failed} of {check.sizes['check']} simulations at posterior draws failed")
    if "k_hat" not in check:
        return _sentence([*faults, "too few are left to weigh the posterior"])
    total = check["log_weight"].size
    if float(check["k_hat"]) > LARGEST_K:
        faults.append(f"Pareto k-hat is {float(check['k_hat']):.2f} (at most {LARGEST_K} is good)")
    if float(check["effective_draws"]) < SMALLEST_SHARE * total:
        faults.append(f"{float(check['effective_draws']):.0f} of {total} draws are effective")
    if float(check["left_out"]) > WORST_LEFT_OUT:
        faults.append(
            f"check runs are predicted from each other with χ² {float(check['left_out']):.1f} "
            "per number"
        )
    return _sentence(faults)


def _sentence(faults: Sequence[str]) -> str:
    if not faults:
        return ""
    return (
        f"The end check finds that {', and '.join(faults)}: the posterior by linear response is "
        "not to be trusted where it matters; allow more refine.max_iterations, longer runs "
        "(engine.production_steps), or more refine.check_draws."
    )


def _shown(rule: Newton, run: CheckRun) -> _Shown | CheckRun:
    """Return what a run shows, or the run with the reason why it shows nothing."""
    if not run.simulations:
        return run
    pairs = zip(rule.problem.samples, run.simulations, strict=True)
    try:
        fluids = [fluid_of(rule.problem, s.state, run.potential, sim) for s, sim in pairs]
    except (RuleFailed, InputError) as error:
        return replace(run, simulations=(), message=str(error))
    return _Shown(run, fluids, *simulated(rule.problem, fluids, run.simulations))


def _runs_dataset(rule: Newton, found: Sequence[_Shown | CheckRun]) -> xr.Dataset:
    """What the runs gave, one entry a draw; NaN where one failed."""
    runs = [f.run if isinstance(f, _Shown) else f for f in found]
    shown = {m: f for m, f in enumerate(found) if isinstance(f, _Shown)}
    size = len(rule.problem.samples)
    ds = xr.Dataset(
        {
            "potential": (("check", "r"), np.array([run.potential for run in runs])),
            "chain_of": ("check", [run.chain for run in runs]),
            "draw_of": ("check", [run.draw for run in runs]),
            "failed": ("check", np.array([m not in shown for m in range(len(runs))], np.int8)),
            "message": ("check", [run.message for run in runs]),
        },
        coords={"r": rule.problem.r},
    )
    if not shown:
        return ds

    def filled(values: dict[int, FloatArray]) -> FloatArray:
        out = np.full((len(runs), *next(iter(values.values())).shape), np.nan)
        for m, value in values.items():
            out[m] = value
        return out

    for s in range(size):
        tag = "" if s == 0 else f"_{s + 1}"
        sims = {m: f.run.simulations[s] for m, f in shown.items()}
        r_g = next(iter(sims.values())).r
        ds = ds.assign_coords({f"r_g{tag}": r_g, "q": _Q})
        ds[f"g{tag}"] = ("check", f"r_g{tag}"), filled({m: x.g for m, x in sims.items()})
        s_q = {m: f.fluids[s].structure_factor(_Q) for m, f in shown.items()}
        ds[f"s{tag}"] = ("check", "q"), filled(s_q)
    for name in ("pressure", "pressure_error"):
        values = {
            m: np.array([getattr(x, name) for x in f.run.simulations]) for m, f in shown.items()
        }
        ds[name] = ("check", "sample"), filled(values)
    ds["simulated"] = ("check", "datum"), filled({m: f.prediction for m, f in shown.items()})
    return ds


def _weigh(
    rule: Newton, refinement: Refinement, posterior: xr.Dataset, shown: Sequence[_Shown]
) -> xr.Dataset:
    """Return importance weights of all draws, and what linearisation does to the descriptors."""
    fit, model = rule.conclusion(refinement.state)
    frame = Directions(Whitened(rule, fit), model)
    simulated_v = np.array([s.run.potential for s in shown])
    linear = model.about(simulated_v)
    eta = np.array([s.prediction for s in shown]) - linear
    noise = np.array([frame.project @ s.covariance @ frame.project.T for s in shown])
    surrogate = Surrogate.fitted(
        frame.signal(simulated_v), eta @ frame.project.T, noise, frame.shared
    )
    flat = posterior.stack(every=("chain", "draw")).transpose("every", ...)
    estimate = surrogate.at(frame.signal(flat["potential"].values))
    residual, precision = frame.information(flat)
    ratio = log_ratio(residual, precision, estimate, frame.shared)
    log_weight, k_hat = smoothed(ratio)
    effect = frame.effect(descriptor_gradient(rule, fit))
    table = _descriptor_table(rule, flat["potential"].values, np.exp(log_weight))
    table["linearisation_variance"] = _added_variance(effect, estimate)
    shape = (posterior.sizes["chain"], posterior.sizes["draw"])
    return xr.Dataset(
        {
            "log_weight": (("chain", "draw"), log_weight.reshape(shape)),
            "k_hat": k_hat,
            "effective_draws": 1.0 / float(np.sum(np.exp(2.0 * log_weight))),
            "left_out": surrogate.left_out,
            "excess": (("check_good", "direction"), surrogate.eta),
            "excess_error": (("check_good", "direction"), _sd(noise)),
            "shared_error": ("direction", _sd(frame.shared)),
            "scale": ("part", surrogate.scales),
            **{name: ("descriptor", values) for name, values in table.items()},
        },
        coords={
            "chain": posterior["chain"],
            "draw": posterior["draw"],
            "part": ["offset", "jacobian", "curvature", "rest"],
            "descriptor": list(Descriptors._fields),
        },
    )


def _sd(covariance: FloatArray) -> FloatArray:
    """Standard deviations of covariances, shape (..., K, K) → (..., K)."""
    return np.asarray(np.sqrt(np.diagonal(covariance, axis1=-2, axis2=-1)))


def smoothed(log_ratio: FloatArray) -> tuple[FloatArray, float]:
    """Return normalised, Pareto-smoothed log weights, shape (S,), and k̂.

    Equal ratios have equal weights, and −∞ for k̂: no tail at all.
    """
    from arviz_stats.base.array import array_stats

    psislw: Any = array_stats.psislw
    if np.ptp(log_ratio) < 1e-9:
        return np.full(log_ratio.size, -np.log(log_ratio.size)), -np.inf
    # arviz takes the log likelihoods of points to leave out, whose ratios are their inverses
    weights, k_hat = psislw(-log_ratio)
    return np.asarray(weights), float(k_hat)


def _descriptor_table(
    rule: Newton, potential: FloatArray, weight: FloatArray
) -> dict[str, FloatArray]:
    """Means and standard deviations of the descriptors, shape (4,), plain and weighted."""
    values = np.array(descriptors(rule.problem.r, potential, rule.problem.samples[0].state.beta))
    table: dict[str, FloatArray] = {}
    for tag, given in (("", np.ones_like(weight)), ("weighted_", weight)):
        w = np.where(np.isfinite(values), given, 0.0)
        w /= w.sum(axis=1, keepdims=True)
        mean = np.nansum(w * values, axis=1)
        variance = np.nansum(w * (values - mean[:, None]) ** 2, axis=1)
        table |= {f"{tag}mean": mean, f"{tag}sd": np.sqrt(variance)}
    table["shift"] = (table["weighted_mean"] - table["mean"]) / table["sd"]
    return table


def _added_variance(effect: FloatArray, estimate: Estimate) -> FloatArray:
    """Mean squared change of each descriptor by the systematic part of η, shape (4,)."""
    known = np.mean((estimate.systematic @ effect.T) ** 2, axis=0)
    spread = np.einsum("dk,skl,dl->d", effect, estimate.systematic_covariance, effect)
    return np.asarray(known + spread / len(estimate.systematic))
