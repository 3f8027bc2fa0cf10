"""Simulated draws: resumed, refused, and right where the answer is known."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner

from sopr_uq import load_result
from sopr_uq.cli.main import cli
from sopr_uq.engine import lammps
from sopr_uq.engine.integral_equation import IntegralEquationEngine
from sopr_uq.engine.protocol import Setup
from sopr_uq.errors import InputError, InputErrors, Interrupted, SimulationFailed
from sopr_uq.experiment.equation_of_state import coexistence
from sopr_uq.experiment.state import StatePoint
from sopr_uq.potentials import Tabulated
from sopr_uq.workflow.simulate import simulate
from sopr_uq.workflow.simulated import load_simulated
from sopr_uq.workflow.simulated_report import notice
from sopr_uq.workflow.states import along_saturation, check_no_coexistence, read_states
from sopr_uq.workflow.stored_liquid import stored_liquid

HOT = StatePoint(150.0, 0.018, 39.948)


@pytest.fixture(scope="module")
def argon(refined):
    return load_result(refined["Ar"])


@pytest.fixture(scope="module")
def hot(argon, tmp_path_factory):
    """Sixteen simulated draws at another state, in a folder."""
    folder = tmp_path_factory.mktemp("hot") / "out"
    names = ("g", "s", "pressure", "energy")
    return simulate(argon, [HOT], names, out=folder), folder


def exact(result, state, places):
    """Pressure and energy of draws at (chain, draw), shape (2, n)."""
    draws = result["posterior"].to_dataset()["potential"]
    engine = IntegralEquationEngine(simulate_engine_settings(result))
    tables = [Tabulated(draws["r"].values, draws.values[place]) for place in places]
    found = [engine.run(Setup.of(table, state, seed=1)) for table in tables]
    return np.array([[each.pressure for each in found], [each.energy for each in found]])


def test_draws_that_nobody_simulated_are_right(argon, hot):
    """The instant engine has no bridge function, and theory knows all: a regression alone missed
    by a few per cent of the spread."""
    found, runs = hot[0]["properties"].to_dataset(), hot[0]["runs"].to_dataset()
    places = [(chain, draw) for chain in (0, 1) for draw in range(1, 24, 4)]
    for name, truth in zip(("pressure", "energy"), exact(argon, HOT, places), strict=True):
        told = np.array([float(found[name][*place, 0]) for place in places])
        assert np.abs(told - truth).max() < 1e-3 * truth.std()
        off = runs[f"{name}_expected"] - runs[name]
        assert float(np.abs(off).max()) < 1e-2 * truth.std()


def test_where_theory_has_no_liquid_it_is_said(argon, monkeypatch):
    """The regression alone speaks then: χ² of 12 other draws is below 2.5."""

    def none(*_):
        raise SimulationFailed("no solution")

    monkeypatch.setattr("sopr_uq.observables.kindred.Kindred.simulation", none)
    tree = simulate(argon, [HOT], ("pressure", "energy"))
    assert "pressure_expected" not in tree["runs"]
    assert "150 K" in notice(tree)
    tree.attrs["theory"] = 0
    assert not notice(tree), "of molecules there is no theory to miss"
    places = [(chain, draw) for chain in (0, 1) for draw in range(1, 24, 4)]
    found, rows = tree["properties"].to_dataset(), tree["summary"].to_dataset()
    for name, truth in zip(("pressure", "energy"), exact(argon, HOT, places), strict=True):
        told = np.array([float(found[name][*place, 0]) for place in places])
        error = float(rows["sampling_sd"].sel(property=name)[0])
        # what is stored has a draw of that error in it
        assert np.mean((told - truth) ** 2) < 2.5 * 2.0 * error**2
        assert np.abs(told - truth).max() > 1e-2 * truth.std(), "negative control"


def simulate_engine_settings(result):
    from sopr_uq.engine.settings import EngineSettings

    return EngineSettings.model_validate(json.loads(result.attrs["settings"])["engine"])


def test_the_dataset_is_labelled(hot):
    tree, folder = hot
    properties, curves = tree["properties"].to_dataset(), tree["curves"].to_dataset()
    assert properties["pressure"].dims == ("chain", "draw", "state")
    assert properties["pressure"].attrs["units"] == "MPa"
    assert float(properties["temperature"][0]) == 150.0
    assert curves["g"].dims == ("chain", "draw", "state", "r_g")
    assert curves["s"].dims == ("chain", "draw", "state", "q_s")
    assert float(curves["g"].min()) >= 0.0
    assert abs(float(curves["g"][..., -20:].mean()) - 1.0) < 0.02
    rows = tree["summary"].to_dataset()
    whole = np.hypot(rows["posterior_sd"], rows["sampling_sd"])
    np.testing.assert_allclose(rows["sd"], whole, rtol=0.1)
    assert load_simulated(folder).identical(load_simulated(folder / "simulated.nc"))


def test_coolprop_stands_beside(hot):
    rows = hot[0]["summary"].to_dataset()["reference"]
    assert rows.sel(property="pressure").notnull().all()
    assert -1.5 < float(rows.sel(property="energy")[0]) < -0.5


class Counting:
    """An executor that counts, and may be interrupted."""

    def __init__(self, most=10**6):
        self.made, self.most = 0, most

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return

    def run(self, function, items, done=None):
        found = []
        for number, item in enumerate(items):
            if self.made == self.most:
                raise KeyboardInterrupt
            self.made += 1
            found.append(function(item))
            done(number, found[-1])
        return found


def test_what_was_stopped_goes_on_and_ends_alike(argon, tmp_path):
    one = simulate(argon, [HOT], ("pressure",), draws=8)
    with pytest.raises(Interrupted, match="3 simulations are kept"):
        simulate(argon, [HOT], ("pressure",), draws=8, out=tmp_path / "a", executor=Counting(3))
    assert not (tmp_path / "a" / "simulated.nc").exists()
    rest = Counting()
    other = simulate(argon, [HOT], ("pressure",), draws=8, out=tmp_path / "a", executor=rest)
    assert rest.made == 5
    assert other["properties"].identical(one["properties"])
    again = Counting()
    more = replace(HOT, temperature=160.0)
    both = simulate(argon, [HOT, more], ("pressure",), draws=8, out=tmp_path / "a", executor=again)
    assert again.made == 8, "only the new state"
    assert both["properties"].sizes["state"] == 2
    with pytest.raises(InputError, match="draws = 7"):
        simulate(argon, [HOT], ("pressure",), draws=7, out=tmp_path / "a")


def test_progress_counts_all(argon):
    seen = []
    simulate(argon, [HOT], ("energy",), draws=6, on_done=lambda done, of: seen.append((done, of)))
    assert seen[0] == (0, 6)
    assert seen[-1] == (6, 6)


@pytest.mark.parametrize(
    ("names", "states", "engine", "words"),
    [
        (("presure",), [HOT], {}, "pressure"),
        (("pressure", "pressure"), [HOT], {}, "each once"),
        (("diffusion",), [HOT], {}, "records diffusion"),
        (("pressure",), [replace(HOT, density=0.008, temperature=120.0)], {}, "two-phase"),
        (("pressure",), [HOT], {"name": "lammps", "particles": 108}, "particles"),
        (("pressure",), [HOT], {"partcles": 500}, "particles"),
    ],
)
def test_what_cannot_be_had_is_refused_before_anything_is_made(
    argon, tmp_path, names, states, engine, words
):
    with pytest.raises((InputError, InputErrors), match=words):
        simulate(argon, states, names, draws=8, out=tmp_path / "x", engine=engine)
    assert not (tmp_path / "x").exists()


def test_a_folder_of_something_else_is_left_alone(argon, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match=r"^out: "):
        simulate(argon, [HOT], ("pressure",), draws=8, out=tmp_path)
    assert [f.name for f in tmp_path.iterdir()] == ["notes.txt"]


def test_a_state_where_nothing_succeeds_says_why(argon, tmp_path):
    """Far below where the closure has a solution; a fluid that CoolProp does not know."""
    other = argon.copy()
    settings = json.loads(other.attrs["settings"])
    settings["system"].pop("fluid")
    other.attrs["settings"] = json.dumps(settings)
    cold = StatePoint(60.0, 0.01, 39.948)
    with pytest.raises(SimulationFailed, match=r"only 0 of 8.*first that failed"):
        simulate(other, [cold], ("pressure",), draws=8, out=tmp_path / "y")
    assert not (tmp_path / "y").exists()


def test_states_by_words(argon):
    liquid = stored_liquid(argon)
    measured = liquid.state
    assert read_states((), (), liquid) == (measured,)
    (one,) = read_states(("120 K",), ("1.162 g/cm^3",), liquid)
    assert one.density == pytest.approx(0.017517, rel=1e-3)
    assert len(read_states(("100", "120"), (), liquid)) == 2
    with pytest.raises(InputError, match="one density"):
        read_states(("100", "120", "130"), ("0.02", "0.021"), liquid)


def test_along_the_boiling_line():
    measured = StatePoint(85.0, 0.02125, 39.948)
    states = along_saturation("Argon", measured, 85.0, 130.0, 4)
    assert [s.temperature for s in states] == [85.0, 100.0, 115.0, 130.0]
    assert states[0].density == pytest.approx(0.02122, abs=1e-4)
    check_no_coexistence("Argon", states)
    for fluid, last, words in (("Argon", 160.0, "critical"), (None, 130.0, "fluid")):
        with pytest.raises(InputError, match=words):
            along_saturation(fluid, measured, 85.0, last, 3)
    alone = along_saturation(None, measured, 85.0, 130.0, 2, slabs=True)
    assert [s.temperature for s in alone] == [85.0, 130.0]


def test_one_phase_on_both_sides_of_two():
    found = coexistence("Argon", 120.0)
    for density, fine in ((0.9 * found.vapour, True), (1.05 * found.liquid, True), (0.01, False)):
        states = [StatePoint(120.0, density, 39.948)]
        if fine:
            check_no_coexistence("Argon", states)
        else:
            with pytest.raises(InputError, match="boils at this temperature"):
                check_no_coexistence("Argon", states)
    check_no_coexistence("Argon", [StatePoint(200.0, 0.01, 39.948)])


def test_from_the_command_line(refined, tmp_path):
    arguments = ["simulate", str(refined["Ar"]), "--temperature", "150 K", "--density", "0.018"]
    arguments += ["--properties", "pressure,energy,g", "--draws", "8", "--quiet"]
    out = tmp_path / "out"
    done = CliRunner().invoke(cli, [*arguments, "--out", str(out), "--json"])
    assert done.exit_code == 0, done.output
    numbers = json.loads(done.stdout)["states"][0]["properties"]
    assert numbers["pressure"]["unit"] == "MPa"
    assert numbers["pressure"]["sampling_sd"] < numbers["pressure"]["posterior_sd"]
    assert numbers["energy"]["reference"] is not None
    assert (out / "figures" / "summary.pdf").is_file()
    again = CliRunner().invoke(cli, [*arguments, "--out", str(out)])
    assert "CoolProp" in again.output.replace("\n", "")
    assert "smoothing" in again.output, "a band of sopr's is no credible interval"
    shown = CliRunner().invoke(cli, ["show", str(out / "simulated.nc"), "--json"])
    assert json.loads(shown.stdout) == json.loads(done.stdout)
    for more in ([], ["--html", "--out", str(tmp_path / "page.html")]):
        refused = CliRunner().invoke(cli, ["report", str(out / "simulated.nc"), *more])
        assert "of kind 'simulated'" in str(refused.exception)
    unused = CliRunner().invoke(cli, ["show", str(out / "simulated.nc"), "--prob", "0.5"])
    assert "--prob" in str(unused.exception)
    unused = CliRunner().invoke(cli, [*arguments, "--points", "10"])
    assert "--along saturation beside them" in str(unused.exception)
    drawn = CliRunner().invoke(cli, ["figures", str(out / "simulated.nc"), "--out", str(tmp_path)])
    assert drawn.exit_code == 0, drawn.output
    assert (tmp_path / "summary.pdf").is_file()


def test_too_few_draws_are_refused_before_any_is_simulated(argon):
    with pytest.raises(InputError, match=r"draws.*at least 6"):
        simulate(argon, [HOT], ("pressure",), draws=5)


def test_the_same_by_molecular_dynamics(argon):
    """Six short LAMMPS runs: D, C_V and P come out with errors; D near 2·10⁻⁹ m²/s."""
    reason = lammps.unavailable()
    if reason:
        pytest.skip(reason)
    engine = {
        "name": "lammps", "particles": 180, "production_steps": 5000, "sample_every": 40,
        "thermalisation_steps": 300, "ramp_steps": 500, "equilibration_steps": 500,
    }  # fmt: skip
    names = ("pressure", "diffusion", "heat-capacity")
    found = simulate(argon, (), names, draws=6, engine=engine)
    rows = found["summary"].to_dataset().isel(state=0)
    assert 1.0 < float(rows["mean"].sel(property="diffusion")) < 4.0
    assert float(rows["common_sd"].sel(property="diffusion")) > 0.0
    assert 15.0 < float(rows["mean"].sel(property="heat-capacity")) < 30.0
    begin, end = found["runs"].to_dataset()["diffusion_window"].values[0]
    assert end == pytest.approx(2 * begin)
