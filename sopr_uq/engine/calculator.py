"""A calculator of ASE: energy, forces and virial of a box of atoms."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from sopr_uq.errors import EngineUnavailable, InputError, SimulationFailed
from sopr_uq.experiment.base import Base
from sopr_uq.experiment.calculator import PREFIX, check_allowed
from sopr_uq.experiment.nearest import suggestion
from sopr_uq.typing import FloatArray

_AS_LAMMPS = (0, 1, 2, 5, 4, 3)
"""ASE counts yz, xz, xy; LAMMPS xy, xz, yz."""


class Evaluated(NamedTuple):
    """What a calculator says of positions."""

    energy: float
    """In eV."""
    forces: FloatArray
    """In eV/Å, shape (N, 3)."""
    virial: FloatArray
    """Of the whole box in eV: xx, yy, zz, xy, xz, yz; shape (6,)."""


class Calculator:
    """The calculator that a base names, made for a box of atoms.

    Parameters
    ----------
    base : Base
    sites : sequence of str
        Name of the type of each atom, N of them.

    Raises
    ------
    EngineUnavailable
        If ASE is not installed.
    InputError
        If the calculator cannot be made.
    """

    def __init__(self, base: Base, sites: Sequence[str]) -> None:
        check_calculator(base)
        from ase import Atoms

        self._style = base.style
        self._atoms: Any = Atoms(list(base.of_sites(sites)), pbc=True)
        arguments = dict(base.arguments)
        try:
            self._atoms.calc = _class_of(base.style)(**arguments)
        except Exception as error:
            told = ", ".join(arguments) or "none"
            raise InputError("base.arguments", f"those that make {base.style}", told,
                             _words(error)) from error  # fmt: skip

    @property
    def version(self) -> str:
        """The class, and the version of the package that it is of."""
        package = sys.modules[self._style.removeprefix(PREFIX).partition(".")[0]]
        return f"{self._style} {getattr(package, '__version__', '')}".rstrip()

    def first(self, positions: FloatArray, length: float) -> Evaluated:
        """Evaluate for the first time; what fails then is not the simulation's fault.

        Raises
        ------
        InputError
            If it cannot: an element that it does not know, no stress.
        """
        try:
            return self.at(positions, length)
        except SimulationFailed:
            raise
        except Exception as error:
            names = ", ".join(dict.fromkeys(self._atoms.get_chemical_symbols()))
            raise InputError("base", f"energy, forces and stress of {names} by {self._style}",
                             _words(error)) from error  # fmt: skip

    def at(self, positions: FloatArray, length: float) -> Evaluated:
        """Evaluate.

        Parameters
        ----------
        positions : array, shape (N, 3)
            In Å, in the order of the sites.
        length : float
            Edge of the periodic cube in Å.

        Raises
        ------
        SimulationFailed
            If what it says is not finite.
        Exception
            Whatever it raises itself.
        """
        atoms = self._atoms
        atoms.set_cell([length] * 3)
        atoms.set_positions(positions)
        energy = float(atoms.get_potential_energy())
        forces = np.asarray(atoms.get_forces(), dtype=float)
        stress = np.asarray(atoms.get_stress(voigt=True), dtype=float)[list(_AS_LAMMPS)]
        if not (np.isfinite(energy) and np.isfinite(forces).all() and np.isfinite(stress).all()):
            raise SimulationFailed(f"{self._style} gives numbers that are not finite")
        return Evaluated(energy, forces, -stress * length**3)


def check_calculator(base: Base) -> None:
    """Check that the calculator of a base can be imported and that its elements exist.

    Raises
    ------
    EngineUnavailable
        If ASE is not installed.
    InputError
        If it is not allowed, not there, no class of a calculator, or an element does not exist.
    """
    check_allowed(base.style)
    try:
        from ase.data import atomic_numbers
    except ImportError as error:
        raise EngineUnavailable(
            f"ASE cannot be loaded: {error}. Try: pip install 'sopr-uq[ase]'"
        ) from error
    _class_of(base.style)
    for _, element in base.elements:
        if element not in atomic_numbers:
            raise InputError("base.elements", "a chemical symbol", repr(element),
                             suggestion(element, atomic_numbers))  # fmt: skip


def _class_of(style: str) -> Any:
    module_name, _, name = style.removeprefix(PREFIX).rpartition(".")
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        raise InputError(
            "base.style", f"a module that Python finds: {module_name}", str(error),
            "install it beside sopr-uq, or name the folder of your own in PYTHONPATH",
        ) from error  # fmt: skip
    known = {name: each for name, each in vars(module).items() if _is_class(each)}
    if name not in known:
        expected = f"a class of {module_name} that is a calculator of ASE"
        raise InputError("base.style", expected, repr(name), suggestion(name, known))
    return known[name]


def _is_class(found: object) -> bool:
    from ase.calculators.abc import GetPropertiesMixin

    return isinstance(found, type) and issubclass(found, GetPropertiesMixin)


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0].rstrip(".")
