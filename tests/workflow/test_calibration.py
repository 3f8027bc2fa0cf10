"""Calibrations: families of truths, measured twins, the folder, a light run of it all."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress

import numpy as np
import pytest
import xarray as xr
from click.testing import CliRunner
from scipy import stats

from sopr_uq import Campaign, Measurement, calibrate, load_config
from sopr_uq.cli import calibration as calibration_command
from sopr_uq.cli.main import cli
from sopr_uq.errors import CheckpointError, InputError, Interrupted, RuleFailed
from sopr_uq.executor import InTurn, Processes
from sopr_uq.posterior.calibrate import joint_rank, shrunk
from sopr_uq.posterior.calibration_table import published_rule, table
from sopr_uq.potentials import Mie, Tabulated
from sopr_uq.refine.start import saturated_density
from sopr_uq.workflow import campaign as campaign_module
from sopr_uq.workflow import truths
from sopr_uq.workflow.calibration import collect, make_twins, twin_file
from sopr_uq.workflow.lock import locked
from sopr_uq.workflow.truths import FAMILIES, corresponding, draw_truth, freezing_density, members
from sopr_uq.workflow.twins import unit_noise

QUICK = (
    "engine.name='integral_equation'", "refine.rule='sopr'", "refine.max_iterations=2",
    "refine.draws=50", "refine.noise=0.01", "refine.width=0.1", "refine.length=0.7",
)  # fmt: skip
FALSE_ALARM = 0.01


def quick(system="krypton-199K", **changes) -> Campaign:
    """A campaign whose twins take a tenth of a second."""
    settings = {"family": "mie,exp6", **changes}
    return Campaign(load_config(system, QUICK, observe="g"), **settings)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Five quick twins."""
    out = tmp_path_factory.mktemp("calibration") / "quick"
    calibrate(quick(), out, twins=5)
    return out


@pytest.mark.parametrize("family", FAMILIES)
def test_truths_are_fluids_with_a_core_and_one_well(family):
    campaign = quick()
    problem, rng = campaign.problem, np.random.default_rng(1)
    state = problem.liquids[0].state
    for _ in range(5):
        v = draw_truth(problem, (3.6, 0.335), family, rng)
        reduced = corresponding(Tabulated(problem.r, v), state)
        assert reduced.density >= saturated_density(reduced.temperature)
        assert reduced.density <= 1.05 * freezing_density(reduced.temperature)
        assert np.all(np.diff(v[problem.r < 0.95 * problem.sigma]) < 0)
        assert v.min() < 0


def test_a_lennard_jones_fluid_corresponds_to_itself():
    state = quick().problem.liquids[0].state
    found = corresponding(Mie(3.6, 0.33), state)
    assert found.density == pytest.approx(state.density * 3.6**3, rel=1e-4)
    assert found.temperature == pytest.approx(1.0 / (state.beta * 0.33), rel=1e-3)


def test_freezing_at_known_temperatures():
    # E. A. Mastny, J. J. de Pablo, J. Chem. Phys. 127, 104504 (2007): triple point, and T* = 1
    assert freezing_density(0.694) == pytest.approx(0.85, abs=0.01)
    assert freezing_density(1.0) == pytest.approx(0.923, abs=0.01)


def test_a_potential_too_deep_for_its_state_is_never_drawn(monkeypatch):
    monkeypatch.setattr(truths, "_TRIES", 50)
    with pytest.raises(InputError, match="none among 50"):
        draw_truth(quick().problem, (3.6, 0.60), "mie", np.random.default_rng(1))


def test_only_whole_potentials_of_single_atoms_have_twins(tmp_path):
    argon = (
        '[system]\nname = "mine"\ntemperature = 120.0\ndensity = 0.0195\n'
        '[[molecule]]\nname = "Ar"\nmass = 39.948\n'
        '[[pair]]\nsites = ["Ar", "Ar"]\nform = "lennard-jones"\nsigma = 3.4\nepsilon = 0.24\n'
        '[[observe]]\nkind = "g"\nsites = ["Ar", "Ar"]\nfile = "g.csv"\n'
    )
    krypton = load_config("krypton-199K").build_system().observations
    (g,) = (o for o in krypton if o.kind == "g")
    (tmp_path / "g.csv").write_text(
        "r,g\n" + "".join(f"{r},{y}\n" for r, y in zip(g.x, g.value, strict=True))
    )
    (tmp_path / "mine.toml").write_text(argon)
    Campaign(load_config(tmp_path / "mine.toml"))
    corrected = argon.replace("epsilon = 0.24", 'epsilon = 0.24\nrefine = "correction"')
    (tmp_path / "mine.toml").write_text(corrected)
    with pytest.raises(InputError, match="single atoms whose whole potential"):
        Campaign(load_config(tmp_path / "mine.toml"))


