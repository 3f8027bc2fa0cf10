"""Threads of the linear algebra: one, wherever a result is made."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from threadpoolctl import threadpool_limits


def one_thread[**P, T](function: Callable[P, T]) -> Callable[P, T]:
    """Let the linear algebra inside a function use one thread.

    The order of its sums, and so the last digits of a result, would depend on how many
    there are; and the matrices are small: threads would only wait for each other, on a
    busy machine for long.
    """

    @wraps(function)
    def alone(*args: P.args, **kwargs: P.kwargs) -> T:
        with threadpool_limits(1):
            return function(*args, **kwargs)

    return alone
