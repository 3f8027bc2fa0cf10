"""A Jacobian from theory and from fluctuations: what is right of each is found."""

from __future__ import annotations

from dataclasses import fields
from types import SimpleNamespace

import numpy as np
import pytest

from sopr_uq.experiment.observation import Observation
from sopr_uq.refine.newton.linear import LinearModel
from sopr_uq.refine.newton.pooled import Scatter, learnt_error, pool_jacobians
from sopr_uq.rng import stream

DATA, SPLINES, KEPT, RUNS = 60, 24, 20, 4


def smooth(rng, rows, columns, length=8.0):
    """A matrix that is smooth both ways."""

    def kernel(n):
        x = np.arange(n)
        return np.linalg.cholesky(
            np.exp(-0.5 * ((x[:, None] - x) / length) ** 2) + 1e-8 * np.eye(n)
        )

    return kernel(rows) @ rng.standard_normal((rows, columns)) @ kernel(columns).T


def case(error, seed, noise=0.7):
    """Theory and truth that differ by a relative error, and what fluctuations say of it."""
    rng = stream(11, "pooled", seed)
    theory = 0.1 * smooth(rng, DATA, SPLINES)
    # energies in four splines never fluctuate: nothing is, and nothing can be, known of them
    theory[:, KEPT:] = 0.0
    other = smooth(rng, DATA, SPLINES)
    other[:, KEPT:] = 0.0
    truth = theory + error * np.linalg.norm(theory) / np.linalg.norm(other) * other
    root = 0.5 * smooth(rng, DATA, DATA, 4.0) + 0.5 * np.eye(DATA)
    unrest = smooth(rng, KEPT, KEPT, 2.0) + 0.1 * np.eye(KEPT)
    wide = np.zeros((SPLINES, SPLINES))
    wide[:KEPT, :KEPT] = unrest @ unrest.T
    spread = np.zeros((SPLINES, KEPT))
    spread[:KEPT] = np.linalg.cholesky(unrest @ unrest.T)
    z = np.sqrt(noise) * rng.standard_normal((RUNS, DATA, KEPT))
    return theory, truth, truth + root @ z @ spread.T, Scatter.of(root @ root.T, wide)


def test_the_whitening_is_undone():
    theory, _, _, scatter = case(0.5, 0)
    assert scatter.coloured(scatter.whitened(theory)) == pytest.approx(theory, abs=1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_where_theory_is_wrong_both_together_are_better_than_either(seed):
    theory, truth, measured, scatter = case(0.6, seed)
    found = learnt_error(measured - theory, theory, scatter)

    def miss(jacobian):
        return np.linalg.norm(scatter.whitened(jacobian - truth))

    assert miss(theory + found.mean) < 0.8 * min(miss(theory), miss(measured.mean(axis=0)))


@pytest.mark.parametrize("seed", range(3))
def test_where_theory_is_right_it_stays(seed):
    theory, _, measured, scatter = case(0.0, seed)
    found = learnt_error(measured - theory, theory, scatter)
    assert np.linalg.norm(scatter.whitened(found.mean)) < 0.1 * np.linalg.norm(
        scatter.whitened(measured.mean(axis=0) - theory)
    )


@pytest.mark.parametrize("noise", [0.3, 1.0])
def test_the_noise_of_fluctuations_is_found(noise):
    theory, _, measured, scatter = case(0.6, 0, noise)
    assert learnt_error(measured - theory, theory, scatter).noise == pytest.approx(noise, rel=0.25)


def test_data_that_never_change_are_no_trouble():
    """Such as g inside a core, where neither theory nor fluctuations show anything."""
    theory, _, measured, scatter = case(0.6, 0)
    covariance = scatter.root @ scatter.root.T
    covariance[:5], covariance[:, :5] = 0.0, 0.0
    theory[:5], measured[:, :5] = 0.0, 0.0
    still = Scatter.of(covariance, scatter.spread @ scatter.spread.T)
    found = learnt_error(measured - theory, theory, still).mean
    assert np.abs(found[:5]).max() < 1e-3 * np.abs(found[5:]).max()


def test_more_data_than_directions_of_energies_and_fewer_agree_on_the_same_problem():
    theory, _, measured, scatter = case(0.6, 1)
    few = slice(0, 12)
    part = Scatter(scatter.root[few, few], scatter.spread, scatter.narrow)
    found = learnt_error((measured - theory)[:, few], theory[few], part)
    assert found.mean.shape == (12, SPLINES)
    assert np.isfinite(found.mean).all()


def test_a_liquid_of_numbers_alone_keeps_its_response():
    """Such as a further state of which only the pressure is known."""
    theory, _, measured, scatter = case(0.6, 2)
    covariance, unrest = scatter.root @ scatter.root.T, scatter.spread @ scatter.spread.T
    r = 3.0 + 0.1 * np.arange(DATA)
    liquids = (
        SimpleNamespace(observations=(Observation("g", r, np.ones(DATA)),)),
        SimpleNamespace(observations=(Observation("pressure", np.zeros(1), np.ones(1)),)),
    )
    same = SimpleNamespace(on_splines=np.asarray, on_grid=np.asarray)
    problem = SimpleNamespace(liquids=liquids, field=same)
    stacked = SimpleNamespace(noisy=np.append(np.ones(DATA), 0.0))
    number = np.ones((1, SPLINES))
    blank = {f.name: np.zeros(1) for f in fields(LinearModel)}
    models = [
        LinearModel(
            **blank
            | {
                "jacobian": np.vstack([theory, number]),
                "fluctuation": np.vstack([each, number]),
                "covariance": np.pad(covariance, (0, 1)),
                "unrest": np.stack([unrest, unrest]),
            }
        )
        for each in measured
    ]
    found = pool_jacobians(problem, stacked, models)
    assert found[0].jacobian[-1] == pytest.approx(number[0])
    assert not np.allclose(found[0].jacobian[:-1], theory)
