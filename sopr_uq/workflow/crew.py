"""Long-lived processes that make twins: each compiles its model once and makes many.

Like those of :mod:`sopr_uq.engine.parallel` they are interpreters of their own,
which neither inherit threads nor run the user's script again. Numbers of twins
go to a worker one by one, line by line, so that none waits for another.
"""

from __future__ import annotations

import pickle
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sopr_uq.engine.parallel import worker_environment
from sopr_uq.errors import SoprUqError

if TYPE_CHECKING:
    from sopr_uq.workflow.campaign import Campaign


def work(
    campaign: Campaign, folder: Path, numbers: Sequence[int], workers: int = 1
) -> Iterator[bool]:
    """Make twins, and yield of each, as it ends, whether its refinement failed.

    Parameters
    ----------
    campaign : Campaign
    folder : Path
        Where their files go.
    numbers : sequence of int
        Of the twins.
    workers : int
        With one the twins are made in this process.
    """
    from sopr_uq.workflow.calibration import make_one

    workers = min(workers, len(numbers))
    if workers > 1:
        yield from _together(campaign, folder, numbers, workers)
        return
    for number in numbers:
        yield make_one(campaign, folder, number)


def _together(
    campaign: Campaign, folder: Path, numbers: Sequence[int], workers: int
) -> Iterator[bool]:
    waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
    for number in numbers:
        waiting.put(number)
    ended: queue.SimpleQueue[bool | BaseException] = queue.SimpleQueue()
    crew = [_start(campaign, folder) for _ in range(workers)]
    for worker in crew:
        threading.Thread(target=_employ, args=(worker, waiting, ended), daemon=True).start()
    try:
        for _ in numbers:
            outcome = ended.get()
            if isinstance(outcome, BaseException):
                raise outcome
            yield outcome
    finally:
        for worker in crew:
            worker.terminate()
        for worker in crew:
            worker.wait()
            for stream in filter(None, (worker.stdin, worker.stdout)):
                stream.close()


def _start(campaign: Campaign, folder: Path) -> subprocess.Popen[bytes]:
    worker = subprocess.Popen(
        [sys.executable, "-P", "-m", "sopr_uq.workflow.crew"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=worker_environment(),
    )
    assert worker.stdin is not None
    pickle.dump((campaign, folder), worker.stdin)
    worker.stdin.flush()
    return worker


def _employ(
    worker: subprocess.Popen[bytes],
    waiting: queue.SimpleQueue[int],
    ended: queue.SimpleQueue[bool | BaseException],
) -> None:
    """Hand numbers to a worker as long as there are any."""
    assert worker.stdin is not None
    assert worker.stdout is not None
    try:
        while True:
            number = waiting.get(block=False)
            pickle.dump(number, worker.stdin)
            worker.stdin.flush()
            ended.put(pickle.load(worker.stdout))
    except queue.Empty:
        worker.stdin.close()
    except (OSError, EOFError, pickle.UnpicklingError):
        ended.put(SoprUqError(f"a worker ended with code {worker.wait()} while it made a twin"))


def main() -> None:
    """Make the twins whose numbers come in by stdin; answer whether each failed, or why not."""
    import os

    from sopr_uq.workflow.calibration import make_one

    answer = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    # a library that prints must not end up in the middle of an answer
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    campaign, folder = pickle.load(sys.stdin.buffer)
    while True:
        try:
            number = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        try:
            found: bool | SoprUqError = make_one(campaign, folder, number)
        except SoprUqError as error:
            found = error
        pickle.dump(found, answer)
        answer.flush()


if __name__ == "__main__":
    main()
