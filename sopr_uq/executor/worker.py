"""A process that does tasks: each comes in by stdin, its result goes out by stdout.

Started by :mod:`sopr_uq.executor.interpreter` with ``python -m sopr_uq.executor.worker``.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import Any

from sopr_uq.errors import SoprUqError
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
                function, item = receive(sys.stdin.buffer)
            except EOFError:
                return
            send(answers, _attempt(function, item))


def _attempt(function: Any, item: Any) -> tuple[bool, Any]:
    """Return whether a task succeeded, and its result or error."""
    try:
        return True, function(item)
    except SoprUqError as error:
        return False, error


def _die_with(parent: int) -> None:
    """End when the parent has gone: nobody would read the result."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    main()
