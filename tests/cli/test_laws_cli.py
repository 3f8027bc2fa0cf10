"""Laws, predictions and reports from the command line, and what they refuse."""

import json
import re
import shutil

import numpy as np
import pytest
import xarray as xr

from sopr_uq.cli import main
from sopr_uq.posterior.store import read, write
from sopr_uq.workflow.laws_report import interval_rows, law_rows, laws_dict


@pytest.fixture
def sopr_uq(monkeypatch, capsys):
    """Run the command line in this process: a compiled sampler is worth keeping."""

    def call(*arguments):
        monkeypatch.setattr("sys.argv", ["sopr-uq", *map(str, arguments)])
        try:
            main()
            code = 0
        except SystemExit as stop:
            code = stop.code or 0
        out = capsys.readouterr()
        return code, out.out, out.err

    return call


def changed(folder, target, change):
    """Copy a result with something changed."""
    tree = read(folder / "result.nc")
    target.mkdir()
    write(change(tree) or tree, target / "result.nc")
    return target


# --- laws -------------------------------------------------------------------------------------


@pytest.mark.slow(seconds=21)
def test_laws_are_learnt_from_folders_and_from_files(sopr_uq, refined, tmp_path):
    path = tmp_path / "laws.nc"
    runs = [refined["Xe"], refined["Ne"] / "result.nc", refined["Ar"], refined["Kr"]]
    options = ["--out", path, "--no-emcee", "--prob", 0.9, "--seed", 5, "--json"]
    code, out, _ = sopr_uq("laws", *runs, *options)
    assert code == 0
    tree = read(path)
    assert json.loads(out) == laws_dict(tree, 0.9)
    assert list(tree["elements"]["element"].values) == ["Ne", "Ar", "Kr", "Xe"]
    assert tree.attrs["ci_prob"] == 0.9
    assert tree.attrs["seed"] == 5
    assert tree.attrs["polarizabilities"] == "recommended"


def test_an_existing_file_is_refused_and_left_alone(sopr_uq, refined, tmp_path):
    path = tmp_path / "laws.nc"
    path.write_text("precious")
    code, _, err = sopr_uq("laws", refined["Ne"], refined["Xe"], "--out", path)
    assert code == 2
    assert "does not exist yet" in err
    assert path.read_text() == "precious"


def test_one_element_is_told_what_can_still_be_said(sopr_uq, refined, tmp_path):
    code, _, err = sopr_uq("laws", refined["Ar"], "--out", tmp_path / "laws.nc")
    assert code == 2
    assert "at least two elements" in err
    assert "Ar alone fixes the prefactor if b = 1/7" in err
    assert not (tmp_path / "laws.nc").exists()


def without_derived(tree):
    return tree.drop_nodes("derived")


def in_nanometres(tree):
    tree["derived"]["sigma"].attrs["units"] = "nm"


def nameless(tree):
    tree.attrs.update(system="mine", settings="{}")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (without_derived, "a group /derived"),
        (in_nanometres, "draws in angstrom; found draws in nm"),
        (nameless, "Xe=DIR"),
    ],
    ids=["no group", "mixed units", "no element"],
)
def test_an_unusable_ensemble_is_refused(sopr_uq, refined, tmp_path, change, message):
    bad = changed(refined["Xe"], tmp_path / "bad", change)
    code, _, err = sopr_uq("laws", refined["Ne"], bad, "--out", tmp_path / "laws.nc")
    assert code == 2
    assert message in err


def test_own_data_by_other_means_with_other_polarizabilities(sopr_uq, refined, tmp_path):
    """An element named by hand, mixed rules, the paper's α: all of it used, said and kept."""

    def own(tree):
        tree.attrs.update(system="mine", settings="{}", rule="newton")

    other = changed(refined["Xe"], tmp_path / "own", own)
    path = tmp_path / "laws.nc"
    arguments = (refined["Ne"], f"Xe={other}", "--out", path, "--polarizabilities", "qdo")
    code, out, _ = sopr_uq("laws", *arguments, "--no-emcee")
    assert code == 0
    assert "Ne by sopr, Xe by newton" in out
    tree = read(path)
    assert list(tree["elements"]["polarizability"].values) == [0.396, 4.118]
    assert "different rules" in tree.attrs["warning"]
    code, out, _ = sopr_uq("predict", "Rn", "--laws", path)
    assert code == 0
    assert "4.965" in out


def test_an_element_named_by_hand_must_exist(sopr_uq, refined, tmp_path):
    out = tmp_path / "laws.nc"
    code, _, err = sopr_uq("laws", refined["Ne"], f"Zz={refined['Xe']}", "--out", out)
    assert code == 2
    assert "one of He, Ne, Ar" in err


@pytest.mark.parametrize("prob", ["95", "0", "-1"])
def test_a_probability_is_between_0_and_1(sopr_uq, refined, tmp_path, prob):
    out = tmp_path / "laws.nc"
    code, _, err = sopr_uq("laws", refined["Ne"], refined["Xe"], "--out", out, "--prob", prob)
    assert code == 2
    assert "between 0 and 1" in err


