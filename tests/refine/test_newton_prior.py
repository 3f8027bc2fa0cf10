"""What the Newton rule believes beforehand: a Mie potential, and what it lacks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sopr_uq.experiment.liquid import Liquid
from sopr_uq.experiment.molecule import Molecule, Site
from sopr_uq.experiment.observation import Observation
from sopr_uq.experiment.state import StatePoint
from sopr_uq.experiment.substance import Substance
from sopr_uq.potentials import Mie, Tabulated, Zero, lennard_jones
from sopr_uq.potentials.descriptors import first_zero
from sopr_uq.refine.belief import PriorSettings
from sopr_uq.refine.newton.prior import DECAYS, Prior
from sopr_uq.refine.newton.term_prior import mie_energy
from sopr_uq.refine.problem import Problem
from sopr_uq.refine.settings import RefineSettings

MIXTURE = Substance((Molecule("Ar", (Site("Ar", 39.95),)), Molecule("Kr", (Site("Kr", 83.8),))))


def prior_of(liquid, **settings) -> Prior:
    return Prior(replace(liquid.problem(), prior=PriorSettings(**settings)))


@pytest.mark.parametrize("decay", [None, 2.5, 6.0])
@pytest.mark.parametrize("spread", [0.1, 0.4, 1.0])
def test_lengths_have_the_mean_and_the_variance_that_are_stated(liquid, decay, spread) -> None:
    """Of ln ℓ, exactly; every decay with the same share."""
    prior = prior_of(liquid, decay=decay, length_sd=spread)
    weight = np.exp(prior.log_weight)
    log = np.log([kernel.length for kernel in prior.kernels])
    assert weight.sum() == pytest.approx(1.0, rel=1e-12)
    assert weight @ log == pytest.approx(np.log(prior.length_median), rel=1e-12)
    assert weight @ (log - weight @ log) ** 2 == pytest.approx(spread**2, rel=1e-12)
    shares = {k.decay: 0.0 for k in prior.kernels}
    for kernel in prior.kernels:
        shares[kernel.decay] += kernel.weight
    expected = DECAYS if decay is None else (decay,)
    assert shares == pytest.approx(dict.fromkeys(expected, 1.0 / len(expected)))


def described(prior: Prior, draws: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Whether a draw falls from its core to its first zero, and is nothing but core and well."""
    slope = np.diff(draws, axis=1)
    inside = np.cumsum(draws <= 0, axis=1)[:, :-1] == 0
    core = (draws[:, 0] > 0) & np.all((slope < 0) | ~inside, axis=1)
    zeros = (np.diff(np.sign(draws), axis=1) != 0).sum(axis=1)
    wells = ((slope[:, :-1] < 0) & (slope[:, 1:] > 0)).sum(axis=1)
    tail = np.abs(draws[:, -1]) < 0.1 * np.abs(draws.min(axis=1))
    return core, core & (zeros == 1) & (wells == 1) & tail


def test_prior_draws_are_potentials(liquid) -> None:
    """A falling core in 3000 draws; with dispersion one well and a tail in 99 %.

    Of another force 5 of 36 000 cores did not fall (which ones, rounding decides): more than 4 of
    3000 have a probability of 1e-4.
    A correction that dies more slowly is another force, and makes ripples where the well
    has ended: the negative control of the second law.
    """
    found = {}
    for decay in (6.0, 2.5):
        prior = prior_of(liquid, decay=decay)
        core, simple = described(prior, prior.draw(np.random.default_rng(0), 3000))
        assert np.count_nonzero(~core) <= (0 if decay == 6.0 else 4)
        found[decay] = simple.mean()
    # three binomial standard deviations
    limit = 0.99 - 3 * np.sqrt(0.99 * 0.01 / 3000)
    assert found[6.0] > limit
    assert found[2.5] < limit


def test_prior_draws_have_the_widths_that_are_stated(liquid) -> None:
    """Without a correction σ and ε of draws are log-normal; with one they are a little wider.

    3000 draws tell a standard deviation to 1.3 %: four of those.
    """
    spreads = []
    for width in (1e-4, 0.2):
        prior = prior_of(liquid, width=width, decay=6.0)
        draws = prior.draw(np.random.default_rng(1), 3000)
        r, depth = prior.problem.r, -draws.min(axis=1)
        after = np.argmax(draws <= 0, axis=1)
        rows = np.arange(len(draws))
        high, low = draws[rows, after - 1], draws[rows, after]
        sigma = r[after - 1] + (r[after] - r[after - 1]) * high / (high - low)
        spreads.append((np.std(np.log(sigma)), np.std(np.log(depth))))
    bare, whole = spreads
    assert bare == pytest.approx((0.05, 0.5), rel=0.052)
    assert 1.0 < whole[0] / bare[0] < 1.2


