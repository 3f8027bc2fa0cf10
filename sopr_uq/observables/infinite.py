"""The infinite liquid that a simulation of a finite box implies."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from sopr_uq.engine.protocol import Setup, Simulation
from sopr_uq.errors import InputError, RuleFailed
from sopr_uq.experiment.molecule import Pair
from sopr_uq.experiment.sites import site_mixture
from sopr_uq.structure.cavity import DEGREE, CavitySmoother
from sopr_uq.structure.extension_change import extended_change
from sopr_uq.structure.mixture import Mixture
from sopr_uq.structure.ornstein_zernike import extend
from sopr_uq.structure.response import LinearResponse, linear_response
from sopr_uq.structure.taper import taper, tapered
from sopr_uq.structure.transforms import RadialGrid
from sopr_uq.typing import BoolArray, FloatArray

_SHARES = (1.0, 0.5, 0.25)
"""Of the change by what lies beyond the cut-off, that are tried."""

_LENGTH_OF_MOLECULES = 0.1
"""In Å, five bins by default: of water-like cores it costs g 0.01 where it is steepest, and 0.15 Å
three times that."""


def as_it_is(change: FloatArray) -> FloatArray:
    """Return a change of g that is known at all distances."""
    return change


@dataclass(frozen=True)
class InfiniteLiquid:
    """Radial distribution functions at all distances, with their sampling errors.

    Parameters
    ----------
    setup : Setup
        What was simulated.
    simulation : Simulation
    grid : RadialGrid
        n distances.
    g : array, shape (n, p)
        g(r) of the pairs of the substance, in their order.
    blocks : array, shape (b, n, p)
        g as each block has it, to first order about g, at all distances.
    seen : array of bool, shape (n,)
        Where the liquid has potentials: up to a cut-off, or everywhere.
    energy : array, shape (n, p)
        v in kcal/mol as it acts (:meth:`acting`).
    force : array, shape (n, p)
        −v′ in kcal/(mol Å), at all distances.
    smooth : tuple of array, shape (n, k)
        What makes the g(r) of each pair on the grid of the k bins of the simulation, zero
        beyond them; empty where none was simulated.
    follow : callable
        Changes of g within the simulated distances, (n, p, m), to those at all distances.
    """

    setup: Setup
    simulation: Simulation
    grid: RadialGrid
    g: FloatArray
    blocks: FloatArray
    seen: BoolArray
    energy: FloatArray
    force: FloatArray
    smooth: tuple[FloatArray, ...] = ()
    follow: Callable[[FloatArray], FloatArray] = as_it_is

    def change_of_bins(self, change: FloatArray) -> FloatArray:
        """Return δg at all distances for changes of g in the bins, (p, k, m) → (n, p, m)."""
        smoothed = [rows @ each for rows, each in zip(self.smooth, change, strict=True)]
        return self.follow(np.stack(smoothed, axis=1))

    @cached_property
    def mixture(self) -> Mixture:
        """Its sites, with the distances within molecules."""
        return site_mixture(self.setup.substance, self.setup.state)

    @cached_property
    def response(self) -> LinearResponse:
        """The linear response of g to the potentials, bridge functions held.

        Raises
        ------
        RuleFailed
            If the liquid is unstable.
        """
        unstable = RuleFailed(
            "the simulated g(r) belongs to no stable fluid at this density and "
            "temperature (the box may have begun to separate into phases); start from a "
            "shallower reference potential"
        )
        try:
            response = linear_response(self.grid, self.g, self.mixture, self.setup.state.beta)
        except InputError as error:  # its S(q) is negative somewhere
            raise unstable from error
        if not response.stable:
            raise unstable
        return response

    def acting(self, change: FloatArray) -> FloatArray:
        """Return what particles feel of potentials in kcal/mol, (n, ...) → (n, ...)."""
        return acting(change, self.seen)

    def without_cutoff(self) -> InfiniteLiquid:
        """Return the liquid of the whole potentials, to second order in what lies beyond.

        Near a critical point a cut-off at three diameters changes g(r) by a hundredth. The
        response is that of the liquid halfway. Where a mixture nearly parts into its
        components, g of a short run says little of how nearly, and all of this change may
        leave no liquid: then a part of it is made.

        Raises
        ------
        RuleFailed
            If the liquid is unstable.
        """
        if self.seen.all():
            return self
        energy = np.stack([v.energy(self.grid.r) for v in self.setup.in_order], axis=1)
        missing = (energy - self.energy)[..., None]
        first = self.response.rdf(missing)[..., 0]
        for share in _SHARES[:-1]:
            with suppress(RuleFailed):
                return self._with(share, missing, first, energy)
        return self._with(_SHARES[-1], missing, first, energy)

    def _with(
        self, share: float, missing: FloatArray, first: FloatArray, energy: FloatArray
    ) -> InfiniteLiquid:
        """Return the liquid with a share of the change that what is missing makes."""
        halfway = replace(self, g=self.g + 0.5 * share * first)
        change = share * halfway.response.rdf(missing)[..., 0]
        seen, g, blocks = np.ones_like(self.seen), self.g + change, self.blocks + change
        found = replace(self, g=g, blocks=blocks, seen=seen, energy=energy)
        _ = found.response
        return found

    def column(self, pair: Pair) -> int:
        """Return which column a pair has."""
        return self.setup.substance.pairs.index(pair)


def acting(energy: FloatArray, seen: BoolArray) -> FloatArray:
    """Return what particles feel of potentials, zero beyond the cut-off and continuous there.

    They move by forces, which end at the cut-off; where these do, so does the energy that
    they are the slope of. A jump would be a force of its own, and g would have a step.

    Parameters
    ----------
    energy : array, shape (n, ...)
        In kcal/mol.
    seen : array of bool, shape (n,)
        Where there are forces: everywhere, or up to a distance.
    """
    if seen.all():
        return energy
    last = int(np.flatnonzero(seen)[-1])
    acts = np.zeros_like(energy)
    acts[: last + 1] = energy[: last + 1] - energy[last]
    return acts


def continued(setup: Setup, simulation: Simulation, grid: RadialGrid) -> InfiniteLiquid:
    """Smooth the g(r) of a simulation, take its finite-size error out, and continue it.

    Of atoms the effect of the cut-off is taken out, too.

    Between sites of molecules exp(−βv) is no guide to g, as their neighbours in the molecule
    matter as much: there g itself is smoothed, over less.

    Parameters
    ----------
    setup : Setup
        What was simulated.
    simulation : Simulation
    grid : RadialGrid
        It reaches beyond the simulated distances.

    Raises
    ------
    RuleFailed
        If no homogeneous liquid has these g(r).
    """
    mixture = site_mixture(setup.substance, setup.state)
    beta, r = setup.state.beta, simulation.r
    radius = float(r[-1])
    inside, seen = grid.r < radius, grid.r <= simulation.cutoff
    g, blocks, smooth = [], [], []
    for pair, series in simulation.rdfs.items():
        smoother = _smoother(setup, simulation, pair)
        rows = np.zeros((grid.n, r.size))
        rows[inside] = smoother.predict(grid.r[inside])
        g.append(rows @ series.mean)
        blocks.append(series.blocks @ rows.T)
        smooth.append(rows)
    # the simulation ignores the potential beyond its cut-off; the continuation must too
    energy = acting(np.stack([v.energy(grid.r) for v in setup.in_order], axis=1), seen)
    force = np.stack([v.force(grid.r) for v in setup.in_order], axis=1)
    counts = np.array(simulation.counts) if simulation.counts else 0
    known, found = np.stack(g, axis=1), np.stack(blocks, axis=-1)

    def whole(g: FloatArray, follow: Callable[[FloatArray], FloatArray]) -> InfiniteLiquid:
        each = found
        if found.size:
            # what is made of g is made of its errors
            errors = np.moveaxis(found - found.mean(axis=0), 0, -1)
            each = g + np.moveaxis(follow(errors), -1, 0)
        rows = tuple(smooth)
        return InfiniteLiquid(setup, simulation, grid, g, each, seen, energy, force, rows, follow)

    if mixture.charges is not None:
        led = taper(grid, radius)[:, None, None]
        g_all = tapered(grid, known, radius, mixture, counts)
        return whole(g_all, lambda change: np.asarray(led * change))
    solution = extend(grid, known, radius, energy, mixture, beta, particles=counts)
    if not solution.converged:
        raise RuleFailed(solution.message)
    liquid = whole(
        solution.g, lambda c: extended_change(solution, known, radius, c, particles=counts)
    )
    return liquid.without_cutoff() if setup.substance.bare else liquid


def _smoother(setup: Setup, simulation: Simulation, pair: Pair) -> CavitySmoother:
    r, width, beta = simulation.r, simulation.bin_width, setup.state.beta
    if setup.substance.simple:
        return CavitySmoother(r, width, setup.potentials[pair].energy, beta)
    length = max(_LENGTH_OF_MOLECULES, (DEGREE + 2) * width)
    return CavitySmoother(r, width, np.zeros_like, beta, length)
