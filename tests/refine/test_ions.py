"""Ions by themselves: a molten salt is refined as molecular liquids are."""

from __future__ import annotations

import numpy as np
import pytest

from sopr_uq.engine.factory import make_engine
from sopr_uq.engine.plan import rdf_reach
from sopr_uq.engine.settings import EngineSettings
from sopr_uq.experiment.boxed import boxed
from sopr_uq.experiment.liquid import Liquid
from sopr_uq.experiment.molecule import Molecule, Pair, Site
from sopr_uq.experiment.observation import Observation
from sopr_uq.experiment.state import StatePoint
from sopr_uq.experiment.substance import Substance
from sopr_uq.potentials import lennard_jones
from sopr_uq.refine.newton.linear import linearise
from sopr_uq.refine.problem import Problem
from sopr_uq.refine.settings import RefineSettings

SALT = Substance(
    (Molecule("Na", (Site("Na", 22.99, 1.0),)), Molecule("Cl", (Site("Cl", 35.45, -1.0),)))
)
MOLTEN = StatePoint(1150.0, 0.034, composition={"Na": 0.5, "Cl": 0.5})
KNOWN = {
    Pair("Na", "Na"): lennard_jones(2.6, 0.1),
    Pair("Na", "Cl"): lennard_jones(3.0, 0.5),
    Pair("Cl", "Cl"): lennard_jones(4.2, 0.1),
}
X = np.arange(2.0, 8.0, 0.05)
ENGINE = EngineSettings(
    name="lammps", particles=216, cutoff=9.0, production_steps=4000, sample_every=10,
    bin_width=0.04, threads=1,
)  # fmt: skip


def salt(*curves: Observation, cutoff: float = 9.0) -> Problem:
    seen = boxed(Liquid(MOLTEN, curves, SALT), rdf_reach(ENGINE, MOLTEN.density))
    settings = RefineSettings(chains=2, tune=150, draws=100)
    return Problem((seen,), KNOWN, settings, cutoff=cutoff, corrected=frozenset(SALT.pairs))


def test_a_correction_does_to_a_salt_what_its_response_says():
    """By theory and by fluctuations: the bump between unlike ions costs both an energy k_BT/2."""
    data = tuple(Observation("g", X, np.ones(X.size), name=p.label, of=p) for p in SALT.pairs)
    problem = salt(*data)
    bump = np.exp(-(((problem.r - 3.0) / 0.4) ** 2))
    change = problem.field.joined(np.array([np.zeros_like(bump), bump, np.zeros_like(bump)]))
    engine = make_engine(ENGINE)
    models = []
    for sign, seed in ((-0.5, 1), (0.5, 2)):
        v = problem.field.start + sign * change
        models.append(linearise(problem, v, (engine.run(problem.setup(v, 0, seed=seed)),)))
    shown = models[1].prediction - models[0].prediction
    noise = np.sqrt(sum(np.diagonal(m.covariance).mean() for m in models))
    assert np.sqrt(np.mean(shown**2)) > 4.0 * noise
    steps = problem.field.to_splines[1] @ bump
    along = np.concatenate([np.zeros_like(steps), steps, np.zeros_like(steps)])
    for told in (
        np.mean([m.jacobian @ change for m in models], axis=0),
        np.mean([m.fluctuation @ along for m in models], axis=0),
    ):
        likeness = shown @ told / np.sqrt((shown @ shown) * (told @ told))
        assert likeness > 0.8
        assert shown @ told / (told @ told) == pytest.approx(1.0, abs=0.25)


def test_ions_keep_their_place_in_a_taper_of_the_box():
    """Their order beyond the box cannot be continued: curves end where the box's do."""
    x = np.arange(2.0, 14.0, 0.05)
    curve = Observation("g", x, np.ones(x.size), name="g", of=SALT.pairs[0])
    (seen,) = boxed(Liquid(MOLTEN, (curve,), SALT), 10.0).observations
    assert seen.window[1] == pytest.approx(8.0)


def test_a_correction_does_not_count_where_it_ends() -> None:
    """There it is zero for certain: a change over its error would be no number."""
    curve = Observation("g", X, np.ones(X.size), name="g", of=SALT.pairs[0])
    problem = salt(curve, cutoff=7.0)
    counted = problem.field.split(problem.field.well)
    assert 2.2 * problem.field.sigmas.max() > problem.r[-1]
    assert counted[:, :-1].any(axis=1).all()
    assert not counted[:, -1].any()
