"""How anything responds to the potentials, from what fluctuates together in a trajectory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sopr_uq.engine.fluctuations import FRAMES
from sopr_uq.observables.quantity import Change
from sopr_uq.structure.truncation import interpolation_rows
from sopr_uq.typing import FloatArray


@dataclass(frozen=True)
class Fluctuating(Change):
    """Changes of the potentials, and what they do to g as the trajectory itself shows it.

    Parameters
    ----------
    liquid, energy, power, moving_bridge
        As of :class:`~sopr_uq.observables.quantity.Change`; the liquid's engine recorded
        fluctuations.
    """

    @property
    def recorded(self) -> bool:
        """Whether the engine kept snapshots."""
        return any(name.startswith(FRAMES) for name in self.liquid.simulation.series)

    @cached_property
    def g(self) -> FloatArray:
        """δg, shape (n, p, m): −β (⟨g δU⟩ − ⟨g⟩⟨δU⟩), with its sampling error."""
        return self.liquid.change_of_bins(np.array(list(self._of_bins())))

    @property
    def variance(self) -> FloatArray:
        """Covariance of βδU over the snapshots, shape (m, m)."""
        energy = self.liquid.setup.state.beta * pair_energies(self)
        return np.asarray(np.atleast_2d(np.cov(energy, rowvar=False)))

    def _of_bins(self) -> Iterator[FloatArray]:
        simulation = self.liquid.simulation
        for pair, rdf in simulation.rdfs.items():
            counted = simulation[f"{FRAMES}{pair.label}"].blocks
            mean = counted.mean(axis=0)
            of_one = np.divide(rdf.mean, mean, out=np.zeros_like(mean), where=mean > 0.0)
            yield of_one[:, None] * induced(self, counted)


def induced(change: Change, values: FloatArray) -> FloatArray:
    """Return the change of an average that comes from other configurations being likely.

    δ⟨A⟩ = −β (⟨A δU⟩ − ⟨A⟩⟨δU⟩), δU being the energy that the changed potentials give to the
    pairs of a snapshot.

    Parameters
    ----------
    change : Change
        m changes of the potentials, of a liquid whose engine recorded fluctuations.
    values : array, shape (f, k)
        A of every snapshot.

    Returns
    -------
    array, shape (k, m)
    """
    energy = pair_energies(change)
    inner = (values - values.mean(axis=0)).T @ (energy - energy.mean(axis=0))
    return np.asarray(-change.liquid.setup.state.beta * inner / (len(values) - 1))


def pair_energies(change: Change) -> FloatArray:
    """Return δU of every snapshot in kcal/mol of the box, shape (f, m)."""
    liquid = change.liquid
    r = liquid.simulation.r
    rows = interpolation_rows(liquid.grid.r, np.maximum(r, liquid.grid.r[0]))
    total = np.zeros(change.energy.shape[-1])
    for i, pair in enumerate(liquid.setup.substance.pairs):
        felt = rows @ (change.energy[:, i] * liquid.seen[:, None])
        total = total + liquid.simulation[f"{FRAMES}{pair.label}"].blocks @ felt
    return np.asarray(total)


def virials(change: Change) -> FloatArray:
    """Return the virial part of the pressure of every snapshot in MPa, shape (f, 1)."""
    return change.liquid.simulation[f"{FRAMES}virial"].blocks