@pytest.mark.parametrize("exponent", [10.0, 14.0])
def test_prior_expansion_is_the_mie_potential(liquid, exponent: float) -> None:
    """At the point of expansion exactly, around it to second order; whatever the kernel."""
    prior = prior_of(liquid, exponent=exponent, attraction=5.5)
    r = prior.problem.r
    well, sd = r > 3.3, np.diagonal(prior.root)
    point = prior.centre + sd * np.array([0.3, -0.5, 0.4, 0.2])
    for basis in prior.bases(point):

        def expanded(p: np.ndarray, basis=basis) -> np.ndarray:
            return basis.base + basis.mie @ ((p - prior.centre) / sd)

        np.testing.assert_allclose(expanded(point), mie_energy(point, r), rtol=1e-9, atol=1e-12)
        miss = [
            np.abs(expanded(p) - mie_energy(p, r))[well].max()
            for p in (point + t * sd * np.array([0.1, -0.2, 0.3, 0.2]) for t in (0.1, 0.2))
        ]
        assert miss[1] / miss[0] == pytest.approx(4.0, rel=0.1)
    np.testing.assert_allclose(prior.point((point - prior.centre) / sd), point)


def test_mie_energies_are_those_of_the_potential() -> None:
    r = np.arange(2.5, 12.0, 0.1)
    for sigma, epsilon, n, m in ((3.4, 0.24, 12.0, 6.0), (2.8, 0.1, 14.5, 5.0)):
        point = np.array([np.log(sigma), np.log(epsilon), n, m])
        expected = Mie(sigma, epsilon, n, m).energy(r)
        np.testing.assert_allclose(mie_energy(point, r), expected, rtol=1e-12)
        np.testing.assert_allclose(mie_energy(np.array([[point]]), r), expected[None, None])


@pytest.mark.parametrize("z", [-1e6, -50.0, 50.0, 1e6])
def test_an_expansion_stays_sane(liquid, z: float) -> None:
    """Data of no liquid may ask for any: energies about the point stay numbers."""
    prior = prior_of(liquid)
    point = prior.point(np.full(5, z))
    assert 8.0 < point[2] < 24.0
    assert 4.0 < point[3] <= 8.0
    assert 1.0 < np.exp(point[0]) < 10.0
    for basis in prior.bases(point):
        assert np.isfinite(basis.base).all()
        assert np.isfinite(basis.mie).all()


def test_the_centre_is_the_reference_unless_it_is_given(liquid) -> None:
    prior = prior_of(liquid)
    np.testing.assert_allclose(np.exp(prior.centre[:2]), [3.35, 0.26], rtol=1e-6)
    assert tuple(prior.centre[2:]) == (12.0, 6.0)
    given = prior_of(liquid, sigma=3.5, epsilon=0.2, exponent=13.0, attraction=5.5)
    np.testing.assert_allclose(np.exp(given.centre[:2]), [3.5, 0.2])
    assert tuple(given.centre[2:]) == (13.0, 5.5)
    # lengths and widths are in units of the centre, not of the start
    assert given.length_median == pytest.approx(0.2 * 3.5)
    assert given.width.median == pytest.approx(0.2 * 0.2)
    shallow = replace(liquid.problem(), start=Mie(3.35, 0.2))
    np.testing.assert_array_equal(Prior(shallow).centre, prior.centre)


def test_the_correction_has_unit_width_at_sigma_and_dies_as_stated(liquid) -> None:
    prior = prior_of(liquid)
    r, sigma = prior.problem.r, float(np.exp(prior.centre[0]))
    for basis, kernel in zip(prior.bases(prior.centre), prior.kernels, strict=True):
        size = np.linalg.norm(basis.correction, axis=1)
        assert np.interp(sigma, r, size) == pytest.approx(1.0, rel=0.01)
        far = (r > 1.2 * sigma) & (r < 2.5 * sigma)
        np.testing.assert_allclose(size[far], (sigma / r[far]) ** kernel.decay, rtol=0.02)
        np.testing.assert_array_equal(basis.columns(0.3)[:, 4:], 0.3 * basis.correction)


def test_a_core_that_no_pair_sees_is_continued(liquid) -> None:
    """Coefficients that would hollow it out leave it steep; v is linear outside."""
    prior = prior_of(liquid)
    basis = prior.bases(prior.centre)[0]
    z = np.random.default_rng(2).standard_normal((40, basis.correction.shape[1] + 4))
    v = prior.potentials(basis, 0.05, z)
    plain = basis.base + z @ basis.columns(0.05).T
    for row, straight in zip(v, plain, strict=True):
        seen = np.flatnonzero(straight < prior.core_height)[0]
        np.testing.assert_array_equal(row[seen + 1 :], straight[seen + 1 :])
        assert np.all(np.diff(row[: seen + 1]) < 0)


