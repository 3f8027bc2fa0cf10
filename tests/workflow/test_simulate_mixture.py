"""Simulated draws of liquids of more than one pair: mixtures, molecules, ions."""

from __future__ import annotations

import json

import numpy as np
import pytest
import xarray as xr
from click.testing import CliRunner

from sopr_uq.cli.main import cli
from sopr_uq.engine.factory import make_engine
from sopr_uq.engine.integral_equation import IntegralEquationEngine
from sopr_uq.engine.parallel import run_tasks
from sopr_uq.engine.protocol import Setup
from sopr_uq.engine.settings import EngineSettings
from sopr_uq.errors import InputError
from sopr_uq.experiment.state import StatePoint
from sopr_uq.figures.simulated import simulated_sheet
from sopr_uq.observables.property import PROPERTIES
from sopr_uq.potentials import Mie
from sopr_uq.rng import stream
from sopr_uq.workflow.measured_totals import measured_totals
from sopr_uq.workflow.simulate import simulate
from sopr_uq.workflow.simulated import load_simulated
from sopr_uq.workflow.simulated_report import as_dict, table, title
from sopr_uq.workflow.states import along_saturation, read_states
from sopr_uq.workflow.stored_liquid import stored_liquid

SIZES = {"Ar-Ar": (3.36, 0.25), "Ar-Kr": (3.50, 0.30), "Kr-Kr": (3.62, 0.37)}
MIXTURE = {
    "system": {
        "name": "argon-krypton", "temperature": 160.0, "density": 0.018,
        "composition": {"Ar": 0.4, "Kr": 0.6},
    },
    "molecule": [{"name": "Ar", "mass": 39.948}, {"name": "Kr", "mass": 83.798}],
    "pair": [
        {"sites": label.split("-"), "sigma": sigma, "epsilon": epsilon}
        for label, (sigma, epsilon) in SIZES.items()
    ],
    "observe": [
        {"kind": "pressure", "value": 50.0, "error": 5.0},
        {"kind": "s", "name": "neutrons", "weights": "neutron", "file": "nowhere.csv"},
        {"kind": "f", "weights": {"Ar-Ar": 0.1, "Ar-Kr": 0.4, "Kr-Kr": 0.5}, "file": "no.csv"},
    ],
    "engine": {"name": "integral_equation"},
}  # fmt: skip
RICH = StatePoint(180.0, 0.018, composition={"Ar": 0.7, "Kr": 0.3})


def result_of(settings, r, potential, g=None):
    """What simulations read of a refinement's result; potential (pair, draw, r) of two chains."""
    labels = ["-".join(pair["sites"]) for pair in settings["pair"]]
    dims = ("pair", "chain", "draw", "r")
    values = potential.reshape(len(labels), 2, -1, r.size)
    if len(labels) == 1:
        dims, values = dims[1:], values[0]
    coords = {"r": r} | ({"pair": labels} if len(labels) > 1 else {})
    groups = {"posterior": xr.Dataset({"potential": (dims, values)}, coords)}
    if g is not None:
        shape = (*dims[:-1], "r_g")
        known = np.broadcast_to(g, values.shape)
        kept = {k: v for k, v in coords.items() if k != "r"} | {"r_g": r}
        groups["structure"] = xr.Dataset({"g": (shape, known)}, kept)
    tree = xr.DataTree.from_dict(groups)
    system = settings["system"]
    tree.attrs |= {
        "system": system["name"], "rule": "newton", "band": "posterior", "outcome": "converged",
        "temperature": system["temperature"], "density": system["density"],
        "settings": json.dumps(settings),
    }  # fmt: skip
    return tree


@pytest.fixture(scope="module")
def mixture():
    """Draws of three Mie potentials, sizes known to 0.01 Å and depths to 3 %."""
    r, rng = np.arange(2.6, 11.0, 0.05), stream(1, "mixture")
    draws = [
        [Mie(s + 0.01 * a, e * (1.0 + 0.03 * b), 12.0 + c).energy(r) for a, b, c in z]
        for (s, e), z in zip(SIZES.values(), rng.standard_normal((3, 120, 3)), strict=True)
    ]
    return result_of(MIXTURE, r, np.array(draws))


