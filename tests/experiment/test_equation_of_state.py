"""What reference equations of state say of the shipped liquids and beyond."""

from dataclasses import replace

import pytest

from sopr_uq.errors import InputError
from sopr_uq.experiment import load_system, reference_pressure
from sopr_uq.experiment.equation_of_state import coexistence, reference_value
from sopr_uq.units import BOLTZMANN, MPA_PER_KCAL_MOL_A3


@pytest.mark.parametrize(
    ("name", "megapascal"),
    [("neon-42K", 2.44), ("argon-85K", 0.12), ("krypton-199K", 6.37), ("xenon-274K", 4.61)],
)
def test_pressures_of_the_state_points(name, megapascal):
    system = load_system(name)
    assert reference_pressure(system.fluid, system.state) == pytest.approx(megapascal, abs=5e-3)


def test_a_dilute_gas_is_ideal():
    """P → ρ k_B T; at 1e-7 Å⁻³ the second virial term is below 1e-4."""
    state = replace(load_system("argon-85K").state, temperature=300.0, density=1e-7)
    ideal = state.density * BOLTZMANN * 300.0 * MPA_PER_KCAL_MOL_A3
    assert reference_pressure("Argon", state) == pytest.approx(ideal, rel=1e-4)


def test_unknown_fluids_are_refused():
    with pytest.raises(InputError, match="Unobtainium"):
        reference_pressure("Unobtainium", load_system("argon-85K").state)


def test_a_dilute_gas_has_no_energy_of_interaction_and_that_of_a_monatomic_gas():
    state = replace(load_system("argon-85K").state, temperature=300.0, density=1e-7)
    assert reference_value("energy", "Argon", state) == pytest.approx(0.0, abs=1e-4)
    heat = reference_value("heat-capacity", "Argon", state)
    assert heat == pytest.approx(1.5 * BOLTZMANN * 4184.0, rel=1e-3)


def test_liquid_argon_near_its_triple_point():
    """NIST's reference: viscosity 0.28 mPa s, and a residual energy of −5.9 kJ/mol."""
    state = load_system("argon-85K").state
    assert reference_value("viscosity", "Argon", state) == pytest.approx(0.28, abs=0.01)
    assert reference_value("energy", "Argon", state) == pytest.approx(-5.86 / 4.184, abs=0.02)
    assert reference_value("pressure", "Argon", state) == reference_pressure("Argon", state)


def test_what_coolprop_does_not_know_is_none():
    state = load_system("xenon-274K").state
    assert reference_value("viscosity", "Xenon", state) is None
    assert reference_value("diffusion", "Argon", state) is None
    assert reference_value("pressure", "Unobtainium", state) is None


def test_coexistence_ends_at_the_critical_point():
    found = coexistence("Argon", 149.0)
    assert found.vapour < 0.0081 < found.liquid
    assert coexistence("Argon", 151.0) is None
    for fluid, temperature in (("Unobtainium", 100.0), ("Argon", 50.0)):
        with pytest.raises(InputError, match="triple and its critical point"):
            coexistence(fluid, temperature)
