"""Molecules from a configuration: three ways to say one, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from sopr_uq import load_config
from sopr_uq.errors import InputError, InputErrors
from sopr_uq.experiment.models import models, molecule_of
from sopr_uq.experiment.molecule import Molecule, Pair, Site
from sopr_uq.experiment.molecule_settings import MoleculeSettings
from sopr_uq.experiment.packing import volume
from sopr_uq.experiment.state import StatePoint
from sopr_uq.experiment.substance import Substance
from sopr_uq.experiment.system import build_system
from sopr_uq.potentials import Zero
from sopr_uq.workflow.config import dump_config

SITES = """sites = [
  { name = "O", mass = 15.999, charge = -0.8476, position = [0.0, 0.0, 0.0] },
  { name = "H1", type = "H", mass = 1.008, charge = 0.4238, position = [0.81649, 0.57736, 0.0] },
  { name = "H2", type = "H", mass = 1.008, charge = 0.4238, position = [-0.81649, 0.57736, 0.0] },
]"""
TEMPLATE = """# water, as a template
3 atoms
2 bonds

Coords
# x y z
1 0.0 0.0 0.0
2 0.81649 0.57736 0.0
3 -0.81649 0.57736 0.0

Types

3 {h}
1 {o}   # oxygen
2 {h}

Charges

1 -0.8476
2 0.4238
3 0.4238

Masses

1 15.999
2 1.008
3 1.008

Bonds

