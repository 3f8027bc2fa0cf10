"""A refinement done again from what is stored with it, and whether it comes out the same."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tomli_w
import xarray as xr

from sopr_uq.derived.pairs import each_pair
from sopr_uq.errors import InputError
from sopr_uq.executor import Executor
from sopr_uq.posterior.status import outcome
from sopr_uq.refine.journal import Watcher
from sopr_uq.workflow.config import CONFIG, Config, load_config, without_unused
from sopr_uq.workflow.result import load_result
from sopr_uq.workflow.run import resume, run

LARGEST_Z = 2.0
"""Difference of two means, in standard deviations of both together, that still agrees.

Both runs have the same measurements, so that they differ by the noise of
simulation and sampling alone: less than what the intervals allow for.
"""


@dataclass(frozen=True)
class Compared:
    """One quantity in two results.

    Parameters
    ----------
    quantity : str
    first, first_sd, second, second_sd : float
        Posterior means and standard deviations, in ``unit``.
    unit : str
    """

    quantity: str
    first: float
    first_sd: float
    second: float
    second_sd: float
    unit: str

    @property
    def z(self) -> float:
        """Difference over its standard deviation; 0 where both have neither."""
        error = float(np.hypot(self.first_sd, self.second_sd))
        difference = abs(self.second - self.first)
        return difference / error if error else float(np.inf if difference else 0.0)


@dataclass(frozen=True)
class Comparison:
    """Two results of one configuration.

    Parameters
    ----------
    rows : tuple of Compared
    outcomes : tuple of str
    identical : bool
        Whether all draws of the potential are the same numbers.
    limit : float
        Of the difference, in standard deviations.
    """

    rows: tuple[Compared, ...]
    outcomes: tuple[str, str]
    identical: bool
    limit: float = LARGEST_Z

    @property
    def agrees(self) -> bool:
        """Whether every quantity does, within the errors of both."""
        return all(row.z <= self.limit for row in self.rows)

    def as_dict(self) -> dict[str, Any]:
        """Return it for programs."""
        return {
            "agrees": self.agrees,
            "identical": self.identical,
            "largest_z": max(row.z for row in self.rows),
            "limit": self.limit,
            "outcomes": list(self.outcomes),
            "quantities": [{**asdict(row), "z": row.z} for row in self.rows],
        }


def repeat(
    path: Path | str,
    out: Path | str | None = None,
    *,
    seed: int | None = None,
    watcher: Watcher | None = None,
    executor: Executor | None = None,
) -> Comparison:
    """Refine again from the stored configuration, and compare with the stored result.

    Parameters
    ----------
    path : Path or str
        The folder of a finished refinement, or its result file, which holds
        the whole configuration.
    out : Path or str, optional
        New folder for the repetition; by default beside the first, with
        ``-repeat`` after its name. One that was interrupted is gone on with.
    seed : int, optional
        Another seed; with the same one, engine and number of threads, the
        numbers are the same.
    watcher, executor
        As of :func:`~sopr_uq.workflow.run.run`.

    Raises
    ------
    InputError
        If there is no result, or a file that it was made from has changed.
    """
    first = load_result(path)
    config = stored_config(path, first, seed)
    folder = repeat_folder(path, out)
    if (folder / CONFIG).is_file():
        if load_config(folder / CONFIG) != config:
            found = f"{folder} with another configuration"
            raise InputError("out", "a new folder, or an interrupted repetition", found)
        return compared(first, resume(folder, watcher=watcher, executor=executor))
    return compared(first, run(config, folder, watcher=watcher, executor=executor))


def repeat_folder(path: Path | str, out: Path | str | None) -> Path:
    """Return where the repetition goes."""
    base = Path(path).absolute()
    base = base.parent if base.suffix == ".nc" else base
    return Path(out) if out is not None else base.with_name(f"{base.name}-repeat")


def stored_config(path: Path | str, result: xr.DataTree, seed: int | None = None) -> Config:
    """Return the configuration of a result, with every input checked against its hash.

    Raises
    ------
    InputErrors
        If it cannot be used any more, or an input has changed.
    """
    overrides = {} if seed is None else {"seed": seed}
    file = Path(path) / CONFIG
    if file.is_file():
        return load_config(file, overrides)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, CONFIG)
        tables = without_unused(json.loads(str(result.attrs["settings"])))
        file.write_text(tomli_w.dumps(tables), encoding="utf-8")
        return load_config(file, overrides)


def compared(first: xr.DataTree, second: xr.DataTree) -> Comparison:
    """Set two results side by side."""
    one, other = (tree["posterior"].to_dataset()["potential"].values for tree in (first, second))
    views = zip(each_pair(first), each_pair(second), strict=True)
    rows = [row for (label, a), (_, b) in views for row in _rows(label, a, b)]
    return Comparison(
        rows=tuple(rows),
        outcomes=(outcome(first), outcome(second)),
        identical=np.array_equal(one, other, equal_nan=True),
    )


def _rows(label: str, first: xr.DataTree, second: xr.DataTree) -> Iterator[Compared]:
    """Yield the descriptors of two results of an element, or of a pair."""
    repeated = second["derived"].to_dataset()
    for name, values in first["derived"].to_dataset().data_vars.items():
        if not {"chain", "draw"} <= set(values.dims) or values.ndim != 2:
            continue
        again = repeated[name]
        first_mean, first_sd = float(values.mean()), float(values.std(ddof=1))
        mean, sd = float(again.mean()), float(again.std(ddof=1))
        unit = str(values.attrs.get("units", ""))
        yield Compared(f"{name} {label}".strip(), first_mean, first_sd, mean, sd, unit)