def test_families_by_name():
    assert members("mixed") == ("mie", "exp6", "morse", "shoulder")
    assert members("exp6, mie") == ("exp6", "mie")
    with pytest.raises(InputError, match="some of prior, mie"):
        members("mie,gauss")


def test_noise_of_a_transformed_curve_is_band_limited_and_dies_like_1_over_r():
    observation = quick("argon-85K").problem.liquids[0].observations[0].windowed()
    rng = np.random.default_rng(2)
    noise = np.array([unit_noise(observation, rng) for _ in range(4000)])
    step = round(np.pi / observation.q_max / np.median(np.diff(observation.x)))
    scaled = noise * observation.x / observation.x[0]
    # 4000 draws know a standard deviation to 1.1 %: 4.5 of those, for 50 points, 1 in 3000
    np.testing.assert_allclose(scaled[:, ::step].std(axis=0), 1.0, atol=0.05)
    nodes = np.corrcoef(scaled[:, ::step].T)
    assert np.abs(nodes - np.eye(len(nodes))).max() < 0.08
    assert np.corrcoef(scaled[:, 3 * step], scaled[:, 3 * step + 1])[0, 1] > 0.8


def test_a_twin_depends_on_its_number_alone(folder, tmp_path):
    one = quick().result(3)
    there = xr.load_dataset(twin_file(folder, 3))
    np.testing.assert_array_equal(one["draws"].astype(np.float32), there["draws"])
    make_twins(quick(), tmp_path / "two", twins=4, executor=Processes(2))
    for number in range(4):
        mine = xr.load_dataset(twin_file(tmp_path / "two", number))
        xr.testing.assert_identical(mine.drop_attrs(), xr.load_dataset(
            twin_file(folder, number)).drop_attrs())  # fmt: skip


def test_liquids_do_not_share_random_numbers():
    errors = [quick(system).twin(0)[0].errors["noise"] for system in ("krypton-199K", "neon-42K")]
    assert errors[0] != errors[1]


def test_what_is_there_is_not_made_again(folder):
    before = twin_file(folder, 0).stat().st_mtime_ns
    heard = []
    found = calibrate(quick(), folder, twins=5, on_done=lambda *each: heard.append(each))
    assert heard == [(5, 0)]
    assert twin_file(folder, 0).stat().st_mtime_ns == before
    assert found.sizes["simulation"] == 5


def test_the_dataset_says_what_was_done(folder):
    ds = collect(folder)
    assert ds["family"].values.tolist() == ["mie", "exp6", "mie", "exp6", "mie"]
    assert set(ds["outcome"].values) == {"max_iterations"}
    assert np.all(np.isfinite(ds["rank"]))
    assert np.all(ds["lower"] <= ds["upper"])
    assert {"settings", "versions", "seed", "engine"} <= set(ds.attrs)
    within = ds["band_truth"].sel(r=4.0, method="nearest")
    assert np.all(np.isfinite(within))


def test_another_calibration_is_refused_its_folder(folder, tmp_path):
    with pytest.raises(InputError, match=r"a calibration with campaign\.family"):
        calibrate(quick(family="prior"), folder, twins=1)
    (tmp_path / "file").write_text("mine")
    with pytest.raises(InputError, match="a new folder"):
        calibrate(quick(), tmp_path, twins=1)
    with pytest.raises(CheckpointError, match="not the folder of a calibration"):
        collect(tmp_path)


