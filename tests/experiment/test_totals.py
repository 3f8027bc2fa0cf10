"""Totals F(Q): weights, distances within molecules, levels; and water's own four contrasts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.interpolate import CubicSpline

from sopr_uq.errors import InputError, InputErrors
from sopr_uq.experiment.dataset import to_dataset
from sopr_uq.experiment.faults import Faults
from sopr_uq.experiment.makeup import Makeup, mixture_of
from sopr_uq.experiment.measurement import checked, read_observation
from sopr_uq.experiment.molecule import Molecule, Pair, Site
from sopr_uq.experiment.molecule_settings import MoleculeSettings
from sopr_uq.experiment.neutrons import element_named, isotopes, scattering_length
from sopr_uq.experiment.observation import Observation
from sopr_uq.experiment.observe_settings import ObserveSettings
from sopr_uq.experiment.settings import PairSettings
from sopr_uq.experiment.sites import site_mixture
from sopr_uq.experiment.state import StatePoint
from sopr_uq.experiment.substance import Substance
from sopr_uq.experiment.weighing import lowest_s
from sopr_uq.potentials import lennard_jones
from sopr_uq.structure.transforms import RadialGrid, structure_rows

OXYGEN, HYDROGEN = Site("O", 15.999), Site("H", 1.008)
OH, HH = 0.985, 1.54
UP = (OH**2 - 0.25 * HH**2) ** 0.5
SHAPE = np.array([[0, 0, 0], [0.5 * HH, UP, 0], [-0.5 * HH, UP, 0]])
WATER = Substance((Molecule("water", (OXYGEN, HYDROGEN, HYDROGEN), SHAPE),))
STATE = StatePoint(295.0, 0.033355, composition={"water": 1.0})
MAKEUP = Makeup(WATER, {pair: lennard_jones(3.2, 0.15) for pair in WATER.pairs})
Q = np.array([0.5, 1.0, 2.0, 5.0, 10.0, 20.0])
B_O, B_H, B_D = (0.1 * scattering_length(name) for name in ("O", "H", "D"))
CONTRASTS = {"D2O": 1.0, "HDO": 0.5, "null": 0.359, "H2O": 0.0}
SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"


def told(makeup=MAKEUP, state=STATE, **keys):
    keys = {"weights": "neutron", **keys}
    return makeup.of(ObserveSettings(kind="f", file="f.csv", **keys), state)


def wave(length, amplitude, q=Q):
    return np.sinc(q * length / np.pi) * np.exp(-0.5 * (q * amplitude) ** 2)


def test_sites_of_one_kind_share_their_distances():
    mixture = site_mixture(WATER, STATE)
    inside = mixture.within
    np.testing.assert_array_equal(inside.columns, [1, 2])
    np.testing.assert_allclose(inside.lengths, [OH, HH])
    np.testing.assert_allclose(inside.densities, [2 * 0.033355, 0.033355])
    np.testing.assert_allclose(mixture.shared, [1.0, 2.0**0.5, 2.0])


@pytest.mark.parametrize("fraction", CONTRASTS.values())
def test_neutrons_of_water(fraction):
    """Σ over pairs of a molecule, per atom: (4 b_O b_H w_OH + 2 b_H² w_HH)/3."""
    total = told(deuterated=fraction)
    b = (1 - fraction) * B_H + fraction * B_D
    expected = (4 * B_O * b * wave(OH, 0.07) + 2 * b**2 * wave(HH, 0.11)) / 3
    np.testing.assert_allclose(total.own(Q), expected, atol=1e-12)
    weights = np.array([B_O**2, 4 * B_O * b, 4 * b**2]) / 9
    np.testing.assert_allclose(total.between(Q), np.tile(weights, (Q.size, 1)), atol=1e-12)
    level = -(B_O**2 + 2 * b**2) / 3
    np.testing.assert_allclose(total.level(np.zeros(1), 0.0), level)
    whole = (B_O + 2 * b) ** 2 / 3
    np.testing.assert_allclose(total.level(np.zeros(1), 0.06), level + 0.06 * whole)


def test_without_exchange_isotopes_come_by_molecules():
    """Half D₂O, half H₂O: pairs of one molecule are as in the mean of both liquids."""
    mixed, pure = told(deuterated=0.5, exchange=False), [told(deuterated=x) for x in (0.0, 1.0)]
    np.testing.assert_allclose(mixed.own(Q), np.mean([p.own(Q) for p in pure], axis=0))
    np.testing.assert_allclose(mixed.between(Q), told(deuterated=0.5).between(Q))
    assert np.abs(mixed.own(Q) - told(deuterated=0.5).own(Q)).max() > 0.1


def test_a_dissociated_mixture_of_isotopes_averages_over_its_molecules():
    """⟨b_i b_j⟩ of water in which H exchanges: a quarter H₂O, a half HDO, a quarter D₂O."""
    b = [B_H, B_D]
    hh = sum(x * y for x in b for y in b) / 4
    total = isotopes(["O", "H"], [10 * B_O, 10 * B_H], 0.5, exchange=True)
    inside = total.inside(site_mixture(WATER, STATE), np.zeros(1))[0]
    np.testing.assert_allclose(inside, np.array([B_O**2, 4 * B_O * np.mean(b), 4 * hh]) / 9)


def test_x_rays_of_water():
    """Form factors at Q = 0 are electrons; what is divided is divided at each Q."""
    total = told(weights="x-ray")
    np.testing.assert_allclose(total.between(np.zeros(1))[0], np.array([64, 32, 4]) / 9, rtol=2e-3)
    fall = total.between(Q)[:, 0]
    assert np.all(np.diff(fall) < 0)
    average = (total.between(Q).sum(axis=1), total.scattering.squares(total.mixture, Q))
    for name, norm in zip(("square-of-average", "average-of-squares"), average, strict=True):
        divided = told(weights="x-ray", normalisation=name)
        np.testing.assert_allclose(divided.own(Q), total.own(Q) / norm)
    low = told(weights="x-ray", normalisation="average-of-squares").level(np.zeros(1), 0.0)
    np.testing.assert_allclose(low, -1.0)


def test_given_weights_weigh_partials_with_their_own_molecules():
    neutrons = told(deuterated=1.0)
    numbers = dict(zip(("O-O", "O-H", "H-H"), neutrons.between(Q)[0].tolist(), strict=True))
    given = told(weights=numbers)
    np.testing.assert_allclose(given.own(Q), neutrons.own(Q))
    np.testing.assert_allclose(given.level(Q, 0.05), neutrons.level(Q, 0.05))


def test_distances_can_be_left_out():
    bare = told(deuterated=1.0, intramolecular=False)
    np.testing.assert_array_equal(bare.own(Q), 0.0)
    np.testing.assert_array_equal(bare.distance_columns(Q), 0.0)
    np.testing.assert_allclose(bare.level(np.zeros(1), 0.0), -((B_O + 2 * B_D) ** 2) / 3)


def test_columns_are_derivatives():
    total = told(deuterated=1.0)
    columns = total.distance_columns(Q)
    assert columns.shape == (Q.size, 4)
    factor = 4 * B_O * B_D / 3
    longer = factor * (wave(OH + 0.001, 0.07) - wave(OH - 0.001, 0.07)) / 0.002
    np.testing.assert_allclose(columns[:, 0], longer, rtol=1e-3)
    wider = -factor * wave(OH, 0.07) * (Q * 0.07) ** 2
    np.testing.assert_allclose(columns[:, 2], wider, rtol=1e-4, atol=1e-9)


def test_a_mixture_of_atoms_has_nothing_within():
    salt = Substance.atoms({"Na": 22.99, "K": 39.1})
    makeup = Makeup(salt, {pair: lennard_jones(3.2, 0.15) for pair in salt.pairs})
    state = StatePoint(400.0, 0.02, composition={"Na": 0.5, "K": 0.5})
    total = told(makeup, state)
    np.testing.assert_array_equal(total.own(Q), 0.0)
    b = 0.1 * np.array([scattering_length("Na"), scattering_length("K")])
    expected = np.array([b[0] ** 2, 2 * b[0] * b[1], b[1] ** 2]) / 4
    np.testing.assert_allclose(total.between(Q)[0], expected)
    np.testing.assert_allclose(total.level(np.zeros(1), 0.0), -np.mean(b**2))


def atoms(charges, composition, density=0.02):
    """Return what ions or atoms, by the element that they are, make up."""
    molecules = tuple(
        Molecule(name, (Site(name, 30.0, charge),)) for name, charge in charges.items()
    )
    liquid = Substance(molecules)
    references = {pair: lennard_jones(3.2, 0.15) for pair in liquid.pairs}
    elements = {name: name for name in charges}
    makeup = Makeup(liquid, references, elements=elements)
    return makeup, StatePoint(400.0, density, composition=composition)


@pytest.mark.parametrize("pair", [("Ar", "36Ar"), ("Ni", "Ti"), ("Li", "Pb")])
@pytest.mark.parametrize("fraction", [0.2, 0.5])
@pytest.mark.parametrize("normalisation", ["none", "average-of-squares"])
def test_an_ideal_mixture_scatters_as_one_liquid(pair, fraction, normalisation):
    """F = ⟨b⟩² (S − 1), and so −⟨b⟩² at low Q where nothing but the kind differs."""
    shares = {pair[0]: fraction, pair[1]: 1.0 - fraction}
    total = told(*atoms(dict.fromkeys(pair, 0.0), shares), normalisation=normalisation)
    b = 0.1 * np.array([scattering_length(name) for name in pair])
    mean, squares = b @ list(shares.values()), b**2 @ list(shares.values())
    norm = 1.0 if normalisation == "none" else squares
    found = total.level(np.zeros(1), 0.0) + total.mixed(np.zeros(1))
    np.testing.assert_allclose(found, -(mean**2) / norm, rtol=1e-12)


def test_ions_are_held_together_by_their_charges():
    """Of a salt nothing is free; of two cations beside one anion their places are."""
    salt = told(*atoms({"Na": 1.0, "Cl": -1.0}, {"Na": 0.5, "Cl": 0.5}))
    np.testing.assert_allclose(salt.mixed(Q), 0.0, atol=1e-12)
    shares = {"Na": 0.1, "K": 0.4, "Cl": 0.5}
    total = told(*atoms({"Na": 1.0, "K": 1.0, "Cl": -1.0}, shares))
    b = 0.1 * (scattering_length("Na") - scattering_length("K"))
    np.testing.assert_allclose(total.mixed(Q), 0.5 * 0.2 * 0.8 * b**2, rtol=1e-9)


def test_molecules_of_one_kind_have_one_composition():
    np.testing.assert_allclose(told(deuterated=0.5).mixed(Q), 0.0, atol=1e-12)


# Curves ----------------------------------------------------------------------


@pytest.mark.parametrize("pair", [("Ar", "36Ar"), ("Ni", "Ti"), ("Li", "Pb")])
@pytest.mark.parametrize("share", [0.0, 1.0], ids=["ordered", "ideal"])
def test_totals_of_neutral_mixtures_are_believed_at_any_order(tmp_path, pair, share):
    """From one composition everywhere to an ideal mixture; a level far below is refused."""
    makeup, state = atoms(dict.fromkeys(pair, 0.0), dict.fromkeys(pair, 0.5))
    total = told(makeup, state)
    file, q = tmp_path / "alloy.csv", np.arange(0.3, 15.0, 0.05)
    settings = ObserveSettings(kind="f", file=file, weights="neutron")
    for factor in (1.0, 2.0):
        level = (total.level(q, 0.03) + share * total.mixed(q)) * factor
        if factor > 1.0:
            level = total.level(q, 0.0) * factor
        np.savetxt(file, np.stack([q, level / (1.0 + (q / 2.0) ** 12)], 1))
        if factor == 1.0:
            assert checked(read_observation(settings, state, makeup), state).is_total
            continue
        with pytest.raises(InputError, match="at low Q"):
            checked(read_observation(settings, state, makeup), state)


def measured(tmp_path, value, q=None, makeup=MAKEUP, **keys):
    q = np.arange(0.4, 20.0, 0.05) if q is None else q
    file = tmp_path / "water_fq.csv"
    np.savetxt(file, np.stack([q, value(q)], 1), header="q,f", comments="", delimiter=",")
    keys = {"weights": "neutron", "deuterated": 1.0, **keys}
    settings = ObserveSettings(kind="f", file=file, **keys)
    return checked(read_observation(settings, STATE, makeup), STATE)


def like_water(total, compressible=0.06):
    """The level at low Q and the molecules, joined where liquids have their peak."""
    return lambda q: (
        total.own(q) + (total.level(q, compressible) - total.own(q)) / (1 + (q / 2.0) ** 12)
    )


def test_a_curve_is_read_as_it_is(tmp_path):
    curve = like_water(told(deuterated=1.0))
    o = measured(tmp_path, curve)
    assert (o.kind, o.x.size) == ("f", 392)
    np.testing.assert_allclose(o.value, curve(o.x), rtol=1e-12)
    assert o.total.inelastic == 0.03
    assert measured(tmp_path, curve, inelastic=0.0).total.inelastic == 0.0


@pytest.mark.parametrize(
    ("truth", "said", "words"),
    [
        ({}, {"intramolecular": False}, "intramolecular = true"),
        ({"intramolecular": False}, {}, "intramolecular = false"),
        ({}, {"normalisation": "square-of-average"}, 'normalisation = "none"'),
        ({"normalisation": "average-of-squares"}, {}, 'normalisation = "average-of-squares"'),
        ({}, {"deuterated": 0.3}, "check deuterated"),
    ],
)
def test_a_level_at_low_q_that_contradicts_what_is_said(tmp_path, truth, said, words):
    """What would fit is proposed; nothing is converted, and the truth passes."""
    keys = {"deuterated": 1.0, **truth}
    curve = like_water(told(**keys))
    assert measured(tmp_path, curve, **keys).kind == "f"
    with pytest.raises(InputError, match=words) as refused:
        measured(tmp_path, curve, **{**keys, "normalisation": None, "intramolecular": None, **said})
    assert "at low Q" in str(refused.value)


def test_a_curve_without_low_q_is_believed(tmp_path):
    curve = like_water(told(deuterated=1.0))
    assert measured(tmp_path, curve, intramolecular=False, window=(1.0, 20.0)).window[0] == 1.0


def test_an_s_of_q_is_no_f_of_q(tmp_path):
    with pytest.raises(InputError, match='kind = "s"'):
        measured(tmp_path, lambda q: 1.0 + like_water(told(deuterated=1.0))(q))


@pytest.mark.parametrize("fraction", CONTRASTS.values())
def test_nanometres_are_seen_in_a_total(tmp_path, fraction):
    """By where its structure is; the same curve in Å⁻¹ passes, also without its low Q."""
    curve = like_water(told(deuterated=fraction))
    q = np.arange(0.4, 20.0, 0.05)
    keys = {"deuterated": fraction}
    assert measured(tmp_path, curve, q, window=(5.0, 20.0), **keys).window[0] == 5.0
    for far in (10.0 * q, 10.0 * q[q >= 5.0]):
        with pytest.raises(InputError, match="suggests 1/nm"):
            measured(tmp_path, lambda x: curve(0.1 * x), far, **keys)


@pytest.mark.parametrize("contrast", CONTRASTS)
def test_nanometres_are_seen_in_measured_totals(tmp_path, contrast):
    file = SHARED / f"water_295K_{contrast}_fq.csv"
    if not file.is_file():
        pytest.skip("needs ../shared")
    q, f = np.genfromtxt(file, delimiter=",", usecols=(0, 1)).T
    known = np.isfinite(q)
    keys = {"deuterated": CONTRASTS[contrast], "window": (1.0, 20.0)}
    spline = CubicSpline(q[known], f[known])
    assert measured(tmp_path, spline, q[known], **keys).x.size == known.sum()
    far = keys | {"window": (10.0, 200.0)}
    with pytest.raises(InputError, match="suggests 1/nm"):
        measured(tmp_path, lambda x: spline(0.1 * x), 10.0 * q[known], **far)


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"weights": "x-ray", "deuterated": 0.5}, "neutron, with deuterated"),
        ({"weights": {"O-O": 1.0}, "normalisation": "square-of-average"}, "none beside weights"),
        ({"weights": {"O-N": 1.0}}, "a pair among O-O, O-H, H-H"),
        ({"deuterated": 1.5}, "less than or equal to 1"),
        ({"normalisation": "sum"}, "square-of-average"),
        ({"form": "s"}, "form as well"),
        ({"weights": None}, "no weights"),
    ],
)
def test_keys_that_contradict_each_other_are_refused(keys, words):
    with pytest.raises((InputError, ValueError), match=words):
        told(**keys)


@pytest.mark.parametrize(
    ("elements", "words"),
    [
        ({"H": "9H"}, "9H"),
        ({"O": "O-77"}, "O-77"),
        ({"H": "Xx"}, "Xx"),
    ],
)
def test_an_isotope_that_does_not_exist_is_refused(elements, words):
    with pytest.raises(InputError, match=words):
        told(replace(MAKEUP, elements=elements))
    if words == "Xx":
        with pytest.raises(InputError, match="form factor"):
            told(replace(MAKEUP, elements=elements), weights="x-ray")


def test_deuterium_needs_hydrogen():
    salt = Substance.atoms({"Na": 22.99, "K": 39.1})
    makeup = Makeup(salt, {pair: lennard_jones(3.2, 0.15) for pair in salt.pairs})
    state = StatePoint(400.0, 0.02, composition={"Na": 0.5, "K": 0.5})
    with pytest.raises(InputError, match="element is H"):
        told(makeup, state, deuterated=0.5)


def test_a_pdf_of_molecules_is_converted_by_the_density_of_atoms(tmp_path):
    """4πρr(g − 1) with ρ of all atoms, as programs have it; of molecules its core says no."""
    r, file = np.arange(0.02, 12.0, 0.02), tmp_path / "oo.gr"
    g = (1.0 + 1.5 * np.exp(-(((r - 2.8) / 0.2) ** 2))) / (1.0 + np.exp(-(r - 2.6) / 0.05))
    settings = ObserveSettings(kind="g", file=file, sites=["O", "O"], form="G")
    for density in (3 * STATE.density, STATE.density):
        np.savetxt(file, np.stack([r, 4 * np.pi * density * r * (g - 1.0)], 1), header="r G")
        if density == STATE.density:
            with pytest.raises(InputError, match=r"atoms per Å³; found the slope of 0\.0333"):
                read_observation(settings, STATE, MAKEUP)
        else:
            o = read_observation(settings, STATE, MAKEUP)
            np.testing.assert_allclose(o.value, np.interp(o.x, r, g), atol=1e-9)


# Real water ------------------------------------------------------------------


def partial_structure_factors(q):
    """ρ ĥ of water's measured partials, from 12 Å on led to one, shape (k, 3)."""
    table = np.genfromtxt(SHARED / "water_298K_partials.csv", delimiter=",", skip_header=3)
    grid = RadialGrid(1199, 0.01)
    h = CubicSpline(table[:, 0], table[:, [1, 3, 5]])(grid.r) - 1.0
    taper = np.cos(0.5 * np.pi * np.clip((grid.r - 9.0) / 3.0, 0.0, 1.0)) ** 2
    rows = structure_rows(grid, q, 3 * STATE.density)
    return rows @ (h * taper[:, None])


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs ../shared")
def test_partials_of_water_give_its_four_contrasts():
    """Of 1.5 to 20 Å⁻¹, with one scale each: F runs over 0.35 barn in D₂O.

    Each contrast is the nearest with its own deuterium: 0.359 is that of no mean scattering.
    """
    limits = {"D2O": 0.008, "HDO": 0.006, "null": 0.0035, "H2O": 0.0095}
    for name, fraction in CONTRASTS.items():
        file = SHARED / f"water_295K_{name}_fq.csv"
        settings = ObserveSettings(
            kind="f", file=file, weights="neutron", deuterated=fraction, window=(1.5, 20.0)
        )
        o = checked(read_observation(settings, STATE, MAKEUP), STATE).windowed()
        h = partial_structure_factors(o.x)
        misses = {}
        for other in (fraction, *(x for x in CONTRASTS.values() if abs(x - fraction) > 0.1)):
            total = told(deuterated=other)
            f = total.own(o.x) + np.sum(total.between(o.x) * h, axis=1)
            scale = f @ o.value / (f @ f)
            misses[other] = float(np.sqrt(np.mean((o.value - scale * f) ** 2)))
        assert misses[fraction] < limits[name]
        assert min(misses, key=misses.get) == fraction
        assert o.error.min() > 0


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs ../shared")
@pytest.mark.parametrize("name", CONTRASTS)
@pytest.mark.parametrize("temperature", [280, 295, 313, 343])
def test_real_levels_are_believed_as_they_are_said(name, temperature):
    file = SHARED / f"water_{temperature}K_{name}_fq.csv"
    keys = {"kind": "f", "file": file, "weights": "neutron"}
    right = ObserveSettings(deuterated=CONTRASTS[name], **keys)
    assert checked(read_observation(right, STATE, MAKEUP), STATE).value.size > 300
    for wrong in ("square-of-average", "average-of-squares"):
        with pytest.raises(InputError, match='normalisation = "none"'):
            checked(
                read_observation(right.model_copy(update={"normalisation": wrong}), STATE, MAKEUP),
                STATE,
            )


