"""One interpreter of its own for tasks.

Unlike the workers of :mod:`multiprocessing` it neither inherits the threads of
its parent, as a forked process does, nor runs the script of the user again, as
a spawned one does, so that a script needs no guard around its own commands.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sopr_uq.errors import SoprUqError
from sopr_uq.executor.answer import opened
from sopr_uq.executor.protocol import ATTEMPTS, Lost
from sopr_uq.executor.wire import receive, send, to_bytes

_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_TAIL = 2000


class Interpreter:
    """A process for one task at a time, begun again when it ends before its task.

    Use it as a context: the process ends with it. It may be closed by another
    thread than the one that waits for a task.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._errors: Any = None
        self._closed = False
        # Only the thread that is at a task, or that closes after it, touches the pipes.
        self._at_task = threading.Lock()
        self._starting = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def call(self, function: Any, item: Any) -> Any:
        """Do a task; return its result, or :class:`Lost`.

        Raises
        ------
        SoprUqError
            If the interpreter is closed, before the task or during it.
        Exception
            What the task raises, with the traceback of its process as a note.
        """
        content = self.exchange(to_bytes((function, item)))
        return content if isinstance(content, Lost) else opened(content)

    def exchange(self, task: bytes) -> bytes | Lost:
        """Do a packed task; return its packed answer, or :class:`Lost`.

        Only a process that ends is a reason to begin the task again.

        Raises
        ------
        SoprUqError
            If the interpreter is closed, before the task or during it.
        """
        reason = "it was not begun"
        with self._at_task:
            for _ in range(ATTEMPTS):
                process = self._started()
                assert process.stdin is not None
                assert process.stdout is not None
                try:
                    send(process.stdin, task)
                    return receive(process.stdout)
                except (EOFError, BrokenPipeError):
                    reason = self._end_of(process)
        return Lost(reason)

    def close(self) -> None:
        """End the process, and the task that it may be at."""
        with self._starting:
            self._closed = True
            if self._process is not None:
                self._process.kill()
        # Whoever waits for the task sees its process end, and lets go.
        with self._at_task:
            if self._process is not None:
                self._process.wait()
                self._release(self._process)

    def _started(self) -> subprocess.Popen[bytes]:
        with self._starting:
            if self._closed:
                raise SoprUqError("this interpreter was closed")
            if self._process is None:
                self._errors = tempfile.TemporaryFile()  # noqa: SIM115  closed with the process
                self._process = subprocess.Popen(
                    [sys.executable, "-P", "-m", "sopr_uq.executor.worker"],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=self._errors,
                    env=environment(),
                    # Ctrl-C is for the parent, which ends its children itself.
                    process_group=0,
                )
            return self._process

    def _end_of(self, process: subprocess.Popen[bytes]) -> str:
        """Bury a process; say how it ended."""
        code = process.wait()
        self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(0, self._errors.tell() - _TAIL))
        words = self._errors.read().decode(errors="replace").strip().splitlines()
        self._release(process)
        if code < 0:
            return f"signal {-code}"
        return f"exit code {code}, {words[-1] if words else 'without a word'}"

    def _release(self, process: subprocess.Popen[bytes]) -> None:
        for stream in (process.stdin, process.stdout, self._errors):
            if stream is not None:
                _close(stream)
        self._process = None


def _close(stream: Any) -> None:
    try:
        stream.close()
    except BrokenPipeError:
        # What was to be written to a process that has gone is of no use.
        return


def environment() -> dict[str, str]:
    """Return the environment of a worker: one thread, and this package on its path."""
    import sopr_uq

    package = str(Path(sopr_uq.__file__).resolve().parents[1])
    # The empty entry of a notebook is the folder that it works in.
    path = os.pathsep.join([package, *map(os.path.abspath, sys.path)])
    return {**os.environ, **dict.fromkeys(_THREAD_VARIABLES, "1"), "PYTHONPATH": path}
