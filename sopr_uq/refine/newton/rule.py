"""The Bayesian Newton rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import ClassVar

import numpy as np
import xarray as xr

from sopr_uq.engine.protocol import Simulation
from sopr_uq.inference.linear_gaussian import (
    LinearGaussian,
    coefficients,
    most_probable,
    reading_error,
    sample_theta,
)
from sopr_uq.inference.noise import LogNormal
from sopr_uq.potentials.descriptors import descriptors
from sopr_uq.refine.newton.averaging import weights
from sopr_uq.refine.newton.data import Stacked, covariance_columns, nuisance_columns, stack
from sopr_uq.refine.newton.discrepancy import discrepancy_columns
from sopr_uq.refine.newton.draws import Draws
from sopr_uq.refine.newton.fit import MIE, Fit
from sopr_uq.refine.newton.linear import LinearModel, linearise
from sopr_uq.refine.newton.prior import Basis, Prior
from sopr_uq.refine.newton.verdict import is_potential, require_potential
from sopr_uq.refine.problem import Problem
from sopr_uq.refine.rule import RuleState, StepInfo
from sopr_uq.rng import integer_seed, stream
from sopr_uq.typing import BoolArray, FloatArray

WIDTH_SD = 0.5
LENGTH_SD = 0.4
LENGTHS = np.exp(LENGTH_SD * np.array([-1.2247, 0.0, 1.2247]))
LENGTH_WEIGHTS = np.log(np.array([0.3, 0.4, 0.3]))
"""Three length scales in units of the median: mean and variance of ln ℓ are the prior's."""

_MODELS = 8
_RANK = 20
_PASSES = 2
_LARGEST_STEP = 1.0
_SMALL_CHANGE = 0.25
_ONE_SIGMA = (0.15866, 0.84134)
_DRAWS = 400
_SHARES = (1.0, 0.5, 0.25, 0.125, 0.0625)
_STIFF = 100.0
_EARLY = 6


