"""Bonds, angles and dihedrals of a configuration: what they become, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from sopr_uq.errors import InputError
from sopr_uq.experiment.bonded import Harmonic, Opls, Tabled, TabledBend, TabledTurn
from sopr_uq.experiment.models import molecule_of
from sopr_uq.experiment.molecule_settings import MoleculeSettings

SITES = [
    {"name": "O", "mass": 15.999, "charge": -0.82, "position": (0.0, 0.0, 0.0)},
    {"name": "H1", "type": "H", "mass": 1.008, "charge": 0.41, "position": (0.8, 0.6, 0.0)},
    {"name": "H2", "type": "H", "mass": 1.008, "charge": 0.41, "position": (-0.8, 0.6, 0.0)},
]
BONDS = [{"sites": ("O", "H1"), "stiffness": 530.0}, {"sites": ("O", "H2"), "stiffness": 530.0}]


THETA = (80.0, 90.0, 100.0, 110.0, 120.0)


def bent(**keys):
    return {"bonds": BONDS, "angles": [{"sites": ("H1", "O", "H2"), **keys}]}


def molecule(**keys):
    return molecule_of(MoleculeSettings.model_validate({"name": "water", "sites": SITES, **keys}))


def test_lengths_and_angles_are_those_of_the_positions():
    bend = [{"sites": ("H1", "O", "H2"), "stiffness": 38.0}]
    found = molecule(rigid=False, bonds=BONDS, angles=bend)
    assert not found.rigid
    assert found.shaped
    assert found.freedom == 9
    assert [bond.atoms for bond in found.bonded.bonds] == [(0, 1), (0, 2)]
    assert found.bonded.bonds[0].stretching == Harmonic(1.0, 530.0)
    assert found.bonded.angles[0].bend.angle == pytest.approx(2.0 * np.degrees(np.arcsin(0.8)))
    assert molecule(bonds=BONDS).bonded.angles == ()
    assert molecule().rigid


def test_numbers_that_are_given_stay_and_units_are_read():
    bonds = [{**BONDS[0], "length": "0.1012 nm"}, BONDS[1]]
    bend = [{"sites": ("H1", "O", "H2"), "stiffness": 38.0, "angle": 109.47}]
    found = molecule(bonds=bonds, angles=bend).bonded
    assert found.bonds[0].stretching.length == pytest.approx(1.012)
    assert found.angles[0].bend.angle == 109.47


def test_a_bond_by_a_table():
    r = np.linspace(0.7, 1.4, 15)
    table = {"sites": ("O", "H1"), "r": r.tolist(), "energy": (400.0 * (r - 1.0) ** 2).tolist()}
    bond = molecule(bonds=[table, BONDS[1]]).bonded.bonds[0].stretching
    assert isinstance(bond, Tabled)
    assert bond.length == pytest.approx(1.0, abs=1e-3)
    assert float(bond.force(1.1)) == pytest.approx(-80.0, rel=1e-6)
    assert bond.ends == (0.7, 1.4)


def test_angles_and_dihedrals_by_tables():
    theta, phi = np.linspace(80.0, 150.0, 36), np.linspace(-180.0, 180.0, 37)
    bend = TabledBend(tuple(theta), tuple(0.01 * (theta - 110.0) ** 2))
    np.testing.assert_allclose(bend.energy([95.0, 110.0]), [2.25, 0.0], atol=1e-9)
    # beyond it a straight line, of the slope that it ends with
    np.testing.assert_allclose(bend.energy([70.0, 160.0]), [9.0 + 6.0, 16.0 + 8.0])
    opls = Opls((1.0, -0.3, 0.2, 0.0))
    turn = TabledTurn(tuple(phi), tuple(opls.energy(phi)))
    np.testing.assert_allclose(turn.energy([-77.0, 283.0]), opls.energy([-77.0, -77.0]), atol=1e-3)
    assert float(opls.energy(180.0)) == pytest.approx(0.0)
    keys = {"theta": theta.tolist(), "energy": (0.01 * (theta - 110.0) ** 2).tolist()}
    found = molecule(bonds=BONDS, angles=[{"sites": ("H1", "O", "H2"), **keys}]).bonded
    assert found.angles[0].bend == bend


def test_how_far_a_chain_may_reach():
    assert molecule(bonds=BONDS).bonded.reach(3)[1, 2] == pytest.approx(3.6)


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"rigid": True, "bonds": BONDS}, "false beside bonds"),
        ({"rigid": False}, "bonds that join the sites"),
        ({"angles": [{"sites": ("H1", "O", "H2"), "stiffness": 38.0}]}, "bonds beside angles"),
        ({"bonds": BONDS[:1]}, "2 pieces"),
        ({"bonds": [*BONDS, {"sites": ("H1", "O"), "stiffness": 1.0}]}, "one between two sites"),
        ({"bonds": [BONDS[0], {"sites": ("O", "H3"), "stiffness": 1.0}]}, "sites among O, H1, H2"),
        ({"bonds": [BONDS[0], {"sites": ("O", "O"), "stiffness": 1.0}]}, "each site once"),
        # in kJ/(mol nm²), as GROMACS has it
        ({"bonds": [BONDS[0], {**BONDS[1], "stiffness": 443153.0}]}, "less than or equal to 5000"),
        ({"bonds": [BONDS[0], {**BONDS[1], "length": 1.5}]}, "about 1.5 Å apart"),
        ({"bonds": [BONDS[0], {"sites": ("O", "H2")}]}, "stiffness, or r and energy"),
        (bent(), "stiffness, or theta and energy"),
        (bent(theta=(90.0, 100.0)), "stiffness, or theta and energy"),
        (bent(theta=(90.0, 100.0), energy=(0.0, 1.0)), "5 at least"),
        (bent(theta=THETA, energy=(0.0, 1.0, 2.0, 1.0, 0.0)), "rises towards the ends"),
        (bent(theta=(-10.0, *THETA[1:]), energy=(4.0, 1.0, 0.0, 1.0, 4.0)), "from 0 to 180"),
        (bent(theta=THETA, energy=(4.0, 1.0, 0.0, 1.0, 4.0), angle=100.0), "none beside a table"),
        (bent(stiffness=30.0, theta=THETA, energy=(4.0, 1.0, 0.0, 1.0, 4.0)), "neither, or both"),
        ({"bonds": [BONDS[0], {"sites": ("O", "H2"), "r": (0.8, 1.0, 1.2)}]}, "or r and energy"),
        (
            {"bonds": [BONDS[0], {"sites": ("O", "H2"), "r": (0.8, 1.0), "energy": (1.0, 0.0)}]},
            "5 at least",
        ),
        (
            {"bonds": [BONDS[0], {"sites": ("O", "H2"), "r": (0.8, 0.9, 1.0, 1.1, 1.2),
                                  "energy": (5.0, 4.0, 3.0, 2.0, 1.0)}]},
            "least between its ends",
        ),
        (
            {"bonds": [BONDS[0], {"sites": ("O", "H2"), "r": (0.0, 0.5, 1.0, 1.5, 2.0),
                                  "energy": (4.0, 1.0, 0.0, 1.0, 4.0)}]},
            "r above zero",
        ),
        ({"bonds": BONDS, "dihedrals": [{"sites": ("H1", "O", "H2", "C"), "opls": (1, 0, 0, 0)}]},
         "sites among"),
    ],
)  # fmt: skip
def test_nonsense_is_refused(keys, words):
    with pytest.raises((InputError, ValidationError), match=words):
        molecule(**keys)


def test_an_atom_has_no_bonds():
    with pytest.raises((InputError, ValidationError), match="bonds beside sites"):
        MoleculeSettings.model_validate({"name": "Ar", "mass": 39.9, "bonds": BONDS})


@pytest.mark.parametrize(
    ("phi", "energy"),
    [
        ((-180.0, -90.0, 0.0, 90.0, 170.0), (0.0, 1.0, 0.0, 1.0, 0.0)),
        ((-180.0, -90.0, 0.0, 90.0, 180.0), (0.0, 1.0, 0.0, 1.0, 0.5)),
    ],
)
def test_a_table_of_a_dihedral_is_a_whole_turn(phi, energy):
    with pytest.raises(InputError, match="a whole turn"):
        TabledTurn(phi, energy)
