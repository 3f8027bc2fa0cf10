"""A slab of liquid between its vapour, in a box that is long along z: shape, profile, checks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple, Self

import numpy as np
from scipy.optimize import curve_fit

from sopr_uq.engine.plan import Plan
from sopr_uq.engine.timestep import length_scale
from sopr_uq.errors import InputError, SimulationFailed
from sopr_uq.potentials import Potential
from sopr_uq.typing import FloatArray
from sopr_uq.units import thermal_energy

THICK = 1.8
"""Thickness of the liquid at the start, in edges of its cross-section."""

LONG = 3.0
"""Length of the box, in thicknesses of the liquid at the start."""

LONGER, SETTLING = 4, 2
"""Steps of sampling, and before it, in ``production_steps``: a vapour forgets slowly."""

EVERY = 10
"""Steps between readings of the pressure, and between new forces of what is beyond the cut-off."""

THINNEST = 8.0
"""Thickness of the liquid at the start in σ, below which it has two surfaces and no inside."""

BULK_FROM = 3.0
"""From how many widths w of tanh(z/w) away from a surface on a phase counts as itself."""

_BIN = 0.25
_CONTRAST = 2.0
_VAPOUR = (2.80, 6.32)
"""ln ρσ³ = a − b ε/k_B T of the saturated Lennard-Jones vapour to 10 % between T* = 0.7 and 1.1:
enough for a start."""


class SlabShape(NamedTuple):
    """Edges of the box of a slab, in Å."""

    across: float
    """Of its square cross-section."""
    liquid: float
    """Thickness of the liquid at the start."""
    along: float
    """Length along z."""

    @classmethod
    def of(cls, plan: Plan) -> Self:
        """Return that of the liquid of a plan."""
        across = plan.box_length / THICK ** (1.0 / 3.0)
        return cls(across, THICK * across, LONG * THICK * across)


def check_size(cutoff: float, sigma: float, particles: int, density: float) -> None:
    """Check that a slab of N particles, of a liquid of some density in Å⁻³, is wide and thick.

    Parameters
    ----------
    cutoff, sigma : float
        In Å.
    particles : int
    density : float

    Raises
    ------
    InputError
        If its cross-section is narrower than two cut-offs, or it is thinner than 8 σ; says how
        many particles are needed.
    """
    across = (particles / density / THICK) ** (1.0 / 3.0)
    least = max(2.0 * cutoff, THINNEST * sigma / THICK)
    if across >= least:
        return
    raise InputError(
        "engine.particles",
        f"a slab of at least {least:.1f} Å across and {THINNEST * sigma:.1f} Å thick",
        f"one of {across:.1f} Å and {THICK * across:.1f} Å from {particles} particles",
        f"at least {int(density * THICK * least**3) + 1} particles",
    )


def vapour_at_start(potential: Potential, temperature: float) -> float:
    """Return about the density of the vapour beside a liquid at a temperature in K, in Å⁻³."""
    sigma = length_scale(potential, temperature) or 3.0
    depth = -float(potential.energy(sigma * np.linspace(1.0, 2.0, 201)).min())
    a, b = _VAPOUR
    return float(np.exp(a - b * max(depth / thermal_energy(temperature), 0.75)) / sigma**3)


@dataclass(frozen=True)
class Surface:
    """ρ(z) = (ρ_l + ρ_v)/2 − (ρ_l − ρ_v)/2 · tanh((z − h)/w), z from the middle of the liquid.

    Parameters
    ----------
    liquid, vapour : float
        In Å⁻³.
    place : float
        h, half the thickness of the liquid, in Å.
    width : float
        w, in Å.
    """

    liquid: float
    vapour: float
    place: float
    width: float

    @classmethod
    def of(cls, z: FloatArray, density: FloatArray) -> Self:
        """Return that of a profile, shape (n,).

        Raises
        ------
        SimulationFailed
            If it has none: one phase fills the box.
        """
        high, low = float(density[:4].mean()), float(density[-4:].mean())
        half = float(z[np.argmin(np.abs(density - 0.5 * (high + low)))])
        try:
            found, _ = curve_fit(_profile, z, density, (high, low, half, 0.1 * half))
        except RuntimeError:
            found = np.full(4, np.nan)
        liquid, vapour, place, width = (float(x) for x in found)
        here = z[0] < place < z[-1] and liquid > _CONTRAST * max(vapour, 0.0)
        if not here:
            raise SimulationFailed(
                f"evaporated: no slab of liquid is left; {high:.3g} Å⁻³ in the middle, "
                f"{low:.3g} Å⁻³ farthest from it. Try: a lower temperature; the critical one of "
                "this potential is near or below."
            )
        return cls(liquid, vapour, place, abs(width))

    def inside(self, z: FloatArray) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Return where the liquid is itself, shape (n,)."""
        return np.asarray(z < self.place - BULK_FROM * self.width)

    def density(self, z: FloatArray) -> FloatArray:
        """Return ρ(z) in Å⁻³, shape (n,)."""
        return _profile(z, self.liquid, self.vapour, self.place, self.width)

    def outside(self, z: FloatArray) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Return where the vapour is itself, shape (n,)."""
        return np.asarray(z > self.place + BULK_FROM * self.width)


def _profile(z: FloatArray, liquid: float, vapour: float, place: float, width: float) -> FloatArray:
    half = 0.5 * (liquid - vapour)
    return np.asarray(0.5 * (liquid + vapour) - half * np.tanh((z - place) / width))


@dataclass(frozen=True)
class Profile:
    """Densities over the distance from the middle of the liquid, both sides together.

    Parameters
    ----------
    shape : SlabShape
    """

    shape: SlabShape

    @property
    def z(self) -> FloatArray:
        """Middles of its bins in Å, shape (n,)."""
        edges = self.edges
        return np.asarray(0.5 * (edges[1:] + edges[:-1]))

    @property
    def edges(self) -> FloatArray:
        """Edges of its bins in Å, shape (n + 1,)."""
        half = 0.5 * self.shape.along
        return np.linspace(0.0, half, int(half / _BIN) + 1)

    def of(self, z: FloatArray) -> FloatArray:
        """Return the profile of particles at z in Å, shape (N,), in Å⁻³, shape (n,)."""
        away = np.abs(around_middle(z, self.shape.along))
        count = np.histogram(away, self.edges)[0]
        step = self.edges[1] - self.edges[0]
        return np.asarray(count / (2.0 * self.shape.across**2 * step))


def around_middle(z: FloatArray, length: float) -> FloatArray:
    """Return places along z from the middle of the matter in a periodic box, shape (N,), in Å."""
    wave = np.exp(2j * np.pi * z / length).mean()
    away = z - np.angle(wave) * length / (2.0 * np.pi)
    return np.asarray(away - length * np.rint(away / length))


def pieces(z: FloatArray, shape: SlabShape, level: float, size: float) -> int:
    """Count slabs of liquid along z.

    Parameters
    ----------
    z : array, shape (f, N)
        Places of particles over some snapshots in Å.
    shape : SlabShape
    level : float
        Density between that of the phases, in Å⁻³.
    size : float
        Of a particle, in Å: what is thinner is no slab.
    """
    bins = max(4, int(shape.along / (1.5 * size)))
    count = np.histogram(np.mod(z, shape.along), bins, (0.0, shape.along))[0]
    dense = count / (len(z) * shape.across**2 * shape.along / bins) > level
    return int(np.sum(dense & ~np.roll(dense, 1)))


def holes(positions: FloatArray, across: float) -> float:
    """Return the share of matter that a wave across the slab holds: 0 of one, 0.3 of a drop."""
    wave = np.exp(2j * np.pi / across * positions[:, :2]).mean(axis=0)
    return float(np.max(np.abs(wave) ** 2))


def sampled(plan: Plan) -> Plan:
    """Return the plan of as many snapshots as a slab takes."""
    steps = LONGER * plan.settings.production_steps
    return replace(plan, settings=plan.settings.model_copy(update={"production_steps": steps}))
