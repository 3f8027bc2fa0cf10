"""Files from strangers: whatever they hold, an answer or a clear error, in a moment.

A few hundred cases here; ``make fuzz`` makes more than ten thousand. Each case
has a time limit, so that a hang is a failure.
"""

from __future__ import annotations

import math
import os
import runpy
import string
from contextlib import suppress
from pathlib import Path

import netCDF4
import numpy as np
import pytest
import tomli_w
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from sopr_uq.cli import results, trust
from sopr_uq.errors import CheckpointError, InputError, InputErrors, SoprUqError
from sopr_uq.experiment import read_curve
from sopr_uq.experiment.matrix import read_matrix
from sopr_uq.experiment.potential_table import read_potential
from sopr_uq.posterior import store
from sopr_uq.refine.checkpoint import decode
from sopr_uq.workflow import run as workflow
from sopr_uq.workflow.config import load_config
from sopr_uq.workflow.run import run

SHARED = runpy.run_path(str(Path(__file__).with_name("fuzzing.py")))
CASES, fuzz, damaged = SHARED["CASES"], SHARED["fuzz"], SHARED["damaged"]
check_words, in_a_moment = SHARED["check_words"], SHARED["in_a_moment"]

TOOL = runpy.run_path(str(Path(__file__).resolve().parents[2] / "tools" / "soak.py"))


# --- tables of numbers ---------------------------------------------------------------

NUMBERS = st.one_of(
    st.floats(-1e3, 1e3).map(repr),
    st.floats().map(str),
    st.integers(-(10**400), 10**400).map(str),
    st.sampled_from(["", " ", "nan", "1e999", "1_0", "0x1p3", "１", "1,5", "-0", "\x00", "+.5e-3"]),
)
CELLS = st.lists(NUMBERS, min_size=1, max_size=4).map(",".join)
HEADERS = st.sampled_from(
    [
        *("r_angstrom,g", "q_inverse_angstrom,s", "r_angstrom,g,error", "g,r_angstrom"),
        *("r,g", "r_angstrom;g", "\ufeffr_angstrom,g", "r_angstrom,g,g", "", "r_angstrom,g,"),
    ]
)
GROWING = st.lists(st.floats(0.01, 1.0), min_size=5, max_size=40).map(
    lambda steps: "\n".join(f"{x},{1.0 + 0.1 * math.sin(x)}" for x in np.cumsum(steps))
)
BODIES = st.one_of(GROWING, st.lists(CELLS, max_size=20).map("\n".join))
CSV = st.one_of(
    st.binary(max_size=400),
    st.tuples(HEADERS, BODIES, st.sampled_from(["\n", "\r\n", "\r"])).map(
        lambda parts: "\n".join(parts[:2]).replace("\n", parts[2]).encode()
    ),
    st.text(st.sampled_from([*string.printable, "é", "\u2028", "\x00"]), max_size=300).map(
        lambda text: text.encode()
    ),
)


@fuzz(CASES)
@given(content=CSV, kind=st.sampled_from(["g", "s"]))
def test_tables(tmp_path, content, kind):
    file = tmp_path / "curve.csv"
    file.write_bytes(content)
    with in_a_moment():
        for reader in (
            lambda: read_curve(file, kind),
            lambda: read_potential(file)[1],
            lambda: read_matrix(file, 5),
        ):
            try:
                found = reader()
            except InputError as error:
                check_words(error)
            else:
                values = found if isinstance(found, np.ndarray) else found.value if hasattr(
                    found, "value") else found.values  # fmt: skip
                assert np.isfinite(values).all()


# --- configurations ------------------------------------------------------------------

