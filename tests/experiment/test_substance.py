"""Sites, molecules and pairs; how many particles a composition gives."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sopr_uq.errors import InputError
from sopr_uq.experiment.state import StatePoint
from sopr_uq.experiment.substance import Molecule, Pair, Site, Substance

MIXTURE = Substance.atoms({"Ar": 39.948, "Kr": 83.798})
H, O = Site("H", 1.008, 0.4238), Site("O", 15.999, -0.8476)  # noqa: E741
SHAPE = ((0.0, 0.0, 0.0), (0.8165, 0.5774, 0.0), (-0.8165, 0.5774, 0.0))
WATER = Molecule("water", (O, H, H), SHAPE)
SODIUM, CHLORIDE = (Molecule(s.name, (s,)) for s in (Site("Na", 22.99, 1), Site("Cl", 35.45, -1)))


def state(**fractions):
    return StatePoint(120.0, 0.0195, composition=fractions)


def test_a_pair_has_no_order_but_a_label():
    assert Pair("Ar", "Kr") == Pair("Kr", "Ar") == Pair.of("Kr-Ar")
    assert len({Pair("Ar", "Kr"), Pair("Kr", "Ar")}) == 1
    assert Pair("O", "H").label == str(Pair.of("O-H")) == "O-H"
    assert Pair("O", "H") != Pair("O", "O")
    assert Pair("O", "O").like
    assert not Pair("O", "H").like


def test_pairs_are_ordered_as_columns():
    assert [p.label for p in MIXTURE.pairs] == ["Ar-Ar", "Ar-Kr", "Kr-Kr"]
    assert [p.label for p in Substance((WATER,)).pairs] == ["O-O", "O-H", "H-H"]


def test_sites_per_volume_and_per_box():
    ar_kr = state(Ar=0.4, Kr=0.6)
    np.testing.assert_allclose(MIXTURE.densities(ar_kr), [0.4 * 0.0195, 0.6 * 0.0195])
    np.testing.assert_array_equal(MIXTURE.counts(ar_kr, 1000), [400, 600])
    water, point = Substance((WATER,)), StatePoint(300.0, 0.0334, 18.015)
    np.testing.assert_allclose(water.densities(point), [0.0334, 0.0668])
    np.testing.assert_array_equal(water.counts(point, 343), [343, 686])
    assert not water.atomic
    assert MIXTURE.atomic


def test_an_element_needs_no_composition():
    argon = Substance.atom("Ar", 39.948)
    np.testing.assert_array_equal(argon.counts(StatePoint(85.0, 0.02, 39.948), 500), [500])
    np.testing.assert_array_equal(argon.masses, [39.948])


def test_one_element_may_have_two_names():
    twice = Substance.atoms({"Ar": 39.948, "argon": 39.948})
    assert len(twice.pairs) == 3


@given(st.floats(0.01, 0.99), st.floats(0.01, 0.99), st.integers(1000, 5000))
def test_counts_keep_the_sum_and_the_fractions(x, y, particles):
    fractions = np.array([x, y * (1 - x), (1 - y) * (1 - x)])
    three = Substance.atoms({"a": 1.0, "b": 2.0, "c": 3.0})
    point = state(**dict(zip("abc", fractions.tolist(), strict=True)))
    try:
        counts = three.counts(point, particles)
    except InputError:
        assert (fractions * particles < 2.0).any()
        return
    assert counts.sum() == particles
    assert np.abs(counts - fractions * particles).max() < 1.0


def test_a_molecule_has_a_shape():
    assert WATER.rigid
    assert [pair for pair, _ in WATER.distances] == [Pair("O", "H"), Pair("O", "H"), Pair("H", "H")]
    np.testing.assert_allclose([d for _, d in WATER.distances], [1.0, 1.0, 1.633], atol=1e-4)
    np.testing.assert_allclose(WATER.mass, 18.015)
    assert abs(WATER.charge) < 1e-12
    masses = [site.mass for site in WATER.sites]
    np.testing.assert_allclose(masses @ WATER.shape, 0.0, atol=1e-12)
    moved = Molecule("water", (O, H, H), np.array(SHAPE) + 3.0)
    np.testing.assert_allclose(moved.shape, WATER.shape, atol=1e-12)
    again = Molecule("water", (O, H, H), np.array(SHAPE))
    assert again == WATER
    assert hash(again) == hash(WATER)


def test_degrees_of_freedom():
    carbon, oxygen = Site("C", 12.011), Site("O", 15.999)
    line = np.outer([0.0, 1.16, -1.16], [0.6, 0.0, 0.8])
    assert Molecule("Ar", (Site("Ar", 39.948),)).freedom == 3
    assert not Molecule("Ar", (Site("Ar", 39.948),)).rigid
    assert Molecule("CO2", (carbon, oxygen, oxygen), line).freedom == 5
    assert WATER.freedom == 6


def test_ions_are_neutral_together():
    salt = Substance((SODIUM, CHLORIDE))
    point = state(Na=0.5, Cl=0.5)
    np.testing.assert_array_equal(salt.counts(point, 500), [250, 250])
    with pytest.raises(InputError, match="a neutral mixture"):
        salt.densities(state(Na=0.4, Cl=0.6))
    with pytest.raises(InputError, match="a box without a charge"):
        salt.counts(point, 501)
    brine = Substance((WATER, SODIUM, CHLORIDE))
    assert brine.charged
    np.testing.assert_array_equal(
        brine.shared_out(state(water=0.8, Na=0.1, Cl=0.1), 100), [80, 10, 10]
    )


def test_a_substance_survives_pickling():
    found = pickle.loads(pickle.dumps((MIXTURE, state(Ar=0.4, Kr=0.6), Pair("Kr", "Ar"))))
    assert found == (MIXTURE, state(Ar=0.4, Kr=0.6), Pair("Ar", "Kr"))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: state(Ar=0.4, Kr=0.5), "sum to 1; found 0.9"),
        (lambda: state(Ar=1.4, Kr=-0.4), "composition, Kr"),
        (lambda: StatePoint(120.0, 0.02), "mass"),
        (lambda: StatePoint(120.0, 0.02, 40.0, {"Ar": 1.0}), "none beside a composition"),
        (lambda: MIXTURE.densities(state(Ar=0.4, Xe=0.6)), "each of Ar, Kr; found Ar, Xe"),
        (lambda: MIXTURE.densities(StatePoint(120.0, 0.02, 40.0)), "found none"),
        (lambda: MIXTURE.counts(state(Ar=0.9999, Kr=0.0001), 500), "at least 20000 particles"),
        (lambda: Site("Ar-36", 36.0), "without a hyphen"),
        (lambda: Site("Ar", 0.0), "Site Ar, mass"),
        (lambda: Pair.of("Ar"), "joined by a hyphen"),
        (lambda: Substance(()), "each of its own name"),
        (
            lambda: Substance((WATER, Molecule("light", (Site("H", 1.0),)))),
            "one mass and one charge for each name",
        ),
        (lambda: Site("O", 16.0, float("nan")), "Site O, charge"),
        (lambda: Molecule("nothing", ()), "at least one site"),
        (lambda: Molecule("water", (O, H, H), SHAPE[:2]), "each of its 3 sites"),
        (lambda: Molecule("water", (O, H, H), (*SHAPE[:2], SHAPE[1])), "H-H at 0 Å"),
        (lambda: Substance((SODIUM,)), r"sum to zero; found Na \+1 e"),
        (lambda: Substance((Molecule("OH", (O, H), SHAPE[:2]),)), "counter-ion"),
    ],
)
def test_nonsense_is_refused(call, words):
    with pytest.raises(InputError, match=words):
        call()
