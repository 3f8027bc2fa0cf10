"""Iterative Boltzmann inversion, the baseline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import xarray as xr

from sopr_uq.errors import RuleFailed
from sopr_uq.refine.partials import partials
from sopr_uq.refine.problem import Problem
from sopr_uq.refine.residual import Residual
from sopr_uq.refine.round import Run, leading
from sopr_uq.refine.rule import Band, RuleState, StepInfo, WithoutLikelihood
from sopr_uq.typing import FloatArray

_SMALLEST_G = 0.05
_TAPER = 0.8


@dataclass(frozen=True)
class Ibi(WithoutLikelihood):
    """Δv(r) = γ k_B T ln[g_sim(r)/g_exp(r)] at the measured points.

    Of a pair with a correction it is the correction that grows, on top of its reference or base.

    Between measured points Δv is interpolated linearly. Inside the first point
    at which both g exceed 0.05 it is continued as a constant, and from 80 % of
    the cut-off it is led to zero.

    Parameters
    ----------
    problem : Problem
        One liquid with one measured g(r) of each pair.

    References
    ----------
    D. Reith, M. Pütz, F. Müller-Plathe, J. Comput. Chem. 24, 1624 (2003), eq 4. As a correction to
    a machine-learnt potential: S. Matin et al., J. Chem. Theory Comput. 20, 1274 (2024).
    """

    problem: Problem
    name: ClassVar[str] = "ibi"
    band: ClassVar[Band] = "none"
    kinds: ClassVar[tuple[str, ...]] = ("g",)
    by_response: ClassVar[bool] = False

    def __post_init__(self) -> None:
        partials(self)

    def init(self) -> RuleState:
        """Return the reference potentials."""
        return RuleState(0, self._replicas(self.problem.field.start))

    def step(self, past: Sequence[RuleState], runs: Sequence[Run]) -> tuple[RuleState, StepInfo]:
        """Return the corrected potentials, all pairs at once."""
        p, state = self.problem, past[-1]
        v, simulation = p.field.split(state.potential).copy(), leading(runs).simulations[0]
        found = []
        for each in partials(self):
            comparison = each.compared(p, state.potential, simulation)
            v[each.place] += self._correction(comparison, each.liquid.state.beta)
            found.append(comparison)
        misfit = float(np.mean(np.concatenate([c.difference for c in found]) ** 2))
        info = StepInfo(
            misfit=misfit,
            noise=float("nan"),
            change=float("nan"),
            converged=misfit < p.settings.tolerance,
            values={"level": np.squeeze([c.level for c in found])},
        )
        return RuleState(state.iteration + 1, self._replicas(p.field.joined(v))), info

    def _replicas(self, potential: FloatArray) -> FloatArray:
        return np.tile(potential, (self.problem.settings.round_size, 1))

    def _correction(self, c: Residual, beta: float) -> FloatArray:
        r = self.problem.r
        usable = (c.simulated > _SMALLEST_G) & (c.measured > _SMALLEST_G)
        if np.count_nonzero(usable) < 5:
            raise RuleFailed(
                "ibi: simulated and measured g(r) overlap at fewer than 5 points; "
                "start from a potential whose σ is closer to the liquid's"
            )
        x = c.r[usable]
        y = self.problem.settings.gamma / beta * np.log(c.simulated[usable] / c.measured[usable])
        start = _TAPER * r[-1]
        taper = np.clip((r[-1] - r) / (r[-1] - start), 0.0, 1.0)
        return np.asarray(np.interp(r, x, y) * taper)

    def posterior(self, past: Sequence[RuleState]) -> xr.Dataset:
        """Return the last potential as the only draw: this rule has no posterior."""
        field = self.problem.field
        v = field.plain(field.split(past[-1].potential), -2)
        return xr.Dataset(
            {"potential": (("chain", "draw", *field.dims, "r"), v[None, None])},
            coords={"chain": [0], "draw": [0], "r": self.problem.r, **field.coords},
            attrs={"kind": "point estimate; ibi has no posterior"},
        )
