"""WCA split, hard-particle integrand and blip function."""

from __future__ import annotations

import numpy as np

from sopr_uq.derived import blip, hard_particle_integrand, wca_split
from sopr_uq.derived.integral import integrate
from sopr_uq.potentials import Exp6, Mie, lennard_jones
from sopr_uq.potentials.descriptors import descriptors

R = np.arange(1.5, 12.0, 0.02)


def test_the_parts_add_up_and_are_what_their_names_say() -> None:
    potential = Mie(3.4, 0.24, 11.0)
    v = np.stack([potential.energy(R), 2 * potential.energy(R)])
    reference, perturbation = wca_split(R, v)
    np.testing.assert_allclose(reference + perturbation, v, atol=1e-9)
    assert (reference >= -1e-9).all()
    assert np.all(reference[:, potential.r_vdw < R] == 0)
    inner = perturbation[:, potential.r_vdw > R]
    np.testing.assert_allclose(
        inner, np.multiply([[-0.24], [-0.48]], np.ones(inner.shape)), rtol=1e-6
    )


def test_integrand_integrates_to_the_diameter_and_blip_to_nothing() -> None:
    v, beta = Exp6(3.8, 0.24, 13.0).energy(R), 5.9
    diameter = descriptors(R, v, beta).d_hp
    f = hard_particle_integrand(R, v, beta)
    assert abs(R[0] + integrate(R, f) - diameter) < 1e-5
    # the step of the hard core falls between two points: half a grid step is what that can cost
    assert abs(integrate(R, blip(R, v, beta))) < 0.5 * 0.02
    fine = np.arange(1.5, 12.0, 0.0002)
    assert abs(integrate(fine, blip(fine, Exp6(3.8, 0.24, 13.0).energy(fine), beta))) < 0.0001


def test_a_steeper_reference_has_a_smaller_blip() -> None:
    areas = [
        np.abs(blip(R, Mie(3.4, 0.24, n).energy(R), 5.9)).sum() for n in (9.0, 12.0, 18.0, 36.0)
    ]
    assert np.all(np.diff(areas) < 0)


def test_beta_broadcasts_over_draws_and_missing_wells_are_nan() -> None:
    v = np.stack([lennard_jones(3.4, 0.24).energy(R), (3.0 / R) ** 12])
    for f in (hard_particle_integrand(R, v, np.array([4.0, 5.0])), blip(R, v, 4.0)):
        assert f.shape == v.shape
        assert np.isfinite(f[0]).all()
        assert np.isnan(f[1]).all()
    both = hard_particle_integrand(R, v, np.array([4.0, 5.0]))
    np.testing.assert_array_equal(both[0], hard_particle_integrand(R, v[0], 4.0))
