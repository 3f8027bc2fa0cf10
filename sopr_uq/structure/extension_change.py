"""How a g(r) that was continued changes with the g(r) that was known.

What is known up to a distance R has errors, and so has all that :func:`.extend` makes
of them: the g(r) beyond R, the level of a fixed number of particles, and the order about
a particle's images. To first order, with A = F⁻¹[S⁻¹ ⊗ S⁻¹]F as in :mod:`.response`,
δγ = (1 − A) δg everywhere and δg = g δγ beyond R. With δg given inside that is the
equation of the response, solved beyond R alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sopr_uq.structure.extension import Levels, last_shell
from sopr_uq.structure.finite_size import order_of_images
from sopr_uq.structure.mixture import Mixture
from sopr_uq.structure.response import Core, spread_of
from sopr_uq.structure.solution import Solution
from sopr_uq.structure.transforms import RadialGrid, sine_transform
from sopr_uq.typing import ArrayLike, BoolArray, FloatArray

_PASSES = 12
_TOLERANCE = 1e-4
_SEEN = 1e-3
_PINNED = 3e-3
"""An S(0) as small as no liquid has."""


def extended_change(
    solution: Solution,
    known: ArrayLike,
    radius: float,
    change: ArrayLike,
    *,
    particles: ArrayLike = 0,
) -> FloatArray:
    """Return δg at all distances for changes of what was known.

    Parameters
    ----------
    solution : Solution
        Of :func:`.extend`, converged.
    known : array, shape (n,) or (n, p)
        What was given to it.
    radius : float
        R in Å.
    change : array, shape (n, m) or (n, p, m)
        δg of it; values at r ≥ R are not looked at.
    particles : int or array of shape (t,)
        N, of each type, as given to it.

    Returns
    -------
    array, of the shape of ``change``
    """
    mixture = solution.mixture
    inside = solution.grid.r[:, None] < radius
    given = np.where(inside[..., None], mixture.columns(np.asarray(change, dtype=float)), 0.0)
    beyond = _Beyond(solution.grid, mixture, mixture.columns(solution.g), inside)
    counts = np.asarray(particles, dtype=float)
    if not given.size:
        return np.zeros(np.shape(change))
    if not counts.any():
        return mixture.plain(beyond.whole(given))
    raw = mixture.columns(np.asarray(known, dtype=float))
    return mixture.plain(_Corrected(beyond, raw, np.atleast_1d(counts)).whole(given))


@dataclass(frozen=True)
class _Beyond:
    """Arrays of shape (n, p), of ``inside`` (n, 1)."""

    grid: RadialGrid
    mixture: Mixture
    g: FloatArray
    inside: BoolArray

    @cached_property
    def _spread(self) -> FloatArray:
        return spread_of(self.grid, self.mixture, self.g)

    @cached_property
    def _root(self) -> FloatArray:
        return np.sqrt(np.where(self.inside, 0.0, np.maximum(self.g, 0.0)))

    @cached_property
    def _core(self) -> Core:
        return Core.of(self._root**2, self._spread)

    @property
    def _weight(self) -> FloatArray:
        of_pair = (self.mixture.norm * self.mixture.scale)[:, None]
        return np.asarray(of_pair * self.grid.r[:, None, None])

    def whole(self, change: FloatArray) -> FloatArray:
        """Return δg everywhere for δg inside, shape (n, p, m)."""
        root, weight = self._root[..., None], self._weight
        y = self._core.solve(root, -root * self._pulled(weight * change))
        return np.asarray(change + root * y / weight)

    def gamma(self, change: FloatArray) -> FloatArray:
        """Return δγ for δg everywhere, shape (n, p, m)."""
        return np.asarray(-self._pulled(self._weight * change) / self._weight)

    def _pulled(self, x: FloatArray) -> FloatArray:
        """Return Q D Q x."""
        spread = np.einsum("ijn,njm->nim", self._spread, sine_transform(x))
        return np.asarray(sine_transform(spread))


@dataclass(frozen=True)
class _Corrected:
    """The same where finite-size errors were taken out of g_N = ``raw``.

    g = g_N (N − Ω_ab(0))/(N − s)/(1 + I), with the order I about the images that g has, and the
    level s at which the closure is missed as before over the last shell. Of atoms Ω is 1.
    """

    beyond: _Beyond
    raw: FloatArray
    particles: FloatArray

    def whole(self, change: FloatArray) -> FloatArray:
        """Return δg everywhere for changes of g_N inside, shape (n, p, m)."""
        beyond, scaled = self.beyond, self._factor[..., None] * change
        found, before = self._levelled(scaled), np.inf
        for _ in range(_PASSES):
            images = order_of_images(beyond.grid, found, self._length)
            tried, found = found, self._levelled(scaled - self._crowding[..., None] * images)
            moved = float(np.abs(found - tried).max())
            # between molecules the order about the images ends in roughness of the grid
            if moved <= _TOLERANCE * np.abs(found).max() or moved >= before:
                break
            before = moved
        return found

    def _levelled(self, change: FloatArray) -> FloatArray:
        """Return δg with the level that follows from it."""
        found = self.beyond.whole(change)
        if self._pinned:
            return found
        share = -np.linalg.lstsq(self._missed(self._of_level), self._missed(found))[0]
        return np.asarray(found + np.tensordot(self._of_level, share, axes=1))

    def _missed(self, change: FloatArray) -> FloatArray:
        """Return how the changes of ln g − γ over the last shell miss, (n, p, m) → (k, m).

        Of the k levels that are free: the atoms of a molecule fluctuate together.
        """
        beyond, levels = self.beyond, self._levels
        last = last_shell(beyond.grid, beyond.g, beyond.inside)[..., None]
        own = np.divide(change, beyond.g[..., None], out=np.zeros_like(change), where=last)
        mean = np.mean(own - beyond.gamma(change), axis=0, where=last)
        return np.stack([levels.free(levels.size * each) for each in mean.T], axis=1)

    @cached_property
    def _of_level(self) -> FloatArray:
        """δg everywhere for each free level by itself, shape (n, p, k)."""
        g, levels = np.where(self.beyond.inside, self.beyond.g, 0.0), self._levels
        free = levels.free(np.zeros(g.shape[1])).size
        each = np.stack([levels.of(x) / levels.size for x in np.eye(free)], axis=1)
        return self.beyond.whole(g[..., None] * each)

    @cached_property
    def _levels(self) -> Levels:
        return Levels(self.beyond.mixture, self.particles)

    @property
    def _length(self) -> float:
        return float((self.particles.sum() / self.beyond.mixture.density) ** (1.0 / 3.0))

    @cached_property
    def _images(self) -> FloatArray:
        """I, shape (n, p); zero beyond R."""
        found = order_of_images(self.beyond.grid, self.beyond.g - 1.0, self._length)
        return np.where(self.beyond.inside, found, 0.0)

    @property
    def _crowding(self) -> FloatArray:
        """−∂g/∂I, shape (n, p)."""
        return np.where(self.beyond.inside, self.beyond.g / (1.0 + self._images), 0.0)

    @cached_property
    def _level(self) -> FloatArray:
        """(N − Ω_ab(0))/(N − s), shape (p,)."""
        seen = self.beyond.inside & (self.raw > _SEEN)
        raw = np.where(seen, self.raw, 1.0)
        return np.asarray(np.mean(self.beyond.g * (1.0 + self._images) / raw, axis=0, where=seen))

    @property
    def _factor(self) -> FloatArray:
        """g/g_N, shape (n, p)."""
        return np.asarray(self._level / (1.0 + self._images))

    @property
    def _pinned(self) -> bool:
        """Whether the level is held where N would not fluctuate at all."""
        size, shared = self._levels.size, self.beyond.mixture.shared
        s = size - (size - shared) / self._level
        return self._levels.of_all(self._levels.free(s)) < _PINNED
