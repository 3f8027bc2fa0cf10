"""Waves of distances within molecules, left in an S(Q) between them."""

import numpy as np
import pytest

from sopr_uq.errors import InputError
from sopr_uq.experiment.inner_waves import check_inner_waves
from sopr_uq.experiment.molecule import Molecule, Pair, Site
from sopr_uq.experiment.observation import Observation
from sopr_uq.experiment.sites import site_mixture
from sopr_uq.experiment.state import StatePoint
from sopr_uq.experiment.substance import Substance

N, OXYGEN, H = Site("N", 14.007), Site("O", 15.999), Site("H", 1.008)
NITROGEN = Substance((Molecule("N2", (N, N), np.array([[0.0, 0, 0], [1.1, 0, 0]])),))
SHAPE = np.array([[0, 0, 0], [0.77, 0.614, 0], [-0.77, 0.614, 0]])
WATER = Substance((Molecule("water", (OXYGEN, H, H), SHAPE),))
STATES = {
    NITROGEN: StatePoint(70.0, 0.018, composition={"N2": 1.0}),
    WATER: StatePoint(295.0, 0.0334, composition={"water": 1.0}),
}
Q = np.arange(0.4, 16.0, 0.05)
BETWEEN = 1.4 * np.exp(-(((Q - 2.0) / 0.4) ** 2)) - 0.9 * np.exp(-((Q / 1.5) ** 4))
DYING = 0.25 * np.cos(3.4 * Q) * np.exp(-0.35 * Q)


def wave(length):
    return np.sinc(Q * length / np.pi) * np.exp(-0.5 * (0.05 * Q) ** 2)


def check(substance, value, of, x=Q):
    found = Observation(kind="s", x=x, value=value, of=of)
    check_inner_waves(found, site_mixture(substance, STATES[substance]), substance.pairs)


@pytest.mark.parametrize("noise", [0.0, 0.02])
def test_waves_of_the_molecules_are_refused(noise):
    """S_NN of all atoms is 1 + sin(Ql)/(Ql) + ρ ĥ; each atom has one neighbour within."""
    between = 1.0 + BETWEEN + DYING + noise * np.random.default_rng(2).standard_normal(Q.size)
    check(NITROGEN, between, Pair("N", "N"))
    with pytest.raises(InputError, match="distances within the molecules") as refused:
        check(NITROGEN, between + wave(1.1), Pair("N", "N"))
    assert 'kind = "f"' in str(refused.value)


def test_partials_of_water():
    """S_OH has ρ ω_OH/(ρ_O ρ_H) = 3 sin(Ql)/(Ql), two distances a molecule; O–O has none."""
    of = Pair("O", "H")
    check(WATER, 1.0 + BETWEEN + DYING, of)
    with pytest.raises(InputError, match="between molecules"):
        check(WATER, 1.0 + BETWEEN + DYING + 3.0 * wave(0.985), of)
    check(WATER, 1.0 + BETWEEN + wave(0.985), Pair("O", "O"))


def test_a_total_has_the_waves_of_its_weights():
    of = {Pair("O", "O"): 0.1, Pair("O", "H"): 0.4, Pair("H", "H"): 0.5}
    inside = 0.4 * 3.0 * wave(0.985) + 0.5 * 1.5 * wave(1.54)
    check(WATER, 1.0 + BETWEEN, of)
    with pytest.raises(InputError, match="% of the waves"):
        check(WATER, 1.0 + BETWEEN + inside, of)


def test_a_short_curve_is_believed():
    low = Q < 6.0
    check(NITROGEN, (1.0 + BETWEEN + wave(1.1))[low], Pair("N", "N"), Q[low])
