"""A mixture from its configuration to its result: what is understood, and what is refused."""

from __future__ import annotations

import json

import numpy as np
import pytest
import xarray as xr

from sopr_uq import load_config
from sopr_uq.derived import of_pair, pairs, structure_bands
from sopr_uq.errors import InputErrors, SoprUqError
from sopr_uq.experiment.molecule import Pair
from sopr_uq.experiment.potential_table import read_potential
from sopr_uq.figures.sheet import refinement_sheet
from sopr_uq.potentials import Mie, Tabulated, lennard_jones
from sopr_uq.workflow.build import build_engine, build_rule
from sopr_uq.workflow.config import dump_config
from sopr_uq.workflow.export import export
from sopr_uq.workflow.markdown import report
from sopr_uq.workflow.report import as_dict, table
from sopr_uq.workflow.run import run

R = np.arange(2.9, 11.0, 0.15)
MIXTURE = """
[system]
name = "argon-krypton"
temperature = 170.0
density = 0.0185
composition = { Ar = 0.4, Kr = 0.6 }
[[molecule]]
name = "Ar"
mass = 39.948
[[molecule]]
name = "Kr"
mass = 83.798
[[pair]]
sites = ["Ar", "Ar"]
sigma = 3.36
epsilon = 0.25
[[pair]]
sites = ["Kr", "Kr"]
sigma = 3.56
epsilon = 0.36
[[pair]]
sites = ["Kr", "Ar"]
combine = "lorentz-berthelot"
[[observe]]
kind = "g"
sites = ["Ar", "Ar"]
file = "Ar-Ar.csv"
[[observe]]
kind = "g"
sites = ["Kr", "Ar"]
file = "Ar-Kr.csv"
[[observe]]
kind = "g"
sites = ["Kr", "Kr"]
file = "Kr-Kr.csv"
[engine]
name = "integral_equation"
particles = 1000
"""
TRUTH = {"Ar-Ar": (3.34, 0.24), "Ar-Kr": (3.48, 0.27), "Kr-Kr": (3.58, 0.34)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Partial g(r) of a twin with noise of 0.01, one file a pair."""
    folder = tmp_path_factory.mktemp("mixture")
    for label in TRUTH:
        np.savetxt(folder / f"{label}.csv", np.column_stack([R, np.ones(R.size)]), delimiter=",")
    (folder / "mixture.toml").write_text(MIXTURE)
    rule = build_rule(load_config(folder / "mixture.toml"))
    problem = rule.problem
    true = [lennard_jones(*TRUTH[pair.label]).energy(problem.r) for pair in problem.field.pairs]
    engine = build_engine(load_config(folder / "mixture.toml"), rule)
    simulation = engine.run(problem.setup(problem.field.joined(np.array(true)), 0))
    rng = np.random.default_rng(1)
    for pair, series in simulation.rdfs.items():
        g = np.interp(R, series.x, series.mean) + 0.01 * rng.standard_normal(R.size)
        np.savetxt(folder / f"{pair.label}.csv", np.column_stack([R, g]), delimiter=",")
    return folder


def changed(folder, name: str, *changes: tuple[str, str]) -> str:
    text = MIXTURE
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    path = folder / f"{name}.toml"
    path.write_text(text)
    return str(path)


def test_the_long_form_is_understood(folder) -> None:
    problem = build_rule(load_config(folder / "mixture.toml")).problem
    assert problem.field.labels == ["Ar-Ar", "Ar-Kr", "Kr-Kr"]
    unlike = problem.field.terms[1]
    assert unlike.sigma == pytest.approx(0.5 * (3.36 + 3.56), abs=1e-4)
    assert unlike.epsilon == pytest.approx(np.sqrt(0.25 * 0.36), rel=1e-4)
    names = [o.of.label for o in problem.liquids[0].observations]
    assert {Pair.of(name) for name in names} == set(problem.field.pairs)


def test_a_resolved_configuration_is_itself(folder, tmp_path) -> None:
    config = load_config(folder / "mixture.toml")
    dump_config(config, tmp_path / "again.toml")
    assert load_config(tmp_path / "again.toml") == config


def test_an_element_may_be_a_mixture_of_one(folder) -> None:
    text = MIXTURE.replace("composition = { Ar = 0.4, Kr = 0.6 }\n", "")
    begin, _, rest = text.partition('[[molecule]]\nname = "Kr"')
    _, _, pair = rest.partition("[[pair]]")
    path = folder / "one.toml"
    only = pair.partition("[[pair]]")[0]
    observe = '[[observe]]\nkind = "g"\nfile = "Ar-Ar.csv"\n[engine]\nname = "integral_equation"\n'
    path.write_text(f"{begin}[[pair]]{only}{observe}")
    problem = build_rule(load_config(path)).problem
    assert problem.field.labels == ["Ar-Ar"]
    assert problem.element
    assert problem.substance.masses == pytest.approx([39.948])


def test_a_mass_density_is_of_the_mean_mass(folder) -> None:
    path = changed(folder, "grams", ("density = 0.0185", 'density = "2.03 g/cm^3"'))
    mean = 0.4 * 39.948 + 0.6 * 83.798
    assert load_config(path).system.density == pytest.approx(2.03 * 0.602214076 / mean)


def test_neutrons_weigh_by_scattering_lengths(folder) -> None:
    """w = (2 − δ) c_a c_b b_a b_b / ⟨b⟩²; b of Ar and Kr are 1.909 and 7.81 fm."""
    old = '[[observe]]\nkind = "g"\nsites = ["Kr", "Ar"]\nfile'
    new = '[[observe]]\nkind = "g"\nweights = "neutron"\nfile'
    problem = build_rule(load_config(changed(folder, "neutron", (old, new)))).problem
    (total,) = [o for o in problem.liquids[0].observations if not isinstance(o.of, Pair)]
    b, c = np.array([1.909, 7.81]), np.array([0.4, 0.6])
    mean = c @ b
    expected = [0.16 * b[0] ** 2, 0.48 * b[0] * b[1], 0.36 * b[1] ** 2] / mean**2
    assert [total.of[pair] for pair in problem.field.pairs] == pytest.approx(expected, rel=2e-3)


KR = 'sites = ["Kr", "Kr"]\nsigma = 3.56\nepsilon = 0.36'
UNLIKE = '[[pair]]\nsites = ["Kr", "Ar"]\ncombine = "lorentz-berthelot"\n'
RULE = 'combine = "lorentz-berthelot"'
MOLECULE = '[[molecule]]\nname = "Kr"'
SHARES = "Ar = 0.4, Kr = 0.6"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ([(KR, KR.replace('"Kr"]', '"Xe"]'))], "Kr-Xe"),
        ([(SHARES, "Ar = 0.4, Kr = 0.7")], "sum to 1"),
        ([(SHARES, "Ar = 0.4, Xe = 0.6")], "fraction of each of Ar, Kr"),
        ([(UNLIKE, "")], "none for Ar-Kr"),
        ([('kind = "g"\nsites = ["Kr", "Kr"]', 'kind = "g"')], "which of the pairs"),
        ([('sites = ["Ar", "Ar"]\nfile', 'sites = ["Ar", "Xe"]\nfile')], "Ar-Xe"),
        (
            [(SHARES, "Ar = 0.0001, Kr = 0.9999"), ('"integral_equation"', '"lammps"')],
            "at least two molecules of each kind",
        ),
        ([(SHARES, "Ar = 40, Kr = 60")], "divide each by their sum"),
        ([(RULE, 'combine = "lorenz-berthelot"')], "Did you mean 'lorentz-berthelot'"),
        (
            [('file = "Kr-Kr.csv"', 'file = "Kr-Kr.csv"\nq_max = "non"')],
            r"observe.2.q_max: .*'none'",
        ),
        ([(KR, KR + '\nrefine = "corection"')], r"pair.1.refine: .*Did you mean 'correction'"),
        (
            [('sites = ["Kr", "Ar"]\nfile', 'weights = { "Ar-Kr" = "a" }\nfile')],
            r"observe.1.weights.Ar-Kr: expected a valid number",
        ),
        ([("[engine]", "[prior]\nsigma = 3.4\n[engine]")], "prior.sigma"),
        ([(MOLECULE, "[reference]\nsigma = 3.4\nepsilon = 0.2\n" + MOLECULE)], "reference"),
        ([(RULE, RULE + "\nsigma = 3.5")], "sigma as well"),
        ([(KR, 'sites = ["Kr", "Kr"]\n' + RULE)], "unlike pair"),
        ([("density = 0.0185", "density = 2.03")], "if it is in g/cm³"),
        ([(f"composition = {{ {SHARES} }}\n", "")], "the mole fraction of each"),
        # one file for two pairs
        ([('file = "Kr-Kr.csv"', 'file = "Ar-Ar.csv"')], "each measured curve once"),
        ([("mass = 39.948", "mass = 0.039948")], "molecule.0.mass"),
        ([("mass = 39.948", 'mass = 39.948\nelement = "99Ar"')], "'99Ar'"),
    ],
)
def test_nonsense_is_refused(folder, changes, words) -> None:
    with pytest.raises(InputErrors, match=words):
        load_config(changed(folder, "bad", *changes))


def test_what_follows_of_a_fault_is_none_of_its_own(folder) -> None:
    """A curve of an unlike pair is not looked at as if it were an element's."""
    with pytest.raises(InputErrors, match="without a hyphen") as refused:
        load_config(changed(folder, "bad", ('name = "Kr"', 'name = "Kr-84"')))
    assert len(refused.value.faults) == 1


def observing(folder, columns, *lines: str) -> str:
    """A configuration with one curve, of the pair Ar-Kr where nothing else is said."""
    np.savetxt(folder / "one.csv", np.column_stack(columns), delimiter=",")
    head, _, rest = MIXTURE.partition("[[observe]]")
    entry = ["[[observe]]", 'file = "one.csv"', *lines, "[engine]" + rest.partition("[engine]")[2]]
    path = folder / "one.toml"
    path.write_text("\n".join([head, *entry]))
    return str(path)


KRYPTON, UNLIKE_SITES = 'sites = ["Kr", "Kr"]', 'sites = ["Ar", "Kr"]'


def as_structure(folder, label: str, share: float = 1.0):
    """S(Q) of a partial, as far as its g(r) goes, 1 + share · (S − 1)."""
    r, g = np.loadtxt(folder / f"{label}.csv", delimiter=",").T
    q = np.arange(0.4, 12.0, 0.1)
    taper = np.sinc(r / r[-1])
    waves = np.sin(q[:, None] * r) / (q[:, None] * r) * 4 * np.pi * r**2 * taper
    core = 4 * np.pi * (np.sin(q * r[0]) / q - r[0] * np.cos(q * r[0])) / q**2
    return q, 1 + share * 0.0185 * (np.trapezoid(waves * (g - 1), r, axis=1) - core)


@pytest.mark.parametrize("label", ["Ar-Ar", "Ar-Kr", "Kr-Kr"])
def test_partial_structure_factors_may_be_negative(folder, label) -> None:
    """Of unlike types anywhere; of like ones down to 1 − 1/c: that of argon is −1.5."""
    q, s = as_structure(folder, label)
    sites = "sites = [{}, {}]".format(*(f'"{name}"' for name in label.split("-")))
    low = s - 0.4 * np.exp(-((q / 1.5) ** 2))
    (found,) = load_config(observing(folder, (q, low), 'kind = "s"', sites)).observe
    assert low.min() < -0.1
    assert found.kind == "s"


@pytest.mark.parametrize(
    ("share", "level", "lines", "words"),
    [
        (1.0, -0.5, ['kind = "s"', KRYPTON], "within 0.2 of 1"),
        # of Ashcroft and Langreth, and weighted by concentrations: no form is proposed
        (0.49, -1.0, ['kind = "s"', UNLIKE_SITES], "Ashcroft and Langreth"),
        (0.36, -0.4, ['kind = "s"', KRYPTON], "Bhatia and Thornton"),
        (3.0, 0.0, ['kind = "s"', KRYPTON], "above -0.667"),
        # 1 − <b²>/<b>² of neutrons is −0.28
        (1.5, -0.15, ['kind = "s"', 'weights = "neutron"'], "above -0.28"),
        (1.0, 0.0, ['kind = "s"', 'weights = { "Ar-Kr" = 0.5, "Kr-Ar" = 0.5 }'], "each pair once"),
        (1.0, 0.0, ['kind = "s"', 'weights = { "Ar-Kr" = 0.0 }'], "not zero"),
        (1.0, 0.0, ['kind = "s"', 'weights = { "Ar-Kr" = 7.2, "Kr-Kr" = 22 }'], 'kind = "f"'),
        (1.0, 0.0, ['kind = "g"', 'weights = { "Ar-Kr" = 0.5 }'], "a sum of 1"),
        (1.0, 0.0, ['kind = "g"', UNLIKE_SITES], 'kind = "s"'),
    ],
)
def test_what_a_structure_factor_cannot_be(folder, share, level, lines, words) -> None:
    q, s = as_structure(folder, "Kr-Kr", share)
    with pytest.raises(InputErrors, match=words):
        load_config(observing(folder, (q, s + level), *lines))


def test_units_are_looked_at_in_mixtures_too(folder) -> None:
    r, g = np.loadtxt(folder / "Ar-Kr.csv", delimiter=",").T
    with pytest.raises(InputErrors, match="suggests nanometres"):
        load_config(observing(folder, (0.1 * r, g), 'kind = "g"', UNLIKE_SITES))
    core = np.arange(0.5, r[0], 0.05)
    whole = np.r_[core, r], np.r_[np.zeros(core.size), g]
    with pytest.raises(InputErrors, match='kind = "g"'):
        load_config(observing(folder, whole, 'kind = "s"', UNLIKE_SITES))
    q, s = as_structure(folder, "Kr-Kr")
    with pytest.raises(InputErrors, match="suggests 1/nm"):
        load_config(observing(folder, (10 * q, s), 'kind = "s"', KRYPTON))


def test_an_element_knows_no_unlike_pairs() -> None:
    with pytest.raises(SoprUqError, match="unlike_sigma_sd"):
        load_config("argon-85K", {"prior.unlike_sigma_sd": 0.1})


@pytest.fixture(scope="module")
def result(folder, few_fluids):
    quick = ["refine.tune=150", "refine.draws=100", "refine.round_size=2",
             "refine.grid_spacing=0.05"]  # fmt: skip
    with few_fluids():
        return run(load_config(folder / "mixture.toml", quick))


@pytest.mark.slow(seconds=28)
def test_the_result_names_its_pairs(result, folder, tmp_path) -> None:
    labels = ("Ar-Ar", "Ar-Kr", "Kr-Kr")
    assert pairs(result) == labels
    for name in ("posterior", "derived", "structure", "iterations", "prior"):
        assert tuple(result[name]["pair"].values) == labels
    found = as_dict(result)["derived"]
    for label, (sigma, epsilon) in TRUTH.items():
        one = found[label]
        assert abs(one["sigma"]["mean"] - sigma) < 4 * one["sigma"]["sd"]
        assert abs(one["epsilon"]["mean"] - epsilon) < 4 * one["epsilon"]["sd"]
    assert [row[0] for row in table(result)][::4] == [f"σ {label}" for label in labels]
    assert all(label in report(result) for label in labels)
    files = export(result, tmp_path, "lammps")
    assert [file.stem for file in files] == [f"mean-{label}" for label in labels]


@pytest.mark.slow(seconds=28)
def test_a_pair_that_was_kept_is_said_to_be(result) -> None:
    """Its draws are one potential, which is no failed posterior; another of one draw is."""
    tables = json.loads(result.attrs["settings"])
    kept = result.copy()
    derived = result["derived"].to_dataset()
    first = derived.isel(chain=0, draw=0)
    kept["derived"] = xr.DataTree(derived.where(derived["pair"] != "Ar-Kr", first))
    same = {row[0]: row for row in table(kept)}
    assert same["σ Ar-Kr"][1].startswith("not determined")
    tables["pair"][2]["refine"] = False
    kept.attrs["settings"] = json.dumps(tables)
    rows = {row[0]: row for row in table(kept)}
    assert rows["σ Ar-Kr"][2] == "kept"
    assert rows["σ Ar-Ar"] == {row[0]: row for row in table(result)}["σ Ar-Ar"]
    told = as_dict(kept)["derived"]["Ar-Kr"]["sigma"]
    assert told["reason"] == "kept"
    assert told["sd"] is None
    assert rows["σ Ar-Kr"][1] == f"{told['mean']:.4g}"


def test_a_pair_is_looked_at_as_an_element(result) -> None:
    one = of_pair(result, "Ar-Kr")
    bands = structure_bands(one)
    assert bands["g_measured"].size == int(one["constant_data"]["g_used"].sum())
    assert np.sqrt(np.mean(bands["g_residual"].values ** 2)) < 0.03
    assert one["derived"]["sigma"].dims == ("chain", "draw")
    assert one["posterior_predictive"]["g"].dims == ("chain", "draw", "r_observed")
    assert one["posterior_predictive"]["g"].shape[-1] == one["observed_data"]["g"].size
    with pytest.raises(SoprUqError, match="of_pair"):
        structure_bands(result)
    with pytest.raises(SoprUqError, match="one of Ar-Ar"):
        of_pair(result, "Ar-Xe")


@pytest.mark.slow(seconds=28)
def test_predictions_are_of_each_measured_pair(result) -> None:
    observed = result["observed_data"].to_dataset()
    predicted = result["posterior_predictive"].to_dataset()
    assert set(predicted.data_vars) == set(observed.data_vars) == {"g", "g_2", "g_3"}
    for name, values in observed.data_vars.items():
        mean = predicted[name].mean(("chain", "draw"))
        assert float(np.sqrt(np.mean((mean.values - values.values) ** 2))) < 0.03
    other = predicted["g"].mean(("chain", "draw")).values - observed["g_3"].values
    assert np.sqrt(np.mean(other**2)) > 0.1, "negative control: those of another pair"


@pytest.mark.slow(seconds=28)
def test_a_sheet_has_a_row_a_pair(result) -> None:
    figure = refinement_sheet(result)
    assert len(figure.axes) >= 9
    assert [ax.get_title() for ax in figure.axes[:9:3]] == ["Ar-Ar", "Ar-Kr", "Kr-Kr"]


def test_mie_potentials_combine_to_mie() -> None:
    from sopr_uq.experiment.makeup import lorentz_berthelot

    a, b = Pair("A", "A"), Pair("B", "B")
    found = lorentz_berthelot(Pair("A", "B"), {a: Mie(3.0, 0.2, 11.0), b: Mie(4.0, 0.8, 14.0)})
    assert (found.n, found.m) == (12.5, 6.0)
    assert (found.sigma, found.epsilon) == pytest.approx((3.5, 0.4), rel=1e-6)


WATER = """
[system]
name = "water"
temperature = 298.0
density = "0.997 g/cm^3"
fluid = "Water"
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
refine = false
[[pair]]
sites = ["H", "H"]
form = "zero"
refine = false
[[observe]]
kind = "g"
sites = ["O", "O"]
file = "oo.csv"
[[state]]
temperature = 320.0
density = "0.989 g/cm^3"
[[state.observe]]
kind = "g"
sites = ["O", "O"]
file = "oo2.csv"
"""


def test_a_pressure_that_nobody_wrote_is_at_the_mass_density(tmp_path) -> None:
    """Of molecules too: their masses are known before the pressure is asked for."""
    for name, peak in (("oo", 2.8), ("oo2", 2.82)):
        g = (1.0 + 1.5 * np.exp(-(((R - peak) / 0.2) ** 2))) * (R > 2.5)
        np.savetxt(tmp_path / f"{name}.csv", np.column_stack([R, g]), delimiter=",")
    (tmp_path / "water.toml").write_text(WATER)
    config = load_config(tmp_path / "water.toml", observe="g,pressure")
    assert config.system.density == pytest.approx(0.997 * 0.602214 / 18.015, rel=1e-4)
    (pressure,) = [o for o in config.observe if o.kind == "pressure"]
    assert -5.0 < pressure.value < 5.0


SALT = """
[system]
name = "salt"
temperature = 1148
density = 0.0305
composition = { Na = 0.5, Cl = 0.5 }
[[molecule]]
name = "Na"
mass = 22.99
charge = 1.0
[[molecule]]
name = "Cl"
mass = 35.45
charge = -1.0
[[pair]]
sites = ["Na", "Na"]
form = "zero"
refine = false
[[pair]]
sites = ["Na", "Cl"]
sigma = 2.6
epsilon = 0.5
refine = "correction"
[[pair]]
sites = ["Cl", "Cl"]
sigma = 4.0
epsilon = 0.1
refine = "correction"
[engine]
particles = 1000
[[observe]]
kind = "g"
file = "salt.csv"
sites = ["Na", "Cl"]
"""


@pytest.fixture
def salt(tmp_path):
    r = np.arange(2.1, 12.0, 0.05)
    g = 1 + 1.8 * np.exp(-(((r - 2.7) / 0.35) ** 2)) - 0.45 * np.exp(-(((r - 4.0) / 0.6) ** 2))
    np.savetxt(tmp_path / "salt.csv", np.column_stack([r, g]), delimiter=",")
    file = tmp_path / "salt.toml"
    file.write_text(SALT)
    return file


def test_a_pair_without_a_well_combines_to_nothing(salt) -> None:
    unlike = 'sigma = 2.6\nepsilon = 0.5\nrefine = "correction"'
    combined = 'combine = "lorentz-berthelot"\nrefine = "correction"'
    salt.write_text(SALT.replace(unlike, combined))
    with pytest.raises(InputErrors, match=r"pair.1.combine.*core and a well"):
        load_config(salt)


def test_tables_of_a_salt_are_what_acts_besides_its_charges(salt, tmp_path) -> None:
    """Like ions are kept apart by their charges: their table may be zero."""
    config = load_config(salt)
    field = build_rule(config).problem.field
    start = field.split(np.tile(field.start, (4, 1)))[None]
    coords = {"pair": field.labels, "r": field.r}
    potential = xr.DataArray(start, coords, ("chain", "draw", "pair", "r"))
    tree = xr.DataTree.from_dict({"posterior": xr.Dataset({"potential": potential})})
    settings = config.model_dump_json(exclude_none=True)
    tree.attrs |= {"settings": settings, "temperature": 1148.0, "system": "salt"}
    files = export(tree, tmp_path / "tables", "lammps")
    assert [file.name for file in files] == [f"mean-{label}.table" for label in field.labels]
    assert "What acts besides the charges." in files[0].read_text(encoding="utf-8")
    np.testing.assert_allclose(read_potential(files[0])[1], 0.0, atol=1e-9)
    unlike = Tabulated(*read_potential(files[1])).energy(R)
    np.testing.assert_allclose(unlike, lennard_jones(2.6, 0.5).energy(R), atol=1e-3)
