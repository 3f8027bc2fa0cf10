"""How far the answer moved in a round: of v and its descriptors, and of what is predicted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sopr_uq.refine.newton.fit import Fit
from sopr_uq.rng import stream
from sopr_uq.typing import FloatArray

if TYPE_CHECKING:
    from sopr_uq.refine.newton.answer import Answer
    from sopr_uq.refine.newton.conditioner import Conditioner
    from sopr_uq.refine.newton.linear import LinearModel

_DRAWS = 400
_ONE_SIGMA = (0.15866, 0.84134)


def changed(
    conditioner: Conditioner, before: FloatArray, fit: Fit
) -> tuple[float, dict[str, FloatArray]]:
    """Return by how many posterior standard deviations the descriptors moved, and those.

    The root mean square over the descriptors of all pairs: the largest of many would hardly ever
    be small, since every round's sampling errors move each of them. Of corrections, which have
    none, that of v where they count.

    Parameters
    ----------
    conditioner : Conditioner
    before : array, shape (p n,)
        The potential that led the round, in kcal/mol.
    fit : Fit
        The posterior after it.
    """
    p = conditioner.problem
    field, beta, rng = p.field, p.beta, stream(p.seed, "change")
    draws = fit.draws(rng.standard_normal((_DRAWS, fit.coefficients.mean.size)))
    sd = {
        name: np.array([_spread(each) for each in x.T])
        for name, x in field.descriptors(draws, beta)._asdict().items()
    }
    now, then = field.descriptors(fit.mean, beta), field.descriptors(before, beta)
    whole = np.array([term.whole for term in field.terms])
    with np.errstate(divide="ignore", invalid="ignore"):
        moves = np.abs(np.subtract(now, then)) / np.array(list(sd.values()))
    change = float(np.nan_to_num(_root_mean_square(moves[:, whole]), nan=np.inf))
    where = field.well & field.of_corrections
    if where.any():
        each = (fit.mean - before)[where] / draws[:, where].std(axis=0)
        change = max(change, _root_mean_square(each))
    return change, {name: field.plain(x) for name, x in sd.items()}


def predictions_moved(conditioner: Conditioner, answer: Answer, leading: LinearModel) -> float:
    """Return how far what is predicted of the curves moved from the potential that led the round.

    The largest root mean square of a curve, in the error of its points and of one simulation.
    Where the data fix a few combinations of potentials tightly, v can stand still by its
    standard deviations while the curves still move.

    Parameters
    ----------
    conditioner : Conditioner
    answer : Answer
        After the round.
    leading : LinearModel
        Of the simulation of the potential that led it.
    """
    s, fit = conditioner.stacked, answer.fit
    now, then = (answer.emulator.linear(v).prediction for v in (fit.mean, leading.potential))
    noise = np.asarray(fit.theta.noise)[s.level] ** 2 * s.noisy
    error = np.sqrt(s.stated_variance + noise + leading.variance)
    move = (now - then) / error
    return max(_root_mean_square(move[s.of_curve(j)]) for j in range(len(s.names)))


def _root_mean_square(values: FloatArray) -> float:
    return float(np.sqrt(np.mean(values**2))) if values.size else 0.0


def _spread(values: FloatArray) -> float:
    """Half the central 68 % of draws, for which a few odd ones do not matter; NaN without any."""
    known = values[np.isfinite(values)]
    return 0.5 * float(np.diff(np.quantile(known, _ONE_SIGMA))[0]) if known.size else np.nan