@pytest.fixture(scope="module")
def rich(mixture, tmp_path_factory):
    """Sixteen draws simulated at another composition, in a folder."""
    folder = tmp_path_factory.mktemp("rich") / "out"
    return simulate(mixture, [RICH], ("g", "s", "total", "pressure", "energy"), out=folder), folder


def test_draws_that_nobody_simulated_are_right(mixture, rich):
    """At another temperature and composition; the instant engine knows the truth of each."""
    liquid, found = stored_liquid(mixture), rich[0]["properties"].to_dataset()
    draws = mixture["posterior"].to_dataset()["potential"].transpose("chain", "draw", "pair", "r")
    engine = IntegralEquationEngine(EngineSettings(name="integral_equation"))
    places = [(chain, draw) for chain in (0, 1) for draw in range(2, 60, 9)]
    exact = [
        engine.run(Setup(liquid.substance, RICH, liquid.tables(draws.values[p]), 1)) for p in places
    ]
    for name in ("pressure", "energy"):
        truth = np.array([float(each[name].mean[0]) for each in exact])
        told = np.array([float(found[name][*place, 0]) for place in places])
        assert np.abs(told - truth).max() < 5e-3 * truth.std()
        assert truth.std() > 0.02 * abs(truth.mean()), "negative control: there was something"


def test_every_pair_has_its_curves(rich):
    tree, folder = rich
    curves = tree["curves"].to_dataset()
    assert curves["g"].dims == ("chain", "draw", "state", "pair", "r_g")
    assert curves["s_sampling_sd"].dims == ("state", "pair", "q_s")
    assert curves["pair"].values.tolist() == list(SIZES)
    peak = curves["g"].mean(("chain", "draw")).isel(state=0).idxmax("r_g")
    assert peak.values.tolist() == sorted(peak.values.tolist())
    shares = tree["summary"].to_dataset()["fraction"]
    assert shares.sel(molecule="Ar").values.tolist() == [0.7]
    assert title(tree, 0) == "180 K, 0.018 Å⁻³, Ar 0.7, Kr 0.3"
    assert as_dict(tree)["states"][0]["composition"] == {"Ar": 0.7, "Kr": 0.3}
    assert load_simulated(folder).identical(load_simulated(folder / "simulated.nc"))
    axes = simulated_sheet(tree).axes
    assert [ax.get_ylabel() for ax in axes[2:5]] == [f"g(r) of {pair}" for pair in SIZES]
    assert "Ar 0.7" in axes[2].get_legend().get_texts()[0].get_text()


def test_totals_are_weighed_as_at_the_new_composition(rich):
    """w_ab = (2 − δ_ab) c_a c_b b_a b_b/⟨b⟩² of neutrons; weights of one's own stay."""
    curves = rich[0]["curves"].to_dataset()
    assert curves["total"].dims == ("chain", "draw", "state", "measured", "q_total")
    assert curves["total"].attrs["units"] == "neutrons: 1, f: that of the weights"
    h = (curves["s"] - 1.0).isel(state=0).mean(("chain", "draw"))
    b = np.array([0.7 * 1.909, 0.3 * 7.81])
    shares = np.array([b[0] ** 2, 2.0 * b[0] * b[1], b[1] ** 2]) / b.sum() ** 2
    told = curves["total"].isel(state=0).mean(("chain", "draw"))
    wanted = shares @ h.values
    assert np.abs(told.sel(measured="neutrons") - 1.0 - wanted).max() < 5e-3
    assert np.abs(wanted - np.array([0.1, 0.4, 0.5]) @ h.values).max() > 2e-2, "negative control"
    np.testing.assert_allclose(
        told.sel(measured="f"), np.array([0.1, 0.4, 0.5]) @ h.values, atol=5e-3
    )