def test_a_folder_that_is_no_run_is_named(sopr_uq, refined, tmp_path):
    code, _, err = sopr_uq("laws", refined["Ne"], tmp_path / "nowhere")
    assert code == 2
    assert "nowhere" in err


# --- predict ----------------------------------------------------------------------------------


def test_predictions_as_json_have_the_documented_form(sopr_uq, laws_file):
    arguments = ("He", "Rn", "Og", "--laws", laws_file, "--json", "--alpha", "5.19±0.30")
    code, out, _ = sopr_uq("predict", *arguments)
    assert code == 0
    found = json.loads(out)
    assert list(found) == ["He", "Rn", "Og", "5.19±0.30"]
    for by_quantity in found.values():
        assert list(by_quantity) == ["sigma", "epsilon", "r_vdw", "d_hp"]
        for name, row in by_quantity.items():
            keys = ["mean", "sd", "lower", "upper", "prob", "unit", "rests_on", "doubtful"]
            assert list(row) == keys
            assert (row["rests_on"], row["doubtful"]) == ("smoothing", "")
            assert row["lower"] < row["mean"] < row["upper"]
            assert row["unit"] == ("kcal/mol" if name == "epsilon" else "angstrom")


def test_predictions_for_people_say_that_they_extrapolate(sopr_uq, laws_file):
    code, out, _ = sopr_uq("predict", "He", "--laws", laws_file, "--prob", "0.8", "--law", "free")
    assert code == 0
    assert "80 % interval" in out
    assert "extrapolate" in out
    assert "0.2050506(30)" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["Zz"], "one of He, Ne, Ar, Kr, Xe, Rn, Og"),
        (["--alpha", "0"], "a positive number"),
        (["--alpha", "-5.19"], "5.19±0.30"),
        (["--alpha", "1±2"], "half its value"),
        (["He", "--law", "cubic"], "qdo, classical, free"),
        (["He", "--prob", "95"], "between 0 and 1"),
        ([], "an element or --alpha"),
    ],
)
def test_a_bad_target_is_refused(sopr_uq, laws_file, arguments, message):
    code, out, err = sopr_uq("predict", *arguments, "--laws", laws_file)
    assert code == 2
    assert message in err
    assert not out


def test_missing_or_foreign_laws_are_refused(sopr_uq, refined, tmp_path):
    code, _, err = sopr_uq("predict", "He", "--laws", tmp_path / "laws.nc")
    assert code == 2
    assert "sopr-uq laws" in err
    code, _, err = sopr_uq("predict", "He", "--laws", refined["Ne"] / "result.nc")
    assert code == 2
    assert "expected laws" in err


# --- show, figures, report --------------------------------------------------------------------


def test_show_knows_laws(sopr_uq, laws_file):
    code, out, _ = sopr_uq("show", laws_file)
    assert code == 0
    assert "σ ∝ α^(1/7)" in out
    assert "ε ∝ α^b" in out
    code, out, _ = sopr_uq("show", laws_file, "--json", "--prob", "0.5")
    found = json.loads(out)
    assert found["elements"] == ["Ne", "Ar", "Kr", "Xe"]
    sigma = found["laws"]["sigma"]
    assert set(sigma) == {"qdo", "classical", "free"}
    assert sum(law["probability"] for law in sigma.values()) == pytest.approx(1.0)
    b = sigma["free"]["b"]
    assert b["prob"] == 0.5
    # half of a bell lies within 0.67 standard deviations
    assert b["upper"] - b["lower"] < 2 * b["sd"]


def test_figures_of_laws_are_drawn_beside_them(sopr_uq, laws_file, tmp_path):
    path = shutil.copy(laws_file, tmp_path)
    code, out, _ = sopr_uq("figures", path)
    assert code == 0
    files = {line.rsplit("/", 1)[-1] for line in out.splitlines()}
    assert files == {f"{n}.{s}" for n in ("laws", "left_out", "exponents") for s in ("png", "pdf")}
    assert all((tmp_path / "figures" / name).stat().st_size > 5000 for name in files)


def test_report_on_a_refinement_has_numbers_settings_versions_citations(sopr_uq, refined):
    code, out, _ = sopr_uq("report", refined["Kr"])
    assert code == 0
    assert re.search(r"\| σ \| 3\.\d+\(\d+\) \| \[3\.\d+, 3\.\d+\] \| Å \|", out)
    for part in ('curve = "krypton_199K_gr"', 'rule = "sopr"', "numpy ", "11512 (2022)", "947"):
        assert part in out
    assert "Thompson" not in out, "LAMMPS was not used"
    assert "/" not in re.search(r"```toml(.*)```", out, re.DOTALL).group(1).replace("1/", "")


def test_report_on_laws(sopr_uq, laws_file):
    code, out, _ = sopr_uq("report", laws_file, "--prob", "0.9")
    assert code == 0
    for part in ("| σ ∝ α^(1/7) |", "90 % equal-tailed", "## Priors", "Schwerdtfeger"):
        assert part in out
    assert "emcee: not run" in out
    assert "Foreman" not in out


