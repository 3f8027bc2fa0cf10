"""Labelled arrays keep numbers, units and the state point."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from sopr_uq.errors import InputError
from sopr_uq.experiment import (
    Observation,
    StatePoint,
    load_curve,
    load_system,
    read_curve,
    to_dataset,
)


def test_a_system_becomes_one_dataset_with_units_everywhere():
    argon = load_system("argon-85K")
    data = to_dataset(argon)
    assert data.g.dims == ("r",)
    assert data.s.dims == ("q",)
    assert (data.r.units, data.q.units) == ("angstrom", "1/angstrom")
    assert (data.temperature.item(), data.density.item()) == (85.0, 0.02125)
    assert all("units" in variable.attrs for variable in data.variables.values())
    assert int(data.g_in_window.sum()) == int(argon.observations[0].mask.sum())


def test_a_shipped_curve_by_name_carries_state_point_and_reading_error():
    xenon = load_curve("xenon_274K_gr")
    assert xenon.temperature.item() == 274.0
    assert xenon.temperature.units == "K"
    assert xenon.r.standard_error == 0.015
    assert "Shanks" in xenon.attrs["source"]


def test_round_trip_through_netcdf_and_csv(tmp_path):
    """Units and numbers survive disk; written out again the curve is read as the same."""
    data = load_curve("neon_42K_gr")
    data.to_netcdf(tmp_path / "neon.nc")
    with xr.open_dataset(tmp_path / "neon.nc") as back:
        xr.testing.assert_identical(back.load(), data)
    lines = ["r_angstrom,g"]
    lines += [
        f"{r!r},{g!r}" for r, g in zip(data.r.values.tolist(), data.g.values.tolist(), strict=True)
    ]
    (tmp_path / "again.csv").write_text("\n".join(lines))
    again = read_curve(tmp_path / "again.csv", "g")
    np.testing.assert_array_equal(again.x, data.r)
    np.testing.assert_array_equal(again.value, data.g)


def test_errors_covariances_and_pressures():
    x, state = np.linspace(3, 9, 4), StatePoint(85.0, 0.02, 40.0)
    stated = to_dataset(Observation("g", x, np.ones(4), error=np.full(4, 0.1)), state)
    np.testing.assert_array_equal(stated.g_error, np.full(4, 0.1))
    dense = to_dataset(Observation("s", x, np.ones(4), covariance=np.eye(4)))
    assert dense.s_covariance.dims == ("q", "q_other")
    assert "temperature" not in dense.coords
    pressure = Observation("pressure", np.zeros(1), np.array([0.12]), error=np.array([0.01]))
    scalar = to_dataset(pressure, state)
    assert (scalar.pressure.item(), scalar.pressure.units) == (0.12, "MPa")
    assert scalar.pressure_error.item() == 0.01


def test_two_curves_of_one_kind_do_not_fit():
    argon = load_system("argon-85K")
    twice = replace(argon, observations=(argon.observations[0],) * 2)
    with pytest.raises(InputError, match="one measurement of each kind"):
        to_dataset(twice)
