"""The commands by which LAMMPS moves atoms and rigid molecules at a temperature."""

from __future__ import annotations

import numpy as np

from sopr_uq.engine.electrostatics import MESH_ACCURACY
from sopr_uq.engine.plan import Plan
from sopr_uq.rng import integer_seed

_SEEDS = 899_999_999
_KICK, _KICK_TIME = "kick", 100.0
"""Name of the fix, and the time in fs in which velocities forget what they were."""

_SKIN, _SKIN_OF_MOLECULES = 0.7, 2.0


def skin(plan: Plan) -> float:
    """Return how far beyond the cut-off in Å neighbours are kept.

    Hydrogen turns fast: with the wider one a run of water takes 10 to 20 % less.
    """
    return _SKIN if plan.setup.substance.atomic else _SKIN_OF_MOLECULES


def atom_style(plan: Plan) -> str:
    """Return what LAMMPS has to know of an atom."""
    substance = plan.setup.substance
    return "atomic" if substance.simple else "full"


def mesh_commands(plan: Plan) -> tuple[str, ...]:
    """Return what sums the rest of Coulomb's law; nothing without charges."""
    if plan.alpha is None:
        return ()
    return (
        f"kspace_style pppm {MESH_ACCURACY}",
        f"kspace_modify gewald {plan.alpha:.15g}",
    )


def motion_commands(plan: Plan, unit: float) -> tuple[str, ...]:
    """Return integrators and thermostats, times in a unit of so many fs.

    Atoms, those of flexible molecules too, by velocity rescaling, rigid molecules by Nosé–Hoover
    chains for their translation and their rotation (Kamberaj, Li & Hansen, J. Chem. Phys. 122,
    224114 (2005)), since rescaled velocities of atoms mean nothing to a rigid body.
    """
    temperature = plan.state.temperature
    damping = f"{plan.settings.thermostat_time * plan.timestep / unit:.15g}"
    seed = plan.seed % _SEEDS + 1
    rigid = plan.topology.rigid
    kick = _kick_commands(plan, "all" if not rigid.any() else "atoms", unit)
    apart = () if plan.setup.substance.atomic else ("neigh_modify exclude molecule/intra all",)
    if not rigid.any():
        return (
            *apart,
            "fix move all nve",
            f"fix bath all temp/csvr {temperature} {temperature} {damping} {seed}",
            *kick,
        )
    # while the box shrinks, atoms lie off their shape between steps: a new run must not keep that
    bath = f"temp {temperature} {temperature} {damping} reinit no"
    bodies = (
        *apart,
        f"fix bodies bodies rigid/nvt/small molecule {bath}",
    )
    if rigid.all():
        return ("group bodies union all", *bodies)
    return (
        f"group bodies molecule {_rigid_molecules(plan)}",
        "group atoms subtract all bodies",
        *bodies,
        "fix move atoms nve",
        # neither bath keeps the momentum of the whole at zero: all degrees of freedom are warm
        "compute_modify thermo_temp extra/dof 0",
        "compute atoms atoms temp",
        "compute_modify atoms extra/dof 0",
        f"fix bath atoms temp/csvr {temperature} {temperature} {damping} {seed}",
        "fix_modify bath temp atoms",
        *kick,
    )


def settled_commands(plan: Plan) -> tuple[str, ...]:
    """Return what ends the kicks before anything is sampled; the whole rests again after them."""
    if not _flexible(plan):
        return ()
    still = () if plan.topology.rigid.any() else ("velocity all zero linear",)
    return (f"unfix {_KICK}", *still)


def _kick_commands(plan: Plan, group: str, unit: float) -> tuple[str, ...]:
    """Return what kicks the atoms of flexible molecules one by one, until they are sampled.

    A stiff bond hardly shares heat with what is around it: rescaled velocities alone would leave
    it as cold as it began, and the molecules hotter than they should be.
    """
    if not _flexible(plan):
        return ()
    return (kick_command(plan, group, _KICK_TIME, unit),)


def kick_command(plan: Plan, group: str, memory: float, unit: float) -> str:
    """Return what kicks the atoms of a group one by one (Langevin).

    Parameters
    ----------
    plan : Plan
    group : str
    memory : float
        How long velocities remember beside the kicks, in fs.
    unit : float
        Of times, in fs.
    """
    temperature, seed = plan.state.temperature, integer_seed(plan.seed, "kicks") % _SEEDS + 1
    return f"fix {_KICK} {group} langevin {temperature} {temperature} {memory / unit:.15g} {seed}"


def _flexible(plan: Plan) -> bool:
    return any(molecule.bonded is not None for molecule in plan.setup.substance.molecules)


def _rigid_molecules(plan: Plan) -> str:
    """Ranges of the numbers of rigid molecules, as LAMMPS counts them."""
    ends = np.cumsum(plan.topology.numbers)
    ranges = zip(plan.setup.substance.molecules, (0, *ends[:-1]), ends, strict=True)
    return " ".join(f"{begin + 1}:{end}" for molecule, begin, end in ranges if molecule.rigid)
