"""What watches a slab of liquid between its vapour, and says when it is none."""

from __future__ import annotations

import numpy as np

from sopr_uq.engine.blocks import block_means, independent_blocks
from sopr_uq.engine.insertion import Insertion
from sopr_uq.engine.plan import Plan
from sopr_uq.engine.recorder import Thermo
from sopr_uq.engine.series import Series
from sopr_uq.engine.slab import BULK_FROM, Profile, SlabShape, Surface, around_middle, holes, pieces
from sopr_uq.engine.slab_tail import Pressures
from sopr_uq.engine.timestep import length_scale
from sopr_uq.engine.trouble import FROZEN, check_mean_temperature
from sopr_uq.errors import SimulationFailed
from sopr_uq.rng import stream
from sopr_uq.typing import FloatArray
from sopr_uq.units import FS_PER_TIME, thermal_energy

_TOGETHER = 20
"""Snapshots that are looked at together for pieces."""

_HOLE = 0.05
"""Share of the matter in a wave across a slab beyond that of any undulation."""

_FEWEST = 4
"""Blocks at the least: a vapour of few particles forgets in a hundred times σ (m/ε)^(1/2)."""

_THIN = 1.0
"""Shortest stretch of liquid inside a slab, in σ, that has a density of its own."""


class SlabWatch:
    """Profile and pressures of a slab.

    Parameters
    ----------
    plan : Plan
        Of its snapshots.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._shape = SlabShape.of(plan)
        self._profile = Profile(self._shape)
        self._rows: list[FloatArray] = []
        self._pressures: list[Pressures] = []
        self._insertion = Insertion.of(plan)
        self._inserted: list[FloatArray] = []
        self._rng = stream(plan.setup.seed, "test particles")
        self._temperatures: list[float] = []
        self._places: list[FloatArray] = []
        self._across: list[float] = []
        self._late: FloatArray | None = None
        self._walk = np.zeros((plan.atoms, 2))

    def add(self, positions: FloatArray, thermo: Thermo, pressures: Pressures) -> None:
        """Take note of a snapshot: positions in Å, shape (N, 3), and averages on the way to it."""
        self._rows.append(self._profile.of(positions[:, 2]))
        self._insert(positions)
        self._pressures.append(pressures)
        self._temperatures.append(thermo.temperature)
        self._places.append(positions[:, 2].astype(np.float32))
        self._across.append(holes(positions, self._shape.across))
        if len(self._rows) > self._plan.samples // 2:
            if self._late is not None:
                step = positions[:, :2] - self._late
                self._walk += step - self._shape.across * np.rint(step / self._shape.across)
            self._late = positions[:, :2]

    def _insert(self, positions: FloatArray) -> None:
        away = around_middle(positions[:, 2], self._shape.along)
        placed = np.column_stack([positions[:, :2], away])
        self._inserted.append(self._insertion.likelihood(placed, self._rng))

    def series(self) -> tuple[Series, ...]:
        """Return the profile in Å⁻³ over z in Å, ⟨exp(−βψ)⟩ of test particles, pressures in MPa."""
        names = ("normal pressure", "tangential pressure")
        found = block_means(np.array(self._pressures), self._pressure_blocks())
        return (
            *self._layers(),
            *(
                Series.of_blocks(name, np.zeros(1), found[:, i : i + 1], "MPa")
                for i, name in enumerate(names)
            ),
        )

    def _layers(self) -> tuple[Series, Series]:
        """What goes by the distance from the middle, over the same blocks."""
        rows, inserted, z = np.array(self._rows), np.array(self._inserted), self._profile.z
        surface = np.isin(z, self._insertion.z)
        slow = (rows[:, : len(z) // 8], rows[:, surface], inserted)
        means = np.stack([each.mean(axis=1) for each in slow], axis=1)
        blocks = independent_blocks(means, self._plan.settings.blocks)
        return (
            Series.of_blocks("profile", z, block_means(rows, blocks), "angstrom^-3"),
            Series.of_blocks("insertion", self._insertion.z, block_means(inserted, blocks), "1"),
        )

    def _pressure_blocks(self) -> int:
        """Of a length that a vapour forgets in."""
        vapour = np.array(self._rows)[:, -len(self._profile.z) // 3 :].mean(axis=1, keepdims=True)
        return independent_blocks(vapour, self._plan.settings.blocks, least=_FEWEST)

    def check(self) -> None:
        """Raise SimulationFailed if what was seen is no slab of a liquid beside its vapour."""
        check_mean_temperature(self._temperatures, self._plan)
        surface = Surface.of(self._profile.z, np.mean(self._rows, axis=0))
        self._check_whole(surface)
        self._check_flow(surface)

    def _check_whole(self, surface: Surface) -> None:
        (potential,) = self._plan.potentials
        size = length_scale(potential, self._plan.state.temperature) or 3.0
        level = 0.5 * (surface.liquid + surface.vapour)
        ends = range(0, len(self._places) - _TOGETHER + 1, _TOGETHER)
        count = [
            pieces(np.array(self._places[i : i + _TOGETHER]), self._shape, level, size)
            for i in ends
        ]
        most, hole = max(count, default=1), float(np.mean(self._across))
        if most > 1 or hole > _HOLE:
            how = f"{most} pieces along z" if most > 1 else "a drop, or with a hole through it"
            raise SimulationFailed(
                f"broken: the slab of liquid did not stay one ({how}). Try: more particles, or a "
                "lower temperature."
            )
        far, half = BULK_FROM * surface.width, 0.5 * self._shape.along
        inside, outside = surface.place - far, half - surface.place - far
        if min(inside, outside) < _THIN * size:
            raise SimulationFailed(
                f"all surface: of {surface.place:.1f} Å of liquid and "
                f"{half - surface.place:.1f} Å of vapour, with a surface "
                f"{surface.width:.1f} Å wide, nothing is far from it. Try: more particles, or a "
                "lower temperature."
            )

    def _check_flow(self, surface: Surface) -> None:
        """Compare with the least diffusion of a fluid; half of the particles are in the liquid."""
        plan, spacing = self._plan, surface.liquid ** (-1 / 3)
        speed = np.sqrt(thermal_energy(plan.state.temperature) / plan.masses[0]) / FS_PER_TIME
        time = (plan.samples // 2) * plan.settings.sample_every * plan.timestep
        moved = float(np.median(np.sum(self._walk**2, axis=1))) / np.log(2.0)
        diffusion = moved / (4.0 * time * speed * spacing)
        if diffusion < FROZEN:
            raise SimulationFailed(
                f"frozen: particles of the slab moved by only {np.sqrt(moved):.2f} Å in "
                f"{time / 1000.0:.1f} ps. Try: a higher temperature."
            )
