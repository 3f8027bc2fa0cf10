"""Checks of a base before anything is simulated on it."""

from __future__ import annotations

from collections.abc import Sequence

from sopr_uq.engine import lammps
from sopr_uq.engine.calculator import check_calculator
from sopr_uq.engine.lammps_base import coefficient_commands, style_arguments
from sopr_uq.engine.lammps_dynamics import started
from sopr_uq.errors import InputError
from sopr_uq.experiment.base import Base
from sopr_uq.experiment.calculator import is_calculator

_EDGE = 20.0


def check_base(base: Base, sites: Sequence[str]) -> None:
    """Check that a base can be simulated on: LAMMPS reads its files, Python finds its calculator.

    Parameters
    ----------
    base : Base
    sites : sequence of str
        Names of the types of sites.

    Raises
    ------
    EngineUnavailable
        If the base is a calculator and ASE is not installed.
    InputError
        If it cannot.
    """
    if is_calculator(base.style):
        check_calculator(base)
    elif lammps.unavailable() is None:
        _read(base, sites)


def _read(base: Base, sites: Sequence[str]) -> None:
    """Let LAMMPS read the files, into an empty box."""
    process = started(1)
    try:
        for command in (
            "units metal",
            "atom_modify map array",
            f"region box block 0 {_EDGE} 0 {_EDGE} 0 {_EDGE}",
            f"create_box {len(sites)} box",
            *(f"mass {i} 1" for i in range(1, len(sites) + 1)),
            f"pair_style hybrid/overlay {style_arguments(base)} zero 5.0",
            *coefficient_commands(base, sites),
        ):
            process.command(command)
    except Exception as error:
        files = " and ".join(file.name for file in base.files)
        words = str(error).splitlines()[0].rstrip(".")
        raise InputError(
            "base.files", f"what LAMMPS reads as {base.style}", f"{files}: {words}",
            "another style, other files, or these in another order",
        ) from error  # fmt: skip
    finally:
        process.close()
