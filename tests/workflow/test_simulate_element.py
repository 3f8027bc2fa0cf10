"""An element that laws predict: its potentials, and a boiling line that every draw stretches."""

from __future__ import annotations

import json

import numpy as np
import pytest
import xarray as xr
from click.testing import CliRunner

from sopr_uq import load_simulated
from sopr_uq.cli.main import cli
from sopr_uq.engine import lammps
from sopr_uq.engine.protocol import Simulation, named
from sopr_uq.engine.series import Series
from sopr_uq.engine.timestep import length_scale
from sopr_uq.errors import InputError
from sopr_uq.laws import as_target, open_laws, predict
from sopr_uq.laws.exponent import RANGE, exponent_draws, exponents
from sopr_uq.observables.coexistence import activity, virials
from sopr_uq.potentials import Mie
from sopr_uq.units import BOLTZMANN
from sopr_uq.workflow.simulate_element import boiling_line, predicted_liquid, simulate_element


@pytest.fixture(scope="module")
def laws(laws_file):
    return open_laws(laws_file)


def of_sizes(ratio):
    """Laws that know three elements by their r_vdW/σ alone."""
    rows = xr.Dataset(
        {"mean": (("quantity", "element"), np.array([np.ones(3), ratio]))},
        {"quantity": ["sigma", "r_vdw"], "element": ["A", "B", "C"]},
    )
    tree = xr.DataTree.from_dict({"elements": rows})
    tree.attrs["seed"] = 0
    return tree


def test_exponents_are_found_again():
    known = np.array([9.0, 12.0, 15.0])
    found = of_sizes([Mie(1.0, 1.0, n).r_vdw for n in known])
    np.testing.assert_allclose(exponents(found), known, rtol=1e-3)
    drawn = exponent_draws(found, "Rn", (2000,))
    assert drawn.min() >= RANGE[0]
    assert drawn.max() <= RANGE[1]
    assert np.median(drawn) == pytest.approx(np.exp(np.log(known).mean()), rel=0.03)
    # of normal scatter with the sd known, 68 % would lie within one of it
    assert drawn.std() > 1.2 * known.std(ddof=1) * 0.8


def test_predicted_potentials_have_the_predicted_sizes(laws):
    tree = predicted_liquid(laws, "Rn")
    told = predict(laws, [as_target("Rn")])["Rn"]
    scales = tree["scales"].to_dataset()
    potential = tree["posterior"].to_dataset()["potential"]
    middle = np.median(scales["sigma_scale"])
    assert middle == pytest.approx(1.0, abs=1e-6)
    for name in ("sigma", "epsilon"):
        spread = float(scales[f"{name}_scale"].std())
        assert spread == pytest.approx(told[name]["sd"] / told[name]["mean"], rel=0.2)
    r = potential["r"].values
    zero = np.interp(0.0, -potential.values[0, 0], r)
    assert zero == pytest.approx(told["sigma"]["mean"], rel=0.02)


def insertion_of(setup, z, rows, vapour, noise):
    """What test particles say where a slab of 1372 has such a vapour."""
    (potential,) = setup.in_order
    near = np.abs(z - 20.0) < 9.0
    shift = 1.0 + (1.0 + rows.sum() * (z[1] - z[0]) / (rows[0] * 20.0)) / 1372
    told = np.interp(z[near] / shift, z, rows)
    told = told / activity(vapour, *virials(potential, setup.state.beta))
    return Series.of_blocks("insertion", z[near], told * (1.0 + noise), "1")


def reduced_slab(setup):
    """A slab that follows ln P* = 6 − 8/T*, ρ* = 1 − 0.25 T*, exactly, whatever its shape."""
    (potential,) = setup.in_order
    sigma = length_scale(potential, 300.0)
    depth = -float(potential.energy(sigma * np.linspace(1.0, 2.0, 2001)).min())
    t = BOLTZMANN * setup.state.temperature / depth
    unit = depth / sigma**3 * 6947.6954
    pressure = np.exp(6.0 - 8.0 / t) * unit
    liquid = (1.0 - 0.25 * t) / sigma**3
    vapour = 0.02 * liquid
    z = np.arange(0.125, 75.0, 0.25)
    rows = 0.5 * (liquid + vapour) - 0.5 * (liquid - vapour) * np.tanh((z - 20.0) / 2.0)
    signs = np.array([[1.0], [-1.0]] * 4)
    series = [Series.of_blocks("profile", z, rows * (1.0 + 1e-2 * signs), "angstrom^-3")]
    series.append(insertion_of(setup, z, rows, vapour, -1e-2 * signs))
    noise = 1e-4 * pressure * signs
    for name, value in (("normal", pressure), ("tangential", -0.1 * unit)):
        series.append(Series.of_blocks(f"{name} pressure", np.zeros(1), value + noise, "MPa"))
    return Simulation(named(series), None, (1372,), 1, 1.0, 0.0, "made up")


