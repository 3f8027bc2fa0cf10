"""Twins: liquids of known potential, measured and refined like the real ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Protocol

import numpy as np
import xarray as xr

from sopr_uq.engine.parallel import run_tasks
from sopr_uq.engine.protocol import Engine, Setup, Simulation
from sopr_uq.errors import InputError, SimulationFailed
from sopr_uq.experiment.observation import Observation
from sopr_uq.observables.motion import MOTION
from sopr_uq.potentials.descriptors import Descriptors
from sopr_uq.refine.belief import PriorSettings
from sopr_uq.refine.loop import Refinement, refine
from sopr_uq.refine.newton.data import noise_prior, pressure_error
from sopr_uq.refine.newton.implied import implied, observed_at
from sopr_uq.refine.problem import Problem
from sopr_uq.refine.round import pooled
from sopr_uq.refine.rule import Rule
from sopr_uq.rng import integer_seed, stream
from sopr_uq.typing import FloatArray

WELL = np.linspace(1.0, 2.0, 8)
"""Distances in σ of the reference at which v(r) is judged point by point."""

BAND = np.linspace(0.92, 2.2, 33)
"""Distances in σ of the reference at which v(r) is kept for figures."""


@dataclass(frozen=True)
class Measurement:
    """How a twin is measured; what is not given is drawn from the newton rule's prior of it.

    Parameters
    ----------
    noise : float, optional
        Standard deviation of the noise of g or S.
    reading : float, optional
        Standard reading error of the abscissa, in Å or Å⁻¹; what the rule is
        told stays that of the real curve.
    scale : float, optional
        Standard deviation of the error of the normalisation.
    level : float, optional
        Standard deviation of the error of the level.
    """

    noise: float | None = None
    reading: float | None = None
    scale: float | None = None
    level: float | None = None

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            if value is not None and not (np.isfinite(value) and value >= 0):
                raise InputError(f"measurement, {each.name}", "a number from 0 on", f"{value}")

    def observed(
        self,
        problem: Problem,
        truth: FloatArray,
        simulation: Simulation,
        o: Observation,
        rng: np.random.Generator,
    ) -> tuple[Observation, dict[str, float]]:
        """Return a curve as measured at its abscissae, and the errors that it has.

        Parameters are as of :meth:`Measures.observed`.
        """
        errors = _drawn(o, problem.prior, self, rng)
        return _curve(problem, truth, simulation, o, errors, rng), asdict(errors)


class Measures(Protocol):
    """What measures twins."""

    def observed(
        self,
        problem: Problem,
        truth: FloatArray,
        simulation: Simulation,
        o: Observation,
        rng: np.random.Generator,
    ) -> tuple[Observation, dict[str, float]]:
        """Return a curve of a simulated liquid, and what is wrong with it.

        Parameters
        ----------
        problem : Problem
        truth : array, shape (n,)
            The potential that was simulated, in kcal/mol.
        simulation : Simulation
        o : Observation
            The real curve, which it imitates.
        rng : Generator
        """
        ...


@dataclass(frozen=True)
class Twin:
    """A problem whose answer is known.

    Parameters
    ----------
    truth : array, shape (p n,)
        The potentials on the problem's grid, in kcal/mol.
    problem : Problem
        With the measured numbers of the twin.
    family : str
        Of the truth.
    errors : mapping of str to float
        Of its first curve, as what measured it says: sizes of noise and reading
        error, errors of scale and level.
    """

    truth: FloatArray
    problem: Problem
    family: str = ""
    errors: Mapping[str, float] = field(default_factory=dict)


def make_twin(
    problem: Problem,
    truth: FloatArray,
    engine: Engine,
    measurement: Measures,
    *,
    seed: int,
    family: str = "",
    replicas: int = 1,
) -> Twin:
    """Simulate the truth and measure it at the abscissae of the real observations.

    Parameters
    ----------
    problem : Problem
        The real problem: its observations give kinds, abscissae and windows.
    truth : array, shape (p n,)
        The twin's potentials in kcal/mol.
    engine : Engine
        What simulates the truth; a larger and longer run than the refinement's.
    measurement : Measures
        How it is measured.
    seed : int
        Seed of simulation and noise.
    replicas : int
        Simulations of the truth that are averaged: what is measured of a liquid has none of the
        sampling error of a short run.

    Raises
    ------
    SimulationFailed, RuleFailed
        If the truth is no fluid that can be simulated.
    """
    liquids, errors = [], []
    for number, liquid in enumerate(problem.liquids):
        # the first liquid's numbers are what they are without the others
        name = (number,) if number else ()
        seeds = [(*name, *(("replica", i) if i else ())) for i in range(replicas)]
        simulation = _averaged(
            engine, [problem.setup(truth, number, integer_seed(seed, "truth", *s)) for s in seeds]
        )
        alone, observations = replace(problem, liquids=(liquid,)), []
        for index, o in enumerate(liquid.observations):
            rng = stream(seed, "measurement", index, *name)
            if not o.is_curve:
                observations.append(_number(alone, truth, simulation, o, rng))
            else:
                curve, wrong = measurement.observed(alone, truth, simulation, o, rng)
                observations.append(curve)
                errors.append(wrong)
        liquids.append(replace(liquid, observations=tuple(observations)))
    return Twin(truth, replace(problem, liquids=tuple(liquids)), family, errors[0])


def _averaged(engine: Engine, setups: Sequence[Setup]) -> Simulation:
    """Return simulations that differ by their seeds as one."""
    if len(setups) == 1:
        return engine.run(setups[0])
    found = run_tasks(engine, setups)
    if failures := [each for each in found if isinstance(each, SimulationFailed)]:
        raise failures[0]
    return pooled([each for each in found if isinstance(each, Simulation)])


def _number(
    problem: Problem,
    truth: FloatArray,
    simulation: Simulation,
    o: Observation,
    rng: np.random.Generator,
) -> Observation:
    if o.logarithmic:
        assert o.error is not None
        log = MOTION[o.kind].predict(implied(problem, 0, truth, simulation).at).mean
        value = np.exp(log + o.error / o.value * rng.standard_normal(1))
        return replace(o, value=value, error=o.error / o.value * value)
    state = problem.liquids[0].state
    unstated = pressure_error(problem.prior, state.density / state.beta)
    error = np.array([unstated]) if o.error is None else o.error
    return replace(o, value=simulation.pressure + error * rng.standard_normal(1), error=error)


@dataclass(frozen=True)
class _Errors:
    """Of one curve: noise, reading error in Å or Å⁻¹, scale κ and level c."""

    noise: float
    reading: float
    scale: float
    level: float


def _drawn(
    o: Observation, prior: PriorSettings, m: Measurement, rng: np.random.Generator
) -> _Errors:
    """Draw the errors of a curve, from the newton rule's priors where they are not given."""
    noise = noise_prior(o, prior)
    # every draw is made, so that giving one number does not change the others
    z = rng.standard_normal(4)
    return _Errors(
        noise=float(noise.median * np.exp(noise.sd * z[0])) if m.noise is None else m.noise,
        reading=float(o.abscissa_error * np.exp(prior.reading_sd * z[1]))
        if m.reading is None
        else m.reading,
        scale=float((prior.scale_sd if m.scale is None else m.scale) * z[2]),
        level=float((prior.level_sd if m.level is None else m.level) * z[3]),
    )