def test_totals_of_one_name_are_told_apart_and_one_at_two_states_is_one(mixture):
    settings = json.loads(mixture.attrs["settings"])
    same, other = settings["observe"][1], settings["observe"][2]
    settings["observe"].append({**other, "weights": {"Ar-Ar": 0.2, "Ar-Kr": 0.4, "Kr-Kr": 0.4}})
    settings["state"] = [{"temperature": 180.0, "density": 0.018, "observe": [same]}]
    asked = mixture.copy()
    asked.attrs["settings"] = json.dumps(settings)
    found = measured_totals(PROPERTIES["total"], asked, stored_liquid(mixture).state)
    assert [each.of for each in found] == ["neutrons", "f 2", "f 3"]
    assert [each.unit for each in found] == ["1", "that of the weights", "that of the weights"]


def test_no_total_was_measured(salt):
    with pytest.raises(InputError, match="learnt from totals"):
        simulate(salt, [], ("total",), draws=6)


def test_compositions_by_words(mixture):
    liquid = stored_liquid(mixture)
    first, second = read_states(("170",), (), liquid, ("Ar=0.1, Kr=0.9", "Kr = 0.5, Ar = 0.5"))
    assert first.temperature == second.temperature == 170.0
    assert dict(second.composition) == {"Ar": 0.5, "Kr": 0.5}
    (light,), (heavy,) = (
        read_states((), ("1.8 g/cm^3",), liquid, (text,))
        for text in ("Ar=0.9,Kr=0.1", "Ar=0.1,Kr=0.9")
    )
    assert light.density / heavy.density == pytest.approx(
        (0.1 * 39.948 + 0.9 * 83.798) / (0.9 * 39.948 + 0.1 * 83.798)
    )


@pytest.mark.parametrize("text", ["Ar=0.5", "Ar=0.5, Xe=0.5", "Ar 0.5, Kr 0.5", "Ar=x, Kr=0.5"])
def test_compositions_that_are_none(mixture, text):
    with pytest.raises(InputError, match="a fraction of each of Ar, Kr"):
        read_states((), (), stored_liquid(mixture), (text,))


def test_fractions_that_do_not_sum_to_one(mixture):
    with pytest.raises(InputError, match="sum to 1"):
        read_states((), (), stored_liquid(mixture), ("Ar=0.5, Kr=0.6",))


def test_what_a_mixture_has_not(mixture, tmp_path):
    with pytest.raises(InputError, match="an element by one pair potential"):
        simulate(mixture, [RICH], ("coexistence",), engine={"name": "lammps"}, out=tmp_path / "x")
    with pytest.raises(InputError, match="one kind of molecule"):
        along_saturation("Argon", RICH, 150.0, 160.0, 2)
    pure = StatePoint(160.0, 0.018, 39.948)
    with pytest.raises(InputError, match="a fraction of each of Ar, Kr"):
        simulate(mixture, [pure], ("pressure",), out=tmp_path / "x")
    assert not (tmp_path / "x").exists()


def test_potentials_of_other_pairs_are_refused(mixture):
    other = mixture.copy()
    other["posterior"] = xr.DataTree(
        other["posterior"].to_dataset().assign_coords(pair=["Ar-Ar", "Ar-Xe", "Xe-Xe"])
    )
    with pytest.raises(InputError, match="potentials of Ar-Ar, Ar-Kr, Kr-Kr"):
        stored_liquid(other)


def test_at_the_command_line(refined, tmp_path):
    """An element has no composition, and a boiling line none of its own."""
    arguments = ["simulate", str(refined["Ar"]), "--composition", "Ar=0.2,Kr=0.8", "--quiet"]
    arguments += ["--out", str(tmp_path / "out")]
    found = CliRunner().invoke(cli, arguments)
    assert "none of a liquid of one kind of molecule" in str(found.exception)
    line = ["--along", "saturation", "--from", "90", "--to", "100"]
    found = CliRunner().invoke(cli, [*arguments, *line])
    assert "--composition beside it" in str(found.exception)


