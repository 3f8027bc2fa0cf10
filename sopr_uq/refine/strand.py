"""One pair of the sopr rule: its running sum, its noise, its smoothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import xarray as xr

from sopr_uq.errors import RuleFailed
from sopr_uq.gp import Diagonal, Dispersion, Kernel, Process, SquaredExponential, factor
from sopr_uq.inference.noise import LogNormal, NoisePriors, Projected, project, sample_noise
from sopr_uq.potentials.core import repulsive
from sopr_uq.refine.field import Term
from sopr_uq.refine.partials import Partial
from sopr_uq.refine.problem import Problem
from sopr_uq.refine.residual import Residual
from sopr_uq.rng import integer_seed, stream
from sopr_uq.typing import FloatArray

PUBLISHED_WIDTH = 0.05
PUBLISHED_LENGTH = 1.0
PUBLISHED_NOISE = 0.01

_GRID = 13
_CANDIDATES = 16

type Memory = Mapping[str, FloatArray]


class Hyper(NamedTuple):
    """Hyperparameters of the last step, flattened over chains and draws."""

    width: FloatArray
    length: FloatArray
    noise: FloatArray


class Smoothed(NamedTuple):
    """What a step makes of a pair: v (n,), what is kept, its change, and typical numbers."""

    potential: FloatArray
    memory: dict[str, FloatArray]
    change: float
    typical: dict[str, float]


@dataclass(frozen=True)
class Strand:
    """What the sopr rule does with one pair.

    Parameters
    ----------
    problem : Problem
    partial : Partial
        The pair and its measured g(r).
    """

    problem: Problem
    partial: Partial

    @property
    def term(self) -> Term:
        """The pair's start and scales."""
        return self.partial.term

    @property
    def stream_names(self) -> tuple[str, ...]:
        """What tells the random numbers of this pair from those of others."""
        return () if self.problem.element else (self.term.pair.label,)

    @property
    def _on_correction(self) -> bool:
        return self.term.corrected or self.problem.settings.regressed == "correction"

    @property
    def priors(self) -> NoisePriors:
        """Priors of the hierarchy; the dispersion kernel's scale with σ and ε."""
        s = self.problem.settings
        width, length = PUBLISHED_WIDTH, PUBLISHED_LENGTH
        if self._on_correction:
            width, length = self._width, 0.2 * self.term.sigma
        return NoisePriors(
            PUBLISHED_NOISE,
            LogNormal(width, 1.0) if s.width is None else LogNormal(s.width, 0.0),
            LogNormal(length, 0.5) if s.length is None else LogNormal(s.length, 0.0),
        )

    @property
    def _width(self) -> float:
        """Median of the width of a correction, in kcal/mol."""
        if self.term.corrected:
            return self.problem.prior.correction_width * self.term.epsilon
        return 0.5 * self.term.depth(self.term.start)

    def kernel(self, width: float, length: float) -> Kernel:
        """Return the kernel for a width in kcal/mol and a length in Å."""
        if self._on_correction:
            return Dispersion(width, length, self.term.sigma)
        return SquaredExponential(width, length)

    @cached_property
    def reference(self) -> FloatArray:
        """The reference on the grid, shape (n,), in kcal/mol."""
        return self.term.start.energy(self.problem.r)

    def step(self, v: FloatArray, c: Residual, memory: Memory, iteration: int) -> Smoothed:
        """Accumulate Δg, infer the noise, smooth.

        Parameters
        ----------
        v : array, shape (n,)
            What was simulated, in kcal/mol.
        c : Residual
        memory : mapping of str to array
            What the last step kept; empty before the first.
        iteration : int
            Number of rounds made before.
        """
        kept = self._accumulate(memory, c)
        draws = self._hyperparameters(kept, iteration)
        last = _flatten(draws)
        typical = dict(zip(Hyper._fields, (float(np.median(h)) for h in last), strict=True))
        unit = self._unit_factor(kept["r"], typical["length"])
        process = self._smooth(kept, unit, typical["width"], typical["noise"])
        potential = self._repulsive(process.mean)
        change = self._change(potential - v, process.sd)
        kept |= {f"theta_{name}": values for name, values in last._asdict().items()}
        kept |= {"sd": process.sd, "chains": np.asarray(float(draws.sizes["chain"]))}
        kept |= {f"sampler_{k}": np.asarray(float(v)) for k, v in draws.attrs.items()}
        return Smoothed(potential, kept, change, typical)

    def draws(self, m: Memory) -> tuple[FloatArray, Hyper]:
        """Return v (chain, draw, n) for every draw of the hyperparameters of the last step."""
        theta = Hyper(m["theta_width"], m["theta_length"], m["theta_noise"])
        rng = stream(self.problem.seed, "posterior", *self.stream_names)
        spare = stream(self.problem.seed, "posterior", "spare", *self.stream_names)
        factors = {length: self._unit_factor(m["r"], length) for length in np.unique(theta.length)}
        drawn = [
            self._draw(self._smooth(m, factors[length], width, noise), rng, spare)
            for width, length, noise in zip(*theta, strict=True)
        ]
        chains = int(m["chains"])
        return np.array(drawn).reshape(chains, -1, self.problem.r.size), theta

    def _accumulate(self, old: Memory, c: Residual) -> dict[str, FloatArray]:
        """Add this round's difference to y, and its sampling variance; shapes (n,)."""
        p = self.problem
        use = (c.r >= p.settings.regress_from * self.term.sigma) & (c.r <= p.r_cut)
        if np.count_nonzero(use) < 5:
            raise RuleFailed(
                f"sopr: only {np.count_nonzero(use)} measured points lie between "
                f"{p.settings.regress_from:g} σ and the cut-off of {p.r_cut:.2f} Å; "
                "at least 5 are needed"
            )
        r, factor = c.r[use], p.settings.gamma / self.partial.liquid.state.beta
        start = np.zeros(r.size) if self._on_correction else self.term.start.energy(r)
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
            seed=integer_seed(self.problem.seed, "noise", iteration, *self.stream_names),
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
        """Return v with a core that rises inwards, or say that there is none.

        What is corrected has its own core, or a base keeps pairs apart.
        """
        if v[0] <= 0 and not self.term.corrected:
            raise RuleFailed(
                f"sopr: the smoothed potential is attractive at {self.problem.r[0]:.2f} Å; "
                "reduce refine.gamma, or regress the correction instead of the potential"
            )
        return v

    def _change(self, step: FloatArray, sd: FloatArray) -> float:
        r, sigma = self.problem.r, self.term.sigma
        well = (r >= sigma) & (r <= 2.0 * sigma)
        return float(np.sqrt(np.mean(step[well] ** 2) / np.mean(sd[well] ** 2)))

    def _draw(
        self, process: Process, rng: np.random.Generator, spare: np.random.Generator
    ) -> FloatArray:
        """Draw v, shape (n,); a core is repulsive, so draw until one is, a few times at most."""
        r, sigma = self.problem.r, self.term.sigma
        v = process.draw(rng, 1)[0]
        if not (self.term.corrected or repulsive(r, v, sigma)):
            others = process.draw(spare, _CANDIDATES)
            v = others[int(np.argmax(repulsive(r, others, sigma)))]
        return np.asarray(v)


def _flatten(draws: xr.Dataset) -> Hyper:
    return Hyper(*(draws[name].values.ravel() for name in Hyper._fields))
