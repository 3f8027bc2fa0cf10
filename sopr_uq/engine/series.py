"""What a simulation measured: a mean with the averages of its blocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from sopr_uq.engine.blocks import mean_covariance, standard_error
from sopr_uq.typing import FloatArray


@dataclass(frozen=True)
class Series:
    """A quantity that was sampled along a trajectory.

    Parameters
    ----------
    name : str
        Such as ``"pressure"``, or ``"g Ar-Kr"``.
    x : array, shape (m,)
        Its abscissa; of a single number [0].
    mean : array, shape (m,)
    blocks : array, shape (b, m)
        Averages over b consecutive blocks of the trajectory; b = 0 where there
        is no sampling error.
    unit : str
        Of the mean; ``"1"`` for a pure number.
    """

    name: str
    x: FloatArray
    mean: FloatArray
    blocks: FloatArray
    unit: str

    @classmethod
    def of_blocks(cls, name: str, x: FloatArray, blocks: FloatArray, unit: str) -> Self:
        """Return the series whose mean is that of its blocks."""
        return cls(name, x, np.asarray(blocks.mean(axis=0)), blocks, unit)

    @classmethod
    def exact(cls, name: str, x: FloatArray, mean: FloatArray, unit: str) -> Self:
        """Return a series without sampling error."""
        return cls(name, x, mean, np.empty((0, x.size)), unit)

    @classmethod
    def number(cls, name: str, value: float, unit: str) -> Self:
        """Return a single number without sampling error."""
        return cls.exact(name, np.zeros(1), np.array([value]), unit)

    @classmethod
    def pooled(cls, replicas: Sequence[Self]) -> Self:
        """Return independent series of one quantity as one: the mean of all, and all blocks."""
        first = replicas[0]
        mean = np.mean([each.mean for each in replicas], axis=0)
        blocks = np.concatenate([each.blocks for each in replicas])
        return cls(first.name, first.x, np.asarray(mean), blocks, first.unit)

    @property
    def error(self) -> FloatArray:
        """Standard error of the mean from the blocks, shape (m,)."""
        return standard_error(self.blocks)

    @property
    def covariance(self) -> FloatArray:
        """Covariance of the mean from the blocks, shape (m, m); see :mod:`.blocks`."""
        return mean_covariance(self.blocks)
