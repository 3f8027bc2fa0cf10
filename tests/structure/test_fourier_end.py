"""The end of a Fourier integral: found where it shows, and nowhere else.

Curves of known truth: g(r) of the HNC closure, cut at Q_max with noise in S(Q),
its core set to zero, printed with four decimals.
"""

from functools import cache

import numpy as np
import pytest

from sopr_uq.experiment import load_curve
from sopr_uq.potentials import lennard_jones
from sopr_uq.structure.fourier_end import fourier_end
from sopr_uq.structure.solver import solve
from sopr_uq.structure.transforms import RadialGrid
from sopr_uq.units import inverse_temperature

LIQUIDS = {"dense": (85.0, 0.02125, 3.4, 0.24), "dilute": (199.0, 0.01187, 3.58, 0.36),
           "hot": (150.0, 0.019, 3.4, 0.24)}  # fmt: skip
SPACINGS = (0.03, 0.06, 0.1)


@cache
def liquid(name):
    kelvin, density, sigma, epsilon = LIQUIDS[name]
    grid = RadialGrid(4095, 0.01)
    energy = lennard_jones(sigma, epsilon).energy(grid.r)
    solution = solve(grid, energy, density, inverse_temperature(kelvin))
    assert solution.converged
    return grid, solution.g, density


def measured(name, rng, *, q_max=None, lorch=False, noise_s=0.0, noise_g=0.0, spacing=None):
    """Return r and g as a table of a diffraction experiment has them."""
    grid, g, density = liquid(name)
    h = density * grid.forward(g - 1.0)
    h = h + noise_s * rng.standard_normal(h.size) * np.sqrt(0.05 / grid.q[0])
    if q_max is not None:
        h = h * (grid.q <= q_max)
        h = h * np.sinc(grid.q / q_max) if lorch else h
    cut = 1.0 + grid.backward(h) / density
    spacing = spacing or rng.choice(SPACINGS)
    r = spacing * np.arange(1, int(rng.uniform(12.0, 25.0) / spacing))
    value = np.interp(r, grid.r, cut) + noise_g * rng.standard_normal(r.size)
    value[r < grid.r[np.argmax(g > 0.02)]] = 0.0
    return r, np.round(value, 4)


def ends(n, seed, **how):
    rng = np.random.default_rng(seed)
    names = list(LIQUIDS)
    for i in range(n):
        q_max = rng.uniform(8.0, 25.0)
        yield q_max, fourier_end(*measured(names[i % 3], rng, q_max=q_max, **how))


@pytest.mark.parametrize("noise", [0.005, 0.02])
def test_the_end_is_found_within_its_error(noise):
    """36 curves: mean square of z between 0.3 and 2; a χ² of 36 leaves that once in 10⁴."""
    found = list(ends(36, 1, noise_s=noise))
    z = np.array([(end.q_max - q) / end.error for q, end in found if end is not None])
    assert len(z) >= 35
    assert 0.3 < np.mean(z**2) < 2.0
    assert np.abs(z).max() < 4.0
    assert max(end.error for _, end in found if end) < 1.2


def test_a_sharp_end_is_rarely_called_damped():
    assert sum(end.window for _, end in ends(24, 2, noise_s=0.01) if end) <= 1


def test_a_window_is_noticed_and_does_not_lead_far_astray():
    found = list(ends(24, 3, noise_s=0.01, lorch=True))
    known = [(q, end) for q, end in found if end is not None]
    assert len(known) >= 16
    assert sum(end.window for _, end in known) >= 5
    assert max(abs(end.q_max - q) for q, end in known) < 2.0


@pytest.mark.parametrize("noise", [0.0, 0.002, 0.005, 0.02])
def test_a_curve_that_was_never_cut_has_no_end(noise):
    """Negative control: none of 36; a false alarm in more than 8 % would show in 95 % of runs."""
    rng = np.random.default_rng(4)
    curves = [measured(list(LIQUIDS)[i % 3], rng, noise_g=noise) for i in range(36)]
    assert [fourier_end(*curve) for curve in curves] == [None] * 36


def test_white_noise_behind_the_transform_hides_the_end():
    """It is not found; it must not be found elsewhere."""
    for q_max, end in ends(24, 5, noise_g=0.01):
        assert end is None or abs(end.q_max - q_max) < 4.0 * end.error


def test_argon_ends_where_its_authors_say():
    curve = load_curve("argon_85K_gr")
    end = fourier_end(curve["r"].values, curve["g"].values)
    assert end.q_max == pytest.approx(11.75, abs=0.12)
    assert abs(end.q_max - 11.775) < 2.0 * end.error
    assert not end.window


@pytest.mark.parametrize("name", ["krypton_199K_gr", "xenon_274K_gr", "neon_42K_gr"])
def test_smooth_readings_from_figures_have_no_end(name):
    curve = load_curve(name)
    assert fourier_end(curve["r"].values, curve["g"].values) is None


def test_short_coarse_and_flat_curves_have_no_end():
    r = np.linspace(1.0, 20.0, 400)
    assert fourier_end(r, np.ones(400)) is None
    assert fourier_end(r[:30], np.ones(30)) is None
    assert fourier_end(r[::20], np.sin(r[::20])) is None
