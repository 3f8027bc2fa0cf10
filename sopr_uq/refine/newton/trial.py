"""Whether the answer is true to simulations: the last round was predicted before it was made."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from sopr_uq.refine.newton.draws import Pool
from sopr_uq.refine.newton.emulator import PredictionMisfit

LARGEST_K = 0.7
"""Of the Pareto shape: beyond it importance weights have no useful mean."""

NEARLY_ALL = 0.9
"""Share of effective draws above which the weights are so equal that their tail, of any
shape, holds next to nothing."""

SMALLEST_SHARE = 0.05
"""Of the weighted draws that must be effective."""

LARGEST_FAILURE = 0.5
"""Of a round's potentials: where more cannot be simulated, the few that can prove little."""

WORST = 2.0
"""χ² per number of simulations predicted from others."""


@dataclass(frozen=True)
class Trial:
    """What the last round says of the answer that was there before it, and after.

    Parameters
    ----------
    prediction : PredictionMisfit or None
        Of the last round; None for the first, which nothing could predict.
    left_out : float
        χ² per number of every simulation predicted from all others.
    k_hat : float
        Of the weights that lead from the linear posterior to the final one.
    effective, draws : float
        How many weighted draws there are, and to how many they amount.
    runs, failed : int
        Potentials of the last round, and how many of them could not be simulated or are of no
        homogeneous liquid.
    """

    prediction: PredictionMisfit | None
    left_out: float
    k_hat: float
    effective: float
    draws: int
    runs: int
    failed: int

    def of(self, pool: Pool) -> Trial:
        """Return the same trial with other draws of its answer."""
        size = pool.log_weight.size
        return replace(self, k_hat=pool.k_hat, effective=pool.effective, draws=size)

    @property
    def predicted(self) -> float:
        """χ² per number of the last round; NaN for the first."""
        p = self.prediction
        return np.nan if p is None else p.chi2 / p.numbers

    @property
    def predicted_p(self) -> float:
        """Probability of a χ² as large; NaN for the first round."""
        p = self.prediction
        return np.nan if p is None else float(stats.chi2.sf(p.chi2, p.numbers))

    @property
    def faults(self) -> str:
        """Say in one sentence what is wrong; empty if nothing is."""
        found = []
        if self.failed > LARGEST_FAILURE * self.runs:
            found.append(f"{self.failed} of {self.runs} potentials of the last round failed")
        if self.prediction is None:
            found.append("no round was predicted")
        elif self.predicted > WORST:
            found.append(
                f"the last round was predicted with χ² {self.predicted:.1f} per number "
                f"(at most {WORST:g} is good)"
            )
        if self.left_out > WORST:
            found.append(
                f"simulations are predicted from each other with χ² {self.left_out:.1f} per number"
            )
        if self.k_hat > LARGEST_K and self.effective < NEARLY_ALL * self.draws:
            found.append(f"Pareto k-hat is {self.k_hat:.2f} (at most {LARGEST_K} is good)")
        if self.effective < SMALLEST_SHARE * self.draws:
            found.append(f"{self.effective:.0f} of {self.draws} draws are effective")
        if not found:
            return ""
        return (
            f"The check by the last round finds that {', and '.join(found)}: the posterior is not "
            "to be trusted where it matters. Allow more rounds (refine.max_iterations), more "
            "simulations a round (refine.round_size), or longer ones (engine.production_steps)."
        )


def tried(
    prediction: PredictionMisfit | None, left_out: float, pool: Pool, runs: int, failed: int
) -> Trial:
    """Return the trial of an answer whose draws have been weighed, by a round."""
    size = pool.log_weight.size
    return Trial(prediction, left_out, pool.k_hat, pool.effective, size, runs, failed)