@pytest.mark.parametrize(
    ("keys", "unit"),
    [
        ({"weights": "neutron"}, "barn/sr/atom"),
        ({"weights": "x-ray"}, "electron^2/atom"),
        ({"weights": {"O-O": 0.04, "O-H": 0.17}}, "that of the weights"),
        ({"weights": "neutron", "normalisation": "square-of-average"}, "1"),
        ({"weights": "x-ray", "normalisation": "average-of-squares"}, "1"),
    ],
)
def test_the_unit_is_that_of_what_weighs_it_and_of_its_division(keys, unit):
    o = Observation("f", Q, np.zeros(Q.size), of=told(**keys))
    assert o.unit == unit
    assert to_dataset(o)["f"].attrs["units"] == unit


@pytest.mark.parametrize(
    ("name", "mass", "element"),
    [
        ("H1", 1.008, "H"), ("H2", 1.008, "H"), ("H3", 1.008, "H"), ("H2", 2.014, "D"),
        ("O2", 15.999, "O"), ("O16", 15.999, "O"), ("Ar36", 35.968, "36Ar"),
        ("36Ar", 39.948, "36Ar"), ("D", 1.008, "D"), ("Ar", 39.948, "Ar"), ("bead", 18.0, "bead"),
    ],
)  # fmt: skip
def test_a_number_behind_a_symbol_is_an_isotope_where_the_mass_is(name, mass, element):
    """Two kinds of hydrogen of a molecule are no deuterium and tritium."""
    assert element_named(name, mass) == element


