"""Forces that LAMMPS asks a calculator for, at every time step."""

from __future__ import annotations

from typing import Any

from sopr_uq.engine.calculator import Calculator, Evaluated
from sopr_uq.errors import SimulationFailed
from sopr_uq.typing import FloatArray, IntArray

_FIX = "base"


class External:
    """A calculator as ``fix external`` of a LAMMPS process, energy and virial included.

    Parameters
    ----------
    lammps : lammps
        With its atoms, in units metal; one process, which has all atoms.
    calculator : Calculator
        Of the same atoms, in the order of their tags.

    Raises
    ------
    InputError
        If the calculator cannot evaluate the atoms as they are.
    """

    def __init__(self, lammps: Any, calculator: Calculator) -> None:
        self._lammps = lammps
        self._calculator = calculator
        self._failure: BaseException | None = None
        n = lammps.get_natoms()
        tags, x = lammps.numpy.extract_atom("id")[:n], lammps.numpy.extract_atom("x")[:n]
        calculator.first(_by_tag(tags, x), self._length)
        lammps.command(f"fix {_FIX} all external pf/callback 1 1")
        lammps.command(f"fix_modify {_FIX} energy yes virial yes")
        lammps.set_fix_external_callback(_FIX, self._called, None)

    @property
    def version(self) -> str:
        """What the calculator is."""
        return self._calculator.version

    def check(self) -> None:
        """Raise what the calculator raised: an exception does not pass through LAMMPS by itself.

        Raises
        ------
        SimulationFailed
            If it failed; what is no error, such as an interrupt, as it is.
        """
        failure, self._failure = self._failure, None
        if isinstance(failure, Exception):
            raise SimulationFailed(
                f"{self._calculator.version} stopped: {type(failure).__name__}: {failure}"
            ) from failure
        if failure is not None:
            raise failure

    @property
    def _length(self) -> float:
        low, high = self._lammps.extract_box()[:2]
        return float(high[0] - low[0])

    def _called(
        self, _caller: object, _step: int, _n: int, tags: IntArray, x: FloatArray, f: FloatArray
    ) -> None:
        if self._failure is not None:
            return
        try:
            found: Evaluated = self._calculator.at(_by_tag(tags, x), self._length)
        except BaseException as error:
            self._failure = error
            self._lammps.force_timeout()
            return
        f[:] = found.forces[tags - 1]
        self._lammps.fix_external_set_energy_global(_FIX, found.energy)
        self._lammps.fix_external_set_virial_global(_FIX, found.virial.tolist())


def _by_tag(tags: IntArray, x: FloatArray) -> FloatArray:
    """Return positions, shape (N, 3), in the order of the tags."""
    ordered = x.copy()
    ordered[tags - 1] = x
    return ordered
