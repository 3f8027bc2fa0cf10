"""A user's own liquid through the same door as the shipped ones."""

import hashlib
import pickle

import numpy as np
import pytest

from sopr_uq.errors import InputErrors
from sopr_uq.experiment import build_system, load_system
from sopr_uq.experiment.catalogue import curve
from sopr_uq.experiment.observe_settings import ObserveSettings
from sopr_uq.experiment.settings import ReferenceSettings, SystemSettings
from sopr_uq.potentials import Mie, lennard_jones

XENON = SystemSettings(name="mine", temperature=274.0, density=0.00881, mass=131.29)
LJ = ReferenceSettings(sigma=3.89, epsilon=0.45)
FILE = curve("xenon_274K_gr").path


def test_own_data_give_what_the_registry_gives():
    window = {"window": (3.6, 19.7), "abscissa_error": 0.015}
    mine = build_system(XENON, LJ, [ObserveSettings(kind="g", file=FILE, **window)])
    shipped = load_system("xenon-274K")
    np.testing.assert_array_equal(mine.observations[0].x, shipped.observations[0].x)
    assert mine.observations[0].window == shipped.observations[0].window
    assert mine.state.temperature == shipped.state.temperature


def test_settings_say_more_than_the_registry():
    closer = ObserveSettings(kind="g", curve="xenon_274K_gr", window=(4.0, 9.0), name="inner")
    (observation,) = build_system(XENON, LJ, [closer]).observations
    assert observation.window == (4.0, 9.0)
    assert observation.name == "inner"
    assert observation.abscissa_error == 0.015


def test_a_pressure_is_a_number():
    pressure = ObserveSettings(kind="pressure", value=4.61, error=0.05)
    (observation,) = build_system(XENON, LJ, [pressure]).observations
    assert (observation.value.item(), observation.error.item()) == (4.61, 0.05)


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [("diffusion", "1.2e-8 m^2/s", 12.0), ("viscosity", 0.08, 0.08)],
)
def test_numbers_of_motion_have_units_of_their_own(kind, value, expected):
    settings = ObserveSettings(kind=kind, value=value, error=0.1 * expected)
    (observation,) = build_system(XENON, LJ, [settings]).observations
    assert observation.value.item() == expected
    assert not observation.is_curve


@pytest.mark.parametrize("form", ["lennard-jones", "mie", "table"])
def test_forms_of_the_reference(form, tmp_path):
    truth = Mie(3.89, 0.45, 13.0 if form != "lennard-jones" else 12.0)
    r = np.arange(3.0, 12.0, 0.02)
    rows = "".join(f"{a:.6f},{b:.12g}\n" for a, b in zip(r, truth.energy(r), strict=True))
    table = tmp_path / "v.csv"
    table.write_text("r_angstrom,v_kcal_per_mol\n" + rows)
    keys = {
        "lennard-jones": {"sigma": 3.89, "epsilon": 0.45},
        "mie": {"sigma": 3.89, "epsilon": 0.45, "n": 13.0},
        "table": {"file": table, "sha256": hashlib.sha256(table.read_bytes()).hexdigest()},
    }[form]
    system = build_system(XENON, ReferenceSettings(form=form, **keys), [])
    at = np.linspace(3.5, 11.0, 50)
    np.testing.assert_allclose(system.reference.energy(at), truth.energy(at), atol=1e-6)


def test_every_fault_of_every_file_is_named_at_once(tmp_path):
    spoilt = tmp_path / "spoilt.csv"
    spoilt.write_text("r_angstrom,g\n1.0,zero\n" + "2.0,1.0\n" * 5)
    hot = SystemSettings(name="mine", temperature=1.0, density=2.0, mass=131.29)
    observe = [
        ObserveSettings(kind="g", file=tmp_path / "missing.csv"),
        ObserveSettings(kind="g", file=spoilt),
        ObserveSettings(kind="s", curve="xenon_274K_gr"),
        ObserveSettings(kind="g", curve="xenon"),
    ]
    with pytest.raises(InputErrors) as caught:
        build_system(hot, LJ, observe)
    where = [fault.where for fault in caught.value.faults]
    assert where[:2] == ["system.temperature", "system.density"]
    assert [w.split(",")[0] for w in where[2:]] == [f"observe.{i}" for i in range(4)]
    assert "6 faults in the input" in str(caught.value)


def test_a_reference_without_a_well_is_refused(tmp_path):
    r = np.arange(1.0, 12.0, 0.1)
    rows = "".join(f"{a:.6f},{b:.12g}\n" for a, b in zip(r, 1 / r**2, strict=True))
    (tmp_path / "v.csv").write_text("r_angstrom,v_kcal_per_mol\n" + rows)
    repulsive = ReferenceSettings(form="table", file=tmp_path / "v.csv")
    with pytest.raises(InputErrors, match="a repulsive core and a well"):
        build_system(XENON, repulsive, [])


def test_faults_survive_the_way_between_processes():
    with pytest.raises(InputErrors) as caught:
        build_system(XENON, LJ, [ObserveSettings(kind="g", curve="xenon")])
    again = pickle.loads(pickle.dumps(caught.value))
    assert str(again) == str(caught.value)


def test_lennard_jones_is_the_default_form():
    assert build_system(XENON, LJ, []).reference == lennard_jones(3.89, 0.45)
