"""Reference pressures of the shipped state points."""

from dataclasses import replace

import pytest

from sopr_uq.errors import InputError
from sopr_uq.experiment import load_system, reference_pressure
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
