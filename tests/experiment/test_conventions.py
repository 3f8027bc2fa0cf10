"""Partial S(Q) of other conventions: proposed, never converted; Faber and Ziman's pass."""

import numpy as np
import pytest

from sopr_uq.errors import InputError
from sopr_uq.experiment.conventions import check_convention
from sopr_uq.experiment.molecule import Pair
from sopr_uq.experiment.observation import Observation
from sopr_uq.experiment.state import StatePoint
from sopr_uq.experiment.substance import Substance
from sopr_uq.potentials import lennard_jones
from sopr_uq.structure.transforms import RadialGrid

GRID = RadialGrid(2047, 0.02)
DENSITY, SIGMA = 0.02, 3.4
ALLOY = Substance.atoms({"Ar": 39.95, "Kr": 83.8})
REFERENCES = {pair: lennard_jones(SIGMA, 0.24) for pair in ALLOY.pairs}
LIKE, UNLIKE = Pair("Ar", "Ar"), Pair("Ar", "Kr")


def liquid():
    """A g(r) with a core and three shells."""
    r = GRID.r
    shells = 1 + 2.2 * np.exp(-0.45 * (r - SIGMA)) * np.cos(1.85 * (r - SIGMA - 0.3))
    return shells / (1 + np.exp(-(r - SIGMA) / 0.08))


S = 1.0 + DENSITY * GRID.forward(liquid() - 1.0)


def measured(share, pair, level=1.0, end=14.0, noise=0.0, begin=0.3):
    """S_FZ squeezed by a share about a level."""
    keep = (GRID.q > begin) & (GRID.q < end)
    scatter = noise * np.random.default_rng(1).standard_normal(int(keep.sum()))
    value = level + share * (S[keep] - 1.0) + scatter
    return Observation(kind="s", x=GRID.q[keep], value=value, of=pair)


def check(observation, fraction):
    state = StatePoint(120.0, DENSITY, composition={"Ar": fraction, "Kr": 1.0 - fraction})
    check_convention(observation, ALLOY, REFERENCES, state)


@pytest.mark.parametrize("noise", [0.0, 0.02])
@pytest.mark.parametrize("fraction", [0.1, 0.4, 0.7])
def test_like_partials_of_ashcroft_and_langreth(fraction, noise):
    with pytest.raises(InputError, match="Langreth") as refused:
        check(measured(fraction, LIKE, noise=noise), fraction)
    assert f"(S_AL − 1)/{fraction:.4g}" in str(refused.value)


@pytest.mark.parametrize("noise", [0.0, 0.02])
@pytest.mark.parametrize("fraction", [0.1, 0.4, 0.7, 0.97])
def test_partials_of_faber_and_ziman_pass(fraction, noise):
    for end in (9.5, 14.0, 25.0):
        check(measured(1.0, LIKE, end=end, noise=noise), fraction)
        check(measured(1.0, UNLIKE, end=end, noise=noise), fraction)


def test_a_share_that_is_nearly_one_is_told_by_its_level():
    with pytest.raises(InputError, match="concentration-weighted") as refused:
        check(measured(0.81, LIKE, level=0.9), 0.9)
    assert "the share of Ar" in str(refused.value)
    check(measured(1.0, LIKE, level=0.985), 0.985)


@pytest.mark.parametrize("keys", [{"end": 5.0}, {"begin": 1.5}])
def test_a_curve_too_short_to_tell_is_believed(keys):
    check(measured(0.4, LIKE, **keys), 0.4)


def test_an_element_has_no_conventions():
    argon, state = Substance.atom("Ar", 39.95), StatePoint(85.0, DENSITY, 39.95)
    o = measured(0.4, None)
    check_convention(o, argon, {argon.pairs[0]: lennard_jones(3.4, 0.24)}, state)
