"""A round: several potentials simulated side by side, each at every state point."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from sopr_uq.engine.protocol import Simulation
from sopr_uq.engine.series import Series
from sopr_uq.typing import FloatArray


@dataclass(frozen=True)
class Run:
    """One potential of a round and what came of it.

    Parameters
    ----------
    potential : array, shape (n,)
        v on the grid of the problem, in kcal/mol.
    simulations : tuple of Simulation
        One of each state point; empty if one of them failed.
    message : str
        Why it failed.
    """

    potential: FloatArray
    simulations: tuple[Simulation, ...]
    message: str = ""

    @property
    def failed(self) -> bool:
        """Whether there is nothing to learn from it."""
        return not self.simulations


def good(runs: Sequence[Run]) -> tuple[Run, ...]:
    """Return the runs that did not fail."""
    return tuple(run for run in runs if not run.failed)


def leading(runs: Sequence[Run]) -> Run:
    """Return the first good run, replicas of its potential pooled with it."""
    first = good(runs)[0]
    alike = [run for run in good(runs) if np.array_equal(run.potential, first.potential)]
    pairs = zip(*(run.simulations for run in alike), strict=True)
    return replace(first, simulations=tuple(pooled(each) for each in pairs))


def pooled(replicas: Sequence[Simulation]) -> Simulation:
    """Return independent simulations of one liquid as a single one with all their blocks.

    Parameters
    ----------
    replicas : sequence of Simulation
        Of one potential, state and length, with seeds of their own.

    Returns
    -------
    Simulation
        Averages over all; blocks one after the other; steps and seconds summed;
        the configuration of the first.
    """
    first = replicas[0]
    if len(replicas) == 1:
        return first
    return replace(
        first,
        series={name: Series.pooled([each[name] for each in replicas]) for name in first.series},
        steps=sum(each.steps for each in replicas),
        seconds=sum(each.seconds for each in replicas),
        rdf_seconds=sum(each.rdf_seconds for each in replicas),
        sampled=sum(each.sampled for each in replicas),
        trouble=" ".join(filter(None, (each.trouble for each in replicas))),
    )
