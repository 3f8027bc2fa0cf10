"""How LAMMPS is told of everything that acts: tables of pairs, a base, a mesh of charges."""

from __future__ import annotations

from itertools import combinations_with_replacement
from pathlib import Path

import numpy as np

from sopr_uq.engine.lammps_base import coefficient_commands, style_arguments
from sopr_uq.engine.lammps_motion import mesh_commands
from sopr_uq.engine.plan import Plan
from sopr_uq.experiment.calculator import is_calculator
from sopr_uq.potentials import Potential

_TABLE_POINTS = 10_000
_INNERMOST = 1e-3


def potential_commands(plan: Plan, unit: float, folder: Path) -> list[str]:
    """Write the tables of a plan, and return the commands that read them, base and mesh besides.

    Parameters
    ----------
    plan : Plan
        Whose base, if it is a calculator of ASE, is none of LAMMPS' business here.
    unit : float
        Of energy, in kcal/mol.
    folder : Path
        Needed until the commands are carried out.
    """
    base, mesh = plan.setup.substance.base, mesh_commands(plan)
    table, mixed = f"table linear {_TABLE_POINTS}{' pppm' if mesh else ''}", ""
    if base is None or is_calculator(base.style):
        commands = [f"pair_style {table}"]
    else:
        sites = [site.name for site in plan.setup.substance.sites]
        commands = [f"pair_style hybrid/overlay {style_arguments(base)} {table}"]
        commands += coefficient_commands(base, sites)
        mixed = "table "
    types = combinations_with_replacement(range(1, len(plan.counts) + 1), 2)
    for (a, b), potential in zip(types, plan.tabulated, strict=True):
        path = folder / f"{a}-{b}.table"
        write_table(potential, plan.cutoff, path, unit)
        commands.append(f'pair_coeff {a} {b} {mixed}"{path}" PAIR {plan.cutoff!r}')
    return [*commands, *mesh]


def write_table(potential: Potential, cutoff: float, path: Path, unit: float = 1.0) -> None:
    """Write a potential up to its cut-off in Å as a table ``PAIR`` for LAMMPS.

    Parameters
    ----------
    potential : Potential
    cutoff : float
        In Å.
    path : Path
    unit : float
        Of its energies, in kcal/mol.
    """
    r = np.sqrt(np.linspace(_INNERMOST**2, cutoff**2, _TABLE_POINTS))
    rows = np.column_stack([r, potential.energy(r) / unit, potential.force(r) / unit])
    with path.open("w") as file:
        file.write(f"PAIR\nN {len(r)} RSQ {_INNERMOST!r} {cutoff!r}\n\n")
        file.writelines(f"{i} {x!r} {v!r} {f!r}\n" for i, (x, v, f) in enumerate(rows.tolist(), 1))
