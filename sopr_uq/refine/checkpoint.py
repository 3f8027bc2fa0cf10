"""Iterations on disk: one file each, written whole or not at all."""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from sopr_uq.engine.protocol import Configuration, Simulation
from sopr_uq.errors import CheckpointError
from sopr_uq.refine.loop import Iteration
from sopr_uq.refine.rule import RuleState, StepInfo
from sopr_uq.typing import FloatArray

_MAGIC = b"sopr_uq iteration 1\n"
_SIMULATION = [f.name for f in fields(Simulation) if f.name != "configuration"]
_INFO = ["misfit", "noise", "change", "converged"]


@dataclass(frozen=True)
class Folder:
    """A journal in a folder, one file ``0000.iteration`` and so on an iteration.

    Each file is a header with the SHA-256 of what follows, then NumPy's npz
    without pickled objects. It is written under a temporary name, synced and
    renamed, so a name that exists belongs to a whole file.

    Parameters
    ----------
    path : Path
        The folder; made when needed.
    """

    path: Path

    def load(self) -> Sequence[Iteration]:
        """Return the iterations in order, up to the first that is missing or damaged.

        A damaged file and all that follow it are set aside with the suffix
        ``.damaged``, and named by a warning.
        """
        iterations: list[Iteration] = []
        while (file := self._file(len(iterations))).exists():
            try:
                iterations.append(decode(file.read_bytes()))
            except CheckpointError as error:
                self._set_aside(len(iterations), error)
                break
        return iterations

    def append(self, iteration: Iteration) -> None:
        """Write the next file and sync it to disk."""
        number = iteration.state.iteration - 1
        self.path.mkdir(parents=True, exist_ok=True)
        write_whole(self._file(number), encode(iteration))

    def _file(self, number: int) -> Path:
        return self.path / f"{number:04d}.iteration"

    def _set_aside(self, number: int, error: CheckpointError) -> None:
        import warnings

        first = self._file(number)
        for file in sorted(self.path.glob("*.iteration")):
            if file.name >= first.name:
                file.replace(file.with_suffix(".damaged"))
        warnings.warn(
            f"{first}: {error} Going on from iteration {number}; "
            "the damaged file was kept with the suffix .damaged.",
            stacklevel=3,
        )


def write_whole(file: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all.

    Raises
    ------
    CheckpointError
        If the disk does not take it; what was there before stays.
    """
    temporary = file.with_name(f".{file.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(file)
        _sync_folder(file.parent)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise CheckpointError(
            f"{file} could not be written: {error.strerror}. Earlier iterations are intact; "
            "free some disk space and resume."
        ) from error


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def encode(iteration: Iteration) -> bytes:
    """Return the bytes of one iteration."""
    arrays: dict[str, FloatArray] = {"potential": iteration.potential}
    arrays |= {f"state/{k}": v for k, v in iteration.state.memory.items()}
    arrays |= {"next_potential": iteration.state.potential}
    arrays |= {f"info/{k}": np.asarray(v) for k, v in iteration.info.values.items()}
    header: dict[str, Any] = {
        "iteration": iteration.state.iteration,
        "seconds": iteration.seconds,
        "info": {name: getattr(iteration.info, name) for name in _INFO},
        "simulations": [],
    }
    for i, simulation in enumerate(iteration.simulations):
        scalars, more = _encode_simulation(simulation)
        header["simulations"].append(scalars)
        arrays |= {f"simulation{i}/{k}": v for k, v in more.items()}
    buffer = io.BytesIO()
    text = np.frombuffer(json.dumps(header).encode(), dtype=np.uint8)
    np.savez(buffer, **{"header": text, **arrays})  # type: ignore[arg-type]
    body = buffer.getvalue()
    return _MAGIC + hashlib.sha256(body).hexdigest().encode() + b"\n" + body


def _encode_simulation(simulation: Simulation) -> tuple[dict[str, Any], dict[str, FloatArray]]:
    values = {name: getattr(simulation, name) for name in _SIMULATION}
    arrays = {k: v for k, v in values.items() if isinstance(v, np.ndarray)}
    scalars = {k: v for k, v in values.items() if k not in arrays}
    if simulation.configuration is not None:
        c = simulation.configuration
        scalars["box_length"] = c.box_length
        arrays |= {"positions": c.positions, "velocities": c.velocities}
    return scalars, arrays


def decode(content: bytes) -> Iteration:
    """Return the iteration of some bytes.

    Raises
    ------
    CheckpointError
        If they are not what :func:`encode` wrote.
    """
    head, _, rest = content.partition(b"\n")
    digest, _, body = rest.partition(b"\n")
    if head + b"\n" != _MAGIC:
        raise CheckpointError("not an iteration of this version of sopr_uq.")
    if hashlib.sha256(body).hexdigest().encode() != digest:
        raise CheckpointError("truncated or altered: its checksum does not match.")
    with np.load(io.BytesIO(body), allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    header = json.loads(arrays.pop("header").tobytes())
    simulations = tuple(
        _decode_simulation(scalars, _under(arrays, f"simulation{i}/"))
        for i, scalars in enumerate(header["simulations"])
    )
    return Iteration(
        potential=arrays["potential"],
        simulations=simulations,
        state=RuleState(header["iteration"], arrays["next_potential"], _under(arrays, "state/")),
        info=StepInfo(**header["info"], values=_under(arrays, "info/")),
        seconds=header["seconds"],
    )


def _under(arrays: Mapping[str, FloatArray], prefix: str) -> dict[str, FloatArray]:
    return {k.removeprefix(prefix): v for k, v in arrays.items() if k.startswith(prefix)}


def _decode_simulation(scalars: dict[str, Any], arrays: dict[str, FloatArray]) -> Simulation:
    configuration = None
    if "positions" in arrays:
        configuration = Configuration(
            arrays.pop("positions"), arrays.pop("velocities"), scalars.pop("box_length")
        )
    values: dict[str, Any] = {**scalars, **arrays}
    return Simulation(**values, configuration=configuration)
