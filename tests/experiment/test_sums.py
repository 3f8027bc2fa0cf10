"""Partials that do not add up to their total are noticed; noise, windows and levels are not."""

from __future__ import annotations

import numpy as np
import pytest

from sopr_uq.engine.integral_equation import IntegralEquationEngine
from sopr_uq.engine.protocol import Setup
from sopr_uq.engine.settings import EngineSettings
from sopr_uq.errors import InputError
from sopr_uq.experiment.observation import Observation
from sopr_uq.experiment.state import StatePoint
from sopr_uq.experiment.substance import Substance
from sopr_uq.experiment.sums import check_sums
from sopr_uq.observables import Rdf, StructureFactor, continued
from sopr_uq.potentials import lennard_jones
from sopr_uq.structure.transforms import RadialGrid

AR_KR = Substance.atoms({"Ar": 39.948, "Kr": 83.798})
STATE = StatePoint(150.0, 0.0185, composition={"Ar": 0.4, "Kr": 0.6})
LENGTHS = {"Ar": 1.909, "Kr": 7.81}
SIZES = ((3.34, 0.26), (3.49, 0.28), (3.58, 0.36))
R, Q = np.arange(3.0, 13.0, 0.1), np.arange(0.5, 12.0, 0.1)


@pytest.fixture(scope="module")
def liquid():
    potentials = dict(zip(AR_KR.pairs, (lennard_jones(*s) for s in SIZES), strict=True))
    setup = Setup(AR_KR, STATE, potentials, 1)
    engine = IntegralEquationEngine(EngineSettings(particles=1000))
    return continued(setup, engine.run(setup), RadialGrid.covering(40.0, 0.04))


def curves(liquid, kind, noise=0.01, **keys):
    """Three partials and their total, with noise; the total as a window at ``q_max`` leaves it."""
    rng = np.random.default_rng(1)
    of = StructureFactor.total(AR_KR, STATE, LENGTHS, Q).of
    x, made = (R, Rdf) if kind == "g" else (Q, StructureFactor)
    found = []
    for pair in AR_KR.pairs:
        value = made.partial(pair, x).predict(liquid).mean
        found.append((pair, value + noise * rng.standard_normal(x.size)))
    value = made(of, x, **keys).predict(liquid).mean + noise * rng.standard_normal(x.size)
    return x, found, of, value


def observed(kind, x, found, of, value):
    partials = [Observation(kind, x, v, of=pair) for pair, v in found]
    return [*partials, Observation(kind, x, value, name="total", of=of)]


@pytest.mark.parametrize("kind", ["g", "s"])
@pytest.mark.parametrize("level", [1.0, 0.97])
@pytest.mark.parametrize("noise", [0.001, 0.03])
def test_a_right_sum_passes(liquid, kind, level, noise):
    x, found, of, value = curves(liquid, kind, noise)
    check_sums(observed(kind, x, found, of, level * value), AR_KR.pairs)


def test_a_total_that_was_cut_off_passes(liquid):
    """Truncation ripples are no contradiction."""
    check_sums(observed("g", *curves(liquid, "g", q_max=10.0)), AR_KR.pairs)


@pytest.mark.parametrize("kind", ["g", "s"])
def test_another_curve_is_refused(liquid, kind):
    """The total of another liquid, a tenth larger; and, of g(r), that of argon alone."""
    x, found, of, value = curves(liquid, kind)
    larger = np.interp(x, 1.1 * x, value)
    with pytest.raises(InputError, match="observation total: expected the weighted sum"):
        check_sums(observed(kind, x, found, of, larger), AR_KR.pairs)
    if kind == "g":
        with pytest.raises(InputError, match="another curve"):
            check_sums(observed(kind, x, found, of, found[0][1]), AR_KR.pairs)


def test_what_cannot_be_compared_passes(liquid):
    x, found, of, _ = curves(liquid, "g")
    check_sums(observed("g", x, found[:2], of, found[0][1]), AR_KR.pairs)
    check_sums(
        observed("g", x, [(p, v) for p, v in found], {AR_KR.pairs[1]: 1.0}, found[1][1]),
        AR_KR.pairs,
    )