def _curve(
    problem: Problem,
    truth: FloatArray,
    simulation: Simulation,
    o: Observation,
    errors: _Errors,
    rng: np.random.Generator,
) -> Observation:
    """Return (1 + κ) F(x + δ) + c + e, as the newton rule believes a curve to be."""
    inside = o.mask
    x = o.x[inside] + errors.reading * rng.standard_normal(int(inside.sum()))
    clean = observed_at(problem, truth, simulation, o, x)
    value = o.value.copy()
    noise = errors.noise * unit_noise(o.windowed(), rng) + _stated_noise(o.windowed(), rng)
    value[inside] = (1.0 + errors.scale) * clean + errors.level + noise
    return replace(o, value=value)


def unit_noise(o: Observation, rng: np.random.Generator) -> FloatArray:
    """Return noise of unit size as the newton rule understands a curve, shape (n,).

    White noise, or, for a table that is finer than its information, noise that
    is white at the spacing of independent points and band-limited in between;
    that of a transformed S(Q) dies like 1/r.
    """
    spacing, shape = o.resolution, np.sqrt(o.noise_shape)
    if spacing == 0.0 or o.x.size < 2:
        return np.asarray(shape * rng.standard_normal(o.x.size))
    step = max(round(spacing / float(np.median(np.diff(o.x)))), 1)
    nodes = o.x[::step]
    apart = float(np.mean(np.diff(nodes))) if nodes.size > 1 else spacing
    rows = np.sinc((o.x[:, None] - nodes) / apart)
    return np.asarray(shape * (rows @ rng.standard_normal(nodes.size)))