@dataclass(frozen=True)
class Newton:
    """Gauss–Newton steps in function space, with a posterior.

    The measured numbers are N(F(v)) + e: F linear around every potential that
    was simulated (:mod:`.linear`), N a scale and a level, e independent noise,
    reading errors and the sampling error of the simulation. With the prior of
    :mod:`.prior` v is Gaussian given θ, and θ is inferred
    (:mod:`sopr_uq.inference.linear_gaussian`). The next potential is the
    posterior mean; all runs are averaged, the near ones most (:mod:`.averaging`).

    Parameters
    ----------
    problem : Problem
        Any number of liquids and observations, at least one of them a curve.

    References
    ----------
    F. Delbary, M. Hanke, D. Ivanizki, Inverse Probl. Sci. Eng. 28, 1166 (2020).
    M. P. Bernhardt, M. Hanke, N. F. A. van der Vegt, J. Chem. Phys. 154, 084118 (2021).
    """

    problem: Problem
    name: ClassVar[str] = "newton"

    def __post_init__(self) -> None:
        _ = self.stacked

    @cached_property
    def stacked(self) -> Stacked:
        """The measured numbers."""
        return stack(self.problem)

    @cached_property
    def prior(self) -> Prior:
        """The prior of v."""
        return Prior(self.problem)

    def init(self) -> RuleState:
        """Return the reference potential."""
        potential = self.problem.reference.energy(self.problem.r)
        return RuleState(0, potential, {"point": self.prior.centre})

    def step(
        self, state: RuleState, simulations: Sequence[Simulation]
    ) -> tuple[RuleState, StepInfo]:
        """Linearise, condition, go to the posterior mean.

        Raises
        ------
        RuleFailed
            If a simulated g(r) is no fluid's.
        NoPotential
            If the data ask for a potential without a repulsive core or a well.
        """
        models = [*unpack(state.memory), linearise(self.problem, state.potential, simulations)]
        models = models[-_MODELS:]
        fit, _, averaged = self._averaged(models, state.memory["point"])
        chi2 = self._reduced_misfit(fit, models[-1])
        change, sd = self._change(state, fit)
        before = float(state.memory.get("change", np.asarray(np.inf)))
        at_floor = chi2 < 1.0 + 3.0 * np.sqrt(2.0 / self.stacked.value.size)
        memory = {"point": fit.point, "change": np.asarray(change), **pack(models)}
        info = StepInfo(
            misfit=self._misfit(models[-1], fit),
            noise=float(fit.theta.noise[0]),
            change=change,
            converged=bool(at_floor and max(change, before) < _SMALL_CHANGE),
            values={
                "reduced_misfit": np.asarray(chi2),
                "at_floor": np.asarray(float(at_floor)),
                "averaged": np.asarray(averaged),
                "width": np.asarray(fit.theta.width),
                "length": np.asarray(fit.model.length[fit.theta.index]),
                **{f"sd_{k}": np.asarray(v) for k, v in sd.items()},
            },
        )
        proposal = self._proposal(state, fit, models[-1])
        return RuleState(state.iteration + 1, proposal, memory), info

    def _proposal(self, state: RuleState, fit: Fit, model: LinearModel) -> FloatArray:
        """Return the next potential, shape (n,): the posterior mean, or what leads there.

        Far from the data, in the first iterations, a linear step can end without a core. Then
        it is taken in the Mie parameters alone, towards data that lie all the way, a half, a
        quarter ... of the way to the measured ones.
        """
        proposal = self._limited(state, fit.mean)
        for share in _SHARES if state.iteration < _EARLY else ():
            if is_potential(self.problem, proposal):
                return proposal
            offset = (1.0 - share) * (self.stacked.value - model.prediction)
            nearer = replace(model, prediction=model.prediction + offset)
            stiff = self.fit(nearer, state.memory["point"], stiffness=_STIFF)
            proposal = self._limited(state, stiff.mean)
        require_potential(self.problem, proposal)
        return proposal

    def prior_predictive(self, size: int = 60) -> xr.Dataset:
        """Return potentials of the prior, ``potential`` (chain, draw, r) in kcal/mol."""
        rng = stream(self.problem.seed, "prior")
        lengths = self.prior.length_median * rng.choice(LENGTHS, size, p=np.exp(LENGTH_WEIGHTS))
        v = [self.prior.draw(rng, 1, width_sd=WIDTH_SD, length=each)[0] for each in lengths]
        potential = xr.DataArray(
            np.array(v)[None], dims=("chain", "draw", "r"), coords={"r": self.problem.r}
        )
        return xr.Dataset({"potential": potential.assign_attrs(units="kcal/mol")})

    def fit(self, linear: LinearModel, point: FloatArray, stiffness: float = 1.0) -> Fit:
        """Return the posterior of v given a linear model.

        Parameters
        ----------
        linear : LinearModel
        point : array, shape (3,)
            Mie parameters about which the prior is expanded at first; it is
            moved to the posterior's own point before the result is taken.
        stiffness : float
            By how much the correction to the Mie potential is to be smaller.
        """
        for _ in range(3):
            bases = [self.prior.basis(point, self.prior.length_median * f) for f in LENGTHS]
            model = self._linear_gaussian(linear, bases, stiffness)
            theta = most_probable(model)
            c = coefficients(model, theta)
            moved = self.prior.point(c.mean)
            if np.all(np.abs(moved - point) < [1e-3, 1e-2, 0.05]):
                break
            point = moved
        return Fit(point, bases, model, theta, c)

    def _linear_gaussian(
        self, linear: LinearModel, bases: Sequence[Basis], stiffness: float
    ) -> LinearGaussian:
        s, jacobian = self.stacked, linear.jacobian
        sampling, rest = covariance_columns(linear.covariance, _RANK)
        discrepancy = discrepancy_columns(self.problem, jacobian, self.prior.length_median)
        size = max(b.correction.shape[1] for b in bases)
        corrections = [jacobian @ b.correction for b in bases]
        return LinearGaussian(
            residual=s.value - linear.about(bases[0].base),
            fixed_variance=s.stated_variance + rest,
            noisy=s.noisy,
            slope=linear.slope,
            bend=linear.bend,
            curve=s.curve,
            columns=np.hstack(
                [
                    jacobian @ bases[0].mie,
                    nuisance_columns(s, linear.prediction),
                    s.stated_columns,
                    sampling,
                    discrepancy,
                ]
            ),
            correction=np.array([np.pad(x, ((0, 0), (0, size - x.shape[1]))) for x in corrections]),
            length=self.prior.length_median * LENGTHS,
            log_weight=LENGTH_WEIGHTS,
            width=LogNormal(self.prior.width_median / stiffness, WIDTH_SD),
            noise=s.noise,
            reading=s.reading,
        )

    def _averaged(
        self, models: Sequence[LinearModel], point: FloatArray
    ) -> tuple[Fit, LinearModel, float]:
        """Return the posterior given all models, their average, and how many it amounts to."""
        fit = self.fit(models[-1], point)
        for _ in range(_PASSES):
            share = weights(models, models[-1].potential, fit.scale(self._well))
            average = LinearModel.average(models, share)
            fit = self.fit(average, fit.point)
        return fit, average, float(1.0 / np.sum(share**2))

    @property
    def _well(self) -> BoolArray:
        r, sigma = self.problem.r, self.problem.sigma
        return (r >= sigma) & (r <= 2.0 * sigma)

    def residual(self, fit: Fit, model: LinearModel) -> FloatArray:
        """Data minus the prediction at the simulated potential, normalisation fitted."""
        count = 2 * len(self.stacked.names)
        mine = slice(MIE, MIE + count)
        shift = fit.model.columns[:, mine] @ fit.coefficients.mean[mine]
        flattening, _ = reading_error(model.slope, model.bend, self._reading(fit))
        return np.asarray(self.stacked.value - model.prediction - shift - flattening)

    def _reading(self, fit: Fit) -> FloatArray:
        """Reading error of every point, shape (d,)."""
        return np.asarray(fit.theta.reading[self.stacked.curve])

    def _reduced_misfit(self, fit: Fit, model: LinearModel) -> float:
        """χ² per datum at the simulated potential, under the inferred noise."""
        s, theta = self.stacked, fit.theta
        variance = (
            s.stated_variance
            + (s.stated_columns**2).sum(axis=1)
            + theta.noise[s.curve] ** 2 * s.noisy
            + reading_error(model.slope, model.bend, self._reading(fit))[1]
            + np.diagonal(model.covariance)
        )
        return float(np.mean(self.residual(fit, model) ** 2 / variance))

    def _misfit(self, model: LinearModel, fit: Fit) -> float:
        """Mean squared Δ of the g(r) curves, or of S(Q) where there is no g(r)."""
        s = self.stacked
        kind = "g" if "g" in s.kinds else "s"
        mine = np.any([s.of_curve(j) for j, k in enumerate(s.kinds) if k == kind], axis=0)
        return float(np.mean(self.residual(fit, model)[mine] ** 2))

    def _change(self, state: RuleState, fit: Fit) -> tuple[float, dict[str, float]]:
        """Largest move of a descriptor in its posterior standard deviation, and those."""
        p = self.problem
        beta = p.samples[0].state.beta
        rng = stream(p.seed, "change")
        draws = fit.draws(rng.standard_normal((_DRAWS, fit.coefficients.mean.size)))
        spread = descriptors(p.r, draws, beta)._asdict()
        sd = {name: _spread(x) for name, x in spread.items()}
        now = descriptors(p.r, fit.mean, beta)
        then = descriptors(p.r, state.potential, beta)
        with np.errstate(divide="ignore", invalid="ignore"):
            moves = np.abs(np.subtract(now, then)) / np.array(list(sd.values()))
        return float(np.nan_to_num(np.max(moves), nan=np.inf)), sd

    def _limited(self, state: RuleState, proposal: FloatArray) -> FloatArray:
        """Keep a step within the reach of the linearisation: |βΔv| ≤ 1 over the well."""
        step = proposal - state.potential
        beta = max(s.state.beta for s in self.problem.samples)
        largest = float(np.max(np.abs(beta * step[self._well])))
        return np.asarray(state.potential + step * min(1.0, _LARGEST_STEP / max(largest, 1e-12)))

    def conclusion(self, state: RuleState) -> tuple[Fit, LinearModel]:
        """Return the posterior at the most probable θ, and the model that it rests on."""
        fit, average, _ = self._averaged(unpack(state.memory), state.memory["point"])
        return fit, average

    def posterior(self, state: RuleState) -> xr.Dataset:
        """Sample θ, then draw v exactly; see :class:`~sopr_uq.refine.rule.Rule`."""
        settings = self.problem.settings
        fit, linear = self.conclusion(state)
        theta = sample_theta(
            fit.model,
            seed=integer_seed(self.problem.seed, "theta"),
            chains=settings.chains,
            tune=settings.tune,
            draws=settings.draws,
        )
        v = Draws(self.prior, fit, linear, self.stacked.value).of(theta)
        dims = ("chain", "draw")
        ds = theta.drop_vars("length_index").assign(
            potential=((*dims, "r"), v), pressure=((*dims, "sample"), linear.pressure_at(v))
        )
        return ds.assign_coords(
            chain=np.arange(v.shape[0]),
            draw=np.arange(v.shape[1]),
            r=self.problem.r,
            curve=list(self.stacked.names),
        )


def _spread(values: FloatArray) -> float:
    """Half the central 68 % of draws, for which a few odd ones do not matter; NaN without any."""
    known = values[np.isfinite(values)]
    return 0.5 * float(np.diff(np.quantile(known, _ONE_SIGMA))[0]) if known.size else np.nan


def pack(models: Sequence[LinearModel]) -> dict[str, FloatArray]:
    """Return linear models as arrays with a leading model axis."""
    return {
        f"model_{f.name}": np.array([getattr(m, f.name) for m in models])
        for f in fields(LinearModel)
    }


def unpack(memory: Mapping[str, FloatArray]) -> list[LinearModel]:
    """Return the linear models kept in a rule's memory."""
    names = [f.name for f in fields(LinearModel)]
    if f"model_{names[0]}" not in memory:
        return []
    count = len(memory[f"model_{names[0]}"])
    return [LinearModel(**{n: memory[f"model_{n}"][i] for n in names}) for i in range(count)]
