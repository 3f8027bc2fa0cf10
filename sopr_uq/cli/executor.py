"""``--workers`` and ``--scheduler``: where what is independent is done, simulations or twins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from sopr_uq.errors import InputError
from sopr_uq.executor import DaskCluster, DaskHere, Executor


def executor_options[F: Callable[..., Any]](command: F) -> F:
    """Add both options to a command."""
    workers = click.option(
        "--workers",
        type=click.IntRange(1, 1024),
        help="What is independent, simulations or twins, on a Dask cluster of so many workers, "
        "started here for it. Without it: in processes, one a core.",
    )
    scheduler = click.option(
        "--scheduler",
        metavar="ADDRESS",
        help="The same on the Dask cluster of this scheduler: its address, or its scheduler file "
        "(.json).",
    )
    return workers(scheduler(command))


def chosen(workers: int | None, scheduler: str | None) -> Executor | None:
    """Return what the options name, seen to answer; None is the default.

    Raises
    ------
    InputError
        If both are given, or no scheduler answers.
    EngineUnavailable
        If Dask is not installed.
    """
    if workers is not None and scheduler is not None:
        raise InputError("--workers", "only one of --workers and --scheduler", "both")
    if workers is None and scheduler is None:
        return None
    cluster = DaskHere(workers) if workers is not None else DaskCluster(str(scheduler))
    cluster.check()
    return cluster
