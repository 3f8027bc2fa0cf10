"""Errors that a scientist can act on: what was expected, what was found, what to try."""

from __future__ import annotations

from collections.abc import Sequence


class SoprUqError(Exception):
    """Base class of every error that this package raises on purpose."""


class InputError(SoprUqError, ValueError):
    """Something handed to the package cannot be used.

    Parameters
    ----------
    where : str
        What is wrong: a file with its line, a configuration key, an argument.
    expected : str
        What would have been accepted.
    found : str
        What was there instead.
    advice : str, optional
        What to try next.
    """

    def __init__(self, where: str, expected: str, found: str, advice: str = "") -> None:
        self.where = where
        self.expected = expected
        self.found = found
        self.advice = advice
        super().__init__(self._text())

    def __reduce__(self) -> tuple[type[InputError], tuple[str, str, str, str]]:
        return type(self), (self.where, self.expected, self.found, self.advice)

    def _text(self) -> str:
        text = f"{self.where}: expected {self.expected}; found {self.found}."
        if not self.advice:
            return text
        asks = self.advice.endswith("?")
        return f"{text} {self.advice}" if asks else f"{text} Try: {self.advice}."


class InputErrors(SoprUqError, ValueError):
    """Several faults of one input, all named at once.

    Parameters
    ----------
    faults : sequence of InputError
        The faults, in the order in which they were found.
    """

    def __init__(self, faults: Sequence[InputError]) -> None:
        self.faults = tuple(faults)
        count = len(self.faults)
        lines = [f"{count} fault{'' if count == 1 else 's'} in the input:"]
        lines += [f"  - {fault}" for fault in self.faults]
        super().__init__("\n".join(lines))

    def __reduce__(self) -> tuple[type[InputErrors], tuple[tuple[InputError, ...]]]:
        return type(self), (self.faults,)


class EngineUnavailable(SoprUqError):
    """The engine asked for is not installed, or not in a usable form."""


class SimulationFailed(SoprUqError):
    """A simulation ended in a state that must not be averaged."""


class PhaseSeparated(SimulationFailed):
    """A box came apart into phases, as it would again."""


class RuleFailed(SoprUqError):
    """An update rule cannot go on from the observation it was given."""


class NoPotential(RuleFailed):
    """The data ask for something that no potential with a repulsive core gives."""


class CheckpointError(SoprUqError):
    """A stored run cannot be read or continued."""


class Interrupted(KeyboardInterrupt):
    """A run that was told to stop, and has: what is kept, and how to go on.

    Parameters
    ----------
    message : str
        For a person.
    signal : int, optional
        What stopped it; SIGINT is Ctrl-C.
    """

    def __init__(self, message: str, signal: int = 2) -> None:
        self.signal = signal
        super().__init__(message)
