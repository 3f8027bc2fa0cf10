"""Potentials to be found again: families of truths that are fluids at a state point."""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

import numpy as np

from sopr_uq.derived.virial import second_virial
from sopr_uq.errors import InputError
from sopr_uq.experiment.state import StatePoint
from sopr_uq.potentials import Exp6, Mie, Potential, Tabulated
from sopr_uq.potentials.descriptors import descriptors
from sopr_uq.refine.newton.prior import Prior
from sopr_uq.refine.problem import Problem
from sopr_uq.refine.start import saturated_density
from sopr_uq.typing import FloatArray

type Family = Literal["prior", "mie", "exp6", "morse", "shoulder", "oscillating"]

FAMILIES: tuple[Family, ...] = get_args(Family.__value__)

MIXED: tuple[Family, ...] = ("mie", "exp6", "morse", "shoulder")
"""What ``mixed`` stands for: one well, and an attractive tail."""

MARGIN = 1.03
"""How much hotter than coexistence with its vapour a truth's equivalent temperature must be."""

SUPERCOOLING = 1.05
"""How much denser than at freezing a truth may be: short simulations do not freeze there."""

_TRIES = 500
_SIGMA_SPREAD = 0.02
_EPSILON_SPREAD = 0.08
_CORE = 0.95
_TRIPLE = 0.69
_HARD, _WAVE = 0.35, 6.7
"""Of a potential that oscillates: the size of its repulsion, and k times where its wave begins."""
_FREEZING = (0.91070, -0.25124, 0.85861, -1.08918, 0.63932, -0.14433)


class Corresponding(NamedTuple):
    """The Lennard-Jones state that corresponds to a liquid: ρσ³ and k_B T/ε."""

    density: float
    temperature: float


def corresponding(potential: Potential, state: StatePoint) -> Corresponding:
    """Return the Lennard-Jones state of equal ρσ³ and equal reduced second virial coefficient.

    References
    ----------
    M. G. Noro, D. Frenkel, J. Chem. Phys. 113, 2941 (2000).
    """
    r = np.arange(0.5, 30.0, 0.02)
    v = potential.energy(r)
    d = descriptors(r, v, state.beta)
    sigma, epsilon = float(d.sigma), float(d.epsilon)
    b2 = second_virial(r, v, np.array([state.temperature]))[0]
    scaled = np.linspace(0.6, 1.6, 101) * state.temperature
    table = second_virial(r, Mie(sigma, epsilon).energy(r), scaled)
    equivalent = float(np.interp(b2, table, scaled)) / state.temperature
    return Corresponding(state.density * sigma**3, equivalent / (state.beta * epsilon))


def freezing_density(temperature: float) -> float:
    """Return ρσ³ of the Lennard-Jones liquid in equilibrium with its crystal, at k_B T/ε.

    References
    ----------
    M. A. van der Hoef, J. Chem. Phys. 113, 8142 (2000).
    """
    beta = 1.0 / temperature
    return float(beta**-0.25 * np.polynomial.Polynomial(_FREEZING)(beta))


def stable(potential: Potential, state: StatePoint) -> bool:
    """Whether a potential is a fluid at a state, by corresponding states.

    It must be denser than the liquid at coexistence with its vapour, at a
    temperature 3 % lower, and no more than 5 % denser than at freezing.
    """
    reduced = corresponding(potential, state)
    # below the triple point the line would bend back
    freezing = freezing_density(max(reduced.temperature, _TRIPLE))
    condensed = reduced.density >= saturated_density(reduced.temperature / MARGIN)
    return condensed and reduced.density <= SUPERCOOLING * freezing


def members(text: str) -> tuple[Family, ...]:
    """Return the families that a text names: ``mie,exp6``, or ``mixed`` for those of one well.

    Raises
    ------
    InputError
        If one of them is unknown.
    """
    if text == "mixed":
        return MIXED
    names = tuple(name.strip() for name in text.split(","))
    known = tuple(family for name in names for family in FAMILIES if family == name)
    if len(known) < len(names):
        raise InputError("family", f"some of {', '.join(FAMILIES)}, or mixed", repr(text))
    return known


