"""Coexistence of simulated draws: asked for, refused, kept, and carried to all draws."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner

from sopr_uq import load_result
from sopr_uq.cli.main import cli
from sopr_uq.engine import lammps
from sopr_uq.engine.protocol import Simulation, named
from sopr_uq.engine.series import Series
from sopr_uq.engine.timestep import length_scale
from sopr_uq.engine.traits import COEXISTENCE
from sopr_uq.errors import InputError
from sopr_uq.experiment.equation_of_state import coexistence
from sopr_uq.experiment.state import StatePoint
from sopr_uq.observables.coexistence import activity, virials
from sopr_uq.potentials import lennard_jones
from sopr_uq.rng import stream
from sopr_uq.workflow.simulate import simulate
from sopr_uq.workflow.simulated_report import title
from sopr_uq.workflow.states import boiling

WARM = StatePoint(100.0, 0.02, 39.948)
SLAB = ("liquid-density", "vapour-density", "vapour-pressure", "surface-tension")
LAMMPS = {"name": "lammps", "production_steps": 2000}


@pytest.fixture(scope="module")
def argon(refined):
    reason = lammps.unavailable()
    if reason:
        pytest.skip(reason)
    return load_result(refined["Ar"])


class MadeUp:
    """An executor whose slabs have a density that follows the size of their potentials."""

    def __init__(self):
        self.setups = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return

    def run(self, function, items, done=None):
        found = []
        for number, setup in enumerate(items):
            self.setups.append(setup)
            found.append(slab_of(setup))
            done(number, found[-1])
        return found


def density_of(potential):
    return 0.8 / length_scale(potential, 100.0) ** 3


def insertion_of(setup, z, rows, vapour, noise):
    """What test particles say where a slab of 1372 has such a vapour."""
    (potential,) = setup.in_order
    near = np.abs(z - 20.0) < 9.0
    shift = 1.0 + (1.0 + rows.sum() * (z[1] - z[0]) / (rows[0] * 20.0)) / 1372
    told = np.interp(z[near] / shift, z, rows)
    told = told / activity(vapour, *virials(potential, setup.state.beta))
    return Series.of_blocks("insertion", z[near], told * (1.0 + noise), "1")


def slab_of(setup):
    """A slab 40 Å thick with noise of a percent on each of ten blocks."""
    (potential,) = setup.in_order
    rng = stream(setup.seed, "made up")
    z = np.arange(0.125, 75.0, 0.25)
    liquid, vapour = density_of(potential), 2e-4
    rows = 0.5 * (liquid + vapour) - 0.5 * (liquid - vapour) * np.tanh((z - 20.0) / 3.0)
    blocks = rows * (1.0 + 0.003 * rng.standard_normal((10, 1)))
    series = [
        Series.of_blocks("profile", z, blocks, "angstrom^-3"),
        insertion_of(setup, z, rows, vapour, 0.01 * rng.standard_normal((10, 1))),
        *(
            Series.of_blocks(f"{n} pressure", np.zeros(1), p + rng.standard_normal((10, 1)), "MPa")
            for n, p in (("normal", 0.3), ("tangential", -2.0))
        ),
    ]
    return Simulation(named(series), None, (1372,), 1, 1.0, 0.0, "made up")


def test_few_slabs_speak_for_all_draws(argon, tmp_path):
    made = MadeUp()
    found = simulate(
        argon, [WARM], (COEXISTENCE,), draws=10, engine=LAMMPS, out=tmp_path / "x", executor=made
    )
    assert all(setup.record == (COEXISTENCE,) for setup in made.setups)
    assert tuple(found["summary"]["property"].values) == SLAB
    draws = argon["posterior"].to_dataset()["potential"]
    from sopr_uq.potentials import Tabulated

    rows = draws.transpose("chain", "draw", "r").values.reshape(-1, draws.sizes["r"])
    truth = np.array([density_of(Tabulated(draws["r"].values, v)) for v in rows[::6]])
    told = found["properties"]["liquid-density"].values.ravel()[::6]
    error = float(found["summary"]["sampling_sd"].sel(property="liquid-density")[0])
    unit = 39.948 * 1.66053907
    assert np.mean((told - unit * truth) ** 2) < 2.0 * 2.0 * error**2
    assert error < 0.01 * unit * truth.mean()
    tension = float(found["summary"]["mean"].sel(property="surface-tension")[0])
    assert tension == pytest.approx(75.0 * 2.3 * 0.1, rel=0.15)
    assert "beside its vapour" in title(found, 0)
    again = MadeUp()
    simulate(
        argon, [WARM], (COEXISTENCE,), draws=10, engine=LAMMPS, out=tmp_path / "x", executor=again
    )
    assert not again.setups, "all were kept"


def test_coolprop_stands_beside_a_slab(argon):
    found = simulate(argon, [WARM], (COEXISTENCE,), draws=8, engine=LAMMPS, executor=MadeUp())
    known = found["summary"]["reference"].isel(state=0)
    at = coexistence("Argon", 100.0)
    unit = 39.948 * 1.66053907
    assert float(known.sel(property="liquid-density")) == pytest.approx(unit * at.liquid, rel=1e-3)
    assert float(known.sel(property="vapour-density")) == pytest.approx(unit * at.vapour, rel=1e-3)
    assert float(known.sel(property="vapour-pressure")) == pytest.approx(0.3238, rel=0.01)
    assert float(known.sel(property="surface-tension")) == pytest.approx(9.4, rel=0.05)


@pytest.mark.parametrize(
    ("names", "state", "engine", "words"),
    [
        (("pressure",), replace(WARM, density=0.01), {}, "property coexistence"),
        ((COEXISTENCE,), replace(WARM, temperature=400.0), {}, "critical one of the potential"),
        ((COEXISTENCE,), WARM, {"particles": 200}, r"thick.*particles"),
        ((COEXISTENCE,), WARM, {"name": "integral_equation"}, "records coexistence"),
        ((COEXISTENCE, "surface-tension"), WARM, {}, "each once"),
        (("coexistance",), WARM, {}, "coexistence"),
    ],
)
def test_what_cannot_be_had_is_refused(argon, tmp_path, names, state, engine, words):
    with pytest.raises(InputError, match=words):
        simulate(argon, [state], names, draws=8, out=tmp_path / "x", engine=LAMMPS | engine)
    assert not (tmp_path / "x").exists()


def test_a_slab_may_be_asked_of_any_density(argon):
    """Between vapour and liquid is where both are."""
    made = MadeUp()
    inside = replace(WARM, density=0.01)
    simulate(argon, [inside], ("liquid-density",), draws=8, engine=LAMMPS, executor=made)
    (density,) = {setup.state.density for setup in made.setups}
    assert density > 0.015


def test_where_a_liquid_boils_is_about_right():
    """Argon's Lennard-Jones liquid at T* = 1: 0.70."""
    sigma, epsilon = 3.405, 0.238
    state = StatePoint(epsilon / 1.987204e-3, 0.01, 39.948)
    found = boiling(lennard_jones(sigma, epsilon), state)
    assert found.density * sigma**3 == pytest.approx(0.70, abs=0.02)
    assert found.temperature == state.temperature


def test_refused_from_the_command_line(refined):
    arguments = ["simulate", str(refined["Ar"]), "--temperature", "100 K", "--density", "0.01"]
    found = CliRunner().invoke(cli, [*arguments, "--properties", "pressure", "--quiet"])
    assert isinstance(found.exception, InputError)
    assert "coexistence" in str(found.exception)
