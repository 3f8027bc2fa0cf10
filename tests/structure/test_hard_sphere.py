"""Closed forms of hard spheres against each other."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad

from sopr_uq.errors import InputError
from sopr_uq.structure.hard_sphere import HardSpheres

SPHERES = HardSpheres(3.4, 0.018)


def test_structure_factor_is_the_transform_of_the_direct_correlation():
    q = np.array([0.0, 1e-4, 0.1, 0.29, 0.2942, 0.5, 1.9, 6.0])
    c = SPHERES.direct_correlation
    for k, s in zip(q, SPHERES.structure_factor(q), strict=True):
        integral = quad(lambda r, k=k: float(c(r)) * r**2 * np.sinc(k * r / np.pi), 0.0, 3.4)[0]
        assert s == pytest.approx(1.0 / (1.0 - 4.0 * np.pi * SPHERES.density * integral), rel=1e-8)


def test_series_and_closed_form_meet():
    below, above = 1.0 - 1e-12, 1.0 + 1e-12
    s = SPHERES.structure_factor(np.array([below, above]) / SPHERES.diameter)
    assert s[0] == pytest.approx(s[1], rel=1e-10)


def test_compressibility_is_consistent_with_its_pressure():
    """β ∂P/∂ρ = 1/S(0) for the compressibility route."""
    step = 1e-5

    def reduced(density):
        return density * HardSpheres(3.4, density).py_compressibility

    slope = (reduced(0.018 + step) - reduced(0.018 - step)) / (2 * step)
    assert slope == pytest.approx(1.0 / float(SPHERES.structure_factor(0.0)), rel=1e-5)


def test_virial_route_follows_from_the_contact_value():
    assert SPHERES.py_virial == pytest.approx(1.0 + 4.0 * SPHERES.packing * SPHERES.contact)


def test_carnahan_starling_is_the_weighted_mean_of_the_two_routes():
    """(2 Z_c + Z_v)/3, how the equation is often remembered."""
    mean = (2.0 * SPHERES.py_compressibility + SPHERES.py_virial) / 3.0
    assert SPHERES.carnahan_starling == pytest.approx(mean, rel=1e-12)


@pytest.mark.parametrize("name", ["py_virial", "py_compressibility", "carnahan_starling"])
def test_virial_coefficients(name):
    """Z = 1 + 4η + 10η² + …: B₂ and B₃ of hard spheres are known exactly."""
    eta = 1e-3
    spheres = HardSpheres(1.0, 6.0 * eta / np.pi)
    assert spheres.packing == pytest.approx(eta)
    third = (getattr(spheres, name) - 1.0 - 4.0 * eta) / eta**2
    assert third == pytest.approx(10.0, rel=0.003)


@pytest.mark.parametrize(("diameter", "density"), [(0.0, 0.02), (3.4, 0.0), (3.4, 0.06)])
def test_nonsense_is_refused(diameter, density):
    with pytest.raises(InputError, match="packing fraction"):
        HardSpheres(diameter, density)
