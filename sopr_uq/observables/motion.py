"""Numbers of the motion of a liquid as data: logarithms of diffusion and viscosity.

How they change with the potentials follows, at first, that of the pair entropy s₂: in units of
density and temperature D is about some a e^(0.8 s₂) and η some b e^(−0.8 s₂) for simple liquids.
So the whole row of the Jacobian, in σ, ε and any other change of a potential, comes of the linear
response of g(r). It is a rule of thumb, wrong by :data:`SLOPE_ERROR` or so; what simulations at
several potentials say beyond it is learnt from them.

References
----------
Y. Rosenfeld, Phys. Rev. A 15, 2545 (1977); J. Phys. Condens. Matter 11, 5415 (1999).
M. Dzugutov, Nature 381, 137 (1996).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar, NamedTuple

import numpy as np
from scipy.linalg import helmert

from sopr_uq.engine.plan import flight_time
from sopr_uq.engine.protocol import Setup, Simulation
from sopr_uq.engine.series import Series
from sopr_uq.errors import RuleFailed
from sopr_uq.observables.infinite import InfiniteLiquid
from sopr_uq.observables.number import Number
from sopr_uq.observables.pair_entropy import pair_entropy_change
from sopr_uq.observables.response import Response
from sopr_uq.observables.transport import (
    FiniteBox,
    Window,
    gamma_of,
    running_diffusion,
    running_viscosity,
    value_in,
)
from sopr_uq.typing import FloatArray

EXPONENT = 0.8
"""Of the scaling with the pair entropy. ∂ln D/∂ln σ and ∂ln D/∂ln ε of a Lennard-Jones liquid
near its triple point are 0.79(2) and 0.80(4) times those of s₂ (``studies/dynamics``)."""

SLOPE_ERROR = 0.3
"""Relative error of a Jacobian by that scaling, as believed before simulations say otherwise."""

_LOST = 0.5
"""Relative error of a number from which on it has no logarithm."""


class InBox(NamedTuple):
    """A number in the box that was simulated."""

    value: Series
    """In its own unit."""
    doubt: float
    """Relative: what a sum over time may have left out, as far as it shows beyond the noise."""


@dataclass(frozen=True)
class Motion(Number):
    """A logarithm of a sum of a time correlation."""

    name: ClassVar[str]
    scaling: ClassVar[float]
    summed: ClassVar[tuple[float, float]]
    """From when to when the running sum is averaged, in times of free flight: always the
    same, so that simulations of several potentials differ by those alone."""

    def running(self, setup: Setup, simulation: Simulation) -> Series:
        """Return the running sum over t in ps."""
        raise NotImplementedError

    def size(self, liquid: InfiniteLiquid) -> tuple[float, float]:  # noqa: ARG002
        """Return what an infinite box changes: a factor, and its relative error."""
        return 1.0, 0.0

    def in_box(self, setup: Setup, simulation: Simulation) -> InBox:
        """Return the number in the box that was simulated.

        Raises
        ------
        RuleFailed
            If it is lost in its noise.
        """
        curve = self.running(setup, simulation)
        flight = flight_time(setup)
        begin, end = self.summed[0] * flight, min(self.summed[1] * flight, float(curve.x[-1]))
        value = value_in(curve, Window(begin, end, 0.0))
        mean, error = float(value.mean[0]), float(value.error[0])
        if not mean > 0.0 or error > _LOST * mean:
            raise RuleFailed(
                f"the {self.name} is lost in its noise, {mean:.2g} ± {error:.2g} {curve.unit}; "
                "longer runs tell it: engine.production_steps, or engine.particles"
            )
        middle = 0.5 * (begin + end)
        late, early = (value_in(curve, w) for w in (_between(middle, end), _between(begin, middle)))
        moved = Series(self.name, value.x, late.mean - early.mean, late.blocks - early.blocks, "")
        beyond = max(float(moved.mean[0]) ** 2 - float(moved.error[0]) ** 2, 0.0)
        return InBox(value, 0.5 * float(np.sqrt(beyond)) / mean)

    def predict(self, liquid: InfiniteLiquid) -> Series:
        """Return its logarithm at infinite size, without the bias that noise gives a logarithm."""
        value = self.in_box(liquid.setup, liquid.simulation).value
        mean, relative = float(value.mean[0]), float(value.error[0] / value.mean[0])
        log = np.log(mean * self.size(liquid)[0]) + 0.5 * relative**2
        blocks = log + as_many(value.blocks / mean - 1.0, len(liquid.blocks))
        return Series(f"ln {self.name}", np.zeros(1), np.array([log]), blocks, "1")

    def jacobian(self, change: Response) -> FloatArray:
        """Return its change, shape (1, m)."""
        return np.asarray(self.scaling * pair_entropy_change(change)[None])

    def common(self, liquid: InfiniteLiquid) -> FloatArray:
        """Return the relative error of the size correction and of the end of the sum."""
        doubt = self.in_box(liquid.setup, liquid.simulation).doubt
        return np.array([np.hypot(self.size(liquid)[1], doubt)])


@dataclass(frozen=True)
class Diffusion(Motion):
    """ln D, D in 10⁻⁹ m²/s, of the molecules of a pure liquid."""

    name: ClassVar[str] = "diffusion"
    scaling: ClassVar[float] = EXPONENT
    summed: ClassVar[tuple[float, float]] = (1.5, 3.0)

    def running(self, setup: Setup, simulation: Simulation) -> Series:
        """Return D(t) in 10⁻⁹ m²/s."""
        (molecule,) = setup.substance.molecules
        return running_diffusion(simulation[f"vacf {molecule.name}"])

    def size(self, liquid: InfiniteLiquid) -> tuple[float, float]:
        """Return D_∞/D_N and its relative error, by the number of molecules."""
        n, state = liquid.setup.molecules(liquid.simulation.particles), liquid.setup.state
        box = FiniteBox(n, (n / state.density) ** (1 / 3), state.temperature)
        gamma, error = gamma_of(liquid.setup.substance)
        low, middle, high = box.by_number(gamma + error * np.array([-1.0, 0.0, 1.0]))
        return float(middle), float((high - low) / (2.0 * middle))


@dataclass(frozen=True)
class Viscosity(Motion):
    """ln η, η in mPa s."""

    name: ClassVar[str] = "viscosity"
    scaling: ClassVar[float] = -EXPONENT
    summed: ClassVar[tuple[float, float]] = (2.0, 4.0)

    def running(self, setup: Setup, simulation: Simulation) -> Series:  # noqa: ARG002
        """Return η(t) in mPa s."""
        return running_viscosity(simulation["modulus"])


MOTION: dict[str, Motion] = {each.name: each for each in (Diffusion(), Viscosity())}
"""By what is measured, which is also what an engine is asked to record."""


def as_many(deviations: FloatArray, count: int) -> FloatArray:
    """Return so many deviations from a mean with the variance of that mean, (k, 1) → (count, 1).

    A time correlation has other blocks than a snapshot; together with those of g(r) they make
    one covariance. Where their numbers agree they stay what they are.
    """
    k = len(deviations)
    if k == count:
        return deviations
    parts = np.zeros((count - 1, 1))
    least = min(k, count) - 1
    found = _helmert(k) @ deviations
    parts[:least] = found[:least]
    norm = float(np.sum(parts**2))
    share = float(np.sum(found**2)) * count * (count - 1) / (k * (k - 1))
    scale = np.sqrt(share / norm) if norm > 0.0 else 0.0
    return np.asarray(_helmert(count).T @ parts * scale)


@lru_cache
def _helmert(size: int) -> FloatArray:
    """Orthonormal rows without a constant part, shape (size − 1, size)."""
    return np.asarray(helmert(size))


def _between(begin: float, end: float) -> Window:
    return Window(begin, end, 0.0)
