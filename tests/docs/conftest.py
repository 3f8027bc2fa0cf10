"""A reader's folder: the files that the pages speak of, small and quick to refine."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from sopr_uq.engine.factory import make_engine
from sopr_uq.engine.protocol import Setup
from sopr_uq.engine.settings import EngineSettings
from sopr_uq.experiment import StatePoint
from sopr_uq.potentials import Mie

BASE = Path(__file__).with_name("my_liquid.toml")
QUICK = ["refine.chains=1", "refine.tune=100", "refine.draws=50", "refine.grid_spacing=0.05"]


def write_files(folder: Path) -> None:
    """Write curves of a liquid of known potential as several programs would."""
    settings = EngineSettings(name="integral_equation", cutoff=10.8)
    truth = Mie(sigma=3.6, epsilon=0.40, n=11.5)
    found = make_engine(settings).run(Setup.of(truth, StatePoint(220.0, 0.0125, 84.0), 0))
    r = np.arange(3.1, 14.0, 0.15)
    g = np.interp(r, found.r, found.g) + 0.01 * np.random.default_rng(4).standard_normal(r.size)
    for name in ("my_gr.dat", "hot_gr.dat"):
        np.savetxt(folder / name, np.column_stack([r, g]), fmt="%.4f")
    np.savetxt(folder / "my.gr", np.column_stack([r, g]), fmt="%.4f", header="r g")
    np.savetxt(folder / "rdf.xvg", np.column_stack([0.1 * r, g]), header='xaxis label "r (nm)"')
    q = np.arange(0.5, 10.0, 0.1)
    s = 1 - 0.9 * np.exp(-((q / 1.2) ** 2)) + 1.2 * np.exp(-(((q - 2.0) / 0.3) ** 2))
    np.savetxt(folder / "my_sq.dat", np.column_stack([q, s]), fmt="%.4f")
    np.savetxt(folder / "my_fq.dat", np.column_stack([q, 0.61 * (s - 1)]), fmt="%.4f")
    np.savetxt(folder / "OO_gr.csv", np.column_stack([r, g]), fmt="%.4f", delimiter=",")
    np.savetxt(folder / "ArKr_gr.csv", np.column_stack([r, g]), fmt="%.4f", delimiter=",")
    near = np.column_stack([r * 2.7 / 4.0, g])
    np.savetxt(folder / "NaCl_gr.csv", near, fmt="%.4f", delimiter=",")
    np.savetxt(folder / "total_sq.csv", np.column_stack([q, s]), fmt="%.4f", delimiter=",")
    # neighbours of a melt are nearer
    melt = np.column_stack([r * 2.8 / 4.0, g])
    np.savetxt(folder / "aluminium_1023K_gr.csv", melt, fmt="%.4f", delimiter=",")
    q = np.arange(1.0, 20.0, 0.05)
    for name in ("d2o", "hdo", "xray"):
        np.savetxt(folder / f"{name}_fq.csv", np.column_stack([q, np.sin(q) / q**2]), delimiter=",")
    v = np.linspace(2.6, 10.8, 300)
    np.savetxt(folder / "my_potential.table", np.column_stack([v, truth.energy(v)]))
    shutil.copy(BASE, folder)


@pytest.fixture(scope="session")
def refined_liquid(tmp_path_factory, few_fluids):
    """A folder with the files and with what refining them left."""
    from sopr_uq import load_config, run

    folder = tmp_path_factory.mktemp("reader")
    write_files(folder)
    config = load_config(folder / "my_liquid.toml", QUICK)
    with few_fluids():
        run(config, folder / "runs" / "my-liquid-newton")
    return folder


@pytest.fixture
def reader(refined_liquid, tmp_path, monkeypatch):
    """A fresh copy of it as the current folder."""
    folder = tmp_path / "reader"
    shutil.copytree(refined_liquid, folder)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "100")
    return folder
