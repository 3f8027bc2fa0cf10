"""Twins: liquids of known potential, measured and refined like the real ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import xarray as xr

from sopr_uq.derived.virial import second_virial
from sopr_uq.engine.protocol import Engine
from sopr_uq.experiment.observation import Observation
from sopr_uq.experiment.state import StatePoint
from sopr_uq.potentials import Exp6, Mie, Potential, Tabulated
from sopr_uq.potentials.descriptors import descriptors
from sopr_uq.refine.loop import refine
from sopr_uq.refine.newton.data import PRESSURE_ERROR
from sopr_uq.refine.newton.linear import observed_at
from sopr_uq.refine.newton.prior import Prior
from sopr_uq.refine.problem import Problem, Sample
from sopr_uq.refine.rule import Rule
from sopr_uq.refine.start import saturated_density
from sopr_uq.rng import integer_seed, stream
from sopr_uq.typing import FloatArray
from sopr_uq.units import MPA_PER_KCAL_MOL_A3

type Family = Literal["prior", "mie", "exp6"]

_TRIES = 500
_SIGMA_SPREAD = 0.02
_EPSILON_SPREAD = 0.08


@dataclass(frozen=True)
class Measurement:
    """How a twin is measured.

    Parameters
    ----------
    noise : float
        Standard deviation of the noise of g or S.
    reading : float
        Standard reading error of the abscissa, in Å or Å⁻¹.
    scale : float
        Standard deviation of the normalisation error.
    """

    noise: float = 0.01
    reading: float = 0.0
    scale: float = 0.01


@dataclass(frozen=True)
class Twin:
    """A problem whose answer is known."""

    truth: FloatArray
    problem: Problem
    family: str


def stable(potential: Potential, state: StatePoint, margin: float = 1.03) -> bool:
    """Whether a potential is a fluid at a state, by corresponding states.

    The reduced second virial coefficient fixes an equivalent Lennard-Jones
    temperature (M. G. Noro, D. Frenkel, J. Chem. Phys. 113, 2941 (2000)), and
    the density must exceed that liquid's at coexistence.
    """
    r = np.arange(0.5, 30.0, 0.02)
    d = descriptors(r, potential.energy(r), state.beta)
    sigma, epsilon = float(d.sigma), float(d.epsilon)
    reference = Mie(sigma, epsilon)
    temperatures = 1.0 / (state.beta * epsilon) * np.linspace(0.6, 1.6, 101) * state.temperature
    scaled = temperatures * state.beta * epsilon
    b2 = second_virial(r, potential.energy(r), np.array([state.temperature]))[0]
    table = second_virial(r, reference.energy(r), scaled)
    equivalent = float(np.interp(b2, table, scaled)) / (state.temperature * state.beta * epsilon)
    return state.density * sigma**3 >= saturated_density(equivalent / margin)


def draw_truth(
    problem: Problem, centre: tuple[float, float], family: Family, rng: np.random.Generator
) -> FloatArray:
    """Draw a potential of a family that is a fluid at the problem's state, shape (n,).

    Parameters
    ----------
    problem : Problem
        Its grid and state point are used.
    centre : tuple of float
        σ in Å and ε in kcal/mol about which Mie and exp-6 potentials scatter
        by 2 % and 8 %.
    family : {"prior", "mie", "exp6"}
        ``prior`` draws from the newton rule's own prior.
    """
    state = problem.samples[0].state
    for _ in range(_TRIES):
        v = _candidate(problem, centre, family, rng)
        if v[0] > 0 and stable(Tabulated(problem.r, v), state):
            return v
    raise ValueError(f"no fluid among {_TRIES} potentials of family {family} at {state}")


def _candidate(
    problem: Problem, centre: tuple[float, float], family: Family, rng: np.random.Generator
) -> FloatArray:
    if family == "prior":
        prior = Prior(problem)
        length = prior.length_median * float(np.exp(0.4 * rng.standard_normal()))
        return np.asarray(prior.draw(rng, 1, width_sd=0.7, length=length)[0])
    sigma = centre[0] * np.exp(_SIGMA_SPREAD * rng.standard_normal())
    epsilon = centre[1] * np.exp(_EPSILON_SPREAD * rng.standard_normal())
    if family == "mie":
        return Mie(sigma, epsilon, rng.uniform(10, 15)).energy(problem.r)
    a = rng.uniform(12.5, 15.0)
    unit = Exp6(1.0, 1.0, a).sigma
    return Exp6(sigma / unit, epsilon, a).energy(problem.r)


def make_twin(
    problem: Problem,
    truth: FloatArray,
    engine: Engine,
    measurement: Measurement,
    *,
    seed: int,
    family: str = "",
) -> Twin:
    """Simulate the truth and measure it at the abscissae of the real observations.

    Parameters
    ----------
    problem : Problem
        The real problem: its observations give kinds, abscissae and windows.
    truth : array, shape (n,)
        The twin's potential in kcal/mol.
    engine : Engine
        What simulates the truth; a larger and longer run than the refinement's.
    measurement : Measurement
        How it is measured.
    seed : int
        Seed of simulation and noise.
    """
    sample = problem.samples[0]
    rng = stream(seed, "measurement")
    simulation = engine.run(
        Tabulated(problem.r, truth), sample.state, seed=integer_seed(seed, "truth")
    )

    def measured(o: Observation) -> Observation:
        if o.kind == "pressure":
            state = sample.state
            ideal = state.density / state.beta * MPA_PER_KCAL_MOL_A3
            error = PRESSURE_ERROR * ideal
            value = simulation.pressure + error * rng.standard_normal()
            return replace(o, value=np.array([value]), error=np.array([error]))
        x = o.x + measurement.reading * rng.standard_normal(o.x.size)
        inside = o.mask
        clean = np.where(inside, 0.0, o.value)
        clean[inside] = observed_at(problem, truth, simulation, o, x[inside])
        noise = measurement.noise * rng.standard_normal(o.x.size)
        scale = 1.0 + measurement.scale * rng.standard_normal()
        curve = np.where(inside, scale * clean + noise, o.value)
        return replace(o, value=curve, abscissa_error=measurement.reading)

    observations = tuple(measured(o) for o in sample.observations)
    return Twin(truth, replace(problem, samples=(Sample(sample.state, observations),)), family)


def refine_twin(
    twin: Twin, make_rule: Callable[[Problem], Rule], engine: Engine, *, draws: int = 400
) -> xr.Dataset:
    """Refine a twin and set its truth beside the posterior.

    Returns
    -------
    Dataset
        For σ, ε, r_vdW, d_hp and v at eight distances over the well:
        ``truth`` (quantity) and ``draws`` (quantity, sample); attributes tell
        outcome, iterations and engine seconds.
    """
    p = twin.problem
    rule = make_rule(p)
    refinement = refine(rule, engine)
    potential = rule.posterior(refinement.state)["potential"].values.reshape(-1, p.r.size)
    potential = potential[:: max(len(potential) // draws, 1)]
    names, true = _quantities(p, twin.truth[None])
    _, drawn = _quantities(p, potential)
    return xr.Dataset(
        {"truth": ("quantity", true[:, 0]), "draws": (("quantity", "sample"), drawn)},
        coords={"quantity": names},
        attrs={
            "family": twin.family,
            "outcome": refinement.outcome,
            "iterations": len(refinement.iterations),
            "floor": _floor(refinement.iterations),
            "seconds": sum(i.seconds for i in refinement.iterations),
        },
    )


def _floor(iterations: tuple[object, ...]) -> int:
    """The first engine run whose misfit is what the noise predicts; 0 if none is known."""
    for number, each in enumerate(iterations, 1):
        value = each.info.values.get("at_floor")  # type: ignore[attr-defined]
        if value is not None and float(value) > 0:
            return number
    return 0


def _quantities(p: Problem, v: FloatArray) -> tuple[list[str], FloatArray]:
    d = descriptors(p.r, v, p.samples[0].state.beta)
    at = p.sigma * np.linspace(1.0, 2.0, 8)
    well = np.array([np.interp(at, p.r, each) for each in v]).T
    names = [*d._fields, *(f"v({x / p.sigma:.2f} sigma)" for x in at)]
    return names, np.vstack([np.array(d), well])
