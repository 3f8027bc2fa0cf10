"""Collecting every fault of an input before any of them is raised."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sopr_uq.errors import InputError, InputErrors


class Faults:
    """The faults found so far, in the order in which they were found."""

    def __init__(self) -> None:
        self._found: list[InputError] = []

    @contextmanager
    def caught(self, where: str = "") -> Iterator[None]:
        """Note the input errors of a block instead of letting them out.

        Parameters
        ----------
        where : str, optional
            Put before the place that the error names itself.
        """
        try:
            yield
        except InputErrors as several:
            for one in several.faults:
                self.add(one, where)
        except InputError as one:
            self.add(one, where)

    def add(self, fault: InputError, where: str = "") -> None:
        """Note one fault; ``where`` is put before the place that it names itself."""
        if where:
            place = f"{where}, {fault.where}"
            fault = InputError(place, fault.expected, fault.found, fault.advice)
        self._found.append(fault)

    def __len__(self) -> int:
        return len(self._found)

    def raise_any(self) -> None:
        """Raise all faults together.

        Raises
        ------
        InputErrors
            If there is at least one.
        """
        if self._found:
            raise InputErrors(self._found)