SALT = {
    "system": {
        "name": "salt", "temperature": 1200.0, "density": 0.031,
        "composition": {"Na": 0.5, "Cl": 0.5},
    },
    "molecule": [
        {"name": "Na", "mass": 22.99, "charge": 1.0}, {"name": "Cl", "mass": 35.45, "charge": -1.0}
    ],
    "pair": [
        {"sites": sites, "sigma": sigma, "epsilon": epsilon, "refine": refine}
        for sites, sigma, epsilon, refine in (
            (["Na", "Na"], 2.6, 0.1, False),
            (["Na", "Cl"], 3.0, 0.5, "correction"),
            (["Cl", "Cl"], 4.2, 0.1, "correction"),
        )
    ],
    "observe": [{"kind": "pressure", "value": 50.0, "error": 50.0}],
    "engine": {
        "name": "lammps", "particles": 100, "cutoff": 7.3, "thermalisation_steps": 300,
        "ramp_steps": 500, "equilibration_steps": 300,
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def salt():
    """Corrections of two pairs, of which that between unlike ions matters; the third is kept."""
    r, rng = np.arange(1.3, 7.301, 0.05), stream(2, "salt")
    bump = np.exp(-0.5 * ((r - 2.9) / 0.3) ** 2)
    draws = [
        [Mie(p["sigma"], p["epsilon"], 12.0).energy(r) + size * z * bump for z in normal]
        for p, size, normal in zip(
            SALT["pair"], (0.0, 0.5, 0.02), rng.standard_normal((3, 80)), strict=True
        )
    ]
    g = np.where(r > 2.3, 1.0, 0.0)
    return result_of(SALT, r, np.array(draws), g)


def test_ions_move_and_their_correction_is_told(salt):
    """The energy of every draw follows its bump between unlike ions, as simulations of the two
    ends say; without a correction it lies between."""
    names = ("g", "energy", "diffusion")
    short = {"production_steps": 1000, "sample_every": 20}
    tree = simulate(salt, [], names, draws=6, engine=short)
    found = tree["properties"].to_dataset()
    assert found["diffusion"].dims == ("chain", "draw", "state", "molecule")
    assert found["molecule"].values.tolist() == ["Na", "Cl"]
    assert tree["runs"]["diffusion_window"].dims == ("state", "molecule", "bound")
    assert tree["without"]["g"].dims == ("state", "pair", "r_g")
    rows = {row[0]: row for row in table(tree, 0)}
    assert set(rows) == {"energy", "diffusion Na", "diffusion Cl"}
    assert 3.0 < float(found["diffusion"].sel(molecule="Na").mean()) < 30.0
    liquid = stored_liquid(salt)
    engine = make_engine(EngineSettings.model_validate(SALT["engine"] | short))
    bump = salt["posterior"]["potential"].sel(pair="Na-Cl").interp(r=2.9).values.ravel()
    order = np.argsort(bump)
    ends = order[[8, -9]]
    draws = salt["posterior"].to_dataset()["potential"].transpose("chain", "draw", "pair", "r")
    flat = draws.values.reshape(-1, 3, draws.sizes["r"])
    setups = [Setup(liquid.substance, liquid.state, liquid.tables(flat[i]), 5) for i in ends]
    low, high = (run.energy for run in run_tasks(engine, setups))
    told, error = found["energy"].values.ravel(), float(tree["summary"]["sampling_sd"][0, 0])
    noise = float(tree["runs"]["energy_error"][0])
    for i, truth in zip(ends, (low, high), strict=True):
        assert abs(told[i] - truth) < 4.0 * np.hypot(error, noise)
    assert abs(high - low) > 8.0 * np.hypot(error, noise), "negative control"
    between = sorted((low, high))
    assert between[0] < float(tree["without"]["energy"][0]) < between[1]
