"""What slow waves of composition may have done to the g(r) of a short simulation of a mixture.

A wave of composition decays by diffusion in the time τ = S/(D k²), S being how much larger its
mean square is than at random. The longest waves of a box may take hundreds of picoseconds, more
where a mixture nearly parts. A run as short as that has seen few of them: S(k) is that of these
few, and blocks, which see the same ones, do not show it. In g(r) an error of the waves of one
length is

    δg_ab(r) = (M/N) δC_ab/(x_a x_b) j₀(k r) g_ab(r),

M being how many they are, N the number of atoms, and C = N⟨δx_a δx_b⟩ of mole fractions, which M
Gaussian waves tell as a Wishart matrix of M degrees of freedom does. Of its variance the share

    f(T) − [f(T/b) − f(T)]/(b − 1),   f(T) = (τ/T) [1 − τ/2T (1 − exp(−2T/τ))]

is missing in what b blocks of a time T show, if |δx|² forgets itself as exp(−2t/τ).

References
----------
A. B. Bhatia, D. E. Thornton, Phys. Rev. B 2, 3004 (1970): fluctuations of composition.
Y. Rosenfeld, J. Phys. Condens. Matter 11, 5415 (1999): D of simple liquids by their entropy.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations_with_replacement
from typing import NamedTuple

import numpy as np

from sopr_uq.engine.plan import flight_time
from sopr_uq.engine.protocol import Setup, Simulation
from sopr_uq.observables.infinite import InfiniteLiquid
from sopr_uq.observables.pair_entropy import pair_entropy
from sopr_uq.structure.transforms import structure_rows
from sopr_uq.typing import FloatArray, IntArray

_SHORTEST = 1.8
"""Mean distances ρ^(−1/3) that a wave must be long: shorter ones are no waves of composition, and
soon gone."""

_SMALL = 0.02
"""Share of the largest error below which one is left out."""

_ROSENFELD = (0.585, 0.788)
"""D ρ^(1/3) (m/k_B T)^(1/2) = 0.585 exp(0.788 s₂)."""


class Mode(NamedTuple):
    """A principal fluctuation of composition: mole fractions times √N, shape (t,), and τ in ps."""

    size: FloatArray
    time: float


@dataclass(frozen=True)
class CompositionWaves:
    """The errors of g that blocks do not show, as changes of a liquid whose potentials stay.

    Of mixtures of atoms that were simulated for some time; of others there are none.

    Parameters
    ----------
    liquid : InfiniteLiquid
    """

    liquid: InfiniteLiquid

    @property
    def energy(self) -> FloatArray:
        """Zeros, shape (n, p, m)."""
        return np.zeros_like(self.g)

    @cached_property
    def g(self) -> FloatArray:
        """δg of one standard error each, independent, shape (n, p, m)."""
        some = has_waves(self.liquid.setup, self.liquid.simulation)
        each = np.array(list(self.of_bins())) if some else np.zeros(0)
        if not each.any():
            return np.empty((*self.liquid.g.shape, 0))
        # neighbouring wavelengths do nearly the same: their covariance has few directions
        _, size, found = np.linalg.svd(each.reshape(len(each), -1), full_matrices=False)
        few = (size[:, None] * found)[size > _SMALL * size[0]]
        return self.liquid.change_of_bins(few.reshape(-1, *each.shape[1:]).T)

    def of_bins(self) -> Iterator[FloatArray]:
        """Return δg in the bins of the simulation, (k, p) each."""
        simulation, mixture = self.liquid.simulation, self.liquid.mixture
        first, second = mixture.pairs
        shares = mixture.fractions[first] * mixture.fractions[second]
        g = np.stack([series.mean for series in simulation.rdfs.values()], axis=1)
        blocks = len(next(iter(simulation.rdfs.values())).blocks)
        for square, waves in zip(*shells(simulation.particles), strict=True):
            k = self.smallest_k * np.sqrt(square)
            order = np.sinc(k * simulation.r / np.pi)[:, None] * g
            for one, other in combinations_with_replacement(self.modes(k), 2):
                # an entry on the diagonal of a Wishart matrix varies twice as much as one off it
                variance = (2.0 if one is other else 1.0) / waves
                time = np.sqrt(one.time * other.time)
                missing = unseen_share(simulation.sampled, blocks, time)
                c = np.outer(one.size, other.size)
                c = 0.5 * (c + c.T) if one is other else c + c.T
                error = np.sqrt(variance * missing) * waves / simulation.particles
                yield error * c[first, second] / shares * order

    @property
    def smallest_k(self) -> float:
        """Least wave number of the box, in Å⁻¹."""
        edge = (self.liquid.simulation.particles / self.liquid.mixture.density) ** (1 / 3)
        return float(2.0 * np.pi / edge)

    @property
    def time(self) -> float:
        """τ of the slowest of the longest waves, in ps."""
        return max(mode.time for mode in self.modes(self.smallest_k))

    def modes(self, k: float) -> list[Mode]:
        """Return the principal fluctuations of composition at a wave number in Å⁻¹, t − 1."""
        liquid, mixture = self.liquid, self.liquid.mixture
        x = mixture.fractions
        rows = structure_rows(liquid.grid, np.array([k]), 1.0)
        s = mixture.correlations(rows @ (liquid.g - 1.0))[..., 0]
        # what moves the total density is a wave of sound, and soon gone
        still = (np.eye(x.size) - np.outer(x, np.ones(x.size))) * np.sqrt(x)
        sizes, directions = np.linalg.eigh(still @ s @ still.T)
        random = np.einsum("ai,ab,bi->i", directions, still @ still.T, directions)
        found = np.argsort(random)[1:]
        return [
            Mode(
                np.sqrt(max(sizes[i], 0.0)) * directions[:, i],
                float(max(sizes[i], 0.0) / random[i] / (self.diffusion * k**2)),
            )
            for i in found
        ]

    @cached_property
    def diffusion(self) -> float:
        """D in Å²/ps, of all atoms."""
        scale, exponent = _ROSENFELD
        reduced = scale * np.exp(exponent * pair_entropy(self.liquid))
        length = self.liquid.mixture.density ** (-1 / 3)
        return float(reduced * length**2 / flight_time(self.liquid.setup))


def has_waves(setup: Setup, simulation: Simulation) -> bool:
    """Return whether a simulation is of a mixture of atoms, and for some time."""
    several = setup.substance.simple and setup.densities.size > 1
    return several and simulation.particles > 0 and simulation.sampled > 0.0


def shells(particles: int) -> tuple[IntArray, IntArray]:
    """Return (k L/2π)² of the long waves of a cubic box of so many, and how many have each."""
    limit = particles ** (2 / 3) / _SHORTEST**2
    n = np.arange(-int(np.sqrt(limit)), int(np.sqrt(limit)) + 1) ** 2
    square, count = np.unique(n[:, None, None] + n[:, None] + n, return_counts=True)
    long = (square > 0) & (square <= limit)
    return square[long], count[long]


def unseen_share(sampled: float, blocks: int, time: float) -> float:
    """Return which share of the variance of ⟨|δx|²⟩ is in its mean and not shown by its blocks.

    Parameters
    ----------
    sampled : float
        T in ps.
    blocks : int
        b.
    time : float
        τ in ps, in which δx decays.
    """

    def of_mean(span: float) -> float:
        ratio = time / span
        return ratio * (1.0 + 0.5 * ratio * float(np.expm1(-2.0 / ratio))) if ratio > 0.0 else 0.0

    whole = of_mean(sampled)
    shown = (of_mean(sampled / blocks) - whole) / (blocks - 1) if blocks > 1 else 0.0
    return max(whole - shown, 0.0)