def test_the_factors_of_what_is_corrected_scale_it(liquid) -> None:
    """Inside σ exactly, at the cut-off not at all; a reference that is nothing has none."""
    pair = liquid.problem().field.pairs[0]
    problem = replace(liquid.problem(), corrected=frozenset({pair}))
    prior, (term,) = Prior(problem), problem.field.terms
    r, point = problem.r, prior.centre + np.array([np.log(1.02), np.log(0.8), 0.0, 0.0])
    np.testing.assert_allclose(prior.energy(prior.centre), term.reference.energy(r), rtol=1e-12)
    inside = r <= term.sigma
    scaled = 0.8 * term.reference.energy(r / 1.02)
    np.testing.assert_allclose(prior.energy(point)[inside], scaled[inside], rtol=1e-12)
    assert prior.energy(point)[-1] == term.reference.energy(r)[-1]
    assert tuple(np.diagonal(prior.root)) == (0.03, 0.25, 0.0, 0.0)
    assert not Prior(replace(problem, reference={pair: Zero()})).root.any()


def test_neighbours_of_what_is_corrected_touch_where_it_is_k_t(liquid) -> None:
    """A well far out, as ions have beside their charges, is no measure of them."""
    pair = liquid.problem().field.pairs[0]
    r = np.arange(1.5, 15.0, 0.01)
    v = 5.0 * np.exp((3.0 - r) / 0.34) - 300.0 / r**6
    problem = replace(liquid.problem(), reference=Tabulated(r, v), corrected=frozenset({pair}))
    (term,) = problem.field.terms
    assert term.reference.energy(np.array([term.sigma]))[0] * problem.beta == pytest.approx(
        1, rel=0.02
    )
    assert first_zero(r, v) > term.sigma + 0.7
    low = problem.r[problem.field.well][0]
    assert term.reference.energy(np.array([low]))[0] * problem.beta == pytest.approx(8, rel=0.1)


def test_first_draws_of_what_is_corrected_lie_near(liquid) -> None:
    """Factors differ by 0.3 of their prior standard deviations; 2000 draws tell that to 2 %."""
    pair = liquid.problem().field.pairs[0]
    believed = PriorSettings(correction_width=1e-6)
    problem = replace(liquid.problem(), corrected=frozenset({pair}), prior=believed)
    r = problem.r
    deep = int(np.argmin(np.abs(r - 0.6 * problem.field.terms[0].sigma)))
    added = Prior(problem).corrections(np.random.default_rng(0), 2000)
    known = problem.field.start
    # deep in the core v is an inverse power of twelve
    spread = np.std(np.log1p(added[:, deep] / known[deep]))
    assert spread == pytest.approx(0.3 * np.hypot(0.25, 12.0 * 0.03), rel=0.06)


def test_draws_of_what_is_corrected_keep_some_core(liquid) -> None:
    """Factors are drawn to first order, which may turn a core over: that is no potential."""
    pair = liquid.problem().field.pairs[0]
    problem = replace(liquid.problem(), corrected=frozenset({pair}))
    field, heat = problem.field, 1.0 / problem.beta
    start = field.start
    assert field.repulsive(start)
    assert field.repulsive(np.where(start > 8.0 * heat, 0.7 * start, start))
    assert not field.repulsive(np.where(start > 8.0 * heat, -0.1 * start, start))
    bare = replace(problem, reference={pair: Zero()})
    assert bare.field.repulsive(np.full(bare.field.size, -1.0)), "a melt's core is its base's"


def test_a_reference_that_is_high_far_out_is_no_core(liquid) -> None:
    """Then neighbours touch where their density says, and a correction is zero at the cut-off."""
    pair = liquid.problem().field.pairs[0]
    r = np.arange(1.5, 15.0, 0.01)
    soft = Tabulated(r, 66.0 / r * np.exp(-r / 8.0))
    problem = replace(liquid.problem(), reference=soft, corrected=frozenset({pair}))
    state = problem.liquids[0].state
    assert problem.field.terms[0].sigma == pytest.approx(state.contact)
    assert not Prior(problem).correction(0.7)[-1].any()


def test_an_unlike_pair_follows_like_pairs_that_are_refined_as_a_whole_alone() -> None:
    """The factors of a corrected one are of its reference, not of a size and depth of its own."""
    pairs = MIXTURE.pairs
    known = {p: lennard_jones(3.4, 0.25) for p in pairs}
    curve = Observation("g", np.arange(3.0, 9.0, 0.1), np.ones(60), of=pairs[1])
    state = StatePoint(120.0, 0.018, composition={"Ar": 0.5, "Kr": 0.5})
    problem = Problem(
        (Liquid(state, (curve,), MIXTURE),),
        known,
        RefineSettings(),
        corrected=frozenset({pairs[0]}),
    )
    root = Prior(problem).root
    assert tuple(np.diagonal(root)[:4]) == (0.03, 0.25, 0.0, 0.0)
    assert not root[4:, :4].any()
    moved = Prior(problem, (0.1, 0.2)).centre - Prior(problem).centre
    np.testing.assert_allclose(moved.reshape(3, 4)[:, :2], [[0, 0], [0.1, 0.2], [0.1, 0.2]])
