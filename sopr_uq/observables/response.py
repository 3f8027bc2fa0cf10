"""What changes of the potentials do to a liquid: by theory, or as the trajectory shows it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from sopr_uq.engine.fluctuations import FRAMES
from sopr_uq.observables.infinite import InfiniteLiquid
from sopr_uq.structure.moving_bridge import bridge_change
from sopr_uq.structure.truncation import interpolation_rows
from sopr_uq.typing import FloatArray


class Response(Protocol):
    """Changes of the potentials, and what they do to g."""

    @property
    def liquid(self) -> InfiniteLiquid:
        """The liquid whose potentials change."""
        ...

    @property
    def energy(self) -> FloatArray:
        """δv in kcal/mol on the liquid's grid, shape (n, p, m): m changes of all p potentials.

        Beyond a cut-off of the liquid they change the tail corrections alone.
        """
        ...

    @property
    def g(self) -> FloatArray:
        """δg, shape (n, p, m)."""
        ...


@dataclass(frozen=True)
class OrnsteinZernike:
    """The response by the Ornstein–Zernike equation, of sites of molecules too.

    Parameters
    ----------
    liquid, energy
        As of :class:`Response`.
    moving_bridge : bool
        Whether bridge functions ride on the cores
        (:mod:`sopr_uq.structure.moving_bridge`) or stay; those of molecules stay.
    """

    liquid: InfiniteLiquid
    energy: FloatArray
    moving_bridge: bool = False

    @cached_property
    def g(self) -> FloatArray:
        """δg, shape (n, p, m)."""
        liquid, setup = self.liquid, self.liquid.setup
        felt = liquid.acting(self.energy)
        if self.moving_bridge and setup.substance.bare:
            beta = setup.state.beta
            moved = bridge_change(liquid.grid, liquid.g, liquid.energy, setup.densities, beta, felt)
            # B stands beside −βv in the closure: a change of it acts as one of v
            felt = felt - moved / beta
        return liquid.response.rdf(felt)


@dataclass(frozen=True)
class Fluctuation:
    """The response by what fluctuates together in a trajectory, with its sampling error.

    Parameters
    ----------
    liquid, energy
        As of :class:`Response`; the liquid's engine recorded fluctuations.
    """

    liquid: InfiniteLiquid
    energy: FloatArray

    @property
    def recorded(self) -> bool:
        """Whether the engine kept snapshots."""
        return any(name.startswith(FRAMES) for name in self.liquid.simulation.series)

    @cached_property
    def g(self) -> FloatArray:
        """δg, shape (n, p, m): −β (⟨g δU⟩ − ⟨g⟩⟨δU⟩)."""
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


def induced(change: Response, values: FloatArray) -> FloatArray:
    """Return the change of an average that comes from other configurations being likely.

    δ⟨A⟩ = −β (⟨A δU⟩ − ⟨A⟩⟨δU⟩), δU being the energy that the changed potentials give to the
    pairs of a snapshot.

    Parameters
    ----------
    change : Response
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


def pair_energies(change: Response) -> FloatArray:
    """Return δU of every snapshot in kcal/mol of the box, shape (f, m)."""
    liquid = change.liquid
    r = liquid.simulation.r
    rows = interpolation_rows(liquid.grid.r, np.maximum(r, liquid.grid.r[0]))
    total = np.zeros(change.energy.shape[-1])
    for i, pair in enumerate(liquid.setup.substance.pairs):
        felt = rows @ liquid.acting(change.energy[:, i])
        total = total + liquid.simulation[f"{FRAMES}{pair.label}"].blocks @ felt
    return np.asarray(total)


def virial_frames(change: Response) -> FloatArray:
    """Return the virial part of the pressure of every snapshot in MPa, shape (f, 1)."""
    return change.liquid.simulation[f"{FRAMES}virial"].blocks
