"""Bases written in Python: calculators of ASE, which run only where somebody allows them."""

from __future__ import annotations

import os
import re

from sopr_uq.errors import InputError

PREFIX = "ase:"
"""How the style of a base begins that is a calculator of ASE."""

ALLOWED = "SOPR_UQ_ALLOW"
"""The variable of the environment that lists the calculators that may run."""

_NAME = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+", re.ASCII)
_BETWEEN = re.compile(r"[,\s]+")


def is_calculator(style: str) -> bool:
    """Return whether the style of a base is a calculator of ASE."""
    return style.startswith(PREFIX)


def check_allowed(style: str) -> None:
    """Check that a style names a class, and that whoever runs this process lets it run.

    A configuration may come from a stranger, and importing a module runs its code: so nothing
    is imported, not even to see whether it is there, before its name stands in :data:`ALLOWED`.

    Raises
    ------
    InputError
        If it does not.
    """
    name = style.removeprefix(PREFIX)
    if not _NAME.fullmatch(name):
        raise InputError(
            "base.style",
            f"a class with its module, such as {PREFIX}ase.calculators.emt.EMT",
            repr(style),
        )
    if style not in _BETWEEN.split(os.environ.get(ALLOWED, "")):
        raise InputError(
            "base.style",
            "a pair style of LAMMPS, or a calculator of ASE that you allow",
            style,
            f'{ALLOWED}="{style}" in the environment if you trust whoever wrote this '
            "configuration: it runs Python code of that module, with its arguments and files",
        )
