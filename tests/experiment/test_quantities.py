"""Values with units: what people write, in the package's units; what nobody knows, refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sopr_uq.engine.settings import EngineSettings
from sopr_uq.errors import InputError
from sopr_uq.experiment.observe_settings import ObserveSettings
from sopr_uq.experiment.quantities import FACTORS, convert, read_number
from sopr_uq.experiment.settings import ReferenceSettings, SystemSettings


@pytest.mark.parametrize(
    ("text", "quantity", "value"),
    [
        ("119.8 K", "energy", 0.238067), ("0.996 kJ/mol", "energy", 0.238050),
        ("0.238 kcal/mol", "energy", 0.238), ("10.33 meV", "energy", 0.238217),
        ("0.34 nm", "length", 3.4), ("340 pm", "length", 3.4), ("3.4Å", "length", 3.4),
        ("3.4 Angstrom", "length", 3.4), ("118 1/nm", "wave number", 11.8),
        ("118 nm^-1", "wave number", 11.8), ("11.8 Å⁻¹", "wave number", 11.8),
        ("11.8 A-1", "wave number", 11.8), ("85 K", "temperature", 85.0),
        ("-188.15 °C", "temperature", 85.0), ("-188.15 C", "temperature", 85.0),
        ("1.396 g/cm^3", "density", 0.0210446), ("1396 kg/m3", "density", 0.0210446),
        ("1.396 g/cm³", "density", 0.0210446), ("1.396 g cm^-3", "density", 0.0210446),
        ("21.04 nm^-3", "density", 0.02104), ("0.02104 Å⁻³", "density", 0.02104),
        ("0.02104 1/A^3", "density", 0.02104), ("34.94 mol/L", "density", 0.0210413),
        ("39.948 u", "mass", 39.948), ("39.948 g/mol", "mass", 39.948),
        ("1 bar", "pressure", 0.1), ("1 atm", "pressure", 0.101325),
        ("2.36e-9 m^2/s", "diffusion", 2.36), ("2.36e-5 cm²/s", "diffusion", 2.36),
        ("2.36e-9 m² s⁻¹", "diffusion", 2.36), ("0.236 Å^2/ps", "diffusion", 2.36),
        ("0.28 mPa·s", "viscosity", 0.28), ("280 µPa s", "viscosity", 0.28),
        ("2.8e-4 Pa s", "viscosity", 0.28), ("0.28 cP", "viscosity", 0.28),
        ("2.5e3 Pa", "pressure", 0.0025),
        ("5.8 fm", "scattering length", 5.8), ("0.002 ps", "time", 2.0),
    ],
)  # fmt: skip
def test_units_that_people_write(text, quantity, value):
    assert convert(text, quantity, 39.948) == pytest.approx(value, rel=1e-5)


@pytest.mark.parametrize("value", [85, 85.0, "85", "8.5e1", " 85 ", None, True, [1]])
def test_what_has_no_unit_is_left_alone(value):
    assert convert(value, "temperature") is value


@pytest.mark.parametrize(
    ("text", "quantity"),
    [("85 F", "temperature"), ("3 kcal", "length"), ("3.4 furlong", "length"), ("1 K", "pressure")],
)
def test_other_units_are_refused_with_those_that_are_known(text, quantity):
    with pytest.raises(ValueError, match="with a unit among"):
        convert(text, quantity)


def test_a_mass_density_needs_a_mass():
    with pytest.raises(ValueError, match="a mass beside a mass density"):
        convert("1.4 g/cm^3", "density")


@given(st.sampled_from([(q, u) for q in FACTORS for u in FACTORS[q] if u != "°C"]),
       st.floats(1e-3, 1e3))  # fmt: skip
def test_twice_as_much_is_twice_as_much(unit, number):
    quantity, name = unit
    once = convert(f"{number!r} {name}", quantity, 40.0)
    assert convert(f"{2 * number!r} {name}", quantity, 40.0) == pytest.approx(2 * once, rel=1e-12)


def test_configurations_understand_them():
    system = SystemSettings(
        name="x", temperature="85 K", density="1.41 g/cm^3", mass="39.948 g/mol"
    )
    assert system.state.density == pytest.approx(0.021256, rel=1e-4)
    assert ReferenceSettings(sigma="0.34 nm", epsilon="119.8 K").sigma == 3.4
    observe = ObserveSettings(kind="g", file="x", window=("0.3 nm", 15), q_max="118 1/nm")
    assert (observe.window, observe.q_max) == ((3.0, 15.0), 11.8)
    assert ObserveSettings(kind="g", file="x", q_max="none").q_max == "none"
    assert ObserveSettings(kind="pressure", value="1 bar", error="10 kPa").error == 0.01
    assert EngineSettings(cutoff="1.2 nm", timestep="0.002 ps").timestep == 2.0


@pytest.mark.parametrize(
    "keys", [{"temperature": "85 F"}, {"density": "1.4 g/cm^3", "mass": "heavy"}, {"mass": "4 kg"}]
)
def test_configurations_refuse_what_nobody_knows(keys):
    good = {"name": "x", "temperature": 85.0, "density": 0.02, "mass": 39.948}
    with pytest.raises(ValidationError):
        SystemSettings(**good | keys)


def test_a_q_max_of_zero_is_refused():
    with pytest.raises(ValidationError):
        ObserveSettings(kind="g", file="x", q_max=0)


def test_numbers_on_the_command_line():
    assert read_number("1.396 g/cm^3", "density", "--density", 39.948) < 0.03
    for text in ("x", "-1", "nan", "0 1/nm^3", "3 furlong", "inf"):
        with pytest.raises(InputError, match=r"--density: expected"):
            read_number(text, "density", "--density")