def test_bibtex_is_nothing_but_bibtex(sopr_uq, refined, laws_file):
    for path in (refined["Xe"], laws_file):
        code, out, _ = sopr_uq("report", path, "--bibtex")
        assert code == 0
        entries = out.strip().split("\n\n")
        keys = [re.match(r"@\w+\{(\w+),", entry).group(1) for entry in entries]
        assert len(set(keys)) == len(keys) > 3
        for entry in entries:
            assert entry.count("{") == entry.count("}")
            assert entry.endswith("}")


def test_laws_whose_samplers_failed_are_kept_marked_and_exit_with_3(
    sopr_uq, refined, tmp_path, monkeypatch
):
    """The limit is moved, not the sampler: no sample has an effective size of a billion."""
    monkeypatch.setattr("sopr_uq.laws.fit._SMALLEST_ESS", 1e9)
    path = tmp_path / "laws.nc"
    code, out, _ = sopr_uq("laws", refined["Ne"], refined["Xe"], "--out", path, "--no-emcee")
    assert code == 3
    assert "effective sample size" in out
    assert "effective sample size" in read(path).attrs["warning"]


def test_laws_that_rest_on_a_doubtful_element_say_so_wherever_they_are_read(
    sopr_uq, refined, tmp_path
):
    def doubted(tree):
        tree.attrs.update(outcome="doubtful", band="posterior")

    def trusted(tree):
        tree.attrs.update(outcome="converged", band="posterior")

    bad = changed(refined["Xe"], tmp_path / "bad", doubted)
    good = [changed(refined[s], tmp_path / s, trusted) for s in ("Ne", "Xe")]
    path, control = tmp_path / "laws.nc", tmp_path / "control.nc"
    assert sopr_uq("laws", *good, "--out", control, "--no-emcee")[0] == 0
    code, out, _ = sopr_uq("laws", good[0], bad, "--out", path, "--no-emcee")
    assert code == 3
    sentence = "the refinement of Xe is doubtful: see the warning of its result"
    assert sentence in out
    assert list(read(path)["elements"]["doubtful"].values) == [0, 1]
    assert sentence in read(path).attrs["warning"]
    for told, marked in ((path, True), (control, False)):
        shown = sopr_uq("show", told)[1]
        predicted = sopr_uq("predict", "Rn", "--laws", told)[1]
        for text in (shown, predicted, sopr_uq("report", told)[1]):
            assert (sentence in text) == marked
        assert ("Xe †" in shown, "Rn †" in predicted) == (marked, marked)
        found = json.loads(sopr_uq("show", told, "--json")[1])
        assert found["doubtful"] == (["Xe"] if marked else [])
        assert found["smoothed"] == []
        found = json.loads(sopr_uq("predict", "Rn", "--laws", told, "--json")[1])
        assert found["Rn"]["sigma"]["doubtful"] == ("Xe" if marked else "")
        assert found["Rn"]["sigma"]["rests_on"] == "posterior"


def test_no_parameter_of_a_law_is_told_that_rests_on_a_handful_of_draws(laws_file):
    laws = read(laws_file)
    few = laws.copy()
    for law in laws["sigma"].children:
        few[f"sigma/{law}"] = xr.DataTree(laws[f"sigma/{law}"].to_dataset().isel(draw=slice(10)))
    for tree, told in ((laws, True), (few, False)):
        row = next(r for r in law_rows(tree) if r[0] == "σ ∝ α^(1/7)")
        assert row[1].startswith("not determined (") != told
        assert row[2] == "1/7"
        ends = next(r for r in interval_rows(tree, 0.9) if r[0] == "σ ∝ α^b")
        assert (ends[1] == "–") != told
        found = laws_dict(tree, 0.9)["laws"]["sigma"]["qdo"]
        assert (found["a"]["mean"] is not None, "reason" not in found["a"]) == (told, told)
        assert found["b"]["mean"] == pytest.approx(1 / 7)


def test_laws_made_of_smoothing_bands_say_so(sopr_uq, laws_file):
    assert set(read(laws_file)["elements"]["band"].values) == {"smoothing"}
    for command in (("show", laws_file), ("predict", "Rn", "--laws", laws_file)):
        out = sopr_uq(*command)[1]
        assert "the ensembles of Ne, Ar, Kr, Xe are smoothing bands, no intervals" in out
    assert json.loads(sopr_uq("show", laws_file, "--json")[1])["smoothed"] == [
        "Ne", "Ar", "Kr", "Xe",
    ]  # fmt: skip


def test_draws_of_a_law_point_to_draws_of_the_runs(laws_file, refined):
    """Law and ensemble stay paired through the file: the draws pointed to keep the law."""
    laws = read(laws_file)
    posterior = laws["sigma/qdo"].to_dataset()
    for symbol, folder in refined.items():
        draws = read(folder / "result.nc")["derived"]["sigma"].values.ravel()
        picked = draws[posterior["draw_index"].sel(element=symbol).values]
        assert picked.shape == posterior["tau"].shape
        assert xr.DataArray(picked).notnull().all()
        assert np.ptp(picked) > 0
