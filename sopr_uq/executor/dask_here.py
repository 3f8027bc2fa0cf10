"""A Dask cluster on this machine for as long as there are tasks."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from sopr_uq.errors import EngineUnavailable
from sopr_uq.executor.cluster import INSTALL, DaskCluster
from sopr_uq.executor.interpreter import environment
from sopr_uq.executor.protocol import Executor, Lost

_SECONDS = 60.0
_LOOPBACK = ("--host", "127.0.0.1", "--no-dashboard")


class DaskHere(Executor):
    """A scheduler and workers on the loopback, begun when there are tasks and ended after them.

    They end with :meth:`run`, or with the context that it is called in.

    Parameters
    ----------
    workers : int
        Processes, each with one task at a time.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._depth = 0
        self._kept = ExitStack()
        self._address = ""

    def __enter__(self) -> Self:
        self._depth += 1
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._depth -= 1
        if not self._depth:
            self._address = ""
            self._kept.close()

    def check(self) -> None:
        """See that Dask is there.

        Raises
        ------
        EngineUnavailable
            If it is not installed.
        """
        if importlib.util.find_spec("distributed") is None:
            raise EngineUnavailable(INSTALL)

    def run[T, R](
        self,
        function: Callable[[T], R],
        items: Sequence[T],
        done: Callable[[int, R | Lost], None] | None = None,
    ) -> list[R | Lost]:
        """Do every task; see :meth:`Executor.run`."""
        if not items:
            return []
        self.check()
        if self._depth:
            self._address = self._address or self._kept.enter_context(running(self.workers))
            return DaskCluster(self._address, certain=True).run(function, items, done)
        with running(min(self.workers, len(items))) as address:
            return DaskCluster(address, certain=True).run(function, items, done)


@contextmanager
def running(workers: int) -> Iterator[str]:
    """Start a scheduler and workers; give the path of the file that says where they are.

    Raises
    ------
    EngineUnavailable
        If they do not start.
    """
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        file = Path(folder, "scheduler.json")
        options = ("--scheduler-file", str(file))
        scheduler = stack.enter_context(_process("scheduler", "--port", "0", *options))
        _wait(scheduler, file)
        place = ("--local-directory", folder, "--nthreads", "1", "--memory-limit", "0")
        stack.enter_context(_process("worker", "--nworkers", str(workers), *place, *options))
        yield str(file)


@contextmanager
def _process(command: str, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "dask", command, *_LOOPBACK, *options],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment(),
        process_group=0,
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10.0)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(scheduler: subprocess.Popen[bytes], file: Path) -> None:
    end = time.monotonic() + _SECONDS
    while not (file.exists() and file.stat().st_size):
        if scheduler.poll() is not None or time.monotonic() > end:
            raise EngineUnavailable(
                "a Dask scheduler could not be started here. Try `dask scheduler` to see why."
            )
        time.sleep(0.05)
