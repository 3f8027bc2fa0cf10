"""Potentials as tables of other programs: written, read back, the same."""

import re

import numpy as np
import pytest
from click.testing import CliRunner

from sopr_uq import load_result
from sopr_uq.cli.results import export as command
from sopr_uq.engine.lammps_dynamics import _load
from sopr_uq.engine.table import cap
from sopr_uq.errors import InputError
from sopr_uq.experiment.formats import read_file
from sopr_uq.experiment.formats.write import WRITERS
from sopr_uq.experiment.potential_table import read_potential
from sopr_uq.potentials import Tabulated
from sopr_uq.units import thermal_energy
from sopr_uq.workflow.export import export


@pytest.fixture(scope="module")
def argon(refined):
    """A small result."""
    return refined["Ar"], load_result(refined["Ar"])


@pytest.mark.parametrize("program", WRITERS)
def test_what_is_written_is_read_back(argon, program, tmp_path):
    _, tree = argon
    files = export(tree, tmp_path, program, draws=3)
    assert [f.stem for f in files] == ["mean", "draw-0001", "draw-0002", "draw-0003"]
    potential = tree["posterior"]["potential"]
    truth = Tabulated(potential["r"].values, potential.mean(("chain", "draw")).values)
    capped = cap(truth, thermal_energy(85.0), float(potential["r"][-1]))
    r, v = read_potential(files[0])
    assert r[-1] == pytest.approx(float(potential["r"][-1]), abs=1e-6)
    np.testing.assert_allclose(v, capped.energy(r), rtol=2e-6, atol=1e-9)


def test_draws_differ_from_the_mean_and_from_each_other(argon, tmp_path):
    _, tree = argon
    mean, *draws = (read_potential(f)[1][-1500:] for f in export(tree, tmp_path, "hoomd", draws=2))
    assert not np.allclose(mean, draws[0])
    assert not np.allclose(draws[1], draws[0])


@pytest.mark.parametrize(("program", "factor"), [("lammps", 1.0), ("gromacs", 41.84), ("hoomd", 1)])
def test_forces_are_minus_the_slope(argon, program, factor, tmp_path):
    _, tree = argon
    (file,) = export(tree, tmp_path, program, points=4000)
    table = read_file(file)
    place = {"lammps": (1, 2, 3), "gromacs": (0, 5, 6), "hoomd": (0, 1, 2)}[program]
    r, v, f = (table.column(i) for i in place)
    slope = -np.gradient(v, r)
    outside = r > 0.32 if program == "gromacs" else r > 3.2
    np.testing.assert_allclose(f[outside], slope[outside], atol=3e-3 * factor)


def test_gromacs_tables_begin_at_zero_and_are_finite(argon, tmp_path):
    _, tree = argon
    (file,) = export(tree, tmp_path, "gromacs")
    table = read_file(file)
    assert table.format == "GROMACS table"
    assert table.values[0, 0] == 0.0
    assert np.isfinite(table.values).all()
    assert not table.values[:, 1:5].any()


def test_lammps_itself_reads_the_table(argon, tmp_path):
    pytest.importorskip("lammps")
    _, tree = argon
    (file,) = export(tree, tmp_path, "lammps")
    lmp = _load().lammps(cmdargs=["-log", "none", "-screen", "none"])
    commands = [
        *("units real", "atom_style atomic", "boundary f f f"),
        *("region box block 0 40 0 40 0 40", "create_box 1 box", "mass 1 39.948"),
        *("create_atoms 1 single 10 20 20", "create_atoms 1 single 13.8 20 20"),
        *("pair_style table linear 2000", f"pair_coeff 1 1 {file} MEAN", "run 0"),
    ]
    for line in commands:
        lmp.command(line)
    r, v = read_potential(file)
    assert lmp.get_thermo("pe") == pytest.approx(np.interp(3.8, r, v), rel=1e-4)
    lmp.close()


def test_what_cannot_be_exported_is_said(argon, tmp_path):
    folder, tree = argon
    with pytest.raises(InputError, match=r"^draws: expected a number from 0 to"):
        export(tree, tmp_path, "lammps", draws=10**6)
    with pytest.raises(InputError, match="expected one of lammps"):
        export(tree, tmp_path, "gulp")
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"^out: expected a folder"):
        export(tree, tmp_path / "file", "lammps")
    done = CliRunner().invoke(
        command, [str(folder), "--format", "votca", "--out", str(tmp_path / "v")]
    )
    assert done.exit_code == 0
    assert re.fullmatch(r".*mean\.pot\n", done.output)
