"""Molecules from a configuration to a result that is read, shown and drawn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sopr_uq.engine import lammps
from sopr_uq.engine.plan import rdf_reach
from sopr_uq.structure.taper import WIDTH
from sopr_uq.workflow.config import load_config
from sopr_uq.workflow.export import export
from sopr_uq.workflow.markdown import report
from sopr_uq.workflow.report import facts
from sopr_uq.workflow.result import load_result
from sopr_uq.workflow.run import run
from sopr_uq.workflow.verify import verify_run

if lammps.unavailable():
    pytest.skip(str(lammps.unavailable()), allow_module_level=True)

WATER = """
[system]
name = "water"
temperature = 298.0
density = 0.0333

[[molecule]]
name = "water"
model = "spce"

[[pair]]
sites = ["O", "O"]
sigma = 3.166
epsilon = 0.1553
refine = "correction"
[[pair]]
sites = ["O", "H"]
form = "zero"
[[pair]]
sites = ["H", "H"]
form = "zero"

[[observe]]
kind = "g"
sites = ["O", "O"]
file = "oo.csv"
[[observe]]
kind = "f"
file = "d2o.csv"
weights = "neutron"
deuterated = 1.0
window = [1.0, 12.0]
[[observe]]
kind = "pressure"
value = 0.1
error = 100.0

[engine]
name = "lammps"
particles = 108
cutoff = 7.0
thermalisation_steps = 200
ramp_steps = 400
equilibration_steps = 300
production_steps = 800
sample_every = 10
blocks = 4
bin_width = 0.05

[refine]
max_iterations = 2
round_size = 2
chains = 2
tune = 150
draws = 100
"""


def curves(folder: Path) -> None:
    """Something like water: what is asked is whether it runs, not what it finds."""
    r, q = np.arange(2.4, 9.0, 0.05), np.arange(0.4, 14.0, 0.05)
    g = 1.0 - np.exp(-(((r - 2.3) / 0.25) ** 2)) + 1.6 * np.exp(-(((r - 2.8) / 0.2) ** 2))
    g += 0.15 * np.cos(2.6 * (r - 4.5)) * np.exp(-0.25 * np.abs(r - 4.5)) * (r > 3.2)
    f = -0.41 * np.exp(-0.3 * q) + 0.2 * np.sinc(q * 0.98 / np.pi) * np.exp(-0.01 * q**2)
    for name, x, y in (("oo", r, g), ("d2o", q, f)):
        np.savetxt(folder / f"{name}.csv", np.c_[x, y], delimiter=",", header="x,y", comments="")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of two rounds of two simulations of water."""
    place = tmp_path_factory.mktemp("water")
    curves(place)
    (place / "water.toml").write_text(WATER, encoding="utf-8")
    run(load_config(place / "water.toml"), place / "run")
    return place / "run"


def test_the_result_has_every_pair_and_says_what_it_compared(folder: Path) -> None:
    result = load_result(folder)
    assert result["derived"]["correction"]["pair"].values.tolist() == ["O-O", "O-H", "H-H"]
    assert np.isfinite(result["posterior"]["potential"]).all()
    end = rdf_reach(load_config(folder / "config.toml").engine, 0.0333) - WIDTH
    remarks = " ".join(text for _, text in facts(result))
    assert f"used up to {end:.1f} Å" in remarks
    assert "compared without the order beyond" in remarks
    assert "mean squared Δg" in remarks


def test_g_of_the_draws_has_no_pairs_inside_the_cores_and_one_far_away(folder: Path) -> None:
    g = load_result(folder)["structure"]["g"].sel(pair="O-O")
    assert float(g.sel(r_g=slice(0.0, 2.0)).max()) == pytest.approx(0.0, abs=0.02)
    assert float(g.mean(("chain", "draw"))[-1]) == pytest.approx(1.0, abs=0.1)
    # the sampling errors of so short a run are in it
    assert float(g.std(("chain", "draw")).sel(r_g=4.0, method="nearest")) > 0.003


def test_it_is_reported_and_drawn(folder: Path) -> None:
    assert "O-H" in report(load_result(folder))
    assert (folder / "figures" / "summary.png").is_file()


def test_its_tables_are_what_acts_besides_the_charges(folder: Path, tmp_path: Path) -> None:
    result = load_result(folder)
    files = export(result, tmp_path, "lammps")
    assert [file.stem for file in files] == ["mean-O-O", "mean-O-H", "mean-H-H"]
    assert "besides the charges" in files[1].read_text(encoding="utf-8")
    rows = np.loadtxt(files[1], skiprows=8, usecols=(1, 2))
    posterior = result["posterior"]["potential"].sel(pair="O-H").mean(("chain", "draw"))
    at = rows[:, 0] > 2.0
    expected = np.interp(rows[at, 0], posterior["r"], posterior)
    assert rows[at, 1] == pytest.approx(expected, abs=2e-4)


def test_its_course_is_that_of_its_checkpoints(folder: Path) -> None:
    findings = verify_run(folder)
    assert [f"{each}" for each in findings if not each.good] == []
