"""Labelled wrappers and summaries."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from sopr_uq.derived import concise, describe, labelled, summary
from sopr_uq.derived.summary import interval
from sopr_uq.derived.virial import CM3_PER_MOL
from sopr_uq.errors import InputError
from sopr_uq.potentials import lennard_jones
from sopr_uq.potentials.descriptors import descriptors

R = np.arange(1.5, 12.0, 0.02)


@pytest.fixture(scope="module")
def potential() -> xr.DataArray:
    sigma = np.linspace(3.3, 3.5, 10).reshape(2, 5)
    v = np.stack([lennard_jones(s, 0.24).energy(R) for s in sigma.ravel()]).reshape(2, 5, -1)
    coords = {"chain": [0, 1], "draw": np.arange(5), "r": R}
    return xr.DataArray(v, coords, dims=("chain", "draw", "r"), attrs={"units": "kcal/mol"})


def test_describe_equals_the_array_function_and_names_units(potential: xr.DataArray) -> None:
    found = describe(potential, 5.9)
    for name, expected in descriptors(R, potential.values, 5.9)._asdict().items():
        np.testing.assert_array_equal(found[name], expected)
        assert found[name].dims == ("chain", "draw")
    assert {n: a.attrs["units"] for n, a in found.items()} == labelled.DESCRIPTOR_UNITS


def test_dimensions_may_come_in_any_order(potential: xr.DataArray) -> None:
    turned = describe(potential.transpose("r", "draw", "chain"), 5.9)
    xr.testing.assert_allclose(turned.transpose("chain", "draw"), describe(potential, 5.9))


def test_every_wrapper_keeps_its_dimensions_and_says_its_unit(potential: xr.DataArray) -> None:
    curves = [
        labelled.reference(potential),
        labelled.hard_particle_integrand(potential, 5.9),
        labelled.blip(potential, 5.9),
    ]
    numbers = [labelled.boyle_temperature(potential), labelled.tail_strength(potential)]
    assert all(a.dims == ("chain", "draw", "r") and a.attrs["units"] for a in curves)
    assert all(a.dims == ("chain", "draw") and a.attrs["units"] for a in numbers)
    virial = labelled.second_virial(potential, [100.0, 200.0])
    molar = labelled.second_virial(potential, [100.0, 200.0], molar=True)
    assert virial.dims == ("chain", "draw", "temperature")
    assert virial["temperature"].attrs == {"units": "K"}
    np.testing.assert_allclose(molar, CM3_PER_MOL * virial)


def test_a_potential_without_r_is_refused(potential: xr.DataArray) -> None:
    with pytest.raises(InputError, match="dimension r"):
        describe(potential.rename(r="x"), 5.9)


def test_summary_is_what_numpy_says_and_remembers_its_interval(potential: xr.DataArray) -> None:
    draws = describe(potential, 5.9)
    table = summary(draws, ci_prob=0.8)
    assert table.attrs == {"ci_kind": "eti", "ci_prob": 0.8}
    sigma = draws["sigma"].values
    row = table.sel(quantity="sigma")
    assert float(row["mean"]) == pytest.approx(sigma.mean())
    assert float(row["sd"]) == pytest.approx(sigma.std(ddof=1))
    assert [float(row["lower"]), float(row["upper"])] == pytest.approx(
        list(np.quantile(sigma, [0.1, 0.9]))
    )
    assert str(row["text"].values) == concise(sigma.mean(), sigma.std(ddof=1))
    assert str(row["unit"].values) == "angstrom"


def test_summary_keeps_other_dimensions_and_counts_undefined_draws(
    potential: xr.DataArray,
) -> None:
    boyle = labelled.second_virial(potential, [100.0, 200.0]).to_dataset()
    boyle["second_virial"][0, 0, 1] = np.nan
    table = summary(boyle)
    assert table["mean"].dims == ("quantity", "temperature")
    np.testing.assert_array_equal(table["missing"], [[0, 1]])
    assert np.isfinite(table["mean"]).all()


def test_highest_density_is_the_shorter_interval() -> None:
    x = np.random.default_rng(3).exponential(size=(3, 4000))
    (l_eti, u_eti), (l_hdi, u_hdi) = interval(x, 0.9, "eti"), interval(x, 0.9, "hdi")
    assert l_hdi.shape == (3,)
    assert np.all(u_hdi - l_hdi < u_eti - l_eti)
    np.testing.assert_allclose(u_hdi, -np.log(0.1), rtol=0.1)


@pytest.mark.parametrize("bad", [{"ci_prob": 1.0}, {"ci_prob": 95}, {"ci_kind": "sd"}])
def test_a_nonsense_interval_is_refused(bad: dict[str, object], potential: xr.DataArray) -> None:
    with pytest.raises(InputError):
        summary(describe(potential, 5.9), **bad)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("mean", "sd", "text"),
    [
        (3.3991, 0.0071, "3.399(7)"),
        (3.3634, 0.0349, "3.363(35)"),
        (3.7787, 0.0142, "3.779(14)"),
        (0.2881, 0.0501, "0.29(5)"),
        (3.39914, 0.00981, "3.399(10)"),
        (150.2, 12.3, "150(12)"),
        (-412.7, 1.23, "-412.7(1.2)"),
        (41234.0, 560.0, "41200(600)"),
        (2.0, 0.0, "2"),
        (1 / 7, 1e-17, "0.142857"),
        (float("nan"), 1.0, "undefined"),
    ],
)
def test_concise_notation(mean: float, sd: float, text: str) -> None:
    assert concise(mean, sd) == text


@given(st.floats(-1e3, 1e3), st.floats(1e-6, 1e3))
def test_concise_moves_a_value_by_less_than_a_seventh_of_its_sd(mean: float, sd: float) -> None:
    # rounding to one digit of at least 3.55 moves the value by at most 0.5/3.55 of it
    shown = float(concise(mean, sd).split("(")[0])
    assert abs(shown - mean) <= 0.5 / 3.545 * sd * (1 + 1e-9) + 1e-12
