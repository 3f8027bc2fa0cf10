"""What ships is complete, intact and described."""

import shutil
import tomllib

import numpy as np
import pytest

from sopr_uq.errors import InputError
from sopr_uq.experiment import catalogue, load_curve, load_system, systems
from sopr_uq.experiment.measurement import read_observation
from sopr_uq.experiment.observe_settings import ObserveSettings

REGISTRY = tomllib.loads((catalogue.data_folder() / "registry.toml").read_text())


def test_four_systems_ship_with_everything_a_listing_needs():
    assert [s.name for s in systems()] == ["argon-85K", "neon-42K", "krypton-199K", "xenon-274K"]
    for system in systems():
        assert system.title
        assert system.state.temperature > 0
        assert all(c.source and c.doi and c.remark for c in system.curves)


def test_every_file_is_registered_and_every_entry_is_a_file():
    listed = {entry["file"] for kind in ("curves", "tables") for entry in REGISTRY[kind].values()}
    present = {path.name for path in catalogue.data_folder().iterdir()}
    assert present == listed | {"registry.toml"}


@pytest.mark.parametrize("name", [s.name for s in systems()])
def test_a_system_loads_and_passes_its_own_plausibility_checks(name):
    system = load_system(name)
    assert system.name == name
    assert system.observations[0].kind == "g"
    assert system.sources


@pytest.mark.parametrize("entry", REGISTRY["curves"].values(), ids=REGISTRY["curves"])
def test_every_curve_states_units_reasons_and_licence(entry):
    unit = {"g": "angstrom", "s": "1/angstrom"}[entry["kind"]]
    assert entry["x_unit"] == unit
    assert entry["value_unit"] == "1"
    assert entry["window_reason"]
    assert entry["abscissa_error_reason"]
    assert ("drift" in entry) == ("drift_reason" in entry)
    assert REGISTRY["licence"]


@pytest.mark.parametrize("name", [s.name for s in systems()])
def test_windows_leave_out_what_was_imposed_and_keep_the_liquid(name):
    """No exact zero (set by an author or a draughtsman) counts as measured; the peak does."""
    for observation in load_system(name).observations:
        used = observation.windowed()
        assert not np.any(used.value == 0)
        assert used.value.max() == observation.value.max()


def test_a_changed_file_is_refused(tmp_path, monkeypatch):
    folder = tmp_path / "data"
    shutil.copytree(catalogue.data_folder(), folder)
    curve = folder / "xenon_274K_gr.csv"
    curve.write_text(curve.read_text().replace("2.0365", "2.0366"))
    monkeypatch.setattr(catalogue, "data_folder", lambda: folder)
    load_system("krypton-199K")
    with pytest.raises(ValueError, match=r"xenon_274K_gr.csv, SHA-256: expected 801fc3be.*record"):
        load_system("xenon-274K")


def test_a_misspelt_name_gets_the_nearest_one():
    with pytest.raises(InputError, match="Did you mean 'argon-85K'"):
        load_system("argon85k")
    with pytest.raises(InputError, match="Did you mean 'neon_42K_sq'"):
        load_curve("neon_42k_sq")


def test_a_drift_of_the_registry_is_that_of_the_curve_unless_told():
    """Neon's S(Q) as it was read has one; a configuration may say that it has none."""
    (neon,) = (o for o in load_system("neon-42K").observations if o.kind == "s")
    assert neon.drift == 0.003
    told = ObserveSettings(kind="s", curve="neon_42K_sq", drift=0.0)
    assert read_observation(told).drift == 0.0
    assert {o.drift for o in load_system("argon-85K").observations} == {0.0}
