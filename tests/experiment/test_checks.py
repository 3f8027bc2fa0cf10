"""Mixed-up units and implausible states are told apart from real liquids."""

from dataclasses import replace

import numpy as np
import pytest

from sopr_uq.errors import InputError
from sopr_uq.experiment import Observation, StatePoint, load_system, systems
from sopr_uq.experiment.checks import check_curve, check_density, check_temperature
from sopr_uq.experiment.reference import Shape, shape
from sopr_uq.potentials import lennard_jones

NAMES = [s.name for s in systems()]
CURVES = [(name, o) for name in NAMES for o in load_system(name).observations]
IDS = [o.name for _, o in CURVES]


@pytest.mark.parametrize(("name", "curve"), CURVES, ids=IDS)
def test_every_shipped_curve_is_refused_in_nanometres(name, curve):
    """The right units pass (the loading shows it); the wrong ones never do."""
    state = load_system(name).state
    factor = {"g": 0.1, "s": 10.0}[curve.kind]
    wrong = replace(curve, x=curve.x * factor, window=(0.0, np.inf))
    with pytest.raises(InputError, match=r"suggests (nanometres|1/nm)"):
        check_curve(wrong, state)


@pytest.mark.parametrize(("name", "curve"), CURVES, ids=IDS)
@pytest.mark.parametrize("spoil", [lambda v: v - 1, lambda v: 0.7 * v, lambda v: 100 * v])
def test_a_level_far_from_one_is_refused(name, curve, spoil):
    with pytest.raises(InputError, match=r"within 0.2 of 1 over the last quarter"):
        check_curve(replace(curve, value=spoil(curve.value)), load_system(name).state)


@pytest.mark.parametrize("name", NAMES)
def test_density_per_cubic_nanometre_moves_the_peak_beyond_packing(name):
    system = load_system(name)
    crowded = replace(system.state, density=1000 * system.state.density)
    with pytest.raises(InputError, match="as packing demands"):
        check_curve(system.observations[0], crowded)


@pytest.mark.parametrize("name", NAMES)
def test_a_temperature_in_celsius_is_refused(name):
    """Shipped temperatures in °C are negative or, for xenon, 0.85: no liquid either way."""
    system = load_system(name)
    celsius = system.state.temperature - 273.15
    if celsius <= 0:
        with pytest.raises(InputError, match="positive finite number"):
            replace(system.state, temperature=celsius)
        return
    with pytest.raises(InputError, match=r"in °C, write 274"):
        check_temperature(replace(system.state, temperature=celsius), shape(system.reference))


@pytest.mark.parametrize("name", NAMES)
def test_a_mass_density_is_refused_with_the_number_density(name):
    system = load_system(name)
    state = system.state
    grams = state.density * state.mass / 0.602214076
    with pytest.raises(InputError, match=f"density × 0.60221/mass = {state.density:.4g}"):
        check_density(replace(state, density=grams), shape(system.reference))


def test_dense_and_dilute_fluids_of_the_literature_pass():
    """Hard-sphere-like hot fluid, triple point, critical point, dilute gas."""
    for reduced_temperature, reduced_density in [(5.0, 1.2), (0.69, 0.85), (1.3, 0.31), (2, 1e-3)]:
        found = Shape(3.4, 0.24)
        kelvin = reduced_temperature * 0.24 / 0.0019872
        state = StatePoint(kelvin, reduced_density / 3.4**3, 40.0)
        check_temperature(state, found)
        check_density(state, found)


def test_a_dilute_gas_is_not_taken_for_nanometres():
    v = lennard_jones(3.4, 0.24)
    state = StatePoint(300.0, 1e-4, 40.0)
    r = np.linspace(2.5, 20.0, 200)
    g = np.exp(-state.beta * v.energy(r))
    check_curve(Observation("g", r, g), state)


def test_shape_of_closed_and_tabulated_potentials_agree():
    v = lennard_jones(3.4, 0.24)
    assert shape(v) == pytest.approx((3.4, 0.24), abs=1e-5)
