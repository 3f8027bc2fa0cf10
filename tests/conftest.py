"""Settings that every test shares."""

import fcntl
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import settings

# A test gives the same verdict on every machine, however busy it is.
settings.register_profile("sopr_uq", deadline=None, derandomize=True)
settings.load_profile("sopr_uq")


QUICK = (
    "engine.name='integral_equation'", "refine.rule='sopr'", "refine.max_iterations=3",
    "refine.draws=50",
    "refine.noise=0.01", "refine.width=0.1", "refine.length=0.7",
)  # fmt: skip


@pytest.fixture(scope="session")
def made_once(tmp_path_factory):
    """A folder by its name, filled by the first process of the session that asks for it."""
    mine = tmp_path_factory.getbasetemp()
    # the folder of a worker of pytest-xdist lies in that of all
    home = mine.parent if "PYTEST_XDIST_WORKER" in os.environ else mine

    def folder_of(name, fill):
        folder = home / f"once-{name}"
        with (home / f"once-{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not folder.exists():
                unfinished = Path(tempfile.mkdtemp(dir=home))
                fill(unfinished)
                unfinished.rename(folder)
        return folder

    return folder_of


def refine_all(home):
    """Refine the four shipped liquids into folders of their names."""
    from sopr_uq import load_config, run, systems
    from sopr_uq.posterior.store import write

    for system in systems():
        folder = home / f"{system.name}-sopr"
        folder.mkdir()
        write(run(load_config(system.name, QUICK)), folder / "result.nc")


@pytest.fixture(scope="session")
def refined(made_once):
    """Results of the four shipped liquids by symbol, each in a folder; quick and real."""
    from sopr_uq import systems

    home = made_once("refined", refine_all)
    found = {s.element.symbol: home / f"{s.name}-sopr" for s in systems()}
    return {symbol: found[symbol] for symbol in ("Ne", "Ar", "Kr", "Xe")}


def small(rule="newton", *, sigma=None, old=False, check=None, outcome="converged"):
    """A result that holds what readers of numbers look at, and nothing that takes time.

    ``sigma`` are its draws (chain, draw); an ``old`` one counts no simulations.
    """
    import numpy as np
    import xarray as xr

    rng = np.random.default_rng(7)
    sigma = 3.4 + 0.01 * rng.standard_normal((2, 200)) if sigma is None else np.asarray(sigma)
    epsilon = 0.25 + 0.01 * rng.standard_normal(sigma.shape)
    rounds = {"misfit": [1e-2, 1e-4], "seconds": [3.0, 4.0], "md_seconds": [8.0, 9.0]}
    rounds |= {"md_steps": [4000.0, 4000.0]} | ({} if old else {"simulations": [4, 4]})
    derived = {
        name: (("chain", "draw"), x, {"units": unit})
        for name, x, unit in (("sigma", sigma, "angstrom"), ("epsilon", epsilon, "kcal/mol"))
    }
    groups = {
        "derived": xr.Dataset(derived),
        "iterations": xr.Dataset({k: ("iteration", v) for k, v in rounds.items()}),
    }
    if check is not None:
        groups["posterior_check"] = xr.Dataset(check)
    tree = xr.DataTree.from_dict(groups)
    texts = {"system": "argon-85K", "title": "", "preset": "desktop", "engine": "none"}
    texts |= {"message": "", "warning": "", "outcome": outcome, "rule": rule}
    tree.attrs |= {**texts, "temperature": 85.0, "density": 0.02, "seed": 1}
    return tree


@contextmanager
def _few_fluids():
    """Six liquids of the prior instead of 50, where nobody asks how what they show is spread."""
    from sopr_uq.refine.newton import prior_predictive

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prior_predictive, "MOST_FLUIDS", 6)
        yield


@pytest.fixture(scope="session")
def few_fluids():
    """A context in which refinements end sooner."""
    return _few_fluids


@pytest.fixture(scope="session")
def small_result():
    """The maker of small results."""
    return small


@pytest.fixture(scope="session")
def laws_file(refined, made_once):
    """Laws of the four liquids in a file."""
    from sopr_uq import FitSettings, Sampling, laws_of_runs
    from sopr_uq.laws import NutsSettings

    def fill(folder):
        settings = FitSettings(Sampling(NutsSettings(4, 300, 500), None, seed=3))
        laws_of_runs(list(refined.values()), folder / "laws.nc", settings=settings)

    return made_once("laws", fill) / "laws.nc"
