"""One simulation in a process of its own: a task comes in by stdin, its outcome goes out by stdout.

Started by :mod:`sopr_uq.engine.parallel` with ``python -m sopr_uq.engine.worker``.
"""

from __future__ import annotations

import os
import pickle
import sys

from sopr_uq.engine.parallel import outcome
from sopr_uq.errors import SoprUqError


def main() -> None:
    """Read a pickled engine and task, write the pickled outcome or error."""
    engine, task = pickle.load(sys.stdin.buffer)
    # A library that prints must not end up in the middle of the outcome.
    answer = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    with answer:
        try:
            pickle.dump(outcome(engine, task), answer)
        except SoprUqError as error:
            pickle.dump(error, answer)


if __name__ == "__main__":
    main()
