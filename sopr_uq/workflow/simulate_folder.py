"""The folder of simulated draws: what it is of, and each simulation as it ends."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import xarray as xr

from sopr_uq.disk import clear_leftovers, write_atomic
from sopr_uq.engine.protocol import Simulation
from sopr_uq.errors import InputError
from sopr_uq.interrupts import explained
from sopr_uq.posterior import store
from sopr_uq.posterior.fingerprint import fingerprint
from sopr_uq.refine.checkpoint import Folder
from sopr_uq.typing import FloatArray
from sopr_uq.workflow.lock import locked
from sopr_uq.workflow.order import Order

SIMULATED = "simulated.nc"
ORDER = "order.json"
_SIMULATIONS = "simulations"


@dataclass(frozen=True)
class Kept:
    """Where simulations are kept.

    Parameters
    ----------
    folder : Path or None
        None: nowhere.
    """

    folder: Path | None

    @classmethod
    @contextmanager
    def open(cls, folder: Path | None, order: Order) -> Iterator[Kept]:
        """Hold a folder for an order, and say on an interrupt what it keeps.

        Raises
        ------
        InputError
            If the folder holds anything else, or cannot be made.
        CheckpointError
            If another process is working in it.
        """
        if folder is None:
            yield cls(None)
            return
        fresh = not folder.exists()
        _prepare(folder)
        try:
            with locked(folder), explained(partial(_kept, folder)):
                _claim(folder, order)
                clear_leftovers(folder)
                yield cls(folder)
        finally:
            if fresh and not any(folder.rglob("*.simulation")):
                _remove(folder)

    def read(self, key: str, number: int, potential: FloatArray) -> Simulation | None:
        """Return a simulation at a state if it was kept, whole, of this potential."""
        if self.folder is None:
            return None
        return self._of(key).kept(0, number, potential)

    def keep(self, key: str, number: int, potential: FloatArray, simulation: Simulation) -> None:
        """Keep one, durably."""
        if self.folder is not None:
            self._of(key).keep(0, number, potential, simulation)

    def write(self, found: xr.DataTree) -> None:
        """Write the result, whole or not at all."""
        if self.folder is not None:
            store.write(found, self.folder / SIMULATED)

    def _of(self, key: str) -> Folder:
        assert self.folder is not None
        return Folder(self.folder / _SIMULATIONS / key)


def _prepare(folder: Path) -> None:
    if folder.is_dir() and any(folder.iterdir()) and not (folder / ORDER).is_file():
        raise InputError("out", "a new folder, or one of the same simulations", str(folder))
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError("out", "a folder that can be made", f"{folder}: {error}") from None


def _claim(folder: Path, order: Order) -> None:
    """Write what a folder is of, or see that it is of the same."""
    file, mine = folder / ORDER, _everything(order)
    if not file.is_file():
        write_atomic(file, json.dumps(mine, indent=2).encode())
        return
    try:
        theirs = json.loads(file.read_text(encoding="utf-8"))
    except ValueError:
        theirs = {}
    for key, value in mine.items():
        if not isinstance(theirs, dict) or theirs.get(key) != value:
            found = theirs.get(key) if isinstance(theirs, dict) else theirs
            raise InputError(
                f"{folder}", f"simulations with {key} = {value}", f"some with {found}",
                "another folder, or the options that it was begun with",
            )  # fmt: skip


def _everything(order: Order) -> dict[str, Any]:
    settings = order.settings
    return {
        "result": order.result.attrs.get(
            store.FINGERPRINT, fingerprint(order.result, store.FINGERPRINT)
        ),
        "draws": order.draws,
        "seed": order.seed,
        "record": sorted(order.record),
        "engine": order.engine.name,
        "settings": {} if settings is None else settings.model_dump(mode="json"),
    }


def _remove(folder: Path) -> None:
    """Leave nothing behind where nothing was simulated."""
    for name in (ORDER, SIMULATED):
        (folder / name).unlink(missing_ok=True)
    if not any(folder.iterdir()):
        folder.rmdir()


def _kept(folder: Path) -> str:
    count = len(list(folder.rglob("*.simulation")))
    return f"Interrupted. {count} simulations are kept in {folder}; the same command goes on."
