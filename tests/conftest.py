"""Settings that every test shares."""

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
def refined(tmp_path_factory):
    """Results of the four shipped liquids by symbol, each in a folder; quick and real."""
    from sopr_uq import load_config, run, systems
    from sopr_uq.posterior.store import write

    home = tmp_path_factory.mktemp("refined")
    folders = {}
    for system in systems():
        folder = folders[system.element.symbol] = home / f"{system.name}-sopr"
        folder.mkdir()
        write(run(load_config(system.name, QUICK)), folder / "result.nc")
    return {symbol: folders[symbol] for symbol in ("Ne", "Ar", "Kr", "Xe")}


@pytest.fixture(scope="session")
def laws_file(refined, tmp_path_factory):
    """Laws of the four liquids in a file."""
    from sopr_uq import FitSettings, Sampling, laws_of_runs
    from sopr_uq.laws import NutsSettings

    path = tmp_path_factory.mktemp("laws") / "laws.nc"
    settings = FitSettings(Sampling(NutsSettings(4, 300, 500), None, seed=3))
    laws_of_runs(list(refined.values()), path, settings=settings)
    return path