WORDS = st.sampled_from(
    [
        *("mine", "../../outside", "/etc/passwd", "a\0b", "my_gr.csv", "/dev/zero", ".", "newton"),
        *("table", "mie", "pressure", "s", "g", "argon_85K_gr", "Argon", "lammps", "published"),
    ]
)
SCALARS = st.one_of(
    WORDS,
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(),
    st.text(max_size=8),
    st.dates(),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=8,
)
OWN = {
    "system": {"name": "mine", "temperature": 274.0, "density": 0.00881, "mass": 131.29},
    "reference": {"form": "lennard-jones", "sigma": 3.89, "epsilon": 0.45},
    "observe": [{"kind": "g", "file": "my_gr.csv"}],
}
PLACES = st.sampled_from(
    [
        *("system", "system.name", "system.temperature", "system.density", "system.mass"),
        *("system.fluid", "reference", "reference.form", "reference.file", "reference.sigma"),
        *("observe", "observe.0", "observe.0.kind", "observe.0.file", "observe.0.window"),
        *("observe.0.covariance", "observe.0.value", "observe.0.sha256", "observe.0.spacing"),
        *("engine", "engine.name", "engine.particles", "engine.cutoff", "engine.blocks"),
        *("engine.bin_width", "engine.r_max", "refine", "refine.rule", "refine.gamma"),
        *("refine.grid_spacing", "refine.max_iterations", "state", "preset", "seed", "x.y"),
    ]
)
TOML = st.one_of(
    st.binary(max_size=200),
    st.lists(
        st.sampled_from(
            [
                *(
                    "[system]\n",
                    "[[observe]]\n",
                    "[observe]\n",
                    "[engine]\n",
                    "[a.b.c]\n",
                    "a.b=1\n",
                ),
                *(
                    'name="x"\n',
                    "temperature=274.0\n",
                    "mass=1e400\n",
                    "x=[1,{a=2}]\n",
                    "seed=0x1\n",
                ),
                *('"', "'''", "[", "]", "=", "\n", "#", "nan", "1979-05-27", "\x00", "é", "{", "}"),
                "x = " + "9" * 5000 + "\n",
                "x = " + "[" * 3000,
            ]
        ),
        max_size=15,
    ).map(lambda parts: "".join(parts).encode()),
)


@pytest.fixture(scope="module")
def beside(tmp_path_factory):
    """A folder with a good curve."""
    folder = tmp_path_factory.mktemp("config")
    from sopr_uq.experiment.catalogue import curve

    (folder / "my_gr.csv").write_bytes(curve("xenon_274K_gr").path.read_bytes())
    return folder


def loaded(file, changes=()):
    with in_a_moment():
        try:
            return load_config(file, changes)
        except InputErrors as error:
            check_words(error)
        return None


@fuzz(CASES)
@given(content=TOML)
def test_configurations_as_text(beside, content):
    (beside / "text.toml").write_bytes(content)
    loaded(beside / "text.toml")


@fuzz(CASES)
@given(changes=st.dictionaries(PLACES, VALUES, min_size=1, max_size=3))
def test_configurations_as_tables(beside, changes):
    file = beside / "tables.toml"
    file.write_text(tomli_w.dumps(OWN))
    config = loaded(file, changes)
    if config is not None:
        # The default folder of a refinement is named after the system.
        folder = Path("runs") / f"{config.system.name}-{config.refine.rule}"
        assert folder.parent == Path("runs")
        assert os.path.normpath(folder) == str(folder)


@pytest.mark.parametrize(
    "name", ["../x", "/tmp/x", "a/b", "..", ".hidden", "a\0", "x" * 200, "a\n"]
)
def test_a_name_cannot_lead_out_of_the_folder(beside, name):
    (beside / "named.toml").write_text(tomli_w.dumps(OWN))
    with pytest.raises(InputErrors, match=r"system\.name"):
        load_config(beside / "named.toml", {"system.name": name})


def test_devices_pipes_and_giants_are_refused(beside):
    os.mkfifo(beside / "pipe.csv")
    with (beside / "giant.csv").open("wb") as file:
        file.truncate(2 * 10**9)
    (beside / "tables.toml").write_text(tomli_w.dumps(OWN))
    for name in ("/dev/zero", "pipe.csv", "giant.csv"):
        with in_a_moment(), pytest.raises(InputErrors, match=r"not a regular file|2000 MB"):
            load_config(beside / "tables.toml", {"observe.0.file": str(beside / name)})
    (beside / "giant.csv").rename(beside / "giant.toml")
    with in_a_moment(), pytest.raises(InputErrors, match="2000 MB"):
        load_config(beside / "giant.toml")


