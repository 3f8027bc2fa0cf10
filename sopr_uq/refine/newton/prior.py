"""What is believed about v(r) before a measurement.

v = Mie(r; σ, ε, n, m) + δ(r): a Mie potential with a repulsive core, one well and
an attractive tail, and a Gaussian process whose amplitude dies like a power of r
and whose length scale grows with r. How the tail dies is not known better than
``[prior]`` says: its exponent m is inferred, and so is that of δ, on a grid of
kernels. Around a point p of the Mie parameters (ln σ, ln ε, n, m) the prior is
Gaussian; the point moves with the rounds.

In a mixture each pair has Mie parameters and a δ of its own, whose width and length are in
proportion to its ε and σ. The parameters of an unlike pair are believed to follow those of
its like pairs, as the combining rules of Lorentz and Berthelot say, with an error of their own.
Shapes are alike to some share: the exponents of like pairs, and δ/ε as a function of r/σ, have
a part in common, since what makes one pair no Mie potential is likely at work in the others.

Of a pair that is corrected v = reference + δ(r), δ a Gaussian process about zero whose size
is told in k_B T, which keeps it out to about σ and dies smoothly at the cut-off. The reference's
own distances and energies may be off by a factor each: a core decays faster than any δ that is as
smooth as what a potential may lack beyond it. These factors are the first two parameters of such
a pair, in the place of a Mie potential's σ and ε.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import NamedTuple

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.linalg import block_diag

from sopr_uq.experiment.molecule import Pair
from sopr_uq.gp import Dispersion
from sopr_uq.inference.noise import LogNormal
from sopr_uq.refine.belief import PriorSettings
from sopr_uq.refine.field import CORE_HEIGHT, Field, Term
from sopr_uq.refine.newton.term_prior import NO_DECAY, TermPrior, leading_columns, term_prior
from sopr_uq.refine.problem import Problem
from sopr_uq.typing import BoolArray, FloatArray

OF_A_PAIR = 4
"""Mie parameters of a pair: ln σ, ln ε, n, m."""

DECAYS = (6.0, 2.5)
"""Exponents with which δ may die where none is given: dispersion, and other forces."""

_NODES = ((-np.sqrt(5.0 / 3.0), 0.3), (0.0, 0.4), (np.sqrt(5.0 / 3.0), 0.3))
"""Places and weights of three values with the mean and the variance of a standard normal."""

_REACH = np.array([1.0, 3.0])
"""How far from their centre ln σ and ln ε of an expansion may be; data of no liquid ask for any."""

_EXPONENTS = np.array([[8.5, 4.5], [20.0, 8.0]])
"""Lowest and highest n and m of an expansion."""

_EXPONENT = (2, 3)
"""Which parameters of a pair are exponents."""

_NEARBY = 0.3
"""Prior standard deviations by which the factors of what is corrected differ at first."""

_NODES_OF_X = 200
_STEP = 1e-4


class DeltaKernel(NamedTuple):
    """One kernel of δ: length scale at σ in Å, exponent of its decay, prior probability."""

    length: float
    decay: float
    weight: float


@dataclass(frozen=True)
class Basis:
    """v = base + columns · c, c ~ N(0, 1) (all columns but the Mie ones scale with w).

    Parameters
    ----------
    base : array, shape (p n,)
        In kcal/mol.
    mie : array, shape (p n, 4 p)
        Tangents of the Mie parameters, in prior standard deviations.
    correction : array, shape (p n, m)
        Factor of the unit-width process δ.
    """

    base: FloatArray
    mie: FloatArray
    correction: FloatArray

    def columns(self, width: float) -> FloatArray:
        """Return all columns for a width w in kcal/mol, shape (p n, 4 p + m)."""
        return np.hstack([self.mie, width * self.correction])


@dataclass(frozen=True)
class Prior:
    """The prior of one problem.

    Parameters
    ----------
    problem : Problem
    moved : tuple of float
        By how much the centres of ln σ and ln ε of every pair that is refined as a whole are moved.
    """

    problem: Problem
    moved: tuple[float, float] = (0.0, 0.0)

    @property
    def settings(self) -> PriorSettings:
        """The numbers of ``[prior]``."""
        return self.problem.prior

    @property
    def field(self) -> Field:
        """The unknown."""
        return self.problem.field

    @property
    def mie(self) -> int:
        """Number of Mie parameters of all pairs, 4 p: the first coefficients of all."""
        return OF_A_PAIR * len(self.field.terms)

    @cached_property
    def centre(self) -> FloatArray:
        """Prior means of (ln σ, ln ε, n, m) of each pair, in Å and kcal/mol, shape (4 p,)."""
        moved = np.zeros((len(self.terms), OF_A_PAIR))
        moved[self._whole, :2] = self.moved
        return np.concatenate([each.centre for each in self.terms]) + moved.ravel()

    @cached_property
    def terms(self) -> tuple[TermPrior, ...]:
        """What is believed of each pair, in the order of the field."""
        return tuple(term_prior(term, self.settings) for term in self.field.terms)

    @cached_property
    def root(self) -> FloatArray:
        """Square root of the prior covariance of the Mie parameters, shape (4 p, 4 p).

        A pair that is kept has none, a reference with a correction its two factors. What an
        unlike pair follows of its like pairs is, to first order, σ_ab = (σ_a + σ_b)/2 and
        ε_ab = √(ε_a ε_b), and the mean of their exponents. These are correlated from one like
        pair to the other.
        """
        s, terms = self.settings, self.field.terms
        own = np.array([s.sigma_sd, s.epsilon_sd, s.exponent_sd, s.attraction_sd])
        cross = np.array(
            [s.unlike_sigma_sd, s.unlike_epsilon_sd, s.unlike_exponent_sd, s.unlike_attraction_sd]
        )
        place = {t.pair: OF_A_PAIR * i for i, t in enumerate(terms)}
        root = np.zeros((self.mie, self.mie))
        like = [place[t.pair] for t in terms if t.whole and t.pair.like]
        shared = s.shared_shape * np.ones((len(like), len(like)))
        shared[np.diag_indices(len(like))] = 1.0
        # like pairs first: unlike ones follow them
        for term in sorted((t for t in terms if t.whole), key=lambda t: not t.pair.like):
            mine = place[term.pair] + np.arange(OF_A_PAIR)
            root[mine, mine] = own if term.pair.like else cross
            if term.pair.like:
                for i in _EXPONENT:
                    row = like.index(place[term.pair])
                    root[mine[i], np.array(like) + i] = own[i] * np.linalg.cholesky(shared)[row]
                continue
            ends = [place[Pair(name, name)] for name in (term.pair.first, term.pair.second)]
            size = np.exp(self.centre[ends])
            for end, share in zip(ends, size / size.sum(), strict=True):
                part = np.array([share, 0.5, 0.5, 0.5])
                root[mine] += part[:, None] * root[end + np.arange(OF_A_PAIR)]
        return np.asarray(root + np.diag(np.concatenate([_factors(t, s) for t in terms])))

    @property
    def scale(self) -> tuple[float, float]:
        """σ in Å and ε in kcal/mol to which width and length of δ belong: means over the pairs.

        Where no pair is refined as a whole, those of the corrections.
        """
        whole = self._whole if self._whole.any() else self._refined
        refined = np.repeat(whole, OF_A_PAIR)
        mean = self.centre[refined].reshape(-1, OF_A_PAIR).mean(axis=0)
        return float(np.exp(mean[0])), float(np.exp(mean[1]))

    @property
    def core_height(self) -> float:
        """8 k_B T in kcal/mol, at the hottest state: above, no pair is ever seen."""
        return CORE_HEIGHT / float(self.problem.betas.min())

    @property
    def width(self) -> LogNormal:
        """Prior of the standard deviation of δ at σ, in kcal/mol."""
        s = self.settings
        if self._whole.any():
            return LogNormal(s.width * self.scale[1], s.width_sd)
        return LogNormal(s.correction_width * self.scale[1], s.correction_width_sd)

    @property
    def length_median(self) -> float:
        """Prior median of the length scale of δ at σ, in Å."""
        return self.settings.length * self.scale[0]

    @cached_property
    def kernels(self) -> tuple[DeltaKernel, ...]:
        """The kernels of δ that are averaged over."""
        decays = DECAYS if self.settings.decay is None else (self.settings.decay,)
        if not self._whole.any():
            decays = (NO_DECAY,)
        lengths = [
            (self.length_median * float(np.exp(self.settings.length_sd * z)), w) for z, w in _NODES
        ]
        return tuple(
            DeltaKernel(length, decay, w / len(decays))
            for decay, (length, w) in product(decays, lengths)
        )

    @property
    def log_weight(self) -> FloatArray:
        """Log prior probability of every kernel, shape (G,)."""
        return np.log([kernel.weight for kernel in self.kernels])

    @cached_property
    def _corrections(self) -> list[FloatArray]:
        """Factors of the unit-width process, one a kernel, each of shape (p n, m)."""
        return [self.correction(kernel.length, kernel.decay) for kernel in self.kernels]

    def correction(self, length: float, decay: float = DECAYS[0]) -> FloatArray:
        """Return a factor of δ of unit width, shape (p n, m).

        Parameters
        ----------
        length : float
            Length scale at σ in Å.
        decay : float
            Exponent with which its amplitude dies.
        """
        sigma, epsilon = self.scale
        centre = np.exp(self.centre.reshape(-1, OF_A_PAIR)[:, :2])
        share = self.settings.shared_shape if np.count_nonzero(self._whole) > 1 else 0.0
        r, width = self.field.r, np.where(self._whole, np.sqrt(1.0 - share), self._share_of_width)
        blocks = [
            e / epsilon * w * each.delta(length * s / sigma, s, decay, r)
            for each, (s, e), w in zip(self.terms, centre, width, strict=True)
        ]
        alone = np.asarray(block_diag(*blocks))
        if not share:
            return alone
        # what is common is one function of r/σ, told on distances that all pairs have
        x = self.field.r / centre[:, :1]
        nodes = np.geomspace(x.min(), x.max(), _NODES_OF_X)
        common = CubicSpline(
            nodes, leading_columns(Dispersion(1.0, length / sigma, 1.0, decay), nodes)
        )
        depth = np.sqrt(share) * self._whole * centre[:, 1] / epsilon
        return np.hstack([alone, np.concatenate(depth[:, None, None] * common(x))])

    @property
    def _share_of_width(self) -> float:
        """Width of a correction in k_B T to that of what a Mie potential lacks in ε."""
        s = self.settings
        return s.correction_width / s.width if self._whole.any() else 1.0

    @property
    def _whole(self) -> BoolArray:
        return np.array([term.whole for term in self.field.terms])

    @property
    def _refined(self) -> BoolArray:
        return np.array([term.refined for term in self.field.terms])

    def bases(self, point: FloatArray) -> list[Basis]:
        """Return the Gaussian prior linearised about a point, one basis a kernel.

        Parameters
        ----------
        point : array, shape (4 p,)
            (ln σ, ln ε, n, m) of each pair, at which the Mie potentials are expanded.
        """
        tangents = self._tangents(point)
        base = self.energy(point) - tangents @ (point - self.centre)
        return [Basis(base, tangents @ self.root, correction) for correction in self._corrections]

    def point(self, coefficients: FloatArray) -> FloatArray:
        """Return (ln σ, ln ε, n, m) of Mie coefficients, held in a sane range.

        Shapes (..., q) with the Mie coefficients first → (..., 4 p).
        """
        p = self.centre + coefficients[..., : self.mie] @ self.root.T
        pairs = len(self.field.terms)
        low, high = (np.tile(x, pairs) for x in np.hstack([[-_REACH, _REACH], _EXPONENTS]))
        near = self.centre * np.tile([1.0, 1.0, 0.0, 0.0], pairs)
        return np.asarray(np.clip(p, near + low, near + high))

    def energy(self, point: FloatArray) -> FloatArray:
        """Return Mie potentials of points, (..., 4 p) → (..., p n); others as they are."""
        each = point.reshape(*point.shape[:-1], len(self.terms), OF_A_PAIR)
        v = [term.energy(each[..., i, :], self.field.r) for i, term in enumerate(self.terms)]
        return self.field.joined(np.stack(v, axis=-2))

    def potentials(self, basis: Basis, width: float, coefficients: FloatArray) -> FloatArray:
        """Return v of coefficients, linear in them outside the core.

        What a Mie potential has beyond its tangents is smooth, and left to δ: there it
        costs the prior little, while along a valley of the posterior, where Mie
        parameters and δ make up for each other, it would cost the data much.

        Parameters
        ----------
        basis : Basis
        width : float
            Of δ at σ, in kcal/mol.
        coefficients : array, shape (size, 4 p + m)
            Of the Mie parameters and of δ.

        Returns
        -------
        array, shape (size, p n)
            In kcal/mol, with the core continued where no pair is seen.
        """
        v = basis.base + coefficients @ basis.columns(width).T
        return self.field.continue_core(v, self.core_height)

    def draw(self, rng: np.random.Generator, size: int) -> FloatArray:
        """Return prior predictive potentials, shape (size, p n), in kcal/mol."""
        weights = np.exp(self.log_weight)
        draws = []
        for _ in range(size):
            kernel = int(rng.choice(weights.size, p=weights / weights.sum()))
            width = self.width.median * np.exp(self.width.sd * rng.standard_normal())
            unit = self._corrections[kernel]
            v = self.energy(self.point(rng.standard_normal(self.mie)))
            draws.append(v + width * unit @ rng.standard_normal(unit.shape[1]))
        return self.field.continue_core(np.array(draws), self.core_height)

    def corrections(self, rng: np.random.Generator, size: int) -> FloatArray:
        """Return prior draws of what is added to references, shape (size, p n), in kcal/mol."""
        unit = self._corrections[0]
        added = self.width.median * rng.standard_normal((size, unit.shape[1])) @ unit.T
        # before anything is known of them, what is linear in its factors would not do; drawn as
        # the prior has them, cores would differ by several k_B T, too far to learn a slope from
        nearby = _NEARBY * rng.standard_normal((size, self.mie))
        added += self.energy(self.point(nearby))
        return np.asarray((added - self.energy(self.centre)) * self.field.of_corrections)

    def _tangents(self, point: FloatArray) -> FloatArray:
        """∂v/∂(ln σ, ln ε, n, m) of all pairs by central differences, shape (p n, 4 p)."""
        steps = _STEP * np.eye(point.size)
        up, down = (self.energy(point + sign * steps) for sign in (1, -1))
        return np.asarray((up - down).T / (2 * _STEP))


def _factors(term: Term, settings: PriorSettings) -> FloatArray:
    """Return prior standard deviations of a correction's own parameters, shape (4,)."""
    if not term.corrected or not np.any(term.reference.energy(np.array([term.sigma]))):
        return np.zeros(OF_A_PAIR)
    return np.array([settings.correction_stretch_sd, settings.correction_factor_sd, 0.0, 0.0])
