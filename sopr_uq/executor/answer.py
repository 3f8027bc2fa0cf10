"""What comes back of a task: its result, or what it raised, with the worker's traceback."""

from __future__ import annotations

import traceback
from typing import Any

from sopr_uq.executor.wire import from_bytes, to_bytes


def answer(task: bytes) -> bytes:
    """Do a task; return its result or its error, packed.

    Parameters
    ----------
    task : bytes
        A function and its argument, packed. What fails while they are
        unpacked, or while the result is packed, is an error of the task too.
    """
    try:
        function, item = from_bytes(task)
        return to_bytes((function(item), None, ""))
    except Exception as error:
        return _failure(error)


def opened(content: bytes) -> Any:
    """Return the result of an answer, or raise the error, as of this process.

    Raises
    ------
    Exception
        What the task raised, of its own type; a note on it is the traceback of
        the worker.
    """
    result, error, trace = from_bytes(content)
    if error is not None:
        error.add_note(f"In the process of the task:\n\n{trace}")
        raise error
    return result


def _failure(error: Exception) -> bytes:
    trace = "".join(traceback.format_exception(error)).rstrip()
    for form in (_whole, _Parts):
        try:
            packed = to_bytes((None, form(error), trace))
            from_bytes(packed)
        except Exception:
            # Not every error can be taken apart and put together again.
            continue
        return packed
    words = "".join(traceback.format_exception_only(error)).strip()
    return to_bytes((None, RuntimeError(words), trace))


def _whole(error: Exception) -> Exception:
    return error


class _Parts:
    """An error whose ``__init__`` does not take the arguments that it stores."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuilt, (type(self.error), self.error.args, vars(self.error))


def _rebuilt(kind: type[Exception], arguments: tuple[Any, ...], state: dict[str, Any]) -> Exception:
    error = kind.__new__(kind, *arguments)
    error.args = arguments
    vars(error).update(state)
    return error
