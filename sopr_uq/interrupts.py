"""Interrupts: Ctrl-C, and a request to end, that are still known where a library swallows them."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType

from sopr_uq.errors import Interrupted

_HEARD: list[int] = []
"""Signals that came while somebody listened."""


@contextmanager
def explained(message: Callable[[], str]) -> Iterator[None]:
    """Turn an interrupt of what is done inside into one that says what is kept.

    Parameters
    ----------
    message : callable
        Says, after an interrupt, what is kept and how to go on.

    Raises
    ------
    Interrupted
        If a signal ended what was done inside.

    Notes
    -----
    A signal raises wherever Python happens to be, and compiled code that calls Python may put
    an error of its own in the place of an interrupt (numpy does, where it compares records), or
    none at all. Whatever ends the work after a signal was heard is therefore taken for the
    interrupt, and :func:`obey` asks from time to time whether there was one.
    """
    with listening():
        try:
            obey()
            yield
        except KeyboardInterrupt as interrupt:
            raise Interrupted(message(), getattr(interrupt, "signal", 2)) from interrupt
        except Exception as error:
            if not _HEARD:
                raise
            raise Interrupted(message(), _HEARD[0]) from error


def obey() -> None:
    """Raise the interrupt that was heard before, where something has swallowed it.

    Raises
    ------
    Interrupted
        If a signal came within :func:`listening` or :func:`explained`.
    """
    if _HEARD:
        raise Interrupted("Interrupted.", _HEARD[0])


@contextmanager
def listening() -> Iterator[None]:
    """Note every signal that ends a program before its handler is called.

    What is swallowed inside, by a library that is being imported for example, is heard by the
    next :func:`obey`.
    """
    with ExitStack() as stack:
        # Only the main thread hears signals, or may say who does.
        if threading.current_thread() is threading.main_thread():
            stack.callback(_HEARD.clear)
            for number in (signal.SIGINT, signal.SIGTERM):
                before = signal.getsignal(number)
                if callable(before):
                    signal.signal(number, _noting(before))
                    stack.callback(signal.signal, number, before)
        yield


def _noting(
    handler: Callable[[int, FrameType | None], object],
) -> Callable[[int, FrameType | None], None]:
    def noting(number: int, frame: FrameType | None) -> None:
        _HEARD.append(number)
        handler(number, frame)

    return noting
