"""A posterior carried to a property: few simulated draws speak for all others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sopr_uq.derived.directions import Directions
from sopr_uq.inference.shrinkage import Regression
from sopr_uq.observables.property import Property
from sopr_uq.observables.simulated_liquid import Reading
from sopr_uq.typing import FloatArray, IntArray


@dataclass(frozen=True)
class Carried:
    """A property of every draw of a posterior at one state point.

    Parameters
    ----------
    draws : array, shape (d, k)
        One number for each draw of the posterior: what a regression over the simulated
        ones says of it, with a draw of the regression's own error. Their spread is the
        whole uncertainty.
    mean : array, shape (d, k)
        The same without that error.
    sampling : array, shape (k,)
        Standard deviation of that error: from the noise of the simulations, and from
        directions that they did not cover.
    common : array, shape (k,)
        Standard deviation of what all simulations have in common.
    left_out : array, shape (n, 1) or (0, k)
        Of each simulated draw, its value minus what the others predict, in standard
        deviations; of a curve, nothing.
    """

    draws: FloatArray
    mean: FloatArray
    sampling: FloatArray
    common: FloatArray
    left_out: FloatArray


def carry(
    which: Property,
    reading: Reading,
    directions: Directions,
    simulated: IntArray,
    rng: np.random.Generator,
    *,
    known: FloatArray | None = None,
    wanted: IntArray | None = None,
) -> Carried:
    """Regress a property on the leading directions of the posterior, and apply it to all draws.

    Parameters
    ----------
    which : Property
    reading : Reading
        Of the n simulated draws.
    directions : Directions
        Of all draws.
    simulated : array of int, shape (n,)
        Which draws were simulated.
    rng : numpy.random.Generator
    known : array, shape (d,), optional
        What each draw is known to have; only what the property differs by from it is regressed.
    wanted : array of int, optional
        The draws to apply it to; by default all.
    """
    every = np.arange(len(directions.scores)) if wanted is None else wanted
    beside = np.zeros(len(directions.scores)) if known is None else known
    values, noise = reading.values - beside[simulated, None], reading.noise
    if which.logarithmic:
        noise = noise / np.mean(values, axis=0) ** 2
        values = np.log(values)
    x, bent = directions.scores, directions.bent
    regression = Regression(x[simulated], bent[simulated], values, noise)
    mean, variance = regression.predict(x[every], bent[every])
    drawn = regression.draw(x[every], bent[every], rng)
    if which.logarithmic:
        mean, drawn = np.exp(mean), np.exp(drawn)
        variance = variance * mean**2
    common = np.full(mean.shape[1], reading.common)
    shift = common * rng.standard_normal((len(every), 1))
    return Carried(
        draws=drawn + shift + beside[every, None],
        mean=mean + beside[every, None],
        sampling=np.sqrt(variance.mean(axis=0)),
        common=common,
        left_out=np.empty((0, mean.shape[1])) if which.axis else regression.left_out(),
    )