def _stated_noise(o: Observation, rng: np.random.Generator) -> FloatArray:
    """Return noise of the stated size, shape (n,); zero where none is stated."""
    z = rng.standard_normal(o.x.size)
    if o.covariance is not None:
        return np.asarray(np.linalg.cholesky(o.covariance) @ z)
    return z * o.error if o.error is not None else np.zeros(o.x.size)


def refine_twin(
    twin: Twin,
    make_rule: Callable[[Problem], Rule],
    engine: Engine,
    *,
    draws: int = 400,
) -> xr.Dataset:
    """Refine a twin and set its truth beside the posterior.

    Parameters
    ----------
    twin : Twin
    make_rule : callable
        From a problem to its rule.
    engine : Engine
    draws : int
        Posterior draws that are kept.

    Returns
    -------
    Dataset
        For σ, ε, r_vdW, d_hp and v at eight distances over the well, of each pair:
        ``truth`` (quantity) and ``draws`` (quantity, sample); v over the well of the
        first pair as ``band_truth`` and ``band`` (bound, r) with the central 95 %;
        attributes tell outcome, iterations, engine seconds and the inferred
        sizes of noise and reading error.
    """
    rule = make_rule(twin.problem)
    refinement = refine(rule, engine)
    posterior = rule.posterior(refinement.past)
    potential = posterior["potential"].transpose("chain", "draw", ..., "r").values
    potential = potential.reshape(-1, twin.problem.field.size)
    kept = potential[:: max(len(potential) // draws, 1)]
    return beside_truth(twin, kept).assign_attrs(
        family=twin.family,
        outcome=refinement.outcome,
        iterations=len(refinement.iterations),
        simulations=sum(len(i.runs) for i in refinement.iterations),
        floor=_floor(refinement),
        seconds=sum(i.seconds for i in refinement.iterations),
        **{k: float(v) for k, v in posterior.attrs.items() if isinstance(v, int | float)},
        **_inferred(posterior),
    )


def _inferred(posterior: xr.Dataset) -> dict[str, float]:
    """Posterior medians of noise and reading error of the first curve, where there are any."""
    return {
        f"{name}_inferred": float(posterior[name].isel(curve=0).median())
        for name in ("noise", "reading")
        if name in posterior and "curve" in posterior[name].dims
    }


def truth_of(twin: Twin) -> xr.Dataset:
    """Return ``truth`` (quantity) and, of the first pair, ``band_truth`` (r) of a twin."""
    p = twin.problem
    names, true = _quantities(p, twin.truth[None])
    at = p.field.sigmas[0] * BAND
    first = np.interp(at, p.r, p.field.split(twin.truth)[0])
    return xr.Dataset(
        {"truth": ("quantity", true[:, 0]), "band_truth": ("r", first)},
        coords={"quantity": names, "r": at},
    )


def beside_truth(twin: Twin, potential: FloatArray) -> xr.Dataset:
    """Set draws of v, shape (size, p n) in kcal/mol, beside the truth."""
    p, ds = twin.problem, truth_of(twin)
    first = p.field.split(potential)[:, 0]
    band = np.array([np.interp(ds["r"].values, p.r, each) for each in first])
    low, high = np.quantile(band, [0.025, 0.975], axis=0)
    return ds.assign(
        draws=(("quantity", "sample"), _quantities(p, potential)[1]),
        band=(("bound", "r"), np.array([low, band.mean(axis=0), high])),
    ).assign_coords(bound=["lower", "mean", "upper"])


def _floor(refinement: Refinement) -> int:
    """The first engine run whose misfit is what the noise predicts; 0 if none is known."""
    for number, each in enumerate(refinement.iterations, 1):
        value = each.info.values.get("at_floor")
        if value is not None and float(value) > 0:
            return number
    return 0


def _quantities(p: Problem, v: FloatArray) -> tuple[list[str], FloatArray]:
    """Return names and numbers, shape (quantities, draws), of every pair one after the other."""
    names: list[str] = []
    numbers: list[FloatArray] = []
    found = np.array(p.field.descriptors(v, p.beta))
    for i, (term, each) in enumerate(
        zip(p.field.terms, np.moveaxis(p.field.split(v), -2, 0), strict=True)
    ):
        end = "" if p.element else f" {term.pair.label}"
        at = term.sigma * WELL
        names += [f"{name}{end}" for name in Descriptors._fields]
        names += [f"v({x:.2f} sigma){end}" for x in WELL]
        well = np.array([np.interp(at, p.r, one) for one in each]).T
        numbers += [found[..., i], well]
    return names, np.vstack(numbers)
