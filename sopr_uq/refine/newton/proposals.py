"""The potentials of the next round: the posterior mean and draws, no farther than is believed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from sopr_uq.refine.newton.acceptable import is_potential, require_potential
from sopr_uq.refine.newton.answer import Answer, well_of
from sopr_uq.refine.newton.conditioner import Conditioner
from sopr_uq.refine.newton.linear import LinearModel
from sopr_uq.rng import stream
from sopr_uq.typing import FloatArray

_LARGEST_STEP = 1.0
_SHARES = (1.0, 0.5, 0.25, 0.125, 0.0625)
_STIFF = 100.0
_EARLY = 6
_TRIES = 16


@dataclass(frozen=True)
class Proposals:
    """Potentials that are worth a simulation.

    Parameters
    ----------
    conditioner : Conditioner
    """

    conditioner: Conditioner

    def round(self, iteration: int, answer: Answer, models: Sequence[LinearModel]) -> FloatArray:
        """Return the next potentials, shape (m, p n): the next guess, and draws about it.

        The guess is the posterior mean; after the first round that of Mie potentials alone.

        Parameters
        ----------
        iteration : int
            How many rounds were made.
        answer : Answer
            What is believed now.
        models : sequence of LinearModel
            Of all that was simulated.

        Raises
        ------
        NoPotential
            If the data ask for a potential without a repulsive core or a well.
        """
        problem, fit = self.conditioner.problem, answer.fit
        # nothing has tested the first answer yet, and what is not linear would be met by δ
        first = iteration == 0 and all(term.whole for term in problem.field.terms)
        stiff = self.conditioner.fit(answer.linear, fit.point, fit.sites, _STIFF) if first else fit
        best = stiff.mean
        nearest = min(models, key=lambda m: self._distance(m.potential, best))
        mean = self._mean(iteration, best, nearest)
        rng = stream(problem.seed, "round", iteration)
        size = problem.settings.round_size - 1
        found: list[FloatArray] = []
        for _ in range(_TRIES):
            z = rng.standard_normal((max(size, 1), fit.coefficients.mean.size))
            for draw in mean + fit.draws(z) - fit.mean:
                sane = problem.field.repulsive(draw) and is_potential(problem, draw)
                if len(found) < size and sane:
                    found.append(self._limited(nearest.potential, draw))
        return np.array([mean, *found])

    def _mean(self, iteration: int, best: FloatArray, model: LinearModel) -> FloatArray:
        """Return the next guess, shape (n,): the best, or what leads there.

        Far from the data, in the first rounds, a linear step can end without a core. Then
        it is taken in the Mie parameters alone, towards data that lie all the way, a half, a
        quarter ... of the way to the measured ones.
        """
        proposal = self._limited(model.potential, best)
        value = self.conditioner.stacked.value
        for share in _SHARES if iteration < _EARLY else ():
            if is_potential(self.conditioner.problem, proposal):
                return proposal
            offset = (1.0 - share) * (value - model.prediction)
            nearer = replace(model, prediction=model.prediction + offset)
            stiff = self.conditioner.fit(nearer, self.conditioner.prior.centre, stiffness=_STIFF)
            proposal = self._limited(model.potential, stiff.mean)
        require_potential(self.conditioner.problem, proposal)
        return proposal

    def _distance(self, v: FloatArray, w: FloatArray) -> float:
        """Largest |βΔv| over the well."""
        beta = float(self.conditioner.problem.betas.max())
        return float(np.max(np.abs(beta * (v - w)[well_of(self.conditioner)])))

    def _limited(self, start: FloatArray, proposal: FloatArray) -> FloatArray:
        """Keep a step within the reach of the linearisation: |βΔv| ≤ 1 over the well."""
        largest = self._distance(proposal, start)
        share = min(1.0, _LARGEST_STEP / max(largest, 1e-12))
        return np.asarray(start + (proposal - start) * share)