1 1 1 2
2 1 1 3
"""
WATER = """
[system]
name = "water"
temperature = 298.0
density = "0.997 g/cm^3"
[[molecule]]
name = "water"
model = "spce"
[[pair]]
sites = ["O", "O"]
sigma = 3.166
epsilon = 0.1553
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
file = "OO.csv"
[engine]
name = "lammps"
particles = 343
"""
MODEL = 'model = "spce"'


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("water")
    r = np.arange(2.5, 9.0, 0.05)
    g = 1.0 + 1.8 * np.cos(2.3 * (r - 2.75)) * np.exp(-(r - 2.75))
    g *= r > 2.5
    np.savetxt(folder / "OO.csv", np.column_stack([r, g]), delimiter=",")
    np.savetxt(folder / "OO_nm.csv", np.column_stack([0.1 * r, g]), delimiter=",")
    (folder / "labels.mol").write_text(TEMPLATE.format(o="O", h="H"))
    (folder / "numbers.mol").write_text(TEMPLATE.format(o="1", h="2"))
    return folder


def system_of(folder, *changes: tuple[str, str]):
    text = WATER
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    path = folder / "changed.toml"
    path.write_text(text)
    config = load_config(path)
    return config, build_system(config.system, config.ingredients, config.observe)


@pytest.mark.parametrize("said", [SITES, 'file = "labels.mol"', 'file = "numbers.mol"'])
def test_a_molecule_is_said_in_three_ways(folder, said) -> None:
    _, shipped = system_of(folder)
    _, own = system_of(folder, (MODEL, said))
    assert own.makeup.substance == shipped.makeup.substance
    assert own.makeup.references[Pair("H", "H")] == Zero()
    assert [pair.label for pair in own.makeup.substance.pairs] == ["O-O", "O-H", "H-H"]


def test_a_mass_density_is_of_molecules(folder) -> None:
    for said in (MODEL, SITES, 'file = "numbers.mol"'):
        config, system = system_of(folder, (MODEL, said))
        assert config.system.density == pytest.approx(0.997 * 0.602214076 / 18.015, rel=1e-6)
        densities = system.makeup.substance.densities(system.state)
        assert densities == pytest.approx([system.state.density, 2 * system.state.density])
        assert system.makeup.substance.mean_mass(system.state) == pytest.approx(18.015)


def test_a_resolved_configuration_is_itself(folder, tmp_path) -> None:
    config, _ = system_of(folder, (MODEL, 'file = "labels.mol"'))
    dump_config(config, tmp_path / "again.toml")
    assert load_config(tmp_path / "again.toml") == config
    text = (folder / "labels.mol").read_text()
    (folder / "labels.mol").write_text(text.replace("0.4238", "0.4239"))
    with pytest.raises(InputErrors, match="SHA-256"):
        load_config(tmp_path / "again.toml")
    (folder / "labels.mol").write_text(text)


def test_neutrons_know_the_sites(folder) -> None:
    _, system = system_of(folder, (MODEL, SITES.replace('type = "H"', 'type = "H", element = "D"')))
    assert system.makeup.elements == {"H": "D"}


def test_models_are_neutral_and_rigid_or_held_by_bonds() -> None:
    for name in models():
        settings = MoleculeSettings(name="one", model=name)
        if "virtual" in models()[name]:
            with pytest.raises(InputError, match="point without mass"):
                molecule_of(settings)
            continue
        molecule = molecule_of(settings)
        assert abs(molecule.charge) < 1e-9
        assert molecule.rigid is (name != "spcfw")
        if molecule.rigid:
            assert molecule.freedom == (5 if name in ("n2", "co2") else 6)
        Substance((molecule,))


def test_the_volume_of_a_molecule_is_that_of_its_spheres() -> None:
    ball = np.pi / 6.0 * 3.3**3
    n = Site("N", 14.0)
    bond = 1.1
    pair = Molecule("N2", (n, n), ((0.0, 0.0, 0.0), (0.0, 0.0, bond)))
    x = bond / 3.3
    assert volume(Molecule("N", (n,)), {"N": 3.3}) == pytest.approx(ball, rel=5e-3)
    # of two spheres that overlap
    assert volume(pair, {"N": 3.3}) == pytest.approx(ball * (1 + 1.5 * x - 0.5 * x**3), rel=5e-3)
    assert volume(pair, {"N": 0.0}) == 0.0


OO = 'sites = ["O", "O"]\nsigma = 3.166\nepsilon = 0.1553'
ZERO = 'form = "zero"\nrefine = false'


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        # charges that do not cancel
        ([(MODEL, SITES.replace("-0.8476", "-0.8"))], "charges sum to zero"),
        # a site type without a pair potential
        ([(f'[[pair]]\nsites = ["O", "H"]\n{ZERO}\n', "")], "none for O-H"),
        # a density of atoms instead of molecules
        ([('"0.997 g/cm^3"', "0.1")], "if it counts atoms, write 0.03333"),
        # a molecule that meets its own images
        (
            [
                ("particles = 343", "particles = 64\ncutoff = 4.0"),
                (MODEL, SITES.replace("[0.81649, 0.57736, 0.0]", "[8.0, 0.0, 0.0]")),
            ],
            "near its own image",
        ),
        # charges in coulombs, or so that their products over distances are kcal/mol
        ([(MODEL, SITES.replace("-0.8476", "-1.4e-19"))], "not in coulombs"),
        ([(MODEL, SITES.replace("-0.8476", "-15.44").replace("0.4238", "7.72"))], "sites.0.charge"),
        # positions in nanometres
        ([(MODEL, SITES.replace("0.81649", "0.0816").replace("0.57736", "0.0577"))], "in Å"),
        # an isotope that does not exist, whether or not neutrons ask for it
        ([(MODEL, SITES.replace('"O", mass', '"O", element = "99O", mass'))], "'99O'"),
        # the unit of distances
        ([('"OO.csv"', '"OO_nm.csv"')], "suggests nanometres"),
        ([(MODEL, 'model = "tip4p-2005"')], "point without mass"),
        ([(MODEL, 'model = "spc"')], "Did you mean 'spce'"),
        ([(MODEL, 'file = "nothing.mol"')], "nothing.mol"),
        ([(MODEL, f'{MODEL}\nfile = "labels.mol"')], "file, model"),
        ([(MODEL, "")], "found none"),
        ([(MODEL, f"{MODEL}\nrigid = false")], "true of spce"),
        ([(MODEL, 'model = "spcfw"\nrigid = true')], "false of spcfw"),
        ([(MODEL, SITES.replace(", position = [0.0, 0.0, 0.0]", ""))], "none of O"),
        ([(MODEL, SITES.replace('"H2"', '"H1"'))], "each name once"),
        ([(MODEL, SITES.replace("[0.81649, ", "[-0.81649, "))], "H-H at 0 Å"),
        ([(MODEL, SITES.replace("mass = 15.999, ", ""))], "molecule.0.sites.0.mass"),
        ([(MODEL, SITES.replace('name = "O"', 'name = "O", type = "O-1"'))], "sites.0.type"),
        ([(OO, 'sites = ["O", "O"]\nform = "zero"')], "keeps molecules apart"),
        ([(MODEL, f"{MODEL}\nscattering_length = 1.0")], "those of a molecule"),
        (
            [
                ("[[molecule]]", '[[molecule]]\nname = "Ar"\nmass = 40.0\n[[molecule]]'),
                ('"0.997 g/cm^3"', "0.03"),
            ],
            "none for Ar-Ar",
        ),
    ],
)
def test_nonsense_is_refused(folder, changes, words) -> None:
    with pytest.raises(InputErrors, match=words):
        system_of(folder, *changes)


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("3 atoms", "", "'N atoms'"),
        ("Masses", "Weights", "no Masses"),
        ("3 -0.81649 0.57736 0.0", "3 -0.81649", "a line for each of 3 atoms"),
        ("1 15.999", "1 heavy", "atom 1"),
        ("1 15.999", "1 17.4", "masses of elements"),
    ],
)
def test_a_template_that_is_none_is_refused(tmp_path, before, after, words) -> None:
    path = tmp_path / "water.mol"
    text = TEMPLATE.format(o="1", h="2")
    assert before in text
    path.write_text(text.replace(before, after))
    with pytest.raises(InputError, match=words):
        molecule_of(MoleculeSettings(name="water", file=path))


def test_two_types_of_one_element_keep_their_numbers(tmp_path) -> None:
    path = tmp_path / "ozone.mol"
    path.write_text(
        TEMPLATE.format(o="4", h="7").replace("1.008", "15.999").replace("0.4238", "0.4238")
    )
    molecule = molecule_of(MoleculeSettings(name="ozone", file=path))
    assert [site.name for site in molecule.sites] == ["O4", "O7", "O7"]


def test_the_state_of_molecules_counts_molecules() -> None:
    water = Substance((molecule_of(MoleculeSettings(name="water", model="spce")),))
    state = StatePoint(298.0, 0.0334, composition={"water": 1.0})
    assert water.molecule_densities(state) == pytest.approx([0.0334])
