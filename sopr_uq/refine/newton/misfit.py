"""How far simulations are from the measured numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sopr_uq.inference.linear_gaussian import reading_effect
from sopr_uq.inference.low_rank import LowRank
from sopr_uq.refine.newton.conditioner import Conditioner
from sopr_uq.refine.newton.fit import Fit
from sopr_uq.refine.newton.linear import LinearModel
from sopr_uq.refine.rule import DEVIATIONS
from sopr_uq.typing import FloatArray


@dataclass(frozen=True)
class Misfit:
    """Measured numbers beside what simulations say they are.

    Parameters
    ----------
    conditioner : Conditioner
        What was measured, and what is believed of its errors.
    """

    conditioner: Conditioner

    def residual(self, fit: Fit, model: LinearModel) -> FloatArray:
        """Data minus the prediction at the simulated potential, normalisation fitted."""
        stacked = self.conditioner.stacked
        mie = fit.prior.mie
        mine = slice(mie, mie + self.conditioner.nuisance_count)
        shift = fit.model.columns[: fit.measured, mine] @ fit.coefficients.mean[mine]
        reading = np.asarray(fit.theta.reading[stacked.level])
        flattening, _ = reading_effect(model.slope, model.bend, reading)
        return np.asarray(stacked.value - model.prediction - shift - flattening)

    def reduced(self, model: LinearModel) -> float:
        """χ² per datum at the simulated potential, under the noise that was believed beforehand.

        Noise fitted to the same residuals would always find them small. The
        normalisation is fitted by least squares in units of that noise.
        """
        s = self.conditioner.stacked
        noise = np.array([p.median**2 * np.exp(2.0 * p.sd**2) for p in s.noise])
        reading = np.array([p.median for p in s.reading])[s.level]
        shift, blur = reading_effect(model.slope, model.bend, reading)
        variance = s.stated_variance + noise[s.level] * s.noisy + blur + model.variance
        root = np.sqrt(variance)
        y = (s.value - model.prediction - shift) / root
        nuisances = LowRank(self.conditioner.nuisances(model) / root[:, None])
        return float(y @ nuisances.solve(y) / y.size)

    @property
    def scored(self) -> str:
        """The g(r) curves, or S(Q) or F(Q) where there is no g(r)."""
        return next(kind for kind in DEVIATIONS if kind in self.conditioner.stacked.kinds)

    def mean_square(self, fit: Fit, model: LinearModel) -> float:
        """Mean squared Δ of the curves that are scored."""
        s = self.conditioner.stacked
        mine = np.any([s.of_curve(j) for j, k in enumerate(s.kinds) if k == self.scored], axis=0)
        return float(np.mean(self.residual(fit, model)[mine] ** 2))
