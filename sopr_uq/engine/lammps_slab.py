"""A slab of liquid between its vapour by LAMMPS."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

import numpy as np

from sopr_uq.engine.lammps_dynamics import LammpsDynamics
from sopr_uq.engine.lammps_motion import kick_command
from sopr_uq.engine.plan import Plan, flight_time
from sopr_uq.engine.protocol import Progress, Simulation, named
from sopr_uq.engine.recorder import Thermo
from sopr_uq.engine.sampling import Clock, advance, equilibrate
from sopr_uq.engine.slab import EVERY, SETTLING, SlabShape, check_size, sampled, vapour_at_start
from sopr_uq.engine.slab_tail import Pressures, SlabTail
from sopr_uq.engine.slab_watch import SlabWatch
from sopr_uq.engine.timestep import length_scale
from sopr_uq.engine.trouble import check_finite
from sopr_uq.rng import stream
from sopr_uq.typing import FloatArray
from sopr_uq.units import FS_PER_PS, MPA_PER_KCAL_MOL_A3

_KICKED_IN = 8.0
"""Memory of a particle's velocity beside the kicks of its bath, in times of free flight: in
the liquid collisions take it a hundred times sooner. By itself heat takes long through a slab: its
inside stays hotter or colder than its surfaces, and the densities of both phases wander with it."""

_APART = 1.3
"""Distance in σ of the places that the first vapour is put on."""


def carry_out_slab(plan: Plan, progress: Progress | None = None) -> Simulation:
    """Simulate a slab of the liquid of a plan between its vapour.

    The liquid is melted and compressed as any, in a box of 1 : 1 : 1.8. The box is then opened to
    three times that length, with as many particles put outside as a vapour has.

    Returns
    -------
    Simulation
        Its series are the ``profile``, the ``insertion``, and the ``normal`` and ``tangential
        pressure``, those parts included that come of pairs beyond the cut-off.

    Raises
    ------
    InputError
        If there are too few particles for a slab.
    SimulationFailed
        If it did not stay one, or the trajectory must not be averaged.
    """
    started, whole = time.perf_counter(), sampled(plan)
    (potential,) = plan.potentials
    sigma = length_scale(potential, plan.state.temperature) or 0.0
    check_size(plan.cutoff, sigma, plan.atoms, plan.state.density)
    settling = SETTLING * plan.settings.production_steps
    clock = Clock(whole.steps + settling, progress)
    watch = SlabWatch(whole)
    with LammpsSlab(whole) as dynamics:
        equilibrate(dynamics, whole, clock)
        dynamics.open()
        advance(dynamics, settling, clock)
        for _ in range(whole.samples):
            thermo, pressures = dynamics.sample_slab()
            check_finite((*thermo, *pressures))
            watch.add(dynamics.positions(), thermo, pressures)
            clock.tick(whole.settings.sample_every)
        version = dynamics.version
    watch.check()
    return Simulation(
        series=named(watch.series()), configuration=None, counts=whole.counts,
        steps=clock.total, seconds=time.perf_counter() - started, rdf_seconds=0.0, engine=version,
    )  # fmt: skip


class LammpsSlab(LammpsDynamics):
    """A LAMMPS process whose box can be opened along z."""

    @property
    def _averages(self) -> str:
        """What is averaged, with the virial along each axis."""
        return f"{super()._averages} c_virial[1] c_virial[2] c_virial[3]"

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan)
        self._shape = SlabShape.of(plan)
        self._tail = SlabTail.of(plan)
        self._opened = False

    @contextlib.contextmanager
    def ramp(self, steps: int) -> Iterator[None]:
        """Within the context, shrink the box to that of the slab over so many steps."""
        with self.ramp_to((self._shape.across, self._shape.across, self._shape.liquid), steps):
            yield

    def open(self) -> None:
        """Make room along z for the vapour, and put some there."""
        self._command(f"change_box all z final 0 {self._shape.along:.15g} units box")
        self._command("fix tail all external pf/array 1")
        self._command("fix_modify tail virial no energy no")
        memory = _KICKED_IN * flight_time(self._plan.setup) * FS_PER_PS
        kicks = kick_command(self._plan, "all", memory, self._units.time)
        # beside the rescaling: heat has to get everywhere, too
        self._command(f"{kicks} zero yes")
        self._opened = True
        self._evaporate()

    def advance(self, steps: int) -> None:
        """Make time steps, what is beyond the cut-off pulling along z."""
        if not self._opened:
            super().advance(steps)
            return
        for done in range(0, steps, EVERY):
            self._pull()
            # a new beginning would draw other kicks for the second half of a step than for the
            # first: half as strong in the mean
            pre = "yes" if done == 0 else "no"
            self._command(f"run {min(EVERY, steps - done)} pre {pre} post no")

    def sample_slab(self) -> tuple[Thermo, Pressures]:
        """Make ``sample_every`` time steps, and average temperature and pressures over them."""
        every = self._plan.settings.sample_every
        if not self._sampling:
            self._start_averages(every)
        beyond = []
        for done in range(0, every, EVERY):
            beyond.append(self._pull())
            self._go_on(min(EVERY, every - done))
        plan = self._plan
        density = plan.atoms / (self._shape.across**2 * self._shape.along)
        ideal = density / plan.state.beta * MPA_PER_KCAL_MOL_A3
        x, y, z = (self._average(i) * self._units.pressure for i in (3, 4, 5))
        normal, tangential = np.mean(beyond, axis=0)
        pressures = Pressures(ideal + z + float(normal), ideal + 0.5 * (x + y) + float(tangential))
        return self._thermo(), pressures

    def positions(self) -> FloatArray:
        """Positions in Å, shape (N, 3), in the order of the atoms' tags, inside the box."""
        if not self._opened:
            return super().positions()
        edges = (self._shape.across, self._shape.across, self._shape.along)
        return np.asarray(np.mod(self._sorted("x"), edges))

    def _places(self) -> FloatArray:
        """Places of all atoms in LAMMPS' own memory, in its own order, shape (N, 3)."""
        return self._lammps.numpy.extract_atom("x")[: self._plan.atoms]  # type: ignore[no-any-return]

    def _pull(self) -> Pressures:
        """Renew the forces from beyond the cut-off; return what these pairs add to the pressure."""
        z = self._places()[:, 2].copy()
        forces = self._lammps.numpy.fix_external_get_force("tail")
        forces[: z.size, :2] = 0.0
        forces[: z.size, 2] = self._tail.forces(z) / self._units.energy
        return self._tail.pressures(z)

    def _evaporate(self) -> None:
        """Put as many atoms of the surfaces outside as a vapour is likely to have."""
        plan, shape = self._plan, self._shape
        (potential,) = plan.potentials
        sigma = length_scale(potential, plan.state.temperature) or 3.0
        sites = _grid(shape, _APART * sigma)
        outside = shape.across**2 * (shape.along - shape.liquid)
        vapour = vapour_at_start(potential, plan.state.temperature)
        # taken from its surfaces they make the liquid thinner, and leave so much more room
        wanted = int(vapour * outside / (1.0 - vapour / plan.state.density))
        count = min(wanted, len(sites), plan.atoms // 4)
        rng = stream(plan.setup.seed, "vapour")
        # from both surfaces: a liquid with holes in it would break into several slabs
        depth = np.abs(np.mod(self._places()[:, 2], shape.along) - 0.5 * shape.liquid)
        chosen = np.argsort(depth)[plan.atoms - count :]
        self._places()[chosen] = sites[rng.permutation(len(sites))[:count]]


def _grid(shape: SlabShape, spacing: float) -> FloatArray:
    """Return places outside of the liquid, at least so many Å apart, shape (n, 3)."""
    across = shape.across / int(shape.across / spacing) * np.arange(int(shape.across / spacing))
    along = np.arange(shape.liquid + spacing, shape.along - spacing, spacing)
    x, y, z = np.meshgrid(across, across, along, indexing="ij")
    return np.stack([x.ravel(), y.ravel(), z.ravel()], axis=1)
