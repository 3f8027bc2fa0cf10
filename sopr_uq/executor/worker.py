"""A process that does tasks: each comes in by stdin, its answer goes out by stdout.

Started by :mod:`sopr_uq.executor.interpreter` with ``python -m sopr_uq.executor.worker``.
"""

from __future__ import annotations

import os
import sys
import threading
import time

from sopr_uq.executor.answer import answer
from sopr_uq.executor.wire import receive, send

_SECONDS = 1.0


def main() -> None:
    """Do tasks until stdin closes."""
    _die_with(os.getppid())
    # A library that prints must not end up in the middle of a result.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    with answers:
        while True:
            try:
                task = receive(sys.stdin.buffer)
            except EOFError:
                return
            send(answers, answer(task))


def _die_with(parent: int) -> None:
    """End when the parent has gone: nobody would read the result."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    main()
