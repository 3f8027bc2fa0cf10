"""Structure-optimized potential refinement with inferred noise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
import xarray as xr

from sopr_uq.refine.partials import partials
from sopr_uq.refine.problem import Problem
from sopr_uq.refine.round import Run, leading
from sopr_uq.refine.rule import Band, RuleState, StepInfo, WithoutLikelihood
from sopr_uq.refine.strand import Hyper, Strand
from sopr_uq.threads import one_thread
from sopr_uq.typing import FloatArray

_SMALL_CHANGE = 0.5


@dataclass(frozen=True)
class Sopr(WithoutLikelihood):
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
        One liquid with one measured g(r) of each pair.

    References
    ----------
    Shanks, Potoff, Hoepfner, J. Phys. Chem. Lett. 13, 11512 (2022).
    Shanks, Sullivan, Jungwirth, Hoepfner, J. Chem. Phys. (2025),
    arXiv 2501.06501, eqs 2 and 4.
    """

    problem: Problem
    name: ClassVar[str] = "sopr"
    band: ClassVar[Band] = "smoothing"
    kinds: ClassVar[tuple[str, ...]] = ("g",)
    by_response: ClassVar[bool] = False

    def __post_init__(self) -> None:
        partials(self)

    @cached_property
    def strands(self) -> tuple[Strand, ...]:
        """What is done with each refined pair."""
        return tuple(Strand(self.problem, each) for each in partials(self))

    def init(self) -> RuleState:
        """Return the reference potentials."""
        return RuleState(0, self._replicas(self.problem.field.start))

    @one_thread
    def step(self, past: Sequence[RuleState], runs: Sequence[Run]) -> tuple[RuleState, StepInfo]:
        """Accumulate Δg, infer the noise, smooth: all pairs at once."""
        state, p, simulation = past[-1], self.problem, leading(runs).simulations[0]
        before = p.field.split(state.potential)
        v, found, seen = before.copy(), [], []
        memory: dict[str, FloatArray] = {}
        for strand in self.strands:
            seen.append(strand.partial.compared(p, state.potential, simulation))
            old, place = self._of(state.memory, strand), strand.partial.place
            found.append(strand.step(before[place], seen[-1], old, state.iteration))
            v[place] = found[-1].potential
            memory |= {self._prefix(strand) + k: x for k, x in found[-1].memory.items()}
        misfit = float(np.mean(np.concatenate([c.difference for c in seen]) ** 2))
        change = max(each.change for each in found)
        info = StepInfo(
            misfit=misfit,
            noise=float(np.mean([each.typical["noise"] for each in found])),
            change=change,
            converged=self._converged(state, misfit, change),
            values={
                "width": np.squeeze([each.typical["width"] for each in found]),
                "length": np.squeeze([each.typical["length"] for each in found]),
                "level": np.squeeze([c.level for c in seen]),
            },
        )
        memory["last_change"] = np.asarray(change)
        return RuleState(state.iteration + 1, self._replicas(p.field.joined(v)), memory), info

    def _replicas(self, potential: FloatArray) -> FloatArray:
        return np.tile(potential, (self.problem.settings.round_size, 1))

    def _prefix(self, strand: Strand) -> str:
        return "" if self.problem.element else f"{strand.term.pair.label} "

    def _of(self, memory: Mapping[str, FloatArray], strand: Strand) -> dict[str, FloatArray]:
        """Return what is kept of one pair."""
        prefix = self._prefix(strand)
        return {k.removeprefix(prefix): v for k, v in memory.items() if k.startswith(prefix)}

    def _converged(self, state: RuleState, misfit: float, change: float) -> bool:
        s = self.problem.settings
        if s.stop == "published":
            return misfit < s.tolerance
        before = float(state.memory.get("last_change", np.asarray(np.inf)))
        return max(change, before) < _SMALL_CHANGE

    @one_thread
    def posterior(self, past: Sequence[RuleState]) -> xr.Dataset:
        """Draw v for every draw of the hyperparameters of the last step."""
        field, memory = self.problem.field, past[-1].memory
        drawn = [strand.draws(self._of(memory, strand)) for strand in self.strands]
        shape, dims = drawn[0][0].shape[:2], ("chain", "draw")
        v = np.tile(field.split(past[-1].potential), (*shape, 1, 1))
        data = {name: np.full((*shape, len(field.terms)), np.nan) for name in Hyper._fields}
        for strand, (potential, theta) in zip(self.strands, drawn, strict=True):
            place = strand.partial.place
            v[:, :, place] = potential
            for name, values in theta._asdict().items():
                data[name][..., place] = values.reshape(shape)
        attrs: dict[str, float] = {}
        for strand in self.strands:
            mine = self._of(memory, strand).items()
            found = {k.removeprefix("sampler_"): float(x) for k, x in mine if "sampler_" in k}
            attrs = {k: _worse(k, x, attrs.get(k, x)) for k, x in found.items()}
        return xr.Dataset(
            {
                "potential": ((*dims, *field.dims, "r"), field.plain(v, -2)),
                **{k: ((*dims, *field.dims), field.plain(x)) for k, x in data.items()},
            },
            coords={
                "chain": np.arange(shape[0]),
                "draw": np.arange(shape[1]),
                "r": self.problem.r,
                **field.coords,
            },
            attrs=attrs,
        )


def _worse(name: str, one: float, other: float) -> float:
    """Return the worse of two numbers that a sampler says of itself."""
    return min(one, other) if name.startswith("min") else max(one, other)