def test_an_isotope_of_another_mass_is_asked_about():
    with pytest.raises(InputError, match=r'element of Ar36.*39.948 u.*element = "Ar" or "36Ar"'):
        element_named("Ar36", 39.948)


def site(name, place, mass=1.008, **keys):
    return {"name": name, "type": "H", "mass": mass, "position": place, **keys}


def heavy(first, second):
    """Water of two sites of hydrogen, as a configuration tells it."""
    oxygen = {"name": "O", "mass": 15.999, "position": (0.0, 0.0, 0.0)}
    sites = [oxygen, site("H1", (0.8, 0.58, 0.0), **first), site("H2", (-0.8, 0.58, 0.0), **second)]
    molecule = MoleculeSettings.model_validate({"name": "water", "sites": sites})
    pairs = [
        PairSettings.model_validate({"sites": both, "sigma": 3.0, "epsilon": 0.1})
        for both in (("O", "O"), ("O", "H"), ("H", "H"))
    ]
    faults = Faults()
    makeup = mixture_of([molecule], pairs, faults)
    faults.raise_any()
    return makeup


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"element": "H"}, {"element": "D"}),
        ({"element": "D"}, {"element": "H"}),
        ({"scattering_length": 6.67}, {}),
        ({}, {"scattering_length": 6.67}),
    ],
)
def test_one_type_of_site_is_one_isotope(first, second):
    """Whichever came last used to be taken for both."""
    with pytest.raises(InputErrors, match="type H: expected one element and one scattering_length"):
        heavy(first, second)
    assert heavy(first, first).elements.get("H") == first.get("element")