class MadeUp:
    """An executor of such slabs."""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return

    def run(self, function, items, done=None):
        found = [reduced_slab(setup) for setup in items]
        for number, each in enumerate(found):
            done(number, each)
        return found


def test_every_draw_stretches_the_line():
    """Of exact lines: each draw's own P(T) and ρ(T), in its own units."""
    temperatures = np.array([200.0, 230.0, 260.0])
    depth, size = np.array([[0.9, 1.1]]), np.array([[1.0, 1.05]])
    t = temperatures / 250.0
    shape = {"dims": ("chain", "draw", "state"), "coords": {"temperature": ("state", temperatures)}}
    numbers = xr.Dataset(
        {
            name: xr.DataArray(np.broadcast_to(values, (1, 2, 3)), attrs={"units": "u"}, **shape)
            for name, values in {
                "vapour-pressure": np.exp(6.0 - 8.0 / t), "vapour-density": np.exp(1.0 - 5.0 / t),
                "liquid-density": 1.0 - 0.25 * t, "surface-tension": 2.0 - t,
            }.items()
        }
    )  # fmt: skip
    scales = xr.Dataset(
        {"sigma_scale": (("chain", "draw"), size), "epsilon_scale": (("chain", "draw"), depth)}
    )
    line = boiling_line(xr.DataTree.from_dict({"properties": numbers}), scales, "Rn")
    own = temperatures / (250.0 * depth.T)
    volume = size.T**3
    pressure = np.exp(6.0 - 8.0 / own) * depth.T / volume
    np.testing.assert_allclose(line["vapour-pressure"].sel(statistic="mean"), pressure.mean(axis=0))
    density = (1.0 - 0.25 * own) / volume
    np.testing.assert_allclose(line["liquid-density"].sel(statistic="mean"), density.mean(axis=0))
    boils = 8.0 / (6.0 - np.log(0.101325 * volume / depth.T)) * 250.0 * depth.T
    np.testing.assert_allclose(line["boiling_point"].sel(statistic="mean"), boils.mean())


def test_the_boiling_line_of_radon_has_the_laws_width(laws, tmp_path):
    reason = lammps.unavailable()
    if reason:
        pytest.skip(reason)
    out = tmp_path / "rn"
    tree = simulate_element(laws, "Rn", draws=8, out=out, executor=MadeUp())
    line = tree["boiling"].to_dataset()
    point = line["boiling_point"].sel(statistic="mean")
    scales = predicted_liquid(laws, "Rn")["scales"].to_dataset()
    width = float(line["boiling_point"].sel(statistic="sd") / point)
    assert width == pytest.approx(float(scales["epsilon_scale"].std()), rel=0.25)
    assert bool(line["vapour-pressure_reference"].isnull().all()), "CoolProp has no radon"
    assert load_simulated(out)["boiling"].to_dataset().identical(line)
    shown = CliRunner().invoke(cli, ["show", str(out / "simulated.nc")])
    assert "boils at" in shown.output
    data = CliRunner().invoke(cli, ["show", str(out / "simulated.nc"), "--json"])
    told = json.loads(data.stdout)["boiling"]
    assert told["boiling_point_K"]["mean"] == pytest.approx(float(point))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--element", "Xx"], "Xx"),
        (["--element", "Rn", "--temperature", "250 K"], "at least two"),
        (["--element", "Rn", "--temperature", "250 K", "--temperature", "250 K"], "at least two"),
        (["--element", "Rn", "--density", "0.01"], "--density"),
        (["--element", "Rn", "--from", "200", "--to", "300"], "--from"),
        (["--element", "Rn", "--properties", "pressure"], "--properties"),
    ],
)
def test_what_cannot_be_had_is_refused(laws_file, options, words):
    found = CliRunner().invoke(cli, ["simulate", str(laws_file), "--quiet", *options])
    assert isinstance(found.exception, InputError)
    assert words in str(found.exception)
