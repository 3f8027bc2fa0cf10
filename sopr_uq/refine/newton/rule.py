"""The Bayesian Newton rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar, NamedTuple

import numpy as np
import xarray as xr

from sopr_uq.errors import InputError, RuleFailed
from sopr_uq.experiment.kinds import KINDS
from sopr_uq.experiment.observation import Observation
from sopr_uq.inference.linear_gaussian import Theta
from sopr_uq.inference.theta_sampler import STATISTICS, sample_theta
from sopr_uq.refine.newton.answer import Answer, learn
from sopr_uq.refine.newton.change import changed, predictions_moved
from sopr_uq.refine.newton.conditioner import Conditioner
from sopr_uq.refine.newton.data import independent
from sopr_uq.refine.newton.data_groups import data_groups
from sopr_uq.refine.newton.draws import Draws, Pool
from sopr_uq.refine.newton.emulator import PredictionMisfit
from sopr_uq.refine.newton.groups import groups
from sopr_uq.refine.newton.linear import LinearModel, linearise
from sopr_uq.refine.newton.memory import pack, unpack
from sopr_uq.refine.newton.misfit import Misfit
from sopr_uq.refine.newton.proposals import Proposals
from sopr_uq.refine.newton.trial import Trial, tried
from sopr_uq.refine.problem import Problem
from sopr_uq.refine.round import Run, good
from sopr_uq.refine.rule import Band, RuleState, StepInfo
from sopr_uq.rng import integer_seed, stream
from sopr_uq.threads import one_thread
from sopr_uq.typing import FloatArray, IntArray

_SMALL_CHANGE = 1 / 3
_SMALL_MOVE = 0.5
_QUICK = 1000
_CANDIDATES = 8
_REMEMBERED = 2

_SPREAD = ((1.0, 1.0), (0.98, 0.85), (1.02, 0.85), (1.0, 0.7))
"""Factors of σ and ε of the first round: none deeper, for a deep well may separate a liquid."""


class _Now(NamedTuple):
    """Where a step stands: the models so far, what they say, and whether it may be believed."""

    models: list[LinearModel]
    answer: Answer
    trial: Trial


class _Sampled(NamedTuple):
    """θ of an answer, and draws of v at each, weighed by what is not linear."""

    theta: xr.Dataset
    pool: Pool


@dataclass(frozen=True)
class Newton:
    """Gauss–Newton steps in function space, with a posterior.

    The measured numbers are N(F(v)) + e: F learnt from all simulations
    (:mod:`.emulator`) on top of its linear response (:mod:`.linear`), N a scale
    and a level, e independent noise and reading errors. With the prior of
    :mod:`.prior` v is Gaussian given θ in a linear model; θ is sampled
    (:mod:`sopr_uq.inference.theta_sampler`), and draws of v are weighed by what
    is not linear (:mod:`.draws`). A round simulates the posterior mean and draws
    of the posterior; it is predicted before it is made (:mod:`.trial`).

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
    _answers: dict[tuple[int, ...], Answer] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _last: list[tuple[Answer, _Sampled]] = field(
        default_factory=list, init=False, repr=False, compare=False
    )
    name: ClassVar[str] = "newton"
    band: ClassVar[Band] = "posterior"
    kinds: ClassVar[tuple[str, ...]] = tuple(KINDS)
    by_response: ClassVar[bool] = True

    @one_thread
    def __post_init__(self) -> None:
        _ = self.conditioner.stacked

    @cached_property
    def conditioner(self) -> Conditioner:
        """What the data say, given how they depend on v."""
        return Conditioner(self.problem)

    @property
    def misfit(self) -> Misfit:
        """How far simulations are from the measured numbers."""
        return Misfit(self.conditioner)

    @one_thread
    def init(self) -> RuleState:
        """Return the start and a few potentials around it that are no deeper.

        What is added to a reference varies as the prior has it.
        """
        p = self.problem
        rng = stream(p.seed, "first round")
        factors = list(_SPREAD[: p.settings.round_size])
        while len(factors) < p.settings.round_size:
            factors.append((float(np.exp(0.02 * rng.standard_normal())), rng.uniform(0.6, 1.0)))
        scaled = np.array([p.field.scaled(*each) for each in factors])
        added = self.conditioner.prior.corrections(rng, len(factors) - 1)
        return RuleState(0, scaled + np.vstack([np.zeros((1, p.field.size)), added]))

    @one_thread
    def step(self, past: Sequence[RuleState], runs: Sequence[Run]) -> tuple[RuleState, StepInfo]:
        """Predict, linearise, learn, condition, go to the posterior mean and draws.

        Raises
        ------
        RuleFailed
            If every simulated g(r) is no fluid's.
        NoPotential
            If the data ask for a potential without a repulsive core or a well.
        """
        state, kept = past[-1], pack(self.problem, self._linearised(runs))
        # as a resumed refinement will have them
        new = unpack(self.problem, kept)
        now = self._now(self._known(past), new, runs)
        leading = new[0]
        chi2 = self.misfit.reduced(leading)
        # from answer to answer: where the mean could not be simulated, a draw leads the round
        change, sd = changed(self.conditioner, state.potential, now.answer.fit)
        moved = predictions_moved(self.conditioner, now.answer, leading)
        settled = change < _SMALL_CHANGE and moved < _SMALL_MOVE
        trial = now.trial
        if settled and not trial.faults:
            # the draws that the result will have, at sampled noise levels: were they found
            # wanting only when no further round is made, nothing could be done about it
            trial = trial.of(self._sampled(now.answer).pool)
        faults = trial.faults
        at_floor = chi2 < 1.0 + 3.0 * np.sqrt(2.0 / self.conditioner.stacked.value.size)
        memory = {
            "predicted": _pair(trial.prediction),
            "runs": np.array([len(runs), len(runs) - len(new)]),
            **kept,
        }
        fit = now.answer.fit
        info = StepInfo(
            misfit=self.misfit.mean_square(fit, leading),
            noise=float(fit.theta.noise[0]),
            change=change,
            converged=bool(settled and not faults),
            doubt=faults if settled else "",
            of=self.misfit.scored,
            values={
                "reduced_misfit": np.asarray(chi2),
                "at_floor": np.asarray(float(at_floor)),
                "moved": np.asarray(moved),
                "averaged": np.asarray(now.answer.effective),
                "predicted": np.asarray(trial.predicted),
                "left_out": np.asarray(trial.left_out),
                "k_hat": np.asarray(trial.k_hat),
                "width": np.asarray(fit.theta.width),
                "length": np.asarray(self.conditioner.prior.kernels[fit.theta.kernel].length),
                **{f"sd_{k}": np.asarray(v) for k, v in sd.items()},
            },
        )
        proposals = Proposals(self.conditioner).round(state.iteration, now.answer, now.models)
        return RuleState(state.iteration + 1, proposals, memory), info

    def _known(self, past: Sequence[RuleState]) -> list[LinearModel]:
        return [model for state in past for model in unpack(self.problem, state.memory)]

    def _linearised(self, runs: Sequence[Run]) -> list[LinearModel]:
        """Return the linear models of the runs that are fluids.

        Raises
        ------
        RuleFailed
            If none is.
        """
        models, failures = [], []
        for run in good(runs):
            try:
                models.append(linearise(self.problem, run.potential, run.simulations))
            except (RuleFailed, InputError) as failure:
                failures.append(f"{failure}")
        if not models:
            raise RuleFailed(failures[0])
        return models

    def _now(self, old: list[LinearModel], new: list[LinearModel], runs: Sequence[Run]) -> _Now:
        prediction = self._learnt(old).emulator.predicted(new) if old else None
        answer = self._learnt([*old, *new])
        pool = Draws(self.conditioner, answer).pool([answer.fit.theta], _QUICK)
        failed = len(runs) - len(new)
        trial = tried(prediction, answer.emulator.surrogate.left_out, pool, len(runs), failed)
        return _Now([*old, *new], answer, trial)

    @one_thread
    def answer(self, past: Sequence[RuleState]) -> Answer:
        """Return what all simulations say, at the most probable noise levels and kernel."""
        return self._learnt(self._known(past))

    def _learnt(self, models: Sequence[LinearModel]) -> Answer:
        """Return what simulations say; the last few answers are remembered, not made again."""
        key = tuple(hash(m.prediction.tobytes()) for m in models)
        if key not in self._answers:
            while len(self._answers) >= _REMEMBERED:
                self._answers.pop(next(iter(self._answers)))
            try:
                self._answers[key] = learn(self.conditioner, models)
            except np.linalg.LinAlgError as error:
                raise RuleFailed(
                    f"newton: the linear models of {len(models)} simulations leave no posterior "
                    f"({error}): one of them may be of no stable fluid; start from a shallower "
                    "reference, or nearer to the answer"
                ) from None
        return self._answers[key]

    @one_thread
    def posterior(self, past: Sequence[RuleState]) -> xr.Dataset:
        """Sample θ, then draw v; see :class:`~sopr_uq.refine.rule.Rule`."""
        answer = self.answer(past)
        theta, pool = self._sampled(answer)
        flat = _flat(theta)
        chosen = pool.drawn(flat.sizes["every"], stream(self.problem.seed, "resample"))
        found = flat.drop_vars(("every", "chain", "draw")).isel(every=pool.theta[chosen])
        return self._labelled(theta, found, pool, chosen, answer)

    def _sampled(self, answer: Answer) -> _Sampled:
        """Return θ and weighed draws of v of an answer; the last are remembered."""
        if not self._last or self._last[0][0] is not answer:
            settings = self.problem.settings
            theta = sample_theta(
                answer.fit.proposal,
                seed=integer_seed(self.problem.seed, "theta"),
                chains=settings.chains,
                tune=settings.tune,
                draws=settings.draws,
            )
            pool = Draws(self.conditioner, answer).pool(_thetas(_flat(theta)), _CANDIDATES)
            self._last[:] = [(answer, _Sampled(theta, pool))]
        return self._last[0][1]

    def _labelled(
        self, theta: xr.Dataset, found: xr.Dataset, pool: Pool, chosen: IntArray, answer: Answer
    ) -> xr.Dataset:
        shape, dims = (theta.sizes["chain"], theta.sizes["draw"]), ("chain", "draw")
        v, field = pool.potential[chosen].reshape(*shape, -1), self.problem.field
        kernels = self.conditioner.prior.kernels
        own = {name: found[name].values.reshape(*shape, -1) for name in found.data_vars}
        kernel = own["kernel"][..., 0]
        stacked = self.conditioner.stacked
        curves = len(stacked.names)
        far = {"noise_far": ((*dims, "far"), own["noise"][..., curves:])} if stacked.far else {}
        return xr.Dataset(
            {
                "potential": ((*dims, *field.dims, "r"), field.plain(field.split(v), -2)),
                "noise": ((*dims, "curve"), own["noise"][..., :curves]),
                "reading": ((*dims, "curve"), own["reading"][..., :curves]),
                **far,
                "width": (dims, own["width"][..., 0]),
                "length": (dims, np.array([k.length for k in kernels])[kernel]),
                "decay": (dims, np.array([k.decay for k in kernels])[kernel]),
                "pressure": ((*dims, "state"), answer.linear.pressure_at(v)),
                "log_prior_mie": (dims, pool.log_prior[chosen].reshape(shape)),
                "sampler_draw": (dims, pool.theta[chosen].reshape(shape)),
                **{name: (dims, own[name][..., 0]) for name in STATISTICS if name in own},
            },
            coords={
                "chain": np.arange(shape[0]),
                "draw": np.arange(shape[1]),
                "r": self.problem.r,
                "curve": list(stacked.names),
                **({"far": [stacked.names[j] for j in stacked.far]} if stacked.far else {}),
                **field.coords,
            },
            attrs=theta.attrs
            | {"k_hat": pool.k_hat, "effective_draws": pool.effective, "weighed": len(pool.theta)},
        )

    def points(self, observation: Observation) -> Observation:
        """Return the points of the window that carry independent information."""
        return independent(observation)

    @one_thread
    def data_groups(
        self, past: Sequence[RuleState], posterior: xr.Dataset
    ) -> dict[str, xr.Dataset]:
        """Return likelihoods and replicas of the measured numbers, and prior predictions."""
        return data_groups(self.conditioner, self.answer(past), posterior)

    @one_thread
    def conclude(self, past: Sequence[RuleState], posterior: xr.Dataset) -> dict[str, xr.Dataset]:
        """Return the check, the prior, what the posterior owes to it, and the error budget."""
        return groups(self.conditioner, self.answer(past), past[-1], posterior)


def _pair(prediction: PredictionMisfit | None) -> FloatArray:
    """χ² and how many numbers it is of, shape (2,); NaN and 0 where nothing was predicted."""
    return np.array([np.nan, 0.0] if prediction is None else [prediction.chi2, prediction.numbers])


def _flat(theta: xr.Dataset) -> xr.Dataset:
    """Return θ with chains and draws as one dimension, the first."""
    return theta.stack(every=("chain", "draw")).transpose("every", ...)


def _thetas(flat: xr.Dataset) -> list[Theta]:
    columns = (flat[name].values for name in ("noise", "reading", "width", "kernel"))
    return [Theta(n, r, float(w), int(k)) for n, r, w, k in zip(*columns, strict=True)]