# --- results and checkpoints ---------------------------------------------------------


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The folder of a small refinement."""
    folder = tmp_path_factory.mktemp("made") / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workflow, "save_refinement", TOOL["_one_small_figure"])
        run(
            load_config("argon-85K", TOOL["CASES"]["instant"] | {"refine.max_iterations": 2}),
            folder,
        )
    return folder


def asked(command, file):
    """Ask a command of the command line about a file; only its own errors may come out."""
    done = CliRunner().invoke(command, [str(file)])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        assert isinstance(done.exception, SoprUqError), repr(done.exception)
        check_words(done.exception)


@fuzz(CASES // 3)
@given(data=st.data())
def test_damaged_results(made, tmp_path, data):
    file = tmp_path / "bad.nc"
    file.write_bytes(damaged((made / "result.nc").read_bytes(), data.draw))
    with in_a_moment():
        asked(results.show, file)
        asked(trust.verify, file)


ATTRIBUTES = st.one_of(
    st.integers(-(2**31), 2**31 - 1), st.floats(), st.text(max_size=10), st.just("{}"),
    st.lists(st.floats(), min_size=1, max_size=3),
)  # fmt: skip


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@fuzz(CASES // 5)
@given(
    attributes=st.dictionaries(
        st.sampled_from(
            [
                "schema",
                "kind",
                "rule",
                "settings",
                "versions",
                "temperature",
                "seed",
                "outcome",
                "sha256",
                "warning",
                "message",
                "engine",
                "title",
                "inputs",
            ]
        ),
        ATTRIBUTES,
        max_size=3,
    ),
    gone=st.sets(
        st.sampled_from(
            [
                "posterior",
                "derived",
                "iterations",
                "observed_data",
                "posterior_predictive",
                "sample_stats",
                "derived/sigma",
                "iterations/misfit",
                "posterior/potential",
            ]
        ),
        max_size=2,
    ),
    odd=st.sampled_from([None, "nan", "text", "scalar"]),
)
def test_foreign_results(made, tmp_path, attributes, gone, odd):
    """Files that are netCDF and claim to be of schema 1, which has no fingerprint."""
    tree = store.read(made / "result.nc")
    tree.attrs |= {"schema": 1, **attributes}
    for name in gone:
        group, _, variable = name.partition("/")
        if group in tree.children:
            if variable:
                tree[group] = tree[group].to_dataset().drop_vars(variable, errors="ignore")
            else:
                del tree[group]
    if odd is not None and "derived" in tree.children and "sigma" in tree["derived"]:
        dataset = tree["derived"].to_dataset()
        values = dataset["sigma"]
        dataset["sigma"] = {
            "nan": values * np.nan,
            "text": values.astype(str),
            "scalar": values.mean(),
        }[odd]
        tree["derived"] = dataset
    file = tmp_path / "foreign.nc"
    tree.to_netcdf(file, engine=store.ENGINE)
    with in_a_moment():
        asked(results.show, file)
        asked(results.report, file)
        asked(trust.verify, file)


@fuzz(CASES)
@given(data=st.data())
def test_damaged_checkpoints(made, data):
    content = (made / "iterations" / "0001.iteration").read_bytes()
    bad = damaged(content, data.draw)
    with in_a_moment(), suppress(CheckpointError):
        decode(bad)
        assert bad[: len(content)] == content


def test_other_netcdf_files_are_refused(tmp_path):
    with netCDF4.Dataset(tmp_path / "other.nc", "w") as content:
        content.schema = 1
        content.createDimension("x", 3)
        content.createVariable("a", "f8", ("x",))[:] = 1.0
    done = CliRunner().invoke(results.show, [str(tmp_path / "other.nc")])
    assert isinstance(done.exception, InputError)
    assert "the result of a refinement" in str(done.exception)
