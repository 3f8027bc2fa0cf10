"""The measured numbers of a problem, stacked in the order of the linear model."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import numpy as np
from scipy.linalg import block_diag

from sopr_uq.errors import InputError
from sopr_uq.experiment.kinds import DYNAMICS
from sopr_uq.experiment.observation import Observation
from sopr_uq.inference.noise import LogNormal
from sopr_uq.observables.motion import SLOPE_ERROR
from sopr_uq.refine.belief import PriorSettings
from sopr_uq.refine.newton.totals import total_columns
from sopr_uq.refine.problem import Problem
from sopr_uq.typing import BoolArray, FloatArray, IntArray
from sopr_uq.units import MPA_PER_KCAL_MOL_A3

_RATIO = 0.05

_FAR = 3.0
"""In the first distance of a g(r) that is a transform: beyond, it is a level of its own."""

_FEWEST = 12
"""Independent points that each of its levels needs."""


@dataclass(frozen=True)
class Stacked:
    """All measured numbers of a problem.

    Parameters
    ----------
    value : array, shape (d,)
        The data; of diffusion and viscosity the logarithm, to which their errors belong.
    stated_variance : array, shape (d,)
        Variances that came with them; of a stated covariance its smallest eigenvalue.
    stated_columns : array, shape (d, p)
        Columns whose products are the rest of the stated covariances.
    noisy : array, shape (d,)
        Shape of the noise variance along a curve, 0 for numbers.
    curve : array of int, shape (d,)
        Index of the curve; 0 for numbers, to which no curve's noise applies.
    names : tuple of str
        Names of the curves, length J.
    level : array of int, shape (d,)
        Which level it belongs to, of one noise and one reading error: that of its curve, or,
        far out on a g(r) that is a transform, one behind those of all curves. Errors of S(Q)
        that are smooth in Q (resolution, normalisation, multiple scattering) lie at small r;
        were its noise believed to be that of a white S(Q), many far points would tell how
        well the near ones are known.
    noise, reading : tuple of LogNormal
        Priors of noise and reading error of every level, those of curves first.
    smoothing, damping, drift : array, shape (J,)
        Standard deviations of smoothing, of the share of Lorch's window, and of the drift of
        the level of every curve.
    scale : array, shape (J,)
        Standard deviation of the scale of every curve.
    place : array, shape (d,)
        Where on its curve a point lies, from 0 to 1.
    motion : array of int, shape (d,)
        Which of :data:`~sopr_uq.experiment.kinds.DYNAMICS` a number is, from 1; 0 for
        all others.
    totals : array, shape (d, c)
        What totals F(Q) have of their own, whatever the liquid: distances within molecules,
        the same in all of them, and levels at low Q.
    kinds : tuple of str
        Kinds of the curves.
    """

    value: FloatArray
    stated_variance: FloatArray
    stated_columns: FloatArray
    noisy: FloatArray
    curve: np.ndarray[tuple[int], np.dtype[np.intp]]
    level: np.ndarray[tuple[int], np.dtype[np.intp]]
    names: tuple[str, ...]
    kinds: tuple[str, ...]
    noise: tuple[LogNormal, ...]
    reading: tuple[LogNormal, ...]
    smoothing: FloatArray
    damping: FloatArray
    drift: FloatArray
    scale: FloatArray
    place: FloatArray
    motion: IntArray
    totals: FloatArray

    def of_curve(self, index: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Which points belong to a curve, shape (d,)."""
        return np.asarray((self.curve == index) & (self.noisy > 0))

    @property
    def far(self) -> list[int]:
        """Indices of the curves whose far points are a level of their own, in order."""
        return list(dict.fromkeys(self.curve[self.level >= len(self.names)].tolist()))

    @property
    def row_error(self) -> FloatArray:
        """Relative error of the row of the Jacobian beyond that of all rows, shape (d,)."""
        return np.where(self.motion > 0, SLOPE_ERROR, 0.0)


def stack_data(problem: Problem) -> Stacked:
    """Return the measured numbers of a problem, liquids and observations in order.

    Raises
    ------
    InputError
        If there is no curve among them, or a curve has a stated covariance
        and a reading error at once.
    """
    parts = [
        (liquid.state.density / liquid.state.beta, independent(observation))
        for liquid in problem.liquids
        for observation in liquid.observations
    ]
    curves = [o for _, o in parts if o.is_curve]
    if not curves:
        raise InputError(
            "newton rule", "at least one measured g(r) or S(Q)", "only numbers",
            "add a curve: a number alone says almost nothing about v(r)",
        )  # fmt: skip
    for o in curves:
        if o.covariance is not None and o.abscissa_error > 0:
            raise InputError(
                f"observation {o.name}", "a covariance or an abscissa_error", "both",
                "add what the reading error does to the covariance",
            )  # fmt: skip
    index = {id(o): j for j, o in enumerate(curves)}
    beyond = {id(o): len(curves) + j for j, o in enumerate(o for o in curves if _far(o).any())}
    levels = curves + [o for o in curves if id(o) in beyond]
    prior = problem.prior
    return Stacked(
        value=np.concatenate([_value(o) for _, o in parts]),
        stated_variance=np.concatenate([_stated(o, prior, scale) for scale, o in parts]),
        stated_columns=np.asarray(block_diag(*[_correlated(o) for _, o in parts])),
        noisy=np.concatenate([o.noise_shape if o.is_curve else np.zeros(1) for _, o in parts]),
        curve=np.concatenate([np.full(o.x.size, index.get(id(o), 0)) for _, o in parts]),
        level=np.concatenate(
            [np.where(_far(o), beyond.get(id(o), 0), index.get(id(o), 0)) for _, o in parts]
        ),
        names=tuple(o.name for o in curves),
        kinds=tuple(o.kind for o in curves),
        noise=tuple(noise_prior(o, prior) for o in levels),
        reading=tuple(LogNormal(max(o.abscissa_error, 1e-6), prior.reading_sd) for o in levels),
        smoothing=np.array([o.smoothing for o in curves]),
        damping=np.array([o.damping for o in curves]),
        drift=np.array([o.drift for o in curves]),
        scale=np.array([o.total.scale_sd if o.is_total else prior.scale_sd for o in curves]),
        place=np.concatenate([np.linspace(0.0, 1.0, o.x.size) for _, o in parts]),
        motion=np.concatenate([np.full(o.x.size, _motion(o)) for _, o in parts]),
        totals=total_columns([o for _, o in parts], prior),
    )


