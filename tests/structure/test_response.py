"""The linear response is the derivative of the HNC solution, to rounding."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest

from sopr_uq.errors import InputError
from sopr_uq.potentials import Mie, lennard_jones
from sopr_uq.structure.ornstein_zernike import Solution, implied_bridge, solve
from sopr_uq.structure.response import LinearResponse, linear_response, rdf_response
from sopr_uq.structure.transforms import RadialGrid, structure_rows
from sopr_uq.structure.virial import virial_pressure
from sopr_uq.units import inverse_temperature

GRID = RadialGrid(1023, 0.02)
Q = np.array([0.0, 0.71, 2.003, 7.7])


class State(NamedTuple):
    potential: Mie
    density: float
    beta: float
    solution: Solution
    response: LinearResponse


def make_state(potential, density, temperature):
    beta = inverse_temperature(temperature)
    solution = solve(GRID, potential.energy(GRID.r), density, beta)
    assert solution.converged
    response = linear_response(GRID, solution.g, density, beta)
    return State(potential, density, beta, solution, response)


# HNC has no solution for this xenon below 275 K, so 285 K stands for its 274 K.
@pytest.fixture(
    scope="module",
    params=[(3.40, 0.238, 0.02125, 85.0), (3.88, 0.476, 0.00881, 285.0)],
    ids=["argon", "xenon"],
)
def state(request):
    sigma, epsilon, density, temperature = request.param
    return make_state(lennard_jones(sigma, epsilon), density, temperature)


def directions(potential):
    """Return δv and −δv′ of a bump in the well, one in the tail, and of ∂v/∂σ and v itself."""
    r, step = GRID.r, 1e-5
    bumps = [(4.0, 0.3), (7.0, 1.0)]
    dv = [np.exp(-(((r - c) / w) ** 2)) for c, w in bumps]
    df = [2.0 * (r - c) / w**2 * b for (c, w), b in zip(bumps, dv, strict=True)]
    wide, thin = (Mie(potential.sigma + s, potential.epsilon) for s in (step, -step))
    dv += [(wide.energy(r) - thin.energy(r)) / (2 * step), potential.energy(r)]
    df += [(wide.force(r) - thin.force(r)) / (2 * step), potential.force(r)]
    return np.stack(dv, axis=1), np.stack(df, axis=1)


def richardson(f, step):
    """Fourth-order central difference of f at 0."""
    near, far = (f(step) - f(-step)) / (2 * step), (f(2 * step) - f(-2 * step)) / (4 * step)
    return (4 * near - far) / 3


# The bridge of the solution itself (zero) and a foreign one: it is held fixed.
@pytest.mark.parametrize("bridge", [None, -0.4 * np.exp(-((GRID.r / 4.5) ** 4))])
def test_rdf_structure_and_pressure_are_derivatives(state, bridge):
    v, force = state.potential.energy(GRID.r), state.potential.force(GRID.r)
    at = solve(GRID, v, state.density, state.beta, bridge=bridge)
    response = linear_response(GRID, at.g, state.density, state.beta)
    dv, df = directions(state.potential)
    dg = response.rdf(dv)
    ds = response.structure(Q, dg)
    dp = response.pressure(force, dv, dg, df)
    rows = structure_rows(GRID, Q, state.density)
    for j, scale in enumerate((3e-4, 3e-4, 1e-4, 3e-4)):

        def moved(step, j=j):
            energy = v + step * dv[:, j]
            found = solve(GRID, energy, state.density, state.beta, bridge=bridge, start=at.gamma)
            pressure = virial_pressure(
                GRID, found.g, energy, force + step * df[:, j], state.density, state.beta
            )
            return np.concatenate((found.g, rows @ found.h, [pressure]))

        exact = richardson(moved, scale)
        parts = (slice(0, GRID.n), slice(GRID.n, -1), slice(-1, None))
        for part, found in zip(parts, (dg[:, j], ds[:, j], dp[j : j + 1]), strict=True):
            error = np.abs(found - exact[part]).max() / np.abs(exact[part]).max()
            assert error < 1e-7


def test_a_wrong_jacobian_is_caught(state):
    """The negative control: the dilute response −βgδv misses by far more than 1e-7."""
    dv, _ = directions(state.potential)
    dilute = -state.beta * state.solution.g[:, None] * dv
    exact = state.response.rdf(dv)
    assert np.all(np.abs(dilute - exact).max(axis=0) > 0.1 * np.abs(exact).max(axis=0))


def test_dilute_limit():
    dilute = make_state(lennard_jones(3.4, 0.238), 1e-7, 150.0)
    dv, _ = directions(dilute.potential)
    expected = -dilute.beta * dilute.solution.g[:, None] * dv
    np.testing.assert_allclose(
        dilute.response.rdf(dv), expected, atol=1e-4 * np.abs(expected).max()
    )


def test_response_is_symmetric_and_decreases_the_energy(state):
    """r² δg(r)/δv(r′) r′⁻² is symmetric; δv·δg summed over pairs is negative."""
    points = np.searchsorted(GRID.r, [3.5, 4.1, 5.0, 9.0])
    dg = state.response.rdf(np.eye(GRID.n)[:, points])[points]
    weighted = GRID.r[points, None] ** 2 * dg
    np.testing.assert_allclose(weighted, weighted.T, rtol=1e-9, atol=1e-9)
    assert state.response.stable
    assert np.linalg.eigvalsh(weighted).max() < 0.0


def test_core_does_not_move(state):
    g = np.where(GRID.r < 3.3, 0.0, state.solution.g)
    dv, _ = directions(state.potential)
    dg = rdf_response(g, state.density, state.beta, GRID, dv)
    assert np.all(dg[GRID.r < 3.3] == 0.0)
    assert np.isfinite(dg).all()


def test_differences_may_stand_for_forces(state):
    dv, df = directions(state.potential)
    dg = state.response.rdf(dv)
    force = state.potential.force(GRID.r)
    exact = state.response.pressure(force, dv, dg, df)
    np.testing.assert_allclose(state.response.pressure(force, dv, dg), exact, rtol=1e-4)


def test_bridge_of_the_state_makes_the_response_exact():
    """Any g has a bridge function, so the formula needs none: PY's g as an example."""
    potential, density, beta = lennard_jones(3.4, 0.238), 0.018, inverse_temperature(140.0)
    v = potential.energy(GRID.r)
    g = solve(GRID, v, density, beta, "py").g
    bridge = implied_bridge(GRID, g, v, density, beta)
    bump = np.exp(-(((GRID.r - 5.0) / 0.5) ** 2))
    dg = rdf_response(g, density, beta, GRID, bump[:, None])[:, 0]
    exact = richardson(lambda s: solve(GRID, v + s * bump, density, beta, bridge=bridge).g, 1e-3)
    np.testing.assert_allclose(dg, exact, atol=1e-6 * np.abs(exact).max())


def test_an_unstable_state_is_named():
    """The g(r) of a vapour that has begun to condense into droplets."""
    droplets = np.where(GRID.r < 3.0, 0.0, 1.0 + 4.0 * np.exp(-GRID.r / 4.0))
    response = linear_response(GRID, droplets, 0.005, inverse_temperature(100.0))
    assert not response.stable
    assert np.isfinite(response.rdf(np.exp(-GRID.r)[:, None])).all()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: linear_response(GRID, np.where(GRID.r < 4.0, 0, 1), 0.02, 1.0), "S = "),
        (
            lambda: rdf_response(np.ones(GRID.n), 0.02, 1.0, GRID, np.ones(GRID.n)),
            r"\(1023, m\)",
        ),
    ],
)
def test_nonsense_is_refused(call, words):
    with pytest.raises(InputError, match=words):
        call()
