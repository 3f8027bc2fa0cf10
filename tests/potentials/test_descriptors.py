"""Descriptors against closed forms, quadrature and their scaling laws."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from sopr_uq.errors import InputError
from sopr_uq.potentials import Exp6, Mie, Tabulated, lennard_jones
from sopr_uq.potentials.descriptors import (
    descriptors,
    first_zero,
    hard_particle_diameter,
    well,
)
from sopr_uq.units import inverse_temperature

R = np.arange(1.0, 12.0, 0.02)


def quadrature_diameter(potential: Mie, beta: float) -> float:
    def integrand(r: float) -> float:
        return float(-np.expm1(-beta * (potential.energy(r) + potential.epsilon)))

    start = 0.3 * potential.sigma
    return start + quad(integrand, start, potential.r_vdw, epsabs=1e-12, limit=400)[0]


@given(
    sigma=st.floats(2.4, 4.5),
    epsilon=st.floats(0.02, 1.0),
    n=st.floats(9.0, 16.0),
    temperature=st.floats(20.0, 400.0),
)
def test_mie_descriptors_are_exact(
    sigma: float, epsilon: float, n: float, temperature: float
) -> None:
    potential = Mie(sigma, epsilon, n)
    beta = inverse_temperature(temperature)
    found = descriptors(R, potential.energy(R), beta)
    assert abs(found.sigma - sigma) < 1e-5
    assert abs(found.r_vdw - potential.r_vdw) < 1e-5
    assert abs(found.epsilon / epsilon - 1) < 1e-6
    assert abs(found.d_hp - quadrature_diameter(potential, beta)) < 1e-5


def test_exp6_descriptors_are_exact() -> None:
    potential = Exp6(3.8, 0.24, 13.0)
    found = descriptors(R, potential.energy(R), 5.0)
    assert abs(found.sigma - potential.sigma) < 1e-5
    assert abs(found.r_vdw - 3.8) < 1e-5
    assert abs(found.epsilon - 0.24) < 1e-6


def test_leading_axes_are_kept_and_the_parts_agree_with_the_whole() -> None:
    v = np.array([[lennard_jones(s, e).energy(R) for s in (3.0, 3.4, 3.6)] for e in (0.1, 0.3)])
    whole = descriptors(R, v, np.array([[4.0], [5.0]]))
    assert whole.sigma.shape == whole.d_hp.shape == (2, 3)
    one = descriptors(R, v[1, 2], 5.0)
    np.testing.assert_array_equal([x[1, 2] for x in whole], list(one))
    np.testing.assert_array_equal(first_zero(R, v), whole.sigma)
    np.testing.assert_array_equal(well(R, v), (whole.r_vdw, whole.epsilon))
    np.testing.assert_array_equal(hard_particle_diameter(R, v[1], 5.0), whole.d_hp[1])


@given(length=st.floats(0.1, 10.0), energy=st.floats(0.01, 100.0))
def test_a_change_of_units_only_rescales(length: float, energy: float) -> None:
    v = Mie(3.4, 0.24, 11.0).energy(R)
    before = descriptors(R, v, 5.0)
    after = descriptors(length * R, energy * v, 5.0 / energy)
    np.testing.assert_allclose(after.sigma, length * before.sigma, rtol=1e-10)
    np.testing.assert_allclose(after.r_vdw, length * before.r_vdw, rtol=1e-7)
    np.testing.assert_allclose(after.d_hp, length * before.d_hp, rtol=1e-7)
    np.testing.assert_allclose(after.epsilon, energy * before.epsilon, rtol=1e-10)


def test_the_answer_does_not_jump_as_the_grid_slides_under_the_potential() -> None:
    potential = lennard_jones(3.4, 0.24)
    grids = [R + shift for shift in np.linspace(0, 0.02, 41)]
    found = np.array([descriptors(r, potential.energy(r), 5.9) for r in grids])
    assert np.ptp(found, axis=0).max() < 1e-5


def test_cold_diameter_tends_to_the_minimum_and_hot_shrinks() -> None:
    v = lennard_jones(3.4, 0.24).energy(R)
    cold, hot = descriptors(R, v, 1e6), descriptors(R, v, 1e-2)
    assert cold.r_vdw - 0.01 < cold.d_hp < cold.r_vdw
    assert hot.d_hp < 0.8 * hot.sigma


def test_wiggles_of_the_tail_are_not_the_well() -> None:
    potential = lennard_jones(3.4, 0.24)
    v = potential.energy(R) + np.where(R > 7, 1e-3 * np.sin(5 * R), 0.0)
    assert abs(descriptors(R, v, 5.0).r_vdw - potential.r_vdw) < 1e-5


def test_draws_without_a_feature_are_nan_and_leave_the_others_alone() -> None:
    good = lennard_jones(3.4, 0.24).energy(R)
    rows = {
        "repulsive": (3.0 / R) ** 12,
        "attractive": -((3.0 / R) ** 6),
        "falls to the end": 5.0 - R,
        "nan in the core": np.where(R < 1.1, np.nan, good),
        "infinite core": np.where(R < 1.5, np.inf, good),
        "good": good,
    }
    found = descriptors(R, np.array(list(rows.values())), 5.0)
    assert np.isnan([found.d_hp[:4], found.r_vdw[:4]]).all()
    np.testing.assert_array_equal(np.isnan(found.sigma[:4]), [True, True, False, True])
    for x in found:
        np.testing.assert_allclose(x[4], x[5], rtol=1e-12)


@pytest.mark.parametrize(
    ("r", "v"),
    [(R[::-1], R), (R, R[:-1]), (R[:4], R[:4]), (np.stack([R, R]), R)],
)
def test_nonsense_is_refused(r: np.ndarray, v: np.ndarray) -> None:
    with pytest.raises(InputError):
        descriptors(r, v, 1.0)


def test_four_thousand_draws_take_well_under_a_second() -> None:
    r = np.linspace(2.0, 12.0, 500)
    x = 1.0 / r
    sigma = np.linspace(3.0, 4.0, 4000)[:, None]
    v = 4 * 0.24 * ((sigma * x) ** 12 - (sigma * x) ** 6)
    begin = time.process_time()
    descriptors(r, v, 5.0)
    assert time.process_time() - begin < 1.0


@pytest.mark.parametrize("reduced", [0.7, 0.8, 1.0, 1.2, 1.4, 1.6])
def test_lennard_jones_diameter_follows_the_fit_of_verlet_and_weis(reduced: float) -> None:
    """d/σ = (0.3837 T* + 1.068)/(0.4293 T* + 1), good to about 5e-4 over its range.

    L. Verlet and J.-J. Weis, Phys. Rev. A 5, 939 (1972).
    """
    r = np.arange(0.5, 5.0, 0.005)
    found = descriptors(r, lennard_jones(1.0, 1.0).energy(r), 1.0 / reduced).d_hp
    assert abs(found - (0.3837 * reduced + 1.068) / (0.4293 * reduced + 1.0)) < 5e-4


def test_a_repulsion_that_ends_at_zero_has_none() -> None:
    """Neither by an exact zero at its end, nor by rounding below it."""
    repulsive = np.exp(-3.0 * (R - 3.0))
    for end in (np.where(R < 9.0, repulsive, 0.0), repulsive - 1e-12, repulsive - repulsive[-1]):
        found = descriptors(R, end, 1.0)
        assert np.isnan([found.sigma, found.epsilon, found.r_vdw]).all()


@pytest.mark.parametrize("decimals", [3, 4, 6, 8, 12])
@pytest.mark.parametrize("end", [8.0, 12.0])
def test_a_repulsive_table_has_no_well_however_it_was_rounded(decimals, end):
    """Where it ends it is continued, and dips by its rounding: that is no well, nor a size."""
    r = np.arange(1.5, end, 0.02)
    table = Tabulated(r, np.round(1800.0 * np.exp(-(r - 1.0) / 0.34), decimals))
    at = np.arange(1.0, 15.0, 0.005)
    assert np.isnan(first_zero(at, table.energy(at)))
    assert np.isfinite(first_zero(at, lennard_jones(2.55, 0.02).energy(at))), "helium has one"
