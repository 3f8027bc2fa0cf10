"""Interrupts: Ctrl-C, and a request to end, that are still known where a library swallows them."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType

from sopr_uq.errors import Interrupted


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
    an error of its own in the place of an interrupt (numpy does, where it compares records).
    Whatever ends the work after a signal was heard is therefore taken for the interrupt.
    """
    heard: list[int] = []
    with _heard(heard):
        try:
            yield
        except KeyboardInterrupt as interrupt:
            raise Interrupted(message(), getattr(interrupt, "signal", 2)) from interrupt
        except Exception as error:
            if not heard:
                raise
            raise Interrupted(message(), heard[0]) from error


@contextmanager
def _heard(numbers: list[int]) -> Iterator[None]:
    """Note every signal that ends a program before its handler is called."""
    with ExitStack() as stack:
        # Only the main thread hears signals, or may say who does.
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                before = signal.getsignal(number)
                if callable(before):
                    signal.signal(number, _noting(numbers, before))
                    stack.callback(signal.signal, number, before)
        yield


def _noting(
    numbers: list[int], handler: Callable[[int, FrameType | None], object]
) -> Callable[[int, FrameType | None], None]:
    def noting(number: int, frame: FrameType | None) -> None:
        numbers.append(number)
        handler(number, frame)

    return noting
