"""The posterior of one law, its draws paired with those of the ensembles."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import numpy as np
import xarray as xr

from sopr_uq.inference import emcee_power_law, power_law
from sopr_uq.inference.power_law_density import LawPrior
from sopr_uq.laws.agreement import Agreement, compare_samples
from sopr_uq.laws.ensembles import Prepared
from sopr_uq.laws.kernel_density import choose_draws
from sopr_uq.laws.law import Law, unit
from sopr_uq.rng import integer_seed, stream


@dataclass(frozen=True)
class Sampling:
    """How the laws are sampled.

    Parameters
    ----------
    nuts : NutsSettings
        The run of PyMC's density under NUTS, whose draws are kept.
    ensemble : EnsembleSettings or None
        The run of emcee that checks it; None leaves it out.
    seed : int
        Seed of everything.
    """

    nuts: power_law.NutsSettings = field(default_factory=power_law.NutsSettings)
    ensemble: emcee_power_law.EnsembleSettings | None = field(
        default_factory=emcee_power_law.EnsembleSettings
    )
    seed: int = 0


def sample_law(
    prepared: Prepared, law: Law, prior: LawPrior, quantity: str, settings: Sampling
) -> tuple[xr.Dataset, Agreement | None]:
    """Draw from the posterior of one law with NUTS and check it with emcee.

    Parameters
    ----------
    prepared : Prepared
        The elements.
    law : Law
        The law.
    prior : LawPrior
        Its priors.
    quantity : str
        Which quantity; it names the random streams and units.
    settings : Sampling
        Samplers and seed.

    Returns
    -------
    posterior : Dataset
        ``log_a``, ``a``, ``b``, ``tau`` (chain, draw) and ``draw_index`` (element,
        chain, draw): which draw of each ensemble belongs to each draw of the law.
    agreement : Agreement or None
        How emcee's posterior compares.
    """
    path = ("laws", quantity, law.name)
    begin = perf_counter()
    draws = power_law.sample(
        prepared.data, prior, seed=integer_seed(settings.seed, *path), settings=settings.nuts
    )
    seconds = {"nuts_seconds": perf_counter() - begin}
    agreement = None
    if settings.ensemble is not None:
        begin = perf_counter()
        seed = integer_seed(settings.seed, *path, "emcee")
        check = emcee_power_law.sample(prepared.data, prior, seed=seed, settings=settings.ensemble)
        agreement = compare_samples(draws, check)
        seconds["emcee_seconds"] = perf_counter() - begin
    rng = stream(settings.seed, *path, "pairing")
    posterior = _labelled(draws, prepared, law, quantity)
    posterior["draw_index"] = _pair(draws, prepared, rng)
    attrs = draws.attrs | _diagnostics(draws) | seconds
    return posterior.assign_attrs(law=law.name, formula=law.formula(quantity), **attrs), agreement


def _labelled(draws: xr.Dataset, prepared: Prepared, law: Law, quantity: str) -> xr.Dataset:
    """Turn the centred parameters into those people use, α in Å³."""
    log_a = draws["level"] - draws["exponent"] * prepared.log_polarizability
    exponent = law.exponent_text.strip("()")
    units = {"log_a": f"log({unit(quantity)})", "a": f"{unit(quantity)} / (angstrom3)^({exponent})"}
    variables: dict[str, xr.DataArray] = {
        "log_a": log_a,
        "a": xr.ufuncs.exp(log_a),
        "b": draws["exponent"],
        "tau": draws["tau"],
    }
    return xr.Dataset(
        {name: x.assign_attrs(units=units.get(name, "1")) for name, x in variables.items()}
    )


def _pair(draws: xr.Dataset, prepared: Prepared, rng: np.random.Generator) -> xr.DataArray:
    level, exponent, tau = (draws[n].values.ravel() for n in ("level", "exponent", "tau"))
    shape = draws["tau"].shape
    chosen = []
    for e, (m, index) in enumerate(zip(prepared.kernel_densities, prepared.index, strict=True)):
        centre = level + exponent * prepared.data.x[e]
        variance = tau**2 + exponent**2 * prepared.data.x_variance[e]
        chosen.append(index[choose_draws(m, centre, variance, rng)].reshape(shape))
    return xr.DataArray(np.array(chosen, dtype=np.int32), dims=("element", "chain", "draw"))


def _diagnostics(draws: xr.Dataset) -> dict[str, Any]:
    """Worst R̂ and smallest effective sample size of the parameters that vary."""
    import arviz as az

    varying = [x.values for x in draws.data_vars.values() if float(x.std()) > 1e-12]
    return {
        "max_rhat": max(float(az.rhat(x)) for x in varying),
        "min_ess": min(float(az.ess(x)) for x in varying),
    }