def liquid_of(problem: Problem) -> IntArray:
    """Return to which liquid each of the stacked numbers belongs, shape (d,)."""
    sizes = [sum(independent(o).x.size for o in each.observations) for each in problem.liquids]
    return np.repeat(np.arange(len(sizes)), sizes)


def independent(observation: Observation) -> Observation:
    """Return the points of the window that carry independent information.

    A g(r) that was obtained by a Fourier transform up to Q_max is band-limited:
    samples of r h(r) at a spacing of π/Q_max determine it, and white noise of
    S(Q) makes their errors independent. A finer table repeats itself, and so
    does a table that was smoothed (``Observation.spacing``).
    """
    data = observation.windowed()
    spacing = data.resolution
    if spacing == 0.0 or data.x.size < 2:
        return data
    # a ratio a little above a whole number must not keep points that repeat each other
    return data.every(max(ceil(spacing / float(np.median(np.diff(data.x))) - _RATIO), 1))


def _far(o: Observation) -> BoolArray:
    """Return which points of a curve are a level of their own, shape (n,).

    Only where errors are modelled as those of a file that says nothing of them.
    """
    untold = o.error is None and o.covariance is None and o.abscissa_error == 0.0 and o.drift > 0
    far = np.asarray(o.x > _FAR * o.x[0]) & (o.is_curve and o.transformed and untold)
    enough = min(np.count_nonzero(far), np.count_nonzero(~far)) >= _FEWEST
    return np.asarray(far & enough)


def _value(o: Observation) -> FloatArray:
    """Return the data: of diffusion and viscosity logarithms, which are closer to linear in v."""
    return np.log(o.value) if o.logarithmic else o.value


def _stated(o: Observation, prior: PriorSettings, ideal: float = 0.0) -> FloatArray:
    """Stated variances; an unstated pressure error is a share of ρ k_B T (kcal/mol/Å³)."""
    if o.error is not None:
        return (o.error / o.value) ** 2 if o.logarithmic else o.error**2
    if o.covariance is not None:
        return np.full(o.x.size, np.linalg.eigvalsh(o.covariance)[0])
    unit = pressure_error(prior, ideal) if o.without_error else 0.0
    return np.full(o.x.size, unit**2)


def _motion(o: Observation) -> int:
    """Which of the numbers of motion it is, from 1; 0 if it is none."""
    return DYNAMICS.index(o.kind) + 1 if o.logarithmic else 0


def pressure_error(prior: PriorSettings, ideal: float) -> float:
    """Return the error in MPa of a pressure without one; ``ideal`` is ρ k_B T in kcal/mol/Å³."""
    return prior.pressure_error * ideal * MPA_PER_KCAL_MOL_A3


def _correlated(o: Observation) -> FloatArray:
    """Columns, shape (n, p): a stated covariance less its smallest eigenvalue."""
    if o.covariance is None:
        return np.empty((o.x.size, 0))
    values, vectors = np.linalg.eigh(o.covariance)
    return np.asarray(vectors[:, 1:] * np.sqrt(values[1:] - values[0]))


def noise_prior(o: Observation, prior: PriorSettings) -> LogNormal:
    """Return the prior of a curve's noise beyond what is stated with it.

    Without errors ``prior.noise`` is meant of a curve of size one. The errors that come with a
    total are of counting; what corrects it for absorption, recoil and so on adds to them.
    """
    variance = _stated(o, prior) if o.covariance is None else np.diagonal(o.covariance)
    stated = prior.noise_beyond * float(np.median(np.sqrt(variance)))
    usual = prior.noise
    if o.is_total:
        usual *= float(np.sqrt(np.mean(o.value**2)))
        return LogNormal(max(stated, usual), prior.noise_sd)
    return LogNormal(stated if stated > 0 else usual, prior.noise_sd)


def square_root(covariance: FloatArray) -> FloatArray:
    """Return A with A Aᵀ the covariance, its columns by size: the largest last, shape (d, d)."""
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)))


def covariance_columns(covariance: FloatArray, rank: int) -> tuple[FloatArray, FloatArray]:
    """Split a covariance into leading columns (d, rank) and a diagonal rest (d,)."""
    columns = square_root(covariance)[:, -rank:]
    rest = np.diagonal(covariance) - (columns**2).sum(axis=1)
    return columns, np.maximum(rest, 0.0)