def test_a_mass_that_is_of_another_isotope_is_no_symbol():
    """Hydrogen of 2.014 u is deuterium; nobody is asked where the element is said."""
    settings = ObserveSettings(kind="f", file="f.csv", weights="neutron")
    with pytest.raises(InputError, match=r'expected the mass of H, 1\.008 u.*element = "H"'):
        heavy({"mass": 2.014}, {"mass": 2.014}).of(settings, STATE)
    for element, b in (("D", B_D), ("H", B_H)):
        told_so = {"mass": 2.014, "element": element}
        total = heavy(told_so, told_so).of(settings, STATE)
        assert total.scattering.lengths[1] == pytest.approx(b)


@pytest.mark.parametrize(
    ("name", "mass"), [("Ca", 12.011), ("Os", 15.999), ("Ho", 1.008), ("Li", 6.015)]
)
def test_types_that_look_like_other_elements_are_asked_about(name, mass):
    with pytest.raises(InputError, match=f"element of {name}"):
        element_named(name, mass)


def test_a_total_without_what_is_within_may_be_negative():
    """Of a molecule seen as one, S of its sites goes to 1 − n at Q = 0."""
    n = len(WATER.molecules[0].sites)
    weights = dict(zip(WATER.pairs, (1 / 9, 4 / 9, 4 / 9), strict=True))
    q = np.arange(0.3, 15.0, 0.05)
    s = 1.0 - n * 0.94 * np.exp(-((q / 2.0) ** 4))
    o = checked(Observation("s", q, s, of=weights), STATE, MAKEUP)
    assert o.value[0] < -1.5
    # of like types alone it is known: 1 − 2/(2/3)
    assert lowest_s(Observation("s", q, s, of=Pair("H", "H")), WATER, STATE) == pytest.approx(-2.0)
