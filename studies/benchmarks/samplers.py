"""Three samplers on one density: effective samples a second, and whether they agree."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import arviz as az
import numpy as np
import xarray as xr
from bench_base import Store, shown

from sopr_uq.gp import Dispersion
from sopr_uq.inference import emcee_power_law, noise, power_law
from sopr_uq.inference.noise import LogNormal, NoisePriors, Projected
from sopr_uq.inference.power_law_density import LawData, LawPrior
from sopr_uq.laws.agreement import compare_samples
from sopr_uq.laws.kernel_density import kernel_density, stack
from sopr_uq.typing import FloatArray
from sopr_uq.workflow.markdown import markdown_table

SAMPLERS = ("nutpie", "PyMC NUTS", "emcee")
_NOT_COMPILED = ("emcee",)
_TARGET_ACCEPT = 0.95
_SYSTEMS = 6
_POINTS = 120


class Lengths(NamedTuple):
    """Draws of NUTS (chains, tune, draws), steps of emcee (tune, steps), repetitions."""

    chains: int
    tune: int
    draws: int
    burn: int
    steps: int
    repeats: int


LENGTHS = {
    "full": Lengths(2, 400, 1_000, 1_000, 4_000, 3),
    "quick": Lengths(2, 200, 300, 200, 600, 1),
    "smallest": Lengths(2, 100, 50, 20, 60, 1),
}


class Timed(NamedTuple):
    """A sample with dimensions (chain, draw), and the seconds it took without compilation."""

    draws: xr.Dataset
    seconds: float
    compilation: float


def noise_problem() -> tuple[Projected, NoisePriors]:
    """Return the noise hierarchy of six iterations of a liquid like argon."""
    rng = np.random.default_rng(4)
    r = np.linspace(3.1, 10.0, _POINTS)
    prior = LogNormal(0.7, 0.5)
    length = prior.median * np.exp(prior.sd * np.linspace(-2.5, 2.5, 13))
    kernels = [Dispersion(1.0, float(each), 3.4)(r, r) for each in length]
    root = np.linalg.cholesky(kernels[6] + 1e-10 * np.eye(r.size))
    smooth = 0.05 * (root @ rng.standard_normal((r.size, _SYSTEMS))).T
    level = 0.005 * np.exp(0.3 * rng.standard_normal((_SYSTEMS, 1)))
    variance = np.full(smooth.shape, 0.002**2)
    y = smooth + np.sqrt(level**2 + variance) * rng.standard_normal(smooth.shape)
    priors = NoisePriors(0.01, LogNormal(0.1, 1.0), prior)
    return noise.project(kernels, length, prior, y, variance), priors


def law_problem() -> tuple[LawData, LawPrior]:
    """Return the size law of four elements with a free exponent."""
    rng = np.random.default_rng(8)
    x = np.log([0.394, 1.642, 2.487, 4.048])
    x = x - x.mean()
    centres = 1.2 + x / 7 + 0.01 * rng.standard_normal(4)
    draws = centres[:, None] + 0.005 * rng.standard_normal((4, 2_000))
    data = stack([kernel_density(d) for d in draws], x, np.array([0.0, 1e-6, 1e-6, 5e-5]))
    return data, LawPrior(1.2, 1.0, 0.25, 0.25, 0.05)


def measure(store: Store) -> None:
    """Run every sampler on both models, in turn, several times."""
    size, smallest = LENGTHS[store.size], store.size == "smallest"
    models = (
        {"law": _law_samplers} if smallest else {"noise": _noise_samplers, "law": _law_samplers}
    )
    names = _NOT_COMPILED if smallest else SAMPLERS
    for model, make in models.items():
        if model in store.entries:
            continue
        samplers = make(size)
        runs: dict[str, list[Timed]] = {name: [] for name in names}
        for seed in range(1, size.repeats + 1):
            for name in names:
                runs[name].append(samplers[name](seed))
        store.put(model, _judged(runs))
    store.finish()


def _judged(runs: Mapping[str, list[Timed]]) -> dict[str, Any]:
    together = {n: xr.concat([t.draws for t in found], "chain") for n, found in runs.items()}
    first, reference = next(iter(together.items()))
    judged = {}
    for name, found in runs.items():
        ess = [min(float(az.ess(t.draws[v].values)) for v in t.draws.data_vars) for t in found]
        agreement = compare_samples(reference, together[name])
        judged[name] = {
            "ess": ess,
            "seconds": [t.seconds for t in found],
            "compilation": found[0].compilation,
            "largest_z": 0.0 if name == first else agreement.largest,
            "limit": agreement.limit,
        }
    return judged


def _noise_samplers(size: Lengths) -> dict[str, Callable[[int], Timed]]:
    data, priors = noise_problem()
    arrays = noise.model_data(data, priors, _SYSTEMS)
    model = noise.build_model(_SYSTEMS)

    def named(z: FloatArray, z_width: FloatArray, tau: FloatArray) -> xr.Dataset:
        values = {f"z{i}": z[..., i] for i in range(z.shape[-1])}
        values |= {"z_width": z_width, "tau": tau}
        return xr.Dataset({k: (("chain", "draw"), x) for k, x in values.items()})

    def from_trace(trace: Any) -> xr.Dataset:
        p = trace["posterior"]
        return named(p["z"].values, p["z_width"].values, p["tau"].values)

    def emcee(seed: int) -> Timed:
        import pymc as pm

        with model:
            pm.set_data(arrays)
        started = time.perf_counter()
        logp = model.compile_logp()
        start = {"z": np.zeros(_SYSTEMS), "z_width": np.array(0.0), "tau_log__": np.array(-1.5)}
        logp(start)
        compilation = time.perf_counter() - started

        def density(x: FloatArray) -> float:
            point = {"z": x[:_SYSTEMS], "z_width": x[_SYSTEMS], "tau_log__": x[_SYSTEMS + 1]}
            value = float(logp({k: np.asarray(v) for k, v in point.items()}))
            return value if np.isfinite(value) else -np.inf

        chain, seconds = _emcee(density, _SYSTEMS + 2, size, seed)
        draws = named(chain[..., :_SYSTEMS], chain[..., _SYSTEMS], np.exp(chain[..., _SYSTEMS + 1]))
        return Timed(draws, seconds, compilation)

    return {
        "nutpie": _nutpie(lambda: noise._compiled(_SYSTEMS), arrays, size, from_trace),
        "PyMC NUTS": _pymc(model, arrays, size, from_trace),
        "emcee": emcee,
    }


def _law_samplers(size: Lengths) -> dict[str, Callable[[int], Timed]]:
    data, prior = law_problem()
    arrays = data.arrays() | {"prior": np.asarray(prior, dtype=float)}

    def from_trace(trace: Any) -> xr.Dataset:
        z = trace["posterior"]
        return power_law.to_dataset(data, prior, *(z[n].values for n in ("z1", "z2", "v")))

    def emcee(seed: int) -> Timed:
        settings = emcee_power_law.EnsembleSettings(tune=size.burn, steps=size.steps, thin=1)
        started = time.perf_counter()
        found = emcee_power_law.sample(data, prior, seed=seed, settings=settings)
        return Timed(found, time.perf_counter() - started, 0.0)

    return {
        "nutpie": _nutpie(power_law.compiled_model, arrays, size, from_trace),
        "PyMC NUTS": _pymc(power_law.build_model(), arrays, size, from_trace),
        "emcee": emcee,
    }


def _nutpie(
    compiled: Callable[[], Any], arrays: dict[str, Any], size: Lengths, named: Callable[[Any], Any]
) -> Callable[[int], Timed]:
    def run(seed: int) -> Timed:
        import nutpie

        started = time.perf_counter()
        model = compiled().with_data(**arrays)
        # the first evaluation finishes the compilation
        nutpie.sample(model, chains=1, tune=5, draws=5, seed=1, progress_bar=False)
        compilation = time.perf_counter() - started
        started = time.perf_counter()
        trace = nutpie.sample(
            model, chains=size.chains, tune=size.tune, draws=size.draws, cores=1, seed=seed,
            progress_bar=False, target_accept=_TARGET_ACCEPT,
        )  # fmt: skip
        return Timed(named(trace), time.perf_counter() - started, compilation)

    return run


def _pymc(
    model: Any, arrays: dict[str, Any], size: Lengths, named: Callable[[Any], Any]
) -> Callable[[int], Timed]:
    def run(seed: int) -> Timed:
        import pymc as pm

        how = {"cores": 1, "random_seed": seed, "progressbar": False, "quiet": True}
        how |= {"target_accept": _TARGET_ACCEPT, "compute_convergence_checks": False}
        with model:
            pm.set_data(arrays)
            started = time.perf_counter()
            trace = pm.sample(chains=size.chains, tune=size.tune, draws=size.draws, **how)
            taken = time.perf_counter() - started
        # every call compiles again; this is without
        seconds = float(trace["posterior"].attrs["sampling_time"])
        return Timed(named(trace), seconds, taken - seconds)

    return run


def _emcee(
    density: Callable[[FloatArray], float], dimension: int, size: Lengths, seed: int
) -> tuple[FloatArray, float]:
    import emcee

    walkers = 4 * dimension
    sampler = emcee.EnsembleSampler(walkers, dimension, density)
    rng = np.random.RandomState(seed)
    sampler.random_state = rng.get_state()
    started = time.perf_counter()
    first = rng.standard_normal((walkers, dimension)) - np.eye(dimension)[-1]
    state = sampler.run_mcmc(first, size.burn)
    sampler.reset()
    sampler.run_mcmc(state, size.steps)
    seconds = time.perf_counter() - started
    return np.moveaxis(sampler.get_chain(), 0, 1), seconds


def table(content: dict[str, Any]) -> Iterator[str]:
    """Return a row a model and sampler."""
    head = ["model", "sampler", "smallest ESS", "seconds", "ESS / s", "compilation / s",
            "largest difference from nutpie"]  # fmt: skip
    rows = []
    for model, found in content["entries"].items():
        for name, f in found.items():
            rate = [e / s for e, s in zip(f["ess"], f["seconds"], strict=True)]
            verdict = f"{f['largest_z']:.1f} (limit {f['limit']:.1f}) MC errors"
            rows.append(
                [model, name, shown(f["ess"], ".0f"), shown(f["seconds"], ".2g"),
                 shown(rate, ".3g"), f"{f['compilation']:.1f}",
                 "" if name == "nutpie" else verdict]
            )  # fmt: skip
    yield from markdown_table(head, rows)