def names(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.mark.parametrize("name", ["config.toml", "campaign.json"])
def test_a_kill_while_a_folder_is_begun_leaves_one_that_can_be_begun_again(tmp_path, name):
    """A process that ends at once where it would write one of the two files."""
    script = (
        "import os, sys\n"
        "from sopr_uq import Campaign, calibrate, load_config\n"
        "from sopr_uq import disk\n"
        "real = disk.Path.replace\n"
        "def replace(self, target):\n"
        f"    return os._exit(9) if target.name == {name!r} else real(self, target)\n"
        "disk.Path.replace = replace\n"
        f"config = load_config('krypton-199K', {QUICK!r}, observe='g')\n"
        "calibrate(Campaign(config, family='mie,exp6'), sys.argv[1], twins=1)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, tmp_path / "out"], check=False)
    assert done.returncode == 9
    assert not (tmp_path / "out" / name).exists()
    with pytest.raises(CheckpointError, match="not the folder of a calibration"):
        collect(tmp_path / "out")
    calibrate(quick(), tmp_path / "out", twins=1)
    assert names(tmp_path / "out") == [
        "calibration.nc", "campaign.json", "config.toml", "twins", "twins/00000.nc",
    ]  # fmt: skip


def test_half_a_campaign_is_begun_again_but_never_over_twins_or_another_configuration(tmp_path):
    out = tmp_path / "out"
    calibrate(quick(), out, twins=1)
    (out / "calibration.nc").unlink()
    (out / "campaign.json").write_text('{"family": "mi')
    with pytest.raises(InputError, match="a folder with twins in it"):
        calibrate(quick(), out, twins=1)
    twin_file(out, 0).unlink()
    with pytest.raises(InputError, match=r"a folder with config\.toml in it"):
        calibrate(quick("neon-42K"), out, twins=1)
    assert calibrate(quick(), out, twins=1).sizes["simulation"] == 1


def test_a_second_process_is_kept_out(tmp_path):
    (tmp_path / "out").mkdir()
    told = pytest.raises(CheckpointError, match=f"process {os.getpid()} on ")
    with locked(tmp_path / "out"), told:
        calibrate(quick(), tmp_path / "out", twins=1)
    assert names(tmp_path / "out") == []


def test_a_damaged_twin_is_set_aside_and_made_again(folder, tmp_path):
    out = tmp_path / "out"
    shutil.copytree(folder, out)
    before = xr.load_dataset(twin_file(out, 2))
    content = twin_file(out, 2).read_bytes()
    twin_file(out, 2).write_bytes(content[: len(content) // 2])
    with pytest.warns(UserWarning, match=r"00002\.nc.*kept as 00002\.damaged"):
        assert collect(out).sizes["simulation"] == 4
    twin_file(out, 3).write_bytes(b"nothing")
    with pytest.warns(UserWarning, match=r"00003\.nc.*kept as 00003\.damaged"):
        assert calibrate(quick(), out, twins=5).sizes["simulation"] == 5
    again = xr.load_dataset(twin_file(out, 2))
    xr.testing.assert_identical(before.drop_attrs(), again.drop_attrs())


def test_a_refinement_that_fails_is_counted(tmp_path, monkeypatch):
    real, calls = campaign_module.refine_twin, []

    def sometimes(*args, **keywords):
        calls.append(1)
        if len(calls) == 2:
            raise RuleFailed("no sense in it")
        return real(*args, **keywords)

    monkeypatch.setattr(campaign_module, "refine_twin", sometimes)
    ds = calibrate(quick(), tmp_path / "out", twins=3)
    assert ds["outcome"].values.tolist() == ["max_iterations", "failed", "max_iterations"]
    assert ds["error"].values[1] == "RuleFailed: no sense in it"
    assert np.isnan(ds["rank"][1]).all()
    assert np.isfinite(ds["truth"]).all()
    assert table(ds)["twins"].values.tolist() == [2] * ds.sizes["quantity"]
    assert table(ds).attrs["failed"] == 1
    assert published_rule(ds, "sigma").of == 2


def test_an_interrupted_calibration_says_what_is_kept_and_goes_on(tmp_path):
    def stop(done, _):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted, match="2 twins are kept"):
        calibrate(quick(), tmp_path / "out", twins=3, on_done=stop)
    assert calibrate(quick(), tmp_path / "out", twins=3).sizes["simulation"] == 3


def test_the_command(monkeypatch, tmp_path):
    # processes make the same twins, which another test asks
    monkeypatch.setattr(calibration_command, "Processes", InTurn)
    options = ["--twins", "2", "--family", "mie", "--about", "3.6,0.335", "--out", f"{tmp_path}/c"]
    options += ["--measurement", "noise=0.01,reading=0", "--observe", "g", "--quiet"]
    options += [part for text in QUICK for part in ("--set", text)]
    done = CliRunner().invoke(cli, ["calibrate", "krypton-199K", *options], catch_exceptions=False)
    assert done.exit_code == 0
    assert "2 twins" in done.output
    assert (tmp_path / "c/figures/calibration.pdf").stat().st_size > 10_000
    campaign = json.loads((tmp_path / "c/campaign.json").read_text())
    assert campaign["measurement"] == {"noise": 0.01, "reading": 0.0}
    assert campaign["about"] == [3.6, 0.335]
    again = CliRunner().invoke(cli, ["calibrate", "krypton-199K", *options, "--json"])
    found = json.loads(again.stdout)
    assert (found["simulations"], found["failed"], found["system"]) == (2, 0, "krypton-199K")
    sigma = found["quantities"]["sigma"]
    with xr.open_dataset(tmp_path / "c/calibration.nc") as calibration:
        row = table(calibration).sel(quantity="sigma")
    assert sigma["coverage"]["0.95"] == row["coverage"].sel(nominal=0.95)
    assert sigma["z_mean"] == row["z_mean"]


@pytest.mark.parametrize(
    ("option", "value"),
    [("--measurement", "noise=x"), ("--measurement", "hum=1"), ("--about", "3")],
)
def test_the_command_names_a_wrong_option(tmp_path, option, value):
    arguments = ["calibrate", "krypton-199K", "--twins", "1", "--out", f"{tmp_path}/c"]
    with pytest.raises(InputError, match=option):
        CliRunner().invoke(
            cli, [*arguments, option, value], catch_exceptions=False, standalone_mode=False
        )
    assert not (tmp_path / "c").exists()


def test_an_interrupt_is_no_failed_twin(monkeypatch, tmp_path):
    """Even where a library has put an error of its own in its place."""

    def interrupted(*_, **__):
        with suppress(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(1.0)
        raise TypeError("Cannot compare structured arrays.")

    monkeypatch.setattr(campaign_module, "refine_twin", interrupted)
    with pytest.raises(Interrupted, match="0 twins are kept"):
        calibrate(quick(), tmp_path / "c", twins=2)


SEEN = ("sigma", "epsilon", "r_vdw", "d_hp", "v(1.29 sigma)", "v(1.57 sigma)")


def evidence(found: list[xr.Dataset], factor: float = 1.0) -> float:
    """R. A. Fisher's sum over twins of −2 ln(1 − rank): χ² if joint ranks are uniform."""
    total = 0.0
    for each in found:
        one = each.sel(quantity=list(SEEN))
        draws = shrunk(one["draws"].values, factor)
        total -= 2.0 * np.log1p(-joint_rank(one["truth"].values, draws))
    return total


@pytest.fixture(scope="module")
def of_the_prior():
    """Fourteen twins in the HNC world, whole, and between what Fisher's sum over them should lie.

    One false alarm in a hundred; six numbers each.
    """
    settings = (
        "engine.name='integral_equation'", "refine.rule='newton'", "refine.max_iterations=8",
        "refine.grid_spacing=0.05", "refine.tune=100", "refine.draws=50", "seed=4",
    )  # fmt: skip
    campaign = Campaign(load_config("krypton-199K", settings, observe="g,pressure"))
    found = [campaign.result(number) for number in range(14)]
    found = [each for each in found if each.attrs["outcome"] != "failed"]
    assert len(found) >= 12
    return found, stats.chi2.ppf([FALSE_ALARM / 2, 1 - FALSE_ALARM / 2], 2 * len(found))


@pytest.mark.slow(seconds=48)
def test_newton_is_calibrated_on_twins_of_its_prior(of_the_prior):
    found, (low, high) = of_the_prior
    assert low < evidence(found) < high


@pytest.mark.slow(seconds=48)
def test_intervals_shrunk_by_a_third_are_seen(of_the_prior):
    """The negative control."""
    found, (_, high) = of_the_prior
    assert evidence(found, factor=0.7) > high


def test_measurements_are_numbers_from_zero_on():
    with pytest.raises(InputError, match="measurement, noise"):
        Measurement(noise=-1.0)
