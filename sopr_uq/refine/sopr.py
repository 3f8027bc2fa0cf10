"""Structure-optimized potential refinement with inferred noise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, NamedTuple

import numpy as np
import xarray as xr

from sopr_uq.engine.protocol import Simulation
from sopr_uq.errors import RuleFailed
from sopr_uq.gp import Diagonal, Dispersion, Kernel, Process, SquaredExponential, factor
from sopr_uq.inference.noise import LogNormal, NoisePriors, Projected, project, sample_noise
from sopr_uq.potentials import Tabulated
from sopr_uq.potentials.core import repulsive
from sopr_uq.refine.compare import Comparison, compare
from sopr_uq.refine.problem import Problem
from sopr_uq.refine.round import Run, leading
from sopr_uq.refine.rule import Band, RuleState, StepInfo
from sopr_uq.refine.single import only_rdf
from sopr_uq.rng import integer_seed, stream
from sopr_uq.typing import FloatArray

PUBLISHED_WIDTH = 0.05
PUBLISHED_LENGTH = 1.0
PUBLISHED_NOISE = 0.01

_GRID = 13
_SMALL_CHANGE = 0.5
_FIRST_LEVEL = 2.0
_CANDIDATES = 16


class _Hyper(NamedTuple):
    """Hyperparameters of the last step, flattened over chains and draws."""

    width: FloatArray
    length: FloatArray
    noise: FloatArray


@dataclass(frozen=True)
class Sopr:
    """y(r) = v_ref(r) + γ β⁻¹ Σₙ Δg⁽ⁿ⁾(r), then GP regression of y.

    The regression describes the correction v − v_ref with a kernel that
    follows the physics of dispersion (``regressed = "correction"``), or v
    itself with a stationary kernel and zero mean, as published
    (``"potential"``). Unless all are given, noise, width and length are inferred
    from the last sum by :mod:`sopr_uq.inference.noise`. After K rounds it is

        y = u + (γ/β) (Σₙ δₙ − K e),

    with u the smooth correction, δₙ the sampling error of the n-th simulation and e
    the one error of the one measured curve, which enters every difference. So y ~
    N(u, s² + V), where V = (γ/β)² Σₙ var δₙ is known and s = K γ/β sd(e) is inferred:
    the measurement counts once, and its share grows with the rounds. Nothing is lost
    by leaving out the earlier sums: of the differences, which are all of e's size, their
    mean, y itself, is all that bears on e; their scatter bears on the δₙ alone.

    Parameters
    ----------
    problem : Problem
        One liquid with one measured g(r).

    References
    ----------
    Shanks, Potoff, Hoepfner, J. Phys. Chem. Lett. 13, 11512 (2022).
    Shanks, Sullivan, Jungwirth, Hoepfner, J. Chem. Phys. (2025),
    arXiv 2501.06501, eqs 2 and 4.
    """

    problem: Problem
    name: ClassVar[str] = "sopr"
    band: ClassVar[Band] = "smoothing"

    def __post_init__(self) -> None:
        only_rdf(self.problem, self.name)

    @property
    def _on_correction(self) -> bool:
        return self.problem.settings.regressed == "correction"

    @property
    def priors(self) -> NoisePriors:
        """Priors of the hierarchy; the dispersion kernel's scale with σ and ε."""
        p, s = self.problem, self.problem.settings
        width, length = PUBLISHED_WIDTH, PUBLISHED_LENGTH
        if self._on_correction:
            width, length = 0.5 * p.first_epsilon, 0.2 * p.sigma
        return NoisePriors(
            PUBLISHED_NOISE,
            LogNormal(width, 1.0) if s.width is None else LogNormal(s.width, 0.0),
            LogNormal(length, 0.5) if s.length is None else LogNormal(s.length, 0.0),
        )

    def kernel(self, width: float, length: float) -> Kernel:
        """Return the kernel for a width in kcal/mol and a length in Å."""
        if self._on_correction:
            return Dispersion(width, length, self.problem.sigma)
        return SquaredExponential(width, length)

    @cached_property
    def reference(self) -> FloatArray:
        """The reference on the grid, shape (n,), in kcal/mol."""
        return self.problem.first.energy(self.problem.r)

    def init(self) -> RuleState:
        """Return the reference potential."""
        return RuleState(0, self._replicas(self.reference))

    def step(self, past: Sequence[RuleState], runs: Sequence[Run]) -> tuple[RuleState, StepInfo]:
        """Accumulate Δg, infer the noise, smooth."""
        state = past[-1]
        comparison = self._compare(state, leading(runs).simulations[0])
        memory = self._accumulate(state, comparison)
        draws = self._hyperparameters(memory, state.iteration)
        last = _flatten(draws)
        typical = [float(np.median(h)) for h in last]
        width, length, noise = typical
        process = self._smooth(memory, self._unit_factor(memory["r"], length), width, noise)
        potential = self._repulsive(process.mean)
        change = self._change(potential - state.potential, process.sd)
        memory |= {f"theta_{name}": values for name, values in last._asdict().items()}
        memory |= {"sd": process.sd, "chains": np.asarray(float(draws.sizes["chain"]))}
        memory |= {f"sampler_{k}": np.asarray(float(v)) for k, v in draws.attrs.items()}
        info = StepInfo(
            misfit=comparison.misfit,
            noise=noise,
            change=change,
            converged=self._converged(state, comparison.misfit, change),
            values={
                "width": np.asarray(width),
                "length": np.asarray(length),
                "level": np.asarray(comparison.level),
            },
        )
        memory["last_change"] = np.asarray(change)
        return RuleState(state.iteration + 1, self._replicas(potential), memory), info

    def _replicas(self, potential: FloatArray) -> FloatArray:
        return np.tile(potential, (self.problem.settings.round_size, 1))

    def _compare(self, state: RuleState, simulation: Simulation) -> Comparison:
        p = self.problem
        sample, observation = only_rdf(p, self.name)
        level_from = _FIRST_LEVEL * p.sigma if p.settings.fit_level else None
        potential = Tabulated(p.r, state.potential)
        return compare(simulation, potential, sample.state, observation, level_from=level_from)

    def _accumulate(self, state: RuleState, c: Comparison) -> dict[str, FloatArray]:
        """Add this round's difference to y, and its sampling variance; shapes (n,)."""
        p = self.problem
        use = (c.r >= p.settings.regress_from * p.sigma) & (c.r <= p.r_cut)
        if np.count_nonzero(use) < 5:
            raise RuleFailed(
                f"sopr: only {np.count_nonzero(use)} measured points lie between "
                f"{p.settings.regress_from:g} σ and the cut-off of {p.r_cut:.2f} Å; "
                "at least 5 are needed"
            )
        r, factor = c.r[use], p.settings.gamma / p.samples[0].state.beta
        old = state.memory
        start = np.zeros(r.size) if self._on_correction else p.first.energy(r)
        y = old.get("y", start) + factor * c.difference[use]
        variance = old.get("variance", np.zeros(r.size)) + factor**2 * c.variance[use]
        return {"r": r, "y": y, "variance": variance}

    def _hyperparameters(self, memory: dict[str, FloatArray], iteration: int) -> xr.Dataset:
        s = self.problem.settings
        if s.width is not None and s.length is not None and s.noise is not None:
            values = {"width": s.width, "length": s.length, "noise": s.noise}
            shape = (s.chains, s.draws)
            return xr.Dataset(
                {k: (("chain", "draw"), np.full(shape, v)) for k, v in values.items()}
            )
        draws = sample_noise(
            self._projected(memory),
            self.priors,
            slots=1,
            seed=integer_seed(self.problem.seed, "noise", iteration),
            chains=s.chains,
            tune=s.tune,
            draws=s.draws,
        )
        return draws.isel(system=0)

    def _projected(self, memory: dict[str, FloatArray]) -> Projected:
        prior, r = self.priors.length, memory["r"]
        length = prior.median * np.exp(prior.sd * np.linspace(-2.5, 2.5, _GRID))
        kernels = [self.kernel(1.0, float(each))(r, r) for each in length]
        return project(kernels, length, prior, memory["y"][None], memory["variance"][None])

    def _unit_factor(self, r: FloatArray, length: float) -> FloatArray:
        """Factor of the unit-width kernel at the data and on the grid."""
        return factor(self.kernel(1.0, length), np.concatenate([r, self.problem.r]))

    def _smooth(
        self,
        memory: Mapping[str, FloatArray],
        unit_factor: FloatArray,
        width: float,
        noise: float,
    ) -> Process:
        """Return the process of v on the grid, conditioned on y."""
        n = memory["r"].size
        prior = Process(np.zeros(len(unit_factor)), width * unit_factor)
        errors = Diagonal(noise**2 + memory["variance"])
        conditioned = prior.condition(np.eye(n, len(unit_factor)), memory["y"], errors).process
        base = self.reference if self._on_correction else 0.0
        return Process(base + conditioned.mean[n:], conditioned.factor[n:])

    def _repulsive(self, v: FloatArray) -> FloatArray:
        """Return v with a core that rises inwards, or say that there is none."""
        if v[0] <= 0:
            raise RuleFailed(
                f"sopr: the smoothed potential is attractive at {self.problem.r[0]:.2f} Å; "
                "reduce refine.gamma, or regress the correction instead of the potential"
            )
        return v

    def _change(self, step: FloatArray, sd: FloatArray) -> float:
        r, sigma = self.problem.r, self.problem.sigma
        well = (r >= sigma) & (r <= 2.0 * sigma)
        return float(np.sqrt(np.mean(step[well] ** 2) / np.mean(sd[well] ** 2)))

    def _converged(self, state: RuleState, misfit: float, change: float) -> bool:
        s = self.problem.settings
        if s.stop == "published":
            return misfit < s.tolerance
        before = float(state.memory.get("last_change", np.asarray(np.inf)))
        return max(change, before) < _SMALL_CHANGE

    def posterior(self, past: Sequence[RuleState]) -> xr.Dataset:
        """Draw v for every draw of the hyperparameters of the last step."""
        m = past[-1].memory
        theta = _Hyper(m["theta_width"], m["theta_length"], m["theta_noise"])
        rng = stream(self.problem.seed, "posterior")
        chains = int(m["chains"])
        factors = {length: self._unit_factor(m["r"], length) for length in np.unique(theta.length)}
        spare = stream(self.problem.seed, "posterior", "spare")
        draws = np.array(
            [
                self._draw(self._smooth(m, factors[length], width, noise), rng, spare)
                for width, length, noise in zip(*theta, strict=True)
            ]
        ).reshape(chains, -1, self.problem.r.size)
        dims = ("chain", "draw")
        data = {k: (dims, values.reshape(chains, -1)) for k, values in theta._asdict().items()}
        attrs = {k.removeprefix("sampler_"): float(v) for k, v in m.items() if "sampler_" in k}
        return xr.Dataset(
            {"potential": ((*dims, "r"), draws), **data},
            coords={
                "chain": np.arange(chains),
                "draw": np.arange(draws.shape[1]),
                "r": self.problem.r,
            },
            attrs=attrs,
        )

    def conclude(self, past: Sequence[RuleState], posterior: xr.Dataset) -> dict[str, xr.Dataset]:  # noqa: ARG002
        """Return nothing more: this rule has no posterior to check."""
        return {}

    def _draw(
        self, process: Process, rng: np.random.Generator, spare: np.random.Generator
    ) -> FloatArray:
        """Draw v, shape (n,); a core is repulsive, so draw until one is, a few times at most."""
        r, sigma = self.problem.r, self.problem.sigma
        v = process.draw(rng, 1)[0]
        if not repulsive(r, v, sigma):
            others = process.draw(spare, _CANDIDATES)
            v = others[int(np.argmax(repulsive(r, others, sigma)))]
        return np.asarray(v)


def _flatten(draws: xr.Dataset) -> _Hyper:
    return _Hyper(*(draws[name].values.ravel() for name in _Hyper._fields))
