"""Tasks on a Dask cluster, each in an interpreter of its own on the machine of a worker."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any
from uuid import uuid4

from sopr_uq.errors import EngineUnavailable, InputError, SoprUqError
from sopr_uq.executor.answer import opened
from sopr_uq.executor.interpreter import Interpreter
from sopr_uq.executor.protocol import ATTEMPTS, Executor, Lost
from sopr_uq.executor.wire import to_bytes
from sopr_uq.interrupts import obey
from sopr_uq.revision import code, same_code

_PATIENCE = 20.0
_IDLE: SimpleQueue[Interpreter] = SimpleQueue()
"""Of a Dask worker's process: interpreters between two tasks, one a thread of the worker."""

INSTALL = "Dask distributed is not installed. Try: pip install 'sopr-uq[cluster]'"


@dataclass(frozen=True)
class DaskCluster(Executor):
    """A cluster that is running already.

    Its scheduler and workers take code from whoever reaches them: it belongs on
    a trusted network.

    Parameters
    ----------
    address : str
        Of its scheduler, such as ``tcp://10.0.0.1:8786``, or the path of the
        JSON file that ``dask scheduler --scheduler-file`` writes.
    certain : bool
        Whether its workers are known to be on their way.
    """

    address: str
    certain: bool = False

    def check(self) -> None:
        """Connect once.

        Raises
        ------
        InputError
            If no scheduler answers.
        EngineUnavailable
            If Dask is not installed.
        """
        with self._client() as client:
            _told_to_wait(client, self.address)

    def run[T, R](
        self,
        function: Callable[[T], R],
        items: Sequence[T],
        done: Callable[[int, R | Lost], None] | None = None,
    ) -> list[R | Lost]:
        """Do every task; see :meth:`Executor.run`.

        Dask gives a task to another worker when its own is lost.
        """
        if not items:
            return []
        with self._client() as client:
            if not self.certain:
                _told_to_wait(client, self.address)
            return _run(client, function, items, done, self.address)

    @contextmanager
    def _client(self) -> Iterator[Any]:
        distributed = _distributed()
        where: dict[str, Any] = {"address": self.address}
        if self.address.endswith(".json"):
            where = {"scheduler_file": str(_existing(Path(self.address)))}
        try:
            client = distributed.Client(**where, timeout=_PATIENCE, set_as_default=False)
        except (OSError, TimeoutError, ValueError) as error:
            raise InputError(
                "scheduler",
                "the address of a running Dask scheduler",
                f"{self.address}: {str(error) or type(error).__name__}",
                "`dask scheduler` prints its address when it starts",
            ) from None
        try:
            yield client
        finally:
            client.close(timeout=_PATIENCE)


def _distributed() -> Any:
    """Import Dask, which nothing else needs."""
    try:
        import distributed
    except ImportError:
        raise EngineUnavailable(INSTALL) from None
    return distributed


def _existing(file: Path) -> Path:
    # Dask would wait for the file for ever.
    if not file.is_file():
        raise InputError("scheduler", "a scheduler file that exists", str(file))
    return file


def _told_to_wait(client: Any, address: str) -> None:
    if not client.scheduler_info()["workers"]:
        warnings.warn(
            f"The scheduler at {address} has no workers yet; tasks wait for them.", stacklevel=4
        )


def _run(
    client: Any,
    function: Any,
    items: Sequence[Any],
    done: Callable[[int, Any], None] | None,
    address: str,
) -> list[Any]:
    completed: Any = _distributed().as_completed
    job, results = uuid4().hex, {}
    futures = [
        client.submit(
            in_interpreter, to_bytes((function, x)), code(), key=f"sopr-uq-{job}-{i}", pure=False
        )
        for i, x in enumerate(items)
    ]
    number = {future.key: i for i, future in enumerate(futures)}
    try:
        for future in completed(futures, loop=client.loop):
            obey()
            i = number[future.key]
            results[i] = _result(future, address)
            if done is not None:
                done(i, results[i])
    except BaseException:
        client.cancel(futures)
        raise
    return [results[i] for i in range(len(items))]


def _result(future: Any, address: str) -> Any:
    from distributed import CancelledError
    from distributed.scheduler import KilledWorker

    try:
        content = future.result()
    except SoprUqError:
        raise
    except KilledWorker:
        return Lost(f"{ATTEMPTS} Dask workers were lost with it")
    except CancelledError:
        raise SoprUqError(
            f"the Dask scheduler at {address} has gone. What was finished is on disk; "
            "start it again and resume."
        ) from None
    except Exception as error:
        # What a task raises comes in its answer: this is of Dask, or of its worker.
        raise InputError(
            "scheduler",
            f"workers with sopr-uq {code()}",
            f"{type(error).__name__}: {error}",
            "starting `dask worker` in the same environment as this command",
        ) from error
    return content if isinstance(content, Lost) else opened(content)


def in_interpreter(task: bytes, version: str) -> bytes | Lost:
    """Do a packed task on a worker, in an interpreter with one thread beside it.

    The interpreter stays for the tasks to come, with all that it has imported
    and compiled, and ends with the worker.

    Raises
    ------
    InputError
        If the worker has other code of this package.
    """
    if not same_code(version, code()):
        raise InputError(
            "scheduler", f"workers with sopr-uq {version}", code(), "the same environment"
        )
    try:
        interpreter = _IDLE.get_nowait()
    except Empty:
        interpreter = Interpreter()
    try:
        return interpreter.exchange(task)
    finally:
        _IDLE.put(interpreter)
