"""Ions: which potentials between them may be refined."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from sopr_uq.errors import InputErrors
from sopr_uq.experiment.faults import Faults
from sopr_uq.experiment.makeup import Makeup, mixture_of
from sopr_uq.experiment.molecule import Pair
from sopr_uq.experiment.molecule_settings import MoleculeSettings
from sopr_uq.experiment.settings import PairSettings

LJ = {"sigma": 3.0, "epsilon": 0.1}
CORRECTED = {**LJ, "refine": "correction"}


def salt(**unlike: object) -> tuple[Makeup | None, str]:
    """A salt with corrections to its like pairs, and what is said of it."""
    molecules = [
        MoleculeSettings(name="Na", mass=22.99, charge=1.0),
        MoleculeSettings(name="Cl", mass=35.45, charge=-1.0),
    ]
    pairs = [
        PairSettings(sites=["Na", "Na"], **CORRECTED),
        PairSettings(sites=["Cl", "Cl"], **CORRECTED),
        PairSettings(sites=["Na", "Cl"], **unlike),
    ]
    faults = Faults()
    made = mixture_of(molecules, pairs, faults)
    try:
        faults.raise_any()
    except InputErrors as error:
        return made, str(error)
    return made, ""


def test_a_correction_to_a_pair_of_ions_is_taken() -> None:
    made, said = salt(**CORRECTED)
    assert made is not None, said
    assert Pair("Na", "Cl") in made.corrected
    assert made.substance.charged
    assert not made.substance.simple
    assert not made.substance.bare


@pytest.mark.parametrize(
    ("unlike", "words"),
    [
        (LJ, "correction"),
        ({"combine": "lorentz-berthelot"}, "correction"),
        ({"form": "zero", "refine": False}, "keeps particles apart"),
    ],
)
def test_a_whole_potential_of_ions_and_none_at_all_are_refused(unlike, words) -> None:
    made, said = salt(**unlike)
    assert made is None
    assert words in said


def test_charges_of_a_molecule_are_those_of_its_sites() -> None:
    with pytest.raises(ValidationError, match="charge of an atom, in sites"):
        MoleculeSettings(name="water", model="spce", charge=1.0)
    with pytest.raises(ValidationError, match="not in coulombs"):
        MoleculeSettings(name="Na", mass=22.99, charge=1.6e-19)
