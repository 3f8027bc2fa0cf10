"""Reading ensembles from runs, and refusing what cannot stand in a law."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from sopr_uq.errors import InputError
from sopr_uq.experiment.elements import element
from sopr_uq.laws import QUANTITIES, Ensemble, fit_laws, load_ensemble
from sopr_uq.laws.ensembles import check_together, prepare
from sopr_uq.posterior.store import read, write
from sopr_uq.potentials import lennard_jones

UNITS = {"sigma": "angstrom", "epsilon": "kcal/mol", "r_vdw": "angstrom", "d_hp": "angstrom"}


def test_one_element_is_told_what_it_can_still_say(ensembles: list[Ensemble]) -> None:
    with pytest.raises(InputError, match=r"at least two elements.*1/7.*sigma a = 3\.1"):
        fit_laws(ensembles[:1])
    with pytest.raises(InputError, match="at least two elements"):
        fit_laws([])


def test_one_element_twice_is_refused(ensembles: list[Ensemble]) -> None:
    with pytest.raises(InputError, match="more than one of Ar"):
        fit_laws([ensembles[1], *ensembles])


def test_nothing_in_common_is_refused(ensembles: list[Ensemble]) -> None:
    sizes = replace(ensembles[0], draws={"sigma": ensembles[0].draws["sigma"]})
    depths = replace(ensembles[1], draws={"epsilon": ensembles[1].draws["epsilon"]})
    with pytest.raises(InputError, match="every ensemble has"):
        fit_laws([sizes, depths])


def test_mixed_rules_warn(ensembles: list[Ensemble]) -> None:
    mixed = [replace(ensembles[0], rule="sopr"), *ensembles[1:]]
    with pytest.warns(UserWarning, match="Ne by sopr, Ar by newton"):
        check_together(mixed)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"polarizability": 0.0}, "positive number"),
        ({"polarizability": -1.0}, "positive number"),
        ({"polarizability": float("nan")}, "positive number"),
        ({"polarizability_error": -0.1}, "between 0 and"),
        ({"polarizability_error": 5.0}, "half its value"),
        ({"draws": {"size": np.ones(100)}}, "sigma, epsilon"),
        ({"draws": {"sigma": np.ones(10)}}, "at least 50 draws"),
        ({"draws": {"sigma": -np.ones(100)}}, "positive draws"),
        (
            {"draws": {"sigma": 3.4 + 0.01 * (np.arange(400) % 7)}},
            "50 different draws; found 7 among",
        ),
        ({"draws": {"sigma": np.full(100, np.nan)}}, "100% undefined"),
    ],
)
def test_nonsense_ensembles_are_refused(
    change: dict, message: str, ensembles: list[Ensemble]
) -> None:
    with pytest.raises(InputError, match=message):
        replace(ensembles[0], **change)


def test_a_few_undefined_draws_are_left_out_and_never_paired(ensembles: list[Ensemble]) -> None:
    values = ensembles[0].draws["sigma"].copy()
    values[0, :20] = np.nan
    holed = replace(ensembles[0], draws={"sigma": values})
    prepared = prepare([holed, ensembles[1]], "sigma")
    assert prepared.index[0].min() == 20
    assert prepared.kernel_densities[0].order.size == values.size - 20


def stored(folder: Path, ensemble: Ensemble, attrs: dict, units: dict[str, str] = UNITS) -> Path:
    draws = xr.Dataset(
        {q: (("chain", "draw"), x, {"units": units[q]}) for q, x in ensemble.draws.items()}
    )
    folder.mkdir()
    root = xr.Dataset(attrs={"rule": ensemble.rule, **attrs})
    write(xr.DataTree.from_dict({"/": root, "/derived": draws}), folder / "result.nc")
    return folder


@pytest.mark.parametrize(
    "attrs", [{"element": "Kr"}, {"system": "krypton-199K"}, {"fluid": "Krypton"}]
)
def test_an_ensemble_is_read_back(attrs: dict, ensembles: list[Ensemble], tmp_path: Path) -> None:
    found = load_ensemble(stored(tmp_path / "run", ensembles[2], attrs))
    assert found.element == "Kr"
    assert found.rule == "newton"
    assert found.source == "run"
    assert found.polarizability == ensembles[2].polarizability
    for quantity, values in ensembles[2].draws.items():
        np.testing.assert_allclose(found.draws[quantity], values, rtol=1e-6)


def test_symbol_and_polarizability_set_can_be_named(
    ensembles: list[Ensemble], tmp_path: Path
) -> None:
    folder = stored(tmp_path / "own", ensembles[2], {"system": "my krypton"})
    with pytest.raises(InputError, match="names its element: He, Ne"):
        load_ensemble(folder)
    found = load_ensemble(folder / "result.nc", symbol="Kr", polarizabilities="qdo")
    assert found.polarizability == element("Kr").polarizability("qdo").value
    with pytest.raises(InputError, match="He, Ne, Ar"):
        load_ensemble(folder, symbol="Krypton-86")


def test_unusable_runs_are_refused(ensembles: list[Ensemble], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="result file"):
        load_ensemble(tmp_path)
    folder = tmp_path / "point"
    folder.mkdir()
    tree = xr.DataTree.from_dict({"/": xr.Dataset(attrs={"element": "Ar"}), "/iterations": None})
    write(tree, folder / "result.nc")
    with pytest.raises(InputError, match=r"group /derived.*newton or sopr"):
        load_ensemble(folder)
    mixed = stored(tmp_path / "nm", ensembles[1], {"element": "Ar"}, UNITS | {"sigma": "nm"})
    with pytest.raises(InputError, match="draws in angstrom; found draws in nm"):
        load_ensemble(mixed)


@pytest.mark.parametrize(
    ("attrs", "band", "doubtful"),
    [
        ({"outcome": "converged"}, "posterior", False),
        ({"outcome": "doubtful"}, "posterior", True),
        ({"outcome": "converged", "rule": "sopr"}, "smoothing", False),
        ({"outcome": "converged", "rule": "sopr", "band": "posterior"}, "posterior", False),
    ],
)
def test_an_ensemble_knows_what_its_run_may_be_taken_for(
    attrs: dict, band: str, doubtful: bool, ensembles: list[Ensemble], tmp_path: Path
) -> None:
    found = load_ensemble(stored(tmp_path / "run", ensembles[1], {"element": "Ar", **attrs}))
    assert (found.band, found.doubtful) == (band, doubtful)


def test_how_much_of_an_ensemble_is_its_own_prior(
    ensembles: list[Ensemble], tmp_path: Path
) -> None:
    """Lennard-Jones potentials with ln σ ± 0.05 before, ± 0.003 after: 1/280 of the precision."""
    rng = np.random.default_rng(2)
    r = np.arange(2.5, 10.0, 0.02)
    sigma = 3.4 * np.exp(0.05 * rng.standard_normal(400))
    drawn = np.array([lennard_jones(s, 0.25).energy(r) for s in sigma])
    folder = stored(tmp_path / "run", ensembles[1], {"element": "Ar", "temperature": 85.0})
    assert np.isnan(load_ensemble(folder).prior_share("sigma")), "nothing is known of a prior"
    tree = read(folder / "result.nc")
    prior = xr.Dataset({"potential": (("chain", "draw", "r"), drawn[None])}, {"r": r})
    tree["prior"] = xr.DataTree(prior)
    write(tree, folder / "result.nc")
    found = load_ensemble(folder)
    log_d, _ = found.log_draws("sigma")
    # 400 draws know a variance to 7 %: four of those
    assert found.prior_share("sigma") == pytest.approx(log_d.var() / 0.05**2, rel=0.28)


def test_a_doubtful_ensemble_is_named_aloud(ensembles: list[Ensemble]) -> None:
    check_together(ensembles)  # negative control: warnings are errors here
    mixed = [replace(ensembles[0], doubtful=True), *ensembles[1:]]
    with pytest.warns(UserWarning, match=f"the refinement of {ensembles[0].element} is doubtful"):
        check_together(mixed)


def test_every_quantity_of_the_laws_is_a_descriptor() -> None:
    assert set(QUANTITIES) == set(UNITS)