def draw_truth(
    problem: Problem, centre: tuple[float, float], family: Family, rng: np.random.Generator
) -> FloatArray:
    """Draw a potential of a family that is a fluid at the problem's state, shape (n,).

    Parameters
    ----------
    problem : Problem
        Its grid and state point are used.
    centre : tuple of float
        σ in Å and ε in kcal/mol about which all but ``prior`` scatter by 2 %
        and 8 %.
    family : {"prior", "mie", "exp6", "morse", "shoulder", "oscillating"}
        ``prior`` draws from the newton rule's own prior. Of the others none has
        a correction δ drawn from it: Mie potentials with n from 9 to 15, exp-6
        with steepness from 12.5 to 15, Morse wells, whose tail is no r⁻⁶,
        Mie potentials with a repulsive shoulder on the outer flank of the well,
        and potentials that go on with humps and wells, as of metals.

    Raises
    ------
    InputError
        If none of 500 candidates is a fluid.
    """
    state = problem.liquids[0].state
    core = problem.r < _CORE * problem.sigma
    for _ in range(_TRIES):
        v = _candidate(problem, centre, family, rng)
        repulsive = v[0] > 0 and bool(np.all(np.diff(v[core]) < 0))
        if repulsive and _has_well(problem, v) and stable(Tabulated(problem.r, v), state):
            return v
    raise InputError(
        f"family {family}",
        f"a fluid at {state.temperature:g} K and {state.density:g} Å⁻³",
        f"none among {_TRIES} potentials about σ = {centre[0]:g} Å, ε = {centre[1]:g} kcal/mol",
        "another centre of the truths, less deep",
    )


def _has_well(problem: Problem, v: FloatArray) -> bool:
    found = descriptors(problem.r, v, problem.liquids[0].state.beta)
    return bool(np.isfinite(found).all() and found.epsilon > 0)


def _candidate(
    problem: Problem, centre: tuple[float, float], family: Family, rng: np.random.Generator
) -> FloatArray:
    if family == "prior":
        return np.asarray(Prior(problem).draw(rng, 1)[0])
    sigma = centre[0] * np.exp(_SIGMA_SPREAD * rng.standard_normal())
    epsilon = centre[1] * np.exp(_EPSILON_SPREAD * rng.standard_normal())
    r = problem.r
    if family == "exp6":
        a = rng.uniform(12.5, 15.0)
        return Exp6(sigma / Exp6(1.0, 1.0, a).sigma, epsilon, a).energy(r)
    if family == "morse":
        return _morse(r, sigma, epsilon, rng.uniform(5.0, 6.5))
    if family == "oscillating":
        return _oscillating(r, sigma, epsilon, rng.uniform(6.0, 8.0))
    mie = Mie(sigma, epsilon, rng.uniform(9.0, 15.0)).energy(r)
    return mie + _shoulder(r, sigma, epsilon, rng) if family == "shoulder" else mie


def _morse(r: FloatArray, sigma: float, epsilon: float, steepness: float) -> FloatArray:
    """Return ε[(1 − e^{−a(r − r_m)})² − 1] with a r_m = steepness and its zero at σ."""
    r_min = sigma / (1.0 - np.log(2.0) / steepness)
    return np.asarray(epsilon * ((1.0 - np.exp(-steepness * (r / r_min - 1.0))) ** 2 - 1.0))


def _oscillating(r: FloatArray, sigma: float, epsilon: float, decay: float) -> FloatArray:
    """Return a repulsion and a wave that dies like a power: a first hump of 0.1 to 0.2 ε.

    The kind of potential that M. Mihalkovič and C. L. Henley, Phys. Rev. B 85, 092102 (2012), fit
    to metals; its wave is about as long as the distance of neighbours.
    """

    def shape(x: FloatArray) -> FloatArray:
        return np.asarray(_HARD * x**-12.0 - x**-decay * np.cos(_WAVE * (x - 1.0)))

    x = np.arange(0.6, 3.0, 0.001)
    found = descriptors(x, shape(x), 1.0)
    return np.asarray(epsilon / float(found.epsilon) * shape(r * float(found.sigma) / sigma))


def _shoulder(r: FloatArray, sigma: float, epsilon: float, rng: np.random.Generator) -> FloatArray:
    """Return a repulsive Gaussian on the outer flank of a well."""
    height, centre = epsilon * rng.uniform(0.05, 0.2), sigma * rng.uniform(1.35, 1.7)
    width = sigma * rng.uniform(0.08, 0.15)
    return np.asarray(height * np.exp(-0.5 * ((r - centre) / width) ** 2))
