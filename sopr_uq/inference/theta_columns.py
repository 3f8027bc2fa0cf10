"""The density of a linear Gaussian model's θ, with as few columns as θ can notice."""

from __future__ import annotations

import numpy as np

from sopr_uq.inference.linear_gaussian import LinearGaussian
from sopr_uq.inference.theta_density import ThetaDensity
from sopr_uq.typing import BoolArray, FloatArray, IntArray

_CUT = 0.02
_BASIS = 1e-3
"""What a basis of several kernels may leave out, of the cut: it mixes with large components."""


def theta_density(model: LinearGaussian, cut: float = _CUT) -> ThetaDensity:
    """Return the density of a model's θ, with as few columns as θ can notice.

    Columns enter the marginal likelihood through X Xᵀ alone. They are replaced
    by their principal components, less those that stay below some share of
    the smallest plausible noise (its median less two standard deviations) for
    the largest plausible width: such a component changes a log likelihood by
    less than half the square of that share.

    Parameters
    ----------
    model : LinearGaussian
    cut : float
        That share; with 0 nothing is left out.
    """
    low = np.array([p.median * np.exp(-2.0 * p.sd) for p in model.noise])
    scale = np.sqrt(model.fixed_variance + low[model.level] ** 2 * model.noisy)[:, None]
    width = model.width.median * np.exp(2.0 * model.width.sd)
    mine = model.level == np.arange(model.levels)[:, None]
    place = _places(mine)
    private, shared = _parted(model.columns / scale, mine, cut)
    kernels = [_principal(k * (width / scale), cut) for k in model.correction]
    basis, loading, of_kernel = _in_one_basis(shared, kernels, _BASIS * cut)
    priors = (*model.noise, *model.reading, model.width)
    return ThetaDensity(
        points=model.residual.size,
        fixed_variance=_at(place, model.fixed_variance, 1.0),
        noisy=_at(place, model.noisy),
        slope=_at(place, model.slope),
        bend=_at(place, model.bend),
        private=_stacked(private, place.shape[1]) * _at(place, scale),
        shared=_at(place, np.column_stack([scale * basis, model.residual])),
        loading=loading / np.where(of_kernel, width, 1.0),
        of_kernel=of_kernel,
        log_weight=model.log_weight,
        median=np.array([p.median for p in priors]),
        sd=np.array([p.sd for p in priors]),
    )


def _places(mine: BoolArray) -> IntArray:
    """Return the points of every level, (J, D), the one beyond the last where there is none."""
    count, points = mine.sum(axis=1), mine.shape[1]
    place = np.full((len(mine), count.max()), points)
    place[np.arange(count.max()) < count[:, None]] = np.nonzero(mine)[1]
    return place


def _at(place: IntArray, x: FloatArray, fill: float = 0.0) -> FloatArray:
    """Return what belongs to points, (d, ...), by levels, (J, D, ...)."""
    return np.concatenate([x, np.full((1, *x.shape[1:]), fill)])[place]


def _parted(
    columns: FloatArray, mine: BoolArray, cut: float
) -> tuple[list[FloatArray], FloatArray]:
    """Return the columns of every level alone, (d_j, p_j), and those of several, (d, q)."""
    touched = np.array([columns[points].any(axis=0) for points in mine])
    lonely = touched.sum(axis=0) == 1
    blocks = zip(mine, touched & lonely, strict=True)
    private = [_principal(columns[np.ix_(*block)], cut) for block in blocks]
    return private, _principal(columns[:, ~lonely], cut)


def _principal(columns: FloatArray, cut: float) -> FloatArray:
    u, s, _ = np.linalg.svd(columns, full_matrices=False)
    return np.asarray(u[:, s > cut] * s[s > cut])


def _in_one_basis(
    shared: FloatArray, kernels: list[FloatArray], cut: float
) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Return a basis (d, r), columns in it (G, r, q + m), and which are the kernel's (q + m,)."""
    u, s, _ = np.linalg.svd(np.hstack([shared, *kernels]), full_matrices=False)
    basis = u[:, s > cut]
    size = max(k.shape[1] for k in kernels)
    own = [np.pad(basis.T @ k, ((0, 0), (0, size - k.shape[1]))) for k in kernels]
    common = basis.T @ shared
    loading = np.array([np.hstack([common, k]) for k in own])
    return basis, loading, np.arange(loading.shape[2]) >= common.shape[1]


def _stacked(blocks: list[FloatArray], points: int) -> FloatArray:
    """Return arrays (d_j, p_j) as one (J, D, p), padded with zeros."""
    size = max(b.shape[1] for b in blocks)
    room = [((0, points - b.shape[0]), (0, size - b.shape[1])) for b in blocks]
    return np.array([np.pad(b, r) for b, r in zip(blocks, room, strict=True)])
