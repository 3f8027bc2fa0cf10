"""A total F(Q) that somebody brings: what scattered and what it was divided by, by its level."""

from pathlib import Path

import numpy as np
import pytest

from sopr_uq.errors import InputError
from sopr_uq.experiment.look import look
from sopr_uq.experiment.look_total import Composition, candidates, fitting, proposed

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"
Q = np.arange(0.3, 15.0, 0.05)


def curve(level):
    return level * np.exp(-((Q / 1.8) ** 4)) + 0.1 * level * np.sin(3 * Q) / Q


def test_levels_of_a_formula_are_the_known_ones():
    """−Σ c b², −1 and −<b>²/<b²> of atoms; of whole molecules −(Σ b)²/n."""
    atoms = Composition.of("D2O")
    b = np.array([0.5805, 0.6671])  # O and D in √barn, 1 % or better
    levels = {candidate.keys: candidate.level for candidate in candidates(atoms)}
    own = ('weights = "neutron"', "deuterated = 1")
    assert levels[own] == pytest.approx(-(b[0] ** 2 + 2 * b[1] ** 2) / 3, rel=0.01)
    whole = levels[(*own, "intramolecular = false")]
    assert whole == pytest.approx(-((b[0] + 2 * b[1]) ** 2) / 3, rel=0.01)
    x_rays = ('weights = "x-ray"', 'normalisation = "average-of-squares"')
    assert levels[x_rays] == pytest.approx(-1.0)
    # electrons by form factors at Q = 0
    assert levels[('weights = "x-ray"',)] == pytest.approx(-(64 + 2) / 3, rel=2e-3)


def test_isotopes_of_hydrogen_exchange():
    null = Composition.of("H2O")
    assert (null.deuterated, Composition.of("HDO").deuterated) == (None, 0.5)
    assert Composition.of("HDO").counts.size == 2


@pytest.mark.parametrize("formula", ["D2O", "H2O", "SiO2", "NaCl", "C6D6"])
def test_each_of_them_is_found_again(formula):
    """Among what fits; a level beyond those of all of them fits none."""
    atoms = Composition.of(formula)
    lowest = min(one.level for one in candidates(atoms))
    assert fitting(atoms, 1.4 * lowest) == fitting(atoms, 2.0) == []
    for one in candidates(atoms):
        found = fitting(atoms, 0.95 * one.level)
        assert one.keys in [each.keys for each in found]


def test_the_block_says_what_fits(tmp_path):
    file = tmp_path / "mine.dat"
    np.savetxt(file, np.column_stack([Q, curve(-0.40)]))
    seen = look(file, kind="f", formula="D2O")
    assert (seen.kind, seen.form) == ("f", "f")
    assert seen.block.splitlines()[1:] == [
        'kind = "f"',
        'file = "mine.dat"',
        'weights = "neutron"',
        "deuterated = 1",
    ]
    assert any("as D2O has by" in remark for remark in seen.remarks)
    # a curve of several types that is divided is no S(Q) − 1 of one
    np.savetxt(file, np.column_stack([Q, curve(-1.0)]))
    divided = look(file, formula="SiO2").block
    assert 'kind = "f"' in divided
    assert "normalisation = " in divided


def test_without_a_formula_or_a_level_it_asks():
    keys, remarks = proposed(Q, curve(-0.4), None)
    assert keys[0].startswith('weights = "neutron"  # or')
    assert "give the formula" in remarks[0]
    _, remarks = proposed(Q + 1.0, curve(-0.4), "D2O")
    assert "begins beyond" in remarks[0]
    _, remarks = proposed(Q, curve(-400.0), "D2O")
    assert "no total of D2O" in remarks[0]


def test_of_an_element_its_scattering_length_is_proposed(tmp_path):
    file = tmp_path / "argon_fq.dat"
    np.savetxt(file, np.column_stack([Q, 0.0364 * curve(-1.0)]), header="q f")
    assert 'form = "f"' in look(file, formula="Ar").block
    assert "scattering_length = 1.909" in look(file, formula="Ar").block


@pytest.mark.parametrize("formula", ["Xx", "", "D2O)", "é"])
def test_no_formula_is_refused(formula):
    with pytest.raises(InputError, match="chemical formula"):
        Composition.of(formula)


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs ../shared")
@pytest.mark.parametrize(
    ("name", "formula", "share"),
    [("D2O", "D2O", 1.0), ("HDO", "HDO", 0.5), ("null", "D0.718H1.282O", 0.359), ("H2O", "H2O", 0)],
)
def test_real_water_is_seen_as_what_it_is(name, formula, share):
    seen = look(SHARED / f"water_295K_{name}_fq.csv", formula=formula)
    lines = seen.block.splitlines()
    assert 'weights = "neutron"' in lines
    assert (f"deuterated = {share:.3g}" in lines) == (share > 0)
    assert not [line for line in lines if "normalisation" in line]
